package font

import (
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

const (
	notoPath    = "../../templates/fonts/NotoSerifSC-Regular.ttf"
	hanaAPath   = "/usr/share/fonts/truetype/hanazono/HanaMinA.ttf"
	hanaBPath   = "/usr/share/fonts/truetype/hanazono/HanaMinB.ttf"
	wenKaiPath  = "/usr/share/fonts/truetype/lxgw-wenkai/LXGWWenKai-Regular.ttf"
	dejaVuPath  = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf" // has composite glyphs and instructions
	packageHint = "install the Debian packages fonts-hanazono, fonts-lxgw-wenkai and fonts-dejavu-core"
)

var allPaths = []string{notoPath, hanaAPath, hanaBPath, wenKaiPath, dejaVuPath}

var faces sync.Map // path to *Face

// face parses a real face once for all tests.
func face(t testing.TB, path string) *Face {
	t.Helper()
	if f, ok := faces.Load(path); ok {
		return f.(*Face)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (%s)", err, packageHint)
	}
	f, err := Parse(data)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	faces.Store(path, f)
	return f
}

// usual are characters of a certificate, each once.
const usual = "居住证明兹有惠州市城区桥东街道湖社民张伟身份号码自年月日起在此特出具仅供办理子女入学使用经核实情况属签发单位电话二维扫描验真0123456789X，。：（）"

func glyphsOf(t testing.TB, f *Face, text string) []uint16 {
	t.Helper()
	var gids []uint16
	for _, r := range text {
		g, ok := f.Glyph(r)
		if !ok {
			t.Fatalf("%s has no %q", f.Name(), r)
		}
		gids = append(gids, g)
	}
	return gids
}

// assemble makes a font file of tables, without regard to checksums.
func assemble(tables map[string][]byte) []byte {
	tags := slices.Sorted(maps.Keys(tables))
	out := make([]byte, 12+16*len(tags))
	copy(out, "\x00\x01\x00\x00")
	binary.BigEndian.PutUint16(out[4:], uint16(len(tags)))
	for i, tag := range tags {
		entry := out[12+16*i:]
		copy(entry, tag)
		binary.BigEndian.PutUint32(entry[8:], uint32(len(out)))
		binary.BigEndian.PutUint32(entry[12:], uint32(len(tables[tag])))
		out = append(out, tables[tag]...)
	}
	return out
}

// split takes a font file apart.
func split(t testing.TB, file []byte) map[string][]byte {
	t.Helper()
	tables := map[string][]byte{}
	for i := range int(u16(file, 4)) {
		entry := file[12+16*i:]
		tables[string(entry[:4])] = file[u32(entry, 8):][:u32(entry, 12)]
	}
	return tables
}

// cmap12 maps the characters from first on to glyphs 1 to n.
func cmap12(first rune, n int) []byte {
	var b []byte
	for _, v := range []uint16{0, 1, 3, 10} {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	b = binary.BigEndian.AppendUint32(b, 12)
	b = binary.BigEndian.AppendUint16(b, 12)
	b = binary.BigEndian.AppendUint16(b, 0)
	for _, v := range []uint32{28, 0, 1, uint32(first), uint32(first) + uint32(n) - 1, 1} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

// reparse parses a subset, which has no character map, with one that maps A and so on to glyphs 1 and so on.
func reparse(t testing.TB, subset []byte, n int) *Face {
	t.Helper()
	tables := split(t, subset)
	tables["cmap"] = cmap12('A', n)
	f, err := Parse(assemble(tables))
	if err != nil {
		t.Fatalf("the subset does not parse: %v", err)
	}
	return f
}

// small is a face of few glyphs, some composite, for tests that damage it.
func small(t testing.TB) map[string][]byte {
	t.Helper()
	f := face(t, dejaVuPath)
	gids := glyphsOf(t, f, "Aé½ñ")
	tables := split(t, f.AppendSubset(nil, gids))
	tables["cmap"] = cmap12('A', len(gids))
	return tables
}

// strokes records an outline.
type strokes []string

func (s *strokes) MoveTo(x, y float64) { *s = append(*s, fmt.Sprintf("M%.2f,%.2f", x, y)) }
func (s *strokes) LineTo(x, y float64) { *s = append(*s, fmt.Sprintf("L%.2f,%.2f", x, y)) }
func (s *strokes) QuadTo(cx, cy, x, y float64) {
	*s = append(*s, fmt.Sprintf("Q%.2f,%.2f,%.2f,%.2f", cx, cy, x, y))
}
func (s *strokes) Close() { *s = append(*s, "Z") }

func outline(t testing.TB, f *Face, gid uint16) strokes {
	t.Helper()
	var s strokes
	if err := f.Outline(gid, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func write(t testing.TB, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
