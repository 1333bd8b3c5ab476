-- A bad rating that came by a code gives place to that of somebody for whom a provider
-- vouches: what is rated badly stays followed up, and only so.
DROP TRIGGER ratings_in_order;
CREATE TRIGGER ratings_in_order BEFORE UPDATE ON ratings
WHEN NOT ((NEW.key, NEW.application, NEW.item, NEW.office, NEW.at, NEW.level, NEW.state, NEW.contact, NEW.due, NEW.next, NEW.version, NEW.erased)
    IS (OLD.key, OLD.application, OLD.item, OLD.office, OLD.at, OLD.level, OLD.state, OLD.contact, OLD.due, OLD.next, OLD.version, 1)
    AND EXISTS (SELECT 1 FROM log l JOIN events e ON e.key = l.part WHERE l.subject = OLD.application AND l.kind = 'event' AND e.kind = 'content-erased' AND e.detail LIKE 'ratings %'))
  AND (NEW.version <> OLD.version + 1 OR NEW.erased <> OLD.erased OR NEW.application <> OLD.application OR NEW.item <> OLD.item OR NEW.office <> OLD.office
    OR (NEW.at <> OLD.at OR NEW.level <> OLD.level) AND NOT (NEW.state IS 'open' AND NEW.level < 3 AND NEW.at >= OLD.at
      AND (OLD.state IS NULL OR json_extract((SELECT x.content FROM rating_acts x WHERE x.application = OLD.application AND x.kind = 'rate' ORDER BY x.seq DESC LIMIT 1), '$.proof') IS 'case-code')))
BEGIN SELECT RAISE(ABORT, 'what a resident said stays'); END;

-- What waits to be sent is found by when it is due.
CREATE INDEX messages_due ON messages (channel, due_at) WHERE state = 'waiting';

-- The salt of an act on an entry of a roster goes with what it keeps from being guessed.
DROP TRIGGER campaign_acts_not_changed;
CREATE TRIGGER campaign_acts_not_changed BEFORE UPDATE ON campaign_acts
WHEN NOT ((NEW.campaign, NEW.entry, NEW.seq, NEW.at, NEW.account, NEW.kind, NEW.content)
    IS (OLD.campaign, OLD.entry, OLD.seq, OLD.at, OLD.account, OLD.kind, json_remove(OLD.content, '$.seen_by', '$.reason', '$.died_on', '$.source', '$.why', '$.salt'))
  AND OLD.entry > 0 AND EXISTS (SELECT 1 FROM log l JOIN events e ON e.key = l.part WHERE l.subject = (SELECT id FROM campaigns WHERE key = OLD.campaign) AND l.kind = 'event' AND e.kind = 'content-erased' AND e.detail LIKE 'rosters %'))
BEGIN SELECT RAISE(ABORT, 'campaign acts are append-only'); END;
