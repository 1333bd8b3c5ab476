-- The register of persons: what registers say, each fact with its import. A
-- person's facts are JSON (yinzheng.Person); what persons are found by stands
-- beside them, as plain as the cases' marks do.

CREATE TABLE persons (
  key      INTEGER PRIMARY KEY,
  id       TEXT NOT NULL UNIQUE,
  version  INTEGER NOT NULL,
  content  TEXT NOT NULL
);
CREATE TRIGGER persons_not_removed BEFORE DELETE ON persons
BEGIN SELECT RAISE(ABORT, 'what is on record about persons is not removed'); END;

-- kind: document, name, household or parent. A person's keys only grow.
CREATE TABLE person_keys (
  kind   TEXT NOT NULL,
  value  TEXT NOT NULL,
  person INTEGER NOT NULL REFERENCES persons (key),
  PRIMARY KEY (kind, value, person)
) WITHOUT ROWID;
CREATE UNIQUE INDEX person_documents ON person_keys (value) WHERE kind = 'document';
CREATE TRIGGER person_keys_not_changed BEFORE UPDATE ON person_keys
BEGIN SELECT RAISE(ABORT, 'person_keys are append-only'); END;
CREATE TRIGGER person_keys_not_removed BEFORE DELETE ON person_keys
BEGIN SELECT RAISE(ABORT, 'person_keys are append-only'); END;

CREATE TABLE person_imports (
  key           INTEGER PRIMARY KEY,
  id            TEXT NOT NULL UNIQUE,
  at            INTEGER NOT NULL,
  account       TEXT NOT NULL,
  office        TEXT NOT NULL,
  division      TEXT NOT NULL,
  register      TEXT NOT NULL,
  as_of         TEXT NOT NULL,
  digest        TEXT NOT NULL,
  rows_read     INTEGER NOT NULL,
  rows_new      INTEGER NOT NULL,
  rows_changed  INTEGER NOT NULL,
  rows_same     INTEGER NOT NULL
);
CREATE TRIGGER person_imports_not_replaced BEFORE INSERT ON person_imports WHEN EXISTS (SELECT 1 FROM person_imports WHERE id = NEW.id OR key = NEW.key)
BEGIN SELECT RAISE(ABORT, 'person_imports are append-only'); END;
CREATE TRIGGER person_imports_not_changed BEFORE UPDATE ON person_imports
BEGIN SELECT RAISE(ABORT, 'person_imports are append-only'); END;
CREATE TRIGGER person_imports_not_removed BEFORE DELETE ON person_imports
BEGIN SELECT RAISE(ABORT, 'person_imports are append-only'); END;

-- What a submission says against the record, as it was then (JSON).
ALTER TABLE actions ADD COLUMN against TEXT;
