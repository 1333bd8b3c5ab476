package web_test

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/attachments"
	"yinzheng/campaign"
	"yinzheng/catalogue"
	"yinzheng/design"
	"yinzheng/inquiry"
	"yinzheng/keys"
	"yinzheng/rating"
	residents "yinzheng/resident"
	"yinzheng/signer"
	"yinzheng/store"
	"yinzheng/templates"
	"yinzheng/web"
	"yinzheng/workbook"
)

// world is a small district with the real parts behind a running server.
type world struct {
	*yinzheng.Service
	*httptest.Server
	t     testing.TB
	store *store.Store
	log   *logBuffer

	witness witness

	workbooks *workbook.Workbooks
	residents *residents.Residents
	ratings   *rating.Ratings
	aheadBy   atomic.Int64 // days that the clock of the ratings is ahead
	handler   atomic.Pointer[http.Handler]
	boot      func() // makes everything anew over the same store, as a new process would
}

// logBuffer keeps what is logged: handlers write while a test reads.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

const (
	district = "441302000000"
	town     = "441302001000"
	village  = "441302001001"
	sibling  = "441302001003"
	password = "correct horse battery"
)

// change edits the configuration of a test's server.
type change func(*web.Config, *yinzheng.Config)

// unhurried makes the limits' clock run so fast that nobody is ever held up.
func unhurried(wc *web.Config, _ *yinzheng.Config) {
	var hours atomic.Int64
	start := time.Now()
	wc.Now = func() time.Time { return start.Add(time.Duration(hours.Add(1)) * time.Hour) }
}

func newWorld(t testing.TB, changes ...change) *world {
	t.Helper()
	st, err := store.OpenMemory(t.Context())
	must(t, err)
	return newWorldOver(t, st, changes...)
}

func newWorldOver(t testing.TB, st *store.Store, changes ...change) *world {
	t.Helper()
	ctx := t.Context()
	w := &world{t: t, log: &logBuffer{}}
	w.Server = httptest.NewUnstartedServer(nil)
	url := "http://" + w.Listener.Addr().String()
	t.Cleanup(func() { must(t, st.Close()) })
	w.store = st
	ring, err := keys.Create(t.TempDir()+"/keys", keys.Passphrase(password), keys.Options{PublicURL: url})
	must(t, err)
	t.Cleanup(ring.Close)
	must(t, w.fill(ring))
	set, err := templates.Builtin()
	must(t, err)
	sample, err := templates.Sample()
	must(t, err)
	renderer, err := templates.New(templates.Options{})
	must(t, err)
	issuer, chain, err := ring.Issuer()
	must(t, err)
	var lent []signer.PrivateKey
	for _, s := range ring.List() {
		key, chain, err := ring.Signer(s.KID)
		must(t, err)
		lent = append(lent, signer.PrivateKey{KID: s.KID, Purpose: yinzheng.KeyPurpose(s.Purpose), Key: key, Chain: der(chain)})
	}
	sealer, err := signer.New(signer.PrivateKey{Key: issuer, Chain: der(chain)}, lent)
	must(t, err)
	log := yinzheng.NewLog(w.log, slog.LevelDebug)
	sc := yinzheng.Config{Store: st, Renderer: renderer, Sealer: sealer, Checker: &signer.Checker{}, Cleaner: attachments.New(), Photos: attachments.New(), Templates: set, Sample: sample, PublicURL: url, Log: log, Argon2Memory: 64}
	wc := web.Config{Log: log, Version: "test", Root: ring.Root().Raw, CRL: func(n int) ([]byte, error) { return ring.CRL(n, nil, time.Now()) }}
	for _, c := range changes {
		c(&wc, &sc)
	}
	given := sc.Templates
	w.boot = func() {
		sc.Templates, _, err = design.InForce(ctx, st, templates.YAML{}, given)
		must(t, err)
		wc.Catalogue, err = catalogue.New(ctx, catalogue.Config{Store: st, Template: func(code string) *yinzheng.Template { return w.Newest(code) }})
		must(t, err)
		sc.Standings = wc.Catalogue
		w.Service, err = yinzheng.New(ctx, sc)
		must(t, err)
		wc.Service, wc.Campaigns = w.Service, campaign.New(campaign.Config{Service: w.Service, Log: log})
		wc.Workbooks = workbook.New(workbook.Config{Service: w.Service, Log: log})
		w.workbooks = wc.Workbooks
		wc.Designs = design.New(design.Config{Store: st, Service: w.Service, Language: templates.YAML{}, Typesetter: renderer, Catalogue: wc.Catalogue, Now: sc.Now})
		w.residents = residents.New(residents.Config{Service: w.Service, Log: log})
		wc.Residents = w.residents
		wc.Inquiries = inquiry.New(inquiry.Config{Store: st, Records: w.Service, Seal: w.Service, Now: sc.Now})
		wc.Ratings = rating.New(rating.Config{Store: st, Cases: w.Service, Now: func() time.Time { return time.Now().AddDate(0, 0, int(w.aheadBy.Load())) }, Log: log})
		w.ratings = wc.Ratings
		handler, err := web.New(wc)
		must(t, err)
		w.handler.Store(&handler)
	}
	w.boot()
	w.passwords()
	w.Server.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { (*w.handler.Load()).ServeHTTP(rw, r) })
	if t, ok := t.(*testing.T); ok { // and not a benchmark
		w.Server.Config.Handler = w.witness.watch(w.Server.Config.Handler, w.who)
		t.Cleanup(func() { w.witness.testify(t, w.log.String()) })
	}
	w.Start()
	t.Cleanup(w.Close)
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func der(chain []*x509.Certificate) [][]byte {
	var out [][]byte
	for _, c := range chain {
		out = append(out, c.Raw)
	}
	return out
}

var people = []struct {
	username, id, division string
	role                   yinzheng.Role
}{
	{"village", "441302198503120023", village, yinzheng.Clerk},
	{"sibling", "441302199007150038", sibling, yinzheng.Clerk},
	{"town", "44130219790218005X", town, yinzheng.Approver},
	{"district", "441302197304010087", district, yinzheng.Approver},
	{"admin", "441302198010100109", district, yinzheng.Admin},
}

func (w *world) fill(ring *keys.Keyring) error {
	ctx := w.t.Context()
	from := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	organs := []yinzheng.Organ{
		{Code: yinzheng.CreditCode("11441302DEM000000"), Name: "惠州市惠城区民政局", Mark: "演示专用", From: from},
		{Code: yinzheng.CreditCode("11441302DEM001000"), Name: "惠州市惠城区桥东街道办事处", Mark: "演示专用", From: from},
	}
	requests := []keys.SealRequest{{Purpose: keys.Status, Organ: keys.Organ{Name: "状态名单"}}}
	for _, o := range organs {
		organ := keys.Organ{Name: o.Name, Code: o.Code}
		requests = append(requests, keys.SealRequest{Purpose: keys.Document, Organ: organ}, keys.SealRequest{Purpose: keys.Token, Organ: organ})
	}
	requests = append(requests, keys.SealRequest{Purpose: keys.Reply, Organ: keys.Organ{Name: organs[1].Name, Code: organs[1].Code}}) // the town replies to inquiries
	seals, err := ring.NewSeals(requests...)
	if err != nil {
		return err
	}
	err = w.store.PutDirectory(ctx, yinzheng.NewDirectory(
		[]yinzheng.Division{
			{Code: district, Name: "惠城区", Level: yinzheng.District},
			{Code: town, Name: "桥东街道", Parent: district, Level: yinzheng.Town},
			{Code: village, Name: "东湖社区", Parent: town, Level: yinzheng.Village},
			{Code: sibling, Name: "新建社区", Parent: town, Level: yinzheng.Village},
		},
		[]yinzheng.Office{
			{ID: district, Name: "惠城区", Division: district, Organ: organs[0].Code},
			{ID: town, Name: "桥东街道", Division: town, Organ: organs[1].Code},
			{ID: village, Name: "东湖社区", Division: village},
			{ID: sibling, Name: "新建社区", Division: sibling},
		}, organs))
	for _, s := range seals {
		leaf := s.Certificate()
		err = errors.Join(err, w.store.PutKey(ctx, &yinzheng.Key{
			KID: s.KID, Purpose: yinzheng.KeyPurpose(s.Purpose), Organ: s.Organ.Code, OrganName: s.Organ.Name,
			NotBefore: leaf.NotBefore, NotAfter: leaf.NotAfter, State: yinzheng.KeyActive, Since: leaf.NotBefore, Alg: "ES256", Public: leaf.PublicKey, Chain: der(s.Chain),
		}))
	}
	for _, p := range people {
		err = errors.Join(err, w.store.PutAccount(ctx, &yinzheng.Account{
			ID: "p-" + p.username, Username: p.username, Name: p.username, Person: yinzheng.ID{Type: yinzheng.ResidentID, Number: p.id},
			Grants: []yinzheng.Grant{{Office: p.division, Role: p.role, From: from}},
		}))
	}
	return err
}

func (w *world) passwords() {
	hash, err := w.HashPassword(w.t.Context(), password)
	must(w.t, err)
	for _, p := range people {
		a, err := w.store.AccountByUsername(w.t.Context(), p.username)
		must(w.t, err)
		a.Password = hash
		must(w.t, w.store.PutAccount(w.t.Context(), a))
	}
}

// reply is an answer read whole.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// member reads a path such as errors.0.field out of a JSON answer.
func (r reply) member(t testing.TB, path string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(r.body, &v); err != nil {
		t.Fatalf("%v in %q", err, r.body)
	}
	for key := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			var i int
			if _, err := fmt.Sscan(key, &i); err != nil || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

func (r reply) text(t testing.TB, path string) string {
	t.Helper()
	s, _ := r.member(t, path).(string)
	return s
}

// do sends a request; headers come in pairs.
func (w *world) do(method, path string, body any, headers ...string) reply {
	w.t.Helper()
	var in io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		in = strings.NewReader(b)
	case []byte:
		in = bytes.NewReader(b)
	case io.Reader:
		in = b
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.URL+path, in)
	must(w.t, err)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := w.Client().Do(req)
	must(w.t, err)
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	must(w.t, err)
	return reply{resp.StatusCode, resp.Header, out}
}

// signIn returns the Authorization header's value.
func (w *world) signIn(username string) string {
	w.t.Helper()
	r := w.do("POST", "/api/v1/sessions", `{"username":"`+username+`","password":"`+password+`"}`)
	w.want(r, 201)
	return "Bearer " + r.text(w.t, "token")
}

func (w *world) want(r reply, status int) reply {
	w.t.Helper()
	if r.status != status {
		w.t.Fatalf("status %d, want %d: %s", r.status, status, r.body)
	}
	return r
}

const residence = `{"item":"residence","values":{"name":"张𫖯明","id":"441302199506140020","address":"惠城区桥东街道东湖花园三号","since":"2019-03-01","purpose":"入学","recipient":"第一小学"}}`

// draft starts a case and returns its path and version.
func (w *world) draft(auth, key string) (path, version string) {
	w.t.Helper()
	r := w.want(w.do("POST", "/api/v1/applications", residence, "Authorization", auth, "Idempotency-Key", key), 201)
	return "/api/v1/applications/" + r.text(w.t, "id"), r.header.Get("ETag")
}

// issued takes a case through its chain and returns the certificate's code,
// its token and its PDF.
func (w *world) issued(key string) (code, token string, pdf []byte) {
	w.t.Helper()
	clerk, approver := w.signIn("village"), w.signIn("town")
	path, version := w.draft(clerk, key)
	r := w.want(w.do("POST", path+"/submit", nil, "Authorization", clerk, "If-Match", version), 200)
	r = w.want(w.do("POST", path+"/decisions", `{"action":"approve"}`, "Authorization", approver, "If-Match", r.header.Get("ETag")), 200)
	code = r.text(w.t, "certificate.code")
	if code == "" {
		w.t.Fatalf("not issued: %s\n%s", r.body, w.log)
	}
	cert, err := w.store.Certificate(w.t.Context(), code)
	must(w.t, err)
	r = w.want(w.do("GET", "/api/v1/certificates/"+code+"/pdf", nil, "Authorization", clerk), 200)
	return code, cert.Token, r.body
}

// paper is what the QR code of a certificate says.
func (w *world) paper(code, token string) string {
	return w.URL + "/v/" + code + "#" + string(yinzheng.Digits(token))
}

// form is a multipart form with one file.
func form(t testing.TB, field string, content []byte) (body []byte, contentType string) {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	part, err := m.CreateFormFile(field, "certificate.pdf")
	must(t, err)
	_, err = part.Write(content)
	must(t, err)
	must(t, m.Close())
	return b.Bytes(), m.FormDataContentType()
}
