package font

import "fmt"

// Pen receives an outline: closed contours of lines and quadratic curves, to be filled by the non-zero winding rule.
// Coordinates are in 1/1000 em, y upwards from the baseline.
type Pen interface {
	MoveTo(x, y float64)
	LineTo(x, y float64)
	QuadTo(cx, cy, x, y float64)
	Close()
}

// Bounds on composite glyphs. Real faces nest twice; without a bound a small broken face could ask for unlimited work.
const (
	maxDepth      = 8
	maxComponents = 256
)

// Outline draws a glyph, its components included. A glyph without outline draws nothing. An error wraps ErrBroken; part of the outline may have been drawn by then.
func (f *Face) Outline(gid uint16, pen Pen) error {
	s := 1000 / float64(f.unitsPerEm)
	d := drawing{face: f, pen: pen, components: maxComponents}
	if err := d.glyph(gid, affine{s, 0, 0, s, 0, 0}, 0); err != nil {
		return fmt.Errorf("%w: glyph %d of %s: %w", ErrBroken, gid, f.name, err)
	}
	return nil
}

// affine maps x,y to a·x+c·y+e, b·x+d·y+f.
type affine struct{ a, b, c, d, e, f float64 }

func (m affine) apply(x, y float64) (float64, float64) {
	return m.a*x + m.c*y + m.e, m.b*x + m.d*y + m.f
}

// after is n followed by m.
func (m affine) after(n affine) affine {
	e, f := m.apply(n.e, n.f)
	return affine{
		m.a*n.a + m.c*n.b, m.b*n.a + m.d*n.b,
		m.a*n.c + m.c*n.d, m.b*n.c + m.d*n.d,
		e, f,
	}
}

type drawing struct {
	face       *Face
	pen        Pen
	components int // how many more may be drawn
}

type outlineError string

func (e outlineError) Error() string { return string(e) }

const (
	errCut      = outlineError("its data are cut off")
	errContours = outlineError("its contours end out of order")
	errNested   = outlineError("its components are nested too deep or too many")
	errPoints   = outlineError("a component is placed by point numbers, which is not supported")
)

func (d *drawing) glyph(gid uint16, m affine, depth int) error {
	data := d.face.glyphData(gid)
	if len(data) == 0 {
		return nil
	}
	if contours := i16(data, 0); contours >= 0 {
		return d.simple(data[glyphHeader:], contours, m)
	}
	if depth == maxDepth {
		return errNested
	}
	for c := range components(data) {
		if d.components--; d.components < 0 {
			return errNested
		}
		if c.flags&argsAreXY == 0 {
			return errPoints
		}
		if err := d.glyph(c.gid, m.after(c.placement()), depth+1); err != nil {
			return err
		}
	}
	return nil
}

// Flags of a point in a simple glyph.
const (
	onCurve  = 1 << 0
	xShort   = 1 << 1
	yShort   = 1 << 2
	repeated = 1 << 3
	xSame    = 1 << 4 // or, with xShort, x is positive
	ySame    = 1 << 5
)

// simple draws the contours of a simple glyph. Flags, x and y lie one after the other in the file; three cursors walk them side by side, so that nothing is allocated.
func (d *drawing) simple(data []byte, contours int, m affine) error {
	if contours == 0 {
		return nil
	}
	if len(data) < 2*contours+2 {
		return errCut
	}
	ends := data[:2*contours]
	points := int(u16(ends, 2*contours-2)) + 1
	skip := 2*contours + 2 + int(u16(data, 2*contours))
	if len(data) < skip {
		return errCut
	}
	p, err := newPoints(data[skip:], points)
	if err != nil {
		return err
	}
	c := contour{pen: d.pen}
	next := 0
	for i := range contours {
		end := int(u16(ends, 2*i))
		if end < next || end >= points {
			return errContours
		}
		for ; next <= end; next++ {
			on, x, y, ok := p.next()
			if !ok {
				return errCut
			}
			fx, fy := m.apply(float64(x), float64(y))
			c.add(on, fx, fy)
		}
		c.finish()
	}
	return nil
}

// pointReader walks the points of a simple glyph.
type pointReader struct {
	flags, xs, ys []byte
	flag          byte
	repeat        int
	x, y          int
}

// newPoints finds where the flags end and the coordinates begin.
func newPoints(data []byte, points int) (pointReader, error) {
	at, xBytes := 0, 0
	for n := 0; n < points; {
		if at >= len(data) {
			return pointReader{}, errCut
		}
		flag, times := data[at], 1
		at++
		if flag&repeated != 0 {
			if at >= len(data) {
				return pointReader{}, errCut
			}
			times += int(data[at])
			at++
		}
		n += times
		if n > points {
			times -= n - points
		}
		switch {
		case flag&xShort != 0:
			xBytes += times
		case flag&xSame == 0:
			xBytes += 2 * times
		}
	}
	if at+xBytes > len(data) {
		return pointReader{}, errCut
	}
	return pointReader{flags: data[:at], xs: data[at : at+xBytes], ys: data[at+xBytes:]}, nil
}

func (p *pointReader) next() (on bool, x, y int, ok bool) {
	if p.repeat > 0 {
		p.repeat--
	} else {
		p.flag = p.flags[0]
		p.flags = p.flags[1:]
		if p.flag&repeated != 0 {
			p.repeat = int(p.flags[0])
			p.flags = p.flags[1:]
		}
	}
	dx, xs, okX := delta(p.xs, p.flag&xShort != 0, p.flag&xSame != 0)
	dy, ys, okY := delta(p.ys, p.flag&yShort != 0, p.flag&ySame != 0)
	p.xs, p.ys = xs, ys
	p.x += dx
	p.y += dy
	return p.flag&onCurve != 0, p.x, p.y, okX && okY
}

// delta reads one coordinate's step: a byte with its sign in the flag, nothing for "same", else two bytes.
func delta(b []byte, short, same bool) (v int, rest []byte, ok bool) {
	switch {
	case short && len(b) >= 1:
		if same {
			return int(b[0]), b[1:], true
		}
		return -int(b[0]), b[1:], true
	case !short && same:
		return 0, b, true
	case !short && len(b) >= 2:
		return i16(b, 0), b[2:], true
	}
	return 0, b, false
}

// contour turns points on and off the curve into pen strokes: between two points off the curve lies one on it, halfway.
type contour struct {
	pen            Pen
	started        bool
	startOff       bool // the first point was off the curve and is yet to be used
	offX, offY     float64
	startX, startY float64
	ctrl           bool
	ctrlX, ctrlY   float64
}

func (c *contour) add(on bool, x, y float64) {
	switch {
	case !c.started && on:
		c.begin(x, y)
	case !c.started && !c.startOff:
		c.startOff, c.offX, c.offY = true, x, y
	case !c.started:
		c.begin((c.offX+x)/2, (c.offY+y)/2)
		c.ctrl, c.ctrlX, c.ctrlY = true, x, y
	case on && c.ctrl:
		c.pen.QuadTo(c.ctrlX, c.ctrlY, x, y)
		c.ctrl = false
	case on:
		c.pen.LineTo(x, y)
	case c.ctrl:
		c.pen.QuadTo(c.ctrlX, c.ctrlY, (c.ctrlX+x)/2, (c.ctrlY+y)/2)
		c.ctrlX, c.ctrlY = x, y
	default:
		c.ctrl, c.ctrlX, c.ctrlY = true, x, y
	}
}

func (c *contour) begin(x, y float64) {
	c.started, c.startX, c.startY = true, x, y
	c.pen.MoveTo(x, y)
}

func (c *contour) finish() {
	if c.started {
		if c.startOff {
			c.add(false, c.offX, c.offY)
		}
		if c.ctrl {
			c.pen.QuadTo(c.ctrlX, c.ctrlY, c.startX, c.startY)
		}
		c.pen.Close()
	}
	*c = contour{pen: c.pen}
}
