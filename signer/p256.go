package signer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"math/big"
	"sync"
	"sync/atomic"

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

// Multiples are worth computing for a key that is used as often as worthIt: that takes as
// long as they spare in some fourteen verifications. Those of mostMultiples keys are
// kept, of 92 KB each.
const (
	worthIt       = 16
	mostMultiples = 256
)

// often counts how often keys are used, by their coordinates, and keeps the multiples of
// those that are used often. Only keys that are listed come here.
type often struct {
	mu   sync.RWMutex
	keys map[[64]byte]*oftenKey
	have int // of which the multiples are kept
}

type oftenKey struct {
	uses      atomic.Int32
	multiples atomic.Pointer[multiples]
}

var oftenUsed often

// multiples returns those of a key, of the curve P-256, that has been used often; nil:
// it is verified without.
func (o *often) multiples(key *ecdsa.PublicKey) *multiples {
	at, ok := coordinates(key)
	if !ok {
		return nil
	}
	o.mu.RLock()
	k := o.keys[at]
	o.mu.RUnlock()
	if k == nil {
		k = o.first(at)
	}
	if m := k.multiples.Load(); m != nil {
		return m
	}
	if k.uses.Add(1) != worthIt { // one computes them, and the others do without meanwhile
		return nil
	}
	m, err := multiplesOf(key)
	if err != nil {
		return nil
	}
	o.keep(k, m)
	return m
}

// first counts a key from now on.
func (o *often) first(at [64]byte) *oftenKey {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.keys[at] == nil {
		if o.keys == nil {
			o.keys = map[[64]byte]*oftenKey{}
		}
		o.keys[at] = new(oftenKey)
	}
	return o.keys[at]
}

// keep keeps the multiples of a key, in the place of any other's where there are too many.
func (o *often) keep(k *oftenKey, m *multiples) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, other := range o.keys {
		if o.have < mostMultiples {
			break
		}
		if other.multiples.Swap(nil) != nil {
			other.uses.Store(0)
			o.have--
		}
	}
	k.multiples.Store(m)
	o.have++
}

// coordinates are what a key of P-256 is told by; false for any other, and for what is
// none.
func coordinates(key *ecdsa.PublicKey) (at [64]byte, ok bool) {
	x, y := key.X, key.Y //nolint:staticcheck // they are read, which takes a tenth of the time of Bytes
	if key.Curve != elliptic.P256() || x.Sign() < 0 || y.Sign() < 0 || x.BitLen() > 256 || y.BitLen() > 256 {
		return at, false
	}
	x.FillBytes(at[:32])
	y.FillBytes(at[32:])
	return at, true
}
