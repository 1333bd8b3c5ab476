package yinzheng_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/offices"
	"yinzheng/register"
)

// byCommitment is met by a commitment, inspected within two working days.
var byCommitment = yinzheng.Material{Commitment: &yinzheng.Commitment{Text: yinzheng.Text{ZH: "本人{name}承诺用于{purpose}。", EN: "I, {name}, promise: {purpose}."}, InspectDays: 2}}

// commit has the clerk attach a signed commitment.
func (h *house) commit(v *yinzheng.CaseView) (*yinzheng.CaseView, error) {
	f := photo()
	f.Material, f.Signed = "proof", &yinzheng.Signing{By: yinzheng.BySignature}
	return h.AttachFile(h.ctx, h.people["clerk"], v.ID, v.Version, f)
}

// committed takes a new case of the second item to its certificate, by a commitment.
func (h *house) committed(key string) *yinzheng.CaseView {
	h.t.Helper()
	v, err := h.commit(h.enrol("clerk", key))
	must(h.t, err)
	if v = h.climb(v, "town", "district"); v.State != yinzheng.Issued {
		h.t.Fatalf("%s %v\n%s", v.State, v.Trouble, h.log)
	}
	return v
}

func (h *house) inspect(who string, v *yinzheng.CaseView, outcome string) (*yinzheng.CaseView, error) {
	return h.InspectCommitment(h.ctx, h.people[who], v.ID, v.Version, &yinzheng.InspectionResult{Material: "proof", Outcome: outcome, Opinion: "已走访核实"})
}

// TestCommitment: what was signed is the case's for as long as nothing in it
// changes; who decides sees that a promise carries the case.
func TestCommitment(t *testing.T) {
	h := withMaterial(t, byCommitment)
	clerk := h.people["clerk"]
	v := h.enrol("clerk", "e")
	sheet, err := h.CommitmentSheet(h.ctx, clerk, v.ID, "proof")
	must(t, err)
	if sheet.Text.ZH != "本人张三丰承诺用于办理入学。" || sheet.Text.EN != "I, 张三丰, promise: 办理入学." || sheet.Applicant != "张三丰" || sheet.ID.Number != wang || len(sheet.Digest) != 64 {
		t.Errorf("%+v", sheet)
	}
	pdf, err := h.CommitmentPDF(sheet)
	if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
		t.Errorf("%v", err)
	}
	if _, err := h.CommitmentSheet(h.ctx, clerk, v.ID, "other"); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("a material that is not asked for: %v", err)
	}
	if _, err := h.CommitmentSheet(h.ctx, h.people["sibling"], v.ID, "proof"); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("a stranger: %v", err)
	}
	v, err = h.commit(v)
	must(t, err)
	if m := v.Materials[0]; m.Way != yinzheng.MetByCommitment || m.By != 2 || m.Inspection != nil || v.Attachments[0].TextDigest != sheet.Digest || len(v.Problems) != 0 {
		t.Errorf("%+v", m)
	}
	v, err = h.EditApplication(h.ctx, clerk, v.ID, v.Version, &yinzheng.Patch{Values: map[string]any{"note": "与承诺无关"}})
	if must(t, err); len(v.Problems) != 0 {
		t.Errorf("another value: %+v", v.Problems)
	}
	v, err = h.EditApplication(h.ctx, clerk, v.ID, v.Version, &yinzheng.Patch{Values: map[string]any{"purpose": "就业"}})
	if must(t, err); len(v.Problems) != 1 || v.Problems[0].Field != "attachments.proof" || v.Problems[0].Code != "changed" {
		t.Errorf("a value that was promised: %+v", v.Problems)
	}
	if _, err := h.SubmitApplication(h.ctx, clerk, v.ID, v.Version); faultOf(err) != "attachments.proof changed" {
		t.Errorf("submitted: %v", err)
	}
	v, err = h.DetachFile(h.ctx, clerk, v.ID, v.Version, 2)
	must(t, err)
	v, err = h.commit(v)
	must(t, err)
	v = h.climb(v)
	v, err = h.Application(h.ctx, h.people["town"], v.ID)
	if must(t, err); v.Materials[0].Way != yinzheng.MetByCommitment {
		t.Errorf("who decides is shown %+v", v.Materials[0])
	}
	f := photo()
	f.Material, f.Signed = "proof", &yinzheng.Signing{By: yinzheng.BySignature}
	if _, err := h.AttachFile(h.ctx, h.people["town"], v.ID, v.Version, f); faultOf(err) != "signed too-late" {
		t.Errorf("signed before who decides: %v", err)
	}
	f.Material, f.Signed = "proof", nil // the paper itself outweighs it, and nothing is left to be inspected
	v, err = h.AttachFile(h.ctx, h.people["town"], v.ID, v.Version, f)
	must(t, err)
	for _, who := range []string{"town", "district"} {
		v, err = h.Decide(h.ctx, h.people[who], v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Approve})
		must(t, err)
	}
	if v.State != yinzheng.Issued || v.Materials[0].Way != yinzheng.MetByFile || v.History[len(v.History)-1].Kind != yinzheng.Issue {
		t.Errorf("%s, %+v", v.State, v.Materials[0])
	}
}

// TestCommitmentByWhom: who signs has a document, be they the holder or somebody
// who applies for them.
func TestCommitmentByWhom(t *testing.T) {
	h := withMaterial(t, byCommitment)
	values := yinzheng.SampleValues()
	values["id"] = map[string]any{"type": "none", "reason": "新生儿"}
	delete(values, "sex")
	delete(values, "born")
	start := func(key string, who *yinzheng.Applicant) *yinzheng.CaseView {
		v, _, err := h.CreateApplication(h.ctx, h.people["clerk"], &yinzheng.NewApplication{Item: "enrol", Values: values, Applicant: who}, key)
		must(t, err)
		return v
	}
	if _, err := h.commit(start("k1", nil)); faultOf(err) != "signed no-document" {
		t.Errorf("without a document: %v", err)
	}
	guardian := &yinzheng.Applicant{As: yinzheng.AsGuardian, Name: "李四", ID: yinzheng.ID{Type: yinzheng.ResidentID, Number: chen}}
	v := start("k2", guardian)
	if _, err := h.commit(v); err != nil {
		t.Errorf("signed by the guardian: %v", err)
	}
	sheet, err := h.CommitmentSheet(h.ctx, h.people["clerk"], v.ID, "proof")
	if err != nil || sheet.Applicant != "李四" || sheet.ID.Number != chen {
		t.Errorf("%+v %v", sheet, err)
	}
}

// TestInspection: the office that sealed is told in time, the office above takes
// over past the day, and what was found stands in the record.
func TestInspection(t *testing.T) {
	h := withMaterial(t, byCommitment)
	province := yinzheng.SampleAccount("province", 30, [2]string{"approver", "province"})
	d := yinzheng.SampleDirectory()
	must(t, h.store.PutDirectory(h.ctx, yinzheng.NewDirectory(d.Divisions, append(d.Offices, yinzheng.Office{ID: "province", Name: "广东省民政厅", Division: "440000000000"}), d.Organs)))
	must(t, h.store.PutAccount(h.ctx, province))
	h.people["province"] = province
	h.restart()
	v := h.committed("e")
	if n := len(v.History); v.History[n-2].Kind != yinzheng.Issue || v.History[n-1].Kind != yinzheng.Schedule || v.History[n-1].Office != "district" || v.Materials[0].Inspection.Due.Format(time.RFC3339) != "2026-11-24T16:00:00Z" {
		t.Errorf("%+v", v.History[n-1])
	}
	pending := func(who string) int {
		t.Helper()
		list, next, err := h.PendingInspections(h.ctx, h.people[who], "", 0)
		if must(t, err); next != "" || len(list) > 0 && (list[0].Application != v.ID || list[0].Material != "proof" || list[0].Certificate != v.Certificate.Code) {
			t.Errorf("%+v %q", list, next)
		}
		return len(list)
	}
	for who, want := range map[string]int{"district": 1, "second": 1, "province": 0, "town": 0, "clerk": 0, "admin": 0} {
		if got := pending(who); got != want {
			t.Errorf("%s has %d to inspect", who, got)
		}
	}
	for who, want := range map[string]error{"town": yinzheng.ErrForbidden, "clerk": yinzheng.ErrForbidden, "province": yinzheng.ErrForbidden, "sibling": yinzheng.ErrNotFound} {
		if _, err := h.inspect(who, v, yinzheng.FoundTrue); !errors.Is(err, want) {
			t.Errorf("%s: %v", who, err)
		}
	}
	party := *h.people["district"]
	party.Person = yinzheng.ID{Type: yinzheng.ResidentID, Number: wang}
	if _, err := h.InspectCommitment(h.ctx, &party, v.ID, v.Version, &yinzheng.InspectionResult{Material: "proof", Outcome: yinzheng.FoundTrue, Opinion: "x"}); !errors.Is(err, yinzheng.ErrForbidden) {
		t.Errorf("the holder: %v", err)
	}
	lent := yinzheng.SampleAccount("lent", 31, [2]string{"approver", "district"})
	lent.Grants[0].For, lent.Grants[0].ForID = "party", party.Person
	if _, err := h.InspectCommitment(h.ctx, lent, v.ID, v.Version, &yinzheng.InspectionResult{Material: "proof", Outcome: yinzheng.FoundTrue, Opinion: "x"}); !errors.Is(err, yinzheng.ErrForbidden) {
		t.Errorf("in the holder's name: %v", err)
	}
	for _, r := range []yinzheng.InspectionResult{{Material: "proof", Outcome: "perhaps", Opinion: "x"}, {Material: "proof", Outcome: yinzheng.FoundTrue}} {
		if _, err := h.InspectCommitment(h.ctx, h.people["district"], v.ID, v.Version, &r); !errors.Is(err, yinzheng.ErrInvalid) {
			t.Errorf("%+v: %v", r, err)
		}
	}
	if _, err := h.InspectCommitment(h.ctx, h.people["district"], v.ID, v.Version, &yinzheng.InspectionResult{Material: "other", Outcome: yinzheng.FoundTrue, Opinion: "x"}); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("another material: %v", err)
	}

	h.later(2 * day)
	if h.scanned(v); h.told("district", v.ID, "inspection-due-soon") != 1 || h.told("province", v.ID, "inspection-due-soon") != 0 {
		t.Error("not reminded as the last day begins")
	}
	h.later(day)
	if v = h.scanned(v); h.told("district", v.ID, "inspection-overdue") != 1 || h.told("province", v.ID, "inspection-overdue") != 1 || !v.Materials[0].Inspection.Late {
		t.Errorf("not escalated: %+v", v.Materials[0].Inspection)
	}
	if v = h.scanned(v); pending("province") != 1 {
		t.Error("the office above does not find what is late")
	}
	v, err := h.inspect("province", v, yinzheng.FoundUnclear)
	must(t, err)
	if v.Materials[0].Inspection.Outcome != yinzheng.FoundUnclear || pending("district") != 0 {
		t.Errorf("%+v", v.Materials[0].Inspection)
	}
	v, err = h.inspect("district", v, yinzheng.FoundTrue) // somebody learnt more
	must(t, err)
	cert, err := h.Certificate(h.ctx, h.people["town"], v.Certificate.Code)
	if err != nil || cert.Status != yinzheng.StatusOK || len(cert.Inspections) != 1 || cert.Inspections[0].Outcome != yinzheng.FoundTrue {
		t.Errorf("%+v %v", cert, err)
	}
	for range 20 {
		h.later(day)
		h.scanned(v)
	}
	if h.told("district", v.ID, "inspection-overdue") != 1 {
		t.Error("told again of what was done")
	}
}

// TestFoundFalse: the certificate is suspended at once, a second person decides
// about it, and the applicant signs nothing any more until somebody else says so.
func TestFoundFalse(t *testing.T) {
	h := withMaterial(t, byCommitment)
	open, err := h.commit(h.enrol("clerk", "under way"))
	must(t, err)
	fresh := h.enrol("clerk", "fresh")
	v := h.committed("e")
	v, err = h.inspect("district", v, yinzheng.FoundFalse)
	must(t, err)
	code := v.Certificate.Code
	if n := len(v.History); v.History[n-2].Kind != yinzheng.Inspect || v.History[n-2].Reason != yinzheng.FoundFalse || v.History[n-1].Kind != yinzheng.ProposeRevocation || v.History[n-1].Reason != "commitment" {
		t.Errorf("%+v", v.History[n-2:])
	}
	if a, err := h.Verify(h.ctx, &yinzheng.Question{Code: code}); err != nil || a.Verdict != yinzheng.Suspended || a.Reason != "review" {
		t.Errorf("a verifier is told %+v %v", a, err)
	}
	cert, err := h.Certificate(h.ctx, h.people["clerk"], code)
	must(t, err)
	if cert.Inspections[0].Outcome != yinzheng.FoundFalse || cert.Revocation == nil {
		t.Errorf("%+v", cert)
	}
	if _, err := h.inspect("second", v, yinzheng.FoundTrue); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("found true after all: %v", err)
	}

	// No new commitment, none that was signed already, and no sheet to sign.
	if _, err := h.commit(fresh); !errors.Is(err, yinzheng.ErrState) || faultOf(err) != "signed right-ended" || !strings.Contains(err.Error(), "please attach the material") {
		t.Errorf("signed anew: %v", err)
	}
	if _, err := h.CommitmentSheet(h.ctx, h.people["clerk"], fresh.ID, "proof"); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("a sheet to sign: %v", err)
	}
	if _, err := h.SubmitApplication(h.ctx, h.people["clerk"], open.ID, open.Version); faultOf(err) != "attachments.proof right-ended" {
		t.Errorf("handed in: %v", err)
	}
	agent := &yinzheng.Applicant{As: yinzheng.AsAgent, Name: "李四", ID: yinzheng.ID{Type: yinzheng.ResidentID, Number: chen}, Authority: "委托书"}
	byAgent, _, err := h.CreateApplication(h.ctx, h.people["clerk"], &yinzheng.NewApplication{Item: "enrol", Values: yinzheng.SampleValues(), Division: testVillage, Applicant: agent}, "agent")
	must(t, err)
	if _, err := h.commit(byAgent); faultOf(err) != "signed right-ended" {
		t.Errorf("signed by an agent: %v", err)
	}
	if open, err = h.Application(h.ctx, h.people["clerk"], open.ID); err != nil || !open.Materials[0].RightEnded {
		t.Errorf("%+v %v", open.Materials[0], err)
	}

	if _, err := h.act("district", code, yinzheng.Act{Kind: yinzheng.Revoke, Proposal: cert.Revocation.ID}); !errors.Is(err, yinzheng.ErrForbidden) {
		t.Errorf("confirmed by who found it: %v", err)
	}
	_, err = h.act("second", code, yinzheng.Act{Kind: yinzheng.Revoke, Proposal: cert.Revocation.ID})
	must(t, err)
	if a, err := h.Verify(h.ctx, &yinzheng.Question{Code: code}); err != nil || a.Verdict != yinzheng.Revoked || a.Reason != "commitment" {
		t.Errorf("a verifier is told %+v %v", a, err)
	}

	holder := yinzheng.ID{Type: yinzheng.ResidentID, Number: wang}
	restore := func(by *yinzheng.Account, id yinzheng.ID, reason string) error {
		return h.RestoreCommitments(h.ctx, by, &yinzheng.Restoration{ID: id, Reason: reason})
	}
	finder := yinzheng.SampleAccount("district", 40, [2]string{"admin", "district"})
	self := yinzheng.SampleAccount("self", 41, [2]string{"admin", "district"})
	self.Person = holder
	lent := func(of *yinzheng.Account) *yinzheng.Account {
		a := yinzheng.SampleAccount("lent", 43, [2]string{"admin", "district"})
		a.Grants[0].For, a.Grants[0].ForID = of.ID, of.Person
		return a
	}
	for _, c := range []struct {
		name      string
		err, want error
	}{
		{"somebody in the name of who found it", restore(lent(finder), holder, "认定有误"), yinzheng.ErrForbidden},
		{"somebody in the person's name", restore(lent(self), holder, "认定有误"), yinzheng.ErrForbidden},
		{"an approver", restore(h.people["second"], holder, "认定有误"), yinzheng.ErrForbidden},
		{"an administrator below", restore(yinzheng.SampleAccount("x", 42, [2]string{"admin", "village"}), holder, "认定有误"), yinzheng.ErrForbidden},
		{"who found it", restore(finder, holder, "认定有误"), yinzheng.ErrForbidden},
		{"the person", restore(self, holder, "认定有误"), yinzheng.ErrForbidden},
		{"without a reason", restore(h.people["admin"], holder, " "), yinzheng.ErrInvalid},
		{"with a name in the reason", restore(h.people["admin"], holder, "张三丰并无虚假"), yinzheng.ErrInvalid},
		{"with a number in the reason", restore(h.people["admin"], holder, "证件 4413 0219 9003"), yinzheng.ErrInvalid},
		{"without a document", restore(h.people["admin"], yinzheng.ID{}, "认定有误"), yinzheng.ErrInvalid},
		{"somebody who never lost it", restore(h.people["admin"], yinzheng.ID{Type: yinzheng.ResidentID, Number: chen}, "认定有误"), yinzheng.ErrState},
		{"an administrator of the top", restore(h.people["admin"], holder, "已更正，认定有误"), nil},
		{"... again", restore(h.people["admin"], holder, "已更正，认定有误"), yinzheng.ErrState},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("restored by %s: %v", c.name, c.err)
		}
	}
	if _, err := h.commit(fresh); err != nil {
		t.Errorf("signed after the right was restored: %v", err)
	}
	events, err := h.CaseEvents(h.ctx, h.people["clerk"], v.ID)
	must(t, err)
	var kinds []string
	for _, e := range events {
		kinds = append(kinds, e.Kind)
		if e.Kind == yinzheng.EventRightRestored && e.Detail != "已更正，认定有误" {
			t.Errorf("restored for %q", e.Detail)
		}
	}
	if got := strings.Join(kinds, " "); got != "certificate-issued commitment-inspected commitment-right-ended revocation-proposed certificate-revoked commitment-right-restored" {
		t.Errorf("on record: %s", got)
	}
}

// TestRightOfAPerson: who has another document on record by now is the same person.
func TestRightOfAPerson(t *testing.T) {
	h := withMaterial(t, byCommitment)
	h.config.Register = &register.Register{Kept: h.store}
	h.restart()
	_, err := h.inspect("district", h.committed("e"), yinzheng.FoundFalse)
	must(t, err)
	h.bring("2026-10-01", persons)
	h.bring("2026-11-01", "id,name,division,former_id\n"+chen+",王丽,"+testVillage+","+wang+"\n")
	values := yinzheng.SampleValues()
	values["id"], values["sex"], values["born"] = chen, yinzheng.Male, "1988-08-15"
	v, _, err := h.CreateApplication(h.ctx, h.people["clerk"], &yinzheng.NewApplication{Item: "enrol", Values: values}, "k")
	must(t, err)
	if _, err := h.commit(v); faultOf(err) != "signed right-ended" {
		t.Errorf("under another document: %v", err)
	}
	must(t, h.RestoreCommitments(h.ctx, h.people["admin"], &yinzheng.Restoration{ID: yinzheng.ID{Type: yinzheng.ResidentID, Number: chen}, Reason: "认定有误"}))
	if _, err := h.commit(v); err != nil {
		t.Errorf("restored: %v", err)
	}
}

// TestFoundFalseAfterwards: whatever became of the certificate by then, what was
// issued on the commitment is what is suspended.
func TestFoundFalseAfterwards(t *testing.T) {
	h := withMaterial(t, byCommitment)
	status := func(code string) yinzheng.Status {
		t.Helper()
		cert, err := h.store.Certificate(h.ctx, code)
		must(t, err)
		return cert.Status
	}
	found := func(v *yinzheng.CaseView) {
		t.Helper()
		v, err := h.Application(h.ctx, h.people["district"], v.ID)
		must(t, err)
		v, err = h.inspect("district", v, yinzheng.FoundFalse)
		must(t, err)
		if v.Materials[0].Inspection.Outcome != yinzheng.FoundFalse {
			t.Errorf("%+v", v.Materials[0].Inspection)
		}
		must(t, h.RestoreCommitments(h.ctx, h.people["admin"], &yinzheng.Restoration{ID: yinzheng.ID{Type: yinzheng.ResidentID, Number: wang}, Reason: "下一例"}))
	}

	v := h.committed("issued again")
	again, _, err := h.Reissue(h.ctx, h.people["district"], v.Certificate.Code, &yinzheng.Reissuing{Reason: "lost", Opinion: "遗失"}, "r1")
	must(t, err)
	last, _, err := h.Reissue(h.ctx, h.people["district"], again.Certificate.Code, &yinzheng.Reissuing{Reason: "lost", Opinion: "又遗失"}, "r2")
	must(t, err)
	found(v)
	if a, b := status(v.Certificate.Code), status(last.Certificate.Code); a != yinzheng.StatusIsSuperseded || b != yinzheng.StatusIsSuspended {
		t.Errorf("the old one is %s, what it was issued again as %s", a, b)
	}
	if a, err := h.Verify(h.ctx, &yinzheng.Question{Code: last.Certificate.Code}); err != nil || a.Verdict != yinzheng.Suspended {
		t.Errorf("%+v %v", a, err)
	}
	if cert, err := h.Certificate(h.ctx, h.people["town"], last.Certificate.Code); err != nil || len(cert.Inspections) != 1 || cert.Inspections[0].Outcome != yinzheng.FoundFalse {
		t.Errorf("the one issued again does not say so: %+v %v", cert, err)
	}

	v = h.committed("suspended")
	_, err = h.act("district", v.Certificate.Code, yinzheng.Act{Kind: yinzheng.Suspend, Reason: "complaint", Opinion: "有反映"})
	must(t, err)
	found(v)
	cert, err := h.Certificate(h.ctx, h.people["district"], v.Certificate.Code)
	if must(t, err); cert.Status != yinzheng.StatusIsSuspended || cert.Revocation == nil {
		t.Errorf("suspended before: %+v", cert)
	}

	v = h.committed("proposed")
	h.propose(v.Certificate.Code)
	found(v)
	if status(v.Certificate.Code) != yinzheng.StatusIsSuspended {
		t.Error("its revocation was proposed before")
	}

	v = h.committed("revoked")
	h.revoke(v.Certificate.Code)
	found(v)
	if status(v.Certificate.Code) != yinzheng.StatusIsRevoked {
		t.Error("it was revoked before")
	}
}

// TestFoundFalseWhole: whichever write of it fails, all of it is kept or nothing,
// and it can be done again.
func TestFoundFalseWhole(t *testing.T) {
	h := withMaterial(t, byCommitment)
	v := h.committed("e")
	holder := &yinzheng.Restoration{ID: yinzheng.ID{Type: yinzheng.ResidentID, Number: wang}, Reason: "x"}
	for at := 1; at < 40; at++ {
		h.store.arm(at, false)
		_, err := h.inspect("district", v, yinzheng.FoundFalse)
		failed := h.store.failed
		h.store.arm(0, false)
		now, again := h.Application(h.ctx, h.people["district"], v.ID)
		must(t, again)
		cert, again := h.store.Certificate(h.ctx, v.Certificate.Code)
		must(t, again)
		done := now.Version > v.Version
		if suspended := cert.Status == yinzheng.StatusIsSuspended; suspended != done {
			t.Fatalf("%s failed: found false %v, suspended %v", failed, done, suspended)
		}
		if done {
			if at < 10 {
				t.Errorf("only %d calls could fail", at)
			}
			must(t, h.RestoreCommitments(h.ctx, h.people["admin"], holder))
			return
		}
		if !errors.Is(err, yinzheng.ErrUnavailable) {
			t.Fatalf("%s failed: %v", failed, err)
		}
		if err := h.RestoreCommitments(h.ctx, h.people["admin"], holder); !errors.Is(err, yinzheng.ErrState) {
			t.Fatalf("%s failed, and the right has ended: %v", failed, err)
		}
	}
	t.Error("never done")
}

// TestMaterialsMove: after the offices have changed, whoever has taken the work
// over inspects what was promised, and brings what was to follow.
func TestMaterialsMove(t *testing.T) {
	m := later(yinzheng.IssueWaits, 3)
	m.Commitment = byCommitment.Commitment
	h := withMaterial(t, m)
	committed, waits := h.committed("c"), h.climb(h.promise(h.enrol("clerk", "w")), "town", "district")
	order := mergeVillages()
	order.Add = offices.Additions{Organs: []offices.NewOrgan{{Code: newOrgan, Name: "惠州市惠城区政务服务局"}}, Offices: []offices.NewOffice{{Name: "政务服务局", Division: testDistrict, Function: "services", Organ: newOrgan}}}
	order.Close = []offices.Close{{Office: "district", Successor: "o" + testDistrict + "-services"}}
	_, err := h.reorganise(order)
	must(t, err)
	for _, who := range []string{"second", "sibling"} {
		h.people[who] = h.again(who)
	}
	list, _, err := h.PendingInspections(h.ctx, h.people["second"], "", 0)
	must(t, err)
	if len(list) != 1 || list[0].Application != committed.ID {
		t.Fatalf("%+v", list)
	}
	h.later(3 * day)
	_, err = h.Scan(h.ctx)
	must(t, err)
	for _, c := range []struct{ who, kind, id string }{{"second", "inspection-overdue", committed.ID}, {"second", "gap-overdue", waits.ID}, {"sibling", "gap-overdue", waits.ID}} {
		told, err := h.Notices(h.ctx, h.people[c.who], 0, 0)
		must(t, err)
		if !slices.ContainsFunc(told, func(n yinzheng.Notice) bool { return n.Kind == c.kind && n.Application == c.id }) {
			t.Errorf("%s was not told: %s", c.who, c.kind)
		}
	}
	committed, err = h.Application(h.ctx, h.people["second"], committed.ID)
	must(t, err)
	_, err = h.inspect("second", committed, yinzheng.FoundFalse)
	must(t, err)
	waits, err = h.Application(h.ctx, h.people["sibling"], waits.ID)
	must(t, err)
	if waits, err = h.supply("sibling", waits); err != nil || waits.State != yinzheng.Issued {
		t.Errorf("%v: %v, %s", err, waits.Trouble, h.log)
	}
}
