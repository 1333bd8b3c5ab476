package rating

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"yinzheng"
)

// Store is what ratings need kept.
type Store interface {
	// Tx runs fn in one transaction, as yinzheng.Store has it.
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	// Directory reads the office tree, Calendar the days that are not what their
	// weekday says.
	Directory(ctx context.Context) (*yinzheng.Directory, error)
	Calendar(ctx context.Context) ([]yinzheng.CalendarDay, error)
	// AccountsOf lists the accounts that hold, held or will hold a post of their own
	// in an office.
	AccountsOf(ctx context.Context, office string) ([]*yinzheng.Account, error)
	// Notify adds notices.
	Notify(ctx context.Context, notices []yinzheng.Notice) error
	yinzheng.Ratings
	yinzheng.Events
}

// Cases is what ratings ask about cases; a yinzheng.Service.
type Cases interface {
	// RatedCase returns a case for a resident to whom it belongs;
	// yinzheng.ErrNotFound.
	RatedCase(ctx context.Context, who *yinzheng.Resident, id string) (*yinzheng.RatedCase, error)
	// HadPart tells whether somebody, or who delegated to them, is a party of a
	// case or has done anything to it; yinzheng.ErrNotFound.
	HadPart(ctx context.Context, by *yinzheng.Account, g yinzheng.Grant, id string) (bool, error)
	// Administers tells whether somebody is an administrator of an office.
	Administers(by *yinzheng.Account, office string) bool
}

// Config is what Ratings are made of. Store and Cases are needed.
type Config struct {
	Store Store
	Cases Cases
	Now   func() time.Time // default time.Now
	Rand  io.Reader        // default crypto/rand
	Log   *slog.Logger     // default slog.Default; never given what somebody said
}

// Ratings are the ratings at work. The methods are safe for concurrent use, and
// in several processes.
type Ratings struct{ Config }

// New makes Ratings.
func New(c Config) *Ratings {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return &Ratings{c}
}

// now is the time to the second, as it is kept and shown.
func (q *Ratings) now() time.Time { return q.Now().UTC().Truncate(time.Second) }

// load reads a rating and what it is found by; ErrNotFound.
func (q *Ratings) load(ctx context.Context, id string) (*Rating, *yinzheng.Rating, error) {
	place, err := q.Store.Rating(ctx, id)
	if errors.Is(err, yinzheng.ErrNotFound) {
		return nil, nil, errNone()
	}
	if err != nil {
		return nil, nil, err
	}
	kept, err := q.Store.RatingActs(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	r, err := fold(id, kept)
	return r, place, err
}

// keep writes a rating with its last act, an event whose digest has the log cover
// it, and notices of it, in one transaction. ErrConflict when somebody else was
// faster.
func (q *Ratings) keep(ctx context.Context, r *Rating, contact string, told []yinzheng.Notice) error {
	a := &r.Acts[len(r.Acts)-1]
	a.Salt = make([]byte, yinzheng.SaltLength)
	if _, err := io.ReadFull(q.Rand, a.Salt); err != nil {
		return fmt.Errorf("draw random bytes: %w", err)
	}
	content, err := json.Marshal(a)
	if err != nil {
		return err
	}
	kept := &yinzheng.RatingAct{Application: r.Case, Seq: len(r.Acts), At: a.At, By: a.By, Kind: string(a.Kind), Content: content}
	return q.Store.Tx(ctx, func(ctx context.Context) error {
		if err := q.Store.PutRating(ctx, r.place(contact), kept); err != nil {
			return err
		}
		if err := q.Store.Record(ctx, yinzheng.Event{At: a.At, Kind: "rating-" + kept.Kind, Subject: r.Case, By: a.By, Detail: fmt.Sprintf("%x", sha256.Sum256(content))}); err != nil {
			return err
		}
		return q.Store.Notify(ctx, told)
	})
}

// notices tell the approvers of some offices of a rating.
func notices(r *Rating, kind string, at time.Time, offices []string) []yinzheng.Notice {
	out := make([]yinzheng.Notice, len(offices))
	for i, office := range offices {
		out[i] = yinzheng.Notice{At: at, Office: office, Role: yinzheng.Approver, Kind: kind, About: r.Case}
	}
	return out
}
