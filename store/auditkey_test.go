package store

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/store/storetest"
)

// aKey is a key as it is kept, in a state.
func aKey(t *testing.T, kid string, state yinzheng.KeyState, since time.Time) *yinzheng.Key {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	return &yinzheng.Key{KID: kid, Purpose: yinzheng.DocumentKey, NotBefore: storetest.Start, NotAfter: storetest.Start.AddDate(5, 0, 0), State: state, Since: since, Alg: "ES256", Public: key.Public()}
}

// TestTamperedKeys: every key stands as its events say, and every face is the one that
// was added.
func TestTamperedKeys(t *testing.T) {
	content := []byte("a face")
	sum := sha256.Sum256(content)
	digest := hex.EncodeToString(sum[:])
	for text, want := range map[string]FaultKind{
		"": "",
		"UPDATE keys SET state = 'active' WHERE kid = 'suspende'":      ContentChanged,
		"UPDATE keys SET since = since + 1 WHERE kid = 'suspende'":     ContentChanged,
		"UPDATE keys SET since = 'long ago' WHERE kid = 'suspende'":    ContentChanged,
		"UPDATE keys SET state = 'suspended' WHERE kid = 'retired1'":   ContentChanged,
		"UPDATE keys SET state = 'compromised' WHERE kid = 'retired1'": ContentChanged,
		"UPDATE keys SET state = 7 WHERE kid = 'untouche'":             ContentChanged,
		"DELETE FROM keys WHERE kid = 'suspende'":                      ContentMissing,
		"DELETE FROM faces": ContentMissing,
		"INSERT INTO faces (digest, name, added_at, account) VALUES ('00', 'x', 0, 'u1')": ContentExtra,
		"UPDATE files SET content = x'00'":                                                FileChanged,
		"DELETE FROM files":                                                               FileMissing,
	} {
		path := filepath.Join(t.TempDir(), "yinzheng.db")
		s := openFile(t, path)
		ctx, suspended := t.Context(), storetest.Start.Add(time.Hour).Truncate(time.Second)
		check(t, s.PutKey(ctx, aKey(t, "untouche", yinzheng.KeyActive, storetest.Start)))
		check(t, s.PutKey(ctx, aKey(t, "retired1", yinzheng.KeyRetired, storetest.Start))) // by an earlier program, without an event
		check(t, s.PutKey(ctx, aKey(t, "suspende", yinzheng.KeySuspended, suspended)))
		check(t, s.Record(ctx, yinzheng.Event{At: suspended, Kind: yinzheng.EventKeySuspended, Subject: "suspende", By: "u1", Detail: "怀疑被盗用"}))
		check(t, s.AddFile(ctx, digest, content))
		check(t, s.AddFace(ctx, &yinzheng.Face{Digest: digest, Name: "Added", At: suspended, By: "u1"}))
		check(t, s.Record(ctx, yinzheng.Event{At: suspended, Kind: yinzheng.EventFaceAdded, Subject: digest, By: "u1", Detail: "Added U+20BB7"}))
		check(t, s.Close())
		if got := forged(t, path, text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// TestKeysStay: the database itself refuses to use a key again that was stopped for
// good, to make one another, and to change what was added.
func TestKeysStay(t *testing.T) {
	s := openMemory(t)
	ctx := t.Context()
	check(t, s.PutKey(ctx, aKey(t, "retired1", yinzheng.KeyRetired, storetest.Start)))
	check(t, s.PutKey(ctx, aKey(t, "compromi", yinzheng.KeyCompromised, storetest.Start)))
	check(t, s.AddFace(ctx, &yinzheng.Face{Digest: "aa", Name: "Added", At: storetest.Start}))
	_, err := s.MissCharacter(ctx, &yinzheng.MissingCharacter{Character: '𠮷', Opened: storetest.Start}, "A1")
	check(t, err)
	for _, text := range []string{
		"DELETE FROM keys", "UPDATE keys SET kid = 'other' WHERE kid = 'retired1'", "UPDATE keys SET organ = 'x'", "UPDATE keys SET public = x'00'", "UPDATE keys SET purpose = 'token'",
		"UPDATE keys SET state = 'active' WHERE kid = 'retired1'", "UPDATE keys SET state = 'suspended' WHERE kid = 'retired1'",
		"UPDATE keys SET state = 'active' WHERE kid = 'compromi'", "UPDATE keys SET state = 'retired' WHERE kid = 'compromi'",
		"UPDATE faces SET name = 'x'", "DELETE FROM faces", "INSERT OR REPLACE INTO faces SELECT * FROM faces",
		"DELETE FROM missing_characters", "UPDATE missing_characters SET code_point = 1", "UPDATE missing_characters SET office = 'x', closed_at = 1",
	} {
		if _, err := s.writer.conn.ExecContext(ctx, text); err == nil {
			t.Errorf("done: %s", text)
		}
	}
	for _, next := range []yinzheng.KeyState{yinzheng.KeyRetired, yinzheng.KeyCompromised} {
		if _, err := s.writer.conn.ExecContext(ctx, "UPDATE keys SET state = $1 WHERE kid = 'retired1'", string(next)); err != nil {
			t.Error(err)
		}
	}
}
