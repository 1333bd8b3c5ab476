package keys

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"time"
)

// How long certificates last when nobody says otherwise.
const (
	rootYears    = 20
	issuingYears = 10
	sealYears    = 5
)

// backdate lets what was made a moment ago verify on a machine whose clock is
// slow. A document sealed in the first hour of a key would otherwise be refused
// by some of those that receive it.
const backdate = time.Hour

// maxName bounds a name in a subject: ub-organization-name and ub-common-name
// of RFC 5280 appendix A, in characters.
const maxName = 64

// Attribute types of names: X.520, and for the organization's registration
// number X.520 (2012) clause 6.4.4 as ETSI EN 319 412-3 uses it.
var (
	oidCountry                = asn1.ObjectIdentifier{2, 5, 4, 6}
	oidProvince               = asn1.ObjectIdentifier{2, 5, 4, 8}
	oidLocality               = asn1.ObjectIdentifier{2, 5, 4, 7}
	oidOrganization           = asn1.ObjectIdentifier{2, 5, 4, 10}
	oidOrganizationIdentifier = asn1.ObjectIdentifier{2, 5, 4, 97}
	oidCommonName             = asn1.ObjectIdentifier{2, 5, 4, 3}
)

// wording is what follows the organ's name in the common name of its seals, so
// that a reader's signature panel says what the key is for.
var wording = map[Purpose]string{ //nolint:gosec // names of purposes, no secrets
	Document: "电子印章",
	Token:    "验证码签名",
	Status:   "状态列表签名",
	Log:      "日志签名",
	Reply:    "协查答复签名",
}

// usage of seals (RFC 5280 section 4.2.1.3). contentCommitment, once called
// nonRepudiation, is for the one thing that an organ answers for: its documents.
func usage(p Purpose) x509.KeyUsage {
	if p == Document {
		return x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
	}
	return x509.KeyUsageDigitalSignature
}

// distinguishedName encodes a subject. Its text is UTF8String throughout, as
// RFC 5280 section 4.1.2.4 asks; crypto/x509 would mix in PrintableString.
func distinguishedName(o Organ, commonName string) ([]byte, error) {
	rdns := pkix.RDNSequence{{{Type: oidCountry, Value: "CN"}}}
	for _, a := range []struct {
		oid  asn1.ObjectIdentifier
		text string
	}{
		{oidProvince, o.Province},
		{oidLocality, o.Locality},
		{oidOrganization, o.Name},
		{oidOrganizationIdentifier, o.Code},
		{oidCommonName, commonName},
	} {
		if a.text == "" {
			continue
		}
		value := asn1.RawValue{Tag: asn1.TagUTF8String, Bytes: []byte(a.text)}
		rdns = append(rdns, pkix.RelativeDistinguishedNameSET{{Type: a.oid, Value: value}})
	}
	return asn1.Marshal(rdns)
}

// certificateTemplate is what every certificate of ours has.
func certificateTemplate(subject []byte, pub crypto.PublicKey, from, to time.Time, random io.Reader) (*x509.Certificate, error) {
	serial, err := serialNumber(random)
	if err != nil {
		return nil, err
	}
	keyID, err := subjectKeyID(pub)
	if err != nil {
		return nil, err
	}
	return &x509.Certificate{
		RawSubject: subject, SerialNumber: serial, SubjectKeyId: keyID,
		NotBefore: from, NotAfter: to, BasicConstraintsValid: true,
	}, nil
}

// serialNumber draws 128 bits; at 17 octets with its sign it stays within the
// 20 of RFC 5280 section 4.1.2.2.
func serialNumber(random io.Reader) (*big.Int, error) {
	b := make([]byte, 16)
	if _, err := io.ReadFull(random, b); err != nil {
		return nil, fmt.Errorf("draw serial number: %w", err)
	}
	n := new(big.Int).SetBytes(b)
	if n.Sign() == 0 {
		return nil, errors.New("draw serial number: the source of randomness gives nothing but zeros")
	}
	return n, nil
}

// subjectKeyID is the first 160 bits of the SHA-256 of the key's bits (RFC 7093
// section 2, method 1).
func subjectKeyID(pub crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return nil, err
	}
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &info); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(info.Key.Bytes)
	return sum[:20], nil
}

// sign issues a certificate: template's subject gets pub, parent's name and
// key sign.
func sign(template, parent *x509.Certificate, pub crypto.PublicKey, key crypto.Signer, random io.Reader) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(random, template, parent, pub, key)
	if err != nil {
		return nil, fmt.Errorf("issue certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}

// years is the validity of n years from a time, in whole seconds. The last
// second is part of a validity (RFC 5280 section 4.1.2.5).
func years(from time.Time, n int) time.Time {
	return from.AddDate(n, 0, 0).Add(-time.Second)
}

// recently is when a validity begins that begins now.
func recently(now time.Time) time.Time {
	return now.UTC().Truncate(time.Second).Add(-backdate)
}
