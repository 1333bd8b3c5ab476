-- Batches: cases brought in by workbooks. report, content and alike are JSON (of
-- package workbook): what was found as it was read, what a row says, and what it
-- may be a duplicate of.

CREATE TABLE batches (
  key      INTEGER PRIMARY KEY,
  id       TEXT NOT NULL UNIQUE,
  version  INTEGER NOT NULL,
  state    TEXT NOT NULL,
  item     TEXT NOT NULL,
  template INTEGER NOT NULL,
  office   TEXT NOT NULL,
  account  TEXT NOT NULL,
  at       INTEGER NOT NULL,
  submit   INTEGER NOT NULL,
  digest   TEXT NOT NULL,
  rows     INTEGER NOT NULL,
  report   TEXT NOT NULL,
  why_zh   TEXT,
  why_en   TEXT
);
CREATE INDEX batches_office ON batches (office, key);
CREATE INDEX batches_state ON batches (state, key);
CREATE TRIGGER batches_in_order BEFORE UPDATE ON batches
WHEN NEW.version <> OLD.version + 1 OR (NEW.key, NEW.id, NEW.item, NEW.template, NEW.office, NEW.at, NEW.digest, NEW.rows, NEW.report) IS NOT (OLD.key, OLD.id, OLD.item, OLD.template, OLD.office, OLD.at, OLD.digest, OLD.rows, OLD.report)
BEGIN SELECT RAISE(ABORT, 'a batch changes one step at a time, and what was brought in stays'); END;
CREATE TRIGGER batches_not_removed BEFORE DELETE ON batches
BEGIN SELECT RAISE(ABORT, 'batches are not removed'); END;

CREATE TABLE batch_rows (
  batch       INTEGER NOT NULL REFERENCES batches (key),
  line        INTEGER NOT NULL,
  content     TEXT NOT NULL,
  alike       TEXT,
  outcome     TEXT CHECK (outcome IN ('made', 'refused', 'left')),
  application TEXT CHECK ((application IS NOT NULL) = (outcome IS 'made')),
  why_zh      TEXT,
  why_en      TEXT,
  PRIMARY KEY (batch, line)
) WITHOUT ROWID;
CREATE INDEX batch_rows_outcome ON batch_rows (batch, outcome);
CREATE UNIQUE INDEX batch_rows_case ON batch_rows (application) WHERE application IS NOT NULL;
CREATE TRIGGER batch_rows_not_replaced BEFORE INSERT ON batch_rows WHEN EXISTS (SELECT 1 FROM batch_rows WHERE batch = NEW.batch AND line = NEW.line)
BEGIN SELECT RAISE(ABORT, 'what was brought in stays'); END;
CREATE TRIGGER batch_rows_once BEFORE UPDATE ON batch_rows
WHEN OLD.outcome IS NOT NULL OR (NEW.batch, NEW.line, NEW.content, NEW.alike) IS NOT (OLD.batch, OLD.line, OLD.content, OLD.alike)
BEGIN SELECT RAISE(ABORT, 'what was brought in stays, and has one outcome'); END;
-- What was brought in and not used need not be kept: it is about people.
CREATE TRIGGER batch_rows_not_removed BEFORE DELETE ON batch_rows WHEN OLD.outcome IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'what cases were made of stays'); END;
