package pdf

// A Structure gathers the logical structure of a tagged file (§14.7, §14.8):
// a tree of elements, written down in reading order, and which marked content
// of which page belongs to each. Reset makes it ready for another file.
type Structure struct {
	elems []element
	kids  []kid
	open  []int32 // stack of elements that Begin opened
	marks []int32 // the element of each mark, page after page
	pages []structPage
	forms []int32 // the element of each annotation
}

type element struct {
	role   string
	alt    string
	attr   string
	parent int32
	first  int32 // of its kids; -1 for none
	last   int32
	page   int32 // of its marked content; -1 while it has none
}

// kid is an element, marked content or an annotation, in a list linked by next.
type kid struct {
	kind  kidKind
	value int32 // element, MCID, or object number
	page  int32
	next  int32
}

type kidKind uint8

const (
	kidElement kidKind = iota
	kidMark
	kidObject
)

type structPage struct {
	object int // the page's object number
	marks  int32
	first  int32 // in Structure.marks, while the page is the last
}

// Reset empties the structure, keeping its memory.
func (s *Structure) Reset() {
	s.elems, s.kids, s.open = s.elems[:0], s.kids[:0], s.open[:0]
	s.marks, s.pages, s.forms = s.marks[:0], s.pages[:0], s.forms[:0]
}

// Page says that marks from now on are on the page with this object number.
// Pages come in order; the first's /StructParents is 0, the next's 1, and so on.
func (s *Structure) Page(object int) {
	s.pages = append(s.pages, structPage{object: object, first: int32(len(s.marks))})
}

// Begin opens an element under the one that is open. Role is a standard
// structure type such as P; alt, if set, is its alternate description; attr, if
// set, the body of an attribute dictionary such as "/O/Table/Scope/Column".
func (s *Structure) Begin(role, alt, attr string) {
	parent := int32(-1)
	if len(s.open) > 0 {
		parent = s.open[len(s.open)-1]
	}
	n := int32(len(s.elems))
	s.elems = append(s.elems, element{role: role, alt: alt, attr: attr, parent: parent, first: -1, last: -1, page: -1})
	if parent >= 0 {
		s.add(parent, kid{kind: kidElement, value: n})
	}
	s.open = append(s.open, n)
}

// End closes the element that was opened last.
func (s *Structure) End() { s.open = s.open[:len(s.open)-1] }

// Mark gives the open element a piece of marked content on the current page
// and returns its MCID.
func (s *Structure) Mark() int {
	e, p := s.open[len(s.open)-1], int32(len(s.pages)-1)
	mcid := s.pages[p].marks
	s.pages[p].marks++
	s.marks = append(s.marks, e)
	if s.elems[e].page < 0 {
		s.elems[e].page = p
	}
	s.add(e, kid{kind: kidMark, value: mcid, page: p})
	return int(mcid)
}

// Object gives the open element an annotation on the current page. The
// annotation's /StructParent is what Object returns, plus the number of pages.
func (s *Structure) Object(object int) int {
	e := s.open[len(s.open)-1]
	s.forms = append(s.forms, e)
	s.add(e, kid{kind: kidObject, value: int32(object), page: int32(len(s.pages) - 1)})
	return len(s.forms) - 1
}

func (s *Structure) add(e int32, k kid) {
	k.next = -1
	n := int32(len(s.kids))
	s.kids = append(s.kids, k)
	if s.elems[e].last >= 0 {
		s.kids[s.elems[e].last].next = n
	} else {
		s.elems[e].first = n
	}
	s.elems[e].last = n
}

// Structure writes s: object root is the structure tree root; the elements and
// the parent tree get numbers of their own.
func (w *Writer) Structure(root int, s *Structure) {
	tree := w.Reserve(1)
	base := w.Reserve(len(s.elems))
	w.Pack(root).Raw("<</Type/StructTreeRoot/K").Link(base).Raw("/ParentTree").Link(tree)
	w.Raw("/ParentTreeNextKey ").Int(len(s.pages) + len(s.forms)).Raw(">>").Close()
	w.parentTree(tree, base, s)
	for i := range s.elems {
		w.element(root, base, i, s)
	}
}

func (w *Writer) parentTree(n, base int, s *Structure) {
	w.Pack(n).Raw("<</Nums[")
	for i, p := range s.pages {
		w.Int(i).Raw("[")
		for _, e := range s.marks[p.first : p.first+p.marks] {
			w.Link(base + int(e))
		}
		w.Raw("]")
	}
	for i, e := range s.forms {
		w.Int(len(s.pages) + i).Link(base + int(e)).Raw(" ")
	}
	w.Raw("]>>").Close()
}

func (w *Writer) element(root, base, i int, s *Structure) {
	e := &s.elems[i]
	w.Pack(base + i).Raw("<</S/").Raw(e.role).Raw("/P")
	if e.parent < 0 {
		w.Link(root)
	} else {
		w.Link(base + int(e.parent))
	}
	if e.page >= 0 {
		w.Raw("/Pg").Link(s.pages[e.page].object)
	}
	w.entry("/Alt", e.alt)
	if e.attr != "" {
		w.Raw("/A<<").Raw(e.attr).Raw(">>")
	}
	w.Raw("/K[")
	for k := e.first; k >= 0; k = s.kids[k].next {
		w.kid(base, &s.kids[k], e.page, s)
	}
	w.Raw("]>>").Close()
}

func (w *Writer) kid(base int, k *kid, page int32, s *Structure) {
	switch {
	case k.kind == kidElement:
		w.Link(base + int(k.value))
	case k.kind == kidObject:
		w.Raw("<</Type/OBJR/Obj").Link(int(k.value)).Raw("/Pg").Link(s.pages[k.page].object).Raw(">>")
	case k.page == page:
		w.Raw(" ").Int(int(k.value))
	default: // the element began on another page
		w.Raw("<</Type/MCR/Pg").Link(s.pages[k.page].object).Raw("/MCID ").Int(int(k.value)).Raw(">>")
	}
}
