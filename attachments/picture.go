package attachments

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"time"

	"golang.org/x/image/draw"

	"yinzheng"
)

// quality is that of the JPEGs that are kept: print on a scan stays crisp.
const quality = 85

// cleanTime is how long one picture is decoded to be kept; a large one takes a
// second or two.
const cleanTime = 10 * time.Second

// cleanPicture decodes a picture and writes it anew: what else the file held,
// the place where it was taken or a script behind its end, is gone.
func (c *Cleaner) cleanPicture(ctx context.Context, f *format, sent []byte) (*yinzheng.CleanFile, error) {
	w, h, err := f.size(sent, MaxPixels)
	if err != nil {
		return nil, err
	}
	release, err := c.room(ctx, f.memory(sent, w*h)+outputMemory)
	if err != nil {
		return nil, err
	}
	defer release()
	ctx, cancel := context.WithTimeout(ctx, cleanTime)
	defer cancel()
	m, err := f.open(ctx, sent)
	if err != nil {
		return nil, err
	}
	upright := turn(shrink(m), f.orientation(sent))
	var out bytes.Buffer
	if err := jpeg.Encode(&out, upright, &jpeg.Options{Quality: quality}); err != nil {
		return nil, err
	}
	size := upright.Bounds()
	return &yinzheng.CleanFile{Content: out.Bytes(), Type: JPEG, Width: size.Dx(), Height: size.Dy()}, nil
}

// open decodes a picture for as long as a context lasts.
func (f *format) open(ctx context.Context, sent []byte) (image.Image, error) {
	m, err := f.decode(&timed{ctx, bytes.NewReader(sent)})
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, refuse("picture-slow", "图片过大或编码过于复杂，来不及读取；请缩小后或截屏再传", "The picture is too large, or encoded in too intricate a way, to be read in time; please make it smaller, or send a screenshot")
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, broken()
	}
	return m, nil
}

// timed is read from only as long as a context lasts, and in small pieces: of a
// progressive JPEG a few bytes can make a decoder go over the whole picture.
type timed struct {
	ctx  context.Context
	from io.Reader
}

func (t *timed) Read(p []byte) (int, error) {
	if err := t.ctx.Err(); err != nil {
		return 0, err
	}
	return t.from.Read(p[:min(len(p), 256)])
}

// size is that of a picture, if it is one of at most so many pixels, that may be
// decoded.
func (f *format) size(sent []byte, most int) (w, h int, err error) {
	config, err := f.config(bytes.NewReader(sent))
	if err != nil {
		return 0, 0, broken()
	}
	if w, h = config.Width, config.Height; w < 1 || h < 1 || w > MaxSide || h > MaxSide || w*h > most {
		return 0, 0, refuse("picture-size",
			fmt.Sprintf("图片过大：每边最多 %d 像素，共最多 %d 万像素；请缩小或截屏后再传", MaxSide, most/10_000),
			fmt.Sprintf("The picture is too large: at most %d pixels a side and %d megapixels in all; please make it smaller, or send a screenshot", MaxSide, most/1_000_000))
	}
	return w, h, nil
}

func broken() error {
	return refuse("picture-broken", "图片不完整或已损坏，无法打开；请重新拍照或另存后再传", "The picture is incomplete or damaged and cannot be opened; please take it or save it again")
}

// room takes memory for a picture and returns what gives it back.
func (c *Cleaner) room(ctx context.Context, bytes int64) (release func(), err error) {
	if bytes > MaxMemory {
		return nil, refuse("picture-size", "这种编码的图片过大，请另存为普通 JPEG（非渐进式）或缩小后再传", "The picture is too large for the way it is encoded; please save it as a plain (not progressive) JPEG, or make it smaller")
	}
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := c.memory.Acquire(waiting, bytes); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &yinzheng.Error{Kind: yinzheng.ErrUnavailable, Text: yinzheng.Text{
			ZH: "正在处理的图片很多，请稍后再传一次", EN: "Many pictures are being processed; please send yours again shortly",
		}}
	}
	return func() { c.memory.Release(bytes) }, nil
}

// shrink brings a picture to the size that is kept, on white where it is
// transparent. It is halved as often as it can be, which averages four pixels at
// a time, and then brought to size: of a kernel over the whole picture the
// buffer alone would be many times what the picture takes.
func shrink(m image.Image) *image.RGBA {
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	for max(w, h) >= 2*LongSide {
		w, h = max(1, w/2), max(1, h/2)
		m = scale(m, w, h)
	}
	if long := max(w, h); long > LongSide {
		w, h = max(1, (w*LongSide+long/2)/long), max(1, (h*LongSide+long/2)/long)
	}
	return scale(m, w, h)
}

func scale(m image.Image, w, h int) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if o, ok := m.(interface{ Opaque() bool }); !ok || !o.Opaque() {
		draw.Draw(out, out.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	}
	if m.Bounds().Size() == out.Bounds().Size() {
		draw.Draw(out, out.Bounds(), m, m.Bounds().Min, draw.Over)
	} else {
		draw.ApproxBiLinear.Scale(out, out.Bounds(), m, m.Bounds(), draw.Over, nil)
	}
	return out
}

// turn makes a picture stand upright, given its orientation as EXIF numbers
// them: 2 to 4 are mirrored or upside down, 5 to 8 lie on their side besides.
func turn(m *image.RGBA, orientation int) *image.RGBA {
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	var from func(x, y int) (int, int) // of a pixel of the upright picture
	switch orientation {
	case 2:
		from = func(x, y int) (int, int) { return w - 1 - x, y }
	case 3:
		from = func(x, y int) (int, int) { return w - 1 - x, h - 1 - y }
	case 4:
		from = func(x, y int) (int, int) { return x, h - 1 - y }
	case 5:
		from = func(x, y int) (int, int) { return y, x }
	case 6:
		from = func(x, y int) (int, int) { return y, h - 1 - x }
	case 7:
		from = func(x, y int) (int, int) { return w - 1 - y, h - 1 - x }
	case 8:
		from = func(x, y int) (int, int) { return w - 1 - y, x }
	default:
		return m
	}
	size := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	out := image.NewRGBA(size)
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			u, v := from(x, y)
			copy(out.Pix[out.PixOffset(x, y):][:4], m.Pix[m.PixOffset(u, v):][:4])
		}
	}
	return out
}
