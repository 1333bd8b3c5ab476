package campaign

import (
	"cmp"
	"slices"

	"yinzheng"
)

// Counts says how entries stand.
type Counts struct {
	People   int `json:"people"`
	Open     int `json:"open"`
	Present  int `json:"present"`
	Absent   int `json:"absent"`
	Dead     int `json:"dead"`
	Disputed int `json:"disputed"` // seen present, and dead by a register
	Due      int `json:"due"`      // of those absent: to be looked at again by now

	Cases   map[yinzheng.State]int `json:"cases,omitempty"` // made, by their state
	Refused int                    `json:"refused"`         // could not be made; the entry says why
}

// Place is one division of a campaign.
type Place struct {
	Division string `json:"division"`
	Name     string `json:"name"`
	Counts
}

// Progress says how far a campaign is.
type Progress struct {
	Total  Counts  `json:"total"`
	Places []Place `json:"places"`
}

// add adds some entries that stand alike.
func (n *Counts) add(c *yinzheng.CampaignCount) {
	n.People += c.Number
	n.Due += c.Due
	switch Outcome(c.Outcome) {
	case Open:
		n.Open += c.Number
	case Present:
		n.Present += c.Number
	case Absent:
		n.Absent += c.Number
	case Dead:
		n.Dead += c.Number
	case Disputed:
		n.Disputed += c.Number
	}
	if c.Refused {
		n.Refused += c.Number
	}
	if c.Case != "" {
		if n.Cases == nil {
			n.Cases = map[yinzheng.State]int{}
		}
		n.Cases[c.Case] += c.Number
	}
}

// Join adds the figures of another place.
func (n *Counts) Join(o *Counts) {
	n.People += o.People
	n.Open += o.Open
	n.Present += o.Present
	n.Absent += o.Absent
	n.Dead += o.Dead
	n.Disputed += o.Disputed
	n.Due += o.Due
	n.Refused += o.Refused
	for state, cases := range o.Cases {
		if n.Cases == nil {
			n.Cases = map[yinzheng.State]int{}
		}
		n.Cases[state] += cases
	}
}

// Sum adds the places up by the larger ones that they lie in.
func (p *Progress) Sum(in func(*Place) (division, name string)) []Place {
	out := []Place{}
	for i := range p.Places {
		division, name := in(&p.Places[i])
		j := slices.IndexFunc(out, func(x Place) bool { return x.Division == division })
		if j < 0 {
			j = len(out)
			out = append(out, Place{Division: division, Name: name})
		}
		out[j].Join(&p.Places[i].Counts)
	}
	return out
}

// Seen is how many are not open any more.
func (n Counts) Seen() int { return n.People - n.Open }

// Made is how many cases were made.
func (n Counts) Made() int {
	made := 0
	for _, cases := range n.Cases {
		made += cases
	}
	return made
}

// progressOf sums up what is counted by the places as they are now: those that
// somebody is in charge of (nil: all of them).
func (s *Campaigns) progressOf(c *Campaign, counts []yinzheng.CampaignCount, by *yinzheng.Account) *Progress {
	d := s.Service.Directory()
	p := &Progress{Places: []Place{}}
	for i := range counts {
		n := &counts[i]
		at := d.DivisionNow(n.Division)
		if by != nil && !s.countsFor(by, c, at) {
			continue
		}
		p.Total.add(n)
		j := slices.IndexFunc(p.Places, func(x Place) bool { return x.Division == at })
		if j < 0 {
			j = len(p.Places)
			p.Places = append(p.Places, Place{Division: at, Name: s.placeName(at)})
		}
		p.Places[j].add(n)
	}
	slices.SortFunc(p.Places, func(a, b Place) int { return cmp.Compare(a.Division, b.Division) })
	return p
}

// countsFor tells whether the figures of a place are for somebody: whoever is in
// charge of it, administrators too, or runs the campaign.
func (s *Campaigns) countsFor(by *yinzheng.Account, c *Campaign, division string) bool {
	if _, err := s.mayRun(by, c, s.now()); err == nil {
		return true
	}
	return s.inCharge(by, division, yinzheng.Clerk, yinzheng.Approver, yinzheng.Admin)
}

func (s *Campaigns) placeName(division string) string {
	if v := s.Service.Directory().Division(division); v != nil {
		return v.Name
	}
	return division
}
