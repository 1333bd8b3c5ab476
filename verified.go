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

// Verification says that a certificate on record was verified: when, how, and for which
// department. Who asked without being signed in, and from where, is kept nowhere.
type Verification struct {
	Code       string    `json:"-"`
	At         time.Time `json:"at"` // the minute; of what is verified very often, the hour
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
	// many. Those of one time, channel and office are one.
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

// WriteNotes writes what was verified since it was last called; of a certificate
// of which much has been written that day, what was verified in hours that are
// over. What cannot be written is gathered again.
func (s *Service) WriteNotes(ctx context.Context) error { return s.writeNotes(ctx, false) }

// WriteAllNotes is WriteNotes before the program ends: nothing is kept back.
func (s *Service) WriteAllNotes(ctx context.Context) error { return s.writeNotes(ctx, true) }

func (s *Service) writeNotes(ctx context.Context, all bool) error {
	now := s.now()
	list := s.noted.take(func(k noteKey) bool { return !all && s.rations.spent(k.code, now) && k.minute/60 == now.Unix()/3600 })
	if lost := s.noted.lost.Swap(0); lost > 0 {
		s.Log.Warn("more was verified than could be noted", "lost", lost)
	}
	if len(list) == 0 {
		return nil
	}
	err := s.Store.AddVerifications(ctx, list)
	for i := range list {
		v := &list[i]
		if err != nil {
			s.noted.add(noteKey{v.Code, v.At.Unix() / 60, v.Channel, v.Office}, v.Count)
		} else {
			s.rations.count(v.Code, now)
		}
	}
	return err
}

// rationADay is how many rows of one certificate are written in a day before the
// rest is counted by the hour: anybody who has its code may ask as often as they
// like, and what is written stays for good.
const rationADay = 200

// rations counts the rows that were written today of each certificate, of those
// that were written last: two generations of rationLimit each.
type rations struct {
	mu         sync.Mutex
	day        int64
	young, old map[string]int
}

const rationLimit = 20000

func (r *rations) spent(code string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.day == dayOf(now) && max(r.young[code], r.old[code]) >= rationADay
}

func (r *rations) count(code string, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if day := dayOf(now); r.day != day {
		r.day, r.young, r.old = day, nil, nil
	}
	if r.young == nil || len(r.young) >= rationLimit {
		r.young, r.old = make(map[string]int), r.young
	}
	r.young[code] = max(r.young[code], r.old[code]) + 1
}

func dayOf(t time.Time) int64 { return t.Unix() / (24 * 60 * 60) }

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

// take hands over what was gathered, but for what is to wait, which is gathered by
// the hour meanwhile.
func (n *notes) take(waits func(noteKey) bool) []Verification {
	var list []Verification
	for i := range n.parts {
		p := &n.parts[i]
		p.mu.Lock()
		counts := p.counts
		p.counts = nil
		p.mu.Unlock()
		for k, count := range counts {
			if waits(k) {
				k.minute -= k.minute % 60
				n.add(k, count)
				continue
			}
			list = append(list, Verification{Code: k.code, At: time.Unix(k.minute*60, 0).UTC(), Channel: k.channel, Office: k.office, Count: count})
		}
	}
	return list
}
