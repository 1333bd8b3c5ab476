package yinzheng

import (
	"context"
	"time"
)

// Share is a link by which a resident lets somebody see one certificate for a time.
// It is of that certificate and no other: what replaces it is not shared by it.
type Share struct {
	ID        int64    // set by the store
	Hash      [32]byte // of the link's secret
	Code      string   // of the certificate
	Note      string   // for the resident: whom it is for
	Once      bool     // it ends soon after it was first opened
	MadeAt    time.Time
	Expires   time.Time
	Withdrawn time.Time // zero: it was not
	Openings  int
}

// Holds tells whether a share opens anything at a moment.
func (s *Share) Holds(now time.Time) bool { return s.Withdrawn.IsZero() && now.Before(s.Expires) }

// ShareOpening says that a share was opened. By whom is not known.
type ShareOpening struct {
	At   time.Time
	What string // page or file
}

// Shares keeps shares and their openings, for good.
type Shares interface {
	// AddShare keeps a new share.
	AddShare(ctx context.Context, s *Share) error
	// Share returns one by the hash of its secret, whether it holds or not; ErrNotFound.
	Share(ctx context.Context, hash [32]byte) (*Share, error)
	// SharesOf lists those of a certificate: first those that hold now, and of both
	// kinds the newest first.
	SharesOf(ctx context.Context, code string, now time.Time, limit int) ([]Share, error)
	// SharesSince counts those of a certificate that were made since a moment.
	SharesSince(ctx context.Context, code string, since time.Time) (int, error)
	// WithdrawShare ends one of a certificate's; ErrNotFound when there is none such
	// that was not withdrawn.
	WithdrawShare(ctx context.Context, code string, id int64, at time.Time) error
	// EndShares withdraws all of a certificate's that hold, and returns how many did.
	EndShares(ctx context.Context, code string, at time.Time) (int, error)
	// NoteOpening notes that one was opened, and lets it end at a moment, if it would
	// not end before.
	NoteOpening(ctx context.Context, id int64, o ShareOpening, end time.Time) error
	// Openings lists when one was opened, newest first.
	Openings(ctx context.Context, id int64, limit int) ([]ShareOpening, error)
}
