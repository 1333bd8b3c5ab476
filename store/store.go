// Package store keeps everything in a database: cases and their actions,
// certificates and their PDFs, the office tree, people, keys, sessions.
//
// One implementation over database/sql serves every engine; what differs
// stands in a dialect. Writes go through one goroutine that commits whatever
// waits together (tx.go), so that many writers share one sync of the disk;
// reads run beside them on connections of their own.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"yinzheng"
)

// Store is a yinzheng.Store. Its methods are safe for concurrent use. Times
// are kept to the microsecond and returned in UTC.
type Store struct {
	dialect *dialect
	writer  *writer
	readers *sql.DB  // nil in memory: its one connection is the writer's
	lookups *lookups // nil in memory, too
	lock    *os.File
	tree    atomic.Pointer[tree]
	chain   chain // the writer's, or that of whoever has its turn

	close    sync.Once
	closeErr error
}

var _ yinzheng.Store = (*Store)(nil)

// Open opens the SQLite database at a path, makes it if there is none and
// brings it to this program's schema. One process at a time: another one that
// has it open is named in an ErrUnavailable, as is a database that a newer
// program has written.
func Open(ctx context.Context, path string) (*Store, error) {
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, err
	}
	s := &Store{dialect: sqlite, lock: lock}
	if err = private(path); err == nil {
		err = s.start(ctx, openPool(path, writerPragmas, 1))
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	s.writer.checkpoints = startCheckpoints(openPool(path, checkpointPragmas, 1))
	s.readers = openPool(path, readerPragmas, 8*runtime.GOMAXPROCS(0))
	go s.writer.run()
	if s.lookups, err = openLookups(ctx, s.readers, inForce, certificateByCode, certificateByNumber, certificateByDigest, reservedByCode); err != nil {
		return nil, errors.Join(s.fault("open the database", err), s.Close())
	}
	return s, nil
}

// private makes the file, if there is none, so that nobody else may read the
// personal data in it; SQLite gives its other files the same mode.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("store: open the database: %w", err)
	}
	return f.Close()
}

// OpenMemory opens an empty database that lives in memory and ends with Close:
// for tests, and to measure what durability costs.
func OpenMemory(ctx context.Context) (*Store, error) {
	s := &Store{dialect: sqlite}
	if err := s.start(ctx, openPool(":memory:", memoryPragmas, 1)); err != nil {
		return nil, err
	}
	go s.writer.run()
	return s, nil
}

// start takes the writer's connection and brings the schema up to date.
func (s *Store) start(ctx context.Context, pool *sql.DB) error {
	conn, err := pool.Conn(ctx)
	if err == nil {
		err = s.migrate(ctx, conn)
	}
	if err != nil {
		return errors.Join(s.fault("open the database", err), pool.Close())
	}
	s.writer = newWriter(s, pool, conn)
	return nil
}

// Close ends what is being written, moves everything from the log into the
// database file and closes it. Calling it again does nothing.
func (s *Store) Close() error {
	s.close.Do(func() {
		errs := []error{s.writer.stop()}
		if s.lookups != nil {
			errs = append(errs, s.lookups.close())
		}
		if s.readers != nil {
			errs = append(errs, s.readers.Close())
		}
		errs = append(errs, s.writer.close())
		if s.lock != nil {
			errs = append(errs, s.lock.Close())
		}
		if err := errors.Join(errs...); err != nil {
			s.closeErr = fmt.Errorf("store: close: %w", err)
		}
	})
	return s.closeErr
}

// read runs fn on the transaction that ctx carries, or else on the readers'
// pool. In memory fn may run again from its start, as any transaction may. Reads are short, so they are not cut off half-way: watching a context
// would cost more than most of them take.
func (s *Store) read(ctx context.Context, doing string, fn func(context.Context, querier) error) error {
	t, err := s.joined(ctx)
	switch {
	case err != nil:
	case t != nil:
		err = s.within(ctx, t, doing, fn)
	case s.readers == nil:
		err = s.Tx(ctx, func(ctx context.Context) error { return s.read(ctx, doing, fn) })
	case ctx.Err() != nil:
		err = ctx.Err()
	default:
		err = s.fault(doing, fn(context.WithoutCancel(ctx), s.readers))
	}
	return err
}

// snapshot is read for several queries that have to see the same moment.
func (s *Store) snapshot(ctx context.Context, doing string, fn func(context.Context, querier) error) error {
	return s.read(ctx, doing, func(ctx context.Context, q querier) error {
		if q != querier(s.readers) {
			return fn(ctx, q)
		}
		return s.oneMoment(ctx, fn)
	})
}

// oneMoment runs fn with a reader's connection that sees a single moment.
func (s *Store) oneMoment(ctx context.Context, fn func(context.Context, querier) error) error {
	conn, err := s.readers.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, s.dialect.snapshot); err != nil {
		return err
	}
	err = fn(ctx, conn)
	_, end := conn.ExecContext(ctx, rollbackText)
	return errors.Join(err, end)
}

// write runs fn in the transaction that ctx carries, or else in one of its own.
func (s *Store) write(ctx context.Context, doing string, fn func(context.Context, querier) error) error {
	t, err := s.joined(ctx)
	switch {
	case err != nil:
		return err
	case t != nil:
		return s.within(ctx, t, doing, fn)
	}
	return s.Tx(ctx, func(ctx context.Context) error { return s.write(ctx, doing, fn) })
}

// within runs fn as a part of a transaction. A statement that is cut off could
// take the whole group with it, so that here, too, no context ends one.
func (s *Store) within(ctx context.Context, t *tx, doing string, fn func(context.Context, querier) error) error {
	return t.note(s.fault(doing, fn(context.WithoutCancel(ctx), t.conn)))
}
