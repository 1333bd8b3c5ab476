package templates

import (
	"errors"

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

// CheckFace implements yinzheng.Renderer.
func (t *Typesetter) CheckFace(data []byte, of []rune) (name string, holds []rune, err error) {
	face, err := embeddable(data)
	if err != nil {
		return "", nil, err
	}
	for _, r := range of {
		if _, ok := face.Glyph(r); ok {
			holds = append(holds, r)
		}
	}
	return face.Name(), holds, nil
}

// embeddable reads a face that somebody sends. It holds only what it draws: no box
// gets onto a certificate.
func embeddable(data []byte) (*font.Face, error) {
	face, err := font.Parse(data)
	if err == nil {
		err = face.Embeddable()
	}
	if err == nil {
		face.OnlyDrawn()
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
