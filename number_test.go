package yinzheng

import "testing"

// The vectors are those of published certificates (docs/formats.md, number).
func TestNumber(t *testing.T) {
	for _, v := range []struct {
		n     Number
		check string
	}{
		{Number{"11100000000013338W011", "11430000006122244L", "20230000403", 1}, "U"},
		{Number{"11100000MB03271699022", "340100", "000000016", 1}, "9"},
	} {
		s := v.n.String()
		if s[len(s)-1:] != v.check {
			t.Errorf("%s: check character, want %s", s, v.check)
		}
		back, err := ParseNumber(s)
		if err != nil || back != v.n {
			t.Errorf("ParseNumber(%s) = %v, %v", s, back, err)
		}
		for i := len(numberPrefix) + 1; i < len(s); i++ {
			if s[i] == '.' {
				continue
			}
			wrong := s[:i] + string("0123456789"[(s[i]-'0'+1)%10]) + s[i+1:]
			if _, err := ParseNumber(wrong); err == nil && wrong != s {
				t.Errorf("ParseNumber(%s) accepts a wrong character at %d", wrong, i)
			}
		}
	}
}

func TestCreditCode(t *testing.T) {
	for _, s := range []string{"91350100M000100Y43", "11100000000013338W", "11430000006122244L"} {
		if !CheckCreditCode(s) {
			t.Errorf("%s: want a good credit code", s)
		}
		if CheckCreditCode("2" + s[1:]) {
			t.Errorf("2%s: want a bad credit code", s[1:])
		}
	}
}

func TestNormalCode(t *testing.T) {
	for in, want := range map[string]string{
		"7k3m 9qwx-2b4d": "7K3M9QWX2B4D",
		"O0Il1234567Z":   "00111234567Z",
	} {
		if got, ok := NormalCode(in); !ok || got != want {
			t.Errorf("NormalCode(%q) = %q, %v, want %q", in, got, ok, want)
		}
	}
	for _, in := range []string{"", "7K3M9QWX2B4", "7K3M9QWX2B4DD", "7K3M9QWX2B4U", "7K3M9QWX2B4Ｄ"} {
		if got, ok := NormalCode(in); ok {
			t.Errorf("NormalCode(%q) = %q, want refusal", in, got)
		}
	}
}
