package web

import (
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
	Follow  string // where it is used
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

func (s *server) slipPage(v *visit) error { return s.drawSlip(v, "", time.Time{}) }

// codeForm makes a code by which the applicant follows the case. It stands in the
// answer and nowhere else, so that there is no page to go back to.
func (s *server) codeForm(v *visit) error {
	code, until, err := s.Residents.HandOver(v.Context(), v.by, v.PathValue("id"))
	if err != nil {
		return err
	}
	return s.drawSlip(v, code, until)
}

func (s *server) drawSlip(v *visit, code string, until time.Time) error {
	c, err := s.slip(v)
	if err != nil {
		return err
	}
	x := handedIn(c)
	view := &slipView{Case: c, HandedIn: x.At, By: x.Called, Decided: c.State != yinzheng.Submitted, Until: until, Follow: s.Service.PublicURL + yinzheng.FollowPath}
	view.MayHand = s.Service.MayHandCode(v.Context(), v.by, c.ID) == nil
	if code != "" {
		view.Code = code[:4] + " " + code[4:]
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
	return s.draw(v, http.StatusOK, "staff-slip", yinzheng.Text{ZH: "受理回执", EN: "Slip"}, view)
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
