package keys

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestRefresh: a ring signs with what another one has made in its folder, and refuses
// what nobody of the folder made.
func TestRefresh(t *testing.T) {
	k, dir, seal := newRing(t)
	other := reopen(t, dir)
	made, err := k.Rotate(seal.KID, testNow, testNow.AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := other.Signer(made.KID); !errors.Is(err, ErrNotFound) {
		t.Fatalf("before: %v", err)
	}
	for range 2 { // again it changes nothing
		if err := other.Refresh(); err != nil {
			t.Fatal(err)
		}
	}
	signer, chain, err := other.Signer(made.KID)
	if err != nil {
		t.Fatal(err)
	}
	checkSigner(t, signer, chain[0])
	if _, _, err := other.Signer(seal.KID); err != nil {
		t.Errorf("the key that it had: %v", err)
	}
	b, err := os.ReadFile(filepath.Join(dir, made.KID+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "AAAAAAAA.json"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := other.Refresh(); !errors.Is(err, ErrDamaged) {
		t.Errorf("a file that is another key's: %v", err)
	}
	if _, _, err := other.Signer(made.KID); err != nil {
		t.Errorf("after a file that cannot be read: %v", err)
	}
	other.Close()
	if err := other.Refresh(); !errors.Is(err, ErrLocked) {
		t.Errorf("closed: %v", err)
	}
}
