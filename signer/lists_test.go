package signer

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"yinzheng"
)

func sampleList() *yinzheng.StatusList {
	l := &yinzheng.StatusList{URI: "https://example.org/status/3", Number: 3, IssuedAt: now, ExpiresAt: now.Add(24 * time.Hour), Bits: make([]byte, maxStatusBytes)}
	l.Bits[0] = 0xc9
	l.Bits[maxStatusBytes-1] = 0x80
	return l
}

func TestStatusList(t *testing.T) {
	s := newService(t)
	want := sampleList()
	data, err := s.SignStatusList(s.kid[yinzheng.StatusKey], want, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if len(data) > 2000 {
		t.Errorf("a nearly empty list takes %d bytes", len(data))
	}
	header, _ := base64.RawURLEncoding.DecodeString(strings.Split(string(data), ".")[0])
	if want := `{"alg":"ES256","kid":"` + s.kid[yinzheng.StatusKey] + `","typ":"statuslist+jwt"}`; string(header) != want {
		t.Errorf("header %s", header)
	}
	got, err := ReadStatusList(append(data, '\n'), s.list)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read %s %d %v %v", got.URI, got.Number, got.IssuedAt, got.ExpiresAt)
	}
	if v, ok := got.At(1<<20 - 1); !ok || v != yinzheng.StatusSuspended {
		t.Errorf("last entry %d", v)
	}
	// Any other reader finds the draft's claims.
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(string(data), claims); err != nil {
		t.Fatal(err)
	}
	if claims["sub"] != want.URI || claims["ttl"] != 3600.0 || claims["exp"] == nil || claims["iat"] == nil {
		t.Errorf("claims %v", claims)
	}
}

// The vectors of draft-ietf-oauth-status-list-17: §4.1 (2 bits), and the list
// of 2²⁰ entries of its appendix.
func TestStatusVectors(t *testing.T) {
	bits, err := unpackStatus("eNo76fITAAPfAgc")
	if err != nil || !bytes.Equal(bits, []byte{0xc9, 0x44, 0xf9}) {
		t.Errorf("%x, %v", bits, err)
	}
	l := yinzheng.StatusList{Bits: bits}
	for i, want := range []yinzheng.StatusValue{1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3} {
		if v, ok := l.At(i); !ok || v != want {
			t.Errorf("entry %d: %d, want %d", i, v, want)
		}
	}
	if packed, err := packStatus(bits); err != nil {
		t.Error(err)
	} else if again, err := unpackStatus(packed); err != nil || !bytes.Equal(again, bits) {
		t.Errorf("packed again: %x, %v", again, err)
	}
	const large = "eNrt2zENACEQAEEuoaBABP5VIO01fCjIHTMStt9ovGVIAAAAAABAbiEBAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEB5WwIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAID0ugQAAAAAAAAAAAAAAAAAQG12SgAAAAAAAAAAAAAAAAAAAAAAAAAAAOCSIQEAAAAAAAAAAAAAAAAAAAAAAAD8ExIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAwJEuAQAAAAAAAAAAAAAAAAAAAAAAAMB9SwIAAAAAAAAAAAAAAAAAAACoYUoAAAAAAAAAAAAAAEBqH81gAQw"
	bits, err = unpackStatus(large)
	if err != nil || len(bits) != maxStatusBytes {
		t.Fatalf("%d bytes, %v", len(bits), err)
	}
	l.Bits = bits
	for i, want := range map[int]yinzheng.StatusValue{0: 1, 1993: 2, 25460: 1, 159495: 3, 495669: 1, 554353: 1, 645645: 2, 723232: 1, 854545: 1, 934534: 2, 1000345: 3, 7: 0} {
		if v, _ := l.At(i); v != want {
			t.Errorf("entry %d: %d, want %d", i, v, want)
		}
	}
}

func TestStatusListRefuses(t *testing.T) {
	s := newService(t)
	kid := s.kid[yinzheng.StatusKey]
	sign := func(change func(c *statusClaims), header map[string]any) []byte {
		c, err := newStatusClaims(sampleList(), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		change(c)
		key := *s.keys.Load().lists[kid]
		if header != nil {
			key.header = header
		}
		token, err := key.sign(c)
		if err != nil {
			t.Fatal(err)
		}
		return []byte(token)
	}
	same := func(*statusClaims) {}
	big, err := packStatus(make([]byte, 50<<20))
	if err != nil {
		t.Fatal(err)
	}
	compromised := *s.list.ByKID(kid)
	compromised.State = yinzheng.KeyCompromised
	good := sign(same, nil)
	if _, err := ReadStatusList(good, s.list); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		data []byte
		list *yinzheng.KeyList
		want error // nil: any
	}{
		{"empty", nil, s.list, nil},
		{"a token", []byte(signSample(t, s)), s.list, errClaims},
		{"changed", append(bytes.Clone(good[:len(good)-10]), "AAAAAAAAAA"...), s.list, jwt.ErrTokenSignatureInvalid},
		{"other keys", good, newService(t).list, errUnknown},
		{"compromised key", good, yinzheng.NewKeyList(now, []*yinzheng.Key{&compromised}), errUnknown},
		{"typ", sign(same, map[string]any{"alg": "ES256", "kid": kid, "typ": "JWT"}), s.list, errHeader},
		{"4 bits", sign(func(c *statusClaims) { c.List.Bits = 4 }, nil), s.list, errClaims},
		{"no address", sign(func(c *statusClaims) { c.Subject = "https://example.org/status/03" }, nil), s.list, errClaims},
		{"before the key", sign(func(c *statusClaims) { c.IssuedAt = epoch.Unix() - 1 }, nil), s.list, errClaims},
		{"no time", sign(func(c *statusClaims) { c.Expires = c.IssuedAt }, nil), s.list, errClaims},
		{"bomb", sign(func(c *statusClaims) { c.List.List = big }, nil), s.list, nil},
		{"no zlib", sign(func(c *statusClaims) { c.List.List = "AAAA" }, nil), s.list, nil},
	}
	for _, tt := range tests {
		if l, err := ReadStatusList(tt.data, tt.list); l != nil || err == nil || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	wrong := sampleList()
	wrong.Number = 4
	if _, err := s.SignStatusList(kid, wrong, time.Hour); err == nil {
		t.Error("a list under another's address was signed")
	}
}

func TestKeyList(t *testing.T) {
	s := newService(t)
	rsa := publicKey(privateKey(t, s.authority, yinzheng.DocumentKey, newRSAKey(t)))
	rsa.State, rsa.Since = yinzheng.KeyCompromised, now
	want := yinzheng.NewKeyList(now, append(s.list.Keys, rsa))
	data, err := s.SignKeyList(want)
	if err != nil {
		t.Fatal(err)
	}
	roots := []*x509.Certificate{newAuthority(t, "B").root, s.authority.root}
	got, err := ReadKeyList(data, roots, now)
	if err != nil {
		t.Fatal(err)
	}
	if !got.IssuedAt.Equal(now) || !reflect.DeepEqual(got.Keys, want.Keys) {
		t.Errorf("read %+v", got.Keys[0])
	}
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	if err := json.Unmarshal(data, &set); err != nil || len(set.Keys) != 6 {
		t.Fatalf("%d keys, %v", len(set.Keys), err)
	}
	for _, member := range []string{"kty", "crv", "x", "y", "kid", "alg", "use", "x5c", "purpose", "organ", "organ_name", "items", "nbf", "exp", "state", "since"} {
		if set.Keys[0][member] == nil {
			t.Errorf("no member %s", member)
		}
	}
}

func TestKeyListRefuses(t *testing.T) {
	s, other := newService(t), newService(t)
	roots := []*x509.Certificate{s.authority.root}
	sign := func(change func(c *keyListClaims), header map[string]any) []byte {
		c := &keyListClaims{IssuedAt: now.Unix()}
		for _, k := range s.list.Keys {
			j, err := jwkOf(k)
			if err != nil {
				t.Fatal(err)
			}
			c.Keys = append(c.Keys, j)
		}
		change(c)
		key := *s.keys.Load().issuer
		if header != nil {
			key.header = header
		}
		token, err := key.sign(c)
		if err != nil {
			t.Fatal(err)
		}
		file, err := json.Marshal(keyListFile{Signed: token})
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	same := func(*keyListClaims) {}
	first := func(change func(k *jwk)) []byte { return sign(func(c *keyListClaims) { change(&c.Keys[0]) }, nil) }
	good := sign(same, nil)
	if _, err := ReadKeyList(good, roots, now); err != nil {
		t.Fatal(err)
	}
	caChain := s.issuer().Chain
	leafSigned := s.keys.Load().issuer
	tests := []struct {
		name string
		data []byte
		at   time.Time
	}{
		{"empty", nil, now},
		{"only unsigned keys", []byte(`{"keys":[]}`), now},
		{"changed", bytes.Replace(good, []byte(`"signed":"`), []byte(`"signed":"A`), 1), now},
		{"after the CA's time", good, epoch.AddDate(11, 0, 0)},
		{"before it", good, epoch.Add(-time.Second)},
		{"another CA's chain", sign(same, map[string]any{"alg": "ES256", "typ": keyListType, "x5c": other.issuer().Chain}), now},
		{"no root", sign(same, map[string]any{"alg": "ES256", "typ": keyListType, "x5c": caChain[:1]}), now},
		{"no chain", sign(same, map[string]any{"alg": "ES256", "typ": keyListType}), now},
		{"typ", sign(same, map[string]any{"alg": "ES256", "typ": "JWT", "x5c": caChain}), now},
		{"another certificate", first(func(k *jwk) { k.X5C = s.list.Keys[1].Chain }), now},
		{"another root's certificate", first(func(k *jwk) { k.X5C = other.list.Keys[0].Chain }), now},
		{"cut chain", first(func(k *jwk) { k.X5C = k.X5C[:1] }), now},
		{"kid", first(func(k *jwk) { k.KID = "AAAAAAAA" }), now},
		{"alg", first(func(k *jwk) { k.Alg = "RS256" }), now},
		{"point", first(func(k *jwk) { k.X, k.Y = k.Y, k.X }), now},
		{"purpose", first(func(k *jwk) { k.Purpose = "any" }), now},
		{"state", first(func(k *jwk) { k.State = "" }), now},
		{"use", first(func(k *jwk) { k.Use = "enc" }), now},
		{"twice", sign(func(c *keyListClaims) { c.Keys = append(c.Keys, c.Keys[0]) }, nil), now},
	}
	for _, tt := range tests {
		if l, err := ReadKeyList(tt.data, roots, tt.at); err == nil || l != nil {
			t.Errorf("%s: accepted", tt.name)
		}
	}
	if _, err := ReadKeyList(good, []*x509.Certificate{other.authority.root}, now); err == nil {
		t.Error("another root: accepted")
	}
	if _, err := ReadKeyList(good, nil, now); err == nil {
		t.Error("no root: accepted")
	}
	// A seal, though below the root, may not sign the list.
	seal := s.private[0]
	leafSigned.header["x5c"] = seal.Chain
	forged := &jwsKey{seal.Key, leafSigned.method, leafSigned.header}
	token, err := forged.sign(&keyListClaims{IssuedAt: now.Unix()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ReadKeyList([]byte(`{"signed":"`+token+`"}`), roots, now); err == nil {
		t.Error("a list signed by a seal: accepted")
	}
}

func FuzzStatusList(f *testing.F) {
	s := newService(f)
	data, err := s.SignStatusList(s.kid[yinzheng.StatusKey], sampleList(), time.Hour)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data, "eNo76fITAAPfAgc")
	f.Fuzz(func(t *testing.T, in []byte, lst string) {
		if l, err := ReadStatusList(in, s.list); err == nil && !bytes.Equal(l.Bits, sampleList().Bits) {
			t.Fatal("a forgery passes")
		}
		if bits, err := unpackStatus(lst); err == nil && len(bits) > maxStatusBytes {
			t.Fatal("more than a list")
		}
	})
}

func FuzzKeyList(f *testing.F) {
	s := newService(f)
	data, err := s.SignKeyList(s.list)
	if err != nil {
		f.Fatal(err)
	}
	j, err := jwkOf(s.list.Keys[0])
	if err != nil {
		f.Fatal(err)
	}
	one, err := json.Marshal(&keyListClaims{Keys: []jwk{j}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data, one)
	roots := []*x509.Certificate{s.authority.root}
	f.Fuzz(func(t *testing.T, file, claims []byte) {
		if l, err := ReadKeyList(file, roots, now); err == nil && len(l.Keys) != len(s.list.Keys) {
			t.Fatal("a forgery passes")
		}
		var c keyListClaims
		if c.UnmarshalJSON(claims) == nil {
			_, _ = c.read(&trust{roots: roots, known: map[[32]byte]*x509.Certificate{}}, roots[0])
		}
	})
}
