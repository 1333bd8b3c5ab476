package inquiry

import (
	"context"
	"errors"
	"slices"
	"time"

	"yinzheng"
)

// The answers. One cannot say is neither yes nor no, and never becomes either.
const (
	Yes       = "yes"
	No        = "no"
	CannotSay = "cannot-say"
)

// RecordSays is what the record says of a question. Only a yes is given out by
// itself: a no, or silence, is for people.
type RecordSays struct {
	Answer string `json:"answer"`
	Source string `json:"source,omitempty"`
	AsOf   string `json:"as_of,omitempty"`
}

// evidence is what was found on record about the person; nil: nothing.
type evidence struct {
	person      *yinzheng.OnRecord
	certificate *yinzheng.Certificate
	roll        *yinzheng.InquiryRoll // on which the person stands
	today       string
}

// find tells what the record says. A record counts for the person asked about
// only where it calls them so and says that they belong to the division; of
// somebody who belongs elsewhere, or whose death is on record, people say what is
// so.
func find(k *Kind, a *Asked, e *evidence, d *yinzheng.Directory) RecordSays {
	silent := RecordSays{Answer: CannotSay}
	p, c := e.person, e.certificate
	here := p != nil && d.Within(p.Division, a.Division)
	switch {
	case k.Record == nil, p != nil && (p.Died != nil || !here):
		return silent
	case k.Record.Roll != "" && e.roll != nil:
		return RecordSays{Yes, e.roll.Title, e.roll.AsOf}
	case k.Record.Item != "" && c != nil && d.Within(c.Division, a.Division) && yinzheng.FoldName(c.Holder) == yinzheng.FoldName(a.Name) && vouches(d, k, c.Organ):
		return RecordSays{Yes, certificate(c.Code), e.today}
	case k.Record.Fact == "" || !here || !called(p, a.Name):
		return silent
	}
	fact := p.Facts[k.Record.Fact]
	says, known := p.Says(k.Record.Fact, a.About)
	switch {
	case fact.Certificate != "" && !vouches(d, k, fact.Organ):
		return silent
	case says, k.Record.Fact == "division":
		return found(Yes, fact)
	case known:
		return found(No, fact)
	}
	return silent
}

// vouches tells whether what an organ sealed may say yes by itself: a village's
// not to what is on the list of twenty, or is called so. It would come out under
// the seal of a town that never looked at it.
func vouches(d *yinzheng.Directory, k *Kind, organ string) bool {
	organ = d.OrganNow(organ)
	return !k.listed() || slices.ContainsFunc(d.Offices, func(o yinzheng.Office) bool {
		return o.Organ != "" && o.Organ == organ && d.LevelOf(o.ID).Reaches(yinzheng.Town)
	})
}

func found(answer string, k yinzheng.Known) RecordSays {
	if k.Certificate != "" {
		return RecordSays{answer, certificate(k.Certificate), k.AsOf}
	}
	return RecordSays{answer, k.Source, k.AsOf}
}

// certificate is what a source that is one is called.
func certificate(code string) string { return "电子证明 " + code }

// called tells whether the record knows a person by a name, a former one among
// them.
func called(p *yinzheng.OnRecord, name string) bool {
	now, _ := p.Facts["name"].Value.(string)
	return slices.ContainsFunc(append([]string{now}, p.FormerNames...), func(known string) bool {
		return yinzheng.FoldName(known) == yinzheng.FoldName(name)
	})
}

// evidence gathers what is on record about somebody who is asked about.
func (q *Inquiries) evidence(ctx context.Context, a *Asked, roll *yinzheng.InquiryRoll) (*evidence, error) {
	e := &evidence{today: q.now().In(yinzheng.Zone).Format(time.DateOnly)}
	var err error
	if e.person, err = q.Records.Known(ctx, a.ID); err != nil && !errors.Is(err, yinzheng.ErrNotFound) {
		return nil, err
	}
	if s := a.Kind.Record; s != nil && s.Item != "" {
		if e.certificate, err = q.Records.Certified(ctx, s.Item, a.ID); err != nil && !errors.Is(err, yinzheng.ErrNotFound) {
			return nil, err
		}
	}
	if roll == nil {
		return e, nil
	}
	on, err := q.Store.OnInquiryRoll(ctx, roll.ID, yinzheng.EntryOf(a.Name, a.ID))
	if on {
		e.roll = roll
	}
	return e, err
}

// roll is the newest roll of a kind that is answered by one; nil: there is none.
func (q *Inquiries) roll(ctx context.Context, k *Kind) (*yinzheng.InquiryRoll, error) {
	if k.Record == nil || k.Record.Roll == "" {
		return nil, nil
	}
	r, err := q.Store.InquiryRoll(ctx, k.Code)
	if errors.Is(err, yinzheng.ErrNotFound) {
		return nil, nil
	}
	return r, err
}

// onRecord asks the record, and says whose people answer what it leaves open:
// those of the person's own village, where the record knows it.
func (q *Inquiries) onRecord(ctx context.Context, d *yinzheng.Directory, a *Asked, roll *yinzheng.InquiryRoll) (RecordSays, error) {
	e, err := q.evidence(ctx, a, roll)
	if err != nil {
		return RecordSays{}, err
	}
	a.Place = a.Division
	if e.person != nil && d.Within(e.person.Division, a.Division) {
		a.Place = e.person.Division
	}
	return find(&a.Kind, a, e, d), nil
}
