package inquiry

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"yinzheng"
)

// Store is what inquiries need kept.
type Store interface {
	// Tx runs fn in one transaction, as yinzheng.Store has it.
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	// Directory reads the office tree, Calendar the days that are not what their
	// weekday says.
	Directory(ctx context.Context) (*yinzheng.Directory, error)
	Calendar(ctx context.Context) ([]yinzheng.CalendarDay, error)
	// Notify adds notices.
	Notify(ctx context.Context, notices []yinzheng.Notice) error
	yinzheng.Inquiries
	yinzheng.Events
	yinzheng.Requests
}

// Records is what is on record about persons; a yinzheng.Service.
type Records interface {
	// Known returns what is on record about who has a document; ErrNotFound.
	Known(ctx context.Context, id yinzheng.ID) (*yinzheng.OnRecord, error)
	// Certified returns the newest certificate of an item in force that the bearer
	// of a document holds; ErrNotFound.
	Certified(ctx context.Context, item string, holder yinzheng.ID) (*yinzheng.Certificate, error)
}

// Seal signs replies; a yinzheng.Service.
type Seal interface {
	// SignReply signs a reply in the name of its organ; ErrUnavailable.
	SignReply(ctx context.Context, c *yinzheng.ReplyClaims) (string, error)
}

// Config is what Inquiries are made of. Store, Records and Seal are needed.
type Config struct {
	Store   Store
	Records Records
	Seal    Seal
	Now     func() time.Time // default time.Now
	Rand    io.Reader        // default crypto/rand
	Log     *slog.Logger     // default slog.Default; never given a name or an ID number
}

// Inquiries are the inquiries at work. The methods are safe for concurrent use,
// and in several processes.
type Inquiries struct {
	Config
	followed atomic.Value // version of the office tree that open inquiries were last laid by
}

// New makes Inquiries.
func New(c Config) *Inquiries {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return &Inquiries{Config: c}
}

// now is the time to the second, as it is signed and shown.
func (q *Inquiries) now() time.Time { return q.Now().UTC().Truncate(time.Second) }

// newID draws an ID of Crockford's base32.
func (q *Inquiries) newID() (string, error) {
	const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	b, err := q.draw(12)
	for i := range b {
		b[i] = letters[b[i]&31]
	}
	return string(b), err
}

func (q *Inquiries) draw(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(q.Rand, b); err != nil {
		return nil, fmt.Errorf("draw random bytes: %w", err)
	}
	return b, nil
}

// system is By of what the program does by itself.
var system = &yinzheng.Account{ID: yinzheng.SystemActor}

// act completes an act of somebody under a grant.
func (q *Inquiries) act(a Act, by *yinzheng.Account, g yinzheng.Grant, now time.Time) (*Act, error) {
	var err error
	a.At, a.By, a.For, a.Office, a.Person, a.ForID = now, by.ID, g.For, g.Office, by.Person, g.ForID
	a.Salt, err = q.draw(yinzheng.SaltLength)
	return &a, err
}

// keep appends an act to a subject, in a transaction, with an event whose digest
// has the log cover it.
func (q *Inquiries) keep(ctx context.Context, subject string, seq int, a *Act) error {
	content, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return q.keepContent(ctx, &yinzheng.InquiryAct{Subject: subject, Seq: seq, At: a.At, By: a.By, Kind: string(a.Kind), Content: content})
}

func (q *Inquiries) keepContent(ctx context.Context, a *yinzheng.InquiryAct) error {
	if err := q.Store.AddInquiryAct(ctx, a); err != nil {
		return err
	}
	return q.Store.Record(ctx, yinzheng.Event{At: a.At, Kind: "inquiry-" + a.Kind, Subject: a.Subject, By: a.By, Detail: fmt.Sprintf("%x", sha256.Sum256(a.Content))})
}
