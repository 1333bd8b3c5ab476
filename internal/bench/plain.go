package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/jung-kurt/gofpdf"
	qrcode "github.com/skip2/go-qrcode"

	"yinzheng"
	"yinzheng/signer"
)

// plainWay makes the same page as its authors' guides show it: a gofpdf
// document that is given its font, the QR code as a PNG by go-qrcode, and one
// signature, which is our own CMS, over the output. It has neither the border's
// art nor the seal's picture, tags or attachment, all in its favour.
type plainWay struct {
	font []byte
	seal *signer.Seal
}

// Measures of the plain page, in mm.
const (
	plainMargin = 25
	plainWidth  = 210 - 2*plainMargin
	plainCode   = 42
)

// page makes one page with a code of that content.
func (p *plainWay) page(t *yinzheng.Template, v yinzheng.Values, number, code string) ([]byte, error) {
	f := gofpdf.New("P", "mm", "A4", "")
	f.AddUTF8FontFromBytes("serif", "", p.font)
	f.SetMargins(plainMargin, 30, plainMargin)
	f.AddPage()
	f.SetFont("serif", "", 26)
	f.CellFormat(plainWidth, 20, t.Page.Title, "", 1, "C", false, 0, "")
	f.SetFont("serif", "", 9)
	f.CellFormat(plainWidth, 8, number, "", 1, "R", false, 0, "")
	for _, line := range plainLines(t, v) {
		if line.label == "" {
			f.SetFont("serif", "", 14)
			f.MultiCell(plainWidth, 10, line.text, "", "L", false)
			continue
		}
		f.SetFont("serif", "", 12)
		f.CellFormat(40, 10, line.label, "1", 0, "C", false, 0, "")
		f.CellFormat(plainWidth-40, 10, line.text, "1", 1, "L", false, 0, "")
	}
	f.SetFont("serif", "", 9)
	for _, n := range t.Page.Notes {
		f.MultiCell(plainWidth, 6, n, "", "L", false)
	}
	png, err := plainCodePNG(code)
	if err != nil {
		return nil, err
	}
	picture := gofpdf.ImageOptions{ImageType: "PNG"}
	f.RegisterImageOptionsReader("code", picture, bytes.NewReader(png))
	f.ImageOptions("code", plainMargin, 230, plainCode, plainCode, false, picture, 0, "")
	var b bytes.Buffer
	if err := f.Output(&b); err != nil {
		return nil, fmt.Errorf("the plain page: %w", err)
	}
	return b.Bytes(), nil
}

// plainCodePNG draws a code with four pixels a module: about 200 dpi in print.
func plainCodePNG(content string) ([]byte, error) {
	q, err := qrcode.New(content, qrcode.Medium)
	if err != nil {
		return nil, fmt.Errorf("the plain code: %w", err)
	}
	return q.PNG(-4)
}

// sealed makes a page and signs it.
func (p *plainWay) sealed(t *yinzheng.Template, v yinzheng.Values, number, code string) (page, cms []byte, err error) {
	if page, err = p.page(t, v, number, code); err != nil {
		return nil, nil, err
	}
	cms, err = p.seal.CMS(nil, sha256.Sum256(page))
	return page, cms, err
}

// plainLine is a paragraph, or with a label one fact of a table.
type plainLine struct{ label, text string }

// plainLines is the template's text with the values filled in.
func plainLines(t *yinzheng.Template, v yinzheng.Values) []plainLine {
	fill := filler(t, v)
	var lines []plainLine
	for _, b := range t.Page.Body {
		if !v.Has(b.When) {
			continue
		}
		if b.Text != "" {
			lines = append(lines, plainLine{text: fill.Replace(b.Text)})
		}
		for _, f := range b.Facts {
			if v.Has(f.When) {
				lines = append(lines, plainLine{fill.Replace(f.Label), fill.Replace(f.Text)})
			}
		}
	}
	return lines
}

// filler replaces every field's placeholder by its value as it is displayed.
func filler(t *yinzheng.Template, v yinzheng.Values) *strings.Replacer {
	var pairs []string
	for i := range t.Fields {
		f := &t.Fields[i]
		pairs = append(pairs, "{"+f.Key+"}", f.Display(v[f.Key]))
	}
	return strings.NewReplacer(pairs...)
}
