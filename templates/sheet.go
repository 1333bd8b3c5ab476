package templates

import (
	"yinzheng"
	"yinzheng/internal/qr"
)

// The page, in points, y downwards from its top; A4.
const (
	mm         = 72 / 25.4
	pageWidth  = 595.28
	pageHeight = 841.89

	bodyWidth  = 27 * textSize // a line of the body holds 27 hanzi
	bodyLeft   = (pageWidth - bodyWidth) / 2
	bodyRight  = bodyLeft + bodyWidth
	firstTop   = 73 * mm // where the body begins on the first page
	laterTop   = 29 * mm
	pageBottom = pageHeight - 29*mm // where it ends on a page with another to follow
	footBottom = pageHeight - 21*mm

	titleBase  = 51 * mm
	numberBase = 61.5 * mm

	textSize  = 16.0
	cellSize  = 12.0
	smallSize = 8.5
	titleSize = 29.0
)

// sheet is one page, or two, on the way from values to bytes: characters,
// broken into lines, put into place as runs, rules and boxes. The lists at the
// end are the display list that the PDF and the SVG writer share; each run
// knows the field it came from. Sheets are pooled, so that a certificate
// allocates next to nothing.
type sheet struct {
	pub   *published
	in    *yinzheng.Sheet
	draft bool // a preview: what is empty or has no glyph shows, and stops nothing
	plain bool // a draft for the files: no ornament, no place for seal and code

	fonts   []docFont // the document's: those that the template's text needs first
	dynamic map[rune]char
	fields  []string // paths of the fields met
	path    []byte
	missing []yinzheng.FieldError

	chars []char
	lines []line
	paras []para
	rows  []row
	cells []cell
	units []unit

	pages  int
	glyphs []placed
	runs   []run
	tags   []tag
	rules  []rule
	fills  []fill
	qr     figure
	seal   figure

	code     *qr.Code
	codeMark int // the code's MCID
	out      output
}

// docFont is a subset on the way into the document: the glyphs of one face
// that it uses, those of the template first.
type docFont struct {
	face  uint8
	gids  []uint16
	chars []rune
	advs  []uint16
}

// para is a broken paragraph in its box: a body paragraph, or what is in a cell.
type para struct {
	from, to int // in lines
	x, width float64
	size     float64
	align    align
	filled   bool
	bold     bool
	grey     bool
}

type align uint8

const (
	justified align = iota
	left
	centred
)

// row is one line of a table; its cells' contents are paragraphs.
type row struct {
	from, to int // in cells
	lines    int // of its tallest cell
	block    int
	head     bool
}

type cell struct {
	para     int
	x, width float64
	label    bool // a heading: of a column, or of a fact
}

// unit is what cannot be divided between pages: a line or a table's row.
type unit struct {
	kind    unitKind
	index   int // in lines or rows
	para    int
	block   int
	base    float64 // height at the least, space before included
	stretch float64 // what it may grow by
	before  float64 // of base, the space above
	grow    float64 // of stretch, the part that is space above
	keep    bool    // stays with the unit after it
}

type unitKind uint8

const (
	lineUnit unitKind = iota
	rowUnit
)

// placed is a character in its place: x of its origin, in points.
type placed struct {
	char int32
	x    float32
}

// run is characters of one style and one field on one line.
type run struct {
	from, to int // in glyphs
	x, y     float64
	size     float64
	spacing  float64 // what justification added after most characters, in points
	page     int16
	field    int16
	bold     bool
	grey     bool
	gappy    bool // some space in it could be taken for a word's end
	artifact bool
}

// tag is an event of the logical structure, in reading order.
type tag struct {
	kind       tagKind
	page       int16
	from, to   int // runs that are the open element's content
	role, attr string
	alt        string
}

type tagKind uint8

const (
	beginTag tagKind = iota
	endTag
	runsTag
	codeTag // the QR code is the open element's content
	sealTag // the signature's widget is
)

type rule struct {
	x0, y0, x1, y1, width float64
	page                  int16
	tint                  bool // in the template's colour, else grey
	field                 int16
}

type fill struct {
	x, y, w, h float64
	page       int16
}

// figure is a square picture's place: its middle and half its side.
type figure struct {
	x, y, half float64
	page       int16
	there      bool
}

func newSheet() *sheet { return &sheet{dynamic: map[rune]char{}} }

// begin makes an empty sheet one of a template.
func (s *sheet) begin(pub *published, in *yinzheng.Sheet) {
	s.pub, s.in = pub, in
	for i := range pub.fonts {
		own := &pub.fonts[i]
		s.growFonts(own.face)
		f := &s.fonts[i]
		f.gids, f.chars, f.advs = append(f.gids, own.gids...), append(f.chars, own.chars...), append(f.advs, own.advs...)
	}
}

func (s *sheet) reset() {
	s.pub, s.in, s.code, s.draft, s.plain = nil, nil, nil, false, false
	for i := range s.fonts {
		f := &s.fonts[i]
		f.gids, f.chars, f.advs = f.gids[:0], f.chars[:0], f.advs[:0]
	}
	clear(s.dynamic)
	s.fonts, s.fields, s.missing = s.fonts[:0], s.fields[:0], s.missing[:0]
	s.chars, s.lines, s.paras = s.chars[:0], s.lines[:0], s.paras[:0]
	s.rows, s.cells, s.units = s.rows[:0], s.cells[:0], s.units[:0]
	s.pages, s.qr, s.seal = 0, figure{}, figure{}
	s.glyphs, s.runs, s.tags = s.glyphs[:0], s.runs[:0], s.tags[:0]
	s.rules, s.fills = s.rules[:0], s.fills[:0]
}
