package resident

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"yinzheng"
)

// Identity says which OpenID provider (OpenID Connect Core 1.0) vouches for
// residents, such as a province's, and how it calls what it says of them. Issuer,
// ClientID and Redirect are needed; the rest has useful zero values.
type Identity struct {
	Issuer   string
	ClientID string
	Secret   string // empty: a public client, with PKCE alone
	Redirect string // our own address, as it is registered there

	Scopes    []string          // besides openid; default profile
	NameClaim string            // default name
	IDClaim   string            // of the document's number; default id_number
	TypeClaim string            // of the document's type; empty: all are resident IDs
	Types     map[string]string // what the provider calls types, as yinzheng.IDTypes has them
	ACR       []string          // an identity has to be of one of these assurances; empty: of any
}

const (
	providerPatience = 8 * time.Second  // for one answer of the provider
	providerPause    = 10 * time.Second // between attempts to reach one that does not answer
	maxProviderBody  = 1 << 20
)

// provider is an identity provider at work. What it publishes about itself is
// asked for when somebody first signs in, and again until it answers: starting
// does not depend on it.
type provider struct {
	Identity
	http *http.Client

	found atomic.Pointer[reached]

	asking sync.Mutex
	failed time.Time
}

// reached is a provider by what it publishes, and how it is spoken to.
type reached struct {
	*oidc.Provider
	flow *oauth2.Config
	ends string // where somebody signs out of it; "": nowhere
}

// UseIdentity lets residents sign in by an identity. It is called before anything
// is served.
func (r *Residents) UseIdentity(i Identity) {
	i.NameClaim, i.IDClaim = cmp.Or(i.NameClaim, "name"), cmp.Or(i.IDClaim, "id_number")
	if len(i.Scopes) == 0 {
		i.Scopes = []string{"profile"}
	}
	r.provider = &provider{Identity: i, http: &http.Client{
		Timeout: providerPatience, Transport: bounded{http.DefaultTransport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// CanIdentify tells whether residents can sign in by an identity at all.
func (r *Residents) CanIdentify() bool { return r.provider != nil }

// bounded reads no endless answer.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(resp.Body, maxProviderBody), resp.Body}
	}
	return resp, err
}

// Ticket is what a browser keeps while somebody is away at the provider. State,
// nonce and PKCE's verifier come from it, so that an answer is believed only in
// the browser that asked, and nothing is kept here.
type Ticket string

func (t Ticket) part(name string) string {
	m := hmac.New(sha256.New, []byte(t))
	m.Write([]byte(name))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// BeginSignIn returns where somebody signs in, and the ticket to keep in their
// browser meanwhile. afresh: whoever is signed in there already is asked again who they
// are. ErrUnavailable while the provider does not answer.
func (r *Residents) BeginSignIn(ctx context.Context, afresh bool) (address string, t Ticket, err error) {
	secret, err := r.secret(32)
	if err != nil {
		return "", "", err
	}
	found, err := r.reach(ctx)
	if err != nil {
		return "", "", err
	}
	t = Ticket(secret)
	options := []oauth2.AuthCodeOption{oidc.Nonce(t.part("nonce")), oauth2.S256ChallengeOption(t.part("verifier"))}
	if len(r.provider.ACR) > 0 {
		options = append(options, oauth2.SetAuthURLParam("acr_values", strings.Join(r.provider.ACR, " ")))
	}
	if afresh {
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"))
	}
	return found.flow.AuthCodeURL(t.part("state"), options...), t, nil
}

// reach is the provider by what it publishes; ErrUnavailable. While it does not
// answer it is not asked by everybody.
func (r *Residents) reach(ctx context.Context) (*reached, error) {
	p := r.provider
	if p == nil {
		return nil, fail(yinzheng.ErrNotFound, "本系统没有接通实名认证", "Nobody vouches for identities here")
	}
	if found := p.found.Load(); found != nil {
		return found, nil
	}
	p.asking.Lock()
	defer p.asking.Unlock()
	if found := p.found.Load(); found != nil {
		return found, nil
	}
	now := r.Service.Now()
	if since := now.Sub(p.failed); since >= 0 && since < providerPause { // a clock that was set back ends the pause
		return nil, errAway(nil)
	}
	found, err := p.ask(oidc.ClientContext(context.WithoutCancel(ctx), p.http))
	if err != nil {
		p.failed = now
		r.Log.Error("the identity provider cannot be reached", "issuer", p.Issuer, "error", err)
		return nil, errAway(err)
	}
	p.found.Store(found)
	return found, nil
}

// ask reads what the provider publishes. In which way it takes the client's secret is
// settled by that: trying would use a code up, which is good for one try.
func (p *provider) ask(ctx context.Context) (*reached, error) {
	found, err := oidc.NewProvider(ctx, p.Issuer)
	if err != nil {
		return nil, err
	}
	var more struct {
		Ways []string `json:"token_endpoint_auth_methods_supported"`
		Ends string   `json:"end_session_endpoint"`
	}
	if err := found.Claims(&more); err != nil {
		return nil, err
	}
	at := found.Endpoint()
	at.AuthStyle = oauth2.AuthStyleInHeader // unless said otherwise (OpenID Connect Discovery 1.0, 3)
	if p.Secret == "" || slices.Contains(more.Ways, "client_secret_post") && !slices.Contains(more.Ways, "client_secret_basic") {
		at.AuthStyle = oauth2.AuthStyleInParams
	}
	flow := &oauth2.Config{ClientID: p.ClientID, ClientSecret: p.Secret, Endpoint: at, RedirectURL: p.Redirect, Scopes: append([]string{oidc.ScopeOpenID}, p.Scopes...)}
	return &reached{found, flow, more.Ends}, nil
}

func errAway(cause error) error {
	return &yinzheng.Error{Kind: yinzheng.ErrUnavailable, Cause: cause, Text: yinzheng.Text{
		ZH: "实名认证平台暂时没有应答，请过几分钟再试。有查询码的，可以凭查询码查看。", EN: "The identity provider does not answer for now; please try again in a few minutes. With a code you can come in by that.",
	}}
}

// SignOutThere is where somebody signs out of the identity provider itself (OpenID
// Connect RP-Initiated Logout 1.0), "" where it has no such address.
func (r *Residents) SignOutThere() string {
	if r.provider == nil {
		return ""
	}
	found := r.provider.found.Load()
	if found == nil {
		return ""
	}
	u, err := url.Parse(found.ends)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	q := u.Query()
	q.Set("client_id", r.provider.ClientID)
	u.RawQuery = q.Encode()
	return u.String()
}

// errSignIn is all that somebody is told whose sign-in did not hold; why is logged.
func errSignIn() error {
	return fail(yinzheng.ErrUnauthorized, "这次登录没有成功，请重新开始", "Signing in did not succeed; please begin again")
}

// FinishSignIn opens a session for whom the provider vouches for, with what it sent
// the browser back with. Errors: ErrUnauthorized for whatever does not hold, or an
// identity without a name and a proper document; ErrUnavailable while the provider
// does not answer. Nothing of its tokens is kept.
func (r *Residents) FinishSignIn(ctx context.Context, t Ticket, answer url.Values) (secret string, expires time.Time, err error) {
	refused := func(why string) (string, time.Time, error) {
		r.Log.Warn("somebody's sign-in did not hold", "reason", why)
		return "", time.Time{}, errSignIn()
	}
	switch state := answer.Get("state"); {
	case t == "" || subtle.ConstantTimeCompare([]byte(state), []byte(t.part("state"))) != 1:
		return refused("state")
	case answer.Get("error") != "":
		return refused("the provider says no")
	}
	if iss := answer.Get("iss"); iss != "" && iss != r.issuer() { // RFC 9207
		return refused("issuer")
	}
	claims, why, err := r.claims(ctx, t, answer.Get("code"))
	switch {
	case err != nil:
		return "", time.Time{}, err
	case why != "":
		return refused(why)
	}
	who, err := r.whoIs(claims)
	if err != nil {
		r.Log.Warn("an identity has no name or no proper document")
		return "", time.Time{}, err
	}
	return r.open(ctx, *who)
}

func (r *Residents) issuer() string {
	if r.provider == nil {
		return ""
	}
	return r.provider.Issuer
}

// claims are what the provider says of whom its code is for: in its ID token and,
// if that leaves something out, where it tells more of the same person. why tells
// in a word what does not hold.
func (r *Residents) claims(ctx context.Context, t Ticket, code string) (claims map[string]any, why string, err error) {
	found, err := r.reach(ctx)
	if err != nil {
		return nil, "", err
	}
	p := r.provider
	ctx = oidc.ClientContext(ctx, p.http)
	token, err := found.flow.Exchange(ctx, code, oauth2.VerifierOption(t.part("verifier")))
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused) && refused.Response.StatusCode < http.StatusInternalServerError:
		return nil, "code", nil // the rest of what it says may hold what nobody should read
	case err != nil:
		return nil, "", errAway(nil)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := found.Verifier(&oidc.Config{ClientID: p.ClientID, Now: r.Service.Now}).Verify(ctx, raw)
	if err != nil {
		why, away := doubt(err)
		if away != nil {
			r.Log.Error("the identity provider's keys cannot be fetched", "issuer", p.Issuer)
		}
		return nil, why, away
	}
	switch {
	case subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(t.part("nonce"))) != 1:
		return nil, "nonce", nil
	case id.AccessTokenHash != "" && id.VerifyAccessToken(token.AccessToken) != nil:
		return nil, "access token", nil
	}
	if err := id.Claims(&claims); err != nil {
		return nil, "claims", nil
	}
	if acr, _ := claims["acr"].(string); len(p.ACR) > 0 && !slices.Contains(p.ACR, acr) {
		return nil, "assurance", nil
	}
	if claims[p.NameClaim] == nil || claims[p.IDClaim] == nil || p.TypeClaim != "" && claims[p.TypeClaim] == nil {
		return p.more(ctx, found, token, id.Subject, claims)
	}
	return claims, "", nil
}

// doubt tells in a word why an ID token does not hold; ErrUnavailable where nobody can
// tell, since the provider's keys could not be fetched.
func doubt(err error) (why string, away error) {
	var expired *oidc.TokenExpiredError // as a rule because a clock is wrong
	switch {
	case strings.HasPrefix(err.Error(), "failed to verify signature: fetching keys "): // a verifier wraps nothing
		return "", errAway(err)
	case errors.As(err, &expired):
		return "expired", nil
	}
	return "token", nil
}

// more adds to claims what the provider tells of the same person elsewhere.
func (p *provider) more(ctx context.Context, found *reached, token *oauth2.Token, subject string, claims map[string]any) (map[string]any, string, error) {
	info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(token))
	switch {
	case err != nil:
		return nil, "", errAway(nil)
	case info.Subject != subject:
		return nil, "another person's claims", nil
	}
	var told map[string]any
	if err := info.Claims(&told); err != nil {
		return nil, "claims", nil //nolint:nilerr // told in a word
	}
	for _, name := range []string{p.NameClaim, p.IDClaim, p.TypeClaim} {
		if claims[name] == nil {
			claims[name] = told[name]
		}
	}
	return claims, "", nil
}

// whoIs makes a resident of what a provider says of somebody; ErrUnauthorized
// without a name, or a document that could be one.
func (r *Residents) whoIs(claims map[string]any) (*yinzheng.Resident, error) {
	p := r.provider
	text := func(name string) string { x, _ := claims[name].(string); return x }
	kind := yinzheng.ResidentID
	if p.TypeClaim != "" {
		kind = text(p.TypeClaim)
		if ours, known := p.Types[kind]; known {
			kind = ours
		}
	}
	id, err := yinzheng.ParseID(yinzheng.ID{Type: kind, Number: text(p.IDClaim)}, r.Service.Now())
	name := yinzheng.NormalName(text(p.NameClaim))
	if err != nil || name == "" || kind == "" {
		return nil, fail(yinzheng.ErrUnauthorized, "实名认证平台没有给出姓名和证件号码，无法登录。请凭查询码查看，或到窗口办理", "The identity provider gave no name and document, so that nobody can be let in. Please use a code, or come to the counter")
	}
	return &yinzheng.Resident{Name: name, ID: id}, nil
}
