package web_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// TestPath takes one case by HTTP from draft to a verified, then a revoked certificate.
func TestPath(t *testing.T) {
	w := newWorld(t)
	code, token, pdf := w.issued("one")
	if !bytes.HasPrefix(pdf, []byte("%PDF-")) {
		t.Fatalf("not a PDF: %.20q", pdf)
	}
	file, kind := form(t, "file", pdf)
	for _, c := range []struct{ name, body, kind, verdict, integrity string }{
		{"token", `{"token":"` + token + `"}`, "application/json", "valid", "pass"},
		{"url", `{"url":"` + w.paper(code, token) + `"}`, "application/json; charset=utf-8", "valid", "pass"},
		{"code", `{"code":"` + strings.ToLower(code) + `"}`, "application/json", "valid", "not-checked"},
		{"file", string(file), kind, "valid", "pass"},
		{"unknown code", `{"code":"000000000000"}`, "application/json", "not-found", "not-checked"},
		{"half a token", `{"token":"` + token[:len(token)-4] + `"}`, "application/json", "altered", "fail"},
	} {
		r := w.want(w.do("POST", "/api/v1/verify", c.body, "Content-Type", c.kind), 200)
		if got := r.text(t, "verdict"); got != c.verdict || r.text(t, "checks.integrity") != c.integrity {
			t.Errorf("%s: %s, want %s with integrity %s: %s", c.name, got, c.verdict, c.integrity, r.body)
		}
	}
	approver, above := w.signIn("town"), w.signIn("district") // the town has one approver: the district confirms
	r := w.want(w.do("POST", "/api/v1/certificates/"+code+"/revoke", `{"reason":"error","opinion":"姓名有误"}`, "Authorization", approver), 202)
	if r.text(t, "status") != "suspended" || r.text(t, "revocation.reason") != "error" {
		t.Errorf("after the proposal: %s", r.body)
	}
	confirm := fmt.Sprintf("/api/v1/certificates/%s/revocations/%v/confirm", code, r.member(t, "revocation.id"))
	w.want(w.do("POST", confirm, `{}`, "Authorization", approver), 403)
	r = w.want(w.do("POST", confirm, `{}`, "Authorization", above), 200)
	if r.text(t, "status") != "revoked" {
		t.Errorf("after the revocation: %s", r.body)
	}
	r = w.want(w.do("GET", "/v/"+code, nil, "Accept", "application/json"), 200)
	if r.text(t, "verdict") != "revoked" || r.text(t, "reason") != "error" {
		t.Errorf("verified after the revocation: %s", r.body)
	}
}
