package signer

import (
	"crypto"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"yinzheng"
)

// PrivateKey is a key to sign with, as package keys or an HSM hands it over.
type PrivateKey struct {
	KID     string // first 8 base64url characters of the RFC 7638 thumbprint
	Purpose yinzheng.KeyPurpose
	Key     crypto.Signer
	Chain   [][]byte // X.509 DER, leaf first, root last
}

// Signer signs with the service's keys; it is the yinzheng.Sealer. It is safe
// for concurrent use if the keys are.
type Signer struct {
	keys atomic.Pointer[keyring]
}

var (
	_ yinzheng.Sealer  = (*Signer)(nil)
	_ yinzheng.Checker = (*Checker)(nil)
)

// keyring is one state of the keys, by kid.
type keyring struct {
	seals   map[string]*Seal
	tokens  map[string]*jwsKey
	lists   map[string]*jwsKey // of status lists
	replies map[string]*jwsKey // to inquiries
	issuer  *jwsKey            // of the key list
}

// jwsKey is a key prepared for JWS.
type jwsKey struct {
	key    crypto.Signer
	method jwsMethod
	header map[string]any // only ever read
}

// New makes a Signer of the service's keys and of the issuing CA, whose KID and
// Purpose do not matter, which signs the key list.
func New(issuer PrivateKey, keys []PrivateKey) (*Signer, error) {
	s := new(Signer)
	return s, s.Use(issuer, keys)
}

// Use replaces the keys, at once for everyone, after a rotation. On an error
// the old ones stay. Log keys are not for this package and are passed over.
func (s *Signer) Use(issuer PrivateKey, keys []PrivateKey) error {
	r := &keyring{seals: map[string]*Seal{}, tokens: map[string]*jwsKey{}, lists: map[string]*jwsKey{}, replies: map[string]*jwsKey{}}
	for _, k := range keys {
		if err := r.add(k); err != nil {
			return fmt.Errorf("signer: key %s: %w", k.KID, err)
		}
	}
	chain, err := parseChain(issuer.Chain)
	if err != nil {
		return fmt.Errorf("signer: issuing CA: %w", err)
	}
	if !samePublic(chain[0].PublicKey, issuer.Key.Public()) {
		return errors.New("signer: issuing CA: the certificate is another key's")
	}
	r.issuer, err = newJWSKey(issuer.Key, map[string]any{"typ": keyListType, "x5c": issuer.Chain})
	if err != nil {
		return fmt.Errorf("signer: issuing CA: %w", err)
	}
	s.keys.Store(r)
	return nil
}

func (r *keyring) add(k PrivateKey) error {
	full, err := thumbprint(k.Key.Public())
	if err != nil {
		return err
	}
	if full[:kidLength] != k.KID {
		return fmt.Errorf("the key's own ID is %s", full[:kidLength])
	}
	switch k.Purpose {
	case yinzheng.DocumentKey:
		r.seals[k.KID], err = NewSeal(k.Key, k.Chain)
	case yinzheng.TokenKey:
		r.tokens[k.KID], err = newTokenKey(k)
	case yinzheng.StatusKey:
		r.lists[k.KID], err = newJWSKey(k.Key, map[string]any{"kid": k.KID, "typ": statusListType})
	case yinzheng.ReplyKey:
		r.replies[k.KID], err = newReplyKey(k)
	case yinzheng.LogKey:
	default:
		err = fmt.Errorf("unknown purpose %q", k.Purpose)
	}
	return err
}

func newJWSKey(key crypto.Signer, header map[string]any) (*jwsKey, error) {
	m, err := methodOf(key.Public())
	if err != nil {
		return nil, err
	}
	header["alg"] = m.Alg()
	return &jwsKey{key, m, header}, nil
}

// sign makes a compact JWS.
func (k *jwsKey) sign(claims jwt.Claims) (string, error) {
	t := jwt.Token{Header: k.header, Claims: claims, Method: k.method}
	return t.SignedString(k.key)
}

// SealPDF signs an unsigned PDF in place.
func (s *Signer) SealPDF(kid string, u *yinzheng.Unsigned) error {
	seal := s.keys.Load().seals[kid]
	if seal == nil {
		return noKey(yinzheng.DocumentKey, kid)
	}
	if err := seal.Sign(u.PDF, u.GapStart, u.GapEnd); err != nil {
		return unavailable(err)
	}
	return nil
}

// SignatureSize is the most bytes of DER that SealPDF writes with a key.
func (s *Signer) SignatureSize(kid string) (int, error) {
	seal := s.keys.Load().seals[kid]
	if seal == nil {
		return 0, noKey(yinzheng.DocumentKey, kid)
	}
	return seal.Size(), nil
}

// SignToken makes the QR code's token.
func (s *Signer) SignToken(kid string, c *yinzheng.Claims) (string, error) {
	key := s.keys.Load().tokens[kid]
	if key == nil {
		return "", noKey(yinzheng.TokenKey, kid)
	}
	token, err := key.sign(&tokenClaims{Claims: *c})
	if err != nil {
		return "", unavailable(err)
	}
	if n := len(token) - strings.IndexByte(token, '.') - 1 - signatureLength - 1; n > (yinzheng.MaxClaims*8+5)/6 {
		return "", fmt.Errorf("signer: claims of some %d bytes, at most %d fit the code", n*6/8, yinzheng.MaxClaims)
	}
	return token, nil
}

// SignStatusList makes the JWT of a status list, to be fetched anew after ttl.
func (s *Signer) SignStatusList(kid string, l *yinzheng.StatusList, ttl time.Duration) ([]byte, error) {
	key := s.keys.Load().lists[kid]
	if key == nil {
		return nil, noKey(yinzheng.StatusKey, kid)
	}
	claims, err := newStatusClaims(l, ttl)
	if err != nil {
		return nil, err
	}
	token, err := key.sign(claims)
	if err != nil {
		return nil, unavailable(err)
	}
	return []byte(token), nil
}

func noKey(purpose yinzheng.KeyPurpose, kid string) error {
	return unavailable(fmt.Errorf("signer: no %s key %s", purpose, kid))
}

// unavailable says that a key does not sign now; the work is tried again later.
func unavailable(cause error) error {
	return &yinzheng.Error{Kind: yinzheng.ErrUnavailable, Text: yinzheng.Text{
		ZH: "签名密钥暂不可用，办件已保留，系统会自动重试",
		EN: "The signing key does not answer now; the case is kept and tried again",
	}, Cause: cause}
}
