package yinzheng

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestParseResidentID(t *testing.T) {
	today := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct{ in, sex, born, code string }{
		{"11010519491231002X", Female, "1949-12-31", ""}, // GB 11643's own example
		{"11010519491231002x", Female, "1949-12-31", ""},
		{"440524188001010014", Male, "1880-01-01", ""}, // GB 11643's own example
		{"110105194912310021", "", "", "id-check-digit"},
		{"11010519490231002X", "", "", "id-date"},
		{"110105204912310026", "", "", "id-date"},
		{"1101051949123100", "", "", "id-length"},
		{"1101O519491231002X", "", "", "id-character"},
	} {
		_, born, sex, code := ParseResidentID(c.in, today)
		if code != c.code || sex != c.sex || code == "" && born.Format(time.DateOnly) != c.born {
			t.Errorf("%s: %s %s %q, want %s %s %q", c.in, born.Format(time.DateOnly), sex, code, c.born, c.sex, c.code)
		}
	}
}

func TestMask(t *testing.T) {
	for in, want := range map[string]string{"": "", "张": "张*", "张三": "张*", "欧阳𫖯明": "欧*明", "阿依古丽·买买提": "阿*提"} {
		if got := MaskName(in); got != want {
			t.Errorf("MaskName(%s) = %s, want %s", in, got, want)
		}
	}
	for _, c := range []struct {
		id   ID
		want string
	}{
		{ID{Type: ResidentID, Number: "11010519491231002X"}, "110105********002X"},
		{ID{Type: Passport, Number: "E12345678"}, "E1*****78"},
		{ID{Type: Passport, Number: "E123"}, "E***"},
		{ID{Type: NoID, Reason: "新生儿"}, ""},
	} {
		if got := MaskID(c.id); got != c.want {
			t.Errorf("MaskID(%v) = %s, want %s", c.id, got, c.want)
		}
	}
}

// Whoever is listed under the old form of their number is a party all the same.
func TestSamePerson(t *testing.T) {
	id := func(kind, number string) ID { return ID{Type: kind, Number: number} }
	now := id(ResidentID, "11010519491231002X")
	for _, c := range []struct {
		other ID
		want  bool
	}{
		{now, true},
		{id(ResidentID, " 11010519491231002x"), true},
		{id(OldID, "110105491231002"), true},
		{id(OldID, "１１０１０５４９１２３１００２"), true},
		{id(OldID, "110105491231003"), false},
		{id(OldID, ""), false},
		{id(Passport, "11010519491231002X"), false},
		{ID{Type: NoID, Reason: "x"}, false},
		{id(ResidentID, "110105200012310021"), false},
	} {
		if now.same(c.other) != c.want || c.other.same(now) != c.want {
			t.Errorf("%+v: want %v", c.other, c.want)
		}
	}
	if (ID{}).same(ID{}) || id(OldID, "").same(id(ResidentID, "short")) || id(ResidentID, "short").same(id(OldID, "")) {
		t.Error("nobody is somebody")
	}
}

// documents are accounts by their ID.
type documents map[string]ID

func (p documents) Account(_ context.Context, id string) (*Account, error) {
	if person, ok := p[id]; ok {
		return &Account{ID: id, Person: person}, nil
	}
	return nil, fail(ErrNotFound, "没有", "none")
}

// TestAllOthers: two accounts are two people's only if both documents are known.
func TestAllOthers(t *testing.T) {
	p := documents{"one": idStaff(1), "again": idStaff(1), "two": idStaff(2), "unknown": {}, "unknown2": {}}
	for _, tt := range []struct {
		some, others []string
		want         bool
	}{
		{[]string{"one"}, []string{"two"}, true},
		{[]string{"one"}, []string{"one"}, false},
		{[]string{"one"}, []string{"again"}, false},
		{[]string{"one"}, []string{"unknown"}, false},
		{[]string{"unknown"}, []string{"one"}, false},
		{[]string{"unknown"}, []string{"unknown2"}, false},
		{[]string{"two"}, []string{"one", "again"}, true},
		{[]string{"two", "one"}, []string{"again"}, false},
	} {
		if got, err := AllOthers(t.Context(), p, tt.some, tt.others); err != nil || got != tt.want {
			t.Errorf("%v and %v: %v, %v", tt.some, tt.others, got, err)
		}
	}
	for _, who := range [][2][]string{{{"one"}, {"nobody"}}, {{"nobody"}, {"one"}}} {
		if apart, err := AllOthers(t.Context(), p, who[0], who[1]); !errors.Is(err, ErrNotFound) || apart {
			t.Errorf("%v: %v, %v", who, apart, err)
		}
	}
}
