package photo

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/color/palette"
	"image/draw"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/skip2/go-qrcode"
)

// floors are how many of a class have to be read: what was read when the ways of
// looking were chosen, so that none of them is lost unseen.
var floors = map[string]int{
	"scanned": 5, "turned": 15, "aslant": 12, "curved": 6, "dark": 8, "blurred": 8, "compressed": 6, "torn": 6, "folded": 4, "glare": 5, "among others": 4, "whole page, 12 MP": 3,
}

// TestSet reads the set of photographs, and reports how much of each class was
// read here and by zbar.
func TestSet(t *testing.T) {
	p := certificate(t)
	type count struct{ all, here, zbar int }
	counts := map[string]*count{}
	var order []string
	var longest time.Duration
	for _, x := range photographs(p) {
		c := counts[x.class]
		if c == nil {
			c = &count{}
			counts[x.class] = c
			order = append(order, x.class)
		}
		began := time.Now()
		got, err := Read(t.Context(), x.picture, func(text string) bool { return strings.HasPrefix(text, "https://demo.") })
		if err != nil {
			t.Fatal(err)
		}
		longest = max(longest, time.Since(began))
		c.all++
		switch {
		case len(got) > 0 && got[0] == p.text:
			c.here++
		case slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "https://demo.") }):
			t.Errorf("%s, %s: read wrong: %q", x.class, x.name, got)
		default:
			t.Logf("%s, %s: not read", x.class, x.name)
		}
		if byZbar(t, x.picture, p.text) {
			c.zbar++
		}
	}
	var all, here, zbar int
	for _, class := range order {
		c := counts[class]
		t.Logf("%-20s %2d of %2d, by zbar %2d", class, c.here, c.all, c.zbar)
		if c.here < floors[class] {
			t.Errorf("%s: only %d were read, not %d", class, c.here, floors[class])
		}
		all, here, zbar = all+c.all, here+c.here, zbar+c.zbar
	}
	t.Logf("in all %d of %d (%d%%), by zbar %d (%d%%); at most %v for one", here, all, 100*here/all, zbar, 100*zbar/all, longest.Round(time.Millisecond))
}

// drawn is a code of a text, at a place in a picture.
func drawn(t testing.TB, m *image.Gray, at image.Point, size int, text string) {
	t.Helper()
	q, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		t.Fatal(err)
	}
	code := q.Image(size)
	for y := range size {
		for x := range size {
			m.SetGray(at.X+x, at.Y+y, color.GrayModel.Convert(code.At(x, y)).(color.Gray))
		}
	}
}

func white(w, h int) *image.Gray {
	m := newGray(w, h)
	copy(m.Pix, bytes.Repeat([]byte{255}, len(m.Pix)))
	return m
}

// TestSeveral: of several codes those that are wanted come first, and each text
// comes once.
func TestSeveral(t *testing.T) {
	m := white(1200, 900)
	drawn(t, m, image.Pt(20, 20), 350, "https://a.example/v/1")
	drawn(t, m, image.Pt(420, 60), 350, "https://b.example/")
	drawn(t, m, image.Pt(820, 20), 350, "中文，不是网址")
	drawn(t, m, image.Pt(60, 500), 350, "https://a.example/v/2")
	drawn(t, m, image.Pt(600, 500), 350, "https://a.example/v/1")
	got, err := Read(t.Context(), m, func(text string) bool { return strings.Contains(text, "/v/") })
	if err != nil || len(got) < 2 || !slices.Contains(got[:2], "https://a.example/v/1") || !slices.Contains(got[:2], "https://a.example/v/2") {
		t.Errorf("read %q %v", got, err)
	}
	if got, err := Read(t.Context(), white(300, 300), func(string) bool { return true }); err != nil || len(got) != 0 {
		t.Errorf("on an empty sheet: %q %v", got, err)
	}
}

// TestCutShort: who has no time left is not told that there is no code.
func TestCutShort(t *testing.T) {
	m := white(400, 400)
	drawn(t, m, image.Pt(20, 20), 350, "https://a.example/v/1")
	for name, look := range map[string]func(context.Context, *image.Gray, func(string) bool) ([]string, error){"read": Read, "glance": Glance} {
		ctx, cancel := context.WithCancel(t.Context())
		if got, err := look(ctx, m, func(string) bool { cancel(); return true }); err != nil || len(got) != 1 {
			t.Errorf("%s, cut short when it was found: %q %v", name, got, err)
		}
		if _, err := look(ctx, m, func(string) bool { return true }); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, cut short before: %v", name, err)
		}
		ctx, cancel = context.WithCancel(t.Context())
		if got, err := look(ctx, m, func(string) bool { cancel(); return false }); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, cut short after another code: %q %v", name, got, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Gray(ctx, image.NewRGBA(image.Rect(0, 0, 1, 1))); !errors.Is(err, context.Canceled) {
		t.Errorf("without colours: %v", err)
	}
}

// TestGray: however a picture is kept, it is as light as image/draw has it on white.
func TestGray(t *testing.T) {
	box := image.Rect(3, 5, 40, 30)
	for _, m := range []draw.Image{
		image.NewGray(box), image.NewRGBA(box), image.NewNRGBA(box), image.NewRGBA64(box), image.NewNRGBA64(box), image.NewCMYK(box),
		image.NewPaletted(box, append(palette.WebSafe, color.Transparent)),
	} {
		for y := box.Min.Y; y < box.Max.Y; y++ {
			for x := box.Min.X; x < box.Max.X; x++ {
				m.Set(x, y, color.NRGBA{byte(x * 6), byte(y * 8), byte(x * y), byte(255 - x*y%3*100)})
			}
		}
		part := m.(interface {
			SubImage(r image.Rectangle) image.Image
		}).SubImage(image.Rect(7, 6, 33, 28))
		want := white(26, 22)
		draw.Draw(want, want.Rect, part, part.Bounds().Min, draw.Over)
		got, err := Gray(t.Context(), part)
		if err != nil {
			t.Fatal(err)
		}
		for i, tone := range got.Pix {
			if abs(int(tone)-int(want.Pix[i])) > 1 {
				t.Errorf("%T: pixel %d is %d, want %d", m, i, tone, want.Pix[i])
				break
			}
		}
	}
}

// TestHostile: pictures that are made to take long do not.
func TestHostile(t *testing.T) {
	const side = 4400
	tiles, noise, stripes, bars := white(side, side), newGray(side, side), newGray(side, side), white(2600, 2600)
	for y := range side {
		for x := range side {
			d := max(abs(x%27-13), abs(y%27-13)) / 3 // a finder pattern of 3 pixels a module
			if d <= 1 || d == 3 {
				tiles.Pix[y*side+x] = 0
			}
			noise.Pix[y*side+x] = byte((x*7919 + y*104729) * (x ^ y) >> 5)
			stripes.Pix[y*side+x] = byte(x / 3 % 2 * 255)
		}
	}
	for i := range bars.Pix { // each row is one finder pattern after another, each of whose middles is as high as the picture
		if x := i % bars.Stride % 6; x != 1 && x != 5 {
			bars.Pix[i] = 0
		}
	}
	for name, m := range map[string]*image.Gray{"finder patterns": tiles, "noise": noise, "stripes": stripes, "bars": bars} {
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		began := time.Now()
		got, _ := Read(ctx, m, func(string) bool { return true })
		cancel()
		took := time.Since(began)
		if len(got) > 0 || took > 5*time.Second { // it is a busy machine that runs tests
			t.Errorf("%s: %q after %v", name, got, took)
		}
		t.Logf("%s: %v", name, took.Round(time.Millisecond))
	}
}

// FuzzRead: whatever a picture shows, it is looked at without a panic, and what
// is read of it is text.
func FuzzRead(f *testing.F) {
	m := white(120, 120)
	drawn(f, m, image.Pt(5, 5), 110, "https://a.example/v/1")
	f.Add(uint8(120), m.Pix)
	f.Add(uint8(1), []byte{0})
	f.Add(uint8(7), bytes.Repeat([]byte{0, 255}, 40))
	f.Fuzz(func(t *testing.T, width uint8, pix []byte) {
		w := max(1, int(width))
		h := len(pix) / w
		if h == 0 || h > 400 {
			return
		}
		m := &image.Gray{Pix: pix[:w*h], Stride: w, Rect: image.Rect(0, 0, w, h)}
		before := slices.Clone(m.Pix)
		texts, err := Read(t.Context(), m, func(string) bool { return false })
		if err != nil {
			t.Error(err)
		}
		for _, text := range texts {
			if text == "" {
				t.Error("an empty text")
			}
		}
		if !bytes.Equal(before, m.Pix) {
			t.Error("the picture was changed")
		}
	})
}
