package web_test

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestUnsaved: who fills in a request that only this session leads to is told so before
// something else ends the session, and comes back by a code, or gives it up.
func TestUnsaved(t *testing.T) {
	w := newWorld(t, unhurried)
	issuer := w.vouched()
	clerk := w.signedIn(t, "village")
	address := clerk.handIn()
	id := strings.TrimPrefix(address, "/work/cases/")
	slip := url.Values{"case": {id}, "code": {clerk.code(address)}}
	begun := func(d *desk) string {
		request := d.apply("residence")
		d.answer(request, "where", []string{"for", "applicant.as", "holder"})
		return request
	}

	phone := w.guest(t)
	first := begun(phone)
	for what, ends := range map[string]func() (seen, string){
		"another request": func() (seen, string) { return phone.post("/apply/family-relation", url.Values{}) },
		"a slip":          func() (seen, string) { return phone.post("/follow", slip) },
		"a return code": func() (seen, string) {
			return phone.post("/apply", url.Values{"request": {id}, "code": {"0000 0000 0000"}})
		},
		"signing in": func() (seen, string) { return phone.get("/mine/signin?next=/apply/family-relation") },
	} {
		r, page := ends()
		if r.StatusCode != 409 || !strings.Contains(page, "它只在这台设备上开着") || !strings.Contains(page, `action="`+first+`/later"`) || !strings.Contains(page, first[len("/apply/residence/"):]) {
			t.Errorf("%s: %d %s", what, r.StatusCode, page)
		}
		if r, _ := phone.get(first + "/where"); r.StatusCode != 200 {
			t.Fatalf("after %s the request is gone", what)
		}
	}
	_, page := phone.post("/apply/family-relation", url.Values{})
	_, page = phone.post(first+"/later", url.Values{"next": {field(t, page, "next")}})
	code := textOf(t, page, "return-code")
	if !strings.Contains(page, `class="button" href="/apply/family-relation"`) {
		t.Errorf("with a code it goes on to: %s", page)
	}
	phone.apply("family-relation")
	if r, _ := phone.post("/apply", url.Values{"request": {first[len("/apply/residence/"):]}, "code": {code}}); r.Address.Path != first+"/where" {
		t.Errorf("back from a request in which nothing was said: %s", r.Address)
	}

	hasty := w.guest(t)
	given := begun(hasty)
	_, page = hasty.post("/follow", slip)
	again := url.Values{}
	for _, name := range []string{"without", "case", "code"} {
		again.Set(name, field(t, page, name))
	}
	if r, page := hasty.post("/follow", again); r.Address.Path != "/follow/"+id {
		t.Errorf("without it: %s %s", r.Address, page)
	}
	if r, _ := hasty.get(given + "/where"); r.StatusCode != 404 {
		t.Errorf("what was given up: %d", r.StatusCode)
	}
	for _, before := range []string{"/follow", "/apply", "/apply/residence"} {
		if _, page := hasty.get(before); !strings.Contains(page, "往下走，它就关闭") {
			t.Errorf("%s does not say that the open case closes", before)
		}
	}

	signs := w.guest(t)
	begun(signs)
	_, page = signs.get("/mine/signin?next=/mine")
	link := regexp.MustCompile(`/mine/signin\?next=[^"]*without=[^"]*`).FindString(page)
	if r, page := signs.get(html.UnescapeString(link)); link == "" || !strings.HasPrefix(r.Address.String(), issuer) {
		t.Errorf("signing in without it: %q leads to %s %s", link, r.Address, page)
	}
	if r, page := signs.get("/mine/callback?error=access_denied"); r.StatusCode != 401 {
		t.Errorf("back from there, having given it up: %d %s", r.StatusCode, page)
	}

	late := w.guest(t)
	late.get("/mine/signin?next=/mine")
	meanwhile := begun(late)
	if r, page := late.get("/mine/callback?code=x&state=y"); r.StatusCode != 409 || !strings.Contains(page, meanwhile) {
		t.Errorf("one begun meanwhile: %d %s", r.StatusCode, page)
	}
}

// TestUnsavedPhone: the same in a browser, on a phone and in large letters.
func TestUnsavedPhone(t *testing.T) {
	w := newWorld(t, unhurried)
	ctx := browserFor(t, time.Minute)
	run(t, ctx, chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile))
	begin := func(item string) {
		t.Helper()
		open(t, ctx, w.URL+"/apply/"+item+"?size=large")
		click(t, ctx, "form[action^='/apply/'] button")
	}
	begin("residence")
	click(t, ctx, "input[value=holder]")
	click(t, ctx, "main form .button")
	until(t, ctx, `location.pathname.endsWith('/where')`)
	begin("family-relation")
	reads(t, ctx, "main", "不要它了")
	accessible(t, ctx, "what would be lost")
	fits(t, ctx, "what would be lost")
	click(t, ctx, "form[action$='/later'] button")
	reads(t, ctx, "main", "记好了，往下走")
	fits(t, ctx, "the code, and on")
	click(t, ctx, "a.button[href='/apply/family-relation']")
	until(t, ctx, `location.pathname === '/apply/family-relation'`)
	click(t, ctx, "form[action^='/apply/'] button")
	until(t, ctx, `location.pathname.endsWith('/for')`)
}
