package signer

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"slices"
)

// Object identifiers in DER, header included (RFC 5652, RFC 5035, RFC 5754,
// RFC 5758, RFC 3370).
var (
	oidData          = []byte{0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1}
	oidSignedData    = []byte{0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2}
	oidContentType   = []byte{0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 3}
	oidMessageDigest = []byte{0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 4}
	oidSigningCertV2 = []byte{0x06, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 47}
	oidSHA256        = []byte{0x06, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1}
	oidSHA384        = []byte{0x06, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2}
	oidSHA512        = []byte{0x06, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3}
	oidECDSA256      = []byte{0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2}
	oidECDSA384      = []byte{0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3}
	oidECDSA512      = []byte{0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4}
	oidRSA           = []byte{0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1}
	oidRSA256        = []byte{0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11}
	oidRSA384        = []byte{0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12}
	oidRSA512        = []byte{0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13}
	derNull          = []byte{0x05, 0}
)

// DER tags used when composing.
const (
	tagSequence = 0x30
	tagSet      = 0x31
	tagOctets   = 0x04
	tagContext0 = 0xa0 // [0], constructed
)

// form is a detached CMS SignedData as this package writes it (RFC 5652 in the
// profile of ETSI EN 319 122-1 and EN 319 142-1, level B-B), all of it but the
// digest and the signature: SHA-256, one signer by issuer and serial number,
// the whole chain, and the signed attributes content-type, message-digest and
// ESS signing-certificate-v2. There is no signing-time: PAdES has /M for that.
type form struct {
	outer  []byte // of ContentInfo, before [0]: the OID
	before []byte // of SignedData, before signerInfos
	signer []byte // of SignerInfo, before the attributes
	attrs  []byte // the attributes as the SET that is signed
	digest int    // offset of the message digest in attrs
	alg    []byte // the signature's AlgorithmIdentifier
	most   int    // of the signature's bytes

	elliptic bool // ECDSA on P-256, else RSA
}

// newForm prepares what is constant for a chain, leaf first.
func newForm(chain []*x509.Certificate) (*form, error) {
	leaf := chain[0]
	f := &form{outer: oidSignedData}
	switch pub := leaf.PublicKey.(type) {
	case *ecdsa.PublicKey:
		if pub.Curve != elliptic.P256() {
			return nil, errors.New("signer: an EC key that is not on P-256")
		}
		f.alg, f.most, f.elliptic = tlv(tagSequence, oidECDSA256), 72, true
	case *rsa.PublicKey:
		if pub.Size() < 256 {
			return nil, errors.New("signer: an RSA key of less than 2048 bits")
		}
		f.alg, f.most = tlv(tagSequence, oidRSA, derNull), pub.Size()
	default:
		return nil, errors.New("signer: a key that is neither ECDSA nor RSA")
	}
	sha := tlv(tagSequence, oidSHA256)
	version := []byte{0x02, 1, 1}
	raw := make([][]byte, len(chain))
	for i, c := range chain {
		raw[i] = c.Raw
	}
	slices.SortFunc(raw, bytes.Compare) // a SET OF in DER
	f.before = join(version, tlv(tagSet, sha), tlv(tagSequence, oidData), tlv(tagContext0, raw...))
	f.signer = join(version, tlv(tagSequence, leaf.RawIssuer, integer(leaf.SerialNumber.Bytes())), sha)
	f.attrs, f.digest = attributes(leaf.Raw)
	return f, nil
}

// attributes makes the SET of signed attributes and tells where the digest goes.
// The three stand in the order that DER asks of a SET OF: their lengths, which
// follow the same tag, rise.
func attributes(leaf []byte) (set []byte, digest int) {
	hash := sha256.Sum256(leaf)
	contentType := tlv(tagSequence, oidContentType, tlv(tagSet, oidData))
	messageDigest := tlv(tagSequence, oidMessageDigest, tlv(tagSet, tlv(tagOctets, make([]byte, sha256.Size))))
	// SigningCertificateV2 { certs { ESSCertIDv2 { hashAlgorithm DEFAULT sha256, certHash } } }
	certID := tlv(tagSequence, tlv(tagOctets, hash[:]))
	signingCert := tlv(tagSequence, oidSigningCertV2, tlv(tagSet, tlv(tagSequence, tlv(tagSequence, certID))))
	set = tlv(tagSet, contentType, messageDigest, signingCert)
	return set, len(set) - len(signingCert) - sha256.Size
}

// size is the most bytes that a SignedData of this form takes.
func (f *form) size() int { return f.lengths(f.most).all }

// lengths are those of the contents of the nested values, for a signature's length.
type lengths struct{ info, data, content, all int }

func (f *form) lengths(signature int) (n lengths) {
	n.info = len(f.signer) + len(f.attrs) + len(f.alg) + whole(signature)
	n.data = len(f.before) + whole(whole(n.info))
	n.content = len(f.outer) + whole(whole(n.data))
	n.all = whole(n.content)
	return n
}

// appendTo appends the SignedData for a digest and a signature.
func (f *form) appendTo(b []byte, digest [32]byte, signature []byte) []byte {
	n := f.lengths(len(signature))
	b = appendHeader(b, tagSequence, n.content) // ContentInfo
	b = append(b, f.outer...)
	b = appendHeader(b, tagContext0, whole(n.data))
	b = appendHeader(b, tagSequence, n.data) // SignedData
	b = append(b, f.before...)
	b = appendHeader(b, tagSet, whole(n.info))
	b = appendHeader(b, tagSequence, n.info) // SignerInfo
	b = append(b, f.signer...)
	at := len(b)
	b = append(b, f.attrs...)
	b[at] = tagContext0 // [0] IMPLICIT here, a SET where it is signed
	copy(b[at+f.digest:], digest[:])
	b = append(b, f.alg...)
	b = appendHeader(b, tagOctets, len(signature))
	return append(b, signature...)
}

// toSign is the digest of the attributes, which is what the key signs.
func (f *form) toSign(digest [32]byte) [32]byte {
	var room [256]byte
	attrs := append(room[:0], f.attrs...)
	copy(attrs[f.digest:], digest[:])
	return sha256.Sum256(attrs)
}

// whole is the length of a value with its header, given that of its content.
func whole(content int) int {
	switch {
	case content < 1<<7:
		return 2 + content
	case content < 1<<8:
		return 3 + content
	case content < 1<<16:
		return 4 + content
	}
	return 5 + content
}

func appendHeader(b []byte, tag byte, n int) []byte {
	switch {
	case n < 1<<7:
		return append(b, tag, byte(n))
	case n < 1<<8:
		return append(b, tag, 0x81, byte(n))
	case n < 1<<16:
		return append(b, tag, 0x82, byte(n>>8), byte(n))
	}
	return append(b, tag, 0x83, byte(n>>16), byte(n>>8), byte(n))
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func tlv(tag byte, parts ...[]byte) []byte {
	content := join(parts...)
	return append(appendHeader(make([]byte, 0, whole(len(content))), tag, len(content)), content...)
}

// integer encodes an unsigned big-endian number, such as a serial number.
func integer(n []byte) []byte {
	if len(n) == 0 || n[0] >= 0x80 {
		n = join([]byte{0}, n)
	}
	return tlv(0x02, n)
}
