package campaign

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"yinzheng"
)

// seenAtOnce is how many entries of one request are written side by side.
const seenAtOnce = 32

// Sighting is what somebody saw of a holder, for an entry at the version that
// they have seen. Which members it needs depends on the outcome.
type Sighting struct {
	Entry    int       `json:"entry"`
	Version  int       `json:"version"`
	Outcome  EntryKind `json:"outcome"`             // present, absent, dead or open
	How      string    `json:"how,omitempty"`       // phone or visit
	Day      string    `json:"day,omitempty"`       // on which it was
	SeenBy   string    `json:"seen_by,omitempty"`   // who made the visit or the call, if it was somebody else
	Reason   string    `json:"reason,omitempty"`    // absent; open: what was wrong
	FollowUp string    `json:"follow_up,omitempty"` // absent: by which day somebody looks again
	DiedOn   string    `json:"died_on,omitempty"`   // dead
	Source   string    `json:"source,omitempty"`    // dead: who or what says so
}

// Entered is what became of one sighting.
type Entered struct {
	Entry     int
	Err       error // why it was not entered
	Again     bool  // the same person had entered the same at that version before
	Version   int   // as it is now
	Outcome   Outcome
	Withdrawn string // dead: the case of the period that was withdrawn with it
}

// Enter enters what somebody saw of some holders, each by a compare-and-swap of
// its own, with a row for each, in order. A correction is one more act. A death
// is told to those who have to act on it; the case of the period, if it is open
// and theirs to withdraw, is withdrawn. Sent again, rows that were entered say
// so. Errors: ErrNotFound for the campaign, ErrInvalid for the list; of a row:
// ErrNotFound for an entry that is not theirs to see, ErrForbidden for somebody
// who is no clerk in charge of it or is the holder, ErrConflict (stale), ErrState
// (the campaign is over, the case was made), ErrInvalid.
func (s *Campaigns) Enter(ctx context.Context, by *yinzheng.Account, id string, sightings []Sighting) ([]Entered, error) {
	c, err := s.open(ctx, by, id)
	if err != nil {
		return nil, err
	}
	var f faults
	if len(sightings) == 0 || len(sightings) > yinzheng.MaxAtOnce {
		f.add("entries", "count", fmt.Sprintf("请列出 1 到 %d 人", yinzheng.MaxAtOnce), fmt.Sprintf("Please list 1 to %d people", yinzheng.MaxAtOnce))
	}
	first := map[int]int{}
	for i, x := range sightings {
		if at, twice := first[x.Entry]; twice {
			f.add(fmt.Sprintf("entries[%d].entry", i), "twice", fmt.Sprintf("与 entries[%d] 是同一人", at), fmt.Sprintf("The same as entries[%d]", at))
		}
		first[x.Entry] = i
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	out := make([]Entered, len(sightings))
	failed := yinzheng.AtOnce(ctx, len(sightings), seenAtOnce, func(ctx context.Context, i int) (err error) {
		out[i], err = s.enter(ctx, by, c.ID, &sightings[i])
		return err
	})
	for i := range out {
		out[i].Entry, out[i].Err = sightings[i].Entry, failed[i]
	}
	return out, ctx.Err()
}

// enter enters one sighting.
func (s *Campaigns) enter(ctx context.Context, by *yinzheng.Account, campaign string, in *Sighting) (Entered, error) {
	var out Entered
	var after *Entry
	var kept func(context.Context)
	err := s.store.Tx(ctx, func(ctx context.Context) error {
		var err error
		if after, out.Again, err = s.enterOne(ctx, by, campaign, in); err == nil {
			kept, err = s.halt(ctx, after)
		}
		return err
	})
	if err != nil {
		return Entered{}, err
	}
	kept(ctx)
	out.Version, out.Outcome = after.Version, after.Outcome()
	if after.Outcome() == Dead && after.Application != "" { // again, too: the first time may have been cut off
		out.Withdrawn = s.withdraw(ctx, by, after.Application)
	}
	return out, nil
}

// enterOne is the part of enter that is one transaction.
func (s *Campaigns) enterOne(ctx context.Context, by *yinzheng.Account, campaign string, in *Sighting) (after *Entry, again bool, err error) {
	now := s.now()
	c, err := s.read(ctx, campaign)
	if err != nil {
		return nil, false, err
	}
	e, state, err := s.entry(ctx, campaign, in.Entry)
	if err != nil {
		return nil, false, err
	}
	grant, err := s.maySeeTo(by, e, now)
	if err != nil {
		return nil, false, err
	}
	a := &EntryAct{
		Kind: in.Outcome, At: now, By: by.ID, Name: by.Name, Office: grant.Office, For: grant.For, ForName: grant.ForName,
		How: in.How, Day: in.Day, SeenBy: strings.TrimSpace(in.SeenBy), Reason: strings.TrimSpace(in.Reason), FollowUp: in.FollowUp,
		DiedOn: in.DiedOn, Source: strings.TrimSpace(in.Source),
	}
	if e.Version != in.Version {
		if again, err = s.enteredBefore(ctx, campaign, in, a); again || err != nil {
			return e, again, err
		}
		return nil, false, s.staleEntry(e)
	}
	if err := e.check(c, a, dayOf(now), state); err != nil {
		return nil, false, err
	}
	if e.keepsCase(a, state) {
		a.Application = e.Application
	}
	after = e.after(a)
	if err := s.putEntry(ctx, campaign, after, a); err != nil {
		return nil, false, err
	}
	if after.Outcome() == Dead && e.Outcome() != Dead {
		err = s.tellOfDeath(ctx, c, after)
	}
	return after, false, err
}

// entry reads one entry and the state of its case, "" where there is none.
func (s *Campaigns) entry(ctx context.Context, campaign string, number int) (*Entry, yinzheng.State, error) {
	list, err := s.store.CampaignEntries(ctx, campaign, yinzheng.EntryFilter{After: number - 1, Limit: 1})
	if err != nil {
		return nil, "", err
	}
	if len(list) == 0 || list[0].Number != number {
		return nil, "", errNoEntry()
	}
	e, err := decodeEntry(list[0])
	if err != nil || list[0].Case == nil {
		return e, "", err
	}
	return e, list[0].Case.State, nil
}

func decodeEntry(kept *yinzheng.CampaignEntry) (*Entry, error) {
	e := new(Entry)
	if err := json.Unmarshal(kept.Content, e); err != nil {
		return nil, fmt.Errorf("entry %d: %w", kept.Number, err)
	}
	return e, nil
}

// putEntry keeps what an act made of an entry, in a transaction.
func (s *Campaigns) putEntry(ctx context.Context, campaign string, after *Entry, a *EntryAct) error {
	kept, err := after.kept()
	if err != nil {
		return err
	}
	act, err := after.act(campaign, a, s.Rand)
	if err != nil {
		return err
	}
	if err := s.store.PutCampaignEntry(ctx, campaign, kept, act); err != nil {
		return err
	}
	return s.record(ctx, act)
}

// enteredBefore tells whether the act at a version was the same one, by the same
// person.
func (s *Campaigns) enteredBefore(ctx context.Context, campaign string, in *Sighting, a *EntryAct) (bool, error) {
	acts, err := s.store.CampaignActs(ctx, campaign, in.Entry)
	if err != nil || in.Version < 0 || in.Version >= len(acts) {
		return false, err
	}
	var before EntryAct
	if err := json.Unmarshal(acts[in.Version].Content, &before); err != nil {
		return false, err
	}
	return before.same(a), nil
}

func (s *Campaigns) staleEntry(e *Entry) error {
	zh, en := "系统", "the system"
	if e.Seen != nil {
		zh, en = e.Seen.Name, e.Seen.Name
	}
	return refused(yinzheng.ErrConflict,
		fmt.Sprintf("这一人的结果已被更改（最近一次由%s登记，现为第 %d 版），请重新读取后再操作", zh, e.Version),
		fmt.Sprintf("This entry has changed (last entered by %s, now version %d); please read it again", en, e.Version))
}

// tellOfDeath tells those who have to act: who works on the holder's open cases,
// the organs whose certificates say that they are alive, and the office whose
// campaign it is.
func (s *Campaigns) tellOfDeath(ctx context.Context, c *Campaign, e *Entry) error {
	told, err := s.Service.DeathNotices(ctx, []yinzheng.ID{e.ID}, e.Division)
	if err != nil {
		return err
	}
	told = append(told, yinzheng.Notice{At: s.now(), Office: s.Service.Directory().OfficeNow(c.Office), Role: yinzheng.Approver, Kind: "campaign-death", Application: e.Application, About: c.ID})
	return s.store.Notify(ctx, told)
}

// halt keeps the case of somebody who is dead, as far as their entry knows, from
// being approved or issued, in a transaction; kept is called once that is
// committed.
func (s *Campaigns) halt(ctx context.Context, e *Entry) (kept func(context.Context), err error) {
	if e.Death == nil || e.Application == "" {
		return func(context.Context) {}, nil
	}
	return s.Service.HolderFoundDead(ctx, e.Application)
}

// withdraw withdraws the case of somebody who has died, if it is open and theirs
// who enters the death to withdraw, and returns its ID; "": those who were told
// have to see to it.
func (s *Campaigns) withdraw(ctx context.Context, by *yinzheng.Account, application string) string {
	v, err := s.Service.Application(ctx, by, application)
	if err == nil {
		_, err = s.Service.WithdrawApplication(ctx, by, application, v.Version, "生存核验中得知持证人已去世")
	}
	if err == nil {
		return application
	}
	if !errors.Is(err, yinzheng.ErrState) && !errors.Is(err, yinzheng.ErrForbidden) && !errors.Is(err, yinzheng.ErrNotFound) && !isConflict(err) {
		s.Log.Error("withdrawing the case of somebody who has died", "application", application, "error", err)
	}
	return ""
}
