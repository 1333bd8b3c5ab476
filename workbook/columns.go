package workbook

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"golang.org/x/text/width"

	"yinzheng"
	"yinzheng/internal/table"
)

// maxGroups is how many entries of a list a row may have, whatever its field
// takes: each is a group of columns.
const maxGroups = 20

// column is a column that a row may have.
type column struct {
	key     string // such as name, id.type, relatives[0].name: a value's path, or divisionKey
	heading yinzheng.Text
	field   *yinzheng.Field // nil: the division
	entry   int             // of a list: which one, from 0
	needed  bool            // a file without it is refused
}

// isType tells whether the column holds the type of a document.
func (c *column) isType() bool { return strings.HasSuffix(c.key, ".type") }

// sheet is how the cases of a version of an item stand in a workbook.
type sheet struct {
	template *yinzheng.Template
	columns  []column
}

// Keys of the columns that are no field's: no field has a space in its own.
const (
	divisionKey = "division code"
	reasonKey   = "why not made" // which a workbook of failures has, and nobody reads
)

// sheetOf lays out a template: its fields in their order, of a document its type
// besides, of a list a group of columns for each entry, and the division.
func sheetOf(t *yinzheng.Template) *sheet {
	s := &sheet{template: t}
	s.add("", yinzheng.Text{}, t.Fields, 0)
	s.columns = append(s.columns, column{key: divisionKey, heading: yinzheng.Text{ZH: "区划代码", EN: "Division code"}})
	s.tellApart()
	return s
}

func (s *sheet) add(path string, before yinzheng.Text, fields []yinzheng.Field, entry int) {
	for i := range fields {
		f := &fields[i]
		heading := yinzheng.Text{ZH: before.ZH + f.Label.ZH, EN: before.EN + f.Label.EN}
		if f.Type == yinzheng.ListField {
			for j := range min(f.Max, maxGroups) {
				s.add(fmt.Sprintf("%s[%d].", f.Key, j), yinzheng.Text{ZH: fmt.Sprintf("%s%d ", f.Label.ZH, j+1), EN: fmt.Sprintf("%s %d ", f.Label.EN, j+1)}, f.Fields, j)
			}
			continue
		}
		s.columns = append(s.columns, column{path + f.Key, heading, f, entry, path == "" && !f.Optional && f.Record == ""})
		if f.Type == yinzheng.IDField {
			s.columns = append(s.columns, column{path + f.Key + ".type", yinzheng.Text{ZH: heading.ZH + "（类型）", EN: heading.EN + " (type)"}, f, entry, false})
		}
	}
}

// tellApart adds its key to a heading that another column has, too.
func (s *sheet) tellApart() {
	count := map[string]int{}
	for i := range s.columns {
		h := s.columns[i].heading
		count["zh "+h.ZH]++
		count["en "+h.EN]++
	}
	for i := range s.columns {
		c := &s.columns[i]
		if h := c.heading; count["zh "+h.ZH] > 1 || count["en "+h.EN] > 1 {
			c.heading = yinzheng.Text{ZH: h.ZH + "（" + c.key + "）", EN: h.EN + " (" + c.key + ")"}
		}
	}
}

var reasonHeading = yinzheng.Text{ZH: "未办成的原因", EN: "Why it was not made"}

// asked are the columns as a table is read by.
func (s *sheet) asked() []table.Column {
	var out []table.Column
	for i := range s.columns {
		c := &s.columns[i]
		out = append(out, table.Column{Key: c.key, Names: []string{c.heading.ZH, c.heading.EN}, Optional: !c.needed})
	}
	return append(out, table.Column{Key: reasonKey, Names: []string{reasonHeading.ZH, reasonHeading.EN}, Optional: true})
}

// cells are the texts of a row that are not empty, by the key of their column.
type cells map[string]string

func (s *sheet) cellsOf(line *table.Row) cells {
	out := cells{}
	for i := range s.columns {
		if text := line.Get(s.columns[i].key); text != "" {
			out[s.columns[i].key] = text
		}
	}
	return out
}

// groups says of each entry of a list which group of columns it stands in: those
// left empty are no entries.
type groups map[string][]int

// application is what a clerk would have filled in.
func (s *sheet) application(c cells) (*yinzheng.NewApplication, groups) {
	g := groups{}
	return &yinzheng.NewApplication{Item: s.template.Code, Values: values(c, "", s.template.Fields, g), Division: c[divisionKey]}, g
}

func values(c cells, path string, fields []yinzheng.Field, g groups) map[string]any {
	out := map[string]any{}
	for i := range fields {
		f := &fields[i]
		if f.Type != yinzheng.ListField {
			if v := value(f, c[path+f.Key], c[path+f.Key+".type"]); v != nil {
				out[f.Key] = v
			}
			continue
		}
		var entries []any
		for j := range min(f.Max, maxGroups) {
			if entry := values(c, fmt.Sprintf("%s[%d].", f.Key, j), f.Fields, g); len(entry) > 0 {
				entries = append(entries, entry)
				g[f.Key] = append(g[f.Key], j)
			}
		}
		if entries != nil {
			out[f.Key] = entries
		}
	}
	return out
}

// yeses are the ways to say yes or no.
var yeses = map[string]bool{"是": true, "有": true, "√": true, "✓": true, "1": true, "y": true, "yes": true, "true": true, "否": false, "无": false, "0": false, "n": false, "no": false, "false": false}

// value is a cell as a form would send it; nil: nothing was filled in. What does
// not fit goes on as it is, to be refused where any form is checked.
func value(f *yinzheng.Field, text, kind string) any {
	if f.Type == yinzheng.IDField {
		return document(text, kind)
	}
	if text == "" {
		return nil
	}
	switch f.Type {
	case yinzheng.DateField:
		return table.Day(text)
	case yinzheng.DateTimeField:
		return table.Moment(text)
	case yinzheng.IntegerField:
		return json.Number(width.Narrow.String(text))
	case yinzheng.BoolField:
		if yes, known := yeses[strings.ToLower(text)]; known {
			return yes
		}
	case yinzheng.ChoiceField:
		for _, o := range f.Options {
			if text == o.Label.ZH || strings.EqualFold(text, o.Label.EN) {
				return o.Value
			}
		}
	}
	return text
}

// document reads a number and the type beside it; of who has none, the cell of the
// number says why.
func document(text, kind string) any {
	switch kind = yinzheng.IDTypeCalled(kind); {
	case text == "" && kind == "":
		return nil
	case kind == yinzheng.NoID:
		return map[string]any{"type": kind, "reason": text}
	}
	return map[string]any{"type": cmp.Or(kind, yinzheng.ResidentID), "number": text}
}

// column is the one that a fault is about; nil: none.
func (s *sheet) column(field string, g groups) *column {
	key, isValue := strings.CutPrefix(field, "values.")
	if !isValue && field == "division" {
		key = divisionKey
	}
	if list, rest, ok := strings.Cut(key, "["); ok {
		var n int
		if _, err := fmt.Sscanf(rest, "%d]", &n); err == nil && n < len(g[list]) {
			_, rest, _ = strings.Cut(rest, "]")
			key = fmt.Sprintf("%s[%d]%s", list, g[list][n], rest)
		}
	}
	part := key[:max(0, strings.LastIndexByte(key, '.'))] // a document's reason stands where its number would
	first := (*column)(nil)                               // of a list as a whole, its first column
	for i := range s.columns {
		c := &s.columns[i]
		switch {
		case c.key == key:
			return c
		case first == nil && (c.key == part || strings.HasPrefix(c.key, key+"[")):
			first = c
		}
	}
	return first
}

// said is a fault in words that fit a cell: options by what they are called.
func (c *column) said(f yinzheng.FieldError) yinzheng.Text {
	switch {
	case c == nil || c.field == nil:
	case f.Code == "choice" && c.field.Type == yinzheng.ChoiceField:
		var zh, en []string
		for _, o := range c.field.Options {
			zh, en = append(zh, o.Label.ZH), append(en, o.Label.EN)
		}
		return yinzheng.Text{ZH: "请填下列之一：" + strings.Join(zh, "、"), EN: "Please fill in one of: " + strings.Join(en, ", ")}
	case f.Code == "type" && c.field.Type == yinzheng.BoolField:
		return yinzheng.Text{ZH: "请填“是”或“否”", EN: "Please fill in yes or no"}
	}
	return f.Text
}

// title is a column's heading as it is written: with a star where it is needed.
func (c *column) title(lang string) string {
	if c.needed {
		return c.heading.In(lang) + "*"
	}
	return c.heading.In(lang)
}
