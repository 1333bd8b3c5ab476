-- Messages to residents on their way. What no longer waits has lost recipient, subject
-- and body; the rest of a row stays.
CREATE TABLE messages (
  key         INTEGER PRIMARY KEY,
  id          TEXT NOT NULL UNIQUE,
  channel     TEXT NOT NULL,
  kind        TEXT NOT NULL,
  language    TEXT NOT NULL,
  masked      TEXT NOT NULL,
  about       TEXT,
  at          INTEGER NOT NULL,
  expires_at  INTEGER NOT NULL,
  recipient   TEXT,
  subject     TEXT,
  body        TEXT,
  state       TEXT NOT NULL,
  version     INTEGER NOT NULL,
  tries       INTEGER NOT NULL,
  due_at      INTEGER NOT NULL,
  lease_until INTEGER,
  done_at     INTEGER,
  reason      TEXT,
  CHECK (state = 'waiting' AND recipient IS NOT NULL AND body IS NOT NULL AND done_at IS NULL
    OR state IN ('sent', 'given-up') AND recipient IS NULL AND subject IS NULL AND body IS NULL AND lease_until IS NULL AND done_at IS NOT NULL)
);
CREATE INDEX messages_waiting ON messages (channel, expires_at, due_at) WHERE state = 'waiting';
CREATE INDEX messages_done ON messages (state, channel, done_at);
CREATE INDEX messages_newest ON messages (state, key);
CREATE TRIGGER messages_in_order BEFORE UPDATE ON messages WHEN OLD.state <> 'waiting' OR NEW.version <> OLD.version + 1 OR NEW.key <> OLD.key OR NEW.id <> OLD.id OR NEW.channel <> OLD.channel
  OR NEW.kind <> OLD.kind OR NEW.language <> OLD.language OR NEW.masked <> OLD.masked OR NEW.about IS NOT OLD.about OR NEW.at <> OLD.at OR NEW.expires_at <> OLD.expires_at
  OR NEW.recipient <> OLD.recipient OR NEW.subject <> OLD.subject OR NEW.body <> OLD.body
BEGIN SELECT RAISE(ABORT, 'a message changes by one version at a time while it waits, and says the same'); END;
CREATE TRIGGER messages_not_replaced BEFORE INSERT ON messages WHEN EXISTS (SELECT 1 FROM messages WHERE key = NEW.key OR id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'messages are not removed'); END;
CREATE TRIGGER messages_not_removed BEFORE DELETE ON messages
BEGIN SELECT RAISE(ABORT, 'messages are not removed'); END;

-- When something was sent to a recipient at somebody's wish; kept for an hour.
CREATE TABLE message_requests (
  key  INTEGER PRIMARY KEY,
  mark TEXT NOT NULL,
  at   INTEGER NOT NULL
);
CREATE INDEX message_requests_mark ON message_requests (mark, at);
CREATE INDEX message_requests_at ON message_requests (at);
