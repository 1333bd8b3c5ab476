package yinzheng

import (
	"crypto"
	"crypto/sha256"
	"slices"
	"time"
)

// KeyPurpose is the one thing a key signs.
type KeyPurpose string

// The purposes. No key has two.
const (
	DocumentKey KeyPurpose = "document"
	TokenKey    KeyPurpose = "token"
	StatusKey   KeyPurpose = "status"
	LogKey      KeyPurpose = "log"
	ReplyKey    KeyPurpose = "reply" // replies to inquiries, for an organ
)

// KeyState tells how far a key is believed.
type KeyState string

// The states: a retired key is believed for what falls inside its period; a
// suspended one signs nothing new, and what it signed stands; a compromised
// one is believed only together with a matching record here.
const (
	KeyActive      KeyState = "active"
	KeyRetired     KeyState = "retired"
	KeySuspended   KeyState = "suspended"
	KeyCompromised KeyState = "compromised"
)

// Key is the public half of a seal or service key and what it may sign, as the
// signed key list publishes it.
type Key struct {
	KID       string // first 8 base64url characters of the RFC 7638 thumbprint
	Purpose   KeyPurpose
	Organ     string // credit code; empty for the service's own keys
	OrganName string
	Items     []string // Template.Short of what it may seal, as a token names it; empty: all of its organ's
	NotBefore time.Time
	NotAfter  time.Time
	State     KeyState
	Since     time.Time // when State began
	Alg       string    // ES256 or RS256
	Public    crypto.PublicKey
	Chain     [][]byte // X.509 DER, leaf first, root last (x5c)
}

// InForce tells whether the key may sign at a moment.
func (k *Key) InForce(at time.Time) bool {
	return k.State == KeyActive && k.Covers(at)
}

// Covers tells whether a moment falls inside the key's period.
func (k *Key) Covers(at time.Time) bool {
	return !at.Before(k.NotBefore) && !at.After(k.NotAfter)
}

// believed tells whether a signature made at a moment counts by itself: not
// under a compromised key, nor when it is dated after the key was suspended or
// retired, since then nobody should have had the use of it.
func (k *Key) believed(at time.Time) bool {
	switch k.State {
	case KeyCompromised:
		return false
	case KeySuspended, KeyRetired:
		return k.Since.IsZero() || !at.After(k.Since)
	}
	return true
}

// Entitled tells whether the key was entitled to sign an item (its
// Template.Short) for an organ at a moment, whatever its state is now.
func (k *Key) Entitled(purpose KeyPurpose, item, organ string, at time.Time) bool {
	return k.Purpose == purpose && k.Organ == organ && k.Covers(at) &&
		(len(k.Items) == 0 || slices.Contains(k.Items, item))
}

// KeyList is a set of keys to verify with. It is read-only once made.
type KeyList struct {
	IssuedAt time.Time
	Keys     []*Key

	byKID  map[string]*Key
	byCert map[[32]byte]*Key
}

// NewKeyList indexes keys.
func NewKeyList(issued time.Time, keys []*Key) *KeyList {
	l := &KeyList{IssuedAt: issued, Keys: keys, byKID: make(map[string]*Key, len(keys)), byCert: make(map[[32]byte]*Key, len(keys))}
	for _, k := range keys {
		l.byKID[k.KID] = k
		if len(k.Chain) > 0 {
			l.byCert[sha256.Sum256(k.Chain[0])] = k
		}
	}
	return l
}

// ByKID returns the key with an ID, or nil.
func (l *KeyList) ByKID(kid string) *Key { return l.byKID[kid] }

// ByCertificate returns the key whose certificate this is (DER), or nil.
func (l *KeyList) ByCertificate(der []byte) *Key { return l.byCert[sha256.Sum256(der)] }
