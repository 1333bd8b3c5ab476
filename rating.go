package yinzheng

import (
	"context"
	"slices"
	"time"
)

// Rating is what a resident said of how their case was handled (好差评), as it is
// found. What was said, and what was done about it, are acts (package rating).
type Rating struct {
	Key         int64 // in the order in which they came; given by the store
	Application string
	Item        string
	Office      string // that is rated: it took the case in
	At          time.Time
	Level       int       // 5, the best, to 1
	State       string    // of what follows from it, of package rating
	Contact     string    // by which the resident is called back, a line each of those who rated it; forgotten once that has ended
	Due         time.Time // when what is to be done now is to be done; zero: nothing is
	Next        time.Time // when the program has to look again; zero: never
	Version     int       // acts so far
	Erased      bool      // what was said was erased in time; read only
}

// RatingAct is one act on a rating, the resident's first, as it is kept.
type RatingAct struct {
	Application string
	Seq         int // 1, 2, ... within the rating
	At          time.Time
	By          string // account, ResidentActor or SystemActor
	Kind        string
	Content     []byte // JSON, of package rating
}

// RatingCount is how often an office was rated so.
type RatingCount struct {
	Office string `json:"office"`
	Level  int    `json:"level"`
	Count  int    `json:"count"`
}

// Ratings keeps what residents said, one rating a case.
type Ratings interface {
	// PutRating adds a rating (Version 1), or replaces how it stands, with the act
	// that did it, whose Seq is the rating's Version; ErrConflict when there is one
	// already.
	PutRating(ctx context.Context, r *Rating, a *RatingAct) error
	// Rating returns the rating of a case; ErrNotFound.
	Rating(ctx context.Context, application string) (*Rating, error)
	// RatingActs lists the acts on one, in their order.
	RatingActs(ctx context.Context, application string) ([]RatingAct, error)
	// OpenRatings lists those that something is to be done about, in the order in
	// which they came, after a key (0: from the first).
	OpenRatings(ctx context.Context, after int64, limit int) ([]Rating, error)
	// NextRatings lists the cases whose ratings are to be looked at by now.
	NextRatings(ctx context.Context, now time.Time, limit int) ([]string, error)
	// CountRatings counts the ratings of a period, from a moment to before another,
	// by office and level.
	CountRatings(ctx context.Context, from, to time.Time) ([]RatingCount, error)
}

// RatedCase is what a rating has to know of a case.
type RatedCase struct {
	ID     string
	Item   string
	Office string    // that took it in
	Ended  time.Time // when it came to its end; zero: it is under way
}

// RatedCase returns a case for a resident to whom it belongs; ErrNotFound.
func (s *Service) RatedCase(ctx context.Context, who *Resident, id string) (*RatedCase, error) {
	c, err := s.openFor(ctx, who, id)
	if err != nil {
		return nil, err
	}
	return &RatedCase{c.ID, c.Template.Code, c.Office, c.ended()}, nil
}

// ended is when the case was issued, rejected or withdrawn; zero: it was not.
func (a *Application) ended() time.Time {
	i := slices.IndexFunc(a.Actions, func(x Action) bool {
		return slices.Contains([]ActionKind{Issue, Reject, Moot, Lapse, Withdraw}, x.Kind)
	})
	if i < 0 {
		return time.Time{}
	}
	return a.Actions[i].At
}

// HadPart tells whether somebody, or who delegated to them, is a party of a case
// or has done anything to it; ErrNotFound.
func (s *Service) HadPart(ctx context.Context, by *Account, g Grant, id string) (bool, error) {
	c, err := s.load(ctx, id)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(actors(by, g), func(who *Account) bool {
		return c.isParty(who) || slices.ContainsFunc(c.Actions, func(x Action) bool { return x.isBy(who) })
	}), nil
}

// Superiors lists the offices of the nearest division above an office's that has
// any; none: it is a topmost one.
func (d *Directory) Superiors(office string) []string {
	var out []string
	if o := d.Office(d.OfficeNow(office)); o != nil {
		for _, above := range d.officesOf(d.above(o.Division)) {
			out = append(out, above.ID)
		}
	}
	return out
}
