// Package attachments turns a file from outside into what can be kept of it: a
// photograph becomes an upright JPEG with nothing in it but its pixels, a PDF
// stays as it is if it holds nothing that acts. What a file is called, or says
// that it is, is not looked at. It also reads the QR codes in a picture, of which
// nothing is kept.
package attachments

import (
	"bytes"
	"context"
	"time"

	"golang.org/x/sync/semaphore"

	"yinzheng"
)

// The media types that are kept.
const (
	JPEG = "image/jpeg"
	PDF  = "application/pdf"
)

// Limits. A picture's are looked at before it is decoded.
const (
	MaxPixels   = 64_000_000 // of a picture
	LookPixels  = 25_000_000 // of one in which codes are looked for: what telephones take, if not asked for more
	FramePixels = 2_000_000  // of a camera's frame
	MaxSide     = 20000      // pixels, of either side
	LongSide    = 2560       // pixels that a picture keeps of its longer side at most
	MaxPages    = 200        // of a PDF
	MaxMemory   = 512 << 20  // bytes that all pictures being cleaned or looked at hold together
)

// patience is how long a picture waits for others to be cleaned.
const patience = 10 * time.Second

// Cleaner is a yinzheng.Cleaner, safe for concurrent use.
type Cleaner struct {
	memory *semaphore.Weighted
}

// New returns a Cleaner; one serves a whole program, so that MaxMemory holds.
func New() *Cleaner { return &Cleaner{semaphore.NewWeighted(MaxMemory)} }

// Clean implements yinzheng.Cleaner.
func (c *Cleaner) Clean(ctx context.Context, sent []byte) (*yinzheng.CleanFile, error) {
	if bytes.HasPrefix(sent, []byte("%PDF-")) {
		return cleanPDF(sent)
	}
	if f := formatOf(sent); f != nil {
		return c.cleanPicture(ctx, f, sent)
	}
	return nil, refuse("type", "只收 JPEG、PNG、WebP 图片和 PDF，以文件内容为准；请拍照、截图或另存为其中一种", "Only JPEG, PNG and WebP pictures and PDFs are taken, whatever the file is called; please photograph it, or save it as one of these")
}

// refuse says why a file is not taken.
func refuse(code, zh, en string) error {
	return &yinzheng.Error{
		Kind: yinzheng.ErrInvalid, Text: yinzheng.Text{ZH: zh, EN: en},
		Fields: []yinzheng.FieldError{{Field: "file", Code: code, Text: yinzheng.Text{ZH: zh, EN: en}}},
	}
}
