package yinzheng

import (
	"context"
	"errors"
	"slices"
	"time"
)

// FollowedCase is a case as those see it whom it belongs to: offices and steps,
// and nobody's name; the holder's is masked.
type FollowedCase struct {
	ID        string
	Item      string
	ItemName  Text
	State     State
	Holder    string // masked
	Office    string // that took it in, by name
	HandedIn  time.Time
	Steps     []FollowedStep
	Events    []FollowedEvent // newest first
	Promised  time.Time       // by when all steps are done, if each keeps its limit; zero: nothing was promised, or nothing is left
	Mend      *Mending
	Bring     []AwaitedView // materials that were promised, and have not come
	Delayed   bool          // approved, and the certificate could not be made yet
	Why       string        // rejected: what the office says
	Ended     FollowedEvent // rejected or withdrawn: how
	Certified *FollowedCertificate
}

// FollowedStep is a step of the chain that a case goes through.
type FollowedStep struct {
	Name    Text
	State   StepState
	Offices []string  // that decide it, or did, by name
	At      time.Time // done: when
	Due     time.Time // end of its limit, or when that will be; zero: it has none
	Late    bool
}

// StepState is where a case stands with a step.
type StepState string

// The states of a step.
const (
	StepDone  StepState = "done"
	StepNow   StepState = "now"
	StepLater StepState = "later"
)

// FollowedEvent is something that happened to a case, as those are told whom it
// belongs to.
type FollowedEvent struct {
	At     time.Time `json:"at"`
	What   Text      `json:"what"`
	Office string    `json:"office,omitempty"` // by name; "": the system
	Step   Text      `json:"step,omitzero"`
}

// Mending is what has to be mended before a case goes on.
type Mending struct {
	Said   string // by who sent it back; "" when that was the system
	Office string // who sent it back, by name
	Where  string // the office that mends it, by name
	Due    time.Time
}

// FollowedCertificate is what a case came to.
type FollowedCertificate struct {
	Code   string `json:"code"`
	Status Status `json:"status"`
}

// followNames are the actions that a case's own people are told of, in their
// words. That somebody was found dead is for the office to say.
var followNames = map[ActionKind]Text{
	Submit: {"已受理", "taken in"}, Approve: {"审核通过", "approved"}, Return: {"退回补正", "sent back to be mended"}, Reject: {"不予办理", "refused"},
	Withdraw: {"已撤回", "taken back"}, Lapse: {"逾期未补正，办件终止", "ended, since it was not mended in time"},
	Escalate: {"超过时限，已报上级单位", "past its limit; the office above was told"}, Recuse: {"因回避，转由其他单位办理", "handed to another office, so that nobody decides their own matter"},
	Move: {"机构调整，随之移交", "moved along with a reorganisation"}, Promise: {"约定材料后补", "a material may follow"}, Overdue: {"约定补交的材料已逾期", "a material did not follow in time"},
	Recall: {"引用的证明失效，退回补正", "sent back, since a certificate that it relied on has ended"}, Halt: {"退回核实", "sent back to be checked"},
	Moot: {"要替代的证明已失效，办件终止", "ended, since there is nothing left to replace"}, Issue: {"证明已签发", "the certificate was issued"}, Reissue: {"决定补发", "it was decided to issue again"}, Suspend: {"证明已中止", "the certificate was suspended"}, Lift: {"证明已恢复", "the certificate is valid again"},
	ProposeRevocation: {"证明已中止，正在复核", "the certificate is suspended while it is reviewed"}, Revoke: {"证明已撤销", "the certificate was revoked"},
	DeclineRevocation: {"复核结束，撤销未予确认", "the review has ended; the certificate was not revoked"}, Supersede: {"证明已被新的一份替代", "the certificate was replaced by a new one"},
}

// sendsBack tells whether an action gives a case back to be mended.
func (x *Action) sendsBack() bool { return x.Kind == Return || x.Kind == Recall || x.Kind == Halt }

// Follow shows a case to a resident whom it belongs to; ErrNotFound for anybody else.
func (s *Service) Follow(ctx context.Context, who *Resident, id string) (*FollowedCase, error) {
	c, err := s.openFor(ctx, who, id)
	if err != nil {
		return nil, err
	}
	v := c.followed(s.now())
	v.Delayed = (c.State == Approved || c.State == Issuing) && s.troubles.of(c.ID) != nil
	if c.State == Issued {
		cert, err := s.Store.Certificate(ctx, c.Code)
		if err != nil {
			return nil, err
		}
		v.Certified = &FollowedCertificate{cert.Code, cert.statusAt(s.now())}
	}
	return v, nil
}

// followed is everything about a case that stands in it.
func (c *Case) followed(now time.Time) *FollowedCase {
	v := &FollowedCase{
		ID: c.ID, Item: c.Template.Code, ItemName: c.Template.Name, State: c.State, Holder: MaskName(c.Holder),
		Office: c.Directory.officeName(c.Office), Bring: c.awaited(),
	}
	v.Steps = c.followedSteps(now)
	if n := len(v.Steps); n > 0 && c.State == Submitted {
		v.Promised = v.Steps[n-1].Due
	}
	for i := range c.Actions {
		x := &c.Actions[i]
		if v.HandedIn.IsZero() && x.handsIn() {
			v.HandedIn = x.At
		}
		switch {
		case x.Kind == Reject:
			v.Why = x.Opinion
		case c.State == Returned && x.sendsBack():
			v.Mend = &Mending{Said: x.Opinion, Office: x.Called, Where: v.Office, Due: c.Due}
		}
		if what, told := followNames[x.Kind]; told {
			v.Events = append(v.Events, FollowedEvent{x.At, what, x.Called, c.Template.stepName(x.Step)})
		}
	}
	slices.Reverse(v.Events)
	if c.State == Rejected || c.State == Withdrawn {
		v.Ended = v.Events[0]
	}
	return v
}

// followedSteps lays the chain out with what was done, and by when the rest will
// be if each step keeps its limit.
func (c *Case) followedSteps(now time.Time) []FollowedStep {
	at := len(c.Template.Chain)
	switch c.State {
	case Submitted:
		at = c.Step
	case Draft, Returned, Rejected, Withdrawn:
		at = -1
	}
	var out []FollowedStep
	begins, sure := now, true // when the next step begins at the latest; every limit so far was known
	for i := range c.Template.Chain {
		step := &c.Template.Chain[i]
		if !step.applies(c.Values) {
			continue
		}
		f := FollowedStep{Name: step.Name, State: StepLater}
		switch {
		case i < at:
			f.State = StepDone
			if f.At, f.Offices = c.decidedAt(step.Key); f.At.IsZero() {
				continue // issued again: nobody has to approve it anew
			}
		case i == at:
			f.State, f.Due, f.Late = StepNow, c.Due, c.Late
			f.Offices = c.Directory.officeNames(c.desks())
			sure, begins = !c.Due.IsZero(), laterOf(c.Due.Add(-time.Second), now)
		default:
			for _, p := range step.Posts() {
				for _, o := range c.Directory.OfficesOf(p, c.Division) {
					f.Offices = addOnce(f.Offices, o.Name)
				}
			}
			if sure = sure && step.Limit > 0 && at >= 0; sure {
				f.Due = c.Calendar.Due(begins, step.Limit)
				begins = f.Due.Add(-time.Second)
			}
		}
		out = append(out, f)
	}
	return out
}

// decidedAt is when a step was approved last, or the submission counted as it, and
// by which office, as it was called then.
func (c *Case) decidedAt(step string) (at time.Time, offices []string) {
	for i := range c.Actions {
		if x := &c.Actions[i]; x.Step == step && (x.Kind == Approve || x.Kind == Submit) {
			at, offices = x.At, []string{x.Called}
		}
	}
	return at, offices
}

func addOnce(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// officeName is what an office is called now; "" for one that is unknown.
func (d *Directory) officeName(id string) string {
	if o := d.Office(d.OfficeNow(id)); o != nil {
		return o.Name
	}
	return ""
}

// officeNames are the offices of some desks, each once.
func (d *Directory) officeNames(desks []Desk) []string {
	var out []string
	for _, desk := range desks {
		if name := d.officeName(desk.Office); name != "" {
			out = addOnce(out, name)
		}
	}
	return out
}

// stepName is what a step is called; empty for what is none.
func (t *Template) stepName(key string) Text {
	if i := t.StepIndex(key); i >= 0 {
		return t.Chain[i].Name
	}
	return Text{}
}

// statusAt is a certificate's status with expiry seen by the clock.
func (c *Certificate) statusAt(now time.Time) Status {
	if c.Status == StatusOK && !c.Expires.IsZero() && !now.Before(c.Expires) {
		return Status(Expired)
	}
	return c.Status
}

// OwnCase is a line of a resident's own cases.
type OwnCase struct {
	ID       string
	ItemName Text
	State    State
	Holder   string // masked
	HandedIn time.Time
	Changed  time.Time
	Code     string // of the certificate, once it is issued
	Status   Status // of the certificate
}

// MaxOwnCases is how many cases a resident is shown, the newest.
const MaxOwnCases = 100

// OwnCases lists the cases that belong to a resident, newest first: of their
// document, or the one that their code is for.
func (s *Service) OwnCases(ctx context.Context, who *Resident) ([]OwnCase, error) {
	ids := []string{who.Case}
	if who.Case == "" {
		var err error
		if ids, err = s.Store.BelongingTo(ctx, documentMark(who.ID), MaxOwnCases); err != nil {
			return nil, err
		}
	}
	out := []OwnCase{}
	for _, id := range ids {
		c, err := s.openFor(ctx, who, id)
		switch {
		case errors.Is(err, ErrNotFound), errors.Is(err, errNoTemplate):
			continue
		case err != nil:
			return nil, err
		}
		line, err := s.ownCase(ctx, c)
		if err != nil {
			return nil, err
		}
		out = append(out, line)
	}
	return out, nil
}

func (s *Service) ownCase(ctx context.Context, c *Case) (OwnCase, error) {
	line := OwnCase{ID: c.ID, ItemName: c.Template.Name, State: c.State, Holder: MaskName(c.Holder), Changed: c.Actions[len(c.Actions)-1].At}
	if i := slices.IndexFunc(c.Actions, func(x Action) bool { return x.handsIn() }); i >= 0 {
		line.HandedIn = c.Actions[i].At
	}
	if c.State != Issued {
		return line, nil
	}
	cert, err := s.Store.Certificate(ctx, c.Code)
	if err != nil {
		return line, err
	}
	line.Code, line.Status = cert.Code, cert.statusAt(s.now())
	return line, nil
}
