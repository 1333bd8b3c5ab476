package yinzheng_test

import (
	"errors"
	"testing"
	"time"

	"yinzheng"
)

const day = 24 * time.Hour

// later is a material that may follow within two working days.
func later(issue string, lapse int) yinzheng.Material {
	return yinzheng.Material{Later: &yinzheng.Later{Days: 2, Issue: issue, Lapse: lapse}}
}

// promise has the clerk promise the second item's material.
func (h *house) promise(v *yinzheng.CaseView) *yinzheng.CaseView {
	h.t.Helper()
	v, err := h.PromiseMaterial(h.ctx, h.people["clerk"], v.ID, v.Version, "proof")
	must(h.t, err)
	return v
}

// supply has somebody attach the second item's material.
func (h *house) supply(who string, v *yinzheng.CaseView) (*yinzheng.CaseView, error) {
	f := photo()
	f.Material = "proof"
	return h.AttachFile(h.ctx, h.people[who], v.ID, v.Version, f)
}

// scanned lets the system look, and reads a case again.
func (h *house) scanned(v *yinzheng.CaseView) *yinzheng.CaseView {
	h.t.Helper()
	_, err := h.Scan(h.ctx)
	must(h.t, err)
	v, err = h.Application(h.ctx, h.people["clerk"], v.ID)
	must(h.t, err)
	return v
}

// TestGapWaits: an approved case waits for its material, everybody is told in
// time, and it is issued by itself when the material comes, late as it may be.
func TestGapWaits(t *testing.T) {
	h := withMaterial(t, later(yinzheng.IssueWaits, 3))
	v := h.enrol("clerk", "e")
	if p := v.Problems; len(p) != 1 || p[0].Text.EN != "Please attach a photograph, a scan or a PDF of “Proof of kinship”; or promise it within 2 working days" {
		t.Errorf("%+v", p)
	}
	v = h.promise(v) // on Sunday the 22nd
	if m := v.Materials[0]; m.Way != yinzheng.MetLater || !m.Waits || m.Due.Format(time.RFC3339) != "2026-11-24T16:00:00Z" || v.Incomplete || len(v.Problems) != 0 {
		t.Errorf("%+v", v.Materials[0])
	}
	v = h.climb(v, "town")
	v, err := h.Application(h.ctx, h.people["district"], v.ID)
	must(t, err)
	if m := v.Materials[0]; !v.Incomplete || m.Way != yinzheng.MetLater || m.Late {
		t.Errorf("who decides is shown %+v", m)
	}
	queue, _, err := h.Workqueue(h.ctx, h.people["district"], nil, "", 0)
	must(t, err)
	if len(queue) != 1 || !queue[0].Incomplete {
		t.Errorf("%+v", queue)
	}
	if v, err = h.approve(v); err != nil || v.State != yinzheng.Approved || v.Trouble == nil || v.Trouble.EN != "Approved; it is issued once “Proof of kinship” has come, which was to follow by 2026-11-24" {
		t.Fatalf("%s %v %v", v.State, v.Trouble, err)
	}
	if n, err := h.Recover(h.ctx); n != 0 || err != nil || h.log.Len() > 0 {
		t.Errorf("recovering: %d %v\n%s", n, err, h.log)
	}
	if waiting, err := h.WaitingCases(h.ctx, h.people["admin"]); err != nil || len(waiting) != 0 {
		t.Errorf("%v %v", waiting, err)
	}
	if err := h.RetryIssue(h.ctx, h.people["admin"], v.ID); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("issued by force: %v", err)
	}

	h.later(2 * day) // the 24th
	if v = h.scanned(v); h.told("clerk", v.ID, "gap-due-soon") != 1 || v.Materials[0].Late {
		t.Errorf("not reminded as the last day begins: %+v", v.Materials[0])
	}
	h.later(day) // past it
	if v = h.scanned(v); h.told("clerk", v.ID, "gap-overdue") != 1 || h.told("district", v.ID, "gap-overdue") != 1 || !v.Materials[0].Late {
		t.Errorf("not told past the day: %+v", v.Materials[0])
	}
	v = h.scanned(v)
	if n := len(v.History); v.History[n-1].Kind != yinzheng.Overdue || v.History[n-2].Kind != yinzheng.Remind || v.History[n-1].Due.Format(time.RFC3339) != "2026-11-30T16:00:00Z" {
		t.Errorf("once each, and when it lapses: %+v", v.History[n-2:])
	}
	for _, who := range []string{"town", "district"} {
		if _, err := h.supply(who, v); !errors.Is(err, yinzheng.ErrForbidden) {
			t.Errorf("%s attaches what the clerks are to bring: %v", who, err)
		}
	}
	party := *h.people["clerk"]
	party.Person = yinzheng.ID{Type: yinzheng.ResidentID, Number: wang}
	f := photo()
	f.Material = "proof"
	if _, err := h.AttachFile(h.ctx, &party, v.ID, v.Version, f); !errors.Is(err, yinzheng.ErrForbidden) {
		t.Errorf("a party: %v", err)
	}
	decided := yinzheng.SampleAccount("both", 50, [2]string{"clerk", "village"})
	decided.Person = h.people["town"].Person
	inName := yinzheng.SampleAccount("lent", 51, [2]string{"clerk", "village"})
	inName.Grants[0].For, inName.Grants[0].ForID = "both", decided.Person
	for _, by := range []*yinzheng.Account{decided, inName} {
		if _, err := h.AttachFile(h.ctx, by, v.ID, v.Version, f); !errors.Is(err, yinzheng.ErrForbidden) {
			t.Errorf("%s, who has decided: %v", by.ID, err)
		}
	}
	if _, err := h.AttachFile(h.ctx, h.people["clerk"], v.ID, v.Version, photo()); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("another file after the last decision: %v", err)
	}
	if v, err = h.supply("clerk", v); err != nil || v.State != yinzheng.Issued || v.Incomplete || v.Materials[0].Way != yinzheng.MetByFile {
		t.Fatalf("%s %v %v", v.State, v.Trouble, err)
	}
	cert, err := h.Certificate(h.ctx, h.people["clerk"], v.Certificate.Code)
	if err != nil || len(cert.Awaited) != 0 {
		t.Errorf("%+v %v", cert.Awaited, err)
	}
}

// TestGapLapses: what never comes ends the case, wherever it stands by then.
func TestGapLapses(t *testing.T) {
	for name, deciders := range map[string][]string{"being decided": nil, "approved": {"town", "district"}} {
		t.Run(name, func(t *testing.T) {
			h := withMaterial(t, later(yinzheng.IssueWaits, 3))
			v := h.climb(h.promise(h.enrol("clerk", "e")), deciders...)
			for range 30 {
				if h.later(day); h.scanned(v).State == yinzheng.Withdrawn {
					break
				}
			}
			v = h.scanned(v)
			last := v.History[len(v.History)-1]
			// Promised for the 24th, found missing on the 25th, and three working days more.
			if v.State != yinzheng.Withdrawn || last.Kind != yinzheng.Lapse || last.Material != "proof" || last.At.In(yinzheng.Zone).Format(time.DateOnly) != "2026-12-01" {
				t.Errorf("%s: %s on %s", v.State, last.Kind, last.At)
			}
			if h.told("clerk", v.ID, "lapsed") != 1 || h.told("clerk", v.ID, "gap-due-soon") != 1 || h.told("clerk", v.ID, "gap-overdue") != 1 {
				t.Error("the clerks were not told, once")
			}
			if _, err := h.supply("clerk", v); !errors.Is(err, yinzheng.ErrState) {
				t.Errorf("after the end: %v", err)
			}
		})
	}
}

// TestGapNoCommitment: what was promised is what comes; nobody decided on a
// commitment in its place.
func TestGapNoCommitment(t *testing.T) {
	m := later(yinzheng.IssueWaits, 3)
	m.Commitment, m.Certificate = byCommitment.Commitment, byCertificate.Certificate
	h := withMaterial(t, m)
	v := h.climb(h.promise(h.enrol("clerk", "e")), "town", "district")
	if _, err := h.commit(v); faultOf(err) != "signed too-late" {
		t.Errorf("a commitment once it was approved: %v", err)
	}
	held := h.issued("k").Certificate.Code
	v, err := h.Application(h.ctx, h.people["clerk"], v.ID)
	if must(t, err); len(v.Materials[0].Offers) != 1 {
		t.Errorf("%+v", v.Materials[0])
	}
	if v = h.refer(v, held); v.State != yinzheng.Issued || v.Materials[0].Way != yinzheng.MetByCertificate {
		t.Errorf("with a certificate that was issued meanwhile: %s", v.State)
	}
}

// TestGapFlagged: issued with a flag, the certificate says what is missing until
// it comes.
func TestGapFlagged(t *testing.T) {
	h := withMaterial(t, later(yinzheng.IssueFlagged, 0))
	v := h.climb(h.promise(h.enrol("clerk", "e")), "town", "district")
	if v.State != yinzheng.Issued || !v.Incomplete {
		t.Fatalf("%s %v", v.State, v.Trouble)
	}
	awaited := func() []yinzheng.AwaitedView {
		cert, err := h.Certificate(h.ctx, h.people["town"], v.Certificate.Code)
		must(t, err)
		return cert.Awaited
	}
	if a := awaited(); len(a) != 1 || a[0].Material != "proof" || a[0].Late {
		t.Errorf("%+v", a)
	}
	again, _, err := h.Reissue(h.ctx, h.people["district"], v.Certificate.Code, &yinzheng.Reissuing{Reason: "lost", Opinion: "遗失"}, "r")
	must(t, err)
	if cert, err := h.Certificate(h.ctx, h.people["town"], again.Certificate.Code); err != nil || len(cert.Awaited) != 1 {
		t.Errorf("issued again, and nothing is missing: %+v %v", cert, err)
	}
	for range 30 {
		h.later(day)
		v = h.scanned(v)
	}
	if a := awaited(); len(a) != 1 || !a[0].Late || v.State != yinzheng.Issued || h.told("district", v.ID, "gap-overdue") != 1 {
		t.Errorf("%+v, %s", a, v.State)
	}
	if _, err := h.supply("sibling", v); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("a stranger: %v", err)
	}
	v, err = h.supply("clerk", v)
	if err != nil || v.Incomplete || len(awaited()) != 0 {
		t.Errorf("%v %+v", err, awaited())
	}
	if _, err := h.supply("clerk", v); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("twice: %v", err)
	}
}

// TestPromise: what may follow is promised once; the day that a case was handed
// in with stands, however often it comes back.
func TestPromise(t *testing.T) {
	h := withMaterial(t, later(yinzheng.IssueFlagged, 0))
	clerk := h.people["clerk"]
	v := h.enrol("clerk", "e")
	if _, err := h.PromiseMaterial(h.ctx, clerk, v.ID, v.Version, "other"); faultOf(err) != "material choice" {
		t.Errorf("what the template does not let follow: %v", err)
	}
	if _, err := h.PromiseMaterial(h.ctx, h.people["sibling"], v.ID, v.Version, "proof"); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("a stranger: %v", err)
	}
	v = h.promise(v)
	if _, err := h.PromiseMaterial(h.ctx, clerk, v.ID, v.Version, "proof"); faultOf(err) != "material met" {
		t.Errorf("twice: %v", err)
	}
	h.later(4 * day) // never handed in: it may be promised anew
	if _, err := h.SubmitApplication(h.ctx, clerk, v.ID, v.Version); faultOf(err) != "attachments.proof past" {
		t.Errorf("past its day: %v", err)
	}
	again := func() error {
		var err error
		v, err = h.DetachFile(h.ctx, clerk, v.ID, v.Version, v.Materials[0].By)
		must(t, err)
		before := v
		if v, err = h.PromiseMaterial(h.ctx, clerk, v.ID, v.Version, "proof"); err != nil {
			v = before
		}
		return err
	}
	must(t, again())
	due := *v.Materials[0].Due
	v = h.climb(v)
	h.later(day)
	v, err := h.Decide(h.ctx, h.people["town"], v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Return, Opinion: "补正"})
	must(t, err)
	if must(t, again()); !v.Materials[0].Due.Equal(due) {
		t.Errorf("returned and promised again: %s, was %s", v.Materials[0].Due, due)
	}
	h.later(4 * day)
	if _, err := h.SubmitApplication(h.ctx, clerk, v.ID, v.Version); faultOf(err) != "attachments.proof past" {
		t.Errorf("handed in past its day: %v", err)
	}
	if err := again(); faultOf(err) != "material past" {
		t.Errorf("promised past its day: %v", err)
	}
	v, err = h.supply("clerk", v)
	must(t, err)
	if v = h.climb(v); v.State != yinzheng.Submitted || v.Incomplete {
		t.Errorf("with the material: %s", v.State)
	}
}
