package table

import "testing"

func TestDay(t *testing.T) {
	for text, want := range map[string]string{
		"2026-11-02": "2026-11-02", "2026/11/2": "2026-11-02", "2026.11.2": "2026-11-02", "20261102": "2026-11-02", "2026年11月2日": "2026-11-02",
		"2026-11-02 00:00:00": "2026-11-02", "46328": "2026-11-02", "60": "1900-02-28", "61": "1900-03-01",
		"59": "59", "100000": "100000", "2026-13-02": "2026-13-02", "": "", "昨天": "昨天",
	} {
		if got := Day(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestMoment(t *testing.T) {
	for text, want := range map[string]string{
		"2026-11-02T08:15": "2026-11-02T08:15", "2026-11-02 08:15": "2026-11-02T08:15", "2026/11/2 8:15": "2026-11-02T08:15", "2026年11月2日 08:15": "2026-11-02T08:15",
		"2026年11月2日8时5分": "2026-11-02T08:05", "46328.34375": "2026-11-02T08:15", "46328.343749999": "2026-11-02T08:15", "46328": "2026-11-02T00:00",
		"2026-11-02": "2026-11-02", "59.5": "59.5", "": "", "NaN": "NaN", "早上": "早上",
	} {
		if got := Moment(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestEach: a table without rows and one with too many are refused, headings are
// found however they are set, and those that nobody asked for are told.
func TestEach(t *testing.T) {
	columns := []Column{{Key: "a", Names: []string{"Living there since"}}}
	read := func(data string) (out, ignored []string, err error) {
		ignored, err = Each([]byte(data), columns, 2, func(r *Row) error {
			out = append(out, r.Place("a")+"="+r.Get("a"))
			return nil
		})
		return out, ignored, err
	}
	out, ignored, err := read("living  THERE since *,b\n1,2\n,\n3,4\n")
	if err != nil || len(out) != 2 || out[1] != "line 4, column a=3" || len(ignored) != 1 || ignored[0] != "b" {
		t.Errorf("%q %q %v", out, ignored, err)
	}
	for data, want := range map[string]string{"a\n": "The list is empty", "a\n1\n2\n3\n": "There are more than 2 rows; please send them in parts"} {
		if _, _, err := read(data); err == nil || err.Error() != want {
			t.Errorf("%q: %v", data, err)
		}
	}
}
