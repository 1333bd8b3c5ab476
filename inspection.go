package yinzheng

import (
	"context"
	"slices"
	"strings"
	"time"
)

// Inspection is the later look at a commitment, once a certificate was issued on it.
type Inspection struct {
	Material   string // in whose place the commitment stands
	Office     string // that sealed, and whose approvers make the inspection
	Outcome    string // "": not made yet
	begun, due time.Time
	reminded   bool
	late       bool // past its day: the office above may make it, too
}

// The outcomes of an inspection.
const (
	FoundTrue    = "true"
	FoundFalse   = "false"
	FoundUnclear = "unclear" // it cannot be established
)

// inspection is that of a material's commitment, or nil.
func (a *Application) inspection(material string) *Inspection {
	i := slices.IndexFunc(a.Inspections, func(k Inspection) bool { return k.Material == material })
	if i < 0 || material == "" {
		return nil
	}
	return &a.Inspections[i]
}

// inspectionDeadlines of the inspections that are to be made.
func (a *Application) inspectionDeadlines() []deadline {
	var out []deadline
	for i := range a.Inspections {
		if k := &a.Inspections[i]; k.Outcome == "" && !k.late {
			out = append(out, deadline{k.Material, k.begun, k.due, k.reminded, Escalate})
		}
	}
	return out
}

// scheduled is the case with the inspections of its commitments begun, once it is
// issued: work for the approvers of the office that sealed. That organ answers for
// the certificate, and may suspend it.
func (c *Case) scheduled(a *Application, office string, at time.Time) *Application {
	for _, m := range c.commitments() {
		next := &Case{a, c.Template, c.Directory, c.Calendar}
		a = next.with(Action{At: at, Kind: Schedule, By: SystemActor, Name: SystemActor, Office: office, Material: m.Key, Due: c.Calendar.Due(at, m.Commitment.InspectDays)})
	}
	return a
}

// InspectionResult is what somebody found about a commitment.
type InspectionResult struct {
	Material string `json:"material"`
	Outcome  string `json:"outcome" enum:"true,false,unclear"`
	Opinion  string `json:"opinion" doc:"how it was done and what was found"`
}

// Inspect notes what came of inspecting a commitment and returns the case as
// it is afterwards. It does no I/O. What was found true, or unclear, may be looked
// at again; what is false stays. Errors: ErrNotFound when the case, or such a
// commitment, does not exist for this person, ErrForbidden, ErrState, ErrInvalid
// without an outcome or an opinion.
func (c *Case) Inspect(by *Account, r InspectionResult, now time.Time) (*Application, error) {
	grant, err := c.mayInspect(by, r.Material, now)
	if err != nil {
		return nil, err
	}
	var faults []FieldError
	if !slices.Contains([]string{FoundTrue, FoundFalse, FoundUnclear}, r.Outcome) {
		faults = append(faults, FieldError{"outcome", "choice", Text{"应为 true（属实）、false（不实）或 unclear（无法查实）", "Expected true, false or unclear"}})
	}
	opinion := strings.TrimSpace(r.Opinion)
	if opinion == "" {
		faults = append(faults, FieldError{"opinion", "required", Text{"请写明怎样核查、查明什么", "Please say how it was done and what was found"}})
	}
	if len(faults) > 0 {
		return nil, invalidFields(faults)
	}
	if opinion, err = checkOpinion(Decision{Action: Approve, Opinion: opinion}); err != nil {
		return nil, err
	}
	x := actionBy(by, grant, Inspect, now)
	x.Material, x.Reason, x.Opinion = r.Material, r.Outcome, opinion
	return c.with(x), nil
}

// mayInspect returns the grant under which a person inspects a commitment: an approver
// of the office that sealed or, past the day, of the office above it; no party.
func (c *Case) mayInspect(by *Account, material string, now time.Time) (Grant, error) {
	if err := c.MaySee(by, now); err != nil {
		return Grant{}, err
	}
	k := c.inspection(material)
	switch {
	case k == nil:
		return Grant{}, fail(ErrNotFound, "本办件没有待核查的这项承诺", "The case has no such commitment to be inspected")
	case k.Outcome == FoundFalse:
		return Grant{}, fail(ErrState, "这项承诺已认定不实", "This commitment was found false; that stands")
	}
	obstacle := fail(ErrForbidden, "承诺由用印单位的审批人核查；逾期的，上级单位的审批人也可以", "A commitment is inspected by an approver of the office that sealed or, past the day, of the office above it")
	for _, g := range by.Grants {
		if by.Disabled || g.Role != Approver || !g.active(now) || !slices.Contains(c.Directory.inspectors(k), g.Office) {
			continue
		}
		if !slices.ContainsFunc(actors(by, g), c.isParty) {
			return g, nil
		}
		obstacle = fail(ErrForbidden, "您（或委托您的人）是本办件的当事人，须回避", "You, or who delegated to you, are a party of this case and may not decide on it")
	}
	return Grant{}, obstacle
}

// inspectors lists the offices whose approvers may make an inspection.
func (d *Directory) inspectors(k *Inspection) []string {
	office := d.OfficeNow(k.Office)
	out := []string{office}
	if o := d.Office(office); k.late && o != nil {
		for _, above := range d.officesOf(d.above(o.Division)) {
			out = append(out, above.ID)
		}
	}
	return out
}

// officesOf lists the offices of a division.
func (d *Directory) officesOf(division string) []*Office {
	var out []*Office
	for i := range d.Offices {
		if o := &d.Offices[i]; o.stands() && o.Division == division && division != "" {
			out = append(out, o)
		}
	}
	return out
}

// inspectionDesks lists the posts that are told of an inspection.
func (d *Directory) inspectionDesks(k *Inspection) []Desk {
	var out []Desk
	for _, office := range d.inspectors(k) {
		out = append(out, Desk{Office: office, Role: Approver})
	}
	return out
}

// PendingInspection says where an inspection that is to be made is to be found.
type PendingInspection struct {
	Application string
	Material    string
	Office      string
	Due         time.Time
	Cursor      string
}

// Inspections keeps the inspections that are to be made, only to be found fast: their cases
// are the truth.
type Inspections interface {
	// AddInspection notes one; ErrConflict when it is noted already.
	AddInspection(ctx context.Context, k *PendingInspection) error
	// EndInspection notes that one was made, again perhaps.
	EndInspection(ctx context.Context, application, material string, at time.Time) error
	// PendingInspections lists those that wait in any of some scopes, first due
	// first, after a cursor ("": from the first); ErrInvalid for a cursor that is none.
	PendingInspections(ctx context.Context, scopes []InspectionScope, after string, limit int) ([]PendingInspection, error)
}

// InspectionScope is what an office is to inspect, due before a moment (zero: at
// any time).
type InspectionScope struct {
	Office string
	Before time.Time
}

// InspectionView is an inspection that waits to be made, for those who may make it.
type InspectionView struct {
	Application string    `json:"application"`
	Item        string    `json:"item"`
	Material    string    `json:"material"`
	Name        Text      `json:"name"` // of the material
	Certificate string    `json:"certificate"`
	Office      string    `json:"office"`
	Due         time.Time `json:"due"`
	Late        bool      `json:"late,omitempty"`
}

// InspectionStanding is how a commitment's inspection stands.
type InspectionStanding struct {
	Material string    `json:"material"`
	Name     Text      `json:"name"`
	Due      time.Time `json:"due"`
	Late     bool      `json:"late,omitempty"`
	Outcome  string    `json:"outcome,omitempty"` // true, false or unclear; empty: not made yet
}

// inspectionStandings lists the inspections of a case.
func (c *Case) inspectionStandings() []InspectionStanding {
	var out []InspectionStanding
	for i := range c.Inspections {
		out = append(out, *c.Inspections[i].standing(c.Template))
	}
	return out
}

func (k *Inspection) standing(t *Template) *InspectionStanding {
	name, _ := t.material(k.Material)
	return &InspectionStanding{k.Material, name, k.due, k.late, k.Outcome}
}

// PendingInspections lists the inspections that wait for somebody's offices, those of the
// offices below once they are late, first due first.
func (s *Service) PendingInspections(ctx context.Context, by *Account, cursor string, limit int) (views []InspectionView, next string, err error) {
	limit = pageLimit(limit)
	views = []InspectionView{}
	scopes := s.inspectedBy(by)
	if len(scopes) == 0 {
		return views, "", nil
	}
	pending, err := s.Store.PendingInspections(ctx, scopes, cursor, limit+1)
	if err != nil {
		return nil, "", err
	}
	if len(pending) > limit {
		pending, next = pending[:limit], pending[limit-1].Cursor
	}
	for _, p := range pending {
		c, err := s.readable(ctx, p.Application)
		if err != nil {
			return nil, "", err
		}
		if c == nil {
			continue
		}
		if _, err := c.mayInspect(by, p.Material, s.Now()); err != nil { // not theirs yet, or made meanwhile
			continue
		}
		k := c.inspection(p.Material).standing(c.Template)
		views = append(views, InspectionView{c.ID, c.Template.Code, k.Material, k.Name, c.Code, p.Office, k.Due, k.Late})
	}
	return views, next, nil
}

// inspectedBy lists what somebody may inspect: what their offices sealed, or those
// that they have taken over, and what is late in the offices below.
func (s *Service) inspectedBy(by *Account) []InspectionScope {
	var out []InspectionScope
	d, now := s.Directory(), s.now()
	for i := range d.Offices {
		office := d.Offices[i].ID
		holds := func(k *Inspection) bool {
			desks := d.inspectors(k)
			_, ok := by.Holds(Approver, now, func(id string) bool { return slices.Contains(desks, id) })
			return ok
		}
		switch {
		case holds(&Inspection{Office: office}):
			out = append(out, InspectionScope{Office: office})
		case holds(&Inspection{Office: office, late: true}):
			out = append(out, InspectionScope{office, now})
		}
	}
	return out
}

// InspectCommitment notes what came of inspecting a commitment of a case at version seen. A
// false one has the certificate suspended at once, by the proposal of its
// revocation, which another person confirms or declines, and ends the applicant's
// right to sign commitments. Errors as of Case.Inspect.
func (s *Service) InspectCommitment(ctx context.Context, by *Account, id string, seen int, r *InspectionResult) (*CaseView, error) {
	c, err := s.open(ctx, by, id)
	if err != nil {
		return nil, err
	}
	if c.Version != seen {
		return nil, c.stale(seen)
	}
	a, err := c.Inspect(by, *r, s.now())
	if err != nil {
		return nil, err
	}
	if r.Outcome != FoundFalse {
		err = s.Store.Tx(ctx, func(ctx context.Context) error { return s.noteInspection(ctx, c, a) })
	} else {
		err = s.foundFalse(ctx, c, a)
	}
	if err != nil {
		return nil, err
	}
	return s.Application(ctx, by, id)
}

// noteInspection writes an inspection that was made, in a transaction.
func (s *Service) noteInspection(ctx context.Context, c *Case, a *Application) error {
	x := &a.Actions[len(a.Actions)-1]
	if err := s.put(ctx, a, c.Version); err != nil {
		return err
	}
	if err := s.Store.EndInspection(ctx, c.ID, x.Material, x.At); err != nil {
		return err
	}
	return s.Store.Record(ctx, Event{At: x.At, Kind: EventInspected, Subject: c.ID, By: x.By, Detail: x.Material + " " + x.Reason})
}

// foundFalse writes a commitment that was found false with all that follows.
func (s *Service) foundFalse(ctx context.Context, c *Case, a *Application) error {
	x := a.Actions[len(a.Actions)-1]
	_, promisor := c.promisor()
	return s.changeStatus(ctx, c.Code, func(ctx context.Context) (*Certificate, error) {
		if err := s.noteInspection(ctx, c, a); err != nil {
			return nil, err
		}
		right := &CommitmentRight{At: x.At, Document: documentMark(promisor), Ended: true, By: x.By, Application: c.ID, Action: x.Seq}
		if err := s.Store.AddCommitmentRight(ctx, right); err != nil {
			return nil, err
		}
		if err := s.Store.Record(ctx, Event{At: x.At, Kind: EventRightEnded, Subject: c.ID, By: x.By}); err != nil {
			return nil, err
		}
		cert, of, err := s.reissuedAs(ctx, c.Code)
		if err != nil {
			return nil, err
		}
		return s.proposeFor(ctx, cert, of, &x)
	})
}

// reissuedAs follows a certificate to what it was issued again as: the same
// values, which rest on the same commitments. A correction rests on its own.
func (s *Service) reissuedAs(ctx context.Context, code string) (*Certificate, *Case, error) {
	for {
		r, err := s.referredTo(ctx, code)
		if err != nil {
			return nil, nil, err
		}
		life := LifeOf(r.of.Actions)
		if life.Ended == nil || life.Ended.Kind != Supersede || life.Ended.Reason != "reissued" {
			return r.Certificate, r.of, nil
		}
		code = life.Ended.Code
	}
}

// proposeFor proposes the revocation of a certificate in the name of who found a
// commitment false, in a transaction; one that has ended, or is proposed already,
// stays as it is.
func (s *Service) proposeFor(ctx context.Context, cert *Certificate, of *Case, found *Action) (*Certificate, error) {
	act := Act{Kind: ProposeRevocation, Reason: "commitment", Opinion: found.Opinion}
	life := LifeOf(of.Actions)
	if life.allows(act) != nil {
		return cert, nil
	}
	x := *found
	x.Kind, x.Reason, x.Material, x.Code = ProposeRevocation, act.Reason, "", cert.Code
	next := of.with(x)
	life = LifeOf(next.Actions)
	after := life.Mark(cert)
	if after.Status != cert.Status {
		if err := s.Store.SetStatus(ctx, after, cert.Status); err != nil {
			return nil, err
		}
	}
	if err := s.put(ctx, next, of.Version); err != nil {
		return nil, err
	}
	if err := s.notePending(ctx, cert, act, &next.Actions[len(next.Actions)-1]); err != nil {
		return nil, err
	}
	return after, s.Store.Record(ctx, Event{At: x.At, Kind: actEvents[ProposeRevocation], Subject: cert.Code, By: x.By, Detail: x.Reason})
}
