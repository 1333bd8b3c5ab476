package photo

import (
	"cmp"
	"math"
	"slices"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/common"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/detector"
)

// gozxing takes a code's size from the width of its corners, and its fourth
// corner from one alignment pattern. Aslant the one is wrong, and torn off the
// other is missing. So where it fails, sizes and places of the fourth corner are
// tried, and what tells is how much then lies where ISO/IEC 18004 puts it: all of
// the alignment patterns (6.3.6) and the two lines of the timing pattern (6.3.5).

// corners are the centres of a code's finder patterns.
type corners struct {
	bits               *gozxing.BitMatrix
	bottom, top, right *detector.FinderPattern
	points             []float64 // room for the points that are looked at
}

// fitted is a size and a place of the fourth corner.
type fitted struct {
	dimension int
	x, y      float64
	score     float64
}

// fairScore is that of a fit that is worth reading. By chance half is right.
const fairScore = .72

// fit samples the modules of a code in the sizes that fit best, at most two.
func (c *corners) fit() (grids []*gozxing.BitMatrix) {
	var fits []fitted
	module := (c.bottom.GetEstimatedModuleSize() + c.top.GetEstimatedModuleSize() + c.right.GetEstimatedModuleSize()) / 3
	side := (math.Sqrt(squared(c.top, c.right)) + math.Sqrt(squared(c.top, c.bottom))) / 2
	guess := int(math.Round((side/module + 7 - 17) / 4)) // the version
	for version := max(2, guess-2); version <= min(40, guess+2); version++ {
		fits = append(fits, c.fitVersion(version))
	}
	slices.SortFunc(fits, func(a, b fitted) int { return cmp.Compare(b.score, a.score) })
	for _, f := range fits[:min(2, len(fits))] {
		if f.score < fairScore {
			break
		}
		if grid, err := detector.Detector_sampleGrid(c.bits, c.transform(f), f.dimension); err == nil {
			grids = append(grids, grid)
		}
	}
	return grids
}

// fitVersion finds the place of the fourth corner that fits a version best, at
// first from far off and then in small steps.
func (c *corners) fitVersion(number int) fitted {
	version, err := decoder.Version_GetVersionForNumber(number)
	if err != nil {
		return fitted{}
	}
	n := version.GetDimensionForVersion()
	k := (float64(n) - 10) / (float64(n) - 7)
	best := fitted{
		dimension: n,
		x:         c.top.GetX() + k*(c.right.GetX()+c.bottom.GetX()-2*c.top.GetX()),
		y:         c.top.GetY() + k*(c.right.GetY()+c.bottom.GetY()-2*c.top.GetY()),
	}
	module := math.Sqrt(squared(c.top, c.right)) / float64(n-7)
	best.score = c.score(best, version)
	for _, step := range []struct{ reach, by float64 }{{12, 1.5}, {1.5, .5}, {.5, .25}} {
		middle := best
		for dy := -step.reach; dy <= step.reach; dy += step.by {
			for dx := -step.reach; dx <= step.reach; dx += step.by {
				f := middle
				f.x, f.y = middle.x+dx*module, middle.y+dy*module
				if f.score = c.score(f, version); f.score > best.score {
					best = f
				}
			}
		}
	}
	return best
}

// transform leads from modules to the picture.
func (c *corners) transform(f fitted) *common.PerspectiveTransform {
	far := float64(f.dimension) - 3.5
	return common.PerspectiveTransform_QuadrilateralToQuadrilateral(3.5, 3.5, far, 3.5, far-3, far-3, 3.5, far,
		c.top.GetX(), c.top.GetY(), c.right.GetX(), c.right.GetY(), f.x, f.y, c.bottom.GetX(), c.bottom.GetY())
}

// score is the share of the modules of alignment and timing patterns that are as
// they should be.
func (c *corners) score(f fitted, version *decoder.Version) float64 {
	c.points = c.points[:0]
	for i := 8; i < f.dimension-8; i++ {
		c.points = append(c.points, float64(i)+.5, 6.5, 6.5, float64(i)+.5)
	}
	timing := len(c.points) / 2
	at := version.GetAlignmentPatternCenters()
	last := len(at) - 1
	for i, y := range at {
		for j, x := range at {
			if (i == 0 && (j == 0 || j == last)) || (i == last && j == 0) {
				continue // a finder pattern is there
			}
			for dy := -2; dy <= 2; dy++ {
				for dx := -2; dx <= 2; dx++ {
					c.points = append(c.points, float64(x+dx)+.5, float64(y+dy)+.5)
				}
			}
		}
	}
	c.transform(f).TransformPoints(c.points)
	right := 0
	for i := 0; i < len(c.points)/2; i++ {
		x, y := int(c.points[2*i]), int(c.points[2*i+1])
		if x < 0 || y < 0 || x >= c.bits.GetWidth() || y >= c.bits.GetHeight() {
			continue
		}
		if c.bits.Get(x, y) == dark(i, timing) {
			right++
		}
	}
	return float64(right) / float64(len(c.points)/2)
}

// dark tells whether the i-th module that is looked at should be.
func dark(i, timing int) bool {
	if i < timing {
		return (i/2)%2 == 0 // the timing pattern is dark at every even module
	}
	i = (i - timing) % 25
	return max(abs(i%5-2), abs(i/5-2)) != 1
}

func abs(n int) int { return max(n, -n) }
