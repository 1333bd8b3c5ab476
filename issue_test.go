package yinzheng_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"yinzheng"
)

// kinds counts a case's actions of a kind.
func kinds(v *yinzheng.CaseView, kind yinzheng.ActionKind) int {
	n := 0
	for _, x := range v.History {
		if x.Kind == kind {
			n++
		}
	}
	return n
}

// whole fails unless a case has exactly one certificate, with a PDF that verifies.
func (h *house) whole(id string) (number, code string) {
	h.t.Helper()
	v, err := h.Application(h.ctx, h.people["clerk"], id)
	must(h.t, err)
	if v.State != yinzheng.Issued || kinds(v, yinzheng.Issue) != 1 || v.Certificate == nil {
		h.t.Fatalf("case %s is %s after %d issues: %v\n%s", id, v.State, kinds(v, yinzheng.Issue), v.Trouble, h.log)
	}
	pdf, _, err := h.CertificatePDF(h.ctx, h.people["clerk"], v.Certificate.Code)
	must(h.t, err)
	a, err := h.Verify(h.ctx, &yinzheng.Question{File: pdf})
	must(h.t, err)
	if a.Verdict != yinzheng.Valid || a.Checks != (yinzheng.Checks{Integrity: yinzheng.Pass, Issuer: yinzheng.Pass, Status: yinzheng.Pass}) || a.Certificate.Number != v.Certificate.Number {
		h.t.Fatalf("case %s: its PDF is %s %v", id, a.Verdict, a.Findings)
	}
	return v.Certificate.Number, v.Certificate.Code
}

// TestEveryStoreCallFails: whichever call of the last decision and of issuing
// fails, lost or kept, in the end there is one certificate, and never two, of which
// the applicant is told once.
func TestEveryStoreCallFails(t *testing.T) {
	h := newHouse(t)
	h.Channels = []yinzheng.MessageChannel{yinzheng.Mail}
	numbers, codes, names := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for at := 1; ; at++ {
		hit := false
		for _, kept := range []bool{false, true} {
			v := h.submitted(fmt.Sprintf("key-%d-%v", at, kept))
			h.reachable(v.ID)
			h.store.arm(at, kept)
			_, err := h.approve(v)
			failed := h.store.failed
			h.store.arm(0, false)
			hit = hit || failed != ""
			names[failed] = true
			after, again := h.Application(h.ctx, h.people["clerk"], v.ID)
			must(t, again)
			if after.State == yinzheng.Submitted { // the decision itself was lost: the decider was told
				if !errors.Is(err, yinzheng.ErrUnavailable) {
					t.Fatalf("call %d (%s): the decision was lost and its maker told %v", at, failed, err)
				}
				_, err = h.approve(v)
				must(t, err)
			}
			h.later(20 * time.Second) // the lease of an attempt that stopped in the middle
			if _, err := h.Recover(h.ctx); err != nil {
				t.Fatal(err)
			}
			number, code := h.whole(v.ID)
			if numbers[number] || codes[code] {
				t.Fatalf("call %d (%s): %s or %s twice", at, failed, number, code)
			}
			numbers[number], codes[code] = true, true
			if told := h.tidings(v.ID); !slices.Equal(told, []string{"case-issued"}) {
				t.Fatalf("call %d (%s): the applicant is told %v", at, failed, told)
			}
		}
		if !hit {
			break
		}
	}
	for _, want := range []string{"Tx", "Application", "SaveApplication", "Reserve", "FinishIssue", "OpenStatusList", "Record", "Certificate", "Enqueue", "ContactOf"} {
		if !names[want] {
			t.Errorf("%s never failed: %v", want, names)
		}
	}
}

// TestRecoveryFails: a case left in issuing, and every store call of its
// recovery fails in turn.
func TestRecoveryFails(t *testing.T) {
	h := newHouse(t)
	for at := 1; ; at++ {
		hit := false
		for _, kept := range []bool{false, true} {
			h.sealer.fail = errDisk
			v, err := h.approve(h.submitted(fmt.Sprintf("key-%d-%v", at, kept)))
			must(t, err)
			h.sealer.fail = nil
			code := v.History[len(v.History)-1].Code
			h.later(20 * time.Second)
			h.store.arm(at, kept)
			_, _ = h.Recover(h.ctx)
			hit = hit || h.store.failed != ""
			h.store.arm(0, false)
			h.later(20 * time.Second)
			_, err = h.Recover(h.ctx)
			must(t, err)
			if _, after := h.whole(v.ID); after != code {
				t.Fatalf("call %d: the code was %s and is %s", at, code, after)
			}
		}
		if !hit {
			return
		}
	}
}

func TestSealerFails(t *testing.T) {
	for name, set := range map[string]func(*moody, error){
		"seal":  func(m *moody, err error) { m.fail = err },
		"token": func(m *moody, err error) { m.token = err },
	} {
		h := newHouse(t)
		set(h.sealer, &yinzheng.Error{Kind: yinzheng.ErrUnavailable, Text: yinzheng.Text{ZH: "印章已停用", EN: "The seal is suspended"}})
		v, err := h.approve(h.submitted("key"))
		must(t, err) // the decision stands
		if v.State != yinzheng.Issuing || v.Trouble == nil || v.Trouble.EN != "The seal is suspended" {
			t.Errorf("%s: %s, trouble %v", name, v.State, v.Trouble)
		}
		code := v.History[len(v.History)-1].Code
		for what, q := range map[string]*yinzheng.Question{"code": {Code: code}, "address": {URL: h.PublicURL + "/v/" + code}} {
			if a, err := h.Verify(h.ctx, q); err != nil || a.Verdict != yinzheng.NotFound {
				t.Errorf("%s: a reservation by its %s: %v %v", name, what, a.Verdict, err)
			}
		}
		if _, _, err := h.CertificatePDF(h.ctx, h.people["district"], code); !errors.Is(err, yinzheng.ErrNotFound) {
			t.Errorf("%s: the PDF of a reservation: %v", name, err)
		}
		waiting, err := h.WaitingCases(h.ctx, h.people["admin"])
		if err != nil || len(waiting) != 1 || waiting[0].ID != v.ID || waiting[0].Trouble == nil || waiting[0].Code != code {
			t.Errorf("%s: the administrator sees %+v, %v", name, waiting, err)
		}
		for _, who := range []string{"district", "clerk"} {
			if _, err := h.WaitingCases(h.ctx, h.people[who]); !errors.Is(err, yinzheng.ErrForbidden) {
				t.Errorf("%s: %s lists what waits: %v", name, who, err)
			}
			if err := h.RetryIssue(h.ctx, h.people[who], v.ID); !errors.Is(err, yinzheng.ErrForbidden) {
				t.Errorf("%s: %s retries: %v", name, who, err)
			}
			if err := h.VoidIssue(h.ctx, h.people[who], v.ID, "试"); !errors.Is(err, yinzheng.ErrForbidden) {
				t.Errorf("%s: %s voids: %v", name, who, err)
			}
		}
		if err := h.RetryIssue(h.ctx, h.people["admin"], v.ID); !errors.Is(err, yinzheng.ErrConflict) {
			t.Errorf("%s: a retry inside the lease: %v", name, err)
		}
		h.later(20 * time.Second)
		if err := h.RetryIssue(h.ctx, h.people["admin"], v.ID); !errors.Is(err, yinzheng.ErrUnavailable) {
			t.Errorf("%s: a retry while the seal is still away: %v", name, err)
		}
		if err := h.VoidIssue(h.ctx, h.people["admin"], v.ID, ""); !errors.Is(err, yinzheng.ErrInvalid) {
			t.Errorf("%s: void without a reason: %v", name, err)
		}
		must(t, h.VoidIssue(h.ctx, h.people["admin"], v.ID, "印章停用"))
		if err := h.VoidIssue(h.ctx, h.people["admin"], v.ID, "再试"); !errors.Is(err, yinzheng.ErrState) {
			t.Errorf("%s: void twice: %v", name, err)
		}
		set(h.sealer, nil)
		must(t, h.RetryIssue(h.ctx, h.people["admin"], v.ID))
		if _, again := h.whole(v.ID); again == code {
			t.Errorf("%s: the void code %s was used again", name, code)
		}
		if a, err := h.Verify(h.ctx, &yinzheng.Question{Code: code}); err != nil || a.Verdict != yinzheng.NotFound {
			t.Errorf("%s: the void code: %v %v", name, a.Verdict, err)
		}
	}
}

// A sealer that writes one wrong byte: nothing gets out.
func TestSelfCheckKeepsFaultsIn(t *testing.T) {
	h := newHouse(t)
	h.sealer.corrupt = true
	v, err := h.approve(h.submitted("key"))
	must(t, err)
	code := v.History[len(v.History)-1].Code
	if v.State != yinzheng.Issuing || v.Trouble == nil || v.Certificate != nil || h.sealer.seals != 1 {
		t.Errorf("%s, trouble %v, %d seals", v.State, v.Trouble, h.sealer.seals)
	}
	if _, err := h.store.PDF(h.ctx, code); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("a PDF that does not verify was kept: %v", err)
	}
	if !strings.Contains(h.log.String(), "self-check") {
		t.Errorf("the log does not say why: %s", h.log)
	}
	h.sealer.corrupt = false
	h.later(20 * time.Second)
	if n, err := h.Recover(h.ctx); n != 1 || err != nil {
		t.Errorf("recovered %d: %v", n, err)
	}
	if _, again := h.whole(v.ID); again != code {
		t.Errorf("the code was %s and is %s", code, again)
	}
}

// A worker that sleeps past its lease and one that took over: one wins.
func TestTwoWorkers(t *testing.T) {
	h := newHouse(t)
	v := h.submitted("key")
	h.sealer.before = func() {
		h.sealer.before = nil
		h.later(20 * time.Second)
		if _, err := h.Issue(h.ctx, v.ID); err != nil {
			t.Errorf("the second worker: %v", err)
		}
	}
	after, err := h.approve(v)
	must(t, err)
	if after.State != yinzheng.Issued || h.sealer.seals != 2 {
		t.Errorf("%s after %d seals", after.State, h.sealer.seals)
	}
	h.whole(v.ID)
	c, err := h.Issue(h.ctx, v.ID)
	if err != nil || c.Code != after.Certificate.Code || h.sealer.seals != 2 {
		t.Errorf("issued again: %v, %d seals", err, h.sealer.seals)
	}
	h.revoke(c.Code)
	if c, err = h.Issue(h.ctx, v.ID); err != nil || c.Status != yinzheng.StatusIsRevoked || h.sealer.seals != 2 {
		t.Errorf("issued again after revocation: %v, %d seals", err, h.sealer.seals)
	}
}

// A key that is retired while a case waits: the next attempt takes the new key,
// and what it makes is dated inside that key's time.
func TestKeyRotatedMeanwhile(t *testing.T) {
	h := newHouse(t)
	h.sealer.fail = errDisk
	v, err := h.approve(h.submitted("key"))
	must(t, err)
	h.sealer.fail = nil
	h.later(time.Hour)
	list, err := h.store.Keys(h.ctx)
	must(t, err)
	for _, k := range list { // the same keys, but good from now on only
		k.NotBefore = h.clock()
		must(t, h.store.PutKey(h.ctx, k))
	}
	must(t, h.Reload(h.ctx))
	if n, err := h.Recover(h.ctx); n != 1 || err != nil {
		t.Fatalf("recovered %d: %v\n%s", n, err, h.log)
	}
	h.whole(v.ID)
}

func TestNoKey(t *testing.T) {
	h := newHouse(t)
	list, err := h.store.Keys(h.ctx)
	must(t, err)
	for _, k := range list {
		k.State, k.Since = yinzheng.KeySuspended, h.clock()
		must(t, h.store.PutKey(h.ctx, k))
	}
	must(t, h.Reload(h.ctx))
	v, err := h.approve(h.submitted("key"))
	if err != nil || v.State != yinzheng.Approved || v.Trouble == nil || !strings.Contains(v.Trouble.EN, "no key in force") {
		t.Errorf("%v %v %v", v.State, v.Trouble, err)
	}
	if _, err := h.StatusList(h.ctx, 1); !errors.Is(err, yinzheng.ErrNotFound) && !errors.Is(err, yinzheng.ErrUnavailable) {
		t.Errorf("a status list without a key: %v", err)
	}
}

// More cases than one reading of the list that fail for good do not keep a
// later one from being issued.
func TestRecoveryPassesOverWhatFails(t *testing.T) {
	h := newHouse(t)
	h.store.Store = &crowded{h.store.Store, 750}
	v := h.submitted("key")
	h.sealer.token = errDisk
	_, err := h.approve(v)
	must(t, err)
	h.sealer.token = nil
	h.later(20 * time.Second)
	n, err := h.Recover(h.ctx)
	if n != 1 || err != nil {
		t.Errorf("recovered %d: %v", n, err)
	}
	h.whole(v.ID)
}

// Nothing of the resident stands in the log, whatever fails.
func TestLogHoldsNobody(t *testing.T) {
	h := newHouse(t)
	h.sealer.fail = &yinzheng.Error{Kind: yinzheng.ErrInvalid, Text: yinzheng.Text{ZH: "缺字", EN: "missing"}, Fields: []yinzheng.FieldError{{Field: "values.name", Code: "missing-glyph", Text: yinzheng.Text{ZH: "张三丰", EN: "张三丰"}}}}
	v, err := h.approve(h.submitted("key"))
	must(t, err)
	h.later(20 * time.Second)
	_, err = h.Recover(h.ctx)
	must(t, err)
	log := h.log.String()
	for _, secret := range []string{"张三", "4413021990", "张小宝", "办理入学"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %s: %s", secret, log)
		}
	}
	if !strings.Contains(log, "values.name: missing-glyph") || !strings.Contains(log, v.ID) {
		t.Errorf("the log does not say what failed: %s", log)
	}
}

// TestExpiry: the last day named on the page is valid to its end.
func TestExpiry(t *testing.T) {
	h := newHouse(t)
	v := h.issued("key")
	q := &yinzheng.Question{Code: v.Certificate.Code}
	last := time.Date(2027, 5, 22, 23, 59, 58, 0, yinzheng.Zone)
	for _, c := range []struct {
		now  time.Time
		want yinzheng.Verdict
	}{{last, yinzheng.Valid}, {last.Add(time.Second), yinzheng.Expired}} {
		h.later(c.now.Sub(h.clock()))
		if a, err := h.Verify(h.ctx, q); err != nil || a.Verdict != c.want {
			t.Errorf("%s: %v %v, want %s", c.now, a.Verdict, err, c.want)
		}
	}
	if c, err := h.Certificate(h.ctx, h.people["clerk"], v.Certificate.Code); err != nil || string(c.Status) != string(yinzheng.Expired) {
		t.Errorf("%v %v", c, err)
	}
	pdf, _, err := h.CertificatePDF(h.ctx, h.people["clerk"], v.Certificate.Code)
	if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
		t.Errorf("an expired PDF: %v", err)
	}
}
