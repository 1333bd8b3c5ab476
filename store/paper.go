package store

import (
	"context"
	"database/sql"
	"errors"

	"yinzheng"
)

const paperColumns = `SELECT code, number, item, short, organ, organ_name, masked_name, masked_id, holder, issued_on, scan, note,
	recorded_at, account, office, voided_at, voided_by, void_note, original, scan_type FROM papers WHERE `

var (
	insertPaper = query(`INSERT INTO papers (code, number, number_key, item, short, organ, organ_name, masked_name, masked_id, holder, issued_on, scan, note,
		recorded_at, account, office, original, scan_type, voided_by, void_note)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, '', '')`)
	paperByCode   = query(paperColumns + "code = $1")
	paperByNumber = query(paperColumns + "number_key = $1 AND voided_at IS NULL")
	paperByScan   = query(paperColumns + "key = (SELECT min(key) FROM papers WHERE (scan = $1 OR original = $1) AND voided_at IS NULL)")
	voidPaper     = query("UPDATE papers SET voided_at = $1, voided_by = $2, void_note = $3 WHERE code = $4 AND voided_at IS NULL")
)

// AddPaper implements yinzheng.Papers.
func (s *Store) AddPaper(ctx context.Context, p *yinzheng.Paper) error {
	return s.write(ctx, "record a paper", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, insertPaper, p.Code, p.Number, yinzheng.PaperKey(p.Number), p.Item, p.Short, p.Organ, p.OrganName,
			p.Name, p.ID, p.Holder, p.IssuedOn.UnixMicro(), p.Scan, p.Note, p.RecordedAt.UnixMicro(), p.By, p.Office, p.Original, optional(p.ScanType))
		if s.dialect.unique(err) {
			return conflict("这个文号已补录过，请核对；不同机关的文号请写全称", "A paper with this number is on record already; please compare, and write the number in full with its organ")
		}
		return err
	})
}

// Paper implements yinzheng.Papers.
func (s *Store) Paper(ctx context.Context, code string) (*yinzheng.Paper, error) {
	return s.paper(ctx, paperByCode, code)
}

// PaperByNumber implements yinzheng.Papers.
func (s *Store) PaperByNumber(ctx context.Context, key string) (*yinzheng.Paper, error) {
	return s.paper(ctx, paperByNumber, key)
}

// PaperByScan implements yinzheng.Papers.
func (s *Store) PaperByScan(ctx context.Context, digest []byte) (*yinzheng.Paper, error) {
	return s.paper(ctx, paperByScan, digest)
}

func (s *Store) paper(ctx context.Context, by string, key any) (*yinzheng.Paper, error) {
	p := new(yinzheng.Paper)
	err := s.read(ctx, "read a paper record", func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, by, key).Scan(&p.Code, &p.Number, &p.Item, &p.Short, &p.Organ, &p.OrganName, &p.Name, &p.ID, &p.Holder,
			(*moment)(&p.IssuedOn), &p.Scan, &p.Note, (*moment)(&p.RecordedAt), &p.By, &p.Office, (*moment)(&p.VoidedAt), &p.VoidedBy, &p.VoidNote, &p.Original, (*text)(&p.ScanType))
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, notFound("没有这条补录", "There is no such record")
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// VoidPaper implements yinzheng.Papers.
func (s *Store) VoidPaper(ctx context.Context, p *yinzheng.Paper) error {
	return s.write(ctx, "void a paper record", func(ctx context.Context, q querier) error {
		n, err := change(ctx, q, voidPaper, micros(p.VoidedAt), p.VoidedBy, p.VoidNote, p.Code)
		if err == nil && n == 0 {
			err = conflict("这条补录已作废", "The record is void already")
		}
		return err
	})
}
