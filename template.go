package yinzheng

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// Level is a tier of the administrative divisions.
type Level string

// The levels, from the top. Codes are statistical division codes, 12 digits.
const (
	Province Level = "province"
	City     Level = "city"
	District Level = "district"
	Town     Level = "town"
	Village  Level = "village"
)

// Known tells whether the level is one of those above.
func (l Level) Known() bool { return l.rank() >= 0 }

// Role is what a person may do in an office.
type Role string

// The roles. A clerk drafts and submits, and decides village steps; an
// approver decides at town and above.
const (
	Clerk      Role = "clerk"
	Approver   Role = "approver"
	Admin      Role = "admin"
	Department Role = "department" // a receiving department that verifies
)

// Template is one published, immutable version of an item's fields, text,
// layout and chain. It is read from YAML (package templates) and checked by
// Check, which names every fault by its path.
type Template struct {
	Code        string      `yaml:"code" json:"code"`       // the item's code, such as residence
	Short       string      `yaml:"short" json:"short"`     // the item in the token's claim t: 1 to 4 of A-Z0-9
	Version     int         `yaml:"version" json:"version"` // 1, 2, ... within the item
	Name        Text        `yaml:"name" json:"name"`
	Basis       []string    `yaml:"basis" json:"basis"`                                         // legal basis, at least one
	Subject     string      `yaml:"subject" json:"subject"`                                     // code in the list of twenty (Subjects), or none
	Issuer      Level       `yaml:"issuer" json:"issuer"`                                       // level of the organ that seals
	TypeCode    string      `yaml:"type_code" json:"type_code"`                                 // TYPE of the number: credit code + 3 digits, upper case
	Function    string      `yaml:"issuer_function,omitempty" json:"issuer_function,omitempty"` // which of several organs of that level
	Resubmit    string      `yaml:"resubmit,omitempty" json:"resubmit,omitempty"`               // after a return: anew (default) or same, to the step that returned it
	MendDays    int         `yaml:"mend_days,omitempty" json:"mend_days,omitempty"`             // working days to mend a returned case; then it lapses. 0: no limit
	Validity    int         `yaml:"validity_months,omitempty" json:"validity_months,omitempty"`
	AnyOffice   bool        `yaml:"any_office,omitempty" json:"any_office,omitempty"`     // 全区通办: any office of the district may take the case in
	CounterOnly bool        `yaml:"counter_only,omitempty" json:"counter_only,omitempty"` // residents send no request of it online, they come in person
	Materials   []Material  `yaml:"materials" json:"materials"`
	Chain       []Step      `yaml:"chain" json:"chain"`
	Fields      []Field     `yaml:"fields" json:"fields"`
	Rules       []Rule      `yaml:"rules,omitempty" json:"rules,omitempty"`
	Same        []string    `yaml:"same,omitempty" json:"same,omitempty"` // fields that, all equal, hint at the same matter: mother and time of birth
	Token       TokenFields `yaml:"token" json:"token"`
	Page        PageText    `yaml:"page" json:"page"`
}

// Publications keeps what each version of a template was when it was first used.
type Publications interface {
	// PublishTemplate notes the digest of a version, once and for good; ErrConflict
	// when it had another one before.
	PublishTemplate(ctx context.Context, ref TemplateRef, digest string, now time.Time) error
}

// Ref names the version, such as residence@1.
func (t *Template) Ref() TemplateRef { return TemplateRef{t.Code, t.Version} }

// TemplateRef names one version of one item's template.
type TemplateRef struct {
	Code    string `json:"code"`
	Version int    `json:"version"`
}

// Step is one link of the approval chain. It is decided by somebody with Role
// in the office of Level that the resident's division lies in or, with
// Deciders, by several side by side.
type Step struct {
	Key      string   `yaml:"key" json:"key"`
	Name     Text     `yaml:"name" json:"name"`
	Level    Level    `yaml:"level" json:"level"`
	Function string   `yaml:"function,omitempty" json:"function,omitempty"` // which of several offices of that level; empty: any
	Role     Role     `yaml:"role" json:"role"`
	When     []Clause `yaml:"when,omitempty" json:"when,omitempty"`         // the step applies when all hold; empty: always
	Deciders []Post   `yaml:"deciders,omitempty" json:"deciders,omitempty"` // countersigning; what a post leaves out is the step's
	Need     int      `yaml:"need,omitempty" json:"need,omitempty"`         // how many of Deciders must approve; 0: all
	Limit    int      `yaml:"limit_days,omitempty" json:"limit_days,omitempty"`
	TakeOver *Post    `yaml:"take_over,omitempty" json:"take_over,omitempty"` // may decide as well once the limit is past
	Tell     []Post   `yaml:"tell,omitempty" json:"tell,omitempty"`           // told, besides, that it is past; what a post leaves out is the step's
	ReturnTo []string `yaml:"return_to,omitempty" json:"return_to,omitempty"` // earlier steps and "clerk"; empty: any
}

// Post is somebody's place in a step: a role in an office of a level and, where
// a level has several offices, a function.
type Post struct {
	Level    Level  `yaml:"level,omitempty" json:"level,omitempty"`
	Function string `yaml:"function,omitempty" json:"function,omitempty"`
	Role     Role   `yaml:"role,omitempty" json:"role,omitempty"`
	Count    int    `yaml:"count,omitempty" json:"count,omitempty"` // how many people of the post must approve; 0: one
}

// ToClerk in Step.ReturnTo stands for the clerk who mends the form.
const ToClerk = "clerk"

// Clause is a condition on one value. Exactly one of its comparisons is set.
type Clause struct {
	Field  string   `yaml:"field" json:"field"`
	Is     string   `yaml:"is,omitempty" json:"is,omitempty"`         // a choice, a text
	In     []string `yaml:"in,omitempty" json:"in,omitempty"`         // one of several
	Filled *bool    `yaml:"filled,omitempty" json:"filled,omitempty"` // filled in, or not; of a bool: true, or not
	Over   *int     `yaml:"over,omitempty" json:"over,omitempty"`     // an integer, or a list's rows, above this
}

// Posts are the places that decide the step, with what they leave out filled in.
func (s *Step) Posts() []Post {
	if len(s.Deciders) == 0 {
		return []Post{{s.Level, s.Function, s.Role, 1}}
	}
	posts := make([]Post, len(s.Deciders))
	for i, p := range s.Deciders {
		posts[i] = s.Complete(p)
	}
	return posts
}

// Complete fills in what a post leaves to its step.
func (s *Step) Complete(p Post) Post {
	return Post{cmp.Or(p.Level, s.Level), cmp.Or(p.Function, s.Function), cmp.Or(p.Role, s.Role), cmp.Or(p.Count, 1)}
}

// need is how many posts must have approved.
func (s *Step) need() int {
	if s.Need == 0 {
		return max(1, len(s.Deciders))
	}
	return s.Need
}

// applies tells whether the step is part of the chain for these values.
func (s *Step) applies(v Values) bool { return allHold(s.When, v) }

// allHold tells whether no clause speaks against the values.
func allHold(when []Clause, v Values) bool {
	return !slices.ContainsFunc(when, func(c Clause) bool { return !c.holds(v) })
}

func (c *Clause) holds(v Values) bool {
	switch {
	case c.Filled != nil:
		return v.Has(c.Field) == *c.Filled
	case c.Over != nil:
		switch x := v[c.Field].(type) {
		case int64:
			return x > int64(*c.Over)
		case []any:
			return len(x) > *c.Over
		}
		return false
	case len(c.In) > 0:
		return slices.Contains(c.In, v.String(c.Field))
	}
	return v.String(c.Field) == c.Is
}

// next is the first step after i that applies, or the chain's length.
func (t *Template) next(i int, v Values) int {
	for i++; i < len(t.Chain) && !t.Chain[i].applies(v); i++ {
	}
	return i
}

// last is the last step that applies, or -1.
func (t *Template) last(v Values) int {
	i := len(t.Chain) - 1
	for i >= 0 && !t.Chain[i].applies(v) {
		i--
	}
	return i
}

// RouteStep is a step with whether it applies.
type RouteStep struct {
	*Step
	Applies bool `json:"applies"`
}

// Route is the chain as a case with these values would meet it.
func (t *Template) Route(v Values) []RouteStep {
	route := make([]RouteStep, len(t.Chain))
	for i := range t.Chain {
		route[i] = RouteStep{&t.Chain[i], t.Chain[i].applies(v)}
	}
	return route
}

// FieldType tells how a value is written, checked and printed.
type FieldType string

// The types of field. Normal forms are what Check leaves in Values.
const (
	NameField     FieldType = "name"     // a person's name: string, at most 50 columns
	TextField     FieldType = "text"     // string of at most Max characters (default 100)
	IDField       FieldType = "id"       // {"type","number"} or {"type":"none","reason"}
	DateField     FieldType = "date"     // "2006-01-02"
	DateTimeField FieldType = "datetime" // "2006-01-02T15:04", local time
	ChoiceField   FieldType = "choice"   // one Option's value
	BoolField     FieldType = "bool"
	IntegerField  FieldType = "integer" // int64
	ListField     FieldType = "list"    // []any of map[string]any with Fields
)

// Field is one thing to fill in.
type Field struct {
	Key      string    `yaml:"key" json:"key"`
	Type     FieldType `yaml:"type" json:"type"`
	Label    Text      `yaml:"label" json:"label"`
	Hint     Text      `yaml:"hint,omitempty" json:"hint,omitzero"`
	Optional bool      `yaml:"optional,omitempty" json:"optional,omitempty"`
	Max      int       `yaml:"max,omitempty" json:"max,omitempty"`       // text: characters; list: rows; integer: largest
	Min      int       `yaml:"min,omitempty" json:"min,omitempty"`       // list: rows; integer: smallest
	Future   bool      `yaml:"future,omitempty" json:"future,omitempty"` // date, datetime: may lie in the future
	Options  []Option  `yaml:"options,omitempty" json:"options,omitempty"`
	Fields   []Field   `yaml:"fields,omitempty" json:"fields,omitempty"`   // of a list's row
	Rules    []Rule    `yaml:"rules,omitempty" json:"rules,omitempty"`     // within a list's row
	Record   string    `yaml:"record,omitempty" json:"record,omitempty"`   // what of the register it is filled in from (RecordTypes)
	Suggest  []string  `yaml:"suggest,omitempty" json:"suggest,omitempty"` // text: what is often written there, at hand; anything else may be
}

// Limit is how many characters a field of text holds.
func (f *Field) Limit() int { return cmp.Or(f.Max, 100) }

// Option is one value of a coded list.
type Option struct {
	Value string `yaml:"value" json:"value"`
	Label Text   `yaml:"label" json:"label"`
	Sex   string `yaml:"sex,omitempty" json:"sex,omitempty"` // male or female where the value implies it (father, daughter, ...)
}

// Rule is one check across fields; exactly one of its kinds is set.
//
//	any_of: [mother_name, father_name, no_parent_reason]      at least one is filled in
//	together: [mother_name, mother_id]                        if one is filled in, all are
//	id: mother_id, sex: female                                the resident ID says this sex
//	id: id, sex_field: sex                                    ... or the sex stated in that field (or implied by its option)
//	id: id, born_field: born                                  the resident ID's birth date is that field's date
//	id: mother_id, born_before: child_born                    born before that field's date
//	distinct: [applicant_id, relatives.id]                    no resident ID twice
//	field: relation_text, required_when: {relation: other}    must be filled in then, and only then
type Rule struct {
	AnyOf        []string          `yaml:"any_of,omitempty" json:"any_of,omitempty"`
	Together     []string          `yaml:"together,omitempty" json:"together,omitempty"`
	Distinct     []string          `yaml:"distinct,omitempty" json:"distinct,omitempty"`
	ID           string            `yaml:"id,omitempty" json:"id,omitempty"`
	Sex          string            `yaml:"sex,omitempty" json:"sex,omitempty"`
	SexField     string            `yaml:"sex_field,omitempty" json:"sex_field,omitempty"`
	BornField    string            `yaml:"born_field,omitempty" json:"born_field,omitempty"`
	BornBefore   string            `yaml:"born_before,omitempty" json:"born_before,omitempty"`
	Field        string            `yaml:"field,omitempty" json:"field,omitempty"`
	RequiredWhen map[string]string `yaml:"required_when,omitempty" json:"required_when,omitempty"`
}

// TokenFields names the fields that go, masked, into the token: the holder.
type TokenFields struct {
	Name string `yaml:"name" json:"name"`
	ID   string `yaml:"id,omitempty" json:"id,omitempty"`
}

// PageText is what stands on the page. Texts hold placeholders: {key} prints
// a field (see Display), {key.sub} inside a table's row. In paragraphs values
// are set as underlined fill-ins.
type PageText struct {
	Title string   `yaml:"title" json:"title"`
	Body  []Block  `yaml:"body" json:"body"`
	Notes []string `yaml:"notes,omitempty" json:"notes,omitempty"` // small print at the foot, no placeholders
}

// Block is a paragraph, a table of facts, or a table with a row per list
// entry; exactly one of Text, Facts, Table is set. It is left out unless the
// field When is filled in (or is not, for "!key").
type Block struct {
	When  string `yaml:"when,omitempty" json:"when,omitempty"`
	Text  string `yaml:"text,omitempty" json:"text,omitempty"`
	Facts []Fact `yaml:"facts,omitempty" json:"facts,omitempty"`
	Table *Table `yaml:"table,omitempty" json:"table,omitempty"`
}

// Fact is one labelled cell of a table of facts; two Half facts in a row share
// a line. One whose When does not hold is left out.
type Fact struct {
	When  string `yaml:"when,omitempty" json:"when,omitempty"`
	Label string `yaml:"label" json:"label"`
	Text  string `yaml:"text" json:"text"`
	Half  bool   `yaml:"half,omitempty" json:"half,omitempty"`
	Lines int    `yaml:"lines,omitempty" json:"lines,omitempty"` // room for so many at least, to write in
}

// MaxFactLines bounds the room of a fact.
const MaxFactLines = 12

// Table prints a list field. A column's Text may use the row's fields, as
// {name}, and {#} for the row's number.
type Table struct {
	Rows    string   `yaml:"rows" json:"rows"` // key of a list field
	Columns []Column `yaml:"columns" json:"columns"`
}

// Column is one column of a Table.
type Column struct {
	Head  string `yaml:"head" json:"head"`
	Text  string `yaml:"text" json:"text"`
	Width int    `yaml:"width" json:"width"` // relative
}

// Field returns the top-level field with a key, or nil.
func (t *Template) Field(key string) *Field { return fieldByKey(t.Fields, key) }

func fieldByKey(fields []Field, key string) *Field {
	i := slices.IndexFunc(fields, func(f Field) bool { return f.Key == key })
	if i < 0 {
		return nil
	}
	return &fields[i]
}

// StepIndex returns the position of a step in the chain, or -1.
func (t *Template) StepIndex(key string) int {
	return slices.IndexFunc(t.Chain, func(s Step) bool { return s.Key == key })
}
