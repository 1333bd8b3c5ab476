package templates

import (
	"bytes"
	"hash/fnv"
	"math"
	"strconv"
	"sync"

	"github.com/jung-kurt/gofpdf"

	"yinzheng/internal/pdf"
)

// rgb is a colour of 8-bit sRGB components.
type rgb struct{ r, g, b uint8 }

// palette is the two tints of one item's art: line for the band around the
// page, wash for the rosette behind the text, pale enough to read and to copy.
type palette struct{ rule, line, wash rgb }

// Kinds of certificate are told apart at arm's length by their tint.
var palettes = [...]palette{
	{rule: rgb{46, 110, 98}, line: rgb{128, 178, 167}, wash: rgb{226, 239, 235}},  // 青
	{rule: rgb{52, 92, 138}, line: rgb{139, 168, 201}, wash: rgb{227, 235, 245}},  // 蓝
	{rule: rgb{150, 82, 72}, line: rgb{208, 160, 148}, wash: rgb{247, 233, 229}},  // 赭
	{rule: rgb{120, 100, 48}, line: rgb{191, 175, 128}, wash: rgb{243, 238, 222}}, // 金
}

// paletteOf picks an item's tint by its code, the same for every version.
func paletteOf(code string) palette {
	h := fnv.New32a()
	_, _ = h.Write([]byte(code))
	return palettes[h.Sum32()>>15%uint32(len(palettes))]
}

// The band around the page, in millimetres.
const (
	artWidth, artHeight = 210.0, 297.0
	bandInset           = 11.0 // from the page's edge to the band's middle
	bandHalf            = 2.6
)

// artwork is what drawArt draws, as a PDF and as an SVG hold it.
type artwork struct{ deflated, svg []byte }

// artworks are the few that there are, by palette. Each is drawn once: that takes longer
// than everything else about publishing a template.
var artworks sync.Map

func artOf(p palette) artwork {
	drawn, _ := artworks.LoadOrStore(p, sync.OnceValue(func() artwork {
		art := drawArt(p)
		return artwork{pdf.AppendDeflateBest(nil, art), svgArt(art)}
	}))
	return drawn.(func() artwork)()
}

// drawArt draws a page's border and rosette and returns them as the content
// of a form XObject the size of A4. They are strokes of opaque colour only:
// gofpdf hands over a template's bytes but no resources.
//
// Every strand is one short curve drawn again after a small step or turn, not
// one long curve: the same bytes over and over, so that 2,000 strokes deflate
// to next to nothing.
func drawArt(p palette) []byte {
	doc := gofpdf.NewCustom(&gofpdf.InitType{UnitStr: "mm", Size: gofpdf.SizeType{Wd: artWidth, Ht: artHeight}})
	drawn := doc.CreateTemplate(func(t *gofpdf.Tpl) {
		a := art{t}
		a.wash(p.wash)
		a.band(p.line)
		a.frame(p.rule)
		a.corners(p)
	}).Bytes()
	return shortNumbers(drawn)
}

// shortNumbers rounds coordinates to two decimals: gofpdf writes five for
// curves, finer than any device and half of the bytes. Matrices keep theirs.
func shortNumbers(content []byte) []byte {
	var out []byte
	for line := range bytes.Lines(content) {
		if bytes.HasSuffix(line, []byte(" cm\n")) {
			out = append(out, line...)
			continue
		}
		for i, word := range bytes.Fields(line) {
			if i > 0 {
				out = append(out, ' ')
			}
			if v, err := strconv.ParseFloat(string(word), 64); err == nil {
				out = pdf.AppendReal(out, v)
			} else {
				out = append(out, word...)
			}
		}
		out = append(out, '\n')
	}
	return out
}

type art struct{ *gofpdf.Tpl }

func (a art) colour(c rgb) { a.SetDrawColor(int(c.r), int(c.g), int(c.b)) }

// frame is a thick rule outside the band and thin ones beside it.
func (a art) frame(c rgb) {
	a.colour(c)
	for _, r := range []struct{ inset, width float64 }{
		{bandInset - bandHalf - 1.3, 0.55},
		{bandInset - bandHalf - 0.5, 0.12},
		{bandInset + bandHalf + 0.5, 0.12},
		{bandInset + bandHalf + 1.1, 0.3},
	} {
		a.SetLineWidth(r.width)
		a.Rect(r.inset, r.inset, artWidth-2*r.inset, artHeight-2*r.inset, "D")
	}
}

// band is the guilloche along the four sides: tiles of interlaced waves that
// end behind the corner pieces.
func (a art) band(c rgb) {
	a.colour(c)
	a.SetLineWidth(0.11)
	const near, far = bandInset + cornerHalf, cornerHalf + bandInset
	a.side(near, bandInset, artWidth-far-near, 0)
	a.side(near, artHeight-bandInset, artWidth-far-near, 0)
	a.side(bandInset, near, artHeight-far-near, -90)
	a.side(artWidth-bandInset, near, artHeight-far-near, -90)
}

// side lays tiles from x, y to the right, all of it turned about x, y.
func (a art) side(x, y, length, turn float64) {
	const pitch = 7.42
	n := math.Ceil(length / pitch)
	a.TransformBegin()
	a.TransformRotate(turn, x, y)
	a.TransformTranslate(x-(n*pitch-length)/2, y)
	for range int(n) {
		a.tile(pitch)
		a.TransformTranslate(pitch, 0)
	}
	a.TransformEnd()
}

// tile is one period of the waves, drawn at the page's origin: some begin at
// rest, some at their crest.
func (a art) tile(w float64) {
	const strands = 5
	for i := range strands {
		// Amplitudes spread between the outermost wave and its mirror image.
		amp := bandHalf * (1 - 2*float64(i)/(strands-1))
		a.MoveTo(0, 0)
		a.arc(0, w/2, 0, 4*amp/3, 0)
		a.arc(w/2, w, 0, -4*amp/3, 0)
		amp *= 0.64
		a.MoveTo(0, amp)
		a.arc(0, w/2, amp, amp, -amp)
		a.arc(w/2, w, -amp, -amp, amp)
	}
	a.DrawPath("D")
}

// arc adds half a sine wave from x0 to x1 and y to end; to is the height of
// its control points, or of the first while the other is at the end's.
func (a art) arc(x0, x1, y, to, end float64) {
	const k = 0.3642 // makes the curve a sine's within 1 %
	second := to
	if y != end {
		second = end
	}
	a.CurveBezierCubicTo(x0+k*(x1-x0), to, x1-k*(x1-x0), second, x1, end)
}

// cornerHalf is half a corner piece's side.
const cornerHalf = 4.6

// corners sets a small rosette on a cleared square in each corner.
func (a art) corners(p palette) {
	for _, x := range []float64{bandInset, artWidth - bandInset} {
		for _, y := range []float64{bandInset, artHeight - bandInset} {
			a.SetFillColor(255, 255, 255)
			a.colour(p.rule)
			a.SetLineWidth(0.3)
			a.Rect(x-cornerHalf, y-cornerHalf, 2*cornerHalf, 2*cornerHalf, "DF")
			a.SetLineWidth(0.12)
			a.Rect(x-cornerHalf+0.7, y-cornerHalf+0.7, 2*cornerHalf-1.4, 2*cornerHalf-1.4, "D")
			a.colour(p.line)
			a.rosette(x, y, 3.6, 0.6, 18, 1.5)
		}
	}
}

// wash is the large rosette behind the text: rings of loops one inside the other.
func (a art) wash(c rgb) {
	a.colour(c)
	const x, y = artWidth / 2, 140.0
	a.SetLineWidth(0.22)
	a.rosette(x, y, 62, 30, 60, 24)
	a.rosette(x, y, 33, 12, 48, 12)
	a.rosette(x, y, 13.5, 1.5, 24, 5)
	for _, r := range []float64{64, 62.8, 34.2, 14.2} {
		a.Circle(x, y, r, "D")
	}
}

// rosette turns one leaf, from radius inner to radius outer and as wide as
// given, n times about x, y.
func (a art) rosette(x, y, outer, inner float64, n int, width float64) {
	mid := (outer + inner) / 2
	a.TransformBegin()
	a.TransformTranslate(x, y)
	for range n {
		a.MoveTo(0, -inner)
		a.CurveBezierCubicTo(width*0.9, -inner, width*0.9, -mid, 0, -mid)
		a.CurveBezierCubicTo(-width*0.9, -mid, -width*0.9, -outer, 0, -outer)
		a.CurveBezierCubicTo(width*0.9, -outer, width*0.9, -mid, 0, -mid)
		a.CurveBezierCubicTo(-width*0.9, -mid, -width*0.9, -inner, 0, -inner)
		a.DrawPath("D")
		a.TransformRotate(360/float64(n), 0, 0)
	}
	a.TransformEnd()
}
