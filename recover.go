package yinzheng

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// Recover issues whatever an earlier run, a slow key or a full disk left
// approved or issuing. It returns how many certificates it made; a case that
// fails again is logged and does not hold up the others.
func (s *Service) Recover(ctx context.Context) (int, error) {
	made := 0
	tried := map[string]bool{}
	for {
		// What failed may still be waiting; it must not hide what comes after it.
		ids, err := s.Store.Waiting(ctx, s.now(), 100+len(tried))
		if err != nil {
			return made, err
		}
		ids = slices.DeleteFunc(ids, func(id string) bool { return tried[id] })
		if len(ids) == 0 {
			return made, nil
		}
		for _, id := range ids {
			tried[id] = true
			switch _, err := s.Issue(ctx, id); {
			case err == nil:
				made++
			case errors.Is(err, errMoot):
				s.Log.Warn("a case has nothing left to replace and has ended", "application", id)
			case errors.Is(err, errUnmet):
				s.Log.Warn("a certificate that a case refers to has ended; the case was returned", "application", id)
			default:
				s.Log.Error("issuing failed, will be tried again", "application", id, "reason", reason(err), "error", forLog(err))
			}
		}
	}
}

// RequestsLife is how long an idempotency key is remembered.
const RequestsLife = 7 * 24 * time.Hour

// pruneEvery is how many rounds of recovering lie between two of pruning.
const pruneEvery = 1000

// Prune forgets ended sessions and idempotency keys that nobody will use again.
func (s *Service) Prune(ctx context.Context) error {
	if err := s.Store.PruneSessions(ctx, s.now()); err != nil {
		return err
	}
	return s.Store.PruneRequests(ctx, s.now().Add(-RequestsLife))
}

// KeepRecovering calls Recover and Scan, and Prune now and then, at once and
// every interval until the context ends.
func (s *Service) KeepRecovering(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for n := 0; ; n++ {
		if _, err := s.Recover(ctx); err != nil && ctx.Err() == nil {
			s.Log.Error("recovering", "reason", reason(err), "error", forLog(err))
		}
		if n%pruneEvery == 0 {
			if err := s.Prune(ctx); err != nil && ctx.Err() == nil {
				s.Log.Error("forgetting what has ended", "reason", reason(err), "error", forLog(err))
			}
		}
		if _, err := s.Scan(ctx); err != nil && ctx.Err() == nil {
			s.Log.Error("looking for what is past its limit, and who is left", "reason", reason(err), "error", forLog(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// troubles remembers why the last attempt at a case's issuing failed.
type troubles struct {
	mu  sync.Mutex
	why map[string]Text
}

func (t *troubles) note(id string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var e *Error
	switch {
	case err == nil:
		delete(t.why, id)
	case errors.Is(err, ErrConflict) || errors.Is(err, ErrState) && !errors.Is(err, errPending) || errors.Is(err, ErrNotFound):
	default:
		if t.why == nil {
			t.why = map[string]Text{}
		}
		t.why[id] = Text{"签发未成功，系统会自动重试；详情见运行日志", "Issuing failed and will be tried again; the log has the details"}
		if errors.As(err, &e) {
			t.why[id] = e.Text
		}
	}
}

func (t *troubles) of(id string) *Text {
	t.mu.Lock()
	defer t.mu.Unlock()
	if why, ok := t.why[id]; ok {
		return &why
	}
	return nil
}

// WaitingCase is a case whose certificate could not be made yet.
type WaitingCase struct {
	ID      string `json:"id"`
	State   State  `json:"state"`
	Code    string `json:"code,omitempty"`
	Trouble *Text  `json:"trouble,omitempty"`
}

// WaitingCases lists, for an administrator, the cases whose certificate could
// not be made yet, with the reason of the last attempt.
func (s *Service) WaitingCases(ctx context.Context, by *Account) ([]WaitingCase, error) {
	if err := s.mayRun(by); err != nil {
		return nil, err
	}
	ids, err := s.Store.Waiting(ctx, s.now().Add(s.Lease+time.Second), 200)
	if err != nil {
		return nil, err
	}
	out := make([]WaitingCase, 0, len(ids))
	for _, id := range ids {
		a, err := s.Store.Application(ctx, id)
		if err != nil {
			return nil, err
		}
		out = append(out, WaitingCase{a.ID, a.State, a.Code, s.troubles.of(a.ID)})
	}
	return out, nil
}

// RetryIssue tries to issue a waiting case now.
func (s *Service) RetryIssue(ctx context.Context, by *Account, id string) error {
	if err := s.mayRun(by); err != nil {
		return err
	}
	_, err := s.Issue(ctx, id)
	return err
}

// VoidIssue gives up a reservation that cannot be completed: its number and
// code are void for ever, the case is approved again and will be issued with
// new ones.
func (s *Service) VoidIssue(ctx context.Context, by *Account, id, why string) error {
	if err := s.mayRun(by); err != nil {
		return err
	}
	opinion, err := checkOpinion(Decision{Action: Reject, Opinion: why})
	if err != nil {
		return err
	}
	c, err := s.load(ctx, id)
	if err != nil {
		return err
	}
	if c.State != Issuing {
		return c.wrongState("中止签发", "stopped from issuing")
	}
	return s.conclude(ctx, c, c.with(Action{At: s.now(), Kind: Unissue, By: by.ID, Name: by.Name, Person: by.Person, Role: Admin, Opinion: opinion, Code: c.Code}))
}

// conclude writes what somebody's action made of a case. A reservation that the
// action ended is void with it.
func (s *Service) conclude(ctx context.Context, c *Case, a *Application) error {
	if c.State != Issuing {
		return s.save(ctx, a, c.Version)
	}
	var void *Certificate
	err := s.Store.Tx(ctx, func(ctx context.Context) error {
		// First, since it is what step 5 of issuing is in a race with.
		err := s.save(ctx, a, c.Version)
		if err == nil {
			void, err = s.voidReservation(ctx, &a.Actions[len(a.Actions)-1])
		}
		return err
	})
	if err == nil {
		s.board.void(void)
	}
	return err
}

// stopIssuing takes a case that is approved or being issued away from there by an
// action of the system's, and notes what it means beside it. A reservation ends
// with it.
func (s *Service) stopIssuing(ctx context.Context, id string, kind ActionKind, note func(context.Context, *Case, *Action) error) error {
	var void *Certificate
	err := s.Store.Tx(ctx, func(ctx context.Context) error {
		void = nil
		c, err := s.load(ctx, id)
		if err != nil {
			return err
		}
		if c.State != Approved && c.State != Issuing {
			return nil
		}
		next := c.with(Action{At: s.now(), Kind: kind, By: SystemActor, Name: SystemActor, Code: c.Code})
		if err := s.save(ctx, next, c.Version); err != nil {
			return err
		}
		x := &next.Actions[len(next.Actions)-1]
		if c.State == Issuing {
			if void, err = s.voidReservation(ctx, x); err != nil {
				return err
			}
		}
		return note(ctx, c, x)
	})
	if err == nil && void != nil {
		s.board.void(void)
	}
	return err
}

// voidReservation makes the number and the code that an action gave up void for
// ever, in the action's transaction. The board is told once that is kept.
func (s *Service) voidReservation(ctx context.Context, x *Action) (*Certificate, error) {
	cert, err := s.Store.Reserved(ctx, x.Code)
	if err != nil {
		return nil, err
	}
	cert.Status, cert.StatusAt = StatusVoid, x.At
	if err := s.Store.SetStatus(ctx, cert, StatusReserved); err != nil {
		return nil, err
	}
	return cert, s.Store.Record(ctx, Event{At: x.At, Kind: "number-voided", Subject: cert.Code, By: x.By, Detail: cert.Number})
}

// MayOperate tells whether a person is an administrator; ErrForbidden.
func (s *Service) MayOperate(by *Account) error {
	if _, ok := by.Holds(Admin, s.Now(), func(string) bool { return true }); !ok {
		return fail(ErrForbidden, "只有系统管理员可以这样做", "Only an administrator may do this")
	}
	return nil
}

// mayRun refuses whoever is no administrator of an office that has none above
// it: what is everybody's is not for the administrator of a part.
func (s *Service) mayRun(by *Account) error {
	_, err := s.Directory().Runs(by, s.Now())
	return err
}

// Runs returns the grant by which a person is an administrator of a topmost
// office, for what is everybody's; ErrForbidden.
func (d *Directory) Runs(by *Account, now time.Time) (Grant, error) {
	g, ok := by.Holds(Admin, now, func(office string) bool {
		o := d.Office(office)
		return o != nil && d.above(o.Division) == ""
	})
	if !ok {
		return Grant{}, fail(ErrForbidden, "只有最上级单位的系统管理员可以这样做", "Only an administrator of the topmost office may do this")
	}
	return g, nil
}
