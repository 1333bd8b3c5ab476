package store

import (
	"context"
	"database/sql"

	"yinzheng"
)

var (
	insertCopies = query(`INSERT INTO copies (id, certificate, at, account, name, office, collector, collector_type, collector_number, collector_reason, copies, purpose)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`)
	selectCopies = query(`SELECT id, certificate, at, account, name, office, collector, collector_type, collector_number, collector_reason, copies, purpose
		FROM copies WHERE certificate = $1 ORDER BY key`)
)

// AddCopies implements yinzheng.CopyBooks.
func (s *Store) AddCopies(ctx context.Context, c *yinzheng.Copies) error {
	return s.write(ctx, "write down copies", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, insertCopies, c.ID, c.Certificate, c.At.UnixMicro(), c.By, c.Name, c.Office,
			c.Collector, c.CollectorID.Type, c.CollectorID.Number, c.CollectorID.Reason, c.Count, c.Purpose)
		return err
	})
}

// Copies implements yinzheng.CopyBooks.
func (s *Store) Copies(ctx context.Context, code string) ([]yinzheng.Copies, error) {
	var all []yinzheng.Copies
	err := s.read(ctx, "list copies", func(ctx context.Context, q querier) error {
		all = nil
		return each(ctx, q, func(r *sql.Rows) error {
			var c yinzheng.Copies
			err := r.Scan(&c.ID, &c.Certificate, (*moment)(&c.At), &c.By, &c.Name, &c.Office,
				&c.Collector, &c.CollectorID.Type, &c.CollectorID.Number, &c.CollectorID.Reason, (*whole)(&c.Count), &c.Purpose)
			all = append(all, c)
			return err
		}, selectCopies, code)
	})
	return all, err
}
