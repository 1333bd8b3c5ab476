package web

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"time"

	"yinzheng"
	"yinzheng/resident"
)

// ticketCookie holds what a browser keeps while somebody is away at the identity
// provider: the ticket, and where they wanted to go.
const ticketCookie = "yinzheng-away"

// awayLife is how long somebody may take to sign in there.
const awayLife = 10 * time.Minute

// signInWays are the ways in.
type signInWays struct {
	Identity bool   // a provider vouches for identities
	Next     string // where somebody wanted to go
	Fault    yinzheng.Text
}

// askWho asks somebody to prove who they are.
func (s *server) askWho(g *guest, status int, fault yinzheng.Text) error {
	return s.receive(g, status, "resident-signin", mineTitle, &signInWays{s.Residents.CanIdentify(), ownPage(g.URL.Path), fault})
}

// ownPage is a page that is for who is signed in, whatever an address asks for.
func ownPage(next string) string {
	for _, part := range []string{"/mine", "/follow", "/apply", "/rate"} {
		if rest, ok := strings.CutPrefix(next, part); ok && (rest == "" || rest[0] == '/') && !strings.ContainsAny(next, "\\\r\n?#") {
			return next
		}
	}
	return "/mine"
}

// awayPage sends somebody to the identity provider. It is a link and no form: a
// form's answer may not lead to another site (Content-Security-Policy).
func (s *server) awayPage(g *guest) error {
	if err := s.signIns.allow(s.client(g.Request)); err != nil {
		return err
	}
	address, ticket, err := s.Residents.BeginSignIn(g.Context())
	if err != nil {
		return s.unidentified(g, err)
	}
	kept := string(ticket) + "." + base64.RawURLEncoding.EncodeToString([]byte(ownPage(g.URL.Query().Get("next"))))
	http.SetCookie(g.w, s.cookie(ticketCookie, kept, time.Now().Add(awayLife)))
	seeOther(g.w, address)
	return nil
}

// backPage lets somebody in who comes back from the identity provider. What it was
// given is in the address, which is left at once.
func (s *server) backPage(g *guest) error {
	if err := s.signIns.allow(s.client(g.Request)); err != nil {
		return err
	}
	var kept string
	if c, err := g.Cookie(ticketCookie); err == nil {
		kept = c.Value
	}
	http.SetCookie(g.w, s.cookie(ticketCookie, "", time.Unix(1, 0)))
	ticket, encoded, _ := strings.Cut(kept, ".")
	next, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		next = nil // somebody's own cookie, which they have changed
	}
	secret, expires, err := s.Residents.FinishSignIn(g.Context(), resident.Ticket(ticket), g.URL.Query())
	if err != nil {
		return s.unidentified(g, err)
	}
	if err := s.letIn(g, secret, expires); err != nil {
		return err
	}
	return g.see(ownPage(string(next)), "")
}

// unidentified says why somebody was not let in, and offers the other way.
func (s *server) unidentified(g *guest, err error) error {
	var e *yinzheng.Error
	if !errors.As(err, &e) {
		return err
	}
	return s.askWho(g, faultOf(err).status, e.Text)
}
