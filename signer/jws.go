package signer

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"strings"

	json "github.com/go-json-experiment/json"
	"github.com/golang-jwt/jwt/v5"
)

// jwsHeader is all that a header of ours may hold (RFC 7515 §4).
type jwsHeader struct {
	Alg string   `json:"alg"`
	KID string   `json:"kid,omitempty"`
	Typ string   `json:"typ,omitempty"`
	X5C [][]byte `json:"x5c,omitempty"` // standard base64 of DER
}

// What can be wrong with a JWS, beside the errors of package jwt.
var (
	errHeader  = errors.New("a header that is not of this kind of token")
	errAlg     = errors.New("another algorithm than the key's")
	errClaims  = errors.New("claims that are not of this kind of token")
	errUnknown = errors.New("an unknown key")
)

// jwsParser checks signatures. Claims are checked here and in package yinzheng:
// a token past its exp is expired, not malformed.
var jwsParser = jwt.NewParser(jwt.WithValidMethods([]string{"ES256", "RS256"}), jwt.WithStrictDecoding(), jwt.WithoutClaimsValidation())

// verifyJWS checks a compact JWS. From the header, which package jwt reads
// leniently, choose names the key and the one algorithm that this key is for;
// the header's own word counts for nothing.
func verifyJWS(token string, into jwt.Claims, choose func(t *jwt.Token) (alg string, key crypto.PublicKey, err error)) error {
	_, err := jwsParser.ParseWithClaims(token, into, func(t *jwt.Token) (any, error) {
		alg, key, err := choose(t)
		if err != nil {
			return nil, err
		}
		if t.Method.Alg() != alg {
			return nil, errAlg
		}
		return key, nil
	})
	return err
}

// strictHeader reads the header again: unknown and repeated members are refused.
func strictHeader(t *jwt.Token) (*jwsHeader, error) {
	segment, _, _ := strings.Cut(t.Raw, ".")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(segment)
	if err != nil {
		return nil, errHeader
	}
	h := new(jwsHeader)
	if err := json.Unmarshal(raw, h, json.RejectUnknownMembers(true)); err != nil {
		return nil, errHeader
	}
	return h, nil
}

// strictClaims reads claims: repeated members are refused, unknown ones too.
func strictClaims(data []byte, into any) error {
	if err := json.Unmarshal(data, into, json.RejectUnknownMembers(true)); err != nil {
		return fmt.Errorf("%w: %w", errClaims, err)
	}
	return nil
}

// jwsMethod signs with a crypto.Signer, in an HSM or not.
type jwsMethod struct{ jwt.SigningMethod }

var es256 = jwsMethod{jwt.SigningMethodES256}

// verifyES256 checks the signature of a text of up to maxToken bytes, and refuses that of
// a longer one. It does what package jwt does (RFC 7518 §3.4) without a score of
// allocations on the way, which a scanner would pay for at every scan.
func verifyES256(key *ecdsa.PublicKey, text string, signature []byte) bool {
	if len(signature) != es256Size || len(text) > maxToken {
		return false
	}
	var room [maxToken]byte
	digest := sha256.Sum256(room[:copy(room[:], text)])
	if m := oftenUsed.multiples(key); m != nil {
		return m.verifies(&digest, new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
	}
	der := append(make([]byte, 0, 72), 0x30, 0)
	der = appendInteger(appendInteger(der, signature[:32]), signature[32:])
	der[1] = byte(len(der) - 2)
	return ecdsa.VerifyASN1(key, digest[:], der)
}

// appendInteger appends an unsigned number of up to 127 bytes as an INTEGER in
// DER (X.690 §8.3).
func appendInteger(der, number []byte) []byte {
	for len(number) > 1 && number[0] == 0 {
		number = number[1:]
	}
	if number[0] >= 0x80 {
		return append(append(der, 2, byte(len(number)+1), 0), number...)
	}
	return append(append(der, 2, byte(len(number))), number...)
}

// Sign implements jwt.SigningMethod.
func (m jwsMethod) Sign(text string, key any) ([]byte, error) {
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, jwt.ErrInvalidKeyType
	}
	sum := sha256.Sum256([]byte(text))
	signature, err := signer.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil || m.Alg() != "ES256" {
		return signature, err
	}
	return rawECDSA(signature)
}

// rawECDSA turns the DER of a P-256 signature into r ‖ s (RFC 7518 §3.4).
func rawECDSA(der []byte) ([]byte, error) {
	r, s, ok := parseECDSA(der)
	if !ok || len(r) > 32 || len(s) > 32 {
		return nil, errors.New("signer: the key gave no P-256 signature")
	}
	out := make([]byte, 64)
	copy(out[32-len(r):], r)
	copy(out[64-len(s):], s)
	return out, nil
}

// methodOf names the algorithm that a key is for: ES256 for P-256, RS256 for RSA.
func methodOf(public crypto.PublicKey) (jwsMethod, error) {
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		if key.Curve == elliptic.P256() {
			return es256, nil
		}
	case *rsa.PublicKey:
		if key.N.BitLen() >= 2048 {
			return jwsMethod{jwt.SigningMethodRS256}, nil
		}
	}
	return jwsMethod{}, errors.New("signer: a key that is neither P-256 nor RSA of 2048 bits or more")
}

// noRegistered is embedded where package jwt asks for the registered claims,
// which it needs only for checks that are not its to make here.
type noRegistered struct{}

func (noRegistered) GetExpirationTime() (*jwt.NumericDate, error) { return nil, nil }
func (noRegistered) GetIssuedAt() (*jwt.NumericDate, error)       { return nil, nil }
func (noRegistered) GetNotBefore() (*jwt.NumericDate, error)      { return nil, nil }
func (noRegistered) GetIssuer() (string, error)                   { return "", nil }
func (noRegistered) GetSubject() (string, error)                  { return "", nil }
func (noRegistered) GetAudience() (jwt.ClaimStrings, error)       { return nil, nil }

// thumbprint is the RFC 7638 thumbprint of a key's public half, whose first
// eight base64url characters are its kid.
func thumbprint(public crypto.PublicKey) (string, error) {
	k, err := newJWK(public)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if k.Kty == "EC" {
		fmt.Fprintf(&b, `{"crv":%q,"kty":"EC","x":%q,"y":%q}`, k.Crv, k.X, k.Y)
	} else {
		fmt.Fprintf(&b, `{"e":%q,"kty":"RSA","n":%q}`, k.E, k.N)
	}
	sum := sha256.Sum256(b.Bytes())
	return base64.RawURLEncoding.EncodeToString(sum[:]), nil
}

// kidLength is how much of the thumbprint a kid is.
const kidLength = 8
