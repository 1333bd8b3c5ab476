package pdf

import (
	"encoding/binary"
	"math"
)

// SRGBProfile makes a small ICC version 2.4 display profile of sRGB
// (IEC 61966-2-1), for an output intent. It is computed here, so that no
// profile of another's licence travels in every file. With 42 points on the
// curve no 8-bit level lies more than a quarter of a level off.
func SRGBProfile() []byte {
	curve := srgbCurve(42)
	tags := []iccTag{
		{"desc", iccDesc("sRGB IEC61966-2.1")},
		{"cprt", iccText("No copyright, use freely")},
		{"wtpt", iccXYZ(0.9642, 1, 0.8249)},
		// The primaries of BT.709 adapted from D65 to D50 (Bradford).
		{"rXYZ", iccXYZ(0.4360747, 0.2225045, 0.0139322)},
		{"gXYZ", iccXYZ(0.3850649, 0.7168786, 0.0971045)},
		{"bXYZ", iccXYZ(0.1430804, 0.0606169, 0.7141733)},
		{"rTRC", curve},
		{"gTRC", curve},
		{"bTRC", curve},
	}
	return iccProfile(tags)
}

type iccTag struct {
	signature string
	data      []byte
}

// iccProfile lays out header, tag table and tag data (ICC.1:2001-04 §6).
// Tags with the very same data share it.
func iccProfile(tags []iccTag) []byte {
	be := binary.BigEndian
	p := make([]byte, 128+4+12*len(tags))
	be.PutUint32(p[8:], 0x02400000) // version 2.4
	copy(p[12:], "mntrRGB XYZ ")
	for i, v := range []uint16{2026, 1, 1, 0, 0, 0} {
		be.PutUint16(p[24+2*i:], v)
	}
	copy(p[36:], "acsp")
	copy(p[68:], iccXYZ(0.9642, 1, 0.8249)[8:]) // illuminant D50
	be.PutUint32(p[128:], uint32(len(tags)))
	shared := map[*byte]uint32{}
	for i, t := range tags {
		at, ok := shared[&t.data[0]]
		if !ok {
			at = uint32(len(p))
			shared[&t.data[0]] = at
			p = append(p, t.data...)
			p = append(p, make([]byte, -len(p)&3)...)
		}
		e := p[132+12*i:]
		copy(e, t.signature)
		be.PutUint32(e[4:], at)
		be.PutUint32(e[8:], uint32(len(t.data)))
	}
	be.PutUint32(p, uint32(len(p)))
	return p
}

func iccXYZ(x, y, z float64) []byte {
	b := []byte("XYZ \x00\x00\x00\x00")
	for _, v := range []float64{x, y, z} {
		b = binary.BigEndian.AppendUint32(b, uint32(int32(math.Round(v*65536))))
	}
	return b
}

func iccText(s string) []byte { return []byte("text\x00\x00\x00\x00" + s + "\x00") }

// iccDesc is a textDescriptionType with no Unicode and no Macintosh part.
func iccDesc(s string) []byte {
	b := []byte("desc\x00\x00\x00\x00")
	b = binary.BigEndian.AppendUint32(b, uint32(len(s)+1))
	b = append(b, s...)
	return append(b, make([]byte, 1+4+4+2+1+67)...)
}

// srgbCurve is the transfer function from device value to linear light.
func srgbCurve(steps int) []byte {
	b := []byte("curv\x00\x00\x00\x00")
	b = binary.BigEndian.AppendUint32(b, uint32(steps))
	for i := range steps {
		v := float64(i) / float64(steps-1)
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		b = binary.BigEndian.AppendUint16(b, uint16(math.Round(v*65535)))
	}
	return b
}
