// Package jose holds the vectors to a JOSE library that is not ours: npm's jose,
// at the version that package-lock.json pins with its digest.
package jose

import (
	"crypto/sha256"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"yinzheng/internal/conformance"
)

var (
	//go:embed package.json
	manifest []byte
	//go:embed package-lock.json
	lock []byte
	//go:embed check.mjs
	script []byte
)

// TestJOSE: the library reads our keys, tokens and lists, and refuses what is
// wrong with them by the rules of JOSE.
func TestJOSE(t *testing.T) {
	v, err := conformance.Load()
	if err != nil {
		t.Fatal(err)
	}
	modules, err := installed()
	if err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	if err := os.Symlink(modules, filepath.Join(work, "node_modules")); err != nil {
		t.Fatal(err)
	}
	write(t, work, v)
	node := exec.Command("node", "check.mjs", ".")
	node.Dir = work
	out, err := node.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	var result struct {
		Outcomes map[string]struct{ JOSE, Why string }
		Faults   []string
		Entries  int
	}
	if err := json.Unmarshal(out, &result); err != nil {
		t.Fatal(err)
	}
	for _, c := range v.Cases {
		if got := result.Outcomes[c.Name]; got.JOSE != c.JOSE {
			t.Errorf("%s: %q %s, want %q", c.Name, got.JOSE, got.Why, c.JOSE)
		}
	}
	for _, fault := range result.Faults {
		t.Error(fault)
	}
	if result.Entries != len(v.Records) {
		t.Errorf("%d entries of the status list were read, of %d", result.Entries, len(v.Records))
	}
}

// write writes the script, and every file that the cases name.
func write(t *testing.T, dir string, v *conformance.Vectors) {
	t.Helper()
	named := map[string]bool{"vectors.json": true}
	for _, c := range v.Cases {
		for _, name := range append([]string{c.Root, c.JWKS}, c.Status...) {
			named[name] = name != ""
		}
	}
	files := map[string][]byte{"check.mjs": script}
	for name, is := range named {
		if !is {
			continue
		}
		data, err := v.File(name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = data
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// installed returns the folder of the packages that the lock file names, in the
// user's cache: npm fetches them once, whole or not at all.
func installed() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(slices.Concat(manifest, lock))
	kept := filepath.Join(cache, fmt.Sprintf("yinzheng-jose-%x", sum[:8]))
	modules := filepath.Join(kept, "node_modules")
	if _, err := os.Stat(kept); err == nil {
		return modules, nil
	}
	if err := os.MkdirAll(cache, 0o750); err != nil {
		return "", err
	}
	work, err := os.MkdirTemp(cache, "yinzheng-jose-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	for name, data := range map[string][]byte{"package.json": manifest, "package-lock.json": lock} {
		if err := os.WriteFile(filepath.Join(work, name), data, 0o600); err != nil {
			return "", err
		}
	}
	npm := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent")
	npm.Dir = work
	if out, err := npm.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	if err := os.Rename(work, kept); err != nil {
		if _, there := os.Stat(kept); there != nil { // another test was quicker
			return "", err
		}
	}
	return modules, nil
}
