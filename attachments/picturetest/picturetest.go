// Package picturetest makes small pictures for the tests of whatever takes
// pictures: as cameras write them, and as somebody with bad intentions does.
package picturetest

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
)

// The colours of Sheet.
var (
	Paper = color.RGBA{245, 243, 235, 255}
	Red   = color.RGBA{200, 30, 30, 255}
	Blue  = color.RGBA{30, 60, 200, 255}
)

// Sheet is a picture of which one sees how it lies: a sheet with a red bar along
// its top and a blue square at the bottom left.
func Sheet(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := Paper
			switch {
			case y < h/5:
				c = Red
			case y >= h-h/4 && x < h/4:
				c = Blue
			}
			m.SetRGBA(x, y, c)
		}
	}
	return m
}

// Photo is a small photograph of one shade of grey; each shade is another one.
func Photo(shade uint8) []byte {
	m := image.NewGray(image.Rect(0, 0, 80, 60))
	for i := range m.Pix {
		m.Pix[i] = shade
	}
	return JPEG(m)
}

// sides tells for each EXIF orientation which side of the upright picture the
// first row and the first column are (EXIF 2.3, tag 274).
var sides = [9]string{1: "TL", 2: "TR", 3: "BR", 4: "BL", 5: "LT", 6: "RT", 7: "RB", 8: "LB"}

// Lay is an upright picture as a camera stores it that says orientation of it.
func Lay(m *image.RGBA, orientation int) *image.RGBA {
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	row, column := sides[orientation][0], sides[orientation][1]
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if row == 'L' || row == 'R' {
		out = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for v := range out.Rect.Dy() {
		for u := range out.Rect.Dx() {
			x, y := 0, 0
			for side, n := range map[byte]int{row: v, column: u} {
				switch side {
				case 'L':
					x = n
				case 'R':
					x = w - 1 - n
				case 'T':
					y = n
				case 'B':
					y = h - 1 - n
				}
			}
			out.SetRGBA(u, v, m.RGBAAt(x, y))
		}
	}
	return out
}

// Camera is a picture as a camera writes it: stored as it was held, with EXIF
// that says how it lies and where it was taken.
func Camera(m *image.RGBA, orientation int) []byte {
	b := JPEG(Lay(m, orientation))
	exif := exif(orientation)
	head := binary.BigEndian.AppendUint16([]byte{0xFF, 0xD8, 0xFF, 0xE1}, uint16(2+len(exif)))
	return append(append(head, exif...), b[2:]...)
}

// GPS is the latitude that Camera writes, as it stands in the file.
var GPS = []byte{23, 0, 0, 0, 1, 0, 0, 0, 6, 0, 0, 0, 1, 0, 0, 0}

// exif is an APP1 segment's content: a TIFF of two directories.
func exif(orientation int) []byte {
	const gps, latitude = 8 + 2 + 2*12 + 4, 8 + 2 + 2*12 + 4 + 2 + 2*12 + 4
	b := []byte("Exif\x00\x00II*\x00\x08\x00\x00\x00")
	entry := func(tag, kind uint16, count, value uint32) {
		b = binary.LittleEndian.AppendUint16(b, tag)
		b = binary.LittleEndian.AppendUint16(b, kind)
		b = binary.LittleEndian.AppendUint32(b, count)
		b = binary.LittleEndian.AppendUint32(b, value)
	}
	b = append(b, 2, 0)
	entry(0x0112, 3, 1, uint32(orientation))
	entry(0x8825, 4, 1, gps)
	b = append(b, 0, 0, 0, 0, 2, 0)
	entry(1, 2, 2, 'N')
	entry(2, 5, 3, latitude)
	b = append(b, 0, 0, 0, 0)
	return append(append(b, GPS...), make([]byte, 8)...)
}

// JPEG encodes a picture.
func JPEG(m image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 90}); err != nil {
		panic("picturetest: " + err.Error())
	}
	return b.Bytes()
}

// Bomb is a PNG of a few bytes that claims to have so many pixels.
func Bomb(w, h int) []byte {
	b := []byte("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, data []byte) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
		at := len(b)
		b = append(append(b, kind...), data...)
		b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[at:]))
	}
	header := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(w)), uint32(h))
	chunk("IHDR", append(header, 8, 2, 0, 0, 0))
	chunk("IDAT", []byte{0x78, 0x9c, 0x03, 0, 0, 0, 0, 1})
	chunk("IEND", nil)
	return b
}
