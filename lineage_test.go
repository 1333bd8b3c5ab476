package yinzheng_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yinzheng"
)

// lineage is one certificate with everything that came of it, as a random
// history drives it.
type lineage struct {
	*house
	name  string
	cases []string // the first, and its corrections and reissues
	keys  int
}

// certificates lists the certificates of the lineage that exist.
func (l *lineage) certificates(t *rapid.T) []*yinzheng.Certificate {
	var out []*yinzheng.Certificate
	for _, id := range l.cases {
		a, err := l.store.Application(l.ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if a.State != yinzheng.Issued {
			continue
		}
		c, err := l.store.Certificate(l.ctx, a.Code)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, c)
	}
	return out
}

func (l *lineage) key() string {
	l.keys++
	return fmt.Sprint(l.name, l.keys)
}

// moves are what may happen next; each takes the lineage from wherever it is,
// and what is not possible there is refused.
func (l *lineage) moves(t *rapid.T) map[string]func() error {
	certs := l.certificates(t)
	code := certs[rapid.IntRange(0, len(certs)-1).Draw(t, "certificate")].Code
	if rapid.IntRange(0, 3).Draw(t, "any") > 0 { // mostly the one that something can still happen to
		for _, c := range certs {
			if c.Status == yinzheng.StatusOK || c.Status == yinzheng.StatusIsSuspended {
				code = c.Code
			}
		}
	}
	id := l.cases[rapid.IntRange(max(0, len(l.cases)-3), len(l.cases)-1).Draw(t, "case")] // of the newest: the others are mostly done
	who := rapid.SampledFrom([]string{"district", "second", "district", "second", "town"}).Draw(t, "who")
	proposal := l.lastProposal(code)
	begun := func(v *yinzheng.CaseView, err error) error {
		if v != nil {
			l.mu.Lock()
			if !slices.Contains(l.cases, v.ID) { // the same key twice at one instant
				l.cases = append(l.cases, v.ID)
			}
			l.mu.Unlock()
		}
		return err
	}
	correction, reissue := l.key(), l.key()
	step := func(act func(v *yinzheng.CaseView) error) error {
		v, err := l.Application(l.ctx, l.people["clerk"], id)
		if err != nil {
			return err
		}
		return act(v)
	}
	return map[string]func() error{
		"correct": func() error { return begun(l.correct(code, correction)) },
		"reissue": func() error {
			v, _, err := l.Reissue(l.ctx, l.people[who], code, &yinzheng.Reissuing{Reason: "lost", Opinion: "遗失"}, reissue)
			return begun(v, err)
		},
		"submit": func() error {
			return step(func(v *yinzheng.CaseView) error {
				_, err := l.SubmitApplication(l.ctx, l.people["clerk"], v.ID, v.Version)
				return err
			})
		},
		"decide": func() error {
			return step(func(v *yinzheng.CaseView) error {
				decider := who
				if v.Step != nil && v.Step.Level == yinzheng.Town {
					decider = "town"
				}
				_, err := l.Decide(l.ctx, l.people[decider], v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Approve})
				return err
			})
		},
		"suspend": func() error { _, err := l.act(who, code, suspend("lost")); return err },
		"lift":    func() error { _, err := l.act(who, code, lift("resolved")); return err },
		"propose": func() error {
			_, err := l.act(who, code, yinzheng.Act{Kind: yinzheng.ProposeRevocation, Reason: "error", Opinion: "有误"})
			return err
		},
		"confirm": func() error {
			_, err := l.act(who, code, yinzheng.Act{Kind: yinzheng.Revoke, Proposal: proposal})
			if errors.Is(err, yinzheng.ErrForbidden) { // they proposed it
				_, err = l.act("second", code, yinzheng.Act{Kind: yinzheng.Revoke, Proposal: proposal})
			}
			return err
		},
		"decline": func() error {
			_, err := l.act(who, code, yinzheng.Act{Kind: yinzheng.DeclineRevocation, Proposal: proposal, Opinion: "无误"})
			return err
		},
		"void": func() error { return l.VoidIssue(l.ctx, l.people["admin"], id, "重来") },
		"recover": func() error {
			l.later(20 * time.Second)
			_, err := l.Recover(l.ctx)
			return err
		},
		"seal breaks": func() error { l.sealer.set(errDisk); return nil },
		"seal mended": func() error { l.sealer.set(nil); return nil },
	}
}

func (l *lineage) lastProposal(code string) int {
	c, err := l.store.Certificate(l.ctx, code)
	must(l.t, err)
	a, err := l.store.Application(l.ctx, c.Application)
	must(l.t, err)
	if life := yinzheng.LifeOf(a.Actions); life.Proposed != nil {
		return life.Proposed.Seq
	}
	return 0
}

// check fails unless at most one certificate of the lineage is in force, each
// status is the fold of its case's actions and on the board, and what was
// superseded leads on, step by step, to one that was not.
func (l *lineage) check(t *rapid.T) {
	certs := l.certificates(t)
	byCode := map[string]*yinzheng.Certificate{}
	alive, numbers := 0, map[string]bool{}
	for _, c := range certs {
		byCode[c.Code] = c
		if c.Status == yinzheng.StatusOK || c.Status == yinzheng.StatusIsSuspended {
			alive++
		}
		if numbers[c.Number] {
			t.Fatalf("number %s twice", c.Number)
		}
		numbers[c.Number] = true
		l.agree(c.Code, map[yinzheng.Status]yinzheng.Verdict{
			yinzheng.StatusOK: yinzheng.Valid, yinzheng.StatusIsSuspended: yinzheng.Suspended, yinzheng.StatusIsRevoked: yinzheng.Revoked, yinzheng.StatusIsSuperseded: yinzheng.Superseded,
		}[c.Status])
	}
	if alive > 1 {
		t.Fatalf("%d certificates of one lineage are valid or suspended", alive)
	}
	for _, c := range certs {
		seen := 0
		for c.Status == yinzheng.StatusIsSuperseded {
			if c = byCode[c.Successor]; c == nil || seen > len(certs) {
				t.Fatalf("a superseded certificate leads nowhere")
			}
			seen++
		}
	}
}

// between runs what somebody else does after a certificate was read.
type between struct {
	yinzheng.Store
	act func()
}

func (b *between) Certificate(ctx context.Context, code string) (*yinzheng.Certificate, error) {
	c, err := b.Store.Certificate(ctx, code)
	if act := b.act; act != nil {
		b.act = nil
		act()
	}
	return c, err
}

// TestActBetweenTwoReads: a certificate is suspended after its record was read
// and before its case was: who then lifts the suspension lifts it in both.
func TestActBetweenTwoReads(t *testing.T) {
	h := newHouse(t)
	code := h.issued("case").Certificate.Code
	store := &between{Store: h.store}
	c := h.config
	c.Store = store
	late, err := yinzheng.New(h.ctx, c)
	must(t, err)
	store.act = func() {
		_, err := h.act("second", code, suspend("lost"))
		must(t, err)
	}
	_, err = late.ActOn(h.ctx, h.people["district"], code, lift("resolved"))
	must(t, err)
	if kept, err := h.store.Certificate(h.ctx, code); err != nil || kept.Status != yinzheng.StatusOK {
		t.Errorf("the record is %s, the suspension was lifted: %v", kept.Status, err)
	}
}

// TestLineage: under random histories of several people, some acts at one
// instant, at most one certificate of a lineage is ever in force.
func TestLineage(t *testing.T) {
	h := newHouse(t)
	histories, outcomes := 0, map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		histories++
		h.sealer.set(nil)
		l := &lineage{house: h, name: fmt.Sprintf("l%d-", histories)}
		l.cases = []string{h.issued(l.key()).ID}
		for range rapid.IntRange(5, 30).Draw(rt, "length") {
			moves := l.moves(rt)
			names := []string{"correct", "submit", "submit", "decide", "decide", "decide", "decide", "reissue", "suspend", "lift", "lift", "propose", "confirm", "confirm", "decline", "decline", "void", "recover", "seal breaks", "seal mended"}
			var wg sync.WaitGroup
			for _, n := range rapid.SliceOfN(rapid.SampledFrom(names), 1, 2).Draw(rt, "at once") {
				move := moves[n]
				wg.Go(func() {
					err := move()
					if err != nil && !refused(err) {
						h.t.Errorf("%s: %v", n, err)
					}
					if err == nil {
						h.mu.Lock()
						outcomes[n]++
						h.mu.Unlock()
					}
				})
			}
			wg.Wait()
			l.check(rt)
		}
		h.sealer.set(nil)
		h.later(20 * time.Second)
		if _, err := h.Recover(h.ctx); err != nil {
			rt.Fatal(err)
		}
		l.check(rt)
	})
	outcomes["later acts"] = outcomes["lift"] + outcomes["confirm"] + outcomes["decline"]
	for _, n := range []string{"correct", "submit", "decide", "reissue", "suspend", "propose", "later acts"} { // each dozens of times
		if outcomes[n] == 0 {
			t.Errorf("%s never came to pass: the histories test nothing of it", n)
		}
	}
	t.Logf("%d histories: %v", histories, outcomes)
}

// refused tells whether an error is an answer to who acts, not a fault.
func refused(err error) bool {
	for _, kind := range []error{yinzheng.ErrState, yinzheng.ErrForbidden, yinzheng.ErrConflict, yinzheng.ErrInvalid, yinzheng.ErrUnavailable, yinzheng.ErrNotFound} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}
