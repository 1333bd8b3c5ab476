package pdf

import (
	"time"
	"unicode/utf8"
)

// About is what a file says of itself, in its XMP packet and, in the same
// words, in its information dictionary.
type About struct {
	Title      string
	Language   string // BCP 47, such as zh-CN
	Identifier string // dc:identifier
	Producer   string
	Created    time.Time // also the time of the last change: there is one revision
}

// Info writes object n as the document information dictionary (§14.3.3).
func (w *Writer) Info(n int, a About) {
	w.Pack(n).Raw("<</Title").Text(a.Title).Raw("/Producer").Text(a.Producer)
	w.Raw("/CreationDate").Date(a.Created).Raw("/ModDate").Date(a.Created).Raw(">>").Close()
}

// Metadata writes object n as the XMP packet of a PDF/A-3b file
// (ISO 16684-1; ISO 19005-3 §6.6), unfiltered so that tools which know no PDF
// find it.
func (w *Writer) Metadata(n int, a About) {
	w.Open(n).Raw("<</Type/Metadata/Subtype/XML/Length ")
	length := len(w.buf)
	w.Raw("        >>stream\n")
	start := len(w.buf)
	w.Raw(xmpHead).Raw(`<dc:title><rdf:Alt><rdf:li xml:lang="x-default">`).xml(a.Title)
	w.Raw("</rdf:li></rdf:Alt></dc:title><dc:language><rdf:Bag><rdf:li>").xml(a.Language)
	w.Raw("</rdf:li></rdf:Bag></dc:language><dc:identifier>").xml(a.Identifier)
	w.Raw("</dc:identifier><pdf:Producer>").xml(a.Producer)
	w.Raw("</pdf:Producer><xmp:CreateDate>").xmlDate(a.Created)
	w.Raw("</xmp:CreateDate><xmp:ModifyDate>").xmlDate(a.Created)
	w.Raw(xmpTail)
	patchInt(w.buf[length:], len(w.buf)-start)
	w.Raw("\nendstream").Close()
}

const xmpHead = `<?xpacket begin="` + "\uFEFF" + `" id="W5M0MpCehiHzreSzNTczkc9d"?>` +
	`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
	`<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" xmlns:dc="http://purl.org/dc/elements/1.1/"` +
	` xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/">` +
	`<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance><dc:format>application/pdf</dc:format>`

const xmpTail = `</xmp:ModifyDate></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>`

// xml appends s as XML character data. What XML 1.0 cannot hold becomes U+FFFD.
func (w *Writer) xml(s string) *Writer {
	for _, r := range s {
		switch {
		case r == '&':
			w.Raw("&amp;")
		case r == '<':
			w.Raw("&lt;")
		case r == '>':
			w.Raw("&gt;")
		case r < ' ' && r != '\t' && r != '\n', r == 0xFFFE, r == 0xFFFF:
			w.Raw("\uFFFD")
		default:
			w.buf = utf8.AppendRune(w.buf, r)
		}
	}
	return w
}

func (w *Writer) xmlDate(t time.Time) *Writer {
	w.buf = t.AppendFormat(w.buf, time.RFC3339)
	return w
}
