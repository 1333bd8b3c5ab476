package pdf

import "errors"

// ErrPages means that a file has no page, or more than were asked for.
var ErrPages = errors.New("no page, or too many")

// Pages counts the pages that the catalog's tree leads to (ISO 32000-2 §7.7.3),
// whatever the tree says of its count. Errors: ErrPages for none or more than
// most, ErrTooLarge, *SyntaxError.
func (f *File) Pages(most int) (int, error) {
	catalog, err := f.dict(f.Trailer().Get("Root"))
	if err != nil {
		return 0, err
	}
	waiting := Array{catalog.Get("Pages")}
	seen := map[Ref]bool{}
	pages := 0
	for len(waiting) > 0 {
		ref, ok := waiting[len(waiting)-1].(Ref)
		waiting = waiting[:len(waiting)-1]
		if !ok || seen[ref] {
			return 0, &SyntaxError{Want: "a tree of pages"}
		}
		seen[ref] = true
		node, err := f.dict(ref)
		if err != nil {
			return 0, err
		}
		kids, err := f.Resolve(node.Get("Kids"))
		if err != nil {
			return 0, err
		}
		if list, ok := kids.(Array); ok {
			waiting = append(waiting, list...)
		} else if pages++; pages > most {
			return 0, ErrPages
		}
	}
	if pages == 0 {
		return 0, ErrPages
	}
	return pages, nil
}

// dict resolves what has to be a dictionary.
func (f *File) dict(o Object) (Dict, error) {
	v, err := f.Resolve(o)
	if err != nil {
		return nil, err
	}
	d, ok := v.(Dict)
	if !ok {
		return nil, &SyntaxError{Want: "a dictionary"}
	}
	return d, nil
}
