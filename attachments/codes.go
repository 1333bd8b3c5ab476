package attachments

import (
	"context"
	"time"

	"yinzheng"
	"yinzheng/internal/photo"
)

// lookTime is how long one picture is decoded and looked at. Anybody may send one.
const lookTime = 2 * time.Second

// Codes implements yinzheng.Photos. It takes part in MaxMemory.
func (c *Cleaner) Codes(ctx context.Context, sent []byte, frame bool, wanted func(text string) bool) ([]string, error) {
	f := formatOf(sent)
	switch {
	case f == nil && isHEIC(sent):
		return nil, refuse("picture-heic", "这是 HEIC 图片，暂不能读取。请截屏后上传截图，或在手机的相机设置里把格式改为“兼容性最佳”（JPEG）再拍一张", "This is a HEIC picture, which cannot be read here. Please send a screenshot of it, or set the camera to “Most Compatible” (JPEG) and take it again")
	case f == nil:
		return nil, &yinzheng.Error{Kind: yinzheng.ErrNotFound, Text: yinzheng.Text{ZH: "这不是图片", EN: "This is no picture"}}
	}
	most, read := LookPixels, photo.Read
	if frame {
		most, read = FramePixels, photo.Glance
	}
	w, h, err := f.size(sent, most)
	if err != nil {
		return nil, err
	}
	release, err := c.room(ctx, f.memory(sent, w*h)+lookMemory(w*h))
	if err != nil {
		return nil, err
	}
	defer release()
	looking, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	m, err := f.open(looking, sent)
	if err != nil {
		return nil, err
	}
	grey, err := photo.Gray(looking, m)
	var texts []string
	if err == nil {
		texts, err = read(looking, grey, wanted)
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil: // that there is no code cannot be told
		return nil, &yinzheng.Error{Kind: yinzheng.ErrUnavailable, Text: yinzheng.Text{
			ZH: "没来得及看完这张图片：服务繁忙，或图片过于复杂。请再传一次，最好靠近二维码重拍", EN: "There was no time to look at all of this picture: the service is busy, or the picture too intricate. Please send it again, at best taken nearer to the QR code",
		}}
	}
	return texts, nil
}

// lookMemory is what looking at so many pixels takes: the grey picture, half of
// it, and what is made of a look of at most 4400 pixels a side.
func lookMemory(pixels int) int64 { return 2*int64(pixels) + 8*min(int64(pixels), 4400*4400) + 8<<20 }

// isHEIC tells a picture as phones of Apple take them (ISO/IEC 23008-12), or its
// like AVIF, by the brand at its beginning.
func isHEIC(b []byte) bool {
	if len(b) < 12 || string(b[4:8]) != "ftyp" {
		return false
	}
	switch string(b[8:12]) {
	case "heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1", "avif":
		return true
	}
	return false
}
