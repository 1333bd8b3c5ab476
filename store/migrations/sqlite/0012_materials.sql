-- How materials are met other than by files: of an action of kind refer, material
-- names what is met and refers the certificate that meets it. One of kind promise
-- names what follows, and by when (due).
ALTER TABLE actions ADD COLUMN refers TEXT;
-- Of a commitment in a material's place: digest of what was signed.
ALTER TABLE actions ADD COLUMN text_digest TEXT;

-- A case that went on with a material missing: what becomes of it when approved,
-- wait or flag.
ALTER TABLE applications ADD COLUMN incomplete TEXT;

-- Inspections of commitments that are to be made, to be found by the office that
-- makes them; done_at is when one was.
CREATE TABLE inspections (
  key         INTEGER PRIMARY KEY,
  application TEXT NOT NULL,
  material    TEXT NOT NULL,
  office      TEXT NOT NULL,
  due_at      INTEGER NOT NULL,
  done_at     INTEGER,
  UNIQUE (application, material)
);
CREATE INDEX inspections_due ON inspections (office, due_at, key) WHERE done_at IS NULL;

-- Who lost, and was given back, the right to sign commitments: by the mark of
-- their document, as plain as the cases' marks. The newest row holds.
CREATE TABLE commitment_rights (
  key         INTEGER PRIMARY KEY,
  at          INTEGER NOT NULL,
  document    TEXT NOT NULL,
  ended       INTEGER NOT NULL,
  account     TEXT NOT NULL,
  application TEXT NOT NULL,
  action      INTEGER,
  reason      TEXT
);
CREATE INDEX commitment_rights_document ON commitment_rights (document, key);
CREATE TRIGGER commitment_rights_not_replaced BEFORE INSERT ON commitment_rights WHEN EXISTS (SELECT 1 FROM commitment_rights WHERE key = NEW.key)
BEGIN SELECT RAISE(ABORT, 'commitment_rights are append-only'); END;
CREATE TRIGGER commitment_rights_not_changed BEFORE UPDATE ON commitment_rights
BEGIN SELECT RAISE(ABORT, 'commitment_rights are append-only'); END;
CREATE TRIGGER commitment_rights_not_removed BEFORE DELETE ON commitment_rights
BEGIN SELECT RAISE(ABORT, 'commitment_rights are append-only'); END;
