package web_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"yinzheng"
)

// TestCampaigns: what is sent wrongly is told by its member, whoever is not in
// charge finds nothing, and a roster comes as JSON, CSV or PDF.
func TestCampaigns(t *testing.T) {
	w := newWorld(t)
	clerk, sibling, approver, admin := w.signIn("village"), w.signIn("sibling"), w.signIn("town"), w.signIn("admin")
	const campaigns = "/api/v1/campaigns"
	now := time.Now().In(yinzheng.Zone)
	month, today, someday := now.Format("2006-01"), now.Format(time.DateOnly), now.AddDate(0, 0, 9).Format(time.DateOnly)
	body := func(people string) string {
		return `{"item":"residence","period":"` + month + `","until":"` + someday + `","people":` + people + `}`
	}
	one := `{"id":"441302199003070120","name":"王丽","division":"` + village + `"}`
	for sent, want := range map[string]string{
		`{"period":7}`:                                           "period type",
		`{"place":"x"}`:                                          "place unknown-field",
		`{"item":"residence"}`:                                   "period month",
		body(`{}`):                                               "people type",
		body(`[{"id":"441302199003070120"}]`):                    "people[0].name required",
		body(`[{"id":"1","name":"王丽"}]`):                         "people[0].id id-length",
		body(`[` + one + `,` + one + `]`):                        "people[1].id twice",
		body(`[{"id":"E1","colour":"red"}]`):                     "people type",
		body(strings.Replace(`[`+one+`]`, village, district, 1)): "people[0].division jurisdiction",
	} {
		r := w.want(w.do("POST", campaigns, sent, "Authorization", approver, "Idempotency-Key", "wrong"), 422)
		if got := r.text(t, "errors.0.field") + " " + r.text(t, "errors.0.code"); got != want {
			t.Errorf("%s: %q, want %q", sent, got, want)
		}
	}
	w.want(w.do("POST", campaigns, body(`[`+one+`]`), "Authorization", approver), 400)
	w.want(w.do("POST", campaigns, body(`[`+one+`]`), "Authorization", clerk, "Idempotency-Key", "k"), 403)
	w.want(w.do("POST", campaigns+"?try=true", body(`[`+one+`]`), "Authorization", approver), 200)
	r := w.want(w.do("POST", campaigns, body(`[`+one+`]`), "Authorization", approver, "Idempotency-Key", "k"), 201)
	path := r.header.Get("Location")
	if path != campaigns+"/"+r.text(t, "id") || r.header.Get("ETag") != `"1"` || r.text(t, "progress.places.0.division") != village {
		t.Errorf("%v %s", r.header, r.body)
	}
	file := "姓名,证件号码\n李桂香,441302197803060028\n"
	imports := campaigns + "/import?item=residence&period=" + month + "&until=" + someday
	w.want(w.do("POST", imports, file, "Authorization", approver, "Idempotency-Key", "f", "Content-Type", "text/plain"), 415)
	w.want(w.do("POST", imports, file, "Authorization", clerk, "Idempotency-Key", "f", "Content-Type", "text/csv"), 403)
	w.want(w.do("POST", imports+"&try=true", file, "Authorization", approver, "Content-Type", "text/csv"), 200)

	for who, want := range map[string]int{clerk: 200, sibling: 404, approver: 200, admin: 404} {
		w.want(w.do("GET", path, nil, "Authorization", who), 200)
		w.want(w.do("GET", path+"/entries/1", nil, "Authorization", who), want)
	}
	w.want(w.do("GET", path, nil), 401)
	for _, nowhere := range []string{campaigns + "/none", path + "/entries/2", path + "/entries/x"} {
		w.want(w.do("GET", nowhere, nil, "Authorization", approver), 404)
	}

	entries := path + "/entries"
	seen := func(more string) string {
		return `{"entries":[{"entry":1,"version":0,"outcome":"present","how":"phone","day":"` + today + `"` + more + `}]}`
	}
	for sent, want := range map[string]string{`{"entries":[]}`: "entries", `{"entries":[{"entry":"1"}]}`: "entries.entry", `{"rows":[]}`: "rows"} {
		if r := w.want(w.do("POST", entries, sent, "Authorization", clerk), 422); r.text(t, "errors.0.field") != want {
			t.Errorf("%s: %s", sent, r.body)
		}
	}
	if r = w.want(w.do("POST", entries, seen(`,"reason":"x"`), "Authorization", clerk), 200); r.text(t, "items.0.problem.errors.0.field") != "reason" || r.member(t, "items.0.done") != false {
		t.Errorf("%s", r.body)
	}
	if r = w.want(w.do("POST", entries, seen(""), "Authorization", clerk), 200); r.member(t, "items.0.done") != true || r.text(t, "items.0.outcome") != "present" {
		t.Errorf("%s", r.body)
	}
	if r = w.want(w.do("POST", entries, seen(`,"seen_by":"网格员"`), "Authorization", clerk, "Accept-Language", "en"), 200); r.text(t, "items.0.problem.type") != "/problems/stale-version" || !strings.Contains(r.text(t, "items.0.problem.detail"), "village") {
		t.Errorf("%s", r.body)
	}

	if r = w.want(w.do("GET", entries+"?outcome=present&limit=1", nil, "Authorization", clerk), 200); r.text(t, "items.0.name") != "王丽" || bytes.Contains(r.body, []byte("441302199003070120")) {
		t.Errorf("%s", r.body)
	}
	w.want(w.do("GET", entries+"?limit=x", nil, "Authorization", clerk), 422)
	w.want(w.do("GET", entries+"?after=-1", nil, "Authorization", clerk), 422)
	w.want(w.do("GET", entries, nil, "Authorization", clerk, "Accept", "text/csv"), 422)
	w.want(w.do("GET", entries, nil, "Authorization", clerk, "Accept", "image/png"), 406)
	w.want(w.do("GET", entries+"?division="+village, nil, "Authorization", sibling, "Accept", "text/csv"), 404)
	for media, begins := range map[string]string{"text/csv": "\ufeff序号", "application/pdf": "%PDF-"} {
		r := w.want(w.do("GET", entries+"?division="+village, nil, "Authorization", clerk, "Accept", media), 200)
		if !bytes.HasPrefix(r.body, []byte(begins)) || !strings.Contains(r.header.Get("Content-Disposition"), "attachment") || bytes.Contains(r.body, []byte("441302199003070120")) {
			t.Errorf("%s: %v %.60s", media, r.header, r.body)
		}
	}

	acts := path + "/acts"
	w.want(w.do("POST", acts, `{"action":"end"}`, "Authorization", approver), 428)
	w.want(w.do("POST", acts, `{"action":"end"}`, "Authorization", approver, "If-Match", `"7"`), 412)
	w.want(w.do("POST", acts, `{"action":"end"}`, "Authorization", clerk, "If-Match", `"1"`), 403)
	w.want(w.do("POST", acts, `{"action":"cancel"}`, "Authorization", approver, "If-Match", `"1"`), 422)
	w.want(w.do("POST", acts, `{"action":"burn"}`, "Authorization", approver, "If-Match", `"1"`), 422)
	w.want(w.do("POST", acts, `{"act":"end"}`, "Authorization", approver, "If-Match", `"1"`), 422)
	r = w.want(w.do("POST", acts, `{"action":"end"}`, "Authorization", approver, "If-Match", `"1"`), 200)
	if r.text(t, "state") != "ended" || r.header.Get("ETag") != `"2"` || fmt.Sprint(r.member(t, "acts.1.counts.present")) != "1" {
		t.Errorf("%s", r.body)
	}
	w.want(w.do("POST", acts, `{"action":"make"}`, "Authorization", approver, "If-Match", `"2"`), 409)
	r = w.want(w.do("GET", campaigns, nil, "Authorization", clerk), 200)
	if r.text(t, "items.0.state") != "ended" || strings.Contains(w.log.String(), "王丽") {
		t.Errorf("%s\n%s", r.body, w.log)
	}
}
