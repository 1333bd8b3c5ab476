package web_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"yinzheng"
	"yinzheng/attachments/picturetest"
	"yinzheng/web"
)

// TestBudget: nobody fills the disk whom nobody vouches for. What is too much is refused
// before it is sent, with a way out; who is vouched for goes on.
func TestBudget(t *testing.T) {
	for name, budget := range map[string]func(*web.Config, *yinzheng.Config){
		"one address": func(c *web.Config, _ *yinzheng.Config) { c.FilesFromOne = 100 << 10 },
		"all":         func(c *web.Config, _ *yinzheng.Config) { c.FilesFromAll = 100 << 10 },
	} {
		t.Run(name, func(t *testing.T) { testBudget(t, newWorld(t, budget)) })
	}
}

// TestBudgetOfNetwork: whoever has a network of IPv6 has its budget once, and not as
// often as it has addresses.
func TestBudgetOfNetwork(t *testing.T) {
	w := newWorld(t, behindProxy, func(c *web.Config, _ *yinzheng.Config) { c.FilesFromOne = 1 << 10 })
	send := func(from string) int {
		t.Helper()
		phone := w.guest(t)
		phone.Transport = forwarded(from)
		address := phone.apply("residence")
		phone.answer(address, "about-name", aboutResidence("", "")[:2]...)
		r, _ := phone.sendPhoto(address, "home_proof", "a.jpg", append(picturetest.Photo(1), make([]byte, 2<<10)...))
		return r.StatusCode
	}
	for range 2 { // what is kept counts, which is less than is sent
		send("2001:db8:1:1::1")
	}
	for from, want := range map[string]int{"2001:db8:1:2::1": 429, "2001:db8:2:1::1": 200} {
		if got := send(from); got != want {
			t.Errorf("%s: %d, want %d", from, got, want)
		}
	}
}

// forwarded sends requests as a proxy does, from an address.
type forwarded string

func (f forwarded) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Set("X-Forwarded-For", string(f))
	return http.DefaultTransport.RoundTrip(r)
}

func testBudget(t *testing.T, w *world) {
	phone, known := w.guest(t), w.guest(t)
	known.identifies(w.vouched(), "ouyang", "/apply/residence")
	all := aboutResidence("", "")
	address, other := phone.apply("residence"), known.apply("residence")
	phone.answer(address, "about-name", all[:2]...)
	known.answer(other, "about-address", all[:2]...)
	for i, shade := range []uint8{1, 2} { // what is kept counts, and that is less than is sent
		if r, page := phone.sendPhoto(address, "home_proof", "a.jpg", append(picturetest.Photo(shade), make([]byte, 90<<10)...)); r.StatusCode != http.StatusOK {
			t.Fatalf("photograph %d: %d %s", i, r.StatusCode, page)
		}
	}
	if r, page := phone.sendPhoto(address, "home_proof", "b.jpg", make([]byte, 100<<10)); r.StatusCode != http.StatusUnprocessableEntity {
		t.Fatalf("no photograph: %d %s", r.StatusCode, page)
	}
	status, page := w.announced(phone, address+"/photo-home_proof/file")
	if status != http.StatusTooManyRequests || !strings.Contains(page, "请带材料到窗口办理") {
		t.Errorf("over the budget: %d %s", status, page)
	}
	if r, page := known.sendPhoto(other, "home_proof", "a.jpg", picturetest.Photo(3)); r.StatusCode != http.StatusOK {
		t.Errorf("who is vouched for: %d %s", r.StatusCode, page)
	}
}

// announced has somebody announce a large file, and returns the answer that comes
// though nothing of it was sent.
func (w *world) announced(d *desk, address string) (status int, page string) {
	w.t.Helper()
	u, err := url.Parse(d.base)
	must(w.t, err)
	var cookies []string
	for _, c := range d.Jar.Cookies(u) {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	c, err := net.Dial("tcp", u.Host)
	must(w.t, err)
	defer func() { must(w.t, c.Close()) }()
	_, err = fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 20000000\r\nConnection: close\r\n\r\n", address, u.Host, strings.Join(cookies, "; "))
	must(w.t, err)
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	must(w.t, err)
	defer func() { _ = r.Body.Close() }()
	body, err := io.ReadAll(r.Body)
	must(w.t, err)
	return r.StatusCode, string(body)
}
