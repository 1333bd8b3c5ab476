package register

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/width"

	"yinzheng"
	"yinzheng/internal/table"
)

// columns of a register. An empty cell says nothing.
var columns = []table.Column{
	{Key: "id", Names: []string{"证件号码", "身份证号", "身份证号码", "公民身份号码"}},
	{Key: "id_type", Names: []string{"证件类型"}, Optional: true},
	{Key: "name", Names: []string{"姓名"}},
	{Key: "former_name", Names: []string{"曾用名"}, Optional: true},
	{Key: "former_id", Names: []string{"原证件号码", "原身份证号"}, Optional: true},
	{Key: "former_id_type", Names: []string{"原证件类型"}, Optional: true},
	{Key: "sex", Names: []string{"性别"}, Optional: true},
	{Key: "born", Names: []string{"出生日期"}, Optional: true},
	{Key: "died", Names: []string{"死亡日期"}, Optional: true},
	{Key: "division", Names: []string{"区划代码", "区划"}, Optional: true},
	{Key: "address", Names: []string{"住址", "户口地址", "地址"}, Optional: true},
	{Key: "home_address", Names: []string{"现居住地址", "现住址", "居住地址"}, Optional: true},
	{Key: "home_since", Names: []string{"居住起始日期", "入住日期"}, Optional: true},
	{Key: "household", Names: []string{"户号"}, Optional: true},
	{Key: "head_relation", Names: []string{"与户主关系"}, Optional: true},
	{Key: "mother_name", Names: []string{"母亲姓名"}, Optional: true},
	{Key: "mother_id", Names: []string{"母亲证件号码", "母亲身份证号"}, Optional: true},
	{Key: "father_name", Names: []string{"父亲姓名"}, Optional: true},
	{Key: "father_id", Names: []string{"父亲证件号码", "父亲身份证号"}, Optional: true},
	{Key: "spouse_name", Names: []string{"配偶姓名"}, Optional: true},
	{Key: "spouse_id", Names: []string{"配偶证件号码", "配偶身份证号"}, Optional: true},
}

// form is what a row is checked by: as strict as any form that a clerk fills in.
var form = &yinzheng.Template{
	Fields: []yinzheng.Field{
		{Key: "id", Type: yinzheng.IDField, Label: both("证件号码", "ID number")},
		{Key: "name", Type: yinzheng.NameField, Label: both("姓名", "Name")},
		{Key: "former_name", Type: yinzheng.NameField, Optional: true},
		{Key: "former_id", Type: yinzheng.IDField, Optional: true},
		{Key: "sex", Type: yinzheng.ChoiceField, Optional: true, Options: []yinzheng.Option{{Value: yinzheng.Male, Sex: yinzheng.Male}, {Value: yinzheng.Female, Sex: yinzheng.Female}}},
		{Key: "born", Type: yinzheng.DateField, Optional: true},
		{Key: "died", Type: yinzheng.DateField, Optional: true},
		{Key: "division", Type: yinzheng.TextField, Optional: true, Max: 12},
		{Key: "address", Type: yinzheng.TextField, Optional: true, Max: 100},
		{Key: "home_address", Type: yinzheng.TextField, Optional: true, Max: 100, Label: both("现居住地址", "Present address")},
		{Key: "home_since", Type: yinzheng.DateField, Optional: true},
		{Key: "household", Type: yinzheng.TextField, Optional: true, Max: 30},
		{Key: "head_relation", Type: yinzheng.TextField, Optional: true, Max: 12},
		{Key: "mother_name", Type: yinzheng.NameField, Optional: true},
		{Key: "mother_id", Type: yinzheng.IDField, Optional: true},
		{Key: "father_name", Type: yinzheng.NameField, Optional: true},
		{Key: "father_id", Type: yinzheng.IDField, Optional: true},
		{Key: "spouse_name", Type: yinzheng.NameField, Optional: true},
		{Key: "spouse_id", Type: yinzheng.IDField, Optional: true},
	},
	Rules: []yinzheng.Rule{
		{ID: "id", SexField: "sex"},
		{ID: "id", BornField: "born"},
		{ID: "mother_id", Sex: yinzheng.Female},
		{ID: "father_id", Sex: yinzheng.Male},
		{ID: "mother_id", BornBefore: "born"},
		{ID: "father_id", BornBefore: "born"},
		{Distinct: []string{"id", "mother_id", "father_id", "spouse_id"}},
		{Distinct: []string{"id", "former_id"}},
	},
}

func both(zh, en string) yinzheng.Text { return yinzheng.Text{ZH: zh, EN: en} }

// blank is what people put into a cell to say that it is empty.
var blank = []string{"", "无", "/", "-", "－", "—", "——"}

// ending is what says, in a column, that something on record holds no longer: that
// a marriage has ended, that a death was put on record by mistake.
type ending struct {
	kind         yinzheng.FactKind
	column, word string
}

var endings = []ending{{yinzheng.FactSpouse, "spouse_name", "无"}, {yinzheng.FactDied, "died", "误登"}}

// row is one line of a register, in normal form.
type row struct {
	yinzheng.Values
	place  func(column string) string
	placed bool // it says itself which division is meant
	ends   []ending
	faults []yinzheng.FieldError
}

func (r *row) fault(column, code, zh, en string) {
	r.faults = append(r.faults, yinzheng.FieldError{Field: r.place(column), Code: code, Text: both(zh, en)})
}

// read reads a whole register, with the headings that stand for nothing. The
// error is an ErrInvalid for what is no such table; what is wrong with a row
// stands in the row.
func read(data []byte, now time.Time) (rows []row, ignored []string, err error) {
	faults := 0
	ignored, err = table.Each(data, columns, MaxRows, func(line *table.Row) error {
		r := checkRow(line.Get, line.Place, now)
		if faults += len(r.faults); faults > MaxListed && len(r.faults) > 1 {
			r.faults = []yinzheng.FieldError{r.faults[0]} // those before it fill the report: memory
		}
		rows = append(rows, r)
		return nil
	})
	if err != nil {
		return nil, nil, yinzheng.FileFault(err)
	}
	return rows, ignored, nil
}

// checkRow brings a row into normal form and notes what is wrong with it.
func checkRow(get, place func(string) string, now time.Time) row {
	raw, r := yinzheng.Values{}, row{place: place}
	for _, c := range columns {
		text := get(c.Key)
		i := slices.IndexFunc(endings, func(e ending) bool { return e.column == c.Key && e.word == text })
		switch {
		case i >= 0:
			r.ends = append(r.ends, endings[i])
		case !strings.HasSuffix(c.Key, "_type") && !slices.Contains(blank, text):
			raw[c.Key] = cell(c.Key, text)
		}
	}
	if raw["spouse_id"] != nil && get("spouse_name") == "无" {
		r.fault("spouse_id", "not-applicable", "配偶姓名填“无”时不要填写配偶证件号码", "Where spouse_name says 无, leave spouse_id out")
		return r
	}
	derive(raw, now)
	if yinzheng.IDTypeCalled(get("id_type")) == yinzheng.NoID {
		r.fault("id_type", "no-document", "没有证件的人员不能导入", "Somebody without a document cannot be imported")
		return r
	}
	typed(raw, "id", get("id_type"))
	typed(raw, "former_id", cmp.Or(get("former_id_type"), get("id_type")))
	checked, err := form.CheckValues(raw, now)
	var broken *yinzheng.Error
	switch {
	case errors.As(err, &broken):
		r.blame(broken.Fields)
		return r
	case err != nil:
		r.fault("id", "row", err.Error(), err.Error())
		return r
	}
	r.Values = checked.Values
	r.blame(checked.Problems)
	return r
}

// typed gives a document the type that its row says.
func typed(raw yinzheng.Values, column, kind string) {
	if number := raw[column]; number != nil && kind != "" {
		raw[column] = map[string]any{"type": yinzheng.IDTypeCalled(kind), "number": number}
	}
}

// blame turns the faults of the form into faults of cells.
func (r *row) blame(faults []yinzheng.FieldError) {
	for _, f := range faults {
		column := strings.TrimPrefix(f.Field, "values.")
		column, _, _ = strings.Cut(column, ".")
		f.Field = r.place(column)
		r.faults = append(r.faults, f)
	}
}

// derive adds what a resident ID says of birth and sex, where the row does not.
func derive(raw yinzheng.Values, now time.Time) {
	_, born, sex, fault := yinzheng.ParseResidentID(raw.String("id"), now)
	if fault != "" {
		return
	}
	if raw["born"] == nil {
		raw["born"] = born.Format(time.DateOnly)
	}
	if raw["sex"] == nil {
		raw["sex"] = sex
	}
}

// cell writes what a spreadsheet holds as a form takes it.
func cell(column, text string) string {
	switch column {
	case "born", "died":
		return table.Day(text)
	case "sex":
		if s, ok := sexes[text]; ok {
			return s
		}
	case "id", "former_id", "mother_id", "father_id", "spouse_id":
		return strings.Join(strings.Fields(width.Narrow.String(text)), "")
	}
	return text
}

// sexes are the ways to write one; the digits are those of GB/T 2261.1.
var sexes = map[string]string{"男": yinzheng.Male, "女": yinzheng.Female, "1": yinzheng.Male, "2": yinzheng.Female, "男性": yinzheng.Male, "女性": yinzheng.Female}
