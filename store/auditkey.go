package store

import (
	"context"
	"database/sql"
	"math"

	"yinzheng"
)

var (
	// One statement, so that a server may change keys meanwhile.
	keysWithEvents = query(`SELECT k.kid, k.state, k.since, l.part, e.at, e.kind, e.account, e.detail
		FROM keys k LEFT JOIN log l ON l.subject = k.kid AND l.kind = 'event' LEFT JOIN events e ON e.key = l.part ORDER BY k.kid, l.part`)
	facesAfter = query(`SELECT f.key, f.added_at, f.digest, (SELECT coalesce(min(l.part), 0) FROM log l WHERE l.subject = f.digest AND l.kind = 'event')
		FROM faces f WHERE f.key > $1 ORDER BY f.key LIMIT $2`)
	orphansAfter = query(`SELECT e.key, e.at, e.subject FROM events e WHERE e.key > $1 AND
		(e.kind >= 'key-' AND e.kind < 'key.' AND NOT EXISTS (SELECT 1 FROM keys k WHERE k.kid = e.subject) OR
		 e.kind = 'face-added' AND NOT EXISTS (SELECT 1 FROM faces f WHERE f.digest = e.subject)) ORDER BY e.key LIMIT $2`)
)

// keys compares how every key stands with what its events make of it.
func (v *verifier) keys(ctx context.Context) error {
	type row struct {
		yinzheng.Key
		events []yinzheng.LoggedEvent
		last   yinzheng.LogEntry
	}
	var rows []*row
	err := each(ctx, v.q, func(r *sql.Rows) error {
		var k row
		var e yinzheng.LoggedEvent
		var part *int64
		if err := r.Scan((*text)(&k.KID), (*text)(&k.State), (*anyMoment)(&k.Since), &part, (*anyMoment)(&e.At), (*text)(&e.Kind), (*text)(&e.By), (*text)(&e.Detail)); err != nil {
			return err
		}
		if len(rows) == 0 || rows[len(rows)-1].KID != k.KID {
			k.last = yinzheng.LogEntry{Kind: yinzheng.LogEvent, Subject: k.KID}
			rows = append(rows, &k)
		}
		if part != nil {
			of := rows[len(rows)-1]
			of.events = append(of.events, e)
			of.last.Part, of.last.At = *part, e.At
		}
		return nil
	}, keysWithEvents)
	for _, k := range rows {
		if v.fault == nil && !yinzheng.KeyCareOf(k.events).Agrees(&k.Key) {
			v.fault = &LogFault{ContentChanged, k.last}
		}
	}
	return err
}

// faces compares the faces that were added with their digests, and with the events
// that tell of them.
func (v *verifier) faces(ctx context.Context) error {
	key := int64(math.MinInt64)
	return v.rows(func() (int, error) {
		var list []kept
		err := each(ctx, v.q, func(r *sql.Rows) error {
			k := kept{LogEntry: yinzheng.LogEntry{Kind: yinzheng.LogEvent}}
			err := r.Scan(&key, (*anyMoment)(&k.At), (*text)(&k.digest), &k.Part)
			k.Subject = k.digest
			list = append(list, k)
			v.extra(k.LogEntry, k.Part != 0)
			return err
		}, facesAfter, key, batch)
		return v.compare(ctx, list, err)
	})
}

// orphans looks for events about keys and faces that are gone.
func (v *verifier) orphans(ctx context.Context) error {
	return each(ctx, v.q, func(r *sql.Rows) error {
		e := yinzheng.LogEntry{Kind: yinzheng.LogEvent}
		if err := r.Scan(&e.Part, (*anyMoment)(&e.At), &e.Subject); err != nil {
			return err
		}
		v.fault = &LogFault{ContentMissing, e}
		return nil
	}, orphansAfter, int64(math.MinInt64), 1)
}
