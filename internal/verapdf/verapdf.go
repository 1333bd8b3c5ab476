// Package verapdf lets tests ask veraPDF whether a file is PDF/A-3b. It builds
// a small Java program around org.verapdf:validation-model once, with Maven,
// and keeps it in the user's cache folder.
package verapdf

import (
	"crypto/sha256"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

//go:embed pom.xml
var pom []byte

//go:embed Check.java
var program []byte

// Validate fails the test for each file that is not PDF/A-3b, with the rules
// that it breaks.
func Validate(t testing.TB, files ...string) {
	t.Helper()
	dir, err := build()
	if err != nil {
		t.Fatal(err)
	}
	classes := filepath.Join(dir, "target", "classes") + string(filepath.ListSeparator) + filepath.Join(dir, "lib", "*")
	var complaints strings.Builder
	cmd := exec.Command("java", append([]string{"-cp", classes, "Check"}, files...)...) //nolint:gosec // the tests' own files
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	passed := 0
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "PASS ") {
			passed++
		} else {
			t.Errorf("veraPDF: %s", line)
		}
	}
	if err != nil && passed == len(files) || passed < len(files) && !t.Failed() {
		t.Errorf("veraPDF: %v: %d of %d files pass\n%s", err, passed, len(files), complaints.String())
	}
}

// build makes the program if it is not in the cache, and returns its folder.
var build = sync.OnceValues(func() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("verapdf: %w", err)
	}
	sum := sha256.Sum256(append(append([]byte(nil), pom...), program...))
	dir := filepath.Join(cache, fmt.Sprintf("yinzheng-verapdf-%x", sum[:6]))
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(cache, 0o750); err != nil {
		return "", fmt.Errorf("verapdf: %w", err)
	}
	// Made elsewhere and moved, as another test may be doing the same.
	work, err := os.MkdirTemp(cache, "yinzheng-verapdf-")
	if err != nil {
		return "", fmt.Errorf("verapdf: %w", err)
	}
	defer os.RemoveAll(work)
	for name, data := range map[string][]byte{"pom.xml": pom, "Check.java": program} {
		if err := os.WriteFile(filepath.Join(work, name), data, 0o600); err != nil {
			return "", fmt.Errorf("verapdf: %w", err)
		}
	}
	mvn := exec.Command("mvn", "-q", "-B", "compile", "dependency:copy-dependencies", "-DoutputDirectory=lib")
	mvn.Dir = work
	if out, err := mvn.CombinedOutput(); err != nil {
		return "", fmt.Errorf("verapdf: building with Maven: %w\n%s", err, out)
	}
	if err := os.Rename(work, dir); err != nil {
		if _, missing := os.Stat(dir); missing != nil {
			return "", fmt.Errorf("verapdf: %w", err)
		}
	}
	return dir, nil
})
