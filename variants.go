package yinzheng

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

//go:embed variants.txt
var variantPairs string

// variants maps a character to the one it is taken for (variants.txt).
var variants = sync.OnceValue(func() map[rune]rune {
	m := make(map[rune]rune, 4500)
	for line := range strings.Lines(variantPairs) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, pair := range strings.Fields(line) {
			p := []rune(pair)
			m[p[0]] = p[1]
		}
	}
	return m
})

// FoldName brings a name into the form in which two names that differ only in
// how they were typed are equal: compatibility forms (NFKC), traditional and
// variant characters, case, separators, variation selectors and what shows
// nothing. It says that two people might be one, never that they are.
func FoldName(name string) string {
	m := variants()
	return strings.Map(func(r rune) rune {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsNumber(r), strings.ContainsRune(blanks, r):
			return -1
		case m[r] != 0:
			return m[r]
		}
		return unicode.ToLower(r)
	}, norm.NFKC.String(name))
}
