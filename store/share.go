package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"yinzheng"
)

const shareColumns = `SELECT key, hash, code, note, once, made_at, expires_at, withdrawn_at,
	(SELECT count(*) FROM share_openings o WHERE o.share = shares.key) FROM shares WHERE `

var (
	insertShare    = query("INSERT INTO shares (hash, code, note, once, made_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING key")
	shareByHash    = query(shareColumns + "hash = $1")
	sharesOf       = query(shareColumns + "code = $1 ORDER BY withdrawn_at IS NULL AND expires_at > $2 DESC, key DESC LIMIT $3")
	sharesSince    = query("SELECT count(*) FROM shares WHERE code = $1 AND made_at > $2")
	withdrawShare  = query("UPDATE shares SET withdrawn_at = $1 WHERE key = $2 AND code = $3 AND withdrawn_at IS NULL")
	endShares      = query("UPDATE shares SET withdrawn_at = $1 WHERE code = $2 AND withdrawn_at IS NULL AND expires_at > $1")
	endShareSooner = query("UPDATE shares SET expires_at = $1 WHERE key = $2 AND expires_at > $1 AND withdrawn_at IS NULL")
	insertOpening  = query("INSERT INTO share_openings (share, at, what) VALUES ($1, $2, $3)")
	openingsOf     = query("SELECT at, what FROM share_openings WHERE share = $1 ORDER BY key DESC LIMIT $2")
)

// AddShare implements yinzheng.Shares.
func (s *Store) AddShare(ctx context.Context, x *yinzheng.Share) error {
	return s.write(ctx, "write a share", func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, insertShare, x.Hash[:], x.Code, x.Note, x.Once, micros(x.MadeAt), micros(x.Expires)).Scan(&x.ID)
	})
}

// Share implements yinzheng.Shares.
func (s *Store) Share(ctx context.Context, hash [32]byte) (*yinzheng.Share, error) {
	var x yinzheng.Share
	err := s.read(ctx, "read a share", func(ctx context.Context, q querier) error {
		return scanShare(q.QueryRowContext(ctx, shareByHash, hash[:]).Scan, &x)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, notFound("没有这个分享", "There is no such share")
	}
	return &x, err
}

func scanShare(scan func(...any) error, x *yinzheng.Share) error {
	var hash []byte
	err := scan(&x.ID, &hash, &x.Code, &x.Note, &x.Once, (*moment)(&x.MadeAt), (*moment)(&x.Expires), (*moment)(&x.Withdrawn), (*whole)(&x.Openings))
	copy(x.Hash[:], hash)
	return err
}

// SharesOf implements yinzheng.Shares.
func (s *Store) SharesOf(ctx context.Context, code string, now time.Time, limit int) ([]yinzheng.Share, error) {
	var list []yinzheng.Share
	err := s.read(ctx, "list a certificate's shares", func(ctx context.Context, q querier) error {
		list = nil
		return each(ctx, q, func(r *sql.Rows) error {
			var x yinzheng.Share
			err := scanShare(r.Scan, &x)
			list = append(list, x)
			return err
		}, sharesOf, code, micros(now), limit)
	})
	return list, err
}

// SharesSince implements yinzheng.Shares.
func (s *Store) SharesSince(ctx context.Context, code string, since time.Time) (n int, err error) {
	err = s.read(ctx, "count a certificate's shares", func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, sharesSince, code, micros(since)).Scan((*whole)(&n))
	})
	return n, err
}

// WithdrawShare implements yinzheng.Shares.
func (s *Store) WithdrawShare(ctx context.Context, code string, id int64, at time.Time) error {
	return s.write(ctx, "withdraw a share", func(ctx context.Context, q querier) error {
		n, err := change(ctx, q, withdrawShare, micros(at), id, code)
		if err == nil && n == 0 {
			err = notFound("没有这个分享，或已收回", "There is no such share, or it was withdrawn")
		}
		return err
	})
}

// EndShares implements yinzheng.Shares.
func (s *Store) EndShares(ctx context.Context, code string, at time.Time) (ended int, err error) {
	err = s.write(ctx, "withdraw a certificate's shares", func(ctx context.Context, q querier) error {
		n, err := change(ctx, q, endShares, micros(at), code)
		ended = int(n)
		return err
	})
	return ended, err
}

// NoteOpening implements yinzheng.Shares.
func (s *Store) NoteOpening(ctx context.Context, id int64, o yinzheng.ShareOpening, end time.Time) error {
	return s.write(ctx, "note that a share was opened", func(ctx context.Context, q querier) error {
		if _, err := change(ctx, q, insertOpening, id, micros(o.At), o.What); err != nil {
			return err
		}
		_, err := change(ctx, q, endShareSooner, micros(end), id)
		return err
	})
}

// Openings implements yinzheng.Shares.
func (s *Store) Openings(ctx context.Context, id int64, limit int) ([]yinzheng.ShareOpening, error) {
	var list []yinzheng.ShareOpening
	err := s.read(ctx, "list when a share was opened", func(ctx context.Context, q querier) error {
		list = nil
		return each(ctx, q, func(r *sql.Rows) error {
			var o yinzheng.ShareOpening
			err := r.Scan((*moment)(&o.At), &o.What)
			list = append(list, o)
			return err
		}, openingsOf, id, limit)
	})
	return list, err
}
