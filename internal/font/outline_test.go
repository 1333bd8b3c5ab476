package font

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"
)

// handMade is a face of two blank glyphs and then those given, 1000 units per em.
func handMade(t *testing.T, glyphs ...[]byte) *Face {
	t.Helper()
	tables := small(t)
	delete(tables, "prep")
	n := len(glyphs) + 2
	loca, glyf := make([]byte, 3*4), []byte(nil) // the blanks and the first glyph begin at 0
	for _, g := range glyphs {
		glyf = append(glyf, g...)
		loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))
	}
	head := append([]byte(nil), tables["head"]...)
	binary.BigEndian.PutUint16(head[18:], 1000)
	binary.BigEndian.PutUint16(head[50:], 1)
	maxp := append([]byte(nil), tables["maxp"]...)
	binary.BigEndian.PutUint16(maxp[4:], uint16(n))
	hhea := append([]byte(nil), tables["hhea"]...)
	binary.BigEndian.PutUint16(hhea[34:], 1)
	tables["head"], tables["maxp"], tables["hhea"] = head, maxp, hhea
	tables["loca"], tables["glyf"], tables["hmtx"] = loca, glyf, make([]byte, 4+2*(n-1))
	f, err := Parse(assemble(tables))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// glyphBytes is a simple glyph of one contour whose points have words for coordinates.
func glyphBytes(flags []byte, steps ...int16) []byte {
	b := append([]byte{0, 1}, make([]byte, 8)...)
	b = append(b, 0, byte(len(flags)-1), 0, 0)
	b = append(b, flags...)
	for _, v := range steps {
		b = binary.BigEndian.AppendUint16(b, uint16(v))
	}
	if len(b)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

func TestOutlineStrokes(t *testing.T) {
	const on, off = onCurve, 0
	for _, c := range []struct {
		name  string
		glyph []byte
		want  string
	}{
		{"lines", glyphBytes([]byte{on, on, on}, 100, 200, 0, 0, 0, 300), "M100.00,0.00 L300.00,0.00 L300.00,300.00 Z"},
		{"one control point", glyphBytes([]byte{on, off, on}, 0, 100, 100, 0, 0, 100), "M0.00,0.00 Q100.00,0.00,200.00,100.00 Z"},
		{"two control points", glyphBytes([]byte{on, off, off, on}, 0, 100, 100, 100, 0, 100, 0, -100), "M0.00,0.00 Q100.00,100.00,150.00,100.00 Q200.00,100.00,300.00,0.00 Z"},
		{"control point last", glyphBytes([]byte{on, on, off}, 0, 100, 0, 0, 0, 100), "M0.00,0.00 L100.00,0.00 Q100.00,100.00,0.00,0.00 Z"},
		{"control point first", glyphBytes([]byte{off, on, on}, 0, 100, 0, 0, 0, 100), "M100.00,0.00 L100.00,100.00 Q0.00,0.00,100.00,0.00 Z"},
		{
			"control points only", glyphBytes([]byte{off, off, off, off}, 0, 100, 0, -100, 0, 0, 100, 0),
			"M50.00,0.00 Q100.00,0.00,100.00,50.00 Q100.00,100.00,50.00,100.00 Q0.00,100.00,0.00,50.00 Q0.00,0.00,50.00,0.00 Z",
		},
		{"repeated flag and short steps", append(append([]byte{0, 1}, make([]byte, 8)...), 0, 2, 0, 0,
			onCurve|xShort|yShort|repeated|xSame, 2, 10, 20, 30, 1, 2, 3), "M10.00,-1.00 L30.00,-3.00 L60.00,-6.00 Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := handMade(t, c.glyph)
			if got := strings.Join(outline(t, f, 2), " "); got != c.want {
				t.Errorf("drew  %s\nwants %s", got, c.want)
			}
		})
	}
}

// compositeBytes is a composite glyph of one component.
func compositeBytes(flags, gid uint16, args ...uint16) []byte {
	b := append([]byte{0xFF, 0xFF}, make([]byte, 8)...)
	for _, v := range append([]uint16{flags, gid}, args...) {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

func TestOutlineOfComposites(t *testing.T) {
	triangle := glyphBytes([]byte{onCurve, onCurve, onCurve}, 100, 200, 0, 0, 0, 300)
	const half, one, minusOne = 0x2000, 0x4000, 0xC000
	for _, c := range []struct {
		name  string
		glyph []byte
		want  string
	}{
		{"moved by words", compositeBytes(argsAreXY|argsAreWords, 2, 1000, 0xFFFF), "M1100.00,-1.00 L1300.00,-1.00 L1300.00,299.00 Z"},
		{"moved by bytes", compositeBytes(argsAreXY, 2, 0x05FE), "M105.00,-2.00 L305.00,-2.00 L305.00,298.00 Z"},
		{"scaled", compositeBytes(argsAreXY|hasScale, 2, 0x0A00, half), "M60.00,0.00 L160.00,0.00 L160.00,150.00 Z"},
		{"scaled with its offset", compositeBytes(argsAreXY|hasScale|scaledOffset, 2, 0x0A00, half), "M55.00,0.00 L155.00,0.00 L155.00,150.00 Z"},
		{"scaled apart", compositeBytes(argsAreXY|hasXYScale, 2, 0, half, one), "M50.00,0.00 L150.00,0.00 L150.00,300.00 Z"},
		{"turned", compositeBytes(argsAreXY|has2x2, 2, 0, 0, one, minusOne, 0), "M0.00,100.00 L0.00,300.00 L-300.00,300.00 Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := handMade(t, triangle, c.glyph)
			if got := strings.ReplaceAll(strings.Join(outline(t, f, 3), " "), "-0.00", "0.00"); got != c.want {
				t.Errorf("drew  %s\nwants %s", got, c.want)
			}
		})
	}
}

func TestOutlineRefuses(t *testing.T) {
	whole := glyphBytes([]byte{onCurve, onCurve, onCurve}, 100, 200, 0, 0, 0, 300)
	var many []byte
	many = append(many, compositeBytes(argsAreXY|moreComponents, 2, 0)...)
	for range maxComponents {
		many = append(many, 0, argsAreXY|moreComponents, 0, 2, 0, 0)
	}
	disordered := append(append([]byte{0, 2}, make([]byte, 8)...), 0, 9, 0, 1, 0, 0, onCurve|xSame|ySame, onCurve|xSame|ySame)
	for _, c := range []struct {
		name  string
		glyph []byte
		says  string
	}{
		{"cut coordinates", whole[:len(whole)-2], "cut off"},
		{"cut flags", whole[:14], "cut off"},
		{"cut contours", whole[:10], "cut off"},
		{"contours out of order", disordered, "out of order"},
		{"itself", compositeBytes(argsAreXY, 2, 0), "nested"},
		{"too many", many, "nested"},
		{"points", compositeBytes(0, 3, 0), "point numbers"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := handMade(t, c.glyph, whole)
			var s strokes
			if err := f.Outline(2, &s); !errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error is %v, not one saying %q", err, c.says)
			}
		})
	}
	f := handMade(t, whole)
	if s := outline(t, f, 1); len(s) != 0 {
		t.Errorf("a blank draws %v", s)
	}
	if s := outline(t, f, 999); len(s) != 0 {
		t.Errorf("a glyph that is not there draws %v", s)
	}
}
