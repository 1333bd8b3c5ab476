package web

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"yinzheng"
)

// TestAppendAnswer holds the hand-written encoder against encoding/json, over
// answers filled at random; a member added to Answer and forgotten here fails.
func TestAppendAnswer(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var a yinzheng.Answer
		fill(r, reflect.ValueOf(&a).Elem())
		want, err := json.Marshal(&a)
		if err != nil {
			t.Fatal(err)
		}
		if got := appendAnswer(nil, &a); string(got) != string(want) {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	}
}

var samples = []string{"", "有效", "张*明", `a"b\c`, "<script>&", "line\nbreak", "\u2028\u2029", "“quoted”", "bad\xffbyte", "𠮷"}

// fill gives every member some value, or leaves it empty.
func fill(r *rand.Rand, v reflect.Value) {
	if r.IntN(4) == 0 {
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(samples[r.IntN(len(samples))])
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(r.Int64N(100))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(r, v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), r.IntN(3), 3))
		for i := range v.Len() {
			fill(r, v.Index(i))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(r.Int64N(4e9), r.Int64N(2)*r.Int64N(1e9)).UTC()))
			return
		}
		for i := range v.NumField() {
			fill(r, v.Field(i))
		}
	default:
		panic("fill: " + v.Kind().String())
	}
}
