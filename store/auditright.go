package store

import (
	"context"
	"database/sql"
	"math"

	"yinzheng"
)

var (
	rightsAfter = query(`SELECT key, application, at, CASE WHEN ended THEN 'commitment-right-ended' ELSE 'commitment-right-restored' END, account, coalesce(reason, '')
		FROM commitment_rights WHERE key > $1 ORDER BY key LIMIT $2`)
	rightLogged      = query("SELECT count(*) FROM log l JOIN events e ON e.key = l.part WHERE l.subject = $1 AND l.kind = 'event' AND e.at = $2 AND e.kind = $3 AND e.account = $4 AND e.detail = $5")
	rightEventsAfter = query(`SELECT key, subject, at, kind, account, detail FROM events
		WHERE key > $1 AND kind IN ('commitment-right-ended', 'commitment-right-restored') ORDER BY key LIMIT $2`)
	rightKept = query(`SELECT count(*) FROM commitment_rights WHERE application = $1 AND at = $2
		AND CASE WHEN ended THEN 'commitment-right-ended' ELSE 'commitment-right-restored' END = $3 AND account = $4 AND coalesce(reason, '') = $5`)
)

// rights compares who lost, and was given back, the right to sign commitments with
// the events that were written with it: each has the other.
func (v *verifier) rights(ctx context.Context) error {
	if err := v.eachRight(ctx, rightsAfter, rightLogged, ContentExtra); err != nil || v.fault != nil {
		return err
	}
	return v.eachRight(ctx, rightEventsAfter, rightKept, ContentMissing)
}

// eachRight looks for what answers to each change of a right, or each event of one.
func (v *verifier) eachRight(ctx context.Context, all, answering string, fault FaultKind) error {
	type change struct {
		yinzheng.LogEntry
		at            any
		kind, by, why string
	}
	key := int64(math.MinInt64)
	return v.rows(func() (int, error) {
		var list []change
		err := each(ctx, v.q, func(r *sql.Rows) error {
			c := change{LogEntry: yinzheng.LogEntry{Kind: yinzheng.LogEvent}}
			err := r.Scan(&key, &c.Subject, &c.at, &c.kind, &c.by, &c.why)
			_ = (*anyMoment)(&c.At).Scan(c.at)
			c.Part = key
			list = append(list, c)
			return err
		}, all, key, batch)
		for i := 0; i < len(list) && err == nil && v.fault == nil; i++ {
			c, n := &list[i], 0
			err = v.q.QueryRowContext(ctx, answering, c.Subject, c.at, c.kind, c.by, c.why).Scan(&n)
			if n == 0 && err == nil {
				v.fault = &LogFault{fault, c.LogEntry}
			}
		}
		return len(list), err
	})
}
