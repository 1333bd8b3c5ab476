package yinzheng

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// Zone is the time zone of the offices: China has one, without summer time.
var Zone = time.FixedZone("CST", 8*60*60)

// Values is what is filled into a template, by field key. In normal form (as
// CheckValues returns it) a value is a string, a bool, an int64, a
// map[string]any (an ID, a list's row) or a []any of rows.
type Values map[string]any

// String returns a string value, or "".
func (v Values) String(key string) string {
	s, _ := v[key].(string)
	return s
}

// ID returns an ID value, or a zero ID.
func (v Values) ID(key string) ID { return idOf(v[key]) }

// Rows returns a list value's rows.
func (v Values) Rows(key string) []Values {
	list, _ := v[key].([]any)
	rows := make([]Values, 0, len(list))
	for _, r := range list {
		if m, ok := r.(map[string]any); ok {
			rows = append(rows, m)
		}
	}
	return rows
}

// Has tells whether a key is filled in; "!key" tells the opposite and "" is
// always true. It is how a Block's When is read.
func (v Values) Has(when string) bool {
	key, negated := strings.CutPrefix(when, "!")
	if key == "" {
		return true
	}
	filled := false
	switch x := v[key].(type) {
	case nil:
	case bool:
		filled = x
	case []any:
		filled = len(x) > 0
	default:
		filled = true
	}
	return filled != negated
}

func idOf(v any) ID {
	m, _ := v.(map[string]any)
	s := func(k string) string { x, _ := m[k].(string); return x }
	return ID{Type: s("type"), Number: s("number"), Reason: s("reason")}
}

// Value is an ID as a value of a form, in its normal form.
func (id ID) Value() map[string]any {
	m := map[string]any{"type": id.Type}
	if id.Number != "" {
		m["number"] = id.Number
	}
	if id.Reason != "" {
		m["reason"] = id.Reason
	}
	return m
}

// Display is a value as it stands on the page, in Chinese: 2026年11月2日,
// an option's label, an ID's number (with its type unless it is a resident ID).
func (f *Field) Display(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case bool:
		if x {
			return "是"
		}
		return "否"
	case int64:
		return strconv.FormatInt(x, 10)
	case string:
		return f.displayString(x)
	case map[string]any:
		return displayID(idOf(v))
	case []any:
		return fmt.Sprintf("%d 项", len(x))
	}
	return fmt.Sprint(v)
}

func (f *Field) displayString(s string) string {
	switch f.Type {
	case DateField:
		return displayDate(s)
	case DateTimeField:
		if len(s) == len("2006-01-02T15:04") {
			return displayDate(s[:10]) + plain(s[11:13]) + "时" + s[14:16] + "分"
		}
	case ChoiceField:
		for _, o := range f.Options {
			if o.Value == s {
				return o.Label.ZH
			}
		}
	}
	return s
}

// displayDate writes 2026-11-02 as 2026年11月2日.
func displayDate(s string) string {
	if len(s) != len(time.DateOnly) {
		return s
	}
	return s[:4] + "年" + plain(s[5:7]) + "月" + plain(s[8:10]) + "日"
}

// plain drops the leading zero of two digits.
func plain(two string) string {
	if two[0] == '0' {
		return two[1:]
	}
	return two
}

func displayID(id ID) string {
	switch id.Type {
	case ResidentID:
		return id.Number
	case NoID:
		return "无（" + id.Reason + "）"
	}
	return IDTypes[id.Type].ZH + id.Number
}

// Canonical appends v as RFC 8785 (JCS) writes it: what CheckValues or
// encoding/json leave behind. Numbers of our own are integers; others are
// written too, so that no two different values look alike.
func Canonical(dst []byte, v any) []byte {
	switch x := v.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, x)
	case int:
		return strconv.AppendInt(dst, int64(x), 10)
	case int64:
		return strconv.AppendInt(dst, x, 10)
	case float64: // as encoding/json decodes any number
		return canonicalFloat(dst, x)
	case string:
		return canonicalString(dst, x)
	case Values:
		return canonicalObject(dst, x)
	case map[string]any:
		return canonicalObject(dst, x)
	case []any:
		dst = append(dst, '[')
		for i, e := range x {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = Canonical(dst, e)
		}
		return append(dst, ']')
	}
	panic(fmt.Sprintf("yinzheng: Canonical of %T, which no normal form holds", v))
}

// canonicalFloat writes a number as ECMAScript does (RFC 8785 §3.2.2.3).
func canonicalFloat(dst []byte, x float64) []byte {
	if x == 0 {
		return append(dst, '0') // -0 too
	}
	if size := math.Abs(x); size >= 1e-6 && size < 1e21 {
		return strconv.AppendFloat(dst, x, 'f', -1, 64)
	}
	dst = strconv.AppendFloat(dst, x, 'e', -1, 64)
	if n := len(dst); n >= 4 && dst[n-4] == 'e' && dst[n-3] == '-' && dst[n-2] == '0' { // 1e-07 is 1e-7
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst
}

func canonicalObject(dst []byte, m map[string]any) []byte {
	var room [16]string
	keys := room[:0]
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, compareUTF16)
	dst = append(dst, '{')
	for i, k := range keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(canonicalString(dst, k), ':')
		dst = Canonical(dst, m[k])
	}
	return append(dst, '}')
}

// compareUTF16 orders keys by UTF-16 code units (RFC 8785 §3.2.3); for ASCII
// that is the order of bytes.
func compareUTF16(a, b string) int {
	ascii := func(s string) bool { return strings.IndexFunc(s, func(r rune) bool { return r > 127 }) < 0 }
	if ascii(a) && ascii(b) {
		return strings.Compare(a, b)
	}
	return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
}

func canonicalString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := range len(s) {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, `\b`...)
		case '\t':
			dst = append(dst, `\t`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\f':
			dst = append(dst, `\f`...)
		case '\r':
			dst = append(dst, `\r`...)
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(dst, s[start:]...), '"')
}

// SaltLength is the length of the salt of a commitment, in bytes.
const SaltLength = 16

// Commit is the token's h: base64url of the first 24 bytes of
// SHA-256(salt ‖ JCS{item, number, template_version, values}).
func Commit(salt []byte, ref TemplateRef, number string, values Values) string {
	var room [2048]byte
	b := append(room[:0], salt...)
	b = append(b, `{"item":`...)
	b = canonicalString(b, ref.Code)
	b = append(b, `,"number":`...)
	b = canonicalString(b, number)
	b = append(b, `,"template_version":`...)
	b = strconv.AppendInt(b, int64(ref.Version), 10)
	b = append(b, `,"values":`...)
	return commit(append(canonicalObject(b, values), '}'))
}

// commit is base64url of the first 24 bytes of a text's SHA-256.
func commit(text []byte) string {
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:24])
}
