package main

import (
	"bytes"
	"fmt"
	"image/color"
	"image/jpeg"
	"os"

	"github.com/rogpeppe/go-internal/testscript"

	"yinzheng/attachments/picturetest"
	"yinzheng/internal/pdf/pdftest"
)

// files are what the scripts upload, by the word that a script has for them.
var files = map[string]func() []byte{
	"upright":  func() []byte { return picturetest.Camera(picturetest.Sheet(1200, 1600), 1) },
	"sideways": func() []byte { return picturetest.Camera(picturetest.Sheet(1200, 1600), 6) },
	"scripted": func() []byte {
		return append(picturetest.JPEG(picturetest.Sheet(60, 80)), "<script>alert(1)</script>"...)
	},
	"cut":   func() []byte { b := picturetest.JPEG(picturetest.Sheet(600, 800)); return b[:len(b)/2] },
	"bomb":  func() []byte { return picturetest.Bomb(60000, 60000) },
	"large": func() []byte { return append(picturetest.JPEG(picturetest.Sheet(60, 80)), make([]byte, 50<<20)...) },
	"pdf":   func() []byte { b, _ := pdftest.Page("contract", "").Finish("/Root 1 0 R"); return b },
	"script-pdf": func() []byte {
		b, _ := pdftest.Page("x", "/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>").Finish("/Root 1 0 R")
		return b
	},
}

func (s *session) picture(ts *testscript.TestScript, args []string) error {
	make, ok := files[args[1]]
	if !ok {
		return fmt.Errorf("picture: no %s", args[1])
	}
	return os.WriteFile(ts.MkAbs(args[0]), make(), 0o600)
}

// looks holds a picture that was kept against the one that was sent.
func (s *session) looks(ts *testscript.TestScript, args []string) error {
	b, err := os.ReadFile(ts.MkAbs(args[0]))
	if err != nil {
		return err
	}
	m, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		return err
	}
	size := m.Bounds()
	if got := fmt.Sprintf("%dx%d", size.Dx(), size.Dy()); got != args[1] {
		return fmt.Errorf("a picture of %s, want %s", got, args[1])
	}
	for _, left := range [][]byte{picturetest.GPS, []byte("Exif"), []byte("<script>")} {
		if bytes.Contains(b, left) {
			return fmt.Errorf("%q is left in it", left)
		}
	}
	for y, want := range map[int]color.RGBA{size.Dy() / 10: picturetest.Red, size.Dy() / 2: picturetest.Paper} {
		r, g, _, _ := m.At(size.Dx()/2, y).RGBA()
		if d := int(r>>8) - int(want.R) + int(g>>8) - int(want.G); d > 20 || d < -20 {
			return fmt.Errorf("it does not stand upright: %v at line %d", m.At(size.Dx()/2, y), y)
		}
	}
	return nil
}
