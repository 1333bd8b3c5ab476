package yinzheng

import (
	"context"
	"errors"
	"time"
)

// Delegation lends a post to somebody for a time. Every action taken under it
// says so.
type Delegation struct {
	ID     string    `json:"id"`
	From   string    `json:"from"` // account that holds the post
	To     string    `json:"to"`   // account that stands in
	Office string    `json:"office"`
	Role   Role      `json:"role"`
	Begin  time.Time `json:"begin"`
	End    time.Time `json:"end"`
}

// Delegations keeps who stands in for whom. Directories.Account adds to an
// account the grants lent to it, each with For, inside the delegation's time.
type Delegations interface {
	// PutDelegation adds or replaces one by its ID.
	PutDelegation(ctx context.Context, d *Delegation) error
	// Delegations lists those from or to an account, newest first.
	Delegations(ctx context.Context, account string) ([]Delegation, error)
	// PeopleAt lists the accounts that hold a role in an office at a moment,
	// by a grant of their own or a delegated one.
	PeopleAt(ctx context.Context, office string, role Role, now time.Time) ([]*Account, error)
}

// Notice tells the people of a post, in the program, that a case needs them or
// has moved.
type Notice struct {
	ID          int64     `json:"id"`
	At          time.Time `json:"at"`
	Office      string    `json:"office"`
	Role        Role      `json:"role"`
	Kind        string    `json:"kind"` // waiting, overdue, recused, returned, issued, rejected, lapsed, revocation-proposed
	Application string    `json:"application"`
	Step        string    `json:"step,omitempty"`
}

// Notices is the outbox. Senders (mail, messages) will read it too.
type Notices interface {
	// Notify adds notices, numbered in order.
	Notify(ctx context.Context, notices []Notice) error
	// Notices lists those of some posts, newest first, before an ID (0: from the newest).
	Notices(ctx context.Context, posts []Desk, before int64, limit int) ([]Notice, error)
}

// save writes a case at the version that was seen with what it is recognised
// by, and tells whom its last action concerns.
func (s *Service) save(ctx context.Context, a *Application, seen int) error {
	return s.Store.Tx(ctx, func(ctx context.Context) error {
		if err := s.Store.SaveApplication(ctx, a, seen); err != nil {
			return err
		}
		if err := s.mark(ctx, a); err != nil {
			return err
		}
		if told := noticesOf(a); len(told) > 0 {
			return s.Store.Notify(ctx, told)
		}
		return nil
	})
}

// noticesOf lists whom a case's last action concerns: those it now waits for,
// or the clerks who took it in.
func noticesOf(a *Application) []Notice {
	x := &a.Actions[len(a.Actions)-1]
	n := Notice{At: x.At, Application: a.ID}
	if a.State == Submitted && (a.entered == a.Version || x.Kind == Escalate || x.Kind == Recuse) {
		n.Kind, n.Step = map[ActionKind]string{Escalate: "overdue", Recuse: "recused"}[x.Kind], a.Waiting.Key
		if n.Kind == "" {
			n.Kind = "waiting"
		}
		var out []Notice
		for _, d := range a.Desks {
			n.Office, n.Role = d.Office, d.Role
			out = append(out, n)
		}
		return out
	}
	switch kind := (map[ActionKind]string{Return: "returned", Reject: "rejected", Moot: "rejected", Lapse: "lapsed", Issue: "issued"}[x.Kind]); {
	case kind == "":
		return nil
	default:
		n.Kind, n.Office, n.Role = kind, a.Office, Clerk
		return []Notice{n}
	}
}

// Scan does what is due: carries out reorganisations, escalates steps past their limit, lets cases lapse
// that were not mended in time, hands a step whose people are all gone to the
// office above. It is safe to run in several processes at once and to be cut
// off at any moment: each case is one compare-and-swap. It returns how many
// cases it moved.
func (s *Service) Scan(ctx context.Context) (int, error) {
	if err := s.keepTree(ctx); err != nil {
		return 0, err
	}
	moved := 0
	for {
		ids, err := s.Store.Overdue(ctx, s.now(), 100)
		if err != nil || len(ids) == 0 {
			return moved, err
		}
		progress := false
		for _, id := range ids {
			err := s.pastLimit(ctx, id)
			switch {
			case err == nil:
				moved++
				progress = true
			case errors.Is(err, ErrConflict) || errors.Is(err, ErrState):
			default:
				return moved, err
			}
		}
		if !progress {
			return moved, nil
		}
	}
}

func (s *Service) pastLimit(ctx context.Context, id string) error {
	c, err := s.load(ctx, id)
	if err != nil {
		return err
	}
	a, err := c.PastLimit(s.now())
	if err != nil {
		return err
	}
	return s.save(ctx, a, c.Version)
}

// recuse hands a case on whose step has nobody left that may decide it.
func (s *Service) recuse(ctx context.Context, c *Case) (*Case, error) {
	for range levelOrder { // at most once for each level above
		if c.State != Submitted {
			return c, nil
		}
		var people []*Account
		for _, d := range c.desks() {
			at, err := s.Store.PeopleAt(ctx, d.Office, d.Role, s.now())
			if err != nil {
				return c, err
			}
			people = append(people, at...)
		}
		a, err := c.Recused(people, s.now())
		if errors.Is(err, ErrState) {
			return c, nil
		}
		if err != nil {
			return c, err
		}
		if err := s.save(ctx, a, c.Version); err != nil {
			return c, err
		}
		c = &Case{a, c.Template, c.Directory, c.Calendar}
	}
	return c, nil
}

// Notices lists what the people of this person's posts were told, newest first.
func (s *Service) Notices(ctx context.Context, by *Account, before int64, limit int) ([]Notice, error) {
	if limit <= 0 || limit > 200 {
		limit = 50
	}
	var posts []Desk
	now := s.Now()
	for _, g := range by.Grants {
		if g.active(now) && !by.Disabled {
			posts = append(posts, Desk{Office: g.Office, Role: g.Role})
		}
	}
	return s.Store.Notices(ctx, posts, before, limit)
}

// Delegate lends a post of one's own to a colleague for a time: somebody with a
// post in the same office or in one above it.
func (s *Service) Delegate(ctx context.Context, by *Account, in *Delegation) (*Delegation, error) {
	now := s.now()
	to, err := s.Store.AccountByUsername(ctx, in.To)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	var faults []FieldError
	fault := func(field, code, zh, en string) {
		faults = append(faults, FieldError{field, code, Text{zh, en}})
	}
	own := false
	for _, g := range by.grants(in.Role, in.Office, now) {
		own = own || g.For == "" // what was lent is not lent on
	}
	if !own {
		fault("office", "not-held", "您在该单位没有这个岗位，不能委托", "You do not hold this post in that office, so you cannot lend it")
	}
	if to == nil || to.ID == by.ID || !s.colleague(to, in.Office, now) {
		fault("to", "unknown", "请填写同一单位或上级单位一位同事的用户名", "Please give the user name of a colleague in the same office or one above it")
	}
	if !in.End.After(in.Begin) || !in.End.After(now) || in.End.Sub(in.Begin) > 366*24*time.Hour {
		fault("end", "period", "委托须有起止时间，最长一年，且尚未结束", "A delegation needs a beginning and an end, at most a year apart, the end still to come")
	}
	if len(faults) > 0 {
		return nil, invalidFields(faults)
	}
	id, err := randomText(s.Rand, 10)
	if err != nil {
		return nil, err
	}
	d := &Delegation{ID: id, From: by.ID, To: to.ID, Office: in.Office, Role: in.Role, Begin: in.Begin.UTC(), End: in.End.UTC()}
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		if err := s.Store.PutDelegation(ctx, d); err != nil {
			return err
		}
		return s.Store.Record(ctx, Event{At: now, Kind: "delegation-made", Subject: d.ID, By: by.ID, Detail: d.To + " " + d.Office})
	})
	return d, err
}

func (s *Service) colleague(a *Account, office string, now time.Time) bool {
	o := s.Directory().Office(office)
	for _, g := range a.Grants {
		if other := s.Directory().Office(g.Office); o != nil && other != nil && g.For == "" && g.active(now) && !a.Disabled && s.Directory().Within(o.Division, other.Division) {
			return true
		}
	}
	return false
}

// Delegations lists those from or to a person.
func (s *Service) Delegations(ctx context.Context, by *Account) ([]Delegation, error) {
	return s.Store.Delegations(ctx, by.ID)
}

// EndDelegation ends one now, by who made it.
func (s *Service) EndDelegation(ctx context.Context, by *Account, id string) error {
	list, err := s.Store.Delegations(ctx, by.ID)
	if err != nil {
		return err
	}
	now := s.now()
	for _, d := range list {
		if d.ID != id || d.From != by.ID {
			continue
		}
		d.End = now
		return s.Store.Tx(ctx, func(ctx context.Context) error {
			if err := s.Store.PutDelegation(ctx, &d); err != nil {
				return err
			}
			return s.Store.Record(ctx, Event{At: now, Kind: "delegation-ended", Subject: id, By: by.ID})
		})
	}
	return fail(ErrNotFound, "没有这项委托", "There is no such delegation")
}
