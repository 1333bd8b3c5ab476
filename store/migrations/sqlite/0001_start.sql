-- Times are Unix microseconds (UTC); NULL is the zero time.
-- Tables that only grow are kept so by triggers, not by habit alone.

CREATE TABLE divisions (
  code   TEXT NOT NULL PRIMARY KEY,
  name   TEXT NOT NULL,
  parent TEXT NOT NULL,
  level  TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE offices (
  id       TEXT NOT NULL PRIMARY KEY,
  name     TEXT NOT NULL,
  division TEXT NOT NULL,
  organ    TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE organs (
  code       TEXT NOT NULL PRIMARY KEY,
  name       TEXT NOT NULL,
  mark       TEXT NOT NULL,
  valid_from INTEGER,
  valid_to   INTEGER
) WITHOUT ROWID;

-- One row. Its tag is drawn anew whenever the office tree changes, so that a
-- tree that was read once is known to be the present one by its tag.
CREATE TABLE directory (
  one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
  tag TEXT NOT NULL
);
INSERT INTO directory (one, tag) VALUES (1, 'none');

CREATE TABLE accounts (
  id            TEXT NOT NULL PRIMARY KEY,
  username      TEXT NOT NULL UNIQUE,
  name          TEXT NOT NULL,
  person_type   TEXT NOT NULL,
  person_number TEXT NOT NULL,
  person_reason TEXT NOT NULL,
  password      TEXT NOT NULL,
  disabled      INTEGER NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX accounts_person ON accounts (person_type, person_number) WHERE person_number <> '';

CREATE TABLE grants (
  account    TEXT NOT NULL REFERENCES accounts (id),
  position   INTEGER NOT NULL,
  office     TEXT NOT NULL,
  role       TEXT NOT NULL,
  valid_from INTEGER,
  valid_to   INTEGER,
  PRIMARY KEY (account, position)
) WITHOUT ROWID;

-- village to province: the divisions that the case's own lies in, as they were
-- when it was last saved. A draft belongs to its office alone and has none.
CREATE TABLE applications (
  key              INTEGER PRIMARY KEY,
  id               TEXT NOT NULL UNIQUE,
  item             TEXT NOT NULL,
  template_version INTEGER NOT NULL,
  state            TEXT NOT NULL,
  version          INTEGER NOT NULL,
  changed_at       INTEGER NOT NULL,
  office           TEXT NOT NULL,
  division         TEXT NOT NULL,
  village          TEXT,
  town             TEXT,
  district         TEXT,
  city             TEXT,
  province         TEXT,
  step             INTEGER NOT NULL,
  step_key         TEXT,
  step_name_zh     TEXT,
  step_name_en     TEXT,
  step_level       TEXT,
  step_role        TEXT,
  holder           TEXT NOT NULL,
  code             TEXT,
  applicant        TEXT NOT NULL,
  field_values     TEXT NOT NULL
);
CREATE INDEX applications_office   ON applications (office, state, changed_at);
CREATE INDEX applications_village  ON applications (village, state, changed_at)  WHERE village IS NOT NULL;
CREATE INDEX applications_town     ON applications (town, state, changed_at)     WHERE town IS NOT NULL;
CREATE INDEX applications_district ON applications (district, state, changed_at) WHERE district IS NOT NULL;
CREATE INDEX applications_city     ON applications (city, state, changed_at)     WHERE city IS NOT NULL;
CREATE INDEX applications_province ON applications (province, state, changed_at) WHERE province IS NOT NULL;
-- The inboxes: small, since only what waits for a decision is in them.
CREATE INDEX inbox_village  ON applications (village, step_level, step_role, changed_at)  WHERE state = 'submitted';
CREATE INDEX inbox_town     ON applications (town, step_level, step_role, changed_at)     WHERE state = 'submitted';
CREATE INDEX inbox_district ON applications (district, step_level, step_role, changed_at) WHERE state = 'submitted';
CREATE INDEX inbox_city     ON applications (city, step_level, step_role, changed_at)     WHERE state = 'submitted';
CREATE INDEX inbox_province ON applications (province, step_level, step_role, changed_at) WHERE state = 'submitted';
CREATE INDEX applications_unissued ON applications (changed_at) WHERE state IN ('approved', 'issuing');

CREATE TABLE actions (
  application   INTEGER NOT NULL REFERENCES applications (key),
  seq           INTEGER NOT NULL,
  at            INTEGER NOT NULL,
  kind          TEXT NOT NULL,
  account       TEXT NOT NULL,
  name          TEXT NOT NULL,
  person_type   TEXT,
  person_number TEXT,
  person_reason TEXT,
  office        TEXT,
  role          TEXT,
  step          TEXT,
  to_step       TEXT,
  opinion       TEXT,
  input         TEXT,
  code          TEXT,
  PRIMARY KEY (application, seq)
) WITHOUT ROWID;
-- Also keeps INSERT OR REPLACE from rewriting a row, which fires no delete trigger.
CREATE TRIGGER actions_in_order BEFORE INSERT ON actions
WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM actions WHERE application = NEW.application)
BEGIN SELECT RAISE(ABORT, 'actions are append-only and numbered without gaps'); END;
CREATE TRIGGER actions_not_changed BEFORE UPDATE ON actions
BEGIN SELECT RAISE(ABORT, 'actions are append-only'); END;
CREATE TRIGGER actions_not_removed BEFORE DELETE ON actions
BEGIN SELECT RAISE(ABORT, 'actions are append-only'); END;

CREATE TABLE status_lists (
  number INTEGER PRIMARY KEY,
  taken  INTEGER NOT NULL
);

CREATE TABLE certificates (
  key              INTEGER PRIMARY KEY,
  code             TEXT NOT NULL UNIQUE,
  number           TEXT NOT NULL UNIQUE,
  application      TEXT NOT NULL,
  item             TEXT NOT NULL,
  template_version INTEGER NOT NULL,
  short            TEXT NOT NULL,
  organ            TEXT NOT NULL,
  organ_name       TEXT NOT NULL,
  division         TEXT NOT NULL,
  masked_name      TEXT NOT NULL,
  masked_id        TEXT NOT NULL,
  holder           TEXT NOT NULL,
  issued_at        INTEGER,
  expires_at       INTEGER,
  salt             BLOB,
  commitment       TEXT NOT NULL,
  list             INTEGER NOT NULL,
  list_index       INTEGER NOT NULL,
  lease            INTEGER,
  token_kid        TEXT NOT NULL,
  document_kid     TEXT NOT NULL,
  token            TEXT NOT NULL,
  digest           BLOB,
  pages            INTEGER NOT NULL,
  status           TEXT NOT NULL,
  status_at        INTEGER,
  reason           TEXT NOT NULL,
  successor        TEXT NOT NULL,
  CHECK (status IN ('reserved', 'valid', 'void', 'revoked', 'suspended', 'superseded')),
  UNIQUE (list, list_index)
);
-- Never two certificates for one application.
CREATE UNIQUE INDEX certificates_application ON certificates (application) WHERE status <> 'void';
CREATE UNIQUE INDEX certificates_digest ON certificates (digest) WHERE digest IS NOT NULL;
CREATE INDEX certificates_not_valid ON certificates (list, list_index, status)
WHERE status IN ('revoked', 'suspended', 'superseded', 'void');

CREATE TABLE certificate_pdfs (
  certificate INTEGER PRIMARY KEY REFERENCES certificates (key),
  pdf         BLOB NOT NULL
);
CREATE TRIGGER pdfs_not_changed BEFORE UPDATE ON certificate_pdfs
BEGIN SELECT RAISE(ABORT, 'a PDF as issued never changes'); END;
CREATE TRIGGER pdfs_not_removed BEFORE DELETE ON certificate_pdfs
BEGIN SELECT RAISE(ABORT, 'a PDF as issued is never removed'); END;

CREATE TABLE keys (
  kid        TEXT NOT NULL PRIMARY KEY,
  purpose    TEXT NOT NULL,
  organ      TEXT NOT NULL,
  organ_name TEXT NOT NULL,
  items      TEXT NOT NULL,
  not_before INTEGER,
  not_after  INTEGER,
  state      TEXT NOT NULL,
  since      INTEGER,
  alg        TEXT NOT NULL,
  public     BLOB NOT NULL,
  chain      TEXT NOT NULL
);

CREATE TABLE sessions (
  hash       BLOB NOT NULL PRIMARY KEY,
  account    TEXT NOT NULL,
  expires_at INTEGER
) WITHOUT ROWID;
CREATE INDEX sessions_ended ON sessions (expires_at);

CREATE TABLE requests (
  account TEXT NOT NULL,
  key     TEXT NOT NULL,
  digest  BLOB NOT NULL,
  made    TEXT NOT NULL,
  at      INTEGER,
  PRIMARY KEY (account, key)
) WITHOUT ROWID;
CREATE INDEX requests_old ON requests (at);

CREATE TABLE events (
  key     INTEGER PRIMARY KEY,
  at      INTEGER,
  kind    TEXT NOT NULL,
  subject TEXT NOT NULL,
  account TEXT NOT NULL,
  detail  TEXT NOT NULL
);
CREATE TRIGGER events_not_replaced BEFORE INSERT ON events WHEN EXISTS (SELECT 1 FROM events WHERE key = NEW.key)
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_not_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_not_removed BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
