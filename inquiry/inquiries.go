package inquiry

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
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
type Inquiries struct{ Config }

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
	return &Inquiries{c}
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

// rules reads what may be asked, and by whom.
func (q *Inquiries) rules(ctx context.Context) (*rules, error) {
	acts, err := q.Store.InquiryActs(ctx, yinzheng.InquiryRules, 0)
	if err != nil {
		return nil, err
	}
	return foldRules(acts)
}

// changeRules decides a change of the rules and keeps it. Administrators of a
// topmost office may.
func (q *Inquiries) changeRules(ctx context.Context, by *yinzheng.Account, kind string, decide func(*rules, *yinzheng.Directory, time.Time) (*rule, error)) error {
	now := q.now()
	d, err := q.Store.Directory(ctx)
	if err != nil {
		return err
	}
	if _, err := d.Runs(by, now); err != nil {
		return err
	}
	r, err := q.rules(ctx)
	if err != nil {
		return err
	}
	x, err := decide(r, d, now)
	if err != nil {
		return err
	}
	content, err := json.Marshal(x)
	if err != nil {
		return err
	}
	return q.Store.Tx(ctx, func(ctx context.Context) error {
		return q.keepContent(ctx, &yinzheng.InquiryAct{Subject: yinzheng.InquiryRules, Seq: r.seq + 1, At: now, By: by.ID, Kind: kind, Content: content})
	})
}

// PutKind adds a kind of question, or replaces it for what is asked from now on.
// Errors: ErrForbidden, ErrInvalid, ErrConflict.
func (q *Inquiries) PutKind(ctx context.Context, by *yinzheng.Account, k Kind) (*Kind, error) {
	err := q.changeRules(ctx, by, "kind", func(_ *rules, d *yinzheng.Directory, _ time.Time) (*rule, error) {
		return &rule{Kind: &k}, k.check(d)
	})
	return &k, err
}

// Kinds lists the kinds of question, by code.
func (q *Inquiries) Kinds(ctx context.Context) ([]*Kind, error) {
	r, err := q.rules(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]*Kind, 0, len(r.kinds))
	for _, k := range r.kinds {
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b *Kind) int { return strings.Compare(a.Code, b.Code) })
	return out, nil
}

// GiveRight lets an office ask. Errors: ErrForbidden, ErrInvalid, ErrConflict.
func (q *Inquiries) GiveRight(ctx context.Context, by *yinzheng.Account, x Right) (*Right, error) {
	var err error
	if x.ID, err = q.newID(); err != nil {
		return nil, err
	}
	err = q.changeRules(ctx, by, "right", func(r *rules, d *yinzheng.Directory, now time.Time) (*rule, error) {
		return &rule{Right: &x}, x.check(d, r.kinds, now)
	})
	return &x, err
}

// EndRight ends a right now. What was asked under it is still replied to. Errors:
// ErrForbidden, ErrNotFound, ErrState for one that has ended, ErrConflict.
func (q *Inquiries) EndRight(ctx context.Context, by *yinzheng.Account, id string) error {
	return q.changeRules(ctx, by, "end-right", func(r *rules, _ *yinzheng.Directory, now time.Time) (*rule, error) {
		switch x := r.right(id); {
		case x == nil:
			return nil, &yinzheng.Error{Kind: yinzheng.ErrNotFound, Text: yinzheng.Text{ZH: "没有这项协查权限", EN: "There is no such right"}}
		case !x.To.IsZero() && !x.To.After(now):
			return nil, wrongState("这项权限已经结束", "This right has ended already")
		}
		return &rule{End: id, At: now}, nil
	})
}

// Rights lists every right ever given, for administrators of a topmost office.
// Errors: ErrForbidden.
func (q *Inquiries) Rights(ctx context.Context, by *yinzheng.Account) ([]*Right, error) {
	d, err := q.Store.Directory(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := d.Runs(by, q.now()); err != nil {
		return nil, err
	}
	r, err := q.rules(ctx)
	if err != nil {
		return nil, err
	}
	return append([]*Right{}, r.rights...), nil
}

// evidence gathers what is on record about somebody who is asked about.
func (q *Inquiries) evidence(ctx context.Context, a *Asked, roll *yinzheng.InquiryRoll) (*evidence, error) {
	e := &evidence{today: q.now().In(yinzheng.Zone).Format(time.DateOnly)}
	var err error
	if e.person, err = q.Records.Known(ctx, a.ID); err != nil && !errors.Is(err, yinzheng.ErrNotFound) {
		return nil, err
	}
	if s := a.Kind.Record; s != nil && s.Item != "" {
		if e.certificate, err = q.Records.Certified(ctx, s.Item, a.ID); err != nil && !errors.Is(err, yinzheng.ErrNotFound) {
			return nil, err
		}
	}
	if roll == nil {
		return e, nil
	}
	on, err := q.Store.OnInquiryRoll(ctx, roll.ID, yinzheng.EntryOf(a.Name, a.ID))
	if on {
		e.roll = roll
	}
	return e, err
}

// roll is the newest roll of a kind that is answered by one; nil: there is none.
func (q *Inquiries) roll(ctx context.Context, k *Kind) (*yinzheng.InquiryRoll, error) {
	if k.Record == nil || k.Record.Roll == "" {
		return nil, nil
	}
	r, err := q.Store.InquiryRoll(ctx, k.Code)
	if errors.Is(err, yinzheng.ErrNotFound) {
		return nil, nil
	}
	return r, err
}

// onRecord asks the record, and says whose people answer what it leaves open:
// those of the person's own village, where the record knows it.
func (q *Inquiries) onRecord(ctx context.Context, d *yinzheng.Directory, a *Asked, roll *yinzheng.InquiryRoll) (RecordSays, error) {
	e, err := q.evidence(ctx, a, roll)
	if err != nil {
		return RecordSays{}, err
	}
	a.Place = a.Division
	if e.person != nil && d.Within(e.person.Division, a.Division) {
		a.Place = e.person.Division
	}
	return find(&a.Kind, a, e, d), nil
}
