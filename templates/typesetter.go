// Package templates holds the built-in certificate designs and the typesetter
// that sets them: a template and its values become an unsigned PDF, or an SVG
// page to look at while filling in.
//
// One page's way through the package:
//
//	Load      a YAML file becomes a checked yinzheng.Template      (load.go)
//	Publish   its fixed parts are laid out and compressed, once    (publish.go, fixed.go, art.go)
//	compose   texts take their values and break into lines         (shape.go, linebreak.go, layout.go)
//	place     lines, rows, seal and code get their places          (place.go, frame.go)
//	write     that display list becomes a PDF or an SVG            (document.go, content.go, svg.go)
package templates

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"yinzheng"
	"yinzheng/internal/font"
	"yinzheng/internal/pdf"
	"yinzheng/internal/qr"
)

//go:embed fonts/NotoSerifSC-Regular.ttf
var notoSerifSC []byte

// embedded is the face that every chain begins with, parsed once.
var embedded = sync.OnceValues(func() (*font.Face, error) { return font.Parse(notoSerifSC) })

// Options say what a Typesetter works with. The zero value is ready for use.
type Options struct {
	// FontsDir is a folder of TrueType faces (.ttf) that are asked, in the
	// order of their names, for characters that the embedded one lacks.
	FontsDir string
}

// Typesetter sets certificates. It implements yinzheng.Renderer and may be
// used by any number of goroutines.
type Typesetter struct {
	options Options
	added   font.Chain // given to UseFaces, asked last
	state   atomic.Pointer[state]
	change  sync.Mutex // held while added and state are replaced
	sheets  sync.Pool
}

var _ yinzheng.Renderer = (*Typesetter)(nil)

// state is all that depends on the faces; it is replaced as a whole.
type state struct {
	faces     font.Chain
	templates map[yinzheng.TemplateRef]*published
	outlines  *outlines
}

func newState(faces font.Chain) *state {
	return &state{
		faces:     faces,
		templates: map[yinzheng.TemplateRef]*published{},
		outlines:  &outlines{faces: faces},
	}
}

// New makes a Typesetter with the embedded face and those in the options'
// folder. The error names the file that cannot be used.
func New(o Options) (*Typesetter, error) {
	t := &Typesetter{options: o}
	t.sheets.New = func() any { return newSheet() }
	faces, err := o.faces()
	if err != nil {
		return nil, err
	}
	t.state.Store(newState(faces))
	return t, nil
}

func (o Options) faces() (font.Chain, error) {
	face, err := embedded()
	if err != nil {
		return nil, fmt.Errorf("templates: the embedded face: %w", err)
	}
	chain := font.Chain{face}
	if o.FontsDir == "" {
		return chain, nil
	}
	more, err := font.LoadDir(o.FontsDir)
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	return append(chain, more...), nil
}

// Reload reads the folder of faces again, so that a face can be added without
// a restart, and lays out what was published anew. On an error all stays as it
// was.
func (t *Typesetter) Reload() error {
	t.change.Lock()
	defer t.change.Unlock()
	return t.relay(t.added)
}

// relay lays out what was published with the folder's faces and, after them, those
// that were added. The caller holds change.
func (t *Typesetter) relay(added font.Chain) error {
	faces, err := t.options.faces()
	if err != nil {
		return err
	}
	faces = append(faces, added...)
	next := newState(faces)
	for ref, p := range t.state.Load().templates {
		if next.templates[ref], err = publish(p.tpl, faces); err != nil {
			return err
		}
	}
	t.added = added
	t.state.Store(next)
	return nil
}

// Publish implements yinzheng.Renderer.
func (t *Typesetter) Publish(tpl *yinzheng.Template) error {
	t.change.Lock()
	defer t.change.Unlock()
	old := t.state.Load()
	p, err := publish(tpl, old.faces)
	if err != nil {
		return err
	}
	next := *old
	next.templates = maps.Clone(old.templates)
	next.templates[tpl.Ref()] = p
	t.state.Store(&next)
	return nil
}

// template gives a published template, publishing it if need be.
func (t *Typesetter) template(tpl *yinzheng.Template) (*published, *state, error) {
	st := t.state.Load()
	if p, ok := st.templates[tpl.Ref()]; ok {
		return p, st, nil
	}
	if err := t.Publish(tpl); err != nil {
		return nil, nil, err
	}
	st = t.state.Load()
	return st.templates[tpl.Ref()], st, nil
}

// Missing implements yinzheng.Renderer.
func (t *Typesetter) Missing(s string) []rune {
	var missing []rune
	faces := t.state.Load().faces
	for _, r := range s {
		if _, _, ok := faces.Find(r); !ok && !slices.Contains(missing, r) {
			missing = append(missing, r)
		}
	}
	return missing
}

// Render implements yinzheng.Renderer. The same sheet gives the same bytes.
func (t *Typesetter) Render(in *yinzheng.Sheet) (*yinzheng.Unsigned, error) {
	pub, _, err := t.template(in.Template)
	if err != nil {
		return nil, err
	}
	code, err := qr.Encode(qr.M, qr.Segment{Mode: qr.Byte, Data: []byte(in.QRPrefix)}, qr.Segment{Mode: qr.Numeric, Data: in.QRDigits})
	if err != nil {
		return nil, fmt.Errorf("templates: the code for %s: %w", in.Code, err)
	}
	s := t.sheet(pub, in)
	s.code = code
	picture := pub.seal(in.Seal)
	s.findSeal(picture)
	s.set()
	if len(s.missing) > 0 {
		err := s.missingError()
		t.free(s)
		return nil, err
	}
	return t.finish(s, picture)
}

func (t *Typesetter) finish(s *sheet, picture *sealPicture) (*yinzheng.Unsigned, error) {
	file, start, end, err := s.document(picture)
	if err != nil {
		t.free(s)
		return nil, fmt.Errorf("templates: writing the certificate: %w", err)
	}
	code, once := s.code, new(sync.Once)
	return &yinzheng.Unsigned{
		PDF: file, GapStart: start, GapEnd: end, Pages: s.pages,
		ReadQR: func() ([]byte, error) { return qr.Decode(code) },
		Free:   func() { once.Do(func() { t.free(s) }) },
	}, nil
}

func (t *Typesetter) sheet(pub *published, in *yinzheng.Sheet) *sheet {
	s := t.sheets.Get().(*sheet)
	s.begin(pub, in)
	return s
}

func (t *Typesetter) free(s *sheet) {
	s.reset()
	t.sheets.Put(s)
}

// set makes the display list.
func (s *sheet) set() {
	s.heading()
	s.compose()
	f := s.planFoot()
	var room [8]int
	opened, top, starts := s.paginate(f.closing, room[:0])
	s.placeBody(opened, top, starts)
	if s.plain {
		s.placeNotes(f, s.pages-1)
	} else {
		s.placeFoot(f)
	}
	s.numberPages()
}

func (s *sheet) missingError() error {
	fields := append([]yinzheng.FieldError(nil), s.missing...)
	return &yinzheng.Error{
		Kind:   yinzheng.ErrInvalid,
		Text:   yinzheng.Text{ZH: "有的字没有可用的字形", EN: "Some characters have no glyph in any font"},
		Fields: fields,
	}
}

// output is the memory that writing a document takes.
type output struct {
	writer    pdf.Writer
	structure pdf.Structure
	content   []byte
	runs      []pdf.Run
}
