package attachments

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/bep/imagemeta"

	"yinzheng"
	"yinzheng/attachments/picturetest"
)

func clean(t *testing.T, sent []byte) (*yinzheng.CleanFile, image.Image) {
	t.Helper()
	f, err := New().Clean(t.Context(), sent)
	if err != nil {
		t.Fatal(err)
	}
	if f.Type != JPEG || f.Pages != 0 {
		t.Fatalf("kept as %s of %d pages", f.Type, f.Pages)
	}
	m, err := jpeg.Decode(bytes.NewReader(f.Content))
	if err != nil {
		t.Fatal(err)
	}
	if s := m.Bounds().Size(); s.X != f.Width || s.Y != f.Height {
		t.Errorf("said to be %d×%d, is %v", f.Width, f.Height, s)
	}
	return f, m
}

// near tells whether a pixel has about a colour: JPEG loses a little.
func near(m image.Image, x, y int, want color.RGBA) bool {
	r, g, b, _ := m.At(x, y).RGBA()
	off := func(a uint32, b uint8) bool { d := int(a>>8) - int(b); return d > 12 || d < -12 }
	return !off(r, want.R) && !off(g, want.G) && !off(b, want.B)
}

func upright(t *testing.T, m image.Image) {
	t.Helper()
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	for _, c := range []struct {
		x, y int
		want color.RGBA
	}{{w / 10, h / 10, picturetest.Red}, {w - w/10, h / 10, picturetest.Red}, {w / 20, h - h/20, picturetest.Blue}, {w - w/20, h - h/20, picturetest.Paper}, {w / 2, h / 2, picturetest.Paper}} {
		if !near(m, c.x, c.y, c.want) {
			t.Errorf("at %d,%d of %d×%d: %v, want %v", c.x, c.y, w, h, m.At(c.x, c.y), c.want)
		}
	}
}

// TestUpright: however the camera was held, what is kept stands upright and
// tells neither how it lay nor where it was taken.
func TestUpright(t *testing.T) {
	for orientation := 1; orientation <= 8; orientation++ {
		sent := picturetest.Camera(picturetest.Sheet(120, 200), orientation)
		if !bytes.Contains(sent, picturetest.GPS) {
			t.Fatal("the camera wrote no place")
		}
		f, m := clean(t, sent)
		if f.Width != 120 || f.Height != 200 {
			t.Errorf("orientation %d: %d×%d", orientation, f.Width, f.Height)
		}
		upright(t, m)
		if bytes.Contains(f.Content, []byte("Exif")) || bytes.Contains(f.Content, picturetest.GPS) {
			t.Errorf("orientation %d: EXIF is left", orientation)
		}
	}
	for _, orientation := range []int{0, 9, 65535} { // as if nothing were said
		plain := picturetest.Camera(picturetest.Sheet(120, 200), 1)
		at := bytes.Index(plain, []byte{0x12, 0x01, 3, 0, 1, 0, 0, 0})
		binary.LittleEndian.PutUint16(plain[at+8:], uint16(orientation))
		_, m := clean(t, plain)
		upright(t, m)
	}
}

// TestOtherOrientations: PNG and WebP say how they lie as well.
func TestOtherOrientations(t *testing.T) {
	for _, name := range []string{"sideways.png", "sideways.webp"} {
		if f, _ := clean(t, fixture(t, name)); f.Width != 480 || f.Height != 640 {
			t.Errorf("%s: %d×%d", name, f.Width, f.Height)
		}
	}
}

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func encodePNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestSizes: the longer side keeps at most LongSide, nothing is enlarged, and
// nothing vanishes.
func TestSizes(t *testing.T) {
	for _, c := range []struct{ w, h, wantW, wantH int }{
		{30, 20, 30, 20},
		{2560, 10, 2560, 10},
		{2561, 1000, 2560, 1000},
		{5120, 100, 2560, 50},
		{2001, 6000, 853, 2560},
		{20000, 1, 2560, 1},
		{1, 20000, 1, 2560},
		{3508, 2480, 2560, 1810},
		{1, 1, 1, 1},
	} {
		f, m := clean(t, encodePNG(t, picturetest.Sheet(c.w, c.h)))
		if f.Width != c.wantW || f.Height != c.wantH {
			t.Errorf("%d×%d becomes %d×%d, want %d×%d", c.w, c.h, f.Width, f.Height, c.wantW, c.wantH)
		}
		if min(c.w, c.h) > 1500 {
			upright(t, m)
		}
	}
}

// TestTransparency: what is transparent is white, never black.
func TestTransparency(t *testing.T) {
	white := color.RGBA{255, 255, 255, 255}
	for _, size := range []int{100, 3000} { // as it is, and scaled
		m := image.NewNRGBA(image.Rect(0, 0, size, 100))
		for x := range size / 2 {
			for y := range 100 {
				m.SetNRGBA(x, y, color.NRGBA{R: 200, G: 30, B: 30, A: 255})
			}
		}
		_, kept := clean(t, encodePNG(t, m))
		if w := kept.Bounds().Dx(); !near(kept, w/4, 50, picturetest.Red) || !near(kept, w-w/4, 50, white) {
			t.Errorf("%d wide: %v and %v", size, kept.At(w/4, 50), kept.At(w-w/4, 50))
		}
	}
	if _, kept := clean(t, fixture(t, "alpha.webp")); !near(kept, 320, 440, white) || near(kept, 320, 40, white) {
		t.Errorf("WebP: %v and %v", kept.At(320, 40), kept.At(320, 440))
	}
}

// TestScriptBehind: a script after a picture's end is not part of the picture.
func TestScriptBehind(t *testing.T) {
	script := []byte("<script>alert(1)</script>")
	f, _ := clean(t, append(picturetest.JPEG(picturetest.Sheet(60, 60)), script...))
	if bytes.Contains(f.Content, script) {
		t.Error("it is kept")
	}
	g, _ := clean(t, picturetest.JPEG(picturetest.Sheet(60, 60)))
	if !bytes.Equal(f.Content, g.Content) {
		t.Error("the same pixels are kept as two files")
	}
}

func TestRefused(t *testing.T) {
	whole := picturetest.JPEG(picturetest.Sheet(200, 200))
	var moving bytes.Buffer
	if err := gif.Encode(&moving, picturetest.Sheet(9, 9), nil); err != nil {
		t.Fatal(err)
	}
	pngFile := encodePNG(t, picturetest.Sheet(300, 300))
	lying := bytes.Clone(fixture(t, "alpha.webp")) // its canvas says 1×1, its picture does not
	at := bytes.Index(lying, []byte("VP8X")) + 12
	copy(lying[at:], make([]byte, 6))
	for name, c := range map[string]struct {
		sent []byte
		code string
	}{
		"nothing":               {nil, "type"},
		"HTML":                  {[]byte("<!doctype html><script>alert(1)</script>"), "type"},
		"SVG":                   {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), "type"},
		"GIF":                   {moving.Bytes(), "type"},
		"a program":             {[]byte("MZ\x90\x00\x03"), "type"},
		"white space before":    {append([]byte("\n"), whole...), "type"},
		"a PDF further on":      {[]byte("<html>%PDF-1.7"), "type"},
		"JPEG, cut":             {whole[:len(whole)/2], "picture-broken"},
		"JPEG, its first bytes": {whole[:3], "picture-broken"},
		"JPEG of nothing":       {[]byte("\xff\xd8\xff\xd9"), "picture-broken"},
		"PNG, cut":              {pngFile[:len(pngFile)-20], "picture-broken"},
		"WebP, cut":             {fixture(t, "lossy.webp")[:300], "picture-broken"},
		"WebP, lying":           {lying, "picture-broken"},
		"bomb":                  {picturetest.Bomb(60000, 60000), "picture-size"},
		"bomb, wide":            {picturetest.Bomb(MaxSide+1, 1), "picture-size"},
		"bomb, tall":            {picturetest.Bomb(1, MaxSide+1), "picture-size"},
		"bomb, pixels":          {picturetest.Bomb(8001, 8000), "picture-size"},
		"bomb, deep":            {deep(picturetest.Bomb(8000, 8000)), "picture-size"},
		"bomb, progressive":     {larger(fixture(t, "progressive.jpg"), 7000, 6000), "picture-size"},
		"JPEG, claims more":     {larger(fixture(t, "plain444.jpg"), 700, 600), "picture-broken"},
		"bomb, allowed size":    {picturetest.Bomb(300, 300), "picture-broken"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New().Clean(t.Context(), c.sent)
			var e *yinzheng.Error
			if !errors.As(err, &e) || !errors.Is(err, yinzheng.ErrInvalid) || len(e.Fields) != 1 || e.Fields[0].Field != "file" || e.Fields[0].Code != c.code {
				t.Fatalf("%v, want %s", err, c.code)
			}
			if e.Text.ZH == "" || e.Text.EN == "" {
				t.Error("says nothing")
			}
		})
	}
}

// larger makes a JPEG claim another size.
func larger(b []byte, w, h int) []byte {
	b = bytes.Clone(b)
	at := max(bytes.Index(b, []byte("\xff\xc0\x00\x11\x08")), bytes.Index(b, []byte("\xff\xc2\x00\x11\x08")))
	binary.BigEndian.PutUint16(b[at+5:], uint16(h))
	binary.BigEndian.PutUint16(b[at+7:], uint16(w))
	return b
}

// deep makes a bomb one of 16 bits a channel.
func deep(b []byte) []byte {
	b[24] = 16
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	return b
}

// interlaced is a PNG of so many black pixels in seven passes.
func interlaced(w, h int) []byte {
	b := picturetest.Bomb(w, h)
	b[28] = 1
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	var data bytes.Buffer
	z := zlib.NewWriter(&data)
	for _, p := range [][4]int{{8, 0, 8, 0}, {8, 4, 8, 0}, {4, 0, 8, 4}, {4, 2, 4, 0}, {2, 0, 4, 2}, {2, 1, 2, 0}, {1, 0, 2, 1}} {
		columns, rows := (w-p[1]+p[0]-1)/p[0], (h-p[3]+p[2]-1)/p[2]
		_, _ = z.Write(make([]byte, rows*(1+3*columns)))
	}
	_ = z.Close()
	out := bytes.Clone(b[:33])
	chunk := func(kind string, data []byte) {
		out = binary.BigEndian.AppendUint32(out, uint32(len(data)))
		at := len(out)
		out = append(append(out, kind...), data...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[at:]))
	}
	chunk("IDAT", data.Bytes())
	chunk("IEND", nil)
	return out
}

// TestMemory: what cleaning a picture allocates in all, garbage included, is no
// more than the room that it took for it. The fixtures are small, so that what
// the kept picture may take does not hide what decoding does.
func TestMemory(t *testing.T) {
	big := picturetest.Sheet(3000, 2000)
	deep := image.NewNRGBA64(image.Rect(0, 0, 1500, 1000))
	grey := image.NewGray(image.Rect(0, 0, 3000, 2000))
	pictures := map[string][]byte{
		"JPEG": picturetest.JPEG(big), "JPEG, grey": picturetest.JPEG(grey), "PNG": encodePNG(t, big), "PNG, 16 bits": encodePNG(t, deep), "PNG, interlaced": interlaced(1500, 1000),
		"WebP of trees": treesWebP(),
	}
	for _, name := range []string{"progressive.jpg", "plain444.jpg", "rgb.jpg", "cmyk.jpg", "cmyk-progressive.jpg", "lossy.webp", "lossless.webp", "alpha.webp", "sideways.png"} {
		pictures[name] = fixture(t, name)
	}
	for name, sent := range pictures {
		for i := range formats {
			f := &formats[i]
			if !f.is(sent) {
				continue
			}
			config, err := f.config(bytes.NewReader(sent))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			room := f.memory(sent, config.Width*config.Height)
			if f.exif == imagemeta.JPEG { // without what is for thin pictures
				room -= f.memory(sent, 0)
			}
			got := allocated(func() {
				if _, err := f.decode(bytes.NewReader(sent)); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})
			if slack := int64(400 << 10); got > room+slack { // tables, readers
				t.Errorf("%s: decoding takes %d bytes, room was taken for %d", name, got, room)
			}
			t.Logf("%s: %d of %d", name, got, room)
		}
	}
}

func allocated(fn func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// TestRoom: pictures wait for one another, and not for ever.
func TestRoom(t *testing.T) {
	c := New()
	release, err := c.room(t.Context(), MaxMemory)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := contextSoon(t)
	defer cancel()
	if _, err := c.Clean(ctx, picturetest.JPEG(picturetest.Sheet(9, 9))); !errors.Is(err, ctx.Err()) || ctx.Err() == nil {
		t.Errorf("beside a picture that takes all the room: %v", err)
	}
	release()
	if _, err := c.Clean(t.Context(), picturetest.JPEG(picturetest.Sheet(9, 9))); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// FuzzClean: of whatever bytes, what is kept is within the limits and is kept as
// it is when it comes again.
func FuzzClean(f *testing.F) {
	f.Add(picturetest.Camera(picturetest.Sheet(24, 32), 6))
	f.Add(encodePNG(f, picturetest.Sheet(24, 32)))
	f.Add(picturetest.Bomb(60000, 60000))
	f.Add(interlaced(9, 9))
	for _, name := range []string{"lossy.webp", "sideways.webp", "alpha.webp"} {
		f.Add(fixture(f, name))
	}
	f.Add(page(f, ""))
	f.Add(page(f, "/OpenAction<</S/JavaScript/JS(x)>>"))
	c := New()
	f.Fuzz(func(t *testing.T, sent []byte) {
		file, err := c.Clean(t.Context(), sent)
		if err != nil {
			if !errors.Is(err, yinzheng.ErrInvalid) {
				t.Fatal(err)
			}
			return
		}
		if file.Type == PDF {
			if !bytes.Equal(file.Content, sent) || file.Pages < 1 || file.Pages > MaxPages {
				t.Fatalf("a PDF of %d pages was changed", file.Pages)
			}
			return
		}
		config, err := jpeg.DecodeConfig(bytes.NewReader(file.Content))
		if err != nil || config.Width != file.Width || config.Height != file.Height || max(file.Width, file.Height) > LongSide {
			t.Fatalf("%v: %+v, said to be %d×%d", err, config, file.Width, file.Height)
		}
	})
}
