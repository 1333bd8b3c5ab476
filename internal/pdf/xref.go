package pdf

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// String writes a reference as PDF does.
func (r Ref) String() string { return fmt.Sprintf("%d %d R", r.Num, r.Gen) }

// section is one cross-reference table with its trailer, or one
// cross-reference stream.
type section struct {
	span    Span // with the startxref … %%EOF that follows, if one does
	trailer Dict
	places  []Place
	start   int // what the startxref after it says, -1 if none follows
	eof     int
}

// readRevisions follows the chain of sections from the newest, and groups
// those that were written together: a hybrid table with its stream, the two
// halves of a linearized file. A section further down the chain that stands
// later in the file belongs to the same revision.
func (f *File) readRevisions(head int) error {
	seen := map[int]bool{}
	entries := 0
	var newest []*Revision // newest first
	for at := head; at >= 0; {
		if len(newest) == maxRevisions {
			return ErrTooLarge
		}
		var group []*section
		for first := at; at >= 0 && (at == first || at > first); {
			if seen[at] {
				return &SyntaxError{Offset: at, Want: "cross-references that do not run in a circle"}
			}
			seen[at] = true
			s, err := f.section(at)
			if err != nil {
				return err
			}
			group = append(group, s)
			if entries += len(s.places); entries > maxEntries {
				return ErrTooLarge
			}
			if at, err = previous(s); err != nil {
				return err
			}
		}
		r, err := f.revision(group)
		if err != nil {
			return err
		}
		newest = append(newest, r)
	}
	slices.Reverse(newest)
	f.Revisions = newest
	return f.order()
}

// previous returns the offset of the section before s, or -1.
func previous(s *section) (int, error) {
	v := s.trailer.Get("Prev")
	if v == nil {
		return -1, nil
	}
	n, ok := v.(Integer)
	if !ok || n < 0 || n > maxFile {
		return 0, &SyntaxError{Offset: s.span.Start, Want: "an offset as Prev"}
	}
	return int(n), nil
}

// revision makes one revision of the sections written together, newest first.
func (f *File) revision(group []*section) (*Revision, error) {
	head, last := group[0], group[0]
	r := &Revision{Trailer: head.trailer}
	for _, s := range group {
		r.Sections = append(r.Sections, s.span)
		r.Objects = merge(r.Objects, s.places, false)
		if s.span.Start > last.span.Start {
			last = s
		}
		hybrid, err := f.hybrid(s)
		if err != nil {
			return nil, err
		}
		if hybrid != nil {
			r.Sections = append(r.Sections, hybrid.span)
			r.Objects = merge(r.Objects, hybrid.places, true)
		}
	}
	if last.start != head.span.Start {
		return nil, &SyntaxError{Offset: last.span.Start, Want: "a section followed by a startxref that leads to it"}
	}
	r.EOF = last.eof
	l := lexer{src: f.src, pos: r.EOF}
	l.newline()
	r.End = l.pos
	return r, nil
}

// hybrid reads the stream that a table of a hybrid file names (§7.5.8.4).
func (f *File) hybrid(s *section) (*section, error) {
	v := s.trailer.Get("XRefStm")
	if v == nil {
		return nil, nil
	}
	at, ok := v.(Integer)
	if !ok || at < 0 || at > maxFile || !strings.HasPrefix(f.src[s.span.Start:], "xref") {
		return nil, &SyntaxError{Offset: s.span.Start, Want: "an offset as XRefStm of a table"}
	}
	h, err := f.section(int(at))
	if err != nil {
		return nil, err
	}
	if h.trailer.Get("XRefStm") != nil || strings.HasPrefix(f.src[h.span.Start:], "xref") {
		return nil, &SyntaxError{Offset: h.span.Start, Want: "a cross-reference stream"}
	}
	return h, nil
}

// merge adds to the places of newer sections those of an older one that they
// do not list; those of a hybrid's stream also where the table says free.
func merge(newer, older []Place, hybrid bool) []Place {
	if len(newer) == 0 {
		return older
	}
	out := make([]Place, 0, len(newer)+len(older))
	for len(newer) > 0 && len(older) > 0 {
		switch a, b := newer[0], older[0]; {
		case a.Ref.Num < b.Ref.Num:
			out, newer = append(out, a), newer[1:]
		case a.Ref.Num > b.Ref.Num:
			out, older = append(out, b), older[1:]
		default:
			if hybrid && a.Free {
				a = b
			}
			out, newer, older = append(out, a), newer[1:], older[1:]
		}
	}
	return append(append(out, newer...), older...)
}

// order sees that revisions follow each other in the file as they do in the
// chain, and that each has its sections within its own bytes.
func (f *File) order() error {
	start := 0
	for _, r := range f.Revisions {
		r.Start = start
		for _, s := range r.Sections {
			if s.Start < start || s.End > r.EOF {
				return &SyntaxError{Offset: s.Start, Want: "a cross-reference within its own revision"}
			}
		}
		start = r.End
	}
	l := lexer{src: f.src, pos: start}
	if l.blank(); l.pos < len(l.src) {
		return &SyntaxError{Offset: l.pos, Want: "the end of the file"}
	}
	for _, r := range f.Revisions {
		if r.Trailer.Get("Encrypt") != nil {
			return ErrEncrypted
		}
	}
	return nil
}

// section reads the cross-reference at an offset, of either kind.
func (f *File) section(at int) (*section, error) {
	if at >= len(f.src) {
		return nil, &SyntaxError{Offset: at, Want: "a cross-reference, but the file ends before"}
	}
	l := lexer{src: f.src, pos: at, budget: f.budget}
	s := &section{start: -1}
	var err error
	if l.word() == "xref" {
		err = s.table(&l)
	} else {
		err = f.xrefStream(s, &l)
	}
	if err != nil {
		return nil, err
	}
	s.span = Span{at, l.pos}
	if err := s.sort(); err != nil {
		return nil, err
	}
	l.space()
	if l.word() == "startxref" {
		if s.start, s.eof, err = l.tail(); err != nil {
			return nil, err
		}
		s.span.End = s.eof
	}
	// Sections apart from each other cannot be longer than the file together;
	// ones within each other could make reading quadratic.
	if f.parsed += s.span.Len(); f.parsed > len(f.src) {
		return nil, &SyntaxError{Offset: at, Want: "cross-references that do not overlap"}
	}
	return s, nil
}

// sort orders places by number and refuses a number listed twice, or past Size.
func (s *section) sort() error {
	byNumber := func(a, b Place) int { return cmp.Compare(a.Ref.Num, b.Ref.Num) }
	if !slices.IsSortedFunc(s.places, byNumber) {
		slices.SortStableFunc(s.places, byNumber)
	}
	for i := 1; i < len(s.places); i++ {
		if s.places[i].Ref.Num == s.places[i-1].Ref.Num {
			return &SyntaxError{Offset: s.span.Start, Want: "object " + s.places[i].Ref.String() + " listed once"}
		}
	}
	size, ok := s.trailer.Get("Size").(Integer)
	if !ok || len(s.places) > 0 && int64(s.places[len(s.places)-1].Ref.Num) >= int64(size) {
		return &SyntaxError{Offset: s.span.Start, Want: "a Size above every object's number"}
	}
	return nil
}

// table reads a classic cross-reference table and its trailer (§7.5.4).
func (s *section) table(l *lexer) error {
	l.pos += len("xref")
	for l.blank(); l.word() != "trailer"; l.blank() {
		if err := s.subsection(l); err != nil {
			return err
		}
	}
	l.pos += len("trailer")
	v, err := l.object(0, true)
	if err != nil {
		return err
	}
	var ok bool
	if s.trailer, ok = v.(Dict); !ok {
		return l.fail(l.pos, "a trailer dictionary")
	}
	return nil
}

func (s *section) subsection(l *lexer) error {
	first, err := l.digits(maxNumber, "the first number of a subsection")
	if err != nil {
		return err
	}
	l.blank()
	count, err := l.digits(maxNumber, "the count of a subsection")
	if err != nil {
		return err
	}
	l.blank()
	if count > (len(l.src)-l.pos)/20 || first+count > maxNumber {
		return l.fail(l.pos, "as many entries as the subsection says")
	}
	if len(s.places)+count > maxEntries {
		return ErrTooLarge
	}
	s.places = slices.Grow(s.places, count)
	for i := range count {
		p, err := l.entry(first + i)
		if err != nil {
			return err
		}
		s.places = append(s.places, p)
	}
	return nil
}

// entry reads one line of a table: exactly twenty bytes.
func (l *lexer) entry(num int) (Place, error) {
	line := l.src[l.pos : l.pos+20]
	offset, ok1 := plain(line[:10])
	gen, ok2 := plain(line[11:16])
	kind, end := line[17], line[18:]
	if !ok1 || !ok2 || line[10] != ' ' || line[16] != ' ' || kind != 'n' && kind != 'f' ||
		end != " \n" && end != " \r" && end != "\r\n" {
		return Place{}, l.fail(l.pos, "a cross-reference entry of twenty bytes")
	}
	l.pos += 20
	p := Place{Ref: Ref{num, int(gen)}, Free: kind == 'f'}
	if !p.Free {
		if offset >= int64(len(l.src)) || num == 0 || gen > 65535 {
			return Place{}, l.fail(l.pos-20, "an offset within the file, and a generation up to 65535")
		}
		p.Span.Start = int(offset)
	}
	return p, nil
}

// xrefStream reads a cross-reference stream (§7.5.8).
func (f *File) xrefStream(s *section, l *lexer) error {
	at := l.pos
	ref, err := (&lexer{src: l.src, pos: at}).header()
	if err != nil {
		return l.fail(at, "xref, or a cross-reference stream")
	}
	v, err := f.indirect(l, ref, true) // its Length cannot be a reference: no revision is known yet
	if err != nil {
		return err
	}
	st, ok := v.(*Stream)
	if !ok || st.Dict.Get("Type") != Name("XRef") {
		return l.fail(at, "a cross-reference stream")
	}
	s.trailer = st.Dict
	body, err := f.Decode(st, maxInflated)
	if err != nil {
		return err
	}
	widths, err := l.widths(at, st.Dict)
	if err != nil {
		return err
	}
	return s.unpack(l, at, body, widths)
}

func (l *lexer) widths(at int, d Dict) (w [3]int, err error) {
	a, _ := d.Get("W").(Array)
	if len(a) != 3 {
		return w, l.fail(at, "three widths W")
	}
	for i, v := range a {
		n, ok := v.(Integer)
		if !ok || n < 0 || n > 7 {
			return w, l.fail(at, "widths W of 0 to 7 bytes")
		}
		w[i] = int(n)
	}
	if w[1] == 0 {
		return w, l.fail(at, "widths W with an offset")
	}
	return w, nil
}

// unpack reads a stream's entries by its Index.
func (s *section) unpack(l *lexer, at int, body []byte, w [3]int) error {
	index, ok := s.trailer.Get("Index").(Array)
	if !ok {
		index = Array{Integer(0), s.trailer.Get("Size")}
	}
	row := w[0] + w[1] + w[2]
	if len(body)/row > maxEntries {
		return ErrTooLarge
	}
	s.places = make([]Place, 0, len(body)/row)
	for len(index) >= 2 {
		first, ok1 := index[0].(Integer)
		count, ok2 := index[1].(Integer)
		if !ok1 || !ok2 || first < 0 || first > maxNumber || count < 0 || int64(count) > int64(len(body)/row) {
			return l.fail(at, "an Index that fits the entries")
		}
		for i := range int(count) {
			p, err := l.packedEntry(at, int(first)+i, body[i*row:], w)
			if err != nil {
				return err
			}
			s.places = append(s.places, p)
		}
		index, body = index[2:], body[int(count)*row:]
	}
	if len(index) != 0 || len(body) != 0 {
		return l.fail(at, "an Index that fits the entries")
	}
	return nil
}

func (l *lexer) packedEntry(at, num int, row []byte, w [3]int) (Place, error) {
	kind, offset, third := int64(1), bigEndian(row[w[0]:][:w[1]]), bigEndian(row[w[0]+w[1]:][:w[2]])
	if w[0] > 0 {
		kind = bigEndian(row[:w[0]])
	}
	switch kind {
	case 0:
		if third > 65535 {
			break
		}
		return Place{Ref: Ref{num, int(third)}, Free: true}, nil
	case 1:
		if num == 0 || offset >= int64(len(l.src)) || third > 65535 {
			break
		}
		return Place{Ref: Ref{num, int(third)}, Span: Span{Start: int(offset)}}, nil
	case 2:
		if num == 0 || offset == 0 || offset > maxNumber || third > maxNumber {
			break
		}
		return Place{Ref: Ref{Num: num}, Container: int(offset), Index: int(third)}, nil
	}
	return Place{}, l.fail(at, fmt.Sprintf("a usable entry for object %d", num))
}

func bigEndian(b []byte) (n int64) {
	for _, c := range b {
		n = n<<8 | int64(c)
	}
	return n
}
