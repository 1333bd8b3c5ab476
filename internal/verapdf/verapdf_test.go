package verapdf

import (
	"os"
	"path/filepath"
	"testing"
)

// recorder is a test whose failures are wanted.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Failed() bool          { return r.failed }
func (r *recorder) Errorf(string, ...any) { r.failed = true }

// What is no PDF/A is not passed: a validator that never fails proves nothing.
func TestValidateFails(t *testing.T) {
	plain := "%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n" +
		"xref\n0 3\n0000000000 65535 f \n0000000009 00000 n \n0000000054 00000 n \n" +
		"trailer\n<</Size 3/Root 1 0 R>>\nstartxref\n101\n%%EOF\n"
	for name, data := range map[string]string{"plain.pdf": plain, "none.pdf": "not a PDF"} {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
		r := &recorder{TB: t}
		if Validate(r, file); !r.failed {
			t.Errorf("%s passed", name)
		}
	}
}
