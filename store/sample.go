package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"yinzheng"
)

var (
	insertSample = query("INSERT INTO samples (application, made_at) VALUES ($1, $2)")
	newestSample = query("SELECT application FROM samples ORDER BY made_at DESC, application DESC LIMIT 1")
	countPeople  = query(`SELECT g.role, count(DISTINCT g.account) FROM grants g JOIN accounts a ON a.id = g.account AND NOT a.disabled
		WHERE (g.valid_from IS NULL OR g.valid_from <= $1) AND (g.valid_to IS NULL OR g.valid_to > $1) GROUP BY g.role`)
)

// AddSample implements yinzheng.Samples.
func (s *Store) AddSample(ctx context.Context, application string, at time.Time) error {
	return s.write(ctx, "note a sample", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, insertSample, application, at.UnixMicro())
		return err
	})
}

// NewestSample implements yinzheng.Samples.
func (s *Store) NewestSample(ctx context.Context) (id string, err error) {
	err = s.read(ctx, "find the newest sample", func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, newestSample).Scan(&id)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return "", notFound("还没有样本", "There is no sample yet")
	}
	return id, err
}

// CountPeople implements yinzheng.Samples.
func (s *Store) CountPeople(ctx context.Context, now time.Time) (map[yinzheng.Role]int, error) {
	var people map[yinzheng.Role]int
	err := s.read(ctx, "count the people", func(ctx context.Context, q querier) error {
		people = map[yinzheng.Role]int{}
		return each(ctx, q, func(r *sql.Rows) error {
			var role yinzheng.Role
			var n int
			err := r.Scan((*text)(&role), (*whole)(&n))
			people[role] = n
			return err
		}, countPeople, now.UnixMicro())
	})
	return people, err
}
