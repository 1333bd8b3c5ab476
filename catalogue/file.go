package catalogue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"yinzheng"
	"yinzheng/internal/table"
)

// columns of a list of items. Lists within a cell stand on lines of their own,
// or with ； between them.
var columns = []table.Column{
	{Key: "code", Names: []string{"代码", "事项代码", "事项编码"}},
	{Key: "name", Names: []string{"名称", "事项名称"}},
	{Key: "basis", Names: []string{"依据", "法律依据", "设定依据"}},
	{Key: "level", Names: []string{"层级", "出具层级"}},
	{Key: "subject", Names: []string{"主题", "清单主题"}, Optional: true},
	{Key: "state", Names: []string{"状态", "处理方式"}, Optional: true},
	{Key: "ground", Names: []string{"取消理由"}, Optional: true},
	{Key: "way", Names: []string{"替代方式"}, Optional: true},
	{Key: "by", Names: []string{"替代事项"}, Optional: true},
	{Key: "conditions", Names: []string{"条件", "办理条件"}, Optional: true},
	{Key: "materials", Names: []string{"材料", "所需材料"}, Optional: true},
	{Key: "limit_days", Names: []string{"时限", "办理时限"}, Optional: true},
	{Key: "steps", Names: []string{"流程", "办理流程"}, Optional: true},
	{Key: "offices", Names: []string{"地点", "办理机构"}, Optional: true},
	{Key: "per_year", Names: []string{"年办件量"}, Optional: true},
	{Key: "trips", Names: []string{"跑动次数"}, Optional: true},
	{Key: "sheets", Names: []string{"材料页数"}, Optional: true},
	{Key: "fields", Names: []string{"填写项数"}, Optional: true},
}

// words are what people write in the coded columns besides the codes.
var words = map[string]map[string]string{
	"level": {
		"省": "province", "省级": "province", "市": "city", "市级": "city", "区": "district", "县": "district", "区县": "district", "区级": "district",
		"镇": "town", "乡": "town", "街道": "town", "镇街": "town", "镇级": "town", "村": "village", "社区": "village", "村社区": "village", "村级": "village",
	},
	"state":   {"保留": "kept", "取消": "cancelled", "替代": "replaced"},
	"subject": named(yinzheng.Subjects),
	"ground":  named(Grounds),
	"way":     named(Ways),
}

// named finds a code by its Chinese text; 无 is the subject that is none.
func named(list map[string]yinzheng.Text) map[string]string {
	out := map[string]string{"无": None}
	for code, text := range list {
		out[text.ZH] = code
	}
	return out
}

// maxFaults bounds what one report lists; a file with more has one cause.
const maxFaults = 100

// row is an item of a file, with its place there.
type row struct {
	Item
	*table.Row
}

// fault points at a cell, whatever path of the item it is told.
func (r *row) fault(into *[]yinzheng.FieldError) fault {
	return func(field, code, zh, en string) {
		*into = append(*into, yinzheng.FieldError{Field: r.Place(field[strings.LastIndexByte(field, '.')+1:]), Code: code, Text: yinzheng.Text{ZH: zh, EN: en}})
	}
}

// readRows reads the items of a file, CSV or .xlsx, with the faults by their
// cells and the headings that stand for nothing. The error is an ErrInvalid.
func readRows(data []byte) (rows []row, faults []yinzheng.FieldError, ignored []string, err error) {
	t, err := table.Open(data, columns)
	if err != nil {
		return nil, nil, nil, yinzheng.FileFault(err)
	}
	defer t.Close()
	for len(faults) < maxFaults {
		cells, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, nil, yinzheng.FileFault(err)
		}
		if len(rows) == maxItems {
			return nil, nil, nil, yinzheng.FileFault(&table.Error{ZH: fmt.Sprintf("最多 %d 个事项", maxItems), EN: fmt.Sprintf("At most %d items", maxItems)})
		}
		r := row{Row: cells}
		r.read(r.fault(&faults))
		rows = append(rows, r)
	}
	if len(rows) == 0 {
		return nil, nil, nil, yinzheng.FileFault(&table.Error{ZH: "表中没有事项", EN: "The file has no items"})
	}
	return rows, faults, append([]string{}, t.Ignored()...), nil
}

func (r *row) read(f fault) {
	coded := func(column string) string {
		text := r.Get(column)
		return cmp.Or(words[column][text], text)
	}
	number := func(column string) *int {
		text := r.Get(column)
		if text == "" {
			return nil
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			f(column, "number", "应为整数", "Expected a whole number")
			return nil
		}
		return &n
	}
	lines := func(column string) []string {
		var out []string
		for s := range strings.FieldsFuncSeq(r.Get(column), func(r rune) bool { return r == '\n' || r == '\r' || r == '；' || r == ';' }) {
			if s = strings.TrimSpace(s); s != "" {
				out = append(out, s)
			}
		}
		return out
	}
	r.Item = Item{
		Code: r.Get("code"), Name: yinzheng.Text{ZH: r.Get("name")}, Basis: lines("basis"), Subject: coded("subject"), Level: yinzheng.Level(coded("level")),
		State: State(coded("state")), Ground: coded("ground"), Way: coded("way"), By: r.Get("by"),
		Guide: Guide{Conditions: lines("conditions"), Materials: lines("materials"), Steps: lines("steps"), Offices: lines("offices")},
		Load:  Load{PerYear: number("per_year"), Trips: number("trips"), Sheets: number("sheets"), Fields: number("fields")},
	}
	if n := number("limit_days"); n != nil {
		r.Guide.Limit = *n
	}
	r.tidy()
}

// keep leaves what the file has no column for as the catalogue has it. No file
// has English names.
func (r *row) keep(was *Item) {
	if r.Name.ZH == was.Name.ZH {
		r.Name.EN = was.Name.EN
	}
	kept(r, "state", &r.State, was.State)
	if r.State == was.State {
		kept(r, "ground", &r.Ground, was.Ground)
		kept(r, "way", &r.Way, was.Way)
		kept(r, "by", &r.By, was.By)
	}
	kept(r, "subject", &r.Subject, was.Subject)
	kept(r, "conditions", &r.Guide.Conditions, was.Guide.Conditions)
	kept(r, "materials", &r.Guide.Materials, was.Guide.Materials)
	kept(r, "limit_days", &r.Guide.Limit, was.Guide.Limit)
	kept(r, "steps", &r.Guide.Steps, was.Guide.Steps)
	kept(r, "offices", &r.Guide.Offices, was.Guide.Offices)
	kept(r, "per_year", &r.Load.PerYear, was.Load.PerYear)
	kept(r, "trips", &r.Load.Trips, was.Load.Trips)
	kept(r, "sheets", &r.Load.Sheets, was.Load.Sheets)
	kept(r, "fields", &r.Load.Fields, was.Load.Fields)
}

func kept[T any](r *row, column string, to *T, was T) {
	if !r.Has(column) {
		*to = was
	}
}

// Imported is what a list of items changes.
type Imported struct {
	New       []string    `json:"new"`             // codes, in the order of the file
	Changed   []string    `json:"changed"`         // of items that are there in other words
	Unchanged int         `json:"unchanged"`       // left out of the change
	Left      int         `json:"left"`            // items of the catalogue that the file does not mention; they stay
	Doubts    []Doubt     `json:"doubts"`          // for the reviewer: names that resemble the list of twenty
	Orphans   []Orphan    `json:"orphans"`         // cases under way of items that it ends; they finish
	Ignored   []string    `json:"ignored_columns"` // headings that stand for nothing; a misspelt one is among them
	Change    *ChangeView `json:"change,omitempty"`
}

// Import reads a list of items, CSV or .xlsx, says what it changes and, unless
// it is only tried, drafts the change: reviewed, commented and published it is
// like any other. Errors: as of Draft, with every fault by its cell; then
// nothing was drafted.
func (c *Catalogue) Import(ctx context.Context, by *yinzheng.Account, title string, data []byte, try bool) (*Imported, error) {
	if err := c.MayKeep(ctx, by); err != nil {
		return nil, err
	}
	rows, faults, ignored, err := readRows(data)
	if err != nil {
		return nil, err
	}
	out, items, more := c.compare(rows)
	out.Ignored = ignored
	if faults = append(faults, more...); len(faults) > 0 {
		return nil, &yinzheng.Error{
			Kind: yinzheng.ErrInvalid, Fields: faults[:min(len(faults), maxFaults)],
			Text: yinzheng.Text{ZH: "表格有误，什么都没有保存；请按位置更正后重新导入", EN: "The file has faults and nothing was kept; please mend them and import it again"},
		}
	}
	if try {
		v, err := c.view(ctx, &Change{Stage: Drafting, Items: items})
		if err != nil {
			return nil, err
		}
		out.Doubts, out.Orphans = append(out.Doubts, v.Doubts...), append(out.Orphans, v.Orphans...)
		return out, nil
	}
	if len(items) == 0 {
		return nil, &yinzheng.Error{Kind: yinzheng.ErrInvalid, Text: yinzheng.Text{ZH: "没有任何变化", EN: "Nothing would change"}}
	}
	out.Change, err = c.draft(ctx, by, &NewChange{Title: title, Items: items}, func(context.Context, string) error { return nil })
	if err != nil {
		return nil, err
	}
	out.Doubts, out.Orphans = append(out.Doubts, out.Change.Doubts...), append(out.Orphans, out.Change.Orphans...)
	return out, nil
}

// compare sorts the rows into new, changed and unchanged items and finds what is
// wrong with them.
func (c *Catalogue) compare(rows []row) (out *Imported, items []Item, faults []yinzheng.FieldError) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	first := map[string]*row{}
	for i := range rows {
		r := &rows[i]
		if first[r.Code] == nil {
			first[r.Code] = r
		}
		if v := c.book.last(r.Code); v != nil {
			r.keep(&v.Item)
		}
	}
	out = &Imported{New: []string{}, Changed: []string{}, Doubts: []Doubt{}, Orphans: []Orphan{}}
	for i := range rows {
		r := &rows[i]
		f := r.fault(&faults)
		if before := first[r.Code]; before != r {
			f("code", "twice", "与 "+before.Place("code")+" 重复", "The same code as in "+before.Place("code"))
		}
		v := c.book.last(r.Code)
		switch {
		case v == nil:
			out.New = append(out.New, r.Code)
		case reflect.DeepEqual(v.Item, r.Item):
			out.Unchanged++
			continue
		default:
			out.Changed = append(out.Changed, r.Code)
		}
		c.book.checkItem("", &r.Item, func(code string) *Item {
			if other := first[code]; other != nil {
				return &other.Item
			}
			return nil
		}, c.Template, f)
		items = append(items, r.Item)
	}
	for code := range c.book.versions {
		if first[code] == nil {
			out.Left++
		}
	}
	return out, slices.Clip(items), faults
}
