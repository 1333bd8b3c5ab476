package yinzheng

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"runtime"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// SessionLife is how long a sign-in lasts, ClaimLife how long an administrator's
// first link does.
const (
	SessionLife = 12 * time.Hour
	ClaimLife   = 72 * time.Hour
)

// MinPassword is the shortest password taken, in characters.
const MinPassword = 10

// maxCredential bounds a user name and a password that are tried, in bytes.
const maxCredential = 1024

func (s *Service) defaults() {
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Rand == nil {
		s.Rand = rand.Reader
	}
	if s.Log == nil {
		s.Log = slog.Default()
	}
	if s.Lease == 0 {
		s.Lease = 15 * time.Second
	}
	if s.Argon2Memory == 0 {
		s.Argon2Memory = 19 << 10
	}
	s.decoy = fmt.Sprintf("$argon2id$v=%d$m=%d,t=2,p=1$%s$%s", argon2.Version, s.Argon2Memory, strings.Repeat("A", 22), strings.Repeat("A", 43))
	s.signIns.slots = make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))
	s.signIns.failures, s.signIns.places = map[bucket]failures{}, map[bucket]bool{}
}

type placeKey struct{}

// From returns a context that tells SignIn which place (a network address) a
// request comes from.
func From(ctx context.Context, place string) context.Context {
	return context.WithValue(ctx, placeKey{}, place)
}

// SignIn opens a session and returns its secret, which is kept only as a hash.
// Errors: ErrUnauthorized for a wrong name or password alike, ErrTooMany after
// several failures or while too many people sign in at once.
func (s *Service) SignIn(ctx context.Context, username, password string) (secret string, expires time.Time, err error) {
	username = strings.ToLower(strings.TrimSpace(username))
	wrong := fail(ErrUnauthorized, "用户名或密码不对", "Wrong username or password")
	if len(username) > maxCredential || len(password) > maxCredential {
		return "", time.Time{}, wrong
	}
	now := s.now()
	place, _ := ctx.Value(placeKey{}).(string)
	attempt := s.signIns.bucket(username, place)
	if wait := s.signIns.begin(attempt, now); wait > 0 {
		return "", time.Time{}, fail(ErrTooMany, "登录失败次数过多，请 %d 秒后再试", "Too many failed attempts; please try again in %d seconds", int(wait.Seconds())+1)
	}
	a, err := s.Store.AccountByUsername(ctx, username)
	if err != nil && !errors.Is(err, ErrNotFound) {
		s.signIns.undo(attempt)
		return "", time.Time{}, err
	}
	hash := s.decoy
	if a != nil && !a.Disabled && a.Password != "" {
		hash = a.Password
	}
	ok, err := s.checkPassword(ctx, hash, password)
	if err != nil {
		s.signIns.undo(attempt)
		return "", time.Time{}, err
	}
	if !ok || hash == s.decoy {
		return "", time.Time{}, wrong
	}
	s.signIns.succeeded(attempt, username, place)
	secret, expires, err = s.openSession(ctx, a.ID, now, SessionLife)
	return secret, expires, err
}

func (s *Service) openSession(ctx context.Context, account string, now time.Time, life time.Duration) (string, time.Time, error) {
	b := make([]byte, 32)
	if _, err := io.ReadFull(s.Rand, b); err != nil {
		return "", time.Time{}, fmt.Errorf("draw a session secret: %w", err)
	}
	secret := base64.RawURLEncoding.EncodeToString(b)
	expires := now.Add(life)
	return secret, expires, s.Store.PutSession(ctx, sha256.Sum256([]byte(secret)), account, expires)
}

// SignOut ends a session.
func (s *Service) SignOut(ctx context.Context, secret string) error {
	return s.Store.EndSession(ctx, sha256.Sum256([]byte(secret)))
}

// Authenticate returns who a session's secret belongs to; ErrUnauthorized.
func (s *Service) Authenticate(ctx context.Context, secret string) (*Account, error) {
	id, err := s.Store.Session(ctx, sha256.Sum256([]byte(secret)), s.now())
	var a *Account
	if err == nil && !strings.HasPrefix(id, claimPrefix) {
		a, err = s.Store.Account(ctx, id)
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	if a == nil || a.Disabled {
		return nil, fail(ErrUnauthorized, "登录已过期，请重新登录", "Your session has ended; please sign in again")
	}
	return a, nil
}

// claimPrefix marks the session that lets an account's owner set the first password.
const claimPrefix = "claim:"

// NewClaim returns the secret of a single-use link with which the owner of an
// account without a password sets one.
func (s *Service) NewClaim(ctx context.Context, account string) (secret string, expires time.Time, err error) {
	return s.openSession(ctx, claimPrefix+account, s.now(), ClaimLife)
}

// Claim sets the first password of the account that a claim was made for. It
// works once.
func (s *Service) Claim(ctx context.Context, secret, password string) (username string, err error) {
	key := sha256.Sum256([]byte(secret))
	if _, err := s.claimed(ctx, key); err != nil { // first: a hash costs too much to make one for everybody who asks
		return "", err
	}
	hash, err := s.HashPassword(ctx, password)
	if err != nil {
		return "", err
	}
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		id, err := s.claimed(ctx, key)
		if err != nil {
			return err
		}
		a, err := s.Store.Account(ctx, id)
		if err != nil {
			return err
		}
		if a.Password != "" {
			return errClaimed() // by another link
		}
		a.Password = hash
		username = a.Username
		if err := s.Store.PutAccount(ctx, a); err != nil {
			return err
		}
		return s.endClaims(ctx, id)
	})
	return username, err
}

// endClaims ends the links of an account: there is one at a time, and none once
// the account can do more than it could when the link was made, or whoever kept
// it would come by posts that were never theirs to give.
func (s *Service) endClaims(ctx context.Context, account string) error {
	return s.Store.EndSessions(ctx, claimPrefix+account)
}

// claimed returns the account that a claim is for; ErrNotFound.
func (s *Service) claimed(ctx context.Context, key [32]byte) (account string, err error) {
	id, err := s.Store.Session(ctx, key, s.now())
	account, claim := strings.CutPrefix(id, claimPrefix)
	if errors.Is(err, ErrNotFound) || err == nil && !claim {
		return "", errClaimed()
	}
	return account, err
}

func errClaimed() error {
	return fail(ErrNotFound, "链接已用过或已过期，请重新生成", "The link was used already or has expired; please have a new one made")
}

// HashPassword checks a new password's length and hashes it (argon2id, RFC 9106),
// in the PHC string format.
func (s *Service) HashPassword(ctx context.Context, password string) (string, error) {
	if n := utf8.RuneCountInString(password); n < MinPassword || n > 200 {
		return "", &Error{
			Kind: ErrInvalid, Text: Text{"密码长度不合要求", "The password is too short or too long"},
			Fields: []FieldError{{"password", "length", Text{fmt.Sprintf("密码应为 %d 到 200 个字符", MinPassword), fmt.Sprintf("A password has %d to 200 characters", MinPassword)}}},
		}
	}
	salt := make([]byte, 16)
	if _, err := io.ReadFull(s.Rand, salt); err != nil {
		return "", fmt.Errorf("draw a salt: %w", err)
	}
	sum, err := s.argon2(ctx, password, salt, 2, s.Argon2Memory, 32)
	if err != nil {
		return "", err
	}
	enc := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=2,p=1$%s$%s", argon2.Version, s.Argon2Memory, enc(salt), enc(sum)), nil
}

func (s *Service) checkPassword(ctx context.Context, hash, password string) (bool, error) {
	var version, passes, lanes int
	var memory uint32
	parts := strings.Split(hash, "$")
	if len(parts) != 6 {
		return false, errors.New("a password hash is not in PHC format")
	}
	_, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &memory, &passes, &lanes)
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	want, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if errors.Join(err, err1, err2) != nil || parts[1] != "argon2id" || version != argon2.Version || lanes != 1 || passes < 1 || len(want) == 0 {
		return false, errors.New("a password hash cannot be read") // and must not be quoted
	}
	got, err := s.argon2(ctx, password, salt, uint32(passes), memory, uint32(len(want)))
	return err == nil && subtle.ConstantTimeCompare(got, want) == 1, err
}

// argon2 hashes behind a semaphore, so that many sign-ins at once wait their
// turn instead of taking all memory.
func (s *Service) argon2(ctx context.Context, password string, salt []byte, passes, memory, length uint32) ([]byte, error) {
	patience := time.NewTimer(5 * time.Second)
	defer patience.Stop()
	select {
	case s.signIns.slots <- struct{}{}:
		defer func() { <-s.signIns.slots }()
		return argon2.IDKey([]byte(password), salt, passes, memory, 1, length), nil
	case <-patience.C:
		return nil, fail(ErrTooMany, "现在登录的人太多，请稍后再试", "Too many people are signing in; please try again in a moment")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// signInGuard slows guessing down: after five failures an account waits, twice
// as long each time, up to a minute. A place from which the account has signed
// in counts by itself, or whoever guesses once a minute from elsewhere would
// keep a clerk out for good.
type signInGuard struct {
	slots    chan struct{}
	mu       sync.Mutex
	failures map[bucket]failures
	places   map[bucket]bool // those with a place
}

// bucket is what an attempt counts for: a user name, or one at a place.
type bucket struct{ username, place string }

// bucket tells what an attempt counts for.
func (g *signInGuard) bucket(username, place string) bucket {
	g.mu.Lock()
	defer g.mu.Unlock()
	if own := (bucket{username, place}); g.places[own] {
		return own
	}
	return bucket{username: username}
}

type failures struct {
	count int
	last  time.Time
}

const (
	freeFailures = 5
	mostNames    = 10000
	longestWait  = time.Minute // long enough against guessing; short enough that nobody locks a clerk out for the day
)

// begin counts an attempt as failed before its password is looked at, so that
// many at once find no gap; or returns how long to wait first.
func (g *signInGuard) begin(b bucket, now time.Time) (wait time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f := g.failures[b]
	if f.count >= freeFailures {
		pause := min(time.Second<<min(f.count-freeFailures, 20), longestWait)
		if wait = f.last.Add(pause).Sub(now); wait > 0 {
			return wait
		}
	}
	g.makeRoom(now)
	g.failures[b] = failures{f.count + 1, now}
	return 0
}

// makeRoom keeps names that nobody has from filling the memory.
func (g *signInGuard) makeRoom(now time.Time) {
	if len(g.failures) <= mostNames {
		return
	}
	maps.DeleteFunc(g.failures, func(_ bucket, f failures) bool { return now.Sub(f.last) > longestWait })
	if len(g.failures) > mostNames {
		clear(g.failures)
	}
}

// undo takes back an attempt that came to no answer.
func (g *signInGuard) undo(b bucket) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if f, ok := g.failures[b]; ok {
		g.failures[b] = failures{max(f.count-1, 0), f.last}
	}
}

func (g *signInGuard) succeeded(b bucket, username, place string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.failures, b)
	if place == "" {
		return
	}
	if len(g.places) >= mostNames {
		clear(g.places)
	}
	g.places[bucket{username, place}] = true
}
