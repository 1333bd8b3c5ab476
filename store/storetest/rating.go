package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"yinzheng"
)

// ratings: one a case, changed by one act at a time, and found while something is
// to be done.
func ratings(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	rated := func(id, office string, level int, at time.Time) *yinzheng.Rating {
		return &yinzheng.Rating{Application: id, Item: "residence", Office: office, At: at, Level: level, Version: 1}
	}
	act := func(r *yinzheng.Rating, by string) *yinzheng.RatingAct {
		return &yinzheng.RatingAct{Application: r.Application, Seq: r.Version, At: r.At, By: by, Kind: "rate", Content: []byte(`{"level":1}`)}
	}
	put := func(r *yinzheng.Rating) error { return s.PutRating(ctx, r, act(r, "resident")) }
	good, bad, worse := rated("A", "north", 5, Start), rated("B", "north", 1, Start.Add(time.Hour)), rated("C", "south", 2, Start.Add(2*time.Hour))
	for i, r := range []*yinzheng.Rating{bad, worse} {
		r.State, r.Contact, r.Due, r.Next = "open", "13800000000", Start.AddDate(0, 0, 2), Start.AddDate(0, 0, 1+i)
	}
	for _, r := range []*yinzheng.Rating{good, bad, worse} {
		check(t, put(r))
		checkIs(t, put(r), yinzheng.ErrConflict)
	}
	open := func(after int64, limit int, want ...yinzheng.Rating) int64 {
		t.Helper()
		got, err := s.OpenRatings(ctx, after, limit)
		check(t, err)
		if d := cmp.Diff(want, got, cmpopts.IgnoreFields(yinzheng.Rating{}, "Key"), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("open (-want +got):\n%s", d)
		}
		if len(got) == 0 {
			return 0
		}
		return got[len(got)-1].Key
	}
	last := open(0, 1, *bad)
	open(last, 9, *worse)
	next := func(at time.Time, want ...string) {
		t.Helper()
		got, err := s.NextRatings(ctx, at, 9)
		check(t, err)
		if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("next by %s (-want +got):\n%s", at, d)
		}
	}
	next(Start)
	next(Start.AddDate(0, 0, 1), "B")

	skipped := *bad
	skipped.Version = 3
	checkIs(t, put(&skipped), yinzheng.ErrConflict)
	settled := *bad
	settled.Version, settled.State, settled.Contact, settled.Due, settled.Next = 2, "settled", "", time.Time{}, time.Time{}
	check(t, put(&settled))
	checkIs(t, put(&settled), yinzheng.ErrConflict)
	open(0, 9, *worse)
	next(Start.AddDate(0, 0, 9), "C")

	got, err := s.Rating(ctx, "B")
	check(t, err)
	if d := cmp.Diff(&settled, got, cmpopts.IgnoreFields(yinzheng.Rating{}, "Key")); d != "" {
		t.Errorf("rating (-want +got):\n%s", d)
	}
	_, err = s.Rating(ctx, "none")
	checkIs(t, err, yinzheng.ErrNotFound)
	acts, err := s.RatingActs(ctx, "B")
	check(t, err)
	if d := cmp.Diff([]yinzheng.RatingAct{*act(bad, "resident"), *act(&settled, "resident")}, acts); d != "" {
		t.Errorf("acts (-want +got):\n%s", d)
	}
	ratedAgain(t, s, rated("D", "south", 1, Start.Add(3*time.Hour)))

	counts, err := s.CountRatings(ctx, Start, Start.Add(2*time.Hour))
	check(t, err)
	if d := cmp.Diff([]yinzheng.RatingCount{{Office: "north", Level: 1, Count: 1}, {Office: "north", Level: 5, Count: 1}}, counts); d != "" {
		t.Errorf("counts (-want +got):\n%s", d)
	}
}

// ratedAgain: a bad rating gives place to another bad one if it came by a code, once.
func ratedAgain(t *testing.T, s yinzheng.Store, r *yinzheng.Rating) {
	t.Helper()
	put := func(level int, state, proof string) error {
		next := *r
		next.Level, next.State, next.Version, next.At = level, state, r.Version+1, r.At.Add(time.Minute)
		err := s.PutRating(t.Context(), &next, &yinzheng.RatingAct{Application: r.Application, Seq: next.Version, At: next.At, By: "resident", Kind: "rate", Content: []byte(`{"proof":"` + proof + `"}`)})
		if err == nil {
			*r = next
		}
		return err
	}
	r.Version--
	check(t, put(1, "open", yinzheng.ByCode))
	for _, refused := range []error{put(4, "open", yinzheng.ByIdentity), put(2, "settled", yinzheng.ByIdentity), put(2, "", yinzheng.ByIdentity)} {
		if refused == nil {
			t.Error("a bad rating was rated away")
		}
	}
	check(t, put(2, "open", yinzheng.ByIdentity))
	if err := put(1, "open", yinzheng.ByIdentity); err == nil {
		t.Error("one by identity was replaced")
	}
	got, err := s.Rating(t.Context(), r.Application)
	if check(t, err); got.Level != 2 || !got.At.Equal(r.At) || got.Version != 2 {
		t.Errorf("%+v", got)
	}
}
