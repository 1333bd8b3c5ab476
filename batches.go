package yinzheng

import (
	"context"
	"time"
)

// Batch is cases that somebody brings in by one workbook (package workbook), as it
// is kept.
type Batch struct {
	Key      int64 // in the order in which they were brought in; given by the store
	ID       string
	Version  int // changes so far
	State    string
	Item     string
	Template int    // version that its columns are of
	Office   string // that takes the cases in
	Account  string // in whose name they are made: who brought it in, or went on with it last
	At       time.Time
	Submit   bool   // they are handed in, too
	Digest   string // of the workbook, SHA-256 in hexadecimal
	Rows     int
	Report   []byte // JSON, of package workbook: what was found as it was read
	Why      Text   // why it stopped
	Changed  time.Time
	Erased   bool // what its rows said was erased in time
}

// BatchRow is one case of a batch.
type BatchRow struct {
	Line        int    // of the workbook
	Content     []byte // JSON, of package workbook
	Alike       []byte // JSON, of package workbook: what it may be a duplicate of; nil: of nothing
	Outcome     BatchOutcome
	Application string // of RowMade
	Why         Text   // of the others
}

// BatchOutcome is what became of a row; "": nothing yet.
type BatchOutcome string

// The outcomes.
const (
	RowMade    BatchOutcome = "made"
	RowRefused BatchOutcome = "refused" // its case could not be made
	RowLeft    BatchOutcome = "left"    // somebody left it out
)

// BatchFilter selects rows of a batch, in the order of their lines.
type BatchFilter struct {
	Waiting bool // those without an outcome
	Failed  bool // those refused or left out
	Alike   bool // those that may be duplicates
	After   int  // line of the last one seen
	Limit   int
}

// BatchTally counts the rows of a batch by what became of them.
type BatchTally struct {
	Waiting int `json:"waiting"`
	Made    int `json:"made"`
	Refused int `json:"refused"`
	Left    int `json:"left"`
}

// Batches keeps batches and their rows. A row has one outcome, for good.
type Batches interface {
	// AddBatch keeps a new batch with its rows.
	AddBatch(ctx context.Context, b *Batch, rows []BatchRow) error
	// Batch returns a batch; ErrNotFound.
	Batch(ctx context.Context, id string) (*Batch, error)
	// PutBatch keeps what changes of a batch (State, Account, Submit, Why, Changed) as its
	// next version; ErrConflict when it had another one before.
	PutBatch(ctx context.Context, b *Batch) error
	// BatchesOf lists an office's, newest first, before a key (0: from the newest).
	BatchesOf(ctx context.Context, office string, before int64, limit int) ([]*Batch, error)
	// BatchesIn lists those that are in a state since before a moment (zero: since
	// whenever), longest first.
	BatchesIn(ctx context.Context, state string, before time.Time) ([]string, error)
	// BatchRows lists rows of a batch.
	BatchRows(ctx context.Context, batch string, f BatchFilter) ([]BatchRow, error)
	// PutBatchRow keeps the outcome of a row; ErrConflict when it has one.
	PutBatchRow(ctx context.Context, batch string, r *BatchRow) error
	// TallyBatch counts the rows of a batch.
	TallyBatch(ctx context.Context, batch string) (BatchTally, error)
	// ClearBatch removes the rows of a batch; it fails when one has an outcome.
	ClearBatch(ctx context.Context, batch string) error
}
