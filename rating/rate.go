package rating

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"yinzheng"
)

// Opinion is what a resident says of how their case was handled.
type Opinion struct {
	Level   int
	Tags    []string
	Text    string
	Contact string // how they like to be called back, if it is bad
}

// Mine is a rating as the resident sees it.
type Mine struct {
	Case    *yinzheng.RatedCase
	Until   time.Time // the last moment to rate
	May     bool      // it may be rated now
	Worse   bool      // it was rated, and they may still rate it badly
	SignIn  bool      // they might, if a provider vouched for them
	Rated   bool
	Level   int
	At      time.Time
	State   string
	Call    time.Time // by when they are to be called back, and since when they were
	Called  time.Time
	Settle  time.Time // by when it is to be put right, and since when it is
	Settled time.Time
	Outcome string
	Answer  string
	Earlier string // the answer to a rating before theirs
	Erased  bool   // what was written was erased in time
}

// Of returns how a resident has rated, or may rate, a case of theirs;
// ErrNotFound.
func (q *Ratings) Of(ctx context.Context, who *yinzheng.Resident, id string) (*Mine, error) {
	c, err := q.Cases.RatedCase(ctx, who, id)
	if err != nil {
		return nil, err
	}
	m := &Mine{Case: c}
	if !c.Ended.IsZero() {
		m.Until = c.Ended.AddDate(0, 0, RateDays)
	}
	r, place, err := q.load(ctx, c.ID)
	if errors.Is(err, yinzheng.ErrNotFound) {
		m.May = q.now().Before(m.Until)
		return m, nil
	}
	if err != nil {
		return nil, err
	}
	said := r.said()
	if q.now().Before(m.Until) {
		m.Worse = r.mayComplain(who.Proof())
		m.SignIn = !m.Worse && r.mayComplain(yinzheng.ByIdentity)
	}
	m.Rated, m.Level, m.At, m.State, m.Call, m.Settle, m.Outcome = true, said.Level, said.At, r.State, said.Call, said.Settle, r.Outcome
	m.Erased = place.Erased
	for _, a := range r.Acts {
		switch {
		case a.Kind == Rate:
			m.Called, m.Settled, m.Answer, m.Earlier = time.Time{}, time.Time{}, "", m.Answer
		case a.Kind == Call && a.Reached:
			m.Called = a.At
		case a.Kind == Settle:
			m.Settled, m.Answer = a.At, a.Text
		}
	}
	return m, nil
}

// Rate keeps what a resident says of a case of theirs that has come to its end,
// once. A bad rating is followed up, and takes the place of a good one and, of somebody
// for whom a provider vouches, of a bad one that came by a code, whose follow-up goes on
// with it: whoever has got hold of a code keeps nobody from complaining. Errors:
// ErrNotFound, ErrState (not at its end, too long ago, rated already), ErrInvalid.
func (q *Ratings) Rate(ctx context.Context, who *yinzheng.Resident, id string, in *Opinion) error {
	m, err := q.Of(ctx, who, id)
	if err != nil {
		return err
	}
	switch {
	case m.Rated && (!m.Worse || in.Level >= Fair):
		return errRated()
	case m.Case.Ended.IsZero():
		return refuse(yinzheng.ErrState, "这件还没有办结，办结后可以评价", "The case is still under way; it can be rated once it is done")
	case !m.May && !m.Worse:
		return refuse(yinzheng.ErrState, "办结已超过 90 天，不能再评价", "The case was done more than 90 days ago and can no longer be rated")
	}
	a, contact, err := in.check()
	if err != nil {
		return err
	}
	a.At, a.By, a.Proof, a.Item, a.Office = q.now(), yinzheng.ResidentActor, who.Proof(), m.Case.Item, m.Case.Office
	before := &Rating{Case: m.Case.ID}
	if m.Rated {
		var place *yinzheng.Rating
		if before, place, err = q.load(ctx, m.Case.ID); err != nil {
			return err
		}
		if place.Contact != "" { // of a follow-up that goes on
			contact = place.Contact + "\n" + contact
		}
	}
	r := before.after(a)
	var told []yinzheng.Notice
	if a.Level < Fair {
		d, err := q.Store.Directory(ctx)
		if err != nil {
			return err
		}
		if r, err = q.begin(ctx, d, before, a); err != nil {
			return err
		}
		told = notices(r, "rating-bad", a.At, r.workers(d))
	}
	err = q.keep(ctx, r, contact, told)
	if errors.Is(err, yinzheng.ErrConflict) { // pressed twice
		return errRated()
	}
	return err
}

// begin is a rating with a bad one, whose limits it sets, and which it hands on where
// everybody who would follow it up had part in the case. A limit that runs is not put off.
func (q *Ratings) begin(ctx context.Context, d *yinzheng.Directory, before *Rating, a Act) (*Rating, error) {
	days, err := q.Store.Calendar(ctx)
	if err != nil {
		return nil, err
	}
	calendar := yinzheng.NewCalendar(days)
	a.Call, a.Settle = calendar.Due(a.At, CallDays), calendar.Due(a.At, SettleDays)
	switch before.State {
	case Open:
		a.Call, a.Settle = before.said().Call, before.said().Settle
	case Called:
		a.Settle = before.said().Settle
	}
	left, err := q.anyLeft(ctx, before.after(a).workers(d), before.Case)
	a.Raised = !left
	return before.after(a), err
}

// anyLeft tells whether an approver of some offices had no part in a case.
func (q *Ratings) anyLeft(ctx context.Context, offices []string, id string) (bool, error) {
	for _, office := range offices {
		people, err := q.Store.AccountsOf(ctx, office)
		if err != nil {
			return false, err
		}
		for _, who := range people {
			g, ok := who.Holds(yinzheng.Approver, q.Now(), func(at string) bool { return at == office })
			if !ok {
				continue
			}
			if part, err := q.Cases.HadPart(ctx, who, g, id); err != nil || !part {
				return err == nil, err
			}
		}
	}
	return false, nil
}

func errRated() error {
	return refuse(yinzheng.ErrState, "这件已经评价过了，谢谢您", "The case was rated already; thank you")
}

// check brings what is said into normal form. Tags that do not go with the level
// are left out: whoever changes their mind need not take them away.
func (in *Opinion) check() (a Act, contact string, err error) {
	var f faults
	if _, known := Levels[in.Level]; !known {
		f.add("level", "required", "请选一个", "Please choose one")
	}
	bad := in.Level < Fair
	a = Act{Kind: Rate, Level: in.Level, Text: f.text("text", in.Text, MaxText)}
	contact = f.text("contact", strings.Join(strings.Fields(in.Contact), " "), MaxContact) // a line, as it is kept
	for _, t := range Tags {
		if t.Bad == bad && slices.Contains(in.Tags, t.Key) {
			a.Tags = append(a.Tags, t.Key)
		}
	}
	return a, contact, f.err()
}
