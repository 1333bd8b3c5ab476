package yinzheng

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// statusBoard holds every status list in memory: 2 bits an entry, so that a
// scan reads a status without asking the store.
type statusBoard struct {
	mu    sync.RWMutex
	lists map[int]*statusBits
}

type statusBits struct {
	bits    []byte
	changes int // counts changes, so that a signed list knows when it is old
}

const statusListBytes = 1 << StatusBits / 4

func (b *statusBoard) load(ctx context.Context, files CertificateFiles) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lists = map[int]*statusBits{}
	return files.StatusEntries(ctx, func(list, index int, v StatusValue) { b.write(list, index, v) })
}

func (b *statusBoard) write(list, index int, v StatusValue) {
	l := b.lists[list]
	if l == nil {
		l = &statusBits{bits: make([]byte, statusListBytes)}
		b.lists[list] = l
	}
	shift := 2 * (index % 4)
	l.bits[index/4] = l.bits[index/4]&^(3<<shift) | byte(v)<<shift
	l.changes++
}

func (b *statusBoard) set(list, index int, v StatusValue) {
	b.mu.Lock()
	b.write(list, index, v)
	b.mu.Unlock()
}

// void shows a voided reservation as the store reads it back: nothing there
// ever counts.
func (b *statusBoard) void(c *Certificate) { b.set(c.List, c.Index, StatusRevoked) }

func (b *statusBoard) at(list, index int) StatusValue {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if l := b.lists[list]; l != nil {
		return StatusValue(l.bits[index/4] >> (2 * (index % 4)) & 3)
	}
	return StatusValid
}

// changes counts what was written to a list so far.
func (b *statusBoard) changes(list int) int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if l := b.lists[list]; l != nil {
		return l.changes
	}
	return 0
}

// copy returns a list's bits.
func (b *statusBoard) copy(list int) []byte {
	b.mu.RLock()
	defer b.mu.RUnlock()
	bits := make([]byte, statusListBytes)
	if l := b.lists[list]; l != nil {
		copy(bits, l.bits)
	}
	return bits
}

// How long a signed list is good for, and how often it is signed anew though
// nothing has changed. A key list is good no longer than a status list: whoever
// has a key that was declared compromised since can sign anything, and point to
// the entry of a certificate that is in force.
const (
	StatusListLife = 24 * time.Hour
	KeyListLife    = StatusListLife
	StatusListTTL  = 5 * time.Minute
)

// signedLists keeps what was signed last, so that a popular address costs no
// signature.
type signedLists struct {
	mu     sync.Mutex
	status map[int]signedList
	keys   signedList
}

type signedList struct {
	body    []byte
	at      time.Time
	changes int
}

// fresh tells whether it may be served. One of a later time is of a clock that
// has been set back since, and would make verifiers doubt their own.
func (l signedList) fresh(now time.Time, life time.Duration) bool {
	return l.body != nil && !now.Before(l.at) && now.Sub(l.at) < life
}

func (l *signedLists) forget() {
	l.mu.Lock()
	l.status, l.keys = nil, signedList{}
	l.mu.Unlock()
}

// StatusList returns the signed status list of a number, as served at
// /status/{number}; ErrNotFound.
func (s *Service) StatusList(ctx context.Context, number int) ([]byte, error) {
	s.lists.mu.Lock()
	defer s.lists.mu.Unlock()
	changes := s.board.changes(number)
	if l := s.lists.status[number]; l.changes == changes && l.fresh(s.now(), StatusListTTL) {
		return l.body, nil
	}
	count, err := s.Store.StatusListCount(ctx)
	if err != nil {
		return nil, err
	}
	if number < 1 || number > count {
		return nil, fail(ErrNotFound, "没有这个状态名单", "There is no such status list")
	}
	key := s.signingKey(StatusKey, "", "")
	if key == nil {
		return nil, fail(ErrUnavailable, "没有可用的状态签名密钥，请联系管理员", "No status key is in force; please ask an administrator")
	}
	now := s.now()
	body, err := s.Sealer.SignStatusList(key.KID, &StatusList{
		URI: fmt.Sprintf("%s/status/%d", s.PublicURL, number), Number: number, IssuedAt: now, ExpiresAt: now.Add(StatusListLife), Bits: s.board.copy(number),
	}, StatusListTTL)
	if err != nil {
		return nil, err
	}
	if s.lists.status == nil {
		s.lists.status = map[int]signedList{}
	}
	s.lists.status[number] = signedList{body, now, changes}
	return body, nil
}

// SignedKeyList returns the JSON of /.well-known/jwks.json.
func (s *Service) SignedKeyList() ([]byte, error) {
	s.lists.mu.Lock()
	defer s.lists.mu.Unlock()
	now := s.now()
	if l := s.lists.keys; l.fresh(now, StatusListTTL) {
		return l.body, nil
	}
	body, err := s.Sealer.SignKeyList(NewKeyList(now, s.KeyList().Keys))
	if err == nil {
		s.lists.keys = signedList{body: body, at: now}
	}
	return body, err
}
