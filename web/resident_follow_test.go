package web_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path"
	"regexp"
	"strings"
	"testing"
)

// guest is a resident's browser without scripts.
func (w *world) guest(t *testing.T) *desk {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	return &desk{&http.Client{Jar: jar}, t, w.URL}
}

// handIn hands a case of a residence in, and returns its address in the workplace.
func (d *desk) handIn() string {
	d.t.Helper()
	address := d.start("441302199003070120")
	_, page := d.get(address + "/edit")
	form := residenceForm(field(d.t, page, "version"))
	form.Set("then", "check")
	_, page = d.post(address+"/edit", form)
	d.post(address+"/submit", url.Values{"version": {field(d.t, page, "version")}})
	return address
}

// code has a code made for the case at an address, and reads it off the slip.
func (d *desk) code(address string) string {
	d.t.Helper()
	_, page := d.post(address+"/slip", url.Values{})
	m := regexp.MustCompile(`role="status">([0-9A-Z]{4} [0-9A-Z]{4})<`).FindStringSubmatch(page)
	if m == nil {
		d.t.Fatalf("no code on the slip: %s", page)
	}
	return m[1]
}

// decide takes a decision on a case.
func (d *desk) decide(address, action string, more ...string) {
	d.t.Helper()
	_, page := d.get(address)
	form := url.Values{"version": {field(d.t, page, "version")}, "action": {action}}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	d.post(address+"/decide", form)
}

// TestFollow: from the slip to the case, as it is sent back, mended and issued.
func TestFollow(t *testing.T) {
	w := newWorld(t, unhurried)
	clerk, town, phone, stranger := w.signedIn(t, "village"), w.signedIn(t, "town"), w.guest(t), w.guest(t)
	address := clerk.handIn()
	id := strings.TrimPrefix(address, "/work/cases/")
	if _, page := clerk.get(address + "/slip"); !strings.Contains(page, "生成查询码") || strings.Contains(page, `role="status"`) {
		t.Fatalf("the slip: %s", page)
	}
	if _, page := town.get(address + "/slip"); strings.Contains(page, "生成查询码") {
		t.Error("an approver is offered to hand a code over")
	}
	code := clerk.code(address)
	if _, page := clerk.get(address + "/slip"); strings.Contains(page, code) {
		t.Error("a code is shown again")
	}
	if _, page := clerk.post("/work/search", url.Values{"q": {w.PublicURL + "/follow#" + id}}); !strings.Contains(page, address) {
		t.Errorf("the counter scans a slip and finds: %s", page)
	}

	r, asked := phone.get("/follow/" + id)
	if r.StatusCode != 404 || field(t, asked, "case") != id {
		t.Fatalf("before a code is given: %d %s", r.StatusCode, asked)
	}
	for _, tt := range [][2]string{{id, "0000 0000"}, {"0000000000", code}, {"张三", ""}} {
		r, page := stranger.post("/follow", url.Values{"case": {tt[0]}, "code": {tt[1]}})
		if r.StatusCode != 401 || !strings.Contains(page, "办件号或查询码不对") || len(stranger.Jar.Cookies(r.Address)) > 0 {
			t.Errorf("%q: %d %s", tt, r.StatusCode, page)
		}
	}
	r, page := phone.post("/follow", url.Values{"case": {strings.ToLower(id)}, "code": {code}})
	if r.Address.Path != "/follow/"+id || !strings.Contains(page, "正在办理") && !strings.Contains(page, "办好") || !strings.Contains(page, "桥东街道") {
		t.Fatalf("let in: %s %s", r.Address, page)
	}
	for _, private := range []string{"441302199003070120", "欧阳·祥", "滨江路"} {
		if strings.Contains(page, private) {
			t.Errorf("the page shows %s", private)
		}
	}
	for path, want := range map[string]int{"/follow/0000000000": 404, "/follow/" + id: 200} {
		if r, _ := phone.get(path); r.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, r.StatusCode, want)
		}
		if r, _ := stranger.get(path); r.StatusCode != 404 {
			t.Errorf("a stranger, %s: %d", path, r.StatusCode)
		}
	}

	town.decide(address, "return", "opinion", "请补租赁合同", "to_step", "")
	if _, page = phone.get("/follow/" + id); !strings.Contains(page, "需要您补正") || !strings.Contains(page, "请补租赁合同") {
		t.Errorf("sent back: %s", page)
	}
	if strings.Contains(page, "周敏") || strings.Contains(page, "某") {
		t.Errorf("the page names who decided: %s", page)
	}
	_, page = clerk.get(address + "/edit")
	form := residenceForm(field(t, page, "version"))
	form.Set("then", "check")
	_, page = clerk.post(address+"/edit", form)
	clerk.post(address+"/submit", url.Values{"version": {field(t, page, "version")}})
	town.decide(address, "approve")
	if _, page = phone.get("/follow/" + id + "?lang=en"); !strings.Contains(page, "The certificate was issued") {
		t.Errorf("issued: %s", page)
	}

	if r, page := phone.post("/leave", url.Values{}); r.StatusCode != 200 || !strings.Contains(page, "You are signed out") {
		t.Errorf("signing out: %s %s", r.Address, page)
	}
	if r, _ := phone.get("/follow/" + id); r.StatusCode != 404 {
		t.Errorf("signed out: %d", r.StatusCode)
	}
	if log := w.log.String(); strings.Contains(log, strings.ReplaceAll(code, " ", "")) || strings.Contains(log, id) {
		t.Error("a code or a case is in the log")
	}
}

// TestFollowLimit: one address tries few codes, whatever it tries.
func TestFollowLimit(t *testing.T) {
	w := newWorld(t)
	g := w.guest(t)
	var last seen
	for range 31 {
		last, _ = g.post("/follow", url.Values{"case": {"0000000000"}, "code": {"00000000"}})
	}
	if last.StatusCode != http.StatusTooManyRequests || last.Header.Get("Retry-After") == "" {
		t.Errorf("the 31st try: %d %v", last.StatusCode, last.Header)
	}
}

// TestFollowTries: who guesses at one case closes the way in for their own network, and
// not for whoever has its code.
func TestFollowTries(t *testing.T) {
	w := newWorld(t, behindProxy)
	clerk := w.signedIn(t, "village")
	address := clerk.handIn()
	id, code := path.Base(address), clerk.code(address)
	try := func(from string) int {
		return w.do("POST", "/follow", url.Values{"case": {id}, "code": {"00000000"}}.Encode(), "Content-Type", "application/x-www-form-urlencoded", "X-Forwarded-For", from).status
	}
	for _, network := range []string{"198.51.100.7", "198.51.100.8", "198.51.100.9"} {
		answered := 0
		for range 30 {
			if try(network) == http.StatusUnauthorized {
				answered++
			}
		}
		if answered != 10 {
			t.Errorf("%d tries of one case from one network were answered", answered)
		}
	}
	if r, page := w.guest(t).post("/follow", url.Values{"case": {id}, "code": {code}}); r.Address.Path != "/follow/"+id {
		t.Errorf("who has the code: %d %s", r.StatusCode, page)
	}
}
