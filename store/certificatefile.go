package store

import (
	"context"
	"database/sql"
	"errors"

	"yinzheng"
)

// listHalf is how many entries a list takes before the next one opens: beyond
// that a random free entry would be hard to draw.
const listHalf = 1 << yinzheng.StatusBits / 2

var (
	selectPDF = query(`SELECT p.pdf FROM certificates c JOIN certificate_pdfs p ON p.certificate = c.key
		WHERE c.code = $1 AND c.status NOT IN ('reserved', 'void')`)
	selectNotValid = query(`SELECT list, list_index, status FROM certificates
		WHERE status IN ('revoked', 'suspended', 'superseded', 'void') ORDER BY list, list_index`)
	newestList = query("SELECT number, taken FROM status_lists ORDER BY number DESC LIMIT 1")
	openList   = query("INSERT INTO status_lists (number, taken) VALUES ($1, 0)")
	countTaken = query("INSERT INTO status_lists (number, taken) VALUES ($1, 1) ON CONFLICT (number) DO UPDATE SET taken = taken + 1")
)

// PDF implements yinzheng.CertificateFiles.
func (s *Store) PDF(ctx context.Context, code string) ([]byte, error) {
	var pdf []byte
	err := s.read(ctx, "read a PDF", func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, selectPDF, code).Scan(&pdf)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, notFound("没有找到这份电子证明", "There is no such certificate")
	}
	return pdf, err
}

// StatusEntries implements yinzheng.CertificateFiles. A void record counts as
// revoked: should a token for it have been signed, nobody may rely on it. It
// yields when everything is read, so that yield may ask the store.
func (s *Store) StatusEntries(ctx context.Context, yield func(list, index int, v yinzheng.StatusValue)) error {
	type entry struct {
		list, index whole
		status      yinzheng.Status
	}
	var entries []entry
	err := s.read(ctx, "read the status lists", func(ctx context.Context, q querier) error {
		entries = nil
		return each(ctx, q, func(r *sql.Rows) error {
			var e entry
			err := r.Scan(&e.list, &e.index, &e.status)
			entries = append(entries, e)
			return err
		}, selectNotValid)
	})
	for _, e := range entries {
		v := yinzheng.StatusRevoked
		switch e.status {
		case yinzheng.StatusIsSuspended:
			v = yinzheng.StatusSuspended
		case yinzheng.StatusIsSuperseded:
			v = yinzheng.StatusSuperseded
		}
		yield(int(e.list), int(e.index), v)
	}
	return err
}

// StatusListCount implements yinzheng.CertificateFiles. Lists are numbered from 1.
func (s *Store) StatusListCount(ctx context.Context) (int, error) {
	var count int
	err := s.read(ctx, "count the status lists", func(ctx context.Context, q querier) (err error) {
		count, _, err = lastList(ctx, q)
		return err
	})
	return count, err
}

// OpenStatusList implements yinzheng.Certificates.
func (s *Store) OpenStatusList(ctx context.Context) (int, error) {
	var number, taken int
	newest := func(ctx context.Context, q querier) (err error) {
		number, taken, err = lastList(ctx, q)
		return err
	}
	err := s.read(ctx, "find a status list", newest)
	if err != nil || number > 0 && taken < listHalf {
		return number, err
	}
	err = s.write(ctx, "open a status list", func(ctx context.Context, q querier) error {
		if err := newest(ctx, q); err != nil || number > 0 && taken < listHalf {
			return err
		}
		number++
		_, err := change(ctx, q, openList, number)
		return err
	})
	return number, err
}

// lastList returns the newest list, 0 when there is none.
func lastList(ctx context.Context, q querier) (number, taken int, err error) {
	err = q.QueryRowContext(ctx, newestList).Scan(&number, &taken)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, nil
	}
	return number, taken, err
}
