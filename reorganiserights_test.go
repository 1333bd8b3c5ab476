package yinzheng_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/offices"
)

// TestAdministratorOfAPart: whatever an order names, before and after, lies below
// the administrator's own office; seals are made by the topmost alone.
func TestAdministratorOfAPart(t *testing.T) {
	h := newHouse(t)
	h.add("village-admin", 80, [2]string{"admin", "village"})
	h.add("town-admin", 81, [2]string{"admin", "town"})
	open := h.submitted("open")
	for name, tt := range map[string]struct {
		who   string
		order offices.Order
		may   bool
	}{
		"goes where the district is":     {"village-admin", offices.Order{Close: []offices.Close{{Office: "village", Successor: "district"}}}, false},
		"goes into another's village":    {"town-admin", offices.Order{Merge: []offices.Merge{{Divisions: []string{testVillage}, Into: offices.Part{Code: "441302002001"}}}}, false},
		"secedes":                        {"village-admin", offices.Order{Move: []offices.Move{{Division: testVillage, Parent: ""}}}, false},
		"secedes as a town":              {"town-admin", offices.Order{Move: []offices.Move{{Division: testTown, Parent: ""}}}, false},
		"takes the district's organ":     {"village-admin", offices.Order{Add: offices.Additions{Offices: []offices.NewOffice{{Name: "x", Division: testVillage, Function: "f", Organ: yinzheng.DistrictOrgan}}}}, false},
		"makes an organ":                 {"village-admin", offices.Order{Add: offices.Additions{Organs: []offices.NewOrgan{{Code: newOrgan, Name: "某局"}}, Offices: []offices.NewOffice{{Name: "x", Division: testVillage, Function: "f", Organ: newOrgan}}}}, false},
		"renames the town's organ":       {"town-admin", offices.Order{Rename: []offices.Rename{{Organ: yinzheng.TownOrgan, Name: "惠州市惠城区民政局二"}}}, false},
		"ends the district's organ":      {"town-admin", offices.Order{Close: []offices.Close{{Office: "district", Successor: "town"}}}, false},
		"takes a village in":             {"town-admin", offices.Order{Move: []offices.Move{{Division: "441302002001", Parent: testTown}}}, false},
		"gives a village away":           {"town-admin", offices.Order{Move: []offices.Move{{Division: testVillage, Parent: testTownB}}}, false},
		"renames its own":                {"village-admin", offices.Order{Rename: []offices.Rename{{Division: testVillage, Name: "新名"}}}, true},
		"merges its own":                 {"town-admin", mergeVillages(), true},
		"adds to its own":                {"town-admin", offices.Order{Add: offices.Additions{Divisions: []offices.NewDivision{{Code: "441302001077", Name: "新村", Parent: testTown, Level: "village"}}}}, true},
		"the topmost makes an organ":     {"admin", offices.Order{Add: offices.Additions{Organs: []offices.NewOrgan{{Code: newOrgan, Name: "某局"}}, Offices: []offices.NewOffice{{Name: "x", Division: testTown, Function: "f", Organ: newOrgan}}}}, true},
		"an organ of a name that exists": {"admin", offices.Order{Add: offices.Additions{Organs: []offices.NewOrgan{{Code: newOrgan, Name: "惠州市惠城区民政局"}}, Offices: []offices.NewOffice{{Name: "x", Division: testTown, Function: "f", Organ: newOrgan}}}}, false},
	} {
		tt.order.Title = "惠府〔2026〕1号"
		r, err := offices.Plan(h.Directory(), &tt.order, h.clock())
		must(t, err)
		err = h.Reorganise(h.ctx, h.people[tt.who], r, true)
		if tt.may != (err == nil) || !tt.may && !errors.Is(err, yinzheng.ErrForbidden) && !strings.Contains(name, "exists") {
			t.Errorf("%s: %v", name, err)
		}
	}
	// a case goes to a part of its own division only
	for id, to := range map[string]string{open.ID: "441302002001", "0000000000": "441302001012"} {
		o := offices.Order{Title: "x", Split: []offices.Split{{Division: testSibling, Parts: []offices.Part{{Code: testSibling}, {Code: "441302001012", Name: "新"}}}}}
		r, err := offices.Plan(h.Directory(), &o, h.clock())
		must(t, err)
		r.Cases = map[string]string{id: to}
		if err := h.Reorganise(h.ctx, h.people["admin"], r, false); !errors.Is(err, yinzheng.ErrInvalid) {
			t.Errorf("case %s to %s: %v", id, to, err)
		}
	}
	// what was lent counts for nothing here, though it makes an administrator
	must(t, h.store.PutDelegation(h.ctx, &yinzheng.Delegation{ID: "D", From: "admin", To: "second", Office: "district", Role: yinzheng.Admin, Begin: h.clock().Add(-time.Hour), End: h.clock().Add(time.Hour)}))
	o := mergeVillages()
	o.Title = "x"
	r, err := offices.Plan(h.Directory(), &o, h.clock())
	must(t, err)
	second := h.again("second")
	must(t, h.MayOperate(second))
	if err := h.Reorganise(h.ctx, second, r, true); !errors.Is(err, yinzheng.ErrForbidden) {
		t.Errorf("by a lent post: %v", err)
	}
}

// TestPlansOfOthers: who may cancel a plan, and who sees it.
func TestPlansOfOthers(t *testing.T) {
	h := newHouse(t)
	h.add("town-admin", 81, [2]string{"admin", "town"})
	h.add("other-admin", 82, [2]string{"admin", "town-b"})
	o := mergeVillages()
	o.Effective = "2026-12-24"
	r, err := h.reorganise(o)
	must(t, err)
	if _, err := h.CancelReorganisation(h.ctx, h.people["town-admin"], r.ID); !errors.Is(err, yinzheng.ErrForbidden) {
		t.Errorf("somebody below cancels: %v", err)
	}
	for who, want := range map[string]int{"admin": 1, "town-admin": 1, "other-admin": 0} {
		if list, err := h.TreeHistory(h.ctx, h.people[who], 0); err != nil || len(list) != want {
			t.Errorf("%s sees %d plans, %v", who, len(list), err)
		}
	}
}

// hangUp is a store whose client goes away as soon as a reorganisation is applied.
type hangUp struct {
	yinzheng.Store
	cancel context.CancelFunc
	marked bool
}

func (s *hangUp) MarkReorganisation(ctx context.Context, r *yinzheng.Reorganisation) error {
	s.marked = true
	return s.Store.MarkReorganisation(ctx, r)
}

func (s *hangUp) Tx(ctx context.Context, fn func(context.Context) error) error {
	err := s.Store.Tx(ctx, fn)
	if err == nil && s.marked {
		s.cancel()
	}
	return err
}

// TestHangUp: who decided it goes away in the middle; it is carried out all the
// same.
func TestHangUp(t *testing.T) {
	h := newHouse(t)
	ctx, cancel := context.WithCancel(h.ctx)
	h.config.Store = &hangUp{Store: h.store, cancel: cancel}
	h.restart()
	open := h.submitted("open")
	o := mergeVillages()
	o.Title = "一"
	r, err := offices.Plan(h.Directory(), &o, h.clock())
	must(t, err)
	if err := h.Reorganise(ctx, h.people["admin"], r, false); err != nil || r.MovedAt.IsZero() {
		t.Errorf("%v, %+v", err, r)
	}
	if h.Directory().DivisionNow(testVillage) == testVillage || caseOf(h, open.ID).Division != "441302001099" {
		t.Error("the tree, or the case, is the old one")
	}
}

// TestSplitThatStays: named cases go to a new part though the division stays.
func TestSplitThatStays(t *testing.T) {
	h := newHouse(t)
	stays, goes := h.submitted("stays"), h.submitted("goes")
	_, err := h.reorganise(offices.Order{
		Split: []offices.Split{{Division: testVillage, Parts: []offices.Part{{Code: testVillage}, {Code: "441302001012", Name: "新社区"}}}},
		Cases: map[string]string{goes.ID: "441302001012"},
	})
	must(t, err)
	if a := caseOf(h, stays.ID); a.Division != testVillage || a.Office != "village" {
		t.Errorf("stays: %s, %s", a.Division, a.Office)
	}
	if a := caseOf(h, goes.ID); a.Division != "441302001012" || a.Office != "o441302001012" {
		t.Errorf("goes: %s, %s", a.Division, a.Office)
	}
}

// TestOneCaseHoldsUpNoOther: a case that cannot be read keeps none of the others
// from moving; the administrators are told, and it moves when it can be read.
func TestOneCaseHoldsUpNoOther(t *testing.T) {
	h := newHouse(t)
	var ids []string
	old := h.submitted("old")
	tpl := yinzheng.SampleTemplate()
	h.publish(tpl) // version 2; version 1 is gone
	for _, key := range []string{"a", "b"} {
		ids = append(ids, h.submitted(key).ID)
	}
	r, err := h.reorganise(mergeVillages())
	must(t, err)
	if r.AppliedAt.IsZero() || !r.MovedAt.IsZero() || r.Trouble == nil {
		t.Fatalf("%+v", r)
	}
	for _, id := range ids {
		if a := caseOf(h, id); a.Division != "441302001099" {
			t.Errorf("%s was held up", id)
		}
	}
	_, err = h.Scan(h.ctx)
	must(t, err)
	told, err := h.Notices(h.ctx, h.people["admin"], 0, 0)
	must(t, err)
	stuck := 0
	for _, n := range told {
		if n.Kind == "reorganisation-stuck" && n.About == r.ID {
			stuck++
		}
	}
	if stuck != 1 {
		t.Errorf("the administrator was told %d times", stuck)
	}
	h.config.Templates = append(h.config.Templates, yinzheng.SampleTemplate())
	h.restart()
	_, err = h.Scan(h.ctx)
	must(t, err)
	if a := caseOf(h, old.ID); a.Division != "441302001099" {
		t.Error("it never moved")
	}
}

// brokenMint makes no seals while it is broken.
type brokenMint struct {
	yinzheng.SealMaker
	broken bool
	made   int
}

func (m *brokenMint) MakeSeals(ctx context.Context, o *yinzheng.Organ, purposes ...yinzheng.KeyPurpose) ([]*yinzheng.Key, error) {
	if m.broken {
		return nil, errDisk
	}
	m.made++
	return m.SealMaker.MakeSeals(ctx, o, purposes...)
}

// TestSealComesLater: the old seal stops on the day even if the new one cannot be
// made yet. What is approved waits for it.
func TestSealComesLater(t *testing.T) {
	h := newHouse(t)
	m := &brokenMint{SealMaker: h.config.Seals, broken: true}
	h.config.Seals = m
	h.restart()
	v := h.submitted("waits")
	_, err := h.reorganise(offices.Order{Rename: []offices.Rename{{Organ: yinzheng.DistrictOrgan, Name: "惠州市惠城区民政和社会局"}}})
	must(t, err)
	for range 3 {
		_, err = h.Scan(h.ctx)
		must(t, err)
	}
	for _, k := range h.KeyList().Keys {
		if k.Organ == yinzheng.DistrictOrgan && k.State == yinzheng.KeyActive {
			t.Errorf("%s signs still", k.KID)
		}
	}
	v, err = h.approve(v)
	must(t, err)
	if v.State != yinzheng.Approved || v.Trouble == nil {
		t.Fatalf("%s, %v", v.State, v.Trouble)
	}
	m.broken = false
	_, err = h.Scan(h.ctx)
	must(t, err)
	_, err = h.Recover(h.ctx)
	must(t, err)
	v, err = h.Application(h.ctx, h.people["district"], v.ID)
	must(t, err)
	if v.State != yinzheng.Issued || m.made != 1 {
		t.Fatalf("%s, %v; seals were made %d times", v.State, v.Trouble, m.made)
	}
	h.agree(v.Certificate.Code, yinzheng.Valid)
}

// TestAnotherProcess: a second service over the same store seals nothing under an
// organ that the first one has renamed, and learns of it by its next scan.
func TestAnotherProcess(t *testing.T) {
	h := newHouse(t)
	other, err := yinzheng.New(h.ctx, h.config)
	must(t, err)
	v := h.submitted("case")
	_, err = h.reorganise(offices.Order{Rename: []offices.Rename{{Organ: yinzheng.DistrictOrgan, Name: "惠州市惠城区民政和社会局"}}})
	must(t, err)
	v, err = other.Decide(h.ctx, h.people["district"], v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Approve})
	must(t, err)
	if v.State == yinzheng.Issued {
		c, err := h.store.Certificate(h.ctx, v.Certificate.Code)
		must(t, err)
		if c.OrganName != "惠州市惠城区民政和社会局" {
			t.Fatalf("sealed under %s", c.OrganName)
		}
	}
	_, err = other.Scan(h.ctx)
	must(t, err)
	if other.Directory().Version != h.Directory().Version {
		t.Error("the other process does not know the tree")
	}
}

// TestMergerEndsClaims: the link to set a first password does not follow its
// owner into a greater office.
func TestMergerEndsClaims(t *testing.T) {
	h := newHouse(t)
	secret, _, err := h.NewClaim(h.ctx, "sibling")
	must(t, err)
	_, err = h.reorganise(mergeVillages())
	must(t, err)
	if _, err := h.Claim(h.ctx, secret, "correct horse battery staple"); err == nil {
		t.Error("the old link sets a password still")
	}
}

// TestRecusedToAnOfficeNoLongerAbove: the office that decides instead is not above
// the resident's division any more: somebody who is decides.
func TestRecusedToAnOfficeNoLongerAbove(t *testing.T) {
	h := newHouse(t)
	h.add("town2", 83, [2]string{"approver", "town"}) // has not acted on it
	h.add("town-b", 84, [2]string{"approver", "town-b"})
	v := h.submitted("case")
	h.change("clerk", disable)
	v, err := h.Decide(h.ctx, h.people["district"], v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Return, Opinion: "核实", ToStep: "village"})
	must(t, err)
	if len(v.Desks) != 1 || v.Desks[0].Office != "town" {
		t.Fatalf("not handed on to the town: %+v", v.Desks)
	}
	h.scan() // has looked at every desk: only the move itself can find this case
	_, err = h.reorganise(offices.Order{Move: []offices.Move{{Division: testVillage, Parent: testTownB}}})
	must(t, err)
	h.scan()
	v, err = h.Application(h.ctx, h.people["second"], v.ID)
	must(t, err)
	if len(v.Desks) != 1 || v.Desks[0].Office != "town-b" {
		t.Errorf("it lies with %+v", v.Desks)
	}
}
