-- Where residents are reached: resident is a document, case:ID or request:ID. Personal
-- data: a row goes when it is erased.
CREATE TABLE contacts (
  resident TEXT NOT NULL PRIMARY KEY,
  channel  TEXT NOT NULL,
  address  TEXT NOT NULL,
  language TEXT NOT NULL,
  wants    TEXT NOT NULL CHECK (wants IN ('all', 'asked', 'none')),
  secret   TEXT NOT NULL UNIQUE,
  account  TEXT NOT NULL,
  at       INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO contacts (resident, channel, address, language, wants, secret, account, at)
  SELECT 'case:' || application, channel, address, language, 'all', hex(randomblob(16)), account, at FROM case_contacts;
DROP TABLE case_contacts;

-- Those that are still to be proven by a code.
CREATE TABLE contact_proofs (
  resident   TEXT NOT NULL PRIMARY KEY,
  channel    TEXT NOT NULL,
  address    TEXT NOT NULL,
  language   TEXT NOT NULL,
  wants      TEXT NOT NULL,
  hash       BLOB NOT NULL,
  expires_at INTEGER NOT NULL,
  wrong      INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX contact_proofs_expires ON contact_proofs (expires_at);

-- The address at which a message's recipient stops further ones; gone with the rest.
ALTER TABLE messages ADD COLUMN stop TEXT CHECK (stop IS NULL OR state = 'waiting');
DROP TRIGGER messages_in_order;
CREATE TRIGGER messages_in_order BEFORE UPDATE ON messages WHEN OLD.state <> 'waiting' OR NEW.version <> OLD.version + 1 OR NEW.key <> OLD.key OR NEW.id <> OLD.id OR NEW.channel <> OLD.channel
  OR NEW.kind <> OLD.kind OR NEW.language <> OLD.language OR NEW.masked <> OLD.masked OR NEW.about IS NOT OLD.about OR NEW.at <> OLD.at OR NEW.expires_at <> OLD.expires_at
  OR NEW.recipient <> OLD.recipient OR NEW.subject <> OLD.subject OR NEW.body <> OLD.body OR NEW.state = 'waiting' AND NEW.stop IS NOT OLD.stop
BEGIN SELECT RAISE(ABORT, 'a message changes by one version at a time while it waits, and says the same'); END;
