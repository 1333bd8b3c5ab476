package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yinzheng"
)

func applicationRoundTrip(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	_, err := s.Application(ctx, "A1")
	checkIs(t, err, yinzheng.ErrNotFound)
	a := Case("A1", "north", North)
	check(t, s.SaveApplication(ctx, a, 0))
	for _, kinds := range [][]yinzheng.ActionKind{
		{}, {yinzheng.Edit, yinzheng.Submit}, {yinzheng.Approve}, {yinzheng.Return}, {yinzheng.Approve, yinzheng.Approve, yinzheng.Approve}, {yinzheng.Reserve}, {yinzheng.Unissue},
	} {
		seen := a.Version
		if a = Next(a, kinds, "north", North); len(kinds) > 0 {
			check(t, s.SaveApplication(ctx, a, seen))
		}
		got, err := s.Application(ctx, "A1")
		check(t, err)
		if d := cmp.Diff(a, got); d != "" {
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
	if d := cmp.Diff(b, got); d != "" {
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
	for _, a := range []*yinzheng.Application{
		Case("draft", "north", North),
		Case("north-at-town", "north", North, submit...),
		Case("elsewhere", "town", South, submit...),
		Case("west-at-town", "west", West, submit...),
		Case("at-district", "north", North, yinzheng.Submit, yinzheng.Approve),
		Case("approved", "south", South, approve...),
	} {
		check(t, s.SaveApplication(ctx, a, 0))
	}
	town, district := yinzheng.QueueScope{Division: Town, Level: yinzheng.Town, Role: yinzheng.Approver}, yinzheng.QueueScope{Division: District, Level: yinzheng.District, Role: yinzheng.Approver}
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
		{"not a clerk's", []yinzheng.QueueScope{{Division: Town, Level: yinzheng.Town, Role: yinzheng.Clerk}}, nil, nil},
		{"any role", []yinzheng.QueueScope{{Division: Town, Level: yinzheng.Town}}, nil, []string{"elsewhere", "north-at-town"}},
		{"district's inbox", []yinzheng.QueueScope{district}, nil, []string{"at-district"}},
		{"towns seen from the district", []yinzheng.QueueScope{{Division: District, Level: yinzheng.Town, Role: yinzheng.Approver}}, nil, []string{"elsewhere", "north-at-town", "west-at-town"}},
		{"a village's part of the town's inbox", []yinzheng.QueueScope{{Division: North, Level: yinzheng.Town, Role: yinzheng.Approver}}, nil, []string{"north-at-town"}},
		{"either", []yinzheng.QueueScope{north, town, town}, nil, []string{"at-district", "draft", "elsewhere", "north-at-town"}},
		{"a division without drafts", []yinzheng.QueueScope{{Division: Town}}, nil, []string{"approved", "at-district", "elsewhere", "north-at-town"}},
		{"province", []yinzheng.QueueScope{{Division: Province}}, []yinzheng.State{yinzheng.Approved}, []string{"approved"}},
		{"city", []yinzheng.QueueScope{{Division: City}}, []yinzheng.State{yinzheng.Approved}, []string{"approved"}},
		{"unknown division", []yinzheng.QueueScope{{Division: "000000000000"}}, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			entries, err := s.Queue(ctx, yinzheng.QueueFilter{Scopes: tt.scopes, States: tt.states, Limit: 50})
			check(t, err)
			var got []string
			for _, e := range entries {
				got = append(got, e.ID)
			}
			slices.Sort(got)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
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

func queuePages(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	check(t, s.PutDirectory(ctx, Tree()))
	want := map[string]bool{}
	for i := range 60 { // thirds change at the same moment, in several states
		a := Case(fmt.Sprintf("A%02d", i), "north", North, submit...)
		if i%3 > 0 {
			a = Next(a, approve[1:1+i%3], "north", North)
		}
		check(t, s.SaveApplication(ctx, a, 0))
		want[a.ID] = true
	}
	f := yinzheng.QueueFilter{Scopes: []yinzheng.QueueScope{{Division: District}, {Office: "north"}}, Limit: 7}
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

// queueAtOnce: however many ask at once for what nobody has read yet, all are
// answered.
func queueAtOnce(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	check(t, s.SaveApplication(ctx, Case("A1", "north", North), 0))
	for range 5 {
		check(t, s.PutDirectory(ctx, Tree()))
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				entries, err := s.Queue(ctx, yinzheng.QueueFilter{Scopes: []yinzheng.QueueScope{{Office: "north"}}, Limit: 1})
				if err != nil || len(entries) != 1 {
					t.Errorf("%v, %v", entries, err)
				}
			})
		}
		wg.Wait()
	}
}

// queueOverrides: where a division lies is what the office tree says.
func queueOverrides(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	check(t, s.PutDirectory(ctx, Tree()))
	check(t, s.SaveApplication(ctx, Case("A1", "town", East, submit...), 0))
	entries, err := s.Queue(ctx, yinzheng.QueueFilter{Scopes: []yinzheng.QueueScope{{Division: Town, Level: yinzheng.Town, Role: yinzheng.Approver}}, Limit: -1})
	check(t, err)
	if len(entries) != 1 || entries[0].ID != "A1" {
		t.Errorf("got %v", entries)
	}
}

func waiting(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	for _, a := range []*yinzheng.Application{
		Case("submitted", "north", North, submit...),
		Case("leased", "north", North, append(approve[:3:3], yinzheng.Reserve)...),
		Case("approved", "north", North, approve...),
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
}
