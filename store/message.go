package store

import (
	"context"
	"database/sql"
	"time"

	"yinzheng"
)

var (
	insertMessage = query(`INSERT INTO messages (id, channel, kind, language, masked, about, at, expires_at, recipient, subject, body, stop, state, version, tries, due_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'waiting', 1, 0, $7)`)
	// What waits for days is found by when it is due: after an outage there may be a
	// hundred thousand of it, and this is asked each second.
	dueSoon    = query(dueMessage + "expires_at <= $3 ORDER BY expires_at LIMIT $4")
	dueLong    = query(dueMessage + "expires_at > $3 ORDER BY due_at LIMIT $4")
	messagesIn = query(`SELECT id, channel, kind, language, masked, about, at, expires_at, state, version, tries, due_at, lease_until, done_at, reason FROM messages
		WHERE state = $1 ORDER BY key DESC LIMIT $2`)
	tryMessage = query(`UPDATE messages SET version = version + 1, tries = $1, due_at = $2, lease_until = $3, reason = $4
		WHERE id = $5 AND version = $6 AND state = 'waiting'`)
	endMessage = query(`UPDATE messages SET version = version + 1, tries = $1, state = $2, done_at = $3, reason = $4, lease_until = NULL, recipient = NULL, subject = NULL, body = NULL, stop = NULL
		WHERE id = $5 AND version = $6 AND state = 'waiting'`)
	hurryMessages = query(`UPDATE messages SET version = version + 1, due_at = $1
		WHERE state = 'waiting' AND channel = $2 AND (lease_until IS NULL OR lease_until <= $1) AND due_at > $1`)
	countWaiting = query("SELECT count(*), min(at) FROM messages WHERE state = 'waiting' AND channel = $1")
	countEnded   = query("SELECT count(*) FROM messages WHERE state = $1 AND channel = $2 AND done_at >= $3")

	requestsOf     = query("SELECT at FROM message_requests WHERE mark = $1 AND at > $2 AND at <= $3 ORDER BY at")
	noteRequest    = query("INSERT INTO message_requests (mark, at) VALUES ($1, $2)")
	forgetRequests = query("DELETE FROM message_requests WHERE at <= $1")

	forgetRecipients = query("UPDATE messages SET masked = '' WHERE key IN (SELECT key FROM messages WHERE masked <> '' AND state <> 'waiting' AND done_at < $1 LIMIT $2)")
	countRecipients  = query("SELECT count(*) FROM messages WHERE masked <> '' AND state <> 'waiting' AND done_at < $1")
)

// dueMessage begins what lists messages on channel $1 that are due at $2.
const dueMessage = `SELECT id, channel, kind, language, masked, about, at, expires_at, state, version, tries, due_at, lease_until, done_at, reason, recipient, subject, body, stop FROM messages
	WHERE state = 'waiting' AND channel = $1 AND due_at <= $2 AND (lease_until IS NULL OR lease_until <= $2) AND `

// soon is within which time what expires goes before everything else.
const soon = time.Hour

// Enqueue implements yinzheng.Outbox.
func (s *Store) Enqueue(ctx context.Context, messages ...yinzheng.Message) error {
	return s.write(ctx, "keep messages", func(ctx context.Context, q querier) error {
		for i := range messages {
			m := &messages[i]
			masked := yinzheng.Contact{Channel: m.Channel, Address: m.To}.Masked()
			if _, err := change(ctx, q, insertMessage, m.ID, string(m.Channel), m.Kind, m.Language, masked, optional(m.About), micros(m.At), micros(m.Expires), m.To, m.Subject, m.Body, optional(m.Stop)); err != nil {
				return err
			}
		}
		return nil
	})
}

// DueMessages implements yinzheng.Outbox.
func (s *Store) DueMessages(ctx context.Context, channel yinzheng.MessageChannel, now time.Time, limit int) ([]*yinzheng.Delivery, error) {
	var due []*yinzheng.Delivery
	for _, which := range []string{dueSoon, dueLong} {
		list, err := s.deliveries(ctx, func(r *sql.Rows) (*yinzheng.Delivery, error) {
			d := new(yinzheng.Delivery)
			return d, r.Scan(append(deliveryColumns(d), &d.To, &d.Subject, &d.Body, (*text)(&d.Stop))...)
		}, which, string(channel), micros(now), micros(now.Add(soon)), limit-len(due))
		if err != nil {
			return nil, err
		}
		due = append(due, list...)
	}
	return due, nil
}

// Deliveries implements yinzheng.Outbox.
func (s *Store) Deliveries(ctx context.Context, state yinzheng.DeliveryState, limit int) ([]*yinzheng.Delivery, error) {
	return s.deliveries(ctx, func(r *sql.Rows) (*yinzheng.Delivery, error) {
		d := new(yinzheng.Delivery)
		return d, r.Scan(deliveryColumns(d)...)
	}, messagesIn, string(state), limit)
}

// deliveryColumns are what everybody reads of a message.
func deliveryColumns(d *yinzheng.Delivery) []any {
	return []any{&d.ID, &d.Channel, &d.Kind, &d.Language, &d.Masked, (*text)(&d.About), (*moment)(&d.At), (*moment)(&d.Expires), &d.State, (*whole)(&d.Version), (*whole)(&d.Tries), (*moment)(&d.Due), (*moment)(&d.Lease), (*moment)(&d.Done), (*text)(&d.Reason)}
}

func (s *Store) deliveries(ctx context.Context, scan func(*sql.Rows) (*yinzheng.Delivery, error), text string, args ...any) ([]*yinzheng.Delivery, error) {
	var list []*yinzheng.Delivery
	err := s.read(ctx, "list messages", func(ctx context.Context, q querier) error {
		list = nil
		return each(ctx, q, func(r *sql.Rows) error {
			d, err := scan(r)
			list = append(list, d)
			return err
		}, text, args...)
	})
	return list, err
}

// PutDelivery implements yinzheng.Outbox.
func (s *Store) PutDelivery(ctx context.Context, d *yinzheng.Delivery) error {
	return s.write(ctx, "note how far a message has come", func(ctx context.Context, q querier) (err error) {
		var n int64
		if d.State == yinzheng.MessageWaiting {
			n, err = change(ctx, q, tryMessage, d.Tries, micros(d.Due), micros(d.Lease), optional(d.Reason), d.ID, d.Version-1)
		} else {
			n, err = change(ctx, q, endMessage, d.Tries, string(d.State), micros(d.Done), optional(d.Reason), d.ID, d.Version-1)
		}
		if err == nil && n == 0 {
			err = conflict("这条消息已由别处处理", "Somebody else has seen to this message")
		}
		return err
	})
}

// CountDeliveries implements yinzheng.Outbox.
func (s *Store) CountDeliveries(ctx context.Context, since time.Time) ([]yinzheng.DeliveryCount, error) {
	var counts []yinzheng.DeliveryCount
	err := s.snapshot(ctx, "count messages", func(ctx context.Context, q querier) error {
		counts = nil
		for _, channel := range yinzheng.MessageChannels {
			c := yinzheng.DeliveryCount{Channel: channel}
			err := q.QueryRowContext(ctx, countWaiting, string(channel)).Scan((*whole)(&c.Waiting), (*moment)(&c.Oldest))
			for state, n := range map[yinzheng.DeliveryState]*int{yinzheng.MessageSent: &c.Sent, yinzheng.MessageGivenUp: &c.GivenUp} {
				if err == nil {
					err = q.QueryRowContext(ctx, countEnded, string(state), string(channel), micros(since)).Scan((*whole)(n))
				}
			}
			if err != nil {
				return err
			}
			counts = append(counts, c)
		}
		return nil
	})
	return counts, err
}

// HurryMessages implements yinzheng.Outbox.
func (s *Store) HurryMessages(ctx context.Context, now time.Time) (hurried int, err error) {
	err = s.write(ctx, "hurry messages", func(ctx context.Context, q querier) error {
		hurried = 0
		for _, channel := range yinzheng.MessageChannels {
			n, err := change(ctx, q, hurryMessages, micros(now), string(channel))
			if err != nil {
				return err
			}
			hurried += int(n)
		}
		return nil
	})
	return hurried, err
}

// AddRequest implements yinzheng.Outbox.
func (s *Store) AddRequest(ctx context.Context, mark string, at, since time.Time) ([]time.Time, error) {
	var before []time.Time
	err := s.write(ctx, "note that somebody had something sent", func(ctx context.Context, q querier) error {
		before = nil
		if err := each(ctx, q, func(r *sql.Rows) error {
			var t moment
			err := r.Scan(&t)
			before = append(before, time.Time(t))
			return err
		}, requestsOf, mark, micros(since), micros(at)); err != nil {
			return err
		}
		_, err := change(ctx, q, noteRequest, mark, micros(at))
		return err
	})
	return before, err
}

// ForgetRequests implements yinzheng.Outbox.
func (s *Store) ForgetRequests(ctx context.Context, before time.Time) error {
	return s.write(ctx, "forget what somebody had sent", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, forgetRequests, micros(before))
		return err
	})
}

// ForgetRecipients implements yinzheng.Retentions.
func (s *Store) ForgetRecipients(ctx context.Context, before time.Time, limit int) (n int, err error) {
	err = s.write(ctx, "forget whom messages went to", func(ctx context.Context, q querier) error {
		forgotten, err := change(ctx, q, forgetRecipients, micros(before), limit)
		n = int(forgotten)
		return err
	})
	return n, err
}

// CountRecipients implements yinzheng.Retentions.
func (s *Store) CountRecipients(ctx context.Context, before time.Time) (int, error) {
	return s.count(ctx, "count whom messages went to", countRecipients, micros(before))
}
