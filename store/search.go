package store

import (
	"cmp"
	"context"
	"math"
	"strconv"
	"unicode/utf8"

	"yinzheng"
)

// found are the texts of a search within the offices or the divisions of one
// column of marks. Each reads the newest cases off an index of that column; only
// a longer name than the one given is looked for among all names that begin so,
// few as they are, and sorted.
type found struct {
	number, holder, stem, longer string
}

var foundBy = foundByColumn()

func foundByColumn() map[string]*found {
	columns := []string{"office"}
	for _, l := range levels {
		columns = append(columns, string(l))
	}
	texts := make(map[string]*found, len(columns))
	for _, column := range columns {
		texts[column] = &found{
			number: query(findBy("number = $1 AND " + column + " = $2 AND application < $3 ORDER BY application DESC LIMIT $4")),
			holder: query(findBy("holder = $1 AND " + column + " = $2 AND application < $3 ORDER BY application DESC LIMIT $4")),
			stem:   query(findBy("stem = $1 AND " + column + " = $2 AND application < $3 ORDER BY application DESC LIMIT $4")),
			longer: query(findBy("holder > $1 AND holder < $2 AND " + column + " = $3 AND application < $4 ORDER BY application DESC LIMIT $5")),
		}
	}
	return texts
}

// findBy reads the lines after the keys are found: what is only passed over on
// the way costs no look at its case.
func findBy(marks string) string {
	return lineColumns + "applications a WHERE a.key IN (SELECT application FROM marks WHERE " + marks + ")"
}

// stemLength is that of marks.stem, in characters: the shortest name that can
// be searched for.
const stemLength = 2

// stemOf is what a name begins with.
func stemOf(name string) string {
	end := 0
	for range stemLength {
		_, n := utf8.DecodeRuneInString(name[end:])
		end += n
	}
	return name[:end]
}

// Search implements yinzheng.Searches. No limit stands for 100.
func (s *Store) Search(ctx context.Context, f yinzheng.SearchFilter) ([]yinzheng.QueueEntry, error) {
	before := int64(math.MaxInt64)
	if f.Before != "" {
		var err error
		if before, err = strconv.ParseInt(f.Before, 36, 64); err != nil {
			return nil, errCursor()
		}
	}
	limit := cmp.Or(max(f.Limit, 0), defaultLimit)
	lines, err := s.lines(ctx, "search for cases", func(ctx context.Context, q querier) ([]part, error) {
		return s.searchParts(ctx, q, f, before, limit)
	})
	if err != nil {
		return nil, err
	}
	for i := range lines {
		lines[i].Cursor = strconv.FormatInt(lines[i].key, 36)
	}
	return merge(lines, limit, func(a, b line) int { return cmp.Compare(b.key, a.key) }), nil
}

func (s *Store) searchParts(ctx context.Context, q querier, f yinzheng.SearchFilter, before int64, limit int) ([]part, error) {
	d, err := s.directory(ctx, q)
	if err != nil {
		return nil, err
	}
	var parts []part
	within := func(texts *found, scope string) {
		for _, number := range f.Numbers {
			parts = append(parts, part{texts.number, []any{number, scope, before, limit}})
		}
		switch {
		case f.Name == "":
		case f.Name == stemOf(f.Name):
			parts = append(parts, part{texts.stem, []any{f.Name, scope, before, limit}})
		default:
			parts = append(parts, part{texts.holder, []any{f.Name, scope, before, limit}},
				part{texts.longer, []any{f.Name, f.Name + string(utf8.MaxRune), scope, before, limit}})
		}
	}
	for _, office := range f.Offices {
		within(foundBy["office"], office)
	}
	for _, code := range f.Divisions {
		if v := d.Division(code); v != nil && foundBy[string(v.Level)] != nil {
			within(foundBy[string(v.Level)], code)
		}
	}
	return parts, nil
}
