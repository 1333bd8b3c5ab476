package yinzheng

import (
	"strconv"
	"testing"
	"time"
)

// TestAlarmsAreBounded: whoever makes tokens at will, of as many codes as they like, has
// the record told so often an hour and no more.
func TestAlarmsAreBounded(t *testing.T) {
	var a alarms
	told := func(now time.Time) (n int) {
		for i := range 2 * mostAlarms {
			if a.tell(alarmed{"no-record", strconv.Itoa(i)}, now) {
				n++
			}
		}
		return n
	}
	for i, x := range []struct {
		after time.Duration
		want  int
	}{
		{0, mostAlarms},
		{alarmPause - time.Second, 0},
		{alarmPause, mostAlarms},
		{alarmPause - time.Millisecond, 0}, // verified before, and told after
		{0, mostAlarms},                    // the clock was set back
	} {
		if n := told(testNow.Add(x.after)); n != x.want {
			t.Errorf("step %d: %d are told, want %d", i, n, x.want)
		}
	}
	what := alarmed{"no-record", "0"}
	if a.forget(what); !a.tell(what, testNow) {
		t.Error("what could not be kept is not told again")
	}
}
