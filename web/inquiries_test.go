package web_test

import (
	"strings"
	"testing"
)

// TestInquiriesOverTheAPI: what is sent wrongly is told by its member; a reply is
// shown as one, and never as a certificate.
func TestInquiriesOverTheAPI(t *testing.T) {
	w := newWorld(t, unhurried)
	admin, asker := w.signIn("admin"), w.signIn("district")
	for _, tt := range []struct {
		method, path, body string
		status             int
		field, code        string
	}{
		{"PUT", "/api/v1/inquiry-kinds/kin", `{"name":"亲属","subject":"none","level":"town"}`, 422, "name", "type"},
		{"PUT", "/api/v1/inquiry-kinds/kin", `{"name":{"zh":"亲属"},"days":"5"}`, 422, "days", "type"},
		{"PUT", "/api/v1/inquiry-kinds/kin", `{"name":{"zh":"亲属关系"},"subject":"kinship","level":"town","village":true}`, 422, "village", "unknown-field"},
		{"PUT", "/api/v1/inquiry-kinds/Kin", `{"name":{"zh":"亲属关系"},"subject":"kinship","level":"town"}`, 422, "code", "code"},
		{"POST", "/api/v1/inquiry-rights", `{"office":"` + district + `","kinds":"kin"}`, 422, "kinds", "type"},
		{"POST", "/api/v1/inquiry-rights", `{"from":"tomorrow"}`, 422, "from", "time"},
	} {
		r := w.do(tt.method, tt.path, tt.body, "Authorization", admin)
		if r.status != tt.status || r.text(t, "errors.0.field") != tt.field || r.text(t, "errors.0.code") != tt.code {
			t.Errorf("%s %s: %d %s, want %s %s", tt.path, tt.body, r.status, r.body, tt.field, tt.code)
		}
	}
	w.want(w.do("PUT", "/api/v1/inquiry-kinds/hardship", `{"name":{"zh":"生活困难","en":"Hardship"},"subject":"none","level":"town"}`, "Authorization", admin), 200)
	w.want(w.do("POST", "/api/v1/inquiry-rights", `{"office":"`+district+`","kinds":["hardship"],"division":"`+town+`","rows":10}`, "Authorization", admin), 201)

	const question = `{"kind":"hardship","name":"张三","id":"441302199506140020","division":"441302001001","purpose":"临时救助","basis":"某办法第三条"}`
	w.want(w.do("POST", "/api/v1/inquiries", question, "Authorization", asker), 400) // without a key
	r := w.want(w.do("POST", "/api/v1/inquiries", question, "Authorization", asker, "Idempotency-Key", "k"), 201)
	path := "/api/v1/inquiries/" + r.text(t, "id")
	if r.header.Get("Location") != path || r.header.Get("ETag") != `"1"` {
		t.Errorf("headers %v", r.header)
	}
	clerk, town := w.signIn("village"), w.signIn("town")
	w.want(w.do("POST", path+"/acts", `{"action":"answer","answer":"yes"}`, "Authorization", clerk), 428)
	w.want(w.do("POST", path+"/acts", `{"action":"answer","answer":"yes","why":1}`, "Authorization", clerk, "If-Match", `"1"`), 422)
	w.want(w.do("POST", path+"/acts", `{"action":"answer","answer":"yes"}`, "Authorization", clerk, "If-Match", `"1"`), 200)
	w.want(w.do("POST", path+"/acts", `{"action":"sign"}`, "Authorization", town, "If-Match", `"2"`), 200)
	w.want(w.do("GET", path, nil, "Authorization", w.signIn("sibling")), 404)
	w.want(w.do("GET", "/api/v1/inquiries?box=mine", nil, "Authorization", clerk), 422)

	w.want(w.do("POST", "/api/v1/inquiry-lists", "name,id\n", "Authorization", asker, "Idempotency-Key", "l"), 415)
	list, kind := filled(t, []byte("name,id\n张三,441302199506140020\n"), "kind=hardship", "division="+town, "purpose=临时救助", "basis=某办法第三条", "try=yes")
	r = w.want(w.do("POST", "/api/v1/inquiry-lists", list, "Authorization", asker, "Content-Type", kind, "Idempotency-Key", "l"), 422) // taken for false it would be worked
	if r.text(t, "errors.0.field") != "try" {
		t.Errorf("%s", r.body)
	}
	w.want(w.do("POST", "/api/v1/inquiry-lists/NOSUCHLIST00/acts", `{"action":"pause"}`, "Authorization", asker), 404)
	w.want(w.do("GET", "/api/v1/inquiry-lists/NOSUCHLIST00/result", nil, "Authorization", asker), 404)
	if log := w.log.String(); strings.Contains(log, "张三") || strings.Contains(log, "199506140020") || strings.Contains(log, "临时救助") {
		t.Error("the log says who was asked about, or what for")
	}
}
