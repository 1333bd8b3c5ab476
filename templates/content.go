package templates

import (
	"math"

	"yinzheng/internal/pdf"
)

// content writes one page's content stream. What is no content (art, rules,
// repeated heads, page numbers, the seal across the edges) is marked as an
// artifact; the rest carries the marks that the logical structure refers to.
type content struct {
	b []byte

	// What the graphics state holds.
	font    uint8
	spacing float64
	bold    bool
	grey    bool
	begun   bool
}

func (c *content) raw(s string) { c.b = append(c.b, s...) }

func (c *content) reals(op string, vs ...float64) {
	for _, v := range vs {
		c.b = pdf.AppendReal(c.b, v)
		c.b = append(c.b, ' ')
	}
	c.raw(op)
}

func (c *content) colour(v rgb, op string) {
	c.b = v.append(c.b)
	c.raw(op)
}

// page writes everything on page n; tags continues where the page before
// ended and returns where this one does.
func (c *content) page(s *sheet, n, tag int) int {
	c.begun = false
	c.raw("/Artifact BMC\n")
	if !s.plain {
		c.raw("/A Do\n")
	}
	c.fills(s, n)
	if s.draft && !s.plain {
		c.watermark(s)
	}
	c.raw("EMC\n")
	tag = c.tagged(s, n, tag)
	c.raw("/Artifact BMC\n")
	c.rules(s, n)
	for i := range s.runs {
		if r := &s.runs[i]; r.artifact && int(r.page) == n {
			c.run(s, r)
		}
	}
	switch {
	case s.plain:
	case s.draft:
		c.waiting(s, n)
	case s.pages > 1:
		c.edgeSeal(s, n)
	}
	c.raw("EMC")
	return tag
}

func (c *content) fills(s *sheet, n int) {
	any := false
	for _, f := range s.fills {
		if int(f.page) != n {
			continue
		}
		if !any {
			c.colour(s.pub.palette.wash, "rg\n")
			any = true
		}
		c.reals("re f\n", f.x, pageHeight-f.y-f.h, f.w, f.h)
	}
	if any {
		c.raw("0 g\n")
	}
}

func (c *content) rules(s *sheet, n int) {
	tint, width := false, -1.0
	c.raw("0.25 G ")
	for i := range s.rules {
		r := &s.rules[i]
		if int(r.page) != n {
			continue
		}
		if r.tint != tint {
			if tint = r.tint; tint {
				c.colour(s.pub.palette.rule, "RG ")
			} else {
				c.raw("0.25 G ")
			}
		}
		if r.width != width {
			width = r.width
			c.reals("w ", width)
		}
		c.reals("m ", r.x0, pageHeight-r.y0)
		c.reals("l S\n", r.x1, pageHeight-r.y1)
	}
}

// tagged writes the page's marked content and its part of the structure.
func (c *content) tagged(s *sheet, n, tag int) int {
	st := &s.out.structure
	for ; tag < len(s.tags); tag++ {
		t := &s.tags[tag]
		if t.kind > endTag && int(t.page) != n {
			break
		}
		switch t.kind {
		case beginTag:
			st.Begin(t.role, t.alt, t.attr)
		case endTag:
			st.End()
		case runsTag:
			c.open("/P", st.Mark())
			for i := t.from; i < t.to; i++ {
				c.run(s, &s.runs[i])
			}
			c.raw("EMC\n")
		case codeTag:
			if s.code != nil {
				s.codeMark = st.Mark()
			}
		case sealTag:
			if !s.draft {
				st.Object(widgetObject)
			}
		}
	}
	return tag
}

func (c *content) open(role string, mcid int) {
	c.raw(role)
	c.raw("<</MCID ")
	c.b = pdf.AppendInt(c.b, mcid)
	c.raw(">>BDC\n")
}

// run writes characters of one style. Each stands where the layout put it: by
// its advance and the spacing, corrected where they would put it elsewhere.
func (c *content) run(s *sheet, r *run) {
	if r.gappy {
		c.actualText(s, r)
	}
	c.raw("BT ")
	c.style(r)
	gs := s.glyphs[r.from:r.to]
	c.reals("Td ", float64(gs[0].x), pageHeight-r.y)
	c.font = 255
	pen := float64(gs[0].x)
	for _, g := range gs {
		ch := &s.chars[g.char]
		fresh := ch.font != c.font
		if fresh {
			c.endShow()
			c.selectFont(ch.font, r.size)
			c.raw("[<")
		}
		if by := float64(g.x) - pen; math.Abs(by) > 0.015 {
			n := -math.Round(by * fullEm / r.size)
			if fresh {
				c.b = c.b[:len(c.b)-1]
			} else {
				c.raw(">")
			}
			c.b = pdf.AppendInt(c.b, int(n))
			c.raw("<")
			pen -= n * r.size / fullEm
		}
		c.b = pdf.AppendHex16(c.b, ch.code)
		pen += float64(ch.adv)*r.size/fullEm + r.spacing
	}
	c.endShow()
	c.raw("ET\n")
	if r.gappy {
		c.raw("EMC\n")
	}
}

// endShow ends the showing of text in the font selected, if one is.
func (c *content) endShow() {
	if c.font != 255 {
		c.raw(">]TJ ")
	}
}

func (c *content) selectFont(n uint8, size float64) {
	c.font = n
	c.b = append(c.b, '/', 'F')
	c.b = pdf.AppendInt(c.b, int(n))
	c.b = append(c.b, ' ')
	c.reals("Tf", size)
}

// style sets what differs from the run before. Bold is the regular face with
// its outline drawn too.
func (c *content) style(r *run) {
	if !c.begun || r.spacing != c.spacing {
		c.spacing = r.spacing
		c.reals("Tc ", r.spacing)
	}
	if r.grey != c.grey || !c.begun {
		c.grey = r.grey
		if r.grey {
			c.raw("0.2 g ")
		} else {
			c.raw("0 g ")
		}
	}
	if r.bold != c.bold || !c.begun {
		c.bold = r.bold
		if r.bold {
			c.reals("w 0 G 2 Tr ", r.size*boldness)
		} else {
			c.raw("0 Tr ")
		}
	}
	c.begun = true
}

// boldness is how much wider strokes get, as a part of the size.
const boldness = 0.028

// actualText says what a run with wide spaces reads as, so that none of them
// is taken for the end of a word.
func (c *content) actualText(s *sheet, r *run) {
	c.raw("/Span<</ActualText<FEFF")
	for _, g := range s.glyphs[r.from:r.to] {
		c.b = pdf.AppendRune16(c.b, s.chars[g.char].r)
	}
	c.raw(">>>BDC ")
}

// code writes the content stream, object n, that draws the QR code: a
// rectangle for each run of modules, on white. It follows the page's other.
func (s *sheet) writeCode(w *pdf.Writer, n int) {
	f := &s.qr
	module := 2 * f.half / float64(s.code.Size)
	x, y := f.x-f.half, pageHeight-(f.y-f.half)
	quiet := 4 * module
	c := content{b: s.out.content[:0]}
	c.open("/Figure", s.codeMark)
	c.raw("q 1 g ")
	c.reals("re f 0 g ", x-quiet, y-2*f.half-quiet, 2*f.half+2*quiet, 2*f.half+2*quiet)
	c.b = appendScale(c.b, module)
	c.b = append(c.b, " 0 0 -"...)
	c.b = appendScale(c.b, module)
	c.b = append(c.b, ' ')
	c.reals("cm\n", x, y)
	s.out.content = c.b

	s.out.runs = s.out.runs[:0]
	s.code.Runs(func(x, y, n int) bool {
		s.out.runs = append(s.out.runs, pdf.Run{X: uint8(x), Y: uint8(y), N: uint8(n)})
		return true
	})
	w.Runs(n, c.b, s.out.runs, "f Q EMC")
}

// appendScale appends a factor with five decimals, so that 80 modules do not
// add up to an error.
func appendScale(b []byte, v float64) []byte {
	n := int(math.Round(v * 100000))
	b = pdf.AppendInt(b, n/100000)
	b = append(b, '.')
	for d := 10000; d > 0; d /= 10 {
		b = append(b, byte('0'+n/d%10))
	}
	return b
}

// edgeSeal draws this page's slice of the seal across the pages' edges
// (骑缝章) at the right edge: the pages fanned out show it whole.
func (c *content) edgeSeal(s *sheet, n int) {
	slice := 2 * sealHalf / float64(s.pages)
	x, y := pageWidth-slice, pageHeight/2-sealHalf
	c.raw("q ")
	c.reals("re W n 1 0 0 1 ", x, y, slice, 2*sealHalf)
	c.reals("cm/S Do Q\n", x-float64(n)*slice, y)
}

// watermark sets 样本 across a draft's page.
func (c *content) watermark(s *sheet) {
	c.raw("q 0.9 g BT 0 Tr 0 Tc ")
	from, to := s.shape(sampleWords, noField)
	for _, at := range watermarks {
		const cos, sin = 0.866, 0.5
		c.reals("Tm ", cos, sin, -sin, cos, at[0], pageHeight-at[1])
		for i := from; i < to; i++ {
			c.selectFont(s.chars[i].font, watermarkSize)
			c.raw("<")
			c.b = pdf.AppendHex16(c.b, s.chars[i].code)
			c.raw(">Tj ")
		}
	}
	c.raw("ET Q\n")
}

// waiting shows where code and seal will be.
func (c *content) waiting(s *sheet, n int) {
	c.raw("q 0.8 w [4 3] 0 d 0.55 G ")
	if f := s.qr; f.there && int(f.page) == n {
		c.reals("re S ", f.x-f.half, pageHeight-f.y-f.half, 2*f.half, 2*f.half)
	}
	if f := s.seal; f.there && int(f.page) == n {
		c.colour(sealRed, "RG ")
		c.reals("cm ", 1, 0, 0, 1, f.x, pageHeight-f.y)
		c.b = appendCircle(c.b, f.half)
		c.raw("s ")
	}
	c.raw("Q\n")
}

const watermarkSize = 64.0

// watermarks are the places of 样本: x and y of the first character's origin.
var watermarks = [...][2]float64{
	{110, 260}, {350, 200}, {90, 470}, {340, 410}, {110, 680}, {350, 620},
}
