-- What is erased in time beside cases and requests: rows of imports, words of ratings,
-- notes of shares, rosters of campaigns, questions about persons, rolls, who took copies.
-- Each erasure is an event (content-erased) of its rule that is recorded first; the
-- triggers let content go once it is there, and nothing else.

-- changed_at: since when a batch stands as it does.
DROP TRIGGER batches_in_order;
ALTER TABLE batches ADD COLUMN changed_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE batches ADD COLUMN erased INTEGER NOT NULL DEFAULT 0;
UPDATE batches SET changed_at = coalesce((SELECT max(e.at) FROM log l JOIN events e ON e.key = l.part
  WHERE l.subject = batches.id AND l.kind = 'event' AND e.kind >= 'batch-' AND e.kind < 'batch.' AND e.kind <> 'batch-delivered'), at);
DROP INDEX batches_state;
CREATE INDEX batches_state ON batches (state, changed_at);
CREATE INDEX batches_kept ON batches (state, changed_at) WHERE erased = 0;
CREATE TRIGGER batches_in_order BEFORE UPDATE ON batches
WHEN NEW.version <> OLD.version + 1 OR (NEW.key, NEW.id, NEW.item, NEW.template, NEW.office, NEW.at, NEW.digest, NEW.rows, NEW.report) IS NOT (OLD.key, OLD.id, OLD.item, OLD.template, OLD.office, OLD.at, OLD.digest, OLD.rows, OLD.report)
  OR NEW.erased <> OLD.erased AND NOT EXISTS (SELECT 1 FROM log l JOIN events e ON e.key = l.part WHERE l.subject = OLD.id AND l.kind = 'event' AND e.kind = 'content-erased' AND e.detail LIKE 'imports %')
BEGIN SELECT RAISE(ABORT, 'a batch changes one step at a time, and what was brought in stays'); END;
DROP TRIGGER batch_rows_once;
CREATE TRIGGER batch_rows_once BEFORE UPDATE ON batch_rows
WHEN NOT (OLD.outcome IS NULL AND (NEW.batch, NEW.line, NEW.content, NEW.alike) IS (OLD.batch, OLD.line, OLD.content, OLD.alike)
  OR (NEW.batch, NEW.line, NEW.content, NEW.alike, NEW.outcome, NEW.application, NEW.why_zh, NEW.why_en) IS (OLD.batch, OLD.line, '{}', NULL, OLD.outcome, OLD.application, NULL, NULL)
    AND EXISTS (SELECT 1 FROM log l JOIN events e ON e.key = l.part WHERE l.subject = (SELECT id FROM batches WHERE key = OLD.batch) AND l.kind = 'event' AND e.kind = 'content-erased' AND e.detail LIKE 'imports %'))
BEGIN SELECT RAISE(ABORT, 'what was brought in stays, and has one outcome'); END;

ALTER TABLE ratings ADD COLUMN erased INTEGER NOT NULL DEFAULT 0;
CREATE INDEX ratings_kept ON ratings (at) WHERE due IS NULL AND erased = 0;
DROP TRIGGER ratings_in_order;
CREATE TRIGGER ratings_in_order BEFORE UPDATE ON ratings
WHEN NOT ((NEW.key, NEW.application, NEW.item, NEW.office, NEW.at, NEW.level, NEW.state, NEW.contact, NEW.due, NEW.next, NEW.version, NEW.erased)
    IS (OLD.key, OLD.application, OLD.item, OLD.office, OLD.at, OLD.level, OLD.state, OLD.contact, OLD.due, OLD.next, OLD.version, 1)
    AND EXISTS (SELECT 1 FROM log l JOIN events e ON e.key = l.part WHERE l.subject = OLD.application AND l.kind = 'event' AND e.kind = 'content-erased' AND e.detail LIKE 'ratings %'))
  AND (NEW.version <> OLD.version + 1 OR NEW.erased <> OLD.erased OR NEW.application <> OLD.application OR NEW.item <> OLD.item OR NEW.office <> OLD.office
    OR (NEW.at <> OLD.at OR NEW.level <> OLD.level) AND NOT (OLD.state IS NULL AND NEW.state IS NOT NULL AND NEW.level < OLD.level AND NEW.at >= OLD.at))
BEGIN SELECT RAISE(ABORT, 'what a resident said stays'); END;
DROP TRIGGER rating_acts_not_changed;
CREATE TRIGGER rating_acts_not_changed BEFORE UPDATE ON rating_acts
WHEN NOT ((NEW.application, NEW.seq, NEW.at, NEW.account, NEW.kind, NEW.content) IS (OLD.application, OLD.seq, OLD.at, OLD.account, OLD.kind, json_remove(OLD.content, '$.text', '$.salt'))
  AND EXISTS (SELECT 1 FROM log l JOIN events e ON e.key = l.part WHERE l.subject = OLD.application AND l.kind = 'event' AND e.kind = 'content-erased' AND e.detail LIKE 'ratings %'))
BEGIN SELECT RAISE(ABORT, 'rating acts are append-only'); END;

CREATE INDEX shares_noted ON shares (made_at) WHERE note <> '';
DROP TRIGGER shares_only_end;
CREATE TRIGGER shares_only_end BEFORE UPDATE ON shares
WHEN NOT ((NEW.key, NEW.hash, NEW.code, NEW.note, NEW.once, NEW.made_at, NEW.expires_at, NEW.withdrawn_at) IS (OLD.key, OLD.hash, OLD.code, '', OLD.once, OLD.made_at, OLD.expires_at, OLD.withdrawn_at)
    AND EXISTS (SELECT 1 FROM log l JOIN events e ON e.key = l.part WHERE l.subject = 'share-' || OLD.key AND l.kind = 'event' AND e.kind = 'content-erased' AND e.detail = 'shares'))
  AND (NEW.key <> OLD.key OR NEW.hash <> OLD.hash OR NEW.code <> OLD.code OR NEW.note <> OLD.note
    OR NEW.once <> OLD.once OR NEW.made_at <> OLD.made_at OR NEW.expires_at > OLD.expires_at OR OLD.withdrawn_at IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'of a share only its end comes sooner'); END;

ALTER TABLE campaigns ADD COLUMN erased INTEGER NOT NULL DEFAULT 0;
CREATE INDEX campaigns_kept ON campaigns (running) WHERE erased = 0;
DROP TRIGGER campaigns_in_order;
CREATE TRIGGER campaigns_in_order BEFORE UPDATE ON campaigns
WHEN NOT ((NEW.key, NEW.id, NEW.item, NEW.office, NEW.division, NEW.running, NEW.version, NEW.content, NEW.erased) IS (OLD.key, OLD.id, OLD.item, OLD.office, OLD.division, 0, OLD.version, OLD.content, 1)
    AND OLD.running = 0 AND EXISTS (SELECT 1 FROM log l JOIN events e ON e.key = l.part WHERE l.subject = OLD.id AND l.kind = 'event' AND e.kind = 'content-erased' AND e.detail LIKE 'rosters %'))
  AND (NEW.version <> OLD.version + 1 OR NEW.erased <> OLD.erased)
BEGIN SELECT RAISE(ABORT, 'a campaign changes by one act at a time'); END;
DROP TRIGGER campaign_entries_in_order;
CREATE TRIGGER campaign_entries_in_order BEFORE UPDATE ON campaign_entries
WHEN NOT ((NEW.campaign, NEW.number, NEW.division, NEW.mark, NEW.outcome, NEW.follow_up, NEW.application, NEW.tried, NEW.version, NEW.content)
    IS (OLD.campaign, OLD.number, OLD.division, 'erased:' || OLD.number, OLD.outcome, OLD.follow_up, OLD.application, OLD.tried, OLD.version,
      json_remove(OLD.content, '$.name', '$.id', '$.certificate', '$.seen.seen_by', '$.seen.reason', '$.seen.died_on', '$.seen.source', '$.death.on', '$.death.source', '$.refused.why'))
    AND EXISTS (SELECT 1 FROM log l JOIN events e ON e.key = l.part WHERE l.subject = (SELECT id FROM campaigns WHERE key = OLD.campaign) AND l.kind = 'event' AND e.kind = 'content-erased' AND e.detail LIKE 'rosters %'))
  AND (NEW.version <> OLD.version + 1 OR NEW.mark <> OLD.mark)
BEGIN SELECT RAISE(ABORT, 'an entry changes by one act at a time'); END;
DROP TRIGGER campaign_acts_not_changed;
CREATE TRIGGER campaign_acts_not_changed BEFORE UPDATE ON campaign_acts
WHEN NOT ((NEW.campaign, NEW.entry, NEW.seq, NEW.at, NEW.account, NEW.kind, NEW.content)
    IS (OLD.campaign, OLD.entry, OLD.seq, OLD.at, OLD.account, OLD.kind, json_remove(OLD.content, '$.seen_by', '$.reason', '$.died_on', '$.source', '$.why'))
  AND OLD.entry > 0 AND EXISTS (SELECT 1 FROM log l JOIN events e ON e.key = l.part WHERE l.subject = (SELECT id FROM campaigns WHERE key = OLD.campaign) AND l.kind = 'event' AND e.kind = 'content-erased' AND e.detail LIKE 'rosters %'))
BEGIN SELECT RAISE(ABORT, 'campaign acts are append-only'); END;

-- Questions about persons, lists of them, rolls that were replaced, who took copies.
ALTER TABLE inquiries ADD COLUMN erased INTEGER NOT NULL DEFAULT 0;
CREATE INDEX inquiries_kept ON inquiries (at) WHERE erased = 0 AND state IN ('replied', 'withdrawn');
DROP TRIGGER inquiry_acts_not_changed;
CREATE TRIGGER inquiry_acts_not_changed BEFORE UPDATE ON inquiry_acts
WHEN NOT ((NEW.subject, NEW.seq, NEW.at, NEW.account, NEW.kind, NEW.content)
    IS (OLD.subject, OLD.seq, OLD.at, OLD.account, OLD.kind, json_remove(OLD.content, '$.asked.name', '$.asked.id', '$.asked.about', '$.asked.question', '$.found', '$.opinion', '$.salt'))
  AND EXISTS (SELECT 1 FROM log l JOIN events e ON e.key = l.part WHERE l.subject = OLD.subject AND l.kind = 'event' AND e.kind = 'content-erased' AND e.detail LIKE 'inquiries %'))
BEGIN SELECT RAISE(ABORT, 'inquiry acts are append-only'); END;
DROP TRIGGER inquiry_replies_not_changed;
CREATE TRIGGER inquiry_replies_not_changed BEFORE UPDATE ON inquiry_replies
WHEN NOT ((NEW.id, NEW.at, NEW.token, NEW.salt) IS (OLD.id, OLD.at, '', x'')
  AND EXISTS (SELECT 1 FROM log l JOIN events e ON e.key = l.part WHERE l.subject = OLD.id AND l.kind = 'event' AND e.kind = 'content-erased' AND e.detail LIKE 'inquiries %'))
BEGIN SELECT RAISE(ABORT, 'replies are append-only'); END;

ALTER TABLE inquiry_lists ADD COLUMN erased INTEGER NOT NULL DEFAULT 0;
CREATE INDEX inquiry_lists_kept ON inquiry_lists (state, at) WHERE erased = 0;
DROP TRIGGER inquiry_rows_not_answered_again;
CREATE TRIGGER inquiry_rows_not_answered_again BEFORE UPDATE ON inquiry_rows
WHEN (OLD.answer IS NOT NULL OR NEW.content <> OLD.content)
  AND NOT ((NEW.list, NEW.row, NEW.content, NEW.answer, NEW.found, NEW.source, NEW.as_of, NEW.inquiry) IS (OLD.list, OLD.row, '{}', OLD.answer, OLD.found, NULL, OLD.as_of, OLD.inquiry)
    AND EXISTS (SELECT 1 FROM log l JOIN events e ON e.key = l.part WHERE l.subject = OLD.list AND l.kind = 'event' AND e.kind = 'content-erased' AND e.detail LIKE 'inquiry-lists %'))
BEGIN SELECT RAISE(ABORT, 'what was asked stays, and is answered once'); END;

ALTER TABLE inquiry_rolls ADD COLUMN erased INTEGER NOT NULL DEFAULT 0;
CREATE INDEX inquiry_rolls_kept ON inquiry_rolls (at) WHERE erased = 0;
DROP TRIGGER inquiry_rolls_not_changed;
CREATE TRIGGER inquiry_rolls_not_changed BEFORE UPDATE ON inquiry_rolls
WHEN NOT ((NEW.key, NEW.id, NEW.kind, NEW.at, NEW.account, NEW.office, NEW.title, NEW.as_of, NEW.digest, NEW.rows, NEW.erased) IS (OLD.key, OLD.id, OLD.kind, OLD.at, OLD.account, OLD.office, OLD.title, OLD.as_of, OLD.digest, OLD.rows, 1)
  AND EXISTS (SELECT 1 FROM log l JOIN events e ON e.key = l.part WHERE l.subject = OLD.id AND l.kind = 'event' AND e.kind = 'content-erased' AND e.detail = 'rolls'))
BEGIN SELECT RAISE(ABORT, 'rolls are append-only'); END;
DROP TRIGGER inquiry_roll_entries_not_removed;
CREATE TRIGGER inquiry_roll_entries_not_removed BEFORE DELETE ON inquiry_roll_entries
WHEN NOT EXISTS (SELECT 1 FROM log l JOIN events e ON e.key = l.part WHERE l.subject = OLD.roll AND l.kind = 'event' AND e.kind = 'content-erased' AND e.detail = 'rolls')
BEGIN SELECT RAISE(ABORT, 'rolls are append-only'); END;

CREATE INDEX copies_named ON copies (at) WHERE collector <> '';
DROP TRIGGER copies_not_changed;
CREATE TRIGGER copies_not_changed BEFORE UPDATE ON copies
WHEN NOT ((NEW.key, NEW.id, NEW.certificate, NEW.at, NEW.account, NEW.name, NEW.office, NEW.collector, NEW.collector_type, NEW.collector_number, NEW.collector_reason, NEW.copies, NEW.purpose)
    IS (OLD.key, OLD.id, OLD.certificate, OLD.at, OLD.account, OLD.name, OLD.office, '', '', '', '', OLD.copies, '')
  AND EXISTS (SELECT 1 FROM log l JOIN events e ON e.key = l.part WHERE l.subject = OLD.id AND l.kind = 'event' AND e.kind = 'content-erased' AND e.detail LIKE 'copies %'))
BEGIN SELECT RAISE(ABORT, 'copies are append-only'); END;

-- The masked recipient of a message that no longer waits goes, too.
CREATE INDEX messages_named ON messages (done_at) WHERE masked <> '' AND state <> 'waiting';
DROP TRIGGER messages_in_order;
CREATE TRIGGER messages_in_order BEFORE UPDATE ON messages
WHEN NOT (OLD.state <> 'waiting' AND NEW.masked = '' AND (NEW.key, NEW.id, NEW.channel, NEW.kind, NEW.language, NEW.about, NEW.at, NEW.expires_at, NEW.recipient, NEW.subject, NEW.body, NEW.state, NEW.version, NEW.tries, NEW.due_at, NEW.lease_until, NEW.done_at, NEW.reason, NEW.stop)
    IS (OLD.key, OLD.id, OLD.channel, OLD.kind, OLD.language, OLD.about, OLD.at, OLD.expires_at, OLD.recipient, OLD.subject, OLD.body, OLD.state, OLD.version, OLD.tries, OLD.due_at, OLD.lease_until, OLD.done_at, OLD.reason, OLD.stop))
  AND (OLD.state <> 'waiting' OR NEW.version <> OLD.version + 1 OR NEW.key <> OLD.key OR NEW.id <> OLD.id OR NEW.channel <> OLD.channel
    OR NEW.kind <> OLD.kind OR NEW.language <> OLD.language OR NEW.masked <> OLD.masked OR NEW.about IS NOT OLD.about OR NEW.at <> OLD.at OR NEW.expires_at <> OLD.expires_at
    OR NEW.recipient <> OLD.recipient OR NEW.subject <> OLD.subject OR NEW.body <> OLD.body OR NEW.state = 'waiting' AND NEW.stop IS NOT OLD.stop)
BEGIN SELECT RAISE(ABORT, 'a message changes by one version at a time while it waits, and says the same'); END;
