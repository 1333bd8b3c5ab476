-- How materials are met other than by files: of an action of kind refer, material
-- names what is met and refers the certificate that meets it. One of kind promise
-- names what follows, and by when (due).
ALTER TABLE actions ADD COLUMN refers TEXT;

-- A case that went on with a material missing: what becomes of it when approved,
-- wait or flag.
ALTER TABLE applications ADD COLUMN incomplete TEXT;
