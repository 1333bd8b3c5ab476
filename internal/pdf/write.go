package pdf

import (
	"errors"
	"fmt"
	"time"
)

// A Writer lays one revision of a PDF 1.7 file into one buffer. Objects are
// known by number, all with generation 0; each number is written once, in any
// order. The zero Writer is ready after Reset.
//
// Streams, and what must stand in the file as it is, are written with Open;
// other objects with Pack, which gathers them into an object stream (§7.5.7):
// the dictionaries of a tagged page take seven kilobytes plain, two packed.
type Writer struct {
	buf     []byte
	places  []place // of object i; the zero place while unwritten
	sig     gap
	err     error
	packed  []byte // the objects gathered so far
	members []member
	outside []byte // buf, while an object is being packed
	packing bool
	scratch []byte
}

// place is where an object is: at an offset in the file, or in an object
// stream at an index.
type place struct {
	offset int
	stream int // the object stream's number; 0 for an object at an offset
	index  int
}

// member is an object in the object stream under way.
type member struct{ number, offset int }

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
	w.places = append(w.places[:0], place{})
	w.sig = gap{}
	w.err = nil
	w.packed, w.members = w.packed[:0], w.members[:0]
	w.packing = false
}

// Buf returns the buffer as it stands, for the next Reset.
func (w *Writer) Buf() []byte { return w.buf }

// Len is the number of bytes written so far.
func (w *Writer) Len() int { return len(w.buf) }

// Reserve gives the next n object numbers and returns the first of them.
func (w *Writer) Reserve(n int) int {
	first := len(w.places)
	for range n {
		w.places = append(w.places, place{})
	}
	return first
}

// Open begins object number n; what it holds follows, then Close.
func (w *Writer) Open(n int) *Writer {
	w.put(n, place{offset: len(w.buf)})
	w.buf = AppendInt(w.buf, n)
	w.buf = append(w.buf, " 0 obj\n"...)
	return w
}

// Pack begins object number n, which is no stream, in an object stream; what
// it holds follows, then Close.
func (w *Writer) Pack(n int) *Writer {
	w.members = append(w.members, member{n, len(w.packed)})
	w.outside, w.buf, w.packing = w.buf, w.packed, true
	return w
}

// Close ends the object that Open or Pack began.
func (w *Writer) Close() {
	if !w.packing {
		w.buf = append(w.buf, "\nendobj\n"...)
		return
	}
	w.packed = append(w.buf, '\n')
	w.buf, w.outside, w.packing = w.outside, nil, false
}

// put notes where object n is.
func (w *Writer) put(n int, p place) {
	switch {
	case n <= 0 || n >= len(w.places):
		w.fail(fmt.Errorf("pdf: object %d was not reserved", n))
	case w.places[n] != place{}:
		w.fail(fmt.Errorf("%w: %d", ErrRewritten, n))
	default:
		w.places[n] = p
	}
}

// flush writes the objects that Pack gathered as an object stream.
func (w *Writer) flush(compress func(dst, data []byte) []byte) {
	if len(w.members) == 0 {
		return
	}
	stream := w.Reserve(1)
	index := len(w.packed)
	for i, m := range w.members {
		w.put(m.number, place{stream: stream, index: i})
		w.packed = AppendInt(w.packed, m.number)
		w.packed = append(w.packed, ' ')
		w.packed = AppendInt(w.packed, m.offset)
		w.packed = append(w.packed, ' ')
	}
	// The index goes first, and is known last.
	first := len(w.packed) - index
	w.packed = append(w.packed, w.packed[:index]...)
	w.Open(stream).Raw("<</Type/ObjStm/N ").Int(len(w.members)).Raw("/First ").Int(first).Raw("/Filter/FlateDecode/Length ")
	w.encoded(w.packed[index:], compress)
	w.packed, w.members = w.packed[:0], w.members[:0]
}

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
func (w *Writer) Compressed(data []byte) { w.encoded(data, AppendDeflate) }

func (w *Writer) encoded(data []byte, encode func(dst, data []byte) []byte) {
	length := len(w.buf)
	w.Raw("        >>stream\n")
	start := len(w.buf)
	w.buf = encode(w.buf, data)
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
	next  int
}

type blockObject struct {
	number int
	place  place // offset from the block's beginning
}

// Cut takes everything after the header as a Block, compressed as well as it
// gets, and leaves w empty.
func (w *Writer) Cut() (*Block, error) {
	w.flush(AppendDeflateBest)
	if w.err != nil {
		return nil, w.err
	}
	b := &Block{bytes: append([]byte(nil), w.buf[len(header):]...), next: len(w.places)}
	for n, p := range w.places {
		if p == (place{}) {
			continue
		}
		if p.stream == 0 {
			p.offset -= len(header)
		}
		b.at = append(b.at, blockObject{n, p})
	}
	w.Reset(w.buf)
	return b, nil
}

// Size is the number of bytes that the block's objects take.
func (b *Block) Size() int { return len(b.bytes) }

// Place appends a block's objects and reserves their numbers and those that
// had been reserved beside them. It is called before any other number is
// reserved.
func (w *Writer) Place(b *Block) {
	w.Reserve(b.next - len(w.places))
	base := len(w.buf)
	for _, o := range b.at {
		p := o.place
		if p.stream == 0 {
			p.offset += base
		}
		w.put(o.number, p)
	}
	w.buf = append(w.buf, b.bytes...)
}

// Trailer is what the file's trailer dictionary names (§7.5.5).
type Trailer struct {
	Root int      // the catalog
	Info int      // the document information dictionary; 0 for none
	ID   [16]byte // both halves of the file identifier, as the file has one revision
}

// Finish writes the cross-reference stream (§7.5.8) and fixes /ByteRange. It
// returns the whole file, which shares the Writer's buffer, and where the
// signature's /Contents stands: from its '<' to just after its '>', both 0
// when no Signature was written.
func (w *Writer) Finish(t Trailer) (file []byte, gapStart, gapEnd int, err error) {
	w.flush(AppendDeflate)
	xref := w.Reserve(1)
	start := len(w.buf)
	w.put(xref, place{offset: start})
	for n, p := range w.places[1:] {
		if p == (place{}) {
			w.fail(fmt.Errorf("%w: %d", ErrUnwritten, n+1))
		}
	}
	if w.err != nil {
		return nil, 0, 0, w.err
	}
	w.Int(xref).Raw(" 0 obj\n<</Type/XRef/Size ").Int(len(w.places)).Raw("/Root").Link(t.Root)
	if t.Info != 0 {
		w.Raw("/Info").Link(t.Info)
	}
	// As few bytes an entry as offsets and indexes need.
	offsetWidth, indexWidth := 2, 1
	for start>>(8*offsetWidth) != 0 {
		offsetWidth++
	}
	for _, p := range w.places {
		if p.index > 0xFF {
			indexWidth = 2
		}
	}
	w.Raw("/ID[").hex(t.ID[:]).hex(t.ID[:]).Raw("]/W[1 ").Int(offsetWidth).Raw(" ").Int(indexWidth)
	w.Raw("]/Length ").Int((1 + offsetWidth + indexWidth) * len(w.places)).Raw(">>stream\n")
	w.buf = appendBytes(w.buf, 0, 1+offsetWidth+indexWidth) // object 0, free
	for _, p := range w.places[1:] {
		kind, field := 1, p.offset
		if p.stream != 0 {
			kind, field = 2, p.stream
		}
		w.buf = append(w.buf, byte(kind))
		w.buf = appendBytes(w.buf, field, offsetWidth)
		w.buf = appendBytes(w.buf, p.index, indexWidth)
	}
	w.Raw("\nendstream\nendobj\nstartxref\n").Int(start).Raw("\n%%EOF\n")
	w.fixByteRange()
	return w.buf, w.sig.start, w.sig.end, nil
}

// appendBytes appends the low n bytes of v, the highest first.
func appendBytes(dst []byte, v, n int) []byte {
	for i := n - 1; i >= 0; i-- {
		dst = append(dst, byte(v>>(8*i)))
	}
	return dst
}

func (w *Writer) hex(b []byte) *Writer {
	w.buf = append(w.buf, '<')
	w.buf = AppendHex(w.buf, b)
	w.buf = append(w.buf, '>')
	return w
}
