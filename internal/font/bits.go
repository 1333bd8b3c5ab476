package font

import "encoding/binary"

// bitWriter packs codes into bytes, the first bit lowest (RFC 1951, 3.1.1). Its buffer has room for all that will come and eight bytes more.
type bitWriter struct {
	buf []byte
	at  int // bytes written
	acc uint64
	has uint // bits waiting in acc, under 64
}

func (w *bitWriter) write(c code) { w.push(uint64(c.bits), uint(c.n)) }

// push writes the low n bits of v, the others being zero.
func (w *bitWriter) push(v uint64, n uint) {
	w.acc |= v << w.has
	if w.has += n; w.has >= 64 {
		binary.LittleEndian.PutUint64(w.buf[w.at:], w.acc)
		w.at += 8
		w.has -= 64
		w.acc = v >> (n - w.has) // 0 when n bits fitted exactly
	}
}

// pushAll writes n bits from words.
func (w *bitWriter) pushAll(words []uint64, n int) {
	whole := words[:n/64]
	acc, has, out := w.acc, w.has, w.buf[w.at:]
	for _, v := range whole {
		binary.LittleEndian.PutUint64(out, acc|v<<has)
		acc = v >> (64 - has)
		out = out[8:]
	}
	w.acc = acc
	w.at += 8 * len(whole)
	if rest := uint(n % 64); rest > 0 {
		w.push(words[len(whole)], rest)
	}
}

// bytes fills the last byte up and gives all that was written.
func (w *bitWriter) bytes() []byte {
	var tail [8]byte
	binary.LittleEndian.PutUint64(tail[:], w.acc)
	n := int(w.has+7) / 8
	copy(w.buf[w.at:], tail[:n])
	return w.buf[:w.at+n]
}

// bits gives all that was written as words, and how many bits of them count.
func (w *bitWriter) bits() (words []uint64, n int) {
	n = w.at*8 + int(w.has)
	words = make([]uint64, (n+63)/64)
	b := w.bytes()
	for i := range words {
		var eight [8]byte
		copy(eight[:], b[8*i:])
		words[i] = binary.LittleEndian.Uint64(eight[:])
	}
	return words, n
}
