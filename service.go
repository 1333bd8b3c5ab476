package yinzheng

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Config is what a Service is made of. Store, Renderer, Sealer, Checker, Cleaner
// and PublicURL are needed; the rest has useful zero values.
type Config struct {
	Store     Store
	Renderer  Renderer
	Sealer    Sealer
	Checker   Checker
	Cleaner   Cleaner
	Photos    Photos      // reads QR codes in pictures; nil: a picture is only compared with scans on record
	Templates []*Template // every version of every item; checked and published by New
	Sample    *Template   // what MakeSample issues; checked and published like the others, and offered to nobody
	PublicURL string      // https://host, without a slash at the end: what the QR codes point to

	Register Register // what is on record about persons; nil: nothing

	Standings Standings // which items have ended; nil: none

	Seals SealMaker // makes the seals of new organs; nil: somebody else does, and their cases wait

	Retain map[string]int // days by the key of a retention rule: how much longer than the program has it; nil: no rule

	Channels []MessageChannel // on which somebody delivers messages; none: contacts are of no use

	Now  func() time.Time // default time.Now
	Rand io.Reader        // default crypto/rand
	Log  *slog.Logger     // default slog.Default; never given a name, an ID number or a secret

	// Lease is how long one attempt at issuing keeps others away (default 15 s).
	Lease time.Duration
	// Argon2Memory is the memory of one password hash in KiB (default 19456,
	// OWASP's first choice with two passes).
	Argon2Memory uint32
}

// Service is the domain at work. Its methods are safe for concurrent use.
type Service struct {
	Config
	shelf        atomic.Pointer[shelf]
	shelving     sync.Mutex // held while the shelf is replaced
	directory    atomic.Pointer[Directory]
	keys         atomic.Pointer[KeyList]
	calendar     atomic.Pointer[Calendar]
	board        statusBoard
	lists        signedLists
	rules        []RetentionRule
	reorganising sync.Mutex // held while a reorganisation is carried out
	sealing      sync.Mutex // held while a key for replies is looked for, or a key made
	faces        addedFaces
	endings      sync.Map   // KIDs of keys whose end was told of
	changing     sync.Mutex // held while a certificate's status changes, in the store and then on the board
	scans        scanCache
	noted        notes
	alarms       alarms
	rations      rations
	signIns      signInGuard
	decoy        string // checked when there is no such account, so that the time taken does not tell; nothing hashes to it
	troubles     troubles
	watch        watch
	handedOver   chan struct{} // one is in it while a bulk approval has left cases to be issued
}

// New wires a service and reads what it keeps in memory: the office tree, the
// keys and the status lists.
func New(ctx context.Context, c Config) (*Service, error) {
	s := &Service{Config: c, handedOver: make(chan struct{}, 1)}
	s.defaults()
	var err error
	if s.rules, err = keepLonger(c.Retain); err != nil {
		return nil, err
	}
	s.shelf.Store(new(shelf))
	for _, t := range c.Templates {
		if s.shelf.Load().versions[t.Ref()] != nil {
			return nil, fmt.Errorf("template %s version %d is given twice", t.Code, t.Version)
		}
		if err := s.TakeUp(ctx, t); err != nil {
			return nil, err
		}
	}
	if c.Sample != nil {
		if err := s.take(ctx, c.Sample, false); err != nil {
			return nil, err
		}
	}
	if err := s.Reload(ctx); err != nil {
		return nil, err
	}
	for _, t := range s.Catalogue() {
		if faults := t.CheckOffices(s.Directory()); len(faults) > 0 {
			s.Log.Warn("the present office tree lacks an office that this item needs; it may not be offered", "item", t.Code, "fault", faults[0].Error())
		}
		known := func(code string) bool { _, err := s.Template(code); return err == nil }
		if faults := t.CheckItems(known); len(faults) > 0 {
			s.Log.Warn("a material can be met by certificates of an item that is not here", "item", t.Code, "fault", faults[0].Error())
		}
	}
	if err := s.useFaces(ctx); err != nil {
		return nil, fmt.Errorf("use the faces that were added: %w", err)
	}
	if err := s.board.load(ctx, s.Store); err != nil {
		return nil, fmt.Errorf("read the status lists: %w", err)
	}
	return s, nil
}

// Reload reads the office tree and the keys again, after they have changed.
func (s *Service) Reload(ctx context.Context) error {
	d, err := s.Store.Directory(ctx)
	if err != nil {
		return fmt.Errorf("read the office tree: %w", err)
	}
	keys, err := s.Store.Keys(ctx)
	if err != nil {
		return fmt.Errorf("read the key list: %w", err)
	}
	days, err := s.Store.Calendar(ctx)
	if err != nil {
		return fmt.Errorf("read the calendar: %w", err)
	}
	s.directory.Store(d)
	s.calendar.Store(NewCalendar(days))
	s.keys.Store(NewKeyList(s.now(), keys))
	s.lists.forget()
	return nil
}

// now is the time to the second, as everything that is signed or shown has it.
func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Second) }

// Directory is the office tree as it is now.
func (s *Service) Directory() *Directory { return s.directory.Load() }

// KeyList is the set of keys as it is now.
func (s *Service) KeyList() *KeyList { return s.keys.Load() }

// reason is the sentinel of an error, for logs that must hold nothing else.
func reason(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind.Error()
	}
	return "internal"
}
