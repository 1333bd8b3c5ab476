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

// penalty is how hard the code in w is to read under a mask. The rules about lines hold for rows and columns alike, so that the columns' words
// are gone through once for the matrix as it is and once for the turned one.
func (p *plan) penalty(w *workspace, mask int) int {
	stride := p.size + 2*quiet
	padded := w.padded[:p.words*stride]

	p.pad(padded, w.turned[:], p.turned[mask])
	total := linePenalty(padded, p.size)
	p.pad(padded, w.data[:], p.overlays[mask])
	return total + linePenalty(padded, p.size) + areaPenalty(padded, p.size)
}

// pad writes the masked matrix with a quiet zone above and below each plane.
func (p *plan) pad(padded, data, overlay []uint64) {
	n := p.size
	for w := range p.words {
		to := padded[w*(n+2*quiet):][:n+2*quiet]
		clear(to[:quiet])
		clear(to[quiet+n:])
		to = to[quiet:][:n]
		from, over := data[w*n:][:n], overlay[w*n:][:n]
		for y := range to {
			to[y] = from[y] ^ over[y]
		}
	}
}

// linePenalty scores, in each column of a padded matrix of n columns, runs of five and more modules of one colour, and patterns of 1:1:3:1:1 with four
// light modules before or after.
func linePenalty(padded []uint64, n int) int {
	total := 0
	for w := range words(n) {
		column := padded[w*(n+2*quiet):][:n+2*quiet]
		total += runPenalty(column[quiet:quiet+n], lanes(n, w)) + weightFinder*finders(column)
	}
	return total
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
		r := column[:window:window]
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
		corners := lanes(n-1, w) // where a square's left column can be
		dark += bits.OnesCount64(column[0])
		for y := 1; y < len(column) && y < len(right); y++ {
			upper, lower := column[y-1], column[y]
			same := ^(upper ^ lower)
			sameRight := ^(right[y-1] ^ right[y])
			across := ^(lower ^ (lower>>1 | right[y]<<63))
			blocks += bits.OnesCount64(same & (same>>1 | sameRight<<63) & across & corners)
			dark += bits.OnesCount64(lower)
		}
	}
	total := n * n
	deviation := max(20*dark-10*total, 10*total-20*dark) / total
	return weightBlock*blocks + weightBalance*deviation
}

var zeroRows [maxSize]uint64
