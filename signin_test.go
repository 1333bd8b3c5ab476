package yinzheng_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"yinzheng"
)

const password = "correct horse 电池"

// signInHouse is a house where the clerk has a password.
func signInHouse(t *testing.T) *house {
	h := newHouse(t)
	hash, err := h.HashPassword(h.ctx, password)
	must(t, err)
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=64,t=2,p=1$") || strings.Contains(hash, password) {
		t.Fatal(hash)
	}
	h.people["clerk"].Password = hash
	h.keep("clerk")
	return h
}

func TestSignIn(t *testing.T) {
	h := signInHouse(t)
	secret, expires, err := h.SignIn(h.ctx, " Clerk ", password)
	if err != nil || len(secret) != 43 || !expires.Equal(h.clock().Add(yinzheng.SessionLife)) {
		t.Fatal(secret, expires, err)
	}
	if a, err := h.Authenticate(h.ctx, secret); err != nil || a.ID != "clerk" {
		t.Errorf("%v %v", a, err)
	}
	unknown, wrong := error(nil), error(nil)
	_, _, unknown = h.SignIn(h.ctx, "nobody", password)
	_, _, wrong = h.SignIn(h.ctx, "clerk", password+"x")
	if !errors.Is(wrong, yinzheng.ErrUnauthorized) || unknown.Error() != wrong.Error() {
		t.Errorf("unknown: %v; wrong: %v", unknown, wrong)
	}
	for _, c := range [][2]string{{"clerk", ""}, {"", password}, {"town", ""}, {"town", password}, {strings.Repeat("x", 2000), password}, {"clerk", strings.Repeat("x", 2000)}} {
		if _, _, err := h.SignIn(h.ctx, c[0], c[1]); !errors.Is(err, yinzheng.ErrUnauthorized) || err.Error() != wrong.Error() {
			t.Errorf("%.20q %.20q: %v", c[0], c[1], err)
		}
	}
	for _, s := range []string{"", "x", secret + "x", secret[:42]} {
		if _, err := h.Authenticate(h.ctx, s); !errors.Is(err, yinzheng.ErrUnauthorized) {
			t.Errorf("%q: %v", s, err)
		}
	}
	h.later(yinzheng.SessionLife - time.Second)
	if _, err := h.Authenticate(h.ctx, secret); err != nil {
		t.Errorf("a second before its end: %v", err)
	}
	h.later(time.Second)
	if _, err := h.Authenticate(h.ctx, secret); !errors.Is(err, yinzheng.ErrUnauthorized) {
		t.Errorf("at its end: %v", err)
	}

	secret, _, err = h.SignIn(h.ctx, "clerk", password)
	must(t, err)
	must(t, h.SignOut(h.ctx, secret))
	if _, err := h.Authenticate(h.ctx, secret); !errors.Is(err, yinzheng.ErrUnauthorized) {
		t.Errorf("signed out: %v", err)
	}
	secret, _, err = h.SignIn(h.ctx, "clerk", password)
	must(t, err)
	h.people["clerk"].Disabled = true
	h.keep("clerk")
	if _, err := h.Authenticate(h.ctx, secret); !errors.Is(err, yinzheng.ErrUnauthorized) {
		t.Errorf("a disabled account's session: %v", err)
	}
	if _, _, err := h.SignIn(h.ctx, "clerk", password); !errors.Is(err, yinzheng.ErrUnauthorized) || err.Error() != wrong.Error() {
		t.Errorf("a disabled account: %v", err)
	}
	if log := h.log.String(); strings.Contains(log, "horse") {
		t.Error(log)
	}
}

func TestLockOut(t *testing.T) {
	h := signInHouse(t)
	guess := func() error { _, _, err := h.SignIn(h.ctx, "clerk", "wrong password"); return err }
	for i := range 5 {
		if err := guess(); !errors.Is(err, yinzheng.ErrUnauthorized) {
			t.Fatalf("guess %d: %v", i, err)
		}
	}
	for i, wait := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second, time.Minute, time.Minute} {
		if _, _, err := h.SignIn(h.ctx, "clerk", password); !errors.Is(err, yinzheng.ErrTooMany) {
			t.Errorf("wait %d: the right password at once: %v", i, err)
		}
		h.later(wait - time.Second)
		if err := guess(); wait > time.Second && !errors.Is(err, yinzheng.ErrTooMany) {
			t.Errorf("wait %d: a second early: %v", i, err)
		}
		h.later(time.Second)
		if err := guess(); !errors.Is(err, yinzheng.ErrUnauthorized) {
			t.Errorf("wait %d: after %v: %v", i, wait, err)
		}
	}
	if _, _, err := h.SignIn(h.ctx, "town", "wrong password"); !errors.Is(err, yinzheng.ErrUnauthorized) {
		t.Errorf("somebody else is locked out too: %v", err)
	}
	h.later(time.Minute)
	if _, _, err := h.SignIn(h.ctx, "clerk", password); err != nil {
		t.Errorf("the right password after the wait: %v", err)
	}
	if err := guess(); !errors.Is(err, yinzheng.ErrUnauthorized) {
		t.Errorf("a slip after signing in: %v", err)
	}
	if _, _, err := h.SignIn(h.ctx, "clerk", password); err != nil {
		t.Errorf("a success does not clear what was before: %v", err)
	}
}

// Whoever guesses from elsewhere keeps nobody out of the place that they
// usually sign in from; guesses from there count, too.
func TestLockOutFromElsewhere(t *testing.T) {
	h := signInHouse(t)
	office, elsewhere := yinzheng.From(h.ctx, "192.0.2.1"), yinzheng.From(h.ctx, "198.51.100.1")
	signIn := func(ctx context.Context, password string) error {
		_, _, err := h.SignIn(ctx, "clerk", password)
		return err
	}
	must(t, signIn(office, password))
	for range 5 {
		if err := signIn(elsewhere, "wrong password"); !errors.Is(err, yinzheng.ErrUnauthorized) {
			t.Fatal(err)
		}
	}
	if err := signIn(elsewhere, password); !errors.Is(err, yinzheng.ErrTooMany) {
		t.Errorf("from elsewhere: %v", err)
	}
	if err := signIn(yinzheng.From(h.ctx, "203.0.113.1"), password); !errors.Is(err, yinzheng.ErrTooMany) {
		t.Errorf("from a third place: %v", err)
	}
	if err := signIn(office, password); err != nil {
		t.Errorf("kept out of the usual place: %v", err)
	}
	if err := signIn(elsewhere, password); !errors.Is(err, yinzheng.ErrTooMany) {
		t.Errorf("a sign-in at the usual place lets others guess on: %v", err)
	}
	for range 5 {
		_ = signIn(office, "wrong password")
	}
	if err := signIn(office, password); !errors.Is(err, yinzheng.ErrTooMany) {
		t.Errorf("guesses at the usual place: %v", err)
	}
}

// Guesses at one instant are counted before they are answered.
func TestLockOutAtOnce(t *testing.T) {
	h := signInHouse(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	answers := map[bool]int{}
	for range 40 {
		wg.Go(func() {
			_, _, err := h.SignIn(h.ctx, "clerk", "wrong password")
			mu.Lock()
			answers[errors.Is(err, yinzheng.ErrTooMany)]++
			mu.Unlock()
		})
	}
	wg.Wait()
	if answers[false] != 5 || answers[true] != 35 {
		t.Errorf("%d guesses were looked at, %d were put off", answers[false], answers[true])
	}
}

func TestClaim(t *testing.T) {
	h := signInHouse(t)
	link, expires, err := h.NewClaim(h.ctx, "town")
	if err != nil || !expires.Equal(h.clock().Add(yinzheng.ClaimLife)) {
		t.Fatal(expires, err)
	}
	if _, err := h.Authenticate(h.ctx, link); !errors.Is(err, yinzheng.ErrUnauthorized) {
		t.Errorf("a claim signs in: %v", err)
	}
	for _, p := range []string{"", "123456789", strings.Repeat("密", 201)} {
		var e *yinzheng.Error
		if _, err := h.Claim(h.ctx, link, p); !errors.As(err, &e) || e.Kind != yinzheng.ErrInvalid || e.Fields[0].Field != "password" {
			t.Errorf("a password of %d bytes: %v", len(p), err)
		}
	}
	if name, err := h.Claim(h.ctx, link, "十个字符的新密码就行"); err != nil || name != "town" {
		t.Fatal(name, err)
	}
	if _, err := h.Claim(h.ctx, link, "another password"); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("claimed twice: %v", err)
	}
	if _, _, err := h.SignIn(h.ctx, "town", "十个字符的新密码就行"); err != nil {
		t.Error(err)
	}
	session, _, err := h.SignIn(h.ctx, "clerk", password)
	must(t, err)
	if _, err := h.Claim(h.ctx, session, "another password"); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("a session used as a claim: %v", err)
	}
	late, _, err := h.NewClaim(h.ctx, "district")
	must(t, err)
	h.later(yinzheng.ClaimLife)
	if _, err := h.Claim(h.ctx, late, "another password"); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("an expired claim: %v", err)
	}
	for _, p := range []string{"another password", "short"} { // a link is looked at before a password is
		if _, err := h.Claim(h.ctx, "", p); !errors.Is(err, yinzheng.ErrNotFound) {
			t.Errorf("no claim: %v", err)
		}
	}
}

// A store that fails is an error of its own, and costs nobody an attempt.
func TestSignInWhenTheHashIsSpoilt(t *testing.T) {
	h := signInHouse(t)
	good := h.people["clerk"].Password
	for _, hash := range []string{"x", "$argon2id$v=19$m=64,t=2,p=1$AA", strings.Replace(good, "v=19", "v=16", 1), strings.Replace(good, "p=1", "p=4", 1), strings.Replace(good, "argon2id", "argon2i", 1), strings.Replace(good, "t=2", "t=0", 1), good[:strings.LastIndex(good, "$")+1], good + "!"} {
		h.people["clerk"].Password = hash
		h.keep("clerk")
		_, _, err := h.SignIn(h.ctx, "clerk", password)
		if err == nil || errors.Is(err, yinzheng.ErrUnauthorized) || errors.Is(err, yinzheng.ErrTooMany) || strings.Contains(err.Error(), "argon2") {
			t.Errorf("%s: %v", hash, err)
		}
	}
	h.people["clerk"].Password = good
	h.keep("clerk")
	if _, _, err := h.SignIn(h.ctx, "clerk", password); err != nil {
		t.Error(err)
	}
}
