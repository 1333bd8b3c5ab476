package main

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/attachments"
	"yinzheng/internal/conformance"
	"yinzheng/internal/inturn"
	"yinzheng/signer"
	"yinzheng/store"
	"yinzheng/templates"
	"yinzheng/web"
)

// TestConformance holds every channel to the published vectors: what a verifier
// says without a network, the command, the API and the pages.
func TestConformance(t *testing.T) {
	inturn.Only(t)
	v, err := conformance.Load()
	must(t, err)
	files := vectorFiles{v, t.TempDir()}
	for name, ask := range map[string]func(*testing.T, *conformance.Case) *conformance.Answer{"offline": files.offline, "command": files.command} {
		t.Run(name, func(t *testing.T) {
			for i := range v.Cases {
				c := &v.Cases[i]
				t.Run(c.Name, func(t *testing.T) { same(t, ask(t, c), c.Offline) })
			}
		})
	}
	issuer := newIssuer(t, v)
	for name, ask := range map[string]func(*testing.T, *conformance.Case) *conformance.Answer{"API": issuer.api, "page": issuer.page} {
		t.Run(name, func(t *testing.T) {
			for i := range v.Cases {
				if c := &v.Cases[i]; c.Online != nil {
					t.Run(c.Name, func(t *testing.T) { same(t, ask(t, c), c.Online) })
				}
			}
		})
	}
}

// same compares answers; nil is no verdict.
func same(t *testing.T, got, want *conformance.Answer) {
	t.Helper()
	a, err := json.Marshal(got)
	must(t, err)
	b, err := json.Marshal(want)
	must(t, err)
	if !bytes.Equal(a, b) {
		t.Errorf("\n%s, want\n%s", a, b)
	}
}

// said is an answer's JSON as the vectors write it.
func said(t *testing.T, answer []byte) *conformance.Answer {
	t.Helper()
	a, err := conformance.ReadAnswer(answer)
	must(t, err)
	return a
}

// vectorFiles verifies with what a case has at hand and no more. What answers
// nil gives no verdict: a list is refused, or only the issuer can tell.
type vectorFiles struct {
	*conformance.Vectors
	dir string
}

func (f *vectorFiles) read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := f.File(name)
	must(t, err)
	return data
}

// path writes a file of the vectors where the command finds it.
func (f *vectorFiles) path(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(f.dir, name)
	must(t, os.WriteFile(path, f.read(t, name), 0o600))
	return path
}

func (f *vectorFiles) offline(t *testing.T, c *conformance.Case) *conformance.Answer {
	o := &yinzheng.Offline{Checker: &signer.Checker{}, Now: c.Clock}
	if c.JWKS != "" {
		var err error
		if o.Keys, err = signer.ReadKeyList(f.read(t, c.JWKS), []*x509.Certificate{f.root(t, c.Root)}, c.Clock); err != nil {
			refused(t, c, c.JWKS, err)
			return nil
		}
	}
	for _, name := range c.Status {
		l, err := signer.ReadStatusList(f.read(t, name), o.Keys)
		if err != nil {
			refused(t, c, name, err)
			return nil
		}
		o.Status = append(o.Status, l)
	}
	q := &yinzheng.Question{Token: c.Question.Token, URL: c.Question.URL, Code: c.Question.Code, Number: c.Question.Number, Name: c.Question.Name}
	if c.Question.File != "" {
		q.File = f.read(t, c.Question.File)
	}
	a, err := o.Verify(q)
	if errors.Is(err, yinzheng.ErrNoToken) {
		return nil
	}
	must(t, err)
	answer, err := json.Marshal(a)
	must(t, err)
	return said(t, answer)
}

func (f *vectorFiles) root(t *testing.T, name string) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(f.read(t, name))
	root, err := x509.ParseCertificate(block.Bytes)
	must(t, err)
	return root
}

// refused checks that the list is the one that has to be.
func refused(t *testing.T, c *conformance.Case, list string, err error) {
	t.Helper()
	if list != c.Refused {
		t.Errorf("%s is refused: %v", list, err)
	}
}

func (f *vectorFiles) command(t *testing.T, c *conformance.Case) *conformance.Answer {
	v := verifyCmd{What: c.Question.URL + c.Question.Token + c.Question.Code + c.Question.Number, Root: f.path(t, c.Root), JSON: true}
	if c.Question.File != "" {
		v.What = f.path(t, c.Question.File)
	}
	if c.JWKS != "" {
		v.JWKS = f.path(t, c.JWKS)
	}
	for _, name := range c.Status {
		v.Status = append(v.Status, f.path(t, name))
	}
	var stdout, stderr bytes.Buffer
	err := v.Run(t.Context(), &env{&stdout, &stderr, slog.New(slog.DiscardHandler), func() time.Time { return c.Clock }})
	var code exitCode
	if err != nil && !errors.As(err, &code) {
		t.Fatal(err)
	}
	if stdout.Len() == 0 {
		if code != 2 || !strings.Contains(stderr.String(), c.Refused) {
			t.Errorf("exit status %d: %s", code, &stderr)
		}
		return nil
	}
	a := said(t, stdout.Bytes())
	want := exitCode(1)
	switch yinzheng.Verdict(a.Verdict) {
	case yinzheng.Valid:
		want = 0
	case yinzheng.UnknownKey, yinzheng.Unconfirmed:
		want = 2
	}
	if code != want {
		t.Errorf("%s with exit status %d", a.Verdict, code)
	}
	return a
}

// issuer is a server whose records and keys are those of the vectors, and whose
// clock is a case's.
type issuer struct {
	vectorFiles
	http.Handler
	clock time.Time
}

func newIssuer(t *testing.T, v *conformance.Vectors) *issuer {
	t.Helper()
	is := &issuer{vectorFiles: vectorFiles{v, t.TempDir()}, clock: v.Cases[0].Clock}
	s, err := store.OpenMemory(t.Context())
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	first := &v.Cases[0] // with the day's key list at hand
	keys, err := signer.ReadKeyList(is.read(t, first.JWKS), []*x509.Certificate{is.root(t, first.Root)}, first.Clock)
	must(t, err)
	for _, k := range keys.Keys {
		must(t, s.PutKey(t.Context(), k))
	}
	for i := range v.Records {
		is.keep(t, s, keys, &v.Records[i])
	}
	renderer, err := templates.New(templates.Options{})
	must(t, err)
	builtin, err := templates.Builtin()
	must(t, err)
	log := slog.New(slog.DiscardHandler)
	files := attachments.New()
	service, err := yinzheng.New(t.Context(), yinzheng.Config{
		Store: s, Renderer: renderer, Sealer: new(signer.Signer), Checker: &signer.Checker{}, Cleaner: files, Photos: files, Templates: builtin,
		PublicURL: "https://zm.example.gov.cn", Now: func() time.Time { return is.clock }, Log: log,
	})
	must(t, err)
	asked := 0
	is.Handler, err = web.New(web.Config{Service: service, Log: log, Now: func() time.Time { // so fast that nobody is held up
		asked++
		return first.Clock.Add(time.Duration(asked) * time.Hour)
	}})
	must(t, err)
	return is
}

// keep puts a record into the store, as issuing does.
func (is *issuer) keep(t *testing.T, s *store.Store, keys *yinzheng.KeyList, r *conformance.Record) {
	t.Helper()
	report := new(signer.Checker).CheckToken(r.Token, keys)
	if !report.Signed {
		t.Fatalf("the record %s: %s", r.Number, report.Problem)
	}
	claims := &report.Claims
	list, index := claims.StatusRef()
	pdf := []byte(r.Number) // of whom no file is asked about
	if r.File != "" {
		pdf = is.read(t, r.File)
	}
	c := &yinzheng.Certificate{
		Code: claims.Code, Number: r.Number, Application: claims.Code, Template: yinzheng.TemplateRef{Code: "residence", Version: 2}, Short: claims.Item,
		Organ: claims.Organ, OrganName: report.Key.OrganName, Name: claims.Name, ID: claims.ID, Holder: r.Holder,
		IssuedAt: time.Unix(claims.IssuedAt, 0).UTC(), Salt: make([]byte, yinzheng.SaltLength), Commitment: claims.Digest, List: list, Index: index,
		TokenKID: report.KID, Token: r.Token, Digest: yinzheng.DigestPDF(pdf), Status: yinzheng.StatusOK, StatusAt: time.Unix(claims.IssuedAt, 0).UTC(),
	}
	if claims.Expires != 0 {
		c.Expires = time.Unix(claims.Expires, 0).UTC()
	}
	_, err := s.OpenStatusList(t.Context())
	must(t, err)
	must(t, s.Reserve(t.Context(), c))
	must(t, s.FinishIssue(t.Context(), c, pdf))
	if r.Status != string(yinzheng.StatusOK) {
		c.Status, c.StatusAt, c.Reason, c.Successor = yinzheng.Status(r.Status), r.Since, r.Reason, r.Successor
		must(t, s.SetStatus(t.Context(), c, yinzheng.StatusOK))
	}
}

func (is *issuer) answer(t *testing.T, c *conformance.Case, r *http.Request) []byte {
	t.Helper()
	is.clock = c.Clock
	w := httptest.NewRecorder()
	is.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Body.Bytes()
}

// upload is a form with the file of a case.
func (is *issuer) upload(t *testing.T, path string, c *conformance.Case) *http.Request {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", c.Question.File)
	must(t, err)
	_, err = part.Write(is.read(t, c.Question.File))
	must(t, errors.Join(err, form.Close()))
	r := httptest.NewRequest(http.MethodPost, path, &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return r
}

func (is *issuer) api(t *testing.T, c *conformance.Case) *conformance.Answer {
	var r *http.Request
	if c.Question.File != "" {
		r = is.upload(t, "/api/v1/verify", c)
	} else {
		body, err := json.Marshal(c.Question)
		must(t, err)
		r = httptest.NewRequest(http.MethodPost, "/api/v1/verify", bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
	}
	return said(t, is.answer(t, c, r))
}

// shown are the verdict and the checks of a page.
var shown = regexp.MustCompile(`data-verdict="([a-z-]+)" data-integrity="([a-z-]+)" data-issuer="([a-z-]+)" data-status="([a-z-]+)"`)

// maskedName is the beginning of a holder's name as it is shown.
var maskedName = regexp.MustCompile(`\p{Han}\*`)

// successor is the link to the certificate that replaces one.
var successor = regexp.MustCompile(`href="/v/(\w+)[^"]*">查看替代它的证明`)

// page asks the page of the address where there is nothing but a code, and the
// verify page anything else, as the code's module does with what it scans. In the
// place of what a page says in words there is what is expected.
func (is *issuer) page(t *testing.T, c *conformance.Case) *conformance.Answer {
	var r *http.Request
	q := c.Question
	path, bare := strings.CutPrefix(q.URL, "https://zm.example.gov.cn")
	switch {
	case q.File != "":
		r = is.upload(t, "/verify", c)
	case bare && !strings.Contains(path, "#"):
		r = httptest.NewRequest(http.MethodGet, path, http.NoBody)
	case q.Code != "":
		r = httptest.NewRequest(http.MethodGet, "/v/"+q.Code, http.NoBody)
	default:
		form := url.Values{"q": {q.URL + q.Token + q.Number}, "name": {q.Name}}
		r = httptest.NewRequest(http.MethodPost, "/verify", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	html := string(is.answer(t, c, r))
	m := shown.FindStringSubmatch(html)
	if m == nil {
		t.Fatalf("no verdict on the page:\n%s", html)
	}
	a := *c.Online
	a.Verdict, a.Integrity, a.Issuer, a.Status = m[1], m[2], m[3], m[4]
	for _, f := range a.Findings {
		if !strings.Contains(html, ">"+f+"<") {
			t.Errorf("the page does not tell of %s", f)
		}
	}
	if !strings.Contains(html, a.Holder) {
		t.Errorf("the page does not name the holder, %s", a.Holder)
	}
	if name := maskedName.FindString(html); a.Holder == "" && name != "" {
		t.Errorf("the page names %s, whom nobody vouches for", name)
	}
	if m := successor.FindStringSubmatch(html); m == nil && a.Successor != "" || m != nil && m[1] != a.Successor {
		t.Errorf("the page leads to the successor %v, want %q", m, a.Successor)
	}
	return &a
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
