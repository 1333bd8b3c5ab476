package catalogue_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"yinzheng"
	"yinzheng/catalogue"
	"yinzheng/store"
)

// desk is a catalogue over a real store, on a clock of its own.
type desk struct {
	*catalogue.Catalogue
	t     *testing.T
	store *faulty
	now   time.Time
	a, b  *yinzheng.Account // two administrators
}

// faulty loses the answer of an act that was kept.
type faulty struct {
	*store.Store
	lose bool
}

func (f *faulty) Tx(ctx context.Context, fn func(context.Context) error) error {
	err := f.Store.Tx(ctx, fn)
	if f.lose {
		f.lose = false
		return errors.New("the answer was lost")
	}
	return err
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// template is the only one that there is.
var template = func(code string) *yinzheng.Template {
	if code != "residence" {
		return nil
	}
	return &yinzheng.Template{Code: code, Version: 1, Subject: "none", Issuer: yinzheng.Town}
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	kept, err := store.OpenMemory(t.Context())
	must(t, err)
	t.Cleanup(func() { must(t, kept.Close()) })
	must(t, kept.PutDirectory(t.Context(), yinzheng.NewDirectory(
		[]yinzheng.Division{{Code: "441302000000", Name: "惠城区", Level: yinzheng.District}, {Code: "441302001000", Name: "桥东街道", Parent: "441302000000", Level: yinzheng.Town}},
		[]yinzheng.Office{{ID: "district", Name: "惠城区", Division: "441302000000"}, {ID: "town", Name: "桥东街道", Division: "441302001000"}}, nil)))
	d := &desk{t: t, store: &faulty{Store: kept}, now: time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC)}
	d.a, d.b = admin("a", "district"), admin("b", "district")
	for _, who := range []*yinzheng.Account{d.a, d.b} {
		who.Username = who.ID
		must(t, kept.PutAccount(t.Context(), who))
	}
	d.open()
	return d
}

func admin(id, office string) *yinzheng.Account {
	return &yinzheng.Account{ID: id, Person: yinzheng.ID{Type: yinzheng.Passport, Number: "P" + strings.ToUpper(id)}, Grants: []yinzheng.Grant{{Office: office, Role: yinzheng.Admin}}}
}

// open reads the catalogue again, as a process that starts.
func (d *desk) open() {
	d.t.Helper()
	c, err := catalogue.New(d.t.Context(), catalogue.Config{Store: d.store, Template: template, Now: func() time.Time { return d.now }})
	must(d.t, err)
	d.Catalogue = c
}

func item(code string, change ...func(*catalogue.Item)) catalogue.Item {
	i := catalogue.Item{Code: code, Name: yinzheng.Text{ZH: "居住证明" + code}, Basis: []string{"某条例第三条"}, Level: yinzheng.Town}
	for _, c := range change {
		c(&i)
	}
	return i
}

func cancelled(ground string) func(*catalogue.Item) {
	return func(i *catalogue.Item) { i.State, i.Ground = catalogue.Cancelled, ground }
}

func replaced(way, by string) func(*catalogue.Item) {
	return func(i *catalogue.Item) { i.State, i.Way, i.By = catalogue.Replaced, way, by }
}

var keys int

func (d *desk) draft(in *catalogue.NewChange) (*catalogue.ChangeView, error) {
	keys++
	v, _, err := d.Draft(d.t.Context(), d.a, in, fmt.Sprint("key", keys))
	return v, err
}

func (d *desk) do(by *yinzheng.Account, v *catalogue.ChangeView, a catalogue.Act) *catalogue.ChangeView {
	d.t.Helper()
	v, err := d.Act(d.t.Context(), by, v.ID, v.Version, a)
	must(d.t, err)
	return v
}

// publish takes a change through all stages.
func (d *desk) publish(v *catalogue.ChangeView, from time.Time) {
	d.t.Helper()
	v = d.do(d.a, v, catalogue.Act{Kind: catalogue.Send})
	v = d.do(d.b, v, catalogue.Act{Kind: catalogue.Approve, Opinion: "合法"})
	v = d.do(d.a, v, catalogue.Act{Kind: catalogue.Open, Until: d.now.Add(time.Hour)})
	d.now = d.now.Add(time.Hour + time.Second)
	d.do(d.a, v, catalogue.Act{Kind: catalogue.Publish, From: from})
}

func (d *desk) put(items ...catalogue.Item) {
	d.t.Helper()
	v, err := d.draft(&catalogue.NewChange{Title: "惠府办〔2026〕15号", Items: items})
	must(d.t, err)
	d.publish(v, time.Time{})
}

func TestPublished(t *testing.T) {
	d := newDesk(t)
	v, err := d.draft(&catalogue.NewChange{Title: "首批", Items: []catalogue.Item{item("A1"), item("A2", cancelled("held"))}})
	must(t, err)
	if len(d.Items()) != 0 || d.Ended("A2", d.now) != nil {
		t.Error("a draft counts")
	}
	soon := d.now.Add(48 * time.Hour)
	d.publish(v, soon)
	if len(d.Items()) != 0 || d.Ended("A2", d.now) != nil {
		t.Error("published from a day to come, it counts today")
	}
	d.now = soon
	for range 2 { // as it is, and read again
		if e := d.Ended("A2", d.now); e == nil || !strings.Contains(e.Text.ZH, "可用本人持有的证照代替") || d.Ended("A1", d.now) != nil || d.Ended("Z", d.now) != nil {
			t.Errorf("%+v", e)
		}
		versions, err := d.Versions("A2")
		must(t, err)
		if len(versions) != 1 || versions[0].ReviewedBy != "b" || versions[0].PublishedBy != "a" || !versions[0].From.Equal(soon) {
			t.Errorf("%+v", versions)
		}
		d.open()
	}
	if _, err := d.Versions("Z"); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Error(err)
	}
	events, err := d.store.EventsAbout(t.Context(), v.ID)
	must(t, err)
	var kinds []string
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	if d := cmp.Diff([]string{"catalogue-draft", "catalogue-send", "catalogue-approve", "catalogue-open", "catalogue-publish"}, kinds); d != "" {
		t.Error(d)
	}
}

// TestReversed: a further change restores an earlier version; all are kept.
func TestReversed(t *testing.T) {
	d := newDesk(t)
	d.put(item("A1"))
	d.put(item("A1", cancelled("unneeded")))
	if d.Ended("A1", d.now) == nil {
		t.Fatal("not cancelled")
	}
	if _, err := d.draft(&catalogue.NewChange{Title: "恢复", Restores: &catalogue.Ref{Code: "A1", Version: 3}}); !errors.Is(err, yinzheng.ErrInvalid) {
		t.Error(err)
	}
	v, err := d.draft(&catalogue.NewChange{Title: "恢复", Restores: &catalogue.Ref{Code: "A1", Version: 1}})
	must(t, err)
	d.publish(v, time.Time{})
	versions, err := d.Versions("A1")
	must(t, err)
	if len(versions) != 3 || d.Ended("A1", d.now) != nil || !cmp.Equal(versions[0].Item, versions[2].Item) {
		t.Errorf("%+v", versions)
	}
}

func TestWhoMay(t *testing.T) {
	d := newDesk(t)
	ctx := t.Context()
	in := &catalogue.NewChange{Title: "首批", Items: []catalogue.Item{item("A1")}}
	if _, _, err := d.Draft(ctx, admin("c", "town"), in, "k"); !errors.Is(err, yinzheng.ErrForbidden) {
		t.Errorf("the administrator of a part: %v", err)
	}
	v, again, err := d.Draft(ctx, d.a, in, "k")
	must(t, err)
	same, twice, err := d.Draft(ctx, d.a, in, "k")
	must(t, err)
	if again || !twice || same.ID != v.ID {
		t.Errorf("again %v %v, %s and %s", again, twice, v.ID, same.ID)
	}
	if _, _, err := d.Draft(ctx, d.a, &catalogue.NewChange{Title: "其他", Items: in.Items}, "k"); !errors.Is(err, yinzheng.ErrReused) {
		t.Error(err)
	}
	v = d.do(d.a, v, catalogue.Act{Kind: catalogue.Send})
	if _, err := d.Act(ctx, d.a, v.ID, v.Version, catalogue.Act{Kind: catalogue.Approve, Opinion: "自审"}); !errors.Is(err, yinzheng.ErrForbidden) {
		t.Errorf("the author reviews: %v", err)
	}
	deputy := admin("c", "district")
	deputy.Grants[0].For = "a"
	if _, err := d.Act(ctx, deputy, v.ID, v.Version, catalogue.Act{Kind: catalogue.Approve, Opinion: "代审"}); !errors.Is(err, yinzheng.ErrForbidden) {
		t.Errorf("the author's deputy reviews: %v", err)
	}
	if _, err := d.Act(ctx, d.b, v.ID, v.Version-1, catalogue.Act{Kind: catalogue.Approve, Opinion: "合法"}); !errors.Is(err, yinzheng.ErrConflict) {
		t.Errorf("stale: %v", err)
	}
	if _, err := d.Act(ctx, d.b, "none", 1, catalogue.Act{Kind: catalogue.Send}); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Error(err)
	}
	if _, err := d.Change(ctx, admin("c", "town"), v.ID); !errors.Is(err, yinzheng.ErrForbidden) {
		t.Error(err)
	}
}

// TestBeside: what a change is refused for because of the rest of the catalogue.
func TestBeside(t *testing.T) {
	d := newDesk(t)
	d.put(item("A1"), item("A2", cancelled("held")), item("E1"), item("E2", replaced("certificate", "E1")))
	_, err := d.draft(&catalogue.NewChange{Title: "在办", Items: []catalogue.Item{item("B1")}})
	must(t, err)
	for name, test := range map[string]struct {
		items []catalogue.Item
		want  string
	}{
		"nothing":                      {nil, "items required"},
		"without end":                  {slices.Repeat([]catalogue.Item{item("C1")}, 5001), "items required"},
		"twice":                        {[]catalogue.Item{item("C1"), item("C1")}, "items[0].code twice"},
		"under way":                    {[]catalogue.Item{item("B1")}, "items[0].code busy"},
		"replaced by nothing":          {[]catalogue.Item{item("C1", replaced("certificate", "Z9"))}, "items[0].by unknown"},
		"replaced by a cancelled one":  {[]catalogue.Item{item("C1", replaced("certificate", "A2"))}, "items[0].by unknown"},
		"replaced by one that ends":    {[]catalogue.Item{item("C1", replaced("certificate", "A1")), item("A1", cancelled("held"))}, "items[0].by unknown"},
		"others are replaced by it":    {[]catalogue.Item{item("E1", cancelled("held"))}, "items[0].state needed"},
		"listed, of a village":         {[]catalogue.Item{item("C1", func(i *catalogue.Item) { i.Subject, i.Level = "kinship", yinzheng.Village })}, "items[0].level listed"},
		"of a village, by its name":    {[]catalogue.Item{item("C1", func(i *catalogue.Item) { i.Name.ZH, i.Level = "桥东親屬・關係證明", yinzheng.Village })}, "items[0].level listed"},
		"... which ends there":         {[]catalogue.Item{item("C6", cancelled("superior"), func(i *catalogue.Item) { i.Subject, i.Level = "kinship", yinzheng.Village })}, ""},
		"ended, whatever its form":     {[]catalogue.Item{item("residence", cancelled("superior"), func(i *catalogue.Item) { i.Level = "" })}, ""},
		"another level than its form":  {[]catalogue.Item{item("residence", func(i *catalogue.Item) { i.Level = yinzheng.District })}, "items[0].level template"},
		"another subject":              {[]catalogue.Item{item("residence", func(i *catalogue.Item) { i.Subject = "birth" })}, "items[0].subject template"},
		"replaced by a kept one":       {[]catalogue.Item{item("C0", replaced("certificate", "A1"))}, ""},
		"replaced by a template":       {[]catalogue.Item{item("C2", replaced("certificate", "residence"))}, ""},
		"replaced by one beside it":    {[]catalogue.Item{item("C3", replaced("certificate", "C4")), item("C4")}, ""},
		"with what it replaces":        {[]catalogue.Item{item("E1", cancelled("held")), item("E2", cancelled("held"))}, ""},
		"cancelled, with a bare basis": {[]catalogue.Item{item("C5", cancelled("no-basis"), func(i *catalogue.Item) { i.Basis, i.Level = nil, "" })}, ""},
	} {
		v, err := d.draft(&catalogue.NewChange{Title: name, Items: test.items})
		if got := first(err); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
		if err == nil {
			d.do(d.a, v, catalogue.Act{Kind: catalogue.Withdraw, Opinion: "试毕"})
		}
	}
}

func first(err error) string {
	var e *yinzheng.Error
	switch {
	case err == nil:
		return ""
	case !errors.As(err, &e) || len(e.Fields) == 0:
		return err.Error()
	}
	return e.Fields[0].Field + " " + e.Fields[0].Code
}

// TestOrder: no version begins before the one that it follows.
func TestOrder(t *testing.T) {
	d := newDesk(t)
	v, err := d.draft(&catalogue.NewChange{Title: "明年", Items: []catalogue.Item{item("A1")}})
	must(t, err)
	d.publish(v, d.now.AddDate(1, 0, 0))
	v, err = d.draft(&catalogue.NewChange{Title: "今年", Items: []catalogue.Item{item("A1", cancelled("held"))}})
	must(t, err)
	v = d.do(d.a, v, catalogue.Act{Kind: catalogue.Send})
	v = d.do(d.b, v, catalogue.Act{Kind: catalogue.Approve, Opinion: "合法"})
	v = d.do(d.a, v, catalogue.Act{Kind: catalogue.Open, Until: d.now.Add(time.Hour)})
	d.now = d.now.Add(2 * time.Hour)
	if _, err = d.Act(t.Context(), d.a, v.ID, v.Version, catalogue.Act{Kind: catalogue.Publish}); first(err) != "from order" {
		t.Error(err)
	}
}

// TestLostAnswer: an act that was kept counts, whatever its caller was told.
func TestLostAnswer(t *testing.T) {
	d := newDesk(t)
	v, err := d.draft(&catalogue.NewChange{Title: "首批", Items: []catalogue.Item{item("A1", cancelled("held"))}})
	must(t, err)
	d.store.lose = true
	if _, err := d.Act(t.Context(), d.a, v.ID, v.Version, catalogue.Act{Kind: catalogue.Send}); err == nil {
		t.Fatal("not lost")
	}
	v, err = d.Change(t.Context(), d.a, v.ID)
	must(t, err)
	if v.Stage != catalogue.Reviewing {
		t.Errorf("at %s", v.Stage)
	}
}

const head = "代码,名称,法律依据,出具层级,主题,处理方式,取消理由,替代方式,替代事项,办理条件,材料,时限,流程,办理机构,年办件量,跑动次数,材料页数,填写项数\n"

func TestImport(t *testing.T) {
	d := newDesk(t)
	ctx := t.Context()
	file := head +
		"A1,居住证明,\"某条例第三条；某办法第五条\",街道,无,保留,,,,常住,身份证;户口簿,3,受理；审核,桥东街道,1200,2,3,14\n" +
		"A2,养犬登记介绍,某条例第九条,镇,居民养犬证明,取消,没有必要,,,,,,,,,,,\n" +
		"A3,亲戚关系情况说明,某条例第一条,街道,,替代,,电子证明,A1,,,,,,,,,\n" +
		"A4,家庭关系介绍信,某条例第一条,村,,,,,,,,,,,,,,\n"
	tried, err := d.Import(ctx, d.a, "首批", []byte(file), true)
	must(t, err)
	if diff := cmp.Diff([]string{"A1", "A2", "A3", "A4"}, tried.New); diff != "" || tried.Change != nil || len(tried.Doubts) != 1 || tried.Doubts[0].Code != "A4" {
		t.Errorf("%+v", tried)
	}
	if lines, err := d.Changes(ctx, d.a); err != nil || len(lines) != 0 {
		t.Errorf("tried, and drafted: %v %v", lines, err)
	}
	in, err := d.Import(ctx, d.a, "首批", []byte(strings.Join(strings.SplitAfter(file, "\n")[:4], "")), false)
	must(t, err)
	want := catalogue.Item{
		Code: "A1", Name: yinzheng.Text{ZH: "居住证明"}, Basis: []string{"某条例第三条", "某办法第五条"}, Subject: "none", Level: yinzheng.Town, State: catalogue.Kept,
		Guide: catalogue.Guide{Conditions: []string{"常住"}, Materials: []string{"身份证", "户口簿"}, Limit: 3, Steps: []string{"受理", "审核"}, Offices: []string{"桥东街道"}},
		Load:  catalogue.Load{PerYear: ptr(1200), Trips: ptr(2), Sheets: ptr(3), Fields: ptr(14)},
	}
	if diff := cmp.Diff(want, in.Change.Items[0]); diff != "" {
		t.Error(diff)
	}
	d.publish(in.Change, time.Time{})
	again, err := d.Import(ctx, d.a, "二批", []byte(head+strings.Split(file, "\n")[1]+"\nA2,养犬登记介绍,某条例第九条,镇,dog,cancelled,held,,,,,,,,,,,\n"), true)
	must(t, err)
	if again.Unchanged != 1 || !slices.Equal(again.Changed, []string{"A2"}) || len(again.New) != 0 || again.Left != 1 {
		t.Errorf("%+v", again)
	}
	if _, err := d.Import(ctx, d.a, "三批", []byte(head+strings.Split(file, "\n")[1]+"\n"), false); !errors.Is(err, yinzheng.ErrInvalid) {
		t.Errorf("nothing changes: %v", err)
	}
}

func ptr(n int) *int { return &n }

func TestImportRefused(t *testing.T) {
	d := newDesk(t)
	file := head +
		"A 1,居住证明,某条例,街道,,,,,,,,,,,,,,\n" +
		"A2,居住证明,,街道,,,,,,,,,,,,,,\n" +
		"A3,居住证明,某条例,,,,,,,,,,,,,,,\n" +
		"A4,亲属证明,某条例,村,亲属关系证明,,,,,,,,,,,,,\n" +
		"A5,居住证明,某条例,街道,,取消,不想要,,,,,,,,,,,\n" +
		"A6,居住证明,某条例,街道,,,,,,,,三天,,,,,,\n" +
		"A3,居住证明,某条例,街道,,,,,,,,,,,,,,\n"
	_, err := d.Import(t.Context(), d.a, "首批", []byte(file), false)
	var e *yinzheng.Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	var got []string
	for _, f := range e.Fields {
		got = append(got, f.Field+": "+f.Code)
	}
	want := []string{
		"line 7, column limit_days: number", "line 2, column code: code", "line 3, column basis: required", "line 4, column level: required",
		"line 5, column level: listed", "line 6, column ground: choice", "line 8, column code: twice",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if lines, err := d.Changes(t.Context(), d.a); err != nil || len(lines) != 0 {
		t.Errorf("refused, and drafted: %v %v", lines, err)
	}
	long := head + strings.Repeat("A1,居住证明,某条例,街道,,,,,,,,,,,,,,\n", 100_000)
	if _, err := d.Import(t.Context(), d.a, "首批", []byte(long), true); first(err) != "file file" {
		t.Errorf("100,000 rows: %v", err)
	}
	for _, text := range []string{"", "hello", head} {
		if _, err := d.Import(t.Context(), d.a, "首批", []byte(text), true); !errors.Is(err, yinzheng.ErrInvalid) {
			t.Errorf("%.10q: %v", text, err)
		}
	}
}

// TestImportWorkbook: a hidden sheet before the one that is meant, a title above
// the headings, a merged cell, and what is wrong told by its cell.
func TestImportWorkbook(t *testing.T) {
	d := newDesk(t)
	f := excelize.NewFile()
	_, err := f.NewSheet("清单")
	must(t, err)
	f.SetActiveSheet(1)
	must(t, f.SetSheetVisible("Sheet1", false))
	must(t, f.SetSheetRow("清单", "A1", &[]any{"惠城区证明事项清单"}))
	must(t, f.SetSheetRow("清单", "A2", &[]any{"代码", "名称", "依据", "层级"}))
	must(t, f.SetSheetRow("清单", "A3", &[]any{"A1", "居住证明", "某条例", "街道"}))
	must(t, f.SetSheetRow("清单", "A4", &[]any{"A2", "居住证明", "", "街道"}))
	must(t, f.MergeCell("清单", "C3", "C4"))
	var b bytes.Buffer
	must(t, f.Write(&b))
	if _, err := d.Import(t.Context(), d.a, "首批", b.Bytes(), true); first(err) != "清单!C3:C4 file" {
		t.Error(err)
	}
}

// TestSuzhou: the figures of Suzhou's first list, entered as data, give its
// table back, each with the items that it counts.
func TestSuzhou(t *testing.T) {
	d := newDesk(t)
	var items []catalogue.Item
	add := func(n int, change func(*catalogue.Item)) {
		for range n {
			items = append(items, item(fmt.Sprintf("SZ-%04d", len(items)+1), change))
		}
	}
	add(540, replaced("data", ""))
	add(232, replaced("inquiry", ""))
	add(208, replaced("commitment", ""))
	add(119, cancelled("no-basis"))
	add(89, cancelled("unneeded"))
	add(71, cancelled("repeated"))
	add(31, cancelled("superior"))
	add(4363-1290, func(*catalogue.Item) {})
	items[0].Load = catalogue.Load{PerYear: ptr(300), Trips: ptr(2), Sheets: ptr(1)}
	items[1].Load = catalogue.Load{PerYear: ptr(50), Trips: ptr(3)}
	d.put(items...)
	r, err := d.Report("2026-11-01", "2026-11-30")
	must(t, err)
	var table []string
	counted := 0
	for _, l := range append(r.Replaced, r.Cancelled...) {
		table = append(table, fmt.Sprint(l.Code, " ", l.Count))
		counted += len(l.Items)
	}
	if diff := cmp.Diff([]string{"data 540", "inquiry 232", "commitment 208", "no-basis 119", "unneeded 89", "repeated 71", "superior 31"}, table); diff != "" {
		t.Error(diff)
	}
	if r.Ended.Count != 1290 || len(r.Ended.Items) != 1290 || counted != 1290 || r.Kept.Count != 3073 || r.Cancelled[2].Items[0] != "SZ-1189" {
		t.Errorf("%d ended, %d counted, %d kept, %s first", r.Ended.Count, counted, r.Kept.Count, r.Cancelled[2].Items[0])
	}
	if r.Trips.Sum != 750 || !slices.Equal(r.Trips.Items, []string{"SZ-0001", "SZ-0002"}) || r.Sheets.Sum != 300 || len(r.Sheets.Unknown) != 1289 || r.Fields.Sum != 0 || len(r.Fields.Items) != 0 {
		t.Errorf("trips %d, sheets %d, fields %d", r.Trips.Sum, r.Sheets.Sum, r.Fields.Sum)
	}
	for _, period := range [][2]string{{"2026-10-01", "2026-10-31"}, {"2026-12-01", "2026-12-31"}} {
		if r, err := d.Report(period[0], period[1]); err != nil || r.Ended.Count != 0 {
			t.Errorf("%v: %d ended, %v", period, r.Ended.Count, err)
		}
	}
	for _, period := range [][2]string{{"2026", "2026-10-31"}, {"2026-12-01", ""}, {"2026-12-02", "2026-12-01"}} {
		if _, err := d.Report(period[0], period[1]); !errors.Is(err, yinzheng.ErrInvalid) {
			t.Errorf("%v: %v", period, err)
		}
	}
}

// TestAskedInTransactions: the domain asks from inside its transactions, while
// changes wait for their turn to write.
func TestAskedInTransactions(t *testing.T) {
	d := newDesk(t)
	ctx := t.Context()
	done := make(chan error)
	go func() {
		for range 200 {
			if err := d.store.Tx(ctx, func(context.Context) error { d.Ended("A1", d.now); return nil }); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for i := range 100 {
		_, _, err := d.Draft(ctx, d.a, &catalogue.NewChange{Title: "首批", Items: []catalogue.Item{item(fmt.Sprint("A", i))}}, fmt.Sprint(i))
		must(t, err)
	}
	must(t, <-done)
}
