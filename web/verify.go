package web

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"

	"yinzheng"
)

// maxFile bounds an uploaded PDF, maxUploads how many are held in memory at once.
const (
	maxFile    = 20 << 20
	maxUploads = 8
)

// verify answers POST /api/v1/verify. A verdict, whatever it is, is a 200. It
// stands outside the OpenAPI framework's path, since scanning machines call it
// all day: small buffers are used again and the answer is written by hand.
func (s *server) verify(w http.ResponseWriter, r *http.Request) {
	q, err := s.question(w, r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	a, err := s.ask(r, q)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.writeAnswer(w, a)
}

// ask has a question answered within the limits for its kind.
func (s *server) ask(r *http.Request, q *yinzheng.Question) (*yinzheng.Answer, error) {
	kind := kindOf(q)
	if kind == "code" || kind == "number" {
		if err := s.lookups.allow(s.client(r)); err != nil {
			return nil, err
		}
	}
	a, err := s.Service.Verify(r.Context(), q)
	if err != nil {
		if f := faultOf(err); f.kind == "internal" { // whatever failed, the records could not be read: that is no verdict
			f := &fault{status: http.StatusServiceUnavailable, kind: "unavailable", after: 10, text: unavailableText}
			return nil, errors.Join(f, err)
		}
		return nil, err
	}
	s.metrics.verdict(a.Verdict, kind)
	return a, nil
}

// kindOf names what was shown. A URL without a fragment is only a code.
func kindOf(q *yinzheng.Question) string {
	switch {
	case q.Token != "":
		return "token"
	case strings.IndexByte(q.URL, '#') >= 0:
		return "url"
	case q.URL != "" || q.Code != "":
		return "code"
	case q.Number != "":
		return "number"
	}
	return "file"
}

var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 2048); return &b }}

// question reads a request's question: JSON, or a form with a file.
func (s *server) question(w http.ResponseWriter, r *http.Request) (*yinzheng.Question, error) {
	switch mediaType(r) {
	case "application/json":
		buf := buffers.Get().(*[]byte)
		defer buffers.Put(buf)
		data, err := readBody(w, r, maxQuestion, (*buf)[:0])
		if err != nil {
			return nil, err
		}
		*buf = data[:0]
		return decodeQuestion(data)
	case "multipart/form-data":
		file, err := s.uploadedFile(w, r)
		if err != nil {
			return nil, err
		}
		return &yinzheng.Question{File: file}, nil
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

// uploadedFile reads the part named "file" of a form, and no more of it than
// may be.
func (s *server) uploadedFile(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength > maxFile+maxQuestion {
		return nil, tooLarge(maxFile)
	}
	if err := s.files.allow(s.client(r)); err != nil {
		return nil, err
	}
	select {
	case s.uploads <- struct{}{}:
		defer func() { <-s.uploads }()
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxFile+maxQuestion)
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, brokenForm(err)
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, noFile()
		}
		if err != nil {
			return nil, brokenForm(err)
		}
		if part.FormName() == "file" {
			return readPart(part)
		}
	}
}

func readPart(part *multipart.Part) ([]byte, error) {
	var b bytes.Buffer
	n, err := b.ReadFrom(io.LimitReader(part, maxFile+1))
	switch {
	case err != nil:
		return nil, brokenForm(err)
	case n > maxFile:
		return nil, tooLarge(maxFile)
	case n == 0:
		return nil, noFile()
	}
	return b.Bytes(), nil
}

func noFile() *fault {
	return fieldFaultOf(http.StatusUnprocessableEntity, "invalid", "file", "required", "请选择一个 PDF 文件", "Please choose a PDF file")
}

func brokenForm(err error) *fault {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return tooLarge(maxFile)
	}
	return fieldFaultOf(http.StatusBadRequest, "malformed", "file", "form", "上传的表单不完整，请重新选择文件", "The uploaded form is incomplete; please choose the file again")
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
