package store

import (
	"strings"
	"testing"
)

// TestVerificationsAppendOnly: who verified what stays as it was written.
func TestVerificationsAppendOnly(t *testing.T) {
	run := statements(t)
	if err := run("INSERT INTO verifications VALUES (1, 'C', 0, 'scan', '', 1)"); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"DELETE FROM verifications", "UPDATE verifications SET count = 2", "INSERT OR REPLACE INTO verifications VALUES (1, 'D', 0, 'scan', '', 1)",
	} {
		if err := run(text); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
