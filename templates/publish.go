package templates

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"yinzheng"
	"yinzheng/internal/font"
	"yinzheng/internal/pdf"
)

// published is what Publish keeps of a template version: its texts with
// glyphs found and codes given, and the parts of the file that are the same in
// every certificate, laid out and compressed.
type published struct {
	tpl     *yinzheng.Template
	faces   font.Chain
	palette palette

	fixed map[rune]char // characters in the template's own fonts
	fonts []docFont     // what every certificate's fonts begin with

	subsets []*font.Subset // of fonts, and others of each face, for certificates that need one more
	others  []*font.Subset

	title  []char
	blocks []block
	notes  [][]char
	words  words
	none   []char // in an empty cell

	parts  *pdf.Block // fixed objects: colour profile and art
	seals  sync.Map   // yinzheng.SealFace → *sealPicture
	svgArt []byte
}

// words are those that stand on every certificate.
type words struct {
	number, check, how, code, address, expires []char
}

// Words of drafts, and of certificates with several pages.
const (
	laterWords   = "签发后生成"
	undatedWords = "　　年　月　日"
	sampleWords  = "样本"
)

// segment is a stretch of literal text, a field's place, or the row's number.
type segment struct {
	lit    []char
	field  *yinzheng.Field
	number bool
}

type block struct {
	when  string
	text  []segment
	facts []fact
	table *table
}

type fact struct {
	when  string
	label []char
	text  []segment
	half  bool
	lines int // at least
}

type table struct {
	rows    string
	columns []column
}

type column struct {
	head     []char
	text     []segment
	x, width float64
	align    align
}

// alwaysFixed are characters that nearly every certificate has in its values:
// kept with the template's own, they are compressed once for all. They come
// before these, for those narrower than a hanzi should be together: widths
// that are all the same to the end need not be written in a font.
const alwaysFixed = "0123456789X.:/年月日，。"

// compile prepares a template's texts. The error lists the characters that no
// face holds, by the path of the text.
func compile(t *yinzheng.Template, faces font.Chain) (*published, error) {
	c := &compiler{p: &published{tpl: t, faces: faces, palette: paletteOf(t.Code), fixed: map[rune]char{}}}
	c.head()
	for i := range t.Page.Body {
		if err := c.block(&t.Page.Body[i], fmt.Sprintf("page.body[%d]", i)); err != nil {
			return nil, err
		}
	}
	if len(c.missing) > 0 {
		return nil, &yinzheng.Error{
			Kind:   yinzheng.ErrInvalid,
			Text:   yinzheng.Text{ZH: "模板文字中有字库没有的字", EN: "The template's text has characters that no font holds"},
			Fields: c.missing,
		}
	}
	return c.p, nil
}

type compiler struct {
	p       *published
	missing []yinzheng.FieldError
}

func (c *compiler) head() {
	p, page := c.p, &c.p.tpl.Page
	word := func(s string) []char { return c.chars(s, "page") }
	word(alwaysFixed)
	p.title = c.chars(page.Title, "page.title")
	for i, note := range page.Notes {
		p.notes = append(p.notes, c.chars(note, fmt.Sprintf("page.notes[%d]", i)))
	}
	p.none = word("／")
	p.words = words{
		number: word("编号："), check: word("扫码核验"), how: word("请扫码或登录网址核验。"),
		code: word("验证码："), address: word("网址："), expires: word("有效期至："),
	}
}

// chars prepares literal text.
func (c *compiler) chars(s, path string) []char {
	var cs []char
	for _, r := range s {
		ch, ok := c.find(r)
		if !ok {
			c.missing = append(c.missing, MissingGlyph(path, r))
			continue
		}
		cs = append(cs, ch)
	}
	return cs
}

func (c *compiler) find(r rune) (char, bool) {
	p := c.p
	if ch, ok := p.fixed[r]; ok {
		return ch, true
	}
	face, gid, ok := p.faces.Find(r)
	if !ok {
		return char{}, false
	}
	n := 0
	for n < len(p.fonts) && int(p.fonts[n].face) != face {
		n++
	}
	if n == len(p.fonts) {
		p.fonts = append(p.fonts, docFont{face: uint8(face)})
	}
	ch := p.fonts[n].add(r, uint8(n), gid, p.faces[face].Advance(gid))
	p.fixed[r] = ch
	return ch, true
}

func (c *compiler) block(b *yinzheng.Block, path string) (err error) {
	out := block{when: b.When}
	switch {
	case b.Table != nil:
		out.table, err = c.table(b.Table, path+".table")
	case len(b.Facts) > 0:
		out.facts, err = c.facts(b.Facts, path)
	default:
		out.text, err = c.segments(b.Text, c.p.tpl.Fields, path+".text")
	}
	c.p.blocks = append(c.p.blocks, out)
	return err
}

func (c *compiler) facts(facts []yinzheng.Fact, path string) ([]fact, error) {
	out := make([]fact, 0, len(facts))
	for i, f := range facts {
		p := fmt.Sprintf("%s.facts[%d]", path, i)
		text, err := c.segments(f.Text, c.p.tpl.Fields, p+".text")
		if err != nil {
			return nil, err
		}
		out = append(out, fact{when: f.When, label: c.chars(f.Label, p+".label"), text: text, half: f.Half, lines: f.Lines})
	}
	return out, nil
}

func (c *compiler) table(t *yinzheng.Table, path string) (*table, error) {
	list := c.p.tpl.Field(t.Rows)
	if list == nil {
		return nil, absentField(path+".rows", t.Rows)
	}
	total := 0
	for _, col := range t.Columns {
		total += col.Width
	}
	out := &table{rows: t.Rows}
	x := bodyLeft
	for i, col := range t.Columns {
		p := fmt.Sprintf("%s.columns[%d]", path, i)
		text, err := c.segments(col.Text, list.Fields, p+".text")
		if err != nil {
			return nil, err
		}
		w := bodyWidth * float64(col.Width) / float64(max(total, 1))
		out.columns = append(out.columns, column{head: c.chars(col.Head, p+".head"), text: text, x: x, width: w, align: centred})
		x += w
	}
	return out, nil
}

// segments cuts a text at its placeholders.
func (c *compiler) segments(s string, fields []yinzheng.Field, path string) ([]segment, error) {
	var out []segment
	for s != "" {
		lit, rest, found := strings.Cut(s, "{")
		if lit != "" {
			out = append(out, segment{lit: c.chars(lit, path)})
		}
		if !found {
			break
		}
		key, after, closed := strings.Cut(rest, "}")
		if !closed {
			return nil, absentField(path, rest)
		}
		seg, err := placeholder(key, fields, path)
		if err != nil {
			return nil, err
		}
		out, s = append(out, seg), after
	}
	return out, nil
}

func placeholder(key string, fields []yinzheng.Field, path string) (segment, error) {
	if key == "#" {
		return segment{number: true}, nil
	}
	for i := range fields {
		if fields[i].Key == key {
			return segment{field: &fields[i]}, nil
		}
	}
	return segment{}, absentField(path, key)
}

func absentField(path, key string) error {
	text := yinzheng.Text{ZH: "没有名为 " + key + " 的字段", EN: "there is no field " + key}
	return &yinzheng.Error{
		Kind:   yinzheng.ErrInvalid,
		Text:   yinzheng.Text{ZH: "模板版面有误", EN: "The template's page cannot be set"},
		Fields: []yinzheng.FieldError{{Field: path, Code: "absent-field", Text: text}},
	}
}

func itoa(n int) string { return strconv.Itoa(n) }

// chineseDate writes a date as on paper: 2026年11月2日.
func chineseDate(t time.Time) string {
	t = t.In(yinzheng.Zone)
	b := make([]byte, 0, 24)
	b = strconv.AppendInt(b, int64(t.Year()), 10)
	b = append(b, "年"...)
	b = strconv.AppendInt(b, int64(t.Month()), 10)
	b = append(b, "月"...)
	b = strconv.AppendInt(b, int64(t.Day()), 10)
	return string(append(b, "日"...))
}

// publicURL is the address in a QR code without the token's part.
func publicURL(prefix string) string { return strings.TrimSuffix(prefix, "#") }
