package yinzheng

import "time"

// Claims is what the QR code's token says (docs/formats.md, token). At most
// MaxClaims bytes of JSON.
type Claims struct {
	Code     string `json:"jti"`           // the certificate's public code, 12 Crockford base32 characters
	IssuedAt int64  `json:"iat"`           // Unix seconds
	Expires  int64  `json:"exp,omitempty"` // Unix seconds; 0 when the certificate does not expire
	Item     string `json:"t"`             // Template.Short
	Name     string `json:"n"`             // the holder's name, masked (MaskName)
	ID       string `json:"d,omitempty"`   // the holder's ID number, masked (MaskID)
	Organ    string `json:"o"`             // the organ's credit code
	Digest   string `json:"h"`             // Commit over salt, item, version, number and values
	Status   uint64 `json:"s"`             // list·2²⁰ + index in that status list
}

// MaxClaims bounds the claims' JSON so that the QR code stays at version 15.
const MaxClaims = 185

// StatusBits is the number of low bits of Claims.Status that are the index.
const StatusBits = 20

// StatusRef splits Claims.Status into the list's number and the index.
func (c *Claims) StatusRef() (list, index int) {
	return int(c.Status >> StatusBits), int(c.Status & (1<<StatusBits - 1))
}

// StatusValue is one 2-bit entry of a status list.
type StatusValue uint8

// The values (IETF Token Status List; 3 is application specific). Expiry is
// not in the list: it is the token's exp.
const (
	StatusValid      StatusValue = 0
	StatusRevoked    StatusValue = 1
	StatusSuspended  StatusValue = 2
	StatusSuperseded StatusValue = 3
)

// StatusList is a signed status list as a verifier holds it, already checked.
type StatusList struct {
	URI       string // its sub: the address it is served at
	Number    int
	IssuedAt  time.Time
	ExpiresAt time.Time // stale from then on
	Bits      []byte    // 2 bits an entry, least significant first (IETF Token Status List §4.1)
}

// At returns entry i, and false when the list does not reach it.
func (l *StatusList) At(i int) (StatusValue, bool) {
	if i < 0 || i/4 >= len(l.Bits) {
		return 0, false
	}
	return StatusValue(l.Bits[i/4] >> (2 * (i % 4)) & 3), true
}

// TokenReport is what a check of a token found out. Nothing in Claims may be
// relied on unless Signed.
type TokenReport struct {
	WellFormed bool // a compact JWS of the pinned shape; false: not a token of ours at all
	KID        string
	Key        *Key   // nil: the key is unknown
	Signed     bool   // the signature holds under Key
	Claims     Claims // as read; trustworthy only when Signed
	Problem    string // stable code of what is wrong: malformed, alg, header, unknown-key, signature, claims
}

// Sealer signs with the private keys. Implemented by signer.Signer. A key that
// cannot sign now is ErrUnavailable; the certificate stays in issuing.
type Sealer interface {
	// SignToken returns the compact JWS over the claims.
	SignToken(kid string, c *Claims) (string, error)
	// SignatureSize is the length in bytes of the longest DER that SealPDF writes.
	SignatureSize(kid string) (int, error)
	// SealPDF signs u.PDF in place, filling its gap.
	SealPDF(kid string, u *Unsigned) error
	// SignStatusList returns the list's JWT.
	SignStatusList(kid string, l *StatusList, ttl time.Duration) ([]byte, error)
	// SignReply returns the compact JWS over a reply to an inquiry.
	SignReply(kid string, c *ReplyClaims) (string, error)
	// SignKeyList returns the JSON of /.well-known/jwks.json, signed by the issuing CA.
	SignKeyList(l *KeyList) ([]byte, error)
}

// Digits writes a token as the decimal digits of its URL fragment: each
// character's code minus 45, as two digits (docs/formats.md, QR code).
func Digits(token string) []byte {
	d := make([]byte, 0, 2*len(token))
	for i := range len(token) {
		c := token[i] - 45
		d = append(d, '0'+c/10, '0'+c%10)
	}
	return d
}

// FromDigits reads Digits back. ok is false unless every pair is 00 to 77 and
// stands for a character of base64url or a dot.
func FromDigits(digits string) (token string, ok bool) {
	if len(digits)%2 != 0 || len(digits) > 2048 {
		return "", false
	}
	b := make([]byte, len(digits)/2)
	for i := range b {
		hi, lo := digits[2*i]-'0', digits[2*i+1]-'0'
		if hi > 9 || lo > 9 || hi*10+lo > 77 {
			return "", false
		}
		c := hi*10 + lo + 45
		if c == '/' || c > '9' && c < 'A' || c > 'Z' && c < 'a' && c != '_' {
			return "", false
		}
		b[i] = c
	}
	return string(b), true
}
