package main

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/skip2/go-qrcode"

	"yinzheng"
	"yinzheng/internal/conformance"
	"yinzheng/internal/pdf/pdftest"
	"yinzheng/signer"
	"yinzheng/templates"
)

// pdfs writes one certificate as it is typeset, and small ones by hand: a page
// with a signature field and yinzheng.json, which is all that a verifier looks at.
func (w *world) pdfs() error {
	if err := w.typeset(w.issued["good"]); err != nil {
		return err
	}
	for _, p := range []struct {
		file, key, on string // on: whose PDF on record it is
		attach        []byte
		more          func(f *pdftest.File)
	}{
		{"small.pdf", "document", "small", w.attachment("small", nil), nil},
		{"rsa.pdf", "document RSA", "RSA", w.attachment("RSA", nil), nil},
		{"compromised.pdf", "compromised document", "compromised document", w.attachment("compromised document", nil), nil},
		{"other-file.pdf", "document", "", w.attachment("good", nil), nil},
		{"values-changed.pdf", "document", "", w.attachment("small", yinzheng.Values{"name": "赵小敏"}), nil},
		{"no-attachment.pdf", "document", "", nil, nil},
		{"token-key.pdf", "token", "", w.attachment("small", nil), nil},
		{"other-organ.pdf", "town document", "", w.attachment("small", nil), nil},
		{"stranger.pdf", "stranger's document", "", w.attachment("small", nil), nil},
		{"two-signatures.pdf", "document", "", w.attachment("small", nil), func(f *pdftest.File) { f.Object(10, strings.Replace(field, "(sig)", "(two)", 1)) }},
	} {
		d := newDraft(p.attach, p.more)
		if err := w.seal(p.key, d); err != nil {
			return fmt.Errorf("%s: %w", p.file, err)
		}
		w.files[p.file] = d.data
		if p.on != "" {
			w.issued[p.on].file = p.file
		}
		if p.file == "small.pdf" {
			w.small = d
		}
	}
	scan, _ := pdftest.Page("a scan of a certificate", "").Finish("/Root 1 0 R")
	w.files["scan.pdf"] = scan
	code, err := qrcode.New(w.issued["good"].url(), qrcode.Medium)
	if err != nil {
		return err
	}
	if w.files["picture-code.png"], err = code.PNG(-4); err != nil { // pixels a module
		return err
	}
	if w.files["picture.png"], err = blank(); err != nil {
		return err
	}
	w.files["resaved.pdf"], err = resaved(w.small.data)
	return err
}

// blank is a picture of a white sheet.
func blank() ([]byte, error) {
	m := image.NewGray(image.Rect(0, 0, 60, 80))
	for i := range m.Pix {
		m.Pix[i] = 255
	}
	var b bytes.Buffer
	err := png.Encode(&b, m)
	return b.Bytes(), err
}

func (w *world) attachment(name string, values yinzheng.Values) []byte {
	c := w.issued[name]
	if values == nil {
		values = c.values
	}
	return c.attached(w.template, values)
}

// typeset writes the certificate as the program does.
func (w *world) typeset(c *certificate) error {
	renderer, err := templates.New(templates.Options{})
	if err != nil {
		return err
	}
	if err := renderer.Publish(w.template); err != nil {
		return err
	}
	key := w.keys["document"]
	size, err := w.sealer.SignatureSize(key.KID)
	if err != nil {
		return err
	}
	page, err := renderer.Render(&yinzheng.Sheet{
		Template: w.template, Values: c.values, Number: c.number, Code: c.code, Date: c.issued.In(yinzheng.Zone), Expires: c.issued.AddDate(1, 0, 0).In(yinzheng.Zone),
		Seal: c.organ.SealFace(), QRPrefix: publicURL + "/v/" + c.code + "#", QRDigits: yinzheng.Digits(c.token), Attached: c.attached(w.template, c.values),
		SignedAt: c.issued, Signer: c.organ.Name, Reason: w.template.Name.ZH, Contents: size,
	})
	if err != nil {
		return err
	}
	defer page.Free()
	if err := w.sealer.SealPDF(key.KID, page); err != nil {
		return err
	}
	c.file = "residence.pdf"
	w.files[c.file] = bytes.Clone(page.PDF)
	return nil
}

// draft is a small PDF with its gap for the signature; xref is the offset of its
// cross-references.
type draft struct {
	data             []byte
	start, end, xref int
}

// The objects of a draft: 6 the signature field, 7 its dictionary, 8 and 9
// the attached file.
const (
	catalogExtra = "/AcroForm<</Fields[6 0 R]/SigFlags 3>>/AF[8 0 R]"
	field        = "<</Type/Annot/Subtype/Widget/FT/Sig/T(sig)/F 132/P 3 0 R/Rect[0 0 0 0]/V 7 0 R>>"
	gapSize      = 3000 // bytes of DER, a chain of three certificates among them
)

func newDraft(attach []byte, more func(f *pdftest.File)) *draft {
	extra := catalogExtra
	if attach == nil {
		extra = strings.Replace(extra, "/AF[8 0 R]", "", 1)
	}
	if more != nil {
		extra = strings.Replace(extra, "6 0 R]", "6 0 R 10 0 R]", 1)
	}
	f := pdftest.Page("certificate", extra)
	f.Object(6, field)
	if attach != nil {
		f.Object(8, "<</Type/Filespec/F(yinzheng.json)/UF(yinzheng.json)/AFRelationship/Data/EF<</F 9 0 R>>>>")
		f.Stream(9, "/Type/EmbeddedFile", attach)
	}
	if more != nil {
		more(f)
	}
	const wide = "/ByteRange[0 ########## ########## ##########]"
	gap := "<" + strings.Repeat("0", 2*gapSize) + ">"
	at := f.Object(7, "<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/M(D:"+issued.Format("20060102150405")+"Z)"+wide+"/Contents"+gap+">>")
	data, xref := f.Finish("/Root 1 0 R")
	start := at + bytes.Index(data[at:], []byte(gap))
	d := &draft{data, start, start + len(gap), xref}
	ranges := fmt.Sprintf("/ByteRange[0 %-10d %-10d %-10d]", d.start, d.end, len(data)-d.end)
	copy(data[at+bytes.Index(data[at:], []byte(wide)):], ranges)
	return d
}

// seal fills the gap, with any key as if it were for documents.
func (w *world) seal(key string, d *draft) error {
	private := w.keys[key].private
	seal, err := signer.NewSeal(private.Key, private.Chain)
	if err != nil {
		return err
	}
	return seal.Sign(d.data, d.start, d.end)
}

// resaved is a file as another program writes it anew.
func resaved(data []byte) ([]byte, error) {
	dir, err := os.MkdirTemp("", "yinzheng-conformance-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	in, out := filepath.Join(dir, "in.pdf"), filepath.Join(dir, "out.pdf")
	if err := os.WriteFile(in, data, 0o600); err != nil {
		return nil, err
	}
	if said, err := exec.Command("qpdf", "--deterministic-id", in, out).CombinedOutput(); err != nil { //nolint:gosec // a program of the tests, on files of ours
		return nil, fmt.Errorf("qpdf: %w\n%s", err, said)
	}
	return os.ReadFile(out)
}

// derived are files that differ from a published one in a few places.
func (w *world) derived() map[string]conformance.Edits {
	small := w.small.data
	find := func(text string) int { return bytes.Index(small, []byte(text)) }
	one := func(at, cut int, insert string) conformance.Edits {
		return conformance.Edits{From: "small.pdf", Edits: []conformance.Edit{{At: at, Cut: cut, Insert: []byte(insert)}}}
	}
	later := func(build func(f *pdftest.File)) conformance.Edits {
		f := pdftest.Continue(small, 10, w.small.xref)
		build(f)
		data, _ := f.Finish("/Root 1 0 R")
		return one(len(small), 0, string(data[len(small):]))
	}
	const catalog = "<</Type/Catalog/Pages 2 0 R" + catalogExtra
	hidden := pdftest.Continue(small, 10, 0)
	hidden.Entry(0, "0000000000 65535 f \n")
	hidden.Object(1, "<</Type/Catalog/Pages 2 0 R>>")
	hidden.Object(2, "<</Type/Pages/Kids[]/Count 0>>")
	hides, _ := hidden.Finish("/Root 1 0 R")
	digit := func(at int) string { // another hexadecimal digit
		if small[at] == '0' {
			return "1"
		}
		return "0"
	}
	middle := w.small.start + 1 + 2*100 // in the CMS, among certificates
	files := map[string]conformance.Edits{
		"text-changed.pdf":    one(find("(certificate)")+1, 1, "C"),
		"attachment-cut.pdf":  one(find("/AF[8 0 R]"), len("/AF[8 0 R]"), strings.Repeat(" ", len("/AF[8 0 R]"))),
		"certificate-bit.pdf": one(middle, 1, digit(middle)),
		"zeros-changed.pdf":   one(w.small.end-3, 1, "1"),
		"byte-appended.pdf":   one(len(small), 0, "\n"),
		"junk-appended.pdf":   one(len(small), 0, "junk"),
		"byte-before.pdf":     one(0, 0, "\n"),
		"truncated.pdf":       one(len(small)-200, 200, ""),
		"last-byte-cut.pdf":   one(len(small)-1, 1, ""),
		"text-replaced.pdf":   later(func(f *pdftest.File) { f.Stream(4, "", []byte("BT /F 18 Tf 20 100 Td (forged) Tj ET")) }),
		"annotation-added.pdf": later(func(f *pdftest.File) {
			f.Object(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>/Annots[10 0 R]>>")
			f.Object(10, "<</Type/Annot/Subtype/FreeText/Rect[0 0 300 200]/Contents(forged)>>")
		}),
		"form-removed.pdf": later(func(f *pdftest.File) { f.Object(1, "<</Type/Catalog/Pages 2 0 R>>") }),
		"validation-added.pdf": later(func(f *pdftest.File) {
			f.Object(1, catalog+"/DSS 10 0 R>>")
			f.Object(10, "<</Type/DSS/Certs[11 0 R]/VRI<</AB<</Cert[11 0 R]/TU(D:2026)>>>>>>")
			f.Stream(11, "", []byte("cert"))
		}),
		"validation-takes-the-text.pdf": later(func(f *pdftest.File) {
			f.Object(1, catalog+"/DSS 10 0 R>>")
			f.Object(10, "<</Type/DSS/Certs[4 0 R]>>")
			f.Stream(4, "", []byte("BT /F 18 Tf 20 100 Td (forged) Tj ET"))
		}),
		"issued-hidden.pdf": one(len(small), 0, string(hides[len(small):])),
	}
	letter := w.small.start + 1 + bytes.IndexAny(small[w.small.start+1:], "abcdef")
	files["upper-case.pdf"] = one(letter, 1, strings.ToUpper(string(small[letter])))
	list := w.files["jwks.json"]
	signed := bytes.Index(list, []byte(`"signed":"`)) + len(`"signed":"`)
	claims := signed + bytes.IndexByte(list[signed:], '.') + 100
	files["jwks-altered.json"] = conformance.Edits{From: "jwks.json", Edits: []conformance.Edit{{At: claims, Cut: 1, Insert: []byte{alternate(list[claims])}}}}
	status := w.files["status-1.jwt"]
	at := bytes.IndexByte(status, '.') + 100
	files["status-1-altered.jwt"] = conformance.Edits{From: "status-1.jwt", Edits: []conformance.Edit{{At: at, Cut: 1, Insert: []byte{alternate(status[at])}}}}
	return files
}
