package yinzheng_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"yinzheng"
)

// flawsOf lists the fields of an error and their codes.
func flawsOf(err error) string {
	var e *yinzheng.Error
	if !errors.As(err, &e) {
		return ""
	}
	var out []string
	for _, f := range e.Fields {
		out = append(out, f.Field+" "+f.Code)
	}
	return strings.Join(out, ", ")
}

// erase is a round, and what it has erased.
func (h *house) erase() string {
	h.t.Helper()
	erased, err := h.EraseInTime(h.ctx)
	must(h.t, err)
	var out []string
	for _, r := range h.RetentionRules() {
		if n := erased[r.Key]; n > 0 {
			out = append(out, r.Key)
		}
	}
	return strings.Join(out, " ")
}

// TestEraseDrafts: a draft goes ninety days after somebody touched it last, fourteen
// after its office was told, and is found by nothing any more.
func TestEraseDrafts(t *testing.T) {
	h := newHouse(t)
	clerk := h.people["clerk"]
	v := h.draft("key")
	told := func() (n int) {
		t.Helper()
		list, err := h.Notices(h.ctx, clerk, 0, 99)
		must(t, err)
		for _, x := range list {
			if x.Kind == "draft-fading" && x.Application == v.ID {
				n++
			}
		}
		return n
	}
	found := func() int {
		t.Helper()
		list, _, err := h.Search(h.ctx, clerk, "张三丰", "", 9)
		must(t, err)
		return len(list)
	}
	h.later(75 * day)
	if got := h.erase(); got != "" || told() != 0 || found() != 1 {
		t.Errorf("after 75 days: erased %q, told %d times, found %d", got, told(), found())
	}
	h.later(20 * day)
	if got := h.erase() + h.erase(); got != "" || told() != 1 {
		t.Errorf("never told before: erased %q, told %d times", got, told())
	}
	h.later(13 * day)
	v, err := h.EditApplication(h.ctx, clerk, v.ID, v.Version, &yinzheng.Patch{Values: map[string]any{"note": "继续"}})
	must(t, err)
	h.later(80 * day)
	if got := h.erase(); got != "" || told() != 2 {
		t.Errorf("touched again: erased %q, told %d times", got, told())
	}
	h.later(14*day + time.Second)
	if got := h.erase(); got != yinzheng.RetainDrafts || h.erase() != "" || found() != 0 {
		t.Errorf("in time: erased %q, found %d", got, found())
	}
	v, err = h.Application(h.ctx, clerk, v.ID)
	must(t, err)
	if v.State != yinzheng.Withdrawn || v.Values != nil || len(v.History) != 3 || v.History[2].Kind != yinzheng.Erase {
		t.Errorf("what is left: %+v", v)
	}
	if _, err := h.EditApplication(h.ctx, clerk, v.ID, v.Version, &yinzheng.Patch{}); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("edited: %v", err)
	}
	if _, err := h.Dossier(h.ctx, clerk, v.ID, "json"); err != nil {
		t.Errorf("dossier: %v", err)
	}
}

// TestHold: a case that is held keeps everything until its day; only who runs the whole
// holds one.
func TestHold(t *testing.T) {
	h := newHouse(t)
	clerk, admin := h.people["clerk"], h.people["admin"]
	v := h.submitted("key")
	_, err := h.Decide(h.ctx, h.people["district"], v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Reject, Opinion: "不符合条件"})
	must(t, err)
	for _, tt := range []struct{ id, reason, until, want string }{
		{"nothing", "", "", "case unknown, reason choice, until date"},
		{v.ID, "litigation", "2026-11-21", "until range"},
		{v.ID, "litigation", "2031-11-24", "until range"},
		{"ABCDEFGHJKM", "litigation", "2026-12-01", "case unknown"},
	} {
		if err := h.HoldCase(h.ctx, admin, tt.id, tt.reason, tt.until); flawsOf(err) != tt.want {
			t.Errorf("%+v: %v", tt, flawsOf(err))
		}
	}
	if err := h.HoldCase(h.ctx, clerk, v.ID, "litigation", "2026-12-01"); !errors.Is(err, yinzheng.ErrForbidden) {
		t.Errorf("by a clerk: %v", err)
	}
	if _, err := h.Retention(h.ctx, clerk); !errors.Is(err, yinzheng.ErrForbidden) {
		t.Errorf("seen by a clerk: %v", err)
	}
	h.later(1820 * day)
	must(t, h.HoldCase(h.ctx, admin, v.ID, "litigation", "2033-06-01"))
	h.later(30 * day)
	r, err := h.Retention(h.ctx, admin)
	must(t, err)
	if got := h.erase(); got != "" || len(r.Holds) != 1 || r.Holds[0].ReasonName.ZH != "诉讼" || r.Holds[0].ByName == "" || r.Rules[2].Needed != 1 || r.Rules[2].Due != 0 {
		t.Errorf("held: erased %q, %+v", got, r)
	}
	must(t, h.EndHold(h.ctx, admin, v.ID))
	if err := h.EndHold(h.ctx, admin, v.ID); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("ended twice: %v", err)
	}
	r, err = h.Retention(h.ctx, admin)
	must(t, err)
	if r.Rules[2].Due != 1 || r.Rules[2].Needed != 0 {
		t.Errorf("no longer held: %+v", r.Rules[2])
	}
	if got := h.erase(); got != yinzheng.RetainRejected {
		t.Errorf("erased %q", got)
	}
	r, err = h.Retention(h.ctx, admin)
	must(t, err)
	if len(r.Runs) != 1 || r.Runs[0].Detail != "rejected 1" || r.Rules[2].Due != 0 {
		t.Errorf("afterwards: %+v", r)
	}
	if err := h.HoldCase(h.ctx, admin, v.ID, "litigation", "2032-06-01"); flawsOf(err) != "case erased" {
		t.Errorf("held when it is gone: %v", err)
	}
}

// TestEraseFiles: of a case with a certificate the files go; it verifies as before, and
// its file says why it cannot be opened.
func TestEraseFiles(t *testing.T) {
	h := newHouse(t)
	clerk := h.people["clerk"]
	v := h.draft("key")
	v, err := h.AttachFile(h.ctx, clerk, v.ID, v.Version, photo())
	must(t, err)
	file := v.Attachments[0]
	v, err = h.SubmitApplication(h.ctx, clerk, v.ID, v.Version)
	must(t, err)
	v, err = h.Decide(h.ctx, h.people["town"], v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Approve})
	must(t, err)
	v, err = h.approve(v)
	must(t, err)
	h.later(3659 * day)
	if got := h.erase(); got != "" {
		t.Errorf("erased %q too early", got)
	}
	h.later(day + time.Second)
	if got := h.erase(); got != yinzheng.RetainFiles || h.erase() != "" {
		t.Errorf("erased %q", got)
	}
	if _, err := h.store.File(h.ctx, file.Digest); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("the file: %v", err)
	}
	after, err := h.Application(h.ctx, clerk, v.ID)
	must(t, err)
	if after.State != yinzheng.Issued || after.Values["name"] != "张三丰" || len(after.Attachments) != 1 || !after.Attachments[0].Gone() || after.Attachments[0].Name != "" {
		t.Errorf("what is left: %+v", after)
	}
	var told *yinzheng.Error
	if _, _, _, err := h.OpenAttachment(h.ctx, clerk, v.ID, file.ID); !errors.As(err, &told) || !strings.Contains(told.Text.ZH, "已按保存期限销毁") {
		t.Errorf("opened: %v", err)
	}
	if _, err := h.Dossier(h.ctx, clerk, v.ID, "json"); err != nil {
		t.Errorf("dossier: %v", err)
	}
	if got := h.verdict(v.Certificate.Code).Verdict; got != yinzheng.Expired {
		t.Errorf("the certificate: %s", got)
	}
}

// TestEraseGoesOn: what was cut off is done by the next round.
func TestEraseGoesOn(t *testing.T) {
	h := newHouse(t)
	var ids []string
	for _, key := range []string{"a", "b", "c"} {
		v := h.draft(key)
		_, err := h.WithdrawApplication(h.ctx, h.people["clerk"], v.ID, v.Version, "")
		must(t, err)
		ids = append(ids, v.ID)
	}
	h.later(1099 * day)
	n := 0
	for at, failed := 1, true; failed; at++ {
		h.store.arm(at, at%2 == 0)
		erased, err := h.EraseInTime(h.ctx)
		if failed = h.store.failed != ""; !failed && err != nil {
			t.Fatal(err)
		}
		n += erased[yinzheng.RetainWithdrawn]
	}
	h.store.arm(0, false)
	for _, id := range ids {
		a, err := h.store.Application(h.ctx, id)
		must(t, err)
		if a.Erased() == nil || len(a.Actions) != 3 {
			t.Errorf("%s was not erased once: %d actions", id, len(a.Actions))
		}
	}
	if n == 0 || n > len(ids) {
		t.Errorf("%d were erased", n)
	}
}

// meanwhile is a store in which something happens once contacts were listed, and which
// cannot read one case.
type meanwhile struct {
	yinzheng.Store
	listed func()
	broken string
}

func (m *meanwhile) IdleContacts(ctx context.Context, before, now time.Time, limit int) ([]string, error) {
	ids, err := m.Store.IdleContacts(ctx, before, now, limit)
	if m.listed != nil {
		m.listed()
	}
	return ids, err
}

func (m *meanwhile) IsIdle(ctx context.Context, key string, before, now time.Time) (bool, error) {
	if key == m.broken {
		return false, errors.New("unreadable")
	}
	return m.Store.IsIdle(ctx, key, before, now)
}

func (m *meanwhile) Application(ctx context.Context, id string) (*yinzheng.Application, error) {
	if id == m.broken {
		return nil, errors.New("unreadable")
	}
	return m.Store.Application(ctx, id)
}

// takenBack is a draft that was withdrawn.
func (h *house) takenBack(key string) string {
	h.t.Helper()
	v := h.draft(key)
	_, err := h.WithdrawApplication(h.ctx, h.people["clerk"], v.ID, v.Version, "")
	must(h.t, err)
	return v.ID
}

// TestHeldMeanwhile: a contact stays when the case is held after it was listed.
func TestHeldMeanwhile(t *testing.T) {
	h := newHouse(t)
	id := h.takenBack("key")
	key := (&yinzheng.Resident{Case: id}).Key()
	must(t, h.store.PutContact(h.ctx, &yinzheng.ResidentContact{Resident: key, Contact: yinzheng.Contact{Channel: yinzheng.SMS, Address: "13800000000"}, Language: "zh", Wants: yinzheng.WantsAll, Secret: "s", By: "clerk", At: h.clock()}))
	h.later(91 * day)
	kept := h.store.Store
	h.store.Store = &meanwhile{Store: kept, listed: func() {
		must(t, kept.PutHold(h.ctx, &yinzheng.Hold{Case: id, Reason: "litigation", Until: h.clock().AddDate(0, 0, 30), By: "admin", At: h.clock()}))
	}}
	if got := h.erase(); got != "" {
		t.Errorf("erased %q", got)
	}
	if _, err := h.store.ContactOf(h.ctx, key); err != nil {
		t.Errorf("the contact: %v", err)
	}
	h.store.Store = kept
	h.later(31 * day)
	if got := h.erase(); got != yinzheng.RetainContacts {
		t.Errorf("no longer held: erased %q", got)
	}
}

// TestOneFails: what cannot be erased is told, and hides nothing that comes after it; what
// a round has erased is on record, though it was cut off.
func TestOneFails(t *testing.T) {
	h := newHouse(t)
	ids := []string{h.takenBack("a"), h.takenBack("b"), h.takenBack("c")}
	h.later(1099 * day)
	kept := h.store.Store
	h.store.Store = &meanwhile{Store: kept, broken: ids[0]}
	erased, err := h.EraseInTime(h.ctx)
	if erased[yinzheng.RetainWithdrawn] != 2 || err == nil || !strings.Contains(err.Error(), ids[0]) {
		t.Errorf("%v, %v", erased, err)
	}
	h.store.Store = kept
	ctx, cut := context.WithCancel(h.ctx)
	h.store.Store = &meanwhile{Store: kept, listed: cut}
	if erased, _ = h.EraseInTime(ctx); erased[yinzheng.RetainWithdrawn] != 1 {
		t.Errorf("cut off: %v", erased)
	}
	r, err := h.Retention(h.ctx, h.people["admin"])
	must(t, err)
	if len(r.Runs) != 2 {
		t.Errorf("rounds on record: %+v", r.Runs)
	}
}

// TestNobodyNamedInErrors: whose contact could not be erased is in no error, which are
// logged.
func TestNobodyNamedInErrors(t *testing.T) {
	h := newHouse(t)
	key := (&yinzheng.Resident{ID: yinzheng.ID{Type: yinzheng.ResidentID, Number: "441302199506140020"}}).Key()
	must(t, h.store.PutContact(h.ctx, &yinzheng.ResidentContact{Resident: key, Contact: yinzheng.Contact{Channel: yinzheng.SMS, Address: "13912345678"}, Language: "zh", Wants: yinzheng.WantsAll, Secret: "0123456789ABCDEF", By: yinzheng.ResidentActor, At: h.clock()}))
	h.later(400 * day)
	h.store.Store = &meanwhile{Store: h.store.Store, broken: key}
	if _, err := h.EraseInTime(h.ctx); err == nil || strings.Contains(err.Error(), "441302") {
		t.Errorf("the error: %v", err)
	}
}

// TestForgetRecipients: whom a message went to is forgotten after ninety days, masked or not.
func TestForgetRecipients(t *testing.T) {
	h := newHouse(t)
	m := yinzheng.Message{ID: "m", Channel: yinzheng.SMS, To: "13800001234", Language: "zh", Kind: "trial", Body: "x", At: h.clock(), Expires: h.clock().Add(time.Hour)}
	must(t, h.store.Enqueue(h.ctx, m))
	must(t, h.store.PutDelivery(h.ctx, &yinzheng.Delivery{Message: m, State: yinzheng.MessageSent, Version: 2, Tries: 1, Done: h.clock()}))
	masked := func() string {
		t.Helper()
		list, err := h.store.Deliveries(h.ctx, yinzheng.MessageSent, 9)
		must(t, err)
		return list[0].Masked
	}
	h.later(90 * day)
	if got := h.erase(); got != "" || masked() == "" {
		t.Errorf("erased %q too early: %q", got, masked())
	}
	h.later(time.Second)
	r, err := h.Retention(h.ctx, h.people["admin"])
	must(t, err)
	for _, line := range r.Rules {
		if (line.Due == 1) != (line.Key == yinzheng.RetainMessages) {
			t.Errorf("%+v", line)
		}
	}
	if got := h.erase(); got != yinzheng.RetainMessages || masked() != "" || h.erase() != "" {
		t.Errorf("erased %q, left is %q", got, masked())
	}
}

// TestRatingUnseen: that a case was rated, and that what was said is gone, is not told to
// the people of the case.
func TestRatingUnseen(t *testing.T) {
	h := newHouse(t)
	v := h.draft("key")
	for _, e := range []yinzheng.Event{{Kind: "rating-rate", Detail: strings.Repeat("a", 64)}, {Kind: yinzheng.EventContentErased, Detail: yinzheng.RetainRatings + " x"}, {Kind: yinzheng.EventDossier}} {
		e.At, e.Subject, e.By = h.clock(), v.ID, yinzheng.ResidentActor
		must(t, h.store.Record(h.ctx, e))
	}
	events, err := h.CaseEvents(h.ctx, h.people["clerk"], v.ID)
	must(t, err)
	if len(events) != 1 || events[0].Kind != yinzheng.EventDossier {
		t.Errorf("they see %+v", events)
	}
}
