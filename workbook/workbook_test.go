package workbook

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yinzheng"
	"yinzheng/offices"
)

func checkIs(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%v, want %v", err, want)
	}
}

// faults are the cells that an error names, with their codes.
func faults(err error) []string {
	var e *yinzheng.Error
	if !errors.As(err, &e) {
		return nil
	}
	var out []string
	for _, f := range e.Fields {
		out = append(out, f.Field+" "+f.Code)
	}
	return out
}

// TestCheck: every row is looked at as a draft is; with one fault, none is kept.
func TestCheck(t *testing.T) {
	h := newHouse(t)
	_, err := h.bring("north", "residence", residenceHead+
		"李一,"+holder(1)+",滨江路,2020-05-01,入学,教育局\n"+
		"李二,441302198001010021,滨江路,2020-13-01,入学,\n"+
		"李\U000F0003,"+holder(3)+",滨江路,2999-01-01,入学,教育局\n"+
		"李四"+string(rune(0x20000+0xA6D0))+","+holder(4)+",,2020-05-01,入学,教育局\n")
	want := []string{
		"line 3, column id id-check-digit", "line 3, column since date", "line 3, column recipient required",
		"line 4, column name private-character",
		"line 5, column address required", "line 5, column name missing-glyph",
	}
	got := faults(err)
	slices.Sort(got)
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if list, err := h.List(h.ctx, h.people["north"], 0); err != nil || len(list) != 0 {
		t.Errorf("kept: %v %v", list, err)
	}
	if h.events("north", "batch-tried") != 1 {
		t.Error("a try is not on record")
	}
	_, err = h.bring("north", "residence", residenceHead+strings.Repeat("李一,1,滨江路,2020-05-01,入学,教育局\n", 500))
	if n := len(faults(err)); n != maxFaults {
		t.Errorf("%d faults are listed", n)
	}
	_, err = h.bring("north", "residence", residenceHead[:len(residenceHead)-1]+",区划代码\n李一,"+holder(1)+",滨江路,2020-05-01,入学,教育局,110000000000\n")
	if d := cmp.Diff([]string{"line 2, column division code jurisdiction"}, faults(err)); d != "" {
		t.Errorf("elsewhere (-want +got):\n%s", d)
	}

	_, err = h.bring("town", "residence", residences(1, 2))
	checkIs(t, err, yinzheng.ErrForbidden)
	_, err = h.bring("north", "nothing", residences(1, 2))
	checkIs(t, err, yinzheng.ErrNotFound)
	_, _, err = h.Bring(h.ctx, h.people["north"], &NewBatch{Item: "residence", Office: "south", File: []byte(residences(1, 2))}, "k", false)
	checkIs(t, err, yinzheng.ErrForbidden)
	_, _, err = h.Bring(h.ctx, h.people["north"], &NewBatch{Item: "residence", File: []byte(residences(1, 2))}, "", false)
	checkIs(t, err, yinzheng.ErrPrecondition)

	v, _, err := h.Bring(h.ctx, h.people["north"], &NewBatch{Item: "residence", File: []byte(residences(1, 2) + "李三," + holder(1) + ",x,2020-05-01,y,z\n")}, "", true)
	must(t, err)
	if v.ID != "" || v.Rows != 3 || v.Waiting != 3 || v.Alike != 1 {
		t.Errorf("tried: %+v", v)
	}
}

// TestAgain: a request that comes again finds the batch that it has made.
func TestAgain(t *testing.T) {
	h := newHouse(t)
	in := &NewBatch{Item: "residence", File: []byte(residences(1, 2))}
	one, again, err := h.Bring(h.ctx, h.people["north"], in, "k", false)
	must(t, err)
	two, again2, err := h.Bring(h.ctx, h.people["north"], in, "k", false)
	must(t, err)
	if again || !again2 || one.ID != two.ID {
		t.Errorf("%s %t, %s %t", one.ID, again, two.ID, again2)
	}
	_, _, err = h.Bring(h.ctx, h.people["north"], &NewBatch{Item: "residence", File: []byte(residences(1, 3))}, "k", false)
	checkIs(t, err, yinzheng.ErrReused)
}

// TestMade: the cases of a batch are those that a clerk would have made, in the
// name of who started it, each with a note of where it comes from.
func TestMade(t *testing.T) {
	h := newHouse(t)
	h.registers(holder(1)+",李登记,"+north, holder(2)+",李别处,"+south)
	file := "证件号码,现居住地址,居住起始日期,用途,使用单位,姓名,没人认识\n" +
		holder(1) + ",滨江路,2020/5/1,入学,教育局,,x\n" + holder(2) + ",滨江路,2020-05-01,入学,教育局,李二,\n"
	v := h.brought("residence", file)
	if v.Filled != 1 || !slices.Equal(v.Ignored, []string{"没人认识"}) || v.State != Checked || v.Waiting != 2 {
		t.Errorf("checked: %+v", v)
	}
	must(t, h.Work(h.ctx))
	if n := h.cases(); len(n) != 0 {
		t.Fatalf("made before it was started: %v", n)
	}
	h.act("north2", v, &Step{Action: Start, Submit: true})
	must(t, h.Work(h.ctx))
	if v = h.seen(v); v.State != Done || v.Made != 2 || v.By != "north2" || !v.Submit {
		t.Errorf("done: %+v", v)
	}
	if d := cmp.Diff(map[yinzheng.State]int{yinzheng.Submitted: 2}, h.cases()); d != "" {
		t.Errorf("cases (-want +got):\n%s", d)
	}
	first := h.rows(v, yinzheng.BatchFilter{})[0]
	c, err := h.Service.Application(h.ctx, h.people["north"], first.Application)
	must(t, err)
	if c.Values.String("name") != "李登记" || c.Values.String("since") != "2020-05-01" || len(c.Filled) != 1 || len(c.History) != 2 || c.History[0].By != "north2" || c.History[0].Opinion != "批量导入 "+v.ID+" 第 2 行" {
		t.Errorf("%+v", c)
	}
	for kind, n := range map[string]int{"batch-brought": 1, "batch-start": 1, "batch-done": 1} {
		if got := h.events(v.ID, kind); got != n {
			t.Errorf("%d events %s", got, kind)
		}
	}
	if told, err := h.Service.Notices(h.ctx, h.people["north"], 0, 9); err != nil || !slices.ContainsFunc(told, func(n yinzheng.Notice) bool { return n.Kind == "batch-done" && n.About == v.ID }) {
		t.Errorf("told: %+v %v", told, err)
	}
}

// TestDuplicates: what may be one matter is flagged, within the workbook and beside
// cases that there are, and left out unless it is ticked.
func TestDuplicates(t *testing.T) {
	h := newHouse(t)
	before := h.brought("residence", residences(1, 1))
	h.act("north", before, &Step{Action: Start})
	must(t, h.Work(h.ctx))
	file := residences(1, 3) + // line 2 is the case that there is
		"李五," + holder(2) + ",x,2020-05-01,y,z\n" + // 5: the same number as line 3
		"李" + string(rune('一'+3)) + "," + holder(7) + ",x,2020-05-01,y,z\n" // 6: another's name is no ground
	v := h.brought("residence", file)
	flagged := h.rows(v, yinzheng.BatchFilter{Alike: true})
	if len(flagged) != 2 || v.Alike != 2 || flagged[0].Line != 2 || flagged[1].Line != 5 {
		t.Fatalf("flagged: %+v", flagged)
	}
	made := h.rows(before, yinzheng.BatchFilter{})[0].Application
	if a := flagged[0].Alike; len(a) != 1 || a[0].Application != made || a[0].Why[0].ZH != "同一证件、同一事项" {
		t.Errorf("beside a case: %+v", a)
	}
	if a := flagged[1].Alike; len(a) != 1 || a[0].Line != 3 || flagged[1].Holder != "李五" {
		t.Errorf("within: %+v", a)
	}
	_, err := h.Act(h.ctx, h.people["north"], v.ID, &Step{Action: Start, Lines: []int{3}})
	if !slices.Equal(faults(err), []string{"duplicates unknown-line"}) || h.seen(v).State != Checked || h.seen(v).Left != 0 {
		t.Errorf("ticked: %v", err)
	}
	h.act("north", v, &Step{Action: Start, Lines: []int{5}})
	must(t, h.Work(h.ctx))
	if v = h.seen(v); v.State != Done || v.Made != 4 || v.Left != 1 {
		t.Errorf("%+v", v)
	}
	if failed := h.rows(v, yinzheng.BatchFilter{Failed: true}); len(failed) != 1 || failed[0].Line != 2 || !strings.Contains(failed[0].Why.ZH, "没有勾选") {
		t.Errorf("left out: %+v", failed)
	}

	again := h.brought("residence", residences(1, 3))
	h.act("north", again, &Step{Action: Start, All: true})
	must(t, h.Work(h.ctx))
	if again = h.seen(again); again.Made != 3 || again.Left != 0 {
		t.Errorf("all ticked: %+v", again)
	}
}

// TestFailures: what could not be made is written with the reason, and can be
// mended and brought in again.
func TestFailures(t *testing.T) {
	h := newHouse(t)
	h.registers(holder(1)+",李一,"+north, holder(2)+",李二,"+north)
	v := h.brought("residence", "证件号码,现居住地址,居住起始日期,用途,使用单位\n"+holder(1)+",滨江路,2020-05-01,入学,教育局\n"+holder(2)+",滨江路,2020-05-01,入学,教育局\n")
	h.registersLater(holder(2)+",李二,"+south, holder(1)+",李一,"+north) // whom the office may not read any more
	h.act("north", v, &Step{Action: Start})
	must(t, h.Work(h.ctx))
	if v = h.seen(v); v.Made != 1 || v.Refused != 1 {
		t.Fatalf("%+v", v)
	}
	why := h.rows(v, yinzheng.BatchFilter{Failed: true})[0].Why
	if !strings.Contains(why.ZH, "；姓名：请填写“姓名”") || !strings.Contains(why.EN, "; Name: Please fill in “Name”") {
		t.Errorf("why: %v", why)
	}
	data, err := h.Failures(h.ctx, h.people["north"], v.ID, "zh")
	must(t, err)
	c, err := sheetOf(builtin(t, "residence")).read(data, "")
	must(t, err)
	if len(c.rows) != 1 || c.rows[0].cells["id"] != holder(2) {
		t.Errorf("%+v", c.rows[0].cells)
	}
	if h.events(v.ID, "batch-delivered") != 1 {
		t.Error("that it was delivered is not on record")
	}
	_, err = h.bring("north", "residence", string(data))
	if d := cmp.Diff([]string{"办件!A2 required"}, faults(err)); d != "" {
		t.Errorf("not mended (-want +got):\n%s", d)
	}
}

// TestDraftsOnly: an item whose cases need files makes drafts, which say what is
// wanting.
func TestDraftsOnly(t *testing.T) {
	h := newHouse(t)
	v := h.brought("tenancy", residences(1, 2))
	if !v.Drafts {
		t.Error("it does not say so")
	}
	_, err := h.Act(h.ctx, h.people["north"], v.ID, &Step{Action: Start, Submit: true})
	if !slices.Equal(faults(err), []string{"submit materials"}) {
		t.Errorf("handed in: %v", err)
	}
	h.act("north", v, &Step{Action: Start})
	must(t, h.Work(h.ctx))
	if d := cmp.Diff(map[yinzheng.State]int{yinzheng.Draft: 2}, h.cases()); d != "" {
		t.Errorf("cases (-want +got):\n%s", d)
	}
}

// TestStops: a batch goes no further than the right of who started it, and a
// colleague goes on with it; an item that has a new version ends it.
func TestStops(t *testing.T) {
	for name, change := range map[string]func(*yinzheng.Account){
		"disabled":   func(a *yinzheng.Account) { a.Disabled = true },
		"post ended": func(a *yinzheng.Account) { a.Grants[0].To = testNow },
		"elsewhere":  func(a *yinzheng.Account) { a.Grants[0].Office = "south" },
	} {
		h := newHouse(t)
		v := h.brought("residence", residences(1, makingBatch+5))
		h.act("north", v, &Step{Action: Start})
		h.failing.Before = func() { h.changes("north", change) }
		must(t, h.Work(h.ctx))
		v = h.seen(v)
		if v.State != Stopped || v.Why == nil || !strings.Contains(v.Why.ZH, "经办岗位") || v.Waiting == 0 || v.Waiting+v.Made != v.Rows || v.Refused != 0 {
			t.Fatalf("%s: %+v", name, v)
		}
		must(t, h.Work(h.ctx))
		if h.seen(v).Made != v.Made {
			t.Errorf("%s: it goes on", name)
		}
		h.act("north2", v, &Step{Action: Resume})
		must(t, h.Work(h.ctx))
		if v = h.seen(v); v.State != Done || v.Made != v.Rows || v.By != "north2" || v.Why != nil {
			t.Errorf("%s: resumed: %+v", name, v)
		}
	}

	h := newHouse(t)
	v := h.brought("residence", residences(1, 3))
	h.act("north", v, &Step{Action: Start})
	newer := *builtin(t, "residence")
	newer.Version++
	h.items = append(h.items, &newer)
	h.restart()
	must(t, h.Work(h.ctx))
	if v = h.seen(v); v.State != Stopped || !strings.Contains(v.Why.ZH, "新版本") || v.Made != 0 {
		t.Errorf("a new version: %+v", v)
	}
	h.act("north", v, &Step{Action: End})
	if v = h.seen(v); v.State != Done || v.Left != 3 {
		t.Errorf("ended: %+v", v)
	}
	data, err := h.Failures(h.ctx, h.people["north"], v.ID, "zh")
	must(t, err)
	if _, err := h.bring("north", "residence", string(data)); err != nil {
		t.Errorf("brought in anew: %v", err)
	}
}

// TestParty: who is a party of one of the cases hands in the others.
func TestParty(t *testing.T) {
	h := newHouse(t)
	v := h.brought("residence", residences(1, 2)+"某人,"+h.people["north"].Person.Number+",x,2020-05-01,y,z\n")
	h.act("north", v, &Step{Action: Start, Submit: true})
	must(t, h.Work(h.ctx))
	if v = h.seen(v); v.State != Done || v.Made != 2 || v.Refused != 1 {
		t.Errorf("%+v", v)
	}
}

// TestPause: a batch that is paused makes no further case, wherever its rows are.
func TestPause(t *testing.T) {
	h := newHouse(t)
	v := h.brought("residence", residences(1, 40))
	h.act("north", v, &Step{Action: Start})
	h.failing.Before = func() { h.act("north2", v, &Step{Action: Pause}) }
	must(t, h.Work(h.ctx))
	before := h.seen(v).Made // rows beside the one that was about to be made
	if got := h.seen(v); got.State != Paused || before == got.Rows {
		t.Fatalf("%+v", got)
	}
	must(t, h.Work(h.ctx))
	if got := h.seen(v); got.Made != before {
		t.Errorf("paused, and goes on: %+v", got)
	}
	h.act("north2", v, &Step{Action: Resume})
	h.restart()
	h.failing.Before = func() { // paused and resumed while rows are being made: those are left to the next round
		h.act("north2", v, &Step{Action: Pause})
		h.act("north2", v, &Step{Action: Resume})
	}
	must(t, h.Work(h.ctx))
	if got := h.seen(v); got.State != Working || got.Waiting == 0 {
		t.Errorf("done too early: %+v", got)
	}
	must(t, h.Work(h.ctx))
	if got := h.seen(v); got.State != Done || got.Made != 40 {
		t.Errorf("%+v", got)
	}
	for _, step := range []Doing{Start, Pause, Resume, End} {
		_, err := h.Act(h.ctx, h.people["north"], v.ID, &Step{Action: step})
		checkIs(t, err, yinzheng.ErrState)
	}
	_, err := h.Act(h.ctx, h.people["north"], v.ID, &Step{Action: "erase"})
	checkIs(t, err, yinzheng.ErrInvalid)
}

// TestDropped: of a batch that was never started nothing is kept, whether somebody
// says so or nobody comes back to it.
func TestDropped(t *testing.T) {
	h := newHouse(t)
	one, two := h.brought("residence", residences(1, 2)), h.brought("residence", residences(3, 2))
	h.act("north", one, &Step{Action: End})
	must(t, h.Work(h.ctx))
	h.now = h.now.Add(keptUnstarted - time.Hour)
	must(t, h.Work(h.ctx))
	if h.seen(one).State != Dropped || h.seen(two).State != Checked {
		t.Fatalf("%s, %s", h.seen(one).State, h.seen(two).State)
	}
	h.now = h.now.Add(2 * time.Hour)
	must(t, h.Work(h.ctx))
	for _, v := range []*BatchView{one, two} {
		if v = h.seen(v); v.State != Dropped || v.Rows != 2 || len(h.rows(v, yinzheng.BatchFilter{})) != 0 {
			t.Errorf("%+v", v)
		}
		_, err := h.Act(h.ctx, h.people["north"], v.ID, &Step{Action: Start})
		checkIs(t, err, yinzheng.ErrState)
	}
}

// TestStrangers: a batch exists for the clerks of its office alone.
func TestStrangers(t *testing.T) {
	h := newHouse(t)
	v := h.brought("residence", residences(1, 2))
	for _, who := range []string{"south", "town", "district", "admin"} {
		by := h.people[who]
		_, err := h.View(h.ctx, by, v.ID)
		checkIs(t, err, yinzheng.ErrNotFound)
		_, err = h.Act(h.ctx, by, v.ID, &Step{Action: Start})
		checkIs(t, err, yinzheng.ErrNotFound)
		_, err = h.Rows(h.ctx, by, v.ID, yinzheng.BatchFilter{})
		checkIs(t, err, yinzheng.ErrNotFound)
		_, err = h.Sample(h.ctx, by, v.ID, 1)
		checkIs(t, err, yinzheng.ErrNotFound)
		_, err = h.Failures(h.ctx, by, v.ID, "zh")
		checkIs(t, err, yinzheng.ErrNotFound)
		list, err := h.List(h.ctx, by, 0)
		if err != nil || len(list) != 0 {
			t.Errorf("%s sees %v %v", who, list, err)
		}
	}
	_, err := h.View(h.ctx, h.people["north"], "NOSUCH")
	checkIs(t, err, yinzheng.ErrNotFound)
	_, err = h.Blank(h.people["town"], "residence", "zh")
	checkIs(t, err, yinzheng.ErrForbidden)
	if list, err := h.List(h.ctx, h.people["north2"], 0); err != nil || len(list) != 1 || list[0].ID != v.ID {
		t.Errorf("a colleague sees %v %v", list, err)
	}
}

// TestMerged: the batch of an office that was merged goes on in the one that does
// its work now, and is its clerks'.
func TestMerged(t *testing.T) {
	h := newHouse(t)
	v := h.brought("residence", residences(1, 3))
	r, err := offices.Plan(h.Service.Directory(), &offices.Order{Title: "文号", Merge: []offices.Merge{{Divisions: []string{north, south}, Into: offices.Part{Code: south}}}}, h.now)
	must(t, err)
	must(t, h.Service.Reorganise(h.ctx, h.people["admin"], r, false))
	list, err := h.List(h.ctx, h.people["south"], 0)
	if err != nil || len(list) != 1 || list[0].ID != v.ID {
		t.Fatalf("the successor sees %v %v", list, err)
	}
	h.act("south", v, &Step{Action: Start})
	must(t, h.Work(h.ctx))
	v, err = h.View(h.ctx, h.people["south"], v.ID)
	if err != nil || v.State != Done || v.Made != 3 {
		t.Errorf("%+v %v", v, err)
	}
	rows, err := h.Rows(h.ctx, h.people["south"], v.ID, yinzheng.BatchFilter{})
	must(t, err)
	c, err := h.Service.Application(h.ctx, h.people["south"], rows[0].Application)
	if err != nil || c.Office != "south" || c.Division != south {
		t.Errorf("%+v %v", c, err)
	}
}

// TestSample: the pages of the first cases are set as they would be; what the
// register adds to them is put on record.
func TestSample(t *testing.T) {
	h := newHouse(t)
	h.registers(holder(1) + ",李登记," + north)
	v := h.brought("residence", "证件号码,现居住地址,居住起始日期,用途,使用单位,姓名\n"+holder(1)+",滨江路,2020-05-01,入学,教育局,\n"+holder(2)+",滨江路,2020-05-01,入学,教育局,李二\n")
	for n, ok := range map[int]bool{0: false, 1: true, 2: true, 3: false, 4: false} {
		svg, err := h.Sample(h.ctx, h.people["north"], v.ID, n)
		if ok && (err != nil || !strings.HasPrefix(string(svg), "<svg")) {
			t.Errorf("page %d: %v %.40s", n, err, svg)
		}
		if !ok {
			checkIs(t, err, yinzheng.ErrNotFound)
		}
	}
	p, err := h.Service.Propose(h.ctx, h.people["north"], &yinzheng.NewApplication{Item: "residence", Values: map[string]any{"id": holder(1)}})
	must(t, err)
	if h.events(p.Person, yinzheng.EventPersonRead) != 1 {
		t.Error("what is on record was read without a trace")
	}
}

// TestCrash: whichever transaction fails, before or after it was kept, the next
// process ends with one case for each row.
func TestCrash(t *testing.T) {
	const rows = 3
	for _, kept := range []bool{false, true} {
		for at := 1; ; at++ {
			h := newHouse(t)
			v := h.brought("residence", residences(1, rows))
			h.act("north", v, &Step{Action: Start, Submit: at%2 == 0})
			h.failing.Arm(at, kept)
			err := h.Work(h.ctx)
			failed := h.failing.Failed()
			h.failing.Arm(0, false)
			h.restart()
			must(t, h.Work(h.ctx))
			must(t, h.Work(h.ctx))
			v = h.seen(v)
			n := h.cases()
			if v.State != Done || v.Made != rows || n[yinzheng.Draft]+n[yinzheng.Submitted] != rows {
				t.Fatalf("transaction %d, kept %t: %+v, cases %v", at, kept, v, n)
			}
			if !failed {
				if at <= rows {
					t.Errorf("only %d transactions failed", at-1)
				}
				break
			}
			if err == nil && !kept {
				t.Errorf("transaction %d failed without a word", at)
			}
		}
	}
}

// TestTwoProcesses: two of them at one batch make each case once.
func TestTwoProcesses(t *testing.T) {
	h := newHouse(t)
	v := h.brought("residence", residences(1, 300))
	h.act("north", v, &Step{Action: Start})
	other := New(Config{Service: h.Service})
	done := make(chan error, 2)
	for _, w := range []*Workbooks{h.Workbooks, other} {
		go func() { done <- w.Work(context.Background()) }()
	}
	must(t, errors.Join(<-done, <-done))
	must(t, h.Work(h.ctx))
	if v = h.seen(v); v.State != Done || v.Made != 300 || h.cases()[yinzheng.Draft] != 300 {
		t.Errorf("%+v, cases %v", v, h.cases())
	}
}

// TestTenThousand: the largest workbook that is taken, told how many when there is
// one more.
func TestTenThousand(t *testing.T) {
	h := newHouse(t)
	start := time.Now()
	v := h.brought("residence", residences(1, MaxRows))
	t.Logf("checked in %v", time.Since(start))
	if v.Rows != MaxRows || v.Waiting != MaxRows || v.Alike != 0 {
		t.Errorf("%+v", v)
	}
	_, err := h.bring("north", "residence", residences(1, MaxRows+1))
	if d := cmp.Diff([]string{"file file"}, faults(err)); d != "" || !strings.Contains(err.Error(), fmt.Sprint(MaxRows)) {
		t.Errorf("one more: %v", err)
	}
}

// TestErasedRows: a batch that nobody goes on with is ended after a month, and what its
// rows said is erased in time; the figures stay.
func TestErasedRows(t *testing.T) {
	h := newHouse(t)
	v := h.brought("residence", residences(1, 3))
	h.act("north", v, &Step{Action: Start})
	h.act("north", v, &Step{Action: Pause})
	h.now = h.now.Add(keptUnfinished - time.Hour)
	must(t, h.Work(h.ctx))
	if v = h.seen(v); v.State != Paused {
		t.Fatalf("ended too early: %+v", v)
	}
	h.now = h.now.Add(2 * time.Hour)
	must(t, h.Work(h.ctx))
	if v = h.seen(v); v.State != Done || v.Left != 3 || v.Erased || h.events(v.ID, "batch-lapsed") != 1 {
		t.Fatalf("%+v", v)
	}
	if why := h.rows(v, yinzheng.BatchFilter{Failed: true})[0].Why; why == nil || !strings.Contains(why.ZH, "没有人继续") {
		t.Errorf("why: %v", why)
	}
	h.now = h.now.AddDate(0, 0, 89)
	_, err := h.Service.EraseInTime(h.ctx)
	must(t, err)
	if h.seen(v).Erased {
		t.Error("erased too early")
	}
	h.now = h.now.AddDate(0, 0, 2)
	erased, err := h.Service.EraseInTime(h.ctx)
	must(t, err)
	if v = h.seen(v); erased[yinzheng.RetainImports] != 1 || !v.Erased || v.Rows != 3 || v.Left != 3 {
		t.Errorf("erased %v: %+v", erased, v)
	}
	for _, r := range h.rows(v, yinzheng.BatchFilter{}) {
		if r.Holder != "" || r.Why != nil || r.Outcome != yinzheng.RowLeft {
			t.Errorf("%+v", r)
		}
	}
	_, err = h.Failures(h.ctx, h.people["north"], v.ID, "zh")
	checkIs(t, err, yinzheng.ErrState)
}
