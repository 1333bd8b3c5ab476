package attachments

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/draw"
	"image/png"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/skip2/go-qrcode"

	"yinzheng"
	"yinzheng/attachments/picturetest"
)

const address = "https://zm.example.gov.cn/v/0123456789AB#5676"

func sheetWithCode(t testing.TB) *image.RGBA {
	t.Helper()
	q, err := qrcode.New(address, qrcode.Medium)
	if err != nil {
		t.Fatal(err)
	}
	m := picturetest.Sheet(900, 1200)
	draw.Draw(m, image.Rect(300, 600, 600, 900), q.Image(300), image.Point{}, draw.Src)
	return m
}

func all(string) bool { return true }

// TestCodes: a code is read whatever picture it comes in; what is no picture, or
// cannot be opened, is said by name.
func TestCodes(t *testing.T) {
	m := sheetWithCode(t)
	heic := append([]byte{0, 0, 0, 24}, "ftypheic\x00\x00\x00\x00mif1heic"...)
	for _, c := range []struct {
		name string
		sent []byte
		code string // of the refusal; empty: the code is read
	}{
		{"JPEG", picturetest.JPEG(m), ""},
		{"lying on its side", picturetest.Camera(m, 6), ""},
		{"PNG", encodePNG(t, m), ""},
		{"HEIC", heic, "picture-heic"},
		{"broken", picturetest.JPEG(m)[:5000], "picture-broken"},
		{"bomb", picturetest.Bomb(60000, 60000), "picture-size"},
		{"more than a telephone takes", picturetest.Bomb(5100, 5000), "picture-size"},
	} {
		texts, err := New().Codes(t.Context(), c.sent, false, all)
		var e *yinzheng.Error
		switch {
		case c.code == "" && (err != nil || len(texts) != 1 || texts[0] != address):
			t.Errorf("%s: %q %v", c.name, texts, err)
		case c.code != "" && (!errors.As(err, &e) || len(e.Fields) != 1 || e.Fields[0].Field != "file" || e.Fields[0].Code != c.code):
			t.Errorf("%s: %q %v, want %s", c.name, texts, err, c.code)
		}
	}
	if _, err := New().Codes(t.Context(), []byte("no picture"), false, all); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("no picture: %v", err)
	}
}

// TestCodesInTime: a picture that a decoder would work on for minutes is given up.
func TestCodesInTime(t *testing.T) {
	sent := scans(t, 200_000)
	began := time.Now()
	_, err := New().Codes(t.Context(), sent, false, all)
	var e *yinzheng.Error
	if !errors.As(err, &e) || e.Fields[0].Code != "picture-slow" || time.Since(began) > 8*time.Second { // 2 on a machine that does nothing else
		t.Errorf("after %v: %v", time.Since(began), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := New().Codes(ctx, sent, false, all); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody waits: %v", err)
	}
}

// TestCodesCutShort: that there is no code is not said of a picture that there was no
// time to look at.
func TestCodesCutShort(t *testing.T) {
	texts, err := New().Codes(t.Context(), picturetest.JPEG(sheetWithCode(t)), false, func(string) bool { <-time.After(lookTime); return false })
	if !errors.Is(err, yinzheng.ErrUnavailable) {
		t.Errorf("%q %v", texts, err)
	}
}

// TestFrame: a camera's frame is read, and a larger picture is none.
func TestFrame(t *testing.T) {
	m := sheetWithCode(t)
	if texts, err := New().Codes(t.Context(), picturetest.JPEG(m), true, all); err != nil || len(texts) != 1 {
		t.Errorf("%q %v", texts, err)
	}
	var e *yinzheng.Error
	if _, err := New().Codes(t.Context(), picturetest.Bomb(1500, 1400), true, all); !errors.As(err, &e) || e.Fields[0].Code != "picture-size" {
		t.Error(err)
	}
}

// scans is a progressive JPEG of 4096 by 4096 pixels in which the same scan, of a
// few bytes, goes over all blocks again and again.
func scans(t testing.TB, n int) []byte {
	t.Helper()
	sent := fixture(t, "progressive.jpg")
	at := bytes.Index(sent, []byte{0xFF, 0xC2})
	if at < 0 {
		t.Fatal("the fixture is not progressive")
	}
	copy(sent[at+5:], []byte{16, 0, 16, 0})        // height and width
	first := bytes.Index(sent, []byte{0xFF, 0xDA}) // before it, the fixture's tables
	// A table whose only code, of one bit, begins a run of blocks without anything,
	// of 1<<14 and as many as the next 14 bits say (ITU-T T.81, G.1.2.2).
	table := append([]byte{0xFF, 0xC4, 0, 20, 0x10, 1}, make([]byte, 15)...)
	table = append(table, 0xE0)
	scan := []byte{0xFF, 0xDA, 0, 8, 1, sent[at+10], 0, 1, 5, 0}
	const runs = 512*512/(1<<15-1) + 1
	bits := strings.Repeat("0"+strings.Repeat("1", 14), runs)
	bits += strings.Repeat("1", 8-len(bits)%8)
	for ; bits != ""; bits = bits[8:] {
		b, err := strconv.ParseUint(bits[:8], 2, 8)
		if err != nil {
			t.Fatal(err)
		}
		if scan = append(scan, byte(b)); b == 0xFF {
			scan = append(scan, 0)
		}
	}
	out := append(bytes.Clone(sent[:first]), table...)
	out = append(out, bytes.Repeat(scan, n)...)
	return append(out, 0xFF, 0xD9)
}

// FuzzCodes: whatever is sent, what comes back is texts, or an error that says
// what was wrong.
func FuzzCodes(f *testing.F) {
	var small bytes.Buffer
	q, err := qrcode.New(strings.ToUpper(address[:24]), qrcode.Low)
	if err != nil {
		f.Fatal(err)
	}
	if err := png.Encode(&small, q.Image(60)); err != nil {
		f.Fatal(err)
	}
	f.Add(small.Bytes())
	f.Add(picturetest.JPEG(picturetest.Sheet(30, 40)))
	f.Add([]byte("RIFF\x10\x00\x00\x00WEBPVP8L"))
	c := New()
	f.Fuzz(func(t *testing.T, sent []byte) {
		_, err := c.Codes(t.Context(), sent, false, all)
		if err != nil && !errors.Is(err, yinzheng.ErrInvalid) && !errors.Is(err, yinzheng.ErrNotFound) {
			t.Error(err)
		}
	})
}
