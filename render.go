package yinzheng

import "time"

// Renderer typesets. Implemented by templates.Typesetter.
type Renderer interface {
	// Publish lays out and keeps what is fixed for a template version, so that
	// Render does only what differs between two certificates. The error is an
	// ErrInvalid with the field when the page text cannot be set.
	Publish(t *Template) error

	// CheckFace reads a TrueType face and returns its PostScript name and those of some
	// characters that it holds and draws. The error is an ErrInvalid on the field "file".
	CheckFace(data []byte, of []rune) (name string, holds []rune, err error)

	// UseFaces has these faces, and no other ones that were given so, asked after all
	// others for a character. What was set before is set the same. The data must not
	// change afterwards. On an error all stays as it was.
	UseFaces(faces [][]byte) error

	// Missing returns the characters of s that no face holds, in order, each once.
	Missing(s string) []rune

	// Render typesets an unsigned PDF with a gap for the signature. The error
	// is an ErrInvalid that names field, character and code point when a
	// character has no glyph.
	Render(s *Sheet) (*Unsigned, error)

	// Preview typesets a page marked 样本, unsigned and unnumbered.
	// Format is "svg" or "pdf"; focus, if set, is the path of the field to light up.
	// SVG is one document, its pages below one another.
	Preview(s *Sheet, format, focus string) ([]byte, error)

	// Record typesets a PDF for the files: template, values and number on plain
	// pages, without seal, code or ornament. A glyph that is wanting shows as 〓.
	Record(s *Sheet) ([]byte, error)
}

// Sheet is everything that goes onto one certificate's page.
type Sheet struct {
	Template *Template
	Values   Values    // normalised
	Number   string    // GB/T 36904 shape
	Code     string    // public code
	Date     time.Time // of issue, in the offices' time zone
	Expires  time.Time // zero: does not expire
	Seal     SealFace

	// The QR code's content: QRPrefix in byte mode (https://HOST/v/CODE#), then
	// QRDigits in numeric mode.
	QRPrefix string
	QRDigits []byte
	Attached []byte // JSON {token, salt, values}, embedded as yinzheng.json

	// The signature dictionary.
	SignedAt time.Time
	Signer   string // /Name
	Reason   string // /Reason
	Contents int    // bytes of DER that /Contents must hold
}

// SealFace is the picture of a seal.
type SealFace struct {
	Organ  string // on the ring, such as 惠州市惠城区民政局
	Centre string // straight line under the star: 证明专用章, 演示专用
	Code   string // credit code, small along the lower ring; may be empty
}

// Unsigned is a typeset PDF, complete but for the signature: /ByteRange is
// already right and /Contents is a hex string of zeros.
type Unsigned struct {
	PDF      []byte
	GapStart int // offset of the '<' of /Contents
	GapEnd   int // offset just after its '>'
	Pages    int

	// ReadQR reads the code's matrix, as it was drawn, back to its content.
	ReadQR func() ([]byte, error)

	// Free gives the buffer back; PDF must not be used afterwards.
	Free func()
}
