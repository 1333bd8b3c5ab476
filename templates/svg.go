package templates

import "yinzheng"

func svgArt(art []byte) []byte { return nil }
func (t *Typesetter) Preview(s *yinzheng.Sheet, format, focus string) ([]byte, error) {
	return nil, nil
}
