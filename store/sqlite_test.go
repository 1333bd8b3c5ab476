package store

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yinzheng"
	"yinzheng/store/storetest"
)

func saveCase(t *testing.T, s *Store, id string) {
	t.Helper()
	if err := s.SaveApplication(t.Context(), storetest.Case(id, "north", storetest.North), 0); err != nil {
		t.Fatal(err)
	}
}

func TestReopen(t *testing.T) {
	path := t.TempDir() + "/with space?&#%41.db"
	s := openFile(t, path)
	saveCase(t, s, "A1")
	c, pdf := storetest.Certificate(1, "A1"), bytes.Repeat([]byte("pdf"), 20000)
	f := storetest.Finished(c, pdf)
	for _, err := range []error{s.PutDirectory(t.Context(), storetest.Tree()), s.Reserve(t.Context(), c), s.FinishIssue(t.Context(), f, pdf), s.Close(), s.Close()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(path + "-wal"); err == nil && info.Size() > 0 {
		t.Errorf("Close left %d bytes in the log", info.Size())
	}
	if err := s.Record(t.Context(), yinzheng.Event{}); !errors.Is(err, yinzheng.ErrUnavailable) {
		t.Errorf("a write after Close: %v", err)
	}
	checkFailing(t, s, yinzheng.ErrUnavailable)
	s = openFile(t, path)
	a, err := s.Application(t.Context(), "A1")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(storetest.Case("A1", "north", storetest.North), a, storetest.Kept); d != "" {
		t.Errorf("case (-want +got):\n%s", d)
	}
	got, err := s.CertificateByDigest(t.Context(), f.Digest)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(f, got); d != "" {
		t.Errorf("certificate (-want +got):\n%s", d)
	}
	if back, err := s.PDF(t.Context(), c.Code); err != nil || !bytes.Equal(back, pdf) {
		t.Errorf("PDF: %v", err)
	}
}

// checkFailing makes sure that a database that cannot answer never says that
// something does not exist.
func checkFailing(t *testing.T, s *Store, want error) {
	t.Helper()
	ctx := t.Context()
	for name, read := range map[string]func(context.Context) error{
		"Certificate":         func(ctx context.Context) error { _, err := s.Certificate(ctx, "x"); return err },
		"InForce":             func(ctx context.Context) error { _, _, err := s.InForce(ctx, "x", "y"); return err },
		"CertificateByNumber": func(ctx context.Context) error { _, err := s.CertificateByNumber(ctx, "x"); return err },
		"CertificateByDigest": func(ctx context.Context) error { _, err := s.CertificateByDigest(ctx, [32]byte{}); return err },
		"Reserved":            func(ctx context.Context) error { _, err := s.Reserved(ctx, "x"); return err },
		"PDF":                 func(ctx context.Context) error { _, err := s.PDF(ctx, "x"); return err },
		"Application":         func(ctx context.Context) error { _, err := s.Application(ctx, "x"); return err },
		"Account":             func(ctx context.Context) error { _, err := s.Account(ctx, "x"); return err },
		"AccountByUsername":   func(ctx context.Context) error { _, err := s.AccountByUsername(ctx, "x"); return err },
		"Paper":               func(ctx context.Context) error { _, err := s.Paper(ctx, "x"); return err },
		"PaperByNumber":       func(ctx context.Context) error { _, err := s.PaperByNumber(ctx, "x"); return err },
		"Session":             func(ctx context.Context) error { _, err := s.Session(ctx, [32]byte{}, storetest.Start); return err },
	} {
		if err := read(ctx); err == nil || errors.Is(err, yinzheng.ErrNotFound) || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
		if want != nil {
			continue
		}
		if err := s.Tx(ctx, read); err == nil || errors.Is(err, yinzheng.ErrNotFound) {
			t.Errorf("%s in a transaction: %v", name, err)
		}
	}
}

func TestFailingIsNotMissing(t *testing.T) {
	s := openFile(t, t.TempDir()+"/yinzheng.db")
	for _, table := range []string{"certificates", "applications", "accounts", "sessions", "papers"} {
		if _, err := s.writer.conn.ExecContext(t.Context(), "ALTER TABLE "+table+" RENAME TO gone_"+table); err != nil {
			t.Fatal(err)
		}
	}
	checkFailing(t, s, nil)
}

func TestOneProcess(t *testing.T) {
	path := t.TempDir() + "/yinzheng.db"
	s := openFile(t, path)
	_, err := Open(t.Context(), path)
	if !errors.Is(err, yinzheng.ErrUnavailable) || !strings.Contains(err.Error(), "pid ") {
		t.Errorf("a second one: %v", err)
	}
	saveCase(t, s, "A1")
	for _, file := range []string{path, path + "-wal", path + "-shm", path + ".lock"} {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v; personal data is not for everybody", file, info, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	openFile(t, path)
}

func TestNewerDatabase(t *testing.T) {
	path := t.TempDir() + "/yinzheng.db"
	s := openFile(t, path)
	if _, err := s.writer.conn.ExecContext(t.Context(), insertVersion, 9999, "9999_future.sql"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), path)
	if !errors.Is(err, yinzheng.ErrUnavailable) || !strings.Contains(err.Error(), "9999") {
		t.Errorf("got %v", err)
	}
}

func TestNotADatabase(t *testing.T) {
	path := t.TempDir() + "/yinzheng.db"
	if err := os.WriteFile(path, bytes.Repeat([]byte("this is no database"), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path); !errors.Is(err, yinzheng.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}

// TestAppendOnly: the database itself refuses to change what happened.
func TestAppendOnly(t *testing.T) {
	s := openFile(t, t.TempDir()+"/yinzheng.db")
	saveCase(t, s, "A1")
	c := storetest.Certificate(1, "A1")
	for _, err := range []error{
		s.Record(t.Context(), yinzheng.Event{At: storetest.Start, Kind: "k"}),
		s.AddCommitmentRight(t.Context(), &yinzheng.CommitmentRight{At: storetest.Start, Document: "111:1", Ended: true}),
		s.AddCatalogueAct(t.Context(), &yinzheng.CatalogueAct{Seq: 1, At: storetest.Start, Kind: "draft"}),
		s.AddDesign(t.Context(), &yinzheng.Design{ID: "D1", Item: "residence", Version: 1, At: storetest.Start}, &yinzheng.DesignAct{Seq: 1, At: storetest.Start}),
		s.AddMadeTemplate(t.Context(), &yinzheng.MadeTemplate{Ref: yinzheng.TemplateRef{Code: "residence", Version: 1}, At: storetest.Start}),
		s.Reserve(t.Context(), c), s.FinishIssue(t.Context(), storetest.Finished(c, []byte("pdf")), []byte("pdf")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range []string{
		"UPDATE actions SET opinion = 'x'", "DELETE FROM actions", "INSERT OR REPLACE INTO actions SELECT * FROM actions",
		"REPLACE INTO actions (application, seq, at, kind, account, name) VALUES (1, 1, 0, 'approve', 'x', 'x')",
		"INSERT INTO actions (application, seq, at, kind, account, name) VALUES (1, 3, 0, 'approve', 'x', 'x')",
		"UPDATE events SET detail = 'x'", "DELETE FROM events", "INSERT OR REPLACE INTO events SELECT * FROM events",
		"UPDATE commitment_rights SET ended = 0", "DELETE FROM commitment_rights", "INSERT OR REPLACE INTO commitment_rights SELECT * FROM commitment_rights",
		"UPDATE catalogue_acts SET content = 'x'", "DELETE FROM catalogue_acts", "INSERT OR REPLACE INTO catalogue_acts SELECT * FROM catalogue_acts",
		"UPDATE designs SET version = version + 1", "UPDATE designs SET is_open = 1", "DELETE FROM designs",
		"UPDATE design_acts SET opinion = 'x'", "DELETE FROM design_acts", "INSERT OR REPLACE INTO design_acts SELECT * FROM design_acts",
		"INSERT OR REPLACE INTO design_acts SELECT key, design, seq + 1, at, account, for_whom, kind, opinion, digest FROM design_acts", "INSERT OR REPLACE INTO designs SELECT * FROM designs",
		"UPDATE made_templates SET text = 'x'", "DELETE FROM made_templates", "INSERT OR REPLACE INTO made_templates SELECT * FROM made_templates",
		"INSERT OR REPLACE INTO made_templates SELECT seq + 1, item, version, 'x', design, at, account FROM made_templates",
		"UPDATE log SET subject = 'x'", "DELETE FROM log", "INSERT OR REPLACE INTO log SELECT * FROM log",
		"INSERT INTO log SELECT seq + 5, at, kind, 'x', part, salt, digest, hash FROM log WHERE seq = 1",
		"INSERT INTO log SELECT NULL, at, kind, 'x', part, salt, digest, hash FROM log WHERE seq = 1",
		"UPDATE certificate_pdfs SET pdf = x'00'", "DELETE FROM certificate_pdfs", "DELETE FROM certificates", "DELETE FROM applications",
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

func TestStatusListHalfFull(t *testing.T) {
	s := openMemory(t)
	for want := 1; want < 4; want++ {
		if list, err := s.OpenStatusList(t.Context()); err != nil || list != want {
			t.Fatalf("list %d, %v; want %d", list, err, want)
		}
		taken := listHalf - 1
		if err := s.write(t.Context(), "fill", func(ctx context.Context, q querier) error {
			_, err := change(ctx, q, "UPDATE status_lists SET taken = $1", taken)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if list, err := s.OpenStatusList(t.Context()); err != nil || list != want {
			t.Fatalf("list %d, %v before it is half full; want %d", list, err, want)
		}
		c := storetest.Certificate(want, string(rune('A'+want)))
		c.List = want
		if err := s.Reserve(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if n, err := s.StatusListCount(t.Context()); err != nil || n != want {
			t.Fatalf("%d lists, %v", n, err)
		}
	}
}

// TestDiskFull: those who meet the full disk are told, the others' work is
// kept, and all goes on once there is room.
func TestDiskFull(t *testing.T) {
	for name, s := range map[string]*Store{"file": openFile(t, t.TempDir()+"/yinzheng.db"), "memory": openMemory(t)} {
		t.Run(name, func(t *testing.T) { testDiskFull(t, s) })
	}
}

func testDiskFull(t *testing.T, s *Store) {
	ctx := t.Context()
	limit := func(text string) {
		if _, err := s.writer.conn.ExecContext(ctx, text); err != nil {
			t.Fatal(err)
		}
	}
	limit("PRAGMA max_page_count = 400")
	pdf := make([]byte, 40<<10)
	issue := func(n int) error {
		c := storetest.Certificate(n, string(rune(0x4e00+n)))
		return s.Tx(ctx, func(ctx context.Context) error {
			if err := s.Reserve(ctx, c); err != nil {
				return err
			}
			if err := s.Record(ctx, yinzheng.Event{Kind: "k", Subject: c.Code}); err != nil {
				return err
			}
			s.FinishIssue(ctx, storetest.Finished(c, []byte(c.Code)), pdf)
			return nil
		})
	}
	const n = 200
	var errs [n]error
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if i%2 == 0 {
				errs[i] = issue(i)
			} else {
				errs[i] = s.PutSession(ctx, [32]byte{byte(i)}, "u", storetest.Start.AddDate(1, 0, 0))
			}
		})
	}
	wg.Wait()
	limit("PRAGMA max_page_count = 1073741823")
	full := 0
	for i, err := range errs {
		if i%2 == 1 {
			if _, found := s.Session(ctx, [32]byte{byte(i)}, storetest.Start); err == nil && found != nil {
				t.Errorf("session %d was acknowledged and is gone: %v", i, found)
			}
			continue
		}
		_, found := s.PDF(ctx, storetest.Certificate(i, string(rune(0x4e00+i))).Code)
		switch {
		case err == nil && found != nil:
			t.Errorf("certificate %d was acknowledged and is gone: %v", i, found)
		case err != nil && !errors.Is(err, yinzheng.ErrUnavailable):
			t.Errorf("certificate %d: %v", i, err)
		case err != nil && !errors.Is(found, yinzheng.ErrNotFound):
			t.Errorf("certificate %d was refused and is there: %v", i, found)
		case err != nil:
			full++
			if err := issue(i); err != nil {
				t.Errorf("certificate %d again: %v", i, err)
			}
		}
	}
	if full == 0 || full == n/2 {
		t.Errorf("%d of %d met the full disk", full, n/2)
	}
	checkLog(t, s)
}

// TestPragmas: what no test can see happen, a power cut, is left to these.
func TestPragmas(t *testing.T) {
	s := openFile(t, t.TempDir()+"/yinzheng.db")
	for _, tt := range []struct {
		q            querier
		pragma, want string
	}{
		{s.writer.conn, "synchronous", "2"},
		{s.writer.conn, "journal_mode", "wal"},
		{s.writer.conn, "foreign_keys", "1"},
		{s.writer.conn, "recursive_triggers", "1"},
		{s.writer.conn, "page_size", pageSize},
		{s.writer.conn, "busy_timeout", "10000"},
		{s.writer.checkpoints.pool, "synchronous", "2"},
		{s.readers, "query_only", "1"},
		{s.readers, "journal_mode", "wal"},
	} {
		var got string
		if err := tt.q.QueryRowContext(t.Context(), "PRAGMA "+tt.pragma).Scan(&got); err != nil || got != tt.want {
			t.Errorf("%s is %s, %v; want %s", tt.pragma, got, err, tt.want)
		}
	}
}

// The readers map the whole of a file, as far as the build allows.
func TestMapping(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "yinzheng.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	size, limit, err := s.Mapping(t.Context())
	if err != nil || size == 0 || limit < 2<<30-1<<16 {
		t.Errorf("a file of %d bytes, mapped up to %d: %v", size, limit, err)
	}
	m, err := OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if size, limit, err := m.Mapping(t.Context()); size != 0 || limit != 0 || err != nil {
		t.Errorf("in memory: %d bytes, mapped up to %d: %v", size, limit, err)
	}
}

// statements runs statements as they are on an empty store, past every method of
// it: what they are refused, the database itself refuses.
func statements(t *testing.T) func(text string) error {
	t.Helper()
	s, err := OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return func(text string) error {
		return s.write(t.Context(), "try", func(ctx context.Context, q querier) error {
			_, err := q.ExecContext(ctx, text)
			return err
		})
	}
}
