package pdf

import (
	"errors"
	"math"
	"slices"
	"strings"
	"unsafe"
)

// The reasons for which a file is not read at all; a fault of syntax is a
// *SyntaxError instead.
var (
	ErrNotPDF    = errors.New("not a PDF: no %PDF- header at offset 0")
	ErrEncrypted = errors.New("an encrypted PDF")
	ErrTooLarge  = errors.New("more than the limits allow")
)

// Limits of what is read, so that no upload costs more than its size suggests.
const (
	maxFile      = 128 << 20 // bytes of a file
	maxRevisions = 64
	maxPending   = 32       // objects being resolved at a time
	maxInflated  = 24 << 20 // bytes inflated in all, for one file
	maxValues    = 1 << 20  // values built in all: each costs some dozen bytes, however short it is written
	maxEntries   = 1 << 18  // cross-reference entries in all
	maxPasses    = 8        // how often the bytes of a file are gone over, on average
)

// budget is what one file may still cost, over all its revisions' views.
type budget struct {
	inflate int // bytes
	values  int
	bytes   int // of objects gone over
}

// gone takes the bytes of an object that was gone over.
func (b *budget) gone(bytes int) error {
	if b.bytes -= bytes; b.bytes < 0 {
		return ErrTooLarge
	}
	return nil
}

// File is a PDF as it was read: classic and stream cross-references, hybrid
// ones, object streams and incremental revisions. Nothing is repaired: a
// cross-reference that does not lead to its object exactly is an error, since
// two readers would repair it differently and show different things.
//
// A File is not safe for concurrent use.
type File struct {
	// Revisions are in the order in which they were written.
	Revisions []*Revision

	data   []byte
	src    string // data, for values to point into
	budget *budget
	parsed int // bytes of cross-references read so far
	values map[int]Object
	packed map[int]*objectStream
	busy   map[int]bool // objects being resolved, against loops
}

// Revision is one stretch of a file, from the end of the revision before it to
// its own %%EOF.
type Revision struct {
	Start   int  // where the previous revision ends, 0 for the first
	EOF     int  // just after %%EOF
	End     int  // after the one end-of-line marker that may follow
	Trailer Dict // of its newest section

	Sections []Span  // cross-reference tables with trailers, and their startxref … %%EOF
	Objects  []Place // what its cross-references list, by number, each once
}

// Place is where a cross-reference says an object is.
type Place struct {
	Ref       Ref
	Free      bool
	Span      Span // from its number to endobj; zero when Free or packed
	Container int  // number of the object stream that holds it, or 0
	Index     int  // within Container
}

// Open reads a file's structure: every cross-reference, and the extent of every
// object that one lists. Values are parsed when they are resolved. Errors:
// ErrNotPDF, ErrEncrypted, ErrTooLarge, *SyntaxError. The File and the values
// resolved from it point into data, which must not change while they are used.
func Open(data []byte) (*File, error) {
	if len(data) > maxFile {
		return nil, ErrTooLarge
	}
	src := unsafe.String(unsafe.SliceData(data), len(data)) //nolint:gosec // never written to, and a copy would cost a tenth of a verification
	if !headed(src) {
		return nil, ErrNotPDF
	}
	f := &File{data: data, src: src, budget: &budget{inflate: maxInflated, values: maxValues, bytes: maxPasses * (len(src) + 1<<17)}}
	f.forget()
	head, err := lastStart(src)
	if err != nil {
		return nil, err
	}
	if err := f.readRevisions(head); err != nil {
		return nil, err
	}
	if err := f.measure(); err != nil {
		return nil, err
	}
	return f, nil
}

// headed tells whether src begins with %PDF-d.d.
func headed(src string) bool {
	return len(src) >= 8 && strings.HasPrefix(src, "%PDF-") &&
		src[5] >= '1' && src[5] <= '9' && src[6] == '.' && src[7] >= '0' && src[7] <= '9'
}

// lastStart reads the end of the file backwards: startxref, a number, %%EOF,
// and white space at most.
func lastStart(src string) (int, error) {
	end := strings.TrimRight(src, "\x00\t\n\f\r ")
	head, ok := strings.CutSuffix(end, "%%EOF")
	if !ok {
		return 0, &SyntaxError{Offset: len(end), Want: "%%EOF"}
	}
	head = strings.TrimRight(head, "\t\n\f\r ")
	number := len(strings.TrimRight(head, "0123456789"))
	start, ok := strings.CutSuffix(strings.TrimRight(head[:number], "\t\n\f\r "), "startxref")
	if !ok {
		return 0, &SyntaxError{Offset: number, Want: "startxref and an offset before %%EOF"}
	}
	l := lexer{src: src, pos: len(start)}
	at, _, err := l.tail()
	return at, err
}

// tail reads startxref, an offset and %%EOF.
func (l *lexer) tail() (at, end int, err error) {
	if err := l.keyword("startxref"); err != nil {
		return 0, 0, err
	}
	l.blank()
	at, err = l.digits(math.MaxInt32, "an offset")
	if err != nil {
		return 0, 0, err
	}
	l.blank()
	if !strings.HasPrefix(l.src[l.pos:], "%%EOF") {
		return 0, 0, l.fail(l.pos, "%%EOF")
	}
	l.pos += len("%%EOF")
	return at, l.pos, nil
}

// AsOf returns the file as it stood at the end of revision i, sharing this
// one's bytes and its limits.
func (f *File) AsOf(i int) *File {
	g := &File{Revisions: f.Revisions[:i+1], data: f.data, src: f.src, budget: f.budget}
	g.forget()
	return g
}

// forget drops what was parsed.
func (f *File) forget() {
	f.values = make(map[int]Object)
	f.packed = make(map[int]*objectStream)
	f.busy = make(map[int]bool)
}

// Trailer is the newest trailer dictionary.
func (f *File) Trailer() Dict { return f.Revisions[len(f.Revisions)-1].Trailer }

// place finds the newest place of an object.
func (f *File) place(num int) (Place, bool) {
	for i := len(f.Revisions) - 1; i >= 0; i-- {
		if p, ok := f.Revisions[i].Place(num); ok {
			return p, true
		}
	}
	return Place{}, false
}

// Place finds an object by number among those the revision lists.
func (r *Revision) Place(num int) (Place, bool) {
	i, ok := slices.BinarySearchFunc(r.Objects, num, func(p Place, n int) int { return p.Ref.Num - n })
	if !ok {
		return Place{}, false
	}
	return r.Objects[i], true
}

// Resolve follows references until it has a direct object. A reference to what
// is free or absent is null (ISO 32000-2 §7.3.10).
func (f *File) Resolve(o Object) (Object, error) {
	for range 32 {
		ref, ok := o.(Ref)
		if !ok {
			return o, nil
		}
		v, err := f.load(ref)
		if err != nil {
			return nil, err
		}
		o = v
	}
	return nil, &SyntaxError{Want: "references that end"}
}

// load parses the object that a reference names, once.
func (f *File) load(ref Ref) (Object, error) {
	p, ok := f.place(ref.Num)
	if !ok || p.Free || p.Ref.Gen != ref.Gen {
		return nil, nil
	}
	if v, ok := f.values[ref.Num]; ok {
		return v, nil
	}
	if f.busy[ref.Num] || len(f.busy) == maxPending {
		return nil, &SyntaxError{Offset: p.Span.Start, Want: "an object that does not need itself"}
	}
	f.busy[ref.Num] = true
	defer delete(f.busy, ref.Num)
	v, err := f.parse(p)
	if err != nil {
		return nil, err
	}
	f.values[ref.Num] = v
	return v, nil
}

func (f *File) parse(p Place) (Object, error) {
	if p.Container != 0 {
		return f.unpack(p)
	}
	if err := f.budget.gone(p.Span.Len()); err != nil {
		return nil, err
	}
	l := lexer{src: f.src[:p.Span.End], pos: p.Span.Start, budget: f.budget}
	return f.indirect(&l, p.Ref, true)
}

// indirect reads "N G obj … endobj". With keep false it only measures it.
func (f *File) indirect(l *lexer, want Ref, keep bool) (Object, error) {
	got, err := l.header()
	if err != nil {
		return nil, err
	}
	if got != want {
		return nil, l.fail(l.pos, "object "+want.String())
	}
	l.space()
	isDict := strings.HasPrefix(l.src[l.pos:], "<<")
	at := l.pos
	v, err := l.object(0, keep)
	if err != nil {
		return nil, err
	}
	l.space()
	if isDict && l.word() == "stream" {
		if v == nil { // measured only so far, but Length is needed
			again := lexer{src: l.src, pos: at, budget: l.budget}
			if v, err = again.object(0, true); err != nil {
				return nil, err
			}
		}
		if v, err = f.stream(l, v.(Dict)); err != nil {
			return nil, err
		}
		l.space()
	}
	return v, l.keyword("endobj")
}

// header reads "N G obj".
func (l *lexer) header() (Ref, error) {
	num, err := l.digits(maxNumber, "an object's number")
	if err != nil {
		return Ref{}, err
	}
	l.blank()
	gen, err := l.digits(65535, "an object's generation")
	if err != nil {
		return Ref{}, err
	}
	l.blank()
	return Ref{num, gen}, l.keyword("obj")
}

// stream reads what follows a stream's dictionary, up to endstream.
func (f *File) stream(l *lexer, d Dict) (*Stream, error) {
	at := l.pos
	l.pos += len("stream")
	if strings.HasPrefix(l.src[l.pos:], "\r") && !strings.HasPrefix(l.src[l.pos:], "\r\n") || !l.newline() {
		return nil, l.fail(l.pos, "an end of line after stream")
	}
	length, err := f.Resolve(d.Get("Length"))
	if err != nil {
		return nil, err
	}
	n, ok := length.(Integer)
	if !ok || n < 0 || int64(n) > int64(len(l.src)-l.pos) {
		return nil, l.fail(at, "a Length that fits into the file")
	}
	data := Span{l.pos, l.pos + int(n)}
	l.pos = data.End
	l.newline()
	if err := l.keyword("endstream"); err != nil {
		return nil, err
	}
	return &Stream{Dict: d, Data: data, raw: l.src[data.Start:data.End]}, nil
}
