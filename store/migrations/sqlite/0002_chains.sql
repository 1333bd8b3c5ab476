-- Chains as data: offices by function, inboxes by office and role, limits,
-- delegation, the calendar, notices.

ALTER TABLE offices ADD COLUMN function TEXT NOT NULL DEFAULT '';

-- Who may decide a waiting case now: one row an office and role.
CREATE TABLE inbox (
  office      TEXT NOT NULL,
  role        TEXT NOT NULL,
  changed_at  INTEGER NOT NULL,
  application INTEGER NOT NULL REFERENCES applications (key),
  PRIMARY KEY (office, role, changed_at, application)
) WITHOUT ROWID;
CREATE INDEX inbox_application ON inbox (application);
INSERT OR IGNORE INTO inbox (office, role, changed_at, application)
  SELECT o.id, a.step_role, a.changed_at, a.key FROM applications a JOIN offices o ON o.division =
    CASE a.step_level WHEN 'village' THEN a.village WHEN 'town' THEN a.town WHEN 'district' THEN a.district WHEN 'city' THEN a.city ELSE a.province END
  WHERE a.state = 'submitted';
DROP INDEX inbox_village;
DROP INDEX inbox_town;
DROP INDEX inbox_district;
DROP INDEX inbox_city;
DROP INDEX inbox_province;

-- When something has to be done about a case that nobody has touched by then.
ALTER TABLE applications ADD COLUMN due_at INTEGER;
CREATE INDEX applications_due ON applications (due_at) WHERE due_at IS NOT NULL;

ALTER TABLE actions ADD COLUMN post INTEGER NOT NULL DEFAULT 0;
ALTER TABLE actions ADD COLUMN due INTEGER;
ALTER TABLE actions ADD COLUMN for_account TEXT;
ALTER TABLE actions ADD COLUMN for_name TEXT;
ALTER TABLE actions ADD COLUMN for_type TEXT;
ALTER TABLE actions ADD COLUMN for_number TEXT;

CREATE TABLE calendar (
  date    TEXT NOT NULL PRIMARY KEY,
  working INTEGER NOT NULL,
  name    TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE delegations (
  id           TEXT NOT NULL PRIMARY KEY,
  from_account TEXT NOT NULL REFERENCES accounts (id),
  to_account   TEXT NOT NULL REFERENCES accounts (id),
  office       TEXT NOT NULL,
  role         TEXT NOT NULL,
  begins       INTEGER NOT NULL,
  ends         INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX delegations_from ON delegations (from_account);
CREATE INDEX delegations_to ON delegations (to_account);
CREATE INDEX grants_office ON grants (office, role);

CREATE TABLE notices (
  id          INTEGER PRIMARY KEY,
  at          INTEGER NOT NULL,
  office      TEXT NOT NULL,
  role        TEXT NOT NULL,
  kind        TEXT NOT NULL,
  application TEXT NOT NULL,
  step        TEXT NOT NULL
);
CREATE INDEX notices_post ON notices (office, role, id);
