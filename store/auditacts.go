package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"math"
	"time"

	"yinzheng"
)

// actTable is a table of acts that each have an event, whose detail is the digest
// of the act's content. Other events of these kinds have no digest.
type actTable struct {
	prefix                string // of the events' kinds; an act's kind follows
	rule                  string // by which content goes in time
	events, of, all, seen string
}

func actsIn(table, subject, prefix, rule string) *actTable {
	return &actTable{
		prefix: prefix,
		rule:   rule,
		events: query("SELECT key, at, subject, kind, account, detail FROM events WHERE key > $1 AND kind >= '" + prefix + "-' AND kind < '" + prefix + ".' AND length(detail) = 64 ORDER BY key LIMIT $2"),
		of:     query("SELECT at, account, kind, content FROM " + table + " WHERE " + subject + " = $1 ORDER BY seq"),
		all:    query("SELECT " + subject + ", seq, at, content FROM " + table + " WHERE (" + subject + ", seq) > ($1, $2) ORDER BY " + subject + ", seq LIMIT $3"),
		seen:   query("SELECT count(*) FROM log l JOIN events e ON e.key = l.part WHERE l.subject = $1 AND l.kind = 'event' AND e.detail = $2"),
	}
}

var (
	inquiryActTable = actsIn("inquiry_acts", "subject", "inquiry", yinzheng.RetainInquiries)
	ratingActTable  = actsIn("rating_acts", "application", "rating", yinzheng.RetainRatings)
)

// loggedActs compares acts with the events that were written with them: each event
// has its act, and each act its event.
func (v *verifier) loggedActs(t *actTable) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := v.eventsHaveActs(ctx, t); err != nil || v.fault != nil {
			return err
		}
		return v.actsHaveEvents(ctx, t)
	}
}

// actEvent is the event of an act.
type actEvent struct {
	yinzheng.LogEntry
	kind, account, digest string
}

func (v *verifier) eventsHaveActs(ctx context.Context, t *actTable) error {
	key := int64(math.MinInt64)
	return v.rows(func() (int, error) {
		var events []actEvent
		err := each(ctx, v.q, func(r *sql.Rows) error {
			e := actEvent{LogEntry: yinzheng.LogEntry{Kind: yinzheng.LogEvent}}
			err := r.Scan(&key, (*anyMoment)(&e.At), &e.Subject, &e.kind, &e.account, &e.digest)
			e.Part = key
			events = append(events, e)
			return err
		}, t.events, key, batch)
		for i := 0; i < len(events) && err == nil && v.fault == nil; i++ {
			var has bool
			if has, err = v.hasAct(ctx, t, &events[i]); err == nil && !has {
				v.fault = &LogFault{ContentChanged, events[i].LogEntry}
			}
		}
		return len(events), err
	})
}

// hasAct tells whether the act that an event stands for is as it was, or as its erasure
// left it.
func (v *verifier) hasAct(ctx context.Context, t *actTable, e *actEvent) (has bool, err error) {
	there := false
	err = each(ctx, v.q, func(r *sql.Rows) error {
		var at time.Time
		var account, kind, content []byte // whatever somebody may have put there
		err := r.Scan((*anyMoment)(&at), &account, &kind, &content)
		act := t.prefix+"-"+string(kind) == e.kind && string(account) == e.account && at.Equal(e.At)
		there, has = there || act, has || act && fmt.Sprintf("%x", sha256.Sum256(content)) == e.digest
		return err
	}, t.of, e.Subject)
	if err == nil && !has && there {
		has, err = v.erasedInTime(ctx, e.Subject, t.rule)
	}
	return has, err
}

// actsHaveEvents looks for acts that were never logged.
func (v *verifier) actsHaveEvents(ctx context.Context, t *actTable) error {
	subject, seq := "", int64(math.MinInt64)
	return v.rows(func() (int, error) {
		var acts []actEvent
		err := each(ctx, v.q, func(r *sql.Rows) error {
			a := actEvent{LogEntry: yinzheng.LogEntry{Kind: yinzheng.LogEvent}}
			var content []byte
			err := r.Scan(&subject, &seq, (*anyMoment)(&a.At), &content)
			a.Subject, a.Part, a.digest = subject, seq, fmt.Sprintf("%x", sha256.Sum256(content))
			acts = append(acts, a)
			return err
		}, t.all, subject, seq, batch)
		for i := 0; i < len(acts) && err == nil; i++ {
			n := 0
			err = v.q.QueryRowContext(ctx, t.seen, acts[i].Subject, acts[i].digest).Scan(&n)
			logged := n > 0
			if err == nil && !logged { // an erasure tells what acts it left
				logged, err = v.erasedInTime(ctx, acts[i].Subject, t.rule)
			}
			v.extra(acts[i].LogEntry, logged)
		}
		return len(acts), err
	})
}
