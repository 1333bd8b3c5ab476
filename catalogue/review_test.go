package catalogue_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yinzheng"
	"yinzheng/catalogue"
)

// TestDraftIsNoAct: what is published, or belongs to another stage, is not
// drafted over by way of Act.
func TestDraftIsNoAct(t *testing.T) {
	d := newDesk(t)
	v, err := d.draft(&catalogue.NewChange{Title: "首批", Items: []catalogue.Item{item("A1")}})
	must(t, err)
	for _, id := range []string{v.ID, "MINE"} {
		_, err := d.Act(t.Context(), d.b, id, v.Version, catalogue.Act{Kind: catalogue.Draft, Title: "另起", Items: []catalogue.Item{item("A2")}})
		if got := first(err); got != "action choice" {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// TestContradicted: an item whose template came later, or in a new version, and
// contradicts what was published is not started.
func TestContradicted(t *testing.T) {
	d := newDesk(t)
	d.put(item("residence"), item("A1"))
	if e := d.Ended("residence", d.now); e != nil {
		t.Fatalf("%v", e.Text)
	}
	defer func(was func(string) *yinzheng.Template) { template = was }(template)
	for name, other := range map[string]yinzheng.Template{
		"another organ":   {Code: "A1", Version: 1, Subject: "none", Issuer: yinzheng.Village},
		"another subject": {Code: "A1", Version: 1, Subject: "kinship", Issuer: yinzheng.Town},
	} {
		template = func(string) *yinzheng.Template { return &other }
		d.open()
		if e := d.Ended("A1", d.now); e == nil || !strings.Contains(e.Text.ZH, "模板") || !strings.Contains(e.Text.EN, "template") {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

// TestTakenBack: a version from a day to come is taken back by restoring the one
// before it; anything else waits for it.
func TestTakenBack(t *testing.T) {
	d := newDesk(t)
	d.put(item("A1"))
	v, err := d.draft(&catalogue.NewChange{Title: "误作 2062 年", Items: []catalogue.Item{item("A1", cancelled("held"))}})
	must(t, err)
	far := d.now.AddDate(36, 0, 0)
	d.publish(v, far)
	v, err = d.draft(&catalogue.NewChange{Title: "更正", Restores: &catalogue.Ref{Code: "A1", Version: 1}})
	must(t, err)
	d.publish(v, time.Time{})
	if e := d.Ended("A1", far.Add(time.Hour)); e != nil {
		t.Errorf("%+v", e)
	}
	for name, in := range map[string]catalogue.NewChange{
		"no version":        {Restores: &catalogue.Ref{Code: "A1"}},
		"items beside that": {Restores: &catalogue.Ref{Code: "A1", Version: 1}, Items: []catalogue.Item{item("A2")}},
	} {
		in.Title = name
		if _, err := d.draft(&in); !errors.Is(err, yinzheng.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestImportKeeps: what a list has no column for stays as it is, as does the
// English name of an item whose name stays.
func TestImportKeeps(t *testing.T) {
	d := newDesk(t)
	full := item("A1", func(i *catalogue.Item) {
		i.Name.EN, i.Subject, i.Guide, i.Load = "Residence", "identity", catalogue.Guide{Steps: []string{"受理"}, Limit: 3}, catalogue.Load{Trips: ptr(2)}
	})
	d.put(full, item("A2", cancelled("held")), item("A3", replaced("data", "")))
	in, err := d.Import(t.Context(), d.a, "二批", []byte("代码,名称,依据,层级,备注\nA1,居住证明A1,某条例第三条,街道\nA2,居住证明A2,某条例第四条,街道\nA3,居住证明A3,某条例第三条,街道\n"), true)
	must(t, err)
	if diff := cmp.Diff([]string{"备注"}, in.Ignored); diff != "" {
		t.Error(diff)
	}
	if in.Unchanged != 2 || len(in.Changed) != 1 || in.Changed[0] != "A2" {
		t.Errorf("%+v", in)
	}
	in, err = d.Import(t.Context(), d.a, "二批", []byte("代码,名称,依据,层级,状态,跑动次数\nA1,新名称,某条例第三条,街道,保留,\nA2,居住证明A2,某条例第三条,街道,保留,\n"), false)
	must(t, err)
	full.Name, full.Load, full.State = yinzheng.Text{ZH: "新名称"}, catalogue.Load{}, catalogue.Kept
	kept := item("A2", func(i *catalogue.Item) { i.State, i.Subject = catalogue.Kept, catalogue.None })
	if diff := cmp.Diff([]catalogue.Item{full, kept}, in.Change.Items); diff != "" {
		t.Error(diff)
	}
}

// TestImportKeepsFirst: what stays is judged beside the other rows, too.
func TestImportKeepsFirst(t *testing.T) {
	d := newDesk(t)
	d.put(item("B1", cancelled("held")), item("A1", replaced("data", "")))
	_, err := d.Import(t.Context(), d.a, "三批", []byte("代码,名称,依据,层级,替代方式,替代事项\nA1,居住证明A1,某条例第三条,街道,电子证明,B1\nB1,居住证明B1,某条例第四条,街道,,\n"), true)
	if got := first(err); got != "line 2, column by unknown" {
		t.Error(got)
	}
}

// TestImportAgainstComing: a list is compared with what is published, from a day
// to come or not.
func TestImportAgainstComing(t *testing.T) {
	d := newDesk(t)
	d.put(item("A1"))
	v, err := d.draft(&catalogue.NewChange{Title: "明年取消", Items: []catalogue.Item{item("A1", cancelled("held"))}})
	must(t, err)
	d.publish(v, d.now.AddDate(1, 0, 0))
	in, err := d.Import(t.Context(), d.a, "二批", []byte("代码,名称,依据,层级,状态\nA1,居住证明A1,某条例第三条,街道,保留\n"), true)
	must(t, err)
	if len(in.Changed) != 1 || in.Left != 0 {
		t.Errorf("%+v", in)
	}
}

// TestOnePersonTwice: who has two accounts is one person still.
func TestOnePersonTwice(t *testing.T) {
	d := newDesk(t)
	for _, p := range []struct {
		who *yinzheng.Account
		id  yinzheng.ID
	}{
		{d.a, yinzheng.ID{Type: yinzheng.ResidentID, Number: "441302199003070120"}},
		{d.b, yinzheng.ID{Type: yinzheng.OldID, Number: "441302900307012"}},
	} {
		p.who.Person, p.who.Version = p.id, 1
		must(t, d.store.PutAccount(t.Context(), p.who))
	}
	v, err := d.draft(&catalogue.NewChange{Title: "首批", Items: []catalogue.Item{item("A1")}})
	must(t, err)
	v = d.do(d.a, v, catalogue.Act{Kind: catalogue.Send})
	deputy := admin("c", "district")
	deputy.Username, deputy.Grants[0].For = "c", "b"
	must(t, d.store.PutAccount(t.Context(), admin("c", "district")))
	for _, who := range []*yinzheng.Account{d.b, deputy} {
		if _, err := d.Act(t.Context(), who, v.ID, v.Version, catalogue.Act{Kind: catalogue.Approve, Opinion: "合法"}); !errors.Is(err, yinzheng.ErrForbidden) {
			t.Errorf("reviewed by themselves, through %s: %v", who.ID, err)
		}
	}
	nobody := admin("d", "district") // whose it is nobody can tell
	nobody.Username, nobody.Person = "d", yinzheng.ID{}
	must(t, d.store.PutAccount(t.Context(), nobody))
	if _, err := d.Act(t.Context(), nobody, v.ID, v.Version, catalogue.Act{Kind: catalogue.Approve, Opinion: "合法"}); !errors.Is(err, yinzheng.ErrForbidden) {
		t.Errorf("reviewed by nobody knows whom: %v", err)
	}
}

// TestReviewAgainstTemplate: a conclusion that the item's template contradicts is
// told at the review, not once the comments are over.
func TestReviewAgainstTemplate(t *testing.T) {
	d := newDesk(t)
	v, err := d.draft(&catalogue.NewChange{Title: "首批", Items: []catalogue.Item{item("residence", func(i *catalogue.Item) { i.Name.ZH = "家庭成员居住证明" })}})
	must(t, err)
	v = d.do(d.a, v, catalogue.Act{Kind: catalogue.Send})
	for _, tt := range [][2]string{{"kinship", "items[0].subject template"}, {"none", ""}} {
		_, err := d.Act(t.Context(), d.b, v.ID, v.Version, catalogue.Act{Kind: catalogue.Approve, Opinion: "合法", Subjects: map[string]catalogue.Conclusion{"residence": {Subject: tt[0], Reason: "见条例"}}})
		if got := first(err); got != tt[1] {
			t.Errorf("%s: %q", tt[0], got)
		}
	}
}

// TestPublishedAgainstTemplate: what was drafted before a template came is held
// against it when it is published.
func TestPublishedAgainstTemplate(t *testing.T) {
	d := newDesk(t)
	v, err := d.draft(&catalogue.NewChange{Title: "首批", Items: []catalogue.Item{item("A1")}})
	must(t, err)
	v = d.do(d.a, v, catalogue.Act{Kind: catalogue.Send})
	v = d.do(d.b, v, catalogue.Act{Kind: catalogue.Approve, Opinion: "合法"})
	v = d.do(d.a, v, catalogue.Act{Kind: catalogue.Open, Until: d.now.Add(time.Hour)})
	d.now = d.now.Add(2 * time.Hour)
	d.Template = func(code string) *yinzheng.Template {
		return &yinzheng.Template{Code: code, Version: 1, Subject: "none", Issuer: yinzheng.Village}
	}
	if _, err := d.Act(t.Context(), d.a, v.ID, v.Version, catalogue.Act{Kind: catalogue.Publish}); first(err) != "items[0].level template" {
		t.Error(err)
	}
}

// TestView: a change tells what is left to settle, and no more.
func TestView(t *testing.T) {
	d := newDesk(t)
	v, err := d.draft(&catalogue.NewChange{Title: "首批", Items: []catalogue.Item{item("A1", func(i *catalogue.Item) { i.Name.ZH = "家庭成员情况说明" }), item("A2", cancelled("held"))}})
	must(t, err)
	if len(v.Doubts) != 1 || len(v.Orphans) != 0 {
		t.Errorf("%+v %+v", v.Doubts, v.Orphans)
	}
	v = d.do(d.a, v, catalogue.Act{Kind: catalogue.Send})
	v = d.do(d.b, v, catalogue.Act{Kind: catalogue.Approve, Opinion: "合法", Subjects: map[string]catalogue.Conclusion{"A1": {Subject: "none", Reason: "只说明人数"}}})
	if len(v.Doubts) != 0 {
		t.Errorf("settled: %+v", v.Doubts)
	}
}

// TestTwoProcesses: what another process has kept counts.
func TestTwoProcesses(t *testing.T) {
	d := newDesk(t)
	other := d.Catalogue
	d.open()
	v, err := d.draft(&catalogue.NewChange{Title: "首批", Items: []catalogue.Item{item("A1")}})
	must(t, err)
	if v, err = other.Act(t.Context(), d.a, v.ID, v.Version, catalogue.Act{Kind: catalogue.Send}); err != nil || v.Stage != catalogue.Reviewing {
		t.Errorf("%v", err)
	}
}

// TestImportByWhom: a report on a list is for those who keep the catalogue, too.
func TestImportByWhom(t *testing.T) {
	d := newDesk(t)
	if _, err := d.Import(t.Context(), admin("c", "town"), "首批", []byte("代码,名称,依据,层级\nA1,居住证明,某条例,街道\n"), true); !errors.Is(err, yinzheng.ErrForbidden) {
		t.Error(err)
	}
}

// TestReportDays: a period begins and ends with its days, by the local clock.
func TestReportDays(t *testing.T) {
	d := newDesk(t)
	v, err := d.draft(&catalogue.NewChange{Title: "首批", Items: []catalogue.Item{item("A1", cancelled("held"))}})
	must(t, err)
	d.publish(v, time.Date(2026, 12, 1, 0, 0, 0, 0, yinzheng.Zone))
	for days, want := range map[[2]string]int{{"2026-11-01", "2026-11-30"}: 0, {"2026-12-01", "2026-12-01"}: 1, {"2026-12-02", "2026-12-31"}: 0} {
		r, err := d.Report(days[0], days[1])
		must(t, err)
		if r.Ended.Count != want || r.From != days[0] || r.To != days[1] {
			t.Errorf("%v: %+v", days, r.Ended)
		}
	}
}
