-- What is erased in time. retained is the rule (of the program) by which a case's
-- content goes, NULL while it is under way and when nothing is left to go.
ALTER TABLE applications ADD COLUMN retained TEXT;
UPDATE applications SET retained = CASE state WHEN 'draft' THEN 'drafts' WHEN 'withdrawn' THEN 'withdrawn' WHEN 'rejected' THEN 'rejected' ELSE 'files' END
WHERE state IN ('draft', 'withdrawn', 'rejected')
  OR state = 'issued' AND EXISTS (SELECT 1 FROM actions x WHERE x.application = applications.key AND x.digest IS NOT NULL);
CREATE INDEX applications_retained ON applications (retained, changed_at) WHERE retained IS NOT NULL;

-- Of an action of kind erase: digest of what stays of the ones before it.
ALTER TABLE actions ADD COLUMN stays TEXT;
CREATE INDEX actions_digest ON actions (digest) WHERE digest IS NOT NULL;
-- Content goes once an erasure is on record after it; everything else stays for good.
DROP TRIGGER actions_not_changed;
CREATE TRIGGER actions_not_changed BEFORE UPDATE ON actions
WHEN NOT EXISTS (SELECT 1 FROM actions e WHERE e.application = OLD.application AND e.kind = 'erase' AND e.seq > OLD.seq)
  OR NEW.opinion IS NOT NULL AND NEW.opinion IS NOT OLD.opinion OR NEW.input IS NOT NULL AND NEW.input IS NOT OLD.input
  OR NEW.against IS NOT NULL AND NEW.against IS NOT OLD.against OR NEW.refers IS NOT NULL AND NEW.refers IS NOT OLD.refers
  OR NEW.text_digest IS NOT NULL AND NEW.text_digest IS NOT OLD.text_digest OR NEW.file_name IS NOT NULL AND NEW.file_name IS NOT OLD.file_name
  OR NEW.digest IS NOT NULL AND NEW.digest IS NOT OLD.digest OR NEW.original IS NOT NULL AND NEW.original IS NOT OLD.original
  OR NEW.witness_name IS NOT NULL AND NEW.witness_name IS NOT OLD.witness_name OR NEW.witness_type IS NOT NULL AND NEW.witness_type IS NOT OLD.witness_type
  OR NEW.witness_number IS NOT NULL AND NEW.witness_number IS NOT OLD.witness_number
  OR (NEW.application, NEW.seq, NEW.at, NEW.kind, NEW.account, NEW.name, NEW.person_type, NEW.person_number, NEW.person_reason, NEW.office, NEW.role, NEW.step, NEW.to_step, NEW.code, NEW.post, NEW.due,
    NEW.for_account, NEW.for_name, NEW.for_type, NEW.for_number, NEW.reason, NEW.office_name, NEW.material, NEW.file_type, NEW.file_size, NEW.width, NEW.height, NEW.pages, NEW.signed_by, NEW.detached, NEW.stays)
  IS NOT (OLD.application, OLD.seq, OLD.at, OLD.kind, OLD.account, OLD.name, OLD.person_type, OLD.person_number, OLD.person_reason, OLD.office, OLD.role, OLD.step, OLD.to_step, OLD.code, OLD.post, OLD.due,
    OLD.for_account, OLD.for_name, OLD.for_type, OLD.for_number, OLD.reason, OLD.office_name, OLD.material, OLD.file_type, OLD.file_size, OLD.width, OLD.height, OLD.pages, OLD.signed_by, OLD.detached, OLD.stays)
BEGIN SELECT RAISE(ABORT, 'actions are append-only'); END;

-- Every file that a request ever had, until its content is erased.
CREATE TABLE request_files (
  request INTEGER NOT NULL REFERENCES resident_requests (key),
  digest  TEXT NOT NULL,
  PRIMARY KEY (request, digest)
) WITHOUT ROWID;
CREATE INDEX request_files_digest ON request_files (digest);
INSERT INTO request_files (request, digest)
SELECT r.key, json_extract(f.value, '$.digest') FROM resident_requests r, json_each(r.content, '$.files') f WHERE r.content IS NOT NULL
UNION SELECT r.key, json_extract(f.value, '$.digest') FROM resident_requests r, json_each(r.content, '$.sent.files') f WHERE r.content IS NOT NULL;

-- A file goes with the last of what refers to it.
DROP TRIGGER files_not_removed;
CREATE TRIGGER files_not_removed BEFORE DELETE ON files
WHEN EXISTS (SELECT 1 FROM actions WHERE digest = OLD.digest) OR EXISTS (SELECT 1 FROM request_files WHERE digest = OLD.digest)
  OR EXISTS (SELECT 1 FROM faces WHERE digest = OLD.digest) OR EXISTS (SELECT 1 FROM papers WHERE scan = unhex(OLD.digest))
BEGIN SELECT RAISE(ABORT, 'a file stays while something refers to it'); END;
-- What requests that were erased have left.
DELETE FROM files WHERE NOT (EXISTS (SELECT 1 FROM actions WHERE digest = files.digest) OR EXISTS (SELECT 1 FROM request_files WHERE digest = files.digest)
  OR EXISTS (SELECT 1 FROM faces WHERE digest = files.digest) OR EXISTS (SELECT 1 FROM papers WHERE scan = unhex(files.digest)));

-- At which version of a draft its office was told that it goes soon.
CREATE TABLE fading_drafts (
  application INTEGER NOT NULL PRIMARY KEY REFERENCES applications (key),
  version     INTEGER NOT NULL,
  at          INTEGER NOT NULL
);

-- Cases of which nothing is erased for the time being; what became of one is an event.
CREATE TABLE case_holds (
  application TEXT NOT NULL PRIMARY KEY REFERENCES applications (id),
  reason      TEXT NOT NULL,
  until       INTEGER NOT NULL,
  account     TEXT NOT NULL,
  at          INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX case_holds_until ON case_holds (until);

CREATE INDEX contacts_at ON contacts (at);
