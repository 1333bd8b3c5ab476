package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
)

// lookups are connections with their statements kept at hand for the one read
// that every verification makes. Through database/sql's pool the same read
// takes half as long again, most of it in moving values to where they belong.
//
// The one used last is used next: its pages are the ones at hand.
type lookups struct {
	free chan struct{} // as many as there are idle ones
	mu   sync.Mutex
	idle []*lookup
	made int
}

type lookup struct {
	conn  *sql.Conn
	stmts map[string]driver.Stmt
	args  [2]driver.NamedValue
	row   [certificateWidth]driver.Value
}

func openLookups(ctx context.Context, pool *sql.DB, texts ...string) (*lookups, error) {
	n := 2 * runtime.GOMAXPROCS(0)
	l := &lookups{free: make(chan struct{}, n)}
	for range n {
		conn, err := pool.Conn(ctx)
		if err != nil {
			return nil, errors.Join(err, l.close())
		}
		one := &lookup{conn: conn, stmts: make(map[string]driver.Stmt, len(texts)), args: [2]driver.NamedValue{{Ordinal: 1}, {Ordinal: 2}}}
		l.made++
		l.give(one)
		if err := one.prepare(texts); err != nil {
			return nil, errors.Join(err, l.close())
		}
	}
	return l, nil
}

// take waits for an idle connection; nil when they are closed.
func (l *lookups) take() *lookup {
	if _, open := <-l.free; !open {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.idle[len(l.idle)-1]
	l.idle = l.idle[:len(l.idle)-1]
	return one
}

func (l *lookups) give(one *lookup) {
	l.mu.Lock()
	l.idle = append(l.idle, one)
	l.mu.Unlock()
	l.free <- struct{}{}
}

func (l *lookup) prepare(texts []string) error {
	return l.conn.Raw(func(c any) error {
		for _, text := range texts {
			stmt, err := c.(driver.Conn).Prepare(text)
			if err != nil {
				return err
			}
			if _, ok := stmt.(driver.StmtQueryContext); !ok {
				return fmt.Errorf("statements of %T take no context", c)
			}
			l.stmts[text] = stmt
		}
		return nil
	})
}

// find has fill read the one row, so many columns wide, that a text finds for one key
// or two; sql.ErrNoRows.
func (l *lookups) find(text string, width int, fill func(*columns), keys ...any) error {
	one := l.take()
	if one == nil {
		return errClosed
	}
	defer l.give(one)
	for i, key := range keys {
		one.args[i].Value = key
	}
	return one.conn.Raw(func(any) error {
		rows, err := one.stmts[text].(driver.StmtQueryContext).QueryContext(context.Background(), one.args[:len(keys)])
		if err != nil {
			return err
		}
		switch err = rows.Next(one.row[:width]); {
		case errors.Is(err, io.EOF):
			err = sql.ErrNoRows
		case err == nil:
			r := columns{row: one.row[:width]}
			fill(&r)
			err = r.err
		}
		return errors.Join(err, rows.Close())
	})
}

// close waits for the lookups under way; later ones are turned away.
func (l *lookups) close() error {
	var errs []error
	for range l.made {
		one := l.take()
		errs = append(errs, one.conn.Raw(func(any) error {
			var errs []error
			for _, stmt := range one.stmts {
				errs = append(errs, stmt.Close())
			}
			return errors.Join(errs...)
		}), one.conn.Close())
	}
	close(l.free)
	return errors.Join(errs...)
}
