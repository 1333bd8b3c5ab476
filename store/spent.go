package store

import (
	"context"
	"fmt"
	"math"
	"time"

	"yinzheng"
)

// term is what stands under a rule beside cases, contacts and requests, as the database
// has it. Each thing has an ID, which is the subject of the event that erases it.
type term struct {
	list, due, needed, one string   // what is past its time: listed; counted, without and with what is needed; whether one of them is to go
	stays                  string   // the rows that an erasure leaves of one, in their order; empty: nothing that the log knows
	empties                []string // take from one what goes
	portions               []string // take from so many of its rows what goes, the last telling of how many; nil: empties takes it all
	left                   string   // those whose portions have not all gone, listed
	filled                 string   // how many of its rows hold what went; empty: stays tells, or robbed
	since                  string   // when one was touched last, by what the log vouches for where it can
	robbed                 string   // one from which something is missing that no event erased; empty: that cannot be told
}

// thing says how the things of a rule are found.
type thing struct {
	from   string // table, and the alias under which the rest names it
	id     string
	past   string // it was touched last before $1
	needed string // something needs it at $2
	order  string
}

// erasureAbout is whether an erasure of a thing by a rule is on record.
func erasureAbout(id, rule string) string {
	return "EXISTS (SELECT 1 FROM log l JOIN events e ON e.key = l.part WHERE l.subject = " + id + " AND l.kind = 'event' AND e.kind = '" + yinzheng.EventContentErased + "' AND (e.detail = '" + rule + "' OR e.detail LIKE '" + rule + " %'))"
}

// partErased is whether the portions of a thing have begun to go by a rule, and have not all
// gone, by the record.
func partErased(id, rule string) string {
	return "(SELECT count(CASE e.kind WHEN '" + yinzheng.EventErasureBegun + "' THEN 1 END) > count(CASE e.kind WHEN '" + yinzheng.EventErasureDone + "' THEN 1 END)" +
		" FROM log l JOIN events e ON e.key = l.part WHERE l.subject = " + id + " AND l.kind = 'event' AND e.detail = " + rule + ")"
}

// isPartErased asks it of one.
var isPartErased = query("SELECT " + partErased("$1", "$2"))

// lastOf is when the last event of some kinds about a thing was.
func lastOf(kinds string) string {
	return query("SELECT max(e.at) FROM log l JOIN events e ON e.key = l.part WHERE l.subject = $1 AND l.kind = 'event' AND " + kinds)
}

func newTerm(x thing, t term) *term {
	past := " FROM " + x.from + " WHERE " + x.past + " AND "
	t.list = query("SELECT " + x.id + past + "NOT (" + x.needed + ") ORDER BY " + x.order + " LIMIT $3")
	t.due = query("SELECT count(*)" + past + "NOT (" + x.needed + ")")
	t.needed = query("SELECT count(*)" + past + "(" + x.needed + ")")
	t.one = query("SELECT count(*)" + past + "NOT (" + x.needed + ") AND " + x.id + " = $3")
	return &t
}

// terms are the rules of which the database keeps things.
var terms = map[string]*term{
	yinzheng.RetainImports: newTerm(thing{
		from: "batches b", id: "b.id", order: "b.changed_at",
		past:   "b.state = 'done' AND b.erased = 0 AND b.changed_at < $1",
		needed: "EXISTS (SELECT 1 FROM batch_rows r JOIN case_holds h ON h.application = r.application WHERE r.batch = b.key AND h.until > $2)",
	}, term{
		stays: query("SELECT line, outcome, application FROM batch_rows WHERE batch = (SELECT key FROM batches WHERE id = $1) ORDER BY line"),
		empties: []string{
			query("UPDATE batch_rows SET content = '{}', alike = NULL, why_zh = NULL, why_en = NULL WHERE batch = (SELECT key FROM batches WHERE id = $1)"),
			query("UPDATE batches SET erased = 1, version = version + 1 WHERE id = $1"),
		},
		filled: query("SELECT count(*) FROM batch_rows WHERE batch = (SELECT key FROM batches WHERE id = $1) AND (content <> '{}' OR alike IS NOT NULL OR why_zh IS NOT NULL OR why_en IS NOT NULL)"),
		since:  lastOf("e.kind IN ('batch-done', 'batch-end', 'batch-lapsed')"),
		robbed: query(`SELECT b.id, b.changed_at FROM batches b WHERE (b.erased = 1 OR EXISTS (SELECT 1 FROM batch_rows r WHERE r.batch = b.key AND r.content = '{}'))
			AND NOT ` + erasureAbout("b.id", yinzheng.RetainImports) + ` LIMIT 1`),
	}),
	yinzheng.RetainRatings: newTerm(thing{
		from: "ratings r", id: "r.application", order: "r.at",
		past:   "r.due IS NULL AND r.erased = 0 AND r.at < $1 AND (SELECT max(x.at) FROM rating_acts x WHERE x.application = r.application) < $1",
		needed: "EXISTS (SELECT 1 FROM case_holds h WHERE h.application = r.application AND h.until > $2)",
	}, term{
		stays: query("SELECT seq, at, account, kind, " + wordless + " AS content FROM rating_acts WHERE application = $1 ORDER BY seq"),
		empties: []string{
			query("UPDATE rating_acts SET content = " + wordless + " WHERE application = $1"),
			query("UPDATE ratings SET erased = 1 WHERE application = $1"),
		},
		filled: query("SELECT count(*) FROM rating_acts WHERE application = $1 AND content IS NOT " + wordless),
		since:  lastOf("e.kind >= 'rating-' AND e.kind < 'rating.'"),
		robbed: query("SELECT r.application, r.at FROM ratings r WHERE r.erased = 1 AND NOT " + erasureAbout("r.application", yinzheng.RetainRatings) + " LIMIT 1"),
	}),
	yinzheng.RetainShares: newTerm(thing{
		from: "shares s", id: "'share-' || s.key", order: "s.made_at",
		past:   "s.note <> '' AND s.made_at < $1 AND (s.expires_at < $1 OR s.withdrawn_at < $1)",
		needed: "EXISTS (SELECT 1 FROM certificates c JOIN case_holds h ON h.application = c.application WHERE c.code = s.code AND h.until > $2)",
	}, term{
		empties: []string{query("UPDATE shares SET note = '' WHERE key = CAST(substr($1, 7) AS INTEGER) AND 'share-' || key = $1")},
		since:   query("SELECT CASE WHEN withdrawn_at < expires_at THEN withdrawn_at ELSE expires_at END FROM shares WHERE key = CAST(substr($1, 7) AS INTEGER) AND 'share-' || key = $1"),
	}),
	yinzheng.RetainRosters: newTerm(thing{
		from: "campaigns c", id: "c.id", order: "c.key",
		past:   "c.running = 0 AND c.erased = 0 AND (SELECT max(x.at) FROM campaign_acts x WHERE x.campaign = c.key AND x.entry = 0) < $1",
		needed: "EXISTS (SELECT 1 FROM campaign_entries x JOIN case_holds h ON h.application = x.application WHERE x.campaign = c.key AND h.until > $2)",
	}, term{
		stays:   query("SELECT entry, seq, at, account, kind, " + namelessAct + " AS content FROM campaign_acts WHERE campaign = (SELECT key FROM campaigns WHERE id = $1) AND entry > 0 ORDER BY entry, seq"),
		empties: []string{query("UPDATE campaigns SET erased = 1 WHERE id = $1")},
		portions: []string{
			query("UPDATE campaign_acts SET content = " + namelessAct + " WHERE campaign = (SELECT key FROM campaigns WHERE id = $1) AND entry IN (" + namedEntries + ")"),
			query("UPDATE campaign_entries SET content = " + nameless + ", mark = 'erased:' || number WHERE campaign = (SELECT key FROM campaigns WHERE id = $1) AND number IN (" + namedEntries + ")"),
		},
		left: query("SELECT c.id FROM campaigns c WHERE c.erased = 1 AND " + partErased("c.id", "'"+yinzheng.RetainRosters+"'") + " ORDER BY c.key LIMIT $1"),
		filled: query(`SELECT (SELECT count(*) FROM campaign_entries WHERE campaign = (SELECT key FROM campaigns WHERE id = $1) AND content IS NOT ` + nameless + `)
			+ (SELECT count(*) FROM campaign_acts WHERE campaign = (SELECT key FROM campaigns WHERE id = $1) AND entry > 0 AND content IS NOT ` + namelessAct + `)`),
		since: lastOf("e.kind IN ('campaign-end', 'campaign-cancel')"),
		robbed: query(`SELECT c.id, (SELECT max(x.at) FROM campaign_acts x WHERE x.campaign = c.key AND x.entry = 0) FROM campaigns c
			WHERE (c.erased = 1 OR EXISTS (SELECT 1 FROM campaign_entries x WHERE x.campaign = c.key AND x.mark = 'erased:' || x.number)) AND NOT ` + erasureAbout("c.id", yinzheng.RetainRosters) + ` LIMIT 1`),
	}),
	yinzheng.RetainInquiries: newTerm(thing{
		from: "inquiries i", id: "i.id", order: "i.at",
		past:   "i.state IN ('replied', 'withdrawn') AND i.erased = 0 AND i.at < $1 AND (SELECT max(x.at) FROM inquiry_acts x WHERE x.subject = i.id) < $1",
		needed: nothing,
	}, term{
		stays: query("SELECT seq, at, account, kind, " + unasked + " AS content FROM inquiry_acts WHERE subject = $1 ORDER BY seq"),
		empties: []string{
			query("UPDATE inquiry_acts SET content = " + unasked + " WHERE subject = $1"),
			query("UPDATE inquiry_replies SET token = '', salt = x'' WHERE id = $1"),
			query("UPDATE inquiries SET erased = 1 WHERE id = $1"),
		},
		filled: query("SELECT (SELECT count(*) FROM inquiry_acts WHERE subject = $1 AND content IS NOT " + unasked + ") + (SELECT count(*) FROM inquiry_replies WHERE id = $1 AND (token <> '' OR salt <> x''))"),
		since:  lastOf(inquiryKinds),
		robbed: query("SELECT i.id, i.at FROM inquiries i WHERE i.erased = 1 AND NOT " + erasureAbout("i.id", yinzheng.RetainInquiries) + " LIMIT 1"),
	}),
	yinzheng.RetainLists: newTerm(thing{
		from: "inquiry_lists l", id: "l.id", order: "l.at",
		past:   "l.state = 'replied' AND l.erased = 0 AND l.at < $1 AND (SELECT max(x.at) FROM inquiry_acts x WHERE x.subject = l.id) < $1",
		needed: nothing,
	}, term{
		stays:   query("SELECT row, answer, found, as_of, inquiry FROM inquiry_rows WHERE list = $1 ORDER BY row"),
		empties: []string{query("UPDATE inquiry_lists SET erased = 1 WHERE id = $1")},
		portions: []string{query(`UPDATE inquiry_rows SET content = '{}', source = NULL WHERE list = $1
			AND row IN (SELECT row FROM inquiry_rows WHERE list = $1 AND (content <> '{}' OR source IS NOT NULL) ORDER BY row LIMIT $2)`)},
		left:   query("SELECT l.id FROM inquiry_lists l WHERE l.erased = 1 AND " + partErased("l.id", "'"+yinzheng.RetainLists+"'") + " ORDER BY l.key LIMIT $1"),
		filled: query("SELECT count(*) FROM inquiry_rows WHERE list = $1 AND (content <> '{}' OR source IS NOT NULL)"),
		since:  lastOf(inquiryKinds),
		robbed: query(`SELECT l.id, l.at FROM inquiry_lists l WHERE (l.erased = 1 OR EXISTS (SELECT 1 FROM inquiry_rows r WHERE r.list = l.id AND r.content = '{}'))
			AND NOT ` + erasureAbout("l.id", yinzheng.RetainLists) + ` LIMIT 1`),
	}),
	yinzheng.RetainRolls: newTerm(thing{
		from: "inquiry_rolls r", id: "r.id", order: "r.at",
		past:   "r.erased = 0 AND r.at < $1 AND EXISTS (SELECT 1 FROM inquiry_rolls n WHERE n.kind = r.kind AND n.key > r.key AND n.at < $1)",
		needed: nothing,
	}, term{
		empties:  []string{query("UPDATE inquiry_rolls SET erased = 1 WHERE id = $1")},
		portions: []string{query("DELETE FROM inquiry_roll_entries WHERE roll = $1 AND document IN (SELECT document FROM inquiry_roll_entries WHERE roll = $1 ORDER BY document LIMIT $2)")},
		left:     query("SELECT r.id FROM inquiry_rolls r WHERE r.erased = 1 AND " + partErased("r.id", "'"+yinzheng.RetainRolls+"'") + " ORDER BY r.key LIMIT $1"),
		filled:   query("SELECT count(*) FROM inquiry_roll_entries WHERE roll = $1"),
		since:    query("SELECT min(n.at) FROM inquiry_rolls r JOIN inquiry_rolls n ON n.kind = r.kind AND n.key > r.key WHERE r.id = $1"),
		robbed: query(`SELECT r.id, r.at FROM inquiry_rolls r WHERE (r.erased = 1 OR r.rows <> (SELECT count(*) FROM inquiry_roll_entries x WHERE x.roll = r.id))
			AND NOT ` + erasureAbout("r.id", yinzheng.RetainRolls) + ` LIMIT 1`),
	}),
	yinzheng.RetainCopies: newTerm(thing{
		from: "copies c", id: "c.id", order: "c.at",
		past:   "c.collector <> '' AND c.at < $1",
		needed: "EXISTS (SELECT 1 FROM certificates x JOIN case_holds h ON h.application = x.application WHERE x.code = c.certificate AND h.until > $2)",
	}, term{
		stays:   query("SELECT certificate, at, account, name, office, copies FROM copies WHERE id = $1"),
		empties: []string{query("UPDATE copies SET collector = '', collector_type = '', collector_number = '', collector_reason = '', purpose = '' WHERE id = $1")},
		filled:  query("SELECT count(*) FROM copies WHERE id = $1 AND (collector <> '' OR collector_type <> '' OR collector_number <> '' OR collector_reason <> '' OR purpose <> '')"),
		since:   query("SELECT at FROM copies WHERE id = $1"),
		robbed:  query("SELECT c.id, c.at FROM copies c WHERE c.collector = '' AND NOT " + erasureAbout("c.id", yinzheng.RetainCopies) + " LIMIT 1"),
	}),
	yinzheng.RetainRights: newTerm(thing{
		from: "commitment_rights r", id: "'right-' || r.key", order: "r.at",
		past: `r.ended = 0 AND r.document NOT LIKE 'right-%' AND r.at < $1
			AND NOT EXISTS (SELECT 1 FROM commitment_rights n WHERE n.document = r.document AND n.key > r.key)`,
		needed: "EXISTS (SELECT 1 FROM commitment_rights x JOIN case_holds h ON h.application = x.application WHERE x.document = r.document AND h.until > $2)",
	}, term{
		stays:   query("SELECT key, at, ended, account, application, action, reason FROM commitment_rights WHERE document = " + documentOfRight + " ORDER BY key"),
		empties: []string{query("UPDATE commitment_rights SET document = $1 WHERE document = " + documentOfRight)},
		filled:  query("SELECT count(*) FROM commitment_rights WHERE 'right-' || key = $1 AND key = CAST(substr($1, 7) AS INTEGER) AND document <> $1"),
		since:   query("SELECT at FROM commitment_rights WHERE key = CAST(substr($1, 7) AS INTEGER) AND 'right-' || key = $1"),
		robbed:  query("SELECT r.document, r.at FROM commitment_rights r WHERE r.document LIKE 'right-%' AND NOT " + erasureAbout("r.document", yinzheng.RetainRights) + " LIMIT 1"),
	}),
}

const (
	// The document whose right was restored, or what an erasure left in its place.
	documentOfRight = "(SELECT document FROM commitment_rights WHERE key = CAST(substr($1, 7) AS INTEGER) AND 'right-' || key = $1)"
	nothing         = "$2 IS NULL" // needs it
	// The next entries of a roster that say whom they are about.
	namedEntries = "SELECT number FROM campaign_entries WHERE campaign = (SELECT key FROM campaigns WHERE id = $1) AND mark <> 'erased:' || number ORDER BY number LIMIT $2"
	inquiryKinds = "e.kind >= 'inquiry-' AND e.kind < 'inquiry.' AND length(e.detail) = 64"
)

// What is left of content that is JSON, as it should be. Doing it again changes nothing,
// so that what an erasure leaves can be told before it, too. The triggers have the same.
const (
	wordless    = "CASE WHEN json_valid(content) THEN json_remove(content, '$.text', '$.salt') ELSE content END"
	nameless    = "CASE WHEN json_valid(content) THEN json_remove(content, '$.name', '$.id', '$.certificate', '$.seen.seen_by', '$.seen.reason', '$.seen.died_on', '$.seen.source', '$.death.on', '$.death.source', '$.refused.why') ELSE content END"
	unasked     = "CASE WHEN json_valid(content) THEN json_remove(content, '$.asked.name', '$.asked.id', '$.asked.about', '$.asked.question', '$.found', '$.opinion', '$.salt') ELSE content END"
	namelessAct = "CASE WHEN json_valid(content) THEN json_remove(content, '$.seen_by', '$.reason', '$.died_on', '$.source', '$.why', '$.salt') ELSE content END"
)

// termOf returns a rule's part in the database.
func termOf(rule string) (*term, error) {
	if t := terms[rule]; t != nil {
		return t, nil
	}
	return nil, fmt.Errorf("store: nothing is kept by rule %q", rule)
}

// Spent implements yinzheng.Retentions.
func (s *Store) Spent(ctx context.Context, rule string, before, now time.Time, limit int) ([]string, error) {
	t, err := termOf(rule)
	if err != nil {
		return nil, err
	}
	begun, err := s.begun(ctx, t, limit)
	if err != nil {
		return nil, err
	}
	due, err := s.ids(ctx, "list what has been kept long enough", t.list, micros(before), micros(now), limit-len(begun))
	return append(begun, due...), err
}

// begun lists what an erasure was cut off at.
func (s *Store) begun(ctx context.Context, t *term, limit int) ([]string, error) {
	if t.portions == nil {
		return nil, nil
	}
	return s.ids(ctx, "list what is erased in part", t.left, limit)
}

// CountSpent implements yinzheng.Retentions.
func (s *Store) CountSpent(ctx context.Context, rule string, before, now time.Time) (n yinzheng.ExpiredCount, err error) {
	t, err := termOf(rule)
	if err != nil {
		return n, err
	}
	begun, err := s.begun(ctx, t, math.MaxInt32)
	if err == nil {
		n.Due, err = s.count(ctx, "count what has been kept long enough", t.due, micros(before), micros(now))
		n.Due += len(begun)
	}
	if err == nil {
		n.Needed, err = s.count(ctx, "count what is needed still", t.needed, micros(before), micros(now))
	}
	return n, err
}

// EraseSpent implements yinzheng.Retentions. What it leaves is worked out before the
// writer is held up: who touches the thing meanwhile makes it one that is not to go.
func (s *Store) EraseSpent(ctx context.Context, rule, id string, before, now time.Time) error {
	t, err := termOf(rule)
	if err != nil {
		return err
	}
	var more bool
	var detail string
	err = s.read(ctx, "see what an erasure leaves", func(ctx context.Context, q querier) (err error) {
		if more, err = hasBegun(ctx, q, rule, id); err == nil && !more {
			detail, err = t.detail(ctx, q, rule, id)
		}
		return err
	})
	if err == nil && !more {
		err = s.write(ctx, "erase what has been kept long enough", func(ctx context.Context, q querier) error {
			more, err = s.beginErasing(ctx, q, t, &erasing{rule, id, now}, detail, before)
			return err
		})
	}
	for more && err == nil {
		err = s.write(ctx, "go on erasing", func(ctx context.Context, q querier) error {
			more, err = s.goOnErasing(ctx, q, t, &erasing{rule, id, now})
			return err
		})
	}
	return err
}

// erasing is a thing that a rule takes from at a moment.
type erasing struct {
	rule, id string
	now      time.Time
}

func (x *erasing) event(kind, detail string) yinzheng.Event {
	return yinzheng.Event{At: x.now, Kind: kind, Subject: x.id, By: yinzheng.SystemActor, Detail: detail}
}

// beginErasing records that a thing is erased, and takes from it what one portion has. It
// tells whether there is more.
func (s *Store) beginErasing(ctx context.Context, q querier, t *term, x *erasing, detail string, before time.Time) (more bool, err error) {
	n := 0
	if err := q.QueryRowContext(ctx, t.one, micros(before), micros(x.now), x.id).Scan(&n); err != nil {
		return false, err
	}
	if n == 0 {
		return false, conflict("还需要保存，或已销毁", "It is still needed, or was erased already")
	}
	if err := s.Record(ctx, x.event(yinzheng.EventContentErased, detail)); err != nil {
		return false, err
	}
	for _, text := range t.empties {
		if _, err := change(ctx, q, text, x.id); err != nil {
			return false, err
		}
	}
	if more, err = t.portion(ctx, q, x.id); err == nil && more {
		err = s.Record(ctx, x.event(yinzheng.EventErasureBegun, x.rule))
	}
	return more, err
}

// goOnErasing takes the next portion from a thing. It tells whether there is more.
func (s *Store) goOnErasing(ctx context.Context, q querier, t *term, x *erasing) (more bool, err error) {
	switch begun, err := hasBegun(ctx, q, x.rule, x.id); {
	case err != nil:
		return false, err
	case !begun:
		return false, conflict("已销毁", "It was erased already")
	}
	if more, err = t.portion(ctx, q, x.id); err == nil && !more {
		err = s.Record(ctx, x.event(yinzheng.EventErasureDone, x.rule))
	}
	return more, err
}

// aPortion is how many rows go in one transaction: others write after a tenth of a second.
const aPortion = 1000

// portion takes from the next rows of a thing what goes, and tells whether there may be
// more of them.
func (t *term) portion(ctx context.Context, q querier, id string) (more bool, err error) {
	for _, text := range t.portions {
		n, err := change(ctx, q, text, id, aPortion)
		if err != nil {
			return false, err
		}
		more = n == aPortion
	}
	return more, nil
}

// hasBegun tells whether a thing is erased in part.
func hasBegun(ctx context.Context, q querier, rule, id string) (begun bool, err error) {
	err = q.QueryRowContext(ctx, isPartErased, id, rule).Scan(&begun)
	return begun, err
}

// detail is what the event of an erasure says: the rule, and a digest of what it leaves.
func (t *term) detail(ctx context.Context, q querier, rule, id string) (string, error) {
	if t.stays == "" {
		return rule, nil
	}
	digest, err := digestRows(ctx, q, func(row) []string { return nil }, t.stays, id)
	return rule + " " + digest, err
}
