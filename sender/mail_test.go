package sender_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"net"
	"net/mail"
	"strings"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/internal/mailtest"
	"yinzheng/sender"
)

// now is when the tests begin.
var now = time.Date(2026, 11, 22, 1, 30, 0, 0, time.UTC)

func aMail(id string) *yinzheng.Message {
	return &yinzheng.Message{
		ID: id, Channel: yinzheng.Mail, To: "zhang@example.com", Language: "zh", Kind: "case-returned", About: "A1", At: now, Expires: now.Add(yinzheng.MaxDelivery),
		Subject: "【印证】𠮷女士：您的办件被退回，请补充居住地址与办理用途的说明材料（一式两份）", Stop: "https://zm.example.gov.cn/stop/0123456789ABCDEF", Body: "𠮷女士：\n.\n您的办件 A1 被退回。\nFrom 惠城区民政局\n" + strings.Repeat("长", 1200) + " end",
	}
}

// exim is a mail server of the tests.
type exim struct {
	*mailtest.Server
	t *testing.T
}

func newExim(t *testing.T, fromStart bool) *exim {
	t.Helper()
	s, err := mailtest.Start(fromStart)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return &exim{s, t}
}

func (x *exim) url(scheme, user string) string { return scheme + "://" + user + x.Address }

func (x *exim) delivered(n int) [][]byte {
	x.t.Helper()
	mails, err := x.Mails(n)
	must(x.t, err)
	return mails
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (x *exim) way(t *testing.T, change func(*sender.MailConfig)) *sender.Mail {
	t.Helper()
	c := sender.MailConfig{URL: x.url("smtps", "yinzheng@"), Password: "pass word", From: "惠城区印证 <noreply@zm.example.gov.cn>", Host: "zm.example.gov.cn", Roots: x.Roots}
	if change != nil {
		change(&c)
	}
	way, err := sender.NewMail(c)
	must(t, err)
	return way
}

// TestMailIsReadBack: what a mail server delivers says what was meant, in every way of
// reaching one.
func TestMailIsReadBack(t *testing.T) {
	for scheme, user := range map[string]string{"smtps": "yinzheng@", "smtp": "yinzheng@", "smtp+plain": ""} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			x := newExim(t, scheme == "smtps")
			way := x.way(t, func(c *sender.MailConfig) {
				c.URL = x.url(scheme, user)
				if user == "" {
					c.Password = ""
				}
			})
			m := aMail("0123456789ABCDEF")
			must(t, way.Send(t.Context(), m))
			raw := x.delivered(1)[0]
			got, err := mail.ReadMessage(bytes.NewReader(raw))
			must(t, err)
			subject, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject"))
			must(t, err)
			from, err := got.Header.AddressList("From")
			must(t, err)
			body, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, got.Body))
			must(t, err)
			date, err := got.Header.Date()
			must(t, err)
			for what, pair := range map[string][2]string{
				"subject": {subject, m.Subject}, "body": {strings.ReplaceAll(string(body), "\r\n", "\n"), m.Body}, "Message-ID": {got.Header.Get("Message-ID"), "<0123456789ABCDEF@zm.example.gov.cn>"},
				"from": {from[0].Name + " " + from[0].Address, "惠城区印证 noreply@zm.example.gov.cn"}, "to": {got.Header.Get("To"), "<zhang@example.com>"},
				"Auto-Submitted": {got.Header.Get("Auto-Submitted"), "auto-generated"}, "language": {got.Header.Get("Content-Language"), "zh-CN"}, "type": {got.Header.Get("Content-Type"), "text/plain; charset=UTF-8"},
				"to stop": {got.Header.Get("List-Unsubscribe") + " " + got.Header.Get("List-Unsubscribe-Post"), "<" + m.Stop + "> List-Unsubscribe=One-Click"},
				"date":    {date.UTC().String(), now.String()}, "program": {got.Header.Get("User-Agent") + got.Header.Get("X-Mailer"), ""},
			} {
				if pair[0] != pair[1] {
					t.Errorf("%s: %q, want %q", what, pair[0], pair[1])
				}
			}
			if tls := strings.Contains(string(raw), "esmtps"); tls != (user != "") {
				t.Errorf("%s: TLS %v\n%.600s", scheme, tls, raw)
			}
		})
	}
}

// reason is why a Way did not send, with "for good" where that is so.
func reason(t *testing.T, err error) string {
	t.Helper()
	var f *sender.Fault
	if !errors.As(err, &f) {
		t.Fatalf("no fault: %v", err)
	}
	if f.Final {
		return f.Reason + " for good"
	}
	return f.Reason
}

// TestMailRefused: what is about the recipient is for good, what is about us is not,
// and neither quotes anybody.
func TestMailRefused(t *testing.T) {
	x, later := newExim(t, true), newExim(t, false)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { silent.Close() })
	for name, c := range map[string]struct {
		to     string
		change func(*sender.MailConfig)
		want   string
	}{
		"no such mailbox":          {"nobody@example.com", nil, "refused 550 for good"},
		"greylisted":               {"later@example.com", nil, "answer 451"},
		"by policy":                {"policy@example.com", nil, "answer 550"},
		"no relay":                 {"zhang@example.org", nil, "answer 550"},
		"our own address":          {"zhang@example.com", func(c *sender.MailConfig) { c.From = "blocked@example.com" }, "answer 550"},
		"wrong password":           {"zhang@example.com", func(c *sender.MailConfig) { c.Password = "guess" }, "sign-in 535"},
		"unknown issuer":           {"zhang@example.com", func(c *sender.MailConfig) { c.Roots = later.Roots }, "tls"},
		"no TLS there":             {"zhang@example.com", func(c *sender.MailConfig) { c.URL = later.url("smtps", "yinzheng@") }, "tls"},
		"unknown issuer, STARTTLS": {"zhang@example.com", func(c *sender.MailConfig) { c.URL = later.url("smtp", "yinzheng@") }, "tls"},
		"no account":               {"zhang@example.com", func(c *sender.MailConfig) { c.URL, c.Password = "smtp+plain://"+later.Address, "" }, ""},
		"nobody there":             {"zhang@example.com", func(c *sender.MailConfig) { c.URL = "smtps://yinzheng@127.0.0.1:1" }, "unreachable"},
		"silence":                  {"zhang@example.com", func(c *sender.MailConfig) { c.URL, c.Password = "smtp+plain://"+silent.Addr().String(), "" }, "timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := aMail("0123456789ABCDEF")
			m.To = c.to
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			if name == "silence" {
				cancel()
				ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
			}
			defer cancel()
			err := x.way(t, c.change).Send(ctx, m)
			if c.want == "" {
				must(t, err)
				return
			}
			if got := reason(t, err); got != c.want {
				t.Errorf("%s, want %s: %v", got, c.want, err)
			}
			if strings.Contains(err.Error(), c.to) {
				t.Errorf("it names the recipient: %v", err)
			}
		})
	}
}

// TestMailKnowsNoAccounts: a server that lets nobody sign in is told apart from one that
// cannot be reached.
func TestMailKnowsNoAccounts(t *testing.T) {
	s, roots := gateway(t, nil)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: s.TLS.Certificates})
	must(t, err)
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		io.WriteString(c, "220 mail\r\n")
		c.Read(make([]byte, 100)) // EHLO
		io.WriteString(c, "250 mail\r\n")
	}()
	way, err := sender.NewMail(sender.MailConfig{URL: "smtps://u@" + l.Addr().String(), Password: "p", From: "a@b.cn", Host: "zm.example.gov.cn", Roots: roots})
	must(t, err)
	if got := reason(t, way.Send(t.Context(), aMail("0"))); got != "sign-in" {
		t.Error(got)
	}
}

func TestMailSettings(t *testing.T) {
	good := sender.MailConfig{URL: "smtps://u@mail.example.com", Password: "p", From: "a@b.cn", Host: "zm.example.gov.cn"}
	for name, change := range map[string]func(*sender.MailConfig){
		"a password in the address": func(c *sender.MailConfig) { c.URL = "smtps://u:secret@mail.example.com" },
		"an unreadable address":     func(c *sender.MailConfig) { c.URL = "smtps://u:secret@mail.example.com:x" },
		"a scheme":                  func(c *sender.MailConfig) { c.URL = "http://u@mail.example.com" },
		"no host":                   func(c *sender.MailConfig) { c.URL = "smtps://" },
		"a path":                    func(c *sender.MailConfig) { c.URL += "/x" },
		"a port":                    func(c *sender.MailConfig) { c.URL += ":99999" },
		"no password":               func(c *sender.MailConfig) { c.Password = "" },
		"no user":                   func(c *sender.MailConfig) { c.URL = "smtps://mail.example.com" },
		"an account without TLS":    func(c *sender.MailConfig) { c.URL = "smtp+plain://u@mail.example.com" },
		"no public address":         func(c *sender.MailConfig) { c.Host = "" },
		"no sender":                 func(c *sender.MailConfig) { c.From = "印证" },
	} {
		bad := good
		change(&bad)
		if _, err := sender.NewMail(bad); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := sender.NewMail(good); err != nil {
		t.Error(err)
	}
}
