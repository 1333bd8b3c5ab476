-- What each version of a template was when it was first used here: published
-- versions never change.
CREATE TABLE templates (
  item         TEXT NOT NULL,
  version      INTEGER NOT NULL,
  digest       TEXT NOT NULL,
  published_at INTEGER NOT NULL,
  PRIMARY KEY (item, version)
) WITHOUT ROWID;
CREATE TRIGGER templates_not_changed BEFORE UPDATE ON templates
BEGIN SELECT RAISE(ABORT, 'a published template never changes'); END;
CREATE TRIGGER templates_not_removed BEFORE DELETE ON templates
BEGIN SELECT RAISE(ABORT, 'templates are append-only'); END;
CREATE TRIGGER templates_not_replaced BEFORE INSERT ON templates WHEN EXISTS (SELECT 1 FROM templates WHERE item = NEW.item AND version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'templates are append-only'); END;
