package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"yinzheng"
)

// open lets pages of other sites read what is signed and public anyway, so that
// a verifier can be written in any of them.
func open(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
}

// keyList serves the signed key list.
func (s *server) keyList(w http.ResponseWriter, r *http.Request) {
	body, err := s.Service.SignedKeyList()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	open(w.Header())
	w.Header()["Cache-Control"] = revalidate
	writeBody(w, http.StatusOK, "application/json", body)
}

// statusList serves a signed status list. Caches may keep it as long as its ttl.
func (s *server) statusList(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.PathValue("list"))
	if err != nil {
		s.nowhere(w, r, http.StatusNotFound)
		return
	}
	body, err := s.Service.StatusList(r.Context(), n)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	open(w.Header())
	w.Header().Set("Cache-Control", "public, max-age="+strconv.Itoa(int(yinzheng.StatusListTTL/time.Second)))
	writeBody(w, http.StatusOK, "application/statuslist+jwt", body)
}

// revocationList serves an issuing CA's CRL (RFC 5280; media type RFC 2585).
func (s *server) revocationList(w http.ResponseWriter, r *http.Request) {
	name, isCRL := strings.CutSuffix(r.PathValue("file"), ".crl")
	n, err := strconv.Atoi(name)
	if err != nil || !isCRL || s.CRL == nil {
		s.nowhere(w, r, http.StatusNotFound)
		return
	}
	der, err := s.CRL(n)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	open(w.Header())
	w.Header()["Cache-Control"] = revalidate
	writeBody(w, http.StatusOK, "application/pkix-crl", der)
}

// healthz tells that the program runs.
func (s *server) healthz(w http.ResponseWriter, _ *http.Request) {
	writeBody(w, http.StatusOK, "text/plain; charset=utf-8", []byte("ok\n"))
}

// readyz tells whether requests can be answered.
func (s *server) readyz(w http.ResponseWriter, r *http.Request) {
	if s.Ready != nil {
		ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
		defer cancel()
		if err := s.Ready(ctx); err != nil {
			s.Log.Error("not ready", "error", err)
			writeBody(w, http.StatusServiceUnavailable, "text/plain; charset=utf-8", []byte("not ready\n"))
			return
		}
	}
	writeBody(w, http.StatusOK, "text/plain; charset=utf-8", []byte("ready\n"))
}

// claimPage shows the form with which the owner of a new account sets the first
// password.
func (s *server) claimPage(w http.ResponseWriter, r *http.Request) {
	s.pages.claim(w, r, http.StatusOK, nil)
}

// claim sets the password and says how to go on.
func (s *server) claim(w http.ResponseWriter, r *http.Request) {
	if err := s.signIns.allow(s.client(r)); err != nil {
		s.fail(w, r, err)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxQuestion)
	if err := r.ParseForm(); err != nil {
		s.fail(w, r, brokenForm(err))
		return
	}
	password := r.PostForm.Get("password")
	if password != r.PostForm.Get("again") {
		s.pages.claim(w, r, http.StatusUnprocessableEntity, []yinzheng.FieldError{{Field: "again", Code: "differs", Text: yinzheng.Text{ZH: "两次输入的密码不一致，请重新输入", EN: "The two passwords differ; please type them again"}}})
		return
	}
	username, err := s.Service.Claim(r.Context(), r.PathValue("secret"), password)
	var e *yinzheng.Error
	switch {
	case errors.As(err, &e) && len(e.Fields) > 0:
		s.pages.claim(w, r, http.StatusUnprocessableEntity, e.Fields)
	case err != nil:
		s.fail(w, r, err)
	default:
		s.pages.claimed(w, r, username)
	}
}
