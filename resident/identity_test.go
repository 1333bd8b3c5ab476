package resident

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"yinzheng"
)

// oddProvider is an OpenID provider that does what a test tells it to.
type oddProvider struct {
	*httptest.Server
	key      *ecdsa.PrivateKey
	claims   jwt.MapClaims  // of the next ID token
	info     map[string]any // what userinfo says
	sign     func(jwt.MapClaims) string
	answers  map[string]http.HandlerFunc // by path, in place of its own
	asked    map[string]int
	ways     []string // in which it takes a client's secret, as it publishes them
	verifier string   // that came with the last code
}

func newOddProvider(t *testing.T) *oddProvider {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	p := &oddProvider{key: key, answers: map[string]http.HandlerFunc{}, asked: map[string]int{}}
	p.sign = func(c jwt.MapClaims) string {
		token := jwt.NewWithClaims(jwt.SigningMethodES256, c)
		token.Header["kid"] = "one"
		text, err := token.SignedString(key)
		must(t, err)
		return text
	}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *oddProvider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.asked[r.URL.Path]++
	if answer := p.answers[r.URL.Path]; answer != nil {
		answer(w, r)
		return
	}
	tell := func(v any) { tell(w, v) }
	b64 := func(n interface{ FillBytes([]byte) []byte }) string {
		return base64.RawURLEncoding.EncodeToString(n.FillBytes(make([]byte, 32)))
	}
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		about := map[string]any{
			"issuer": p.URL, "authorization_endpoint": p.URL + "/auth", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys", "userinfo_endpoint": p.URL + "/me",
			"id_token_signing_alg_values_supported": []string{"ES256", "none"},
		}
		if p.ways != nil {
			about["token_endpoint_auth_methods_supported"] = p.ways
		}
		tell(about)
	case "/keys":
		tell(map[string]any{"keys": []any{map[string]any{"kty": "EC", "crv": "P-256", "kid": "one", "alg": "ES256", "use": "sig", "x": b64(p.key.X), "y": b64(p.key.Y)}}})
	case "/token":
		p.verifier = r.PostFormValue("code_verifier")
		p.tokens(w)
	case "/me":
		tell(p.info)
	default:
		http.NotFound(w, r)
	}
}

// tokens gives what a code is redeemed for.
func (p *oddProvider) tokens(w http.ResponseWriter) {
	tell(w, map[string]any{"access_token": "access", "token_type": "Bearer", "expires_in": 60, "id_token": p.sign(p.claims)})
}

func tell(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// journey is a house whose residents sign in at an odd provider.
func journey(t *testing.T, change func(*Identity)) (*house, *oddProvider) {
	t.Helper()
	h, p := newHouse(t), newOddProvider(t)
	i := Identity{Issuer: p.URL, ClientID: "yinzheng", Secret: "secret", Redirect: "https://zm.example.gov.cn/mine/callback", TypeClaim: "id_type", Types: map[string]string{"身份证": yinzheng.ResidentID, "护照": yinzheng.Passport}}
	if change != nil {
		change(&i)
	}
	h.UseIdentity(i)
	return h, p
}

// begin sends somebody to the provider, which will say this of them.
func (h *house) begin(p *oddProvider, said jwt.MapClaims) (Ticket, url.Values) {
	h.t.Helper()
	address, ticket, err := h.BeginSignIn(h.ctx, false)
	must(h.t, err)
	u, err := url.Parse(address)
	must(h.t, err)
	q := u.Query()
	p.claims = jwt.MapClaims{"iss": p.URL, "aud": "yinzheng", "sub": "s1", "iat": h.now.Unix(), "exp": h.now.Add(time.Minute).Unix(), "nonce": q.Get("nonce"), "name": "张三丰", "id_number": holder, "id_type": "身份证"}
	for k, v := range said {
		p.claims[k] = v
	}
	return ticket, url.Values{"state": {q.Get("state")}, "code": {"the-code"}}
}

func TestIdentity(t *testing.T) {
	h, p := journey(t, nil)
	ticket, answer := h.begin(p, nil)
	secret, _, err := h.FinishSignIn(h.ctx, ticket, answer)
	must(t, err)
	who, err := h.Authenticate(h.ctx, secret)
	must(t, err)
	if want := (yinzheng.Resident{Name: "张三丰", ID: yinzheng.ID{Type: yinzheng.ResidentID, Number: holder}}); *who != want {
		t.Errorf("it is %+v", who)
	}
	if p.verifier == "" || p.verifier != ticket.part("verifier") {
		t.Error("the code was redeemed without PKCE's verifier")
	}
	if strings.Contains(h.log.String(), holder) || strings.Contains(h.log.String(), "张三丰") {
		t.Error("an identity is in the log")
	}
	ticket, answer = h.begin(p, nil)
	if _, _, err := h.FinishSignIn(h.ctx, ticket, answer); err != nil || p.asked["/keys"] != 1 {
		t.Errorf("the keys are fetched %d times, %v", p.asked["/keys"], err)
	}
}

// TestIdentitySecret: a code is redeemed at the first try, in the way that the provider
// takes the client's secret.
func TestIdentitySecret(t *testing.T) {
	for name, tt := range map[string]struct {
		ways   []string
		secret string
		want   string // Authorization, and of the form client_id and client_secret
	}{
		"no way named": {nil, "secret", "yinzheng:secret  "},
		"either":       {[]string{"client_secret_post", "client_secret_basic"}, "secret", "yinzheng:secret  "},
		"in the form":  {[]string{"none", "client_secret_post"}, "secret", ": yinzheng secret"},
		"no secret":    {[]string{"client_secret_basic", "none"}, "", ": yinzheng "},
	} {
		t.Run(name, func(t *testing.T) {
			h, p := journey(t, func(i *Identity) { i.Secret = tt.secret })
			p.ways = tt.ways
			p.answers["/token"] = func(w http.ResponseWriter, r *http.Request) {
				user, password, _ := r.BasicAuth()
				if got := user + ":" + password + " " + r.PostFormValue("client_id") + " " + r.PostFormValue("client_secret"); got != tt.want || p.asked["/token"] > 1 {
					t.Errorf("try %d by %q", p.asked["/token"], got)
					w.WriteHeader(http.StatusUnauthorized)
					return
				}
				p.tokens(w)
			}
			ticket, answer := h.begin(p, nil)
			if _, _, err := h.FinishSignIn(h.ctx, ticket, answer); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestIdentityRefused: nobody is let in by an answer that does not hold.
func TestIdentityRefused(t *testing.T) {
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	for _, tt := range []struct {
		name   string
		said   jwt.MapClaims
		change func(*oddProvider, *Ticket, url.Values)
	}{
		{"another state", nil, func(_ *oddProvider, _ *Ticket, q url.Values) { q.Set("state", strings.Repeat("A", 43)) }},
		{"no state", nil, func(_ *oddProvider, _ *Ticket, q url.Values) { q.Del("state") }},
		{"another browser", nil, func(_ *oddProvider, t *Ticket, _ url.Values) { *t = "another" }},
		{"no ticket", nil, func(_ *oddProvider, t *Ticket, q url.Values) { *t = ""; q.Set("state", Ticket("").part("state")) }},
		{"another issuer answers", nil, func(_ *oddProvider, _ *Ticket, q url.Values) { q.Set("iss", "https://evil.example") }},
		{"the person says no", nil, func(_ *oddProvider, _ *Ticket, q url.Values) { q.Set("error", "access_denied") }},
		{"a code that was used", nil, func(p *oddProvider, _ *Ticket, _ url.Values) {
			p.answers["/token"] = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusBadRequest)
				_, _ = w.Write([]byte(`{"error":"invalid_grant"}`))
			}
		}},
		{"no ID token", nil, func(p *oddProvider, _ *Ticket, _ url.Values) { p.sign = func(jwt.MapClaims) string { return "" } }},
		{"another nonce", jwt.MapClaims{"nonce": "replayed"}, nil},
		{"no nonce", jwt.MapClaims{"nonce": ""}, nil},
		{"expired", jwt.MapClaims{"exp": 1000}, nil},
		{"for another client", jwt.MapClaims{"aud": "another"}, nil},
		{"of another issuer", jwt.MapClaims{"iss": "https://evil.example"}, nil},
		{"unsigned", nil, func(p *oddProvider, _ *Ticket, _ url.Values) {
			p.sign = func(c jwt.MapClaims) string {
				text, err := jwt.NewWithClaims(jwt.SigningMethodNone, c).SignedString(jwt.UnsafeAllowNoneSignatureType)
				must(t, err)
				return text
			}
		}},
		{"signed by the client's secret", nil, func(p *oddProvider, _ *Ticket, _ url.Values) {
			p.sign = func(c jwt.MapClaims) string {
				text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString([]byte("secret"))
				must(t, err)
				return text
			}
		}},
		{"signed by another key", nil, func(p *oddProvider, _ *Ticket, _ url.Values) {
			p.sign = func(c jwt.MapClaims) string {
				token := jwt.NewWithClaims(jwt.SigningMethodES256, c)
				token.Header["kid"] = "one"
				text, err := token.SignedString(stranger)
				must(t, err)
				return text
			}
		}},
		{"another access token", jwt.MapClaims{"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, nil},
		{"userinfo of somebody else", jwt.MapClaims{"id_number": nil}, func(p *oddProvider, _ *Ticket, _ url.Values) {
			p.info = map[string]any{"sub": "s2", "id_number": holder}
		}},
		{"no document", jwt.MapClaims{"id_number": nil}, func(p *oddProvider, _ *Ticket, _ url.Values) { p.info = map[string]any{"sub": "s1"} }},
		{"no name", jwt.MapClaims{"name": " "}, nil},
		{"a document's number that is none", jwt.MapClaims{"id_number": wrong(holder)}, nil},
		{"a masked number", jwt.MapClaims{"id_number": "441302********0123"}, nil},
		{"a number that is no text", jwt.MapClaims{"id_number": 441302199003070123}, nil},
		{"a type that nobody knows", jwt.MapClaims{"id_type": "军官证"}, nil},
		{"no type", jwt.MapClaims{"id_type": nil}, func(p *oddProvider, _ *Ticket, _ url.Values) { p.info = map[string]any{"sub": "s1"} }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, p := journey(t, nil)
			ticket, answer := h.begin(p, tt.said)
			if tt.change != nil {
				tt.change(p, &ticket, answer)
			}
			secret, _, err := h.FinishSignIn(h.ctx, ticket, answer)
			if !errors.Is(err, yinzheng.ErrUnauthorized) || secret != "" {
				t.Errorf("%q, %v", secret, err)
			}
			if log := h.log.String(); strings.Contains(log, holder) || !strings.Contains(log, "level=WARN") || strings.Contains(log, "reason=expired") != (tt.name == "expired") {
				t.Errorf("the log: %s", log)
			}
		})
	}
}

// TestIdentityMore: what the ID token leaves out is asked for.
func TestIdentityMore(t *testing.T) {
	h, p := journey(t, func(i *Identity) { i.ACR = []string{"real-name"} })
	p.info = map[string]any{"sub": "s1", "name": "李•雷", "id_number": "e12345678", "id_type": "护照"}
	ticket, answer := h.begin(p, jwt.MapClaims{"name": nil, "id_number": nil, "id_type": nil, "acr": "real-name"})
	secret, _, err := h.FinishSignIn(h.ctx, ticket, answer)
	must(t, err)
	who, err := h.Authenticate(h.ctx, secret)
	must(t, err)
	if want := (yinzheng.Resident{Name: "李·雷", ID: yinzheng.ID{Type: yinzheng.Passport, Number: "E12345678"}}); *who != want {
		t.Errorf("it is %+v", who)
	}
	ticket, answer = h.begin(p, jwt.MapClaims{"id_type": nil, "acr": "real-name", "id_number": "E12345678"})
	if _, _, err := h.FinishSignIn(h.ctx, ticket, answer); err != nil || p.asked["/me"] != 2 {
		t.Errorf("the type alone is left out: %v, asked %v", err, p.asked)
	}
	for _, acr := range []any{nil, "password"} {
		ticket, answer = h.begin(p, jwt.MapClaims{"acr": acr})
		if _, _, err := h.FinishSignIn(h.ctx, ticket, answer); !errors.Is(err, yinzheng.ErrUnauthorized) {
			t.Errorf("assurance %v: %v", acr, err)
		}
	}
}

// TestIdentityAway: a provider that does not answer, or not as one, is no reason to
// wait for ever, nor asked by everybody at once; when it answers again all is well.
func TestIdentityAway(t *testing.T) {
	const discovery = "/.well-known/openid-configuration"
	for name, answer := range map[string]http.HandlerFunc{
		"fails":        func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"leads inward": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/inward", http.StatusFound) },
		"is endless": func(w http.ResponseWriter, _ *http.Request) {
			for range 64 {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		},
		"is another": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"issuer":"https://evil.example","authorization_endpoint":"https://evil.example/auth"}`))
		},
	} {
		t.Run(name, func(t *testing.T) {
			h, p := journey(t, nil)
			p.answers[discovery] = answer
			for range 3 {
				if _, _, err := h.BeginSignIn(h.ctx, false); !errors.Is(err, yinzheng.ErrUnavailable) {
					t.Fatalf("begun: %v", err)
				}
			}
			if p.asked[discovery] != 1 || p.asked["/inward"] != 0 {
				t.Errorf("asked %v", p.asked)
			}
			h.now = h.now.Add(-time.Hour) // a clock that was set back ends no pause later
			if _, _, err := h.BeginSignIn(h.ctx, false); !errors.Is(err, yinzheng.ErrUnavailable) || p.asked[discovery] != 2 {
				t.Errorf("with the clock set back: %v, asked %v", err, p.asked)
			}
			delete(p.answers, discovery)
			h.now = h.now.Add(providerPause)
			if _, _, err := h.BeginSignIn(h.ctx, false); err != nil {
				t.Errorf("it answers again: %v", err)
			}
		})
	}
	h, p := journey(t, nil)
	ticket, answer := h.begin(p, nil)
	p.answers["/token"] = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }
	if _, _, err := h.FinishSignIn(h.ctx, ticket, answer); !errors.Is(err, yinzheng.ErrUnavailable) {
		t.Errorf("away at the last step: %v", err)
	}
	delete(p.answers, "/token")
	p.answers["/keys"] = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }
	ticket, answer = h.begin(p, nil)
	if _, _, err := h.FinishSignIn(h.ctx, ticket, answer); !errors.Is(err, yinzheng.ErrUnavailable) || !strings.Contains(h.log.String(), "keys cannot be fetched") {
		t.Errorf("away as its keys are asked for: %v", err)
	}
	delete(p.answers, "/keys")
	p.answers["/me"] = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }
	ticket, answer = h.begin(p, jwt.MapClaims{"id_number": nil})
	if _, _, err := h.FinishSignIn(h.ctx, ticket, answer); !errors.Is(err, yinzheng.ErrUnavailable) {
		t.Errorf("away as it is asked for more: %v", err)
	}
}

func TestWithoutIdentity(t *testing.T) {
	h := newHouse(t)
	if h.CanIdentify() {
		t.Error("somebody vouches for identities")
	}
	if _, _, err := h.BeginSignIn(h.ctx, false); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("begun: %v", err)
	}
	if _, _, err := h.FinishSignIn(h.ctx, "t", url.Values{"state": {Ticket("t").part("state")}, "code": {"c"}}); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("finished: %v", err)
	}
}
