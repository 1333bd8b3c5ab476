package web_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

var slot = regexp.MustCompile(`(?s)<(?:input id="[^"]*" name="([^"]*)" value="([^"]*)"|textarea id="[^"]*" name="([^"]*)"[^>]*>([^<]*)<)`)

// part is what a part of a design is filled in with, but for its selections.
func part(t *testing.T, page string) url.Values {
	t.Helper()
	form := url.Values{"version": {field(t, page, "version")}, "part": {field(t, page, "part")}, "do": {"save"}}
	for _, m := range slot.FindAllStringSubmatch(page, -1) {
		form.Set(m[1]+m[3], m[2]+m[4])
	}
	return form
}

// beginsResidence begins the next version of residence on the page.
func (d *desk) beginsResidence() (address, page string) {
	d.t.Helper()
	_, page = d.get("/work/admin/templates")
	from := regexp.MustCompile(`residence@\d+`).FindString(page)
	r, page := d.post("/work/admin/templates", url.Values{"key": {field(d.t, page, "key")}, "next": {"1"}, "from": {from}})
	if r.StatusCode != 200 || !strings.Contains(r.Address.Path, "/designs/") {
		d.t.Fatalf("beginning: %d %s", r.StatusCode, page)
	}
	return r.Address.Path, page
}

// TestAdminTemplates makes a version of a template with plain forms: part by
// part, then another administrator publishes it.
func TestAdminTemplates(t *testing.T) {
	w := newWorld(t, unhurried)
	w.hasSecond(t)
	author, second, clerk := w.signedIn(t, "admin"), w.signedIn(t, "second"), w.signedIn(t, "village")
	here, page := author.beginsResidence()
	for _, path := range []string{"/work/admin/templates", here, here + "/review", here + "/page.svg", "/work/admin/templates/versions/residence/1", "/work/admin/templates/versions/residence/1/template.yaml"} {
		if r, _ := clerk.get(path); r.StatusCode != http.StatusForbidden {
			t.Errorf("a clerk at %s: %d", path, r.StatusCode)
		}
	}

	head := part(t, page)
	head.Set("validity_months", "a year")
	head.Set("name.zh", `<script>alert(1)</script>"'>`)
	r, page := author.post(here, head)
	if r.StatusCode != 422 || !strings.Contains(page, `href="#validity_months"`) || !strings.Contains(page, `value="a year"`) || strings.Contains(page, "<script>alert") {
		t.Errorf("not a number: %d %s", r.StatusCode, page)
	}
	head.Set("validity_months", "24")
	head.Set("name.zh", "居住证明")
	head.Set("any_office", "")
	if _, page = author.post(here, head); !strings.Contains(page, "已保存") || !strings.Contains(page, `value="24"`) || strings.Contains(page, "checked") {
		t.Errorf("the basics: %s", page)
	}
	ticked := part(t, page)
	ticked["any_office"], ticked["trial"] = []string{"", "true"}, []string{"plain", "bare"}
	if r, page := author.post(here, ticked); !strings.Contains(page, "checked") || r.Address.Query().Get("trial") != "bare" {
		t.Errorf("a box was ticked, and other trial values chosen: %s %s", r.Address, page)
	}
	if r, page := author.post(here, head); r.StatusCode != http.StatusConflict || !strings.Contains(page, "另一个窗口") {
		t.Errorf("from an older page: %d %s", r.StatusCode, page)
	}

	_, page = author.get(here + "?part=fields")
	r, page = author.post(here, url.Values{"version": {field(t, page, "version")}, "part": {"fields"}, "do": {"add 0 fields"}})
	if !strings.HasPrefix(r.Address.Query().Get("part"), "fields[") {
		t.Fatalf("a field was added at %s", r.Address)
	}
	added := part(t, page)
	path := added.Get("part")
	added.Set(path+".key", "phone")
	added.Set(path+".label.zh", "联系电话")
	added.Set(path+".label.en", "Telephone")
	added.Set(path+".type", "text")
	_, page = author.post(here, added)
	_, page = author.post(here, url.Values{"version": {field(t, page, "version")}, "part": {"fields"}, "do": {"up " + path}})
	if i, j := strings.Index(page, "联系电话"), strings.Index(page, "使用单位"); i < 0 || i > j {
		t.Errorf("the field was not moved: %s", page)
	}

	_, page = author.get(here + "?part=page")
	text := part(t, page)
	if !strings.Contains(page, `data-insert="{phone}"`) {
		t.Errorf("nothing to put in: %s", page)
	}
	text.Set("page.body[1].text", "{phon}")
	_, page = author.post(here, text)
	if !strings.Contains(page, `part=page#page.body%5b1%5d.text`) {
		t.Errorf("an absent field is not named: %s", page)
	}
	if r, _ := author.get(here + "/page.svg"); r.StatusCode != 422 {
		t.Errorf("a page that cannot be set: %d", r.StatusCode)
	}
	text = part(t, page)
	text.Set("page.body[1].text", "电话{phone}，用于{purpose}。")
	r, svg := author.send(http.MethodPost, here+"/page.svg", strings.NewReader(text.Encode()), "Content-Type", "application/x-www-form-urlencoded")
	if r.Header.Get("Content-Type") != "image/svg+xml" || r.StatusCode != 200 {
		t.Errorf("the page as it is typed: %d %s", r.StatusCode, svg)
	}
	_, page = author.post(here, text)
	for _, what := range []string{"add 1 page.body", "down page.body[3]", "up page.body[3]", "remove page.body[3]", "burn page", "add 9 page.body"} {
		again := part(t, page)
		again.Set("do", what)
		if r, page = author.post(here, again); r.StatusCode != 200 {
			t.Errorf("%s: %d", what, r.StatusCode)
		}
	}

	_, page = author.get(here + "/review")
	for _, want := range []string{"字段“联系电话”", "增加", "电话{phone}，用于{purpose}。", "有效期", "办件会怎么走"} {
		if !strings.Contains(page, want) {
			t.Errorf("the differences lack %s: %s", want, page)
		}
	}
	if r, _ := author.post(here+"/review", url.Values{"version": {field(t, page, "version")}, "act": {"send"}}); r.StatusCode != 200 {
		t.Errorf("sending: %d", r.StatusCode)
	}
	r, page = author.get(here)
	if !strings.HasSuffix(r.Address.Path, "/review") || strings.Contains(page, `value="publish"`) || !strings.Contains(page, "须由另一位管理员发布") {
		t.Errorf("sent, its author sees %s: %s", r.Address, page)
	}
	version := field(t, page, "version")
	if r, _ := author.post(here+"/review", url.Values{"version": {version}, "act": {"publish"}}); r.StatusCode != http.StatusForbidden {
		t.Errorf("its author publishes: %d", r.StatusCode)
	}
	if r, page := second.post(here+"/review", url.Values{"version": {version}, "act": {"return"}}); r.StatusCode != 422 || !strings.Contains(page, `href="#opinion-return"`) {
		t.Errorf("returned without words: %d %s", r.StatusCode, page)
	}
	if _, page = second.post(here+"/review", url.Values{"version": {version}, "act": {"publish"}, "opinion": {"属实"}}); !strings.Contains(page, "已发布") || !strings.Contains(page, "陈二") {
		t.Errorf("published: %s", page)
	}
	if _, page = clerk.get(clerk.start("441302199003070120") + "/edit"); !strings.Contains(page, "联系电话") {
		t.Errorf("a new case lacks the field: %s", page)
	}
	_, page = author.get("/work/admin/templates")
	if !strings.Contains(page, "本地编制") {
		t.Errorf("the list: %s", page)
	}
}

// TestAdminTemplateTexts: a text that cannot be read is kept and mended as text; a
// new item begins blank, and scripts stay text everywhere.
func TestAdminTemplateTexts(t *testing.T) {
	w := newWorld(t, unhurried)
	author := w.signedIn(t, "admin")
	_, page := author.get("/work/admin/templates")
	if r, page := author.post("/work/admin/templates", url.Values{"key": {field(t, page, "key")}, "item": {"<b>"}}); r.StatusCode != 422 || strings.Contains(page, "<b>\"") || !strings.Contains(page, `href="#item"`) {
		t.Errorf("a code: %d %s", r.StatusCode, page)
	}
	if r, page := author.post("/work/admin/templates", url.Values{"key": {field(t, page, "key")}, "item": {""}, "from": {"birth-registration@1"}}); r.StatusCode != 422 || !strings.Contains(page, `value="birth-registration@1" selected`) {
		t.Errorf("no code: %d %s", r.StatusCode, page)
	}
	r, page := author.post("/work/admin/templates", url.Values{"key": {field(t, page, "key")}, "item": {"rent"}})
	here := r.Address.Path
	if !strings.Contains(page, "还要改") {
		t.Errorf("blank: %s", page)
	}
	_, page = author.get(here + "?part=yaml")
	whole := part(t, page)
	whole.Set("text", "code: rent\r\nname: [<script>alert(1)</script>\r\n")
	_, page = author.post(here, whole)
	if !strings.Contains(page, "行第") || strings.Contains(page, "<script>alert") || strings.Contains(page, "part=chain") {
		t.Errorf("a text that cannot be read: %s", page)
	}
	if r, _ := author.get(here + "/page.svg"); r.StatusCode != 422 {
		t.Errorf("its page: %d", r.StatusCode)
	}
	if r, page := author.get(here + "/review"); r.StatusCode != 200 || !strings.Contains(page, "改好才能发布") {
		t.Errorf("its review: %d %s", r.StatusCode, page)
	}
	basics := url.Values{"version": {field(t, page, "version")}, "part": {"head"}, "name.zh": {"x"}}
	if r, _ := author.post(here, basics); r.StatusCode != 422 {
		t.Errorf("a part of what cannot be read: %d", r.StatusCode)
	}
	_, page = author.get(here + "/review")
	if _, page = author.post(here+"/review", url.Values{"version": {field(t, page, "version")}, "act": {"withdraw"}}); !strings.Contains(page, "草案已撤回") {
		t.Errorf("withdrawn: %s", page)
	}
}

// TestAdminTemplateOvertaken: a design whose number was taken meanwhile says so, and
// takes the next one when its author has seen it.
func TestAdminTemplateOvertaken(t *testing.T) {
	w := newWorld(t, unhurried)
	author := w.signedIn(t, "admin")
	here, page := author.beginsResidence()
	if strings.Contains(page, "renumber") {
		t.Errorf("its number is the next one: %s", page)
	}
	next := *w.Newest("residence")
	next.Version++
	must(t, w.TakeUp(t.Context(), &next))
	_, page = author.get(here)
	if !strings.Contains(page, `value="renumber"`) {
		t.Fatalf("its number was taken: %s", page)
	}
	form := part(t, page)
	form.Set("do", "renumber")
	if _, page = author.post(here, form); strings.Contains(page, "renumber") || strings.Contains(page, "还要改") {
		t.Errorf("with the next number: %s", page)
	}
}

// TestDesignerInBrowser: an administrator changes a template beside its page, in
// two windows; another one publishes it; a case that was begun before ends on the
// version that it began on.
func TestDesignerInBrowser(t *testing.T) {
	w := newWorld(t, unhurried)
	w.hasSecond(t)
	clerk := w.signedIn(t, "village")
	old := clerk.start("441302199003070120")
	ctx := browser(t)
	css := func(s string) chromedp.CSS { return chromedp.CSS(s) }
	click := func(s string) {
		t.Helper()
		run(t, ctx, chromedp.WaitVisible(css(s)))
		run(t, ctx, chromedp.Click(css(s)))
	}
	run(t, ctx, chromedp.EmulateViewport(1366, 768))
	signInTo(t, ctx, w.URL, "admin")
	open(t, ctx, w.URL+"/work/admin/templates")
	click(`button[value^="residence@"]`)
	click(`.parts a[href*="part=fields"]`)
	click(`button[value="add 0 fields"]`)
	until(t, ctx, `document.querySelector('[name$=".label.zh"]')`)
	for name, text := range map[string]string{"key": "phone", "label.zh": "联系电话", "label.en": "Telephone"} {
		slot := `[name$="].` + name + `"]`
		run(t, ctx, chromedp.Evaluate[bool](`document.querySelector('`+slot+`').select() ?? true`)) // typing takes the place of what is there
		run(t, ctx, chromedp.SendKeys(css(slot), text))
	}
	saves := func() {
		t.Helper()
		until(t, ctx, `document.getElementById('page').src.startsWith('blob:')`)
		click("h1") // leaving a field saves it
		until(t, ctx, `document.getElementById('state').textContent.startsWith('已保存')`)
	}
	saves()

	click(`.parts a[href*="part=page"]`)
	const second = `[name="page.body[1].text"]`
	click(second)
	run(t, ctx, chromedp.SendKeys(css(second), "电话"))
	click(`[data-insert="{phone}"]`)
	if text := run(t, ctx, chromedp.Evaluate[string](`document.querySelector('`+second+`').value`)); !strings.Contains(text, "电话{phone}") {
		t.Errorf("put in: %q", text)
	}
	saves()
	address := run(t, ctx, chromedp.Evaluate[string](`location.pathname`))

	// Another window saves; this one is told, and keeps what was typed.
	other := w.signedIn(t, "admin")
	_, page := other.get(address + "?part=page")
	form := part(t, page)
	form.Set("page.title", "居住情况证明")
	other.post(address, form)
	run(t, ctx, chromedp.SendKeys(css(`[name="page.notes"]`), "\n注二"))
	click("h1")
	until(t, ctx, `document.getElementById('state').textContent.startsWith('没有保存上')`)
	click(`.stick .button`)
	until(t, ctx, `document.querySelector('.faults')?.textContent.includes('另一个窗口')`)
	if notes := run(t, ctx, chromedp.Evaluate[string](`document.querySelector('[name="page.notes"]').value`)); !strings.Contains(notes, "注二") {
		t.Errorf("what was typed is lost: %q", notes)
	}
	click(`.stick .button`)
	until(t, ctx, `document.querySelector('.done')`)
	click(`.trials button[value="rare"]`)
	until(t, ctx, `document.querySelector('.trials [aria-current]')?.value === 'rare' && document.getElementById('page').naturalWidth > 0`)

	for _, size := range []string{"?size=large&part=page", "?size=normal&part=page", "?part=chain[1]", "/review?"} {
		run(t, ctx, chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile))
		open(t, ctx, w.URL+address+size)
		fitsPhone(t, ctx, size)
	}
	run(t, ctx, chromedp.EmulateViewport(1366, 768))
	click(`#act-send button`)
	until(t, ctx, `document.querySelector('.done')?.textContent.includes('已送审')`)
	signsInAnew(t, ctx, w, "second")
	open(t, ctx, w.URL+"/work/admin/templates")
	click(`.rows a[href^="/work/admin/templates/designs/"]`)
	until(t, ctx, `document.querySelector('.diff')?.textContent.includes('联系电话')`)
	click(`#act-publish button`)
	until(t, ctx, `document.querySelector('.done')?.textContent.includes('已发布')`)

	if _, page := clerk.get(old + "/edit"); strings.Contains(page, "联系电话") {
		t.Error("a case that was begun before has the new field")
	}
	if _, page := clerk.get(clerk.start("441302199003070120") + "/edit"); !strings.Contains(page, "联系电话") {
		t.Error("a new case lacks the new field")
	}
}

// signsInAnew signs out whoever is signed in, and somebody else in.
func signsInAnew(t *testing.T, ctx context.Context, w *world, who string) {
	t.Helper()
	run(t, ctx, chromedp.Click(chromedp.CSS(".me button")))
	run(t, ctx, chromedp.WaitVisible(chromedp.CSS("#username")))
	signInTo(t, ctx, w.URL, who)
}
