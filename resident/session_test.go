package resident

import (
	"errors"
	"testing"
	"time"

	"yinzheng"
)

var somebody = yinzheng.Resident{Name: "张三", ID: yinzheng.ID{Type: yinzheng.Passport, Number: "E12345678"}}

// TestSessionLife: a session ends when it is not used, and at last however much it is.
func TestSessionLife(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	secret, expires, err := h.open(ctx, somebody)
	must(t, err)
	if want := h.now.Add(SessionLife); !expires.Equal(want) {
		t.Errorf("expires %v, want %v", expires, want)
	}
	for range 6 { // used every two hours but a second
		h.now = h.now.Add(IdleLife - time.Second)
		who, err := h.Authenticate(ctx, secret)
		must(t, err)
		if *who != somebody {
			t.Fatalf("it is %+v", who)
		}
		must(t, h.Prune(ctx))
	}
	h.now = expires
	if _, err := h.Authenticate(ctx, secret); !errors.Is(err, yinzheng.ErrUnauthorized) {
		t.Errorf("after 12 hours: %v", err)
	}
	idle, _, err := h.open(ctx, somebody)
	must(t, err)
	h.now = h.now.Add(IdleLife)
	if _, err := h.Authenticate(ctx, idle); !errors.Is(err, yinzheng.ErrUnauthorized) {
		t.Errorf("after two idle hours: %v", err)
	}
	if _, err := h.Authenticate(ctx, ""); !errors.Is(err, yinzheng.ErrUnauthorized) {
		t.Errorf("without a secret: %v", err)
	}
}

func TestSignOut(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	open := func(who yinzheng.Resident) string {
		secret, _, err := h.open(ctx, who)
		must(t, err)
		return secret
	}
	phone, tablet, laptop := open(somebody), open(somebody), open(somebody)
	slip := open(yinzheng.Resident{Case: "CASE000001"})
	signedIn := func(want ...bool) {
		t.Helper()
		for i, secret := range []string{phone, tablet, laptop, slip} {
			if _, err := h.Authenticate(ctx, secret); (err == nil) != want[i] {
				t.Errorf("session %d: %v", i, err)
			}
		}
	}
	must(t, h.SignOut(ctx, phone, false))
	signedIn(false, true, true, true)
	must(t, h.SignOut(ctx, phone, true)) // it has ended, and ends nothing
	signedIn(false, true, true, true)
	must(t, h.SignOut(ctx, tablet, true))
	signedIn(false, false, false, true)
}
