package yinzheng

import (
	"slices"
	"time"
)

// deadline is a moment by which something about a case has to be done.
type deadline struct {
	material   string // that it is about; "": what the case waits for
	begun, due time.Time
	reminded   bool
	past       ActionKind // what comes past it
}

// next is when the system has to do something about it: as its last day begins,
// or past it. What began on that very day needs no reminder.
func (d *deadline) next() time.Time {
	if lastDay := d.due.AddDate(0, 0, -1); !d.reminded && lastDay.After(d.begun) {
		return lastDay
	}
	return d.due
}

// deadlines lists what has to be done by a moment, and nothing was done yet
// about its being late.
func (a *Application) deadlines() []deadline {
	out := append(a.gapDeadlines(), a.inspectionDeadlines()...)
	if a.Due.IsZero() || a.Late {
		return out
	}
	own := deadline{due: a.Due, begun: a.Due, reminded: a.Reminded, past: Lapse}
	if a.entered > 0 {
		own.begun = a.Actions[a.entered-1].At
	}
	if a.State == Submitted {
		own.past = Escalate
	}
	return append(out, own)
}

// tell notes that something is nearly due, or past its day, and that those whom it
// concerns were told.
func (a *Application) tell(x Action) {
	gap, inspection, reminds := a.gap(x.Material), a.inspection(x.Material), x.Kind == Remind
	switch {
	case gap != nil && reminds:
		gap.reminded = true
	case gap != nil:
		gap.late, gap.last = true, x.Due
	case inspection != nil && reminds:
		inspection.reminded = true
	case inspection != nil:
		inspection.late = true
	case reminds:
		a.Reminded = true
	case x.Kind == Escalate:
		a.Late = true
	}
}

// deadline is that of which something has to be done first, or nil.
func (a *Application) deadline() *deadline {
	all := a.deadlines()
	if len(all) == 0 {
		return nil
	}
	first := slices.MinFunc(all, func(a, b deadline) int { return a.next().Compare(b.next()) })
	return &first
}

// Next is when the system has to do something about a case that nobody has
// touched by then: to remind, as the last day of a limit begins, or what comes
// past the limit. Zero: never.
func (a *Application) Next() time.Time {
	if d := a.deadline(); d != nil {
		return d.next()
	}
	return time.Time{}
}

// PastLimit returns the case after what one of its limits has come to: on its
// last day those who have to act are reminded; past it a step is escalated, a
// case not mended lapses, and a material that did not follow is told to those who
// wait for it or, where issuing waits, past a further limit lets the case lapse.
// ErrState when nothing is so late, or that was dealt with.
func (c *Case) PastLimit(now time.Time) (*Application, error) {
	d := c.deadline()
	if d == nil || now.Before(d.next()) {
		return nil, fail(ErrState, "尚未临近或超过时限", "The limit is neither near nor past")
	}
	x := Action{At: now, By: SystemActor, Name: SystemActor, Kind: d.past, Material: d.material}
	if now.Before(d.due) {
		x.Kind = Remind
	}
	switch {
	case d.material == "" && c.State == Submitted:
		x.Step = c.Template.Chain[c.Step].Key
	case x.Kind == Overdue && c.gap(d.material).waits: // from now on, and not from the day: only now they are told
		x.Due = c.Calendar.Due(now, c.Template.listed(d.material).Later.Lapse)
	}
	return c.with(x), nil
}
