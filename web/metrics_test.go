package web_test

import (
	"strings"
	"testing"
)

// TestAlarmsAreCounted: each time that somebody shows a good signature without its record,
// be the record told of it or not.
func TestAlarmsAreCounted(t *testing.T) {
	w := newWorld(t)
	code, _, _ := w.issued("one")
	record, err := w.store.Certificate(t.Context(), code)
	must(t, err)
	claims := record.Claims()
	claims.Code = "000000000000"
	token, err := w.Sealer.SignToken(record.TokenKID, &claims)
	must(t, err)
	for range 2 {
		if r := w.want(w.do("POST", "/api/v1/verify", `{"token":"`+token+`"}`), 200); r.text(t, "verdict") != "unconfirmed" {
			t.Errorf("%s", r.body)
		}
	}
	if metrics := string(w.do("GET", "/metrics", nil).body); !strings.Contains(metrics, `yinzheng_alarms_total{alarm="no-record"} 2`) {
		t.Errorf("not counted: %s", metrics)
	}
}
