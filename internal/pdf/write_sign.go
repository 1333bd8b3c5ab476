package pdf

import "time"

// Signature is what a signature dictionary says besides the signature itself
// (§12.8.1; ETSI EN 319 142-1 for PAdES).
type Signature struct {
	Time     time.Time // /M, the signer's own clock
	Name     string    // /Name; left out when empty, as the next two
	Reason   string
	Location string
	Size     int // bytes of DER that /Contents must hold
}

// byteRangeWidth holds four offsets of up to ten digits: files to 9 GB.
const byteRangeWidth = 44

// Signature writes object n as a signature dictionary with a gap of s.Size
// zero bytes in /Contents. A file takes one; Finish fixes its /ByteRange.
func (w *Writer) Signature(n int, s Signature) {
	w.Open(n).Raw("<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/ByteRange[")
	w.sig.byteRange = len(w.buf)
	w.spaces(byteRangeWidth)
	w.Raw("]/Contents")
	w.sig.start = len(w.buf)
	w.Raw("<")
	w.zeros(2 * s.Size)
	w.Raw(">")
	w.sig.end = len(w.buf)
	w.Raw("/M").Date(s.Time)
	w.entry("/Name", s.Name)
	w.entry("/Reason", s.Reason)
	w.entry("/Location", s.Location)
	w.Raw(">>").Close()
}

func (w *Writer) entry(key, text string) {
	if text != "" {
		w.Raw(key).Text(text)
	}
}

func (w *Writer) spaces(n int) {
	w.pad(n, "                                                                ")
}
func (w *Writer) zeros(n int) { w.pad(n, zeros64) }

const zeros64 = "0000000000000000000000000000000000000000000000000000000000000000"

func (w *Writer) pad(n int, with string) {
	for ; n > len(with); n -= len(with) {
		w.Raw(with)
	}
	w.Raw(with[:max(n, 0)])
}

// fixByteRange says that everything but /Contents is signed (§12.8.1).
func (w *Writer) fixByteRange() {
	if w.sig.end == 0 {
		return
	}
	var field [byteRangeWidth]byte
	b := append(field[:0], "0 "...)
	b = AppendInt(b, w.sig.start)
	b = append(b, ' ')
	b = AppendInt(b, w.sig.end)
	b = append(b, ' ')
	b = AppendInt(b, len(w.buf)-w.sig.end)
	copy(w.buf[w.sig.byteRange:], b)
}
