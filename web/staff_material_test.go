package web_test

import (
	"bytes"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"yinzheng"
	"yinzheng/attachments/picturetest"
	"yinzheng/templates"
	"yinzheng/web"
)

// tenancy asks for a lease, which can be met in every way.
const tenancy = `
code: tenant
short: TE
version: 1
name: {zh: 租住证明, en: Certificate of tenancy}
basis: [《居住证暂行条例》]
subject: none
issuer: town
type_code: 11100000000013338W085
materials:
  - {key: id_card, zh: 身份证件, en: Identity document}
  - key: lease
    zh: 租赁合同
    en: Lease
    scan: true
    commitment: {zh: '本人{name}承诺租住于{address}。', en: 'I, {name}, promise that I rent {address}.', inspect_days: 5}
    certificate: [residence]
    later: {days: 3, issue: flag}
chain:
  - {key: village, name: {zh: 村（社区）核实, en: Village check}, level: village, role: clerk}
  - {key: town, name: {zh: 镇街签发, en: Town issues}, level: town, role: approver}
fields:
  - {key: name, type: name, label: {zh: 姓名, en: Name}}
  - {key: id, type: id, label: {zh: 证件, en: ID}}
  - {key: address, type: text, label: {zh: 地址, en: Address}}
token: {name: name, id: id}
page:
  title: 租住证明
  body:
    - text: 兹证明{name}（证件号码：{id}）租住于{address}。
`

// withTenancy gives a world the item.
func withTenancy(t *testing.T) change {
	return func(_ *web.Config, c *yinzheng.Config) {
		item, err := templates.Load("tenant.yaml", []byte(tenancy))
		must(t, err)
		c.Templates = append(c.Templates, item)
	}
}

// rents begins a case of tenancy, filled in, and returns its address.
func (d *desk) rents() string {
	d.t.Helper()
	_, page := d.get("/work/new/tenant")
	r, page := d.post("/work/new/tenant", url.Values{"key": {field(d.t, page, "key")}, "id.type": {"111"}, "id": {"441302199506140020"}})
	if !strings.HasSuffix(r.Address.Path, "/edit") {
		d.t.Fatalf("starting a case: %d %s", r.StatusCode, page)
	}
	address := strings.TrimSuffix(r.Address.Path, "/edit")
	form := url.Values{
		"version": {field(d.t, page, "version")}, "division": {village}, "applicant.as": {"holder"}, "values.name": {"张𫖯明"}, "values.id.type": {"111"}, "values.id": {"441302199506140020"},
		"values.address": {"滨江路 8 号"}, "then": {"save"},
	}
	if r, page := d.post(address+"/edit", form); r.StatusCode != 200 {
		d.t.Fatalf("filling it in: %d %s", r.StatusCode, page)
	}
	return address
}

// brings sends a photograph with fields, written key=value.
func (d *desk) brings(address string, fields ...string) (seen, string) {
	d.t.Helper()
	body, kind := filled(d.t, picturetest.Camera(picturetest.Sheet(30, 40), 1), fields...)
	return d.send(http.MethodPost, address+"/attach", bytes.NewReader(body), "Content-Type", kind)
}

// TestStaffMaterials meets a material in each way, as the form offers them, takes
// that off again, and inspects a commitment that a certificate was issued on.
func TestStaffMaterials(t *testing.T) {
	w := newWorld(t, unhurried, withTenancy(t))
	code, _, _ := w.issued("residence")
	clerk, town := w.signedIn(t, "village"), w.signedIn(t, "town")
	address := clerk.rents()
	version := func() string {
		_, page := clerk.get(address + "/edit")
		return field(t, page, "version")
	}
	meet := func(more url.Values) (seen, string) {
		more.Set("version", version())
		more.Set("material", "lease")
		more.Set("back", "edit")
		return clerk.post(address+"/meet", more)
	}
	off := func(page string) {
		t.Helper()
		r, page := clerk.post(address+"/detach", url.Values{"version": {version()}, "back": {"edit"}, "file": {field(t, page, "file")}})
		if r.Address.Path != address+"/edit" || !strings.Contains(page, "还缺") {
			t.Fatalf("taken off: %d %s", r.StatusCode, page)
		}
	}

	_, page := clerk.get(address + "/edit?check=1")
	for _, offered := range []string{`href="#attachments.lease"`, `id="attachments.lease"`, `value="` + code + `"`, "3 个工作日内补交", "/commitments/lease", "已见 身份证件"} {
		if !strings.Contains(page, offered) {
			t.Errorf("the form does not offer %s", offered)
		}
	}
	if r, page := meet(url.Values{"certificate": {"000000000000"}}); r.StatusCode != 422 || !strings.Contains(page, `class="code" value="000000000000"`) || !strings.Contains(page, "没有找到这份证明") {
		t.Errorf("an unknown code: %d %s", r.StatusCode, page)
	}
	r, page := meet(url.Values{"certificate": {code}})
	if r.Address.Path != address+"/edit" || r.Address.Fragment != "materials" || !strings.Contains(page, "/v/"+code) || strings.Contains(page, "用这份电子证明") {
		t.Errorf("by certificate: %s %s", r.Address, page)
	}
	off(page)
	if _, page = meet(url.Values{}); !strings.Contains(page, "应于 ") || !strings.Contains(page, "不影响签发") {
		t.Errorf("promised: %s", page)
	}
	off(page)
	if _, page = clerk.brings(address, "version="+version(), "back=edit", "material=lease"); !strings.Contains(page, "再添加一个文件") || strings.Contains(page, "/commitments/lease") {
		t.Errorf("by a file: %s", page)
	}
	off(page)
	if r, page := clerk.get(address + "/commitments/lease"); r.Header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(page, "%PDF-") {
		t.Errorf("the sheet to sign: %d %s", r.StatusCode, r.Header.Get("Content-Type"))
	}
	r, page = clerk.brings(address, "version="+version(), "back=edit", "material=lease", "signed=fingerprint", "witness_name=周敏", "witness.type=111", "witness=")
	if r.StatusCode != 422 || !strings.Contains(page, "请填写见证人的证件号码") || !strings.Contains(page, `value="周敏"`) || !strings.Contains(page, `value="fingerprint" selected`) {
		t.Errorf("a fingerprint without a witness: %d %s", r.StatusCode, page)
	}
	r, page = clerk.brings(address, "version="+version(), "back=check", "material=lease", "signed=fingerprint", "witness_name=周敏", "witness.type=111", "witness=441302196505040198")
	if r.Address.Path != address+"/check" || !strings.Contains(page, "见证人 周敏") || strings.Contains(page, "441302196505040198") {
		t.Fatalf("by commitment: %s %s", r.Address, page)
	}

	_, page = clerk.post(address+"/submit", url.Values{"version": {field(t, page, "version")}})
	if strings.Contains(page, `/detach"`) {
		t.Errorf("handed in, and the material can be taken off: %s", page)
	}
	_, page = town.get(address)
	if !strings.Contains(page, "告知承诺") || !strings.Contains(page, "按指印") {
		t.Errorf("who decides sees %s", page)
	}
	town.post(address+"/decide", url.Values{"version": {field(t, page, "version")}, "action": {"approve"}})
	if _, page := w.signedIn(t, "district").get("/work?tab=inspections"); strings.Contains(page, address) {
		t.Errorf("the office above is told before it is late: %s", page)
	}
	if _, page := clerk.get(address); strings.Contains(page, `name="outcome"`) {
		t.Errorf("a clerk may inspect: %s", page)
	}
	_, page = town.get("/work?tab=inspections")
	if !strings.Contains(page, address+"#attachments.lease") {
		t.Fatalf("to be inspected: %s", page)
	}
	_, page = town.get(address)
	found := url.Values{"version": {field(t, page, "version")}, "material": {"lease"}, "outcome": {"false"}}
	if r, page := town.post(address+"/inspect", found); r.StatusCode != 422 || !strings.Contains(page, `value="false" checked`) || !strings.Contains(page, "请写明怎样核查") {
		t.Errorf("without words: %d %s", r.StatusCode, page)
	}
	found.Set("opinion", "走访房东，从未出租")
	if _, page := town.post(address+"/inspect", found); !strings.Contains(page, "核查：不实") || strings.Contains(page, `name="outcome"`) {
		t.Errorf("found false: %s", page)
	}
	if _, page := town.get(address + "/certificate"); !strings.Contains(page, "chip status-suspended") {
		t.Errorf("the certificate: %s", page)
	}
	next := clerk.rents()
	if _, page := clerk.get(next + "/edit"); !strings.Contains(page, "不再适用告知承诺") || strings.Contains(page, "/commitments/lease") {
		t.Errorf("the next case of theirs: %s", page)
	}
}

// TestStaffMaterialsInBrowser: what was typed is saved before a material is met, a
// file is sent once it is chosen, and a form that is wrong stays open.
func TestStaffMaterialsInBrowser(t *testing.T) {
	w := newWorld(t, unhurried, withTenancy(t))
	address := w.signedIn(t, "village").rents()
	ctx := browser(t)
	css := func(s string) chromedp.CSS { return chromedp.CSS(s) }
	run(t, ctx, chromedp.EmulateViewport(1366, 768))
	signInTo(t, ctx, w.URL, "village")
	open(t, ctx, w.URL+address+"/edit")
	run(t, ctx, chromedp.SendKeys(css(`[name="values.address"]`), "东湖花园"))
	run(t, ctx, chromedp.Click(css(".otherwise form button")))
	until(t, ctx, `document.querySelector('.needs .later')`)
	if text := run(t, ctx, chromedp.Evaluate[string](`document.getElementsByName('values.address')[0].value`)); !strings.Contains(text, "东湖花园") {
		t.Errorf("what was typed is lost: %q", text)
	}
	name := filepath.Join(t.TempDir(), "lease.jpg")
	must(t, os.WriteFile(name, picturetest.Camera(picturetest.Sheet(60, 80), 1), 0o600))
	run(t, ctx, chromedp.Click(css(".needs details summary")))
	run(t, ctx, chromedp.SetUploadFiles(css("#file-lease"), []string{name}))
	until(t, ctx, `document.querySelector('.needs .met')`)

	run(t, ctx, chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile))
	open(t, ctx, w.URL+address+"/edit")
	fitsPhone(t, ctx, "the form")
}
