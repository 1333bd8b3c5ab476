package yinzheng

import (
	"fmt"
	"slices"
	"strings"
)

// checkTree names what is wrong with a tree that is to take the place of
// another one: after must hold together, and no item may lose its deciders.
func (s *Service) checkTree(before, after *Directory) []FieldError {
	c := &treeChecker{d: after}
	for i := range after.Divisions {
		c.division(&after.Divisions[i])
	}
	seats := map[string]string{}
	for i := range after.Offices {
		c.office(&after.Offices[i], seats)
	}
	names := map[string]string{}
	for i := range after.Organs {
		c.organ(&after.Organs[i], names)
	}
	if len(c.faults) > 0 {
		return c.faults
	}
	for _, t := range s.Catalogue() {
		if faults := t.CheckOffices(after); len(faults) > 0 && len(t.CheckOffices(before)) == 0 {
			c.fault("items."+t.Code, "no-office", "调整后无单位可办理：%s", "no office could decide it afterwards: %s", faults[0].Field)
		}
	}
	return c.faults
}

type treeChecker struct {
	d      *Directory
	faults []FieldError
}

func (c *treeChecker) fault(field, code, zh, en string, args ...any) {
	if len(args) > 0 {
		zh, en = fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...)
	}
	c.faults = append(c.faults, FieldError{field, code, Text{zh, en}})
}

// name checks a name that will stand in papers.
func (c *treeChecker) name(p, name string) {
	if tidyText(name) == "" || tidyText(name) != name {
		c.fault(p+".name", "name", "请填写名称，前后不留空格", "Please give a name, without spaces around it")
	}
	if code, zh, en := uncleanText(name); code != "" {
		c.fault(p+".name", code, zh, en)
	}
}

func (c *treeChecker) division(v *Division) {
	p := "divisions." + v.Code
	if len(v.Code) != 12 || strings.Trim(v.Code, "0123456789") != "" {
		c.fault(p, "code", "区划代码应为 12 位数字", "A division code has 12 digits")
	}
	c.name(p, v.Name)
	if !v.Level.Known() {
		c.fault(p+".level", "choice", "不认识的层级", "Expected province, city, district, town or village")
	}
	if parent := c.d.Division(v.Parent); v.Parent != "" && (parent == nil || parent.Level.rank() <= v.Level.rank()) {
		c.fault(p+".parent", "parent", "没有上级区划 %s，或它不是上级", "There is no division %s, or it is not of a level above", v.Parent)
	} else if parent != nil && v.stands() && !parent.stands() {
		c.fault(p+".parent", "closed", "上级区划 %s 已撤并，请指定新的上级", "The parent %s is closed; please give another one", v.Parent)
	}
	if v.stands() != (v.Successor == "") {
		c.fault(p+".successor", "required", "撤销的区划须有承接区划，未撤销的不能有", "A division that is closed needs a successor, and no other one has any")
	} else if next := c.d.Division(c.d.DivisionNow(v.Code)); !v.stands() && (next == nil || !next.stands() || next.Level != v.Level) {
		c.fault(p+".successor", "successor", "承接区划 %s 应为现存的同级区划", "The successor %s must be a division of the same level that stands", v.Successor)
	}
}

func (c *treeChecker) office(o *Office, seats map[string]string) {
	p := "offices." + o.ID
	if o.ID == "" || len(o.ID) > 40 {
		c.fault(p, "id", "机构编号应为 1 到 40 个字符", "An office's ID has 1 to 40 characters")
	}
	c.name(p, o.Name)
	home := c.d.Division(o.Division)
	switch {
	case home == nil:
		c.fault(p+".division", "division", "没有区划 %s", "There is no division %s", o.Division)
	case o.stands() && !home.stands():
		c.fault(p+".division", "closed", "区划 %s 已撤并，机构须一并撤并或改属", "The division %s is closed; its offices have to be closed or moved with it", o.Division)
	}
	if o.Function != "" && !itemCode.MatchString(o.Function) {
		c.fault(p+".function", "code", "应为小写字母、数字和连字符", "Expected lower-case letters, digits and hyphens, such as public-security")
	}
	if o.stands() != (o.Successor == "") {
		c.fault(p+".successor", "required", "撤销的机构须有承接机构，未撤销的不能有", "An office that is closed needs a successor, and no other one has any")
	} else if next := c.d.Office(c.d.OfficeNow(o.ID)); !o.stands() && (next == nil || !next.stands()) {
		c.fault(p+".successor", "successor", "承接机构 %s 应为现存机构", "The successor %s must be an office that stands", o.Successor)
	}
	if organ := c.d.Organ(o.Organ); o.Organ != "" && organ == nil {
		c.fault(p+".organ", "organ", "没有机关 %s", "There is no organ %s", o.Organ)
	} else if organ != nil && o.stands() && !organ.To.IsZero() {
		c.fault(p+".organ", "closed", "机关 %s 已撤销", "The organ %s has ended", o.Organ)
	}
	if seat := o.Division + " " + o.Function; o.stands() {
		if other := seats[seat]; other != "" {
			c.fault(p+".function", "twice", "该区划已有同一职能的机构 %s", "The division has an office of this function already: %s", other)
		}
		seats[seat] = o.ID
	}
}

func (c *treeChecker) organ(o *Organ, names map[string]string) {
	p := "organs." + o.Code
	if !CheckCreditCode(o.Code) {
		c.fault(p, "credit-code", "不是统一社会信用代码（GB 32100）", "Not a unified social credit code (GB 32100)")
	}
	c.name(p, o.Name)
	c.name(p+".mark", o.Mark)
	if other := names[o.Name]; other != "" && o.To.IsZero() {
		c.fault(p+".name", "twice", "已有同名的机关 %s", "There is an organ of this name already: %s", other)
	} else if o.To.IsZero() {
		names[o.Name] = o.Code
	}
	if o.To.IsZero() && !slices.ContainsFunc(c.d.Offices, func(x Office) bool { return x.Organ == o.Code && x.stands() }) {
		c.fault(p, "no-office", "机关没有任何机构了：请让承接机构隶属一个机关，或撤销它", "The organ is left without an office: the office that takes over has to belong to an organ")
	}
	if next := c.d.Organ(c.d.OrganNow(o.Code)); !o.To.IsZero() && (o.Successor == "" || next == nil || !next.To.IsZero()) {
		c.fault(p+".successor", "successor", "撤销的机关须有现存的承接机关", "An organ that ends needs a successor that stands")
	}
}

// changes says in words what a reorganisation changes.
func (s *Service) changes(d *Directory, r *Reorganisation) []TreeChange {
	var out []TreeChange
	add := func(what, kind, id, name, was, is string) {
		if kind == "add" || kind == "stop" || kind == "make" || was != is {
			out = append(out, TreeChange{what, kind, id, name, was, is})
		}
	}
	for i := range r.Divisions {
		v := &r.Divisions[i]
		old := d.Division(v.Code)
		if old == nil {
			add("division", "add", v.Code, v.Name, "", v.Parent)
			continue
		}
		add("division", "rename", v.Code, v.Name, old.Name, v.Name)
		add("division", "move", v.Code, v.Name, old.Parent, v.Parent)
		add("division", "close", v.Code, v.Name, old.Successor, v.Successor)
	}
	for i := range r.Offices {
		o := &r.Offices[i]
		old := d.Office(o.ID)
		if old == nil {
			add("office", "add", o.ID, o.Name, "", o.Division)
			continue
		}
		add("office", "rename", o.ID, o.Name, old.Name, o.Name)
		add("office", "move", o.ID, o.Name, old.Division, o.Division)
		add("office", "assign", o.ID, o.Name, old.Organ, o.Organ)
		add("office", "function", o.ID, o.Name, old.Function, o.Function)
		add("office", "close", o.ID, o.Name, old.Successor, o.Successor)
	}
	for i := range r.Organs {
		o := &r.Organs[i]
		if old := d.Organ(o.Code); old == nil {
			add("organ", "add", o.Code, o.Name, "", "")
		} else {
			add("organ", "rename", o.Code, o.Name, old.Name, o.Name)
			add("organ", "close", o.Code, o.Name, old.Successor, o.Successor)
		}
		for _, k := range stoppedKeys(d, o, s.KeyList().Keys) {
			add("seal", "stop", k.KID, k.OrganName, "", string(k.Purpose))
		}
		if s.lacksSeal(d, o) {
			is := ""
			if s.Seals == nil {
				is = "missing" // cases of this organ wait until somebody makes one
			}
			add("seal", "make", o.Code, o.Name, "", is)
		}
	}
	return out
}

// stands tells whether the division was not closed.
func (v *Division) stands() bool { return v.Until.IsZero() }
