-- What was verified, by the minute. Several rows of one minute, channel and office
-- are added up.
CREATE TABLE verifications (
  key     INTEGER PRIMARY KEY,
  code    TEXT NOT NULL,
  minute  INTEGER NOT NULL,
  channel TEXT NOT NULL,
  office  TEXT NOT NULL,
  count   INTEGER NOT NULL CHECK (count > 0)
);
CREATE INDEX verifications_code ON verifications (code, minute, channel, office, count);
CREATE TRIGGER verifications_not_replaced BEFORE INSERT ON verifications WHEN EXISTS (SELECT 1 FROM verifications WHERE key = NEW.key)
BEGIN SELECT RAISE(ABORT, 'verifications are append-only'); END;
CREATE TRIGGER verifications_not_changed BEFORE UPDATE ON verifications
BEGIN SELECT RAISE(ABORT, 'verifications are append-only'); END;
CREATE TRIGGER verifications_not_removed BEFORE DELETE ON verifications
BEGIN SELECT RAISE(ABORT, 'verifications are append-only'); END;
