package yinzheng_test

import (
	"sync"
	"testing"
	"time"

	"yinzheng"
)

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
