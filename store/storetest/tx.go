package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"yinzheng"
)

var errNo = errors.New("no")

func exists(t *testing.T, s yinzheng.Store, id string) bool {
	t.Helper()
	_, err := s.Application(t.Context(), id)
	if err != nil {
		checkIs(t, err, yinzheng.ErrNotFound)
	}
	return err == nil
}

func save(ctx context.Context, s yinzheng.Store, id string) error {
	return s.SaveApplication(ctx, Case(id, "north", North), 0)
}

func txUndone(t *testing.T, s yinzheng.Store) {
	err := s.Tx(t.Context(), func(ctx context.Context) error {
		check(t, save(ctx, s, "A1"))
		check(t, s.Reserve(ctx, Certificate(1, "A1")))
		return errNo
	})
	if err != errNo { //nolint:errorlint // returned as it is
		t.Fatalf("got %v", err)
	}
	if exists(t, s, "A1") {
		t.Error("the case was kept")
	}
	_, err = s.Reserved(t.Context(), "CA1")
	checkIs(t, err, yinzheng.ErrNotFound)
}

func txSeesItsOwn(t *testing.T, s yinzheng.Store) {
	check(t, s.Tx(t.Context(), func(ctx context.Context) error {
		check(t, save(ctx, s, "A1"))
		if _, err := s.Application(ctx, "A1"); err != nil {
			t.Error(err)
		}
		return nil
	}))
	if !exists(t, s, "A1") {
		t.Error("the case was not kept")
	}
}

func txNested(t *testing.T, s yinzheng.Store) {
	check(t, s.Tx(t.Context(), func(ctx context.Context) error {
		check(t, save(ctx, s, "outer"))
		if err := s.Tx(ctx, func(ctx context.Context) error {
			check(t, save(ctx, s, "inner-undone"))
			return errNo
		}); !errors.Is(err, errNo) {
			t.Error(err)
		}
		return s.Tx(ctx, func(ctx context.Context) error { return save(ctx, s, "inner") })
	}))
	if !exists(t, s, "outer") || !exists(t, s, "inner") || exists(t, s, "inner-undone") {
		t.Error("a nested transaction is not a part of the outer one")
	}
	err := s.Tx(t.Context(), func(ctx context.Context) error {
		check(t, s.Tx(ctx, func(ctx context.Context) error { return save(ctx, s, "inner2") }))
		return errNo
	})
	if !errors.Is(err, errNo) || exists(t, s, "inner2") {
		t.Error("a nested transaction outlived the outer one")
	}
}

// txNeighbours: of many at once, those that fail take nobody with them.
func txNeighbours(t *testing.T, s yinzheng.Store) {
	var wg sync.WaitGroup
	const n = 200
	for i := range n {
		wg.Go(func() {
			id := fmt.Sprintf("A%d", i)
			err := s.Tx(t.Context(), func(ctx context.Context) error {
				if err := save(ctx, s, id); err != nil {
					return err
				}
				switch i % 4 {
				case 1:
					return errNo
				case 2:
					return save(ctx, s, id) // a conflict
				}
				return nil
			})
			want := []error{nil, errNo, yinzheng.ErrConflict, nil}[i%4]
			if !errors.Is(err, want) {
				t.Errorf("%s: %v", id, err)
			}
		})
	}
	wg.Wait()
	for i := range n {
		if got := exists(t, s, fmt.Sprintf("A%d", i)); got != (i%4 == 0 || i%4 == 3) {
			t.Errorf("A%d exists: %v", i, got)
		}
	}
}

func txPanic(t *testing.T, s yinzheng.Store) {
	func() {
		defer func() {
			if p := recover(); p != "oops" {
				t.Errorf("recovered %v", p)
			}
		}()
		_ = s.Tx(t.Context(), func(ctx context.Context) error {
			check(t, save(ctx, s, "A1"))
			panic("oops")
		})
	}()
	if exists(t, s, "A1") {
		t.Error("what a panic interrupted was kept")
	}
	check(t, save(t.Context(), s, "A2"))
}

// txGoexit: a test's FailNow ends the goroutine inside fn.
func txGoexit(t *testing.T, s yinzheng.Store) {
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = s.Tx(t.Context(), func(ctx context.Context) error {
			check(t, save(ctx, s, "A1"))
			runtime.Goexit()
			return nil
		})
	})
	wg.Wait()
	if exists(t, s, "A1") {
		t.Error("what ended half-way was kept")
	}
	check(t, save(t.Context(), s, "A2"))
}

func txCancelledBefore(t *testing.T, s yinzheng.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := s.Tx(ctx, func(context.Context) error { t.Error("fn ran"); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Tx: %v", err)
	}
	if err := save(ctx, s, "A1"); !errors.Is(err, context.Canceled) {
		t.Errorf("write: %v", err)
	}
	if _, err := s.Application(ctx, "A1"); !errors.Is(err, context.Canceled) {
		t.Errorf("read: %v", err)
	}
	// While it waits for its turn, too.
	ctx, cancel = context.WithCancel(t.Context())
	check(t, s.Tx(t.Context(), func(context.Context) error {
		done := make(chan error)
		go func() { done <- save(ctx, s, "A2") }()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("waiting: %v", err)
		}
		return nil
	}))
	if exists(t, s, "A2") {
		t.Error("what never started was kept")
	}
}

func txCancelledWhileRunning(t *testing.T, s yinzheng.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	check(t, s.Tx(ctx, func(ctx context.Context) error {
		cancel()
		own, cancelOwn := context.WithCancel(ctx)
		cancelOwn()
		return save(own, s, "A1")
	}))
	if !exists(t, s, "A1") {
		t.Error("what had started was not finished")
	}
}

func txOver(t *testing.T, s yinzheng.Store) {
	var after context.Context
	check(t, s.Tx(t.Context(), func(ctx context.Context) error { after = ctx; return nil }))
	if err := save(after, s, "A1"); err == nil || exists(t, s, "A1") {
		t.Errorf("a write joined a transaction that was over: %v", err)
	}
}
