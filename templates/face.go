package templates

import (
	"errors"
	"slices"

	"yinzheng"
	"yinzheng/internal/font"
)

// UseFaces implements yinzheng.Renderer.
func (t *Typesetter) UseFaces(faces [][]byte) error {
	added := make(font.Chain, len(faces))
	for i, data := range faces {
		face, err := embeddable(data)
		if err != nil {
			return err
		}
		added[i] = face
	}
	t.change.Lock()
	defer t.change.Unlock()
	return t.relay(added)
}

// CheckFace implements yinzheng.Renderer. A glyph without strokes, with broken ones,
// or with those of the box that stands for what a face lacks, is none.
func (t *Typesetter) CheckFace(data []byte, of []rune) (name string, holds []rune, err error) {
	face, err := embeddable(data)
	if err != nil {
		return "", nil, err
	}
	box, err := drawn(face, 0)
	if err != nil {
		box = nil // what it draws for nothing is of no concern
	}
	for _, r := range of {
		gid, ok := face.Glyph(r)
		if !ok {
			continue
		}
		if strokes, err := drawn(face, gid); err == nil && len(strokes) > 0 && !slices.Equal(strokes, box) {
			holds = append(holds, r)
		}
	}
	return face.Name(), holds, nil
}

// embeddable reads a face that somebody sends.
func embeddable(data []byte) (*font.Face, error) {
	face, err := font.Parse(data)
	if err == nil {
		err = face.Embeddable()
	}
	if err == nil {
		return face, nil
	}
	fault := yinzheng.FieldError{Field: "file", Code: "broken-face", Text: yinzheng.Text{
		ZH: "这个字体文件损坏，请换一个", EN: "This font file is broken; please take another one",
	}}
	switch {
	case errors.Is(err, font.ErrNotTrueType):
		fault.Code, fault.Text = "not-truetype", yinzheng.Text{
			ZH: "这不是 TrueType 字体：请用 .ttf（glyf 轮廓），不要用 .otf、.ttc、.woff", EN: "This is no TrueType face: please take a .ttf (glyf outlines), no .otf, .ttc or .woff",
		}
	case errors.Is(err, font.ErrRestricted):
		fault.Code, fault.Text = "restricted", yinzheng.Text{
			ZH: "这个字体的许可不允许嵌入文件，请换一个", EN: "This face's licence forbids embedding it in documents; please take another one",
		}
	}
	return nil, &yinzheng.Error{Kind: yinzheng.ErrInvalid, Text: yinzheng.Text{ZH: "字体不能使用", EN: "The face cannot be used"}, Fields: []yinzheng.FieldError{fault}, Cause: err}
}

// tracing remembers what is drawn.
type tracing []float64

func (t *tracing) MoveTo(x, y float64)         { *t = append(*t, 0, x, y) }
func (t *tracing) LineTo(x, y float64)         { *t = append(*t, 1, x, y) }
func (t *tracing) QuadTo(cx, cy, x, y float64) { *t = append(*t, 2, cx, cy, x, y) }
func (t *tracing) Close()                      { *t = append(*t, 3) }

func drawn(face *font.Face, gid uint16) (tracing, error) {
	var t tracing
	err := face.Outline(gid, &t)
	return t, err
}
