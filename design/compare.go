package design

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"yinzheng"
)

// Difference is one thing that a version of a template says other than an earlier
// one, in words.
type Difference struct {
	Kind DifferenceKind `json:"kind"`
	Path string         `json:"path"` // in the later version; of what was removed, in the earlier one
	What yinzheng.Text  `json:"what"`
	Was  yinzheng.Text  `json:"was,omitzero"`
	Is   yinzheng.Text  `json:"is,omitzero"`
}

// DifferenceKind tells how something differs.
type DifferenceKind string

// The kinds of difference.
const (
	Added   DifferenceKind = "added"
	Removed DifferenceKind = "removed"
	Changed DifferenceKind = "changed"
	Moved   DifferenceKind = "moved" // the order of a list is another one
)

// Compare names what differs between an earlier version and a later one, in the
// order of Parts.
func Compare(was, is *yinzheng.Template) []Difference {
	c := &comparison{}
	for i := range Parts {
		p := &Parts[i]
		name := p.Name
		if p.List {
			name = yinzheng.Text{} // each is named by what it is
		}
		c.entries(name, all(was, p), all(is, p))
	}
	return c.found
}

func all(t *yinzheng.Template, p *Part) []Entry {
	return entries(t, reflect.ValueOf(t).Elem(), "", p.Slots, true)
}

type comparison struct{ found []Difference }

func (c *comparison) note(kind DifferenceKind, path string, what, was, is yinzheng.Text) {
	c.found = append(c.found, Difference{kind, path, what, was, is})
}

// entries compares the slots of one group, which are the same on both sides.
func (c *comparison) entries(of yinzheng.Text, was, is []Entry) {
	for i := range is {
		a, b := &was[i], &is[i]
		what := joined(of, b.Name)
		switch {
		case b.Fill == One:
			c.one(what, a, b)
		case b.Fill == Many && b.Group.Key != "":
			c.keyed(of, a, b)
		case b.Fill == Many:
			c.many(what, a, b)
		case a.Value != b.Value:
			c.note(Changed, b.Path, what, a.says(), b.says())
		}
	}
}

func (c *comparison) one(what yinzheng.Text, a, b *Entry) {
	switch {
	case len(a.Groups) > len(b.Groups):
		c.note(Removed, a.Path, what, a.Groups[0].Says(), yinzheng.Text{})
	case len(a.Groups) < len(b.Groups):
		c.note(Added, b.Path, what, yinzheng.Text{}, b.Groups[0].Says())
	case len(a.Groups) > 0:
		c.entries(what, a.Groups[0].Entries, b.Groups[0].Entries)
	}
}

// keyed compares lists of what is told apart by a key.
func (c *comparison) keyed(of yinzheng.Text, a, b *Entry) {
	named := func(g *Entries) yinzheng.Text {
		return joined(of, text(b.Group.Name.ZH+"“"+g.Title.ZH+"”", b.Group.Name.EN+" “"+g.Title.In("en")+"”"))
	}
	was, is := keys(a.Groups, b.Group), keys(b.Groups, b.Group)
	for i, key := range is {
		g := &b.Groups[i]
		if j := slices.Index(was, key); j >= 0 {
			c.entries(named(g), a.Groups[j].Entries, g.Entries)
		} else {
			c.note(Added, g.Path, named(g), yinzheng.Text{}, g.Says())
		}
	}
	for i, key := range was {
		if g := &a.Groups[i]; !slices.Contains(is, key) {
			c.note(Removed, g.Path, named(g), g.Says(), yinzheng.Text{})
		}
	}
	absent := func(from []string) func(string) bool {
		return func(key string) bool { return !slices.Contains(from, key) }
	}
	before, after := slices.DeleteFunc(slices.Clone(was), absent(is)), slices.DeleteFunc(slices.Clone(is), absent(was))
	if !slices.Equal(before, after) {
		c.note(Moved, b.Path, joined(of, b.Name), listed(before), listed(after))
	}
}

// keys are those of groups; of two that have the same, the second has a mark.
func keys(groups []Entries, of *Group) []string {
	var out []string
	for i := range groups {
		key := ""
		for j := range groups[i].Entries {
			if e := &groups[i].Entries[j]; e.Key == of.Key {
				key = e.Value
			}
		}
		for slices.Contains(out, key) {
			key += "′"
		}
		out = append(out, key)
	}
	return out
}

func listed(keys []string) yinzheng.Text {
	return text(strings.Join(keys, "、"), strings.Join(keys, ", "))
}

// many compares lists by what is in them, as lines of a text are compared: what
// stands in the same place on both sides has changed.
func (c *comparison) many(what yinzheng.Text, a, b *Entry) {
	was, is := saysEach(a.Groups), saysEach(b.Groups)
	i, j := 0, 0
	for _, same := range append(common(was, is), [2]int{len(was), len(is)}) {
		for ; i < same[0] && j < same[1]; i, j = i+1, j+1 {
			c.note(Changed, b.Groups[j].Path, numbered(what, j), was[i], is[j])
		}
		for ; i < same[0]; i++ {
			c.note(Removed, a.Groups[i].Path, numbered(what, i), was[i], yinzheng.Text{})
		}
		for ; j < same[1]; j++ {
			c.note(Added, b.Groups[j].Path, numbered(what, j), yinzheng.Text{}, is[j])
		}
		i, j = same[0]+1, same[1]+1
	}
}

// common is a longest common subsequence, as pairs of indices.
func common(a, b []yinzheng.Text) [][2]int {
	length := make([][]int, len(a)+1)
	for i := range length {
		length[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if length[i][j] = max(length[i+1][j], length[i][j+1]); a[i] == b[j] {
				length[i][j] = length[i+1][j+1] + 1
			}
		}
	}
	var out [][2]int
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			out = append(out, [2]int{i, j})
			i, j = i+1, j+1
		case length[i+1][j] >= length[i][j+1]:
			i++
		default:
			j++
		}
	}
	return out
}

func numbered(what yinzheng.Text, i int) yinzheng.Text {
	n := strconv.Itoa(i + 1)
	return text(what.ZH+" "+n, what.EN+" "+n)
}

func joined(of, what yinzheng.Text) yinzheng.Text {
	if of.ZH == "" {
		return what
	}
	return text(of.ZH+" · "+what.ZH, of.EN+" · "+what.EN)
}

func saysEach(groups []Entries) []yinzheng.Text {
	out := make([]yinzheng.Text, len(groups))
	for i := range groups {
		out[i] = groups[i].Says()
	}
	return out
}

// Says is all that a group says, in a line; what stands alone in it, by itself.
func (g *Entries) Says() yinzheng.Text {
	var zh, en []string
	for i := range g.Entries {
		e := &g.Entries[i]
		said := e.says()
		switch {
		case said.ZH == "":
		case e.Alone:
			zh, en = append(zh, said.ZH), append(en, said.EN)
		default:
			zh, en = append(zh, e.Name.ZH+"："+said.ZH), append(en, e.Name.EN+": "+said.EN)
		}
	}
	return text(strings.Join(zh, "；"), strings.Join(en, "; "))
}

// says is what is filled in, in words.
func (e *Entry) says() yinzheng.Text {
	switch e.Fill {
	case One, Many:
		var zh, en []string
		for i := range e.Groups {
			said := e.Groups[i].Says()
			zh, en = append(zh, said.ZH), append(en, said.EN)
		}
		return text(strings.Join(zh, " / "), strings.Join(en, " / "))
	case Tick:
		if e.Value != "" {
			return text("是", "yes")
		}
	case Choose:
		for _, o := range e.Choices {
			if o.Value == e.Value && o.Value != "" {
				return o.Label
			}
		}
	case Lines, Pairs:
		return text(strings.ReplaceAll(e.Value, "\n", "、"), strings.ReplaceAll(e.Value, "\n", ", "))
	}
	return text(e.Value, e.Value)
}
