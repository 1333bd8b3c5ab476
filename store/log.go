package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"yinzheng"
)

const logColumns = "SELECT seq, at, kind, subject, part, digest, hash, salt FROM log WHERE "

var (
	insertLog = query("INSERT INTO log (seq, at, kind, subject, part, salt, digest, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
	lastLog   = query(logColumns + "seq = (SELECT max(seq) FROM log)")
	logAbout  = query(logColumns + "subject = $1")
	wasBefore = query(`SELECT 'action', p.id, a.seq, a.at, a.application FROM actions a JOIN applications p ON p.key = a.application
		UNION ALL SELECT 'event', subject, key, at, 0 FROM events ORDER BY 4, 1, 5, 3`)
	wholeAction = query("SELECT a.*, p.item, p.template_version FROM applications p JOIN actions a ON a.application = p.key WHERE p.id = $1 AND a.seq = $2")
	wholeEvent  = query("SELECT * FROM events WHERE key = $1")
)

// chain is the end of the log as the transaction under way sees it. It is
// forgotten whenever something is undone, and then read again.
type chain struct {
	mu    sync.Mutex
	known bool
	last  yinzheng.LogEntry
}

func (c *chain) forget() {
	c.mu.Lock()
	c.known = false
	c.mu.Unlock()
}

// append adds an entry for one row, given by its content, in the transaction
// that writes the row.
func (c *chain) append(ctx context.Context, q querier, e yinzheng.LogEntry, content []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.known {
		last, err := logHead(ctx, q)
		if err != nil {
			return err
		}
		c.last, c.known = last, true
	}
	var salt [16]byte
	_, _ = rand.Read(salt[:]) // never fails (crypto/rand)
	e.Seq, e.Digest = c.last.Seq+1, logDigest(salt[:], content)
	e.Hash = e.Follow(c.last.Hash)
	_, err := change(ctx, q, insertLog, e.Seq, micros(e.At), string(e.Kind), e.Subject, e.Part, salt[:], e.Digest[:], e.Hash[:])
	if err == nil {
		c.last = e
	}
	return err
}

// logDigest commits to a row's content. Without the salt nobody could tell
// from an entry, or from a head that was given away, whether a guess at what
// the row holds is right.
func logDigest(salt, content []byte) yinzheng.LogHash {
	h := sha256.New()
	h.Write(salt)
	h.Write(content)
	return yinzheng.LogHash(h.Sum(nil))
}

func logHead(ctx context.Context, q querier) (e yinzheng.LogEntry, err error) {
	e, _, err = scanLog(q.QueryRowContext(ctx, lastLog))
	if errors.Is(err, sql.ErrNoRows) {
		return yinzheng.LogEntry{}, nil
	}
	return e, err
}

func scanLog(r interface{ Scan(...any) error }) (e yinzheng.LogEntry, salt []byte, err error) {
	var digest, hash []byte
	err = r.Scan(&e.Seq, (*moment)(&e.At), &e.Kind, &e.Subject, &e.Part, &digest, &hash, &salt)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return e, nil, err
	case err != nil:
		return e, nil, &scanError{err}
	case len(digest) != len(e.Digest) || len(hash) != len(e.Hash):
		return e, nil, &scanError{errors.New("a hash has another length")}
	}
	copy(e.Digest[:], digest)
	copy(e.Hash[:], hash)
	return e, salt, nil
}

// scanError is a row that this program cannot have written.
type scanError struct{ error }

func (e *scanError) Unwrap() error { return e.error }

// record is a table whose rows the log has: the columns that its INSERT names.
type record struct {
	columns []string // sorted
	at      []int    // of each: its place among the arguments
}

// recordOf reads the columns off an INSERT. A key that only this database
// knows is no content.
func recordOf(insert, key string, more ...string) record {
	_, list, _ := strings.Cut(insert, "(")
	list, _, _ = strings.Cut(list, ")")
	var names []string
	for name := range strings.SplitSeq(list, ",") {
		names = append(names, strings.TrimSpace(name))
	}
	names = append(names, more...)
	var r record
	r.columns = slices.DeleteFunc(slices.Sorted(slices.Values(names)), func(name string) bool { return name == key })
	for _, name := range r.columns {
		r.at = append(r.at, slices.Index(names, name))
	}
	return r
}

// content is the canonical JSON (RFC 8785) of a row by its columns' names,
// without what is NULL.
func (r *record) content(args []any) ([]byte, error) {
	b := make([]byte, 0, 1024)
	for i, name := range r.columns {
		v, err := driver.DefaultParameterConverter.ConvertValue(args[r.at[i]])
		if err == nil {
			b, err = appendColumn(b, name, v)
		}
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", name, err)
		}
	}
	return closeContent(b), nil
}

// appendColumn adds a member. Columns come sorted, and their names are ASCII.
func appendColumn(b []byte, name string, v driver.Value) ([]byte, error) {
	if v == nil {
		return b, nil
	}
	separator := byte(',')
	if len(b) == 0 {
		separator = '{'
	}
	b = yinzheng.Canonical(append(b, separator), name)
	b = append(b, ':')
	switch x := v.(type) {
	case int64:
		return strconv.AppendInt(b, x, 10), nil
	case bool: // an engine may keep it as an integer
		if x {
			return append(b, '1'), nil
		}
		return append(b, '0'), nil
	case string:
		return yinzheng.Canonical(b, x), nil
	case []byte:
		return append(hex.AppendEncode(append(b, `{"hex":"`...), x), `"}`...), nil
	}
	return nil, &scanError{fmt.Errorf("%T is nothing that the log knows", v)}
}

func closeContent(b []byte) []byte {
	if len(b) == 0 {
		b = append(b, '{')
	}
	return append(b, '}')
}

// storedContent is content read back: of the row that an entry stands for;
// sql.ErrNoRows when there is none.
func storedContent(ctx context.Context, q querier, e *yinzheng.LogEntry) (content []byte, err error) {
	text, key, args := wholeAction, "application", []any{e.Subject, e.Part}
	if e.Kind == yinzheng.LogEvent {
		text, key, args = wholeEvent, "key", []any{e.Part}
	}
	found := false
	err = each(ctx, q, func(rows *sql.Rows) error {
		found = true
		x, err := scanRow(rows)
		if err == nil {
			content, err = x.content(key)
		}
		return err
	}, text, args...)
	if err == nil && !found {
		err = sql.ErrNoRows
	}
	return content, err
}

// row is a row read back, by its columns' names.
type row map[string]driver.Value

func scanRow(rows *sql.Rows) (row, error) {
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	values := make([]any, len(names))
	to := make([]any, len(names))
	for i := range values {
		to[i] = &values[i]
	}
	if err := rows.Scan(to...); err != nil {
		return nil, err
	}
	x := make(row, len(names))
	for i, name := range names {
		x[name] = values[i]
	}
	return x, nil
}

// content is canonical, as of a record, of which some columns are left out.
func (x row) content(without ...string) (b []byte, err error) {
	for _, name := range slices.Sorted(maps.Keys(x)) {
		if slices.Contains(without, name) {
			continue
		}
		if b, err = appendColumn(b, name, x[name]); err != nil {
			return nil, err
		}
	}
	return closeContent(b), nil
}

// chainExisting writes the log of what was there before there was one, in the
// order of time.
func chainExisting(ctx context.Context, q querier) error {
	var c chain
	return each(ctx, q, func(r *sql.Rows) error {
		var e yinzheng.LogEntry
		var application int64
		if err := r.Scan(&e.Kind, &e.Subject, &e.Part, (*moment)(&e.At), &application); err != nil {
			return err
		}
		content, err := storedContent(ctx, q, &e)
		if err != nil {
			return fmt.Errorf("%s %s %d: %w", e.Kind, e.Subject, e.Part, err)
		}
		return c.append(ctx, q, e, content)
	}, wasBefore)
}

// LogHead implements yinzheng.Records.
func (s *Store) LogHead(ctx context.Context) (e yinzheng.LogEntry, err error) {
	err = s.read(ctx, "read the log", func(ctx context.Context, q querier) error {
		e, err = logHead(ctx, q)
		return err
	})
	return e, err
}

// LogAbout implements yinzheng.Records.
func (s *Store) LogAbout(ctx context.Context, subject string) ([]yinzheng.LogEntry, error) {
	var entries []yinzheng.LogEntry
	err := s.read(ctx, "read the log", func(ctx context.Context, q querier) error {
		entries = nil
		return each(ctx, q, func(r *sql.Rows) error {
			e, _, err := scanLog(r)
			entries = append(entries, e)
			return err
		}, logAbout, subject)
	})
	slices.SortFunc(entries, func(a, b yinzheng.LogEntry) int { return int(a.Seq - b.Seq) })
	return entries, err
}
