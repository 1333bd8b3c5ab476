package yinzheng

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// with returns the sample values with one value changed; nil removes it.
func with(key string, v any) map[string]any {
	m := SampleValues()
	m[key] = v
	return m
}

// kin returns the sample values with these relatives.
func kin(rows ...any) map[string]any { return with("kin", rows) }

func child(key string, v any) map[string]any {
	m := map[string]any{"name": "张小宝", "id": idChild, "relation": "son"}
	m[key] = v
	return m
}

func row(pairs ...string) map[string]any {
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}

// flaw is what a check should say: a path and a code.
func flaw(f FieldError) string { return f.Field + " " + f.Code }

func flaws(list []FieldError) []string {
	var out []string
	for _, f := range list {
		out = append(out, flaw(f))
	}
	return out
}

// TestBadValues is bad input and what it is called, where. What cannot be kept
// is refused; what can is kept with its problem.
func TestBadValues(t *testing.T) {
	thirteen := make([]any, 13)
	for i := range thirteen {
		thirteen[i] = row("name", "张三", "relation", "mother")
	}
	deep := any("x")
	for range 5000 {
		deep = []any{deep}
	}
	resident := func(number string) map[string]any { return map[string]any{"type": "111", "number": number} }
	passport := func(number string) map[string]any { return map[string]any{"type": "passport", "number": number} }
	for _, c := range []struct {
		name    string
		raw     map[string]any
		refused bool
		want    []string
	}{
		{"nothing wrong", SampleValues(), false, nil},
		{"nothing at all", nil, false, []string{"values.name required", "values.id required", "values.purpose required", "values.kin required", "values.note any-of"}},
		{"all null", map[string]any{"name": nil, "id": nil, "purpose": nil, "kin": nil}, false, []string{"values.name required", "values.id required", "values.purpose required", "values.kin required", "values.note any-of"}},
		{"blank", with("name", " \t\u3000\n"), false, []string{"values.name required"}},
		{"nothing but a variation selector", with("name", "\ufe00"), false, []string{"values.name required"}},
		{"unknown key", with("nmae", "张三"), true, []string{"values.nmae unknown-field"}},
		{"two unknown keys, in order", map[string]any{"zz": 1, "aa": 2}, true, []string{"values.aa unknown-field", "values.zz unknown-field"}},
		{"unknown key of a row", kin(child("age", 3.0)), true, []string{"values.kin[0].age unknown-field"}},
		{"a number for text", with("purpose", 3.0), true, []string{"values.purpose type"}},
		{"true for a name", with("name", true), true, []string{"values.name type"}},
		{"an object for text", with("purpose", map[string]any{}), true, []string{"values.purpose type"}},
		{"a list for text", with("purpose", []any{"x"}), true, []string{"values.purpose type"}},
		{"text for a bool", with("owner", "true"), true, []string{"values.owner type"}},
		{"text for a list", with("kin", "张三"), true, []string{"values.kin type"}},
		{"an object for a list", with("kin", map[string]any{}), true, []string{"values.kin type"}},
		{"text for a row", kin("张三"), true, []string{"values.kin[0] type"}},
		{"null for a row", kin(nil), true, []string{"values.kin[0] type"}},
		{"a list for a row", kin([]any{}), true, []string{"values.kin[0] type"}},
		{"a number for an ID", with("id", 441302.0), true, []string{"values.id type"}},
		{"a list for an ID", with("id", []any{idHolder}), true, []string{"values.id type"}},
		{"a number inside an ID", with("id", map[string]any{"number": 4.0}), true, []string{"values.id.number type"}},
		{"an unknown key inside an ID", with("id", map[string]any{"number": idHolder, "name": "张"}), true, []string{"values.id.name type"}},
		{"deep nesting for text", with("purpose", deep), true, []string{"values.purpose type"}},
		{"deep nesting for a list", with("kin", deep), true, []string{"values.kin[0] type"}},

		{"NUL", with("purpose", "入\x00学"), true, []string{"values.purpose control-character"}},
		{"escape", with("name", "张\x1b三"), true, []string{"values.name control-character"}},
		{"C1 control", with("purpose", "入\u0085学"), true, []string{"values.purpose control-character"}},
		{"replacement character", with("purpose", "入\ufffd学"), true, []string{"values.purpose control-character"}},
		{"noncharacter", with("purpose", "入\U0001fffe学"), true, []string{"values.purpose control-character"}},
		{"noncharacter in the middle", with("purpose", "入\ufdd0学"), true, []string{"values.purpose control-character"}},
		{"not UTF-8", with("name", "张\xff三"), true, []string{"values.name not-utf8"}},
		{"bidi override", with("name", "张\u202e三"), true, []string{"values.name invisible-character"}},
		{"bidi isolate", with("purpose", "\u2066入学"), true, []string{"values.purpose invisible-character"}},
		{"Arabic letter mark", with("purpose", "\u061c入学"), true, []string{"values.purpose invisible-character"}},
		{"zero-width space", with("name", "张\u200b三"), true, []string{"values.name invisible-character"}},
		{"zero-width joiner", with("name", "张\u200d三"), true, []string{"values.name invisible-character"}},
		{"byte order mark", with("name", "\ufeff张三"), true, []string{"values.name invisible-character"}},
		{"soft hyphen", with("purpose", "入\u00ad学"), true, []string{"values.purpose invisible-character"}},
		{"Hangul filler", with("name", "张\u3164三"), true, []string{"values.name invisible-character"}},
		{"grapheme joiner", with("name", "张\u034f三"), true, []string{"values.name invisible-character"}},
		{"tag character", with("purpose", "\U000e0041入学"), true, []string{"values.purpose invisible-character"}},
		{"private use", with("name", "张\ue000三"), true, []string{"values.name private-character"}},
		{"private use, plane 16", with("name", "张\U00100000三"), true, []string{"values.name private-character"}},
		{"bidi in a row", kin(child("name", "张\u202e三")), true, []string{"values.kin[0].name invisible-character"}},
		{"bidi in an ID", with("id", "\u202e"+idHolder), true, []string{"values.id invisible-character"}},
		{"bidi in an ID's reason", with("id", map[string]any{"type": "none", "reason": "新\u202e生儿"}), true, []string{"values.id.reason invisible-character"}},
		{"4001 characters", with("purpose", strings.Repeat("字", 4001)), true, []string{"values.purpose too-long"}},
		{"4001 characters in an ID", with("id", strings.Repeat("4", 4001)), true, []string{"values.id too-long"}},
		{"201 rows", kin(make([]any, 201)...), true, []string{"values.kin too-many"}},

		{"41 of 40 characters", with("purpose", strings.Repeat("字", 41)), false, []string{"values.purpose too-long"}},
		{"101 of 100, the default", with("note", strings.Repeat("字", 101)), false, []string{"values.note too-long"}},
		{"a name of 200 characters", with("name", strings.Repeat("张", 200)), false, []string{"values.name too-long"}},
		{"a name of 26 hanzi", with("name", strings.Repeat("张", 26)), false, []string{"values.name too-long"}},
		{"a name of a letter and 200 marks", with("name", "a"+strings.Repeat("\u0323", 200)), false, []string{"values.name too-long"}},
		{"a digit in a name", with("name", "张3"), false, []string{"values.name name-character"}},
		{"a bracket in a name", with("name", "张三（小）"), false, []string{"values.name name-character"}},
		{"an emoji in a name", with("name", "张😀"), false, []string{"values.name name-character"}},
		{"a Kangxi radical in a name", with("name", "张\u2f24"), false, []string{"values.name name-character"}},
		{"a name without a letter", with("name", "·-·"), false, []string{"values.name name-character"}},

		{"an ID too short", with("id", "44130219900307"), false, []string{"values.id id-length"}},
		{"15 digits without their type", with("id", "441302900307001"), false, []string{"values.id id-length"}},
		{"a letter in an ID", with("id", "44130219900307O127"), false, []string{"values.id id-character"}},
		{"hanzi in an ID", with("id", "四四"), false, []string{"values.id id-length"}},
		{"a wrong check digit", with("id", idHolder[:17]+string("0123456789X0"[strings.IndexByte("0123456789X", idHolder[17])+1])), false, []string{"values.id id-check-digit"}},
		{"30 February", with("id", residentID("44130219900230", 12)), false, []string{"values.id id-date"}},
		{"born tomorrow", with("id", residentID("44130220261123", 12)), false, []string{"values.id id-date"}},
		{"born in 1849", with("id", residentID("44130218490101", 12)), false, []string{"values.id id-date"}},
		{"an ID of another sex", with("sex", Male), false, []string{"values.id id-sex"}},
		{"an ID of another birth date", with("born", "1990-03-08"), false, []string{"values.id id-born"}},
		{"living there before birth", with("since", "1990-03-07T00:00"), false, []string{"values.id id-born"}},
		{"an empty ID", with("id", map[string]any{}), false, []string{"values.id id-length"}},
		{"15 digits", with("id", map[string]any{"type": "resident-15", "number": "441302900307001"}), false, nil},
		{"14 digits", with("id", map[string]any{"type": "resident-15", "number": "44130290030700"}), false, []string{"values.id id-length"}},
		{"a passport", with("id", passport("E12345678")), false, nil},
		{"a passport too short", with("id", passport("E12")), false, []string{"values.id id-character"}},
		{"a passport with hanzi inside", with("id", passport("E12国345")), false, []string{"values.id id-character"}},
		{"an unknown type of ID", with("id", map[string]any{"type": "library-card", "number": "12345"}), false, []string{"values.id.type choice"}},
		{"none without reason", with("id", map[string]any{"type": "none"}), false, []string{"values.id.reason required"}},
		{"none with a blank reason", with("id", map[string]any{"type": "none", "reason": " "}), false, []string{"values.id.reason required"}},
		{"none with a reason", with("id", map[string]any{"type": "none", "reason": "新生儿，尚未落户", "number": nil}), false, nil},
		{"none with a number", with("id", map[string]any{"type": "none", "reason": "新生儿", "number": "1"}), false, []string{"values.id id-none"}},
		{"none with a long reason", with("id", map[string]any{"type": "none", "reason": strings.Repeat("因", 51)}), false, []string{"values.id.reason too-long"}},
		{"a document and a reason", with("id", map[string]any{"type": "111", "number": idHolder, "reason": "x"}), false, []string{"values.id.reason not-applicable"}},
		{"the same ID twice", kin(row("name", "张三", "relation", "mother", "id", idHolder)), false, []string{"values.kin[0].id id-twice"}},
		{"twice, told apart by a reason", kin(map[string]any{"name": "张三", "relation": "mother", "id": map[string]any{"number": idHolder, "reason": "x"}}), false, []string{"values.kin[0].id.reason not-applicable", "values.kin[0].id id-twice"}},
		{"the same ID in two rows", kin(child("name", "大宝"), child("name", "小宝")), false, []string{"values.kin[1].id id-twice"}},
		{"a father's ID for a mother", kin(row("name", "张三", "relation", "mother", "id", idMan)), false, []string{"values.kin[0].id id-sex"}},
		{"another relation has any sex", kin(row("name", "张三", "relation", "other", "relation_text", "堂兄", "id", idMan)), false, nil},
		{"other without text", kin(row("name", "张三", "relation", "other")), false, []string{"values.kin[0].relation_text required"}},
		{"text without other", kin(row("name", "张三", "relation", "mother", "relation_text", "养母")), false, []string{"values.kin[0].relation_text not-applicable"}},
		{"an unknown relation", kin(row("name", "张三", "relation", "Mother")), false, []string{"values.kin[0].relation choice"}},
		{"a row without anything", kin(map[string]any{}), false, []string{"values.kin[0].name required", "values.kin[0].relation required"}},
		{"13 relatives", kin(thirteen...), false, []string{"values.kin count"}},
		{"no relatives", kin(), false, []string{"values.kin required"}},
		{"an unknown choice", with("sex", "F"), false, []string{"values.sex choice"}},

		{"tomorrow", with("born", "2026-11-23"), false, []string{"values.born future", "values.id id-born"}},
		{"today", with("until", "2026-11-22"), false, nil},
		{"an hour ahead", with("since", "2026-11-22T10:30"), false, []string{"values.since future"}},
		{"a minute ago", with("since", "2026-11-22T09:29"), false, nil},
		{"the future where it may be", with("until", "2030-01-01"), false, nil},
		{"no such day", with("until", "2026-02-30"), false, []string{"values.until date"}},
		{"slashes", with("until", "2026/02/03"), false, []string{"values.until date"}},
		{"one digit of an hour", with("since", "2020-05-01T8:15"), false, []string{"values.since date"}},
		{"seconds", with("since", "2020-05-01T08:15:00"), false, []string{"values.since date"}},
		{"a zone", with("since", "2020-05-01T08:15Z"), false, []string{"values.since date"}},
		{"year 1849", with("until", "1849-12-31"), false, []string{"values.until date"}},
		{"year 2201", with("until", "2201-01-01"), false, []string{"values.until date"}},
		{"one date of two", with("born", nil), false, []string{"values.born required"}},

		{"a fraction", with("rooms", 1.5), true, []string{"values.rooms type"}},
		{"NaN", with("rooms", math.NaN()), true, []string{"values.rooms type"}},
		{"infinity", with("rooms", math.Inf(1)), true, []string{"values.rooms type"}},
		{"a huge number", with("rooms", 1e300), true, []string{"values.rooms type"}},
		{"beyond what JSON readers keep", with("rooms", float64(1<<53)), true, []string{"values.rooms type"}},
		{"the same as json.Number", with("rooms", json.Number("9007199254740992")), true, []string{"values.rooms type"}},
		{"a fraction as json.Number", with("rooms", json.Number("1.5")), true, []string{"values.rooms type"}},
		{"beyond int64 as json.Number", with("rooms", json.Number("99999999999999999999")), true, []string{"values.rooms type"}},
		{"text for a number", with("rooms", "3"), true, []string{"values.rooms type"}},
		{"below the smallest", with("rooms", 0.0), false, []string{"values.rooms range"}},
		{"above the largest", with("rooms", json.Number("21")), false, []string{"values.rooms range"}},
		{"a wrong resident ID", with("id", resident("x")), false, []string{"values.id id-length"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			checked, err := SampleTemplate().CheckValues(c.raw, testNow)
			var got []string
			var e *Error
			switch {
			case errors.As(err, &e):
				got = flaws(e.Fields)
			case err != nil:
				t.Fatal(err)
			default:
				got = flaws(checked.Problems)
			}
			if refused := err != nil; refused != c.refused || !slices.Equal(got, c.want) {
				t.Errorf("refused %v: %q, want %v: %q", refused, got, c.refused, c.want)
			}
			if err != nil && !errors.Is(err, ErrInvalid) {
				t.Errorf("%v is no ErrInvalid", err)
			}
		})
	}
}

func TestAnyOf(t *testing.T) {
	tpl := SampleTemplate()
	tpl.Fields[8].Optional = true // purpose
	v := SampleValues()
	delete(v, "purpose")
	checked, err := tpl.CheckValues(v, testNow)
	if err != nil || !slices.Equal(flaws(checked.Problems), []string{"values.note any-of"}) {
		t.Errorf("%v %v", err, checked)
	}
}

// A problem names the first fault of a field only: the most basic one.
func TestOneProblemAField(t *testing.T) {
	checked, err := SampleTemplate().CheckValues(with("name", strings.Repeat("3", 60)), testNow)
	if err != nil || !slices.Equal(flaws(checked.Problems), []string{"values.name name-character"}) {
		t.Errorf("%v %v", err, checked)
	}
}

// TestNormalised is what is written differently from what was sent, and shown.
func TestNormalised(t *testing.T) {
	for _, c := range []struct {
		key  string
		from any
		to   any
	}{
		{"name", "阿依古丽•买买提", "阿依古丽·买买提"},
		{"name", "阿依古丽・买买提", "阿依古丽·买买提"},
		{"name", "阿依古丽.买买提", "阿依古丽·买买提"},
		{"name", "阿依古丽．买买提", "阿依古丽·买买提"},
		{"name", "阿依古丽 ‧ 买买提", "阿依古丽·买买提"},
		{"name", "阿依古丽 . 买买提", "阿依古丽·买买提"},
		{"name", "阿依古丽··买买提", "阿依古丽·买买提"},
		{"name", " 张　三 ", "张三"},
		{"name", "张   三", "张三"},
		{"name", "Ada  Lovelace", "Ada Lovelace"},
		{"name", "Ada • Lovelace", "Ada·Lovelace"},
		{"name", "Rene\u0301e", "Renée"},        // composed
		{"name", "葛\U000e0100飾", "葛飾"},          // ideographic variation selector
		{"name", "葛\ufe00", "葛"},                // standard one
		{"name", "\uf914", "\u6a02"},            // compatibility ideograph
		{"name", "\u0387", "·"},                 // ano teleia
		{"purpose", " 办理\n入学\t手续 ", "办理 入学 手续"}, // one line
		{"until", "２０３０－０１－０２", "2030-01-02"},   // full width
		{"since", " 2020-05-01T08:15", "2020-05-01T08:15"},
		{"rooms", json.Number("7"), int64(7)},
		{"rooms", 7.0, int64(7)},
		{"rooms", 7, int64(7)},
		{"rooms", int64(7), int64(7)},
		{"owner", false, false},
		{"id", strings.ToLower(residentID("44130219900307", 14)), map[string]any{"type": "111", "number": residentID("44130219900307", 14)}},
		{"id", "４４" + idHolder[2:6] + " " + idHolder[6:], map[string]any{"type": "111", "number": idHolder}},
		{"id", map[string]any{"type": "passport", "number": "e 1234 5678"}, map[string]any{"type": "passport", "number": "E12345678"}},
		{"id", map[string]any{"type": "none", "reason": " 新生\n儿"}, map[string]any{"type": "none", "reason": "新生 儿"}},
	} {
		checked, err := SampleTemplate().CheckValues(with(c.key, c.from), testNow)
		if err != nil {
			t.Errorf("%v: %v", c.from, err)
			continue
		}
		if got := checked.Values[c.key]; !reflect.DeepEqual(got, c.to) {
			t.Errorf("%q becomes %q, want %q", c.from, got, c.to)
		}
		from, isText := c.from.(string)
		to, stays := c.to.(string)
		if isText && stays && from != to {
			if n := len(checked.Changes); n == 0 || checked.Changes[0].From != from || checked.Changes[n-1].To != to || checked.Changes[0].Field != "values."+c.key {
				t.Errorf("%q: the changes shown are %v", from, checked.Changes)
			}
		}
	}
	checked, err := SampleTemplate().CheckValues(SampleValues(), testNow)
	if err != nil || len(checked.Changes) != 0 {
		t.Errorf("normal values are shown as changed: %v %v", err, checked.Changes)
	}
}

// TestNames are names that people really have; none may be a problem.
func TestNames(t *testing.T) {
	for _, name := range []string{
		"张三", "欧阳震华", "𠮷田", "王䶮", "李𬱖", "㛃", "犇", "喆", "㙍", "𫖯", "刘〇", "阿依古丽·买买提", "乌勒塔巴尔斯·阿不都热合曼",
		"\U00030000", "\U00031350", "\U0002ebf0", "\U000323b0", // Extensions G, H, I and J
		"ئايگۈل", "བཀྲ", "John O'Neil-Smith", "D’Arcy", "Nguyễn Thị Hoa", "Müller", "김철수", "やまだ",
		strings.Repeat("张", 25), strings.Repeat("a", 50),
	} {
		checked, err := SampleTemplate().CheckValues(with("name", name), testNow)
		if err != nil || len(checked.Problems) > 0 || checked.Values["name"] != name {
			t.Errorf("%s (%+q): %v %v", name, name, err, checked)
		}
	}
}

// messy draws a text as people and forgers type it.
func messy() *rapid.Generator[string] {
	return rapid.StringOf(rapid.SampledFrom([]rune("张三aA1xX. ·•・．\t\n　-＊４Ｘ\u0301\ufe00é\uf914〇𠮷\U0002ebf0\u200b\u202e\ue000'（）/:T")))
}

// anything draws what encoding/json may leave behind.
func anything() *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		switch rapid.IntRange(0, 9).Draw(t, "kind") {
		case 0:
			return nil
		case 1:
			return rapid.Bool().Draw(t, "bool")
		case 2:
			return rapid.Float64().Draw(t, "float")
		case 3:
			return float64(rapid.IntRange(-3, 30).Draw(t, "int"))
		case 4:
			return map[string]any{"type": rapid.SampledFrom([]string{"111", "none", "passport", "x"}).Draw(t, "type"), "number": messy().Draw(t, "number"), "reason": messy().Draw(t, "reason")}
		case 5:
			rows := []any{}
			for range rapid.IntRange(0, 3).Draw(t, "rows") {
				rows = append(rows, map[string]any{"name": messy().Draw(t, "name"), "relation": rapid.SampledFrom([]string{"mother", "son", "other", "x", ""}).Draw(t, "relation"), "id": messy().Draw(t, "id"), "relation_text": messy().Draw(t, "text")})
			}
			return rows
		case 6:
			return rapid.SampledFrom([]string{"2026-11-02", "２０２６－１１－０２", "2026-11-02T08:15", idHolder, idMan, Male, Female}).Draw(t, "good")
		}
		return messy().Draw(t, "text")
	})
}

// TestNormalFormIsFixed: checking what a check returned changes nothing and
// finds the same problems, also after a round through JSON.
func TestNormalFormIsFixed(t *testing.T) {
	tpl := SampleTemplate()
	kept := 0
	rapid.Check(t, func(t *rapid.T) {
		raw := SampleValues()
		for _, key := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"name", "id", "sex", "born", "since", "until", "rooms", "owner", "purpose", "note", "kin"}), rapid.ID[string]).Draw(t, "keys") {
			raw[key] = anything().Draw(t, key)
		}
		once, err := tpl.CheckValues(maps.Clone(raw), testNow)
		if err != nil {
			return
		}
		kept++
		again, err := tpl.CheckValues(once.Values, testNow)
		if err != nil || len(again.Changes) > 0 || !reflect.DeepEqual(once.Values, again.Values) || !slices.Equal(flaws(once.Problems), flaws(again.Problems)) {
			t.Fatalf("%v\nonce  %q\nagain %q\nchanges %q, %v\n%v\n%v", err, once.Values, again.Values, again.Changes, err, flaws(once.Problems), flaws(again.Problems))
		}
		text, err := json.Marshal(once.Values)
		if err != nil {
			t.Fatal(err)
		}
		var back Values
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		if a, b := Canonical(nil, once.Values), Canonical(nil, back); !bytes.Equal(a, b) {
			t.Fatalf("through JSON: %s, was %s", b, a)
		}
	})
	if kept < 10 {
		t.Errorf("only %d were kept: the property proves little", kept)
	}
}

// FuzzCheckValues: no JSON makes it panic, what it keeps can be committed to,
// and every fault has a path, a code and two texts.
func FuzzCheckValues(f *testing.F) {
	sample, err := json.Marshal(SampleValues())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(sample))
	f.Add(`{"name":"\u0000","id":{"type":null},"kin":[null,{"id":[]}],"rooms":1e999}`)
	f.Add(`{"name":"阿.\ud842\udfb7","id":"44130219900307012X","kin":[{"relation":"other"}],"rooms":9007199254740993}`)
	tpl := SampleTemplate()
	f.Fuzz(func(t *testing.T, text string) {
		for _, numbers := range []bool{false, true} {
			d := json.NewDecoder(strings.NewReader(text))
			if numbers {
				d.UseNumber()
			}
			var raw map[string]any
			if d.Decode(&raw) != nil {
				continue
			}
			checked, err := tpl.CheckValues(raw, testNow)
			var faults []FieldError
			var e *Error
			if errors.As(err, &e) {
				faults = e.Fields
			} else {
				faults = checked.Problems
				if !json.Valid(Canonical(nil, checked.Values)) {
					t.Errorf("not JSON: %s", Canonical(nil, checked.Values))
				}
				Commit(make([]byte, SaltLength), tpl.Ref(), "1", checked.Values)
				for i := range tpl.Fields {
					tpl.Fields[i].Display(checked.Values[tpl.Fields[i].Key])
				}
			}
			for _, p := range faults {
				if !strings.HasPrefix(p.Field, "values.") || p.Code == "" || p.Text.ZH == "" || p.Text.EN == "" || strings.Contains(p.Text.ZH+p.Text.EN, "%!") {
					t.Errorf("%+v", p)
				}
			}
		}
	})
}

// No text of a fault quotes a whole value: it goes where errors go.
func TestFaultsQuoteNoValue(t *testing.T) {
	secret := "赵钱孙李周吴郑王"
	for _, key := range []string{"name", "purpose", "note", "sex", "born", "since", "id"} {
		for _, v := range []any{secret, secret + "\u202e", secret + "\xff", secret + "3", map[string]any{"type": secret, "number": secret, "reason": secret}} {
			checked, err := SampleTemplate().CheckValues(with(key, v), testNow)
			said := fmt.Sprint(err)
			if err == nil {
				said = invalidFields(checked.Problems).Error()
			}
			if strings.Contains(said, secret[:6]) {
				t.Errorf("%s: %s", key, said)
			}
		}
	}
}
