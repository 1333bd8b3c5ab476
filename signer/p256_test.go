package signer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"math/big"
	"testing"
)

// same checks that a signature is judged as crypto/ecdsa judges it.
func same(t *testing.T, key *ecdsa.PublicKey, digest [32]byte, r, s *big.Int) bool {
	t.Helper()
	m, err := multiplesOf(key)
	if err != nil {
		t.Fatal(err)
	}
	got, want := m.verifies(&digest, r, s), ecdsa.Verify(key, digest[:], r, s)
	if got != want {
		t.Errorf("%v, crypto/ecdsa says %v: digest %x, r %x, s %x, key %x", got, want, digest, r, s, key)
	}
	return got
}

// keyOf is the key with a private number.
func keyOf(t *testing.T, d *big.Int) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d.FillBytes(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestMultiples: signatures at the edges of what the arithmetic has, of keys such as the
// generator and its inverse, are judged as crypto/ecdsa judges them.
func TestMultiples(t *testing.T) {
	n, one := p256Order, big.NewInt(1)
	if n.Cmp(elliptic.P256().Params().N) != 0 {
		t.Fatal("the order is another")
	}
	less := func(k int64) *big.Int { return new(big.Int).Sub(n, big.NewInt(k)) }
	top := new(big.Int).Sub(new(big.Int).Lsh(one, 256), one)
	digests := [][32]byte{{}, {31: 1}, sha256.Sum256([]byte("x"))}
	n.FillBytes(digests[0][:])
	digests = append(digests, [32]byte{})
	top.FillBytes(digests[3][:])
	digests = append(digests, [32]byte{})
	good := 0
	for _, d := range []*big.Int{one, big.NewInt(2), big.NewInt(16), less(1), less(2), new(big.Int).Rsh(n, 1)} {
		key := keyOf(t, d)
		for _, digest := range digests {
			r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
			if err != nil {
				t.Fatal(err)
			}
			if same(t, &key.PublicKey, digest, r, s) {
				good++
			}
			for _, x := range []*big.Int{{}, one, big.NewInt(-1), less(1), n, top, new(big.Int).Add(r, n), new(big.Int).Sub(n, r), new(big.Int).Add(r, one)} {
				same(t, &key.PublicKey, digest, x, s)
			}
			for _, x := range []*big.Int{{}, one, big.NewInt(-1), less(1), n, top, new(big.Int).Add(s, n), new(big.Int).Sub(n, s), new(big.Int).Add(s, one)} {
				same(t, &key.PublicKey, digest, r, x)
			}
		}
	}
	if good != 6*len(digests) {
		t.Errorf("of %d good signatures %d hold", 6*len(digests), good)
	}
}

// TestMultiplesAtInfinity: where the two parts of the sum are each other's inverse there
// is no signature, and where they are equal there may be.
func TestMultiplesAtInfinity(t *testing.T) {
	n := p256Order
	var digest [32]byte
	digest[31] = 7
	for _, d := range []int64{1, 5, 1 << 40} {
		for _, negative := range []bool{false, true} {
			key := keyOf(t, big.NewInt(d))
			// e·w + r·w·d = 0 for r = -e/d, and both are equal for r = e/d.
			r := new(big.Int).Mul(big.NewInt(7), new(big.Int).ModInverse(big.NewInt(d), n))
			if negative {
				r.Neg(r)
			}
			r.Mod(r, n)
			for s := int64(1); s < 40; s++ {
				same(t, &key.PublicKey, digest, r, big.NewInt(s))
			}
		}
	}
}

// TestMultiplesOfNoKey: nothing is verified by what is no point of the curve.
func TestMultiplesOfNoKey(t *testing.T) {
	key := &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)} //nolint:staticcheck // that is the point
	if kept(key) != nil || verifyES256(key, "x", make([]byte, 64)) {
		t.Error("a key that is none")
	}
}

// FuzzMultiples: any key, digest and signature is judged as crypto/ecdsa judges it; a
// signature that was made is good until a bit is changed.
func FuzzMultiples(f *testing.F) {
	f.Add([]byte("key"), []byte("text"), make([]byte, 64), uint16(0))
	f.Add([]byte("another"), []byte{}, []byte("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"), uint16(511))
	f.Fuzz(func(t *testing.T, seed, text, signature []byte, bit uint16) {
		private := sha256.Sum256(seed)
		d := new(big.Int).SetBytes(private[:])
		key := keyOf(t, d.Add(d.Mod(d, new(big.Int).Sub(p256Order, big.NewInt(1))), big.NewInt(1)))
		digest := sha256.Sum256(text)
		if len(signature) >= 64 {
			same(t, &key.PublicKey, digest, new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:64]))
		}
		r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
		if err != nil {
			t.Fatal(err)
		}
		if !same(t, &key.PublicKey, digest, r, s) {
			t.Error("a good signature does not hold")
		}
		changed := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
		changed[bit/8%64] ^= 1 << (bit % 8)
		if same(t, &key.PublicKey, digest, new(big.Int).SetBytes(changed[:32]), new(big.Int).SetBytes(changed[32:])) {
			t.Error("a changed signature holds")
		}
	})
}
