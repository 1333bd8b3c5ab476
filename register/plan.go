package register

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"yinzheng"
)

// Kept is what is on record.
type Kept interface {
	// PersonsBy lists the persons who have one of the keys, in no order.
	PersonsBy(ctx context.Context, keys []yinzheng.PersonKey) ([]*yinzheng.Person, error)
	// PersonImport returns one import; yinzheng.ErrNotFound.
	PersonImport(ctx context.Context, id string) (*yinzheng.PersonImport, error)
}

// MaxRows bounds a register; MaxListed what one report lists of it.
const (
	MaxRows   = 200_000
	MaxListed = 100
)

// batch is how many rows are looked up at once.
const batch = 500

// Plan works out what a register changes in what is on record. The rows that
// are refused, new, changed and the same are counted; the first changes, and the
// first faults by their cells, are listed. The error is an ErrInvalid for what is
// no such table, or the store's.
func Plan(ctx context.Context, kept Kept, d *yinzheng.Directory, m *yinzheng.PersonImport, data []byte) (*yinzheng.PlannedImport, error) {
	rows, ignored, err := read(data, m.At)
	if err != nil {
		return nil, err
	}
	p := &plan{
		PlannedImport: &yinzheng.PlannedImport{PersonImport: m, Changes: []yinzheng.RowChange{}, Refusal: []yinzheng.FieldError{}, Ignored: ignored},
		kept:          kept, directory: d, days: map[string]string{m.ID: m.AsOf},
		documents: map[yinzheng.PersonKey]*row{}, people: map[string]*row{}, met: map[string]string{},
	}
	for i := range rows {
		p.firstSeen(&rows[i])
	}
	p.documents, p.people = nil, nil
	for chunk := range slices.Chunk(rows, batch) {
		if err := p.chunk(ctx, chunk); err != nil {
			return nil, err
		}
		clear(chunk) // what is planned needs its row no more: memory
	}
	return p.PlannedImport, nil
}

// plan is an import being worked out.
type plan struct {
	*yinzheng.PlannedImport
	kept      Kept
	directory *yinzheng.Directory
	days      map[string]string                       // of imports: the day that they speak of
	documents map[yinzheng.PersonKey]*row             // of the file: who has a document
	people    map[string]*row                         // ... and who is somebody by household, name and birth
	met       map[string]string                       // persons on record whom a row was about: its place
	found     map[yinzheng.PersonKey]*yinzheng.Person // of the present rows: who is on record with a document
	members   map[yinzheng.PersonKey][]*yinzheng.Person
}

// firstSeen refuses a document that stands in two rows, and a person who stands
// in two rows with two documents.
func (p *plan) firstSeen(r *row) {
	p.place(r)
	for _, column := range []string{"id", "former_id"} {
		key := yinzheng.ByDocument(r.ID(column))
		if key.Value == "" {
			continue
		}
		switch first := p.documents[key]; {
		case first == nil:
			p.documents[key] = r
		case first.String("name") == r.String("name"):
			r.fault(column, "twice", "与 "+first.place("id")+" 是同一个人", "The same person as in "+first.place("id"))
		default:
			r.fault(column, "one-id-for-two", "与 "+first.place("id")+" 证件号码相同，姓名不同", "The same number as in "+first.place("id")+", under another name")
		}
	}
	if who := r.who(); who != "" {
		if first := p.people[who]; first == nil {
			p.people[who] = r
		} else if yinzheng.ByDocument(first.ID("id")) != yinzheng.ByDocument(r.ID("id")) {
			r.twoDocuments("与 "+first.place("id")+" 同户、同名、同日出生，证件号码不同", "The same household, name and birth as in "+first.place("id")+", with another number")
		}
	}
}

// twoDocuments says that one person has two numbers, and the way out.
func (r *row) twoDocuments(zh, en string) {
	r.fault("id", "two-ids", zh+"；如证件已更换，请在“原证件号码”列填写原号码", en+"; if the document was replaced, give the old number in the column former_id")
}

// who is somebody by what two persons hardly share: household, name and birth.
func (r *row) who() string {
	if r.String("household") == "" || r.String("born") == "" {
		return ""
	}
	return r.String("division") + "|" + r.String("household") + "|" + yinzheng.FoldName(r.String("name")) + "|" + r.String("born")
}

// place gives a row the division that it means: the office's, unless it says one.
func (p *plan) place(r *row) {
	if r.Values == nil {
		r.Values = yinzheng.Values{}
	}
	code := r.String("division")
	r.placed = code != ""
	code = cmp.Or(code, p.Division)
	if p.directory.Division(code) == nil {
		r.fault("division", "unknown", "没有这个区划", "There is no such division")
	} else if !p.directory.Within(code, p.Division) {
		r.fault("division", "jurisdiction", "不在导入单位的辖区内", "Outside the area of the office that imports")
	}
	r.Values["division"] = p.directory.DivisionNow(code)
}

// chunk looks some rows up together and plans each of them.
func (p *plan) chunk(ctx context.Context, rows []row) error {
	if err := p.look(ctx, rows); err != nil {
		return err
	}
	for i := range rows {
		if err := p.row(ctx, &rows[i]); err != nil {
			return err
		}
	}
	return nil
}

// look reads who is on record with the documents, and in the households, of rows.
func (p *plan) look(ctx context.Context, rows []row) error {
	var keys []yinzheng.PersonKey
	for i := range rows {
		r := &rows[i]
		for _, k := range []yinzheng.PersonKey{yinzheng.ByDocument(r.ID("id")), yinzheng.ByDocument(r.ID("former_id")), r.household()} {
			if k.Value != "" {
				keys = append(keys, k)
			}
		}
	}
	persons, err := p.kept.PersonsBy(ctx, keys)
	if err != nil {
		return err
	}
	p.found, p.members = map[yinzheng.PersonKey]*yinzheng.Person{}, map[yinzheng.PersonKey][]*yinzheng.Person{}
	for _, x := range persons {
		for _, k := range x.Keys() {
			p.found[k] = x
			p.members[k] = append(p.members[k], x)
		}
	}
	return nil
}

func (r *row) household() yinzheng.PersonKey {
	if r.String("household") == "" {
		return yinzheng.PersonKey{}
	}
	return yinzheng.ByHousehold(r.String("division"), r.String("household"))
}

// row plans one row.
func (p *plan) row(ctx context.Context, r *row) error {
	p.Rows++
	var x *yinzheng.Person
	if len(r.faults) == 0 {
		x = p.onRecord(r)
	}
	if len(r.faults) > 0 {
		p.refuse(r)
		return nil
	}
	c := change{plan: p, row: r, person: &yinzheng.Person{}}
	if x != nil {
		c.person = &yinzheng.Person{ID: x.ID, Version: x.Version, Facts: slices.Clone(x.Facts)}
	}
	c.dead = c.person.Present(yinzheng.FactDied) != nil
	if err := c.facts(ctx); err != nil {
		return err
	}
	c.checkLife()
	if len(r.faults) > 0 {
		p.refuse(r)
		return nil
	}
	c.count()
	return nil
}

func (p *plan) refuse(r *row) {
	p.Refused++
	p.Refusal = append(p.Refusal, r.faults[:min(len(r.faults), MaxListed-len(p.Refusal))]...)
}

// onRecord is the person on record whom a row is about; nil when there is none.
func (p *plan) onRecord(r *row) *yinzheng.Person {
	id := r.ID("id")
	x, former := p.found[yinzheng.ByDocument(id)], p.found[yinzheng.ByDocument(r.ID("former_id"))]
	if p.elsewhere(x) || p.elsewhere(former) { // of whom nothing more is told
		r.fault("id", "elsewhere", "此人登记在其他区划；迁移请由同时管辖两地的上级单位导入", "This person is on record in another division; a move is imported by an office above both")
		return nil
	}
	switch {
	case x != nil && former != nil && x.ID != former.ID:
		r.fault("former_id", "two-persons", "这两个证件号码登记在两个人名下", "These two numbers are on record as those of two persons")
		return nil
	case x == nil && former == nil:
		for _, y := range p.members[r.household()] {
			if y.Called(r.String("name")) && y.Value(yinzheng.FactBorn) == r.String("born") && y.Value(yinzheng.FactHousehold) == r.String("household") {
				r.twoDocuments("同户、同名、同日出生的人已登记，证件号码不同", "Somebody of the same household, name and birth is on record with another number")
			}
		}
		return nil
	case x == nil:
		x = former
	case yinzheng.ByDocument(x.Present(yinzheng.FactDocument).ID) != yinzheng.ByDocument(id):
		r.fault("id", "replaced-id", "这个证件号码已被新号码替换，请填写现号码", "This number has been replaced; please give the present one")
	}
	if place, met := p.met[x.ID]; met {
		r.fault("id", "twice", "与 "+place+" 是同一个人", "The same person as in "+place)
	}
	p.met[x.ID] = r.place("id")
	if !x.Called(r.String("name")) && !x.Called(r.String("former_name")) {
		r.fault("name", "other-name", "这个证件号码登记的是另一个姓名；如已改名，请在“曾用名”列填写原姓名", "This number is on record under another name; if the name was changed, give the old one in the column former_name")
	}
	return x
}

func (p *plan) elsewhere(x *yinzheng.Person) bool {
	return x != nil && !p.directory.Within(x.Value(yinzheng.FactDivision), p.Division)
}

// day is the day that an import speaks of.
func (p *plan) day(ctx context.Context, id string) (string, error) {
	if day, ok := p.days[id]; ok {
		return day, nil
	}
	m, err := p.kept.PersonImport(ctx, id)
	if err != nil {
		return "", fmt.Errorf("read the import %s: %w", id, err)
	}
	p.days[id] = m.AsOf
	return m.AsOf, nil
}

// change is one row on its way into what is on record about a person.
type change struct {
	*plan
	row     *row
	person  *yinzheng.Person
	dead    bool // on record before
	changed bool // something is other than on record
	touched bool // something was said again, on a later day
}

// facts compares every fact of the row with what is on record.
func (c *change) facts(ctx context.Context) error {
	stated := c.row.facts()
	c.person.Facts = slices.Grow(c.person.Facts, len(stated)+1)
	c.former()
	for _, f := range stated {
		if f.Kind == yinzheng.FactDivision && !c.row.placed && c.person.Version > 0 {
			continue // who is on record stays where they are
		}
		if err := c.fact(ctx, f); err != nil {
			return err
		}
	}
	for _, e := range c.row.ends {
		if err := c.end(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// checkLife refuses a death before the birth, whichever of them was on record.
func (c *change) checkLife() {
	if died := c.person.Value(yinzheng.FactDied); died == "" || died >= c.person.Value(yinzheng.FactBorn) {
		return
	}
	column := "died"
	if c.row.String(column) == "" {
		column = "born"
	}
	c.row.fault(column, "death-before-birth", "死亡日期早于出生日期", "The death lies before the birth")
}

// statement is a fact that a row states, with its column.
type statement struct {
	yinzheng.PersonFact
	column string
}

func (r *row) facts() []statement {
	out := []statement{{yinzheng.PersonFact{Kind: yinzheng.FactDocument, ID: r.ID("id")}, "id"}}
	for _, k := range []yinzheng.FactKind{
		yinzheng.FactName, yinzheng.FactSex, yinzheng.FactBorn, yinzheng.FactDied, yinzheng.FactDivision, yinzheng.FactAddress, yinzheng.FactHome, yinzheng.FactHomeSince, yinzheng.FactHousehold, yinzheng.FactHead,
	} {
		if v := r.String(string(k)); v != "" {
			out = append(out, statement{yinzheng.PersonFact{Kind: k, Value: v}, string(k)})
		}
	}
	for _, k := range []yinzheng.FactKind{yinzheng.FactMother, yinzheng.FactFather, yinzheng.FactSpouse} {
		f := yinzheng.PersonFact{Kind: k, Value: r.String(string(k) + "_name"), ID: r.ID(string(k) + "_id")}
		if f.Value != "" {
			out = append(out, statement{f, string(k) + "_name"})
		} else if f.ID.Number != "" {
			out = append(out, statement{f, string(k) + "_id"})
		}
	}
	return out
}

// former adds a name and a document that the register only calls former ones.
func (c *change) former() {
	if name := c.row.String("former_name"); name != "" && !c.person.Called(name) && name != c.row.String("name") {
		c.person.Facts = append(c.person.Facts, yinzheng.PersonFact{Kind: yinzheng.FactName, Value: name, Until: c.AsOf, Source: c.ID})
		c.report("former_name", "", name)
	}
	id := c.row.ID("former_id")
	if id.Number != "" && !slices.Contains(c.person.Keys(), yinzheng.ByDocument(id)) {
		c.person.Facts = append(c.person.Facts, yinzheng.PersonFact{Kind: yinzheng.FactDocument, ID: id, Until: c.AsOf, Source: c.ID})
		c.report("former_id", "", id.Number)
	}
}

// fact compares one fact. What is on record from a later day stays.
func (c *change) fact(ctx context.Context, s statement) error {
	s.From, s.Source = c.AsOf, c.ID
	old := c.person.Present(s.Kind)
	if old == nil && c.endedLater(s.Kind) {
		c.list(s.column, "", shown(&s.PersonFact), true)
		return nil
	}
	if old == nil {
		c.person.Facts = append(c.person.Facts, s.PersonFact)
		c.report(s.column, "", shown(&s.PersonFact))
		return nil
	}
	known, err := c.day(ctx, old.LastSource())
	if err != nil {
		return err
	}
	agree, lacks := old.Agrees(&s.PersonFact), old.Lacks(&s.PersonFact)
	was := shown(old)
	switch {
	case agree && !lacks && known >= c.AsOf:
	case agree && !lacks:
		old.Confirmed, c.touched = c.ID, true
	case known > c.AsOf:
		c.list(s.column, was, shown(&s.PersonFact), true)
	case agree:
		old.Value, old.Confirmed = cmp.Or(old.Value, s.Value), c.ID
		if old.ID.Number == "" {
			old.ID = s.ID
		}
		c.report(s.column, was, shown(old))
	default:
		old.Until = c.AsOf
		c.person.Facts = append(c.person.Facts, s.PersonFact)
		c.report(s.column, was, shown(&s.PersonFact))
	}
	return nil
}

// endedLater tells whether the last fact of a kind ended by a newer register.
func (c *change) endedLater(kind yinzheng.FactKind) bool {
	return slices.ContainsFunc(c.person.Facts, func(f yinzheng.PersonFact) bool { return f.Kind == kind && f.Until > c.AsOf })
}

// end ends what is on record, unless that is newer.
func (c *change) end(ctx context.Context, e ending) error {
	old := c.person.Present(e.kind)
	if old == nil {
		return nil
	}
	known, err := c.day(ctx, old.LastSource())
	switch {
	case err != nil:
		return err
	case known > c.AsOf:
		c.list(e.column, shown(old), "", true)
	default:
		old.Until = c.AsOf
		c.report(e.column, shown(old), "")
	}
	return nil
}

// shown is a fact as a report shows it.
func shown(f *yinzheng.PersonFact) string {
	switch {
	case f.ID.Number == "":
		return f.Value
	case f.Value == "":
		return f.ID.Number
	}
	return f.Value + " " + f.ID.Number
}

// report notes a change; of somebody new, everything would be one.
func (c *change) report(column, was, is string) {
	c.changed = true
	if c.person.Version > 0 {
		c.list(column, was, is, false)
	}
}

func (c *change) list(column, was, is string, older bool) {
	if len(c.Changes) < MaxListed {
		c.Changes = append(c.Changes, yinzheng.RowChange{Place: c.row.place(column), Field: column, Was: was, Is: is, Older: older})
	}
}

// count puts the row under what it means, and the person among those to write.
func (c *change) count() {
	switch {
	case c.person.Version == 0:
		c.New++
	case c.changed:
		c.Changed++
	default:
		c.Same++
	}
	if c.changed || c.touched {
		c.Persons = append(c.Persons, c.person)
	}
	if !c.dead && c.person.Present(yinzheng.FactDied) != nil {
		c.Died = append(c.Died, c.person)
	}
}
