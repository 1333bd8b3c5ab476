package yinzheng_test

import (
	"sync"
	"testing"
	"time"

	"yinzheng"
)

// TestReminder: on the last day of a limit whoever has to act is reminded, of a
// step and of a case to be mended, once each, whoever scans, however often and
// wherever a scan was cut off.
func TestReminder(t *testing.T) {
	h := newHouse(t) // on a Sunday
	tpl := yinzheng.SampleTemplate()
	tpl.Chain[1].Limit, tpl.MendDays = 2, 3
	h.publish(tpl)
	v := h.atTown("case")
	other, err := yinzheng.New(h.ctx, h.config)
	must(t, err)
	remind := func(who string, before time.Duration, want int) {
		t.Helper()
		h.later(before)
		if n := h.scan(); n != 0 || h.told(who, v.ID, "due-soon") != want-1 {
			t.Fatalf("reminded before the last day: %d moved, told %d times", n, h.told(who, v.ID, "due-soon"))
		}
		h.later(time.Minute)
		for at := 1; ; at++ { // every call fails once before
			h.store.arm(at, at%2 == 0)
			_, err := h.Scan(h.ctx)
			cut := h.store.failed != ""
			h.store.arm(0, false)
			if !cut {
				must(t, err)
				break
			}
		}
		var wg sync.WaitGroup
		for _, s := range []*yinzheng.Service{h.Service, other} {
			wg.Go(func() {
				if n, err := s.Scan(h.ctx); n != 0 || err != nil {
					t.Errorf("moved %d: %v", n, err)
				}
			})
		}
		wg.Wait()
		if got := h.told(who, v.ID, "due-soon"); got != want || kinds(h.look(v.ID), yinzheng.Remind) != want {
			t.Fatalf("%s told %d times: %+v", who, got, h.look(v.ID).History)
		}
	}
	remind("town", time.Date(2026, 11, 23, 15, 59, 59, 0, time.UTC).Sub(h.clock()), 1)
	v = h.look(v.ID)
	v, err = h.Decide(h.ctx, h.people["town"], v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Return, Opinion: "补正"})
	must(t, err)
	if h.told("clerk", v.ID, "due-soon") > 0 {
		t.Error("the clerk was reminded of the town's step")
	}
	h.people["clerk and town"] = &yinzheng.Account{Grants: append(h.people["clerk"].Grants[:1:1], h.people["town"].Grants...)}
	remind("clerk and town", time.Date(2026, 11, 26, 15, 59, 59, 0, time.UTC).Sub(h.clock()), 2)
	if h.told("clerk", v.ID, "due-soon") != 1 {
		t.Error("the clerk was not reminded")
	}
	h.later(24 * time.Hour)
	h.scan()
	if v = h.look(v.ID); v.State != yinzheng.Withdrawn {
		t.Errorf("%+v", v)
	}
}

// TestScan: past its limit a case is escalated, once, whoever scans and however
// often, and those who take over are told and find it in their inbox.
func TestScan(t *testing.T) {
	h := newHouse(t)
	tpl := yinzheng.SampleTemplate()
	tpl.Chain[1].Limit, tpl.Chain[1].TakeOver, tpl.MendDays = 2, &yinzheng.Post{Level: yinzheng.District}, 1
	tpl.Chain[1].Tell = []yinzheng.Post{{Level: yinzheng.District}, {Level: yinzheng.Village, Role: yinzheng.Clerk}}
	h.publish(tpl)
	v, _, err := h.CreateApplication(h.ctx, h.people["clerk"], &yinzheng.NewApplication{Item: "kin", Values: yinzheng.SampleValues()}, "scan")
	must(t, err)
	v, err = h.SubmitApplication(h.ctx, h.people["clerk"], v.ID, v.Version)
	must(t, err)
	if v.Due == nil || v.Late {
		t.Fatalf("due %v, late %v", v.Due, v.Late)
	}
	if n, err := h.Scan(h.ctx); n != 0 || err != nil {
		t.Fatalf("scanned too early: %d %v", n, err)
	}
	h.later(10 * 24 * time.Hour)
	var wg sync.WaitGroup
	moved := make(chan int, 4)
	for range 4 {
		wg.Go(func() {
			n, err := h.Scan(h.ctx)
			if err != nil {
				t.Error(err)
			}
			moved <- n
		})
	}
	wg.Wait()
	close(moved)
	sum := 0
	for n := range moved {
		sum += n
	}
	if sum != 1 {
		t.Fatalf("moved %d times", sum)
	}
	v, err = h.Application(h.ctx, h.people["clerk"], v.ID)
	must(t, err)
	if !v.Late || v.History[len(v.History)-1].Kind != yinzheng.Escalate {
		t.Fatalf("late %v after %v", v.Late, v.History[len(v.History)-1].Kind)
	}
	district := h.people["district"]
	told, err := h.Notices(h.ctx, district, 0, 10)
	must(t, err)
	if len(told) == 0 || told[0].Kind != "overdue" || told[0].Application != v.ID {
		t.Fatalf("told %+v", told)
	}
	for who, want := range map[string]int{"district": 1, "town": 1, "clerk": 1, "sibling": 0} { // once, however many reasons there are
		if got := h.told(who, v.ID, "overdue"); got != want {
			t.Errorf("%s was told %d times, want %d", who, got, want)
		}
	}
	inbox, _, err := h.Workqueue(h.ctx, district, nil, "", 10)
	must(t, err)
	if len(inbox) != 1 || inbox[0].ID != v.ID {
		t.Fatalf("inbox %+v", inbox)
	}
	v, err = h.Decide(h.ctx, district, v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Return, Opinion: "补材料"})
	must(t, err)
	h.later(10 * 24 * time.Hour)
	if n, err := h.Scan(h.ctx); n != 1 || err != nil {
		t.Fatalf("lapsing: %d %v", n, err)
	}
	v, err = h.Application(h.ctx, h.people["clerk"], v.ID)
	must(t, err)
	if v.State != yinzheng.Withdrawn {
		t.Fatalf("the case not mended is %s", v.State)
	}
}
