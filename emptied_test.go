package yinzheng_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"yinzheng"
)

// told counts the notices of a kind about a case that somebody finds.
func (h *house) told(who, id, kind string) int {
	h.t.Helper()
	list, err := h.store.Notices(h.ctx, desksOf(h.people[who]), 0, 100000)
	must(h.t, err)
	n := 0
	for _, x := range list {
		if x.Application == id && x.Kind == kind {
			n++
		}
	}
	return n
}

func desksOf(a *yinzheng.Account) []yinzheng.Desk {
	var desks []yinzheng.Desk
	for _, g := range a.Grants {
		desks = append(desks, yinzheng.Desk{Office: g.Office, Role: g.Role})
	}
	return desks
}

// scan scans and returns how many cases it moved.
func (h *house) scan() int {
	h.t.Helper()
	n, err := h.Scan(h.ctx)
	must(h.t, err)
	return n
}

// atTown takes a new case to the town's desk.
func (h *house) atTown(key string) *yinzheng.CaseView {
	h.t.Helper()
	v, _, err := h.CreateApplication(h.ctx, h.people["clerk"], &yinzheng.NewApplication{Item: "kin", Values: yinzheng.SampleValues(), Office: "village"}, key)
	must(h.t, err)
	v, err = h.SubmitApplication(h.ctx, h.people["clerk"], v.ID, v.Version)
	must(h.t, err)
	return v
}

// look shows a case as its clerk sees it.
func (h *house) look(id string) *yinzheng.CaseView {
	h.t.Helper()
	v, err := h.Application(h.ctx, h.people["clerk"], id)
	must(h.t, err)
	return v
}

// change edits somebody and keeps them so.
func (h *house) change(who string, edit func(*yinzheng.Account)) {
	h.t.Helper()
	edit(h.people[who])
	h.keep(who)
}

func disable(a *yinzheng.Account) { a.Disabled = true }
func enable(a *yinzheng.Account)  { a.Disabled = false }

// TestEmptied: whatever takes a step's last decider away is noticed by the scan,
// and the office above decides.
func TestEmptied(t *testing.T) {
	for name, leave := range map[string]func(h *house){
		"disabled": func(h *house) { h.change("town", disable) },
		"the post ends": func(h *house) {
			h.change("town", func(a *yinzheng.Account) { a.Grants[0].To = h.clock().Add(time.Hour) })
			if n := h.scan(); n != 0 {
				t.Errorf("moved %d cases before the post ended", n)
			}
			h.later(time.Hour)
		},
		"the post is gone": func(h *house) { h.change("town", func(a *yinzheng.Account) { a.Grants = nil }) },
		"handed to the clerk": func(h *house) { // who has submitted it, and may not decide it
			_, err := h.HandOver(h.ctx, h.people["admin"], "town", h.version("town"), &yinzheng.Handover{Office: "town", To: "clerk"})
			must(t, err)
			h.reread()
		},
		"only a party is left": func(h *house) {
			h.add("party", 60, [2]string{"approver", "town"})
			h.change("party", func(a *yinzheng.Account) {
				a.Person.Number = yinzheng.SampleValues()["id"].(string)
			})
			if n := h.scan(); n != 0 {
				t.Errorf("moved %d cases while somebody is left", n)
			}
			h.change("town", disable)
		},
		"a loan ends": func(h *house) {
			h.add("owner", 61, [2]string{"approver", "town"})
			must(t, h.store.PutDelegation(h.ctx, &yinzheng.Delegation{ID: "D", From: "owner", To: "second", Office: "town", Role: yinzheng.Approver, Begin: h.clock(), End: h.clock().Add(time.Hour)}))
			h.change("town", disable)
			if n := h.scan(); n != 0 {
				t.Errorf("moved %d cases while somebody is left", n)
			}
			h.change("owner", disable)
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			v := h.atTown("case")
			if n := h.scan(); n != 0 {
				t.Fatalf("moved %d cases whose people are there", n)
			}
			leave(h)
			if n := h.scan(); n != 1 {
				t.Fatalf("moved %d cases", n)
			}
			if v = h.look(v.ID); kinds(v, yinzheng.Recuse) != 1 || len(v.Desks) != 1 || v.Desks[0].Office != "district" || h.told("district", v.ID, "recused") != 1 {
				t.Fatalf("%+v", v)
			}
			if n := h.scan(); n != 0 {
				t.Errorf("moved %d cases again", n)
			}
			v, err := h.Decide(h.ctx, h.people["second"], v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Approve})
			must(t, err)
			if v, err = h.approve(v); err != nil || v.State != yinzheng.Issued {
				t.Errorf("%+v %v", v, err)
			}
		})
	}
}

// TestNobodyMends: a draft and a returned case whose clerks have all left are told
// to the administrators, once, and go on when somebody comes.
func TestNobodyMends(t *testing.T) {
	for state, begin := range map[yinzheng.State]func(h *house) *yinzheng.CaseView{
		yinzheng.Draft: func(h *house) *yinzheng.CaseView {
			v, _, err := h.CreateApplication(h.ctx, h.people["clerk"], &yinzheng.NewApplication{Item: "kin", Values: yinzheng.SampleValues()}, "draft")
			must(h.t, err)
			return v
		},
		yinzheng.Returned: func(h *house) *yinzheng.CaseView {
			v := h.submitted("case")
			v, err := h.Decide(h.ctx, h.people["district"], v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Return, Opinion: "补正"})
			must(h.t, err)
			return v
		},
	} {
		t.Run(string(state), func(t *testing.T) {
			h := newHouse(t)
			h.add("colleague", 60, [2]string{"clerk", "village"})
			v := begin(h)
			stranded := func(want int) {
				t.Helper()
				h.scan()
				a, err := h.store.Application(h.ctx, v.ID)
				must(t, err)
				c := yinzheng.Fold(v.ID, yinzheng.SampleTemplate(), a.Actions)
				if c.State != state || c.Stranded != (want > 0) || h.told("admin", v.ID, "stranded") != want || h.told("clerk", v.ID, "stranded") > 0 {
					t.Fatalf("%s, stranded %v, told %d times, want %d: %+v", c.State, c.Stranded, h.told("admin", v.ID, "stranded"), want, a.Actions)
				}
			}
			stranded(0)
			h.change("clerk", disable)
			stranded(0)
			h.change("colleague", disable)
			stranded(1)
			h.restart()
			stranded(1)
			h.change("clerk", enable)
			stranded(1)
			kept := h.look(v.ID)
			if !kept.Stranded {
				t.Errorf("not shown: %+v", kept)
			}
			if v, err := h.SubmitApplication(h.ctx, h.people["clerk"], v.ID, kept.Version); err != nil || v.Stranded || v.State != yinzheng.Submitted {
				t.Errorf("%+v %v", v, err)
			}
		})
	}
}

// TestOnlyAPartyMends: who is left is a party of the returned case, and may not
// hand it in again.
func TestOnlyAPartyMends(t *testing.T) {
	h := newHouse(t)
	h.add("party", 60, [2]string{"clerk", "village"})
	h.change("party", func(a *yinzheng.Account) { a.Person.Number = yinzheng.SampleValues()["id"].(string) })
	v := h.submitted("case")
	_, err := h.Decide(h.ctx, h.people["district"], v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Return, Opinion: "补正"})
	must(t, err)
	h.change("clerk", disable)
	if n := h.scan(); n != 1 || h.told("admin", v.ID, "stranded") != 1 {
		t.Errorf("moved %d cases", n)
	}
}

// TestLeftInOneName: who loses their own post, but stands in for a party of the
// case, is still at the desk and may not decide.
func TestLeftInOneName(t *testing.T) {
	h := newHouse(t)
	h.add("party", 60, [2]string{"approver", "town"})
	h.add("both", 61, [2]string{"approver", "town"}, [2]string{"clerk", "town"})
	h.change("party", func(a *yinzheng.Account) { a.Person.Number = yinzheng.SampleValues()["id"].(string) })
	h.change("town", disable)
	v := h.atTown("case")
	h.lend("party", "both", yinzheng.Approver, "town")
	if n := h.scan(); n != 0 {
		t.Fatalf("moved %d cases while somebody is left", n)
	}
	h.change("both", func(a *yinzheng.Account) { a.Grants = a.Grants[1:] })
	if n := h.scan(); n != 1 || h.told("district", v.ID, "recused") != 1 {
		t.Errorf("moved %d cases", n)
	}
}

// TestCameAndLeft: somebody comes, a case arrives, they leave, all between two
// scans that find the desk empty: the case is seen all the same.
func TestCameAndLeft(t *testing.T) {
	h := newHouse(t)
	h.submitted("before")
	h.change("district", disable)
	h.change("second", disable)
	if n := h.scan(); n != 1 {
		t.Fatalf("moved %d cases", n)
	}
	h.change("second", enable)
	v := h.submitted("between")
	h.change("second", disable)
	if n := h.scan(); n != 1 || !h.look(v.ID).Stranded {
		t.Errorf("moved %d cases: %+v", n, h.look(v.ID))
	}
}

// TestStranded: where nobody is left above either, the administrators are told,
// once for each time that the case comes to the step.
func TestStranded(t *testing.T) {
	h := newHouse(t)
	h.add("town-admin", 62, [2]string{"admin", "town"})
	v := h.submitted("case")
	if n := h.scan(); n != 0 {
		t.Fatalf("moved %d cases whose people are there", n)
	}
	h.change("district", disable)
	h.change("second", disable)
	for _, moved := range []int{1, 0} {
		if n := h.scan(); n != moved {
			t.Fatalf("moved %d cases, want %d", n, moved)
		}
		v = h.look(v.ID)
		if !v.Stranded || kinds(v, yinzheng.Strand) != 1 || h.told("admin", v.ID, "stranded") != 1 || h.told("town-admin", v.ID, "stranded") != 0 || h.told("town", v.ID, "stranded") != 0 {
			t.Fatalf("%+v", v)
		}
		h.restart()
	}
	list, err := h.Notices(h.ctx, h.people["admin"], 0, 10)
	if err != nil || list[0].About != "district" || list[0].Step != "district" {
		t.Errorf("%+v %v", list, err)
	}
	if list, err := h.StrandedCases(h.ctx, h.people["admin"]); err != nil || len(list) != 1 || list[0].ID != v.ID || list[0].Office != "district" {
		t.Errorf("%+v %v", list, err)
	}
	if list, err := h.StrandedCases(h.ctx, h.people["town-admin"]); err != nil || len(list) != 0 {
		t.Errorf("beyond their offices: %+v %v", list, err)
	}
	if _, err := h.StrandedCases(h.ctx, h.people["town"]); !errors.Is(err, yinzheng.ErrForbidden) {
		t.Error(err)
	}
	// It waits for whoever comes.
	h.change("second", enable)
	if list, err := h.StrandedCases(h.ctx, h.people["admin"]); err != nil || len(list) != 0 {
		t.Errorf("somebody is there: %+v %v", list, err)
	}
	if n := h.scan(); n != 0 {
		t.Errorf("moved %d cases", n)
	}
	v, err = h.Decide(h.ctx, h.people["second"], v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Return, ToStep: "town", Opinion: "补正"})
	must(t, err)
	if v.Stranded {
		t.Error("stranded at a step that has its people")
	}
	h.change("second", disable)
	if v, err = h.Decide(h.ctx, h.people["town"], v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Approve}); err != nil || !v.Stranded || h.told("admin", v.ID, "stranded") != 2 {
		t.Errorf("nobody is there when it comes: %+v %v", v, err)
	}
}

// TestScanIsCheap: the cases of a desk are looked at when this process begins
// and when somebody leaves the desk, not otherwise, however many there are.
func TestScanIsCheap(t *testing.T) {
	h := newHouse(t)
	h.add("town2", 63, [2]string{"approver", "town"})
	const cases = 230 // more than a desk's turn
	for i := range cases {
		h.atTown(fmt.Sprint("case", i))
	}
	looks := func(what string, want, moved int) {
		t.Helper()
		h.store.loads = 0
		if n := h.scan(); n != moved || h.store.loads != want {
			t.Errorf("%s: %d cases looked at, %d moved; want %d, %d", what, h.store.loads, n, want, moved)
		}
	}
	looks("at the beginning", cases, 0)
	looks("nothing happened", 0, 0)
	h.add("town3", 64, [2]string{"approver", "town"})
	looks("somebody came", 0, 0)
	h.change("town3", disable)
	looks("somebody left", cases, 0)
	looks("nothing happened", 0, 0)
	h.change("town", disable)
	h.change("town2", disable)
	looks("everybody left", cases, cases)
	looks("nothing happened", cases, 0) // the district's desk, new to this process
	looks("nothing happened", 0, 0)
}

// TestEmptiedPost: of two posts side by side one has lost its people. The other
// one decides; then the office above does.
func TestEmptiedPost(t *testing.T) {
	h := newHouse(t)
	tpl := yinzheng.SampleTemplate()
	tpl.Chain[1].Deciders = []yinzheng.Post{{Role: yinzheng.Approver}, {Role: yinzheng.Approver, Function: "police"}}
	d := yinzheng.SampleDirectory()
	must(t, h.store.PutDirectory(h.ctx, yinzheng.NewDirectory(nil, []yinzheng.Office{{ID: "police", Name: "派出所", Division: d.Office("town").Division, Function: "police"}}, nil)))
	h.publish(tpl)
	h.add("police", 65, [2]string{"approver", "police"})
	v := h.atTown("case")
	h.change("police", disable)
	if n := h.scan(); n != 0 {
		t.Fatalf("moved %d cases that somebody may decide", n)
	}
	v, err := h.Decide(h.ctx, h.people["town"], v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Approve})
	must(t, err)
	if v.Step.Key != "town" || len(v.Desks) != 1 || v.Desks[0].Office != "district" {
		t.Fatalf("%+v", v)
	}
	v, err = h.Decide(h.ctx, h.people["second"], v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Approve})
	if err != nil || v.Step.Key != "district" {
		t.Fatalf("%+v %v", v, err)
	}
}

// TestScanCutOff: whichever call of the store fails in a scan, lost or kept, and
// whether the process goes on or is gone: in the end each case was escalated,
// has lapsed or was handed on exactly once, and so were they told.
func TestScanCutOff(t *testing.T) {
	h := newHouse(t)
	tpl := yinzheng.SampleTemplate()
	tpl.Chain[1].Limit, tpl.Chain[1].TakeOver, tpl.MendDays = 2, &yinzheng.Post{Level: yinzheng.District}, 1
	h.publish(tpl)
	names := map[string]bool{}
	for at, hit := 1, true; hit; at++ {
		hit = false
		for i := range 4 {
			kept, gone := i&1 > 0, i&2 > 0
			key := fmt.Sprint(at, kept, gone)
			late, unmended := h.atTown(key+"late"), h.atTown(key+"unmended")
			_, err := h.Decide(h.ctx, h.people["town"], unmended.ID, unmended.Version, yinzheng.Decision{Action: yinzheng.Return, Opinion: "补正"})
			must(t, err)
			h.later(10 * 24 * time.Hour)
			fresh := h.atTown(key + "fresh")
			h.change("town", disable)
			h.store.arm(at, kept)
			_, err = h.Scan(h.ctx)
			failed := h.store.failed
			h.store.arm(0, false)
			names[failed] = true
			hit = hit || failed != ""
			if (failed != "") != errors.Is(err, yinzheng.ErrUnavailable) {
				t.Errorf("call %d (%s) failed and the scan says %v", at, failed, err)
			}
			if gone {
				h.restart()
			}
			h.scan()
			for v, want := range map[*yinzheng.CaseView][3]int{late: {1, 0, 0}, unmended: {0, 1, 0}, fresh: {0, 0, 1}} {
				after := h.look(v.ID)
				got := [3]int{kinds(after, yinzheng.Escalate), kinds(after, yinzheng.Lapse), kinds(after, yinzheng.Recuse)}
				told := [3]int{h.told("district", v.ID, "overdue"), h.told("clerk", v.ID, "lapsed"), h.told("district", v.ID, "recused")}
				if v == late && got[2] == 1 { // the limits were cut off, so that its desk was empty first
					want[2] = 1
				}
				if got != want || told != want {
					t.Errorf("call %d (%s), kept %v, gone %v: escalated, lapsed, recused %v, told %v, want %v", at, failed, kept, gone, got, told, want)
				}
				if after.State == yinzheng.Submitted {
					_, err = h.WithdrawApplication(h.ctx, h.people["clerk"], after.ID, after.Version, "")
					must(t, err)
				}
			}
			h.change("town", enable)
		}
	}
	for _, want := range []string{"Overdue", "Application", "Tx", "SaveApplication", "Notify", "DesksAt", "Queue", "PeopleAt"} {
		if !names[want] {
			t.Errorf("%s never failed: %v", want, names)
		}
	}
}

// TestCutOffBetween: a case is moved, and the process is gone, or the store
// fails, before it saw to it that somebody may decide: the scan does.
func TestCutOffBetween(t *testing.T) {
	for _, gone := range []bool{false, true} {
		h := newHouse(t)
		other := h.atTown("other") // its desk is known to the scan
		h.change("district", disable)
		h.change("second", disable)
		h.scan()
		v := h.atTown("case")
		h.store.failing = "PeopleAt"
		v, err := h.Decide(h.ctx, h.people["town"], v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Approve})
		must(t, err)
		if v.Stranded {
			t.Fatal("the store did not fail")
		}
		h.store.failing = ""
		if gone {
			h.restart()
		}
		if n := h.scan(); n != 1 || !h.look(v.ID).Stranded || h.look(other.ID).Stranded {
			t.Errorf("gone %v: moved %d", gone, n)
		}
	}
}

// TestClockSetBack: the history stays in order, a limit is as long as promised,
// and nothing is escalated early.
func TestClockSetBack(t *testing.T) {
	h := newHouse(t)
	tpl := yinzheng.SampleTemplate()
	tpl.Chain[1].Limit, tpl.Chain[1].TakeOver = 2, &yinzheng.Post{Level: yinzheng.District}
	tpl.Chain[2].Limit = 2
	h.publish(tpl)
	v := h.atTown("case")
	due := *v.Due
	h.later(-30 * 24 * time.Hour)
	if n := h.scan(); n != 0 {
		t.Fatalf("moved %d cases", n)
	}
	v, err := h.Decide(h.ctx, h.people["town"], v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Approve})
	must(t, err)
	if v.Due.Before(due) {
		t.Errorf("the next limit ends %v, before the first (%v)", v.Due, due)
	}
	h.later(20 * 24 * time.Hour)
	if n := h.scan(); n != 0 {
		t.Fatalf("escalated ten days early: %d", n)
	}
	h.later(15 * 24 * time.Hour)
	for _, moved := range []int{1, 0} {
		if n := h.scan(); n != moved {
			t.Fatalf("moved %d cases, want %d", n, moved)
		}
		h.later(-time.Hour)
	}
	if v, err = h.approve(h.look(v.ID)); err != nil || v.State != yinzheng.Issued {
		t.Fatalf("%+v %v", v, err)
	}
	for i, x := range v.History[1:] {
		if x.At.Before(v.History[i].At) {
			t.Errorf("action %d is at %v, the one before it at %v", x.Seq, x.At, v.History[i].At)
		}
	}
	h.whole(v.ID)
}
