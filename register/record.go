package register

import (
	"cmp"
	"context"
	"slices"

	"yinzheng"
)

// Register is the yinzheng.Register of what is kept.
type Register struct{ Kept Kept }

// OnRecord implements yinzheng.Register.
func (r *Register) OnRecord(ctx context.Context, id yinzheng.ID) (*yinzheng.OnRecord, error) {
	p, err := r.person(ctx, id)
	if err != nil {
		return nil, err
	}
	o := &yinzheng.OnRecord{Person: p.ID, Division: p.Value(yinzheng.FactDivision), Facts: map[string]yinzheng.Known{}}
	k := &knowing{Register: r, OnRecord: o, person: p, imports: map[string]*yinzheng.PersonImport{}}
	for i := range p.Facts {
		if err := k.fact(ctx, &p.Facts[i]); err != nil {
			return nil, err
		}
	}
	return o, k.relatives(ctx)
}

// person is who has, or had, a document.
func (r *Register) person(ctx context.Context, id yinzheng.ID) (*yinzheng.Person, error) {
	key := yinzheng.ByDocument(id)
	var found []*yinzheng.Person
	var err error
	if key.Value != "" {
		found, err = r.Kept.PersonsBy(ctx, []yinzheng.PersonKey{key})
	}
	if err == nil && len(found) == 0 {
		err = &yinzheng.Error{Kind: yinzheng.ErrNotFound, Text: both("没有此人的登记", "Nobody is on record with this document")}
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// knowing gathers what is on record about one person.
type knowing struct {
	*Register
	*yinzheng.OnRecord
	person  *yinzheng.Person
	imports map[string]*yinzheng.PersonImport
}

// known gives a value the origin of the fact that it comes from.
func (k *knowing) known(ctx context.Context, f *yinzheng.PersonFact, value any) (yinzheng.Known, error) {
	id := f.LastSource()
	m := k.imports[id]
	if m == nil {
		var err error
		if m, err = k.Kept.PersonImport(ctx, id); err != nil {
			return yinzheng.Known{}, err
		}
		k.imports[id] = m
	}
	return yinzheng.Known{Value: value, Origin: yinzheng.Origin{Source: m.Register, AsOf: m.AsOf, Import: m.ID}}, nil
}

// plainKeys are the facts that fill in one field with their value.
var plainKeys = map[yinzheng.FactKind]string{
	yinzheng.FactName: "name", yinzheng.FactSex: "sex", yinzheng.FactBorn: "born", yinzheng.FactDied: "died",
	yinzheng.FactAddress: "address", yinzheng.FactHome: "home.address", yinzheng.FactHousehold: "household.number", yinzheng.FactDivision: "division",
}

func (k *knowing) fact(ctx context.Context, f *yinzheng.PersonFact) error {
	switch {
	case f.Kind == yinzheng.FactDocument:
		k.Documents = append(k.Documents, f.ID)
		if f.Until == "" {
			return k.put(ctx, "id", f, f.ID.Value())
		}
	case f.Until != "":
		if f.Kind == yinzheng.FactName {
			k.FormerNames = append(k.FormerNames, f.Value)
		}
	case slices.Contains(kinKinds, f.Kind):
		return k.kin(ctx, f)
	case f.Kind == yinzheng.FactHomeSince:
		return k.homeSince(ctx, f)
	case plainKeys[f.Kind] != "":
		return k.put(ctx, plainKeys[f.Kind], f, f.Value)
	}
	return nil
}

func (k *knowing) put(ctx context.Context, key string, f *yinzheng.PersonFact, value any) error {
	known, err := k.known(ctx, f, value)
	if err != nil {
		return err
	}
	k.Facts[key] = known
	if key == "died" {
		k.Died = &known
	}
	return nil
}

// homeSince puts since when the person lives where they do. What was said before
// they moved there is about the home that they had.
func (k *knowing) homeSince(ctx context.Context, f *yinzheng.PersonFact) error {
	home := k.person.Present(yinzheng.FactHome)
	since, err := k.known(ctx, f, f.Value)
	if err == nil && home != nil && since.AsOf >= home.From {
		k.Facts["home.since"] = since
	}
	return err
}

var kinKinds = []yinzheng.FactKind{yinzheng.FactSpouse, yinzheng.FactFather, yinzheng.FactMother}

// kin puts what the person's own entry says of a relative.
func (k *knowing) kin(ctx context.Context, f *yinzheng.PersonFact) error {
	if f.Value != "" {
		if err := k.put(ctx, string(f.Kind)+".name", f, f.Value); err != nil {
			return err
		}
	}
	if f.ID.Number != "" {
		return k.put(ctx, string(f.Kind)+".id", f, f.ID.Value())
	}
	return nil
}

// relatives puts the rows of a list: spouse, parents, and the children who are
// on record in the same division, the eldest first. Who is on record as dead
// there is marked so. It is as old as the oldest of what it says.
func (k *knowing) relatives(ctx context.Context) error {
	var rows []any
	var oldest yinzheng.Known
	add := func(f *yinzheng.PersonFact, row map[string]any) error {
		known, err := k.known(ctx, f, nil)
		if err == nil && (rows == nil || known.AsOf < oldest.AsOf) {
			oldest = known
		}
		rows = append(rows, row)
		return err
	}
	dead, err := k.deadKin(ctx)
	if err != nil {
		return err
	}
	for _, kind := range kinKinds {
		if f := k.person.Present(kind); f != nil && f.Value != "" {
			row := relative(f.Value, f.ID, string(kind))
			if slices.Contains(dead, yinzheng.ByDocument(f.ID)) {
				row["deceased"] = true
			}
			if err := add(f, row); err != nil {
				return err
			}
		}
	}
	children, err := k.children(ctx)
	if err != nil {
		return err
	}
	for _, child := range children {
		relation := "son"
		if child.Value(yinzheng.FactSex) == yinzheng.Female {
			relation = "daughter"
		}
		row := relative(child.Value(yinzheng.FactName), child.Present(yinzheng.FactDocument).ID, relation)
		if child.Present(yinzheng.FactDied) != nil {
			row["deceased"] = true
		}
		if err := add(child.Present(yinzheng.FactName), row); err != nil {
			return err
		}
	}
	if rows != nil {
		oldest.Value = rows
		k.Facts["relatives"] = oldest
	}
	return nil
}

func relative(name string, id yinzheng.ID, relation string) map[string]any {
	row := map[string]any{"name": name, "relation": relation}
	if id.Number != "" {
		row["id"] = id.Value()
	}
	return row
}

// deadKin lists the documents of those relatives of the person's own entry who
// are on record as dead in the same division.
func (k *knowing) deadKin(ctx context.Context) (documents []yinzheng.PersonKey, err error) {
	var keys []yinzheng.PersonKey
	for _, kind := range kinKinds {
		if f := k.person.Present(kind); f != nil && f.ID.Number != "" {
			keys = append(keys, yinzheng.ByDocument(f.ID))
		}
	}
	kin, err := k.Kept.PersonsBy(ctx, keys)
	for _, p := range kin {
		if p.Present(yinzheng.FactDied) != nil && p.Value(yinzheng.FactDivision) == k.Division {
			documents = append(documents, p.Keys()...)
		}
	}
	return documents, err
}

func (k *knowing) children(ctx context.Context) ([]*yinzheng.Person, error) {
	keys := make([]yinzheng.PersonKey, len(k.Documents))
	for i, id := range k.Documents {
		keys[i] = yinzheng.ByParent(id)
	}
	children, err := k.Kept.PersonsBy(ctx, keys)
	children = slices.DeleteFunc(children, func(c *yinzheng.Person) bool {
		return c.Value(yinzheng.FactDivision) != k.Division || !k.isParent(c.Present(yinzheng.FactMother)) && !k.isParent(c.Present(yinzheng.FactFather))
	})
	slices.SortFunc(children, func(a, b *yinzheng.Person) int {
		return cmp.Or(cmp.Compare(a.Value(yinzheng.FactBorn), b.Value(yinzheng.FactBorn)), cmp.Compare(a.ID, b.ID))
	})
	return children, err
}

// isParent tells whether what a child's entry says of a parent is the person: one
// it said once is found by it, too.
func (k *knowing) isParent(f *yinzheng.PersonFact) bool {
	return f != nil && slices.ContainsFunc(k.Documents, func(id yinzheng.ID) bool { return yinzheng.ByDocument(id) == yinzheng.ByDocument(f.ID) })
}
