package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

const root = "../.."

// Links and pictures, in Markdown and in HTML.
var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)|<img src="([^"]+)"`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
)

func documents(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(root + "/docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	return append(files, root+"/README.md")
}

func text(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// target is a file of ours that a document points at, and the heading in it.
type target struct{ path, anchor string }

func targets(t *testing.T, file string) []target {
	t.Helper()
	var found []target
	for _, m := range link.FindAllStringSubmatch(text(t, file), -1) {
		address := m[1] + m[2]
		if strings.Contains(address, "://") {
			continue
		}
		path, anchor, _ := strings.Cut(address, "#")
		if path == "" {
			path = filepath.Base(file)
		}
		found = append(found, target{filepath.Join(filepath.Dir(file), path), anchor})
	}
	return found
}

// TestLinks: what the documents point at is there, headings included.
func TestLinks(t *testing.T) {
	for _, file := range documents(t) {
		for _, to := range targets(t, file) {
			if _, err := os.Stat(to.path); err != nil {
				t.Errorf("%s points at %s, which is not there", file, to.path)
			} else if to.anchor != "" && !hasHeading(text(t, to.path), to.anchor) {
				t.Errorf("%s points at %s#%s, a heading that is not there", file, to.path, to.anchor)
			}
		}
	}
}

// hasHeading tells whether a heading gets this anchor from those who show
// Markdown: lower case, blanks as hyphens, no punctuation.
func hasHeading(text, anchor string) bool {
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		made := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-', r == '_', unicode.IsLetter(r), unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, m[1])
		if made == anchor {
			return true
		}
	}
	return false
}

// TestPictures: every picture that is taken is kept, light, and shown in a
// document; and none is left of those that are not taken any more.
func TestPictures(t *testing.T) {
	shown := map[string]bool{}
	for _, file := range documents(t) {
		for _, to := range targets(t, file) {
			shown[filepath.Base(to.path)] = true
		}
	}
	taken := map[string]bool{"certificate.jpg": true}
	for _, file := range []string{"main.go", "roles.go"} {
		for _, m := range regexp.MustCompile(`\.take\("([a-z-]+)"\)`).FindAllStringSubmatch(text(t, file), -1) {
			taken[m[1]+".webp"] = true
		}
	}
	kept, err := os.ReadDir(filepath.Join(root, images))
	if err != nil {
		t.Fatal(err)
	}
	for _, picture := range kept {
		name := picture.Name()
		info, err := picture.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > 80<<10 {
			t.Errorf("%s has %d KB; a guide that takes long to load is not read", name, info.Size()>>10)
		}
		if !taken[name] {
			t.Errorf("nothing takes %s", name)
		}
		if !shown[name] {
			t.Errorf("no document shows %s", name)
		}
		delete(taken, name)
	}
	for name := range taken {
		t.Errorf("%s is not there: make screenshots", name)
	}
}
