package yinzheng

import (
	"cmp"
	"context"
	"slices"
)

// PersonRecord is what is on record about a person, as the clerks and approvers
// of the offices whose division they belong to may read it.
type PersonRecord struct {
	Person   string `json:"person"` // what events call them
	Division string `json:"division"`

	Facts     []FactView      `json:"facts"`               // former ones, too
	Household []HouseholdView `json:"household,omitempty"` // the members that are on record here
}

// FactView is a fact with where it comes from.
type FactView struct {
	PersonFact
	Register string `json:"register"`
	AsOf     string `json:"as_of"` // day of the newest register that says so
}

// HouseholdView is one member of a household.
type HouseholdView struct {
	Name     string `json:"name"`
	Relation string `json:"head_relation,omitempty"` // to its head
}

// maxPersonsRead bounds how many records one reading shows.
const maxPersonsRead = 20

// ReadPersons shows what is on record about who has, or had, a document or a
// name, for a purpose that is put on record first, once for each person. It
// finds those of the offices' own divisions only. Errors: ErrForbidden for
// somebody who is neither clerk nor approver, ErrInvalid for a purpose or a text
// that will not do, or a name that too many bear.
func (s *Service) ReadPersons(ctx context.Context, by *Account, text, purpose string) ([]*PersonRecord, error) {
	if r := s.Directory().reach(by, s.Now()); len(r.Divisions) == 0 {
		return nil, fail(ErrForbidden, "只有经办人和审批人可以查看人员登记", "Only clerks and approvers may read the register of persons")
	}
	keys, err := personKeysOf(text)
	if err != nil {
		return nil, err
	}
	found, err := s.Store.PersonsBy(ctx, keys)
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(p *Person) bool { return !s.entitled(by, p.Value(FactDivision)) })
	if purpose, err = checkPurpose(purpose, func(t string) bool { return Mentions(t, text) || slices.ContainsFunc(found, namesPerson(t)) }); err != nil {
		return nil, err
	}
	if len(found) > maxPersonsRead {
		return nil, invalidFields([]FieldError{{"q", "too-many", Text{"同名的人过多，请用证件号码查找", "Too many people bear this name; please give the ID number"}}})
	}
	slices.SortFunc(found, func(a, b *Person) int { return cmp.Compare(a.ID, b.ID) })
	out := make([]*PersonRecord, 0, len(found))
	for _, p := range found {
		if err := s.Store.Record(ctx, Event{At: s.now(), Kind: EventPersonRead, Subject: p.ID, By: by.ID, Detail: purpose}); err != nil {
			return nil, err
		}
		v, err := s.personRecord(ctx, p)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// namesPerson tells whether a text holds a person's name or number.
func namesPerson(text string) func(*Person) bool {
	return func(p *Person) bool {
		return slices.ContainsFunc(p.Facts, func(f PersonFact) bool {
			return f.Kind == FactName && Mentions(text, f.Value) || Mentions(text, f.ID.Number)
		})
	}
}

// personKeysOf tells what a text may be: the whole number of a document of any
// type, or a whole name.
func personKeysOf(text string) ([]PersonKey, error) {
	q, err := readWord(text)
	if err != nil {
		return nil, err
	}
	if q.name != "" {
		return []PersonKey{ByName(text)}, nil
	}
	var keys []PersonKey
	for _, number := range q.numbers {
		for t := range IDTypes {
			if k := ByDocument(ID{Type: t, Number: number}); k.Value != "" && !slices.Contains(keys, k) {
				keys = append(keys, k)
			}
		}
	}
	return keys, nil
}

func (s *Service) personRecord(ctx context.Context, p *Person) (*PersonRecord, error) {
	v := &PersonRecord{Person: p.ID, Division: p.Value(FactDivision), Facts: []FactView{}}
	imports := map[string]*PersonImport{}
	for i := range p.Facts {
		f := &p.Facts[i]
		m := imports[f.LastSource()]
		if m == nil {
			var err error
			if m, err = s.Store.PersonImport(ctx, f.LastSource()); err != nil {
				return nil, err
			}
			imports[m.ID] = m
		}
		v.Facts = append(v.Facts, FactView{*f, m.Register, m.AsOf})
	}
	var err error
	v.Household, err = s.household(ctx, p)
	return v, err
}

// household lists who belongs to a person's household now, its head first.
func (s *Service) household(ctx context.Context, p *Person) ([]HouseholdView, error) {
	number := p.Value(FactHousehold)
	if number == "" {
		return nil, nil
	}
	members, err := s.Store.PersonsBy(ctx, []PersonKey{ByHousehold(p.Value(FactDivision), number)})
	var out []HouseholdView
	for _, m := range members {
		if m.Value(FactHousehold) == number && m.Value(FactDivision) == p.Value(FactDivision) && m.Present(FactDied) == nil {
			out = append(out, HouseholdView{m.Value(FactName), m.Value(FactHead)})
		}
	}
	slices.SortFunc(out, func(a, b HouseholdView) int {
		return cmp.Or(cmp.Compare(headRank(a.Relation), headRank(b.Relation)), cmp.Compare(a.Name, b.Name))
	})
	return out, err
}

func headRank(relation string) int {
	if relation == "户主" {
		return 0
	}
	return 1
}
