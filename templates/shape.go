package templates

import (
	"fmt"
	"strconv"

	"yinzheng"
)

// geta is the printer's mark for a character that is wanting (下駄記号). Only
// drafts show it: nothing is issued with a character missing.
const geta = '〓'

// shape appends a string's characters and returns where they stand. Those that
// no face holds are gathered in missing, by field.
func (s *sheet) shape(text string, field int16) (from, to int) {
	from = len(s.chars)
	for _, r := range text {
		c, ok := s.find(r)
		if !ok {
			s.miss(r, field)
			c, _ = s.find(geta)
		}
		c.field = field
		s.chars = append(s.chars, c)
	}
	return from, len(s.chars)
}

// literal appends characters that Publish prepared.
func (s *sheet) literal(cs []char) { s.chars = append(s.chars, cs...) }

// find prepares one character: from the template's own fonts if they have it,
// else from the certificate's, which it joins.
func (s *sheet) find(r rune) (char, bool) {
	if c, ok := s.pub.fixed[r]; ok {
		return c, true
	}
	if c, ok := s.dynamic[r]; ok {
		return c, true
	}
	face, gid, ok := s.pub.faces.Find(r)
	if !ok {
		return char{}, false
	}
	c := s.addGlyph(r, uint8(face), gid)
	s.dynamic[r] = c
	return c, true
}

// addGlyph gives a character the next code in its face's font of this document.
func (s *sheet) addGlyph(r rune, face uint8, gid uint16) char {
	n := 0
	for n < len(s.fonts) && s.fonts[n].face != face {
		n++
	}
	if n == len(s.fonts) {
		s.growFonts(face)
	}
	f := &s.fonts[n]
	return f.add(r, uint8(n), gid, s.pub.faces[face].Advance(gid))
}

func (f *docFont) add(r rune, number uint8, gid uint16, adv int) char {
	f.gids = append(f.gids, gid)
	f.chars = append(f.chars, r)
	f.advs = append(f.advs, uint16(adv))
	return char{
		r: r, gid: gid, code: uint16(len(f.gids)), adv: int16(adv),
		field: noField, face: f.face, font: number, class: classOf(r),
	}
}

// growFonts adds a font, with the memory of one used before if there is any.
func (s *sheet) growFonts(face uint8) {
	if n := len(s.fonts); n < cap(s.fonts) {
		s.fonts = s.fonts[:n+1]
		s.fonts[n].face = face
		return
	}
	s.fonts = append(s.fonts, docFont{face: face})
}

func (s *sheet) miss(r rune, field int16) {
	path := "page"
	if field != noField {
		path = s.fields[field]
	}
	e := MissingGlyph(path, r)
	for _, m := range s.missing {
		if m == e {
			return
		}
	}
	s.missing = append(s.missing, e)
}

// MissingGlyph is the error for a character of a field that no face holds: it
// names the character and its code point, and the way out.
func MissingGlyph(path string, r rune) yinzheng.FieldError {
	return yinzheng.FieldError{
		Field: path, Code: "missing-glyph",
		Text: yinzheng.Text{
			ZH: fmt.Sprintf("“%c”（U+%04X）没有可用的字形，请联系管理员补充字库", r, r),
			EN: fmt.Sprintf("No font has a glyph for “%c” (U+%04X); ask the administrator to add one that has", r, r),
		},
	}
}

// fieldPath notes a field by its path and returns its index.
func (s *sheet) fieldPath(list string, index int, key string) int16 {
	b := append(s.path[:0], "values."...)
	if list != "" {
		b = append(b, list...)
		b = append(b, '[')
		b = strconv.AppendInt(b, int64(index), 10)
		b = append(b, "]."...)
	}
	b = append(b, key...)
	s.path = b
	if n := len(s.fields); n < cap(s.fields) && s.fields[:n+1][n] == string(b) {
		s.fields = s.fields[:n+1] // the same as in the sheet before
	} else {
		s.fields = append(s.fields, string(b))
	}
	return int16(len(s.fields) - 1)
}

// values is where placeholders take their values from.
type values struct {
	in    yinzheng.Values
	list  string // of a row: the list's key
	index int    // and the row's place in it
}

// text sets a compiled text with its values. It returns where the characters
// stand; none when every placeholder was empty and there was no other text.
func (s *sheet) text(t []segment, v values, filled bool) (from, to int) {
	from = len(s.chars)
	for i := range t {
		g := &t[i]
		switch {
		case g.number:
			s.shape(strconv.Itoa(v.index+1), noField)
		case g.field == nil:
			s.literal(g.lit)
		default:
			s.value(g.field, v, filled)
		}
	}
	return from, len(s.chars)
}

func (s *sheet) value(f *yinzheng.Field, v values, filled bool) {
	x := v.in[f.Key]
	if x == nil && f.Type == yinzheng.BoolField && !s.draft {
		x = false // an unticked box
	}
	field := s.fieldPath(v.list, v.index, f.Key)
	from, to := s.shape(f.Display(x), field)
	if from == to && s.draft {
		s.blank(field, filled)
		return
	}
	if f.Type == yinzheng.NameField && to-from <= longestWholeName {
		for i := from; i < to-1; i++ {
			s.chars[i].glue = true
		}
	}
}

// longestWholeName is the length of names that no line break divides.
const longestWholeName = 4

// blank stands for a field not yet filled in.
func (s *sheet) blank(field int16, filled bool) {
	c, ok := s.find('\u00a0')
	if !ok {
		return
	}
	c.field, c.class = field, han
	c.adv = fullEm
	if filled {
		c.adv = blankLen
	}
	s.chars = append(s.chars, c)
}
