package qr

import (
	"bytes"
	"fmt"
)

// What table 2 and table 3 of the standard say of a mode.
var (
	modeIndicators = [numModes]uint32{Byte: 0b0100, Numeric: 0b0001, Alphanumeric: 0b0010}
	countBits      = [numModes][3]int{Byte: {8, 16, 16}, Numeric: {10, 12, 14}, Alphanumeric: {9, 11, 13}}
)

const (
	modeBits       = 4
	terminator     = 0
	terminatorBits = 4
)

// countLength is the number of bits that a segment's length takes.
func countLength(m Mode, version int) int {
	switch {
	case version <= 9:
		return countBits[m][0]
	case version <= 26:
		return countBits[m][1]
	}
	return countBits[m][2]
}

const alphanumerics = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

func (s Segment) check() error {
	switch s.Mode {
	case Byte:
		return nil
	case Numeric:
		for i, c := range s.Data {
			if c < '0' || c > '9' {
				return fmt.Errorf("byte %d, %q, is not a digit", i+1, c)
			}
		}
		return nil
	case Alphanumeric:
		for i, c := range s.Data {
			if bytes.IndexByte([]byte(alphanumerics), c) < 0 {
				return fmt.Errorf("byte %d, %q, is not in the alphanumeric set", i+1, c)
			}
		}
		return nil
	}
	return fmt.Errorf("there is no mode %d", s.Mode)
}

// packedBits is how many bits segments take, heads included, terminator not.
func packedBits(version int, segs []Segment) int {
	total := 0
	for _, s := range segs {
		total += modeBits + countLength(s.Mode, version) + bodyBits(s.Mode, len(s.Data))
	}
	return total
}

func bodyBits(m Mode, n int) int {
	switch m {
	case Numeric:
		return n/3*10 + [3]int{0, 4, 7}[n%3]
	case Alphanumeric:
		return n/2*11 + n%2*6
	}
	return 8 * n
}

// bitWriter packs numbers, highest bit first. Its buffer has room for all that will come.
type bitWriter struct {
	buf []byte
	n   int // whole bytes written
	acc uint64
	has uint // bits waiting in acc
}

func (w *bitWriter) write(v uint32, bits int) {
	w.acc = w.acc<<uint(bits) | uint64(v)
	for w.has += uint(bits); w.has >= 8; w.n++ {
		w.has -= 8
		w.buf[w.n] = byte(w.acc >> w.has)
	}
}

// pack fills data, a version's data codewords, with the segments, terminator and padding (clause 7.4). The segments have been checked and fit.
func pack(data []byte, version int, segs []Segment) {
	w := bitWriter{buf: data}
	for _, s := range segs {
		w.write(modeIndicators[s.Mode], modeBits)
		w.write(uint32(len(s.Data)), countLength(s.Mode, version))
		w.body(s)
	}
	free := 8*(len(data)-w.n) - int(w.has)
	w.write(terminator, min(terminatorBits, free))
	if w.has > 0 {
		w.write(0, 8-int(w.has))
	}
	for pad := byte(0xEC); w.n < len(data); w.n++ {
		data[w.n] = pad
		pad ^= 0xEC ^ 0x11
	}
}

func (w *bitWriter) body(s Segment) {
	d := s.Data
	switch s.Mode {
	case Byte:
		for _, c := range d {
			w.write(uint32(c), 8)
		}
	case Numeric:
		for ; len(d) >= 3; d = d[3:] {
			w.write(uint32(d[0]-'0')*100+uint32(d[1]-'0')*10+uint32(d[2]-'0'), 10)
		}
		switch len(d) {
		case 2:
			w.write(uint32(d[0]-'0')*10+uint32(d[1]-'0'), 7)
		case 1:
			w.write(uint32(d[0]-'0'), 4)
		}
	case Alphanumeric:
		value := func(c byte) uint32 { return uint32(bytes.IndexByte([]byte(alphanumerics), c)) }
		for ; len(d) >= 2; d = d[2:] {
			w.write(value(d[0])*45+value(d[1]), 11)
		}
		if len(d) == 1 {
			w.write(value(d[0]), 6)
		}
	}
}
