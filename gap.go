package yinzheng

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Later lets a material follow after the case was handed in (容缺受理).
type Later struct {
	Days  int    `yaml:"days" json:"days"`                                 // working days from the promise, by the end of which it is to come
	Issue string `yaml:"issue" json:"issue"`                               // IssueWaits or IssueFlagged
	Lapse int    `yaml:"lapse_days,omitempty" json:"lapse_days,omitempty"` // where issuing waits: working days from when it was found missing; then the case lapses
}

// What becomes of a case that is approved before its material has come.
const (
	IssueWaits   = "wait" // it is issued once the material has come
	IssueFlagged = "flag" // it is issued, and its record says what is missing
)

// Promise notes that a material follows, while the case is drafted or mended. The
// day that was promised when the case was first handed in stands: returning and
// promising again moves it no further. Errors as of Attach, and ErrInvalid for a
// material that may not follow, or need not, or whose day is past.
func (c *Case) Promise(by *Account, material string, now time.Time) (*Application, error) {
	grant, err := c.mayMend(by, now, "约定补交材料", "changed")
	if err != nil {
		return nil, err
	}
	refuse := func(code, zh, en string) (*Application, error) {
		return nil, invalidFields([]FieldError{{"material", code, Text{zh, en}}})
	}
	m := c.needed(material)
	due, promised := c.promised(material)
	switch {
	case m == nil || m.Later == nil:
		return refuse("choice", "本办件没有可以容缺后补的这项材料", "The case needs no such material that may follow")
	case c.met(material).way != "":
		return refuse("met", "这项材料已经满足或已约定补交", "This material is met, or promised, already")
	case !promised:
		due = c.Calendar.Due(now, m.Later.Days)
	case !now.Before(due):
		return refuse("past", "已过原先约定的补交期限，请提交材料", "The day that was promised before is past; please attach the material")
	}
	x := actionBy(by, grant, Promise, now)
	x.Material, x.Due = material, due
	return c.with(x), nil
}

// promised is the day by which a material was to come when the case was first
// handed in with it missing.
func (a *Application) promised(material string) (due time.Time, ok bool) {
	last := Action{}
	for i := range a.Actions {
		switch x := &a.Actions[i]; {
		case x.Kind == Promise && x.Material == material:
			last = *x
		case x.Kind == Detach && x.Detached == last.Seq:
			last = Action{}
		case x.Kind == Submit && last.Seq > 0:
			return last.Due, true
		}
	}
	return time.Time{}, false
}

// seeGaps works out, after an action, which promises wait to be kept, and what for.
func (a *Application) seeGaps(t *Template) {
	for i := range a.Substitutes {
		s := &a.Substitutes[i]
		m := t.listed(s.Material)
		s.open = m != nil && m.Later != nil && s.Certificate == "" && a.met(s.Material).sub == s && m.Scan && allHold(m.When, a.Values)
		s.waits = s.open && m.Later.Issue == IssueWaits
	}
}

// gap is a promise that waits to be kept, or nil.
func (a *Application) gap(material string) *Substitute {
	i := slices.IndexFunc(a.Substitutes, func(s Substitute) bool { return s.open && s.Material == material })
	if i < 0 {
		return nil
	}
	return &a.Substitutes[i]
}

// follows tells whether a material may come now that the case went on without it.
func (a *Application) follows(material string) bool {
	return a.Incomplete() != "" && a.gap(material) != nil
}

// mayFollow returns the grant under which a person brings what was promised: a
// clerk of the office that took the case in. Nobody hands it in again, so a party
// is refused here.
func (c *Case) mayFollow(by *Account, now time.Time) (Grant, error) {
	grant, err := c.mayWork(by, now)
	if err != nil {
		return Grant{}, err
	}
	for _, who := range actors(by, grant) {
		if c.isParty(who) {
			return Grant{}, fail(ErrForbidden, "您（或委托您的人）是本办件的当事人，请由同事办理", "You, or who delegated to you, are a party of this case; a colleague has to handle it")
		}
		if err := c.fourEyes(who, c.intakeStep()); err != nil {
			return Grant{}, err
		}
	}
	return grant, nil
}

// Incomplete tells whether the case went on with a material missing, and what
// becomes of it when approved: IssueWaits, IssueFlagged or "".
func (a *Application) Incomplete() string {
	gap := ""
	if !slices.Contains([]State{Submitted, Approved, Issuing, Issued}, a.State) {
		return gap
	}
	for i := range a.Substitutes {
		switch s := &a.Substitutes[i]; {
		case s.waits:
			return IssueWaits
		case s.open:
			gap = IssueFlagged
		}
	}
	return gap
}

// held tells whether the case is approved and waits for a material.
func (a *Application) held() bool { return a.State == Approved && a.Incomplete() == IssueWaits }

// errHeld is the cause when an approved case waits for a material.
var errHeld = errors.New("a material has yet to come")

// heldText says what an approved case waits for.
func heldText(t *Template, a *Application) *Text {
	i := slices.IndexFunc(a.Substitutes, func(s Substitute) bool { return s.waits })
	s := &a.Substitutes[i]
	name, _ := t.material(s.Material)
	day := lastDayBefore(s.due)
	return &Text{
		fmt.Sprintf("已批准，待补交“%s”（应于 %s 前补交）后自动签发", name.ZH, day),
		fmt.Sprintf("Approved; it is issued once “%s” has come, which was to follow by %s", name.EN, day),
	}
}

// lastDayBefore is the last whole day of a limit that ends with a day's end.
func lastDayBefore(due time.Time) string {
	return due.Add(-time.Second).In(Zone).Format(time.DateOnly)
}

// gapProblems says which promises are past their day: they carry no case on.
func gapProblems(a *Application, now time.Time) []FieldError {
	var out []FieldError
	for i := range a.Substitutes {
		s := &a.Substitutes[i]
		if !s.open || now.Before(s.due) {
			continue
		}
		out = append(out, FieldError{"attachments." + s.Material, "past", Text{
			"已过约定的补交期限，请提交材料；尚未提交过的，可撤下约定后重新约定", "The day that was promised is past; please attach the material or, where the case was never handed in, take the promise off and give another one",
		}})
	}
	return out
}

// deadlines of the promises that wait to be kept, while they matter.
func (a *Application) gapDeadlines() []deadline {
	var out []deadline
	if a.State != Submitted && a.State != Approved && a.State != Issued {
		return nil
	}
	for i := range a.Substitutes {
		s := &a.Substitutes[i]
		switch {
		case !s.open:
		case !s.late:
			out = append(out, deadline{s.Material, s.begun, s.due, s.reminded, Overdue})
		case s.waits && a.State != Issued:
			out = append(out, deadline{s.Material, s.last, s.last, true, Lapse})
		}
	}
	return out
}

// AwaitedView is a material that a certificate was issued without.
type AwaitedView struct {
	Material string    `json:"material"`
	Name     Text      `json:"name"`
	Due      time.Time `json:"due"`            // by which it was to follow
	Late     bool      `json:"late,omitempty"` // it did not
}

// awaited lists the materials that an issued case still waits for.
func (c *Case) awaited() []AwaitedView {
	var out []AwaitedView
	for i := range c.Substitutes {
		if s := &c.Substitutes[i]; s.open {
			name, _ := c.Template.material(s.Material)
			out = append(out, AwaitedView{s.Material, name, s.due, s.late})
		}
	}
	return out
}

// PromiseMaterial notes that a material of a case at version seen follows. Errors
// as of Case.Promise.
func (s *Service) PromiseMaterial(ctx context.Context, by *Account, id string, seen int, material string) (*CaseView, error) {
	return s.change(ctx, by, id, seen, func(c *Case, now time.Time) (*Application, error) {
		return c.Promise(by, material, now)
	})
}
