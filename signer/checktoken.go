package signer

import (
	"crypto/ecdsa"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

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
func (c *tokenClaims) UnmarshalJSON(data []byte) (err error) {
	c.Claims, err = readClaims(string(data))
	return err
}

// readClaims reads a token's claims, which must be complete.
func readClaims(text string) (yinzheng.Claims, error) {
	c, plain := plainClaims(text)
	if !plain {
		var err error
		if c, err = oddClaims(text); err != nil {
			return c, err
		}
	}
	if c.Code == "" || c.IssuedAt <= 0 || c.Item == "" || c.Organ == "" || c.Digest == "" || c.Expires < 0 {
		return c, errClaims
	}
	return c, nil
}

// oddClaims reads claims that are not plain.
func oddClaims(text string) (c yinzheng.Claims, err error) {
	err = strictClaims([]byte(text), &c)
	return c, err
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
//
// Scanners call it all day, so that a header of ours, whose bytes are known
// but for the kid, is read without package jwt's parser, which spends as long
// on maps and JSON as a twelfth of the curve's work. That parser sees the
// others, to say what is wrong with them. Claims of ours are read likewise
// (plainClaims).
func (c *Checker) CheckToken(token string, keys *yinzheng.KeyList) yinzheng.TokenReport {
	r := yinzheng.TokenReport{}
	if len(token) > maxToken {
		r.Problem = Malformed
		return r
	}
	header, rest, _ := strings.Cut(token, ".")
	payload, signature, whole := strings.Cut(rest, ".")
	kid, plain := plainKID(header)
	if !plain || !whole {
		r.Claims, r.Problem = odd(token)
		return r
	}
	var room [maxToken]byte
	mac, err := decodeToken(&r.Claims, payload, signature, room[:0])
	if err != nil {
		r.Problem = tokenProblem(err)
		return r
	}
	r.WellFormed, r.KID = true, kid
	if r.Key = keys.ByKID(kid); r.Key == nil {
		r.Problem = UnknownKey
		return r
	}
	if r.Key.Alg != "ES256" {
		r.Problem = WrongAlg
		return r
	}
	public, ok := r.Key.Public.(*ecdsa.PublicKey)
	if r.Signed = ok && verifyES256(public, token[:len(header)+1+len(payload)], mac); !r.Signed {
		r.Problem = WrongSignature
	}
	return r
}

// A plain header is its JSON around a kid of eight characters.
const (
	headerStart = `{"alg":"ES256","kid":"`
	headerEnd   = `"}`
	headerSize  = len(headerStart) + kidLength + len(headerEnd)
	plainHeader = (headerSize*8 + 5) / 6 // in base64url
)

// strictBase64 takes one spelling of every value (RFC 4648 §3.5).
var strictBase64 = base64.RawURLEncoding.Strict()

// plainKID reads the kid of a header that is exactly {"alg":"ES256","kid":…}.
func plainKID(segment string) (kid string, ok bool) {
	var in [plainHeader]byte
	var out [headerSize]byte
	if copy(in[:], segment) != len(segment) || len(segment) != len(in) {
		return "", false
	}
	if n, err := strictBase64.Decode(out[:], in[:]); err != nil || n != len(out) {
		return "", false
	}
	found := out[len(headerStart) : len(headerStart)+kidLength]
	for _, b := range found { // none that JSON would write otherwise
		if b != '-' && b != '_' && (b|0x20 < 'a' || b|0x20 > 'z') && (b < '0' || b > '9') {
			return "", false
		}
	}
	if string(out[:len(headerStart)]) != headerStart || string(out[headerSize-len(headerEnd):]) != headerEnd {
		return "", false
	}
	return string(found), true
}

// decodeToken reads a token's second and third part; room is for what they
// decode to, one after the other.
func decodeToken(claims *yinzheng.Claims, payload, signature string, room []byte) (mac []byte, err error) {
	text, err := decodePart(room, payload)
	if err != nil {
		return nil, err
	}
	if *claims, err = readClaims(string(text)); err != nil {
		return nil, err
	}
	if mac, err = decodePart(room, signature); err == nil && len(mac) != es256Size {
		err = fmt.Errorf("%w: a signature of %d bytes", jwt.ErrTokenMalformed, len(mac))
	}
	return mac, err
}

// es256Size is the length of an ES256 signature (RFC 7518 §3.4): a token that
// was cut off within it is no token, whatever its last bits are.
const es256Size = 64

// decodePart decodes base64url, in which package base64 would pass over line ends.
func decodePart(room []byte, s string) ([]byte, error) {
	b, err := strictBase64.AppendDecode(room, []byte(s))
	if err == nil && strictBase64.EncodedLen(len(b)) != len(s) {
		err = errors.New("a line end")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", jwt.ErrTokenMalformed, err)
	}
	return b, nil
}

// odd tells what is wrong with a token whose header is not plain.
func odd(token string) (yinzheng.Claims, string) {
	var claims tokenClaims
	t, _, err := jwsParser.ParseUnverified(token, &claims)
	switch {
	case err != nil:
		return claims.Claims, tokenProblem(err)
	case t.Method.Alg() != "ES256":
		return claims.Claims, WrongAlg
	}
	return claims.Claims, WrongHeader
}

// tokenProblem names why a token could not be read.
func tokenProblem(err error) string {
	switch {
	case errors.Is(err, errClaims):
		return WrongClaims
	case errors.Is(err, jwt.ErrTokenMalformed):
		return Malformed
	}
	return WrongAlg // the only other thing that package jwt refuses before it asks for a key
}
