package yinzheng

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// KeyChange is a change of a key that takes two people.
type KeyChange string

// The changes: a suspended key signs again; another key takes a key's place, which
// retires; a key is declared compromised since a moment.
const (
	LiftKey       KeyChange = "lift"
	RotateKey     KeyChange = "rotate"
	CompromiseKey KeyChange = "compromise"
)

// Kinds of the events about a key; their subject is its KID. What became of a key
// is the fold of its events.
const (
	EventKeyMade      = "key-made"              // detail: the key that it follows, if any
	EventKeySuspended = "key-suspended"         // detail: the reason
	EventKeyLifted    = "key-lifted"            // detail: who proposed it
	EventKeyRotated   = "key-rotated"           // detail: the key that follows it
	EventKeyDeclared  = "key-compromised"       // detail: who proposed it
	EventKeyRetired   = "key-retired"           // its organ has ended or got another name; detail: the reorganisation
	EventKeyEnding    = "key-ending"            // its administrators were told that it ends soon; detail: when
	EventKeyDeclined  = "key-proposal-declined" // detail: the reason
	eventKeyProposal  = "key-proposed-"         // and the change; detail: the reason, of a compromise after the moment
)

// KeyProposal is a change of a key that waits for a second person.
type KeyProposal struct {
	Change KeyChange `json:"change"`
	Since  time.Time `json:"since,omitzero"` // compromise: since when
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
	By     string    `json:"by"` // account
}

// KeyCare is what became of a key, as its events tell.
type KeyCare struct {
	Version  int      // 1 when it was made, and one more with every event
	State    KeyState // empty: none of them changed it
	Since    time.Time
	Proposal *KeyProposal
	told     bool // that it ends soon
}

// KeyCareOf folds the events about a key, in their order.
func KeyCareOf(events []LoggedEvent) KeyCare {
	c := KeyCare{Version: 1}
	for i := range events {
		c = c.after(&events[i].Event)
	}
	return c
}

// after is the fold of one event more. Only events about keys count: a forger may call
// a certificate what he likes, a key's ID too, and the alarm about it by that name.
func (c KeyCare) after(e *Event) KeyCare {
	if !strings.HasPrefix(e.Kind, "key-") {
		return c
	}
	c.Version++
	if change, ok := strings.CutPrefix(e.Kind, eventKeyProposal); ok {
		c.Proposal = proposalOf(KeyChange(change), e)
		return c
	}
	switch e.Kind {
	case EventKeySuspended:
		c.State, c.Since = KeySuspended, e.At
	case EventKeyLifted:
		c.State, c.Since, c.Proposal = KeyActive, e.At, nil
	case EventKeyRotated:
		c.retire(e.At)
		c.Proposal = nil
	case EventKeyRetired:
		c.retire(e.At)
		if c.Proposal != nil && c.Proposal.Change != CompromiseKey { // which is as true as before
			c.Proposal = nil
		}
	case EventKeyDeclared:
		c.State, c.Since = KeyCompromised, e.At
		if c.Proposal != nil {
			c.Since, c.Proposal = c.Proposal.Since, nil
		}
	case EventKeyDeclined:
		c.Proposal = nil
	case EventKeyEnding:
		c.told = true
	}
	return c
}

// retire ends the use of a key. One that was suspended is believed up to then
// only: retiring it vouches for nothing that was signed since.
func (c *KeyCare) retire(at time.Time) {
	switch c.State {
	case KeyCompromised, KeyRetired:
	case KeySuspended:
		c.State = KeyRetired
	default:
		c.State, c.Since = KeyRetired, at
	}
}

func proposalOf(change KeyChange, e *Event) *KeyProposal {
	p := &KeyProposal{Change: change, Reason: e.Detail, At: e.At, By: e.By}
	if change == CompromiseKey {
		since, reason, _ := strings.Cut(e.Detail, " ")
		p.Since, _ = time.Parse(time.RFC3339, since)
		p.Reason = reason
	}
	return p
}

// event is the event of the proposal.
func (p *KeyProposal) event() Event {
	detail := p.Reason
	if p.Change == CompromiseKey {
		detail = p.Since.UTC().Format(time.RFC3339) + " " + detail
	}
	return Event{Kind: eventKeyProposal + string(p.Change), Detail: detail}
}

// on is the key as its events made it.
func (c KeyCare) on(k *Key) *Key {
	out := *k
	if c.State != "" {
		out.State, out.Since = c.State, c.Since
	}
	return &out
}

// Agrees tells whether a key's row says what its events say. Of a key that none has
// changed it may say that it is active, or that it was retired, as an earlier
// program did without an event.
func (c KeyCare) Agrees(k *Key) bool {
	if c.State == "" {
		return k.State == KeyActive || k.State == KeyRetired
	}
	return k.State == c.State && k.Since.Equal(c.Since)
}

// KeyView is a key as its administrators see it.
type KeyView struct {
	KID       string       `json:"kid"`
	Purpose   KeyPurpose   `json:"purpose"`
	Organ     string       `json:"organ,omitempty"` // credit code; empty: the service's own
	OrganName string       `json:"organ_name"`
	Items     []string     `json:"items,omitempty"`
	NotBefore time.Time    `json:"not_before"`
	NotAfter  time.Time    `json:"not_after"`
	State     KeyState     `json:"state"`
	Since     time.Time    `json:"since"`
	Version   int          `json:"version"`
	DaysLeft  *int         `json:"days_left,omitempty"` // whole days, of a key that signs now and ends within EndingWithin
	Proposal  *KeyProposal `json:"proposal,omitempty"`
	History   []EventView  `json:"history"` // the first first

	InForce bool        `json:"-"`
	May     []KeyChange `json:"-"` // what may be proposed of it
}

// EndingWithin is how long before its end a key's administrators are told.
const EndingWithin = 90 * 24 * time.Hour

// endsSoon tells whether a key that signs now does not much longer.
func (k *Key) endsSoon(now time.Time) bool {
	return k.InForce(now) && k.NotAfter.Before(now.Add(EndingWithin))
}

// KeysInCare lists every key with what became of it, those in force first, for
// administrators of a topmost office; ErrForbidden.
func (s *Service) KeysInCare(ctx context.Context, by *Account) ([]*KeyView, error) {
	if err := s.mayRun(by); err != nil {
		return nil, err
	}
	keys, err := s.Store.Keys(ctx)
	if err != nil {
		return nil, err
	}
	views := make([]*KeyView, len(keys))
	for i, k := range keys {
		if views[i], err = s.keyView(ctx, keys, k); err != nil {
			return nil, err
		}
	}
	order := map[bool]int{true: 0, false: 1}
	slices.SortStableFunc(views, func(a, b *KeyView) int {
		return cmp.Or(cmp.Compare(a.Organ, b.Organ), cmp.Compare(order[a.InForce], order[b.InForce]), cmp.Compare(a.Purpose, b.Purpose), b.NotBefore.Compare(a.NotBefore))
	})
	return views, nil
}

// KeyInCare is one of KeysInCare; ErrForbidden, ErrNotFound.
func (s *Service) KeyInCare(ctx context.Context, by *Account, kid string) (*KeyView, error) {
	if err := s.mayRun(by); err != nil {
		return nil, err
	}
	keys, err := s.Store.Keys(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(keys, func(k *Key) bool { return k.KID == kid })
	if i < 0 {
		return nil, errNoKey()
	}
	return s.keyView(ctx, keys, keys[i])
}

func errNoKey() error { return fail(ErrNotFound, "没有这把密钥", "There is no such key") }

func (s *Service) keyView(ctx context.Context, all []*Key, k *Key) (*KeyView, error) {
	events, err := s.Store.EventsAbout(ctx, k.KID)
	if err != nil {
		return nil, err
	}
	history, err := s.eventViews(ctx, events)
	if err != nil {
		return nil, err
	}
	care, now := KeyCareOf(events), s.Now()
	v := &KeyView{
		KID: k.KID, Purpose: k.Purpose, Organ: k.Organ, OrganName: k.OrganName, Items: k.Items, NotBefore: k.NotBefore, NotAfter: k.NotAfter,
		State: k.State, Since: k.Since, Version: care.Version, Proposal: care.Proposal, History: history, InForce: k.InForce(now),
	}
	if k.endsSoon(now) {
		days := int(k.NotAfter.Sub(now).Hours() / 24)
		v.DaysLeft = &days
	}
	for _, change := range []KeyChange{LiftKey, RotateKey, CompromiseKey} {
		if s.mayBecome(all, k, change) == nil {
			v.May = append(v.May, change)
		}
	}
	return v, nil
}

// mayBecome tells why a change does not suit a key as it is; nil when it does.
func (s *Service) mayBecome(all []*Key, k *Key, change KeyChange) error {
	switch change {
	case LiftKey:
		if k.State != KeySuspended {
			return fail(ErrState, "这把密钥没有被中止", "This key is not suspended")
		}
	case RotateKey:
		now, o := s.Now(), s.Directory().Organ(k.Organ)
		if k.Organ != "" && (o == nil || !o.exists(now) || o.Name != k.OrganName) {
			return fail(ErrState, "这个机关已撤销或已更名，新印章由机构调整制作", "This organ has ended or has another name now; a reorganisation makes its new seal")
		}
		succeeded := slices.ContainsFunc(all, func(o *Key) bool { return o.KID != k.KID && k.alike(o) && o.InForce(now) })
		if k.State == KeyRetired || k.State != KeyActive && succeeded {
			return fail(ErrState, "这把密钥已有接替的密钥，或已停用", "This key is retired, or another one has taken its place")
		}
	case CompromiseKey:
		if k.State == KeyCompromised {
			return fail(ErrState, "这把密钥已宣布泄露", "This key was declared compromised already")
		}
	default:
		return invalidFields([]FieldError{{"change", "choice", Text{"应为 lift、rotate 或 compromise", "Expected lift, rotate or compromise"}}})
	}
	return nil
}

// alike tells whether two keys sign the same for the same organ.
func (k *Key) alike(o *Key) bool {
	return k.Purpose == o.Purpose && k.Organ == o.Organ && k.OrganName == o.OrganName && slices.Equal(k.Items, o.Items)
}

// tellOfEndings tells the administrators of keys that end soon, each once. A key
// beside which another one signs for longer is nobody's concern.
func (s *Service) tellOfEndings(ctx context.Context) error {
	now := s.now()
	list := s.KeyList()
	for _, k := range list.Keys {
		if _, told := s.endings.Load(k.KID); told || !k.endsSoon(now) || slices.ContainsFunc(list.Keys, func(o *Key) bool {
			return k.alike(o) && o.InForce(now) && o.NotAfter.After(k.NotAfter)
		}) {
			continue
		}
		if err := s.tellOfEnding(ctx, k, now); err != nil {
			return fmt.Errorf("tell that key %s ends soon: %w", k.KID, err)
		}
		s.endings.Store(k.KID, nil)
	}
	return nil
}

func (s *Service) tellOfEnding(ctx context.Context, k *Key, now time.Time) error {
	return s.Store.Tx(ctx, func(ctx context.Context) error {
		events, err := s.Store.EventsAbout(ctx, k.KID)
		if err != nil || KeyCareOf(events).told {
			return err
		}
		if err := s.Store.Notify(ctx, s.Directory().topmostNotices("key-ending", k.KID, now)); err != nil {
			return err
		}
		return s.Store.Record(ctx, Event{At: now, Kind: EventKeyEnding, Subject: k.KID, By: SystemActor, Detail: k.NotAfter.UTC().Format(time.RFC3339)})
	})
}
