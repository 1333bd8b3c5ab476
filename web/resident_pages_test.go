package web_test

import (
	"bytes"
	"strings"
	"testing"
)

// TestResidentShell: the residents' pages have a strict policy, set a cookie only
// when somebody chooses how to read, and share nothing with the workplace.
func TestResidentShell(t *testing.T) {
	w := newWorld(t)
	for lang, want := range map[string]string{"zh": "您要办什么？", "en": "What can we do for you?"} {
		r := w.want(w.do("GET", "/", nil, "Accept", "text/html", "Accept-Language", lang), 200)
		if !bytes.Contains(r.body, []byte(want)) {
			t.Errorf("in %s: %s", lang, r.body)
		}
		csp := r.header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "style-src 'self';", "script-src 'self';", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
			if !strings.Contains(csp, part) {
				t.Errorf("the policy lacks %s: %s", part, csp)
			}
		}
		if r.header.Get("Referrer-Policy") != "no-referrer" || r.header.Get("Cache-Control") != "no-store" {
			t.Errorf("headers %v", r.header)
		}
		if r.header.Get("Set-Cookie") != "" {
			t.Error("a cookie is set though nobody chose anything")
		}
		for _, bad := range []string{"style=", "onclick", "://www.", "/work", "ZgotmplZ", "<no value>"} {
			if bytes.Contains(r.body, []byte(bad)) {
				t.Errorf("the page holds %q", bad)
			}
		}
	}
	r := w.do("GET", "/?size=large", nil, "Accept", "text/html")
	if !strings.HasPrefix(r.header.Get("Set-Cookie"), "yinzheng-size=large;") || !bytes.Contains(r.body, []byte(`<html lang="zh-CN" class="large`)) {
		t.Errorf("large letters: %v", r.header)
	}
}
