package templates

import "math"

// Vertical measures in points: the least, and how much a page with room to
// spare may add.
const (
	textLeading, textLeadingGrow = 24.5, 8.5
	blockGap, blockGapGrow       = 2.0, 14.0
	cellLeading                  = 17.0
	cellPad, cellPadGrow         = 4.0, 4.5 // above and below a cell's text
	labelWidth                   = 76.0     // of a heading in a table of facts
	cellInset                    = 7.0      // between a rule and text beside it

	// relaxed is how far a certificate of several pages is opened up at least.
	relaxed = 0.4
	// settled is the part of what is left over that goes above the body.
	settled = 0.22
	// lastRows is the least of a divided table's rows on the last page.
	lastRows = 3
)

// compose breaks the body into units: lines and rows.
func (s *sheet) compose() {
	for i := range s.pub.blocks {
		b := &s.pub.blocks[i]
		if !s.shows(b.when) {
			continue
		}
		switch {
		case b.facts != nil:
			s.facts(i, b.facts)
		case b.table != nil:
			s.table(i, b.table)
		default:
			s.paragraph(i, b.text)
		}
	}
}

// shows tells whether a when holds. In a draft, what waits for a field to be
// filled in is left out as well.
func (s *sheet) shows(when string) bool { return s.in.Values.Has(when) }

func (s *sheet) paragraph(block int, t []segment) {
	from, to := s.text(t, values{in: s.in.Values}, true)
	p := s.breakText(from, to, para{x: bodyLeft, width: bodyWidth, size: textSize, filled: true}, 2*fullEm)
	n := len(s.units)
	for i := s.paras[p].from; i < s.paras[p].to; i++ {
		s.units = append(s.units, unit{kind: lineUnit, index: i, para: p, block: block, base: textLeading, stretch: textLeadingGrow})
	}
	s.spaceBefore(n)
	if lines := len(s.units) - n; lines > 1 {
		s.units[n].keep = true // no line of a paragraph stands alone at a page's foot
		s.units[len(s.units)-2].keep = true
	}
	if s.plain && len(s.units) > n {
		s.units[len(s.units)-1].keep = true // a heading stays with its table
	}
}

// spaceBefore sets the unit at n off from what stands above.
func (s *sheet) spaceBefore(n int) {
	if n == 0 || n == len(s.units) {
		return
	}
	u := &s.units[n]
	u.before, u.grow = blockGap, blockGapGrow
	if u.kind == rowUnit || s.units[n-1].kind == rowUnit {
		u.before += 4
	}
	u.base += u.before
	u.stretch += u.grow
}

// breakText breaks characters into a paragraph's lines.
func (s *sheet) breakText(from, to int, p para, indent int) int {
	p.from = len(s.lines)
	limit := int(p.width / p.size * fullEm)
	s.lines = breakLines(s.lines, s.chars, from, to, setting{limit: limit, indent: indent, filled: p.filled})
	p.to = len(s.lines)
	s.paras = append(s.paras, p)
	return len(s.paras) - 1
}

// facts sets a table of labelled cells, two half ones to a row.
func (s *sheet) facts(block int, facts []fact) {
	first := len(s.units)
	for i := 0; i < len(facts); {
		n := s.nextFacts(facts[i:])
		if n == 0 {
			i++
			continue
		}
		s.factRow(block, facts[i:i+n])
		i += n
	}
	s.spaceBefore(first)
}

// nextFacts is how many of the facts go into the next row; 0 when the first of
// them does not show.
func (s *sheet) nextFacts(f []fact) int {
	if !s.shows(f[0].when) {
		return 0
	}
	if f[0].half && len(f) > 1 && f[1].half && s.shows(f[1].when) {
		return 2
	}
	return 1
}

func (s *sheet) factRow(block int, facts []fact) {
	r := row{from: len(s.cells), block: block}
	width := bodyWidth / float64(len(facts))
	for i := range facts {
		x := bodyLeft + float64(i)*width
		s.literal(facts[i].label)
		s.cell(&r, x, labelWidth, len(s.chars)-len(facts[i].label), cellStyle{label: true, align: centred})
		from, to := s.text(facts[i].text, values{in: s.in.Values}, false)
		if from == to {
			s.literal(s.pub.none)
		}
		s.cell(&r, x+labelWidth, width-labelWidth, from, cellStyle{align: left})
		r.lines = max(r.lines, facts[i].lines)
	}
	s.endRow(r)
}

type cellStyle struct {
	label bool
	align align
}

// cell sets the characters from from on into a cell of the row.
func (s *sheet) cell(r *row, x, width float64, from int, style cellStyle) {
	p := s.breakText(from, len(s.chars), para{
		x: x + cellInset, width: width - 2*cellInset, size: cellSize,
		align: style.align,
	}, 0)
	s.cells = append(s.cells, cell{para: p, x: x, width: width, label: style.label})
	r.lines = max(r.lines, s.paras[p].to-s.paras[p].from, 1)
}

// mostLines is the most lines of a row in one piece, so that it finds room on
// any page, the last one too.
const mostLines = 24

// endRow closes a row. What is too tall for a page is divided into several.
func (s *sheet) endRow(r row) {
	r.to = len(s.cells)
	for r.lines > mostLines {
		rest := row{from: len(s.cells), block: r.block, lines: r.lines - mostLines}
		for i := r.from; i < r.to; i++ {
			c := s.cells[i]
			above := &s.paras[c.para]
			below := *above
			below.from = min(above.from+mostLines, above.to)
			above.to = below.from
			s.paras = append(s.paras, below)
			c.para = len(s.paras) - 1
			s.cells = append(s.cells, c)
		}
		r.lines = mostLines
		s.addRow(r)
		r = rest
		r.to = len(s.cells)
	}
	s.addRow(r)
}

func (s *sheet) addRow(r row) {
	s.rows = append(s.rows, r)
	s.units = append(s.units, unit{
		kind: rowUnit, index: len(s.rows) - 1, block: r.block, keep: r.head,
		base: float64(r.lines)*cellLeading + 2*cellPad, stretch: 2 * cellPadGrow,
	})
}

// table sets a table with a row for each entry of a list.
func (s *sheet) table(block int, t *table) {
	list, _ := s.in.Values[t.rows].([]any)
	first := len(s.units)
	head := row{from: len(s.cells), block: block, head: true}
	for i := range t.columns {
		c := &t.columns[i]
		s.literal(c.head)
		s.cell(&head, c.x, c.width, len(s.chars)-len(c.head), cellStyle{label: true, align: centred})
	}
	s.endRow(head)
	for i, entry := range list {
		m, _ := entry.(map[string]any)
		s.listRow(block, t, values{in: m, list: t.rows, index: i})
	}
	if len(list) == 0 && s.draft {
		s.listRow(block, t, values{list: t.rows})
	}
	s.spaceBefore(first)
}

func (s *sheet) listRow(block int, t *table, v values) {
	r := row{from: len(s.cells), block: block}
	for i := range t.columns {
		c := &t.columns[i]
		from, to := s.text(c.text, v, false)
		if from == to {
			s.literal(s.pub.none)
		}
		s.cell(&r, c.x, c.width, from, cellStyle{align: c.align})
	}
	s.endRow(r)
}

// height of a unit when the page is opened up by t from 0 to 1.
func (u *unit) height(t float64) float64 { return u.base + t*u.stretch }

// paginate chooses how far to open the page up and where pages end: it
// returns the numbers of the units that begin a page, the first included.
// closing is the height of what stands at the foot of the last page.
func (s *sheet) paginate(closing float64, starts []int) (opened float64, top float64, _ []int) {
	base, stretch := 0.0, 0.0
	for i := range s.units {
		base += s.units[i].base
		stretch += s.units[i].stretch
	}
	starts = append(starts, 0)
	room := pageHeight - closing - firstTop
	if base <= room {
		t := 1.0
		if stretch > 0 {
			t = math.Min(1, (room-base)/stretch)
		}
		spare := room - base - t*stretch
		return t, firstTop + math.Min(settled*spare, 14*mm), starts
	}
	// As open as it can be without another page.
	least := len(s.divide(relaxed, closing, starts))
	if wide := s.divide(1, closing, starts); len(wide) == least {
		return 1, firstTop, wide
	}
	return relaxed, firstTop, s.divide(relaxed, closing, starts)
}

// divide fills page after page. The last one has something of the body on it
// besides the seal: a sealed page without text could be put behind any other.
func (s *sheet) divide(t, closing float64, starts []int) []int {
	y, first, bottom := firstTop, 0, pageBottom
	if s.plain { // the notes have room on any page
		bottom = min(pageBottom, pageHeight-closing)
	}
	for i := range s.units {
		y += s.units[i].height(t)
		if y <= bottom || i == first {
			continue
		}
		first = s.pageStart(first, i)
		starts = append(starts, first)
		y = s.pageTop(first, t)
		for j := first; j <= i; j++ {
			y += s.units[j].height(t)
		}
	}
	if s.plain {
		return starts
	}
	if y > pageHeight-closing {
		starts = append(starts, s.lastStart(first, t, closing))
	} else if len(starts) > 1 {
		// More may go over to the last page, never back to one that is full.
		starts[len(starts)-1] = min(starts[len(starts)-1], s.lastStart(starts[len(starts)-2], t, closing))
	}
	return starts
}

// pageStart moves a page's end back from unit i so that nothing that stays
// with its neighbour is parted from it.
func (s *sheet) pageStart(first, i int) int {
	for j := i; j > first+1; j-- {
		if !s.units[j-1].keep {
			return j
		}
	}
	return i
}

// lastStart chooses what goes over to the last page from the one that begins
// at first: the end of the body with a third of its table, or two lines of text.
func (s *sheet) lastStart(first int, t, closing float64) int {
	rows, wanted := 0, s.lastRows(first)
	i := len(s.units) - 1
	for ; i > first+1; i-- {
		u := &s.units[i]
		if u.kind == rowUnit {
			rows++
		}
		enough := rows >= wanted && (wanted > 0 || len(s.units)-i >= 2)
		if enough && !s.units[i-1].keep {
			break
		}
	}
	// What does not fit there stays where it is.
	for i < len(s.units)-1 && !s.fits(i, t, closing) {
		i++
	}
	return i
}

// lastRows is how many rows of a table the last page should have.
func (s *sheet) lastRows(first int) int {
	n := 0
	for _, u := range s.units[first:] {
		if u.kind == rowUnit && !s.rows[u.index].head {
			n++
		}
	}
	return min(n/2, max(n/3, lastRows))
}

// fits tells whether everything from unit i on has room on the last page.
func (s *sheet) fits(i int, t, closing float64) bool {
	y := s.pageTop(i, t)
	for j := i; j < len(s.units); j++ {
		y += s.units[j].height(t)
	}
	return y <= pageHeight-closing
}

// pageTop is where a later page's body begins: below the table's head, if it
// begins in the middle of a table.
func (s *sheet) pageTop(first int, t float64) float64 {
	if h := s.headOf(first); h >= 0 {
		return laterTop + float64(s.rows[h].lines)*cellLeading + 2*(cellPad+t*cellPadGrow)
	}
	return laterTop
}

// headOf is the head row to be repeated above unit i, or -1.
func (s *sheet) headOf(i int) int {
	u := &s.units[i]
	if u.kind != rowUnit || s.rows[u.index].head {
		return -1
	}
	for j := u.index - 1; j >= 0 && s.rows[j].block == u.block; j-- {
		if s.rows[j].head {
			return j
		}
	}
	return -1
}
