package yinzheng

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
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
	Templates []*Template // every version of every item; checked and published by New
	Sample    *Template   // what MakeSample issues; checked and published like the others, and offered to nobody
	PublicURL string      // https://host, without a slash at the end: what the QR codes point to

	Register Register // what is on record about persons; nil: nothing

	Standings Standings // which items have ended; nil: none

	Seals SealMaker // makes the seals of new organs; nil: somebody else does, and their cases wait

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
	templates    map[TemplateRef]*Template
	current      []*Template // newest version of each item, by code
	shorts       map[string]*Template
	directory    atomic.Pointer[Directory]
	keys         atomic.Pointer[KeyList]
	calendar     atomic.Pointer[Calendar]
	board        statusBoard
	lists        signedLists
	reorganising sync.Mutex // held while a reorganisation is carried out
	sealing      sync.Mutex // held while a key for replies is looked for, or a key made
	faces        addedFaces
	endings      sync.Map   // KIDs of keys whose end was told of
	changing     sync.Mutex // held while a certificate's status changes, in the store and then on the board
	scans        scanCache
	signIns      signInGuard
	decoy        string // checked when there is no such account, so that the time taken does not tell; nothing hashes to it
	troubles     troubles
	watch        watch
	handedOver   chan struct{} // one is in it while a bulk approval has left cases to be issued
}

// New wires a service and reads what it keeps in memory: the office tree, the
// keys and the status lists.
func New(ctx context.Context, c Config) (*Service, error) {
	s := &Service{Config: c, templates: map[TemplateRef]*Template{}, shorts: map[string]*Template{}, handedOver: make(chan struct{}, 1)}
	s.defaults()
	for _, t := range c.Templates {
		if err := s.addTemplate(ctx, t); err != nil {
			return nil, err
		}
		s.offer(t)
	}
	if c.Sample != nil {
		if err := s.addTemplate(ctx, c.Sample); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(s.current, func(a, b *Template) int { return strings.Compare(a.Code, b.Code) })
	if err := s.Reload(ctx); err != nil {
		return nil, err
	}
	for _, t := range s.current {
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

func (s *Service) addTemplate(ctx context.Context, t *Template) error {
	if faults := t.Check(); len(faults) > 0 {
		return fmt.Errorf("template %s: %w", t.Code, invalidFields(faults))
	}
	if s.templates[t.Ref()] != nil {
		return fmt.Errorf("template %s version %d is given twice", t.Code, t.Version)
	}
	if other := s.shorts[t.Short]; other != nil && other.Code != t.Code {
		return fmt.Errorf("templates %s and %s have the same short code %s", t.Code, other.Code, t.Short)
	}
	if err := s.Store.PublishTemplate(ctx, t.Ref(), t.digest(), s.now()); err != nil {
		return fmt.Errorf("template %s version %d: %w", t.Code, t.Version, err)
	}
	if err := s.Renderer.Publish(t); err != nil {
		return fmt.Errorf("template %s version %d: %w", t.Code, t.Version, err)
	}
	s.templates[t.Ref()], s.shorts[t.Short] = t, t
	return nil
}

// offer makes a version the newest of its item, unless a newer one is.
func (s *Service) offer(t *Template) {
	i := slices.IndexFunc(s.current, func(o *Template) bool { return o.Code == t.Code })
	switch {
	case i < 0:
		s.current = append(s.current, t)
	case s.current[i].Version < t.Version:
		s.current[i] = t
	}
}

// digest tells one text of a version from another.
func (t *Template) digest() string {
	text, err := json.Marshal(t)
	if err != nil { // only texts, numbers and lists of them
		panic(err)
	}
	return digestHex(text)
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

// Template returns the newest version of an item; ErrNotFound.
func (s *Service) Template(code string) (*Template, error) {
	for _, t := range s.current {
		if t.Code == code {
			return t, nil
		}
	}
	return nil, fail(ErrNotFound, "没有“%s”这个证明事项", "There is no item “%s”", code)
}

// TemplateVersion returns one version of an item's template.
func (s *Service) TemplateVersion(ref TemplateRef) (*Template, error) {
	if t := s.templates[ref]; t != nil {
		return t, nil
	}
	return nil, &Error{Kind: ErrUnavailable, Cause: errNoTemplate, Text: Text{
		fmt.Sprintf("缺少模板 %s 第 %d 版，请检查 --templates-dir", ref.Code, ref.Version),
		fmt.Sprintf("Template %s version %d is missing; check --templates-dir", ref.Code, ref.Version),
	}}
}

// errNoTemplate tells a missing template from a store that does not answer.
var errNoTemplate = errors.New("no such template")

// Items lists the items that a person may start, by code: those of the
// catalogue that are kept, and need no office that the tree lacks.
func (s *Service) Items(by *Account) []*Template {
	return slices.DeleteFunc(slices.Clone(s.current), func(t *Template) bool {
		_, err := mayTakeIn(t, s.Directory(), by, "", "", s.Now())
		return err != nil || s.ended(t) != nil || t.startable(s.Directory()) != nil
	})
}

// Catalogue lists every item, by code.
func (s *Service) Catalogue() []*Template { return s.current }

// reason is the sentinel of an error, for logs that must hold nothing else.
func reason(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind.Error()
	}
	return "internal"
}

// forLog is an error without the texts of its fields: they may quote what a
// resident gave, such as a character of a name.
func forLog(err error) string {
	var e *Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return err.Error()
	}
	var b strings.Builder
	b.WriteString(e.Kind.Error())
	for _, f := range e.Fields {
		b.WriteString("; " + f.Field + ": " + f.Code)
	}
	if e.Cause != nil {
		b.WriteString(": " + forLog(e.Cause))
	}
	return b.String()
}
