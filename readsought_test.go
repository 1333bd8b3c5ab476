package yinzheng

import (
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// TestReadSought: the shape of a text tells what it may be.
func TestReadSought(t *testing.T) {
	const number = "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U"
	for text, want := range map[string]sought{
		"陳国强":                {name: "陈国强"},
		"阿依古丽·买买提":           {name: "阿依古丽买买提"},
		"Anna Müller":        {name: "annamüller"},
		"44130219900307012X": {numbers: []string{"44130219900307012X"}},
		"44130219900307012x": {numbers: []string{"44130219900307012X"}},
		"110105491231002":    {numbers: []string{"110105491231002", "11010519491231002X"}},
		"H1234567(8)":        {numbers: []string{"H1234567(8)"}},
		"K7QW2M9X4PAB":       {code: "K7QW2M9X4PAB", numbers: []string{"K7QW2M9X4PAB"}},
		"k7qw 2m9x-4pao":     {code: "K7QW2M9X4PA0", numbers: []string{"K7QW2M9X-4PAO"}},
		"ABCDEFGHJKMN":       {code: "ABCDEFGHJKMN", name: "abcdefghjkmn"},
		"K7QW2M9X4P":         {id: "K7QW2M9X4P", numbers: []string{"K7QW2M9X4P"}},
		"ABCDEFGHJK":         {id: "ABCDEFGHJK", name: "abcdefghjk"},
		number:               {number: number},
		"https://zm.example.gov.cn/v/K7QW2M9X4PAB#00": {code: "K7QW2M9X4PAB"},
		"12幢的王": {name: "12幢的王"},
	} {
		got, err := readSought(" " + text + "\n")
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if d := cmp.Diff(want, got, cmp.AllowUnexported(sought{})); d != "" {
			t.Errorf("%s (-want +got):\n%s", text, d)
		}
	}
}

// FuzzReadSought: whatever is typed is refused, or is something to look for.
func FuzzReadSought(f *testing.F) {
	for _, s := range []string{"王小明", "44130219900307012X", "https://h/v/K7QW2M9X4PAB#00", "1.2.156.3005.2.", "K7QW2M9X4PAB", "\x00\xff", "ﷺ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q, err := readSought(s)
		empty := q.code == "" && q.number == "" && q.id == "" && q.name == "" && len(q.numbers) == 0
		if (err != nil) != empty {
			t.Errorf("%q: %+v, %v", s, q, err)
		}
		if q.name != "" && utf8.RuneCountInString(q.name) < 2 {
			t.Errorf("%q is looked for as the name %q", s, q.name)
		}
	})
}
