package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"yinzheng"
)

var (
	savepointText = query("SAVEPOINT one")
	undoText      = query("ROLLBACK TO one")
	releaseText   = query("RELEASE one")
)

// maxGroup bounds how many transactions share one commit, so that none waits
// long for the others.
const maxGroup = 128

// tx is the transaction that a context carries.
type tx struct {
	conn   *sql.Conn
	broken error // the engine failed inside: fn cannot succeed any more
	over   atomic.Bool
}

type txKey struct{ store *Store }

// joined returns the transaction that ctx carries, or nil. Once the store
// closes it is errClosed, for reads as for writes.
func (s *Store) joined(ctx context.Context) (*tx, error) {
	t, _ := ctx.Value(txKey{s}).(*tx)
	switch {
	case t == nil && s.writer.closing():
		return nil, errClosed
	case t == nil:
		return nil, nil
	case t.over.Load():
		return nil, errOver
	}
	return t, t.broken // what came after an engine's failure might be kept by itself
}

// note remembers a failing engine: a caller that overlooks the error would
// otherwise commit half of its work.
func (t *tx) note(err error) error {
	if errors.Is(err, yinzheng.ErrUnavailable) {
		t.broken = err
	}
	return err
}

// Tx implements yinzheng.Store. A Tx inside another joins it; its own error
// undoes only its own part. Once fn has started, the end of ctx stops neither
// it nor the commit. fn runs in the caller's goroutine while no other
// transaction runs, so it does nothing slow; it must use the context that it
// is given, or it waits for itself for ever.
func (s *Store) Tx(ctx context.Context, fn func(ctx context.Context) error) error {
	t, err := s.joined(ctx)
	switch {
	case err != nil:
		return err
	case t != nil:
		return s.nested(ctx, t, fn)
	}
	return s.writer.do(ctx, fn)
}

func (s *Store) nested(ctx context.Context, t *tx, fn func(context.Context) error) error {
	if err := control(t.conn, savepointText); err != nil {
		return t.note(s.fault("begin a nested transaction", err))
	}
	err := fn(ctx)
	if err != nil {
		s.chain.forget()
		if undo := control(t.conn, undoText); undo != nil {
			return t.note(s.fault("undo a nested transaction", errors.Join(undo, err)))
		}
	}
	if end := control(t.conn, releaseText); end != nil {
		return t.note(s.fault("end a nested transaction", errors.Join(end, err)))
	}
	return err
}

// Changed implements yinzheng.Store: one process writes the database (lockFile), so
// that its own commits are all there are.
func (s *Store) Changed() uint64 { return s.writer.commits.Load() }

// control runs a text that begins or ends a transaction; nothing may cut it off.
func control(conn *sql.Conn, text string) error {
	_, err := conn.ExecContext(context.Background(), text)
	return err
}

// writer is the one goroutine that writes. It takes the first transaction that
// waits and whatever else waits by then, lets each run inside a savepoint of
// its own and commits them together: one sync of the disk for all of them. An
// error undoes one savepoint; a commit that fails fails all.
type writer struct {
	store       *Store
	pool        *sql.DB
	conn        *sql.Conn
	checkpoints *checkpoints // nil in memory
	queue       chan *request
	stopping    chan struct{}
	stopped     chan struct{}
	once        sync.Once
	commits     atomic.Uint64
}

// request is one waiting transaction.
type request struct {
	turn chan *tx   // to the caller: run now (again, after the engine gave up a group)
	ran  chan error // to the writer: how it went
	done chan error // to the caller: how the commit went, or why fn cannot run
}

func newWriter(s *Store, pool *sql.DB, conn *sql.Conn) *writer {
	return &writer{
		store: s, pool: pool, conn: conn,
		queue: make(chan *request), stopping: make(chan struct{}), stopped: make(chan struct{}),
	}
}

// errUnwound stands for a fn that panicked or left its goroutine.
var errUnwound = errors.New("store: a transaction's function did not return")

// do has one transaction run and returns once it is on disk or undone.
func (w *writer) do(ctx context.Context, fn func(context.Context) error) error {
	r := &request{make(chan *tx, 1), make(chan error, 1), make(chan error, 1)}
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case w.queue <- r:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.stopping:
		return errClosed
	}
	inner := context.WithoutCancel(ctx)
	for {
		select {
		case t := <-r.turn:
			if err := w.attempt(inner, r, t, fn); err != nil {
				return err
			}
		case err := <-r.done:
			return err
		}
	}
}

// attempt runs fn in its turn and tells the writer how it went, even when fn
// panics: the panic goes on in the caller, the writer goes on without it.
func (w *writer) attempt(ctx context.Context, r *request, t *tx, fn func(context.Context) error) (err error) {
	returned := false
	defer func() {
		t.over.Store(true)
		if !returned {
			err = errUnwound
		}
		r.ran <- err
	}()
	err = fn(context.WithValue(ctx, txKey{w.store}, t))
	if err == nil {
		err = t.broken
	}
	returned = true
	return err
}

// run serves requests until the store closes.
func (w *writer) run() {
	defer close(w.stopped)
	for {
		select {
		case first := <-w.queue:
			w.group(first)
			if w.checkpoints != nil {
				w.checkpoints.after(w.conn)
			}
		case <-w.stopping:
			return
		}
	}
}

// group runs a first request and whatever else waits in one transaction. When
// the engine gives the whole transaction up in the middle, as SQLite may on a
// full disk, those that had ended well run again without the one that failed.
func (w *writer) group(first *request) {
	again := []*request{first}
	for len(again) > 0 {
		if err := control(w.conn, w.store.dialect.begin); err != nil {
			finish(again, w.store.fault("begin a transaction", err))
			return
		}
		kept, whole := w.runAll(again)
		if !whole {
			_ = control(w.conn, rollbackText) // it is gone already, or goes now
			w.store.chain.forget()
			again = kept
			continue
		}
		err := control(w.conn, commitText)
		if err != nil {
			_ = control(w.conn, rollbackText) // as above
			w.store.chain.forget()
		}
		if err == nil && len(kept) > 0 {
			w.commits.Add(1)
		}
		finish(kept, w.store.fault("commit", err))
		return
	}
}

func finish(requests []*request, err error) {
	for _, r := range requests {
		r.done <- err
	}
}

// runAll runs the given requests and then those that wait. It returns those
// that ended well, and false when the engine gave the transaction up.
func (w *writer) runAll(again []*request) (kept []*request, whole bool) {
	kept = make([]*request, 0, maxGroup)
	for n := 0; n < maxGroup; n++ {
		var r *request
		if n < len(again) {
			r = again[n]
		} else if r = w.waiting(); r == nil {
			break
		}
		ok, err := w.runOne(r)
		if ok {
			kept = append(kept, r)
		}
		if err != nil {
			if n < len(again) {
				kept = append(kept, again[n+1:]...)
			}
			return kept, false
		}
	}
	return kept, true
}

// waiting returns a request that waits now, or nil. Those that the last commit
// has just woken are let run first: they are about to queue up.
func (w *writer) waiting() *request {
	for range 2 {
		select {
		case r := <-w.queue:
			return r
		default:
			runtime.Gosched()
		}
	}
	return nil
}

// runOne gives one request its turn inside a savepoint. ok tells that it ended
// well; an error means that the engine has given up the whole transaction.
func (w *writer) runOne(r *request) (ok bool, gone error) {
	if err := control(w.conn, savepointText); err != nil {
		r.done <- w.store.fault("begin a transaction", err)
		return false, err
	}
	r.turn <- &tx{conn: w.conn}
	failed := <-r.ran
	if failed != nil {
		w.store.chain.forget()
		if err := control(w.conn, undoText); err != nil {
			return false, fmt.Errorf("%w after %w", err, failed)
		}
	}
	if err := control(w.conn, releaseText); err != nil {
		if failed == nil {
			r.done <- w.store.fault("end a transaction", err)
		}
		return false, err
	}
	return failed == nil, nil
}

func (w *writer) closing() bool {
	select {
	case <-w.stopping:
		return true
	default:
		return false
	}
}

// stop lets the group that is under way end and turns further requests away.
func (w *writer) stop() error {
	w.once.Do(func() { close(w.stopping) })
	<-w.stopped
	if w.checkpoints != nil {
		return w.checkpoints.close()
	}
	return nil
}

// close ends the writer's connection, after the readers': the last one to
// close moves the rest of the log into the database.
func (w *writer) close() error {
	return errors.Join(w.conn.Close(), w.pool.Close())
}
