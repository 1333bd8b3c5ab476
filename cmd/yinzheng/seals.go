package main

import (
	"crypto/x509"
	"errors"
	"time"

	"yinzheng"
	"yinzheng/keys"
)

// compromisedReason is keyCompromise (RFC 5280 §5.3.1).
const compromisedReason = 1

// revocationList is what stands at /ca/{n}.crl.
func (s *system) revocationList(n int) ([]byte, error) {
	revoked := s.revokedSeals()
	if n != 1 {
		revoked = nil // the root's list is as it was made
	}
	crl, err := s.ring.CRL(n, revoked, time.Now())
	if errors.Is(err, keys.ErrNotFound) {
		return nil, yinzheng.ErrNotFound
	}
	return crl, err
}

// revokedSeals lists the certificates of compromised keys, for the revocation list.
func (s *system) revokedSeals() []x509.RevocationListEntry {
	var out []x509.RevocationListEntry
	for _, k := range s.KeyList().Keys {
		if k.State != yinzheng.KeyCompromised || len(k.Chain) == 0 {
			continue
		}
		if c, err := x509.ParseCertificate(k.Chain[0]); err == nil {
			out = append(out, x509.RevocationListEntry{SerialNumber: c.SerialNumber, RevocationTime: k.Since, ReasonCode: compromisedReason})
		}
	}
	return out
}
