package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yinzheng"
)

func certificateLife(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	pdf := bytes.Repeat([]byte("%PDF\x00\xff"), 6000)
	c := Certificate(1, "A1")
	_, err := s.Reserved(ctx, c.Code)
	checkIs(t, err, yinzheng.ErrNotFound)
	checkIs(t, s.FinishIssue(ctx, c, pdf), yinzheng.ErrConflict)
	check(t, s.Reserve(ctx, c))
	got, err := s.Reserved(ctx, c.Code)
	check(t, err)
	if d := cmp.Diff(c, got); d != "" {
		t.Fatalf("reserved (-want +got):\n%s", d)
	}
	f := Finished(c, pdf)
	absent(t, s, f)
	f.DocumentKID, f.TokenKID = "dockid01", "tokenki1" // renewed while it waited
	check(t, s.FinishIssue(ctx, f, pdf))
	checkIs(t, s.FinishIssue(ctx, f, pdf), yinzheng.ErrConflict)
	_, err = s.Reserved(ctx, c.Code)
	checkIs(t, err, yinzheng.ErrNotFound)
	for name, find := range finders(t, s, f) {
		got, err := find()
		check(t, err)
		if d := cmp.Diff(f, got); d != "" {
			t.Errorf("by %s (-want +got):\n%s", name, d)
		}
	}
	inForce(t, s, f)
	back, err := s.PDF(ctx, c.Code)
	check(t, err)
	if !bytes.Equal(back, pdf) {
		t.Error("the PDF has changed")
	}
}

func finders(t *testing.T, s yinzheng.Store, c *yinzheng.Certificate) map[string]func() (*yinzheng.Certificate, error) {
	return map[string]func() (*yinzheng.Certificate, error){
		"code":   func() (*yinzheng.Certificate, error) { return s.Certificate(t.Context(), c.Code) },
		"number": func() (*yinzheng.Certificate, error) { return s.CertificateByNumber(t.Context(), c.Number) },
		"digest": func() (*yinzheng.Certificate, error) { return s.CertificateByDigest(t.Context(), c.Digest) },
	}
}

// absent checks that nobody outside learns of a record.
func absent(t *testing.T, s yinzheng.Store, c *yinzheng.Certificate) {
	t.Helper()
	for name, find := range finders(t, s, c) {
		if _, err := find(); !errors.Is(err, yinzheng.ErrNotFound) {
			t.Errorf("by %s: %v", name, err)
		}
	}
	_, _, err := s.InForce(t.Context(), c.Code, c.Token)
	checkIs(t, err, yinzheng.ErrNotFound)
	_, err = s.PDF(t.Context(), c.Code)
	checkIs(t, err, yinzheng.ErrNotFound)
}

// inForce checks that a valid record is found by its code and token, and by no other.
func inForce(t *testing.T, s yinzheng.Store, c *yinzheng.Certificate) {
	t.Helper()
	number, organName, err := s.InForce(t.Context(), c.Code, c.Token)
	check(t, err)
	if number != c.Number || organName != c.OrganName {
		t.Errorf("in force: %s of %s", number, organName)
	}
	for _, other := range [][2]string{{c.Code, c.Token + "A"}, {c.Code, ""}, {c.Code + "A", c.Token}} {
		_, _, err := s.InForce(t.Context(), other[0], other[1])
		checkIs(t, err, yinzheng.ErrNotFound)
	}
}

func certificateUnique(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	c := Certificate(1, "A1")
	check(t, s.Reserve(ctx, c))
	for name, spoil := range map[string]func(*yinzheng.Certificate){
		"code":        func(x *yinzheng.Certificate) { x.Code = c.Code },
		"number":      func(x *yinzheng.Certificate) { x.Number = c.Number },
		"index":       func(x *yinzheng.Certificate) { x.Index = c.Index },
		"application": func(x *yinzheng.Certificate) { x.Application = c.Application },
	} {
		x := Certificate(2, "A2")
		spoil(x)
		if err := s.Reserve(ctx, x); !errors.Is(err, yinzheng.ErrConflict) {
			t.Errorf("same %s: %v", name, err)
		}
	}
	void := *c
	void.Status, void.StatusAt = yinzheng.StatusVoid, Start.Add(time.Minute)
	check(t, s.SetStatus(ctx, &void, yinzheng.StatusReserved))
	checkIs(t, s.FinishIssue(ctx, Finished(c, []byte("pdf")), []byte("pdf")), yinzheng.ErrConflict)
	absent(t, s, Finished(c, []byte("pdf")))
	again := Certificate(3, "A1")
	checkIs(t, s.Reserve(ctx, again), yinzheng.ErrConflict) // a void code is never used again
	again.Code = "C3"
	check(t, s.Reserve(ctx, again))
}

func certificateLease(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	c := Certificate(1, "A1")
	checkIs(t, s.Lease(ctx, c.Code, Start, Start.Add(time.Minute)), yinzheng.ErrConflict)
	check(t, s.Reserve(ctx, c))
	checkIs(t, s.Lease(ctx, c.Code, c.Lease.Add(-time.Microsecond), Start.Add(time.Minute)), yinzheng.ErrConflict)
	check(t, s.Lease(ctx, c.Code, c.Lease, Start.Add(time.Minute)))
	checkIs(t, s.Lease(ctx, c.Code, c.Lease, Start.Add(2*time.Minute)), yinzheng.ErrConflict)
	got, err := s.Reserved(ctx, c.Code)
	check(t, err)
	if want := Start.Add(time.Minute); !got.Lease.Equal(want) {
		t.Errorf("lease until %v, want %v", got.Lease, want)
	}
	check(t, s.FinishIssue(ctx, Finished(c, []byte("pdf")), []byte("pdf")))
	checkIs(t, s.Lease(ctx, c.Code, Start.Add(time.Hour), Start.Add(2*time.Hour)), yinzheng.ErrConflict)
	free := Certificate(2, "A2")
	free.Lease = time.Time{}
	check(t, s.Reserve(ctx, free))
	check(t, s.Lease(ctx, free.Code, Start, Start.Add(time.Minute)))
}

// certificateConcurrent: of many that race for one case, with leases, voids and
// all, exactly one comes to be.
func certificateConcurrent(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	for round := range 8 {
		var reserved, finished atomic.Int32
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				c := Certificate(round*100+i, fmt.Sprintf("A%d", round))
				c.Code = fmt.Sprintf("C%d-%d", round, i)
				if s.Reserve(ctx, c) == nil {
					reserved.Add(1)
				}
				for j := range 16 { // everybody tries to finish whatever was reserved
					f := Finished(c, fmt.Appendf(nil, "%d-%d", round, j))
					f.Code = fmt.Sprintf("C%d-%d", round, j)
					if s.FinishIssue(ctx, f, []byte("pdf")) == nil {
						finished.Add(1)
					}
				}
			})
		}
		wg.Wait()
		if reserved.Load() != 1 || finished.Load() != 1 {
			t.Fatalf("%d reserved, %d finished", reserved.Load(), finished.Load())
		}
	}
}

func certificateStatus(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	count, err := s.StatusListCount(ctx)
	check(t, err)
	if count != 0 {
		t.Fatalf("%d lists in an empty store", count)
	}
	for range 2 {
		list, err := s.OpenStatusList(ctx)
		check(t, err)
		if list != 1 {
			t.Fatalf("the first list is %d", list)
		}
	}
	want := map[int]yinzheng.StatusValue{}
	for i, to := range []yinzheng.Status{yinzheng.StatusOK, yinzheng.StatusIsRevoked, yinzheng.StatusIsSuspended, yinzheng.StatusIsSuperseded, yinzheng.StatusVoid, yinzheng.StatusReserved} {
		c := Certificate(10+i, fmt.Sprint(i))
		check(t, s.Reserve(ctx, c))
		switch to {
		case yinzheng.StatusReserved:
			continue
		case yinzheng.StatusVoid:
			c.Status = to
			check(t, s.SetStatus(ctx, c, yinzheng.StatusReserved))
			want[c.Index] = yinzheng.StatusRevoked
			continue
		}
		f := Finished(c, []byte(c.Code))
		check(t, s.FinishIssue(ctx, f, []byte(c.Code)))
		if to == yinzheng.StatusOK {
			continue
		}
		f.Status, f.StatusAt, f.Reason, f.Successor = to, Start.Add(time.Hour), "error", "NEXT"
		check(t, s.SetStatus(ctx, f, yinzheng.StatusOK))
		checkIs(t, s.SetStatus(ctx, f, yinzheng.StatusOK), yinzheng.ErrConflict)
		got, err := s.Certificate(ctx, f.Code)
		check(t, err)
		if d := cmp.Diff(f, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", to, d)
		}
		want[c.Index] = map[yinzheng.Status]yinzheng.StatusValue{
			yinzheng.StatusIsRevoked: yinzheng.StatusRevoked, yinzheng.StatusIsSuspended: yinzheng.StatusSuspended, yinzheng.StatusIsSuperseded: yinzheng.StatusSuperseded,
		}[to]
	}
	got := map[int]yinzheng.StatusValue{}
	check(t, s.StatusEntries(ctx, func(list, index int, v yinzheng.StatusValue) {
		if _, err := s.StatusListCount(ctx); err != nil || list != 1 {
			t.Errorf("list %d, %v", list, err)
		}
		got[index] = v
	}))
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("entries (-want +got):\n%s", d)
	}
}
