package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"yinzheng"
)

// aBatch is a batch of four rows, of which the second and the fourth may be
// duplicates.
func aBatch(id string) (*yinzheng.Batch, []yinzheng.BatchRow) {
	b := &yinzheng.Batch{ID: id, Version: 1, State: "checked", Item: "residence", Template: 2, Office: "north", Account: "u1", At: Start, Changed: Start, Digest: Digest(id), Rows: 4, Report: []byte(`{"filled":1}`)}
	rows := make([]yinzheng.BatchRow, b.Rows)
	for i := range rows {
		rows[i] = yinzheng.BatchRow{Line: i + 3, Content: []byte(`{"name":"王丽"}`)}
		if i%2 == 1 {
			rows[i].Alike = []byte(`[{"line":3}]`)
		}
	}
	return b, rows
}

func batches(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	_, err := s.Batch(ctx, "B1")
	checkIs(t, err, yinzheng.ErrNotFound)
	for _, id := range []string{"B1", "B2"} {
		b, rows := aBatch(id)
		check(t, s.AddBatch(ctx, b, rows))
	}
	got, err := s.Batch(ctx, "B1")
	check(t, err)
	want, _ := aBatch("B1")
	if d := cmp.Diff(want, got, cmpopts.IgnoreFields(yinzheng.Batch{}, "Key")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	stopped := *got
	stopped.Version, stopped.State, stopped.Account, stopped.Submit, stopped.Why = 2, "stopped", "u2", true, yinzheng.Text{ZH: "停用", EN: "disabled"}
	check(t, s.PutBatch(ctx, &stopped))
	checkIs(t, s.PutBatch(ctx, &stopped), yinzheng.ErrConflict)
	got, err = s.Batch(ctx, "B1")
	check(t, err)
	if d := cmp.Diff(&stopped, got); d != "" {
		t.Errorf("stopped (-want +got):\n%s", d)
	}

	for office, want := range map[string]string{"north": "B2 B1", "south": ""} {
		list, err := s.BatchesOf(ctx, office, 0, 9)
		check(t, err)
		if ids := idsOf(list); ids != want {
			t.Errorf("of %s: %s", office, ids)
		}
	}
	list, err := s.BatchesOf(ctx, "north", 0, 1)
	check(t, err)
	if list, err = s.BatchesOf(ctx, "north", list[0].Key, 1); err != nil || idsOf(list) != "B1" {
		t.Errorf("further on: %s %v", idsOf(list), err)
	}
	for _, c := range []struct {
		state  string
		before time.Time
		want   string
	}{{"checked", Start.Add(time.Second), "[B2]"}, {"checked", Start, "[]"}, {"stopped", time.Time{}, "[B1]"}, {"done", time.Time{}, "[]"}} {
		if ids, err := s.BatchesIn(ctx, c.state, c.before); err != nil || fmt.Sprint(ids) != c.want {
			t.Errorf("%s before %v: %v %v", c.state, c.before, ids, err)
		}
	}
}

func idsOf(list []*yinzheng.Batch) string {
	var ids []string
	for _, b := range list {
		ids = append(ids, b.ID)
	}
	return strings.Join(ids, " ")
}

// batchRows: a row has one outcome, and what cases were made of stays.
func batchRows(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	for _, id := range []string{"B1", "B2"} {
		b, rows := aBatch(id)
		check(t, s.AddBatch(ctx, b, rows))
	}
	lines := func(f yinzheng.BatchFilter) string {
		t.Helper()
		f.Limit = 3
		rows, err := s.BatchRows(ctx, "B1", f)
		check(t, err)
		var out []int
		for i := range rows {
			out = append(out, rows[i].Line)
		}
		return fmt.Sprint(out)
	}
	refused := yinzheng.BatchRow{Line: 4, Outcome: yinzheng.RowRefused, Why: yinzheng.Text{ZH: "缺", EN: "missing"}}
	check(t, s.PutBatchRow(ctx, "B1", &yinzheng.BatchRow{Line: 3, Outcome: yinzheng.RowMade, Application: "A1"}))
	check(t, s.PutBatchRow(ctx, "B1", &refused))
	check(t, s.PutBatchRow(ctx, "B1", &yinzheng.BatchRow{Line: 5, Outcome: yinzheng.RowLeft, Why: refused.Why}))
	checkIs(t, s.PutBatchRow(ctx, "B1", &yinzheng.BatchRow{Line: 3, Outcome: yinzheng.RowMade, Application: "A2"}), yinzheng.ErrConflict)
	checkIs(t, s.PutBatchRow(ctx, "B1", &yinzheng.BatchRow{Line: 9, Outcome: yinzheng.RowLeft}), yinzheng.ErrConflict)
	if err := s.PutBatchRow(ctx, "B2", &yinzheng.BatchRow{Line: 3, Outcome: yinzheng.RowMade, Application: "A1"}); err == nil {
		t.Error("one case is made of two rows")
	}
	for _, c := range []struct {
		f    yinzheng.BatchFilter
		want string
	}{
		{yinzheng.BatchFilter{}, "[3 4 5]"},
		{yinzheng.BatchFilter{After: 5}, "[6]"},
		{yinzheng.BatchFilter{Waiting: true}, "[6]"},
		{yinzheng.BatchFilter{Failed: true}, "[4 5]"},
		{yinzheng.BatchFilter{Failed: true, After: 4}, "[5]"},
		{yinzheng.BatchFilter{Alike: true}, "[4 6]"},
	} {
		if got := lines(c.f); got != c.want {
			t.Errorf("%+v: %s, want %s", c.f, got, c.want)
		}
	}
	got, err := s.BatchRows(ctx, "B1", yinzheng.BatchFilter{After: 3, Limit: 1})
	check(t, err)
	_, rows := aBatch("B1")
	refused.Content, refused.Alike = rows[1].Content, rows[1].Alike
	if d := cmp.Diff([]yinzheng.BatchRow{refused}, got); d != "" {
		t.Errorf("read back (-want +got):\n%s", d)
	}
	tally, err := s.TallyBatch(ctx, "B1")
	check(t, err)
	if want := (yinzheng.BatchTally{Waiting: 1, Made: 1, Refused: 1, Left: 1}); tally != want {
		t.Errorf("%+v, want %+v", tally, want)
	}

	if err := s.ClearBatch(ctx, "B1"); err == nil {
		t.Error("what a case was made of is removed")
	}
	check(t, s.ClearBatch(ctx, "B2"))
	if tally, err = s.TallyBatch(ctx, "B2"); err != nil || tally != (yinzheng.BatchTally{}) {
		t.Errorf("cleared: %+v %v", tally, err)
	}
}
