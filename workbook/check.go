package workbook

import (
	"context"
	"encoding/json"
	"errors"

	"yinzheng"
	"yinzheng/internal/table"
)

// Limits of a workbook, and of what one report lists: a file with more faults has
// one cause.
const (
	MaxRows   = 10_000
	maxFaults = 100
)

// Rows are checked so many at a time, so many of them side by side.
const (
	checkBatch  = 200
	checkAtOnce = 8
)

// Likeness is what a row may be a duplicate of: another line of the workbook, a
// case, or so many cases of other offices.
type Likeness struct {
	Line          int             `json:"line,omitempty"`
	Application   string          `json:"application,omitempty"`
	AnotherOffice int             `json:"another_office,omitempty"`
	Why           []yinzheng.Text `json:"why"`
}

// report is what was found as a workbook was read.
type report struct {
	Ignored []string `json:"ignored,omitempty"` // headings that nobody reads
	Filled  int      `json:"filled,omitempty"`  // rows that the register of persons adds to
	Alike   int      `json:"alike,omitempty"`   // rows that may be duplicates
}

// row is one being checked.
type row struct {
	line     *table.Row
	cells    cells
	in       *yinzheng.NewApplication
	groups   groups
	proposed *yinzheng.Proposed
}

// checking is a workbook being checked.
type checking struct {
	*sheet
	rows   []*row
	report report
	faults []yinzheng.FieldError
	first  map[string]*row // the first row with a mark
}

// read finds the rows of a workbook. Errors: ErrInvalid for what is no such table.
func (s *sheet) read(file []byte, office string) (*checking, error) {
	c := &checking{sheet: s, first: map[string]*row{}}
	var err error
	c.report.Ignored, err = table.Each(file, s.asked(), MaxRows, func(line *table.Row) error {
		r := &row{line: line, cells: s.cellsOf(line)}
		if len(r.cells) == 0 { // nothing but a reason that we wrote
			return nil
		}
		r.in, r.groups = s.application(r.cells)
		r.in.Office = office
		c.rows = append(c.rows, r)
		return nil
	})
	if err == nil && len(c.rows) == 0 {
		err = &table.Error{ZH: "名单是空的", EN: "The list is empty"}
	}
	if err != nil {
		return nil, yinzheng.FileFault(err)
	}
	return c, nil
}

// check looks at every row as at a draft, until there are more faults than a
// report lists. The error is one that is no row's.
func (c *checking) check(ctx context.Context, service *yinzheng.Service, by *yinzheng.Account) error {
	for from := 0; from < len(c.rows) && len(c.faults) < maxFaults; from += checkBatch {
		part := c.rows[from:min(from+checkBatch, len(c.rows))]
		failed := yinzheng.AtOnce(ctx, len(part), checkAtOnce, func(ctx context.Context, i int) (err error) {
			part[i].proposed, err = service.Propose(ctx, by, part[i].in)
			return err
		})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		for i, r := range part {
			if err := c.checked(r, failed[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// checked notes what came of a row.
func (c *checking) checked(r *row, err error) error {
	var e *yinzheng.Error
	switch {
	case errors.As(err, &e) && len(e.Fields) > 0:
		c.blame(r, e.Fields)
		return nil
	case err != nil:
		return err
	}
	c.blame(r, r.proposed.Problems)
	if len(r.proposed.Filled) > 0 {
		c.report.Filled++
	}
	return nil
}

// blame turns the faults of a draft into faults of cells.
func (c *checking) blame(r *row, faults []yinzheng.FieldError) {
	for _, f := range faults {
		at := c.column(f.Field, r.groups)
		text := at.said(f)
		if at == nil {
			at = &c.columns[0]
		}
		c.faults = append(c.faults, yinzheng.FieldError{Field: r.line.Place(at.key), Code: f.Code, Text: text})
	}
}

// batchRows are the rows as they are kept, with what they may be duplicates of; of
// a workbook with faults there are none.
func (c *checking) batchRows() ([]yinzheng.BatchRow, error) {
	if len(c.faults) > 0 {
		return nil, nil
	}
	out := make([]yinzheng.BatchRow, len(c.rows))
	for i, r := range c.rows {
		content, err := json.Marshal(r.cells)
		if err != nil {
			return nil, err
		}
		out[i] = yinzheng.BatchRow{Line: r.line.Line, Content: content}
		if alike := c.alike(r); alike != nil {
			c.report.Alike++
			if out[i].Alike, err = json.Marshal(alike); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// alike lists what a row may be a duplicate of: rows before it, and cases.
func (c *checking) alike(r *row) []Likeness {
	var out []Likeness
	marks := r.proposed.Marks()
	for _, mark := range yinzheng.AllMarks {
		text := marks.Of(mark)
		if text == "" {
			continue
		}
		before := c.first[string(mark)+text]
		if before == nil {
			c.first[string(mark)+text] = r
			continue
		}
		if cause := r.proposed.Alike(before.proposed, mark); cause != nil && !said(out, before.line.Line) {
			out = append(out, Likeness{Line: before.line.Line, Why: []yinzheng.Text{cause.Text}})
		}
	}
	for _, d := range r.proposed.Duplicates {
		l := Likeness{Application: d.Application, AnotherOffice: d.AnotherOffice}
		for _, why := range d.Why {
			l.Why = append(l.Why, why.Text)
		}
		out = append(out, l)
	}
	return out
}

// said tells whether a line is among those found: what it is found by first says
// most.
func said(found []Likeness, line int) bool {
	for i := range found {
		if found[i].Line == line {
			return true
		}
	}
	return false
}

// refused is a workbook with faults.
func refused(faults []yinzheng.FieldError) error {
	return &yinzheng.Error{Kind: yinzheng.ErrInvalid, Text: text("有内容需要修改，请按提示逐格更正后重新上传，现在什么都没有保留", "Some cells need to be corrected; please mend them and upload the workbook again, nothing of it was kept"), Fields: faults[:min(len(faults), maxFaults)]}
}

func text(zh, en string) yinzheng.Text { return yinzheng.Text{ZH: zh, EN: en} }

// explained is an error whose fields are called as the workbook calls them, in both
// languages.
func (s *sheet) explained(err error, g groups) error {
	var e *yinzheng.Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return err
	}
	out := *e
	out.Fields = nil
	for _, f := range e.Fields {
		if c := s.column(f.Field, g); c != nil {
			said := c.said(f)
			f.Field, f.Text = "", yinzheng.Text{ZH: c.heading.ZH + "：" + said.ZH, EN: c.heading.EN + ": " + said.EN}
		}
		out.Fields = append(out.Fields, f)
	}
	return &out
}
