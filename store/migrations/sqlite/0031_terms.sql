-- What is erased in time beside cases and requests: rows of imports, words of ratings,
-- notes of shares, rosters of campaigns. Each erasure is an event (content-erased) that
-- is recorded first; the triggers let content go once it is there, and nothing else.

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
  OR NEW.erased <> OLD.erased AND NOT EXISTS (SELECT 1 FROM log l JOIN events e ON e.key = l.part WHERE l.subject = OLD.id AND l.kind = 'event' AND e.kind = 'content-erased')
BEGIN SELECT RAISE(ABORT, 'a batch changes one step at a time, and what was brought in stays'); END;
DROP TRIGGER batch_rows_once;
CREATE TRIGGER batch_rows_once BEFORE UPDATE ON batch_rows
WHEN NOT (OLD.outcome IS NULL AND (NEW.batch, NEW.line, NEW.content, NEW.alike) IS (OLD.batch, OLD.line, OLD.content, OLD.alike)
  OR (NEW.batch, NEW.line, NEW.content, NEW.alike, NEW.outcome, NEW.application, NEW.why_zh, NEW.why_en) IS (OLD.batch, OLD.line, '{}', NULL, OLD.outcome, OLD.application, NULL, NULL)
    AND EXISTS (SELECT 1 FROM log l JOIN events e ON e.key = l.part WHERE l.subject = (SELECT id FROM batches WHERE key = OLD.batch) AND l.kind = 'event' AND e.kind = 'content-erased'))
BEGIN SELECT RAISE(ABORT, 'what was brought in stays, and has one outcome'); END;

ALTER TABLE ratings ADD COLUMN erased INTEGER NOT NULL DEFAULT 0;
CREATE INDEX ratings_kept ON ratings (at) WHERE due IS NULL AND erased = 0;
DROP TRIGGER ratings_in_order;
CREATE TRIGGER ratings_in_order BEFORE UPDATE ON ratings
WHEN NOT ((NEW.key, NEW.application, NEW.item, NEW.office, NEW.at, NEW.level, NEW.state, NEW.contact, NEW.due, NEW.next, NEW.version, NEW.erased)
    IS (OLD.key, OLD.application, OLD.item, OLD.office, OLD.at, OLD.level, OLD.state, OLD.contact, OLD.due, OLD.next, OLD.version, 1)
    AND EXISTS (SELECT 1 FROM log l JOIN events e ON e.key = l.part WHERE l.subject = OLD.application AND l.kind = 'event' AND e.kind = 'content-erased'))
  AND (NEW.version <> OLD.version + 1 OR NEW.erased <> OLD.erased OR NEW.application <> OLD.application OR NEW.item <> OLD.item OR NEW.office <> OLD.office
    OR (NEW.at <> OLD.at OR NEW.level <> OLD.level) AND NOT (OLD.state IS NULL AND NEW.state IS NOT NULL AND NEW.level < OLD.level AND NEW.at >= OLD.at))
BEGIN SELECT RAISE(ABORT, 'what a resident said stays'); END;
DROP TRIGGER rating_acts_not_changed;
CREATE TRIGGER rating_acts_not_changed BEFORE UPDATE ON rating_acts
WHEN NOT ((NEW.application, NEW.seq, NEW.at, NEW.account, NEW.kind, NEW.content) IS (OLD.application, OLD.seq, OLD.at, OLD.account, OLD.kind, json_remove(OLD.content, '$.text', '$.salt'))
  AND EXISTS (SELECT 1 FROM log l JOIN events e ON e.key = l.part WHERE l.subject = OLD.application AND l.kind = 'event' AND e.kind = 'content-erased'))
BEGIN SELECT RAISE(ABORT, 'rating acts are append-only'); END;

CREATE INDEX shares_noted ON shares (made_at) WHERE note <> '';
DROP TRIGGER shares_only_end;
CREATE TRIGGER shares_only_end BEFORE UPDATE ON shares
WHEN NOT ((NEW.key, NEW.hash, NEW.code, NEW.note, NEW.once, NEW.made_at, NEW.expires_at, NEW.withdrawn_at) IS (OLD.key, OLD.hash, OLD.code, '', OLD.once, OLD.made_at, OLD.expires_at, OLD.withdrawn_at)
    AND EXISTS (SELECT 1 FROM log l JOIN events e ON e.key = l.part WHERE l.subject = 'share-' || OLD.key AND l.kind = 'event' AND e.kind = 'content-erased'))
  AND (NEW.key <> OLD.key OR NEW.hash <> OLD.hash OR NEW.code <> OLD.code OR NEW.note <> OLD.note
    OR NEW.once <> OLD.once OR NEW.made_at <> OLD.made_at OR NEW.expires_at > OLD.expires_at OR OLD.withdrawn_at IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'of a share only its end comes sooner'); END;

ALTER TABLE campaigns ADD COLUMN erased INTEGER NOT NULL DEFAULT 0;
CREATE INDEX campaigns_kept ON campaigns (running) WHERE erased = 0;
DROP TRIGGER campaigns_in_order;
CREATE TRIGGER campaigns_in_order BEFORE UPDATE ON campaigns
WHEN NOT ((NEW.key, NEW.id, NEW.item, NEW.office, NEW.division, NEW.running, NEW.version, NEW.content, NEW.erased) IS (OLD.key, OLD.id, OLD.item, OLD.office, OLD.division, 0, OLD.version, OLD.content, 1)
    AND OLD.running = 0 AND EXISTS (SELECT 1 FROM log l JOIN events e ON e.key = l.part WHERE l.subject = OLD.id AND l.kind = 'event' AND e.kind = 'content-erased'))
  AND (NEW.version <> OLD.version + 1 OR NEW.erased <> OLD.erased)
BEGIN SELECT RAISE(ABORT, 'a campaign changes by one act at a time'); END;
DROP TRIGGER campaign_entries_in_order;
CREATE TRIGGER campaign_entries_in_order BEFORE UPDATE ON campaign_entries
WHEN NOT ((NEW.campaign, NEW.number, NEW.division, NEW.mark, NEW.outcome, NEW.follow_up, NEW.application, NEW.tried, NEW.version, NEW.content)
    IS (OLD.campaign, OLD.number, OLD.division, 'erased:' || OLD.number, OLD.outcome, OLD.follow_up, OLD.application, OLD.tried, OLD.version,
      json_remove(OLD.content, '$.name', '$.id', '$.certificate', '$.seen.seen_by', '$.seen.reason', '$.seen.died_on', '$.seen.source', '$.death.on', '$.death.source', '$.refused.why'))
    AND EXISTS (SELECT 1 FROM log l JOIN events e ON e.key = l.part WHERE l.subject = (SELECT id FROM campaigns WHERE key = OLD.campaign) AND l.kind = 'event' AND e.kind = 'content-erased'))
  AND (NEW.version <> OLD.version + 1 OR NEW.mark <> OLD.mark)
BEGIN SELECT RAISE(ABORT, 'an entry changes by one act at a time'); END;
DROP TRIGGER campaign_acts_not_changed;
CREATE TRIGGER campaign_acts_not_changed BEFORE UPDATE ON campaign_acts
WHEN NOT ((NEW.campaign, NEW.entry, NEW.seq, NEW.at, NEW.account, NEW.kind, NEW.content)
    IS (OLD.campaign, OLD.entry, OLD.seq, OLD.at, OLD.account, OLD.kind, json_remove(OLD.content, '$.seen_by', '$.reason', '$.died_on', '$.source', '$.why'))
  AND OLD.entry > 0 AND EXISTS (SELECT 1 FROM log l JOIN events e ON e.key = l.part WHERE l.subject = (SELECT id FROM campaigns WHERE key = OLD.campaign) AND l.kind = 'event' AND e.kind = 'content-erased'))
BEGIN SELECT RAISE(ABORT, 'campaign acts are append-only'); END;
