package templates

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"yinzheng"
	"yinzheng/internal/verapdf"
)

// draft is a sheet as a form half filled in gives it.
func draft(t testing.TB, code string, values yinzheng.Values) *yinzheng.Sheet {
	tpl := builtinTemplate(t, code)
	checked, err := tpl.CheckValues(values, testTime)
	if err != nil {
		t.Fatal(err)
	}
	return &yinzheng.Sheet{Template: tpl, Values: checked.Values, Date: testTime, Seal: yinzheng.SealFace{Organ: "惠州市惠城区民政局"}}
}

// page is what a test wants to know of an SVG page.
type svgPage struct {
	label  string
	fields map[string]int // glyphs by data-field
	lit    int
	refs   []string
	ids    map[string]bool
}

func readSVG(t *testing.T, data []byte) (pages []svgPage) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(string(data)))
	var fields []string // of the open <g> elements
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return pages
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			attr := map[string]string{}
			for _, a := range e.Attr {
				attr[a.Name.Local] = a.Value
			}
			if e.Name.Local == "svg" {
				if attr["data-page"] == "" {
					continue // around all pages
				}
				pages = append(pages, svgPage{label: attr["aria-label"], fields: map[string]int{}, ids: map[string]bool{}})
			}
			p := &pages[len(pages)-1]
			if id := attr["id"]; id != "" {
				p.ids[id] = true
			}
			switch e.Name.Local {
			case "g":
				fields = append(fields, attr["data-field"])
			case "use":
				p.refs = append(p.refs, strings.TrimPrefix(attr["href"], "#"))
				if n := len(fields); n > 0 && fields[n-1] != "" {
					p.fields[fields[n-1]]++
				}
			}
			if attr["class"] == "focus" {
				p.lit++
			}
		case xml.EndElement:
			if e.Name.Local == "g" {
				fields = fields[:len(fields)-1]
			}
		}
	}
}

// A preview is well-formed pages on which every field can be found by its path.
func TestPreviewSVG(t *testing.T) {
	in := draft(t, "family-relation", familyValues(12))
	data, err := embeddedOnly(t).Preview(in, "svg", "values.relatives[11].name")
	if err != nil {
		t.Fatal(err)
	}
	pages := readSVG(t, data)
	if len(pages) != 2 {
		t.Fatalf("%d pages", len(pages))
	}
	if !strings.Contains(pages[0].label, "样本") {
		t.Errorf("the label is %s", pages[0].label)
	}
	for field, want := range map[string]int{"values.applicant_name": 3, "values.applicant_id": 18, "values.relatives[0].name": 2, "values.relatives[1].name": 4} {
		if got := pages[0].fields[field]; got != want {
			t.Errorf("%s has %d glyphs, want %d", field, got, want)
		}
	}
	if pages[0].lit != 0 || pages[1].lit == 0 {
		t.Errorf("lit: %d and %d places", pages[0].lit, pages[1].lit)
	}
	defined := map[string]bool{}
	for i, p := range pages {
		for id := range p.ids {
			if defined[id] {
				t.Fatalf("page %d defines %s again", i+1, id)
			}
			defined[id] = true
		}
		for _, ref := range p.refs {
			if !defined[ref] {
				t.Fatalf("page %d uses %s, which nothing before it defines", i+1, ref)
			}
		}
	}
}

// A draft with holes shows them, each with its field, and one with a character
// that no face holds shows 〓.
func TestPreviewUnfinished(t *testing.T) {
	in := draft(t, "residence", yinzheng.Values{"name": "𠮷"})
	data, err := embeddedOnly(t).Preview(in, "svg", "name")
	if err != nil {
		t.Fatal(err)
	}
	p := readSVG(t, data)[0]
	if p.fields["values.name"] != 1 || p.lit != 1 {
		t.Errorf("name: %d glyphs, %d lit", p.fields["values.name"], p.lit)
	}
	for _, field := range []string{"values.id", "values.address", "values.since"} {
		if !strings.Contains(string(data), `data-field="`+field+`"`) {
			t.Errorf("nothing to be seen of %s", field)
		}
	}
	for _, code := range []string{"birth-registration", "family-relation", "residence", "school-entry"} {
		if _, err := embeddedOnly(t).Preview(draft(t, code, yinzheng.Values{}), "svg", ""); err != nil {
			t.Errorf("%s: %v", code, err)
		}
	}
}

// A sample PDF says that it is one, has no signature, no code and no number.
func TestPreviewPDF(t *testing.T) {
	in := certificate(t, "residence", residenceValues())
	data, err := embeddedOnly(t).Preview(in, "pdf", "")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "sample.pdf")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	tool(t, "qpdf", "--check", path)
	text := squeeze(tool(t, "pdftotext", path, "-"))
	for want, has := range map[string]bool{
		"欧阳䶮𫖯": true, "样本": true, in.Number: false, in.Code: false, "2026年11月2日": false,
	} {
		if strings.Contains(text, want) != has {
			t.Errorf("%s: want %v in %s", want, has, text)
		}
	}
	if strings.Contains(string(data), "/Sig") || strings.Contains(string(data), "ByteRange") {
		t.Error("a sample has a signature")
	}
	verapdf.Validate(t, path)
}

func TestPreviewFormat(t *testing.T) {
	if _, err := embeddedOnly(t).Preview(draft(t, "residence", nil), "png", ""); !errors.Is(err, yinzheng.ErrInvalid) {
		t.Errorf("%v", err)
	}
}

func BenchmarkPreview(b *testing.B) {
	in := draft(b, "family-relation", familyValues(12))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := embeddedOnly(b).Preview(in, "svg", "applicant_name"); err != nil {
			b.Fatal(err)
		}
	}
}
