package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"math"

	"yinzheng"
)

var (
	designActsAfter = query(`SELECT a.key, d.id, d.item, a.at, a.account, a.for_whom, a.kind, a.opinion, a.digest, (SELECT count(*) FROM made_templates m WHERE m.design = d.id)
		FROM design_acts a JOIN designs d ON d.key = a.design WHERE a.key > $1 ORDER BY a.key LIMIT $2`)
	designEventsAfter = query(`SELECT key, subject, at, kind, account FROM events WHERE key > $1 AND kind >= 'template-' AND kind < 'template.' ORDER BY key LIMIT $2`)
	designActKept     = query("SELECT count(*) FROM design_acts WHERE design = (SELECT key FROM designs WHERE id = $1) AND at = $2 AND 'template-' || kind = $3 AND account = $4")
	madeAfter         = query("SELECT seq, design, at, account, text FROM made_templates WHERE seq > $1 ORDER BY seq LIMIT $2")
	publishedAs       = query("SELECT count(*) FROM design_acts WHERE design = (SELECT key FROM designs WHERE id = $1) AND kind = 'publish' AND at = $2 AND account = $3 AND digest = $4")
)

// designs compares what was done to designs with the events that were written
// with it, each of which has the other, and the templates that came of them with
// what was published.
func (v *verifier) designs(ctx context.Context) error {
	if err := v.designActs(ctx); err != nil || v.fault != nil {
		return err
	}
	if err := v.designEvents(ctx); err != nil || v.fault != nil {
		return err
	}
	return v.madeTemplates(ctx)
}

// tally notes a fault unless a query counts something.
func (v *verifier) tally(ctx context.Context, e yinzheng.LogEntry, fault FaultKind, text string, args ...any) error {
	n := 0
	err := v.q.QueryRowContext(ctx, text, args...).Scan(&n)
	if err == nil && n == 0 {
		v.fault = &LogFault{fault, e}
	}
	return err
}

func (v *verifier) designActs(ctx context.Context) error {
	type act struct {
		yinzheng.DesignAct
		design, item string
		at           any
		made         int
	}
	key := int64(math.MinInt64)
	return v.rows(func() (int, error) {
		var list []act
		err := each(ctx, v.q, func(r *sql.Rows) error {
			var a act
			err := r.Scan(&key, &a.design, &a.item, &a.at, &a.By, (*text)(&a.For), &a.Kind, (*text)(&a.Opinion), &a.Digest, (*whole)(&a.made))
			list = append(list, a)
			return err
		}, designActsAfter, key, batch)
		for i := 0; i < len(list) && err == nil && v.fault == nil; i++ {
			a := &list[i]
			e := yinzheng.LogEntry{Kind: yinzheng.LogEvent, Subject: a.design}
			_ = (*anyMoment)(&e.At).Scan(a.at)
			if a.Kind == "publish" && a.made == 0 {
				v.fault = &LogFault{ContentMissing, e}
				break
			}
			err = v.tally(ctx, e, ContentExtra, rightLogged, a.design, a.at, "template-"+a.Kind, a.By, a.Detail(a.item))
		}
		return len(list), err
	})
}

func (v *verifier) designEvents(ctx context.Context) error {
	type event struct {
		yinzheng.LogEntry
		at       any
		kind, by string
	}
	key := int64(math.MinInt64)
	return v.rows(func() (int, error) {
		var list []event
		err := each(ctx, v.q, func(r *sql.Rows) error {
			e := event{LogEntry: yinzheng.LogEntry{Kind: yinzheng.LogEvent}}
			err := r.Scan(&key, &e.Subject, &e.at, &e.kind, &e.by)
			_ = (*anyMoment)(&e.At).Scan(e.at)
			e.Part = key
			list = append(list, e)
			return err
		}, designEventsAfter, key, batch)
		for i := 0; i < len(list) && err == nil && v.fault == nil; i++ {
			e := &list[i]
			err = v.tally(ctx, e.LogEntry, ContentMissing, designActKept, e.Subject, e.at, e.kind, e.by)
		}
		return len(list), err
	})
}

func (v *verifier) madeTemplates(ctx context.Context) error {
	type made struct {
		yinzheng.LogEntry
		at       any
		by, text string
	}
	key := int64(math.MinInt64)
	return v.rows(func() (int, error) {
		var list []made
		err := each(ctx, v.q, func(r *sql.Rows) error {
			m := made{LogEntry: yinzheng.LogEntry{Kind: yinzheng.LogEvent}}
			err := r.Scan(&key, &m.Subject, &m.at, &m.by, &m.text)
			_ = (*anyMoment)(&m.At).Scan(m.at)
			list = append(list, m)
			return err
		}, madeAfter, key, batch)
		for i := 0; i < len(list) && err == nil && v.fault == nil; i++ {
			m := &list[i]
			err = v.tally(ctx, m.LogEntry, ContentChanged, publishedAs, m.Subject, m.at, m.by, fmt.Sprintf("%x", sha256.Sum256([]byte(m.text))))
		}
		return len(list), err
	})
}
