// Package qr makes QR codes (ISO/IEC 18004:2015) as module matrices to be drawn as vectors, and reads such matrices back.
//
// What does not depend on the payload is worked out once for a version and level and kept (see plan); masks and penalties are computed 64 modules at a time.
// Everything may be used by any number of goroutines.
package qr

import (
	"errors"
	"fmt"
	"math/bits"
)

// Level is how much damage a code survives.
type Level uint8

// The levels of error correction: about 7, 15, 25 and 30 percent of the codewords can be restored.
const (
	L Level = iota
	M
	Q
	H
	numLevels = 4
)

// Mode is how a segment's characters are packed.
type Mode uint8

const (
	Byte         Mode = iota // any bytes, 8 bits each
	Numeric                  // decimal digits, 10 bits for three
	Alphanumeric             // 0-9 A-Z space $ % * + - . / :, 11 bits for two
	numModes     = 3
)

// Segment is a stretch of the payload packed in one mode.
type Segment struct {
	Mode Mode
	Data []byte
}

// The largest version, and the number of modules on its side.
const (
	maxVersion = 40
	maxSize    = 17 + 4*maxVersion
)

// Errors of Encode and Decode; they come wrapped with what was found.
var (
	ErrTooLong = errors.New("qr: the payload does not fit")
	ErrSegment = errors.New("qr: segment cannot be packed")
	ErrCorrupt = errors.New("qr: the code is damaged")
)

// Code is a QR code as a square of modules, without its quiet zone of four.
type Code struct {
	Size    int // modules on a side
	version int
	planes  []uint64 // see plane
}

// plane is how matrices are stored: row y of a matrix of n rows is cut into words of 64 modules, and word w of it stands at index w*n+y;
// the module in column x is bit x%64. So the words of equal columns lie one after the other, which the penalty rules profit from.
func plane(n, x, y int) (word int, bit uint) { return x>>6*n + y, uint(x & 63) }

// words is how many words a row of n modules takes.
func words(n int) int { return (n + 63) >> 6 }

// Dark tells whether the module in column x of row y is dark, counted from the top left; outside of the code nothing is.
func (c *Code) Dark(x, y int) bool {
	if x < 0 || y < 0 || x >= c.Size || y >= c.Size {
		return false
	}
	word, bit := plane(c.Size, x, y)
	return c.planes[word]>>bit&1 != 0
}

// Version is 1 to 40.
func (c *Code) Version() int { return c.version }

// Runs visits the horizontal runs of dark modules, row by row from the top and from left to right: n modules beginning in column x of row y.
// It stops when yield returns false.
func (c *Code) Runs(yield func(x, y, n int) bool) {
	for y := range c.Size {
		start := -1 // where a run still open began
		for w := range words(c.Size) {
			row := c.planes[w*c.Size+y]
			for at := 0; at < 64; {
				rest := row >> at
				if start >= 0 {
					rest = ^rest
				}
				at += bits.TrailingZeros64(rest)
				if at >= 64 {
					break
				}
				if start < 0 {
					start = w*64 + at
					continue
				}
				if !yield(start, y, w*64+at-start) {
					return
				}
				start = -1
			}
		}
		if start >= 0 && !yield(start, y, c.Size-start) {
			return
		}
	}
}

// Encode makes the smallest code of a level that holds the segments one after the other, with the mask of the least penalty.
// Errors are ErrTooLong, naming the bytes that are over, and ErrSegment, naming the byte that its mode cannot hold.
func Encode(level Level, segs ...Segment) (*Code, error) {
	if level >= numLevels {
		return nil, fmt.Errorf("qr: there is no level %d", level)
	}
	for i, s := range segs {
		if err := s.check(); err != nil {
			return nil, fmt.Errorf("%w: segment %d: %w", ErrSegment, i+1, err)
		}
	}
	version, err := smallestVersion(level, segs)
	if err != nil {
		return nil, err
	}
	w := workspaces.Get().(*workspace)
	defer workspaces.Put(w)
	p := planFor(version, level)
	p.place(w, segs)
	return p.finish(w, p.bestMask(w)), nil
}

func smallestVersion(level Level, segs []Segment) (int, error) {
	over := 0
	for v := 1; v <= maxVersion; v++ {
		over = packedBits(v, segs) - 8*dataCodewords(v, level)
		if over <= 0 {
			return v, nil
		}
	}
	return 0, fmt.Errorf("%w: %d bytes over the largest code of this level", ErrTooLong, (over+7)/8)
}
