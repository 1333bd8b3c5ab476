package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"yinzheng"
)

func applicationRoundTrip(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	_, err := s.Application(ctx, "A1")
	checkIs(t, err, yinzheng.ErrNotFound)
	a := Case("A1", "north", North)
	check(t, s.SaveApplication(ctx, a, 0))
	for _, kinds := range [][]yinzheng.ActionKind{
		{}, {yinzheng.Attach, yinzheng.Detach, yinzheng.Attach, yinzheng.Refer, yinzheng.Promise}, {yinzheng.Edit, yinzheng.Submit}, {yinzheng.Approve}, {yinzheng.Return}, {yinzheng.Approve, yinzheng.Approve, yinzheng.Approve}, {yinzheng.Reserve}, {yinzheng.Unissue}, {yinzheng.Reserve, yinzheng.Issue, yinzheng.Schedule}, {yinzheng.Inspect}, {yinzheng.Suspend},
	} {
		seen := a.Version
		if a = Next(a, kinds, "north", North); len(kinds) > 0 {
			check(t, s.SaveApplication(ctx, a, seen))
		}
		got, err := s.Application(ctx, "A1")
		check(t, err)
		if d := cmp.Diff(a, got, Kept); d != "" {
			t.Fatalf("after %v (-want +got):\n%s", kinds, d)
		}
	}
}

func applicationConflicts(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	a := Case("A1", "north", North)
	b := Next(a, []yinzheng.ActionKind{yinzheng.Submit}, "north", North)
	checkIs(t, s.SaveApplication(ctx, b, 1), yinzheng.ErrConflict) // there is none yet
	check(t, s.SaveApplication(ctx, a, 0))
	checkIs(t, s.SaveApplication(ctx, a, 0), yinzheng.ErrConflict)
	check(t, s.SaveApplication(ctx, b, 1))
	stale := Next(a, []yinzheng.ActionKind{yinzheng.Withdraw}, "north", North)
	checkIs(t, s.SaveApplication(ctx, stale, 1), yinzheng.ErrConflict)
	got, err := s.Application(ctx, "A1")
	check(t, err)
	if d := cmp.Diff(b, got, Kept); d != "" {
		t.Fatalf("a loser changed the case (-want +got):\n%s", d)
	}
	if err := s.SaveApplication(ctx, b, 2); err == nil {
		t.Fatal("a save without a new action succeeded")
	}
}

func applicationOneWinner(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	a := Case("A1", "north", North)
	check(t, s.SaveApplication(ctx, a, 0))
	for a.Version < 6 {
		var won atomic.Int32
		next := Next(a, []yinzheng.ActionKind{yinzheng.Edit}, "north", North)
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				switch err := s.SaveApplication(ctx, next, a.Version); {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, yinzheng.ErrConflict):
					t.Error(err)
				}
				if got, err := s.Application(ctx, "A1"); err != nil || len(got.Actions) != got.Version {
					t.Errorf("a reader met a half-written case: %v", err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Fatalf("%d of 16 writers won", won.Load())
		}
		a = next
	}
}

var (
	submit  = []yinzheng.ActionKind{yinzheng.Submit}
	approve = []yinzheng.ActionKind{yinzheng.Submit, yinzheng.Approve, yinzheng.Approve}
)

func queueScopes(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	check(t, s.PutDirectory(ctx, Tree()))
	at := func(a *yinzheng.Application, desks ...yinzheng.Desk) *yinzheng.Application {
		a.Desks = desks
		return a
	}
	townDesk, districtDesk := yinzheng.Desk{Office: "town", Role: yinzheng.Approver}, yinzheng.Desk{Office: "district", Role: yinzheng.Approver}
	for _, a := range []*yinzheng.Application{
		Case("draft", "north", North),
		at(Case("north-at-town", "north", North, submit...), townDesk),
		at(Case("elsewhere", "town", South, submit...), townDesk, townDesk, districtDesk),
		at(Case("west-at-town", "west", West, submit...), yinzheng.Desk{Office: "town2", Role: yinzheng.Approver}),
		at(Case("at-district", "north", North, yinzheng.Submit, yinzheng.Approve), districtDesk),
		Case("approved", "south", South, approve...),
	} {
		check(t, s.SaveApplication(ctx, a, 0))
	}
	left := at(Case("left", "south", South, submit...), townDesk)
	check(t, s.SaveApplication(ctx, left, 0))
	left = Next(left, []yinzheng.ActionKind{yinzheng.Reject}, "south", South)
	check(t, s.SaveApplication(ctx, left, left.Version-1))
	town, district := yinzheng.QueueScope{Office: "town", Role: yinzheng.Approver}, yinzheng.QueueScope{Office: "district", Role: yinzheng.Approver}
	north := yinzheng.QueueScope{Office: "north"}
	tests := []struct {
		name   string
		scopes []yinzheng.QueueScope
		states []yinzheng.State
		want   []string
	}{
		{"none", nil, nil, nil},
		{"an office's own", []yinzheng.QueueScope{north}, nil, []string{"at-district", "draft", "north-at-town"}},
		{"by state", []yinzheng.QueueScope{north}, []yinzheng.State{yinzheng.Draft, yinzheng.Issued}, []string{"draft"}},
		{"town's inbox", []yinzheng.QueueScope{town}, nil, []string{"elsewhere", "north-at-town"}},
		{"town's inbox has no drafts", []yinzheng.QueueScope{town}, []yinzheng.State{yinzheng.Draft}, nil},
		{"not a clerk's", []yinzheng.QueueScope{{Office: "town", Role: yinzheng.Clerk}}, nil, nil},
		{"district's inbox", []yinzheng.QueueScope{district}, nil, []string{"at-district", "elsewhere"}},
		{"either", []yinzheng.QueueScope{north, town, town}, nil, []string{"at-district", "draft", "elsewhere", "north-at-town"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			entries, err := s.Queue(ctx, yinzheng.QueueFilter{Scopes: tt.scopes, States: tt.states, Limit: 50})
			check(t, err)
			if d := cmp.Diff(tt.want, ids(entries)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			for _, most := range []int{50, 2} {
				n, err := s.CountQueue(ctx, yinzheng.QueueFilter{Scopes: tt.scopes, States: tt.states, Limit: most})
				if check(t, err); n != min(len(tt.want), most) {
					t.Errorf("counted to %d: %d", most, n)
				}
			}
		})
	}
	entries, err := s.Queue(ctx, yinzheng.QueueFilter{Scopes: []yinzheng.QueueScope{district}, Limit: 50})
	check(t, err)
	want := yinzheng.QueueEntry{
		ID: "at-district", Item: "residence", State: yinzheng.Submitted, Step: "district", Version: 3, Holder: "持证人at-district",
		Division: North, Office: "north", Changed: Start.Add(2 * time.Second), Cursor: entries[0].Cursor,
	}
	if d := cmp.Diff(want, entries[0]); d != "" {
		t.Errorf("entry (-want +got):\n%s", d)
	}
}

func ids(entries []yinzheng.QueueEntry) (ids []string) {
	for _, e := range entries {
		ids = append(ids, e.ID)
	}
	slices.Sort(ids)
	return ids
}

func queuePages(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	check(t, s.PutDirectory(ctx, Tree()))
	want := map[string]bool{}
	for i := range 60 { // thirds change at the same moment, in several states
		a := Case(fmt.Sprintf("A%02d", i), "north", North, submit...)
		a.Desks = []yinzheng.Desk{{Office: "town", Role: yinzheng.Approver}}
		if i%3 > 0 {
			a = Next(a, approve[1:1+i%3], "north", North)
		}
		check(t, s.SaveApplication(ctx, a, 0))
		want[a.ID] = true
	}
	f := yinzheng.QueueFilter{Scopes: []yinzheng.QueueScope{{Office: "town", Role: yinzheng.Approver}, {Office: "north"}}, Limit: 7}
	last := Start.Add(time.Hour)
	for {
		entries, err := s.Queue(ctx, f)
		check(t, err)
		for _, e := range entries {
			if !want[e.ID] || e.Changed.After(last) {
				t.Fatalf("%s at %v is out of order or listed twice", e.ID, e.Changed)
			}
			delete(want, e.ID)
			last, f.Before = e.Changed, e.Cursor
		}
		if len(entries) < f.Limit {
			break
		}
	}
	if len(want) > 0 {
		t.Errorf("%d cases never listed", len(want))
	}
	for _, bad := range []string{"x", "1", "1.", "!.1", "1.1.1"} {
		f.Before = bad
		_, err := s.Queue(ctx, f)
		checkIs(t, err, yinzheng.ErrInvalid)
	}
}

// inbox: what is due first comes first, across the desks and from page to page,
// what has no limit last, and a case that moves on leaves it.
func inbox(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	check(t, s.PutDirectory(ctx, Tree()))
	town, district := yinzheng.Desk{Office: "town", Role: yinzheng.Approver}, yinzheng.Desk{Office: "district", Role: yinzheng.Approver}
	var want []string
	for i, days := range []int{5, 0, 2, 5, 1, 0, 9} { // 0: no limit
		a := Case(fmt.Sprintf("A%d", i), "north", North, submit...)
		a.Desks = []yinzheng.Desk{town, district}
		if i%2 == 1 {
			a.Desks = a.Desks[:1]
		}
		if days > 0 {
			a.Due = Start.AddDate(0, 0, days)
		}
		check(t, s.SaveApplication(ctx, a, 0))
	}
	want = []string{"A4", "A2", "A0", "A3", "A6", "A1", "A5"}
	f := yinzheng.QueueFilter{Scopes: []yinzheng.QueueScope{{Office: "town", Role: yinzheng.Approver}, {Office: "district", Role: yinzheng.Approver}}, Limit: 2}
	list := func() (got []string) {
		t.Helper()
		for f.Before = ""; ; {
			entries, err := s.Inbox(ctx, f)
			check(t, err)
			for _, e := range entries {
				got, f.Before = append(got, e.ID), e.Cursor
			}
			if len(entries) < f.Limit {
				return got
			}
		}
	}
	if d := cmp.Diff(want, list()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	a, err := s.Application(ctx, "A6")
	check(t, err)
	a = Next(a, []yinzheng.ActionKind{yinzheng.Edit}, "north", North)
	a.Desks, a.Due = []yinzheng.Desk{town}, Start
	check(t, s.SaveApplication(ctx, a, a.Version-1))
	a, err = s.Application(ctx, "A4")
	check(t, err)
	a = Next(a, []yinzheng.ActionKind{yinzheng.Reject}, "north", North)
	check(t, s.SaveApplication(ctx, a, a.Version-1))
	if d := cmp.Diff([]string{"A6", "A2", "A0", "A3", "A1", "A5"}, list()); d != "" {
		t.Errorf("after changes (-want +got):\n%s", d)
	}
	f.Before = "x"
	_, err = s.Inbox(ctx, f)
	checkIs(t, err, yinzheng.ErrInvalid)
}

func waiting(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	for _, a := range []*yinzheng.Application{
		Case("submitted", "north", North, submit...),
		Case("leased", "north", North, append(approve[:3:3], yinzheng.Reserve)...),
		Case("approved", "north", North, approve...),
		Case("held", "north", North, append([]yinzheng.ActionKind{yinzheng.Promise}, approve...)...), // until its material comes
		Case("issued", "north", North, append(approve[:3:3], yinzheng.Reserve, yinzheng.Issue)...),
	} {
		check(t, s.SaveApplication(ctx, a, 0))
	}
	check(t, s.Reserve(ctx, Certificate(1, "leased")))
	until := Certificate(1, "").Lease
	for _, tt := range []struct {
		now   time.Time
		limit int
		want  []string
	}{
		{until.Add(-time.Microsecond), 10, []string{"approved"}},
		{until, 10, []string{"approved", "leased"}}, // longest unchanged first
		{until, 1, []string{"approved"}},
	} {
		got, err := s.Waiting(ctx, tt.now, tt.limit)
		check(t, err)
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("at %v (-want +got):\n%s", tt.now, d)
		}
	}
	for id, end := range map[string][]yinzheng.ActionKind{"refers": {yinzheng.Reserve, yinzheng.Issue}, "refers, approved": nil} {
		a := Case(id, "north", North, append([]yinzheng.ActionKind{yinzheng.Refer, yinzheng.Refer, yinzheng.Submit, yinzheng.Approve}, end...)...)
		check(t, s.SaveApplication(ctx, a, 0))
	}
	for code, want := range map[string][]string{"C0": {"refers"}, "C1": nil} {
		got, err := s.Referring(ctx, code)
		check(t, err)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("refer to %s (-want +got):\n%s", code, d)
		}
	}
	entries, err := s.Queue(ctx, yinzheng.QueueFilter{Scopes: []yinzheng.QueueScope{{Office: "north"}}})
	check(t, err)
	for _, e := range entries {
		if e.Incomplete != (e.ID == "held") {
			t.Errorf("%s, incomplete: %v", e.ID, e.Incomplete)
		}
	}
}

// limits: what is past its limit, or near it, is found, longest first, until
// something was done about it; what a delegate, a post and a due time are is kept.
func limits(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	check(t, s.PutDirectory(ctx, Tree()))
	due := Start.Add(time.Hour)
	with := func(id string, at time.Time, late bool) *yinzheng.Application {
		a := Case(id, "north", North, submit...)
		a.Due, a.Late = at, late
		x := &a.Actions[len(a.Actions)-1]
		x.Due, x.Post, x.For, x.ForName, x.ForID = at, 2, "u2", "李雷", yinzheng.ID{Type: yinzheng.ResidentID, Number: "441302199001019999"}
		return a
	}
	soon, reminded := with("soon", Start.AddDate(0, 0, 1).Add(time.Minute), false), with("reminded", Start.AddDate(0, 0, 1).Add(time.Minute), false)
	reminded.Reminded = true
	for _, a := range []*yinzheng.Application{with("second", due.Add(time.Second), false), with("first", due, false), with("later", due.Add(time.Hour), false), with("escalated", due, true), soon, reminded, Case("none", "north", North)} {
		check(t, s.SaveApplication(ctx, a, 0))
	}
	ids, err := s.Overdue(ctx, due.Add(time.Minute), 10)
	check(t, err)
	if d := cmp.Diff([]string{"soon", "first", "second"}, ids); d != "" {
		t.Errorf("overdue (-want +got):\n%s", d)
	}
	back, err := s.Application(ctx, "first")
	check(t, err)
	want := with("first", due, false)
	if d := cmp.Diff(want.Actions, back.Actions); d != "" {
		t.Errorf("actions (-want +got):\n%s", d)
	}
}

func calendar(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	check(t, s.PutCalendar(ctx, []yinzheng.CalendarDay{{Date: "2026-10-10", Working: true, Name: "调休"}, {Date: "2026-10-01", Name: "国庆"}}))
	check(t, s.PutCalendar(ctx, []yinzheng.CalendarDay{{Date: "2026-10-01", Name: "国庆节"}}))
	days, err := s.Calendar(ctx)
	check(t, err)
	if d := cmp.Diff([]yinzheng.CalendarDay{{Date: "2026-10-01", Name: "国庆节"}, {Date: "2026-10-10", Working: true, Name: "调休"}}, days); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func notices(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	post := yinzheng.Desk{Office: "town", Role: yinzheng.Approver}
	for i := range 5 {
		n := yinzheng.Notice{At: Start, Office: "town", Role: yinzheng.Approver, Kind: "waiting", Application: fmt.Sprint("A", i), Step: "town"}
		check(t, s.Notify(ctx, []yinzheng.Notice{n, {At: Start, Office: "north", Role: yinzheng.Clerk, Kind: "issued", Application: "B"}}))
	}
	admin := yinzheng.Desk{Office: "town", Role: yinzheng.Admin}
	told := yinzheng.Notice{ID: 11, At: Start, Office: "town", Role: yinzheng.Admin, Kind: "stranded", Application: "A0", Step: "village", About: "north"}
	check(t, s.Notify(ctx, []yinzheng.Notice{told}))
	list, err := s.Notices(ctx, []yinzheng.Desk{admin}, 0, 2)
	check(t, err)
	if d := cmp.Diff([]yinzheng.Notice{told}, list); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	first, err := s.Notices(ctx, []yinzheng.Desk{post, post}, 0, 2)
	check(t, err)
	rest, err := s.Notices(ctx, []yinzheng.Desk{post}, first[1].ID, 10)
	check(t, err)
	for _, c := range []struct {
		after int64
		most  int
		want  int
	}{{0, 10, 6}, {0, 3, 3}, {first[1].ID, 10, 2}, {first[0].ID, 10, 1}, {told.ID, 10, 0}} {
		n, err := s.CountNotices(ctx, []yinzheng.Desk{post, admin}, c.after, c.most)
		if check(t, err); n != c.want {
			t.Errorf("after %d, to %d: %d, want %d", c.after, c.most, n, c.want)
		}
	}
	for _, step := range []struct{ tell, want int64 }{{0, 0}, {5, 5}, {9, 9}, {7, 9}} {
		check(t, s.Tell(ctx, "u1", step.tell))
		got, err := s.Told(ctx, "u1")
		if check(t, err); got != step.want {
			t.Errorf("told up to %d after %d, want %d", got, step.tell, step.want)
		}
	}
	if got, err := s.Told(ctx, "u2"); err != nil || got != 0 {
		t.Errorf("somebody else was told up to %d: %v", got, err)
	}
	if len(first) != 2 || first[0].Application != "A4" || len(rest) != 3 || rest[2].Application != "A0" || !rest[0].At.Equal(Start) || rest[0].Step != "town" {
		t.Errorf("first %+v\nrest %+v", first, rest)
	}
}

// delegations: what is lent is held by who it is lent to, for the time of the
// loan and no longer than its owner holds it.
func delegations(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	person := func(id string, grants ...yinzheng.Grant) *yinzheng.Account {
		return &yinzheng.Account{ID: id, Username: id, Name: "名" + id, Person: yinzheng.ID{Type: yinzheng.ResidentID, Number: "N" + id}, Grants: grants}
	}
	end := Start.AddDate(0, 1, 0)
	own := yinzheng.Grant{Office: "town", Role: yinzheng.Approver, From: Start, To: end}
	check(t, s.PutDirectory(ctx, Tree()))
	beside := yinzheng.Grant{Office: "town", Role: yinzheng.Clerk}
	check(t, s.PutAccount(ctx, person("owner", own)))
	check(t, s.PutAccount(ctx, person("other", beside)))
	d := &yinzheng.Delegation{ID: "D1", From: "owner", To: "other", Office: "town", Role: yinzheng.Approver, Begin: Start.Add(time.Hour), End: end.Add(time.Hour)}
	check(t, s.PutDelegation(ctx, d))
	other, err := s.Account(ctx, "other")
	check(t, err)
	lent := []yinzheng.Grant{beside, {Office: "town", Role: yinzheng.Approver, From: d.Begin, To: end, For: "owner", ForName: "名owner", ForID: yinzheng.ID{Type: yinzheng.ResidentID, Number: "Nowner"}}}
	if diff := cmp.Diff(lent, other.Grants); diff != "" {
		t.Errorf("lent (-want +got):\n%s", diff)
	}
	check(t, s.PutAccount(ctx, other)) // does not turn the loan into a grant
	who := func(at time.Time) (ids []string) {
		people, err := s.PeopleAt(ctx, "town", yinzheng.Approver, at)
		check(t, err)
		for _, p := range people {
			ids = append(ids, p.ID)
		}
		return ids
	}
	d.End, d.FromName, d.ToName = Start.Add(2*time.Hour), "名owner", "名other"
	check(t, s.PutDelegation(ctx, d))
	for at, want := range map[time.Time][]string{Start: {"owner"}, Start.Add(90 * time.Minute): {"other", "owner"}, Start.Add(3 * time.Hour): {"owner"}, end: nil} {
		if diff := cmp.Diff(want, who(at)); diff != "" {
			t.Errorf("people at %v (-want +got):\n%s", at, diff)
		}
	}
	for what, list := range map[string]func() ([]yinzheng.Delegation, error){
		"lent":        func() ([]yinzheng.Delegation, error) { return s.Delegations(ctx, "owner") },
		"borrowed":    func() ([]yinzheng.Delegation, error) { return s.Delegations(ctx, "other") },
		"an office's": func() ([]yinzheng.Delegation, error) { return s.DelegationsOf(ctx, "town") },
		"the one itself": func() ([]yinzheng.Delegation, error) {
			one, err := s.Delegation(ctx, "D1")
			check(t, err)
			return []yinzheng.Delegation{*one}, err
		},
	} {
		got, err := list()
		check(t, err)
		if diff := cmp.Diff([]yinzheng.Delegation{*d}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	if list, err := s.DelegationsOf(ctx, "north"); err != nil || len(list) > 0 {
		t.Errorf("of another office: %v %v", list, err)
	}
	if _, err := s.Delegation(ctx, "D2"); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("none: %v", err)
	}
	gone := person("owner")
	gone.Version = 1
	check(t, s.PutAccount(ctx, gone))
	if other, err = s.Account(ctx, "other"); err != nil || len(other.Grants) != 1 {
		t.Errorf("the owner's post is gone, the loan is not: %v %v", other.Grants, err)
	}
}

// borrowers: what is lent is held only while who it is lent to has a post of
// their own in that office, beside it or above it.
func borrowers(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	check(t, s.PutDirectory(ctx, Tree()))
	check(t, s.PutDirectory(ctx, yinzheng.NewDirectory(nil, []yinzheng.Office{{ID: "district", Division: District}}, nil)))
	noon, end := Start.Add(time.Hour), Start.AddDate(0, 1, 0)
	desk := yinzheng.Desk{Office: "town", Role: yinzheng.Approver}
	a := Case("A", "north", North, submit...)
	a.Desks = []yinzheng.Desk{desk}
	check(t, s.SaveApplication(ctx, a, 0))
	lend := func(from, to, office string) {
		check(t, s.PutDelegation(ctx, &yinzheng.Delegation{ID: from + to, From: from, To: to, Office: office, Role: yinzheng.Approver, Begin: Start, End: end}))
	}
	check(t, s.PutAccount(ctx, &yinzheng.Account{ID: "owner", Username: "owner", Grants: []yinzheng.Grant{{Office: "town", Role: yinzheng.Approver}}}))
	for id, own := range map[string][]yinzheng.Grant{
		"nobody":  nil,
		"below":   {{Office: "north", Role: yinzheng.Clerk}},
		"beside":  {{Office: "town", Role: yinzheng.Clerk}},
		"above":   {{Office: "district", Role: yinzheng.Clerk}},
		"leaves":  {{Office: "town", Role: yinzheng.Clerk, To: noon}, {Office: "north", Role: yinzheng.Clerk}},
		"comes":   {{Office: "town", Role: yinzheng.Clerk, From: noon}},
		"twofold": {{Office: "town", Role: yinzheng.Clerk}, {Office: "district", Role: yinzheng.Clerk}},
	} {
		check(t, s.PutAccount(ctx, &yinzheng.Account{ID: id, Username: id, Grants: own}))
		lend("owner", id, "town")
	}
	lend("beside", "below", "town") // what was lent is not lent on
	for at, want := range map[time.Time]string{Start: "above beside leaves owner twofold", noon: "above beside comes owner twofold"} {
		desks, err := s.DesksAt(ctx, at)
		check(t, err)
		var holders []string
		for _, h := range desks[0].People {
			holders = append(holders, h.Account)
		}
		if strings.Join(holders, " ") != want || len(desks) != 1 {
			t.Errorf("at %v: %v, want %s", at, desks, want)
		}
		for role, want := range map[yinzheng.Role]string{yinzheng.Approver: "[town]", yinzheng.Admin: "[]", yinzheng.Clerk: "[district north town]"} {
			with, err := s.OfficesWith(ctx, role, at)
			check(t, err)
			if fmt.Sprint(with) != want {
				t.Errorf("at %v, offices with %s: %v, want %s", at, role, with, want)
			}
		}
		people, err := s.PeopleAt(ctx, "town", yinzheng.Approver, at)
		check(t, err)
		var held []string // by the grants that each has
		for _, id := range []string{"above", "below", "beside", "comes", "leaves", "nobody", "owner", "twofold"} {
			account, err := s.Account(ctx, id)
			check(t, err)
			if _, ok := account.Holds(yinzheng.Approver, at, func(office string) bool { return office == "town" }); ok {
				held = append(held, id)
			}
		}
		if got := strings.Join(held, " "); got != want || len(people) != len(held) {
			t.Errorf("at %v %s hold the post, want %s; %d people", at, got, want, len(people))
		}
	}
	if twofold, err := s.Account(ctx, "twofold"); err != nil || len(twofold.Grants) != 3 {
		t.Errorf("lent twice: %v %v", twofold, err)
	}
}

// desks: where cases wait, and who holds a desk at a moment, by a post of their
// own or a lent one.
func desks(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	check(t, s.PutDirectory(ctx, Tree()))
	town, north := yinzheng.Desk{Office: "town", Role: yinzheng.Approver}, yinzheng.Desk{Office: "north", Role: yinzheng.Clerk}
	for i, at := range [][]yinzheng.Desk{{town}, {town, north}, {{Office: "town", Role: yinzheng.Clerk}}} {
		a := Case(fmt.Sprint("A", i), "north", North, submit...)
		a.Desks = at
		check(t, s.SaveApplication(ctx, a, 0))
	}
	for _, a := range []*yinzheng.Application{Case("D0", "town", Town), Case("R0", "town", Town, submit...), Case("D1", "town", Town), Case("R1", "south", South, submit...), Case("I", "west", West, approve...)} {
		if strings.HasPrefix(a.ID, "R") {
			returned := append(slices.Clone(a.Actions), yinzheng.Action{Seq: a.Version + 1, At: Start, Kind: yinzheng.Return}) // to the clerk
			a = yinzheng.Fold(a.ID, Template, returned)
		}
		check(t, s.SaveApplication(ctx, a, 0))
	}
	post := func(d yinzheng.Desk, from, to time.Time) yinzheng.Grant {
		return yinzheng.Grant{Office: d.Office, Role: d.Role, From: from, To: to}
	}
	noon, never := Start.Add(time.Hour), time.Time{}
	for _, a := range []*yinzheng.Account{
		{ID: "stays", Grants: []yinzheng.Grant{post(town, Start, never), post(town, Start, never)}},
		{ID: "leaves", Grants: []yinzheng.Grant{post(town, Start, noon)}},
		{ID: "comes", Grants: []yinzheng.Grant{post(town, noon, never), post(north, never, never)}},
		{ID: "disabled", Disabled: true, Grants: []yinzheng.Grant{post(town, Start, never)}},
		{ID: "elsewhere", Grants: []yinzheng.Grant{post(yinzheng.Desk{Office: "west", Role: yinzheng.Approver}, Start, never)}},
		{ID: "mends", Grants: []yinzheng.Grant{post(yinzheng.Desk{Office: "town", Role: yinzheng.Clerk}, never, never)}},
		{ID: "deputy", Grants: []yinzheng.Grant{post(yinzheng.Desk{Office: "town", Role: yinzheng.Admin}, Start, never)}},
		{ID: "disabled deputy", Disabled: true, Grants: []yinzheng.Grant{post(yinzheng.Desk{Office: "town", Role: yinzheng.Admin}, Start, never)}},
	} {
		a.Username = a.ID
		check(t, s.PutAccount(ctx, a))
	}
	for i, lent := range [][2]string{{"stays", "disabled deputy"}, {"disabled", "deputy"}, {"elsewhere", "deputy"}, {"leaves", "deputy"}} {
		check(t, s.PutDelegation(ctx, &yinzheng.Delegation{ID: fmt.Sprint(i), From: lent[0], To: lent[1], Office: "town", Role: yinzheng.Approver, Begin: Start, End: noon.Add(time.Hour)}))
	}
	own := func(id string) yinzheng.Holder { return yinzheng.Holder{Account: id} }
	morning := []yinzheng.Holder{{Account: "deputy", For: "leaves"}, own("leaves"), own("stays")}
	for at, want := range map[time.Time][]yinzheng.Holder{Start.Add(-time.Second): nil, Start: morning, noon.Add(-time.Second): morning, noon: {own("comes"), own("stays")}} {
		got, err := s.DesksAt(ctx, at)
		check(t, err)
		all := []yinzheng.Staff{{Desk: north, People: []yinzheng.Holder{own("comes")}}, {Desk: yinzheng.Desk{Office: "south"}}, {Desk: yinzheng.Desk{Office: "town"}, People: []yinzheng.Holder{own("mends")}}, {Desk: town, People: want}, {Desk: yinzheng.Desk{Office: "town", Role: yinzheng.Clerk}, People: []yinzheng.Holder{own("mends")}}}
		if d := cmp.Diff(all, got, cmpopts.IgnoreUnexported(yinzheng.Desk{})); d != "" {
			t.Errorf("at %v (-want +got):\n%s", at, d)
		}
	}
}
