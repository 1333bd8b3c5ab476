package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yinzheng"
)

func catalogueActs(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	one := yinzheng.CatalogueAct{Seq: 1, At: Start, By: "u1", Change: "C1", Kind: "draft", Content: []byte(`{"title":"第一批"}`)}
	two := yinzheng.CatalogueAct{Seq: 2, At: Start.Add(time.Second), By: "u2", Change: "C1", Kind: "send", Content: []byte(`{}`)}
	checkIs(t, s.AddCatalogueAct(ctx, &two), yinzheng.ErrConflict)
	check(t, s.AddCatalogueAct(ctx, &one))
	checkIs(t, s.AddCatalogueAct(ctx, &one), yinzheng.ErrConflict)
	check(t, s.AddCatalogueAct(ctx, &two))
	for after, want := range [][]yinzheng.CatalogueAct{{one, two}, {two}, nil} {
		got, err := s.CatalogueActs(ctx, after)
		check(t, err)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("after %d (-want +got):\n%s", after, d)
		}
	}
}

func openCasesOf(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	check(t, s.PutDirectory(ctx, Tree()))
	check(t, s.SaveApplication(ctx, Case("A", "north", North), 0))
	check(t, s.SaveApplication(ctx, Case("B", "north", North, yinzheng.Submit), 0))
	check(t, s.SaveApplication(ctx, Case("C", "north", North, yinzheng.Withdraw), 0))
	for item, want := range map[string]int{Template.Code: 2, "other": 0} {
		n, err := s.OpenCasesOf(ctx, item)
		check(t, err)
		if n != want {
			t.Errorf("%d open cases of %s, want %d", n, item, want)
		}
	}
}
