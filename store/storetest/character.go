package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yinzheng"
)

// characters: one open task a character, whoever meets it; closed once, with every
// case that was refused for it; met again it is a new task.
func characters(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	met := func(r rune, office, application string, after time.Duration) bool {
		t.Helper()
		opened, err := s.MissCharacter(ctx, &yinzheng.MissingCharacter{Character: r, Item: "residence", Office: office, Opened: Start.Add(after)}, application)
		check(t, err)
		return opened
	}
	for i, opened := range []bool{met('𠮷', "north", "A1", 0), met('𠮷', "south", "A2", 1), met('𠮷', "south", "A2", 2), met('㐂', "south", "A2", 3)} {
		if want := i == 0 || i == 3; opened != want {
			t.Errorf("met %d: opened %v", i, opened)
		}
	}
	if met('𠮷', "south", "", 4) {
		t.Error("without a case, it is a new task")
	}
	first := yinzheng.MissingCharacter{Character: '𠮷', Item: "residence", Office: "north", Opened: Start, Cases: 2}
	second := yinzheng.MissingCharacter{Character: '㐂', Item: "residence", Office: "south", Opened: Start.Add(3).Truncate(time.Microsecond), Cases: 1}
	open, err := s.OpenCharacters(ctx)
	check(t, err)
	if d := cmp.Diff([]yinzheng.MissingCharacter{second, first}, open); d != "" {
		t.Errorf("open (-want +got):\n%s", d)
	}
	cases, err := s.CloseCharacter(ctx, '𠮷', Start.Add(time.Hour))
	check(t, err)
	if d := cmp.Diff([]string{"A1", "A2"}, cases); d != "" {
		t.Errorf("cases (-want +got):\n%s", d)
	}
	for _, r := range "𠮷x" {
		_, err = s.CloseCharacter(ctx, r, Start.Add(time.Hour))
		checkIs(t, err, yinzheng.ErrConflict)
	}
	if !met('𠮷', "east", "A3", 2*time.Hour) {
		t.Error("met again, it is no new task")
	}
	check(t, func() error { _, err := s.CloseCharacter(ctx, '㐂', Start.Add(time.Minute)); return err }())
	first.Closed, second.Closed = Start.Add(time.Hour), Start.Add(time.Minute)
	for limit := 1; limit <= 2; limit++ {
		found, err := s.FoundCharacters(ctx, limit)
		check(t, err)
		if d := cmp.Diff([]yinzheng.MissingCharacter{second, first}[:limit], found); d != "" {
			t.Errorf("the last %d found (-want +got):\n%s", limit, d)
		}
	}
	if cases, err = s.CloseCharacter(ctx, '𠮷', Start.Add(3*time.Hour)); err != nil || len(cases) != 1 {
		t.Errorf("closed again: %v %v", cases, err)
	}
}

// faces: those that were added, in their order, each once.
func faces(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	a, b := yinzheng.Face{Digest: "bb", Name: "HanaMinB", At: Start, By: "u1"}, yinzheng.Face{Digest: "aa", Name: "WenKai", At: Start.Add(time.Second), By: "u2"}
	check(t, s.AddFace(ctx, &a))
	check(t, s.AddFace(ctx, &b))
	if err := s.AddFace(ctx, &a); err == nil {
		t.Error("a face was added twice")
	}
	got, err := s.Faces(ctx)
	check(t, err)
	if d := cmp.Diff([]yinzheng.Face{a, b}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
