package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"yinzheng/internal/oidctest"
	residents "yinzheng/resident"
)

// elsewhere sends what a form at another site asks for, and returns the page that
// the browser comes to.
func (d *desk) elsewhere(page, site string, form url.Values) (seen, string) {
	d.t.Helper()
	m := regexp.MustCompile(`action="([^"]+)"`).FindStringSubmatch(page)
	if m == nil {
		d.t.Fatalf("no form in %s", page)
	}
	action, err := url.Parse(m[1])
	must(d.t, err)
	there := &desk{d.Client, d.t, site}
	return there.post(action.RequestURI(), form)
}

// identifies signs somebody in at the provider, by its own pages.
func (d *desk) identifies(issuer, login, next string) (seen, string) {
	d.t.Helper()
	r, page := d.get("/mine/signin?next=" + url.QueryEscape(next))
	if !strings.HasPrefix(r.Address.String(), issuer) {
		d.t.Fatalf("sent to %s: %s", r.Address, page)
	}
	for {
		form := url.Values{}
		switch {
		case strings.Contains(page, `name="prompt"`):
			form.Set("prompt", field(d.t, page, "prompt"))
			if form.Get("prompt") == "login" {
				form.Set("login", login)
				form.Set("password", "any will do")
			}
		case strings.Contains(page, `name="logout"`): // it lets go of who was there before
			form.Set("xsrf", field(d.t, page, "xsrf"))
			form.Set("logout", "yes")
		default:
			return r, page
		}
		r, page = d.elsewhere(page, issuer, form)
	}
}

// TestIdentity signs residents in at a real provider, over plain pages: they see
// what is theirs and nothing else, and nothing of it is kept.
func TestIdentity(t *testing.T) {
	w := newWorld(t, unhurried)
	client := oidctest.Client{ID: "yinzheng", Secret: "a secret of the tests"}
	issuer := oidctest.Start(t, oidctest.Config{Client: client, Redirect: w.URL + "/mine/callback", People: map[string]map[string]string{
		"ouyang": {"name": "欧阳祥", "id_number": "441302199003070120", "id_type": "10"},
		"li":     {"name": "李雷", "id_number": "E12345678", "id_type": "20"},
		"nobody": {"name": "韩梅梅"},
	}})
	identity := residents.Identity{
		Issuer: issuer, ClientID: client.ID, Secret: client.Secret, Redirect: w.URL + "/mine/callback", TypeClaim: "id_type", Types: map[string]string{"10": "111", "20": "passport"},
	}
	w.residents.UseIdentity(identity)
	clerk := w.signedIn(t, "village")
	address := clerk.handIn()
	w.signedIn(t, "town").decide(address, "approve")
	waiting := clerk.handIn()

	phone := w.guest(t)
	if r, page := phone.get("/mine"); r.StatusCode != 401 || !strings.Contains(page, "/mine/signin?next=%2fmine") {
		t.Fatalf("before signing in: %d %s", r.StatusCode, page)
	}
	r, page := phone.identifies(issuer, "ouyang", "/mine")
	if r.Address.Path != "/mine" || r.Address.RawQuery != "" || !strings.Contains(page, "欧*祥") || !strings.Contains(page, "有效") || !strings.Contains(page, waiting[len("/work/cases/"):]) {
		t.Fatalf("signed in: %s %s", r.Address, page)
	}
	for _, c := range phone.Jar.Cookies(r.Address) {
		if c.Name == "yinzheng-away" {
			t.Error("the ticket is kept")
		}
	}
	if _, page = phone.get("/follow/" + waiting[len("/work/cases/"):]); !strings.Contains(page, "办到哪一步") {
		t.Errorf("one's own case: %s", page)
	}

	other := w.guest(t)
	if r, page := other.identifies(issuer, "li", "https://evil.example/"); r.Address.Path != "/mine" || !strings.Contains(page, "还没有签发给您的证明") {
		t.Errorf("somebody else: %s %s", r.Address, page)
	}
	if r, _ := other.get("/follow/" + waiting[len("/work/cases/"):]); r.StatusCode != 404 {
		t.Errorf("another's case: %d", r.StatusCode)
	}
	if r, page := w.guest(t).identifies(issuer, "nobody", "/mine"); r.StatusCode != 401 || !strings.Contains(page, "没有给出姓名和证件号码") || !strings.Contains(page, `href="/follow"`) {
		t.Errorf("without a document: %d %s", r.StatusCode, page)
	}

	if _, page := phone.post("/leave", url.Values{}); !strings.Contains(page, issuer+"/session/end?client_id=yinzheng") {
		t.Errorf("signing out there, too: %s", page)
	}
	if r, _ := phone.get("/mine"); r.StatusCode != 401 {
		t.Errorf("signed out: %d", r.StatusCode)
	}
	if r, page := phone.identifies(issuer, "li", "/mine"); r.StatusCode != 200 || !strings.Contains(page, "还没有签发给您的证明") {
		t.Errorf("the next one on this device comes in as who was there before: %d %s", r.StatusCode, page)
	}
	if r, page := phone.get("/mine/signin?next=/mine"); r.Address.Path != "/mine" || !strings.Contains(page, "还没有签发给您的证明") {
		t.Errorf("who has not left is asked again: %s %s", r.Address, page)
	}
	asks := w.guest(t)
	asks.apply("residence")
	if _, page := asks.post("/leave", url.Values{}); strings.Contains(page, "/session/end") {
		t.Error("who came by no provider is to sign out of it")
	}
	if log := w.log.String(); strings.Contains(log, "441302199003070120") || strings.Contains(log, "欧阳") || strings.Contains(log, "code=") {
		t.Error("an identity is in the log")
	}
}

// TestIdentityReplayed: what a real provider sent one browser back with opens
// nothing in another, nor a second time.
func TestIdentityReplayed(t *testing.T) {
	w := newWorld(t, unhurried)
	client := oidctest.Client{ID: "yinzheng", Secret: "a secret of the tests"}
	issuer := oidctest.Start(t, oidctest.Config{Client: client, Redirect: w.URL + "/mine/callback", People: map[string]map[string]string{"ouyang": {"name": "欧阳祥", "id_number": "441302199003070120"}}})
	w.residents.UseIdentity(residents.Identity{Issuer: issuer, ClientID: client.ID, Secret: client.Secret, Redirect: w.URL + "/mine/callback"})
	phone, thief := w.guest(t), w.guest(t)
	var back, kept string
	phone.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == "/mine/callback" {
			back = r.URL.RequestURI()
			for _, c := range phone.Jar.Cookies(r.URL) {
				kept = c.Name + "=" + c.Value
			}
		}
		return nil
	}
	if r, _ := phone.identifies(issuer, "ouyang", "/mine"); r.Address.Path != "/mine" || back == "" {
		t.Fatalf("signed in: %s", r.Address)
	}
	thief.get("/mine/signin") // has a ticket of its own
	if r, page := thief.get(back); r.StatusCode != 401 || !strings.Contains(page, "这次登录没有成功") {
		t.Errorf("in another browser: %d %s", r.StatusCode, page)
	}
	again := w.guest(t)
	if r, page := again.send("GET", back, nil, "Cookie", kept); r.StatusCode != 401 || !strings.Contains(page, "这次登录没有成功") {
		t.Errorf("a second time, ticket and all: %d %s", r.StatusCode, page)
	}
}

// TestIdentityNext: whoever gave up signing in, or was asked to in the middle of
// something, comes to a page and not to where only the provider or a form leads.
func TestIdentityNext(t *testing.T) {
	w := newWorld(t, unhurried)
	client := oidctest.Client{ID: "yinzheng", Secret: "a secret of the tests"}
	issuer := oidctest.Start(t, oidctest.Config{Client: client, Redirect: w.URL + "/mine/callback", People: map[string]map[string]string{"ouyang": {"name": "欧阳祥", "id_number": "441302199003070120"}}})
	w.residents.UseIdentity(residents.Identity{Issuer: issuer, ClientID: client.ID, Secret: client.Secret, Redirect: w.URL + "/mine/callback"})
	next := regexp.MustCompile(`/mine/signin\?next=([^"&]+)`)
	offered := func(page string) string {
		t.Helper()
		m := next.FindStringSubmatch(page)
		if m == nil {
			t.Fatalf("no way to sign in: %s", page)
		}
		to, err := url.QueryUnescape(m[1])
		must(t, err)
		return to
	}
	phone := w.guest(t)
	phone.get("/mine/signin?next=/follow")
	r, page := phone.get("/mine/callback?error=access_denied&state=x")
	if to := offered(page); r.StatusCode != 401 || to != "/follow" || !strings.Contains(page, `href="/follow?size=large"`) {
		t.Errorf("given up: %d, offered %s", r.StatusCode, to)
	}
	for _, asked := range []string{"/mine/callback", "/mine/signin"} {
		if r, _ := w.guest(t).identifies(issuer, "ouyang", asked); r.StatusCode != 200 || r.Address.Path != "/mine" {
			t.Errorf("to %s: %d %s", asked, r.StatusCode, r.Address)
		}
	}
	if _, page := w.guest(t).post("/mine/certificates/ABCDEFGHJKLMNPQR/shares", url.Values{"days": {"1"}}); offered(page) != "/mine/certificates/ABCDEFGHJKLMNPQR" {
		t.Errorf("from a form: offered %s", offered(page))
	}
}

// TestIdentityAway: while the provider is away, the page says so and offers a code.
func TestIdentityAway(t *testing.T) {
	w := newWorld(t, unhurried)
	w.residents.UseIdentity(residents.Identity{Issuer: "http://127.0.0.1:1", ClientID: "yinzheng", Redirect: w.URL + "/mine/callback"})
	begun := time.Now()
	r, page := w.guest(t).get("/mine/signin")
	if r.StatusCode != 503 || !strings.Contains(page, "暂时没有应答") || !strings.Contains(page, `href="/follow"`) || time.Since(begun) > 10*time.Second {
		t.Errorf("%d %s", r.StatusCode, page)
	}
}
