package store

import (
	"context"

	"yinzheng"
)

var insertEvent = query("INSERT INTO events (at, kind, subject, account, detail) VALUES ($1, $2, $3, $4, $5)")

// Record implements yinzheng.Events.
func (s *Store) Record(ctx context.Context, e yinzheng.Event) error {
	return s.write(ctx, "record an event", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, insertEvent, micros(e.At), e.Kind, e.Subject, e.By, e.Detail)
		return err
	})
}
