package resident

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"yinzheng"
)

const mobile = "13912345678"

// sent lists the messages of a kind that wait, oldest first.
func (h *house) sent(kind string) []*yinzheng.Delivery {
	h.t.Helper()
	list, err := h.store.DueMessages(h.ctx, yinzheng.SMS, h.now, 99)
	must(h.t, err)
	list = slices.DeleteFunc(list, func(d *yinzheng.Delivery) bool { return d.Kind != kind })
	slices.SortStableFunc(list, func(a, b *yinzheng.Delivery) int { return a.At.Compare(b.At) })
	return list
}

func TestCodeSent(t *testing.T) {
	h := newHouse(t)
	c, other := h.handedIn(), h.handedIn()
	must(t, h.SetContact(h.ctx, h.people["clerk"], c.ID, "+86 139 1234 5678", "zh"))
	if shown, err := h.Contact(h.ctx, h.people["clerk"], c.ID); err != nil || shown != "139****5678" {
		t.Errorf("shown as %q, %v", shown, err)
	}
	slip := h.code(c.ID)
	for _, id := range []string{"ZZZZZZZZZZ", other.ID, "", "张三"} { // no such case, no contact, no case's ID
		must(t, h.SendCode(h.ctx, id))
	}
	if list := h.sent(yinzheng.KindCode); len(list) != 0 {
		t.Fatalf("sent %d", len(list))
	}
	for range 3 { // one a minute, and whoever asks is not told
		must(t, h.SendCode(h.ctx, strings.ToLower(c.ID)))
	}
	list := h.sent(yinzheng.KindCode)
	if len(list) != 1 || list[0].To != mobile || list[0].About != c.ID || !list[0].Expires.Equal(h.now.Add(SentCodeLife)) {
		t.Fatalf("sent: %+v", list)
	}
	m := regexp.MustCompile(`查询码 ([0-9A-Z]{4} [0-9A-Z]{4})，`).FindStringSubmatch(list[0].Body)
	if m == nil {
		t.Fatalf("it says %s", list[0].Body)
	}
	if who := h.signIn(c.ID, m[1]); who == nil || who.Case != c.ID {
		t.Errorf("it lets in %+v", who)
	}
	if h.signIn(c.ID, m[1]) != nil {
		t.Error("it was used twice")
	}
	if h.signIn(c.ID, slip) == nil {
		t.Error("a code that was sent ended the one on the slip")
	}
	h.now = h.now.Add(time.Minute)
	must(t, h.SendCode(h.ctx, c.ID))
	list = h.sent(yinzheng.KindCode)
	m = regexp.MustCompile(`查询码 ([0-9A-Z]{4} [0-9A-Z]{4})，`).FindStringSubmatch(list[len(list)-1].Body)
	h.now = h.now.Add(SentCodeLife)
	if h.signIn(c.ID, m[1]) != nil {
		t.Error("ten minutes later it opens the case")
	}
	events, err := h.store.EventsAbout(h.ctx, c.ID)
	must(t, err)
	for _, e := range events {
		if strings.Contains(e.Detail, mobile) || strings.Contains(e.Detail, "139") {
			t.Errorf("a number is on record: %+v", e)
		}
	}
	if strings.Contains(h.log.String(), mobile) {
		t.Error("a number is in the log")
	}
}

func TestContactRights(t *testing.T) {
	h := newHouse(t)
	c := h.handedIn()
	must(t, h.SetContact(h.ctx, h.people["clerk"], c.ID, mobile, "zh"))
	for who, want := range map[string]error{"sibling": yinzheng.ErrNotFound, "town": yinzheng.ErrForbidden} {
		if err := h.SetContact(h.ctx, h.people[who], c.ID, "", "zh"); !errors.Is(err, want) {
			t.Errorf("%s sets it: %v", who, err)
		}
		if shown, err := h.Contact(h.ctx, h.people[who], c.ID); !errors.Is(err, want) || shown != "" {
			t.Errorf("%s sees %q, %v", who, shown, err)
		}
	}
	if err := h.SetContact(h.ctx, h.people["clerk"], c.ID, "12345", "zh"); !errors.Is(err, yinzheng.ErrInvalid) {
		t.Errorf("no number: %v", err)
	}
	must(t, h.SetContact(h.ctx, h.people["clerk"], c.ID, " ", "zh"))
	if shown, err := h.Contact(h.ctx, h.people["clerk"], c.ID); err != nil || shown != "" {
		t.Errorf("erased, and shown as %q, %v", shown, err)
	}
	must(t, h.SendCode(h.ctx, c.ID))
	if list := h.sent(yinzheng.KindCode); len(list) != 0 {
		t.Errorf("sent to what was erased: %d", len(list))
	}
}
