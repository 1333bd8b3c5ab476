package store

import (
	"context"
	"slices"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/store/storetest"
)

// enlarged is a record of storetest.Spend in which roster, list and roll have more rows
// than go in two transactions.
func enlarged(t *testing.T, path string) {
	t.Helper()
	s := openFile(t, path)
	storetest.Spend(t, s)
	check(t, s.Close())
	const some = "WITH RECURSIVE some (n) AS (SELECT 3 UNION ALL SELECT n + 1 FROM some WHERE n < 2500) "
	forge(t, path,
		some+`INSERT INTO campaign_entries SELECT 1, n, '441302001001', '111:' || n, 'pending', NULL, NULL, 0, 0, '{"name":"王丽","number":' || n || '}' FROM some`,
		some+`INSERT INTO inquiry_rows (list, row, content, answer, found, source) SELECT 'L1', n, '{"name":"王丽"}', 'no', 'people', '电子证明 ' || n FROM some`,
		some+"INSERT INTO inquiry_roll_entries SELECT 'R1', '111:' || n, '王丽' FROM some",
		"UPDATE inquiry_rolls SET rows = (SELECT count(*) FROM inquiry_roll_entries WHERE roll = id)")
}

// TestErasedInPortions: what is large goes in several transactions. Cut off in between, it
// is no fault of the record, and goes on, whoever needs it by then; once all of it has
// gone, nothing may come back.
func TestErasedInPortions(t *testing.T) {
	later := storetest.Start.AddDate(11, 0, 0)
	for _, tt := range []struct{ rule, id, left, back string }{
		{yinzheng.RetainRosters, "C1", "SELECT count(*) FROM campaign_entries WHERE content LIKE '%王丽%' OR mark LIKE '111:%'", "UPDATE campaign_entries SET content = json_set(content, '$.name', '李雷') WHERE number = 2500"},
		{yinzheng.RetainLists, "L1", "SELECT count(*) FROM inquiry_rows WHERE content LIKE '%王丽%' OR source IS NOT NULL", "UPDATE inquiry_rows SET source = '电子证明 A' WHERE row = 2500"},
		{yinzheng.RetainRolls, "R1", "SELECT count(*) FROM inquiry_roll_entries WHERE roll = 'R1'", "INSERT INTO inquiry_roll_entries VALUES ('R1', '111:a', '李雷')"},
	} {
		t.Run(tt.rule, func(t *testing.T) {
			path := t.TempDir() + "/yinzheng.db"
			enlarged(t, path)
			s := openFile(t, path)
			left := func() (n int) {
				t.Helper()
				n, err := s.count(t.Context(), "count what is left", tt.left)
				check(t, err)
				return n
			}
			sound := func(when string) {
				t.Helper()
				if found := verifyAt(t, path, later); found.Fault != nil || found.Erased != 1 {
					t.Errorf("%s: %+v, %d erased", when, found.Fault, found.Erased)
				}
			}
			all := left()
			begin(t, s, tt.rule, tt.id, later)
			if n := left(); n == 0 || n != all-aPortion {
				t.Fatalf("of %d rows %d are left after one portion", all, n)
			}
			sound("cut off")
			check(t, s.PutHold(t.Context(), &yinzheng.Hold{Case: "A1", Reason: "litigation", Until: later.Add(time.Hour), By: "u1", At: later}))
			if ids, err := s.Spent(t.Context(), tt.rule, storetest.Start, later, 9); err != nil || !slices.Equal(ids, []string{tt.id}) {
				t.Errorf("listed are %v, %v", ids, err)
			}
			if n, err := s.CountSpent(t.Context(), tt.rule, storetest.Start, later); err != nil || n.Due != 1 {
				t.Errorf("counted are %+v, %v", n, err)
			}
			check(t, s.EraseSpent(t.Context(), tt.rule, tt.id, later, later))
			checkGone(t, s, tt.rule, tt.id, later)
			if n := left(); n != 0 {
				t.Errorf("%d rows are left", n)
			}
			check(t, s.Close())
			sound("all of it")
			forge(t, path, tt.back)
			if found := verifyAt(t, path, later); found.Fault == nil {
				t.Error("what came back is no fault")
			}
		})
	}
}

// begin erases one portion, as a crash after it leaves things.
func begin(t *testing.T, s *Store, rule, id string, now time.Time) {
	t.Helper()
	detail, err := terms[rule].detail(t.Context(), s.readers, rule, id)
	check(t, err)
	check(t, s.write(t.Context(), "begin", func(ctx context.Context, q querier) error {
		more, err := s.beginErasing(ctx, q, terms[rule], &erasing{rule, id, now}, detail, now)
		if err == nil && !more {
			t.Error("it was small")
		}
		return err
	}))
}

// checkGone: what has gone is due no more, and its record tells that once.
func checkGone(t *testing.T, s *Store, rule, id string, now time.Time) {
	t.Helper()
	if ids, err := s.Spent(t.Context(), rule, now, now, 9); err != nil || len(ids) > 0 {
		t.Errorf("listed are %v, %v", ids, err)
	}
	if err := s.EraseSpent(t.Context(), rule, id, now, now); err == nil {
		t.Error("erased again")
	}
	events, err := s.EventsAbout(t.Context(), id)
	check(t, err)
	var kinds []string
	for _, e := range events {
		if e.By == yinzheng.SystemActor {
			kinds = append(kinds, e.Kind)
		}
	}
	if !slices.Equal(kinds, []string{yinzheng.EventContentErased, yinzheng.EventErasureBegun, yinzheng.EventErasureDone}) {
		t.Errorf("on record are %v", kinds)
	}
}
