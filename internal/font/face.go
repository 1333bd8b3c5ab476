// Package font reads TrueType faces, cuts subsets out of them for embedding in a PDF, and draws their outlines.
//
// A Face is parsed once, refers to the file's bytes without copying them, and is then read-only: any number of goroutines may share it.
// Only faces with TrueType ("glyf") outlines are taken. The formats are those of ISO/IEC 14496-22 (OpenType 1.9).
package font

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
)

// What Parse refuses. Each comes wrapped with what was found and what to do.
var (
	ErrNotTrueType = errors.New("font: not a TrueType face")
	ErrBroken      = errors.New("font: broken face")
	ErrRestricted  = errors.New("font: licence bits forbid embedding a subset")
)

// Face is one parsed TrueType face.
type Face struct {
	name       string
	unitsPerEm int
	numGlyphs  int
	fsType     uint16

	longLoca    bool
	numHMetrics int
	tables      [numTables][]byte
	cmap        charmap

	descriptor
	subsets atomic.Uint32 // made of it so far
	pieces  pieces
	drawn   *drawn // nil: whatever is mapped counts
}

// The tables that are kept; those up to lastRequired must be there.
const (
	tabGlyf = iota
	tabHead
	tabHhea
	tabHmtx
	tabLoca
	tabMaxp
	tabCmap
	tabCvt
	tabFpgm
	tabPrep
	tabOS2
	tabPost
	tabName
	numTables
)

const lastRequired = tabCmap

var tableTags = [numTables]string{"glyf", "head", "hhea", "hmtx", "loca", "maxp", "cmap", "cvt ", "fpgm", "prep", "OS/2", "post", "name"}

// Parse reads a face from a whole TrueType file, which must stay unchanged for as long as the face is used.
// It reads no glyph, so its cost hardly depends on the file's size; a glyph broken inside shows when it is drawn.
// Errors are ErrNotTrueType or ErrBroken, wrapped.
func Parse(data []byte) (*Face, error) {
	f := &Face{}
	if err := f.readDirectory(data); err != nil {
		return nil, err
	}
	if err := f.readHeads(); err != nil {
		return nil, err
	}
	m, err := parseCmap(f.tables[tabCmap])
	if err != nil {
		return nil, err
	}
	f.cmap = m
	f.readDescriptor()
	f.name = postScriptName(f.tables[tabName])
	return f, nil
}

func (f *Face) readDirectory(data []byte) error {
	if len(data) < 12 {
		return fmt.Errorf("%w: %d bytes are too few", ErrNotTrueType, len(data))
	}
	switch string(data[:4]) {
	case "\x00\x01\x00\x00", "true":
	case "OTTO":
		return fmt.Errorf("%w: its outlines are CFF (OpenType/CFF); use the TrueType (.ttf, glyf) edition of the face", ErrNotTrueType)
	case "ttcf":
		return fmt.Errorf("%w: it is a collection (.ttc); extract the one face that is wanted to a .ttf", ErrNotTrueType)
	case "wOFF", "wOF2":
		return fmt.Errorf("%w: it is a web font (WOFF); convert it to .ttf", ErrNotTrueType)
	default:
		return fmt.Errorf("%w: it begins with % x", ErrNotTrueType, data[:4])
	}
	n := int(u16(data, 4))
	if len(data) < 12+16*n {
		return fmt.Errorf("%w: the table directory is cut off", ErrBroken)
	}
	for i := range n {
		entry := data[12+16*i:][:16]
		for t, tag := range tableTags {
			if string(entry[:4]) != tag {
				continue
			}
			off, length := uint64(u32(entry, 8)), uint64(u32(entry, 12))
			if off+length > uint64(len(data)) {
				return fmt.Errorf("%w: table %q lies outside the file", ErrBroken, tag)
			}
			f.tables[t] = data[off:][:length:length]
		}
	}
	for t := range lastRequired + 1 {
		if f.tables[t] == nil {
			return fmt.Errorf("%w: it has no %q table", ErrNotTrueType, tableTags[t])
		}
	}
	return nil
}

func (f *Face) readHeads() error {
	head, hhea, maxp := f.tables[tabHead], f.tables[tabHhea], f.tables[tabMaxp]
	switch {
	case len(head) < 54:
		return fmt.Errorf("%w: table \"head\" is cut off", ErrBroken)
	case len(hhea) < 36:
		return fmt.Errorf("%w: table \"hhea\" is cut off", ErrBroken)
	case len(maxp) < 32:
		return fmt.Errorf("%w: table \"maxp\" is cut off", ErrBroken)
	}
	f.unitsPerEm = int(u16(head, 18))
	f.longLoca = u16(head, 50) != 0
	f.numGlyphs = int(u16(maxp, 4))
	f.numHMetrics = int(u16(hhea, 34))

	locaEntry := 2
	if f.longLoca {
		locaEntry = 4
	}
	switch {
	case f.unitsPerEm < 16 || f.unitsPerEm > 16384:
		return fmt.Errorf("%w: %d units per em", ErrBroken, f.unitsPerEm)
	case f.numGlyphs == 0:
		return fmt.Errorf("%w: it has no glyphs", ErrBroken)
	case len(f.tables[tabLoca]) < (f.numGlyphs+1)*locaEntry:
		return fmt.Errorf("%w: table \"loca\" is cut off", ErrBroken)
	case f.numHMetrics == 0 || f.numHMetrics > f.numGlyphs:
		return fmt.Errorf("%w: %d advance widths for %d glyphs", ErrBroken, f.numHMetrics, f.numGlyphs)
	case len(f.tables[tabHmtx]) < f.numHMetrics*4+(f.numGlyphs-f.numHMetrics)*2:
		return fmt.Errorf("%w: table \"hmtx\" is cut off", ErrBroken)
	}
	return f.checkLocations()
}

// checkLocations sees to it that every glyph lies inside "glyf", so that a cut-off file is found at start and not on some resident's certificate.
func (f *Face) checkLocations() error {
	before := 0
	for i := range f.numGlyphs + 1 {
		at := f.location(i)
		if at < before || at > len(f.tables[tabGlyf]) {
			return fmt.Errorf("%w: table \"loca\" puts glyph %d outside \"glyf\"", ErrBroken, i)
		}
		before = at
	}
	return nil
}

// Glyph gives the glyph that the face has for a character; ok is false when it has none.
func (f *Face) Glyph(r rune) (gid uint16, ok bool) {
	if r < 0 || r > 0x10FFFF {
		return 0, false
	}
	g := f.cmap.glyph(uint32(r))
	if g == 0 || int(g) >= f.numGlyphs || f.drawn != nil && !f.draws(g) {
		return 0, false
	}
	return g, true
}

// NumGlyphs is the number of glyphs; glyph IDs are below it.
func (f *Face) NumGlyphs() int { return f.numGlyphs }

// Advance is a glyph's advance width in 1/1000 em, rounded to the nearest integer as the /W array of a PDF wants it; 0 for a glyph that is not there.
func (f *Face) Advance(gid uint16) int {
	if int(gid) >= f.numGlyphs {
		return 0
	}
	advance, _ := f.hMetric(gid)
	return f.perMille(int(advance))
}

// hMetric gives the advance width and left side bearing in font units. The caller has checked gid.
func (f *Face) hMetric(gid uint16) (advance, bearing uint16) {
	hmtx, g := f.tables[tabHmtx], int(gid)
	if g < f.numHMetrics {
		return u16(hmtx, 4*g), u16(hmtx, 4*g+2)
	}
	return u16(hmtx, 4*(f.numHMetrics-1)), u16(hmtx, 4*f.numHMetrics+2*(g-f.numHMetrics))
}

// perMille turns font units into 1/1000 em, to the nearest integer.
func (f *Face) perMille(v int) int {
	n := 2*1000*v + f.unitsPerEm
	d := 2 * f.unitsPerEm
	q := n / d
	if n%d < 0 {
		q--
	}
	return q
}

func u16(b []byte, at int) uint16 { return binary.BigEndian.Uint16(b[at:]) }

func i16(b []byte, at int) int { return int(int16(binary.BigEndian.Uint16(b[at:]))) }

func u32(b []byte, at int) uint32 { return binary.BigEndian.Uint32(b[at:]) }
