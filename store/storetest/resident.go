package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yinzheng"
)

func residentSessions(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	document := yinzheng.ID{Type: yinzheng.ResidentID, Number: "441302199001011234"}
	one, two, third := [32]byte{1}, [32]byte{2}, [32]byte{3}
	_, err := s.ResidentSession(ctx, one)
	checkIs(t, err, yinzheng.ErrNotFound)
	want := &yinzheng.ResidentSession{Resident: yinzheng.Resident{Name: "张𠮷", ID: document}, Opened: Start, Used: Start, Expires: Start.Add(12 * time.Hour)}
	check(t, s.PutResidentSession(ctx, one, want))
	check(t, s.PutResidentSession(ctx, two, want))
	of := &yinzheng.ResidentSession{Resident: yinzheng.Resident{Case: "CASE"}, Opened: Start, Used: Start, Expires: Start.Add(time.Hour)}
	check(t, s.PutResidentSession(ctx, third, of))
	want.Used = Start.Add(time.Minute)
	check(t, s.UseResidentSession(ctx, one, want.Used))
	got, err := s.ResidentSession(ctx, one)
	check(t, err)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("session (-want +got):\n%s", d)
	}
	check(t, s.PruneResidentSessions(ctx, Start.Add(time.Hour-1), Start)) // nothing has ended
	for _, hash := range [][32]byte{one, two, third} {
		_, err := s.ResidentSession(ctx, hash)
		check(t, err)
	}
	check(t, s.PruneResidentSessions(ctx, Start.Add(time.Hour), Start)) // the third expires
	_, err = s.ResidentSession(ctx, third)
	checkIs(t, err, yinzheng.ErrNotFound)
	check(t, s.PruneResidentSessions(ctx, Start, Start.Add(time.Second))) // the second was not used
	_, err = s.ResidentSession(ctx, two)
	checkIs(t, err, yinzheng.ErrNotFound)
	check(t, s.PutResidentSession(ctx, two, want))
	check(t, s.PutResidentSession(ctx, third, of))
	check(t, s.EndResidentSessions(ctx, want.Key()))
	for _, hash := range [][32]byte{one, two} {
		_, err = s.ResidentSession(ctx, hash)
		checkIs(t, err, yinzheng.ErrNotFound)
	}
	_, err = s.ResidentSession(ctx, third)
	check(t, err)
	check(t, s.EndResidentSession(ctx, third))
	check(t, s.EndResidentSession(ctx, third))
	_, err = s.ResidentSession(ctx, third)
	checkIs(t, err, yinzheng.ErrNotFound)
}
