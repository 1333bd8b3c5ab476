-- A key's row is not removed, nor made to be another key's; one that was stopped for
-- good stays so. What became of a key is told by the events about it.
CREATE TRIGGER keys_not_removed BEFORE DELETE ON keys
BEGIN SELECT RAISE(ABORT, 'keys are not removed'); END;
CREATE TRIGGER keys_stay_the_same BEFORE UPDATE ON keys
WHEN (NEW.kid, NEW.purpose, NEW.organ, NEW.public) IS NOT (OLD.kid, OLD.purpose, OLD.organ, OLD.public)
BEGIN SELECT RAISE(ABORT, 'a key does not become another one'); END;
CREATE TRIGGER keys_stay_stopped BEFORE UPDATE ON keys
WHEN OLD.state = 'compromised' AND NEW.state IS NOT 'compromised' OR OLD.state = 'retired' AND NEW.state NOT IN ('retired', 'compromised')
BEGIN SELECT RAISE(ABORT, 'a key that was stopped for good is not used again'); END;

-- Characters that no face held when a case was to be submitted, each a task until one does.
CREATE TABLE missing_characters (
  key        INTEGER PRIMARY KEY,
  code_point INTEGER NOT NULL,
  item       TEXT NOT NULL, -- where it was met first
  office     TEXT NOT NULL,
  opened_at  INTEGER NOT NULL,
  closed_at  INTEGER
);
CREATE UNIQUE INDEX missing_characters_open ON missing_characters (code_point) WHERE closed_at IS NULL;
CREATE TRIGGER missing_characters_not_changed BEFORE UPDATE ON missing_characters
WHEN OLD.closed_at IS NOT NULL OR NEW.closed_at IS NULL OR
  (NEW.key, NEW.code_point, NEW.item, NEW.office, NEW.opened_at) IS NOT (OLD.key, OLD.code_point, OLD.item, OLD.office, OLD.opened_at)
BEGIN SELECT RAISE(ABORT, 'a missing character never changes, but for being found once'); END;
CREATE TRIGGER missing_characters_not_removed BEFORE DELETE ON missing_characters
BEGIN SELECT RAISE(ABORT, 'missing characters are not removed'); END;

-- The cases that were refused for one.
CREATE TABLE missing_character_cases (
  character   INTEGER NOT NULL REFERENCES missing_characters (key),
  application TEXT NOT NULL,
  PRIMARY KEY (character, application)
) WITHOUT ROWID;

-- Faces that administrators have added; their content is in files.
CREATE TABLE faces (
  key      INTEGER PRIMARY KEY,
  digest   TEXT NOT NULL UNIQUE,
  name     TEXT NOT NULL,
  added_at INTEGER NOT NULL,
  account  TEXT NOT NULL
);
CREATE TRIGGER faces_not_replaced BEFORE INSERT ON faces WHEN EXISTS (SELECT 1 FROM faces WHERE digest = NEW.digest OR key = NEW.key)
BEGIN SELECT RAISE(ABORT, 'faces are append-only'); END;
CREATE TRIGGER faces_not_changed BEFORE UPDATE ON faces
BEGIN SELECT RAISE(ABORT, 'faces are append-only'); END;
CREATE TRIGGER faces_not_removed BEFORE DELETE ON faces
BEGIN SELECT RAISE(ABORT, 'faces are append-only'); END;
