package signer

import (
	"errors"
	"time"

	"yinzheng/internal/pdf"
)

// signatureField is a signature field that has a value.
type signatureField struct {
	field     pdf.Ref  // zero for one that is not an object of its own
	widget    pdf.Dict // the field itself
	value     pdf.Ref  // its signature dictionary; zero likewise
	contents  pdf.String
	byteRange [4]int64
	ranged    bool // byteRange has four integers
	timestamp bool // a document timestamp (PAdES), not a signature
	at        time.Time
}

// Limits of the walk over a form's fields.
const (
	maxFields     = 2000
	maxFieldDepth = 16
)

var errForm = errors.New("a form whose fields cannot be followed")

// signatures lists the signature fields with a value, by way of the catalog's
// form, as every reader finds them (ISO 32000-2 §12.7, §12.8).
func signatures(f *pdf.File) ([]signatureField, error) {
	catalog, err := dictOf(f, f.Trailer().Get("Root"))
	if err != nil {
		return nil, err
	}
	form, err := dictOf(f, catalog.Get("AcroForm"))
	if err != nil {
		return nil, err
	}
	w := &fieldWalk{file: f, seen: map[pdf.Ref]bool{}}
	err = w.walk(form.Get("Fields"), nil, nil, 0)
	return w.found, err
}

type fieldWalk struct {
	file  *pdf.File
	seen  map[pdf.Ref]bool
	count int
	found []signatureField
}

// walk goes over an array of fields. A field's type and value may stand with
// its parent (§12.7.4.1).
func (w *fieldWalk) walk(fields, kind, value pdf.Object, depth int) error {
	list, err := w.file.Resolve(fields)
	if err != nil {
		return err
	}
	kids, _ := list.(pdf.Array)
	if depth > maxFieldDepth || len(kids) > maxFields {
		return errForm
	}
	for _, kid := range kids {
		if err := w.field(kid, kind, value, depth); err != nil {
			return err
		}
	}
	return nil
}

func (w *fieldWalk) field(kid, kind, value pdf.Object, depth int) error {
	ref, _ := kid.(pdf.Ref)
	if w.count++; w.count > maxFields || ref != (pdf.Ref{}) && w.seen[ref] {
		return errForm
	}
	w.seen[ref] = true
	d, err := dictOf(w.file, kid)
	if err != nil {
		return err
	}
	if v := d.Get("FT"); v != nil {
		if kind, err = w.file.Resolve(v); err != nil {
			return err
		}
	}
	if v := d.Get("V"); v != nil {
		value = v
	}
	if kids := d.Get("Kids"); kids != nil {
		return w.walk(kids, kind, value, depth+1)
	}
	if kind != pdf.Name("Sig") || value == nil {
		return nil
	}
	sig, err := readSignature(w.file, value)
	if err != nil {
		return err
	}
	sig.field, sig.widget = ref, d
	w.found = append(w.found, sig)
	return nil
}

// readSignature reads a signature dictionary (§12.8.1, table 255).
func readSignature(f *pdf.File, value pdf.Object) (signatureField, error) {
	d, err := dictOf(f, value)
	if err != nil {
		return signatureField{}, err
	}
	s := signatureField{}
	s.value, _ = value.(pdf.Ref)
	s.contents, _ = d.Get("Contents").(pdf.String) // direct, or it has no place of its own in the file
	s.timestamp = d.Get("SubFilter") == pdf.Name("ETSI.RFC3161")
	if m, ok := d.Get("M").(pdf.String); ok {
		s.at = parseDate(string(m.Bytes()))
	}
	ranges, _ := d.Get("ByteRange").(pdf.Array)
	s.ranged = len(ranges) == 4
	for i := 0; i < len(s.byteRange) && s.ranged; i++ {
		n, ok := ranges[i].(pdf.Integer)
		s.byteRange[i], s.ranged = int64(n), ok && n >= 0
	}
	return s, nil
}

// covers tells whether a signature covers its revision: ByteRange starts at 0,
// leaves out exactly the Contents string, and ends where the revision does.
func (s *signatureField) covers(rev *pdf.Revision) bool {
	span := s.contents.Span
	if !s.ranged || span.Len() == 0 || !s.contents.Hex() || s.byteRange[0] != 0 ||
		s.byteRange[1] != int64(span.Start) || s.byteRange[2] != int64(span.End) || span.Start < rev.Start {
		return false
	}
	rest := s.byteRange[3]
	return rest == int64(rev.EOF-span.End) || rest == int64(rev.End-span.End)
}

// end is where what a covering signature covers ends.
func (s *signatureField) end() int { return s.contents.Span.End + int(s.byteRange[3]) }

// dictOf resolves a dictionary; what is none is an empty one.
func dictOf(f *pdf.File, o pdf.Object) (pdf.Dict, error) {
	v, err := f.Resolve(o)
	if err != nil {
		return nil, err
	}
	d, _ := v.(pdf.Dict)
	return d, nil
}
