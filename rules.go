package yinzheng

import (
	"fmt"
	"strings"
	"time"
)

// rules applies cross-field rules to one object (the values, or a list's row).
func (c *checker) rules(path string, fields []Field, rules []Rule, v Values) {
	for i := range rules {
		r := &rules[i]
		switch {
		case len(r.AnyOf) > 0:
			c.anyOf(path, fields, r.AnyOf, v)
		case len(r.Together) > 0:
			c.together(path, fields, r.Together, v)
		case len(r.Distinct) > 0:
			c.distinct(path, r.Distinct, v)
		case r.Field != "":
			c.requiredWhen(path, fields, r, v)
		case r.ID != "":
			c.idAgrees(path, fields, r, v)
		}
	}
}

func (c *checker) anyOf(path string, fields []Field, keys []string, v Values) {
	var zh, en []string
	for _, k := range keys {
		if v.Has(k) {
			return
		}
		f := fieldByKey(fields, k)
		zh, en = append(zh, f.Label.ZH), append(en, f.Label.EN)
	}
	c.problem(path+"."+keys[0], "any-of", "请至少填写一项："+strings.Join(zh, "、"), "Please fill in at least one of: "+strings.Join(en, ", "))
}

func (c *checker) together(path string, fields []Field, keys []string, v Values) {
	filled := ""
	for _, k := range keys {
		if v.Has(k) {
			filled = k
		}
	}
	for _, k := range keys {
		if f := fieldByKey(fields, k); filled != "" && !v.Has(k) {
			other := fieldByKey(fields, filled)
			c.problem(path+"."+k, "required", fmt.Sprintf("已填“%s”，请一并填写“%s”", other.Label.ZH, f.Label.ZH), fmt.Sprintf("“%s” is filled in, so “%s” is needed too", other.Label.EN, f.Label.EN))
		}
	}
}

// distinct refuses one document number for two people. A path may reach into a
// list's rows: relatives.id.
func (c *checker) distinct(path string, keys []string, v Values) {
	seen := map[ID]string{}
	check := func(p string, id ID) {
		if id.Number == "" {
			return
		}
		id.Reason = ""
		if first, twice := seen[id]; twice {
			c.problem(p, "id-twice", "证件号码与 "+first+" 重复", "The same ID number as in "+first)
			return
		}
		seen[id] = p
	}
	for _, k := range keys {
		list, sub, nested := strings.Cut(k, ".")
		if !nested {
			check(path+"."+k, v.ID(k))
			continue
		}
		for i, row := range v.Rows(list) {
			check(fmt.Sprintf("%s.%s[%d].%s", path, list, i, sub), row.ID(sub))
		}
	}
}

func (c *checker) requiredWhen(path string, fields []Field, r *Rule, v Values) {
	applies := true
	for k, want := range r.RequiredWhen {
		applies = applies && v.String(k) == want
	}
	f := fieldByKey(fields, r.Field)
	switch {
	case applies && !v.Has(r.Field):
		c.problem(path+"."+r.Field, "required", "请填写“"+f.Label.ZH+"”", "Please fill in “"+f.Label.EN+"”")
	case !applies && v.Has(r.Field):
		c.problem(path+"."+r.Field, "not-applicable", "此处不适用“"+f.Label.ZH+"”，请删去", "“"+f.Label.EN+"” does not apply here; please remove it")
	}
}

// idAgrees holds a resident ID against what the form states beside it.
func (c *checker) idAgrees(path string, fields []Field, r *Rule, v Values) {
	id := v.ID(r.ID)
	if id.Type != ResidentID {
		return
	}
	_, born, sex, code := ParseResidentID(id.Number, c.now)
	if code != "" {
		return // its own problem already
	}
	p := path + "." + r.ID
	if want := r.statedSex(fields, v); want != "" && want != sex {
		c.problem(p, "id-sex", "居民身份证号码的性别与所填不一致，请核对", "The sex in the resident ID number is not the one stated; please check both")
	}
	if r.BornField != "" {
		if s := v.String(r.BornField); len(s) >= 10 && s[:10] != born.Format(time.DateOnly) {
			c.problem(p, "id-born", "居民身份证号码的出生日期与所填不一致，请核对", "The birth date in the resident ID number is not the one stated; please check both")
		}
	}
	if r.BornBefore != "" {
		if s := v.String(r.BornBefore); len(s) >= 10 && s[:10] <= born.Format(time.DateOnly) {
			c.problem(p, "id-born", "出生日期应早于“"+fieldByKey(fields, r.BornBefore).Label.ZH+"”，请核对证件号码", "The birth date in this ID is not before “"+fieldByKey(fields, r.BornBefore).Label.EN+"”; please check the number")
		}
	}
}

// statedSex is the sex a rule expects: fixed, stated in a field, or implied by
// the option chosen there.
func (r *Rule) statedSex(fields []Field, v Values) string {
	if r.SexField == "" {
		return r.Sex
	}
	chosen := v.String(r.SexField)
	if f := fieldByKey(fields, r.SexField); f != nil {
		for _, o := range f.Options {
			if o.Value == chosen && o.Sex != "" {
				return o.Sex
			}
		}
	}
	if chosen == Male || chosen == Female {
		return chosen
	}
	return ""
}
