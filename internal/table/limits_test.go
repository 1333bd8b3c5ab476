package table_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"hash/crc32"
	"runtime"
	"strings"
	"testing"
	"time"

	"yinzheng/internal/table"
)

const (
	heading = `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>` +
		`<row><c t="inlineStr"><is><t>code</t></is></c><c t="inlineStr"><is><t>name</t></is></c></row>`
	ending = `</sheetData></worksheet>`
	shared = `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">`
)

// book is a workbook of a sheet and the texts that its cells share, both as XML.
func book(sheet, texts string) []byte { return bookWith(sheet, texts, func(*zip.FileHeader) {}) }

// bookWith lets the workbook's directory say something else of the sheet.
func bookWith(sheet, texts string, lie func(*zip.FileHeader)) []byte {
	const relations = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">%s</Relationships>`
	const kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, part := range [][2]string{
		{"_rels/.rels", fmt.Sprintf(relations, `<Relationship Id="a" Type="`+kind+`/officeDocument" Target="/XL/workbook.xml"/>`)},
		{`xl\workbook.xml`, `<workbook xmlns:r="` + kind + `"><sheets><sheet name="图" r:id="c"/><sheet name="a" r:id="a"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", fmt.Sprintf(relations, `<Relationship Id="c" Type="`+kind+`/chartsheet" Target="c.xml"/><Relationship Id="a" Type="`+kind+
			`/worksheet" Target="../xl/sheet.xml"/><Relationship Id="b" Type="`+kind+`/sharedStrings" Target="texts.xml"/>`)},
		{"xl/sheet.xml", sheet},
		{"xl/texts.xml", texts},
	} {
		var packed bytes.Buffer
		w, _ := flate.NewWriter(&packed, flate.BestSpeed)
		_, _ = w.Write([]byte(part[1]))
		_ = w.Close()
		h := &zip.FileHeader{Name: part[0], Method: zip.Deflate, CRC32: crc32.ChecksumIEEE([]byte(part[1])), CompressedSize64: uint64(packed.Len()), UncompressedSize64: uint64(len(part[1]))}
		if part[0] == "xl/sheet.xml" {
			lie(h)
		}
		raw, _ := z.CreateRaw(h)
		_, _ = raw.Write(packed.Bytes())
	}
	_ = z.Close()
	return b.Bytes()
}

// TestWorkbookXML: what may stand in a sheet.
func TestWorkbookXML(t *testing.T) {
	sheet := heading + `<row r="4"><c r="B4" t="s"><v>1</v></c></row><row/><row><c><f>1+1</f><v>2</v></c><c r="B6" t="str"><v>a_x000A_b</v></c><c r="ZY6" t="s"><v>2</v></c><c r="ZZ6" s="1"/></row>` +
		`<row r="1048576"><c s="1"/><c t="inlineStr"><is><r><t>东</t></r><rPh><t>dong</t></rPh><r><t><![CDATA[湖]]></t></r></is></c></row>` + ending
	got, err := all(t, book(sheet, shared+`<si><t>x</t></si><si><r><t xml:space="preserve"> 江</t></r><r><t>边</t></r><rPh><t>jiang</t></rPh></si><si><t/></si></sst>`))
	if want := "|江边|@a!B4 2|a\nb|@a!B6 |东湖|@a!B1048576"; err != nil || strings.Join(got, " ") != want {
		t.Fatalf("%q, %v, want %q", strings.Join(got, " "), err, want)
	}
}

// refusals are workbooks that would cost more than they are worth, or make no
// sense, at a size: n times the same.
var refusals = map[string]struct {
	make func(n int) []byte
	n    int
	want string
}{
	"wide rows": {func(n int) []byte {
		return book(heading+strings.Repeat(`<row><c r="XFD1"><v>1</v></c></row>`, n)+ending, "")
	}, 200_000, "a!XFD2: There are too many columns"},
	"wide row":    {func(n int) []byte { return book(heading+"<row>"+strings.Repeat(`<c><v>1</v></c>`, n)+ending, "") }, 500_000, "a!IW2: There are too many columns"},
	"empty cells": {func(n int) []byte { return book(heading+"<row>"+strings.Repeat(`<c/>`, n)+"</row>"+ending, "") }, 30_000_000, "too large once it is unpacked"},
	"long cell": {func(n int) []byte {
		return book(heading+"<row><c><v>"+strings.Repeat("a", n)+"</v></c></row>"+ending, "")
	}, 1 << 20, "The cell is too long"},
	"cell in pieces": {func(n int) []byte {
		return book(heading+"<row><c><v>"+strings.Repeat("abc<!---->", n)+"</v></c></row>"+ending, "")
	}, 500_000, "a!A2: The cell is too long"},
	"long tag": {func(n int) []byte { return book(heading+"<row "+strings.Repeat(`a="" `, n)+"/>"+ending, "") }, 1_000_000, "The cell is too long"},
	"unpacked": {func(n int) []byte { return book(heading+strings.Repeat("<row/>", n)+ending, "") }, 3_000_000, "too large once it is unpacked"},
	"deep":     {func(n int) []byte { return book(heading+strings.Repeat("<a>", n), "") }, 1_000_000, "damaged"},
	"texts": {func(n int) []byte {
		return book(heading+ending, shared+strings.Repeat("<si><t>x</t></si>", n)+"</sst>")
	}, 1_000_000, "too large once it is unpacked"},
	"no such text": {func(int) []byte {
		return book(heading+`<row><c t="s"><v>1</v></c></row>`, shared+"<si><t>x</t></si></sst>")
	}, 1, "a!A2: The workbook is damaged"},
	"cells backwards": {func(int) []byte { return book(heading+`<row><c r="B1"><v>1</v></c><c r="A1"><v>2</v></c></row>`, "") }, 1, "a!A2: The workbook is damaged"},
	"rows backwards":  {func(int) []byte { return book(heading+`<row r="9"/><row r="8"/>`, "") }, 1, "a!A10: The workbook is damaged"},
	"past all rows":   {func(int) []byte { return book(heading+`<row r="99999999"/>`, "") }, 1, "damaged"},
	"no end":          {func(int) []byte { return book(heading+`<row><c>`, "") }, 1, "a!A2: The workbook is damaged"},
	"false size": {func(n int) []byte {
		return bookWith(heading+strings.Repeat("<row/>", n)+ending, "", func(h *zip.FileHeader) { h.UncompressedSize64 = 1000 })
	}, 3_000_000, "a!A1: The workbook is damaged"},
	"many parts": {func(n int) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for range n {
			_, _ = z.CreateRaw(&zip.FileHeader{Name: "a"})
		}
		_ = z.Close()
		return b.Bytes()
	}, 150_000, "too large once it is unpacked"},
	"wide line":   {func(n int) []byte { return []byte("code,name\n1,\"a\n,b\"" + strings.Repeat(",", n)) }, 10 << 20, "line 3: There are too many columns"},
	"quoted line": {func(n int) []byte { return []byte("code,name\n1,\"" + strings.Repeat(",", n) + "\"\n") }, 1 << 20, "line 2, column name: The cell is too long"},
}

// TestLimits: none of them takes long, or much memory beside itself.
func TestLimits(t *testing.T) {
	for name, c := range refusals {
		data := c.make(c.n)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		_, err := all(t, data)
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		allocated := int(after.TotalAlloc-before.TotalAlloc) - 10*len(data)
		t.Logf("%s: %d KB, %v, %d MB", name, len(data)>>10, took, allocated>>20)
		if took > 5*time.Second || allocated > 128<<20 {
			t.Errorf("%s: %d KB took %v and %d MB", name, len(data)>>10, took, allocated>>20)
		}
	}
}

// TestLarge: a list as large as a city keeps is read, and what is held at a
// time is little more than its texts.
func TestLarge(t *testing.T) {
	const rows = 100_000
	var sheet, texts strings.Builder
	sheet.WriteString(heading)
	texts.WriteString(shared)
	for i := range rows {
		fmt.Fprintf(&sheet, `<row r="%d">`, i+2)
		for c := range 12 {
			fmt.Fprintf(&sheet, `<c r="%c%d" t="s"><v>%d</v></c>`, 'A'+c, i+2, i)
		}
		sheet.WriteString("</row>")
		fmt.Fprintf(&texts, "<si><t>名称%d</t></si>", i)
	}
	tab, err := table.Open(book(sheet.String()+ending, texts.String()+"</sst>"), columns)
	if err != nil {
		t.Fatal(err)
	}
	defer tab.Close()
	var last *table.Row
	for i := range rows {
		if last, err = tab.Next(); err != nil {
			t.Fatalf("row %d: %v", i, err)
		}
	}
	if last.Get("name") != "名称99999" || last.Line != rows+1 {
		t.Errorf("line %d: %s", last.Line, last.Get("name"))
	}
}
