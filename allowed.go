package yinzheng

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Permit tells whether somebody may do something to a case as it stands now.
type Permit struct {
	Action ActionKind `json:"action"`
	Why    *Text      `json:"why,omitempty"` // why not; absent: they may
}

// Permits lists what may be done to the case where it stands, and which of that
// by this person: a material that is wanting keeps it from being submitted,
// values that are wrong are told of by themselves (CaseView.Problems). Acts that its state rules out for everybody are not listed.
func (c *Case) Permits(by *Account, now time.Time) []Permit {
	var out []Permit
	add := func(action ActionKind, err error) { out = append(out, permit(action, err)) }
	_, working := c.mayWork(by, now)
	switch c.State {
	case Draft, Returned:
		_, mending := c.mayMend(by, now, "修改", "edited")
		add(Edit, mending)
		_, submitting := c.Submit(by, now)
		if wanting := fileProblems(c.Template, c.Application); submitting == nil && len(wanting) > 0 {
			submitting = &Error{Kind: ErrInvalid, Text: wanting[0].Text}
		}
		add(Submit, submitting)
		add(Withdraw, working)
	case Submitted:
		_, deciding := c.mayDecide(by, now)
		for _, action := range []ActionKind{Approve, Return, Reject} {
			add(action, deciding)
		}
		add(Withdraw, working)
	case Approved, Issuing:
		add(Withdraw, working)
	}
	return out
}

// What may be done with a certificate besides the acts on it (ActOn).
const (
	ToCorrect ActionKind = "correct"
	ToCopy    ActionKind = "copies"
)

// CertificatePermits lists what may be done with the case's certificate as it is
// now, and which of that by this person. What its status rules out for
// everybody is not listed.
func (c *Case) CertificatePermits(cert *Certificate, by *Account, now time.Time) []Permit {
	if c.MaySee(by, now) != nil {
		return nil
	}
	life := LifeOf(c.Actions)
	var out []Permit
	add := func(action ActionKind, possible, allowed error) {
		if possible == nil {
			out = append(out, permit(action, allowed))
		}
	}
	for _, kind := range []ActionKind{Suspend, Lift, ProposeRevocation, Revoke, DeclineRevocation} {
		a := Act{Kind: kind}
		if life.Proposed != nil {
			a.Proposal = life.Proposed.Seq
		}
		_, allowed := c.mayActOn(cert, by, kind, now)
		add(kind, life.allows(a), allowed)
	}
	_, allowed := mayTakeIn(c.Template, c.Directory, by, "", c.Division, now)
	add(ToCorrect, life.mayBeReplaced(), allowed)
	_, allowed = c.mayActOn(cert, by, Reissue, now)
	add(Reissue, life.mayBeReplaced(), allowed)
	_, allowed = c.mayHandOut(by, now)
	add(ToCopy, life.Mark(cert).mayBeCopied(now), allowed)
	return out
}

// ReasonsFor lists the classes of reason (Reasons) of which an act needs one;
// none for an act without.
func ReasonsFor(kind ActionKind) []string {
	if kind == ToCorrect {
		kind = Create
	}
	return slices.Clone(actReasons[kind])
}

func permit(action ActionKind, err error) Permit { return Permit{action, Why(err)} }

// Why is what an error tells somebody who may not do something; nil for none.
func Why(err error) *Text {
	var e *Error
	switch {
	case errors.As(err, &e):
		return &e.Text
	case err != nil:
		return &Text{err.Error(), err.Error()}
	}
	return nil
}

// ReturnTargets are the steps that a case can be returned to from where it
// waits; "" is the clerk who mends the form.
func (c *Case) ReturnTargets() []string {
	if c.State != Submitted {
		return nil
	}
	var out []string
	for i := range c.Template.Chain[:c.Step] {
		if key := c.Template.Chain[i].Key; c.checkReturn(key) == nil {
			out = append(out, key)
		}
	}
	if c.checkReturn("") == nil {
		out = append(out, "")
	}
	return out
}

// CasePage typesets the page of a case as it would be issued, as a sample: SVG,
// its pages below one another. With raw, those values stand in place of the
// case's own; focus is the path of the field to light up.
func (s *Service) CasePage(ctx context.Context, by *Account, id string, raw map[string]any, focus string) ([]byte, error) {
	c, err := s.open(ctx, by, id)
	if err != nil {
		return nil, err
	}
	sheet := &Sheet{Template: c.Template, Values: c.Values, Date: s.now().In(Zone)}
	if raw != nil {
		checked, err := c.Template.CheckValues(raw, s.now())
		if err != nil {
			return nil, err
		}
		sheet.Values = checked.Values
	}
	if organ, err := s.issuer(c.Template, c.Application); err == nil {
		sheet.Seal = organ.SealFace()
	}
	return s.Renderer.Preview(sheet, "svg", focus)
}

// Wait is what a list says of a case besides its line.
type Wait struct {
	Due      time.Time // end of the present limit; zero: none
	Late     bool      // past it, and escalated
	Stranded bool      // nobody is left to go on with it
	Mine     bool      // this person may go on with it
	Step     Text      // where it waits, while it was handed in
	Template int       // version of its template
}

// Waits tells it of the cases of a list's lines, in their order.
func (s *Service) Waits(ctx context.Context, by *Account, lines []QueueEntry) ([]Wait, error) {
	out := make([]Wait, len(lines))
	for i := range lines {
		c, err := s.open(ctx, by, lines[i].ID)
		switch {
		case errors.Is(err, ErrNotFound): // moved away since
		case err != nil:
			return nil, err
		default:
			out[i] = Wait{Template: c.Template.Version, Due: c.Due, Late: c.Late, Stranded: c.Stranded, Mine: c.State.waits() && c.mayGoOn(by, s.Now())}
			if c.Waiting != nil {
				out[i].Step = c.Waiting.Name
			}
		}
	}
	return out, nil
}

// Inbox lists the cases that wait for a post that somebody holds, what is due first
// first; unlike Workqueue, not what their office took in besides.
func (s *Service) Inbox(ctx context.Context, by *Account, cursor string, limit int) (entries []QueueEntry, next string, err error) {
	limit = pageLimit(limit)
	q := QueueFilter{Scopes: inboxes(s.scopes(by)), Before: cursor, Limit: limit + 1}
	if len(q.Scopes) == 0 {
		return nil, "", nil
	}
	if entries, err = s.Store.Inbox(ctx, q); err != nil {
		return nil, "", err
	}
	entries, next = cutPage(entries, limit)
	return entries, next, nil
}

// Name is what an action is called.
func (k ActionKind) Name() Text { return actionNames[k] }
