package qr

import "sync"

const numMasks = 8

// plan is all of a code that depends on its version and level only.
type plan struct {
	version int
	level   Level
	size    int
	words   int // of a row

	settled  []uint64           // modules that no codeword changes: function patterns, format, version, and the few free ones left over
	overlays [numMasks][]uint64 // function patterns, format, version, and the mask on all other modules: what data are xored with
	lines    [numMasks][]uint64 // the same, as the penalty rules want it: see lineUp

	// order tells for each bit of the codewords, the data of all blocks and then their error correction, the place where it goes:
	// word<<6 | bit. Interleaving (clause 7.6) and placement (clause 7.7.3) are both in it.
	order []uint16

	// The same in larger steps: four bits of a codeword that go to neighbouring modules of a column, and bits for which that does not hold.
	// Places are those in the matrix with rows and columns exchanged.
	fours []step
	ones  []step

	data      int // data codewords
	blocks    int
	shortData int // data codewords of a short block; the long ones, which come last, have one more
	long      int // how many are long
	ecc       *generator
}

var plans [maxVersion + 1][numLevels]func() *plan

func init() {
	for v := 1; v <= maxVersion; v++ {
		for l := range Level(numLevels) {
			plans[v][l] = sync.OnceValue(func() *plan { return newPlan(v, l) })
		}
	}
}

func planFor(version int, level Level) *plan { return plans[version][level]() }

func newPlan(version int, level Level) *plan {
	size := 17 + 4*version
	p := &plan{
		version: version,
		level:   level,
		size:    size,
		words:   words(size),
		data:    dataCodewords(version, level),
		blocks:  int(blocks[level][version]),
		ecc:     generators[eccPerBlock[level][version]](),
	}
	p.shortData = p.data / p.blocks
	p.long = p.data % p.blocks
	fixed := newCanvas(size)
	fixed.functionPatterns(version)
	for mask := range numMasks {
		c := fixed.clone()
		c.format(formatInfo(level, mask))
		c.mask(mask)
		p.overlays[mask] = c.dark
		turned := make([]uint64, len(c.dark))
		transpose(turned, c.dark, size)
		p.lines[mask] = make([]uint64, linePlanes(size)*size)
		lineUp(p.lines[mask], c.dark, turned, size)
	}
	p.settle(fixed.reserved)
	p.group()
	return p
}

// settle walks the free modules in pairs of columns from the right, upwards and downwards by turns, and gives each to a bit of the codewords.
// Up to seven are left over; they are light before masking.
func (p *plan) settle(reserved []uint64) {
	sequence := p.interleaved()
	p.order = make([]uint16, 8*len(sequence))
	p.settled = append([]uint64(nil), reserved...)
	next := 0
	for right := p.size - 1; right > 0; right -= 2 {
		if right == 6 { // the column of the timing pattern is skipped
			right = 5
		}
		upwards := (right+1)&2 == 0
		for i := range p.size {
			y := i
			if upwards {
				y = p.size - 1 - i
			}
			for x := right; x >= right-1; x-- {
				word, bit := plane(p.size, x, y)
				switch {
				case reserved[word]>>bit&1 != 0:
				case next == len(p.order):
					p.settled[word] |= 1 << bit
				default:
					p.order[8*sequence[next/8]+next%8] = uint16(word<<6) | uint16(bit)
					next++
				}
			}
		}
	}
}

// interleaved lists the codewords in the order in which they are placed: the first of each block's data, the second of each, and so on, then error correction likewise.
func (p *plan) interleaved() []int {
	sequence := make([]int, 0, totalCodewords(p.version))
	for i := range p.shortData + 1 {
		for b := range p.blocks {
			if from, to := p.block(b); from+i < to {
				sequence = append(sequence, from+i)
			}
		}
	}
	for i := range p.ecc.degree {
		for b := range p.blocks {
			sequence = append(sequence, p.data+b*p.ecc.degree+i)
		}
	}
	return sequence
}

// block tells which of the data codewords make up block b.
func (p *plan) block(b int) (from, to int) {
	long := max(0, b-(p.blocks-p.long))
	from = b*p.shortData + long
	to = from + p.shortData
	if b >= p.blocks-p.long {
		to++
	}
	return from, to
}

// canvas is a matrix in the making.
type canvas struct {
	size           int
	dark, reserved []uint64
}

func newCanvas(size int) *canvas {
	return &canvas{size: size, dark: make([]uint64, words(size)*size), reserved: make([]uint64, words(size)*size)}
}

// clone gives a canvas with modules of its own; what is reserved is the same for both.
func (c *canvas) clone() *canvas {
	return &canvas{size: c.size, dark: append([]uint64(nil), c.dark...), reserved: c.reserved}
}

func (c *canvas) set(x, y int, dark bool) {
	word, bit := plane(c.size, x, y)
	c.reserved[word] |= 1 << bit
	c.dark[word] &^= 1 << bit
	if dark {
		c.dark[word] |= 1 << bit
	}
}

// functionPatterns draws finders, separators, timing, alignment and version information, and reserves the format's place (clause 6.3).
func (c *canvas) functionPatterns(version int) {
	for i := range c.size {
		c.set(6, i, i%2 == 0)
		c.set(i, 6, i%2 == 0)
	}
	for _, at := range [3][2]int{{3, 3}, {c.size - 4, 3}, {3, c.size - 4}} {
		c.square(at[0], at[1], 4, 2, 4)
	}
	centres := alignmentCentres(version)
	for i, x := range centres {
		for j, y := range centres {
			last := len(centres) - 1
			if (i == 0 && j == 0) || (i == 0 && j == last) || (i == last && j == 0) {
				continue // a finder is there
			}
			c.square(x, y, 2, 1, 3)
		}
	}
	c.format(0)
	if version >= 7 {
		info := versionInfo(version)
		for i := range 18 {
			dark := info>>i&1 != 0
			a, b := c.size-11+i%3, i/3
			c.set(a, b, dark)
			c.set(b, a, dark)
		}
	}
}

// square draws concentric rings around a centre out to a radius, all dark but the rings at the two light distances; what falls outside is cut.
func (c *canvas) square(cx, cy, radius, light1, light2 int) {
	for dy := -radius; dy <= radius; dy++ {
		for dx := -radius; dx <= radius; dx++ {
			x, y := cx+dx, cy+dy
			if x < 0 || y < 0 || x >= c.size || y >= c.size {
				continue
			}
			ring := max(dx, -dx, dy, -dy)
			c.set(x, y, ring != light1 && ring != light2)
		}
	}
}

// format draws both copies of the format information and the module that is always dark.
func (c *canvas) format(info uint32) {
	for i := range formatLength {
		dark := info>>i&1 != 0
		for _, at := range formatPlaces(c.size, i) {
			c.set(at[0], at[1], dark)
		}
	}
	c.set(8, c.size-8, true)
}

// formatPlaces tells where bit i of the format information stands: beside the upper left finder, and split between the other two (figure 25).
func formatPlaces(size, i int) [2][2]int {
	var places [2][2]int
	switch {
	case i < 6:
		places[0] = [2]int{8, i}
	case i < 8:
		places[0] = [2]int{8, i + 1}
	case i == 8:
		places[0] = [2]int{7, 8}
	default:
		places[0] = [2]int{14 - i, 8}
	}
	if i < 8 {
		places[1] = [2]int{size - 1 - i, 8}
	} else {
		places[1] = [2]int{8, size - 15 + i}
	}
	return places
}

// mask darkens those free modules that the mask inverts (table 10; x is its j, y its i).
func (c *canvas) mask(mask int) {
	for y := range c.size {
		for x := range c.size {
			word, bit := plane(c.size, x, y)
			if c.reserved[word]>>bit&1 == 0 && masks(mask, x, y) {
				c.dark[word] |= 1 << bit
			}
		}
	}
}

func masks(mask, x, y int) bool {
	switch mask {
	case 0:
		return (x+y)%2 == 0
	case 1:
		return y%2 == 0
	case 2:
		return x%3 == 0
	case 3:
		return (x+y)%3 == 0
	case 4:
		return (x/3+y/2)%2 == 0
	case 5:
		return x*y%2+x*y%3 == 0
	case 6:
		return (x*y%2+x*y%3)%2 == 0
	}
	return ((x+y)%2+x*y%3)%2 == 0
}
