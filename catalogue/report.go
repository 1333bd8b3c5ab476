package catalogue

import (
	"slices"
	"strings"
	"time"

	"yinzheng"
)

// Report is how the catalogue changed in a period. Every figure comes with the
// items that it counts.
type Report struct {
	From      string `json:"from"` // first day, 2026-01-01
	To        string `json:"to"`   // last day
	Kept      Figure `json:"kept"` // at the end of the period
	Ended     Figure `json:"ended"`
	Cancelled []Line `json:"cancelled"` // in the period, by ground, the largest first
	Replaced  []Line `json:"replaced"`  // in the period, by way, the largest first
	Trips     Saving `json:"trips"`     // a year
	Sheets    Saving `json:"sheets"`
	Fields    Saving `json:"fields"`
}

// Figure is a number with what it counts.
type Figure struct {
	Count int      `json:"count"`
	Items []string `json:"items"` // codes
}

// Line is a figure of a table.
type Line struct {
	Code string        `json:"code"` // a key of Grounds or Ways
	Name yinzheng.Text `json:"name"`
	Figure
}

// Saving is what is spared a year by the items that ended: proofs a year, times
// what one costs. Items without those figures are not guessed at.
type Saving struct {
	Sum     int      `json:"sum"`
	Items   []string `json:"items"`   // that it is the sum over
	Unknown []string `json:"unknown"` // of which it cannot be said
}

func (f *Figure) add(code string) { f.Count, f.Items = f.Count+1, append(f.Items, code) }

// Report counts what was published for a period from one day to another, both
// included: what is kept at its end, and what ended in it and has not come back
// by then. Errors: ErrInvalid for what is no day.
func (c *Catalogue) Report(from, to string) (*Report, error) {
	begin, err := day("from", from)
	if err != nil {
		return nil, err
	}
	last, err := day("to", to)
	if err != nil {
		return nil, err
	}
	if last.Before(begin) {
		return nil, invalid("to", "order", "结束日期早于开始日期", "The last day is before the first")
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.book.report(begin, last.AddDate(0, 0, 1)), nil
}

func day(field, text string) (time.Time, error) {
	t, err := time.ParseInLocation(time.DateOnly, text, yinzheng.Zone)
	if err != nil {
		return time.Time{}, invalid(field, "date", "应如 2026-01-01", "Expected the form 2026-01-01")
	}
	return t, nil
}

// report counts from one moment to before another.
func (b *book) report(from, to time.Time) *Report {
	none := Figure{Items: []string{}}
	r := &Report{
		From: from.Format(time.DateOnly), To: to.AddDate(0, 0, -1).Format(time.DateOnly), Kept: none, Ended: none,
		Trips: newSaving(), Sheets: newSaving(), Fields: newSaving(),
	}
	cancelled, replaced := map[string]*Figure{}, map[string]*Figure{}
	for _, v := range b.all(to.Add(-time.Microsecond)) {
		before := b.at(v.Code, from.Add(-time.Microsecond))
		switch {
		case v.State == Kept:
			r.Kept.add(v.Code)
			continue
		case before != nil && before.State != Kept:
			continue
		case v.State == Cancelled:
			figure(cancelled, v.Ground).add(v.Code)
		default:
			figure(replaced, v.Way).add(v.Code)
		}
		r.Ended.add(v.Code)
		r.Trips.add(&v.Item, v.Load.Trips)
		r.Sheets.add(&v.Item, v.Load.Sheets)
		r.Fields.add(&v.Item, v.Load.Fields)
	}
	r.Cancelled, r.Replaced = lines(cancelled, Grounds), lines(replaced, Ways)
	return r
}

func newSaving() Saving { return Saving{Items: []string{}, Unknown: []string{}} }

func (s *Saving) add(i *Item, each *int) {
	if i.Load.PerYear == nil || each == nil {
		s.Unknown = append(s.Unknown, i.Code)
		return
	}
	s.Sum, s.Items = s.Sum+*i.Load.PerYear**each, append(s.Items, i.Code)
}

func figure(of map[string]*Figure, code string) *Figure {
	if of[code] == nil {
		of[code] = &Figure{}
	}
	return of[code]
}

// lines are the figures as a table, the largest first.
func lines(figures map[string]*Figure, names map[string]yinzheng.Text) []Line {
	out := []Line{}
	for code, f := range figures {
		out = append(out, Line{code, names[code], *f})
	}
	slices.SortFunc(out, func(a, b Line) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.Code, b.Code)
	})
	return out
}
