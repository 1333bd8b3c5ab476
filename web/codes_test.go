package web_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/internal/mailtest"
	"yinzheng/sender"
	"yinzheng/web"
)

// asksContact has a code sent to a contact.
func (d *desk) asksContact(contact string) (int, string) {
	d.t.Helper()
	r, page := d.post("/mine/contact", url.Values{"contact": {contact}, "wants": {"all"}})
	return r.StatusCode, page
}

// from is a guest behind an address.
func (w *world) from(t *testing.T, address string) *desk {
	t.Helper()
	d := w.guest(t)
	d.Transport = forwarded(address)
	return d
}

// TestCodesOfNetwork: those of one network whom nobody vouches for have so many codes a day
// sent to wherever they like, and none abroad; whom a provider vouches for is not held up.
func TestCodesOfNetwork(t *testing.T) {
	now := time.Now()
	w := newWorld(t, behindProxy, func(c *web.Config, _ *yinzheng.Config) { c.Now = func() time.Time { return now } })
	w.Channels = []yinzheng.MessageChannel{yinzheng.Mail, yinzheng.SMS}
	const abroad = "+85291234567"
	n := 0
	stranger := func(address string) (status int, page string) {
		t.Helper()
		d := w.from(t, address)
		d.apply("residence")
		if status, page := d.asksContact(abroad); status != 422 || !strings.Contains(page, "中国内地手机号") || !strings.Contains(page, `href="#contact"`) {
			t.Errorf("abroad: %d %s", status, page)
		}
		n++
		return d.asksContact(fmt.Sprint(13800000000 + n))
	}
	for i := range 10 {
		if status, page := stranger(fmt.Sprintf("2001:db8:1:%d::1", i)); status != 200 {
			t.Fatalf("code %d: %d %s", i, status, page)
		}
	}
	if status, page := stranger("2001:db8:1:99::1"); status != 429 || !strings.Contains(page, "取回码") || !strings.Contains(page, "窗口") {
		t.Errorf("one more of that network: %d %s", status, page)
	}
	if status, _ := stranger("2001:db8:2:1::1"); status != 200 {
		t.Errorf("of another network: %d", status)
	}
	follower, _ := w.follower(t)
	follower.Transport = forwarded("2001:db8:1:98::1")
	if status, _ := follower.asksContact("13700000000"); status != 429 {
		t.Errorf("who came by a slip, of that network: %d", status)
	}
	known := w.guest(t)
	known.identifies(w.vouched(), "ouyang", "/mine")
	known.Transport = forwarded("2001:db8:1:97::1")
	if status, page := known.asksContact(abroad); status != 200 {
		t.Errorf("who is vouched for: %d %s", status, page)
	}
	if now = now.Add(3 * time.Hour); func() int { status, _ := stranger("2001:db8:1:96::1"); return status }() != 200 {
		t.Error("hours later still none")
	}
	for _, want := range []string{`outcome="allowed"} 12`, `outcome="network"} 2`} {
		if page := w.do("GET", "/metrics", nil).body; !bytes.Contains(page, []byte("yinzheng_contact_codes_total{"+want)) {
			t.Errorf("no %s", want)
		}
	}
}

// TestCodesOfAll: from however many networks, those who have but a request have so many
// codes a day sent; who has a case is not held up by them.
func TestCodesOfAll(t *testing.T) {
	w := newWorld(t, behindProxy, func(c *web.Config, _ *yinzheng.Config) { c.CodesToStrangers = 2 })
	w.Channels = []yinzheng.MessageChannel{yinzheng.SMS}
	for i, want := range []int{200, 200, 429, 429} {
		d := w.from(t, fmt.Sprintf("192.0.2.%d", i))
		d.apply("residence")
		if status, page := d.asksContact(fmt.Sprint(13800000000 + i)); status != want {
			t.Errorf("network %d: %d %s", i, status, page)
		}
	}
	follower, _ := w.follower(t)
	if status, page := follower.asksContact("+85291234567"); status != 200 {
		t.Errorf("who has a case: %d %s", status, page)
	}
	if page := w.do("GET", "/metrics", nil).body; !bytes.Contains(page, []byte(`yinzheng_contact_codes_total{outcome="all"} 2`)) {
		t.Error("not counted")
	}
}

// TestCodeByMail: somebody without a slip asks for a code, reads it in the mail that a real
// server has delivered, and comes in by it; once.
func TestCodeByMail(t *testing.T) {
	w := newWorld(t, unhurried)
	w.Channels = []yinzheng.MessageChannel{yinzheng.Mail}
	server, err := mailtest.Start(true)
	must(t, err)
	t.Cleanup(func() { must(t, server.Close()) })
	way, err := sender.NewMail(sender.MailConfig{URL: "smtps://yinzheng@" + server.Address, Password: "pass word", From: "noreply@zm.example.gov.cn", Host: "zm.example.gov.cn", Roots: server.Roots})
	must(t, err)
	post := sender.New(sender.Config{Outbox: w.store, Ways: map[yinzheng.MessageChannel]sender.Way{yinzheng.Mail: way}, Now: time.Now, Log: w.Service.Log})

	clerk := w.signedIn(t, "village")
	address := clerk.handIn()
	id := strings.TrimPrefix(address, "/work/cases/")
	clerk.post(address+"/contact", url.Values{"contact": {"zhang@example.com"}, "language": {"zh"}})
	phone := w.guest(t)
	if _, page := phone.post("/follow/code", url.Values{"case": {id}}); strings.Contains(page, "example.com") {
		t.Errorf("it says where: %s", page)
	}
	must(t, post.Deliver(t.Context()))
	sent, err := server.Mails(2) // that the case was handed in, and the code
	must(t, err)
	code := ""
	for _, raw := range sent {
		m, err := mail.ReadMessage(bytes.NewReader(raw))
		must(t, err)
		body, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, m.Body))
		must(t, err)
		if found := regexp.MustCompile(`查询码 ([0-9A-Z]{4} [0-9A-Z]{4})`).FindSubmatch(body); found != nil && strings.Contains(m.Header.Get("To"), "zhang@example.com") {
			code = string(found[1])
		}
	}
	r, page := phone.post("/follow", url.Values{"case": {id}, "code": {code}})
	if r.StatusCode != 200 || r.Address.Path != "/follow/"+id || !strings.Contains(page, "办到哪一步") {
		t.Errorf("by %q: %d %s", code, r.StatusCode, page)
	}
	if r, _ := w.guest(t).post("/follow", url.Values{"case": {id}, "code": {code}}); r.StatusCode != 401 {
		t.Errorf("a second time: %d", r.StatusCode)
	}
}
