package font

import "slices"

// The alphabets of deflate (RFC 1951, 3.2.5 to 3.2.7).
const (
	endOfBlock     = 256
	firstLength    = 257
	numLitLen      = 286
	numDist        = 30
	numCodeLen     = 19
	minMatch       = 3
	maxMatch       = 258
	window         = 32768
	longestCode    = 15
	longestCodeLen = 7
)

// code is a Huffman code or a whole symbol with its extra bits: n bits, the first to send lowest.
type code struct {
	bits uint32
	n    uint8
}

// codeLengths gives the length of each symbol's Huffman code, none over limit, 0 for symbols that do not occur. At least two symbols must occur.
func codeLengths(counts []int, limit int) []uint8 {
	counts = slices.Clone(counts)
	for {
		lengths := huffman(counts)
		if int(slices.Max(lengths)) <= limit {
			return lengths
		}
		// Flattening the counts shortens the longest codes. It is hardly ever needed and costs next to nothing.
		for i, c := range counts {
			if c > 0 {
				counts[i] = c/2 + 1
			}
		}
	}
}

// huffman joins the two rarest trees until one is left. Ties go to the tree made first, so that the result is always the same.
func huffman(counts []int) []uint8 {
	type node struct{ count, left, right int }
	var nodes []node
	var queue []int
	symbols := map[int]int{}
	for s, c := range counts {
		if c > 0 {
			symbols[len(nodes)] = s
			queue = append(queue, len(nodes))
			nodes = append(nodes, node{c, -1, -1})
		}
	}
	for len(queue) > 1 {
		slices.SortStableFunc(queue, func(a, b int) int { return nodes[a].count - nodes[b].count })
		a, b := queue[0], queue[1]
		queue = append(queue[2:], len(nodes))
		nodes = append(nodes, node{nodes[a].count + nodes[b].count, a, b})
	}
	depths := make([]uint8, len(nodes))
	lengths := make([]uint8, len(counts))
	for i := len(nodes) - 1; i >= 0; i-- {
		if n := nodes[i]; n.left >= 0 {
			depths[n.left], depths[n.right] = depths[i]+1, depths[i]+1
		} else {
			lengths[symbols[i]] = depths[i]
		}
	}
	return lengths
}

// canonical gives the codes that lengths stand for (RFC 1951, 3.2.2), turned round, for Huffman codes are sent from their highest bit.
func canonical(lengths []uint8) []code {
	codes := make([]code, len(lengths))
	next := uint32(0)
	for n := 1; n <= longestCode; n++ {
		for s, length := range lengths {
			if int(length) == n {
				codes[s] = code{turn(next, n), uint8(n)}
				next++
			}
		}
		next <<= 1
	}
	return codes
}

func turn(v uint32, n int) (turned uint32) {
	for range n {
		turned = turned<<1 | v&1
		v >>= 1
	}
	return turned
}

// writeCodes writes the head of a block with codes of its own (RFC 1951, 3.2.7): the lengths of both codes, run by run, in a third code.
func writeCodes(w *bitWriter, litLen, dist []uint8) {
	type symbol struct {
		value int
		extra code
	}
	var symbols []symbol
	all := slices.Concat(litLen, dist)
	for i := 0; i < len(all); {
		run := 1
		for i+run < len(all) && all[i+run] == all[i] {
			run++
		}
		switch {
		case all[i] == 0 && run >= 11:
			run = min(run, 138)
			symbols = append(symbols, symbol{18, code{uint32(run - 11), 7}})
		case all[i] == 0 && run >= 3:
			symbols = append(symbols, symbol{17, code{uint32(run - 3), 3}})
		case run >= 4:
			run = min(run, 7)
			symbols = append(symbols, symbol{value: int(all[i])}, symbol{16, code{uint32(run - 4), 2}})
		default:
			run = 1
			symbols = append(symbols, symbol{value: int(all[i])})
		}
		i += run
	}
	counts := make([]int, numCodeLen)
	for _, s := range symbols {
		counts[s.value]++
	}
	lengths := codeLengths(counts, longestCodeLen)
	codes := canonical(lengths)

	order := [numCodeLen]int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
	sent := numCodeLen
	for sent > 4 && lengths[order[sent-1]] == 0 {
		sent--
	}
	w.write(code{uint32(len(litLen) - 257), 5})
	w.write(code{uint32(len(dist) - 1), 5})
	w.write(code{uint32(sent - 4), 4})
	for _, s := range order[:sent] {
		w.write(code{uint32(lengths[s]), 3})
	}
	for _, s := range symbols {
		w.write(codes[s.value])
		w.write(s.extra)
	}
}

// lengthSymbol gives the symbol for the length of a match, with its extra bits.
func lengthSymbol(length int) (symbol int, extra code) {
	if length == maxMatch {
		return 285, code{}
	}
	n, step := bucket(length-minMatch, 8)
	return firstLength + n, step
}

// distSymbol gives the symbol for the distance of a match, with its extra bits.
func distSymbol(dist int) (symbol int, extra code) { return bucket(dist-1, 4) }

// bucket numbers the ranges of lengths and distances: the first `single` hold one value each, then every single/2 ranges are twice as wide as those before.
func bucket(v, single int) (n int, extra code) {
	if v < single {
		return v, code{}
	}
	half := single / 2
	bits := 0
	for v>>bits >= single {
		bits++
	}
	return half*bits + v>>bits, code{uint32(v & (1<<bits - 1)), uint8(bits)}
}
