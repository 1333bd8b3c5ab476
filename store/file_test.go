package store

import (
	"bytes"
	"testing"

	"yinzheng"
	"yinzheng/store/storetest"
)

// withFiles is a database with an attachment on a case and a paper with its
// scan, closed. The case's actions are entries 1 and 2, the paper's event is 3.
func withFiles(t *testing.T, path string) {
	t.Helper()
	s := openFile(t, path)
	ctx := t.Context()
	for _, err := range []error{
		s.AddFile(ctx, storetest.Digest("kept"), []byte("kept")),
		s.AddFile(ctx, storetest.Digest("scan"), []byte("scan")),
		s.SaveApplication(ctx, storetest.Case("A0", "north", storetest.North, yinzheng.Attach), 0),
		s.AddPaper(ctx, &yinzheng.Paper{
			Code: "P1", Number: "N1", IssuedOn: storetest.Start, RecordedAt: storetest.Start,
			Scan: digestOf("scan"), Original: bytes.Repeat([]byte{1}, 32), ScanType: "image/jpeg",
		}),
		s.Record(ctx, yinzheng.Event{At: storetest.Start, Kind: "paper-recorded", Subject: "P1", By: "u1"}),
		s.Close(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func digestOf(content string) []byte {
	sum := yinzheng.DigestPDF([]byte(content))
	return sum[:]
}

// TestTamperingFiles: a file that was changed or removed is found, by what
// refers to it; so is a reference that was changed.
func TestTamperingFiles(t *testing.T) {
	action := yinzheng.LogEntry{Kind: yinzheng.LogAction, Subject: "A0", Part: 2}
	paper := yinzheng.LogEntry{Kind: yinzheng.LogEvent, Subject: "P1", Part: 1}
	type test struct {
		text  string
		kind  FaultKind
		entry yinzheng.LogEntry
	}
	tests := []test{
		{"", "", yinzheng.LogEntry{}},
		{"UPDATE files SET content = x'00' WHERE key = 1", FileChanged, action},
		{"UPDATE files SET content = 'kept ' WHERE key = 1", FileChanged, action},
		{"DELETE FROM files WHERE key = 1", FileMissing, action},
		{"UPDATE files SET content = x'00' WHERE key = 2", FileChanged, paper},
		{"DELETE FROM files WHERE key = 2", FileMissing, paper},
		{"UPDATE papers SET scan = x'00'", FileMissing, paper},
	}
	for _, column := range []string{
		"material = 'other'", "file_name = 'x'", "file_type = 'application/pdf'", "file_size = 1", "width = 1", "height = 1", "pages = 1", "digest = '00'", "original = '00'",
		"signed_by = 'signature'", "witness_name = 'x'", "witness_type = 'passport'", "witness_number = '1'", "detached = 1", "digest = NULL",
	} {
		tests = append(tests, test{"UPDATE actions SET " + column + " WHERE seq = 2", ContentChanged, action})
	}
	for _, tt := range tests {
		path := t.TempDir() + "/yinzheng.db"
		withFiles(t, path)
		if tt.text != "" {
			forge(t, path, tt.text)
		}
		_, fault := verify(t, path, yinzheng.LogHash{})
		switch {
		case tt.kind == "" && fault != nil:
			t.Errorf("a whole record: %+v", fault)
		case tt.kind == "":
		case fault == nil:
			t.Errorf("%s: not found", tt.text)
		case fault.Kind != tt.kind || fault.Entry.Kind != tt.entry.Kind || fault.Entry.Subject != tt.entry.Subject || fault.Entry.Part != tt.entry.Part:
			t.Errorf("%s: %+v", tt.text, fault)
		}
	}
}

// TestFilesAppendOnly: the database itself refuses to change a file.
func TestFilesAppendOnly(t *testing.T) {
	path := t.TempDir() + "/yinzheng.db"
	withFiles(t, path)
	s := openFile(t, path)
	for _, text := range []string{
		"UPDATE files SET content = x'00'", "UPDATE files SET digest = 'x' WHERE key = 1", "DELETE FROM files", "INSERT OR REPLACE INTO files SELECT * FROM files",
		"REPLACE INTO files (digest, content) SELECT digest, x'00' FROM files",
	} {
		for _, replacing := range []string{"ON", "OFF"} { // with the pragma of other programs, too
			if _, err := s.writer.conn.ExecContext(t.Context(), "PRAGMA recursive_triggers = "+replacing); err != nil {
				t.Fatal(err)
			}
			if _, err := s.writer.conn.ExecContext(t.Context(), text); err == nil {
				t.Errorf("done: %s", text)
			}
		}
	}
}

// TestFilesMigration: a record from before there were attachments stands, with
// the digests and the head that it had.
func TestFilesMigration(t *testing.T) {
	path := t.TempDir() + "/yinzheng.db"
	head := aRecord(t, path)
	db := openPool(path, nil, 1)
	texts := []string{"DROP TRIGGER actions_not_changed", "DROP TRIGGER files_not_removed", "DROP INDEX actions_digest", "DROP INDEX actions_files", "DROP INDEX papers_scan", "DROP INDEX papers_original", "DROP TABLE files", "DELETE FROM schema_version WHERE name LIKE '%_attachments.sql'"}
	for _, column := range []string{"material", "file_name", "file_type", "file_size", "width", "height", "pages", "digest", "original", "signed_by", "witness_name", "witness_type", "witness_number", "detached"} {
		texts = append(texts, "ALTER TABLE actions DROP COLUMN "+column)
	}
	texts = append(texts, "DROP TRIGGER papers_not_changed",
		"ALTER TABLE papers DROP COLUMN original", "ALTER TABLE papers DROP COLUMN scan_type", "CREATE TRIGGER papers_not_changed BEFORE UPDATE ON papers BEGIN SELECT 1; END")
	for _, text := range texts {
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	if err := runAlone(t.Context(), db, "attachments.sql"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if last, fault := verify(t, path, head.Hash); fault != nil || last != head {
		t.Fatalf("%+v, ends at %+v", fault, last)
	}
	s := openFile(t, path)
	a, err := s.Application(t.Context(), "A0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SaveApplication(t.Context(), storetest.Next(a, []yinzheng.ActionKind{yinzheng.Attach}, "north", storetest.North), a.Version); err != nil {
		t.Fatal(err)
	}
	if err := s.AddFile(t.Context(), storetest.Digest("kept"), []byte("kept")); err != nil {
		t.Fatal(err)
	}
	if _, fault := verify(t, path, head.Hash); fault != nil {
		t.Errorf("%+v", fault)
	}
}
