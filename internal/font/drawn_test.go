package font

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"

	"yinzheng/internal/testface"
)

// TestOnlyDrawn: a face holds what it draws and not what it only maps, nor what no
// character needs.
func TestOnlyDrawn(t *testing.T) {
	f, err := Parse(testface.Face{Name: "Rare", Holds: "𠮷一", Boxes: "㐂"}.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := f.Glyph('㐂'); !ok {
		t.Error("mapped, it counts")
	}
	f.OnlyDrawn()
	for range 2 {
		for r, want := range map[rune]bool{'𠮷': true, '一': true, '㐂': false, '二': false} {
			if _, ok := f.Glyph(r); ok != want {
				t.Errorf("%c: %v", r, ok)
			}
		}
	}
	for _, r := range "居住证明𠮷" { // and real faces go on holding what they held
		for _, path := range []string{notoPath, hanaBPath, wenKaiPath} {
			whole, strict := face(t, path), strictFace(t, path)
			g, ok := whole.Glyph(r)
			if sg, sok := strict.Glyph(r); sg != g || sok != ok {
				t.Errorf("%s %c: %d %v, want %d %v", path, r, sg, sok, g, ok)
			}
		}
	}
	heavy := handMade(t, glyphBytes(bytes.Repeat([]byte{onCurve}, 255), zigzag(255)...), composite(2, 100))
	if tr, err := heavy.trace(3); err != nil || len(tr) != maxTrace {
		t.Errorf("a trace of %d: %v", len(tr), err)
	}
	heavy.OnlyDrawn()
	if heavy.draws(3) || !heavy.draws(2) {
		t.Error("what no character needs counts, or what one may need does not")
	}
}

// zigzag is the steps of n points, x and then y.
func zigzag(n int) []int16 {
	steps := make([]int16, 2*n)
	for i := range steps {
		steps[i] = int16(1 - 2*(i%2))
	}
	return steps
}

// composite draws a glyph n times.
func composite(gid uint16, n int) []byte {
	b := append([]byte{0xff, 0xff}, make([]byte, 8)...)
	for i := range n {
		flags := uint16(argsAreXY)
		if i < n-1 {
			flags |= moreComponents
		}
		b = binary.BigEndian.AppendUint16(b, flags)
		b = append(binary.BigEndian.AppendUint16(b, gid), 0, 0)
	}
	return b
}

// strictFace is a real face anew, which holds what it draws.
func strictFace(t *testing.T, path string) *Face {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	f.OnlyDrawn()
	return f
}
