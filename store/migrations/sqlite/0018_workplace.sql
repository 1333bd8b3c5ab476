-- The inboxes by what is due first: the end of the limit, none last. What waits
-- already has the beginning or the end of its last day or, if it is late, the moment
-- of its last escalation, unless something was decided since; the case's next
-- change writes it anew.
ALTER TABLE inbox ADD COLUMN due_at INTEGER NOT NULL DEFAULT 9223372036854775807;
UPDATE inbox SET due_at = coalesce((SELECT a.due_at FROM applications a WHERE a.key = inbox.application),
  (SELECT x.at FROM actions x WHERE x.application = inbox.application AND x.kind = 'escalate'
    AND NOT EXISTS (SELECT 1 FROM actions y WHERE y.application = x.application AND y.seq > x.seq AND y.kind IN ('submit', 'approve', 'return', 'escalate'))),
  9223372036854775807);
CREATE INDEX inbox_due ON inbox (office, role, due_at, application);

-- Which cases somebody has opened at which version, as long as their session lasts.
CREATE TABLE opened (
  session     BLOB NOT NULL REFERENCES sessions (hash) ON DELETE CASCADE,
  application TEXT NOT NULL,
  version     INTEGER NOT NULL,
  PRIMARY KEY (session, application)
) WITHOUT ROWID;

-- Up to which notice somebody has been told.
CREATE TABLE told (
  account TEXT NOT NULL PRIMARY KEY,
  notice  INTEGER NOT NULL
) WITHOUT ROWID;
