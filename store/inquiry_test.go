package store

import (
	"strings"
	"testing"
)

// TestInquiriesAppendOnly: acts, replies and rolls stay as they are, and a row of
// a list is answered once.
func TestInquiriesAppendOnly(t *testing.T) {
	run := statements(t)
	for _, text := range []string{
		"INSERT INTO inquiry_acts VALUES ('Q', 1, 0, 'u', 'ask', '{}')",
		"INSERT INTO inquiry_replies VALUES ('Q', 0, 'a.b.c', x'00')",
		"INSERT INTO inquiry_rolls VALUES (1, 'R', 'k', 0, 'u', 'o', 't', '2026-01-02', '', 1, 0)",
		"INSERT INTO inquiry_roll_entries VALUES ('R', '111:1', 'x')",
		"INSERT INTO inquiry_rows (list, row, content) VALUES ('L', 1, '{}')",
		"UPDATE inquiry_rows SET inquiry = 'Q'",
		"UPDATE inquiry_rows SET answer = 'yes'",
	} {
		if err := run(text); err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range []string{
		"DELETE FROM inquiry_acts", "UPDATE inquiry_acts SET account = 'v'", "INSERT OR REPLACE INTO inquiry_acts VALUES ('Q', 1, 0, 'v', 'ask', '{}')",
		"DELETE FROM inquiry_replies", "UPDATE inquiry_replies SET token = 'x'", "INSERT OR REPLACE INTO inquiry_replies VALUES ('Q', 0, 'x', x'00')",
		"DELETE FROM inquiry_rolls", "UPDATE inquiry_rolls SET title = 'x'", "INSERT OR REPLACE INTO inquiry_rolls VALUES (1, 'S', 'k', 0, 'u', 'o', 't', '2026-01-02', '', 1, 0)",
		"DELETE FROM inquiry_roll_entries", "UPDATE inquiry_roll_entries SET name = 'y'", "INSERT OR REPLACE INTO inquiry_roll_entries VALUES ('R', '111:1', 'y')",
		"DELETE FROM inquiry_rows", "UPDATE inquiry_rows SET answer = 'no'", "INSERT OR REPLACE INTO inquiry_rows (list, row, content) VALUES ('L', 1, '{}')",
	} {
		if err := run(text); err == nil || !strings.Contains(err.Error(), "append-only") && !strings.Contains(err.Error(), "what was asked stays") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
