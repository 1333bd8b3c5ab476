package yinzheng_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/signer"
)

// verdict asks for a certificate by its token, as somebody who scans the paper.
func (h *house) verdict(code string) *yinzheng.Answer {
	h.t.Helper()
	c, err := h.store.Certificate(h.ctx, code)
	must(h.t, err)
	a, err := h.Verify(h.ctx, &yinzheng.Question{URL: h.PublicURL + "/v/" + code + "#" + string(yinzheng.Digits(c.Token))})
	must(h.t, err)
	return a
}

// agree fails unless record, case, status list and verdict of a certificate say
// the same.
func (h *house) agree(code string, want yinzheng.Verdict) {
	h.t.Helper()
	c, err := h.store.Certificate(h.ctx, code)
	must(h.t, err)
	a, err := h.store.Application(h.ctx, c.Application)
	must(h.t, err)
	life := yinzheng.LifeOf(a.Actions)
	if m := life.Mark(c); m.Status != c.Status || !m.StatusAt.Equal(c.StatusAt) || m.Reason != c.Reason || m.Successor != c.Successor {
		h.t.Errorf("%s: the record is %s since %s (%s, %s), its case says %s since %s (%s, %s)", code, c.Status, c.StatusAt, c.Reason, c.Successor, m.Status, m.StatusAt, m.Reason, m.Successor)
	}
	if got := h.verdict(code).Verdict; got != want {
		h.t.Errorf("%s: %s, want %s", code, got, want)
	}
	signed, err := h.StatusList(h.ctx, c.List)
	must(h.t, err)
	list, err := signer.ReadStatusList(signed, h.KeyList())
	must(h.t, err)
	if v, ok := list.At(c.Index); !ok || v != c.Status.Value() {
		h.t.Errorf("%s: the list says %d, the record %s", code, v, c.Status)
	}
}

func suspend(class string) yinzheng.Act {
	return yinzheng.Act{Kind: yinzheng.Suspend, Reason: class, Opinion: "来访反映"}
}

func lift(class string) yinzheng.Act {
	return yinzheng.Act{Kind: yinzheng.Lift, Reason: class, Opinion: "已核实"}
}

// TestSuspendAndLift: at once in record, list and verdict, each way and again.
func TestSuspendAndLift(t *testing.T) {
	h := newHouse(t)
	code := h.issued("key").Certificate.Code
	h.agree(code, yinzheng.Valid)
	for round := range 3 {
		h.later(time.Minute)
		v, err := h.act("district", code, suspend("complaint"))
		if err != nil || v.Status != yinzheng.StatusIsSuspended || v.Reason != "complaint" || !v.StatusSince.Equal(h.clock()) {
			t.Fatal(round, v, err)
		}
		h.agree(code, yinzheng.Suspended)
		if a := h.verdict(code); a.Reason != "complaint" || a.StatusSince == nil || !a.StatusSince.Equal(h.clock()) {
			t.Errorf("round %d: %+v", round, a)
		}
		if _, err := h.act("second", code, suspend("complaint")); !errors.Is(err, yinzheng.ErrState) {
			t.Errorf("suspended twice: %v", err)
		}
		if round == 1 {
			h.restart()
			h.agree(code, yinzheng.Suspended)
		}
		h.later(time.Minute)
		if v, err = h.act("second", code, lift("cleared")); err != nil || v.Status != yinzheng.StatusOK || v.Reason != "" {
			t.Fatal(round, v, err)
		}
		h.agree(code, yinzheng.Valid)
		if _, err := h.act("second", code, lift("cleared")); !errors.Is(err, yinzheng.ErrState) {
			t.Errorf("lifted twice: %v", err)
		}
	}
	if _, err := h.act("district", "000000000000", suspend("complaint")); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("no such certificate: %v", err)
	}
	if _, err := h.act("district", "?", suspend("complaint")); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("no code: %v", err)
	}
}

// A change of status that the store kept though it reported a failure, or did
// not keep: no scan is answered with another status than the one kept.
func TestStatusChangeReportedLost(t *testing.T) {
	for name, acts := range map[string][]yinzheng.Act{
		"suspend": {suspend("lost")},
		"lift":    {suspend("lost"), lift("resolved")},
		"propose": {{Kind: yinzheng.ProposeRevocation, Reason: "error", Opinion: "有误"}},
		"decline": {{Kind: yinzheng.ProposeRevocation, Reason: "error", Opinion: "有误"}, {Kind: yinzheng.DeclineRevocation, Opinion: "无误"}},
	} {
		h := newHouse(t)
		for at, hit := 1, true; hit; at++ {
			hit = false
			for _, kept := range []bool{false, true} {
				code := h.issued(fmt.Sprint(at, kept)).Certificate.Code
				h.agree(code, yinzheng.Valid) // the scan is remembered
				for i, a := range acts {
					a.Proposal = h.lastVersion(code)
					last := i == len(acts)-1
					if last {
						h.store.arm(at, kept)
					}
					_, err := h.act("district", code, a)
					hit = hit || h.store.failed != ""
					failed := h.store.failed
					h.store.arm(0, false)
					if !last {
						must(t, err)
					} else if (err == nil) != (failed == "") && failed != "Certificate" {
						t.Errorf("%s, call %d (%s): %v", name, at, failed, err)
					}
				}
				c, err := h.store.Certificate(h.ctx, code)
				must(t, err)
				h.agree(code, map[yinzheng.Status]yinzheng.Verdict{yinzheng.StatusOK: yinzheng.Valid, yinzheng.StatusIsSuspended: yinzheng.Suspended}[c.Status])
			}
		}
	}
}

// lastVersion is the version of a certificate's case.
func (h *house) lastVersion(code string) int {
	h.t.Helper()
	c, err := h.store.Certificate(h.ctx, code)
	must(h.t, err)
	a, err := h.store.Application(h.ctx, c.Application)
	must(h.t, err)
	return a.Version
}

func TestPendingRevocations(t *testing.T) {
	h := newHouse(t)
	first, second := h.issued("1").Certificate, h.issued("2").Certificate
	list := func(who string, want ...string) {
		t.Helper()
		got, err := h.PendingRevocations(h.ctx, h.people[who])
		must(t, err)
		var codes []string
		for _, v := range got {
			codes = append(codes, v.Certificate)
		}
		if strings.Join(codes, " ") != strings.Join(want, " ") {
			t.Errorf("%s sees %v, want %v", who, codes, want)
		}
	}
	list("second")
	id := h.propose(first.Code)
	h.propose(second.Code)
	list("second", first.Code, second.Code)
	list("district", first.Code, second.Code)
	for _, who := range []string{"town", "clerk", "admin", "sibling"} {
		list(who)
	}
	got, err := h.PendingRevocations(h.ctx, h.people["second"])
	must(t, err)
	if v := got[0]; v.ID != id || v.Number != first.Number || v.Item != "kin" || v.Reason != "error" || v.Opinion != "有误" || v.By != "district" || v.Name != "某district" || !v.ProposedAt.Equal(h.clock()) {
		t.Errorf("%+v", v)
	}
	_, err = h.act("second", first.Code, yinzheng.Act{Kind: yinzheng.DeclineRevocation, Proposal: id, Opinion: "材料无误"})
	must(t, err)
	list("second", second.Code)
	h.agree(first.Code, yinzheng.Valid)
	h.agree(second.Code, yinzheng.Suspended)
	if _, err := h.act("second", first.Code, yinzheng.Act{Kind: yinzheng.Revoke, Proposal: id}); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("a declined proposal was confirmed: %v", err)
	}
	h.revoke(first.Code) // proposed once more, and confirmed
	h.agree(first.Code, yinzheng.Revoked)
}

// correct starts a correction of the holder's purpose.
func (h *house) correct(code, key string) (*yinzheng.CaseView, error) {
	v, _, err := h.Correct(h.ctx, h.people["clerk"], code, &yinzheng.Correction{Reason: "error", Opinion: "用途有误", Values: map[string]any{"purpose": "办理户口 " + key}}, key)
	return v, err
}

// correcting takes a correction to the district's desk.
func (h *house) correcting(code, key string) *yinzheng.CaseView {
	h.t.Helper()
	v, err := h.correct(code, key)
	must(h.t, err)
	v, err = h.SubmitApplication(h.ctx, h.people["clerk"], v.ID, v.Version)
	must(h.t, err)
	v, err = h.Decide(h.ctx, h.people["town"], v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Approve})
	must(h.t, err)
	return v
}

// TestCorrect: a full chain of its own; the old certificate stands until the
// new one exists, and leads to it afterwards.
func TestCorrect(t *testing.T) {
	h := newHouse(t)
	issued := h.issued("key")
	old := issued.Certificate
	pdf, _, err := h.CertificatePDF(h.ctx, h.people["clerk"], old.Code)
	must(t, err)
	h.later(40 * 24 * time.Hour)
	for name, c := range map[string]struct {
		who, code string
		in        yinzheng.Correction
		want      error
	}{
		"not a clerk":           {"town", old.Code, yinzheng.Correction{Reason: "error", Opinion: "有误", Values: map[string]any{"purpose": "x"}}, yinzheng.ErrForbidden},
		"a stranger":            {"sibling", old.Code, yinzheng.Correction{Reason: "error", Opinion: "有误", Values: map[string]any{"purpose": "x"}}, yinzheng.ErrNotFound},
		"no such certificate":   {"clerk", "000000000000", yinzheng.Correction{Reason: "error", Opinion: "有误", Values: map[string]any{"purpose": "x"}}, yinzheng.ErrNotFound},
		"no class":              {"clerk", old.Code, yinzheng.Correction{Opinion: "有误", Values: map[string]any{"purpose": "x"}}, yinzheng.ErrInvalid},
		"no opinion":            {"clerk", old.Code, yinzheng.Correction{Reason: "error", Values: map[string]any{"purpose": "x"}}, yinzheng.ErrInvalid},
		"nothing changed":       {"clerk", old.Code, yinzheng.Correction{Reason: "error", Opinion: "有误", Values: map[string]any{"purpose": "办理入学"}}, yinzheng.ErrInvalid},
		"no values":             {"clerk", old.Code, yinzheng.Correction{Reason: "error", Opinion: "有误"}, yinzheng.ErrInvalid},
		"a field there is none": {"clerk", old.Code, yinzheng.Correction{Reason: "error", Opinion: "有误", Values: map[string]any{"x": "x"}}, yinzheng.ErrInvalid},
	} {
		if _, _, err := h.Correct(h.ctx, h.people[c.who], c.code, &c.in, "k"); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := h.correct(old.Code, ""); !errors.Is(err, yinzheng.ErrPrecondition) {
		t.Errorf("without a key: %v", err)
	}
	draft, err := h.correct(old.Code, "c")
	must(t, err)
	again, err := h.correct(old.Code, "c")
	if err != nil || again.ID != draft.ID || draft.State != yinzheng.Draft || draft.Replaces != old.Code || draft.Values["purpose"] != "办理户口 c" || draft.Values["name"] != "张三丰" || len(draft.Problems) > 0 {
		t.Fatalf("%+v %+v %v", draft, again, err)
	}
	if x := draft.History[0]; x.Reason != "error" || x.Opinion != "用途有误" {
		t.Errorf("the case does not tell why it began: %+v", x)
	}
	elsewhere := "441302001002"
	if _, err := h.EditApplication(h.ctx, h.people["clerk"], draft.ID, draft.Version, &yinzheng.Patch{Division: &elsewhere}); !errors.Is(err, yinzheng.ErrForbidden) && !errors.Is(err, yinzheng.ErrInvalid) {
		t.Errorf("moved to another village: %v", err)
	}
	draft, err = h.EditApplication(h.ctx, h.people["clerk"], draft.ID, draft.Version, &yinzheng.Patch{Values: map[string]any{"purpose": "办理户口"}})
	if err != nil || draft.Replaces != old.Code {
		t.Fatal(draft, err)
	}
	if v, err := h.Certificate(h.ctx, h.people["clerk"], old.Code); err != nil || len(v.Replacements) != 1 || v.Replacements[0] != draft.ID || v.Status != yinzheng.StatusOK {
		t.Errorf("%+v %v", v, err)
	}
	v, err := h.SubmitApplication(h.ctx, h.people["clerk"], draft.ID, draft.Version)
	must(t, err)
	v, err = h.Decide(h.ctx, h.people["town"], v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Approve})
	must(t, err)
	h.agree(old.Code, yinzheng.Valid)
	h.sealer.before = func() { h.agree(old.Code, yinzheng.Valid) } // it stands until the last moment
	v, err = h.approve(v)
	must(t, err)
	h.sealer.before = nil
	if v.State != yinzheng.Issued {
		t.Fatalf("%s: %v\n%s", v.State, v.Trouble, h.log)
	}
	h.agree(old.Code, yinzheng.Superseded)
	h.agree(v.Certificate.Code, yinzheng.Valid)
	for what, q := range map[string]*yinzheng.Question{"code": {Code: old.Code}, "number and name": {Number: old.Number, Name: "张三丰"}, "file": {File: pdf}} {
		if a, err := h.Verify(h.ctx, q); err != nil || a.Verdict != yinzheng.Superseded || a.Successor != v.Certificate.Code || a.Reason != "corrected" {
			t.Errorf("the old one by its %s: %+v %v", what, a, err)
		}
	}
	if a, err := h.Verify(h.ctx, &yinzheng.Question{Number: old.Number}); err != nil || a.Verdict != yinzheng.Superseded || a.Successor != "" { // its page tells who the holder is
		t.Errorf("the old one by its number: %+v %v", a, err)
	}
	before, err := yinzheng.ParseNumber(old.Number)
	must(t, err)
	after, err := yinzheng.ParseNumber(v.Certificate.Number)
	must(t, err)
	if after.Serial != before.Serial || after.Version != 2 || after.Type != before.Type {
		t.Errorf("%s became %s", old.Number, v.Certificate.Number)
	}
	view, err := h.Certificate(h.ctx, h.people["clerk"], v.Certificate.Code)
	if err != nil || view.Replaces != old.Code || view.Expires.Before(h.clock().AddDate(0, 5, 0)) {
		t.Errorf("%+v %v", view, err)
	}
	h.restart()
	h.agree(old.Code, yinzheng.Superseded)
	if _, err := h.correct(old.Code, "late"); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("a superseded certificate corrected: %v", err)
	}
	third := h.correcting(v.Certificate.Code, "third")
	third, err = h.approve(third)
	must(t, err)
	if n, err := yinzheng.ParseNumber(third.Certificate.Number); err != nil || n.Serial != before.Serial || n.Version != 3 {
		t.Errorf("the third is %v %v", n, err)
	}
	h.agree(v.Certificate.Code, yinzheng.Superseded)
}

// What was revoked while its correction was under way does not come back.
func TestCorrectionOfRevoked(t *testing.T) {
	h := newHouse(t)
	for _, moment := range []string{"before the last approval", "while it is sealed", "after a seal failed"} {
		old := h.issued(moment).Certificate
		v := h.correcting(old.Code, moment+" c")
		switch moment {
		case "before the last approval":
			h.revoke(old.Code)
		case "while it is sealed":
			h.sealer.before = func() { h.sealer.before = nil; h.revoke(old.Code) }
		case "after a seal failed":
			h.sealer.fail = errDisk
		}
		v, err := h.approve(v)
		must(t, err)
		if moment == "after a seal failed" {
			h.sealer.fail = nil
			h.revoke(old.Code)
			h.later(20 * time.Second)
			_, err = h.Recover(h.ctx)
			must(t, err)
			v, err = h.Application(h.ctx, h.people["clerk"], v.ID)
			must(t, err)
		}
		if v.State != yinzheng.Rejected || v.Certificate != nil || v.Trouble == nil || !strings.Contains(v.Trouble.EN, "revoked") || kinds(v, yinzheng.Moot) != 1 {
			t.Errorf("%s: %s, trouble %v", moment, v.State, v.Trouble)
		}
		h.agree(old.Code, yinzheng.Revoked)
		for _, x := range v.History {
			if x.Kind == yinzheng.Reserve {
				if a, err := h.Verify(h.ctx, &yinzheng.Question{Code: x.Code}); err != nil || a.Verdict != yinzheng.NotFound {
					t.Errorf("%s: the void code: %+v %v", moment, a, err)
				}
			}
		}
		if waiting, err := h.WaitingCases(h.ctx, h.people["admin"]); err != nil || len(waiting) > 0 {
			t.Errorf("%s: still waiting: %+v %v", moment, waiting, err)
		}
	}
}

// While a revocation waits for its second person, the correction waits too, and
// goes on once that is declined.
func TestCorrectionWaitsForRevocation(t *testing.T) {
	h := newHouse(t)
	old := h.issued("key").Certificate
	v := h.correcting(old.Code, "c")
	id := h.propose(old.Code)
	if _, err := h.correct(old.Code, "another"); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("another correction meanwhile: %v", err)
	}
	v, err := h.approve(v)
	if err != nil || v.State != yinzheng.Approved || v.Trouble == nil || !strings.Contains(v.Trouble.EN, "proposed") {
		t.Fatalf("%v %s %v", err, v.State, v.Trouble)
	}
	_, err = h.act("second", old.Code, yinzheng.Act{Kind: yinzheng.DeclineRevocation, Proposal: id, Opinion: "无误"})
	must(t, err)
	if n, err := h.Recover(h.ctx); n != 1 || err != nil {
		t.Fatalf("%d %v", n, err)
	}
	_, code := h.whole(v.ID)
	h.agree(code, yinzheng.Valid)
	h.agree(old.Code, yinzheng.Superseded)
}

// Of two corrections of one certificate one is issued, the other ends.
func TestTwoCorrections(t *testing.T) {
	h := newHouse(t)
	old := h.issued("key").Certificate
	a, b := h.correcting(old.Code, "a"), h.correcting(old.Code, "b")
	h.sealer.before = func() {
		h.sealer.before = nil
		after, err := h.approve(b)
		if err != nil || after.State != yinzheng.Issued {
			t.Errorf("%v %v", after, err)
		}
		b = after
	}
	a, err := h.approve(a)
	if err != nil || a.State != yinzheng.Rejected || a.Trouble == nil {
		t.Fatalf("%+v %v", a, err)
	}
	h.agree(old.Code, yinzheng.Superseded)
	h.agree(b.Certificate.Code, yinzheng.Valid)
	if n, err := yinzheng.ParseNumber(b.Certificate.Number); err != nil || n.Version != 3 { // 002 was taken, and is void
		t.Errorf("%v %v", n, err)
	}
}

// TestCorrectionFails: whichever call of the store fails in the correction's
// last decision, lost or kept: in the end the new one is valid and the old one
// leads to it, and never are both.
func TestCorrectionFails(t *testing.T) {
	h := newHouse(t)
	for at, hit := 1, true; hit; at++ {
		hit = false
		for _, kept := range []bool{false, true} {
			old := h.issued(fmt.Sprint("old", at, kept)).Certificate
			v := h.correcting(old.Code, fmt.Sprint("new", at, kept))
			h.store.arm(at, kept)
			_, err := h.approve(v)
			failed := h.store.failed
			h.store.arm(0, false)
			hit = hit || failed != ""
			after, again := h.Application(h.ctx, h.people["clerk"], v.ID)
			must(t, again)
			switch after.State {
			case yinzheng.Issued:
			case yinzheng.Submitted:
				if !errors.Is(err, yinzheng.ErrUnavailable) {
					t.Fatalf("call %d (%s): %v", at, failed, err)
				}
				_, err = h.approve(v)
				must(t, err)
			default:
				h.agree(old.Code, yinzheng.Valid)
			}
			h.later(20 * time.Second)
			_, err = h.Recover(h.ctx)
			must(t, err)
			_, code := h.whole(v.ID)
			h.agree(code, yinzheng.Valid)
			h.agree(old.Code, yinzheng.Superseded)
			if a := h.verdict(old.Code); a.Successor != code {
				t.Fatalf("call %d (%s): the old one leads to %s, not %s", at, failed, a.Successor, code)
			}
		}
	}
}

func TestReissue(t *testing.T) {
	h := newHouse(t)
	issued := h.issued("key")
	old := issued.Certificate
	h.later(40 * 24 * time.Hour)
	in := &yinzheng.Reissuing{Reason: "lost", Opinion: "申请人遗失"}
	for who, want := range map[string]error{"town": yinzheng.ErrForbidden, "clerk": yinzheng.ErrForbidden, "admin": yinzheng.ErrNotFound, "sibling": yinzheng.ErrNotFound} {
		if _, _, err := h.Reissue(h.ctx, h.people[who], old.Code, in, "k"); !errors.Is(err, want) {
			t.Errorf("%s: %v", who, err)
		}
	}
	for name, bad := range map[string]*yinzheng.Reissuing{"class": {Reason: "error", Opinion: "x"}, "opinion": {Reason: "lost"}} {
		if _, _, err := h.Reissue(h.ctx, h.people["district"], old.Code, bad, "k"); !errors.Is(err, yinzheng.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := h.Reissue(h.ctx, h.people["district"], old.Code, in, ""); !errors.Is(err, yinzheng.ErrPrecondition) {
		t.Error(err)
	}
	before, err := h.Certificate(h.ctx, h.people["clerk"], old.Code)
	must(t, err)
	v, again, err := h.Reissue(h.ctx, h.people["district"], old.Code, in, "r")
	if err != nil || again || v.State != yinzheng.Issued || v.Replaces != old.Code {
		t.Fatalf("%+v %v\n%s", v, err, h.log)
	}
	twice, again, err := h.Reissue(h.ctx, h.people["district"], old.Code, in, "r")
	if err != nil || !again || twice.ID != v.ID || twice.Certificate.Code != v.Certificate.Code {
		t.Errorf("the same key again: %+v %v", twice, err)
	}
	if _, _, err := h.Reissue(h.ctx, h.people["district"], old.Code, &yinzheng.Reissuing{Reason: "damaged", Opinion: "x"}, "r"); !errors.Is(err, yinzheng.ErrReused) {
		t.Errorf("another request under the key: %v", err)
	}
	if _, _, err := h.Reissue(h.ctx, h.people["district"], old.Code, in, "r2"); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("once more of the old one: %v", err)
	}
	h.agree(old.Code, yinzheng.Superseded)
	h.agree(v.Certificate.Code, yinzheng.Valid)
	h.whole(v.ID) // the village sees it, too
	after, err := h.Certificate(h.ctx, h.people["clerk"], v.Certificate.Code)
	if err != nil || !after.Expires.Equal(*before.Expires) || after.Organ != before.Organ || after.Name != before.Name || after.IssuedAt.Equal(before.IssuedAt) {
		t.Errorf("%+v %v", after, err)
	}
	if n, err := yinzheng.ParseNumber(v.Certificate.Number); err != nil || n.Version != 2 || !strings.HasPrefix(old.Number, strings.TrimSuffix(v.Certificate.Number, v.Certificate.Number[len(v.Certificate.Number)-6:])) {
		t.Errorf("%s became %s", old.Number, v.Certificate.Number)
	}
	if a := h.verdict(old.Code); a.Reason != "reissued" || a.Successor != v.Certificate.Code {
		t.Errorf("%+v", a)
	}
	// A suspended one may be issued again; an expired one not.
	_, err = h.act("district", v.Certificate.Code, suspend("lost"))
	must(t, err)
	third, _, err := h.Reissue(h.ctx, h.people["second"], v.Certificate.Code, in, "r3")
	must(t, err)
	h.agree(v.Certificate.Code, yinzheng.Superseded)
	h.agree(third.Certificate.Code, yinzheng.Valid)
	h.later(300 * 24 * time.Hour)
	h.agree(third.Certificate.Code, yinzheng.Expired)
	if _, _, err := h.Reissue(h.ctx, h.people["second"], third.Certificate.Code, in, "r4"); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("an expired one: %v", err)
	}
}

// TestCopies: counted once for a key, whoever presses twice, and only of what is
// in force.
func TestCopies(t *testing.T) {
	h := newHouse(t)
	code := h.issued("key").Certificate.Code
	in := &yinzheng.CopiesTaken{Collector: yinzheng.Collector{Name: " 欧阳·𫖯明", ID: yinzheng.ID{Type: yinzheng.Passport, Number: "e1234567"}}, Count: 2, Purpose: "入学"}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, _, err := h.HandOutCopies(h.ctx, h.people["clerk"], code, in, "k"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	book, again, err := h.HandOutCopies(h.ctx, h.people["clerk"], code, in, "k")
	if err != nil || !again || book.Total != 2 || len(book.Items) != 1 {
		t.Fatalf("%+v %v", book, err)
	}
	if x := book.Items[0]; x.Collector.Name != "欧阳·𫖯明" || x.Collector.ID.Number != "E1****67" || x.Count != 2 || x.By != "clerk" || x.Office != "village" || x.Purpose != "入学" {
		t.Errorf("%+v", x)
	}
	if book, again, err = h.HandOutCopies(h.ctx, h.people["town"], code, in, "k"); err != nil || again || book.Total != 4 {
		t.Errorf("somebody else's same key: %+v %v", book, err)
	}
	if v, err := h.Certificate(h.ctx, h.people["clerk"], code); err != nil || v.Copies != 4 {
		t.Errorf("%+v %v", v, err)
	}
	for name, c := range map[string]struct {
		who  string
		bend func(*yinzheng.CopiesTaken)
		want error
	}{
		"a stranger":            {"sibling", func(*yinzheng.CopiesTaken) {}, yinzheng.ErrNotFound},
		"an operator":           {"admin", func(*yinzheng.CopiesTaken) {}, yinzheng.ErrNotFound},
		"none":                  {"clerk", func(c *yinzheng.CopiesTaken) { c.Count = 0 }, yinzheng.ErrInvalid},
		"a hundred":             {"clerk", func(c *yinzheng.CopiesTaken) { c.Count = 100 }, yinzheng.ErrInvalid},
		"nobody":                {"clerk", func(c *yinzheng.CopiesTaken) { c.Collector.Name = " " }, yinzheng.ErrInvalid},
		"no document":           {"clerk", func(c *yinzheng.CopiesTaken) { c.Collector.ID = yinzheng.ID{} }, yinzheng.ErrInvalid},
		"a wrong one":           {"clerk", func(c *yinzheng.CopiesTaken) { c.Collector.ID = yinzheng.ID{Type: "111", Number: "1"} }, yinzheng.ErrInvalid},
		"no purpose":            {"clerk", func(c *yinzheng.CopiesTaken) { c.Purpose = "" }, yinzheng.ErrInvalid},
		"a long story":          {"clerk", func(c *yinzheng.CopiesTaken) { c.Purpose = strings.Repeat("长", 101) }, yinzheng.ErrInvalid},
		"another under the key": {"clerk", func(c *yinzheng.CopiesTaken) { c.Count = 3 }, yinzheng.ErrReused},
	} {
		bent := *in
		c.bend(&bent)
		if _, _, err := h.HandOutCopies(h.ctx, h.people[c.who], code, &bent, "k"); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := h.HandOutCopies(h.ctx, h.people["clerk"], code, in, ""); !errors.Is(err, yinzheng.ErrPrecondition) {
		t.Error(err)
	}
	_, err = h.act("district", code, suspend("lost"))
	must(t, err)
	if _, _, err := h.HandOutCopies(h.ctx, h.people["clerk"], code, in, "k2"); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("of a suspended one: %v", err)
	}
	if book, again, err = h.HandOutCopies(h.ctx, h.people["clerk"], code, in, "k"); err != nil || !again || book.Total != 4 {
		t.Errorf("the same key afterwards: %+v %v", book, err)
	}
	_, err = h.act("district", code, lift("resolved"))
	must(t, err)
	h.later(300 * 24 * time.Hour)
	if _, _, err := h.HandOutCopies(h.ctx, h.people["clerk"], code, in, "k3"); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("of an expired one: %v", err)
	}
	if book, err = h.CopyBook(h.ctx, h.people["town"], code); err != nil || book.Total != 4 {
		t.Errorf("%+v %v", book, err)
	}
}

// TestPaper: recorded on paper, never valid, by whatever way it is asked for.
func TestPaper(t *testing.T) {
	h := newHouse(t)
	in := &yinzheng.NewPaper{
		Item: "kin", Number: "桥西证〔2026〕12号", IssuedOn: "2026-11-20", Name: "张三丰", ID: yinzheng.ID{Type: yinzheng.Passport, Number: "E1234567"},
		Scan: strings.Repeat("0a", 32), Note: "停电两日",
	}
	p, again, err := h.RecordPaper(h.ctx, h.people["clerk"], in, "k")
	if err != nil || again || p.Organ != yinzheng.TownOrgan || p.Name != "张*丰" || p.ID != "E1****67" || p.Office != "village" {
		t.Fatalf("%+v %v", p, err)
	}
	if same, again, err := h.RecordPaper(h.ctx, h.people["clerk"], in, "k"); err != nil || !again || same.Code != p.Code {
		t.Errorf("%+v %v", same, err)
	}
	if _, _, err := h.RecordPaper(h.ctx, h.people["clerk"], in, "k2"); !errors.Is(err, yinzheng.ErrConflict) {
		t.Errorf("the same number again: %v", err)
	}
	for what, c := range map[string]struct {
		q     yinzheng.Question
		named bool
	}{
		"code": {yinzheng.Question{Code: p.Code}, true}, "number": {yinzheng.Question{Number: "桥西证（2026）12号"}, false},
		"number and name": {yinzheng.Question{Number: in.Number, Name: " 张三丰"}, true}, "address": {yinzheng.Question{URL: h.PublicURL + "/v/" + p.Code}, true},
	} {
		a, err := h.Verify(h.ctx, &c.q)
		if err != nil || a.Verdict != yinzheng.Unconfirmed || !a.OnPaper || a.Scan != in.Scan || a.Checks != (yinzheng.Checks{Integrity: yinzheng.NotChecked, Issuer: yinzheng.NotChecked, Status: yinzheng.NotChecked}) ||
			a.Certificate.Number != in.Number || a.Certificate.ItemName.ZH != "亲属关系证明" || (a.Certificate.Name == "张*丰") != c.named || (a.Certificate.ID != "") != c.named || (a.Certificate.Code == p.Code) != c.named || !strings.Contains(a.Heading.EN, "on paper") {
			t.Errorf("%s: %+v %+v %v", what, a, a.Certificate, err)
		}
	}
	for what, q := range map[string]*yinzheng.Question{"another number": {Number: "桥西证〔2026〕13号"}, "another name": {Number: in.Number, Name: "李四"}} {
		if a, err := h.Verify(h.ctx, q); !errors.Is(err, yinzheng.ErrInvalid) {
			t.Errorf("%s: %+v %v", what, a, err)
		}
	}
	for name, c := range map[string]struct {
		who  string
		bend func(*yinzheng.NewPaper)
		want error
	}{
		"an operator":            {"admin", func(*yinzheng.NewPaper) {}, yinzheng.ErrForbidden},
		"of another town":        {"clerk", func(p *yinzheng.NewPaper) { p.Organ = yinzheng.TownBOrgan }, yinzheng.ErrForbidden},
		"of an organ below":      {"district", func(p *yinzheng.NewPaper) { p.Organ = yinzheng.TownOrgan }, yinzheng.ErrForbidden},
		"no such organ":          {"clerk", func(p *yinzheng.NewPaper) { p.Organ = "x" }, yinzheng.ErrInvalid},
		"no such item":           {"clerk", func(p *yinzheng.NewPaper) { p.Item = "x" }, yinzheng.ErrInvalid},
		"no number":              {"clerk", func(p *yinzheng.NewPaper) { p.Number = "" }, yinzheng.ErrInvalid},
		"an electronic number":   {"clerk", func(p *yinzheng.NewPaper) { p.Number = "1.2.156.3005.2.X" }, yinzheng.ErrInvalid},
		"no day":                 {"clerk", func(p *yinzheng.NewPaper) { p.IssuedOn = "" }, yinzheng.ErrInvalid},
		"a day there is none":    {"clerk", func(p *yinzheng.NewPaper) { p.IssuedOn = "2026-02-30" }, yinzheng.ErrInvalid},
		"tomorrow":               {"clerk", func(p *yinzheng.NewPaper) { p.IssuedOn = "2026-11-23" }, yinzheng.ErrInvalid},
		"before there was one":   {"clerk", func(p *yinzheng.NewPaper) { p.IssuedOn = "2001-01-01" }, yinzheng.ErrInvalid},
		"nobody":                 {"clerk", func(p *yinzheng.NewPaper) { p.Name = "" }, yinzheng.ErrInvalid},
		"a wrong ID":             {"clerk", func(p *yinzheng.NewPaper) { p.ID = yinzheng.ID{Type: "111", Number: "1"} }, yinzheng.ErrInvalid},
		"half a digest":          {"clerk", func(p *yinzheng.NewPaper) { p.Scan = "0a0a" }, yinzheng.ErrInvalid},
		"a digest that is none":  {"clerk", func(p *yinzheng.NewPaper) { p.Scan = strings.Repeat("zz", 32) }, yinzheng.ErrInvalid},
		"no reason":              {"clerk", func(p *yinzheng.NewPaper) { p.Note = "" }, yinzheng.ErrInvalid},
		"another under that key": {"clerk", func(p *yinzheng.NewPaper) { p.Number = "x" }, yinzheng.ErrReused},
	} {
		bent := *in
		c.bend(&bent)
		if _, _, err := h.RecordPaper(h.ctx, h.people[c.who], &bent, "k"); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if v, err := h.PaperRecord(h.ctx, h.people["town"], p.Code); err != nil || v.Note != "停电两日" || v.By != "clerk" {
		t.Errorf("%+v %v", v, err)
	}
	for _, code := range []string{"000000000000", "?"} {
		if _, err := h.PaperRecord(h.ctx, h.people["clerk"], code); !errors.Is(err, yinzheng.ErrNotFound) {
			t.Errorf("%s: %v", code, err)
		}
	}
	for who, want := range map[string]error{"sibling": yinzheng.ErrForbidden, "district": yinzheng.ErrNotFound, "admin": yinzheng.ErrNotFound} {
		if _, err := h.VoidPaper(h.ctx, h.people[who], p.Code, "重复"); !errors.Is(err, want) {
			t.Errorf("%s: %v", who, err)
		}
	}
	if _, err := h.VoidPaper(h.ctx, h.people["town"], p.Code, " "); !errors.Is(err, yinzheng.ErrInvalid) {
		t.Error(err)
	}
	if v, err := h.VoidPaper(h.ctx, h.people["town"], p.Code, "文号写错"); err != nil || v.Void == nil || v.Void.By != "town" {
		t.Errorf("%+v %v", v, err)
	}
	if _, err := h.VoidPaper(h.ctx, h.people["town"], p.Code, "再次"); !errors.Is(err, yinzheng.ErrState) {
		t.Error(err)
	}
	if a, err := h.Verify(h.ctx, &yinzheng.Question{Code: p.Code}); err != nil || a.Verdict != yinzheng.NotFound {
		t.Errorf("a void record: %+v %v", a, err)
	}
	if _, err := h.Verify(h.ctx, &yinzheng.Question{Number: in.Number}); !errors.Is(err, yinzheng.ErrInvalid) {
		t.Error(err)
	}
	if _, _, err := h.RecordPaper(h.ctx, h.people["clerk"], in, "k3"); err != nil {
		t.Errorf("recorded anew: %v", err)
	}
	if log := h.log.String(); strings.Contains(log, "张三丰") || bytes.Contains(h.log.Bytes(), []byte("E1234567")) {
		t.Error("the log names somebody")
	}
}
