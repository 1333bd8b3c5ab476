-- How materials are met other than by files: of an action of kind refer, material
-- names what is met and refers the certificate that meets it.
ALTER TABLE actions ADD COLUMN refers TEXT;
