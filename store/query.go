package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// querier is a pool or one connection of it.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// queries is every text that the package runs, for the tests that look at all
// of them.
var queries []string

// query checks a text once, as the program starts. Every text is a package
// variable made by it.
func query(text string) string {
	if err := checkPlaceholders(text); err != nil {
		panic("store: " + err.Error() + " in: " + text)
	}
	queries = append(queries, text)
	return text
}

// checkPlaceholders makes sure that $1, $2, ... first appear in this order:
// the SQLite driver binds them by first appearance, so that "$2, $1" would
// swap two values without a word.
func checkPlaceholders(text string) error {
	seen := 0
	for i := 0; i < len(text); i++ {
		if text[i] != '$' || strings.HasPrefix(text[i:], "$.") { // a path into JSON
			continue
		}
		end := i + 1
		for end < len(text) && text[end] >= '0' && text[end] <= '9' {
			end++
		}
		n, err := strconv.Atoi(text[i+1 : end])
		if err != nil || n < 1 || n > seen+1 {
			return fmt.Errorf("placeholder $%s comes after $%d", text[i+1:end], seen)
		}
		seen = max(seen, n)
	}
	return nil
}

// change runs a writing text and returns how many rows it changed.
func change(ctx context.Context, q querier, text string, args ...any) (int64, error) {
	r, err := q.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// each runs a reading text and calls scan for every row.
func each(ctx context.Context, q querier, scan func(*sql.Rows) error, text string, args ...any) error {
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// micros is a time as it is kept: Unix microseconds, nil for the zero time.
func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// moment reads a time back.
type moment time.Time

// Scan implements sql.Scanner.
func (m *moment) Scan(v any) error {
	switch x := v.(type) {
	case nil:
		*m = moment{}
	case int64:
		*m = moment(time.UnixMicro(x).UTC())
	default:
		return fmt.Errorf("a time is kept as %T", v)
	}
	return nil
}

// optional keeps an empty text as NULL.
func optional[T ~string](s T) any {
	if s == "" {
		return nil
	}
	return string(s)
}

// text reads a text that may be NULL.
type text string

// Scan implements sql.Scanner.
func (t *text) Scan(v any) error {
	switch x := v.(type) {
	case nil:
		*t = ""
	case string:
		*t = text(x)
	default:
		return fmt.Errorf("a text is kept as %T", v)
	}
	return nil
}

// positive keeps zero as NULL.
func positive(n int) any {
	if n == 0 {
		return nil
	}
	return n
}

// number reads an integer that may be NULL.
type number int

// Scan implements sql.Scanner.
func (n *number) Scan(v any) error {
	if v == nil {
		*n = 0
		return nil
	}
	return (*whole)(n).Scan(v)
}

// whole reads an integer without the detour over text that database/sql makes
// for an int.
type whole int

// Scan implements sql.Scanner.
func (n *whole) Scan(v any) error {
	x, ok := v.(int64)
	if !ok {
		return fmt.Errorf("an integer is kept as %T", v)
	}
	*n = whole(x)
	return nil
}

// ids reads a list of one text column.
func (s *Store) ids(ctx context.Context, doing, text string, args ...any) ([]string, error) {
	var ids []string
	err := s.read(ctx, doing, func(ctx context.Context, q querier) error {
		ids = nil // this may be a second run
		return each(ctx, q, func(r *sql.Rows) error {
			var id string
			err := r.Scan(&id)
			ids = append(ids, id)
			return err
		}, text, args...)
	})
	return ids, err
}
