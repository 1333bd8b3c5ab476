package design

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"yinzheng"
)

// Entry is a slot with what a template says there. Its path is that of the faults
// that Check finds in it, such as chain[1].role.
type Entry struct {
	*Slot
	Path    string
	Value   string            // as it is filled in; of a tick "true" or ""
	Choices []yinzheng.Option // Choose
	Groups  []Entries         // One, Many
}

// Entries are what a template says in one group.
type Entries struct {
	Path    string
	Title   yinzheng.Text
	Entries []Entry
}

// In lists the slots of a part with what the template says there: of those that
// matter as it is filled in now. Nil: there is no such part, or no such element.
func In(t *yinzheng.Template, path string) []Entry {
	for i := range Parts {
		p := &Parts[i]
		if p.Path == path {
			return entries(t, reflect.ValueOf(t).Elem(), "", p.Slots, false)
		}
		if p.List && PartOf(path) == path && strings.HasPrefix(path, p.Path+"[") {
			v, ok := at(reflect.ValueOf(t).Elem(), path)
			if !ok {
				return nil
			}
			return entries(t, v, path+".", p.Slots[0].Group.Slots, false)
		}
	}
	return nil
}

// entries reads slots of a value; with all set, those that do not matter, too.
func entries(t *yinzheng.Template, v reflect.Value, prefix string, slots []Slot, all bool) []Entry {
	var out []Entry
	for i := range slots {
		s := &slots[i]
		e := Entry{Slot: s, Path: prefix + s.Key, Choices: s.Options}
		x, _ := at(v, s.Key)
		if !all && !matters(v, slots, s) {
			continue
		}
		switch s.Fill {
		case One, Many:
			e.Groups = groups(t, x, e.Path, s, all)
		default:
			e.Value = show(x)
		}
		if s.Of != nil {
			e.Choices = fieldOptions(t, s.Of)
		}
		if s.Fill == Choose && !slices.ContainsFunc(e.Choices, func(o yinzheng.Option) bool { return o.Value == e.Value }) {
			e.Choices = append(slices.Clone(e.Choices), yinzheng.Option{Value: e.Value, Label: text(e.Value, e.Value)}) // a form that is sent as it came changes nothing
		}
		out = append(out, e)
	}
	return out
}

func groups(t *yinzheng.Template, x reflect.Value, path string, s *Slot, all bool) []Entries {
	if s.Fill == One {
		if x.IsNil() {
			return nil
		}
		return []Entries{{path, s.Group.Name, entries(t, x.Elem(), path+".", s.Group.Slots, all)}}
	}
	out := make([]Entries, x.Len())
	for i := range out {
		p := path + "[" + strconv.Itoa(i) + "]"
		out[i] = Entries{p, s.Group.title(x.Index(i), i), entries(t, x.Index(i), p+".", s.Group.Slots, all)}
	}
	return out
}

// title names one of a group.
func (g *Group) title(v reflect.Value, i int) yinzheng.Text {
	n := strconv.Itoa(i + 1)
	x, ok := at(v, g.Title)
	if !ok || g.Title == "" || x.IsZero() {
		return text(g.Name.ZH+" "+n, g.Name.EN+" "+n)
	}
	if name, bilingual := x.Interface().(yinzheng.Text); bilingual {
		return name
	}
	return text(show(x), show(x))
}

// matters tells whether a slot is filled in, as its group is now.
func matters(v reflect.Value, slots []Slot, s *Slot) bool {
	if s.Types != "" {
		if kind, ok := at(v, "type"); ok && !slices.Contains(strings.Fields(s.Types), kind.String()) {
			return false
		}
	}
	if !s.Alone {
		return true
	}
	for i := range slots { // the first that says something or, if none does, the first
		if x, _ := at(v, slots[i].Key); slots[i].Alone && !x.IsZero() {
			return &slots[i] == s
		}
	}
	return &slots[0] == s
}

// fieldOptions offers the template's fields of some types (none: of any).
func fieldOptions(t *yinzheng.Template, types []yinzheng.FieldType) []yinzheng.Option {
	out := options("", "（无）", "(none)")
	for i := range t.Fields {
		if f := &t.Fields[i]; len(types) == 0 || slices.Contains(types, f.Type) {
			out = append(out, yinzheng.Option{Value: f.Key, Label: text(f.Label.ZH+"（"+f.Key+"）", f.Label.In("en")+" ("+f.Key+")")})
		}
	}
	return out
}

// FillIn fills in a part from a form: given returns what was filled in at a path,
// and whether anything was. What the form leaves out stays.
func FillIn(t *yinzheng.Template, part string, given func(path string) (string, bool)) []yinzheng.FieldError {
	return fillIn(reflect.ValueOf(t).Elem(), In(t, part), given)
}

func fillIn(t reflect.Value, list []Entry, given func(string) (string, bool)) []yinzheng.FieldError {
	var faults []yinzheng.FieldError
	for i := range list {
		e := &list[i]
		for _, g := range e.Groups {
			faults = append(faults, fillIn(t, g.Entries, given)...)
		}
		value, ok := given(e.Path)
		if !ok || e.Fill == One || e.Fill == Many {
			continue
		}
		if x, found := at(t, e.Path); found {
			if zh, en := set(x, value); zh != "" {
				faults = append(faults, yinzheng.FieldError{Field: e.Path, Code: "type", Text: text(zh, en)})
			}
		}
	}
	return faults
}

// maxElements bounds a list.
const maxElements = 200

// Add adds a group to a list, or one that may be there, of a sort of its kinds.
// The path of the new one; false when there is no such place.
func Add(t *yinzheng.Template, path string, sort int) (string, bool) {
	s := slotAt(t, path)
	if s == nil || sort < 0 || sort >= len(s.Group.Kinds) {
		return "", false
	}
	x, _ := at(reflect.ValueOf(t).Elem(), path)
	blank := reflect.New(reflect.TypeOf(s.Group.Kinds[sort].Blank)).Elem()
	blank.Set(copied(reflect.ValueOf(s.Group.Kinds[sort].Blank)))
	if s.Fill == One {
		if !x.IsNil() {
			return "", false
		}
		x.Set(blank.Addr())
		return path, true
	}
	if x.Len() >= maxElements {
		return "", false
	}
	if key, ok := at(blank, s.Group.Key); ok && s.Group.Key != "" {
		key.SetString(fresh(x, s.Group.Key))
	}
	x.Set(reflect.Append(x, blank))
	return path + "[" + strconv.Itoa(x.Len()-1) + "]", true
}

// Remove removes a group: one of a list, or one that may be there.
func Remove(t *yinzheng.Template, path string) bool {
	list, i, ok := elementAt(t, path)
	if ok {
		list.Set(reflect.AppendSlice(list.Slice3(0, i, i), list.Slice(i+1, list.Len())))
		return true
	}
	if s := slotAt(t, path); s != nil && s.Fill == One {
		x, _ := at(reflect.ValueOf(t).Elem(), path)
		x.SetZero()
		return true
	}
	return false
}

// Move moves a group of a list by one place, up or down.
func Move(t *yinzheng.Template, path string, down bool) bool {
	list, i, ok := elementAt(t, path)
	to := i - 1
	if down {
		to = i + 1
	}
	if !ok || to < 0 || to >= list.Len() {
		return false
	}
	reflect.Swapper(list.Interface())(i, to)
	return true
}

// copied is a value that shares nothing with another one.
func copied(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type())
	text, err := json.Marshal(v.Interface())
	if err == nil {
		err = json.Unmarshal(text, out.Interface())
	}
	if err != nil { // texts, numbers and lists of them
		panic(err)
	}
	return out.Elem()
}

// fresh is a key that no element has.
func fresh(list reflect.Value, slot string) string {
	taken := map[string]bool{}
	for i := range list.Len() {
		key, _ := at(list.Index(i), slot)
		taken[key.String()] = true
	}
	for n := list.Len() + 1; ; n++ {
		if key := "new" + strconv.Itoa(n); !taken[key] {
			return key
		}
	}
}

// elementAt is the list that a path is an element of, and its index.
func elementAt(t *yinzheng.Template, path string) (list reflect.Value, i int, ok bool) {
	m := lastIndex.FindStringSubmatch(path)
	if m == nil || slotAt(t, m[1]) == nil {
		return list, 0, false
	}
	i, err := strconv.Atoi(m[2])
	list, ok = at(reflect.ValueOf(t).Elem(), m[1])
	return list, i, ok && err == nil && list.Kind() == reflect.Slice && i < list.Len()
}

var lastIndex = regexp.MustCompile(`^(.*)\[(\d{1,4})\]$`)

// slotAt is the slot of a list or of a group that may be there; nil.
func slotAt(t *yinzheng.Template, path string) *Slot {
	for _, p := range Parts {
		if s := slotIn(entries(t, reflect.ValueOf(t).Elem(), "", p.Slots, true), path); s != nil {
			return s
		}
	}
	return nil
}

func slotIn(list []Entry, path string) *Slot {
	for i := range list {
		if list[i].Path == path && list[i].Group != nil {
			return list[i].Slot
		}
		for _, g := range list[i].Groups {
			if s := slotIn(g.Entries, path); s != nil {
				return s
			}
		}
	}
	return nil
}

var pathStep = regexp.MustCompile(`[^.\[\]]+|\[\d{1,4}\]`)

// at finds what a path leads to; false when there is nothing.
func at(v reflect.Value, path string) (reflect.Value, bool) {
	for _, step := range pathStep.FindAllString(path, -1) {
		if v.Kind() == reflect.Pointer && v.Type().Elem().Kind() == reflect.Struct {
			if v.IsNil() {
				return v, false
			}
			v = v.Elem()
		}
		next, ok := child(v, step)
		if !ok {
			return v, false
		}
		v = next
	}
	return v, true
}

func child(v reflect.Value, step string) (reflect.Value, bool) {
	if v.Kind() == reflect.Slice {
		i, err := strconv.Atoi(strings.Trim(step, "[]"))
		if err != nil || i >= v.Len() {
			return v, false
		}
		return v.Index(i), true
	}
	if v.Kind() != reflect.Struct {
		return v, false
	}
	for i := range v.NumField() {
		name, flags, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		if flags == "inline" {
			if x, ok := child(v.Field(i), step); ok {
				return x, true
			}
		}
		if name == step {
			return v.Field(i), true
		}
	}
	return v, false
}

// show is a value as it is filled in.
func show(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case bool:
		if x {
			return "true"
		}
		return ""
	case int:
		if x == 0 {
			return ""
		}
	case *int:
		if x == nil {
			return ""
		}
		return strconv.Itoa(*x)
	case *bool:
		if x == nil {
			return ""
		}
		return strconv.FormatBool(*x)
	case []string:
		return strings.Join(x, "\n")
	case map[string]string:
		var lines []string
		for _, key := range sortedKeys(x) {
			lines = append(lines, key+"="+x[key])
		}
		return strings.Join(lines, "\n")
	}
	return fmt.Sprint(v.Interface())
}

// set fills in a value; what is wrong with it, if anything.
func set(v reflect.Value, value string) (zh, en string) {
	value = strings.ReplaceAll(value, "\r\n", "\n")
	switch v.Interface().(type) {
	case bool:
		v.SetBool(value == "true")
		return "", ""
	case *bool:
		v.SetZero()
		if value != "" {
			yes := value == "true"
			v.Set(reflect.ValueOf(&yes))
		}
		return "", ""
	case int, *int:
		return setNumber(v, strings.TrimSpace(value))
	case []string:
		v.Set(reflect.ValueOf(linesOf(value)))
		return "", ""
	case map[string]string:
		pairs := map[string]string{}
		for _, line := range linesOf(value) {
			key, is, found := strings.Cut(line, "=")
			if !found {
				return "一行一个 字段=选项", "One field=option a line"
			}
			pairs[strings.TrimSpace(key)] = strings.TrimSpace(is)
		}
		v.SetZero()
		if len(pairs) > 0 {
			v.Set(reflect.ValueOf(pairs))
		}
		return "", ""
	}
	v.SetString(strings.TrimSpace(value))
	return "", ""
}

func setNumber(v reflect.Value, value string) (zh, en string) {
	n, err := strconv.Atoi(cmp.Or(value, "0"))
	if err != nil || n < -1e9 || n > 1e9 {
		return "应为整数", "Expected an integer"
	}
	if v.Kind() == reflect.Int {
		v.SetInt(int64(n))
		return "", ""
	}
	v.SetZero()
	if value != "" {
		v.Set(reflect.ValueOf(&n))
	}
	return "", ""
}

// linesOf are the lines of a text that say something.
func linesOf(value string) []string {
	var out []string
	for line := range strings.SplitSeq(value, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
