package yinzheng_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"yinzheng"
)

func (h *house) withdraw(v *yinzheng.CaseView) (*yinzheng.CaseView, error) {
	return h.WithdrawApplication(h.ctx, h.people["clerk"], v.ID, v.Version, "申请人撤回")
}

// unsealed takes a new case to where its organ cannot seal: approved without a
// key in force, or issuing with a sealer that fails.
func (h *house) unsealed(key string, state yinzheng.State) *yinzheng.CaseView {
	h.t.Helper()
	v := h.submitted(key)
	if state == yinzheng.Issuing {
		h.sealer.set(errDisk)
		defer h.sealer.set(nil)
	} else {
		h.keys(yinzheng.KeySuspended)
		defer h.keys(yinzheng.KeyActive)
	}
	v, err := h.approve(v)
	must(h.t, err)
	if v.State != state {
		h.t.Fatalf("%s: %v", v.State, v.Trouble)
	}
	return v
}

// keys puts every key into a state.
func (h *house) keys(state yinzheng.KeyState) {
	h.t.Helper()
	list, err := h.store.Keys(h.ctx)
	must(h.t, err)
	for _, k := range list {
		k.State = state
		must(h.t, h.store.PutKey(h.ctx, k))
	}
	must(h.t, h.Reload(h.ctx))
}

// withdrawn fails unless a case is withdrawn for good, without a certificate,
// and its codes, if it had any, verify as nothing.
func (h *house) withdrawn(id string) {
	h.t.Helper()
	h.later(20 * time.Second)
	_, err := h.Recover(h.ctx)
	must(h.t, err)
	v := h.look(id)
	if v.State != yinzheng.Withdrawn || v.Certificate != nil || kinds(v, yinzheng.Withdraw) != 1 || kinds(v, yinzheng.Issue) != 0 {
		h.t.Fatalf("%+v", v)
	}
	for _, x := range v.History {
		if x.Kind != yinzheng.Reserve {
			continue
		}
		for _, find := range []func() (*yinzheng.Certificate, error){
			func() (*yinzheng.Certificate, error) { return h.store.Certificate(h.ctx, x.Code) },
			func() (*yinzheng.Certificate, error) { return h.store.Reserved(h.ctx, x.Code) },
		} {
			if c, err := find(); !errors.Is(err, yinzheng.ErrNotFound) {
				h.t.Errorf("its certificate: %+v %v", c, err)
			}
		}
		if a, err := h.Verify(h.ctx, &yinzheng.Question{Code: x.Code}); err != nil || a.Verdict != yinzheng.NotFound {
			h.t.Errorf("its code: %+v %v", a, err)
		}
	}
}

// TestWithdrawUntilIssued: what is approved, or being issued, can be taken back;
// the number is void for ever. What is issued cannot.
func TestWithdrawUntilIssued(t *testing.T) {
	h := newHouse(t)
	for _, state := range []yinzheng.State{yinzheng.Approved, yinzheng.Issuing} {
		v := h.unsealed(string(state), state)
		for _, who := range []string{"town", "district", "sibling", "admin"} {
			if _, err := h.WithdrawApplication(h.ctx, h.people[who], v.ID, v.Version, ""); err == nil {
				t.Errorf("%s withdrew it", who)
			}
		}
		after, err := h.withdraw(v)
		if err != nil || after.State != yinzheng.Withdrawn {
			t.Fatalf("%+v %v", after, err)
		}
		h.withdrawn(v.ID)
		if waiting, err := h.WaitingCases(h.ctx, h.people["admin"]); err != nil || len(waiting) > 0 {
			t.Errorf("still waits to be issued: %+v %v", waiting, err)
		}
		if state == yinzheng.Issuing {
			code := v.History[len(v.History)-1].Code
			events, err := h.store.EventsAbout(h.ctx, code)
			if err != nil || len(events) != 1 || events[0].Kind != "number-voided" || events[0].By != "clerk" || events[0].Detail == "" {
				t.Errorf("%+v %v", events, err)
			}
			if x := after.History[len(after.History)-1]; x.Code != code {
				t.Errorf("the action does not name what it ended: %+v", x)
			}
		}
		if _, err := h.withdraw(after); !errors.Is(err, yinzheng.ErrState) {
			t.Errorf("twice: %v", err)
		}
	}
	if _, err := h.withdraw(h.issued("issued")); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("an issued one: %v", err)
	}
	// The certificate that a withdrawn correction was to replace stands.
	old := h.issued("old").Certificate
	v := h.correcting(old.Code, "correction")
	h.sealer.set(errDisk)
	v, err := h.approve(v)
	must(t, err)
	h.sealer.set(nil)
	_, err = h.withdraw(v)
	must(t, err)
	h.withdrawn(v.ID)
	h.agree(old.Code, yinzheng.Valid)
	v, err = h.approve(h.correcting(old.Code, "another"))
	must(t, err)
	if n, err := yinzheng.ParseNumber(v.Certificate.Number); err != nil || n.Version != 3 { // 002 is void
		t.Errorf("%v %v", n, err)
	}
}

// TestWithdrawWhileSealing: whoever comes first wins, the other one is told, and
// never is a withdrawn case's certificate out.
func TestWithdrawWhileSealing(t *testing.T) {
	h := newHouse(t)
	v := h.submitted("before step 5")
	h.sealer.before = func() {
		h.sealer.before = nil
		if _, err := h.withdraw(h.look(v.ID)); err != nil {
			t.Error(err)
		}
	}
	if after, err := h.approve(v); err != nil || after.State != yinzheng.Withdrawn || after.Trouble != nil {
		t.Errorf("%+v %v", after, err)
	}
	h.withdrawn(v.ID)

	outcomes := map[yinzheng.State]int{}
	for i := range 30 {
		v := h.unsealed(fmt.Sprint("race", i), yinzheng.Issuing)
		h.later(20 * time.Second)
		var wg sync.WaitGroup
		var withdrawing, issuing error
		wg.Go(func() { _, withdrawing = h.withdraw(v) })
		wg.Go(func() { _, issuing = h.Issue(h.ctx, v.ID) })
		wg.Wait()
		after := h.look(v.ID)
		outcomes[after.State]++
		switch {
		case after.State == yinzheng.Issued && issuing == nil && (errors.Is(withdrawing, yinzheng.ErrConflict) || errors.Is(withdrawing, yinzheng.ErrState)):
			h.whole(v.ID)
		case after.State == yinzheng.Withdrawn && withdrawing == nil && issuing != nil:
			h.withdrawn(v.ID)
		default:
			t.Fatalf("%s; withdrawing: %v; issuing: %v", after.State, withdrawing, issuing)
		}
	}
	t.Log(outcomes)
}

// TestWithdrawFails: whichever call of the store fails while a reservation is
// taken back, lost or kept: the case is whole, withdrawn or issued.
func TestWithdrawFails(t *testing.T) {
	h := newHouse(t)
	names := map[string]bool{}
	for at, hit := 1, true; hit; at++ {
		hit = false
		for _, kept := range []bool{false, true} {
			v := h.unsealed(fmt.Sprint(at, kept), yinzheng.Issuing)
			h.store.arm(at, kept)
			_, err := h.withdraw(v)
			failed := h.store.failed
			h.store.arm(0, false)
			hit = hit || failed != ""
			names[failed] = true
			after := h.look(v.ID)
			if err == nil && after.State != yinzheng.Withdrawn {
				t.Fatalf("call %d (%s): told that it is withdrawn, and it is %s", at, failed, after.State)
			}
			if after.State == yinzheng.Withdrawn {
				h.withdrawn(v.ID)
				continue
			}
			h.later(20 * time.Second)
			_, err = h.Recover(h.ctx)
			must(t, err)
			h.whole(v.ID)
		}
	}
	for _, want := range []string{"Tx", "SaveApplication", "Reserved", "SetStatus", "Record"} {
		if !names[want] {
			t.Errorf("%s never failed: %v", want, names)
		}
	}
}
