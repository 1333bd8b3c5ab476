-- Search: what a case is found by stands in its marks, beside the office that
-- took it in and, once it was submitted, the divisions that it lies in. Whoever
-- searches reads off the index of an office or a division of theirs, in order,
-- so that a name which a hundred thousand people bear costs no more than
-- another. A mark's key is the case's: newest last.
-- holder: the holder's name, folded; stem: its first two characters; number:
-- that of the holder's document.
ALTER TABLE marks ADD COLUMN holder   TEXT;
ALTER TABLE marks ADD COLUMN stem     TEXT;
ALTER TABLE marks ADD COLUMN number   TEXT;
ALTER TABLE marks ADD COLUMN office   TEXT;
ALTER TABLE marks ADD COLUMN village  TEXT;
ALTER TABLE marks ADD COLUMN town     TEXT;
ALTER TABLE marks ADD COLUMN district TEXT;
ALTER TABLE marks ADD COLUMN city     TEXT;
ALTER TABLE marks ADD COLUMN province TEXT;
UPDATE marks SET known = 0;
CREATE INDEX marks_number          ON marks (number)           WHERE number IS NOT NULL;
CREATE INDEX marks_office_holder   ON marks (office, holder)   WHERE office IS NOT NULL;
CREATE INDEX marks_village_holder  ON marks (village, holder)  WHERE village IS NOT NULL;
CREATE INDEX marks_town_holder     ON marks (town, holder)     WHERE town IS NOT NULL;
CREATE INDEX marks_district_holder ON marks (district, holder) WHERE district IS NOT NULL;
CREATE INDEX marks_city_holder     ON marks (city, holder)     WHERE city IS NOT NULL;
CREATE INDEX marks_province_holder ON marks (province, holder) WHERE province IS NOT NULL;
CREATE INDEX marks_office_stem     ON marks (office, stem)     WHERE office IS NOT NULL;
CREATE INDEX marks_village_stem    ON marks (village, stem)    WHERE village IS NOT NULL;
CREATE INDEX marks_town_stem       ON marks (town, stem)       WHERE town IS NOT NULL;
CREATE INDEX marks_district_stem   ON marks (district, stem)   WHERE district IS NOT NULL;
CREATE INDEX marks_city_stem       ON marks (city, stem)       WHERE city IS NOT NULL;
CREATE INDEX marks_province_stem   ON marks (province, stem)   WHERE province IS NOT NULL;

-- An office's whole queue in its order, whatever the states.
CREATE INDEX applications_changed ON applications (office, changed_at);
