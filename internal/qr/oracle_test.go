package qr

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	goqr "github.com/skip2/go-qrcode"
)

// fromBitmap makes a code of rows of modules.
func fromBitmap(rows [][]bool) *Code {
	n := len(rows)
	c := &Code{Size: n, version: (n - 17) / 4, planes: make([]uint64, words(n)*n)}
	for y, row := range rows {
		for x, dark := range row {
			if word, bit := plane(n, x, y); dark {
				c.planes[word] |= 1 << bit
			}
		}
	}
	return c
}

func oracle(t testing.TB, level Level, payload string) *Code {
	t.Helper()
	q, err := goqr.New(payload, goqr.RecoveryLevel(level))
	if err != nil {
		t.Fatal(err)
	}
	q.DisableBorder = true
	return fromBitmap(q.Bitmap())
}

// encodeMasked is Encode with a given mask.
func encodeMasked(t testing.TB, level Level, mask int, segs ...Segment) *Code {
	t.Helper()
	version, err := smallestVersion(level, segs)
	if err != nil {
		t.Fatal(err)
	}
	w, p := new(workspace), planFor(version, level)
	p.place(w, segs)
	return p.finish(w, mask)
}

// Every version and level, filled to the last byte, must be module by module what go-qrcode makes of it under the same mask.
func TestEncodeAgreesWithGoQRCode(t *testing.T) {
	masksSeen := map[int]bool{}
	for version := 1; version <= maxVersion; version++ {
		for level := range Level(numLevels) {
			n := dataCodewords(version, level) - (modeBits+countLength(Byte, version)+7)/8
			payload := make([]byte, n) // of small letters: go-qrcode has no denser mode for them
			for i := range payload {
				payload[i] = 'a' + byte(i*i*(version+7*int(level))%251%26)
			}
			want := oracle(t, level, string(payload))
			gotLevel, mask, err := want.readFormat()
			if err != nil || gotLevel != level || want.version != version {
				t.Fatalf("%d-%d: go-qrcode made version %d, level %d, %v", version, level, want.version, gotLevel, err)
			}
			masksSeen[mask] = true
			got := encodeMasked(t, level, mask, Segment{Byte, payload})
			if fmt.Sprint(got.planes) != fmt.Sprint(want.planes) {
				t.Errorf("version %d, level %d, mask %d: the matrices differ", version, level, mask)
			}
			if back, err := Decode(want); err != nil || !bytes.Equal(back, payload) {
				t.Errorf("version %d, level %d: go-qrcode's code reads as %q, %v", version, level, back, err)
			}
		}
	}
	if len(masksSeen) != numMasks {
		t.Errorf("only masks %v were compared", masksSeen)
	}
}

// go-qrcode chooses modes itself; Decode must read its mixtures.
func TestDecodeReadsGoQRCode(t *testing.T) {
	for level := range Level(numLevels) {
		for _, payload := range []string{
			"0", "12", "123", "HELLO WORLD", "https://example.cn/v/ABCDEFGHJKMN#0123456789012345678901234567890123456789",
			"印证 and 0123456789012345678901234 AND ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:",
		} {
			if got, err := Decode(oracle(t, level, payload)); err != nil || string(got) != payload {
				t.Errorf("level %d: %q reads as %q, %v", level, payload, got, err)
			}
		}
	}
}

// zbarimg must read what Encode makes of tokens, drawn by its runs.
func TestScannerReadsTokens(t *testing.T) {
	versions := map[int]bool{}
	for _, digits := range []int{1, 620, 660, 720, 760, 800, 2000} {
		segs := token(digits)
		c, err := Encode(M, segs...)
		if err != nil {
			t.Fatal(err)
		}
		versions[c.Version()] = true
		const scale, border = 4, 4
		img := image.NewGray(image.Rect(0, 0, (c.Size+2*border)*scale, (c.Size+2*border)*scale))
		for i := range img.Pix {
			img.Pix[i] = 255
		}
		c.Runs(func(x, y, n int) bool {
			for py := range scale {
				for px := range n * scale {
					img.SetGray((x+border)*scale+px, (y+border)*scale+py, color.Gray{})
				}
			}
			return true
		})
		path := filepath.Join(t.TempDir(), "code.png")
		file, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := png.Encode(file, img); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		got, err := exec.Command("zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", path).Output()
		if err != nil {
			t.Fatalf("version %d: zbarimg: %v", c.Version(), err)
		}
		if want := string(segs[0].Data) + string(segs[1].Data); string(bytes.TrimSpace(got)) != want {
			t.Errorf("version %d reads as %q", c.Version(), got)
		}
	}
	if !versions[14] || !versions[15] {
		t.Errorf("versions %v were tried, 14 and 15 not both among them", versions)
	}
}
