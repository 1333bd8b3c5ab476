package store

import (
	"strings"
	"testing"
)

// TestCampaignsAppendOnly: a roster is fixed, acts are not rewritten, and what
// they come to changes by one act at a time.
func TestCampaignsAppendOnly(t *testing.T) {
	run := statements(t)
	for _, text := range []string{
		"INSERT INTO campaigns VALUES (1, 'C1', 'survival', 'o', 'd', 1, 1, '{}', 0)",
		"INSERT INTO campaign_entries VALUES (1, 1, 'd', '111:a', 'open', NULL, NULL, 0, 0, '{}')",
		"INSERT INTO campaign_acts VALUES (1, 0, 1, 0, 'u', 'start', '{}')",
		"UPDATE campaign_entries SET version = 1, outcome = 'present'",
	} {
		if err := run(text); err != nil {
			t.Fatal(err)
		}
	}
	for text, want := range map[string]string{
		"UPDATE campaigns SET running = 0":                                              "one act at a time",
		"UPDATE campaigns SET version = 3":                                              "one act at a time",
		"DELETE FROM campaigns":                                                         "not removed",
		"UPDATE campaign_entries SET outcome = 'dead'":                                  "one act at a time",
		"UPDATE campaign_entries SET version = 2, mark = '111:b'":                       "one act at a time",
		"DELETE FROM campaign_entries":                                                  "roster is fixed",
		"UPDATE campaign_acts SET account = 'x'":                                        "append-only",
		"DELETE FROM campaign_acts":                                                     "append-only",
		"INSERT INTO campaign_acts VALUES (1, 0, 3, 0, 'u', 'end', '{}')":               "append-only",
		"INSERT OR REPLACE INTO campaign_acts VALUES (1, 0, 1, 0, 'x', 'e', '{}')":      "append-only",
		"INSERT OR REPLACE INTO campaigns VALUES (1, 'C1', 's', 'o', 'd', 1, 9, '', 0)": "not removed",
	} {
		if err := run(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
