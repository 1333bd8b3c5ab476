package inquiry

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"yinzheng"
)

// children is a list, without every skip-th of them.
func children(n, skip int) []byte {
	var b bytes.Buffer
	b.WriteString("name,id,division\n")
	for i := 1; i <= n; i++ {
		if skip == 0 || i%skip != 0 {
			fmt.Fprintf(&b, "陈小%c,%s,%s\n", '一'+rune(i), number(fmt.Sprintf("4413022019%02d%02d%03d", 1+i/28%12, 1+i%28, i%1000)), village)
		}
	}
	return b.Bytes()
}

func list(file []byte) *NewList {
	return &NewList{Kind: "vaccination", Division: town, Purpose: "入学接种查验", Basis: "某条例第二十七条", File: file}
}

// askList asks in a list, under a key of its own.
func (w *world) askList(in *NewList, try bool) (*ListView, error) {
	w.keys++
	v, _, err := w.AskList(w.ctx, asker, in, strconv.Itoa(w.keys), try)
	return v, err
}

// vaccinated brings in a roll without every skip-th child.
func (w *world) vaccinated(n, skip int) {
	w.t.Helper()
	health := somebody("health", 40, [2]string{"clerk", "health"})
	r, err := w.PutRoll(w.ctx, health, &NewRoll{Kind: "vaccination", Title: "接种名册", AsOf: "2026-11-01", File: children(n, skip)})
	must(w.t, err)
	if r.Rows != n-n/skip {
		w.t.Fatalf("%d rows", r.Rows)
	}
}

// work runs the background until nothing is left to do, as later starts would.
func (w *world) work() {
	w.t.Helper()
	for range 2 {
		_, err := w.Work(w.ctx)
		must(w.t, err)
	}
}

// replyAll has people answer and sign whatever is left.
func (w *world) replyAll(answer string) int {
	w.t.Helper()
	lines, err := w.List(w.ctx, clerk, yinzheng.InquiriesToAnswer, 0)
	must(w.t, err)
	for _, l := range lines {
		v, err := w.Act(w.ctx, clerk, l.ID, 1, &Step{Action: Answer, Answer: answer, Opinion: "已核对"})
		must(w.t, err)
		_, err = w.Act(w.ctx, signer, l.ID, v.Version, &Step{Action: Sign})
		must(w.t, err)
	}
	return len(lines)
}

// TestList: only those whom the record does not say yes to come to people; the
// reply commits to the result, which is for who asked.
func TestList(t *testing.T) {
	w := newWorld(t)
	w.vaccinated(700, 140)
	tried, err := w.askList(list(children(700, 0)), true)
	if err != nil || tried.Rows != 700 || tried.ID != "" {
		t.Fatalf("%+v %v", tried, err)
	}
	l, err := w.askList(list(children(700, 0)), false)
	must(t, err)
	w.work()
	l, err = w.ReadList(w.ctx, asker, l.ID)
	must(t, err)
	if l.State != ListPeople || l.Worked != 700 || l.OnRecord != 695 || l.Left != 5 || l.Token != "" {
		t.Fatalf("%+v", l)
	}
	_, err = w.Result(w.ctx, asker, l.ID)
	mustBe(t, err, yinzheng.ErrState)
	if n := w.replyAll(No); n != 5 {
		t.Errorf("%d came to people", n)
	}
	w.work()
	l, err = w.ReadList(w.ctx, asker, l.ID)
	must(t, err)
	if l.State != ListReplied || l.No != 5 || l.Left != 0 {
		t.Fatalf("%+v", l)
	}
	result, err := w.Result(w.ctx, asker, l.ID)
	must(t, err)
	again, err := w.Result(w.ctx, asker, l.ID)
	must(t, err)
	salt, err := base64.RawURLEncoding.DecodeString(l.Salt)
	must(t, err)
	c := claimsOf(t, l.Token)
	if !bytes.Equal(result, again) || c.Digest != yinzheng.CommitList(salt, result) || c.Counts != (yinzheng.ReplySum{Yes: 695, No: 5}) || c.By != "list" || c.Asker != "court" || c.Answer != "" {
		t.Errorf("claims %+v", c)
	}
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(result, []byte("\ufeff")))).ReadAll()
	must(t, err)
	if len(rows) != 701 || rows[140][3] != "否 No" || rows[140][4] != "某街道办事处" || rows[140][6] == "" || rows[139][3] != "是 Yes" || rows[0][3] != "答复 Answer" || rows[139][4] != "接种名册" || rows[139][5] != "2026-11-01" {
		t.Errorf("%d rows, %q, %q", len(rows), rows[139], rows[140])
	}
	if v, err := w.Read(w.ctx, asker, rows[140][6]); err != nil || v.Reply.Answer != No || v.Reply.Opinion != "已核对" {
		t.Errorf("the exception: %+v %v", v, err)
	}
	for _, by := range []*yinzheng.Account{clerk, signer, admin, somebody("other", 9, [2]string{"department", "civil"})} {
		_, err := w.ReadList(w.ctx, by, l.ID)
		mustBe(t, err, yinzheng.ErrNotFound)
		_, err = w.Result(w.ctx, by, l.ID)
		mustBe(t, err, yinzheng.ErrNotFound)
		if lists, err := w.Lists(w.ctx, by, 0); err != nil || len(lists) != 0 {
			t.Errorf("%s sees %+v %v", by.ID, lists, err)
		}
	}
	if lists, err := w.Lists(w.ctx, asker, 0); err != nil || len(lists) != 1 || lists[0].ID != l.ID {
		t.Errorf("%+v %v", lists, err)
	}
}

// TestListOtherwise: what the record says otherwise comes to people as what it is
// silent on does, with what it says.
func TestListOtherwise(t *testing.T) {
	w := newWorld(t)
	file := "name,id,division,about\n"
	for i, name := range []string{"李小宝", "李小贝", "李小果"} {
		file += fmt.Sprintf("%s,%s,%s,%s\n", name, resident(20+i).Number, village, resident(30+i).Number)
	}
	for i := range 2 { // the mother of both is the first one's; nobody knows the third
		w.record.people[resident(20+i).Number] = onRecord(func(p *yinzheng.OnRecord) {
			p.Facts["name"] = yinzheng.Known{Value: []string{"李小宝", "李小贝"}[i]}
		})
	}
	in := list([]byte(file))
	in.Kind = "mother"
	l, err := w.askList(in, false)
	must(t, err)
	w.work()
	if l, err = w.ReadList(w.ctx, asker, l.ID); err != nil || l.OnRecord != 1 || l.Left != 2 {
		t.Fatalf("%+v %v", l, err)
	}
	lines, err := w.List(w.ctx, clerk, yinzheng.InquiriesToAnswer, 0)
	must(t, err)
	_, err = w.Act(w.ctx, asker, lines[0].ID, 1, &Step{Action: Withdraw}) // the list would wait for it for ever
	mustBe(t, err, yinzheng.ErrState)
	var says []string
	for _, line := range lines {
		v, err := w.Read(w.ctx, clerk, line.ID)
		must(t, err)
		says = append(says, v.Name+" "+v.Found.Answer)
	}
	if got := strings.Join(says, ", "); got != "李小果 cannot-say, 李小贝 no" {
		t.Errorf("left for people: %s", got)
	}
}

// TestListCutOff: whichever transaction of the work is lost, or kept but reported
// lost, a later start ends with the same: each row looked up once, each exception
// begun once, one reply.
func TestListCutOff(t *testing.T) {
	for _, after := range []bool{false, true} {
		for cut := 1; cut <= 6; cut++ {
			w := newWorld(t)
			w.vaccinated(450, 90)
			l, err := w.askList(list(children(450, 0)), false)
			must(t, err)
			w.store.left, w.store.after = cut, after
			_, _ = w.Work(w.ctx)
			w.store.left = 0
			w.work()
			if n := w.replyAll(Yes); n != 5 {
				t.Errorf("cut %d after %v: %d exceptions", cut, after, n)
			}
			w.store.left, w.store.after = 1, after
			_, _ = w.Work(w.ctx)
			w.store.left = 0
			w.work()
			got, err := w.ReadList(w.ctx, asker, l.ID)
			must(t, err)
			if want := (yinzheng.InquiryTally{OnRecord: 445, Yes: 5}); got.State != ListReplied || got.Worked != 450 || got.InquiryTally != want {
				t.Errorf("cut %d after %v: %+v", cut, after, got)
			}
			acts, err := w.store.InquiryActs(w.ctx, l.ID, 0)
			must(t, err)
			if len(acts) != 2 {
				t.Errorf("cut %d after %v: %d acts", cut, after, len(acts))
			}
		}
	}
}

// TestListWorkers: several work on one list, and each row is looked up for it once.
func TestListWorkers(t *testing.T) {
	w := newWorld(t)
	w.vaccinated(1500, 300)
	l, err := w.askList(list(children(1500, 0)), false)
	must(t, err)
	var all sync.WaitGroup
	var mu sync.Mutex
	total := 0
	for range 4 {
		all.Go(func() {
			other := New(w.Config)
			other.Records = &record{}
			n, err := other.Work(w.ctx)
			mu.Lock()
			defer mu.Unlock()
			if total += n; err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	got, err := w.ReadList(w.ctx, asker, l.ID)
	must(t, err)
	if total != 1500 || got.OnRecord != 1495 || got.Left != 5 || got.State != ListPeople {
		t.Errorf("%d rows, %+v", total, got)
	}
}

// TestPause: a paused list stays where it is until it is resumed, by who asked.
func TestPause(t *testing.T) {
	w := newWorld(t)
	l, err := w.askList(list(children(10, 0)), false)
	must(t, err)
	_, err = w.ActOnList(w.ctx, clerk, l.ID, Pause)
	mustBe(t, err, yinzheng.ErrNotFound)
	_, err = w.ActOnList(w.ctx, asker, l.ID, Resume)
	mustBe(t, err, yinzheng.ErrState)
	_, err = w.ActOnList(w.ctx, asker, l.ID, Sign)
	mustBe(t, err, yinzheng.ErrInvalid)
	_, err = w.ActOnList(w.ctx, asker, l.ID, Pause)
	must(t, err)
	w.work()
	if l, err = w.ReadList(w.ctx, asker, l.ID); err != nil || l.State != ListPaused || l.Worked != 0 {
		t.Errorf("%+v %v", l, err)
	}
	_, err = w.ActOnList(w.ctx, asker, l.ID, Resume)
	must(t, err)
	w.work()
	if l, err = w.ReadList(w.ctx, asker, l.ID); err != nil || l.State != ListPeople || l.Left != 10 {
		t.Errorf("%+v %v", l, err)
	}
	_, err = w.ActOnList(w.ctx, asker, l.ID, Pause)
	mustBe(t, err, yinzheng.ErrState)
}

// TestListTwice: a list that is sent again is the same one, whatever was asked
// meanwhile, and counts once.
func TestListTwice(t *testing.T) {
	w := newWorld(t)
	first, again, err := w.AskList(w.ctx, asker, list(children(1500, 0)), "k", false)
	if err != nil || again {
		t.Fatal(again, err)
	}
	second, again, err := w.AskList(w.ctx, asker, list(children(1500, 0)), "k", false)
	if err != nil || !again || second.ID != first.ID {
		t.Errorf("%+v %v %v", second, again, err)
	}
	_, _, err = w.AskList(w.ctx, asker, list(children(3, 0)), "k", false)
	mustBe(t, err, yinzheng.ErrReused)
	_, _, err = w.AskList(w.ctx, asker, list(children(3, 0)), "", true)
	mustBe(t, err, yinzheng.ErrPrecondition)
	if lists, err := w.Lists(w.ctx, asker, 0); err != nil || len(lists) != 1 {
		t.Errorf("%+v %v", lists, err)
	}
}

// TestPauseAtWork: a batch that is kept at the same moment does not get in the way.
func TestPauseAtWork(t *testing.T) {
	w := newWorld(t)
	l, err := w.askList(list(children(450, 0)), false)
	must(t, err)
	w.store.meanwhile = func() {
		kept, err := w.store.InquiryList(w.ctx, l.ID)
		must(t, err)
		_, err = w.batch(w.ctx, kept)
		must(t, err)
	}
	l, err = w.ActOnList(w.ctx, asker, l.ID, Pause)
	must(t, err)
	w.work()
	if l, err = w.ReadList(w.ctx, asker, l.ID); err != nil || l.State != ListPaused || l.Worked != batchRows {
		t.Errorf("%+v %v", l, err)
	}
}

func TestAskListInvalid(t *testing.T) {
	w := newWorld(t)
	id := resident(20).Number
	for name, tt := range map[string]struct {
		file   string
		change func(*NewList)
		want   string
	}{
		"no table":            {"\x00", nil, "file:file"},
		"no columns":          {"a,b\n1,2\n", nil, "file:file"},
		"empty":               {"name,id\n", nil, "file:file"},
		"by their cells":      {"姓名,证件号码\n李小宝," + id + "1\n,\n,441302\n", nil, "line 2, column id:id-length line 4, column name:required line 4, column id:id-length"},
		"twice":               {"name,id\n李小宝," + id + "\n李小贝,1\n李小宝," + id + "\n", nil, "line 3, column id:id-length line 4, column id:twice"},
		"outside the right":   {"name,id,division\n李小宝," + id + "," + otherTown + "\n李小贝," + resident(21).Number + ",1\n", nil, "line 2, column division:outside line 3, column division:outside"},
		"no document":         {"name,id,id_type\n李小宝,,无证件\n", nil, "line 2, column id_type:no-document"},
		"a purpose that says": {"name,id\n李小宝," + id + "\n", func(in *NewList) { in.Purpose = "查李小宝" }, "purpose:personal-data"},
		"nothing to compare":  {"name,id\n李小宝," + id + "\n", func(in *NewList) { in.Kind = "mother" }, "line 2, column about:required"},
		"something said":      {"name,id,about\n李小宝," + id + ",x\n", nil, "line 2, column about:unknown-field"},
	} {
		in := list([]byte(tt.file))
		if tt.change != nil {
			tt.change(in)
		}
		_, err := w.askList(in, false)
		if got := codesOf(err); got != tt.want {
			t.Errorf("%s: %q %v, want %q", name, got, err, tt.want)
		}
	}
	in := list(children(10, 0))
	in.Division = district
	_, err := w.askList(in, true)
	mustBe(t, err, yinzheng.ErrForbidden)
	_, err = w.askList(list(children(2001, 0)), false)
	mustBe(t, err, yinzheng.ErrTooMany)
	if lists, err := w.Lists(w.ctx, asker, 0); err != nil || len(lists) != 0 {
		t.Errorf("%+v %v", lists, err)
	}
}

func TestRollInvalid(t *testing.T) {
	w := newWorld(t)
	health := somebody("health", 40, [2]string{"clerk", "health"})
	roll := func(kind, title, asOf, file string) *NewRoll { return &NewRoll{kind, title, asOf, []byte(file)} }
	good := "name,id\n李小宝," + resident(20).Number + "\n"
	_, err := w.PutRoll(w.ctx, health, roll("hardship", "名册", "2026-11-01", good))
	mustBe(t, err, yinzheng.ErrNotFound)
	for _, by := range []*yinzheng.Account{asker, clerk} {
		_, err = w.PutRoll(w.ctx, by, roll("vaccination", "名册", "2026-11-01", good))
		mustBe(t, err, yinzheng.ErrForbidden)
	}
	for _, tt := range []struct {
		in   *NewRoll
		want string
	}{
		{roll("vaccination", "", "2099-01-01", good), "title:required as_of:future"},
		{roll("vaccination", "名册", "2026-11-01", good+"李小宝,"+resident(20).Number+"\n李小贝,1\n"), "line 3, column id:twice line 4, column id:id-length"},
	} {
		if _, err := w.PutRoll(w.ctx, health, tt.in); codesOf(err) != tt.want {
			t.Errorf("%q, want %q", codesOf(err), tt.want)
		}
	}
}

// TestResultStaysAsItWasSigned: a list that was signed before answers stood in
// words gives the bytes that its token commits to.
func TestResultStaysAsItWasSigned(t *testing.T) {
	w := newWorld(t)
	w.vaccinated(2, 9)
	l, err := w.askList(list(children(2, 0)), false)
	must(t, err)
	w.work()
	kept, err := w.Store.InquiryActs(w.ctx, l.ID, 0)
	must(t, err)
	now, err := w.Result(w.ctx, asker, l.ID)
	must(t, err)
	was := kept[len(kept)-1]
	was.Seq, was.Content = was.Seq+1, []byte(`{"kind":"sign"}`)
	must(t, w.Store.AddInquiryAct(w.ctx, &was))
	before, err := w.Result(w.ctx, asker, l.ID)
	must(t, err)
	if !strings.Contains(string(now), ",是 Yes,接种名册,") || !strings.Contains(string(before), ",yes,接种名册,") || !strings.HasPrefix(string(before), "\ufeff序号,姓名,") {
		t.Errorf("%s\n%s", now, before)
	}
}

// TestResultIsHarmless: no cell of a result is a formula to a spreadsheet.
func TestResultIsHarmless(t *testing.T) {
	var b strings.Builder
	w := csv.NewWriter(&b)
	must(t, writeRow(w, &yinzheng.InquiryRow{Row: 1, Content: []byte(`{"name":"陈小一","id":{"type":"passport","number":"E1"}}`), Answer: No, Source: "=cmd|' /C calc'!A0", AsOf: "2026-11-01"}, inWords))
	w.Flush()
	if want := "1,陈小一,E1,否 No,'=cmd|' /C calc'!A0,2026-11-01,\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

// FuzzRoll: whatever is sent as a roll is refused, or everybody on it is somebody.
func FuzzRoll(f *testing.F) {
	f.Add(children(3, 0))
	f.Add([]byte("姓名,证件号码,证件类型\n李小宝,E1,护照\n,,无证件\n"))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, file []byte) {
		var wrong faults
		entries, err := readRoll(file, testNow, &wrong)
		if err != nil || len(wrong) > 0 {
			return
		}
		for _, e := range entries {
			if e.Document == "" || e.Name == "" {
				t.Errorf("%+v", e)
			}
		}
	})
}
