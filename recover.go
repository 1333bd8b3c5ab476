package yinzheng

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"time"
)

// issuers is how many certificates one round makes at once, for each processor:
// most of the time an attempt waits for the disk, and those that wait together
// share one sync of it.
const issuers = 4

// recoverBatch is how many cases a round takes up at a time.
const recoverBatch = 500

// Recover issues whatever bulk approval, an earlier run, a slow key or a full
// disk left approved or issuing, several at a time. It returns how many
// certificates it made; a case that fails is logged, its reason is shown with it
// (CaseView.Trouble), and it does not hold up the others. Once ctx ends, what was
// begun is finished and no more is.
func (s *Service) Recover(ctx context.Context) (int, error) {
	made := 0
	left := map[string]bool{}
	for {
		// What failed may still be waiting; it must not hide what comes after it.
		ids, err := s.Store.Waiting(ctx, s.now(), recoverBatch+len(left))
		if err != nil {
			return made, err
		}
		ids = slices.DeleteFunc(ids, func(id string) bool { return left[id] })
		if len(ids) == 0 {
			return made, nil
		}
		begun := make([]bool, len(ids))
		failed := AtOnce(ctx, len(ids), issuers*runtime.GOMAXPROCS(0), func(ctx context.Context, i int) error {
			begun[i] = true
			return s.recoverOne(ctx, ids[i])
		})
		for i, id := range ids {
			if begun[i] && failed[i] == nil {
				made++
			} else {
				left[id] = true
			}
		}
	}
}

// recoverOne issues a case that waits. Each reason why it cannot is logged once,
// and not at every round that meets it.
func (s *Service) recoverOne(ctx context.Context, id string) error {
	before := s.troubles.of(id)
	err := guarded(func() error {
		_, err := s.Issue(ctx, id)
		return err
	})
	s.troubles.note(id, err)
	switch {
	case errors.Is(err, errMoot):
		s.Log.Warn("a case has nothing left to replace and has ended", "application", id)
	case errors.Is(err, errUnmet):
		s.Log.Warn("a certificate that a case refers to has ended; the case was returned", "application", id)
	case err == nil || errors.Is(err, ErrConflict): // somebody else is at work on it
	default:
		if now := s.troubles.of(id); before == nil || now == nil || *before != *now {
			s.Log.Error("issuing failed, will be tried again", "application", id, "reason", reason(err), "error", err)
		}
	}
	return err
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
// every interval until the context ends; Recover, besides, as soon as a bulk
// approval asks for it.
func (s *Service) KeepRecovering(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for n := 0; ; n++ {
		s.recoverNow(ctx)
		if n%pruneEvery == 0 {
			if err := s.Prune(ctx); err != nil && ctx.Err() == nil {
				s.Log.Error("forgetting what has ended", "reason", reason(err), "error", err)
			}
		}
		if _, err := s.Scan(ctx); err != nil && ctx.Err() == nil {
			s.Log.Error("looking for what is past its limit, and who is left", "reason", reason(err), "error", err)
		}
		if !s.untilDue(ctx, tick.C) {
			return
		}
	}
}

// untilDue waits for the next round and meanwhile issues what bulk approvals
// hand over. False: the context has ended.
func (s *Service) untilDue(ctx context.Context, due <-chan time.Time) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case <-due:
			return true
		case <-s.handedOver:
			s.recoverNow(ctx)
		}
	}
}

func (s *Service) recoverNow(ctx context.Context) {
	if _, err := s.Recover(ctx); err != nil && ctx.Err() == nil {
		s.Log.Error("recovering", "reason", reason(err), "error", err)
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
	if c.State != Issuing || a.State == Issuing {
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
		var next *Application
		if next, void, err = s.stop(ctx, c, kind); err != nil {
			return err
		}
		return note(ctx, c, &next.Actions[next.Version-1])
	})
	if err == nil && void != nil {
		s.board.void(void)
	}
	return err
}

// stop takes a case away from where it is by an action of the system's, in a
// transaction. A reservation ends with it.
func (s *Service) stop(ctx context.Context, c *Case, kind ActionKind) (next *Application, void *Certificate, err error) {
	next = c.with(Action{At: s.now(), Kind: kind, By: SystemActor, Name: SystemActor, Code: c.Code})
	if err := s.save(ctx, next, c.Version); err != nil {
		return nil, nil, err
	}
	if c.State == Issuing {
		void, err = s.voidReservation(ctx, &next.Actions[next.Version-1])
	}
	return next, void, err
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
	g, ok := by.Holds(Admin, now, d.topmost)
	if !ok {
		return Grant{}, fail(ErrForbidden, "只有最上级单位的系统管理员可以这样做", "Only an administrator of the topmost office may do this")
	}
	return g, nil
}
