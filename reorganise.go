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
	Parts     map[string]string `json:"parts,omitempty"` // of divisions that are split: part → the division that it is a part of
	Cases     map[string]string `json:"cases,omitempty"` // of divisions that are split: case → part, where that is not the first
	Tree      string            `json:"tree"`            // version of the tree it was worked out from
	Changes   []TreeChange      `json:"changes"`         // the same in words, as it was shown before it was decided

	By          string    `json:"-"` // account
	PlannedAt   time.Time `json:"-"`
	AppliedAt   time.Time `json:"-"` // the tree, the people and the seals are changed
	MovedAt     time.Time `json:"-"` // every open case has moved along
	CancelledAt time.Time `json:"-"`
	Trouble     *Text     `json:"-"` // why it waits although its time has come
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

// SealMaker makes the seals of a new organ, or of one with a new name, keys that an
// organ has not needed before, and those that follow others.
type SealMaker interface {
	// MakeSeals makes a key for each purpose, ready to sign, and returns their
	// public halves; ErrUnavailable.
	MakeSeals(ctx context.Context, organ *Organ, purposes ...KeyPurpose) ([]*Key, error)
	// Succeed makes a key of another one's organ, purpose and algorithm, ready to
	// sign, and returns its public half, for any item; ErrUnavailable.
	Succeed(ctx context.Context, k *Key) (*Key, error)
	// TakeUp makes ready to sign what another process has made; ErrUnavailable.
	TakeUp(ctx context.Context) error
}

// Reorganise checks a change of the office tree and, unless it is only tried,
// decides it: at once when Effective is not in the future, else as soon as it
// is. Administrators of an office above everything it touches may. r gets what
// it lacks: ID, PlannedAt, Changes. Errors: ErrInvalid with every fault,
// ErrConflict when the tree has changed since r was worked out, or another
// planned reorganisation touches the same. Once it is decided there is no error:
// what cannot be carried out yet is tried again, and r.Trouble says why it waits.
func (s *Service) Reorganise(ctx context.Context, by *Account, r *Reorganisation, try bool) error {
	d, now := s.Directory(), s.now()
	if err := s.mayReorganise(by, d, r); err != nil {
		return err
	}
	if err := s.unplanned(ctx, r); err != nil {
		return err
	}
	faults, err := s.checkCases(ctx, r)
	if err != nil {
		return err
	}
	if faults = slices.Concat(r.check(), faults, s.checkTree(d, r.after(d))); len(faults) > 0 {
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
	// It is decided: whoever asked may go away, and what fails now is tried again.
	s.carryOutNow(context.WithoutCancel(ctx), r)
	return nil
}

// mayReorganise lets administrators change the tree below their own offices,
// by posts of their own: whatever a changed row names, before and after, lies
// there. Who makes seals, by a new organ or a new name of one, or a division
// that has none above it, is an administrator of the topmost office.
func (s *Service) mayReorganise(by *Account, d *Directory, r *Reorganisation) error {
	if err := s.MayOperate(by); err != nil {
		return err
	}
	a := &area{d: d, top: s.mayRun(by) == nil, added: map[string]bool{}}
	for _, g := range by.Grants {
		if o := d.Office(g.Office); g.Role == Admin && g.For == "" && g.active(s.Now()) && !by.Disabled && o != nil && o.stands() {
			a.divisions = append(a.divisions, o.Division)
		}
	}
	for i := range r.Divisions {
		a.added[r.Divisions[i].Code] = d.Division(r.Divisions[i].Code) == nil
	}
	if outside := a.outside(r); outside != "" {
		return fail(ErrForbidden, "“%[1]s”不在您管理的区域内", "“%[1]s” is outside the area that you administer", outside)
	}
	if !a.top && slices.ContainsFunc(r.Organs, func(o Organ) bool {
		old := d.Organ(o.Code)
		return old == nil || old.Name != o.Name || old.Mark != o.Mark
	}) {
		return fail(ErrForbidden, "新设机关或机关更名须制作印章，只有最上级单位的系统管理员可以这样做", "A new organ, or a new name of one, takes a seal: only an administrator of the topmost office may do this")
	}
	return nil
}

// area is what somebody administers of a tree.
type area struct {
	d         *Directory
	divisions []string
	top       bool
	added     map[string]bool // divisions that the reorganisation adds: they lie where their parents do
}

// over tells whether a division lies in the area; "" stands above all others.
func (a *area) over(division string) bool {
	within := func(code string) bool {
		return slices.ContainsFunc(a.divisions, func(mine string) bool { return a.d.Within(code, mine) })
	}
	if division == "" {
		return a.top && !slices.ContainsFunc(a.d.Divisions, func(v Division) bool { return v.Parent == "" && !within(v.Code) })
	}
	return a.added[division] || within(division)
}

// overOrgan tells whether every office of an organ lies in the area.
func (a *area) overOrgan(code string) bool {
	return !slices.ContainsFunc(a.d.Offices, func(o Office) bool { return o.Organ == code && o.stands() && !a.over(o.Division) })
}

// outside names the first thing that the reorganisation touches outside the area.
func (a *area) outside(r *Reorganisation) string {
	for _, v := range r.Divisions {
		old := a.d.Division(v.Code)
		moves := old == nil || old.Parent != v.Parent
		if !a.over(v.Code) || moves && !a.over(v.Parent) || moves && old != nil && !a.over(old.Parent) || v.Successor != "" && !a.over(v.Successor) {
			return v.Name
		}
	}
	for _, o := range r.Offices {
		old, next := a.d.Office(o.ID), a.d.Office(o.Successor)
		switch {
		case !a.over(o.Division), old != nil && !a.over(old.Division), next != nil && !a.over(next.Division):
			return o.Name
		case o.Organ != "" && (old == nil || old.Organ != o.Organ) && !a.overOrgan(o.Organ):
			return o.Name
		}
	}
	for _, o := range r.Organs {
		if !a.overOrgan(o.Code) || o.Successor != "" && !a.overOrgan(o.Successor) {
			return o.Name
		}
	}
	for _, part := range r.Cases {
		if !a.over(part) {
			return part
		}
	}
	return ""
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

// checkCases names the cases that a split gives to a part of some other division,
// or that are not under way.
func (s *Service) checkCases(ctx context.Context, r *Reorganisation) ([]FieldError, error) {
	var faults []FieldError
	for _, id := range slices.Sorted(maps.Keys(r.Cases)) {
		c, err := s.load(ctx, id)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
		whole := r.Parts[r.Cases[id]]
		if err != nil || whole == "" || c.Division != whole || !c.underWay() {
			faults = append(faults, FieldError{"cases." + id, "choice", Text{"应为被拆分区划的在办办件，并写明归入哪一部分", "Expected a case under way of a division that is split, and one of its parts"}})
		}
	}
	return faults, nil
}

// underWay tells whether the case is not at its end.
func (a *Application) underWay() bool {
	return a.State != Issued && a.State != Rejected && a.State != Withdrawn
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
	sum, err := digestOf("reorganisation", r.ID, []any{r.Title, r.Effective, r.Divisions, r.Offices, r.Organs, r.Parts, r.Cases})
	if err != nil { // only texts, times and maps of them
		panic(err)
	}
	return fmt.Sprintf("%x", sum)
}

// TreeHistory lists the reorganisations that somebody could have decided, planned
// and done, the last one first.
func (s *Service) TreeHistory(ctx context.Context, by *Account, limit int) ([]*Reorganisation, error) {
	if err := s.MayOperate(by); err != nil {
		return nil, err
	}
	if limit <= 0 || limit > 200 {
		limit = 50
	}
	list, err := s.Store.Reorganisations(ctx, limit)
	list = slices.DeleteFunc(list, func(r *Reorganisation) bool {
		return r.By != by.ID && s.mayRun(by) != nil && s.mayReorganise(by, s.Directory(), r) != nil
	})
	for _, r := range list {
		r.Trouble = s.troubles.of(r.ID)
	}
	return list, err
}

// CancelReorganisation gives up one whose time has not come: by who planned it,
// or an administrator of the topmost office.
func (s *Service) CancelReorganisation(ctx context.Context, by *Account, id string) (*Reorganisation, error) {
	if err := s.MayOperate(by); err != nil {
		return nil, err
	}
	r, err := s.Store.Reorganisation(ctx, id)
	if err != nil {
		return nil, err
	}
	if r.By != by.ID {
		if err := s.mayRun(by); err != nil {
			return nil, err
		}
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
	Trouble     *Text             `json:"trouble,omitempty"` // why it waits although its time has come
}

// View shows a reorganisation.
func (r *Reorganisation) View() *ReorganisationView {
	v := &ReorganisationView{ID: r.ID, Title: r.Title, State: "planned", Effective: r.Effective, Changes: r.Changes, Cases: r.Cases, By: r.By, PlannedAt: r.PlannedAt, Trouble: r.Trouble}
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
