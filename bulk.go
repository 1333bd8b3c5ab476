package yinzheng

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// MaxAtOnce bounds the rows of one request that does the same to many.
const MaxAtOnce = 500

// decidersAtOnce is how many cases of a bulk decision are decided side by side:
// each is a transaction of its own, and those that wait together share one sync
// of the disk.
const decidersAtOnce = 32

// CaseSeen is a case at the version that somebody has seen.
type CaseSeen struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
}

// Decided is what became of one case of a bulk decision.
type Decided struct {
	ID  string
	Err error // why it was not decided

	// Of a case that was decided, as it is now.
	Again       bool // the same person had decided the same at that version before
	State       State
	Version     int
	Certificate string // code, once it is issued
	Trouble     *Text  // why issuing waits
}

// DecideMany takes one decision on many cases, each as Decide would: under the
// same rules, by a compare-and-swap of its own, refused with the same error; and
// none is approved whose view says that the holder has died (ErrState). The
// answer has a row for each case, in order. What the last approval leaves to be
// issued is issued in the background (KeepRecovering). Sent again, cases that it
// has decided are told as they are by now, so that whoever lost the answer, or
// waits for the certificates, sends it again. Once ctx ends, cases that were
// begun are finished, no further ones are, and the error is ctx's; else it is
// ErrInvalid for a list or a decision that is wrong for every case.
func (s *Service) DecideMany(ctx context.Context, by *Account, cases []CaseSeen, d Decision) ([]Decided, error) {
	if err := checkMany(cases); err != nil {
		return nil, err
	}
	opinion, err := checkOpinion(d)
	if err != nil {
		return nil, err
	}
	d.Opinion = opinion
	out := make([]Decided, len(cases))
	var approved atomic.Bool
	failed := AtOnce(ctx, len(cases), decidersAtOnce, func(ctx context.Context, i int) error {
		var err error
		if out[i], err = s.decideOne(ctx, by, cases[i], d); out[i].State == Approved {
			approved.Store(true)
		}
		return err
	})
	for i := range out {
		out[i].ID, out[i].Err = cases[i].ID, failed[i]
	}
	if approved.Load() {
		s.handOver()
	}
	return out, ctx.Err()
}

// checkMany refuses a list that is empty or too long, or names a case twice.
func checkMany(cases []CaseSeen) error {
	if len(cases) == 0 || len(cases) > MaxAtOnce {
		return invalidFields([]FieldError{{"cases", "count", Text{fmt.Sprintf("请列出 1 到 %d 个办件", MaxAtOnce), fmt.Sprintf("Please list 1 to %d cases", MaxAtOnce)}}})
	}
	var faults []FieldError
	first := map[string]int{}
	for i, c := range cases {
		if at, twice := first[c.ID]; twice {
			faults = append(faults, FieldError{fmt.Sprintf("cases[%d].id", i), "twice", Text{fmt.Sprintf("与 cases[%d] 是同一个办件", at), fmt.Sprintf("The same case as cases[%d]", at)}})
		}
		first[c.ID] = i
	}
	if len(faults) > 0 {
		return invalidFields(faults)
	}
	return nil
}

// decideOne decides one case of many, which nobody may have opened.
func (s *Service) decideOne(ctx context.Context, by *Account, seen CaseSeen, d Decision) (Decided, error) {
	decide := s.deciding(ctx, by, d)
	c, err := s.changeCase(ctx, by, seen.ID, seen.Version, func(c *Case, now time.Time) (*Application, error) {
		a, err := decide(c, now)
		if err == nil && d.Action == Approve {
			err = s.notOfTheDead(ctx, by, c)
		}
		return a, err
	}, s.conclude)
	again := false
	if err != nil {
		if c, again = s.decidedBefore(ctx, by, seen, d); !again {
			return Decided{}, err
		}
	}
	out := Decided{Again: again, State: c.State, Version: c.Version, Trouble: s.waitsFor(c.Template, c.Application)}
	if c.State == Issued {
		out.Certificate = c.Code
	}
	return out, nil
}

// notOfTheDead refuses a case whose page would have shown that the holder has
// died: it is for somebody to look at.
func (s *Service) notOfTheDead(ctx context.Context, by *Account, c *Case) error {
	died, err := s.holderDied(ctx, by, c)
	if err == nil && died != nil {
		err = fail(ErrState, "登记（%[1]s）载明持证人已去世；请打开这个办件，单独决定", "A register (%[1]s) says that the holder has died; please open this case and decide it by itself", died.Source)
	}
	return err
}

// decidedBefore tells whether somebody has taken a decision at a version
// already, and returns the case as it is now.
func (s *Service) decidedBefore(ctx context.Context, by *Account, seen CaseSeen, d Decision) (*Case, bool) {
	c, err := s.open(ctx, by, seen.ID)
	if err != nil || seen.Version < 1 || seen.Version >= len(c.Actions) {
		return nil, false
	}
	x := &c.Actions[seen.Version]
	return c, x.By == by.ID && x.Kind == d.Action && d.Opinion == x.Opinion && x.ToStep == d.ToStep
}

// handOver has the cases that wait for their certificates issued soon.
func (s *Service) handOver() {
	select {
	case s.handedOver <- struct{}{}:
	default: // somebody has asked already
	}
}

// AtOnce calls do for 0 to n-1, so many at a time, and returns their errors when
// all that were begun have ended. Once ctx ends no more begin; the context that
// do is given does not end, so that none is cut off in the middle. One that panics
// fails alone: it runs beside whoever could recover.
func AtOnce(ctx context.Context, n, many int, do func(ctx context.Context, i int) error) []error {
	inner := context.WithoutCancel(ctx)
	failed := make([]error, n)
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(n, many) {
		wait.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				failed[i] = guarded(func() error { return do(inner, i) })
			}
		})
	}
	wait.Wait()
	return failed
}

// guarded calls do; that it panicked is its error.
func guarded(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %s\n%s", PanicText(p), debug.Stack())
		}
	}()
	return do()
}
