package yinzheng

import (
	"slices"
	"strings"
	"time"
)

// The acts on an issued certificate. They are actions of its case, which stays
// issued; the certificate's status is their fold (LifeOf). A revocation takes
// two people: one proposes it, which suspends the certificate at once, another
// one confirms it with Revoke.
const (
	Suspend           ActionKind = "suspend"
	Lift              ActionKind = "lift" // ends a suspension
	ProposeRevocation ActionKind = "propose-revocation"
	DeclineRevocation ActionKind = "decline-revocation" // by anybody who might confirm it, the proposer too
	Supersede         ActionKind = "supersede"          // the system's: Code is the successor
)

// actReasons are the reason classes (Reasons) that each act may have.
var actReasons = map[ActionKind][]string{
	Suspend:           {"complaint", "lost", "holder", "commitment", "superior", "key"},
	Lift:              {"cleared", "resolved", "mistake", "superior"},
	ProposeRevocation: {"error", "fraud", "changed", "holder", "commitment", "superior", "key"},
	Create:            {"error", "changed", "holder", "superior"}, // of a correction
	Reissue:           {"lost", "damaged", "key", "holder"},
}

// Act is what one person does to an issued certificate.
type Act struct {
	Kind     ActionKind // Suspend, Lift, ProposeRevocation, Revoke or DeclineRevocation
	Reason   string     // class; of a Revoke it is the proposal's, a DeclineRevocation has none
	Opinion  string     // needed for all but Revoke
	Proposal int        // Revoke and DeclineRevocation: Seq of the proposal
}

// Life is where an issued certificate stands. The members point to the actions
// that hold now, nil where there is none.
type Life struct {
	InForce   *Action // Issue, or what ended the last suspension
	Suspended *Action // Suspend, not lifted since
	Proposed  *Action // ProposeRevocation, not decided yet
	Ended     *Action // Revoke or Supersede: nothing comes after it
}

// LifeOf folds the actions of a case.
func LifeOf(actions []Action) Life {
	var l Life
	for i := range actions {
		switch x := &actions[i]; x.Kind {
		case Issue:
			l.InForce = x
		case Suspend:
			l.Suspended = x
		case Lift:
			l.Suspended, l.InForce = nil, x
		case ProposeRevocation:
			l.Proposed = x
		case DeclineRevocation:
			l.Proposed = nil
			if l.Suspended == nil {
				l.InForce = x
			}
		case Revoke, Supersede:
			l.Proposed, l.Ended = nil, x
		}
	}
	return l
}

// underReview is the reason class shown while a revocation is proposed: what is
// alleged is told to nobody before a second person has looked at it.
const underReview = "review"

// Mark returns the record with the status that the actions give it.
func (l *Life) Mark(c *Certificate) *Certificate {
	m := *c
	m.Reason, m.Successor = "", ""
	switch {
	case l.Ended != nil && l.Ended.Kind == Revoke:
		m.Status, m.StatusAt, m.Reason = StatusIsRevoked, l.Ended.At, l.Ended.Reason
	case l.Ended != nil:
		m.Status, m.StatusAt, m.Reason, m.Successor = StatusIsSuperseded, l.Ended.At, l.Ended.Reason, l.Ended.Code
	case l.Suspended != nil:
		m.Status, m.StatusAt, m.Reason = StatusIsSuspended, l.Suspended.At, l.Suspended.Reason
	case l.Proposed != nil:
		m.Status, m.StatusAt, m.Reason = StatusIsSuspended, l.Proposed.At, underReview
	default:
		m.Status, m.StatusAt = StatusOK, l.InForce.At
	}
	return &m
}

// ActOn applies an act to the certificate of the case and returns the case as
// it is afterwards. It does no I/O. Errors: ErrNotFound when the case does not
// exist for this person, ErrForbidden when the act is not theirs, ErrInvalid
// without a reason, ErrState when the certificate is not in a state for it.
func (c *Case) ActOn(cert *Certificate, by *Account, a Act, now time.Time) (*Application, error) {
	grant, err := c.mayActOn(cert, by, a.Kind, now)
	if err != nil {
		return nil, err
	}
	opinion, err := checkAct(a.Kind, a.Reason, a.Opinion)
	if err != nil {
		return nil, err
	}
	life := LifeOf(c.Actions)
	if err := life.allows(a); err != nil {
		return nil, err
	}
	x := actionBy(by, grant, a.Kind, now)
	x.Reason, x.Opinion, x.Code = a.Reason, opinion, cert.Code
	if a.Kind == Revoke {
		x.Reason = life.Proposed.Reason
	}
	return c.with(x), nil
}

// mayActOn returns the grant under which a person acts on the certificate of
// the case: an approver of the organ that sealed it, who is no party. A
// revocation may also be decided by an approver of the office above, so that
// an organ with one approver is not stuck. Of several grants, delegated ones
// among them, the first without an obstacle is taken.
func (c *Case) mayActOn(cert *Certificate, by *Account, kind ActionKind, now time.Time) (Grant, error) {
	if err := c.MaySee(by, now); err != nil {
		return Grant{}, err
	}
	if c.State != Issued {
		return Grant{}, c.wrongState("变更证明状态", "changed in its certificate's status")
	}
	decides := kind == Revoke || kind == DeclineRevocation
	obstacle := fail(ErrForbidden, "只有签发机关的审批人可以这样做", "Only an approver of the issuing organ may do this")
	if decides {
		obstacle = fail(ErrForbidden, "只有签发机关或其上级的审批人可以决定撤销", "Only an approver of the issuing organ, or of the office above it, may decide a revocation")
	}
	for _, g := range by.Grants {
		if by.Disabled || g.Role != Approver || !g.active(now) || !c.Directory.seals(g.Office, cert.Organ) && !(decides && c.Directory.supervises(g.Office, cert.Organ)) {
			continue
		}
		if obstacle = c.mayActAs(by, g, kind); obstacle == nil {
			return g, nil
		}
	}
	return Grant{}, obstacle
}

// mayActAs refuses parties, and the proposer of a revocation as its second
// person. Who delegated counts like who acts.
func (c *Case) mayActAs(by *Account, g Grant, kind ActionKind) error {
	life := LifeOf(c.Actions)
	for _, who := range actors(by, g) {
		switch {
		case c.isParty(who):
			return fail(ErrForbidden, "您（或委托您的人）是本办件的当事人，须回避", "You, or who delegated to you, are a party of this case and may not decide on it")
		case kind == Revoke && life.Proposed != nil && life.Proposed.isBy(who):
			return fail(ErrForbidden, "撤销由您（或委托您的人）提出，须由另一位审批人确认", "You, or who delegated to you, proposed this revocation; another approver has to confirm it")
		}
	}
	return nil
}

// seals tells whether an office belongs to an organ, or to the one that answers
// for it now.
func (d *Directory) seals(office, organ string) bool {
	o := d.Office(office)
	return o != nil && o.Organ != "" && o.Organ == d.OrganNow(organ)
}

// supervises tells whether an office is of the next division above one of an
// organ's offices that has any.
func (d *Directory) supervises(office, organ string) bool {
	o := d.Office(office)
	if o == nil {
		return false
	}
	for i := range d.Offices {
		if d.seals(d.Offices[i].ID, organ) && d.above(d.Offices[i].Division) == o.Division {
			return true
		}
	}
	return false
}

// above is the nearest division above another one that has an office, or "".
func (d *Directory) above(division string) string {
	for range 8 { // deeper than any tree; a loop in the data ends here
		v := d.Division(division)
		if v == nil || v.Parent == "" {
			return ""
		}
		division = v.Parent
		if slices.ContainsFunc(d.Offices, func(o Office) bool { return o.stands() && o.Division == division }) {
			return division
		}
	}
	return ""
}

// checkAct checks a reason class and an opinion.
func checkAct(kind ActionKind, class, opinion string) (string, error) {
	var faults []FieldError
	if classes := actReasons[kind]; classes != nil && !slices.Contains(classes, class) {
		list := strings.Join(classes, ", ")
		faults = append(faults, FieldError{"reason", "choice", Text{"请选择原因：" + list, "Please choose a reason: " + list}})
	}
	if strings.TrimSpace(opinion) == "" && kind != Revoke {
		faults = append(faults, FieldError{"opinion", "required", Text{"请写明理由", "Please say why, in words"}})
	}
	if len(faults) > 0 {
		return "", invalidFields(faults)
	}
	return checkOpinion(Decision{Action: Approve, Opinion: opinion})
}

// allows tells whether an act may follow what has happened so far.
func (l *Life) allows(a Act) error {
	switch {
	case l.Ended != nil:
		return fail(ErrState, "这份证明已撤销或已被替代，不能再变更", "The certificate was revoked or superseded; that is for good")
	case a.Kind == Suspend && (l.Suspended != nil || l.Proposed != nil):
		return fail(ErrState, "这份证明已中止", "The certificate is suspended already")
	case a.Kind == Lift && l.Proposed != nil:
		return fail(ErrState, "已有撤销提议待决定，请先确认或否决", "A revocation is proposed; please confirm or decline that first")
	case a.Kind == Lift && l.Suspended == nil:
		return fail(ErrState, "这份证明没有中止", "The certificate is not suspended")
	case a.Kind == ProposeRevocation && l.Proposed != nil:
		return fail(ErrState, "已有撤销提议待另一位审批人确认", "A revocation is proposed already and waits for another approver")
	case (a.Kind == Revoke || a.Kind == DeclineRevocation) && (l.Proposed == nil || l.Proposed.Seq != a.Proposal):
		return fail(ErrState, "没有这个待决定的撤销提议", "No such proposal waits for a decision")
	}
	return nil
}
