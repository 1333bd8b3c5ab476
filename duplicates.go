package yinzheng

import (
	"context"
	"slices"
	"strings"
)

// PossibleDuplicate is another case that may be about the same matter, or so
// many of them that this person may not see. It is shown and stops nothing.
type PossibleDuplicate struct {
	Application   string           `json:"application,omitempty"`
	State         State            `json:"state,omitempty"`
	Certificate   string           `json:"certificate,omitempty"`    // code, once issued
	AnotherOffice int              `json:"another_office,omitempty"` // or: so many cases of other offices
	Strength      string           `json:"strength"`                 // strong, possible or weak
	Why           []DuplicateCause `json:"why"`
}

// DuplicateCause says in what two cases are alike.
type DuplicateCause struct {
	Code string `json:"code"` // same-document, same-facts, same-facts-other-name, same-name or variant-name
	Text Text   `json:"text"`
}

// The strengths of a likeness.
const (
	strongLikeness   = "strong"
	possibleLikeness = "possible"
	weakLikeness     = "weak"
)

var strengthOrder = []string{weakLikeness, possibleLikeness, strongLikeness}

// maxLikenesses bounds what is looked up by one mark.
const maxLikenesses = 20

// duplicates looks for cases that may be about the same matter, the likeliest
// first, while the case is still to be decided.
func (s *Service) duplicates(ctx context.Context, by *Account, a *Application, t *Template) ([]PossibleDuplicate, error) {
	if a.State != Draft && a.State != Returned && a.State != Submitted {
		return nil, nil
	}
	found, err := s.Store.Alike(ctx, a.ID, marksOf(t, a), s.now(), maxLikenesses)
	if err != nil {
		return nil, err
	}
	list := duplicateList{mine: &Case{Application: a, Template: t}}
	for _, l := range found {
		i := slices.IndexFunc(list.others, func(c *Case) bool { return c.ID == l.ID })
		if i < 0 {
			c, err := s.readable(ctx, l.ID)
			if err != nil {
				return nil, err
			}
			if c == nil {
				continue
			}
			i = len(list.others)
			list.others = append(list.others, c)
		}
		list.add(list.others[i], l.Mark, list.others[i].MaySee(by, s.Now()) == nil)
	}
	return list.sorted(), nil
}

// duplicateList gathers what is found, a line for each case, or one for all
// that the person may not see.
type duplicateList struct {
	mine   *Case
	others []*Case
	lines  []PossibleDuplicate
	unseen map[string]bool
}

func (l *duplicateList) add(other *Case, mark Mark, seen bool) {
	cause, strength := likeness(l.mine, other, mark)
	if cause.Code == "" {
		return
	}
	i := slices.IndexFunc(l.lines, func(d PossibleDuplicate) bool {
		return seen && d.Application == other.ID || !seen && d.AnotherOffice > 0
	})
	if i < 0 {
		i = len(l.lines)
		d := PossibleDuplicate{Strength: strength}
		if seen {
			d.Application, d.State = other.ID, other.State
			if other.State == Issued {
				d.Certificate = other.Code
			}
		}
		l.lines = append(l.lines, d)
	}
	d := &l.lines[i]
	if !seen && !l.unseen[other.ID] {
		if l.unseen == nil {
			l.unseen = map[string]bool{}
		}
		l.unseen[other.ID] = true
		d.AnotherOffice++
	}
	if slices.Index(strengthOrder, strength) > slices.Index(strengthOrder, d.Strength) {
		d.Strength = strength
	}
	if !slices.Contains(d.Why, cause) {
		d.Why = append(d.Why, cause)
	}
}

func (l *duplicateList) sorted() []PossibleDuplicate {
	slices.SortStableFunc(l.lines, func(a, b PossibleDuplicate) int {
		return slices.Index(strengthOrder, b.Strength) - slices.Index(strengthOrder, a.Strength)
	})
	return l.lines
}

// likeness says what a shared mark means for two cases; nothing when the
// holders' documents show that two people have one name.
func likeness(mine, other *Case, mark Mark) (DuplicateCause, string) {
	sameName := FoldName(mine.Holder) == FoldName(other.Holder)
	switch {
	case mark == SameDocument:
		return DuplicateCause{"same-document", Text{"同一证件、同一事项", "The same identity document, the same item"}}, strongLikeness
	case mark == SameFacts && sameName:
		zh, en := mine.Template.sameLabels()
		return DuplicateCause{"same-facts", Text{"姓名相同，" + zh + "也相同", "The same name, and the same: " + en}}, strongLikeness
	case mark == SameFacts:
		zh, en := mine.Template.sameLabels()
		return DuplicateCause{"same-facts-other-name", Text{zh + "相同，姓名不同（例如双胞胎）", "Another name, but the same: " + en + " (twins, perhaps)"}}, possibleLikeness
	case twoPeople(mine.holderID(), other.holderID()):
		return DuplicateCause{}, ""
	case mine.Holder == other.Holder:
		return DuplicateCause{"same-name", Text{"同一村（社区）的同名持证人", "A holder of the same name in the same place"}}, weakLikeness
	}
	return DuplicateCause{"variant-name", Text{"同一村（社区），姓名只差异体字或繁简写法", "The same place, and a name that differs only in variant characters"}}, weakLikeness
}

func (c *Case) holderID() ID { return c.Values.ID(c.Template.Token.ID) }

// twoPeople tells whether two documents are of one kind and not the same.
func twoPeople(a, b ID) bool {
	x, y := documentMark(a), documentMark(b)
	kind := func(mark string) string { k, _, _ := strings.Cut(mark, ":"); return k }
	return x != "" && y != "" && x != y && kind(x) == kind(y)
}

// sameLabels names the fields of Same.
func (t *Template) sameLabels() (zh, en string) {
	var z, e []string
	for _, key := range t.Same {
		if f := t.Field(key); f != nil {
			z, e = append(z, f.Label.ZH), append(e, f.Label.EN)
		}
	}
	return strings.Join(z, "、"), strings.Join(e, ", ")
}

// MarkCases works out what cases are recognised by that an earlier program
// wrote, and returns how many. Run again, it goes on where it ended.
func (s *Service) MarkCases(ctx context.Context) (int, error) {
	n, after := 0, ""
	for {
		ids, err := s.Store.Unmarked(ctx, after, 25)
		if err != nil || len(ids) == 0 {
			return n, err
		}
		var marked int
		err = s.Store.Tx(ctx, func(ctx context.Context) (err error) { // reading, too, or a newer mark might be lost
			marked, err = s.markAgain(ctx, ids)
			return err
		})
		if err != nil {
			return n, err
		}
		n, after = n+marked, ids[len(ids)-1]
	}
}

// markAgain marks cases that are there already and returns how many.
func (s *Service) markAgain(ctx context.Context, ids []string) (n int, err error) {
	for _, id := range ids {
		c, err := s.load(ctx, id)
		if err != nil {
			s.Log.Warn("a case is left out of searches and of the search for duplicates", "application", id, "error", err)
			continue
		}
		if err := s.Store.PutMarks(ctx, id, marksOf(c.Template, c.Application)); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// mark notes what a case is recognised by, and for whom, when that has changed.
func (s *Service) mark(ctx context.Context, a *Application) error {
	if x := &a.Actions[len(a.Actions)-1]; x.Input == nil && !x.handsIn() {
		return nil
	}
	t, err := s.TemplateVersion(a.Template)
	if err != nil {
		return err
	}
	return s.Store.PutMarks(ctx, a.ID, marksOf(t, a))
}

// viewFor is a case as one person sees it, with what may be the same matter.
func (s *Service) viewFor(ctx context.Context, by *Account, a *Application, t *Template) (*CaseView, error) {
	v, err := s.view(ctx, a, t)
	if err == nil {
		v.Duplicates, err = s.duplicates(ctx, by, a, t)
	}
	c := &Case{Application: a, Template: t, Directory: s.Directory(), Calendar: s.calendar.Load()}
	if err == nil {
		v.Of, v.May, v.ReturnTo = t, c.Permits(by, s.Now()), c.ReturnTargets()
		v.Materials, err = s.materialViews(ctx, by, c)
	}
	if err == nil {
		err = s.fromRecord(ctx, by, c, v)
	}
	return v, err
}
