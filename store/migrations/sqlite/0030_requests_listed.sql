-- Requests are listed in pages, those first of whose residents somebody vouches for; of
-- the others an office gets so many a day. That a resident has not answered by the day
-- they were given is told once.
ALTER TABLE resident_requests ADD COLUMN unanswered INTEGER NOT NULL DEFAULT 0;
DROP INDEX resident_requests_office;
CREATE INDEX resident_requests_office ON resident_requests (office, state, (CASE WHEN resident IS NULL THEN 1 ELSE 0 END), coalesce(due_at, changed_at));
CREATE INDEX resident_requests_unvouched ON resident_requests (office, changed_at) WHERE resident IS NULL AND state IN ('sent', 'withdrawn');
CREATE INDEX resident_requests_asked ON resident_requests (due_at) WHERE state = 'asked' AND unanswered = 0;
