package yinzheng_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"yinzheng"
)

// TestRevealIsOnRecord: what cannot be put on record is not shown.
func TestRevealIsOnRecord(t *testing.T) {
	h := newHouse(t)
	code := h.issued("k").Certificate.Code
	h.store.failing = "Record"
	if v, err := h.RevealHolder(h.ctx, h.people["town"], code, "来函核对"); v != nil || !errors.Is(err, yinzheng.ErrUnavailable) {
		t.Errorf("shown without a record: %v, %v", v, err)
	}
	if d, err := h.Dossier(h.ctx, h.people["town"], mustCase(t, h, code), "json"); d != nil || !errors.Is(err, yinzheng.ErrUnavailable) {
		t.Errorf("exported without a record: %v, %v", d, err)
	}
	h.store.failing = ""
	v, err := h.RevealHolder(h.ctx, h.people["town"], strings.ToLower(code), " 来函核对 ")
	must(t, err)
	if v.Name != "张三丰" || v.ID == nil || v.ID.Type != yinzheng.ResidentID || strings.Contains(v.ID.Number, "*") {
		t.Errorf("%+v", v)
	}
	events, err := h.store.EventsAbout(h.ctx, code)
	must(t, err)
	if e := events[len(events)-1]; e.Kind != yinzheng.EventRevealed || e.Detail != "来函核对" || e.By != "town" || len(events) != 2 {
		t.Errorf("%+v", events)
	}
	// Nobody else's: not the sibling village's, not an administrator's.
	for _, who := range []string{"sibling", "admin"} {
		if _, err := h.RevealHolder(h.ctx, h.people[who], code, "来函核对"); !errors.Is(err, yinzheng.ErrNotFound) {
			t.Errorf("%s: %v", who, err)
		}
	}
}

func mustCase(t *testing.T, h *house, code string) string {
	t.Helper()
	c, err := h.store.Certificate(h.ctx, code)
	must(t, err)
	return c.Application
}

// TestDossierWhole: the log entries in a dossier are those of the case and of
// its certificates, a voided one's too.
func TestDossierWhole(t *testing.T) {
	h := newHouse(t)
	h.sealer.fail = errDisk
	v, err := h.approve(h.submitted("k"))
	must(t, err)
	if v.State != yinzheng.Issuing {
		t.Fatal(v.State)
	}
	h.later(time.Minute)
	must(t, h.VoidIssue(h.ctx, h.people["admin"], v.ID, "印章故障"))
	h.sealer.fail = nil
	_, err = h.Issue(h.ctx, v.ID)
	must(t, err)
	d, err := h.Dossier(h.ctx, h.people["clerk"], v.ID, "json")
	must(t, err)
	if len(d.Certificates) != 1 || d.Application.State != yinzheng.Issued || d.Certificates[0].Code != d.Application.Certificate.Code {
		t.Errorf("certificates: %+v", d.Certificates)
	}
	kinds := map[string]int{}
	for _, e := range d.Events {
		kinds[e.Kind]++
	}
	if kinds["number-voided"] != 1 || kinds["certificate-issued"] != 1 || kinds[yinzheng.EventDossier] != 1 || len(d.Events) != 3 {
		t.Errorf("events: %v", kinds)
	}
	if n := len(d.Application.History) + len(d.Events); len(d.Log) != n || d.LogHead.Seq < d.Log[n-1].Seq {
		t.Errorf("%d entries for %d things, head %d", len(d.Log), n, d.LogHead.Seq)
	}
	out, err := json.Marshal(d)
	must(t, err)
	for _, p := range h.people { // whoever decided shows the name, not the document
		if strings.Contains(string(out), p.Person.Number) {
			t.Errorf("%s's own number is in it", p.ID)
		}
	}
	pdf, err := h.DossierPDF(d)
	must(t, err)
	if !strings.HasPrefix(string(pdf), "%PDF-1.7") {
		t.Errorf("%.20q", pdf)
	}
}

// TestDuplicatesFollowEdits: what a case is recognised by is what it says now.
func TestDuplicatesFollowEdits(t *testing.T) {
	h := newHouse(t)
	first := h.submitted("k1")
	second, _, err := h.CreateApplication(h.ctx, h.people["clerk"], &yinzheng.NewApplication{Item: "kin", Values: yinzheng.SampleValues()}, "k2")
	must(t, err)
	if len(second.Duplicates) != 1 || second.Duplicates[0].Application != first.ID || second.Duplicates[0].Strength != "strong" {
		t.Errorf("%+v", second.Duplicates)
	}
	other := yinzheng.SampleValues()
	other["name"] = "王五"
	other["id"] = map[string]any{"type": "passport", "number": "E1234567"}
	delete(other, "sex")
	delete(other, "born")
	mended, err := h.EditApplication(h.ctx, h.people["clerk"], second.ID, second.Version, &yinzheng.Patch{Values: map[string]any{"name": other["name"], "id": other["id"], "sex": nil, "born": nil}})
	must(t, err)
	if len(mended.Duplicates) != 0 {
		t.Errorf("after it was mended: %+v", mended.Duplicates)
	}
	third, _, err := h.CreateApplication(h.ctx, h.people["clerk"], &yinzheng.NewApplication{Item: "kin", Values: other}, "k3")
	must(t, err)
	if len(third.Duplicates) != 1 || third.Duplicates[0].Application != second.ID {
		t.Errorf("%+v", third.Duplicates)
	}
}

// TestMarkCases: cases that a program without marks wrote are found once they
// were marked; one without its template does not hold up the others.
func TestMarkCases(t *testing.T) {
	h := newHouse(t)
	v := h.submitted("k1")
	must(t, h.store.PutMarks(h.ctx, v.ID, yinzheng.Marks{}))
	gone, err := h.store.Application(h.ctx, v.ID)
	must(t, err)
	gone.ID, gone.Template.Version = "GONE", 9
	must(t, h.store.SaveApplication(h.ctx, gone, 0))
	second, _, err := h.CreateApplication(h.ctx, h.people["clerk"], &yinzheng.NewApplication{Item: "kin", Values: yinzheng.SampleValues()}, "k2")
	must(t, err)
	if len(second.Duplicates) != 0 {
		t.Fatalf("%+v", second.Duplicates)
	}
	h.store.unmarked = []string{"GONE", v.ID}
	if n, err := h.MarkCases(h.ctx); n != 1 || err != nil {
		t.Errorf("%d cases marked, %v", n, err)
	}
	second, err = h.Application(h.ctx, h.people["clerk"], second.ID)
	must(t, err)
	if len(second.Duplicates) != 1 || second.Duplicates[0].Application != v.ID {
		t.Errorf("%+v", second.Duplicates)
	}
}

// Unmarked lists what the test says, from after on.
func (s *shaky) Unmarked(_ context.Context, after string, _ int) ([]string, error) {
	return s.unmarked[slices.Index(s.unmarked, after)+1:], nil
}

// TestDuplicatesCannotTell: when the store does not answer, nobody is told
// that there are no duplicates.
func TestDuplicatesCannotTell(t *testing.T) {
	h := newHouse(t)
	v := h.submitted("k1")
	h.store.failing = "Alike"
	if _, err := h.Application(h.ctx, h.people["clerk"], v.ID); !errors.Is(err, yinzheng.ErrUnavailable) {
		t.Errorf("%v", err)
	}
	if done, err := h.approve(v); err != nil || done.State != yinzheng.Issued {
		t.Errorf("the last decision looks for nothing any more: %v", err)
	}
}

// Alike and Record fail while shaky says so.
func (s *shaky) Alike(ctx context.Context, id string, m yinzheng.Marks, now time.Time, limit int) ([]yinzheng.Likeness, error) {
	if s.failing == "Alike" {
		return nil, errDisk
	}
	return s.Store.Alike(ctx, id, m, now, limit)
}
