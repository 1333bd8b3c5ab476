package yinzheng

import (
	"context"
	"io"
	"time"
)

// ResidentContact is where a resident is reached, and about what: everything that
// belongs to a proven document, one case, or one request. It is personal data: it is
// shown masked, stands in no log and no event, and is erased when it is not needed.
type ResidentContact struct {
	Resident string // Resident.Key
	Contact
	Language string // zh or en
	Wants    Wants
	Secret   string // of the page on which its messages are stopped (StopPath); it opens nothing else
	By       string // account that noted it, or ResidentActor: then it was proven by a code
	At       time.Time
}

// Wants is which messages somebody wants.
type Wants string

// The choices.
const (
	WantsAll   Wants = "all"
	WantsAsked Wants = "asked" // only when something is asked of them
	WantsNone  Wants = "none"
)

// StopPath is what the address of the page begins with on which messages are stopped.
const StopPath = "/stop/"

// stopSecretLength is that of a stop page's secret: 80 random bits, in few characters
// of a text message.
const stopSecretLength = 16

// NewStopSecret draws one.
func NewStopSecret(rand io.Reader) (string, error) { return randomText(rand, stopSecretLength) }

// take tells whether somebody takes a message by which something is asked of them, or
// nothing is.
func (w Wants) take(asks bool) bool { return w == WantsAll || w == WantsAsked && asks }

// ContactProof is a contact that somebody says is theirs, until they have typed the
// code that was sent there.
type ContactProof struct {
	Resident string
	Contact
	Language string
	Wants    Wants
	Hash     [32]byte // of the code
	Expires  time.Time
}

// ResidentContacts keeps one contact of a resident at most, and one that is still to
// be proven.
type ResidentContacts interface {
	// PutContact keeps a contact in the place of the resident's earlier one.
	PutContact(ctx context.Context, c *ResidentContact) error
	// ContactOf returns a resident's; ErrNotFound.
	ContactOf(ctx context.Context, resident string) (*ResidentContact, error)
	// ContactBySecret returns the one whose stop page has a secret; ErrNotFound.
	ContactBySecret(ctx context.Context, secret string) (*ResidentContact, error)
	// EraseContact forgets a resident's, and what is to be proven, if there is any.
	EraseContact(ctx context.Context, resident string) error
	// PutContactProof keeps what is to be proven in the place of an earlier one, with
	// no wrong try.
	PutContactProof(ctx context.Context, p *ContactProof) error
	// ContactProof returns what a resident has to prove, if it has not expired by now;
	// ErrNotFound.
	ContactProof(ctx context.Context, resident string, now time.Time) (*ContactProof, error)
	// MissContactProof counts a wrong code, and forgets what had most of them.
	MissContactProof(ctx context.Context, resident string, most int) error
	// EraseContactProof forgets what a resident has to prove, if there is anything.
	EraseContactProof(ctx context.Context, resident string) error
	// PruneContactProofs forgets what expires by now.
	PruneContactProofs(ctx context.Context, now time.Time) error
}
