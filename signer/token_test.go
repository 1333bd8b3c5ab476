package signer

import (
	"crypto"
	"crypto/ecdsa"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"yinzheng"
)

// service is a Signer with one key of each kind, and the list that knows them.
type service struct {
	*Signer
	authority *authority
	list      *yinzheng.KeyList
	private   []PrivateKey
	kid       map[yinzheng.KeyPurpose]string
}

func newService(t testing.TB) *service {
	t.Helper()
	s := &service{authority: newAuthority(t, "A"), kid: map[yinzheng.KeyPurpose]string{}}
	var public []*yinzheng.Key
	for _, p := range purposes {
		key := newECKey(t)
		private := privateKey(t, s.authority, p, key)
		s.private = append(s.private, private)
		s.kid[p] = private.KID
		public = append(public, publicKey(private))
	}
	s.list = yinzheng.NewKeyList(now, public)
	var err error
	if s.Signer, err = New(s.issuer(), s.private); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *service) issuer() PrivateKey {
	return PrivateKey{Key: s.authority.caKey, Chain: [][]byte{s.authority.ca.Raw, s.authority.root.Raw}}
}

func privateKey(t testing.TB, a *authority, p yinzheng.KeyPurpose, key crypto.Signer) PrivateKey {
	t.Helper()
	full, err := thumbprint(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return PrivateKey{KID: full[:kidLength], Purpose: p, Key: key, Chain: a.leaf(t, string(p), key.Public())}
}

func publicKey(k PrivateKey) *yinzheng.Key {
	m, _ := methodOf(k.Key.Public())
	return &yinzheng.Key{
		KID: k.KID, Purpose: k.Purpose, Organ: "11441302007000000X", OrganName: "惠城区民政局", Items: []string{"residence"},
		NotBefore: epoch, NotAfter: epoch.AddDate(3, 0, 0), State: yinzheng.KeyActive, Since: epoch,
		Alg: m.Alg(), Public: k.Key.Public(), Chain: k.Chain,
	}
}

var sample = yinzheng.Claims{
	Code: "0123456789AB", IssuedAt: now.Unix(), Expires: now.AddDate(1, 0, 0).Unix(), Item: "R1", Name: "欧*锋",
	ID: "441302********0018", Organ: "11441302007000000X", Digest: strings.Repeat("A", 32), Status: 5<<20 + 77,
}

func signSample(t testing.TB, s *service) string {
	t.Helper()
	c := sample
	token, err := s.SignToken(s.kid[yinzheng.TokenKey], &c)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestToken(t *testing.T) {
	s := newService(t)
	token := signSample(t, s)
	parts := strings.Split(token, ".")
	header, _ := base64.RawURLEncoding.DecodeString(parts[0])
	if want := `{"alg":"ES256","kid":"` + s.kid[yinzheng.TokenKey] + `"}`; string(header) != want {
		t.Errorf("header %s, want %s", header, want)
	}
	claims, _ := base64.RawURLEncoding.DecodeString(parts[1])
	want := `{"jti":"0123456789AB","iat":1793607300,"exp":1825143300,"t":"R1","n":"欧*锋","d":"441302********0018","o":"11441302007000000X","h":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","s":5242957}`
	if string(claims) != want {
		t.Errorf("claims\n%s, want\n%s", claims, want)
	}
	var c Checker
	r := c.CheckToken(token, s.list)
	if !r.WellFormed || !r.Signed || r.Problem != "" || r.Claims != sample || r.Key != s.list.ByKID(s.kid[yinzheng.TokenKey]) {
		t.Errorf("%+v", r)
	}
	// Package jwt alone takes it too.
	if _, err := jwt.Parse(token, func(*jwt.Token) (any, error) { return r.Key.Public, nil }, jwt.WithTimeFunc(func() time.Time { return now })); err != nil {
		t.Error(err)
	}
}

func TestTokenWithoutExpiry(t *testing.T) {
	s := newService(t)
	c := sample
	c.Expires, c.ID = 0, ""
	token, err := s.SignToken(s.kid[yinzheng.TokenKey], &c)
	if err != nil {
		t.Fatal(err)
	}
	claims, _ := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if strings.Contains(string(claims), "exp") || strings.Contains(string(claims), `"d"`) {
		t.Errorf("claims %s", claims)
	}
	if r := new(Checker).CheckToken(token, s.list); r.Claims != c {
		t.Errorf("%+v", r)
	}
}

func TestSignTokenRefuses(t *testing.T) {
	s := newService(t)
	c := sample
	c.Name = strings.Repeat("长", 20)
	if _, err := s.SignToken(s.kid[yinzheng.TokenKey], &c); err == nil {
		t.Error("claims that do not fit the code were signed")
	}
	for _, kid := range []string{"nosuchid", s.kid[yinzheng.StatusKey], s.kid[yinzheng.DocumentKey]} {
		if _, err := s.SignToken(kid, &sample); !errors.Is(err, yinzheng.ErrUnavailable) {
			t.Errorf("key %s: %v", kid, err)
		}
	}
}

func TestNewSignerRefuses(t *testing.T) {
	s := newService(t)
	wrongID := s.private[0]
	wrongID.KID = "AAAAAAAA"
	rsaToken := privateKey(t, s.authority, yinzheng.TokenKey, newRSAKey(t))
	odd := s.private[0]
	odd.Purpose = "odd"
	for name, k := range map[string]PrivateKey{"kid": wrongID, "RSA token key": rsaToken, "purpose": odd} {
		if err := s.Use(s.issuer(), []PrivateKey{k}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := s.Use(PrivateKey{Key: newECKey(t), Chain: s.issuer().Chain}, nil); err == nil {
		t.Error("another key as issuing CA: accepted")
	}
	signSample(t, s) // the old keys stayed
}

// forge makes a JWS of any header and claims under the token key.
func forge(t *testing.T, s *service, header, claims string) string {
	t.Helper()
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	for _, k := range s.private {
		if k.Purpose == yinzheng.TokenKey {
			sig, err := jwt.SigningMethodES256.Sign(text, k.Key.(*ecdsa.PrivateKey))
			if err != nil {
				t.Fatal(err)
			}
			return text + "." + base64.RawURLEncoding.EncodeToString(sig)
		}
	}
	t.Fatal("no token key")
	return ""
}

func TestCheckTokenRefuses(t *testing.T) {
	s := newService(t)
	token := signSample(t, s)
	part := strings.Split(token, ".")
	kid := s.kid[yinzheng.TokenKey]
	raw, _ := base64.RawURLEncoding.DecodeString(part[1])
	claims := string(raw)
	header := `{"alg":"ES256","kid":"` + kid + `"}`
	other := newService(t)
	pinned := *s.list.ByKID(kid)
	pinned.Alg = "RS256"
	hmacText := base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(header, "ES256", "HS256", 1))) + "." + part[1]
	hmac, err := jwt.SigningMethodHS256.Sign(hmacText, []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, token string
		list        *yinzheng.KeyList
		problem     string
		wellFormed  bool
	}{
		{"empty", "", s.list, Malformed, false},
		{"two parts", part[0] + "." + part[1], s.list, Malformed, false},
		{"four parts", token + ".x", s.list, Malformed, false},
		{"cut", token[:len(token)-1], s.list, Malformed, false},
		{"cut where base64url allows it", part[0] + "." + part[1] + "." + part[2][:80], s.list, Malformed, false},
		{"padding", token + "==", s.list, Malformed, false},
		{"line end in the signature", token[:len(token)-9] + "\r\n" + token[len(token)-9:], s.list, Malformed, false},
		{"line end in the claims", part[0] + "." + part[1][:9] + "\n" + part[1][9:] + "." + part[2], s.list, Malformed, false},
		{"line end in the header", part[0][:9] + "\n" + token[9:], s.list, WrongHeader, false},
		{"trailing bits", token[:len(token)-1] + string(alternate(token[len(token)-1])), s.list, Malformed, false},
		{"long", token + strings.Repeat("A", 600), s.list, Malformed, false},
		{"alg none", base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(header, "ES256", "none", 1))) + "." + part[1] + ".", s.list, WrongAlg, false},
		{"alg HS256", hmacText + "." + base64.RawURLEncoding.EncodeToString(hmac), s.list, WrongAlg, false},
		{"alg RS256", forge(t, s, strings.Replace(header, "ES256", "RS256", 1), claims), s.list, WrongAlg, false},
		{"alg ES384", forge(t, s, strings.Replace(header, "ES256", "ES384", 1), claims), s.list, WrongAlg, false},
		{"alg pinned otherwise", token, yinzheng.NewKeyList(now, []*yinzheng.Key{&pinned}), WrongAlg, true},
		{"typ", forge(t, s, `{"alg":"ES256","typ":"JWT","kid":"`+kid+`"}`, claims), s.list, WrongHeader, false},
		{"jku", forge(t, s, `{"alg":"ES256","jku":"https://x","kid":"`+kid+`"}`, claims), s.list, WrongHeader, false},
		{"kid twice", forge(t, s, `{"alg":"ES256","kid":"AAAAAAAA","kid":"`+kid+`"}`, claims), s.list, WrongHeader, false},
		{"kid of other characters", forge(t, s, `{"alg":"ES256","kid":"AAAA AAA"}`, claims), s.list, WrongHeader, false},
		{"kid with an escape", forge(t, s, `{"alg":"ES256","kid":"AAAA\"AA"}`, claims), s.list, WrongHeader, false},
		{"short kid", forge(t, s, `{"alg":"ES256","kid":"AAA"}`, claims), s.list, WrongHeader, false},
		{"another list", token, other.list, UnknownKey, true},
		{"signature of another", part[0] + "." + part[1] + "." + strings.Split(signSample(t, s), ".")[2], s.list, "", true}, // the same claims: holds
		{"claims of another", part[0] + "." + strings.Split(forge(t, s, header, strings.Replace(claims, "R1", "R2", 1)), ".")[1] + "." + part[2], s.list, WrongSignature, true},
		{"claim twice", forge(t, s, header, strings.Replace(claims, `"t":"R1"`, `"t":"R1","t":"R2"`, 1)), s.list, WrongClaims, false},
		{"unknown claim", forge(t, s, header, strings.Replace(claims, `"t":`, `"x":1,"t":`, 1)), s.list, WrongClaims, false},
		{"claim in capitals", forge(t, s, header, strings.Replace(claims, `"jti"`, `"JTI"`, 1)), s.list, WrongClaims, false},
		{"missing claim", forge(t, s, header, strings.Replace(claims, `"t":"R1",`, ``, 1)), s.list, WrongClaims, false},
		{"claim of another type", forge(t, s, header, strings.Replace(claims, `"s":5242957`, `"s":-1`, 1)), s.list, WrongClaims, false},
		{"no object", forge(t, s, header, `[]`), s.list, WrongClaims, false},
	}
	var c Checker
	for _, tt := range tests {
		r := c.CheckToken(tt.token, tt.list)
		if r.Problem != tt.problem || r.WellFormed != tt.wellFormed || r.Signed != (tt.problem == "") {
			t.Errorf("%s: problem %q, well-formed %v, want %q, %v", tt.name, r.Problem, r.WellFormed, tt.problem, tt.wellFormed)
		}
	}
}

// alternate gives a base64url character that differs in its last bit only,
// which the end of a 64-byte signature does not use.
func alternate(c byte) byte {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return alphabet[strings.IndexByte(alphabet, c)^1]
}

// With any one character changed a token is never signed.
func TestTokenEveryCharacter(t *testing.T) {
	s := newService(t)
	token := []byte(signSample(t, s))
	var c Checker
	for i, was := range token {
		for _, other := range []byte{'A', was ^ 1, '.', '='} {
			if token[i] = other; other != was && c.CheckToken(string(token), s.list).Signed {
				t.Errorf("character %d changed from %q to %q: still signed", i, was, other)
			}
		}
		token[i] = was
	}
}

func TestThumbprint(t *testing.T) {
	// RFC 7638 §3.1
	const n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
	k := jwk{Kty: "RSA", N: n, E: "AQAB", Alg: "RS256", KID: "NzbLsXh8"}
	if _, err := k.public(); err != nil {
		t.Error(err)
	}
	k.KID = "NzbLsXh9"
	if _, err := k.public(); err == nil {
		t.Error("another kid was accepted")
	}
}

func FuzzToken(f *testing.F) {
	s := newService(f)
	token := signSample(f, s)
	f.Add(token)
	f.Add("")
	var c Checker
	f.Fuzz(func(t *testing.T, in string) {
		if r := c.CheckToken(in, s.list); r.Signed && (r.Claims != sample || len(in) != len(token)) {
			t.Fatalf("a forgery passes: %+v", r)
		}
	})
}

func BenchmarkCheckToken(b *testing.B) {
	s := newService(b)
	token := signSample(b, s)
	var c Checker
	b.ReportAllocs()
	for b.Loop() {
		if !c.CheckToken(token, s.list).Signed {
			b.Fatal("not signed")
		}
	}
}

func BenchmarkBareVerify(b *testing.B) {
	key := newECKey(b)
	sum := make([]byte, 32)
	sig, err := ecdsa.SignASN1(nil, key, sum)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if !ecdsa.VerifyASN1(&key.PublicKey, sum, sig) {
			b.Fatal("no")
		}
	}
}

func BenchmarkSignToken(b *testing.B) {
	s := newService(b)
	kid, c := s.kid[yinzheng.TokenKey], sample
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.SignToken(kid, &c); err != nil {
			b.Fatal(err)
		}
	}
}
