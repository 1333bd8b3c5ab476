package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yinzheng"
)

// wholeLog collects the log by its subjects and follows the chain.
func wholeLog(t *testing.T, s yinzheng.Store, subjects ...string) []yinzheng.LogEntry {
	t.Helper()
	var all []yinzheng.LogEntry
	for _, subject := range subjects {
		entries, err := s.LogAbout(t.Context(), subject)
		check(t, err)
		if !slices.IsSortedFunc(entries, func(a, b yinzheng.LogEntry) int { return int(a.Seq - b.Seq) }) {
			t.Errorf("entries about %s are out of order", subject)
		}
		all = append(all, entries...)
	}
	slices.SortFunc(all, func(a, b yinzheng.LogEntry) int { return int(a.Seq - b.Seq) })
	var last yinzheng.LogEntry
	for _, e := range all {
		if e.Seq != last.Seq+1 || e.Follow(last.Hash) != e.Hash {
			t.Fatalf("entry %+v does not follow %+v", e, last)
		}
		last = e
	}
	head, err := s.LogHead(t.Context())
	check(t, err)
	if head != last {
		t.Fatalf("the head is %+v, the last entry %+v", head, last)
	}
	return all
}

// logChain: one entry for each action and each event, in their order.
func logChain(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	if entries := wholeLog(t, s); len(entries) > 0 {
		t.Fatalf("an empty store has a log: %v", entries)
	}
	a := Case("A1", "north", North)
	check(t, s.SaveApplication(ctx, a, 0))
	check(t, s.Record(ctx, yinzheng.Event{At: Start, Kind: "k", Subject: "S", By: "u1", Detail: "x"}))
	check(t, s.SaveApplication(ctx, Next(a, []yinzheng.ActionKind{yinzheng.Edit, yinzheng.Submit}, "north", North), 1))
	check(t, s.Record(ctx, yinzheng.Event{Kind: "k", Subject: "S"}))
	entries := wholeLog(t, s, "A1", "S", "nothing")
	type part struct {
		Kind    yinzheng.LogKind
		Subject string
		At      time.Time
	}
	var got []part
	digests := map[yinzheng.LogHash]bool{}
	for _, e := range entries {
		got = append(got, part{e.Kind, e.Subject, e.At})
		digests[e.Digest] = true
	}
	want := []part{
		{yinzheng.LogAction, "A1", Start},
		{yinzheng.LogEvent, "S", Start},
		{yinzheng.LogAction, "A1", Start.Add(time.Second)},
		{yinzheng.LogAction, "A1", Start.Add(2 * time.Second)},
		{yinzheng.LogEvent, "S", time.Time{}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if len(digests) != len(entries) {
		t.Error("two entries have one digest")
	}
}

// logSalted: the same content twice leaves nothing in the log by which one
// could tell.
func logSalted(t *testing.T, s yinzheng.Store) {
	e := yinzheng.Event{At: Start, Kind: "k", Subject: "S"}
	check(t, s.Record(t.Context(), e))
	check(t, s.Record(t.Context(), e))
	if l := wholeLog(t, s, "S"); l[0].Digest == l[1].Digest {
		t.Error("a digest can be guessed from the content")
	}
}

// logUndone: what is undone leaves no trace in the log, and no gap.
func logUndone(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	var wg sync.WaitGroup
	var subjects []string
	for i := range 60 {
		id := fmt.Sprintf("A%d", i)
		subjects = append(subjects, id)
		wg.Go(func() {
			err := s.Tx(ctx, func(ctx context.Context) error {
				if err := save(ctx, s, id); err != nil {
					return err
				}
				if err := s.Tx(ctx, func(ctx context.Context) error {
					check(t, s.Record(ctx, yinzheng.Event{Kind: "undone", Subject: id}))
					if i%2 == 0 {
						return errNo
					}
					return nil
				}); err != nil && !errors.Is(err, errNo) {
					return err
				}
				if err := s.Record(ctx, yinzheng.Event{Kind: "kept", Subject: id}); err != nil {
					return err
				}
				if i%3 == 0 {
					return errNo
				}
				return nil
			})
			if want := i%3 == 0; errors.Is(err, errNo) != want || !want && err != nil {
				t.Errorf("%s: %v", id, err)
			}
		})
	}
	wg.Wait()
	count := map[string]int{}
	for _, e := range wholeLog(t, s, subjects...) {
		count[e.Subject]++
	}
	for i, id := range subjects {
		want := []int{0, 3, 2, 0, 2, 3}[i%6]
		if count[id] != want {
			t.Errorf("%s has %d entries, want %d", id, count[id], want)
		}
		events, err := s.EventsAbout(ctx, id)
		check(t, err)
		if n := max(want-1, 0); len(events) != n {
			t.Errorf("%s has %d events, want %d", id, len(events), n)
		}
	}
}

func eventsAbout(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	var want []yinzheng.LoggedEvent
	for i := range 12 {
		e := yinzheng.Event{At: Start.Add(-time.Duration(i) * time.Second), Kind: "k", Subject: "S", By: "u1", Detail: fmt.Sprint(i)}
		want = append(want, yinzheng.LoggedEvent{Entry: int64(2*i + 1), Event: e})
		check(t, s.Record(ctx, e))
		check(t, s.Record(ctx, yinzheng.Event{At: Start, Kind: "k", Subject: "other"}))
	}
	got, err := s.EventsAbout(ctx, "S")
	check(t, err)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// eventsBetween: a period takes its first moment and not its last, newest first,
// among the entries of cases.
func eventsBetween(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	if got, err := s.EventsBetween(ctx, Start, Start.AddDate(1, 0, 0), 0, 9); err != nil || len(got) != 0 {
		t.Errorf("before anything happened: %v %v", got, err)
	}
	for i := range 6 {
		at := Start.Add(time.Duration(i) * time.Hour)
		check(t, s.Record(ctx, yinzheng.Event{At: at, Kind: "k", Subject: "S", By: "u1", Detail: fmt.Sprint(i)}))
		c := Case(fmt.Sprint("case", i), "north", North)
		c.Actions[0].At = at
		check(t, s.SaveApplication(ctx, c, 0))
	}
	for _, c := range []struct {
		from, to, before, limit int
		want                    string
	}{
		{0, 24, 0, 9, "5 4 3 2 1 0"},
		{1, 3, 0, 9, "2 1"},
		{0, 24, 0, 2, "5 4"},
		{0, 24, 9, 2, "3 2"}, // entries 1, 3, 5, ... are events
		{1, 3, 99, 9, "2 1"},
		{5, 5, 0, 9, ""},
		{9, 24, 0, 9, ""},
	} {
		list, err := s.EventsBetween(ctx, Start.Add(time.Duration(c.from)*time.Hour), Start.Add(time.Duration(c.to)*time.Hour), int64(c.before), c.limit)
		check(t, err)
		var got []string
		for _, e := range list {
			got = append(got, e.Detail)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func alike(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	for _, c := range []struct {
		id    string
		kinds []yinzheng.ActionKind
		marks yinzheng.Marks
	}{
		{"draft", nil, yinzheng.Marks{Document: "d", Name: "n"}},
		{"submitted", submit, yinzheng.Marks{Document: "d", Facts: "f"}},
		{"withdrawn", []yinzheng.ActionKind{yinzheng.Submit, yinzheng.Withdraw}, yinzheng.Marks{Document: "d"}},
		{"rejected", []yinzheng.ActionKind{yinzheng.Submit, yinzheng.Reject}, yinzheng.Marks{Document: "d", Facts: "f", Name: "n"}},
		{"issued", append(slices.Clone(approve), yinzheng.Reserve, yinzheng.Issue), yinzheng.Marks{Document: "d"}},
		{"revoked", append(slices.Clone(approve), yinzheng.Reserve, yinzheng.Issue), yinzheng.Marks{Document: "d"}},
		{"moved", nil, yinzheng.Marks{Document: "d", Facts: "f", Name: "n"}},
		{"another", nil, yinzheng.Marks{Document: "n", Facts: "d", Name: "f"}}, // the same texts, but not of the same kind
	} {
		check(t, s.SaveApplication(ctx, Case(c.id, "north", North, c.kinds...), 0))
		check(t, s.PutMarks(ctx, c.id, c.marks))
	}
	check(t, s.PutMarks(ctx, "moved", yinzheng.Marks{Document: "elsewhere"}))
	for i, id := range []string{"issued", "revoked"} {
		c := Certificate(i+1, id)
		check(t, s.Reserve(ctx, c))
		check(t, s.FinishIssue(ctx, Finished(c, []byte(id)), []byte(id)))
		if id == "revoked" {
			f := Finished(c, []byte(id))
			f.Status = yinzheng.StatusIsRevoked
			check(t, s.SetStatus(ctx, f, yinzheng.StatusOK))
		}
	}
	now := Start.AddDate(0, 1, 0)
	like := func(mark yinzheng.Mark, ids ...string) (l []yinzheng.Likeness) {
		for _, id := range ids {
			l = append(l, yinzheng.Likeness{ID: id, Mark: mark})
		}
		return l
	}
	all := yinzheng.Marks{Document: "d", Facts: "f", Name: "n"}
	for _, tt := range []struct {
		name  string
		id    string
		marks yinzheng.Marks
		now   time.Time
		limit int
		want  []yinzheng.Likeness
	}{
		{"under way or in force", "x", yinzheng.Marks{Document: "d"}, now, 9, like(yinzheng.SameDocument, "issued", "submitted", "draft")},
		{"not oneself", "issued", yinzheng.Marks{Document: "d"}, now, 9, like(yinzheng.SameDocument, "submitted", "draft")},
		{"expired", "x", yinzheng.Marks{Document: "d"}, Start.AddDate(0, 6, 0), 9, like(yinzheng.SameDocument, "submitted", "draft")},
		{"the newest", "x", yinzheng.Marks{Document: "d"}, now, 1, like(yinzheng.SameDocument, "issued")},
		{"every mark", "x", all, now, 1, slices.Concat(like(yinzheng.SameDocument, "issued"), like(yinzheng.SameFacts, "submitted"), like(yinzheng.SameName, "draft"))},
		{"nothing", "x", yinzheng.Marks{}, now, 9, nil},
		{"nobody", "x", yinzheng.Marks{Document: "z", Facts: "z", Name: "z"}, now, 9, nil},
	} {
		got, err := s.Alike(ctx, tt.id, tt.marks, tt.now, tt.limit)
		check(t, err)
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
	checkIs(t, s.PutMarks(ctx, "nobody", all), yinzheng.ErrNotFound)
	if ids, err := s.Unmarked(ctx, "", 9); err != nil || len(ids) > 0 {
		t.Errorf("unmarked: %v, %v", ids, err)
	}
}
