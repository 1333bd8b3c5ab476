package templates

import "math"

// What stands around the body: title and number above; at the foot of the last
// page the code with how to check it, the organ, the date and the seal, and
// the notes.
const (
	noteLeading = 13.0
	footGap     = 9.0 // between the notes and what is above them
	headGap     = 5 * mm

	// A code's side without its quiet zone, and the least a module may measure
	// so that a scan at 150 dpi reads it every time.
	codeSide  = 42 * mm
	codeLeast = 0.54 * mm

	sealAxis  = 143 * mm // where organ, date and seal are centred
	sealHalf  = 21 * mm
	signWidth = 76 * mm
	signLeast = 12.5
	signLead  = 9.3 * mm // from the organ to the date

	adviceLeft = bodyLeft + codeSide + 4.5*mm
	adviceWide = sealAxis - signWidth/2 - adviceLeft
)

// style is how a line outside the body is set.
type style struct {
	size       float64
	tracking   float64 // between characters, in 1/1000 em
	bold, grey bool
	artifact   bool
}

// setAbout places characters on one line, centred about x.
func (s *sheet) setAbout(from, to int, x, y float64, page int, st style) {
	if from == to {
		return
	}
	k := st.size / fullEm
	x -= (float64(textWidth(s.chars, from, to, false)) + st.tracking*float64(to-from-1)) * k / 2
	first := len(s.runs)
	p := para{size: st.size}
	s.setLine(&p, &line{from: from, to: to}, run{
		size: st.size, y: y, page: int16(page), bold: st.bold, grey: st.grey, artifact: st.artifact, spacing: st.tracking * k,
	}, x, 0)
	if st.tracking == 0 {
		return
	}
	i := 0
	for r := first; r < len(s.runs); r++ {
		shift := float32(float64(i) * st.tracking * k)
		s.runs[r].gappy = st.tracking > wordGap
		s.runs[r].x += float64(shift)
		for g := s.runs[r].from; g < s.runs[r].to; g++ {
			s.glyphs[g].x += float32(float64(i) * st.tracking * k)
			i++
		}
	}
}

// heading sets the title and the certificate's number.
func (s *sheet) heading() {
	from := len(s.chars)
	s.literal(s.pub.title)
	width := float64(textWidth(s.chars, from, len(s.chars), false)) / fullEm
	n := float64(len(s.pub.title) - 1)
	const tracking = 0.34
	size := math.Min(titleSize, bodyWidth/(width+tracking*n))
	s.open("H1", "")
	first := len(s.runs)
	s.setAbout(from, len(s.chars), pageWidth/2, titleBase, 0, style{size: size, tracking: tracking * fullEm, bold: true})
	s.mark(first)
	s.close()

	s.open("P", "")
	first = len(s.runs)
	from = len(s.chars)
	s.literal(s.pub.words.number)
	if s.draft && !s.plain {
		s.shape(laterWords, noField)
	} else {
		s.shape(s.in.Number, noField)
	}
	width = float64(textWidth(s.chars, from, len(s.chars), false)) / fullEm
	s.setAbout(from, len(s.chars), pageWidth/2, numberBase, 0, style{size: math.Min(9.5, bodyWidth/width), grey: true})
	s.mark(first)
	s.close()
}

// foot is the plan of the last page's foot.
type foot struct {
	notes   int // first of the small print's paragraphs ...
	to      int // ... and the end of them
	ruleY   float64
	codeY   float64 // middle of the code
	half    float64 // half the code's side
	closing float64 // height of it all
}

// planFoot breaks the notes, from which everything above takes its place.
func (s *sheet) planFoot() foot {
	if s.plain {
		return s.planPlainFoot()
	}
	f := foot{notes: len(s.paras), half: codeSide / 2}
	if s.code != nil {
		f.half = math.Max(codeSide, codeLeast*float64(s.code.Size)) / 2
	}
	lines := s.small(s.reference)
	for _, note := range s.pub.notes {
		lines += s.small(func() { s.literal(note) })
	}
	f.to = len(s.paras)
	f.ruleY = footBottom - float64(lines)*noteLeading - footGap/2
	f.codeY = f.ruleY - footGap - f.half
	f.closing = pageHeight - (f.codeY - f.half) + headGap
	return f
}

// small breaks a paragraph of small print and returns its lines.
func (s *sheet) small(text func()) int {
	from := len(s.chars)
	text()
	p := s.breakText(from, len(s.chars), para{x: bodyLeft, width: bodyWidth, size: smallSize, grey: true}, 0)
	return s.paras[p].to - s.paras[p].from
}

// reference is the address, for those who cannot scan.
func (s *sheet) reference() {
	s.literal(s.pub.words.address)
	if s.draft {
		s.shape(laterWords, noField)
		return
	}
	s.shape(publicURL(s.in.QRPrefix), noField)
}

// placeFoot sets the foot on the last page.
func (s *sheet) placeFoot(f foot) {
	page := s.pages - 1
	s.sign(f, page)
	s.open("Form", "")
	s.tags[len(s.tags)-1].alt = s.sealAlt()
	s.tags = append(s.tags, tag{kind: sealTag, page: int16(page)})
	s.close()
	s.qr = figure{x: bodyLeft + f.half, y: f.codeY, half: f.half, page: int16(page), there: true}
	s.open("Figure", "")
	s.tags[len(s.tags)-1].alt = codeAlt
	s.tags = append(s.tags, tag{kind: codeTag, page: int16(page)})
	s.close()
	s.advice(f, page)
	s.placeNotes(f, page)
}

const codeAlt = "二维码：扫码核验本证明"

func (s *sheet) sealAlt() string { return "电子印章" }

// sign sets organ and date under the upper and the lower half of the star
// (压年盖月), clear of the seal's own straight line.
func (s *sheet) sign(f foot, page int) {
	s.seal = figure{x: sealAxis, y: f.codeY, half: sealHalf, page: int16(page), there: true}
	from, to := s.shape(s.in.Seal.Organ, noField)
	size, width := textSize, signWidth
	if w := float64(textWidth(s.chars, from, to, false)) / fullEm; w*size > width {
		size = math.Max(signLeast, width/w)
		if rows := math.Ceil(w * size / width); rows > 1 {
			width = math.Min(width, (w/rows+1)*size) // lines of one length
		}
	}
	p := s.breakText(from, to, para{x: sealAxis - width/2, width: width, size: size, align: centred}, 0)
	date := baseline(s.seal.y+4.4*mm, 0, textSize)
	n := s.paras[p].to - s.paras[p].from
	y := date - signLead - float64(n-1)*size*1.25
	s.open("P", "")
	first := len(s.runs)
	for i := s.paras[p].from; i < s.paras[p].to; i++ {
		s.placeLine(&s.paras[p], &s.lines[i], y, page)
		y += size * 1.25
	}
	s.mark(first)
	s.close()

	s.open("P", "")
	first = len(s.runs)
	if s.draft {
		from = len(s.chars)
		s.shape(undatedWords, noField)
		to = len(s.chars)
	} else {
		from, to = s.shape(chineseDate(s.in.Date), noField)
	}
	s.setAbout(from, to, sealAxis, date, page, style{size: textSize})
	s.mark(first)
	s.close()
}

// advice is the column beside the code: what the code is for, and what it
// leads to.
func (s *sheet) advice(f foot, page int) {
	w := &s.pub.words
	y := f.codeY - f.half + 11
	s.adviceLine(w.check, "", 13, &y, page)
	y += 4
	s.adviceLine(w.how, "", 9, &y, page)
	if s.draft {
		return
	}
	y += 7
	s.adviceLine(w.code, s.in.Code, 8.8, &y, page)
	if !s.in.Expires.IsZero() {
		y += 4
		s.adviceLine(w.expires, chineseDate(s.in.Expires), 9, &y, page)
	}
}

// adviceLine sets a few words, the larger ones bold, and a value below them.
func (s *sheet) adviceLine(words []char, value string, size float64, y *float64, page int) {
	s.open("P", "")
	first := len(s.runs)
	set := func(from int) {
		p := s.breakText(from, len(s.chars), para{x: adviceLeft, width: adviceWide, size: size, align: left, bold: size > 10, grey: size < 10}, 0)
		for i := s.paras[p].from; i < s.paras[p].to; i++ {
			s.placeLine(&s.paras[p], &s.lines[i], *y, page)
			*y += size * 1.5
		}
	}
	from := len(s.chars)
	s.literal(words)
	set(from)
	from = len(s.chars)
	s.shape(value, noField)
	set(from)
	s.mark(first)
	s.close()
}

// placeNotes sets the small print: the reference above its rule, the notes below.
func (s *sheet) placeNotes(f foot, page int) {
	y := f.ruleY + footGap/2
	s.rules = append(s.rules, rule{x0: bodyLeft, y0: f.ruleY, x1: bodyRight, y1: f.ruleY, width: 0.4, page: int16(page), tint: true, field: noField})
	for n := f.notes; n < f.to; n++ {
		p := &s.paras[n]
		s.open("P", "")
		first := len(s.runs)
		for i := p.from; i < p.to; i++ {
			s.placeLine(p, &s.lines[i], baseline(y, noteLeading, p.size), page)
			y += noteLeading
		}
		s.mark(first)
		s.close()
	}
}

// numberPages sets 第1页 共2页 at the foot of each page, when there are several.
func (s *sheet) numberPages() {
	if s.pages < 2 {
		return
	}
	for page := range s.pages {
		from, to := s.shape("第"+itoa(page+1)+"页　共"+itoa(s.pages)+"页", noField)
		s.setAbout(from, to, pageWidth/2, pageHeight-17*mm, page, style{size: smallSize, grey: true, artifact: true})
	}
}
