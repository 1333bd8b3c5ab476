package web

import (
	"net/http"
	"slices"
	"strings"

	"yinzheng"
)

// calendarView is the calendar by years, the newest first, and the form that
// adds to it.
type calendarView struct {
	Years  []calendarYear
	Faults []yinzheng.FieldError
	Text   string
}

type calendarYear struct {
	Year string
	Days []yinzheng.CalendarDay
}

func (s *server) calendarPage(v *visit) error {
	return s.drawCalendar(v, http.StatusOK, &calendarView{})
}

func (s *server) drawCalendar(v *visit, status int, view *calendarView) error {
	if _, err := s.Service.Directory().Runs(v.by, s.Service.Now()); err != nil {
		return err
	}
	days, err := s.Service.CalendarDays(v.Context())
	if err != nil {
		return err
	}
	for _, d := range days {
		if n := len(view.Years); n == 0 || view.Years[n-1].Year != d.Date[:4] {
			view.Years = append(view.Years, calendarYear{Year: d.Date[:4]})
		}
		last := &view.Years[len(view.Years)-1]
		last.Days = append(last.Days, d)
	}
	slices.Reverse(view.Years)
	return s.draw(v, status, "admin-calendar", yinzheng.Text{ZH: "工作日历", EN: "Calendar"}, view)
}

// calendarForm adds days, or replaces them.
func (s *server) calendarForm(v *visit) error {
	text := v.PostForm.Get("days")
	days, faults := readDays(text)
	if faults == nil {
		_, err := s.Service.PutCalendar(v.Context(), v.by, days)
		if faults = faultsOf(err); faults == nil && err != nil {
			return err
		}
	}
	if faults != nil {
		for i := range faults { // the domain counts from 0, people count lines from 1
			faults[i].Field = "days"
		}
		return s.drawCalendar(v, http.StatusUnprocessableEntity, &calendarView{Faults: faults, Text: text})
	}
	return v.see("/work/admin/calendar", "saved")
}

// dayKinds are the words for a day off and for a working day.
var dayKinds = map[string]bool{"休": false, "off": false, "班": true, "work": true}

// readDays reads one day a line: date, 休 or 班, what it is called; with spaces,
// tabs or commas between, as notices and workbooks have them.
func readDays(text string) (days []yinzheng.CalendarDay, faults []yinzheng.FieldError) {
	for line := range strings.Lines(text) {
		parts := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\r\n,，　", r) })
		if len(parts) == 0 {
			continue
		}
		working, known := false, false
		if len(parts) > 1 {
			working, known = dayKinds[strings.ToLower(parts[1])]
		}
		if !known {
			at := strings.TrimSpace(line)
			faults = append(faults, yinzheng.FieldError{Field: "days", Code: "line", Text: yinzheng.Text{
				ZH: "“" + at + "”应如 2027-01-01 休 元旦，或 2027-01-02 班", EN: "“" + at + "” is not of the form 2027-01-01 off New Year, or 2027-01-02 work",
			}})
			continue
		}
		days = append(days, yinzheng.CalendarDay{Date: parts[0], Working: working, Name: strings.Join(parts[2:], " ")})
	}
	if days == nil && faults == nil {
		faults = []yinzheng.FieldError{{Field: "days", Code: "required", Text: yinzheng.Text{ZH: "请一行写一天", EN: "Please give one day a line"}}}
	}
	return days, faults
}
