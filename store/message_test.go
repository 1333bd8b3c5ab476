package store

import (
	"strings"
	"testing"
)

// TestMessagesKeepNothing: a message says the same until it is done, is done once, and
// then holds nothing of whom and what.
func TestMessagesKeepNothing(t *testing.T) {
	run := statements(t)
	const insert = "INSERT INTO messages (key, id, channel, kind, language, masked, at, expires_at, recipient, subject, body, state, version, tries, due_at, done_at) VALUES "
	for _, text := range []string{
		insert + "(1, 'M1', 'sms', 'code', 'zh', '138****0000', 0, 9, '13800000000', '', 'x', 'waiting', 1, 0, 0, NULL)",
		insert + "(2, 'M2', 'sms', 'code', 'zh', '139****0000', 0, 9, '13900000000', '', 'y', 'waiting', 1, 0, 0, NULL)",
		"UPDATE messages SET version = 2, state = 'sent', done_at = 1, recipient = NULL, subject = NULL, body = NULL WHERE key = 2",
	} {
		if err := run(text); err != nil {
			t.Fatal(err)
		}
	}
	for text, want := range map[string]string{
		"UPDATE messages SET due_at = 1 WHERE key = 1":                                                                                                  "one version at a time",
		"UPDATE messages SET version = 2, recipient = '13700000000' WHERE key = 1":                                                                      "says the same",
		"UPDATE messages SET version = 2, body = 'z' WHERE key = 1":                                                                                     "says the same",
		"UPDATE messages SET version = 2, stop = 'z' WHERE key = 1":                                                                                     "says the same",
		"UPDATE messages SET version = 2, masked = 'z' WHERE key = 1":                                                                                   "says the same",
		"UPDATE messages SET version = 2, state = 'sent', done_at = 1 WHERE key = 1":                                                                    "CHECK",
		"UPDATE messages SET version = 2, state = 'given-up', done_at = 1, recipient = NULL, subject = NULL WHERE key = 1":                              "CHECK",
		"UPDATE messages SET version = 2, recipient = NULL WHERE key = 1":                                                                               "CHECK",
		"UPDATE messages SET version = 3, reason = 'x' WHERE key = 2":                                                                                   "while it waits",
		"DELETE FROM messages WHERE key = 2":                                                                                                            "not removed",
		strings.Replace(insert, "INSERT", "INSERT OR REPLACE", 1) + "(2, 'M3', 'sms', 'code', 'zh', 'x', 0, 9, 'r', '', 'b', 'waiting', 1, 0, 0, NULL)": "not removed",
		insert + "(3, 'M3', 'sms', 'code', 'zh', 'x', 0, 9, 'r', '', 'b', 'sent', 1, 0, 0, 1)":                                                          "CHECK",
	} {
		if err := run(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
