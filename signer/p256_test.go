package signer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"os"
	"sync"
	"testing"

	"filippo.io/nistec"
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

// signs is the signature of no text that anybody chose which has u1 = u and u2 = v: for
// r, the digest e = u·r/v and s = r/v.
func signs(u, v, r *big.Int) (digest [32]byte, s *big.Int) {
	s = new(big.Int).ModInverse(v, p256Order)
	s.Mul(s, r).Mod(s, p256Order)
	e := new(big.Int).Mul(u, s)
	e.Mod(e, p256Order).FillBytes(digest[:])
	return digest, s
}

// sum is [k]G.
func sum(t *testing.T, k *big.Int) *nistec.P256Point {
	t.Helper()
	p, err := nistec.NewP256Point().ScalarBaseMult(k.FillBytes(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestMultiplesMeet: where what was summed up so far is equal to the next multiple, the
// sum is twice that; where it is its inverse, there is nothing, and no signature if that
// is the last.
func TestMultiplesMeet(t *testing.T) {
	n := p256Order
	d := big.NewInt(0x1234567)
	key := keyOf(t, d)
	for place := range uint(64) {
		for _, digit := range []int64{1, 7, 15} {
			v := new(big.Int).Lsh(big.NewInt(digit), 4*place)
			if v.Cmp(n) >= 0 {
				continue
			}
			u := new(big.Int).Mul(v, d) // [u]G is the multiple
			u.Mod(u, n)
			twice := new(big.Int).Lsh(u, 1)
			x, err := sum(t, twice.Mod(twice, n)).BytesX()
			if err != nil {
				t.Fatal(err)
			}
			r := new(big.Int).SetBytes(x)
			digest, s := signs(u, v, r.Mod(r, n))
			if !same(t, &key.PublicKey, digest, r, s) {
				t.Errorf("place %d, digit %d: twice the same is none", place, digit)
			}
			digest, s = signs(u.Sub(n, u), v, r)
			if same(t, &key.PublicKey, digest, r, s) {
				t.Errorf("place %d, digit %d: infinity is one", place, digit)
			}
		}
	}
}

// TestMultiplesReduced: the coordinate of a sum that is beyond the order counts modulo
// that (FIPS 186-5 §6.4.2, step 7).
func TestMultiplesReduced(t *testing.T) {
	n, u := p256Order, big.NewInt(99)
	found := 0
	for j := int64(1); j < 40; j++ {
		x := new(big.Int).Add(n, big.NewInt(j))
		far, err := nistec.NewP256Point().SetBytes(append([]byte{2}, x.FillBytes(make([]byte, 32))...))
		if err != nil { // no point has this coordinate
			continue
		}
		found++
		q := nistec.NewP256Point().Add(far, nistec.NewP256Point().Negate(sum(t, u))) // far = [u]G + [1]Q
		key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), q.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		r := big.NewInt(j)
		digest, s := signs(u, big.NewInt(1), r)
		if !same(t, key, digest, r, s) {
			t.Errorf("%d beyond the order", j)
		}
		if same(t, key, digest, x, s) {
			t.Errorf("%d: r is beyond the order", j)
		}
	}
	if found < 5 {
		t.Errorf("%d points", found)
	}
}

// TestWycheproof holds what verifies to vectors that others made
// (github.com/c2sp/wycheproof).
func TestWycheproof(t *testing.T) {
	text, err := os.ReadFile("testdata/wycheproof/ecdsa_secp256r1_sha256_p1363_test.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		TestGroups []struct {
			PublicKey struct{ Uncompressed string }
			Tests     []struct {
				TcID             int
				Msg, Sig, Result string
			}
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	bytesOf := func(text string) []byte {
		b, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	n := 0
	for _, g := range file.TestGroups {
		key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), bytesOf(g.PublicKey.Uncompressed))
		if err != nil {
			t.Fatal(err)
		}
		m, err := multiplesOf(key)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range g.Tests {
			n++
			signature, digest := bytesOf(x.Sig), sha256.Sum256(bytesOf(x.Msg))
			good := verifyES256(key, string(bytesOf(x.Msg)), signature)
			if good != (x.Result == "valid") {
				t.Errorf("%d: %v", x.TcID, good)
			}
			if len(signature) == es256Size && m.verifies(&digest, new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) != good {
				t.Errorf("%d: with multiples it is another", x.TcID)
			}
		}
	}
	if n < 250 {
		t.Errorf("%d vectors", n)
	}
}

// TestOften: multiples are computed for a key that is used often, whoever holds it, and
// kept of so many; whatever is no key of the curve has none.
func TestOften(t *testing.T) {
	var o often
	use := func(key *ecdsa.PublicKey, times int) (m *multiples) {
		for range times {
			m = o.multiples(key)
		}
		return m
	}
	key := keyOf(t, big.NewInt(5))
	if use(&key.PublicKey, worthIt-1) != nil {
		t.Error("used seldom")
	}
	again := keyOf(t, big.NewInt(5))
	m := use(&again.PublicKey, 1)
	if m == nil || use(&key.PublicKey, 1) != m {
		t.Error("used often")
	}
	for d := range int64(mostMultiples + 4) {
		if k := keyOf(t, big.NewInt(100+d)); use(&k.PublicKey, worthIt) == nil {
			t.Fatalf("the key of %d", d)
		}
	}
	var many sync.WaitGroup
	for range 4 {
		many.Go(func() {
			for d := range int64(mostMultiples / 4) {
				use(&keyOf(t, big.NewInt(900+d)).PublicKey, worthIt)
			}
		})
	}
	many.Wait()
	have := 0
	for _, k := range o.keys {
		if k.multiples.Load() != nil {
			have++
		}
	}
	if have != mostMultiples || o.have != have {
		t.Errorf("%d are kept, counted %d", have, o.have)
	}
	other, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, none := range []*ecdsa.PublicKey{&other.PublicKey, {Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)}, {Curve: elliptic.P256(), X: big.NewInt(-1), Y: p256Order}} {
		if use(none, 2*worthIt) != nil || verifyES256(none, "x", make([]byte, es256Size)) {
			t.Errorf("%v is a key", none)
		}
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
