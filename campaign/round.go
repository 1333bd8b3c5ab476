package campaign

import (
	"context"
	"errors"
	"time"

	"yinzheng"
)

// Keep calls Round at once and every interval until the context ends.
func (s *Campaigns) Keep(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := s.Round(ctx); err != nil && ctx.Err() == nil {
			s.Log.Error("working on campaigns; the next round goes on", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Round does what is due in the campaigns that run: notes what registers say by
// now, reminds, makes cases. It may be cut off at any moment, and run in several
// processes at once.
func (s *Campaigns) Round(ctx context.Context) error {
	running, err := s.store.Campaigns(ctx, true)
	if err != nil {
		return err
	}
	newest, err := s.store.NewestImport(ctx)
	if err != nil {
		return err
	}
	var failed []error
	compared := true
	for _, kept := range running {
		c, err := decode(kept)
		if err == nil && newest != s.imported {
			err = s.compare(ctx, c)
		}
		compared = compared && err == nil
		if err == nil {
			err = s.remind(ctx, c)
		}
		if err == nil && c.Making > 0 {
			err = s.makeCases(ctx, c)
		}
		failed = append(failed, err)
	}
	if compared {
		s.imported = newest
	}
	return errors.Join(failed...)
}

// compare notes what registers say of the people on a roster: deaths, those taken
// back too, and who has moved to another village of the area.
func (s *Campaigns) compare(ctx context.Context, c *Campaign) error {
	for after := 0; ; {
		list, err := s.store.CampaignEntries(ctx, c.ID, yinzheng.EntryFilter{After: after, Limit: lookedUp})
		if err != nil || len(list) == 0 {
			return err
		}
		people := make([]*person, len(list))
		for i, kept := range list {
			e, err := decodeEntry(kept)
			if err != nil {
				return err
			}
			people[i], after = &person{Entry: e}, e.Number
		}
		registered := map[*person]*yinzheng.Person{}
		if err := s.known(ctx, people, func(p *person, x *yinzheng.Person) { registered[p] = x }); err != nil {
			return err
		}
		for _, p := range people {
			if x := registered[p]; x != nil && s.Service.Directory().Within(x.Value(yinzheng.FactDivision), c.Division) {
				if err := s.compareOne(ctx, c, p.Entry, x); err != nil {
					return err
				}
			}
		}
	}
}

// compareOne notes what a register says of one of them, on the entry as it is by
// then: somebody may be entering what they saw.
func (s *Campaigns) compareOne(ctx context.Context, c *Campaign, e *Entry, x *yinzheng.Person) error {
	for {
		a, err := s.news(ctx, c, e, x)
		if err != nil || a == nil {
			return err
		}
		var kept func(context.Context)
		err = s.store.Tx(ctx, func(ctx context.Context) error {
			after := e.after(a)
			err := s.putEntry(ctx, c.ID, after, a)
			if err == nil {
				kept, err = s.halt(ctx, after)
			}
			return err
		})
		if err == nil {
			kept(ctx)
		}
		if !isConflict(err) {
			return err
		}
		if e, _, err = s.entry(ctx, c.ID, e.Number); err != nil {
			return err
		}
	}
}

// news is what a register says of somebody that the entry does not know; nil:
// nothing.
func (s *Campaigns) news(ctx context.Context, c *Campaign, e *Entry, x *yinzheng.Person) (*EntryAct, error) {
	if f := x.Present(yinzheng.FactDied); f != nil {
		if e.Death != nil && e.Death.Registered && e.Death.On == f.Value {
			return nil, nil
		}
		return s.died(ctx, x)
	}
	if e.Death != nil && e.Death.Registered {
		return &EntryAct{Kind: NotDied, At: s.now(), By: yinzheng.SystemActor}, nil
	}
	f := x.Present(yinzheng.FactDivision)
	d := s.Service.Directory()
	to := d.DivisionNow(f.Value)
	if o := e.Outcome(); o != Open && o != Absent || to == d.DivisionNow(e.Division) { // who was seen was seen where they were
		return nil, nil
	}
	m, err := s.store.PersonImport(ctx, f.Source)
	if err != nil || !m.At.After(c.Started) { // the roster knew that already, and says otherwise
		return nil, err
	}
	return &EntryAct{Kind: Moved, At: s.now(), By: yinzheng.SystemActor, Division: to, Source: m.Register + "　" + m.AsOf}, nil
}

// remind tells the offices that have not finished when the end is near, and those
// that have to look again at somebody, once a day.
func (s *Campaigns) remind(ctx context.Context, c *Campaign) error {
	today := dayOf(s.now())
	if today <= c.Reminded {
		return nil
	}
	counts, err := s.store.CampaignCounts(ctx, c.ID, today)
	if err != nil {
		return err
	}
	p := s.progressOf(c, counts, nil)
	a := c.reminder(today, p.Total.Open+p.Total.Absent, p.Total.Due)
	if a == nil {
		return nil
	}
	a.At, a.By = s.now(), yinzheng.SystemActor
	var late, due []string
	for _, place := range p.Places {
		if a.DueSoon && place.Open+place.Absent > 0 {
			late = append(late, place.Division)
		} else if place.Due > 0 {
			due = append(due, place.Division)
		}
	}
	err = s.store.Tx(ctx, func(ctx context.Context) error {
		if err := s.put(ctx, c.after(a), a); err != nil {
			return err
		}
		if err := s.tell(ctx, c, "campaign-due-soon", late); err != nil {
			return err
		}
		return s.tell(ctx, c, "campaign-follow-up", due)
	})
	if isConflict(err) {
		return nil
	}
	return err
}
