package store

import (
	"cmp"
	"context"
	"database/sql"
	"math"
	"slices"
	"strconv"
	"strings"

	"yinzheng"
)

// lineFields are a line of a list; the last column of a query is what else it is in
// order of.
const (
	lineFields  = "SELECT a.key, a.id, a.item, a.state, a.step_key, a.version, a.holder, a.division, a.office, a.changed_at, a.incomplete IS NOT NULL"
	lineColumns = lineFields + ", 0 FROM "
)

// A queue is put together from one query for each scope and, where only some
// states are asked for, each of these. Each reads its lines off an index in
// order: however many cases there are, it costs the same.
var (
	queueOfOffice = query(lineColumns + `applications a WHERE a.office = $1
		AND (a.changed_at, a.key) < ($2, $3) ORDER BY a.changed_at DESC, a.key DESC LIMIT $4`)
	queueOfState = query(lineColumns + `applications a WHERE a.office = $1 AND a.state = $2
		AND (a.changed_at, a.key) < ($3, $4) ORDER BY a.changed_at DESC, a.key DESC LIMIT $5`)
	inboxOfDesk = query(lineColumns + `inbox i JOIN applications a ON a.key = i.application WHERE i.office = $1 AND i.role = $2
		AND (i.changed_at, i.application) < ($3, $4) ORDER BY i.changed_at DESC, i.application DESC LIMIT $5`)
	inboxByDue = query(lineFields + `, i.due_at FROM inbox i JOIN applications a ON a.key = i.application WHERE i.office = $1 AND i.role = $2
		AND (i.due_at, i.application) > ($3, $4) ORDER BY i.due_at, i.application LIMIT $5`)
)

// Lists are counted by their keys: a case may stand on several of them.
var (
	keysOfOffice = query("SELECT key FROM applications WHERE office = $1 LIMIT $2")
	keysOfState  = query("SELECT key FROM applications WHERE office = $1 AND state = $2 LIMIT $3")
	keysOfDesk   = query("SELECT application FROM inbox WHERE office = $1 AND role = $2 LIMIT $3")
)

// queueTexts ask for one thing about the cases of an office, of one of its states,
// and of a desk.
type queueTexts struct{ office, state, desk string }

var (
	listed  = queueTexts{queueOfOffice, queueOfState, inboxOfDesk}
	counted = queueTexts{keysOfOffice, keysOfState, keysOfDesk}
)

// defaultLimit is how long a queue is when nobody says.
const defaultLimit = 100

// line is an entry with its place in the order.
type line struct {
	yinzheng.QueueEntry
	key int64
	due int64 // where the list is in that order
}

// Queue implements yinzheng.Applications.
func (s *Store) Queue(ctx context.Context, f yinzheng.QueueFilter) ([]yinzheng.QueueEntry, error) {
	changed, key, err := parseCursor(f.Before)
	if err != nil {
		return nil, err
	}
	limit := cmp.Or(max(f.Limit, 0), defaultLimit)
	lines, err := s.lines(ctx, "read a work queue", func(ctx context.Context, q querier) ([]part, error) {
		return queueParts(f, listed, changed, key, limit), nil
	})
	if err != nil {
		return nil, err
	}
	for i := range lines {
		l := &lines[i]
		l.Cursor = cursorOf(l.Changed.UnixMicro(), l.key)
	}
	return merge(lines, limit, func(a, b line) int { return cmp.Or(b.Changed.Compare(a.Changed), cmp.Compare(b.key, a.key)) }), nil
}

// Inbox implements yinzheng.Applications.
func (s *Store) Inbox(ctx context.Context, f yinzheng.QueueFilter) ([]yinzheng.QueueEntry, error) {
	due, key := int64(math.MinInt64), int64(0)
	if f.Before != "" {
		var err error
		if due, key, err = parseCursor(f.Before); err != nil {
			return nil, err
		}
	}
	limit := cmp.Or(max(f.Limit, 0), defaultLimit)
	lines, err := s.lines(ctx, "read an inbox", func(context.Context, querier) ([]part, error) {
		var parts []part
		for _, scope := range f.Scopes {
			parts = append(parts, part{inboxByDue, []any{scope.Office, string(scope.Role), due, key, limit}})
		}
		return parts, nil
	})
	if err != nil {
		return nil, err
	}
	for i := range lines {
		l := &lines[i]
		l.Cursor = cursorOf(l.due, l.key)
	}
	return merge(lines, limit, func(a, b line) int { return cmp.Or(cmp.Compare(a.due, b.due), cmp.Compare(a.key, b.key)) }), nil
}

// CountQueue implements yinzheng.Applications.
func (s *Store) CountQueue(ctx context.Context, f yinzheng.QueueFilter) (int, error) {
	keys := map[int64]bool{}
	limit := cmp.Or(max(f.Limit, 0), defaultLimit)
	err := s.snapshot(ctx, "count a work queue", func(ctx context.Context, q querier) error {
		clear(keys) // this may be a second run
		for _, p := range queueParts(f, counted, limit) {
			if err := each(ctx, q, func(r *sql.Rows) error {
				var key int64
				err := r.Scan(&key)
				keys[key] = true
				return err
			}, p.text, p.args...); err != nil {
				return err
			}
		}
		return nil
	})
	return min(len(keys), limit), err
}

// part is one query of a list, with its arguments.
type part struct {
	text string
	args []any
}

// lines reads the lines of every part at one moment.
func (s *Store) lines(ctx context.Context, doing string, parts func(context.Context, querier) ([]part, error)) ([]line, error) {
	var lines []line
	err := s.snapshot(ctx, doing, func(ctx context.Context, q querier) error {
		lines = nil
		all, err := parts(ctx, q)
		if err != nil {
			return err
		}
		for _, p := range all {
			if err := each(ctx, q, func(r *sql.Rows) error {
				var l line
				err := r.Scan(&l.key, &l.ID, &l.Item, &l.State, (*text)(&l.Step), (*whole)(&l.Version), &l.Holder, &l.Division, &l.Office, (*moment)(&l.Changed), &l.Incomplete, &l.due)
				lines = append(lines, l)
				return err
			}, p.text, p.args...); err != nil {
				return err
			}
		}
		return nil
	})
	return lines, err
}

// merge orders the lines of all parts and drops what several of them list.
func merge(lines []line, limit int, order func(a, b line) int) []yinzheng.QueueEntry {
	slices.SortFunc(lines, order)
	lines = slices.CompactFunc(lines, func(a, b line) bool { return a.key == b.key })
	entries := make([]yinzheng.QueueEntry, min(limit, len(lines)))
	for i := range entries {
		entries[i] = lines[i].QueueEntry
	}
	return entries
}

func parseCursor(cursor string) (changed, key int64, err error) {
	if cursor == "" {
		return math.MaxInt64, math.MaxInt64, nil
	}
	a, b, _ := strings.Cut(cursor, ".")
	changed, errA := strconv.ParseInt(a, 36, 64)
	key, errB := strconv.ParseInt(b, 36, 64)
	if errA != nil || errB != nil {
		return 0, 0, errCursor()
	}
	return changed, key, nil
}

func errCursor() error {
	return &yinzheng.Error{Kind: yinzheng.ErrInvalid, Text: yinzheng.Text{ZH: "翻页位置无效，请从第一页重新开始", EN: "Not a cursor of this list; please start again from its first page"}}
}

// cursorOf is where a list goes on after a line.
func cursorOf(at, key int64) string {
	return strconv.FormatInt(at, 36) + "." + strconv.FormatInt(key, 36)
}

// queueParts are the queries that a queue is put together from; rest are the last
// arguments of each.
func queueParts(f yinzheng.QueueFilter, texts queueTexts, rest ...any) []part {
	var parts []part
	add := func(text string, args ...any) { parts = append(parts, part{text, append(args, rest...)}) }
	for _, scope := range f.Scopes {
		switch all := len(f.States) == 0; {
		case scope.Role != "" && (all || slices.Contains(f.States, yinzheng.Submitted)):
			add(texts.desk, scope.Office, string(scope.Role))
		case scope.Role != "": // nothing else lies in an inbox
		case all:
			add(texts.office, scope.Office)
		default:
			for _, state := range f.States {
				add(texts.state, scope.Office, string(state))
			}
		}
	}
	return parts
}
