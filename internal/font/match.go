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

// parser finds the cheapest way to write a piece of data as tokens. Its slices are kept for the next piece.
type parser struct {
	head   [1 << hashBits]int32 // last place of each hash, plus one
	before []int32              // the place before with the same hash, plus one
	cost   []int32              // cheapest way to reach each place
	via    []token              // its last step
	tokens []token
}

const hashBits = 10

// mostCandidates bounds the search in data that repeat themselves all over.
const mostCandidates = 64

// parse gives the tokens of least total cost. They are good until the next call.
func (p *parser) parse(data []byte, c *costs) []token {
	p.reset(len(data))
	for i := range data {
		p.reach(i, 1, p.cost[i]+int32(c.literal[data[i]]), token{literal: data[i]})
		if i+minMatch > len(data) {
			continue
		}
		hash := (uint32(data[i])<<16 | uint32(data[i+1])<<8 | uint32(data[i+2])) * 0x9E3779B1 >> (32 - hashBits)
		p.matches(data, i, p.head[hash], c)
		p.before[i] = p.head[hash]
		p.head[hash] = int32(i + 1)
	}
	return p.trace(len(data))
}

func (p *parser) reset(n int) {
	clear(p.head[:])
	if cap(p.cost) < n+1 {
		p.before, p.cost, p.via = make([]int32, n+1), make([]int32, n+1), make([]token, n+1)
	}
	p.before, p.cost, p.via = p.before[:n+1], p.cost[:n+1], p.via[:n+1]
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
func (p *parser) matches(data []byte, i int, place int32, c *costs) {
	known := minMatch - 1
	for range mostCandidates {
		j := int(place) - 1
		if j < 0 || i-j > window {
			return
		}
		n := 0
		for i+n < len(data) && n < maxMatch && data[j+n] == data[i+n] {
			n++
		}
		if n > known {
			symbol, _ := distSymbol(i - j)
			for length := known + 1; length <= n; length++ {
				p.reach(i, length, p.cost[i]+int32(c.length[length])+int32(c.dist[symbol]), token{length: uint16(length), dist: uint16(i - j - 1)})
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
