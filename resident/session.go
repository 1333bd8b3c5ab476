package resident

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"yinzheng"
)

// How long a session lasts: this long in all, and this long without being used.
const (
	SessionLife = 12 * time.Hour
	IdleLife    = 2 * time.Hour
)

// noteUse is how exactly it is known when a session was used: not every page is
// worth a write.
const noteUse = time.Minute

// Config is what Residents is made of. Service is needed; the rest has useful
// zero values.
type Config struct {
	Service *yinzheng.Service
	Rand    io.Reader    // default crypto/rand
	Log     *slog.Logger // default slog.Default; never given a name, a number, a code or a secret
}

// Residents is the residents' way in. Its methods are safe for concurrent use.
type Residents struct {
	Config
	store    yinzheng.Store
	provider *provider // nil: nobody vouches for identities
}

// New wires it to the service whose cases and certificates are shown.
func New(c Config) *Residents {
	r := &Residents{Config: c, store: c.Service.Store}
	if r.Rand == nil {
		r.Rand = rand.Reader
	}
	if r.Log == nil {
		r.Log = slog.Default()
	}
	return r
}

// now is the time to the second.
func (r *Residents) now() time.Time { return r.Service.Now().UTC().Truncate(time.Second) }

// open opens a session for somebody who has proven who they are, and returns its
// secret, which is kept only as a hash.
func (r *Residents) open(ctx context.Context, who yinzheng.Resident) (secret string, expires time.Time, err error) {
	if secret, err = r.secret(32); err != nil {
		return "", time.Time{}, err
	}
	now := r.now()
	s := &yinzheng.ResidentSession{Resident: who, Opened: now, Used: now, Expires: now.Add(SessionLife)}
	return secret, s.Expires, r.store.PutResidentSession(ctx, sha256.Sum256([]byte(secret)), s)
}

// secret draws a text of so many random bytes.
func (r *Residents) secret(bytes int) (string, error) {
	b := make([]byte, bytes)
	if _, err := io.ReadFull(r.Rand, b); err != nil {
		return "", fmt.Errorf("draw a secret: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// Authenticate returns whom a session's secret belongs to; ErrUnauthorized.
func (r *Residents) Authenticate(ctx context.Context, secret string) (*yinzheng.Resident, error) {
	hash, now := sha256.Sum256([]byte(secret)), r.now()
	s, err := r.store.ResidentSession(ctx, hash)
	if err != nil && !errors.Is(err, yinzheng.ErrNotFound) {
		return nil, err
	}
	if err != nil || !now.Before(s.Expires) || !now.Before(s.Used.Add(IdleLife)) {
		return nil, fail(yinzheng.ErrUnauthorized, "登录已过期，请重新登录", "Your session has ended; please sign in again")
	}
	if now.Sub(s.Used) < noteUse {
		return &s.Resident, nil
	}
	return &s.Resident, r.store.UseResidentSession(ctx, hash, now)
}

// SignOut ends a session; with everywhere, every other one of the same resident.
func (r *Residents) SignOut(ctx context.Context, secret string, everywhere bool) error {
	who, err := r.Authenticate(ctx, secret)
	switch {
	case errors.Is(err, yinzheng.ErrUnauthorized):
		return nil
	case err != nil:
		return err
	case everywhere:
		return r.store.EndResidentSessions(ctx, who.Key())
	}
	return r.store.EndResidentSession(ctx, sha256.Sum256([]byte(secret)))
}

// Prune forgets what has ended.
func (r *Residents) Prune(ctx context.Context) error {
	now := r.now()
	if err := r.store.PruneResidentSessions(ctx, now, now.Add(-IdleLife)); err != nil {
		return err
	}
	if err := r.store.PruneContactProofs(ctx, now); err != nil {
		return err
	}
	return r.store.PruneCaseCodes(ctx, now, now.Add(-triesSince))
}

// fail makes an error that residents are told.
func fail(kind error, zh, en string) error {
	return &yinzheng.Error{Kind: kind, Text: yinzheng.Text{ZH: zh, EN: en}}
}
