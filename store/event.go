package store

import (
	"context"
	"database/sql"

	"yinzheng"
)

var (
	insertEvent = query("INSERT INTO events (at, kind, subject, account, detail) VALUES ($1, $2, $3, $4, $5) RETURNING key")
	eventRecord = recordOf(insertEvent, "key")
	// Found by the log: its index tells which events are about a subject.
	eventsAbout = query(`SELECT l.seq, e.at, e.kind, e.subject, e.account, e.detail FROM log l JOIN events e ON e.key = l.part
		WHERE l.subject = $1 AND l.kind = 'event' ORDER BY l.part`)
)

// Record implements yinzheng.Events.
func (s *Store) Record(ctx context.Context, e yinzheng.Event) error {
	return s.write(ctx, "record an event", func(ctx context.Context, q querier) error {
		args := []any{micros(e.At), e.Kind, e.Subject, e.By, e.Detail}
		var key int64
		if err := q.QueryRowContext(ctx, insertEvent, args...).Scan(&key); err != nil {
			return err
		}
		content, err := eventRecord.content(args)
		if err != nil {
			return err
		}
		return s.chain.append(ctx, q, yinzheng.LogEntry{At: e.At, Kind: yinzheng.LogEvent, Subject: e.Subject, Part: key}, content)
	})
}

// EventsAbout implements yinzheng.Records.
func (s *Store) EventsAbout(ctx context.Context, subject string) ([]yinzheng.LoggedEvent, error) {
	var events []yinzheng.LoggedEvent
	err := s.read(ctx, "read events", func(ctx context.Context, q querier) error {
		events = nil
		return each(ctx, q, func(r *sql.Rows) error {
			var e yinzheng.LoggedEvent
			err := r.Scan(&e.Entry, (*moment)(&e.At), &e.Kind, &e.Subject, &e.By, &e.Detail)
			events = append(events, e)
			return err
		}, eventsAbout, subject)
	})
	return events, err
}
