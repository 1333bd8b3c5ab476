package yinzheng

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func TestDigits(t *testing.T) {
	const alphabet = "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
	if got := string(Digits("-.09AZ_az")); got != "000103122045505277" {
		t.Errorf("%s", got)
	}
	back, ok := FromDigits(string(Digits(alphabet)))
	if !ok || back != alphabet {
		t.Errorf("%q, %v", back, ok)
	}
	for c := range 100 {
		pair := string([]byte{'0' + byte(c/10), '0' + byte(c%10)})
		want := c <= 77 && strings.IndexByte(alphabet, byte(c+45)) >= 0
		if _, ok := FromDigits(pair); ok != want {
			t.Errorf("FromDigits(%s) is %v", pair, ok)
		}
	}
	for _, s := range []string{"0", "000", "0a", "a0", "-1", "+1", " 1", "1 ", "٠١", "００", "0\x00", strings.Repeat("0", 2050)} {
		if token, ok := FromDigits(s); ok {
			t.Errorf("FromDigits(%q) = %q", s, token)
		}
	}
	if _, ok := FromDigits(strings.Repeat("0", 2048)); !ok {
		t.Error("2048 digits are refused")
	}
}

// FuzzFromDigits: what is accepted is written back to the same digits.
func FuzzFromDigits(f *testing.F) {
	f.Add("000103122045505277")
	f.Add("78")
	f.Fuzz(func(t *testing.T, s string) {
		if token, ok := FromDigits(s); ok && string(Digits(token)) != s {
			t.Errorf("%q becomes %q becomes %q", s, token, Digits(token))
		}
	})
}

func TestParseURL(t *testing.T) {
	const code = "7K3M9QWX2B4D"
	token := "eyJ.a-_.b"
	digits := string(Digits(token))
	for _, c := range []struct{ in, code, token string }{
		{"https://zm.example.gov.cn/v/" + code + "#" + digits, code, token},
		{"  https://zm.example.gov.cn/v/" + code + "#" + digits + "\n", code, token},
		{"HTTPS://ZM.EXAMPLE.GOV.CN/v/" + code, code, ""},
		{"http://127.0.0.1:8080/v/7k3m-9qwx-2b4d", code, ""},
		{"https://h/yinzheng/v/" + code + "?from=wechat#" + digits, code, token},
		{"https://h/v/" + code + "#", code, ""},
		{"https://h/v/" + code + "#123", code, "123"},                        // judged malformed
		{"https://h/v/" + code + "#" + digits + "%30", code, digits + "%30"}, // nothing is decoded
		{"https://h/v/" + code + "#12%zz", code, "12%zz"},
		{"https://h/v/" + code + "#" + digits + "#" + digits, code, digits + "#" + digits},
		{"https://h/v/" + code + "#" + token, code, token}, // a token as it is
		{"https://h/v/%37K3M9QWX2B4D", code, ""},
	} {
		code, token, err := ParseURL(c.in)
		if err != nil || code != c.code || token != c.token {
			t.Errorf("%s: %q %q %v", c.in, code, token, err)
		}
	}
	for _, in := range []string{
		"", " ", code, "https://h/", "https://h/v/", "https://h/v/" + code + "/", "https://h/v/" + code + "X", "https://h/v/" + code[:11], "https://h/V/" + code,
		"ftp://h/v/" + code, "javascript:/v/" + code, "//h/v/" + code, "/v/" + code, "https://h:x/v/" + code, "https://h/v/" + code + "\x00", "https://h/v/7K3M9QWX2B4U", "mailto:a@h/v/" + code,
	} {
		if code, token, err := ParseURL(in); !errors.Is(err, ErrInvalid) || code != "" || token != "" {
			t.Errorf("%q: %q %q %v", in, code, token, err)
		}
	}
}

func TestStatusList(t *testing.T) {
	// IETF Token Status List, 2 bits: the first byte 0xC9 holds 1, 2, 0, 3.
	l := &StatusList{Bits: []byte{0xC9, 0x44}}
	for i, want := range []StatusValue{1, 2, 0, 3, 0, 1, 0, 1} {
		if v, ok := l.At(i); !ok || v != want {
			t.Errorf("At(%d) = %d %v", i, v, ok)
		}
	}
	for _, i := range []int{-1, 8, 1 << 30} {
		if v, ok := l.At(i); ok {
			t.Errorf("At(%d) = %d", i, v)
		}
	}
	c := &Claims{Status: 3<<StatusBits + 77}
	if list, index := c.StatusRef(); list != 3 || index != 77 {
		t.Errorf("%d %d", list, index)
	}
}

// The board and a list made from it say the same, entry by entry.
func TestStatusBoard(t *testing.T) {
	var b statusBoard
	b.lists = map[int]*statusBits{}
	written := map[int]StatusValue{0: 1, 1: 2, 2: 3, 3: 1, 1<<StatusBits - 1: 3, 77: 2}
	for i, v := range written {
		b.set(1, i, v)
	}
	l := &StatusList{Bits: b.copy(1)}
	if len(l.Bits) != statusListBytes {
		t.Fatalf("%d bytes", len(l.Bits))
	}
	for _, i := range []int{0, 1, 2, 3, 4, 76, 77, 78, 1<<StatusBits - 2, 1<<StatusBits - 1} {
		if v, ok := l.At(i); !ok || v != written[i] || b.at(1, i) != v {
			t.Errorf("%d: list %d, board %d, want %d", i, v, b.at(1, i), written[i])
		}
	}
	before := b.changes(1)
	b.set(1, 77, StatusValid)
	if b.at(1, 77) != StatusValid || b.at(1, 76) != StatusValid || b.changes(1) == before || b.at(2, 77) != StatusValid || b.changes(2) != 0 {
		t.Error("an entry set back")
	}
	if l.Bits[77/4] == b.copy(1)[77/4] {
		t.Error("the copy changes with the board")
	}
}

// A record that says other than the board makes the board say what the store
// says now, which need not be what that record says.
func TestLearn(t *testing.T) {
	kept := &keptRecord{}
	s := &Service{Config: Config{Store: kept}}
	s.board.lists = map[int]*statusBits{}
	for _, c := range []struct {
		read, store Status
		want        StatusValue
	}{
		{StatusOK, StatusIsRevoked, StatusValid}, // agrees with the board: nobody asks
		{StatusIsSuspended, StatusIsSuspended, StatusSuspended},
		{StatusOK, StatusOK, StatusValid}, // lifted
		{StatusIsSuspended, StatusOK, StatusValid},
		{StatusIsSuspended, StatusIsSuperseded, StatusSuperseded},
		{StatusIsSuspended, StatusIsSuperseded, StatusSuperseded},
		{StatusOK, "", StatusSuperseded}, // the store does not answer
		{StatusOK, StatusIsRevoked, StatusRevoked},
	} {
		kept.status = c.store
		s.learn(t.Context(), &Certificate{Code: "C", List: 1, Index: 5, Status: c.read})
		if got := s.board.at(1, 5); got != c.want {
			t.Errorf("read %q, stored %q: %d, want %d", c.read, c.store, got, c.want)
		}
	}
}

// keptRecord is a store with one record, or one that does not answer.
type keptRecord struct {
	Store
	status Status
}

func (k *keptRecord) Certificate(_ context.Context, code string) (*Certificate, error) {
	if k.status == "" {
		return nil, fail(ErrUnavailable, "磁盘已满", "The disk is full")
	}
	return &Certificate{Code: code, List: 1, Index: 5, Status: k.status}, nil
}

func TestScanCacheForgetsTheOldest(t *testing.T) {
	var c scanCache
	c.put("first", &scan{})
	for i := range 2 * scanLimit {
		c.put("x"+string(rune(i)), &scan{})
		if i == scanLimit/2 && c.get("first") == nil {
			t.Fatal("forgotten too early")
		}
	}
	if c.get("first") != nil || len(c.young) > scanLimit || len(c.old) > scanLimit {
		t.Errorf("%d and %d kept", len(c.young), len(c.old))
	}
}

func TestNumberRefused(t *testing.T) {
	const good = "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9"
	for _, in := range []string{good, strings.ToLower(good), " " + good + "\n"} {
		if n, err := ParseNumber(in); err != nil || n.String() != good {
			t.Errorf("%q: %v %v", in, n, err)
		}
	}
	for _, in := range []string{"", "1.2.156.3005.2", good[:len(good)-1], good + "9", strings.Replace(good, ".001.", ".1.", 1), strings.Replace(good, "340100", "3401", 1), strings.Replace(good, "1.2.156", "1.3.156", 1), good + "\x00", strings.Replace(good, "0", "０", 1)} {
		if n, err := ParseNumber(in); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q: %v %v", in, n, err)
		}
	}
}

func TestRandomText(t *testing.T) {
	code, err := NewCode(bytes.NewReader([]byte{0, 31, 32, 63, 255, 1, 2, 3, 4, 5, 6, 7}))
	if err != nil || code != "0Z0ZZ1234567" {
		t.Errorf("%s %v", code, err)
	}
	if serial, err := newSerial(iotest.ErrReader(io.ErrUnexpectedEOF)); err == nil {
		t.Errorf("a serial of no randomness: %s", serial)
	}
	if code, err := NewCode(bytes.NewReader(make([]byte, 11))); err == nil {
		t.Errorf("a code of too little randomness: %s", code)
	}
}

func TestLastDay(t *testing.T) {
	for _, c := range []struct {
		from   string
		months int
		want   string
	}{
		{"2026-11-22T09:30", 6, "2027-05-22"},
		{"2026-08-31T09:30", 6, "2027-02-28"},
		{"2027-08-31T09:30", 6, "2028-02-29"},
		{"2026-12-31T23:59", 1, "2027-01-31"},
		{"2026-01-30T00:00", 1, "2026-02-28"},
		{"2026-11-22T00:00", 1200, "2126-11-22"},
	} {
		from, err := time.ParseInLocation("2006-01-02T15:04", c.from, Zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := lastDay(from.UTC(), c.months).In(Zone).Format(time.DateTime); got != c.want+" 23:59:59" {
			t.Errorf("%s and %d months: %s, want the end of %s", c.from, c.months, got, c.want)
		}
	}
}

func TestDirectory(t *testing.T) {
	d := SampleDirectory()
	if !d.Within(testVillage, testDistrict) || !d.Within(testVillage, testVillage) || d.Within(testDistrict, testVillage) || d.Within(testVillage, testTownB) || d.Within("x", testDistrict) {
		t.Error("Within")
	}
	if d.At(testVillage, District).Code != testDistrict || d.At(testDistrict, Village) != nil || d.At("x", District) != nil {
		t.Error("At")
	}
	if d.LevelOf("town") != Town || d.LevelOf("x") != "" || d.Division(testTown).Name != "桥西街道" || d.Division("x") != nil {
		t.Error("LevelOf, Division")
	}
	loop := NewDirectory([]Division{{Code: "a", Parent: "b", Level: Village}, {Code: "b", Parent: "a", Level: Town}}, []Office{{ID: "o", Division: "nowhere"}}, nil)
	if loop.Within("a", "c") || loop.At("a", Province) != nil || loop.LevelOf("o") != "" {
		t.Error("a loop in the data")
	}
}

func TestKeyList(t *testing.T) {
	k := &Key{KID: "a", Purpose: TokenKey, Organ: "o", Items: []string{"QS"}, NotBefore: at(0), NotAfter: at(1), State: KeyActive, Chain: [][]byte{{1}}}
	l := NewKeyList(at(0), []*Key{k, {KID: "b"}})
	if l.ByKID("a") != k || l.ByKID("x") != nil || l.ByCertificate([]byte{1}) != k || l.ByCertificate(nil) != nil {
		t.Error("a lookup")
	}
	if !k.InForce(at(0)) || !k.InForce(at(1)) || k.InForce(at(0).Add(-1)) || k.InForce(at(1).Add(1)) {
		t.Error("the period")
	}
	k.State = KeySuspended
	if k.InForce(at(0)) || !k.Entitled(TokenKey, "QS", "o", at(0)) || k.Entitled(TokenKey, "kin", "o", at(0)) || k.Entitled(DocumentKey, "QS", "o", at(0)) || k.Entitled(TokenKey, "QS", "p", at(0)) || k.Entitled(TokenKey, "QS", "o", at(2)) {
		t.Error("what it may sign")
	}
}

func TestErrors(t *testing.T) {
	cause := errors.New("disk")
	err := error(&Error{Kind: ErrInvalid, Text: Text{"甲", "a"}, Fields: []FieldError{{"values.name", "x", Text{"乙", "b"}}}, Cause: cause})
	if err.Error() != "invalid: a; values.name: b: disk" || !errors.Is(err, ErrInvalid) || !errors.Is(err, cause) || reason(err) != "invalid" || reason(cause) != "internal" {
		t.Error(err)
	}
	if got := forLog(err); got != "invalid; values.name: x: disk" {
		t.Error(got)
	}
	if (Text{"甲", ""}).In("en") != "甲" || (Text{"甲", "a"}).In("en") != "a" || (Text{"甲", "a"}).In("fr") != "甲" || (Text{"甲", ""}).String() != "甲" {
		t.Error("In, String")
	}
	if Submitted.Name().ZH != "审批中" || !slices.Contains([]string{"issued"}, Issued.Name().EN) {
		t.Error("Name")
	}
}
