package main

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"yinzheng/internal/mailtest"
)

// mail has a mail server at $SMTP: up, down, or how many mails it has, printed.
func (s *session) mail(ts *testscript.TestScript, args []string) (err error) {
	if s.mails == nil {
		if s.mails, err = mailtest.Start(false); err != nil {
			return err
		}
		ts.Defer(func() { _ = s.mails.Close() })
		ts.Setenv("SMTP", s.mails.Address)
		if args[0] == "up" {
			return nil
		}
	}
	switch args[0] {
	case "up":
		return s.mails.Up()
	case "down":
		return s.mails.Down()
	}
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	mails, err := s.mails.Mails(n)
	for _, m := range mails {
		fmt.Fprintf(ts.Stdout(), "%s\n", m)
	}
	return err
}

// contact posts the form of a slip, as a browser that keeps no cookie jar would: the
// session's cookie is for https alone.
func (s *session) contact(_ *testscript.TestScript, args []string) error {
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	var cookies []*http.Cookie
	for _, form := range []struct {
		path   string
		values url.Values
	}{
		{"/signin", url.Values{"username": {args[0]}, "password": {demoPassword}}},
		{"/work/cases/" + args[1] + "/contact", url.Values{"contact": {args[2]}, "language": {"zh"}}},
	} {
		req, err := http.NewRequest(http.MethodPost, s.url+form.path, strings.NewReader(form.values.Encode()))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for _, c := range cookies {
			req.AddCookie(c)
		}
		resp, err := browser.Do(req)
		if err != nil {
			return err
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusSeeOther {
			return fmt.Errorf("%s: %s", form.path, resp.Status)
		}
		cookies = append(cookies, resp.Cookies()...)
	}
	return nil
}

// texts is a gateway of text messages.
type texts struct {
	mu     sync.Mutex
	posted []string
	status int
}

// gateway has one at $HOOK that answers with a status, and prints what was posted; its
// certificate is in ca.pem.
func (s *session) gateway(ts *testscript.TestScript, args []string) error {
	status, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	if s.texts == nil {
		s.texts = new(texts)
		server := httptest.NewTLSServer(http.HandlerFunc(s.texts.post))
		ts.Defer(server.Close)
		ts.Setenv("HOOK", server.URL)
		ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
		if err := os.WriteFile(ts.MkAbs("ca.pem"), ca, 0o600); err != nil {
			return err
		}
	}
	s.texts.mu.Lock()
	defer s.texts.mu.Unlock()
	s.texts.status = status
	for _, p := range s.texts.posted {
		fmt.Fprintln(ts.Stdout(), p)
	}
	return nil
}

func (x *texts) post(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.posted = append(x.posted, r.Header.Get("webhook-id")+" "+string(body))
	w.WriteHeader(x.status)
}

// shown waits until the server's page at PATH, which needs nobody signed in, has TEXT.
func (s *session) shown(_ *testscript.TestScript, args []string) error {
	var page []byte
	for range 400 {
		code, got, err := s.do("GET", args[0], nil, nil)
		if err != nil {
			return err
		}
		if page = got; code == http.StatusOK && bytes.Contains(page, []byte(args[1])) {
			return nil
		}
		time.Sleep(25 * time.Millisecond)
	}
	return fmt.Errorf("%s has no %q:\n%s", args[0], args[1], page)
}
