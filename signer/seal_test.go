package signer

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"strings"
	"testing"
)

func TestSealOpenSSL(t *testing.T) {
	a := newAuthority(t, "Test")
	dir := t.TempDir()
	root := write(t, dir, "root.pem", pemOf(a.root.Raw))
	content := []byte("what is signed")
	for name, key := range map[string]crypto.Signer{"ES256": newECKey(t), "RS256": newRSAKey(t)} {
		s := newSeal(t, a, key)
		der, err := s.CMS(nil, sha256.Sum256(content))
		if err != nil {
			t.Fatal(err)
		}
		if len(der) > s.Size() {
			t.Errorf("%s: %d bytes, at most %d were announced", name, len(der), s.Size())
		}
		cms := write(t, dir, "cms.der", der)
		in := write(t, dir, "content", content)
		run(t, "openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", cms, "-content", in, "-CAfile", root, "-cades", "-out", "/dev/null")
		text := run(t, "openssl", "cms", "-cmsout", "-print", "-inform", "DER", "-in", cms)
		for _, want := range []string{"id-smime-aa-signingCertificateV2", "contentType", "messageDigest"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %s", name, want)
			}
		}
		if strings.Contains(text, "signingTime") {
			t.Errorf("%s: a signing-time attribute", name)
		}
		if n := strings.Count(text, "d.certificate:"); n != 3 {
			t.Errorf("%s: %d certificates, not the whole chain", name, n)
		}
		run(t, "openssl", "asn1parse", "-inform", "DER", "-in", cms)
	}
}

// DER asks for a SET OF in ascending order; openssl does not look.
func TestFormOrder(t *testing.T) {
	a := newAuthority(t, "Test")
	key := newECKey(t)
	der, err := newSeal(t, a, key).CMS(nil, [32]byte{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := parseCMS(der)
	if err != nil {
		t.Fatal(err)
	}
	certs, err := d.parseCertificates()
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i < len(certs); i++ {
		if bytes.Compare(certs[i-1].Raw, certs[i].Raw) >= 0 {
			t.Error("certificates out of order")
		}
	}
	contentType, messageDigest, signingCert := bytes.Index(d.attrs, oidContentType), bytes.Index(d.attrs, oidMessageDigest), bytes.Index(d.attrs, oidSigningCertV2)
	if contentType < 0 || contentType > messageDigest || messageDigest > signingCert {
		t.Error("attributes out of order")
	}
}

func TestNewSealRefuses(t *testing.T) {
	a, b := newAuthority(t, "A"), newAuthority(t, "B")
	key := newECKey(t)
	good := a.leaf(t, "Seal", key.Public())
	tests := map[string][][]byte{
		"no chain":      nil,
		"not DER":       {[]byte("x")},
		"without root":  good[:2],
		"without CA":    {good[0], good[2]},
		"another's":     a.leaf(t, "Seal", newECKey(t).Public()),
		"another chain": {good[0], b.ca.Raw, b.root.Raw},
	}
	for name, chain := range tests {
		if _, err := NewSeal(key, chain); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestSealRefusesGap(t *testing.T) {
	s := newSeal(t, newAuthority(t, "A"), newECKey(t))
	d := newDraft(t, s.Size()-1, nil)
	if err := s.Sign(d.data, d.start, d.end); err == nil {
		t.Error("a gap that is too small was filled")
	}
	d = newDraft(t, s.Size(), nil)
	for _, gap := range [][2]int{{d.start + 1, d.end}, {d.start, d.end - 1}, {-1, 5}, {0, len(d.data) + 1}, {d.end, d.start}} {
		if err := s.Sign(d.data, gap[0], gap[1]); err == nil {
			t.Errorf("gap %v was filled", gap)
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	s := newSeal(b, newAuthority(b, "A"), newECKey(b))
	d := newDraft(b, s.Size(), nil)
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Sign(d.data, d.start, d.end); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBareSign(b *testing.B) {
	key := newECKey(b)
	sum := sha256.Sum256(nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := key.Sign(rand.Reader, sum[:], crypto.SHA256); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzCMS(f *testing.F) {
	a := newAuthority(f, "A")
	s := newSeal(f, a, newECKey(f))
	der, err := s.CMS(nil, [32]byte{})
	if err != nil {
		f.Fatal(err)
	}
	good, err := parseCMS(der)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(der)
	var v Checker
	f.Fuzz(func(t *testing.T, in []byte) {
		d, err := parseCMS(in)
		if err != nil {
			return
		}
		c, err := v.chains.of(d)
		if err != nil {
			return
		}
		err = d.check(c.certs[0], func(h crypto.Hash) []byte { return make([]byte, h.Size()) })
		if err == nil && d.ours(c) && bytes.Equal(d.signature, good.signature) && !bytes.Equal(in, der) {
			t.Fatal("two signed messages of one signature")
		}
	})
}
