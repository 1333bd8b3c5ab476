package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yinzheng"
)

// serial is the number of a certificate of a lineage; the check character does
// not matter to a store.
func serial(s string, version int) string {
	return fmt.Sprintf("%s%s.%03d.U", serialPrefix(), s, version)
}

func serialPrefix() string { return "1.2.156.3005.2.11100000000013338W011.11441302007158123A." }

// lineageInForce: of the versions of one serial at most one is valid or
// suspended, whoever sealed it.
func lineageInForce(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	issue := func(n int, number string) *yinzheng.Certificate {
		c := Certificate(n, fmt.Sprintf("A%d", n))
		c.Number = number
		check(t, s.Reserve(ctx, c))
		return Finished(c, []byte(c.Code))
	}
	first := issue(1, serial("0123456789ABCDEF", 1))
	check(t, s.FinishIssue(ctx, first, []byte("1")))
	other := issue(2, serial("0123456789ABCDEG", 1))
	check(t, s.FinishIssue(ctx, other, []byte("2"))) // another serial
	second := issue(3, "1.2.156.3005.2.11100000000013338W011.11441302007158999B.0123456789ABCDEF.002.U")
	checkIs(t, s.FinishIssue(ctx, second, []byte("3")), yinzheng.ErrConflict)
	to := func(c *yinzheng.Certificate, from, status yinzheng.Status) error {
		c.Status = status
		return s.SetStatus(ctx, c, from)
	}
	check(t, to(first, yinzheng.StatusOK, yinzheng.StatusIsSuspended))
	checkIs(t, s.FinishIssue(ctx, second, []byte("3")), yinzheng.ErrConflict)
	check(t, to(first, yinzheng.StatusIsSuspended, yinzheng.StatusIsSuperseded))
	second.Status = yinzheng.StatusOK
	check(t, s.FinishIssue(ctx, second, []byte("3")))
	checkIs(t, to(first, yinzheng.StatusIsSuperseded, yinzheng.StatusOK), yinzheng.ErrConflict)
	checkIs(t, to(first, yinzheng.StatusIsSuperseded, yinzheng.StatusIsSuspended), yinzheng.ErrConflict)
}

func newestNumber(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	want := func(serial, number string) {
		t.Helper()
		got, err := s.NewestNumber(ctx, serialPrefix()+serial+".")
		check(t, err)
		if got != number {
			t.Errorf("newest of %s: %q, want %q", serial, got, number)
		}
	}
	want("AAAAAAAAAAAAAAAA", "")
	for i, v := range []int{1, 10, 9} {
		c := Certificate(i, fmt.Sprintf("A%d", i))
		c.Number = serial("AAAAAAAAAAAAAAAA", v)
		check(t, s.Reserve(ctx, c))
		if v == 10 { // void ones count
			c.Status = yinzheng.StatusVoid
			check(t, s.SetStatus(ctx, c, yinzheng.StatusReserved))
		}
	}
	b := Certificate(9, "A9")
	b.Number = serial("AAAAAAAAAAAAAAAB", 11)
	check(t, s.Reserve(ctx, b))
	want("AAAAAAAAAAAAAAAA", serial("AAAAAAAAAAAAAAAA", 10))
	want("AAAAAAAAAAAAAAAB", b.Number)
	want("AAAAAAAAAAAAAAA", "") // a whole serial, not the beginning of one
}

func replacements(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	for _, id := range []string{"Z", "A", "M"} {
		check(t, s.LinkReplacement(ctx, "C1", id))
	}
	check(t, s.LinkReplacement(ctx, "C2", "A"))
	for code, want := range map[string][]string{"C1": {"Z", "A", "M"}, "C2": {"A"}, "C3": nil} {
		got, err := s.Replacements(ctx, code)
		check(t, err)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", code, d)
		}
	}
}

func revocations(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	pending := func(want ...yinzheng.PendingRevocation) {
		t.Helper()
		got, err := s.PendingRevocations(ctx)
		check(t, err)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
	pending()
	first := yinzheng.PendingRevocation{Certificate: "C2", Proposal: 7, Organ: "organ", ProposedAt: Start}
	second := yinzheng.PendingRevocation{Certificate: "C1", Proposal: 9, Organ: "other", ProposedAt: Start.Add(time.Minute)}
	for _, p := range []*yinzheng.PendingRevocation{&first, &second} {
		check(t, s.AddRevocation(ctx, p))
		checkIs(t, s.AddRevocation(ctx, p), yinzheng.ErrConflict)
	}
	pending(first, second)
	checkIs(t, s.DecideRevocation(ctx, "C2", 8, Start), yinzheng.ErrConflict)
	var decided atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if s.DecideRevocation(ctx, "C2", 7, Start.Add(time.Hour)) == nil {
				decided.Add(1)
			}
		})
	}
	wg.Wait()
	if decided.Load() != 1 {
		t.Errorf("decided %d times", decided.Load())
	}
	pending(second)
	again := yinzheng.PendingRevocation{Certificate: "C2", Proposal: 12, Organ: "organ", ProposedAt: Start.Add(time.Hour)}
	check(t, s.AddRevocation(ctx, &again))
	pending(second, again)
}

func copies(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	var want []yinzheng.Copies
	for i := range 3 {
		c := yinzheng.Copies{
			ID: fmt.Sprintf("K%d", 3-i), Certificate: "C1", At: Start.Add(time.Duration(i) * time.Second), By: "u1", Name: "王小明", Office: "north",
			Collector: "䶮𫖯", CollectorID: yinzheng.ID{Type: yinzheng.NoID, Reason: "遗失"}, Count: i + 1, Purpose: "入学",
		}
		if i == 1 {
			c.CollectorID = yinzheng.ID{Type: yinzheng.Passport, Number: "E1234567"}
		}
		check(t, s.AddCopies(ctx, &c))
		want = append(want, c)
	}
	if s.AddCopies(ctx, &want[0]) == nil {
		t.Error("an entry was written twice")
	}
	got, err := s.Copies(ctx, "C1")
	check(t, err)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if none, err := s.Copies(ctx, "C2"); err != nil || len(none) > 0 {
		t.Errorf("%v %v", none, err)
	}
}

func papers(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	for _, find := range []func() (*yinzheng.Paper, error){
		func() (*yinzheng.Paper, error) { return s.Paper(ctx, "P1") },
		func() (*yinzheng.Paper, error) { return s.PaperByNumber(ctx, "N") },
	} {
		_, err := find()
		checkIs(t, err, yinzheng.ErrNotFound)
	}
	p := &yinzheng.Paper{
		Code: "P1", Number: "惠桥证〔2026〕12号", Item: "residence", Short: "RES", Organ: "11441302007158123A", OrganName: "桥东街道办事处",
		Name: "张*三", ID: "441302********1234", Holder: "张小三", IssuedOn: Start.Truncate(24 * time.Hour), Scan: []byte("0123456789abcdef0123456789abcdef"),
		Note: "停电", RecordedAt: Start, By: "u1", Office: "north",
	}
	q := *p
	q.Code, q.Number, q.Scan = "P2", "惠桥证（2026）13号", nil
	check(t, s.AddPaper(ctx, p))
	check(t, s.AddPaper(ctx, &q))
	same := *p
	same.Code, same.Number = "P3", " 惠桥证[2026] 12号"
	checkIs(t, s.AddPaper(ctx, &same), yinzheng.ErrConflict)
	read := func(want *yinzheng.Paper, get func() (*yinzheng.Paper, error)) {
		t.Helper()
		got, err := get()
		check(t, err)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
	byNumber := func(number string) func() (*yinzheng.Paper, error) {
		return func() (*yinzheng.Paper, error) { return s.PaperByNumber(ctx, yinzheng.PaperKey(number)) }
	}
	read(p, func() (*yinzheng.Paper, error) { return s.Paper(ctx, "P1") })
	read(p, byNumber("惠桥证(2026)12号"))
	read(&q, byNumber(q.Number))
	p.VoidedAt, p.VoidedBy, p.VoidNote = Start.Add(time.Hour), "u2", "重复"
	check(t, s.VoidPaper(ctx, p))
	checkIs(t, s.VoidPaper(ctx, p), yinzheng.ErrConflict)
	read(p, func() (*yinzheng.Paper, error) { return s.Paper(ctx, "P1") })
	_, err := s.PaperByNumber(ctx, yinzheng.PaperKey(p.Number))
	checkIs(t, err, yinzheng.ErrNotFound)
	check(t, s.AddPaper(ctx, &same)) // the number is free again
	read(&same, byNumber(p.Number))
}
