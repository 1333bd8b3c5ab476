package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"

	"yinzheng"
)

var (
	insertNotice  = query("INSERT INTO notices (at, office, role, kind, application, step, about) VALUES ($1, $2, $3, $4, $5, $6, $7)")
	selectNotices = query(`SELECT id, at, office, role, kind, application, step, about FROM notices
		WHERE office = $1 AND role = $2 AND id < $3 ORDER BY id DESC LIMIT $4`)
	newerNotices = query("SELECT id FROM notices WHERE office = $1 AND role = $2 AND id > $3 LIMIT $4")
	selectTold   = query("SELECT notice FROM told WHERE account = $1")
	putTold      = query("INSERT INTO told (account, notice) VALUES ($1, $2) ON CONFLICT (account) DO UPDATE SET notice = excluded.notice WHERE excluded.notice > told.notice")
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

// CountNotices implements yinzheng.Notices.
func (s *Store) CountNotices(ctx context.Context, posts []yinzheng.Desk, after int64, most int) (int, error) {
	var sum int
	err := s.snapshot(ctx, "count notices", func(ctx context.Context, q querier) error {
		sum = 0
		for _, p := range posts {
			count := func(*sql.Rows) error { sum++; return nil }
			if err := each(ctx, q, count, newerNotices, p.Office, string(p.Role), after, most); err != nil {
				return err
			}
		}
		return nil
	})
	return min(sum, most), err
}

// Told implements yinzheng.Notices.
func (s *Store) Told(ctx context.Context, account string) (notice int64, err error) {
	err = s.read(ctx, "read what somebody has been told", func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, selectTold, account).Scan(&notice)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return notice, err
}

// Tell implements yinzheng.Notices.
func (s *Store) Tell(ctx context.Context, account string, notice int64) error {
	return s.write(ctx, "note what somebody has been told", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, putTold, account, notice)
		return err
	})
}
