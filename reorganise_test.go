package yinzheng_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/offices"
)

const (
	testDistrict = "441302000000"
	testTown     = "441302001000"
	testTownB    = "441302002000"
	testVillage  = "441302001001"
	testSibling  = "441302001002"
)

// reorganise decides an order as the administrator.
func (h *house) reorganise(o offices.Order) (*yinzheng.Reorganisation, error) {
	h.t.Helper()
	if o.Title == "" {
		o.Title = "惠府〔2026〕1号"
	}
	r, err := offices.Plan(h.Directory(), &o, h.clock())
	must(h.t, err)
	return r, h.Reorganise(h.ctx, h.people["admin"], r, false)
}

func mergeVillages() offices.Order {
	return offices.Order{Merge: []offices.Merge{{Divisions: []string{testVillage, testSibling}, Into: offices.Part{Code: "441302001099", Name: "新河社区"}}}}
}

// again reads somebody's account anew: their posts may have moved.
func (h *house) again(who string) *yinzheng.Account {
	h.t.Helper()
	a, err := h.store.Account(h.ctx, h.people[who].ID)
	must(h.t, err)
	return a
}

// TestMergeKeepsCasesGoing: a draft, a returned case, one at each step: all of
// them end in a certificate, by the people who moved along.
func TestMergeKeepsCasesGoing(t *testing.T) {
	h := newHouse(t)
	clerk := h.people["clerk"]
	draft, _, err := h.CreateApplication(h.ctx, clerk, &yinzheng.NewApplication{Item: "kin", Values: yinzheng.SampleValues()}, "draft")
	must(t, err)
	// taken in by the sibling for the village, whose step it waits for
	home, _, err := h.CreateApplication(h.ctx, h.people["sibling"], &yinzheng.NewApplication{Item: "kin", Division: testVillage, Values: yinzheng.SampleValues()}, "home")
	must(t, err)
	home, err = h.SubmitApplication(h.ctx, h.people["sibling"], home.ID, home.Version)
	must(t, err)
	back := h.submitted("back")
	back, err = h.Decide(h.ctx, h.people["district"], back.ID, back.Version, yinzheng.Decision{Action: yinzheng.Return, Opinion: "缺材料"})
	must(t, err)
	district := h.submitted("district")
	issued := h.issued("issued")

	r, err := h.reorganise(mergeVillages())
	must(t, err)
	if r.MovedAt.IsZero() || r.AppliedAt.IsZero() {
		t.Fatalf("not done: %+v", r)
	}
	clerk, sibling := h.again("clerk"), h.again("sibling")
	for id, moved := range map[string]bool{draft.ID: true, home.ID: true, back.ID: true, district.ID: true, issued.ID: false} {
		v, err := h.Application(h.ctx, clerk, id)
		must(t, err)
		last := v.History[len(v.History)-1]
		if moved != (last.Kind == yinzheng.Move) || moved && (v.Office != "o441302001099" || v.Division != "441302001099" || last.Opinion != "惠府〔2026〕1号") {
			t.Errorf("%s: %s at %s, %s: %+v", id, v.State, v.Office, v.Division, last)
		}
		if first := v.History[0]; first.Called != map[string]string{"village": "下角社区居民委员会", "sibling": "金山社区居民委员会"}[first.Office] {
			t.Errorf("%s: history calls %s %q", id, first.Office, first.Called)
		}
	}
	// those who have it now are told
	for who, id := range map[*yinzheng.Account]string{clerk: draft.ID, h.people["district"]: district.ID} {
		told, err := h.Notices(h.ctx, who, 0, 0)
		must(t, err)
		if !slices.ContainsFunc(told, func(n yinzheng.Notice) bool { return n.Kind == "moved" && n.Application == id }) {
			t.Errorf("%s was not told of %s: %+v", who.ID, id, told)
		}
	}
	// who looked at the case before has to look again
	if _, err := h.SubmitApplication(h.ctx, clerk, draft.ID, draft.Version); !errors.Is(err, yinzheng.ErrConflict) || !strings.Contains(err.Error(), "reorganisation") {
		t.Errorf("a stale version: %v", err)
	}
	finish := func(v *yinzheng.CaseView, by ...*yinzheng.Account) {
		t.Helper()
		v, err := h.Application(h.ctx, by[0], v.ID)
		must(t, err)
		if v.State == yinzheng.Draft || v.State == yinzheng.Returned {
			v, err = h.SubmitApplication(h.ctx, by[0], v.ID, v.Version)
			must(t, err)
			by = by[1:]
		}
		for _, who := range by {
			v, err = h.Decide(h.ctx, who, v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Approve})
			must(t, err)
		}
		if v.State != yinzheng.Issued {
			t.Fatalf("%s: %v", v.State, v.Trouble)
		}
		h.agree(v.Certificate.Code, yinzheng.Valid)
	}
	finish(draft, clerk, h.people["town"], h.people["district"])
	finish(home, clerk, h.people["town"], h.people["second"])
	finish(back, sibling, h.people["town"], h.people["district"])
	finish(district, h.people["second"])
	// the queue of the new office has what was finished before, too
	entries, _, err := h.Workqueue(h.ctx, sibling, []yinzheng.State{yinzheng.Issued}, "", 0)
	must(t, err)
	if len(entries) != 5 {
		t.Errorf("%d finished cases in the new office's queue", len(entries))
	}
}

// TestReorganisationSurvives: whichever write fails, lost or kept, the same
// reorganisation goes on to its end, once, and no case is lost or moved twice.
func TestReorganisationSurvives(t *testing.T) {
	for at, hit := 1, true; hit; at++ {
		hit = false
		for _, kept := range []bool{false, true} {
			h := newHouse(t)
			ids := []string{h.submitted("a").ID, h.submitted("b").ID}
			h.store.arm(at, kept)
			o := mergeVillages()
			o.Title = "惠府〔2026〕1号"
			r, err := offices.Plan(h.Directory(), &o, h.clock())
			must(t, err)
			err = h.Reorganise(h.ctx, h.people["admin"], r, false)
			failed := h.store.failed
			hit = hit || failed != ""
			h.store.arm(0, false)
			h.restart()
			list, e := h.TreeHistory(h.ctx, h.people["admin"], 0)
			must(t, e)
			if len(list) == 0 { // nothing was kept: said so, and can be done again
				if err == nil {
					t.Fatalf("%s at %d: reported done, and nothing is kept", failed, at)
				}
				_, err = h.reorganise(mergeVillages())
				must(t, err)
			}
			_, err = h.Scan(h.ctx)
			must(t, err)
			list, e = h.TreeHistory(h.ctx, h.people["admin"], 0)
			must(t, e)
			if len(list) != 1 || list[0].MovedAt.IsZero() {
				t.Fatalf("%s at %d, kept %v: %d reorganisations, the last %+v", failed, at, kept, len(list), list[0])
			}
			for _, id := range ids {
				a, err := h.store.Application(h.ctx, id)
				must(t, err)
				moves := 0
				for _, x := range a.Actions {
					if x.Kind == yinzheng.Move {
						moves++
					}
				}
				if moves != 1 || a.Division != "441302001099" {
					t.Errorf("%s at %d, kept %v: moved %d times to %s", failed, at, kept, moves, a.Division)
				}
			}
			if a := h.again("clerk"); len(a.Grants) != 2 {
				t.Errorf("%s at %d, kept %v: grants %v", failed, at, kept, a.Grants)
			}
		}
		if at > 60 {
			t.Fatal("no end")
		}
	}
}

// TestPlannedReorganisation waits for its day, can be cancelled until then, and
// keeps others off what it will touch.
func TestPlannedReorganisation(t *testing.T) {
	h := newHouse(t)
	o := mergeVillages()
	o.Effective = h.clock().AddDate(0, 0, 10).In(yinzheng.Zone).Format(time.DateOnly)
	r, err := h.reorganise(o)
	must(t, err)
	if r.ID == "" || !r.AppliedAt.IsZero() || h.Directory().DivisionNow(testVillage) != testVillage {
		t.Fatalf("%+v", r)
	}
	if _, err := h.reorganise(mergeVillages()); !errors.Is(err, yinzheng.ErrConflict) {
		t.Errorf("twice: %v", err)
	}
	_, err = h.CancelReorganisation(h.ctx, h.people["admin"], r.ID)
	must(t, err)
	if _, err := h.CancelReorganisation(h.ctx, h.people["admin"], r.ID); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("cancelled twice: %v", err)
	}
	o.Title = "惠府〔2026〕2号"
	if _, err = h.reorganise(o); err != nil {
		t.Fatal(err)
	}
	open := h.submitted("open")
	for range 9 {
		h.later(24 * time.Hour)
		_, err = h.Scan(h.ctx)
		must(t, err)
		if h.Directory().DivisionNow(testVillage) != testVillage {
			t.Fatal("before its day")
		}
	}
	h.later(24 * time.Hour)
	h.restart()
	_, err = h.Scan(h.ctx)
	must(t, err)
	if h.Directory().DivisionNow(testVillage) == testVillage {
		t.Fatal("its day has passed")
	}
	v, err := h.Application(h.ctx, h.people["district"], open.ID)
	must(t, err)
	if v.Division != "441302001099" {
		t.Errorf("the open case is of %s", v.Division)
	}
	if _, err := h.CancelReorganisation(h.ctx, h.people["admin"], r.ID); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("cancelled when done: %v", err)
	}
}

// TestOrganEndsWhileIssuing: a case whose number was reserved under the organ
// that has ended since is sealed by its successor, under another number.
func TestOrganEndsWhileIssuing(t *testing.T) {
	for _, change := range []string{"merged", "renamed"} {
		h := newHouse(t)
		v := h.submitted("slow")
		h.sealer.set(errDisk)
		v, err := h.approve(v)
		must(t, err)
		if v.State != yinzheng.Issuing {
			t.Fatal(v.State)
		}
		before, err := h.store.Reserved(h.ctx, caseOf(h, v.ID).Code)
		must(t, err)
		order := offices.Order{
			Add:   offices.Additions{Organs: []offices.NewOrgan{{Code: newOrgan, Name: "惠州市惠城区政务服务局"}}, Offices: []offices.NewOffice{{Name: "政务服务局", Division: testDistrict, Function: "services", Organ: newOrgan}}},
			Close: []offices.Close{{Office: "district", Successor: "o" + testDistrict + "-services"}},
		}
		if change == "renamed" {
			order = offices.Order{Rename: []offices.Rename{{Organ: yinzheng.DistrictOrgan, Name: "惠州市惠城区民政和社会局"}}}
		}
		if _, err = h.reorganise(order); err != nil {
			t.Fatal(err)
		}
		h.sealer.set(nil)
		h.later(time.Minute)
		_, err = h.Recover(h.ctx)
		must(t, err)
		v, err = h.Application(h.ctx, h.again("second"), v.ID)
		must(t, err)
		if v.State != yinzheng.Issued {
			t.Fatalf("%s: %s, %v\n%s", change, v.State, v.Trouble, h.log)
		}
		cert, err := h.store.Certificate(h.ctx, v.Certificate.Code)
		must(t, err)
		if cert.Number == before.Number || cert.OrganName == before.OrganName {
			t.Errorf("%s: %s of %s, as reserved", change, cert.Number, cert.OrganName)
		}
		h.agree(cert.Code, yinzheng.Valid)
		if _, err := h.store.Certificate(h.ctx, before.Code); !errors.Is(err, yinzheng.ErrNotFound) {
			t.Errorf("%s: the reservation given up: %v", change, err)
		}
	}
}

var newOrgan = yinzheng.CreditCode("11441302MB2C00009")

func caseOf(h *house, id string) *yinzheng.Application {
	a, err := h.store.Application(h.ctx, id)
	must(h.t, err)
	return a
}

// TestSplit: cases go to the first part but for those that are named.
func TestSplit(t *testing.T) {
	h := newHouse(t)
	stays, goes := h.submitted("stays"), h.submitted("goes")
	_, err := h.reorganise(offices.Order{
		Split: []offices.Split{{Division: testVillage, Parts: []offices.Part{{Code: "441302001011", Name: "上角社区"}, {Code: "441302001012", Name: "下角新社区"}}}},
		Cases: map[string]string{goes.ID: "441302001012"},
	})
	must(t, err)
	for id, want := range map[string]string{stays.ID: "441302001011", goes.ID: "441302001012"} {
		a := caseOf(h, id)
		if a.Division != want || a.Office != "o"+want {
			t.Errorf("%s is of %s, %s; want %s", id, a.Division, a.Office, want)
		}
	}
}

// TestReorganiseRefused: by whom, and what does not hold together.
func TestReorganiseRefused(t *testing.T) {
	h := newHouse(t)
	for who, want := range map[string]error{"clerk": yinzheng.ErrForbidden, "district": yinzheng.ErrForbidden} {
		o := mergeVillages()
		o.Title = "x"
		r, err := offices.Plan(h.Directory(), &o, h.clock())
		must(t, err)
		if err := h.Reorganise(h.ctx, h.people[who], r, false); !errors.Is(err, want) {
			t.Errorf("%s: %v", who, err)
		}
	}
	for name, tt := range map[string]struct {
		order offices.Order
		want  string // error kind or code of a field
	}{
		"abroad":         {offices.Order{Rename: []offices.Rename{{Division: "441303000000", Name: "x"}}}, "forbidden"},
		"above":          {offices.Order{Rename: []offices.Rename{{Division: "441300000000", Name: "x"}}}, "forbidden"},
		"moved out":      {offices.Order{Move: []offices.Move{{Division: testTown, Parent: "441303000000"}}}, "forbidden"},
		"new root":       {offices.Order{Add: offices.Additions{Divisions: []offices.NewDivision{{Code: "450000000000", Name: "x", Level: "province"}}}}, "forbidden"},
		"parent below":   {offices.Order{Move: []offices.Move{{Division: testTown, Parent: testVillage}}}, "parent"},
		"blank name":     {offices.Order{Rename: []offices.Rename{{Office: "town", Name: " x"}}}, "name"},
		"control":        {offices.Order{Rename: []offices.Rename{{Office: "town", Name: "x\u202e"}}}, "invisible-character"},
		"own successor":  {offices.Order{Close: []offices.Close{{Office: "town", Successor: "town"}}}, "successor"},
		"no organ left":  {offices.Order{Close: []offices.Close{{Office: "district", Successor: "village"}}}, "no-office"},
		"no such organ":  {offices.Order{Add: offices.Additions{Offices: []offices.NewOffice{{Name: "x", Division: testTown, Function: "f", Organ: newOrgan}}}}, "organ"},
		"no credit code": {offices.Order{Add: offices.Additions{Organs: []offices.NewOrgan{{Code: "1", Name: "x"}}, Offices: []offices.NewOffice{{Name: "x", Division: testTown, Function: "f", Organ: "1"}}}}, "credit-code"},
		"seat taken":     {offices.Order{Add: offices.Additions{Offices: []offices.NewOffice{{Name: "x", Division: testTown}}}}, "twice"},
		"nothing":        {offices.Order{Rename: []offices.Rename{{Division: testTown, Name: "桥西街道"}}}, "invalid"},
	} {
		_, err := h.reorganise(tt.order)
		var e *yinzheng.Error
		if !errors.As(err, &e) || e.Kind.Error() != tt.want && (len(e.Fields) == 0 || !strings.Contains(fmt.Sprint(e.Fields), tt.want) && !hasCode(e.Fields, tt.want)) {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
	if list, err := h.TreeHistory(h.ctx, h.people["admin"], 0); err != nil || len(list) != 0 {
		t.Errorf("refused, and kept: %v, %v", list, err)
	}
}

func hasCode(fields []yinzheng.FieldError, code string) bool {
	for _, f := range fields {
		if f.Code == code {
			return true
		}
	}
	return false
}

// TestOfficesAtOnce: of two administrators who change the same, one is told to
// look again; what they change apart from each other is never lost.
func TestOfficesAtOnce(t *testing.T) {
	for what, rename := range map[string]offices.Rename{
		"the same": {Division: testSibling, Name: "金山新社区"},
		"apart":    {Office: "town-b", Name: "桥东街道便民服务中心"},
	} {
		for range 5 {
			h := newHouse(t)
			o := mergeVillages()
			o.Title = "甲"
			a, err := offices.Plan(h.Directory(), &o, h.clock())
			must(t, err)
			b, err := offices.Plan(h.Directory(), &offices.Order{Title: "乙", Rename: []offices.Rename{rename}}, h.clock())
			must(t, err)
			errs := make(chan error, 2)
			for _, r := range []*yinzheng.Reorganisation{a, b} {
				go func() { errs <- h.Reorganise(context.WithoutCancel(h.ctx), h.people["admin"], r, false) }()
			}
			one, two := <-errs, <-errs
			told := errors.Is(errors.Join(one, two), yinzheng.ErrConflict)
			if one != nil && two != nil || what == "the same" && !told || !told && (one != nil || two != nil) {
				t.Errorf("%s: %v, %v", what, one, two)
			}
			must(t, h.Reload(h.ctx))
			d := h.Directory()
			merged, renamed := d.DivisionNow(testSibling) != testSibling, d.Office("town-b").Name == rename.Name || d.Division(testSibling).Name == rename.Name
			if done := map[bool]int{merged: 1}[true] + map[bool]int{renamed: 1}[true]; done != map[bool]int{true: 1, false: 2}[told] {
				t.Errorf("%s: merged %v, renamed %v, told %v", what, merged, renamed, told)
			}
		}
	}
}
