package web

import (
	"errors"
	"net/http"
	"strings"

	"yinzheng"
	"yinzheng/receipt"
)

// askView is the form that asks.
type askView struct {
	Query string // what was typed
	Name  string
}

// resultView is a receipt on a page of ours.
type resultView struct {
	*receipt.Receipt
	Code   bool               // /v/CODE: a fragment may tell more
	Beside []*receipt.Receipt // of the other codes in a picture
	Host   string
	Again  string // the address that shows the record's verdict, without anything else in it
}

func (s *server) view(a *yinzheng.Answer, shown receipt.Shown, lang string) *resultView {
	v := &resultView{Receipt: receipt.New(a, shown, lang), Host: s.Service.Host()}
	for _, other := range a.Others {
		v.Beside = append(v.Beside, receipt.New(other, shown, lang))
	}
	if a.Certificate != nil && a.Certificate.Code != "" {
		v.Again = s.Service.PublicURL + "/v/" + a.Certificate.Code
	}
	return v
}

// shownBy is what a question showed; nil stands for an uploaded file's.
func shownBy(q *yinzheng.Question) receipt.Shown {
	if q == nil {
		return receipt.File
	}
	switch kindOf(q) {
	case "token", "url":
		return receipt.Token
	}
	return receipt.Name
}

// askPage shows the box that takes anything: a URL from a counter scanner, a
// code, a number, or a PDF.
func (s *server) askPage(w http.ResponseWriter, r *http.Request) {
	s.writeAsk(w, r, http.StatusOK, &page{Ask: &askView{}})
}

// writeAsk writes the page that asks, which alone may use the camera.
func (s *server) writeAsk(w http.ResponseWriter, r *http.Request, status int, data *page) {
	data.Title, data.Camera, data.Offline = askTitle.In(language(r)), s.pages.camera, s.preparing()
	w.Header()["Permissions-Policy"] = cameraHere
	s.pages.write(w, r, status, "ask", data)
}

var askTitle = yinzheng.Text{ZH: "核验证明", EN: "Verify a certificate"}

// codePattern is the page that a QR code opens.
const codePattern = "GET /v/{code}"

// codePage answers with the record's verdict. The fragment of a QR code never gets
// here; the page's module posts it, also where the record could not be looked up.
func (s *server) codePage(w http.ResponseWriter, r *http.Request) {
	a, err := s.ask(r, &yinzheng.Question{Code: r.PathValue("code")}, yinzheng.ViaScan)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.noteSample(a)
	if wantsJSON(r) {
		s.writeAnswer(w, a)
		return
	}
	v := s.view(a, receipt.Name, language(r))
	v.Code = true
	s.pages.write(w, r, http.StatusOK, "result", &page{Title: a.Heading.In(language(r)), Result: v})
}

// answerPage answers the form of askPage, and the module of codePage.
func (s *server) answerPage(w http.ResponseWriter, r *http.Request) {
	a, q, ask, err := s.formAnswer(w, r)
	lang := language(r)
	var f *fault
	if err != nil {
		f = faultOf(err)
	}
	switch {
	case f != nil && f.status < http.StatusInternalServerError && f.kind != "too-many" && !wantsJSON(r):
		s.askAgain(w, r, ask, f)
	case f != nil:
		s.fail(w, r, err)
	case wantsJSON(r):
		s.writeAnswer(w, a)
	default:
		data := &page{Title: a.Heading.In(lang), Result: s.view(a, shownBy(q), lang), Ask: &askView{}, Next: true, Replay: q}
		s.pages.write(w, r, http.StatusOK, "result", data)
	}
}

// askAgain shows the form with what is wrong; what was typed stays.
func (s *server) askAgain(w http.ResponseWriter, r *http.Request, ask *askView, f *fault) {
	lang := language(r)
	data := &page{Ask: ask}
	field, file := "q", "file"
	if r.URL.Query().Get("by") == "photo" { // the page has two forms with files
		file = "photo"
	}
	for _, e := range f.fields {
		switch e.Field {
		case "file":
			field = file
		case "name":
			field = e.Field
		}
	}
	detail := f.text.In(lang)
	if len(f.fields) > 0 && f.fields[0].Text != f.text {
		detail += yinzheng.Text{ZH: "：", EN: ": "}.In(lang) + f.fields[0].Text.In(lang)
	}
	data.Faults = []fieldFault{{field, f.kind, detail}}
	s.writeAsk(w, r, f.status, data)
}

// formAnswer answers the form: text, or a file, whose question is nil.
func (s *server) formAnswer(w http.ResponseWriter, r *http.Request) (*yinzheng.Answer, *yinzheng.Question, *askView, error) {
	ask := &askView{}
	if mediaType(r) == "multipart/form-data" {
		a, err := s.uploaded(w, r, yinzheng.ViaFile)
		return a, nil, ask, err
	}
	q, err := s.formQuestion(w, r, ask)
	if err != nil {
		return nil, nil, ask, err
	}
	a, err := s.ask(r, q, formChannel(r, q))
	return a, q, ask, err
}

// formChannel tells how what stands in the form was come by. A page that shows an
// answer already asks again for the fragment, or the other language: that is one
// verification.
func formChannel(r *http.Request, q *yinzheng.Question) yinzheng.Channel {
	switch {
	case r.PostForm.Get("again") != "":
		return ""
	case q.Code != "":
		return yinzheng.ViaCode
	case q.Number != "":
		return yinzheng.ViaNumber
	}
	return yinzheng.ViaScan
}

// formQuestion reads the text of the form; what was typed goes into ask.
func (s *server) formQuestion(w http.ResponseWriter, r *http.Request, ask *askView) (*yinzheng.Question, error) {
	if mediaType(r) != "application/x-www-form-urlencoded" {
		return nil, wrongMediaType("application/x-www-form-urlencoded")
	}
	if r.ContentLength > maxQuestion {
		return nil, tooLarge(maxQuestion)
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxQuestion)
	if err := r.ParseForm(); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return nil, tooLarge(maxQuestion)
		}
		return nil, brokenForm(err)
	}
	ask.Query, ask.Name = r.PostForm.Get("q"), r.PostForm.Get("name")
	if strings.TrimSpace(ask.Query) == "" {
		return nil, fieldFaultOf(http.StatusUnprocessableEntity, "invalid", "q", "required", "请扫入二维码，或输入证照编号或核验码", "Please scan the QR code, or type the number or the code")
	}
	return yinzheng.Recognise(ask.Query, ask.Name), nil
}
