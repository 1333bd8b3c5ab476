-- Files on cases and scans of papers: each content once, under its SHA-256 in
-- hexadecimal. Who refers to it says what it is.
CREATE TABLE files (
  key     INTEGER PRIMARY KEY,
  digest  TEXT NOT NULL UNIQUE,
  content BLOB NOT NULL
);
-- Also keeps INSERT OR REPLACE from rewriting a row, which fires no delete trigger.
CREATE TRIGGER files_not_replaced BEFORE INSERT ON files WHEN EXISTS (SELECT 1 FROM files WHERE digest = NEW.digest OR key = NEW.key)
BEGIN SELECT RAISE(ABORT, 'files are append-only'); END;
CREATE TRIGGER files_not_changed BEFORE UPDATE ON files
BEGIN SELECT RAISE(ABORT, 'files are append-only'); END;
CREATE TRIGGER files_not_removed BEFORE DELETE ON files
BEGIN SELECT RAISE(ABORT, 'files are append-only'); END;

-- What an action of kind attach says of its file, and detach which one it took off.
ALTER TABLE actions ADD COLUMN material TEXT;
ALTER TABLE actions ADD COLUMN file_name TEXT;
ALTER TABLE actions ADD COLUMN file_type TEXT;
ALTER TABLE actions ADD COLUMN file_size INTEGER;
ALTER TABLE actions ADD COLUMN width INTEGER;
ALTER TABLE actions ADD COLUMN height INTEGER;
ALTER TABLE actions ADD COLUMN pages INTEGER;
ALTER TABLE actions ADD COLUMN digest TEXT;
ALTER TABLE actions ADD COLUMN original TEXT;
ALTER TABLE actions ADD COLUMN signed_by TEXT;
ALTER TABLE actions ADD COLUMN witness_name TEXT;
ALTER TABLE actions ADD COLUMN witness_type TEXT;
ALTER TABLE actions ADD COLUMN witness_number TEXT;
ALTER TABLE actions ADD COLUMN detached INTEGER;
CREATE INDEX actions_files ON actions (application, seq) WHERE digest IS NOT NULL;

-- The scan of a paper as it was sent, and the type of the file that is kept.
ALTER TABLE papers ADD COLUMN original BLOB;
ALTER TABLE papers ADD COLUMN scan_type TEXT;
CREATE INDEX papers_scan     ON papers (scan)     WHERE scan IS NOT NULL;
CREATE INDEX papers_original ON papers (original) WHERE original IS NOT NULL;
DROP TRIGGER papers_not_changed;
CREATE TRIGGER papers_not_changed BEFORE UPDATE ON papers
WHEN OLD.voided_at IS NOT NULL OR NEW.voided_at IS NULL OR
  (NEW.key, NEW.code, NEW.number, NEW.number_key, NEW.item, NEW.short, NEW.organ, NEW.organ_name, NEW.masked_name, NEW.masked_id, NEW.holder,
   NEW.issued_on, NEW.note, NEW.recorded_at, NEW.account, NEW.office, NEW.scan, NEW.original, NEW.scan_type) IS NOT
  (OLD.key, OLD.code, OLD.number, OLD.number_key, OLD.item, OLD.short, OLD.organ, OLD.organ_name, OLD.masked_name, OLD.masked_id, OLD.holder,
   OLD.issued_on, OLD.note, OLD.recorded_at, OLD.account, OLD.office, OLD.scan, OLD.original, OLD.scan_type)
BEGIN SELECT RAISE(ABORT, 'a paper record never changes, but for being voided once'); END;
