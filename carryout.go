package yinzheng

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// carryOutNow carries a decided reorganisation out, or notes why it waits and
// tells the administrators of the topmost office, once.
func (s *Service) carryOutNow(ctx context.Context, r *Reorganisation) {
	err := s.carryOut(ctx, r)
	told := s.troubles.of(r.ID) != nil
	s.troubles.note(r.ID, whyWaits(err))
	r.Trouble = s.troubles.of(r.ID)
	if err == nil {
		return
	}
	s.Log.Error("a reorganisation could not be carried out yet", "reorganisation", r.ID, "reason", reason(err), "error", err)
	if told {
		return
	}
	if err := s.Store.Notify(ctx, s.Directory().topmostNotices("reorganisation-stuck", r.ID, s.now())); err != nil {
		s.Log.Error("telling that a reorganisation waits", "reorganisation", r.ID, "reason", reason(err))
	}
}

// whyWaits is an error that names what has to be mended.
func whyWaits(err error) error {
	var e *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e) && len(e.Fields) > 0:
		f := e.Fields[0]
		return fail(ErrUnavailable, "暂不能执行（%[1]s）：%[2]s", "It cannot be carried out yet (%[1]s): %[3]s", f.Field, f.Text.ZH, f.Text.EN)
	case errors.As(err, &e):
		return fail(ErrUnavailable, "暂不能执行：%[1]s", "It cannot be carried out yet: %[2]s", e.Text.ZH, e.Text.EN)
	}
	return fail(ErrUnavailable, "暂不能执行，系统会自动重试；详情见运行日志", "It cannot be carried out yet and will be tried again; the log has the details")
}

// topmost tells whether an office has none above it.
func (d *Directory) topmost(office string) bool {
	o := d.Office(office)
	return o != nil && d.above(o.Division) == ""
}

// topmostNotices tells the administrators of the topmost offices.
func (d *Directory) topmostNotices(kind, about string, at time.Time) []Notice {
	var out []Notice
	for _, o := range d.Offices {
		if o.stands() && d.topmost(o.ID) {
			out = append(out, Notice{At: at, Office: o.ID, Role: Admin, Kind: kind, About: about})
		}
	}
	return out
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
	if err := s.refresh(ctx); err != nil {
		return err
	}
	if r.AppliedAt.IsZero() && r.CancelledAt.IsZero() {
		if err := s.applyTree(ctx, r); err != nil {
			return err
		}
	}
	if r.AppliedAt.IsZero() || !r.MovedAt.IsZero() {
		return nil
	}
	// An organ without its seal keeps no case from moving, only from being sealed.
	if err := errors.Join(s.makeSeals(ctx, r), s.moveCases(ctx, r)); err != nil {
		return err
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

// refresh reads the tree and the keys again when they have changed behind this
// service's back: in another process, or by a change that the store kept though
// it reported a failure.
func (s *Service) refresh(ctx context.Context) error {
	d, err := s.Store.Directory(ctx)
	if err != nil || d.Version == s.Directory().Version {
		return err
	}
	if s.Seals != nil {
		if err := s.Seals.TakeUp(ctx); err != nil {
			return err
		}
	}
	return s.Reload(ctx)
}

// sameTree is ErrConflict when the office tree is no longer the one that something
// was worked out with: a certificate made meanwhile may be of an organ that has
// ended.
func (s *Service) sameTree(ctx context.Context, version string) error {
	d, err := s.Store.Directory(ctx)
	if err == nil && d.Version != version {
		err = &Error{Kind: ErrConflict, Text: Text{"机构刚刚调整，请重新读取后再操作", "The offices have just changed; please read it again"}, Cause: errTree}
	}
	return err
}

var errTree = errors.New("the office tree has changed")

// applyTree changes the tree, moves the people of closed offices to those that
// take over, and stops the seals of organs that have ended.
func (s *Service) applyTree(ctx context.Context, r *Reorganisation) error {
	d, now := s.Directory(), s.now()
	after := r.after(d)
	after.Version = d.Version
	if faults := s.checkTree(d, after); len(faults) > 0 { // the tree has changed since it was planned
		return invalidFields(faults)
	}
	done := *r
	done.AppliedAt = now
	err := s.Store.Tx(ctx, func(ctx context.Context) error {
		if err := s.Store.PutDirectory(ctx, &Directory{Divisions: r.Divisions, Offices: r.Offices, Organs: r.Organs, Version: d.Version}); err != nil {
			return err
		}
		for _, o := range r.closedOffices(d) {
			if err := s.endClaimsAt(ctx, o.ID, now); err != nil {
				return err
			}
			if _, err := s.Store.MoveGrants(ctx, o.ID, after.OfficeNow(o.ID), now); err != nil {
				return err
			}
		}
		if err := s.stopKeys(ctx, d, r, now); err != nil {
			return err
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

// endClaimsAt ends the links to set a first password of the people of an office:
// their post may be a greater one afterwards than whoever made the link could give.
func (s *Service) endClaimsAt(ctx context.Context, office string, now time.Time) error {
	for _, role := range []Role{Clerk, Approver, Admin, Department} {
		people, err := s.Store.PeopleAt(ctx, office, role, now)
		if err != nil {
			return err
		}
		for _, a := range people {
			if err := s.endClaims(ctx, a.ID); err != nil {
				return err
			}
		}
	}
	return nil
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

// stopKeys retires the keys that sign no more, in a transaction.
func (s *Service) stopKeys(ctx context.Context, d *Directory, r *Reorganisation, now time.Time) error {
	all, err := s.Store.Keys(ctx)
	if err != nil {
		return err
	}
	for i := range r.Organs {
		for _, k := range stoppedKeys(d, &r.Organs[i], all) {
			events, err := s.Store.EventsAbout(ctx, k.KID)
			if err != nil {
				return err
			}
			if err := s.recordKey(ctx, &keptKey{k, KeyCareOf(events), all}, r.By, now, []Event{{Kind: EventKeyRetired, Detail: r.ID}}); err != nil {
				return err
			}
		}
	}
	return nil
}

// makeSeals makes the seals of the organs that have none in their name yet.
func (s *Service) makeSeals(ctx context.Context, r *Reorganisation) error {
	for i := range r.Organs {
		o := s.Directory().Organ(r.Organs[i].Code)
		if s.Seals == nil || o == nil || !s.lacksSeal(s.Directory(), o) {
			continue
		}
		if err := s.newSeals(ctx, o, DocumentKey, TokenKey); err != nil {
			return err
		}
	}
	return nil
}

// newSeals makes an organ's keys for some purposes and takes them into use.
func (s *Service) newSeals(ctx context.Context, o *Organ, purposes ...KeyPurpose) error {
	keys, err := s.Seals.MakeSeals(ctx, o, purposes...)
	if err != nil {
		return fmt.Errorf("make the seals of organ %s: %w", o.Code, err)
	}
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		for _, k := range keys {
			if err := s.takeIntoUse(ctx, k, SystemActor, "", s.now()); err != nil {
				return err
			}
		}
		return s.Store.PutDirectory(ctx, &Directory{}) // no other tree, but a new version: other processes read the keys again
	})
	if err != nil {
		return err
	}
	return s.Reload(ctx)
}

// stoppedKeys are, of all keys, an organ's that sign or may do so again, if it ends
// or gets another name.
func stoppedKeys(d *Directory, o *Organ, all []*Key) []*Key {
	old := d.Organ(o.Code)
	if old == nil || o.To.Equal(old.To) && o.Name == old.Name {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(all), func(k *Key) bool {
		return k.Organ != o.Code || k.State != KeyActive && k.State != KeySuspended
	})
}

// lacksSeal tells whether an organ that stands has no key in its name. One that
// somebody has stopped is one: another in its place is not for the program to make.
func (s *Service) lacksSeal(d *Directory, o *Organ) bool {
	if !o.To.IsZero() {
		return false
	}
	old := d.Organ(o.Code)
	return old == nil || old.Name != o.Name || !slices.ContainsFunc(s.KeyList().Keys, func(k *Key) bool {
		return k.Organ == o.Code && k.OrganName == o.Name && k.Purpose == DocumentKey && k.State != KeyRetired
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
	var failed []error
	for _, id := range ids {
		err := s.moveCase(ctx, r, id)
		for try := 0; errors.Is(err, ErrConflict) && try < 10; try++ { // somebody else was faster
			err = s.moveCase(ctx, r, id)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("move case %s: %w", id, err))
		}
	}
	if len(failed) > 0 { // each is tried again; none holds up the others
		return fmt.Errorf("%d of %d cases could not be moved: %w", len(failed), len(ids), failed[0])
	}
	return nil
}

// concerned lists the open cases for which the reorganisation may change
// something: of the offices it closes, under the divisions it touches, and those
// that it names.
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
	ids, err := s.Store.OpenCases(ctx, slices.Sorted(maps.Keys(places)), offices)
	for id := range r.Cases {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return slices.Compact(ids), err
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
	if office == c.Office && division == c.Division && sameDesks(kept, c.Desks) && c.recusalStands() {
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

// recusalStands tells whether the office that decides instead, if there is one,
// still is above the resident's division.
func (c *Case) recusalStands() bool {
	o := c.Directory.Office(c.Directory.OfficeNow(c.Application.Recused))
	return o == nil || c.Directory.Within(c.Division, o.Division)
}

// moved is the office and the division that the case has after a
// reorganisation. A case that its own division's office took in stays with the
// office of the part it goes to.
func (c *Case) moved(r *Reorganisation) (office, division string) {
	d := c.Directory
	office, division = d.OfficeNow(c.Office), d.DivisionNow(c.Division)
	part := r.Cases[c.ID]
	if part == "" || r.Parts[part] != c.Division { // or it went there already
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

// keepTree takes notice of what other processes changed and carries out the
// reorganisations whose time has come. One that cannot be carried out holds up
// nothing else.
func (s *Service) keepTree(ctx context.Context) error {
	if err := s.refresh(ctx); err != nil {
		return err
	}
	open, err := s.Store.OpenReorganisations(ctx)
	if err != nil {
		return err
	}
	for _, r := range open {
		if s.now().Before(r.Effective) {
			break
		}
		s.carryOutNow(ctx, r)
	}
	return nil
}
