package web

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"yinzheng"
	"yinzheng/resident"
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

// unsavedView says what somebody would lose who is let in by another way.
type unsavedView struct {
	*resident.Request
	Home  string
	Next  string     // where they are led once they have a code
	Again url.Values // what they posted, to be posted again; nil: they followed a link
}

// unsaved tells whether a guest has to say first what becomes of the request that they
// fill in: nobody would come back to it whose session becomes another's. It has asked
// them then. Whoever goes on without it names it, so that no other one is given up.
func (s *server) unsaved(g *guest, next, without string) (asked bool, err error) {
	if g.me == nil || g.me.Request == "" || without == g.me.Request {
		return false, nil
	}
	q, err := s.Residents.Request(g.Context(), g.me, g.me.Request)
	switch {
	case errors.Is(err, yinzheng.ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	case !q.OnlyHere():
		return false, nil
	}
	view := &unsavedView{Request: q, Home: requestAddress(q), Next: next}
	if g.Method == http.MethodPost {
		view.Again = g.PostForm
	}
	return true, s.receiveAt(g, next, http.StatusConflict, "apply-unsaved", yinzheng.Text{ZH: "先取回码，免得白填", EN: "First a code, so that nothing is lost"}, view)
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
