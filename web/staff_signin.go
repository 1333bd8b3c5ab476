package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"yinzheng"
)

// signInView is the page on which somebody signs in.
type signInView struct {
	Username string
	Next     string // where to go then
	Fault    string
	Kept     []kept // what was being sent when the session had ended
}

// kept is one member of a form that waits until somebody has signed in.
type kept struct{ Name, Value string }

var signInTitle = yinzheng.Text{ZH: "登录", EN: "Sign in"}

// maxKept bounds what is kept of a form: more than any form here has.
const maxKept = 2000

func (s *server) signInPage(w http.ResponseWriter, r *http.Request) {
	s.drawSignIn(w, r, http.StatusOK, &signInView{Next: safeNext(r.URL.Query().Get("next"))})
}

// signInAgain asks somebody to sign in who is not, or not any more. What they
// were sending stays in the form and is offered for sending again.
func (s *server) signInAgain(w http.ResponseWriter, r *http.Request) {
	view := &signInView{Next: r.URL.Path}
	if r.Method == http.MethodPost {
		view.Kept = keptOf(r.PostForm)
		s.drawSignIn(w, r, http.StatusUnauthorized, view)
		return
	}
	seeOther(w, "/signin?next="+r.URL.EscapedPath())
}

// keptOf are the members of a form, but some, by name.
func keptOf(form url.Values, but ...string) []kept {
	var out []kept
	for name, values := range form {
		for _, v := range values {
			if len(out) < maxKept && !slices.Contains(but, name) {
				out = append(out, kept{name, v})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b kept) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// safeNext is a page of the staff, whatever an address asks for.
func safeNext(next string) string {
	if (next == "/work" || strings.HasPrefix(next, "/work/")) && !strings.ContainsAny(next, "\\\r\n") {
		return next
	}
	return "/work"
}

func (s *server) drawSignIn(w http.ResponseWriter, r *http.Request, status int, view *signInView) {
	v := &visit{Request: r, w: w, by: &yinzheng.Account{}}
	if err := s.draw(v, status, "staff-signin", signInTitle, view); err != nil {
		s.fail(w, r, err)
	}
}

// signInForm opens a session. A form that was being sent when the last one
// ended is shown again for sending.
func (s *server) signInForm(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		s.fail(w, r, brokenForm(err))
		return
	}
	view := &signInView{Username: r.PostForm.Get("username"), Next: safeNext(r.PostForm.Get("next"))}
	for name, values := range r.PostForm {
		if inner, ok := strings.CutPrefix(name, "kept."); ok {
			for _, v := range values {
				view.Kept = append(view.Kept, kept{inner, v})
			}
		}
	}
	slices.SortStableFunc(view.Kept, func(a, b kept) int { return strings.Compare(a.Name, b.Name) })
	secret, expires, err := s.opened(r)
	if err != nil {
		f := faultOf(err)
		if f.status >= http.StatusInternalServerError && !errors.Is(err, yinzheng.ErrUnavailable) {
			s.fail(w, r, err)
			return
		}
		view.Fault = f.text.In(language(r))
		s.drawSignIn(w, r, f.status, view)
		return
	}
	http.SetCookie(w, s.secretCookie(sessionCookie, secret, expires))
	if len(view.Kept) == 0 {
		seeOther(w, view.Next)
		return
	}
	v := &visit{Request: r, w: w, by: &yinzheng.Account{}}
	title := yinzheng.Text{ZH: "已登录，您填的内容还在", EN: "Signed in; what you filled in is still here"}
	if err := s.draw(v, http.StatusOK, "staff-resume", title, view); err != nil {
		s.fail(w, r, err)
	}
}

// opened opens a session for the form's user name and password.
func (s *server) opened(r *http.Request) (secret string, expires time.Time, err error) {
	if err := s.signIns.allow(s.client(r)); err != nil {
		return "", time.Time{}, err
	}
	ctx := r.Context()
	if client := s.client(r); client.IsValid() {
		ctx = yinzheng.From(ctx, client.String())
	}
	return s.Service.SignIn(ctx, r.PostForm.Get("username"), r.PostForm.Get("password"))
}

func (s *server) signOutForm(v *visit) error {
	if err := s.Service.SignOut(v.Context(), v.secret); err != nil {
		return err
	}
	http.SetCookie(v.w, s.secretCookie(sessionCookie, "", time.Unix(1, 0)))
	return v.see("/signin", "")
}
