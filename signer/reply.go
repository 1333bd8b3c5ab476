package signer

import (
	"crypto"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"yinzheng"
)

// replyType is the typ of a reply to an inquiry. A certificate's token has
// none, so that neither is ever read as the other.
const replyType = "inquiry-reply+jwt"

// maxReply bounds a reply's token: its names are at most some hundred characters.
const maxReply = 4096

// replyClaims is yinzheng.ReplyClaims as package jwt wants it.
type replyClaims struct {
	yinzheng.ReplyClaims
	noRegistered
}

// UnmarshalJSON reads claims strictly: the registered shape and no other.
func (c *replyClaims) UnmarshalJSON(data []byte) error {
	if err := strictClaims(data, &c.ReplyClaims); err != nil {
		return err
	}
	return checkReplyClaims(&c.ReplyClaims)
}

// checkReplyClaims refuses claims that say nothing, or two things.
func checkReplyClaims(c *yinzheng.ReplyClaims) error {
	list := c.By == "list"
	_, err := time.Parse(time.DateOnly, c.AsOf)
	switch {
	case err != nil, c.ID == "", c.Organ == "", c.Asker == "", c.Kind == "", c.Digest == "", c.IssuedAt <= 0, c.Expires <= c.IssuedAt,
		list != (c.Answer == ""), !list && c.Counts != (yinzheng.ReplySum{}),
		!list && !slices.Contains([]string{"record", "people"}, c.By),
		!list && !slices.Contains([]string{"yes", "no", "cannot-say"}, c.Answer):
		return errClaims
	}
	return nil
}

// newReplyKey prepares a key for replies, which is on P-256 as every key that
// signs short tokens.
func newReplyKey(k PrivateKey) (*jwsKey, error) {
	key, err := newJWSKey(k.Key, map[string]any{"kid": k.KID, "typ": replyType})
	if err == nil && key.method.Alg() != "ES256" {
		err = errors.New("a key for replies must be on P-256")
	}
	return key, err
}

// SignReply makes the token of a reply to an inquiry.
func (s *Signer) SignReply(kid string, c *yinzheng.ReplyClaims) (string, error) {
	key := s.keys.Load().replies[kid]
	if key == nil {
		return "", noKey(yinzheng.ReplyKey, kid)
	}
	if err := checkReplyClaims(c); err != nil {
		return "", fmt.Errorf("signer: a reply with %w", err)
	}
	token, err := key.sign(&replyClaims{ReplyClaims: *c})
	if err != nil {
		return "", unavailable(err)
	}
	return token, nil
}

// CheckReply reports on a token whose header says that it is a reply; nil for
// any other. Its header is exactly alg, kid and typ, and its algorithm the one
// that its key is listed with.
func (c *Checker) CheckReply(token string, keys *yinzheng.KeyList) *yinzheng.ReplyReport {
	header, _, _ := strings.Cut(token, ".")
	if len(token) > maxReply || len(header) <= plainHeader { // a certificate's, which scanners send all day
		return nil
	}
	h, err := strictHeader(&jwt.Token{Raw: token})
	if err != nil || h.Typ != replyType {
		return nil
	}
	r := &yinzheng.ReplyReport{KID: h.KID}
	if h.Alg != "ES256" || len(h.KID) != kidLength || h.X5C != nil {
		r.Problem = WrongHeader
		return r
	}
	var claims replyClaims
	err = verifyJWS(token, &claims, func(*jwt.Token) (string, crypto.PublicKey, error) {
		r.WellFormed = true // header and claims have been read
		if r.Key = keys.ByKID(h.KID); r.Key == nil {
			return "", nil, errUnknown
		}
		return r.Key.Alg, r.Key.Public, nil
	})
	r.Claims, r.Signed = claims.ReplyClaims, err == nil
	switch {
	case err == nil:
	case !r.WellFormed:
		r.Problem = tokenProblem(err)
	case errors.Is(err, errUnknown):
		r.Problem = UnknownKey
	case errors.Is(err, errAlg):
		r.WellFormed, r.Problem = false, WrongAlg
	default:
		r.Problem = WrongSignature
	}
	return r
}
