package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

var (
	putSession    = query("INSERT INTO sessions (hash, account, expires_at) VALUES ($1, $2, $3) ON CONFLICT (hash) DO UPDATE SET account = excluded.account, expires_at = excluded.expires_at")
	selectSession = query("SELECT account FROM sessions WHERE hash = $1 AND expires_at > $2")
	pruneSessions = query("DELETE FROM sessions WHERE expires_at <= $1")
	deleteSession = query("DELETE FROM sessions WHERE hash = $1")
	putOpened     = query(`INSERT INTO opened (session, application, version) SELECT hash, $1, $2 FROM sessions WHERE hash = $3
		ON CONFLICT (session, application) DO UPDATE SET version = excluded.version`)
	selectOpened = query("SELECT application, version FROM opened WHERE session = $1")
	endSessions  = query("DELETE FROM sessions WHERE account = $1")
)

// PutSession implements yinzheng.Sessions.
func (s *Store) PutSession(ctx context.Context, hash [32]byte, account string, expires time.Time) error {
	return s.write(ctx, "write a session", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, putSession, hash[:], account, micros(expires))
		return err
	})
}

// Session implements yinzheng.Sessions.
func (s *Store) Session(ctx context.Context, hash [32]byte, now time.Time) (account string, err error) {
	err = s.read(ctx, "read a session", func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, selectSession, hash[:], now.UnixMicro()).Scan(&account)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return "", notFound("没有登录，或登录已过期", "Not signed in, or the session has ended")
	}
	return account, err
}

// EndSession implements yinzheng.Sessions; one that does not exist has ended.
func (s *Store) EndSession(ctx context.Context, hash [32]byte) error {
	return s.write(ctx, "end a session", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, deleteSession, hash[:])
		return err
	})
}

// EndSessions implements yinzheng.Sessions.
func (s *Store) EndSessions(ctx context.Context, account string) error {
	return s.write(ctx, "end an account's sessions", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, endSessions, account)
		return err
	})
}

// PruneSessions implements yinzheng.Sessions.
func (s *Store) PruneSessions(ctx context.Context, now time.Time) error {
	return s.write(ctx, "forget ended sessions", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, pruneSessions, now.UnixMicro())
		return err
	})
}

// NoteOpened implements yinzheng.Sessions.
func (s *Store) NoteOpened(ctx context.Context, hash [32]byte, application string, version int) error {
	return s.write(ctx, "note that a case was opened", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, putOpened, application, version, hash[:])
		return err
	})
}

// Opened implements yinzheng.Sessions.
func (s *Store) Opened(ctx context.Context, hash [32]byte) (map[string]int, error) {
	opened := map[string]int{}
	err := s.read(ctx, "list the cases that were opened", func(ctx context.Context, q querier) error {
		clear(opened) // this may be a second run
		return each(ctx, q, func(r *sql.Rows) error {
			var id string
			var version int
			err := r.Scan(&id, &version)
			opened[id] = version
			return err
		}, selectOpened, hash[:])
	})
	return opened, err
}
