package yinzheng_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"yinzheng"
)

// ended is a catalogue in which some items have ended.
type ended map[string]*yinzheng.Ended

func (e ended) Ended(item string, _ time.Time) *yinzheng.Ended { return e[item] }

// TestEndedItem: an item that has ended is not started, with the reason; cases
// under way finish.
func TestEndedItem(t *testing.T) {
	h := newHouse(t)
	open := h.submitted("open")
	standings := ended{"kin": {Text: yinzheng.Text{ZH: "已取消：没有依据", EN: "cancelled: no basis"}}}
	h.config.Standings = standings
	h.restart()
	clerk := h.people["clerk"]
	in := &yinzheng.NewApplication{Item: "kin", Values: yinzheng.SampleValues()}
	if _, _, err := h.CreateApplication(h.ctx, clerk, in, "new"); !errors.Is(err, yinzheng.ErrState) || !strings.Contains(err.Error(), "cancelled: no basis") {
		t.Errorf("started: %v", err)
	}
	if v, again, err := h.CreateApplication(h.ctx, clerk, in, "open"); err != nil || !again || v.ID != open.ID {
		t.Errorf("the request that began it, again: %v", err)
	}
	if items := h.Items(clerk); len(items) != 0 {
		t.Errorf("%d items to start", len(items))
	}
	if _, why, err := h.Item(clerk, "kin"); err != nil || why != standings["kin"] {
		t.Errorf("%v %v", why, err)
	}
	if v, err := h.approve(open); err != nil || v.State != yinzheng.Issued {
		t.Errorf("a case under way: %v", err)
	}
	delete(standings, "kin")
	if _, again, err := h.CreateApplication(h.ctx, clerk, in, "new"); err != nil || again {
		t.Errorf("the refusal used up its key: %v %v", again, err)
	}
}

// TestReplacedItem: whoever starts an item that an e-certificate replaced is
// shown the holder's, while it is valid.
func TestReplacedItem(t *testing.T) {
	h := newHouse(t)
	code := h.issued("first").Certificate.Code
	h.start("clerk", "under way", yinzheng.SampleValues())
	h.config.Standings = ended{"kin": {Text: yinzheng.Text{ZH: "由电子证明替代", EN: "replaced by an e-certificate"}, By: "kin"}}
	h.restart()
	shown := func(holder any) bool {
		t.Helper()
		values := yinzheng.SampleValues()
		if values["id"] = holder; holder == nil {
			delete(values, "id")
		}
		_, _, err := h.CreateApplication(h.ctx, h.people["clerk"], &yinzheng.NewApplication{Item: "kin", Values: values}, "new")
		var e *yinzheng.Error
		if !errors.As(err, &e) || e.Kind != yinzheng.ErrState || e.Fields[0].Code != "ended" {
			t.Fatal(err)
		}
		return len(e.Fields) == 2 && e.Fields[1].Code == "on-record" && strings.Contains(e.Text.ZH, code) && strings.Contains(e.Text.EN, code)
	}
	holder := yinzheng.SampleValues()["id"]
	if !shown(holder) {
		t.Error("the holder's certificate is not shown")
	}
	if shown(map[string]any{"type": "passport", "number": "E12345678"}) || shown(nil) {
		t.Error("shown for somebody else")
	}
	_, err := h.act("district", code, yinzheng.Act{Kind: yinzheng.Suspend, Reason: "complaint", Opinion: "核实"})
	must(t, err)
	if shown(holder) {
		t.Error("shown while suspended")
	}
	_, err = h.act("district", code, yinzheng.Act{Kind: yinzheng.Lift, Reason: "cleared", Opinion: "无误"})
	must(t, err)
	if !shown(holder) {
		t.Error("not shown after the suspension")
	}
	h.later(200 * 24 * time.Hour)
	if shown(holder) {
		t.Error("shown though it has expired")
	}
}
