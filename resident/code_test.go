package resident

import (
	"errors"
	"strings"
	"testing"
	"time"

	"yinzheng"
)

// signIn tries a code and returns whom it lets in; nil: nobody. Whatever is wrong,
// the answer is the same.
func (h *house) signIn(id, code string) *yinzheng.Resident {
	h.t.Helper()
	secret, _, err := h.SignInByCode(h.ctx, id, code)
	if err != nil {
		if !errors.Is(err, yinzheng.ErrUnauthorized) || err.Error() != errCode().Error() || secret != "" {
			h.t.Errorf("refused with %q, %v", secret, err)
		}
		return nil
	}
	who, err := h.Authenticate(h.ctx, secret)
	must(h.t, err)
	return who
}

func (h *house) code(id string) string {
	h.t.Helper()
	handed, err := h.HandOver(h.ctx, h.people["clerk"], id, false)
	must(h.t, err)
	if want := h.now.Add(SlipCodeLife).UTC(); !handed.Expires.Equal(want) {
		h.t.Errorf("good until %v, want %v", handed.Expires, want)
	}
	return handed.Code
}

// wrong is a code that is not the given one.
func wrong(code string) string {
	last := "0"
	if strings.HasSuffix(code, "0") {
		last = "1"
	}
	return code[:len(code)-1] + last
}

func TestCodeOnSlip(t *testing.T) {
	h := newHouse(t)
	c, other := h.handedIn(), h.handedIn()
	code := h.code(c.ID)
	if h.signIn(other.ID, code) != nil {
		t.Error("a code opens another case")
	}
	who := h.signIn(strings.ToLower(c.ID), strings.ToLower(code[:4]+" "+code[4:]))
	if who == nil || *who != (yinzheng.Resident{Case: c.ID}) {
		t.Fatalf("it lets in %+v", who)
	}
	v, err := h.Service.Follow(h.ctx, who, c.ID)
	must(t, err)
	if v.ID != c.ID {
		t.Errorf("it shows %+v", v)
	}
	if _, err := h.Service.Follow(h.ctx, who, other.ID); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("another case: %v", err)
	}
	if h.signIn(c.ID, code) != nil {
		t.Error("a code was used twice")
	}
	if strings.Contains(h.log.String(), code) {
		t.Error("a code is in the log")
	}
}

// TestCodeEnds: a new one ends the earlier one and what it had opened; so does time.
func TestCodeEnds(t *testing.T) {
	h := newHouse(t)
	c := h.handedIn()
	first := h.code(c.ID)
	secret, _, err := h.SignInByCode(h.ctx, c.ID, first)
	must(t, err)
	second := h.code(c.ID)
	third := h.code(c.ID)
	if _, err := h.Authenticate(h.ctx, secret); !errors.Is(err, yinzheng.ErrUnauthorized) {
		t.Errorf("the session of an earlier slip: %v", err)
	}
	if h.signIn(c.ID, second) != nil {
		t.Error("an earlier code opens the case")
	}
	h.now = h.now.Add(SlipCodeLife)
	if h.signIn(c.ID, third) != nil {
		t.Error("an expired code opens the case")
	}
	must(t, h.Prune(h.ctx))
}

// TestCodeGuessing: many tries of one case are not looked at for an hour, whether
// there is such a case or not; nobody ends a slip's code by trying, nor closes it by
// asking for codes.
func TestCodeGuessing(t *testing.T) {
	h := newHouse(t)
	c := h.handedIn()
	code := h.code(c.ID)
	for range mostTries + 1 {
		must(t, h.SendCode(h.ctx, c.ID))
	}
	for range mostTries - 1 {
		h.signIn(c.ID, wrong(code))
		h.signIn("ZZZZZZZZZZ", code)
	}
	if h.signIn(c.ID, code) == nil {
		t.Fatal("the right code opens nothing after wrong ones")
	}
	code = h.code(c.ID)
	for range mostWrong + 1 {
		if h.signIn(c.ID, code) != nil {
			t.Fatal("tried too often, and still looked at")
		}
	}
	if events, err := h.store.EventsAbout(h.ctx, c.ID); err != nil || count(events, yinzheng.EventCodeTried) != 1 {
		t.Errorf("on record: %+v, %v", events, err)
	}
	h.now = h.now.Add(triesSince + time.Second)
	must(t, h.Prune(h.ctx))
	if h.signIn(c.ID, code) == nil {
		t.Error("an hour later it is not looked at")
	}
	for _, typed := range [][2]string{{"", ""}, {c.ID, ""}, {"", code}, {c.ID + "0", code}, {c.ID, code + "0"}, {"张三", "<b>"}} {
		if h.signIn(typed[0], typed[1]) != nil {
			t.Errorf("%q opens something", typed)
		}
	}
}

func count(events []yinzheng.LoggedEvent, kind string) (n int) {
	for i := range events {
		if events[i].Kind == kind {
			n++
		}
	}
	return n
}

// TestCodeAtOnce: a code that is used twice at once opens one session.
func TestCodeAtOnce(t *testing.T) {
	h := newHouse(t)
	c := h.handedIn()
	code := h.code(c.ID)
	const people = 8
	done := make(chan error, people)
	for range people {
		go func() {
			_, _, err := h.SignInByCode(h.ctx, c.ID, code)
			done <- err
		}()
	}
	in := 0
	for range people {
		if <-done == nil {
			in++
		}
	}
	if in != 1 {
		t.Errorf("%d were let in", in)
	}
}

func TestHandOverRights(t *testing.T) {
	h := newHouse(t)
	c, draft := h.handedIn(), h.draft()
	for _, tt := range []struct {
		who, id string
		want    error
	}{
		{"clerk", c.ID, nil},
		{"sibling", c.ID, yinzheng.ErrNotFound},
		{"town", c.ID, yinzheng.ErrForbidden},
		{"clerk", draft.ID, yinzheng.ErrState},
		{"town", draft.ID, yinzheng.ErrNotFound},
		{"clerk", "ZZZZZZZZZZ", yinzheng.ErrNotFound},
	} {
		handed, err := h.HandOver(h.ctx, h.people[tt.who], tt.id, true)
		if !errors.Is(err, tt.want) || (handed != nil) != (tt.want == nil) {
			t.Errorf("%s, %s: %+v, %v, want %v", tt.who, tt.id, handed, err, tt.want)
		}
	}
}
