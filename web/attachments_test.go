package web_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"yinzheng/attachments/picturetest"
)

// filled is a form with a file and fields, written key=value.
func filled(t testing.TB, file []byte, fields ...string) (body []byte, contentType string) {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for _, f := range fields {
		key, value, _ := strings.Cut(f, "=")
		must(t, m.WriteField(key, value))
	}
	part, err := m.CreateFormFile("file", `..\<家>"庭.jpg`)
	must(t, err)
	_, err = part.Write(file)
	must(t, err)
	must(t, m.Close())
	return b.Bytes(), m.FormDataContentType()
}

func (w *world) attach(auth, path, version string, file []byte, fields ...string) reply {
	w.t.Helper()
	body, kind := filled(w.t, file, fields...)
	return w.do("POST", path+"/attachments", body, "Authorization", auth, "If-Match", version, "Content-Type", kind)
}

// TestAttachmentIsNeverShown: whatever a file holds, a browser saves it.
func TestAttachmentIsNeverShown(t *testing.T) {
	w := newWorld(t)
	clerk := w.signIn("village")
	path, version := w.draft(clerk, "k")
	r := w.want(w.attach(clerk, path, version, picturetest.Camera(picturetest.Sheet(30, 40), 6), "material=other"), 201)
	if r.header.Get("ETag") != `"2"` || r.text(t, "attachments.0.name") != `<家>"庭.jpg` {
		t.Errorf("%s %s", r.header.Get("ETag"), r.body)
	}
	r = w.want(w.do("GET", path+"/attachments/2", nil, "Authorization", clerk), 200)
	id := path[strings.LastIndexByte(path, '/')+1:]
	for name, want := range map[string]string{
		"Content-Type": "image/jpeg", "Content-Disposition": `attachment; filename="` + id + `-2.jpg"`, "X-Content-Type-Options": "nosniff",
		"Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin",
	} {
		if got := r.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if csp := r.header.Get("Content-Security-Policy"); !strings.Contains(csp, "sandbox") || !strings.Contains(csp, "default-src 'none'") {
		t.Errorf("Content-Security-Policy: %s", csp)
	}
	for _, other := range []string{"/attachments/1", "/attachments/99", "/attachments/-2", "/attachments/x", "/attachments/02x"} {
		w.want(w.do("GET", path+other, nil, "Authorization", clerk), 404)
	}
	w.want(w.do("GET", path+"/attachments/2", nil, "Authorization", w.signIn("sibling")), 404)
	w.want(w.do("GET", path+"/attachments/2", nil), 401)
	w.want(w.do("DELETE", path+"/attachments/2", nil, "Authorization", clerk), 428)
	w.want(w.do("DELETE", path+"/attachments/2", nil, "Authorization", clerk, "If-Match", `"1"`), 412)
	w.want(w.do("DELETE", path+"/attachments/2", nil, "Authorization", clerk, "If-Match", `"2"`), 200)
	if strings.Contains(w.log.String(), "庭") {
		t.Error("the log has the file's name")
	}
}

// TestFormWhole: a form counts when all of it has arrived, and holds nothing
// that nobody asked for.
func TestFormWhole(t *testing.T) {
	w := newWorld(t)
	clerk := w.signIn("village")
	path, version := w.draft(clerk, "k")
	good, kind := filled(t, picturetest.JPEG(picturetest.Sheet(30, 40)), "material=other")
	post := func(body any, kind string) reply {
		return w.do("POST", path+"/attachments", body, "Authorization", clerk, "If-Match", version, "Content-Type", kind)
	}
	for name, c := range map[string]struct {
		body   []byte
		kind   string
		status int
		code   string
	}{
		"without its end":  {good[:len(good)-20], kind, 400, "form"},
		"between parts":    {append(bytes.Clone(good[:len(good)-4]), "\r\n"...), kind, 400, "form"},
		"half a file":      {good[:len(good)/2], kind, 400, "form"},
		"no form":          {[]byte("{}"), "application/json", 415, "media-type"},
		"no boundary":      {good, "multipart/form-data", 400, "form"},
		"another boundary": {good, "multipart/form-data; boundary=x", 400, "form"},
		"empty":            {nil, kind, 400, "form"},
	} {
		r := post(c.body, c.kind)
		if r.status != c.status || r.text(t, "errors.0.code") != c.code {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	file := []byte("x")
	for name, c := range map[string]struct {
		fields []string
		status int
		code   string
	}{
		"a field more":         {[]string{"material=other", "owner=me"}, 422, "unknown-field"},
		"a field twice":        {[]string{"material=other", "material=id_card"}, 400, "duplicate-field"},
		"a file twice":         {[]string{"material=other", "file=x"}, 400, "duplicate-field"},
		"a field of a novel":   {[]string{"material=" + strings.Repeat("x", 17<<10)}, 413, "too-large"},
		"a field of no text":   {[]string{"material=\xff"}, 400, "not-utf8"},
		"a document of no use": {[]string{"material=commitment", `witness_id={"kind":"x"}`}, 422, "unknown-field"},
		"half a document":      {[]string{"material=commitment", `witness_id={"type":`}, 400, "json"},
	} {
		body, kind := filled(t, file, c.fields...)
		if r := post(body, kind); r.status != c.status || r.text(t, "errors.0.code") != c.code {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	pipe, send := io.Pipe() // a line that breaks
	go func() {
		_, _ = send.Write(good[:len(good)/2])
		_ = send.CloseWithError(io.ErrUnexpectedEOF)
	}()
	req, err := http.NewRequestWithContext(t.Context(), "POST", w.URL+path+"/attachments", pipe)
	must(t, err)
	req.Header = http.Header{"Authorization": {clerk}, "If-Match": {version}, "Content-Type": {kind}}
	if resp, err := w.Client().Do(req); err == nil {
		_ = resp.Body.Close()
		t.Errorf("a broken line: %s", resp.Status)
	}
	if r := w.want(w.do("GET", path, nil, "Authorization", clerk), 200); r.header.Get("ETag") != version {
		t.Errorf("something was attached: %s", r.body)
	}
	w.want(post(good, kind), 201)
}

// TestStaffUploads: those who begin many uploads under one account keep no
// colleague out, though they share an address.
func TestStaffUploads(t *testing.T) {
	w := newWorld(t, unhurried)
	clerk, approver := w.signIn("village"), w.signIn("town")
	path, version := w.draft(clerk, "k")
	page, kind := filled(t, []byte("<html>"), "material=other")
	head := append(page[:bytes.Index(page, []byte("<html>")):bytes.Index(page, []byte("<html>"))], make([]byte, 64<<10)...) // more than a client holds back
	stall := func() {                                                                                                       // begins an upload that goes on for ever, unless it is one too many
		body, send := io.Pipe()
		req, err := http.NewRequestWithContext(t.Context(), "POST", w.URL+path+"/attachments", body)
		must(t, err)
		req.Header = http.Header{"Authorization": {clerk}, "If-Match": {version}, "Content-Type": {kind}}
		go func() {
			if resp, err := w.Client().Do(req); err == nil {
				_ = resp.Body.Close()
			}
		}()
		_, err = send.Write(head)
		must(t, err)
		t.Cleanup(func() { _ = send.CloseWithError(io.ErrUnexpectedEOF) })
	}
	post := func(auth string) reply {
		return w.do("POST", path+"/attachments", page, "Authorization", auth, "If-Match", version, "Content-Type", kind, "Accept-Language", "en")
	}
	r := reply{status: 422}
	for n := 0; r.status != 429 && n < 100; n++ {
		w.want(r, 422)
		stall()
		r = post(clerk)
	}
	if w.want(r, 429); !strings.Contains(r.text(t, "detail"), "at once") {
		t.Errorf("refused for something else: %s", r.body)
	}
	w.want(post(approver), 404) // taken up, and answered
}
