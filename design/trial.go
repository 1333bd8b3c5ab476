package design

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"yinzheng"
)

// Trial is a set of values to look at a template with.
type Trial struct {
	Key  string        `json:"key"`
	Name yinzheng.Text `json:"name"`
}

// Trials are the sets of values, the plain one first.
var Trials = []Trial{
	{"plain", text("一般情形", "An ordinary case")},
	{"rare", text("生僻字、长姓名、写满", "Rare characters, long names, all of it full")},
	{"many", text("列表十二行", "Lists of twelve rows")},
	{"bare", text("选填的都不填", "Nothing optional filled in")},
}

// Names to try: a usual one, and one of 25 characters of several blocks.
const (
	plainName = "李明"
	rareName  = "欧阳𬱖喆䶮·阿卜杜拉㛃买买提艾合麦提江·吐尔逊𫖯璟犇"
)

// TrialValues are values of a set for a template in which Check finds nothing
// wrong with fields and rules, in normal form. An unknown set is the plain one.
func TrialValues(t *yinzheng.Template, trial string, now time.Time) yinzheng.Values {
	b := &trialValues{trial: trial, now: now.In(yinzheng.Zone)}
	checked, err := t.CheckValues(b.object(t.Fields, t.Rules, 0), now)
	if err != nil { // no field can hold it
		return yinzheng.Values{}
	}
	return checked.Values
}

type trialValues struct {
	trial string
	now   time.Time
	ids   int // so many documents so far
}

// object fills in the fields of an object; documents last, since rules may ask
// that they agree with other fields.
func (b *trialValues) object(fields []yinzheng.Field, rules []yinzheng.Rule, row int) map[string]any {
	out := map[string]any{}
	for i := range fields {
		f := &fields[i]
		if f.Type != yinzheng.IDField && b.wanted(f, rules, out) {
			out[f.Key] = b.value(f, row)
		}
	}
	for i := range fields {
		f := &fields[i]
		if f.Type == yinzheng.IDField && b.wanted(f, rules, out) {
			out[f.Key] = b.document(f, fields, rules, out)
		}
	}
	return out
}

// wanted tells whether a field is filled in.
func (b *trialValues) wanted(f *yinzheng.Field, rules []yinzheng.Rule, so map[string]any) bool {
	for i := range rules {
		if rules[i].Field != f.Key {
			continue
		}
		for key, is := range rules[i].RequiredWhen {
			if so[key] != is {
				return false
			}
		}
		return true
	}
	return !f.Optional || b.trial != "bare" || slices.Contains(least(rules), f.Key)
}

// least are optional fields of which rules want one or all: the first of several,
// and what goes with it.
func least(rules []yinzheng.Rule) []string {
	var out []string
	for i := range rules {
		if len(rules[i].AnyOf) > 0 {
			out = append(out, rules[i].AnyOf[0])
		}
	}
	for i := range rules {
		if slices.ContainsFunc(rules[i].Together, func(key string) bool { return slices.Contains(out, key) }) {
			out = append(out, rules[i].Together...)
		}
	}
	return out
}

func (b *trialValues) value(f *yinzheng.Field, row int) any {
	rare := b.trial == "rare"
	switch f.Type {
	case yinzheng.NameField:
		if rare {
			return rareName
		}
		return plainName
	case yinzheng.TextField:
		return b.text(f)
	case yinzheng.DateField:
		return b.now.AddDate(-6, 0, -row).Format(time.DateOnly)
	case yinzheng.DateTimeField:
		return b.now.AddDate(0, 0, -row-3).Format("2006-01-02") + "T08:30"
	case yinzheng.ChoiceField:
		if rare {
			return f.Options[len(f.Options)-1].Value
		}
		return f.Options[row%len(f.Options)].Value
	case yinzheng.BoolField:
		return rare
	case yinzheng.IntegerField:
		n := max(f.Min, 1)
		if f.Max > 0 && (rare || n > f.Max) {
			n = f.Max
		}
		return float64(n)
	}
	rows := make([]any, b.rows(f))
	for i := range rows {
		rows[i] = b.object(f.Fields, f.Rules, i)
	}
	return rows
}

func (b *trialValues) rows(f *yinzheng.Field) int {
	n := 2
	switch b.trial {
	case "many":
		n = 12
	case "bare":
		n = 1
	}
	return min(max(n, min(f.Min, 12)), f.Max)
}

// text is what a field is called or, to the last character, as much as it takes.
func (b *trialValues) text(f *yinzheng.Field) string {
	most := f.Max
	if most == 0 {
		most = 100
	}
	out := f.Label.ZH + "示例"
	if b.trial == "rare" {
		out = strings.Repeat(f.Label.ZH+"𠮷㙍", most)
	}
	if utf8.RuneCountInString(out) > most {
		out = string([]rune(out)[:most])
	}
	return out
}

// document is a resident ID number that agrees with the rules about it.
func (b *trialValues) document(f *yinzheng.Field, fields []yinzheng.Field, rules []yinzheng.Rule, so map[string]any) any {
	b.ids++
	born, sex := "19850612", ""
	for i := range rules {
		r := &rules[i]
		if r.ID != f.Key {
			continue
		}
		if r.Sex != "" {
			sex = r.Sex
		}
		if said, ok := so[r.SexField].(string); ok {
			sex = sexOf(fields, r.SexField, said)
		}
		if said, ok := so[r.BornField].(string); ok && len(said) >= 10 {
			born = strings.ReplaceAll(said[:10], "-", "")
		}
	}
	serial := 2 * b.ids
	if sex == yinzheng.Male {
		serial++
	}
	return map[string]any{"type": yinzheng.ResidentID, "number": yinzheng.ResidentNumber("441302" + born + serialText(serial))}
}

// sexOf is the sex that a choice states or implies, or "".
func sexOf(fields []yinzheng.Field, key, value string) string {
	i := slices.IndexFunc(fields, func(f yinzheng.Field) bool { return f.Key == key })
	if i < 0 {
		return ""
	}
	for _, o := range fields[i].Options {
		switch {
		case o.Value != value:
		case o.Sex != "":
			return o.Sex
		case value == yinzheng.Male || value == yinzheng.Female:
			return value
		}
	}
	return ""
}

func serialText(n int) string { return strconv.Itoa(1000 + n%1000)[1:] }

// Way is how a case with some values would go.
type Way struct {
	Trial     Trial                 `json:"trial"`
	Materials []yinzheng.Material   `json:"materials"` // that it needs
	Steps     []yinzheng.RouteStep  `json:"steps"`
	Problems  []yinzheng.FieldError `json:"problems,omitempty"` // that would keep it from being handed in
}

// Ways are how cases with the trial values would go; none while something is
// wrong with the template's fields, rules, materials or chain.
func Ways(t *yinzheng.Template, now time.Time) []Way {
	for _, f := range t.Check() {
		switch part, _, _ := strings.Cut(PartOf(f.Field), "["); part {
		case "fields", "rules", "materials", "chain":
			return nil
		}
	}
	var out []Way
	for _, trial := range Trials {
		values := TrialValues(t, trial.Key, now)
		w := Way{Trial: trial, Materials: t.Needed(values), Steps: t.Route(values)}
		if checked, err := t.CheckValues(values, now); err == nil {
			w.Problems = checked.Problems
		}
		out = append(out, w)
	}
	return out
}
