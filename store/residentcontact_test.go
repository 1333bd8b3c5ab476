package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"yinzheng"
	"yinzheng/store/storetest"
)

// TestContactsMigration: what an office noted before is the contact of that case, with a
// page to stop messages of its own; and what waited is still delivered.
func TestContactsMigration(t *testing.T) {
	path, ctx := t.TempDir()+"/yinzheng.db", t.Context()
	s := openFile(t, path)
	m := yinzheng.Message{ID: "M1", Channel: yinzheng.SMS, To: "13800000000", Language: "zh", Kind: "code", Body: "x", At: storetest.Start, Expires: storetest.Start.Add(time.Hour)}
	if err := s.Enqueue(ctx, m); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db := openPool(path, nil, 1)
	for _, text := range []string{
		"DROP TABLE contacts", "DROP TABLE contact_proofs", "DROP TRIGGER messages_in_order", "ALTER TABLE messages DROP COLUMN stop", "CREATE TRIGGER messages_in_order BEFORE UPDATE ON messages BEGIN SELECT 1; END",
		"CREATE TABLE case_contacts (application TEXT NOT NULL PRIMARY KEY, channel TEXT NOT NULL, address TEXT NOT NULL, language TEXT NOT NULL, account TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID",
		"INSERT INTO case_contacts VALUES ('A', 'sms', '13800000000', 'zh', 'u1', 0), ('B', 'mail', 'b@example.com', 'en', 'u2', 0)",
		"DELETE FROM schema_version WHERE name LIKE '%_contacts.sql'",
	} {
		if _, err := db.ExecContext(ctx, text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	if err := runAlone(ctx, db, "contacts.sql"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s = openFile(t, path)
	secrets := map[string]bool{}
	for _, want := range []*yinzheng.ResidentContact{
		{Resident: "case:A", Contact: yinzheng.Contact{Channel: yinzheng.SMS, Address: "13800000000"}, Language: "zh", Wants: yinzheng.WantsAll, By: "u1", At: time.UnixMicro(0).UTC()},
		{Resident: "case:B", Contact: yinzheng.Contact{Channel: yinzheng.Mail, Address: "b@example.com"}, Language: "en", Wants: yinzheng.WantsAll, By: "u2", At: time.UnixMicro(0).UTC()},
	} {
		got, err := s.ContactOf(ctx, want.Resident)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got, cmpopts.IgnoreFields(yinzheng.ResidentContact{}, "Secret")); d != "" {
			t.Errorf("contact (-want +got):\n%s", d)
		}
		if len(got.Secret) < 16 || secrets[got.Secret] {
			t.Errorf("its secret is %q", got.Secret)
		}
		secrets[got.Secret] = true
	}
	due, err := s.DueMessages(ctx, yinzheng.SMS, storetest.Start, 9)
	if err != nil || len(due) != 1 || due[0].Body != "x" || due[0].Stop != "" {
		t.Errorf("what waited: %+v, %v", due, err)
	}
}
