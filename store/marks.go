package store

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"yinzheng"
)

var (
	putMarks = query(`INSERT INTO marks (application, known, document, facts, name, holder, stem, number, office, village, town, district, city, province)
		SELECT key, 1, $1, $2, $3, $4, $5, $6, office, CASE WHEN $7 THEN village END, CASE WHEN $7 THEN town END,
			CASE WHEN $7 THEN district END, CASE WHEN $7 THEN city END, CASE WHEN $7 THEN province END FROM applications WHERE id = $8
		ON CONFLICT (application) DO UPDATE SET known = 1, document = excluded.document, facts = excluded.facts, name = excluded.name,
			holder = excluded.holder, stem = excluded.stem, number = excluded.number, office = excluded.office, village = excluded.village,
			town = excluded.town, district = excluded.district, city = excluded.city, province = excluded.province`)
	selectUnmarked = query(`SELECT a.id FROM marks m JOIN applications a ON a.key = m.application
		WHERE m.known = 0 AND m.application > coalesce((SELECT key FROM applications WHERE id = $1), 0) ORDER BY m.application LIMIT $2`)
	selectResidents = query("SELECT r.document FROM case_residents r JOIN applications a ON a.key = r.application WHERE a.id = $1 ORDER BY r.document")
	deleteResidents = query("DELETE FROM case_residents WHERE application = (SELECT key FROM applications WHERE id = $1)")
	insertResident  = query("INSERT INTO case_residents (document, application) SELECT $1, key FROM applications WHERE id = $2")
	belongingTo     = query("SELECT a.id FROM case_residents r JOIN applications a ON a.key = r.application WHERE r.document = $1 ORDER BY r.application DESC LIMIT $2")

	alike = map[yinzheng.Mark]string{
		yinzheng.SameDocument: query(alikeBy("document")),
		yinzheng.SameFacts:    query(alikeBy("facts")),
		yinzheng.SameName:     query(alikeBy("name")),
	}
)

// alikeBy finds the cases with a mark that are under way or whose certificate
// is in force, newest first.
func alikeBy(column string) string {
	return `SELECT a.id FROM marks m JOIN applications a ON a.key = m.application
		WHERE m.` + column + ` = $1 AND a.id <> $2 AND (a.state NOT IN ('rejected', 'withdrawn', 'issued')
			OR a.state = 'issued' AND EXISTS (SELECT 1 FROM certificates c WHERE c.code = a.code
				AND c.status IN ('valid', 'suspended') AND (c.expires_at IS NULL OR c.expires_at > $3)))
		ORDER BY m.application DESC LIMIT $4`
}

// PutMarks implements yinzheng.Likenesses.
func (s *Store) PutMarks(ctx context.Context, id string, m yinzheng.Marks) error {
	return s.write(ctx, "write a case's marks", func(ctx context.Context, q querier) error {
		n, err := change(ctx, q, putMarks, optional(m.Document), optional(m.Facts), optional(m.Name),
			optional(m.Holder), optional(stemOf(m.Holder)), optional(m.Number), m.Submitted, id)
		if err == nil && n == 0 {
			err = notFound("没有找到这个办件", "There is no such case")
		}
		if err != nil {
			return err
		}
		return putResidents(ctx, q, id, m.Residents)
	})
}

// putResidents notes whom a case belongs to, which hardly ever changes.
func putResidents(ctx context.Context, q querier, id string, documents []string) error {
	var before []string
	if err := eachID(ctx, q, func(d string) { before = append(before, d) }, selectResidents, id); err != nil || slices.Equal(before, documents) {
		return err
	}
	if _, err := change(ctx, q, deleteResidents, id); err != nil {
		return err
	}
	for _, d := range documents {
		if _, err := change(ctx, q, insertResident, d, id); err != nil {
			return err
		}
	}
	return nil
}

// BelongingTo implements yinzheng.Likenesses.
func (s *Store) BelongingTo(ctx context.Context, document string, limit int) ([]string, error) {
	return s.ids(ctx, "list a resident's cases", belongingTo, document, limit)
}

// Unmarked implements yinzheng.Likenesses, oldest first.
func (s *Store) Unmarked(ctx context.Context, after string, limit int) ([]string, error) {
	var ids []string
	err := s.read(ctx, "list cases without marks", func(ctx context.Context, q querier) error {
		ids = nil
		return eachID(ctx, q, func(id string) { ids = append(ids, id) }, selectUnmarked, after, limit)
	})
	return ids, err
}

// Alike implements yinzheng.Likenesses.
func (s *Store) Alike(ctx context.Context, id string, m yinzheng.Marks, now time.Time, limit int) ([]yinzheng.Likeness, error) {
	var found []yinzheng.Likeness
	err := s.snapshot(ctx, "look for similar cases", func(ctx context.Context, q querier) error {
		found = nil
		for _, mark := range yinzheng.AllMarks {
			value := m.Of(mark)
			if value == "" {
				continue
			}
			add := func(other string) { found = append(found, yinzheng.Likeness{ID: other, Mark: mark}) }
			if err := eachID(ctx, q, add, alike[mark], value, id, now.UnixMicro(), limit); err != nil {
				return err
			}
		}
		return nil
	})
	return found, err
}

func eachID(ctx context.Context, q querier, add func(string), text string, args ...any) error {
	return each(ctx, q, func(r *sql.Rows) error {
		var id string
		err := r.Scan(&id)
		add(id)
		return err
	}, text, args...)
}
