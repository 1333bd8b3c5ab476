package web_test

import (
	"testing"
)

// TestMaterialsRefused: what is wrong with a request about how a material is met
// is told by member, before anything is done.
func TestMaterialsRefused(t *testing.T) {
	w := newWorld(t)
	clerk, approver := w.signIn("village"), w.signIn("town")
	path, version := w.draft(clerk, "k")
	for _, c := range []struct {
		name, auth, method, path, body, version string
		status                                  int
		kind, field                             string
	}{
		{"a reference to nothing", clerk, "POST", path + "/references", `{"material":"id_card","certificate":"000000000000"}`, version, 422, "invalid", "certificate"},
		{"a reference with a status", clerk, "POST", path + "/references", `{"material":"id_card","certificate":"0","status":"valid"}`, version, 422, "invalid", "status"},
		{"a reference by number", clerk, "POST", path + "/references", `{"material":7,"certificate":"0"}`, version, 422, "invalid", "material"},
		{"a reference without a version", clerk, "POST", path + "/references", `{"material":"id_card"}`, "", 428, "precondition-required", "If-Match"},
		{"a stale reference", clerk, "POST", path + "/references", `{"material":"id_card"}`, `"9"`, 412, "stale-version", ""},
		{"a reference on a draft of others", approver, "POST", path + "/references", `{"material":"id_card","certificate":"000000000000"}`, version, 404, "not-found", ""},
		{"a promise of what may not follow", clerk, "POST", path + "/promises", `{"material":"id_card"}`, version, 422, "invalid", "material"},
		{"a promise with a day", clerk, "POST", path + "/promises", `{"material":"id_card","due":"2030-01-01"}`, version, 422, "invalid", "due"},
		{"a promise by others", approver, "POST", path + "/promises", `{"material":"id_card"}`, version, 404, "not-found", ""},
		{"a commitment in no material's place", clerk, "GET", path + "/commitments/id_card", "", "", 404, "not-found", ""},
		{"an inspection of nothing", clerk, "POST", path + "/inspections", `{"material":"id_card","outcome":"true","opinion":"x"}`, version, 404, "not-found", ""},
		{"an inspection with a day", clerk, "POST", path + "/inspections", `{"material":"id_card","outcome":"true","opinion":"x","at":"y"}`, version, 422, "invalid", "at"},
		{"inspections from nowhere", approver, "GET", "/api/v1/inspections?cursor=nowhere", "", "", 422, "invalid", ""},
		{"a right restored by a clerk", clerk, "POST", "/api/v1/commitment-rights/restore", `{"id":"441302199506140020","reason":"x"}`, "", 403, "forbidden", ""},
		{"a right restored for good", clerk, "POST", "/api/v1/commitment-rights/restore", `{"id":"441302199506140020","for_ever":true}`, "", 422, "invalid", "for_ever"},
	} {
		headers := []string{"Authorization", c.auth}
		if c.version != "" {
			headers = append(headers, "If-Match", c.version)
		}
		var body any
		if c.body != "" {
			body = c.body
		}
		r := w.do(c.method, c.path, body, headers...)
		if r.status != c.status || r.text(t, "type") != "/problems/"+c.kind || c.field != "" && r.text(t, "errors.0.field") != c.field {
			t.Errorf("%s: %d %s", c.name, r.status, r.body)
		}
	}
	if r := w.want(w.do("GET", "/api/v1/inspections", nil, "Authorization", clerk), 200); string(r.body) != `{"items":[]}` {
		t.Errorf("%s", r.body)
	}
}
