package signer

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
)

// Seal signs PDFs with one document key (PAdES baseline B-B, ETSI EN
// 319 142-1). What is constant for the key is prepared once. It is safe for
// concurrent use if its crypto.Signer is.
type Seal struct {
	key  crypto.Signer
	form *form
	size int
	bufs sync.Pool // of *[]byte, for the DER on its way to hexadecimal
}

// NewSeal prepares a key with its chain, DER, leaf first and root last. The
// whole chain goes into every signature, so each certificate in it must be
// signed by the next and the last by itself. Keys are ECDSA on P-256 or RSA of
// 2048 bits or more.
func NewSeal(key crypto.Signer, chain [][]byte) (*Seal, error) {
	certs, err := parseChain(chain)
	if err != nil {
		return nil, fmt.Errorf("signer: seal: %w", err)
	}
	if !samePublic(certs[0].PublicKey, key.Public()) {
		return nil, errors.New("signer: seal: the certificate is another key's")
	}
	f, err := newForm(certs)
	if err != nil {
		return nil, err
	}
	s := &Seal{key: key, form: f, size: f.size()}
	s.bufs.New = func() any { b := make([]byte, 0, s.size); return &b }
	return s, nil
}

// Size is the most bytes of DER that a signature takes, for the gap in /Contents.
func (s *Seal) Size() int { return s.size }

// Sign fills the gap of a PDF whose /ByteRange is already right: gapStart is
// the offset of the '<' of /Contents, gapEnd the one after its '>'. Digits are
// lower case and what is left of the gap is zeros; Checker accepts nothing else.
func (s *Seal) Sign(pdf []byte, gapStart, gapEnd int) error {
	if gapStart < 0 || gapEnd > len(pdf) || gapEnd-gapStart < 2 || pdf[gapStart] != '<' || pdf[gapEnd-1] != '>' {
		return errors.New("signer: seal: no gap for the signature at the given place")
	}
	gap := pdf[gapStart+1 : gapEnd-1]
	if len(gap) < 2*s.size {
		return fmt.Errorf("signer: seal: the gap holds %d bytes, the signature may take %d", len(gap)/2, s.size)
	}
	buf := s.bufs.Get().(*[]byte)
	defer s.bufs.Put(buf)
	der, err := s.CMS((*buf)[:0], digestAround(pdf, gapStart, gapEnd))
	if err != nil {
		return err
	}
	n := hex.Encode(gap, der)
	fillZero(gap[n:])
	return nil
}

// CMS appends the detached SignedData over content of the given SHA-256.
func (s *Seal) CMS(b []byte, digest [32]byte) ([]byte, error) {
	attrs := s.form.toSign(digest)
	signature, err := s.key.Sign(rand.Reader, attrs[:], crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("signer: seal: %w", err)
	}
	if s.form.elliptic {
		signature = lowerS(signature)
	}
	if len(signature) > s.form.most {
		return nil, fmt.Errorf("signer: seal: a signature of %d bytes", len(signature))
	}
	return s.form.appendTo(b, digest, signature), nil
}

// digestAround is the SHA-256 of a buffer without [start, end).
func digestAround(b []byte, start, end int) (sum [32]byte) {
	h := sha256.New()
	h.Write(b[:start])
	h.Write(b[end:])
	h.Sum(sum[:0])
	return sum
}

func fillZero(digits []byte) {
	for i := range digits {
		digits[i] = '0'
	}
}

// parseChain parses certificates, leaf first, and checks that each is signed
// by the next and the last, a root, by itself.
func parseChain(chain [][]byte) ([]*x509.Certificate, error) {
	if len(chain) == 0 || len(chain) > maxChain {
		return nil, fmt.Errorf("a chain of %d certificates", len(chain))
	}
	certs := make([]*x509.Certificate, len(chain))
	for i, der := range chain {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		certs[i] = c
	}
	for i, c := range certs {
		issuer := certs[min(i+1, len(certs)-1)]
		if err := signedBy(c, issuer); err != nil {
			return nil, fmt.Errorf("certificate %d of the chain: %w", i, err)
		}
	}
	return certs, nil
}

// signedBy checks that issuer signed c, by name and signature.
func signedBy(c, issuer *x509.Certificate) error {
	if !bytes.Equal(c.RawIssuer, issuer.RawSubject) {
		return errors.New("its issuer is not the next certificate")
	}
	return c.CheckSignatureFrom(issuer)
}

func samePublic(a, b crypto.PublicKey) bool {
	switch a := a.(type) {
	case *ecdsa.PublicKey:
		return a.Equal(b)
	case *rsa.PublicKey:
		return a.Equal(b)
	}
	return false
}
