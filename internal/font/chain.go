package font

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Chain is a list of faces to look a character up in, the preferred one first.
type Chain []*Face

// Find gives the first face that holds a character, as an index into the chain, and the glyph there; ok is false when no face holds it.
func (c Chain) Find(r rune) (face int, gid uint16, ok bool) {
	for i, f := range c {
		if g, ok := f.Glyph(r); ok {
			return i, g, true
		}
	}
	return 0, 0, false
}

// LoadDir reads every .ttf file of a folder, in the order of their names; an empty folder gives an empty chain. The error names the file that
// cannot be read, cannot be parsed, or may not be embedded.
func LoadDir(dir string) (Chain, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("font: reading the folder of faces: %w", err)
	}
	var chain Chain
	for _, e := range entries {
		if e.IsDir() || !strings.EqualFold(filepath.Ext(e.Name()), ".ttf") {
			continue
		}
		path := filepath.Join(dir, e.Name())
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("font: reading a face: %w", err)
		}
		face, err := Parse(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if err := face.Embeddable(); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		chain = append(chain, face)
	}
	return chain, nil
}
