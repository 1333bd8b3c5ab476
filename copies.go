package yinzheng

import (
	"context"
	"slices"
	"time"
)

// Copies is one handing out of paper copies of a certificate. It is never changed.
type Copies struct {
	ID          string
	Certificate string // code
	At          time.Time
	By          string // account
	Name        string // as they were called then
	Office      string
	Collector   string // name of who took them
	CollectorID ID
	Count       int
	Purpose     string
}

// CopyBooks keeps what was handed out.
type CopyBooks interface {
	// AddCopies writes one entry, for good.
	AddCopies(ctx context.Context, c *Copies) error
	// Copies lists the entries of a certificate, oldest first.
	Copies(ctx context.Context, code string) ([]Copies, error)
}

// CopiesTaken is what somebody collects.
type CopiesTaken struct {
	Collector Collector `json:"collector"`
	Count     int       `json:"count"`
	Purpose   string    `json:"purpose"`
}

// Collector is who collects.
type Collector struct {
	Name string `json:"name"`
	ID   ID     `json:"id"`
}

// CopyBook is what was handed out of a certificate, the ID numbers masked.
type CopyBook struct {
	Total int         `json:"total"`
	Items []CopyEntry `json:"items"`
}

// CopyEntry is one line of it.
type CopyEntry struct {
	ID        string    `json:"id"`
	At        time.Time `json:"at"`
	By        string    `json:"by"`
	Name      string    `json:"name"`
	Office    string    `json:"office"`
	Collector Collector `json:"collector"`
	Count     int       `json:"count"`
	Purpose   string    `json:"purpose"`
}

// maxCopies bounds what one person collects at once.
const maxCopies = 99

// HandOutCopies records that copies of a certificate in force were handed out:
// by anybody for whom its case exists, who is no party of it. The same
// idempotency key is counted once.
func (s *Service) HandOutCopies(ctx context.Context, by *Account, code string, in *CopiesTaken, key string) (book *CopyBook, again bool, err error) {
	cert, c, err := s.openCertificate(ctx, by, code)
	if err != nil {
		return nil, false, err
	}
	now := s.now()
	grant, err := c.mayHandOut(by, now)
	if err != nil {
		return nil, false, err
	}
	entry, err := in.check(now)
	if err != nil {
		return nil, false, err
	}
	if err := CheckKey(key); err != nil {
		return nil, false, err
	}
	digest, err := digestOf("copies", cert.Code, in)
	if err != nil {
		return nil, false, err
	}
	if entry.ID, err = randomText(s.Rand, 10); err != nil {
		return nil, false, err
	}
	entry.Certificate, entry.At, entry.By, entry.Name, entry.Office = cert.Code, now, by.ID, by.Name, grant.Office
	before := ""
	err = s.Store.Tx(ctx, func(ctx context.Context) (err error) {
		if before, err = s.Store.Remember(ctx, by.ID, key, digest, entry.ID, now); err != nil || before != "" {
			return err
		}
		kept, err := s.Store.Certificate(ctx, cert.Code)
		if err != nil {
			return err
		}
		if err := kept.mayBeCopied(now); err != nil {
			return err
		}
		if err := s.Store.AddCopies(ctx, entry); err != nil {
			return err
		}
		return s.Store.Record(ctx, Event{At: now, Kind: EventCopies, Subject: cert.Code, By: by.ID, Detail: entry.ID})
	})
	if err != nil {
		return nil, false, err
	}
	book, err = s.CopyBook(ctx, by, cert.Code)
	return book, before != "", err
}

// mayHandOut returns the grant under which a person hands out copies.
func (c *Case) mayHandOut(by *Account, now time.Time) (Grant, error) {
	grant, err := c.sees(by, now)
	if err == nil && slices.ContainsFunc(actors(by, grant), c.isParty) {
		err = fail(ErrForbidden, "您是本办件的当事人，请由同事办理", "You are a party of this case; a colleague has to handle it")
	}
	return grant, err
}

// mayBeCopied refuses a certificate of which no copies are handed out.
func (c *Certificate) mayBeCopied(now time.Time) error {
	if !c.inForce(now) {
		return fail(ErrState, "这份证明现在无效，不能出具副本", "The certificate is not in force, so no copies of it are handed out")
	}
	return nil
}

// check brings what was sent into normal form.
func (in *CopiesTaken) check(now time.Time) (*Copies, error) {
	c := &checker{now: now.In(Zone)}
	out := &Copies{Count: in.Count}
	out.Collector = c.text("collector.name", &Field{Type: NameField}, in.Collector.Name)
	out.CollectorID = idOf(c.id("collector.id", in.Collector.ID.Value()))
	out.Purpose = c.text("purpose", &Field{Type: TextField}, in.Purpose)
	if in.Count < 1 || in.Count > maxCopies {
		c.problem("count", "range", "份数应为 1 到 99", "Expected a number of copies from 1 to 99")
	}
	return out, c.faults()
}

// text is the normal form of a text that must be there.
func (c *checker) text(path string, f *Field, s string) string {
	if tidyText(s) == "" {
		c.problem(path, "required", "请填写", "Please fill this in")
		return ""
	}
	v, _ := c.value(path, f, s).(string)
	return v
}

// faults is the ErrInvalid with all that was found, nil when nothing was.
func (c *checker) faults() error {
	if all := append(c.broken, c.problems...); len(all) > 0 {
		return invalidFields(all)
	}
	return nil
}

// CopyBook shows what was handed out of a certificate.
func (s *Service) CopyBook(ctx context.Context, by *Account, code string) (*CopyBook, error) {
	cert, _, err := s.openCertificate(ctx, by, code)
	if err != nil {
		return nil, err
	}
	copies, err := s.Store.Copies(ctx, cert.Code)
	if err != nil {
		return nil, err
	}
	book := &CopyBook{Total: countCopies(copies), Items: []CopyEntry{}}
	for _, c := range copies {
		masked := ID{Type: c.CollectorID.Type, Number: MaskID(c.CollectorID), Reason: c.CollectorID.Reason}
		book.Items = append(book.Items, CopyEntry{c.ID, c.At, c.By, c.Name, c.Office, Collector{c.Collector, masked}, c.Count, c.Purpose})
	}
	return book, nil
}

func countCopies(copies []Copies) int {
	total := 0
	for _, c := range copies {
		total += c.Count
	}
	return total
}
