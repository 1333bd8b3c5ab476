-- Inquiries that wait, to be followed when the office tree changes.
CREATE INDEX inquiries_waiting ON inquiries (key) WHERE state IN ('asked', 'answered');
-- Which cases refer to a certificate, to tell of its end.
CREATE INDEX actions_refers ON actions (refers, application) WHERE refers IS NOT NULL;

-- What the log says of a right is compared with the right.
CREATE INDEX commitment_rights_application ON commitment_rights (application);

-- Nobody on a roll is replaced by somebody else.
CREATE TRIGGER inquiry_roll_entries_not_replaced BEFORE INSERT ON inquiry_roll_entries WHEN EXISTS (SELECT 1 FROM inquiry_roll_entries WHERE roll = NEW.roll AND document = NEW.document)
BEGIN SELECT RAISE(ABORT, 'rolls are append-only'); END;
