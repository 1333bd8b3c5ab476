package sender

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"yinzheng"
)

// MailConfig says how mail is sent.
type MailConfig struct {
	// URL is smtps://user@host:465 (TLS from the start), smtp://user@host:587 (STARTTLS,
	// or nothing is sent) or smtp+plain://host:25 (no TLS and no account: a relay on the
	// same machine or network). It holds no password.
	URL      string
	Password string
	From     string // 印证 <noreply@example.gov.cn>
	Host     string // of the public address: the right half of every Message-ID
	Roots    *x509.CertPool
}

// Mail is a Way over SMTP.
type Mail struct {
	host, user, password string
	port                 int
	scheme               string
	from                 *netmail.Address
	self                 string
	tls                  *tls.Config
}

// mailPorts are the schemes of a MailConfig, with their usual ports.
var mailPorts = map[string]int{"smtps": 465, "smtp": 587, "smtp+plain": 25}

// mailPatience bounds one attempt, all of it.
const mailPatience = 30 * time.Second

// NewMail reads the settings.
func NewMail(c MailConfig) (*Mail, error) {
	u, err := url.Parse(c.URL)
	if err != nil {
		return nil, errors.New("the address of the mail server cannot be read; expected one like smtps://user@host:465") // it may hold a password
	}
	m := &Mail{host: u.Hostname(), user: u.User.Username(), password: c.Password, scheme: u.Scheme, port: mailPorts[u.Scheme], self: c.Host}
	_, inURL := u.User.Password()
	switch {
	case m.port == 0 || m.host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.Opaque != "":
		return nil, errors.New("expected an address of a mail server like smtps://user@host:465, smtp://user@host:587 or smtp+plain://host:25")
	case c.Host == "":
		return nil, errors.New("mail needs the public address of this server, of which every Message-ID is made")
	case inURL:
		return nil, errors.New("the address of the mail server holds a password, which others see; put it in a file of its own")
	case m.scheme == "smtp+plain" && m.user+m.password != "":
		return nil, errors.New("smtp+plain has no TLS, so no account is used with it; use smtps or smtp")
	case (m.user == "") != (m.password == ""):
		return nil, errors.New("the mail server's user and password are given together, or neither")
	}
	if u.Port() != "" {
		if m.port, err = strconv.Atoi(u.Port()); err != nil || m.port < 1 || m.port > 65535 {
			return nil, errors.New("the port of the mail server cannot be one")
		}
	}
	if m.from, err = netmail.ParseAddress(c.From); err != nil {
		return nil, fmt.Errorf("the sender of mail is no address like 印证 <noreply@example.gov.cn>: %w", err)
	}
	m.tls = &tls.Config{ServerName: m.host, RootCAs: c.Roots, MinVersion: tls.VersionTLS12}
	return m, nil
}

// Send implements Way.
func (w *Mail) Send(ctx context.Context, m *yinzheng.Message) error {
	ctx, cancel := context.WithTimeout(ctx, mailPatience)
	defer cancel()
	// The library leaves a connection open whose greeting, TLS or account failed.
	conn, err := w.dial(ctx)
	if err != nil {
		return connectionFault(err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()

	client, err := w.client(conn)
	if err != nil {
		return err
	}
	session, greeting := client.DialToSMTPClientWithContext(ctx)
	out := w.compose(m)
	if greeting == nil {
		err = client.SendWithSMTPClient(session, out)
	}
	switch {
	case out.IsDelivered(): // what failed after the server had taken it is no failure
		_ = session.Quit()
		return nil
	case ctx.Err() != nil:
		return &Fault{Reason: "timeout"}
	case greeting != nil:
		return greetingFault(greeting)
	}
	return sendingFault(err)
}

func (w *Mail) dial(ctx context.Context) (net.Conn, error) {
	address := net.JoinHostPort(w.host, strconv.Itoa(w.port))
	if w.scheme == "smtps" {
		return (&tls.Dialer{Config: w.tls}).DialContext(ctx, "tcp", address)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", address)
}

// client talks over conn.
func (w *Mail) client(conn net.Conn) (*mail.Client, error) {
	policy := mail.NoTLS
	if w.scheme == "smtp" {
		policy = mail.TLSMandatory
	}
	options := []mail.Option{
		mail.WithPort(w.port), mail.WithTimeout(mailPatience), mail.WithHELO(w.self), mail.WithTLSConfig(w.tls), mail.WithTLSPolicy(policy), mail.WithoutNoop(), mail.WithoutRset(),
		mail.WithoutSMTPUTF8(), // every address is ASCII, and a server further on may not know it
		mail.WithDialContextFunc(func(context.Context, string, string) (net.Conn, error) { return conn, nil }),
	}
	if w.user != "" {
		options = append(options, mail.WithUsername(w.user), mail.WithPassword(w.password), mail.WithOpportunisticSMTPAuth(mail.SMTPAuthPlain, mail.SMTPAuthLogin))
	}
	return mail.NewClient(w.host, options...)
}

// compose writes a message as a mail.
func (w *Mail) compose(m *yinzheng.Message) *mail.Msg {
	out := mail.NewMsg(mail.WithEncoding(mail.EncodingB64), mail.WithNoDefaultUserAgent())
	out.FromMailAddress(w.from)
	out.ToMailAddress(&netmail.Address{Address: m.To})
	out.SetMessageIDWithValue(m.ID + "@" + w.self)
	out.SetDateWithValue(m.At.In(yinzheng.Zone))
	out.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody's absence answers it
	out.SetGenHeader("Content-Language", map[string]string{"zh": "zh-CN", "en": "en"}[m.Language])
	if m.Stop != "" { // RFC 8058
		out.SetGenHeader(mail.HeaderListUnsubscribe, "<"+m.Stop+">")
		out.SetGenHeader(mail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
	out.Subject(m.Subject)
	out.SetBodyString(mail.TypeTextPlain, strings.ReplaceAll(m.Body, "\n", "\r\n"))
	return out
}

// connectionFault is why there is no connection, or it broke. The address that was
// asked is left out: some gateways want a secret in it.
func connectionFault(err error) *Fault {
	var asked *url.Error
	if errors.As(err, &asked) {
		err = asked.Err
	}
	var timeout net.Error
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	reason := "unreachable"
	switch {
	case errors.Is(err, errInward):
		reason = "inward"
	case errors.As(err, &certificate), errors.As(err, &unknown), errors.As(err, &name), errors.As(err, &invalid), errors.As(err, &record), errors.As(err, &alert):
		reason = "tls"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		reason = "timeout"
	}
	return &Fault{Reason: reason, Cause: err}
}

// greetingFault is why a server let us not so far as to name a recipient: nothing of
// the message has been said yet.
func greetingFault(err error) *Fault {
	var answer *textproto.Error
	switch {
	case errors.As(err, &answer) && answer.Code/10 == 53: // RFC 4954
		return &Fault{Reason: fmt.Sprintf("sign-in %d", answer.Code)}
	case errors.As(err, &answer):
		return &Fault{Reason: fmt.Sprintf("answer %d", answer.Code)}
	case strings.Contains(err.Error(), "STARTTLS"):
		return &Fault{Reason: "tls", Cause: err}
	case strings.Contains(err.Error(), "SMTP A"): // “SMTP AUTH …”, “SMTP Auth …”: no way of signing in that both know
		return &Fault{Reason: "sign-in", Cause: err}
	}
	return connectionFault(err)
}

// sendingFault is why a server did not take a message. Its own words are dropped: they
// may quote the recipient.
func sendingFault(err error) *Fault {
	var refused *mail.SendError
	if !errors.As(err, &refused) || refused.ErrorCode() == 0 {
		return &Fault{Reason: "unreachable"}
	}
	code := refused.ErrorCode()
	if final(refused) {
		return &Fault{Reason: fmt.Sprintf("refused %d", code), Final: true}
	}
	return &Fault{Reason: fmt.Sprintf("answer %d", code)}
}

// final tells whether a refusal is about the recipient, and for good. What is about us
// (the account, the sender's address, the relay's policy: enhanced code 5.7) may be set
// right within the days that a message is tried.
func final(e *mail.SendError) bool {
	said := e.Reason == mail.ErrSMTPRcptTo || e.Reason == mail.ErrSMTPData || e.Reason == mail.ErrSMTPDataClose
	return said && slices.Contains([]int{550, 551, 553, 554}, e.ErrorCode()) && !policy.MatchString(e.Error())
}

// policy finds the enhanced code in what a server answered (RFC 3463). Not every server
// that gives one announces that it does.
var policy = regexp.MustCompile(`\b5[0-9][0-9] "?5\.7\.[0-9]`)
