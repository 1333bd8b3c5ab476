package pdf

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// maxDepth bounds the nesting of arrays and dictionaries.
const maxDepth = 64

// maxNumber bounds object numbers (ISO 32000-2 Annex C).
const maxNumber = 8388607

// SyntaxError tells where a file does not follow ISO 32000-2, and what was
// expected there.
type SyntaxError struct {
	Offset int // in the file, or in the decoded object stream if In is set
	In     int // number of the object stream, or 0
	Want   string
}

func (e *SyntaxError) Error() string {
	if e.In != 0 {
		return fmt.Sprintf("object stream %d, offset %d: expected %s", e.In, e.Offset, e.Want)
	}
	return fmt.Sprintf("offset %d: expected %s", e.Offset, e.Want)
}

// The classes of characters (ISO 32000-2 §7.2.3).
const (
	regular = iota
	white
	delimiter
)

var class = func() (t [256]uint8) {
	for _, c := range []byte("\x00\t\n\f\r ") {
		t[c] = white
	}
	for _, c := range []byte("()<>[]{}/%") {
		t[c] = delimiter
	}
	return t
}()

// lexer reads objects from src, the whole file or one decoded object stream.
type lexer struct {
	src string
	pos int
	in  int // number of the object stream that src is, or 0 for the file

	budget *budget // nil where no values are built
}

func (l *lexer) fail(at int, want string) error {
	return &SyntaxError{Offset: at, In: l.in, Want: want}
}

// space skips white space and comments.
func (l *lexer) space() {
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		switch {
		case class[c] == white:
			l.pos++
		case c == '%':
			for l.pos < len(l.src) && l.src[l.pos] != '\n' && l.src[l.pos] != '\r' {
				l.pos++
			}
		default:
			return
		}
	}
}

// blank skips white space only.
func (l *lexer) blank() {
	for l.pos < len(l.src) && class[l.src[l.pos]] == white {
		l.pos++
	}
}

// newline skips one end-of-line marker and tells whether there was one.
func (l *lexer) newline() bool {
	rest := l.src[l.pos:]
	switch {
	case strings.HasPrefix(rest, "\r\n"):
		l.pos += 2
	case strings.HasPrefix(rest, "\n"), strings.HasPrefix(rest, "\r"):
		l.pos++
	default:
		return false
	}
	return true
}

// word returns the run of regular characters at the position, without moving.
func (l *lexer) word() string {
	end := l.pos
	for end < len(l.src) && class[l.src[end]] == regular {
		end++
	}
	return l.src[l.pos:end]
}

// keyword takes exactly the word kw.
func (l *lexer) keyword(kw string) error {
	if l.word() != kw {
		return l.fail(l.pos, kw)
	}
	l.pos += len(kw)
	return nil
}

// digits takes a run of decimal digits no greater than limit.
func (l *lexer) digits(limit int, what string) (int, error) {
	start, n := l.pos, 0
	for l.pos < len(l.src) && l.src[l.pos] >= '0' && l.src[l.pos] <= '9' {
		n = n*10 + int(l.src[l.pos]-'0')
		if n > limit {
			return 0, l.fail(start, what)
		}
		l.pos++
	}
	if l.pos == start || l.pos < len(l.src) && class[l.src[l.pos]] == regular {
		return 0, l.fail(start, what)
	}
	return n, nil
}

// object reads one object. With keep false it only moves past it, checking the
// syntax but building nothing, and returns nil.
func (l *lexer) object(depth int, keep bool) (Object, error) {
	if depth > maxDepth {
		return nil, l.fail(l.pos, "less nesting")
	}
	l.space()
	if l.pos >= len(l.src) {
		return nil, l.fail(l.pos, "an object")
	}
	if keep && l.budget != nil {
		if l.budget.values--; l.budget.values < 0 {
			return nil, ErrTooLarge
		}
	}
	switch c := l.src[l.pos]; {
	case c == '/':
		n, err := l.name()
		if err != nil || !keep {
			return nil, err
		}
		return n, nil
	case c == '(':
		return l.literal(keep)
	case c == '<':
		if strings.HasPrefix(l.src[l.pos:], "<<") {
			return l.dict(depth, keep)
		}
		return l.hexadecimal(keep)
	case c == '[':
		return l.array(depth, keep)
	case c >= '0' && c <= '9', c == '+', c == '-', c == '.':
		return l.number(keep)
	}
	return l.constant()
}

func (l *lexer) constant() (Object, error) {
	var v Object
	w := l.word()
	switch w {
	case "null":
	case "true":
		v = true
	case "false":
		v = false
	default:
		return nil, l.fail(l.pos, "an object")
	}
	l.pos += len(w)
	return v, nil
}

func (l *lexer) name() (Name, error) {
	start := l.pos
	l.pos++
	w := l.word()
	l.pos += len(w)
	if strings.IndexByte(w, '#') < 0 {
		return Name(w), nil
	}
	out := make([]byte, 0, len(w))
	for i := 0; i < len(w); i++ {
		if w[i] != '#' {
			out = append(out, w[i])
			continue
		}
		if i+2 >= len(w) || !isHex(w[i+1]) || !isHex(w[i+2]) {
			return "", l.fail(start, "two hexadecimal digits after # in a name")
		}
		v, _ := strconv.ParseUint(w[i+1:i+3], 16, 8) // checked just above
		out = append(out, byte(v))
		i += 2
	}
	return Name(out), nil
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func (l *lexer) literal(keep bool) (Object, error) {
	start, open := l.pos, 0
	for ; l.pos < len(l.src); l.pos++ {
		switch l.src[l.pos] {
		case '\\':
			l.pos++
		case '(':
			open++
		case ')':
			if open--; open == 0 {
				l.pos++
				return l.string(start, keep), nil
			}
		}
	}
	l.pos = len(l.src)
	return nil, l.fail(start, "a string that ends")
}

func (l *lexer) hexadecimal(keep bool) (Object, error) {
	start := l.pos
	for l.pos++; l.pos < len(l.src); l.pos++ {
		c := l.src[l.pos]
		if c == '>' {
			l.pos++
			return l.string(start, keep), nil
		}
		if !isHex(c) && class[c] != white {
			break
		}
	}
	return nil, l.fail(l.pos, "a hexadecimal digit or >")
}

func (l *lexer) string(start int, keep bool) Object {
	if !keep {
		return nil
	}
	s := String{raw: l.src[start:l.pos]}
	if l.in == 0 {
		s.Span = Span{start, l.pos}
	}
	return s
}

// number reads an integer, a real, or a reference.
func (l *lexer) number(keep bool) (Object, error) {
	start, w := l.pos, l.word()
	l.pos += len(w)
	if n, ok := plain(w); ok {
		if n > 0 && n <= maxNumber {
			if gen, ok := l.reference(); ok {
				if !keep {
					return nil, nil
				}
				return Ref{int(n), gen}, nil
			}
		}
		if !keep {
			return nil, nil
		}
		return Integer(n), nil
	}
	return l.signedOrReal(start, w)
}

// plain reads an unsigned integer of up to eighteen digits.
func plain(w string) (int64, bool) {
	if w == "" || len(w) > 18 {
		return 0, false
	}
	n := int64(0)
	for i := range len(w) {
		if w[i] < '0' || w[i] > '9' {
			return 0, false
		}
		n = n*10 + int64(w[i]-'0')
	}
	return n, true
}

// reference looks for "G R" after an integer, and takes it if it is there.
func (l *lexer) reference() (gen int, ok bool) {
	p := l.pos
	for p < len(l.src) && class[l.src[p]] == white {
		p++
	}
	digits := p
	for p < len(l.src) && p < digits+6 && l.src[p] >= '0' && l.src[p] <= '9' {
		gen = gen*10 + int(l.src[p]-'0')
		p++
	}
	gap := p
	for p < len(l.src) && class[l.src[p]] == white {
		p++
	}
	if digits == l.pos || gap == digits || p == gap || gen > 65535 ||
		p >= len(l.src) || l.src[p] != 'R' || p+1 < len(l.src) && class[l.src[p+1]] == regular {
		return 0, false
	}
	l.pos = p + 1
	return gen, true
}

func (l *lexer) signedOrReal(start int, w string) (Object, error) {
	dots, digits := 0, 0
	for i := range len(w) {
		switch c := w[i]; {
		case c == '.':
			dots++
		case c >= '0' && c <= '9':
			digits++
		case i > 0 || c != '+' && c != '-':
			return nil, l.fail(start, "a number")
		}
	}
	if digits == 0 || dots > 1 || len(w) > 64 {
		return nil, l.fail(start, "a number")
	}
	if dots == 0 {
		n, err := strconv.ParseInt(w, 10, 64)
		if err != nil {
			return nil, l.fail(start, "an integer of 64 bits")
		}
		return Integer(n), nil
	}
	f, err := strconv.ParseFloat(w, 64)
	if err != nil || math.IsInf(f, 0) {
		return nil, l.fail(start, "a number")
	}
	return Real(f), nil
}

func (l *lexer) array(depth int, keep bool) (Object, error) {
	var a Array
	if keep {
		a = make(Array, 0, 4)
	}
	for l.pos++; ; {
		l.space()
		if l.pos < len(l.src) && l.src[l.pos] == ']' {
			l.pos++
			if !keep {
				return nil, nil
			}
			return a, nil
		}
		v, err := l.object(depth+1, keep)
		if err != nil {
			return nil, err
		}
		if keep {
			a = append(a, v)
		}
	}
}

func (l *lexer) dict(depth int, keep bool) (Object, error) {
	var d Dict
	if keep {
		d = make(Dict, 0, 8)
	}
	var seen map[Name]bool
	for l.pos += 2; ; {
		l.space()
		if strings.HasPrefix(l.src[l.pos:], ">>") {
			l.pos += 2
			if !keep {
				return nil, nil
			}
			return d, nil
		}
		at := l.pos
		if at >= len(l.src) || l.src[at] != '/' {
			return nil, l.fail(at, "a key or >>")
		}
		key, err := l.name()
		if err != nil {
			return nil, err
		}
		v, err := l.object(depth+1, keep)
		if err != nil {
			return nil, err
		}
		if !keep {
			continue
		}
		if d.repeats(key, &seen) {
			return nil, l.fail(at, "every key once; readers differ on which of two counts")
		}
		d = append(d, Entry{key, v})
	}
}

// repeats tells whether a key is there already; past 16 keys by a map, so that
// a dictionary of a million keys does not cost their square.
func (d Dict) repeats(key Name, seen *map[Name]bool) bool {
	if *seen == nil {
		for i := range d {
			if d[i].Key == key {
				return true
			}
		}
		if len(d) < 16 {
			return false
		}
		*seen = make(map[Name]bool, 64)
		for i := range d {
			(*seen)[d[i].Key] = true
		}
	}
	repeated := (*seen)[key]
	(*seen)[key] = true
	return repeated
}
