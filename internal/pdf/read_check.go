package pdf

import (
	"cmp"
	"slices"
)

// extent is a stretch of the file: an object that a revision lists, or one of
// the revision's sections.
type extent struct {
	Span
	place    *Place // nil for a section
	revision int
}

// extents lists all of them by where they begin; of a cross-reference stream,
// which is both, the section first.
func (f *File) extents() []extent {
	n := 0
	for _, r := range f.Revisions {
		n += len(r.Objects) + len(r.Sections)
	}
	all := make([]extent, 0, n)
	for i, r := range f.Revisions {
		for _, s := range r.Sections {
			all = append(all, extent{Span: s, revision: i})
		}
		for j := range r.Objects {
			if p := &r.Objects[j]; !p.Free && p.Container == 0 {
				all = append(all, extent{Span: p.Span, place: p, revision: i})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b extent) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(bit(a.place != nil), bit(b.place != nil)))
	})
	return all
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// measure finds where every listed object ends, and refuses a file in which one
// stands within another: what one reader shows as a string or a stream, another
// could read as an object. No object is read past the beginning of the next,
// which also keeps the work linear in the file's size.
func (f *File) measure() error {
	all := f.extents()
	limit := len(f.src)
	for i := len(all) - 1; i >= 0; i-- {
		if i+1 < len(all) && all[i+1].Start > all[i].Start {
			limit = all[i+1].Start
		}
		if all[i].place == nil && all[i].End > limit {
			return &SyntaxError{Offset: limit, Want: "objects that do not overlap"}
		}
		if all[i].place != nil {
			all[i].place.Span.End = limit
		}
	}
	views := make([]*File, len(f.Revisions))
	for _, e := range all {
		if e.place == nil {
			continue
		}
		if views[e.revision] == nil {
			views[e.revision] = f.AsOf(e.revision)
		}
		l := lexer{src: f.src[:e.place.Span.End], pos: e.Start, budget: f.budget}
		if _, err := views[e.revision].indirect(&l, e.place.Ref, false); err != nil {
			return err
		}
		e.place.Span.End = l.pos
		if err := f.budget.gone(l.pos - e.Start); err != nil { // the same object, listed by every revision
			return err
		}
	}
	return nil
}

// Tight checks that between objects, cross-references and trailers there is
// nothing but white space and the header, and after the last %%EOF no more than
// one end of line: no byte is outside what a reader parses.
func (f *File) Tight() error {
	for i := range f.Revisions {
		if err := f.TightRevision(i); err != nil {
			return err
		}
	}
	if end := f.Revisions[len(f.Revisions)-1].End; end != len(f.src) {
		return &SyntaxError{Offset: end, Want: "the end of the file"}
	}
	return nil
}

// TightRevision checks the same for the bytes of revision i alone.
func (f *File) TightRevision(i int) error {
	rev := f.Revisions[i]
	l := lexer{src: f.src[:rev.EOF], pos: rev.Start}
	if i == 0 {
		if err := l.fileHeader(); err != nil {
			return err
		}
	}
	for _, e := range f.extents() {
		if e.End <= l.pos || e.Start >= rev.EOF {
			continue // another revision's, listed twice, or both a section and an object
		}
		if l.blank(); l.pos != e.Start {
			return l.fail(l.pos, "nothing but white space between objects")
		}
		l.pos = e.End
	}
	if l.pos != rev.EOF {
		return l.fail(l.pos, "%%EOF")
	}
	return nil
}

// fileHeader moves past %PDF-d.d and the comment that marks the file as binary
// (§7.5.2).
func (l *lexer) fileHeader() error {
	l.pos += len("%PDF-d.d")
	if !l.newline() {
		return l.fail(l.pos, "an end of line after the header")
	}
	if l.pos < len(l.src) && l.src[l.pos] == '%' {
		for l.pos < len(l.src) && !l.newline() {
			l.pos++
		}
	}
	return nil
}
