// Package pdftest writes small PDF files by hand for the tests of whatever
// reads PDF, well-formed or not: bodies are taken as they are given.
package pdftest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// File is a PDF being written, revision by revision.
type File struct {
	bytes.Buffer
	entries map[int]string // of the revision being written
	size    int
	prev    int // offset of the last cross-reference, 0 for none
}

// New begins a file.
func New() *File {
	f := &File{entries: map[int]string{0: "0000000000 65535 f \n"}, size: 1}
	_, _ = f.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	return f
}

// Continue adds to a finished file, whose last cross-reference is at prev.
func Continue(data []byte, size, prev int) *File {
	f := &File{entries: map[int]string{}, size: size, prev: prev}
	_, _ = f.Write(data)
	return f
}

// Object writes "num 0 obj body endobj" and returns where it begins.
func (f *File) Object(num int, body string) int {
	at := f.Len()
	f.Entry(num, fmt.Sprintf("%010d 00000 n \n", at))
	fmt.Fprintf(f, "%d 0 obj\n%s\nendobj\n", num, body)
	return at
}

// Stream writes a stream object; dict is what stands in its dictionary but Length.
func (f *File) Stream(num int, dict string, data []byte) int {
	return f.Object(num, fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(data), data))
}

// Entry sets the twenty bytes of a number's line in the next table.
func (f *File) Entry(num int, line string) {
	f.entries[num] = line
	f.size = max(f.size, num+1)
}

// Finish ends the revision with a table and a trailer; extra is what stands in
// the trailer but Size and Prev. It returns the file so far, and where the
// table begins.
func (f *File) Finish(extra string) ([]byte, int) {
	at := f.Len()
	_, _ = f.WriteString("xref\n")
	numbers := make([]int, 0, len(f.entries))
	for n := range f.entries {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		fmt.Fprintf(f, "%d 1\n%s", n, f.entries[n])
	}
	if f.prev != 0 {
		extra += fmt.Sprintf("/Prev %d", f.prev)
	}
	fmt.Fprintf(f, "trailer\n<</Size %d%s>>\nstartxref\n%d\n%%%%EOF\n", f.size, extra, at)
	f.prev = at
	f.entries = map[int]string{}
	return bytes.Clone(f.Bytes()), at
}

// Page returns a file of one page that shows text, with objects 1 (catalog) to
// 5 and room for more, not yet finished. catalog is added to the catalog's entries.
func Page(text, catalog string) *File {
	f := New()
	f.Object(1, "<</Type/Catalog/Pages 2 0 R"+catalog+">>")
	f.Object(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>")
	f.Object(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>")
	f.Stream(4, "", []byte("BT /F 18 Tf 20 100 Td ("+strings.NewReplacer("(", "\\(", ")", "\\)").Replace(text)+") Tj ET"))
	f.Object(5, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
	return f
}
