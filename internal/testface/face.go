// Package testface makes small TrueType faces for tests: a few characters, each
// drawn as a triangle of its own.
package testface

import (
	"encoding/binary"
	"slices"
	"unicode/utf16"
)

// Face says what face to make.
type Face struct {
	Name   string // PostScript name
	Holds  string // characters
	Boxes  string // characters that it maps, but draws as the box that stands for none
	FSType uint16 // licence bits
}

const unitsPerEm = 1000

// Bytes is the file (ISO/IEC 14496-22).
func (f Face) Bytes() []byte {
	box := glyph(point{100, 0}, point{900, 0}, point{900, 800}, point{100, 800})
	glyphs, mapped := [][]byte{box}, []rune{}
	for i, r := range []rune(f.Holds) {
		glyphs, mapped = append(glyphs, glyph(point{50, 0}, point{950, 0}, point{500, int16(800 - i)})), append(mapped, r)
	}
	for _, r := range f.Boxes {
		glyphs, mapped = append(glyphs, box), append(mapped, r)
	}
	n := uint16(len(glyphs))
	loca, glyf, hmtx := []byte{}, []byte{}, []byte{}
	for _, g := range glyphs {
		loca, glyf, hmtx = be(loca, uint32(len(glyf))), append(glyf, g...), be(hmtx, uint16(unitsPerEm), uint16(50))
	}
	return assemble([]table{
		{"OS/2", slices.Concat(be(nil, uint16(0), uint16(unitsPerEm), uint16(400), uint16(5), f.FSType), make([]byte, 68))},
		{"cmap", characterMap(mapped)},
		{"glyf", glyf},
		{"head", slices.Concat(
			be(nil, uint32(0x10000), uint32(0), uint32(0), uint32(0x5F0F3CF5), uint16(0), uint16(unitsPerEm)), make([]byte, 16),
			be(nil, uint16(50), uint16(0), uint16(950), uint16(800), uint16(0), uint16(8), uint16(2), uint16(1), uint16(0)))},
		{"hhea", slices.Concat(be(nil, uint32(0x10000), uint16(880), int16(-120)), make([]byte, 26), be(nil, n))},
		{"hmtx", hmtx},
		{"loca", be(loca, uint32(len(glyf)))},
		{"maxp", slices.Concat(be(nil, uint32(0x10000), n, uint16(4), uint16(1)), make([]byte, 22))},
		{"name", names(f.Name)},
		{"post", slices.Concat(be(nil, uint32(0x30000)), make([]byte, 28))},
	})
}

type point struct{ x, y int16 }

// glyph is a simple glyph of one contour with corners.
func glyph(corners ...point) []byte {
	b := be(nil, int16(1), int16(50), int16(0), int16(950), int16(800), uint16(len(corners)-1), uint16(0))
	for range corners {
		b = append(b, 1) // on the curve
	}
	var at point
	xs, ys := []byte{}, []byte{}
	for _, p := range corners {
		xs, ys, at = be(xs, p.x-at.x), be(ys, p.y-at.y), p
	}
	b = slices.Concat(b, xs, ys)
	return append(b, make([]byte, -len(b)&3)...)
}

// characterMap maps characters to the glyphs from 1 on (format 12).
func characterMap(of []rune) []byte {
	gids := map[rune]int{}
	for i, r := range of {
		gids[r] = i + 1
	}
	sorted := slices.Sorted(slices.Values(of))
	b := be(nil, uint16(0), uint16(1), uint16(3), uint16(10), uint32(12))
	b = be(b, uint16(12), uint16(0), uint32(16+12*len(sorted)), uint32(0), uint32(len(sorted)))
	for _, r := range sorted {
		b = be(b, uint32(r), uint32(r), uint32(gids[r]))
	}
	return b
}

// names holds the PostScript name alone.
func names(name string) []byte {
	var text []byte
	for _, u := range utf16.Encode([]rune(name)) {
		text = be(text, u)
	}
	return append(be(nil, uint16(0), uint16(1), uint16(18), uint16(3), uint16(1), uint16(0x409), uint16(6), uint16(len(text)), uint16(0)), text...)
}

type table struct {
	tag  string
	data []byte
}

// assemble makes a file of tables in the order of their tags. Nobody here looks at
// their checksums.
func assemble(tables []table) []byte {
	out := be([]byte("\x00\x01\x00\x00"), uint16(len(tables)), uint16(128), uint16(3), uint16(16*len(tables)-128))
	at := len(out) + 16*len(tables)
	var body []byte
	for _, t := range tables {
		out = append(out, t.tag...)
		out = be(out, uint32(0), uint32(at+len(body)), uint32(len(t.data)))
		body = append(append(body, t.data...), make([]byte, -len(t.data)&3)...)
	}
	return append(out, body...)
}

// be appends numbers, the high byte first.
func be(b []byte, numbers ...any) []byte {
	for _, n := range numbers {
		switch n := n.(type) {
		case int16:
			b = binary.BigEndian.AppendUint16(b, uint16(n))
		case uint16:
			b = binary.BigEndian.AppendUint16(b, n)
		case uint32:
			b = binary.BigEndian.AppendUint32(b, n)
		default:
			panic("testface: a number of another size")
		}
	}
	return b
}
