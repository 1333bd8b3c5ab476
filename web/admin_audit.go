package web

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
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
	Noted  string    // the head that was to be compared
	Checks bool      // the record can be checked from here
	Check  *logState // how far a check is, or what the last one found; nil: none yet
}

// Refreshes is after how many seconds the page is read anew without scripts; 0: never.
func (a *auditView) Refreshes() int {
	if a.Check != nil && a.Check.Running {
		return 5
	}
	return 0
}

// LogCheck is what a check of the whole record found.
type LogCheck struct {
	Head    yinzheng.LogEntry // the last entry, or what is known of the one that does not fit
	Erased  int64             // entries whose content was erased in time
	Skipped int               // cases that were not compared: their template's version is not here
	Fault   *yinzheng.Text    // the first thing that is wrong; nil: the record is whole
}

// logState is how far a check of the record is.
type logState struct {
	*LogCheck // once it has ended, unless it failed
	Running   bool
	Percent   int64
	Begun     time.Time
	Noted     bool // it compared a head that was noted
	Failed    bool // it could not be ended
}

// logChecking is the check that runs, or ran last since the program began: one at
// a time, since it reads everything.
type logChecking struct {
	mu    sync.Mutex
	state *logState
}

// now is a copy of the state, or nil.
func (c *logChecking) now() *logState {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == nil {
		return nil
	}
	s := *c.state
	return &s
}

func (c *logChecking) change(how func(*logState)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	how(c.state)
}

// begin begins a check; false: one is running.
func (c *logChecking) begin(noted bool, at time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != nil && c.state.Running {
		return false
	}
	c.state = &logState{Running: true, Begun: at, Noted: noted}
	return true
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

// headShape is a head as the page shows it and audit head prints it.
var headShape = regexp.MustCompile(`^([0-9a-f]{64})?$`)

// auditForm begins a check of the record, which goes on by itself.
func (s *server) auditForm(v *visit) error {
	head, err := s.Service.LogHead(v.Context(), v.by)
	if err != nil {
		return err
	}
	if s.CheckLog == nil {
		return &yinzheng.Error{Kind: yinzheng.ErrNotFound, Text: yinzheng.Text{ZH: "请在服务器上运行 yinzheng audit verify", EN: "Please run yinzheng audit verify on the server"}}
	}
	noted := strings.ToLower(strings.TrimSpace(v.PostForm.Get("head")))
	if !headShape.MatchString(noted) {
		return s.drawAudit(v, http.StatusUnprocessableEntity, &auditView{Head: head, Noted: noted, Day: s.Service.Now().In(yinzheng.Zone).Format(time.DateOnly), Faults: []yinzheng.FieldError{{Field: "head", Code: "head", Text: yinzheng.Text{
			ZH: "校验值是 64 位十六进制数字，请照抄录的填写", EN: "A digest has 64 hexadecimal digits; please copy it as it was noted",
		}}}})
	}
	if s.checking.begin(noted != "", s.Service.Now()) {
		go s.checkLog(context.WithoutCancel(v.Context()), v.by, head.Seq, noted)
	}
	return v.see("/work/admin/audit", "")
}

// checkLog checks the record and keeps what it found. That it was checked goes on
// record, upon which the pages that show it look again.
func (s *server) checkLog(ctx context.Context, by *yinzheng.Account, last int64, noted string) {
	found, how := s.wholeLog(ctx, noted), "failed"
	switch {
	case found == nil:
	case found.Fault != nil:
		how = "not-whole"
	default:
		how = "whole"
	}
	s.checking.change(func(x *logState) { x.LogCheck, x.Running, x.Failed = found, false, found == nil })
	if err := s.Service.NoteLogCheck(ctx, by, last, how); err != nil {
		s.Log.Error("a check of the record is not on record", "error", err)
	}
}

// wholeLog is what a check of the whole record found; nil: it could not be ended.
func (s *server) wholeLog(ctx context.Context, noted string) (found *LogCheck) {
	defer func() { // what is checked may be what somebody forged
		if p := recover(); p != nil {
			s.Log.Error("checking the record panicked", "panic", yinzheng.PanicText(p))
		}
	}()
	found, err := s.CheckLog(ctx, noted, func(done, all int64) {
		s.checking.change(func(x *logState) { x.Percent = min(100, 100*done/max(all, 1)) })
	})
	if err != nil {
		s.Log.Error("the record could not be checked", "error", err)
		return nil
	}
	return found
}

func (s *server) drawAudit(v *visit, status int, view *auditView) error {
	view.Checks, view.Check = s.CheckLog != nil, s.checking.now()
	return s.draw(v, status, "admin-audit", yinzheng.Text{ZH: "审计", EN: "Audit"}, view)
}
