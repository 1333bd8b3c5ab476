package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"yinzheng"
)

var (
	putResidentSession = query(`INSERT INTO resident_sessions (hash, resident, who, opened_at, used_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`)
	selectResident     = query("SELECT who, opened_at, used_at, expires_at FROM resident_sessions WHERE hash = $1")
	useResident        = query("UPDATE resident_sessions SET used_at = $1 WHERE hash = $2")
	endResident        = query("DELETE FROM resident_sessions WHERE hash = $1")
	endResidents       = query("DELETE FROM resident_sessions WHERE resident = $1")
	pruneResidents     = query("DELETE FROM resident_sessions WHERE expires_at <= $1 OR used_at < $2")
)

// PutResidentSession implements yinzheng.ResidentSessions.
func (s *Store) PutResidentSession(ctx context.Context, hash [32]byte, x *yinzheng.ResidentSession) error {
	who, err := json.Marshal(x.Resident)
	if err != nil {
		return err
	}
	return s.write(ctx, "write a resident's session", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, putResidentSession, hash[:], x.Key(), string(who), micros(x.Opened), micros(x.Used), micros(x.Expires))
		return err
	})
}

// ResidentSession implements yinzheng.ResidentSessions.
func (s *Store) ResidentSession(ctx context.Context, hash [32]byte) (*yinzheng.ResidentSession, error) {
	var x yinzheng.ResidentSession
	var who []byte
	err := s.read(ctx, "read a resident's session", func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, selectResident, hash[:]).Scan(&who, (*moment)(&x.Opened), (*moment)(&x.Used), (*moment)(&x.Expires))
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, notFound("没有登录，或登录已过期", "Not signed in, or the session has ended")
	}
	if err == nil {
		err = json.Unmarshal(who, &x.Resident)
	}
	return &x, err
}

// UseResidentSession implements yinzheng.ResidentSessions.
func (s *Store) UseResidentSession(ctx context.Context, hash [32]byte, used time.Time) error {
	return s.write(ctx, "note that a session was used", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, useResident, micros(used), hash[:])
		return err
	})
}

// EndResidentSession implements yinzheng.ResidentSessions.
func (s *Store) EndResidentSession(ctx context.Context, hash [32]byte) error {
	return s.write(ctx, "end a resident's session", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, endResident, hash[:])
		return err
	})
}

// EndResidentSessions implements yinzheng.ResidentSessions.
func (s *Store) EndResidentSessions(ctx context.Context, resident string) error {
	return s.write(ctx, "end a resident's sessions", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, endResidents, resident)
		return err
	})
}

// PruneResidentSessions implements yinzheng.ResidentSessions.
func (s *Store) PruneResidentSessions(ctx context.Context, now, unused time.Time) error {
	return s.write(ctx, "forget residents' sessions that have ended", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, pruneResidents, micros(now), micros(unused))
		return err
	})
}
