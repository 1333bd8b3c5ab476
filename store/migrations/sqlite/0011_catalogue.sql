-- The catalogue of items: acts in one order, of which the items and the changes
-- are the fold. content is JSON.
CREATE TABLE catalogue_acts (
  seq     INTEGER PRIMARY KEY,
  at      INTEGER NOT NULL,
  account TEXT NOT NULL,
  change  TEXT NOT NULL,
  kind    TEXT NOT NULL,
  content TEXT NOT NULL
);
CREATE TRIGGER catalogue_acts_not_replaced BEFORE INSERT ON catalogue_acts WHEN EXISTS (SELECT 1 FROM catalogue_acts WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'catalogue acts are append-only'); END;
CREATE TRIGGER catalogue_acts_not_changed BEFORE UPDATE ON catalogue_acts
BEGIN SELECT RAISE(ABORT, 'catalogue acts are append-only'); END;
CREATE TRIGGER catalogue_acts_not_removed BEFORE DELETE ON catalogue_acts
BEGIN SELECT RAISE(ABORT, 'catalogue acts are append-only'); END;

-- Cases that a change of the catalogue lets finish.
CREATE INDEX applications_open_item ON applications (item) WHERE state IN ('draft', 'submitted', 'returned', 'approved', 'issuing');
