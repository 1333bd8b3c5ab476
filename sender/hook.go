package sender

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"yinzheng"
)

// HookConfig says how a gateway of text messages is called.
type HookConfig struct {
	URL    string // https://gateway.example/messages
	Secret string // whsec_ and 24 to 64 bytes in base64
	Allow  []netip.Prefix
	Now    func() time.Time
	Roots  *x509.CertPool
}

// Hook is a Way that posts every message to one address, signed as Standard Webhooks
// 1.0 has it.
type Hook struct {
	url    string
	key    []byte
	now    func() time.Time
	client *http.Client
}

const (
	hookPatience = 10 * time.Second
	hookAnswer   = 64 << 10 // bytes of an answer that are read
	secretPrefix = "whsec_"
)

// NewHook reads the settings.
func NewHook(c HookConfig) (*Hook, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, errors.New("the hook for text messages is no address like https://gateway.example/messages")
	}
	text, prefixed := strings.CutPrefix(strings.TrimSpace(c.Secret), secretPrefix)
	key, err := base64.StdEncoding.DecodeString(text)
	if !prefixed || err != nil || len(key) < 24 || len(key) > 64 {
		return nil, errors.New("the secret of the hook is no text like whsec_…, with 24 to 64 bytes in base64")
	}
	dialer := &net.Dialer{Timeout: hookPatience, ControlContext: outward(c.Allow)}
	return &Hook{url: c.URL, key: key, now: c.Now, client: &http.Client{
		Timeout: hookPatience,
		Transport: &http.Transport{ // no proxy: it would reach where we may not
			DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{RootCAs: c.Roots, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
			MaxResponseHeaderBytes: hookAnswer, MaxIdleConnsPerHost: atOnce, IdleConnTimeout: time.Minute,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// hookBody is what a gateway is sent.
type hookBody struct {
	ID       string    `json:"id"`
	Kind     string    `json:"kind"`
	To       string    `json:"to"`
	Text     string    `json:"text"`
	Language string    `json:"language"`
	At       time.Time `json:"at"`
}

// Send implements Way. What a gateway answers besides its status means nothing.
func (w *Hook) Send(ctx context.Context, m *yinzheng.Message) error {
	body, err := json.Marshal(hookBody{m.ID, m.Kind, m.To, m.Body, m.Language, m.At})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	moment := strconv.FormatInt(w.now().Unix(), 10)
	for name, value := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "yinzheng",
		"webhook-id": m.ID, "webhook-timestamp": moment, "webhook-signature": "v1," + w.sign(m.ID, moment, body),
	} {
		req.Header.Set(name, value)
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return hookFault(err)
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, hookAnswer) // so that the connection can be used again
	return statusFault(resp.StatusCode)
}

// hookFault is why there is no answer. What an answer that is none looks like is quoted by
// the error, and a gateway may have put the message in it: a cause is kept of what went
// wrong before it was sent.
func hookFault(err error) *Fault {
	fault := connectionFault(err)
	var dialled *net.OpError
	if before := fault.Reason == "inward" || fault.Reason == "tls" || errors.As(err, &dialled) && dialled.Op == "dial"; !before {
		fault.Cause = nil
	}
	return fault
}

// sign is HMAC-SHA256 over ID, moment and body, in base64.
func (w *Hook) sign(id, moment string, body []byte) string {
	mac := hmac.New(sha256.New, w.key)
	mac.Write([]byte(id + "." + moment + "."))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// statusFault says what a status means: taken, of no use for this recipient (422), or
// not now.
func statusFault(status int) error {
	switch {
	case status/100 == 2:
		return nil
	case status/100 == 3:
		return &Fault{Reason: fmt.Sprintf("redirect %d", status)}
	case status == http.StatusUnprocessableEntity:
		return &Fault{Reason: fmt.Sprintf("refused %d", status), Final: true}
	}
	return &Fault{Reason: fmt.Sprintf("answer %d", status)}
}
