package main

import (
	"crypto"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

var b64 = base64.RawURLEncoding

// sign makes a compact JWS of any header and claims, with ES256 whatever the
// header says.
func (w *world) sign(key, header, claims string) (string, error) {
	text := b64.EncodeToString([]byte(header)) + "." + b64.EncodeToString([]byte(claims))
	sum := sha256.Sum256([]byte(text))
	der, err := w.keys[key].private.Key.Sign(nil, sum[:], crypto.SHA256)
	if err != nil {
		return "", err
	}
	r, s, err := numbers(der)
	if err != nil {
		return "", err
	}
	return text + "." + b64.EncodeToString(raw(r, s)), nil
}

// numbers reads an ECDSA signature in DER.
func numbers(der []byte) (r, s *big.Int, err error) {
	r, s = new(big.Int), new(big.Int)
	in := cryptobyte.String(der)
	var inner cryptobyte.String
	if !in.ReadASN1(&inner, asn1.SEQUENCE) || !inner.ReadASN1Integer(r) || !inner.ReadASN1Integer(s) {
		return nil, nil, fmt.Errorf("no ECDSA signature: %x", der)
	}
	return r, s, nil
}

// raw writes a signature as RFC 7518 §3.4 does.
func raw(r, s *big.Int) []byte {
	out := make([]byte, 64)
	r.FillBytes(out[:32])
	s.FillBytes(out[32:])
	return out
}

// payload is the claims of a compact JWS.
func payload(token string) (string, error) {
	parts := strings.Split(token, ".")
	data, err := b64.DecodeString(parts[1])
	return string(data), err
}

// spoilt are tokens made of the good one of a certificate, by name.
func (w *world) spoilt() (map[string]string, error) {
	good := w.issued["good"].token
	part := strings.Split(good, ".")
	claims, err := payload(good)
	if err != nil {
		return nil, err
	}
	other, err := payload(w.issued["second"].token)
	if err != nil {
		return nil, err
	}
	mac, err := b64.DecodeString(part[2])
	if err != nil {
		return nil, err
	}
	kid := w.keys["token"].KID
	header := `{"alg":"ES256","kid":"` + kid + `"}`
	algorithm := func(alg string) string { return strings.Replace(header, "ES256", alg, 1) }
	changed := func(old, to string) string { return strings.Replace(claims, old, to, 1) }

	tokens := map[string]string{
		"swapped signature":  part[0] + "." + part[1] + "." + strings.Split(w.issued["second"].token, ".")[2],
		"claims of another":  part[0] + "." + b64.EncodeToString([]byte(other)) + "." + part[2],
		"kid of another":     b64.EncodeToString([]byte(`{"alg":"ES256","kid":"`+w.keys["town token"].KID+`"}`)) + "." + part[1] + "." + part[2],
		"signature of zeros": part[0] + "." + part[1] + "." + b64.EncodeToString(make([]byte, 64)),
		"alg none":           b64.EncodeToString([]byte(algorithm("none"))) + "." + part[1] + ".",
		"two parts":          part[0] + "." + part[1],
		"four parts":         good + "." + part[2],
		"padding":            good + "==",
		"cut":                good[:len(good)-1],
		"trailing bits":      good[:len(good)-1] + string(alternate(good[len(good)-1])),
		"short signature":    part[0] + "." + part[1] + "." + part[2][:80],
		"too long":           good + strings.Repeat("A", 600),
		"one character":      good[:len(part[0])+20] + string(alternate(good[len(part[0])+20])) + good[len(part[0])+21:],
	}
	n := elliptic.P256().Params().N
	r, s := new(big.Int).SetBytes(mac[:32]), new(big.Int).SetBytes(mac[32:])
	tokens["the other s"] = part[0] + "." + part[1] + "." + b64.EncodeToString(raw(r, new(big.Int).Sub(n, s)))
	var der cryptobyte.Builder
	der.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1BigInt(r); b.AddASN1BigInt(s) })
	tokens["signature in DER"] = part[0] + "." + part[1] + "." + b64.EncodeToString(der.BytesOrPanic())

	text := b64.EncodeToString([]byte(algorithm("HS256"))) + "." + part[1]
	secret := hmac.New(sha256.New, w.files["root.pem"]) // what is public is no secret
	secret.Write([]byte(text))
	tokens["alg HS256"] = text + "." + b64.EncodeToString(secret.Sum(nil))

	for name, t := range map[string]struct{ key, header, claims string }{
		"stranger's key":        {"stranger's token", strings.Replace(header, kid, w.keys["stranger's token"].KID, 1), claims},
		"stranger under a kid":  {"stranger's token", header, claims},
		"document key":          {"document", strings.Replace(header, kid, w.keys["document"].KID, 1), claims},
		"status key":            {"status", strings.Replace(header, kid, w.keys["status"].KID, 1), claims},
		"reply key":             {"town reply", strings.Replace(header, kid, w.keys["town reply"].KID, 1), changed(civil.Code, town.Code)},
		"key of another organ":  {"town token", strings.Replace(header, kid, w.keys["town token"].KID, 1), claims},
		"key of another item":   {"token for QS alone", strings.Replace(header, kid, w.keys["token for QS alone"].KID, 1), claims},
		"organ changed":         {"token", header, changed(civil.Code, town.Code)},
		"alg RS256":             {"token", algorithm("RS256"), claims},
		"alg ES384":             {"token", algorithm("ES384"), claims},
		"typ":                   {"token", `{"alg":"ES256","kid":"` + kid + `","typ":"JWT"}`, claims},
		"jku":                   {"token", `{"alg":"ES256","jku":"https://example.com/jwks.json","kid":"` + kid + `"}`, claims},
		"kid before alg":        {"token", `{"kid":"` + kid + `","alg":"ES256"}`, claims},
		"kid twice":             {"token", `{"alg":"ES256","kid":"AAAAAAAA","kid":"` + kid + `"}`, claims},
		"blank in the header":   {"token", `{"alg":"ES256", "kid":"` + kid + `"}`, claims},
		"claim twice":           {"token", header, changed(`"t":"JZ"`, `"t":"JZ","t":"QS"`)},
		"unknown claim":         {"token", header, changed(`"t":"JZ"`, `"x":1,"t":"JZ"`)},
		"missing claim":         {"token", header, changed(`"t":"JZ",`, ``)},
		"claim of another type": {"token", header, changed(`"t":"JZ"`, `"t":1`)},
		"claims no object":      {"token", header, `[]`},
		"issued before the key": {"token", header, changed(fmt.Sprint(issued.Unix()), fmt.Sprint(begin.Unix()-1))},
		"issued after the key":  {"old token", strings.Replace(header, kid, w.keys["old token"].KID, 1), claims},
	} {
		var err error
		if tokens[name], err = w.sign(t.key, t.header, t.claims); err != nil {
			return nil, err
		}
	}
	return tokens, nil
}

// alternate gives the base64url character that differs in its last bit.
func alternate(c byte) byte {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return alphabet[strings.IndexByte(alphabet, c)^1]
}
