package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"yinzheng"
)

const (
	batchColumns    = "SELECT key, id, version, state, item, template, office, account, at, submit, digest, rows, report, why_zh, why_en, changed_at, erased FROM batches WHERE "
	batchRowColumns = "SELECT line, content, alike, outcome, application, why_zh, why_en FROM batch_rows WHERE batch = (SELECT key FROM batches WHERE id = $1) AND line > $2"
	batchRowOrder   = " ORDER BY line LIMIT $3"
)

var (
	insertBatch = query(`INSERT INTO batches (id, version, state, item, template, office, account, at, submit, digest, rows, report, why_zh, why_en, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) RETURNING key`)
	updateBatch = query("UPDATE batches SET state = $1, account = $2, submit = $3, why_zh = $4, why_en = $5, changed_at = $6, version = version + 1 WHERE id = $7 AND version = $8")
	batchByID   = query(batchColumns + "id = $1")
	batchesOf   = query(batchColumns + "office = $1 AND key < $2 ORDER BY key DESC LIMIT $3")
	batchesIn   = query("SELECT id FROM batches WHERE state = $1 AND changed_at < coalesce($2, 9223372036854775807) ORDER BY changed_at, key")

	insertBatchRow = query("INSERT INTO batch_rows (batch, line, content, alike) VALUES ($1, $2, $3, $4)")
	batchRows      = query(batchRowColumns + batchRowOrder)
	batchWaiting   = query(batchRowColumns + " AND outcome IS NULL" + batchRowOrder)
	batchFailed    = query(batchRowColumns + " AND outcome IN ('refused', 'left')" + batchRowOrder)
	batchAlike     = query(batchRowColumns + " AND alike IS NOT NULL" + batchRowOrder)
	updateBatchRow = query(`UPDATE batch_rows SET outcome = $1, application = $2, why_zh = $3, why_en = $4
		WHERE batch = (SELECT key FROM batches WHERE id = $5) AND line = $6 AND outcome IS NULL`)
	tallyBatch = query(`SELECT count(*) - count(outcome), count(CASE WHEN outcome = 'made' THEN 1 END), count(CASE WHEN outcome = 'refused' THEN 1 END),
		count(CASE WHEN outcome = 'left' THEN 1 END) FROM batch_rows WHERE batch = (SELECT key FROM batches WHERE id = $1)`)
	clearBatch = query("DELETE FROM batch_rows WHERE batch = (SELECT key FROM batches WHERE id = $1)")
)

// AddBatch implements yinzheng.Batches.
func (s *Store) AddBatch(ctx context.Context, b *yinzheng.Batch, rows []yinzheng.BatchRow) error {
	return s.write(ctx, "write a batch", func(ctx context.Context, q querier) error {
		var key int64
		err := q.QueryRowContext(ctx, insertBatch, b.ID, b.Version, b.State, b.Item, b.Template, b.Office, b.Account, micros(b.At), b.Submit, b.Digest, b.Rows, string(b.Report), optional(b.Why.ZH), optional(b.Why.EN), micros(b.Changed)).Scan(&key)
		for i := 0; i < len(rows) && err == nil; i++ {
			_, err = change(ctx, q, insertBatchRow, key, rows[i].Line, string(rows[i].Content), optional(string(rows[i].Alike)))
		}
		return err
	})
}

// Batch implements yinzheng.Batches.
func (s *Store) Batch(ctx context.Context, id string) (*yinzheng.Batch, error) {
	var b *yinzheng.Batch
	err := s.read(ctx, "read a batch", func(ctx context.Context, q querier) (err error) {
		b, err = scanBatch(q.QueryRowContext(ctx, batchByID, id))
		if errors.Is(err, sql.ErrNoRows) {
			return notFound("没有这个批次", "There is no such batch")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return b, nil
}

func scanBatch(r interface{ Scan(...any) error }) (*yinzheng.Batch, error) {
	b := new(yinzheng.Batch)
	err := r.Scan(&b.Key, &b.ID, (*whole)(&b.Version), &b.State, &b.Item, (*whole)(&b.Template), &b.Office, &b.Account, (*moment)(&b.At), &b.Submit, &b.Digest, (*whole)(&b.Rows), &b.Report, (*text)(&b.Why.ZH), (*text)(&b.Why.EN), (*moment)(&b.Changed), &b.Erased)
	return b, err
}

// PutBatch implements yinzheng.Batches.
func (s *Store) PutBatch(ctx context.Context, b *yinzheng.Batch) error {
	return s.write(ctx, "change a batch", func(ctx context.Context, q querier) error {
		n, err := change(ctx, q, updateBatch, b.State, b.Account, b.Submit, optional(b.Why.ZH), optional(b.Why.EN), micros(b.Changed), b.ID, b.Version-1)
		if err == nil && n == 0 {
			err = conflict("这个批次已有进展，请重新读取", "The batch has moved on; please read it again")
		}
		return err
	})
}

// BatchesOf implements yinzheng.Batches.
func (s *Store) BatchesOf(ctx context.Context, office string, before int64, limit int) ([]*yinzheng.Batch, error) {
	var list []*yinzheng.Batch
	err := s.read(ctx, "list batches", func(ctx context.Context, q querier) error {
		list = nil
		return each(ctx, q, func(r *sql.Rows) error {
			b, err := scanBatch(r)
			list = append(list, b)
			return err
		}, batchesOf, office, newest(before), limit)
	})
	return list, err
}

// BatchesIn implements yinzheng.Batches.
func (s *Store) BatchesIn(ctx context.Context, state string, before time.Time) ([]string, error) {
	return s.ids(ctx, "list batches", batchesIn, state, micros(before))
}

// BatchRows implements yinzheng.Batches.
func (s *Store) BatchRows(ctx context.Context, batch string, f yinzheng.BatchFilter) ([]yinzheng.BatchRow, error) {
	text := batchRows
	switch {
	case f.Waiting:
		text = batchWaiting
	case f.Failed:
		text = batchFailed
	case f.Alike:
		text = batchAlike
	}
	var rows []yinzheng.BatchRow
	err := s.read(ctx, "read rows of a batch", func(ctx context.Context, q querier) error {
		rows = nil
		return each(ctx, q, func(r *sql.Rows) error {
			x, err := scanBatchRow(r)
			rows = append(rows, x)
			return err
		}, text, batch, f.After, f.Limit)
	})
	return rows, err
}

func scanBatchRow(r *sql.Rows) (yinzheng.BatchRow, error) {
	var x yinzheng.BatchRow
	var alike, outcome text
	err := r.Scan((*whole)(&x.Line), &x.Content, &alike, &outcome, (*text)(&x.Application), (*text)(&x.Why.ZH), (*text)(&x.Why.EN))
	if x.Outcome = yinzheng.BatchOutcome(outcome); alike != "" {
		x.Alike = []byte(alike)
	}
	return x, err
}

// PutBatchRow implements yinzheng.Batches.
func (s *Store) PutBatchRow(ctx context.Context, batch string, r *yinzheng.BatchRow) error {
	return s.write(ctx, "write the outcome of a row", func(ctx context.Context, q querier) error {
		n, err := change(ctx, q, updateBatchRow, string(r.Outcome), optional(r.Application), optional(r.Why.ZH), optional(r.Why.EN), batch, r.Line)
		if err == nil && n == 0 {
			err = conflict("这一行已经办过", "This row has been seen to")
		}
		return err
	})
}

// TallyBatch implements yinzheng.Batches.
func (s *Store) TallyBatch(ctx context.Context, batch string) (t yinzheng.BatchTally, err error) {
	err = s.read(ctx, "count the rows of a batch", func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, tallyBatch, batch).Scan((*whole)(&t.Waiting), (*whole)(&t.Made), (*whole)(&t.Refused), (*whole)(&t.Left))
	})
	return t, err
}

// ClearBatch implements yinzheng.Batches.
func (s *Store) ClearBatch(ctx context.Context, batch string) error {
	return s.write(ctx, "remove the rows of a batch", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, clearBatch, batch)
		return err
	})
}
