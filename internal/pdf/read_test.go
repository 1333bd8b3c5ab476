package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zlib"

	"yinzheng/internal/pdf/pdftest"
)

const root = "/Root 1 0 R"

func page(t testing.TB) []byte {
	t.Helper()
	data, _ := pdftest.Page("hello", "").Finish(root)
	return data
}

func open(t testing.TB, data []byte) *File {
	t.Helper()
	f, err := Open(data)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// at walks from the catalog by keys and indexes.
func at(t testing.TB, f *File, path ...any) Object {
	t.Helper()
	o := f.Trailer().Get("Root")
	for i := 0; ; i++ {
		v, err := f.Resolve(o)
		if err != nil {
			t.Fatal(err)
		}
		if i == len(path) {
			return v
		}
		switch step := path[i].(type) {
		case string:
			if s, ok := v.(*Stream); ok {
				v = s.Dict
			}
			o = v.(Dict).Get(Name(step))
		case int:
			o = v.(Array)[step]
		}
	}
}

func TestOpen(t *testing.T) {
	data := page(t)
	f := open(t, data)
	if len(f.Revisions) != 1 || f.Revisions[0].End != len(data) || f.Revisions[0].EOF != len(data)-1 {
		t.Fatalf("revisions %+v", f.Revisions[0])
	}
	if got := at(t, f, "Pages", "Kids", 0, "Type"); got != Name("Page") {
		t.Errorf("page type %v", got)
	}
	st := at(t, f, "Pages", "Kids", 0, "Contents").(*Stream)
	body, err := f.Decode(st, 100)
	if err != nil || !strings.Contains(string(body), "(hello) Tj") {
		t.Errorf("contents %q, %v", body, err)
	}
	p, _ := f.Revisions[0].Place(2)
	if got := string(data[p.Span.Start:p.Span.End]); got != "2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj" {
		t.Errorf("span of 2: %q", got)
	}
	if err := f.Tight(); err != nil {
		t.Error(err)
	}
}

func TestRevisions(t *testing.T) {
	b := pdftest.Page("one", "")
	first, _ := b.Finish(root)
	b.Stream(4, "", []byte("two"))
	b.Object(6, "(new)")
	second, _ := b.Finish(root)
	f := open(t, second)
	if len(f.Revisions) != 2 || f.Revisions[0].End != len(first) || f.Revisions[1].Start != len(first) {
		t.Fatalf("%d revisions", len(f.Revisions))
	}
	if n := len(f.Revisions[1].Objects); n != 2 {
		t.Errorf("second revision lists %d objects", n)
	}
	for i, want := range []string{"BT /F 18 Tf 20 100 Td (one) Tj ET", "two"} {
		v := f.AsOf(i)
		body, err := v.Decode(at(t, v, "Pages", "Kids", 0, "Contents").(*Stream), 100)
		if err != nil || string(body) != want {
			t.Errorf("revision %d: %q, %v", i, body, err)
		}
	}
	if err := f.Tight(); err != nil {
		t.Error(err)
	}
}

func TestValues(t *testing.T) {
	b := pdftest.Page("x", "/T["+strings.Join([]string{
		"null", "true", "false", "12", "-7", "+3", "1.5", "-.5", "4.", "/A#42c", "/", "(a(b)\\)\\101\\\n\\n\r\nz\\7)",
		"<4a 4B 5>", "6 0 R", "<</A 1/B[2]>>", "<>", "%comment\n9", "1 0 2",
	}, " ")+"]")
	b.Object(6, "[(loop)]")
	data, _ := b.Finish(root)
	f := open(t, data)
	got := at(t, f, "T").(Array)
	want := Array{
		nil, true, false, Integer(12), Integer(-7), Integer(3), Real(1.5), Real(-.5), Real(4), Name("ABc"), Name(""), nil,
		nil,
		Ref{6, 0},
		Dict{{"A", Integer(1)}, {"B", Array{Integer(2)}}},
		nil, Integer(9), Integer(1), Integer(0), Integer(2),
	}
	if len(got) != len(want) {
		t.Fatalf("%d values: %v", len(got), got)
	}
	for i := range want {
		s, ok := got[i].(String)
		if !ok && !Equal(got[i], want[i]) {
			t.Errorf("value %d: %#v, want %#v", i, got[i], want[i])
		}
		if ok && string(data[s.Span.Start:s.Span.End]) != s.Raw() {
			t.Errorf("value %d stands elsewhere", i)
		}
	}
	for i, want := range map[int]string{11: "a(b))A\n\nz\a", 12: "JKP", 15: ""} {
		if s := string(got[i].(String).Bytes()); s != want {
			t.Errorf("string %d: %q, want %q", i, s, want)
		}
	}
}

func TestEqual(t *testing.T) {
	lex := func(s string) Object {
		v, err := (&lexer{src: s}).object(0, true)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	tests := []struct {
		a, b string
		want bool
	}{
		{"<</A 1/B (x)>>", "<</B <78>/A 1>>", true},
		{"<</A 1>>", "<</A 2>>", false},
		{"<</A 1>>", "<</B 1>>", false},
		{"<</A 1>>", "<</A 1/B 2>>", false},
		{"[1 2]", "[1 2 3]", false},
		{"[1 2]", "1", false},
		{"1", "[1 2]", false},
		{"1", "1.0", false},
		{"1 0 R", "1 0 R", true},
		{"1 0 R", "2 0 R", false},
	}
	for _, tt := range tests {
		if got := Equal(lex(tt.a), lex(tt.b)); got != tt.want {
			t.Errorf("%s = %s: %v", tt.a, tt.b, got)
		}
	}
}

func deflated(data []byte) []byte {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write(data)
	_ = z.Close()
	return b.Bytes()
}

func TestDecode(t *testing.T) {
	png := []byte{
		0, 1, 2, 3, // none
		1, 1, 1, 1, // sub: 1 2 3
		2, 1, 1, 1, // up: 2 3 4
		3, 1, 1, 1, // average: 2 3 4
		4, 1, 1, 1, // Paeth: 3 4 5
	}
	tests := []struct {
		name, dict string
		data       []byte
		want       string
		err        error
	}{
		{"plain", "", []byte("abc"), "abc", nil},
		{"flate", "/Filter/FlateDecode", deflated([]byte("abc")), "abc", nil},
		{"twice", "/Filter[/FlateDecode/FlateDecode]", deflated(deflated([]byte("abc"))), "abc", nil},
		{"png", "/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 3>>", deflated(png), "\x01\x02\x03\x01\x02\x03\x02\x03\x04\x02\x03\x04\x03\x04\x05", nil},
		{"tiff", "/Filter/FlateDecode/DecodeParms<</Predictor 2/Columns 3>>", deflated([]byte{1, 1, 1, 5, 1, 1}), "\x01\x02\x03\x05\x06\x07", nil},
		{"bomb", "/Filter/FlateDecode", deflated(make([]byte, 1<<20)), "", ErrTooLarge},
		{"other", "/Filter/LZWDecode", []byte("abc"), "", ErrFilter},
		{"odd predictor", "/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 99999999999>>", deflated(png), "", ErrFilter},
	}
	for _, tt := range tests {
		b := pdftest.Page("x", "/S 6 0 R")
		b.Stream(6, tt.dict, tt.data)
		data, _ := b.Finish(root)
		f := open(t, data)
		got, err := f.Decode(at(t, f, "S").(*Stream), 1000)
		if string(got) != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: %q, %v", tt.name, got, err)
		}
	}
}

// The budget holds for a file as a whole, over all its revisions' views.
func TestDecodeBudget(t *testing.T) {
	b := pdftest.Page("x", "/S 6 0 R")
	b.Stream(6, "/Filter/FlateDecode", deflated(make([]byte, maxInflated*2/3)))
	data, _ := b.Finish(root)
	f := open(t, data)
	if _, err := f.Decode(at(t, f, "S").(*Stream), maxInflated); err != nil {
		t.Fatal(err)
	}
	g := f.AsOf(0)
	if _, err := g.Decode(at(t, g, "S").(*Stream), maxInflated); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a second time: %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	whole := string(page(t))
	replace := func(old, repl string) []byte {
		if !strings.Contains(whole, old) {
			t.Fatalf("%q is not in the file", old)
		}
		return []byte(strings.Replace(whole, old, repl, 1))
	}
	raw := func(build func(b *pdftest.File)) []byte {
		b := pdftest.Page("x", "")
		build(b)
		data, _ := b.Finish(root)
		return data
	}
	loop := pdftest.Page("x", "")
	_, xref := loop.Finish(root)
	nested := strings.Repeat("[", 5000)
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "not a PDF"},
		{"text", []byte("hello"), "not a PDF"},
		{"junk before", []byte("x" + whole), "not a PDF"},
		{"cut", []byte(whole[:len(whole)-20]), "expected"},
		{"junk after", []byte(whole + "junk"), "%%EOF"},
		{"shifted", replace("trailer", " trailer   "), ""}, // white space there is no fault
		{"object moved", replace("%PDF-1.7\n", "%PDF-1.7\n\n"), "expected"},
		{"wrong number", replace("3 0 obj", "9 0 obj"), "object 3 0 R"},
		{"no endobj", replace("endobj", "endxxx"), "endobj"},
		{"encrypted", replace("/Root", "/Encrypt<<>>/Root"), "encrypted"},
		{"key twice", replace("trailer\n<<", "trailer\n<</Root 1 0 R"), "every key once"},
		{"entry of 19 bytes", replace("00000 n \n", "00000 n\n"), "twenty bytes"},
		{"size too small", replace("/Size 6", "/Size 5"), "Size"},
		{"length past the end", raw(func(b *pdftest.File) { b.Object(6, "<</Length 99999>>\nstream\nx\nendstream") }), "Length"},
		{"length needs itself", raw(func(b *pdftest.File) { b.Object(6, "<</Length 6 0 R>>\nstream\nx\nendstream") }), "need itself"},
		{"nesting", raw(func(b *pdftest.File) { b.Object(6, nested) }), "less nesting"},
		{"object in a string", raw(func(b *pdftest.File) {
			at := b.Object(6, "(\n7 0 obj\n(x)\nendobj\n)")
			b.Entry(7, fmt.Sprintf("%010d 00000 n \n", at+len("6 0 obj\n(\n")))
		}), "string that ends"},
		{"object in a stream", raw(func(b *pdftest.File) {
			at := b.Stream(6, "", []byte("7 0 obj\n(x)\nendobj\n"))
			b.Entry(7, fmt.Sprintf("%010d 00000 n \n", at+len("6 0 obj\n<</Length 19>>\nstream\n")))
		}), "Length that fits"},
		{"circle", []byte(strings.Replace(loop.String(), "/Root", fmt.Sprintf("/Prev %d/Root", xref), 1)), "circle"},
	}
	for _, tt := range tests {
		_, err := Open(tt.data)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

// A thousand objects each of whose text contains all the next ones would take
// quadratic time if each were read to its own end.
func TestOpenNestedObjects(t *testing.T) {
	b := pdftest.New()
	for i := 1; i < 1000; i++ {
		b.Object(i, "(")
	}
	data, _ := b.Finish(root)
	if _, err := Open(data); err == nil {
		t.Error("objects within each other were accepted")
	}
}

func TestTightRefuses(t *testing.T) {
	b := pdftest.Page("x", "")
	b.WriteString("% a comment between objects\n")
	data, _ := b.Finish(root)
	if err := open(t, data).Tight(); err == nil {
		t.Error("a comment between objects passed")
	}
	if err := open(t, append(page(t), '\n', '\n')).Tight(); err == nil {
		t.Error("white space after the end passed")
	}
}

// What other programs write of the same page is read the same.
func TestOtherWriters(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.pdf")
	b := pdftest.Page("hello", "")
	b.Finish(root)
	b.Stream(4, "", []byte("BT /F 18 Tf 20 100 Td (second) Tj ET"))
	data, _ := b.Finish(root)
	if err := os.WriteFile(in, data, 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out.pdf")
	tests := []struct {
		name string
		args []string
	}{
		{"qpdf", []string{"qpdf", in, out}},
		{"qpdf streams", []string{"qpdf", "--object-streams=generate", in, out}},
		{"qpdf linearized", []string{"qpdf", "--linearize", in, out}},
		{"qpdf linearized streams", []string{"qpdf", "--linearize", "--object-streams=generate", in, out}},
		{"mutool", []string{"mutool", "clean", in, out}},
		{"mutool compact", []string{"mutool", "clean", "-gggg", "-z", in, out}},
	}
	for _, tt := range tests {
		if msg, err := exec.Command(tt.args[0], tt.args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", tt.name, err, msg)
		}
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		f, err := Open(data)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		body, err := f.Decode(at(t, f, "Pages", "Kids", 0, "Contents").(*Stream), 1000)
		if err != nil || !strings.Contains(string(body), "(second) Tj") {
			t.Errorf("%s: %q, %v", tt.name, body, err)
		}
		if len(f.Revisions) != 1 || f.Revisions[0].End != len(data) {
			t.Errorf("%s: %d revisions", tt.name, len(f.Revisions))
		}
		if err := f.Tight(); err != nil && !strings.Contains(tt.name, "qpdf") { // qpdf writes comments between objects
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// hybridFile has object 6 only in a cross-reference stream (§7.5.8.4).
func hybridFile() []byte {
	b := pdftest.Page("x", "/S 6 0 R")
	b.Stream(8, "/Type/ObjStm/N 1/First 4", []byte("6 0 (packed)"))
	entry := []byte{2, 0, 8, 0}
	at := b.Stream(7, "/Type/XRef/Size 9/W[1 2 1]/Index[6 1]", entry)
	b.Entry(6, "0000000000 00000 f \n")
	data, _ := b.Finish(root + fmt.Sprintf("/XRefStm %d", at))
	return data
}

func TestHybrid(t *testing.T) {
	f := open(t, hybridFile())
	s, ok := at(t, f, "S").(String)
	if !ok || string(s.Bytes()) != "packed" || s.Span != (Span{}) {
		t.Errorf("object 6: %+v", s)
	}
	if err := f.Tight(); err != nil {
		t.Error(err)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(page(f))
	f.Add(hybridFile())
	b := pdftest.Page("one", "")
	b.Finish(root)
	b.Stream(4, "/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 3>>", deflated([]byte("\x00abc\x01abc")))
	second, _ := b.Finish(root)
	f.Add(second)
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Open(data)
		if err != nil {
			return
		}
		_ = file.Tight()
		if n, err := file.Pages(7); err == nil && (n < 1 || n > 7) {
			t.Fatalf("%d pages of at most 7", n)
		}
		for _, r := range file.Revisions {
			if r.Start > r.EOF || r.EOF > r.End || r.End > len(data) {
				t.Fatalf("revision %d to %d to %d of %d bytes", r.Start, r.EOF, r.End, len(data))
			}
			for _, p := range r.Objects {
				if p.Span.End > len(data) || p.Span.Start > p.Span.End {
					t.Fatalf("object %v at %v", p.Ref, p.Span)
				}
				v, err := file.Resolve(p.Ref)
				if s, ok := v.(*Stream); ok && err == nil {
					_, _ = file.Decode(s, 1<<20)
				}
				if !Equal(v, v) && err == nil {
					t.Fatalf("%v differs from itself", p.Ref)
				}
			}
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	f := pdftest.Page("x", "")
	for i := 6; i < 200; i++ {
		f.Object(i, "<</Type/StructElem/S/P/P 3 0 R/Pg 3 0 R/K[0 1 2 3]/Lang(zh-CN)>>")
	}
	f.Stream(200, "", make([]byte, 30000))
	data, _ := f.Finish(root)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Open(data); err != nil {
			b.Fatal(err)
		}
	}
}
