package qr

import "sync"

// workspace is what making or reading one code needs for a moment; workspaces are reused, so that a code costs two allocations, itself and its modules.
type workspace struct {
	codewords [maxCodewords]byte
	data      [maxPlanes]uint64 // the codewords' bits in place, unmasked
	turned    [maxPlanes]uint64 // the same, rows and columns exchanged
	lines     [maxLines]uint64  // both, as the penalty rules want them
	padded    [maxPadded]uint64
}

const (
	maxWords  = (maxSize + 63) / 64
	maxPlanes = maxWords * maxSize
	maxLines  = 2 * maxPlanes
	maxPadded = 2 * maxWords * (maxSize + 2*quiet)
)

var workspaces = sync.Pool{New: func() any { return new(workspace) }}

// step takes bits out of a codeword to a place.
type step struct {
	codeword uint16
	at       uint16 // word<<6 | bit
	take     uint8  // for four bits, which of selections; for one, how far it is from the lowest
}

// selections are the ways in which four bits of a codeword come to lie in a column: every other one, from the highest or the one below,
// in ascending or descending rows.
var selections = func() (all [4][256]uint8) {
	for take := range all {
		for c := range all[take] {
			for i := range 4 {
				bit := c >> (7 - take/2 - 2*i) & 1
				row := i
				if take%2 == 1 {
					row = 3 - i
				}
				all[take][c] |= uint8(bit << row)
			}
		}
	}
	return all
}()

// group works out the larger steps from the order of single bits.
func (p *plan) group() {
	for c := range len(p.order) / 8 {
		for first := range 2 {
			var xs, ys [4]int
			for i := range 4 {
				at := int(p.order[8*c+first+2*i])
				xs[i], ys[i] = at>>6/p.size*64+at&63, at>>6%p.size
			}
			inColumn := xs[0] == xs[1] && xs[1] == xs[2] && xs[2] == xs[3]
			step4, top := uint8(2*first), ys[0]
			if ys[3] < ys[0] {
				step4, top = step4+1, ys[3]
			}
			low, high := min(ys[0], ys[3]), max(ys[0], ys[3])
			if inColumn && high-low == 3 && low>>6 == high>>6 {
				word, bit := plane(p.size, top, xs[0])
				p.fours = append(p.fours, step{uint16(c), uint16(word<<6) | uint16(bit), step4})
				continue
			}
			for i := range 4 {
				word, bit := plane(p.size, ys[i], xs[i])
				p.ones = append(p.ones, step{uint16(c), uint16(word<<6) | uint16(bit), uint8(7 - first - 2*i)})
			}
		}
	}
}

// place packs the segments, adds error correction, and puts every bit in its place, unmasked.
func (p *plan) place(w *workspace, segs []Segment) {
	codewords := w.codewords[:len(p.order)/8]
	pack(codewords[:p.data], p.version, segs)
	for b := range p.blocks {
		from, to := p.block(b)
		ecc := p.ecc.remainder(codewords[from:to])
		copy(codewords[p.data+b*p.ecc.degree:][:p.ecc.degree], ecc[:])
	}
	data, turned := w.data[:p.words*p.size], w.turned[:p.words*p.size]
	clear(turned)
	for i := range p.fours {
		s := &p.fours[i]
		turned[s.at>>6] |= uint64(selections[s.take&3][codewords[s.codeword]]) << (s.at & 63)
	}
	for i := range p.ones {
		s := &p.ones[i]
		turned[s.at>>6] |= uint64(codewords[s.codeword]>>(s.take&7)&1) << (s.at & 63)
	}
	transpose(data, turned, p.size)
	lineUp(w.lines[:], data, turned, p.size)
}

// finish makes the code from the bits in place and a mask.
func (p *plan) finish(w *workspace, mask int) *Code {
	c := &Code{Size: p.size, version: p.version, planes: make([]uint64, p.words*p.size)}
	overlay := p.overlays[mask]
	for i := range c.planes {
		c.planes[i] = w.data[i] ^ overlay[i]
	}
	return c
}

// transpose writes a matrix of n rows and columns with rows and columns exchanged into dst; both are stored in planes.
func transpose(dst, src []uint64, n int) {
	for w := range words(n) {
		for v := range words(n) {
			var block [64]uint64
			copy(block[:], src[w*n+v*64:w*n+min(n, v*64+64)])
			transpose64(&block)
			copy(dst[v*n+w*64:v*n+min(n, w*64+64)], block[:])
		}
	}
}

// transpose64 exchanges rows and columns of 64 by 64 bits, by exchanging ever smaller off-diagonal squares.
func transpose64(b *[64]uint64) {
	low := uint64(0x00000000FFFFFFFF)
	for j := 32; j != 0; j >>= 1 {
		for k := 0; k < 64; k = (k + j + 1) &^ j {
			t := (b[k]>>j ^ b[k+j]) & low
			b[k] ^= t << j
			b[k+j] ^= t
		}
		low ^= low << (j >> 1)
	}
}
