-- Life of a certificate: acts on it, what replaces it, copies, papers.

-- Reason class of an act on a certificate.
ALTER TABLE actions ADD COLUMN reason TEXT;

-- Of all versions of a certificate, which share their SERIAL, never two are in
-- force or suspended. A number is 1.2.156.3005.2.TYPE.ISSUER.SERIAL.VERSION.CHECK
-- with 21 and 18 characters of TYPE and ISSUER: SERIAL begins at the 57th, and
-- six characters follow it. ISSUER is not looked at: organs merge.
CREATE UNIQUE INDEX certificates_in_force ON certificates (substr(number, 57, length(number) - 62))
WHERE status IN ('valid', 'suspended');

-- Cases that are to replace a certificate.
CREATE TABLE replacements (
  key         INTEGER PRIMARY KEY,
  certificate TEXT NOT NULL,
  application TEXT NOT NULL
);
CREATE INDEX replacements_certificate ON replacements (certificate);
CREATE TRIGGER replacements_not_replaced BEFORE INSERT ON replacements WHEN EXISTS (SELECT 1 FROM replacements WHERE key = NEW.key)
BEGIN SELECT RAISE(ABORT, 'replacements are append-only'); END;
CREATE TRIGGER replacements_not_changed BEFORE UPDATE ON replacements
BEGIN SELECT RAISE(ABORT, 'replacements are append-only'); END;
CREATE TRIGGER replacements_not_removed BEFORE DELETE ON replacements
BEGIN SELECT RAISE(ABORT, 'replacements are append-only'); END;

-- Proposed revocations, to find those that wait; the case's actions are the truth.
CREATE TABLE revocations (
  key         INTEGER PRIMARY KEY,
  certificate TEXT NOT NULL,
  proposal    INTEGER NOT NULL,
  organ       TEXT NOT NULL,
  proposed_at INTEGER NOT NULL,
  decided_at  INTEGER,
  UNIQUE (certificate, proposal)
);
CREATE INDEX revocations_waiting ON revocations (key) WHERE decided_at IS NULL;

CREATE TABLE copies (
  key              INTEGER PRIMARY KEY,
  id               TEXT NOT NULL UNIQUE,
  certificate      TEXT NOT NULL,
  at               INTEGER NOT NULL,
  account          TEXT NOT NULL,
  name             TEXT NOT NULL,
  office           TEXT NOT NULL,
  collector        TEXT NOT NULL,
  collector_type   TEXT NOT NULL,
  collector_number TEXT NOT NULL,
  collector_reason TEXT NOT NULL,
  copies           INTEGER NOT NULL CHECK (copies > 0),
  purpose          TEXT NOT NULL
);
CREATE INDEX copies_certificate ON copies (certificate, key);
-- Also keeps INSERT OR REPLACE from rewriting a row, which fires no delete trigger.
CREATE TRIGGER copies_not_replaced BEFORE INSERT ON copies WHEN EXISTS (SELECT 1 FROM copies WHERE id = NEW.id OR key = NEW.key)
BEGIN SELECT RAISE(ABORT, 'copies are append-only'); END;
CREATE TRIGGER copies_not_changed BEFORE UPDATE ON copies
BEGIN SELECT RAISE(ABORT, 'copies are append-only'); END;
CREATE TRIGGER copies_not_removed BEFORE DELETE ON copies
BEGIN SELECT RAISE(ABORT, 'copies are append-only'); END;

-- Certificates written on paper and recorded afterwards.
CREATE TABLE papers (
  key         INTEGER PRIMARY KEY,
  code        TEXT NOT NULL UNIQUE,
  number      TEXT NOT NULL,
  number_key  TEXT NOT NULL,
  item        TEXT NOT NULL,
  short       TEXT NOT NULL,
  organ       TEXT NOT NULL,
  organ_name  TEXT NOT NULL,
  masked_name TEXT NOT NULL,
  masked_id   TEXT NOT NULL,
  holder      TEXT NOT NULL,
  issued_on   INTEGER NOT NULL,
  scan        BLOB,
  note        TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  account     TEXT NOT NULL,
  office      TEXT NOT NULL,
  voided_at   INTEGER,
  voided_by   TEXT NOT NULL,
  void_note   TEXT NOT NULL
);
CREATE UNIQUE INDEX papers_number ON papers (number_key) WHERE voided_at IS NULL;
CREATE TRIGGER papers_not_replaced BEFORE INSERT ON papers WHEN EXISTS (SELECT 1 FROM papers WHERE code = NEW.code OR key = NEW.key)
BEGIN SELECT RAISE(ABORT, 'papers are append-only'); END;
CREATE TRIGGER papers_not_changed BEFORE UPDATE ON papers
WHEN OLD.voided_at IS NOT NULL OR NEW.voided_at IS NULL OR
  (NEW.key, NEW.code, NEW.number, NEW.number_key, NEW.item, NEW.short, NEW.organ, NEW.organ_name, NEW.masked_name, NEW.masked_id, NEW.holder,
   NEW.issued_on, NEW.note, NEW.recorded_at, NEW.account, NEW.office, NEW.scan) IS NOT
  (OLD.key, OLD.code, OLD.number, OLD.number_key, OLD.item, OLD.short, OLD.organ, OLD.organ_name, OLD.masked_name, OLD.masked_id, OLD.holder,
   OLD.issued_on, OLD.note, OLD.recorded_at, OLD.account, OLD.office, OLD.scan)
BEGIN SELECT RAISE(ABORT, 'a paper record never changes, but for being voided once'); END;
CREATE TRIGGER papers_not_removed BEFORE DELETE ON papers
BEGIN SELECT RAISE(ABORT, 'papers are append-only'); END;
