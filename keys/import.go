package keys

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"
)

// maxChain bounds an imported chain: a seal, four CAs between, and a root.
const maxChain = 6

// CSR is a certificate request for a seal's key (PKCS #10, RFC 2986) as PEM,
// with the subject of its present certificate, to take to an outside CA. It
// fails as Signer does.
func (k *Keyring) CSR(kid string) ([]byte, error) {
	key, chain, err := k.Signer(kid)
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificateRequest(k.options.Rand, &x509.CertificateRequest{RawSubject: chain[0].RawSubject}, key)
	if err != nil {
		return nil, fmt.Errorf("keys: %s: certificate request: %w", kid, err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}), nil
}

// ImportCertificate puts a certificate from an outside CA in a seal's place:
// PEM, the seal's certificate first, each followed by its issuer, up to and
// with the root. It must be for the seal's own key, valid now, and allowed to
// sign. The chain that it replaces is kept in Former.
//
// It fails with ErrNotFound, ErrRetired, ErrOutside or ErrLocked, or says what
// is wrong with the chain, and changes nothing then.
func (k *Keyring) ImportCertificate(kid string, chainPEM []byte) error {
	chain, err := parseChain(chainPEM)
	if err != nil {
		return fmt.Errorf("keys: %s: %w", kid, err)
	}
	now := k.options.Now()
	return k.change(kid, func(f *keyFile) error {
		if f.Sealed == nil {
			return ErrRetired
		}
		if err := checkImport(f, chain, now); err != nil {
			return err
		}
		raw := rawChain(chain)
		if !sameChain(f.Chain, raw) {
			f.Former = append(slices.Clip(f.Former), f.Chain)
			f.Chain = raw
		}
		return nil
	})
}

// parseChain reads a PEM file of certificates and nothing else.
func parseChain(b []byte) ([]*x509.Certificate, error) {
	var chain []*x509.Certificate
	for rest := bytes.TrimSpace(b); len(rest) > 0; rest = bytes.TrimSpace(rest) {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		switch {
		case block == nil:
			return nil, errors.New("the chain is not PEM")
		case block.Type != "CERTIFICATE":
			return nil, fmt.Errorf("the chain has a %.40q block; send certificates alone, and no private key", block.Type)
		case len(chain) == maxChain:
			return nil, fmt.Errorf("the chain has more than %d certificates", maxChain)
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d of the chain: %w", len(chain)+1, err)
		}
		chain = append(chain, cert)
	}
	if len(chain) < 2 {
		return nil, errors.New("the chain must have the seal's certificate and its issuers up to the root")
	}
	return chain, nil
}

// checkImport says whether chain may stand for the key of f at now.
func checkImport(f *keyFile, chain []*x509.Certificate, now time.Time) error {
	leaf := chain[0]
	kid, err := KID(leaf.PublicKey)
	if err != nil || kid != f.KID {
		return errors.New("the first certificate is for another key; is the order seal, issuers, root?")
	}
	if leaf.IsCA {
		return errors.New("the first certificate is a CA's")
	}
	if !maySign(f.Purpose, leaf.KeyUsage) {
		return fmt.Errorf("the certificate's key usage does not allow a %s seal", f.Purpose)
	}
	for i, c := range chain {
		if now.Before(c.NotBefore) || now.After(c.NotAfter) {
			return fmt.Errorf("certificate %d of the chain: %w (%s to %s)", i+1, ErrOutside,
				c.NotBefore.Format(time.RFC3339), c.NotAfter.Format(time.RFC3339))
		}
	}
	return checkPath(chain, now)
}

// maySign: a certificate without the extension may be used for anything
// (RFC 5280 section 4.2.1.3). CAs differ in which of the two bits they give
// document seals.
func maySign(p Purpose, granted x509.KeyUsage) bool {
	return granted == 0 || granted&usage(p) != 0
}

// checkPath wants the chain to be a path, in the order given, to a root that
// signed itself (RFC 5280 section 6). Whether that root is trusted is decided by
// those who verify.
func checkPath(chain []*x509.Certificate, now time.Time) error {
	for i, c := range chain {
		if err := c.CheckSignatureFrom(chain[min(i+1, len(chain)-1)]); err != nil {
			return fmt.Errorf("certificate %d of the chain is not signed by the one that should have: %w", i+1, err)
		}
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(chain[len(chain)-1])
	for _, c := range chain[1 : len(chain)-1] {
		between.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return fmt.Errorf("the chain does not hold: %w", err)
	}
	return nil
}
