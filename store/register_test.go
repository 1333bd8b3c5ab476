package store

import (
	"strings"
	"testing"
)

// TestPersonsAppendOnly: what is on record about persons is not removed, an import not rewritten.
func TestPersonsAppendOnly(t *testing.T) {
	run := statements(t)
	for _, text := range []string{
		"INSERT INTO persons (key, id, version, content) VALUES (1, 'p1', 1, '[]')",
		"INSERT INTO person_keys (kind, value, person) VALUES ('name', 'x', 1)",
		"INSERT INTO person_imports VALUES (1, 'm1', 0, 'u', 'o', 'd', 'r', '2026-01-02', '', 1, 1, 0, 0)",
	} {
		if err := run(text); err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range []string{
		"DELETE FROM persons", "UPDATE person_keys SET value = 'y'", "DELETE FROM person_keys",
		"UPDATE person_imports SET register = 'x'", "DELETE FROM person_imports",
		"INSERT OR REPLACE INTO person_imports VALUES (1, 'm1', 0, 'u', 'o', 'd', 'other', '2026-01-02', '', 1, 1, 0, 0)",
	} {
		if err := run(text); err == nil || !strings.Contains(err.Error(), "not removed") && !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
