package signer

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	json "github.com/go-json-experiment/json"
	"github.com/golang-jwt/jwt/v5"

	"yinzheng"
)

// keyListType is the typ of a signed set of keys, as OpenID Federation 1.0 §5.2
// names it.
const keyListType = "jwk-set+jwt"

// Limits of a key list.
const (
	maxKeyList = 16 << 20
	maxKeys    = 20000
)

// jwk is a public key with what it may sign (RFC 7517, RFC 7518 §6).
type jwk struct {
	Kty string   `json:"kty"`
	Crv string   `json:"crv,omitempty"`
	X   string   `json:"x,omitempty"`
	Y   string   `json:"y,omitempty"`
	N   string   `json:"n,omitempty"`
	E   string   `json:"e,omitempty"`
	KID string   `json:"kid"`
	Alg string   `json:"alg"`
	Use string   `json:"use"`
	X5C [][]byte `json:"x5c"` // standard base64 of DER, leaf first, root last

	Purpose   yinzheng.KeyPurpose `json:"purpose"`
	Organ     string              `json:"organ,omitempty"`
	OrganName string              `json:"organ_name,omitempty"`
	Items     []string            `json:"items,omitempty"`
	NotBefore int64               `json:"nbf"` // Unix seconds, as exp and since
	NotAfter  int64               `json:"exp"`
	State     yinzheng.KeyState   `json:"state"`
	Since     int64               `json:"since"`
}

// keyListClaims is what the issuing CA signs.
type keyListClaims struct {
	IssuedAt int64 `json:"iat"`
	Keys     []jwk `json:"keys"`
	noRegistered
}

// UnmarshalJSON reads claims strictly, but for members of a key that are
// unknown: later versions may say more of a key.
func (c *keyListClaims) UnmarshalJSON(data []byte) error {
	type plain keyListClaims // without this method
	if err := json.Unmarshal(data, (*plain)(c)); err != nil {
		return fmt.Errorf("%w: %w", errClaims, err)
	}
	return nil
}

// keyListFile is /.well-known/jwks.json.
type keyListFile struct {
	Keys   []jwk  `json:"keys"`
	Signed string `json:"signed"`
}

var b64 = base64.RawURLEncoding.Strict()

// newJWK gives the members of a public key that its thumbprint is made of.
func newJWK(public crypto.PublicKey) (*jwk, error) {
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		point, err := key.Bytes()
		if err != nil || key.Curve != elliptic.P256() {
			return nil, errors.New("signer: an EC key that is not on P-256")
		}
		return &jwk{Kty: "EC", Crv: "P-256", X: b64.EncodeToString(point[1:33]), Y: b64.EncodeToString(point[33:])}, nil
	case *rsa.PublicKey:
		e := big.NewInt(int64(key.E)).Bytes()
		return &jwk{Kty: "RSA", N: b64.EncodeToString(key.N.Bytes()), E: b64.EncodeToString(e)}, nil
	}
	return nil, errors.New("signer: a key that is neither ECDSA nor RSA")
}

// public reads the key; what is not in the one form that newJWK gives is refused.
func (k *jwk) public() (crypto.PublicKey, error) {
	var key crypto.PublicKey
	switch k.Kty {
	case "EC":
		x, err1 := b64.DecodeString(k.X)
		y, err2 := b64.DecodeString(k.Y)
		p, err3 := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), join([]byte{4}, x, y))
		if err := errors.Join(err1, err2, err3); err != nil || k.Alg != "ES256" {
			return nil, errors.New("no P-256 key for ES256")
		}
		key = p
	case "RSA":
		n, err1 := b64.DecodeString(k.N)
		e, err2 := b64.DecodeString(k.E)
		if errors.Join(err1, err2) != nil || len(e) > 4 || len(n) < 256 || len(n) > maxRSA/8 || k.Alg != "RS256" {
			return nil, errors.New("no RSA key for RS256")
		}
		key = &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
	default:
		return nil, fmt.Errorf("unknown kty %q", k.Kty)
	}
	full, err := thumbprint(key)
	if err != nil || full[:kidLength] != k.KID {
		return nil, errors.New("a kid that is not the key's")
	}
	return key, nil
}

func jwkOf(k *yinzheng.Key) (jwk, error) {
	j, err := newJWK(k.Public)
	if err != nil {
		return jwk{}, err
	}
	j.KID, j.Alg, j.Use, j.X5C = k.KID, k.Alg, "sig", k.Chain
	j.Purpose, j.Organ, j.OrganName, j.Items = k.Purpose, k.Organ, k.OrganName, k.Items
	j.NotBefore, j.NotAfter, j.State, j.Since = k.NotBefore.Unix(), k.NotAfter.Unix(), k.State, k.Since.Unix()
	return *j, nil
}

// SignKeyList makes the JSON of /.well-known/jwks.json: the keys for whoever
// trusts this server, and the same signed by the issuing CA for whoever trusts
// only the root.
func (s *Signer) SignKeyList(l *yinzheng.KeyList) ([]byte, error) {
	claims := &keyListClaims{IssuedAt: l.IssuedAt.Unix(), Keys: make([]jwk, len(l.Keys))}
	for i, k := range l.Keys {
		j, err := jwkOf(k)
		if err != nil {
			return nil, fmt.Errorf("signer: key list: key %s: %w", k.KID, err)
		}
		claims.Keys[i] = j
	}
	signed, err := s.keys.Load().issuer.sign(claims)
	if err != nil {
		return nil, unavailable(err)
	}
	return json.Marshal(keyListFile{claims.Keys, signed})
}

// ReadKeyList reads a jwks.json for use without its server. Only the member
// signed counts: signed by a CA below one of the roots, which must be in force
// now. Every key's certificate must be that key's, below the same root. The
// error says why the list cannot be believed.
func ReadKeyList(data []byte, roots []*x509.Certificate, now time.Time) (*yinzheng.KeyList, error) {
	l, err := readKeyList(data, roots, now)
	if err != nil {
		return nil, fmt.Errorf("signer: key list: %w", err)
	}
	return l, nil
}

func readKeyList(data []byte, roots []*x509.Certificate, now time.Time) (*yinzheng.KeyList, error) {
	if len(data) > maxKeyList {
		return nil, errors.New("too long")
	}
	var file struct {
		Signed string `json:"signed"` // and nothing else counts
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, err
	}
	trust := &trust{roots: roots, known: map[[32]byte]*x509.Certificate{}}
	var claims keyListClaims
	var root *x509.Certificate
	err := verifyJWS(file.Signed, &claims, func(t *jwt.Token) (string, crypto.PublicKey, error) {
		h, err := strictHeader(t)
		if err != nil {
			return "", nil, err
		}
		if h.Typ != keyListType || h.KID != "" {
			return "", nil, errHeader
		}
		ca, top, err := trust.issuer(h.X5C, now)
		if err != nil {
			return "", nil, err
		}
		root = top
		m, err := methodOf(ca.PublicKey)
		if err != nil {
			return "", nil, err
		}
		return m.Alg(), ca.PublicKey, nil
	})
	if err != nil {
		return nil, err
	}
	if len(claims.Keys) > maxKeys {
		return nil, errors.New("too many keys")
	}
	return claims.read(trust, root)
}

func (c *keyListClaims) read(trust *trust, root *x509.Certificate) (*yinzheng.KeyList, error) {
	keys := make([]*yinzheng.Key, 0, len(c.Keys))
	seen := make(map[string]bool, len(c.Keys))
	for i := range c.Keys {
		k, err := c.Keys[i].read(trust, root)
		if err == nil && seen[k.KID] {
			err = errors.New("listed twice")
		}
		if err != nil {
			return nil, fmt.Errorf("key %q: %w", c.Keys[i].KID, err)
		}
		seen[k.KID] = true
		keys = append(keys, k)
	}
	return yinzheng.NewKeyList(time.Unix(c.IssuedAt, 0).UTC(), keys), nil
}

var (
	purposes = []yinzheng.KeyPurpose{yinzheng.DocumentKey, yinzheng.TokenKey, yinzheng.StatusKey, yinzheng.LogKey, yinzheng.ReplyKey}
	states   = []yinzheng.KeyState{yinzheng.KeyActive, yinzheng.KeyRetired, yinzheng.KeySuspended, yinzheng.KeyCompromised}
)

func (k *jwk) read(trust *trust, root *x509.Certificate) (*yinzheng.Key, error) {
	public, err := k.public()
	if err != nil {
		return nil, err
	}
	leaf, top, err := trust.chain(k.X5C)
	switch {
	case err != nil:
		return nil, err
	case !top.Equal(root):
		return nil, errors.New("a certificate below another root than the list's")
	case !samePublic(public, leaf.PublicKey):
		return nil, errors.New("a certificate of another key")
	case k.Use != "sig" || !slices.Contains(purposes, k.Purpose) || !slices.Contains(states, k.State):
		return nil, fmt.Errorf("unknown use %q, purpose %q or state %q", k.Use, k.Purpose, k.State)
	}
	at := func(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
	return &yinzheng.Key{
		KID: k.KID, Purpose: k.Purpose, Organ: k.Organ, OrganName: k.OrganName, Items: k.Items,
		NotBefore: at(k.NotBefore), NotAfter: at(k.NotAfter), State: k.State, Since: at(k.Since),
		Alg: k.Alg, Public: public, Chain: k.X5C,
	}, nil
}

// trust checks chains under the roots that are trusted, each link once.
type trust struct {
	roots []*x509.Certificate
	known map[[32]byte]*x509.Certificate // checked certificates, by the hash of their chain
}

// chain checks a chain, leaf first, and returns its ends. Whether the
// certificates are in force is not looked at: a retired key's need not be.
func (t *trust) chain(x5c [][]byte) (leaf, root *x509.Certificate, err error) {
	if len(x5c) == 0 || len(x5c) > maxChain {
		return nil, nil, fmt.Errorf("a chain of %d certificates", len(x5c))
	}
	for _, r := range t.roots {
		if bytes.Equal(r.Raw, x5c[len(x5c)-1]) {
			root = r
		}
	}
	if root == nil {
		return nil, nil, errors.New("a chain that does not end in a trusted root")
	}
	leaf = root
	for i := len(x5c) - 2; i >= 0; i-- {
		if leaf, err = t.link(x5c[i:], leaf); err != nil {
			return nil, nil, err
		}
	}
	return leaf, root, nil
}

// link checks that issuer, at the head of chain[1:], signed chain[0].
func (t *trust) link(chain [][]byte, issuer *x509.Certificate) (*x509.Certificate, error) {
	id := sha256.Sum256(join(chain...)) // chain[1:] was checked by its own bytes before
	if c := t.known[id]; c != nil {
		return c, nil
	}
	c, err := x509.ParseCertificate(chain[0])
	if err != nil {
		return nil, err
	}
	if err := signedBy(c, issuer); err != nil {
		return nil, err
	}
	t.known[id] = c
	return c, nil
}

// issuer checks the chain of the CA that signs a list.
func (t *trust) issuer(x5c [][]byte, now time.Time) (ca, root *x509.Certificate, err error) {
	ca, root, err = t.chain(x5c)
	if err != nil {
		return nil, nil, err
	}
	if !ca.IsCA || !ca.BasicConstraintsValid {
		return nil, nil, errors.New("signed by a certificate that is no CA's")
	}
	for _, c := range []*x509.Certificate{ca, root} {
		if now.Before(c.NotBefore) || now.After(c.NotAfter) {
			return nil, nil, fmt.Errorf("signed under %q, which is not in force by the clock here (%s)", c.Subject.CommonName, now.UTC().Format(time.DateTime))
		}
	}
	return ca, root, nil
}
