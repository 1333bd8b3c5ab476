package keys

import (
	"path/filepath"
	"testing"
)

// BenchmarkOpen45 opens a folder of 45 seals; argon2id is reported on its own.
func BenchmarkOpen45(b *testing.B) {
	k, dir, _ := newRing(b)
	if _, err := k.NewSeals(make45()...); err != nil {
		b.Fatal(err)
	}
	b.Run("load", func(b *testing.B) {
		for b.Loop() {
			again := &Keyring{folder: folder(dir), options: testOptions(), vault: k.vault}
			if err := again.load(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("argon2id", func(b *testing.B) {
		m, err := k.folder.master()
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if _, err := m.unlock(testSecret); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkNewSeals45 makes 45 seals, on disk.
func BenchmarkNewSeals45(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		k, err := Create(filepath.Join(b.TempDir(), "keys"), testSecret, testOptions())
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if _, err := k.NewSeals(make45()...); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSigner(b *testing.B) {
	k, _, seal := newRing(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := k.Signer(seal.KID); err != nil {
			b.Fatal(err)
		}
	}
}
