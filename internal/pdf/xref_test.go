package pdf

import (
	"fmt"
	"strings"
	"testing"

	"yinzheng/internal/pdf/pdftest"
)

// streamFile is a file whose only cross-reference is a stream: object 1 is the
// catalog, packed in object stream 2; 3 is the cross-reference. Any part may be
// replaced.
type streamFile struct {
	packedDict, packed string // of object 2
	dict               string // of object 3, but Type and Root
	row1, row2         []byte // entries of objects 1 and 2; row2 nil: where 2 is
}

func newStreamFile() streamFile {
	return streamFile{
		packedDict: "/Type/ObjStm/N 2/First 8", packed: "1 0 4 7 (first)(fourth)",
		dict: "/Size 5/W[1 2 1]", row1: []byte{2, 0, 2, 0},
	}
}

func (s streamFile) bytes() []byte {
	f := pdftest.New()
	packed := f.Stream(2, s.packedDict, []byte(s.packed))
	at := f.Len()
	row2 := s.row2
	if row2 == nil {
		row2 = []byte{1, byte(packed >> 8), byte(packed), 0}
	}
	rows := append([]byte{0, 0, 0, 255}, s.row1...)
	rows = append(append(rows, row2...), 1, byte(at>>8), byte(at), 0, 2, 0, 2, 1)
	f.Stream(3, "/Type/XRef/Root 1 0 R"+s.dict, rows)
	fmt.Fprintf(f, "startxref\n%d\n%%%%EOF\n", at)
	return f.Bytes()
}

func TestXrefStream(t *testing.T) {
	f := open(t, newStreamFile().bytes())
	for num, want := range map[int]string{1: "first", 4: "fourth"} {
		v, err := f.Resolve(Ref{Num: num})
		if s, ok := v.(String); err != nil || !ok || string(s.Bytes()) != want {
			t.Errorf("object %d: %v, %v", num, v, err)
		}
	}
	if err := f.Tight(); err != nil {
		t.Error(err)
	}
}

func TestXrefStreamRefuses(t *testing.T) {
	tests := map[string]struct {
		change func(s *streamFile)
		want   string
	}{
		"no widths":              {func(s *streamFile) { s.dict = "/Size 5" }, "widths"},
		"width of 8":             {func(s *streamFile) { s.dict = "/Size 5/W[8 2 1]" }, "widths"},
		"no offsets":             {func(s *streamFile) { s.dict = "/Size 5/W[1 0 3]" }, "widths"},
		"index too long":         {func(s *streamFile) { s.dict = "/Size 9/W[1 2 1]/Index[0 9]" }, "Index"},
		"index too short":        {func(s *streamFile) { s.dict = "/Size 5/W[1 2 1]/Index[0 4]" }, "Index"},
		"index odd":              {func(s *streamFile) { s.dict = "/Size 5/W[1 2 1]/Index[0 5 1]" }, "Index"},
		"index negative":         {func(s *streamFile) { s.dict = "/Size 5/W[1 2 1]/Index[-1 5]" }, "Index"},
		"numbers twice":          {func(s *streamFile) { s.dict = "/Size 5/W[1 2 1]/Index[0 4 3 1]" }, "listed once"},
		"size":                   {func(s *streamFile) { s.dict = "/Size 4/W[1 2 1]/Index[0 5]" }, "Size"},
		"unknown type":           {func(s *streamFile) { s.row1 = []byte{3, 0, 2, 0} }, "usable entry"},
		"offset past the end":    {func(s *streamFile) { s.row1 = []byte{1, 255, 255, 0} }, "usable entry"},
		"in no object stream":    {func(s *streamFile) { s.row1 = []byte{2, 0, 9, 0} }, "an object stream"},
		"in the cross-reference": {func(s *streamFile) { s.row1 = []byte{2, 0, 3, 0} }, "an object stream"},
		"in itself":              {func(s *streamFile) { s.row1 = []byte{2, 0, 1, 0} }, "not itself in one"},
		"stream within stream":   {func(s *streamFile) { s.row2 = []byte{2, 0, 4, 0} }, "not itself in one"},
		"another's place":        {func(s *streamFile) { s.row1 = []byte{2, 0, 2, 1} }, "object 1 0 R"},
		"past the last place":    {func(s *streamFile) { s.row1 = []byte{2, 0, 2, 9} }, "object 1 0 R"},
		"N too large":            {func(s *streamFile) { s.packedDict = "/Type/ObjStm/N 99/First 8" }, "N and First"},
		"First too large":        {func(s *streamFile) { s.packedDict = "/Type/ObjStm/N 2/First 99" }, "N and First"},
		"pairs missing":          {func(s *streamFile) { s.packed = "1 0 4 (" }, "offset"},
		"offsets falling":        {func(s *streamFile) { s.packed = "1 7 4 0 (first)(fourth)" }, "rising"},
		"offset past its end":    {func(s *streamFile) { s.packed = "1 0 4 99 (first)" }, "offset"},
		"object cut by the next": {func(s *streamFile) { s.packed = "1 0 4 3 (first)(fourth)" }, "string that ends"},
	}
	for name, tt := range tests {
		s := newStreamFile()
		tt.change(&s)
		f, err := Open(s.bytes())
		if err == nil {
			_, err = f.Resolve(Ref{Num: 1})
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

func TestHybridRefuses(t *testing.T) {
	for name, extra := range map[string]string{
		"past the end": "/XRefStm 99999", "no offset": "/XRefStm(x)", "at an object": "/XRefStm 15", "Prev past the end": "/Prev 99999", "Prev no offset": "/Prev(x)",
	} {
		data, _ := pdftest.Page("x", "").Finish(root + extra)
		if _, err := Open(data); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestLexRefuses(t *testing.T) {
	var many strings.Builder
	for i := range 40 {
		fmt.Fprintf(&many, "/K%d 0", i)
	}
	for _, s := range []string{
		"", "(a", "<4g>", "<4", "[1", "<</A", "<</A 1", "<<1 2>>", "/A#4", "/A#zz", "1.2.3", "--1", "+", "nul", "endobj", "99999999999999999999", ")", "}",
		"<</A 1/A 2>>", "<</A 1/#41 2>>", "<<" + many.String() + "/K7 1>>",
	} {
		if v, err := (&lexer{src: s}).object(0, true); err == nil {
			t.Errorf("%q reads as %v", s, v)
		}
	}
	v, err := (&lexer{src: "<<" + many.String() + "/L 1>>"}).object(0, true)
	if d, ok := v.(Dict); err != nil || !ok || d.Get("L") != Integer(1) || d.Get("M") != nil {
		t.Errorf("a dictionary of 41 keys: %v", err)
	}
	escapes, err := (&lexer{src: `(\r\t\b\f\(\8\1234` + "\\\r\n\\\r" + `)`}).object(0, true)
	if err != nil || string(escapes.(String).Bytes()) != "\r\t\b\f(8S4" {
		t.Errorf("escapes: %q, %v", escapes.(String).Bytes(), err)
	}
}
