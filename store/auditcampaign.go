package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"yinzheng"
)

var (
	campaignEventsAfter = query(`SELECT key, at, subject, kind, account, detail FROM events WHERE key > $1 AND kind >= 'campaign-' AND kind < 'campaign.'
		AND kind NOT IN ('campaign-tried', 'campaign-listed') ORDER BY key LIMIT $2`)
	campaignAct       = query("SELECT at, account, kind, content FROM campaign_acts WHERE campaign = (SELECT key FROM campaigns WHERE id = $1) AND entry = $2 AND seq = $3")
	campaignActsAfter = query(`SELECT a.campaign, a.entry, a.seq, a.at, coalesce(c.id, '') FROM campaign_acts a LEFT JOIN campaigns c ON c.key = a.campaign
		WHERE (a.campaign, a.entry, a.seq) > ($1, $2, $3) ORDER BY a.campaign, a.entry, a.seq LIMIT $4`)
)

// campaignAudit compares the acts on campaigns, and on the entries of their
// rosters, with the events that were written with them.
type campaignAudit struct {
	*verifier
	event int64          // key of the last one compared
	seen  map[string]int // acts with an event, by the event's subject
}

// campaigns does. A server may go on writing both: an event that is there has its
// act, and for acts without one the events are looked at again.
func (v *verifier) campaigns(ctx context.Context) error {
	a := &campaignAudit{v, math.MinInt64, map[string]int{}}
	if err := a.events(ctx); err != nil || v.fault != nil {
		return err
	}
	campaign, entry, seq := int64(math.MinInt64), 0, 0
	return v.rows(func() (int, error) {
		type act struct {
			yinzheng.LogEntry
			seq int
		}
		var acts []act
		err := each(ctx, v.q, func(r *sql.Rows) error {
			x := act{LogEntry: yinzheng.LogEntry{Kind: yinzheng.LogEvent}}
			err := r.Scan(&campaign, (*whole)(&entry), (*whole)(&seq), (*anyMoment)(&x.At), &x.Subject)
			x.Subject, x.seq = campaignSubject(x.Subject, entry), seq
			acts = append(acts, x)
			return err
		}, campaignActsAfter, campaign, entry, seq, batch)
		for i := 0; i < len(acts) && err == nil && v.fault == nil; i++ {
			if acts[i].seq <= a.seen[acts[i].Subject] {
				continue
			}
			if err = a.events(ctx); err == nil && v.fault == nil && acts[i].seq > a.seen[acts[i].Subject] {
				v.fault = &LogFault{ContentExtra, acts[i].LogEntry}
			}
		}
		return len(acts), err
	})
}

// events compares every further event with its act.
func (a *campaignAudit) events(ctx context.Context) error {
	type event struct {
		yinzheng.LogEntry
		kind, account, detail string
	}
	return a.rows(func() (int, error) {
		var events []event
		err := each(ctx, a.q, func(r *sql.Rows) error {
			e := event{LogEntry: yinzheng.LogEntry{Kind: yinzheng.LogEvent}}
			err := r.Scan(&a.event, (*anyMoment)(&e.At), &e.Subject, &e.kind, &e.account, (*text)(&e.detail))
			e.Part = a.event
			events = append(events, e)
			return err
		}, campaignEventsAfter, a.event, batch)
		for i := 0; i < len(events) && err == nil && a.fault == nil; i++ {
			e := &events[i]
			a.seen[e.Subject]++
			var act *yinzheng.CampaignAct
			act, err = campaignActOf(ctx, a.q, e.Subject, a.seen[e.Subject])
			switch {
			case errors.Is(err, sql.ErrNoRows):
				a.fault, err = &LogFault{ContentMissing, e.LogEntry}, nil
			case errors.As(err, new(*scanError)):
				a.fault, err = &LogFault{ContentChanged, e.LogEntry}, nil
			case err == nil && ("campaign-"+act.Kind != e.kind || act.By != e.account || !act.At.Equal(e.At)):
				a.fault = &LogFault{ContentChanged, e.LogEntry}
			case err == nil && fmt.Sprintf("%x", sha256.Sum256(act.Content)) != e.detail:
				err = a.other(ctx, e.LogEntry)
			}
		}
		return len(events), err
	})
}

// other notes a fault for an act that says other than it did, unless it is one on an entry
// whose campaign was erased in time.
func (a *campaignAudit) other(ctx context.Context, e yinzheng.LogEntry) error {
	campaign, _, entry := strings.Cut(e.Subject, "/")
	erased, err := a.erasedInTime(ctx, campaign, yinzheng.RetainRosters)
	if err == nil && !(entry && erased) {
		a.fault = &LogFault{ContentChanged, e}
	}
	return err
}

// campaignSubject is what events call a campaign, or an entry of its roster.
func campaignSubject(campaign string, entry int) string {
	if entry == 0 {
		return campaign
	}
	return campaign + "/" + strconv.Itoa(entry)
}

// campaignActOf reads an act by what its event calls it; sql.ErrNoRows.
func campaignActOf(ctx context.Context, q querier, subject string, seq int) (a *yinzheng.CampaignAct, err error) {
	campaign, number, _ := strings.Cut(subject, "/")
	entry, _ := strconv.Atoi(number) // none: the campaign itself
	err = each(ctx, q, func(r *sql.Rows) error {
		a = new(yinzheng.CampaignAct)
		if err := r.Scan((*moment)(&a.At), &a.By, &a.Kind, &a.Content); err != nil {
			return &scanError{err}
		}
		return nil
	}, campaignAct, campaign, entry, seq)
	if err == nil && a == nil {
		err = sql.ErrNoRows
	}
	return a, err
}
