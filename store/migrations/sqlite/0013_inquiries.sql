-- Inquiries: acts, of which inquiries, lists and the rules of who may ask what
-- are the fold; content is JSON. Beside them what inquiries are found by, the
-- rows of lists, the rolls that offices bring in, and the signed replies.
CREATE TABLE inquiry_acts (
  subject TEXT NOT NULL,
  seq     INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  account TEXT NOT NULL,
  kind    TEXT NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY (subject, seq)
);
CREATE TRIGGER inquiry_acts_not_replaced BEFORE INSERT ON inquiry_acts WHEN EXISTS (SELECT 1 FROM inquiry_acts WHERE subject = NEW.subject AND seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'inquiry acts are append-only'); END;
CREATE TRIGGER inquiry_acts_not_changed BEFORE UPDATE ON inquiry_acts
BEGIN SELECT RAISE(ABORT, 'inquiry acts are append-only'); END;
CREATE TRIGGER inquiry_acts_not_removed BEFORE DELETE ON inquiry_acts
BEGIN SELECT RAISE(ABORT, 'inquiry acts are append-only'); END;

CREATE TABLE inquiries (
  key     INTEGER PRIMARY KEY,
  id      TEXT NOT NULL UNIQUE,
  list    TEXT,
  row     INTEGER,
  kind    TEXT NOT NULL,
  state   TEXT NOT NULL,
  asker   TEXT NOT NULL,
  role    TEXT NOT NULL,
  account TEXT NOT NULL,
  office  TEXT NOT NULL,
  signer  TEXT NOT NULL,
  at      INTEGER NOT NULL,
  due     INTEGER NOT NULL,
  late    TEXT
);
CREATE INDEX inquiries_asker ON inquiries (asker, role, key) WHERE list IS NULL;
CREATE INDEX inquiries_account ON inquiries (account, at) WHERE list IS NULL;
CREATE INDEX inquiries_office ON inquiries (office, key) WHERE state = 'asked';
CREATE INDEX inquiries_signer ON inquiries (signer, key) WHERE state = 'answered';
CREATE INDEX inquiries_late ON inquiries (late, key) WHERE late IS NOT NULL AND state IN ('asked', 'answered');
CREATE INDEX inquiries_open ON inquiries (list) WHERE state IN ('asked', 'answered');
CREATE INDEX inquiries_due ON inquiries (due) WHERE late IS NULL AND state IN ('asked', 'answered');

CREATE TABLE inquiry_lists (
  key     INTEGER PRIMARY KEY,
  id      TEXT NOT NULL UNIQUE,
  kind    TEXT NOT NULL,
  state   TEXT NOT NULL,
  asker   TEXT NOT NULL,
  role    TEXT NOT NULL,
  account TEXT NOT NULL,
  at      INTEGER NOT NULL,
  rows    INTEGER NOT NULL,
  worked  INTEGER NOT NULL
);
CREATE INDEX inquiry_lists_asker ON inquiry_lists (asker, role, key);
CREATE INDEX inquiry_lists_day ON inquiry_lists (asker, at);
CREATE INDEX inquiry_lists_state ON inquiry_lists (state, key);

CREATE TABLE inquiry_rows (
  list    TEXT NOT NULL,
  row     INTEGER NOT NULL,
  content TEXT NOT NULL,
  answer  TEXT,
  found   TEXT,
  source  TEXT,
  as_of   TEXT,
  inquiry TEXT,
  PRIMARY KEY (list, row)
) WITHOUT ROWID;
CREATE TRIGGER inquiry_rows_not_replaced BEFORE INSERT ON inquiry_rows WHEN EXISTS (SELECT 1 FROM inquiry_rows WHERE list = NEW.list AND row = NEW.row)
BEGIN SELECT RAISE(ABORT, 'what was asked stays'); END;
CREATE TRIGGER inquiry_rows_not_answered_again BEFORE UPDATE ON inquiry_rows WHEN OLD.answer IS NOT NULL OR NEW.content <> OLD.content
BEGIN SELECT RAISE(ABORT, 'what was asked stays, and is answered once'); END;
CREATE TRIGGER inquiry_rows_not_removed BEFORE DELETE ON inquiry_rows
BEGIN SELECT RAISE(ABORT, 'what was asked stays'); END;

CREATE TABLE inquiry_rolls (
  key     INTEGER PRIMARY KEY,
  id      TEXT NOT NULL UNIQUE,
  kind    TEXT NOT NULL,
  at      INTEGER NOT NULL,
  account TEXT NOT NULL,
  office  TEXT NOT NULL,
  title   TEXT NOT NULL,
  as_of   TEXT NOT NULL,
  digest  TEXT NOT NULL,
  rows    INTEGER NOT NULL
);
CREATE INDEX inquiry_rolls_kind ON inquiry_rolls (kind, key);
CREATE TRIGGER inquiry_rolls_not_replaced BEFORE INSERT ON inquiry_rolls WHEN EXISTS (SELECT 1 FROM inquiry_rolls WHERE id = NEW.id OR key = NEW.key)
BEGIN SELECT RAISE(ABORT, 'rolls are append-only'); END;
CREATE TRIGGER inquiry_rolls_not_changed BEFORE UPDATE ON inquiry_rolls
BEGIN SELECT RAISE(ABORT, 'rolls are append-only'); END;
CREATE TRIGGER inquiry_rolls_not_removed BEFORE DELETE ON inquiry_rolls
BEGIN SELECT RAISE(ABORT, 'rolls are append-only'); END;
CREATE TABLE inquiry_roll_entries (
  roll     TEXT NOT NULL,
  document TEXT NOT NULL,
  name     TEXT NOT NULL,
  PRIMARY KEY (roll, document)
) WITHOUT ROWID;
CREATE TRIGGER inquiry_roll_entries_not_changed BEFORE UPDATE ON inquiry_roll_entries
BEGIN SELECT RAISE(ABORT, 'rolls are append-only'); END;
CREATE TRIGGER inquiry_roll_entries_not_removed BEFORE DELETE ON inquiry_roll_entries
BEGIN SELECT RAISE(ABORT, 'rolls are append-only'); END;

CREATE TABLE inquiry_replies (
  id    TEXT PRIMARY KEY,
  at    INTEGER NOT NULL,
  token TEXT NOT NULL,
  salt  BLOB NOT NULL
);
CREATE TRIGGER inquiry_replies_not_replaced BEFORE INSERT ON inquiry_replies WHEN EXISTS (SELECT 1 FROM inquiry_replies WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'replies are append-only'); END;
CREATE TRIGGER inquiry_replies_not_changed BEFORE UPDATE ON inquiry_replies
BEGIN SELECT RAISE(ABORT, 'replies are append-only'); END;
CREATE TRIGGER inquiry_replies_not_removed BEFORE DELETE ON inquiry_replies
BEGIN SELECT RAISE(ABORT, 'replies are append-only'); END;
