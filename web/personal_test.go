package web_test

import (
	"bytes"
	"crypto/x509"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"yinzheng"
	"yinzheng/attachments/picturetest"
	"yinzheng/internal/inturn"
	"yinzheng/internal/mailtest"
	"yinzheng/internal/oidctest"
	residents "yinzheng/resident"
	"yinzheng/sender"
	"yinzheng/store"
	"yinzheng/web"
)

// Somebody whom no other test is about, so that whatever tells of them is found.
const (
	somebody  = "诸葛•𬱖然"
	theirID   = "110101199912310043"
	theirHome = "水口大道 77 号"
	theirPlan = "照料孙女诸葛甜甜"
	theirMail = "zhuge@example.com"
	theirCall = "13922334455"
)

// tells are texts that say something of that somebody.
var tells = []string{"诸葛", "𬱖然", "水口大道", "照料孙女", "zhuge", theirID, "19991231", theirCall}

// traces is a world with somebody in it, and what must be found nowhere.
type traces struct {
	*world
	t       *testing.T
	file    string // of the database
	secrets map[string]string
	mu      sync.Mutex
	browsed []network.EventRequestWillBeSent // what the browser asked for
}

// note keeps a secret that is looked for later.
func (x *traces) note(what, value string) {
	x.t.Helper()
	if len(value) < 6 {
		x.t.Fatalf("%s is %q", what, value)
	}
	x.secrets[what] = value
}

// unsteady is a typesetter that fails as code does that nobody has thought of: it
// quotes, or panics with, what it was given.
type unsteady struct{ yinzheng.Renderer }

func (u unsteady) Preview(s *yinzheng.Sheet, format, focus string) ([]byte, error) {
	switch s.Values.String("purpose") {
	case "出错" + theirPlan:
		return nil, fmt.Errorf("set the page of %q", s.Values.String("name"))
	case "崩溃" + theirPlan:
		panic("no page for " + s.Values.String("name"))
	}
	return u.Renderer.Preview(s, format, focus)
}

// TestNothingPersonal plays what staff, residents and verifiers do with data that
// cannot be mistaken, and looks for it wherever it has no business: besides what every
// test has looked at (witness_test.go), in the log at its most talkative, metrics,
// events, and every other row that is not about a case, a person or a message on its
// way; and for codes, secrets and tokens.
func TestNothingPersonal(t *testing.T) {
	inturn.Only(t)
	x := &traces{t: t, secrets: map[string]string{"a password": password}, file: filepath.Join(t.TempDir(), "yinzheng.db")}
	kept, err := store.Open(t.Context(), x.file)
	must(t, err)
	x.world = newWorldOver(t, kept, unhurried, withTenancy(t), func(_ *web.Config, c *yinzheng.Config) { c.Renderer = unsteady{c.Renderer} })
	x.Channels = yinzheng.MessageChannels
	code, address := x.atTheCounter()
	x.byPhone(code, address)
	x.verifying(code)
	x.beside()
	x.wrongly()
	x.sending()
	x.inBrowser(code, address)
	must(t, x.WriteNotes(t.Context()))
	x.found()
}

// form is a residence case about that somebody.
func (x *traces) form(page string) url.Values {
	form := residenceForm(field(x.t, page, "version"))
	for name, value := range map[string]string{"name": somebody, "id": theirID, "address": theirHome, "purpose": theirPlan, "recipient": "水口第九小学"} {
		form.Set("values."+name, value)
	}
	form.Set("then", "check")
	return form
}

// atTheCounter takes a case from the counter to its certificate, with all that goes
// wrong on the way, and returns the certificate's code and the case's address.
func (x *traces) atTheCounter() (code, address string) {
	t := x.t
	clerk, town := x.signedIn(t, "village"), x.signedIn(t, "town")
	x.note("a session", sessionOf(clerk))
	clerk.lacking()
	address = clerk.start(theirID)
	_, page := clerk.get(address + "/edit")
	form := x.form(page)
	form.Set("values.id", theirID[:17]+"9")
	if r, page := clerk.post(address+"/edit", form); !strings.Contains(page, "校验") {
		t.Fatalf("a wrong number: %d %s", r.StatusCode, page)
	}
	for purpose, status := range map[string]int{theirPlan: 200, "出错" + theirPlan: 500, "崩溃" + theirPlan: 500} {
		_, page := clerk.get(address + "/edit")
		form := x.form(page)
		form.Set("values.purpose", purpose)
		if r, _ := clerk.post(address+"/page.svg", form); r.StatusCode != status {
			t.Errorf("the page for %q: %d", purpose, r.StatusCode)
		}
	}
	_, page = clerk.get(address + "/edit")
	if r, page := clerk.brings(address, "version="+field(t, page, "version"), "back=edit", "material=other"); r.StatusCode != 200 {
		t.Fatalf("a photograph: %d %s", r.StatusCode, page)
	}
	_, page = clerk.get(address + "/edit")
	_, page = clerk.post(address+"/edit", x.form(page))
	clerk.post(address+"/submit", url.Values{"version": {field(t, page, "version")}})
	for _, contact := range []string{somebody, theirMail, theirCall} {
		clerk.post(address+"/contact", url.Values{"contact": {contact}, "language": {"zh"}})
	}
	for _, q := range []string{"诸葛", theirID, theirID + "1", theirCall} {
		clerk.post("/work/search", url.Values{"q": {q}})
	}
	for _, file := range regexp.MustCompile(regexp.QuoteMeta(address)+`/files/\d+`).FindAllString(func() string { _, page := clerk.get(address); return page }(), -1) {
		clerk.get(file)
	}
	town.decide(address, "return", "opinion", "请"+somebody+"本人到场")
	_, page = clerk.get(address + "/edit")
	_, page = clerk.post(address+"/edit", x.form(page))
	clerk.post(address+"/submit", url.Values{"version": {field(t, page, "version")}})
	town.decide(address, "approve")
	_, page = clerk.get(address + "/certificate")
	code = regexp.MustCompile(`/v/([0-9A-Z]{12})`).FindStringSubmatch(page)[1]
	clerk.post(address+"/certificate", url.Values{"act": {"copies"}, "key": {field(t, page, "key")}, "collector_name": {somebody}, "collector.type": {"111"}, "collector": {theirID}, "count": {"1"}, "purpose": {theirPlan}})
	clerk.get(address + "/certificate.pdf")
	clerk.get("/work/notices")
	auth := x.signIn("town")
	x.note("a token", strings.TrimPrefix(auth, "Bearer "))
	id := strings.TrimPrefix(address, "/work/cases/")
	for _, media := range []string{"application/json", "application/pdf"} {
		x.want(x.do("GET", "/api/v1/applications/"+id+"/dossier", nil, "Authorization", auth, "Accept", media), 200)
	}
	x.want(x.do("POST", "/api/v1/certificates/"+code+"/holder", `{"purpose":"核对`+somebody+`"}`, "Authorization", auth), 422)
	x.want(x.do("POST", "/api/v1/certificates/"+code+"/holder", `{"purpose":"核对来访"}`, "Authorization", auth), 200)
	return code, address
}

// byPhone has a resident come in by every way, and do what residents do.
func (x *traces) byPhone(code, address string) {
	t := x.t
	id := strings.TrimPrefix(address, "/work/cases/")
	byCode := x.signedIn(t, "village").code(address)
	x.note("the code of a case", strings.ReplaceAll(byCode, " ", ""))
	phone := x.guest(t)
	phone.post("/follow", url.Values{"case": {theirID}, "code": {somebody}})
	if r, page := phone.post("/follow", url.Values{"case": {id}, "code": {byCode}}); r.Address.Path != "/follow/"+id {
		t.Fatalf("by a code: %s %s", r.Address, page)
	}
	phone.post("/rate/"+id, url.Values{"level": {"1"}, "text": {somebody + "跑了三趟"}, "contact": {theirCall}})

	client := oidctest.Client{ID: "yinzheng", Secret: "a secret of the tests"}
	issuer := oidctest.Start(t, oidctest.Config{Client: client, Redirect: x.URL + "/mine/callback", People: map[string]map[string]string{
		"they": {"name": somebody, "id_number": theirID}, "half": {"name": somebody},
	}})
	x.residents.UseIdentity(residents.Identity{Issuer: issuer, ClientID: client.ID, Secret: client.Secret, Redirect: x.URL + "/mine/callback"})
	x.note("the provider's secret", client.Secret)
	x.guest(t).identifies(issuer, "half", "/mine")
	phone = x.guest(t)
	phone.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if c := r.URL.Query().Get("code"); c != "" {
			x.note("the provider's code", c)
		}
		r.Header.Del("Referer") // net/http knows no Referrer-Policy; a browser comes the same way below
		return nil
	}
	if r, page := phone.identifies(issuer, "they", "/mine"); !strings.Contains(page, code) {
		t.Fatalf("by identity: %s %s", r.Address, page)
	}
	own := "/mine/certificates/" + code
	for _, path := range []string{own, own + "/page", own + "/page.svg", own + "/certificate.pdf"} {
		phone.get(path)
	}
	phone.post(own+"/shares", url.Values{"days": {"1"}, "note": {theirID}})
	link := phone.share(code, url.Values{"days": {"1"}, "note": {"给" + somebody}})
	x.note("a share", strings.TrimPrefix(link, "/s/"))
	for _, path := range []string{link, link + "/certificate.pdf", link + "x"} {
		x.guest(t).get(path)
	}

	request := phone.apply("residence")
	pages := slices.Delete(aboutResidence(somebody, theirID), 2, 3) // who they are is known
	for _, p := range pages {
		for i, answer := range p {
			switch answer {
			case "滨江路 8 号":
				p[i] = theirHome
			case "子女入学":
				p[i] = theirPlan
			}
		}
	}
	phone.post(request+"/about-name", url.Values{"values.name": {somebody}, "values.id.type": {"111"}, "values.id": {theirID[:17] + "9"}})
	phone.answer(request, "photo-home_proof", pages[:len(pages)-1]...)
	phone.sendPhoto(request, "home_proof", somebody+".jpg", picturetest.Photo(9))
	phone.sendPhoto(request, "home_proof", somebody+".exe", []byte("MZ"+somebody))
	phone.get(request + "/files/1")
	other := x.guest(t)
	_, page := other.post(other.apply("residence")+"/later", url.Values{})
	x.note("a code to come back", strings.ReplaceAll(textOf(t, page, "return-code"), " ", ""))
	phone.sendRequest(request)
	clerk, here := x.signedIn(t, "village"), "/work/requests/"+request[len("/apply/residence/"):]
	_, page = clerk.get(here)
	clerk.get(here + "/files/1")
	clerk.post(here, url.Values{"act": {"return"}, "version": {field(t, page, "version")}, "text": {"请" + somebody + "补门牌号"}, "mend": {"values.address"}})
	phone.post("/leave", url.Values{})
}

// verifying verifies by every channel, rightly and wrongly.
func (x *traces) verifying(code string) {
	t := x.t
	cert, err := x.store.Certificate(t.Context(), code)
	must(t, err)
	digits := string(yinzheng.Digits(cert.Token))
	x.note("a certificate's token", cert.Token[:60])
	x.note("the fragment of a QR code", digits[:60])
	pdf, err := x.store.PDF(t.Context(), code)
	must(t, err)
	page := func(form url.Values) {
		x.do("POST", "/verify", form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html")
	}
	paper := x.paper(code, cert.Token)
	for _, q := range []string{paper, paper[:len(paper)-9], code, cert.Number, theirID, somebody} {
		page(url.Values{"q": {q}, "name": {somebody}})
	}
	for _, file := range [][]byte{pdf, slices.Concat(pdf, []byte(somebody)), []byte(somebody), asPNG(t, codes(t, paper)), asPNG(t, codes(t, "https://pay.example/"+theirID))} {
		for path, accept := range map[string]string{"/verify": "text/html", "/api/v1/verify": "application/json"} {
			body, kind := form(t, "file", file)
			x.do("POST", path, body, "Content-Type", kind, "Accept", accept)
		}
	}
	for _, q := range []string{`{"token":"` + cert.Token + `"}`, `{"url":"` + paper + `"}`, `{"code":"` + code + `"}`, `{"number":"` + cert.Number + `","name":"` + somebody + `"}`, `{"name":"` + somebody + `"}`, `{"code":"` + theirID + `"`, `{"number":` + theirID + `}`} {
		x.do("POST", "/api/v1/verify", q)
	}
	for _, accept := range []string{"text/html", "application/json"} {
		x.do("GET", "/v/"+code, nil, "Accept", accept)
	}
}

// beside does what is done besides cases: registers, workbooks, inquiries, campaigns,
// designs, accounts, papers.
func (x *traces) beside() {
	t := x.t
	admin, clerk, town := x.signedIn(t, "admin"), x.signedIn(t, "village"), x.signedIn(t, "town")
	list := "公民身份号码,姓名,区划代码,户口地址\n" + theirID + "," + somebody + "," + village + "," + theirHome + "\n"
	what := map[string]string{"register": "常住人口登记", "as_of": "2026-01-01", "office": district}
	admin.sendFile("/work/admin/register", somebody+".csv", strings.Replace(list, theirID, theirID[:17]+"9", 1), what)
	_, page := admin.sendFile("/work/admin/register", somebody+".csv", list, what)
	for _, name := range []string{"register", "as_of", "office", "digest"} {
		what[name] = field(t, page, name)
	}
	if _, page := admin.sendFile("/work/admin/register", somebody+".csv", list, what); !strings.Contains(page, "已导入") {
		t.Errorf("the register: %s", page)
	}
	auth := x.signIn("village")
	for _, q := range []string{theirID, somebody} {
		x.want(x.do("POST", "/api/v1/register/persons", `{"q":"`+q+`","purpose":"核对户籍"}`, "Authorization", auth), 200)
		x.want(x.do("POST", "/api/v1/register/persons", `{"q":"`+q+`","purpose":"查`+theirID+`"}`, "Authorization", auth), 422)
	}
	x.want(x.do("POST", "/api/v1/papers", `{"item":"residence","number":"桥东证〔2026〕9号","issued_on":"`+today()+`","name":"`+somebody+`","note":"停电"}`, "Authorization", x.signIn("town"), "Idempotency-Key", somebody), 201)

	here := "/work/new/residence/workbook"
	_, page = clerk.get(here)
	rows := residenceHead + somebody + "," + theirID + "," + theirHome + ",2020-05-01," + theirPlan + ",教育局\n"
	clerk.sendFile(here, somebody+".csv", strings.Replace(rows, theirID, theirID[:17]+"9", 1), map[string]string{"key": field(t, page, "key")})
	batch := clerk.bringsIn("residence", rows)
	clerk.post(batch, url.Values{"action": {"start"}, "submit": {"true"}, "all": {"true"}})
	must(t, x.workbooks.Work(t.Context()))
	for _, path := range []string{"", "/pages/1", "/failures.xlsx"} {
		clerk.get(batch + path)
	}

	x.hardship()
	asker := x.signedIn(t, "district")
	asker.post("/work/inquiries/ask", url.Values{"key": {"k"}, "kind": {"hardship"}, "office": {district}, "name": {somebody}, "id.type": {"111"}, "id": {theirID[:17] + "9"}, "division": {village}, "purpose": {somebody + "的救助"}, "basis": {"某办法"}})
	inquiry := asker.asks(somebody)
	_, page = clerk.get(inquiry)
	clerk.post(inquiry, url.Values{"version": {field(t, page, "version")}, "act": {"answer"}, "answer": {"yes"}, "opinion": {somebody + "属实"}})
	_, page = town.get(inquiry)
	town.post(inquiry, url.Values{"version": {field(t, page, "version")}, "act": {"sign"}})
	asker.get(inquiry + "/reply.json")
	asker.get(asker.asksList([]byte("姓名,证件号码\n" + somebody + "," + theirID + "\n")))

	campaign := town.startsCampaign([]byte("姓名,证件号码,区划代码\n" + somebody + "," + theirID + "," + village + "\n"))
	clerk.post(campaign+"/find", url.Values{"q": {somebody}})
	clerk.get(campaign + "/people/1")
	clerk.get(campaign + "/roster.csv?division=" + village)

	design, page := admin.beginsResidence()
	head := part(t, page)
	head.Set("name.zh", somebody+"证明")
	head.Set("validity_months", theirID)
	admin.post(design, head)
	admin.get(design + "/review")

	_, page = admin.get("/work/admin/people/new")
	account := url.Values{"key": {field(t, page, "key")}, "name": {somebody}, "username": {"zhuge"}, "id.type": {"111"}, "id": {theirID[:17] + "9"}, "office": {village}, "role": {"clerk"}}
	admin.post("/work/admin/people/new", account)
	account.Set("id", theirID)
	_, page = admin.post("/work/admin/people/new", account)
	link := regexp.MustCompile(`/claim/([^<]+)<`).FindStringSubmatch(page)
	x.note("the link to a first password", link[1])
	x.guest(t).post("/claim/"+link[1], url.Values{"password": {"a"}, "again": {"b"}})
	x.guest(t).post("/claim/"+link[1], url.Values{"password": {password}, "again": {password}})
	admin.post("/work/admin/people/find", url.Values{"q": {somebody}})
	x.guest(t).post("/signin", url.Values{"username": {"zhuge"}, "password": {"wrong " + password}})
	for _, path := range []string{"/work/admin", "/work/admin/audit", "/work/admin/people?office=" + village, "/work/admin/messages"} {
		admin.get(path)
	}
}

// wrongly asks for what there is not, in every part of a request that is text.
func (x *traces) wrongly() {
	auth := x.signIn("village")
	strange := url.PathEscape(somebody + theirID)
	for _, path := range []string{"/" + strange, "/work/cases/" + strange, "/v/" + strange, "/guide/" + strange, "/guide?q=" + strange, "/follow/" + strange, "/s/" + strange, "/claim/" + strange, "/status/" + strange, "/problems/" + strange, "/mine/callback?state=" + strange + "&error=" + strange, "/work?tab=" + strange} {
		for _, accept := range []string{"text/html", "application/json"} {
			x.do("GET", path, nil, "Accept", accept, stray, "1", "Referer", x.URL+path)
		}
	}
	for _, path := range []string{"/applications/" + strange, "/applications?state=" + strange, "/applications?cursor=" + strange, "/items/" + strange, "/certificates/" + strange, "/catalogue/" + strange, "/notices?before=" + strange, "/campaigns?cursor=" + strange, "/templates/" + strange + "/versions/1"} {
		x.do("GET", "/api/v1"+path, nil, "Authorization", auth, stray, "1")
	}
	for _, body := range []string{
		somebody, `"` + theirID + `"`, `{"item":"` + somebody + `"}`, `{"item":"residence","values":{"name":` + theirID + `}}`,
		`{"item":"residence","values":{"id":"` + theirID[:17] + `9"}}`, `{"item":"residence","values":{"name":"` + somebody + `\u0007","since":"` + somebody + `"}}`, `{"item":"residence","division":"` + theirID + `"}`, `{"phone":"` + theirCall + `"}`,
	} {
		for _, path := range []string{"/api/v1/applications", "/api/v1/preview", "/api/v1/search"} {
			x.do("POST", path, body, "Authorization", auth, "Idempotency-Key", "wrongly")
		}
	}
	x.do("POST", "/api/v1/applications", residence, "Authorization", auth, "Idempotency-Key", "wrongly", "Content-Type", somebody)
	x.do("POST", "/api/v1/applications/0000000000/submit", nil, "Authorization", auth, "If-Match", theirID)
	x.do("POST", "/api/v1/sessions", `{"username":"`+somebody+`","password":"`+theirID+`"}`)
	x.do("BREW", "/work", nil, "Accept", "application/json", "Authorization", "Bearer "+theirID)
}

// sending has messages delivered, refused and given up by gateways that quote what they
// were sent.
func (x *traces) sending() {
	t := x.t
	const secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
	x.note("the secret of the gateway", secret)
	mails, err := mailtest.Start(false)
	must(t, err)
	t.Cleanup(func() { must(t, mails.Close()) })
	texts := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(map[bool]int{true: http.StatusUnprocessableEntity, false: http.StatusBadGateway}[bytes.Contains(body, []byte(theirCall))])
		_, _ = w.Write(body)
	}))
	t.Cleanup(texts.Close)
	roots := x509.NewCertPool()
	roots.AddCert(texts.Certificate())
	mail, err := sender.NewMail(sender.MailConfig{URL: "smtp://yinzheng@" + mails.Address, Password: "pass word", From: "noreply@zm.example.gov.cn", Host: "zm.example.gov.cn", Roots: mails.Roots})
	must(t, err)
	hook, err := sender.NewHook(sender.HookConfig{URL: texts.URL, Secret: secret, Roots: roots, Now: time.Now, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	must(t, err)
	post := sender.New(sender.Config{Outbox: x.store, Ways: map[yinzheng.MessageChannel]sender.Way{yinzheng.Mail: mail, yinzheng.SMS: hook}, Now: time.Now, Log: x.Service.Log})

	clerk, admin := x.signedIn(t, "village"), x.signedIn(t, "admin")
	for _, contact := range []string{theirCall, theirMail} {
		address := clerk.handIn()
		if r, page := clerk.post(address+"/contact", url.Values{"contact": {contact}, "language": {"zh"}}); r.StatusCode != 200 {
			t.Fatalf("a contact: %d %s", r.StatusCode, page)
		}
		x.guest(t).post("/follow/code", url.Values{"case": {strings.TrimPrefix(address, "/work/cases/")}})
	}
	for _, to := range []string{"nobody@example.com", "later@example.com", "13922334466"} { // refused, put off, and a gateway that fails
		admin.post("/work/admin/messages", url.Values{"act": {"trial"}, "contact": {to}})
	}
	must(t, post.Deliver(t.Context()))
	sent, err := mails.Mails(1)
	must(t, err)
	if !bytes.Contains(sent[0], []byte(theirMail)) {
		t.Errorf("sent: %s", sent[0])
	}
	if log := x.log.String(); !strings.Contains(log, "given up") || !strings.Contains(log, "not taken") {
		t.Error("nothing was refused or put off")
	}
}

// inBrowser looks at the same with scripts, and at what the browser asks for meanwhile
// and has kept in the end.
func (x *traces) inBrowser(code, address string) {
	t := x.t
	cert, err := x.store.Certificate(t.Context(), code)
	must(t, err)
	ctx := browser(t)
	must(t, chromedp.Listen(ctx, func(event any) {
		if e, ok := event.(*network.EventRequestWillBeSent); ok {
			x.mu.Lock()
			x.browsed = append(x.browsed, *e)
			x.mu.Unlock()
		}
	}))
	_, err = chromedp.Call(ctx, network.Enable, network.EnableParams{})
	must(t, err)
	open(t, ctx, x.URL+"/verify")
	click(t, ctx, "#prepare-do")
	reads(t, ctx, "#prepare [role=status]", "本机已可离线核验")
	open(t, ctx, x.paper(code, cert.Token))
	shown(t, ctx, "有效")

	signInTo(t, ctx, x.URL, "village")
	run(t, ctx, chromedp.SendKeys(chromedp.CSS(`[action="/work/search"] [name="q"]`), theirID+"\r"))
	says(t, ctx, "main", "诸葛")
	click(t, ctx, `main a[href^="`+address+`"]`)
	run(t, ctx, chromedp.WaitVisible(chromedp.CSS(".steps")))
	open(t, ctx, x.URL+"/work/new/residence")
	run(t, ctx, chromedp.SendKeys(chromedp.CSS("#id"), theirID+"\r"))
	types(t, ctx, "values.name", somebody)
	until(t, ctx, `document.getElementById('page').src.startsWith('blob:')`)
	until(t, ctx, `document.getElementById('state').textContent.startsWith('已保存')`)

	open(t, ctx, x.URL+"/mine/signin")
	run(t, ctx, chromedp.SendKeys(chromedp.CSS("[name=login]"), "they"))
	run(t, ctx, chromedp.SendKeys(chromedp.CSS("[name=password]"), "any will do\r"))
	click(t, ctx, "form:not(:has([name=login])) [type=submit]") // they agree
	until(t, ctx, `location.pathname === '/mine'`)
	open(t, ctx, x.URL+"/mine/copy")
	says(t, ctx, "main", theirID, theirHome)
	accessible(t, ctx, "what is kept about somebody")
	comesBy(t, ctx, x.URL, strings.TrimPrefix(address, "/work/cases/"), x.signedIn(t, "village").code(address))
	open(t, ctx, x.URL+"/mine/certificates/"+code)
	run(t, ctx, chromedp.WaitVisible(chromedp.CSS("#share")))
	open(t, ctx, x.URL+"/verify")
	held := answer[[]string](t, ctx, `(async () => {
		const held = Object.values(localStorage).concat(Object.values(sessionStorage));
		for (const name of await caches.keys()) for (const q of await (await caches.open(name)).keys())
			held.push(q.url, await (await caches.match(q)).text());
		return held;
	})()`)
	if len(held) < 10 {
		t.Errorf("the browser has kept %d things only", len(held))
	}
	x.nowhere("what the browser has kept", strings.Join(held, "\n"))
}

// found looks for that somebody, and for every secret.
func (x *traces) found() {
	t := x.t
	x.foundByBrowser()
	x.nowhere("the log", x.log.String())
	x.nowhere("metrics", string(x.want(x.do("GET", "/metrics", nil), 200).body))
	db, err := sql.Open("sqlite3", "file:"+x.file+"?mode=ro")
	must(t, err)
	defer db.Close()
	for table, condition := range map[string]string{
		"events": "", "log": "", "verifications": "", "share_openings": "", "code_tries": "", "sessions": "", "message_requests": "", "messages": " WHERE state <> 'waiting'",
	} {
		text, n := dump(t, db, "SELECT * FROM "+table+condition)
		if n == 0 {
			t.Errorf("%s: nothing to look at", table)
		}
		x.nowhere(table, text)
	}
	for i := range x.witness.exchanges {
		e := &x.witness.exchanges[i]
		x.nowhere("problem of "+e.pattern, e.problem)
		for name, values := range e.header {
			if !e.stray && name != "Set-Cookie" { // where a session's secret belongs
				x.nowhere(e.pattern+", "+name, strings.Join(values, "\n"))
			}
		}
		if !e.stray {
			x.nowhere(e.pattern+", address", e.address, inAddress[e.pattern])
			x.nowhere(e.pattern+", referer", e.referer)
		}
	}
}

// foundByBrowser looks at what a page of ours, or one that it led to, was asked with.
func (x *traces) foundByBrowser() {
	x.mu.Lock()
	browsed := x.browsed
	x.mu.Unlock()
	for i := range browsed {
		e := &browsed[i]
		where, err := url.Parse(e.Request.URL)
		must(x.t, err)
		if c := where.Query().Get("code"); where.Path == "/mine/callback" {
			x.note("the provider's code, in a browser", c)
			continue
		}
		x.nowhere("what the browser asked for", e.Request.URL)
		if ours := strings.HasPrefix(e.DocumentURL, x.URL); ours && !strings.HasPrefix(e.Request.URL, x.URL) && strings.HasPrefix(where.Scheme, "http") {
			x.t.Errorf("%s asks another site: %s", e.DocumentURL, where)
		}
	}
	for i := range browsed {
		x.nowhere("headers from the browser", fmt.Sprint(browsed[i].Request.Headers))
	}
	if len(browsed) < 40 {
		x.t.Errorf("the browser asked for %d things only", len(browsed))
	}
}

// inAddress are the secrets that stand in an address, so that it opens wherever it is
// pasted, or since a standard has them there (RFC 6749, 4.1.2); each serves once, or for
// a time.
var inAddress = map[string]string{
	"GET /s/{secret}": "a share", "POST /s/{secret}": "a share", "GET /s/{secret}/certificate.pdf": "a share",
	"GET /claim/{secret}": "the link to a first password", "POST /claim/{secret}": "the link to a first password", "GET /mine/callback": "the provider's code",
}

// nowhere fails the test for whatever a text tells; but one kind of secret may be there.
func (x *traces) nowhere(where, text string, but ...string) {
	x.t.Helper()
	if plain, err := url.QueryUnescape(text); err == nil {
		text += "\n" + plain
	}
	for _, told := range tells {
		if strings.Contains(text, told) {
			x.t.Errorf("%s: %q, in %q", where, told, around(text, told))
		}
	}
	for what, secret := range x.secrets {
		if strings.Contains(text, secret) && !slices.ContainsFunc(but, func(kind string) bool { return kind != "" && strings.HasPrefix(what, kind) }) {
			x.t.Errorf("%s: %s, in %q", where, what, around(text, secret))
		}
	}
}

// around is what stands about a part of a text.
func around(text, part string) string {
	i := strings.Index(text, part)
	return text[max(0, i-150):min(len(text), i+len(part)+80)]
}

// dump is all that a query finds, and how many rows that are.
func dump(t *testing.T, db *sql.DB, query string) (text string, rows int) {
	t.Helper()
	found, err := db.QueryContext(t.Context(), query)
	must(t, err)
	defer found.Close()
	columns, err := found.Columns()
	must(t, err)
	var b strings.Builder
	for ; found.Next(); rows++ {
		cells := make([]sql.RawBytes, len(columns))
		to := make([]any, len(cells))
		for i := range cells {
			to[i] = &cells[i]
		}
		must(t, found.Scan(to...))
		for _, c := range cells {
			b.Write(c)
			b.WriteByte('\t')
		}
		b.WriteByte('\n')
	}
	must(t, found.Err())
	return b.String(), rows
}
