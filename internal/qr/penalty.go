package qr

import "math/bits"

// Weights of the four features that make a code hard to read (clause 7.8.3, table 11).
const (
	weightRun     = 3
	weightBlock   = 3
	weightFinder  = 40
	weightBalance = 10
)

// quiet is the number of light modules around a code. The rule about finder-like patterns counts them as the light area that it asks for.
const quiet = 4

// bestMask is the mask of the least penalty, the first of equals.
func (p *plan) bestMask(w *workspace) int {
	best, least := 0, int(^uint(0)>>1)
	for mask := range numMasks {
		if penalty := p.penalty(w, mask); penalty < least {
			best, least = mask, penalty
		}
	}
	return best
}

// The rules about lines hold for rows and columns alike. So the planes of the matrix and those of the turned one are put one after the other and gone
// through in the same way. Where the last plane of each is half empty, as it is for the versions that certificates have, the two share one.

// shared tells whether the last planes of a matrix of n columns and of the turned one share one.
func shared(n int) bool { return n&63 <= 32 }

func linePlanes(n int) int {
	if shared(n) {
		return 2*words(n) - 1
	}
	return 2 * words(n)
}

// lineUp joins the planes of a matrix and of the turned one.
func lineUp(lines, rows, turned []uint64, n int) {
	copy(lines, rows)
	whole := words(n)
	if shared(n) {
		whole--
		for i, word := range turned[whole*n:] {
			lines[whole*n+i] |= word << 32
		}
	}
	copy(lines[words(n)*n:], turned[:whole*n])
}

// penalty is how hard the code in w is to read under a mask.
func (p *plan) penalty(w *workspace, mask int) int {
	n, total := p.size, 0
	stride := n + 2*quiet
	for i := range linePlanes(n) {
		column := w.padded[i*stride:][:stride]
		clear(column[:quiet])
		clear(column[quiet+n:])
		data, overlay, masked := w.lines[i*n:][:n], p.lines[mask][i*n:][:n], column[quiet:][:n]
		for y := range masked {
			masked[y] = data[y] ^ overlay[y]
		}
		lanes := lanes(n, i%p.words)
		if shared(n) && i == p.words-1 {
			lanes |= lanes << 32
		}
		total += runPenalty(masked, lanes) + weightFinder*finders(column)
	}
	return total + areaPenalty(w.padded[:], n)
}

// lanes are the bits of word w that stand for modules of a row of n.
func lanes(n, w int) uint64 {
	if left := n - w*64; left < 64 {
		return 1<<max(left, 0) - 1
	}
	return ^uint64(0)
}

// runPenalty scores the runs in 64 columns. A run of k modules has k-4 places where five in a row are equal and scores weightRun+(k-5):
// one for each such place, and weightRun-1 more for the first.
func runPenalty(column []uint64, lanes uint64) int {
	places, runs := 0, 0
	var e1, e2, e3, above uint64 // where a row equals the next, for the three rows above; where five were equal, one row above
	last := column[0]
	for _, row := range column[1:] {
		e := ^(last ^ row) & lanes
		five := e & e1 & e2 & e3
		places += bits.OnesCount64(five)
		runs += bits.OnesCount64(five &^ above)
		last, e1, e2, e3, above = row, e, e1, e2, five
	}
	return places + (weightRun-1)*runs
}

// finders counts finder-like patterns in 64 padded columns: each with its light area before, and each with its light area after.
func finders(column []uint64) int {
	const window = quiet + 7 + quiet
	count := 0
	for ; len(column) >= window; column = column[1:] {
		r := (*[window]uint64)(column)
		like := r[4] &^ r[5] & r[6] & r[7] & r[8] &^ r[9] & r[10]
		count += bits.OnesCount64(like&^(r[0]|r[1]|r[2]|r[3])) + bits.OnesCount64(like&^(r[11]|r[12]|r[13]|r[14]))
	}
	return count
}

// areaPenalty scores squares of two by two modules of one colour, and how far the share of dark modules is from a half, each whole 5% of it.
func areaPenalty(padded []uint64, n int) int {
	blocks, dark := 0, 0
	stride := n + 2*quiet
	for w := range words(n) {
		column := padded[w*stride+quiet:][:n]
		right := zeroRows[:n] // the 64 columns to the right
		if w+1 < words(n) {
			right = padded[(w+1)*stride+quiet:][:n]
		}
		lanes, corners := lanes(n, w), lanes(n-1, w) // corners: where a square's left column can be
		dark += bits.OnesCount64(column[0] & lanes)
		for y := 1; y < len(column) && y < len(right); y++ {
			upper, lower := column[y-1], column[y]
			same := ^(upper ^ lower)
			sameRight := ^(right[y-1] ^ right[y])
			across := ^(lower ^ (lower>>1 | right[y]<<63))
			blocks += bits.OnesCount64(same & (same>>1 | sameRight<<63) & across & corners)
			dark += bits.OnesCount64(lower & lanes)
		}
	}
	total := n * n
	deviation := max(20*dark-10*total, 10*total-20*dark) / total
	return weightBlock*blocks + weightBalance*deviation
}

var zeroRows [maxSize]uint64
