package yinzheng

import (
	"context"
	"time"
)

// RevocationView is a proposed revocation that waits for a second person.
type RevocationView struct {
	ID          int       `json:"id"` // of the proposal, within its certificate
	Certificate string    `json:"certificate"`
	Number      string    `json:"number"`
	Item        string    `json:"item"`
	Reason      string    `json:"reason"`
	Opinion     string    `json:"opinion"`
	By          string    `json:"by"`
	Name        string    `json:"name"`
	ProposedAt  time.Time `json:"proposed_at"`
}

// PendingRevocation says where a proposal is to be found.
type PendingRevocation struct {
	Certificate string // code
	Proposal    int    // Seq of the action
	Organ       string // whose approvers are to decide
	ProposedAt  time.Time
}

// Revocations keeps the proposals that wait, only to be found fast: the
// certificate's case is the truth.
type Revocations interface {
	// AddRevocation notes a proposal; ErrConflict when it is noted already.
	AddRevocation(ctx context.Context, p *PendingRevocation) error
	// DecideRevocation notes that one was decided; ErrConflict when none waits.
	DecideRevocation(ctx context.Context, code string, proposal int, at time.Time) error
	// PendingRevocations lists those that wait, oldest first.
	PendingRevocations(ctx context.Context) ([]PendingRevocation, error)
}

// actEvents names the event of each act.
var actEvents = map[ActionKind]string{
	Suspend: "certificate-suspended", Lift: "suspension-lifted", ProposeRevocation: "revocation-proposed",
	DeclineRevocation: "revocation-declined", Revoke: "certificate-revoked",
}

// ActOn suspends a certificate, lifts the suspension, or proposes, confirms or
// declines its revocation; the status is the new one everywhere when it
// returns. Errors as of Case.ActOn, and ErrConflict when somebody else was faster.
func (s *Service) ActOn(ctx context.Context, by *Account, code string, a Act) (*CertificateView, error) {
	cert, c, err := s.openCertificate(ctx, by, code)
	if err != nil {
		return nil, err
	}
	links, err := s.links(ctx, cert.Code, c)
	if err != nil {
		return nil, err
	}
	next, err := c.ActOn(cert, by, a, s.now())
	if err != nil {
		return nil, err
	}
	was, life, x := LifeOf(c.Actions), LifeOf(next.Actions), next.Actions[len(next.Actions)-1]
	// What the case says it was: the record was read before the case, and somebody
	// may have acted in between.
	before, after := was.Mark(cert), life.Mark(cert)
	err = s.changeStatus(ctx, cert.Code, func(ctx context.Context) (*Certificate, error) {
		if after.Status != before.Status {
			if err := s.Store.SetStatus(ctx, after, before.Status); err != nil {
				return nil, err
			}
		}
		if err := s.put(ctx, next, c.Version); err != nil {
			return nil, err
		}
		if err := s.notePending(ctx, cert, a, &x); err != nil {
			return nil, err
		}
		if a.Kind == Revoke {
			if err := s.tellReferring(ctx, cert.Code, x.At); err != nil {
				return nil, err
			}
		}
		return after, s.Store.Record(ctx, Event{At: x.At, Kind: actEvents[a.Kind], Subject: cert.Code, By: by.ID, Detail: x.Reason})
	})
	if err != nil {
		return nil, err
	}
	return s.certificateView(after, next, links), nil
}

// notePending keeps the list of proposals that wait.
func (s *Service) notePending(ctx context.Context, cert *Certificate, a Act, x *Action) error {
	switch a.Kind {
	case ProposeRevocation:
		if err := s.Store.AddRevocation(ctx, &PendingRevocation{cert.Code, x.Seq, cert.Organ, x.At}); err != nil {
			return err
		}
		return s.Store.Notify(ctx, s.proposalNotices(cert, x))
	case Revoke, DeclineRevocation:
		return s.Store.DecideRevocation(ctx, cert.Code, a.Proposal, x.At)
	}
	return nil
}

// proposalNotices tells everybody who may decide a proposed revocation.
func (s *Service) proposalNotices(cert *Certificate, x *Action) []Notice {
	var out []Notice
	d := s.Directory()
	for i := range d.Offices {
		if id := d.Offices[i].ID; d.seals(id, cert.Organ) || d.supervises(id, cert.Organ) {
			out = append(out, Notice{At: x.At, Office: id, Role: Approver, Kind: "revocation-proposed", Application: cert.Application})
		}
	}
	return out
}

// tellReferring tells those who sealed a certificate that rests on one which was
// revoked: what becomes of theirs is for them to decide.
func (s *Service) tellReferring(ctx context.Context, code string, at time.Time) error {
	ids, err := s.Store.Referring(ctx, code)
	if err != nil {
		return err
	}
	var out []Notice
	for _, id := range ids {
		c, err := s.readable(ctx, id)
		if err != nil {
			return err
		}
		if c == nil {
			continue
		}
		if !c.restsOn(code) {
			continue
		}
		cert, err := s.Store.Certificate(ctx, c.Code)
		if err != nil {
			return err
		}
		for i := range c.Directory.Offices {
			if office := c.Directory.Offices[i].ID; c.Directory.seals(office, cert.Organ) {
				out = append(out, Notice{At: at, Office: office, Role: Approver, Kind: "reference-revoked", Application: id, About: code})
			}
		}
	}
	return s.Store.Notify(ctx, out)
}

// changeStatus runs a transaction that changes a certificate's status and puts
// what it left on the board. One change follows another: otherwise a lifting
// and a suspension could reach the board in another order than the store.
func (s *Service) changeStatus(ctx context.Context, code string, change func(context.Context) (*Certificate, error)) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	var after *Certificate
	err := s.Store.Tx(ctx, func(ctx context.Context) (err error) {
		after, err = change(ctx)
		return err
	})
	if err != nil { // kept all the same, perhaps: if the store does not answer now, the next one who asks for the record learns it
		s.reread(ctx, code)
		return err
	}
	s.board.set(after.List, after.Index, after.Status.Value())
	return nil
}

// reread puts on the board what the store says; changing is held.
func (s *Service) reread(ctx context.Context, code string) {
	if c, err := s.Store.Certificate(context.WithoutCancel(ctx), code); err == nil {
		s.board.set(c.List, c.Index, c.Status.Value())
	}
}

// learn takes notice of a record that says other than the board: it was changed
// by somebody else, or by a change that the store kept though it reported a
// failure. The record may itself be of before the last change, so it is read
// again while none is under way.
func (s *Service) learn(ctx context.Context, c *Certificate) {
	if c.Status.Value() == s.board.at(c.List, c.Index) {
		return
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	s.reread(ctx, c.Code)
}

// PendingRevocations lists the proposed revocations that a person may decide,
// or has proposed, oldest first.
func (s *Service) PendingRevocations(ctx context.Context, by *Account) ([]RevocationView, error) {
	pending, err := s.Store.PendingRevocations(ctx)
	if err != nil {
		return nil, err
	}
	views := []RevocationView{}
	now, d := s.Now(), s.Directory()
	for _, p := range pending {
		_, theirs := by.Holds(Approver, now, func(office string) bool { return d.seals(office, p.Organ) || d.supervises(office, p.Organ) })
		if !theirs {
			continue
		}
		cert, c, err := s.openCertificate(ctx, by, p.Certificate)
		if err != nil {
			return nil, err
		}
		if v := revocationView(cert, c.Application); v != nil { // nil: decided meanwhile
			views = append(views, *v)
		}
	}
	return views, nil
}

// revocationView is the proposal that waits, or nil.
func revocationView(cert *Certificate, a *Application) *RevocationView {
	life := LifeOf(a.Actions)
	x := life.Proposed
	if x == nil {
		return nil
	}
	return &RevocationView{x.Seq, cert.Code, cert.Number, cert.Template.Code, x.Reason, x.Opinion, x.By, x.Name, x.At}
}
