package web

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"yinzheng"
)

// auditView is the head of the record and what happened on a day.
type auditView struct {
	Head   yinzheng.LogEntry
	Day    string
	Events []yinzheng.EventView
	Next   string // address of the next page
	Faults []yinzheng.FieldError
}

func (s *server) auditPage(v *visit) error {
	head, err := s.Service.LogHead(v.Context(), v.by)
	if err != nil {
		return err
	}
	q := v.URL.Query()
	view := &auditView{Head: head, Day: q.Get("day")}
	at, err := dayIn(q, "day")
	if view.Faults = faultsOf(err); view.Faults != nil {
		return s.drawAudit(v, http.StatusUnprocessableEntity, view)
	}
	if at.IsZero() {
		at = s.Service.Now()
	}
	view.Day = at.In(yinzheng.Zone).Format(time.DateOnly)
	before, err := strconv.ParseInt(q.Get("before"), 10, 64)
	if err != nil {
		before = 0
	}
	if view.Events, err = s.Service.EventsOn(v.Context(), v.by, at, before, pageLines); err != nil {
		return err
	}
	if n := len(view.Events); n == pageLines {
		view.Next = "/work/admin/audit?" + url.Values{"day": {view.Day}, "before": {strconv.FormatInt(view.Events[n-1].Entry, 10)}}.Encode()
	}
	return s.drawAudit(v, http.StatusOK, view)
}

func (s *server) drawAudit(v *visit, status int, view *auditView) error {
	return s.draw(v, status, "admin-audit", yinzheng.Text{ZH: "审计", EN: "Audit"}, view)
}
