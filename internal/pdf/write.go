package pdf

import (
	"errors"
	"fmt"
	"time"
)

// A Writer lays one revision of a PDF 1.7 file into one buffer. Objects are
// known by number, all with generation 0; each number is written once, in any
// order. The zero Writer is ready after Reset.
type Writer struct {
	buf     []byte
	offsets []int // of object i's "i 0 obj"; 0 while unwritten
	sig     gap
	err     error
}

// gap is where the signature's fixed-width parts stand in the buffer.
type gap struct {
	byteRange  int // offset of the first of byteRangeWidth characters inside [ ]
	start, end int // of /Contents, from '<' to just after '>'
}

// ErrUnwritten is returned by Finish when an object number was reserved and
// never written: a reference to it would dangle.
var ErrUnwritten = errors.New("pdf: object reserved but not written")

// ErrRewritten is returned by Finish when one number was written twice.
var ErrRewritten = errors.New("pdf: object written twice")

// header is §7.5.2 with the comment of four high bytes that keeps a transfer
// from taking the file for text.
const header = "%PDF-1.7\n%\xE2\xE3\xCF\xD3\n"

// Reset begins a new file in buf, whose contents are dropped and whose
// capacity is used.
func (w *Writer) Reset(buf []byte) {
	w.buf = append(buf[:0], header...)
	w.offsets = append(w.offsets[:0], 0)
	w.sig = gap{}
	w.err = nil
}

// Buf returns the buffer as it stands, for the next Reset.
func (w *Writer) Buf() []byte { return w.buf }

// Len is the number of bytes written so far.
func (w *Writer) Len() int { return len(w.buf) }

// Reserve gives the next n object numbers and returns the first of them.
func (w *Writer) Reserve(n int) int {
	first := len(w.offsets)
	for range n {
		w.offsets = append(w.offsets, 0)
	}
	return first
}

// Open begins object number n; what it holds follows, then Close.
func (w *Writer) Open(n int) *Writer {
	if n <= 0 || n >= len(w.offsets) || w.offsets[n] != 0 {
		w.fail(fmt.Errorf("%w: %d", ErrRewritten, n))
		return w
	}
	w.offsets[n] = len(w.buf)
	w.buf = AppendInt(w.buf, n)
	w.buf = append(w.buf, " 0 obj\n"...)
	return w
}

// Close ends the object that Open began.
func (w *Writer) Close() { w.buf = append(w.buf, "\nendobj\n"...) }

// Raw appends s as it is.
func (w *Writer) Raw(s string) *Writer {
	w.buf = append(w.buf, s...)
	return w
}

// Bytes appends b as it is.
func (w *Writer) Bytes(b []byte) *Writer {
	w.buf = append(w.buf, b...)
	return w
}

// Int appends an integer.
func (w *Writer) Int(n int) *Writer {
	w.buf = AppendInt(w.buf, n)
	return w
}

// Real appends a number with at most two decimals.
func (w *Writer) Real(x float64) *Writer {
	w.buf = AppendReal(w.buf, x)
	return w
}

// Text appends a text string (AppendText).
func (w *Writer) Text(s string) *Writer {
	w.buf = AppendText(w.buf, s)
	return w
}

// Date appends a date string (AppendDate).
func (w *Writer) Date(t time.Time) *Writer {
	w.buf = AppendDate(w.buf, t)
	return w
}

// Link appends a reference to object n, with a space before it.
func (w *Writer) Link(n int) *Writer {
	w.buf = append(w.buf, ' ')
	w.buf = AppendInt(w.buf, n)
	w.buf = append(w.buf, " 0 R"...)
	return w
}

// Stream writes object n as a stream whose data is already encoded as dict
// (the dictionary's entries but for /Length, such as "/Filter/FlateDecode") says.
func (w *Writer) Stream(n int, dict string, data []byte) {
	w.Open(n).Raw("<<").Raw(dict).Raw("/Length ").Int(len(data)).Raw(">>stream\n")
	w.Bytes(data).Raw("\nendstream").Close()
}

// Deflated writes object n as a stream of data, compressed on the way; dict is
// as for Stream and must not name a filter.
func (w *Writer) Deflated(n int, dict string, data []byte) {
	w.Open(n).Raw("<<").Raw(dict).Raw("/Filter/FlateDecode/Length ")
	w.Compressed(data)
}

// Compressed ends an object that was opened and written up to "/Length ", the
// last entry of a dictionary that names /FlateDecode, with its data.
func (w *Writer) Compressed(data []byte) {
	length := len(w.buf)
	w.Raw("        >>stream\n")
	start := len(w.buf)
	w.buf = AppendDeflate(w.buf, data)
	patchInt(w.buf[length:], len(w.buf)-start)
	w.Raw("\nendstream").Close()
}

// patchInt writes n over the spaces at the beginning of field.
func patchInt(field []byte, n int) {
	var digits [20]byte
	copy(field, AppendInt(digits[:0], n))
}

func (w *Writer) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// A Block is a run of whole objects made once and placed into many files.
// Their numbers are the same in each.
type Block struct {
	bytes []byte
	at    []blockObject
}

type blockObject struct{ number, offset int }

// Cut takes everything after the header as a Block and leaves w empty.
func (w *Writer) Cut() (*Block, error) {
	if w.err != nil {
		return nil, w.err
	}
	b := &Block{bytes: append([]byte(nil), w.buf[len(header):]...)}
	for n, off := range w.offsets {
		if off != 0 {
			b.at = append(b.at, blockObject{n, off - len(header)})
		}
	}
	w.Reset(w.buf)
	return b, nil
}

// Size is the number of bytes that the block's objects take.
func (b *Block) Size() int { return len(b.bytes) }

// Place appends a block's objects, whose numbers must have been reserved.
func (w *Writer) Place(b *Block) {
	base := len(w.buf)
	for _, o := range b.at {
		if o.number >= len(w.offsets) || w.offsets[o.number] != 0 {
			w.fail(fmt.Errorf("%w: %d", ErrRewritten, o.number))
			return
		}
		w.offsets[o.number] = base + o.offset
	}
	w.buf = append(w.buf, b.bytes...)
}

// Trailer is what the file's trailer dictionary names (§7.5.5).
type Trailer struct {
	Root int      // the catalog
	Info int      // the document information dictionary; 0 for none
	ID   [16]byte // both halves of the file identifier, as the file has one revision
}

// Finish adds the cross-reference table and the trailer and fixes /ByteRange.
// It returns the whole file, which shares the Writer's buffer, and where the
// signature's /Contents stands: from its '<' to just after its '>', both 0
// when no Signature was written.
func (w *Writer) Finish(t Trailer) (file []byte, gapStart, gapEnd int, err error) {
	if w.err != nil {
		return nil, 0, 0, w.err
	}
	start := len(w.buf)
	w.Raw("xref\n0 ").Int(len(w.offsets)).Raw("\n0000000000 65535 f \n")
	for n, off := range w.offsets[1:] {
		if off == 0 {
			return nil, 0, 0, fmt.Errorf("%w: %d", ErrUnwritten, n+1)
		}
		w.buf = appendXref(w.buf, off)
	}
	w.Raw("trailer\n<</Size ").Int(len(w.offsets)).Raw("/Root").Link(t.Root)
	if t.Info != 0 {
		w.Raw("/Info").Link(t.Info)
	}
	w.Raw("/ID[").hex(t.ID[:]).hex(t.ID[:]).Raw("]>>\nstartxref\n").Int(start).Raw("\n%%EOF\n")
	w.fixByteRange()
	return w.buf, w.sig.start, w.sig.end, nil
}

// appendXref appends one in-use entry: exactly 20 bytes (§7.5.4).
func appendXref(dst []byte, offset int) []byte {
	var e [10]byte
	for i := len(e) - 1; i >= 0; i-- {
		e[i] = byte('0' + offset%10)
		offset /= 10
	}
	dst = append(dst, e[:]...)
	return append(dst, " 00000 n \n"...)
}

func (w *Writer) hex(b []byte) *Writer {
	w.buf = append(w.buf, '<')
	w.buf = AppendHex(w.buf, b)
	w.buf = append(w.buf, '>')
	return w
}
