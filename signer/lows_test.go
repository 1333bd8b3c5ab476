package signer

import (
	"bytes"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"
)

// The other ECDSA signature that anybody can make of ours makes no other
// genuine file.
func TestVerifyMirroredSignature(t *testing.T) {
	a := newAuthority(t, "A")
	s := newSeal(t, a, newECKey(t))
	for range 20 { // half of all signatures have the lower s by themselves
		d := newDraft(t, s.Size(), nil)
		issued := sealed(t, s, d)
		if r := new(Checker).CheckPDF(issued); !clean(r) || r.Problem != "" {
			t.Fatalf("issued: %v", r.Findings)
		}
		der, _ := hex.DecodeString(string(issued[d.start+1 : d.end-1]))
		cms, err := parseCMS(der[:lengthOf(der)])
		if err != nil {
			t.Fatal(err)
		}
		r, low, _ := parseECDSA(cms.signature)
		high := new(big.Int).Sub(order, new(big.Int).SetBytes(low))
		mirrored := tlv(tagSequence, integer(r), integer(high.Bytes()))
		other := s.form.appendTo(nil, [32]byte(cms.digest), mirrored)
		data := bytes.Clone(issued)
		gap := data[d.start+1 : d.end-1]
		fillZero(gap[hex.Encode(gap, other):])
		report := new(Checker).CheckPDF(data)
		if report.Problem != NotOurForm || report.SignatureOK {
			t.Errorf("mirrored: %q, signature %v", report.Problem, report.SignatureOK)
		}
		if !strings.Contains(run(t, "pdfsig", write(t, t.TempDir(), "m.pdf", data)), "Signature is Valid") {
			t.Error("the mirrored signature does not hold at all: the test tests nothing")
		}
	}
}

func lengthOf(der []byte) int { return 4 + int(der[2])<<8 + int(der[3]) }

func TestLowS(t *testing.T) {
	for _, bad := range [][]byte{nil, {0x30, 0}, []byte("text"), tlv(tagSequence, integer([]byte{1}), integer(bytes.Repeat([]byte{0x7f}, 40)))} {
		if lowS(bad) {
			t.Errorf("%x counts", bad)
		}
	}
	if der := []byte("no signature"); !bytes.Equal(lowerS(der), der) {
		t.Error("what is no signature was changed")
	}
}
