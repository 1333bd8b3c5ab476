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
// find it. Plain properties are attributes, which are shorter (ISO 16684-1 §7.9.2.2).
func (w *Writer) Metadata(n int, a About) {
	w.Open(n).Raw("<</Type/Metadata/Subtype/XML/Length ")
	length := len(w.buf)
	w.Raw("        >>stream\n")
	start := len(w.buf)
	w.Raw(xmpHead).xml(`" dc:identifier="`, a.Identifier)
	w.xml(`" pdf:Producer="`, a.Producer)
	w.Raw(`" xmp:CreateDate="`)
	w.buf = a.Created.AppendFormat(w.buf, time.RFC3339)
	w.Raw(`" xmp:ModifyDate="`)
	w.buf = a.Created.AppendFormat(w.buf, time.RFC3339)
	w.xml(`"><dc:title><rdf:Alt><rdf:li xml:lang="x-default">`, a.Title)
	w.xml("</rdf:li></rdf:Alt></dc:title><dc:language><rdf:Bag><rdf:li>", a.Language)
	w.Raw(xmpTail)
	patchInt(w.buf[length:], len(w.buf)-start)
	w.Raw("\nendstream").Close()
}

const xmpHead = `<?xpacket begin="` + "\uFEFF" + `" id="W5M0MpCehiHzreSzNTczkc9d"?>` +
	`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
	`<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" xmlns:dc="http://purl.org/dc/elements/1.1/"` +
	` xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"` +
	` pdfaid:part="3" pdfaid:conformance="B" dc:format="application/pdf`

const xmpTail = `</rdf:li></rdf:Bag></dc:language></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>`

// xml appends markup as it is and s as XML character data or an attribute's
// value. What XML 1.0 cannot hold becomes U+FFFD.
func (w *Writer) xml(markup, s string) {
	w.Raw(markup)
	for _, r := range s {
		switch {
		case r == '&':
			w.Raw("&amp;")
		case r == '<':
			w.Raw("&lt;")
		case r == '"':
			w.Raw("&quot;")
		case r == '>':
			w.Raw("&gt;")
		case r < ' ' && r != '\t' && r != '\n', r == 0xFFFE, r == 0xFFFF:
			w.Raw("\uFFFD")
		default:
			w.buf = utf8.AppendRune(w.buf, r)
		}
	}
}
