package signer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

// What the method checks itself it judges as package jwt does: good signatures
// whose numbers begin with zeros or a high bit, and all sorts of bad ones.
func TestES256VerifiesAsPackageJWT(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	text := "header.payload"
	sum := sha256.Sum256([]byte(text))
	signatures := [][]byte{nil, make([]byte, 63), make([]byte, 64), make([]byte, 65)}
	short := 0
	for short < 3 || len(signatures) < 600 {
		der, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		raw, err := rawECDSA(der)
		if err != nil {
			t.Fatal(err)
		}
		if raw[0] == 0 || raw[32] == 0 {
			short++
		}
		signatures = append(signatures, raw)
	}
	good := signatures[len(signatures)-1]
	order := elliptic.P256().Params().N.FillBytes(make([]byte, 32))
	zero := make([]byte, 32)
	for _, half := range [][]byte{order, zero} {
		signatures = append(signatures, append(append([]byte(nil), half...), good[32:]...), append(append([]byte(nil), good[:32]...), half...))
	}
	for i := range 64 {
		bad := append([]byte(nil), good...)
		bad[i] ^= 1
		signatures = append(signatures, bad)
	}
	held := 0
	for _, s := range signatures {
		for _, x := range []string{text, text + "x", strings.Repeat(text, 100)} {
			ours, theirs := verifyES256(&key.PublicKey, x, s), jwt.SigningMethodES256.Verify(x, s, &key.PublicKey)
			if ours != (theirs == nil) {
				t.Fatalf("signature %x: %v, package jwt says %v", s, ours, theirs)
			}
			if ours {
				held++
			}
		}
	}
	if held < 590 {
		t.Errorf("only %d signatures held", held)
	}
}
