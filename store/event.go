package store

import (
	"context"
	"database/sql"
	"errors"
	"sort"
	"strings"
	"time"

	"yinzheng"
)

var (
	insertEvent = query("INSERT INTO events (at, kind, subject, account, detail) VALUES ($1, $2, $3, $4, $5) RETURNING key")
	eventRecord = recordOf(insertEvent, "key")
	// Found by the log: its index tells which events are about a subject.
	eventsAbout = query(`SELECT l.seq, e.at, e.kind, e.subject, e.account, e.detail FROM log l JOIN events e ON e.key = l.part
		WHERE l.subject = $1 AND l.kind = 'event' ORDER BY l.part`)
	looksAbout = query(`SELECT l.seq, e.at, e.kind, e.subject, e.account, e.detail FROM log l JOIN events e ON e.key = l.part
		WHERE l.subject = $1 AND l.kind = 'event' AND e.kind IN ('` + strings.Join(yinzheng.LookKinds(), "', '") + `') AND (e.account NOT IN ('resident', 'system')) = $2 ORDER BY l.part DESC LIMIT $3`)
	eventsAmong = query(`SELECT l.seq, e.at, e.kind, e.subject, e.account, e.detail FROM log l JOIN events e ON e.key = l.part
		WHERE l.seq >= $1 AND l.seq < $2 AND l.kind = 'event' ORDER BY l.seq DESC LIMIT $3`)
	entryTime = query("SELECT at FROM log WHERE seq = $1")
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
	err := s.read(ctx, "read events", func(ctx context.Context, q querier) (err error) {
		events, err = loggedEvents(ctx, q, eventsAbout, subject)
		return err
	})
	return events, err
}

// LooksAbout implements yinzheng.Records.
func (s *Store) LooksAbout(ctx context.Context, subject string, accounts bool, limit int) ([]yinzheng.LoggedEvent, error) {
	var events []yinzheng.LoggedEvent
	err := s.read(ctx, "read who looked", func(ctx context.Context, q querier) (err error) {
		events, err = loggedEvents(ctx, q, looksAbout, subject, accounts, limit)
		return err
	})
	return events, err
}

func loggedEvents(ctx context.Context, q querier, text string, args ...any) (events []yinzheng.LoggedEvent, err error) {
	return events, each(ctx, q, func(r *sql.Rows) error {
		var e yinzheng.LoggedEvent
		err := r.Scan(&e.Entry, (*moment)(&e.At), &e.Kind, &e.Subject, &e.By, &e.Detail)
		events = append(events, e)
		return err
	}, text, args...)
}

// EventsBetween implements yinzheng.Records. Entries stand in the order of time
// and without gaps, so that a moment is found by halving.
func (s *Store) EventsBetween(ctx context.Context, from, to time.Time, before int64, limit int) ([]yinzheng.LoggedEvent, error) {
	var events []yinzheng.LoggedEvent
	err := s.snapshot(ctx, "read the events of a period", func(ctx context.Context, q querier) error {
		head, err := logHead(ctx, q)
		if err != nil {
			return err
		}
		first, err := entryFrom(ctx, q, head.Seq, from)
		if err != nil {
			return err
		}
		end, err := entryFrom(ctx, q, head.Seq, to)
		if err != nil {
			return err
		}
		if before > 0 {
			end = min(end, before)
		}
		events, err = loggedEvents(ctx, q, eventsAmong, first, end, limit)
		return err
	})
	return events, err
}

// entryFrom is the number of the first of n entries that is not before a moment.
func entryFrom(ctx context.Context, q querier, n int64, from time.Time) (int64, error) {
	var failed error
	i := sort.Search(int(n), func(i int) bool {
		var at moment
		if err := q.QueryRowContext(ctx, entryTime, i+1).Scan(&at); err != nil {
			failed = errors.Join(failed, err)
		}
		return !time.Time(at).Before(from)
	})
	return int64(i) + 1, failed
}
