package photo

import "github.com/makiuchi-d/gozxing"

// luminance is a grey picture as gozxing reads it, without a copy. Its rows lie
// one behind the other.
type luminance struct {
	gozxing.LuminanceSourceBase
	pix []byte
}

func (l *luminance) GetMatrix() []byte { return l.pix }

func (l *luminance) GetRow(y int, row []byte) ([]byte, error) {
	return append(row[:0], l.pix[y*l.Width:(y+1)*l.Width]...), nil
}

func (l *luminance) Invert() gozxing.LuminanceSource { return gozxing.LuminanceSourceInvert(l) }

func (l *luminance) String() string { return gozxing.LuminanceSourceString(l) }
