package web

import (
	"errors"
	"net/http"
	"strings"
	"sync"

	"yinzheng"
)

// verify answers POST /api/v1/verify. A verdict, whatever it is, is a 200. It
// stands outside the OpenAPI framework's path, since scanning machines call it
// all day: small buffers are used again and the answer is written by hand.
func (s *server) verify(w http.ResponseWriter, r *http.Request) {
	a, err := s.answer(w, r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.writeAnswer(w, a)
}

// ask has a question that came on some channel answered within the limits for
// its kind.
func (s *server) ask(r *http.Request, q *yinzheng.Question, via yinzheng.Channel) (*yinzheng.Answer, error) {
	by, err := s.asker(r, via)
	if err != nil {
		return nil, err
	}
	return s.answerTo(r, by, q, via)
}

// answerTo is ask for somebody who is known, or nil.
func (s *server) answerTo(r *http.Request, by *yinzheng.Account, q *yinzheng.Question, via yinzheng.Channel) (*yinzheng.Answer, error) {
	q.By, q.Channel = by, via
	kind := kindOf(q)
	if kind != "token" && kind != "url" { // what is scanned all day looks up nothing that could be guessed
		q.Lookups = &lookups{s, r, by, kind == "number"}
	}
	a, err := s.Service.Verify(r.Context(), q)
	if err != nil {
		if f := faultOf(err); f.kind == "internal" { // whatever failed, the records could not be read: that is no verdict
			f := &fault{status: http.StatusServiceUnavailable, kind: "unavailable", after: 10, text: unavailableText}
			return nil, errors.Join(f, err)
		}
		return nil, err
	}
	if a.Photo {
		kind = "photo"
	}
	s.metrics.verdict(a.Verdict, kind)
	s.metrics.alarm(a)
	return a, nil
}

// asker is who asks, if they are signed in, so that a department is named to whom
// the certificate is about. A token that does not hold is refused; on a page
// somebody whose session has ended asks as anybody may, and so does whom another
// site led to it: they have not chosen to ask.
func (s *server) asker(r *http.Request, via yinzheng.Channel) (*yinzheng.Account, error) {
	if r.Header["Authorization"] != nil {
		by, _, err := s.authenticate(r)
		return by, err
	}
	secret, err := s.secretOf(r, sessionCookie)
	if err != nil || via == yinzheng.ViaAPI || !chosen(r) {
		return nil, nil
	}
	by, err := s.Service.Authenticate(r.Context(), secret)
	if errors.Is(err, yinzheng.ErrUnauthorized) {
		return nil, nil
	}
	return by, err
}

// chosen tells whether a page was asked for from a page of ours, or by somebody's own
// hand. What is posted from elsewhere does not get here.
func chosen(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return r.Method == http.MethodPost || site == "same-origin" || site == "none"
}

// kindOf names what was shown. A URL without a fragment is only a code.
func kindOf(q *yinzheng.Question) string {
	switch {
	case q.Token != "":
		return "token"
	case q.URL != "" && !bare(q.URL):
		return "url"
	case q.URL != "" || q.Code != "":
		return "code"
	case q.Number != "":
		return "number"
	}
	return "file"
}

// bare tells whether an address has no fragment, or an empty one.
func bare(address string) bool {
	_, fragment, _ := strings.Cut(strings.TrimSpace(address), "#")
	return fragment == ""
}

var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 2048); return &b }}

// answer answers a request: JSON, or a form with a file.
func (s *server) answer(w http.ResponseWriter, r *http.Request) (*yinzheng.Answer, error) {
	switch mediaType(r) {
	case "application/json":
		buf := buffers.Get().(*[]byte)
		defer buffers.Put(buf)
		data, err := readBody(w, r, maxQuestion, (*buf)[:0])
		if err != nil {
			return nil, err
		}
		*buf = data[:0]
		q, err := decodeQuestion(data)
		if err != nil {
			return nil, err
		}
		return s.ask(r, q, yinzheng.ViaAPI)
	case "multipart/form-data":
		return s.uploaded(w, r, yinzheng.ViaAPI)
	}
	return nil, wrongMediaType("application/json 或 multipart/form-data")
}

type question yinzheng.Question

func (q *question) member(r *jsonReader, key string) {
	switch key {
	case "token":
		q.Token = r.text(key)
	case "url":
		q.URL = r.text(key)
	case "code":
		q.Code = r.text(key)
	case "number":
		q.Number = r.text(key)
	case "name":
		q.Name = r.text(key)
	default:
		r.unknown(key)
	}
}

func decodeQuestion(data []byte) (*yinzheng.Question, error) {
	q := &question{}
	if err := decode(data, q); err != nil {
		return nil, err
	}
	if q.Name != "" && q.Number == "" {
		return nil, fieldFaultOf(http.StatusUnprocessableEntity, "invalid", "name", "not-applicable", "姓名只与 number（编号）一起使用", "A name goes only with a number")
	}
	return (*yinzheng.Question)(q), nil
}

// writeAnswer writes an answer as encoding/json would.
func (s *server) writeAnswer(w http.ResponseWriter, a *yinzheng.Answer) {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	*buf = appendAnswer((*buf)[:0], a)
	w.Header()["Content-Type"] = jsonType
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(*buf)
}
