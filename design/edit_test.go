package design_test

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"yinzheng"
	"yinzheng/design"
	"yinzheng/templates"
)

func builtin(t testing.TB) map[string]*yinzheng.Template {
	t.Helper()
	out := map[string]*yinzheng.Template{}
	for _, x := range firstVersions(t) {
		out[x.Code] = x
	}
	return out
}

// copied reads a template anew from its own text.
func copied(t testing.TB, of *yinzheng.Template) *yinzheng.Template {
	t.Helper()
	text, err := templates.YAML{}.Write(of)
	must(t, err)
	out, err := templates.YAML{}.Read(text)
	must(t, err)
	return out
}

// every calls do for each entry of a part that is filled in itself.
func every(list []design.Entry, do func(design.Entry)) {
	for _, e := range list {
		for _, g := range e.Groups {
			every(g.Entries, do)
		}
		if e.Fill != design.One && e.Fill != design.Many {
			do(e)
		}
	}
}

// parts are the paths of all parts of a template.
func parts(x *yinzheng.Template) []string {
	var out []string
	for _, p := range design.Parts {
		out = append(out, p.Path)
		if p.List {
			for _, g := range design.In(x, p.Path)[0].Groups {
				out = append(out, g.Path)
			}
		}
	}
	return out
}

// TestFormKeeps: filling every part in with what stands there changes nothing,
// and every word of a template is in one of them.
func TestFormKeeps(t *testing.T) {
	for code, x := range builtin(t) {
		edited := copied(t, x)
		seen := map[string]bool{}
		for _, part := range parts(x) {
			values := map[string]string{}
			every(design.In(edited, part), func(e design.Entry) {
				values[e.Path], seen[e.Path] = e.Value, true
				offered := slices.ContainsFunc(e.Choices, func(o yinzheng.Option) bool { return o.Value == e.Value })
				if e.Fill == design.Choose && !offered {
					t.Errorf("%s: %s is not offered at %s", code, e.Value, e.Path)
				}
			})
			given := func(path string) (string, bool) { v, ok := values[path]; return v, ok }
			if faults := design.FillIn(edited, part, given); len(faults) > 0 {
				t.Errorf("%s %s: %v", code, part, faults)
			}
		}
		if d := cmp.Diff(x, edited); d != "" {
			t.Errorf("%s (-was +is):\n%s", code, d)
		}
		for _, path := range []string{"name.zh", "chain[0].role", "page.body[0].text", "page.title", "token.name"} {
			if !seen[path] && code == "residence" {
				t.Errorf("%s: nothing is filled in at %s", code, path)
			}
		}
	}
}

// TestEverySlot: the schema names every key that a template may have, but those
// that forms do not change, and docs/templates.md explains each.
func TestEverySlot(t *testing.T) {
	docs, err := os.ReadFile("../docs/templates.md")
	must(t, err)
	for source := range yinzheng.RecordTypes {
		x := copied(t, builtin(t)["residence"])
		x.Fields[0].Record = source
		every(design.In(x, "fields[0]"), func(e design.Entry) {
			if e.Key == "record" && slices.ContainsFunc(e.Choices, func(o yinzheng.Option) bool { return o.Value == source && o.Label.ZH == source }) {
				t.Errorf("what %s is has no name", source)
			}
		})
	}
	known := map[string]bool{"code": true, "version": true}
	var note func(prefix string, slots []design.Slot)
	note = func(prefix string, slots []design.Slot) {
		for _, s := range slots {
			known[prefix+s.Key] = true
			key, _, _ := strings.Cut(s.Key, ".")
			if !regexp.MustCompile(`\b` + key + `\b`).Match(docs) {
				t.Errorf("docs/templates.md does not explain %s%s", prefix, s.Key)
			}
			if s.Group != nil {
				note(prefix+s.Key+".", s.Group.Slots)
			}
		}
	}
	for _, p := range design.Parts {
		note("", p.Slots)
	}
	var look func(prefix string, x reflect.Type)
	look = func(prefix string, x reflect.Type) {
		for x.Kind() == reflect.Pointer || x.Kind() == reflect.Slice {
			x = x.Elem()
		}
		if x.Kind() != reflect.Struct || known[strings.TrimSuffix(prefix, ".")] && strings.Count(prefix, "fields.") > 1 {
			if p := strings.TrimSuffix(prefix, "."); !known[p] {
				t.Errorf("there is no slot for %s", p)
			}
			return
		}
		for i := range x.NumField() {
			name, flags, _ := strings.Cut(x.Field(i).Tag.Get("yaml"), ",")
			switch {
			case flags == "inline":
				look(prefix, x.Field(i).Type)
			case prefix == "chain.tell." && name == "count": // who is told is not counted
			case strings.HasPrefix(prefix, "fields.fields.") && (name == "fields" || name == "rules" || name == "record"): // no list stands in a list
			default:
				look(prefix+name+".", x.Field(i).Type)
			}
		}
	}
	look("", reflect.TypeFor[yinzheng.Template]())
}

func TestFillIn(t *testing.T) {
	x := copied(t, builtin(t)["residence"])
	fill := func(part string, pairs ...string) []yinzheng.FieldError {
		values := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			values[pairs[i]] = pairs[i+1]
		}
		return design.FillIn(x, part, func(path string) (string, bool) { v, ok := values[path]; return v, ok })
	}
	if f := fill("head", "validity_months", "24", "basis", "某法\r\n\r\n 某条例 ", "any_office", "", "token.id", "", "chain[0].key", "other"); f != nil {
		t.Error(f)
	}
	if x.Validity != 24 || len(x.Basis) != 2 || x.Basis[1] != "某条例" || x.AnyOffice || x.Token.ID != "" || x.Chain[0].Key != "village" {
		t.Errorf("%+v", x)
	}
	if f := fill("fields[2]", "fields[2].max", "many", "fields[2].label.zh", " 地址 "); len(f) != 1 || f[0].Field != "fields[2].max" || x.Fields[2].Label.ZH != "地址" || x.Fields[2].Max != 100 {
		t.Errorf("%v %+v", f, x.Fields[2])
	}
	if path, ok := design.Add(x, "chain[1].when", 0); !ok || path != "chain[1].when[0]" {
		t.Fatalf("%s %v", path, ok)
	}
	fill("chain[1]", "chain[1].when[0].field", "purpose", "chain[1].when[0].filled", "false", "chain[1].when[0].over", "0")
	if c := x.Chain[1].When[0]; c.Filled == nil || *c.Filled || c.Over == nil || *c.Over != 0 {
		t.Errorf("%+v", c)
	}
	fill("chain[1]", "chain[1].when[0].filled", "", "chain[1].when[0].over", "")
	if c := x.Chain[1].When[0]; c.Filled != nil || c.Over != nil {
		t.Errorf("%+v", c)
	}
	design.Add(x, "rules", 0)
	if f := fill("rules[0]", "rules[0].required_when", "relation other"); len(f) != 1 {
		t.Errorf("%v", f)
	}
	fill("rules[0]", "rules[0].required_when", "relation = other\n", "rules[0].field", "purpose")
	if r := x.Rules[0]; r.RequiredWhen["relation"] != "other" || r.Field != "purpose" {
		t.Errorf("%+v", r)
	}
}

// TestLists: what is added, moved and removed; a new field has a key of its own.
func TestLists(t *testing.T) {
	x := copied(t, builtin(t)["residence"])
	for i, want := range []string{"fields[6]", "fields[7]"} {
		if path, ok := design.Add(x, "fields", i); !ok || path != want {
			t.Fatalf("%s %v", path, ok)
		}
	}
	if x.Fields[6].Key == x.Fields[7].Key || x.Fields[7].Type != yinzheng.ListField || len(x.Check()) > 0 {
		t.Errorf("%+v %v", x.Fields[6:], x.Check())
	}
	if !design.Move(x, "fields[7]", false) || x.Fields[6].Type != yinzheng.ListField || design.Move(x, "fields[7]", true) || design.Move(x, "fields[0]", false) {
		t.Error("moved wrongly")
	}
	if !design.Remove(x, "fields[6]") || len(x.Fields) != 7 || x.Fields[6].Type != yinzheng.TextField {
		t.Error("removed wrongly")
	}
	if path, ok := design.Add(x, "materials[0].commitment", 0); !ok || x.Materials[0].Commitment == nil || path != "materials[0].commitment" {
		t.Errorf("%s %v", path, ok)
	}
	if _, ok := design.Add(x, "materials[0].commitment", 0); ok {
		t.Error("added twice")
	}
	if !design.Remove(x, "materials[0].commitment") || x.Materials[0].Commitment != nil {
		t.Error("the commitment stays")
	}
	n := 0
	for ok := true; ok && n < 300; n++ {
		_, ok = design.Add(x, "rules", 0)
	}
	if len(x.Rules) != 200 {
		t.Errorf("a list of %d", len(x.Rules))
	}
	for _, path := range []string{"", "code", "chain[9]", "chain[0].level", "nothing", "fields[0].options[0]", "page.body[", "fields[-1]", "fields[99999999999]", "page"} {
		_, added := design.Add(x, path, 0)
		if added || design.Remove(x, path) || design.Move(x, path, true) {
			t.Errorf("%q was taken", path)
		}
	}
}

// TestHostileForms: whatever a form names, nothing panics, and what comes of it
// can be written and read again, checked, compared and, if nothing speaks against
// it, set.
func TestHostileForms(t *testing.T) {
	all := builtin(t)
	r, err := renderer()
	must(t, err)
	rapid.Check(t, func(rt *rapid.T) {
		was := all[rapid.SampledFrom([]string{"residence", "birth-registration", "family-relation"}).Draw(rt, "item")]
		x := copied(t, was)
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			part := rapid.SampledFrom(parts(x)).Draw(rt, "part")
			var paths []string
			for _, e := range design.In(x, part) {
				paths = append(paths, e.Path)
				for _, g := range e.Groups {
					paths = append(paths, g.Path)
				}
			}
			every(design.In(x, part), func(e design.Entry) { paths = append(paths, e.Path) })
			path := rapid.SampledFrom(append(paths, part, "x[0]", "fields[0].fields")).Draw(rt, "path")
			switch rapid.IntRange(0, 4).Draw(rt, "what") {
			case 0:
				design.Add(x, path, rapid.IntRange(0, 2).Draw(rt, "sort"))
			case 1:
				design.Remove(x, path)
			case 2:
				design.Move(x, path, rapid.Bool().Draw(rt, "down"))
			default:
				value := rapid.SampledFrom([]string{"", "0", "-7", "12", "name", "relatives", "list", "choice", "true", "a=b", "{name}", "{", "<script>", "x: [y", "# 注", "- a\n- b", "!name"}).Draw(rt, "value")
				design.FillIn(x, part, func(p string) (string, bool) { return value, p == path })
			}
		}
		text, err := templates.YAML{}.Write(x)
		if err != nil {
			rt.Fatal(err)
		}
		again, err := templates.YAML{}.Read(text)
		if err != nil {
			rt.Fatalf("%v\n%s", err, text)
		}
		if d := design.Compare(x, again); len(d) > 0 {
			rt.Fatalf("%+v\n%s", d, text)
		}
		design.Compare(was, x)
		if len(x.Check()) > 0 {
			return
		}
		trial := rapid.SampledFrom(design.Trials).Draw(rt, "trial")
		if _, err := r.Trial(&yinzheng.Sheet{Template: x, Values: design.TrialValues(x, trial.Key, time.Now())}, "svg", ""); err != nil {
			rt.Log(err)
		}
	})
}

// TestTrials: the built-in templates can be looked at with every set of values,
// none of which has a problem; twelve relatives are twelve.
func TestTrials(t *testing.T) {
	r, err := renderer()
	must(t, err)
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, yinzheng.Zone)
	for code, x := range builtin(t) {
		ways := design.Ways(x, now)
		if len(ways) != len(design.Trials) {
			t.Fatalf("%s: %d ways", code, len(ways))
		}
		for _, w := range ways {
			values := design.TrialValues(x, w.Trial.Key, now)
			for _, p := range w.Problems {
				if w.Trial.Key != "rare" || p.Code != "glyph" {
					t.Errorf("%s, %s: %v of %v", code, w.Trial.Key, p, values)
				}
			}
			if _, err := r.Trial(&yinzheng.Sheet{Template: x, Values: values, Date: now}, "svg", ""); err != nil {
				t.Errorf("%s, %s: %v", code, w.Trial.Key, err)
			}
			if n := len(values.Rows("relatives")); code == "family-relation" && w.Trial.Key == "many" && n != 12 {
				t.Errorf("%d relatives", n)
			}
		}
	}
}

func TestCompare(t *testing.T) {
	was := builtin(t)["residence"]
	is := copied(t, was)
	is.Version = 9
	is.Validity = 6
	is.Fields[2].Max = 80
	is.Fields[3], is.Fields[4] = is.Fields[4], is.Fields[3]
	is.Fields = append(is.Fields[:5], yinzheng.Field{Key: "phone", Type: yinzheng.TextField, Label: yinzheng.Text{ZH: "电话", EN: "Phone"}})
	is.Chain[1].Limit = 3
	is.Chain[1].TakeOver = &yinzheng.Post{Level: yinzheng.District}
	is.Page.Body[0].Text += "属实。"
	is.Page.Body = append(is.Page.Body, yinzheng.Block{Text: "电话{phone}。"})
	var got []string
	for _, d := range design.Compare(was, is) {
		got = append(got, fmt.Sprintf("%s %s | %s | %s | %s", d.Kind, d.Path, d.What.ZH, d.Was.ZH, d.Is.ZH))
	}
	want := []string{
		"changed validity_months | 基本信息 · 有效期（月） | 12 | 6",
		"changed fields[2].max | 字段“现居住地址” · 最多 | 100 | 80",
		"added fields[5] | 字段“电话” |  | 字段名：phone；类型：文字；中文名称：电话；英文名称：Phone",
		"removed fields[5] | 字段“使用单位” | 字段名：recipient；类型：文字；中文名称：使用单位；英文名称：To be presented to；最多：40 | ",
		"moved fields | 字段 | name、id、address、since、purpose | name、id、address、purpose、since",
		"changed chain[1].limit_days | 环节“街道（镇）审核用印” · 时限（工作日） |  | 3",
		"added chain[1].take_over | 环节“街道（镇）审核用印” · 超期接手 |  | 层级：区县",
		"changed page.body[0] | 页面文字 · 正文 1 | 兹证明{name}，证件号码{id}，自{since}起居住在我辖区{address}，至今仍居住于该址。 | 兹证明{name}，证件号码{id}，自{since}起居住在我辖区{address}，至今仍居住于该址。属实。",
		"added page.body[3] | 页面文字 · 正文 4 |  | 电话{phone}。",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if d := design.Compare(was, was); d != nil {
		t.Errorf("itself: %+v", d)
	}
}
