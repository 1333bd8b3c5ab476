package yinzheng_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"yinzheng"
)

// TestVerifications: what is on record is noted by minute, channel and office,
// whatever the verdict; what is not, and what repeats a question, is not.
func TestVerifications(t *testing.T) {
	h := newHouse(t)
	cert, err := h.store.Certificate(h.ctx, h.issued("k").Certificate.Code)
	must(t, err)
	school := &yinzheng.Account{ID: "school", Grants: []yinzheng.Grant{{Office: "town", Role: yinzheng.Department}}}
	gone := &yinzheng.Account{ID: "gone", Grants: []yinzheng.Grant{{Office: "town", Role: yinzheng.Department, To: h.clock()}}}
	ask := func(q yinzheng.Question) {
		t.Helper()
		if _, err := h.Verify(h.ctx, &q); err != nil {
			t.Fatal(err)
		}
	}
	first := h.clock().Truncate(time.Minute)
	for range 3 {
		ask(yinzheng.Question{Token: cert.Token, Channel: yinzheng.ViaAPI, By: school})
	}
	ask(yinzheng.Question{Token: cert.Token, Channel: yinzheng.ViaAPI, By: h.people["clerk"]})
	ask(yinzheng.Question{Token: cert.Token, Channel: yinzheng.ViaAPI, By: gone})
	ask(yinzheng.Question{Token: cert.Token}) // repeats a question
	ask(yinzheng.Question{Code: "000000000000", Channel: yinzheng.ViaCode})
	ask(yinzheng.Question{Number: cert.Number, Name: "别人", Channel: yinzheng.ViaNumber})
	ask(yinzheng.Question{Token: cert.Token[:len(cert.Token)-4] + "AAAA", Channel: yinzheng.ViaScan}) // nobody vouches that it is this one
	h.later(time.Minute)
	ask(yinzheng.Question{Number: cert.Number, Channel: yinzheng.ViaNumber})
	ask(yinzheng.Question{Code: cert.Code, Channel: yinzheng.ViaScan})
	must(t, h.WriteNotes(h.ctx))
	must(t, h.WriteNotes(h.ctx)) // nothing is left

	book, err := h.VerificationsOf(h.ctx, h.people["clerk"], cert.Code)
	must(t, err)
	want := []yinzheng.Verification{
		{At: first.Add(time.Minute), Channel: yinzheng.ViaScan, Count: 1},
		{At: first.Add(time.Minute), Channel: yinzheng.ViaNumber, Count: 1},
		{At: first, Channel: yinzheng.ViaAPI, Office: "town", OfficeName: h.Directory().Office("town").Name, Count: 3},
		{At: first, Channel: yinzheng.ViaAPI, Count: 2},
	}
	if d := cmp.Diff(want, book.Items, cmpopts.IgnoreFields(yinzheng.Verification{}, "Code")); d != "" || book.Total != 7 {
		t.Errorf("%d in all (-want +got):\n%s", book.Total, d)
	}
	if _, err := h.VerificationsOf(h.ctx, h.people["sibling"], cert.Code); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("a stranger: %v", err)
	}
}

// TestNotingFails: a store that fails keeps nobody from verifying, and what could
// not be written is written later, once.
func TestNotingFails(t *testing.T) {
	h := newHouse(t)
	code := h.issued("k").Certificate.Code
	q := &yinzheng.Question{Code: code, Channel: yinzheng.ViaScan}
	h.store.failing = "AddVerifications"
	for range 2 {
		if _, err := h.Verify(h.ctx, q); err != nil {
			t.Fatal(err)
		}
		if err := h.WriteNotes(h.ctx); err == nil {
			t.Fatal("the store did not fail")
		}
	}
	h.store.failing = ""
	must(t, h.WriteNotes(h.ctx))
	if n, err := h.store.CountVerifications(h.ctx, code); err != nil || n != 2 {
		t.Errorf("noted %d, %v; want 2", n, err)
	}
}

// TestNotingOneCode: somebody who asks about one certificate all day fills the
// record by the hour, not by the minute; each time is counted, and what is asked
// about others is noted as ever.
func TestNotingOneCode(t *testing.T) {
	h := newHouse(t)
	one, other := h.issued("one").Certificate.Code, h.issued("two").Certificate.Code
	ask := func(code string) {
		t.Helper()
		for _, via := range []yinzheng.Channel{yinzheng.ViaScan, yinzheng.ViaAPI} {
			_, err := h.Verify(h.ctx, &yinzheng.Question{Code: code, Channel: via})
			must(t, err)
		}
		must(t, h.WriteNotes(h.ctx))
	}
	for h.clock().Hour() != 1 {
		h.later(time.Minute)
	}
	day := h.clock()
	for h.clock().Sub(day) < 20*time.Hour {
		ask(one)
		h.later(time.Minute)
	}
	ask(other)
	list, err := h.store.Verifications(h.ctx, one, 10000)
	must(t, err)
	if most := 200 + 2*20; len(list) > most || len(list) < 200 || list[0].At.Minute() != 0 || list[0].Count != 60 {
		t.Errorf("%d rows, the last %+v; want at most %d", len(list), list[0], most)
	}
	must(t, h.WriteAllNotes(h.ctx))
	if n, err := h.store.CountVerifications(h.ctx, one); err != nil || n != 2*20*60 {
		t.Errorf("%d were counted, %v", n, err)
	}
	if list, err := h.store.Verifications(h.ctx, other, 10); err != nil || len(list) != 2 {
		t.Errorf("of another certificate: %+v %v", list, err)
	}
	h.later(24 * time.Hour)
	ask(one)
	if list, err := h.store.Verifications(h.ctx, one, 1); err != nil || !list[0].At.Equal(h.clock().Truncate(time.Minute)) {
		t.Errorf("the next day: %+v %v", list, err)
	}
}

// TestNotingMany: many who verify at once are all counted, and noting what was
// seen within the second costs no allocation.
func TestNotingMany(t *testing.T) {
	h := newHouse(t)
	code := h.issued("k").Certificate.Code
	q := &yinzheng.Question{Code: code, Channel: yinzheng.ViaScan}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if _, err := h.Verify(h.ctx, q); err != nil {
					t.Error(err)
				}
				must(t, h.WriteNotes(h.ctx))
			}
		})
	}
	wg.Wait()
	must(t, h.WriteAllNotes(h.ctx)) // they were so many that they are counted by the hour
	if n, err := h.store.CountVerifications(h.ctx, code); err != nil || n != 400 {
		t.Errorf("noted %d, %v; want 400", n, err)
	}
	cert, err := h.store.Certificate(h.ctx, code)
	must(t, err)
	allocations := func(via yinzheng.Channel) float64 {
		q := &yinzheng.Question{Token: cert.Token, Channel: via}
		return testing.AllocsPerRun(100, func() { _, _ = h.Verify(h.ctx, q) })
	}
	if without, with := allocations(""), allocations(yinzheng.ViaAPI); with > without {
		t.Errorf("a verification that is noted allocates %v times, one that is not %v times", with, without)
	}
}
