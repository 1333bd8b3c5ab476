package store

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"strings"
	"time"

	"yinzheng"
)

const (
	eventsOfRequest = "FROM log l JOIN events e ON e.key = l.part WHERE l.subject = r.id AND l.kind = 'event' AND e.kind IN "
	movesOfRequest  = "('request-sent', 'request-returned', 'request-refused', 'request-withdrawn', 'request-lapsed', 'request-asked', 'request-answered'"
)

// The row of a request and what the log says of it are read by one statement: a server
// may go on writing both.
var (
	requestsAfter = query(`SELECT r.key, r.id, r.state, r.changed_at, r.office, r.resident, r.application, r.content,
		(SELECT e.kind ` + eventsOfRequest + movesOfRequest + `, 'request-taken') ORDER BY l.part DESC LIMIT 1),
		(SELECT e.detail ` + eventsOfRequest + movesOfRequest + `) ORDER BY l.part DESC LIMIT 1),
		(SELECT e.detail ` + eventsOfRequest + `('request-taken') ORDER BY l.part DESC LIMIT 1),
		(SELECT e.at ` + eventsOfRequest + movesOfRequest + `, 'request-taken') ORDER BY l.part DESC LIMIT 1),
		(SELECT max(e.at) ` + eventsOfRequest + `('request-erased'))
		FROM resident_requests r WHERE r.key > $1 ORDER BY r.key LIMIT $2`)
	requestGone = query("SELECT subject, at FROM events WHERE kind >= 'request-' AND kind < 'request.' AND NOT EXISTS (SELECT 1 FROM resident_requests WHERE id = subject) LIMIT 1")
)

// requestAudit is a request with what the log says of it.
type requestAudit struct {
	yinzheng.ResidentRequest
	at time.Time

	moved, said, taken string    // kind of the last event; details of the last one that has a digest, and of its becoming a case
	since, erased      time.Time // when the last event was, and when it was erased
}

// requests compares how the requests of residents stand with the events that brought
// them there, and what was asked with the digest that was logged with it.
func (v *verifier) requests(ctx context.Context) error {
	key := int64(math.MinInt64)
	err := v.rows(func() (int, error) {
		n := 0
		err := each(ctx, v.q, func(r *sql.Rows) error {
			n++
			var x requestAudit
			err := r.Scan(&key, &x.ID, &x.State, (*anyMoment)(&x.at), (*text)(&x.Office), (*text)(&x.Resident), (*text)(&x.Case), &x.Content, (*text)(&x.moved), (*text)(&x.said), (*text)(&x.taken), (*anyMoment)(&x.since), (*anyMoment)(&x.erased))
			if x.Content == nil {
				v.gone++
			}
			if kind := x.fault(v.now); err == nil && kind != "" && v.fault == nil {
				v.fault = &LogFault{kind, yinzheng.LogEntry{Kind: yinzheng.LogEvent, Subject: x.ID, At: x.at}}
			}
			return err
		}, requestsAfter, key, batch)
		return n, err
	})
	if err != nil || v.fault != nil {
		return err
	}
	gone := yinzheng.LogEntry{Kind: yinzheng.LogEvent}
	err = v.q.QueryRowContext(ctx, requestGone).Scan(&gone.Subject, (*anyMoment)(&gone.At))
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	v.fault = &LogFault{ContentMissing, gone}
	return err
}

// fault is what is wrong with a request; "": nothing. What its resident still fills in
// nothing vouches for.
func (x *requestAudit) fault(now time.Time) FaultKind {
	state := yinzheng.RequestDraft.Event()
	if x.moved != "" {
		state = x.moved
	}
	switch {
	case state != x.State.Event(), x.Case != x.taken:
		return ContentChanged
	case x.Content == nil && (x.erased.Before(x.expires()) || x.erased.After(now)):
		return ContentMissing
	case x.Content == nil, x.State == yinzheng.RequestDraft, x.State == yinzheng.RequestReturned, x.State == yinzheng.RequestAsked:
		return ""
	case !strings.HasSuffix(x.said, x.Digest()):
		return ContentChanged
	}
	return ""
}

// expires is when the content of a request may be erased at the earliest.
func (x *requestAudit) expires() time.Time {
	rule := yinzheng.RetainRequests
	if x.Case != "" {
		rule = yinzheng.RetainContacts
	}
	return x.since.AddDate(0, 0, yinzheng.RetentionRuleOf(rule).Days)
}
