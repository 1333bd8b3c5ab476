package pdf

import (
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

const hexDigits = "0123456789ABCDEF"

// AppendInt appends an integer object.
func AppendInt(dst []byte, n int) []byte { return strconv.AppendInt(dst, int64(n), 10) }

// AppendReal appends x rounded to two decimals, with no more digits than it
// needs. In points that is 3.5 µm, finer than any printer.
func AppendReal(dst []byte, x float64) []byte {
	n := int(math.Round(x * 100))
	if n < 0 {
		dst = append(dst, '-')
		n = -n
	}
	whole, cents := n/100, n%100
	if whole != 0 || cents == 0 {
		dst = AppendInt(dst, whole)
	}
	if cents == 0 {
		return dst
	}
	dst = append(dst, '.', byte('0'+cents/10))
	if cents%10 != 0 {
		dst = append(dst, byte('0'+cents%10))
	}
	return dst
}

// AppendHex appends b in hexadecimal, without the angle brackets.
func AppendHex(dst, b []byte) []byte {
	for _, c := range b {
		dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
	}
	return dst
}

// AppendHex16 appends four hexadecimal digits: a CID, or a UTF-16 code unit.
func AppendHex16(dst []byte, v uint16) []byte {
	return append(dst, hexDigits[v>>12], hexDigits[v>>8&15], hexDigits[v>>4&15], hexDigits[v&15])
}

// AppendText appends a text string object (§7.9.2.2): a literal string when
// PDFDocEncoding and ASCII agree on every character, else UTF-16BE with a byte
// order mark, in hexadecimal. Invalid UTF-8 becomes U+FFFD.
func AppendText(dst []byte, s string) []byte {
	if !plainASCII(s) {
		dst = append(dst, "<FEFF"...)
		dst = AppendUTF16(dst, s)
		return append(dst, '>')
	}
	dst = append(dst, '(')
	for i := range len(s) {
		if c := s[i]; c == '(' || c == ')' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, s[i])
	}
	return append(dst, ')')
}

func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// AppendUTF16 appends s as UTF-16BE in hexadecimal, with surrogate pairs above
// U+FFFF.
func AppendUTF16(dst []byte, s string) []byte {
	for _, r := range s {
		dst = AppendRune16(dst, r)
	}
	return dst
}

// AppendRune16 appends one character as AppendUTF16 does.
func AppendRune16(dst []byte, r rune) []byte {
	if r < 0 || r > utf8.MaxRune || r >= 0xD800 && r < 0xE000 {
		r = utf8.RuneError
	}
	if r < 0x10000 {
		return AppendHex16(dst, uint16(r))
	}
	r -= 0x10000
	dst = AppendHex16(dst, 0xD800|uint16(r>>10))
	return AppendHex16(dst, 0xDC00|uint16(r&0x3FF))
}

// AppendDate appends a date string object (§7.9.4) in t's own time zone, such
// as (D:20261102081500+08'00').
func AppendDate(dst []byte, t time.Time) []byte {
	dst = append(dst, "(D:"...)
	dst = t.AppendFormat(dst, "20060102150405")
	_, offset := t.Zone()
	if offset == 0 {
		return append(dst, "Z)"...)
	}
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	minutes := offset / 60
	dst = append(dst, sign)
	dst = appendTwo(dst, minutes/60)
	dst = append(dst, '\'')
	dst = appendTwo(dst, minutes%60)
	return append(dst, "')"...)
}

func appendTwo(dst []byte, n int) []byte {
	return append(dst, byte('0'+n/10%10), byte('0'+n%10))
}
