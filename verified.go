package yinzheng

import (
	"context"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

// Whom a certificate is about may see how often it was verified, when, and by
// which departments. Verifying comes first: what is noted of it is gathered in
// memory and written in the background, and no verification waits for that or
// fails because of it. A crash loses what was verified in the last second.

// Channel is a way of asking.
type Channel string

// The channels. A question without one is not noted: it repeats one that was.
const (
	ViaScan   Channel = "scan"   // the QR code: the page that it opens, or a counter's scanner
	ViaCode   Channel = "code"   // the code, typed
	ViaNumber Channel = "number" // the number, typed
	ViaPhoto  Channel = "photo"  // a picture of the QR code
	ViaFile   Channel = "file"   // the PDF, or the scan of a certificate on paper
	ViaAPI    Channel = "api"    // another program
)

// Verification says that a certificate on record was verified: in which minute,
// how, and for which department. Who asked without being signed in, and from
// where, is kept nowhere.
type Verification struct {
	Code       string    `json:"-"`
	At         time.Time `json:"at"` // the minute
	Channel    Channel   `json:"channel"`
	Office     string    `json:"office,omitempty"`      // the department's; empty: nobody who was signed in for one
	OfficeName string    `json:"office_name,omitempty"` // not kept
	Count      int       `json:"count"`
}

// Verifications keeps what was verified.
type Verifications interface {
	// AddVerifications writes them, for good.
	AddVerifications(ctx context.Context, list []Verification) error
	// Verifications lists those of a certificate, the newest first and at most so
	// many. Those of one minute, channel and office are one.
	Verifications(ctx context.Context, code string, limit int) ([]Verification, error)
	// CountVerifications counts how often a certificate was verified.
	CountVerifications(ctx context.Context, code string) (int, error)
}

// VerificationBook is how often a certificate was verified, and the newest of it.
type VerificationBook struct {
	Total int            `json:"total"`
	Items []Verification `json:"items"`
}

// mostShown bounds how many verifications of a certificate are listed.
const mostShown = 100

// VerificationsOf shows who verified a certificate, to whom its case exists for;
// ErrNotFound for anybody else.
func (s *Service) VerificationsOf(ctx context.Context, by *Account, code string) (*VerificationBook, error) {
	cert, _, err := s.openCertificate(ctx, by, code)
	if err != nil {
		return nil, err
	}
	book := &VerificationBook{}
	if book.Total, err = s.Store.CountVerifications(ctx, cert.Code); err != nil {
		return nil, err
	}
	book.Items, err = s.SeenBy(ctx, cert.Code)
	return book, err
}

// SeenBy lists the newest verifications of a certificate, departments by name.
// It asks nobody who they are: the caller has made sure that the certificate is
// theirs to see.
func (s *Service) SeenBy(ctx context.Context, code string) ([]Verification, error) {
	list, err := s.Store.Verifications(ctx, code, mostShown)
	if err != nil {
		return nil, err
	}
	d := s.Directory()
	for i := range list {
		if o := d.Office(list[i].Office); o != nil {
			list[i].OfficeName = o.Name
		}
	}
	return list, nil
}

// note gathers that a certificate on record was verified.
func (s *Service) note(q *Question, a *Answer) {
	for _, other := range a.Others {
		s.note(q, other)
	}
	if a.OnRecord == "" || q.Channel == "" {
		return
	}
	channel, office := q.Channel, ""
	if a.Photo && channel == ViaFile {
		channel = ViaPhoto
	}
	if q.By != nil {
		if g, ok := q.By.Holds(Department, a.CheckedAt, func(string) bool { return true }); ok {
			office = g.Office
		}
	}
	s.noted.add(noteKey{a.OnRecord, a.CheckedAt.Unix() / 60, channel, office}, 1)
}

// KeepNoting writes what was verified every so often, until the context ends.
func (s *Service) KeepNoting(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := s.WriteNotes(ctx); err != nil && ctx.Err() == nil {
				s.Log.Error("noting what was verified; tried again soon", "reason", reason(err), "error", err)
			}
		}
	}
}

// WriteNotes writes what was verified since it was last called. What cannot be
// written is gathered again.
func (s *Service) WriteNotes(ctx context.Context) error {
	list := s.noted.take()
	if lost := s.noted.lost.Swap(0); lost > 0 {
		s.Log.Warn("more was verified than could be noted", "lost", lost)
	}
	if len(list) == 0 {
		return nil
	}
	err := s.Store.AddVerifications(ctx, list)
	if err != nil {
		for i := range list {
			v := &list[i]
			s.noted.add(noteKey{v.Code, v.At.Unix() / 60, v.Channel, v.Office}, v.Count)
		}
	}
	return err
}

// noteKey is what verifications have in common that are counted together.
type noteKey struct {
	code    string
	minute  int64 // Unix time in minutes
	channel Channel
	office  string
}

// notes gathers verifications. It is in parts, by code, so that those who verify
// at the same time do not wait for each other.
type notes struct {
	parts [16]notePart
	lost  atomic.Int64 // found no room
}

type notePart struct {
	mu     sync.Mutex
	counts map[noteKey]int
	_      [48]byte // the next part's lock is in another cache line
}

// notesInPart bounds the memory: some twenty times what is verified in a second
// where much is verified.
const notesInPart = 2048

var noteSeed = maphash.MakeSeed()

func (n *notes) add(k noteKey, count int) {
	p := &n.parts[maphash.String(noteSeed, k.code)%uint64(len(n.parts))]
	p.mu.Lock()
	defer p.mu.Unlock()
	if had := p.counts[k]; had > 0 || len(p.counts) < notesInPart {
		if p.counts == nil {
			p.counts = map[noteKey]int{}
		}
		p.counts[k] = had + count
		return
	}
	n.lost.Add(int64(count))
}

// take hands over what was gathered.
func (n *notes) take() []Verification {
	var list []Verification
	for i := range n.parts {
		p := &n.parts[i]
		p.mu.Lock()
		counts := p.counts
		p.counts = nil
		p.mu.Unlock()
		for k, count := range counts {
			list = append(list, Verification{Code: k.code, At: time.Unix(k.minute*60, 0).UTC(), Channel: k.channel, Office: k.office, Count: count})
		}
	}
	return list
}
