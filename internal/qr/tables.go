package qr

// Table 9 of the standard: error correction codewords of a block, and number of blocks, by level and version.
var (
	eccPerBlock = [numLevels][maxVersion + 1]uint8{
		L: {0, 7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28, 28, 28, 30, 30, 26, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30},
		M: {0, 10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26, 26, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28},
		Q: {0, 13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20, 30, 24, 28, 28, 26, 30, 28, 30, 30, 30, 30, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30},
		H: {0, 17, 28, 22, 16, 22, 28, 26, 26, 24, 28, 24, 28, 22, 24, 24, 30, 28, 28, 26, 28, 30, 24, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30},
	}
	blocks = [numLevels][maxVersion + 1]uint8{
		L: {0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8, 8, 9, 9, 10, 12, 12, 12, 13, 14, 15, 16, 17, 18, 19, 19, 20, 21, 22, 24, 25},
		M: {0, 1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16, 17, 17, 18, 20, 21, 23, 25, 26, 28, 29, 31, 33, 35, 37, 38, 40, 43, 45, 47, 49},
		Q: {0, 1, 1, 2, 2, 4, 4, 6, 6, 8, 8, 8, 10, 12, 16, 12, 17, 16, 18, 21, 20, 23, 23, 25, 27, 29, 34, 34, 35, 38, 40, 43, 45, 48, 51, 53, 56, 59, 62, 65, 68},
		H: {0, 1, 1, 2, 4, 4, 4, 5, 6, 8, 8, 11, 11, 16, 16, 18, 16, 19, 21, 25, 25, 25, 34, 30, 32, 35, 37, 40, 42, 45, 48, 51, 54, 57, 60, 63, 66, 70, 74, 77, 81},
	}
)

// levelBits are the two bits that stand for a level in the format information.
var levelBits = [numLevels]uint32{L: 0b01, M: 0b00, Q: 0b11, H: 0b10}

// totalCodewords is how many codewords a version holds, data and error correction: what table 1 of the standard lists, counted from the geometry.
func totalCodewords(version int) int {
	modules := (16*version+128)*version + 64
	if version >= 2 {
		n := version/7 + 2
		modules -= (25*n-10)*n - 55
		if version >= 7 {
			modules -= 36
		}
	}
	return modules / 8
}

const maxCodewords = 3706 // totalCodewords(maxVersion)

func dataCodewords(version int, level Level) int {
	return totalCodewords(version) - int(eccPerBlock[level][version])*int(blocks[level][version])
}

// alignmentCentres are the coordinates of the alignment patterns' centres (annex E), which this arithmetic gives for every version.
func alignmentCentres(version int) []int {
	if version == 1 {
		return nil
	}
	n := version/7 + 2
	step := (version*4 + n*2 + 1) / (n*2 - 2) * 2
	if version == 32 {
		step = 26
	}
	centres := make([]int, n)
	centres[0] = 6
	for i, at := n-1, version*4+10; i > 0; i, at = i-1, at-step {
		centres[i] = at
	}
	return centres
}

// bch appends the remainder of v·x^degree by the generator to v.
func bch(v, generator uint32, degree int) uint32 {
	rem := v << degree
	for bit := 31; bit >= degree; bit-- {
		if rem>>bit&1 != 0 {
			rem ^= generator << (bit - degree)
		}
	}
	return v<<degree | rem
}

const formatLength = 15

// formatInfo is the 15 bits that tell level and mask (clause 7.9).
func formatInfo(level Level, mask int) uint32 {
	return bch(levelBits[level]<<3|uint32(mask), 0x537, 10) ^ 0x5412
}

// versionInfo is the 18 bits that tell the version from 7 up (clause 7.10).
func versionInfo(version int) uint32 { return bch(uint32(version), 0x1F25, 12) }
