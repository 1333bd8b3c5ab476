package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	_ "embed"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"time"

	"yinzheng"
	"yinzheng/keys"
	"yinzheng/signer"
)

// The times of the world. All questions are asked about noon.
var (
	begin     = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)    // of every key's period
	end       = time.Date(2035, 1, 1, 0, 0, 0, 0, time.UTC)    // of nearly every key's
	ended     = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)    // of an old key's
	halted    = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)   // keys were retired, suspended, compromised
	noon      = time.Date(2026, 11, 20, 4, 0, 0, 0, time.UTC)  // in China
	keysAt    = time.Date(2026, 11, 20, 2, 0, 0, 0, time.UTC)  // the key list was signed
	oldKeysAt = halted.Add(-24 * time.Hour)                    // an old one was, with keys as they were then
	listAt    = time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)  // the status list was signed
	oldAt     = time.Date(2026, 11, 17, 3, 0, 0, 0, time.UTC)  // the one before
	issued    = time.Date(2026, 11, 10, 1, 30, 0, 0, time.UTC) // most certificates
)

const publicURL = "https://zm.example.gov.cn"

// The organs. No such place exists.
var (
	civil = yinzheng.Organ{Code: yinzheng.CreditCode("11441302DEM900000"), Name: "演示区民政局", Mark: "演示专用"}
	town  = yinzheng.Organ{Code: yinzheng.CreditCode("11441302DEM901000"), Name: "演示区桥东街道办事处", Mark: "演示专用"}
)

// fixedKey signs the same text in the same way every time (RFC 6979).
type fixedKey struct{ *ecdsa.PrivateKey }

func (k fixedKey) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return k.PrivateKey.Sign(nil, digest, opts)
}

// testKey is the key of a name: its private half is the SHA-256 of a text, so that
// anybody can make more vectors and nobody can take it for a key in use.
func testKey(name string) (fixedKey, error) {
	scalar := sha256.Sum256([]byte("yinzheng conformance test key: " + name))
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar[:])
	return fixedKey{key}, err
}

// rsaPEM is a test key, too, as everybody can see.
//
//go:embed rsa.pem
var rsaPEM []byte

func rsaTestKey() (crypto.Signer, error) {
	block, _ := pem.Decode(rsaPEM)
	if block == nil {
		return nil, errors.New("rsa.pem: no PEM")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	s, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("rsa.pem: not a key that signs")
	}
	return s, nil
}

// authority is a root with an issuing CA below it.
type authority struct {
	signer.PrivateKey // of the issuing CA
	root, ca          *x509.Certificate
	serial            int64
}

func newAuthority(name string) (*authority, error) {
	a := new(authority)
	rootKey, err := testKey(name + " root")
	if err != nil {
		return nil, err
	}
	caKey, err := testKey(name + " issuing CA")
	if err != nil {
		return nil, err
	}
	if a.root, err = a.certificate("一致性测试 TEST ONLY "+name+" root", rootKey.Public(), nil, rootKey); err != nil {
		return nil, err
	}
	if a.ca, err = a.certificate("一致性测试 TEST ONLY "+name+" issuing CA", caKey.Public(), a.root, rootKey); err != nil {
		return nil, err
	}
	a.PrivateKey = signer.PrivateKey{Key: caKey, Chain: [][]byte{a.ca.Raw, a.root.Raw}}
	return a, nil
}

// certificate signs one for a CA, or below one for the holder of a key.
func (a *authority) certificate(name string, public crypto.PublicKey, parent *x509.Certificate, key crypto.Signer) (*x509.Certificate, error) {
	a.serial++
	c := &x509.Certificate{
		SerialNumber: big.NewInt(a.serial), Subject: pkix.Name{Country: []string{"CN"}, CommonName: name},
		NotBefore: begin, NotAfter: end, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	if a.ca == nil {
		c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
	}
	if parent == nil {
		parent = c
	}
	der, err := x509.CreateCertificate(nil, c, parent, public, key)
	if err != nil {
		return nil, fmt.Errorf("certificate of %s: %w", name, err)
	}
	return x509.ParseCertificate(der)
}

// world is everything that vectors are made of.
type world struct {
	files    map[string][]byte
	own      *authority
	other    *authority // a stranger's
	keys     map[string]*named
	sealer   *signer.Signer
	template *yinzheng.Template
	small    *draft
	issued   map[string]*certificate
	order    []string // of what was issued
}

// named is a key with what is listed of it.
type named struct {
	*yinzheng.Key
	private signer.PrivateKey
}

// keyPlan is one key: listed, unless it is a stranger's.
type keyPlan struct {
	name    string
	purpose yinzheng.KeyPurpose
	organ   *yinzheng.Organ // nil: the service's own
	change  func(k *yinzheng.Key)
}

func state(s yinzheng.KeyState) func(*yinzheng.Key) {
	return func(k *yinzheng.Key) { k.State, k.Since = s, halted }
}

var plans = []keyPlan{
	{"token", yinzheng.TokenKey, &civil, nil},
	{"document", yinzheng.DocumentKey, &civil, nil},
	{"document RSA", yinzheng.DocumentKey, &civil, nil},
	{"town token", yinzheng.TokenKey, &town, nil},
	{"town document", yinzheng.DocumentKey, &town, nil},
	{"token for QS alone", yinzheng.TokenKey, &civil, func(k *yinzheng.Key) { k.Items = []string{"QS"} }},
	{"old token", yinzheng.TokenKey, &civil, func(k *yinzheng.Key) { k.NotAfter = ended }},
	{"retired token", yinzheng.TokenKey, &civil, state(yinzheng.KeyRetired)},
	{"suspended token", yinzheng.TokenKey, &civil, state(yinzheng.KeySuspended)},
	{"compromised token", yinzheng.TokenKey, &civil, state(yinzheng.KeyCompromised)},
	{"compromised document", yinzheng.DocumentKey, &civil, state(yinzheng.KeyCompromised)},
	{"status", yinzheng.StatusKey, nil, nil},
	{"compromised status", yinzheng.StatusKey, nil, state(yinzheng.KeyCompromised)},
	{"log", yinzheng.LogKey, nil, nil},
	{"town reply", yinzheng.ReplyKey, &town, nil},
}

// strangers are signed by the other authority and on no list.
var strangers = []keyPlan{
	{"stranger's token", yinzheng.TokenKey, &civil, nil},
	{"stranger's document", yinzheng.DocumentKey, &civil, nil},
	{"stranger's status", yinzheng.StatusKey, nil, nil},
}

func newWorld() (*world, error) {
	w := &world{files: map[string][]byte{}, keys: map[string]*named{}}
	var err error
	if w.own, err = newAuthority("conformance"); err != nil {
		return nil, err
	}
	if w.other, err = newAuthority("stranger"); err != nil {
		return nil, err
	}
	var private []signer.PrivateKey
	for _, set := range []struct {
		by    *authority
		plans []keyPlan
	}{{w.own, plans}, {w.other, strangers}} {
		for _, p := range set.plans {
			k, err := newKey(set.by, &p)
			if err != nil {
				return nil, err
			}
			w.keys[p.name] = k
			private = append(private, k.private)
		}
	}
	if w.sealer, err = signer.New(w.own.PrivateKey, private); err != nil {
		return nil, err
	}
	w.files["root.pem"] = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.own.root.Raw})
	for _, step := range []func() error{w.keyLists, w.certificates, w.statusLists, w.pdfs} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func newKey(by *authority, p *keyPlan) (*named, error) {
	var key crypto.Signer
	var err error
	alg := "ES256"
	if p.name == "document RSA" {
		key, err = rsaTestKey()
		alg = "RS256"
	} else {
		key, err = testKey(p.name)
	}
	if err != nil {
		return nil, err
	}
	leaf, err := by.certificate("一致性测试 TEST ONLY "+p.name, key.Public(), by.ca, by.Key)
	if err != nil {
		return nil, err
	}
	k := &yinzheng.Key{
		Purpose: p.purpose, NotBefore: begin, NotAfter: end, State: yinzheng.KeyActive, Since: begin,
		Alg: alg, Public: key.Public(), Chain: [][]byte{leaf.Raw, by.ca.Raw, by.root.Raw},
	}
	if p.organ != nil {
		k.Organ, k.OrganName = p.organ.Code, p.organ.Name
	}
	if p.change != nil {
		p.change(k)
	}
	if k.KID, err = keys.KID(k.Public); err != nil {
		return nil, err
	}
	return &named{k, signer.PrivateKey{KID: k.KID, Purpose: p.purpose, Key: key, Chain: k.Chain}}, nil
}
