package signer

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/zlib"

	"yinzheng/internal/pdf/pdftest"
)

// No upload costs many times its size: neither memory for values that are
// short to write, nor work for revisions that say the same again.
func TestVerifyCost(t *testing.T) {
	tests := map[string]struct {
		data []byte
		want string
	}{
		"a packed array":              {packedArray(t), TooLarge},
		"an array":                    {fieldsOf("[" + strings.Repeat("0 ", 4<<20) + "]"), TooLarge},
		"big fields in each revision": {bigFields("["+strings.Repeat("0 ", 100)+"]", 60), TooLarge},
		"long texts in each revision": {bigFields("("+strings.Repeat("x", 4000)+")", 60), TooLarge},
		"listed by every revision":    {listedAgain(60), TooLarge},
		"many fields":                 {bigFields("0", 3), ""},
	}
	for name, tt := range tests {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r := new(Checker).CheckPDF(tt.data)
		runtime.ReadMemStats(&after)
		if r.Problem != tt.want {
			t.Errorf("%s: %q, want %q", name, r.Problem, tt.want)
		}
		if cost := after.TotalAlloc - before.TotalAlloc; cost > 160<<20 {
			t.Errorf("%s: %d KB took %d MB", name, len(tt.data)>>10, cost>>20)
		}
	}
}

// fieldsOf is a file whose form's fields are object 6.
func fieldsOf(body string) []byte {
	f := pdftest.New()
	f.Object(1, "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields 6 0 R>>>>")
	f.Object(2, "<</Type/Pages/Kids[]/Count 0>>")
	f.Object(6, body)
	data, _ := f.Finish("/Root 1 0 R")
	return data
}

// bigFields is a form of many fields, each with a big entry, and revisions that
// change nothing.
func bigFields(entry string, revisions int) []byte {
	const count = 1900
	f := pdftest.New()
	var refs strings.Builder
	for i := range count {
		fmt.Fprintf(&refs, "%d 0 R ", 10+i)
		f.Object(10+i, "<</FT/Tx/X "+entry+">>")
	}
	f.Object(1, "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields["+refs.String()+"]>>>>")
	f.Object(2, "<</Type/Pages/Kids[]/Count 0>>")
	data, _ := f.Finish("/Root 1 0 R")
	for range revisions {
		data, _ = f.Finish("/Root 1 0 R")
	}
	return data
}

// listedAgain is a file whose one big object every revision lists anew.
func listedAgain(revisions int) []byte {
	f := pdftest.New()
	f.Object(1, "<</Type/Catalog/Pages 2 0 R>>")
	f.Object(2, "<</Type/Pages/Kids[]/Count 0>>")
	at := f.Object(3, "["+strings.Repeat("0 ", 2<<20)+"]")
	f.Finish("/Root 1 0 R")
	var data []byte
	for range revisions {
		f.Entry(3, fmt.Sprintf("%010d 00000 n \n", at))
		data, _ = f.Finish("/Root 1 0 R")
	}
	return data
}

// packedArray is a file of some 20 KB whose object stream inflates to an array
// of ten million numbers.
func packedArray(t *testing.T) []byte {
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	if _, err := z.Write([]byte("6 0 [" + strings.Repeat("0 ", 10<<20) + "]")); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	f := pdftest.New()
	places := [8][2]int{}
	places[1] = [2]int{1, f.Object(1, "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields 6 0 R>>>>")}
	places[2] = [2]int{1, f.Object(2, "<</Type/Pages/Kids[]/Count 0>>")}
	places[3] = [2]int{1, f.Stream(3, "/Type/ObjStm/N 1/First 4/Filter/FlateDecode", packed.Bytes())}
	places[6] = [2]int{2, 3}
	places[7] = [2]int{1, f.Len()}
	rows := []byte{}
	for _, p := range places {
		rows = append(rows, byte(p[0]), byte(p[1]>>16), byte(p[1]>>8), byte(p[1]), 0)
	}
	at := f.Stream(7, "/Type/XRef/Size 8/W[1 3 1]/Root 1 0 R", rows)
	fmt.Fprintf(f, "startxref\n%d\n%%%%EOF\n", at)
	return f.Bytes()
}
