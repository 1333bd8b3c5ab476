package templates

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// setChars makes characters as the embedded face has them: em boxes for what
// is full-width, half of that for the rest.
func setChars(s string) []char {
	var cs []char
	for _, r := range s {
		c := char{r: r, adv: fullEm, field: noField, class: classOf(r)}
		if c.class == latin || c.class == space || r == '·' {
			c.adv = halfEm
		}
		cs = append(cs, c)
	}
	return cs
}

func breakString(s string, ems, indent int) []string {
	cs := setChars(s)
	var out []string
	for _, l := range breakLines(nil, cs, 0, len(cs), setting{limit: ems * fullEm, indent: indent * fullEm}) {
		var b strings.Builder
		for _, c := range cs[l.from:l.to] {
			b.WriteRune(c.r)
		}
		out = append(out, b.String())
	}
	return out
}

func TestBreakLines(t *testing.T) {
	for _, c := range []struct {
		name, text  string
		ems, indent int
		want        string
	}{
		{"nothing", "", 5, 0, ""},
		{"one line", "兹证明", 5, 2, "兹证明"},
		{"indent", "一二三四五六", 5, 2, "一二三|四五六"},
		{"punctuation sticks out by its empty half", "一二三四五。六七", 5, 0, "一二三四|五。六七"},
		{"a line ends in squeezed punctuation", "一二三四。五六七", 5, 0, "一二三四。|五六七"},
		{"closing bracket", "一二三四五）六七", 5, 0, "一二三四|五）六七"},
		{"opening bracket", "一二三四（五六）", 5, 0, "一二三四|（五六）"},
		{"opening after opening", "一二三《（四五六", 5, 0, "一二三|《（四五六"},
		{"two closings squeeze", "一二三）。四五", 5, 0, "一二三）。|四五"},
		{"number", "一二三12345678四", 5, 0, "一二三|12345678|四"},
		{"number with its unit", "一二三四2026年五六", 5, 0, "一二三四|2026年|五六"},
		{"word", "一二three四五", 5, 0, "一二three|四五"},
		{"a word longer than the line", "ABCDEFGHIJKLMN", 5, 0, "ABCDEFGHIJ|KLMN"},
		{"spaces at a break go", "abcd efgh ijkl", 4, 0, "abcd|efgh|ijkl"},
		{"name separator", "买买提江·吐尔逊", 4, 0, "买买提|江·吐|尔逊"},
		{"dash", "一二三四——五六", 5, 0, "一二三|四——五六"},
		{"no line of one character", "一二三四五六", 5, 0, "一二三四|五六"},
		{"a space hides no opening mark", "一二三（ 四五六", 4, 0, "一二三|（ 四|五六"},
		{"one with its stop is one", "一二三四五六。", 5, 0, "一二三四|五六。"},
	} {
		got := strings.Join(breakString(c.text, c.ems, c.indent), "|")
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// Whatever the text, nothing of it is lost, no line begins or ends where none
// may, and none is longer than it may be unless a single word is.
func TestBreakLinesAlways(t *testing.T) {
	alphabet := []rune("一二三四五，。、；：？！）》”（《“·—…年月日0123456789abcXYZ. /-@")
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOfN(rapid.SampledFrom(alphabet), 0, 120).Draw(t, "text"))
		ems := rapid.IntRange(4, 30).Draw(t, "ems")
		indent := rapid.IntRange(0, 2).Draw(t, "indent")
		cs := setChars(text)
		lines := breakLines(nil, cs, 0, len(cs), setting{limit: ems * fullEm, indent: indent * fullEm})
		at := 0
		for i, l := range lines {
			for ; at < l.from; at++ {
				if cs[at].class != space {
					t.Fatalf("%q: lost %q", text, cs[at].r)
				}
			}
			at = l.to
			forced := i > 0 && !mayEnd(cs, lines[i-1].from, l.from)
			if forced && l.from-lines[i-1].from < 2 {
				t.Fatalf("%q: line %d begins where none may", text, i)
			}
			over := l.width + l.indent - ems*fullEm
			if over > halfEm && l.to-l.from > 1 {
				t.Fatalf("%q: line %d is %d over", text, i, over)
			}
			if forced {
				continue
			}
			if i > 0 && (cs[l.from].class == closing || neverStarts(cs[l.from].r)) {
				t.Fatalf("%q: line %d begins with %q", text, i, cs[l.from].r)
			}
			if i+1 < len(lines) && cs[l.to-1].class == opening && mayEnd(cs, l.from, lines[i+1].from) {
				t.Fatalf("%q: line %d ends with %q", text, i, cs[l.to-1].r)
			}
		}
		for ; at < len(cs); at++ {
			if cs[at].class != space {
				t.Fatalf("%q: lost the end, %q", text, cs[at].r)
			}
		}
	})
}

func TestGap(t *testing.T) {
	for _, c := range []struct {
		pair string
		want int
	}{
		{"年2", mixGap},
		{"2年", mixGap},
		{"二三", 0},
		{"，2", 0},
		{"2，", 0},
		{"》，", -halfEm},
		{"。）", -halfEm},
		{"）（", -halfEm},
		{"《（", -halfEm},
		{"提·", 0},
		{"·a", 0},
		{"ab", 0},
	} {
		cs := setChars(c.pair)
		if got := gap(&cs[0], &cs[1], false); got != c.want {
			t.Errorf("%s: %d, want %d", c.pair, got, c.want)
		}
	}
}
