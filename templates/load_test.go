package templates

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"yinzheng"
)

// The built-in templates load, are laid out, and say who seals: what is on the
// list of twenty is sealed by no village (民发〔2020〕20号).
func TestBuiltin(t *testing.T) {
	all, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	issuers := map[string]yinzheng.Level{}
	tints := map[palette]string{}
	for _, tpl := range all {
		issuers[tpl.Code] = tpl.Issuer
		if err := embeddedOnly(t).Publish(tpl); err != nil {
			t.Errorf("%s: %v", tpl.Code, err)
		}
		if other := tints[paletteOf(tpl.Code)]; other != "" && other != tpl.Code {
			t.Errorf("%s and %s have one tint", tpl.Code, other)
		}
		tints[paletteOf(tpl.Code)] = tpl.Code
	}
	for code, want := range map[string]yinzheng.Level{
		"birth-registration": yinzheng.District, "family-relation": yinzheng.District, "residence": yinzheng.Town, "school-entry": yinzheng.Town,
	} {
		if issuers[code] != want {
			t.Errorf("%s is sealed by %q, want %s", code, issuers[code], want)
		}
	}
}

func builtinText(t testing.TB, name string) string {
	t.Helper()
	text, err := builtin.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Every fault is named by file, line, column and field.
func TestLoadFaults(t *testing.T) {
	good := builtinText(t, "residence.yaml")
	line := func(s string) int {
		i := strings.Index(good, s)
		if i < 0 {
			t.Fatalf("no %q in the template", s)
		}
		return 1 + strings.Count(good[:i], "\n")
	}
	for _, c := range []struct {
		name, from, to string
		line           int
		field          string
	}{
		{"unknown key", "short: JZ", "shrot: JZ", line("short: JZ"), "shrot"},
		{"unknown key inside", "{key: since, type: date,", "{key: since, type: date, colour: red,", line("key: since"), "colour"},
		{"unknown type", "{key: since, type: date,", "{key: since, type: day,", line("key: since"), "fields[3].type"},
		{"wrong kind of value", "version: 1", "version: one", line("version: 1"), ""},
		{"key given twice", "version: 1", "version: 1\nversion: 2", line("version: 1") + 1, ""},
		{"no legal basis", "  - 《居住证暂行条例》第九条\n  - 《中华人民共和国户口登记条例》第十五条\n", "  []\n", line("basis:") + 1, "basis"},
		{"absent field in the text", "{since}起", "{from}起", line("兹证明"), "page.body[0].text"},
		{"unpartnered brace", "{since}起", "{since起", line("兹证明"), "page.body[0].text"},
		{"chain that goes down", "level: town, role: approver}", "level: village, role: clerk}", line("key: town"), "chain[1]"},
		{"absent token field", "token: {name: name, id: id}", "token: {name: nobody, id: id}", line("token:"), "token.name"},
		{"anchor", "name: {zh: 居住证明", "name: &a {zh: 居住证明", line("name: {zh: 居住证明"), ""},
		{"syntax", "token: {name: name, id: id}", "token: {name: name, id: id", 0, ""},
	} {
		_, err := Load("my.yaml", []byte(strings.Replace(good, c.from, c.to, 1)))
		var f Fault
		if !errors.As(err, &f) {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if !strings.HasPrefix(f.Field, c.field) || c.line != 0 && f.Line != c.line || f.Column < 1 {
			t.Errorf("%s: %v, want line %d, field %s", c.name, err, c.line, c.field)
		}
		if want := "my.yaml:" + itoa(f.Line) + ":" + itoa(f.Column) + ": "; !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", c.name, err, want)
		}
	}
}

func TestLoadSmall(t *testing.T) {
	tpl, err := Load("small.yaml", []byte(smallTemplate))
	if err != nil {
		t.Fatal(err)
	}
	if err := embeddedOnly(t).Publish(tpl); err != nil {
		t.Error(err)
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":       "",
		"comment":       "# nothing\n",
		"list":          "- a\n",
		"two documents": "code: a\n---\ncode: b\n",
		"large":         "code: a\n#" + strings.Repeat("x", largest),
		"binary":        "\x00\x01\x02",
		"deep":          strings.Repeat("[", 5000),
	} {
		if tpl, err := Load("my.yaml", []byte(text)); err == nil {
			t.Errorf("%s gave %v", name, tpl)
		}
	}
}

func TestLoadDir(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.yaml", builtinText(t, "residence.yaml"))
	write("b.yml", builtinText(t, "family-relation.yaml"))
	write("README.md", "no template")
	all, err := LoadDir(dir)
	if err != nil || len(all) != 2 {
		t.Fatal(len(all), err)
	}
	write("c.yaml", builtinText(t, "residence.yaml"))
	write("d.yaml", "code: x\nnonsense: 1\n")
	_, err = LoadDir(dir)
	for _, want := range []string{"c.yaml: ", "a.yaml", "d.yaml:2:1: nonsense"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in %v", want, err)
		}
	}
	if _, err := LoadDir(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
}

// A character of the template's own text that no face holds is found when it
// is published, not when the first resident waits for the page.
func TestPublishMissingGlyph(t *testing.T) {
	text := strings.Replace(builtinText(t, "residence.yaml"), "特此证明。", "特此𠮷证明。", 1)
	tpl, err := Load("my.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	err = embeddedOnly(t).Publish(tpl)
	var e *yinzheng.Error
	if !errors.As(err, &e) || len(e.Fields) != 1 || e.Fields[0].Field != "page.body[2].text" || !strings.Contains(e.Fields[0].Text.EN, "U+20BB7") {
		t.Errorf("%v", err)
	}
}

// smallTemplate has one of each part, small enough for a fuzzer to cut up.
const smallTemplate = `code: a
short: A
version: 1
name: {zh: 甲, en: A}
basis: [乙]
subject: none
issuer: town
type_code: 11441302MB2D2Q101Q003
materials: []
chain: [{key: t, name: {zh: 镇, en: T}, level: town, role: approver}]
fields:
- {key: n, type: name, label: {zh: 名, en: N}}
- {key: l, type: list, max: 2, label: {zh: 表, en: L}, fields: [{key: d, type: date, label: {zh: 日, en: D}}]}
token: {name: n}
page:
  title: 甲
  body:
  - {text: '证明{n}'}
  - {facts: [{label: 名, text: '{n}', half: true}]}
  - {table: {rows: l, columns: [{head: 日, text: '{#}{d}', width: 1}]}}
`

// Whatever the bytes are, Load returns: a template that can be laid out, or an
// error with a place.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(smallTemplate))
	for _, s := range []string{"", "a: &x [*x]", "? a\n: b", "<<: {a: b}", "- - - a", "code: !!binary AAAA", "{", "a: |\n b", "page: {body: [{facts: [{}]}]}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		tpl, err := Load("fuzz.yaml", text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "fuzz.yaml:") {
				t.Errorf("an error without its place: %v", err)
			}
			return
		}
		if faults := tpl.Check(); len(faults) > 0 {
			t.Errorf("loaded with faults: %v", faults)
		}
		if _, err := compile(tpl, embeddedOnly(t).state.Load().faces); err != nil && !errors.Is(err, yinzheng.ErrInvalid) {
			t.Errorf("compile: %v", err)
		}
	})
}
