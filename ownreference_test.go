package yinzheng_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"yinzheng"
)

// TestOwnReferences: a resident is offered their own certificates in force that would
// meet a material, is told what has become of one, and learns of nobody else's.
func TestOwnReferences(t *testing.T) {
	h := withMaterial(t, byCertificate)
	held := h.issued("k").Certificate.Code
	tpl, err := h.Template("enrol")
	must(t, err)
	content := func(id string) *yinzheng.Input {
		t.Helper()
		values := yinzheng.SampleValues()
		values["id"] = id
		in, err := h.CheckIntake(tpl, &yinzheng.NewApplication{Values: values, Division: testVillage}, nil)
		must(t, err)
		return in.Input
	}
	me := &yinzheng.Resident{ID: yinzheng.ID{Type: yinzheng.ResidentID, Number: wang}}
	stranger := &yinzheng.Resident{ID: yinzheng.ID{Type: yinzheng.ResidentID, Number: chen}}
	offered := func(who *yinzheng.Resident, about, material string, want ...string) {
		t.Helper()
		list, err := h.OwnReferences(h.ctx, who, tpl, content(about), material)
		must(t, err)
		var got []string
		for _, r := range list {
			got = append(got, r.Code)
		}
		if !slices.Equal(got, want) {
			t.Errorf("offered are %v, want %v", got, want)
		}
	}
	offered(me, wang, "proof", held)
	offered(me, wang, "other")
	offered(me, chen, "proof")
	offered(stranger, wang, "proof")
	offered(&yinzheng.Resident{Request: "R1"}, wang, "proof")

	x := &yinzheng.Reference{Material: "proof", Certificate: held}
	if c, err := h.CheckOwnReference(h.ctx, me, tpl, content(wang), x); err != nil || c.Fault != nil || c.Code != held {
		t.Errorf("their own: %+v, %v", c, err)
	}
	if c, err := h.CheckOwnReference(h.ctx, me, tpl, content(chen), x); err != nil || c.Fault == nil || c.Fault.Code != "other-holder" || c.ReferredView != nil {
		t.Errorf("about somebody else: %+v, %v", c, err)
	}
	if _, err := h.CheckOwnReference(h.ctx, stranger, tpl, content(wang), x); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("a stranger's: %v", err)
	}
	h.revoke(held)
	offered(me, wang, "proof")
	if c, err := h.CheckOwnReference(h.ctx, me, tpl, content(wang), x); err != nil || c.Fault == nil || c.Fault.Code != "not-in-force" {
		t.Errorf("revoked: %+v, %v", c, err)
	}
}

// TestTakeInReferring: what is taken in refers to the certificates that meet a material,
// and is taken in without those that do not.
func TestTakeInReferring(t *testing.T) {
	h := withMaterial(t, byCertificate)
	held := h.issued("k").Certificate.Code
	clerk := h.people["clerk"]
	met := func(code string, want yinzheng.Way) {
		t.Helper()
		in := &yinzheng.NewApplication{Item: "enrol", Values: yinzheng.SampleValues(), Division: testVillage}
		x := yinzheng.Reference{Material: "proof", Certificate: code}
		p, err := h.Propose(h.ctx, clerk, in)
		must(t, err)
		checked, err := h.CheckReference(h.ctx, p, &x)
		must(t, err)
		if (checked.Fault == nil) != (want != "") {
			t.Errorf("%s is checked as %+v", code, checked)
		}
		id, err := h.TakeIn(h.ctx, clerk, in, nil, []yinzheng.Reference{x}, func(context.Context, string) error { return nil })
		must(t, err)
		v, err := h.Application(h.ctx, clerk, id)
		must(t, err)
		if got := v.Materials[0].Way; got != want {
			t.Errorf("taken in with %s, the material is met by %q", code, got)
		}
	}
	met(held, yinzheng.MetByCertificate)
	met("000000000000", "")
	h.revoke(held)
	met(held, "")
}
