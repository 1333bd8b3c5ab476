package templates

import "unicode"

// class is how a character behaves at the end of a line and beside others.
type class uint8

const (
	han   class = iota // ideographs, kana and whatever else stands in an em box
	latin              // letters, digits and what belongs to words of them
	space
	opening // an opening bracket or quotation mark in an em box
	closing // closing punctuation in an em box
)

// char is one character, ready to be set: its glyph is found and its code in
// one of the document's fonts is given.
type char struct {
	r     rune
	gid   uint16
	code  uint16 // CID in that font
	adv   int16  // advance in 1/1000 em
	field int16  // index into sheet.fields; noField for the template's own words
	face  uint8  // index into the chain
	font  uint8  // index into the document's fonts
	class class
	glue  bool // no line ends after this character
}

const noField = -1

// Spaces in 1/1000 em.
const (
	mixGap   = 250 // between hanzi and Latin letters or digits
	fillPad  = 170 // from a fill-in to the end of its underline
	fillGap  = 90  // from there to the next word
	halfEm   = 500 // what full-width punctuation gives way
	fullEm   = 1000
	blankLen = 6 * fullEm // an empty fill-in, in a preview
)

// classOf sorts a character. What is full-width by nature but drawn narrow by
// the face (such as “ in some) is told by its advance where that matters.
func classOf(r rune) class {
	switch r {
	case ' ', '\u00a0':
		return space
	case '（', '《', '〈', '「', '『', '【', '〔', '〖', '“', '‘', '［', '｛':
		return opening
	case '，', '。', '、', '；', '：', '？', '！', '）', '》', '〉', '」', '』', '】', '〕', '〗', '”', '’', '］', '｝', '．':
		return closing
	case '·', '—', '…', '～', '／':
		return han
	}
	if r < 0x2E80 && !unicode.Is(unicode.Han, r) {
		return latin
	}
	return han
}

// neverStarts tells what may not begin a line besides class closing (避头).
func neverStarts(r rune) bool {
	switch r {
	case ',', '.', ';', ':', '?', '!', ')', ']', '}', '%', '·', '～', '／', '—', '…', '々', '℃':
		return true
	}
	return false
}

// neverEnds tells what may not end a line (避尾).
func neverEnds(c *char) bool {
	return c.class == opening || c.r == '(' || c.r == '[' || c.r == '{'
}

// unitAfterDigit tells what a number is not parted from.
func unitAfterDigit(r rune) bool {
	switch r {
	case '年', '月', '日', '时', '分', '秒', '号', '岁', '周', '元', '人', '份', '项', '页', '届', '栋', '幢', '座', '室', '楼', '层', '组', '户', '巷', '单':
		return true
	}
	return false
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// mayBreak tells whether a line may end between a and b.
func mayBreak(a, b *char) bool {
	switch {
	case a.glue, b.class == space, b.class == closing, neverEnds(a), neverStarts(b.r):
		return false
	case a.class == space:
		return true
	case a.class == latin && b.class == latin:
		return false
	case isDigit(a.r) && unitAfterDigit(b.r):
		return false
	}
	return true
}

// mayEnd tells whether a line that began at start may end before cs[i]. Spaces
// at a line's end vanish, so what stands before them counts as its end too.
func mayEnd(cs []char, start, i int) bool {
	if !mayBreak(&cs[i-1], &cs[i]) {
		return false
	}
	last := i - 1
	for last > start && cs[last].class == space {
		last--
	}
	return last == i-1 || !neverEnds(&cs[last])
}

// gap is what is added between neighbours a and b, negative where punctuation
// gives way. filled says that fields are underlined fill-ins.
func gap(a, b *char, filled bool) int {
	if filled && a.field != b.field {
		g := fillGap
		if a.field != noField {
			g += fillPad
		}
		if b.field != noField {
			g += fillPad
		}
		if b.class == closing || a.class == opening || a.class == closing && a.adv == fullEm {
			g -= fillGap
		}
		return g
	}
	switch {
	case a.class == closing && a.adv == fullEm && (b.class == closing || b.class == opening):
		return -halfEm
	case a.class == opening && b.class == opening && b.adv == fullEm:
		return -halfEm
	case a.class == han && b.class == latin && !neverStarts(b.r) && a.r != '·', a.class == latin && b.class == han && b.r != '·':
		return mixGap
	}
	return 0
}

// stretches tells whether justification may widen the space between a and b.
func stretches(a, b *char) bool {
	switch {
	case a.class == latin && b.class == latin, a.r == '·', b.r == '·':
		return false
	case a.r == b.r && (a.r == '—' || a.r == '…'):
		return false
	}
	return true
}

// line is one line of a paragraph: characters from..to-1.
type line struct {
	from, to int
	width    int // natural, in 1/1000 em, indent not counted
	indent   int
	last     bool
}

// setting is how a paragraph's text is broken: measures in 1/1000 em.
type setting struct {
	limit  int // line length
	indent int // of the first line
	filled bool
}

// breakLines appends the lines of cs[from:to] to dst, filling each as far as
// the rules allow (GB/T 15834; W3C clreq §3.1): closing punctuation never
// begins a line nor an opening one ends it, words and numbers stay whole
// unless one is longer than a line, and a line may end in a punctuation mark
// squeezed to its inked half.
func breakLines(dst []line, cs []char, from, to int, s setting) []line {
	first := len(dst)
	for start := from; start < to; {
		indent := 0
		if start == from {
			indent = s.indent
		}
		end := lineEnd(cs, start, to, s.limit-indent, s.filled)
		dst = append(dst, line{from: start, to: end, indent: indent})
		for start = end; start < to && cs[start].class == space; start++ {
			continue
		}
	}
	if n := len(dst); n-first >= 2 {
		dst[n-1].from = feedLast(cs, &dst[n-2], dst[n-1], s)
	}
	for i := first; i < len(dst); i++ {
		l := &dst[i]
		for l.to > l.from+1 && cs[l.to-1].class == space {
			l.to--
		}
		l.width = textWidth(cs, l.from, l.to, s.filled)
		l.last = i == len(dst)-1
	}
	return dst
}

// lineEnd finds where the line that begins at start ends.
func lineEnd(cs []char, start, to, limit int, filled bool) int {
	x, lastBreak := 0, -1
	if filled && cs[start].field != noField {
		x += fillPad
	}
	for i := start; i < to; i++ {
		if i > start {
			x += gap(&cs[i-1], &cs[i], filled)
		}
		x += int(cs[i].adv)
		if x-yields(&cs[i]) > limit && i > start && cs[i].class != space {
			if lastBreak > start {
				return lastBreak
			}
			return i // one word longer than the line
		}
		if i+1 < to && mayEnd(cs, start, i+1) {
			lastBreak = i + 1
		}
	}
	return to
}

// yields is how much of a character may stick out at a line's end.
func yields(c *char) int {
	if c.class == closing && c.adv == fullEm {
		return halfEm
	}
	return 0
}

// feedLast keeps a paragraph from ending in a line of a single character
// (单字不成行): it takes one more from the line before. It returns where the
// last line begins then.
func feedLast(cs []char, before *line, last line, s setting) int {
	words := 0
	for i := last.from; i < last.to; i++ {
		if cs[i].class == han || cs[i].class == latin {
			words++
		}
	}
	if words != 1 {
		return last.from
	}
	for i := last.from - 1; i > before.from; i-- {
		if mayEnd(cs, before.from, i) {
			if textWidth(cs, i, last.to, s.filled)-yields(&cs[last.to-1]) > s.limit {
				return last.from // marks around it fill the line already
			}
			before.to = i
			return i
		}
	}
	return last.from
}

// textWidth is the natural width of cs[from:to].
func textWidth(cs []char, from, to int, filled bool) int {
	w := 0
	for i := from; i < to; i++ {
		w += int(cs[i].adv)
		if i+1 < to {
			w += gap(&cs[i], &cs[i+1], filled)
		}
	}
	if filled && to > from {
		if cs[from].field != noField {
			w += fillPad
		}
		if cs[to-1].field != noField {
			w += fillPad
		}
	}
	return w
}
