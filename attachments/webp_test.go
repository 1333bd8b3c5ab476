package attachments

import "encoding/binary"

// bits writes a WebP's stream of bits, the lowest of each byte first.
type bits struct {
	bytes []byte
	n     int // of all
}

func (b *bits) write(value uint32, n int) {
	for i := range n {
		if b.n%8 == 0 {
			b.bytes = append(b.bytes, 0)
		}
		b.bytes[b.n/8] |= byte(value>>i&1) << (b.n % 8)
		b.n++
	}
}

// lengths are those of a tree's codes: so many of one length, then so many of the next.
func (b *bits) lengths(length, ofIt, ofNext int) {
	order := []int{17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12}
	b.write(0, 1) // no simple tree
	b.write(uint32(len(order)-4), 4)
	for _, l := range order {
		used := l == length || l == length+1 && ofNext > 0
		b.write(map[bool]uint32{true: 1}[used], 3)
	}
	if ofNext == 0 { // which takes no bit for each
		b.write(1, 1)
		b.write(3, 3)
		b.write(uint32(ofIt-2), 8)
		return
	}
	b.write(0, 1)
	b.write(0, ofIt)
	for range ofNext {
		b.write(1, 1)
	}
}

// alone is a tree of the one symbol 0.
func (b *bits) alone() { b.write(1, 4) }

// treesWebP is a small picture with as many Huffman trees as one may have, each as
// large as it may be.
func treesWebP() []byte {
	const side, groups = 208, 2600
	var b bits
	b.write(0x2f, 8)
	b.write(side-1, 14)
	b.write(side-1, 14)
	b.write(0, 1+3+1) // no alpha, version 0, no transform
	b.write(1, 1)
	b.write(11, 4) // a cache of colours
	b.write(1, 1)
	b.write(0, 3) // which group a tile is of, for tiles of 4 by 4
	b.write(0, 1) // with no cache
	b.lengths(8, 256, 0)
	b.lengths(8, 256, 0)
	for range 3 {
		b.alone()
	}
	for i := range (side / 4) * (side / 4) {
		group := min(i, groups-1)
		b.write(reversed(group&0xff), 8)
		b.write(reversed(group>>8), 8)
	}
	for range groups {
		b.lengths(11, 1768, 560) // 256 greens, 24 lengths, 2048 colours of the cache
		for range 3 {
			b.lengths(8, 256, 0)
		}
		b.lengths(5, 24, 16)
	}
	pixels := make([]byte, side*side*5) // black, and enough of it
	data := append(b.bytes, pixels...)
	out := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(12+len(data)))
	out = binary.LittleEndian.AppendUint32(append(out, "WEBPVP8L"...), uint32(len(data)))
	return append(out, data...)
}

// reversed is a code as it stands in the stream.
func reversed(code int) uint32 {
	var out uint32
	for i := range 8 {
		out |= uint32(code>>i&1) << (7 - i)
	}
	return out
}
