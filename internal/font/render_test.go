package font

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// pdfPen writes an outline as PDF path operators; a quadratic curve becomes a cubic one.
type pdfPen struct {
	strings.Builder
	x, y float64
}

func (p *pdfPen) MoveTo(x, y float64) { fmt.Fprintf(p, "%.3f %.3f m\n", x, y); p.x, p.y = x, y }
func (p *pdfPen) LineTo(x, y float64) { fmt.Fprintf(p, "%.3f %.3f l\n", x, y); p.x, p.y = x, y }
func (p *pdfPen) Close()              { p.WriteString("h\n") }

func (p *pdfPen) QuadTo(cx, cy, x, y float64) {
	third := func(a, b float64) float64 { return a + 2*(b-a)/3 }
	fmt.Fprintf(p, "%.3f %.3f %.3f %.3f %.3f %.3f c\n", third(p.x, cx), third(p.y, cy), third(x, cx), third(y, cy), x, y)
	p.x, p.y = x, y
}

// pdfFile is a PDF of the objects given, numbered from 1, the first of them the catalogue.
func pdfFile(objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	offsets := make([]int, len(objects))
	for i, o := range objects {
		offsets[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return b.Bytes()
}

func stream(dict, body string) string {
	return fmt.Sprintf("<< %s /Length %d >>\nstream\n%s\nendstream", dict, len(body), body)
}

// FreeType, by way of two PDF viewers, must take the subset and draw from it what Outline draws from the face.
func TestViewersDrawTheSubsetAsOutlined(t *testing.T) {
	for _, path := range allPaths {
		f := face(t, path)
		gids := glyphsOf(t, f, texts[path])
		if len(gids) > 40 {
			gids = gids[len(gids)-40:]
		}
		fontFile, size := f.NewSubset(gids[:len(gids)/2]).AppendZlib(nil, gids[len(gids)/2:])

		const perRow, cell = 8, 60
		var text, paths strings.Builder
		var widths strings.Builder
		for i, gid := range gids {
			x, y := 20+i%perRow*cell, 20+i/perRow*cell
			fmt.Fprintf(&text, "BT /F 50 Tf %d %d Td <%04x> Tj ET\n", x, y, i+1)
			pen := &pdfPen{}
			if err := f.Outline(gid, pen); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&paths, "q .05 0 0 .05 %d %d cm\n%sf Q\n", x, y, pen.String())
			fmt.Fprintf(&widths, "%d ", f.Advance(gid))
		}
		page := "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 500 340] /Contents %d 0 R /Resources << /Font << /F 7 0 R >> >> >>"
		box := f.BBox()
		file := write(t, t.TempDir(), "subset.pdf", pdfFile(
			"<< /Type /Catalog /Pages 2 0 R >>",
			"<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 >>",
			fmt.Sprintf(page, 5), fmt.Sprintf(page, 6),
			stream("", text.String()), stream("", paths.String()),
			fmt.Sprintf("<< /Type /Font /Subtype /Type0 /BaseFont /%s+%s /Encoding /Identity-H /DescendantFonts [8 0 R] >>", Tag(fontFile), f.Name()),
			fmt.Sprintf("<< /Type /Font /Subtype /CIDFontType2 /BaseFont /%s+%s /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /CIDToGIDMap /Identity /FontDescriptor 9 0 R /W [1 [%s]] >>",
				Tag(fontFile), f.Name(), widths.String()),
			fmt.Sprintf("<< /Type /FontDescriptor /FontName /%s+%s /Flags %d /FontBBox [%d %d %d %d] /ItalicAngle %v /Ascent %d /Descent %d /CapHeight %d /StemV %d /FontFile2 10 0 R >>",
				Tag(fontFile), f.Name(), f.Flags(), box[0], box[1], box[2], box[3], f.ItalicAngle(), f.Ascent(), f.Descent(), f.CapHeight(), f.StemV()),
			stream(fmt.Sprintf("/Filter /FlateDecode /Length1 %d", size), string(fontFile)),
		))
		for _, viewer := range [][]string{
			{"mutool", "draw", "-q", "-r", "144", "-c", "gray", "-o", "page-%d.pgm", file, "1-2"},
			{"pdftoppm", "-gray", "-r", "144", "-freetype", "yes", file, "page"},
		} {
			comparePages(t, f.Name(), viewer)
		}
	}
}

// comparePages has a viewer draw both pages and compares them pixel by pixel; the viewer's own hinting of text may move edges a little.
func comparePages(t *testing.T, name string, viewer []string) {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command(viewer[0], viewer[1:]...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	// Debian's mutool is built without colour management and says so; it matters nothing here.
	said := strings.TrimSpace(strings.ReplaceAll(string(out), "warning: ICC support is not available", ""))
	if err != nil || said != "" {
		t.Fatalf("%s, %s: %v %s", name, viewer[0], err, said)
	}
	pages := [2][]byte{}
	for i := range pages {
		found, _ := filepath.Glob(fmt.Sprintf("%s/page-%d.pgm", dir, i+1))
		if len(found) != 1 {
			t.Fatalf("%s drew no page %d", viewer[0], i+1)
		}
		b, err := os.ReadFile(found[0])
		if err != nil {
			t.Fatal(err)
		}
		pages[i] = b
	}
	if len(pages[0]) != len(pages[1]) {
		t.Fatalf("%s drew pages of %d and %d bytes", viewer[0], len(pages[0]), len(pages[1]))
	}
	ink, wrong := 0, 0
	for i, a := range pages[0] {
		b := pages[1][i]
		ink += 255 - int(b)
		wrong += max(int(a)-int(b), int(b)-int(a))
	}
	t.Logf("%s by %s: %.1f%% of the ink differs", name, viewer[0], 100*float64(wrong)/float64(ink))
	if ink < 100000 || wrong*100 > ink*6 {
		t.Errorf("%s by %s: of %d ink, %d differs", name, viewer[0], ink, wrong)
	}
}
