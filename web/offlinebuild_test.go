package web_test

import (
	"bytes"
	"compress/gzip"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"yinzheng/internal/inturn"
)

var update = flag.Bool("update", false, "write the verifier for pages anew")

const (
	wasmFile    = "assets/offline/verifier.wasm.gz"
	runtimeFile = "assets/offline/wasm_exec.js"
	maxWasm     = 3_000_000 // bytes on the wire
)

// TestVerifierIsCurrent compiles the verifier for pages and compares it with the
// one that is embedded, byte for byte; so that what departments carry away is
// this source. The toolchain is the one that go.mod names, whatever runs the test.
func TestVerifierIsCurrent(t *testing.T) {
	inturn.Only(t)
	program, runtime := buildVerifier(t)
	if *update {
		var b bytes.Buffer
		z, err := gzip.NewWriterLevel(&b, gzip.BestCompression) // no name and no time in its header
		must(t, err)
		_, err = z.Write(program)
		must(t, err)
		must(t, z.Close())
		must(t, os.WriteFile(wasmFile, b.Bytes(), 0o644))
		must(t, os.WriteFile(runtimeFile, runtime, 0o644))
	}
	packed, err := os.ReadFile(wasmFile)
	must(t, err)
	if len(packed) > maxWasm {
		t.Errorf("%s is %d bytes, at most %d are wanted", wasmFile, len(packed), maxWasm)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	must(t, err)
	kept, err := io.ReadAll(z)
	must(t, err)
	if !bytes.Equal(kept, program) {
		t.Errorf("%s is not what this source compiles to: run \"make offline\" and commit what it writes", wasmFile)
	}
	if kept, err := os.ReadFile(runtimeFile); err != nil || !bytes.Equal(kept, runtime) {
		t.Errorf("%s is not the one of the Go that compiles the verifier: run \"make offline\" and commit what it writes (%v)", runtimeFile, err)
	}
}

// buildVerifier compiles cmd/offline with go.mod's toolchain and returns it with
// the script that goes with that toolchain.
func buildVerifier(t *testing.T) (program, runtime []byte) {
	t.Helper()
	module, err := os.ReadFile("../go.mod")
	must(t, err)
	named := regexp.MustCompile(`(?m)^toolchain (go\S+)$`).FindSubmatch(module)
	if named == nil {
		t.Fatal("go.mod names no toolchain: the verifier would be another with every Go")
	}
	toolchain := string(named[1])
	run := func(args ...string) string {
		c := exec.Command("go", args...)
		c.Env = append(os.Environ(), "GOTOOLCHAIN="+toolchain, "GOOS=js", "GOARCH=wasm", "GOWASM=", "GOFLAGS=", "GOEXPERIMENT=", "CGO_ENABLED=0")
		var problems strings.Builder
		c.Stderr = &problems
		out, err := c.Output()
		if err != nil {
			t.Fatalf("go %s with %s, which go.mod names: %v\n%s", strings.Join(args, " "), toolchain, err, &problems)
		}
		return strings.TrimSpace(string(out))
	}
	out := filepath.Join(t.TempDir(), "verifier.wasm")
	run("build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", out, "../cmd/offline")
	program, err = os.ReadFile(out)
	must(t, err)
	runtime, err = os.ReadFile(filepath.Join(run("env", "GOROOT"), "lib", "wasm", "wasm_exec.js"))
	must(t, err)
	return program, runtime
}
