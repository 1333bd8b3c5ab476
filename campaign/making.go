package campaign

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"yinzheng"
)

// Making takes so many entries at a time, so many of them side by side. One that
// fails holds up no other.
const (
	makingBatch  = 200
	makingAtOnce = 16
)

// makeCases makes the cases of a campaign that has ordered them, for whoever was
// found present and has none. The case and the entry's act are one transaction,
// a compare-and-swap on the entry: cut off at any moment, an entry has one case or
// none, and the next round goes on.
func (s *Campaigns) makeCases(ctx context.Context, c *Campaign) error {
	var failed []error
	for after := 0; ctx.Err() == nil; {
		list, err := s.store.CampaignEntries(ctx, c.ID, yinzheng.EntryFilter{ToMake: c.Making, After: after, Limit: makingBatch})
		if err != nil || len(list) == 0 {
			return errors.Join(append(failed, err)...)
		}
		after = list[len(list)-1].Number
		of := yinzheng.AtOnce(ctx, len(list), makingAtOnce, func(ctx context.Context, i int) error {
			e, err := decodeEntry(list[i])
			if err != nil {
				return err
			}
			return s.makeCase(ctx, c, e)
		})
		of = slices.DeleteFunc(of, func(err error) bool { return err == nil })
		if failed = append(failed, of...); len(of) == len(list) { // it is none of theirs: the disk, say
			return errors.Join(failed...)
		}
	}
	return ctx.Err()
}

// makeCase makes one, or notes on the entry why there is none. The error is one
// that another attempt may not meet.
func (s *Campaigns) makeCase(ctx context.Context, c *Campaign, e *Entry) error {
	seen, err := s.seen(ctx, c, e)
	if err != nil {
		return err
	}
	_, err = s.Service.SubmitSeen(ctx, seen, func(ctx context.Context, id string) error {
		now, err := s.read(ctx, c.ID)
		if err != nil {
			return err
		}
		if now.State != Running { // ended while this went on: what was not made by then is not made
			return errOver
		}
		a := &EntryAct{Kind: CaseMade, At: s.now(), By: yinzheng.SystemActor, Application: id}
		return s.putEntry(ctx, c.ID, e.after(a), a)
	})
	why, lasting := yinzheng.LastingReason(err)
	switch {
	case err == nil || errors.Is(err, errOver) || isConflict(err): // somebody was faster: the next round sees what is left
		return nil
	case !lasting:
		return fmt.Errorf("campaign %s, entry %d: %w", c.ID, e.Number, err)
	}
	a := &EntryAct{Kind: CaseNever, At: s.now(), By: yinzheng.SystemActor, Making: c.Making, Why: &why}
	err = s.store.Tx(ctx, func(ctx context.Context) error { return s.putEntry(ctx, c.ID, e.after(a), a) })
	if isConflict(err) {
		return nil
	}
	return err
}

var errOver = errors.New("the campaign is over")

// seen is what somebody saw, as the domain takes it: in their name and by the post
// that they had then, which stands when they leave.
func (s *Campaigns) seen(ctx context.Context, c *Campaign, e *Entry) (*yinzheng.Seen, error) {
	by, err := s.store.Account(ctx, e.Seen.By)
	if err != nil {
		return nil, err
	}
	grant := yinzheng.Grant{Office: e.Seen.Office, Role: yinzheng.Clerk, For: e.Seen.For, ForName: e.Seen.ForName}
	if e.Seen.For != "" {
		lent, err := s.store.Account(ctx, e.Seen.For)
		if err != nil {
			return nil, err
		}
		grant.ForID = lent.Person
	}
	how := map[string]string{ByPhone: "电话", ByVisit: "走访"}[e.Seen.How]
	return &yinzheng.Seen{
		Item: c.Item, Name: e.Name, ID: e.ID, Division: s.Service.Directory().DivisionNow(e.Division), Certificate: e.Certificate, By: by, Grant: grant,
		Opinion: fmt.Sprintf("生存核验 %s：%s %s，本人健在（%s 第 %d 号）", c.Period, e.Seen.Day, how, c.ID, e.Number),
	}, nil
}
