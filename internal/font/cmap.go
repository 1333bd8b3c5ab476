package font

import "fmt"

// charmap is the one subtable of "cmap" that characters are looked up in: format 12 where the face has it, for it reaches beyond U+FFFF, else format 4.
type charmap struct {
	groups []byte // format 12: 12 bytes a group: first character, last character, glyph of the first

	// format 4: four parallel arrays of 16-bit values, one element a segment, and what follows them
	segments                int
	ends, starts, deltas    []byte
	rangeOffsetsAndGlyphIDs []byte
}

// Unicode encodings, best first (platform, encoding).
var unicodeEncodings = [...][2]uint16{{3, 10}, {0, 6}, {0, 4}, {3, 1}, {0, 3}, {0, 2}, {0, 1}, {0, 0}}

func parseCmap(table []byte) (charmap, error) {
	if len(table) < 4 {
		return charmap{}, fmt.Errorf("%w: table \"cmap\" is cut off", ErrBroken)
	}
	n := int(u16(table, 2))
	if len(table) < 4+8*n {
		return charmap{}, fmt.Errorf("%w: table \"cmap\" is cut off", ErrBroken)
	}
	for _, format := range []uint16{12, 4} {
		for _, want := range unicodeEncodings {
			for i := range n {
				record := table[4+8*i:][:8]
				off := u32(record, 4)
				if u16(record, 0) != want[0] || u16(record, 2) != want[1] || uint64(off)+2 > uint64(len(table)) {
					continue
				}
				if sub := table[off:]; u16(sub, 0) == format {
					return parseSubtable(sub, format)
				}
			}
		}
	}
	return charmap{}, fmt.Errorf("%w: it has no Unicode character map of format 12 or 4", ErrNotTrueType)
}

func parseSubtable(sub []byte, format uint16) (charmap, error) {
	cut := fmt.Errorf("%w: character map of format %d is cut off", ErrBroken, format)
	if format == 12 {
		if len(sub) < 16 {
			return charmap{}, cut
		}
		n := uint64(u32(sub, 12))
		if uint64(len(sub)) < 16+12*n {
			return charmap{}, cut
		}
		return charmap{groups: sub[16 : 16+12*n]}, nil
	}
	if len(sub) < 14 {
		return charmap{}, cut
	}
	n := int(u16(sub, 6)) / 2
	if len(sub) < 16+8*n {
		return charmap{}, cut
	}
	return charmap{
		segments:                n,
		ends:                    sub[14:],
		starts:                  sub[16+2*n:],
		deltas:                  sub[16+4*n:],
		rangeOffsetsAndGlyphIDs: sub[16+6*n:],
	}, nil
}

// glyph gives a character's glyph, 0 when there is none.
func (m *charmap) glyph(r uint32) uint16 {
	if m.groups != nil {
		return m.glyph12(r)
	}
	if r > 0xFFFF {
		return 0
	}
	return m.glyph4(uint16(r))
}

func (m *charmap) glyph12(r uint32) uint16 {
	lo, hi := 0, len(m.groups)/12
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		g := m.groups[12*mid:][:12]
		switch {
		case r < u32(g, 0):
			hi = mid
		case r > u32(g, 4):
			lo = mid + 1
		default:
			if gid := uint64(u32(g, 8)) + uint64(r-u32(g, 0)); gid <= 0xFFFF {
				return uint16(gid)
			}
			return 0
		}
	}
	return 0
}

func (m *charmap) glyph4(c uint16) uint16 {
	lo, hi := 0, m.segments
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if u16(m.ends, 2*mid) < c {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == m.segments || u16(m.starts, 2*lo) > c {
		return 0
	}
	delta, rangeOffset := u16(m.deltas, 2*lo), int(u16(m.rangeOffsetsAndGlyphIDs, 2*lo))
	if rangeOffset == 0 {
		return c + delta
	}
	// The offset counts from its own place in the file.
	at := 2*lo + rangeOffset + 2*int(c-u16(m.starts, 2*lo))
	if at+2 > len(m.rangeOffsetsAndGlyphIDs) {
		return 0
	}
	if g := u16(m.rangeOffsetsAndGlyphIDs, at); g != 0 {
		return g + delta
	}
	return 0
}
