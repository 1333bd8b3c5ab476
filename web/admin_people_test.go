package web_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"yinzheng/internal/inturn"
)

// TestAdminPeople opens an account on the pages, whose owner sets a password by
// the link that is shown once, and takes its posts through what may be done.
func TestAdminPeople(t *testing.T) {
	w := newWorld(t, unhurried)
	admin := w.signedIn(t, "admin")
	_, page := admin.get("/work/admin/people/new?office=" + village)
	if !strings.Contains(page, `<option value="`+village+`" selected>`) {
		t.Errorf("the office is not chosen: %s", page)
	}
	form := url.Values{"key": {field(t, page, "key")}, "name": {"赵六"}, "username": {"zhaoliu"}, "id.type": {"111"}, "id": {"110105194912310021"}, "office": {village}, "role": {"clerk"}, "until": {"2999-12-31"}}
	if r, page := admin.post("/work/admin/people/new", form); r.StatusCode != 422 || !strings.Contains(page, `value="赵六"`) || !strings.Contains(page, `href="#id"`) {
		t.Errorf("a wrong number: %d %s", r.StatusCode, page)
	}
	form.Set("id", "11010519491231002X")
	_, page = admin.post("/work/admin/people/new", form)
	link := regexp.MustCompile(w.URL + `(/claim/[^<]+)`).FindStringSubmatch(page)
	if link == nil {
		t.Fatalf("no link: %s", page)
	}
	here := regexp.MustCompile(`/work/admin/people/[^"/]{8,}`).FindString(page)
	if strings.Contains(here, "zhao") {
		t.Errorf("a name in the address %s", here)
	}
	if _, page := admin.get(here); strings.Contains(page, "/claim/") || !strings.Contains(page, "2999年12月31日") || strings.Contains(page, "19491231") {
		t.Errorf("the person: %s", page)
	}
	if r, _ := admin.post(link[1], url.Values{"password": {password}, "again": {password}}); r.StatusCode != 200 {
		t.Fatalf("setting the password: %d", r.StatusCode)
	}
	their := w.signedIn(t, "zhaoliu")

	act := func(what string, more url.Values) (seen, string) {
		t.Helper()
		_, page := admin.get(here)
		more.Set("act", what)
		more.Set("version", field(t, page, "version"))
		return admin.post(here, more)
	}
	post := func(office string) string { return office + " clerk" }
	for _, c := range []struct {
		act    string
		form   url.Values
		status int
		shows  string
	}{
		{"appointed", url.Values{"office": {sibling}, "role": {"clerk"}, "until": {"soon"}}, 422, "日期应如"},
		{"appointed", url.Values{"office": {sibling}, "role": {"clerk"}}, 200, "新建社区"},
		{"post-ended", url.Values{"post": {post(sibling)}}, 200, "岗位已免去"},
		{"post-ended", url.Values{"post": {post(sibling)}}, 422, `id="act-post-ended" open`},
		{"handed-over", url.Values{"post": {post(village)}, "to": {"nobody"}}, 422, "用户名"},
		{"handed-over", url.Values{"post": {post(village)}, "to": {"village"}}, 200, "现在没有岗位"},
		{"disabled", url.Values{}, 200, "账号已停用"},
		{"enabled", url.Values{}, 200, "账号已启用"},
		{"promoted", url.Values{}, 422, "没有这种操作"},
	} {
		if r, page := act(c.act, c.form); r.StatusCode != c.status || !strings.Contains(page, c.shows) {
			t.Errorf("%s: %d %s", c.act, r.StatusCode, page)
		}
	}
	if r, page := admin.post(here, url.Values{"act": {"disabled"}, "version": {"1"}}); r.StatusCode != 412 || !strings.Contains(page, "已被他人更改") {
		t.Errorf("an older version: %d %s", r.StatusCode, page)
	}
	if r, _ := their.get("/work"); r.Address.Path != "/signin" {
		t.Errorf("who was disabled comes to %s", r.Address)
	}

	if _, page := admin.get("/work/admin/people?office=" + village); !strings.Contains(page, here) || !strings.Contains(page, "zhaoliu") {
		t.Errorf("the office's people: %s", page)
	}
	if r, page := admin.post("/work/admin/people/find", url.Values{"q": {"六"}}); !strings.Contains(page, here) || r.Address.RawQuery != "" {
		t.Errorf("found: %s %s", r.Address, page)
	}
	clerk := w.signedIn(t, "village")
	for _, path := range []string{"/work/admin/people", "/work/admin/people/new", here} {
		if r, page := clerk.get(path); r.StatusCode != 403 || strings.Contains(page, "zhaoliu") {
			t.Errorf("a clerk sees %s: %d", path, r.StatusCode)
		}
	}
	if r, _ := admin.get("/work/admin/people/nobody"); r.StatusCode != 404 {
		t.Errorf("nobody: %d", r.StatusCode)
	}
}

// TestAdminInBrowser: an administrator appoints somebody by clicks; on a phone
// every target is large enough and nothing is wider than it.
func TestAdminInBrowser(t *testing.T) {
	inturn.Only(t)
	w := newWorld(t, unhurried)
	ctx := browser(t)
	css := func(s string) chromedp.CSS { return chromedp.CSS(s) }
	run(t, ctx, chromedp.EmulateViewport(1366, 768))
	open(t, ctx, w.URL+"/signin")
	run(t, ctx, chromedp.SendKeys(css("#username"), "admin"))
	run(t, ctx, chromedp.SendKeys(css("#password"), password+"\r"))
	run(t, ctx, chromedp.WaitVisible(css(".nav")))
	run(t, ctx, chromedp.Click(css(`.nav [href="/work/admin"]`)))
	run(t, ctx, chromedp.WaitVisible(css(".tabs")))
	run(t, ctx, chromedp.Click(css(`.tabs [href="/work/admin/people"]`)))
	run(t, ctx, chromedp.WaitVisible(css("#q")))
	run(t, ctx, chromedp.SendKeys(css("#q"), "town\r"))
	until(t, ctx, `document.querySelectorAll('.people tbody tr').length === 1`)
	run(t, ctx, chromedp.Click(css(".people tbody a")))
	run(t, ctx, chromedp.WaitVisible(css("#act-appointed summary")))
	run(t, ctx, chromedp.Click(css("#act-appointed summary")))
	run(t, ctx, chromedp.SetValue(css("#office"), village))
	run(t, ctx, chromedp.Click(css(`[value="appointed"]`)))
	until(t, ctx, `document.querySelector('.done')?.textContent.includes('岗位已增加')`)
	until(t, ctx, `document.querySelector('.rows').textContent.includes('东湖社区')`)
	person := run(t, ctx, chromedp.Evaluate[string](`location.pathname`))

	run(t, ctx, chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile))
	for _, path := range []string{"/work/admin", "/work/admin/people", "/work/admin/people/new", "/work/admin/offices", "/work/admin/offices/" + village, "/work/admin/offices/import", "/work/admin/offices/plans", "/work/admin/catalogue", "/work/admin/catalogue/draft", "/work/admin/catalogue/items/residence", "/work/admin/catalogue/report", "/work/admin/register", "/work/admin/seals", "/work/admin/seals/" + w.KeyList().Keys[0].KID, "/work/admin/characters", "/work/admin/messages", "/work/admin/retention", "/work/admin/calendar", "/work/admin/audit", person, person + "?lang=en", person + "?lang=zh&size=large"} {
		open(t, ctx, w.URL+path)
		run(t, ctx, chromedp.Evaluate[int](`[...document.querySelectorAll('details')].map(d => d.open = true).length`))
		small := run(t, ctx, chromedp.Evaluate[[]string](`[...document.querySelectorAll('a:not(.skip),button,input:not([type=hidden]),select,summary')].filter(e => e.offsetParent && e.getBoundingClientRect().height < 44).map(e => e.outerHTML.slice(0, 80))`))
		if len(small) > 0 {
			t.Errorf("%s: targets under 44 pixels: %q", path, small)
		}
		fits(t, ctx, path)
	}
}
