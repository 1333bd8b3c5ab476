package store

import (
	"context"
	"database/sql"
	"time"

	"yinzheng"
)

var (
	selectCalendar = query("SELECT date, working, name FROM calendar ORDER BY date")
	putCalendarDay = query("INSERT INTO calendar (date, working, name) VALUES ($1, $2, $3) ON CONFLICT (date) DO UPDATE SET working = excluded.working, name = excluded.name")
	selectOverdue  = query("SELECT id FROM applications WHERE due_at IS NOT NULL AND due_at <= $1 ORDER BY due_at LIMIT $2")
)

// Calendar implements yinzheng.Calendars.
func (s *Store) Calendar(ctx context.Context) ([]yinzheng.CalendarDay, error) {
	var days []yinzheng.CalendarDay
	err := s.read(ctx, "read the calendar", func(ctx context.Context, q querier) error {
		days = nil
		return each(ctx, q, func(r *sql.Rows) error {
			var d yinzheng.CalendarDay
			err := r.Scan(&d.Date, &d.Working, &d.Name)
			days = append(days, d)
			return err
		}, selectCalendar)
	})
	return days, err
}

// PutCalendar implements yinzheng.Calendars.
func (s *Store) PutCalendar(ctx context.Context, days []yinzheng.CalendarDay) error {
	return s.write(ctx, "write the calendar", func(ctx context.Context, q querier) error {
		for _, d := range days {
			if _, err := change(ctx, q, putCalendarDay, d.Date, d.Working, d.Name); err != nil {
				return err
			}
		}
		return nil
	})
}

// Overdue implements yinzheng.Calendars.
func (s *Store) Overdue(ctx context.Context, now time.Time, limit int) ([]string, error) {
	return s.ids(ctx, "list the cases past their limit", selectOverdue, now.UnixMicro(), limit)
}
