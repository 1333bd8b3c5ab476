package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"yinzheng"
)

var (
	erasureOf   = query("SELECT e.application, e.seq, e.at, e.reason, e.stays FROM applications p JOIN actions e ON e.application = p.key WHERE p.id = $1 AND e.kind = 'erase' AND e.seq > $2 ORDER BY e.seq LIMIT 1")
	kindsBefore = query("SELECT kind, at FROM actions WHERE application = $1 AND seq < $2 ORDER BY seq")
)

// erasure is one that the record has of a case, and whether it explains what is missing
// from the actions before it.
type erasure struct {
	subject     string
	application int64
	seq         int
	at          time.Time
	rule, stays string
	holds       bool
}

// erased tells whether an action is other than it was because it was erased in time: by
// an erasure on record, which left what is there now, of a case as old as its rule asks.
// That the erasure itself is genuine shows when its own entry is checked.
func (v *verifier) erased(ctx context.Context, e *yinzheng.LogEntry) (bool, error) {
	if x := &v.erasure; x.subject == e.Subject && int64(x.seq) > e.Part {
		return x.holds, nil
	}
	x := erasure{subject: e.Subject}
	err := v.q.QueryRowContext(ctx, erasureOf, e.Subject, e.Part).Scan(&x.application, (*whole)(&x.seq), (*anyMoment)(&x.at), (*text)(&x.rule), (*text)(&x.stays))
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err == nil {
		x.holds, err = v.inTime(ctx, &x)
	}
	if err == nil && x.holds {
		var is string
		is, err = digestActions(ctx, v.q, x.application, x.seq, func(yinzheng.ActionKind) []string { return nil })
		x.holds = is == x.stays
	}
	if errors.As(err, new(*scanError)) {
		return false, nil
	}
	v.erasure = x
	return x.holds, err
}

// inTime tells whether an erasure came when the program's own rule lets it: the rule that
// the case stood under, as long after it was touched last, and not in the future.
func (v *verifier) inTime(ctx context.Context, x *erasure) (bool, error) {
	var done []yinzheng.ActionKind
	var last time.Time
	err := each(ctx, v.q, func(r *sql.Rows) error {
		var kind text
		err := r.Scan(&kind, (*anyMoment)(&last))
		done = append(done, yinzheng.ActionKind(kind))
		return err
	}, kindsBefore, x.application, x.seq)
	rule := yinzheng.RetentionRuleOf(x.rule)
	return err == nil && rule != nil && yinzheng.RetainedBy(done) == x.rule && !x.at.Before(last.AddDate(0, 0, rule.Days)) && !x.at.After(v.now), err
}
