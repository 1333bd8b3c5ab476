package store

import (
	"bytes"
	"context"
	"time"

	"yinzheng"
)

var (
	insertRequest = query("INSERT INTO requests (account, key, digest, made, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account, key) DO NOTHING")
	pruneRequests = query("DELETE FROM requests WHERE at < $1")
	selectRequest = query("SELECT digest, made FROM requests WHERE account = $1 AND key = $2")
)

// Remember implements yinzheng.Requests.
func (s *Store) Remember(ctx context.Context, account, key string, digest [32]byte, made string, now time.Time) (before string, err error) {
	err = s.write(ctx, "remember a request", func(ctx context.Context, q querier) error {
		before = "" // this may be a second run
		n, err := change(ctx, q, insertRequest, account, key, digest[:], made, micros(now))
		if err != nil || n > 0 {
			return err
		}
		var first []byte
		if err := q.QueryRowContext(ctx, selectRequest, account, key).Scan(&first, &before); err != nil {
			return err
		}
		if !bytes.Equal(first, digest[:]) {
			before = ""
			return &yinzheng.Error{Kind: yinzheng.ErrReused, Text: yinzheng.Text{
				ZH: "这个 Idempotency-Key 已用于另一个请求，请换一个", EN: "This Idempotency-Key was used for another request; please use a new one",
			}}
		}
		return nil
	})
	return before, err
}

// PruneRequests implements yinzheng.Requests.
func (s *Store) PruneRequests(ctx context.Context, before time.Time) error {
	return s.write(ctx, "forget old requests", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, pruneRequests, before.UnixMicro())
		return err
	})
}
