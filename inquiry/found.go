package inquiry

import (
	"slices"

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
// somebody whose death is on record people say what is so.
func find(k *Kind, a *Asked, e *evidence, d *yinzheng.Directory) RecordSays {
	silent := RecordSays{Answer: CannotSay}
	p, c := e.person, e.certificate
	here := p != nil && d.Within(p.Division, a.Division) && called(p, a.Name)
	switch {
	case k.Record == nil, p != nil && p.Died != nil:
		return silent
	case k.Record.Roll != "" && e.roll != nil:
		return RecordSays{Yes, e.roll.Title, e.roll.AsOf}
	case k.Record.Item != "" && c != nil && d.Within(c.Division, a.Division) && yinzheng.FoldName(c.Holder) == yinzheng.FoldName(a.Name):
		return RecordSays{Yes, "电子证明 " + c.Code, e.today}
	case k.Record.Fact == "division" && here:
		return found(Yes, p.Facts["division"])
	case k.Record.Fact != "" && here:
		says, known := p.Says(k.Record.Fact, a.About)
		switch {
		case says:
			return found(Yes, p.Facts[k.Record.Fact])
		case known:
			return found(No, p.Facts[k.Record.Fact])
		}
	}
	return silent
}

func found(answer string, k yinzheng.Known) RecordSays { return RecordSays{answer, k.Source, k.AsOf} }

// called tells whether the record knows a person by a name, a former one among
// them.
func called(p *yinzheng.OnRecord, name string) bool {
	now, _ := p.Facts["name"].Value.(string)
	return slices.ContainsFunc(append([]string{now}, p.FormerNames...), func(known string) bool {
		return yinzheng.FoldName(known) == yinzheng.FoldName(name)
	})
}
