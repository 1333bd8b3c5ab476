-- A clerk may ask the resident for something after a case was made of a request: it
-- goes from taken to asked, and from there to answered and back. What is asked and
-- answered is added to its content; while it is asked, the resident adds files.
DROP TRIGGER resident_requests_sent;
CREATE TRIGGER resident_requests_sent BEFORE UPDATE ON resident_requests WHEN OLD.state NOT IN ('draft', 'returned', 'asked') AND NEW.state NOT IN ('returned', 'refused', 'asked') AND NEW.content IS NOT OLD.content AND NEW.content IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'what was sent does not change'); END;
DROP TRIGGER resident_requests_ended;
CREATE TRIGGER resident_requests_ended BEFORE UPDATE ON resident_requests WHEN OLD.state IN ('refused', 'withdrawn', 'lapsed') AND NEW.state <> OLD.state
  OR OLD.application IS NOT NULL AND (NEW.application IS NOT OLD.application OR NEW.state <> OLD.state AND NEW.state NOT IN ('asked', 'answered'))
  OR NEW.application IS NULL AND NEW.state IN ('taken', 'asked', 'answered')
BEGIN SELECT RAISE(ABORT, 'a request that has ended does not go on'); END;
