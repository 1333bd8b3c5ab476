package campaign_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/campaign"
	"yinzheng/offices"
)

// What is entered again says so; a stale version, and oneself, are refused; of two
// clerks at once one is first.
func TestEnter(t *testing.T) {
	h := newHouse(t)
	self := campaign.Person{ID: h.people["north"].Person.Number, Name: "丁一", Division: north}
	v := h.start(append(list(3, north)[1:], self)...)
	all, _, err := h.Entries(h.ctx, h.people["north"], v.ID, campaign.EntryQuery{})
	must(t, err)
	own := all[slices.IndexFunc(all, func(e campaign.EntryView) bool { return e.Name == "丁一" })].Number
	if got := h.see("north", v, h.present(own, 0)); kind(got.Err) != "forbidden" {
		t.Errorf("of oneself: %+v", got)
	}
	if got := h.see("north2", v, h.present(own, 0)); got.Err != nil || got.Version != 1 || got.Outcome != campaign.Present {
		t.Errorf("by a colleague: %+v", got)
	}
	other := 1 + own%3
	rows, err := h.Enter(h.ctx, h.people["north"], v.ID, []campaign.Sighting{h.present(other, 0), h.present(9, 0), {Entry: own, Version: 1, Outcome: "gone"}})
	must(t, err)
	for i, want := range []string{"", "not-found", "forbidden"} {
		if kind(rows[i].Err) != want {
			t.Errorf("row %d: %+v", i, rows[i])
		}
	}
	if got := h.see("north", v, h.present(other, 0)); !got.Again || got.Err != nil || got.Version != 1 {
		t.Errorf("again: %+v", got)
	}
	if got := h.see("north2", v, h.present(other, 0)); kind(got.Err) != "conflict" || !strings.Contains(got.Err.Error(), "某north") {
		t.Errorf("by somebody else: %+v", got)
	}
	third := 6 - own - other
	var wait sync.WaitGroup
	results := make([]campaign.Entered, 20)
	for i := range results {
		wait.Go(func() {
			s := h.present(third, 0)
			s.SeenBy = fmt.Sprint("网格员", i)
			rows, err := h.Enter(h.ctx, h.people["north"], v.ID, []campaign.Sighting{s})
			if err == nil {
				results[i] = rows[0]
			}
		})
	}
	wait.Wait()
	won := 0
	for _, r := range results {
		if r.Err == nil && r.Version == 1 {
			won++
		} else if kind(r.Err) != "conflict" {
			t.Errorf("%+v", r)
		}
	}
	if won != 1 {
		t.Errorf("%d were first", won)
	}
	for name, list := range map[string][]campaign.Sighting{"none": nil, "twice": {h.present(1, 0), h.present(1, 0)}, "too many": make([]campaign.Sighting, 501)} {
		if _, err := h.Enter(h.ctx, h.people["north"], v.ID, list); kind(err) != "invalid" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A death that a visit finds is told, once, to those who have to act; one that a
// register tells of is not undone by a visit.
func TestDeaths(t *testing.T) {
	h := newHouse(t)
	h.registered(3, north)
	h.issued(1, map[string]any{"address": "滨江路"}, north, "")
	v := h.start(list(3, north)...)
	dead := func(entry, version int, on string) campaign.Sighting {
		return campaign.Sighting{Entry: entry, Version: version, Outcome: campaign.SeenDead, DiedOn: on, Source: "家属告知"}
	}
	if got := h.see("north", v, dead(1, 0, "2026-11-01")); got.Outcome != campaign.Dead {
		t.Fatalf("%+v", got)
	}
	told := []string{"campaign-death"}
	if got := h.notices("town", yinzheng.Approver); !slices.Equal(got, told) {
		t.Errorf("the office is told %v", got)
	}
	h.see("north", v, dead(1, 1, "2026-11-02"))
	if got := h.notices("town", yinzheng.Approver); !slices.Equal(got, told) {
		t.Errorf("after a correction, %v", got)
	}
	h.see("north", v, h.present(2, 0))
	h.now = h.now.Add(time.Hour)
	h.registers("2026-11-02", holder(1)+",丁一,"+north+",,2026-11-01", holder(2)+",丁二,"+north+",,2026-11-01", holder(3)+",丁五,"+north+",,2026-11-01")
	must(t, h.Round(h.ctx))
	if got := h.states(v); !slices.Equal(got, []campaign.Outcome{campaign.Dead, campaign.Disputed, campaign.Dead}) {
		t.Errorf("%v", got)
	}
	if e := h.entry(v, 1); e.Death.On != "2026-11-01" || !e.Death.Registered || len(e.Acts) != 3 {
		t.Errorf("%+v", e)
	}
	version := h.entry(v, 3).Version
	if got := h.see("north", v, h.present(3, version)); got.Outcome != campaign.Disputed {
		t.Errorf("%+v", got)
	}
	must(t, h.Round(h.ctx))
	if again := h.entry(v, 3).Version; again != version+1 {
		t.Errorf("the register was noted again: version %d", again)
	}
	h.now = h.now.Add(24 * time.Hour)
	h.registers("2026-11-03", holder(3)+",丁五,"+north+",,2026-11-02")
	h.make(v)
	if e := h.entry(v, 3); e.Death.On != "2026-11-02" {
		t.Errorf("the register was corrected: %+v", e.Death)
	}
	if p := h.view(v).Progress.Total; p.Disputed != 2 || p.Dead != 1 || len(p.Cases) != 0 || p.Refused != 0 {
		t.Errorf("%+v", p)
	}
	h.now = h.now.Add(24 * time.Hour)
	h.registers("2026-11-04", holder(2)+",丁二,"+north+",,误登")
	must(t, h.Round(h.ctx))
	if e := h.entry(v, 2); e.Outcome != campaign.Present || e.Death != nil || e.Case == nil {
		t.Errorf("the register took it back: %+v", e)
	}
}

// A death after the case was made: whoever enters it withdraws the case, if it is
// theirs; a new one comes only of a new sighting.
func TestDeathAfterTheCase(t *testing.T) {
	h := newHouse(t)
	h.registered(2, north)
	v := h.start(list(2, north)...)
	h.see("north", v, h.present(1, 0))
	h.see("townclerk", v, h.present(2, 0))
	h.make(v)
	dead := campaign.Sighting{Version: 2, Outcome: campaign.SeenDead, DiedOn: "2026-11-01", Source: "家属告知"}
	dead.Entry = 1
	if got := h.see("north2", v, dead); got.Outcome != campaign.Dead || got.Withdrawn == "" {
		t.Errorf("%+v", got)
	}
	if got := h.see("north2", v, dead); !got.Again || got.Withdrawn != "" {
		t.Errorf("again: %+v", got)
	}
	dead.Entry = 2 // whose case the town took in
	if got := h.see("north", v, dead); got.Outcome != campaign.Dead || got.Withdrawn != "" {
		t.Errorf("%+v", got)
	}
	if got := h.notices("town", yinzheng.Clerk); !slices.Contains(got, "holder-died") {
		t.Errorf("the office that took the case in is told %v", got)
	}
	if e := h.entry(v, 1); e.Case.State != yinzheng.Withdrawn {
		t.Errorf("%+v", e.Case)
	}
	if got := h.see("north", v, h.present(1, 3)); got.Outcome != campaign.Present { // a mistake: it was the neighbour
		t.Errorf("%+v", got)
	}
	if got := h.see("north", v, h.present(2, 3)); kind(got.Err) != "state" {
		t.Errorf("with a case that is open: %+v", got)
	}
	must(t, h.Round(h.ctx))
	if e := h.entry(v, 1); e.Case == nil || e.Case.State != yinzheng.Submitted {
		t.Errorf("%+v", e.Case)
	}
}

// A death that was entered by mistake after the certificate was issued is taken
// back: the certificate stays that of the entry, and no other one comes of it.
func TestDeathByMistake(t *testing.T) {
	h := newHouse(t)
	h.registered(1, north)
	v := h.start(list(1, north)...)
	h.see("north", v, h.present(1, 0))
	h.make(v)
	made := h.entry(v, 1).Case
	h.certified(made.ID, 1, yinzheng.Approve)
	if got := h.see("north", v, campaign.Sighting{Entry: 1, Version: 2, Outcome: campaign.SeenDead, DiedOn: "2026-11-01", Source: "邻居"}); got.Outcome != campaign.Dead || got.Withdrawn != "" {
		t.Fatalf("%+v", got)
	}
	for _, again := range []bool{false, true} {
		if got := h.see("north", v, h.present(1, 3)); got.Outcome != campaign.Present || got.Again != again {
			t.Errorf("%+v", got)
		}
	}
	h.make(v)
	if e := h.entry(v, 1); e.Case == nil || e.Case.ID != made.ID || e.Case.State != yinzheng.Issued || e.Version != 4 {
		t.Errorf("%+v", e)
	}
}

// A death found while the case is on its way, by a visit of somebody who may not
// withdraw it or by a register, takes it out of every bulk approval, and out of
// issuing; what was approved of somebody alive does not count any more.
func TestDeathHaltsTheCase(t *testing.T) {
	consent := yinzheng.Decision{Action: yinzheng.Approve}
	for name, found := range map[string]func(*house, *campaign.CampaignView){
		"by a visit": func(h *house, v *campaign.CampaignView) {
			if got := h.see("townclerk", v, campaign.Sighting{Entry: 1, Version: 2, Outcome: campaign.SeenDead, DiedOn: "2026-11-01", Source: "家属告知"}); got.Outcome != campaign.Dead || got.Withdrawn != "" {
				h.t.Errorf("%+v", got)
			}
		},
		"by a register": func(h *house, v *campaign.CampaignView) {
			h.now = h.now.Add(time.Hour)
			h.registers("2026-11-02", holder(1)+",丁一,"+north+",,2026-11-01")
			must(h.t, h.Round(h.ctx))
		},
	} {
		for _, approved := range []bool{false, true} {
			h := newHouse(t)
			h.registered(1, north)
			v := h.start(list(1, north)...)
			h.see("north", v, h.present(1, 0))
			h.make(v)
			e := h.entry(v, 1)
			seen := []yinzheng.CaseSeen{{ID: e.Case.ID, Version: e.Case.Version}}
			if approved {
				rows, err := h.service.DecideMany(h.ctx, h.people["town"], seen, consent)
				if must(t, err); rows[0].State != yinzheng.Approved {
					t.Fatalf("%+v", rows[0])
				}
			}
			found(h, v)
			rows, err := h.service.DecideMany(h.ctx, h.people["towntoo"], seen, consent)
			if must(t, err); rows[0].Err == nil {
				t.Errorf("%s, approved %v: %+v", name, approved, rows[0])
			}
			c, err := h.service.Application(h.ctx, h.people["town"], e.Case.ID)
			must(t, err)
			last := c.History[len(c.History)-1]
			if c.State != yinzheng.Returned || last.Kind != yinzheng.Halt || last.By != yinzheng.SystemActor {
				t.Errorf("%s, approved %v: %s after %+v", name, approved, c.State, last)
			}
			if n, err := h.service.Recover(h.ctx); n != 0 || err != nil {
				t.Errorf("%s: %d issued, %v", name, n, err)
			}
			if got := h.notices("north", yinzheng.Clerk); !slices.Contains(got, "returned") {
				t.Errorf("%s: the clerks are told %v", name, got)
			}
			c, err = h.service.SubmitApplication(h.ctx, h.people["north"], c.ID, c.Version)
			if must(t, err); c.State != yinzheng.Submitted || c.Step.Key != "town" {
				t.Errorf("%s: after a mistake, %+v", name, c)
			}
		}
	}
}

// A death that comes to a register in the last moment keeps the case from being
// made.
func TestNothingForTheDead(t *testing.T) {
	h := newHouse(t)
	h.registers("2026-10-31", holder(1)+",丁一,"+north+",滨江路,2026-10-30")
	_, err := h.service.SubmitSeen(h.ctx, &yinzheng.Seen{
		Item: "survival", Name: "丁一", ID: yinzheng.ID{Type: yinzheng.ResidentID, Number: holder(1)}, Division: north, By: h.people["north"], Grant: h.people["north"].Grants[0],
	}, func(context.Context, string) error { return nil })
	if kind(err) != "state" || !strings.Contains(err.Error(), "died") {
		t.Error(err)
	}
}

// Nobody submits the case of themselves, nor in the name of the holder.
func TestNothingByTheHolder(t *testing.T) {
	h := newHouse(t)
	h.registered(1, north)
	self := yinzheng.ID{Type: yinzheng.ResidentID, Number: holder(1)}
	own := *h.people["north"]
	own.Person = self
	plain := h.people["north"].Grants[0]
	lent := plain
	lent.For, lent.ForID = "north2", self
	for name, c := range map[string]struct {
		by    *yinzheng.Account
		grant yinzheng.Grant
		want  string
	}{"themselves": {&own, plain, "forbidden"}, "in their name": {h.people["north"], lent, "forbidden"}, "somebody else": {h.people["north"], plain, ""}} {
		_, err := h.service.SubmitSeen(h.ctx, &yinzheng.Seen{Item: "survival", Name: "丁一", ID: self, Division: north, By: c.by, Grant: c.grant}, func(context.Context, string) error { return nil })
		if kind(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Who is dead by a register of another area gets no case either, and the village
// does not learn why.
func TestNothingForTheDeadElsewhere(t *testing.T) {
	h := newHouse(t)
	h.registers("2026-10-31", holder(1)+",丁一,"+west+",滨江路,2026-10-30", holder(2)+",丁二,"+west+",滨江路,")
	h.issued(1, map[string]any{"address": "滨江路"}, north, "")
	h.issued(2, map[string]any{"address": "滨江路"}, north, "")
	v := h.start()
	h.see("north", v, h.present(1, 0))
	h.see("north", v, h.present(2, 0))
	h.make(v)
	if e := h.entry(v, 1); e.Case != nil || e.Refused == nil || strings.Contains(e.Refused.EN, "die") || strings.Contains(e.Refused.ZH, "世") {
		t.Errorf("%+v", e)
	}
	if e := h.entry(v, 2); e.Case == nil {
		t.Errorf("%+v", e)
	}
}

// Cases come out of what was seen: values of the last certificate, and of the
// register where that is newer; submitted in the name of who saw, who does not
// approve it.
func TestMake(t *testing.T) {
	h := newHouse(t)
	h.registers("2026-10-31", holder(1)+",丁一,"+north+",老街 1 号,")
	last := h.issued(1, map[string]any{"address": "滨江路 1 号", "kind": "高龄津贴"}, north, "")
	h.now = h.now.Add(24 * time.Hour)
	h.registers("2026-11-03", holder(2)+",丁二,"+north+",滨江路 2 号,")
	h.now = h.now.Add(24 * time.Hour)
	v := h.start(append(list(3, north), campaign.Person{ID: holder(4), Name: "丁八", Division: north})...)
	h.see("north", v, h.present(1, 0))
	h.see("townclerk", v, h.present(2, 0))
	h.see("north", v, h.present(3, 0))
	if must(t, h.Round(h.ctx)); len(h.view(v).Progress.Total.Cases) != 0 {
		t.Error("cases were made before somebody ordered them")
	}
	h.make(v)
	one, two, three := h.entry(v, 1), h.entry(v, 2), h.entry(v, 3)
	c, err := h.service.Application(h.ctx, h.people["town"], one.Case.ID)
	must(t, err)
	if c.Values["address"] != "滨江路 1 号" || c.Values["kind"] != "高龄津贴" || c.State != yinzheng.Submitted || c.Step.Key != "town" || c.Office != "north" || c.Division != north {
		t.Errorf("%+v", c)
	}
	if i := slices.IndexFunc(c.Filled, func(f yinzheng.Filled) bool { return f.Field == "values.address" }); i < 0 || c.Filled[i].Certificate != last || c.Filled[i].Older == nil {
		t.Errorf("where the address comes from: %+v", c.Filled)
	}
	submit := c.History[len(c.History)-1]
	if submit.By != "north" || submit.Kind != yinzheng.Submit || submit.Step != "village" || !strings.Contains(submit.Opinion, "2026-11-04 电话，本人健在") {
		t.Errorf("%+v", submit)
	}
	if two.Case.Step != "village" { // the town took it in: the village has its step
		t.Errorf("%+v", two.Case)
	}
	if three.Case != nil || three.Refused == nil || !strings.Contains(three.Refused.EN, "values.address") {
		t.Errorf("without an address: %+v", three)
	}
	if p := h.view(v).Progress.Total; p.Refused != 1 || p.Cases[yinzheng.Submitted] != 2 || p.Present != 3 || p.Open != 1 {
		t.Errorf("%+v", p)
	}
	h.registers("2026-11-04", holder(3)+",丁五,"+north+",滨江路 3 号,")
	must(t, h.Round(h.ctx))
	if again := h.entry(v, 3); again.Version != three.Version {
		t.Errorf("tried again though nobody asked: %+v", again)
	}
	h.see("north", v, h.present(4, 0))
	h.make(v)
	if e := h.entry(v, 3); e.Case == nil || e.Refused != nil {
		t.Errorf("%+v", e)
	}
	if e := h.entry(v, 4); e.Case != nil || e.Refused == nil {
		t.Errorf("%+v", e)
	}
	h.people["approver"] = &yinzheng.Account{ID: "approver", Person: h.people["north"].Person, Grants: []yinzheng.Grant{{Office: "town", Role: yinzheng.Approver, From: h.now.AddDate(-1, 0, 0)}}}
	seen := []yinzheng.CaseSeen{{ID: one.Case.ID, Version: one.Case.Version}}
	consent := yinzheng.Decision{Action: yinzheng.Approve}
	rows, err := h.service.DecideMany(h.ctx, h.people["approver"], seen, consent)
	if must(t, err); kind(rows[0].Err) != "forbidden" {
		t.Errorf("who saw approves: %+v", rows[0])
	}
	rows, err = h.service.DecideMany(h.ctx, h.people["town"], seen, consent)
	if must(t, err); rows[0].Err != nil || rows[0].State != yinzheng.Approved {
		t.Errorf("somebody else approves: %+v", rows[0])
	}
}

// Where the register is newer than the last certificate, it stands, and the case
// says so; what the register does not know is carried over.
func TestMakeByNewerRegister(t *testing.T) {
	h := newHouse(t)
	h.issued(1, map[string]any{"address": "滨江路 1 号", "kind": "高龄津贴"}, north, "")
	h.now = h.now.Add(24 * time.Hour)
	h.registers("2026-11-03", holder(1)+",丁一,"+north+",新街 9 号,")
	v := h.start()
	h.see("north", v, h.present(1, 0))
	h.make(v)
	c, err := h.service.Application(h.ctx, h.people["town"], h.entry(v, 1).Case.ID)
	must(t, err)
	i := slices.IndexFunc(c.Filled, func(f yinzheng.Filled) bool { return f.Field == "values.address" })
	if c.Values["address"] != "新街 9 号" || c.Values["kind"] != "高龄津贴" || i < 0 || c.Filled[i].Source != "常住人口登记" || c.AgainstRecord != nil {
		t.Errorf("%+v, filled %+v, against %+v", c.Values, c.Filled, c.AgainstRecord)
	}
}

// What a list says otherwise than the register is shown to the approver.
func TestMakeAgainstRecord(t *testing.T) {
	h := newHouse(t)
	h.registers("2026-10-31", holder(1)+",丁一,"+north+",滨江路 1 号,")
	v := h.start(campaign.Person{ID: holder(1), Name: "丁义", Division: north})
	h.see("north", v, h.present(1, 0))
	h.make(v)
	c, err := h.service.Application(h.ctx, h.people["town"], h.entry(v, 1).Case.ID)
	must(t, err)
	if len(c.AgainstRecord) != 1 || c.AgainstRecord[0].Field != "values.name" || c.AgainstRecord[0].OnRecord != "丁一" {
		t.Errorf("%+v", c.AgainstRecord)
	}
}

// TestMakeIsCutOff: whichever transaction fails, undone or kept and reported lost,
// each entry comes to have one case, and none is without an entry.
func TestMakeIsCutOff(t *testing.T) {
	for _, kept := range []bool{false, true} {
		for at := 1; ; at++ {
			h := newHouse(t)
			h.registered(3, north)
			v := h.start(list(3, north)...)
			for i := range 3 {
				h.see("north", v, h.present(i+1, 0))
			}
			_, err := h.Act(h.ctx, h.people["town"], v.ID, 1, campaign.Make, "")
			must(t, err)
			h.failing.Arm(at, kept)
			first := h.Round(h.ctx)
			failed := h.failing.Failed()
			h.failing.Arm(0, false)
			h.restart()
			must(t, h.Round(h.ctx))
			cases, err := h.store.HeldBy(h.ctx, holder(1), 10)
			must(t, err)
			if p := h.view(v).Progress.Total; p.Cases[yinzheng.Submitted] != 3 || p.Refused != 0 || len(cases) != 1 {
				t.Errorf("call %d, kept %v: %+v, %d cases of one holder", at, kept, p, len(cases))
			}
			if !failed {
				if first != nil || at < 4 {
					t.Errorf("%d calls, %v", at-1, first)
				}
				break
			}
		}
	}
}

// One entry of which no case can be made, for a reason that is nobody's to mend,
// holds up neither the others nor the process.
func TestMakeGoesOn(t *testing.T) {
	const n = 201 // more than are made at a time
	h := newHouse(t)
	people, lines, seen := make([]campaign.Person, n), make([]string, n), make([]campaign.Sighting, n)
	for i := range n {
		people[i] = campaign.Person{ID: holder(i + 1), Name: "丁一", Division: north}
		lines[i] = holder(i+1) + ",丁一," + north + ",滨江路,"
		seen[i] = h.present(i+1, 0)
	}
	h.registers("2026-10-31", lines...)
	h.failing.Rotten = h.issued(1, map[string]any{"address": "滨江路"}, north, "")
	v := h.start(people...)
	_, err := h.Enter(h.ctx, h.people["north"], v.ID, seen)
	must(t, err)
	_, err = h.Act(h.ctx, h.people["town"], v.ID, 1, campaign.Make, "")
	must(t, err)
	if err := h.Round(h.ctx); err == nil || !strings.Contains(err.Error(), "panic: string") {
		t.Errorf("%v", err)
	}
	if p := h.view(v).Progress.Total; p.Cases[yinzheng.Submitted] != n-1 {
		t.Errorf("%+v", p)
	}
	h.failing.Rotten = ""
	must(t, h.Round(h.ctx))
	if e := h.entry(v, 1); e.Case == nil {
		t.Errorf("%+v", e)
	}
}

// What somebody saw stands when they leave; two offices that become one go on.
func TestPeopleAndOfficesChange(t *testing.T) {
	h := newHouse(t)
	h.registers("2026-10-31", holder(1)+",丁一,"+north+",滨江路 1 号,", holder(2)+",丁二,"+south+",滨江路 2 号,", holder(3)+",丁五,"+south+",滨江路 3 号,")
	v := h.start(campaign.Person{ID: holder(1), Name: "丁一"}, campaign.Person{ID: holder(2), Name: "丁二"}, campaign.Person{ID: holder(3), Name: "丁五"})
	h.see("north", v, h.present(1, 0))
	h.see("south", v, h.present(2, 0))
	h.now = h.now.Add(time.Hour)
	h.leaves("north")
	h.reorganise(&offices.Order{Title: "文号", Merge: []offices.Merge{{Divisions: []string{north, south}, Into: offices.Part{Code: north}}}})
	if p := h.view(v).Progress; len(p.Places) != 1 || p.Places[0].Division != north || p.Places[0].People != 3 {
		t.Errorf("%+v", p)
	}
	stays := &yinzheng.Account{ID: "x", Grants: []yinzheng.Grant{{Office: "south", Role: yinzheng.Approver, From: h.now.AddDate(-1, 0, 0)}}}
	if err := h.MayStart(stays, ""); kind(err) != "forbidden" {
		t.Errorf("an office that is no more starts one: %v", err)
	}
	south2, err := h.store.Account(h.ctx, "south")
	must(t, err)
	h.people["south"] = south2
	if got := h.see("south", v, h.present(3, 0)); got.Err != nil {
		t.Errorf("a clerk of the office that went there: %+v", got)
	}
	entries, _, err := h.Entries(h.ctx, h.people["north2"], v.ID, campaign.EntryQuery{Division: north})
	if err != nil || len(entries) != 3 {
		t.Errorf("%+v %v", entries, err)
	}
	h.make(v)
	for i := range 3 {
		e := h.entry(v, i+1)
		if e.Case == nil || e.Case.Step != "town" {
			t.Fatalf("%d: %+v %v", i+1, e.Case, e.Refused)
		}
		c, err := h.service.Application(h.ctx, h.people["north2"], e.Case.ID)
		must(t, err)
		if by := []string{"north", "south", "south"}[i]; c.Office != "north" || c.Division != north || c.History[1].By != by {
			t.Errorf("%d: %+v", i+1, c.History[1])
		}
	}
}

// A certificate that was revoked or suspended meanwhile is no ground for the next.
func TestCertificateEndsMeanwhile(t *testing.T) {
	h := newHouse(t)
	h.registered(2, north)
	for n := range 2 {
		h.issued(n+1, map[string]any{"address": "滨江路"}, north, "")
	}
	v := h.start()
	for n := range 2 {
		h.see("north", v, h.present(n+1, 0))
	}
	code := h.entry(v, 1).Certificate
	c, err := h.store.Certificate(h.ctx, code)
	must(t, err)
	c.Status, c.Reason = yinzheng.StatusIsRevoked, "error"
	must(t, h.store.SetStatus(h.ctx, c, yinzheng.StatusOK))
	h.make(v)
	if e := h.entry(v, 1); e.Case != nil || e.Refused == nil || !strings.Contains(e.Refused.EN, code) {
		t.Errorf("%+v", e)
	}
	if e := h.entry(v, 2); e.Case == nil {
		t.Errorf("%+v", e)
	}
}

// Who moves to another village of the area is seen there, unless they were seen
// already; what the roster knew otherwise is not undone.
func TestMoves(t *testing.T) {
	h := newHouse(t)
	h.registered(4, north)
	v := h.start(append(list(3, north), campaign.Person{ID: holder(4), Name: "丁八", Division: south})...)
	h.see("north", v, h.present(1, 0))
	must(t, h.Round(h.ctx))
	if e := h.entry(v, 4); e.Division != south || e.Version != 0 {
		t.Errorf("the register before the start moved somebody: %+v", e)
	}
	h.now = h.now.Add(24 * time.Hour)
	h.registers("2026-11-03", holder(1)+",丁一,"+south+",,", holder(2)+",丁二,"+south+",,", holder(3)+",丁五,"+west+",,")
	must(t, h.Round(h.ctx))
	for number, want := range map[int]string{1: north, 2: south, 3: north} {
		if e := h.entry(v, number); e.Division != want {
			t.Errorf("%d is in %s", number, e.Division)
		}
	}
	if e := h.entry(v, 2); len(e.Acts) != 1 || e.Acts[0].Kind != campaign.Moved || e.Acts[0].Source != "常住人口登记　2026-11-03" {
		t.Errorf("%+v", e.Acts)
	}
	if got := h.see("north", v, h.present(2, 1)); kind(got.Err) != "not-found" {
		t.Errorf("the village before: %+v", got)
	}
	if got := h.see("south", v, h.present(2, 1)); got.Err != nil {
		t.Errorf("the village now: %+v", got)
	}
}

// The villages are told when somebody has to be looked at again, and once when
// the end is near.
func TestReminders(t *testing.T) {
	h := newHouse(t)
	v := h.start(append(list(2, north), campaign.Person{ID: holder(3), Name: "丁五", Division: south})...)
	h.see("north", v, campaign.Sighting{Entry: 1, Outcome: campaign.SeenAbsent, How: campaign.ByVisit, Day: "2026-11-02", Reason: "外出", FollowUp: "2026-11-10"})
	h.see("south", v, h.present(3, 0))
	told := func(day string, want ...string) {
		t.Helper()
		at, err := time.ParseInLocation(time.DateOnly, day, yinzheng.Zone)
		must(t, err)
		h.now = at.Add(9 * time.Hour)
		must(t, h.Round(h.ctx))
		must(t, h.Round(h.ctx))
		if got := h.notices("north", yinzheng.Clerk); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", day, got, want)
		}
	}
	told("2026-11-09", "campaign-started")
	told("2026-11-10", "campaign-follow-up", "campaign-started")
	h.see("north", v, h.present(1, 1))
	told("2026-11-11", "campaign-follow-up", "campaign-started")
	told("2026-11-27", "campaign-due-soon", "campaign-follow-up", "campaign-started")
	told("2026-11-28", "campaign-due-soon", "campaign-follow-up", "campaign-started")
	if got := h.notices("south", yinzheng.Clerk); !slices.Equal(got, []string{"campaign-started"}) {
		t.Errorf("who is done is told %v", got)
	}
}

// A campaign ends with how it stood; afterwards nothing is entered or made, and
// what was made goes on.
func TestEnd(t *testing.T) {
	for _, how := range []campaign.Kind{campaign.End, campaign.Cancel} {
		h := newHouse(t)
		h.registered(3, north)
		v := h.start(list(3, north)...)
		h.see("north", v, h.present(1, 0))
		h.make(v)
		h.see("north", v, h.present(2, 0))
		for who, want := range map[string]string{"north": "forbidden", "town2": "not-found", "towntoo": ""} {
			view, err := h.Act(h.ctx, h.people[who], v.ID, 2, how, "人手不够")
			if kind(err) != want {
				t.Errorf("%s by %s: %v", how, who, err)
			}
			if err != nil {
				continue
			}
			last := view.Acts[len(view.Acts)-1]
			if view.State == campaign.Running || last.Counts.Present != 2 || last.Counts.Cases[yinzheng.Submitted] != 1 || last.Opinion != "人手不够" || last.By != "towntoo" {
				t.Errorf("%+v", last)
			}
		}
		must(t, h.Round(h.ctx))
		if e := h.entry(v, 2); e.Case != nil || e.Refused != nil {
			t.Errorf("made after the end: %+v", e)
		}
		if got := h.see("north", v, h.present(3, 0)); kind(got.Err) != "state" {
			t.Errorf("%+v", got)
		}
		e := h.entry(v, 1)
		if _, err := h.service.Decide(h.ctx, h.people["town"], e.Case.ID, e.Case.Version, yinzheng.Decision{Action: yinzheng.Approve}); err != nil {
			t.Error(err)
		}
		h.start(list(3, north)...) // the same people again: nothing is running
	}
}

// TestEndFromAbove: who stands above may end a campaign, which frees its people
// for another one, but only with a reason, and who started it is told; nothing
// else of it is theirs to do.
func TestEndFromAbove(t *testing.T) {
	h := newHouse(t)
	h.registered(3, north)
	v := h.start(list(3, north)...)
	admin := h.people["admin"]
	for _, tt := range []struct {
		how           campaign.Kind
		opinion, want string
	}{{campaign.Make, "", "forbidden"}, {campaign.End, "", "invalid"}, {campaign.End, "名单与区级重复", ""}} {
		if _, err := h.Act(h.ctx, admin, v.ID, 1, tt.how, tt.opinion); kind(err) != tt.want {
			t.Errorf("%s %q: %v, want %s", tt.how, tt.opinion, err, tt.want)
		}
	}
	view, err := h.View(h.ctx, admin, v.ID)
	must(t, err)
	if last := view.Acts[len(view.Acts)-1]; last.Office != "district" || last.Opinion != "名单与区级重复" || view.May != nil {
		t.Errorf("%+v %+v", last, view.May)
	}
	told, err := h.service.Notices(h.ctx, h.people["town"], 0, 9)
	must(t, err)
	if len(told) == 0 || told[0].Kind != "campaign-stopped" || told[0].About != v.ID {
		t.Errorf("told: %+v", told)
	}
	h.start(list(3, north)...)
}

// TestPermits: what a campaign's page offers is what the act allows.
func TestPermits(t *testing.T) {
	h := newHouse(t)
	h.registered(1, north)
	v := h.start(list(1, north)...)
	for who, want := range map[string]string{"town": "make end cancel", "admin": "end* cancel", "north": ""} {
		view, err := h.View(h.ctx, h.people[who], v.ID)
		must(t, err)
		var got []string
		for _, p := range view.May {
			switch {
			case p.Why != nil:
			case p.Reasoned && p.Action != campaign.Cancel:
				got = append(got, string(p.Action)+"*")
			default:
				got = append(got, string(p.Action))
			}
		}
		if s := strings.Join(got, " "); s != want || len(view.May) != 3 {
			t.Errorf("%s may %q, want %q", who, s, want)
		}
	}
}

// A register that comes while somebody enters what they saw is noted all the
// same; one that comes while a campaign starts has it started anew.
func TestRegisterComesMeanwhile(t *testing.T) {
	h := newHouse(t)
	h.registered(2, north)
	h.failing.Before = func() { h.registers("2026-11-01", holder(2)+",丁二,"+north+",,2026-11-01") }
	in := &campaign.NewCampaign{Item: "survival", Period: "2026-11", People: list(2, north)}
	if _, _, err := h.Start(h.ctx, h.people["town"], in, "key", false); kind(err) != "conflict" {
		t.Fatal(err)
	}
	v, again, err := h.Start(h.ctx, h.people["town"], in, "key", false)
	if err != nil || again || v.Progress.Total.Dead != 1 {
		t.Fatalf("%+v %v", v, err)
	}
	h.now = h.now.Add(time.Hour)
	h.registers("2026-11-02", holder(1)+",丁一,"+north+",,2026-11-01")
	h.failing.Before = func() { h.see("north", v, h.present(1, 0)) }
	must(t, h.Round(h.ctx))
	if e := h.entry(v, 1); e.Outcome != campaign.Disputed || e.Version != 2 {
		t.Errorf("%+v", e)
	}
}

// What is not made when a campaign ends, or when somebody corrects what was seen,
// is not made any more, though it was about to be.
func TestFasterThanMaking(t *testing.T) {
	for name, meanwhile := range map[string]func(*house, *campaign.CampaignView){
		"ended": func(h *house, v *campaign.CampaignView) {
			_, err := h.Act(h.ctx, h.people["town"], v.ID, 2, campaign.End, "")
			must(h.t, err)
		},
		"corrected": func(h *house, v *campaign.CampaignView) {
			if got := h.see("north", v, campaign.Sighting{Entry: 1, Version: 1, Outcome: campaign.Reopened, Reason: "登记错了人"}); got.Err != nil {
				h.t.Fatal(got.Err)
			}
		},
	} {
		h := newHouse(t)
		h.registered(1, north)
		v := h.start(list(1, north)...)
		h.see("north", v, h.present(1, 0))
		_, err := h.Act(h.ctx, h.people["town"], v.ID, 1, campaign.Make, "")
		must(t, err)
		h.failing.Before = func() { meanwhile(h, v) }
		must(t, h.Round(h.ctx))
		cases, err := h.store.HeldBy(h.ctx, holder(1), 10)
		must(t, err)
		if e := h.entry(v, 1); len(cases) != 0 || e.Case != nil || e.Refused != nil {
			t.Errorf("%s: %+v, %d cases", name, e, len(cases))
		}
	}
}

// Under a delegation both people count: who saw, and who delegated.
func TestDelegation(t *testing.T) {
	h := newHouse(t)
	h.registered(1, north)
	lent := &yinzheng.Account{ID: "towntoo", Username: "towntoo", Name: "某towntoo", Person: h.people["towntoo"].Person, Grants: append(slices.Clone(h.people["towntoo"].Grants),
		yinzheng.Grant{Office: "north", Role: yinzheng.Clerk, From: h.now.AddDate(0, 0, -1), For: "north", ForName: "某north", ForID: h.people["north"].Person})}
	v := h.start(list(1, north)...)
	rows, err := h.Enter(h.ctx, lent, v.ID, []campaign.Sighting{h.present(1, 0)})
	must(t, err)
	if rows[0].Err != nil {
		t.Fatal(rows[0].Err)
	}
	h.make(v)
	e := h.entry(v, 1)
	c, err := h.service.Application(h.ctx, h.people["town"], e.Case.ID)
	must(t, err)
	if x := c.History[1]; x.By != "towntoo" || x.For != "north" || x.ForID != h.people["north"].Person {
		t.Errorf("%+v", x)
	}
	if _, err := h.service.Decide(h.ctx, h.people["towntoo"], e.Case.ID, e.Case.Version, yinzheng.Decision{Action: yinzheng.Approve}); kind(err) != "forbidden" {
		t.Errorf("who saw approves: %v", err)
	}
}

// Of several posts, that of somebody who is the holder does not stand in the way
// of the others.
func TestDelegationByTheHolder(t *testing.T) {
	h := newHouse(t)
	self := h.people["north2"]
	lent := yinzheng.Grant{Office: "north", Role: yinzheng.Clerk, From: h.now.AddDate(0, 0, -1), For: self.ID, ForName: self.Name, ForID: self.Person}
	v := h.start(campaign.Person{ID: self.Person.Number, Name: "丁一", Division: north})
	for _, own := range []bool{false, true} {
		by := *h.people["north"]
		by.Grants = []yinzheng.Grant{lent}
		if own {
			by.Grants = append(by.Grants, h.people["north"].Grants...)
		}
		rows, err := h.Enter(h.ctx, &by, v.ID, []campaign.Sighting{h.present(1, 0)})
		if must(t, err); (rows[0].Err == nil) != own {
			t.Errorf("with a post of their own %v: %+v", own, rows[0])
		}
	}
	if x := h.entry(v, 1).Seen; x == nil || x.For != "" {
		t.Errorf("%+v", x)
	}
}

func (h *house) view(v *campaign.CampaignView) *campaign.CampaignView {
	h.t.Helper()
	now, err := h.View(h.ctx, h.people["town"], v.ID)
	must(h.t, err)
	return now
}
