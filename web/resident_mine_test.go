package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/web"
)

// hands is a clock that tests move.
type hands struct {
	mu  sync.Mutex
	now time.Time
}

func (h *hands) later(d time.Duration) {
	h.mu.Lock()
	h.now = h.now.Add(d)
	h.mu.Unlock()
}

func (h *hands) moves(_ *web.Config, c *yinzheng.Config) {
	h.now = time.Now()
	c.Now = func() time.Time {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.now
	}
}

var shareLink = regexp.MustCompile(`id="link">https?://[^/]+(/s/[A-Za-z0-9_-]{22})<`)

// share makes a link, and returns its path.
func (d *desk) share(code string, form url.Values) string {
	d.t.Helper()
	_, page := d.post("/mine/certificates/"+code+"/shares", form)
	m := shareLink.FindStringSubmatch(page)
	if m == nil {
		d.t.Fatalf("no link: %s", page)
	}
	return m[1]
}

// owner is somebody who has come in by a code off the slip of an issued case.
func (w *world) owner(t *testing.T) (phone *desk, code, address string) {
	t.Helper()
	clerk := w.signedIn(t, "village")
	address = clerk.handIn()
	w.signedIn(t, "town").decide(address, "approve")
	phone = w.guest(t)
	_, page := phone.post("/follow", url.Values{"case": {strings.TrimPrefix(address, "/work/cases/")}, "code": {clerk.code(address)}})
	m := regexp.MustCompile(`/mine/certificates/([0-9A-Z]{12})`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no certificate: %s", page)
	}
	return phone, m[1], address
}

func TestMine(t *testing.T) {
	w := newWorld(t, unhurried)
	phone, code, address := w.owner(t)
	stranger := w.guest(t)
	here := "/mine/certificates/" + code
	for _, path := range []string{"/mine", here, here + "/page", here + "/page.svg", here + "/certificate.pdf"} {
		if r, page := stranger.get(path); r.StatusCode != 401 || !strings.Contains(page, "先确认您是谁") {
			t.Errorf("a stranger, %s: %d %s", path, r.StatusCode, page)
		}
	}
	if _, page := phone.get("/mine"); !strings.Contains(page, here) || !strings.Contains(page, "有效") {
		t.Errorf("mine: %s", page)
	}
	if r, pdf := phone.get(here + "/certificate.pdf"); !strings.HasPrefix(pdf, "%PDF-") || !strings.HasPrefix(r.Header.Get("Content-Disposition"), "attachment") || r.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the file: %d %v", r.StatusCode, r.Header)
	}
	if r, svg := phone.get(here + "/page.svg"); r.Header.Get("Content-Type") != "image/svg+xml" || !strings.Contains(svg, "样本") {
		t.Errorf("the picture: %d", r.StatusCode)
	}
	town := w.signIn("town")
	w.want(w.do("POST", "/api/v1/certificates/"+code+"/holder", `{"purpose":"核对来访"}`, "Authorization", town), 200)
	w.want(w.do("GET", "/v/"+code, nil, "Accept", "text/html"), 200)
	w.school(t)
	cert, err := w.store.Certificate(t.Context(), code)
	must(t, err)
	w.want(w.do("POST", "/api/v1/verify", `{"token":"`+cert.Token+`"}`, "Authorization", w.signIn("school")), 200)
	must(t, w.WriteNotes(t.Context()))
	_, page := phone.get(here)
	_, verified, _ := strings.Cut(page, "谁核验过")
	verified, _, _ = strings.Cut(verified, "谁看过完整内容")
	if by := `<b>` + w.Directory().Office(district).Name + `</b>`; !strings.Contains(verified, by) || !strings.Contains(verified, "系统接口") || strings.Contains(verified, "陈二") {
		t.Errorf("not told of the department that verified it: %s", verified)
	}
	for _, want := range []string{"核对来访", "桥东街道", "持查询码的人", "未登录的核验", "扫码", "下载 PDF"} {
		if !strings.Contains(page, want) {
			t.Errorf("not told of %s: %s", want, page)
		}
	}
	for _, private := range []string{"441302199003070120", "欧阳·祥"} {
		if strings.Contains(page, private) {
			t.Errorf("not masked: %s", private)
		}
	}
	if other, _, _ := w.issued("other"); other != "" {
		if r, _ := phone.get("/mine/certificates/" + other); r.StatusCode != 404 {
			t.Errorf("another's certificate: %d", r.StatusCode)
		}
	}
	if r, _ := phone.get(address); r.StatusCode == 200 && !strings.HasPrefix(r.Address.Path, "/signin") {
		t.Errorf("a resident comes into the workplace: %s", r.Address)
	}
	if strings.Contains(w.log.String(), code) {
		t.Error("a code is in the log")
	}
}

// TestShare: a link opens one certificate to whoever has it, until it ends.
func TestShare(t *testing.T) {
	clock := new(hands)
	w := newWorld(t, unhurried, clock.moves)
	phone, code, _ := w.owner(t)
	here := "/mine/certificates/" + code
	friend := w.guest(t)
	if r, page := phone.post(here+"/shares", url.Values{"days": {"400"}, "note": {"441302199003070120"}}); r.StatusCode != 422 || !strings.Contains(page, `href="#days"`) || !strings.Contains(page, `href="#note"`) {
		t.Errorf("for 400 days: %d %s", r.StatusCode, page)
	}
	link := phone.share(code, url.Values{"days": {"7"}, "note": {"学校"}})
	if _, page := phone.get(here); strings.Contains(page, link) || !strings.Contains(page, "学校") || !strings.Contains(page, "还没有人打开") {
		t.Errorf("the share: %s", page)
	}
	r, page := friend.get(link)
	if r.StatusCode != 200 || !strings.Contains(page, "有效") || !strings.Contains(page, "欧*祥") || strings.Contains(page, "学校") || strings.Contains(page, "欧阳·祥") {
		t.Errorf("opened: %d %s", r.StatusCode, page)
	}
	if r.Header.Get("Cache-Control") != "no-store" || r.Header.Get("Referrer-Policy") != "no-referrer" || r.Header.Get("Set-Cookie") != "" || !strings.Contains(page, `name="robots" content="noindex"`) {
		t.Errorf("headers: %v", r.Header)
	}
	if _, pdf := friend.get(link + "/certificate.pdf"); !strings.HasPrefix(pdf, "%PDF-") {
		t.Errorf("the file: %s", pdf)
	}
	if _, page := phone.get(here); !strings.Contains(page, "打开 2 次") || !strings.Contains(page, "（下载）") {
		t.Errorf("openings: %s", page)
	}

	unknown := "/s/" + strings.Repeat("A", 22)
	_, constant := friend.get(unknown)
	refused := func(what, link string) {
		t.Helper()
		for _, path := range []string{link, link + "/certificate.pdf"} {
			if r, page := friend.get(path); r.StatusCode != 404 || strings.ReplaceAll(page, path, unknown) != constant {
				t.Errorf("%s, %s: %d %s", what, path, r.StatusCode, page)
			}
		}
		if r, page := friend.post(link, url.Values{}); r.StatusCode != 404 || strings.ReplaceAll(page, link, unknown) != constant {
			t.Errorf("%s, pressed: %d %s", what, r.StatusCode, page)
		}
	}
	refused("cut short", link[:len(link)-1])
	id := regexp.MustCompile(`/shares/(\d+)/withdraw`).FindStringSubmatch(func() string { _, page := phone.get(here); return page }())[1]
	if r, _ := friend.post(here+"/shares/"+id+"/withdraw", url.Values{}); r.StatusCode != 401 {
		t.Errorf("a stranger withdraws: %d", r.StatusCode)
	}
	if _, page := phone.post(here+"/shares/"+id+"/withdraw", url.Values{}); !strings.Contains(page, "已收回") {
		t.Errorf("withdrawn: %s", page)
	}
	refused("withdrawn", link)
	if r, _ := phone.post(here+"/shares/"+id+"/withdraw", url.Values{}); r.StatusCode != 404 {
		t.Errorf("withdrawn twice: %d", r.StatusCode)
	}

	day := phone.share(code, url.Values{"days": {"1"}})
	clock.later(24*time.Hour - time.Minute)
	if r, _ := friend.get(day); r.StatusCode != 200 {
		t.Errorf("within the day: %d", r.StatusCode)
	}
	clock.later(time.Minute)
	refused("expired", day)
	if strings.Contains(w.log.String(), strings.TrimPrefix(link, "/s/")) {
		t.Error("a link is in the log")
	}
}

// TestSharesEndAtTheCounter: whoever hands over a new slip ends what is shared if they are
// asked to, and the resident reads that.
func TestSharesEndAtTheCounter(t *testing.T) {
	w := newWorld(t, unhurried)
	phone, code, address := w.owner(t)
	clerk, friend, days := w.signedIn(t, "village"), w.guest(t), url.Values{"days": {"7"}}
	links := []string{phone.share(code, days), phone.share(code, days)}
	opens := func(want int) {
		t.Helper()
		for _, link := range links {
			if r, _ := friend.get(link); r.StatusCode != want {
				t.Errorf("a link answers %d, want %d", r.StatusCode, want)
			}
		}
	}
	clerk.code(address)
	opens(200)
	_, page := clerk.post(address+"/slip", url.Values{"shares": {"end"}})
	if !strings.Contains(page, "已收回分享链接 2 个") {
		t.Errorf("the slip: %s", page)
	}
	opens(404)
	if _, page = clerk.post(address+"/slip", url.Values{"shares": {"end"}}); strings.Contains(page, "已收回分享链接") {
		t.Errorf("again: %s", page)
	}
	phone.post("/follow", url.Values{"case": {strings.TrimPrefix(address, "/work/cases/")}, "code": {clerk.code(address)}})
	if _, page := phone.get("/mine/certificates/" + code); strings.Count(page, "窗口收回全部分享") != 1 || !strings.Contains(page, "已收回") {
		t.Errorf("the resident reads %s", page)
	}
	if _, page := clerk.get(clerk.handIn() + "/slip"); strings.Contains(page, `name="shares"`) {
		t.Error("of a case that is not issued something is shared")
	}
}

// TestShareOnce: a link that opens once waits to be told to, and ends soon after.
func TestShareOnce(t *testing.T) {
	clock := new(hands)
	w := newWorld(t, unhurried, clock.moves)
	phone, code, _ := w.owner(t)
	link, friend := phone.share(code, url.Values{"days": {"30"}, "once": {"1"}}), w.guest(t)
	for range 2 { // as a program does that shows what a link leads to
		if r, page := friend.get(link); r.StatusCode != 200 || strings.Contains(page, "欧") || !strings.Contains(page, "只供打开一次") {
			t.Errorf("before it is opened: %d %s", r.StatusCode, page)
		}
		if r, _ := friend.get(link + "/certificate.pdf"); r.StatusCode != 404 {
			t.Errorf("the file before it is opened: %d", r.StatusCode)
		}
	}
	if r, page := friend.post(link, url.Values{}); r.StatusCode != 200 || !strings.Contains(page, "欧*祥") {
		t.Errorf("opened: %d %s", r.StatusCode, page)
	}
	clock.later(9 * time.Minute)
	if r, _ := friend.get(link + "/certificate.pdf"); r.StatusCode != 200 {
		t.Errorf("the file, nine minutes later: %d", r.StatusCode)
	}
	clock.later(time.Minute)
	for _, path := range []string{link, link + "/certificate.pdf"} {
		if r, _ := friend.get(path); r.StatusCode != 404 {
			t.Errorf("%s, ten minutes later: %d", path, r.StatusCode)
		}
	}
}

// TestShareEnded: the link to a certificate that has ended says so, and does not
// hand its file out; nothing more is shared of it.
func TestShareEnded(t *testing.T) {
	w := newWorld(t, unhurried)
	phone, code, _ := w.owner(t)
	link := phone.share(code, url.Values{"days": {"7"}})
	w.want(w.do("POST", "/api/v1/certificates/"+code+"/suspend", `{"reason":"complaint","opinion":"有人反映"}`, "Authorization", w.signIn("town")), 200)
	friend := w.guest(t)
	if r, page := friend.get(link); r.StatusCode != 200 || !strings.Contains(page, "已中止") || strings.Contains(page, "certificate.pdf") {
		t.Errorf("suspended: %d %s", r.StatusCode, page)
	}
	if r, _ := friend.get(link + "/certificate.pdf"); r.StatusCode != 404 {
		t.Errorf("the file: %d", r.StatusCode)
	}
	if r, page := phone.post("/mine/certificates/"+code+"/shares", url.Values{"days": {"7"}}); r.StatusCode != 409 || !strings.Contains(page, "不能分享") {
		t.Errorf("shared again: %d %s", r.StatusCode, page)
	}
	if r, pdf := phone.get("/mine/certificates/" + code + "/certificate.pdf"); r.StatusCode != 200 || !strings.HasPrefix(pdf, "%PDF-") {
		t.Errorf("one's own file: %d", r.StatusCode)
	}
}

// TestPosted: what is drawn where a form was sent leads, in another language or
// larger, to the page that the form is on.
func TestPosted(t *testing.T) {
	w := newWorld(t, unhurried)
	phone, code, _ := w.owner(t)
	own := "/mine/certificates/" + code
	for _, c := range []struct {
		form string
		sent url.Values
		page string
	}{
		{own + "/shares", url.Values{"days": {"7"}}, own},
		{own + "/shares", url.Values{"days": {"1000"}}, own},
		{"/follow", url.Values{"case": {"0000000000"}, "code": {"0"}}, "/follow"},
		{"/follow/code", url.Values{"case": {"0000000000"}}, "/follow"},
	} {
		_, page := phone.post(c.form, c.sent)
		for _, how := range []string{"size=large", "lang=en", "contrast=high"} {
			if !strings.Contains(page, `href="`+c.page+"?"+how+`"`) {
				t.Errorf("%s: no way to %s?%s:\n%s", c.form, c.page, how, page)
			}
		}
		if r, _ := phone.get(c.page); r.StatusCode != 200 {
			t.Errorf("%s: %d", c.page, r.StatusCode)
		}
	}
}

// TestSecretCookies: over HTTPS a session is kept under a name that no other host of
// the domain can set, and none other is believed.
func TestSecretCookies(t *testing.T) {
	w := newWorld(t, unhurried, func(_ *web.Config, c *yinzheng.Config) { c.PublicURL = "https://zm.example.gov.cn" })
	w.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	r := w.do("POST", "/signin", "username=town&password="+password, "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html")
	name, secret, _ := strings.Cut(strings.Split(r.header.Get("Set-Cookie"), ";")[0], "=")
	if name != "__Host-yinzheng" || !strings.Contains(r.header.Get("Set-Cookie"), "Path=/; ") || !strings.Contains(r.header.Get("Set-Cookie"), "; Secure") || strings.Contains(r.header.Get("Set-Cookie"), "Domain") {
		t.Fatalf("%d, a cookie %s", r.status, r.header.Get("Set-Cookie"))
	}
	for cookie, want := range map[string]int{name + "=" + secret: 200, "yinzheng=" + secret: 303} {
		if r := w.do("GET", "/work", nil, "Cookie", cookie, "Accept", "text/html"); r.status != want {
			t.Errorf("%s: %d, want %d", cookie[:8], r.status, want)
		}
	}
}

// TestShareMany: of one certificate ten links hold at a time, and twenty are made a
// day; one that holds is not hidden behind others that have ended.
func TestShareMany(t *testing.T) {
	w := newWorld(t, unhurried)
	phone, code, _ := w.owner(t)
	own := "/mine/certificates/" + code
	phone.share(code, url.Values{"days": {"30"}, "note": {"给邻居看"}})
	newest := regexp.MustCompile(own + `/shares/\d+/withdraw`)
	for range 10 {
		phone.share(code, url.Values{"days": {"1"}})
		_, page := phone.get(own)
		phone.post(newest.FindString(page), url.Values{})
	}
	if _, page := phone.get(own); !strings.Contains(page, "给邻居看") || len(newest.FindAllString(page, -1)) != 1 {
		t.Errorf("what holds is not shown: %s", page)
	}
	for range 9 {
		phone.share(code, url.Values{"days": {"1"}})
	}
	for _, said := range []string{"10 个有效分享", "一天最多分享 20 次"} {
		if r, page := phone.post(own+"/shares", url.Values{"days": {"1"}}); r.StatusCode != 409 || !strings.Contains(page, said) {
			t.Errorf("one more: %d %s", r.StatusCode, page)
		}
		_, page := phone.get(own)
		phone.post(newest.FindString(page), url.Values{})
	}
}

// TestReadsOfOne: who looks at their certificate again and again is slowed alone, not
// everybody behind the same address, and the record tells of it once an hour; nothing
// that a resident does again and again hides from them who of the staff has looked.
func TestReadsOfOne(t *testing.T) {
	w := newWorld(t)
	phone, code, address := w.owner(t)
	here := "/mine/certificates/" + code
	w.want(w.do("POST", "/api/v1/certificates/"+code+"/holder", `{"purpose":"核对来访"}`, "Authorization", w.signIn("town")), 200)
	for n := 0; ; n++ {
		if r, _ := phone.get(here + "/page.svg"); r.StatusCode == 429 {
			break
		}
		if n > 100 {
			t.Fatal("nobody is slowed")
		}
	}
	link := phone.share(code, url.Values{"days": {"1"}})
	if r, _ := w.guest(t).get(link); r.StatusCode != 200 {
		t.Errorf("somebody else behind that address opens a share: %d", r.StatusCode)
	}
	events, err := w.store.EventsAbout(t.Context(), code)
	must(t, err)
	shown := 0
	for i := range events {
		if events[i].Kind == yinzheng.EventPageShown {
			shown++
		}
	}
	if shown != 1 {
		t.Errorf("on record %d times in an hour", shown)
	}
	for range 150 {
		must(t, w.store.Record(t.Context(), yinzheng.Event{At: w.Now(), Kind: yinzheng.EventCodeSent, Subject: path.Base(address), By: yinzheng.ResidentActor}))
		must(t, w.store.Record(t.Context(), yinzheng.Event{At: w.Now(), Kind: yinzheng.EventDownloaded, Subject: code, By: yinzheng.ResidentActor, Detail: yinzheng.ByCode}))
	}
	if _, page := phone.get(here); !strings.Contains(page, "核对来访") {
		t.Error("who has looked is not told any more")
	}
}

// TestUnknownLinks: links that are made up are looked up as often as a crowd opens theirs,
// and no more, whatever is made up; nobody elsewhere is held up.
func TestUnknownLinks(t *testing.T) {
	now := time.Now()
	w := newWorld(t, behindProxy, func(c *web.Config, _ *yinzheng.Config) { c.Now = func() time.Time { return now } })
	phone, code, _ := w.owner(t)
	link := phone.share(code, url.Values{"days": {"1"}})
	from := func(n int) *desk {
		d := w.guest(t)
		d.Transport = forwarded(fmt.Sprintf("2001:db8:1:%x::1", n))
		return d
	}
	const crowd = 600
	for n := range crowd {
		if r, _ := from(n).get([]string{"/s/", "/stop/"}[n%2] + fmt.Sprint("made-up-", n)); r.StatusCode != 404 {
			t.Fatalf("link %d: %d", n, r.StatusCode)
		}
	}
	for _, path := range []string{"/s/one-more", "/s/one-more/certificate.pdf", "/stop/one-more"} {
		if r, _ := from(crowd).get(path); r.StatusCode != 429 {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
	if r, _ := w.guest(t).get(link); r.StatusCode != 200 {
		t.Errorf("elsewhere a link that opens something: %d", r.StatusCode)
	}
}
