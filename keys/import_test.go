package keys

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// outsideCA is a root and a CA below it that are not ours.
type outsideCA struct {
	root, ca *x509.Certificate
	key      crypto.Signer
}

func newOutsideCA(t *testing.T) outsideCA {
	t.Helper()
	make1 := func(cn string, parent *x509.Certificate, parentKey crypto.Signer) (*x509.Certificate, crypto.Signer) {
		key, err := generate(ES256, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		template := &x509.Certificate{
			SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: cn}, NotBefore: testNow.AddDate(-1, 0, 0), NotAfter: testNow.AddDate(9, 0, 0),
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		}
		if parent == nil {
			parent, parentKey = template, key
		}
		cert, err := sign(template, parent, key.Public(), parentKey, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return cert, key
	}
	root, rootKey := make1("省电子政务根", nil, nil)
	ca, key := make1("省电子政务 CA", root, rootKey)
	return outsideCA{root, ca, key}
}

// certify answers a request, as edit says.
func (c outsideCA) certify(t *testing.T, csr []byte, edit func(*x509.Certificate)) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(csr)
	request, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if err := request.CheckSignature(); err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), RawSubject: request.RawSubject, KeyUsage: x509.KeyUsageContentCommitment,
		NotBefore: testNow.AddDate(0, 0, -1), NotAfter: testNow.AddDate(2, 0, 0), BasicConstraintsValid: true,
	}
	if edit != nil {
		edit(template)
	}
	cert, err := sign(template, c.ca, request.PublicKey, c.key, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func chainPEM(chain ...*x509.Certificate) []byte {
	var b []byte
	for _, c := range chain {
		b = append(b, certificatePEM(c)...)
	}
	return b
}

func request(t *testing.T, k *Keyring, kid string) []byte {
	t.Helper()
	csr, err := k.CSR(kid)
	if err != nil {
		t.Fatal(err)
	}
	return csr
}

func TestImportCertificate(t *testing.T) {
	k, dir, seal := newRing(t)
	csr := request(t, k, seal.KID)
	if out, err := openssl(t, "req", "-verify", "-noout", "-in", writeFile(t, "csr.pem", csr)); err != nil {
		t.Errorf("openssl refuses the request: %s", out)
	}
	ca := newOutsideCA(t)
	cert := ca.certify(t, csr, nil)
	for range 2 { // the same again changes nothing
		if err := k.ImportCertificate(seal.KID, chainPEM(cert, ca.ca, ca.root)); err != nil {
			t.Fatal(err)
		}
	}
	for _, ring := range []*Keyring{k, reopen(t, dir)} {
		s, chain, err := ring.Signer(seal.KID)
		if err != nil {
			t.Fatal(err)
		}
		checkSigner(t, s, cert)
		if len(chain) != 3 || !chain[0].Equal(cert) || !chain[1].Equal(ca.ca) || !chain[2].Equal(ca.root) {
			t.Error("the chain in force is not the imported one")
		}
		got, err := ring.Seal(seal.KID)
		if err != nil || len(got.Former) != 1 || !got.Former[0][0].Equal(seal.Certificate()) {
			t.Errorf("the former chain: %v, %v", got.Former, err)
		}
	}
	if string(cert.RawSubject) != string(seal.Certificate().RawSubject) {
		t.Error("the request has another subject")
	}
}

func TestImportRefuses(t *testing.T) {
	k, dir, seal := newRing(t)
	token := newSeal(t, k, SealRequest{Purpose: Token, Organ: testOrgan})
	retired := newSeal(t, k, SealRequest{Purpose: Document, Organ: testOrgan})
	csr, tokenCSR, retiredCSR := request(t, k, seal.KID), request(t, k, token.KID), request(t, k, retired.KID)
	if err := k.Retire(retired.KID); err != nil {
		t.Fatal(err)
	}
	ca, another := newOutsideCA(t), newOutsideCA(t)
	good := ca.certify(t, csr, nil)
	with := func(edit func(*x509.Certificate)) []byte {
		return chainPEM(ca.certify(t, csr, edit), ca.ca, ca.root)
	}
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")})
	for _, tt := range []struct {
		name  string
		kid   string
		chain []byte
		text  string
	}{
		{"nothing", seal.KID, nil, "issuers up to the root"},
		{"not PEM", seal.KID, []byte("hello"), "not PEM"},
		{"text after", seal.KID, append(chainPEM(good, ca.ca, ca.root), "bye"...), "not PEM"},
		{"broken DER", seal.KID, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte{0x30, 3, 1}}), "certificate 1"},
		{"a private key with it", seal.KID, append(chainPEM(good, ca.ca, ca.root), key...), "no private key"},
		{"too long", seal.KID, chainPEM(good, ca.ca, ca.root, ca.root, ca.root, ca.root, ca.root), "more than 6"},
		{"alone", seal.KID, chainPEM(good), "issuers up to the root"},
		{"no root", seal.KID, chainPEM(good, ca.ca), "certificate 2"},
		{"no issuer", seal.KID, chainPEM(good, ca.root), "certificate 1"},
		{"wrong order", seal.KID, chainPEM(ca.root, ca.ca, good), "another key"},
		{"another root", seal.KID, chainPEM(good, ca.ca, another.root), "certificate 2"},
		{"another CA of that name", seal.KID, chainPEM(good, another.ca, another.root), "certificate 1"},
		{"another seal's", token.KID, chainPEM(good, ca.ca, ca.root), "another key"},
		{"expired", seal.KID, with(func(c *x509.Certificate) { c.NotAfter = testNow.Add(-time.Second) }), "validity"},
		{"not yet", seal.KID, with(func(c *x509.Certificate) { c.NotBefore = testNow.Add(time.Hour) }), "validity"},
		{"a CA's", seal.KID, with(func(c *x509.Certificate) { c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign }), "CA's"},
		{"usage", seal.KID, with(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }), "key usage"},
		{"a token with a document's usage", token.KID, chainPEM(ca.certify(t, tokenCSR, nil), ca.ca, ca.root), "key usage"},
		{"critical unknown", seal.KID, with(func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: []int{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}}}
		}), "does not hold"},
		{"retired", retired.KID, chainPEM(ca.certify(t, retiredCSR, nil), ca.ca, ca.root), "retired"},
		{"no such seal", "nosuchid", chainPEM(good, ca.ca, ca.root), "no such key"},
	} {
		err := k.ImportCertificate(tt.kid, tt.chain)
		if err == nil || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s: error is %v; want %q", tt.name, err, tt.text)
		}
	}
	for _, s := range reopen(t, filepath.Clean(dir)).List() {
		if len(s.Former) != 0 {
			t.Errorf("seal %s was changed", s.KID)
		}
	}
	wantError(t, k.ImportCertificate(seal.KID, with(func(c *x509.Certificate) { c.NotAfter = testNow })), ErrOutside)
	_, err := k.CSR(retired.KID)
	wantError(t, err, ErrRetired)
}
