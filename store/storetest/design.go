package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yinzheng"
)

// designs: one open design an item, changed by one version at a time.
func designs(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	first := yinzheng.Design{ID: "D1", Item: "residence", Version: 1, Stage: "draft", Open: true, Text: "code: residence\n", Authors: []string{"u1"}, At: Start, By: "u1"}
	begun := yinzheng.DesignAct{Seq: 1, At: Start, By: "u1", Kind: "begin", Digest: "aa"}
	check(t, s.AddDesign(ctx, &first, &begun))
	second := first
	second.ID = "D2"
	checkIs(t, s.AddDesign(ctx, &second, &begun), yinzheng.ErrState)

	written := first
	written.Version, written.Text, written.Authors, written.By, written.At = 2, "code: residence # 𠮷\n", []string{"u1", "u2"}, "u2", Start.Add(time.Second)
	check(t, s.PutDesign(ctx, &written, nil))
	checkIs(t, s.PutDesign(ctx, &written, nil), yinzheng.ErrConflict)
	ended, end := written, yinzheng.DesignAct{Seq: 2, At: Start.Add(time.Minute), By: "u3", For: "u4", Kind: "withdraw", Opinion: "不做了", Digest: "bb"}
	ended.Version, ended.Stage, ended.Open = 3, "withdrawn", false
	check(t, s.PutDesign(ctx, &ended, &end))
	check(t, s.AddDesign(ctx, &second, &begun))

	got, err := s.Design(ctx, "D1")
	check(t, err)
	if d := cmp.Diff(&ended, got); d != "" {
		t.Errorf("design (-want +got):\n%s", d)
	}
	acts, err := s.DesignActs(ctx, "D1")
	check(t, err)
	if d := cmp.Diff([]yinzheng.DesignAct{begun, end}, acts); d != "" {
		t.Errorf("acts (-want +got):\n%s", d)
	}
	_, err = s.Design(ctx, "none")
	checkIs(t, err, yinzheng.ErrNotFound)
	list, err := s.Designs(ctx)
	check(t, err)
	second.Text, ended.Text = "", ""
	if d := cmp.Diff([]*yinzheng.Design{&second, &ended}, list); d != "" {
		t.Errorf("list (-want +got):\n%s", d)
	}
}

func madeTemplates(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	one := yinzheng.MadeTemplate{Ref: yinzheng.TemplateRef{Code: "residence", Version: 2}, Text: "code: residence\n", Design: "D1", At: Start, By: "u2"}
	two := one
	two.Ref.Version, two.Text, two.Design = 3, "code: residence # three\n", "D2"
	check(t, s.AddMadeTemplate(ctx, &one))
	check(t, s.AddMadeTemplate(ctx, &two))
	again := one
	checkIs(t, s.AddMadeTemplate(ctx, &again), yinzheng.ErrConflict)
	if one.Seq >= two.Seq {
		t.Errorf("in the order %d, %d", one.Seq, two.Seq)
	}
	for after, want := range map[int64][]yinzheng.MadeTemplate{0: {one, two}, one.Seq: {two}, two.Seq: nil} {
		got, err := s.MadeTemplates(ctx, after)
		check(t, err)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("after %d (-want +got):\n%s", after, d)
		}
	}
}
