package web

import (
	"errors"
	"net/http"
	"strconv"

	"yinzheng"
	"yinzheng/resident"
)

// askedView is the page on which a resident answers what the office asks after it has
// taken the request in.
type askedView struct {
	*resident.Request
	Home      string
	Said      *resident.Said
	Materials []yinzheng.Material
	Files     []answeredFile
	Text      string // as it was typed
	Faults    wrongs
}

// answering answers a guest whose office asks them for something. When it does not any
// more, the request says how it stands.
func (s *server) answering(do func(*guest, *askedView) error) func(*guest) error {
	return s.ofOwn(func(g *guest, q *resident.Request) error {
		err := s.Residents.StillAsked(g.Context(), q)
		if errors.Is(err, yinzheng.ErrState) {
			return g.see(requestAddress(q), "")
		}
		if err != nil {
			return err
		}
		return do(g, &askedView{Request: q, Home: requestAddress(q)})
	})
}

func (s *server) askedPage(g *guest, view *askedView) error {
	return s.drawAsked(g, http.StatusOK, view)
}

func (s *server) drawAsked(g *guest, status int, view *askedView) error {
	q := view.Request
	view.Said, view.Materials = q.LastSaid(), q.AskedFor()
	for _, f := range q.Answering() {
		view.Files = append(view.Files, answeredFile{File: f, What: q.Of.MaterialName(f.Material)})
	}
	return s.receive(g, status, "apply-answer", yinzheng.Text{ZH: "窗口请您补充", EN: "The office asks you"}, view)
}

// askedFileForm keeps a file of the answer, or takes one off again.
func (s *server) askedFileForm(g *guest, view *askedView) error {
	if mediaType(g.Request) != "multipart/form-data" {
		return wrongMediaType("multipart/form-data")
	}
	err := s.fromResident(g, view.Request, "material", func(f *form) (*resident.Request, error) {
		return s.Residents.AnswerFile(g.Context(), g.me, view.ID, &yinzheng.NewAttachment{Material: f.fields["material"], Name: f.name, File: f.file})
	})
	if err == nil {
		seeOther(g.w, view.Home+"/answer")
		return nil
	}
	if view.Faults = uploadFaults(err); view.Faults == nil {
		return err
	}
	return s.drawAsked(g, faultOf(err).status, view)
}

// askedForm takes a file off, or sends the answer.
func (s *server) askedForm(g *guest, view *askedView) error {
	if g.PostForm.Get("act") == "remove" {
		n, _ := strconv.Atoi(g.PostForm.Get("file")) // 0 is no file's number
		if _, err := s.Residents.DropAnswerFile(g.Context(), g.me, view.ID, n); err != nil {
			return err
		}
		seeOther(g.w, view.Home+"/answer")
		return nil
	}
	view.Text = g.PostForm.Get("text")
	err := s.Residents.Answer(g.Context(), g.me, view.ID, view.Text)
	var wrong *yinzheng.Error
	switch {
	case errors.Is(err, yinzheng.ErrInvalid) && errors.As(err, &wrong):
		view.Faults = wrong.Fields
		return s.drawAsked(g, faultOf(err).status, view)
	case errors.Is(err, yinzheng.ErrState): // pressed twice
	case err != nil:
		return err
	}
	return g.see(view.Home, "")
}
