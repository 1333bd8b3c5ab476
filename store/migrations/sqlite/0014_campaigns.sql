-- Campaigns: a check over all holders of an item. The roster is fixed when a
-- campaign starts; what is done to a campaign, or to one of its entries, is an
-- act (JSON, of package campaign), and everything else here is their fold, kept
-- beside them to be found and counted by.

CREATE TABLE campaigns (
  key      INTEGER PRIMARY KEY,
  id       TEXT NOT NULL UNIQUE,
  item     TEXT NOT NULL,
  office   TEXT NOT NULL,
  division TEXT NOT NULL,
  running  INTEGER NOT NULL,
  version  INTEGER NOT NULL,
  content  TEXT NOT NULL
);
CREATE INDEX campaigns_running ON campaigns (item) WHERE running = 1;
CREATE TRIGGER campaigns_in_order BEFORE UPDATE ON campaigns WHEN NEW.version <> OLD.version + 1
BEGIN SELECT RAISE(ABORT, 'a campaign changes by one act at a time'); END;
CREATE TRIGGER campaigns_not_removed BEFORE DELETE ON campaigns
BEGIN SELECT RAISE(ABORT, 'campaigns are not removed'); END;

-- mark: the holder's document in normal form. tried: version of the campaign at
-- which it was last tried, in vain, to make a case; 0: never since the last act.
CREATE TABLE campaign_entries (
  campaign    INTEGER NOT NULL REFERENCES campaigns (key),
  number      INTEGER NOT NULL,
  division    TEXT NOT NULL,
  mark        TEXT NOT NULL,
  outcome     TEXT NOT NULL,
  follow_up   TEXT,
  application TEXT,
  tried       INTEGER NOT NULL,
  version     INTEGER NOT NULL,
  content     TEXT NOT NULL,
  PRIMARY KEY (campaign, number)
) WITHOUT ROWID;
CREATE UNIQUE INDEX campaign_entries_mark     ON campaign_entries (mark, campaign);
CREATE INDEX campaign_entries_division        ON campaign_entries (campaign, division, number);
CREATE INDEX campaign_entries_outcome         ON campaign_entries (campaign, outcome, number);
CREATE UNIQUE INDEX campaign_entries_case     ON campaign_entries (application) WHERE application IS NOT NULL;
CREATE TRIGGER campaign_entries_in_order BEFORE UPDATE ON campaign_entries WHEN NEW.version <> OLD.version + 1 OR NEW.mark <> OLD.mark
BEGIN SELECT RAISE(ABORT, 'an entry changes by one act at a time'); END;
CREATE TRIGGER campaign_entries_not_removed BEFORE DELETE ON campaign_entries
BEGIN SELECT RAISE(ABORT, 'a roster is fixed'); END;

-- entry: its number; 0: the act is on the campaign itself.
CREATE TABLE campaign_acts (
  campaign INTEGER NOT NULL REFERENCES campaigns (key),
  entry    INTEGER NOT NULL,
  seq      INTEGER NOT NULL,
  at       INTEGER NOT NULL,
  account  TEXT NOT NULL,
  kind     TEXT NOT NULL,
  content  TEXT NOT NULL,
  PRIMARY KEY (campaign, entry, seq)
) WITHOUT ROWID;
CREATE TRIGGER campaign_acts_in_order BEFORE INSERT ON campaign_acts
WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM campaign_acts WHERE campaign = NEW.campaign AND entry = NEW.entry)
BEGIN SELECT RAISE(ABORT, 'campaign acts are append-only and numbered without gaps'); END;
CREATE TRIGGER campaign_acts_not_changed BEFORE UPDATE ON campaign_acts
BEGIN SELECT RAISE(ABORT, 'campaign acts are append-only'); END;
CREATE TRIGGER campaign_acts_not_removed BEFORE DELETE ON campaign_acts
BEGIN SELECT RAISE(ABORT, 'campaign acts are append-only'); END;
