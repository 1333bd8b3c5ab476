package signer

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"yinzheng/internal/pdf/pdftest"
)

// forgedObject is the page's text, replaced, as it would stand in a file.
const forgedObject = "4 0 obj\n<</Length 40>>\nstream\nBT /F 18 Tf 20 100 Td (FORGED TEXT) Tj ET\nendstream\nendobj\n"

// farStart puts white space between the last startxref and its number.
func farStart(data []byte) []byte {
	i := bytes.LastIndex(data, []byte("startxref\n")) + len("startxref\n")
	return slices.Insert(bytes.Clone(data), i, []byte(strings.Repeat(" ", 6000))...)
}

// A later revision that adds validation data and nothing else here, but whose
// spelling makes viewers mend the file and show what it hides.
func TestVerifyTwoReadings(t *testing.T) {
	s := newSeal(t, newAuthority(t, "A"), newECKey(t))
	d := newDraft(t, s.Size(), nil)
	sealed(t, s, d)
	catalog := "<</Type/Catalog/Pages 2 0 R" + catalogExtra + "/DSS 10 0 R>>"
	store := func(dss, cert, trailer string) []byte {
		f := pdftest.Continue(d.data, 12, d.xref)
		f.Object(1, catalog)
		f.Object(10, dss)
		f.Stream(11, "", []byte(cert))
		data, _ := f.Finish(trailer)
		return data
	}
	const dss, root = "<</Type/DSS/Certs[11 0 R]>>", "/Root 1 0 R"
	var v Checker
	if r := v.CheckPDF(store(dss, "cert with object, 0x80\x80obj", root)); !clean(r) {
		t.Fatalf("a plain DSS: %v", r.Findings)
	}
	shrunk := later(d, func(*pdftest.File) {})
	tests := map[string][]byte{
		"object in a stream, far startxref": farStart(store(dss, "x\n"+forgedObject, root)),
		"object in a stream":                store(dss, "x\n"+forgedObject, root),
		"object in a comment":               store("<</Type/DSS%"+strings.ReplaceAll(forgedObject, "\n", " ")+"\n/Certs[11 0 R]>>", "x", root),
		"object in a string":                store("<</Type("+forgedObject+")/Certs[11 0 R]>>", "x", root),
		"header with a comment in it":       store(dss, "4 0%\nobj (x) endobj", root),
		"trailer in a stream":               store(dss, "trailer <</Root 3 0 R>>", root),
		"trailer in the trailer":            store(dss, "x", root+"/ID[(trailer <</Root 3 0 R>>)()]"),
		"startxref in a stream":             store(dss, "startxref\n0\n%%EOF", root),
		"far startxref":                     farStart(store(dss, "x", root)),
		"smaller Size":                      bytes.Replace(shrunk, []byte("<</Size 10/Root 1 0 R/Prev"), []byte("<</Size 04/Root 1 0 R/Prev"), 1),
		"Root in another spelling":          store(dss, "x", root+"/Root#00 3 0 R"),
		"hybrid":                            hybridRevision(d, catalog, dss),
	}
	for name, data := range tests {
		if r := v.CheckPDF(data); r.Problem != LaterRevision || clean(r) {
			t.Errorf("%s: %q %v", name, r.Problem, r.Findings)
		}
	}
	// Why it matters: the same bytes, read by a viewer.
	path := write(t, t.TempDir(), "far.pdf", tests["object in a stream, far startxref"])
	if out := run(t, "pdftotext", path, "-"); !strings.Contains(out, "FORGED") {
		t.Errorf("poppler no longer mends such a file; it shows %q", out)
	}
}

// hybridRevision lists the DSS in a table and in a stream that the table names,
// each at another place: readers differ on which counts.
func hybridRevision(d draft, catalog, dss string) []byte {
	f := pdftest.Continue(d.data, 13, d.xref)
	f.Object(1, catalog)
	f.Object(10, dss)
	f.Stream(11, "", []byte("x"))
	at := f.Len()
	row := []byte{1, byte(at >> 16), byte(at >> 8), byte(at), 0}
	fmt.Fprintf(f, "12 0 obj\n<</Type/XRef/Size 13/W[1 3 1]/Index[12 1]/Root 1 0 R/Length 5>>\nstream\n%s\nendstream\nendobj\n", row)
	data, _ := f.Finish(fmt.Sprintf("/Root 1 0 R/XRefStm %d", at))
	return data
}

// A timestamp's widget shows nothing; a note shows its icon without any appearance.
func TestVerifyTimestampNote(t *testing.T) {
	s := newSeal(t, newAuthority(t, "A"), newECKey(t))
	d := newDraft(t, s.Size(), nil)
	sealed(t, s, d)
	for kind, want := range map[string]string{"Widget": "", "Text": LaterRevision, "FileAttachment": LaterRevision} {
		f := pdftest.Continue(d.data, 10, d.xref)
		f.Object(1, "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[6 0 R 10 0 R]/SigFlags 3>>/AF[8 0 R]>>")
		f.Object(10, "<</Type/Annot/Subtype/"+kind+"/FT/Sig/T(stamp)/F 132/P 3 0 R/Rect[0 0 0 0]/V 11 0 R>>")
		data := addSignature(t, f, 11, "/SubFilter/ETSI.RFC3161", 100).data
		if r := new(Checker).CheckPDF(data); r.Problem != want {
			t.Errorf("%s: %q, want %q: %v", kind, r.Problem, want, r.Findings)
		}
	}
}

// What a finding repeats of a file cannot drive the terminal that shows it.
func TestFindingsArePrintable(t *testing.T) {
	s := newSeal(t, newAuthority(t, "A"), newECKey(t))
	d := newDraft(t, s.Size(), nil)
	sealed(t, s, d)
	for _, key := range []string{"\x1b#5b2J\x1b#5bHvalid\x1b#5b8m", "\u202egnp", "\xff\x9b2J", strings.Repeat("证", 500)} {
		r := new(Checker).CheckPDF(later(d, func(f *pdftest.File) {
			f.Object(1, "<</Type/Catalog/Pages 2 0 R"+catalogExtra+"/DSS 10 0 R>>")
			f.Object(10, "<</"+key+" 1>>")
		}))
		if r.Problem != LaterRevision {
			t.Errorf("%q: %q", key, r.Problem)
		}
		for _, f := range r.Findings {
			for _, text := range []string{f.Text.ZH, f.Text.EN} {
				if len(text) > 400 || !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
					t.Errorf("%q: %q", key, text)
				}
			}
		}
	}
}
