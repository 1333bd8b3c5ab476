package receipt_test

import (
	"strings"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/receipt"
)

var now = time.Date(2026, 11, 27, 4, 0, 0, 0, time.UTC)

// TestLook checks that green is kept for what the record says now.
func TestLook(t *testing.T) {
	for _, c := range []struct {
		name       string
		answer     yinzheng.Answer
		tone, icon string
	}{
		{"checked against the record", yinzheng.Answer{Verdict: yinzheng.Valid}, "good", "tick"},
		{"by number alone", yinzheng.Answer{Verdict: yinzheng.Valid, RecordOnly: true}, "look", "compare"},
		{"offline", yinzheng.Answer{Verdict: yinzheng.Valid, Offline: true}, "warn", "tick"},
		{"a reply, offline", yinzheng.Answer{Verdict: yinzheng.Valid, Offline: true, Reply: &yinzheng.Reply{}}, "warn", "tick"},
		{"revoked offline", yinzheng.Answer{Verdict: yinzheng.Revoked, Offline: true}, "bad", "barred"},
		{"no current list", yinzheng.Answer{Verdict: yinzheng.Unconfirmed, Offline: true}, "warn", "question"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if r := receipt.New(&c.answer, receipt.Token, "zh"); r.Tone != c.tone || r.Icon != c.icon {
				t.Errorf("drawn as %s %s, want %s %s", r.Tone, r.Icon, c.tone, c.icon)
			}
		})
	}
}

// TestStatusWords checks that offline nothing is said of the record.
func TestStatusWords(t *testing.T) {
	facts := &yinzheng.Facts{Code: "0123456789AB"}
	words := func(a *yinzheng.Answer) yinzheng.Text { return receipt.New(a, receipt.Token, "zh").Checks[2].Words }
	for _, result := range []yinzheng.CheckResult{yinzheng.Pass, yinzheng.NotChecked} {
		online := &yinzheng.Answer{Certificate: facts, Checks: yinzheng.Checks{Status: result}}
		offline := *online
		offline.Offline = true
		if words(online) == words(&offline) || words(&offline).EN == "" {
			t.Errorf("%s: offline it says %q, online %q", result, words(&offline), words(online))
		}
	}
	for _, offline := range []bool{false, true} {
		late := &yinzheng.Answer{Offline: offline, Certificate: facts, Checks: yinzheng.Checks{Status: yinzheng.NotChecked}, Findings: []yinzheng.Finding{{Code: "clock"}, {Code: "stale-keys"}}}
		if w := words(late); !strings.Contains(w.EN, "clock") {
			t.Errorf("offline %v, with a wrong clock it says %q", offline, w)
		}
	}
}

// TestTimes checks that the status has a time of its own only where it differs.
func TestTimes(t *testing.T) {
	before := now.Add(-time.Hour)
	if r := receipt.New(&yinzheng.Answer{CheckedAt: now, StatusAsOf: &now}, receipt.Token, "zh"); r.At != "2026年11月27日 12:00:00" || r.AsOf != "" {
		t.Errorf("checked %s, status as of %q", r.At, r.AsOf)
	}
	if r := receipt.New(&yinzheng.Answer{CheckedAt: now, StatusAsOf: &before}, receipt.Token, "en"); r.AsOf != "27 November 2026, 11:00:00 (UTC+8)" {
		t.Errorf("status as of %q", r.AsOf)
	}
}

// TestIntegrityWords checks that a certificate that another's key signed is not
// said to have a bad signature when it is the record that it contradicts.
func TestIntegrityWords(t *testing.T) {
	words := func(findings ...yinzheng.Finding) string {
		a := &yinzheng.Answer{Verdict: yinzheng.Forged, Checks: yinzheng.Checks{Integrity: yinzheng.Fail, Issuer: yinzheng.Fail}, Findings: findings}
		return receipt.New(a, receipt.Token, "en").Checks[0].Words.EN
	}
	if w := words(yinzheng.Finding{Code: "token-signature"}); !strings.Contains(w, "key") {
		t.Errorf("a bad signature: %q", w)
	}
	if w := words(yinzheng.Finding{Code: "not-entitled"}, yinzheng.Finding{Code: "record-differs"}); !strings.Contains(w, "record") {
		t.Errorf("another record: %q", w)
	}
}
