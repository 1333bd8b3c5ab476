package keys

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"time"
)

// CRLValidity is how long a revocation list of the issuing CA says that it may
// be relied on. It is issued anew far more often; a week keeps verifiers going
// through a long outage.
const CRLValidity = 7 * 24 * time.Hour

// CRL is the revocation list of CA n as DER (RFC 5280 section 5): 0 is the
// root's, 1 the issuing CA's.
//
// The issuing CA's is signed now over the given entries, each with the serial
// number and time, and a reason code other than 0 where there is one. The
// root's takes no entries: its key is elsewhere, and what is given is root.crl
// of the folder, made with the root. Should the issuing CA have to be revoked,
// sign a new list with the exported root key and put it in that file's place.
//
// It fails with ErrNotFound for another n, and as Issuer does.
func (k *Keyring) CRL(n int, revoked []x509.RevocationListEntry, now time.Time) ([]byte, error) {
	switch n {
	case 0:
		if len(revoked) > 0 {
			return nil, errors.New("keys: the root's revocation list is signed where the root's key is kept")
		}
		return k.rootCRL()
	case 1:
		key, chain, err := k.Issuer()
		if err != nil {
			return nil, err
		}
		crl, err := signCRL(chain[0], key, revoked, now, now.Add(CRLValidity), k.options.Rand)
		if err != nil {
			return nil, fmt.Errorf("keys: %w", err)
		}
		return crl, nil
	}
	return nil, fmt.Errorf("keys: revocation list %d: %w", n, ErrNotFound)
}

// rootCRL reads the file each time, as an administrator may have replaced it.
func (k *Keyring) rootCRL() ([]byte, error) {
	b, err := k.folder.read(rootCRLName)
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	crl, err := x509.ParseRevocationList(b)
	if err == nil {
		err = crl.CheckSignatureFrom(k.root)
	}
	if err != nil {
		return nil, fmt.Errorf("keys: %s: %w (%w)", k.folder.path(rootCRLName), ErrDamaged, err)
	}
	return b, nil
}

func signCRL(ca *x509.Certificate, key crypto.Signer, revoked []x509.RevocationListEntry, now, next time.Time, random io.Reader) ([]byte, error) {
	der, err := x509.CreateRevocationList(random, &x509.RevocationList{
		RevokedCertificateEntries: revoked,
		// Numbers must rise (RFC 5280 section 5.2.3); the clock's do, over
		// restarts and with nothing to keep.
		Number:     big.NewInt(now.UnixMilli()),
		ThisUpdate: recently(now),
		NextUpdate: next.UTC().Truncate(time.Second),
	}, ca, key)
	if err != nil {
		return nil, fmt.Errorf("sign revocation list: %w", err)
	}
	return der, nil
}
