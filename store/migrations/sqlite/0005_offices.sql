-- Offices in time: what was closed stays on record and leads to its successor.

ALTER TABLE divisions ADD COLUMN closed_at INTEGER;
ALTER TABLE divisions ADD COLUMN successor TEXT NOT NULL DEFAULT '';
ALTER TABLE offices ADD COLUMN closed_at INTEGER;
ALTER TABLE offices ADD COLUMN successor TEXT NOT NULL DEFAULT '';
ALTER TABLE organs ADD COLUMN successor TEXT NOT NULL DEFAULT '';

-- What the office was called when the action was taken.
ALTER TABLE actions ADD COLUMN office_name TEXT;

-- Changes of the office tree, planned and done. content is JSON.
CREATE TABLE reorganisations (
  key          INTEGER PRIMARY KEY,
  id           TEXT NOT NULL UNIQUE,
  effective_at INTEGER NOT NULL,
  planned_at   INTEGER NOT NULL,
  account      TEXT NOT NULL,
  content      TEXT NOT NULL,
  applied_at   INTEGER,
  moved_at     INTEGER,
  cancelled_at INTEGER
);
CREATE INDEX reorganisations_open ON reorganisations (effective_at) WHERE moved_at IS NULL AND cancelled_at IS NULL;
CREATE TRIGGER reorganisations_not_replaced BEFORE INSERT ON reorganisations WHEN EXISTS (SELECT 1 FROM reorganisations WHERE id = NEW.id OR key = NEW.key)
BEGIN SELECT RAISE(ABORT, 'reorganisations are append-only'); END;
CREATE TRIGGER reorganisations_not_changed BEFORE UPDATE ON reorganisations
WHEN (NEW.key, NEW.id, NEW.effective_at, NEW.planned_at, NEW.account, NEW.content) IS NOT (OLD.key, OLD.id, OLD.effective_at, OLD.planned_at, OLD.account, OLD.content)
  OR OLD.applied_at IS NOT NULL AND NEW.applied_at IS NOT OLD.applied_at
  OR OLD.moved_at IS NOT NULL OR OLD.cancelled_at IS NOT NULL
  OR NEW.cancelled_at IS NOT NULL AND NEW.applied_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a reorganisation never changes, but for being carried out or cancelled once'); END;
CREATE TRIGGER reorganisations_not_removed BEFORE DELETE ON reorganisations
BEGIN SELECT RAISE(ABORT, 'reorganisations are append-only'); END;

-- The levels above each division, while cases are placed anew.
CREATE TABLE places (
  division TEXT NOT NULL PRIMARY KEY,
  village  TEXT,
  town     TEXT,
  district TEXT,
  city     TEXT,
  province TEXT
) WITHOUT ROWID;
CREATE INDEX delegations_office ON delegations (office);
