package templates

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"

	"yinzheng"
	"yinzheng/internal/font"
	"yinzheng/internal/pdf"
)

// Preview implements yinzheng.Renderer. A glyph that is wanting shows as 〓.
func (t *Typesetter) Preview(in *yinzheng.Sheet, format, focus string) ([]byte, error) {
	pub, st, err := t.template(in.Template)
	if err != nil {
		return nil, err
	}
	return t.preview(pub, st, in, format, focus)
}

// Trial is Preview for a template in the making, which stays unpublished: nothing
// is kept of it. The error is that of Publish for a page that cannot be set.
func (t *Typesetter) Trial(in *yinzheng.Sheet, format, focus string) ([]byte, error) {
	st := t.state.Load()
	pub, err := publish(in.Template, st.faces)
	if err != nil {
		return nil, err
	}
	return t.preview(pub, st, in, format, focus)
}

func (t *Typesetter) preview(pub *published, st *state, in *yinzheng.Sheet, format, focus string) ([]byte, error) {
	s := t.sheet(pub, in)
	defer t.free(s)
	s.draft = true
	s.set()
	switch format {
	case "svg":
		return s.svg(st.outlines, focus), nil
	case "pdf":
		s.shape(sampleWords, noField) // its glyphs, before the fonts are written
		file, _, _, err := s.document(nil)
		if err != nil {
			return nil, fmt.Errorf("templates: writing the preview: %w", err)
		}
		return bytes.Clone(file), nil
	}
	return nil, &yinzheng.Error{Kind: yinzheng.ErrInvalid, Text: yinzheng.Text{
		ZH: "预览格式应为 svg 或 pdf", EN: "the format of a preview is svg or pdf",
	}}
}

// outlines are glyphs as SVG paths, drawn once for a chain of faces.
type outlines struct {
	faces font.Chain
	drawn sync.Map // uint32, face and glyph → string
}

// path is a glyph as a <path> element, in 1/1000 em with y upwards.
func (o *outlines) path(face uint8, gid uint16) string {
	key := uint32(face)<<16 | uint32(gid)
	if p, ok := o.drawn.Load(key); ok {
		return p.(string)
	}
	pen := svgPen{b: fmt.Appendf(nil, `<path id="%s" d="`, glyphID(face, gid))}
	_ = o.faces[face].Outline(gid, &pen) // what can be read of a broken glyph is drawn
	p := string(append(pen.b, `"/>`...))
	o.drawn.Store(key, p)
	return p
}

// glyphID is the same in every page of every template, as its outline is.
func glyphID(face uint8, gid uint16) string { return fmt.Sprintf("g%d-%d", face, gid) }

// svgPen writes path data with relative coordinates, the shortest there are.
type svgPen struct {
	b    []byte
	x, y int
}

// MoveTo, LineTo, QuadTo and Close make an svgPen a font.Pen.
func (p *svgPen) MoveTo(x, y float64) { p.op('M', x, y); p.at(x, y) }

// LineTo draws a line.
func (p *svgPen) LineTo(x, y float64) { p.relative('l', x, y); p.at(x, y) }

// QuadTo draws a quadratic curve.
func (p *svgPen) QuadTo(cx, cy, x, y float64) {
	p.relative('q', cx, cy)
	p.b = append(p.b, ' ')
	p.pair(round(x)-p.x, round(y)-p.y)
	p.at(x, y)
}

// Close ends a contour.
func (p *svgPen) Close() { p.b = append(p.b, 'z') }

func (p *svgPen) at(x, y float64) { p.x, p.y = round(x), round(y) }

func (p *svgPen) op(c byte, x, y float64) {
	p.b = append(p.b, c)
	p.pair(round(x), round(y))
}

func (p *svgPen) relative(c byte, x, y float64) {
	p.b = append(p.b, c)
	p.pair(round(x)-p.x, round(y)-p.y)
}

// pair writes two numbers; a minus sign parts them as well as a space.
func (p *svgPen) pair(x, y int) {
	p.b = strconv.AppendInt(p.b, int64(x), 10)
	if y >= 0 {
		p.b = append(p.b, ' ')
	}
	p.b = strconv.AppendInt(p.b, int64(y), 10)
}

func round(v float64) int { return int(math.Round(v)) }

// The size of a page, A4 in points.
const (
	svgWidth  = "595.28"
	svgHeight = 841.89
)

// svg writes the pages below one another, in one document.
func (s *sheet) svg(o *outlines, focus string) []byte {
	lit := s.litField(focus)
	from, to := s.shape(sampleWords, noField)
	w := svgWriter{s: s, outlines: o, lit: lit, seen: map[uint32]bool{}}
	if s.pages > 1 {
		w.f(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s">`, svgWidth, strconv.FormatFloat(svgHeight*float64(s.pages), 'f', 2, 64))
	}
	for page := range s.pages {
		w.page = int16(page)
		w.defs(from, to)
		w.draw(from, to)
	}
	if s.pages > 1 {
		w.b = append(w.b, "</svg>\n"...)
	}
	return w.b
}

// litField finds the field with a path, which may come without "values.".
func (s *sheet) litField(focus string) int16 {
	if focus == "" {
		return noField - 1
	}
	focus = "values." + strings.TrimPrefix(focus, "values.")
	for i, f := range s.fields {
		if f == focus {
			return int16(i)
		}
	}
	return noField - 1
}

type svgWriter struct {
	s        *sheet
	outlines *outlines
	page     int16
	lit      int16
	seen     map[uint32]bool
	b        []byte
}

func (w *svgWriter) f(format string, args ...any) { w.b = fmt.Appendf(w.b, format, args...) }

// defs opens the page and defines the glyphs that it uses.
func (w *svgWriter) defs(from, to int) {
	w.f(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s 841.89"`, svgWidth)
	if w.s.pages > 1 {
		w.f(` width="%s" height="841.89" y="%.2f"`, svgWidth, svgHeight*float64(w.page))
	}
	w.f(` role="img" aria-label="%s（样本）第%d页" data-page="%d"><defs>`, escape(w.s.pub.tpl.Page.Title), w.page+1, w.page+1)
	for i := from; i < to; i++ {
		w.glyph(&w.s.chars[i])
	}
	for i := range w.s.runs {
		r := &w.s.runs[i]
		if r.page != w.page {
			continue
		}
		for _, g := range w.s.glyphs[r.from:r.to] {
			w.glyph(&w.s.chars[g.char])
		}
	}
	w.b = append(w.b, "</defs>"...)
}

func (w *svgWriter) glyph(c *char) {
	key := uint32(c.face)<<16 | uint32(c.gid)
	if !w.seen[key] {
		w.seen[key] = true
		w.b = append(w.b, w.outlines.path(c.face, c.gid)...)
	}
}

func (w *svgWriter) draw(from, to int) {
	s := w.s
	w.b = append(w.b, `<rect width="595.28" height="841.89" fill="#fff"/>`...)
	if w.page == 0 {
		w.f(`<g id="art">`)
		w.b = append(append(w.b, s.pub.svgArt...), "</g>"...)
	} else {
		w.f(`<use href="#art"/>`)
	}
	for _, f := range s.fills {
		if f.page == w.page {
			w.f(`<rect x="%.2f" y="%.2f" width="%.2f" height="%.2f" fill="%s"/>`, f.x, f.y, f.w, f.h, s.pub.palette.wash.hex())
		}
	}
	w.watermark(from, to)
	w.light()
	for i := range s.rules {
		w.rule(&s.rules[i])
	}
	for i := range s.runs {
		if s.runs[i].page == w.page {
			w.run(&s.runs[i])
		}
	}
	w.places()
	w.b = append(w.b, "</svg>\n"...)
}

func (w *svgWriter) watermark(from, to int) {
	w.b = append(w.b, `<g fill="#e2e2e2">`...)
	for _, at := range watermarks {
		w.f(`<g transform="translate(%.0f %.0f) rotate(-30) scale(%.3f -%.3f)">`, at[0], at[1], watermarkSize/fullEm, watermarkSize/fullEm)
		for i := from; i < to; i++ {
			c := &w.s.chars[i]
			w.f(`<use href="#%s" x="%d"/>`, glyphID(c.face, c.gid), (i-from)*fullEm)
		}
		w.b = append(w.b, "</g>"...)
	}
	w.b = append(w.b, "</g>"...)
}

// light marks where the field in focus stands.
func (w *svgWriter) light() {
	for i := range w.s.runs {
		r := &w.s.runs[i]
		if r.page != w.page || r.field != w.lit {
			continue
		}
		last := w.s.glyphs[r.to-1]
		end := float64(last.x) + float64(w.s.chars[last.char].adv)*r.size/fullEm
		w.f(`<rect class="focus" x="%.2f" y="%.2f" width="%.2f" height="%.2f" rx="2" fill="#ffe58a"/>`,
			r.x-2, r.y-r.size, end-r.x+4, r.size*1.3)
	}
}

func (w *svgWriter) rule(r *rule) {
	if r.page != w.page {
		return
	}
	colour := "#404040"
	if r.tint {
		colour = w.s.pub.palette.rule.hex()
	}
	w.f(`<path d="M%.2f %.2fL%.2f %.2f" stroke="%s" stroke-width="%.2f"/>`, r.x0, r.y0, r.x1, r.y1, colour, r.width)
}

// run draws characters as their outlines, so that the page looks the same
// wherever it is shown.
func (w *svgWriter) run(r *run) {
	k := r.size / fullEm
	w.b = append(w.b, "<g"...)
	if r.field != noField {
		w.f(` data-field="%s"`, escape(w.s.fields[r.field]))
	}
	if r.grey {
		w.b = append(w.b, ` fill="#333"`...)
	}
	if r.bold {
		w.f(` stroke="#000" stroke-width="%.0f"`, boldness*fullEm)
	}
	w.f(` transform="translate(%.2f %.2f) scale(%.4f -%.4f)">`, w.s.glyphs[r.from].x, r.y, k, k)
	for _, g := range w.s.glyphs[r.from:r.to] {
		c := &w.s.chars[g.char]
		if c.class == space {
			continue
		}
		w.b = append(w.b, `<use href="#g`...)
		w.b = strconv.AppendInt(w.b, int64(c.face), 10)
		w.b = append(w.b, '-')
		w.b = strconv.AppendInt(w.b, int64(c.gid), 10)
		if x := round(float64(g.x-w.s.glyphs[r.from].x) / k); x != 0 {
			w.b = append(w.b, `" x="`...)
			w.b = strconv.AppendInt(w.b, int64(x), 10)
		}
		w.b = append(w.b, `"/>`...)
	}
	w.b = append(w.b, "</g>"...)
}

// places shows where code and seal will be.
func (w *svgWriter) places() {
	const dashed = `fill="none" stroke-width="0.8" stroke-dasharray="4 3"`
	if f := w.s.qr; f.there && f.page == w.page {
		w.f(`<rect x="%.2f" y="%.2f" width="%.2f" height="%.2f" stroke="#888" %s/>`, f.x-f.half, f.y-f.half, 2*f.half, 2*f.half, dashed)
	}
	if f := w.s.seal; f.there && f.page == w.page {
		w.f(`<circle cx="%.2f" cy="%.2f" r="%.2f" stroke="%s" %s/>`, f.x, f.y, f.half, sealRed.hex(), dashed)
	}
}

func (c rgb) hex() string { return fmt.Sprintf("#%02x%02x%02x", c.r, c.g, c.b) }

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

func escape(s string) string { return escaper.Replace(s) }

// svgArt turns the art's content stream into SVG. It knows the operators that
// drawArt gives rise to. A path that is drawn many times is defined once.
func svgArt(content []byte) []byte {
	a := artConverter{ids: map[string]int{}}
	a.state.m = [6]float64{1, 0, 0, 1, 0, 0}
	for _, word := range bytes.Fields(content) {
		if v, err := strconv.ParseFloat(string(word), 64); err == nil {
			a.operands = append(a.operands, v)
			continue
		}
		a.operator(string(word))
		a.operands = a.operands[:0]
	}
	out := []byte("<defs>")
	out = append(append(out, a.defs...), `</defs><g fill="none" transform="matrix(1 0 0 -1 0 841.89)">`...)
	return append(append(out, a.uses...), "</g>"...)
}

type artState struct {
	m            [6]float64
	stroke, fill string
	width        float64
}

type artConverter struct {
	operands   []float64
	state      artState
	stack      []artState
	path       []byte
	ids        map[string]int
	defs, uses []byte
}

func (a *artConverter) operator(op string) {
	v := a.operands
	switch op {
	case "q":
		a.stack = append(a.stack, a.state)
	case "Q":
		a.state = a.stack[len(a.stack)-1]
		a.stack = a.stack[:len(a.stack)-1]
	case "cm":
		a.concat(v)
	case "w":
		a.state.width = v[0]
	case "RG":
		a.state.stroke = hexColour(v)
	case "rg":
		a.state.fill = hexColour(v)
	case "G":
		a.state.stroke = hexColour([]float64{v[0], v[0], v[0]})
	case "g":
		a.state.fill = hexColour([]float64{v[0], v[0], v[0]})
	case "m", "l", "c":
		a.path = append(a.path, strings.ToUpper(op)...)
		a.numbers(v)
	case "re":
		a.path = append(a.path, 'M')
		a.numbers(v[:2])
		a.path = append(a.path, 'h')
		a.numbers(v[2:3])
		a.path = append(a.path, 'v')
		a.numbers(v[3:4])
		a.path = append(a.path, 'h')
		a.numbers([]float64{-v[2]})
		a.path = append(a.path, 'z')
	case "S", "B":
		a.paint(op == "B")
	}
}

func hexColour(v []float64) string {
	c := func(x float64) uint8 { return uint8(math.Round(x * 255)) }
	return rgb{c(v[0]), c(v[1]), c(v[2])}.hex()
}

func (a *artConverter) concat(v []float64) {
	m := a.state.m
	a.state.m = [6]float64{
		v[0]*m[0] + v[1]*m[2], v[0]*m[1] + v[1]*m[3],
		v[2]*m[0] + v[3]*m[2], v[2]*m[1] + v[3]*m[3],
		v[4]*m[0] + v[5]*m[2] + m[4], v[4]*m[1] + v[5]*m[3] + m[5],
	}
}

func (a *artConverter) numbers(v []float64) {
	for i, x := range v {
		if i > 0 {
			a.path = append(a.path, ' ')
		}
		a.path = pdf.AppendReal(a.path, x)
	}
}

func (a *artConverter) paint(filled bool) {
	id, ok := a.ids[string(a.path)]
	if !ok {
		id = len(a.ids)
		a.ids[string(a.path)] = id
		a.defs = fmt.Appendf(a.defs, `<path id="a%d" d="%s"/>`, id, a.path)
	}
	a.path = a.path[:0]
	s := &a.state
	a.uses = fmt.Appendf(a.uses, `<use href="#a%d" stroke="%s" stroke-width="%.2f"`, id, s.stroke, s.width)
	if filled {
		a.uses = fmt.Appendf(a.uses, ` fill="%s"`, s.fill)
	}
	if m := s.m; m != [6]float64{1, 0, 0, 1, 0, 0} {
		a.uses = fmt.Appendf(a.uses, ` transform="matrix(%.4g %.4g %.4g %.4g %.2f %.2f)"`, m[0], m[1], m[2], m[3], m[4], m[5])
	}
	a.uses = append(a.uses, "/>"...)
}
