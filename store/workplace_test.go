package store

import (
	"slices"
	"testing"

	"yinzheng"
	"yinzheng/store/storetest"
)

// TestInboxMigration: what waited before inboxes went by due date is found by the
// moment that something was to be done about it, or was.
func TestInboxMigration(t *testing.T) {
	path := t.TempDir() + "/yinzheng.db"
	s := openFile(t, path)
	if err := s.PutDirectory(t.Context(), storetest.Tree()); err != nil {
		t.Fatal(err)
	}
	desk := yinzheng.Desk{Office: "town", Role: yinzheng.Approver}
	for _, c := range []struct {
		id   string
		days int // to the limit; 0: none
		then []yinzheng.ActionKind
	}{
		{"in three days", 3, nil},
		{"at no time", 0, nil},
		{"late", 0, []yinzheng.ActionKind{yinzheng.Escalate}},
		{"late once, decided since", 0, []yinzheng.ActionKind{yinzheng.Escalate, yinzheng.Approve}},
		{"tomorrow", 1, nil},
	} {
		a := storetest.Case(c.id, "north", storetest.North, append([]yinzheng.ActionKind{yinzheng.Submit}, c.then...)...)
		a.Desks = []yinzheng.Desk{desk}
		if c.days > 0 {
			a.Due = storetest.Start.AddDate(0, 0, c.days)
		}
		if err := s.SaveApplication(t.Context(), a, 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db := openPool(path, nil, 1)
	for _, text := range []string{"DROP INDEX inbox_due", "ALTER TABLE inbox DROP COLUMN due_at", "DROP TABLE opened", "DROP TABLE told", "DELETE FROM schema_version WHERE name LIKE '%_workplace.sql'"} {
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	if err := runAlone(t.Context(), db, "workplace.sql"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	entries, err := openFile(t, path).Inbox(t.Context(), yinzheng.QueueFilter{Scopes: []yinzheng.QueueScope{{Office: "town", Role: yinzheng.Approver}}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.ID)
	}
	if want := []string{"late", "tomorrow", "in three days", "at no time", "late once, decided since"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
