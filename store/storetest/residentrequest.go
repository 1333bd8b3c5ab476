package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yinzheng"
)

// residentRequests: a request changes by one version at a time, is found by whose it
// is, where it waits and what became of it, and does not go on once it has ended.
func residentRequests(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	_, err := s.ResidentRequest(ctx, "R1")
	checkIs(t, err, yinzheng.ErrNotFound)
	put := func(r *yinzheng.ResidentRequest) {
		t.Helper()
		check(t, s.PutRequest(ctx, r))
		r.Version++
	}
	ids := func(list []*yinzheng.ResidentRequest, err error) []string {
		t.Helper()
		check(t, err)
		out := []string{}
		for _, r := range list {
			out = append(out, r.ID)
		}
		return out
	}
	is := func(got []string, want ...string) {
		t.Helper()
		if d := cmp.Diff(append([]string{}, want...), append([]string{}, got...)); d != "" {
			t.Errorf("requests (-want +got):\n%s", d)
		}
	}
	all := map[string]*yinzheng.ResidentRequest{}
	for i, id := range []string{"R1", "R2", "R3", "R4"} {
		at := Start.Add(time.Duration(i) * time.Minute)
		all[id] = &yinzheng.ResidentRequest{ID: id, State: yinzheng.RequestDraft, Template: yinzheng.TemplateRef{Code: "residence", Version: 1}, Begun: at, Changed: at, Content: []byte(`{"name":"张𠮷"}`)}
	}
	all["R1"].Resident, all["R3"].Resident, all["R2"].Code = "111:A", "111:A", [32]byte{7}
	for _, id := range []string{"R1", "R2", "R3", "R4"} {
		put(all[id])
	}
	checkIs(t, s.PutRequest(ctx, &yinzheng.ResidentRequest{ID: "R1", State: yinzheng.RequestDraft, Template: all["R1"].Template, Begun: Start, Changed: Start, Version: 2}), yinzheng.ErrConflict)
	is(ids(s.RequestsOf(ctx, "111:A", 9)), "R3", "R1")
	is(ids(s.RequestsOf(ctx, "111:A", 1)), "R3")
	is(ids(s.RequestsOf(ctx, "", 9)))

	for i, id := range []string{"R3", "R2", "R1"} { // due in the other order
		r := all[id]
		r.State, r.Office, r.Due, r.Changed = yinzheng.RequestSent, "north", Start.Add(time.Duration(i+1)*time.Hour), Start.Add(time.Hour)
		put(r)
	}
	for id, want := range all {
		got, err := s.ResidentRequest(ctx, id)
		check(t, err)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("request (-want +got):\n%s", d)
		}
	}
	at := func(want []string, of ...yinzheng.Intakes) {
		t.Helper()
		is(ids(s.RequestsAt(ctx, of, yinzheng.RequestSent, "", 9)), want...)
		for limit := range 4 {
			if n, err := s.CountRequestsAt(ctx, of, yinzheng.RequestSent, limit); err != nil || n != min(limit, len(want)) {
				t.Errorf("%v: %d up to %d, %v", of, n, limit, err)
			}
		}
		var paged []string
		for cursor := ""; ; {
			page, err := s.RequestsAt(ctx, of, yinzheng.RequestSent, cursor, 1)
			check(t, err)
			if len(page) == 0 {
				break
			}
			paged, cursor = append(paged, page[0].ID), page[0].Cursor
		}
		is(paged, want...)
	}
	at([]string{"R3", "R1", "R2"}, yinzheng.Intakes{Office: "north"}) // of R2 nobody knows whose it is
	at([]string{"R3", "R1", "R2"}, yinzheng.Intakes{Office: "south"}, yinzheng.Intakes{Office: "north"})
	at(nil, yinzheng.Intakes{Office: "north", Late: true})
	at(nil, yinzheng.Intakes{Office: "south"})
	at(nil)
	for _, cursor := range []string{"x", "1", "1.", "1.2", "0.!.1", "张"} {
		_, err := s.RequestsAt(ctx, []yinzheng.Intakes{{Office: "north"}}, yinzheng.RequestSent, cursor, 9)
		checkIs(t, err, yinzheng.ErrInvalid)
	}
	offices := func(state yinzheng.RequestState, want ...string) {
		t.Helper()
		got, err := s.RequestOffices(ctx, state)
		check(t, err)
		is(got, want...)
	}
	offices(yinzheng.RequestSent, "north")
	offices(yinzheng.RequestTaken)
	moved := all["R1"]
	moved.Office = "south"
	put(moved)
	offices(yinzheng.RequestSent, "north", "south")
	moved.Office = "north"
	put(moved)
	sentOn := func(office string, since time.Time, want int) {
		t.Helper()
		if n, err := s.CountUnvouched(ctx, office, since, 9); err != nil || n != want {
			t.Errorf("%d were sent to %s since %s, %v", n, office, since, err)
		}
	}
	sentOn("north", Start, 1)
	sentOn("north", Start.Add(time.Hour+time.Second), 0)
	sentOn("south", Start, 0)
	late := func(now time.Time, want ...string) {
		t.Helper()
		got, err := s.LateRequests(ctx, now, 9)
		check(t, err)
		is(got, want...)
	}
	late(Start.Add(time.Hour - time.Second))
	late(Start.Add(2*time.Hour), "R3", "R2")
	all["R3"].Late = true
	put(all["R3"])
	late(Start.Add(2*time.Hour), "R2")
	at([]string{"R3"}, yinzheng.Intakes{Office: "north", Late: true})

	taken := all["R2"]
	taken.State, taken.Case, taken.Due = yinzheng.RequestTaken, "CASE", time.Time{}
	put(taken)
	sentOn("north", Start, 0)
	got, err := s.RequestOfCase(ctx, "CASE")
	check(t, err)
	if got.ID != "R2" {
		t.Errorf("the case is of %s", got.ID)
	}
	_, err = s.RequestOfCase(ctx, "other")
	checkIs(t, err, yinzheng.ErrNotFound)
	again := *taken
	again.State = yinzheng.RequestSent
	if s.PutRequest(ctx, &again) == nil {
		t.Error("a request that has ended goes on")
	}
	asked := *taken
	asked.State, asked.Content, asked.Due = yinzheng.RequestAsked, []byte(`{"said":"请补"}`), Start.Add(9*time.Hour)
	put(&asked)
	unanswered := func(now time.Time, want ...string) {
		t.Helper()
		got, err := s.UnansweredRequests(ctx, now, 9)
		check(t, err)
		is(got, want...)
	}
	unanswered(Start.Add(9*time.Hour - time.Second))
	unanswered(Start.Add(9*time.Hour), "R2")
	asked.Unanswered = true
	put(&asked)
	unanswered(Start.Add(9 * time.Hour))
	if got, err := s.ResidentRequest(ctx, "R2"); err != nil || !got.Unanswered {
		t.Errorf("%+v, %v", got, err)
	}
	asked.Content = []byte(`{"said":"请补","files":1}`)
	put(&asked)
	asked.State = yinzheng.RequestAnswered
	put(&asked)
	for name, change := range map[string]func(*yinzheng.ResidentRequest){
		"an answer is changed":         func(r *yinzheng.ResidentRequest) { r.Content = []byte(`{}`) },
		"it becomes another case":      func(r *yinzheng.ResidentRequest) { r.State, r.Case = yinzheng.RequestAsked, "OTHER" },
		"it is no case any more":       func(r *yinzheng.ResidentRequest) { r.State, r.Case = yinzheng.RequestAsked, "" },
		"it is refused after all":      func(r *yinzheng.ResidentRequest) { r.State = yinzheng.RequestRefused },
		"it is as if nobody had asked": func(r *yinzheng.ResidentRequest) { r.State = yinzheng.RequestTaken },
	} {
		r := asked
		change(&r)
		if s.PutRequest(ctx, &r) == nil {
			t.Error(name)
		}
	}
	*taken = asked
	other := *all["R1"]
	other.Content = []byte(`{}`)
	if s.PutRequest(ctx, &other) == nil {
		t.Error("what was sent was changed")
	}

	idle := func(state yinzheng.RequestState, before time.Time, want ...string) {
		t.Helper()
		got, err := s.IdleRequests(ctx, state, before, 9)
		check(t, err)
		is(got, want...)
	}
	idle(yinzheng.RequestDraft, Start.Add(3*time.Minute))
	idle(yinzheng.RequestDraft, Start.Add(3*time.Minute+time.Second), "R4")
	idle(yinzheng.RequestAnswered, Start.Add(2*time.Hour), "R2")
	taken.Content = nil
	put(taken)
	idle(yinzheng.RequestAnswered, Start.Add(2*time.Hour))
}
