package signer

import (
	"errors"
	"fmt"

	"yinzheng/internal/pdf"
)

// update is one revision after the issued one, in the judging: it may add what
// proves a signature later on (the DSS dictionary of ETSI EN 319 142-1 §5.4)
// and a document timestamp that shows nothing (§5.4.3), and nothing else.
type update struct {
	issued, before, after *pdf.File
	stamps                map[pdf.Ref]bool // fields of timestamps that it adds
	lists                 map[pdf.Ref]bool // arrays that may gain them: the form's fields, annotations of their pages
	pages                 map[pdf.Ref]bool // their pages
	allowed               map[int]bool     // new objects that have such a purpose
}

// permitted tells why the newest revision of after, which follows before, does
// more than it may; nil when it does not.
func permitted(data []byte, issued, before, after *pdf.File) error {
	rev := after.Revisions[len(after.Revisions)-1]
	if err := after.TightRevision(len(after.Revisions) - 1); err != nil {
		return err
	}
	u := &update{
		issued: issued, before: before, after: after,
		stamps: map[pdf.Ref]bool{}, lists: map[pdf.Ref]bool{}, pages: map[pdf.Ref]bool{}, allowed: map[int]bool{},
	}
	for _, key := range []pdf.Name{"Root", "Info"} {
		if !pdf.Equal(before.Trailer().Get(key), after.Trailer().Get(key)) {
			return fmt.Errorf("/%s", key)
		}
	}
	if err := u.findStamps(rev); err != nil {
		return err
	}
	if err := u.findDSS(); err != nil {
		return err
	}
	for _, p := range rev.Objects {
		if err := u.object(rev, p); err != nil {
			return fmt.Errorf("%v: %w", p.Ref, err)
		}
	}
	return plainRevision(data, before, after)
}

var errChanged = errors.New("changed")

// object judges one object that the revision adds or changes.
func (u *update) object(rev *pdf.Revision, p pdf.Place) error {
	was := place(u.before, p.Ref.Num)
	if p.Free {
		if was.Free {
			return nil
		}
		return errors.New("removed")
	}
	if p.Container != 0 || p.Span.Start < rev.Start || p.Ref.Gen != 0 {
		return errors.New("not in the revision's own bytes")
	}
	for _, s := range rev.Sections {
		if s.Start == p.Span.Start && was.Free {
			return nil // the cross-reference stream itself
		}
	}
	if place(u.issued, p.Ref.Num).Free && u.allowed[p.Ref.Num] {
		return nil
	}
	if was.Free {
		return errors.New("added")
	}
	old, err1 := u.before.Resolve(p.Ref)
	now, err2 := u.after.Resolve(p.Ref)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	return u.changed(p.Ref, old, now)
}

// changed judges an object that was there before.
func (u *update) changed(ref pdf.Ref, old, now pdf.Object) error {
	if pdf.Equal(old, now) || u.lists[ref] && u.grown(old, now) {
		return nil
	}
	was, ok1 := old.(pdf.Dict)
	is, ok2 := now.(pdf.Dict)
	if !ok1 || !ok2 {
		return errChanged
	}
	switch {
	case pdf.Equal(ref, u.before.Trailer().Get("Root")):
		return u.catalog(was, is)
	case pdf.Equal(ref, u.form()):
		return u.acroForm(was, is)
	case u.pages[ref] && was.Get("Type") == pdf.Name("Page") && differOnly(was, is, "Annots") && u.grown(was.Get("Annots"), is.Get("Annots")):
		return nil
	}
	return errChanged
}

// form is what the catalog said of the form before: a reference, or the form itself.
func (u *update) form() pdf.Object {
	catalog, err := dictOf(u.before, u.before.Trailer().Get("Root"))
	if err != nil {
		return nil
	}
	return catalog.Get("AcroForm")
}

// catalog may gain a DSS, and timestamps in a form that is part of it.
func (u *update) catalog(was, is pdf.Dict) error {
	if !differOnly(was, is, "DSS", "AcroForm") {
		return errChanged
	}
	a, b := was.Get("AcroForm"), is.Get("AcroForm")
	if pdf.Equal(a, b) {
		return nil
	}
	old, ok1 := a.(pdf.Dict)
	now, ok2 := b.(pdf.Dict)
	if !ok1 || !ok2 {
		return errChanged
	}
	return u.acroForm(old, now)
}

func (u *update) acroForm(was, is pdf.Dict) error {
	if !differOnly(was, is, "Fields", "SigFlags") || !u.grown(was.Get("Fields"), is.Get("Fields")) {
		return errChanged
	}
	return nil
}

// grown tells whether an array is as it was, but for new timestamps at its end.
func (u *update) grown(old, now pdf.Object) bool {
	was, err1 := u.before.Resolve(old)
	is, err2 := u.after.Resolve(now)
	a, ok1 := was.(pdf.Array)
	b, ok2 := is.(pdf.Array)
	if err1 != nil || err2 != nil || !ok1 && was != nil || !ok2 || len(b) < len(a) || !pdf.Equal(a, b[:len(a)]) {
		return false
	}
	for _, v := range b[len(a):] {
		if ref, ok := v.(pdf.Ref); !ok || !u.stamps[ref] {
			return false
		}
	}
	return true
}

// findStamps collects the document timestamps that the revision adds.
func (u *update) findStamps(rev *pdf.Revision) error {
	sigs, err := signatures(u.after)
	if err != nil {
		return err
	}
	for _, s := range sigs {
		if !place(u.before, s.field.Num).Free {
			continue // was there; if it is another now, it counts as changed
		}
		if !s.timestamp {
			return errors.New("another signature")
		}
		if !s.covers(rev) || !invisible(s.widget) || s.field == (pdf.Ref{}) {
			return errors.New("a timestamp that shows or does not cover")
		}
		u.stamps[s.field] = true
		u.allowed[s.field.Num] = true
		u.allowed[s.value.Num] = true
		if err := u.noteLists(s.widget.Get("P")); err != nil {
			return err
		}
	}
	return nil
}

// noteLists notes where a timestamp on a page may be entered.
func (u *update) noteLists(page pdf.Object) error {
	form, err1 := dictOf(u.before, u.form())
	d, err2 := dictOf(u.before, page)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	if ref, ok := page.(pdf.Ref); ok {
		u.pages[ref] = true
	}
	for _, list := range []pdf.Object{form.Get("Fields"), d.Get("Annots")} {
		if ref, ok := list.(pdf.Ref); ok {
			u.lists[ref] = true
		}
	}
	return nil
}

// invisible tells whether a field's widget shows nothing.
func invisible(widget pdf.Dict) bool {
	for _, e := range widget {
		switch e.Key {
		case "Type", "Subtype", "FT", "T", "V", "F", "P":
		case "Rect":
			if !pdf.Equal(e.Value, pdf.Array{pdf.Integer(0), pdf.Integer(0), pdf.Integer(0), pdf.Integer(0)}) {
				return false
			}
		default:
			return false
		}
	}
	return widget.Get("Rect") != nil && widget.Get("FT") == pdf.Name("Sig") && // and no note, whose icon readers draw by themselves
		widget.Get("Subtype") == pdf.Name("Widget") && (widget.Get("Type") == nil || widget.Get("Type") == pdf.Name("Annot"))
}

// findDSS collects the objects of a document security store.
func (u *update) findDSS() error {
	catalog, err := dictOf(u.after, u.after.Trailer().Get("Root"))
	if err != nil {
		return err
	}
	return u.store(catalog.Get("DSS"), map[pdf.Name]bool{"Type": true, "VRI": true, "Certs": true, "OCSPs": true, "CRLs": true})
}

// store goes over a DSS or VRI dictionary, which may hold the given keys.
func (u *update) store(o pdf.Object, keys map[pdf.Name]bool) error {
	v, err := u.part(o)
	if err != nil || v == nil {
		return err
	}
	d, ok := v.(pdf.Dict)
	if !ok {
		return errors.New("a DSS that is no dictionary")
	}
	for _, e := range d {
		switch {
		case !keys[e.Key]:
			return fmt.Errorf("/%s in a DSS", e.Key)
		case e.Key == "VRI":
			err = u.vri(e.Value)
		case e.Key != "Type" && e.Key != "TU":
			err = u.proofs(e.Value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// vri goes over a dictionary of VRI dictionaries, one a signature.
func (u *update) vri(o pdf.Object) error {
	v, err := u.part(o)
	if err != nil {
		return err
	}
	d, _ := v.(pdf.Dict)
	for _, e := range d {
		keys := map[pdf.Name]bool{"Type": true, "Cert": true, "CRL": true, "OCSP": true, "TU": true, "TS": true}
		if err := u.store(e.Value, keys); err != nil {
			return err
		}
	}
	return nil
}

// proofs goes over an array of streams that hold certificates, CRLs or OCSP
// answers, or over one such stream.
func (u *update) proofs(o pdf.Object) error {
	v, err := u.part(o)
	if err != nil {
		return err
	}
	list, ok := v.(pdf.Array)
	if !ok {
		list = pdf.Array{v}
	}
	for _, item := range list {
		v, err := u.part(item)
		if err != nil {
			return err
		}
		st, ok := v.(*pdf.Stream)
		if !ok || !differOnly(nil, st.Dict, "Length", "Filter") {
			return errors.New("something else than a stream in a DSS")
		}
	}
	return nil
}

// part resolves a part of a DSS and notes the object that it is.
func (u *update) part(o pdf.Object) (pdf.Object, error) {
	if ref, ok := o.(pdf.Ref); ok {
		u.allowed[ref.Num] = true
	}
	return u.after.Resolve(o)
}

// differOnly tells whether two dictionaries are the same but for some keys.
func differOnly(a, b pdf.Dict, keys ...pdf.Name) bool {
	return pdf.Equal(without(a, keys), without(b, keys))
}

func without(d pdf.Dict, keys []pdf.Name) pdf.Dict {
	out := pdf.Dict{}
next:
	for _, e := range d {
		for _, k := range keys {
			if e.Key == k {
				continue next
			}
		}
		out = append(out, e)
	}
	return out
}

// place finds an object in a file; one that is not there is free.
func place(f *pdf.File, num int) pdf.Place {
	for i := len(f.Revisions) - 1; i >= 0; i-- {
		if p, ok := f.Revisions[i].Place(num); ok {
			return p
		}
	}
	return pdf.Place{Free: true}
}
