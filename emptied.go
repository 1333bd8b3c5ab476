package yinzheng

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// Staff is who holds a desk at a moment.
type Staff struct {
	Desk
	People []Holder // in order, by account
}

// Holder is somebody at a desk, in their own name or in somebody else's: one who
// stays in another name may not decide any more what they could.
type Holder struct {
	Account string
	For     string // who lent the post; empty: their own
}

// Staffs tells who may act in a post.
type Staffs interface {
	// PeopleAt lists the accounts that hold a role in an office at a moment, by a
	// grant of their own or a delegated one, by username.
	PeopleAt(ctx context.Context, office string, role Role, now time.Time) ([]*Account, error)
	// OfficesWith lists the offices in which somebody holds a role at a moment, in the same
	// way.
	OfficesWith(ctx context.Context, role Role, now time.Time) ([]string, error)
	// DesksAt lists the desks where cases wait, by office and role, each with who
	// holds it at a moment; those that nobody holds too. An office with
	// drafts or returned cases has one without a role, held by its clerks.
	DesksAt(ctx context.Context, now time.Time) ([]Staff, error)
}

// Vacant returns the case after what happens when nobody is left who may go on
// with it where it waits: the office above decides (回避) or, where there is none,
// and for what only its own office drafts and mends, the administrators are told,
// once. People are those who hold its desks. ErrState when somebody is left, or
// when all that can be done was done.
func (c *Case) Vacant(people []*Account, now time.Time) (*Application, error) {
	if !c.State.waits() {
		return nil, c.wrongState("移交", "handed on")
	}
	if slices.ContainsFunc(people, func(by *Account) bool { return c.mayGoOn(by, now) }) {
		return nil, fail(ErrState, "仍有人可以办理", "Somebody is left who may go on with it")
	}
	x := Action{At: now, By: SystemActor, Name: SystemActor}
	if c.State == Submitted {
		x.Step = c.Template.Chain[c.Step].Key
		if o := c.parentOffice(); o != nil && o.ID != c.Directory.OfficeNow(c.Application.Recused) {
			x.Kind, x.Office = Recuse, o.ID
			return c.with(x), nil
		}
	}
	if c.Stranded {
		return nil, fail(ErrState, "没有可以接手的单位，已通知管理员", "There is no office that could take over; the administrators were told")
	}
	x.Kind, x.Office = Strand, c.Office
	if desks := c.waitsAt(); len(desks) > 0 {
		x.Office = desks[0].Office
	}
	return c.with(x), nil
}

// parentOffice is an office of the nearest division above the one that decides now.
func (c *Case) parentOffice() *Office {
	level := c.Template.Chain[c.Step].Level
	if o := c.Directory.Office(c.Directory.OfficeNow(c.Application.Recused)); o != nil {
		level = c.Directory.LevelOf(o.ID)
	}
	for _, l := range levelOrder[min(level.rank()+1, len(levelOrder)):] {
		if offices := c.Directory.OfficesOf(Post{Level: l}, c.Division); len(offices) > 0 {
			return offices[0]
		}
	}
	return nil
}

// roster reads who holds a desk, each desk once.
type roster struct {
	service *Service
	now     time.Time
	people  map[Desk][]*Account
}

func (s *Service) roster() *roster { return &roster{s, s.now(), map[Desk][]*Account{}} }

// at lists the people of some desks.
func (r *roster) at(ctx context.Context, desks []Desk) ([]*Account, error) {
	var all []*Account
	for _, d := range desks {
		d.post = 0
		people, known := r.people[d]
		if !known {
			var err error
			if people, err = r.service.Store.PeopleAt(ctx, d.Office, d.holds(), r.now); err != nil {
				return nil, err
			}
			r.people[d] = people
		}
		all = append(all, people...)
	}
	return all, nil
}

// note has the watch know whom a case at some desks relies on.
func (r *roster) note(desks []Desk) {
	for _, d := range desks {
		d.post = 0
		for _, a := range r.people[d] {
			r.service.watch.noteAll(d, a, r.now)
		}
	}
}

// handOn sees to a case that nobody is left to go on with, as Vacant says, and
// returns it as it is afterwards.
func (s *Service) handOn(ctx context.Context, c *Case, who *roster) (*Case, error) {
	for c.State.waits() { // at most once for each level above, and once to tell
		people, err := who.at(ctx, c.waitsAt())
		if err != nil {
			return c, err
		}
		a, err := c.Vacant(people, who.now)
		if errors.Is(err, ErrState) {
			who.note(c.waitsAt())
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

// seeTo is handOn after a case was moved: what cannot be done now, the next
// round does.
func (s *Service) seeTo(ctx context.Context, c *Case) (*Case, error) {
	after, err := s.handOn(ctx, c, s.roster())
	if err != nil {
		s.watch.doubt(after.waitsAt())
	}
	return after, err
}

// watch remembers who held each desk when its cases were looked at. Whoever
// moves a case sees to it that somebody may go on with it, and notes who that was;
// from then on only that people leave can change it. So a desk is looked at when
// somebody has left it, and once when this process begins: another one may have
// been cut off between moving a case and seeing to it.
type watch struct {
	round sync.Mutex // held during a round, and so for desks
	desks map[Desk]*watched

	mu    sync.Mutex
	noted map[Desk][]Holder // who was there, besides, since the last round
}

// watched is one desk.
type watched struct {
	people []Holder
	behind bool   // not all of its cases were looked at since somebody left
	cursor string // of the last one that was
}

// A round looks at so many cases, desk by desk in turns, so that a crowded desk
// holds up neither the others nor what runs beside it.
const (
	roundOfDesks = 2000
	turnOfDesk   = 100
)

// note says that a case came to rely on somebody: without it, who came and left
// between two rounds would go unnoticed. Nobody (the zero Holder) is never there:
// the next round looks at the desk.
func (w *watch) note(desk Desk, by Holder) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if desk.post = 0; !slices.Contains(w.noted[desk], by) {
		if w.noted == nil {
			w.noted = map[Desk][]Holder{}
		}
		w.noted[desk] = append(w.noted[desk], by)
	}
}

// noteAll is note for every grant by which somebody holds a desk.
func (w *watch) noteAll(desk Desk, a *Account, now time.Time) {
	for _, g := range a.grants(desk.holds(), desk.Office, now) {
		w.note(desk, Holder{a.ID, g.For})
	}
}

// doubt has the next round look at some desks.
func (w *watch) doubt(desks []Desk) {
	for _, d := range desks {
		w.note(d, Holder{})
	}
}

// update takes notice of who holds the desks now and returns those to be looked
// at. A desk where nothing waits is forgotten.
func (w *watch) update(staffs []Staff) []Desk {
	w.mu.Lock()
	noted := w.noted
	w.noted = nil
	w.mu.Unlock()
	now := make(map[Desk]*watched, len(staffs))
	var behind []Desk
	for _, s := range staffs {
		left := func(by Holder) bool { return !slices.Contains(s.People, by) }
		d := w.desks[s.Desk]
		if d == nil || slices.ContainsFunc(d.people, left) || slices.ContainsFunc(noted[s.Desk], left) {
			d = &watched{behind: true}
		}
		d.people = s.People
		if now[s.Desk] = d; d.behind {
			behind = append(behind, s.Desk)
		}
	}
	w.desks = now
	return behind
}

// visitDesks hands on the cases that nobody is left to go on with since somebody
// left their desks. It returns how many it moved.
func (s *Service) visitDesks(ctx context.Context) (moved int, err error) {
	s.watch.round.Lock()
	defer s.watch.round.Unlock()
	who := s.roster()
	staffs, err := s.Store.DesksAt(ctx, who.now)
	if err != nil {
		return 0, err
	}
	behind := s.watch.update(staffs)
	for left := roundOfDesks; left > 0 && len(behind) > 0; {
		desk := behind[0]
		looked, n, err := s.visit(ctx, desk, s.watch.desks[desk], who)
		moved += n
		if err != nil {
			return moved, err
		}
		left -= looked
		if behind = behind[1:]; s.watch.desks[desk].behind {
			behind = append(behind, desk)
		}
	}
	return moved, nil
}

// visit looks at some cases of a desk, newest first: what changes meanwhile,
// and so escapes to the front, was seen to by whoever changed it.
func (s *Service) visit(ctx context.Context, desk Desk, w *watched, who *roster) (looked, moved int, err error) {
	states := []State{Submitted}
	if desk.Role == "" {
		states = []State{Draft, Returned}
	}
	entries, err := s.Store.Queue(ctx, QueueFilter{
		Scopes: []QueueScope{{Office: desk.Office, Role: desk.Role}}, States: states, Before: w.cursor, Limit: turnOfDesk,
	})
	if err != nil {
		return 0, 0, err
	}
	for _, e := range entries {
		before, after, err := s.lookAt(ctx, e.ID, who)
		switch {
		case err == nil:
			if after.Version > before.Version {
				moved++
			}
		case errors.Is(err, ErrConflict) || errors.Is(err, errNoTemplate): // changed meanwhile; or looked at once its template is back
		default:
			return looked, moved, err
		}
		looked++
		w.cursor = e.Cursor
	}
	w.behind = len(entries) == turnOfDesk
	return looked, moved, nil
}

func (s *Service) lookAt(ctx context.Context, id string, who *roster) (before, after *Case, err error) {
	if before, err = s.load(ctx, id); err != nil {
		return nil, nil, err
	}
	after, err = s.handOn(ctx, before, who)
	return before, after, err
}
