package templates

import (
	"sync"

	"yinzheng"
	"yinzheng/internal/font"
	"yinzheng/internal/pdf"
)

// Object numbers that are the same in every certificate.
const (
	catalogObject = 1 + iota
	pagesObject
	infoObject
	metadataObject
	structureObject
	widgetObject
	signatureObject
	fileObject // the attachment's file specification
	attachmentObject
	sealObject
	profileObject // fixed from here on
	artObject
	afterFixed
)

var deflatedProfile = sync.OnceValue(func() []byte { return pdf.AppendDeflateBest(nil, pdf.SRGBProfile()) })

// publish compiles a template and makes the parts that its certificates share.
func publish(t *yinzheng.Template, faces font.Chain) (*published, error) {
	p, err := compile(t, faces)
	if err != nil {
		return nil, err
	}
	art := artOf(p.palette)
	p.svgArt = art.svg

	var w pdf.Writer
	w.Reset(nil)
	w.Reserve(afterFixed - 1)
	w.Stream(profileObject, "/N 3/Filter/FlateDecode", deflatedProfile())
	w.Stream(artObject, "/Type/XObject/Subtype/Form/BBox[0 0 595.28 841.89]/Filter/FlateDecode", art.deflated)
	for i := range p.fonts {
		p.subsets = append(p.subsets, faces[p.fonts[i].face].NewSubset(p.fonts[i].gids))
	}
	for _, f := range faces {
		p.others = append(p.others, f.NewSubset(nil))
	}
	if p.parts, err = w.Cut(); err != nil {
		return nil, err
	}
	return p, nil
}

// describe is what a PDF says of a subset.
func describe(face *font.Face, f *docFont) pdf.Font {
	return pdf.Font{
		Name:   subsetName(face, f.gids),
		Ascent: face.Ascent(), Descent: face.Descent(), CapHeight: face.CapHeight(), StemV: face.StemV(),
		BBox: face.BBox(), ItalicAngle: face.ItalicAngle(), Flags: face.Flags(),
		Widths: f.advs, Chars: f.chars,
	}
}

// subsetName is the face's name with a tag made from the glyphs, so that two
// subsets of one file have different names.
func subsetName(face *font.Face, gids []uint16) string {
	var room [256]byte
	seed := room[:0]
	for _, g := range gids {
		seed = append(seed, byte(g>>8), byte(g))
	}
	return font.Tag(seed) + "+" + face.Name()
}
