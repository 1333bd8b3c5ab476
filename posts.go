package yinzheng

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Appointment is a post to be given to somebody. A zero From, or one that is
// past, is now: nobody held a post before they were appointed.
type Appointment struct {
	Office string    `json:"office"`
	Role   Role      `json:"role"`
	From   time.Time `json:"from,omitzero"`
	To     time.Time `json:"to,omitzero"` // zero: until further notice
}

// Ending is a post that somebody is to leave in an office, or all of them (no
// Role). A zero At, or one that is past, is now: what was done in the post stands.
type Ending struct {
	Office string    `json:"office"`
	Role   Role      `json:"role,omitempty"`
	At     time.Time `json:"at,omitzero"`
}

// names tells whether a post is one of those that are to end.
func (e *Ending) names(office string, role Role) bool {
	return office == e.Office && (e.Role == "" || role == e.Role)
}

// Handover is what somebody is to hand to a successor: one post in an office, or
// all of them (no Role), from a moment on (zero, or past: now).
type Handover struct {
	Office string    `json:"office"`
	Role   Role      `json:"role,omitempty"`
	To     string    `json:"to"` // user name
	At     time.Time `json:"at,omitzero"`
}

// changePerson applies one act to the version of an account that an
// administrator has seen. Errors besides the act's own: as of Person,
// ErrForbidden for one's own account, ErrConflict when somebody else has changed
// it since.
func (s *Service) changePerson(ctx context.Context, by *Account, username string, seen int, act func(context.Context, *Account, time.Time) error) (view *PersonView, err error) {
	now := s.now()
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		a, err := s.person(ctx, by, username, now)
		if err != nil {
			return err
		}
		if a.ID == by.ID {
			return errOwnPosts()
		}
		if a.Version != seen {
			return fail(ErrConflict, "账号已被他人更改（现为版本 %d），请重新读取后再操作", "Somebody else has changed the account (now version %d); please read it again", a.Version)
		}
		if err := act(ctx, a, now); err != nil {
			return err
		}
		if err := s.Store.PutAccount(ctx, a); err != nil {
			return err
		}
		if a, err = s.Store.Account(ctx, a.ID); err == nil {
			view = s.personView(by, a, now)
		}
		return err
	})
	return view, err
}

func errOwnPosts() error {
	return fail(ErrForbidden, "自己的岗位和账号须由另一位管理员办理", "Your own posts and account are another administrator's to change")
}

// Appoint gives a person a post. A link to set the first password ends with it.
func (s *Service) Appoint(ctx context.Context, by *Account, username string, seen int, in *Appointment) (*PersonView, error) {
	return s.changePerson(ctx, by, username, seen, func(ctx context.Context, a *Account, now time.Time) error {
		g, faults := s.checkPost(by, in, now)
		if len(faults) == 0 && a.holds(&g) {
			faults = append(faults, FieldError{"office", "held", Text{"这个人在该单位已有这个岗位", "They hold this post in that office already"}})
		}
		if len(faults) > 0 {
			return invalidFields(faults)
		}
		a.Grants = append(a.Grants, g)
		if err := s.endClaims(ctx, a.ID); err != nil {
			return err
		}
		return s.recordPosts(ctx, "post-given", by, a, []Grant{g}, now)
	})
}

// checkPost makes a grant of an appointment.
func (s *Service) checkPost(by *Account, in *Appointment, now time.Time) (Grant, []FieldError) {
	var faults []FieldError
	if !s.administers(by, in.Office, now) {
		faults = append(faults, FieldError{"office", "unknown", Text{"请填写您管理范围内的单位", "Please give an office that you administer"}})
	}
	if o := s.Directory().Office(in.Office); len(faults) == 0 && !o.stands() {
		faults = append(faults, FieldError{"office", "closed", Text{"该单位已撤销，其工作由“" + s.officeNow(o) + "”承担", "This office was closed; its work is done by “" + s.officeNow(o) + "”"}})
	}
	if !slices.Contains([]Role{Clerk, Approver, Admin, Department}, in.Role) {
		faults = append(faults, FieldError{"role", "choice", Text{"应为 clerk、approver、admin 或 department", "Expected clerk, approver, admin or department"}})
	}
	g := Grant{Office: in.Office, Role: in.Role, From: laterOf(in.From, now), To: in.To.UTC()}
	if !g.To.IsZero() && !g.To.After(g.From) {
		faults = append(faults, FieldError{"to", "period", Text{"结束时间须晚于开始时间，且尚未到", "The end comes after the beginning and is still to come"}})
	}
	return g, faults
}

// officeNow is the name of the office that does a closed one's work.
func (s *Service) officeNow(o *Office) string {
	if now := s.Directory().Office(s.Directory().OfficeNow(o.ID)); now != nil {
		return now.Name
	}
	return o.Name
}

// laterOf is the later of two moments: what is planned for the past, or for no
// moment, is for now.
func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a.UTC()
	}
	return b.UTC()
}

// over tells whether what lasts from a moment to another has ended by a third,
// or ends as it begins: so stays on record what was taken back before it began.
func over(from, to, at time.Time) bool { return !to.IsZero() && !to.After(laterOf(at, from)) }

// holds tells whether somebody's own posts cover all of another grant.
func (a *Account) holds(g *Grant) bool {
	return slices.ContainsFunc(a.Grants, func(own Grant) bool {
		return own.For == "" && own.Office == g.Office && own.Role == g.Role && !own.From.After(g.From) &&
			(own.To.IsZero() || !g.To.IsZero() && !own.To.Before(g.To))
	})
}

// EndPost ends a person's posts in an office at a moment; one that would begin
// later never does. The cases stay with the office. Errors besides: ErrState
// when nobody would be left for good to administer the office.
func (s *Service) EndPost(ctx context.Context, by *Account, username string, seen int, in *Ending) (*PersonView, error) {
	return s.changePerson(ctx, by, username, seen, func(ctx context.Context, a *Account, now time.Time) error {
		ended, err := s.endPosts(ctx, by, a, in, now)
		if err != nil {
			return err
		}
		if err := s.staysAdministered(ctx, a, ended, now); err != nil {
			return err
		}
		return s.recordPosts(ctx, "post-ended", by, a, ended, now)
	})
}

// endPosts ends a person's posts in an office, of one role or of all, with the
// loans that rest on them, and returns them as they were.
func (s *Service) endPosts(ctx context.Context, by, a *Account, in *Ending, now time.Time) ([]Grant, error) {
	if !s.administers(by, in.Office, now) {
		return nil, invalidFields([]FieldError{{"office", "unknown", Text{"请填写您管理范围内的单位", "Please give an office that you administer"}}})
	}
	at := laterOf(in.At, now)
	var ended []Grant
	for i := range a.Grants {
		if g := &a.Grants[i]; g.For == "" && in.names(g.Office, g.Role) && !over(g.From, g.To, at) {
			ended = append(ended, *g)
			g.To = laterOf(at, g.From)
		}
	}
	if len(ended) == 0 {
		return nil, invalidFields([]FieldError{{"office", "not-held", Text{"这个人届时在该单位没有这个岗位", "They do not hold this post in that office then"}}})
	}
	return ended, s.endLoans(ctx, by, a, in, now)
}

// endLoans ends what somebody lent of posts that end, and what was lent to them
// where they have no other post and so are no colleague any more: it would come
// to life again with a later post.
func (s *Service) endLoans(ctx context.Context, by, a *Account, in *Ending, now time.Time) error {
	at := laterOf(in.At, now)
	loans, err := s.Store.Delegations(ctx, a.ID)
	if err != nil {
		return err
	}
	for _, d := range loans {
		from := laterOf(at, d.Begin)
		holds := d.To == a.ID && s.colleague(a, d.Office, from) || d.From == a.ID && !in.names(d.Office, d.Role)
		if holds || over(d.Begin, d.End, at) {
			continue
		}
		if err := s.endLoan(ctx, &d, from, by, now); err != nil {
			return err
		}
	}
	return nil
}

// HandOver gives a person's posts in an office to a successor from a moment on,
// in one act: the first one's end, with the loans that rest on them; the
// successor's link to set a first password does, too. Drafts and cases are the
// office's and stay there. Errors besides: ErrInvalid when the successor
// is unknown or may not sign in.
func (s *Service) HandOver(ctx context.Context, by *Account, username string, seen int, in *Handover) (*PersonView, error) {
	return s.changePerson(ctx, by, username, seen, func(ctx context.Context, a *Account, now time.Time) error {
		to, err := s.successor(ctx, by, a, in.To, now)
		if err != nil {
			return err
		}
		ended, err := s.endPosts(ctx, by, a, &Ending{in.Office, in.Role, in.At}, now)
		if err != nil {
			return err
		}
		var given []Grant
		for _, g := range ended {
			if g.From = laterOf(g.From, laterOf(in.At, now)); !to.holds(&g) {
				given = append(given, g)
			}
		}
		if len(given) > 0 {
			to.Grants = append(to.Grants, given...)
			if err := errors.Join(s.Store.PutAccount(ctx, to), s.endClaims(ctx, to.ID)); err != nil {
				return err
			}
		}
		if err := s.recordPosts(ctx, "post-handed-over", by, a, ended, now); err != nil {
			return err
		}
		return s.recordPosts(ctx, "post-taken-over", by, to, given, now)
	})
}

func (s *Service) successor(ctx context.Context, by, a *Account, username string, now time.Time) (*Account, error) {
	to, err := s.person(ctx, by, username, now)
	switch {
	case err != nil && !errors.Is(err, ErrNotFound):
		return nil, err
	case err != nil || to.ID == a.ID || to.Disabled:
		return nil, invalidFields([]FieldError{{"to", "unknown", Text{"请填写您管理范围内另一位可用账号的用户名", "Please give the user name of somebody else in your offices whose account is enabled"}}})
	case to.ID == by.ID:
		return nil, errOwnPosts()
	}
	return to, nil
}

// DisableAccount keeps a person out from now on: their sessions end. Errors
// besides: ErrForbidden when they have posts in offices that this administrator
// does not administer, ErrState when nobody would be left for good to administer
// an office, and when it is done already.
func (s *Service) DisableAccount(ctx context.Context, by *Account, username string, seen int) (*PersonView, error) {
	return s.changePerson(ctx, by, username, seen, func(ctx context.Context, a *Account, now time.Time) error {
		if a.Disabled {
			return fail(ErrState, "账号已停用", "The account is disabled already")
		}
		if err := s.switches(by, a, now); err != nil {
			return err
		}
		if err := s.staysAdministered(ctx, a, a.standing(now), now); err != nil {
			return err
		}
		a.Disabled = true
		if err := errors.Join(s.Store.EndSessions(ctx, a.ID), s.endClaims(ctx, a.ID)); err != nil {
			return err
		}
		return s.Store.Record(ctx, Event{At: now, Kind: accountDisabled, Subject: a.ID, By: by.ID, Detail: s.standsAt(by, a, now)})
	})
}

// accountDisabled is the kind of the event by which an account is disabled. Its
// detail is the office whose administrator did it.
const accountDisabled = "account-disabled"

// standsAt is the office as whose administrator somebody acts on a person: of
// several the highest.
func (s *Service) standsAt(by, a *Account, now time.Time) string {
	highest := ""
	for _, g := range by.Grants {
		over := func(post Grant) bool { return post.For == "" && s.Directory().Oversees(g.Office, post.Office) }
		if s.administers(by, g.Office, now) && g.Role == Admin && slices.ContainsFunc(a.Grants, over) &&
			(highest == "" || s.Directory().LevelOf(g.Office).rank() > s.Directory().LevelOf(highest).rank()) {
			highest = g.Office
		}
	}
	return highest
}

// EnableAccount lets a person in again; they sign in anew. Errors besides: as of
// DisableAccount, ErrForbidden when an administrator of an office above this
// administrator's disabled them.
func (s *Service) EnableAccount(ctx context.Context, by *Account, username string, seen int) (*PersonView, error) {
	return s.changePerson(ctx, by, username, seen, func(ctx context.Context, a *Account, now time.Time) error {
		if !a.Disabled {
			return fail(ErrState, "账号没有停用", "The account is not disabled")
		}
		if err := s.switches(by, a, now); err != nil {
			return err
		}
		if err := s.undoes(ctx, by, a, now); err != nil {
			return err
		}
		a.Disabled = false
		return s.Store.Record(ctx, Event{At: now, Kind: "account-enabled", Subject: a.ID, By: by.ID})
	})
}

// undoes refuses an administrator below the one who disabled an account last.
func (s *Service) undoes(ctx context.Context, by, a *Account, now time.Time) error {
	events, err := s.Store.EventsAbout(ctx, a.ID)
	if err != nil {
		return err
	}
	for _, e := range slices.Backward(events) {
		if e.Kind != accountDisabled {
			continue
		}
		if e.Detail != "" && !s.administers(by, e.Detail, now) { // "" in records of old
			return fail(ErrForbidden, "账号由上级单位的管理员停用，须由该级或更高一级的管理员启用", "An administrator of an office above disabled this account; one of that office or above has to enable it")
		}
		return nil
	}
	return nil
}

// standing lists somebody's own posts that have not ended.
func (a *Account) standing(now time.Time) []Grant {
	return slices.DeleteFunc(slices.Clone(a.Grants), func(g Grant) bool { return g.For != "" || over(g.From, g.To, now) })
}

// switches refuses somebody who does not administer all of a person's posts.
func (s *Service) switches(by, a *Account, now time.Time) error {
	if slices.ContainsFunc(a.standing(now), func(g Grant) bool { return !s.administers(by, g.Office, now) }) {
		return fail(ErrForbidden, "这个人在您管理范围之外另有岗位：请结束您范围内的岗位，或请上级管理员办理",
			"They have posts beyond your offices: end those in yours, or ask the administrator above")
	}
	return nil
}

// staysAdministered refuses that somebody loses posts when an office would have
// no administrator without them.
func (s *Service) staysAdministered(ctx context.Context, without *Account, posts []Grant, now time.Time) error {
	for _, g := range posts {
		if g.Role != Admin {
			continue
		}
		if err := s.otherAdministrator(ctx, without, g.Office, now); err != nil {
			return err
		}
	}
	return nil
}

// otherAdministrator looks for somebody else who administers an office: by a
// post of their own, in it, beside it or above it, without an end.
func (s *Service) otherAdministrator(ctx context.Context, without *Account, office string, now time.Time) error {
	for _, desk := range s.Directory().administrators(office) {
		people, err := s.Store.PeopleAt(ctx, desk.Office, Admin, now)
		if err != nil {
			return err
		}
		for _, a := range people {
			if a.ID != without.ID && a.holds(&Grant{Office: desk.Office, Role: Admin, From: now}) {
				return nil
			}
		}
	}
	return fail(ErrState, "这是该单位最后一位长期管理员，请先任命另一位", "This is the office's last administrator without an end; please appoint another one first")
}

// recordPosts puts on record what was done to somebody's posts.
func (s *Service) recordPosts(ctx context.Context, kind string, by, a *Account, posts []Grant, now time.Time) error {
	for _, g := range posts {
		until := ""
		if !g.To.IsZero() {
			until = g.To.Format(time.RFC3339)
		}
		e := Event{At: now, Kind: kind, Subject: a.ID, By: by.ID, Detail: fmt.Sprintf("%s %s %s/%s", g.Office, g.Role, g.From.UTC().Format(time.RFC3339), until)}
		if err := s.Store.Record(ctx, e); err != nil {
			return err
		}
	}
	return nil
}
