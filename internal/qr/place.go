package qr

import "sync"

// workspace is what making or reading one code needs for a moment; workspaces are reused, so that a code costs two allocations, itself and its modules.
type workspace struct {
	codewords [maxCodewords]byte
	data      [maxPlanes]uint64 // the codewords' bits in place, unmasked
	turned    [maxPlanes]uint64 // the same, rows and columns exchanged
	padded    [maxPadded]uint64
}

const (
	maxWords  = (maxSize + 63) / 64
	maxPlanes = maxWords * maxSize
	maxPadded = maxWords * (maxSize + 2*quiet)
)

var workspaces = sync.Pool{New: func() any { return new(workspace) }}

// place packs the segments, adds error correction, and puts every bit in its place, unmasked, into w.data and, turned, into w.turned.
func (p *plan) place(w *workspace, segs []Segment) {
	codewords := w.codewords[:len(p.order)/8]
	pack(codewords[:p.data], p.version, segs)
	for b := range p.blocks {
		from, to := p.block(b)
		ecc := p.ecc.remainder(codewords[from:to])
		copy(codewords[p.data+b*p.ecc.degree:][:p.ecc.degree], ecc[:])
	}
	data := w.data[:p.words*p.size]
	clear(data)
	order := p.order
	for i, c := range codewords {
		o := order[8*i : 8*i+8 : 8*i+8]
		for bit, at := range o {
			data[at>>6] |= uint64(c>>(7-bit)&1) << (at & 63)
		}
	}
	transpose(w.turned[:len(data)], data, p.size)
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
