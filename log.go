package yinzheng

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"
)

// LogHash is a SHA-256; as text it is lower-case hexadecimal.
type LogHash [sha256.Size]byte

func (h LogHash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText implements encoding.TextMarshaler.
func (h LogHash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// LogEntry is one link of the chain of hashes over everything that is
// appended: who changes, removes, inserts or reorders what happened breaks it.
type LogEntry struct {
	Seq     int64     `json:"seq"` // 1, 2, ... without gaps
	At      time.Time `json:"at,omitzero"`
	Kind    LogKind   `json:"kind"`
	Subject string    `json:"subject"` // the case, or what the event is about
	Part    int64     `json:"part"`    // the action's Seq, or the event's key
	Digest  LogHash   `json:"digest"`  // SHA-256(salt ‖ canonical content); the salt stays in the store, so that it tells nothing
	Hash    LogHash   `json:"hash"`    // Follow of the entry before
}

// LogKind tells what an entry stands for.
type LogKind string

// The kinds of entry.
const (
	LogAction LogKind = "action"
	LogEvent  LogKind = "event"
)

// Follow is the entry's hash after the one before (all zeros before the
// first): SHA-256(previous ‖ JCS{at, digest, kind, part, seq, subject}), at in
// microseconds since 1970 or null.
func (e *LogEntry) Follow(previous LogHash) LogHash {
	var room [512]byte
	b := append(room[:0], previous[:]...)
	b = append(b, `{"at":`...)
	if e.At.IsZero() {
		b = append(b, "null"...)
	} else {
		b = strconv.AppendInt(b, e.At.UnixMicro(), 10)
	}
	b = append(b, `,"digest":"`...)
	b = hex.AppendEncode(b, e.Digest[:])
	b = append(b, `","kind":`...)
	b = canonicalString(b, string(e.Kind))
	b = append(b, `,"part":`...)
	b = strconv.AppendInt(b, e.Part, 10)
	b = append(b, `,"seq":`...)
	b = strconv.AppendInt(b, e.Seq, 10)
	b = append(b, `,"subject":`...)
	b = append(canonicalString(b, e.Subject), '}')
	return sha256.Sum256(b)
}

// Records reads the record of everything back.
type Records interface {
	// LogHead returns the newest entry of the log, or one with Seq 0.
	LogHead(ctx context.Context) (LogEntry, error)
	// LogAbout returns the entries about a subject, in their order.
	LogAbout(ctx context.Context, subject string) ([]LogEntry, error)
	// EventsAbout returns the events about a subject, in their order.
	EventsAbout(ctx context.Context, subject string) ([]LoggedEvent, error)
	// LooksAbout returns the last events of LookKinds about a subject, newest first: of
	// what accounts did or, otherwise, of what residents and the system did.
	LooksAbout(ctx context.Context, subject string, accounts bool, limit int) ([]LoggedEvent, error)
	// EventsBetween lists the events of a period, from a moment to before another,
	// whose entries come before one (0: all of them), newest first.
	EventsBetween(ctx context.Context, from, to time.Time, before int64, limit int) ([]LoggedEvent, error)
}

// LoggedEvent is an event with the number of its entry in the log.
type LoggedEvent struct {
	Entry int64
	Event
}
