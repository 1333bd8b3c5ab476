package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
)

// kidLength is 48 bits of thumbprint: short enough for a token's header, and a
// clash among one system's keys is noticed when the key is made.
const kidLength = 8

// thumbprint is the JWK thumbprint of a public key (RFC 7638 section 3, with
// SHA-256) in base64url without padding. It knows P-256 and RSA keys.
func thumbprint(pub crypto.PublicKey) (string, error) {
	b64 := base64.RawURLEncoding.EncodeToString
	var jwk string
	switch pub := pub.(type) {
	case *ecdsa.PublicKey:
		if pub.Curve != elliptic.P256() {
			return "", fmt.Errorf("keys: curve %s is not P-256", pub.Params().Name)
		}
		point, err := pub.Bytes() // 4 ‖ X ‖ Y, 32 bytes each
		if err != nil {
			return "", fmt.Errorf("keys: encode public key: %w", err)
		}
		jwk = fmt.Sprintf(`{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}`, b64(point[1:33]), b64(point[33:]))
	case *rsa.PublicKey:
		jwk = fmt.Sprintf(`{"e":"%s","kty":"RSA","n":"%s"}`, b64(big.NewInt(int64(pub.E)).Bytes()), b64(pub.N.Bytes()))
	default:
		return "", fmt.Errorf("keys: public keys of type %T are not used here", pub)
	}
	sum := sha256.Sum256([]byte(jwk))
	return b64(sum[:]), nil
}

// KID is the name of a key: the first 8 characters of its JWK thumbprint (RFC 7638).
func KID(pub crypto.PublicKey) (string, error) {
	t, err := thumbprint(pub)
	if err != nil {
		return "", err
	}
	return t[:kidLength], nil
}

func isKID(s string) bool {
	return len(s) == kidLength && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}
