package qr

import (
	"encoding/binary"
	"sync"
)

// maxECC is the largest number of error correction codewords in a block.
const maxECC = 30

// generator divides by the generator polynomial of one degree over GF(2^8) with x^8+x^4+x^3+x^2+1 (clause 7.5.2).
// For each leading byte it has the multiple of the polynomial that cancels it, as 32 bytes, the highest power first, in four words.
type generator struct {
	degree    int
	multiples [256][4]uint64
}

var generators [maxECC + 1]func() *generator

func init() {
	for d := range generators {
		generators[d] = sync.OnceValue(func() *generator { return newGenerator(d) })
	}
}

func newGenerator(degree int) *generator {
	poly := make([]byte, degree) // coefficients below the leading 1, highest power first
	if degree > 0 {
		poly[degree-1] = 1
	}
	root := byte(1)
	for range degree {
		for i := range poly {
			poly[i] = multiply(poly[i], root)
			if i+1 < degree {
				poly[i] ^= poly[i+1]
			}
		}
		root = multiply(root, 2)
	}
	g := &generator{degree: degree}
	for factor := range g.multiples {
		var b [32]byte
		for i, c := range poly {
			b[i] = multiply(c, byte(factor))
		}
		for i := range g.multiples[factor] {
			g.multiples[factor][i] = binary.BigEndian.Uint64(b[8*i:])
		}
	}
	return g
}

func multiply(a, b byte) byte {
	product := 0
	for bit := 7; bit >= 0; bit-- {
		product = product<<1 ^ product>>7*0x11D
		product ^= int(b) >> bit & 1 * int(a)
	}
	return byte(product)
}

// remainder gives the error correction codewords of a block, in the first g.degree bytes.
func (g *generator) remainder(block []byte) [32]byte {
	var r0, r1, r2, r3 uint64
	for _, c := range block {
		m := &g.multiples[c^byte(r0>>56)]
		r0 = (r0<<8 | r1>>56) ^ m[0]
		r1 = (r1<<8 | r2>>56) ^ m[1]
		r2 = (r2<<8 | r3>>56) ^ m[2]
		r3 = r3<<8 ^ m[3]
	}
	var out [32]byte
	binary.BigEndian.PutUint64(out[0:], r0)
	binary.BigEndian.PutUint64(out[8:], r1)
	binary.BigEndian.PutUint64(out[16:], r2)
	binary.BigEndian.PutUint64(out[24:], r3)
	return out
}
