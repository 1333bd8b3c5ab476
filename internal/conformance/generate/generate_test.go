package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestCurrent: the published vectors are what the program writes now. After a
// change of a format that is meant, "go generate ./internal/conformance" writes
// them anew, and what has changed is to be seen.
func TestCurrent(t *testing.T) {
	files, err := build()
	if err != nil {
		t.Fatal(err)
	}
	published, err := filepath.Glob("../vectors/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range published {
		name := filepath.Base(path)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		now, made := files[name]
		delete(files, name)
		switch {
		case !made:
			t.Errorf("%s is published and not made", name)
		case !bytes.Equal(data, now) && name != "resaved.pdf": // as the qpdf of whoever published it wrote it
			t.Errorf("%s would be written otherwise now", name)
		}
	}
	for name := range files {
		t.Errorf("%s is made and not published", name)
	}
}
