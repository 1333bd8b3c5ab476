package pdf

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAppendReal(t *testing.T) {
	for _, c := range []struct {
		x    float64
		want string
	}{
		{0, "0"},
		{1, "1"},
		{-1, "-1"},
		{0.5, ".5"},
		{-0.5, "-.5"},
		{0.05, ".05"},
		{595.28, "595.28"},
		{12.304, "12.3"},
		{12.999, "13"},
		{-0.001, "0"},
		{0.005, ".01"},
		{1000000, "1000000"},
	} {
		if got := string(AppendReal(nil, c.x)); got != c.want {
			t.Errorf("%v: %s, want %s", c.x, got, c.want)
		}
	}
}

func TestAppendText(t *testing.T) {
	for s, want := range map[string]string{
		"":          "()",
		"seal":      "(seal)",
		`a(b)\c`:    `(a\(b\)\\c)`,
		"印":         "<FEFF5370>",
		"𠮷a":        "<FEFFD842DFB70061>",
		"\n":        "<FEFF000A>",
		"\xff":      "<FEFFFFFD>",
		"\u007fdel": "<FEFF007F00640065006C>",
	} {
		if got := string(AppendText(nil, s)); got != want {
			t.Errorf("%q: %s, want %s", s, got, want)
		}
	}
}

func TestAppendDate(t *testing.T) {
	at := time.Date(2026, 11, 2, 8, 15, 30, 0, time.UTC)
	for offset, want := range map[int]string{
		0:                "(D:20261102081530Z)",
		8 * 3600:         "(D:20261102161530+08'00')",
		-(3*3600 + 1800): "(D:20261102044530-03'30')",
	} {
		if got := string(AppendDate(nil, at.In(time.FixedZone("", offset)))); got != want {
			t.Errorf("%d: %s, want %s", offset, got, want)
		}
	}
}

// small writes a one-page file from a block and what is made now.
func small(t *testing.T) (file []byte, start, end int) {
	t.Helper()
	var w Writer
	w.Reset(nil)
	w.Reserve(9)
	w.Pack(3).Raw("<</Shared true>>").Close()
	w.Stream(4, "/Kind/Fixed", []byte("fixed"))
	block, err := w.Cut()
	if err != nil {
		t.Fatal(err)
	}
	w.Place(block)
	w.Pack(1).Raw("<</Type/Catalog/Pages 2 0 R/Metadata 8 0 R/Shared 3 0 R>>").Close()
	w.Pack(2).Raw("<</Type/Pages/Kids[5 0 R]/Count 1>>").Close()
	w.Pack(5).Raw("<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 6 0 R>>").Close()
	w.Deflated(6, "", []byte("0 0 m 9 9 l S"))
	w.Signature(7, Signature{Time: time.Unix(0, 0).UTC(), Name: "印证", Reason: "test", Size: 100})
	w.Metadata(8, About{Title: "<证&明>\x00", Language: "zh-CN", Identifier: "1.2", Producer: "test", Created: time.Unix(0, 0).UTC()})
	w.Info(9, About{Title: "证明", Producer: "test", Created: time.Unix(0, 0).UTC()})
	file, start, end, err = w.Finish(Trailer{Root: 1, Info: 9, ID: [16]byte{1, 2, 3}})
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(file), start, end
}

// What is written can be read, by the reader here and by qpdf.
func TestWriterReadBack(t *testing.T) {
	file, start, end := small(t)
	f, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Tight(); err != nil {
		t.Error(err)
	}
	for n := 1; n <= 9; n++ {
		if v, err := f.Resolve(Ref{Num: n}); err != nil || v == nil {
			t.Errorf("object %d: %v, %v", n, v, err)
		}
	}
	if string(file[start]) != "<" || string(file[end-1]) != ">" || end-start != 202 || strings.Trim(string(file[start+1:end-1]), "0") != "" {
		t.Errorf("the gap is %q", file[start:end])
	}
	sig, _ := f.Resolve(Ref{Num: 7})
	want := Array{Integer(0), Integer(start), Integer(end), Integer(len(file) - end)}
	if got := sig.(Dict).Get("ByteRange"); !Equal(got, want) {
		t.Errorf("ByteRange %v, want %v", got, want)
	}
	path := filepath.Join(t.TempDir(), "small.pdf")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("qpdf", "--check", path).CombinedOutput(); err != nil {
		t.Errorf("qpdf: %v\n%s", err, out)
	}
}

// Cross-references are as wide as offsets and indexes need.
func TestWriterMany(t *testing.T) {
	var w Writer
	w.Reset(nil)
	const n = 400
	w.Reserve(n)
	w.Pack(1).Raw("<</Type/Catalog/Pages 2 0 R>>").Close()
	w.Pack(2).Raw("<</Type/Pages/Kids[]/Count 0>>").Close()
	w.Stream(3, "", make([]byte, 70000))
	for i := 4; i <= n; i++ {
		w.Pack(i).Int(i).Close()
	}
	file, _, _, err := w.Finish(Trailer{Root: 1})
	if err != nil {
		t.Fatal(err)
	}
	f, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := 4; i <= n; i++ {
		if v, err := f.Resolve(Ref{Num: i}); err != nil || v != Integer(i) {
			t.Fatalf("object %d is %v, %v", i, v, err)
		}
	}
}

func TestWriterSameBytes(t *testing.T) {
	a, _, _ := small(t)
	b, _, _ := small(t)
	if !bytes.Equal(a, b) {
		t.Error("the same objects gave different bytes")
	}
}

// Faults of whoever uses the Writer come out of Finish, not out of a reader.
func TestFinishRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		write func(w *Writer)
		want  error
	}{
		"unwritten":      {func(w *Writer) { w.Reserve(2); w.Open(1).Raw("null").Close() }, ErrUnwritten},
		"twice":          {func(w *Writer) { w.Reserve(1); w.Open(1).Raw("null").Close(); w.Open(1).Raw("null").Close() }, ErrRewritten},
		"packed twice":   {func(w *Writer) { w.Reserve(1); w.Pack(1).Raw("null").Close(); w.Open(1).Raw("null").Close() }, ErrRewritten},
		"never promised": {func(w *Writer) { w.Open(1).Raw("null").Close() }, nil},
	} {
		var w Writer
		w.Reset(nil)
		c.write(&w)
		_, _, _, err := w.Finish(Trailer{Root: 1})
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The packet is XML whatever the title is, and says what it was told.
func TestMetadata(t *testing.T) {
	file, _, _ := small(t)
	f, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	v, err := f.Resolve(Ref{Num: 8})
	if err != nil {
		t.Fatal(err)
	}
	packet, err := f.Decode(v.(*Stream), 1<<16)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	d := xml.NewDecoder(bytes.NewReader(packet))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch x := token.(type) {
		case xml.CharData:
			text.WriteString(string(x) + "|")
		case xml.StartElement:
			for _, a := range x.Attr {
				text.WriteString(a.Name.Local + "=" + a.Value + "|")
			}
		}
	}
	for _, want := range []string{"<证&明>\uFFFD|", "zh-CN|", "CreateDate=1970-01-01T00:00:00Z|", "part=3|conformance=B|"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in %s", want, text.String())
		}
	}
}

// The profile's tags lie where its table says, and its curve is sRGB's.
func TestSRGBProfile(t *testing.T) {
	p := SRGBProfile()
	be := binary.BigEndian
	if int(be.Uint32(p)) != len(p) || string(p[12:20]) != "mntrRGB " || string(p[36:40]) != "acsp" {
		t.Fatalf("header % x", p[:40])
	}
	tags := map[string][]byte{}
	for i := range int(be.Uint32(p[128:])) {
		e := p[132+12*i:]
		off, n := be.Uint32(e[4:]), be.Uint32(e[8:])
		tags[string(e[:4])] = p[off : off+n]
	}
	for _, want := range []string{"desc", "cprt", "wtpt", "rXYZ", "gXYZ", "bXYZ", "rTRC", "gTRC", "bTRC"} {
		if tags[want] == nil {
			t.Errorf("no %s", want)
		}
	}
	curve := tags["gTRC"]
	n := int(be.Uint32(curve[8:]))
	if first, last := be.Uint16(curve[12:]), be.Uint16(curve[12+2*(n-1):]); first != 0 || last != 65535 {
		t.Errorf("the curve runs from %d to %d", first, last)
	}
	// Device white is the sum of the primaries: D50.
	for axis, want := range []float64{0.9642, 1, 0.8249} {
		sum := 0.0
		for _, tag := range []string{"rXYZ", "gXYZ", "bXYZ"} {
			sum += float64(int32(be.Uint32(tags[tag][8+4*axis:]))) / 65536
		}
		if sum < want-0.001 || sum > want+0.001 {
			t.Errorf("axis %d: the primaries add up to %v, want %v", axis, sum, want)
		}
	}
}

// An element whose content is on two pages refers to both; the parent tree
// leads from each mark back to its element.
func TestStructure(t *testing.T) {
	var s Structure
	s.Begin("Document", "", "")
	s.Page(11)
	s.Begin("P", "", "")
	if m := s.Mark(); m != 0 {
		t.Errorf("first mark is %d", m)
	}
	s.Page(12)
	if m := s.Mark(); m != 0 {
		t.Errorf("first mark of the second page is %d", m)
	}
	s.End()
	s.Begin("Figure", "a code", "")
	s.Mark()
	s.End()
	s.Begin("Form", "", "")
	if n := s.Object(13); n != 0 {
		t.Errorf("first annotation is %d", n)
	}
	s.End()
	s.End()

	var w Writer
	w.Reset(nil)
	root := w.Reserve(13)
	for n := root + 1; n <= 13; n++ {
		w.Pack(n).Raw("null").Close()
	}
	w.Structure(root, &s)
	got := string(w.packed)
	for _, want := range []string{
		"/Nums[0[ 16 0 R]1[ 16 0 R 17 0 R]2 18 0 R ]",
		"<</S/P/P 15 0 R/Pg 11 0 R/K[ 0<</Type/MCR/Pg 12 0 R/MCID 0>>]>>",
		"<</S/Figure/P 15 0 R/Pg 12 0 R/Alt(a code)/K[ 1]>>",
		"<</Type/OBJR/Obj 13 0 R/Pg 12 0 R>>",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
}
