package templates

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"yinzheng"
	"yinzheng/internal/pdf"
	"yinzheng/internal/verapdf"
)

// certificates are one of each built-in template, and one of two pages.
func certificates(t testing.TB) map[string]*yinzheng.Sheet {
	residence := certificate(t, "residence", residenceValues())
	residence.Expires = testTime.AddDate(1, 0, 0)
	return map[string]*yinzheng.Sheet{
		"birth":     certificate(t, "birth-registration", birthValues()),
		"family":    certificate(t, "family-relation", familyValues(3)),
		"two pages": certificate(t, "family-relation", familyValues(12)),
		"residence": residence,
	}
}

// Independent readers take the files for what they should be.
func TestRenderReadable(t *testing.T) {
	for name, in := range certificates(t) {
		t.Run(name, func(t *testing.T) {
			path, u := render(t, embeddedOnly(t), in)
			if out := tool(t, "qpdf", "--check", path); strings.Contains(out, "WARNING") {
				t.Error(out)
			}
			if text := tool(t, "mutool", "draw", "-q", "-F", "txt", path); !strings.Contains(squeeze(text), in.Number) {
				t.Errorf("mutool does not find the number in\n%s", text)
			}
			if info := tool(t, "pdfinfo", path); !regexp.MustCompile(`Title: +`+in.Template.Page.Title).MatchString(info) || !regexp.MustCompile(`Tagged: +yes`).MatchString(info) {
				t.Error(info)
			}
			if got := tool(t, "qpdf", "--show-attachment=yinzheng.json", path); got != string(in.Attached) {
				t.Errorf("the attachment is %q", got)
			}
			f, err := pdf.Open(u.PDF)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Tight(); err != nil {
				t.Error(err)
			}
		})
	}
}

// The gap is where Unsigned says and ByteRange leaves out nothing else.
func TestRenderGap(t *testing.T) {
	_, u := render(t, embeddedOnly(t), certificate(t, "residence", residenceValues()))
	if gap := string(u.PDF[u.GapStart:u.GapEnd]); gap != "<"+strings.Repeat("0", 2*cmsSize)+">" {
		t.Errorf("the gap holds %.20s… of %d bytes", gap, len(gap))
	}
	m := regexp.MustCompile(`/ByteRange\[(\d+) (\d+) (\d+) (\d+) *\]`).FindSubmatch(u.PDF)
	if m == nil {
		t.Fatal("no ByteRange")
	}
	want := []string{"0", itoa(u.GapStart), itoa(u.GapEnd), itoa(len(u.PDF) - u.GapEnd)}
	for i, w := range want {
		if string(m[i+1]) != w {
			t.Errorf("ByteRange is %s, want %v", m[0], want)
		}
	}
}

// Text taken out of the file is exactly the values, rare characters included:
// white space is only where lines and words end.
func TestRenderText(t *testing.T) {
	for name, in := range certificates(t) {
		t.Run(name, func(t *testing.T) {
			path, _ := render(t, embeddedOnly(t), in)
			text := tool(t, "pdftotext", "-layout", path, "-")
			whole := []string{in.Number, in.Code, in.Seal.Organ, "2026年11月2日", in.Template.Page.Title}
			for _, f := range in.Template.Fields {
				if v, ok := in.Values[f.Key]; ok && f.Type != yinzheng.ListField {
					whole = append(whole, f.Display(v))
				}
			}
			for _, w := range whole {
				if !strings.Contains(text, w) && !strings.Contains(squeeze(text), w) {
					t.Errorf("no %s in\n%s", w, text)
				}
			}
			// What stands on one line has no space inside.
			for _, w := range []string{in.Number, in.Seal.Organ, "2026年11月2日", in.Template.Page.Title} {
				if !strings.Contains(text, w) {
					t.Errorf("%s is torn apart in\n%s", w, text)
				}
			}
		})
	}
}

// The structure reads in order, cells where their heads are.
func TestRenderStructure(t *testing.T) {
	path, _ := render(t, embeddedOnly(t), certificate(t, "birth-registration", birthValues()))
	tree := squeeze(tool(t, "pdfinfo", "-struct-text", path))
	at := 0
	for _, want := range []string{
		`DocumentH1(block)"出生登记证明"`, `"编号：`, `"兹证明欧阳䶮𫖯的出生登记如下："`, "Table", "TRTH:", `"姓名"TD"欧阳䶮𫖯"`, `"性别"TD"女"`,
		`"出生时间"TD"2026年10月31日8时15分"`, `"母亲姓名"TD"李喆"`, `"特此证明。"`, `"惠州市惠城区民政局"`, `"2026年11月2日"`, "Form", "Figure", `"扫码核验"`,
	} {
		i := strings.Index(tree[at:], want)
		if i < 0 {
			t.Fatalf("no %s after %.80s… in\n%s", want, tree[at:], tree)
		}
		at += i
	}
}

// A scan at 150 dpi of every page layout gives the code's content, and so does
// reading the matrix back.
func TestRenderCode(t *testing.T) {
	for name, in := range certificates(t) {
		t.Run(name, func(t *testing.T) {
			path, u := render(t, embeddedOnly(t), in)
			want := in.QRPrefix + string(in.QRDigits)
			got, err := u.ReadQR()
			if err != nil || string(got) != want {
				t.Errorf("ReadQR: %.60s…, %v", got, err)
			}
			page := filepath.Join(t.TempDir(), "page")
			tool(t, "pdftoppm", "-r", "150", "-f", itoa(u.Pages), "-singlefile", "-png", path, page)
			if got := strings.TrimSpace(tool(t, "zbarimg", "-q", "--raw", "-Sdisable", "-Sqrcode.enable", page+".png")); got != want {
				t.Errorf("zbarimg: %.60s…", got)
			}
		})
	}
}

// With a signature in the gap the files are PDF/A-3b.
func TestRenderPDFA(t *testing.T) {
	cms := testCMS(t)
	var files []string
	for _, in := range certificates(t) {
		path, u := render(t, embeddedOnly(t), in)
		hex.Encode(u.PDF[u.GapStart+1:], cms)
		if err := os.WriteFile(path, u.PDF, 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, path)
	}
	verapdf.Validate(t, files...)
}

// testCMS is a signature by somebody over something: PDF/A asks for its form.
func testCMS(t *testing.T) []byte {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	tool(t, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=test",
		"-keyout", file("key.pem"), "-out", file("cert.pem"))
	if err := os.WriteFile(file("data"), []byte("data"), 0o600); err != nil {
		t.Fatal(err)
	}
	tool(t, "openssl", "cms", "-sign", "-binary", "-in", file("data"), "-signer", file("cert.pem"), "-inkey", file("key.pem"), "-outform", "DER", "-out", file("cms"))
	cms, err := os.ReadFile(file("cms"))
	if err != nil || len(cms) > cmsSize {
		t.Fatal(len(cms), err)
	}
	return cms
}

// Twelve relatives run on to a second page, which has some of them, the head
// again, and the seal; both pages have their part of the seal at the edge.
func TestRenderTwoPages(t *testing.T) {
	path, u := render(t, embeddedOnly(t), certificate(t, "family-relation", familyValues(12)))
	if u.Pages != 2 {
		t.Fatalf("%d pages", u.Pages)
	}
	first, second := tool(t, "pdftotext", "-layout", "-l", "1", path, "-"), tool(t, "pdftotext", "-layout", "-f", "2", path, "-")
	for _, c := range []struct {
		page, want string
		has        bool
	}{
		{first, "序号", true},
		{first, "第1页共2页", true},
		{first, "特此证明", false},
		{first, "惠州市惠城区民政局", false},
		{second, "序号", true},
		{second, "第2页共2页", true},
		{second, "特此证明。", true},
		{second, "惠州市惠城区民政局", true},
	} {
		if strings.Contains(squeeze(c.page), c.want) != c.has {
			t.Errorf("%s: %v, want %v, in\n%s", c.want, !c.has, c.has, c.page)
		}
	}
	onSecond := len(regexp.MustCompile(`(?m)^ *\d+ +\S`).FindAllString(second, -1))
	if onSecond < lastRows {
		t.Errorf("%d rows on the second page:\n%s", onSecond, second)
	}
	for page := 1; page <= 2; page++ {
		if red := redAtEdge(t, path, page); red < 50 {
			t.Errorf("page %d has %d red dots at its edge", page, red)
		}
	}
	if path, _ := render(t, embeddedOnly(t), certificate(t, "family-relation", familyValues(1))); redAtEdge(t, path, 1) != 0 {
		t.Error("a single page has a seal across its edge")
	}
}

// redAtEdge counts the red dots in the outermost 4 mm of a page at 72 dpi.
func redAtEdge(t *testing.T, path string, page int) int {
	out := filepath.Join(t.TempDir(), "edge")
	tool(t, "pdftoppm", "-r", "72", "-f", itoa(page), "-singlefile", "-x", "584", "-y", "300", "-W", "11", "-H", "240", path, out)
	data, err := os.ReadFile(out + ".ppm")
	if err != nil {
		t.Fatal(err)
	}
	dots := data[len(data)-3*11*240:]
	n := 0
	for i := 0; i < len(dots); i += 3 {
		if dots[i] > 180 && dots[i+1] < 90 && dots[i+2] < 90 {
			n++
		}
	}
	return n
}

// Long names, addresses and one-row tables all find their place: nothing is
// set beyond the frame.
func TestRenderLongValues(t *testing.T) {
	long := residenceValues()
	long["name"] = strings.Repeat("阿卜杜热合曼·", 3) + "吐尔逊江"
	long["address"] = strings.Repeat("广东省惠州市惠城区桥西街道下角社区滨江路", 4) + "8号2栋301房"
	long["purpose"] = strings.Repeat("办理", 20)
	in := certificate(t, "residence", long)
	in.Seal.Organ = "广东省惠州市惠城区社会保险基金管理局桥西分局办事处窗口"
	path, u := render(t, embeddedOnly(t), in)
	if u.Pages != 1 {
		t.Errorf("%d pages", u.Pages)
	}
	text := squeeze(tool(t, "pdftotext", path, "-"))
	for _, want := range []string{in.Values.String("address"), in.Values.String("name"), in.Seal.Organ} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	insideFrame(t, path)
}

// Two hundred rows, one of them taller than a page: all of it is there, in
// order, on as many pages as it takes, and the last has the seal.
func TestRenderManyPages(t *testing.T) {
	yaml := strings.NewReplacer("max: 2,", "max: 200,", "{key: d, type: date,", "{key: d, type: text, max: 4000,").Replace(smallTemplate)
	tpl, err := Load("long.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	tall := strings.Repeat("一二三四五六七八九十", 400)
	rows := []any{map[string]any{"d": tall}}
	for i := range 199 {
		rows = append(rows, map[string]any{"d": "第" + itoa(i) + "项"})
	}
	in := certificate(t, "residence", residenceValues())
	in.Template = tpl
	in.Values = yinzheng.Values{"n": "甲", "l": rows}
	path, u := render(t, embeddedOnly(t), in)
	text := squeeze(tool(t, "pdftotext", "-layout", path, "-"))
	if got := strings.Count(text, "七"); got != 400 {
		t.Errorf("%d of the tall row's 400 repetitions", got)
	}
	at := 0
	for i := range 199 {
		next := strings.Index(text[at:], "第"+itoa(i)+"项")
		if next < 0 {
			t.Fatalf("row %d is missing, or out of order", i)
		}
		at += next
	}
	if want := "第" + itoa(u.Pages) + "页共" + itoa(u.Pages) + "页"; u.Pages < 8 || !strings.Contains(text, want) {
		t.Errorf("%d pages, want the last to say %s", u.Pages, want)
	}
	tool(t, "qpdf", "--check", path)
	insideFrame(t, path)
}

// However many rows, none runs into the foot of its page.
func TestRenderEveryLength(t *testing.T) {
	yaml := strings.NewReplacer("max: 2,", "max: 200,", "{key: d, type: date,", "{key: d, type: text,").Replace(smallTemplate)
	tpl, err := Load("long.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	var rows []any
	for n := 1; n <= 125; n++ {
		rows = append(rows, map[string]any{"d": "第" + itoa(n) + "项"})
		if n < 14 || n%3 > 0 && n > 48 {
			continue
		}
		in := certificate(t, "residence", residenceValues())
		in.Template, in.Values = tpl, yinzheng.Values{"n": "甲", "l": rows}
		path, u := render(t, embeddedOnly(t), in)
		insideFrame(t, path)
		u.Free()
		if t.Failed() {
			t.Fatalf("with %d rows", n)
		}
	}
}

// insideFrame checks every word's box.
func insideFrame(t *testing.T, path string) {
	t.Helper()
	boxes := regexp.MustCompile(`<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*)</word>`)
	for _, m := range boxes.FindAllStringSubmatch(tool(t, "pdftotext", "-bbox", path, "-"), -1) {
		x0, y0, x1, y1 := parse(t, m[1]), parse(t, m[2]), parse(t, m[3]), parse(t, m[4])
		if x0 < bodyLeft-4 || x1 > bodyRight+textSize/2+1 || y0 < 20*mm || y1 > pageHeight-15*mm {
			t.Errorf("%s stands at %v, %v to %v, %v", m[5], x0, y0, x1, y1)
		}
	}
}

func TestRenderSameBytes(t *testing.T) {
	in := certificate(t, "family-relation", familyValues(5))
	_, u := render(t, embeddedOnly(t), in)
	first := bytes.Clone(u.PDF)
	u.Free()
	other, err := embeddedOnly(t).Render(certificate(t, "residence", residenceValues()))
	if err != nil {
		t.Fatal(err)
	}
	other.Free()
	_, again := render(t, embeddedOnly(t), in)
	if !bytes.Equal(first, again.PDF) {
		t.Error("the same sheet gave different bytes")
	}
}

// Many at once give what one at a time does, while templates are published.
func TestRenderConcurrently(t *testing.T) {
	ts := embeddedOnly(t)
	sheets := certificates(t)
	want := map[string][]byte{}
	for name, in := range sheets {
		_, u := render(t, ts, in)
		want[name] = bytes.Clone(u.PDF)
	}
	var wg sync.WaitGroup
	for range 4 {
		for name, in := range sheets {
			wg.Go(func() {
				if err := ts.Publish(in.Template); err != nil {
					t.Error(err)
				}
				u, err := ts.Render(in)
				if err != nil {
					t.Error(err)
					return
				}
				if !bytes.Equal(u.PDF, want[name]) {
					t.Errorf("%s came out different", name)
				}
				u.Free()
			})
		}
	}
	wg.Wait()
}

// A character that no face holds is an error with field, character and code
// point for each, never a box; with a face that holds it, it is text.
func TestRenderMissing(t *testing.T) {
	values := residenceValues()
	values["name"], values["address"] = "𠮷田", "惠城区\U0002A6D6\U00020BB8路"
	in := certificate(t, "residence", values)
	_, err := embeddedOnly(t).Render(in)
	var e *yinzheng.Error
	if !errors.As(err, &e) || !errors.Is(err, yinzheng.ErrInvalid) {
		t.Fatalf("%v", err)
	}
	var got []string
	for _, f := range e.Fields {
		got = append(got, f.Field+" "+f.Code)
	}
	if strings.Join(got, ", ") != "values.name missing-glyph, values.address missing-glyph, values.address missing-glyph" {
		t.Errorf("%v", got)
	}
	if text := e.Fields[0].Text; !strings.Contains(text.ZH, "“𠮷”（U+20BB7）") || !strings.Contains(text.EN, "U+20BB7") {
		t.Error(text)
	}
	if got := embeddedOnly(t).Missing("王𠮷𠮷一"); string(got) != "𠮷" {
		t.Errorf("Missing: %q", got)
	}
}

// A face put into the folder is used after Reload, without a new Typesetter.
func TestReload(t *testing.T) {
	dir := t.TempDir()
	ts, err := New(Options{FontsDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	values := residenceValues()
	values["name"] = "𠮷田䶮"
	in := certificate(t, "residence", values)
	if _, err := ts.Render(in); !errors.Is(err, yinzheng.ErrInvalid) {
		t.Fatalf("without the face: %v", err)
	}
	face, err := os.ReadFile("/usr/share/fonts/truetype/hanazono/HanaMinB.ttf")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "HanaMinB.ttf"), face, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := ts.Reload(); err != nil {
		t.Fatal(err)
	}
	path, _ := render(t, ts, in)
	if text := tool(t, "pdftotext", path, "-"); !strings.Contains(text, "𠮷田䶮") {
		t.Errorf("no name in\n%s", text)
	}
	if fonts := tool(t, "pdffonts", path); !strings.Contains(fonts, "HanaMinB") {
		t.Error(fonts)
	}
	if err := os.WriteFile(filepath.Join(dir, "broken.ttf"), []byte("no face"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := ts.Reload(); err == nil || !strings.Contains(err.Error(), "broken.ttf") {
		t.Errorf("a broken face: %v", err)
	}
	if _, err := ts.Render(in); err != nil {
		t.Errorf("after a failed Reload: %v", err)
	}
}

// The budgets of a certificate: 45 KB, and next to nothing allocated.
func TestRenderBudget(t *testing.T) {
	ts := embeddedOnly(t)
	in := certificate(t, "residence", residenceValues())
	_, u := render(t, ts, in)
	if len(u.PDF) > 45<<10 {
		t.Errorf("%d bytes", len(u.PDF))
	}
	u.Free()
	if n := testing.AllocsPerRun(200, func() {
		u, err := ts.Render(in)
		if err != nil {
			t.Fatal(err)
		}
		u.Free()
	}); n > 60 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkRender(b *testing.B) {
	for name, in := range certificates(b) {
		b.Run(name, func(b *testing.B) {
			ts := embeddedOnly(b)
			b.ReportAllocs()
			size := 0
			for b.Loop() {
				u, err := ts.Render(in)
				if err != nil {
					b.Fatal(err)
				}
				size = len(u.PDF)
				u.Free()
			}
			b.ReportMetric(float64(size), "bytes/PDF")
		})
	}
}
