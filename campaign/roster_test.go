package campaign_test

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yinzheng"
	"yinzheng/campaign"
)

// Who starts a campaign, and over what area.
func TestStart(t *testing.T) {
	h := newHouse(t)
	for who, want := range map[string]string{"north": "forbidden", "townclerk": "forbidden", "department": "forbidden", "town": "", "townadmin": "", "admin": "", "town2": "invalid"} {
		in := &campaign.NewCampaign{Item: "survival", Period: "2026-11", People: list(1, north)}
		v, _, err := h.Start(h.ctx, h.people[who], in, "key", true)
		if got := kind(err); got != want {
			t.Errorf("%s: %v", who, err)
		}
		if err == nil && (v.ID != "" || v.People != 1 || v.Until != "2026-11-30") {
			t.Errorf("%s: %+v", who, v.Campaign)
		}
	}
	if events, err := h.store.EventsAbout(h.ctx, "town"); err != nil || len(events) != 2 || events[0].Kind != "campaign-tried" || events[0].Detail != "survival 2026-11, 1 people" {
		t.Errorf("%+v %v", events, err)
	}
	for name, c := range map[string]struct {
		in   campaign.NewCampaign
		want string
	}{
		"no such item":      {campaign.NewCampaign{Item: "x", Period: "2026-11"}, "not-found"},
		"no month":          {campaign.NewCampaign{Item: "survival"}, "invalid"},
		"nobody":            {campaign.NewCampaign{Item: "survival", Period: "2026-11"}, "invalid"},
		"somebody's office": {campaign.NewCampaign{Item: "survival", Period: "2026-11", Office: "town2", People: list(1, north)}, "forbidden"},
	} {
		if _, _, err := h.Start(h.ctx, h.people["town"], &c.in, "key", false); kind(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if all, err := h.List(h.ctx, h.people["town"]); err != nil || len(all) != 0 {
		t.Errorf("kept: %v %v", all, err)
	}
	in := &campaign.NewCampaign{Item: "survival", Period: "2026-11", Until: "2026-11-30", People: list(2, north)}
	one, again, err := h.Start(h.ctx, h.people["town"], in, "key", false)
	must(t, err)
	if again || one.People != 2 || one.Progress.Total.Open != 2 || one.Acts[0].People != 2 {
		t.Errorf("%+v", one)
	}
	two, again, err := h.Start(h.ctx, h.people["town"], in, "key", false)
	if err != nil || !again || two.ID != one.ID {
		t.Errorf("the same request: %v %v %v", two, again, err)
	}
	h.now = h.now.AddDate(0, 0, 60) // the month is over, and it could not be started any more
	if two, again, err = h.Start(h.ctx, h.people["town"], in, "key", false); err != nil || !again || two.ID != one.ID {
		t.Errorf("the same request, later: %v %v %v", two, again, err)
	}
	h.now = h.now.AddDate(0, 0, -60)
	if _, _, err := h.Start(h.ctx, h.people["admin"], &campaign.NewCampaign{Item: "survival", Period: "2026-12", People: list(1, south)}, "key", false); kind(err) != "state" || !strings.Contains(err.Error(), one.ID) {
		t.Errorf("over the same people at once: %v", err)
	}
	if got := h.notices("north", yinzheng.Clerk); !slices.Equal(got, []string{"campaign-started"}) {
		t.Errorf("the village is told %v", got)
	}
	if got := h.notices("south", yinzheng.Clerk); got != nil {
		t.Errorf("another village is told %v", got)
	}
}

// The roster is who holds a certificate in force in the area, by the newest one,
// where they are on record now; who is dead by a register is so from the start.
func TestRosterOfHolders(t *testing.T) {
	h := newHouse(t)
	address := func() map[string]any { return map[string]any{"address": "滨江路"} }
	h.issued(1, address(), north, "")
	h.now = h.now.Add(time.Hour + time.Second)
	newest := h.issued(1, address(), north, "")
	h.issued(2, address(), north, "")
	h.issued(3, address(), north, string(yinzheng.StatusIsSuspended))
	h.issued(4, address(), south, "")
	h.issued(5, address(), west, "")
	h.registers("2026-10-31", holder(1)+",丁一,"+north+",,", holder(2)+",丁二,"+south+",,", holder(4)+",丁八,"+south+",,2026-10-30", holder(5)+",丁六,"+west+",,")
	v := h.start()
	entries, _, err := h.Entries(h.ctx, h.people["town"], v.ID, campaign.EntryQuery{})
	must(t, err)
	var got []string
	for _, e := range entries {
		got = append(got, fmt.Sprint(e.Number, " ", e.Name, " ", e.Division, " ", e.Outcome))
	}
	if d := cmp.Diff([]string{"1 丁一 " + north + " open", "2 丁二 " + south + " open", "3 丁八 " + south + " dead"}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if entries[0].Certificate != newest {
		t.Errorf("by the certificate %s, the newest is %s", entries[0].Certificate, newest)
	}
	if x := entries[2].Death; x == nil || x.On != "2026-10-30" || x.Source != "常住人口登记　2026-10-31" || !x.Registered {
		t.Errorf("the death: %+v", x)
	}
	if e := h.entry(v, 3); len(e.Acts) != 1 || e.Acts[0].Kind != campaign.Died || e.Acts[0].By != yinzheng.SystemActor {
		t.Errorf("its act: %+v", e.Acts)
	}
	h.now = h.now.Add(time.Second)
	h.issued(3, address(), north, "")
	if v, err := h.View(h.ctx, h.people["town"], v.ID); err != nil || v.Progress.Total.People != 3 {
		t.Errorf("the roster grew: %+v %v", v.Progress, err)
	}
}

// What is wrong with a list is told by its place, all of it.
func TestRosterOfList(t *testing.T) {
	h := newHouse(t)
	h.registers("2026-10-31", holder(1)+",丁一,"+south+",,", holder(2)+",丁二,"+west+",,")
	in := &campaign.NewCampaign{Item: "survival", Period: "2026-11", People: []campaign.Person{
		{ID: "441302194001010019", Name: "丁一"},
		{ID: holder(2)},
		{ID: map[string]any{"type": "none", "reason": "无"}, Name: "丁三"},
		{ID: holder(4), Name: "丁八"},
		{ID: holder(4), Name: "丁八"},
		{ID: holder(5), Name: "丁六", Division: west},
		{ID: 7, Name: "丁七"},
	}}
	_, _, err := h.Start(h.ctx, h.people["town"], in, "key", false)
	var e *yinzheng.Error
	var got []string
	if errors.As(err, &e) {
		for _, f := range e.Fields {
			got = append(got, f.Field+" "+f.Code)
		}
	}
	slices.Sort(got)
	want := []string{"people[0].id id-check-digit", "people[1].name required", "people[2].id no-document", "people[4].id twice", "people[5].division jurisdiction", "people[6].id type"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	people, err := campaign.ReadPeople([]byte("姓名,身份证号\n丁一," + holder(1) + "\n丁二,４４１３０２" + holder(2)[6:] + "\n丁三,7\n"))
	must(t, err)
	_, _, err = h.Start(h.ctx, h.people["town"], &campaign.NewCampaign{Item: "survival", Period: "2026-11", People: people}, "key", false)
	if !errors.As(err, &e) || len(e.Fields) != 1 || e.Fields[0].Field != "line 4, column 身份证号" && e.Fields[0].Field != "line 4, column id" {
		t.Errorf("%v", err)
	}
	v := h.start(people[:2]...) // on record in another village, and in another town
	if e := h.entry(v, 2); e.Name != "丁一" || e.Division != south {
		t.Errorf("%+v", e)
	}
	if e := h.entry(v, 1); e.Name != "丁二" || e.Division != town {
		t.Errorf("%+v", e)
	}
	for _, data := range []string{"", "id,name\n", "姓名\n丁一\n"} {
		if _, err := campaign.ReadPeople([]byte(data)); kind(err) != "invalid" {
			t.Errorf("%q: %v", data, err)
		}
	}
}

// TestWhoSeesWhat: whoever is in charge of a place sees its people; others in the
// area learn that there is a campaign; for anybody else there is none.
func TestWhoSeesWhat(t *testing.T) {
	h := newHouse(t)
	v := h.start(append(list(2, north), campaign.Person{ID: holder(3), Name: "丁五", Division: south})...)
	for who, want := range map[string]struct {
		view    string
		total   int
		people  int
		entry   string // entry 1, in the north
		seeing  string
		running string
	}{
		"north":      {"", 2, 2, "", "", "forbidden"},
		"south":      {"", 1, 1, "not-found", "not-found", "forbidden"},
		"west":       {"not-found", 0, 0, "not-found", "not-found", "not-found"},
		"town":       {"", 3, 3, "", "forbidden", ""},
		"townclerk":  {"", 3, 3, "", "", "forbidden"},
		"townadmin":  {"", 3, 0, "not-found", "not-found", ""},
		"town2":      {"not-found", 0, 0, "not-found", "not-found", "not-found"},
		"admin":      {"", 3, 0, "not-found", "not-found", "forbidden"},
		"department": {"not-found", 0, 0, "not-found", "not-found", "not-found"},
	} {
		by := h.people[who]
		view, err := h.View(h.ctx, by, v.ID)
		if kind(err) != want.view || err == nil && view.Progress.Total.People != want.total {
			t.Errorf("%s views: %+v %v", who, view, err)
		}
		all, err := h.List(h.ctx, by)
		if err != nil || (len(all) == 1) != (want.view == "") {
			t.Errorf("%s lists: %v %v", who, all, err)
		}
		entries, _, err := h.Entries(h.ctx, by, v.ID, campaign.EntryQuery{})
		if kind(err) != want.view || len(entries) != want.people {
			t.Errorf("%s reads %d entries, %v", who, len(entries), err)
		}
		if _, err = h.Entry(h.ctx, by, v.ID, 1); kind(err) != want.entry {
			t.Errorf("%s reads an entry: %v", who, err)
		}
		if _, err = h.Paper(h.ctx, by, v.ID, north, "csv"); kind(err) != want.entry {
			t.Errorf("%s takes a list out: %v", who, err)
		}
		rows, err := h.Enter(h.ctx, by, v.ID, []campaign.Sighting{h.present(1, 9)})
		got := kind(err)
		if err == nil {
			got = kind(rows[0].Err)
		}
		if want.seeing == "" {
			want.seeing = "conflict" // nobody has seen version 9
		}
		if got != want.seeing {
			t.Errorf("%s enters: %v %v", who, rows, err)
		}
		if want.running == "" {
			want.running = "conflict"
		}
		if _, err := h.Act(h.ctx, by, v.ID, 9, campaign.Make, ""); kind(err) != want.running {
			t.Errorf("%s orders the cases: %v", who, err)
		}
	}
}

func TestEntriesByPage(t *testing.T) {
	h := newHouse(t)
	v := h.start(append(list(4, north), campaign.Person{ID: holder(5), Name: "丁六", Division: south})...)
	h.see("north", v, h.present(2, 0))
	for name, c := range map[string]struct {
		q    campaign.EntryQuery
		want []int
		next int
	}{
		"all":            {campaign.EntryQuery{}, []int{1, 2, 3, 4, 5}, 0},
		"a page":         {campaign.EntryQuery{Limit: 2}, []int{1, 2}, 2},
		"the last page":  {campaign.EntryQuery{After: 3, Limit: 2}, []int{4, 5}, 0},
		"a village":      {campaign.EntryQuery{Division: south}, []int{5}, 0},
		"a town":         {campaign.EntryQuery{Division: town, Limit: 4}, []int{1, 2, 3, 4}, 4},
		"present":        {campaign.EntryQuery{Outcome: campaign.Present}, []int{2}, 0},
		"cases":          {campaign.EntryQuery{Case: yinzheng.Submitted}, nil, 0},
		"a name":         {campaign.EntryQuery{Name: " 丁六 "}, []int{5}, 0},
		"part of names":  {campaign.EntryQuery{Name: "丁", Limit: 2, After: 1}, []int{2, 3}, 3},
		"a number":       {campaign.EntryQuery{Name: holder(3)}, []int{3}, 0},
		"part of one":    {campaign.EntryQuery{Name: "441302"}, nil, 0},
		"no name":        {campaign.EntryQuery{Name: "，"}, nil, 0},
		"too many asked": {campaign.EntryQuery{Limit: 501}, []int{1, 2, 3, 4, 5}, 0},
	} {
		entries, next, err := h.Entries(h.ctx, h.people["town"], v.ID, c.q)
		must(t, err)
		var got []int
		for _, e := range entries {
			got = append(got, e.Number)
		}
		if !slices.Equal(got, c.want) || next != c.next {
			t.Errorf("%s: %v, next %d", name, got, next)
		}
	}
	for _, division := range []string{west, "x"} {
		if _, _, err := h.Entries(h.ctx, h.people["town"], v.ID, campaign.EntryQuery{Division: division}); kind(err) != "not-found" {
			t.Errorf("%s: %v", division, err)
		}
	}
}

// A list to take along has addresses on record, no whole number, and no formula;
// that it was taken out is on record.
func TestPaper(t *testing.T) {
	h := newHouse(t)
	h.registers("2026-10-31", holder(1)+",丁一,"+north+",=1+1 路,", holder(2)+",丁二,"+north+",滨江路 2 号,", holder(3)+",丁五,"+west+",别处 3 号,")
	v := h.start(list(3, north)...)
	h.see("north", v, campaign.Sighting{Entry: 2, Outcome: campaign.SeenAbsent, How: campaign.ByVisit, Day: "2026-11-02", Reason: "外出", FollowUp: "2026-11-20", SeenBy: "网格员"})
	p, err := h.Paper(h.ctx, h.people["north"], v.ID, north, "csv")
	must(t, err)
	table, err := p.CSV()
	must(t, err)
	mask := yinzheng.MaskID(yinzheng.ID{Type: yinzheng.ResidentID, Number: holder(2)})
	for _, want := range []string{"\ufeff序号,", "1,区划" + north + ",丁一,", ",'=1+1 路,", "丁二," + mask + ",滨江路 2 号,不在,走访,2026-11-02,网格员,外出,2026-11-20\n"} {
		if !strings.Contains(string(table), want) {
			t.Errorf("no %q in:\n%s", want, table)
		}
	}
	if strings.Contains(string(table), holder(2)) || strings.Contains(string(table), "别处") {
		t.Errorf("a whole number, or an address on record elsewhere: %s", table)
	}
	pdf, err := h.PDF(p)
	if err != nil || !strings.HasPrefix(string(pdf), "%PDF-") {
		t.Errorf("%.20s %v", pdf, err)
	}
	events, err := h.store.EventsAbout(h.ctx, v.ID)
	must(t, err)
	if e := events[len(events)-1]; e.Kind != "campaign-listed" || e.By != "north" || e.Detail != "csv "+north+", 3 people" {
		t.Errorf("%+v", e)
	}
	if _, err := h.Paper(h.ctx, h.people["town"], v.ID, "", "csv"); kind(err) != "invalid" {
		t.Errorf("of no place: %v", err)
	}
}

// FuzzReadPeople: no file makes the reader fail otherwise than with a fault that
// its reader can mend.
func FuzzReadPeople(f *testing.F) {
	f.Add([]byte("id,name,division\n" + holder(1) + ",丁一," + north + "\n"))
	f.Add([]byte("\ufeff身份证号;姓名\n1;\n"))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, data []byte) {
		people, err := campaign.ReadPeople(data)
		if err != nil && kind(err) != "invalid" || err == nil && len(people) == 0 {
			t.Fatalf("%q: %d people, %v", data, len(people), err)
		}
	})
}

// TestErasedRoster: three years after its end a roster is nobody's any more; the figures
// stay.
func TestErasedRoster(t *testing.T) {
	h := newHouse(t)
	v := h.start(list(3, north)...)
	must(t, h.see("north", v, h.present(1, 0)).Err)
	v, err := h.Act(h.ctx, h.people["town"], v.ID, 1, campaign.End, "")
	must(t, err)
	figures := fmt.Sprint(v.Progress.Total)
	erasedAfter := func(days int) bool {
		t.Helper()
		h.now = v.Ended.AddDate(0, 0, days).Add(time.Second)
		_, err := h.service.EraseInTime(h.ctx)
		must(t, err)
		now, err := h.View(h.ctx, h.people["town"], v.ID)
		must(t, err)
		if got := fmt.Sprint(now.Progress.Total); got != figures {
			t.Errorf("after %d days %s, and before %s", days, got, figures)
		}
		return now.Erased
	}
	if erasedAfter(1097) || !erasedAfter(1098) {
		t.Error("not erased in time")
	}
	_, _, err = h.Entries(h.ctx, h.people["town"], v.ID, campaign.EntryQuery{})
	refusals := []string{kind(err)}
	_, err = h.Entry(h.ctx, h.people["town"], v.ID, 1)
	refusals = append(refusals, kind(err))
	_, err = h.Paper(h.ctx, h.people["town"], v.ID, north, "pdf")
	if refusals = append(refusals, kind(err)); fmt.Sprint(refusals) != "[state state state]" {
		t.Errorf("its roster: %v", refusals)
	}
}

// TestDeathIsNotGuessed: who knows of an act on an entry everything that an erasure
// leaves, and tries all days, does not find the day of death in the record.
func TestDeathIsNotGuessed(t *testing.T) {
	h := newHouse(t)
	v := h.start(list(2, north)...)
	day := h.now.In(yinzheng.Zone).Format(time.DateOnly)
	must(t, h.see("north", v, campaign.Sighting{Entry: 1, Outcome: campaign.SeenDead, DiedOn: day, Source: "家属"}).Err)
	said, err := json.Marshal(h.entry(v, 1).Acts[0])
	must(t, err)
	events, err := h.store.EventsAbout(h.ctx, v.ID+"/1")
	must(t, err)
	if len(events) != 1 || len(events[0].Detail) != 64 || strings.Contains(string(said), "salt") {
		t.Fatalf("%s is on record as %+v", said, events)
	}
	if events[0].Detail == fmt.Sprintf("%x", sha256.Sum256(said)) {
		t.Error("the record tells what was said to who tries it")
	}
}
