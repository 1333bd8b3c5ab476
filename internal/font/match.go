package font

// token is a literal byte, or a match of length bytes found dist bytes before.
type token struct {
	literal byte
	length  uint16 // 0 for a literal
	dist    uint16 // less 1
}

// costs are what symbols take, extra bits included, in bits.
type costs struct {
	literal [256]uint8
	length  [maxMatch + 1]uint8
	dist    [numDist]uint8
}

// firstCosts are a guess to begin the training with.
func firstCosts() *costs {
	c := &costs{}
	for i := range c.literal {
		c.literal[i] = 7
	}
	for i := minMatch; i <= maxMatch; i++ {
		_, extra := lengthSymbol(i)
		c.length[i] = 7 + extra.n
	}
	for i := range c.dist {
		c.dist[i] = 5 + uint8(max(0, i/2-1))
	}
	return c
}

// dictionary is what stands before the data to parse, with the places where its bytes are found again.
type dictionary struct {
	data   []byte
	head   [1 << hashBits]int32 // last place of each hash, plus one
	before []int32              // the place before with the same hash, plus one
}

// none is what stands before data that must do with themselves.
var none dictionary

func newDictionary(data []byte) *dictionary {
	d := &dictionary{data: data, before: make([]int32, len(data))}
	for i := range len(data) - minMatch + 1 {
		h := hashOf(data[i:])
		d.before[i], d.head[h] = d.head[h], int32(i+1)
	}
	return d
}

const hashBits = 12

func hashOf(b []byte) uint32 {
	return (uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2])) * 0x9E3779B1 >> (32 - hashBits)
}

// parser finds the cheapest way to write a piece of data as tokens. Its slices are kept for the next piece.
type parser struct {
	data   []byte               // the dictionary's, then those to parse
	head   [1 << hashBits]int32 // as a dictionary's, of all
	before []int32
	cost   []int32 // cheapest way to reach each place of those to parse
	via    []token // its last step
	tokens []token
}

// mostCandidates bounds the search in data that repeat themselves all over.
const mostCandidates = 64

// usualDistance is how far behind the dictionary a glyph of a certificate is taken to stand when a match with the dictionary is weighed.
const usualDistance = 8192

// parse gives the tokens of least total cost for data that follow a dictionary, be it at a distance: no match lies half in it. They are good until the next call.
func (p *parser) parse(d *dictionary, data []byte, c *costs) []token {
	p.reset(d, data)
	for i := range data {
		p.reach(i, 1, p.cost[i]+int32(c.literal[data[i]]), token{literal: data[i]})
		if i+minMatch > len(data) {
			continue
		}
		at, h := len(d.data)+i, hashOf(data[i:])
		p.matches(len(d.data), at, c)
		p.before[at], p.head[h] = p.head[h], int32(at+1)
	}
	return p.trace(len(data))
}

func (p *parser) reset(d *dictionary, data []byte) {
	p.head = d.head
	p.data = append(append(p.data[:0], d.data...), data...)
	p.before = append(append(p.before[:0], d.before...), make([]int32, len(data))...)
	n := len(data)
	if cap(p.cost) < n+1 {
		p.cost, p.via = make([]int32, n+1), make([]token, n+1)
	}
	p.cost, p.via = p.cost[:n+1], p.via[:n+1]
	for i := range p.cost {
		p.cost[i] = 1 << 30
	}
	p.cost[0] = 0
}

func (p *parser) reach(from, length int, cost int32, t token) {
	if cost < p.cost[from+length] {
		p.cost[from+length] = cost
		p.via[from+length] = t
	}
}

// matches tries what stands at i in earlier places, the nearest first: a farther one is of use only for lengths that no nearer one had.
// Places below border are in the dictionary.
func (p *parser) matches(border, i int, c *costs) {
	known, from := minMatch-1, i-border
	place := p.head[hashOf(p.data[i:])]
	for range mostCandidates {
		j := int(place) - 1
		if j < 0 || i-j > window {
			return
		}
		end, distance := min(len(p.data), i+maxMatch), i-j
		if j < border {
			end, distance = min(end, i+border-j), min(distance+usualDistance, window)
		}
		n := 0
		for i+n < end && p.data[j+n] == p.data[i+n] {
			n++
		}
		if n > known {
			symbol, _ := distSymbol(distance)
			for length := known + 1; length <= n; length++ {
				p.reach(from, length, p.cost[from]+int32(c.length[length])+int32(c.dist[symbol]), token{length: uint16(length), dist: uint16(i - j - 1)})
			}
			known = n
		}
		place = p.before[j]
	}
}

// trace follows the cheapest way back from the end.
func (p *parser) trace(n int) []token {
	p.tokens = p.tokens[:0]
	for at := n; at > 0; {
		t := p.via[at]
		p.tokens = append(p.tokens, t)
		at -= max(1, int(t.length))
	}
	for i, j := 0, len(p.tokens)-1; i < j; i, j = i+1, j-1 {
		p.tokens[i], p.tokens[j] = p.tokens[j], p.tokens[i]
	}
	return p.tokens
}
