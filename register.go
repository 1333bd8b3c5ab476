package yinzheng

import (
	"context"
	"slices"
	"time"
)

// Person is what registers say about one person: dated facts. None is ever
// taken away; one that holds no longer has an Until.
type Person struct {
	ID      string // drawn at random: what events call the person
	Version int    // changes so far; 0: not kept yet
	Facts   []PersonFact
}

// FactKind is what a fact is about.
type FactKind string

// The kinds of fact. Of each a person has one at a time.
const (
	FactDocument  FactKind = "id"
	FactName      FactKind = "name"
	FactSex       FactKind = "sex"
	FactBorn      FactKind = "born"
	FactDied      FactKind = "died"
	FactDivision  FactKind = "division"
	FactAddress   FactKind = "address"
	FactHome      FactKind = "home_address"  // where the person lives, wherever they are registered
	FactHomeSince FactKind = "home_since"    // since which day
	FactHousehold FactKind = "household"     // its number within the division
	FactHead      FactKind = "head_relation" // what the person is to the head of the household (与户主关系)
	FactMother    FactKind = "mother"
	FactFather    FactKind = "father"
	FactSpouse    FactKind = "spouse"
)

// PersonFact is one thing that a register says. Days are "2006-01-02".
type PersonFact struct {
	Kind  FactKind `json:"kind"`
	Value string   `json:"value,omitempty"` // in the normal form of a field; of a relative: the name
	ID    ID       `json:"id,omitzero"`     // the document; of a relative: theirs, if it is known
	From  string   `json:"from,omitempty"`  // day of the register that said so first; empty: of a former one, not known
	Until string   `json:"until,omitempty"` // day by which it held no longer; empty: it holds

	Source    string `json:"source"`              // import that said so first
	Confirmed string `json:"confirmed,omitempty"` // newest import that said so again
}

// LastSource is the newest import that says so.
func (f *PersonFact) LastSource() string {
	if f.Confirmed != "" {
		return f.Confirmed
	}
	return f.Source
}

// Agrees tells whether two facts of one kind do not contradict each other: of a
// relative, one may know the name alone and the other the document.
func (f *PersonFact) Agrees(o *PersonFact) bool {
	return (f.Value == o.Value || f.Value == "" || o.Value == "") && (f.ID == o.ID || f.ID.Number == "" || o.ID.Number == "")
}

// Lacks tells whether another fact knows something that this one does not.
func (f *PersonFact) Lacks(o *PersonFact) bool {
	return f.Value == "" && o.Value != "" || f.ID.Number == "" && o.ID.Number != ""
}

// Present is the fact of a kind that holds, or nil.
func (p *Person) Present(kind FactKind) *PersonFact {
	for i := len(p.Facts) - 1; i >= 0; i-- {
		if f := &p.Facts[i]; f.Kind == kind && f.Until == "" {
			return f
		}
	}
	return nil
}

// Value is that of the fact of a kind that holds, or "".
func (p *Person) Value(kind FactKind) string {
	if f := p.Present(kind); f != nil {
		return f.Value
	}
	return ""
}

// Called tells whether a name is, or was, the person's, variant characters
// taken for one.
func (p *Person) Called(name string) bool {
	name = FoldName(name)
	return slices.ContainsFunc(p.Facts, func(f PersonFact) bool { return f.Kind == FactName && FoldName(f.Value) == name })
}

// PersonKey is one way in which persons are found.
type PersonKey struct{ Kind, Value string }

// ByDocument finds who has, or had, a document; its value is "" for none. The
// 15 digits of an old resident ID and the 18 that replaced them are one.
func ByDocument(id ID) PersonKey { return PersonKey{"document", documentMark(id)} }

// ByName finds who is, or was, called so, variant characters taken for one.
func ByName(name string) PersonKey { return PersonKey{"name", FoldName(name)} }

// ByHousehold finds who belongs, or belonged, to a household.
func ByHousehold(division, number string) PersonKey {
	return PersonKey{"household", division + "|" + number}
}

// ByParent finds the children of who has a document.
func ByParent(id ID) PersonKey { return PersonKey{"parent", documentMark(id)} }

// Keys lists everything that a person is found by. It only grows.
func (p *Person) Keys() []PersonKey {
	keys := make([]PersonKey, 0, len(p.Facts))
	for i := range p.Facts {
		f := &p.Facts[i]
		var k PersonKey
		switch f.Kind {
		case FactDocument:
			k = ByDocument(f.ID)
		case FactName:
			k = ByName(f.Value)
		case FactHousehold:
			k = ByHousehold(p.Value(FactDivision), f.Value)
		case FactMother, FactFather:
			k = ByParent(f.ID)
		}
		if k.Value != "" && !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	return keys
}

// Persons keeps what registers say about persons.
type Persons interface {
	// PersonsBy lists the persons who have one of the keys, in no order.
	PersonsBy(ctx context.Context, keys []PersonKey) ([]*Person, error)
	// PutPersons adds persons (Version 0), or replaces the versions that were
	// read; each is kept at the next version. ErrConflict when one of them has
	// changed since, or one of their documents is another person's.
	PutPersons(ctx context.Context, persons []*Person) error
	// AddPersonImport notes an import.
	AddPersonImport(ctx context.Context, m *PersonImport) error
	// PersonImport returns one; ErrNotFound.
	PersonImport(ctx context.Context, id string) (*PersonImport, error)
	// NewestImport is the ID of the last import noted; "": there was none.
	NewestImport(ctx context.Context) (string, error)
	// PersonImports lists the newest ones, newest first.
	PersonImports(ctx context.Context, limit int) ([]*PersonImport, error)
	// HeldBy lists the cases whose holder has a document of this number, newest
	// first.
	HeldBy(ctx context.Context, number string, limit int) ([]string, error)
}

// PersonImport is one register brought in: by whom, for which division, and what
// the register calls itself and speaks of.
type PersonImport struct {
	ID       string    `json:"id"`
	At       time.Time `json:"at"`
	By       string    `json:"by"` // account
	Office   string    `json:"office"`
	Division string    `json:"division"` // whose persons it may speak of, those below included
	Register string    `json:"register"` // its title, such as 常住人口登记
	AsOf     string    `json:"as_of"`    // day that it speaks of
	Digest   string    `json:"digest"`   // SHA-256 of the file, hexadecimal

	ImportCounts
}

// ImportCounts counts the rows of an import by what they mean.
type ImportCounts struct {
	Rows    int `json:"rows"`
	New     int `json:"new"`     // persons who were not on record
	Changed int `json:"changed"` // something else than what was on record
	Same    int `json:"same"`
	Refused int `json:"refused"`
}

// PlannedImport is what an import changes, worked out against what is on record
// (package register). Nothing of it is kept unless no row is refused.
type PlannedImport struct {
	*PersonImport
	Changes []RowChange  `json:"changes"` // the first of them
	Refusal []FieldError `json:"refused_rows"`
	Ignored []string     `json:"ignored_columns"` // headings that stand for nothing; a misspelt one is among them
	Applied bool         `json:"applied"`

	Persons []*Person `json:"-"` // to be written, changed ones at the version that was read
	Died    []*Person `json:"-"` // of these: whose death is new
}

// RowChange is one field of a row that says something else than what is on
// record.
type RowChange struct {
	Place string `json:"place"` // cell
	Field string `json:"field"`
	Was   string `json:"was,omitempty"`   // empty: nothing was on record
	Is    string `json:"is,omitempty"`    // empty: it ended
	Older bool   `json:"older,omitempty"` // what is on record is newer, and stays
}

// Register tells what is on record about persons (package register).
type Register interface {
	// OnRecord returns what is on record about who has, or had, a document;
	// ErrNotFound.
	OnRecord(ctx context.Context, id ID) (*OnRecord, error)
}

// OnRecord is what registers say about a person now, by the keys of RecordTypes.
type OnRecord struct {
	Person      string // Person.ID
	Division    string
	Facts       map[string]Known
	FormerNames []string
	Documents   []ID   // former ones, too
	Died        *Known // nil: no death is on record
}

// Known is a value in its normal form, with where it comes from.
type Known struct {
	Value any `json:"value"`
	Origin
}

// Origin says where a value on record comes from.
type Origin struct {
	Source      string `json:"source"` // what the register calls itself, or certificate
	AsOf        string `json:"as_of"`  // day that it speaks of
	Import      string `json:"import,omitempty"`
	Certificate string `json:"certificate,omitempty"` // code
	Organ       string `json:"-"`                     // that sealed it
}

// RecordTypes are what a template's field may take from the record (Field.Record),
// with the types of field that can hold it. All of it is about the holder.
var RecordTypes = map[string][]FieldType{
	"name":             {NameField, TextField},
	"id":               {IDField},
	"sex":              {ChoiceField},
	"born":             {DateField},
	"died":             {DateField},
	"address":          {TextField},
	"home.address":     {TextField}, // where the person lives, wherever they are registered
	"home.since":       {DateField},
	"household.number": {TextField},
	"mother.name":      {NameField, TextField},
	"mother.id":        {IDField},
	"father.name":      {NameField, TextField},
	"father.id":        {IDField},
	"spouse.name":      {NameField, TextField},
	"spouse.id":        {IDField},
	"relatives":        {ListField}, // rows of name, id, relation, deceased: spouse, parents, children
}
