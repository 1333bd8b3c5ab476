package photo

import (
	"context"
	"image"
)

// try is one way of looking at a picture.
type try struct {
	name string
	even bool                         // the light is
	look func(p *pyramid) *image.Gray // nil: it would show nothing new
}

// tries are the ways in the order of what they gain, measured over the set of
// photographs in the tests. A smaller size comes first: it costs less, and a
// camera's noise is averaged away.
var tries = []try{
	{"1500", false, func(p *pyramid) *image.Gray { return p.at(1500) }},
	{"2600", false, func(p *pyramid) *image.Gray { return p.beyond(1500, 2600) }},
	{"double", false, func(p *pyramid) *image.Gray { return p.doubled() }},
	{"1500 blurred", false, func(p *pyramid) *image.Gray { return blur(p.at(1500)) }},
	{"1500 turned", false, func(p *pyramid) *image.Gray { return turned(p.at(1500)) }},
	{"1500 even", true, func(p *pyramid) *image.Gray { return p.at(1500) }},
	{"1000", false, func(p *pyramid) *image.Gray { return p.beyond(1000, 1000) }},
	{"4400", false, func(p *pyramid) *image.Gray { return p.beyond(2600, 4400) }},
}

// pyramid is a picture in several sizes.
type pyramid struct {
	whole *image.Gray
	sizes map[int]*image.Gray
}

// at is the picture with a longer side of at most so many pixels.
func (p *pyramid) at(long int) *image.Gray {
	if m, ok := p.sizes[long]; ok {
		return m
	}
	m := p.whole
	for longer(m) >= 2*long {
		m = halved(m)
	}
	if side := longer(m); side > long {
		m = scaled(m, max(1, m.Rect.Dx()*long/side), max(1, m.Rect.Dy()*long/side))
	}
	if p.sizes == nil {
		p.sizes = map[int]*image.Gray{}
	}
	p.sizes[long] = m
	return m
}

// beyond is at(long), if the picture is larger than a size that showed the same.
func (p *pyramid) beyond(shown, long int) *image.Gray {
	if longer(p.whole) <= shown {
		return nil
	}
	return p.at(long)
}

func longer(m *image.Gray) int { return max(m.Rect.Dx(), m.Rect.Dy()) }

// doubled is a small picture at twice its size.
func (p *pyramid) doubled() *image.Gray {
	if longer(p.whole) > 1700 {
		return nil
	}
	return scaled(p.whole, 2*p.whole.Rect.Dx(), 2*p.whole.Rect.Dy())
}

func newGray(w, h int) *image.Gray { return image.NewGray(image.Rect(0, 0, w, h)) }

// halved averages four pixels at a time.
func halved(m *image.Gray) *image.Gray {
	w, h := max(1, m.Rect.Dx()/2), max(1, m.Rect.Dy()/2)
	out := newGray(w, h)
	for y := range h {
		a := m.Pix[min(2*y, m.Rect.Dy()-1)*m.Stride:]
		b := m.Pix[min(2*y+1, m.Rect.Dy()-1)*m.Stride:]
		for x := range w {
			l, r := min(2*x, m.Rect.Dx()-1), min(2*x+1, m.Rect.Dx()-1)
			out.Pix[y*w+x] = byte((int(a[l]) + int(a[r]) + int(b[l]) + int(b[r]) + 2) / 4)
		}
	}
	return out
}

// scaled brings a picture to a size near its own, between the four pixels around
// each point.
func scaled(m *image.Gray, w, h int) *image.Gray {
	out := newGray(w, h)
	sx, sy := (m.Rect.Dx()<<16)/w, (m.Rect.Dy()<<16)/h
	for y := range h {
		v := max(0, y*sy+sy/2-1<<15)
		y0, fy := v>>16, v>>8&255
		a := m.Pix[y0*m.Stride:]
		b := m.Pix[min(y0+1, m.Rect.Dy()-1)*m.Stride:]
		for x := range w {
			u := max(0, x*sx+sx/2-1<<15)
			x0, fx := u>>16, u>>8&255
			x1 := min(x0+1, m.Rect.Dx()-1)
			top := int(a[x0])*(256-fx) + int(a[x1])*fx
			low := int(b[x0])*(256-fx) + int(b[x1])*fx
			out.Pix[y*w+x] = byte((top*(256-fy) + low*fy) >> 16)
		}
	}
	return out
}

// blur averages each pixel with its eight neighbours.
func blur(m *image.Gray) *image.Gray {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	out := newGray(w, h)
	copy(out.Pix, m.Pix)
	for y := 1; y < h-1; y++ {
		a, b, c := m.Pix[(y-1)*w:y*w], m.Pix[y*w:(y+1)*w], m.Pix[(y+1)*w:(y+2)*w]
		for x := 1; x < w-1; x++ {
			sum := int(a[x-1]) + int(a[x]) + int(a[x+1]) + int(b[x-1]) + int(b[x]) + int(b[x+1]) + int(c[x-1]) + int(c[x]) + int(c[x+1])
			out.Pix[y*w+x] = byte(sum / 9)
		}
	}
	return out
}

// turned turns a picture by 45°, where finder patterns are met along their sides
// that are met along their diagonals otherwise.
func turned(m *image.Gray) *image.Gray {
	const half = 46341 // 1/√2, of 1<<16
	w, h := m.Rect.Dx(), m.Rect.Dy()
	side := (w + h) * half >> 16
	out := newGray(side, side)
	for y := range side {
		for x := range side {
			dx, dy := x-side/2, y-side/2
			u, v := w/2+(dx+dy)*half>>16, h/2+(dy-dx)*half>>16
			if u >= 0 && v >= 0 && u < w && v < h {
				out.Pix[y*side+x] = m.Pix[v*w+u]
			} else {
				out.Pix[y*side+x] = 255
			}
		}
	}
	return out
}

// Gray is a picture without its colours, on white where it is transparent; the
// error is the context's.
func Gray(ctx context.Context, m image.Image) (*image.Gray, error) {
	b := m.Bounds()
	out := newGray(b.Dx(), b.Dy())
	row := rows(m)
	for y := range b.Dy() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		row(out.Pix[y*out.Stride:][:b.Dx()], b.Min.Y+y)
	}
	return out, nil
}

// rows writes the tones of one row of a picture. Those of 8 bits, which most are,
// go fast.
func rows(m image.Image) func(out []byte, y int) {
	left := m.Bounds().Min.X
	switch m := m.(type) {
	case *image.YCbCr:
		return func(out []byte, y int) { copy(out, m.Y[m.YOffset(left, y):]) }
	case *image.Gray:
		return func(out []byte, y int) { copy(out, m.Pix[m.PixOffset(left, y):]) }
	case *image.Paletted:
		var tones [256]byte
		for i, c := range m.Palette {
			tones[i] = tone(c.RGBA())
		}
		return func(out []byte, y int) {
			for i, index := range m.Pix[m.PixOffset(left, y):][:len(out)] {
				out[i] = tones[index]
			}
		}
	case *image.RGBA:
		return func(out []byte, y int) { mix(out, m.Pix[m.PixOffset(left, y):], false) }
	case *image.NRGBA:
		return func(out []byte, y int) { mix(out, m.Pix[m.PixOffset(left, y):], true) }
	case image.RGBA64Image:
		return func(out []byte, y int) {
			for i := range out {
				out[i] = tone(m.RGBA64At(left+i, y).RGBA())
			}
		}
	}
	return func(out []byte, y int) {
		for i := range out {
			out[i] = tone(m.At(left+i, y).RGBA())
		}
	}
}

// mix is tone for a row of pixels of four bytes: red, green, blue and alpha, by which
// the others are multiplied already or, straight, are not.
func mix(out, pix []byte, straight bool) {
	for i := range out {
		p := pix[4*i:][:4]
		light, alpha := 19595*uint32(p[0])+38470*uint32(p[1])+7471*uint32(p[2]), uint32(p[3])
		if straight {
			light = light / 255 * alpha
		}
		out[i] = byte((light + 65536*(255-alpha) + 1<<15) >> 16)
	}
}

// tone is how light a colour is, as color.GrayModel has it, on white.
func tone(r, g, b, a uint32) byte {
	return byte((19595*r + 38470*g + 7471*b + 65536*(0xFFFF-a) + 1<<15) >> 24)
}
