// Package inturn marks tests that do one thing after another: the race detector finds
// nothing in them, and makes them many times slower. A journey through pages is one, too,
// where its browser fetches no more at once than in those that stay.
package inturn

import "testing"

// Only leaves a test to the run without the race detector.
func Only(t testing.TB) {
	t.Helper()
	if race {
		t.Skip("does one thing after another: make test runs it, where the race detector does not slow it down")
	}
}
