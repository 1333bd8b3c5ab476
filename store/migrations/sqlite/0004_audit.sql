-- The record of everything: one entry for each action and each event, chained
-- by hashes (docs/formats.md). An entry holds no content, only a salted digest
-- of its row: what is NULL in a row is no part of it, so that columns added to
-- actions and events later are NULL in the rows that were there before.
-- part: an action's seq, an event's key.
CREATE TABLE log (
  seq     INTEGER PRIMARY KEY,
  at      INTEGER,
  kind    TEXT NOT NULL CHECK (kind IN ('action', 'event')),
  subject TEXT NOT NULL,
  part    INTEGER NOT NULL,
  salt    BLOB NOT NULL,
  digest  BLOB NOT NULL,
  hash    BLOB NOT NULL
);
CREATE UNIQUE INDEX log_about ON log (subject, kind, part);
CREATE TRIGGER log_in_order BEFORE INSERT ON log WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM log)
BEGIN SELECT RAISE(ABORT, 'the log is append-only and numbered without gaps'); END;
CREATE TRIGGER log_not_changed BEFORE UPDATE ON log
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER log_not_removed BEFORE DELETE ON log
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;

-- What a case is recognised by among others, in normal form; known is 0 until
-- the program has worked it out (it needs the template). Two cases with the
-- same text in one column may be the same matter.
CREATE TABLE marks (
  application INTEGER PRIMARY KEY REFERENCES applications (key),
  known       INTEGER NOT NULL,
  document    TEXT,
  facts       TEXT,
  name        TEXT
);
CREATE INDEX marks_document ON marks (document) WHERE document IS NOT NULL;
CREATE INDEX marks_facts    ON marks (facts)    WHERE facts IS NOT NULL;
CREATE INDEX marks_name     ON marks (name)     WHERE name IS NOT NULL;
CREATE INDEX marks_unknown  ON marks (application) WHERE known = 0;
INSERT INTO marks (application, known) SELECT key, 0 FROM applications;
