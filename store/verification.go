package store

import (
	"context"
	"database/sql"

	"yinzheng"
)

var (
	insertVerification = query("INSERT INTO verifications (code, minute, channel, office, count) VALUES ($1, $2, $3, $4, $5)")
	verificationsOf    = query(`SELECT minute, channel, office, sum(count) FROM verifications WHERE code = $1
		GROUP BY minute, channel, office ORDER BY minute DESC, channel DESC, office DESC LIMIT $2`)
	countVerifications = query("SELECT coalesce(sum(count), 0) FROM verifications WHERE code = $1")
)

// AddVerifications implements yinzheng.Verifications.
func (s *Store) AddVerifications(ctx context.Context, list []yinzheng.Verification) error {
	return s.write(ctx, "note what was verified", func(ctx context.Context, q querier) error {
		for i := range list {
			v := &list[i]
			if _, err := change(ctx, q, insertVerification, v.Code, micros(v.At), string(v.Channel), v.Office, v.Count); err != nil {
				return err
			}
		}
		return nil
	})
}

// Verifications implements yinzheng.Verifications.
func (s *Store) Verifications(ctx context.Context, code string, limit int) ([]yinzheng.Verification, error) {
	var list []yinzheng.Verification
	err := s.read(ctx, "list what was verified", func(ctx context.Context, q querier) error {
		list = nil
		return each(ctx, q, func(r *sql.Rows) error {
			v := yinzheng.Verification{Code: code}
			err := r.Scan((*moment)(&v.At), &v.Channel, &v.Office, (*whole)(&v.Count))
			list = append(list, v)
			return err
		}, verificationsOf, code, limit)
	})
	return list, err
}

// CountVerifications implements yinzheng.Verifications.
func (s *Store) CountVerifications(ctx context.Context, code string) (n int, err error) {
	err = s.read(ctx, "count what was verified", func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, countVerifications, code).Scan((*whole)(&n))
	})
	return n, err
}
