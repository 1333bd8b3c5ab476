package templates

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"yinzheng"
	"yinzheng/internal/testface"
)

// A face that is added brings its characters, and changes nothing of what was
// printed before.
func TestUseFaces(t *testing.T) {
	ts, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	before := certificate(t, "residence", residenceValues())
	print := func(in *yinzheng.Sheet) []byte {
		t.Helper()
		u, err := ts.Render(in)
		if err != nil {
			t.Fatal(err)
		}
		defer u.Free()
		return slices.Clone(u.PDF)
	}
	first := print(before)
	values := residenceValues()
	values["name"] = "𠮷田"
	rare := certificate(t, "residence", values)
	if _, err := ts.Render(rare); !errors.Is(err, yinzheng.ErrInvalid) {
		t.Fatalf("without the face: %v", err)
	}
	face := testface.Face{Name: "Added", Holds: "𠮷田一1"}.Bytes()
	for range 2 { // given again it is the same
		if err := ts.UseFaces([][]byte{face}); err != nil {
			t.Fatal(err)
		}
		if err := ts.Reload(); err != nil { // the folder has nothing to say about it
			t.Fatal(err)
		}
	}
	path, _ := render(t, ts, rare)
	if text := tool(t, "pdftotext", path, "-"); !strings.Contains(text, "𠮷田") {
		t.Errorf("no name in\n%s", text)
	}
	if fonts := tool(t, "pdffonts", path); strings.Count(fonts, "Added") != 1 {
		t.Error(fonts)
	}
	if !bytes.Equal(print(before), first) {
		t.Error("what was printed before is printed otherwise")
	}
	later := testface.Face{Name: "Later", Holds: "𠮷𪚥", Boxes: "㐂𠔻"}.Bytes()
	drawn := print(rare)
	if err := ts.UseFaces([][]byte{face, later}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(print(rare), drawn) {
		t.Error("a face added later draws what an earlier one holds")
	}
	if got := ts.Missing("𪚥𠔻"); string(got) != "𠔻" {
		t.Errorf("missing: %q", string(got))
	}
	if err := ts.UseFaces([][]byte{face, []byte("no face")}); err == nil || len(ts.Missing("𪚥")) != 0 {
		t.Errorf("a broken face: %v", err)
	}
	if err := ts.UseFaces(nil); err != nil || string(ts.Missing("𠮷")) != "𠮷" {
		t.Errorf("taken away: %v", err)
	}
}

// What is no face, or may not be embedded, is refused with what to do; what a face
// only pretends to hold does not count.
func TestCheckFace(t *testing.T) {
	ts := embeddedOnly(t)
	name, holds, err := ts.CheckFace(testface.Face{Name: "Rare", Holds: "𠮷𪚥", Boxes: "㐂"}.Bytes(), []rune("㐂𪚥x𠮷"))
	if err != nil || name != "Rare" || string(holds) != "𪚥𠮷" {
		t.Errorf("%q %q %v", name, string(holds), err)
	}
	whole := testface.Face{Name: "Rare", Holds: "𠮷"}.Bytes()
	for what, c := range map[string]struct {
		data []byte
		code string
	}{
		"nothing":    {nil, "not-truetype"},
		"text":       {[]byte("a text that is long enough to be looked at"), "not-truetype"},
		"CFF":        {append([]byte("OTTO"), whole[4:]...), "not-truetype"},
		"cut":        {whole[:len(whole)/2], "broken-face"},
		"restricted": {testface.Face{Name: "Rare", Holds: "𠮷", FSType: 2}.Bytes(), "restricted"},
	} {
		_, _, err := ts.CheckFace(c.data, []rune("𠮷"))
		var e *yinzheng.Error
		if !errors.As(err, &e) || !errors.Is(err, yinzheng.ErrInvalid) || len(e.Fields) != 1 || e.Fields[0].Field != "file" || e.Fields[0].Code != c.code {
			t.Errorf("%s: %v", what, err)
		}
	}
	damaged := slices.Clone(whole)
	for i := range damaged[200:] { // whatever is broken, it is told, or the character is not held
		at := 200 + i
		damaged[at] ^= 0xff
		if _, holds, err := ts.CheckFace(damaged, []rune("𠮷")); err != nil && !errors.Is(err, yinzheng.ErrInvalid) {
			t.Errorf("byte %d: %q %v", at, string(holds), err)
		}
		damaged[at] ^= 0xff
	}
}
