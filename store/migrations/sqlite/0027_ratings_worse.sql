-- What a resident said stays, but for a good rating that somebody changes into a bad
-- one, which is followed up.
DROP TRIGGER ratings_in_order;
CREATE TRIGGER ratings_in_order BEFORE UPDATE ON ratings WHEN NEW.version <> OLD.version + 1 OR NEW.application <> OLD.application OR NEW.item <> OLD.item OR NEW.office <> OLD.office
  OR (NEW.at <> OLD.at OR NEW.level <> OLD.level) AND NOT (OLD.state IS NULL AND NEW.state IS NOT NULL AND NEW.level < OLD.level AND NEW.at >= OLD.at)
BEGIN SELECT RAISE(ABORT, 'what a resident said stays'); END;
