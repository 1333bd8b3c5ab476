-- What residents ask offices to take in. What was done to one is an event
-- (request-…); the row is how it stands. content is JSON and personal data: NULL
-- once it was erased.
CREATE TABLE resident_requests (
  key              INTEGER PRIMARY KEY,
  id               TEXT NOT NULL UNIQUE,
  version          INTEGER NOT NULL,
  state            TEXT NOT NULL,
  item             TEXT NOT NULL,
  template_version INTEGER NOT NULL,
  resident         TEXT,
  code             BLOB,
  office           TEXT,
  begun_at         INTEGER NOT NULL,
  changed_at       INTEGER NOT NULL,
  due_at           INTEGER,
  late             INTEGER NOT NULL,
  application      TEXT,
  content          TEXT
);
CREATE INDEX resident_requests_resident ON resident_requests (resident, key);
CREATE INDEX resident_requests_office ON resident_requests (office, state, due_at, changed_at);
CREATE INDEX resident_requests_due ON resident_requests (due_at) WHERE state = 'sent' AND late = 0;
CREATE INDEX resident_requests_idle ON resident_requests (state, changed_at) WHERE content IS NOT NULL;
CREATE UNIQUE INDEX resident_requests_application ON resident_requests (application);
CREATE TRIGGER resident_requests_in_order BEFORE UPDATE ON resident_requests WHEN NEW.version <> OLD.version + 1 OR NEW.id <> OLD.id OR NEW.item <> OLD.item OR NEW.begun_at <> OLD.begun_at
BEGIN SELECT RAISE(ABORT, 'a request changes by one version at a time'); END;
CREATE TRIGGER resident_requests_sent BEFORE UPDATE ON resident_requests WHEN OLD.state NOT IN ('draft', 'returned') AND NEW.state <> 'returned' AND NEW.state <> 'refused' AND NEW.content IS NOT OLD.content AND NEW.content IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'what was sent does not change'); END;
CREATE TRIGGER resident_requests_ended BEFORE UPDATE ON resident_requests WHEN OLD.state IN ('taken', 'refused', 'withdrawn', 'lapsed') AND (NEW.state <> OLD.state OR NEW.application IS NOT OLD.application)
BEGIN SELECT RAISE(ABORT, 'a request that has ended does not go on'); END;
CREATE TRIGGER resident_requests_not_replaced BEFORE INSERT ON resident_requests WHEN EXISTS (SELECT 1 FROM resident_requests WHERE key = NEW.key OR id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'requests are not removed'); END;
CREATE TRIGGER resident_requests_not_removed BEFORE DELETE ON resident_requests
BEGIN SELECT RAISE(ABORT, 'requests are not removed'); END;
