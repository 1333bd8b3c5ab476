package signer

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	_ "crypto/sha512" // foreign signatures use SHA-384 and SHA-512 too
	"crypto/x509"
	"errors"
	"sync"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// What a check of a CMS can find. The first two say nothing about the content:
// the signature could not be judged.
var (
	errCMS         = errors.New("not a CMS SignedData in DER, detached, with one signer and its certificate")
	errUnsupported = errors.New("an algorithm that is not supported")
	errDigest      = errors.New("the content is not what was signed")
	errSignature   = errors.New("the signature does not hold")
)

// Limits of what a signature brings along: certificates, and bits of an RSA
// modulus, since checking under a key of a megabyte would take minutes.
const (
	maxChain = 16
	maxRSA   = 8192
)

// signedData is a detached CMS SignedData as read (RFC 5652 §5).
type signedData struct {
	raw       []byte
	certs     []byte // the contents of certificates
	sid       []byte // the SignerIdentifier, whole
	hash      crypto.Hash
	attrs     []byte // the signed attributes as the SET that is signed
	digest    []byte // message-digest
	ess       []byte // certHash of the first ESSCertIDv2 under SHA-256, nil without
	algorithm []byte // OID of the signature algorithm
	signature []byte
}

// Tags of RFC 5652 beside the universal ones.
var (
	context0          = asn1.Tag(0).ContextSpecific().Constructed()
	context1          = asn1.Tag(1).ContextSpecific().Constructed()
	context0Primitive = asn1.Tag(0).ContextSpecific()
)

// parseCMS reads one SignedData; nothing may follow it.
func parseCMS(der []byte) (*signedData, error) {
	d := &signedData{raw: der}
	var info, sd, outer cryptobyte.String
	in := cryptobyte.String(der)
	if !in.ReadASN1(&info, asn1.SEQUENCE) || !in.Empty() || !take(&info, oidSignedData) ||
		!info.ReadASN1(&outer, context0) || !info.Empty() ||
		!outer.ReadASN1(&sd, asn1.SEQUENCE) || !outer.Empty() {
		return nil, errCMS
	}
	var version int
	var digests, encap, infos, signer cryptobyte.String
	if !sd.ReadASN1Integer(&version) || version != 1 && version != 3 ||
		!sd.ReadASN1(&digests, asn1.SET) || !sd.ReadASN1(&encap, asn1.SEQUENCE) ||
		!take(&encap, oidData) || !encap.Empty() ||
		!sd.ReadOptionalASN1((*cryptobyte.String)(&d.certs), nil, context0) ||
		!sd.SkipOptionalASN1(context1) || !sd.ReadASN1(&infos, asn1.SET) || !sd.Empty() ||
		!infos.ReadASN1(&signer, asn1.SEQUENCE) || !infos.Empty() {
		return nil, errCMS
	}
	return d, d.parseSigner(signer)
}

// take reads exactly the given bytes, which are one whole value.
func take(s *cryptobyte.String, value []byte) bool {
	rest, ok := bytes.CutPrefix(*s, value)
	if ok {
		*s = rest
	}
	return ok
}

// parseSigner reads a SignerInfo (§5.3).
func (d *signedData) parseSigner(s cryptobyte.String) error {
	var version int
	var attrs, signature cryptobyte.String
	if !s.ReadASN1Integer(&version) || version != 1 && version != 3 ||
		!s.ReadAnyASN1Element((*cryptobyte.String)(&d.sid), new(asn1.Tag)) {
		return errCMS
	}
	oid, ok := readAlgorithm(&s)
	if !ok {
		return errCMS
	}
	d.hash = hashes[string(oid)]
	if !s.ReadASN1Element(&attrs, context0) {
		return errCMS // without signed attributes a signature could be moved to other content
	}
	d.attrs = bytes.Clone(attrs)
	d.attrs[0] = tagSet
	if d.algorithm, ok = readAlgorithm(&s); !ok || !s.ReadASN1(&signature, asn1.OCTET_STRING) ||
		!s.SkipOptionalASN1(context1) || !s.Empty() {
		return errCMS
	}
	d.signature = signature
	if d.hash == 0 {
		return errUnsupported
	}
	return d.parseAttributes()
}

// hashes are the digests that are understood, by OID.
var hashes = map[string]crypto.Hash{
	string(oidSHA256): crypto.SHA256,
	string(oidSHA384): crypto.SHA384,
	string(oidSHA512): crypto.SHA512,
}

// readAlgorithm reads an AlgorithmIdentifier and returns its OID, whole.
// Parameters may be absent or NULL; with others the OID is returned as unknown.
func readAlgorithm(s *cryptobyte.String) (oid []byte, ok bool) {
	var alg, id cryptobyte.String
	if !s.ReadASN1(&alg, asn1.SEQUENCE) || !alg.ReadASN1Element(&id, asn1.OBJECT_IDENTIFIER) {
		return nil, false
	}
	if !alg.Empty() && !bytes.Equal(alg, derNull) {
		return nil, true
	}
	return id, true
}

// parseAttributes reads the signed attributes that count; each once (§11).
func (d *signedData) parseAttributes() error {
	var set cryptobyte.String
	in := cryptobyte.String(d.attrs)
	if !in.ReadASN1(&set, asn1.SET) {
		return errCMS
	}
	contentType := false
	for !set.Empty() {
		var attr, oid, values cryptobyte.String
		if !set.ReadASN1(&attr, asn1.SEQUENCE) || !attr.ReadASN1Element(&oid, asn1.OBJECT_IDENTIFIER) ||
			!attr.ReadASN1(&values, asn1.SET) || !attr.Empty() {
			return errCMS
		}
		ok := true
		switch {
		case bytes.Equal(oid, oidContentType):
			ok = !contentType && bytes.Equal(values, oidData)
			contentType = true
		case bytes.Equal(oid, oidMessageDigest):
			ok = d.digest == nil && values.ReadASN1((*cryptobyte.String)(&d.digest), asn1.OCTET_STRING) &&
				values.Empty() && len(d.digest) == d.hash.Size()
		case bytes.Equal(oid, oidSigningCertV2):
			ok = d.ess == nil && d.parseESS(values)
		}
		if !ok {
			return errCMS
		}
	}
	if !contentType || d.digest == nil {
		return errCMS
	}
	return nil
}

// parseESS reads signing-certificate-v2 (RFC 5035 §3). Under another hash than
// the default the attribute is left alone: this package does not write it so.
func (d *signedData) parseESS(values cryptobyte.String) bool {
	var attr, certs, first cryptobyte.String
	if !values.ReadASN1(&attr, asn1.SEQUENCE) || !values.Empty() ||
		!attr.ReadASN1(&certs, asn1.SEQUENCE) || !certs.ReadASN1(&first, asn1.SEQUENCE) {
		return false
	}
	if first.PeekASN1Tag(asn1.SEQUENCE) {
		if oid, ok := readAlgorithm(&first); !ok || !bytes.Equal(oid, oidSHA256) {
			return ok
		}
	}
	return first.ReadASN1((*cryptobyte.String)(&d.ess), asn1.OCTET_STRING) && len(d.ess) == sha256.Size
}

// chain is what a signature's certificates amount to.
type chain struct {
	certs []*x509.Certificate // the signer's first, then each one's issuer, as far as it goes
	form  *form               // nil unless all certificates are one chain to a root, as this package writes it
}

// chains remembers chains by their bytes, since nearly all signatures that one
// service sees bring one of a few. The zero value is ready.
type chains struct {
	mu    sync.Mutex
	known map[[32]byte]*chain
}

// maxChains bounds what is remembered; strangers choose what they upload.
const maxChains = 256

// of returns the chain of a signature. Errors: errCMS, errUnsupported.
func (c *chains) of(d *signedData) (*chain, error) {
	h := sha256.New()
	h.Write(d.sid)
	h.Write(d.certs)
	var id [32]byte
	h.Sum(id[:0])
	c.mu.Lock()
	known := c.known[id]
	c.mu.Unlock()
	if known != nil {
		return known, nil
	}
	made, err := makeChain(d)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known) >= maxChains {
		c.known = make(map[[32]byte]*chain)
	}
	c.known[id] = made
	return made, nil
}

func makeChain(d *signedData) (*chain, error) {
	certs, err := d.parseCertificates()
	if err != nil {
		return nil, err
	}
	at := -1
	for i, cert := range certs {
		if d.identifies(cert) {
			at = i
		}
	}
	if at < 0 {
		return nil, errCMS
	}
	c := &chain{certs: certs[at : at+1 : at+1]}
	for len(c.certs) < len(certs) {
		last := c.certs[len(c.certs)-1]
		issuer := issuerOf(last, certs)
		if issuer == nil || issuer == last {
			break
		}
		c.certs = append(c.certs, issuer)
	}
	top := c.certs[len(c.certs)-1]
	if len(c.certs) == len(certs) && signedBy(top, top) == nil {
		c.form, _ = newForm(c.certs) // nil for a key that this package would not sign with
	}
	return c, nil
}

// parseCertificates parses the X.509 certificates among those brought along.
func (d *signedData) parseCertificates() ([]*x509.Certificate, error) {
	var certs []*x509.Certificate
	for rest := cryptobyte.String(d.certs); !rest.Empty(); {
		var raw cryptobyte.String
		if !rest.ReadAnyASN1Element(&raw, new(asn1.Tag)) || len(certs) == maxChain {
			return nil, errCMS
		}
		cert, err := x509.ParseCertificate(raw)
		if err != nil {
			return nil, errCMS
		}
		if key, ok := cert.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() > maxRSA {
			return nil, errUnsupported
		}
		certs = append(certs, cert)
	}
	return certs, nil
}

// identifies tells whether the SignerIdentifier names a certificate.
func (d *signedData) identifies(c *x509.Certificate) bool {
	s := cryptobyte.String(d.sid)
	var id, key cryptobyte.String
	if s.PeekASN1Tag(context0Primitive) {
		return s.ReadASN1(&key, context0Primitive) && len(key) > 0 && bytes.Equal(key, c.SubjectKeyId)
	}
	return s.ReadASN1(&id, asn1.SEQUENCE) && take(&id, c.RawIssuer) && bytes.Equal(id, integer(c.SerialNumber.Bytes()))
}

// issuerOf finds the certificate that signed c, or nil.
func issuerOf(c *x509.Certificate, among []*x509.Certificate) *x509.Certificate {
	for _, issuer := range among {
		if signedBy(c, issuer) == nil {
			return issuer
		}
	}
	return nil
}

// check tells whether the signature is leaf's over content, whose digest under
// a hash the function gives. Errors: errDigest, errSignature, errUnsupported.
func (d *signedData) check(leaf *x509.Certificate, content func(crypto.Hash) []byte) error {
	h := d.hash.New()
	h.Write(d.attrs)
	sum := h.Sum(nil)
	if err := d.holds(leaf.PublicKey, sum); err != nil {
		return err
	}
	if d.ess != nil {
		if hash := sha256.Sum256(leaf.Raw); !bytes.Equal(d.ess, hash[:]) {
			return errSignature
		}
	}
	if !bytes.Equal(d.digest, content(d.hash)) {
		return errDigest
	}
	return nil
}

// signatureHash is the hash that a signature algorithm implies, 0 for the
// digest's own.
var signatureHash = map[string]crypto.Hash{
	string(oidECDSA256): crypto.SHA256,
	string(oidECDSA384): crypto.SHA384,
	string(oidECDSA512): crypto.SHA512,
	string(oidRSA):      0,
	string(oidRSA256):   crypto.SHA256,
	string(oidRSA384):   crypto.SHA384,
	string(oidRSA512):   crypto.SHA512,
}

func (d *signedData) holds(public crypto.PublicKey, sum []byte) error {
	implied, known := signatureHash[string(d.algorithm)]
	if !known || implied != 0 && implied != d.hash {
		return errUnsupported
	}
	elliptic := bytes.HasPrefix(d.algorithm, oidECDSA256[:len(oidECDSA256)-1])
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		if elliptic && ecdsa.VerifyASN1(key, sum, d.signature) {
			return nil
		}
	case *rsa.PublicKey:
		if !elliptic && rsa.VerifyPKCS1v15(key, d.hash, sum, d.signature) == nil {
			return nil
		}
	default:
		return errUnsupported
	}
	return errSignature
}

// ours tells whether the SignedData is byte for byte what this package writes
// for its chain, digest and signature. Of what is not itself signed (the other
// certificates, versions, algorithms) then nothing can differ.
func (d *signedData) ours(c *chain) bool {
	if c.form == nil || len(d.digest) != sha256.Size || c.form.elliptic && !lowS(d.signature) {
		return false
	}
	made := c.form.appendTo(make([]byte, 0, len(d.raw)), [32]byte(d.digest), d.signature)
	return bytes.Equal(made, d.raw)
}
