package yinzheng_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"yinzheng"
)

// reachable gives a case a contact.
func (h *house) reachable(id string) *yinzheng.ResidentContact {
	h.t.Helper()
	of := yinzheng.Resident{Case: id}
	c := &yinzheng.ResidentContact{
		Resident: of.Key(), Contact: yinzheng.Contact{Channel: yinzheng.Mail, Address: "zhang@example.com"}, Language: "zh", Wants: yinzheng.WantsAll, Secret: "OF" + id, By: "clerk", At: h.clock(),
	}
	must(h.t, h.store.PutContact(h.ctx, c))
	return c
}

// letters are the messages about a case that wait, oldest first.
func (h *house) letters(id string) []*yinzheng.Delivery {
	h.t.Helper()
	list, err := h.store.DueMessages(h.ctx, yinzheng.Mail, h.clock().AddDate(0, 0, 2), 999)
	must(h.t, err)
	list = slices.DeleteFunc(list, func(d *yinzheng.Delivery) bool { return d.About != id })
	slices.SortStableFunc(list, func(a, b *yinzheng.Delivery) int { return a.At.Compare(b.At) })
	return list
}

// tidings are their kinds.
func (h *house) tidings(id string) []string {
	h.t.Helper()
	var kinds []string
	for _, d := range h.letters(id) {
		kinds = append(kinds, d.Kind)
	}
	return kinds
}

// TestToldWhom: the case's contact and those of whom it belongs to, each address once,
// by what they want and in their language, and of nothing personal.
func TestToldWhom(t *testing.T) {
	h := newHouse(t)
	h.Channels = []yinzheng.MessageChannel{yinzheng.Mail}
	v := h.issued("k")
	h.reachable(v.ID)
	of := yinzheng.Resident{ID: yinzheng.ID{Type: yinzheng.ResidentID, Number: yinzheng.SampleValues()["id"].(string)}}
	own := &yinzheng.ResidentContact{
		Resident: of.Key(), Contact: yinzheng.Contact{Channel: yinzheng.Mail, Address: "li@example.com"}, Language: "en", Wants: yinzheng.WantsAll, Secret: "OWN", By: yinzheng.ResidentActor, At: h.clock(),
	}
	act := func(a yinzheng.Act, change func(), want ...string) {
		t.Helper()
		change()
		must(t, h.store.PutContact(h.ctx, own))
		before := len(h.letters(v.ID))
		h.later(time.Second)
		_, err := h.act("district", v.Certificate.Code, a)
		must(t, err)
		var got []string
		for _, d := range h.letters(v.ID)[before:] {
			got = append(got, d.To+" "+d.Subject)
			for _, private := range []string{"张三", "441302", "遗失"} {
				if strings.Contains(d.Subject+d.Body, private) {
					t.Errorf("a message says %s: %s", private, d.Body)
				}
			}
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("told %q, want %q", got, want)
		}
	}
	suspend, lift := yinzheng.Act{Kind: yinzheng.Suspend, Reason: "lost", Opinion: "张三遗失"}, yinzheng.Act{Kind: yinzheng.Lift, Reason: "cleared", Opinion: "找到"}
	const zhang, li = "zhang@example.com “亲属关系证明”", "li@example.com "
	act(suspend, func() {}, li+"Suspended: Family relation", zhang+"已中止")
	act(lift, func() { own.Wants = yinzheng.WantsAsked }, zhang+"已恢复有效") // nothing is asked of anybody
	act(suspend, func() { own.Wants = yinzheng.WantsNone }, zhang+"已中止")
	act(lift, func() { own.Wants, own.Address = yinzheng.WantsAll, "zhang@example.com" }, zhang+"已恢复有效")                 // once
	act(suspend, func() { own.Channel, own.Address = yinzheng.SMS, "13800000000" }, zhang+"已中止")                         // nobody serves it
	act(lift, func() { must(t, h.store.EraseContact(h.ctx, (&yinzheng.Resident{Case: v.ID}).Key())) })                   // nor is anybody else left
	act(suspend, func() { own.Channel, own.Address = yinzheng.Mail, "li@example.com" }, li+"Suspended: Family relation") // the resident's own
	for _, d := range h.letters(v.ID) {
		if secret := map[string]string{"li@example.com": "OWN", "zhang@example.com": "OF" + v.ID}[d.To]; d.Stop != "https://zm.example.gov.cn/stop/"+secret || !strings.Contains(d.Body, d.Stop) {
			t.Errorf("%s stops them at %s: %s", d.To, d.Stop, d.Body)
		}
	}
}

// TestToldWhatIsWrittenTogether: an act counts wherever it stands in what is written at
// once, as issuing with the inspections that it schedules; and so does what the system
// does in its wake.
func TestToldWhatIsWrittenTogether(t *testing.T) {
	h := withMaterial(t, byCommitment)
	h.Channels = []yinzheng.MessageChannel{yinzheng.Mail}
	v, err := h.commit(h.enrol("clerk", "e"))
	must(t, err)
	h.reachable(v.ID)
	v = h.climb(v, "town", "district")
	h.later(time.Second)
	_, err = h.inspect("district", v, yinzheng.FoundFalse)
	must(t, err)
	if told := h.tidings(v.ID); !slices.Equal(told, []string{"case-handed-in", "case-issued", "certificate-suspended"}) {
		t.Errorf("told %v", told)
	}
}
