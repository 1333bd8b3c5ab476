package pdf

import (
	"bytes"
	"encoding/hex"
	"slices"
)

// Object is what the reader makes of one PDF object (ISO 32000-2 §7.3): nil
// for null, bool, Integer, Real, Name, String, Array, Dict, *Stream or Ref.
type Object any

// Integer is a PDF integer.
type Integer int64

// Real is a PDF real number.
type Real float64

// Name is a name without its slash, #xx escapes resolved.
type Name string

// Ref refers to an indirect object.
type Ref struct{ Num, Gen int }

// Span is the half-open range of bytes [Start, End) of the file.
type Span struct{ Start, End int }

// Len is the number of bytes in the span.
func (s Span) Len() int { return s.End - s.Start }

// String is a literal or hexadecimal string.
type String struct {
	// Span is where it stands in the file, delimiters included. It is zero for
	// a string inside an object stream, which has no place of its own.
	Span Span
	raw  string // with its delimiters
}

// Raw is the string as it stands in the file, delimiters included.
func (s String) Raw() string { return s.raw }

// Hex tells whether it is written <…>.
func (s String) Hex() bool { return s.raw != "" && s.raw[0] == '<' }

// Bytes is what the string says (ISO 32000-2 §7.3.4).
func (s String) Bytes() []byte {
	if s.raw == "" { // the zero String
		return nil
	}
	if s.Hex() {
		return hexBytes(s.raw[1 : len(s.raw)-1])
	}
	return literalBytes(s.raw[1 : len(s.raw)-1])
}

func hexBytes(raw string) []byte {
	if out, err := hex.DecodeString(raw); err == nil { // as most are written
		return out
	}
	digits := make([]byte, 0, len(raw)+1)
	for i := range len(raw) {
		if class[raw[i]] != white {
			digits = append(digits, raw[i])
		}
	}
	if len(digits)%2 == 1 {
		digits = append(digits, '0') // a missing last digit is 0
	}
	n, _ := hex.Decode(digits, digits) // the lexer let only hexadecimal digits pass
	return digits[:n]
}

func literalBytes(raw string) []byte {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case c == '\r': // any end of line reads as \n
			if i+1 < len(raw) && raw[i+1] == '\n' {
				i++
			}
			out = append(out, '\n')
		case c != '\\':
			out = append(out, c)
		default:
			var n int
			out, n = appendEscape(out, raw[i+1:])
			i += n
		}
	}
	return out
}

// appendEscape adds what the escape after a backslash stands for, and tells how
// many bytes of rest it took.
func appendEscape(out []byte, rest string) ([]byte, int) {
	if rest == "" {
		return out, 0
	}
	switch c := rest[0]; c {
	case 'n':
		return append(out, '\n'), 1
	case 'r':
		return append(out, '\r'), 1
	case 't':
		return append(out, '\t'), 1
	case 'b':
		return append(out, '\b'), 1
	case 'f':
		return append(out, '\f'), 1
	case '\n':
		return out, 1
	case '\r':
		if len(rest) > 1 && rest[1] == '\n' {
			return out, 2
		}
		return out, 1
	case '0', '1', '2', '3', '4', '5', '6', '7':
		v, n := 0, 0
		for n < 3 && n < len(rest) && rest[n] >= '0' && rest[n] <= '7' {
			v = v*8 + int(rest[n]-'0')
			n++
		}
		return append(out, byte(v)), n // overflow is ignored, §7.3.4.2
	default:
		return append(out, c), 1
	}
}

// Array is a PDF array.
type Array []Object

// Entry is one entry of a dictionary.
type Entry struct {
	Key   Name
	Value Object
}

// Dict is a dictionary in the order of the file. Every key is there once.
type Dict []Entry

// Get returns the value of a key, not resolved; nil when it is absent.
func (d Dict) Get(key Name) Object {
	for i := range d {
		if d[i].Key == key {
			return d[i].Value
		}
	}
	return nil
}

// Stream is a stream object.
type Stream struct {
	Dict Dict
	Data Span // the encoded bytes in the file
	raw  string
}

// Equal tells whether two objects say the same. References are compared, not
// followed; the order of a dictionary does not count.
func Equal(a, b Object) bool {
	switch a := a.(type) {
	case String:
		b, ok := b.(String)
		return ok && bytes.Equal(a.Bytes(), b.Bytes())
	case Array:
		b, ok := b.(Array)
		return ok && slices.EqualFunc(a, b, Equal)
	case Dict:
		b, ok := b.(Dict)
		return ok && equalDict(a, b)
	case *Stream:
		b, ok := b.(*Stream)
		return ok && equalDict(a.Dict, b.Dict) && a.raw == b.raw
	default:
		switch b.(type) {
		case String, Array, Dict, *Stream: // the last three are not comparable with ==
			return false
		}
		return a == b
	}
}

func equalDict(a, b Dict) bool {
	if len(a) != len(b) {
		return false
	}
	in := make(map[Name]Object, len(b))
	for _, e := range b {
		in[e.Key] = e.Value
	}
	for _, e := range a {
		v, ok := in[e.Key]
		if !ok || !Equal(e.Value, v) {
			return false
		}
	}
	return true
}
