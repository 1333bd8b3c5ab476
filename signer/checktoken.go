package signer

import (
	"crypto"
	"errors"

	"github.com/golang-jwt/jwt/v5"

	"yinzheng"
)

// Limits of a token: what a QR code of version 15 holds, with room to spare;
// and the base64url of an ES256 signature.
const (
	maxToken        = 512
	signatureLength = 86
)

// The codes of TokenReport.Problem.
const (
	Malformed      = "malformed"   // no compact JWS in strict base64url
	WrongAlg       = "alg"         // another algorithm than the key's, none among them
	WrongHeader    = "header"      // a header that holds anything but alg and kid
	WrongClaims    = "claims"      // claims unknown, repeated, missing or of another type
	UnknownKey     = "unknown-key" // the key is not on the list
	WrongSignature = "signature"   // the signature does not hold under the key
)

// tokenClaims is yinzheng.Claims as package jwt wants it.
type tokenClaims struct {
	yinzheng.Claims
	noRegistered
}

// UnmarshalJSON reads claims strictly: the registered shape and no other.
func (c *tokenClaims) UnmarshalJSON(data []byte) error {
	if err := strictClaims(data, &c.Claims); err != nil {
		return err
	}
	if c.Code == "" || c.IssuedAt <= 0 || c.Item == "" || c.Organ == "" || c.Digest == "" || c.Expires < 0 {
		return errClaims
	}
	return nil
}

// newTokenKey prepares a token key, which is on P-256: an RSA signature does
// not fit the QR code.
func newTokenKey(k PrivateKey) (*jwsKey, error) {
	key, err := newJWSKey(k.Key, map[string]any{"kid": k.KID})
	if err == nil && key.method.Alg() != "ES256" {
		err = errors.New("a token key must be on P-256")
	}
	return key, err
}

// CheckToken reports on a token: a compact JWS whose header is exactly alg and
// kid and whose algorithm is the one that its key is listed with.
func (c *Checker) CheckToken(token string, keys *yinzheng.KeyList) yinzheng.TokenReport {
	r := yinzheng.TokenReport{}
	if len(token) > maxToken {
		r.Problem = Malformed
		return r
	}
	var claims tokenClaims
	err := verifyJWS(token, &claims, func(t *jwt.Token) (string, crypto.PublicKey, error) {
		if t.Method.Alg() != "ES256" {
			return "", nil, errAlg
		}
		kid, _ := t.Header["kid"].(string)
		if len(kid) != kidLength || !plainHeader(t, kid) {
			return "", nil, errHeader
		}
		r.WellFormed, r.KID = true, kid
		if r.Key = keys.ByKID(kid); r.Key == nil {
			return "", nil, errUnknown
		}
		return r.Key.Alg, r.Key.Public, nil
	})
	r.Claims = claims.Claims
	r.Signed = err == nil
	r.Problem = tokenProblem(err, r.WellFormed)
	return r
}

// tokenProblem names what package jwt or this one found wrong.
func tokenProblem(err error, wellFormed bool) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, errUnknown):
		return UnknownKey
	case errors.Is(err, errClaims):
		return WrongClaims
	case errors.Is(err, errHeader):
		return WrongHeader
	case errors.Is(err, jwt.ErrTokenMalformed):
		return Malformed
	case errors.Is(err, errAlg), !wellFormed: // what jwt refuses before it asks for the key is the algorithm
		return WrongAlg
	}
	return WrongSignature
}
