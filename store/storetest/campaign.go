package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yinzheng"
)

// roster is people on a campaign, the first in the south and the others in the
// north.
func roster(marks ...string) []*yinzheng.CampaignEntry {
	var out []*yinzheng.CampaignEntry
	for i, mark := range marks {
		division := North
		if i == 0 {
			division = South
		}
		out = append(out, &yinzheng.CampaignEntry{Number: i + 1, Division: division, Mark: mark, Outcome: "open", Content: []byte(fmt.Sprintf(`{"name":%q}`, mark))})
	}
	return out
}

func campaignOf(id, item string) (*yinzheng.Campaign, []yinzheng.CampaignAct) {
	return &yinzheng.Campaign{ID: id, Item: item, Office: "town", Division: Town, Running: true, Version: 1, Content: []byte(`{"period":"2026-11"}`)},
		[]yinzheng.CampaignAct{{Campaign: id, Seq: 1, At: Start, By: "u1", Kind: "start", Content: []byte(`{}`)}}
}

// next is a campaign's next act.
func (e entryAct) next(kind string) (*yinzheng.CampaignEntry, *yinzheng.CampaignAct) {
	x := *e.CampaignEntry
	x.Version++
	return &x, &yinzheng.CampaignAct{Campaign: e.campaign, Entry: x.Number, Seq: x.Version, At: Start.Add(time.Minute), By: "u2", Kind: kind, Content: []byte(`{"kind":"` + kind + `"}`)}
}

type entryAct struct {
	campaign string
	*yinzheng.CampaignEntry
}

func campaigns(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	one, acts := campaignOf("C1", "survival")
	people := roster("111:a", "111:b", "111:c")
	died, act := entryAct{"C1", people[2]}.next("died")
	died.Outcome = "dead"
	people[2] = died
	check(t, s.AddCampaign(ctx, one, people, append(acts, *act)))
	got, err := s.Campaign(ctx, "C1")
	check(t, err)
	if d := cmp.Diff(one, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	entries, err := s.CampaignEntries(ctx, "C1", yinzheng.EntryFilter{Limit: 10})
	check(t, err)
	if d := cmp.Diff(people, entries); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	_, err = s.Campaign(ctx, "C2")
	checkIs(t, err, yinzheng.ErrNotFound)

	next := *got
	next.Version, next.Running, next.Content = 2, false, []byte(`{"state":"ended"}`)
	end := yinzheng.CampaignAct{Campaign: "C1", Seq: 2, At: Start.Add(time.Hour), By: "u1", Kind: "end", Content: []byte(`{}`)}
	check(t, s.PutCampaign(ctx, &next, &end))
	checkIs(t, s.PutCampaign(ctx, &next, &end), yinzheng.ErrConflict)
	list, err := s.CampaignActs(ctx, "C1", 0)
	check(t, err)
	if d := cmp.Diff([]yinzheng.CampaignAct{acts[0], end}, list); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	two, acts := campaignOf("C2", "survival")
	check(t, s.AddCampaign(ctx, two, roster("111:a"), acts)) // the other one has ended
	for running, want := range map[bool][]string{false: {"C2", "C1"}, true: {"C2"}} {
		list, err := s.Campaigns(ctx, running)
		check(t, err)
		var ids []string
		for _, c := range list {
			ids = append(ids, c.ID)
		}
		if !slices.Equal(ids, want) {
			t.Errorf("running %v: %v", running, ids)
		}
	}
}

// Two campaigns of one item over the same people are refused while both run.
func campaignsApart(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	for id, c := range map[string]struct {
		item  string
		marks []string
	}{"C1": {"survival", []string{"111:a", "111:b"}}, "C2": {"survival", []string{"111:c"}}, "C3": {"pension", []string{"111:a"}}} {
		kept, acts := campaignOf(id, c.item)
		check(t, s.AddCampaign(ctx, kept, roster(c.marks...), acts))
	}
	kept, acts := campaignOf("C4", "survival")
	err := s.AddCampaign(ctx, kept, roster("111:x", "111:b"), acts)
	checkIs(t, err, yinzheng.ErrState)
	if _, err := s.Campaign(ctx, "C4"); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("what was refused is there: %v", err)
	}
	if err := s.AddCampaign(ctx, kept, roster("111:x", "111:x"), acts); err == nil {
		t.Error("somebody is on one roster twice")
	}
}

func campaignEntries(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	check(t, s.PutDirectory(ctx, Tree()))
	kept, acts := campaignOf("C1", "residence")
	people := roster("111:a", "111:b", "111:c", "111:d")
	check(t, s.AddCampaign(ctx, kept, people, acts))
	put := func(number int, change func(*yinzheng.CampaignEntry)) error {
		list, err := s.CampaignEntries(ctx, "C1", yinzheng.EntryFilter{After: number - 1, Limit: 1})
		check(t, err)
		e, act := entryAct{"C1", list[0]}.next("present")
		change(e)
		return s.PutCampaignEntry(ctx, "C1", e, act)
	}
	present := func(e *yinzheng.CampaignEntry) { e.Outcome = "present" }
	check(t, put(1, func(e *yinzheng.CampaignEntry) { e.Outcome, e.FollowUp, e.Division = "absent", "2026-11-20", North }))
	check(t, put(2, present))
	check(t, put(3, present))
	check(t, put(4, present))
	check(t, s.SaveApplication(ctx, Case("A", "north", North, yinzheng.Submit), 0))
	check(t, put(2, func(e *yinzheng.CampaignEntry) { e.Application = "A" }))
	check(t, put(3, func(e *yinzheng.CampaignEntry) { e.Tried, e.Content = 2, []byte(`{"refused":true}`) }))

	again, act := entryAct{"C1", people[3]}.next("absent")
	checkIs(t, s.PutCampaignEntry(ctx, "C1", again, act), yinzheng.ErrConflict)
	if err := put(4, func(e *yinzheng.CampaignEntry) { e.Application = "A" }); err == nil {
		t.Error("two entries have one case")
	}
	actsOf, err := s.CampaignActs(ctx, "C1", 2)
	check(t, err)
	if len(actsOf) != 2 || actsOf[1].Seq != 2 || actsOf[1].Entry != 2 || actsOf[1].Campaign != "C1" || !actsOf[1].At.Equal(Start.Add(time.Minute)) {
		t.Errorf("%+v", actsOf)
	}
	for name, c := range map[string]struct {
		f    yinzheng.EntryFilter
		want []int
	}{
		"all":            {yinzheng.EntryFilter{}, []int{1, 2, 3, 4}},
		"after":          {yinzheng.EntryFilter{After: 2}, []int{3, 4}},
		"page":           {yinzheng.EntryFilter{Limit: 2}, []int{1, 2}},
		"division":       {yinzheng.EntryFilter{Divisions: []string{South}}, nil},
		"divisions":      {yinzheng.EntryFilter{Divisions: []string{South, North}, After: 1, Limit: 2}, []int{2, 3}},
		"outcome":        {yinzheng.EntryFilter{Outcome: "present"}, []int{2, 3, 4}},
		"case":           {yinzheng.EntryFilter{Case: yinzheng.Submitted}, []int{2}},
		"another case":   {yinzheng.EntryFilter{Case: yinzheng.Issued}, nil},
		"to make":        {yinzheng.EntryFilter{ToMake: 2}, []int{4}},
		"to make anew":   {yinzheng.EntryFilter{ToMake: 3}, []int{3, 4}},
		"there and made": {yinzheng.EntryFilter{Divisions: []string{North}, ToMake: 3, Outcome: "present"}, []int{3, 4}},
	} {
		if c.f.Limit == 0 {
			c.f.Limit = 10
		}
		list, err := s.CampaignEntries(ctx, "C1", c.f)
		check(t, err)
		var got []int
		for _, e := range list {
			got = append(got, e.Number)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	list, err := s.CampaignEntries(ctx, "C1", yinzheng.EntryFilter{After: 1, Limit: 1})
	check(t, err)
	if c := list[0].Case; c == nil || c.ID != "A" || c.State != yinzheng.Submitted || c.Step != "town" || c.Version != 2 || c.Office != "north" {
		t.Errorf("its case: %+v", c)
	}
	counts, err := s.CampaignCounts(ctx, "C1", "2026-11-20")
	check(t, err)
	want := []yinzheng.CampaignCount{
		{Division: North, Outcome: "absent", Due: 1, Number: 1},
		{Division: North, Outcome: "present", Number: 1},
		{Division: North, Outcome: "present", Refused: true, Number: 1},
		{Division: North, Outcome: "present", Case: yinzheng.Submitted, Number: 1},
	}
	slices.SortFunc(counts, func(a, b yinzheng.CampaignCount) int {
		return slices.Compare([]string{a.Outcome, string(a.Case), fmt.Sprint(a.Refused)}, []string{b.Outcome, string(b.Case), fmt.Sprint(b.Refused)})
	})
	if d := cmp.Diff(want, counts); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if counts, err = s.CampaignCounts(ctx, "C1", "2026-11-19"); err != nil || slices.ContainsFunc(counts, func(n yinzheng.CampaignCount) bool { return n.Due > 0 }) {
		t.Errorf("due a day too early: %+v %v", counts, err)
	}
}

// holdings are of cases that are issued, in a division or below it, while the
// certificate is in force.
func holdings(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	check(t, s.PutDirectory(ctx, Tree()))
	issue := func(n int, id, division string) *yinzheng.Certificate {
		a := Case(id, "north", division, yinzheng.Submit, yinzheng.Approve, yinzheng.Approve, yinzheng.Reserve)
		check(t, s.SaveApplication(ctx, a, 0))
		c := Certificate(n, id)
		check(t, s.Reserve(ctx, c))
		c = Finished(c, []byte("%PDF-"+id))
		check(t, s.FinishIssue(ctx, c, []byte("%PDF-"+id)))
		check(t, s.SaveApplication(ctx, Next(a, []yinzheng.ActionKind{yinzheng.Issue}, "north", division), a.Version))
		return c
	}
	list, err := s.OpenStatusList(ctx)
	check(t, err)
	if list != 1 {
		t.Fatalf("list %d", list)
	}
	issue(1, "A", North)
	issue(2, "B", West)
	suspended := issue(3, "C", North)
	suspended.Status = yinzheng.StatusIsSuspended
	check(t, s.SetStatus(ctx, suspended, yinzheng.StatusOK))
	for name, c := range map[string]struct {
		item     string
		level    yinzheng.Level
		division string
		at       time.Time
		want     []string
	}{
		"a village":    {Template.Code, yinzheng.Village, North, Start, []string{"CA"}},
		"a town":       {Template.Code, yinzheng.Town, Town, Start, []string{"CA"}},
		"a district":   {Template.Code, yinzheng.District, District, Start, []string{"CA", "CB"}},
		"another item": {"other", yinzheng.District, District, Start, nil},
		"expired":      {Template.Code, yinzheng.District, District, Start.AddDate(0, 6, 0), nil},
	} {
		held, err := s.Holdings(ctx, c.item, c.level, c.division, c.at)
		check(t, err)
		var codes []string
		for _, h := range held {
			codes = append(codes, h.Certificate)
			if h.Template != Template.Version || h.Values.String("name") == "" || h.Values.ID("id").Number == "" {
				t.Errorf("%s: %+v", name, h)
			}
		}
		slices.Sort(codes)
		if !slices.Equal(codes, c.want) {
			t.Errorf("%s: %v, want %v", name, codes, c.want)
		}
	}
}
