package signer

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"yinzheng/internal/pdf/pdftest"
)

// authority is a root with an issuing CA below it.
type authority struct {
	rootKey, caKey *ecdsa.PrivateKey
	root, ca       *x509.Certificate
	serial         int64
}

var (
	epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	now   = time.Date(2026, 11, 2, 8, 15, 0, 0, time.UTC)
)

func newAuthority(t testing.TB, name string) *authority {
	t.Helper()
	a := &authority{rootKey: newECKey(t), caKey: newECKey(t)}
	a.root = a.certificate(t, name+" Root", true, a.rootKey.Public(), nil, a.rootKey)
	a.ca = a.certificate(t, name+" Issuing CA", true, a.caKey.Public(), a.root, a.rootKey)
	return a
}

// leaf returns the chain of a new certificate for a key.
func (a *authority) leaf(t testing.TB, name string, public crypto.PublicKey) [][]byte {
	t.Helper()
	c := a.certificate(t, name, false, public, a.ca, a.caKey)
	return [][]byte{c.Raw, a.ca.Raw, a.root.Raw}
}

func (a *authority) certificate(t testing.TB, name string, ca bool, public crypto.PublicKey, parent *x509.Certificate, key crypto.Signer) *x509.Certificate {
	t.Helper()
	a.serial++
	c := &x509.Certificate{
		SerialNumber: big.NewInt(0x80 + a.serial), Subject: pkix.Name{CommonName: name, Country: []string{"CN"}},
		NotBefore: epoch, NotAfter: epoch.AddDate(10, 0, 0), BasicConstraintsValid: true, IsCA: ca,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
	}
	if ca {
		c.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	}
	if parent == nil {
		parent = c
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, public, key)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func newECKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

var rsaKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func newRSAKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	k, err := rsaKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newSeal(t testing.TB, a *authority, key crypto.Signer) *Seal {
	t.Helper()
	s, err := NewSeal(key, a.leaf(t, "Organ Seal", key.Public()))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const attachmentJSON = `{"token":"a.b.c","salt":"AAAAAAAAAAAAAAAAAAAAAA","item":"residence","template_version":1,"number":"1.2.156","values":{"name":"张三"}}`

// draft is an unsigned PDF with its gap.
type draft struct {
	data       []byte
	start, end int
	xref       int
}

// The objects of a draft: 6 the signature field, 7 its dictionary, 8 and 9
// the attached file.
const (
	catalogExtra = "/AcroForm<</Fields[6 0 R]/SigFlags 3>>/AF[8 0 R]"
	fieldObject  = "<</Type/Annot/Subtype/Widget/FT/Sig/T(sig)/F 132/P 3 0 R/Rect[0 0 0 0]/V 7 0 R>>"
)

// newDraft makes a page with a signature field; more may add to the revision.
func newDraft(t testing.TB, size int, more func(f *pdftest.File)) draft {
	t.Helper()
	f := pdftest.Page("certificate", catalogExtra)
	f.Object(6, fieldObject)
	f.Object(8, "<</Type/Filespec/F(yinzheng.json)/UF(yinzheng.json)/AFRelationship/Data/EF<</F 9 0 R>>>>")
	f.Stream(9, "/Type/EmbeddedFile", []byte(attachmentJSON))
	if more != nil {
		more(f)
	}
	return addSignature(t, f, 7, "/SubFilter/ETSI.CAdES.detached/M(D:20261102081500Z)", size)
}

// addSignature writes a signature dictionary as object num, ends the revision
// and sets the ByteRange.
func addSignature(t testing.TB, f *pdftest.File, num int, extra string, size int) draft {
	t.Helper()
	const wide = "/ByteRange[0 ########## ########## ##########]"
	gap := "<" + strings.Repeat("0", 2*size) + ">"
	at := f.Object(num, "<</Type/Sig/Filter/Adobe.PPKLite"+extra+wide+"/Contents"+gap+">>")
	data, xref := f.Finish("/Root 1 0 R")
	start := at + bytes.Index(data[at:], []byte(gap))
	d := draft{data, start, start + len(gap), xref}
	ranges := fmt.Sprintf("/ByteRange[0 %-10d %-10d %-10d]", d.start, d.end, len(data)-d.end)
	copy(data[at+bytes.Index(data[at:], []byte(wide)):], ranges)
	return d
}

func sealed(t testing.TB, s *Seal, d draft) []byte {
	t.Helper()
	if err := s.Sign(d.data, d.start, d.end); err != nil {
		t.Fatal(err)
	}
	return d.data
}

// later continues an issued file with another revision.
func later(d draft, build func(f *pdftest.File)) []byte {
	f := pdftest.Continue(d.data, 10, d.xref)
	build(f)
	data, _ := f.Finish("/Root 1 0 R")
	return data
}

func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func write(t testing.TB, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func pemOf(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
