package web_test

import (
	"strings"
	"testing"
	"time"

	"yinzheng"
)

// TestLifeRefused: what is wrong with a request about a certificate's life is
// told by member, before anything is done.
func TestLifeRefused(t *testing.T) {
	w := newWorld(t)
	code, _, _ := w.issued("one")
	clerk, approver := w.signIn("village"), w.signIn("town")
	path := "/api/v1/certificates/" + code
	paper := `{"item":"residence","number":"N1","issued_on":"` + today() + `","name":"张三","note":"停电"`
	for _, c := range []struct {
		name, auth, path, body, key string
		status                      int
		kind, field                 string
	}{
		{"suspend without a class", approver, path + "/suspend", `{"opinion":"x"}`, "", 422, "invalid", "reason"},
		{"suspend without an opinion", approver, path + "/suspend", `{"reason":"lost"}`, "", 422, "invalid", "opinion"},
		{"an unknown member", approver, path + "/suspend", `{"reason":"lost","opinion":"x","until":"y"}`, "", 422, "invalid", "until"},
		{"a reason that is a number", approver, path + "/lift", `{"reason":1,"opinion":"x"}`, "", 422, "invalid", "reason"},
		{"a clerk", clerk, path + "/suspend", `{"reason":"lost","opinion":"x"}`, "", 403, "forbidden", ""},
		{"lift what stands", approver, path + "/lift", `{"reason":"cleared","opinion":"x"}`, "", 409, "state", ""},
		{"confirm what was not proposed", approver, path + "/revocations/7/confirm", `{}`, "", 409, "state", ""},
		{"confirm what has no number", approver, path + "/revocations/x/confirm", `{}`, "", 409, "state", ""},
		{"a confirmation with a class", approver, path + "/revocations/7/confirm", `{"reason":"error"}`, "", 422, "invalid", "reason"},
		{"no body", approver, path + "/revoke", ``, "", 400, "malformed", "body"},
		{"another certificate", approver, "/api/v1/certificates/000000000000/revoke", `{"reason":"error","opinion":"x"}`, "", 404, "not-found", ""},
		{"correct without a key", clerk, path + "/correct", `{"reason":"error","opinion":"x","values":{"purpose":"y"}}`, "", 400, "idempotency-key", "Idempotency-Key"},
		{"correct nothing", clerk, path + "/correct", `{"reason":"error","opinion":"x","values":{}}`, "k", 422, "invalid", "values"},
		{"correct what there is not", clerk, path + "/correct", `{"reason":"error","opinion":"x","values":{"x":"y"}}`, "k", 422, "invalid", "values.x"},
		{"values that are none", clerk, path + "/correct", `{"reason":"error","opinion":"x","values":7}`, "k", 422, "invalid", "values"},
		{"reissue for an error", approver, path + "/reissue", `{"reason":"error","opinion":"x"}`, "k", 422, "invalid", "reason"},
		{"a collector that is none", clerk, path + "/copies", `{"collector":"张三","count":1,"purpose":"x"}`, "k", 422, "invalid", "collector"},
		{"half a copy", clerk, path + "/copies", `{"collector":{"name":"张三","id":"441302199506140020"},"count":0.5,"purpose":"x"}`, "k", 422, "invalid", "count"},
		{"a count in words", clerk, path + "/copies", `{"collector":{"name":"张三","id":"441302199506140020"},"count":"two","purpose":"x"}`, "k", 422, "invalid", "count"},
		{"more than anybody carries", clerk, path + "/copies", `{"collector":{"name":"张三","id":"441302199506140020"},"count":99999999999999999999,"purpose":"x"}`, "k", 422, "invalid", "count"},
		{"a wrong ID", clerk, path + "/copies", `{"collector":{"name":"张三","id":"441302199506140021"},"count":1,"purpose":"x"}`, "k", 422, "invalid", "collector.id"},
		{"a member of the collector", clerk, path + "/copies", `{"collector":{"name":"张三","id":"441302199506140020","age":7},"count":1,"purpose":"x"}`, "k", 422, "invalid", "collector.age"},
		{"a paper without a key", clerk, "/api/v1/papers", paper + `}`, "", 400, "idempotency-key", "Idempotency-Key"},
		{"half a digest", clerk, "/api/v1/papers", paper + `,"scan":"00"}`, "k", 422, "invalid", "scan"},
		{"a status", clerk, "/api/v1/papers", paper + `,"status":"valid"}`, "k", 422, "invalid", "status"},
		{"no such paper", clerk, "/api/v1/papers/000000000000/void", `{"opinion":"x"}`, "", 404, "not-found", ""},
	} {
		headers := []string{"Authorization", c.auth}
		if c.key != "" {
			headers = append(headers, "Idempotency-Key", c.key)
		}
		r := w.do("POST", c.path, c.body, headers...)
		if r.status != c.status || r.text(t, "type") != "/problems/"+c.kind || c.field != "" && r.text(t, "errors.0.field") != c.field {
			t.Errorf("%s: %d %s", c.name, r.status, r.body)
		}
	}
	if r := w.want(w.do("GET", path, nil, "Authorization", clerk), 200); r.text(t, "status") != "valid" || r.member(t, "copies") != nil {
		t.Errorf("afterwards: %s", r.body)
	}
}

// TestPaperPage: what a verifier sees of a certificate on paper is never a tick.
func TestPaperPage(t *testing.T) {
	w := newWorld(t)
	clerk := w.signIn("village")
	scan := strings.Repeat("0123456789abcdef", 4)
	body := `{"item":"residence","number":"桥东证〔2026〕12号","issued_on":"2020-01-02","name":"张三丰","id":"441302199506140020","note":"停电","scan":"` + scan + `"}`
	r := w.do("POST", "/api/v1/papers", body, "Authorization", clerk, "Idempotency-Key", "k")
	if r.status != 422 || r.text(t, "errors.0.field") != "issued_on" { // the test's organs are an hour old
		t.Fatalf("%d %s", r.status, r.body)
	}
	body = strings.Replace(body, "2020-01-02", today(), 1)
	r = w.want(w.do("POST", "/api/v1/papers", body, "Authorization", clerk, "Idempotency-Key", "k"), 201)
	code := r.text(t, "code")
	if r.header.Get("Location") != "/api/v1/papers/"+code || strings.Contains(string(r.body), "张三丰") || strings.Contains(string(r.body), "441302199506140020") {
		t.Errorf("%s %s", r.header, r.body)
	}
	w.want(w.do("POST", "/api/v1/papers", body, "Authorization", clerk, "Idempotency-Key", "k"), 200)
	for name, page := range map[string]reply{
		"code":   w.do("GET", "/v/"+code, nil, "Accept", "text/html"),
		"typed":  w.do("POST", "/verify", "q="+code, "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html"),
		"number": w.do("POST", "/verify", "q=桥东证（2026）12号", "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html"),
	} {
		text := string(page.body)
		if page.status != 200 || !strings.Contains(text, "登记为纸质证明") || !strings.Contains(text, `class="verdict warn`) || strings.Contains(text, `class="verdict good`) || !strings.Contains(text, scan[:32]) {
			t.Errorf("%s: %d %s", name, page.status, text)
		}
		if strings.Contains(text, "张*丰") != (name != "number") {
			t.Errorf("%s: the name", name)
		}
	}
}

func today() string { return time.Now().In(yinzheng.Zone).Format(time.DateOnly) }
