package photo

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/skip2/go-qrcode"
)

// The set: photographs made out of a certificate's page as they go wrong where
// people take them. Everything is drawn from numbers, so that each run has the
// same set.

// photograph is one of the set.
type photograph struct {
	class, name string
	picture     *image.Gray
}

// page is a certificate's page at 300 dpi, and where its code is, in pixels.
type page struct {
	*image.Gray
	code image.Rectangle
	text string
}

func certificate(t testing.TB) *page {
	t.Helper()
	out := filepath.Join(t.TempDir(), "page")
	if b, err := exec.Command("pdftoppm", "-r", "300", "-gray", "-png", "-singlefile", "testdata/certificate.pdf", out).CombinedOutput(); err != nil {
		t.Fatalf("pdftoppm: %v: %s", err, b)
	}
	data, err := os.ReadFile(out + ".png")
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	p := &page{Gray: grayOf(m)}
	var bounds image.Rectangle
	if p.text, bounds = locate(t.Context(), p.Gray); p.text == "" {
		t.Fatal("the page as it is cannot be read")
	}
	p.code = bounds
	return p
}

// locate reads a clean page and tells where its code is.
func locate(ctx context.Context, m *image.Gray) (string, image.Rectangle) {
	bits := binary(m, false)
	for _, t := range triples(patterns(ctx, bits)) {
		if text := readCode(bits, t, false); text != "" {
			var r image.Rectangle
			for _, p := range t.patterns {
				half := int(3.5 * p.GetEstimatedModuleSize())
				at := image.Pt(int(p.GetX()), int(p.GetY()))
				r = r.Union(image.Rectangle{at.Sub(image.Pt(half, half)), at.Add(image.Pt(half, half))})
			}
			return text, r
		}
	}
	return "", image.Rectangle{}
}

// shot is how a picture of a page is taken.
type shot struct {
	w, h  int
	from  func(x, y float64) (float64, float64) // where on the page a point of the picture is, in pixels of the page
	light func(x, y float64) float64            // that falls on a point of the picture: 1 is bright
	noise float64                               // standard deviation, of 255
	blur  int                                   // passes of an average over nine pixels
	jpeg  int                                   // quality; 0: none
	add   func(m *image.Gray)                   // on the page, before it is taken
}

func (s shot) take(p *page, seed uint64) *image.Gray {
	src := p.Gray
	if s.add != nil {
		src = newGray(p.Rect.Dx(), p.Rect.Dy())
		copy(src.Pix, p.Pix)
		s.add(src)
	}
	// The area of a picture's pixel is averaged, not one point of it.
	u0, v0 := s.from(float64(s.w)/2, float64(s.h)/2)
	u1, v1 := s.from(float64(s.w)/2+1, float64(s.h)/2)
	n := max(1, int(math.Ceil(math.Hypot(u1-u0, v1-v0))))
	r := rand.New(rand.NewPCG(seed, 1))
	out := newGray(s.w, s.h)
	for y := range s.h {
		for x := range s.w {
			sum := 0.0
			for j := range n {
				for i := range n {
					u, v := s.from(float64(x)+(float64(i)+.5)/float64(n), float64(y)+(float64(j)+.5)/float64(n))
					sum += sample(src, u, v)
				}
			}
			value := sum / float64(n*n)
			if s.light != nil {
				value *= s.light(float64(x)/float64(s.w), float64(y)/float64(s.h))
			}
			out.Pix[y*s.w+x] = clamp(value)
		}
	}
	for range s.blur {
		out = blur(out)
	}
	if s.noise > 0 {
		for i := range out.Pix {
			out.Pix[i] = clamp(float64(out.Pix[i]) + r.NormFloat64()*s.noise)
		}
	}
	if s.jpeg > 0 {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, out, &jpeg.Options{Quality: s.jpeg}); err != nil {
			panic(err) // it is written to memory
		}
		m, err := jpeg.Decode(&b)
		if err != nil {
			panic(err)
		}
		out = grayOf(m)
	}
	return out
}

func clamp(v float64) byte { return byte(min(255, max(0, v+.5))) }

// desk is the tone of what is around the page: wood.
func desk(u, v float64) float64 { return 96 + 14*math.Sin(v/23+3*math.Sin(u/311)) }

func sample(m *image.Gray, u, v float64) float64 {
	x, y := int(math.Floor(u-.5)), int(math.Floor(v-.5))
	if x < 0 || y < 0 || x+1 >= m.Rect.Dx() || y+1 >= m.Rect.Dy() {
		return desk(u, v)
	}
	fx, fy := u-.5-float64(x), v-.5-float64(y)
	at := func(x, y int) float64 { return float64(m.Pix[y*m.Stride+x]) }
	return (at(x, y)*(1-fx)+at(x+1, y)*fx)*(1-fy) + (at(x, y+1)*(1-fx)+at(x+1, y+1)*fx)*fy
}

// near is a picture of w by h of the surroundings of the code, with so many
// pixels of the picture to one of the page, turned by an angle in degrees.
func (p *page) near(w, h int, scale, angle float64) func(x, y float64) (float64, float64) {
	sin, cos := math.Sincos(angle * math.Pi / 180)
	cx, cy := float64(p.code.Min.X+p.code.Max.X)/2, float64(p.code.Min.Y+p.code.Max.Y)/2
	return func(x, y float64) (float64, float64) {
		dx, dy := (x-float64(w)/2)/scale, (y-float64(h)/2)/scale
		return cx + dx*cos - dy*sin, cy + dx*sin + dy*cos
	}
}

// aslant tilts what a picture shows: by so many degrees around an axis in the
// picture's plane, which lies at the other angle.
func aslant(w, h int, tilt, axis float64, of func(x, y float64) (float64, float64)) func(x, y float64) (float64, float64) {
	sin, cos := math.Sincos(axis * math.Pi / 180)
	st, ct := math.Sincos(tilt * math.Pi / 180)
	far := 1.6 * float64(max(w, h)) // from the eye to the middle
	return func(x, y float64) (float64, float64) {
		dx, dy := x-float64(w)/2, y-float64(h)/2
		a, b := dx*cos+dy*sin, -dx*sin+dy*cos // along the axis, across it
		// A ray through (a, b, far) meets the tilted plane.
		k := far / (far*ct - b*st)
		a, b = a*ct*k, b*k
		return of(float64(w)/2+a*cos-b*sin, float64(h)/2+a*sin+b*cos)
	}
}

// round bends the page around an upright cylinder of a radius in pixels of the
// picture.
func round(w int, radius float64, of func(x, y float64) (float64, float64)) func(x, y float64) (float64, float64) {
	return func(x, y float64) (float64, float64) {
		d := min(.999, max(-.999, (x-float64(w)/2)/radius))
		return of(float64(w)/2+radius*math.Asin(d), y)
	}
}

// photographs are the whole set.
func photographs(p *page) (set []*photograph) {
	var wg sync.WaitGroup
	add := func(class, name string, s shot) {
		x := &photograph{class: class, name: name}
		set = append(set, x)
		seed := uint64(len(set))
		wg.Go(func() { x.picture = s.take(p, seed) })
	}
	whole := func(dpi int) shot {
		k := float64(dpi) / 300
		w, h := int(float64(p.Rect.Dx())*k), int(float64(p.Rect.Dy())*k)
		return shot{w: w, h: h, from: func(x, y float64) (float64, float64) { return x / k, y / k }, noise: 2}
	}
	for _, dpi := range []int{100, 120, 150, 200, 300} {
		add("scanned", fmt.Sprintf("%d dpi", dpi), whole(dpi))
	}
	const w, h = 1000, 850
	for _, angle := range []float64{2, 7, 15, 22, 30, 45, 60, 75, 90, 120, 135, 180, 225, 270, 315} {
		add("turned", fmt.Sprintf("%g°", angle), shot{w: w, h: h, from: p.near(w, h, 1.1, angle), noise: 4, jpeg: 85})
	}
	for _, tilt := range []float64{10, 20, 30, 40, 50} {
		for _, axis := range []float64{0, 45, 90} {
			add("aslant", fmt.Sprintf("%g° around %g°", tilt, axis), shot{w: w, h: h, from: aslant(w, h, tilt, axis, p.near(w, h, 1.1, 5)), noise: 4, jpeg: 85})
		}
	}
	for _, radius := range []float64{2000, 1400, 1000, 800, 650, 500, 400} {
		add("curved", fmt.Sprintf("radius %g", radius), shot{w: w, h: h, from: round(w, radius, p.near(w, h, 1.1, 3)), noise: 4, jpeg: 85})
	}
	for _, l := range []float64{.5, .3, .2, .12, .08} {
		for _, noise := range []float64{4, 8} {
			add("dark", fmt.Sprintf("%g, noise %g", l, noise), shot{w: w, h: h, from: p.near(w, h, 1.1, 8), noise: noise, jpeg: 85, light: func(x, _ float64) float64 { return l * (.6 + .8*x) }})
		}
	}
	for passes := 1; passes <= 8; passes++ {
		add("blurred", fmt.Sprintf("%d times", passes), shot{w: 800, h: 700, from: p.near(800, 700, .8, 4), noise: 3, jpeg: 85, blur: passes})
	}
	for _, quality := range []int{50, 30, 20, 12, 8, 5} {
		add("compressed", fmt.Sprintf("quality %d", quality), shot{w: 800, h: 700, from: p.near(800, 700, .8, 4), noise: 3, jpeg: quality})
	}
	side := float64(p.code.Dx())
	for _, part := range []float64{.05, .1, .15, .2, .25, .3} {
		add("torn", fmt.Sprintf("%g of its side", part), shot{w: w, h: h, from: p.near(w, h, 1.1, 6), noise: 4, jpeg: 85, add: func(m *image.Gray) {
			cut := int(part * side)
			for d := 0; d < cut+120; d++ { // the corner, and the paper beyond it
				for e := 0; e < cut+120-d; e++ {
					x, y := p.code.Max.X+60-d, p.code.Max.Y+60-e
					m.Pix[y*m.Stride+x] = clamp(desk(float64(x), float64(y)))
				}
			}
		}})
	}
	for i, shift := range []float64{0, 2, 4, 7, 10} {
		bend := p.near(w, h, 1.1, 3)
		at := float64(w) * (.42 + .04*float64(i))
		add("folded", fmt.Sprintf("%g pixels", shift), shot{w: w, h: h, noise: 4, jpeg: 85, from: func(x, y float64) (float64, float64) {
			if x > at {
				return bend(x+shift, y-shift/2)
			}
			return bend(x, y)
		}, light: func(x, _ float64) float64 {
			d := (x*w - at) / 14
			return .9 - .45*math.Exp(-d*d) - .15*math.Max(0, math.Copysign(1, d))
		}})
	}
	for _, size := range []float64{.03, .05, .07, .09, .12} {
		add("glare", fmt.Sprintf("%g of the picture", size), shot{w: w, h: h, from: p.near(w, h, 1.1, 4), noise: 4, jpeg: 85, light: func(x, y float64) float64 {
			d := math.Hypot(x-.53, y-.47) / size
			return .75 + 6*math.Exp(-d*d*1.5)
		}})
	}
	for i := range 4 {
		add("among others", fmt.Sprintf("%d others", i+1), shot{w: 1500, h: 1300, from: p.near(1500, 1300, .8, float64(3*i)), noise: 4, jpeg: 85, add: func(m *image.Gray) {
			for j := range i + 1 {
				q, err := qrcode.New(fmt.Sprintf("https://pay.example/%d/%s", j, strings.Repeat("x", 20*j)), qrcode.Medium)
				if err != nil {
					panic(err)
				}
				at := p.code.Min.Add([]image.Point{{-620, 60}, {-600, -560}, {0, -620}, {-620, -1100}}[j])
				other := q.Image(440)
				for y := range 440 {
					for x := range 440 {
						if pt := at.Add(image.Pt(x, y)); pt.In(m.Rect) {
							m.Pix[pt.Y*m.Stride+pt.X] = color.GrayModel.Convert(other.At(x, y)).(color.Gray).Y
						}
					}
				}
			}
		}})
	}
	for _, tilt := range []float64{0, 12, 24} {
		const w, h, k = 3000, 4000, 1.05
		sin, cos := math.Sincos(3 * math.Pi / 180)
		of := func(x, y float64) (float64, float64) {
			dx, dy := (x-w/2)/k, (y-h/2)/k
			return float64(p.Rect.Dx())/2 + dx*cos - dy*sin, float64(p.Rect.Dy())/2 + dx*sin + dy*cos
		}
		add("whole page, 12 MP", fmt.Sprintf("tilt %g°", tilt), shot{w: w, h: h, from: aslant(w, h, tilt, 20, of), noise: 5, jpeg: 80, blur: 1, light: func(x, y float64) float64 { return .55 + .4*x - .2*y }})
	}
	wg.Wait()
	return set
}

// byZbar reads a picture with another reader.
func byZbar(t *testing.T, m *image.Gray, text string) bool {
	name := filepath.Join(t.TempDir(), "p.pgm")
	data := append(fmt.Appendf(nil, "P5 %d %d 255\n", m.Rect.Dx(), m.Rect.Dy()), m.Pix...)
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	out, _ := exec.Command("zbarimg", "-q", "--raw", "-Sdisable", "-Sqrcode.enable", name).Output() // what it cannot read it calls an error
	return strings.Contains(string(out), text)
}

func grayOf(m image.Image) *image.Gray {
	out, err := Gray(context.Background(), m)
	if err != nil {
		panic(err) // nothing ends that context
	}
	return out
}
