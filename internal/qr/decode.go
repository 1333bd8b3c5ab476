package qr

import (
	"encoding/binary"
	"fmt"
)

// Decode gives the payload of an undamaged code: every function pattern, both copies of the format, the version and every codeword must be exactly right.
// It repairs nothing, for it is meant to prove that a code just made is what it should be. It understands the segments that Encode writes.
// Errors are ErrCorrupt, wrapped.
func Decode(c *Code) ([]byte, error) {
	if c.Size < 21 || c.Size > maxSize || c.Size%4 != 1 || len(c.planes) != words(c.Size)*c.Size {
		return nil, fmt.Errorf("%w: no code has %d modules on a side", ErrCorrupt, c.Size)
	}
	version := (c.Size - 17) / 4
	level, mask, err := c.readFormat()
	if err != nil {
		return nil, err
	}
	p := planFor(version, level)
	overlay := p.overlays[mask]
	for i, settled := range p.settled {
		if (c.planes[i]^overlay[i])&settled != 0 {
			return nil, fmt.Errorf("%w: a module of its fixed patterns, format or version is wrong", ErrCorrupt)
		}
	}
	w := workspaces.Get().(*workspace)
	defer workspaces.Put(w)
	data := w.data[:len(c.planes)]
	for i := range data {
		data[i] = c.planes[i] ^ overlay[i]
	}
	codewords := p.collect(w.codewords[:], data)
	if err := p.checkBlocks(codewords); err != nil {
		return nil, err
	}
	return unpack(codewords[:p.data], version)
}

// readFormat finds the level and mask whose format information is that beside the upper left finder. The other copy is compared with the fixed patterns.
func (c *Code) readFormat() (Level, int, error) {
	info := uint32(0)
	for i := range formatLength {
		if at := formatPlaces(c.Size, i)[0]; c.Dark(at[0], at[1]) {
			info |= 1 << i
		}
	}
	for level := range Level(numLevels) {
		for mask := range numMasks {
			if formatInfo(level, mask) == info {
				return level, mask, nil
			}
		}
	}
	return 0, 0, fmt.Errorf("%w: its format information %015b is not a valid one", ErrCorrupt, info)
}

// collect reads the codewords from the unmasked bits in place.
func (p *plan) collect(codewords []byte, data []uint64) []byte {
	codewords = codewords[:len(p.order)/8]
	for i := range codewords {
		c := byte(0)
		for _, at := range p.order[8*i:][:8] {
			c = c<<1 | byte(data[at>>6]>>(at&63)&1)
		}
		codewords[i] = c
	}
	return codewords
}

// checkBlocks sees to it that each block's error correction is what its data give, which is to say that all syndromes are zero.
func (p *plan) checkBlocks(codewords []byte) error {
	for b := range p.blocks {
		from, to := p.block(b)
		ecc := p.ecc.remainder(codewords[from:to])
		if string(ecc[:p.ecc.degree]) != string(codewords[p.data+b*p.ecc.degree:][:p.ecc.degree]) {
			return fmt.Errorf("%w: codewords of block %d of %d are wrong", ErrCorrupt, b+1, p.blocks)
		}
	}
	return nil
}

// bitReader takes numbers out of bytes, highest bit first.
type bitReader struct {
	buf []byte
	at  int // bits
}

func (r *bitReader) left() int { return 8*len(r.buf) - r.at }

// read takes up to 16 bits; the caller has seen that they are there.
func (r *bitReader) read(bits int) int {
	var b [4]byte
	copy(b[:], r.buf[r.at/8:])
	v := binary.BigEndian.Uint32(b[:]) << (r.at % 8) >> (32 - bits)
	r.at += bits
	return int(v)
}

func unpack(data []byte, version int) ([]byte, error) {
	r := bitReader{buf: data}
	payload := make([]byte, 0, 3*len(data)) // no mode packs tighter than 10 bits for three characters
	for r.left() >= modeBits {
		indicator := r.read(modeBits)
		if indicator == terminator {
			break
		}
		mode, ok := modeOf(uint32(indicator))
		if !ok {
			return nil, fmt.Errorf("%w: segment mode %04b is not understood", ErrCorrupt, indicator)
		}
		size := countLength(mode, version)
		if r.left() < size {
			return nil, fmt.Errorf("%w: a segment's length is cut off", ErrCorrupt)
		}
		n := r.read(size)
		if r.left() < bodyBits(mode, n) {
			return nil, fmt.Errorf("%w: a segment of %d characters is cut off", ErrCorrupt, n)
		}
		var err error
		if payload, err = r.body(payload, mode, n); err != nil {
			return nil, err
		}
	}
	return payload, nil
}

func modeOf(indicator uint32) (Mode, bool) {
	for m, bits := range modeIndicators {
		if bits == indicator {
			return Mode(m), true
		}
	}
	return 0, false
}

func (r *bitReader) body(dst []byte, mode Mode, n int) ([]byte, error) {
	switch mode {
	case Numeric:
		return r.digits(dst, n)
	case Alphanumeric:
		return r.alphanumerics(dst, n)
	}
	for range n {
		dst = append(dst, byte(r.read(8)))
	}
	return dst, nil
}

func (r *bitReader) digits(dst []byte, n int) ([]byte, error) {
	for n > 0 {
		take := min(n, 3)
		v := r.read([4]int{0, 4, 7, 10}[take])
		if v >= [4]int{1, 10, 100, 1000}[take] {
			return nil, fmt.Errorf("%w: %d does not stand for %d digits", ErrCorrupt, v, take)
		}
		three := [3]byte{byte('0' + v/100), byte('0' + v/10%10), byte('0' + v%10)}
		dst = append(dst, three[3-take:]...)
		n -= take
	}
	return dst, nil
}

func (r *bitReader) alphanumerics(dst []byte, n int) ([]byte, error) {
	const base = len(alphanumerics)
	for ; n >= 2; n -= 2 {
		v := r.read(11)
		if v >= base*base {
			return nil, fmt.Errorf("%w: %d does not stand for two characters", ErrCorrupt, v)
		}
		dst = append(dst, alphanumerics[v/base], alphanumerics[v%base])
	}
	if n == 1 {
		v := r.read(6)
		if v >= base {
			return nil, fmt.Errorf("%w: %d does not stand for a character", ErrCorrupt, v)
		}
		dst = append(dst, alphanumerics[v])
	}
	return dst, nil
}
