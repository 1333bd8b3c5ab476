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

// lineColumns are a line of a list.
const lineColumns = "SELECT a.key, a.id, a.item, a.state, a.step_key, a.version, a.holder, a.division, a.office, a.changed_at, a.incomplete IS NOT NULL FROM "

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
)

// defaultLimit is how long a queue is when nobody says.
const defaultLimit = 100

// line is an entry with its place in the order.
type line struct {
	yinzheng.QueueEntry
	key int64
}

// Queue implements yinzheng.Applications. No limit stands for 100. A cursor
// that is none is ErrInvalid.
func (s *Store) Queue(ctx context.Context, f yinzheng.QueueFilter) ([]yinzheng.QueueEntry, error) {
	changed, key, err := parseCursor(f.Before)
	if err != nil {
		return nil, err
	}
	limit := cmp.Or(max(f.Limit, 0), defaultLimit)
	lines, err := s.lines(ctx, "read a work queue", func(ctx context.Context, q querier) ([]part, error) {
		parts := queueParts(f)
		for i := range parts {
			parts[i].args = append(parts[i].args, changed, key, limit)
		}
		return parts, nil
	})
	if err != nil {
		return nil, err
	}
	for i := range lines {
		l := &lines[i]
		l.Cursor = strconv.FormatInt(l.Changed.UnixMicro(), 36) + "." + strconv.FormatInt(l.key, 36)
	}
	return merge(lines, limit, func(a, b line) int { return cmp.Or(b.Changed.Compare(a.Changed), cmp.Compare(b.key, a.key)) }), nil
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
				err := r.Scan(&l.key, &l.ID, &l.Item, &l.State, (*text)(&l.Step), (*whole)(&l.Version), &l.Holder, &l.Division, &l.Office, (*moment)(&l.Changed), &l.Incomplete)
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

func queueParts(f yinzheng.QueueFilter) []part {
	var parts []part
	for _, scope := range f.Scopes {
		switch all := len(f.States) == 0; {
		case scope.Role != "" && (all || slices.Contains(f.States, yinzheng.Submitted)):
			parts = append(parts, part{inboxOfDesk, []any{scope.Office, string(scope.Role)}})
		case scope.Role != "": // nothing else lies in an inbox
		case all:
			parts = append(parts, part{queueOfOffice, []any{scope.Office}})
		default:
			for _, state := range f.States {
				parts = append(parts, part{queueOfState, []any{scope.Office, string(state)}})
			}
		}
	}
	return parts
}
