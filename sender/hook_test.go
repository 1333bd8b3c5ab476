package sender_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/sender"
)

// secret is the one of the tests.
const secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"

func aText(id string) *yinzheng.Message {
	return &yinzheng.Message{
		ID: id, Channel: yinzheng.SMS, To: "13800000000", Language: "zh", Kind: yinzheng.KindCode, At: now, Expires: now.Add(10 * time.Minute),
		Body: "【印证】验证码 123456，十分钟内有效。\n𠮷",
	}
}

// gateway is a hook's other end, which answers as do says.
func gateway(t *testing.T, do http.HandlerFunc) (*httptest.Server, *x509.CertPool) {
	t.Helper()
	s := httptest.NewTLSServer(do)
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return s, roots
}

func hook(t *testing.T, address string, roots *x509.CertPool, allow ...string) *sender.Hook {
	t.Helper()
	c := sender.HookConfig{URL: address, Secret: secret, Now: func() time.Time { return now }, Roots: roots}
	for _, a := range allow {
		c.Allow = append(c.Allow, netip.MustParsePrefix(a))
	}
	w, err := sender.NewHook(c)
	must(t, err)
	return w
}

// TestHookIsSigned checks what arrives as a gateway would, by the words of the
// specification.
func TestHookIsSigned(t *testing.T) {
	var arrived int
	s, roots := gateway(t, func(w http.ResponseWriter, r *http.Request) {
		arrived++
		body, _ := io.ReadAll(r.Body)
		key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		mac := hmac.New(sha256.New, key)
		io.WriteString(mac, r.Header.Get("webhook-id")+"."+r.Header.Get("webhook-timestamp")+"."+string(body))
		if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); r.Header.Get("webhook-signature") != want {
			t.Errorf("signed %s, want %s", r.Header.Get("webhook-signature"), want)
		}
		var got map[string]string
		if err := json.Unmarshal(body, &got); err != nil {
			t.Error(err)
		}
		m := aText("0123456789ABCDEF")
		for name, want := range map[string]string{"id": m.ID, "kind": "code", "to": m.To, "text": m.Body, "language": "zh", "at": "2026-11-22T01:30:00Z"} {
			if got[name] != want {
				t.Errorf("%s: %q, want %q", name, got[name], want)
			}
		}
		if len(got) != 6 || r.Header.Get("webhook-id") != m.ID || r.Header.Get("webhook-timestamp") != "1795311000" || r.Header.Get("Content-Type") != "application/json" || r.Method != "POST" {
			t.Errorf("%s %v %v", r.Method, got, r.Header)
		}
		w.WriteHeader(http.StatusAccepted)
	})
	must(t, hook(t, s.URL+"/sms?key=1", roots, "127.0.0.0/8").Send(t.Context(), aText("0123456789ABCDEF")))
	if arrived != 1 {
		t.Errorf("%d have arrived", arrived)
	}
}

// TestHookIsHostile: no answer of a gateway's leads inward, holds anything up or fills
// the memory, and no fault quotes the message or the address's secret.
func TestHookIsHostile(t *testing.T) {
	var inside atomic.Int32
	inner, _ := gateway(t, func(http.ResponseWriter, *http.Request) { inside.Add(1) })
	answers := func(status int, more func(http.ResponseWriter)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", inner.URL)
			w.WriteHeader(status)
			if more != nil {
				more(w)
			}
		}
	}
	flood := func(w http.ResponseWriter) {
		for range 160 {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
		inside.Add(1) // somebody has read ten megabytes
	}
	echo := func(before string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(err)
			}
			defer conn.Close()
			_, _ = conn.Write([]byte(before + string(body) + "\r\n\r\n"))
		}
	}
	const here = "127.0.0.0/8"
	for name, c := range map[string]struct {
		do    http.HandlerFunc
		host  string
		allow string
		want  string // empty: sent
	}{
		"taken":               {answers(204, nil), "", here, ""},
		"taken, with a flood": {answers(200, flood), "", here, ""},
		"a number of nobody":  {answers(422, nil), "", here, "refused 422 for good"},
		"not our signature":   {answers(401, nil), "", here, "answer 401"},
		"down":                {answers(500, nil), "", here, "answer 500"},
		"down, with a flood":  {answers(503, flood), "", here, "answer 503"},
		"too many":            {answers(429, nil), "", here, "answer 429"},
		"redirected inward":   {answers(307, nil), "", here, "redirect 307"},
		"moved inward":        {answers(301, nil), "", here, "redirect 301"},
		"inside":              {answers(200, nil), "", "", "inward"},
		"a name of inside":    {answers(200, nil), "localhost", "", "inward"},
		"inside elsewhere":    {answers(200, nil), "", "10.0.0.0/8", "inward"},
		"another certificate": {answers(200, nil), "localhost", here, "tls"},
		"cut off":             {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "", here, "unreachable"},
		"speaks no HTTP":      {echo(""), "", here, "unreachable"},
		"no header":           {echo("HTTP/1.1 200 OK\r\n"), "", here, "unreachable"},
		"no length":           {echo("HTTP/1.1 200 OK\r\nContent-Length: "), "", here, "unreachable"},
	} {
		t.Run(name, func(t *testing.T) {
			s, roots := gateway(t, c.do)
			u, err := url.Parse(s.URL)
			must(t, err)
			if c.host != "" {
				u.Host = c.host + ":" + u.Port()
			}
			u.RawQuery = "key=verysecret"
			var allow []string
			if c.allow != "" {
				allow = append(allow, c.allow)
			}
			err = hook(t, u.String(), roots, allow...).Send(t.Context(), aText("0123456789ABCDEF"))
			if c.want == "" {
				must(t, err)
				return
			}
			if got := reason(t, err); got != c.want {
				t.Errorf("%s, want %s: %v", got, c.want, err)
			}
			if text := err.Error(); strings.Contains(text, "13800000000") || strings.Contains(text, "123456，") || strings.Contains(text, "verysecret") {
				t.Errorf("it quotes: %v", err)
			}
		})
	}
	if n := inside.Load(); n != 0 {
		t.Errorf("%d times inside, or read to the end", n)
	}
}

// TestHookHangs: a gateway that never answers is left after ten seconds.
func TestHookHangs(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	s, roots := gateway(t, func(http.ResponseWriter, *http.Request) { <-over })
	t.Cleanup(func() { close(over) }) // before the server is closed, which waits for it
	begun := time.Now()
	err := hook(t, s.URL, roots, "127.0.0.1/32").Send(t.Context(), aText("0123456789ABCDEF"))
	if took := time.Since(begun); reason(t, err) != "timeout" || took < 9*time.Second || took > 12*time.Second {
		t.Errorf("after %v: %v", took, err)
	}
}

func TestHookSettings(t *testing.T) {
	good := sender.HookConfig{URL: "https://sms.example.com/in", Secret: secret + "\n"}
	for name, change := range map[string]func(*sender.HookConfig){
		"without TLS":        func(c *sender.HookConfig) { c.URL = "http://sms.example.com/in" },
		"an account":         func(c *sender.HookConfig) { c.URL = "https://u:verysecret@sms.example.com" },
		"no host":            func(c *sender.HookConfig) { c.URL = "https:///in" },
		"no secret":          func(c *sender.HookConfig) { c.Secret = "" },
		"no prefix":          func(c *sender.HookConfig) { c.Secret = strings.TrimPrefix(secret, "whsec_") },
		"a short secret":     func(c *sender.HookConfig) { c.Secret = "whsec_MDEyMzQ1Njc4OQ==" },
		"a broken secret":    func(c *sender.HookConfig) { c.Secret = "whsec_verysecret!" },
		"a very long secret": func(c *sender.HookConfig) { c.Secret = "whsec_" + strings.Repeat("MDEy", 40) },
	} {
		bad := good
		change(&bad)
		if _, err := sender.NewHook(bad); err == nil || strings.Contains(err.Error(), "verysecret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := sender.NewHook(good); err != nil {
		t.Error(err)
	}
}
