package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"yinzheng"
)

// school gives a department of the district an account.
func (w *world) school(t *testing.T) {
	t.Helper()
	clerk, err := w.store.AccountByUsername(t.Context(), "village")
	must(t, err)
	must(t, w.store.PutAccount(t.Context(), &yinzheng.Account{
		ID: "p-school", Username: "school", Name: "陈二", Password: clerk.Password, Person: yinzheng.ID{Type: yinzheng.ResidentID, Number: "11010519491231002X"},
		Grants: []yinzheng.Grant{{Office: district, Role: yinzheng.Department, From: clerk.Grants[0].From}},
	}))
}

// TestWhoVerified: each channel is noted as what it is, once; a department by
// name, whether it asks by a page or over the API; and the case's page says so.
func TestWhoVerified(t *testing.T) {
	w := newWorld(t)
	code, token, pdf := w.issued("one")
	cert, err := w.store.Certificate(t.Context(), code)
	must(t, err)
	w.school(t)

	anybody := func(form url.Values) {
		t.Helper()
		w.want(w.do("POST", "/verify", form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html"), 200)
	}
	w.want(w.do("GET", "/v/"+code, nil, "Accept", "text/html"), 200)
	anybody(url.Values{"q": {w.paper(code, token)}, "again": {"1"}}) // the page's module, with the fragment
	anybody(url.Values{"q": {code}})
	anybody(url.Values{"q": {cert.Number}})
	file, kind := form(t, "file", pdf)
	w.want(w.do("POST", "/verify", file, "Content-Type", kind, "Accept", "text/html"), 200)
	ask := `{"token":"` + token + `"}`
	w.want(w.do("POST", "/api/v1/verify", ask), 200)
	w.want(w.do("POST", "/api/v1/verify", ask, "Authorization", w.signIn("school")), 200)
	w.want(w.do("POST", "/api/v1/verify", ask, "Authorization", "Bearer no-such-session"), 401)
	school := w.signedIn(t, "school")
	for site, from := range map[string]string{"by hand": "none", "from a page of ours": "same-origin", "led by another site": "cross-site", "an old browser, perhaps led": ""} {
		if r, _ := school.send(http.MethodGet, "/v/"+code, nil, "Sec-Fetch-Site", from); r.StatusCode != 200 {
			t.Errorf("%s: %d", site, r.StatusCode)
		}
	}
	ended := w.do("GET", "/v/"+code, nil, "Accept", "text/html", "Cookie", "yinzheng=no-such-session")
	w.want(ended, 200)
	must(t, w.WriteNotes(t.Context()))

	list, err := w.SeenBy(t.Context(), code)
	must(t, err)
	got := map[string]int{}
	for _, v := range list { // the minute may have ended meanwhile
		got[string(v.Channel)+" "+v.OfficeName] += v.Count
	}
	name := w.Directory().Office(district).Name
	want := map[string]int{"scan ": 4, "scan " + name: 2, "code ": 1, "number ": 1, "file ": 1, "api ": 1, "api " + name: 1}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if r := w.want(w.do("GET", "/api/v1/certificates/"+code+"/verifications", nil, "Authorization", w.signIn("village")), 200); r.member(t, "total") != 11.0 {
		t.Errorf("over the API: %s", r.body)
	}
	w.want(w.do("GET", "/api/v1/certificates/"+code+"/verifications", nil, "Authorization", w.signIn("sibling")), 404)
	if _, page := w.signedIn(t, "village").get("/work/cases/" + cert.Application); !strings.Contains(page, "已被核验 11 次") || !strings.Contains(page, "<b>"+name+"</b> · ") {
		t.Errorf("the case's page: %s", page)
	}
}
