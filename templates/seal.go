package templates

import (
	"math"
	"strconv"
	"unicode/utf8"

	"yinzheng"
	"yinzheng/internal/font"
	"yinzheng/internal/pdf"
)

// The round seal of an organ, as its picture is customary: a thick ring of
// 42 mm, a five-pointed star in the middle, the organ's name standing along
// the upper ring, what the seal is for on a straight line below the star, the
// credit code small along the lower ring. Measures are in 0.01 mm, from the
// middle, y upwards.
const (
	sealRadius = 2100
	sealRing   = 120 // thickness
	sealStar   = 640 // from the middle to a point
	sealInner  = sealRadius - sealRing

	nameTop   = sealInner - 110 // radius that the name's tops touch
	codeFoot  = sealInner - 75  // radius that the code's feet touch
	purposeAt = -1010           // middle of the straight line
	maxArc    = 4.45            // radians that a name may take of the circle
)

var sealRed = rgb{214, 22, 30}

// sealPicture is a seal as the certificates of one template have it, ready to
// be copied: the content stream of a form XObject, compressed. Its characters
// are text in the document's fonts, which have their outlines anyhow for the
// organ's name beside the date; once more, as paths, they would take a quarter
// of the whole file. The seal's are the first to get codes in a certificate
// (findSeal), so these are always the same.
type sealPicture struct {
	glyphs   []sealGlyph
	deflated []byte
}

// sealGlyph is a character with its text matrix, ready to be written.
type sealGlyph struct {
	r    rune
	path string // of what it belongs to, should no face hold it
	tm   string
}

// drawSeal draws a seal for a template's certificates.
func drawSeal(face yinzheng.SealFace, pub *published) *sealPicture {
	d := &sealDrawing{faces: pub.faces}
	d.name(face.Organ)
	d.purpose(face.Centre)
	d.creditCode(face.Code)
	p := &sealPicture{glyphs: d.glyphs}
	s := newSheet()
	s.begin(pub, nil)
	s.findSeal(p)
	p.deflated = pdf.AppendDeflateBest(nil, s.appendSeal(sealShapes(), p))
	return p
}

// sealShapes begins the form's content stream. The seal is blended so that the
// text under it stays as black as it was (压年盖月); ISO 19005-3 §6.2.10
// allows it. The empty ActualText keeps the seal's characters out of the text
// that programs extract: they would tear the date's apart.
func sealShapes() []byte {
	b := append([]byte(nil), "/Span<</ActualText()>>BDC/G gs "...)
	b = append(sealRed.append(b), "rg "...)
	b = append(sealRed.append(b), "RG .0283465 0 0 .0283465 "...) // 0.01 mm in points
	b = pdf.AppendReal(b, sealHalf)
	b = append(b, ' ')
	b = pdf.AppendReal(b, sealHalf)
	b = append(b, " cm "...)
	b = strconv.AppendInt(b, sealRing, 10)
	b = append(b, " w "...)
	b = appendCircle(b, sealRadius-sealRing/2)
	b = append(b, "s "...)
	b = appendStar(b, sealStar)
	return append(b, "f 14 w 1 j 2 Tr BT\n"...)
}

func (c rgb) append(b []byte) []byte {
	for _, v := range []uint8{c.r, c.g, c.b} {
		b = pdf.AppendReal(b, float64(v)/255)
		b = append(b, ' ')
	}
	return b
}

func appendPoint(b []byte, x, y float64) []byte {
	b = strconv.AppendInt(b, int64(math.Round(x)), 10)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(math.Round(y)), 10)
	return append(b, ' ')
}

// appendCircle appends a circle about the origin as four Bézier arcs.
func appendCircle(b []byte, r float64) []byte {
	const k = 0.5522847498
	b = append(appendPoint(b, r, 0), "m "...)
	x, y := r, 0.0
	for range 4 { // each a quarter turn on from the one before
		b = appendPoint(b, x-k*y, y+k*x)
		b = appendPoint(b, -y+k*x, x+k*y)
		x, y = -y, x
		b = append(appendPoint(b, x, y), "c "...)
	}
	return b
}

// appendStar appends a regular pentagram about the origin, one point up.
func appendStar(b []byte, r float64) []byte {
	const inner = 0.381966
	for i := range 10 {
		radius, op := r, byte('l')
		if i%2 == 1 {
			radius *= inner
		}
		if i == 0 {
			op = 'm'
		}
		sin, cos := math.Sincos(float64(i) * math.Pi / 5)
		b = append(appendPoint(b, radius*sin, radius*cos), op, ' ')
	}
	return append(b, "h "...)
}

// sealDrawing finds the characters' places.
type sealDrawing struct {
	faces  font.Chain
	glyphs []sealGlyph
}

// name sets the organ along the upper ring, first to last character from the
// left over the top to the right, all standing on the middle.
func (d *sealDrawing) name(s string) {
	n := utf8.RuneCountInString(s)
	height := 520.0
	switch {
	case n > 20:
		height = 400
	case n > 14:
		height = 460
	}
	middle := nameTop - height/2
	step := math.Min(0.47, maxArc/float64(max(n, 1)))
	width := math.Min(0.88*height, 0.90*step*(middle-0.3*height))
	turn := float64(n-1) / 2 * step
	for _, r := range s {
		// An em box's ink reaches from -0.12 to 0.88.
		d.put(r, "seal.organ", turn, width/fullEm, height/fullEm, middle-0.38*height)
		turn -= step
	}
}

// purpose sets the straight line below the star.
func (d *sealDrawing) purpose(s string) {
	n := utf8.RuneCountInString(s)
	const height = 400.0
	width := math.Min(370, 2700/float64(max(n, 1)))
	x := -width * float64(n) / 2
	for _, r := range s {
		adv := d.advance(r)
		d.matrix(r, "seal.centre", width*0.94, 0, 0, height, x+width/2-adv*0.94*width/2000, purposeAt-0.38*height)
		x += width
	}
}

// creditCode sets the code along the lower ring, to be read from the left with
// its tops towards the middle.
func (d *sealDrawing) creditCode(s string) {
	n := utf8.RuneCountInString(s)
	const em = 150.0 / 0.72 // digits and capitals are some 0.72 em tall
	const step = 0.073
	turn := -float64(n-1) / 2 * step
	for _, r := range s {
		d.put(r, "seal.code", turn, em/fullEm, em/fullEm, -codeFoot)
		turn += step
	}
}

// put sets a character at an angle (0 is upright, positive turned to the
// left), sx and sy its em's thousandths, its middle at turn and its baseline
// at a radius; a negative one is below the middle.
func (d *sealDrawing) put(r rune, path string, turn, sx, sy, radius float64) {
	sin, cos := math.Sincos(turn)
	ox := -sx * d.advance(r) / 2
	d.matrix(r, path, sx*fullEm*cos, sx*fullEm*sin, -sy*fullEm*sin, sy*fullEm*cos, ox*cos-radius*sin, ox*sin+radius*cos)
}

func (d *sealDrawing) matrix(r rune, path string, m ...float64) {
	var b []byte
	for _, v := range m {
		b = strconv.AppendInt(b, int64(math.Round(v)), 10)
		b = append(b, ' ')
	}
	d.glyphs = append(d.glyphs, sealGlyph{r, path, string(append(b, "Tm<"...))})
}

// advance is a character's width in 1/1000 em.
func (d *sealDrawing) advance(r rune) float64 {
	face, gid, ok := d.faces.Find(r)
	if !ok {
		return fullEm
	}
	return float64(d.faces[face].Advance(gid))
}

// findSeal gives the seal's characters their codes. Nothing else has got any by
// then.
func (s *sheet) findSeal(p *sealPicture) {
	for i := range p.glyphs {
		g := &p.glyphs[i]
		if _, ok := s.find(g.r); !ok {
			s.missing = append(s.missing, MissingGlyph(g.path, g.r))
		}
	}
}

// appendSeal appends the seal's text, whose characters have codes.
func (s *sheet) appendSeal(b []byte, p *sealPicture) []byte {
	font := -1
	for i := range p.glyphs {
		g := &p.glyphs[i]
		c, _ := s.find(g.r)
		if int(c.font) != font {
			font = int(c.font)
			b = append(b, "/F"...)
			b = pdf.AppendInt(b, font)
			b = append(b, " 1 Tf\n"...)
		}
		b = append(b, g.tm...)
		b = pdf.AppendHex16(b, c.code)
		b = append(b, ">Tj\n"...)
	}
	return append(b, "ET EMC"...)
}

// seal gives an organ's seal as the template's certificates have it.
func (p *published) seal(face yinzheng.SealFace) *sealPicture {
	if picture, ok := p.seals.Load(face); ok {
		return picture.(*sealPicture)
	}
	picture := drawSeal(face, p)
	p.seals.Store(face, picture)
	return picture
}
