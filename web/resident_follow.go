package web

import (
	"errors"
	"net/http"
	"time"

	"yinzheng"
	"yinzheng/receipt"
	"yinzheng/resident"
)

// followRoutes are the pages on which a case is followed.
func (s *server) followRoutes() map[string]func(*guest) error {
	return map[string]func(*guest) error{
		"GET " + yinzheng.FollowPath:             s.followPage,
		"POST " + yinzheng.FollowPath:            s.followForm,
		"POST " + yinzheng.FollowPath + "/code":  s.sendCodeForm,
		"GET " + yinzheng.FollowPath + "/{case}": s.followedPage,
	}
}

var followTitle = yinzheng.Text{ZH: "查进度", EN: "Follow a case"}

// askCodeView is the form for a case's number and code.
type askCodeView struct {
	Case   string
	Faults wrongs
	Sends  bool // codes can be sent
	Sent   bool // one was asked for
}

func (s *server) followPage(g *guest) error { return s.askCode(g, http.StatusOK, &askCodeView{}) }

func (s *server) askCode(g *guest, status int, view *askCodeView) error {
	view.Sends = s.Residents.CanSend()
	return s.receive(g, status, "resident-follow", followTitle, view)
}

// sendCodeForm has a code sent to the contact of a case. Whether there is one, or
// such a case, the page does not say.
func (s *server) sendCodeForm(g *guest) error {
	if err := s.codes.allow(s.client(g.Request)); err != nil {
		return err
	}
	view := &askCodeView{Case: g.PostForm.Get("case"), Sent: true}
	if err := s.Residents.SendCode(g.Context(), view.Case); err != nil {
		return err
	}
	return s.askCode(g, http.StatusOK, view)
}

// followForm lets somebody in to the one case that a code opens.
func (s *server) followForm(g *guest) error {
	if asked, err := s.unsaved(g, yinzheng.FollowPath, g.PostForm.Get("without")); asked || err != nil {
		return err
	}
	view := &askCodeView{Case: g.PostForm.Get("case")}
	if err := s.mayTry(g, view.Case); err != nil {
		return err
	}
	secret, expires, err := s.Residents.SignInByCode(g.Context(), view.Case, g.PostForm.Get("code"))
	var wrong *yinzheng.Error
	switch {
	case errors.Is(err, yinzheng.ErrUnauthorized) && errors.As(err, &wrong):
		view.Faults = []yinzheng.FieldError{{Field: "code", Code: "wrong", Text: wrong.Text}}
		return s.askCode(g, http.StatusUnauthorized, view)
	case err != nil:
		return err
	}
	if err := s.letIn(g, secret, expires); err != nil {
		return err
	}
	id, _ := yinzheng.NormalCaseID(view.Case)
	return g.see(yinzheng.FollowPath+"/"+id, "")
}

// mayTry bounds how many codes are tried: from one address, and from one network of
// what somebody types as a case or a request, be there one or not.
func (s *server) mayTry(g *guest, typed string) error {
	if err := s.codes.allow(s.client(g.Request)); err != nil {
		return err
	}
	id, ok := yinzheng.NormalCaseID(typed)
	if !ok {
		return nil // which nothing is looked up for
	}
	return s.tries.allow(id + " " + network(s.client(g.Request)).String())
}

// followedView is a case as it is followed.
type followedView struct {
	*resident.Followed
	Stages []stage
	Looks  []yinzheng.Look
	Sends  bool // messages are delivered
}

// followedPage shows a case to whom it belongs, and asks anybody else for its code:
// that there is such a case is told to nobody.
func (s *server) followedPage(g *guest) error {
	id := g.PathValue("case")
	var c *resident.Followed
	var err error = yinzheng.ErrNotFound
	if g.me != nil {
		c, err = s.Residents.Follow(g.Context(), g.me, id)
	}
	switch {
	case errors.Is(err, yinzheng.ErrNotFound):
		return s.askCode(g, http.StatusNotFound, &askCodeView{Case: id})
	case err != nil:
		return err
	}
	looks, err := s.Service.LooksAt(g.Context(), g.me, c.ID)
	if err != nil {
		return err
	}
	return s.receive(g, http.StatusOK, "resident-case", c.ItemName, &followedView{c, stagesOf(c.FollowedCase), looks, s.Residents.CanSend()})
}

// stagesOf lays out the way of a case, from the counter to the certificate.
func stagesOf(c *yinzheng.FollowedCase) []stage {
	out := []stage{{yinzheng.Text{ZH: "受理", EN: "Taken in"}, []yinzheng.Text{both(c.Office), on(c.HandedIn)}, "done"}}
	for _, step := range c.Steps {
		out = append(out, stageOf(&step))
	}
	last := stage{Name: yinzheng.Text{ZH: "签发证明", EN: "The certificate is issued"}}
	switch c.State {
	case yinzheng.Issued:
		last.Class = "done"
	case yinzheng.Approved, yinzheng.Issuing:
		last.Class = "now"
	case yinzheng.Rejected, yinzheng.Withdrawn:
		return append(out[:1], stage{c.Ended.What, []yinzheng.Text{both(c.Ended.Office), on(c.Ended.At)}, "bad"})
	case yinzheng.Returned:
		mend := stage{yinzheng.Text{ZH: "补正", EN: "To be mended"}, []yinzheng.Text{both(c.Mend.Where)}, "now"}
		if !c.Mend.Due.IsZero() {
			mend.Lines = append(mend.Lines, before(c.Mend.Due))
		}
		out = append([]stage{out[0], mend}, out[1:]...)
	}
	return append(out, last)
}

func stageOf(step *yinzheng.FollowedStep) stage {
	x := stage{Name: step.Name}
	for _, office := range step.Offices {
		x.Lines = append(x.Lines, both(office))
	}
	switch step.State {
	case yinzheng.StepDone:
		x.Class = "done"
		x.Lines = append(x.Lines, on(step.At))
	case yinzheng.StepNow:
		x.Class = "now"
		if step.Late {
			x.Lines = append(x.Lines, yinzheng.Text{ZH: "已超过时限，上级单位已知道", EN: "Past its limit; the office above knows"})
		}
	}
	if !step.Due.IsZero() && !step.Late {
		x.Lines = append(x.Lines, before(step.Due))
	}
	return x
}

// both is a name that is the same in both languages.
func both(name string) yinzheng.Text { return yinzheng.Text{ZH: name, EN: name} }

// on is a day, before the last day of a limit, in both languages.
func on(t time.Time) yinzheng.Text {
	return yinzheng.Text{ZH: receipt.Day(t, "zh"), EN: receipt.Day(t, "en")}
}

func before(due time.Time) yinzheng.Text {
	last := on(due.Add(-time.Second))
	return yinzheng.Text{ZH: "预计 " + last.ZH + "前", EN: "By " + last.EN}
}
