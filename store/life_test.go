package store

import (
	"testing"

	"yinzheng"
	"yinzheng/store/storetest"
)

// TestLifeAppendOnly: the database itself refuses to change what was handed
// out, what replaces what, and a paper record, but for voiding it.
func TestLifeAppendOnly(t *testing.T) {
	s := openFile(t, t.TempDir()+"/yinzheng.db")
	ctx := t.Context()
	p := &yinzheng.Paper{Code: "P1", Number: "N1", IssuedOn: storetest.Start, RecordedAt: storetest.Start}
	void := &yinzheng.Paper{Code: "P2", Number: "N2", IssuedOn: storetest.Start, RecordedAt: storetest.Start, VoidedAt: storetest.Start}
	for _, err := range []error{
		s.AddCopies(ctx, &yinzheng.Copies{ID: "K1", Certificate: "C1", At: storetest.Start, Count: 2}),
		s.LinkReplacement(ctx, "C1", "A1"), s.AddPaper(ctx, p), s.AddPaper(ctx, void), s.VoidPaper(ctx, void),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range []string{
		"UPDATE copies SET copies = 1", "DELETE FROM copies", "INSERT OR REPLACE INTO copies SELECT * FROM copies",
		"INSERT OR REPLACE INTO copies (id, certificate, at, account, name, office, collector, collector_type, collector_number, collector_reason, copies, purpose) VALUES ('K1', '', 0, '', '', '', '', '', '', '', 1, '')",
		"INSERT INTO copies (id, certificate, at, account, name, office, collector, collector_type, collector_number, collector_reason, copies, purpose) VALUES ('K2', '', 0, '', '', '', '', '', '', '', 0, '')",
		"UPDATE replacements SET application = 'x'", "DELETE FROM replacements", "INSERT OR REPLACE INTO replacements SELECT * FROM replacements",
		"UPDATE papers SET original = x'00', voided_at = 1 WHERE code = 'P1'", "UPDATE papers SET scan_type = 'image/jpeg', voided_at = 1 WHERE code = 'P1'",
		"UPDATE papers SET holder = 'x' WHERE code = 'P1'", "UPDATE papers SET holder = 'x', voided_at = 1 WHERE code = 'P1'",
		"UPDATE papers SET voided_at = NULL WHERE code = 'P2'", "UPDATE papers SET void_note = 'x' WHERE code = 'P2'",
		"DELETE FROM papers", "INSERT OR REPLACE INTO papers SELECT * FROM papers",
	} {
		for _, replacing := range []string{"ON", "OFF"} { // with the pragma of other programs, too
			if _, err := s.writer.conn.ExecContext(ctx, "PRAGMA recursive_triggers = "+replacing); err != nil {
				t.Fatal(err)
			}
			if _, err := s.writer.conn.ExecContext(ctx, text); err == nil {
				t.Errorf("done: %s", text)
			}
		}
	}
}
