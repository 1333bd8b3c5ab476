package signer

import (
	"bytes"
	"crypto/elliptic"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Whoever has an ECDSA signature (r, s) can make the other one that holds
// under the same key, (r, n-s), without the key. In a PDF of ours no byte may
// be another, so that only the one with the lower s counts (as in BIP 62).
var (
	order     = elliptic.P256().Params().N
	halfOrder = new(big.Int).Rsh(order, 1).FillBytes(make([]byte, 32))
)

// lowS tells whether a P-256 signature in DER is the one of the two that counts.
func lowS(der []byte) bool {
	_, s, ok := parseECDSA(der)
	if !ok || len(s) > len(halfOrder) {
		return false
	}
	padded := make([]byte, len(halfOrder))
	copy(padded[len(padded)-len(s):], s)
	return bytes.Compare(padded, halfOrder) <= 0
}

// lowerS turns a P-256 signature in DER into the one that counts; what is no
// such signature stays as it is.
func lowerS(der []byte) []byte {
	r, s, ok := parseECDSA(der)
	if !ok || lowS(der) {
		return der
	}
	low := new(big.Int).Sub(order, new(big.Int).SetBytes(s))
	return tlv(tagSequence, integer(r), integer(low.Bytes()))
}

func parseECDSA(der []byte) (r, s []byte, ok bool) {
	var seq cryptobyte.String
	in := cryptobyte.String(der)
	ok = in.ReadASN1(&seq, asn1.SEQUENCE) && in.Empty() && seq.ReadASN1Integer(&r) && seq.ReadASN1Integer(&s) && seq.Empty()
	return r, s, ok
}
