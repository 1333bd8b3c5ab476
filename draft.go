package yinzheng

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// proposal is a case that somebody may start, and that is not kept yet.
type proposal struct {
	*Case
	by      *Account
	now     time.Time
	known   *filling
	checked *Checked
}

// propose works out the case that somebody would start. Errors: ErrInvalid for
// what cannot be kept at all, ErrForbidden.
func (s *Service) propose(ctx context.Context, by *Account, in *NewApplication) (*proposal, error) {
	t, err := s.Template(in.Item)
	if err != nil {
		return nil, &Error{
			Kind: ErrInvalid, Text: Text{"没有这个证明事项", "There is no such item"},
			Fields: []FieldError{{"item", "unknown-item", Text{"请从 /api/v1/items 中选择", "Please choose one from /api/v1/items"}}},
		}
	}
	now := s.now()
	grant, err := mayTakeIn(t, s.Directory(), by, in.Office, in.Division, now)
	if err != nil {
		return nil, err
	}
	known, err := s.fill(ctx, t, in, grant.Office)
	if err != nil {
		return nil, err
	}
	input, checked, err := s.input(t, known.values, known.division, in.Applicant, now)
	if err != nil {
		return nil, err
	}
	input.Filled = known.filled
	id, err := randomText(s.Rand, caseIDLength)
	if err != nil {
		return nil, err
	}
	x := actionBy(by, grant, Create, now)
	x.Input, x.Opinion = input, in.Note
	a := s.begin(id, t, []Action{x})
	return &proposal{&Case{a, t, s.Directory(), s.calendar.Load()}, by, now, known, checked}, nil
}

// begin is a new case after its first actions.
func (s *Service) begin(id string, t *Template, actions []Action) *Application {
	c := &Case{&Application{ID: id, Template: t.Ref()}, t, s.Directory(), s.calendar.Load()}
	for _, x := range actions {
		c.Application = c.with(x)
	}
	return c.Application
}

// keep writes a case that was proposed, in a transaction. Errors: ErrState when
// the item has ended, or needs an office that the tree lacks.
func (s *Service) keep(ctx context.Context, p *proposal) error {
	if err := s.refuseEnded(ctx, p.Template, p.Values, p.now); err != nil {
		return err
	}
	if err := p.Template.startable(s.Directory()); err != nil {
		return err
	}
	if len(p.known.filled) > 0 {
		if err := s.Store.Record(ctx, Event{At: p.now, Kind: EventPersonRead, Subject: p.known.person, By: p.by.ID, Detail: "application " + p.ID}); err != nil {
			return err
		}
	}
	return s.save(ctx, p.Application, 0)
}

// CreateApplication starts a case as a draft. The idempotency key makes a
// second identical request return the first one's case (again=true). ErrState:
// the item has ended, and the text says why and what replaces it; or it needs an
// office that the tree lacks.
func (s *Service) CreateApplication(ctx context.Context, by *Account, in *NewApplication, key string) (view *CaseView, again bool, err error) {
	if err := CheckKey(key); err != nil {
		return nil, false, err
	}
	p, err := s.propose(ctx, by, in)
	if err != nil {
		return nil, false, err
	}
	request, err := json.Marshal(in)
	if err != nil {
		return nil, false, fmt.Errorf("digest the request: %w", err)
	}
	before := ""
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		var err error
		if before, err = s.Store.Remember(ctx, by.ID, key, sha256.Sum256(request), p.ID, p.now); err != nil || before != "" {
			return err
		}
		return s.keep(ctx, p)
	})
	if err != nil {
		return nil, false, err
	}
	if before != "" {
		view, err = s.Application(ctx, by, before)
		return view, true, err
	}
	s.watch.noteAll(Desk{Office: p.Office}, by, p.now)
	view, err = s.viewFor(ctx, by, p.Application, p.Template)
	if err != nil {
		return nil, false, err
	}
	view.Changes = p.checked.Changes
	view.Problems, err = s.problems(ctx, p.Template, p.Application, p.checked)
	return view, false, err
}

// Proposed is what a case would be that nobody has started yet.
type Proposed struct {
	Values     Values
	Division   string
	Filled     []Filled     // values that come from what is on record
	Person     string       // Person.ID of whose record they come from
	Changes    []Change     // what was normalised
	Problems   []FieldError // what must be mended before it can be submitted, materials aside
	Wanting    []FieldError // materials that have to be met before
	Duplicates []PossibleDuplicate

	proposed *Case
}

// Propose works out what CreateApplication would start, and keeps nothing. What is
// on record about the holder shows in it: whoever shows it to somebody records
// that. Errors: as of CreateApplication.
func (s *Service) Propose(ctx context.Context, by *Account, in *NewApplication) (*Proposed, error) {
	p, err := s.propose(ctx, by, in)
	if err != nil {
		return nil, err
	}
	out := &Proposed{Values: p.Values, Division: p.Division, Filled: p.known.filled, Person: p.known.person, Changes: p.checked.Changes, proposed: p.Case}
	if out.Problems, out.Wanting, err = s.problemsApart(ctx, p); err != nil {
		return nil, err
	}
	out.Duplicates, err = s.duplicates(ctx, by, p.Application, p.Template)
	return out, err
}

// problemsApart are the problems of a proposed case: what is wrong with what it
// says, and which of its materials nothing meets yet.
func (s *Service) problemsApart(ctx context.Context, p *proposal) (problems, wanting []FieldError, err error) {
	all, err := s.problems(ctx, p.Template, p.Application, p.checked)
	for _, f := range all {
		if strings.HasPrefix(f.Field, "attachments.") {
			wanting = append(wanting, f)
		} else {
			problems = append(problems, f)
		}
	}
	return problems, wanting, err
}

// Marks is what the case is recognised by.
func (p *Proposed) Marks() Marks { return marksOf(p.proposed.Template, p.proposed.Application) }

// Alike tells in what a proposed case and another one may be the same matter; nil:
// in nothing.
func (p *Proposed) Alike(other *Proposed, mark Mark) *DuplicateCause {
	cause, _ := likeness(p.proposed, other.proposed, mark)
	if cause.Code == "" {
		return nil
	}
	return &cause
}

// BringIn starts a case, as CreateApplication does, out of a list that somebody
// brings in and, if that is wanted, hands it in in the same act, as
// SubmitApplication would. also runs in the transaction that writes the case: when
// it fails there is no case. Nothing is started that Propose finds a problem with
// or, to be handed in, a material wanting: ErrInvalid, with all of it. Errors
// otherwise: as of these two.
func (s *Service) BringIn(ctx context.Context, by *Account, in *NewApplication, submit bool, also func(ctx context.Context, id string) error) error {
	p, err := s.propose(ctx, by, in)
	if err != nil {
		return err
	}
	problems, wanting, err := s.problemsApart(ctx, p)
	if err != nil {
		return err
	}
	if submit {
		problems = append(problems, wanting...)
	}
	if len(problems) > 0 {
		return invalidFields(problems)
	}
	if submit {
		if p.Application, err = p.Submit(by, p.now); err != nil {
			return err
		}
		if p.lastSubmit().Against, err = s.against(ctx, p.Case); err != nil {
			return err
		}
	}
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		if err := also(ctx, p.ID); err != nil {
			return err
		}
		return s.keep(ctx, p)
	})
	if err != nil {
		return err
	}
	if !submit {
		s.watch.noteAll(Desk{Office: p.Office}, by, p.now)
		return nil
	}
	s.handedIn(ctx, p.Case)
	return nil
}

// handedIn sees to a new case that was handed in as it was begun. The case stands,
// whatever comes of this.
func (s *Service) handedIn(ctx context.Context, c *Case) {
	after, err := s.seeTo(ctx, c)
	if err != nil {
		s.Log.Error("looking for somebody who may decide", "application", c.ID, "reason", reason(err))
	}
	if after.State == Approved {
		s.handOver()
	}
}

// NeedsFiles tells whether some of the item's cases need files before they can be
// handed in.
func (t *Template) NeedsFiles() bool {
	return slices.ContainsFunc(t.Materials, func(m Material) bool { return m.Scan })
}
