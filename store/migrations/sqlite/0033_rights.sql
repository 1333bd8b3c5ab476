-- Once the right to commitments has been restored for long enough, its rows lose the
-- document: the name of the erasure, which is on record first, takes its place.
CREATE INDEX commitment_rights_restored ON commitment_rights (at) WHERE ended = 0 AND document NOT LIKE 'right-%';
DROP TRIGGER commitment_rights_not_changed;
CREATE TRIGGER commitment_rights_not_changed BEFORE UPDATE ON commitment_rights
WHEN NOT ((NEW.key, NEW.at, NEW.ended, NEW.account, NEW.application, NEW.action, NEW.reason) IS (OLD.key, OLD.at, OLD.ended, OLD.account, OLD.application, OLD.action, OLD.reason)
  AND OLD.document NOT LIKE 'right-%'
  AND EXISTS (SELECT 1 FROM commitment_rights n WHERE n.key = CAST(substr(NEW.document, 7) AS INTEGER) AND 'right-' || n.key = NEW.document AND n.document IN (OLD.document, NEW.document))
  AND EXISTS (SELECT 1 FROM log l JOIN events e ON e.key = l.part WHERE l.subject = NEW.document AND l.kind = 'event' AND e.kind = 'content-erased' AND e.detail LIKE 'commitment-rights %'))
BEGIN SELECT RAISE(ABORT, 'commitment_rights are append-only'); END;
