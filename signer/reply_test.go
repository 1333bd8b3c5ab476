package signer

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"yinzheng"
)

var sampleReply = yinzheng.ReplyClaims{
	ID: "0123456789AB", IssuedAt: now.Unix(), Expires: now.AddDate(0, 0, 30).Unix(), Organ: "11441302007000000X",
	Asker: "o1", AskerName: "惠城区教育局", Kind: "residence", KindName: "居住情况", Answer: "cannot-say", By: "people", AsOf: "2026-11-02", Digest: strings.Repeat("A", 32),
}

func signReply(t testing.TB, s *service, change func(*yinzheng.ReplyClaims)) string {
	t.Helper()
	c := sampleReply
	if change != nil {
		change(&c)
	}
	token, err := s.SignReply(s.kid[yinzheng.ReplyKey], &c)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestReply(t *testing.T) {
	s := newService(t)
	token := signReply(t, s, nil)
	r := new(Checker).CheckReply(token, s.list)
	if r == nil || !r.WellFormed || !r.Signed || r.Problem != "" || r.Claims != sampleReply || r.Key != s.list.ByKID(s.kid[yinzheng.ReplyKey]) {
		t.Fatalf("%+v", r)
	}
	header, _ := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[0])
	if want := `{"alg":"ES256","kid":"` + s.kid[yinzheng.ReplyKey] + `","typ":"inquiry-reply+jwt"}`; string(header) != want {
		t.Errorf("header %s, want %s", header, want)
	}
	// Package jwt alone takes it, with the audience that it is for.
	claims := jwt.MapClaims{}
	if _, err := jwt.ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return r.Key.Public, nil },
		jwt.WithTimeFunc(func() time.Time { return now }), jwt.WithAudience("o1"), jwt.WithIssuer("11441302007000000X"), jwt.WithExpirationRequired()); err != nil {
		t.Error(err)
	}
	if claims["answer"] != "cannot-say" || claims["counts"] != nil {
		t.Errorf("claims %v", claims)
	}
	list := signReply(t, s, func(c *yinzheng.ReplyClaims) {
		c.Answer, c.By, c.Counts = "", "list", yinzheng.ReplySum{Yes: 29_980, No: 12, CannotSay: 8}
	})
	if r := new(Checker).CheckReply(list, s.list); r == nil || !r.Signed || r.Claims.Counts.Yes != 29_980 {
		t.Errorf("a list: %+v", r)
	}
}

// TestReplyIsNoCertificate: neither token is ever taken for the other, whichever
// key signed it, and with whatever header.
func TestReplyIsNoCertificate(t *testing.T) {
	s := newService(t)
	var c Checker
	if r := c.CheckReply(signSample(t, s), s.list); r != nil {
		t.Errorf("a certificate is read as a reply: %+v", r)
	}
	if r := c.CheckToken(signReply(t, s, nil), s.list); r.WellFormed || r.Signed {
		t.Errorf("a reply is read as a certificate: %+v", r)
	}
	keys := s.keys.Load()
	// A reply under the header of a certificate, and the other way round.
	bare := *keys.replies[s.kid[yinzheng.ReplyKey]]
	bare.header = map[string]any{"alg": "ES256", "kid": s.kid[yinzheng.ReplyKey]}
	token, err := bare.sign(&replyClaims{ReplyClaims: sampleReply})
	if err != nil {
		t.Fatal(err)
	}
	if r := c.CheckToken(token, s.list); r.WellFormed || r.Problem != WrongClaims && r.Problem != Malformed {
		t.Errorf("%+v", r)
	}
	if r := c.CheckReply(token, s.list); r != nil {
		t.Errorf("%+v", r)
	}
	typed := *keys.tokens[s.kid[yinzheng.TokenKey]]
	typed.header = map[string]any{"alg": "ES256", "kid": s.kid[yinzheng.TokenKey], "typ": replyType}
	if token, err = typed.sign(&tokenClaims{Claims: sample}); err != nil {
		t.Fatal(err)
	}
	if r := c.CheckReply(token, s.list); r == nil || r.WellFormed || r.Signed || r.Problem != WrongClaims {
		t.Errorf("%+v", r)
	}
	if r := c.CheckToken(token, s.list); r.WellFormed || r.Problem != WrongHeader {
		t.Errorf("%+v", r)
	}
}

func TestReplyRefuses(t *testing.T) {
	s := newService(t)
	kid := s.kid[yinzheng.ReplyKey]
	parts := strings.Split(signReply(t, s, nil), ".")
	encode := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	claims, _ := base64.RawURLEncoding.DecodeString(parts[1])
	other, _ := base64.RawURLEncoding.DecodeString(parts[2])
	other[10] ^= 1
	for name, c := range map[string]struct{ token, problem string }{
		"signature":        {parts[0] + "." + parts[1] + "." + encode(string(other)), WrongSignature},
		"claims changed":   {parts[0] + "." + encode(strings.Replace(string(claims), "cannot-say", "yes", 1)) + "." + parts[2], WrongSignature},
		"claims unknown":   {parts[0] + "." + encode(strings.Replace(string(claims), `"jti"`, `"x":1,"jti"`, 1)) + "." + parts[2], WrongClaims},
		"claims twice":     {parts[0] + "." + encode(strings.Replace(string(claims), `"jti"`, `"aud":"o2","jti"`, 1)) + "." + parts[2], WrongClaims},
		"no claims":        {parts[0] + "." + encode("{}") + "." + parts[2], WrongClaims},
		"cut":              {parts[0] + "." + parts[1], Malformed},
		"unknown key":      {encode(`{"alg":"ES256","kid":"AAAAAAAA","typ":"inquiry-reply+jwt"}`) + "." + parts[1] + "." + parts[2], UnknownKey},
		"another alg":      {encode(`{"alg":"none","kid":"`+kid+`","typ":"inquiry-reply+jwt"}`) + "." + parts[1] + ".", WrongHeader},
		"a key of its own": {encode(`{"alg":"ES256","kid":"`+kid+`","typ":"inquiry-reply+jwt","x5c":["AA=="]}`) + "." + parts[1] + "." + parts[2], WrongHeader},
	} {
		if r := new(Checker).CheckReply(c.token, s.list); r == nil || r.Signed || r.Problem != c.problem {
			t.Errorf("%s: %+v, want %s", name, r, c.problem)
		}
	}
	for name, change := range map[string]func(*yinzheng.ReplyClaims){
		"no answer":               func(c *yinzheng.ReplyClaims) { c.Answer = "" },
		"another answer":          func(c *yinzheng.ReplyClaims) { c.Answer = "maybe" },
		"a list with an answer":   func(c *yinzheng.ReplyClaims) { c.By = "list" },
		"counts without a list":   func(c *yinzheng.ReplyClaims) { c.Counts.Yes = 1 },
		"nobody to give it to":    func(c *yinzheng.ReplyClaims) { c.Asker = "" },
		"no end":                  func(c *yinzheng.ReplyClaims) { c.Expires = 0 },
		"no day that it is as of": func(c *yinzheng.ReplyClaims) { c.AsOf = "today" },
	} {
		c := sampleReply
		change(&c)
		if _, err := s.SignReply(kid, &c); err == nil {
			t.Errorf("%s is signed", name)
		}
	}
	if _, err := s.SignReply(s.kid[yinzheng.TokenKey], &sampleReply); err == nil {
		t.Error("a certificates' key signs a reply")
	}
}

func FuzzCheckReply(f *testing.F) {
	s := newService(f)
	f.Add(signReply(f, s, nil))
	f.Add(signSample(f, s))
	f.Add("eyJ0eXAiOiJpbnF1aXJ5LXJlcGx5K2p3dCJ9..")
	f.Fuzz(func(t *testing.T, token string) {
		r := new(Checker).CheckReply(token, s.list)
		if r == nil || !r.Signed {
			return
		}
		again, err := json.Marshal(r.Claims)
		if err != nil || checkReplyClaims(&r.Claims) != nil {
			t.Errorf("%s %v", again, err)
		}
	})
}
