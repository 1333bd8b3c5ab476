package yinzheng

import (
	"context"
	"maps"
	"sync"
	"time"
)

// Nothing is ever taken out of the record, and whoever has a token without its record may
// show it without end. So the record is told of an alarm about a code once in a while, and
// of so many in that time.
const (
	alarmPause = time.Hour
	mostAlarms = 1000
)

// alarms are those that the record was told of lately.
type alarms struct {
	mu   sync.Mutex
	told map[alarmed]time.Time
}

type alarmed struct{ alarm, code string }

// tell notes an alarm, and tells whether the record is to be told of it now.
func (a *alarms) tell(what alarmed, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	maps.DeleteFunc(a.told, func(_ alarmed, at time.Time) bool {
		return now.Sub(at).Abs() >= alarmPause // of many at once some come a little late; a clock that was set back by more silences nothing
	})
	if _, told := a.told[what]; told || len(a.told) >= mostAlarms {
		return false
	}
	if a.told == nil {
		a.told = map[alarmed]time.Time{}
	}
	a.told[what] = now
	return true
}

// forget has the record told the next time.
func (a *alarms) forget(what alarmed) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.told, what)
}

// alarm puts on record that an answer raises one; the asker gets the answer all
// the same.
func (s *Service) alarm(ctx context.Context, a *Answer, code string) {
	what := alarmed{a.Alarm, code}
	if a.Alarm == "" || !s.alarms.tell(what, a.CheckedAt) {
		return
	}
	s.Log.Warn("a good signature without its record", "alarm", a.Alarm, "code", code)
	if err := s.Store.Record(ctx, Event{At: a.CheckedAt, Kind: "verification-alarm", Subject: code, By: SystemActor, Detail: a.Alarm}); err != nil {
		s.alarms.forget(what)
		s.Log.Error("recording an alarm", "alarm", a.Alarm, "code", code, "reason", reason(err))
	}
}
