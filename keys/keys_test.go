package keys

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"
)

const testPassphrase = "correct horse battery staple"

var (
	testSecret = Passphrase(testPassphrase)
	testNow    = time.Date(2026, 11, 2, 8, 15, 30, 500, time.UTC)
	testOrgan  = Organ{Name: "惠州市惠城区民政局", Code: "11441302007223876K", Province: "广东省", Locality: "惠州市"}
)

// clock is a clock that a test turns.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func testOptions() Options {
	return Options{PublicURL: "https://zm.example.gov.cn/", Now: (&clock{testNow}).Now}
}

// newRing makes a folder with one document seal.
func newRing(t testing.TB) (k *Keyring, dir string, seal Seal) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "keys")
	k, err := Create(dir, testSecret, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	return k, dir, newSeal(t, k, SealRequest{Purpose: Document, Organ: testOrgan})
}

func newSeal(t testing.TB, k *Keyring, r SealRequest) Seal {
	t.Helper()
	s, err := k.NewSeal(r)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func reopen(t testing.TB, dir string) *Keyring {
	t.Helper()
	k, err := Open(dir, testSecret, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// checkSigner signs with a seal and verifies under its certificate.
func checkSigner(t testing.TB, s crypto.Signer, cert *x509.Certificate) {
	t.Helper()
	message := []byte("兹证明")
	digest := sha256.Sum256(message)
	sig, err := s.Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	alg := x509.ECDSAWithSHA256
	if _, ok := s.Public().(*rsa.PublicKey); ok {
		alg = x509.SHA256WithRSA
	}
	if err := cert.CheckSignature(alg, message, sig); err != nil {
		t.Errorf("signature of %s: %v", cert.Subject.CommonName, err)
	}
}

func wantError(t testing.TB, err, want error, texts ...string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error is %v; want %v", err, want)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error %q does not say %q", err, text)
		}
	}
}

func TestCreateOpenSign(t *testing.T) {
	k, dir, document := newRing(t)
	token := newSeal(t, k, SealRequest{Purpose: Token, Organ: testOrgan})
	old := newSeal(t, k, SealRequest{Purpose: Document, Organ: Organ{Name: "河南岸街道办事处"}, Algorithm: RSA2048})

	for _, ring := range []*Keyring{k, reopen(t, dir)} {
		list := ring.List()
		if len(list) != 3 {
			t.Fatalf("%d seals listed; want 3", len(list))
		}
		for _, want := range []Seal{document, token, old} {
			got, err := ring.Seal(want.KID)
			if err != nil {
				t.Fatal(err)
			}
			if got.Purpose != want.Purpose || got.Organ != want.Organ || got.Algorithm != want.Algorithm ||
				!got.Created.Equal(testNow.Truncate(time.Second)) || got.Retired {
				t.Errorf("seal %+v; want %+v", got, want)
			}
			s, chain, err := ring.Signer(want.KID)
			if err != nil {
				t.Fatal(err)
			}
			if kid, _ := KID(s.Public()); kid != want.KID {
				t.Errorf("signer of %s has key %s", want.KID, kid)
			}
			checkSigner(t, s, chain[0])
			checkChain(t, ring, chain)
		}
		issuer, chain, err := ring.Issuer()
		if err != nil {
			t.Fatal(err)
		}
		checkSigner(t, issuer, chain[0])
		if len(chain) != 2 || !chain[1].Equal(ring.Root()) {
			t.Error("the issuer's chain is not itself and the root")
		}
	}
}

// checkChain wants leaf, issuing CA, root.
func checkChain(t *testing.T, k *Keyring, chain []*x509.Certificate) {
	t.Helper()
	if len(chain) != 3 || chain[0].IsCA || !chain[1].IsCA || !chain[2].Equal(k.Root()) {
		t.Fatalf("chain of %d is not leaf, issuing CA, root", len(chain))
	}
	if err := checkPath(chain, testNow); err != nil {
		t.Error(err)
	}
}

func TestSignerIsRemembered(t *testing.T) {
	k, _, seal := newRing(t)
	var wg sync.WaitGroup
	signers := make([]crypto.Signer, 8)
	for i := range signers {
		wg.Go(func() { signers[i], _, _ = k.Signer(seal.KID) })
	}
	wg.Wait()
	for _, s := range signers {
		if s == nil || s != signers[0] {
			t.Fatal("the private half was opened more than once")
		}
	}
}

func TestSignerErrors(t *testing.T) {
	c := &clock{testNow}
	o := testOptions()
	o.Now = c.Now
	k, err := Create(filepath.Join(t.TempDir(), "keys"), testSecret, o)
	if err != nil {
		t.Fatal(err)
	}
	from, to := testNow.Add(time.Hour).Truncate(time.Second), testNow.Add(48*time.Hour).Truncate(time.Second)
	seal := newSeal(t, k, SealRequest{Purpose: Status, Organ: testOrgan, NotBefore: from, NotAfter: to})
	for _, tt := range []struct {
		name string
		now  time.Time
		want error
	}{
		{"before", from.Add(-time.Nanosecond), ErrOutside},
		{"first instant", from, nil},
		{"last instant", to, nil},
		{"after", to.Add(time.Nanosecond), ErrOutside},
	} {
		c.now = tt.now
		if _, _, err := k.Signer(seal.KID); !errors.Is(err, tt.want) {
			t.Errorf("%s: error is %v; want %v", tt.name, err, tt.want)
		}
	}

	_, _, err = k.Signer("nosuchid")
	wantError(t, err, ErrNotFound, "nosuchid")
	_, _, err = k.Signer(strings.Repeat("x", 1<<16))
	wantError(t, err, ErrNotFound)
	if len(err.Error()) > 100 {
		t.Errorf("an error of %d bytes for a long kid", len(err.Error()))
	}

	c.now = testNow.AddDate(11, 0, 0)
	_, _, err = k.Issuer()
	wantError(t, err, ErrOutside)
	_, err = k.CRL(1, nil, c.now)
	wantError(t, err, ErrOutside)

	c.now = from
	k.Close()
	_, _, err = k.Signer(seal.KID)
	wantError(t, err, ErrLocked)
	_, _, err = k.Issuer()
	wantError(t, err, ErrLocked)
	_, err = k.NewSeal(SealRequest{Purpose: Token, Organ: testOrgan})
	wantError(t, err, ErrLocked)
	wantError(t, k.Retire(seal.KID), ErrLocked)
	_, err = k.ExportRoot(testSecret)
	wantError(t, err, ErrLocked)
}

func TestRotateAndRetire(t *testing.T) {
	k, dir, old := newRing(t)
	next, err := k.Rotate(old.KID, time.Time{}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if next.KID == old.KID || next.Purpose != old.Purpose || next.Organ != old.Organ || next.Algorithm != old.Algorithm {
		t.Errorf("rotated to %+v from %+v", next, old)
	}
	s, _, err := k.Signer(old.KID)
	if err != nil {
		t.Fatal("the old key stopped signing when the new one was made:", err)
	}
	checkSigner(t, s, old.Certificate())

	for range 2 {
		if err := k.Retire(old.KID); err != nil {
			t.Fatal(err)
		}
	}
	for _, ring := range []*Keyring{k, reopen(t, dir)} {
		_, _, err = ring.Signer(old.KID)
		wantError(t, err, ErrRetired, old.KID)
		got, err := ring.Seal(old.KID)
		if err != nil || !got.Retired || !got.Certificate().Equal(old.Certificate()) {
			t.Errorf("after retiring: %+v, %v", got, err)
		}
		if _, _, err := ring.Signer(next.KID); err != nil {
			t.Error(err)
		}
	}
	b, err := os.ReadFile(filepath.Join(dir, old.KID+".json"))
	if err != nil || bytes.Contains(b, []byte("sealed")) {
		t.Errorf("a retired key's file still holds its private half (%v)", err)
	}

	issuing, _ := KID(k.issuing.seal.Public())
	wantError(t, k.Retire(issuing), ErrNotFound)
	_, err = k.Rotate("nosuchid", time.Time{}, time.Time{})
	wantError(t, err, ErrNotFound)
}

func TestNewSealRefuses(t *testing.T) {
	k, dir, _ := newRing(t)
	before := len(dirNames(t, dir))
	ok := SealRequest{Purpose: Document, Organ: testOrgan}
	for _, tt := range []struct {
		name string
		edit func(*SealRequest)
		text string
	}{
		{"no purpose", func(r *SealRequest) { r.Purpose = "" }, "purpose"},
		{"a CA's purpose", func(r *SealRequest) { r.Purpose = purposeIssuing }, "purpose"},
		{"RSA token", func(r *SealRequest) { r.Purpose, r.Algorithm = Token, RSA2048 }, "document seals only"},
		{"unknown algorithm", func(r *SealRequest) { r.Algorithm = "RSA-1024" }, "RSA-1024"},
		{"no organ", func(r *SealRequest) { r.Organ.Name = "" }, "no name"},
		{"long organ", func(r *SealRequest) { r.Organ.Name = strings.Repeat("局", 61) }, "60 characters"},
		{"bidi override", func(r *SealRequest) { r.Organ.Name = "民政局\u202e" }, "does not belong"},
		{"control character", func(r *SealRequest) { r.Organ.Locality = "惠州\x00市" }, "locality"},
		{"not UTF-8", func(r *SealRequest) { r.Organ.Name = "\xff\xfe" }, "does not belong"},
		{"short code", func(r *SealRequest) { r.Organ.Code = "1144130200722387" }, "18 digits"},
		{"odd code", func(r *SealRequest) { r.Organ.Code = "11441302007223876k" }, "18 digits"},
		{"ends before it begins", func(r *SealRequest) { r.NotAfter = testNow.AddDate(0, 0, -1) }, "validity"},
		{"outlives the CA", func(r *SealRequest) { r.NotAfter = testNow.AddDate(10, 0, 1) }, "validity"},
		{"older than the CA", func(r *SealRequest) { r.NotBefore = testNow.AddDate(-1, 0, 0) }, "validity"},
	} {
		bad := ok
		tt.edit(&bad)
		_, err := k.NewSeals(ok, bad)
		if err == nil || !strings.Contains(err.Error(), tt.text) || !strings.Contains(err.Error(), "seal 2 of 2") {
			t.Errorf("%s: error %v does not say %q", tt.name, err, tt.text)
		}
	}
	if after := len(dirNames(t, dir)); after != before || len(k.List()) != 1 {
		t.Errorf("%d files after refused requests; want %d", after, before)
	}
}

func TestSealOutlivedByItsCA(t *testing.T) {
	c := &clock{testNow}
	o := testOptions()
	o.Now = c.Now
	k, err := Create(filepath.Join(t.TempDir(), "keys"), testSecret, o)
	if err != nil {
		t.Fatal(err)
	}
	c.now = testNow.AddDate(8, 0, 0)
	seal := newSeal(t, k, SealRequest{Purpose: Log, Organ: testOrgan})
	if leaf, ca := seal.Chain[0], seal.Chain[1]; !leaf.NotAfter.Equal(ca.NotAfter) {
		t.Errorf("a default validity to %s, and the CA's to %s", leaf.NotAfter, ca.NotAfter)
	}
}

func TestPublicURL(t *testing.T) {
	for url, want := range map[string]string{
		"":                        "public URL is not set",
		"zm.example.gov.cn":       "is not an address",
		"ftp://zm.example.gov.cn": "is not an address",
		"https://x.cn/?a=b":       "is not an address",
	} {
		o := testOptions()
		o.PublicURL = url
		dir := filepath.Join(t.TempDir(), "keys")
		if _, err := Create(dir, testSecret, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error is %v; want %q", url, err, want)
		}
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: a folder was left", url)
		}
	}
}

func TestWrongSecret(t *testing.T) {
	_, dir, _ := newRing(t)
	_, err := Open(dir, Passphrase("correct horse battery stable"), testOptions())
	wantError(t, err, ErrWrongSecret, "wrong passphrase", masterName)
	if strings.Contains(err.Error(), "stable") {
		t.Error("the error holds the passphrase")
	}
	_, err = Open(dir, Secret{}, testOptions())
	wantError(t, err, ErrWrongSecret, "needs a passphrase")
	wiped := Passphrase(testPassphrase)
	wiped.Wipe()
	_, err = Open(dir, wiped, testOptions())
	wantError(t, err, ErrWrongSecret)
	_, err = Open(dir, keyFileSecret(t, testPassphrase+"....", 0o600), testOptions())
	wantError(t, err, ErrWrongSecret, "needs a passphrase, and a key file was given")
}

func keyFileSecret(t *testing.T, content string, mode fs.FileMode) Secret {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	s, err := ReadKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestKeyFileSecret(t *testing.T) {
	right := strings.Repeat("\x00\xff\n", 11)
	dir := filepath.Join(t.TempDir(), "keys")
	if _, err := Create(dir, keyFileSecret(t, right, 0o400), testOptions()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, keyFileSecret(t, right, 0o600), testOptions()); err != nil {
		t.Fatal(err)
	}
	_, err := Open(dir, keyFileSecret(t, right+"x", 0o600), testOptions())
	wantError(t, err, ErrWrongSecret, "wrong key file")
	_, err = Open(dir, Passphrase(right), testOptions())
	wantError(t, err, ErrWrongSecret, "needs a key file")

	path := filepath.Join(t.TempDir(), "wide")
	if err := os.WriteFile(path, []byte(right), 0o640); err != nil {
		t.Fatal(err)
	}
	_, err = ReadKeyFile(path)
	wantError(t, err, ErrExposed, "chmod 600 "+path)
	_, err = ReadKeyFile(path + "r")
	wantError(t, err, fs.ErrNotExist)
}

func TestWeakSecret(t *testing.T) {
	for name, s := range map[string]Secret{
		"none":             {},
		"short passphrase": Passphrase("十一个字的口令不够长啊"),
		"short key file":   keyFileSecret(t, strings.Repeat("x", 31), 0o600),
	} {
		dir := filepath.Join(t.TempDir(), "keys")
		if _, err := Create(dir, s, testOptions()); err == nil {
			t.Errorf("%s: a folder was made", name)
		}
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: a folder was left", name)
		}
	}
}

func TestChangeSecret(t *testing.T) {
	k, dir, seal := newRing(t)
	next := Passphrase("a different passphrase")
	wantError(t, ChangeSecret(dir, next, next, testOptions()), ErrWrongSecret)
	if err := ChangeSecret(dir, testSecret, Passphrase("short"), testOptions()); err == nil {
		t.Error("a short passphrase was taken")
	}
	reopen(t, dir)
	if err := ChangeSecret(dir, testSecret, next, testOptions()); err != nil {
		t.Fatal(err)
	}
	_, err := Open(dir, testSecret, testOptions())
	wantError(t, err, ErrWrongSecret)
	again, err := Open(dir, next, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	for _, ring := range []*Keyring{k, again} {
		if _, _, err := ring.Signer(seal.KID); err != nil {
			t.Error(err)
		}
	}
}

// TestRandomness: everything drawn but ECDSA's keys comes from Options.Rand,
// and without it nothing is made.
func TestRandomness(t *testing.T) {
	master := func() []byte {
		o := testOptions()
		o.Rand = rand.NewChaCha8([32]byte{1})
		dir := filepath.Join(t.TempDir(), "keys")
		if _, err := Create(dir, testSecret, o); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(dir, masterName))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if !bytes.Equal(master(), master()) {
		t.Error("the same randomness gives two master files")
	}
	broken := errors.New("no entropy")
	for _, n := range []int64{0, 40, 70, 110} {
		o := testOptions()
		o.Rand = io.MultiReader(io.LimitReader(rand.NewChaCha8([32]byte{2}), n), iotest.ErrReader(broken))
		dir := filepath.Join(t.TempDir(), "keys")
		_, err := Create(dir, testSecret, o)
		wantError(t, err, broken)
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a folder was left after %d bytes of randomness", n)
		}
	}
}

// TestStretchedOnce: opening allocates argon2id's memory once, and gives it
// back to the system.
func TestStretchedOnce(t *testing.T) {
	k, dir, _ := newRing(t)
	if _, err := k.NewSeals(make45()...); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	k = reopen(t, dir)
	runtime.ReadMemStats(&after)
	for _, s := range k.List() {
		if _, _, err := k.Signer(s.KID); err != nil {
			t.Fatal(err)
		}
	}
	const once = argonMemoryKiB << 10
	if n := after.TotalAlloc - before.TotalAlloc; n < once || n > once*3/2 {
		t.Errorf("opening allocated %d MiB; argon2id once takes %d", n>>20, once>>20)
	}
	if kept := after.HeapIdle - after.HeapReleased; kept > once/2 {
		t.Errorf("%d MiB of free memory kept from the system", kept>>20)
	}
}

// make45 is about what the demonstration starts with.
func make45() []SealRequest {
	requests := make([]SealRequest, 45)
	for i := range requests {
		requests[i] = SealRequest{Purpose: []Purpose{Document, Token}[i%2], Organ: testOrgan}
	}
	return requests
}

func TestThumbprint(t *testing.T) {
	// RFC 7638 section 3.1.
	n := "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMst" +
		"n64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbI" +
		"SD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
	got, err := thumbprint(&rsa.PublicKey{N: b64Int(t, n), E: 65537})
	if err != nil || got != "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs" {
		t.Errorf("RSA thumbprint %s, %v", got, err)
	}
	if _, err := thumbprint("no key"); err == nil {
		t.Error("a string has a thumbprint")
	}
	p384, err := ecdsa.GenerateKey(p384(), rand.NewChaCha8([32]byte{}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := KID(p384.Public()); err == nil {
		t.Error("a P-384 key has a kid")
	}
}
