package web

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/skip2/go-qrcode"

	"yinzheng"
)

// slipView is what the applicant takes home once a case was handed in.
type slipView struct {
	Case     *yinzheng.CaseView
	HandedIn time.Time
	By       string
	Steps    []slipStep
	Bring    []yinzheng.MaterialView // promised, and still to come
	Decided  bool                    // it waits at no step any more

	MayHand bool   // the reader may hand a code over
	Code    string // just made: shown this once
	Until   time.Time
	Ended   int    // shares, with it
	Follow  string // where it is used

	MaySend bool   // codes can be sent, so that a contact is of use
	Contact string // masked; "": none
	Faults  []yinzheng.FieldError
}

// slipStep is a step that is still to come, or the present one.
type slipStep struct {
	stepView
	Limit int // working days
}

// slip is the case in the path, if it was handed in.
func (s *server) slip(v *visit) (*yinzheng.CaseView, error) {
	c, err := s.Service.Application(v.Context(), v.by, v.PathValue("id"))
	if err == nil && handedIn(c) == nil {
		err = &yinzheng.Error{Kind: yinzheng.ErrNotFound, Text: yinzheng.Text{ZH: "这件还没有提交，没有回执", EN: "The case was not handed in yet; there is no slip"}}
	}
	return c, err
}

// handedIn is the action by which the case was handed in last, or nil.
func handedIn(c *yinzheng.CaseView) *yinzheng.Action {
	for i := len(c.History) - 1; i >= 0; i-- {
		if c.History[i].Kind == yinzheng.Submit {
			return &c.History[i]
		}
	}
	return nil
}

func (s *server) slipPage(v *visit) error { return s.drawSlip(v, http.StatusOK, &slipView{}) }

// codeForm makes a code by which the applicant follows the case. It stands in the
// answer and nowhere else, so that there is no page to go back to.
func (s *server) codeForm(v *visit) error {
	h, err := s.Residents.HandOver(v.Context(), v.by, v.PathValue("id"), v.PostForm.Get("shares") == "end")
	if err != nil {
		return err
	}
	return s.drawSlip(v, http.StatusOK, &slipView{Code: h.Code[:4] + " " + h.Code[4:], Until: h.Expires, Ended: h.SharesEnded})
}

// contactForm notes where the applicant is reached.
func (s *server) contactForm(v *visit) error {
	err := s.Residents.SetContact(v.Context(), v.by, v.PathValue("id"), v.PostForm.Get("contact"), v.PostForm.Get("language"))
	var wrong *yinzheng.Error
	switch {
	case errors.Is(err, yinzheng.ErrInvalid) && errors.As(err, &wrong):
		return s.drawSlip(v, http.StatusUnprocessableEntity, &slipView{Faults: wrong.Fields})
	case err != nil:
		return err
	}
	return v.see("/work/cases/"+v.PathValue("id")+"/slip", "saved")
}

// drawSlip draws a slip; the view holds the code that was made, or what was wrong
// with a contact.
func (s *server) drawSlip(v *visit, status int, view *slipView) error {
	c, err := s.slip(v)
	if err != nil {
		return err
	}
	x := handedIn(c)
	view.Case, view.HandedIn, view.By, view.Decided = c, x.At, x.Called, c.State != yinzheng.Submitted
	view.Follow, view.MaySend = s.Service.PublicURL+yinzheng.FollowPath, s.Residents.CanSend()
	if view.MayHand = s.Service.MayHandCode(v.Context(), v.by, c.ID) == nil; view.MayHand {
		if view.Contact, err = s.Residents.Contact(v.Context(), v.by, c.ID); err != nil {
			return err
		}
	}
	for _, step := range s.stepViews(c) {
		if step.State != "done" && !view.Decided {
			view.Steps = append(view.Steps, slipStep{step, c.Of.Chain[c.Of.StepIndex(step.Key)].Limit})
		}
	}
	for _, m := range c.Materials {
		if m.Way == yinzheng.MetLater {
			view.Bring = append(view.Bring, m)
		}
	}
	return s.draw(v, status, "staff-slip", yinzheng.Text{ZH: "受理回执", EN: "Slip"}, view)
}

// slipCode is where the case is followed, for a phone, and its number for a scanner
// at the counter. The number comes after "#", where it reaches no server's log.
func (s *server) slipCode(v *visit) error {
	c, err := s.slip(v)
	if err != nil {
		return err
	}
	png, err := qrcode.Encode(s.Service.PublicURL+yinzheng.FollowPath+"#"+c.ID, qrcode.Medium, 240)
	if err != nil {
		return fmt.Errorf("draw the QR code of a slip: %w", err)
	}
	writeBody(v.w, http.StatusOK, "image/png", png)
	return nil
}
