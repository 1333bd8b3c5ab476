package font

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// texts are what the faces are cut to; some characters are asked for twice, as when two characters share a glyph.
var texts = map[string]string{
	notoPath:   usual + "䶮𬱖𫖯张张",
	wenKaiPath: usual + "𠮷é½张",
	hanaAPath:  "䶮㛃犇喆璟昇㙍张张",
	hanaBPath:  "𠮷𬱖𫖯𠮷",
	dejaVuPath: "Yínzhèng ½ ﬃ ǖ Ǖ é é 0123",
}

// AppendSubset makes the file that AppendZlib compresses, table by table, without keeping or joining anything.
func (f *Face) AppendSubset(dst []byte, gids []uint16) []byte {
	l := f.newLayout(nil, gids, nil, nil)
	start, frontSize := len(dst), l.frontSize()
	dst = append(dst, make([]byte, frontSize)...)
	for i := range l.glyphs {
		dst = l.appendGlyph(dst, i)
	}
	for (len(dst)-start)%4 != 0 {
		dst = append(dst, 0)
	}
	l.writeFront(dst[start:start+frontSize], checksum(dst[start+frontSize:]))
	return dst
}

func TestSubsetKeepsOutlinesAndWidths(t *testing.T) {
	for _, path := range allPaths {
		f := face(t, path)
		gids := glyphsOf(t, f, texts[path])
		cut := reparse(t, f.AppendSubset(nil, gids), len(gids))
		for i, gid := range append([]uint16{0}, gids...) {
			if diff := cmp.Diff(outline(t, f, gid), outline(t, cut, uint16(i))); diff != "" {
				t.Errorf("%s: glyph %d, CID %d is drawn otherwise: %s", f.Name(), gid, i, diff)
			}
			if a, b := f.Advance(gid), cut.Advance(uint16(i)); a != b {
				t.Errorf("%s: glyph %d, CID %d advances %d, not %d", f.Name(), gid, i, b, a)
			}
			_, a := f.hMetric(gid)
			_, b := cut.hMetric(uint16(i))
			if a != b {
				t.Errorf("%s: glyph %d, CID %d has bearing %d, not %d", f.Name(), gid, i, b, a)
			}
		}
	}
}

// checkFile checks what holds for every font file: sorted directory, tables inside and on words, checksums, sum of the whole (OpenType, "Organization of an OpenType font").
func checkFile(t testing.TB, file []byte) {
	t.Helper()
	sum := func(b []byte) (s uint32) {
		b = append(bytes.Clone(b), make([]byte, (4-len(b)%4)%4)...)
		for i := 0; i < len(b); i += 4 {
			s += binary.BigEndian.Uint32(b[i:])
		}
		return s
	}
	before := ""
	for i := range int(u16(file, 4)) {
		entry := file[12+16*i:][:16]
		tag, want, off, size := string(entry[:4]), u32(entry, 4), u32(entry, 8), u32(entry, 12)
		if tag <= before || off%4 != 0 || int(off+size) > len(file) {
			t.Fatalf("table %q after %q at %d, %d bytes, in a file of %d", tag, before, off, size, len(file))
		}
		before = tag
		table := bytes.Clone(file[off:][:size])
		if tag == "head" {
			clear(table[8:12])
		}
		if got := sum(table); got != want {
			t.Errorf("table %q sums to %08x, not %08x", tag, got, want)
		}
	}
	if got := sum(file); got != 0xB1B0AFBA {
		t.Errorf("the file sums to %08x", got)
	}
}

func TestSubsetIsASoundFile(t *testing.T) {
	for _, path := range allPaths {
		f := face(t, path)
		gids := glyphsOf(t, f, texts[path])
		for n := range len(gids) {
			checkFile(t, f.AppendSubset(nil, gids[:n]))
		}
	}
	// Enough glyphs for the long form of "loca".
	f := face(t, notoPath)
	gids := make([]uint16, 1000)
	for i := range gids {
		gids[i] = uint16(5000 + i)
	}
	file := f.AppendSubset(nil, gids)
	checkFile(t, file)
	cut := reparse(t, file, len(gids))
	if !cut.longLoca {
		t.Error("loca is short")
	}
	if diff := cmp.Diff(outline(t, f, 5999), outline(t, cut, 1000)); diff != "" {
		t.Errorf("the last glyph is drawn otherwise: %s", diff)
	}
}

func TestSubsetRenumbersComponents(t *testing.T) {
	f := face(t, dejaVuPath)
	gids := glyphsOf(t, f, "éě") // they share the e
	parts := map[uint16]bool{}
	for _, g := range gids {
		if !isComposite(f.glyphData(g)) {
			t.Fatalf("glyph %d is not composite", g)
		}
		for c := range components(f.glyphData(g)) {
			parts[c.gid] = true
		}
	}
	cut := reparse(t, f.AppendSubset(nil, gids), len(gids))
	if want := 1 + len(gids) + len(parts); cut.NumGlyphs() != want {
		t.Errorf("%d glyphs, not %d", cut.NumGlyphs(), want)
	}
	e, _ := f.Glyph('e')
	both := reparse(t, f.AppendSubset(nil, append(gids, e)), len(gids)+1)
	if both.NumGlyphs() != cut.NumGlyphs() {
		t.Error("a component asked for by itself is there twice")
	}
}

func TestSubsetAppendsTheSameBytes(t *testing.T) {
	f := face(t, notoPath)
	gids := glyphsOf(t, f, usual)
	once := f.AppendSubset(nil, gids)
	if again := f.AppendSubset([]byte("kept"), gids); !bytes.Equal(again, append([]byte("kept"), once...)) {
		t.Error("appended to something, the subset is another")
	}
	if junk := bytes.Repeat([]byte{0xFF}, 1<<16); !bytes.Equal(f.AppendSubset(junk[:0], gids), once) {
		t.Error("what was in the buffer shows in the subset")
	}
	if out := f.AppendSubset(nil, []uint16{0xFFFF}); reparse(t, out, 1).Advance(1) != 0 {
		t.Error("a glyph that is not there is not blank")
	}
}

func inflate(t testing.TB, stream []byte) []byte {
	t.Helper()
	r, err := zlib.NewReader(bytes.NewReader(stream))
	if err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return rest
}

// checkZlib checks that the compressed subset is the plain one, compressed, however many of its glyphs come first in every file.
func checkZlib(t testing.TB, f *Face, gids []uint16) {
	t.Helper()
	want := f.AppendSubset(nil, gids)
	for _, first := range []int{0, min(1, len(gids)), len(gids) / 2, len(gids)} {
		stream, size := f.NewSubset(gids[:first]).AppendZlib(nil, gids[first:])
		if got := inflate(t, stream); !bytes.Equal(got, want) || size != len(want) {
			t.Fatalf("%s, glyphs %v, %d of them first: %d bytes inflated and %d told differ from the plain subset's %d", f.Name(), gids, first, len(got), size, len(want))
		}
	}
}

func TestSubsetZlibInflatesToSubset(t *testing.T) {
	for _, path := range allPaths {
		f := face(t, path)
		checkZlib(t, f, nil)
		checkZlib(t, f, glyphsOf(t, f, texts[path]))
		fixed := f.NewSubset(glyphsOf(t, f, texts[path]))
		rapid.Check(t, func(rt *rapid.T) {
			gids := rapid.SliceOfN(rapid.Uint16(), 0, 300).Draw(rt, "gids")
			stream, _ := fixed.AppendZlib(nil, gids)
			if !bytes.Equal(inflate(t, stream), f.AppendSubset(nil, append(slices.Clone(fixed.first), gids...))) {
				rt.Fatalf("%s: what is inflated differs from the plain subset", f.Name())
			}
		})
	}
}

// A glyph that has come to stand farther from the first ones than deflate's window reaches must do without them.
func TestSubsetZlibPastTheWindow(t *testing.T) {
	f := face(t, notoPath)
	gids := glyphsOf(t, f, usual)
	for size := 0; size < 3*window; size = len(f.AppendSubset(nil, gids)) {
		for range 20 {
			gids = append(gids, uint16(9000+13*len(gids)))
		}
	}
	cut := f.NewSubset(gids[:40])
	for n := 40; n < len(gids); n += 7 { // the last ones near, at the edge and beyond
		stream, _ := cut.AppendZlib(nil, append(slices.Clone(gids[n:]), gids[40:n]...))
		want := f.AppendSubset(nil, slices.Concat(gids[:40], gids[n:], gids[40:n]))
		if !bytes.Equal(inflate(t, stream), want) {
			t.Fatalf("turned by %d, what is inflated differs from the plain subset", n)
		}
	}
}

// The bytes must not depend on what other subsets left in the cache, or on who else is at it.
func TestSubsetZlibDoesNotDependOnTheCache(t *testing.T) {
	warm := face(t, notoPath)
	gids := glyphsOf(t, warm, usual)
	data, err := os.ReadFile(notoPath)
	if err != nil {
		t.Fatal(err)
	}
	fresh := func() *Face {
		f, err := Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	first, rest := gids[:20], gids[20:]
	want, _ := fresh().NewSubset(first).AppendZlib(nil, rest)
	shared := fresh()
	subset := shared.NewSubset(first)
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			for n := range 25 {
				others := slices.Clone(rest)
				for k := range others { // glyphs that share their places in the cache among them
					others[k] = uint16((int(others[k]) + (i*25+n)*mostPieces/4) % shared.numGlyphs)
				}
				subset.AppendZlib(nil, others)
				shared.NewSubset(nil).AppendZlib(nil, rest[:5])
				if got, _ := subset.AppendZlib(nil, rest); !bytes.Equal(got, want) {
					t.Error("the bytes changed")
					return
				}
			}
		})
	}
	group.Wait()
	if got, _ := subset.AppendZlib([]byte("kept"), rest); !bytes.Equal(got, append([]byte("kept"), want...)) {
		t.Error("appended to something, the stream is another")
	}
}

// A file must be compressed as well as a general compressor does it, slowly, though most of it is only put together: within 3% of zlib's level 9 when half of
// the glyphs come first in every file.
func TestSubsetZlibSize(t *testing.T) {
	f := face(t, notoPath)
	gids := glyphsOf(t, f, usual)
	stream, _ := f.NewSubset(gids[:len(gids)/2]).AppendZlib(nil, gids[len(gids)/2:])
	var b bytes.Buffer
	w, err := zlib.NewWriterLevel(&b, zlib.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(f.AppendSubset(nil, gids))
	w.Close()
	if len(stream) > b.Len()*103/100 {
		t.Errorf("%d bytes; zlib makes %d", len(stream), b.Len())
	}
	t.Logf("%d bytes, %d by zlib", len(stream), b.Len())
}

func TestSubsetAllocates(t *testing.T) {
	f := face(t, notoPath)
	gids := glyphsOf(t, f, usual)
	dst := make([]byte, 0, 1<<17)
	subset := f.NewSubset(gids[:20])
	if n := testing.AllocsPerRun(20, func() { subset.AppendZlib(dst, gids[20:]) }); n > 0 {
		t.Errorf("AppendZlib allocates %v times", n)
	}
}

func TestTag(t *testing.T) {
	seen := map[string]bool{}
	for i := range 1000 {
		tag := Tag(binary.BigEndian.AppendUint16(nil, uint16(i)))
		if len(tag) != 6 || bytes.ContainsFunc([]byte(tag), func(r rune) bool { return r < 'A' || r > 'Z' }) {
			t.Fatalf("tag %q", tag)
		}
		seen[tag] = true
	}
	if len(seen) < 999 {
		t.Errorf("only %d tags of 1000 seeds", len(seen))
	}
	if got := Tag([]byte("Yinzheng")); got != "JNQRKP" {
		t.Errorf("the tag of a seed changed to %s", got)
	}
}

func BenchmarkParse(b *testing.B) {
	data, err := os.ReadFile(notoPath)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGlyph(b *testing.B) {
	f := face(b, notoPath)
	for b.Loop() {
		f.Glyph('验')
	}
}

func BenchmarkSubset(b *testing.B) {
	f := face(b, notoPath)
	gids := glyphsOf(b, f, usual)
	first, more := gids[:len(gids)/2], gids[len(gids)/2:]
	b.Run("first file", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			f.NewSubset(first).AppendZlib(nil, more)
		}
	})
	b.Run("another file", func(b *testing.B) {
		subset := f.NewSubset(first)
		dst := make([]byte, 0, 1<<17)
		b.ReportAllocs()
		for b.Loop() {
			subset.AppendZlib(dst, more)
		}
	})
}
