package store

import (
	"cmp"
	"context"
	"database/sql"
	"math"
	"slices"

	"yinzheng"
)

var (
	insertNotice  = query("INSERT INTO notices (at, office, role, kind, application, step, about) VALUES ($1, $2, $3, $4, $5, $6, $7)")
	selectNotices = query(`SELECT id, at, office, role, kind, application, step, about FROM notices
		WHERE office = $1 AND role = $2 AND id < $3 ORDER BY id DESC LIMIT $4`)
)

// Notify implements yinzheng.Notices.
func (s *Store) Notify(ctx context.Context, notices []yinzheng.Notice) error {
	return s.write(ctx, "write notices", func(ctx context.Context, q querier) error {
		for _, n := range notices {
			if _, err := change(ctx, q, insertNotice, micros(n.At), n.Office, string(n.Role), n.Kind, n.Application, n.Step, n.About); err != nil {
				return err
			}
		}
		return nil
	})
}

// Notices implements yinzheng.Notices.
func (s *Store) Notices(ctx context.Context, posts []yinzheng.Desk, before int64, limit int) ([]yinzheng.Notice, error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	var list []yinzheng.Notice
	err := s.snapshot(ctx, "list notices", func(ctx context.Context, q querier) error {
		list = nil
		for _, p := range posts {
			if err := each(ctx, q, func(r *sql.Rows) error {
				var n yinzheng.Notice
				err := r.Scan(&n.ID, (*moment)(&n.At), &n.Office, &n.Role, &n.Kind, &n.Application, &n.Step, &n.About)
				list = append(list, n)
				return err
			}, selectNotices, p.Office, string(p.Role), before, limit); err != nil {
				return err
			}
		}
		return nil
	})
	slices.SortFunc(list, func(a, b yinzheng.Notice) int { return cmp.Compare(b.ID, a.ID) })
	list = slices.CompactFunc(list, func(a, b yinzheng.Notice) bool { return a.ID == b.ID })
	return list[:min(limit, len(list))], err
}
