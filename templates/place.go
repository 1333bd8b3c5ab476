package templates

// placeBody puts the units into place and notes their logical structure.
func (s *sheet) placeBody(opened, top float64, starts []int) {
	y, page, block := top, 0, -1
	for i := range s.units {
		u := &s.units[i]
		if page+1 < len(starts) && i == starts[page+1] {
			page++
			y = laterTop - u.before - opened*u.grow
			if h := s.headOf(i); h >= 0 {
				height := s.pageTop(i, opened) - laterTop
				s.placeRow(h, laterTop, height, page, true)
				y += height
			}
		}
		if u.block != block {
			s.endBlock(block)
			s.beginBlock(u)
			block = u.block
		}
		top := y + u.before + opened*u.grow
		y += u.height(opened)
		if u.kind == rowUnit {
			s.open("TR", "")
			s.placeRow(u.index, top, y-top, page, false)
			s.close()
			continue
		}
		from := len(s.runs)
		s.placeLine(&s.paras[u.para], &s.lines[u.index], baseline(top, y-top, textSize), page)
		s.mark(from)
	}
	s.endBlock(block)
	s.pages = page + 1
}

// baseline centres a line of text in the room from top down. The ink of a
// hanzi reaches from 0.12 em below the baseline to 0.88 above.
func baseline(top, height, size float64) float64 { return top + height/2 + 0.38*size }

func (s *sheet) beginBlock(u *unit) {
	if u.kind == rowUnit {
		s.open("Table", "")
	} else {
		s.open("P", "")
	}
}

func (s *sheet) endBlock(block int) {
	if block >= 0 {
		s.close()
	}
}

func (s *sheet) open(role, attr string) {
	s.tags = append(s.tags, tag{kind: beginTag, role: role, attr: attr})
}

func (s *sheet) close() { s.tags = append(s.tags, tag{kind: endTag}) }

// mark gives the runs since from to the open element. Runs of one page that
// follow each other become one piece of marked content.
func (s *sheet) mark(from int) {
	to := len(s.runs)
	if from == to {
		return
	}
	page := s.runs[from].page
	if n := len(s.tags); n > 0 {
		if t := &s.tags[n-1]; t.kind == runsTag && t.to == from && t.page == page {
			t.to = to
			return
		}
	}
	s.tags = append(s.tags, tag{kind: runsTag, page: page, from: from, to: to})
}

// placeRow puts a table's row into place: its cells' text and the rules around.
// A head repeated on a later page is no content of its own.
func (s *sheet) placeRow(index int, top, height float64, page int, repeated bool) {
	r := &s.rows[index]
	for i := r.from; i < r.to; i++ {
		c := &s.cells[i]
		if c.label {
			s.fills = append(s.fills, fill{c.x, top, c.width, height, int16(page)})
		}
		from := len(s.runs)
		s.placeCell(c, top, height, page)
		if repeated {
			for j := from; j < len(s.runs); j++ {
				s.runs[j].artifact = true
			}
		} else {
			s.tagCell(c, r.head, from)
		}
		s.rule(c.x, top, c.x, top+height, page)
	}
	s.rule(bodyRight, top, bodyRight, top+height, page)
	s.rule(bodyLeft, top, bodyRight, top, page)
	s.rule(bodyLeft, top+height, bodyRight, top+height, page)
}

func (s *sheet) tagCell(c *cell, head bool, from int) {
	switch {
	case head:
		s.open("TH", "/O/Table/Scope/Column")
	case c.label:
		s.open("TH", "/O/Table/Scope/Row")
	default:
		s.open("TD", "")
	}
	s.mark(from)
	s.close()
}

func (s *sheet) placeCell(c *cell, top, height float64, page int) {
	p := &s.paras[c.para]
	y := top + (height-float64(p.to-p.from)*cellLeading)/2
	for i := p.from; i < p.to; i++ {
		s.placeLine(p, &s.lines[i], baseline(y, cellLeading, p.size), page)
		y += cellLeading
	}
}

// rule adds a table's line; one that is there already is not drawn again.
func (s *sheet) rule(x0, y0, x1, y1 float64, page int) {
	r := rule{x0: x0, y0: y0, x1: x1, y1: y1, width: 0.6, page: int16(page), tint: true, field: noField}
	for i := len(s.rules) - 1; i >= 0 && i > len(s.rules)-16; i-- {
		if o := &s.rules[i]; *o == r {
			return
		}
	}
	s.rules = append(s.rules, r)
}

// placeLine puts a line's characters into place, as runs, and underlines its
// fill-ins.
func (s *sheet) placeLine(p *para, l *line, y float64, page int) {
	if l.from == l.to {
		return
	}
	k := p.size / fullEm
	stretch := s.justify(p, l)
	x := p.x + float64(l.indent)*k
	if p.align == centred {
		x += (p.width - float64(l.width)*k) / 2
	}
	start := run{size: p.size, y: y, page: int16(page), bold: p.bold, grey: p.grey, spacing: stretch * k}
	s.setLine(p, l, start, x, stretch)
}

// justify is what every space that stretches in a line gets, in 1/1000 em. A
// line's last full-width punctuation mark may stick out by its empty half.
func (s *sheet) justify(p *para, l *line) float64 {
	if l.last || p.align != justified {
		return 0
	}
	slack := p.width/p.size*fullEm - float64(l.indent+l.width)
	if slack < 0 {
		return 0
	}
	n := 0
	for i := l.from; i < l.to-1; i++ {
		if stretches(&s.chars[i], &s.chars[i+1]) {
			n++
		}
	}
	if n == 0 || slack/float64(n) > raggedFrom {
		return 0
	}
	return slack / float64(n)
}

// raggedFrom is the stretch, in 1/1000 em, from which a line is better left
// short than torn apart: a long number went to the next one.
const raggedFrom = 220

// setLine places characters from x on; start is the style of its runs.
func (s *sheet) setLine(p *para, l *line, start run, x, stretch float64) {
	k := p.size / fullEm
	r := start
	pad := 0.0
	if p.filled {
		pad = fillPad * k
	}
	if s.chars[l.from].field != noField {
		x += pad
	}
	begin := func(i int) {
		r = start
		r.from, r.x, r.field = len(s.glyphs), x, s.chars[i].field
	}
	finish := func(end float64) {
		r.to = len(s.glyphs)
		s.runs = append(s.runs, r)
		if p.filled && r.field != noField {
			s.underline(r, end, pad)
		}
	}
	begin(l.from)
	for i := l.from; i < l.to; i++ {
		c := &s.chars[i]
		s.glyphs = append(s.glyphs, placed{int32(i), float32(x)})
		x += float64(c.adv) * k
		end := x
		if i+1 == l.to {
			finish(end)
			break
		}
		next := &s.chars[i+1]
		g := float64(gap(c, next, p.filled))
		if stretches(c, next) {
			g += stretch
		}
		x += g * k
		if next.field != c.field {
			finish(end)
			begin(i + 1)
		} else if g > wordGap {
			r.gappy = true
		}
	}
}

// wordGap is the space, in 1/1000 em, from which programs that extract text
// take two characters for the end and the beginning of words.
const wordGap = 80

func (s *sheet) underline(r run, end, pad float64) {
	y := r.y + 0.22*r.size
	s.rules = append(s.rules, rule{x0: r.x - pad, y0: y, x1: end + pad, y1: y, width: 0.6, page: r.page, field: r.field})
}
