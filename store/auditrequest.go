package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"math"

	"yinzheng"
)

var (
	requestsAfter = query("SELECT key, id, state, changed_at, content FROM resident_requests WHERE key > $1 ORDER BY key LIMIT $2")
	requestEvent  = query(`SELECT e.kind FROM log l JOIN events e ON e.key = l.part WHERE l.subject = $1 AND l.kind = 'event'
		AND e.kind IN ('request-sent', 'request-returned', 'request-taken', 'request-refused', 'request-withdrawn', 'request-lapsed') ORDER BY l.part DESC LIMIT 1`)
	requestSent   = query("SELECT e.detail FROM log l JOIN events e ON e.key = l.part WHERE l.subject = $1 AND l.kind = 'event' AND e.kind = 'request-sent' ORDER BY l.part DESC LIMIT 1")
	requestErased = query("SELECT count(*) FROM log l JOIN events e ON e.key = l.part WHERE l.subject = $1 AND l.kind = 'event' AND e.kind = 'request-erased'")
)

// requests compares how the requests of residents stand with the events that brought
// them there, and what an office has before it with the digest of what was sent.
func (v *verifier) requests(ctx context.Context) error {
	type request struct {
		yinzheng.LogEntry
		at      any
		state   yinzheng.RequestState
		content []byte
	}
	key := int64(math.MinInt64)
	return v.rows(func() (int, error) {
		var list []request
		err := each(ctx, v.q, func(r *sql.Rows) error {
			x := request{LogEntry: yinzheng.LogEntry{Kind: yinzheng.LogEvent}}
			err := r.Scan(&key, &x.Subject, &x.state, &x.at, &x.content)
			_ = (*anyMoment)(&x.At).Scan(x.at)
			list = append(list, x)
			return err
		}, requestsAfter, key, batch)
		for i := 0; i < len(list) && err == nil && v.fault == nil; i++ {
			err = v.request(ctx, list[i].LogEntry, list[i].state, list[i].content)
		}
		return len(list), err
	})
}

func (v *verifier) request(ctx context.Context, e yinzheng.LogEntry, state yinzheng.RequestState, content []byte) error {
	kind := yinzheng.RequestDraft.Event()
	err := v.q.QueryRowContext(ctx, requestEvent, e.Subject).Scan(&kind)
	switch {
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return err
	case kind != state.Event():
		v.fault = &LogFault{ContentChanged, e}
		return nil
	case content == nil:
		return v.tally(ctx, e, ContentMissing, requestErased, e.Subject)
	case state != yinzheng.RequestSent && state != yinzheng.RequestTaken:
		return nil
	}
	digest := ""
	if err := v.q.QueryRowContext(ctx, requestSent, e.Subject).Scan(&digest); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != digest {
		v.fault = &LogFault{ContentChanged, e}
	}
	return nil
}
