package yinzheng_test

import (
	"errors"
	"testing"

	"yinzheng"
	"yinzheng/register"
)

// withMaterial gives a house a second item, which asks for one material.
func withMaterial(t *testing.T, m yinzheng.Material) *house {
	t.Helper()
	h := newHouse(t)
	tpl := yinzheng.SampleTemplate()
	m.Key, m.Text, m.Scan = "proof", yinzheng.Text{ZH: "亲属关系材料", EN: "Proof of kinship"}, true
	tpl.Code, tpl.Short, tpl.Materials, tpl.MendDays = "enrol", "RU", []yinzheng.Material{m}, 5
	h.config.Templates = append(h.config.Templates, tpl)
	h.restart()
	return h
}

// byCertificate is met by a certificate of the sample's item.
var byCertificate = yinzheng.Material{Certificate: []string{"kin"}}

// enrol begins a case of the second item.
func (h *house) enrol(who, key string) *yinzheng.CaseView {
	h.t.Helper()
	v, _, err := h.CreateApplication(h.ctx, h.people[who], &yinzheng.NewApplication{Item: "enrol", Values: yinzheng.SampleValues(), Division: testVillage}, key)
	must(h.t, err)
	return v
}

// refer has the clerk refer a case to a certificate.
func (h *house) refer(v *yinzheng.CaseView, code string) *yinzheng.CaseView {
	h.t.Helper()
	v, err := h.ReferTo(h.ctx, h.people["clerk"], v.ID, v.Version, &yinzheng.Reference{Material: "proof", Certificate: code})
	must(h.t, err)
	return v
}

// climb submits a case and has it approved by so many of the deciders.
func (h *house) climb(v *yinzheng.CaseView, deciders ...string) *yinzheng.CaseView {
	h.t.Helper()
	v, err := h.SubmitApplication(h.ctx, h.people["clerk"], v.ID, v.Version)
	must(h.t, err)
	for _, who := range deciders {
		v, err = h.Decide(h.ctx, h.people[who], v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Approve})
		must(h.t, err)
	}
	return v
}

// TestReferenceOffered: what the holder has in force is offered before a material
// is asked for, to those who could find it anyway; nothing is attached by itself.
func TestReferenceOffered(t *testing.T) {
	h := withMaterial(t, byCertificate)
	h.config.Register = &register.Register{Kept: h.store}
	h.restart()
	held := h.issued("k").Certificate.Code
	v := h.enrol("clerk", "e")
	m := v.Materials[0]
	if m.Way != "" || len(m.Offers) != 1 || m.Offers[0].Code != held || !m.Offers[0].InForce || m.Offers[0].Item != "kin" || m.Offers[0].Number == "" {
		t.Fatalf("%+v", m)
	}
	if p := v.Problems; len(p) != 1 || p[0].Field != "attachments.proof" || p[0].Text.EN != "Please attach a photograph, a scan or a PDF of “Proof of kinship”; or refer to a certificate in force of the holder's" {
		t.Errorf("%+v", p)
	}
	elsewhere := h.enrol("sibling", "s")
	if m := elsewhere.Materials[0]; len(m.Offers) != 0 {
		t.Errorf("offered to an office that the holder is a stranger to: %+v", m)
	}
	h.bring("2026-11-01", "id,name,division\n"+wang+",王丽,"+testSibling+"\n")
	elsewhere, err := h.Application(h.ctx, h.people["sibling"], elsewhere.ID)
	must(t, err)
	if m := elsewhere.Materials[0]; len(m.Offers) != 1 {
		t.Errorf("not offered to the office that the holder belongs to: %+v", m)
	}
	if v, err = h.Application(h.ctx, h.people["clerk"], h.refer(v, held).ID); err != nil || v.Materials[0].Way != yinzheng.MetByCertificate || v.Materials[0].Offers != nil || v.Materials[0].By != 2 || len(v.Problems) != 0 {
		t.Errorf("%+v %v", v.Materials, err)
	}
	h.revoke(held)
	if again := h.enrol("clerk", "e2").Materials[0]; again.Offers != nil {
		t.Errorf("revoked and offered: %+v", again)
	}
}

// TestRefer: what does not meet the material is refused with the reason, to
// whoever may work on the case; to others there is none.
func TestRefer(t *testing.T) {
	h := withMaterial(t, byCertificate)
	held := h.issued("k").Certificate.Code
	other := yinzheng.SampleValues()
	other["id"], other["sex"], other["born"] = chen, yinzheng.Male, "1988-08-15"
	stranger := h.finish(h.start("clerk", "o", other)).Certificate.Code
	ended := h.finish(h.start("clerk", "o2", yinzheng.SampleValues())).Certificate.Code
	h.revoke(ended)
	v := h.enrol("clerk", "e")
	own := h.climb(h.refer(v, held), "town", "district").Certificate.Code
	v = h.enrol("clerk", "e2")
	for _, c := range []struct {
		who, material, code, want string
		kind                      error
	}{
		{"clerk", "proof", "000000000000", "certificate unknown", yinzheng.ErrInvalid},
		{"clerk", "proof", "", "certificate unknown", yinzheng.ErrInvalid},
		{"clerk", "proof", own, "certificate other-item", yinzheng.ErrInvalid},
		{"clerk", "proof", stranger, "certificate other-holder", yinzheng.ErrInvalid},
		{"clerk", "proof", ended, "certificate not-in-force", yinzheng.ErrInvalid},
		{"clerk", "other", held, "material choice", yinzheng.ErrInvalid},
		{"town", "proof", held, "", yinzheng.ErrNotFound},
		{"sibling", "proof", held, "", yinzheng.ErrNotFound},
	} {
		_, err := h.ReferTo(h.ctx, h.people[c.who], v.ID, v.Version, &yinzheng.Reference{Material: c.material, Certificate: c.code})
		if got := faultOf(err); !errors.Is(err, c.kind) || got != c.want {
			t.Errorf("%s, %s to %q: %v", c.who, c.material, c.code, err)
		}
	}
	waits := h.climb(h.refer(h.enrol("clerk", "e3"), held))
	for _, code := range []string{held, "000000000000"} { // whether there is one is not theirs to learn here
		if _, err := h.ReferTo(h.ctx, h.people["district"], waits.ID, waits.Version, &yinzheng.Reference{Material: "proof", Certificate: code}); !errors.Is(err, yinzheng.ErrForbidden) {
			t.Errorf("who does not decide yet, to %s: %v", code, err)
		}
	}
	v = h.refer(v, held)
	if _, err := h.ReferTo(h.ctx, h.people["clerk"], v.ID, v.Version, &yinzheng.Reference{Material: "proof", Certificate: held}); faultOf(err) != "material twice" {
		t.Errorf("twice: %v", err)
	}
	// Another holder, and the certificate is a stranger's.
	v, err := h.EditApplication(h.ctx, h.people["clerk"], v.ID, v.Version, &yinzheng.Patch{Values: map[string]any{"id": chen, "sex": yinzheng.Male, "born": "1988-08-15"}})
	must(t, err)
	if p := v.Problems; len(p) != 1 || p[0].Field != "attachments.proof" || p[0].Code != "other-holder" {
		t.Errorf("%+v", p)
	}
	if _, err := h.SubmitApplication(h.ctx, h.people["clerk"], v.ID, v.Version); faultOf(err) != "attachments.proof other-holder" {
		t.Errorf("submitted: %v", err)
	}
	if v, err = h.DetachFile(h.ctx, h.people["clerk"], v.ID, v.Version, v.Materials[0].By); err != nil || v.Materials[0].Way != "" {
		t.Errorf("%+v %v", v, err)
	}
}

// TestReferWithoutDocument: two people without documents are two people.
func TestReferWithoutDocument(t *testing.T) {
	h := withMaterial(t, byCertificate)
	values := yinzheng.SampleValues()
	values["id"] = map[string]any{"type": "none", "reason": "新生儿"}
	delete(values, "sex")
	delete(values, "born")
	held := h.finish(h.start("clerk", "k", values)).Certificate.Code
	v, _, err := h.CreateApplication(h.ctx, h.people["clerk"], &yinzheng.NewApplication{Item: "enrol", Values: values, Division: testVillage}, "e")
	must(t, err)
	if _, err := h.ReferTo(h.ctx, h.people["clerk"], v.ID, v.Version, &yinzheng.Reference{Material: "proof", Certificate: held}); faultOf(err) != "certificate other-holder" {
		t.Errorf("%v", err)
	}
}

// TestReferToReplaced: what a correction replaces does not carry the correction.
func TestReferToReplaced(t *testing.T) {
	h := withMaterial(t, yinzheng.Material{Certificate: []string{"kin", "enrol"}})
	own := h.climb(h.refer(h.enrol("clerk", "e"), h.issued("k").Certificate.Code), "town", "district").Certificate.Code
	v, _, err := h.Correct(h.ctx, h.people["clerk"], own, &yinzheng.Correction{Reason: "error", Opinion: "有误", Values: map[string]any{"note": "更正"}}, "c")
	must(t, err)
	if _, err := h.ReferTo(h.ctx, h.people["clerk"], v.ID, v.Version, &yinzheng.Reference{Material: "proof", Certificate: own}); faultOf(err) != "certificate replaced" {
		t.Errorf("%v", err)
	}
}

// faultOf is the first fault of an error, as "field code".
func faultOf(err error) string {
	var e *yinzheng.Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return ""
	}
	return e.Fields[0].Field + " " + e.Fields[0].Code
}

// TestReferenceRevoked: a certificate that ended meanwhile carries no case on:
// not at submission, at no decision, and not through the seal.
func TestReferenceRevoked(t *testing.T) {
	h := withMaterial(t, byCertificate)
	clerk, town := h.people["clerk"], h.people["town"]

	t.Run("before it is handed in", func(t *testing.T) {
		held := h.issued("k1").Certificate.Code
		v := h.refer(h.enrol("clerk", "e1"), held)
		h.revoke(held)
		if _, err := h.SubmitApplication(h.ctx, clerk, v.ID, v.Version); faultOf(err) != "attachments.proof not-in-force" {
			t.Errorf("submitted: %v", err)
		}
	})

	t.Run("before it is decided", func(t *testing.T) {
		held := h.issued("k2").Certificate.Code
		v := h.climb(h.refer(h.enrol("clerk", "e2"), held))
		h.revoke(held)
		v, err := h.Application(h.ctx, town, v.ID)
		must(t, err)
		if m := v.Materials[0]; m.Way != yinzheng.MetByCertificate || m.Certificate.InForce || m.Certificate.Status != yinzheng.StatusIsRevoked {
			t.Errorf("who decides is shown %+v", m.Certificate)
		}
		if _, err := h.Decide(h.ctx, town, v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Approve}); !errors.Is(err, yinzheng.ErrState) || faultOf(err) != "attachments.proof not-in-force" {
			t.Errorf("approved: %v", err)
		}
		in := photo()
		in.Material = "proof"
		v, err = h.AttachFile(h.ctx, town, v.ID, v.Version, in) // who decides has seen the paper
		must(t, err)
		if _, err := h.Decide(h.ctx, town, v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Approve}); err != nil {
			t.Errorf("with the file: %v", err)
		}
	})

	t.Run("while issuing waits", func(t *testing.T) {
		held := h.issued("k3").Certificate.Code
		h.sealer.fail = errDisk
		v := h.climb(h.refer(h.enrol("clerk", "e3"), held), "town", "district")
		h.sealer.fail = nil
		if v.State != yinzheng.Issuing {
			t.Fatalf("%s", v.State)
		}
		h.revoke(held)
		h.later(h.Lease * 2)
		_, err := h.Recover(h.ctx)
		must(t, err)
		h.returnedFor(v.ID, held)
	})

	t.Run("at the seal", func(t *testing.T) {
		held := h.issued("k4").Certificate.Code
		v := h.climb(h.refer(h.enrol("clerk", "e4"), held), "town")
		h.sealer.before = func() { h.revoke(held) }
		_, err := h.approve(v)
		h.sealer.before = nil
		must(t, err)
		h.returnedFor(v.ID, held)
	})
}

// TestReferenceRevokedAfter: once a certificate is revoked, those who sealed another
// one on it are told; what rests on something else concerns nobody.
func TestReferenceRevokedAfter(t *testing.T) {
	m := later(yinzheng.IssueFlagged, 0)
	m.Certificate = []string{"kin"}
	h := withMaterial(t, m)
	held := h.issued("k").Certificate.Code
	rests := h.climb(h.refer(h.enrol("clerk", "e1"), held), "town", "district")
	waits := h.climb(h.refer(h.enrol("clerk", "e2"), held), "town")
	off := h.refer(h.enrol("clerk", "e3"), held)
	off, err := h.DetachFile(h.ctx, h.people["clerk"], off.ID, off.Version, off.Materials[0].By)
	must(t, err)
	off = h.climb(h.promise(off), "town", "district")
	other, err := h.supply("clerk", h.refer(h.enrol("clerk", "e4"), held))
	must(t, err)
	other = h.climb(other, "town", "district")
	proposal := h.propose(held)
	if n := h.told("district", rests.ID, "reference-revoked"); n != 0 {
		t.Errorf("told %d times of what one person proposes", n)
	}
	_, err = h.act("second", held, yinzheng.Act{Kind: yinzheng.Revoke, Proposal: proposal})
	must(t, err)
	for _, c := range []struct {
		v    *yinzheng.CaseView
		want int
	}{{rests, 1}, {waits, 0}, {off, 0}, {other, 0}} {
		if n := h.told("district", c.v.ID, "reference-revoked"); n != c.want {
			t.Errorf("%s: told %d times, want %d", c.v.State, n, c.want)
		}
	}
	told, err := h.Notices(h.ctx, h.people["district"], 0, 1)
	must(t, err)
	if len(told) != 1 || told[0].Kind != "reference-revoked" || told[0].About != held {
		t.Errorf("%+v", told)
	}
	if v, err := h.Application(h.ctx, h.people["district"], rests.ID); err != nil || v.State != yinzheng.Issued {
		t.Errorf("%s %v", v.State, err)
	}
}

// TestReferenceOfDecider: a reference that somebody made who decides does not
// keep the clerks from another one, once its certificate has ended.
func TestReferenceOfDecider(t *testing.T) {
	m := later(yinzheng.IssueWaits, 3)
	m.Certificate = []string{"kin"}
	h := withMaterial(t, m)
	held := h.issued("k").Certificate.Code
	v := h.climb(h.promise(h.enrol("clerk", "e")))
	v, err := h.ReferTo(h.ctx, h.people["town"], v.ID, v.Version, &yinzheng.Reference{Material: "proof", Certificate: held})
	must(t, err)
	h.revoke(held)
	v, err = h.Decide(h.ctx, h.people["town"], v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Return, Opinion: "所引用的证明已撤销"})
	must(t, err)
	v, err = h.DetachFile(h.ctx, h.people["clerk"], v.ID, v.Version, v.Materials[0].By)
	must(t, err)
	if v = h.climb(h.refer(v, h.issued("k2").Certificate.Code), "town", "district"); v.State != yinzheng.Issued {
		t.Errorf("%s", v.State)
	}
}

// TestReferWhileIssuing: what was promised may come by reference while the
// certificate is being made, too.
func TestReferWhileIssuing(t *testing.T) {
	m := later(yinzheng.IssueFlagged, 0)
	m.Certificate = []string{"kin"}
	h := withMaterial(t, m)
	held := h.issued("k").Certificate.Code
	h.sealer.fail = errDisk
	v := h.climb(h.promise(h.enrol("clerk", "e")), "town", "district")
	h.sealer.fail = nil
	if v.State != yinzheng.Issuing {
		t.Fatalf("%s", v.State)
	}
	number := v.History[len(v.History)-1].Code
	if v = h.refer(v, held); v.State != yinzheng.Issuing || v.Incomplete {
		t.Errorf("%s, incomplete %v", v.State, v.Incomplete)
	}
	h.later(h.Lease * 2)
	_, err := h.Recover(h.ctx)
	must(t, err)
	if v, err = h.Application(h.ctx, h.people["clerk"], v.ID); err != nil || v.State != yinzheng.Issued || v.Certificate.Code != number {
		t.Errorf("%s %+v %v, reserved %s", v.State, v.Certificate, err, number)
	}
}

// returnedFor checks that a case was returned since a certificate ended, goes on
// with another one, and has no certificate of before.
func (h *house) returnedFor(id, held string) {
	h.t.Helper()
	clerk := h.people["clerk"]
	v, err := h.Application(h.ctx, clerk, id)
	must(h.t, err)
	last := v.History[len(v.History)-1]
	if v.State != yinzheng.Returned || last.Kind != yinzheng.Recall || last.By != yinzheng.SystemActor || v.Due == nil || v.Certificate != nil {
		h.t.Fatalf("%s by %s of %s, due %v\n%s", v.State, last.Kind, last.By, v.Due, h.log)
	}
	if _, err := h.store.Certificate(h.ctx, last.Code); !errors.Is(err, yinzheng.ErrNotFound) {
		h.t.Errorf("the number that it had is not void: %v", err)
	}
	told, err := h.Notices(h.ctx, clerk, 0, 1)
	must(h.t, err)
	if len(told) != 1 || told[0].Kind != "returned" || told[0].Application != id {
		h.t.Errorf("told: %+v", told)
	}
	v, err = h.DetachFile(h.ctx, clerk, id, v.Version, v.Materials[0].By)
	must(h.t, err)
	v = h.climb(h.refer(v, h.issued("again for "+held).Certificate.Code), "town", "district")
	if v.State != yinzheng.Issued {
		h.t.Errorf("with another certificate: %s", v.State)
	}
}
