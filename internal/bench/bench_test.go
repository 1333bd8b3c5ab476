package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"yinzheng"
)

// TestRun takes every row with few rounds: each must be measured, and judged
// as its own figures say.
func TestRun(t *testing.T) {
	var out, errs bytes.Buffer
	if err := run(t.Context(), []string{"-quick", "-json"}, &out, &errs); err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"token, typeset", "bare cost", "self-check", "allocations of steps", "memory of steps", "PDF of a typical residence", "PDF of a typical birth-registration",
		"two cores", "bulk issue", "300 approved in bulk and issued, SQLite FULL", "issued, heap at its peak", "POST /api/v1/verify", "p99", "scanned again", "preview", "import of 2000 persons, SQLite FULL", "heap at its peak", "list of 1000 inquiries, SQLite FULL", "start to ready", "idle memory",
		"verify by code, p99 at 20000", "verify by number", "unseen token, p99", "work queue of a village, deep", "work queue of the district, first page",
		"inbox of a town", "inbox of the district", "counts of the lists", "page: the form", "page: a town's inbox", "the heaviest of 12 pages",
		"search from a village", "how a name begins", "ID number", "possible duplicates",
	} {
		found := false
		for _, x := range r.Rows {
			found = found || strings.Contains(x.Name, want)
		}
		if !found {
			t.Errorf("no row %q", want)
		}
	}
	for _, x := range r.Rows {
		if x.Value <= 0 || x.Ratio <= 0 || x.Against == "" || x.Goal == "" {
			t.Errorf("a row without a figure: %+v", x)
		}
	}
	var table bytes.Buffer
	if err := r.writeTable(&table); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(table.String(), "× "); n < len(r.Rows) {
		t.Errorf("%d ratios in a table of %d rows:\n%s", n, len(r.Rows), table.String())
	}
}

// TestGrown: a copied case is one for the service in every respect but its
// place in the log.
func TestGrown(t *testing.T) {
	o, err := newOffice(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.ring.Close)
	g, err := grow(t.Context(), o, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.store.Close() })
	states := map[yinzheng.State]int{}
	for cursor := ""; ; {
		found, next, err := g.Search(t.Context(), g.head, g.common, cursor, 200)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			view, err := g.Application(t.Context(), g.head, f.ID)
			if err != nil || view.State != f.State || view.Division != f.Division || len(view.History) != f.Version {
				t.Fatalf("%+v is %+v, %v", f, view, err)
			}
			states[f.State]++
			if view.State == yinzheng.Issued && states[f.State] < 50 {
				if c, err := g.Certificate(t.Context(), g.head, view.Certificate.Code); err != nil || c.Application != f.ID {
					t.Fatalf("%+v, %v", c, err)
				}
			}
		}
		if cursor = next; next == "" {
			break
		}
	}
	if n := states[yinzheng.Issued] + states[yinzheng.Submitted]; n < 800 || len(states) != 5 { // drafts are their office's own
		t.Errorf("a tenth of all bear one name: %v", states)
	}
}

func TestSeries(t *testing.T) {
	s := series{5, 1, 4, 2, 3}
	for q, want := range map[float64]float64{0: 1, 0.2: 1, 0.5: 3, 0.75: 4, 0.99: 5, 1: 5} {
		if got := s.quantile(q); got != want {
			t.Errorf("quantile %v: %v, not %v", q, got, want)
		}
	}
	if s[0] != 5 {
		t.Error("quantile sorts the series itself")
	}
	if got := s.spread(); math.Abs(got-1.0/3) > 1e-9 {
		t.Errorf("spread %v", got)
	}
	if got := (series{6, 8}).over(series{2, 4, 1}); len(got) != 2 || got[0] != 3 || got[1] != 2 {
		t.Errorf("over: %v", got)
	}
	if !math.IsNaN((series{}).median()) {
		t.Error("nothing measured has a median")
	}
}

func TestBudgets(t *testing.T) {
	tests := []struct {
		value, ratio float64
		budget       func(*row)
		goal         string
		met          bool
	}{
		{1, 50, ratioAtLeast(50), "≥ 50×", true},
		{1, 49.9, ratioAtLeast(50), "≥ 50×", false},
		{1, 1.3, ratioAtMost(1.3), "≤ 1.3×", true},
		{1, 1.31, ratioAtMost(1.3), "≤ 1.3×", false},
		{45, 9, valueAtMost(45), "≤ 45 KB", true},
		{45.1, 9, valueAtMost(45), "≤ 45 KB", false},
	}
	for _, x := range tests {
		r, err := newRow("x", x.value, "KB", "y", series{x.ratio}, x.budget)
		if err != nil || r.Goal != x.goal || r.Met != x.met {
			t.Errorf("%v %v: %s, met %v, %v", x.value, x.ratio, r.Goal, r.Met, err)
		}
	}
	if _, err := newRow("x", 1, "s", "y", nil, ratioAtMost(1)); err == nil {
		t.Error("a row without a round passes")
	}
}

// TestPlainPage: the page that everything is compared with is a whole one.
func TestPlainPage(t *testing.T) {
	w := testWorkshop(t)
	plain, err := newPlainWay(w.office)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range w.ids[:len(kinds)] {
		a := w.shelf.cases[id]
		page, cms, err := plain.of(w, a)
		if err != nil || len(cms) == 0 {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "plain.pdf")
		if err := os.WriteFile(file, page, 0o600); err != nil {
			t.Fatal(err)
		}
		text, err := exec.Command("pdftotext", file, "-").Output()
		if err != nil {
			t.Fatal(err)
		}
		all := strings.Join(strings.Fields(string(text)), "")
		if !strings.Contains(all, a.Holder) {
			t.Errorf("%s: %q is not on the plain page:\n%s", a.Template.Code, a.Holder, text)
		}
		picture := strings.TrimSuffix(file, ".pdf")
		if out, err := exec.Command("pdftoppm", "-r", "200", "-png", "-singlefile", file, picture).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		code, err := exec.Command("zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", picture+".png").Output()
		if err != nil || !strings.HasPrefix(string(code), publicURL+"/v/") {
			t.Errorf("%s: the plain page's code reads %q, %v", a.Template.Code, code, err)
		}
	}
}

// TestBareHandler: what verification is compared with does verify.
func TestBareHandler(t *testing.T) {
	w := testWorkshop(t)
	like, err := template()
	if err != nil {
		t.Fatal(err)
	}
	s := newScanner(bareHandler(w.keys))
	for _, c := range w.shelf.kept {
		if a := s.ask(like, "192.0.2.1:1234", []byte(`{"token":"`+c.Token+`"}`)); a.status != 200 {
			t.Fatalf("a good token: %d %s", a.status, a.body)
		}
		bad := []byte(c.Token)
		bad[len(bad)/2] ^= 1
		if a := s.ask(like, "192.0.2.1:1234", []byte(`{"token":"`+string(bad)+`"}`)); a.status != 400 {
			t.Fatalf("a changed token: %d %s", a.status, a.body)
		}
	}
}

func testCounter(t testing.TB) *counter {
	o, err := newOffice(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.ring.Close)
	c, err := o.onDisk(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.store.Close() })
	return c
}

func testWorkshop(t testing.TB) *workshop {
	w, err := newWorkshop(t.Context(), testCounter(t))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// BenchmarkIssue and BenchmarkVerify are for profiles of the same paths:
//
//	go test ./internal/bench -run '^$' -bench Issue -cpuprofile cpu.out
func BenchmarkIssue(b *testing.B) {
	w := testWorkshop(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := w.issue(b.Context(), 1); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	c := testCounter(b)
	ids, err := c.approveMany(b.Context(), 1024)
	if err != nil {
		b.Fatal(err)
	}
	for _, id := range ids {
		if _, err := c.Issue(b.Context(), id); err != nil {
			b.Fatal(err)
		}
	}
	if err := c.allIssued(b.Context(), ids); err != nil {
		b.Fatal(err)
	}
	bodies, err := c.questions(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	handler, err := served(b.Context(), c.Service, c.store)
	if err != nil {
		b.Fatal(err)
	}
	like, err := template()
	if err != nil {
		b.Fatal(err)
	}
	for name, s := range map[string]*scanner{"unseen": newScanner(handler), "bare": newScanner(bareHandler(c.keys))} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if i%len(bodies) == 0 {
					if err := c.Reload(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
				if a := s.ask(like, "192.0.2.1:1234", bodies[i%len(bodies)]); !bytes.Contains(a.body, []byte("valid")) {
					b.Fatalf("%d %s", a.status, a.body)
				}
				i++
			}
		})
	}
}
