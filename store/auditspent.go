package store

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"yinzheng"
)

var (
	erasuresAfter = query("SELECT key, at, subject, detail FROM events WHERE key > $1 AND kind = '" + yinzheng.EventContentErased + "' ORDER BY key LIMIT $2")
	erasuresOf    = query("SELECT count(*) FROM log l JOIN events e ON e.key = l.part WHERE l.subject = $1 AND l.kind = 'event' AND e.kind = '" + yinzheng.EventContentErased + "' AND (e.detail = $2 OR e.detail LIKE $2 || ' %')")
)

// erasures looks at every erasure of what is kept beside cases: that it came when the
// program's own rule let it, and left what is there now: no more, and no less. What is
// missing without one is found as far as that can be told (robbed): not a share's note,
// nor a reply that no rule has taken.
func (v *verifier) erasures(ctx context.Context) error {
	type erasing struct {
		yinzheng.LogEntry
		detail string
	}
	key := int64(math.MinInt64)
	err := v.rows(func() (int, error) {
		var list []erasing
		err := each(ctx, v.q, func(r *sql.Rows) error {
			e := erasing{LogEntry: yinzheng.LogEntry{Kind: yinzheng.LogEvent}}
			err := r.Scan(&key, (*anyMoment)(&e.At), &e.Subject, (*text)(&e.detail))
			e.Part = key
			list = append(list, e)
			return err
		}, erasuresAfter, key, batch)
		for i := 0; i < len(list) && err == nil && v.fault == nil; i++ {
			var fault FaultKind
			if fault, err = v.erasing(ctx, &list[i].LogEntry, list[i].detail); fault != "" {
				v.fault = &LogFault{fault, list[i].LogEntry}
			}
			v.gone++
		}
		return len(list), err
	})
	if err != nil || v.fault != nil {
		return err
	}
	return v.robbed(ctx)
}

// erasing is what is wrong with an erasure; "": nothing.
func (v *verifier) erasing(ctx context.Context, e *yinzheng.LogEntry, detail string) (FaultKind, error) {
	name, _, _ := strings.Cut(detail, " ")
	t, rule := terms[name], yinzheng.RetentionRuleOf(name)
	if t == nil || rule == nil {
		return ContentMissing, nil
	}
	var since time.Time
	err := v.q.QueryRowContext(ctx, t.since, e.Subject).Scan((*anyMoment)(&since))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return ContentMissing, nil
	case err != nil:
		return "", err
	case since.IsZero() || e.At.Before(since.AddDate(0, 0, rule.Days)) || e.At.After(v.now):
		return ContentMissing, nil
	}
	is, err := t.detail(ctx, v.q, name, e.Subject)
	filled := 0
	if err == nil && t.filled != "" {
		err = v.q.QueryRowContext(ctx, t.filled, e.Subject).Scan(&filled)
	}
	if err == nil && filled > 0 {
		var begun bool // it was cut off, or goes on: what is left goes, too
		if begun, err = hasBegun(ctx, v.q, name, e.Subject); begun {
			filled = 0
		}
	}
	if errors.As(err, new(*scanError)) || err == nil && (is != detail || filled > 0) {
		return ContentChanged, nil
	}
	return "", err
}

// erasedInTime tells whether an erasure of something by a rule is on record, which
// erasures looks at.
func (v *verifier) erasedInTime(ctx context.Context, subject, rule string) (bool, error) {
	n := 0
	err := v.q.QueryRowContext(ctx, erasuresOf, subject, rule).Scan(&n)
	return n > 0, err
}

// robbed looks for what is missing without an erasure on record.
func (v *verifier) robbed(ctx context.Context) error {
	for _, rule := range slices.Sorted(maps.Keys(terms)) {
		if terms[rule].robbed == "" {
			continue
		}
		gone := yinzheng.LogEntry{Kind: yinzheng.LogEvent}
		err := v.q.QueryRowContext(ctx, terms[rule].robbed).Scan(&gone.Subject, (*anyMoment)(&gone.At))
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err == nil {
			v.fault = &LogFault{ContentMissing, gone}
		}
		return err
	}
	return nil
}
