package yinzheng

import (
	"context"
	"strings"
	"time"
)

// Mark is a way in which two cases of one item may be the same matter.
type Mark string

// The marks, the one that says most first.
const (
	SameDocument Mark = "document" // the holder's identity document
	SameFacts    Mark = "facts"    // what the template names (Template.Same): mother and time of birth
	SameName     Mark = "name"     // the holder's name and division, variant characters taken for one
)

// AllMarks lists them.
var AllMarks = []Mark{SameDocument, SameFacts, SameName}

// Marks is what a case is recognised by: plain texts in normal form. Empty: the
// case has nothing of the kind.
type Marks struct {
	Document, Facts, Name string // what likeness is judged by (Mark); they begin with the item

	// What a search finds the case by, and for whom.
	Holder    string // the holder's name, folded
	Number    string // of the holder's document
	Submitted bool   // it exists for the offices of its division, too

	Residents []string // whom it belongs to, by the marks of their documents
}

// Of is one of the marks.
func (m *Marks) Of(k Mark) string {
	switch k {
	case SameDocument:
		return m.Document
	case SameFacts:
		return m.Facts
	}
	return m.Name
}

// Likeness is another case with the same mark.
type Likeness struct {
	ID   string
	Mark Mark
}

// Likenesses keeps what cases are recognised by.
type Likenesses interface {
	// PutMarks adds or replaces a case's marks; ErrNotFound.
	PutMarks(ctx context.Context, id string, m Marks) error
	// Alike lists the other cases than id that share a mark and are under way, or
	// have a certificate that is valid or suspended at now: at most limit for each
	// mark, newest first, marks in the order of AllMarks.
	Alike(ctx context.Context, id string, m Marks, now time.Time, limit int) ([]Likeness, error)
	// BelongingTo lists the cases that belong to a document, by its mark, newest first.
	BelongingTo(ctx context.Context, document string, limit int) ([]string, error)
	// Unmarked lists cases after one ("": from the first) that a program wrote
	// which knew no marks.
	Unmarked(ctx context.Context, after string, limit int) ([]string, error)
}

// marksOf is what a case is recognised by.
func marksOf(t *Template, a *Application) Marks {
	m := Marks{Holder: FoldName(a.Values.String(t.Token.Name)), Submitted: a.submitted()}
	m.Residents = (&Case{Application: a, Template: t}).residentMarks()
	if id := documentMark(a.Values.ID(t.Token.ID)); id != "" {
		m.Document = t.Code + "|" + id
		_, m.Number, _ = strings.Cut(id, ":")
	}
	if facts := factsMark(t, a.Values); facts != "" {
		m.Facts = t.Code + facts
	}
	if m.Holder != "" {
		m.Name = t.Code + "|" + a.Division + "|" + m.Holder
	}
	return m
}

// factsMark joins the values that Template.Same names; "" unless all are there.
func factsMark(t *Template, v Values) string {
	var mark string
	for _, key := range t.Same {
		f := t.Field(key)
		text := v.String(key)
		switch {
		case f == nil:
		case f.Type == IDField:
			text = documentMark(v.ID(key))
		case f.Type == NameField:
			text = FoldName(text)
		}
		if text == "" {
			return ""
		}
		mark += "|" + text
	}
	return mark
}

// documentMark names a document; "" when there is none. A resident ID of 15
// digits and the one of 18 that replaced it are one document.
func documentMark(id ID) string {
	number := normalNumber(id.Number)
	if number == "" || id.Type == NoID {
		return ""
	}
	if id.Type == OldID && len(number) == 15 {
		if longer, ok := lengthen(number); ok {
			return ResidentID + ":" + longer
		}
	}
	return id.Type + ":" + number
}

// lengthen makes the 18 characters of GB 11643-1999 from a number of 15 digits:
// the century and a check character are added.
func lengthen(old string) (string, bool) {
	s := old[:6] + "19" + old[6:]
	if !digits(s) {
		return "", false
	}
	return ResidentNumber(s), true
}
