package store

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/store/storetest"
)

// spentRecord is a record in which what stands under each rule of its own was erased so
// late after it was due, closed.
func spentRecord(t *testing.T, path string, late time.Duration) {
	t.Helper()
	s := openFile(t, path)
	for rule, id := range storetest.Spend(t, s) {
		at := storetest.Start.AddDate(0, 0, yinzheng.RetentionRuleOf(rule).Days).Add(late)
		check(t, s.EraseSpent(t.Context(), rule, id, at, at))
	}
	check(t, s.Close())
}

// TestSpentRecord: what was erased in time is counted, and is no fault; whatever else is
// missing still is, and so is an erasure that was not due.
func TestSpentRecord(t *testing.T) {
	const unerased = "DELETE FROM log WHERE part IN (SELECT key FROM events WHERE kind = 'content-erased')"
	later := storetest.Start.AddDate(11, 0, 0)
	for _, tt := range []struct {
		name   string
		late   time.Duration
		now    time.Time
		forged string
		want   FaultKind
	}{
		{name: "in time", late: time.Second, now: later},
		{name: "too early", late: -time.Second, now: later, want: ContentMissing},
		{name: "in the future", late: time.Second, now: storetest.Start.AddDate(0, 2, 0), want: ContentMissing},
		{name: "an outcome of an import", late: time.Second, now: later, forged: "UPDATE batch_rows SET outcome = 'left' WHERE line = 4", want: ContentChanged},
		{name: "a row of an import", late: time.Second, now: later, forged: "DELETE FROM batch_rows WHERE line = 4", want: ContentChanged},
		{name: "a level", late: time.Second, now: later, forged: "UPDATE rating_acts SET content = json_set(content, '$.level', 5) WHERE seq = 1", want: ContentChanged},
		{name: "who rated", late: time.Second, now: later, forged: "UPDATE rating_acts SET account = 'u9' WHERE seq = 1", want: ContentChanged},
		{name: "a step of a follow-up", late: time.Second, now: later, forged: "DELETE FROM rating_acts WHERE seq = 2", want: ContentChanged},
		{name: "one more step", late: time.Second, now: later, forged: "INSERT INTO rating_acts VALUES ('A1', 4, 0, 'u1', 'call', '{}')", want: ContentChanged},
		{name: "an act on a roster", late: time.Second, now: later, forged: "UPDATE campaign_acts SET content = json_set(content, '$.kind', 'present') WHERE entry = 2", want: ContentChanged},
		{name: "an act on the campaign", late: time.Second, now: later, forged: "UPDATE campaign_acts SET content = '{}' WHERE entry = 0 AND seq = 2", want: ContentChanged},
		{name: "no act on a roster", late: time.Second, now: later, forged: "DELETE FROM campaign_acts WHERE entry = 2", want: ContentChanged},
		{name: "the campaign", late: time.Second, now: later, forged: "DELETE FROM campaigns", want: ContentChanged},
		{name: "the share", late: time.Second, now: later, forged: "DELETE FROM shares", want: ContentMissing},
		{name: "an inquiry", late: time.Second, now: later, forged: "UPDATE inquiry_acts SET content = json_set(content, '$.kind', 'sign') WHERE subject = 'Q1'", want: ContentChanged},
		{name: "an answer in a list", late: time.Second, now: later, forged: "UPDATE inquiry_rows SET answer = 'yes'", want: ContentChanged},
		{name: "an act on a list", late: time.Second, now: later, forged: "UPDATE inquiry_acts SET content = '{}' WHERE subject = 'L1'", want: ContentChanged},
		{name: "one more act on a list", late: time.Second, now: later, forged: "INSERT INTO inquiry_acts VALUES ('L1', 9, 0, 'u1', 'sign', '{}')", want: ContentExtra},
		{name: "words put back", late: time.Second, now: later, forged: "UPDATE rating_acts SET content = json_set(content, '$.text', '收钱') WHERE seq = 1", want: ContentChanged},
		{name: "a name put back", late: time.Second, now: later, forged: "UPDATE campaign_entries SET content = json_set(content, '$.name', '李雷') WHERE number = 2", want: ContentChanged},
		{name: "an answer put back", late: time.Second, now: later, forged: "UPDATE inquiry_acts SET content = json_set(content, '$.found', 'yes') WHERE subject = 'Q1'", want: ContentChanged},
		{name: "a person in a list", late: time.Second, now: later, forged: "UPDATE inquiry_rows SET source = '电子证明 A'", want: ContentChanged},
		{name: "who took copies", late: time.Second, now: later, forged: "UPDATE copies SET purpose = '上学'", want: ContentChanged},
		{name: "no JSON", late: time.Second, now: later, forged: "UPDATE rating_acts SET content = 'x' WHERE seq = 1", want: ContentChanged},
		{name: "how many copies", late: time.Second, now: later, forged: "UPDATE copies SET copies = 9", want: ContentChanged},
		{name: "the roll in force", late: time.Second, now: later, forged: "DELETE FROM inquiry_rolls WHERE id = 'R2'", want: ContentMissing},
		{name: "whose right it was", late: time.Second, now: later, forged: "UPDATE commitment_rights SET document = '111:a' WHERE key = 2", want: ContentChanged},
		{name: "that a right had ended", late: time.Second, now: later, forged: "DELETE FROM commitment_rights WHERE key = 1", want: ContentChanged},
		{name: "the erasures gone", late: time.Second, now: later, forged: unerased, want: ContentExtra},
	} {
		path := t.TempDir() + "/yinzheng.db"
		spentRecord(t, path, tt.late)
		if tt.forged != "" {
			forge(t, path, tt.forged)
		}
		found := verifyAt(t, path, tt.now)
		switch {
		case tt.want == "" && (found.Fault != nil || found.Erased != int64(len(terms))):
			t.Errorf("%s: %+v, %d erased", tt.name, found.Fault, found.Erased)
		case tt.want != "" && (found.Fault == nil || found.Fault.Kind != tt.want):
			t.Errorf("%s: %+v", tt.name, found.Fault)
		}
	}
}

// TestRobbed: what goes without an erasure on record is missed, as far as anything vouches
// for it, and an erasure explains no other rule's things.
func TestRobbed(t *testing.T) {
	for text, want := range map[string]FaultKind{
		"": "",
		"UPDATE batch_rows SET content = '{}' WHERE line = 4":                     ContentMissing,
		"UPDATE batches SET erased = 1":                                           ContentMissing,
		"UPDATE rating_acts SET content = json_remove(content, '$.text')":         ContentChanged,
		"UPDATE ratings SET erased = 1":                                           ContentMissing,
		"UPDATE campaign_entries SET mark = 'erased:' || number WHERE number = 2": ContentMissing,
		"UPDATE campaign_acts SET content = '{}' WHERE entry = 2":                 ContentChanged,
		"UPDATE inquiry_acts SET content = '{}'":                                  ContentChanged,
		"UPDATE inquiries SET erased = 1":                                         ContentMissing,
		"UPDATE inquiry_rows SET content = '{}'":                                  ContentMissing,
		"DELETE FROM inquiry_roll_entries WHERE roll = 'R1'":                      ContentMissing,
		"UPDATE copies SET collector = ''":                                        ContentMissing,
		"UPDATE commitment_rights SET document = 'right-2'":                       ContentMissing,
	} {
		path := t.TempDir() + "/yinzheng.db"
		s := openFile(t, path)
		storetest.Spend(t, s)
		check(t, s.Close())
		if got := forged(t, path, text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	for _, fake := range [][2]string{{"A1", ""}, {"A1", "certificates"}, {"A1", "drafts"}, {"A1", "ratings x"}, {"A1", "imports"}, {"A1", "shares"}, {"ABCDEF1", "shares"}} {
		path := t.TempDir() + "/yinzheng.db"
		s := openFile(t, path)
		storetest.Spend(t, s)
		check(t, s.Record(t.Context(), yinzheng.Event{At: storetest.Start.AddDate(9, 0, 0), Kind: yinzheng.EventContentErased, Subject: fake[0], By: yinzheng.SystemActor, Detail: fake[1]}))
		check(t, s.Close())
		if found := verifyAt(t, path, storetest.Start.AddDate(11, 0, 0)); found.Fault == nil || found.Fault.Entry.Subject != fake[0] {
			t.Errorf("%q: %+v", fake, found.Fault)
		}
	}
}

// TestSpending: the database lets what a rule takes go once that is on record, and nothing
// else.
func TestSpending(t *testing.T) {
	path := t.TempDir() + "/yinzheng.db"
	s := openFile(t, path)
	ids := storetest.Spend(t, s)
	run := func(text string) error {
		_, err := s.writer.conn.ExecContext(t.Context(), text)
		return err
	}
	goes := []string{
		"UPDATE batch_rows SET content = '{}', alike = NULL, why_zh = NULL, why_en = NULL WHERE line = 3",
		"UPDATE batches SET erased = 1, version = version + 1",
		"UPDATE rating_acts SET content = " + wordless,
		"UPDATE ratings SET erased = 1",
		"UPDATE shares SET note = ''",
		"UPDATE campaign_entries SET mark = 'erased:' || number, content = " + nameless,
		"UPDATE campaign_acts SET content = " + namelessAct + " WHERE entry > 0",
		"UPDATE campaigns SET erased = 1",
		"UPDATE inquiry_acts SET content = " + unasked,
		"UPDATE inquiry_replies SET token = '', salt = x'' WHERE id = 'Q1'",
		"UPDATE inquiry_rows SET content = '{}', source = NULL",
		"UPDATE inquiry_rolls SET erased = 1 WHERE id = 'R1'",
		"DELETE FROM inquiry_roll_entries WHERE roll = 'R1'",
		"UPDATE copies SET collector = '', collector_type = '', collector_number = '', collector_reason = '', purpose = ''",
		"UPDATE commitment_rights SET document = 'right-2' WHERE document = '111:王丽'",
	}
	stays := []string{
		"UPDATE commitment_rights SET document = 'right-1'",
		"UPDATE commitment_rights SET document = 'right-2', account = 'x'",
		"DELETE FROM commitment_rights",
		"UPDATE batch_rows SET content = '{}', why_zh = 'x' WHERE line = 3",
		"UPDATE batch_rows SET content = '{}', alike = NULL, why_zh = NULL, why_en = NULL, application = 'A2' WHERE line = 3",
		"UPDATE batch_rows SET content = '[]', alike = NULL, why_zh = NULL, why_en = NULL WHERE line = 3",
		"DELETE FROM batch_rows",
		"UPDATE rating_acts SET content = '{}'",
		"UPDATE rating_acts SET account = 'x', content = " + wordless,
		"UPDATE ratings SET erased = 1, level = 5",
		"DELETE FROM rating_acts",
		"UPDATE shares SET note = 'x'",
		"UPDATE shares SET note = '', code = 'x'",
		"UPDATE campaign_entries SET mark = 'erased:9', content = " + nameless,
		"UPDATE campaign_entries SET outcome = 'present', mark = 'erased:' || number, content = " + nameless,
		"DELETE FROM campaign_entries",
		"UPDATE campaign_acts SET content = '{}'",
		"UPDATE campaign_acts SET content = json_remove(content, '$.kind') WHERE entry = 0",
		"UPDATE campaigns SET erased = 1, running = 1",
		"UPDATE campaigns SET erased = 1, content = '{}'",
		"UPDATE inquiry_acts SET content = '{}'",
		"DELETE FROM inquiry_acts",
		"UPDATE inquiry_rows SET content = '{}', source = 'x'",
		"UPDATE inquiry_rows SET content = '{}', source = NULL, answer = 'yes'",
		"UPDATE inquiry_rolls SET erased = 1, title = ''",
		"DELETE FROM inquiry_roll_entries",
		"DELETE FROM inquiry_rolls",
		"UPDATE copies SET collector = 'x'",
		"UPDATE copies SET collector = '', collector_type = '', collector_number = '', collector_reason = '', purpose = '', copies = 9",
	}
	for _, text := range append(goes, stays...) {
		if err := run(text); err == nil {
			t.Errorf("not on record: %s", text)
		}
	}
	later := storetest.Start.AddDate(11, 0, 0)
	for rule, id := range ids {
		check(t, s.EraseSpent(t.Context(), rule, id, later, later))
	}
	for _, text := range goes {
		if err := run(text); err != nil && !strings.HasPrefix(text, "UPDATE batches") && !strings.HasPrefix(text, "UPDATE inquiry_acts") {
			t.Errorf("erased again: %s: %v", text, err)
		}
	}
	for _, text := range stays {
		if err := run(text); err == nil {
			t.Errorf("more than the rule takes: %s", text)
		}
	}
}

// TestTermsMigration: a batch of an earlier program is as old as what was done to it last.
func TestTermsMigration(t *testing.T) {
	path := t.TempDir() + "/yinzheng.db"
	s := openFile(t, path)
	storetest.Spend(t, s)
	check(t, s.Record(t.Context(), yinzheng.Event{At: storetest.Start.AddDate(0, 0, 9), Kind: "batch-end", Subject: "B1", By: "u1"}))
	check(t, s.Record(t.Context(), yinzheng.Event{At: storetest.Start.AddDate(0, 0, 20), Kind: "batch-delivered", Subject: "B1", By: "u1"}))
	check(t, s.Close())
	var texts []string
	for _, trigger := range []string{"batches_in_order", "batch_rows_once", "ratings_in_order", "rating_acts_not_changed", "shares_only_end", "campaigns_in_order", "campaign_entries_in_order", "campaign_acts_not_changed", "inquiry_acts_not_changed", "inquiry_replies_not_changed", "inquiry_rows_not_answered_again", "inquiry_rolls_not_changed", "inquiry_roll_entries_not_removed", "copies_not_changed", "messages_in_order"} {

		table := regexp.MustCompile("_(in_order|once|not_|only_).*$").ReplaceAllString(trigger, "")
		texts = append(texts, "DROP TRIGGER "+trigger, "CREATE TRIGGER "+trigger+" BEFORE DELETE ON "+table+" BEGIN SELECT 1; END")
	}
	for _, index := range []string{"batches_kept", "ratings_kept", "shares_noted", "campaigns_kept", "inquiries_kept", "inquiry_lists_kept", "inquiry_rolls_kept", "copies_named", "messages_named"} {
		texts = append(texts, "DROP INDEX "+index)
	}
	texts = append(texts, "DROP INDEX batches_state", "CREATE INDEX batches_state ON batches (state, key)", "ALTER TABLE batches DROP COLUMN changed_at")
	for _, table := range []string{"batches", "ratings", "campaigns", "inquiries", "inquiry_lists", "inquiry_rolls"} {
		texts = append(texts, "ALTER TABLE "+table+" DROP COLUMN erased")
	}
	db := openPool(path, nil, 1)
	for _, text := range append(texts, migrationText(t, "terms")) {
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	check(t, db.Close())
	b, err := openFile(t, path).Batch(t.Context(), "B1")
	if check(t, err); !b.Changed.Equal(storetest.Start.AddDate(0, 0, 9)) || b.Erased {
		t.Errorf("%+v", b)
	}
}
