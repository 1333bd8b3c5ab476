// Command generate writes the vectors of package conformance, with the real
// signer and typesetter and keys that everybody knows. The same program writes
// the same bytes, so that a change of a format shows as a change of a file;
// resaved.pdf alone is as qpdf wrote it.
//
//	world.go                               organs, authorities, keys
//	lists.go                               key lists, status lists
//	certificates.go, tokens.go, pdfs.go    what is asked about
//	cases.go, casestime.go, casesfile.go   the table, with its answers
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if err := run("vectors"); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	files, err := build()
	if err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return err
	}
	for _, name := range old {
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil { //nolint:gosec // published
			return err
		}
	}
	return nil
}

// build makes every file by its name.
func build() (map[string][]byte, error) {
	w, err := newWorld()
	if err != nil {
		return nil, err
	}
	v, err := w.vectors()
	if err != nil {
		return nil, err
	}
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return nil, err
	}
	w.files["vectors.json"] = append(data, '\n')
	return w.files, nil
}
