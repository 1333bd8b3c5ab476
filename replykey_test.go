package yinzheng_test

import (
	"errors"
	"sync"
	"testing"

	"yinzheng"
)

func replyOf(h *house) *yinzheng.ReplyClaims {
	now := h.clock()
	return &yinzheng.ReplyClaims{
		ID: "0123456789AB", IssuedAt: now.Unix(), Expires: now.AddDate(0, 0, 30).Unix(), Organ: yinzheng.TownOrgan, Asker: "district", AskerName: "惠城区民政局",
		Kind: "kin", KindName: "母亲", Answer: "yes", By: "record", AsOf: "2026-11-22", Digest: "AAAA",
	}
}

func replyKeys(h *house) (keys []*yinzheng.Key) {
	for _, k := range h.KeyList().Keys {
		if k.Purpose == yinzheng.ReplyKey {
			keys = append(keys, k)
		}
	}
	return keys
}

// TestReplyKey: an organ's key for replies is made when it is first needed, once;
// one that was taken out of use is not made again.
func TestReplyKey(t *testing.T) {
	h := newHouse(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if _, err := h.SignReply(h.ctx, replyOf(h)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	made := replyKeys(h)
	if len(made) != 1 || made[0].Organ != yinzheng.TownOrgan {
		t.Fatalf("keys %+v", made)
	}
	token, err := h.SignReply(h.ctx, replyOf(h))
	must(t, err)
	a, err := h.Verify(h.ctx, &yinzheng.Question{Token: token})
	must(t, err)
	if a.Verdict != yinzheng.Unconfirmed || a.Reply == nil || a.Alarm == "" {
		t.Errorf("a reply that is not on record: %+v", a)
	}
	must(t, h.store.AddInquiryReply(h.ctx, &yinzheng.InquiryReply{ID: "0123456789AB", At: h.clock(), Token: token, Salt: []byte("s")}))
	if a, err = h.Verify(h.ctx, &yinzheng.Question{Token: token}); err != nil || a.Verdict != yinzheng.Valid {
		t.Errorf("%+v %v", a, err)
	}

	stopped := *made[0]
	stopped.State, stopped.Since = yinzheng.KeyCompromised, h.clock()
	must(t, h.store.PutKey(h.ctx, &stopped))
	must(t, h.Reload(h.ctx))
	if _, err := h.SignReply(h.ctx, replyOf(h)); !errors.Is(err, yinzheng.ErrUnavailable) || len(replyKeys(h)) != 1 {
		t.Errorf("after the key was stopped: %v, %d keys", err, len(replyKeys(h)))
	}
	if a, err = h.Verify(h.ctx, &yinzheng.Question{Token: token}); err != nil || a.Verdict != yinzheng.Valid { // the record bears it out
		t.Errorf("%+v %v", a, err)
	}
	other := replyOf(h)
	other.Organ = "nobody"
	if _, err := h.SignReply(h.ctx, other); !errors.Is(err, yinzheng.ErrUnavailable) {
		t.Errorf("an organ that there is not: %v", err)
	}
}
