package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"yinzheng"
)

// anything takes every member as it is.
type anything map[string]any

func (b anything) member(r *jsonReader, key string) { b[key] = r.any(key) }

func TestDecodeRefuses(t *testing.T) {
	for _, c := range []struct{ name, body, code, field string }{
		{"nothing", "", "json", "body"},
		{"an array", `[]`, "json", "body"},
		{"a string", `"x"`, "json", "body"},
		{"null", `null`, "json", "body"},
		{"cut off", `{"code":"7K2M`, "json", "body"},
		{"cut off after a name", `{"code"`, "json", "body"},
		{"comma at the end", `{"code":"1",}`, "json", "body"},
		{"no comma", `{"code":"1" "url":"2"}`, "json", "body"},
		{"single quotes", `{'code':'1'}`, "json", "body"},
		{"two texts", `{"code":"1"}{"code":"2"}`, "json", "body"},
		{"trailing text", `{"code":"1"} x`, "json", "body"},
		{"raw line break", "{\"code\":\"1\n2\"}", "json", "body"},
		{"unknown escape", `{"code":"\x41"}`, "json", "body"},
		{"half an escape", `{"code":"\u00"}`, "json", "body"},
		{"lone high surrogate", `{"code":"\ud842"}`, "json", "body"},
		{"lone low surrogate", `{"code":"\udfb7"}`, "json", "body"},
		{"a surrogate and a letter", `{"code":"\ud842A"}`, "json", "body"},
		{"leading zero", `{"code":01}`, "json", "body"},
		{"NaN", `{"code":NaN}`, "json", "body"},
		{"deep", `{"code":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, "json", "body"},
		{"not UTF-8", "{\"code\":\"\xb3\xc2\"}", "not-utf8", "body"},
		{"byte order mark", "\ufeff{}", "json", "body"},
		{"twice", `{"code":"1","code":"2"}`, "duplicate-field", "code"},
		{"twice, once escaped", `{"code":"1","\u0063ode":"2"}`, "duplicate-field", "code"},
		{"unknown", `{"colour":"red"}`, "unknown-field", "colour"},
		{"another case", `{"Code":"1"}`, "unknown-field", "Code"},
		{"a number for a string", `{"code":7}`, "type", "code"},
		{"an object for a string", `{"code":{"a":1}}`, "type", "code"},
		{"true for a string", `{"code":true}`, "type", "code"},
	} {
		_, err := decodeQuestion([]byte(c.body))
		var f *fault
		if !errors.As(err, &f) || len(f.fields) == 0 || f.fields[0].Code != c.code || f.fields[0].Field != c.field {
			t.Errorf("%s: %v %+v, want %s at %s", c.name, err, f, c.code, c.field)
			continue
		}
		want := 400
		if c.code == "unknown-field" || c.code == "type" {
			want = 422
		}
		if f.status != want {
			t.Errorf("%s: status %d, want %d", c.name, f.status, want)
		}
		for _, e := range f.fields {
			if e.Text.ZH == "" || e.Text.EN == "" {
				t.Errorf("%s: no text in both languages: %+v", c.name, e)
			}
		}
	}
}

func TestDecodeNamesEveryFault(t *testing.T) {
	var in newApplication
	err := decode([]byte(`{"item":1,"x":2,"values":[],"applicant":{"as":true,"id":{"kind":"a"},"name":"王"}}`), &in)
	var f *fault
	if !errors.As(err, &f) {
		t.Fatal(err)
	}
	var got []string
	for _, e := range f.fields {
		got = append(got, e.Field+" "+e.Code)
	}
	want := []string{"item type", "x unknown-field", "values type", "applicant.as type", "applicant.id.kind unknown-field"}
	if !slices.Equal(got, want) {
		t.Errorf("faults %q, want %q", got, want)
	}
}

func TestDecodePlace(t *testing.T) {
	_, err := decodeQuestion([]byte("{\n  \"code\": \"王\" x}"))
	var f *fault
	if !errors.As(err, &f) || !strings.Contains(f.text.EN, "line 2, column 15") {
		t.Errorf("%v, want line 2, column 15", err)
	}
}

func TestDecodeTooManyMembers(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"values":{`)
	for i := range 1000 {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"k` + strings.Repeat("x", i) + `":1`)
	}
	b.WriteString("}}")
	var in newApplication
	if err := decode([]byte(b.String()), &in); err == nil {
		t.Error("an object of 1,000 members is taken")
	}
}

// TestBodiesTakeTheirTags holds what member reads against what the OpenAPI
// document says of the same type.
func TestBodiesTakeTheirTags(t *testing.T) {
	for _, b := range []body{&question{}, &credentials{}, &newApplication{}, &patch{}, &withdrawal{}, &decision{}, &previewRequest{}, &revocation{}, &voiding{}} {
		typ := reflect.TypeOf(b).Elem()
		for f := range typ.Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "-" {
				continue
			}
			sample := map[reflect.Kind]string{reflect.String: `"a"`, reflect.Map: `{"k":"v"}`, reflect.Pointer: `{"as":"agent"}`}[f.Type.Kind()]
			if f.Type == reflect.TypeFor[*string]() {
				sample = `"a"`
			}
			if f.Type == reflect.TypeFor[*[]string]() {
				sample = `["a"]`
			}
			fresh := reflect.New(typ).Interface().(body)
			if err := decode([]byte(`{"`+name+`":`+sample+`}`), fresh); err != nil {
				t.Errorf("%v.%s: %v", typ, name, err)
			}
			if reflect.ValueOf(fresh).Elem().FieldByIndex(f.Index).IsZero() {
				t.Errorf("%v.%s is not read", typ, name)
			}
		}
	}
}

func TestTexts(t *testing.T) {
	for text, want := range map[string]string{`["a","b"]`: "", `[]`: "", `"a"`: "seen", `null`: "seen", `["a",1]`: "seen[1]", `[["a"]]`: "seen[0]", `["a"`: "body"} {
		var in patch
		err := decode([]byte(`{"seen":`+text+`}`), &in)
		var f *fault
		if want == "" && err != nil || want != "" && (!errors.As(err, &f) || f.fields[0].Field != want) {
			t.Errorf("%s: %v, want a fault of %q", text, err, want)
		}
	}
}

func TestApplicantID(t *testing.T) {
	for text, want := range map[string]yinzheng.ID{
		`"441302199506140020"`:                    {Type: yinzheng.ResidentID, Number: "441302199506140020"},
		`{"type":"passport","number":"E1234567"}`: {Type: "passport", Number: "E1234567"},
		`{"type":"none","reason":"弃婴"}`:           {Type: "none", Reason: "弃婴"},
		`null`:                                    {},
		`""`:                                      {},
	} {
		var in newApplication
		if err := decode([]byte(`{"applicant":{"as":"agent","id":`+text+`}}`), &in); err != nil || in.Applicant.ID != want {
			t.Errorf("%s: %+v %v, want %+v", text, in.Applicant, err, want)
		}
	}
}

// FuzzDecode holds the reader against encoding/json: what both take means the
// same, and what only encoding/json takes is one of the things refused on purpose.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{"a":[1,-0.5e+10,true,false,null,"\ud842\udfb7\n"],"b":{"c":{}}}`, ` { } `, `{"a":"\u00e9\/"}`, `{"a":1,"a":2}`, "{\"a\":\"\xff\"}", `{"a":"\ud800"}`, `{"":0}`,
		`{"a":[}`, `{"a":1e}`, `{"a":-}`, `{"a":tru}`, `{"a"`, `{`, `{"a":"`, `{"a":"\`, `{"a":"\u12`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got := anything{}
		err := decode(data, got)
		d := json.NewDecoder(bytes.NewReader(data))
		d.UseNumber()
		var want map[string]any
		oracle := d.Decode(&want)
		if _, more := d.Token(); oracle == nil && !errors.Is(more, io.EOF) {
			oracle = errors.New("trailing text")
		}
		if err == nil {
			if oracle != nil {
				t.Fatalf("%q is taken, encoding/json says %v", data, oracle)
			}
			if !reflect.DeepEqual(map[string]any(got), want) {
				t.Fatalf("%q is read as %v, encoding/json says %v", data, got, want)
			}
			return
		}
		var x *fault
		if !errors.As(err, &x) || x.status != 400 && x.status != 422 || len(x.fields) == 0 {
			t.Fatalf("%q: %v is no fault with a field", data, err)
		}
		if oracle != nil || want == nil || !utf8.Valid(data) || x.fields[0].Code == "duplicate-field" || strings.Contains(x.text.EN, "escape") || strings.Contains(x.text.EN, "deep") || strings.Contains(x.text.EN, "many") {
			return
		}
		t.Fatalf("%q is refused: %v", data, err)
	})
}

// FuzzQuestion checks that no body makes the verify endpoint's reader fail
// otherwise than with a fault.
func FuzzQuestion(f *testing.F) {
	f.Add([]byte(`{"token":"eyJhbGciOiJFUzI1NiJ9.e30.AA"}`))
	f.Add([]byte(`{"url":"https://h/v/7K2M9QXR4TBW#0123"}`))
	f.Add([]byte(`{"number":"1.2.156.3005.2.1","name":"张三"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		q, err := decodeQuestion(data)
		var x *fault
		if err != nil && !errors.As(err, &x) {
			t.Fatalf("%q: %v", data, err)
		}
		if err == nil && (!utf8.ValidString(q.Token+q.URL+q.Code+q.Number+q.Name) || q.File != nil) {
			t.Fatalf("%q is read as %+v", data, q)
		}
	})
}
