package yinzheng

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Vectors of RFC 8785: §3.2.2.2 (strings), §3.2.3 (order of keys), appendix B
// (numbers), and what encoding/json leaves behind of each.
func TestCanonical(t *testing.T) {
	for in, want := range map[string]string{
		`{"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/"}`: `{"string":"€$\u000f\nA'B\"\\\\\"/"}`,
		`{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}`: `{"\r":"Carriage Return","1":"One","` + "\u0080" + `":"Control","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😀":"Emoji: Grinning Face","` + "\ufb33" + `":"Hebrew Letter Dalet With Dagesh"}`,
		`[56,{"d":true,"10":null,"1":[]}]`:            `[56,{"1":[],"10":null,"d":true}]`,
		`"\b\t\n\f\r\u001f\u007f<>&` + "\u2028" + `"`: `"\b\t\n\f\r\u001f` + "\u007f<>&\u2028" + `"`,
		`[-0, 0, 1, -1, 9007199254740991, 333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001, 1e21, 1e20, 1e-6, 1e-7, 5e-324, 1.7976931348623157e308]`: `[0,0,1,-1,9007199254740991,333333333.3333333,1e+30,4.5,0.002,1e-27,1e+21,100000000000000000000,0.000001,1e-7,5e-324,1.7976931348623157e+308]`,
	} {
		var v any
		if err := json.Unmarshal([]byte(in), &v); err != nil {
			t.Fatal(err)
		}
		if got := string(Canonical(nil, v)); got != want {
			t.Errorf("%s\n is %s\nwant %s", in, got, want)
		}
	}
	v := map[string]any{"a": 7, "b": int64(math.MaxInt64), "c": Values{"x": false}, "d": -1}
	if got := string(Canonical([]byte("before "), v)); got != `before {"a":7,"b":9223372036854775807,"c":{"x":false},"d":-1}` {
		t.Error(got)
	}
}

func TestCanonicalOfWhatNoNormalFormHolds(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a type that no value has is written as something")
		}
	}()
	Canonical(nil, struct{}{})
}

// encoding/json sorts keys by bytes and escapes a few characters more; apart
// from that it agrees.
func TestCanonicalAgainstEncodingJSON(t *testing.T) {
	text := rapid.StringOf(rapid.SampledFrom([]rune("aZ09 \"\\/\t\n\r\b\f\x00\x1f张𠮷é·")))
	var value func(depth int) *rapid.Generator[any]
	value = func(depth int) *rapid.Generator[any] {
		return rapid.Custom(func(t *rapid.T) any {
			switch kind := rapid.IntRange(0, 5).Draw(t, "kind"); {
			case kind == 0:
				return text.Draw(t, "text")
			case kind == 1:
				return rapid.Int64Range(-maxInteger, maxInteger).Draw(t, "integer")
			case kind == 2:
				return rapid.Bool().Draw(t, "bool")
			case kind == 3 || depth == 0:
				return nil
			case kind == 4:
				list := make([]any, rapid.IntRange(0, 3).Draw(t, "n"))
				for i := range list {
					list[i] = value(depth-1).Draw(t, "element")
				}
				return list
			}
			m := map[string]any{}
			for range rapid.IntRange(0, 20).Draw(t, "n") { // beyond the room for keys on the stack, too
				m[rapid.StringMatching(`[a-z_"\\\t]{0,3}`).Draw(t, "key")] = value(depth-1).Draw(t, "value")
			}
			return m
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		v := value(3).Draw(t, "value")
		var want bytes.Buffer
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		if err := e.Encode(v); err != nil {
			t.Fatal(err)
		}
		if got := string(Canonical(nil, v)); got != strings.TrimSuffix(want.String(), "\n") {
			t.Fatalf("%s\nencoding/json: %s", got, want.String())
		}
	})
}

// TestCommit is the vector of docs/formats.md.
func TestCommit(t *testing.T) {
	salt := []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	number := "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U"
	values := Values{
		"name": "张三", "id": map[string]any{"type": "111", "number": "11010519491231002X"}, "address": "桥西街道下角社区滨江路 8 号", "since": "2020-05-01",
		"rooms": int64(3), "owner": true, "kin": []any{map[string]any{"name": "阿依古丽·买买提", "relation": "mother"}},
	}
	const want = "nkbR9-YzLlJKqALkLsRKRJ4jJGAY5qBB" // from Python: json.dumps(sort_keys, separators=(",", ":")), hashlib, base64
	if got := Commit(salt, TemplateRef{"residence", 1}, number, values); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	at := &Attached{Salt: base64.RawURLEncoding.EncodeToString(salt), Item: "residence", Template: 1, Number: number, Values: values}
	if !at.Fits(want) {
		t.Error("the attachment does not fit its own digest")
	}
	for name, spoil := range map[string]func(*Attached){
		"salt":             func(a *Attached) { a.Salt = base64.RawURLEncoding.EncodeToString(make([]byte, 16)) },
		"salt's length":    func(a *Attached) { a.Salt = base64.RawURLEncoding.EncodeToString(salt[:15]) },
		"salt's encoding":  func(a *Attached) { a.Salt += "=" },
		"item":             func(a *Attached) { a.Item = "family-relation" },
		"template version": func(a *Attached) { a.Template = 2 },
		"number":           func(a *Attached) { a.Number = "1" + a.Number },
		"a value":          func(a *Attached) { a.Values = Values{"name": "张四"} },
		"a fraction":       func(a *Attached) { v := maps.Clone(values); v["rooms"] = 3.4; a.Values = v },
	} {
		b := *at
		if spoil(&b); b.Fits(want) {
			t.Errorf("fits though the %s is another", name)
		}
	}
}

func TestDisplay(t *testing.T) {
	tpl := SampleTemplate()
	for _, c := range []struct {
		key  string
		v    any
		want string
	}{
		{"born", "1990-03-07", "1990年3月7日"},
		{"born", "1990-11-27", "1990年11月27日"},
		{"born", "昨天", "昨天"},
		{"since", "2020-05-01T08:05", "2020年5月1日8时05分"},
		{"since", "2020-05-01T00:15", "2020年5月1日0时15分"},
		{"since", "早上", "早上"},
		{"sex", Female, "女"},
		{"sex", "x", "x"},
		{"name", "张三", "张三"},
		{"owner", true, "是"},
		{"owner", false, "否"},
		{"rooms", int64(1000000), "1000000"},
		{"rooms", nil, ""},
		{"kin", []any{1, 2}, "2 项"},
		{"id", ID{Type: ResidentID, Number: idHolder}.Value(), idHolder},
		{"id", ID{Type: Passport, Number: "E12345678"}.Value(), "护照E12345678"},
		{"id", ID{Type: NoID, Reason: "新生儿"}.Value(), "无（新生儿）"},
	} {
		if got := tpl.Field(c.key).Display(c.v); got != c.want {
			t.Errorf("%s %v: %s, want %s", c.key, c.v, got, c.want)
		}
	}
}

func TestValues(t *testing.T) {
	v := Values{"s": "x", "t": true, "f": false, "l": []any{map[string]any{"a": "1"}, "no row"}, "e": []any{}, "i": int64(0), "id": ID{Type: NoID, Reason: "x"}.Value(), "null": nil}
	for when, want := range map[string]bool{"": true, "!": true, "s": true, "!s": false, "t": true, "f": false, "!f": true, "l": true, "e": false, "i": true, "id": true, "null": false, "absent": false, "!absent": true} {
		if v.Has(when) != want {
			t.Errorf("Has(%q) is %v", when, !want)
		}
	}
	if v.String("s") != "x" || v.String("t") != "" || v.String("absent") != "" {
		t.Error("String")
	}
	if rows := v.Rows("l"); len(rows) != 1 || rows[0].String("a") != "1" || len(v.Rows("s")) != 0 {
		t.Error("Rows")
	}
	if v.ID("id") != (ID{Type: NoID, Reason: "x"}) || v.ID("s") != (ID{}) {
		t.Error("ID")
	}
}
