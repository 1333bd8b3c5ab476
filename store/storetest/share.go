package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yinzheng"
)

func shares(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	one := yinzheng.Share{Hash: [32]byte{1}, Code: "C1", Note: "学校", Once: true, MadeAt: Start, Expires: Start.AddDate(0, 0, 1)}
	two := yinzheng.Share{Hash: [32]byte{2}, Code: "C1", MadeAt: Start.Add(time.Minute), Expires: Start.AddDate(0, 0, 7)}
	other := yinzheng.Share{Hash: [32]byte{3}, Code: "C2", MadeAt: Start, Expires: Start.AddDate(0, 0, 7)}
	for _, x := range []*yinzheng.Share{&one, &two, &other} {
		check(t, s.AddShare(ctx, x))
	}
	_, err := s.Share(ctx, [32]byte{9})
	checkIs(t, err, yinzheng.ErrNotFound)
	now := Start
	list := func(code string, limit int, want ...yinzheng.Share) {
		t.Helper()
		got, err := s.SharesOf(ctx, code, now, limit)
		check(t, err)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("shares (-want +got):\n%s", d)
		}
	}
	list("C1", 9, two, one)
	list("C1", 1, two)
	list("C3", 9)
	for since, want := range map[time.Duration]int{-time.Second: 2, 0: 1, time.Minute: 0} {
		if n, err := s.SharesSince(ctx, "C1", Start.Add(since)); err != nil || n != want {
			t.Errorf("since %s: %d, %v, want %d", since, n, err, want)
		}
	}

	first, second := yinzheng.ShareOpening{At: Start.Add(time.Hour), What: "page"}, yinzheng.ShareOpening{At: Start.Add(2 * time.Hour), What: "file"}
	check(t, s.NoteOpening(ctx, one.ID, first, Start.Add(3*time.Hour)))
	check(t, s.NoteOpening(ctx, one.ID, second, Start.Add(4*time.Hour))) // an end never comes later
	one.Expires, one.Openings = Start.Add(3*time.Hour), 2
	got, err := s.Share(ctx, one.Hash)
	check(t, err)
	if d := cmp.Diff(&one, got); d != "" {
		t.Errorf("share (-want +got):\n%s", d)
	}
	opened, err := s.Openings(ctx, one.ID, 9)
	check(t, err)
	if d := cmp.Diff([]yinzheng.ShareOpening{second, first}, opened); d != "" {
		t.Errorf("openings (-want +got):\n%s", d)
	}
	if opened, err = s.Openings(ctx, one.ID, 1); err != nil || len(opened) != 1 {
		t.Errorf("the newest opening: %v, %v", opened, err)
	}

	checkIs(t, s.WithdrawShare(ctx, "C2", one.ID, Start), yinzheng.ErrNotFound)
	check(t, s.WithdrawShare(ctx, "C1", one.ID, Start.Add(time.Hour)))
	checkIs(t, s.WithdrawShare(ctx, "C1", one.ID, Start.Add(2*time.Hour)), yinzheng.ErrNotFound)
	one.Withdrawn = Start.Add(time.Hour)
	list("C1", 9, two, one)
	check(t, s.NoteOpening(ctx, one.ID, first, Start)) // opened as it was withdrawn: noted, and it stays as it is
	one.Openings = 3
	list("C1", 9, two, one)
	three := yinzheng.Share{Hash: [32]byte{4}, Code: "C1", MadeAt: Start.Add(2 * time.Minute), Expires: Start.Add(time.Hour)}
	check(t, s.AddShare(ctx, &three))
	list("C1", 9, three, two, one)
	now = three.Expires // which has ended by then: what holds comes first
	list("C1", 2, two, three)

	if n, err := s.EndShares(ctx, "C1", now); err != nil || n != 1 {
		t.Errorf("%d shares were ended, %v", n, err)
	}
	two.Withdrawn = now
	list("C1", 9, three, two, one)
	list("C2", 9, other)
}
