package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/web"
)

// TestBadInput sends what must be refused and looks at the problem: its
// status, its type, the field it names, and that both languages say something
// without a word of Go.
func TestBadInput(t *testing.T) {
	w := newWorld(t)
	clerk, approver := w.signIn("village"), w.signIn("town")
	path, version := w.draft(clerk, "bad-input")
	long := strings.Repeat("王", 200)
	values := func(member string) string { return `{"item":"residence","values":{` + member + `}}` }
	create := func(body string) []string {
		return []string{"POST", "/api/v1/applications", body, "Idempotency-Key", "k-" + body}
	}
	for _, c := range []struct {
		name        string
		request     []string // method, path, body, headers
		status      int
		kind, field string
	}{
		{"malformed JSON", create(`{"item":`), 400, "malformed", "body"},
		{"no body", create(""), 400, "malformed", "body"},
		{"not UTF-8", create("{\"item\":\"residence\",\"values\":{\"name\":\"\xd5\xc5\xc8\xfd\"}}"), 400, "malformed", "body"},
		{"a member twice", create(values(`"name":"张三","name":"李四"`)), 400, "malformed", "values.name"},
		{"a wrong type", create(values(`"name":7`)), 422, "invalid", "values.name"},
		{"values are a list", create(`{"item":"residence","values":[]}`), 422, "invalid", "values"},
		{"an unknown field", create(values(`"colour":"red"`)), 422, "invalid", "values.colour"},
		{"an unknown member", create(`{"item":"residence","color":1}`), 422, "invalid", "color"},
		{"an unknown item", create(`{"item":"dragon","values":{}}`), 422, "invalid", "item"},
		{"a control character", create(values(`"address":"a\u0007"`)), 422, "invalid", "values.address"},
		{"a direction override", create(values(`"name":"张\u202e三"`)), 422, "invalid", "values.name"},
		{"an unpaired surrogate", create(values(`"name":"\ud842"`)), 400, "malformed", "body"},
		{"1 MiB and more", create(values(`"address":"` + strings.Repeat("x", 1<<20) + `"`)), 413, "too-large", "body"},
		{"wrong content type", append(create(`{}`), "Content-Type", "text/plain"), 415, "unsupported-media-type", "Content-Type"},
		{"GBK by its label", append(create(`{}`), "Content-Type", "application/json; charset=gbk"), 415, "unsupported-media-type", "Content-Type"},
		{"no idempotency key", []string{"POST", "/api/v1/applications", residence}, 400, "idempotency-key", "Idempotency-Key"},
		{"a long idempotency key", []string{"POST", "/api/v1/applications", residence, "Idempotency-Key", strings.Repeat("k", 201)}, 400, "idempotency-key", "Idempotency-Key"},
		{"a key of another request", []string{"POST", "/api/v1/applications", values(`"name":"李四"`), "Idempotency-Key", "bad-input"}, 422, "key-reused", ""},
		{"another division", create(`{"item":"residence","values":{},"division":"999999999999"}`), 403, "forbidden", "division"},
		{"no version", []string{"PATCH", path, `{"values":{}}`}, 428, "precondition-required", "If-Match"},
		{"a version without quotes", []string{"PATCH", path, `{"values":{}}`, "If-Match", "1"}, 400, "malformed", "If-Match"},
		{"a weak version", []string{"PATCH", path, `{"values":{}}`, "If-Match", `W/"1"`}, 400, "malformed", "If-Match"},
		{"any version", []string{"PATCH", path, `{"values":{}}`, "If-Match", `*`}, 400, "malformed", "If-Match"},
		{"version zero", []string{"PATCH", path, `{"values":{}}`, "If-Match", `"0"`}, 400, "malformed", "If-Match"},
		{"version +1", []string{"PATCH", path, `{"values":{}}`, "If-Match", `"+1"`}, 400, "malformed", "If-Match"},
		{"a version to come", []string{"PATCH", path, `{"values":{}}`, "If-Match", `"9"`}, 412, "stale-version", ""},
		{"a decision on a draft", []string{"POST", path + "/decisions", `{"action":"approve"}`, "If-Match", version}, 409, "state", ""},
		{"a stranger's draft", []string{"GET", path, "", "Authorization", approver}, 404, "not-found", ""},
		{"no such case", []string{"GET", "/api/v1/applications/NOPE", ""}, 404, "not-found", ""},
		{"an approver takes a case in", append(create(residence), "Authorization", approver), 403, "forbidden", ""},
		{"not signed in", []string{"GET", path, "", "Authorization", ""}, 401, "unauthorized", ""},
		{"basic authentication", []string{"GET", path, "", "Authorization", "Basic YTpi"}, 401, "unauthorized", ""},
		{"a made-up session", []string{"GET", path, "", "Authorization", "Bearer AAAA"}, 401, "unauthorized", ""},
		{"wrong password", []string{"POST", "/api/v1/sessions", `{"username":"village","password":"wrong"}`}, 401, "unauthorized", ""},
		{"a limit of 0", []string{"GET", "/api/v1/workqueue?limit=0", ""}, 422, "invalid", "limit"},
		{"a limit of 1e9", []string{"GET", "/api/v1/workqueue?limit=1000000000", ""}, 422, "invalid", "limit"},
		{"a search for nothing", []string{"POST", "/api/v1/search", `{}`}, 422, "invalid", "q"},
		{"a search for one character", []string{"POST", "/api/v1/search", `{"q":" 王·"}`}, 422, "invalid", "q"},
		{"a search for a wrong number", []string{"POST", "/api/v1/search", `{"q":"1.2.156.3005.2.1"}`}, 422, "invalid", "q"},
		{"a search for another address", []string{"POST", "/api/v1/search", `{"q":"https://example.com/"}`}, 422, "invalid", "q"},
		{"a search by half a page", []string{"POST", "/api/v1/search", `{"q":"王小明","limit":0.5}`}, 422, "invalid", "limit"},
		{"a search by pages of 0", []string{"POST", "/api/v1/search", `{"q":"王小明","limit":0}`}, 422, "invalid", "limit"},
		{"a search from nowhere", []string{"POST", "/api/v1/search", `{"q":"王小明","cursor":"!"}`}, 422, "invalid", ""},
		{"a search for more than q", []string{"POST", "/api/v1/search", `{"q":"王小明","name":"x"}`}, 422, "invalid", "name"},
		{"an unknown state", []string{"GET", "/api/v1/workqueue?state=draft,lost", ""}, 422, "invalid", "state"},
		{"a preview as a picture", []string{"POST", "/api/v1/preview", residence, "Accept", "image/png"}, 406, "not-acceptable", "Accept"},
		{"issuing is for administrators", []string{"GET", "/api/v1/issuing", ""}, 403, "forbidden", ""},
		{"an item for others", []string{"GET", "/api/v1/items/residence", "", "Authorization", approver}, 403, "forbidden", ""},
		{"no such item", []string{"GET", "/api/v1/catalogue/dragon", ""}, 404, "not-found", ""},
		{"no such certificate", []string{"GET", "/api/v1/certificates/000000000000/pdf", ""}, 404, "not-found", ""},
		{"not a code", []string{"GET", "/api/v1/certificates/..%2f..", ""}, 404, "not-found", ""},
		{"no such address", []string{"GET", "/api/v1/nothing", ""}, 404, "not-found", ""},
		{"wrong method", []string{"PUT", path, "{}"}, 405, "method-not-allowed", ""},
		{"another site", []string{"POST", "/api/v1/verify", `{"code":"000000000000"}`, "Origin", "https://evil.example"}, 403, "cross-site", ""},
		{"another site, by the browser's word", []string{"POST", "/verify", `q=1`, "Sec-Fetch-Site", "cross-site", "Accept", "application/json"}, 403, "cross-site", ""},
		{"no question", []string{"POST", "/api/v1/verify", `{}`}, 422, "invalid", ""},
		{"two questions", []string{"POST", "/api/v1/verify", `{"code":"000000000000","token":"a.b.c"}`}, 422, "invalid", ""},
		{"a name without a number", []string{"POST", "/api/v1/verify", `{"code":"000000000000","name":"张三"}`}, 422, "invalid", "name"},
		{"a number with a slip", []string{"POST", "/api/v1/verify", `{"number":"1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.V"}`}, 422, "invalid", ""},
		{"another address", []string{"POST", "/api/v1/verify", `{"url":"https://example.com/"}`}, 422, "invalid", "url"},
		{"a large question", []string{"POST", "/api/v1/verify", `{"token":"` + strings.Repeat("A", 64<<10) + `"}`}, 413, "too-large", "body"},
		{"a file as JSON", []string{"POST", "/api/v1/verify", `%PDF-1.7`, "Content-Type", "application/pdf"}, 415, "unsupported-media-type", "Content-Type"},
		{"a form without a boundary", []string{"POST", "/api/v1/verify", `x`, "Content-Type", "multipart/form-data"}, 400, "malformed", "file"},
		{"a form cut off", []string{"POST", "/api/v1/verify", "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nabc", "Content-Type", "multipart/form-data; boundary=b"}, 400, "malformed", "file"},
		{"an empty form", []string{"POST", "/api/v1/verify", "--b--\r\n", "Content-Type", "multipart/form-data; boundary=b"}, 422, "invalid", "file"},
	} {
		headers := append([]string{"Authorization", clerk}, c.request[3:]...)
		if !strings.HasPrefix(c.request[1], "/api/") {
			headers = append(headers, "Accept", "application/json")
		}
		details := map[string]string{}
		for _, lang := range []string{"zh-CN", "en-GB"} {
			var body any
			if c.request[0] != "GET" {
				body = c.request[2]
			}
			r := w.do(c.request[0], c.request[1], body, append([]string{"Accept-Language", lang}, headers...)...)
			if r.status != c.status || r.header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s: %d %s, want %d and a problem: %s", c.name, r.status, r.header.Get("Content-Type"), c.status, r.body)
				break
			}
			if got := r.text(t, "type"); got != "/problems/"+c.kind {
				t.Errorf("%s: type %s, want %s: %s", c.name, got, c.kind, r.body)
			}
			if c.field != "" && (r.text(t, "errors.0.field") != c.field || r.text(t, "errors.0.code") == "" || r.text(t, "errors.0.detail") == "") {
				t.Errorf("%s: the first error is not that of %s: %s", c.name, c.field, r.body)
			}
			for _, leak := range []string{"yinzheng.", "json:", "goroutine", "strconv", "sql", "EOF", "nil", "multipart:", "%!"} {
				if bytes.Contains(r.body, []byte(leak)) {
					t.Errorf("%s: the problem says %q: %s", c.name, leak, r.body)
				}
			}
			details[lang] = r.text(t, "detail")
		}
		if details["zh-CN"] == details["en-GB"] || details["zh-CN"] == "" {
			t.Errorf("%s: the two languages say %q", c.name, details)
		}
	}
	r := w.want(w.do("PATCH", path, `{"values":{"name":"`+long+`"}}`, "Authorization", clerk, "If-Match", version), 200)
	if r.text(t, "problems.0.field") != "values.name" {
		t.Errorf("a name of 200 characters stays in the draft with a problem: %s", r.body)
	}
}

// endless is a body that nobody should read to its end.
type endless struct{ read atomic.Int64 }

func (e *endless) Read(p []byte) (int, error) {
	e.read.Add(int64(len(p)))
	return copy(p, bytes.Repeat([]byte("x"), len(p))), nil
}

// TestLargeBodies sends 30 MB, with and without saying so first.
func TestLargeBodies(t *testing.T) {
	w := newWorld(t)
	clerk := w.signIn("village")
	const size = 30 << 20
	for _, c := range []struct {
		path, kind string
		declared   bool
		most       int64
	}{
		{"/api/v1/applications", "application/json", true, 1 << 20},
		{"/api/v1/applications", "application/json", false, 6 << 20},
		{"/api/v1/verify", "application/json", true, 1 << 20},
		{"/api/v1/verify", "application/json", false, 6 << 20},
		{"/api/v1/verify", "multipart/form-data; boundary=b", true, 1 << 20},
		{"/api/v1/verify", "multipart/form-data; boundary=b", false, 26 << 20},
		{"/verify", "application/x-www-form-urlencoded", true, 1 << 20},
		{"/api/v1/sessions", "application/json", true, 1 << 20},
	} {
		body := &endless{}
		in := io.LimitReader(body, size)
		if strings.HasPrefix(c.kind, "multipart") {
			in = io.MultiReader(strings.NewReader("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n"), in)
		}
		req := httptest.NewRequest(http.MethodPost, c.path, in)
		req.ContentLength = -1
		req.Header.Set("Content-Type", c.kind)
		req.Header.Set("Authorization", clerk)
		req.Header.Set("Accept", "application/json")
		req.Header.Set("Idempotency-Key", "large")
		if c.declared {
			req.ContentLength = size
		}
		out := httptest.NewRecorder()
		w.Server.Config.Handler.ServeHTTP(out, req)
		if out.Code != http.StatusRequestEntityTooLarge || !strings.Contains(out.Body.String(), "/problems/too-large") {
			t.Errorf("%s %s declared %v: %d %s", c.path, c.kind, c.declared, out.Code, out.Body)
		}
		if n := body.read.Load(); n > c.most || c.declared && n > 0 {
			t.Errorf("%s %s declared %v: %d bytes were read", c.path, c.kind, c.declared, n)
		}
		if out.Header().Get("Connection") != "close" {
			t.Errorf("%s: the connection stays open for the rest", c.path)
		}
	}
}

func TestReplay(t *testing.T) {
	w := newWorld(t)
	clerk := w.signIn("village")
	first := w.want(w.do("POST", "/api/v1/applications", residence, "Authorization", clerk, "Idempotency-Key", "same"), 201)
	if loc := first.header.Get("Location"); loc != "/api/v1/applications/"+first.text(t, "id") {
		t.Errorf("Location %q", loc)
	}
	again := w.want(w.do("POST", "/api/v1/applications", residence, "Authorization", clerk, "Idempotency-Key", "same"), 200)
	if string(first.body) != string(again.body) || again.header.Get("ETag") != first.header.Get("ETag") {
		t.Errorf("the replay answers\n%s\nthe first request got\n%s", again.body, first.body)
	}
}

// TestStaleVersion checks that a conflict says who did what.
func TestStaleVersion(t *testing.T) {
	w := newWorld(t)
	clerk := w.signIn("village")
	path, version := w.draft(clerk, "stale")
	w.want(w.do("PATCH", path, `{"values":{"purpose":"办证"}}`, "Authorization", clerk, "If-Match", version), 200)
	r := w.want(w.do("POST", path+"/submit", nil, "Authorization", clerk, "If-Match", version, "Accept-Language", "en"), 412)
	if d := r.text(t, "detail"); !strings.Contains(d, "village") || !strings.Contains(d, "edited") || !strings.Contains(d, "version 2") {
		t.Errorf("detail %q does not say what changed", d)
	}
	r = w.want(w.do("GET", path, nil, "Authorization", clerk), 200)
	if r.header.Get("ETag") != `"2"` || r.text(t, "values.purpose") != "办证" || r.text(t, "values.name") != "张𫖯明" {
		t.Errorf("the case afterwards: %s %s", r.header.Get("ETag"), r.body)
	}
}

func TestSessions(t *testing.T) {
	w := newWorld(t)
	auth := w.signIn("village")
	w.want(w.do("GET", "/api/v1/workqueue", nil, "Authorization", auth), 200)
	w.want(w.do("DELETE", "/api/v1/sessions", nil, "Authorization", auth), 204)
	r := w.want(w.do("GET", "/api/v1/workqueue", nil, "Authorization", auth), 401)
	if r.header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("WWW-Authenticate %q", r.header.Get("WWW-Authenticate"))
	}
}

// TestSignInLimit tries a password on many names from one address.
func TestSignInLimit(t *testing.T) {
	var now atomic.Int64
	now.Store(time.Now().Unix())
	w := newWorld(t, func(c *web.Config, _ *yinzheng.Config) { c.Now = func() time.Time { return time.Unix(now.Load(), 0) } })
	attempt := func(i int) reply {
		return w.do("POST", "/api/v1/sessions", fmt.Sprintf(`{"username":"nobody%d","password":"guess"}`, i))
	}
	taken := 0
	var r reply
	for ; taken < 300; taken++ {
		if r = attempt(taken); r.status == 429 {
			break
		}
	}
	if taken < 100 || taken == 300 || r.header.Get("Retry-After") != "1" || r.text(t, "type") != "/problems/too-many" {
		t.Fatalf("after %d attempts: %d, Retry-After %q, %s", taken, r.status, r.header.Get("Retry-After"), r.body)
	}
	now.Add(1)
	w.want(attempt(301), 401)
}

// TestEnumeration checks that codes cannot be tried one after another without
// end, while papers with their tokens always can.
func TestEnumeration(t *testing.T) {
	start := time.Now()
	w := newWorld(t, func(c *web.Config, _ *yinzheng.Config) { c.Now = func() time.Time { return start } })
	last := 0
	for range 300 {
		if last = w.do("POST", "/api/v1/verify", `{"code":"000000000000"}`).status; last != 200 {
			break
		}
	}
	if last != 429 {
		t.Fatalf("300 codes in no time: the last answer is %d", last)
	}
	w.want(w.do("GET", "/v/000000000000", nil, "Accept", "application/json"), 429)
	w.want(w.do("POST", "/api/v1/verify", `{"token":"a.b.c"}`), 200)
}

func TestItems(t *testing.T) {
	w := newWorld(t)
	r := w.want(w.do("GET", "/api/v1/items", nil, "Authorization", w.signIn("village")), 200)
	if r.text(t, "items.0.code") == "" || r.text(t, "items.0.name.zh") == "" {
		t.Errorf("items: %s", r.body)
	}
	r = w.want(w.do("GET", "/api/v1/items/residence", nil, "Authorization", w.signIn("village"), "Accept-Language", "en"), 200)
	if r.text(t, "code") != "residence" || r.text(t, "schema.properties.name.title") != "Name" || r.member(t, "schema.additionalProperties") != false {
		t.Errorf("item: %s", r.body)
	}
	r = w.want(w.do("GET", "/api/v1/catalogue", nil), 200)
	if r.text(t, "items.0.basis.0") == "" {
		t.Errorf("catalogue: %s", r.body)
	}
	r = w.want(w.do("GET", "/api/v1/catalogue/residence", nil), 200)
	if r.text(t, "issuer") != "town" || r.member(t, "schema") != nil {
		t.Errorf("catalogue item: %s", r.body)
	}
}

func TestWorkqueue(t *testing.T) {
	w := newWorld(t)
	clerk := w.signIn("village")
	for _, key := range []string{"a", "b", "c"} {
		w.draft(clerk, key)
	}
	seen, cursor := map[string]bool{}, ""
	for range 3 {
		r := w.want(w.do("GET", "/api/v1/workqueue?state=draft&limit=1&cursor="+cursor, nil, "Authorization", clerk), 200)
		seen[r.text(t, "items.0.id")] = true
		cursor = r.text(t, "next")
	}
	if len(seen) != 3 || cursor != "" {
		t.Errorf("three pages gave %v and next %q", seen, cursor)
	}
	r := w.want(w.do("GET", "/api/v1/workqueue", nil, "Authorization", w.signIn("town")), 200)
	if string(r.body) != `{"items":[]}` {
		t.Errorf("an approver's queue: %s", r.body)
	}
}

func TestSearch(t *testing.T) {
	w := newWorld(t)
	clerk := w.signIn("village")
	for _, key := range []string{"a", "b", "c"} {
		w.draft(clerk, key)
	}
	name := w.want(w.do("GET", "/api/v1/workqueue", nil, "Authorization", clerk), 200).text(t, "items.0.holder")
	body := func(cursor string) string { return `{"q":"` + name + `","limit":1,"cursor":"` + cursor + `"}` }
	seen, cursor := map[string]bool{}, ""
	for range 3 {
		r := w.want(w.do("POST", "/api/v1/search", body(cursor), "Authorization", clerk), 200)
		if r.text(t, "items.0.match") != "name" || r.text(t, "items.0.state") != "draft" || r.text(t, "items.0.holder") != name {
			t.Errorf("found %s", r.body)
		}
		seen[r.text(t, "items.0.id")] = true
		cursor = r.text(t, "next")
	}
	if len(seen) != 3 || cursor != "" {
		t.Errorf("three pages gave %v and next %q", seen, cursor)
	}
	r := w.want(w.do("POST", "/api/v1/search", body(""), "Authorization", w.signIn("town")), 200)
	if string(r.body) != `{"items":[]}` {
		t.Errorf("drafts of another office: %s", r.body)
	}
}

func TestPreview(t *testing.T) {
	w := newWorld(t)
	clerk := w.signIn("village")
	r := w.want(w.do("POST", "/api/v1/preview", `{"item":"residence","values":{"name":"张"},"focus":"values.name"}`, "Authorization", clerk), 200)
	if r.header.Get("Content-Type") != "image/svg+xml" || !bytes.HasPrefix(r.body, []byte("<svg")) {
		t.Errorf("preview: %s %.60s", r.header.Get("Content-Type"), r.body)
	}
	r = w.want(w.do("POST", "/api/v1/preview", residence, "Authorization", clerk, "Accept", "application/pdf"), 200)
	if r.header.Get("Content-Type") != "application/pdf" || !bytes.HasPrefix(r.body, []byte("%PDF-")) {
		t.Errorf("preview: %s %.60s", r.header.Get("Content-Type"), r.body)
	}
}

func TestOpenAPI(t *testing.T) {
	w := newWorld(t)
	r := w.want(w.do("GET", "/api/openapi.json", nil), 200)
	var doc struct {
		OpenAPI string                                `json:"openapi"`
		Paths   map[string]map[string]json.RawMessage `json:"paths"`
	}
	must(t, json.Unmarshal(r.body, &doc))
	for _, op := range []string{
		"POST /api/v1/sessions", "DELETE /api/v1/sessions", "GET /api/v1/items", "GET /api/v1/items/{code}", "POST /api/v1/applications", "PATCH /api/v1/applications/{id}",
		"GET /api/v1/applications/{id}", "POST /api/v1/applications/{id}/submit", "POST /api/v1/applications/{id}/withdraw", "POST /api/v1/applications/{id}/decisions",
		"POST /api/v1/decisions", "GET /api/v1/workqueue", "POST /api/v1/search", "POST /api/v1/preview", "GET /api/v1/certificates/{code}", "GET /api/v1/certificates/{code}/pdf", "POST /api/v1/certificates/{code}/revoke",
		"POST /api/v1/certificates/{code}/suspend", "POST /api/v1/certificates/{code}/lift", "POST /api/v1/certificates/{code}/revocations/{id}/confirm", "POST /api/v1/certificates/{code}/revocations/{id}/decline",
		"GET /api/v1/revocations", "POST /api/v1/certificates/{code}/correct", "POST /api/v1/certificates/{code}/reissue", "POST /api/v1/certificates/{code}/copies", "GET /api/v1/certificates/{code}/copies", "GET /api/v1/certificates/{code}/verifications",
		"POST /api/v1/papers", "GET /api/v1/papers/{code}", "POST /api/v1/papers/{code}/void", "GET /api/v1/papers/{code}/scan",
		"POST /api/v1/applications/{id}/attachments", "GET /api/v1/applications/{id}/attachments/{attachment}", "DELETE /api/v1/applications/{id}/attachments/{attachment}",
		"GET /api/v1/issuing", "POST /api/v1/issuing/{id}/retry", "POST /api/v1/issuing/{id}/void", "POST /api/v1/verify", "GET /api/v1/catalogue", "GET /api/v1/catalogue/{code}",
		"GET /api/v1/catalogue/{code}/versions", "POST /api/v1/catalogue-changes", "GET /api/v1/catalogue-changes", "GET /api/v1/catalogue-changes/{id}",
		"POST /api/v1/catalogue-changes/{id}/acts", "POST /api/v1/catalogue-changes/import", "GET /api/v1/catalogue-report",
		"GET /api/v1/templates", "GET /api/v1/templates/{code}/versions/{version}", "POST /api/v1/template-designs", "GET /api/v1/template-designs/{id}", "PUT /api/v1/template-designs/{id}",
		"POST /api/v1/template-designs/{id}/acts", "GET /api/v1/template-designs/{id}/ways", "GET /api/v1/template-designs/{id}/page",
		"POST /api/v1/campaigns", "POST /api/v1/campaigns/import", "GET /api/v1/campaigns", "GET /api/v1/campaigns/{id}", "POST /api/v1/campaigns/{id}/acts", "GET /api/v1/campaigns/{id}/entries",
		"POST /api/v1/campaigns/{id}/entries", "GET /api/v1/campaigns/{id}/entries/{number}",
	} {
		method, path, _ := strings.Cut(op, " ")
		if doc.Paths[path][strings.ToLower(method)] == nil {
			t.Errorf("the OpenAPI document has no %s", op)
		}
	}
	for path, required := range map[string]string{"/api/v1/applications/{id}/attachments": `["material","file"]`, "/api/v1/papers": `["paper","file"]`, "/api/v1/verify": `["file"]`} {
		if op := doc.Paths[path]["post"]; !bytes.Contains(op, []byte(`"multipart/form-data"`)) || !bytes.Contains(op, []byte(`"required":`+required)) {
			t.Errorf("the form of %s is not described: %s", path, op)
		}
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1") || bytes.Contains(r.body, []byte(`"$ref":"#/components/schemas/"`)) {
		t.Errorf("document: %.200s", r.body)
	}
	for _, ref := range bytes.Split(r.body, []byte(`"$ref":"#/components/schemas/`))[1:] {
		name, _, _ := bytes.Cut(ref, []byte(`"`))
		if !bytes.Contains(r.body, append(append([]byte(`"`), name...), []byte(`":{`)...)) {
			t.Errorf("schema %s is referred to but not there", name)
		}
	}
}

// brokenStore fails where it is told to.
type brokenStore struct {
	yinzheng.Store
	broken, panics atomic.Bool
}

var errDisk = errors.New("disk I/O error at /var/lib/secret")

func (s *brokenStore) Certificate(ctx context.Context, code string) (*yinzheng.Certificate, error) {
	if s.broken.Load() {
		return nil, errDisk
	}
	return s.Store.Certificate(ctx, code)
}

func (s *brokenStore) InForce(ctx context.Context, code, token string) (number, organName string, err error) {
	if s.broken.Load() {
		return "", "", errDisk
	}
	return s.Store.InForce(ctx, code, token)
}

func (s *brokenStore) Session(ctx context.Context, hash [32]byte, now time.Time) (string, error) {
	if s.panics.Load() {
		panic("boom 441302199506140020")
	}
	return s.Store.Session(ctx, hash, now)
}

// TestStoreFailure checks that a store that fails is a 503, never "not found",
// and that a panic is a 500; neither tells the caller what happened inside.
func TestStoreFailure(t *testing.T) {
	b := &brokenStore{}
	w := newWorld(t, func(_ *web.Config, c *yinzheng.Config) { b.Store = c.Store; c.Store = b })
	code, token, _ := w.issued("one")
	clerk := w.signIn("village")
	b.broken.Store(true)
	for name, r := range map[string]reply{
		"code": w.do("POST", "/api/v1/verify", `{"code":"`+code+`"}`),
		"url":  w.do("POST", "/api/v1/verify", `{"url":"`+w.paper(code, token)+`"}`),
		"JSON": w.do("GET", "/v/"+code, nil, "Accept", "application/json"),
		"page": w.do("GET", "/v/"+code, nil, "Accept", "text/html"),
	} {
		if r.status != 503 || r.header.Get("Retry-After") == "" || bytes.Contains(r.body, []byte("disk")) || bytes.Contains(r.body, []byte("not-found")) {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	b.broken.Store(false)
	b.panics.Store(true)
	r := w.want(w.do("GET", "/api/v1/workqueue", nil, "Authorization", clerk), 500)
	incident := r.text(t, "incident")
	if bytes.Contains(r.body, []byte("boom")) || incident == "" || !strings.Contains(w.log.String(), incident) {
		t.Errorf("a panic answers %s", r.body)
	}
	b.panics.Store(false)
	w.want(w.do("GET", "/api/v1/workqueue", nil, "Authorization", clerk), 200)
}
