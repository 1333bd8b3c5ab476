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

// levels are the columns that say where a case belongs, in their order.
var levels = [...]yinzheng.Level{yinzheng.Village, yinzheng.Town, yinzheng.District, yinzheng.City, yinzheng.Province}

const (
	queueColumns = "SELECT key, id, item, state, step_key, version, holder, division, office, changed_at FROM applications WHERE "
	queueOrder   = " AND (changed_at, key) < ($3, $4) ORDER BY changed_at DESC, key DESC LIMIT $5"
	inboxColumns = `SELECT a.key, a.id, a.item, a.state, a.step_key, a.version, a.holder, a.division, a.office, a.changed_at
		FROM inbox i JOIN applications a ON a.key = i.application
		WHERE i.office = $1 AND i.role = $2 AND (i.changed_at, i.application) < ($3, $4) ORDER BY i.changed_at DESC, i.application DESC LIMIT $5`
)

// A queue is put together from one query for each scope and state, each of
// which reads its lines off an index in order: however many cases there are,
// it costs the same.
var (
	queueOfOffice   = query(queueColumns + "office = $1 AND state = $2" + queueOrder)
	queueOfDivision = queryByLevel(" = $1 AND state = $2" + queueOrder)
	inboxOfDesk     = query(inboxColumns)
)

func queryByLevel(rest string) map[yinzheng.Level]string {
	texts := make(map[yinzheng.Level]string, len(levels))
	for _, l := range levels {
		texts[l] = query(queueColumns + string(l) + rest)
	}
	return texts
}

var allStates = []yinzheng.State{
	yinzheng.Draft, yinzheng.Submitted, yinzheng.Returned, yinzheng.Approved,
	yinzheng.Issuing, yinzheng.Issued, yinzheng.Rejected, yinzheng.Withdrawn,
}

// defaultLimit is how long a queue is when nobody says.
const defaultLimit = 100

// line is an entry with its place in the order.
type line struct {
	yinzheng.QueueEntry
	key int64
}

// Queue implements yinzheng.Applications. No limit stands for 100. Drafts
// belong to their office alone: no division's scope lists them. A cursor that
// is none is ErrInvalid.
func (s *Store) Queue(ctx context.Context, f yinzheng.QueueFilter) ([]yinzheng.QueueEntry, error) {
	changed, key, err := parseCursor(f.Before)
	if err != nil {
		return nil, err
	}
	limit := f.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	var lines []line
	err = s.snapshot(ctx, "read a work queue", func(ctx context.Context, q querier) error {
		lines = nil
		parts, err := s.queueParts(ctx, q, f)
		if err != nil {
			return err
		}
		for _, p := range parts {
			if err := each(ctx, q, func(r *sql.Rows) error {
				l, err := scanLine(r)
				lines = append(lines, l)
				return err
			}, p.text, append(p.args, changed, key, limit)...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return merge(lines, limit), nil
}

func scanLine(r *sql.Rows) (l line, err error) {
	err = r.Scan(&l.key, &l.ID, &l.Item, &l.State, (*text)(&l.Step), (*whole)(&l.Version), &l.Holder, &l.Division, &l.Office, (*moment)(&l.Changed))
	l.Cursor = strconv.FormatInt(l.Changed.UnixMicro(), 36) + "." + strconv.FormatInt(l.key, 36)
	return l, err
}

// merge orders the lines of all parts and drops what several of them list.
func merge(lines []line, limit int) []yinzheng.QueueEntry {
	slices.SortFunc(lines, func(a, b line) int { return cmp.Or(b.Changed.Compare(a.Changed), cmp.Compare(b.key, a.key)) })
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
		return 0, 0, &yinzheng.Error{Kind: yinzheng.ErrInvalid, Text: yinzheng.Text{ZH: "翻页位置无效，请从第一页重新开始", EN: "Not a cursor of this list; please start again from its first page"}}
	}
	return changed, key, nil
}

// part is one query of a queue; the cursor and the limit complete its arguments.
type part struct {
	text string
	args []any
}

func (s *Store) queueParts(ctx context.Context, q querier, f yinzheng.QueueFilter) ([]part, error) {
	states := f.States
	if len(states) == 0 {
		states = allStates
	}
	d, err := s.directory(ctx, q)
	if err != nil {
		return nil, err
	}
	var parts []part
	for _, scope := range f.Scopes {
		if scope.Role != "" {
			if slices.Contains(states, yinzheng.Submitted) {
				parts = append(parts, part{inboxOfDesk, []any{scope.Office, string(scope.Role)}})
			}
		} else if scope.Office != "" {
			for _, state := range states {
				parts = append(parts, part{queueOfOffice, []any{scope.Office, string(state)}})
			}
		} else if v := d.Division(scope.Division); v != nil {
			for _, state := range states {
				parts = append(parts, part{queueOfDivision[v.Level], []any{scope.Division, string(state)}})
			}
		}
	}
	return parts, nil
}
