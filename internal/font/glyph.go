package font

import "iter"

// glyphHeader is the length of a glyph's number of contours and bounding box.
const glyphHeader = 10

// glyphData is a glyph's bytes in "glyf": empty for a blank, for one that is not there, and for one too short to be a glyph.
func (f *Face) glyphData(gid uint16) []byte {
	if int(gid) >= f.numGlyphs {
		return nil
	}
	data := f.tables[tabGlyf][f.location(int(gid)):f.location(int(gid)+1)]
	if len(data) < glyphHeader {
		return nil
	}
	return data
}

// location is where a glyph begins in "glyf". Parse has seen to it that locations ascend and stay inside.
func (f *Face) location(i int) int {
	if f.longLoca {
		return int(u32(f.tables[tabLoca], 4*i))
	}
	return 2 * int(u16(f.tables[tabLoca], 2*i))
}

func isComposite(glyph []byte) bool { return len(glyph) > 0 && i16(glyph, 0) < 0 }

// Flags of a component of a composite glyph.
const (
	argsAreWords   = 1 << 0
	argsAreXY      = 1 << 1
	hasScale       = 1 << 3
	moreComponents = 1 << 5
	hasXYScale     = 1 << 6
	has2x2         = 1 << 7
	scaledOffset   = 1 << 11
)

// component is one part of a composite glyph.
type component struct {
	flags uint16
	gid   uint16
	at    int    // where gid stands in the glyph's bytes
	args  []byte // offsets, then the scale, as flags say
}

// components lists the parts of a composite glyph, as far as the data go.
func components(glyph []byte) iter.Seq[component] {
	return func(yield func(component) bool) {
		for at := glyphHeader; at+4 <= len(glyph); {
			c := component{flags: u16(glyph, at), gid: u16(glyph, at+2), at: at + 2}
			size := 2
			if c.flags&argsAreWords != 0 {
				size = 4
			}
			switch {
			case c.flags&hasScale != 0:
				size += 2
			case c.flags&hasXYScale != 0:
				size += 4
			case c.flags&has2x2 != 0:
				size += 8
			}
			if at += 4; at+size > len(glyph) {
				return
			}
			c.args = glyph[at:][:size]
			at += size
			if !yield(c) || c.flags&moreComponents == 0 {
				return
			}
		}
	}
}

// placement is where a component placed by offsets goes.
func (c component) placement() affine {
	m, scale := affine{a: 1, d: 1}, c.args[2:]
	if c.flags&argsAreWords != 0 {
		m.e, m.f = float64(i16(c.args, 0)), float64(i16(c.args, 2))
		scale = c.args[4:]
	} else {
		m.e, m.f = float64(int8(c.args[0])), float64(int8(c.args[1]))
	}
	f2dot14 := func(at int) float64 { return float64(i16(scale, at)) / (1 << 14) }
	switch {
	case c.flags&hasScale != 0:
		m.a = f2dot14(0)
		m.d = m.a
	case c.flags&hasXYScale != 0:
		m.a, m.d = f2dot14(0), f2dot14(2)
	case c.flags&has2x2 != 0:
		m.a, m.b, m.c, m.d = f2dot14(0), f2dot14(2), f2dot14(4), f2dot14(6)
	}
	if c.flags&scaledOffset != 0 {
		m.e, m.f = m.a*m.e+m.c*m.f, m.b*m.e+m.d*m.f
	}
	return m
}
