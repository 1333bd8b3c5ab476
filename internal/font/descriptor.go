package font

import (
	"fmt"
	"strings"
	"unicode/utf16"
)

// descriptor holds what a PDF font descriptor asks for (ISO 32000-1, table 122), lengths in 1/1000 em.
type descriptor struct {
	ascent, descent, capHeight, stemV int
	bbox                              [4]int
	italicAngle                       float64
	flags                             uint32
}

// Flags of a font descriptor (ISO 32000-1, table 123).
const (
	flagFixedPitch = 1 << 0
	flagSerif      = 1 << 1
	flagSymbolic   = 1 << 2 // characters outside the standard Latin set: every face for Chinese
	flagItalic     = 1 << 6
)

// Name is the PostScript name, reduced to characters that need no escape in a PDF name.
func (f *Face) Name() string { return f.name }

// Ascent is the height above the baseline that text takes, in 1/1000 em.
func (f *Face) Ascent() int { return f.ascent }

// Descent is the depth below the baseline that text takes, negative, in 1/1000 em.
func (f *Face) Descent() int { return f.descent }

// CapHeight is the height of flat capital letters, in 1/1000 em.
func (f *Face) CapHeight() int { return f.capHeight }

// BBox is the box around all glyphs: left, bottom, right, top in 1/1000 em.
func (f *Face) BBox() [4]int { return f.bbox }

// ItalicAngle is the slant in degrees counter-clockwise from the vertical, 0 for upright.
func (f *Face) ItalicAngle() float64 { return f.italicAngle }

// StemV is the thickness of vertical stems in 1/1000 em, estimated from the weight, for TrueType does not record it.
func (f *Face) StemV() int { return f.stemV }

// Flags are those of a PDF font descriptor.
func (f *Face) Flags() uint32 { return f.flags }

// Embeddable tells whether the face's licence bits (OS/2 fsType) let a subset be embedded in a document; if not, the error wraps ErrRestricted.
func (f *Face) Embeddable() error {
	const (
		restricted, printAndPreview, editable = 0x2, 0x4, 0x8
		noSubsetting, bitmapOnly              = 0x100, 0x200
	)
	switch {
	// Where several bits are set, the least restrictive holds (OS/2 version 2 and earlier).
	case f.fsType&restricted != 0 && f.fsType&(printAndPreview|editable) == 0:
		return fmt.Errorf("%w: %s is marked \"restricted licence\" (fsType %#04x)", ErrRestricted, f.name, f.fsType)
	case f.fsType&noSubsetting != 0:
		return fmt.Errorf("%w: %s is marked \"no subsetting\" (fsType %#04x)", ErrRestricted, f.name, f.fsType)
	case f.fsType&bitmapOnly != 0:
		return fmt.Errorf("%w: %s is marked \"bitmap embedding only\" (fsType %#04x)", ErrRestricted, f.name, f.fsType)
	}
	return nil
}

func (f *Face) readDescriptor() {
	head, hhea := f.tables[tabHead], f.tables[tabHhea]
	for i := range f.bbox {
		f.bbox[i] = f.perMille(i16(head, 36+2*i))
	}
	f.ascent, f.descent = f.perMille(i16(hhea, 4)), f.perMille(i16(hhea, 6))
	f.flags = flagSymbolic

	weight := 400
	if os2 := f.tables[tabOS2]; len(os2) >= 78 {
		weight = int(u16(os2, 4))
		f.fsType = u16(os2, 8)
		// The typographic metrics are the em box that Chinese text is set in; those of hhea leave room for line gaps.
		if a, d := i16(os2, 68), i16(os2, 70); a > 0 && d <= 0 {
			f.ascent, f.descent = f.perMille(a), f.perMille(d)
		}
		if u16(os2, 0) >= 2 && len(os2) >= 96 {
			f.capHeight = f.perMille(i16(os2, 88))
		}
		// PANOSE: family 2 is Latin text, whose serif styles are 2 to 10; the family class tells where PANOSE is empty.
		if class := os2[30]; (os2[32] == 2 && os2[33] >= 2 && os2[33] <= 10) || (class >= 1 && class <= 7 && class != 6) {
			f.flags |= flagSerif
		}
	}
	if post := f.tables[tabPost]; len(post) >= 16 {
		f.italicAngle = float64(int32(u32(post, 4))) / 65536
		if u32(post, 12) != 0 {
			f.flags |= flagFixedPitch
		}
	}
	if f.italicAngle != 0 {
		f.flags |= flagItalic
	}
	if f.capHeight <= 0 {
		f.capHeight = f.ascent * 4 / 5
	}
	f.stemV = 50 + weight*weight/(65*65)
}

// postScriptName finds name 6 and keeps what a PDF name may hold unescaped; "Unnamed" if nothing is left.
func postScriptName(table []byte) string {
	const postScript, longest = 6, 63
	if len(table) < 6 {
		return "Unnamed"
	}
	n, base := int(u16(table, 2)), int(u16(table, 4))
	for i := 0; i < n && 6+12*(i+1) <= len(table); i++ {
		record := table[6+12*i:][:12]
		if u16(record, 6) != postScript {
			continue
		}
		from, length := base+int(u16(record, 10)), int(u16(record, 8))
		if from+length > len(table) {
			continue
		}
		raw := table[from:][:length]
		if platform := u16(record, 0); platform == 0 || platform == 3 {
			raw = []byte(decodeUTF16(raw))
		}
		name := strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '-' || r == '_' || r == '.' {
				return r
			}
			return -1
		}, string(raw))
		if name != "" {
			return name[:min(len(name), longest)]
		}
	}
	return "Unnamed"
}

func decodeUTF16(b []byte) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = u16(b, 2*i)
	}
	return string(utf16.Decode(units))
}
