package store

import (
	"strings"
	"testing"
)

// TestSharesStay: of a share only its end comes sooner, and its openings stay.
func TestSharesStay(t *testing.T) {
	run := statements(t)
	for _, text := range []string{
		"INSERT INTO shares VALUES (1, x'01', 'C', '', 0, 0, 1000, NULL)", "INSERT INTO share_openings VALUES (1, 1, 5, 'page')",
		"UPDATE shares SET expires_at = 900",
	} {
		if err := run(text); err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range [][2]string{
		{"UPDATE shares SET expires_at = 901", "comes sooner"},
		{"UPDATE shares SET code = 'D'", "comes sooner"},
		{"UPDATE shares SET once = 1", "comes sooner"},
		{"DELETE FROM shares", "not removed"},
		{"INSERT OR REPLACE INTO shares VALUES (1, x'02', 'D', '', 0, 0, 1000, NULL)", "not removed"},
		{"INSERT OR REPLACE INTO shares VALUES (2, x'01', 'D', '', 0, 0, 1000, NULL)", "not removed"},
		{"UPDATE share_openings SET at = 1", "append-only"},
		{"DELETE FROM share_openings", "append-only"},
		{"INSERT OR REPLACE INTO share_openings VALUES (1, 1, 1, 'file')", "append-only"},
	} {
		if err := run(x[0]); err == nil || !strings.Contains(err.Error(), x[1]) {
			t.Errorf("%s: %v", x[0], err)
		}
	}
	if err := run("UPDATE shares SET withdrawn_at = 7"); err != nil {
		t.Fatal(err)
	}
	if err := run("UPDATE shares SET withdrawn_at = NULL"); err == nil || !strings.Contains(err.Error(), "comes sooner") {
		t.Errorf("a share that was withdrawn holds again: %v", err)
	}
}
