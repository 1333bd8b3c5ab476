package yinzheng_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/offices"
)

// of is a resident with the document of a case's holder.
func of(v *yinzheng.CaseView) *yinzheng.Resident {
	return &yinzheng.Resident{Name: "张三丰", ID: v.Values.ID("id")}
}

// TestFollow: what a case's own people are told as it goes its way.
func TestFollow(t *testing.T) {
	h := newHouse(t)
	v, _, err := h.CreateApplication(h.ctx, h.people["clerk"], &yinzheng.NewApplication{Item: "kin", Values: yinzheng.SampleValues()}, "one")
	must(t, err)
	me := of(v)
	if _, err := h.Follow(h.ctx, me, v.ID); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("a draft: %v", err)
	}
	v, err = h.SubmitApplication(h.ctx, h.people["clerk"], v.ID, v.Version)
	must(t, err)
	f, err := h.Follow(h.ctx, me, v.ID)
	must(t, err)
	if len(f.Steps) != 3 || f.Steps[0].State != yinzheng.StepDone || f.Steps[1].State != yinzheng.StepNow || f.Steps[2].State != yinzheng.StepLater {
		t.Fatalf("steps: %+v", f.Steps)
	}
	if f.Office != "下角社区居民委员会" || f.Steps[0].Offices[0] != "下角社区居民委员会" || f.Steps[1].Offices[0] != "桥西街道办事处" || f.Steps[2].Offices[0] != "惠城区民政局" {
		t.Errorf("offices: %s, %+v", f.Office, f.Steps)
	}
	if f.Holder != "张*丰" || !f.HandedIn.Equal(h.now) || len(f.Events) != 1 {
		t.Errorf("case: %+v", f)
	}
	for _, stranger := range []*yinzheng.Resident{{}, {ID: yinzheng.ID{Type: yinzheng.Passport, Number: "E12345678"}}, {Case: "ZZZZZZZZZZ"}} {
		if _, err := h.Follow(h.ctx, stranger, v.ID); !errors.Is(err, yinzheng.ErrNotFound) {
			t.Errorf("%+v: %v", stranger, err)
		}
	}
	back, err := h.Decide(h.ctx, h.people["town"], v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Return, Opinion: "请补户口簿"})
	must(t, err)
	f, err = h.Follow(h.ctx, me, v.ID)
	must(t, err)
	if f.Mend == nil || f.Mend.Said != "请补户口簿" || f.Mend.Office != "桥西街道办事处" || f.Mend.Where != f.Office || f.Steps[0].State != yinzheng.StepLater {
		t.Errorf("sent back: %+v, %+v", f.Mend, f.Steps)
	}
	v, err = h.SubmitApplication(h.ctx, h.people["clerk"], v.ID, back.Version)
	must(t, err)
	rejected, err := h.Decide(h.ctx, h.people["town"], v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Reject, Opinion: "不属本辖区"})
	must(t, err)
	f, err = h.Follow(h.ctx, me, rejected.ID)
	must(t, err)
	if f.Why != "不属本辖区" || f.Mend != nil || f.Ended.Office != "桥西街道办事处" || len(f.Events) != 4 {
		t.Errorf("rejected: %+v", f)
	}
}

// TestOwn: a resident's certificates, and that taking one is on record without
// saying who they are.
func TestOwn(t *testing.T) {
	h := newHouse(t)
	v := h.issued("one")
	waiting := h.submitted("two")
	me, code := of(v), v.Certificate.Code
	list, err := h.OwnCases(h.ctx, me)
	must(t, err)
	if len(list) != 2 || list[0].ID != waiting.ID || list[1].Code != code || list[1].Status != yinzheng.StatusOK {
		t.Fatalf("own cases: %+v", list)
	}
	byCode := &yinzheng.Resident{Case: v.ID}
	if list, err = h.OwnCases(h.ctx, byCode); err != nil || len(list) != 1 || list[0].ID != v.ID {
		t.Errorf("by a code: %+v, %v", list, err)
	}
	if list, err = h.OwnCases(h.ctx, &yinzheng.Resident{ID: h.people["clerk"].Person}); err != nil || len(list) != 0 {
		t.Errorf("a stranger's: %+v, %v", list, err)
	}
	own, err := h.OwnCertificate(h.ctx, me, code)
	must(t, err)
	if own.Name != "张*丰" || own.Number != v.Certificate.Number || own.Status != yinzheng.StatusOK {
		t.Errorf("own: %+v", own)
	}
	pdf, _, err := h.OwnPDF(h.ctx, me, code)
	must(t, err)
	if kept, err := h.store.PDF(h.ctx, code); err != nil || !bytes.Equal(kept, pdf) {
		t.Error("another PDF than was issued")
	}
	svg, err := h.OwnPage(h.ctx, byCode, code)
	must(t, err)
	if !bytes.Contains(svg, []byte("样本")) {
		t.Error("the page is not marked as not the original")
	}
	_, err = h.reorganise(offices.Order{Rename: []offices.Rename{{Organ: yinzheng.DistrictOrgan, Name: "惠州市惠城区民政和社会局"}}})
	must(t, err)
	if later, err := h.OwnPage(h.ctx, byCode, code); err != nil || !bytes.Equal(later, svg) {
		t.Errorf("after its organ was renamed the page is another: %v", err)
	}
	_, err = h.RevealHolder(h.ctx, h.people["town"], code, "核对来访")
	must(t, err)
	_, err = h.Dossier(h.ctx, h.people["clerk"], v.ID, "json")
	must(t, err)
	looked, err := h.LooksAt(h.ctx, me, v.ID)
	must(t, err)
	want := []yinzheng.Look{
		{What: yinzheng.Text{ZH: "导出卷宗"}, Office: "下角社区居民委员会"},
		{What: yinzheng.Text{ZH: "查看持证人完整信息"}, Office: "桥西街道办事处", Purpose: "核对来访"},
		{What: yinzheng.Text{ZH: "查看证明页面"}, Proof: yinzheng.ByCode},
		{What: yinzheng.Text{ZH: "下载 PDF"}, Proof: yinzheng.ByIdentity},
	}
	seen := map[yinzheng.Look]bool{}
	for _, l := range looked {
		seen[yinzheng.Look{What: yinzheng.Text{ZH: l.What.ZH}, Office: l.Office, Purpose: l.Purpose, Proof: l.Proof}] = true
	}
	for _, l := range want {
		if !seen[l] {
			t.Errorf("not told of %+v", l)
		}
	}
	if len(looked) != len(want) { // the page was shown twice within the hour
		t.Errorf("told of %+v", looked)
	}

	stranger := &yinzheng.Resident{ID: h.people["clerk"].Person}
	_, certificate := h.OwnCertificate(h.ctx, stranger, code)
	_, _, file := h.OwnPDF(h.ctx, stranger, code)
	_, page := h.OwnPage(h.ctx, stranger, code)
	_, who := h.LooksAt(h.ctx, stranger, v.ID)
	for _, err := range []error{certificate, file, page, who} {
		if !errors.Is(err, yinzheng.ErrNotFound) {
			t.Errorf("a stranger: %v", err)
		}
	}
	if bytes.Contains(h.log.Bytes(), []byte(me.ID.Number)) {
		t.Error("a number is in the log")
	}
}

// TestOwnEnded: what has ended stays theirs, and the way to what replaced it is
// shown.
func TestOwnEnded(t *testing.T) {
	h := newHouse(t)
	v := h.issued("one")
	me, code := of(v), v.Certificate.Code
	next, _, err := h.Reissue(h.ctx, h.people["district"], code, &yinzheng.Reissuing{Reason: "lost", Opinion: "纸面遗失"}, "again")
	must(t, err)
	own, err := h.OwnCertificate(h.ctx, me, code)
	must(t, err)
	if own.Status != yinzheng.StatusIsSuperseded || own.Successor != next.Certificate.Code || own.Reason.ZH == "" {
		t.Errorf("replaced: %+v", own)
	}
	if _, _, err := h.OwnPDF(h.ctx, me, code); err != nil {
		t.Errorf("the file of what was replaced: %v", err)
	}
	if own, err = h.OwnCertificate(h.ctx, &yinzheng.Resident{Case: v.ID}, code); err != nil || own.Successor != "" {
		t.Errorf("by a code of the first case, another case's certificate is named: %+v, %v", own, err)
	}
	f, err := h.Follow(h.ctx, me, next.ID)
	must(t, err)
	if len(f.Steps) != 0 || f.Certified == nil {
		t.Errorf("issued again: %+v", f)
	}
	h.later(365 * 24 * time.Hour)
	if own, err = h.OwnCertificate(h.ctx, me, next.Certificate.Code); err != nil || own.Status != yinzheng.Status(yinzheng.Expired) || !own.Since.Equal(own.Expires) {
		t.Errorf("expired: %+v, %v", own, err)
	}
}
