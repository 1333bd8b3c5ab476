package store

import (
	"cmp"
	"context"
	"database/sql"
	"math"
	"slices"
	"time"

	"yinzheng"
)

var (
	insertInspection  = query("INSERT INTO inspections (application, material, office, due_at) VALUES ($1, $2, $3, $4)")
	endInspection     = query("UPDATE inspections SET done_at = $1 WHERE application = $2 AND material = $3 AND done_at IS NULL")
	selectInspections = query(`SELECT key, application, material, office, due_at FROM inspections
		WHERE office = $1 AND done_at IS NULL AND (due_at, key) > ($2, $3) AND due_at < $4 ORDER BY due_at, key LIMIT $5`)
	insertRight  = query("INSERT INTO commitment_rights (at, document, ended, account, application, action, reason) VALUES ($1, $2, $3, $4, $5, $6, $7)")
	selectRights = query("SELECT at, document, ended, account, application, action, reason FROM commitment_rights WHERE document = $1 ORDER BY key")
)

// AddInspection implements yinzheng.Inspections.
func (s *Store) AddInspection(ctx context.Context, k *yinzheng.PendingInspection) error {
	return s.write(ctx, "note an inspection", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, insertInspection, k.Application, k.Material, k.Office, k.Due.UnixMicro())
		if s.dialect.unique(err) {
			return conflict("这项核查已经登记", "This inspection is noted already")
		}
		return err
	})
}

// EndInspection implements yinzheng.Inspections.
func (s *Store) EndInspection(ctx context.Context, application, material string, at time.Time) error {
	return s.write(ctx, "note that an inspection was made", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, endInspection, at.UnixMicro(), application, material)
		return err
	})
}

// PendingInspections implements yinzheng.Inspections.
func (s *Store) PendingInspections(ctx context.Context, scopes []yinzheng.InspectionScope, after string, limit int) ([]yinzheng.PendingInspection, error) {
	due, key := int64(math.MinInt64), int64(0)
	if after != "" {
		var err error
		if due, key, err = parseCursor(after); err != nil {
			return nil, err
		}
	}
	type place struct {
		yinzheng.PendingInspection
		key int64
	}
	var all []place
	err := s.snapshot(ctx, "list the inspections to be made", func(ctx context.Context, q querier) error {
		all = nil
		for _, scope := range scopes {
			before := int64(math.MaxInt64)
			if !scope.Before.IsZero() {
				before = scope.Before.UnixMicro()
			}
			if err := each(ctx, q, func(r *sql.Rows) error {
				var p place
				err := r.Scan(&p.key, &p.Application, &p.Material, &p.Office, (*moment)(&p.Due))
				p.Cursor = cursorOf(p.Due.UnixMicro(), p.key)
				all = append(all, p)
				return err
			}, selectInspections, scope.Office, due, key, before, limit); err != nil {
				return err
			}
		}
		return nil
	})
	slices.SortFunc(all, func(a, b place) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.key, b.key)) })
	var out []yinzheng.PendingInspection
	for i := range all[:min(limit, len(all))] {
		out = append(out, all[i].PendingInspection)
	}
	return out, err
}

// AddCommitmentRight implements yinzheng.CommitmentRights.
func (s *Store) AddCommitmentRight(ctx context.Context, r *yinzheng.CommitmentRight) error {
	return s.write(ctx, "note a right to commitments", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, insertRight, r.At.UnixMicro(), r.Document, r.Ended, r.By, r.Application, positive(r.Action), optional(r.Reason))
		return err
	})
}

// CommitmentRightsOf implements yinzheng.CommitmentRights.
func (s *Store) CommitmentRightsOf(ctx context.Context, document string) ([]yinzheng.CommitmentRight, error) {
	var out []yinzheng.CommitmentRight
	err := s.read(ctx, "read a right to commitments", func(ctx context.Context, q querier) error {
		out = nil
		return each(ctx, q, func(rows *sql.Rows) error {
			var r yinzheng.CommitmentRight
			err := rows.Scan((*moment)(&r.At), &r.Document, &r.Ended, &r.By, &r.Application, (*number)(&r.Action), (*text)(&r.Reason))
			out = append(out, r)
			return err
		}, selectRights, document)
	})
	return out, err
}
