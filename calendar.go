package yinzheng

import (
	"context"
	"fmt"
	"time"
)

// Calendar knows the working days: Monday to Friday but for its entries, which
// are public holidays and the days made up for them (调休). The zero value has
// no entries.
type Calendar struct {
	days map[string]bool
}

// CalendarDay is one entry: a day that is not what its weekday says.
type CalendarDay struct {
	Date    string `json:"date"` // 2026-10-10
	Working bool   `json:"working"`
	Name    string `json:"name,omitempty"`
}

// NewCalendar makes a calendar of entries.
func NewCalendar(days []CalendarDay) *Calendar {
	c := &Calendar{make(map[string]bool, len(days))}
	for _, d := range days {
		c.days[d.Date] = d.Working
	}
	return c
}

// Working tells whether a moment falls on a working day.
func (c *Calendar) Working(at time.Time) bool {
	at = at.In(Zone)
	if c != nil {
		if working, ok := c.days[at.Format(time.DateOnly)]; ok {
			return working
		}
	}
	return at.Weekday() != time.Saturday && at.Weekday() != time.Sunday
}

// Due is the end of the n-th working day after the day of a moment.
func (c *Calendar) Due(from time.Time, n int) time.Time {
	day := from.In(Zone)
	for tries := 0; n > 0 && tries < 3660; tries++ { // a calendar without working days ends here
		if day = day.AddDate(0, 0, 1); c.Working(day) {
			n--
		}
	}
	return time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, Zone).UTC()
}

// Calendars keeps the calendar and finds what is near its limit or past it.
type Calendars interface {
	// Calendar lists the entries, by date.
	Calendar(ctx context.Context) ([]CalendarDay, error)
	// PutCalendar adds or replaces entries by date.
	PutCalendar(ctx context.Context, days []CalendarDay) error
	// Overdue lists cases, longest overdue first, whose Next is past.
	Overdue(ctx context.Context, now time.Time, limit int) ([]string, error)
}

// CalendarDays lists the calendar's entries, by date.
func (s *Service) CalendarDays(ctx context.Context) ([]CalendarDay, error) {
	return s.Store.Calendar(ctx)
}

// PutCalendar adds or replaces entries and returns them all. Limits that run
// already stay as they were promised.
func (s *Service) PutCalendar(ctx context.Context, by *Account, days []CalendarDay) ([]CalendarDay, error) {
	if err := s.mayRun(by); err != nil {
		return nil, err
	}
	if faults := checkDays(days); len(faults) > 0 {
		return nil, invalidFields(faults)
	}
	err := s.Store.Tx(ctx, func(ctx context.Context) error {
		if err := s.Store.PutCalendar(ctx, days); err != nil {
			return err
		}
		return s.Store.Record(ctx, Event{At: s.now(), Kind: "calendar-changed", By: by.ID, Detail: fmt.Sprintf("%d days", len(days))})
	})
	if err != nil {
		return nil, err
	}
	all, err := s.Store.Calendar(ctx)
	if err == nil {
		s.calendar.Store(NewCalendar(all))
	}
	return all, err
}

func checkDays(days []CalendarDay) []FieldError {
	var faults []FieldError
	for i, d := range days {
		at, err := time.ParseInLocation(time.DateOnly, d.Date, Zone)
		p := fmt.Sprintf("days[%d]", i)
		switch code, zh, en := uncleanText(d.Name); {
		case err != nil:
			faults = append(faults, FieldError{p + ".date", "date", Text{"应如 2026-10-01", "Expected the form 2026-10-01"}})
		case code != "":
			faults = append(faults, FieldError{p + ".name", code, Text{zh, en}})
		case d.Working == (&Calendar{}).Working(at):
			faults = append(faults, FieldError{p + ".working", "same", Text{"该日本来就是如此，无需登记", "That day is so already; leave it out"}})
		}
	}
	return faults
}
