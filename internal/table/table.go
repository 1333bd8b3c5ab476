// Package table reads the tables that people keep: a sheet of a workbook (.xlsx,
// ECMA-376) or a CSV file (RFC 4180) in UTF-8 or, as Excel saves it in China,
// in GB 18030. Rows come under the columns that are asked for, wherever they
// stand, each cell with its place, so that a fault can be pointed at.
//
// Files come from outside. What is unpacked of a workbook is bounded by its size,
// and read as a stream of rows: time grows with the file and no faster, and
// nothing is held but the texts that its cells share (100,000 rows of a dozen
// cells, each with a text of its own: 7 MB sent, 3.5 s, 140 MB). Workbooks are read here
// and not by a library because a library unpacks and parses all of one, however
// wide its rows and long its cells, before it can be told to stop.
package table

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// Column is a column that is asked for.
type Column struct {
	Key      string
	Names    []string // headings that stand for it besides Key, such as 名称; capitals and spaces do not count
	Optional bool
}

// Limits of what is read; those of a workbook stand in workbook.go.
const (
	maxColumns = 256   // of a row
	maxCell    = 32767 // characters of a cell (Excel's own limit)
	maxHeading = 20    // lines in which the headings are looked for
	maxIgnored = 20    // characters that are told of a heading nobody asked for
)

// Table is a table being read.
type Table struct {
	columns []Column
	index   map[string]int // of each column by its key
	at      []int          // of each column: its place in the sheet, -1: missing
	next    func() ([]string, error)
	ignored []string
	sheet   string // of a workbook
	line    int    // of the last row read, from 1
	head    int    // line of the headings
	last    int    // line of the last row that had something in it
	closing func() error
}

// Row is one row with something in it.
type Row struct {
	table *Table
	Line  int // in the file, from 1
	cells []string
}

// Error says what is wrong with a file, and where.
type Error struct {
	Place string // such as 名单!C7 or line 7; empty: the whole file
	ZH    string
	EN    string
}

func (e *Error) Error() string {
	if e.Place == "" {
		return e.EN
	}
	return e.Place + ": " + e.EN
}

// Where and Says are for whoever turns the error into one of their own kind.
func (e *Error) Where() string         { return e.Place }
func (e *Error) Says() (zh, en string) { return e.ZH, e.EN }

// Open begins to read a table and finds its headings within the first rows. An
// *Error says what is wrong with it: not a table, no such columns.
func Open(data []byte, columns []Column) (t *Table, err error) {
	t = &Table{columns: columns, index: map[string]int{}, closing: func() error { return nil }}
	for i := range columns {
		t.index[columns[i].Key] = i
	}
	switch {
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		err = t.workbook(data)
	case bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0")):
		err = &Error{"", "这是旧版 .xls 或加密的工作簿，请另存为不加密的 .xlsx", "This is an old .xls or an encrypted workbook; please save it as .xlsx without a password"}
	default:
		err = t.csv(data)
	}
	if err == nil {
		err = t.headings()
	}
	if err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// Each calls fn with every row of a table, which has one at least and so many at
// most, and returns the headings that nobody asked for, as Ignored does. Errors:
// an *Error, or fn's.
func Each(data []byte, columns []Column, most int, fn func(*Row) error) (ignored []string, err error) {
	t, err := Open(data, columns)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	for n := 0; ; n++ {
		row, err := t.Next()
		switch {
		case errors.Is(err, io.EOF) && n == 0:
			return nil, &Error{"", "名单是空的", "The list is empty"}
		case errors.Is(err, io.EOF):
			return append([]string{}, t.Ignored()...), nil
		case err != nil:
			return nil, err
		case n == most:
			return nil, &Error{"", fmt.Sprintf("最多 %d 行，请分成几份", most), fmt.Sprintf("There are more than %d rows; please send them in parts", most)}
		}
		if err := fn(row); err != nil {
			return nil, err
		}
	}
}

// Ignored lists the headings of columns that nobody asked for, cut to a length
// that a report can show: a misspelt one is among them.
func (t *Table) Ignored() []string { return t.ignored }

// Close ends the reading.
func (t *Table) Close() error { return t.closing() }

// Next returns the next row that is not empty; io.EOF after the last.
func (t *Table) Next() (*Row, error) {
	for {
		cells, err := t.next()
		if err != nil {
			return nil, err
		}
		row := &Row{t, t.line, make([]string, len(t.columns))}
		empty := true
		for i, at := range t.at {
			if at >= 0 && at < len(cells) {
				row.cells[i] = strings.TrimSpace(cells[at])
				empty = empty && row.cells[i] == ""
			}
		}
		if !empty {
			t.last = t.line
			return row, row.check()
		}
	}
}

// Get is a cell's text; "" where the column is missing.
func (r *Row) Get(key string) string {
	return r.cells[r.table.index[key]]
}

// Has tells whether the file has a column.
func (r *Row) Has(key string) bool {
	return r.table.at[r.table.index[key]] >= 0
}

// Place names a cell as the person sees it: 名单!C7, or line 7, column name.
func (r *Row) Place(key string) string {
	at := r.table.at[r.table.index[key]]
	if r.table.sheet == "" || at < 0 {
		return fmt.Sprintf("line %d, column %s", r.Line, key)
	}
	return r.table.sheet + "!" + cellName(at, r.Line)
}

// check refuses cells that cannot be what was meant.
func (r *Row) check() error {
	for i, s := range r.cells {
		key := r.table.columns[i].Key
		switch {
		case utf8.RuneCountInString(s) > maxCell:
			return tooLong(r.Place(key))
		case s == noResult:
			return &Error{r.Place(key), "公式还没有结果，请用 Excel 或 WPS 打开、保存后再导入，或改填数值", "The formula has no result yet; please open the file in Excel, save it and import it again, or type the value"}
		case slices.Contains(errorValues, s):
			return &Error{r.Place(key), "公式结果是错误 " + s + "，请更正", "The formula's result is the error " + s + "; please mend it"}
		case lostDigits(s):
			return &Error{r.Place(key), "长数字已被 Excel 改成 " + s + "，末位已丢失；请把该列设为文本格式后重新填写", "Excel has turned a long number into " + s + " and lost its last digits; please format the column as text and type it again"}
		}
	}
	return nil
}

// noResult stands for a formula that nothing has worked out; no text is like it.
const noResult = "\x00formula"

// errorValues are what a formula that fails shows (ECMA-376, 18.17.3).
var errorValues = []string{"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"}

// lostDigits tells whether a cell is a long number that was cut to scientific
// notation: it has fewer digits than its exponent says.
func lostDigits(s string) bool {
	mantissa, exponent, ok := strings.Cut(strings.ToUpper(s), "E")
	digits := strings.Replace(mantissa, ".", "", 1)
	n, err := strconv.Atoi(strings.TrimPrefix(exponent, "+"))
	return ok && err == nil && digits != "" && strings.Trim(digits, "0123456789") == "" && len(digits) <= n
}

func tooLong(place string) *Error {
	return &Error{place, "单元格内容过长，最多 32767 个字符", "The cell is too long; it may have 32767 characters"}
}

func tooWide(place string) *Error {
	return &Error{place, "列数过多，最多 256 列；请删去多余的列", "There are too many columns; please remove those past the 256th"}
}

// headings finds the line that names the columns.
func (t *Table) headings() error {
	var missing []string
	for t.line < maxHeading {
		cells, err := t.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		at, lacks := t.match(cells)
		if len(lacks) == 0 {
			t.at, t.head = at, t.line
			t.ignore(cells)
			return t.twice(cells)
		}
		if missing == nil || len(lacks) < len(missing) {
			missing = lacks
		}
	}
	if missing == nil {
		return &Error{"", "表中没有内容", "The table is empty"}
	}
	return &Error{"", "缺少列：" + strings.Join(missing, "、") + "；前 20 行内须有一行列名", "Columns are missing: " + strings.Join(missing, ", ") + "; one of the first 20 rows must name the columns"}
}

func (c *Column) is(heading string) bool {
	heading = strings.TrimSuffix(strings.ToLower(plain(heading)), "*")
	return heading == c.Key || slices.ContainsFunc(c.Names, func(name string) bool { return heading == strings.ToLower(plain(name)) })
}

// plain is a heading without the spaces and line breaks that it is set with: 姓　名.
func plain(heading string) string {
	return strings.Join(strings.Fields(strings.TrimPrefix(heading, "\ufeff")), "")
}

// ignore notes the headings that stand for no column.
func (t *Table) ignore(cells []string) {
	for _, heading := range cells {
		heading = plain(heading)
		if heading != "" && !slices.ContainsFunc(t.columns, func(c Column) bool { return c.is(heading) }) {
			t.ignored = append(t.ignored, string([]rune(heading)[:min(maxIgnored, utf8.RuneCountInString(heading))]))
		}
	}
}

func (t *Table) match(cells []string) (at []int, missing []string) {
	for i := range t.columns {
		c := &t.columns[i]
		place := slices.IndexFunc(cells, c.is)
		at = append(at, place)
		if place < 0 && !c.Optional {
			missing = append(missing, strings.Join(append([]string{c.Key}, c.Names...), "/"))
		}
	}
	return at, missing
}

// twice refuses two columns of one name: nobody could tell which one counts.
func (t *Table) twice(cells []string) error {
	for i := range t.columns {
		c := &t.columns[i]
		if t.at[i] >= 0 && slices.ContainsFunc(cells[t.at[i]+1:], c.is) {
			return &Error{"", "列“" + c.Key + "”出现了两次", "The column " + c.Key + " is there twice"}
		}
	}
	return nil
}

func (t *Table) csv(data []byte) error {
	if !utf8.Valid(data) {
		decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(data)
		if err != nil || bytes.ContainsRune(decoded, utf8.RuneError) {
			return &Error{"", "既不是 UTF-8 也不是 GB 18030 编码的文本，请另存为 CSV UTF-8", "The text is neither UTF-8 nor GB 18030; please save it as CSV UTF-8"}
		}
		data = decoded
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return &Error{"", "这不是表格文件，请提供 .csv 或 .xlsx", "This is no table; please give a .csv or .xlsx file"}
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	if first, _, _ := bytes.Cut(data, []byte("\n")); bytes.Count(first, []byte("\t")) > bytes.Count(first, []byte(",")) {
		r.Comma = '\t'
	}
	if line := wide(data, byte(r.Comma)); line > 0 {
		return tooWide(fmt.Sprintf("line %d", line))
	}
	t.next = func() ([]string, error) {
		cells, err := r.Read()
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			return nil, &Error{fmt.Sprintf("line %d", broken.Line), "引号不成对", "A quotation mark has no other half"}
		}
		if err == nil {
			t.line, _ = r.FieldPos(0) // a cell may hold line breaks
		}
		return cells, err
	}
	return nil
}

// wide finds a line of more columns than may be, before the reader sees it: it
// would make one string for each. Up to the first quotation mark that stands
// wrong, where the reader stops, every second one ends a quotation.
func wide(data []byte, comma byte) int {
	line, commas, quoted := 1, 0, false
	for _, b := range data {
		switch {
		case b == '"':
			quoted = !quoted
		case b == '\n':
			if line++; !quoted {
				commas = 0
			}
		case b == comma && !quoted:
			if commas++; commas == maxColumns {
				return line
			}
		}
	}
	return 0
}
