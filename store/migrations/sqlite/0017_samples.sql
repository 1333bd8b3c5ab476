-- Certificates of nothing, that administrators had made to see that all works.
CREATE TABLE samples (
  application TEXT NOT NULL PRIMARY KEY REFERENCES applications (id),
  made_at     INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX samples_made ON samples (made_at);
