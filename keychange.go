package yinzheng

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// What administrators do to keys. Whoever has a key signs in an organ's name, so
// that every key is in the care of the administrators of a topmost office, by a
// post of their own:
//
//	suspend                                 one person, at once
//	propose to lift, rotate, or declare     one person; a proposed compromise
//	compromised                             suspends at once
//	confirm a proposal                      another person, whose document is known
//	decline one                             any of them
//
// Each is one transaction on the version of the key that was seen: its events, its
// row, and a new version of the tree, by which every process learns of it and no
// certificate that was sealed meanwhile is committed.

// KeyRequest is what is proposed of a key.
type KeyRequest struct {
	Change KeyChange `json:"change"`
	Since  time.Time `json:"since,omitzero"` // of a compromise, and needed there
	Reason string    `json:"reason"`
}

// SuspendKey stops a key at once: it signs nothing new, and what it signed stands.
// Errors: ErrForbidden, ErrNotFound, ErrInvalid without a reason, ErrConflict when
// the key has changed since version seen, ErrState when it is not active.
func (s *Service) SuspendKey(ctx context.Context, by *Account, kid string, seen int, reason string) (*KeyView, error) {
	reason, err := s.keyReason(by, reason)
	if err != nil {
		return nil, err
	}
	return s.changeKey(ctx, by, kid, seen, nil, func(k *keptKey) ([]Event, error) {
		if k.State != KeyActive {
			return nil, fail(ErrState, "只有在用的密钥可以中止", "Only a key in use can be suspended")
		}
		return []Event{{Kind: EventKeySuspended, Detail: reason}}, nil
	})
}

// ProposeKeyChange proposes a change of a key to a second administrator. Errors as of
// SuspendKey; ErrState when the change does not suit the key, or another one waits.
func (s *Service) ProposeKeyChange(ctx context.Context, by *Account, kid string, seen int, in *KeyRequest) (*KeyView, error) {
	reason, err := s.keyReason(by, in.Reason)
	if err != nil {
		return nil, err
	}
	p := &KeyProposal{Change: in.Change, Reason: reason}
	if in.Change == CompromiseKey {
		p.Since = in.Since.UTC().Truncate(time.Second)
	}
	return s.changeKey(ctx, by, kid, seen, nil, func(k *keptKey) ([]Event, error) {
		if k.care.Proposal != nil {
			return nil, fail(ErrState, "这把密钥已有一项变更等待确认，请先确认或否决", "A change of this key waits already; please confirm or decline it first")
		}
		if err := s.mayBecome(k.all, k.Key, in.Change); err != nil {
			return nil, err
		}
		if in.Change != CompromiseKey {
			return []Event{p.event()}, nil
		}
		if p.Since.Before(k.NotBefore.Truncate(time.Second)) || p.Since.After(s.now()) {
			return nil, invalidFields([]FieldError{{"since", "period", Text{"请填写从何时起可能泄露：不早于密钥启用，不晚于现在", "Please say since when it may have been compromised: not before the key began, not in the future"}}})
		}
		if k.State == KeyActive { // a wrong suspension can be lifted, a forged certificate is out
			return []Event{{Kind: EventKeySuspended, Detail: reason}, p.event()}, nil
		}
		return []Event{p.event()}, nil
	})
}

// ConfirmKeyChange carries out what somebody else proposed. The key that follows a
// rotated one is made here. Errors: ErrForbidden, besides for the proposer and for
// whoever's own document is not known; ErrNotFound, ErrConflict, ErrState when
// nothing is proposed or it no longer suits the key, ErrUnavailable when no key can
// be made now.
func (s *Service) ConfirmKeyChange(ctx context.Context, by *Account, kid string, seen int) (*KeyView, error) {
	if err := s.mayKeepKeys(by); err != nil {
		return nil, err
	}
	s.sealing.Lock() // two would make two keys
	defer s.sealing.Unlock()
	k, err := s.keptKey(ctx, kid, seen)
	if err != nil {
		return nil, err
	}
	if err := s.mayConfirm(ctx, by, k); err != nil {
		return nil, err
	}
	var next *Key
	kind := map[KeyChange]string{LiftKey: EventKeyLifted, RotateKey: EventKeyRotated, CompromiseKey: EventKeyDeclared}[k.care.Proposal.Change]
	e := Event{Kind: kind, Detail: k.care.Proposal.By}
	if k.care.Proposal.Change == RotateKey {
		if next, err = s.followingKey(ctx, k.Key); err != nil {
			return nil, err
		}
		e.Detail = next.KID
	}
	return s.changeKey(ctx, by, kid, seen, next, func(*keptKey) ([]Event, error) { return []Event{e}, nil })
}

// DeclineKeyChange ends a proposal; what was suspended with it stays so. Errors as of
// SuspendKey, ErrState when nothing is proposed.
func (s *Service) DeclineKeyChange(ctx context.Context, by *Account, kid string, seen int, reason string) (*KeyView, error) {
	reason, err := s.keyReason(by, reason)
	if err != nil {
		return nil, err
	}
	return s.changeKey(ctx, by, kid, seen, nil, func(k *keptKey) ([]Event, error) {
		if k.care.Proposal == nil {
			return nil, errNothingProposed()
		}
		return []Event{{Kind: EventKeyDeclined, Detail: reason}}, nil
	})
}

func errNothingProposed() error {
	return fail(ErrState, "这把密钥没有等待确认的变更", "No change of this key waits to be confirmed")
}

// mayKeepKeys refuses whoever is no administrator of a topmost office by a post of
// their own: who stands in at a desk is not trusted with everybody's seals.
func (s *Service) mayKeepKeys(by *Account) error {
	if err := s.mayRun(by); err != nil {
		return err
	}
	d := s.Directory()
	if !slices.ContainsFunc(by.InForce(s.Now()), func(g Grant) bool { return g.Role == Admin && g.For == "" && d.topmost(g.Office) }) {
		return fail(ErrForbidden, "印章须由系统管理员本人办理，代办不行", "Seals are for administrators themselves, not for who stands in for them")
	}
	return nil
}

// keyReason checks who acts and why.
func (s *Service) keyReason(by *Account, reason string) (string, error) {
	if err := s.mayKeepKeys(by); err != nil {
		return "", err
	}
	clean, err := checkOpinion(Decision{Action: Approve, Opinion: reason})
	switch {
	case err != nil || clean == "":
		return "", invalidFields([]FieldError{{"reason", "required", Text{"请写明理由，最多 500 字", "Please say why, in at most 500 characters"}}})
	case longNumber(clean):
		return "", invalidFields([]FieldError{{"reason", "personal-data", Text{"理由会记入日志，请不要写证件或电话号码", "The reason is put on record; please leave out ID and telephone numbers"}}})
	}
	return clean, nil
}

// mayConfirm tells whether somebody is the second person, and the proposal still
// suits the key.
func (s *Service) mayConfirm(ctx context.Context, by *Account, k *keptKey) error {
	if k.care.Proposal == nil {
		return errNothingProposed()
	}
	if by.Person.Number == "" {
		return fail(ErrForbidden, "确认须由登录的管理员办理，账号上要有本人证件", "A confirmation is for an administrator who has signed in, with a document of their own on the account")
	}
	proposer, err := s.Store.Account(ctx, k.care.Proposal.By)
	if err != nil && !errors.Is(err, ErrNotFound) { // the operator has no account
		return err
	}
	switch {
	case err != nil:
	case by.SamePerson(proposer):
		return fail(ErrForbidden, "这项变更由您提出，须由另一位管理员确认", "You proposed this change; another administrator has to confirm it")
	case proposer.Person.Number == "": // it may be this person's, too
		return fail(ErrForbidden, "提出变更的账号没有本人证件，无法确认是两个人；请否决后由有证件的管理员重新提出", "The account that proposed this change has no document, so nobody can tell that you are two people; please decline it and have an administrator with a document propose it again")
	}
	return s.mayBecome(k.all, k.Key, k.care.Proposal.Change)
}

// followingKey makes the key that follows one.
func (s *Service) followingKey(ctx context.Context, k *Key) (*Key, error) {
	if s.Seals == nil {
		return nil, fail(ErrUnavailable, "本系统不能制作密钥", "No key can be made here")
	}
	next, err := s.Seals.Succeed(ctx, k)
	if err != nil {
		return nil, err
	}
	next.Items = k.Items
	return next, nil
}

// keptKey is a key as it is kept, with what became of it and every other one.
type keptKey struct {
	*Key
	care KeyCare
	all  []*Key
}

// keptKey reads a key at the version that was seen.
func (s *Service) keptKey(ctx context.Context, kid string, seen int) (*keptKey, error) {
	all, err := s.Store.Keys(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(k *Key) bool { return k.KID == kid })
	if i < 0 {
		return nil, errNoKey()
	}
	events, err := s.Store.EventsAbout(ctx, kid)
	if err != nil {
		return nil, err
	}
	k := &keptKey{all[i], KeyCareOf(events), all}
	if k.care.Version != seen {
		return nil, fail(ErrConflict, "这把密钥刚刚有了变化，请重新查看", "This key has just changed; please look at it again")
	}
	return k, nil
}

// changeKey writes what act makes of a key, and the key that follows it, if any.
func (s *Service) changeKey(ctx context.Context, by *Account, kid string, seen int, next *Key, act func(*keptKey) ([]Event, error)) (*KeyView, error) {
	now := s.now()
	err := s.Store.Tx(ctx, func(ctx context.Context) error {
		k, err := s.keptKey(ctx, kid, seen)
		if err != nil {
			return err
		}
		events, err := act(k)
		if err != nil {
			return err
		}
		before := k.State
		if err := s.recordKey(ctx, k, by.ID, now, events); err != nil {
			return err
		}
		if next != nil {
			if err := s.takeIntoUse(ctx, next, by.ID, kid, now); err != nil {
				return err
			}
		}
		if k.State == before && next == nil {
			return nil
		}
		return s.Store.PutDirectory(ctx, &Directory{})
	})
	if err != nil {
		return nil, err
	}
	if err := s.Reload(ctx); err != nil {
		return nil, err
	}
	list := s.KeyList()
	return s.keyView(ctx, list.Keys, list.ByKID(kid))
}

// recordKey writes events about a key and what they make of it, in a transaction,
// and tells the administrators of what may concern them now.
func (s *Service) recordKey(ctx context.Context, k *keptKey, by string, now time.Time, events []Event) error {
	for _, e := range events {
		e.At, e.Subject, e.By = now, k.KID, by
		if err := s.Store.Record(ctx, e); err != nil {
			return err
		}
		if kind := keyNotice(e.Kind); kind != "" {
			if err := s.Store.Notify(ctx, s.Directory().topmostNotices(kind, k.KID, now)); err != nil {
				return err
			}
		}
		k.care = k.care.after(&e)
	}
	k.Key = k.care.on(k.Key)
	return s.Store.PutKey(ctx, k.Key)
}

// keyNotice is what an event about a key is told as, or "".
func keyNotice(event string) string {
	switch {
	case event == EventKeySuspended:
		return "key-suspended"
	case strings.HasPrefix(event, eventKeyProposal):
		return "key-proposed"
	}
	return ""
}

// takeIntoUse writes a new key, in a transaction.
func (s *Service) takeIntoUse(ctx context.Context, k *Key, by, follows string, now time.Time) error {
	if err := s.Store.PutKey(ctx, k); err != nil {
		return err
	}
	return s.Store.Record(ctx, Event{At: now, Kind: EventKeyMade, Subject: k.KID, By: by, Detail: follows})
}
