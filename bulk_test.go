package yinzheng_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"yinzheng"
)

var approve = yinzheng.Decision{Action: yinzheng.Approve, Opinion: "同意"}

// atDistrict takes n new cases to the district's desk.
func (h *house) atDistrict(n int) []yinzheng.CaseSeen {
	h.t.Helper()
	out := make([]yinzheng.CaseSeen, n)
	for i := range out {
		v := h.submitted(fmt.Sprint("bulk", i))
		out[i] = yinzheng.CaseSeen{ID: v.ID, Version: v.Version}
	}
	return out
}

// Each row is what Decide would have made of it, in order; sent again, rows that
// were decided say how they stand by now.
func TestDecideMany(t *testing.T) {
	h := newHouse(t)
	cases := h.atDistrict(4)
	stranger, stale := yinzheng.CaseSeen{ID: "NOSUCHCASE", Version: 3}, cases[1]
	stale.Version--
	must(t, func() error {
		_, err := h.Decide(h.ctx, h.people["district"], cases[2].ID, cases[2].Version, yinzheng.Decision{Action: yinzheng.Reject, Opinion: "不符"})
		return err
	}())
	list := []yinzheng.CaseSeen{cases[0], stranger, stale, cases[2], cases[3]}
	rows, err := h.DecideMany(h.ctx, h.people["second"], list, approve)
	must(t, err)
	for i, seen := range list {
		row := rows[i]
		if row.ID != seen.ID {
			t.Fatalf("row %d is %s's", i, row.ID)
		}
		if i == 0 || i == 4 {
			if row.Err != nil || row.Again || row.State != yinzheng.Approved || row.Version != seen.Version+1 {
				t.Errorf("row %d: %+v", i, row)
			}
			continue
		}
		_, alone := h.Decide(h.ctx, h.people["second"], seen.ID, seen.Version, approve)
		if alone == nil || row.Err == nil || row.Err.Error() != alone.Error() {
			t.Errorf("row %d: %v, alone %v", i, row.Err, alone)
		}
	}
	if n, err := h.Recover(h.ctx); n != 2 || err != nil {
		t.Fatalf("issued %d: %v", n, err)
	}
	again, err := h.DecideMany(h.ctx, h.people["second"], list, approve)
	must(t, err)
	for i, row := range again {
		issued := i == 0 || i == 4
		if row.Again != issued || issued && (row.State != yinzheng.Issued || row.Certificate == "" || row.Err != nil) || !issued && row.Err == nil {
			t.Errorf("row %d again: %+v", i, row)
		}
		if issued {
			h.whole(row.ID)
		}
	}
	if rows, err := h.DecideMany(h.ctx, h.people["second"], []yinzheng.CaseSeen{{ID: cases[0].ID, Version: -1}}, approve); err != nil || rows[0].Again || !errors.Is(rows[0].Err, yinzheng.ErrConflict) {
		t.Errorf("at no version: %+v %v", rows, err)
	}
	for who, d := range map[string]yinzheng.Decision{"district": approve, "second": {Action: yinzheng.Approve, Opinion: "照准"}} {
		other, err := h.DecideMany(h.ctx, h.people[who], list[:1], d)
		must(t, err)
		if other[0].Again || !errors.Is(other[0].Err, yinzheng.ErrConflict) {
			t.Errorf("%s, %s: %+v", who, d.Opinion, other[0])
		}
	}
}

// A return to somewhere else is another decision.
func TestDecideManyReturns(t *testing.T) {
	h := newHouse(t)
	cases := h.atDistrict(1)
	back := yinzheng.Decision{Action: yinzheng.Return, Opinion: "请补", ToStep: "town"}
	for _, c := range []struct {
		to    string
		again bool
		err   error
	}{{"town", false, nil}, {"town", true, nil}, {"", false, yinzheng.ErrConflict}} {
		back.ToStep = c.to
		rows, err := h.DecideMany(h.ctx, h.people["district"], cases, back)
		must(t, err)
		if rows[0].Again != c.again || !errors.Is(rows[0].Err, c.err) {
			t.Errorf("to %q: %+v", c.to, rows[0])
		}
	}
}

func TestDecideManyRefusesTheList(t *testing.T) {
	h := newHouse(t)
	one := h.atDistrict(1)
	for name, c := range map[string]struct {
		cases []yinzheng.CaseSeen
		d     yinzheng.Decision
		field string
	}{
		"none":       {nil, approve, "cases"},
		"too many":   {make([]yinzheng.CaseSeen, yinzheng.MaxAtOnce+1), approve, "cases"},
		"twice":      {append(one, one...), approve, "cases[1].id"},
		"no opinion": {one, yinzheng.Decision{Action: yinzheng.Reject}, "opinion"},
	} {
		_, err := h.DecideMany(h.ctx, h.people["district"], c.cases, c.d)
		var e *yinzheng.Error
		if !errors.As(err, &e) || len(e.Fields) != 1 || e.Fields[0].Field != c.field {
			t.Errorf("%s: %v", name, err)
		}
	}
	if v, err := h.Application(h.ctx, h.people["district"], one[0].ID); err != nil || v.Version != one[0].Version {
		t.Errorf("a refused list moved a case: %v %v", v, err)
	}
}

// leaving is a store whose client hangs up while a case is being written.
type leaving struct {
	yinzheng.Store
	after atomic.Int64
	leave func()
}

func (l *leaving) SaveApplication(ctx context.Context, a *yinzheng.Application, seen int) error {
	if l.after.Add(-1) == 0 {
		l.leave()
	}
	return l.Store.SaveApplication(ctx, a, seen)
}

// Who hangs up stops between two cases and never within one; sent again, the
// rest is done.
func TestDecideManyHangsUp(t *testing.T) {
	h := newHouse(t)
	cases := h.atDistrict(60)
	ctx, leave := context.WithCancel(h.ctx)
	l := &leaving{Store: h.store.Store, leave: leave}
	l.after.Store(5)
	h.store.Store = l
	if _, err := h.DecideMany(ctx, h.people["district"], cases, approve); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	done := 0
	for _, c := range cases {
		v, err := h.Application(h.ctx, h.people["district"], c.ID)
		must(t, err)
		if v.State == yinzheng.Approved {
			done++
		} else if v.State != yinzheng.Submitted || v.Version != c.Version {
			t.Errorf("%s is %s at %d", c.ID, v.State, v.Version)
		}
	}
	if done < 5 || done == len(cases) {
		t.Errorf("%d were decided", done)
	}
	rows, err := h.DecideMany(h.ctx, h.people["district"], cases, approve)
	must(t, err)
	again := 0
	for _, r := range rows {
		if r.Err != nil || r.State != yinzheng.Approved {
			t.Errorf("%+v", r)
		}
		if r.Again {
			again++
		}
	}
	if again != done {
		t.Errorf("%d were decided, %d say so", done, again)
	}
}

// picky is a sealer that fails, or panics, for one certificate.
type picky struct {
	yinzheng.Sealer
	code   atomic.Value
	panics bool
}

func (p *picky) SignToken(kid string, c *yinzheng.Claims) (string, error) {
	p.code.CompareAndSwap("", c.Code) // the first one it meets
	if p.code.Load() == c.Code && p.panics {
		panic("picky")
	}
	if p.code.Load() == c.Code {
		return "", errDisk
	}
	return p.Sealer.SignToken(kid, c)
}

// A certificate that cannot be made leaves the others, says why on its case and
// once in the log, and is made when it can be.
func TestBulkIssueLeavesWhatFails(t *testing.T) {
	h := newHouse(t)
	sealer := &picky{Sealer: h.sealer}
	sealer.code.Store("")
	h.config.Sealer = sealer
	h.restart()
	cases := h.atDistrict(40)
	_, err := h.DecideMany(h.ctx, h.people["district"], cases, approve)
	must(t, err)
	if n, err := h.Recover(h.ctx); n != len(cases)-1 || err != nil {
		t.Errorf("issued %d: %v", n, err)
	}
	h.later(20 * time.Second)
	if n, err := h.Recover(h.ctx); n != 0 || err != nil {
		t.Errorf("issued %d more: %v", n, err)
	}
	rows, err := h.DecideMany(h.ctx, h.people["district"], cases, approve)
	must(t, err)
	for _, r := range rows {
		if waits := r.State == yinzheng.Issuing; waits != (r.Trouble != nil) || !waits && r.State != yinzheng.Issued {
			t.Errorf("%+v", r)
		}
	}
	if n := strings.Count(h.log.String(), "issuing failed"); n != 1 {
		t.Errorf("the log says it %d times: %s", n, h.log)
	}
	sealer.code.Store("nobody's")
	h.later(20 * time.Second)
	if n, err := h.Recover(h.ctx); n != 1 || err != nil {
		t.Errorf("issued %d at last: %v", n, err)
	}
}

// A certificate whose making panics leaves the others and the process, and is made
// when it can be.
func TestBulkIssuePanics(t *testing.T) {
	h := newHouse(t)
	sealer := &picky{Sealer: h.sealer, panics: true}
	sealer.code.Store("")
	h.config.Sealer = sealer
	h.restart()
	cases := h.atDistrict(3)
	_, err := h.DecideMany(h.ctx, h.people["district"], cases, approve)
	must(t, err)
	if n, err := h.Recover(h.ctx); n != len(cases)-1 || err != nil {
		t.Errorf("issued %d: %v", n, err)
	}
	h.later(20 * time.Second)
	if n, err := h.Recover(h.ctx); n != 0 || err != nil || strings.Count(h.log.String(), "panic: string") != 1 {
		t.Errorf("issued %d more: %v; log %s", n, err, h.log)
	}
	sealer.code.Store("nobody's")
	h.later(20 * time.Second)
	if n, err := h.Recover(h.ctx); n != 1 || err != nil {
		t.Errorf("issued %d at last: %v", n, err)
	}
}

// A case whose page says that the holder has died is for somebody to look at: no
// approval of many passes it, and an approval of its own does.
func TestDecideManySparesTheDead(t *testing.T) {
	h := withRegister(t, "kinship")
	h.bring("2026-11-01", persons)
	v := h.start("clerk", "k", map[string]any{"id": wang, "purpose": "入学"})
	v, err := h.SubmitApplication(h.ctx, h.people["clerk"], v.ID, v.Version)
	must(t, err)
	h.bring("2026-11-20", "id,name,division,died\n"+wang+",王丽,"+testVillage+",2026-11-10\n")
	seen := []yinzheng.CaseSeen{{ID: v.ID, Version: v.Version}}
	rows, err := h.DecideMany(h.ctx, h.people["town"], seen, approve)
	must(t, err)
	if !errors.Is(rows[0].Err, yinzheng.ErrState) || !strings.Contains(rows[0].Err.Error(), "died") {
		t.Errorf("%+v", rows[0])
	}
	if _, err := h.Decide(h.ctx, h.people["town"], v.ID, v.Version, approve); err != nil {
		t.Error(err)
	}
	if rows, err := h.DecideMany(h.ctx, h.people["town"], seen, approve); err != nil || !rows[0].Again {
		t.Errorf("%+v %v", rows, err)
	}
	if rows, err := h.DecideMany(h.ctx, h.people["district"], []yinzheng.CaseSeen{{ID: v.ID, Version: v.Version + 1}}, yinzheng.Decision{Action: yinzheng.Reject, Opinion: "已故"}); err != nil || rows[0].State != yinzheng.Rejected {
		t.Errorf("%+v %v", rows, err)
	}
}

// A death that is found while the certificate is being sealed keeps it from being
// issued; its number is void.
func TestHolderFoundDeadAtTheSeal(t *testing.T) {
	h := newHouse(t)
	tpl := yinzheng.SampleTemplate()
	tpl.Resubmit = yinzheng.ResubmitSame
	h.publish(tpl)
	cases := h.atDistrict(1)
	_, err := h.DecideMany(h.ctx, h.people["district"], cases, approve)
	must(t, err)
	h.sealer.before = func() {
		var kept func(context.Context)
		must(t, h.store.Tx(h.ctx, func(ctx context.Context) (err error) {
			kept, err = h.HolderFoundDead(ctx, cases[0].ID)
			return err
		}))
		kept(h.ctx)
	}
	if n, err := h.Recover(h.ctx); n != 0 || err != nil {
		t.Errorf("issued %d: %v", n, err)
	}
	v, err := h.Application(h.ctx, h.people["clerk"], cases[0].ID)
	must(t, err)
	last := v.History[len(v.History)-1]
	if v.State != yinzheng.Returned || last.Kind != yinzheng.Halt || last.Code == "" || v.Certificate != nil {
		t.Errorf("%s, %+v", v.State, last)
	}
	if _, err := h.store.Certificate(h.ctx, last.Code); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("the number that it had is not void: %v", err)
	}
	must(t, h.store.Tx(h.ctx, func(ctx context.Context) error {
		_, err := h.HolderFoundDead(ctx, cases[0].ID)
		return err
	}))
	if again, err := h.Application(h.ctx, h.people["clerk"], cases[0].ID); err != nil || again.Version != v.Version {
		t.Errorf("halted again: %+v %v", again, err)
	}
	h.sealer.before = nil
	v, err = h.SubmitApplication(h.ctx, h.people["clerk"], v.ID, v.Version)
	if must(t, err); v.State != yinzheng.Submitted || v.Step.Key != "town" {
		t.Errorf("it does not go through the whole chain again: %+v", v.Step)
	}
}

// What a bulk approval leaves is issued at once, not at the next round.
func TestBulkApprovalIsIssuedSoon(t *testing.T) {
	h := newHouse(t)
	cases := h.atDistrict(3)
	ctx, stop := context.WithCancel(h.ctx)
	defer stop()
	go h.KeepRecovering(ctx, time.Hour)
	_, err := h.DecideMany(h.ctx, h.people["district"], cases, approve)
	must(t, err)
	deadline := time.Now().Add(10 * time.Second)
	for _, c := range cases {
		for {
			v, err := h.Application(h.ctx, h.people["district"], c.ID)
			must(t, err)
			if v.State == yinzheng.Issued {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("still %s", v.State)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
}
