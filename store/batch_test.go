package store

import (
	"strings"
	"testing"
)

// TestBatchesAppendOnly: what was brought in stays as it is, has one outcome, and
// goes only while nothing was made of it.
func TestBatchesAppendOnly(t *testing.T) {
	run := statements(t)
	const batch = "INTO batches VALUES (1, 'B1', 1, 'checked', 'residence', 1, 'o', 'u', 0, 0, '', 2, '{}', NULL, NULL, 0, 0)"
	for _, text := range []string{
		"INSERT " + batch,
		"INSERT INTO batch_rows VALUES (1, 2, '{}', NULL, NULL, NULL, NULL, NULL)",
		"DELETE FROM batch_rows",
		"INSERT INTO batch_rows VALUES (1, 2, '{}', NULL, NULL, NULL, NULL, NULL), (1, 3, '{}', NULL, NULL, NULL, NULL, NULL)",
		"UPDATE batch_rows SET outcome = 'made', application = 'A1' WHERE line = 2",
		"UPDATE batches SET version = 2, state = 'working', account = 'v'",
	} {
		if err := run(text); err != nil {
			t.Fatal(err)
		}
	}
	for text, want := range map[string]string{
		"UPDATE batches SET state = 'done'":                                                  "one step at a time",
		"UPDATE batches SET version = 4":                                                     "one step at a time",
		"UPDATE batches SET version = 3, item = 'x'":                                         "what was brought in stays",
		"DELETE FROM batches":                                                                "not removed",
		"INSERT OR REPLACE " + batch:                                                         "not removed",
		"DELETE FROM batch_rows":                                                             "stays",
		"UPDATE batch_rows SET content = '[]' WHERE line = 3":                                "stays",
		"UPDATE batch_rows SET alike = '[]' WHERE line = 3":                                  "stays",
		"UPDATE batch_rows SET outcome = 'left', application = NULL":                         "one outcome",
		"UPDATE batch_rows SET outcome = 'made' WHERE line = 3":                              "CHECK",
		"UPDATE batch_rows SET outcome = 'made', application = 'A1' WHERE line = 3":          "UNIQUE",
		"INSERT OR REPLACE INTO batch_rows VALUES (1, 2, 'x', NULL, NULL, NULL, NULL, NULL)": "stays",
	} {
		if err := run(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
