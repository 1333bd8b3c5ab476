package templates

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"yinzheng"
)

//go:embed *.yaml
var builtin embed.FS

//go:embed system/sample.yaml
var sample []byte

// Sample returns the template of samples, which is no item.
func Sample() (*yinzheng.Template, error) { return Load("system/sample.yaml", sample) }

// Builtin returns the templates that come with the program, by code.
func Builtin() ([]*yinzheng.Template, error) {
	entries, err := builtin.ReadDir(".")
	if err != nil {
		return nil, err
	}
	var all []*yinzheng.Template
	for _, e := range entries {
		text, err := builtin.ReadFile(e.Name())
		if err != nil {
			return nil, err
		}
		t, err := Load(e.Name(), text)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

// LoadDir reads every template (.yaml, .yml) of a folder, in the order of
// their names. All faults of all files are reported at once.
func LoadDir(dir string) ([]*yinzheng.Template, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("templates: reading the folder: %w", err)
	}
	var all []*yinzheng.Template
	var faults []error
	files := map[yinzheng.TemplateRef]string{}
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); e.IsDir() || ext != ".yaml" && ext != ".yml" {
			continue
		}
		path := filepath.Join(dir, e.Name())
		t, err := loadFile(path)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		if other, twice := files[t.Ref()]; twice {
			faults = append(faults, fmt.Errorf("%s: code and version are those of %s: give it a version of its own", path, other))
			continue
		}
		files[t.Ref()] = path
		all = append(all, t)
	}
	return all, errors.Join(faults...)
}

func loadFile(path string) (*yinzheng.Template, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	return Load(path, text)
}

// largest is more than any page's template needs, deepest more than any of its
// parts is nested: the parser's work grows with the square of both.
const (
	largest = 128 << 10
	deepest = 12
)

// Load reads one template from YAML, strictly: an unknown key is a fault, and
// so is whatever yinzheng.Template.Check finds. Every fault is a line of the
// error that begins with FILE:LINE:COLUMN; faults are Fault values, joined.
func Load(file string, text []byte) (*yinzheng.Template, error) {
	t, root, err := readYAML(file, text)
	if err != nil {
		return nil, err
	}
	var faults []error
	for _, e := range t.Check() {
		faults = append(faults, located(file, root, e))
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return t, nil
}

// YAML reads and writes templates in the making.
type YAML struct{}

// Read reads a template whatever Check may say of it. The error is an ErrInvalid
// that names the line.
func (YAML) Read(text string) (*yinzheng.Template, error) {
	t, _, err := readYAML("", []byte(text))
	var f Fault
	if !errors.As(err, &f) {
		return t, err
	}
	where, place := "yaml", yinzheng.Text{ZH: fmt.Sprintf("第 %d 行第 %d 列", f.Line, f.Column), EN: fmt.Sprintf("Line %d, column %d", f.Line, f.Column)}
	if f.Field != "" {
		place = yinzheng.Text{ZH: place.ZH + "（" + f.Field + "）", EN: place.EN + " (" + f.Field + ")"}
	}
	return nil, &yinzheng.Error{Kind: yinzheng.ErrInvalid, Text: yinzheng.Text{ZH: "这份 YAML 读不懂", EN: "This YAML cannot be read"}, Fields: []yinzheng.FieldError{
		{Field: where, Code: "yaml", Text: yinzheng.Text{ZH: place.ZH + "：" + f.Text.ZH, EN: place.EN + ": " + f.Text.EN}},
	}}
}

// Write writes a template so that Read gives it back.
func (YAML) Write(t *yinzheng.Template) (string, error) {
	text, err := yaml.MarshalWithOptions(t, yaml.UseLiteralStyleIfMultiline(true), yaml.IndentSequence(true))
	return string(text), err
}

// readYAML reads one template and the tree that faults are found in. The YAML
// package panics at some of what is no YAML (fuzzing finds such texts): that is a
// fault of the text, too.
func readYAML(file string, text []byte) (t *yinzheng.Template, root ast.Node, err error) {
	whole := func(zh, en string) error {
		return Fault{File: file, Line: 1, Column: 1, Text: yinzheng.Text{ZH: zh, EN: en}}
	}
	defer func() {
		if recover() != nil {
			t, root, err = nil, nil, whole("YAML 有误", "this is no YAML")
		}
	}()
	switch {
	case len(text) > largest:
		return nil, nil, whole("模板文件过大，最多 128 KB", "the file is too large for a template; at most 128 KB")
	case !utf8.Valid(text):
		return nil, nil, whole("不是 UTF-8 编码", "this is not UTF-8")
	case nested(string(text)):
		return nil, nil, whole("嵌套过深，不是模板", "nested too deeply for a template")
	}
	tree, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, nil, syntaxFault(file, err)
	}
	if len(tree.Docs) != 1 || tree.Docs[0].Body == nil {
		return nil, nil, whole("一个文件写一个模板", "a file holds exactly one template")
	}
	root = tree.Docs[0].Body
	if n := aliasOf(root); n != nil {
		return nil, nil, faultAt(file, n, "", "模板中不用锚点和别名", "a template uses no anchors, aliases or merge keys")
	}
	t = new(yinzheng.Template)
	dec := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict(), yaml.DisallowUnknownField())
	if err := dec.Decode(t); err != nil {
		return nil, nil, syntaxFault(file, err)
	}
	return t, root, nil
}

// nested tells whether a text may be nested too deeply to be parsed: in brackets,
// or by what opens a level within one line. It looks at bytes only, and so counts
// what is quoted, too.
func nested(text string) bool {
	brackets := 0
	for line := range strings.Lines(text) {
		opened := 0
		for i, c := range []byte(line) {
			switch c {
			case '[', '{':
				brackets++
			case ']', '}':
				brackets = max(0, brackets-1)
			case '-', '?', ':':
				if (brackets == 0 || c != ':') && i+1 < len(line) && line[i+1] == ' ' {
					opened++
				}
			case '!':
				opened++
			}
			if brackets > deepest || opened > deepest {
				return true
			}
		}
	}
	return false
}

// Fault is one thing wrong with a template file, and where.
type Fault struct {
	File         string
	Line, Column int
	Field        string // path, such as chain[1].role; empty for a fault of syntax
	Text         yinzheng.Text
}

func (f Fault) Error() string {
	field := f.Field
	if field != "" {
		field += ": "
	}
	text := f.Text.ZH
	if f.Text.EN != "" && f.Text.EN != f.Text.ZH {
		text += " (" + f.Text.EN + ")"
	}
	return fmt.Sprintf("%s:%d:%d: %s%s", f.File, f.Line, f.Column, field, text)
}

func faultAt(file string, n ast.Node, field, zh, en string) Fault {
	f := Fault{File: file, Line: 1, Column: 1, Field: field, Text: yinzheng.Text{ZH: zh, EN: en}}
	if t := n.GetToken(); t != nil && t.Position != nil {
		f.Line, f.Column = t.Position.Line, t.Position.Column
	}
	return f
}

// unknownField is what the YAML package says of a key that a type lacks.
var unknownField = regexp.MustCompile(`unknown field "([^"]*)"`)

// syntaxFault gives an error of the YAML package its place.
func syntaxFault(file string, err error) Fault {
	f := Fault{File: file, Line: 1, Column: 1, Text: yinzheng.Text{ZH: "YAML 有误", EN: err.Error()}}
	var y yaml.Error
	if !errors.As(err, &y) {
		return f
	}
	f.Text.EN = y.GetMessage()
	if t := y.GetToken(); t != nil && t.Position != nil {
		f.Line, f.Column = t.Position.Line, t.Position.Column
	}
	if m := unknownField.FindStringSubmatch(f.Text.EN); m != nil {
		f.Field = m[1]
		f.Text = yinzheng.Text{ZH: "不认识的键，请核对拼写和缩进", EN: "unknown key; check its spelling and indentation"}
	}
	return f
}

// located finds the line that a fault of Check is about: the deepest part of
// its path that the file has.
func located(file string, root ast.Node, e yinzheng.FieldError) Fault {
	n := root
	for _, step := range pathStep.FindAllString(e.Field, -1) {
		next := child(n, step)
		if next == nil {
			break
		}
		n = next
	}
	return faultAt(file, n, e.Field, e.Text.ZH, e.Text.EN)
}

// pathStep is a key, or an index in brackets.
var pathStep = regexp.MustCompile(`[^.\[\]]+|\[\d+\]`)

// child follows one step of a path; nil when there is no such node.
func child(n ast.Node, step string) ast.Node {
	switch n := n.(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			if v.Key.GetToken().Value == step {
				return v.Value
			}
		}
	case *ast.MappingValueNode:
		if n.Key.GetToken().Value == step {
			return n.Value
		}
	case *ast.SequenceNode:
		var i int
		if _, err := fmt.Sscanf(step, "[%d]", &i); err == nil && i < len(n.Values) {
			return n.Values[i]
		}
	}
	return nil
}

// aliasOf finds an anchor, an alias or a merge key: with them a small file
// could stand for an enormous one.
func aliasOf(root ast.Node) ast.Node {
	var found ast.Node
	ast.Walk(visitor(func(n ast.Node) bool {
		switch n.Type() {
		case ast.AnchorType, ast.AliasType, ast.MergeKeyType:
			if found == nil {
				found = n
			}
		}
		return found == nil
	}), root)
	return found
}

type visitor func(ast.Node) bool

// Visit implements ast.Visitor.
func (v visitor) Visit(n ast.Node) ast.Visitor {
	if v(n) {
		return v
	}
	return nil
}
