package store

import (
	"context"
	"database/sql"
	"sync"
	"sync/atomic"
)

// SQLite's log is copied into the database (a checkpoint) beside the writer,
// not by it, since the copying syncs twice. Only when the log has grown long
// does the writer pause to finish the copying itself: a log begins anew only
// when it is copied to its end, which under a steady load never happens
// while the writer goes on.
const (
	checkpointPages = 1000 // copy beside the writer from so many pages on
	restartPages    = 4000 // the writer finishes the copying
)

var (
	logLength      = query("PRAGMA wal_checkpoint(NOOP)")
	checkpointText = query("PRAGMA wal_checkpoint(PASSIVE)")
)

type checkpoints struct {
	pool    *sql.DB
	due     chan struct{}
	running atomic.Bool
	wait    sync.WaitGroup
}

func startCheckpoints(pool *sql.DB) *checkpoints {
	c := &checkpoints{pool: pool, due: make(chan struct{}, 1)}
	c.wait.Go(func() {
		for range c.due {
			checkpoint(c.pool, checkpointText)
			c.running.Store(false)
		}
	})
	return c
}

// checkpoint returns the length of the log and how much of it is not copied
// yet, in pages. An error is no loss: the log stays, and the next one copies it.
func checkpoint(q querier, text string) (length, left int) {
	var busy, copied int
	if err := q.QueryRowContext(context.Background(), text).Scan(&busy, &length, &copied); err != nil {
		return 0, 0
	}
	return length, length - copied
}

// after is called by the writer when it has committed.
func (c *checkpoints) after(conn *sql.Conn) {
	if c.running.Load() {
		return
	}
	length, left := checkpoint(conn, logLength)
	switch {
	case length >= restartPages && left > 0:
		checkpoint(conn, checkpointText)
	case left >= checkpointPages:
		c.running.Store(true)
		c.due <- struct{}{}
	}
}

func (c *checkpoints) close() error {
	close(c.due)
	c.wait.Wait()
	return c.pool.Close()
}
