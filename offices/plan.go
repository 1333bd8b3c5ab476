package offices

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"yinzheng"
)

// Plan works out what an order changes in a tree. It finds every row; whether
// they hold together is the domain's to check. Errors: ErrInvalid naming what
// the order says of things that are not there.
func Plan(d *yinzheng.Directory, o *Order, now time.Time) (*yinzheng.Reorganisation, error) {
	p, err := newPlan(d, o.Title, o.Effective, now)
	if err != nil {
		return nil, err
	}
	p.add(&o.Add)
	for i := range o.Rename {
		p.rename(fmt.Sprintf("rename[%d]", i), &o.Rename[i])
	}
	for i, m := range o.Move {
		if v := p.standing(fmt.Sprintf("move[%d].division", i), m.Division); v != nil {
			p.lay(v, m.Parent)
		}
	}
	for i := range o.Merge {
		p.merge(fmt.Sprintf("merge[%d]", i), &o.Merge[i])
	}
	for i := range o.Split {
		p.split(fmt.Sprintf("split[%d]", i), &o.Split[i])
	}
	for i, c := range o.Close {
		if office := p.office(fmt.Sprintf("close[%d].office", i), c.Office); office != nil {
			p.closeOffice(office, c.Successor)
		}
	}
	for id, part := range o.Cases {
		if p.parts[part] == "" {
			p.fault("cases."+id, "choice", "%s 不是拆分后的部分", "%s is no part of a division that is split", part)
		}
	}
	return p.result(o.Cases)
}

// plan is a tree being changed.
type plan struct {
	before    *yinzheng.Directory
	title     string
	at        time.Time
	divisions map[string]*yinzheng.Division
	below     map[string]map[string]*yinzheng.Division // by parent: divisions that lie or lay there, by code
	offices   map[string]*yinzheng.Office
	seated    map[string]map[string]*yinzheng.Office // by division: offices that are or were there, by ID
	organs    map[string]*yinzheng.Organ
	parts     map[string]string // of divisions that are split: part → the division
	faults    []yinzheng.FieldError
}

func newPlan(d *yinzheng.Directory, title, effective string, now time.Time) (*plan, error) {
	p := &plan{
		before: d, title: title, at: now.UTC().Truncate(time.Second), parts: map[string]string{},
		divisions: map[string]*yinzheng.Division{}, below: map[string]map[string]*yinzheng.Division{}, organs: map[string]*yinzheng.Organ{},
		offices: map[string]*yinzheng.Office{}, seated: map[string]map[string]*yinzheng.Office{},
	}
	if effective != "" {
		day, err := time.ParseInLocation(time.DateOnly, effective, yinzheng.Zone)
		y, m, today := now.In(yinzheng.Zone).Date()
		switch {
		case err != nil:
			p.fault("effective", "date", "应如 2027-01-01", "Expected the form 2027-01-01")
		case day.Before(time.Date(y, m, today, 0, 0, 0, 0, yinzheng.Zone)):
			p.fault("effective", "past", "不能早于今天：已用印的证明不能回溯", "It cannot be before today: what was sealed since then stands")
		case day.After(now):
			p.at = day.UTC()
		}
		if len(p.faults) > 0 {
			return nil, p.invalid()
		}
	}
	for _, v := range d.Divisions {
		p.putDivision(&v)
	}
	for _, o := range d.Offices {
		p.putOffice(&o)
	}
	for _, o := range d.Organs {
		p.organs[o.Code] = &o
	}
	return p, nil
}

func (p *plan) fault(field, code, zh, en string, args ...any) {
	if len(args) > 0 {
		zh, en = fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...)
	}
	p.faults = append(p.faults, yinzheng.FieldError{Field: field, Code: code, Text: yinzheng.Text{ZH: zh, EN: en}})
}

func (p *plan) invalid() error {
	return &yinzheng.Error{Kind: yinzheng.ErrInvalid, Text: yinzheng.Text{ZH: "机构调整有误，请按提示更正", EN: "The reorganisation has faults; please mend them"}, Fields: p.faults}
}

// result lists what differs from the tree before.
func (p *plan) result(cases map[string]string) (*yinzheng.Reorganisation, error) {
	if len(p.faults) > 0 {
		return nil, p.invalid()
	}
	r := &yinzheng.Reorganisation{Title: p.title, Effective: p.at, Tree: p.before.Version, Parts: p.parts, Cases: cases}
	for _, code := range slices.Sorted(maps.Keys(p.divisions)) {
		if old := p.before.Division(code); old == nil || *old != *p.divisions[code] {
			r.Divisions = append(r.Divisions, *p.divisions[code])
		}
	}
	for _, id := range slices.Sorted(maps.Keys(p.offices)) {
		if old := p.before.Office(id); old == nil || *old != *p.offices[id] {
			r.Offices = append(r.Offices, *p.offices[id])
		}
	}
	for _, code := range slices.Sorted(maps.Keys(p.organs)) {
		if old := p.before.Organ(code); old == nil || *old != *p.organs[code] {
			r.Organs = append(r.Organs, *p.organs[code])
		}
	}
	return r, nil
}

// standing is a division that was not closed.
func (p *plan) standing(field, code string) *yinzheng.Division {
	v := p.divisions[code]
	if v == nil || !v.Until.IsZero() {
		p.fault(field, "unknown", "没有区划 %s，或它已撤并", "There is no division %s, or it is closed", code)
		return nil
	}
	return v
}

func (p *plan) office(field, id string) *yinzheng.Office {
	o := p.offices[id]
	if o == nil || !o.Until.IsZero() {
		p.fault(field, "unknown", "没有机构 %s，或它已撤销", "There is no office %s, or it is closed", id)
		return nil
	}
	return o
}

// add adds what is new. Offices last: they name divisions and organs.
func (p *plan) add(a *Additions) {
	for i, v := range a.Divisions {
		if p.divisions[v.Code] != nil {
			p.fault(fmt.Sprintf("add.divisions[%d].code", i), "taken", "区划 %s 已存在", "The division %s is there already", v.Code)
			continue
		}
		p.putDivision(&yinzheng.Division{Code: v.Code, Name: v.Name, Parent: v.Parent, Level: yinzheng.Level(v.Level)})
	}
	for i := range a.Organs {
		p.addOrgan(fmt.Sprintf("add.organs[%d]", i), &a.Organs[i])
	}
	for i, o := range a.Offices {
		id := ID(o.Division, o.Function)
		if p.offices[id] != nil {
			p.fault(fmt.Sprintf("add.offices[%d]", i), "taken", "机构 %s 已存在", "The office %s is there already", id)
			continue
		}
		p.putOffice(&yinzheng.Office{ID: id, Name: o.Name, Division: o.Division, Function: o.Function, Organ: o.Organ})
	}
	for _, v := range a.Divisions {
		p.seat(p.divisions[v.Code])
	}
}

func (p *plan) addOrgan(field string, o *NewOrgan) {
	if p.organs[o.Code] != nil {
		p.fault(field+".code", "taken", "机关 %s 已存在", "The organ %s is there already", o.Code)
		return
	}
	mark := o.Mark
	if mark == "" {
		mark = DefaultMark
	}
	p.organs[o.Code] = &yinzheng.Organ{Code: o.Code, Name: o.Name, Mark: mark, From: p.at}
}

// seat gives a division an office of its own, if it has none.
func (p *plan) seat(v *yinzheng.Division) {
	if v.Level != yinzheng.Province && v.Level != yinzheng.City && len(p.officesOf(v.Code)) == 0 {
		p.putOffice(&yinzheng.Office{ID: ID(v.Code, ""), Name: Name(v), Division: v.Code})
	}
}

// putDivision adds a division to the tree.
func (p *plan) putDivision(v *yinzheng.Division) {
	p.divisions[v.Code] = v
	p.lay(v, v.Parent)
}

// lay puts a division below another one.
func (p *plan) lay(v *yinzheng.Division, parent string) {
	v.Parent = parent
	if p.below[parent] == nil {
		p.below[parent] = map[string]*yinzheng.Division{}
	}
	p.below[parent][v.Code] = v
}

// putOffice adds an office to the tree, or one that has moved to its division.
func (p *plan) putOffice(o *yinzheng.Office) {
	p.offices[o.ID] = o
	if p.seated[o.Division] == nil {
		p.seated[o.Division] = map[string]*yinzheng.Office{}
	}
	p.seated[o.Division][o.ID] = o
}

// officesOf are the offices of a division that stand, in the order of their IDs.
func (p *plan) officesOf(division string) []*yinzheng.Office {
	var out []*yinzheng.Office
	for _, o := range p.seated[division] {
		if o.Division == division && o.Until.IsZero() {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b *yinzheng.Office) int { return strings.Compare(a.ID, b.ID) })
	return out
}

func (p *plan) rename(field string, r *Rename) {
	named := 0
	for _, s := range []string{r.Division, r.Office, r.Organ} {
		if s != "" {
			named++
		}
	}
	switch {
	case named != 1:
		p.fault(field, "choice", "请只写 division、office、organ 之一", "Expected exactly one of division, office, organ")
	case r.Division != "":
		if v := p.standing(field+".division", r.Division); v != nil {
			p.renameDivision(v, r.Name)
		}
	case r.Office != "":
		if o := p.office(field+".office", r.Office); o != nil {
			o.Name = r.Name
		}
	default:
		o := p.organs[r.Organ]
		if o == nil || !o.To.IsZero() {
			p.fault(field+".organ", "unknown", "没有机关 %s，或它已撤销", "There is no organ %s, or it has ended", r.Organ)
			return
		}
		for _, office := range p.offices {
			if office.Organ == o.Code && office.Name == o.Name {
				office.Name = r.Name
			}
		}
		o.Name = r.Name
	}
}

func (p *plan) renameDivision(v *yinzheng.Division, name string) {
	old := *v
	v.Name = name
	for _, o := range p.officesOf(v.Code) {
		if o.Name == Name(&old) {
			o.Name = Name(v)
		}
	}
}

// merge closes all but the one that stays.
func (p *plan) merge(field string, m *Merge) {
	var gone []*yinzheng.Division
	for i, code := range m.Divisions {
		if v := p.standing(fmt.Sprintf("%s.divisions[%d]", field, i), code); v != nil {
			gone = append(gone, v)
		}
	}
	if len(gone) < len(m.Divisions) {
		return
	}
	if len(gone) == 0 || len(gone) == 1 && gone[0].Code == m.Into.Code {
		p.fault(field+".divisions", "few", "合并须有两个现存的区划", "A merger takes two divisions that stand")
		return
	}
	into := p.part(field+".into", &m.Into, gone[0])
	if into == nil {
		return
	}
	for _, v := range gone {
		if v.Code != into.Code {
			p.dissolve(v, into)
		}
	}
}

// split closes the division, unless it is one of its own parts.
func (p *plan) split(field string, s *Split) {
	v := p.standing(field+".division", s.Division)
	if v == nil {
		return
	}
	if len(s.Parts) < 2 {
		p.fault(field+".parts", "few", "拆分须有两个以上的部分", "A split has two parts or more")
		return
	}
	parts := map[string]*yinzheng.Division{}
	for i := range s.Parts {
		part := p.part(fmt.Sprintf("%s.parts[%d]", field, i), &s.Parts[i], v)
		if part == nil {
			return
		}
		parts[part.Code] = part
		if part.Code != v.Code {
			p.parts[part.Code] = v.Code
		}
	}
	for _, code := range slices.Sorted(maps.Keys(s.Children)) {
		child, to := p.standing(field+".children."+code, code), parts[s.Children[code]]
		switch {
		case child == nil:
		case child.Parent != v.Code || to == nil:
			p.fault(field+".children."+code, "choice", "应为被拆分区划的下级，并写明归入哪一部分", "Expected a division below the one that is split, and one of its parts")
		default:
			p.lay(child, to.Code)
		}
	}
	if parts[v.Code] == nil {
		p.dissolve(v, p.divisions[s.Parts[0].Code])
	}
}

// part finds or makes a division that remains, modelled on one of those before.
func (p *plan) part(field string, in *Part, like *yinzheng.Division) *yinzheng.Division {
	v := p.divisions[in.Code]
	switch {
	case v == nil:
		v = &yinzheng.Division{Code: in.Code, Name: in.Name, Parent: like.Parent, Level: like.Level}
		p.putDivision(v)
	case !v.Until.IsZero():
		p.fault(field+".code", "closed", "区划 %s 已撤并", "The division %s is closed", in.Code)
		return nil
	case v.Level != like.Level:
		p.fault(field+".code", "level", "应与原区划同级", "Expected a division of the same level")
		return nil
	case in.Name != "" && in.Name != v.Name:
		p.renameDivision(v, in.Name)
	}
	if in.Organ != nil {
		p.addOrgan(field+".organ", in.Organ)
	}
	if len(p.officesOf(v.Code)) == 0 {
		p.furnish(v, like, in.Organ)
	} else if in.Organ != nil {
		for _, o := range p.officesOf(v.Code) {
			if o.Organ != "" {
				p.endOrgan(o.Organ, in.Organ.Code)
				o.Organ, o.Name = in.Organ.Code, in.Organ.Name
				break
			}
		}
	}
	return v
}

// furnish gives a new division the offices that one before it had. One organ
// can be named in an order; where there were several, they are added first.
func (p *plan) furnish(v, like *yinzheng.Division, organ *NewOrgan) {
	for _, o := range p.officesOf(like.Code) {
		id := ID(v.Code, o.Function)
		made := &yinzheng.Office{ID: id, Name: Name(v), Division: v.Code, Function: o.Function}
		if o.Organ != "" && organ != nil {
			made.Organ, made.Name, organ = organ.Code, organ.Name, nil
		}
		p.putOffice(made)
	}
	p.seat(v)
}

// dissolve closes a division: what lay below it lies below its successor, its
// offices' work goes to the successor's offices of the same function.
func (p *plan) dissolve(v, into *yinzheng.Division) {
	for _, child := range p.below[v.Code] {
		if child.Parent == v.Code && child.Until.IsZero() {
			p.lay(child, into.Code)
		}
	}
	heirs := p.officesOf(into.Code)
	for _, o := range p.officesOf(v.Code) {
		i := slices.IndexFunc(heirs, func(h *yinzheng.Office) bool { return h.Function == o.Function })
		switch {
		case i >= 0:
			p.closeOffice(o, heirs[i].ID)
		case o.Function != "" && o.Organ != "": // nobody there does this: it goes on as it is
			o.Division = into.Code
			p.putOffice(o)
		default:
			p.closeOffice(o, heirs[0].ID)
		}
	}
	v.Until, v.Successor = p.at, into.Code
}

// closeOffice closes an office and, with the last of its offices, its organ.
func (p *plan) closeOffice(o *yinzheng.Office, successor string) {
	o.Until, o.Successor = p.at, successor
	if o.Organ == "" || slices.ContainsFunc(slices.Collect(maps.Values(p.offices)), func(x *yinzheng.Office) bool { return x.Organ == o.Organ && x.Until.IsZero() }) {
		return
	}
	if heir := p.offices[successor]; heir != nil && heir.Organ != "" {
		p.endOrgan(o.Organ, heir.Organ)
	}
}

func (p *plan) endOrgan(code, successor string) {
	if o := p.organs[code]; o != nil && o.To.IsZero() && code != successor {
		o.To, o.Successor = p.at, successor
	}
}

// DefaultMark is the straight line of a seal.
const DefaultMark = "证明专用章"

// ID is the ID of a division's office of a function; "": of its only one.
func ID(division, function string) string {
	if function == "" {
		return "o" + division
	}
	return "o" + division + "-" + function
}

// Name is what a division's office is called where nobody says.
func Name(v *yinzheng.Division) string {
	if v.Level == yinzheng.Village {
		return v.Name
	}
	return v.Name + "便民服务中心"
}
