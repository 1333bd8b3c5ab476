-- Templates in the making. text is YAML, authors a JSON list of accounts. Writing
-- raises the version; whatever else is done to a design is an act as well.
CREATE TABLE designs (
  key     INTEGER PRIMARY KEY,
  id      TEXT NOT NULL UNIQUE,
  item    TEXT NOT NULL,
  version INTEGER NOT NULL,
  stage   TEXT NOT NULL,
  is_open INTEGER NOT NULL,
  text    TEXT NOT NULL,
  authors TEXT NOT NULL,
  at      INTEGER NOT NULL,
  account TEXT NOT NULL
);
CREATE UNIQUE INDEX designs_open ON designs (item) WHERE is_open = 1;
CREATE TRIGGER designs_in_order BEFORE UPDATE ON designs WHEN NEW.version <> OLD.version + 1 OR NEW.id <> OLD.id OR NEW.item <> OLD.item OR OLD.is_open = 0
BEGIN SELECT RAISE(ABORT, 'a design changes by one version at a time, while it is open'); END;
CREATE TRIGGER designs_not_replaced BEFORE INSERT ON designs WHEN EXISTS (SELECT 1 FROM designs WHERE key = NEW.key OR id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'designs are not removed'); END;
CREATE TRIGGER designs_not_removed BEFORE DELETE ON designs
BEGIN SELECT RAISE(ABORT, 'designs are not removed'); END;

CREATE TABLE design_acts (
  key      INTEGER PRIMARY KEY,
  design   INTEGER NOT NULL REFERENCES designs (key),
  seq      INTEGER NOT NULL,
  at       INTEGER NOT NULL,
  account  TEXT NOT NULL,
  for_whom TEXT,
  kind     TEXT NOT NULL,
  opinion  TEXT,
  digest   TEXT NOT NULL,
  UNIQUE (design, seq)
);
CREATE TRIGGER design_acts_in_order BEFORE INSERT ON design_acts WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM design_acts WHERE design = NEW.design) OR EXISTS (SELECT 1 FROM design_acts WHERE key = NEW.key)
BEGIN SELECT RAISE(ABORT, 'design acts are append-only and numbered without gaps'); END;
CREATE TRIGGER design_acts_not_changed BEFORE UPDATE ON design_acts
BEGIN SELECT RAISE(ABORT, 'design acts are append-only'); END;
CREATE TRIGGER design_acts_not_removed BEFORE DELETE ON design_acts
BEGIN SELECT RAISE(ABORT, 'design acts are append-only'); END;

-- The texts of versions that were published here; their digests are in templates.
CREATE TABLE made_templates (
  seq     INTEGER PRIMARY KEY,
  item    TEXT NOT NULL,
  version INTEGER NOT NULL,
  text    TEXT NOT NULL,
  design  TEXT NOT NULL UNIQUE,
  at      INTEGER NOT NULL,
  account TEXT NOT NULL,
  UNIQUE (item, version)
);
CREATE TRIGGER made_templates_in_order BEFORE INSERT ON made_templates WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM made_templates) OR EXISTS (SELECT 1 FROM made_templates WHERE item = NEW.item AND version = NEW.version OR design = NEW.design)
BEGIN SELECT RAISE(ABORT, 'made templates are append-only and numbered without gaps'); END;
CREATE TRIGGER made_templates_not_changed BEFORE UPDATE ON made_templates
BEGIN SELECT RAISE(ABORT, 'a published template never changes'); END;
CREATE TRIGGER made_templates_not_removed BEFORE DELETE ON made_templates
BEGIN SELECT RAISE(ABORT, 'made templates are append-only'); END;
