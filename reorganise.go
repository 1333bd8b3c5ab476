package yinzheng

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode/utf8"
)

// Reorganisation is a change of the office tree that takes effect at one
// moment: every row of the tree that is new or other from then on, closed ones
// with their end and their successor. Package offices works it out from what
// people say: merge these two, split that one, this file is the tree now.
type Reorganisation struct {
	ID        string            `json:"-"`
	Title     string            `json:"title"` // the document that orders it, such as 惠府办〔2026〕12号
	Effective time.Time         `json:"-"`
	Divisions []Division        `json:"divisions,omitempty"`
	Offices   []Office          `json:"offices,omitempty"`
	Organs    []Organ           `json:"organs,omitempty"`
	Cases     map[string]string `json:"cases,omitempty"` // of a division that was split: case → division, where it is not the successor
	Tree      string            `json:"tree"`            // version of the tree it was worked out from
	Changes   []TreeChange      `json:"changes"`         // the same in words, as it was shown before it was decided

	By          string    `json:"-"` // account
	PlannedAt   time.Time `json:"-"`
	AppliedAt   time.Time `json:"-"` // the tree, the people and the seals are changed
	MovedAt     time.Time `json:"-"` // every open case has moved along
	CancelledAt time.Time `json:"-"`
}

// TreeChange is one line of what a reorganisation changes.
type TreeChange struct {
	What string `json:"what"` // division, office, organ, seal or people
	Kind string `json:"kind"` // add, rename, move, assign, close, stop, make
	ID   string `json:"id"`
	Name string `json:"name"`
	Was  string `json:"was,omitempty"`
	Is   string `json:"is,omitempty"`
}

// Reorganisations keeps the changes of the office tree and carries out what
// concerns many rows at once.
type Reorganisations interface {
	// AddReorganisation writes one, planned.
	AddReorganisation(ctx context.Context, r *Reorganisation) error
	// MarkReorganisation writes AppliedAt, MovedAt and CancelledAt, each for good;
	// ErrConflict when it was carried out or cancelled meanwhile.
	MarkReorganisation(ctx context.Context, r *Reorganisation) error
	// Reorganisation returns one; ErrNotFound.
	Reorganisation(ctx context.Context, id string) (*Reorganisation, error)
	// Reorganisations lists them, the last planned first.
	Reorganisations(ctx context.Context, limit int) ([]*Reorganisation, error)
	// OpenReorganisations lists those with something left to do, by Effective.
	OpenReorganisations(ctx context.Context) ([]*Reorganisation, error)
	// MoveGrants ends the posts and delegations of an office at a moment and lets
	// them go on, under another one, to the end they had. It returns how many
	// posts moved.
	MoveGrants(ctx context.Context, from, to string, at time.Time) (int, error)
	// PlaceCases makes the cases that were found under some divisions found under
	// those that the present tree says; drafts are their office's.
	PlaceCases(ctx context.Context, divisions []string) error
	// OpenCases lists the cases that are not at their end and are found under some
	// divisions, or were taken in by some offices, drafts included.
	OpenCases(ctx context.Context, divisions, offices []string) ([]string, error)
	// DesksOf is in whose inboxes a case lies.
	DesksOf(ctx context.Context, id string) ([]Desk, error)
}

// SealMaker makes the seals of a new organ, or of one with a new name.
type SealMaker interface {
	// MakeSeals makes a document and a token key, ready to sign, and returns their
	// public halves; ErrUnavailable.
	MakeSeals(ctx context.Context, organ *Organ) ([]*Key, error)
}

// Reorganise checks a change of the office tree and, unless it is only tried,
// decides it: at once when Effective is not in the future, else as soon as it
// is. Administrators of an office above everything it touches may. r gets what
// it lacks: ID, PlannedAt, Changes. Errors: ErrInvalid with every fault,
// ErrConflict when the tree has changed since r was worked out, or another
// planned reorganisation touches the same.
func (s *Service) Reorganise(ctx context.Context, by *Account, r *Reorganisation, try bool) error {
	d, now := s.Directory(), s.now()
	if err := s.mayReorganise(by, d, r); err != nil {
		return err
	}
	if err := s.unplanned(ctx, r); err != nil {
		return err
	}
	if faults := append(r.check(), s.checkTree(d, r.after(d))...); len(faults) > 0 {
		return invalidFields(faults)
	}
	posts, err := s.postsMoved(ctx, d, r, now)
	if err != nil {
		return err
	}
	r.By, r.PlannedAt = by.ID, now
	r.Changes = append(s.changes(d, r), posts...)
	if try {
		return nil
	}
	if len(r.Changes) == 0 {
		return fail(ErrInvalid, "没有任何变化", "Nothing would change")
	}
	if r.ID, err = randomText(s.Rand, 10); err != nil {
		return err
	}
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		if err := s.unplanned(ctx, r); err != nil { // looked at once more: two may be deciding at this moment
			return err
		}
		if err := s.Store.AddReorganisation(ctx, r); err != nil {
			return err
		}
		return s.Store.Record(ctx, Event{At: now, Kind: "reorganisation-planned", Subject: r.ID, By: by.ID, Detail: r.digest()})
	})
	if err != nil || now.Before(r.Effective) {
		return err
	}
	return s.carryOut(ctx, r)
}

// mayReorganise lets administrators change the tree below their own division.
func (s *Service) mayReorganise(by *Account, d *Directory, r *Reorganisation) error {
	if err := s.MayOperate(by); err != nil {
		return err
	}
	over := func(division string) bool {
		_, ok := by.Holds(Admin, s.Now(), func(office string) bool {
			o := d.Office(office)
			return o != nil && (d.Within(division, o.Division) || d.Division(division) == nil)
		})
		return ok
	}
	overAll := !slices.ContainsFunc(d.Divisions, func(v Division) bool { return v.Parent == "" && !over(v.Code) })
	outside := func(name string) error {
		return fail(ErrForbidden, "“%[1]s”不在您管理的区域内", "“%[1]s” is outside the area that you administer", name)
	}
	for _, v := range r.Divisions {
		if !over(v.Code) || !over(v.Parent) || v.Parent == "" && d.Division(v.Code) == nil && !overAll {
			return outside(v.Name)
		}
	}
	for _, o := range d.Offices {
		organ := slices.ContainsFunc(r.Organs, func(x Organ) bool { return x.Code == o.Organ })
		if organ && o.stands() && !over(o.Division) {
			return outside(o.Name)
		}
	}
	for _, o := range r.Offices {
		if old := d.Office(o.ID); !over(o.Division) || old != nil && !over(old.Division) {
			return outside(o.Name)
		}
	}
	return nil
}

// after is the tree as the reorganisation leaves it.
func (r *Reorganisation) after(d *Directory) *Directory {
	return NewDirectory(
		overlay(d.Divisions, r.Divisions, func(v *Division) string { return v.Code }),
		overlay(d.Offices, r.Offices, func(o *Office) string { return o.ID }),
		overlay(d.Organs, r.Organs, func(o *Organ) string { return o.Code }))
}

func overlay[T any](old, changed []T, key func(*T) string) []T {
	out := slices.Clone(old)
	at := make(map[string]int, len(out))
	for i := range out {
		at[key(&out[i])] = i
	}
	for i := range changed {
		if j, ok := at[key(&changed[i])]; ok {
			out[j] = changed[i]
		} else {
			out = append(out, changed[i])
		}
	}
	return out
}

// maxTitle bounds a title, in characters.
const maxTitle = 100

// check looks at the reorganisation itself.
func (r *Reorganisation) check() []FieldError {
	var faults []FieldError
	if n := utf8.RuneCountInString(tidyText(r.Title)); n == 0 || n > maxTitle {
		faults = append(faults, FieldError{"title", "required", Text{"请写明依据的文件，最多 100 字", "Please name the document that orders it, in at most 100 characters"}})
	}
	if code, zh, en := uncleanText(r.Title); code != "" {
		faults = append(faults, FieldError{"title", code, Text{zh, en}})
	}
	return faults
}

// unplanned refuses what was worked out from another tree than the present one,
// and what another planned reorganisation will touch: carried out later, that
// one would undo this one.
func (s *Service) unplanned(ctx context.Context, r *Reorganisation) error {
	d, err := s.Store.Directory(ctx)
	if err != nil {
		return err
	}
	if r.Tree != d.Version {
		return fail(ErrConflict, "机构树已被他人更改，请重新读取后再操作", "Somebody else has changed the office tree; please read it again")
	}
	planned, err := s.Store.OpenReorganisations(ctx)
	if err != nil {
		return err
	}
	mine := r.touches()
	for _, p := range planned {
		if !p.AppliedAt.IsZero() {
			continue
		}
		for key := range p.touches() {
			if mine[key] {
				return fail(ErrConflict, "“%[1]s”（%[2]s 生效）也涉及 %[3]s，请先取消它，或合并为一次调整", "“%[1]s”, planned for %[2]s, touches %[3]s, too; cancel that one, or make one reorganisation of both",
					p.Title, p.Effective.In(Zone).Format(time.DateOnly), key)
			}
		}
	}
	return nil
}

func (r *Reorganisation) touches() map[string]bool {
	keys := map[string]bool{}
	for _, v := range r.Divisions {
		keys[v.Code] = true
	}
	for _, o := range r.Offices {
		keys[o.ID] = true
	}
	for _, o := range r.Organs {
		keys[o.Code] = true
	}
	return keys
}

// digest binds the record of events to what was decided.
func (r *Reorganisation) digest() string {
	sum, err := digestOf("reorganisation", r.ID, []any{r.Title, r.Effective, r.Divisions, r.Offices, r.Organs, r.Cases})
	if err != nil { // only texts, times and maps of them
		panic(err)
	}
	return fmt.Sprintf("%x", sum)
}

// carryOut applies a reorganisation whose time has come and moves the open
// cases along. What a crash leaves undone, Scan goes on with. One at a time:
// the scan must not make an organ's seals beside whoever decided just now.
func (s *Service) carryOut(ctx context.Context, r *Reorganisation) error {
	s.reorganising.Lock()
	defer s.reorganising.Unlock()
	kept, err := s.Store.Reorganisation(ctx, r.ID)
	if err != nil {
		return err
	}
	*r = *kept
	if r.AppliedAt.IsZero() && r.CancelledAt.IsZero() {
		if err := s.applyTree(ctx, r); err != nil {
			return err
		}
	}
	if r.AppliedAt.IsZero() || !r.MovedAt.IsZero() {
		return nil
	}
	return s.moveCases(ctx, r)
}

// applyTree changes the tree, moves the people of closed offices to those that
// take over, and stops the seals of organs that have ended.
func (s *Service) applyTree(ctx context.Context, r *Reorganisation) error {
	d, now := s.Directory(), s.now()
	after := r.after(d)
	after.Version = d.Version
	if faults := s.checkTree(d, after); len(faults) > 0 { // the tree has changed since it was planned
		return invalidFields(faults)
	}
	stopped, made, err := s.changeSeals(ctx, d, r, now)
	if err != nil {
		return err
	}
	done := *r
	done.AppliedAt = now
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		if err := s.Store.PutDirectory(ctx, &Directory{Divisions: r.Divisions, Offices: r.Offices, Organs: r.Organs, Version: d.Version}); err != nil {
			return err
		}
		for _, o := range r.closedOffices(d) {
			if _, err := s.Store.MoveGrants(ctx, o.ID, after.OfficeNow(o.ID), now); err != nil {
				return err
			}
		}
		for _, k := range append(stopped, made...) {
			if err := s.Store.PutKey(ctx, k); err != nil {
				return err
			}
		}
		if err := s.Store.PlaceCases(ctx, r.placed(d)); err != nil {
			return err
		}
		if err := s.Store.MarkReorganisation(ctx, &done); err != nil {
			return err
		}
		return s.Store.Record(ctx, Event{At: now, Kind: "reorganised", Subject: r.ID, By: r.By, Detail: r.digest()})
	})
	if err != nil {
		return err
	}
	*r = done
	return s.Reload(ctx)
}

// closedOffices are the offices that the reorganisation closes.
func (r *Reorganisation) closedOffices(d *Directory) []Office {
	return slices.DeleteFunc(slices.Clone(r.Offices), func(o Office) bool {
		old := d.Office(o.ID)
		return o.stands() || old == nil || !old.stands()
	})
}

// postsMoved says how many people each office that is closed has, by role, and
// where they go.
func (s *Service) postsMoved(ctx context.Context, d *Directory, r *Reorganisation, now time.Time) ([]TreeChange, error) {
	var out []TreeChange
	for _, o := range r.closedOffices(d) {
		for _, role := range []Role{Clerk, Approver, Admin, Department} {
			people, err := s.Store.PeopleAt(ctx, o.ID, role, now)
			if err != nil {
				return nil, err
			}
			if len(people) > 0 {
				out = append(out, TreeChange{"people", "move", o.ID, string(role), fmt.Sprint(len(people)), o.Successor})
			}
		}
	}
	return out, nil
}

// placed are the divisions whose cases lie elsewhere afterwards: closed, or
// under another parent.
func (r *Reorganisation) placed(d *Directory) []string {
	var codes []string
	for _, v := range r.Divisions {
		if old := d.Division(v.Code); old != nil && (old.Parent != v.Parent || old.Successor != v.Successor) {
			codes = append(codes, v.Code)
		}
	}
	return codes
}

// changeSeals retires the keys of organs that end or are renamed and makes
// those of organs that have none under their name.
func (s *Service) changeSeals(ctx context.Context, d *Directory, r *Reorganisation, now time.Time) (stopped, made []*Key, err error) {
	for i := range r.Organs {
		o := &r.Organs[i]
		for _, k := range s.stoppedKeys(d, o) {
			c := *k
			c.State, c.Since = KeyRetired, now
			stopped = append(stopped, &c)
		}
		if s.Seals == nil || !s.lacksSeal(d, o) {
			continue
		}
		keys, err := s.Seals.MakeSeals(ctx, o)
		if err != nil {
			return nil, nil, fmt.Errorf("make the seals of organ %s: %w", o.Code, err)
		}
		made = append(made, keys...)
	}
	return stopped, made, nil
}

// stoppedKeys are an organ's active keys, if it ends or gets another name.
func (s *Service) stoppedKeys(d *Directory, o *Organ) []*Key {
	old := d.Organ(o.Code)
	if old == nil || o.To.Equal(old.To) && o.Name == old.Name {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(s.KeyList().Keys), func(k *Key) bool { return k.Organ != o.Code || k.State != KeyActive })
}

// lacksSeal tells whether an organ that stands has no key in its name.
func (s *Service) lacksSeal(d *Directory, o *Organ) bool {
	if !o.To.IsZero() {
		return false
	}
	old := d.Organ(o.Code)
	return old == nil || old.Name != o.Name || !slices.ContainsFunc(s.KeyList().Keys, func(k *Key) bool {
		return k.Organ == o.Code && k.Purpose == DocumentKey && k.State == KeyActive
	})
}

// moveCases gives every open case that the reorganisation concerns the office
// and the division that it has now, in an action of its own, and lays it into
// the inboxes of those who may decide it now.
func (s *Service) moveCases(ctx context.Context, r *Reorganisation) error {
	ids, err := s.concerned(ctx, s.Directory(), r)
	if err != nil {
		return err
	}
	for _, id := range ids {
		for try := 0; ; try++ {
			err := s.moveCase(ctx, r, id)
			if err == nil {
				break
			}
			if !errors.Is(err, ErrConflict) || try == 10 { // ten people in a row were faster: the scan tries again
				return fmt.Errorf("move case %s: %w", id, err)
			}
		}
	}
	done := *r
	done.MovedAt = s.now()
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		if err := s.Store.MarkReorganisation(ctx, &done); err != nil {
			return err
		}
		return s.Store.Record(ctx, Event{At: done.MovedAt, Kind: "cases-moved", Subject: r.ID, By: SystemActor})
	})
	if err == nil {
		*r = done
	}
	return err
}

// concerned lists the open cases for which the reorganisation may change
// something: of the offices it closes, and under the divisions it touches.
func (s *Service) concerned(ctx context.Context, d *Directory, r *Reorganisation) ([]string, error) {
	places, offices := map[string]bool{}, []string{}
	for _, v := range r.Divisions {
		places[d.DivisionNow(v.Code)] = true
	}
	for _, o := range r.Offices {
		places[d.DivisionNow(o.Division)] = true
		if !o.stands() {
			offices = append(offices, o.ID)
		}
	}
	return s.Store.OpenCases(ctx, slices.Sorted(maps.Keys(places)), offices)
}

func (s *Service) moveCase(ctx context.Context, r *Reorganisation, id string) error {
	c, err := s.load(ctx, id)
	if err != nil {
		return err
	}
	kept, err := s.Store.DesksOf(ctx, id)
	if err != nil {
		return err
	}
	office, division := c.moved(r)
	if office == c.Office && division == c.Division && sameDesks(kept, c.Desks) {
		return nil
	}
	x := Action{At: s.now(), Kind: Move, By: SystemActor, Name: SystemActor, Office: office, Opinion: r.Title, Input: &Input{Division: division, Applicant: c.Applicant}}
	a := c.with(x)
	if err := s.save(ctx, a, c.Version); err != nil {
		return err
	}
	_, err = s.seeTo(ctx, &Case{a, c.Template, c.Directory, c.Calendar})
	return err
}

// moved is the office and the division that the case has after a
// reorganisation. A case that its own division's office took in stays with the
// office of the part it goes to.
func (c *Case) moved(r *Reorganisation) (office, division string) {
	d := c.Directory
	office, division = d.OfficeNow(c.Office), d.DivisionNow(c.Division)
	part := r.Cases[c.ID]
	if part == "" || d.Division(c.Division).Successor == "" {
		return office, division
	}
	division = d.DivisionNow(part)
	if o := d.Office(c.Office); o != nil && o.Division == c.Division {
		if home := d.OfficesOf(Post{Level: d.Division(division).Level, Function: o.Function}, division); len(home) > 0 {
			office = home[0].ID
		}
	}
	return office, division
}

func sameDesks(a, b []Desk) bool {
	within := func(a, b []Desk) bool {
		return !slices.ContainsFunc(a, func(x Desk) bool {
			return !slices.ContainsFunc(b, func(y Desk) bool { return x.Office == y.Office && x.Role == y.Role })
		})
	}
	return within(a, b) && within(b, a)
}

// keepTree carries out the reorganisations whose time has come. One that cannot
// be carried out holds up nothing else; it is logged and tried again.
func (s *Service) keepTree(ctx context.Context) error {
	open, err := s.Store.OpenReorganisations(ctx)
	if err != nil {
		return err
	}
	for _, r := range open {
		if s.now().Before(r.Effective) {
			break
		}
		if err := s.carryOut(ctx, r); err != nil {
			s.Log.Error("a reorganisation could not be carried out yet", "reorganisation", r.ID, "reason", reason(err), "error", forLog(err))
		}
	}
	return nil
}

// TreeHistory lists the reorganisations, planned and done, the last one first.
func (s *Service) TreeHistory(ctx context.Context, by *Account, limit int) ([]*Reorganisation, error) {
	if err := s.MayOperate(by); err != nil {
		return nil, err
	}
	if limit <= 0 || limit > 200 {
		limit = 50
	}
	return s.Store.Reorganisations(ctx, limit)
}

// CancelReorganisation gives up one whose time has not come.
func (s *Service) CancelReorganisation(ctx context.Context, by *Account, id string) (*Reorganisation, error) {
	if err := s.MayOperate(by); err != nil {
		return nil, err
	}
	r, err := s.Store.Reorganisation(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := s.mayReorganise(by, s.Directory(), r); err != nil {
		return nil, err
	}
	if !r.AppliedAt.IsZero() || !r.CancelledAt.IsZero() {
		return nil, fail(ErrState, "这次机构调整已执行或已取消", "This reorganisation was carried out or cancelled already")
	}
	r.CancelledAt = s.now()
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		if err := s.Store.MarkReorganisation(ctx, r); err != nil {
			return err
		}
		return s.Store.Record(ctx, Event{At: r.CancelledAt, Kind: "reorganisation-cancelled", Subject: r.ID, By: by.ID})
	})
	return r, err
}

// ReorganisationView is a reorganisation as administrators see it.
type ReorganisationView struct {
	ID          string            `json:"id,omitempty"` // none while it is only tried
	Title       string            `json:"title"`
	State       string            `json:"state"` // tried, planned, applied (cases are moving), done, cancelled
	Effective   time.Time         `json:"effective"`
	Changes     []TreeChange      `json:"changes"`
	Cases       map[string]string `json:"cases,omitempty"`
	By          string            `json:"by"`
	PlannedAt   time.Time         `json:"planned_at"`
	AppliedAt   *time.Time        `json:"applied_at,omitempty"`
	CancelledAt *time.Time        `json:"cancelled_at,omitempty"`
}

// View shows a reorganisation.
func (r *Reorganisation) View() *ReorganisationView {
	v := &ReorganisationView{ID: r.ID, Title: r.Title, State: "planned", Effective: r.Effective, Changes: r.Changes, Cases: r.Cases, By: r.By, PlannedAt: r.PlannedAt}
	if !r.AppliedAt.IsZero() {
		v.State, v.AppliedAt = "applied", &r.AppliedAt
	}
	switch {
	case r.ID == "":
		v.State = "tried"
	case !r.MovedAt.IsZero():
		v.State = "done"
	case !r.CancelledAt.IsZero():
		v.State, v.CancelledAt = "cancelled", &r.CancelledAt
	}
	return v
}

// CasesConcerned counts the open cases that a reorganisation may move.
func (s *Service) CasesConcerned(ctx context.Context, r *Reorganisation) (int, error) {
	ids, err := s.concerned(ctx, s.Directory(), r)
	return len(ids), err
}
