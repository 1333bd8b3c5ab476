package web_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/web"
)

var styleElement = regexp.MustCompile(`(?s)<style>(.*?)</style>`)

// TestPages checks what holds of every page: one small round trip, a strict
// policy that its own style sheet passes, no cookies, both languages.
func TestPages(t *testing.T) {
	w := newWorld(t)
	code, token, pdf := w.issued("one")
	file, kind := form(t, "file", pdf)
	cut, cutKind := form(t, "file", pdf[:len(pdf)-20])
	text := func(q string) []string {
		return []string{"POST", "/verify", url.Values{"q": {q}}.Encode(), "application/x-www-form-urlencoded"}
	}
	for _, c := range []struct {
		name    string
		request []string // method, path, body, content type
		status  int
		zh, en  string
	}{
		{"ask", []string{"GET", "/verify", "", ""}, 200, "核验证明", "Verify a certificate"},
		{"code", []string{"GET", "/v/" + code, "", ""}, 200, "登记有效，请核对内容", "The record is valid; compare the facts"},
		{"code in small letters with hyphens", []string{"GET", "/v/" + strings.ToLower(code[:4]+"-"+code[4:]), "", ""}, 200, "登记有效，请核对内容", "The record is valid; compare the facts"},
		{"unknown code", []string{"GET", "/v/000000000000", "", ""}, 200, "查无此证", "No such certificate"},
		{"not a code", []string{"GET", "/v/hello", "", ""}, 200, "查无此证", "No such certificate"},
		{"scanned", text(w.paper(code, token)), 200, "有效", "Valid"},
		{"a wrong fragment", text(w.paper(code, "AAAA"+token[4:])), 200, "内容被改动", "Altered"},
		{"another's code", text(w.paper("000000000000", token)), 200, "内容被改动", "Altered"},
		{"file", []string{"POST", "/verify", string(file), kind}, 200, "有效", "Valid"},
		{"file cut short", []string{"POST", "/verify", string(cut), cutKind}, 200, "内容被改动", "Altered"},
		{"a slip in the number", text("1.2.156.3005.2.1"), 422, "编号格式不对", "Not a certificate number"},
		{"nothing typed", text(" "), 422, "请扫入二维码", "Please scan the QR code"},
		{"no file", []string{"POST", "/verify", "--b--\r\n", "multipart/form-data; boundary=b"}, 422, "请选择一个文件", "Please choose a file"},
		{"claim", []string{"GET", "/claim/abc", "", ""}, 200, "设置登录密码", "Set your password"},
		{"problem type", []string{"GET", "/problems/conflict", "", ""}, 200, "已被他人更改", "Somebody else was faster"},
		{"nowhere", []string{"GET", "/nowhere", "", ""}, 404, "没有这个地址", "There is nothing at this address"},
		{"wrong method", []string{"DELETE", "/verify", "", ""}, 405, "不接受 DELETE", "does not take DELETE"},
	} {
		for lang, want := range map[string]string{"zh": c.zh, "en": c.en} {
			var body any
			if c.request[0] == "POST" {
				body = c.request[2]
			}
			r := w.do(c.request[0], c.request[1], body, "Content-Type", c.request[3], "Accept", "text/html", "Accept-Language", lang)
			if r.status != c.status || !bytes.Contains(r.body, []byte(want)) {
				t.Errorf("%s in %s: %d, want %d and %q: %s", c.name, lang, r.status, c.status, want, r.body)
				continue
			}
			if n := len(r.body); n > 30_000 {
				t.Errorf("%s: %d bytes, more than one round trip", c.name, n)
			}
			checkPage(t, c.name, r)
		}
	}
	r := w.do("GET", "/v/"+code+"?lang=en", nil, "Accept", "text/html", "Accept-Language", "zh")
	if !bytes.Contains(r.body, []byte(`<html lang="en">`)) {
		t.Error("?lang=en does not overrule Accept-Language")
	}
}

func checkPage(t *testing.T, name string, r reply) {
	t.Helper()
	csp := r.header.Get("Content-Security-Policy")
	style := styleElement.FindSubmatch(r.body)
	if style == nil {
		t.Fatalf("%s: no style sheet", name)
	}
	hash := sha256.Sum256(style[1])
	if !strings.Contains(csp, "'sha256-"+base64.StdEncoding.EncodeToString(hash[:])+"'") {
		t.Errorf("%s: the policy does not allow the page's own style sheet: %s", name, csp)
	}
	for _, part := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(csp, part) {
			t.Errorf("%s: the policy lacks %s", name, part)
		}
	}
	for header, want := range map[string]string{"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"} {
		if got := r.header.Get(header); got != want {
			t.Errorf("%s: %s %q, want %q", name, header, got, want)
		}
	}
	if r.header.Get("Set-Cookie") != "" {
		t.Errorf("%s sets a cookie", name)
	}
	for _, bad := range []string{"style=", "onclick", "http://www.", "ZgotmplZ", "<no value>"} {
		if bytes.Contains(r.body, []byte(bad)) {
			t.Errorf("%s holds %q", name, bad)
		}
	}
}

// TestNumberWithName checks that a number alone shows nobody's name on the page.
func TestNumberWithName(t *testing.T) {
	w := newWorld(t)
	code, _, _ := w.issued("one")
	cert, err := w.store.Certificate(t.Context(), code)
	must(t, err)
	ask := func(name string) string {
		body := url.Values{"q": {cert.Number}, "name": {name}}.Encode()
		return string(w.do("POST", "/verify", body, "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html").body)
	}
	if page := ask(""); strings.Contains(page, "张*明") || !strings.Contains(page, "登记有效") {
		t.Error("by number alone the page shows the holder, or no verdict")
	}
	r := w.want(w.do("POST", "/api/v1/verify", `{"number":"`+cert.Number+`"}`), 200)
	if strings.Contains(string(r.body), code) || !strings.Contains(string(r.body), `"verdict":"valid"`) {
		t.Errorf("by number alone the answer gives the code, which gives the holder: %s", r.body)
	}
	if page := ask("张𫖯明"); !strings.Contains(page, "张*明") {
		t.Error("with the right name the page shows no facts")
	}
	if page := ask("李四"); !strings.Contains(page, "查无此证") {
		t.Error("with a wrong name the page says more than with a wrong number")
	}
}

// TestTyped checks that what somebody types comes back as text, not as markup.
func TestTyped(t *testing.T) {
	w := newWorld(t)
	body := url.Values{"q": {`1.2.156."><script>alert(1)</script>`}}.Encode()
	r := w.do("POST", "/verify", body, "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html")
	if bytes.Contains(r.body, []byte("<script>alert")) || !bytes.Contains(r.body, []byte("&lt;script&gt;alert")) {
		t.Errorf("the page answers %s", r.body)
	}
}

func TestClaim(t *testing.T) {
	w := newWorld(t)
	a := yinzheng.Account{ID: "p-new", Username: "new", Name: "新人", Person: yinzheng.ID{Type: yinzheng.ResidentID, Number: "441302199203080110"}}
	must(t, w.store.PutAccount(t.Context(), &a))
	secret, _, err := w.NewClaim(t.Context(), a.ID)
	must(t, err)
	set := func(password, again string) reply {
		body := url.Values{"password": {password}, "again": {again}}.Encode()
		return w.do("POST", "/claim/"+secret, body, "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html", "Accept-Language", "en")
	}
	if r := w.want(set("short", "short"), 422); !bytes.Contains(r.body, []byte("10 to 200 characters")) {
		t.Errorf("a short password: %s", r.body)
	}
	if r := w.want(set("a long enough one", "a long enough two"), 422); !bytes.Contains(r.body, []byte("differ")) {
		t.Errorf("two passwords: %s", r.body)
	}
	if r := w.want(set(password, password), 200); !bytes.Contains(r.body, []byte("Your username is new")) {
		t.Errorf("the page says %s", r.body)
	}
	w.signIn("new")
	w.want(set(password, password), 404)
	if strings.Contains(w.log.String(), secret) {
		t.Error("the log holds the link's secret")
	}
}

// TestPublic checks the endpoints that verifiers' programs use.
func TestPublic(t *testing.T) {
	w := newWorld(t)
	code, token, _ := w.issued("one")
	for _, c := range []struct {
		path, media, cache string
		status             int
	}{
		{"/.well-known/jwks.json", "application/json", "max-age", 200},
		{"/status/1", "application/statuslist+jwt", "max-age=300", 200},
		{"/status/99", "application/problem+json", "no-store", 404},
		{"/status/-1", "application/problem+json", "no-store", 404},
		{"/status/x", "application/problem+json", "no-store", 404},
		{"/ca/1.crl", "application/pkix-crl", "max-age", 200},
		{"/ca/1", "application/problem+json", "no-store", 404},
		{"/ca/x.crl", "application/problem+json", "no-store", 404},
		{"/healthz", "text/plain; charset=utf-8", "no-store", 200},
		{"/readyz", "text/plain; charset=utf-8", "no-store", 200},
		{"/metrics", "text/plain", "no-store", 200},
		{"/assets/icon.svg", "image/svg+xml", "immutable", 200},
		{"/assets/nothing.js", "text/html", "no-store", 404},
	} {
		r := w.do("GET", c.path, nil)
		if r.status != c.status || !strings.HasPrefix(r.header.Get("Content-Type"), c.media) || !strings.Contains(r.header.Get("Cache-Control"), c.cache) {
			t.Errorf("%s: %d %s %s", c.path, r.status, r.header.Get("Content-Type"), r.header.Get("Cache-Control"))
		}
		if open := r.header.Get("Access-Control-Allow-Origin") == "*"; open != (c.status == 200 && strings.Contains(c.cache, "max-age") && !strings.HasPrefix(c.path, "/assets")) {
			t.Errorf("%s: readable from other sites: %v", c.path, open)
		}
	}
	w.do("POST", "/api/v1/verify", `{"url":"`+w.paper(code, token)+`"}`)
	metrics := ""
	for range 100 { // a request is counted after its answer
		if metrics = string(w.do("GET", "/metrics", nil).body); strings.Contains(metrics, `route="POST /api/v1/verify"`) {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	for _, want := range []string{`yinzheng_verdicts_total{asked_by="url",verdict="valid"} 1`, `yinzheng_issue_seconds_count 1`, `yinzheng_http_requests_total{route="POST /api/v1/verify",status="200"} 1`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
	for _, secret := range []string{code, "441302", "张"} {
		if strings.Contains(metrics, secret) {
			t.Errorf("/metrics holds %q", secret)
		}
	}
}

func TestNotReady(t *testing.T) {
	w := newWorld(t, func(c *web.Config, _ *yinzheng.Config) { c.Ready = func(context.Context) error { return errDisk } })
	r := w.want(w.do("GET", "/readyz", nil), 503)
	if bytes.Contains(r.body, []byte("disk")) {
		t.Errorf("/readyz tells the world %s", r.body)
	}
}

// TestLog checks that the log holds routes, never what was asked about.
func TestLog(t *testing.T) {
	w := newWorld(t)
	code, token, _ := w.issued("one")
	before := len(w.log.String())
	w.do("GET", "/v/"+code+"?name=%E5%BC%A0%E4%B8%89", nil, "Accept", "text/html")
	w.do("POST", "/api/v1/verify", `{"token":"`+token+`"}`)
	w.do("GET", "/api/v1/certificates/"+code, nil)
	w.do("GET", "/nowhere/441302199506140020", nil, stray, "1")
	w.Close() // a line is written after its answer
	log := w.log.String()[before:]
	for _, secret := range []string{code, token, "441302199506140020", "%E5", "张"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %q:\n%s", secret, log)
		}
	}
	for _, want := range []string{`route="GET /v/{code}" status=200`, `route="GET /api/v1/certificates/{code}" status=401`, `route=none status=404`, `level=DEBUG msg=request route="POST /api/v1/verify"`} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s:\n%s", want, log)
		}
	}
}

// TestHTTPS checks that a browser is told to stay on https where that is the
// public address, and not where it is not.
func TestHTTPS(t *testing.T) {
	for url, want := range map[string]bool{"https://zm.example.gov.cn": true, "": false} {
		w := newWorld(t, func(_ *web.Config, c *yinzheng.Config) {
			if url != "" {
				c.PublicURL = url
			}
		})
		if got := w.do("GET", "/verify", nil).header.Get("Strict-Transport-Security") != ""; got != want {
			t.Errorf("%q: told to stay on https: %v", url, got)
		}
	}
}

// TestServer checks the time and size limits of the server helper.
func TestServer(t *testing.T) {
	s := web.Server(":0", http.NotFoundHandler())
	if s.ReadHeaderTimeout == 0 || s.ReadTimeout == 0 || s.WriteTimeout == 0 || s.IdleTimeout == 0 || s.MaxHeaderBytes == 0 {
		t.Errorf("a limit is missing: %+v", s)
	}
	w := newWorld(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+"/healthz", nil)
	must(t, err)
	req.Host = "other.example"
	resp, err := w.Client().Do(req)
	must(t, err)
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "ok\n" {
		t.Errorf("health under another name: %q %v", body, err)
	}
}
