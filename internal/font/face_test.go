package font

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
)

func TestParseReadsTheDescriptor(t *testing.T) {
	f := face(t, notoPath)
	if f.Name() != "NotoSerifSC-Regular" || f.NumGlyphs() != 30920 {
		t.Errorf("name %q, %d glyphs", f.Name(), f.NumGlyphs())
	}
	if f.Ascent() != 880 || f.Descent() != -120 || f.CapHeight() != 729 || f.BBox() != [4]int{-997, -1049, 2929, 1809} {
		t.Errorf("ascent %d, descent %d, capital height %d, box %v", f.Ascent(), f.Descent(), f.CapHeight(), f.BBox())
	}
	if f.ItalicAngle() != 0 || f.StemV() < 60 || f.StemV() > 120 || f.Flags() != flagSymbolic|flagSerif {
		t.Errorf("italic angle %v, stem %d, flags %b", f.ItalicAngle(), f.StemV(), f.Flags())
	}
	for r, want := range map[rune]int{'居': 1000, '，': 1000, 'A': 718, '1': 471} {
		if g, ok := f.Glyph(r); !ok || f.Advance(g) != want {
			t.Errorf("advance of %q is %d, not %d", r, f.Advance(g), want)
		}
	}
	if f.Advance(30920) != 0 {
		t.Error("a glyph that is not there has an advance")
	}
}

func TestAdvanceIsRoundedToTheNearest(t *testing.T) {
	f := face(t, dejaVuPath) // 2048 units per em
	g, _ := f.Glyph('A')
	units, _ := f.hMetric(g)
	if want := int(float64(units)*1000/2048 + 0.5); f.Advance(g) != want {
		t.Errorf("%d units are %d, not %d", units, f.Advance(g), want)
	}
	for v, want := range map[int]int{0: 0, 1: 0, 2: 1, -1: 0, -2: -1, -2048: -1000, -2049: -1000, 2047: 1000} {
		if got := f.perMille(v); got != want {
			t.Errorf("%d units are %d, not %d", v, got, want)
		}
	}
}

// Which of the names' rare characters the faces hold.
func TestGlyphOfRareNames(t *testing.T) {
	noto, hanaA, hanaB, wenKai := face(t, notoPath), face(t, hanaAPath), face(t, hanaBPath), face(t, wenKaiPath)
	for _, c := range []struct {
		r                          rune
		noto, wenKai, hanaA, hanaB bool
	}{
		{'𠮷', false, true, true, true},
		{'䶮', true, true, true, false},
		{'㛃', true, true, true, false},
		{'𬱖', true, true, true, true},
		{'犇', true, true, true, false},
		{'喆', true, true, true, false},
		{'璟', true, true, true, false},
		{'昇', true, true, true, false},
		{'㙍', true, true, true, false},
		{'𫖯', true, true, true, true},
	} {
		for _, h := range []struct {
			f    *Face
			want bool
		}{{noto, c.noto}, {wenKai, c.wenKai}, {hanaA, c.hanaA}, {hanaB, c.hanaB}} {
			g, ok := h.f.Glyph(c.r)
			if ok != h.want {
				t.Errorf("%s holds %c (U+%04X): %v, not %v", h.f.Name(), c.r, c.r, ok, h.want)
			}
			if ok && len(outline(t, h.f, g)) < 8 {
				t.Errorf("%s draws hardly anything for %c", h.f.Name(), c.r)
			}
		}
		if _, _, ok := (Chain{noto, hanaA, hanaB}).Find(c.r); !ok {
			t.Errorf("no face of the chain holds %c", c.r)
		}
	}
	for _, r := range []rune{-1, 0x110000, 0x10FFFF, 0xFFFFF} {
		if _, ok := noto.Glyph(r); ok {
			t.Errorf("there is a glyph for U+%X", r)
		}
	}
}

// Real faces have the basic plane in both formats: they must agree.
func TestCharacterMapFormatsAgree(t *testing.T) {
	for _, path := range allPaths {
		f := face(t, path)
		table := f.tables[tabCmap]
		found := false
		for i := range int(u16(table, 2)) {
			sub := table[u32(table, 4+8*i+4):]
			if u16(sub, 0) != 4 {
				continue
			}
			m, err := parseSubtable(sub, 4)
			if err != nil {
				t.Fatal(err)
			}
			found = true
			for r := range uint32(0xFFFF) {
				if a, b := m.glyph(r), f.cmap.glyph(r); a != b {
					t.Fatalf("%s: U+%04X is glyph %d in format 4, %d in format 12", f.Name(), r, a, b)
				}
			}
			if m.glyph(0x10041) != 0 {
				t.Error("format 4 has a glyph beyond U+FFFF")
			}
		}
		if !found {
			t.Errorf("%s has no format 4", f.Name())
		}
	}
}

func TestParseRefuses(t *testing.T) {
	change := func(tag string, edit func(b []byte) []byte) []byte {
		tables := small(t)
		tables[tag] = edit(bytes.Clone(tables[tag]))
		return assemble(tables)
	}
	without := func(tag string) []byte {
		tables := small(t)
		delete(tables, tag)
		return assemble(tables)
	}
	put16 := func(at int, v uint16) func([]byte) []byte {
		return func(b []byte) []byte { binary.BigEndian.PutUint16(b[at:], v); return b }
	}
	cut := func(n int) func([]byte) []byte { return func(b []byte) []byte { return b[:n] } }
	whole := assemble(small(t))
	for _, c := range []struct {
		name string
		data []byte
		want error
		says string
	}{
		{"empty", nil, ErrNotTrueType, "0 bytes"},
		{"text", []byte("this is no font at all"), ErrNotTrueType, "begins with"},
		{"CFF", []byte("OTTO\x00\x0c\x00\x80\x00\x03\x00\x40"), ErrNotTrueType, "CFF"},
		{"collection", []byte("ttcf\x00\x02\x00\x00\x00\x00\x00\x0a"), ErrNotTrueType, "collection"},
		{"web font", []byte("wOF2\x00\x01\x00\x00\x00\x00\x00\x0a"), ErrNotTrueType, "WOFF"},
		{"no directory", whole[:40], ErrBroken, "directory"},
		{"cut off", whole[:len(whole)-1], ErrBroken, "outside the file"},
		{"no glyf", without("glyf"), ErrNotTrueType, `"glyf"`},
		{"no cmap", without("cmap"), ErrNotTrueType, `"cmap"`},
		{"short head", change("head", cut(53)), ErrBroken, `"head"`},
		{"short hhea", change("hhea", cut(35)), ErrBroken, `"hhea"`},
		{"short maxp", change("maxp", cut(31)), ErrBroken, `"maxp"`},
		{"no em", change("head", put16(18, 0)), ErrBroken, "units per em"},
		{"no glyphs", change("maxp", put16(4, 0)), ErrBroken, "no glyphs"},
		{"too many glyphs", change("maxp", put16(4, 0xFFFF)), ErrBroken, `"loca"`},
		{"no widths", change("hhea", put16(34, 0)), ErrBroken, "advance widths"},
		{"too many widths", change("hhea", put16(34, 999)), ErrBroken, "advance widths"},
		{"short hmtx", change("hmtx", cut(4)), ErrBroken, `"hmtx"`},
		{"glyph outside", change("loca", put16(4, 0xFFFF)), ErrBroken, "outside"},
		{"glyphs backwards", change("loca", put16(2, 0x0FFF)), ErrBroken, "outside"},
		{"short cmap", change("cmap", cut(3)), ErrBroken, `"cmap"`},
		{"cut cmap records", change("cmap", cut(9)), ErrBroken, `"cmap"`},
		{"cut groups", change("cmap", cut(30)), ErrBroken, "format 12"},
		{"no Unicode map", change("cmap", put16(4, 1)), ErrNotTrueType, "Unicode"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse(c.data)
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error is %v, not %v saying %q", err, c.want, c.says)
			}
		})
	}
	if _, err := Parse(whole); err != nil {
		t.Errorf("the whole one: %v", err)
	}
}

func TestEmbeddable(t *testing.T) {
	for fsType, ok := range map[uint16]bool{0: true, 2: false, 4: true, 8: true, 6: true, 0x100: false, 0x200: false, 0x104: false} {
		err := (&Face{fsType: fsType}).Embeddable()
		if (err == nil) != ok || err != nil && !errors.Is(err, ErrRestricted) {
			t.Errorf("fsType %#x: %v", fsType, err)
		}
	}
}

func TestLoadDir(t *testing.T) {
	dir := t.TempDir()
	if chain, err := LoadDir(dir); err != nil || len(chain) != 0 {
		t.Errorf("empty folder: %d faces, %v", len(chain), err)
	}
	named := func(name string) []byte {
		tables := small(t)
		table := []byte{0, 0, 0, 1, 0, 18, 0, 1, 0, 0, 0, 0, 0, 6, 0, byte(len(name)), 0, 0}
		tables["name"] = append(table, name...)
		return assemble(tables)
	}
	write(t, dir, "b.ttf", named("Second /(Face)#"))
	write(t, dir, "a.TTF", named("First"))
	write(t, dir, "notes.txt", []byte("no font"))
	chain, err := LoadDir(dir)
	if err != nil || len(chain) != 2 || chain[0].Name() != "First" || chain[1].Name() != "SecondFace" {
		t.Fatalf("%d faces, %v", len(chain), err)
	}

	bad := write(t, dir, "c.ttf", []byte("ttcf........"))
	if _, err := LoadDir(dir); !errors.Is(err, ErrNotTrueType) || !strings.Contains(err.Error(), bad) {
		t.Errorf("a collection: %v", err)
	}
	tables := small(t)
	tables["OS/2"] = make([]byte, 78)
	tables["OS/2"][9] = 2
	write(t, dir, "c.ttf", assemble(tables))
	if _, err := LoadDir(dir); !errors.Is(err, ErrRestricted) || !strings.Contains(err.Error(), bad) {
		t.Errorf("a restricted face: %v", err)
	}
	if _, err := LoadDir(dir + "/none"); err == nil {
		t.Error("no error for a folder that is not there")
	}
}

func TestChainPrefersTheFirst(t *testing.T) {
	c := Chain{face(t, notoPath), face(t, wenKaiPath)}
	if i, g, ok := c.Find('张'); i != 0 || g == 0 || !ok {
		t.Errorf("张 is in face %d: %v", i, ok)
	}
	if i, g, ok := c.Find('𠮷'); i != 1 || g == 0 || !ok {
		t.Errorf("𠮷 is in face %d: %v", i, ok)
	}
	if _, _, ok := c.Find('\U000F0000'); ok {
		t.Error("a private character was found")
	}
}

// FuzzParse damages a small face: nothing may panic, whatever is asked of a face that parses.
func FuzzParse(f *testing.F) {
	tables := small(f)
	f.Add(assemble(tables))
	delete(tables, "fpgm")
	delete(tables, "prep")
	delete(tables, "cvt ")
	f.Add(assemble(tables))
	f.Fuzz(func(t *testing.T, data []byte) {
		face, err := Parse(data)
		if err != nil {
			return
		}
		gids := []uint16{0, 0xFFFF}
		for r := 'A'; r < 'H'; r++ {
			if g, ok := face.Glyph(r); ok {
				gids = append(gids, g)
			}
		}
		var s strokes
		for _, g := range gids {
			face.Advance(g)
			s = s[:0]
			_ = face.Outline(g, &s)
		}
		checkZlib(t, face, gids)
		face.OnlyDrawn()
		for r := 'A'; r < 'H'; r++ {
			face.Glyph(r)
		}
	})
}
