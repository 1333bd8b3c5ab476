package storetest

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yinzheng"
)

// saveMarked writes a case with its marks.
func saveMarked(t *testing.T, s yinzheng.Store, a *yinzheng.Application, m yinzheng.Marks) {
	t.Helper()
	check(t, s.SaveApplication(t.Context(), a, 0))
	check(t, s.PutMarks(t.Context(), a.ID, m))
}

// foundIDs are the cases that a search lists, in their order.
func foundIDs(t *testing.T, s yinzheng.Store, f yinzheng.SearchFilter) string {
	t.Helper()
	entries, err := s.Search(t.Context(), f)
	check(t, err)
	ids := make([]string, len(entries))
	for i, e := range entries {
		ids[i] = e.ID
	}
	return strings.Join(ids, " ")
}

// searchReach: an office finds what it took in; a division, what was submitted
// in it, wherever the office tree says that it lies.
func searchReach(t *testing.T, s yinzheng.Store) {
	check(t, s.PutDirectory(t.Context(), Tree()))
	draft, in := yinzheng.Marks{Holder: "王小明", Number: "E1"}, yinzheng.Marks{Holder: "王小明", Number: "E1", Submitted: true}
	saveMarked(t, s, Case("draft", "north", North), draft)
	saveMarked(t, s, Case("left-draft", "north", North, yinzheng.Withdraw), draft)
	saveMarked(t, s, Case("north", "north", North, submit...), in)
	saveMarked(t, s, Case("south", "town", South, submit...), in)
	saveMarked(t, s, Case("west", "west", West, approve...), in)
	saveMarked(t, s, Case("east", "far", East, submit...), in)
	saveMarked(t, s, Case("district", "far", District, submit...), in)
	for _, tt := range []struct {
		name  string
		reach yinzheng.Reach
		want  string
	}{
		{"nobody", yinzheng.Reach{}, ""},
		{"an office", yinzheng.Reach{Offices: []string{"north"}}, "north left-draft draft"},
		{"a village", yinzheng.Reach{Divisions: []string{North}}, "north"},
		{"a town", yinzheng.Reach{Divisions: []string{Town}}, "east south north"},
		{"a district", yinzheng.Reach{Divisions: []string{District}}, "district east west south north"},
		{"a city", yinzheng.Reach{Divisions: []string{City}}, "district east west south north"},
		{"a province", yinzheng.Reach{Divisions: []string{Province}}, "district east west south north"},
		{"several", yinzheng.Reach{Offices: []string{"north", "town", "north"}, Divisions: []string{North, West}}, "west south north left-draft draft"},
		{"unknown", yinzheng.Reach{Offices: []string{"", "nowhere"}, Divisions: []string{"", "000000000000"}}, ""},
	} {
		for what, f := range map[string]yinzheng.SearchFilter{
			"name": {Name: "王小明"}, "prefix": {Name: "王小"}, "number": {Numbers: []string{"E0", "E1"}},
		} {
			f.Reach = tt.reach
			if got := foundIDs(t, s, f); got != tt.want {
				t.Errorf("%s by %s: %s, want %s", tt.name, what, got, tt.want)
			}
		}
	}
	entries, err := s.Search(t.Context(), yinzheng.SearchFilter{Reach: yinzheng.Reach{Divisions: []string{West}}, Name: "王小"})
	check(t, err)
	want := []yinzheng.QueueEntry{{
		ID: "west", Item: "residence", State: yinzheng.Approved, Version: 4, Holder: "持证人west",
		Division: West, Office: "west", Changed: Start.Add(3e9), Cursor: entries[0].Cursor,
	}}
	if d := cmp.Diff(want, entries); d != "" {
		t.Errorf("entry (-want +got):\n%s", d)
	}
}

// searchNames: a name, and longer ones that begin so; what is marked anew is
// found by that alone.
func searchNames(t *testing.T, s yinzheng.Store) {
	check(t, s.PutDirectory(t.Context(), Tree()))
	for i, name := range []string{"王伟", "王伟明", "王", "王伟明珠", "王维", "阿依古丽买买提", "𠮷野𠮷", "", "王伟"} {
		saveMarked(t, s, Case(fmt.Sprint(i), "north", North, submit...), yinzheng.Marks{Holder: name, Submitted: true})
	}
	north := yinzheng.Reach{Offices: []string{"north"}, Divisions: []string{North}}
	for name, want := range map[string]string{
		"王伟": "8 3 1 0", "王伟明": "3 1", "王伟明珠": "3", "王伟珠": "", "王维": "4", "阿依": "5", "阿依古": "5", "阿依古丽买买提": "5", "𠮷野": "6", "𠮷野𠮷": "6",
	} {
		if got := foundIDs(t, s, yinzheng.SearchFilter{Reach: north, Name: name}); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if got := foundIDs(t, s, yinzheng.SearchFilter{Reach: north, Name: "王伟", Numbers: []string{"E1"}, Limit: 2}); got != "8 3" {
		t.Errorf("the newest two: %s", got)
	}
	check(t, s.PutMarks(t.Context(), "8", yinzheng.Marks{Holder: "李娜", Number: "E1"}))
	for name, want := range map[string]string{"王伟": "3 1 0", "李娜": ""} {
		if got := foundIDs(t, s, yinzheng.SearchFilter{Reach: yinzheng.Reach{Divisions: []string{North}}, Name: name}); got != want {
			t.Errorf("after a change, %s: %s, want %s", name, got, want)
		}
	}
	if got := foundIDs(t, s, yinzheng.SearchFilter{Reach: north, Numbers: []string{"E1"}}); got != "8" {
		t.Errorf("after a change, by number: %s", got)
	}
}

// searchPages: however the pages are cut, every case is listed once, newest
// first.
func searchPages(t *testing.T, s yinzheng.Store) {
	check(t, s.PutDirectory(t.Context(), Tree()))
	var want []string
	for i := range 40 {
		id := fmt.Sprintf("A%02d", i)
		saveMarked(t, s, Case(id, "north", North, submit...), yinzheng.Marks{Holder: []string{"王小明", "王小明月"}[i%2], Number: "E1", Submitted: true})
		want = append([]string{id}, want...)
	}
	for _, f := range []yinzheng.SearchFilter{{Name: "王小"}, {Name: "王小明"}, {Numbers: []string{"E1"}}} {
		f.Reach = yinzheng.Reach{Offices: []string{"north"}, Divisions: []string{Town, North}}
		f.Limit = 7
		var got []string
		for {
			entries, err := s.Search(t.Context(), f)
			check(t, err)
			for _, e := range entries {
				got = append(got, e.ID)
			}
			if len(entries) < f.Limit {
				break
			}
			f.Before = entries[len(entries)-1].Cursor
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%+v (-want +got):\n%s", f, d)
		}
		for _, bad := range []string{"!", "1.1", "zzzzzzzzzzzzzzzz"} {
			f.Before = bad
			_, err := s.Search(t.Context(), f)
			checkIs(t, err, yinzheng.ErrInvalid)
		}
	}
}

// searchAtOnce: however many ask at once for a tree that nobody has read yet,
// all are answered.
func searchAtOnce(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	check(t, s.PutDirectory(ctx, Tree()))
	saveMarked(t, s, Case("A1", "north", North, submit...), yinzheng.Marks{Holder: "王小明", Submitted: true})
	for range 5 {
		check(t, s.PutDirectory(ctx, Tree()))
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				entries, err := s.Search(ctx, yinzheng.SearchFilter{Reach: yinzheng.Reach{Divisions: []string{Town}}, Name: "王小明", Limit: 1})
				if err != nil || len(entries) != 1 {
					t.Errorf("%v, %v", entries, err)
				}
			})
		}
		wg.Wait()
	}
}
