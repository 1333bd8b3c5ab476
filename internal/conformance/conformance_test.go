package conformance

import (
	"bytes"
	"path"
	"slices"
	"strings"
	"testing"
)

func load(t *testing.T) *Vectors {
	t.Helper()
	v, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestCases: each case can be asked, and says what is to be answered and why.
func TestCases(t *testing.T) {
	v := load(t)
	names, used := map[string]bool{}, map[string]int{}
	verdicts := map[string]bool{}
	for _, c := range v.Cases {
		if names[c.Name] || c.Name == "" || c.Shows == "" || c.Clock.IsZero() || c.Root == "" {
			t.Errorf("%q: a name, what it shows, a clock and a root are needed, once", c.Name)
		}
		names[c.Name] = true
		used[c.Group]++
		if v.Groups[c.Group] == "" {
			t.Errorf("%s: nobody knows the group %q", c.Name, c.Group)
		}
		q := c.Question
		asked := slices.DeleteFunc([]string{q.Token, q.URL, q.Code, q.Number, q.File}, func(s string) bool { return s == "" })
		if len(asked) != 1 || q.Name != "" && q.Number == "" {
			t.Errorf("%s: not one question", c.Name)
		}
		jws := q.File == "" && q.Code == "" && q.Number == "" && !strings.HasPrefix(c.Name, "digits-") && (q.Token != "" || strings.Contains(q.URL, "#"))
		if jws != (c.JOSE == "accept" || c.JOSE == "refuse") || c.JOSE == "refuse" && c.Offline != nil && c.Offline.Verdict == "valid" {
			t.Errorf("%s: JOSE %q", c.Name, c.JOSE)
		}
		for _, name := range append([]string{c.Root, c.JWKS, q.File}, c.Status...) {
			if name == "" {
				continue
			}
			used[name]++
			if _, err := v.File(name); err != nil {
				t.Errorf("%s: %v", c.Name, err)
			}
		}
		checkAnswers(t, &c)
		for _, a := range []*Answer{c.Offline, c.Online} {
			if a != nil {
				verdicts[a.Verdict] = true
			}
		}
	}
	for name := range v.Groups {
		if used[name] == 0 {
			t.Errorf("no case is of the group %s", name)
		}
	}
	for name := range v.Derived {
		if used[name] == 0 {
			t.Errorf("no case is about %s", name)
		}
	}
	for _, verdict := range []string{"forged", "altered", "unknown-key", "revoked", "suspended", "superseded", "expired", "unconfirmed", "valid", "not-found", "unsigned"} {
		if !verdicts[verdict] {
			t.Errorf("no case has the verdict %s", verdict)
		}
	}
}

func checkAnswers(t *testing.T, c *Case) {
	t.Helper()
	if c.Refused != "" {
		if c.Offline != nil || c.Online != nil || c.Refused != c.JWKS && !slices.Contains(c.Status, c.Refused) {
			t.Errorf("%s: a list that is refused is at hand, and there is no verdict", c.Name)
		}
		return
	}
	if c.Online == nil {
		t.Errorf("%s: the issuer always answers", c.Name)
		return
	}
	differ := c.Offline != nil && !equal(c.Offline, c.Online)
	if differ != (c.Differs != "") {
		t.Errorf("%s: offline and online answers differ: %v; why: %q", c.Name, differ, c.Differs)
	}
	for _, a := range []*Answer{c.Offline, c.Online} {
		if a != nil && !slices.IsSorted(a.Findings) {
			t.Errorf("%s: the findings %v", c.Name, a.Findings)
		}
	}
}

func equal(a, b *Answer) bool {
	return a.Verdict == b.Verdict && a.Integrity == b.Integrity && a.Issuer == b.Issuer && a.Status == b.Status &&
		a.Holder == b.Holder && a.Successor == b.Successor && slices.Equal(a.Findings, b.Findings)
}

// TestSize: the files stay few and small, as they are in everybody's checkout.
func TestSize(t *testing.T) {
	entries, err := published.ReadDir("vectors")
	if err != nil {
		t.Fatal(err)
	}
	var all, pdfs int64
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		all += info.Size()
		if path.Ext(e.Name()) == ".pdf" {
			pdfs += info.Size()
		}
	}
	if pdfs > 400<<10 || all > 1<<20 {
		t.Errorf("%d bytes, of which PDFs %d", all, pdfs)
	}
}

func TestReadAnswer(t *testing.T) {
	got, err := ReadAnswer([]byte(`{"verdict":"superseded","checks":{"integrity":"pass","issuer":"fail","status":"not-checked"},
		"certificate":{"name":"张*丰","number":"1"},"findings":[{"code":"b"},{"code":"a"},{"code":"b"}],"successor":"C"}`))
	want := &Answer{"superseded", "pass", "fail", "not-checked", []string{"a", "b"}, "张*丰", "C"}
	if err != nil || !equal(got, want) {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := ReadAnswer([]byte("no answer")); err == nil {
		t.Errorf("%+v", got)
	}
}

func TestEdits(t *testing.T) {
	data := []byte("0123456789")
	for _, c := range []struct {
		edits []Edit
		want  string
	}{
		{nil, "0123456789"},
		{[]Edit{{At: 0, Insert: []byte("x")}}, "x0123456789"},
		{[]Edit{{At: 10, Insert: []byte("x")}}, "0123456789x"},
		{[]Edit{{At: 3, Cut: 2, Insert: []byte("ab")}, {At: 5, Cut: 1}, {At: 9, Cut: 1}}, "012ab678"},
		{[]Edit{{At: 0, Cut: 10}}, ""},
	} {
		e := Edits{Edits: c.edits}
		if got, err := e.apply(data); err != nil || !bytes.Equal(got, []byte(c.want)) {
			t.Errorf("%v: %q %v, want %q", c.edits, got, err, c.want)
		}
	}
	for _, bad := range [][]Edit{{{At: -1}}, {{At: 11}}, {{At: 9, Cut: 2}}, {{At: 3, Cut: -1}}, {{At: 3, Cut: 2}, {At: 4}}, {{At: 4}, {At: 3}}} {
		e := Edits{Edits: bad}
		if got, err := e.apply(data); err == nil {
			t.Errorf("%v: %q", bad, got)
		}
	}
	if string(data) != "0123456789" {
		t.Error("the file itself was changed")
	}
}
