package workbook

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"

	"yinzheng"
)

// blankEntries is how many entries of a list a blank workbook has columns for; more
// are added under headings that count on.
const blankEntries = 4

// sheetNames are the sheets of a workbook that we write: the rows, how to fill them
// in, and what the drop-down lists offer, which is hidden.
var (
	rowsSheet    = text("办件", "Cases")
	guideSheet   = text("填写说明", "How to fill it in")
	optionsSheet = text("选项", "Options")
)

// Blank writes a workbook to fill in for an item, in a language. Errors: ErrNotFound
// and ErrState as of an item (Service.Offered); ErrForbidden for who may not start
// its cases.
func (w *Workbooks) Blank(by *yinzheng.Account, item, lang string) ([]byte, error) {
	if _, _, err := w.Service.Item(by, item); err != nil {
		return nil, err
	}
	t, err := w.Service.Offered(item)
	if err != nil {
		return nil, err
	}
	s := sheetOf(t)
	var columns []*column
	for i := range s.columns {
		if c := &s.columns[i]; c.entry < blankEntries {
			columns = append(columns, c)
		}
	}
	return s.write(columns, lang, nil, false)
}

// Failures writes the rows of a batch that were refused or left out, as they were
// brought in, with why; mended, it can be brought in again. That it is delivered is
// put on record first. Errors: as of View, and ErrState once they were erased in time.
func (w *Workbooks) Failures(ctx context.Context, by *yinzheng.Account, id, lang string) ([]byte, error) {
	b, err := w.batch(ctx, by, id)
	if err != nil {
		return nil, err
	}
	if b.Erased {
		return nil, errErased()
	}
	t, err := w.Service.TemplateVersion(yinzheng.TemplateRef{Code: b.Item, Version: b.Template})
	if err != nil {
		return nil, err
	}
	rows, err := w.store.BatchRows(ctx, id, yinzheng.BatchFilter{Failed: true, Limit: MaxRows})
	if err != nil {
		return nil, err
	}
	all := make([]cells, len(rows))
	for i := range rows {
		if all[i], err = cellsIn(&rows[i]); err != nil {
			return nil, fmt.Errorf("batch %s, %w", id, err)
		}
		all[i][reasonKey] = rows[i].Why.In(lang)
	}
	if err := w.record(ctx, by, "batch-delivered", id, fmt.Sprintf("%d rows that were not made", len(rows))); err != nil {
		return nil, err
	}
	s := sheetOf(t)
	return s.write(s.used(all), lang, all, true)
}

// used are the columns of a blank workbook, and those that some row has besides.
func (s *sheet) used(rows []cells) []*column {
	var out []*column
	for i := range s.columns {
		c := &s.columns[i]
		some := c.entry < blankEntries
		for j := 0; j < len(rows) && !some; j++ {
			some = rows[j][c.key] != ""
		}
		if some {
			out = append(out, c)
		}
	}
	return out
}

// writing is a workbook being written. What is written are texts, never formulas:
// a cell that begins with = stays what somebody typed.
type writing struct {
	*excelize.File
	sheet   *sheet
	lang    string
	rows    string // names of its sheets
	guide   string
	options string
	err     error // the first
}

func (s *sheet) write(columns []*column, lang string, rows []cells, reasons bool) ([]byte, error) {
	w := &writing{File: excelize.NewFile(), sheet: s, lang: lang, rows: rowsSheet.In(lang), guide: guideSheet.In(lang), options: optionsSheet.In(lang)}
	defer w.Close()
	w.do(w.SetSheetName("Sheet1", w.rows))
	for _, name := range []string{w.guide, w.options} {
		_, err := w.NewSheet(name)
		w.do(err)
	}
	w.headings(columns, reasons)
	w.offer(columns)
	for i, c := range rows {
		for j, at := range columns {
			w.text(w.rows, j, i+1, c[at.key])
		}
		w.text(w.rows, len(columns), i+1, c[reasonKey])
	}
	w.explain(columns)
	w.do(w.SetSheetVisible(w.options, false))
	var b bytes.Buffer
	if w.err == nil {
		w.do(w.Write(&b))
	}
	if w.err != nil {
		return nil, fmt.Errorf("write a workbook: %w", w.err)
	}
	return b.Bytes(), nil
}

func (w *writing) do(err error) {
	if w.err == nil {
		w.err = err
	}
}

// text writes a cell, both counted from 0.
func (w *writing) text(sheet string, column, row int, text string) {
	if text != "" {
		w.do(w.SetCellStr(sheet, w.cell(column, row), text))
	}
}

func (w *writing) cell(column, row int) string {
	name, err := excelize.CoordinatesToCellName(column+1, row+1)
	w.do(err)
	return name
}

func (w *writing) column(i int) string {
	name, err := excelize.ColumnNumberToName(i + 1)
	w.do(err)
	return name
}

func (w *writing) style(style *excelize.Style) int {
	id, err := w.NewStyle(style)
	w.do(err)
	return id
}

// asText is the format of a cell whose content stays as it is typed: no number
// loses its last digits, no day becomes a number.
const asText = 49

func (w *writing) headings(columns []*column, reasons bool) {
	cells := w.style(&excelize.Style{NumFmt: asText, Alignment: &excelize.Alignment{Vertical: "top", WrapText: true}})
	bold := func(fill string) int {
		return w.style(&excelize.Style{
			NumFmt: asText, Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{fill}},
			Alignment: &excelize.Alignment{Vertical: "center", WrapText: true}, Border: []excelize.Border{{Type: "bottom", Color: "8B949E", Style: 1}},
		})
	}
	needed, other := bold("FBE9E7"), bold("F1F3F5")
	for i, c := range columns {
		w.text(w.rows, i, 0, c.title(w.lang))
		w.do(w.SetColWidth(w.rows, w.column(i), w.column(i), c.width()))
		w.do(w.SetColStyle(w.rows, w.column(i), cells))
		look := other
		if c.needed {
			look = needed
		}
		w.do(w.SetCellStyle(w.rows, w.cell(i, 0), w.cell(i, 0), look))
	}
	if reasons {
		n := len(columns)
		w.text(w.rows, n, 0, reasonHeading.In(w.lang))
		w.do(w.SetColWidth(w.rows, w.column(n), w.column(n), 50))
		w.do(w.SetColStyle(w.rows, w.column(n), cells))
		w.do(w.SetCellStyle(w.rows, w.cell(n, 0), w.cell(n, 0), other))
	}
	w.do(w.SetRowHeight(w.rows, 1, 32))
	w.do(w.SetPanes(w.rows, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}))
}

// width is how wide a column is, in characters.
func (c *column) width() float64 {
	if c.field == nil || c.isType() {
		return 16
	}
	switch c.field.Type {
	case yinzheng.IDField:
		return 24
	case yinzheng.TextField:
		if c.field.Max == 0 || c.field.Max > 40 {
			return 40
		}
		return 20
	}
	return 14
}

// choices are what a cell of the column can be; nil: anything.
func (c *column) choices(lang string) []string {
	var out []string
	switch {
	case c.field == nil:
	case c.isType():
		for _, t := range yinzheng.IDTypesInOrder {
			out = append(out, yinzheng.IDTypes[t].In(lang))
		}
	case c.field.Type == yinzheng.BoolField:
		out = []string{text("是", "yes").In(lang), text("否", "no").In(lang)}
	case c.field.Type == yinzheng.ChoiceField:
		for _, o := range c.field.Options {
			out = append(out, o.Label.In(lang))
		}
	}
	return out
}

// offer gives columns with choices a drop-down list: equal lists share a column of
// the hidden sheet, since one in the cell itself may have 255 characters only.
func (w *writing) offer(columns []*column) {
	at := map[string]string{}
	for i, c := range columns {
		choices := c.choices(w.lang)
		if choices == nil {
			continue
		}
		key := strings.Join(choices, "\n")
		if at[key] == "" {
			n := len(at)
			for j, choice := range choices {
				w.text(w.options, n, j, choice)
			}
			at[key] = fmt.Sprintf("'%s'!$%s$1:$%[2]s$%[3]d", w.options, w.column(n), len(choices))
		}
		v := excelize.NewDataValidation(true)
		v.SetSqref(fmt.Sprintf("%s2:%[1]s%[2]d", w.column(i), MaxRows+1))
		v.SetSqrefDropList(at[key])
		v.SetError(excelize.DataValidationErrorStyleWarning, text("请从列表中选", "Please choose from the list").In(w.lang), text("列表里没有这一项", "It is not in the list").In(w.lang))
		w.do(w.AddDataValidation(w.rows, v))
	}
}

// explain says how the workbook is filled in.
func (w *writing) explain(columns []*column) {
	say := func(zh, en string) string { return text(zh, en).In(w.lang) }
	bold := w.style(&excelize.Style{Font: &excelize.Font{Bold: true}})
	wrapped := w.style(&excelize.Style{Alignment: &excelize.Alignment{Vertical: "top", WrapText: true}})
	lines := []string{
		w.sheet.template.Name.In(w.lang),
		fmt.Sprintf(say("每行一件，最多 %d 行。只读“%s”这一张表；列可以调换顺序，列名请勿改动，不需要的列可以删去。", "A row for each case, %d at most. Only the sheet “%s” is read. Columns may be moved and those not needed removed; please keep their names."), MaxRows, w.rows),
		say("列名带 * 的必须填写。注明“可由登记带出”的，填了持证人的证件号码就可以留空。", "Columns with a star are needed. What is filled in from the register may be left empty once the holder's number is given."),
		say("所有单元格都是文本格式，请保持；不要合并单元格，公式须有结果。", "All cells are formatted as text; please keep that. Merge no cells; formulas must have a result."),
		say("整份检查通过才会接收；有一格不对就什么都不保留，并逐格指出。", "The workbook is taken only when all of it is in order; otherwise nothing is kept, and every cell to be mended is named."),
	}
	for i, line := range lines {
		w.text(w.guide, 0, i, line)
	}
	w.do(w.SetCellStyle(w.guide, "A1", "A1", bold))
	head := len(lines) + 1
	for i, name := range []string{say("列名", "Column"), say("必填", "Needed"), say("怎么填", "How")} {
		w.text(w.guide, i, head, name)
		w.do(w.SetCellStyle(w.guide, w.cell(i, head), w.cell(i, head), bold))
	}
	for i, c := range columns {
		row := head + 1 + i
		w.text(w.guide, 0, row, c.heading.In(w.lang))
		if c.needed {
			w.text(w.guide, 1, row, say("必填", "needed"))
		}
		w.text(w.guide, 2, row, c.how().In(w.lang))
		w.do(w.SetCellStyle(w.guide, w.cell(0, row), w.cell(2, row), wrapped))
	}
	w.do(w.SetColWidth(w.guide, "A", "A", 30))
	w.do(w.SetColWidth(w.guide, "B", "B", 10))
	w.do(w.SetColWidth(w.guide, "C", "C", 80))
}

// how says what belongs into the column.
func (c *column) how() yinzheng.Text {
	if c.field == nil {
		return text("居民所属村（社区）的 12 位区划代码；留空：登记中所在的区划，没有登记的为本单位的区划", "The 12-digit code of the village that the resident belongs to; left empty: where they are on record, or else the office's own")
	}
	var zh, en []string
	add := func(t yinzheng.Text) {
		if t.ZH != "" {
			zh, en = append(zh, t.ZH), append(en, t.EN)
		}
	}
	switch {
	case c.isType():
		return text("留空为居民身份证；没有证件的选“无证件”，并在号码一列写明原因", "Left empty: a resident ID. For somebody without a document choose that, and say why in the column of the number")
	case c.field.Type == yinzheng.DateField:
		add(text("日期，如 2026-11-02", "A day, such as 2026-11-02"))
	case c.field.Type == yinzheng.DateTimeField:
		add(text("日期和时间，如 2026-11-02 08:15", "A day and a time, such as 2026-11-02 08:15"))
	case c.field.Type == yinzheng.BoolField:
		add(text("是或否", "yes or no"))
	case c.field.Type == yinzheng.IntegerField:
		add(text("整数", "A whole number"))
	case c.field.Type == yinzheng.ChoiceField:
		add(yinzheng.Text{ZH: strings.Join(c.choices("zh"), "、"), EN: strings.Join(c.choices("en"), ", ")})
	}
	add(c.field.Hint)
	if c.field.Record != "" {
		add(text("可由登记带出", "filled in from the register"))
	}
	return yinzheng.Text{ZH: strings.Join(zh, "；"), EN: strings.Join(en, "; ")}
}
