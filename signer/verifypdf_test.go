package signer

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zlib"

	"yinzheng"
	"yinzheng/internal/pdf"
	"yinzheng/internal/pdf/pdftest"
)

// clean tells whether nothing is wrong with a file.
func clean(r *yinzheng.PDFReport) bool {
	return r.Readable && r.Signed && r.SignatureOK && r.Whole
}

func codes(r *yinzheng.PDFReport) (list []string) {
	for _, f := range r.Findings {
		list = append(list, f.Code)
	}
	return list
}

func TestVerifyGenuine(t *testing.T) {
	a := newAuthority(t, "A")
	for name, s := range map[string]*Seal{"ES256": newSeal(t, a, newECKey(t)), "RS256": newSeal(t, a, newRSAKey(t))} {
		data := sealed(t, s, newDraft(t, s.Size()+10, nil))
		var v Checker
		for range 2 { // the second time with the chain remembered
			r := v.CheckPDF(data)
			if !clean(r) || len(r.Findings) != 0 {
				t.Fatalf("%s: %+v", name, r)
			}
			if r.IssuedEnd != len(data) || r.IssuedDigest != sha256.Sum256(data) || !r.SignedAt.Equal(now) {
				t.Errorf("%s: issued to %d at %v", name, r.IssuedEnd, r.SignedAt)
			}
			if len(r.Chain) != 3 || !bytes.Equal(r.Chain[2], a.root.Raw) || !bytes.Equal(r.Certificate, r.Chain[0]) {
				t.Errorf("%s: a chain of %d", name, len(r.Chain))
			}
			if r.Attached == nil || r.Attached.Values.String("name") != "张三" || r.Attached.Template != 1 {
				t.Errorf("%s: attached %+v", name, r.Attached)
			}
		}
	}
}

func TestVerifyPdfsig(t *testing.T) {
	a := newAuthority(t, "A")
	dir := t.TempDir()
	for name, s := range map[string]*Seal{"ES256": newSeal(t, a, newECKey(t)), "RS256": newSeal(t, a, newRSAKey(t))} {
		path := write(t, dir, "x.pdf", sealed(t, s, newDraft(t, s.Size(), nil)))
		out := run(t, "pdfsig", path)
		for _, want := range []string{"Total document signed", "ETSI.CAdES.detached", "Signature is Valid", "SHA-256"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: pdfsig does not say %q:\n%s", name, want, out)
			}
		}
	}
}

// What the writer half of package pdf makes is read, sealed and clean, and holds
// no byte that is outside an object.
func TestVerifyOwnWriter(t *testing.T) {
	s := newSeal(t, newAuthority(t, "A"), newECKey(t))
	var w pdf.Writer
	w.Reset(nil)
	catalog := w.Reserve(7)
	pages, page, field, value, spec, file := catalog+1, catalog+2, catalog+3, catalog+4, catalog+5, catalog+6
	w.Open(catalog).Raw("<</Type/Catalog/Pages").Link(pages).Raw("/AcroForm<</SigFlags 3/Fields[").Link(field).Raw("]>>/AF[").Link(spec).Raw("]>>").Close()
	w.Open(pages).Raw("<</Type/Pages/Count 1/Kids[").Link(page).Raw("]>>").Close()
	w.Open(page).Raw("<</Type/Page/Parent").Link(pages).Raw("/MediaBox[0 0 300 200]/Resources<<>>/Annots[").Link(field).Raw("]>>").Close()
	w.Open(field).Raw("<</Type/Annot/Subtype/Widget/FT/Sig/T(seal)/F 132/Rect[0 0 0 0]/P").Link(page).Raw("/V").Link(value).Raw(">>").Close()
	w.Signature(value, pdf.Signature{Time: now.In(yinzheng.Zone), Name: "惠城区民政局", Size: s.Size()})
	w.Open(spec).Raw("<</Type/Filespec/F(yinzheng.json)/UF(yinzheng.json)/AFRelationship/Data/EF<</F").Link(file).Raw(">>>>").Close()
	w.Deflated(file, "/Type/EmbeddedFile", []byte(attachmentJSON))
	data, start, end, err := w.Finish(pdf.Trailer{Root: catalog})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Sign(data, start, end); err != nil {
		t.Fatal(err)
	}
	r := new(Checker).CheckPDF(data)
	if !clean(r) || r.Attached == nil || !r.SignedAt.Equal(now) || len(r.Findings) != 0 {
		t.Errorf("%+v", r)
	}
	f, err := pdf.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Tight(); err != nil {
		t.Error(err)
	}
	path := write(t, t.TempDir(), "own.pdf", data)
	if out := run(t, "pdfsig", path); !strings.Contains(out, "Signature is Valid") || !strings.Contains(out, "Total document signed") {
		t.Errorf("pdfsig:\n%s", out)
	}
}

// With any one byte changed, to any of a few values, a file is never clean.
func TestVerifyEveryByte(t *testing.T) {
	s := newSeal(t, newAuthority(t, "A"), newECKey(t))
	data := sealed(t, s, newDraft(t, s.Size()+8, nil))
	var v Checker
	for i, was := range data {
		for _, other := range []byte{was ^ 1, was ^ 0x20, ' '} {
			if other == was {
				continue
			}
			data[i] = other
			if r := v.CheckPDF(data); clean(r) {
				t.Errorf("byte %d (%q) changed to %q was not noticed", i, was, other)
			}
		}
		data[i] = was
	}
	if !clean(v.CheckPDF(data)) {
		t.Fatal("the file put back is not clean")
	}
}

func TestVerifyInsertedAndCut(t *testing.T) {
	s := newSeal(t, newAuthority(t, "A"), newECKey(t))
	data := sealed(t, s, newDraft(t, s.Size(), nil))
	var v Checker
	for i := range data {
		if clean(v.CheckPDF(slices.Insert(bytes.Clone(data), i, data[i]))) {
			t.Errorf("byte %d written twice was not noticed", i)
		}
		if clean(v.CheckPDF(slices.Delete(bytes.Clone(data), i, i+1))) {
			t.Errorf("byte %d taken out was not noticed", i)
		}
	}
}

func TestVerifyAltered(t *testing.T) {
	s := newSeal(t, newAuthority(t, "A"), newECKey(t))
	d := newDraft(t, s.Size(), nil)
	issued := sealed(t, s, d)
	content := func(text string) []byte { return []byte("BT /F 18 Tf 20 100 Td (" + text + ") Tj ET") }
	dss := "<</Type/Catalog/Pages 2 0 R" + catalogExtra + "/DSS 10 0 R>>"
	stampForm := "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[6 0 R 10 0 R]/SigFlags 3>>/AF[8 0 R]>>"
	tests := []struct {
		name   string
		data   []byte
		want   string // Problem
		inside bool   // the issued revision inside is told of
	}{
		{"a byte appended", append(bytes.Clone(issued), '\n'), Appended, true},
		{"junk appended", append(bytes.Clone(issued), "junk"...), Unreadable, true},
		{"the file twice", append(bytes.Clone(issued), issued...), Unreadable, true},
		{"last line end cut", issued[:len(issued)-1], Coverage, false},
		{"text replaced", later(d, func(f *pdftest.File) { f.Stream(4, "", content("forged")) }), LaterRevision, true},
		{"the same text again", later(d, func(f *pdftest.File) { f.Stream(4, "", content("certificate")) }), "", false},
		{"a page replaced", later(d, func(f *pdftest.File) {
			f.Object(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 10 0 R/Resources<</Font<</F 5 0 R>>>>>>")
			f.Stream(10, "", content("forged"))
		}), LaterRevision, true},
		{"an annotation over it", later(d, func(f *pdftest.File) {
			f.Object(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>/Annots[10 0 R]>>")
			f.Object(10, "<</Type/Annot/Subtype/FreeText/Rect[0 0 300 200]/Contents(forged)>>")
		}), LaterRevision, true},
		{"an object added", later(d, func(f *pdftest.File) { f.Object(10, "(x)") }), LaterRevision, true},
		{"an object removed", later(d, func(f *pdftest.File) { f.Entry(4, "0000000000 00001 f \n") }), LaterRevision, true},
		{"the form removed", later(d, func(f *pdftest.File) { f.Object(1, "<</Type/Catalog/Pages 2 0 R>>") }), LaterRevision, true},
		{"the catalog moved", later(d, func(f *pdftest.File) {
			f.Object(10, "<</Type/Catalog/Pages 2 0 R>>")
		}), LaterRevision, true},
		{"a second signature", later(d, func(f *pdftest.File) {
			f.Object(1, stampForm)
			f.Object(10, "<</Type/Annot/Subtype/Widget/FT/Sig/T(two)/Rect[0 0 0 0]/V 7 0 R>>")
		}), LaterRevision, true},
		{"the signature's dictionary changed", later(d, func(f *pdftest.File) { f.Object(7, "<</Type/Sig/ByteRange[0 1 2 3]/Contents<00>>>") }), LaterRevision, true},
		{"a reference into the issued bytes", later(d, func(f *pdftest.File) {
			f.Entry(4, fmt.Sprintf("%010d 00000 n \n", bytes.Index(issued, []byte("4 0 obj"))))
		}), LaterRevision, true},
		{"junk in a later revision", later(d, func(f *pdftest.File) { f.WriteString("% junk\n") }), LaterRevision, true},
		{"DSS", later(d, func(f *pdftest.File) {
			f.Object(1, dss)
			f.Object(10, "<</Type/DSS/Certs[11 0 R]/VRI<</AB<</Cert[11 0 R]/TU(D:2026)>>>>>>")
			f.Stream(11, "", []byte("cert"))
		}), "", false},
		{"DSS with something else", later(d, func(f *pdftest.File) {
			f.Object(1, dss)
			f.Object(10, "<</Type/DSS/Certs[11 0 R]/Pages 11 0 R>>")
			f.Stream(11, "", []byte("cert"))
		}), LaterRevision, true},
		{"DSS that takes the page's text", later(d, func(f *pdftest.File) {
			f.Object(1, dss)
			f.Object(10, "<</Type/DSS/Certs[4 0 R]>>")
			f.Stream(4, "", content("forged"))
		}), LaterRevision, true},
		{"DSS with a form in it", later(d, func(f *pdftest.File) {
			f.Object(1, dss)
			f.Object(10, "<</Type/DSS/Certs[11 0 R]>>")
			f.Stream(11, "/Type/XObject/Subtype/Form/BBox[0 0 1 1]", []byte("cert"))
		}), LaterRevision, true},
	}
	var v Checker
	for _, tt := range tests {
		r := v.CheckPDF(tt.data)
		if r.Problem != tt.want || (r.SignatureOK && r.Whole) != (tt.want == "") {
			t.Errorf("%s: %q, want %q: %v", tt.name, r.Problem, tt.want, r.Findings)
		}
		if told := slices.Contains(codes(r), Inside); told != tt.inside {
			t.Errorf("%s: the issued revision inside told of: %v", tt.name, told)
		}
		if tt.inside && (r.IssuedDigest != sha256.Sum256(issued) || !r.SignatureOK || r.Whole) {
			t.Errorf("%s: the issued revision is not the one inside", tt.name)
		}
	}
}

// A document timestamp that shows nothing may follow; one that shows, or does
// not cover its revision, may not.
func TestVerifyTimestamp(t *testing.T) {
	s := newSeal(t, newAuthority(t, "A"), newECKey(t))
	d := newDraft(t, s.Size(), nil)
	sealed(t, s, d)
	stamped := func(catalog, field string) draft {
		f := pdftest.Continue(d.data, 10, d.xref)
		f.Object(1, catalog)
		f.Object(10, field)
		return addSignature(t, f, 11, "/SubFilter/ETSI.RFC3161", 100)
	}
	const (
		catalog = "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[6 0 R 10 0 R]/SigFlags 3>>/AF[8 0 R]>>"
		field   = "<</Type/Annot/Subtype/Widget/FT/Sig/T(stamp)/F 132/P 3 0 R/Rect[0 0 0 0]/V 11 0 R>>"
	)
	good := stamped(catalog, field)
	uncovered := stamped(catalog, field)
	uncovered.data[bytes.LastIndex(uncovered.data, []byte("/ByteRange[0 "))+len("/ByteRange[0 ")]++
	tests := map[string]struct {
		data []byte
		want string
	}{
		"invisible":     {good.data, ""},
		"twice stamped": {stampAgain(t, good), ""},
		"visible":       {stamped(catalog, strings.Replace(field, "[0 0 0 0]", "[0 0 9 9]", 1)).data, LaterRevision},
		"appearance":    {stamped(catalog, strings.Replace(field, "/V", "/AP<</N 4 0 R>>/V", 1)).data, LaterRevision},
		"moves ours":    {stamped(strings.Replace(catalog, "6 0 R 10 0 R", "10 0 R 6 0 R", 1), field).data, LaterRevision},
		"not covering":  {uncovered.data, LaterRevision},
		"appended to":   {append(bytes.Clone(good.data), '\n'), Appended},
		"another form":  {stamped(strings.Replace(catalog, "/SigFlags", "/NeedAppearances true/SigFlags", 1), field).data, LaterRevision},
		"another page":  {stamped(strings.Replace(catalog, "/Pages 2", "/Pages 3", 1), field).data, LaterRevision},
	}
	var v Checker
	for name, tt := range tests {
		if r := v.CheckPDF(tt.data); r.Problem != tt.want || clean(r) != (tt.want == "") {
			t.Errorf("%s: %q, want %q: %v", name, r.Problem, tt.want, r.Findings)
		}
	}
}

// stampAgain adds a second timestamp, entered on its page too.
func stampAgain(t *testing.T, d draft) []byte {
	f := pdftest.Continue(d.data, 12, d.xref)
	f.Object(1, "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[6 0 R 10 0 R 12 0 R]/SigFlags 3>>/AF[8 0 R]>>")
	f.Object(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>/Annots[12 0 R]>>")
	f.Object(12, "<</Type/Annot/Subtype/Widget/FT/Sig/T(stamp2)/F 132/P 3 0 R/Rect[0 0 0 0]/V 13 0 R>>")
	return addSignature(t, f, 13, "/SubFilter/ETSI.RFC3161", 100).data
}

// ByteRange and Contents that stand in a string, a stream or a comment are not
// the signature's.
func TestVerifyDecoys(t *testing.T) {
	s := newSeal(t, newAuthority(t, "A"), newECKey(t))
	decoy := "/Type/Sig/ByteRange[0 10 20 30]/Contents<00>"
	d := newDraft(t, s.Size(), func(f *pdftest.File) {
		f.Object(10, "("+decoy+")")
		f.Stream(11, "", []byte("<<"+decoy+">>"))
		f.Object(12, "<<"+decoy+">>") // no field leads to it
		f.Object(13, "%"+decoy+"\nnull")
	})
	var v Checker
	if r := v.CheckPDF(sealed(t, s, d)); !clean(r) {
		t.Errorf("decoys deceive: %+v", r)
	}
	// The other way round: a text that looks like our signature signs nothing.
	f := pdftest.Page("x", "")
	f.Stream(6, "", d.data)
	data, _ := f.Finish("/Root 1 0 R")
	if r := v.CheckPDF(data); r.Signed || r.SignatureOK || !r.Readable {
		t.Errorf("an embedded certificate counts as a signature: %+v", r)
	}
}

// An issued revision that the newest cross-reference does not lead to.
func TestVerifyHidden(t *testing.T) {
	s := newSeal(t, newAuthority(t, "A"), newECKey(t))
	d := newDraft(t, s.Size(), nil)
	issued := sealed(t, s, d)
	f := pdftest.Continue(issued, 10, 0)
	f.Entry(0, "0000000000 65535 f \n")
	f.Object(1, "<</Type/Catalog/Pages 2 0 R>>")
	f.Object(2, "<</Type/Pages/Kids[]/Count 0>>")
	data, _ := f.Finish("/Root 1 0 R")
	var v Checker
	r := v.CheckPDF(data)
	if r.Problem != HiddenRevision || r.Whole || !r.SignatureOK || r.IssuedEnd != len(issued) {
		t.Errorf("%+v", r)
	}
}

func TestVerifyTwoFields(t *testing.T) {
	s := newSeal(t, newAuthority(t, "A"), newECKey(t))
	f := pdftest.Page("x", "/AcroForm<</Fields[6 0 R 10 0 R]>>")
	f.Object(6, fieldObject)
	f.Object(10, strings.Replace(fieldObject, "(sig)", "(two)", 1))
	var v Checker
	r := v.CheckPDF(sealed(t, s, addSignature(t, f, 7, "/SubFilter/ETSI.CAdES.detached", s.Size())))
	if r.Problem != TwoSignatures || clean(r) {
		t.Errorf("%q", r.Problem)
	}
}

func TestVerifyUnsigned(t *testing.T) {
	dir := t.TempDir()
	plain, _ := pdftest.Page("x", "").Finish("/Root 1 0 R")
	in := write(t, dir, "in.pdf", plain)
	encrypted := filepath.Join(dir, "encrypted.pdf")
	run(t, "qpdf", "--encrypt", "a", "b", "256", "--", in, encrypted)
	secret, err := os.ReadFile(encrypted)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name     string
		data     []byte
		readable bool
		want     string
	}{
		{"unsigned", plain, true, ""},
		{"empty", nil, false, NotPDF},
		{"text", []byte("hello"), false, NotPDF},
		{"picture", []byte("\x89PNG\r\n\x1a\n"), false, NotPDF},
		{"encrypted", secret, false, Encrypted},
		{"cut", plain[:len(plain)/2], false, Unreadable},
		{"bomb", bomb(t), false, TooLarge},
	}
	var v Checker
	for _, tt := range tests {
		r := v.CheckPDF(tt.data)
		if r.Signed || r.Readable != tt.readable || r.Problem != tt.want {
			t.Errorf("%s: %+v", tt.name, r)
		}
	}
}

// bomb is a PDF whose cross-reference stream inflates to 200 MB.
func bomb(t *testing.T) []byte {
	var body bytes.Buffer
	z := zlib.NewWriter(&body)
	zeros := make([]byte, 1<<20)
	for range 200 {
		if _, err := z.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	f := pdftest.New()
	at := f.Stream(1, "/Type/XRef/Size 2/W[1 2 1]/Root 1 0 R/Filter/FlateDecode", body.Bytes())
	fmt.Fprintf(f, "startxref\n%d\n%%%%EOF\n", at)
	return f.Bytes()
}

// What other programs make of an issued file is not what was issued.
func TestVerifyRewritten(t *testing.T) {
	s := newSeal(t, newAuthority(t, "A"), newECKey(t))
	dir := t.TempDir()
	in := write(t, dir, "in.pdf", sealed(t, s, newDraft(t, s.Size(), nil)))
	out := filepath.Join(dir, "out.pdf")
	var v Checker
	for _, args := range [][]string{{"qpdf", in, out}, {"qpdf", "--linearize", in, out}, {"qpdf", "--object-streams=generate", in, out}, {"mutool", "clean", in, out}} {
		run(t, args[0], args[1:]...)
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if r := v.CheckPDF(data); clean(r) || !r.Signed || r.Problem == "" || r.SignatureOK {
			t.Errorf("%v: %+v", args, r)
		}
	}
}

// A stranger's file in another form: its signature holds, its signer is
// for the caller to know or not, and nothing is called altered.
func TestVerifyForeign(t *testing.T) {
	dir := t.TempDir()
	for _, key := range []string{"rsa:2048", "ec:P-256"} {
		args := []string{"req", "-x509", "-nodes", "-subj", "/CN=Stranger", "-keyout", dir + "/key.pem", "-out", dir + "/cert.pem", "-days", "30", "-newkey"}
		if key == "ec:P-256" {
			args = append(args, "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
		} else {
			args = append(args, key)
		}
		run(t, "openssl", args...)
		f := pdftest.Page("x", "/AcroForm<</Fields[6 0 R]>>")
		f.Object(6, fieldObject)
		d := addSignature(t, f, 7, "/SubFilter/adbe.pkcs7.detached", 4000)
		content := write(t, dir, "content", append(bytes.Clone(d.data[:d.start]), d.data[d.end:]...))
		run(t, "openssl", "cms", "-sign", "-binary", "-md", "sha512", "-in", content, "-inkey", dir+"/key.pem", "-signer", dir+"/cert.pem", "-outform", "DER", "-out", dir+"/cms.der")
		der, err := os.ReadFile(dir + "/cms.der")
		if err != nil {
			t.Fatal(err)
		}
		copy(d.data[d.start+1:], strings.ToUpper(fmt.Sprintf("%x", der)))
		var v Checker
		r := v.CheckPDF(d.data)
		if !clean(r) || len(r.Findings) != 0 || r.Attached != nil || len(r.Certificate) == 0 {
			t.Errorf("%s: %+v", key, r)
		}
		d.data[bytes.Index(d.data, []byte("(x) Tj"))+1] = 'y'
		if r := v.CheckPDF(d.data); r.Problem != ContentChanged || r.SignatureOK {
			t.Errorf("%s, changed: %q", key, r.Problem)
		}
	}
}

func FuzzVerifyPDF(f *testing.F) {
	s := newSeal(f, newAuthority(f, "A"), newECKey(f))
	d := newDraft(f, s.Size(), nil)
	issued := bytes.Clone(sealed(f, s, d))
	f.Add(issued)
	f.Add(later(d, func(f *pdftest.File) { f.Stream(4, "", []byte("x")) }))
	plain, _ := pdftest.Page("x", "").Finish("/Root 1 0 R")
	f.Add(plain)
	var v Checker
	genuine := v.CheckPDF(issued)
	f.Fuzz(func(t *testing.T, data []byte) {
		r := v.CheckPDF(data)
		if clean(r) && bytes.Equal(r.Certificate, genuine.Certificate) && !bytes.Equal(data[:r.IssuedEnd], issued) {
			t.Fatal("a forgery passes")
		}
	})
}

func BenchmarkVerifyPDF(b *testing.B) {
	s := newSeal(b, newAuthority(b, "A"), newECKey(b))
	data := sealed(b, s, newDraft(b, s.Size(), func(f *pdftest.File) {
		for i := 10; i < 150; i++ {
			f.Object(i, "<</Type/StructElem/S/P/P 3 0 R/Pg 3 0 R/K[0 1 2 3]>>")
		}
		f.Stream(150, "", make([]byte, 25000))
	}))
	var v Checker
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if !clean(v.CheckPDF(data)) {
			b.Fatal("not clean")
		}
	}
}
