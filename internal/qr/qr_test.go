package qr

import (
	"bytes"
	"errors"
	"fmt"
	"math/bits"
	"strings"
	"sync"
	"testing"

	goqr "github.com/skip2/go-qrcode"
	"pgregory.net/rapid"
)

// token is what a certificate's code holds: an address and n digits.
func token(n int) []Segment {
	return []Segment{
		{Byte, []byte("https://zheng.huicheng.example.cn/v/7QK3M9TX2VBN#")},
		{Numeric, bytes.Repeat([]byte("5261704836"), n/10+1)[:n]},
	}
}

func joined(segs []Segment) []byte {
	var all []byte
	for _, s := range segs {
		all = append(all, s.Data...)
	}
	return all
}

// The example of annex I, and those of annexes C and D.
func TestStandardExamples(t *testing.T) {
	data := make([]byte, dataCodewords(1, M))
	pack(data, 1, []Segment{{Numeric, []byte("01234567")}})
	if want := "10200c566180ec11ec11ec11ec11ec11"; fmt.Sprintf("%x", data) != want {
		t.Errorf("data codewords are %x, not %s", data, want)
	}
	ecc := generators[10]().remainder(data)
	if want := "a524d4c1ed36c7872c55"; fmt.Sprintf("%x", ecc[:10]) != want {
		t.Errorf("error correction codewords are %x, not %s", ecc[:10], want)
	}
	if got := formatInfo(M, 5); got != 0b100000011001110 {
		t.Errorf("format information is %015b", got)
	}
	if got := versionInfo(7); got != 0b000111110010010100 {
		t.Errorf("version information is %018b", got)
	}
}

// What fits, from table 7 of the standard.
func TestCapacity(t *testing.T) {
	for _, c := range []struct {
		version                     int
		level                       Level
		numeric, alphanumeric, byte int
	}{
		{1, L, 41, 25, 17}, {1, M, 34, 20, 14}, {1, H, 17, 10, 7}, {10, M, 513, 311, 213}, {27, Q, 1933, 1172, 805}, {40, L, 7089, 4296, 2953}, {40, H, 3057, 1852, 1273},
	} {
		for mode, n := range map[Mode]int{Numeric: c.numeric, Alphanumeric: c.alphanumeric, Byte: c.byte} {
			payload := bytes.Repeat([]byte("8"), n+1)
			code, err := Encode(c.level, Segment{mode, payload[:n]})
			if err != nil || code.Version() != c.version || code.Size != 17+4*c.version {
				t.Fatalf("%d characters in mode %d, level %d: %v, %v", n, mode, c.level, code, err)
			}
			if got, err := Decode(code); err != nil || !bytes.Equal(got, payload[:n]) {
				t.Errorf("a full code of version %d reads as %q, %v", c.version, got, err)
			}
			code, err = Encode(c.level, Segment{mode, payload})
			if c.version < maxVersion && (err != nil || code.Version() != c.version+1) {
				t.Errorf("one character more than version %d holds: %v", c.version, err)
			}
			if c.version == maxVersion && (!errors.Is(err, ErrTooLong) || !strings.Contains(err.Error(), "1 bytes over")) {
				t.Errorf("one character more than any version holds: %v", err)
			}
		}
	}
	if c, err := Encode(M, token(620)...); err != nil || c.Version() != 13 {
		t.Errorf("a token's code: %v, %v", c, err)
	}
	if _, err := Encode(L, Segment{Byte, make([]byte, 3000)}); !errors.Is(err, ErrTooLong) || !strings.Contains(err.Error(), "47 bytes over") {
		t.Errorf("3,000 bytes: %v", err)
	}
}

func TestEncodeRefuses(t *testing.T) {
	for _, c := range []struct {
		level Level
		seg   Segment
		want  error
		says  string
	}{
		{M, Segment{Numeric, []byte("12a")}, ErrSegment, `segment 1: byte 3, 'a'`},
		{M, Segment{Alphanumeric, []byte("Ab")}, ErrSegment, `segment 1: byte 2, 'b'`},
		{M, Segment{Mode(9), nil}, ErrSegment, "mode 9"},
		{Level(4), Segment{Byte, nil}, nil, "level 4"},
	} {
		_, err := Encode(c.level, c.seg)
		if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("level %d, %v: %v", c.level, c.seg, err)
		}
	}
}

func TestDecodeGivesWhatWasEncoded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digit := rapid.ByteRange('0', '9')
		alphanumeric := rapid.SampledFrom([]byte(alphanumerics))
		segment := rapid.Custom(func(t *rapid.T) Segment {
			switch mode := Mode(rapid.IntRange(0, numModes-1).Draw(t, "mode")); mode {
			case Numeric:
				return Segment{mode, rapid.SliceOfN(digit, 0, 700).Draw(t, "digits")}
			case Alphanumeric:
				return Segment{mode, rapid.SliceOfN(alphanumeric, 0, 300).Draw(t, "characters")}
			default:
				return Segment{mode, rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "bytes")}
			}
		})
		segs := rapid.SliceOfN(segment, 0, 4).Draw(t, "segments")
		code, err := Encode(Level(rapid.IntRange(0, numLevels-1).Draw(t, "level")), segs...)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Decode(code); err != nil || !bytes.Equal(got, joined(segs)) {
			t.Fatalf("reads as %q, %v", got, err)
		}
	})
}

// A code with any one module changed must not be taken for whole.
func TestDecodeReportsEveryFlippedModule(t *testing.T) {
	for _, digits := range []int{0, 620, 720} {
		c, err := Encode(M, token(digits)...)
		if err != nil {
			t.Fatal(err)
		}
		for y := range c.Size {
			for x := range c.Size {
				word, bit := plane(c.Size, x, y)
				c.planes[word] ^= 1 << bit
				if got, err := Decode(c); !errors.Is(err, ErrCorrupt) {
					t.Fatalf("version %d, module %d,%d flipped: %q, %v", c.version, x, y, got, err)
				}
				c.planes[word] ^= 1 << bit
			}
		}
		if _, err := Decode(c); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []*Code{{}, {Size: 21}, {Size: 22, planes: make([]uint64, 22)}, {Size: 181, planes: make([]uint64, 3*181)}, {Size: 21, planes: make([]uint64, 21)}} {
		if _, err := Decode(c); !errors.Is(err, ErrCorrupt) {
			t.Errorf("a code of %d modules and %d words: %v", c.Size, len(c.planes), err)
		}
	}
}

func TestRunsAreTheDarkModules(t *testing.T) {
	for _, n := range []int{0, 100, 620, 1100, 4000} { // rows of one to three words
		c, err := Encode(L, token(n)...)
		if err != nil {
			t.Fatal(err)
		}
		left := map[[2]int]bool{}
		for y := range c.Size {
			for x := range c.Size {
				if c.Dark(x, y) {
					left[[2]int{x, y}] = true
				}
			}
		}
		lastX, lastY := -1, 0
		c.Runs(func(x, y, n int) bool {
			if n < 1 || y < lastY || (y == lastY && x <= lastX) || c.Dark(x-1, y) || c.Dark(x+n, y) {
				t.Fatalf("run of %d at %d,%d after %d,%d", n, x, y, lastX, lastY)
			}
			for i := range n {
				delete(left, [2]int{x + i, y})
			}
			lastX, lastY = x+n-1, y
			return true
		})
		if len(left) > 0 {
			t.Errorf("version %d: %d dark modules are in no run", c.version, len(left))
		}
		seen := 0
		c.Runs(func(int, int, int) bool { seen++; return seen < 3 })
		if seen != 3 {
			t.Errorf("told to stop at the third run, it gave %d", seen)
		}
	}
}

// naivePenalty follows the words of clause 7.8.3 module by module.
func naivePenalty(c *Code) int {
	n, total, dark := c.Size, 0, 0
	for _, at := range []func(i, j int) bool{func(i, j int) bool { return c.Dark(j, i) }, func(i, j int) bool { return c.Dark(i, j) }} {
		for i := range n {
			for j := 0; j < n; {
				run := 1
				for j+run < n && at(i, j+run) == at(i, j) {
					run++
				}
				if run >= 5 {
					total += 3 + run - 5
				}
				j += run
			}
			line := "...."
			for j := range n {
				line += map[bool]string{true: "#", false: "."}[at(i, j)]
			}
			line += "...."
			for j := range line {
				for _, pattern := range []string{"#.###.#....", "....#.###.#"} {
					if strings.HasPrefix(line[j:], pattern) {
						total += 40
					}
				}
			}
		}
	}
	for y := range n {
		for x := range n {
			if c.Dark(x, y) {
				dark++
			}
			if x+1 < n && y+1 < n && c.Dark(x, y) == c.Dark(x+1, y) && c.Dark(x, y) == c.Dark(x, y+1) && c.Dark(x, y) == c.Dark(x+1, y+1) {
				total += 3
			}
		}
	}
	for k := 1; ; k++ {
		// Outside of 50 ± 5k percent?
		if 20*dark > (10-k)*n*n && 20*dark < (10+k)*n*n {
			return total + 10*(k-1)
		}
	}
}

func TestMaskOfLeastPenalty(t *testing.T) {
	for version := 1; version <= maxVersion; version += 1 + version/8 {
		for level := range Level(numLevels) {
			n := dataCodewords(version, level) * 2 / 3
			segs := []Segment{{Byte, bytes.Repeat([]byte{byte(version), 0, 0xFF, byte(level) * 37, 0x55}, n/5+1)[:n-2]}}
			p, w := planFor(version, level), new(workspace)
			p.place(w, segs)
			best, least := 0, 1<<30
			for mask := range numMasks {
				want := naivePenalty(p.finish(w, mask))
				if got := p.penalty(w, mask); got != want {
					t.Fatalf("version %d, level %d, mask %d: penalty %d, not %d", version, level, mask, got, want)
				}
				if want < least {
					best, least = mask, want
				}
			}
			if got := p.bestMask(w); got != best {
				t.Errorf("version %d, level %d: mask %d, not %d", version, level, got, best)
			}
		}
	}
}

func TestTransposeExchangesRowsAndColumns(t *testing.T) {
	for _, n := range []int{21, 61, 65, 73, 125, 129, 177} {
		c := fromBitmap(make([][]bool, n))
		for i := range c.planes {
			c.planes[i] = bits.RotateLeft64(0x9E3779B97F4A7C15*uint64(i+1), i) & lanes(n, i/n)
		}
		turned := &Code{Size: n, planes: make([]uint64, len(c.planes))}
		transpose(turned.planes, c.planes, n)
		for y := range n {
			for x := range n {
				if c.Dark(x, y) != turned.Dark(y, x) {
					t.Fatalf("%d modules: %d,%d is lost", n, x, y)
				}
			}
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for n := range 40 {
				segs := token(20*n + i)
				c, err := Encode(Q, segs...)
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := Decode(c); err != nil || !bytes.Equal(got, joined(segs)) {
					t.Errorf("reads as %q, %v", got, err)
				}
			}
		})
	}
	group.Wait()
}

func TestEncodeAllocates(t *testing.T) {
	segs := token(660)
	if n := testing.AllocsPerRun(50, func() { Encode(M, segs...) }); n > 3 {
		t.Errorf("Encode allocates %v times", n)
	}
}

// FuzzDecode reads arbitrary modules, and arbitrary codewords as segments: it may refuse them, not panic.
func FuzzDecode(f *testing.F) {
	for _, n := range []int{0, 620} {
		c, err := Encode(M, token(n)...)
		if err != nil {
			f.Fatal(err)
		}
		var b []byte
		for _, w := range c.planes {
			for i := range 8 {
				b = append(b, byte(w>>(8*i)))
			}
		}
		f.Add(c.version, b)
	}
	data := make([]byte, 100)
	pack(data, 10, token(90))
	f.Add(10, data)
	f.Fuzz(func(t *testing.T, version int, b []byte) {
		if version < 1 || version > maxVersion {
			return
		}
		if payload, err := unpack(b, version); err != nil && !errors.Is(err, ErrCorrupt) || len(payload) > 3*len(b) {
			t.Fatalf("%d bytes from %d, %v", len(payload), len(b), err)
		}
		n := 17 + 4*version
		c := &Code{Size: n, version: version, planes: make([]uint64, words(n)*n)}
		for i, v := range b[:min(len(b), 8*len(c.planes))] {
			c.planes[i/8] |= uint64(v) << (i % 8 * 8)
		}
		payload, err := Decode(c)
		if err != nil && !errors.Is(err, ErrCorrupt) {
			t.Fatal(err)
		}
		if err == nil && len(payload) > 3*dataCodewords(version, L) {
			t.Fatalf("%d bytes", len(payload))
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	segs := token(660)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Encode(M, segs...); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeGoQRCode(b *testing.B) {
	payload := string(joined(token(660)))
	b.ReportAllocs()
	for b.Loop() {
		q, err := goqr.New(payload, goqr.Medium)
		if err != nil {
			b.Fatal(err)
		}
		q.Bitmap()
	}
}

func BenchmarkDecode(b *testing.B) {
	c, err := Encode(M, token(660)...)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(c); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRuns(b *testing.B) {
	c, err := Encode(M, token(660)...)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		c.Runs(func(int, int, int) bool { return true })
	}
}
