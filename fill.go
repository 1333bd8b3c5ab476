package yinzheng

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
)

// EventPersonRead is the kind of event of a look at what is on record about a
// person. Its detail says what for.
const EventPersonRead = "person-read"

// Filled marks a value that was filled in from what is on record, and not
// changed since.
type Filled struct {
	Field string `json:"field"` // path, such as values.name, or division
	Origin
	Older *Origin `json:"older,omitempty"` // what says otherwise, and is older
}

// AgainstRecord is what a submission says otherwise than was on record then.
type AgainstRecord struct {
	Division string         `json:"division"` // of the person on record: its offices are shown this
	Fields   []AgainstField `json:"fields"`
}

// AgainstField is one value that is otherwise than on record.
type AgainstField struct {
	Field    string `json:"field"`
	OnRecord any    `json:"on_record"`
	FilledIn any    `json:"filled_in"`
	Former   bool   `json:"former,omitempty"` // it was so formerly: a former name or document
	Origin
	Older *Origin `json:"older,omitempty"` // what says otherwise than on_record, and is older
}

// standing is what stands on record after certificates were looked at too.
type standing struct {
	Known
	older *Origin
}

// onRecord gathers what is on record about who has a document: what registers
// say or, where that is older, the certificates in force of cases in the
// person's own division. except is the code of one that does not count. ErrNotFound.
func (s *Service) onRecord(ctx context.Context, id ID, except string) (*OnRecord, map[string]standing, error) {
	if s.Register == nil || documentMark(id) == "" {
		return nil, nil, noRecord()
	}
	rec, err := s.Register.OnRecord(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	facts := map[string]standing{}
	for key, k := range rec.Facts {
		facts[key] = standing{Known: k}
	}
	cases, err := s.heldBy(ctx, rec.Documents)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range cases {
		if c.State != Issued || c.Code == except || !c.Directory.Within(c.Division, rec.Division) {
			continue
		}
		cert, err := s.Store.Certificate(ctx, c.Code)
		if err != nil {
			return nil, nil, err
		}
		if cert.inForce(s.now()) {
			c.certifies(cert, facts)
		}
	}
	return rec, facts, nil
}

// certifies lets what a certificate says stand where it is newer.
func (c *Case) certifies(cert *Certificate, facts map[string]standing) {
	day := cert.IssuedAt.In(Zone).Format(time.DateOnly)
	for i := range c.Template.Fields {
		f := &c.Template.Fields[i]
		v := c.Values[f.Key]
		if f.Record == "" || f.Type == ListField || v == nil {
			continue
		}
		here := standing{Known: Known{v, Origin{Source: "certificate", AsOf: day, Certificate: cert.Code, Organ: cert.Organ}}}
		old, known := facts[f.Record]
		switch {
		case !known:
			facts[f.Record] = here
		case agree(old.Value, v):
		case old.AsOf < day:
			here.older = &old.Origin
			facts[f.Record] = here
		case old.older == nil:
			old.older = &here.Origin
			facts[f.Record] = old
		}
	}
}

// agree tells whether two values in normal form say the same. Spaces and
// full-width characters are no difference; a variant of a character is.
func agree(a, b any) bool {
	x, isText := a.(string)
	y, isTextToo := b.(string)
	if !isText || !isTextToo {
		return idOf(a).same(idOf(b))
	}
	plain := func(s string) string { return strings.Join(strings.Fields(halfWidth(s)), "") }
	return plain(x) == plain(y)
}

// filling is what a new case takes from the record.
type filling struct {
	values   map[string]any
	division string
	person   string // Person.ID; "": nobody is on record
	filled   []Filled
}

// fill completes raw values by what is on record about the holder, whose
// document they give: only for a clerk whose office the person belongs to; for
// anybody else nobody is on record.
func (s *Service) fill(ctx context.Context, t *Template, in *NewApplication, office string) (*filling, error) {
	home := s.Directory().Office(office).Division
	out := &filling{values: in.Values, division: cmp.Or(in.Division, home)}
	c := &checker{now: s.now().In(Zone)}
	holder := in.Values[t.Token.ID]
	if t.Token.ID == "" || holder == nil {
		return out, nil
	}
	rec, facts, err := s.onRecord(ctx, idOf(c.id("", holder)), "")
	switch {
	case errors.Is(err, ErrNotFound):
		return out, nil
	case err != nil:
		return nil, err
	case !s.Directory().Within(rec.Division, home):
		return out, nil
	}
	out.values, out.person = maps.Clone(in.Values), rec.Person
	if now := s.Directory().DivisionNow(rec.Division); in.Division == "" && now != home {
		out.division = now
		out.filled = append(out.filled, Filled{"division", facts["division"].Origin, nil})
	}
	for i := range t.Fields {
		f := &t.Fields[i]
		k, known := facts[f.Record]
		if !known || given(in.Values[f.Key]) {
			continue
		}
		v := k.Value
		if f.Type == ListField {
			v = f.rows(v)
		}
		if v != nil {
			out.values[f.Key] = v
			out.filled = append(out.filled, Filled{"values." + f.Key, k.Origin, k.older})
		}
	}
	return out, nil
}

// given tells whether a raw value holds anything.
func given(v any) bool {
	s, isText := v.(string)
	list, isList := v.([]any)
	return v != nil && (!isText || tidyText(s) != "") && (!isList || len(list) > 0)
}

// rows are those rows on record that a list can hold, cut to its fields; nil
// when there are none, or more than it takes.
func (f *Field) rows(v any) any {
	list, _ := v.([]any)
	var out []any
	for _, r := range list {
		in, _ := r.(map[string]any)
		row := map[string]any{}
		for i := range f.Fields {
			g := &f.Fields[i]
			if x, ok := in[g.Key]; ok && g.takes(x) {
				row[g.Key] = x
			}
		}
		if row["relation"] != nil {
			out = append(out, row)
		}
	}
	if len(out) == 0 || len(out) > f.Max {
		return nil
	}
	return out
}

// takes tells whether a choice has an option; anything else takes any value.
func (f *Field) takes(v any) bool {
	return f.Type != ChoiceField || slices.ContainsFunc(f.Options, func(o Option) bool { return o.Value == v })
}

// stillFilled are the marks of those values that are as they were. None is once
// the case is about somebody else.
func stillFilled(t *Template, marks []Filled, before, after *Input) []Filled {
	if !before.Values.ID(t.Token.ID).same(after.Values.ID(t.Token.ID)) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(marks), func(m Filled) bool {
		key, isValue := strings.CutPrefix(m.Field, "values.")
		if !isValue {
			return before.Division != after.Division
		}
		return string(Canonical(nil, before.Values[key])) != string(Canonical(nil, after.Values[key]))
	})
}

// against works out what a case says otherwise than is on record about its
// holder; nil when it says nothing of the kind.
func (s *Service) against(ctx context.Context, c *Case) (*AgainstRecord, error) {
	rec, facts, err := s.onRecord(ctx, c.holderID(), c.Replaces())
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := &AgainstRecord{Division: rec.Division}
	if k := facts["division"]; c.filledFirst("division") && c.Directory.DivisionNow(rec.Division) != c.Directory.DivisionNow(c.Division) {
		out.Fields = append(out.Fields, AgainstField{Field: "division", OnRecord: rec.Division, FilledIn: c.Division, Origin: k.Origin})
	}
	out.Fields = append(out.Fields, c.beside(rec, facts).Otherwise...)
	if out.Fields == nil {
		return nil, nil
	}
	return out, nil
}

// filledFirst tells whether something was filled in as the case was begun.
func (a *Application) filledFirst(field string) bool {
	in := a.Actions[0].Input
	return in != nil && slices.ContainsFunc(in.Filled, func(m Filled) bool { return m.Field == field })
}

// entitled tells whether a person's record is for somebody: a clerk or an
// approver of an office whose division the person belongs to.
func (s *Service) entitled(by *Account, division string) bool {
	ok := func(office string) bool {
		o := s.Directory().Office(office)
		return o != nil && s.Directory().Within(division, o.Division)
	}
	_, clerk := by.Holds(Clerk, s.Now(), ok)
	_, approver := by.Holds(Approver, s.Now(), ok)
	return clerk || approver
}

// fromRecord adds to a case's view what is on record about its holder, for
// those whom that is for.
func (s *Service) fromRecord(ctx context.Context, by *Account, c *Case, v *CaseView) error {
	v.Filled = c.Filled
	if x := c.lastSubmit(); x != nil && x.Against != nil && s.entitled(by, x.Against.Division) {
		v.AgainstRecord = x.Against.Fields
	}
	var err error
	v.HolderDied, err = s.holderDied(ctx, by, c)
	return err
}

// holderDied is what a register says of the death of the holder of a case that is
// open, or of a certificate of being alive, to whom that is for; nil: nothing.
func (s *Service) holderDied(ctx context.Context, by *Account, c *Case) (*Known, error) {
	if s.Register == nil || !c.open() && (c.Template.Subject != aliveSubject || c.State != Issued) || documentMark(c.holderID()) == "" {
		return nil, nil
	}
	rec, err := s.Register.OnRecord(ctx, c.holderID())
	if errors.Is(err, ErrNotFound) || err == nil && !s.entitled(by, rec.Division) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return rec.Died, nil
}

// lastSubmit is the newest submission, or nil.
func (a *Application) lastSubmit() *Action {
	for i := len(a.Actions) - 1; i >= 0; i-- {
		if a.Actions[i].Kind == Submit {
			return &a.Actions[i]
		}
	}
	return nil
}
