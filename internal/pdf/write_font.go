package pdf

// Font is a subset of a TrueType face, embedded as a composite font whose
// character codes are its CIDs and its glyph numbers (§9.7; Identity-H).
type Font struct {
	Name        string // PostScript name with its subset tag, such as ABCDEF+NotoSerifSC-Regular
	Ascent      int    // this and the next five in 1/1000 em
	Descent     int
	CapHeight   int
	StemV       int
	BBox        [4]int
	Widths      []uint16 // of CID i+1
	ItalicAngle float64
	Flags       uint32
	Chars       []rune // of CID i+1, for ToUnicode
}

// FontObjects is the number of objects that Font writes.
const FontObjects = 5

// Font writes f as objects n (the one that a resource dictionary names) to
// n+FontObjects-1. Program appends the TrueType file as a zlib stream and
// tells its length before compression.
func (w *Writer) Font(n int, f *Font, program func(dst []byte) (out []byte, raw int)) {
	w.Pack(n).Raw("<</Type/Font/Subtype/Type0/Encoding/Identity-H/BaseFont/").Raw(f.Name)
	w.Raw("/DescendantFonts[").Int(n + 1).Raw(" 0 R]/ToUnicode").Link(n + 4).Raw(">>").Close()

	w.Pack(n + 1).Raw("<</Type/Font/Subtype/CIDFontType2/CIDToGIDMap/Identity/BaseFont/").Raw(f.Name)
	w.Raw("/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor").Link(n + 2)
	w.Raw("/DW 1000/W[").widths(f.Widths).Raw("]>>").Close()

	w.Pack(n + 2).Raw("<</Type/FontDescriptor/FontName/").Raw(f.Name).Raw("/Flags ").Int(int(f.Flags))
	w.Raw("/FontBBox[").Int(f.BBox[0]).Raw(" ").Int(f.BBox[1]).Raw(" ").Int(f.BBox[2]).Raw(" ").Int(f.BBox[3])
	w.Raw("]/ItalicAngle ").Real(f.ItalicAngle).Raw("/Ascent ").Int(f.Ascent).Raw("/Descent ").Int(f.Descent)
	w.Raw("/CapHeight ").Int(f.CapHeight).Raw("/StemV ").Int(f.StemV).Raw("/FontFile2").Link(n + 3).Raw(">>").Close()

	w.Open(n + 3).Raw("<</Filter/FlateDecode/Length1 ")
	raw := len(w.buf)
	w.Raw("        /Length ")
	length := len(w.buf)
	w.Raw("        >>stream\n")
	start := len(w.buf)
	out, rawLen := program(w.buf)
	w.buf = out
	patchInt(w.buf[raw:], rawLen)
	patchInt(w.buf[length:], len(w.buf)-start)
	w.Raw("\nendstream").Close()

	w.toUnicode(n+4, f.Chars)
}

// widths lists what differs from the default of 1000, in runs of neighbours.
func (w *Writer) widths(ws []uint16) *Writer {
	for i := 0; i < len(ws); i++ {
		if ws[i] == 1000 {
			continue
		}
		w.Int(i + 1).Raw("[")
		for ; i < len(ws) && ws[i] != 1000; i++ {
			w.Int(int(ws[i])).Raw(" ")
		}
		w.Raw("]")
	}
	return w
}

const (
	cmapHead = "/CIDInit/ProcSet findresource begin 12 dict begin begincmap" +
		"/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def" +
		"/CMapName/Adobe-Identity-UCS def/CMapType 2 def\n" +
		"1 begincodespacerange<0000><FFFF>endcodespacerange\n"
	cmapTail = "endcmap CMapName currentdict/CMap defineresource pop end end"

	// cmapBlock is the most codes that one range takes here; a range stays
	// within one value of the code's high byte (Adobe Technical Note 5014).
	cmapBlock = 128
)

// toUnicode writes object n as the CMap from CIDs to text, UTF-16 with
// surrogate pairs (§9.10.3).
func (w *Writer) toUnicode(n int, chars []rune) {
	w.Open(n).Raw("<</Filter/FlateDecode/Length ")
	b := append(w.scratch[:0], cmapHead...)
	for i := 0; i < len(chars); {
		first := i + 1
		last := min(first|(cmapBlock-1), len(chars))
		b = append(b, "1 beginbfrange<"...)
		b = AppendHex16(b, uint16(first))
		b = append(b, "><"...)
		b = AppendHex16(b, uint16(last))
		b = append(b, ">["...)
		for ; i < last; i++ {
			b = append(b, '<')
			b = AppendRune16(b, chars[i])
			b = append(b, '>')
		}
		b = append(b, "]endbfrange\n"...)
	}
	w.scratch = append(b, cmapTail...)
	w.Compressed(w.scratch)
}
