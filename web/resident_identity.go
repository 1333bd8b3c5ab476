package web

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"yinzheng"
	"yinzheng/resident"
)

// ticketCookie holds what a browser keeps while somebody is away at the identity
// provider: the ticket, where they wanted to go, and without which request.
const ticketCookie = "yinzheng-away"

// leftCookie says that somebody has signed out here: whoever signs in next may be another,
// though the provider still knows who was here.
const leftCookie = "yinzheng-left"

const leftLife = 12 * time.Hour

// awayLife is how long somebody may take to sign in there.
const awayLife = 10 * time.Minute

// signInWays are the ways in.
type signInWays struct {
	Identity bool   // a provider vouches for identities
	Next     string // where somebody wanted to go
	Fault    yinzheng.Text
}

// askWho asks somebody who wants to see a page to prove who they are.
func (s *server) askWho(g *guest, next string, status int, fault yinzheng.Text) error {
	return s.receiveAt(g, next, status, "resident-signin", mineTitle, &signInWays{s.Residents.CanIdentify(), next, fault})
}

// ownPage is a page that is for who is signed in, whatever an address asks for.
func ownPage(next string) string {
	if next == "/mine/signin" || next == "/mine/callback" { // which lead here
		return "/mine"
	}
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
	next, without := ownPage(g.URL.Query().Get("next")), g.URL.Query().Get("without")
	if asked, err := s.unsaved(g, next, without); asked || err != nil {
		return err
	}
	_, stayed := s.secretOf(g.Request, leftCookie)
	address, ticket, err := s.Residents.BeginSignIn(g.Context(), stayed == nil)
	if err != nil {
		return s.unidentified(g, next, err)
	}
	wanted := url.Values{"next": {next}, "without": {without}}
	kept := string(ticket) + "." + base64.RawURLEncoding.EncodeToString([]byte(wanted.Encode()))
	http.SetCookie(g.w, s.secretCookie(ticketCookie, kept, time.Now().Add(awayLife)))
	seeOther(g.w, address)
	return nil
}

// backPage lets somebody in who comes back from the identity provider. What it was
// given is in the address, which is left at once.
func (s *server) backPage(g *guest) error {
	if err := s.signIns.allow(s.client(g.Request)); err != nil {
		return err
	}
	kept, err := s.secretOf(g.Request, ticketCookie)
	if err != nil {
		kept = "" // come back too late, or in another browser: no ticket
	}
	http.SetCookie(g.w, s.secretCookie(ticketCookie, "", time.Unix(1, 0)))
	ticket, encoded, _ := strings.Cut(kept, ".")
	decoded, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		decoded = nil // somebody's own cookie, which they have changed
	}
	wanted, err := url.ParseQuery(string(decoded))
	if err != nil {
		wanted = nil // the same
	}
	next := ownPage(wanted.Get("next"))
	if asked, err := s.unsaved(g, next, wanted.Get("without")); asked || err != nil {
		return err // they have begun one meanwhile
	}
	secret, expires, err := s.Residents.FinishSignIn(g.Context(), resident.Ticket(ticket), g.URL.Query())
	if err != nil {
		return s.unidentified(g, next, err)
	}
	if err := s.letIn(g, secret, expires); err != nil {
		return err
	}
	http.SetCookie(g.w, s.secretCookie(leftCookie, "", time.Unix(1, 0)))
	return g.see(next, "")
}

// unidentified says why somebody was not let in, and offers the other way.
func (s *server) unidentified(g *guest, next string, err error) error {
	var e *yinzheng.Error
	if !errors.As(err, &e) {
		return err
	}
	return s.askWho(g, next, faultOf(err).status, e.Text)
}
