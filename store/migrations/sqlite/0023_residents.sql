-- Residents' sign-ins: resident is a document or case:ID, who the rest of what is
-- known of them, as JSON.
CREATE TABLE resident_sessions (
  hash       BLOB NOT NULL PRIMARY KEY,
  resident   TEXT NOT NULL,
  who        TEXT NOT NULL,
  opened_at  INTEGER NOT NULL,
  used_at    INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX resident_sessions_resident ON resident_sessions (resident);
CREATE INDEX resident_sessions_expires  ON resident_sessions (expires_at);
CREATE INDEX resident_sessions_used     ON resident_sessions (used_at);

-- Whom cases belong to, by their documents. Those of an earlier program are marked
-- anew in the background.
CREATE TABLE case_residents (
  document    TEXT NOT NULL,
  application INTEGER NOT NULL REFERENCES applications (key),
  PRIMARY KEY (document, application)
) WITHOUT ROWID;
CREATE INDEX case_residents_application ON case_residents (application);
UPDATE marks SET known = 0;

-- Codes by which somebody comes to a case, one of each way at a time: used, replaced
-- or tried in vain too often, one is gone.
CREATE TABLE case_codes (
  application TEXT NOT NULL,
  way         TEXT NOT NULL,
  hash        BLOB NOT NULL,
  expires_at  INTEGER NOT NULL,
  wrong       INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (application, way)
) WITHOUT ROWID;
CREATE INDEX case_codes_expires ON case_codes (expires_at);

-- How often codes were tried lately for what may be a case's ID or not.
CREATE TABLE code_tries (
  application TEXT NOT NULL PRIMARY KEY,
  since       INTEGER NOT NULL,
  tries       INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX code_tries_since ON code_tries (since);

-- Where somebody is reached about a case. Personal data: a row goes when it is erased.
CREATE TABLE case_contacts (
  application TEXT NOT NULL PRIMARY KEY,
  channel     TEXT NOT NULL,
  address     TEXT NOT NULL,
  language    TEXT NOT NULL,
  account     TEXT NOT NULL,
  at          INTEGER NOT NULL
) WITHOUT ROWID;

-- Links by which a certificate is shared, and when each was opened.
CREATE TABLE shares (
  key          INTEGER PRIMARY KEY,
  hash         BLOB NOT NULL UNIQUE,
  code         TEXT NOT NULL,
  note         TEXT NOT NULL,
  once         INTEGER NOT NULL,
  made_at      INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL,
  withdrawn_at INTEGER
);
CREATE INDEX shares_code ON shares (code, key);
CREATE TRIGGER shares_only_end BEFORE UPDATE ON shares WHEN NEW.key <> OLD.key OR NEW.hash <> OLD.hash OR NEW.code <> OLD.code OR NEW.note <> OLD.note
  OR NEW.once <> OLD.once OR NEW.made_at <> OLD.made_at OR NEW.expires_at > OLD.expires_at OR OLD.withdrawn_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'of a share only its end comes sooner'); END;
CREATE TRIGGER shares_not_replaced BEFORE INSERT ON shares WHEN EXISTS (SELECT 1 FROM shares WHERE key = NEW.key OR hash = NEW.hash)
BEGIN SELECT RAISE(ABORT, 'shares are not removed'); END;
CREATE TRIGGER shares_not_removed BEFORE DELETE ON shares
BEGIN SELECT RAISE(ABORT, 'shares are not removed'); END;

CREATE TABLE share_openings (
  key   INTEGER PRIMARY KEY,
  share INTEGER NOT NULL REFERENCES shares (key),
  at    INTEGER NOT NULL,
  what  TEXT NOT NULL
);
CREATE INDEX share_openings_share ON share_openings (share, key);
CREATE TRIGGER share_openings_not_replaced BEFORE INSERT ON share_openings WHEN EXISTS (SELECT 1 FROM share_openings WHERE key = NEW.key)
BEGIN SELECT RAISE(ABORT, 'openings are append-only'); END;
CREATE TRIGGER share_openings_not_changed BEFORE UPDATE ON share_openings
BEGIN SELECT RAISE(ABORT, 'openings are append-only'); END;
CREATE TRIGGER share_openings_not_removed BEFORE DELETE ON share_openings
BEGIN SELECT RAISE(ABORT, 'openings are append-only'); END;
