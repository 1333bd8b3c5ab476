package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"yinzheng"
)

func inquiryActs(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	act := func(subject string, seq int) *yinzheng.InquiryAct {
		return &yinzheng.InquiryAct{Subject: subject, Seq: seq, At: Start, By: "u1", Kind: "ask", Content: []byte(`{"kind":"ask"}`)}
	}
	checkIs(t, s.AddInquiryAct(ctx, act("Q1", 2)), yinzheng.ErrConflict)
	check(t, s.AddInquiryAct(ctx, act("Q1", 1)))
	checkIs(t, s.AddInquiryAct(ctx, act("Q1", 1)), yinzheng.ErrConflict)
	check(t, s.AddInquiryAct(ctx, act("Q1", 2)))
	check(t, s.AddInquiryAct(ctx, act("Q2", 1)))
	for after, want := range [][]yinzheng.InquiryAct{{*act("Q1", 1), *act("Q1", 2)}, {*act("Q1", 2)}, nil} {
		got, err := s.InquiryActs(ctx, "Q1", after)
		check(t, err)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("after %d (-want +got):\n%s", after, d)
		}
	}
}

// inquiryPlaces: each box holds what belongs there, and what moves leaves it.
func inquiryPlaces(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	place := func(id string) *yinzheng.InquiryPlace {
		return &yinzheng.InquiryPlace{
			ID: id, Kind: "mother", State: "asked", Asker: "court", Role: yinzheng.Department, Account: "u1", Office: "north", Signer: "town",
			At: Start, Due: Start.Add(time.Hour),
		}
	}
	box := func(b yinzheng.InquiryBox, office string, before int64, want ...string) int64 {
		t.Helper()
		got, err := s.InquiriesIn(ctx, b, office, yinzheng.Department, before, 2)
		check(t, err)
		var ids []string
		last := int64(0)
		for _, p := range got {
			ids, last = append(ids, p.ID), p.Key
		}
		if d := cmp.Diff(want, ids); d != "" {
			t.Errorf("%s of %s (-want +got):\n%s", b, office, d)
		}
		return last
	}
	for _, id := range []string{"A", "B", "C"} {
		check(t, s.PutInquiry(ctx, place(id)))
	}
	last := box(yinzheng.InquiriesAsked, "court", 0, "C", "B")
	box(yinzheng.InquiriesAsked, "court", last, "A")
	box(yinzheng.InquiriesAsked, "north", 0)
	box(yinzheng.InquiriesToAnswer, "north", 0, "C", "B")
	box(yinzheng.InquiriesToSign, "town", 0)
	box(yinzheng.InquiriesLate, "town", 0)

	answered := place("B")
	answered.State, answered.Office = "answered", "south"
	check(t, s.PutInquiry(ctx, answered))
	box(yinzheng.InquiriesToAnswer, "north", 0, "C", "A")
	box(yinzheng.InquiriesToSign, "town", 0, "B")
	got, err := s.InquiriesIn(ctx, yinzheng.InquiriesToSign, "town", "", 0, 9)
	check(t, err)
	if d := cmp.Diff([]yinzheng.InquiryPlace{*answered}, got, cmpopts.IgnoreFields(yinzheng.InquiryPlace{}, "Key")); d != "" {
		t.Errorf("read back (-want +got):\n%s", d)
	}

	for now, want := range map[time.Time]int{Start: 0, Start.Add(time.Hour): 3} {
		ids, err := s.LateInquiries(ctx, now, 9)
		check(t, err)
		if len(ids) != want {
			t.Errorf("late at %v: %v", now, ids)
		}
	}
	waiting := int64(0)
	for _, want := range [][]string{{"A", "B"}, {"C"}, nil} {
		got, err := s.OpenInquiries(ctx, waiting, 2)
		check(t, err)
		var ids []string
		for _, p := range got {
			ids, waiting = append(ids, p.ID), p.Key
		}
		if d := cmp.Diff(want, ids); d != "" {
			t.Errorf("open (-want +got):\n%s", d)
		}
	}
	late := place("C")
	late.Late = "town"
	check(t, s.PutInquiry(ctx, late))
	box(yinzheng.InquiriesLate, "town", 0, "C")

	exception := place("D")
	exception.List, exception.Row = "L1", 7
	check(t, s.PutInquiry(ctx, exception))
	box(yinzheng.InquiriesAsked, "court", 0, "C", "B")
	box(yinzheng.InquiriesToAnswer, "north", 0, "D", "C")
	for from, want := range map[time.Time]int{Start: 3, Start.Add(time.Second): 0} {
		if n, err := s.AskedSince(ctx, "u1", from); err != nil || n != want {
			t.Errorf("asked since %v: %d %v, want %d", from, n, err, want)
		}
	}
	if n, err := s.OpenInquiriesOf(ctx, "L1"); err != nil || n != 1 {
		t.Errorf("%d %v open", n, err)
	}
	exception.State = "replied"
	check(t, s.PutInquiry(ctx, exception))
	if n, err := s.OpenInquiriesOf(ctx, "L1"); err != nil || n != 0 {
		t.Errorf("%d %v open", n, err)
	}
}

func inquiryReplies(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	r := &yinzheng.InquiryReply{ID: "Q1", At: Start, Token: "a.b.c", Salt: []byte("0123456789abcdef")}
	_, err := s.InquiryReply(ctx, "Q1")
	checkIs(t, err, yinzheng.ErrNotFound)
	check(t, s.AddInquiryReply(ctx, r))
	checkIs(t, s.AddInquiryReply(ctx, &yinzheng.InquiryReply{ID: "Q1", At: Start, Token: "d.e.f", Salt: r.Salt}), yinzheng.ErrConflict)
	got, err := s.InquiryReply(ctx, "Q1")
	check(t, err)
	if d := cmp.Diff(r, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func inquiryRolls(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	_, err := s.InquiryRoll(ctx, "vaccination")
	checkIs(t, err, yinzheng.ErrNotFound)
	li, zhang := yinzheng.EntryOf("李桂香", document("E100")), yinzheng.EntryOf("张三", document("E200"))
	roll := func(id string) *yinzheng.InquiryRoll {
		return &yinzheng.InquiryRoll{ID: id, Kind: "vaccination", At: Start, By: "u1", Office: "health", Title: "接种名册", AsOf: "2026-11-01", Digest: Digest(id), Rows: 1}
	}
	check(t, s.AddInquiryRoll(ctx, roll("R1"), []yinzheng.RollEntry{li}))
	check(t, s.AddInquiryRoll(ctx, roll("R2"), []yinzheng.RollEntry{zhang}))
	got, err := s.InquiryRoll(ctx, "vaccination")
	check(t, err)
	if d := cmp.Diff(roll("R2"), got); d != "" {
		t.Errorf("the newest (-want +got):\n%s", d)
	}
	for _, tt := range []struct {
		roll  string
		entry yinzheng.RollEntry
		want  bool
	}{
		{"R1", li, true},
		{"R1", zhang, false},
		{"R2", zhang, true},
		{"R2", yinzheng.EntryOf("張三", document("E200")), true},
		{"R2", yinzheng.EntryOf("张四", document("E200")), false},
	} {
		if on, err := s.OnInquiryRoll(ctx, tt.roll, tt.entry); err != nil || on != tt.want {
			t.Errorf("%v on %s: %v %v", tt.entry, tt.roll, on, err)
		}
	}
}

func inquiryLists(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	l := &yinzheng.InquiryList{ID: "L1", Kind: "vaccination", State: "working", Asker: "court", Role: yinzheng.Department, Account: "u1", At: Start, Rows: 4}
	var rows []yinzheng.InquiryRow
	for i := range l.Rows {
		rows = append(rows, yinzheng.InquiryRow{Row: i + 1, Content: []byte(`{}`)})
	}
	_, err := s.InquiryList(ctx, "L1")
	checkIs(t, err, yinzheng.ErrNotFound)
	check(t, s.AddInquiryList(ctx, l, rows))
	got, err := s.InquiryList(ctx, "L1")
	check(t, err)
	if d := cmp.Diff(l, got, cmpopts.IgnoreFields(yinzheng.InquiryList{}, "Key")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}

	// one winner among two who move it on from the same row
	check(t, s.MoveInquiryList(ctx, l, "working", 2))
	checkIs(t, s.MoveInquiryList(ctx, l, "working", 2), yinzheng.ErrConflict)
	l.Worked = 2
	check(t, s.MoveInquiryList(ctx, l, "paused", 2))
	checkIs(t, s.MoveInquiryList(ctx, l, "working", 4), yinzheng.ErrConflict)
	for state, want := range map[string]int{"working": 0, "paused": 1} {
		if ids, err := s.InquiryListsIn(ctx, state); err != nil || len(ids) != want {
			t.Errorf("%s: %v %v", state, ids, err)
		}
	}
	mine, err := s.InquiryListsOf(ctx, "court", yinzheng.Department, 0, 9)
	check(t, err)
	others, err := s.InquiryListsOf(ctx, "court", yinzheng.Clerk, 0, 9)
	check(t, err)
	if len(mine) != 1 || mine[0].State != "paused" || len(others) != 0 {
		t.Errorf("lists %+v, of another role %v", mine, others)
	}
	if n, err := s.RowsAskedSince(ctx, "court", Start); err != nil || n != 4 {
		t.Errorf("%d %v rows asked", n, err)
	}

	// an answer is given once
	check(t, s.PutInquiryRow(ctx, "L1", &yinzheng.InquiryRow{Row: 1, Answer: "yes", By: "record", Source: "接种名册", AsOf: "2026-11-01"}))
	checkIs(t, s.PutInquiryRow(ctx, "L1", &yinzheng.InquiryRow{Row: 1, Answer: "no", By: "people"}), yinzheng.ErrConflict)
	check(t, s.PutInquiryRow(ctx, "L1", &yinzheng.InquiryRow{Row: 2, Inquiry: "Q2"}))
	check(t, s.PutInquiryRow(ctx, "L1", &yinzheng.InquiryRow{Row: 3, Inquiry: "Q3"}))
	check(t, s.PutInquiryRow(ctx, "L1", &yinzheng.InquiryRow{Row: 3, Answer: "cannot-say", By: "people", Source: "街道", AsOf: "2026-11-02", Inquiry: "Q3"}))
	tally, err := s.TallyInquiryRows(ctx, "L1")
	check(t, err)
	if want := (yinzheng.InquiryTally{OnRecord: 1, Left: 1, CannotSay: 1}); tally != want {
		t.Errorf("%+v, want %+v", tally, want)
	}
	some, err := s.InquiryRows(ctx, "L1", 1, 2)
	check(t, err)
	want := []yinzheng.InquiryRow{
		{Row: 2, Content: []byte(`{}`), Inquiry: "Q2"},
		{Row: 3, Content: []byte(`{}`), Answer: "cannot-say", By: "people", Source: "街道", AsOf: "2026-11-02", Inquiry: "Q3"},
	}
	if d := cmp.Diff(want, some); d != "" {
		t.Errorf("rows (-want +got):\n%s", d)
	}
}
