package web

import (
	"errors"
	"net/http"
	"time"

	"yinzheng"
)

// residentCookie holds the secret of a resident's session.
const residentCookie = "yinzheng-me"

// recognise notes who a guest has proven to be, if somebody. Whose session has
// ended is nobody.
func (s *server) recognise(g *guest) error {
	if g.Method == http.MethodPost && mediaType(g.Request) == "application/x-www-form-urlencoded" {
		g.Body = http.MaxBytesReader(g.w, g.Body, maxBody)
		if err := g.ParseForm(); err != nil {
			return brokenForm(err)
		}
	}
	secret, err := s.secretOf(g.Request, residentCookie)
	if err != nil {
		return nil //nolint:nilerr // no cookie: nobody
	}
	me, err := s.Residents.Authenticate(g.Context(), secret)
	switch {
	case errors.Is(err, yinzheng.ErrUnauthorized):
		return nil
	case err != nil:
		return err
	}
	g.me, g.secret = me, secret
	return nil
}

// letIn gives a guest the session that was opened for them, and ends the one that
// they had: somebody else's, perhaps, on a device that several use.
func (s *server) letIn(g *guest, secret string, expires time.Time) error {
	if g.me != nil {
		if err := s.Residents.SignOut(g.Context(), g.secret, false); err != nil {
			return err
		}
	}
	http.SetCookie(g.w, s.secretCookie(residentCookie, secret, expires))
	return nil
}

// leaveForm ends the session; on every device, where that is asked for. Whoever came
// by the identity provider is still signed in there, and is told how to end that, for
// a device may be somebody else's next; here the next one is asked anew who they are.
func (s *server) leaveForm(g *guest) error {
	there := ""
	if g.me != nil {
		if err := s.Residents.SignOut(g.Context(), g.secret, g.PostForm.Get("everywhere") != ""); err != nil {
			return err
		}
		if g.me.Proof() == yinzheng.ByIdentity {
			there = s.Residents.SignOutThere()
			http.SetCookie(g.w, s.secretCookie(leftCookie, "1", time.Now().Add(leftLife)))
		}
	}
	http.SetCookie(g.w, s.secretCookie(residentCookie, "", time.Unix(1, 0)))
	g.me = nil
	return s.receive(g, http.StatusOK, "resident-left", yinzheng.Text{ZH: "已退出", EN: "You are signed out"}, there)
}

// see leads on after something was posted; done is a key of dones.
func (g *guest) see(address, done string) error {
	if done != "" {
		address += "?done=" + done
	}
	seeOther(g.w, address)
	return nil
}
