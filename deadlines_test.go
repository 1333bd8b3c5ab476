package yinzheng

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// countersigned is a chain with every feature: a condition, two organs side by
// side, two of a post, a limit that is taken over, a bounded return.
func countersigned(t *testing.T) (*Template, *Directory) {
	t.Helper()
	tpl := SampleTemplate()
	tpl.Resubmit, tpl.MendDays, tpl.Function = ResubmitSame, 3, "health"
	over := 0
	tpl.Chain = []Step{
		{Key: "village", Name: both("村"), Level: Village, Role: Clerk},
		{Key: "town", Name: both("镇"), Level: Town, Role: Approver, When: []Clause{{Field: "kin", Over: &over}}, Limit: 2, TakeOver: &Post{Level: District, Function: "health"}},
		{Key: "district", Name: both("区"), Level: District, Role: Approver, Deciders: []Post{{Function: "police"}, {Function: "health", Count: 2}}, ReturnTo: []string{"town", ToClerk}},
	}
	if faults := tpl.Check(); len(faults) > 0 {
		t.Fatal(faults)
	}
	offices := slices.Clone(testDir.Offices)
	home := testDir.At("441302001001", District).Code
	offices = slices.DeleteFunc(offices, func(o Office) bool { return o.Division == home })
	offices = append(offices, Office{ID: "police", Division: home, Function: "police"}, Office{ID: "health", Division: home, Function: "health", Organ: "X"})
	return tpl, NewDirectory(testDir.Divisions, offices, testDir.Organs)
}

func someone(id, number string, grants ...Grant) *Account {
	for i := range grants {
		grants[i].From = time.Date(2020, 1, 1, 0, 0, 0, 0, Zone)
	}
	return &Account{ID: id, Username: id, Name: "某" + id, Person: ID{Type: ResidentID, Number: number}, Grants: grants}
}

func TestCountersigning(t *testing.T) {
	tpl, dir := countersigned(t)
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, Zone) // a Friday
	clerk := someone("clerk", "1", Grant{Office: "village", Role: Clerk})
	town := someone("town", "2", Grant{Office: "town", Role: Approver})
	police := someone("police", "3", Grant{Office: "police", Role: Approver})
	h1 := someone("h1", "4", Grant{Office: "health", Role: Approver}, Grant{Office: "police", Role: Approver})
	h2 := someone("h2", "5", Grant{Office: "health", Role: Approver})
	begin := func(kin ...any) *Case {
		c := &Case{&Application{ID: "C", Template: tpl.Ref()}, tpl, dir, nil}
		v := Values{"name": "张三"}
		if len(kin) > 0 {
			v["kin"] = kin
		}
		x := actionBy(clerk, clerk.Grants[0], Create, now)
		x.Input = &Input{Division: "441302001001", Values: v}
		c.Application = c.with(x)
		return c
	}
	step := func(c *Case, a *Application, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		c.Application = a
	}
	decide := func(c *Case, by *Account, d Decision) {
		t.Helper()
		a, err := c.Decide(by, d, now)
		step(c, a, err)
	}
	refused := func(c *Case, by *Account) {
		t.Helper()
		if _, err := c.Decide(by, Decision{Action: Approve}, now); !errors.Is(err, ErrForbidden) {
			t.Fatalf("%s: %v, want forbidden", by.ID, err)
		}
	}
	yes := Decision{Action: Approve}

	// Without kin the town's step is left out.
	c := begin()
	a, err := c.Submit(clerk, now)
	step(c, a, err)
	if c.Waiting.Key != "district" || len(c.Desks) != 2 {
		t.Fatalf("waits at %s for %v", c.Waiting.Key, c.Desks)
	}
	refused(c, town)
	decide(c, police, yes)
	refused(c, police)
	decide(c, h1, yes)
	refused(c, h1) // two of the post are two people
	if c.State != Submitted {
		t.Fatal("two of three decided it")
	}
	decide(c, h2, yes)
	if c.State != Approved {
		t.Fatalf("all have approved, the case is %s", c.State)
	}

	// With kin it goes by the town; a return by the district comes back to it.
	c = begin(map[string]any{"name": "李四"})
	a, err = c.Submit(clerk, now)
	step(c, a, err)
	if want := time.Date(2026, 11, 25, 0, 0, 0, 0, Zone); c.Waiting.Key != "town" || !c.Due.Equal(want) {
		t.Fatalf("waits at %s until %v", c.Waiting.Key, c.Due)
	}
	decide(c, town, yes)
	decide(c, h2, yes)
	if _, err := c.Decide(police, Decision{Action: Return, ToStep: "village", Opinion: "x"}, now); !errors.Is(err, ErrInvalid) {
		t.Fatalf("returned to a step that return_to leaves out: %v", err)
	}
	decide(c, police, Decision{Action: Return, Opinion: "x"})
	if c.State != Returned || c.Due.IsZero() {
		t.Fatalf("%s, due %v", c.State, c.Due)
	}
	a, err = c.Submit(clerk, now)
	step(c, a, err)
	if c.Waiting.Key != "district" || len(c.approved) > 0 {
		t.Fatalf("resubmitted to %s with %v", c.Waiting.Key, c.approved)
	}
	decide(c, h2, yes) // a new round: they approved in the last one
	if again := Fold("C", tpl, c.Actions); again.Step != c.Step || again.State != c.State || !again.Due.Equal(c.Due) {
		t.Fatalf("folded: %+v", again)
	}
}

func TestPastLimit(t *testing.T) {
	tpl, dir := countersigned(t)
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, Zone)
	clerk := someone("clerk", "1", Grant{Office: "village", Role: Clerk})
	h1 := someone("h1", "4", Grant{Office: "health", Role: Approver})
	c := &Case{&Application{ID: "C", Template: tpl.Ref()}, tpl, dir, NewCalendar([]CalendarDay{{Date: "2026-11-23", Name: "假"}, {Date: "2026-11-21", Working: true, Name: "调休"}})}
	x := actionBy(clerk, clerk.Grants[0], Create, now)
	x.Input = &Input{Division: "441302001001", Values: Values{"name": "张三", "kin": []any{map[string]any{"name": "李四"}}}}
	c.Application = c.with(x)
	a, err := c.Submit(clerk, now)
	if err != nil {
		t.Fatal(err)
	}
	c.Application = a
	late := time.Date(2026, 11, 25, 0, 0, 0, 0, Zone) // Saturday works, Monday does not: Tuesday is the second day
	if !c.Due.Equal(late) {
		t.Fatalf("due %v", c.Due)
	}
	last := late.AddDate(0, 0, -1)
	if _, err := c.PastLimit(last.Add(-time.Second)); !errors.Is(err, ErrState) {
		t.Fatalf("reminded before the last day: %v", err)
	}
	if a, err = c.PastLimit(late); err != nil || a.Reminded || !a.Late { // found late: nobody is reminded any more
		t.Fatalf("%+v %v", a, err)
	}
	if a, err = c.PastLimit(last); err != nil || !a.Reminded || a.Late || !a.Due.Equal(late) || !slices.Equal(a.Desks, c.Desks) {
		t.Fatalf("not reminded: %+v %v", a, err)
	}
	c.Application = Fold("C", tpl, a.Actions)
	if _, err := c.PastLimit(late.Add(-time.Second)); !errors.Is(err, ErrState) {
		t.Fatalf("reminded twice, or escalated before the limit: %v", err)
	}
	if _, err := c.Decide(h1, Decision{Action: Approve}, now); !errors.Is(err, ErrForbidden) {
		t.Fatalf("took over before the limit: %v", err)
	}
	if a, err = c.PastLimit(late); err != nil {
		t.Fatal(err)
	}
	c.Application = a
	if _, err := c.PastLimit(late.Add(time.Hour)); !errors.Is(err, ErrState) {
		t.Fatalf("escalated twice: %v", err)
	}
	if a, err = c.Decide(h1, Decision{Action: Return, Opinion: "补材料"}, late); err != nil {
		t.Fatal(err)
	}
	c.Application = a
	if a.Reminded || !a.Next().After(late) {
		t.Fatalf("the reminder of another step counts: %v", a.Next())
	}
	if a, err = c.PastLimit(late.AddDate(0, 0, 10)); err != nil || a.State != Withdrawn {
		t.Fatalf("not lapsed: %v", err)
	}
	// A clock that was set back does not reorder the history.
	if x := a.Actions[len(a.Actions)-1]; x.Kind != Lapse || x.At.Before(a.Actions[len(a.Actions)-2].At) {
		t.Fatalf("%+v", x)
	}
}

func TestVacant(t *testing.T) {
	tpl := SampleTemplate()
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, Zone)
	clerk := someone("clerk", "1", Grant{Office: "village", Role: Clerk}, Grant{Office: "town", Role: Approver})
	district := someone("district", "9", Grant{Office: "district", Role: Approver})
	c := &Case{&Application{ID: "C", Template: tpl.Ref()}, tpl, testDir, nil}
	x := actionBy(clerk, clerk.Grants[0], Create, now)
	x.Input = &Input{Division: "441302001001", Values: Values{"name": "张三"}}
	c.Application = c.with(x)
	a, err := c.Submit(clerk, now)
	if err != nil {
		t.Fatal(err)
	}
	c.Application = a
	// The town's only approver is the clerk who submitted: the district decides.
	if a, err = c.Vacant([]*Account{clerk}, now); err != nil {
		t.Fatal(err)
	}
	c.Application = a
	if got := c.Desks; len(got) != 1 || got[0].Office != "district" {
		t.Fatalf("desks %v", got)
	}
	if a, err = c.Decide(district, Decision{Action: Approve}, now); err != nil || a.Waiting.Key != "district" {
		t.Fatalf("%v", err)
	}
	// ... and having done so may not decide the district's own step: nobody is left above.
	c.Application = a
	if _, err := c.Decide(district, Decision{Action: Approve}, now); !errors.Is(err, ErrForbidden) {
		t.Fatal(err)
	}
	if _, err := c.Vacant([]*Account{district, someone("d2", "10", Grant{Office: "district", Role: Approver})}, now); !errors.Is(err, ErrState) {
		t.Fatalf("somebody is left: %v", err)
	}
	if a, err = c.Vacant([]*Account{district}, now); err != nil || !a.Stranded || a.State != Submitted {
		t.Fatalf("nobody is left above: %v", err)
	}
	if x := a.Actions[len(a.Actions)-1]; x.Kind != Strand || x.Office != "district" || x.Step != "district" {
		t.Fatalf("%+v", x)
	}
	c.Application = a
	if _, err := c.Vacant(nil, now); !errors.Is(err, ErrState) {
		t.Fatalf("told twice: %v", err)
	}
	c.Application = c.with(Action{At: now, Kind: Move, By: SystemActor, Office: c.Office, Input: &Input{Division: c.Division}})
	if a, err = c.Vacant(nil, now); err != nil || !a.Stranded {
		t.Fatalf("not told again where the offices have changed: %v", err)
	}
}

// Who delegated counts like who acts.
func TestDelegate(t *testing.T) {
	tpl := SampleTemplate()
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, Zone)
	clerk := someone("clerk", "1", Grant{Office: "village", Role: Clerk})
	lent := func(id, number string) Grant {
		return Grant{Office: "town", Role: Approver, For: id, ForName: "某" + id, ForID: ID{Type: ResidentID, Number: number}}
	}
	c := &Case{&Application{ID: "C", Template: tpl.Ref()}, tpl, testDir, nil}
	x := actionBy(clerk, clerk.Grants[0], Create, now)
	x.Input = &Input{Division: "441302001001", Values: Values{"name": "张三", "id": ID{Type: ResidentID, Number: "7"}.Value()}}
	c.Application = c.with(x)
	a, err := c.Submit(clerk, now)
	if err != nil {
		t.Fatal(err)
	}
	c.Application = a
	for name, by := range map[string]*Account{
		"lent by the clerk who submitted": someone("d", "5", lent("clerk", "1")),
		"lent by a party":                 someone("d", "5", lent("boss", "7")),
		"lent to a party":                 someone("d", "7", lent("boss", "6")),
	} {
		if _, err := c.Decide(by, Decision{Action: Approve}, now); !errors.Is(err, ErrForbidden) {
			t.Errorf("%s: %v, want forbidden", name, err)
		}
	}
	stand := someone("d", "5", lent("clerk", "1"), lent("boss", "6"))
	a, err = c.Decide(stand, Decision{Action: Approve}, now)
	if err != nil {
		t.Fatal(err)
	}
	if x := a.Actions[len(a.Actions)-1]; x.By != "d" || x.For != "boss" || x.ForName != "某boss" {
		t.Errorf("the action does not say for whom: %+v", x)
	}
	c.Application = a
	boss := someone("boss", "6", Grant{Office: "district", Role: Approver})
	if _, err := c.Decide(boss, Decision{Action: Approve}, now); !errors.Is(err, ErrForbidden) {
		t.Errorf("who lent the town's post decides at the district, too: %v", err)
	}
}

func TestCalendar(t *testing.T) {
	c := NewCalendar([]CalendarDay{{Date: "2026-10-01"}, {Date: "2026-10-02"}, {Date: "2026-10-05"}, {Date: "2026-10-10", Working: true}})
	at := func(s string) time.Time { d, _ := time.ParseInLocation("2006-01-02 15:04", s, Zone); return d }
	for _, tt := range []struct {
		from string
		n    int
		want string
	}{
		{"2026-09-30 16:00", 1, "2026-10-07 00:00"}, // over the holiday
		{"2026-10-08 23:59", 2, "2026-10-11 00:00"}, // the Saturday is worked
		{"2026-10-10 09:00", 1, "2026-10-13 00:00"},
	} {
		if got := c.Due(at(tt.from), tt.n); !got.Equal(at(tt.want)) {
			t.Errorf("%s + %d: %v, want %s", tt.from, tt.n, got.In(Zone), tt.want)
		}
	}
	if (*Calendar)(nil).Working(at("2026-11-22 12:00")) || !(*Calendar)(nil).Working(at("2026-11-23 00:00")) {
		t.Error("a Sunday, a Monday")
	}
}

func TestChainFaults(t *testing.T) {
	yes, over := true, 1
	for name, c := range map[string]struct {
		change func(*Template)
		want   string
	}{
		"conditional seal":  {func(t *Template) { t.Chain[2].When = []Clause{{Field: "owner", Filled: &yes}} }, "chain[2].when dead-end"},
		"absent field":      {func(t *Template) { t.Chain[1].When = []Clause{{Field: "nope", Is: "x"}} }, "chain[1].when[0].field absent-field"},
		"never holds":       {func(t *Template) { t.Chain[1].When = []Clause{{Field: "sex", Is: "blue"}} }, "chain[1].when[0] unreachable"},
		"two comparisons":   {func(t *Template) { t.Chain[1].When = []Clause{{Field: "sex", Is: "male", Filled: &yes}} }, "chain[1].when[0] clause"},
		"over of a text":    {func(t *Template) { t.Chain[1].When = []Clause{{Field: "name", Over: &over}} }, "chain[1].when[0].field field-type"},
		"need of one":       {func(t *Template) { t.Chain[1].Need = 2 }, "chain[1].need range"},
		"need above":        {func(t *Template) { t.Chain[2].Deciders, t.Chain[2].Need = []Post{{Function: "a"}, {Function: "b"}}, 3 }, "chain[2].need range"},
		"twice":             {func(t *Template) { t.Chain[2].Deciders = []Post{{Function: "a"}, {Function: "a"}} }, "chain[2].deciders[1] twice"},
		"other level":       {func(t *Template) { t.Chain[2].Deciders = []Post{{Function: "a"}, {Level: Town}} }, "chain[2].deciders[1].level level"},
		"return forward":    {func(t *Template) { t.Chain[1].ReturnTo = []string{"district"} }, "chain[1].return_to[0] choice"},
		"take over at once": {func(t *Template) { t.Chain[1].TakeOver = &Post{Level: District} }, "chain[1].take_over limit"},
		"take over below":   {func(t *Template) { t.Chain[1].Limit, t.Chain[1].TakeOver = 1, &Post{Level: Village, Role: Clerk} }, "chain[1].take_over.level level"},
		"tell at once":      {func(t *Template) { t.Chain[1].Tell = []Post{{Level: District}} }, "chain[1].tell[0] limit"},
		"tell nobody":       {func(t *Template) { t.Chain[1].Limit, t.Chain[1].Tell = 1, []Post{{Role: Admin}} }, "chain[1].tell[0].role choice"},
		"tell nowhere":      {func(t *Template) { t.Chain[1].Limit, t.Chain[1].Tell = 1, []Post{{}, {Level: "moon"}} }, "chain[1].tell[1].level choice"},
		"tell some":         {func(t *Template) { t.Chain[1].Limit, t.Chain[1].Tell = 1, []Post{{Count: 2}} }, "chain[1].tell[0].count not-applicable"},
		"tell a function":   {func(t *Template) { t.Chain[1].Limit, t.Chain[1].Tell = 1, []Post{{Function: "A b"}} }, "chain[1].tell[0].function code"},
		"long limit":        {func(t *Template) { t.Chain[1].Limit = 251 }, "chain[1].limit_days range"},
		"other organ":       {func(t *Template) { t.Function = "police" }, "issuer_function issuer"},
		"resubmit":          {func(t *Template) { t.Resubmit = "never" }, "resubmit choice"},
		"reserved":          {func(t *Template) { t.Chain[0].Key = ToClerk }, "chain[0].key twice"},
	} {
		tpl := SampleTemplate()
		c.change(tpl)
		var got []string
		for _, f := range tpl.Check() {
			got = append(got, f.Field+" "+f.Code)
		}
		if !slices.Contains(got, c.want) {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
	tpl, dir := countersigned(t)
	if faults := tpl.CheckOffices(dir); len(faults) > 0 {
		t.Error(faults)
	}
	if faults := tpl.CheckOffices(testDir); len(faults) != 3 || faults[0].Field != "chain[1].take_over" || faults[2].Field != "chain[2].deciders[1]" {
		t.Error(faults)
	}
	if faults := tpl.CheckLevels(testDir); len(faults) > 0 {
		t.Error(faults)
	}
	if err := tpl.startable(dir); err != nil {
		t.Error(err)
	}
	if err := tpl.startable(testDir); !errors.Is(err, ErrState) {
		t.Errorf("an item without its offices: %v", err)
	}
	tpl.Chain[2].Deciders = nil
	tpl.Chain[1].Function = "police" // a step that not every case comes to
	if err := tpl.startable(testDir); err != nil || len(tpl.CheckOffices(testDir)) != 2 {
		t.Error(err)
	}
}

// TestDelegateDrafts: nobody hands in a case, or mends it, in the name of a
// party of it, or of somebody who has decided it; of several posts that suit,
// the one without an obstacle is taken.
func TestDelegateDrafts(t *testing.T) {
	tpl := SampleTemplate()
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, Zone)
	clerk := someone("clerk", "1", Grant{Office: "village", Role: Clerk})
	lent := func(id, number string) Grant {
		return Grant{Office: "village", Role: Clerk, For: id, ForName: "某" + id, ForID: ID{Type: ResidentID, Number: number}}
	}
	c := &Case{&Application{ID: "C", Template: tpl.Ref()}, tpl, testDir, nil}
	x := actionBy(clerk, clerk.Grants[0], Create, now)
	x.Input = &Input{Division: "441302001001", Values: Values{"name": "张三", "id": ID{Type: ResidentID, Number: "7"}.Value()}}
	c.Application = c.with(x)
	for _, row := range []struct {
		name         string
		by           *Account
		submit, edit bool
	}{
		{"lent by a party", someone("d", "5", lent("holder", "7")), false, true},
		{"lent by a party, and by another", someone("d", "5", lent("holder", "7"), lent("colleague", "2")), true, true},
		{"lent by a party, and their own", someone("d", "5", lent("holder", "7"), Grant{Office: "village", Role: Clerk}), true, true},
		{"lent to a party", someone("d", "7", lent("colleague", "2")), false, true},
	} {
		a, err := c.Submit(row.by, now)
		if (err == nil) != row.submit || err != nil && !errors.Is(err, ErrForbidden) {
			t.Errorf("%s hands in: %v", row.name, err)
		}
		if err == nil && a.Actions[len(a.Actions)-1].For == "holder" {
			t.Errorf("%s hands in for the party", row.name)
		}
		if _, err := c.Edit(row.by, x.Input, now); (err == nil) != row.edit {
			t.Errorf("%s edits: %v", row.name, err)
		}
	}

	a, err := c.Submit(clerk, now)
	if err != nil {
		t.Fatal(err)
	}
	c.Application = a
	boss := someone("boss", "6", Grant{Office: "town", Role: Approver})
	if a, err = c.Decide(boss, Decision{Action: Return, Opinion: "x"}, now); err != nil {
		t.Fatal(err)
	}
	c.Application = a
	if _, err := c.Edit(someone("d", "5", lent("boss", "6")), x.Input, now); !errors.Is(err, ErrForbidden) {
		t.Errorf("mended in the name of who returned it: %v", err)
	}
	if _, err := c.Submit(someone("d", "5", lent("boss", "6")), now); !errors.Is(err, ErrForbidden) {
		t.Errorf("handed in again in the name of who returned it: %v", err)
	}
}
