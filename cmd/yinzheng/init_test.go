package main

import (
	"os"
	"path/filepath"
	"testing"
)

// What is written before its original is removed goes over no other file,
// through no link, and is nobody else's to read.
func TestWriteDurably(t *testing.T) {
	dir := t.TempDir()
	path, link, other := filepath.Join(dir, "key.pem"), filepath.Join(dir, "link"), filepath.Join(dir, "other")
	if err := writeDurably(path, []byte("key")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != 3 {
		t.Errorf("%v, %v", info, err)
	}
	if err := os.Symlink(other, link); err != nil {
		t.Fatal(err)
	}
	for _, taken := range []string{path, link, filepath.Join(dir, "nowhere", "key.pem")} {
		if err := writeDurably(taken, []byte("another")); err == nil {
			t.Errorf("%s was written", taken)
		}
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "key" {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := os.Lstat(other); err == nil {
		t.Error("a link was followed")
	}
}
