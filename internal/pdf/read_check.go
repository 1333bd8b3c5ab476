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
		l := lexer{src: f.src[:e.place.Span.End], pos: e.Start}
		if _, err := views[e.revision].indirect(&l, e.place.Ref, false); err != nil {
			return err
		}
		e.place.Span.End = l.pos
	}
	return nil
}

// Tight checks that between header, objects, cross-references and trailers
// there is nothing but white space, and after the last %%EOF no more than one
// end of line: no byte of the file is outside what a reader parses.
func (f *File) Tight() error {
	l := lexer{src: f.src}
	l.pos = len("%PDF-d.d")
	if !l.newline() {
		return l.fail(l.pos, "an end of line after the header")
	}
	if l.pos < len(l.src) && l.src[l.pos] == '%' { // the comment that marks the file as binary, §7.5.2
		for l.pos < len(l.src) && !l.newline() {
			l.pos++
		}
	}
	for _, e := range f.extents() {
		l.blank()
		if e.End <= l.pos {
			continue // listed twice, or both a section and an object
		}
		if l.pos != e.Start {
			return l.fail(l.pos, "nothing but white space between objects")
		}
		l.pos = e.End
	}
	if tail := l.src[l.pos:]; tail != "" && tail != "\n" && tail != "\r" && tail != "\r\n" {
		return l.fail(l.pos, "the end of the file")
	}
	return nil
}
