// Package axe lets tests ask axe-core what is wrong with a page for people who
// do not see it, or not well, or use no mouse. npm fetches it once, at a fixed
// version with a fixed digest, and it is kept in the user's cache folder.
package axe

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// release is the package that is asked for, and the digest of it (SHA-512, as
// in a package lock) that the registry published.
const (
	release   = "axe-core@4.10.3"
	integrity = "Xm7bpRXnDSX2YE2YFfBk2FnF0ep6tmG7xPh8iHee8MIcrgq762Nkce856dYtJYLkuIoYZvGfTs/PbZhideTcEg=="
)

// Script is axe-core's source, to be evaluated in a page.
var Script = sync.OnceValues(func() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("axe: %w", err)
	}
	kept := filepath.Join(cache, "yinzheng-"+strings.Replace(release, "@", "-", 1)+".tgz")
	packed, err := os.ReadFile(kept)
	if err != nil {
		if packed, err = fetch(cache, kept); err != nil {
			return "", fmt.Errorf("axe: %w", err)
		}
	}
	sum := sha512.Sum512(packed)
	if got := base64.StdEncoding.EncodeToString(sum[:]); got != integrity {
		return "", fmt.Errorf("axe: %s has the digest %s; remove it if it was cut short", kept, got)
	}
	script, err := unpack(packed, "package/axe.min.js")
	if err != nil {
		return "", fmt.Errorf("axe: %w", err)
	}
	return script, nil
})

// fetch has npm download the package and keeps it, whole or not at all.
func fetch(cache, kept string) ([]byte, error) {
	work, err := os.MkdirTemp("", "yinzheng-axe-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	npm := exec.Command("npm", "pack", "--silent", release)
	npm.Dir = work
	if out, err := npm.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("npm pack %s: %w\n%s", release, err, out)
	}
	files, err := filepath.Glob(filepath.Join(work, "*.tgz"))
	if err != nil || len(files) != 1 {
		return nil, errors.Join(fmt.Errorf("npm pack left %q", files), err)
	}
	packed, err := os.ReadFile(files[0])
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cache, 0o750); err != nil {
		return nil, err
	}
	whole, err := os.CreateTemp(cache, "yinzheng-axe-") // another test may be doing the same
	if err != nil {
		return nil, err
	}
	_, err = whole.Write(packed)
	return packed, errors.Join(err, whole.Close(), os.Rename(whole.Name(), kept))
}

// unpack reads one file of a package.
func unpack(packed []byte, name string) (string, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return "", err
	}
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		if h.Name == name {
			script, err := io.ReadAll(t)
			return string(script), err
		}
	}
}
