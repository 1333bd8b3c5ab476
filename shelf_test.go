package yinzheng_test

import (
	"errors"
	"strings"
	"testing"

	"yinzheng"
)

// TestTakeUp: the newest version is the one with the largest number, in whatever
// order they come; what is in force stays, and what is wrong does not come in.
func TestTakeUp(t *testing.T) {
	h := newHouse(t)
	version := func(n int, edit func(*yinzheng.Template)) *yinzheng.Template {
		x := yinzheng.SampleTemplate()
		x.Version = n
		if edit != nil {
			edit(x)
		}
		return x
	}
	third, second := version(3, nil), version(2, nil)
	for _, x := range []*yinzheng.Template{third, second, version(3, func(x *yinzheng.Template) { x.Name.ZH = "别的" })} {
		if err := h.TakeUp(t.Context(), x); err != nil {
			t.Fatal(err)
		}
	}
	if got := h.Newest("kin"); got != third || got.Name.ZH != "亲属关系证明" {
		t.Errorf("newest is %v", got.Ref())
	}
	if all := h.Versions(); len(all) != 3 || all[0] != third || all[1] != second {
		t.Errorf("%d versions", len(all))
	}
	if err := h.TakeUp(t.Context(), version(4, func(x *yinzheng.Template) { x.Basis = nil })); !errors.Is(err, yinzheng.ErrInvalid) {
		t.Errorf("without a legal basis: %v", err)
	}
	if err := h.TakeUp(t.Context(), version(1, func(x *yinzheng.Template) { x.Code = "other" })); err == nil || !strings.Contains(err.Error(), "short code") {
		t.Errorf("another item's short code: %v", err)
	}
	if h.Newest("other") != nil || h.Newest("kin") != third {
		t.Error("what was refused is in force")
	}
}

// TestReserved: what the program issues itself is nobody's to make.
func TestReserved(t *testing.T) {
	h := newHouse(t)
	sample := yinzheng.SampleTemplate()
	sample.Code, sample.Short = "reserved", "RV"
	config := h.config
	config.Sample = sample
	s, err := yinzheng.New(h.ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	if faults := s.CheckNext(sample); len(faults) == 0 || faults[0].Field != "code" {
		t.Errorf("faults %v", faults)
	}
	for _, x := range s.Versions() {
		if x.Code == "reserved" {
			t.Error("it is listed")
		}
	}
}

// TestCheckNext: a version follows the one in force.
func TestCheckNext(t *testing.T) {
	h := newHouse(t)
	for name, c := range map[string]struct {
		edit func(*yinzheng.Template)
		want string
	}{
		"the next":             {func(x *yinzheng.Template) { x.Version = 2 }, ""},
		"the same":             {func(*yinzheng.Template) {}, "version"},
		"one too many":         {func(x *yinzheng.Template) { x.Version = 3 }, "version"},
		"a new item":           {func(x *yinzheng.Template) { x.Code, x.Short = "new", "NW" }, ""},
		"a new item's second":  {func(x *yinzheng.Template) { x.Code, x.Short, x.Version = "new", "NW", 2 }, "version"},
		"a short code twice":   {func(x *yinzheng.Template) { x.Code = "new" }, "short"},
		"an office that lacks": {func(x *yinzheng.Template) { x.Version, x.Chain[2].Function = 2, "forestry" }, "chain[2]"},
		"an item that lacks":   {func(x *yinzheng.Template) { x.Version, x.Materials[0].Certificate = 2, []string{"nothing"} }, "materials[0].certificate[0]"},
		"itself":               {func(x *yinzheng.Template) { x.Version, x.Materials[0].Certificate = 2, []string{"kin"} }, ""},
	} {
		x := yinzheng.SampleTemplate()
		c.edit(x)
		got := ""
		if faults := h.CheckNext(x); len(faults) > 0 {
			got = faults[0].Field
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
