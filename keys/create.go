package keys

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"time"
)

const (
	rootCertName = "root.pem"
	rootCRLName  = "root.crl"
)

// The CAs' common names follow the system's name.
const (
	rootSuffix    = " Root"
	issuingSuffix = " Issuing CA"
)

// Create makes a key folder with a root (20 years) and an issuing CA (10 years)
// and opens it. The folder appears whole or not at all; of two that create the
// same one at once, one gets ErrExists. An empty folder of that name is taken.
//
// The root's private key is in the folder, sealed, until RemoveRoot.
func Create(dir string, secret Secret, o Options) (*Keyring, error) {
	o = o.withDefaults()
	k, err := create(dir, secret, o)
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	return k, nil
}

func create(dir string, secret Secret, o Options) (*Keyring, error) {
	m, v, err := newMaster(secret, o.Rand)
	if err != nil {
		return nil, err
	}
	files, err := authorities(v, o)
	if err != nil {
		return nil, err
	}
	master, err := marshal(m)
	if err != nil {
		return nil, err
	}
	if err := createFolder(dir, append(files, file{masterName, master})...); err != nil {
		return nil, err
	}
	k := &Keyring{folder: folder(dir), options: o, vault: v}
	return k, k.load()
}

// authorities makes the root and the issuing CA, and the root's revocation list.
func authorities(v *vault, o Options) ([]file, error) {
	if !plainText(o.Name, maxName-len(issuingSuffix)) {
		return nil, fmt.Errorf("the system's name %q does not fit a certificate", o.Name)
	}
	now := o.Now()
	root, rootKey, err := newRoot(o, now)
	if err != nil {
		return nil, err
	}
	issuing, issuingKey, err := newIssuing(o, now, root, rootKey)
	if err != nil {
		return nil, err
	}
	// The root is offline afterwards, so its list must last as long as the one
	// certificate that it is about; an administrator replaces it on the day
	// that the issuing CA is revoked.
	crl, err := signCRL(root, rootKey, nil, now, issuing.NotAfter, o.Rand)
	if err != nil {
		return nil, err
	}
	files := []file{{rootCertName, certificatePEM(root)}, {rootCRLName, crl}}
	for _, ca := range []struct {
		purpose Purpose
		key     crypto.Signer
		chain   []*x509.Certificate
	}{
		{purposeRoot, rootKey, []*x509.Certificate{root}},
		{purposeIssuing, issuingKey, []*x509.Certificate{issuing, root}},
	} {
		_, f, err := v.newKeyFile(keyFile{Purpose: ca.purpose, Algorithm: ES256, Created: now}, ca.key, ca.chain, o.Rand)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

// newKeyFile completes f with a key and its chain, sealed and authenticated.
func (v *vault) newKeyFile(f keyFile, key crypto.Signer, chain []*x509.Certificate, random io.Reader) (*keyFile, file, error) {
	kid, err := KID(key.Public())
	if err != nil {
		return nil, file{}, err
	}
	f.Version, f.KID, f.Chain = keyVersion, kid, rawChain(chain)
	f.Created = f.Created.UTC().Truncate(time.Second)
	if err := v.seal(&f, key, random); err != nil {
		return nil, file{}, err
	}
	data, err := v.encode(&f)
	return &f, data, err
}

func newRoot(o Options, now time.Time) (*x509.Certificate, crypto.Signer, error) {
	template, key, err := newCA(o, o.Name+rootSuffix, now, rootYears)
	if err != nil {
		return nil, nil, err
	}
	template.MaxPathLen = 1
	cert, err := sign(template, template, key.Public(), key, o.Rand)
	return cert, key, err
}

func newIssuing(o Options, now time.Time, root *x509.Certificate, rootKey crypto.Signer) (*x509.Certificate, crypto.Signer, error) {
	crl, err := o.crlURL(0)
	if err != nil {
		return nil, nil, err
	}
	template, key, err := newCA(o, o.Name+issuingSuffix, now, issuingYears)
	if err != nil {
		return nil, nil, err
	}
	template.MaxPathLenZero = true
	template.KeyUsage |= x509.KeyUsageDigitalSignature // it signs the published key list too
	template.CRLDistributionPoints = []string{crl}
	cert, err := sign(template, root, key.Public(), rootKey, o.Rand)
	return cert, key, err
}

// newCA is a CA's key and what both CAs' certificates have in common.
func newCA(o Options, commonName string, now time.Time, lasting int) (*x509.Certificate, crypto.Signer, error) {
	key, err := generate(ES256, o.Rand)
	if err != nil {
		return nil, nil, err
	}
	subject, err := distinguishedName(Organ{Name: o.Name}, commonName)
	if err != nil {
		return nil, nil, err
	}
	from := recently(now)
	template, err := certificateTemplate(subject, key.Public(), from, years(from, lasting), o.Rand)
	if err != nil {
		return nil, nil, err
	}
	template.IsCA = true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	return template, key, nil
}

func generate(a Algorithm, random io.Reader) (crypto.Signer, error) {
	switch a {
	case ES256:
		return ecdsa.GenerateKey(elliptic.P256(), random)
	case RSA2048:
		return rsa.GenerateKey(random, 2048)
	case RSA3072:
		return rsa.GenerateKey(random, 3072)
	}
	return nil, fmt.Errorf("algorithm %q is not known; use %s, %s or %s", a, ES256, RSA2048, RSA3072)
}

func certificatePEM(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

// loadRoot reads root.pem, which must be the root that the issuing CA ends at.
func (k *Keyring) loadRoot() error {
	b, err := k.folder.read(rootCertName)
	if err != nil {
		return err
	}
	chain := k.issuing.seal.Chain
	k.root = chain[len(chain)-1]
	if !bytes.Equal(b, certificatePEM(k.root)) {
		return fmt.Errorf("%s: %w (it is not the issuing CA's root)", k.folder.path(rootCertName), ErrDamaged)
	}
	return nil
}
