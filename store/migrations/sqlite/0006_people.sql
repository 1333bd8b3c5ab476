-- People: an account changes by compare-and-swap, its sessions end at once,
-- and a notice tells which office it is about.

ALTER TABLE accounts ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
CREATE INDEX sessions_account ON sessions (account);

-- The office that nobody is left at, where that is not the office told.
ALTER TABLE notices ADD COLUMN about TEXT NOT NULL DEFAULT '';
