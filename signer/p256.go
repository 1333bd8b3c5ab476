package signer

import (
	"crypto/ecdsa"
	"math/big"
	"sync"

	"filippo.io/nistec"
)

// Scanners verify thousands of signatures of a few keys. Most of such a verification is
// the multiplication of the key; it is done here by adding up multiples of the key that
// are kept, in little more than half of the time. The group's arithmetic is that of Go's
// own library (nistec). Nothing here is secret, so that nothing need take the same time.

// multiples are those of a key Q: [d·16^i]Q at i, d-1, for every digit d of a number at
// every place i.
type multiples [64][15]nistec.P256Point

// multiplesOf computes them; an error for what is no point of the curve but infinity.
func multiplesOf(key *ecdsa.PublicKey) (*multiples, error) {
	text, err := key.Bytes()
	if err != nil {
		return nil, err
	}
	place, err := nistec.NewP256Point().SetBytes(text)
	if err != nil {
		return nil, err
	}
	m := new(multiples)
	for i := range m {
		m[i][0].Set(place)
		for d := 1; d < len(m[i]); d++ {
			m[i][d].Add(&m[i][d-1], place)
		}
		place = nistec.NewP256Point().Add(&m[i][14], place)
	}
	return m, nil
}

// times adds [k]Q to p, of k in 32 bytes.
func (m *multiples) times(k *[32]byte, p *nistec.P256Point) {
	for i := range m {
		if d := k[31-i/2] >> (4 * (i & 1)) & 15; d > 0 {
			p.Add(p, &m[i][d-1])
		}
	}
}

// verifies tells whether r and s are the key's signature of a digest (FIPS 186-5 §6.4.2).
func (m *multiples) verifies(digest *[32]byte, r, s *big.Int) bool {
	n := p256Order
	if r.Sign() <= 0 || s.Sign() <= 0 || r.Cmp(n) >= 0 || s.Cmp(n) >= 0 {
		return false
	}
	var u, v [32]byte
	w, t := new(big.Int).ModInverse(s, n), new(big.Int)
	t.Mul(t.SetBytes(digest[:]), w).Mod(t, n).FillBytes(u[:])
	t.Mul(r, w).Mod(t, n).FillBytes(v[:])
	p, err := nistec.NewP256Point().ScalarBaseMult(u[:])
	if err != nil {
		return false
	}
	m.times(&v, p)
	x, err := p.BytesX()
	if err != nil { // infinity
		return false
	}
	return t.Mod(t.SetBytes(x), n).Cmp(r) == 0
}

// p256Order is the order of the curve P-256 (SP 800-186 §3.2.1.3).
var p256Order, _ = new(big.Int).SetString("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16)

// mostMultiples bounds how many keys' are kept, of some 92 KB each.
const mostMultiples = 100

// keptMultiples are those of the keys that were used.
var keptMultiples struct {
	mu sync.RWMutex
	of map[*ecdsa.PublicKey]*multiples
}

// kept returns a key's multiples, computed when it is first used; nil for what is no key.
func kept(key *ecdsa.PublicKey) *multiples {
	k := &keptMultiples
	k.mu.RLock()
	m := k.of[key]
	k.mu.RUnlock()
	if m != nil {
		return m
	}
	m, err := multiplesOf(key)
	if err != nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.of == nil || len(k.of) >= mostMultiples {
		k.of = map[*ecdsa.PublicKey]*multiples{}
	}
	k.of[key] = m
	return m
}
