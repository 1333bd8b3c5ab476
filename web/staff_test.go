package web_test

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// desk is a browser without scripts: cookies, forms, redirects.
type desk struct {
	*http.Client
	t    *testing.T
	base string
}

// signedIn signs somebody in by the page.
func (w *world) signedIn(t *testing.T, username string) *desk {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	d := &desk{&http.Client{Jar: jar}, t, w.URL}
	if _, page := d.post("/signin", url.Values{"username": {username}, "password": {password}}); !strings.Contains(page, "工作台") {
		t.Fatalf("signing in shows %s", page)
	}
	return d
}

// seen is where a browser has come to.
type seen struct {
	StatusCode int
	Header     http.Header
	Address    *url.URL
}

func (d *desk) get(path string) (seen, string) {
	d.t.Helper()
	return d.send(http.MethodGet, path, nil)
}

func (d *desk) post(path string, form url.Values, headers ...string) (seen, string) {
	d.t.Helper()
	return d.send(http.MethodPost, path, strings.NewReader(form.Encode()), append(headers, "Content-Type", "application/x-www-form-urlencoded")...)
}

func (d *desk) send(method, path string, body io.Reader, headers ...string) (seen, string) {
	d.t.Helper()
	q, err := http.NewRequestWithContext(d.t.Context(), method, d.base+path, body)
	must(d.t, err)
	for i := 0; i < len(headers); i += 2 {
		q.Header.Set(headers[i], headers[i+1])
	}
	r, err := d.Do(q)
	must(d.t, err)
	defer r.Body.Close()
	page, err := io.ReadAll(r.Body)
	must(d.t, err)
	besideFields(d.t, string(page))
	return seen{r.StatusCode, r.Header, r.Request.URL}, string(page)
}

// besideFields makes sure that what a resident's page says at its top is wrong with a
// field stands beside that field in the same words.
func besideFields(t *testing.T, page string) {
	t.Helper()
	if !strings.Contains(page, "/assets/resident.") {
		return
	}
	_, summary, _ := strings.Cut(page, `<div class="faults"`)
	summary, rest, _ := strings.Cut(summary, "</div>")
	for _, m := range regexp.MustCompile(`<a href="#([^"]*)">([^<]*)</a>`).FindAllStringSubmatch(summary, -1) {
		if !regexp.MustCompile(`id="` + regexp.QuoteMeta(m[1]) + `-fault">[^<]*` + regexp.QuoteMeta(m[2])).MatchString(rest) {
			t.Errorf("%q is not said beside %s: %s", m[2], m[1], rest)
		}
	}
}

// field is what a hidden field of a page holds.
func field(t *testing.T, page, name string) string {
	t.Helper()
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no field %s in %s", name, page)
	}
	return m[1]
}

// start begins a residence case and returns its address.
func (d *desk) start(id string) string {
	d.t.Helper()
	_, page := d.get("/work/new/residence")
	r, page := d.post("/work/new/residence", url.Values{"key": {field(d.t, page, "key")}, "id.type": {"111"}, "id": {id}})
	if r.StatusCode != 200 || !strings.HasSuffix(r.Address.Path, "/edit") {
		d.t.Fatalf("starting a case: %d %s", r.StatusCode, page)
	}
	return strings.TrimSuffix(r.Address.Path, "/edit")
}

// residenceForm is the form of a residence case.
func residenceForm(version string) url.Values {
	return url.Values{
		"version": {version}, "division": {village}, "applicant.as": {"holder"}, "values.name": {"欧阳•祥"}, "values.id.type": {"111"}, "values.id": {"441302199003070120"},
		"values.address": {"滨江路 8 号"}, "values.since": {"2020-05-01"}, "values.purpose": {"子女入学"}, "values.recipient": {"教育局"},
	}
}

// TestStaffWithoutScripts takes a case from form to certificate with plain forms.
func TestStaffWithoutScripts(t *testing.T) {
	w := newWorld(t, unhurried)
	clerk, town := w.signedIn(t, "village"), w.signedIn(t, "town")
	address := clerk.start("441302199003070120")
	_, page := clerk.get(address + "/edit")

	form := residenceForm(field(t, page, "version"))
	form.Set("then", "check")
	form.Del("values.since")
	r, page := clerk.post(address+"/edit", form)
	if !strings.Contains(page, `href="#values.since"`) || !strings.Contains(page, "居住起始日期") {
		t.Errorf("what is wanting is not named: %d %s", r.StatusCode, page)
	}
	form = residenceForm(field(t, page, "version"))
	form.Set("then", "check")
	_, page = clerk.post(address+"/edit", form)
	if !strings.Contains(page, "核对后提交") || !strings.Contains(page, "欧阳·祥") {
		t.Fatalf("no page to check answers: %s", page)
	}
	version := field(t, page, "version")
	_, page = clerk.post(address+"/submit", url.Values{"version": {version}})
	if !strings.Contains(page, "已提交") || strings.Contains(page, `id="decide"`) {
		t.Fatalf("after handing in: %s", page)
	}
	if _, page := clerk.get(address + "/slip"); !strings.Contains(page, strings.TrimPrefix(address, "/work/cases/")) || !strings.Contains(page, "桥东街道") || !strings.Contains(page, "没有要补的材料") {
		t.Errorf("the slip: %s", page)
	}
	if r, picture := clerk.get(address + "/slip.png"); r.Header.Get("Content-Type") != "image/png" || qrText(t, picture) != w.PublicURL+"/follow#"+strings.TrimPrefix(address, "/work/cases/") {
		t.Errorf("the slip's code: %d %s", r.StatusCode, r.Header.Get("Content-Type"))
	}
	if r, page := clerk.post(address+"/submit", url.Values{"version": {version}}); r.StatusCode/100 != 4 || !strings.Contains(page, "看这件现在的样子") {
		t.Errorf("handing in twice: %d %s", r.StatusCode, page)
	}

	_, page = town.get("/work")
	if !strings.Contains(page, address) {
		t.Fatalf("the town's inbox: %s", page)
	}
	_, page = town.get(address)
	version = field(t, page, "version")
	if _, page := town.post(address+"/decide", url.Values{"version": {version}, "action": {"return"}}); !strings.Contains(page, `href="#opinion"`) {
		t.Errorf("a return without a reason: %s", page)
	}
	_, page = town.post(address+"/decide", url.Values{"version": {version}, "action": {"approve"}})
	if !strings.Contains(page, "已办结") {
		t.Errorf("after the last decision: %s", page)
	}
	r, pdf := clerk.get(address + "/certificate.pdf")
	if r.StatusCode != 200 || !strings.HasPrefix(pdf, "%PDF-") || r.Header.Get("Content-Disposition") == "" {
		t.Errorf("the certificate: %d", r.StatusCode)
	}
	if _, page := clerk.get("/work?tab=issued"); !strings.Contains(page, address) {
		t.Errorf("issued cases: %s", page)
	}
	if _, page := clerk.post("/work/search", url.Values{"q": {"欧阳"}}); !strings.Contains(page, address) {
		t.Errorf("a search finds: %s", page)
	}
}

// qrText reads a picture of a QR code.
func qrText(t *testing.T, picture string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "code.png")
	must(t, os.WriteFile(name, []byte(picture), 0o600))
	text, err := exec.Command("zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", name).Output()
	must(t, err)
	return strings.TrimSpace(string(text))
}

// TestStaffCertificate does with an issued certificate what its page offers.
func TestStaffCertificate(t *testing.T) {
	w := newWorld(t, unhurried)
	code, _, _ := w.issued("one")
	cert, err := w.store.Certificate(t.Context(), code)
	must(t, err)
	here := "/work/cases/" + cert.Application
	clerk, town := w.signedIn(t, "village"), w.signedIn(t, "town")
	_, page := clerk.get(here + "/certificate")
	if strings.Contains(page, `id="act-suspend"`) || !strings.Contains(page, `id="act-copies"`) {
		t.Errorf("a clerk is offered: %s", page)
	}
	copies := url.Values{"act": {"copies"}, "key": {field(t, page, "key")}, "collector_name": {"李雷"}, "collector.type": {"111"}, "collector": {"441302199003070120"}, "count": {"2"}, "purpose": {"入学"}}
	for range 2 { // a second click counts nothing twice
		_, page = clerk.post(here+"/certificate", copies)
	}
	if !strings.Contains(page, "李雷") || !strings.Contains(page, "2 份") || strings.Contains(page, "441302199003070120") || strings.Count(page, "李雷") != 1 {
		t.Errorf("copies: %s", page)
	}
	copies.Set("count", "many")
	copies.Set("key", "another key of this page")
	if r, page := clerk.post(here+"/certificate", copies); r.StatusCode != 422 || !strings.Contains(page, `value="many"`) {
		t.Errorf("many copies: %d %s", r.StatusCode, page)
	}

	if r, page := town.post(here+"/certificate", url.Values{"act": {"suspend"}, "reason": {"complaint"}}); r.StatusCode != 422 || !strings.Contains(page, "open") {
		t.Errorf("a suspension without words: %d %s", r.StatusCode, page)
	}
	_, page = town.post(here+"/certificate", url.Values{"act": {"suspend"}, "reason": {"complaint"}, "opinion": {"有人反映"}})
	if !strings.Contains(page, "已中止") || !strings.Contains(page, `id="act-lift"`) {
		t.Errorf("suspended: %s", page)
	}
	_, page = town.post(here+"/certificate", url.Values{"act": {"lift"}, "reason": {"cleared"}, "opinion": {"核实无误"}})
	if !strings.Contains(page, "chip status-valid") {
		t.Errorf("lifted: %s", page)
	}

	_, page = clerk.get(here + "/correct")
	form := url.Values{"key": {field(t, page, "key")}, "reason": {"error"}, "opinion": {"地址写错"}}
	for _, m := range regexp.MustCompile(`(?:id|name)="(values\.[a-z_.]+)" name="values[^"]*" value="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		form.Set(m[1], m[2])
	}
	if r, page := clerk.post(here+"/correct", form); r.StatusCode != 422 || !strings.Contains(page, "没有任何更正") {
		t.Errorf("a correction of nothing: %d %s", r.StatusCode, page)
	}
}

// TestStaffStrangers: a case of others does not exist, a form from another site
// is refused, what was typed is never markup, and who is not signed in sees
// nothing.
func TestStaffStrangers(t *testing.T) {
	w := newWorld(t, unhurried)
	clerk := w.signedIn(t, "village")
	address := clerk.start("441302199003070120")
	for _, path := range []string{"", "/edit", "/check", "/page.svg", "/certificate.pdf", "/files/1", "/slip", "/slip.png", "/commitments/id_card"} {
		if r, page := w.signedIn(t, "sibling").get(address + path); r.StatusCode != http.StatusNotFound || strings.Contains(page, "441302199003070120") {
			t.Errorf("%s of another village: %d", path, r.StatusCode)
		}
		if r, _ := (&desk{&http.Client{}, t, w.URL}).get(address + path); !strings.HasPrefix(r.Address.Path, "/signin") {
			t.Errorf("%s without a session leads to %s", path, r.Address)
		}
	}

	_, page := clerk.get(address + "/edit")
	version := field(t, page, "version")
	r, page := clerk.post(address+"/withdraw", url.Values{"version": {version}}, "Origin", "https://evil.example")
	if r.StatusCode != http.StatusForbidden {
		t.Errorf("a form from another site: %d %s", r.StatusCode, page)
	}

	form := residenceForm(version)
	const script = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>`
	for _, key := range []string{"values.name", "values.address", "values.purpose", "values.recipient", "applicant.name", "applicant.authority"} {
		form.Set(key, script)
	}
	form.Set("applicant.as", "agent")
	form.Set("then", "save")
	_, page = clerk.post(address+"/edit", form)
	if strings.Contains(page, "<script>alert") || strings.Contains(page, "<img src=x") || !strings.Contains(page, "&lt;script&gt;") {
		t.Errorf("markup comes back: %s", page)
	}
	r, svg := clerk.get(address + "/page.svg")
	if strings.Contains(svg, "<script") || r.Header.Get("Content-Type") != "image/svg+xml" {
		t.Errorf("the picture holds a script, or is %s", r.Header.Get("Content-Type"))
	}
}

// TestStaffRows: rows of a list in which nothing was filled in are none.
func TestStaffRows(t *testing.T) {
	w := newWorld(t, unhurried)
	clerk := w.signedIn(t, "village")
	_, page := clerk.get("/work/new/family-relation")
	r, page := clerk.post("/work/new/family-relation", url.Values{"key": {field(t, page, "key")}, "id.type": {"111"}, "id": {"441302199003070120"}})
	form := url.Values{"version": {field(t, page, "version")}, "division": {village}, "applicant.as": {"holder"}, "then": {"row"}, "values.relatives[0].name": {"李雷"}, "values.relatives[2].name": {"韩梅梅"}, "values.relatives[2].deceased": {"true"}}
	_, page = clerk.post(r.Address.Path, form)
	if n := strings.Count(page, `class="row"`); n != 3 || !strings.Contains(page, `name="values.relatives[1].name" value="韩梅梅"`) {
		t.Errorf("%d rows, want two and one to fill in", n)
	}
}

// TestStaffTwoTabs: who saves an older version is told, and keeps what they typed.
func TestStaffTwoTabs(t *testing.T) {
	w := newWorld(t, unhurried)
	clerk := w.signedIn(t, "village")
	address := clerk.start("441302199003070120")
	_, page := clerk.get(address + "/edit")
	one, two := residenceForm(field(t, page, "version")), residenceForm(field(t, page, "version"))
	one.Set("values.purpose", "第一个窗口")
	two.Set("values.purpose", "第二个窗口")
	if r, page := clerk.post(address+"/edit", one); r.StatusCode != 200 || !strings.Contains(page, "已保存") {
		t.Fatalf("saving: %d %s", r.StatusCode, page)
	}
	r, page := clerk.post(address+"/edit", two)
	if r.StatusCode != http.StatusConflict || !strings.Contains(page, "别人刚改过这件") || !strings.Contains(page, "第二个窗口") {
		t.Errorf("saving an older version: %d %s", r.StatusCode, page)
	}
}

// TestStaffSessionEnds: a form that is sent after its session has ended is kept
// and sent once somebody has signed in again.
func TestStaffSessionEnds(t *testing.T) {
	w := newWorld(t, unhurried)
	clerk := w.signedIn(t, "village")
	address := clerk.start("441302199003070120")
	_, page := clerk.get(address + "/edit")
	form := residenceForm(field(t, page, "version"))
	form.Set("then", "save")
	must(t, w.Service.SignOut(t.Context(), sessionOf(clerk)))
	r, page := clerk.post(address+"/edit", form)
	if r.StatusCode != http.StatusUnauthorized || !strings.Contains(page, "登录已到期") || !strings.Contains(page, "滨江路 8 号") {
		t.Fatalf("after the session: %d %s", r.StatusCode, page)
	}
	again := url.Values{"username": {"village"}, "password": {"wrong"}, "next": {field(t, page, "next")}}
	for name, values := range form {
		again["kept."+name] = values
	}
	r, page = clerk.post("/signin", again)
	if r.StatusCode != http.StatusUnauthorized || !strings.Contains(page, "滨江路 8 号") {
		t.Errorf("a wrong password loses the form: %d %s", r.StatusCode, page)
	}
	again.Set("password", password)
	_, page = clerk.post("/signin", again)
	if !strings.Contains(page, "继续提交") || !strings.Contains(page, `action="`+address+`/edit"`) {
		t.Fatalf("signed in again: %s", page)
	}
	if _, page = clerk.post(address+"/edit", form); !strings.Contains(page, "已保存") {
		t.Errorf("sent at last: %s", page)
	}
	for _, next := range []string{"https://evil.example/", "//evil.example", "/workaround", "/work\\evil", "javascript:alert(1)"} {
		again.Set("next", next)
		for name := range form {
			again.Del("kept." + name)
		}
		if r, _ := clerk.post("/signin", again); r.Address.Path != "/work" {
			t.Errorf("next=%s leads to %s", next, r.Address)
		}
	}
}

func sessionOf(d *desk) string {
	u, _ := url.Parse(d.base)
	for _, c := range d.Jar.Cookies(u) {
		if c.Name == "yinzheng" {
			return c.Value
		}
	}
	return ""
}

// TestStaffInBrowser types into the form as a clerk does: the page beside it
// follows, what was typed is saved, and an approver decides in three clicks.
func TestStaffInBrowser(t *testing.T) {
	w := newWorld(t, unhurried)
	ctx := browser(t)
	css := func(s string) chromedp.CSS { return chromedp.CSS(s) }
	run(t, ctx, chromedp.EmulateViewport(1366, 768))
	signInTo(t, ctx, w.URL, "village")
	open(t, ctx, w.URL+"/work/new/residence")
	run(t, ctx, chromedp.SendKeys(css("#id"), "441302199003070120\r"))
	run(t, ctx, chromedp.WaitVisible(css("#form")))
	for name, text := range map[string]string{"name": "欧阳•祥", "address": "滨江路 8 号", "purpose": "子女入学", "recipient": "教育局"} {
		run(t, ctx, chromedp.SendKeys(css(`[name="values.`+name+`"]`), text))
	}
	run(t, ctx, chromedp.SetValue(css(`[name="values.since"]`), "2020-05-01"))
	until(t, ctx, `document.getElementById('page').src.startsWith('blob:')`)
	until(t, ctx, `document.getElementById('state').textContent.startsWith('已保存')`)
	run(t, ctx, chromedp.Click(css(".stick .button")))
	run(t, ctx, chromedp.WaitVisible(css(".facts")))
	if text := run(t, ctx, chromedp.Text(css(".facts"))); !strings.Contains(text, "欧阳·祥") || !strings.Contains(text, "2020年5月1日") {
		t.Errorf("to check: %s", text)
	}
	run(t, ctx, chromedp.Click(css(".stick .button")))
	run(t, ctx, chromedp.WaitVisible(css(".steps")))

	run(t, ctx, chromedp.Click(css(".me button")))
	run(t, ctx, chromedp.WaitVisible(css("#username")))
	signInTo(t, ctx, w.URL, "town")
	for _, press := range []string{".cases tbody a", ".athand button", `[value="approve"]`} { // three, with an opinion
		run(t, ctx, chromedp.WaitVisible(css(press)))
		run(t, ctx, chromedp.Click(css(press)))
	}
	until(t, ctx, `document.querySelector('.done')?.textContent.includes('已办结')`)

	// Every target is large enough, on a phone as well, and nothing is wider than it.
	run(t, ctx, chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile))
	for _, path := range []string{"/work", "/signin", "/work?lang=en", "/work?lang=zh&size=large"} {
		open(t, ctx, w.URL+path)
		fitsPhone(t, ctx, path)
	}
}

// signInTo signs somebody in by the page.
func signInTo(t *testing.T, ctx context.Context, base, who string) {
	t.Helper()
	open(t, ctx, base+"/signin")
	run(t, ctx, chromedp.SendKeys(chromedp.CSS("#username"), who))
	run(t, ctx, chromedp.SendKeys(chromedp.CSS("#password"), password+"\r"))
	run(t, ctx, chromedp.WaitVisible(chromedp.CSS(".tabs")))
}

// fitsPhone checks that every target is large enough and nothing wider than the
// phone. A radio button is pressed by its label.
func fitsPhone(t *testing.T, ctx context.Context, page string) {
	t.Helper()
	small := run(t, ctx, chromedp.Evaluate[[]string](`[...document.querySelectorAll('a:not(.skip),button,input:not([type=hidden],[type=radio],[type=checkbox]),select,summary,label:has([type=radio])')].filter(e => e.offsetParent && e.getBoundingClientRect().height < 44).map(e => e.outerHTML.slice(0, 80))`))
	if len(small) > 0 {
		t.Errorf("%s: targets under 44 pixels: %q", page, small)
	}
	fits(t, ctx, page)
}

// until waits for a condition in the page.
func until(t *testing.T, ctx context.Context, condition string) {
	t.Helper()
	for range 400 {
		if holds(t, ctx, `(async () => Boolean(`+condition+`))()`, chromedp.EvalAwaitPromise) {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatalf("never: %s; the page says %s", condition, run(t, ctx, chromedp.Text(chromedp.CSS("main"))))
}

// TestStaffNetworkCut: where the network fails, the form says that it was not
// saved, keeps everything, and saves once it is back.
func TestStaffNetworkCut(t *testing.T) {
	w := newWorld(t, unhurried)
	clerk := w.signedIn(t, "village")
	address := clerk.start("441302199003070120")
	ctx := browser(t)
	signInTo(t, ctx, w.URL, "village")
	open(t, ctx, w.URL+address+"/edit")
	cut := func(offline bool) {
		_, err := chromedp.Call(ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
			MatchedNetworkConditions: []*network.Conditions{{Offline: offline, DownloadThroughput: -1, UploadThroughput: -1}},
		})
		must(t, err)
	}
	cut(true)
	run(t, ctx, chromedp.SendKeys(chromedp.CSS(`[name="values.purpose"]`), "子女入学"))
	until(t, ctx, `document.getElementById('state').textContent.startsWith('没有保存上')`)
	cut(false)
	until(t, ctx, `document.getElementById('state').textContent.startsWith('已保存')`)
	if _, page := clerk.get(address + "/edit"); !strings.Contains(page, "子女入学") {
		t.Error("what was typed while the network was cut is not saved")
	}
}
