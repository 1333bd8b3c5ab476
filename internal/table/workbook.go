package table

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Limits of a workbook. A real one is packed to a tenth or a twentieth of its
// size, so that the ratio hurts nobody.
const (
	maxParts    = 10_000    // files in it
	maxUnpacked = 128 << 20 // bytes that are unpacked of it in all
	maxRatio    = 100       // bytes unpacked for each one sent,
	minUnpacked = 8 << 20   // from which on the ratio counts
	maxTexts    = 2_000_000 // texts that its cells share
	maxShared   = 64 << 20  // bytes of all of these
	maxRows     = 1 << 20   // of a sheet (Excel's own limit)
	maxToken    = 512 << 10 // bytes of one tag or text: the longest cell, each character written as a reference
	maxDepth    = 64        // elements within one another
)

// The last word of a relation's type, which Transitional and Strict share.
const (
	workbookRelation = "/officeDocument"
	sheetRelation    = "/worksheet"
	textsRelation    = "/sharedStrings"
)

// workbook reads the first sheet that is not hidden: what the person sees who
// opens it. A formula counts as the value it shows. Cells merged into one are
// refused: only the first of them has a content, which is meant for all.
func (t *Table) workbook(data []byte) error {
	b, err := openBook(data)
	if err != nil {
		return err
	}
	main, err := b.relations("")
	if err != nil {
		return err
	}
	file := main.of(workbookRelation)
	related, err := b.relations(file)
	if err != nil {
		return err
	}
	sheet, name, err := b.visible(file, related)
	if err != nil {
		return err
	}
	if texts := related.of(textsRelation); b.parts[partName(texts)] != nil { // some programs name one that they leave out
		if err := b.readTexts(texts); err != nil {
			return err
		}
	}
	p, err := b.open(sheet)
	if err != nil {
		return err
	}
	t.sheet, t.closing, t.next = name, p.Close, func() ([]string, error) { return t.row(b, p) }
	return nil
}

// book is a workbook being read.
type book struct {
	parts map[string]*zip.File
	left  uint64 // bytes that may still be unpacked
	texts []string
	cells []string // of the row being read
}

func openBook(data []byte) (*book, error) {
	if bytes.Count(data, []byte("PK\x01\x02")) > maxParts { // entries of the directory, each of which costs memory
		return nil, tooLarge()
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, unreadable()
	}
	b := &book{parts: map[string]*zip.File{}, left: min(maxUnpacked, max(minUnpacked, maxRatio*uint64(len(data))))}
	for _, f := range z.File {
		b.parts[partName(f.Name)] = f
	}
	return b, nil
}

// partName is the name that parts are known by: case does not count, and some
// programs write folders as Windows does.
func partName(name string) string {
	return strings.ToLower(strings.TrimPrefix(path.Clean("/"+strings.ReplaceAll(name, `\`, "/")), "/"))
}

func unreadable() *Error {
	return &Error{"", "打不开这个工作簿，请用 Excel 或 WPS 另存为 .xlsx", "The workbook cannot be opened; please save it as .xlsx again"}
}

func tooLarge() *Error {
	return &Error{"", "工作簿展开后过大（最多 128 MB，且不超过文件本身的 100 倍）；请只留下需要的工作表、行和列，分几次导入", "The workbook is too large once it is unpacked: it may have 128 MB then, and 100 times its own size; please keep only the sheet, rows and columns that are needed, and send it in parts"}
}

func damaged(place string) *Error {
	return &Error{place, "工作簿已损坏，请重新保存后再试", "The workbook is damaged; please save it again"}
}

// part is a part of a workbook as a stream of XML.
type part struct {
	io.Closer
	from  *meter
	xml   *xml.Decoder
	depth int
}

// meter bounds a token: xml.Decoder holds all of one, however long.
type meter struct {
	*bufio.Reader
	token int
}

// ReadByte is what xml.Decoder reads by.
func (m *meter) ReadByte() (byte, error) {
	if m.token++; m.token > maxToken {
		return 0, tooLong("")
	}
	return m.Reader.ReadByte()
}

// open begins to read a part. It counts with the size that the workbook's
// directory says; archive/zip reads no more of it than that.
func (b *book) open(name string) (*part, error) {
	f := b.parts[partName(name)]
	if f == nil {
		return nil, unreadable()
	}
	if f.UncompressedSize64 > b.left {
		return nil, tooLarge()
	}
	b.left -= f.UncompressedSize64
	r, err := f.Open()
	if err != nil {
		return nil, unreadable()
	}
	m := &meter{Reader: bufio.NewReaderSize(r, 32<<10)}
	return &part{Closer: r, from: m, xml: xml.NewDecoder(m)}, nil
}

// token returns the next token; io.EOF after the last. Errors: an *Error.
func (p *part) token() (xml.Token, error) {
	p.from.token = 0
	token, err := p.xml.Token()
	var limit *Error
	switch {
	case err == nil:
	case errors.Is(err, io.EOF), errors.As(err, &limit):
		return nil, err
	default:
		return nil, damaged("")
	}
	switch token.(type) {
	case xml.StartElement:
		if p.depth++; p.depth > maxDepth {
			return nil, damaged("")
		}
	case xml.EndElement:
		p.depth--
	}
	return token, nil
}

// each calls fn with every element of a name, "" with every one.
func (b *book) each(name, element string, fn func(*part, *xml.StartElement) error) error {
	p, err := b.open(name)
	if err != nil {
		return err
	}
	defer p.Close()
	for {
		token, err := p.token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if start, ok := token.(xml.StartElement); ok && (element == "" || start.Name.Local == element) {
			if err := fn(p, &start); err != nil {
				return err
			}
		}
	}
}

func attribute(e *xml.StartElement, name string) string {
	for i := range e.Attr {
		if e.Attr[i].Name.Local == name {
			return e.Attr[i].Value
		}
	}
	return ""
}

// relation is what a part refers to another one by.
type relation struct{ id, kind, target string }

type relations []relation

// of is the first part of a kind, or "".
func (r relations) of(kind string) string {
	for i := range r {
		if strings.HasSuffix(r[i].kind, kind) {
			return r[i].target
		}
	}
	return ""
}

// relations reads those of a part, or "" of the workbook as a whole (ECMA-376
// part 2, 9.3).
func (b *book) relations(of string) (relations, error) {
	dir, file := path.Split(of)
	var out relations
	err := b.each(dir+"_rels/"+file+".rels", "Relationship", func(_ *part, e *xml.StartElement) error {
		target := attribute(e, "Target")
		if !strings.HasPrefix(target, "/") {
			target = dir + target
		}
		out = append(out, relation{attribute(e, "Id"), attribute(e, "Type"), target})
		return nil
	})
	return out, err
}

// visible finds the first sheet that a person sees. A chart is none.
func (b *book) visible(file string, related relations) (sheet, name string, err error) {
	err = b.each(file, "", func(_ *part, e *xml.StartElement) error {
		if day0 := attribute(e, "date1904"); day0 == "1" || day0 == "true" {
			return &Error{"", "工作簿使用 1904 年日期系统，日期会差四年；请在 Excel 选项的“高级”中取消后重新填写日期", "The workbook counts its days from 1904, so that they would be four years off; please change that in Excel's advanced options and type the dates again"}
		}
		if e.Name.Local != "sheet" {
			return nil
		}
		if state := attribute(e, "state"); sheet != "" || state == "hidden" || state == "veryHidden" {
			return nil
		}
		for _, r := range related {
			if r.id == attribute(e, "id") && strings.HasSuffix(r.kind, sheetRelation) {
				sheet, name = r.target, attribute(e, "name")
			}
		}
		return nil
	})
	if err == nil && sheet == "" {
		err = &Error{"", "工作簿里没有可见的工作表", "The workbook has no visible sheet"}
	}
	return sheet, name, err
}

// readTexts reads the texts that cells refer to by their number (18.4).
func (b *book) readTexts(name string) error {
	size := 0
	return b.each(name, "si", func(p *part, _ *xml.StartElement) error {
		text, err := p.text("si", "")
		if size += len(text); err == nil && (size > maxShared || len(b.texts) == maxTexts) {
			err = tooLarge()
		}
		b.texts = append(b.texts, text)
		return err
	})
}

// text is what a cell (c) or a shared text (si) holds, up to its end. How the
// characters are pronounced (rPh) is no part of it.
func (p *part) text(element, place string) (string, error) {
	var text []byte
	taken, aside, formula, result := false, false, false, false
	for {
		token, err := p.token()
		if errors.Is(err, io.EOF) {
			err = damaged(place)
		}
		if err != nil {
			return "", err
		}
		switch x := token.(type) {
		case xml.StartElement:
			aside = aside || x.Name.Local == "rPh"
			taken = !aside && (x.Name.Local == "t" || x.Name.Local == "v")
			formula, result = formula || x.Name.Local == "f", result || taken
		case xml.EndElement:
			if x.Name.Local == element && formula && !result {
				return noResult, nil
			}
			if x.Name.Local == element {
				return unescape(string(text)), nil
			}
			taken, aside = false, aside && x.Name.Local != "rPh"
		case xml.CharData:
			if taken {
				text = append(text, x...)
			}
			if len(text) > maxToken {
				return "", tooLong(place)
			}
		}
	}
}

// escaped is a character that XML does not have (22.9.2.19).
var escaped = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

func unescape(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	return escaped.ReplaceAllStringFunc(s, func(e string) string {
		n, err := strconv.ParseUint(e[2:6], 16, 16)
		if err != nil {
			return e
		}
		return string(rune(n))
	})
}

// row reads the next row of a sheet (18.3.1.73). Rows and cells that are empty
// may be left out, so may the places of those that follow one another.
func (t *Table) row(b *book, p *part) ([]string, error) {
	b.cells = b.cells[:0]
	for inside := false; ; {
		token, err := p.token()
		if err != nil {
			return nil, t.placed(err)
		}
		switch x := token.(type) {
		case xml.StartElement:
			switch {
			case x.Name.Local == "row" && !inside:
				inside = true
				err = t.beginRow(attribute(&x, "r"))
			case x.Name.Local == "c" && inside:
				err = t.cell(b, p, &x)
			case x.Name.Local == "mergeCell":
				err = t.merged(attribute(&x, "ref"))
			}
		case xml.EndElement:
			if x.Name.Local == "row" && inside {
				return b.cells, nil
			}
		}
		if err != nil {
			return nil, err
		}
	}
}

// beginRow takes a row's number; rows only go down.
func (t *Table) beginRow(r string) error {
	line := t.line + 1
	if r != "" {
		n, err := strconv.Atoi(r)
		if err != nil || n < line {
			return damaged(t.sheet + "!" + cellName(0, line))
		}
		line = n
	}
	if t.line = line; line > maxRows {
		return damaged(t.sheet)
	}
	return nil
}

// cell adds a cell to the row being read (18.3.1.4). Cells only go right.
func (t *Table) cell(b *book, p *part, e *xml.StartElement) error {
	column := len(b.cells)
	if r := attribute(e, "r"); r != "" {
		column = columnOf(r)
	}
	place := t.sheet + "!" + cellName(column, t.line)
	text, err := p.text("c", place)
	if err != nil {
		return t.placed(err)
	}
	if attribute(e, "t") == "s" && text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n >= len(b.texts) {
			return damaged(place)
		}
		text = b.texts[n]
	}
	switch {
	case column < len(b.cells):
		return damaged(place)
	case column >= maxColumns && text != "":
		return tooWide(place)
	case column >= maxColumns:
		return nil
	}
	for len(b.cells) < column {
		b.cells = append(b.cells, "")
	}
	b.cells = append(b.cells, text)
	return nil
}

// merged refuses an area of cells merged into one (18.3.1.55), such as C3:C9, if
// it lies among the rows read and in a column that is asked for.
func (t *Table) merged(area string) error {
	from, to, _ := strings.Cut(area, ":")
	first, last := columnOf(from), columnOf(to)
	if t.at == nil || lineOf(to) <= t.head || lineOf(from) > t.last || !slices.ContainsFunc(t.at, func(at int) bool { return at >= max(0, first) && at <= last }) {
		return nil
	}
	return &Error{t.sheet + "!" + from + ":" + to, "合并的单元格只有左上角有内容，请取消合并并逐格填写", "Of cells merged into one only the first has a content; please take the merge apart and fill in each of them"}
}

// placed gives an error of a sheet the place where reading stopped.
func (t *Table) placed(err error) error {
	var e *Error
	if errors.As(err, &e) && e.Place == "" {
		return &Error{t.sheet + "!" + cellName(0, max(1, t.line)), e.ZH, e.EN}
	}
	return err
}

// columnOf is the column of a cell's name such as AB12, from 0; -1 if it has
// none. What lies past Excel's last column is as far as there.
func columnOf(name string) int {
	const last = 1 << 14
	n := 0
	for _, c := range name {
		if c < 'A' || c > 'Z' || n > last {
			break
		}
		n = n*26 + int(c-'A') + 1
	}
	return n - 1
}

// lineOf is the line of a cell's name such as AB12, or 0.
func lineOf(name string) int {
	n, err := strconv.Atoi(strings.TrimLeft(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
	if err != nil {
		return 0
	}
	return n
}

// cellName is how a sheet calls a cell: column 28 of line 12 is AC12.
func cellName(column, line int) string {
	letters := ""
	for n := column + 1; n > 0; n = (n - 1) / 26 {
		letters = string(rune('A'+(n-1)%26)) + letters
	}
	return fmt.Sprintf("%s%d", letters, line)
}
