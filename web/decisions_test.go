package web_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestDecisions: a row for each case, in order, refused with the same problem
// as the case alone would be; sent again, it tells how they stand by now.
func TestDecisions(t *testing.T) {
	w := newWorld(t)
	clerk, approver := w.signIn("village"), w.signIn("town")
	var rows, paths []string
	for i := range 3 {
		path, version := w.draft(clerk, fmt.Sprint("many", i))
		r := w.want(w.do("POST", path+"/submit", nil, "Authorization", clerk, "If-Match", version), 200)
		paths = append(paths, path)
		rows = append(rows, fmt.Sprintf(`{"id":"%s","version":%s}`, strings.TrimPrefix(path, "/api/v1/applications/"), strings.Trim(r.header.Get("ETag"), `"`)))
	}
	rows[1] = strings.Replace(rows[1], `"version":2`, `"version":1`, 1)
	body := `{"cases":[` + strings.Join(append(rows, `{"id":"NOSUCHCASE","version":1}`), ",") + `],"action":"approve","opinion":"同意"}`
	r := w.want(w.do("POST", "/api/v1/decisions", body, "Authorization", approver, "Accept-Language", "en"), 200)
	for i, want := range []string{"approved", "", "approved", ""} {
		if want != "" {
			if r.member(t, fmt.Sprintf("items.%d.done", i)) != true || r.text(t, fmt.Sprintf("items.%d.state", i)) != want {
				t.Errorf("row %d: %s", i, r.body)
			}
			continue
		}
		alone := paths[1] + "/decisions"
		if i == 3 {
			alone = "/api/v1/applications/NOSUCHCASE/decisions"
		}
		a := w.do("POST", alone, `{"action":"approve","opinion":"同意"}`, "Authorization", approver, "If-Match", `"1"`, "Accept-Language", "en")
		for _, member := range []string{"type", "status", "detail"} {
			if got, want := r.member(t, fmt.Sprintf("items.%d.problem.%s", i, member)), a.member(t, member); got != want {
				t.Errorf("row %d, %s: %v, alone %v", i, member, got, want)
			}
		}
	}
	if n, err := w.Recover(t.Context()); n != 2 || err != nil {
		t.Fatalf("issued %d: %v", n, err)
	}
	r = w.want(w.do("POST", "/api/v1/decisions", body, "Authorization", approver), 200)
	if r.member(t, "items.0.again") != true || r.text(t, "items.0.state") != "issued" || r.text(t, "items.0.certificate") == "" {
		t.Errorf("again: %s", r.body)
	}
	for body, field := range map[string]string{
		`{"cases":[],"action":"approve"}`:                                                   "cases",
		`{"cases":[` + rows[0] + `,` + rows[0] + `],"action":"approve"}`:                    "cases[1].id",
		`{"cases":[{"id":7,"version":1}],"action":"approve"}`:                               "cases.id",
		`{"cases":[` + rows[0] + `],"action":"burn"}`:                                       "action",
		`{"cases":[` + rows[0] + `],"action":"reject"}`:                                     "opinion",
		`{"cases":[` + rows[0] + `],"action":"approve","opinion":"同意","to_step":"village"}`: "to_step",
		`{"case":[]}`: "case",
	} {
		if r := w.want(w.do("POST", "/api/v1/decisions", body, "Authorization", approver), 422); r.text(t, "errors.0.field") != field {
			t.Errorf("%s: %s", body, r.body)
		}
	}
	w.want(w.do("POST", "/api/v1/decisions", body), 401)
	r = w.want(w.do("POST", "/api/v1/decisions", body, "Authorization", w.signIn("sibling")), 200)
	if r.member(t, "items.0.problem.status") != 404.0 {
		t.Errorf("a stranger learns: %s", r.body)
	}
}
