package campaign

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"yinzheng"
)

// EntryView is an entry as those in charge of its place see it.
type EntryView struct {
	Number      int            `json:"number"`
	Version     int            `json:"version"`
	Division    string         `json:"division"`
	Place       string         `json:"place"` // its name
	Name        string         `json:"name"`
	ID          string         `json:"id"` // masked
	Outcome     Outcome        `json:"outcome"`
	Seen        *EntryAct      `json:"seen,omitempty"`        // who saw what
	Death       *Death         `json:"death,omitempty"`       // that is known of
	Certificate string         `json:"certificate,omitempty"` // code of the one at the start
	Case        *CaseRef       `json:"case,omitempty"`        // of the period
	Refused     *yinzheng.Text `json:"refused,omitempty"`     // why none could be made
	Acts        []EntryAct     `json:"acts,omitempty"`        // of one entry that was asked for
}

// CaseRef is the case of an entry as it is now.
type CaseRef struct {
	ID      string         `json:"id"`
	State   yinzheng.State `json:"state"`
	Step    string         `json:"step,omitempty"`
	Version int            `json:"version"`
}

// EntryQuery selects entries.
type EntryQuery struct {
	Division string // and those below it; empty: all that the reader is in charge of
	Outcome  Outcome
	Case     yinzheng.State
	Name     string // or part of it, or a whole number of a document; empty: all
	After    int    // number of the last one seen
	Limit    int    // 1 to 500; else 100
}

// Entries lists entries, in the order of the roster, and tells the number to go
// on after; 0: that was all. It lists those of the places that the reader is in
// charge of as a clerk or an approver. Errors: ErrNotFound for a campaign or a
// division that is not theirs, ErrState once the roster was erased in time.
func (s *Campaigns) Entries(ctx context.Context, by *yinzheng.Account, id string, q EntryQuery) (list []EntryView, next int, err error) {
	if _, err := s.openRoster(ctx, by, id); err != nil {
		return nil, 0, err
	}
	places, err := s.readable(ctx, by, id, q.Division)
	if err != nil || len(places) == 0 {
		return []EntryView{}, 0, err
	}
	if q.Limit < 1 || q.Limit > yinzheng.MaxAtOnce {
		q.Limit = 100
	}
	kept, err := s.named(ctx, id, q.Name, yinzheng.EntryFilter{Divisions: places, Outcome: string(q.Outcome), Case: q.Case, After: q.After, Limit: q.Limit + 1})
	if err != nil {
		return nil, 0, err
	}
	if len(kept) > q.Limit {
		kept = kept[:q.Limit]
		next = kept[q.Limit-1].Number
	}
	list = make([]EntryView, len(kept))
	for i := range kept {
		if list[i], err = s.view(kept[i]); err != nil {
			return nil, 0, err
		}
	}
	return list, next, nil
}

// named reads entries as the filter says, of those only whom a name or number is
// of. Names stand in what an entry says, where the database does not look.
func (s *Campaigns) named(ctx context.Context, id, name string, f yinzheng.EntryFilter) ([]*yinzheng.CampaignEntry, error) {
	name = strings.TrimSpace(name)
	if name == "" {
		return s.store.CampaignEntries(ctx, id, f)
	}
	var out []*yinzheng.CampaignEntry
	wanted := f.Limit
	f.Limit = lookedUp
	for {
		some, err := s.store.CampaignEntries(ctx, id, f)
		if err != nil {
			return nil, err
		}
		for _, kept := range some {
			e, err := decodeEntry(kept)
			if err != nil {
				return nil, err
			}
			if e.called(name) {
				out = append(out, kept)
			}
		}
		if len(out) >= wanted || len(some) < f.Limit {
			return out[:min(wanted, len(out))], nil
		}
		f.After = some[len(some)-1].Number
	}
}

// called tells whether a text is part of the holder's name, or their number.
func (e *Entry) called(text string) bool {
	part := yinzheng.FoldName(text)
	return part != "" && strings.Contains(yinzheng.FoldName(e.Name), part) || strings.EqualFold(text, e.ID.Number)
}

// readable lists the divisions that a campaign's entries were put down under,
// some of which may be closed by now, as far as they are for somebody, and lie in
// one if that is asked for.
func (s *Campaigns) readable(ctx context.Context, by *yinzheng.Account, id, within string) ([]string, error) {
	counts, err := s.store.CampaignCounts(ctx, id, dayOf(s.now()))
	if err != nil {
		return nil, err
	}
	d := s.Service.Directory()
	if within != "" && (d.Division(within) == nil || !s.mayRead(by, within)) {
		return nil, refused(yinzheng.ErrNotFound, "您的辖区内没有这个区划", "There is no such division in your area")
	}
	var out []string
	for _, n := range counts {
		if !slices.Contains(out, n.Division) && s.mayRead(by, n.Division) && (within == "" || d.Within(n.Division, within)) {
			out = append(out, n.Division)
		}
	}
	return out, nil
}

func (s *Campaigns) view(kept *yinzheng.CampaignEntry) (EntryView, error) {
	e, err := decodeEntry(kept)
	if err != nil {
		return EntryView{}, err
	}
	at := s.Service.Directory().DivisionNow(e.Division)
	v := EntryView{
		Number: e.Number, Version: e.Version, Division: at, Place: s.placeName(at), Name: e.Name, ID: yinzheng.MaskID(e.ID),
		Outcome: e.Outcome(), Seen: e.Seen, Death: e.Death, Certificate: e.Certificate,
	}
	if c := kept.Case; c != nil {
		v.Case = &CaseRef{c.ID, c.State, c.Step, c.Version}
	}
	if e.Refused != nil {
		v.Refused = &e.Refused.Why
	}
	return v, nil
}

// Entry shows one entry with everything that was done to it. Errors: as of
// Entries.
func (s *Campaigns) Entry(ctx context.Context, by *yinzheng.Account, id string, number int) (*EntryView, error) {
	if _, err := s.openRoster(ctx, by, id); err != nil {
		return nil, err
	}
	list, err := s.store.CampaignEntries(ctx, id, yinzheng.EntryFilter{After: number - 1, Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(list) == 0 || list[0].Number != number || !s.mayRead(by, list[0].Division) {
		return nil, errNoEntry()
	}
	v, err := s.view(list[0])
	if err != nil {
		return nil, err
	}
	acts, err := s.store.CampaignActs(ctx, id, number)
	if err != nil {
		return nil, err
	}
	for _, kept := range acts {
		var a EntryAct
		if err := json.Unmarshal(kept.Content, &a); err != nil {
			return nil, fmt.Errorf("campaign %s, entry %d, act %d: %w", id, number, kept.Seq, err)
		}
		v.Acts = append(v.Acts, a)
	}
	return &v, nil
}
