package campaign

import (
	"slices"
	"time"

	"yinzheng"
)

// EntryKind is what an act does to an entry.
type EntryKind string

// The kinds of act on an entry. Those of somebody who saw to the holder come
// first; the others are the system's.
const (
	SeenPresent EntryKind = "present"
	SeenAbsent  EntryKind = "absent"
	SeenDead    EntryKind = "dead"
	Reopened    EntryKind = "open" // what was entered before was wrong

	Died      EntryKind = "died"    // a register says so
	NotDied   EntryKind = "alive"   // the register took that back
	Moved     EntryKind = "moved"   // a register says that the holder belongs to another village now
	CaseMade  EntryKind = "made"    // the case of the period
	CaseNever EntryKind = "refused" // it could not be made
)

// Outcome is how an entry stands.
type Outcome string

// The outcomes. A holder who was seen present and is dead by a register is
// neither: no case is made, until people have cleared it up.
const (
	Open     Outcome = "open"
	Present  Outcome = "present"
	Absent   Outcome = "absent"
	Dead     Outcome = "dead"
	Disputed Outcome = "disputed"
)

// How somebody was seen.
const (
	ByPhone = "phone"
	ByVisit = "visit"
)

// EntryAct is one thing that was done to an entry. Only what its kind needs is
// set.
type EntryAct struct {
	Kind    EntryKind `json:"kind"`
	At      time.Time `json:"at"`
	By      string    `json:"by"`
	Name    string    `json:"name,omitempty"`     // as they were called then
	Office  string    `json:"office,omitempty"`   // in which
	For     string    `json:"for,omitempty"`      // in whose name, under a delegation
	ForName string    `json:"for_name,omitempty"` //

	How      string `json:"how,omitempty"`       // present, absent: phone or visit
	Day      string `json:"day,omitempty"`       // present, absent: on which it was
	SeenBy   string `json:"seen_by,omitempty"`   // who made the visit or the call, unless it was By
	Reason   string `json:"reason,omitempty"`    // absent, open
	FollowUp string `json:"follow_up,omitempty"` // absent: by which day somebody looks again
	DiedOn   string `json:"died_on,omitempty"`   // dead, died
	Source   string `json:"source,omitempty"`    // dead, died: who or what says so

	Division    string         `json:"division,omitempty"`    // moved: to
	Application string         `json:"application,omitempty"` // made; present: the case that was issued before a death was entered by mistake
	Making      int            `json:"making,omitempty"`      // refused: version of the campaign that ordered it
	Why         *yinzheng.Text `json:"why,omitempty"`         // refused
}

// Entry is one holder on a roster, after the acts on their entry.
type Entry struct {
	Number      int         `json:"number"`
	Version     int         `json:"version"` // acts so far
	Division    string      `json:"division"`
	Name        string      `json:"name"`
	ID          yinzheng.ID `json:"id"`
	Certificate string      `json:"certificate,omitempty"` // code of the one that the holder had when it started

	Seen        *EntryAct `json:"seen,omitempty"` // the newest of those by people
	Death       *Death    `json:"death,omitempty"`
	Application string    `json:"application,omitempty"` // the case that was made
	Refused     *Refusal  `json:"refused,omitempty"`     // why none could be made
}

// Death is a death that somebody, or a register, knows of.
type Death struct {
	On         string `json:"on"`
	Source     string `json:"source"`
	Registered bool   `json:"registered"` // a register says so: only it takes that back
}

// Refusal is why no case could be made.
type Refusal struct {
	Making int           `json:"making"`
	Why    yinzheng.Text `json:"why"`
}

// after is the entry with one more act, which is known to be possible.
func (e *Entry) after(a *EntryAct) *Entry {
	n := *e
	n.Version++
	registered := e.Death != nil && e.Death.Registered
	switch a.Kind {
	case SeenPresent, SeenAbsent, SeenDead, Reopened:
		n.Seen, n.Refused = a, nil
		if !registered {
			n.Death = nil
		}
		if a.Kind == SeenDead && !registered {
			n.Death = &Death{a.DiedOn, a.Source, false}
		}
		if a.Kind == SeenPresent { // the one before has ended, unless it is named
			n.Application = a.Application
		}
	case Died:
		n.Death = &Death{a.DiedOn, a.Source, true}
	case NotDied:
		if n.Death = nil; e.Seen != nil && e.Seen.Kind == SeenDead {
			n.Death = &Death{e.Seen.DiedOn, e.Seen.Source, false}
		}
	case Moved:
		n.Division = a.Division
	case CaseMade:
		n.Application, n.Refused = a.Application, nil
	case CaseNever:
		n.Refused = &Refusal{a.Making, *a.Why}
	}
	return &n
}

// Outcome is how the entry stands.
func (e *Entry) Outcome() Outcome {
	seen := Reopened
	if e.Seen != nil {
		seen = e.Seen.Kind
	}
	switch {
	case e.Death != nil && seen == SeenPresent:
		return Disputed
	case e.Death != nil:
		return Dead
	}
	return Outcome(seen)
}

// followUp is the day by which somebody looks again; "": nobody has to.
func (e *Entry) followUp() string {
	if e.Outcome() == Absent {
		return e.Seen.FollowUp
	}
	return ""
}

// Limits of what is entered, in characters.
const (
	maxName   = 50
	maxReason = 100
	maxSource = 50
)

// check tells whether an act by somebody is possible on the entry today, whose
// case, if one was made, stands so.
func (e *Entry) check(c *Campaign, a *EntryAct, today string, made yinzheng.State) error {
	var f faults
	f.check("seen_by", a.SeenBy, maxName, false)
	f.check("reason", a.Reason, maxReason, a.Kind == SeenAbsent || a.Kind == Reopened)
	switch a.Kind {
	case SeenPresent, SeenAbsent:
		if a.How != ByPhone && a.How != ByVisit {
			f.add("how", "choice", "应为 phone（电话）或 visit（走访）", "Expected phone or visit")
		}
		if !isDay(a.Day) || a.Day < c.firstDay() || a.Day > today {
			f.add("day", "day", "请填写核验的日期：不早于 "+c.firstDay()+"，不晚于今天", "Please give the day on which it was: not before "+c.firstDay()+", and not after today")
		}
		if last := c.lastFollowUp(today); a.Kind == SeenAbsent && (!isDay(a.FollowUp) || a.FollowUp < today || a.FollowUp > last) {
			f.add("follow_up", "day", "请填写再次核验的日期：今天到 "+last, "Please give the day by which somebody looks again: from today to "+last)
		}
	case SeenDead:
		if !isDay(a.DiedOn) || a.DiedOn > today || a.DiedOn < "1900" {
			f.add("died_on", "day", "请填写死亡日期，不晚于今天", "Please give the day of the death, not after today")
		}
		f.check("source", a.Source, maxSource, true)
	case Reopened:
	default:
		f.add("outcome", "choice", "应为 present、absent、dead 或 open", "Expected present, absent, dead or open")
	}
	f.superfluous(a)
	if err := f.err(); err != nil {
		return err
	}
	if err := c.running(); err != nil {
		return err
	}
	ended := made == yinzheng.Withdrawn || made == yinzheng.Rejected
	switch {
	case e.Application == "" || ended || a.Kind == SeenDead || e.keepsCase(a, made):
		return nil
	case made == yinzheng.Issued:
		return refused(yinzheng.ErrState, "本月的证明已经签发（办件 "+e.Application+"），不能再更正；死亡可直接登记，证明有误的按撤销办理",
			"The certificate of this period was issued (case "+e.Application+"), and this is not corrected any more. A death can be entered all the same; a certificate that is wrong is revoked")
	}
	return refused(yinzheng.ErrState, "本月的办件 "+e.Application+" 已经生成；要更正请先撤回办件，死亡可直接登记",
		"The case of this period, "+e.Application+", was made already; withdraw it before this is corrected. A death can be entered all the same")
}

// keepsCase tells of an act whether it takes back a death that was entered after
// the certificate of the period had been issued: that stays the one of the entry.
func (e *Entry) keepsCase(a *EntryAct, made yinzheng.State) bool {
	return a.Kind == SeenPresent && made == yinzheng.Issued && e.Seen != nil && e.Seen.Kind == SeenDead
}

// superfluous refuses what an act of its kind does not say.
func (f *faults) superfluous(a *EntryAct) {
	for _, x := range []struct {
		field, value string
		of           []EntryKind
	}{
		{"how", a.How, []EntryKind{SeenPresent, SeenAbsent, SeenDead}},
		{"day", a.Day, []EntryKind{SeenPresent, SeenAbsent, SeenDead}},
		{"seen_by", a.SeenBy, []EntryKind{SeenPresent, SeenAbsent, SeenDead}},
		{"reason", a.Reason, []EntryKind{SeenAbsent, Reopened}},
		{"follow_up", a.FollowUp, []EntryKind{SeenAbsent}},
		{"died_on", a.DiedOn, []EntryKind{SeenDead}},
		{"source", a.Source, []EntryKind{SeenDead}},
	} {
		if x.value != "" && !slices.Contains(x.of, a.Kind) {
			f.add(x.field, "not-applicable", "这种结果不填写此项", "This is not said of such an outcome")
		}
	}
}

// same tells whether two acts by people say the same.
func (a *EntryAct) same(o *EntryAct) bool {
	x, y := *a, *o
	x.At, y.At = time.Time{}, time.Time{}
	x.Application, y.Application = "", "" // nothing that they said
	return x == y                         // Why is nobody's: nil in both
}
