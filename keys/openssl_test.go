package keys

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// openssl runs the command and gives what it prints.
func openssl(t *testing.T, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command("openssl", args...)
	out, err := cmd.CombinedOutput()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatalf("these tests need openssl: %v", err)
	}
	return string(out), err
}

func writeFile(t *testing.T, name string, parts ...[]byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	var b []byte
	for _, p := range parts {
		b = append(b, p...)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func crlPEM(t *testing.T, k *Keyring, n int, revoked ...x509.RevocationListEntry) []byte {
	t.Helper()
	der, err := k.CRL(n, revoked, testNow)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der})
}

func TestOpenSSLVerify(t *testing.T) {
	k, dir, _ := newRing(t)
	for _, r := range []SealRequest{
		{Purpose: Token, Organ: testOrgan},
		{Purpose: Status, Organ: testOrgan},
		{Purpose: Log, Organ: testOrgan},
		{Purpose: Document, Organ: testOrgan, Algorithm: RSA3072},
		{Purpose: Document, Organ: Organ{Name: "河南岸街道办事处"}},
	} {
		newSeal(t, k, r)
	}
	root := filepath.Join(dir, rootCertName)
	clean := writeFile(t, "crls.pem", crlPEM(t, k, 0), crlPEM(t, k, 1))
	for _, s := range k.List() {
		issuing := writeFile(t, "issuing.pem", certificatePEM(s.Chain[1]))
		leaf := writeFile(t, "seal.pem", certificatePEM(s.Chain[0]))
		verify := func(more ...string) (string, error) {
			args := append([]string{"verify", "-x509_strict", "-attime", fmt.Sprint(testNow.Unix()), "-CAfile", root, "-untrusted", issuing}, more...)
			return openssl(t, append(args, leaf)...)
		}
		for _, more := range [][]string{nil, {"-purpose", "smimesign"}, {"-crl_check_all", "-CRLfile", clean}} {
			if out, err := verify(more...); err != nil {
				t.Errorf("%s %v: %v\n%s", s.Purpose, more, err, out)
			}
		}
		revoked := writeFile(t, "revoked.pem", crlPEM(t, k, 0), crlPEM(t, k, 1, x509.RevocationListEntry{
			SerialNumber: s.Certificate().SerialNumber, RevocationTime: testNow.Add(-time.Minute), ReasonCode: 1,
		}))
		if out, err := verify("-crl_check_all", "-CRLfile", revoked); err == nil || !strings.Contains(out, "certificate revoked") {
			t.Errorf("%s revoked: %v\n%s", s.Purpose, err, out)
		}
	}
}

func TestOpenSSLText(t *testing.T) {
	k, _, seal := newRing(t)
	token := newSeal(t, k, SealRequest{Purpose: Token, Organ: testOrgan})
	text := func(c *x509.Certificate) string {
		out, err := openssl(t, "x509", "-text", "-noout", "-nameopt", "sep_comma_plus,utf8,-esc_msb,esc_ctrl", "-in", writeFile(t, "c.pem", certificatePEM(c)))
		if err != nil {
			t.Fatal(err, out)
		}
		return regexp.MustCompile(`\s+`).ReplaceAllString(out, " ")
	}
	root, issuing := seal.Chain[2], seal.Chain[1]
	for _, tt := range []struct {
		cert *x509.Certificate
		has  []string
		not  []string
	}{
		{
			seal.Certificate(),
			[]string{
				"Subject: C=CN,ST=广东省,L=惠州市,O=惠州市惠城区民政局,organizationIdentifier=11441302007223876K,CN=惠州市惠城区民政局电子印章",
				"Issuer: C=CN,O=Yinzheng,CN=Yinzheng Issuing CA",
				"Key Usage: critical Digital Signature, Non Repudiation X509v3",
				"URI:https://zm.example.gov.cn/ca/1.crl", "CA:FALSE",
				"Not Before: Nov 2 07:15:30 2026 GMT", "Not After : Nov 2 07:15:29 2031 GMT",
				"Subject Key Identifier", "Authority Key Identifier",
			},
			[]string{"Extended Key Usage"},
		},
		{
			token.Certificate(),
			[]string{"CN=惠州市惠城区民政局验证码签名", "Key Usage: critical Digital Signature X509v3"},
			[]string{"Non Repudiation", "Extended Key Usage"},
		},
		{
			issuing,
			[]string{
				"Basic Constraints: critical CA:TRUE, pathlen:0", "Key Usage: critical Digital Signature, Certificate Sign, CRL Sign",
				"URI:https://zm.example.gov.cn/ca/0.crl", "Not After : Nov 2 07:15:29 2036 GMT", "Issuer: C=CN,O=Yinzheng,CN=Yinzheng Root",
			},
			nil,
		},
		{
			root,
			[]string{
				"Basic Constraints: critical CA:TRUE, pathlen:1", "Key Usage: critical Certificate Sign, CRL Sign",
				"Not After : Nov 2 07:15:29 2046 GMT", "Subject: C=CN,O=Yinzheng,CN=Yinzheng Root",
			},
			[]string{"CRL Distribution"},
		},
	} {
		out := text(tt.cert)
		for _, want := range tt.has {
			if !strings.Contains(out, want) {
				t.Errorf("no %q in\n%s", want, out)
			}
		}
		for _, not := range tt.not {
			if strings.Contains(out, not) {
				t.Errorf("%q in\n%s", not, out)
			}
		}
		if n := len(tt.cert.SerialNumber.Bytes()); tt.cert.SerialNumber.Sign() != 1 || n > 19 || n < 8 {
			t.Errorf("a serial number of %d octets", n)
		}
		asn1, err := openssl(t, "asn1parse", "-in", writeFile(t, "c.pem", certificatePEM(tt.cert)))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(asn1) {
			if strings.Contains(line, "PRINTABLESTRING") && !strings.HasSuffix(strings.TrimSpace(line), ":CN") {
				t.Errorf("text that is no UTF8String: %s", line)
			}
		}
	}
}

func TestCRL(t *testing.T) {
	k, dir, seal := newRing(t)
	der, err := k.CRL(1, []x509.RevocationListEntry{{SerialNumber: seal.Certificate().SerialNumber, RevocationTime: testNow}}, testNow)
	if err != nil {
		t.Fatal(err)
	}
	crl, err := x509.ParseRevocationList(der)
	if err != nil {
		t.Fatal(err)
	}
	if err := crl.CheckSignatureFrom(seal.Chain[1]); err != nil {
		t.Error(err)
	}
	if len(crl.RevokedCertificateEntries) != 1 || !crl.NextUpdate.Equal(testNow.Truncate(time.Second).Add(CRLValidity)) {
		t.Errorf("%d entries, next update %s", len(crl.RevokedCertificateEntries), crl.NextUpdate)
	}
	der, err = k.CRL(1, nil, testNow.Add(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	later, err := x509.ParseRevocationList(der)
	if err != nil || later.Number.Cmp(crl.Number) <= 0 {
		t.Errorf("the number of a later list does not rise (%v)", err)
	}

	// The root's list outlasts the root key's stay in the folder.
	removeRoot(t, k)
	der, err = reopen(t, dir).CRL(0, nil, testNow.AddDate(9, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	crl, err = x509.ParseRevocationList(der)
	if err != nil || crl.CheckSignatureFrom(k.Root()) != nil || !crl.NextUpdate.Equal(seal.Chain[1].NotAfter) {
		t.Errorf("the root's list: %v, next update %s", err, crl.NextUpdate)
	}
	if _, err := k.CRL(0, []x509.RevocationListEntry{{}}, testNow); err == nil {
		t.Error("the root's list took an entry")
	}
	_, err = k.CRL(2, nil, testNow)
	wantError(t, err, ErrNotFound)

	path := filepath.Join(dir, rootCRLName)
	forged, err := k.CRL(1, nil, testNow)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range [][]byte{forged, der[:len(der)-1], nil} {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err = k.CRL(0, nil, testNow)
		wantError(t, err, ErrDamaged, path)
	}
}

func removeRoot(t *testing.T, k *Keyring) []byte {
	t.Helper()
	pass := Passphrase("kept in the safe of the office")
	exported, err := k.ExportRoot(pass)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.RemoveRoot(exported, pass); err != nil {
		t.Fatal(err)
	}
	return exported
}

func TestExportRoot(t *testing.T) {
	k, dir, seal := newRing(t)
	pass := Passphrase("kept in the safe of the office")
	exported, err := k.ExportRoot(pass)
	if err != nil {
		t.Fatal(err)
	}
	rootFile := k.rootKey.file.name()

	wrong := map[string]error{
		"wrong passphrase": k.RemoveRoot(exported, Passphrase("kept in the safe of the bank")),
		"no secret":        k.RemoveRoot(exported, Secret{}),
		"cut":              k.RemoveRoot(exported[:len(exported)-40], pass),
		"certificate only": k.RemoveRoot(certificatePEM(k.Root()), pass),
		"nothing":          k.RemoveRoot(nil, pass),
	}
	other, _, _ := newRing(t)
	others, err := other.ExportRoot(pass)
	if err != nil {
		t.Fatal(err)
	}
	wrong["another root"] = k.RemoveRoot(others, pass)
	for name, err := range wrong {
		if err == nil {
			t.Errorf("%s: the root was removed", name)
		}
	}
	wantError(t, wrong["wrong passphrase"], ErrWrongSecret)
	if _, err := os.Stat(filepath.Join(dir, rootFile)); err != nil {
		t.Fatal("the root went with a copy that does not open:", err)
	}

	// openssl opens it, and it is the root's key.
	out, err := openssl(t, "pkey", "-in", writeFile(t, "root-key.pem", exported), "-passin", "pass:kept in the safe of the office", "-pubout")
	if err != nil {
		t.Fatal(err, out)
	}
	block, _ := pem.Decode([]byte(out))
	if block == nil || string(block.Bytes) != string(k.Root().RawSubjectPublicKeyInfo) {
		t.Errorf("openssl reads another key:\n%s", out)
	}

	if err := k.RemoveRoot(exported, pass); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, rootFile)); !os.IsNotExist(err) {
		t.Errorf("the root key's file is still there (%v)", err)
	}
	for _, ring := range []*Keyring{k, reopen(t, dir)} {
		_, err = ring.ExportRoot(pass)
		wantError(t, err, ErrNoRoot)
		wantError(t, ring.RemoveRoot(exported, pass), ErrNoRoot)
		if !ring.Root().Equal(seal.Chain[2]) {
			t.Error("the root certificate changed")
		}
		newSeal(t, ring, SealRequest{Purpose: Token, Organ: testOrgan})
	}
	for name, s := range map[string]Secret{"short": Passphrase("short"), "none": {}, "key file": keyFileSecret(t, strings.Repeat("x", 40), 0o600)} {
		if _, err := other.ExportRoot(s); err == nil {
			t.Errorf("exported under a %s secret", name)
		}
	}
}
