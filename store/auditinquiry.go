package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"yinzheng"
)

var (
	// Of an act the event's detail is the digest; others of these kinds have none.
	inquiryEventsAfter = query(`SELECT key, at, subject, kind, account, detail FROM events WHERE key > $1 AND kind >= 'inquiry-' AND kind < 'inquiry.'
		AND length(detail) = 64 ORDER BY key LIMIT $2`)
	inquiryActsAfter = query("SELECT subject, seq, at, content FROM inquiry_acts WHERE (subject, seq) > ($1, $2) ORDER BY subject, seq LIMIT $3")
	inquiryLogged    = query(`SELECT count(*) FROM log l JOIN events e ON e.key = l.part WHERE l.subject = $1 AND l.kind = 'event' AND e.detail = $2`)
)

// inquiries compares the acts on inquiries with the events that were written with
// them: each event has its act, and each act its event.
func (v *verifier) inquiries(ctx context.Context) error {
	if err := v.inquiryEvents(ctx); err != nil || v.fault != nil {
		return err
	}
	return v.inquiryActs(ctx)
}

func (v *verifier) inquiryEvents(ctx context.Context) error {
	type event struct {
		yinzheng.LogEntry
		kind, account, detail string
	}
	key := int64(math.MinInt64)
	return v.rows(func() (int, error) {
		var events []event
		err := each(ctx, v.q, func(r *sql.Rows) error {
			e := event{LogEntry: yinzheng.LogEntry{Kind: yinzheng.LogEvent}}
			err := r.Scan(&key, (*anyMoment)(&e.At), &e.Subject, &e.kind, &e.account, &e.detail)
			e.Part = key
			events = append(events, e)
			return err
		}, inquiryEventsAfter, key, batch)
		for i := 0; i < len(events) && err == nil && v.fault == nil; i++ {
			e := &events[i]
			var acts []yinzheng.InquiryAct
			acts, err = readInquiryActs(ctx, v.q, e.Subject, 0)
			if errors.As(err, new(*scanError)) || err == nil && !hasAct(acts, e.kind, e.account, e.detail, e.LogEntry) {
				v.fault, err = &LogFault{ContentChanged, e.LogEntry}, nil
			}
		}
		return len(events), err
	})
}

// hasAct tells whether the act that an event stands for is as it was.
func hasAct(acts []yinzheng.InquiryAct, kind, account, digest string, e yinzheng.LogEntry) bool {
	for _, a := range acts {
		if "inquiry-"+a.Kind == kind && a.By == account && a.At.Equal(e.At) && fmt.Sprintf("%x", sha256.Sum256(a.Content)) == digest {
			return true
		}
	}
	return false
}

// inquiryActs looks for acts that were never logged.
func (v *verifier) inquiryActs(ctx context.Context) error {
	type act struct {
		yinzheng.LogEntry
		digest string
	}
	subject, seq := "", int64(math.MinInt64)
	return v.rows(func() (int, error) {
		var acts []act
		err := each(ctx, v.q, func(r *sql.Rows) error {
			a := act{LogEntry: yinzheng.LogEntry{Kind: yinzheng.LogEvent}}
			var content []byte
			err := r.Scan(&subject, &seq, (*anyMoment)(&a.At), &content)
			a.Subject, a.Part, a.digest = subject, seq, fmt.Sprintf("%x", sha256.Sum256(content))
			acts = append(acts, a)
			return err
		}, inquiryActsAfter, subject, seq, batch)
		for i := 0; i < len(acts) && err == nil; i++ {
			n := 0
			err = v.q.QueryRowContext(ctx, inquiryLogged, acts[i].Subject, acts[i].digest).Scan(&n)
			v.extra(acts[i].LogEntry, n > 0)
		}
		return len(acts), err
	})
}
