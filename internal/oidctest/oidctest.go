// Package oidctest starts a real OpenID provider for tests: oidc-provider, which is
// certified, under node. npm fetches it once, as its lock file says, and it is kept
// in the user's cache folder.
package oidctest

import (
	"bufio"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

//go:embed package.json package-lock.json provider.mjs
var files embed.FS

// Config says whom the provider knows. Whoever signs in does so by their key in
// People and any password.
type Config struct {
	Client   Client                       `json:"client"`
	Redirect string                       `json:"redirect"`
	People   map[string]map[string]string `json:"people"` // claims: name, id_number, id_type
}

// Client is who may ask the provider.
type Client struct {
	ID     string `json:"id"`
	Secret string `json:"secret"`
}

// Start runs a provider until the test ends, and returns its issuer.
func Start(t testing.TB, c Config) (issuer string) {
	t.Helper()
	issuer, err := start(t, c)
	if err != nil {
		t.Fatalf("oidctest: %v", err)
	}
	return issuer
}

func start(t testing.TB, c Config) (string, error) {
	dir, err := install()
	if err != nil {
		return "", err
	}
	config, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	node := exec.CommandContext(t.Context(), "node", "provider.mjs", string(config)) //nolint:gosec // of a test
	node.Dir = dir
	out, err := node.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := node.Start(); err != nil {
		return "", err
	}
	t.Cleanup(func() {
		_ = node.Process.Kill()
		_ = node.Wait() // it was killed
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("the provider does not start: %w", err)
	}
	return strings.TrimSpace(line), nil
}

// install makes the folder that the provider runs in, whole or not at all.
func install() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	names := []string{"package.json", "package-lock.json", "provider.mjs"}
	for _, name := range names {
		b, err := files.ReadFile(name)
		if err != nil {
			return "", err
		}
		_, _ = h.Write(b) // a hash takes whatever it is given
	}
	dir := filepath.Join(cache, "yinzheng-oidc-"+hex.EncodeToString(h.Sum(nil)[:8]))
	if _, err := os.Stat(dir); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return dir, err
	}
	if err := os.MkdirAll(cache, 0o700); err != nil {
		return "", err
	}
	work, err := os.MkdirTemp(cache, "yinzheng-oidc-new-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	if err := os.CopyFS(work, files); err != nil {
		return "", err
	}
	npm := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent")
	npm.Dir = work
	if out, err := npm.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm ci: %w: %s", err, out)
	}
	if err := os.Rename(work, dir); err != nil {
		if _, there := os.Stat(dir); there == nil { // another test was faster
			return dir, nil
		}
		return "", err
	}
	return dir, nil
}
