package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/store/storetest"
)

// aRecord is a database with a few cases and events in it, closed, and its head.
func aRecord(t *testing.T, path string) yinzheng.LogEntry {
	t.Helper()
	s := openFile(t, path)
	ctx := t.Context()
	for i := range 3 {
		id := fmt.Sprintf("A%d", i)
		a := storetest.Case(id, "north", storetest.North)
		for _, err := range []error{
			s.SaveApplication(ctx, a, 0),
			s.Record(ctx, yinzheng.Event{At: storetest.Start, Kind: "certificate-downloaded", Subject: id, By: "u1", Detail: "d" + id}),
			s.SaveApplication(ctx, storetest.Next(a, []yinzheng.ActionKind{yinzheng.Submit, yinzheng.Return, yinzheng.Approve}, "north", storetest.North), 1),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	head, err := s.LogHead(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return head
}

func openAudit(t *testing.T, path string) *Audit {
	t.Helper()
	a, err := OpenAudit(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// forge changes a database as somebody with the file in hand would.
func forge(t *testing.T, path string, texts ...string) {
	t.Helper()
	db := openPool(path, nil, 1)
	defer db.Close()
	var triggers []string
	if err := each(t.Context(), db, func(r *sql.Rows) error {
		var name string
		err := r.Scan(&name)
		triggers = append(triggers, "DROP TRIGGER "+name)
		return err
	}, "SELECT name FROM sqlite_schema WHERE type = 'trigger'"); err != nil {
		t.Fatal(err)
	}
	for _, text := range append(triggers, texts...) {
		r, err := db.ExecContext(t.Context(), text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if n, err := r.RowsAffected(); !strings.HasPrefix(text, "DROP") && (err != nil || n == 0) {
			t.Fatalf("%s changed nothing", text)
		}
	}
}

func verify(t *testing.T, path string, head yinzheng.LogHash) (yinzheng.LogEntry, *LogFault) {
	t.Helper()
	found, err := openAudit(t, path).Verify(t.Context(), head, storetest.Start.AddDate(1, 0, 0), func(done, all int64) {
		if done < 1 || all < 1 {
			t.Errorf("progress %d of %d", done, all)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return found.Last, found.Fault
}

// checkLog makes sure that the log of a store that nobody uses now is whole.
func checkLog(t *testing.T, s *Store) {
	t.Helper()
	v := &verifier{q: s.writer.conn, now: time.Now(), progress: func(int64, int64) {}, met: true}
	for _, pass := range v.passes() {
		if err := pass(t.Context()); err != nil || v.fault != nil {
			t.Fatalf("the log: %+v, %v", v.fault, err)
		}
	}
	if v.last.Seq == 0 {
		t.Error("the log is empty")
	}
}

func TestVerifyWhole(t *testing.T) {
	path := t.TempDir() + "/yinzheng.db"
	head := aRecord(t, path)
	for name, h := range map[string]yinzheng.LogHash{"without a head": {}, "with the present head": head.Hash} {
		if last, fault := verify(t, path, h); fault != nil || last != head {
			t.Errorf("%s: %+v, ends at %+v", name, fault, last)
		}
	}
	s := openFile(t, path) // and beside a server that goes on
	if err := s.Record(t.Context(), yinzheng.Event{At: storetest.Start, Kind: "k", Subject: "S"}); err != nil {
		t.Fatal(err)
	}
	if last, fault := verify(t, path, head.Hash); fault != nil || last.Seq != head.Seq+1 {
		t.Errorf("with an old head: %+v, %+v", fault, last)
	}
}

// TestTampering: whatever is done to the record behind the program's back is
// found, at the first entry that it touches.
func TestTampering(t *testing.T) {
	at := func(kind FaultKind, seq int64, kindOf yinzheng.LogKind, subject string, part int64) LogFault {
		return LogFault{kind, yinzheng.LogEntry{Seq: seq, Kind: kindOf, Subject: subject, Part: part}}
	}
	type test struct {
		name  string
		texts []string
		want  LogFault
	}
	// Each case has five entries: created, an event, submitted, returned, approved.
	event := at(ContentChanged, 7, yinzheng.LogEvent, "A1", 2)
	tests := []test{
		{"an action's row is gone", []string{"DELETE FROM actions WHERE application = 2 AND seq = 3"}, at(ContentMissing, 9, yinzheng.LogAction, "A1", 3)},
		{"a case's first action is gone", []string{"DELETE FROM actions WHERE application = 2 AND seq = 1"}, at(ContentMissing, 6, yinzheng.LogAction, "A1", 1)},
		{"an event is gone", []string{"DELETE FROM events WHERE key = 2"}, event.as(ContentMissing)},
		{"an action more", []string{"INSERT INTO actions (application, seq, at, kind, account, name) VALUES (2, 5, 0, 'approve', 'x', 'x')"}, at(ContentExtra, 0, yinzheng.LogAction, "A1", 5)},
		{"an action before the first", []string{"INSERT INTO actions (application, seq, at, kind, account, name) VALUES (2, -5, 0, 'approve', 'x', 'x')"}, at(ContentExtra, 0, yinzheng.LogAction, "A1", -5)},
		{"an action of no case", []string{"INSERT INTO actions (application, seq, at, kind, account, name) VALUES (99, 1, 'never', 'approve', 'x', 'x')"}, at(ContentExtra, 0, yinzheng.LogAction, "", 1)},
		{"an event more", []string{"INSERT INTO events (key, at, kind, subject, account, detail) VALUES (-1, 0, 'k', 'A1', 'x', '')"}, at(ContentExtra, 0, yinzheng.LogEvent, "A1", -1)},
		{"two actions change places", []string{"UPDATE actions SET seq = 9 WHERE application = 2 AND seq = 3", "UPDATE actions SET seq = 3 WHERE application = 2 AND seq = 4", "UPDATE actions SET seq = 4 WHERE application = 2 AND seq = 9"}, at(ContentChanged, 9, yinzheng.LogAction, "A1", 3)},
		{"an action moves to another case", []string{"UPDATE actions SET application = 1, seq = 5 WHERE application = 2 AND seq = 4"}, at(ContentMissing, 10, yinzheng.LogAction, "A1", 4)},
		{"two cases change places", []string{"UPDATE applications SET id = 'x' WHERE id = 'A1'", "UPDATE applications SET id = 'A1' WHERE id = 'A2'", "UPDATE applications SET id = 'A2' WHERE id = 'x'"}, at(ContentChanged, 6, yinzheng.LogAction, "A1", 1)},
		{"another template", []string{"UPDATE applications SET template_version = 9 WHERE id = 'A1'"}, at(ContentChanged, 6, yinzheng.LogAction, "A1", 1)},
		{"two events change places", []string{"UPDATE events SET key = 9 WHERE key = 2", "UPDATE events SET key = 2 WHERE key = 3", "UPDATE events SET key = 3 WHERE key = 9"}, event.as(ContentChanged)},
		{"an entry is gone", []string{"DELETE FROM log WHERE seq = 4"}, LogFault{EntryMissing, yinzheng.LogEntry{Seq: 4}}},
		{"the first entry is gone", []string{"DELETE FROM log WHERE seq = 1"}, LogFault{EntryMissing, yinzheng.LogEntry{Seq: 1}}},
		{"entry and action are gone", []string{"DELETE FROM log WHERE seq = 9", "DELETE FROM actions WHERE application = 2 AND seq = 3"}, LogFault{EntryMissing, yinzheng.LogEntry{Seq: 9}}},
		{"two entries change places", []string{"UPDATE log SET seq = 99 WHERE seq = 4", "UPDATE log SET seq = 4 WHERE seq = 5", "UPDATE log SET seq = 5 WHERE seq = 99"}, at(EntryBroken, 4, yinzheng.LogAction, "A0", 4)},
		{"an entry more", []string{"INSERT INTO log SELECT 16, at, kind, subject, 99, salt, digest, hash FROM log WHERE seq = 15"}, at(EntryBroken, 16, yinzheng.LogAction, "A2", 99)},
		{"an entry before the first", []string{"INSERT INTO log SELECT 0, at, kind, subject, 99, salt, digest, hash FROM log WHERE seq = 15"}, at(EntryBroken, 0, yinzheng.LogAction, "A2", 99)},
		{"an entry nobody can read", []string{"UPDATE log SET at = 'noon', hash = x'00' WHERE seq = 3"}, LogFault{EntryBroken, yinzheng.LogEntry{Seq: 3}}},
		{"the first of two faults", []string{"UPDATE log SET at = 'noon' WHERE seq = 3", "UPDATE events SET detail = '' WHERE key = 1"}, at(ContentChanged, 2, yinzheng.LogEvent, "A0", 1)},
	}
	for _, column := range []string{
		"at = at + 1", "kind = 'approve'", "account = 'u2'", "name = '王大明'", "person_type = NULL", "person_number = '1'", "person_reason = ''", "office = 'x'",
		"role = 'admin'", "post = 1", "due = 1", "for_account = 'x'", "for_name = 'x'", "for_type = 'x'", "for_number = 'x'", "step = 'x'", "to_step = 'x'", "opinion = opinion || ' '", "input = ''", "code = 'x'", "office = CAST(office AS BLOB)",
	} {
		tests = append(tests, test{"actions " + column, []string{"UPDATE actions SET " + column + " WHERE application = 2 AND seq = 3"}, at(ContentChanged, 9, yinzheng.LogAction, "A1", 3)})
	}
	tests = append(tests, test{"a value that was filled in", []string{"UPDATE actions SET input = replace(input, '441302199001011234', '441302199001011235') WHERE application = 2 AND seq = 1"}, at(ContentChanged, 6, yinzheng.LogAction, "A1", 1)})
	for _, column := range []string{"at = at + 1", "at = NULL", "at = 1.5", "kind = 'x'", "subject = 'A2'", "account = 'u2'", "detail = ''"} {
		tests = append(tests, test{"events " + column, []string{"UPDATE events SET " + column + " WHERE key = 2"}, event.as(ContentChanged)})
	}
	for _, column := range []string{"at = at + 1", "subject = 'A2', part = 99", "part = 99", "digest = zeroblob(32)", "hash = zeroblob(32)"} {
		tests = append(tests, test{"log " + column, []string{"UPDATE log SET " + column + " WHERE seq = 9"}, LogFault{EntryBroken, yinzheng.LogEntry{Seq: 9}}})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := t.TempDir() + "/yinzheng.db"
			aRecord(t, path)
			forge(t, path, tt.texts...)
			_, fault := verify(t, path, yinzheng.LogHash{})
			if fault == nil {
				t.Fatal("not found")
			}
			got := LogFault{fault.Kind, yinzheng.LogEntry{Seq: fault.Entry.Seq, Kind: fault.Entry.Kind, Subject: fault.Entry.Subject, Part: fault.Entry.Part}}
			if tt.want.Entry.Kind == "" {
				got.Entry = yinzheng.LogEntry{Seq: got.Entry.Seq}
			}
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func (f LogFault) as(kind FaultKind) LogFault {
	f.Kind = kind
	return f
}

// TestCutOff: an end that was cut off, with what it stood for, shows only by a
// head that was written down; so does a record written anew.
func TestCutOff(t *testing.T) {
	path := t.TempDir() + "/yinzheng.db"
	head := aRecord(t, path)
	forge(t, path, "DELETE FROM log WHERE seq > 11", "DELETE FROM events WHERE key = 3", "DELETE FROM actions WHERE application = 3 AND seq > 1")
	last, fault := verify(t, path, yinzheng.LogHash{})
	if fault != nil || last.Seq != 11 {
		t.Fatalf("%+v, ends at %d", fault, last.Seq)
	}
	if _, fault := verify(t, path, head.Hash); fault == nil || fault.Kind != HeadMissing || fault.Entry != last {
		t.Errorf("%+v", fault)
	}
}

func TestVerifyCases(t *testing.T) {
	fold := func(id string, ref yinzheng.TemplateRef, actions []yinzheng.Action) *yinzheng.Application {
		if ref != storetest.Template.Ref() {
			return nil
		}
		return yinzheng.Fold(id, storetest.Template, actions)
	}
	for _, tt := range []struct {
		forged  string
		kind    FaultKind
		skipped int
	}{
		{"", "", 0},
		{"UPDATE applications SET field_values = replace(field_values, '441302199001011234', '441302199001011235') WHERE id = 'A1'", CaseDiffers, 0},
		{"UPDATE applications SET state = 'approved', step = 0, step_key = NULL, step_name_zh = NULL, step_name_en = NULL, step_level = NULL, step_role = NULL WHERE id = 'A1'", CaseDiffers, 0},
		{"UPDATE applications SET office = 'south' WHERE id = 'A1'", CaseDiffers, 0},
		{"UPDATE applications SET version = 3 WHERE id = 'A1'", CaseDiffers, 0},
		{"UPDATE applications SET template_version = 9 WHERE id = 'A0'", "", 1},
	} {
		path := t.TempDir() + "/yinzheng.db"
		aRecord(t, path)
		if tt.forged != "" {
			forge(t, path, tt.forged)
		}
		skipped, fault, err := openAudit(t, path).VerifyCases(t.Context(), fold)
		switch {
		case err != nil:
			t.Fatal(err)
		case skipped != tt.skipped:
			t.Errorf("%s: %d skipped", tt.forged, skipped)
		case tt.kind == "" && fault != nil || tt.kind != "" && (fault == nil || fault.Kind != tt.kind || fault.Entry.Subject != "A1"):
			t.Errorf("%s: %+v", tt.forged, fault)
		}
	}
}

// TestAuditRefuses: a database of another program is not judged.
func TestAuditRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, err := OpenAudit(t.Context(), dir+"/none.db"); err == nil {
		t.Error("opened what is not there")
	}
	path := dir + "/yinzheng.db"
	aRecord(t, path)
	forge(t, path, "DELETE FROM schema_version WHERE version > 1")
	if _, err := OpenAudit(t.Context(), path); !errors.Is(err, yinzheng.ErrUnavailable) {
		t.Errorf("an older database: %v", err)
	}
}

// TestChainExisting: a database from before there was a log gets one for what
// it holds, and its cases wait to be marked.
func TestChainExisting(t *testing.T) {
	path := t.TempDir() + "/yinzheng.db"
	aRecord(t, path)
	forge(t, path, "DELETE FROM schema_version WHERE name LIKE '%_audit.sql' OR name LIKE '%_search.sql'")
	db := openPool(path, nil, 1)
	for _, text := range []string{"DROP TABLE log", "DROP TABLE marks", "DROP INDEX applications_changed"} {
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	// Alone: the others find their own work done already.
	for _, name := range []string{"audit.sql", "search.sql"} {
		if err := runAlone(t.Context(), db, name); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	last, fault := verify(t, path, yinzheng.LogHash{})
	if fault != nil || last.Seq != 15 {
		t.Fatalf("%+v, ends at %+v", fault, last)
	}
	s := openFile(t, path)
	ids, err := s.Unmarked(t.Context(), "", 2)
	if err != nil || !slices.Equal(ids, []string{"A0", "A1"}) {
		t.Errorf("%v, %v", ids, err)
	}
	if ids, err = s.Unmarked(t.Context(), "A1", 2); err != nil || !slices.Equal(ids, []string{"A2"}) {
		t.Errorf("%v, %v", ids, err)
	}
	if err := s.PutMarks(t.Context(), "A0", yinzheng.Marks{Name: "n"}); err != nil {
		t.Fatal(err)
	}
	if ids, err = s.Unmarked(t.Context(), "", 9); err != nil || !slices.Equal(ids, []string{"A1", "A2"}) {
		t.Errorf("%v, %v", ids, err)
	}
	if err := s.Record(t.Context(), yinzheng.Event{Kind: "k", Subject: "S"}); err != nil {
		t.Fatal(err)
	}
	if _, fault := verify(t, path, last.Hash); fault != nil {
		t.Errorf("%+v", fault)
	}
}

// TestSearchExisting: the cases of a program that knew no search wait to be
// marked anew, and what they are recognised by stays until then.
func TestSearchExisting(t *testing.T) {
	path := t.TempDir() + "/yinzheng.db"
	aRecord(t, path)
	forge(t, path,
		"DELETE FROM schema_version WHERE name LIKE '%_search.sql'", "DROP TABLE marks", "DROP INDEX applications_changed",
		"CREATE TABLE marks (application INTEGER PRIMARY KEY, known INTEGER NOT NULL, document TEXT, facts TEXT, name TEXT)",
		"INSERT INTO marks (application, known, document) SELECT key, 1, id FROM applications",
		"CREATE INDEX marks_unknown ON marks (application) WHERE known = 0")
	db := openPool(path, nil, 1)
	if err := errors.Join(runAlone(t.Context(), db, "search.sql"), db.Close()); err != nil {
		t.Fatal(err)
	}
	s := openFile(t, path)
	if ids, err := s.Unmarked(t.Context(), "", 9); err != nil || !slices.Equal(ids, []string{"A0", "A1", "A2"}) {
		t.Errorf("%v, %v", ids, err)
	}
	if found, err := s.Alike(t.Context(), "x", yinzheng.Marks{Document: "A1"}, storetest.Start, 9); err != nil || len(found) != 1 {
		t.Errorf("%v, %v", found, err)
	}
	reach := yinzheng.Reach{Offices: []string{"north"}}
	if err := s.PutMarks(t.Context(), "A1", yinzheng.Marks{Holder: "王小明"}); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Search(t.Context(), yinzheng.SearchFilter{Reach: reach, Name: "王小"}); err != nil || len(got) != 1 || got[0].ID != "A1" {
		t.Errorf("%v, %v", got, err)
	}
}

// runAlone runs one migration, given by its name without the number.
func runAlone(ctx context.Context, db *sql.DB, name string) error {
	all, err := sqlite.migrations()
	if err != nil {
		return err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	m := all[slices.IndexFunc(all, func(m migration) bool { return strings.HasSuffix(m.name, "_"+name) })]
	return runMigration(ctx, conn, []string{sqlite.begin, m.text}, m)
}

// BenchmarkAlike looks for duplicates among many cases, by marks that two
// share.
func BenchmarkAlike(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := openFile(b, b.TempDir()+"/yinzheng.db")
			fillMarked(b, s, n)
			b.ResetTimer()
			for i := range b.N {
				found, err := s.Alike(b.Context(), "x", marksOfCase(i*7919%n), storetest.Start, 20)
				if err != nil || len(found) != 6 {
					b.Fatal(found, err)
				}
			}
		})
	}
}

// marksOfCase are shared by two cases each.
func marksOfCase(i int) yinzheng.Marks {
	return yinzheng.Marks{Document: fmt.Sprintf("residence|111:%018d", i/2), Facts: fmt.Sprintf("birth|%d|2026", i/2), Name: fmt.Sprintf("residence|%s|%d", storetest.North, i/2)}
}

func fillMarked(b *testing.B, s *Store, n int) {
	b.Helper()
	for i := 0; i < n; i += 1000 {
		if err := s.Tx(b.Context(), func(ctx context.Context) error {
			for j := i; j < i+1000; j++ {
				id := fmt.Sprintf("A%09d", j)
				if err := s.SaveApplication(ctx, storetest.Case(id, "north", storetest.North, yinzheng.Submit), 0); err != nil {
					return err
				}
				if err := s.PutMarks(ctx, id, marksOfCase(j)); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVerify is one entry of the log computed again.
func BenchmarkVerify(b *testing.B) {
	path := b.TempDir() + "/yinzheng.db"
	s := openFile(b, path)
	fillMarked(b, s, 5000)
	a, err := OpenAudit(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	defer a.Close()
	b.ResetTimer()
	var entries int64
	for entries < int64(b.N) {
		found, err := a.Verify(b.Context(), yinzheng.LogHash{}, time.Now(), func(int64, int64) {})
		if err != nil || found.Fault != nil {
			b.Fatal(found, err)
		}
		entries += found.Last.Seq
	}
	b.ReportMetric(float64(entries)/b.Elapsed().Seconds(), "entries/s")
}

// TestVerifyCatalogue: every act on the catalogue is what its event says.
func TestVerifyCatalogue(t *testing.T) {
	for _, tt := range []struct {
		text string
		kind FaultKind
		part int64
	}{
		{"UPDATE catalogue_acts SET content = '{}' WHERE seq = 2", ContentChanged, 5},
		{"UPDATE catalogue_acts SET change = 'C2' WHERE seq = 2", ContentChanged, 5},
		{"UPDATE catalogue_acts SET kind = 'approve' WHERE seq = 2", ContentChanged, 5},
		{"UPDATE catalogue_acts SET account = 'u2' WHERE seq = 2", ContentChanged, 5},
		{"UPDATE catalogue_acts SET at = at + 1 WHERE seq = 2", ContentChanged, 5},
		{"UPDATE catalogue_acts SET at = 'soon' WHERE seq = 2", ContentChanged, 5},
		{"DELETE FROM catalogue_acts WHERE seq = 2", ContentMissing, 5},
		{"DELETE FROM catalogue_acts WHERE seq = 3", ContentMissing, 6},
		{"DELETE FROM catalogue_acts", ContentMissing, 4},
		{"INSERT INTO catalogue_acts SELECT 4, at, account, change, kind, content FROM catalogue_acts WHERE seq = 3", ContentExtra, 0},
	} {
		path := t.TempDir() + "/yinzheng.db"
		aRecord(t, path)
		s := openFile(t, path)
		for i, change := range []string{"C1", "C1", "C2"} {
			a := yinzheng.CatalogueAct{Seq: i + 1, At: storetest.Start, By: "u1", Change: change, Kind: "draft", Content: fmt.Appendf(nil, `{"n":%d}`, i)}
			if err := errors.Join(s.AddCatalogueAct(t.Context(), &a),
				s.Record(t.Context(), yinzheng.Event{At: a.At, Kind: "catalogue-draft", Subject: change, By: a.By, Detail: fmt.Sprintf("%x", sha256.Sum256(a.Content))})); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, fault := verify(t, path, yinzheng.LogHash{}); fault != nil {
			t.Fatalf("whole: %+v", fault)
		}
		forge(t, path, tt.text)
		if _, fault := verify(t, path, yinzheng.LogHash{}); fault == nil || fault.Kind != tt.kind || fault.Entry.Part != tt.part {
			t.Errorf("%s: %+v", tt.text, fault)
		}
	}
}

// TestVerifyCampaigns: every act on a campaign, and on an entry of its roster, is
// what its event says.
func TestVerifyCampaigns(t *testing.T) {
	for _, tt := range []struct {
		text string
		kind FaultKind
		part int64
	}{
		{"UPDATE campaign_acts SET content = '{}' WHERE entry = 0", ContentChanged, 4},
		{"UPDATE campaign_acts SET content = '{}' WHERE entry = 2 AND seq = 2", ContentChanged, 8},
		{"UPDATE campaign_acts SET kind = 'absent' WHERE entry = 2 AND seq = 1", ContentChanged, 6},
		{"UPDATE campaign_acts SET account = 'u9' WHERE entry = 2 AND seq = 1", ContentChanged, 6},
		{"UPDATE campaign_acts SET at = at + 1 WHERE entry = 2 AND seq = 1", ContentChanged, 6},
		{"UPDATE campaign_acts SET at = 'soon' WHERE entry = 2 AND seq = 1", ContentChanged, 6},
		{"DELETE FROM campaign_acts WHERE entry = 2 AND seq = 2", ContentMissing, 8},
		{"DELETE FROM campaign_acts", ContentMissing, 4},
		{"INSERT INTO campaign_acts SELECT campaign, entry, 3, at, account, kind, content FROM campaign_acts WHERE entry = 2 AND seq = 2", ContentExtra, 0},
		{"INSERT INTO campaign_acts SELECT campaign, 7, seq, at, account, kind, content FROM campaign_acts WHERE entry = 2 AND seq = 1", ContentExtra, 0},
	} {
		path := t.TempDir() + "/yinzheng.db"
		aRecord(t, path)
		s := openFile(t, path)
		at := storetest.Start
		entry := &yinzheng.CampaignEntry{Number: 2, Division: storetest.North, Mark: "111:a", Outcome: "open", Content: []byte("{}")}
		act := func(entry, seq int, kind string) yinzheng.CampaignAct {
			return yinzheng.CampaignAct{Campaign: "C1", Entry: entry, Seq: seq, At: at, By: "u1", Kind: kind, Content: fmt.Appendf(nil, `{"kind":%q}`, kind)}
		}
		record := func(subject string, a yinzheng.CampaignAct) error {
			return s.Record(t.Context(), yinzheng.Event{At: a.At, Kind: "campaign-" + a.Kind, Subject: subject, By: a.By, Detail: fmt.Sprintf("%x", sha256.Sum256(a.Content))})
		}
		start, seen, dead := act(0, 1, "start"), act(2, 1, "present"), act(2, 2, "dead")
		errs := []error{
			s.AddCampaign(t.Context(), &yinzheng.Campaign{ID: "C1", Item: "survival", Running: true, Version: 1, Content: []byte("{}")}, []*yinzheng.CampaignEntry{entry}, []yinzheng.CampaignAct{start}),
			record("C1", start),
			s.Record(t.Context(), yinzheng.Event{At: at, Kind: "campaign-listed", Subject: "C1", By: "u1", Detail: "csv"}),
		}
		for _, a := range []yinzheng.CampaignAct{seen, dead} {
			entry.Version++
			errs = append(errs, s.PutCampaignEntry(t.Context(), "C1", entry, &a), record("C1/2", a))
			if a.Seq == 1 {
				errs = append(errs, s.Record(t.Context(), yinzheng.Event{At: at, Kind: "campaign-tried", Subject: "town", By: "u1", Detail: "x"}))
			}
		}
		if err := errors.Join(append(errs, s.Close())...); err != nil {
			t.Fatal(err)
		}
		if _, fault := verify(t, path, yinzheng.LogHash{}); fault != nil {
			t.Fatalf("whole: %+v", fault)
		}
		forge(t, path, tt.text)
		if _, fault := verify(t, path, yinzheng.LogHash{}); fault == nil || fault.Kind != tt.kind || fault.Entry.Part != tt.part {
			t.Errorf("%s: %+v", tt.text, fault)
		}
	}
}
