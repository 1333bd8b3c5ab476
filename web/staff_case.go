package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"yinzheng"
)

// caseView is a case as the people who work on it see it.
type caseView struct {
	Case     *yinzheng.CaseView
	Steps    []stepView
	Facts    []factRow
	Compared bool // there is an earlier look to compare with
	Against  []againstLine
	Events   []eventView
	Page     string // "": of what it held nothing is left to show
	May      map[string]bool
	Why      yinzheng.Text // why somebody who looks at a case that waits may not decide it
	Returns  []returnView
	Opinions []yinzheng.Text // at hand
	Deciding decideView

	Verified  *yinzheng.VerificationBook // nil: there is no certificate
	Request   *yinzheng.ResidentRequest  // that it came of, if it is shown to who looks
	Slip      bool                       // it was handed in, and a slip can be printed
	Materials *materialsView
	Trying    materialTry
	Faults    []yinzheng.FieldError // of what was tried
}

// decideView is the decision form as it was sent.
type decideView struct {
	Opinion, To string
	Faults      []yinzheng.FieldError
}

type returnView struct {
	Key  string
	Name yinzheng.Text
}

// stepView is a step of the chain: done, now or to come.
type stepView struct {
	Key   string
	Name  yinzheng.Text
	State string // done, now, later
	Desks []string
	By    string // who decided it
	At    *time.Time
	Due   yinzheng.Text
	Tone  string
}

// eventView is one action, newest first; several edits in a row by one person
// are one.
type eventView struct {
	yinzheng.Action
	What  yinzheng.Text
	Step  yinzheng.Text
	Times int // more than one edit: how many
}

// atHand are opinions that approvers often write.
var atHand = []yinzheng.Text{
	{ZH: "材料齐全，情况属实。", EN: "The material is complete and the facts are true."},
	{ZH: "经核实，与登记一致。", EN: "Checked; agrees with the record."},
	{ZH: "请补充证明材料后再报。", EN: "Please add the missing material and send it again."},
	{ZH: "填写内容与证件不一致，请核对。", EN: "What was filled in differs from the document; please check."},
}

func (s *server) casePage(v *visit) error {
	c, err := s.Service.Application(v.Context(), v.by, v.PathValue("id"))
	if err != nil {
		return err
	}
	for _, p := range c.May {
		if p.Action == yinzheng.Approve && p.Why == nil && v.Header.Get("Purpose") != livePurpose { // a bulk decision asks for it
			err = s.Service.NoteOpened(v.Context(), v.secret, c.ID, c.Version)
		}
	}
	if err != nil {
		return err
	}
	return s.drawCase(v, http.StatusOK, c, &caseView{})
}

// drawCase draws a case; the view holds what was sent and refused, if anything.
func (s *server) drawCase(v *visit, status int, c *yinzheng.CaseView, view *caseView) error {
	view.Case, view.Steps = c, s.stepViews(c)
	if c.Erased == nil || !c.Erased.Emptied() {
		view.Page = fmt.Sprintf("/work/cases/%s/page.svg?v=%d", c.ID, c.Version)
	}
	view.May, view.Opinions, view.Slip = map[string]bool{}, atHand, handedIn(c) != nil
	view.Materials, view.Faults = materialsOf(c, "", view.Trying), view.Trying.summed()
	before := lastSeen(c, v.by.ID)
	view.Facts, view.Compared = factRows(c, before), before != nil
	view.Against = s.againstLines(c.Of, c.AgainstRecord)
	for _, p := range c.May {
		if view.May[string(p.Action)] = p.Why == nil; p.Why != nil && p.Action == yinzheng.Approve {
			view.Why = *p.Why
		}
	}
	for _, key := range c.ReturnTo {
		name := yinzheng.Text{ZH: "经办人修改", EN: "The clerk, to mend the form"}
		if i := c.Of.StepIndex(key); i >= 0 {
			name = c.Of.Chain[i].Name
		}
		view.Returns = append(view.Returns, returnView{key, name})
	}
	for i := range c.History {
		view.Events = addEvent(view.Events, c, &c.History[i])
	}
	slices.Reverse(view.Events)
	var err error
	if view.Request, err = s.Residents.OfCase(v.Context(), v.by, c.ID); err != nil {
		return err
	}
	if c.Certificate != nil {
		if view.Verified, err = s.Service.VerificationsOf(v.Context(), v.by, c.Certificate.Code); err != nil {
			return err
		}
	}
	return s.draw(v, status, "staff-case", c.Of.Name, view)
}

// addEvent adds an action to a history that is read.
func addEvent(events []eventView, c *yinzheng.CaseView, x *yinzheng.Action) []eventView {
	if n := len(events); n > 0 && x.Kind == yinzheng.Edit && events[n-1].Kind == yinzheng.Edit && events[n-1].By == x.By {
		events[n-1].Action, events[n-1].Times = *x, max(events[n-1].Times, 1)+1
		return events
	}
	e := eventView{Action: *x, What: x.Kind.Name()}
	if i := c.Of.StepIndex(x.Step); i >= 0 {
		e.Step = c.Of.Chain[i].Name
	}
	return append(events, e)
}

// stepViews lays out the chain with what was decided at each step since it was
// last entered.
func (s *server) stepViews(c *yinzheng.CaseView) []stepView {
	at := len(c.Of.Chain)
	switch c.State {
	case yinzheng.Submitted:
		at = c.Of.StepIndex(c.Step.Key)
	case yinzheng.Draft, yinzheng.Returned, yinzheng.Rejected, yinzheng.Withdrawn:
		at = -1
	}
	var out []stepView
	for i, step := range c.Of.Route(c.Values) {
		if !step.Applies {
			continue
		}
		x := stepView{Key: step.Key, Name: step.Name, State: "later"}
		switch {
		case at >= 0 && i < at:
			x.State = "done"
			for j := range c.History {
				if a := &c.History[j]; a.Step == step.Key && (a.Kind == yinzheng.Approve || a.Kind == yinzheng.Submit) {
					x.By, x.At = a.Name, &a.At
				}
			}
		case i == at:
			x.State = "now"
			for _, d := range c.Desks {
				if o := s.Service.Directory().Office(d.Office); o != nil {
					x.Desks = append(x.Desks, o.Name)
				}
			}
			w := yinzheng.Wait{Late: c.Late, Stranded: c.Stranded}
			if c.Due != nil {
				w.Due = *c.Due
			}
			x.Due, x.Tone = due(w, s.Service.Now())
		}
		out = append(out, x)
	}
	return out
}

// lastSeen are the values as they stood when somebody last decided or handed in
// the case; nil if they never did, or nothing was edited since.
func lastSeen(c *yinzheng.CaseView, account string) yinzheng.Values {
	var values, seen yinzheng.Values
	for i := range c.History {
		x := &c.History[i]
		if x.Input != nil && (x.Kind == yinzheng.Create || x.Kind == yinzheng.Edit) {
			values = x.Input.Values
		}
		if x.By == account && (x.Kind == yinzheng.Approve || x.Kind == yinzheng.Return) {
			seen = values
		}
	}
	return seen
}

// decideForm takes a decision and shows the next case at once.
func (s *server) decideForm(v *visit) error {
	id, start := v.PathValue("id"), time.Now()
	d := yinzheng.Decision{Action: yinzheng.ActionKind(v.PostForm.Get("action")), Opinion: v.PostForm.Get("opinion")}
	if d.Action == yinzheng.Return {
		d.ToStep = v.PostForm.Get("to_step")
	}
	c, err := s.Service.Decide(v.Context(), v.by, id, v.seen(), d)
	var e *yinzheng.Error
	if errors.As(err, &e) && len(e.Fields) > 0 && !errors.Is(err, yinzheng.ErrForbidden) {
		now, seeing := s.Service.Application(v.Context(), v.by, id)
		if seeing != nil {
			return seeing
		}
		return s.drawCase(v, http.StatusUnprocessableEntity, now, &caseView{Deciding: decideView{d.Opinion, d.ToStep, e.Fields}})
	}
	if err != nil {
		return changed(err)
	}
	s.noteIssue(c, start)
	next, err := s.nextInbox(v, id)
	if err != nil {
		return err
	}
	if next == "" {
		return v.see("/work", "last")
	}
	return v.see("/work/cases/"+next, string(d.Action))
}

func (s *server) withdrawForm(v *visit) error {
	c, err := s.Service.WithdrawApplication(v.Context(), v.by, v.PathValue("id"), v.seen(), v.PostForm.Get("reason"))
	if err != nil {
		return changed(err)
	}
	return v.see("/work/cases/"+c.ID, "withdrawn")
}

func (s *server) certificateFile(v *visit) error {
	c, err := s.Service.Application(v.Context(), v.by, v.PathValue("id"))
	if err != nil {
		return err
	}
	if c.Certificate == nil {
		return &yinzheng.Error{Kind: yinzheng.ErrNotFound, Text: yinzheng.Text{ZH: "这件还没有签发证明", EN: "No certificate was issued for this case yet"}}
	}
	pdf, name, err := s.Service.CertificatePDF(v.Context(), v.by, c.Certificate.Code)
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	writeBody(v.w, http.StatusOK, "application/pdf", pdf)
	return nil
}
