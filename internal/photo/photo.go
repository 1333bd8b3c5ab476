// Package photo finds the QR codes in a picture and reads them. It knows nothing
// of what they say.
package photo

import (
	"cmp"
	"context"
	"image"
	"math"
	"slices"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/detector"
)

// Bounds of one look at a picture. Somebody can make a picture of nothing but
// finder patterns, and what is done with them grows by the third power of their
// number.
const (
	mostPatterns = 250 // that are looked for
	fewPatterns  = 40  // that are looked at: those met most often
	mostTriples  = 80  // that are taken for a code and read
	hardTriples  = 6   // of these, that are read with patience
	mostCodes    = 4
)

// Read returns the texts of the QR codes in a picture, each once. It tries one way
// of looking at the picture after another, until a code is found that is wanted;
// other codes that it has met by then come after those that are wanted. The error
// is the context's, if that ends before.
func Read(ctx context.Context, m *image.Gray, wanted func(text string) bool) ([]string, error) {
	return read(ctx, m, wanted, tries)
}

// Glance is Read with only the first few ways of looking, for a picture that another
// of the same follows soon.
func Glance(ctx context.Context, m *image.Gray, wanted func(text string) bool) ([]string, error) {
	return read(ctx, m, wanted, tries[:3])
}

func read(ctx context.Context, m *image.Gray, wanted func(text string) bool, tries []try) ([]string, error) {
	var others []string
	p := &pyramid{whole: m}
	for _, t := range tries {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		look := t.look(p)
		if look == nil {
			continue
		}
		var found []string
		for _, text := range readAll(ctx, look, t.even) {
			switch {
			case wanted(text):
				found = append(found, text)
			case !slices.Contains(others, text):
				others = append(others, text)
			}
		}
		if len(found) > 0 {
			return append(found, others...), nil
		}
	}
	return others, ctx.Err()
}

// readAll reads the codes that are met in one look at a picture. even: the light
// is, so that one threshold does for the whole of it.
func readAll(ctx context.Context, m *image.Gray, even bool) (texts []string) {
	bits := binary(m, even)
	if bits == nil {
		return nil
	}
	var used []*detector.FinderPattern
	for i, t := range triples(patterns(ctx, bits)) {
		if ctx.Err() != nil || len(texts) == mostCodes {
			break
		}
		if slices.ContainsFunc(t.patterns[:], func(p *detector.FinderPattern) bool { return slices.Contains(used, p) }) {
			continue
		}
		if text := readCode(bits, t, i < hardTriples); text != "" {
			used = append(used, t.patterns[:]...)
			if !slices.Contains(texts, text) {
				texts = append(texts, text)
			}
		}
	}
	return texts
}

// binary makes a picture black and white; nil if it is all of one tone.
func binary(m *image.Gray, even bool) *gozxing.BitMatrix {
	binarizer := gozxing.NewHybridBinarizer
	if even {
		binarizer = gozxing.NewGlobalHistgramBinarizer
	}
	bits, err := binarizer(&luminance{gozxing.LuminanceSourceBase{Width: m.Rect.Dx(), Height: m.Rect.Dy()}, m.Pix}).GetBlackMatrix()
	if err != nil {
		return nil
	}
	return bits
}

// readCode reads the code that has its three finder patterns there; "" if there
// is none. harder: even if that takes some milliseconds.
func readCode(bits *gozxing.BitMatrix, t triple, harder bool) (text string) {
	defer func() {
		if recover() != nil { // a reader that is not ours, on a picture that is not ours: there is none
			text = ""
		}
	}()
	a, b, c := gozxing.ResultPoint_OrderBestPatterns(t.patterns[0], t.patterns[1], t.patterns[2])
	at := corners{bits: bits, bottom: a.(*detector.FinderPattern), top: b.(*detector.FinderPattern), right: c.(*detector.FinderPattern)}
	if found, err := detector.NewDetector(bits).ProcessFinderPatternInfo(detector.NewFinderPatternInfo(at.bottom, at.top, at.right)); err == nil {
		if text := decode(found.GetBits()); text != "" || !harder {
			return text
		}
	}
	if harder {
		for _, grid := range at.fit() {
			if text := decode(grid); text != "" {
				return text
			}
		}
	}
	return ""
}

// decode reads the modules of a code.
func decode(modules *gozxing.BitMatrix) string {
	r, err := decoder.NewDecoder().Decode(modules, asUTF8)
	if err != nil {
		return ""
	}
	return r.GetText()
}

// asUTF8: otherwise the reader guesses how bytes are meant.
var asUTF8 = map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_CHARACTER_SET: "UTF-8"}

// patterns finds what looks like the pattern in a code's corner, those first that
// were met most often, until the context ends: whatever looks like one in a row has
// the finder look up and down from there, through all of a high picture if it is dark.
// gozxing's own search ends with the first code.
func patterns(ctx context.Context, bits *gozxing.BitMatrix) []*detector.FinderPattern {
	finder := detector.NewFinderPatternFinder(bits, nil)
	for y := 2; y < bits.GetHeight() && len(finder.GetPossibleCenters()) < mostPatterns && ctx.Err() == nil; y += 3 { // the dark middle is three modules high
		scanRow(finder, bits, y)
	}
	found := slices.Clone(finder.GetPossibleCenters())
	slices.SortStableFunc(found, func(a, b *detector.FinderPattern) int { return b.GetCount() - a.GetCount() })
	return found[:min(len(found), fewPatterns)]
}

// scanRow looks in a row for dark, light, dark, light, dark of 1:1:3:1:1 (ISO/IEC
// 18004, 6.3.3); the finder then looks across.
func scanRow(finder *detector.FinderPatternFinder, bits *gozxing.BitMatrix, y int) {
	runs, at := make([]int, 5), 0 // the last five runs, and which of them goes on
	width := bits.GetWidth()
	for x := range width {
		dark := bits.Get(x, y)
		switch {
		case dark == (at%2 == 0):
			runs[at]++
		case at < 4 && (at > 0 || runs[0] > 0): // a row begins with the first dark
			at++
			runs[at]++
		case at == 4:
			if detector.FinderPatternFinder_foundPatternCross(runs) && finder.HandlePossibleCenter(runs, y, x) {
				runs, at = make([]int, 5), 0
				continue
			}
			detector.FinderPatternFinder_doShiftCounts2(runs)
			at = 3
		}
	}
	if detector.FinderPatternFinder_foundPatternCross(runs) {
		finder.HandlePossibleCenter(runs, y, width)
	}
}

// triple are three finder patterns that may be one code's.
type triple struct {
	patterns [3]*detector.FinderPattern
	skew     float64 // how far they are from an isosceles right triangle
}

// triples lists what may be a code, the best first.
func triples(found []*detector.FinderPattern) (list []triple) {
	for i := range found {
		for j := i + 1; j < len(found); j++ {
			for k := j + 1; k < len(found); k++ {
				if t, ok := tripleOf(found[i], found[j], found[k]); ok {
					list = append(list, t)
				}
			}
		}
	}
	slices.SortStableFunc(list, func(a, b triple) int { return cmp.Compare(a.skew, b.skew) })
	return list[:min(len(list), mostTriples)]
}

// Of a code that is looked at aslant one side is shorter, and the patterns differ
// in size.
const (
	mostSkew   = 1.0
	mostSpread = 1.7
)

func tripleOf(a, b, c *detector.FinderPattern) (triple, bool) {
	least := min(a.GetEstimatedModuleSize(), b.GetEstimatedModuleSize(), c.GetEstimatedModuleSize())
	if max(a.GetEstimatedModuleSize(), b.GetEstimatedModuleSize(), c.GetEstimatedModuleSize()) > mostSpread*least {
		return triple{}, false
	}
	sides := []float64{squared(a, b), squared(b, c), squared(a, c)}
	slices.Sort(sides)
	if math.Sqrt(sides[0]) < 10*least { // the smallest code has 14 modules from pattern to pattern
		return triple{}, false
	}
	skew := (math.Abs(sides[2]-2*sides[0]) + math.Abs(sides[2]-2*sides[1])) / sides[2]
	return triple{[3]*detector.FinderPattern{a, b, c}, skew}, skew < mostSkew
}

func squared(a, b *detector.FinderPattern) float64 {
	dx, dy := a.GetX()-b.GetX(), a.GetY()-b.GetY()
	return dx*dx + dy*dy
}
