package design_test

import (
	"strings"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/design"
	"yinzheng/templates"
)

// FuzzText: whatever text is sent, reading it ends, soon and without a panic; what
// can be read is written so that it reads the same, and what nothing speaks
// against can be set with every set of trial values, or says why not.
func FuzzText(f *testing.F) {
	for _, x := range firstVersions(f) {
		text, err := templates.YAML{}.Write(x)
		must(f, err)
		f.Add(text)
	}
	for _, text := range []string{
		"", "[", "code: &a [*a]", "a: !!binary x", strings.Repeat("- ", 4000), strings.Repeat("[", 4000), strings.Repeat("? ", 4000), strings.Repeat("!a ", 4000), strings.Repeat("{a: ", 4000),
		"fields: [{type: list, max: 3}]", "chain: [null]", "materials: [{commitment: null, later: {}}]", "page: {body: [{table: null}, {table: {columns: [null]}}]}", "version: 1e99", "basis:\n !- a\n  - b", "name: {zh: \"\x00\"}", "x: |\n  y\n z",
	} {
		f.Add(text)
	}
	r, err := renderer()
	must(f, err)
	f.Fuzz(func(t *testing.T, text string) {
		x, err := templates.YAML{}.Read(text)
		if err != nil {
			return
		}
		again := copied(t, x)
		if d := design.Compare(x, again); len(d) > 0 {
			t.Errorf("read again it differs: %+v", d)
		}
		if len(x.Check()) > 0 {
			return
		}
		for _, trial := range design.Trials {
			_, _ = r.Trial(&yinzheng.Sheet{Template: x, Values: design.TrialValues(x, trial.Key, time.Now())}, "svg", "")
		}
	})
}

// TestDeepText: what is nested so deeply that reading it would take long, or all
// of the stack, is refused before it is read.
func TestDeepText(t *testing.T) {
	for _, open := range []string{"[", "{", "- ", "? ", "!a ", "a: ", "{a: ", "[[", "- - ? "} {
		text := strings.Repeat(open, 120_000/len(open))
		start := time.Now()
		if _, err := (templates.YAML{}).Read(text); err == nil || time.Since(start) > 2*time.Second {
			t.Errorf("%q: %v after %v", open, err, time.Since(start))
		}
	}
}
