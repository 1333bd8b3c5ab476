package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/store/storetest"
)

// erasedRecord is a record with cases that were erased by a rule as late after they were
// due, closed.
func erasedRecord(t *testing.T, path string, late time.Duration) {
	t.Helper()
	aRecord(t, path)
	s := openFile(t, path)
	check(t, s.AddFile(t.Context(), storetest.Digest("kept"), []byte("kept")))
	for id, kinds := range map[string][]yinzheng.ActionKind{
		"D": {yinzheng.Attach},
		"R": {yinzheng.Submit, yinzheng.Return, yinzheng.Reject},
		"I": {yinzheng.Attach, yinzheng.Submit, yinzheng.Approve, yinzheng.Approve, yinzheng.Approve, yinzheng.Reserve, yinzheng.Issue},
	} {
		a := storetest.Case(id, "north", storetest.North, kinds...)
		check(t, s.SaveApplication(t.Context(), a, 0))
		after := storetest.Next(a, []yinzheng.ActionKind{yinzheng.Erase}, "north", storetest.North)
		x := &after.Actions[a.Version]
		x.At = a.Actions[a.Version-1].At.AddDate(0, 0, yinzheng.RetentionRuleOf(x.Reason).Days).Add(late)
		check(t, s.EraseCase(t.Context(), after, a.Version))
	}
	check(t, s.Close())
}

// verifyAt checks a record as of a moment.
func verifyAt(t *testing.T, path string, now time.Time) *Findings {
	t.Helper()
	found, err := openAudit(t, path).Verify(t.Context(), yinzheng.LogHash{}, now, func(int64, int64) {})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestErasedRecord: what was erased in time is counted, and is no fault; whatever else is
// missing still is, and so is an erasure that was not due.
func TestErasedRecord(t *testing.T) {
	later := storetest.Start.AddDate(11, 0, 0)
	for _, tt := range []struct {
		name   string
		late   time.Duration
		now    time.Time
		forged string
		want   FaultKind
	}{
		{name: "in time", now: later},
		{name: "too early", late: -time.Second, now: later, want: ContentChanged},
		{name: "in the future", now: storetest.Start.AddDate(0, 3, 0), want: ContentChanged},
		{name: "emptied without an erasure", now: later, forged: "UPDATE actions SET input = NULL WHERE application = 2 AND seq = 1", want: ContentChanged},
		{name: "who did it", now: later, forged: "UPDATE actions SET account = 'u2' WHERE application = (SELECT key FROM applications WHERE id = 'R') AND seq = 3", want: ContentChanged},
		{name: "filled again", now: later, forged: "UPDATE actions SET opinion = '同意' WHERE application = (SELECT key FROM applications WHERE id = 'R') AND seq = 3", want: ContentChanged},
		{name: "more than the rule takes", now: later, forged: "UPDATE actions SET input = NULL WHERE application = (SELECT key FROM applications WHERE id = 'I') AND seq = 1", want: ContentChanged},
		{name: "the rule", now: later, forged: "UPDATE actions SET reason = 'drafts' WHERE kind = 'erase'", want: ContentChanged},
		{name: "the erasure gone", now: later, forged: "DELETE FROM actions WHERE kind = 'erase'", want: ContentChanged},
	} {
		path := t.TempDir() + "/yinzheng.db"
		erasedRecord(t, path, tt.late)
		if tt.forged != "" {
			forge(t, path, tt.forged)
		}
		found := verifyAt(t, path, tt.now)
		switch {
		case tt.want == "" && (found.Fault != nil || found.Erased != 6):
			t.Errorf("%s: %+v, %d erased", tt.name, found.Fault, found.Erased)
		case tt.want != "" && (found.Fault == nil || found.Fault.Kind != tt.want):
			t.Errorf("%s: %+v", tt.name, found.Fault)
		}
	}
}

// TestForgedErasure: an erasure that is properly on record explains nothing, if the case
// did not stand under its rule.
func TestForgedErasure(t *testing.T) {
	path := t.TempDir() + "/yinzheng.db"
	aRecord(t, path)
	s := openFile(t, path)
	a, err := s.Application(t.Context(), "A1") // under way
	check(t, err)
	after := storetest.Next(a, []yinzheng.ActionKind{yinzheng.Erase}, "north", storetest.North)
	x := &after.Actions[a.Version]
	x.Reason, x.At = yinzheng.RetainRejected, storetest.Start.AddDate(10, 0, 0)
	check(t, s.EraseCase(t.Context(), after, a.Version))
	check(t, s.Close())
	if found := verifyAt(t, path, x.At); found.Fault == nil || found.Fault.Kind != ContentChanged || found.Fault.Entry.Subject != "A1" {
		t.Errorf("%+v", found.Fault)
	}
}

// TestEmptying: the database lets content go after an erasure, and nothing else change.
func TestEmptying(t *testing.T) {
	path := t.TempDir() + "/yinzheng.db"
	erasedRecord(t, path, 0)
	s := openFile(t, path)
	of := " WHERE application = (SELECT key FROM applications WHERE id = 'I')"
	for text, want := range map[string]bool{
		"UPDATE actions SET opinion = NULL" + of + " AND seq = 1":                                            true,
		"UPDATE actions SET opinion = 'x'" + of + " AND seq = 1":                                             false,
		"UPDATE actions SET input = '{}'" + of + " AND seq = 1":                                              false,
		"UPDATE actions SET account = 'x'" + of + " AND seq = 1":                                             false,
		"UPDATE actions SET stays = NULL" + of + " AND kind = 'erase'":                                       false,
		"DELETE FROM actions" + of:                                                                           false,
		"UPDATE actions SET input = NULL WHERE application = (SELECT key FROM applications WHERE id = 'A1')": false,
	} {
		if _, err := s.writer.conn.ExecContext(t.Context(), text); (err == nil) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestErasedTooSoon: a request that was emptied before its time.
func TestErasedTooSoon(t *testing.T) {
	path := t.TempDir() + "/yinzheng.db"
	aRecord(t, path)
	s := openFile(t, path)
	moveRequest(t, s, "R1", []yinzheng.RequestState{yinzheng.RequestLapsed})
	r, err := s.ResidentRequest(t.Context(), "R1")
	check(t, err)
	r.Content, r.Resident = nil, ""
	check(t, s.PutRequest(t.Context(), r))
	check(t, s.Record(t.Context(), yinzheng.Event{At: r.Changed.AddDate(0, 0, 29), Kind: yinzheng.EventRequestErased, Subject: "R1", By: yinzheng.SystemActor}))
	check(t, s.Close())
	if found := verifyAt(t, path, r.Changed.AddDate(1, 0, 0)); found.Fault == nil || found.Fault.Kind != ContentMissing {
		t.Errorf("%+v", found.Fault)
	}
}

// migrationText is a migration by its name, to be run on what was undone of it alone.
func migrationText(t *testing.T, name string) string {
	t.Helper()
	all, err := sqlite.migrations()
	check(t, err)
	i := slices.IndexFunc(all, func(m migration) bool { return strings.HasSuffix(m.name, "_"+name+".sql") })
	if i < 0 {
		t.Fatalf("no migration %s", name)
	}
	return all[i].text
}

// TestRetentionMigration: cases of an earlier program stand under their rules, its
// requests' files are known, and what its erasing left goes.
func TestRetentionMigration(t *testing.T) {
	path := t.TempDir() + "/yinzheng.db"
	aRecord(t, path)
	s := openFile(t, path)
	file := func(content string) string {
		t.Helper()
		check(t, s.AddFile(t.Context(), storetest.Digest(content), []byte(content)))
		return storetest.Digest(content)
	}
	asked, left, kept := file("asked"), file("left"), file("kept")
	check(t, s.PutRequest(t.Context(), &yinzheng.ResidentRequest{ID: "Q", State: yinzheng.RequestDraft, Template: storetest.Template.Ref(), Begun: storetest.Start, Changed: storetest.Start, Content: []byte(`{"files":[{"digest":"` + asked + `"},{"digest":"` + asked + `"}]}`)}))
	for id, kinds := range map[string][]yinzheng.ActionKind{"N1": {yinzheng.Attach}, "N2": {yinzheng.Withdraw}, "N3": {yinzheng.Attach, yinzheng.Submit, yinzheng.Approve, yinzheng.Reserve, yinzheng.Issue}, "N4": {yinzheng.Submit, yinzheng.Approve, yinzheng.Reserve, yinzheng.Issue}} {
		check(t, s.SaveApplication(t.Context(), storetest.Case(id, "north", storetest.North, kinds...), 0))
	}
	check(t, s.Close())
	db := openPool(path, nil, 1)
	for _, text := range []string{
		"DROP TRIGGER actions_not_changed", "DROP TRIGGER files_not_removed", "DROP INDEX applications_retained", "DROP INDEX actions_digest", "DROP TABLE request_files", "DROP INDEX contacts_at", "DROP TABLE fading_drafts", "DROP TABLE case_holds",
		"ALTER TABLE actions DROP COLUMN stays", "ALTER TABLE applications DROP COLUMN retained",
		"CREATE TRIGGER actions_not_changed BEFORE UPDATE ON actions BEGIN SELECT 1; END", "CREATE TRIGGER files_not_removed BEFORE DELETE ON files BEGIN SELECT RAISE(ABORT, 'append-only'); END",
		migrationText(t, "retention"),
	} {
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	check(t, db.Close())
	s = openFile(t, path)
	later := storetest.Start.AddDate(20, 0, 0)
	for rule, want := range map[string]string{yinzheng.RetainDrafts: "[N1]", yinzheng.RetainWithdrawn: "[N2]", yinzheng.RetainFiles: "[N3]"} {
		ids, err := s.Expired(t.Context(), rule, later, later, later, 9)
		if rule == yinzheng.RetainDrafts {
			ids, err = s.Fading(t.Context(), later, 9)
		}
		if check(t, err); fmt.Sprint(ids) != want {
			t.Errorf("%s: %v, want %s", rule, ids, want)
		}
	}
	for digest, want := range map[string]bool{asked: true, kept: true, left: false} {
		if _, err := s.File(t.Context(), digest); (err == nil) != want {
			t.Errorf("%s: %v", digest, err)
		}
	}
}
