package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"yinzheng"
	"yinzheng/attachments/picturetest"
	"yinzheng/internal/inturn"
	"yinzheng/internal/oidctest"
	residents "yinzheng/resident"
)

// phone is a real browser of a phone's size.
type phone struct {
	context.Context
	*world
	t       *testing.T
	scripts bool
}

func (w *world) phone(t *testing.T, scripts bool) *phone {
	t.Helper()
	p := &phone{browserWith(t, chromedp.Flag("disable-features", "BackForwardCache")), w, t, scripts} // Back asks the server
	run(t, p, chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile))
	_, err := chromedp.Call(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !scripts})
	must(t, err)
	return p
}

// does runs something in the page that is open.
func (p *phone) does(script string) {
	p.t.Helper()
	holds(p.t, p, `(() => {`+script+`})(), true`)
}

// until waits for a condition in a page that has come whole. It needs no scripts of
// the page.
func (p *phone) until(condition string) {
	p.t.Helper()
	for range 800 {
		if holds(p.t, p, `document.readyState === 'complete' && (`+condition+`)`) {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	p.t.Fatalf("never: %s; the page says %s", condition, run(p.t, p, chromedp.Text(chromedp.CSS("main"))))
}

// says fails the test unless the page says all of this.
func (p *phone) says(words ...string) {
	p.t.Helper()
	page := run(p.t, p, chromedp.Text(chromedp.CSS("main")))
	for _, want := range words {
		if !strings.Contains(page, want) {
			p.t.Errorf("the page lacks %s: %s", want, page)
		}
	}
}

// looksAt checks that the page that is open fits the phone, and suits everybody.
func (p *phone) looksAt(name string) {
	p.t.Helper()
	fitsPhone(p.t, p, name)
	if p.scripts {
		accessible(p.t, p, name)
	}
}

// presses presses a button or a link and waits for where it leads to.
func (p *phone) presses(selector, then string) {
	p.t.Helper()
	p.does(`document.querySelector('` + selector + `').click()`)
	p.until(then)
}

// onward is the button that leads on from a page of a request.
const onward = "form:has([name=later]) .button:not([name])"

func at(path string) string { return `location.pathname === '` + path + `'` }

// answers answers one page of a request after another, each of which leads to the next.
func (p *phone) answers(address, last string, pages ...[]string) {
	p.t.Helper()
	for i, page := range pages {
		answers, err := json.Marshal(page[1:])
		must(p.t, err)
		p.looksAt(page[0])
		p.does(`const said = ` + string(answers) + `;
			for (let i = 0; i < said.length; i += 2) {
				const all = document.getElementsByName(said[i]);
				if (all[0].type === 'radio' || all[0].type === 'checkbox') [...all].find(e => e.value === said[i + 1]).checked = true;
				else all[0].value = said[i + 1];
			}`)
		to := last
		if i+1 < len(pages) {
			to = pages[i+1][0]
		}
		p.presses(onward, at(address+"/"+to))
	}
}

// photographs sends a picture of a material, whose page is open.
func (p *phone) photographs(shade uint8, have int) {
	p.t.Helper()
	name := filepath.Join(p.t.TempDir(), "照片.jpg")
	must(p.t, os.WriteFile(name, picturetest.Photo(shade), 0o600))
	run(p.t, p, chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{name}))
	if !p.scripts { // with them it goes by itself
		p.does(`document.querySelector('form:has(#file) .button').click()`)
	}
	p.until(fmt.Sprintf(`document.querySelectorAll('.shots li').length === %d`, have))
}

// begins begins a request and returns its address.
func (p *phone) begins(item string) string {
	p.t.Helper()
	p.looksAt("begin")
	p.presses("main form .button", `location.pathname.endsWith('/for')`)
	return strings.TrimSuffix(run(p.t, p, chromedp.Evaluate[string](`location.pathname`)), "/for")
}

// signsIn signs somebody in at the provider, and comes to where that leads back to.
func (p *phone) signsIn(login, next string) {
	p.t.Helper()
	open(p.t, p, p.URL+"/mine/signin?next="+next)
	p.until(`document.querySelector('[name=login]') !== null`)
	p.does(`document.querySelector('[name=login]').value = '` + login + `'; document.querySelector('[name=password]').value = 'any'; document.querySelector('[type=submit]').click()`)
	p.until(`document.querySelector('[value=consent]') !== null || location.origin === '` + p.URL + `'`)
	p.does(`document.querySelector('[value=consent]')?.form.querySelector('[type=submit]').click()`)
	p.until(at(next))
}

// forgets makes it another phone, on which nobody is signed in.
func (p *phone) forgets() {
	p.t.Helper()
	_, err := chromedp.Call(p, network.ClearBrowserCookies, cdp.Empty{})
	must(p.t, err)
}

// verified is the verdict on the certificate whose page is open, of which the phone
// downloads the file.
func (p *phone) verified() string {
	p.t.Helper()
	kept, err := chromedp.Call(p, network.GetCookies, network.GetCookiesParams{})
	must(p.t, err)
	var cookies []string
	for _, c := range kept.Cookies {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	address := run(p.t, p, chromedp.Evaluate[string](`document.querySelector('a[href$="/certificate.pdf"]').pathname`))
	_, pdf := p.guest(p.t).send("GET", address, nil, "Cookie", strings.Join(cookies, "; "))
	body, ct := form(p.t, "file", []byte(pdf))
	return p.want(p.do("POST", "/api/v1/verify", body, "Content-Type", ct), 200).text(p.t, "verdict")
}

// takenIn takes a sent request in, and hands its case in; it returns the case's ID.
func (d *desk) takenIn(id string) string {
	d.t.Helper()
	_, page := d.get("/work/requests/" + id)
	r, page := d.post("/work/requests/"+id, url.Values{"act": {"take"}, "version": {field(d.t, page, "version")}})
	address := strings.TrimSuffix(r.Address.Path, "/edit")
	if address == r.Address.Path {
		d.t.Fatalf("taking it in leads to %s: %s", r.Address, page)
	}
	_, page = d.get(address + "/check")
	if _, page = d.post(address+"/submit", url.Values{"version": {field(d.t, page, "version")}}); !strings.Contains(page, "已提交") {
		d.t.Fatalf("the case is not handed in: %s", page)
	}
	return strings.TrimPrefix(address, "/work/cases/")
}

// returned returns a sent request to be mended.
func (d *desk) returned(id, text, mend string) {
	d.t.Helper()
	_, page := d.get("/work/requests/" + id)
	d.post("/work/requests/"+id, url.Values{"act": {"return"}, "version": {field(d.t, page, "version")}, "text": {text}, "mend": {mend}})
}

// TestApplyJourney: on a phone, somebody whom a provider vouches for asks for a
// certificate, leaves and comes back on another phone, sends, mends, follows and
// downloads it.
func TestApplyJourney(t *testing.T) {
	w := newWorld(t, unhurried)
	client := oidctest.Client{ID: "yinzheng", Secret: "a secret of the tests"}
	issuer := oidctest.Start(t, oidctest.Config{Client: client, Redirect: w.URL + "/mine/callback", People: map[string]map[string]string{"ouyang": {"name": "欧阳·𫖯祥", "id_number": "441302199003070120"}}})
	w.residents.UseIdentity(residents.Identity{Issuer: issuer, ClientID: client.ID, Secret: client.Secret, Redirect: w.URL + "/mine/callback"})
	p, clerk := w.phone(t, true), w.signedIn(t, "village")

	p.signsIn("ouyang", "/apply/residence")
	address := p.begins("residence")
	id := address[len("/apply/residence/"):]
	all := aboutResidence("", "")
	p.answers(address, "photo-home_proof", append(all[:2:2], all[3:8]...)...)
	p.looksAt("photo-home_proof")
	p.photographs(7, 1)
	p.looksAt("a photograph")
	p.presses("[name=later]", at(address+"/later"))
	p.looksAt("later")
	p.says("再用身份登录")

	p.forgets()
	open(t, p, w.URL+address)
	p.says("凭申请号和取回码")
	p.signsIn("ouyang", "/apply")
	p.looksAt("come back")
	p.presses(".card", at(address+"/check"))
	p.says("欧阳·𫖯祥", "滨江路 8 号", "已传 1 张")
	p.looksAt("check")
	p.does(`document.getElementById('sure').checked = true; const b = document.querySelector('form[action$="/send"] .button'); b.click(); b.click()`)
	p.until(`document.querySelector('.panel') !== null`)
	p.looksAt("sent")
	p.does(`document.querySelector('.panel').remove(); history.back()`)
	p.until(at(address) + ` && document.querySelector('.panel') !== null`)
	if n, err := w.store.CountRequestsAt(t.Context(), []yinzheng.Intakes{{Office: village}}, "sent", 9); err != nil || n != 1 {
		t.Errorf("%d were sent, %v", n, err)
	}

	clerk.returned(id, "照片不清楚，请重拍", "attachments.home_proof")
	open(t, p, w.URL+address)
	p.says("照片不清楚，请重拍")
	p.looksAt("returned")
	p.presses(`a[href$="/photo-home_proof?back=check"]`, `document.querySelector('.shots') !== null`)
	p.looksAt("to be mended")
	p.presses("[value=remove]", `document.querySelector('.shots') === null`)
	p.photographs(9, 1)
	p.presses(onward, at(address+"/check"))
	p.presses("#sure", `document.getElementById('sure').checked`)
	p.presses(`form[action$="/send"] .button`, `document.querySelector('.panel') !== null`)

	kase := clerk.takenIn(id)
	w.signedIn(t, "town").decide("/work/cases/"+kase, "approve")
	open(t, p, w.URL+address)
	p.looksAt("taken in")
	p.presses(`a[href="/follow/`+kase+`"]`, at("/follow/"+kase))
	p.presses(`a[href^="/mine/certificates/"]`, `document.querySelector('a[href$="/certificate.pdf"]') !== null`)
	if got := p.verified(); got != "valid" {
		t.Errorf("the file is %s", got)
	}
	open(t, p, w.URL+"/mine")
	p.says("居住证明", "有效")
}

// TestApplyScriptless: without scripts, on a phone that nobody is signed in on, a parent
// asks for a certificate about a newborn, and comes back by a code.
func TestApplyScriptless(t *testing.T) {
	inturn.Only(t)
	w := newWorld(t, unhurried)
	p, clerk := w.phone(t, false), w.signedIn(t, "village")
	open(t, p, w.URL+"/apply/birth-registration")
	address := p.begins("birth-registration")
	const name = "买买提·阿卜杜热合曼·阿卜杜喀迪尔·图尔荪"
	p.answers(address, "about-household_address",
		[]string{"for", "applicant.as", "guardian"},
		[]string{"applicant", "applicant.name", "欧阳·祥", "applicant.id", "441302199003070120"},
		[]string{"where", "division", village},
		[]string{"about-child_name", "values.child_name", name},
		[]string{"about-child_sex", "values.child_sex", "female"},
		[]string{"about-child_born", "values.child_born", "2026-08-01T09:30"},
		[]string{"about-birth_place", "values.birth_place", "惠州市中心人民医院"},
		[]string{"about-mother_name", "values.mother_name", "欧阳·祥", "values.mother_id", "441302199003070120"},
		[]string{"about-father_name"},
		[]string{"about-no_parent_reason"})
	p.does(`document.getElementsByName('values.household_address')[0].value = '滨江路 8 号'`)
	p.presses("[name=later]", at(address+"/later"))
	p.presses("main form .button", `document.getElementById('return-code') !== null`)
	p.looksAt("the code")
	code := run(t, p, chromedp.Evaluate[string](`document.getElementById('return-code').textContent`))
	p.forgets()
	open(t, p, w.URL+address)
	p.does(`document.getElementById('code').value = '` + strings.ToLower(code) + `'`)
	p.presses("main form .button", at(address+"/about-purpose"))
	p.answers(address, "check", []string{"about-purpose", "values.purpose", "办理户口登记"}, []string{"about-recipient", "values.recipient", "派出所"},
		[]string{"photo-birth_record"}, []string{"photo-parents_id"}, []string{"photo-household_register"})
	p.says(name, "身份还没有核实")
	p.presses("#sure", `document.getElementById('sure').checked`)
	p.presses(`form[action$="/send"] .button`, `document.querySelector('.panel') !== null`)

	id := address[len("/apply/birth-registration/"):]
	kase := clerk.takenIn(id)
	for _, who := range []string{"town", "district"} {
		w.signedIn(t, who).decide("/work/cases/"+kase, "approve")
	}
	open(t, p, w.URL+address)
	p.says("带身份证件到受理窗口核对")
	p.looksAt("taken in of who is not known")
	open(t, p, w.URL+"/follow/"+kase)
	p.does(`document.getElementById('code').value = '` + clerk.code("/work/cases/"+kase) + `'`)
	p.presses("main form .button", at("/follow/"+kase)+` && document.querySelector('.trail') !== null`)
	p.presses(`a[href^="/mine/certificates/"]`, `document.querySelector('a[href$="/certificate.pdf"]') !== null`)
	if got := p.verified(); got != "valid" {
		t.Errorf("the file is %s", got)
	}
}

// sends sends a form that a page of ours has.
func (p *phone) sends(path string, pairs ...string) {
	p.t.Helper()
	form, err := json.Marshal(pairsOf(pairs).Encode())
	must(p.t, err)
	if status := run(p.t, p, chromedp.Evaluate[int](`fetch('`+path+`', {method: 'POST', headers: {'Content-Type': 'application/x-www-form-urlencoded'}, body: `+string(form)+`}).then(r => r.status)`, chromedp.EvalAwaitPromise)); status != 200 {
		p.t.Fatalf("%s: %d", path, status)
	}
}

func pairsOf(pairs []string) url.Values {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return form
}

// offers offers a file for a material, whose page is open, and waits for what comes of it.
func (p *phone) offers(name, then string) {
	p.t.Helper()
	run(p.t, p, chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{name}))
	if !p.scripts {
		p.does(`document.querySelector('form:has(#file) .button').click()`)
	}
	p.until(then)
}

// TestApplyFiles: an agent has named twelve relatives, and learns why a file is not taken,
// be it of another kind or far too large, with scripts and without. Nothing is lost by it.
func TestApplyFiles(t *testing.T) {
	w := newWorld(t, unhurried)
	p := w.phone(t, true)
	open(t, p, w.URL+"/apply/family-relation")
	address := p.begins("family-relation")
	p.sends(address+"/for", "applicant.as", "agent")
	p.sends(address+"/applicant", "applicant.name", "张𫖯明", "applicant.id.type", "111", "applicant.id", "441302199506140020", "applicant.authority", "委托书")
	for _, r := range "甲乙丙丁戊己庚辛壬癸子丑" {
		p.sends(address+"/about-relatives", "act", "keep", "mark", "", "row.name", "买买提·阿卜杜热合曼·赵"+string(r), "row.relation", "daughter")
	}
	open(t, p, w.URL+address+"/about-relatives")
	p.until(`document.querySelectorAll('.rows li').length === 12 && document.querySelector('a[href$="row=new"]') === null`)
	p.looksAt("twelve relatives")

	dir := t.TempDir()
	huge, program := filepath.Join(dir, "委托书.jpg"), filepath.Join(dir, "照片.jpg")
	must(t, os.WriteFile(huge, make([]byte, 50<<20), 0o600))
	must(t, os.WriteFile(program, []byte("MZ\x90\x00 a program"), 0o600))
	open(t, p, w.URL+address+"/photo-authority")
	p.photographs(7, 1)
	p.offers(huge, `!document.getElementById('file-large').hidden`)
	p.looksAt("far too large")
	p.offers(program, `document.querySelector('.faults') !== null`)
	p.looksAt("of another kind")

	p.scripts = false
	_, err := chromedp.Call(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	must(t, err)
	open(t, p, w.URL+address+"/photo-authority")
	p.offers(huge, `document.querySelector('.faults') !== null`)
	p.says("20 MB")
	p.looksAt("far too large, without scripts")
	p.until(`document.querySelectorAll('.shots li').length === 1`)
}

// TestApplyPages looks at the pages of an agent's request that the journeys pass by, on
// a phone and, in English, on a desk.
func TestApplyPages(t *testing.T) {
	inturn.Only(t)
	w := newWorld(t, unhurried)
	p := w.phone(t, true)
	open(t, p, w.URL+"/apply/family-relation")
	address := p.begins("family-relation")
	p.does(`document.querySelector('[value=agent]').checked = true`)
	p.presses(onward, at(address+"/applicant"))
	for _, way := range []struct {
		lang  string
		width int64
	}{{"zh", 390}, {"en", 1366}} {
		run(t, p, chromedp.EmulateViewport(way.width, 844))
		open(t, p, w.URL+"/apply/family-relation?lang="+way.lang)
		p.looksAt("begin-" + way.lang)
		for _, page := range []string{"/for", "/applicant", "/where", "/office", "/office?q=nowhere", "/about-applicant_name", "/about-relatives", "/about-relatives?row=new", "/about-purpose", "/photo-authority", "/later", "/check"} {
			open(t, p, w.URL+address+page)
			p.looksAt(page + "-" + way.lang)
		}
	}
}
