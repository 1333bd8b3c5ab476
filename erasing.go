package yinzheng

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// fadingDays is how long before a draft goes its office is told.
const fadingDays = 14

// Bounds of one round: what is left is for the next one.
const (
	maxErased  = 1000 // of each rule
	eraseBatch = 100
)

// endedRequests are the states of requests that became no case.
var endedRequests = []RequestState{RequestRefused, RequestWithdrawn, RequestLapsed}

// retentionSubject is what the events of rounds are about.
const retentionSubject = "retention"

// EraseInTime erases what has been kept long enough, and tells offices of drafts that go
// soon. Each thing is a transaction of its own, or several where it is large, so that it
// may be cut off at any moment and run in several processes. It returns how many things
// were erased by each rule.
func (s *Service) EraseInTime(ctx context.Context) (map[string]int, error) {
	erased := map[string]int{}
	errs := []error{s.tellOfFading(ctx)}
	add := func(rule string, n int, err error) {
		if n > 0 {
			erased[rule] += n
		}
		errs = append(errs, err)
	}
	for _, rule := range caseRules {
		n, err := s.erasing(ctx, func(limit int) ([]string, error) {
			return s.Store.Expired(ctx, rule, s.Expires(rule), s.warned(), s.now(), limit)
		}, func(id string) error { return named(id, s.eraseCase(ctx, id, rule)) })
		add(rule, n, err)
	}
	n, err := s.erasing(ctx, func(limit int) ([]string, error) {
		return s.Store.IdleContacts(ctx, s.Expires(RetainContacts), s.now(), limit)
	}, func(key string) error { return s.eraseIf(ctx, s.Store.IsIdle, key, s.eraseContact) })
	add(RetainContacts, n, err)
	n, err = s.erasing(ctx, func(limit int) ([]string, error) {
		return s.Store.EndedRequests(ctx, s.Expires(RetainContacts), s.now(), limit)
	}, func(id string) error { return named(id, s.eraseIf(ctx, s.Store.HasEnded, id, s.eraseRequest)) })
	add(RetainContacts, n, err)
	n, err = s.erasing(ctx, func(limit int) ([]string, error) { return s.expiredRequests(ctx, limit) }, func(id string) error { return named(id, s.eraseRequest(ctx, id)) })
	add(RetainRequests, n, err)
	for _, rule := range spentRules {
		n, err := s.erasing(ctx, func(limit int) ([]string, error) {
			return s.Store.Spent(ctx, rule, s.Expires(rule), s.now(), limit)
		}, func(id string) error { return named(id, s.Store.EraseSpent(ctx, rule, id, s.Expires(rule), s.now())) })
		add(rule, n, err)
	}
	n, err = s.Store.ForgetRecipients(ctx, s.Expires(RetainMessages), maxErased)
	add(RetainMessages, n, err)
	if len(erased) > 0 {
		ctx := context.WithoutCancel(ctx) // what is gone is told of, though the round was cut off
		errs = append(errs, s.Store.Record(ctx, Event{At: s.now(), Kind: EventInTime, Subject: retentionSubject, By: SystemActor, Detail: tallyText(erased)}))
	}
	return erased, errors.Join(errs...)
}

// warned is the moment before which the office of a draft must have been told of its end.
func (s *Service) warned() time.Time { return s.now().AddDate(0, 0, -fadingDays) }

// fades is the moment before which a draft must have been touched last for its office to
// be told of its end.
func (s *Service) fades() time.Time { return s.Expires(RetainDrafts).AddDate(0, 0, fadingDays) }

// tallyText is how many things were erased by each rule, as an event has it.
func tallyText(erased map[string]int) string {
	var parts []string
	for _, r := range retentionRules {
		if n := erased[r.Key]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", r.Key, n))
		}
	}
	return strings.Join(parts, ", ")
}

// erasing does away with what a list has, one after another. Who is faster wins; what
// cannot be erased must not hide what comes after it.
func (s *Service) erasing(ctx context.Context, list func(limit int) ([]string, error), erase func(id string) error) (n int, err error) {
	left := map[string]bool{}
	var failed []error
	for n < maxErased && len(failed) < eraseBatch && ctx.Err() == nil {
		ids, err := list(eraseBatch + len(left))
		if err != nil {
			return n, errors.Join(append(failed, err)...)
		}
		if ids = slices.DeleteFunc(ids, func(id string) bool { return left[id] }); len(ids) == 0 {
			break
		}
		for _, id := range ids {
			switch err := erase(id); {
			case err == nil:
				n++
			case errors.Is(err, ErrConflict) || errors.Is(err, ErrState) || errors.Is(err, errNoTemplate):
				left[id] = true
			case errors.Is(err, ErrUnavailable):
				return n, errors.Join(append(failed, err)...)
			default:
				left[id] = true
				failed = append(failed, err)
			}
		}
	}
	return n, errors.Join(failed...)
}

// named says what an error is about, by an ID that is nobody's: never whose contact it is.
func named(id string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("erase %s: %w", id, err)
}

// eraseIf erases something in the transaction in which it is found to be due still:
// somebody may have come back to it, or held the case, since it was listed.
func (s *Service) eraseIf(ctx context.Context, due func(ctx context.Context, id string, before, now time.Time) (bool, error), id string, erase func(ctx context.Context, id string) error) error {
	return s.Store.Tx(ctx, func(ctx context.Context) error {
		switch is, err := due(ctx, id, s.Expires(RetainContacts), s.now()); {
		case err != nil:
			return err
		case !is:
			return fail(ErrState, "又有人在办，还要保存", "Somebody has come back to it, so that it is kept")
		}
		return erase(ctx, id)
	})
}

// eraseCase erases what a case held by a rule; of one that becomes empty, what was kept
// around it, too.
func (s *Service) eraseCase(ctx context.Context, id, rule string) error {
	c, err := s.load(ctx, id)
	if err != nil {
		return err
	}
	a, err := c.Erase(s.Expires(rule), s.now())
	if err != nil {
		return err
	}
	return s.Store.Tx(ctx, func(ctx context.Context) error {
		if err := s.saveBy(ctx, a, c.Version, s.Store.EraseCase); err != nil || rule == RetainFiles {
			return err
		}
		return s.eraseAround(ctx, id)
	})
}

// eraseAround erases, in a transaction, where somebody was reached about a case alone and
// the request that it came of.
func (s *Service) eraseAround(ctx context.Context, id string) error {
	key := (&Resident{Case: id}).Key()
	_, err := s.Store.ContactOf(ctx, key)
	if err == nil {
		err = s.eraseContact(ctx, key)
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	switch q, err := s.Store.RequestOfCase(ctx, id); {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil || q.Content == nil:
		return err
	default:
		return s.eraseRequest(ctx, q.ID)
	}
}

// eraseContact erases where a resident is reached; the record says of which case or
// request, and not whose document.
func (s *Service) eraseContact(ctx context.Context, key string) error {
	subject := "resident"
	if kind, id, _ := strings.Cut(key, ":"); kind == "case" || kind == "request" {
		subject = id
	}
	return s.Store.Tx(ctx, func(ctx context.Context) error {
		if err := s.Store.EraseContact(ctx, key); err != nil {
			return err
		}
		return s.Store.Record(ctx, Event{At: s.now(), Kind: EventContactErased, Subject: subject, By: SystemActor})
	})
}

// expiredRequests lists requests that became no case and have been kept long enough.
func (s *Service) expiredRequests(ctx context.Context, limit int) (ids []string, err error) {
	for _, state := range endedRequests {
		more, err := s.Store.IdleRequests(ctx, state, s.Expires(RetainRequests), limit-len(ids))
		if err != nil {
			return nil, err
		}
		ids = append(ids, more...)
	}
	return ids, nil
}

// eraseRequest empties a request: what it was about, when and how it ended stays.
func (s *Service) eraseRequest(ctx context.Context, id string) error {
	return s.Store.Tx(ctx, func(ctx context.Context) error {
		q, err := s.Store.ResidentRequest(ctx, id)
		if err != nil {
			return err
		}
		q.Content, q.Resident, q.Code = nil, "", [32]byte{}
		if err := s.Store.PutRequest(ctx, q); err != nil {
			return err
		}
		if err := s.Store.EndResidentSessions(ctx, (&Resident{Request: id}).Key()); err != nil {
			return err
		}
		return s.Store.Record(ctx, Event{At: s.now(), Kind: EventRequestErased, Subject: id, By: SystemActor})
	})
}

// tellOfFading tells the clerks of drafts that go soon.
func (s *Service) tellOfFading(ctx context.Context) error {
	now := s.now()
	ids, err := s.Store.Fading(ctx, s.fades(), maxErased)
	if err != nil {
		return err
	}
	var failed []error // one draft must not hide the others
	for _, id := range ids {
		failed = append(failed, s.Store.Tx(ctx, func(ctx context.Context) error {
			a, err := s.Store.Application(ctx, id)
			if err != nil || a.State != Draft {
				return err
			}
			if err := s.Store.NoteFading(ctx, id, a.Version, now); err != nil {
				return err
			}
			return s.Store.Notify(ctx, []Notice{{At: now, Office: s.Directory().OfficeNow(a.Office), Role: Clerk, Kind: "draft-fading", Application: id}})
		}))
	}
	return errors.Join(failed...)
}
