package web_test

import (
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"yinzheng"
	"yinzheng/internal/inturn"
)

// mails are the mails of a kind that wait, oldest first.
func (w *world) mails(t *testing.T, kind string) []*yinzheng.Delivery {
	t.Helper()
	list, err := w.store.DueMessages(t.Context(), yinzheng.Mail, w.Now(), 99)
	must(t, err)
	list = slices.DeleteFunc(list, func(d *yinzheng.Delivery) bool { return d.Kind != kind })
	slices.SortStableFunc(list, func(a, b *yinzheng.Delivery) int { return a.At.Compare(b.At) })
	return list
}

// sentCode is the code that was sent last.
func (w *world) sentCode(t *testing.T) string {
	t.Helper()
	list := w.mails(t, yinzheng.KindCode)
	m := regexp.MustCompile(`(?:验证码|Code) ([0-9A-Z]{4} [0-9A-Z]{4})`).FindStringSubmatch(list[len(list)-1].Body)
	if m == nil {
		t.Fatalf("no code in %s", list[len(list)-1].Body)
	}
	return m[1]
}

// follower is somebody who follows a case by its code.
func (w *world) follower(t *testing.T) (phone *desk, id string) {
	t.Helper()
	clerk := w.signedIn(t, "village")
	address := clerk.handIn()
	id = strings.TrimPrefix(address, "/work/cases/")
	phone = w.guest(t)
	phone.post("/follow", url.Values{"case": {id}, "code": {clerk.code(address)}})
	return phone, id
}

// TestResidentContact: set by a code, chosen, changed and removed, without scripts; and
// stopped from a message by whoever has it, which looking at it does not do.
func TestResidentContact(t *testing.T) {
	w := newWorld(t, unhurried)
	phone, id := w.follower(t)
	if _, page := phone.get("/mine/contact"); !strings.Contains(page, "还没有开通短信和邮件") || strings.Contains(page, `name="contact"`) {
		t.Errorf("nobody serves: %s", page)
	}
	w.Channels = []yinzheng.MessageChannel{yinzheng.Mail}
	if r, _ := w.guest(t).get("/mine/contact"); r.StatusCode != 401 {
		t.Errorf("a stranger: %d", r.StatusCode)
	}
	if _, page := phone.get("/follow/" + id); !strings.Contains(page, `href="/mine/contact"`) {
		t.Errorf("the case does not offer it: %s", page)
	}
	for contact, want := range map[string]string{"nobody": "11 位手机号", "13800000000": "没有开通短信", "": "11 位手机号"} {
		if r, page := phone.post("/mine/contact", url.Values{"contact": {contact}, "wants": {"all"}}); r.StatusCode != 422 || !strings.Contains(page, want) || !strings.Contains(page, `href="#contact"`) || !strings.Contains(page, `aria-invalid="true"`) {
			t.Errorf("%q: %d %s", contact, r.StatusCode, page)
		}
	}
	if r, page := phone.post("/mine/contact", url.Values{"contact": {"zhang@example.com"}, "wants": {"some"}}); r.StatusCode != 422 || !strings.Contains(page, `href="#wants"`) {
		t.Errorf("no choice: %d %s", r.StatusCode, page)
	}
	_, page := phone.post("/mine/contact", url.Values{"contact": {"zhang@example.com"}, "wants": {"all"}})
	if !strings.Contains(page, "z***@example.com") || strings.Contains(page, "zhang@") || !strings.Contains(page, id) {
		t.Fatalf("asked: %s", page)
	}
	if r, page := phone.post("/mine/contact/code", url.Values{"code": {"0000 0000"}}); r.StatusCode != 422 || !strings.Contains(page, `href="#code"`) {
		t.Errorf("a wrong code: %d %s", r.StatusCode, page)
	}
	if _, page = phone.post("/mine/contact/code", url.Values{"code": {w.sentCode(t)}}); !strings.Contains(page, "已确认") || !strings.Contains(page, "现在发到") {
		t.Fatalf("proven: %s", page)
	}
	if _, page = phone.post("/mine/contact/wants", url.Values{"wants": {"asked"}}); !strings.Contains(page, `value="asked" checked`) {
		t.Errorf("chosen: %s", page)
	}
	w.signedIn(t, "town").decide("/work/cases/"+id, "return", "opinion", "请补租赁合同", "to_step", "")
	told := w.mails(t, "case-returned")
	if len(told) != 1 || strings.Contains(told[0].Body, "租赁合同") || !strings.Contains(told[0].Body, w.PublicURL+"/follow\n") {
		t.Fatalf("told: %+v", told)
	}

	stop := strings.TrimPrefix(told[0].Stop, w.PublicURL)
	reader := w.guest(t)
	if r, page := reader.get(stop); r.StatusCode != 200 || !strings.Contains(page, "不用登录") || strings.Contains(page, id) || strings.Contains(page, "example.com") || r.Header.Get("Set-Cookie") != "" || r.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the page to stop: %d %v %s", r.StatusCode, r.Header, page)
	}
	if _, page := phone.get("/mine/contact"); !strings.Contains(page, `value="asked" checked`) {
		t.Error("looking stops them")
	}
	resp, err := http.Post(w.URL+stop, "application/x-www-form-urlencoded", strings.NewReader("List-Unsubscribe=One-Click"))
	must(t, err)
	must(t, resp.Body.Close())
	if resp.StatusCode != 200 || resp.Request.Method != "POST" {
		t.Errorf("a mail program stops them: %s", resp.Status)
	}
	if _, page := phone.get("/mine/contact"); !strings.Contains(page, `value="none" checked`) {
		t.Error("stopped, and it does not show")
	}
	if _, page := reader.post(stop, url.Values{"wants": {"all"}}); !strings.Contains(page, "已保存") {
		t.Errorf("wanted again: %s", page)
	}
	for _, bad := range []string{"/stop/0123456789ABCDEF", "/stop/" + id, stop + "0"} {
		if r, page := reader.get(bad); r.StatusCode != 404 || !strings.Contains(page, "已经不起作用") {
			t.Errorf("%s: %d", bad, r.StatusCode)
		}
	}
	if _, page := phone.post("/mine/contact/remove", url.Values{}); !strings.Contains(page, "已删除") || strings.Contains(page, "现在发到") {
		t.Errorf("removed: %s", page)
	}
	if list := w.mails(t, yinzheng.KindContactGone); len(list) != 1 {
		t.Errorf("the contact is told %d times", len(list))
	}
	if r, _ := reader.post(stop, url.Values{}); r.StatusCode != 404 {
		t.Errorf("the old link: %d", r.StatusCode)
	}
	if log := w.log.String(); strings.Contains(log, strings.TrimPrefix(stop, "/stop/")) || strings.Contains(log, "zhang@") {
		t.Error("a secret or an address is in the log")
	}
}

// TestContactLanguage: messages are in the language that the resident asks for, and not
// in the one that the clerk reads in.
func TestContactLanguage(t *testing.T) {
	w := newWorld(t, unhurried)
	w.Channels = []yinzheng.MessageChannel{yinzheng.Mail}
	clerk := w.signedIn(t, "village")
	clerk.get("/work?lang=en")
	for _, language := range []string{"zh", "en"} {
		address := clerk.handIn()
		if _, page := clerk.get(address + "/slip"); !strings.Contains(page, `name="language"`) {
			t.Fatalf("not asked for: %s", page)
		}
		clerk.post(address+"/contact", url.Values{"contact": {language + "@example.com"}, "language": {language}})
		c, err := w.store.ContactOf(t.Context(), "case:"+path.Base(address))
		must(t, err)
		if c.Language != language {
			t.Errorf("asked for %s: %s", language, c.Language)
		}
		clerk.post(address+"/contact", url.Values{"contact": {"other@example.com"}, "language": {"<b>"}})
		if c, err := w.store.ContactOf(t.Context(), c.Resident); err != nil || c.Address != language+"@example.com" {
			t.Errorf("in no language there is: %+v, %v", c, err)
		}
	}
}

// TestStopsAreLimited: each choice is an entry of the record, and nobody fills that.
func TestStopsAreLimited(t *testing.T) {
	w := newWorld(t)
	c := &yinzheng.ResidentContact{
		Resident: "case:0000000000", Contact: yinzheng.Contact{Channel: yinzheng.Mail, Address: "zhang@example.com"}, Language: "zh", Wants: yinzheng.WantsAll, Secret: "0123456789ABCDEF", By: "p-village", At: w.Now(),
	}
	must(t, w.store.PutContact(t.Context(), c))
	reader := w.guest(t)
	for n := 1; ; n++ {
		r, _ := reader.post("/stop/"+c.Secret, url.Values{"wants": {[]string{"all", "none"}[n%2]}})
		if r.StatusCode == 429 {
			break
		}
		if r.StatusCode != 200 || n > 100 {
			t.Fatalf("choice %d: %d", n, r.StatusCode)
		}
	}
}

// TestResidentContactPhone: the same page on a phone, by touch.
func TestResidentContactPhone(t *testing.T) {
	inturn.Only(t)
	w := newWorld(t, unhurried)
	w.Channels = []yinzheng.MessageChannel{yinzheng.Mail}
	clerk := w.signedIn(t, "village")
	address := clerk.handIn()
	ctx := browser(t)
	run(t, ctx, chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile))
	comesBy(t, ctx, w.URL, strings.TrimPrefix(address, "/work/cases/"), clerk.code(address))
	press := func(script, shown string) {
		t.Helper()
		holds(t, ctx, script+`, true`)
		until(t, ctx, shown)
		fitsPhone(t, ctx, shown)
		accessible(t, ctx, shown)
	}
	press(`document.querySelector('[href="/mine/contact"]').click()`, `document.getElementById('wants') !== null`)
	press(`document.getElementById('contact').value = 'zhang@example.com', document.querySelector('main form .button').click()`, `document.getElementById('code') !== null`)
	press(`document.getElementById('code').value = '`+w.sentCode(t)+`', document.querySelector('main form .button').click()`, `document.querySelector('[action$="/wants"]') !== null`)
	w.signedIn(t, "town").decide(address, "return", "opinion", "请补租赁合同", "to_step", "")
	open(t, ctx, w.URL+strings.TrimPrefix(w.mails(t, "case-returned")[0].Stop, w.PublicURL))
	press(`document.querySelector('main form .button').click()`, `document.querySelector('.notice.good')?.textContent.includes('已停止')`)
}
