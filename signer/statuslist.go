package signer

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/klauspost/compress/zlib"

	"yinzheng"
)

// Of the IETF Token Status List (draft-ietf-oauth-status-list-17 §4.1, §5.1).
const (
	statusListType = "statuslist+jwt"
	statusBits     = 2
	maxStatusBytes = 1 << yinzheng.StatusBits * statusBits / 8
	maxStatusJWT   = 1 << 20
)

// statusClaims are the claims of a status list token.
type statusClaims struct {
	Subject  string `json:"sub"`
	IssuedAt int64  `json:"iat"`
	Expires  int64  `json:"exp"`
	TTL      int64  `json:"ttl"`
	List     struct {
		Bits int    `json:"bits"`
		List string `json:"lst"` // base64url of zlib of the entries
	} `json:"status_list"`
	noRegistered
}

// UnmarshalJSON reads claims strictly.
func (c *statusClaims) UnmarshalJSON(data []byte) error {
	type plain statusClaims // without this method
	return strictClaims(data, (*plain)(c))
}

func newStatusClaims(l *yinzheng.StatusList, ttl time.Duration) (*statusClaims, error) {
	if len(l.Bits) > maxStatusBytes || listNumber(l.URI) != l.Number {
		return nil, fmt.Errorf("signer: status list %d at %s with %d bytes", l.Number, l.URI, len(l.Bits))
	}
	c := &statusClaims{Subject: l.URI, IssuedAt: l.IssuedAt.Unix(), Expires: l.ExpiresAt.Unix(), TTL: int64(ttl / time.Second)}
	c.List.Bits = statusBits
	var err error
	c.List.List, err = packStatus(l.Bits)
	return c, err
}

// packStatus compresses entries as the draft's §4.1 says.
func packStatus(bits []byte) (string, error) {
	var b bytes.Buffer
	z, err := zlib.NewWriterLevel(&b, zlib.BestCompression)
	if err != nil {
		return "", err
	}
	if _, err := z.Write(bits); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(b.Bytes()), nil
}

// unpackStatus reads what packStatus wrote, never more than a whole list.
func unpackStatus(s string) ([]byte, error) {
	packed, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		return nil, err
	}
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	bits, err := io.ReadAll(io.LimitReader(z, maxStatusBytes+1))
	if err != nil {
		return nil, err
	}
	if len(bits) > maxStatusBytes {
		return nil, fmt.Errorf("more than %d entries", 1<<yinzheng.StatusBits)
	}
	return bits, nil
}

// listNumber is the number in a list's address, .../status/{number}; 0 for none.
func listNumber(uri string) int {
	i := strings.LastIndex(uri, "/status/")
	if i < 0 {
		return 0
	}
	n, err := strconv.Atoi(uri[i+len("/status/"):])
	if err != nil || n < 1 || strconv.Itoa(n) != uri[i+len("/status/"):] {
		return 0
	}
	return n
}

// ReadStatusList checks a signed status list under the status keys of a key
// list. A list past its exp is returned all the same: how stale may be is for
// the caller. The error says why the list cannot be believed.
func ReadStatusList(data []byte, keys *yinzheng.KeyList) (*yinzheng.StatusList, error) {
	if len(data) > maxStatusJWT {
		return nil, errors.New("signer: status list: too long")
	}
	var c statusClaims
	var key *yinzheng.Key
	err := verifyJWS(strings.TrimSpace(string(data)), &c, func(t *jwt.Token) (string, crypto.PublicKey, error) {
		h, err := strictHeader(t)
		if err != nil {
			return "", nil, err
		}
		if h.Typ != statusListType || h.X5C != nil {
			return "", nil, errHeader
		}
		if key = keys.ByKID(h.KID); key == nil || key.Purpose != yinzheng.StatusKey || key.State == yinzheng.KeyCompromised {
			return "", nil, fmt.Errorf("%w: %q is no status key that can be believed", errUnknown, h.KID)
		}
		return key.Alg, key.Public, nil
	})
	if err != nil {
		return nil, fmt.Errorf("signer: status list: %w", err)
	}
	l := &yinzheng.StatusList{URI: c.Subject, Number: listNumber(c.Subject), IssuedAt: time.Unix(c.IssuedAt, 0).UTC(), ExpiresAt: time.Unix(c.Expires, 0).UTC()}
	if l.Number == 0 || c.List.Bits != statusBits || c.Expires <= c.IssuedAt || !key.Covers(l.IssuedAt) {
		return nil, fmt.Errorf("signer: status list: %w", errClaims)
	}
	if l.Bits, err = unpackStatus(c.List.List); err != nil {
		return nil, fmt.Errorf("signer: status list: %w", err)
	}
	return l, nil
}
