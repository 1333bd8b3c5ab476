-- What residents say of how their cases were handled: acts, of which a rating is
-- the fold; content is JSON. Beside them what ratings are found and counted by.
-- contact is there while somebody is to be called back, and forgotten then.
CREATE TABLE ratings (
  key         INTEGER PRIMARY KEY,
  application TEXT NOT NULL UNIQUE,
  item        TEXT NOT NULL,
  office      TEXT NOT NULL,
  at          INTEGER NOT NULL,
  level       INTEGER NOT NULL,
  state       TEXT,
  contact     TEXT,
  due         INTEGER,
  next        INTEGER,
  version     INTEGER NOT NULL
);
CREATE INDEX ratings_at ON ratings (at);
CREATE INDEX ratings_open ON ratings (key) WHERE due IS NOT NULL;
CREATE INDEX ratings_next ON ratings (next) WHERE next IS NOT NULL;
CREATE TRIGGER ratings_not_replaced BEFORE INSERT ON ratings WHEN EXISTS (SELECT 1 FROM ratings WHERE key = NEW.key OR application = NEW.application)
BEGIN SELECT RAISE(ABORT, 'a case is rated once'); END;
CREATE TRIGGER ratings_in_order BEFORE UPDATE ON ratings WHEN NEW.version <> OLD.version + 1 OR NEW.application <> OLD.application OR NEW.item <> OLD.item OR NEW.office <> OLD.office OR NEW.at <> OLD.at OR NEW.level <> OLD.level
BEGIN SELECT RAISE(ABORT, 'what a resident said stays'); END;
CREATE TRIGGER ratings_not_removed BEFORE DELETE ON ratings
BEGIN SELECT RAISE(ABORT, 'what a resident said stays'); END;

CREATE TABLE rating_acts (
  application TEXT NOT NULL,
  seq         INTEGER NOT NULL,
  at          INTEGER NOT NULL,
  account     TEXT NOT NULL,
  kind        TEXT NOT NULL,
  content     TEXT NOT NULL,
  PRIMARY KEY (application, seq)
);
CREATE TRIGGER rating_acts_in_order BEFORE INSERT ON rating_acts WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM rating_acts WHERE application = NEW.application)
BEGIN SELECT RAISE(ABORT, 'rating acts are append-only and numbered without gaps'); END;
CREATE TRIGGER rating_acts_not_changed BEFORE UPDATE ON rating_acts
BEGIN SELECT RAISE(ABORT, 'rating acts are append-only'); END;
CREATE TRIGGER rating_acts_not_removed BEFORE DELETE ON rating_acts
BEGIN SELECT RAISE(ABORT, 'rating acts are append-only'); END;
