package templates

import (
	"crypto/sha256"
	"time"

	"yinzheng/internal/pdf"
)

const producer = "Yinzheng"

// document writes the sheet as a PDF/A-3b file: with a signature's gap and the
// attachment, or, as a draft, without.
func (s *sheet) document(picture *sealPicture) (file []byte, gapStart, gapEnd int, err error) {
	w := &s.out.writer
	w.Reset(w.Buf())
	w.Place(s.pub.parts)

	pages := w.Reserve(2 * s.pages)
	fonts := w.Reserve(pdf.FontObjects * len(s.fonts))
	s.catalog(w)
	s.writePages(w, pages, fonts)
	s.writeFonts(w, fonts)
	about := pdf.About{Title: s.pub.tpl.Page.Title, Language: "zh-CN", Identifier: s.in.Number, Producer: producer, Created: s.created()}
	w.Info(infoObject, about)
	w.Metadata(metadataObject, about)
	w.Structure(structureObject, &s.out.structure)
	if s.draft {
		s.blankObjects(w)
	} else {
		s.sealed(w, picture, pages+2*(s.pages-1), fonts)
	}
	return w.Finish(pdf.Trailer{Root: catalogObject, Info: infoObject, ID: s.id()})
}

// created is when the file was made; a draft goes by its date.
func (s *sheet) created() time.Time {
	if s.in.SignedAt.IsZero() {
		return s.in.Date
	}
	return s.in.SignedAt
}

// id is the file identifier, made from what tells this file from every other.
func (s *sheet) id() (id [16]byte) {
	b := append(s.out.content[:0], s.in.Number...)
	b = append(b, s.in.Code...)
	b = s.in.SignedAt.AppendFormat(b, "20060102150405.000000000")
	b = append(b, s.in.Attached...)
	sum := sha256.Sum256(b)
	s.out.content = b[:0]
	copy(id[:], sum[:])
	return id
}

func (s *sheet) catalog(w *pdf.Writer) {
	w.Pack(catalogObject).Raw("<</Type/Catalog/Pages").Link(pagesObject)
	w.Raw("/Lang(zh-CN)/MarkInfo<</Marked true>>/ViewerPreferences<</DisplayDocTitle true>>")
	w.Raw("/OutputIntents[<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB IEC61966-2.1)/Info(sRGB IEC61966-2.1)/DestOutputProfile")
	w.Link(profileObject).Raw(">>]/Metadata").Link(metadataObject).Raw("/StructTreeRoot").Link(structureObject)
	if !s.draft {
		w.Raw("/AF[").Int(fileObject).Raw(" 0 R]/Names<</EmbeddedFiles<</Names[(" + attachmentName + ")").Link(fileObject)
		w.Raw("]>>>>/AcroForm<</SigFlags 3/Fields[").Int(widgetObject).Raw(" 0 R]>>")
	}
	w.Raw(">>").Close()
}

// writePages writes the page tree and each page with its content; page i is
// object first+2i.
func (s *sheet) writePages(w *pdf.Writer, first, fonts int) {
	w.Pack(pagesObject).Raw("<</Type/Pages/Count ").Int(s.pages).Raw("/Kids[")
	for i := range s.pages {
		w.Link(first + 2*i)
	}
	w.Raw("]>>").Close()

	code := 0
	if s.code != nil {
		code = w.Reserve(1)
	}
	st := &s.out.structure
	st.Reset()
	st.Begin("Document", "", "")
	tag := 0
	for i := range s.pages {
		page := first + 2*i
		st.Page(page)
		s.writePage(w, i, page, code, fonts)
		c := content{b: s.out.content[:0]}
		tag = c.page(s, i, tag)
		w.Deflated(page+1, "", c.b)
		s.out.content = c.b
	}
	st.End()
	if s.code != nil {
		s.writeCode(w, code)
	}
}

func (s *sheet) writePage(w *pdf.Writer, i, page, code, fonts int) {
	w.Pack(page).Raw("<</Type/Page/Parent").Link(pagesObject).Raw("/MediaBox[0 0 595.28 841.89]/Contents[").Int(page + 1).Raw(" 0 R")
	if i == s.pages-1 && code != 0 {
		w.Link(code)
	}
	w.Raw("]")
	w.Raw("/Group<</S/Transparency/CS/DeviceRGB>>/Tabs/S/StructParents ").Int(i)
	w.Raw("/Resources<</XObject<</A").Link(artObject)
	if !s.draft {
		w.Raw("/S").Link(sealObject)
	}
	w.Raw(">>")
	s.fontResources(w, fonts)
	w.Raw(">>")
	if i == s.pages-1 && !s.draft {
		w.Raw("/Annots[").Int(widgetObject).Raw(" 0 R]")
	}
	w.Raw(">>").Close()
}

func (s *sheet) fontResources(w *pdf.Writer, fonts int) {
	w.Raw("/Font<<")
	for n := range s.fonts {
		w.Raw("/F").Int(n).Link(fonts + pdf.FontObjects*n)
	}
	w.Raw(">>")
}

// writeFonts writes the fonts: the template's with this certificate's
// characters behind its own, then those of further faces.
func (s *sheet) writeFonts(w *pdf.Writer, first int) {
	for i := range s.fonts {
		f := &s.fonts[i]
		subset, own := s.pub.others[f.face], f.gids
		if i < len(s.pub.fonts) {
			subset, own = s.pub.subsets[i], f.gids[len(s.pub.fonts[i].gids):]
		}
		d := describe(s.pub.faces[f.face], f)
		w.Font(first+pdf.FontObjects*i, &d, func(dst []byte) ([]byte, int) { return subset.AppendZlib(dst, own) })
	}
}

const attachmentName = "yinzheng.json"

// sealed writes what a certificate has and a draft has not: the seal as the
// signature's widget, the signature, and the attachment.
func (s *sheet) sealed(w *pdf.Writer, picture *sealPicture, lastPage, fonts int) {
	side := 2 * sealHalf
	w.Open(sealObject).Raw("<</Type/XObject/Subtype/Form/BBox[0 0 ").Real(side).Raw(" ").Real(side)
	w.Raw("]/Resources<</ExtGState<</G<</BM/Multiply>>>>")
	s.fontResources(w, fonts)
	w.Raw(">>/Filter/FlateDecode/Length ").Int(len(picture.deflated)).Raw(">>stream\n").Bytes(picture.deflated).Raw("\nendstream").Close()

	x, y := s.seal.x-sealHalf, pageHeight-s.seal.y-sealHalf
	w.Open(widgetObject).Raw("<</Type/Annot/Subtype/Widget/FT/Sig/T(seal)/TU").Text(s.sealAlt()).Raw("/F 132/Rect[")
	w.Real(x).Raw(" ").Real(y).Raw(" ").Real(x + side).Raw(" ").Real(y + side).Raw("]/P").Link(lastPage)
	w.Raw("/StructParent ").Int(s.pages).Raw("/AP<</N").Link(sealObject).Raw(">>/V").Link(signatureObject).Raw(">>").Close()

	w.Pack(fileObject).Raw("<</Type/Filespec/F(" + attachmentName + ")/UF(" + attachmentName + ")/AFRelationship/Data/Desc")
	w.Text(attachmentNote).Raw("/EF<</F").Link(attachmentObject).Raw("/UF").Link(attachmentObject).Raw(">>>>").Close()
	w.Open(attachmentObject).Raw("<</Type/EmbeddedFile/Subtype/application#2Fjson/Params<</Size ").Int(len(s.in.Attached))
	w.Raw("/CreationDate").Date(s.in.SignedAt).Raw("/ModDate").Date(s.in.SignedAt).Raw(">>/Filter/FlateDecode/Length ")
	w.Compressed(s.in.Attached)

	w.Signature(signatureObject, pdf.Signature{Time: s.in.SignedAt, Name: s.in.Signer, Reason: s.in.Reason, Size: s.in.Contents})
}

const attachmentNote = "验证凭据：token, salt, values"

// blankObjects fills the numbers that a draft does not use.
func (s *sheet) blankObjects(w *pdf.Writer) {
	for _, n := range []int{widgetObject, signatureObject, fileObject, attachmentObject, sealObject} {
		w.Pack(n).Raw("null").Close()
	}
}
