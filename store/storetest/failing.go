package storetest

import (
	"context"
	"errors"
	"sync"

	"yinzheng"
)

// Failing is a store of whose writing transactions one fails: before anything
// happened, or after it was kept, as when the answer is lost.
type Failing struct {
	yinzheng.Store
	Before func() // runs once, before the next transaction
	Rotten string // code of a certificate whose reading panics

	mu     sync.Mutex
	at     int
	kept   bool
	calls  int
	failed bool
}

// ErrDisk is how a transaction of Failing fails.
var ErrDisk = &yinzheng.Error{Kind: yinzheng.ErrUnavailable, Text: yinzheng.Text{ZH: "磁盘已满", EN: "The disk is full"}, Cause: errors.New("injected")}

// Arm has the at-th transaction from now fail; 0: none.
func (f *Failing) Arm(at int, kept bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at, f.kept, f.calls, f.failed = at, kept, 0, false
}

// Failed tells whether it has.
func (f *Failing) Failed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failed
}

// Tx implements yinzheng.Store.
func (f *Failing) Tx(ctx context.Context, fn func(context.Context) error) error {
	f.mu.Lock()
	f.calls++
	fails, kept, before := f.calls == f.at, f.kept, f.Before
	f.failed, f.Before = f.failed || fails, nil
	f.mu.Unlock()
	if before != nil {
		before()
	}
	if fails && !kept {
		return ErrDisk
	}
	if err := f.Store.Tx(ctx, fn); err != nil || !fails {
		return err
	}
	return ErrDisk
}

// Certificate implements yinzheng.Certificates.
func (f *Failing) Certificate(ctx context.Context, code string) (*yinzheng.Certificate, error) {
	if f.Rotten != "" && code == f.Rotten {
		panic("rotten")
	}
	return f.Store.Certificate(ctx, code)
}
