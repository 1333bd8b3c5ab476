package keys

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"
)

// seedFiles adds every file of a real folder.
func seedFiles(f *testing.F) *Keyring {
	k, dir, seal := newRing(f)
	if err := k.Retire(newSeal(f, k, SealRequest{Purpose: Token, Organ: testOrgan}).KID); err != nil {
		f.Fatal(err)
	}
	for _, name := range []string{masterName, seal.KID + ".json", k.issuing.file.name(), k.rootKey.file.name()} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	return k
}

// FuzzKeyFile: what is parsed is written back byte for byte, and only the very
// files that the vault wrote pass it.
func FuzzKeyFile(f *testing.F) {
	k := seedFiles(f)
	genuine := map[string]bool{}
	for _, e := range []*entry{k.issuing, k.rootKey} {
		b, err := marshal(e.file)
		if err != nil {
			f.Fatal(err)
		}
		genuine[string(b)] = true
	}
	for _, e := range k.entries {
		b, err := marshal(e.file)
		if err != nil {
			f.Fatal(err)
		}
		genuine[string(b)] = true
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := parseKeyFile(b)
		if err != nil {
			return
		}
		again, err := marshal(file)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("parsed\n%s\nwritten\n%s (%v)", b, again, err)
		}
		if k.vault.verify(file, b) == nil && !genuine[string(b)] {
			t.Error("a file that the vault did not write passes it")
		}
		_, _ = newEntry(file, make(certificates))
		if _, err := k.vault.unseal(file); err == nil && !genuine[string(b)] && file.Sealed == nil {
			t.Error("a private half came from nowhere")
		}
	})
}

// FuzzMaster: what is parsed is written back byte for byte, and asks for no more
// memory than is allowed.
func FuzzMaster(f *testing.F) {
	seedFiles(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parseMaster(b)
		if err != nil {
			return
		}
		again, err := marshal(m)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("parsed\n%s\nwritten\n%s (%v)", b, again, err)
		}
		if m.KDF.MemoryKiB > maxArgonMemoryKiB || m.KDF.Time == 0 || m.KDF.Threads == 0 {
			t.Errorf("parameters %+v were let through", m.KDF)
		}
	})
}

// FuzzChain: an imported chain is refused or has between two and six
// certificates.
func FuzzChain(f *testing.F) {
	k, _, seal := newRing(f)
	f.Add(chainPEM(seal.Chain...))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		chain, err := parseChain(b)
		if err != nil {
			return
		}
		if len(chain) < 2 || len(chain) > maxChain {
			t.Errorf("a chain of %d", len(chain))
		}
		_ = checkImport(k.entries[seal.KID].file, chain, testNow)
	})
}

// FuzzExportedRoot: a parsed encrypted key has what decrypting takes for
// granted.
func FuzzExportedRoot(f *testing.F) {
	der, err := encryptPKCS8([]byte("not really a key"), []byte(testPassphrase), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(der)
	f.Fuzz(func(t *testing.T, der []byte) {
		p, err := parsePBES2(der)
		if err != nil || p.Algorithm.Params.KDF.Params.Iterations > 1000 {
			return
		}
		_, _ = p.decrypt([]byte(testPassphrase))
	})
}
