package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"yinzheng"
)

const (
	campaignColumns = "SELECT id, item, office, division, running, version, content, erased FROM campaigns WHERE "
	entryColumns    = `SELECT e.number, e.division, e.mark, e.outcome, e.follow_up, e.application, e.tried, e.version, e.content,
		a.item, a.state, a.step_key, a.version, a.division, a.office, a.changed_at
		FROM campaign_entries e LEFT JOIN applications a ON a.id = e.application
		WHERE e.campaign = (SELECT key FROM campaigns WHERE id = $1)`
	// What both lists of entries are narrowed by, after so many placeholders.
	entryConditions = ` AND e.number > $%d AND ($%d = '' OR e.outcome = $%[2]d) AND ($%d = '' OR a.state = $%[3]d)
		AND ($%d = 0 OR e.outcome = 'present' AND e.application IS NULL AND e.tried < $%[4]d) ORDER BY e.number LIMIT $%d`
)

var (
	insertCampaign = query("INSERT INTO campaigns (id, item, office, division, running, version, content) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING key")
	updateCampaign = query("UPDATE campaigns SET running = $1, version = version + 1, content = $2 WHERE id = $3 AND version = $4 RETURNING key")
	campaignByID   = query(campaignColumns + "id = $1")
	campaignList   = query(campaignColumns + "running >= $1 ORDER BY key DESC")

	insertEntry = query(`INSERT INTO campaign_entries (campaign, number, division, mark, outcome, follow_up, application, tried, version, content)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`)
	updateEntry = query(`UPDATE campaign_entries SET division = $1, outcome = $2, follow_up = $3, application = $4, tried = $5, version = version + 1, content = $6
		WHERE campaign = (SELECT key FROM campaigns WHERE id = $7) AND number = $8 AND version = $9 RETURNING campaign`)
	sharedPeople = query(`SELECT c.id FROM campaigns c WHERE c.item = $1 AND c.running = 1 AND c.key <> $2 AND EXISTS
		(SELECT 1 FROM campaign_entries e JOIN campaign_entries o ON o.mark = e.mark AND o.campaign = c.key WHERE e.campaign = $2) LIMIT 1`)
	entriesOfCampaign = query(entryColumns + fmt.Sprintf(entryConditions, 2, 3, 4, 5, 6))
	entriesOfDivision = query(entryColumns + " AND e.division = $2" + fmt.Sprintf(entryConditions, 3, 4, 5, 6, 7))
	countEntries      = query(`SELECT e.division, e.outcome, a.state, e.application IS NULL AND e.tried > 0, count(*), coalesce(sum(e.follow_up <= $1), 0)
		FROM campaign_entries e LEFT JOIN applications a ON a.id = e.application
		WHERE e.campaign = (SELECT key FROM campaigns WHERE id = $2) GROUP BY 1, 2, 3, 4`)

	insertCampaignAct   = query("INSERT INTO campaign_acts (campaign, entry, seq, at, account, kind, content) VALUES ($1, $2, $3, $4, $5, $6, $7)")
	selectCampaignActs  = query("SELECT seq, at, account, kind, content FROM campaign_acts WHERE campaign = (SELECT key FROM campaigns WHERE id = $1) AND entry = $2 ORDER BY seq")
	selectNewestImport  = query("SELECT id FROM person_imports WHERE key = (SELECT max(key) FROM person_imports)")
	holdingsIn          = holdingsByLevel()
	errCampaignConflict = conflict("已被他人更改，请重新读取后再操作", "Somebody else was faster; please read it again")
)

// holdingsByLevel are the texts that find certificates in force by the column of
// their division's level.
func holdingsByLevel() map[yinzheng.Level]string {
	texts := map[yinzheng.Level]string{}
	for _, level := range levels {
		texts[level] = query(`SELECT c.code, a.division, a.template_version, a.field_values FROM applications a JOIN certificates c ON c.code = a.code
			WHERE a.` + string(level) + ` = $1 AND a.state = 'issued' AND a.item = $2 AND c.status = 'valid' AND (c.expires_at IS NULL OR c.expires_at > $3)
			ORDER BY a.changed_at`)
	}
	return texts
}

// AddCampaign implements yinzheng.Campaigns.
func (s *Store) AddCampaign(ctx context.Context, c *yinzheng.Campaign, roster []*yinzheng.CampaignEntry, acts []yinzheng.CampaignAct) error {
	return s.write(ctx, "write a campaign", func(ctx context.Context, q querier) error {
		var key int64
		if err := q.QueryRowContext(ctx, insertCampaign, c.ID, c.Item, c.Office, c.Division, c.Running, c.Version, string(c.Content)).Scan(&key); err != nil {
			return err
		}
		for _, e := range roster {
			if _, err := change(ctx, q, insertEntry, key, e.Number, e.Division, e.Mark, e.Outcome, optional(e.FollowUp), optional(e.Application), e.Tried, e.Version, string(e.Content)); err != nil {
				return err
			}
		}
		for i := range acts {
			if err := addCampaignAct(ctx, q, key, &acts[i]); err != nil {
				return err
			}
		}
		var other string
		err := q.QueryRowContext(ctx, sharedPeople, c.Item, key).Scan(&other)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err == nil {
			err = &yinzheng.Error{Kind: yinzheng.ErrState, Text: yinzheng.Text{
				ZH: "名单中有人已在同一事项正在进行的核验中（" + other + "），请先办结那一次", EN: "Some of these people are on the roster of a campaign of this item that is running (" + other + "); end that one first",
			}}
		}
		return err
	})
}

func addCampaignAct(ctx context.Context, q querier, campaign int64, a *yinzheng.CampaignAct) error {
	_, err := change(ctx, q, insertCampaignAct, campaign, a.Entry, a.Seq, micros(a.At), a.By, a.Kind, string(a.Content))
	return err
}

// PutCampaign implements yinzheng.Campaigns.
func (s *Store) PutCampaign(ctx context.Context, c *yinzheng.Campaign, act *yinzheng.CampaignAct) error {
	return s.actOnCampaign(ctx, act, updateCampaign, c.Running, string(c.Content), c.ID, c.Version-1)
}

// PutCampaignEntry implements yinzheng.Campaigns.
func (s *Store) PutCampaignEntry(ctx context.Context, campaign string, e *yinzheng.CampaignEntry, act *yinzheng.CampaignAct) error {
	return s.actOnCampaign(ctx, act, updateEntry, e.Division, e.Outcome, optional(e.FollowUp), optional(e.Application), e.Tried, string(e.Content), campaign, e.Number, e.Version-1)
}

// actOnCampaign writes an act and what it made of a campaign or an entry.
func (s *Store) actOnCampaign(ctx context.Context, act *yinzheng.CampaignAct, update string, args ...any) error {
	return s.write(ctx, "write an act on a campaign", func(ctx context.Context, q querier) error {
		var key int64
		err := q.QueryRowContext(ctx, update, args...).Scan(&key)
		if errors.Is(err, sql.ErrNoRows) {
			return errCampaignConflict
		}
		if err != nil {
			return err
		}
		return addCampaignAct(ctx, q, key, act)
	})
}

// Campaign implements yinzheng.Campaigns.
func (s *Store) Campaign(ctx context.Context, id string) (*yinzheng.Campaign, error) {
	list, err := s.campaigns(ctx, campaignByID, id)
	if err == nil && len(list) == 0 {
		err = notFound("没有这次核验", "There is no such campaign")
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// Campaigns implements yinzheng.Campaigns.
func (s *Store) Campaigns(ctx context.Context, runningOnly bool) ([]*yinzheng.Campaign, error) {
	return s.campaigns(ctx, campaignList, runningOnly)
}

func (s *Store) campaigns(ctx context.Context, text string, arg any) ([]*yinzheng.Campaign, error) {
	var list []*yinzheng.Campaign
	err := s.read(ctx, "read campaigns", func(ctx context.Context, q querier) error {
		list = nil
		return each(ctx, q, func(r *sql.Rows) error {
			c := new(yinzheng.Campaign)
			err := r.Scan(&c.ID, &c.Item, &c.Office, &c.Division, &c.Running, (*whole)(&c.Version), &c.Content, &c.Erased)
			list = append(list, c)
			return err
		}, text, arg)
	})
	return list, err
}

// CampaignEntries implements yinzheng.Campaigns.
func (s *Store) CampaignEntries(ctx context.Context, campaign string, f yinzheng.EntryFilter) ([]*yinzheng.CampaignEntry, error) {
	var list []*yinzheng.CampaignEntry
	err := s.snapshot(ctx, "list a campaign's entries", func(ctx context.Context, q querier) error {
		list = nil
		narrowed := []any{f.After, f.Outcome, string(f.Case), f.ToMake, f.Limit}
		if len(f.Divisions) == 0 {
			return scanEntries(ctx, q, &list, entriesOfCampaign, append([]any{campaign}, narrowed...)...)
		}
		for _, division := range f.Divisions {
			if err := scanEntries(ctx, q, &list, entriesOfDivision, append([]any{campaign, division}, narrowed...)...); err != nil {
				return err
			}
		}
		return nil
	})
	slices.SortFunc(list, func(a, b *yinzheng.CampaignEntry) int { return cmp.Compare(a.Number, b.Number) })
	return list[:min(f.Limit, len(list))], err
}

func scanEntries(ctx context.Context, q querier, into *[]*yinzheng.CampaignEntry, query string, args ...any) error {
	return each(ctx, q, func(r *sql.Rows) error {
		e, c := new(yinzheng.CampaignEntry), new(yinzheng.QueueEntry)
		err := r.Scan((*whole)(&e.Number), &e.Division, &e.Mark, &e.Outcome, (*text)(&e.FollowUp), (*text)(&c.ID), (*whole)(&e.Tried), (*whole)(&e.Version), &e.Content,
			(*text)(&c.Item), (*text)(&c.State), (*text)(&c.Step), (*number)(&c.Version), (*text)(&c.Division), (*text)(&c.Office), (*moment)(&c.Changed))
		if e.Application = c.ID; c.ID != "" {
			e.Case = c
		}
		*into = append(*into, e)
		return err
	}, query, args...)
}

// CampaignActs implements yinzheng.Campaigns.
func (s *Store) CampaignActs(ctx context.Context, campaign string, entry int) ([]yinzheng.CampaignAct, error) {
	var acts []yinzheng.CampaignAct
	err := s.read(ctx, "read the acts on a campaign", func(ctx context.Context, q querier) error {
		acts = nil
		return each(ctx, q, func(r *sql.Rows) error {
			a := yinzheng.CampaignAct{Campaign: campaign, Entry: entry}
			err := r.Scan((*whole)(&a.Seq), (*moment)(&a.At), &a.By, &a.Kind, &a.Content)
			acts = append(acts, a)
			return err
		}, selectCampaignActs, campaign, entry)
	})
	return acts, err
}

// CampaignCounts implements yinzheng.Campaigns.
func (s *Store) CampaignCounts(ctx context.Context, campaign, day string) ([]yinzheng.CampaignCount, error) {
	var counts []yinzheng.CampaignCount
	err := s.read(ctx, "count a campaign's entries", func(ctx context.Context, q querier) error {
		counts = nil
		return each(ctx, q, func(r *sql.Rows) error {
			var n yinzheng.CampaignCount
			err := r.Scan(&n.Division, &n.Outcome, (*text)(&n.Case), &n.Refused, (*whole)(&n.Number), (*whole)(&n.Due))
			counts = append(counts, n)
			return err
		}, countEntries, day, campaign)
	})
	return counts, err
}

// Holdings implements yinzheng.Campaigns.
func (s *Store) Holdings(ctx context.Context, item string, level yinzheng.Level, division string, now time.Time) ([]yinzheng.Holding, error) {
	var held []yinzheng.Holding
	err := s.read(ctx, "list an item's certificates", func(ctx context.Context, q querier) error {
		held = nil
		return each(ctx, q, func(r *sql.Rows) error {
			var h yinzheng.Holding
			var content []byte
			if err := r.Scan(&h.Certificate, &h.Division, (*whole)(&h.Template), &content); err != nil {
				return err
			}
			var err error
			h.Values, err = decodeValues(content)
			held = append(held, h)
			return err
		}, holdingsIn[level], division, item, micros(now))
	})
	return held, err
}

// NewestImport implements yinzheng.Persons.
func (s *Store) NewestImport(ctx context.Context) (string, error) {
	ids, err := s.ids(ctx, "read the newest import", selectNewestImport)
	return strings.Join(ids, ""), err
}
