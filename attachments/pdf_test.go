package attachments

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/internal/pdf/pdftest"
)

func contextSoon(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), 20*time.Millisecond)
}

// page is a PDF of one page with more in its catalog.
func page(_ testing.TB, catalog string) []byte {
	data, _ := pdftest.Page("x", catalog).Finish("/Root 1 0 R")
	return data
}

// with is a PDF with one object more, to which nothing needs to refer.
func with(object string) []byte {
	f := pdftest.Page("x", "")
	f.Object(9, object)
	data, _ := f.Finish("/Root 1 0 R")
	return data
}

func pages(n int) []byte {
	f := pdftest.New()
	f.Object(1, "<</Type/Catalog/Pages 2 0 R>>")
	var kids strings.Builder
	for i := range n {
		fmt.Fprintf(&kids, "%d 0 R ", 3+i)
		f.Object(3+i, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>>")
	}
	f.Object(2, "<</Type/Pages/Count 1/Kids["+kids.String()+"]>>")
	data, _ := f.Finish("/Root 1 0 R")
	return data
}

func TestPDF(t *testing.T) {
	replaced := func() []byte { // what an older revision holds, a reader may bring back
		data, at := pdftest.Page("x", "/OpenAction<</S/JavaScript/JS(x)>>").Finish("/Root 1 0 R")
		f := pdftest.Continue(data, 6, at)
		f.Object(1, "<</Type/Catalog/Pages 2 0 R>>")
		data, _ = f.Finish("/Root 1 0 R")
		return data
	}
	loop := pdftest.New()
	loop.Object(1, "<</Type/Catalog/Pages 2 0 R>>")
	loop.Object(2, "<</Type/Pages/Kids[2 0 R]/Count 1>>")
	looping, _ := loop.Finish("/Root 1 0 R")
	whole := page(t, "")
	for name, c := range map[string]struct {
		sent []byte
		code string // empty: taken
	}{
		"plain":                   {whole, ""},
		"a link":                  {with("<</Type/Annot/Subtype/Link/A<</S/URI/URI(https://example.org)>>>>"), ""},
		"opens at a page":         {page(t, "/OpenAction[3 0 R/Fit]"), ""},
		"a link, action apart":    {linked("/Link"), ""},
		"opens by an action":      {page(t, "/OpenAction<</S/GoTo/D[3 0 R/XYZ 0 0 0]>>"), ""},
		"flags of an annotation":  {with("<</Type/Annot/Subtype/Link/F 4/A<</S/GoTo/D(a)>>>>"), ""},
		"an outline":              {with("<</Title(a)/A<</S/GoTo/D(a)>>/Next 9 0 R>>"), ""},
		"layout of a tagged part": {with("<</Type/StructElem/S/URI/A[<</O/Layout>>]>>"), ""},
		"an office program's": {page(t, "/OpenAction[3 0 R/XYZ null null 0]/ViewerPreferences<</DisplayDocTitle true>>/Lang(zh-CN)/MarkInfo<</Marked true>>"+
			"/Outlines<</First<</Title(a)/Dest[3 0 R/XYZ 0 0 0]>>>>/AcroForm<</Fields[]/DA(/F1 0 Tf)>>/Metadata<</Type/Metadata/Subtype/XML>>/OutputIntents[<</S/GTS_PDFA1>>]"), ""},
		"an address at opening":       {page(t, "/OpenAction<</S/URI/URI(https://example.org)>>"), "pdf-active"},
		"an address at closing":       {page(t, "/AA<</WC<</S/URI/URI(https://example.org)>>>>"), "pdf-active"},
		"another file's thread":       {page(t, `/OpenAction<</S/Thread/F(\\\\evil\\share\\x.pdf)/D 0>>`), "pdf-active"},
		"prints":                      {page(t, "/OpenAction<</S/Named/N/Print>>"), "pdf-active"},
		"empties a form":              {page(t, "/OpenAction<</S/ResetForm>>"), "pdf-active"},
		"hides":                       {with("<</S/Hide/T(a)>>"), "pdf-active"},
		"a file by address":           {page(t, "/X<</F(http://example.org/x.exe)/FS/URL>>"), "pdf-active"},
		"a file of no kind":           {with("<</UF(x.exe)>>"), "pdf-active"},
		"a file by its kind":          {with("<</Type/F/Unix(x)>>"), "pdf-active"},
		"an address of a button":      {linked("/Widget"), "pdf-active"},
		"an address after a page":     {with("<</S/GoTo/D(a)/Next[<</S/URI/URI(x)>>]>>"), "pdf-active"},
		"an address before":           {with("<</Subtype/Link/PA<</S/URI/URI(x)>>>>"), "pdf-active"},
		"as many pages as may be":     {pages(MaxPages), ""},
		"a page more":                 {pages(MaxPages + 1), "pdf-pages"},
		"no page":                     {pages(0), "pdf-pages"},
		"pages in a circle":           {looping, "pdf-broken"},
		"cut":                         {whole[:len(whole)/2], "pdf-broken"},
		"only a header":               {[]byte("%PDF-1.7"), "pdf-broken"},
		"HTML behind":                 {append(bytes.Clone(whole), "<script>alert(1)</script>"...), "pdf-broken"},
		"script at opening":           {page(t, "/OpenAction<</S/JavaScript/JS(x)>>"), "pdf-active"},
		"script by name tree":         {page(t, "/Names<</JavaScript<</Names[(a)9 0 R]>>>>"), "pdf-active"},
		"script in a stream":          {with("<</S/JavaScript/JS 4 0 R>>"), "pdf-active"},
		"a name written otherwise":    {with("<</S/J#61vaScript>>"), "pdf-active"},
		"a name of its own":           {indirect("/Launch"), "pdf-active"},
		"program":                     {with("<</S/Launch/F(cmd.exe)>>"), "pdf-active"},
		"program, on a page":          {with("<</AA<</O<</S/Launch/F(cmd.exe)>>>>>>"), "pdf-active"},
		"chain of actions":            {with("<</S/URI/URI(x)/Next[<</S/Launch>>]>>"), "pdf-active"},
		"embedded file":               {with("<</Type/Filespec/F(a.exe)/EF<</F 4 0 R>>>>"), "pdf-active"},
		"embedded files":              {page(t, "/Names<</EmbeddedFiles<</Names[]>>>>"), "pdf-active"},
		"XFA":                         {page(t, "/AcroForm<</XFA 4 0 R/Fields[]>>"), "pdf-active"},
		"form that is sent":           {with("<</S/SubmitForm/F(https://example.org)>>"), "pdf-active"},
		"media":                       {with("<</Type/Annot/Subtype/RichMedia>>"), "pdf-active"},
		"script in an older revision": {replaced(), "pdf-active"},
		"nested in an array":          {with("[[<</A[<</S/JavaScript>>]>>]]"), "pdf-active"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := New().Clean(t.Context(), c.sent)
			if c.code == "" {
				if err != nil || f.Type != PDF || f.Pages < 1 || f.Width != 0 || !bytes.Equal(f.Content, c.sent) {
					t.Fatalf("%v: %+v", err, f)
				}
				return
			}
			var e *yinzheng.Error
			if !errors.As(err, &e) || !errors.Is(err, yinzheng.ErrInvalid) || len(e.Fields) != 1 || e.Fields[0].Code != c.code {
				t.Fatalf("%v, want %s", err, c.code)
			}
		})
	}
}

// indirect is a PDF with an action whose kind is an object of its own.
func indirect(name string) []byte {
	f := pdftest.Page("x", "")
	f.Object(8, name)
	f.Object(9, "<</S 8 0 R>>")
	data, _ := f.Finish("/Root 1 0 R")
	return data
}

// linked is a PDF with an annotation whose action is an object of its own.
func linked(kind string) []byte {
	f := pdftest.Page("x", "")
	f.Object(8, "<</S/URI/URI(https://example.org)>>")
	f.Object(9, "<</Type/Annot/Subtype"+kind+"/A 8 0 R>>")
	data, _ := f.Finish("/Root 1 0 R")
	return data
}

// TestOrdinaryPDF: what a browser prints (tagged, with links, an outline and a
// form), what is printed from it once more, and what scanners make is taken.
func TestOrdinaryPDF(t *testing.T) {
	for _, name := range []string{"chromium.pdf", "cairo.pdf", "scanner.pdf"} {
		sent, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := New().Clean(t.Context(), sent); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOthersPDF: what other programs write, packed and encrypted.
func TestOthersPDF(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.pdf")
	for name, catalog := range map[string]string{"": "", "pdf-active": "/OpenAction<</S/JavaScript/JS(x)>>"} {
		if err := os.WriteFile(in, page(t, catalog), 0o600); err != nil {
			t.Fatal(err)
		}
		for code, args := range map[string][]string{
			name:            {"--object-streams=generate"},
			"pdf-encrypted": {"--encrypt", "", "b", "256", "--"},
		} {
			out := filepath.Join(dir, "out.pdf")
			if b, err := exec.Command("qpdf", append(args, in, out)...).CombinedOutput(); err != nil {
				t.Fatalf("qpdf: %v\n%s", err, b)
			}
			sent, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			_, err = New().Clean(t.Context(), sent)
			var e *yinzheng.Error
			if code == "" && err != nil || code != "" && (!errors.As(err, &e) || e.Fields[0].Code != code) {
				t.Errorf("%v: %v, want %q", args, err, code)
			}
		}
	}
}
