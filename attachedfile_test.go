package yinzheng_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"yinzheng"
	"yinzheng/attachments/picturetest"
)

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func (h *house) draft(key string) *yinzheng.CaseView {
	h.t.Helper()
	v, _, err := h.CreateApplication(h.ctx, h.people["clerk"], &yinzheng.NewApplication{Item: "kin", Values: yinzheng.SampleValues()}, key)
	must(h.t, err)
	return v
}

func photo() *yinzheng.NewAttachment {
	return &yinzheng.NewAttachment{Material: "other", Name: "家.jpg", File: picturetest.Camera(picturetest.Sheet(90, 120), 8)}
}

// TestAttachFile: what is kept is found by its digest, shown only once that is
// on record, and gone from the case when it was taken off.
func TestAttachFile(t *testing.T) {
	h := newHouse(t)
	clerk, v := h.people["clerk"], h.draft("k")
	v, err := h.AttachFile(h.ctx, clerk, v.ID, v.Version, photo())
	must(t, err)
	f := v.Attachments[0]
	if f.ID != 2 || f.Name != "家.jpg" || f.Width != 90 || f.Height != 120 || f.Original != sum(photo().File) || f.MaterialName.EN != "Other material" || f.Office != "village" || f.Step != "" {
		t.Errorf("%+v", f)
	}
	h.store.failing = "Record"
	if content, _, _, err := h.OpenAttachment(h.ctx, clerk, v.ID, 2); content != nil && err == nil || !errors.Is(err, yinzheng.ErrUnavailable) {
		t.Errorf("shown without a record: %v", err)
	}
	h.store.failing = ""
	content, media, name, err := h.OpenAttachment(h.ctx, clerk, v.ID, 2)
	if err != nil || sum(content) != f.Digest || len(content) != f.Size || media != "image/jpeg" || name != v.ID+"-2.jpg" {
		t.Errorf("%s %s %v", media, name, err)
	}
	events, err := h.CaseEvents(h.ctx, clerk, v.ID)
	must(t, err)
	if len(events) != 1 || events[0].Kind != yinzheng.EventAttachment || events[0].Detail != "2" || events[0].By != "clerk" {
		t.Errorf("%+v", events)
	}
	if v, err = h.DetachFile(h.ctx, clerk, v.ID, v.Version, 2); err != nil || len(v.Attachments) != 0 || v.History[1].Attachment.Digest != f.Digest {
		t.Errorf("%+v %v", v, err)
	}
	if _, _, _, err := h.OpenAttachment(h.ctx, clerk, v.ID, 2); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("taken off: %v", err)
	}
	for who, want := range map[string]error{"sibling": yinzheng.ErrNotFound, "town": yinzheng.ErrNotFound, "admin": yinzheng.ErrNotFound} {
		if _, err := h.AttachFile(h.ctx, h.people[who], v.ID, v.Version, photo()); !errors.Is(err, want) {
			t.Errorf("%s attaches to a draft of others: %v", who, err)
		}
	}
}

// TestAttachKeepsNothing: whatever goes wrong, nothing of the file is kept.
func TestAttachKeepsNothing(t *testing.T) {
	h := newHouse(t)
	clerk, v := h.people["clerk"], h.draft("k")
	clean, err := h.config.Cleaner.Clean(h.ctx, photo().File)
	must(t, err)
	digest := sum(clean.Content)
	none := func(what string) {
		t.Helper()
		if _, err := h.store.File(h.ctx, digest); !errors.Is(err, yinzheng.ErrNotFound) {
			t.Errorf("%s: the file is kept (%v)", what, err)
		}
		if c, err := h.Application(h.ctx, clerk, v.ID); err != nil || c.Version != 1 {
			t.Errorf("%s: version %d, %v", what, c.Version, err)
		}
	}
	for seen, want := range map[int]error{0: yinzheng.ErrConflict, 2: yinzheng.ErrConflict} {
		if _, err := h.AttachFile(h.ctx, clerk, v.ID, seen, photo()); !errors.Is(err, want) {
			t.Errorf("seen %d: %v", seen, err)
		}
		none("a stale version")
	}
	bad := photo()
	bad.Material = "passport"
	if _, err := h.AttachFile(h.ctx, clerk, v.ID, 1, bad); !errors.Is(err, yinzheng.ErrInvalid) {
		t.Error(err)
	}
	none("an unknown material")
	for at := 1; ; at++ {
		h.store.arm(at, false)
		_, err := h.AttachFile(h.ctx, clerk, v.ID, 1, photo())
		if h.store.failed == "" {
			must(t, err)
			break
		}
		failed := h.store.failed
		h.store.arm(0, false)
		if failed == "PeopleAt" { // the file is attached; whether somebody may go on is looked at again
			must(t, err)
			break
		}
		if err == nil {
			t.Fatalf("%s fails unnoticed", failed)
		}
		if failed == "Application" || failed == "Tx" || failed == "SaveApplication" {
			none(failed)
		}
	}
}

// TestWitnessIsMasked: a witness's number is in no answer, dossier or log.
func TestWitnessIsMasked(t *testing.T) {
	h := newHouse(t)
	clerk, v := h.people["clerk"], h.draft("k")
	const number = "441302196505040198"
	in := photo()
	in.Material = "commitment"
	in.Signed = &yinzheng.Signing{By: yinzheng.ByFingerprint, Witness: &yinzheng.Witness{Name: "周敏", ID: yinzheng.ID{Type: yinzheng.ResidentID, Number: number}}}
	v, err := h.AttachFile(h.ctx, clerk, v.ID, v.Version, in)
	must(t, err)
	d, err := h.Dossier(h.ctx, clerk, v.ID, "json")
	must(t, err)
	page, err := h.DossierPDF(d)
	must(t, err)
	shown, err := json.Marshal([]any{v, d})
	must(t, err)
	for what, b := range map[string][]byte{"an answer": shown, "the page": page, "the log": h.log.Bytes()} {
		if bytes.Contains(b, []byte(number)) {
			t.Errorf("%s has the number", what)
		}
	}
	if w := v.Attachments[0].Signed.Witness; w.Name != "周敏" || w.ID != "441302********0198" || w.IDType != yinzheng.ResidentID {
		t.Errorf("%+v", w)
	}
	if strings.Contains(h.log.String(), "周敏") || strings.Contains(h.log.String(), "家.jpg") {
		t.Error("the log names somebody")
	}
	// It is kept whole, and a purpose may not carry it elsewhere.
	a, err := h.store.Application(h.ctx, v.ID)
	must(t, err)
	if a.Actions[1].Attachment.Signed.Witness.ID.Number != number {
		t.Error("the number is not kept")
	}
}

// TestPaperWithScan: a scan is answered as recorded on paper, as it was sent and
// as it is kept; a certificate's own PDF never is, whoever records it so.
func TestPaperWithScan(t *testing.T) {
	h := newHouse(t)
	clerk := h.people["clerk"]
	v := h.issued("c")
	pdf, _, err := h.CertificatePDF(h.ctx, clerk, v.Certificate.Code)
	must(t, err)
	record := func(number string, bend func(*yinzheng.NewPaper)) (*yinzheng.PaperView, error) {
		in := &yinzheng.NewPaper{Item: "kin", Number: number, IssuedOn: "2026-11-20", Name: "张三丰", Note: "停电两日"}
		bend(in)
		p, _, err := h.RecordPaper(h.ctx, clerk, in, number)
		return p, err
	}
	ask := func(file []byte) *yinzheng.Answer {
		t.Helper()
		a, err := h.Verify(h.ctx, &yinzheng.Question{File: file})
		must(t, err)
		return a
	}
	p, err := record("1号", func(p *yinzheng.NewPaper) { p.File = photo().File })
	must(t, err)
	kept, media, _, err := h.OpenScan(h.ctx, h.people["town"], p.Code)
	if err != nil || media != "image/jpeg" || sum(kept) != p.Scan || p.Original != sum(photo().File) || p.ScanType != media {
		t.Fatalf("%+v %s %v", p, media, err)
	}
	for what, file := range map[string][]byte{"as sent": photo().File, "as kept": kept} {
		if a := ask(file); a.Verdict != yinzheng.Unconfirmed || !a.OnPaper || a.Certificate.Code != p.Code || a.Certificate.Name != "张*丰" || a.Checks.Integrity != yinzheng.NotChecked {
			t.Errorf("%s: %+v", what, a)
		}
	}
	if a := ask(append(photo().File, 0)); a.OnPaper || a.Verdict == yinzheng.Valid {
		t.Errorf("another file: %+v", a)
	}
	if _, err := record("2号", func(p *yinzheng.NewPaper) { p.Scan = sum(pdf) }); err != nil {
		t.Fatal(err)
	}
	if a := ask(pdf); a.Verdict != yinzheng.Valid || a.OnPaper {
		t.Errorf("a certificate recorded as a paper's scan: %+v", a)
	}
	if _, err := record("3号", func(p *yinzheng.NewPaper) { p.File = pdf }); !errors.Is(err, yinzheng.ErrInvalid) {
		t.Errorf("a certificate as scan: %v", err) // it has a file in it
	}
	stated, err := record("4号", func(p *yinzheng.NewPaper) { p.Scan = p.Scan + sum(kept) })
	must(t, err)
	if _, _, _, err := h.OpenScan(h.ctx, clerk, stated.Code); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("a digest opens somebody's file: %v", err)
	}
	if _, err := record("5号", func(p *yinzheng.NewPaper) { p.File, p.Scan = photo().File, sum(kept) }); !errors.Is(err, yinzheng.ErrInvalid) {
		t.Errorf("another digest stated: %v", err)
	}
	if _, err := record("6号", func(p *yinzheng.NewPaper) { p.File, p.Scan = photo().File, sum(photo().File) }); err != nil {
		t.Errorf("its digest stated: %v", err)
	}
	h.store.failing = "Record"
	if _, _, _, err := h.OpenScan(h.ctx, clerk, p.Code); !errors.Is(err, yinzheng.ErrUnavailable) {
		t.Errorf("shown without a record: %v", err)
	}
}
