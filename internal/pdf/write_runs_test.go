package pdf

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

func runsText(head string, runs []Run, tail string) string {
	var b strings.Builder
	b.WriteString(head)
	for _, r := range runs {
		fmt.Fprintf(&b, "%d %d %d 1 re\n", r.X, r.Y, r.N)
	}
	b.WriteString(tail)
	return b.String()
}

// The stream that Runs writes without looking for repetitions inflates to the
// runs' text, whatever their lengths and rows are.
func TestRunsInflate(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, side := range []int{0, 1, 2, 9, 21, 73, 77, 177, 255} {
		for _, density := range []float64{0.02, 0.5, 0.9} {
			var runs []Run
			for y := range side {
				for x := 0; x < side; x++ {
					n := 0
					for x+n < side && rng.Float64() < density {
						n++
					}
					if n > 0 {
						runs = append(runs, Run{uint8(x), uint8(y), uint8(n)})
						x += n
					}
				}
			}
			head, tail := "/Figure<</MCID 3>>BDC q 1 g\n", "f Q\nEMC"
			got := appendRuns(nil, []byte(head), runs, tail)
			z, err := zlib.NewReader(bytes.NewReader(got))
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(z)
			if err != nil {
				t.Fatalf("side %d density %v: %v", side, density, err)
			}
			if string(text) != runsText(head, runs, tail) {
				t.Fatalf("side %d density %v: wrong text", side, density)
			}
		}
	}
}

// It is worth its code only while it is smaller than what a general compressor
// makes of the same text.
func TestRunsSmall(t *testing.T) {
	runs := sampleRuns()
	own, general := len(appendRuns(nil, nil, runs, "")), len(AppendDeflate(nil, []byte(runsText("", runs, ""))))
	best := len(AppendDeflateBest(nil, []byte(runsText("", runs, ""))))
	t.Logf("%d runs: own %d bytes, fast %d, best %d", len(runs), own, general, best)
	if own > general*9/10 {
		t.Errorf("own %d bytes, a general compressor %d", own, general)
	}
}

func BenchmarkRuns(b *testing.B) {
	runs := sampleRuns()
	text := []byte(runsText("", runs, ""))
	var dst []byte
	b.Run("own", func(b *testing.B) {
		for b.Loop() {
			dst = appendRuns(dst[:0], nil, runs, "")
		}
	})
	b.Run("general", func(b *testing.B) {
		for b.Loop() {
			dst = AppendDeflate(dst[:0], text)
		}
	})
}
