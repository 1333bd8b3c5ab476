package pdf

import (
	"encoding/binary"
	"sync"
)

// Run is a rectangle one unit high and N wide with its corner at X, Y.
type Run struct{ X, Y, N uint8 }

// Runs writes object n as a content stream: head, each run as a rectangle,
// then tail. The runs come by Y; those of one row are put in order by N. The
// rectangles join the path and nothing paints it.
//
// A QR code has a thousand runs. A general compressor looks for repetitions in
// their text and takes ten times as long as everything else about the code;
// here it is known where they are. Every rectangle reads "X Y N 1 re" and all
// of it from Y on is a copy of the one before that has the same N, so
// the stream is written as literals and copies at once, with one Huffman code
// made beforehand from random runs (RFC 1951 §3.2.7).
func (w *Writer) Runs(n int, head []byte, runs []Run, tail string) {
	w.Open(n).Raw("<</Filter/FlateDecode/Length ")
	length := len(w.buf)
	w.Raw("        >>stream\n")
	start := len(w.buf)
	orderRows(runs)
	w.buf = appendRuns(w.buf, head, runs, tail)
	patchInt(w.buf[length:], len(w.buf)-start)
	w.Raw("\nendstream").Close()
}

// orderRows puts the runs of each row in order of N, so that what one is copied
// from stands right before it, nearly always at one of three distances.
func orderRows(runs []Run) {
	for i := 1; i < len(runs); i++ {
		r, j := runs[i], i
		for ; j > 0 && runs[j-1].Y == r.Y && runs[j-1].N > r.N; j-- {
			runs[j] = runs[j-1]
		}
		runs[j] = r
	}
}

func appendRuns(dst, head []byte, runs []Run, tail string) []byte {
	m := runModel()
	e := runEncoder{model: m, a: 1}
	e.out.out = append(dst, 0x78, 0x01)
	for _, h := range m.header {
		e.out.write(uint64(h.bits), h.n)
	}
	e.encode(head, runs, tail)
	end := m.symbols[endOfBlock]
	e.out.write(uint64(end.bits), end.n)
	dst = e.out.flush()
	return binary.BigEndian.AppendUint32(dst, uint32(e.b%adlerPrime<<16|e.a%adlerPrime))
}

// runEncoder turns runs into literals and copies of the text that they stand
// for, without making that text. Without a model it counts them.
type runEncoder struct {
	model *model
	out   bitWriter

	literalCount  []int
	distanceCount []int

	at   int    // bytes of text so far
	a, b uint64 // their Adler-32 (RFC 1950 §9), yet to be reduced

	rows [256]int // by N: the row of its last rectangle, plus 1
	ends [256]int // and where in the text that ends
}

const (
	endOfBlock = 256
	adlerPrime = 65521
	copyTail   = " 1 re\n"
)

// piece is a bit of text with what a checksum wants to know of it.
type piece struct {
	text string
	n    uint64 // bytes
	a, b uint64 // their sum, and their sum with each times how many bytes follow it, itself included
}

func newPiece(s string) piece {
	p := sums(s)
	p.text = s
	return p
}

func sums[T string | []byte](s T) piece {
	p := piece{n: uint64(len(s))}
	for i := range len(s) {
		p.a += uint64(s[i])
		p.b += uint64(s[i]) * uint64(len(s)-i)
	}
	return p
}

// decimals are the numbers as text, and rowPieces the same between spaces.
var (
	decimals, rowPieces = func() (plain, spaced [256]piece) {
		for i := range plain {
			s := string(AppendInt(nil, i))
			plain[i], spaced[i] = newPiece(s), newPiece(" "+s+" ")
		}
		return plain, spaced
	}()
	tailPiece = newPiece(copyTail)
)

func (e *runEncoder) encode(head []byte, runs []Run, tail string) {
	literals(e, head)
	var before Run // the rectangle before, and where it ends
	end := -1
	for _, r := range runs {
		x, y, n := &decimals[r.X], &rowPieces[r.Y], &decimals[r.N]
		e.number(x)
		e.checksum(y)
		e.checksum(n)
		e.checksum(&tailPiece)
		from := e.at // of " Y N 1 re"
		e.at += int(y.n) + int(n.n) + len(copyTail)
		if e.rows[r.N] == int(r.Y)+1 {
			e.copy(e.at-from, e.at-e.ends[r.N])
		} else {
			if end >= 0 && before.Y == r.Y {
				e.copy(int(y.n), from-(end-len(copyTail)-int(decimals[before.N].n)-int(y.n)))
			} else {
				e.bytes(y.text)
			}
			e.bytes(n.text)
			if end >= 0 {
				e.copy(len(copyTail), e.at-end)
			} else {
				e.bytes(copyTail)
			}
		}
		e.rows[r.N], e.ends[r.N] = int(r.Y)+1, e.at
		before, end = r, e.at
	}
	literals(e, tail)
}

func (e *runEncoder) checksum(p *piece) {
	e.b += p.n*e.a + p.b
	e.a += p.a
}

// number adds a number as literals.
func (e *runEncoder) number(p *piece) {
	e.checksum(p)
	e.at += int(p.n)
	e.bytes(p.text)
}

// literals adds text of any length.
func literals[T string | []byte](e *runEncoder, s T) {
	p := sums(s)
	e.checksum(&p)
	e.at += len(s)
	for i := range len(s) {
		e.literal(s[i])
	}
}

// bytes writes literals.
func (e *runEncoder) bytes(s string) {
	for i := range len(s) {
		e.literal(s[i])
	}
}

func (e *runEncoder) literal(c byte) {
	if e.model == nil {
		e.literalCount[c]++
		return
	}
	code := e.model.symbols[c]
	e.out.write(uint64(code.bits), code.n)
}

// copy writes a copy of 3 to 18 bytes.
func (e *runEncoder) copy(length, distance int) {
	if e.model == nil {
		c, _, _ := lengthCode(length)
		e.literalCount[c]++
		c, _, _ = distanceCode(distance)
		e.distanceCount[c]++
		return
	}
	l, d := e.model.symbols[endOfBlock-2+length], e.model.distances[distance]
	e.out.write(uint64(l.bits), l.n)
	e.out.write(uint64(d.bits), d.n)
}

// Deflate's codes for lengths and distances (RFC 1951 §3.2.5), as far as
// copies of one rectangle of the same row need them.
var (
	lengthBase   = [...]int{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17}
	lengthExtra  = [...]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1}
	distanceBase = [...]int{
		1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537,
	}
	distanceExtra = [...]uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9}
)

const (
	literalCodes  = 257 + len(lengthBase)
	distanceCodes = len(distanceBase)
)

// lengthCode is the symbol for a copy's length, and its extra bits.
func lengthCode(length int) (code, extra int, n uint8) {
	i := len(lengthBase) - 1
	for lengthBase[i] > length {
		i--
	}
	return 257 + i, length - lengthBase[i], lengthExtra[i]
}

func distanceCode(d int) (code, extra int, n uint8) {
	i := len(distanceBase) - 1
	for distanceBase[i] > d {
		i--
	}
	return i, d - distanceBase[i], distanceExtra[i]
}

// bits is a stretch of the stream, first bit lowest.
type bits struct {
	bits uint32
	n    uint8
}

// model is the Huffman code, with what stands before the tokens.
type model struct {
	header    []bits
	symbols   [endOfBlock - 2 + 19]bits // literals, endOfBlock, and copies of 3 bytes and more with their extra bits
	distances [2048]bits                // with their extra bits
}

// runModel makes the code from runs of random length, as a QR code's are. The
// same program makes the same code always.
var runModel = sync.OnceValue(func() *model {
	e := runEncoder{literalCount: make([]int, literalCodes), distanceCount: make([]int, distanceCodes)}
	e.encode(nil, sampleRuns(), "")
	// Heads and tails have other characters.
	for _, counts := range [][]int{e.literalCount, e.distanceCount} {
		for i := range counts {
			counts[i] = 4*counts[i] + 1
		}
	}
	return newModel(huffmanLengths(e.literalCount, 15), huffmanLengths(e.distanceCount, 15))
})

// sampleRuns has the runs of a matrix of 73 modules drawn by chance.
func sampleRuns() []Run {
	const side = 73
	var runs []Run
	state := uint32(1)
	dark := func() bool { // xorshift
		state ^= state << 13
		state ^= state >> 17
		state ^= state << 5
		return state&1 == 0
	}
	for y := range uint8(side) {
		for x := uint8(0); x < side; x++ {
			n := uint8(0)
			for x+n < side && dark() {
				n++
			}
			if n > 0 {
				runs = append(runs, Run{x, y, n})
				x += n
			}
		}
	}
	orderRows(runs)
	return runs
}

func newModel(literals, distances []uint8) *model {
	m := &model{header: blockHeader(literals, distances)}
	lc, dc := canonical(literals), canonical(distances)
	copy(m.symbols[:endOfBlock+1], lc)
	for length := 3; length <= 18; length++ {
		code, extra, n := lengthCode(length)
		m.symbols[endOfBlock-2+length] = join(lc[code], extra, n)
	}
	for d := 1; d < len(m.distances); d++ {
		code, extra, n := distanceCode(d)
		m.distances[d] = join(dc[code], extra, n)
	}
	return m
}

func join(code bits, extra int, n uint8) bits {
	return bits{code.bits | uint32(extra)<<code.n, code.n + n}
}

// blockHeader is that of a last block with its own codes (RFC 1951 §3.2.7).
func blockHeader(literals, distances []uint8) []bits {
	order := [...]int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
	all := append(append([]uint8(nil), literals...), distances...)
	var freq [19]int
	for _, l := range all {
		freq[l]++
	}
	lengths := huffmanLengths(freq[:], 7)
	codes := canonical(lengths)
	h := []bits{
		{1, 1},
		{2, 2},
		{uint32(len(literals) - 257), 5},
		{uint32(len(distances) - 1), 5},
		{uint32(len(order) - 4), 4},
	}
	for _, s := range order {
		h = append(h, bits{uint32(lengths[s]), 3})
	}
	for _, l := range all {
		h = append(h, codes[l])
	}
	return h
}

// huffmanLengths gives each symbol that occurs a code length of at most limit.
func huffmanLengths(freq []int, limit uint8) []uint8 {
	type node struct{ weight, parent int }
	for shift := 0; ; shift++ {
		nodes := make([]node, len(freq), 2*len(freq))
		open := []int{}
		for i, f := range freq {
			if f > 0 {
				nodes[i].weight = (f-1)>>shift + 1
				open = append(open, i)
			}
		}
		for len(open) > 1 {
			n := len(nodes)
			nodes = append(nodes, node{})
			for range 2 {
				least := 0
				for i := range open {
					if nodes[open[i]].weight < nodes[open[least]].weight {
						least = i
					}
				}
				nodes[n].weight += nodes[open[least]].weight
				nodes[open[least]].parent = n
				open[least] = open[len(open)-1]
				open = open[:len(open)-1]
			}
			open = append(open, n)
		}
		lengths := make([]uint8, len(freq))
		deepest := uint8(0)
		for i, f := range freq {
			if f > 0 {
				for n := i; n != open[0]; n = nodes[n].parent {
					lengths[i]++
				}
				deepest = max(deepest, lengths[i])
			}
		}
		if deepest <= limit {
			return lengths
		}
	}
}

// canonical gives the codes that follow from their lengths (RFC 1951 §3.2.2),
// turned around as the stream has them.
func canonical(lengths []uint8) []bits {
	codes := make([]bits, len(lengths))
	next := uint32(0)
	for l := uint8(1); l <= 15; l++ {
		next <<= 1
		for i, have := range lengths {
			if have != l {
				continue
			}
			for b := range l {
				codes[i].bits |= (next >> b & 1) << (l - 1 - b)
			}
			codes[i].n = l
			next++
		}
	}
	return codes
}

// bitWriter packs bits into bytes, the first into the lowest.
type bitWriter struct {
	out  []byte
	held uint64
	n    uint8
}

func (b *bitWriter) write(v uint64, n uint8) {
	b.held |= v << b.n
	b.n += n
	if b.n >= 32 {
		b.out = binary.LittleEndian.AppendUint32(b.out, uint32(b.held))
		b.held >>= 32
		b.n -= 32
	}
}

func (b *bitWriter) flush() []byte {
	for b.n > 0 {
		b.out = append(b.out, byte(b.held))
		b.held >>= 8
		b.n -= min(b.n, 8)
	}
	return b.out
}
