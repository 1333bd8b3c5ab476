package yinzheng_test

import (
	"bytes"
	"image"
	"image/draw"
	"image/png"
	"testing"

	"github.com/skip2/go-qrcode"

	"yinzheng"
	"yinzheng/internal/pdf/pdftest"
)

// sheet is a picture of QR codes side by side.
func sheet(t *testing.T, texts ...string) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 40+620*max(1, len(texts)), 680))
	draw.Draw(m, m.Rect, image.White, image.Point{}, draw.Src)
	for i, text := range texts {
		q, err := qrcode.New(text, qrcode.Medium)
		must(t, err)
		draw.Draw(m, image.Rect(20+620*i, 40, 620+620*i, 640), q.Image(600), image.Point{}, draw.Src)
	}
	var b bytes.Buffer
	must(t, png.Encode(&b, m))
	return b.Bytes()
}

// TestVerifyPhoto: a picture is judged by the codes in it; the weightiest verdict
// comes first, none is left out, and none is made up.
func TestVerifyPhoto(t *testing.T) {
	h := newHouse(t)
	paper := func(key string) (string, *yinzheng.Certificate) {
		c, err := h.store.Certificate(h.ctx, h.issued(key).Certificate.Code)
		must(t, err)
		return "https://zm.example.gov.cn/v/" + c.Code + "#" + string(yinzheng.Digits(c.Token)), c
	}
	good, cert := paper("a")
	bad, revoked := paper("b")
	h.revoke(revoked.Code)
	pasted := "https://zm.example.gov.cn/v/" + revoked.Code + "#" + string(yinzheng.Digits(cert.Token))
	for _, c := range []struct {
		name    string
		texts   []string
		want    yinzheng.Verdict
		others  []yinzheng.Verdict
		finding string
	}{
		{"one", []string{good}, yinzheng.Valid, nil, ""},
		{"without the fragment", []string{"https://zm.example.gov.cn/v/" + cert.Code}, yinzheng.Valid, nil, ""},
		{"pasted from another", []string{pasted}, yinzheng.Altered, nil, "mixed"},
		{"a good one and a revoked one", []string{good, bad}, yinzheng.Revoked, []yinzheng.Verdict{yinzheng.Valid}, ""},
		{"beside another code", []string{"https://pay.example/1", good}, yinzheng.Valid, nil, "other-code"},
		{"another code alone", []string{"https://pay.example/1"}, yinzheng.NoSignature, nil, "other-code"},
		{"none", nil, yinzheng.NoSignature, nil, "no-code"},
	} {
		a, err := h.Verify(h.ctx, &yinzheng.Question{File: sheet(t, c.texts...)})
		must(t, err)
		var others []yinzheng.Verdict
		for _, o := range a.Others {
			others = append(others, o.Verdict)
		}
		finding := ""
		if len(a.Findings) > 0 {
			finding = a.Findings[0].Code
		}
		if a.Verdict != c.want || len(others) != len(c.others) || len(others) > 0 && others[0] != c.others[0] || finding != c.finding || !a.Photo {
			t.Errorf("%s: %s, others %v, finding %q", c.name, a.Verdict, others, finding)
		}
	}

	_, err := h.Verify(h.ctx, &yinzheng.Question{File: sheet(t, good, bad), Channel: yinzheng.ViaFile})
	must(t, err)
	must(t, h.WriteNotes(h.ctx))
	for _, code := range []string{cert.Code, revoked.Code} {
		if seen, err := h.SeenBy(h.ctx, code); err != nil || len(seen) != 1 || seen[0].Channel != yinzheng.ViaPhoto {
			t.Errorf("%s was seen: %+v %v", code, seen, err)
		}
	}
}

// TestVerifyScannedPDF: of a PDF that a scanner made it is said that it is one.
func TestVerifyScannedPDF(t *testing.T) {
	h := newHouse(t)
	scan := func() *pdftest.File {
		f := pdftest.New()
		f.Object(1, "<</Type/Catalog/Pages 2 0 R>>")
		f.Object(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>")
		f.Object(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<</XObject<</I 5 0 R>>>>>>")
		f.Stream(4, "", []byte("300 0 0 200 0 0 cm /I Do"))
		f.Stream(5, "/Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8", []byte{0})
		return f
	}
	text := scan()
	text.Object(6, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
	for name, c := range map[string]struct {
		file *pdftest.File
		want bool
	}{"scanned": {scan(), true}, "with text": {text, false}, "text": {pdftest.Page("x", ""), false}} {
		file, _ := c.file.Finish("/Root 1 0 R")
		a, err := h.Verify(h.ctx, &yinzheng.Question{File: file})
		must(t, err)
		if scanned := len(a.Findings) == 2 && a.Findings[1].Code == "scanned"; a.Verdict != yinzheng.NoSignature || scanned != c.want {
			t.Errorf("%s: %s %+v", name, a.Verdict, a.Findings)
		}
	}
}
