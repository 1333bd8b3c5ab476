package font

import (
	"slices"
	"sync"
)

// drawn is what a face draws for its glyphs, as far as somebody asked.
type drawn struct {
	box    trace    // what glyph 0 draws, which stands for a character that is not there
	glyphs sync.Map // gid → bool
}

// OnlyDrawn makes the face hold only the characters that it draws, before it is shared: none whose glyph has no strokes, broken ones, more than any
// character needs, or those of the box that stands for what is not there.
func (f *Face) OnlyDrawn() {
	d := new(drawn)
	d.box, _ = f.trace(0) // of a broken one as much as there is
	f.drawn = d
}

// draws tells whether a glyph of a face with OnlyDrawn counts.
func (f *Face) draws(gid uint16) bool {
	if known, ok := f.drawn.glyphs.Load(gid); ok {
		return known.(bool)
	}
	t, err := f.trace(gid)
	ok := err == nil && len(t) > 0 && len(t) < maxTrace && !slices.Equal(t, f.drawn.box)
	f.drawn.glyphs.Store(gid, ok)
	return ok
}

// maxTrace bounds a trace, in numbers: three to five a point, and the busiest characters have some two thousand points. A file of a few hundred bytes
// can ask for millions.
const maxTrace = 1 << 16

// trace remembers what a Pen is told, up to maxTrace.
type trace []float64

func (f *Face) trace(gid uint16) (trace, error) {
	var t trace
	err := f.Outline(gid, &t)
	return t, err
}

func (t *trace) MoveTo(x, y float64)         { t.add(0, x, y) }
func (t *trace) LineTo(x, y float64)         { t.add(1, x, y) }
func (t *trace) QuadTo(cx, cy, x, y float64) { t.add(2, cx, cy, x, y) }
func (t *trace) Close()                      { t.add(3) }

func (t *trace) add(numbers ...float64) {
	*t = append(*t, numbers[:min(len(numbers), maxTrace-len(*t))]...)
}
