package font

import (
	"encoding/binary"
	"hash/fnv"
)

// A subset is a TrueType file for a PDF's FontFile2 with Identity-H and an identity CIDToGIDMap: glyph 0 is .notdef, glyph n the n-th glyph asked for,
// then come the components that composite glyphs refer to. It has the tables that ISO 32000-1, 9.9 asks for in such a program and no others.
//
// Its small tables come first and "glyf" last, so that what lies before the glyphs can be written once their lengths and sum are known.

// subsetTables are the tables of a subset in the order of the directory (by tag).
var subsetTables = [...]int{tabCvt, tabFpgm, tabGlyf, tabHead, tabHhea, tabHmtx, tabLoca, tabMaxp, tabPrep}

const maxSubset = 0xFFFF // glyphs, .notdef and components included

// longestShortLoca is the length of "glyf" up to which "loca" has two bytes an entry.
const longestShortLoca = 2 * 0xFFFF

// layout is where everything of a subset goes.
type layout struct {
	face     *Face
	glyphs   []uint16 // the face's glyph for each glyph of the subset
	offsets  []uint32 // loca: one more than glyphs, all even
	longLoca bool
	metrics  int // long entries in hmtx
}

// newLayout plans a subset of the first glyphs and more. The last two slices are scratch to append to.
func (f *Face) newLayout(first, more, glyphs []uint16, offsets []uint32) layout {
	glyphs = append(glyphs, 0)
	glyphs = append(glyphs, first...)
	glyphs = append(glyphs, more[:min(len(more), maxSubset-len(glyphs))]...)
	at := uint32(0)
	for i := 0; i < len(glyphs); i++ {
		offsets = append(offsets, at)
		data := f.glyphData(glyphs[i])
		at += evenLen(data)
		if isComposite(data) {
			glyphs = appendComponents(glyphs, data)
		}
	}
	offsets = append(offsets, at)
	l := layout{face: f, glyphs: glyphs, offsets: offsets, longLoca: at > longestShortLoca}
	l.metrics = l.longMetrics()
	return l
}

func evenLen(data []byte) uint32 { return uint32(len(data)+1) &^ 1 }

// appendComponents adds the glyphs that a composite glyph refers to, where they are not there yet.
func appendComponents(glyphs []uint16, composite []byte) []uint16 {
	for c := range components(composite) {
		if newGID(glyphs, c.gid) == 0 && c.gid != 0 && len(glyphs) < maxSubset {
			glyphs = append(glyphs, c.gid)
		}
	}
	return glyphs
}

// newGID is a glyph's number in the subset, 0 if it is not there.
func newGID(glyphs []uint16, gid uint16) uint16 {
	for i, g := range glyphs {
		if g == gid {
			return uint16(i)
		}
	}
	return 0
}

// longMetrics is how many entries of "hmtx" need their advance written: the last one written holds for all after it.
func (l *layout) longMetrics() int {
	n := len(l.glyphs)
	for last, _ := l.metric(n - 1); n > 1; n-- {
		if before, _ := l.metric(n - 2); before != last {
			break
		}
	}
	return n
}

func (l *layout) metric(i int) (advance, bearing uint16) {
	if g := l.glyphs[i]; int(g) < l.face.numGlyphs {
		return l.face.hMetric(g)
	}
	return 0, 0
}

// size is the length of a table in the subset.
func (l *layout) size(table int) int {
	n := len(l.glyphs)
	switch table {
	case tabGlyf:
		return int(l.offsets[n])
	case tabLoca:
		if l.longLoca {
			return 4 * (n + 1)
		}
		return 2 * (n + 1)
	case tabHmtx:
		return 4*l.metrics + 2*(n-l.metrics)
	}
	return len(l.face.tables[table])
}

// frontSize is the length of everything before "glyf".
func (l *layout) frontSize() int {
	size := 12
	for _, t := range subsetTables {
		if n := l.size(t); n > 0 || t == tabGlyf {
			size += 16
			if t != tabGlyf {
				size += align4(n)
			}
		}
	}
	return size
}

func align4(n int) int { return (n + 3) &^ 3 }

// writeFront fills front, frontSize long and zero, with the directory and every table but "glyf", whose checksum is given.
func (l *layout) writeFront(front []byte, glyfSum uint32) {
	copy(front, "\x00\x01\x00\x00")
	at, entry, count := 0, 12, 0
	for _, t := range subsetTables {
		if l.size(t) > 0 || t == tabGlyf {
			count++
		}
	}
	writeSearch(front[4:], count)
	at = 12 + 16*count
	var head []byte
	for _, t := range subsetTables {
		n := l.size(t)
		if n == 0 && t != tabGlyf {
			continue
		}
		where, sum := len(front), glyfSum
		if t != tabGlyf {
			where = at
			body := front[at:][:align4(n)]
			l.writeTable(body[:n], t)
			sum = checksum(body)
			at += len(body)
			if t == tabHead {
				head = body
			}
		}
		copy(front[entry:], tableTags[t])
		binary.BigEndian.PutUint32(front[entry+4:], sum)
		binary.BigEndian.PutUint32(front[entry+8:], uint32(where))
		binary.BigEndian.PutUint32(front[entry+12:], uint32(n))
		entry += 16
	}
	binary.BigEndian.PutUint32(head[8:], 0xB1B0AFBA-(checksum(front)+glyfSum))
}

// writeSearch writes the number of tables and the three numbers for binary search that follow it.
func writeSearch(b []byte, tables int) {
	power, log := 1, 0
	for power*2 <= tables {
		power *= 2
		log++
	}
	binary.BigEndian.PutUint16(b, uint16(tables))
	binary.BigEndian.PutUint16(b[2:], uint16(16*power))
	binary.BigEndian.PutUint16(b[4:], uint16(log))
	binary.BigEndian.PutUint16(b[6:], uint16(16*(tables-power)))
}

func (l *layout) writeTable(b []byte, table int) {
	switch table {
	case tabLoca:
		for i, o := range l.offsets {
			if l.longLoca {
				binary.BigEndian.PutUint32(b[4*i:], o)
			} else {
				binary.BigEndian.PutUint16(b[2*i:], uint16(o/2))
			}
		}
		return
	case tabHmtx:
		l.writeMetrics(b)
		return
	}
	copy(b, l.face.tables[table])
	switch table {
	case tabHead:
		binary.BigEndian.PutUint32(b[8:], 0) // checkSumAdjustment, filled in last
		format := uint16(0)
		if l.longLoca {
			format = 1
		}
		binary.BigEndian.PutUint16(b[50:], format)
	case tabHhea:
		binary.BigEndian.PutUint16(b[34:], uint16(l.metrics))
	case tabMaxp:
		binary.BigEndian.PutUint16(b[4:], uint16(len(l.glyphs)))
	}
}

func (l *layout) writeMetrics(b []byte) {
	at := 0
	for i := range l.glyphs {
		advance, bearing := l.metric(i)
		if i < l.metrics {
			binary.BigEndian.PutUint16(b[at:], advance)
			at += 2
		}
		binary.BigEndian.PutUint16(b[at:], bearing)
		at += 2
	}
}

// checksum is the sum of a table's 32-bit words; the length is a multiple of four.
func checksum(b []byte) (sum uint32) {
	for ; len(b) >= 4; b = b[4:] {
		sum += binary.BigEndian.Uint32(b)
	}
	return sum
}

// appendGlyph adds a glyph's bytes as they stand in the subset: components renumbered, padded to an even length.
func (l *layout) appendGlyph(dst []byte, i int) []byte {
	data := l.face.glyphData(l.glyphs[i])
	start := len(dst)
	dst = append(dst, data...)
	if isComposite(data) {
		glyph := dst[start:]
		for c := range components(glyph) {
			binary.BigEndian.PutUint16(glyph[c.at:], newGID(l.glyphs, c.gid))
		}
	}
	if len(data)%2 == 1 {
		dst = append(dst, 0)
	}
	return dst
}

// scratch is room on the stack for the layout of a usual certificate's glyphs.
const scratch = 256

// grow makes room for n more bytes in one step.
func grow(dst []byte, n int) []byte {
	if cap(dst)-len(dst) >= n {
		return dst
	}
	return append(make([]byte, 0, len(dst)+n), dst...)
}

// Tag is the six capital letters that ISO 32000-1, 9.6.4 wants before the name of a subset, made from what identifies the subset, its glyphs for example.
func Tag(seed []byte) string {
	h := fnv.New64a()
	_, _ = h.Write(seed) // a hash never fails
	sum := h.Sum64()
	var tag [6]byte
	for i := range tag {
		tag[i] = byte('A' + sum%26)
		sum /= 26
	}
	return string(tag[:])
}
