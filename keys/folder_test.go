package keys

import (
	"bytes"
	"crypto/elliptic"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func p384() elliptic.Curve { return elliptic.P384() }

func b64Int(t *testing.T, s string) *big.Int {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return new(big.Int).SetBytes(b)
}

func dirNames(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, item := range list {
		names = append(names, item.Name())
	}
	return names
}

// The test binary is also the second process of the tests about several.
const roleVariable = "YINZHENG_KEYS_TEST_ROLE"

const exitExists = 17

func TestMain(m *testing.M) {
	role, dir, _ := strings.Cut(os.Getenv(roleVariable), ":")
	switch role {
	case "create":
		_, err := Create(dir, testSecret, testOptions())
		exit(err)
	case "churn":
		exit(churn(dir))
	}
	os.Exit(m.Run())
}

func exit(err error) {
	switch {
	case errors.Is(err, ErrExists):
		os.Exit(exitExists)
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// churn makes and retires seals until it is killed, or long after the test.
func churn(dir string) error {
	k, err := Open(dir, testSecret, testOptions())
	if err != nil {
		return err
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		seals, err := k.NewSeals(SealRequest{Purpose: Token, Organ: testOrgan}, SealRequest{Purpose: Status, Organ: testOrgan})
		if err != nil {
			return err
		}
		if err := k.Retire(seals[1].KID); err != nil {
			return err
		}
	}
	return nil
}

func process(t *testing.T, role, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"="+role+":"+dir)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func TestTwoProcessesCreate(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "keys")
	if err := os.Mkdir(dir, 0o755); err != nil { // an empty one in the way
		t.Fatal(err)
	}
	var all []*exec.Cmd
	for range 4 {
		all = append(all, process(t, "create", dir))
	}
	won := 0
	for _, cmd := range all {
		err := cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code == 0 {
			won++
		} else if code != exitExists {
			t.Errorf("a process that lost: %v", err)
		}
	}
	if won != 1 {
		t.Errorf("%d processes made the folder", won)
	}
	k := reopen(t, dir)
	newSeal(t, k, SealRequest{Purpose: Document, Organ: testOrgan})
	if names := dirNames(t, parent); len(names) != 1 {
		t.Errorf("left beside the folder: %v", names)
	}
}

func TestCreateTakesNothingOver(t *testing.T) {
	_, dir, _ := newRing(t)
	_, err := Create(dir, testSecret, testOptions())
	wantError(t, err, ErrExists, dir)
	reopen(t, dir)

	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Create(path, testSecret, testOptions())
	wantError(t, err, ErrExists, path)
	if b, err := os.ReadFile(path); err != nil || string(b) != "mine" {
		t.Errorf("the file in the way is now %q, %v", b, err)
	}
}

// keyCount is how many seals the folder has, by its files.
func keyCount(t *testing.T, dir string) int {
	t.Helper()
	names, err := folder(dir).keyNames()
	if err != nil {
		t.Fatal(err)
	}
	return len(names) - 2 // the two CAs
}

// TestKilled: a folder is usable whenever the process that writes it is killed,
// and every key in it is whole.
func TestKilled(t *testing.T) {
	k, dir, _ := newRing(t)
	seen := len(k.List())
	for round := range 4 {
		cmd := process(t, "churn", dir)
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		for keyCount(t, dir) < seen+3*round+2 {
			select {
			case err := <-ended:
				t.Fatal("the writer ended by itself:", err)
			case <-time.After(time.Millisecond):
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		<-ended
		k = reopen(t, dir)
		list := k.List()
		if len(list) <= seen {
			t.Fatalf("round %d: no key was added", round)
		}
		seen = len(list)
		for _, s := range list {
			if _, _, err := k.Signer(s.KID); err != nil && !(s.Retired && errors.Is(err, ErrRetired)) {
				t.Error(err)
			}
		}
	}
}

// TestStagedOnly: a crash between writing and naming leaves the old file in
// force, and one between two names the rest as they were.
func TestStagedOnly(t *testing.T) {
	k, dir, seal := newRing(t)
	f := *k.entries[seal.KID].file
	f.Sealed = nil
	data, err := k.vault.encode(&f)
	if err != nil {
		t.Fatal(err)
	}
	temps, err := k.folder.stage([]file{data, {masterName, []byte("half")}})
	if err != nil {
		t.Fatal(err)
	}
	check := func(retired bool) {
		t.Helper()
		got, err := reopen(t, dir).Seal(seal.KID)
		if err != nil || got.Retired != retired {
			t.Errorf("retired is %t, %v; want %t", got.Retired, err, retired)
		}
	}
	check(false)
	if err := k.folder.commit([]file{data}, temps[:1]); err != nil {
		t.Fatal(err)
	}
	check(true)
}

// TestFailedWrite: what could not be written is an error, leaves no litter, and
// the ring goes on with what is on disk.
func TestFailedWrite(t *testing.T) {
	k, dir, seal := newRing(t)
	path := filepath.Join(dir, seal.KID+".json")
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	before := dirNames(t, dir)
	if err := k.Retire(seal.KID); err == nil {
		t.Fatal("retired without a file")
	}
	if after := dirNames(t, dir); len(after) != len(before) {
		t.Errorf("left behind: %v; before: %v", after, before)
	}
	if _, _, err := k.Signer(seal.KID); err != nil {
		t.Error(err)
	}
	if _, err := Open(dir, testSecret, testOptions()); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a folder in a key's place: %v", err)
	}
}

func TestModes(t *testing.T) {
	k, dir, seal := newRing(t)
	check := func(path string, want fs.FileMode) {
		t.Helper()
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o; want %o", path, got, want)
		}
	}
	if err := k.Retire(newSeal(t, k, SealRequest{Purpose: Token, Organ: testOrgan}).KID); err != nil {
		t.Fatal(err)
	}
	check(dir, 0o700)
	for _, name := range dirNames(t, dir) {
		check(filepath.Join(dir, name), 0o600)
	}

	for _, name := range []string{masterName, rootCertName, seal.KID + ".json"} {
		for _, mode := range []fs.FileMode{0o640, 0o604, 0o620, 0o610} {
			path := filepath.Join(dir, name)
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
			_, err := Open(dir, testSecret, testOptions())
			wantError(t, err, ErrExposed, "chmod 600 "+path)
			if err := os.Chmod(path, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.Chmod(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	_, err := Open(dir, testSecret, testOptions())
	wantError(t, err, ErrExposed, "chmod 700 "+dir)
}

func TestNoFolder(t *testing.T) {
	dir := t.TempDir()
	_, err := Open(filepath.Join(dir, "keys"), testSecret, testOptions())
	wantError(t, err, fs.ErrNotExist, "keys")
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err = Open(dir, testSecret, testOptions())
	wantError(t, err, fs.ErrNotExist, masterName)
}

// TestDamage edits a file in each way and wants Open to name it.
func TestDamage(t *testing.T) {
	k, dir, seal := newRing(t)
	other := newSeal(t, k, SealRequest{Purpose: Token, Organ: Organ{Name: "河南岸街道办事处"}})
	retired := newSeal(t, k, SealRequest{Purpose: Token, Organ: testOrgan})
	if err := k.Retire(retired.KID); err != nil {
		t.Fatal(err)
	}
	name := seal.KID + ".json"
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	replace := func(old, with string) func([]byte) []byte {
		return func(b []byte) []byte {
			if !bytes.Contains(b, []byte(old)) {
				t.Fatalf("no %q to replace", old)
			}
			return bytes.Replace(b, []byte(old), []byte(with), 1)
		}
	}
	for _, tt := range []struct {
		name, file string
		edit       func([]byte) []byte
	}{
		{"empty", name, func([]byte) []byte { return nil }},
		{"cut in half", name, func(b []byte) []byte { return b[:len(b)/2] }},
		{"last byte cut", name, func(b []byte) []byte { return b[:len(b)-1] }},
		{"something appended", name, func(b []byte) []byte { return append(b, '\n') }},
		{"another purpose", name, replace(`"document"`, `"token"`)},
		{"unknown purpose", name, replace(`"document"`, `"anything"`)},
		{"another organ", name, replace("民政局", "公安局")},
		{"another code", name, replace("11441302007223876K", "11441302007223877K")},
		{"another algorithm", name, replace("ES256", "RSA-2048")},
		{"another version", name, replace(`"version": 1`, `"version": 2`)},
		{"another date", name, replace("2026-11-02", "2025-11-02")},
		{"a doubled member", name, replace(`"version": 1,`, `"version": 1, "version": 1,`)},
		{"an unknown member", name, replace(`"version": 1,`, `"version": 1, "trusted": true,`)},
		{"a certificate's bit", name, replace(`"chain": [`+"\n    \"MII", `"chain": [`+"\n    \"MIJ")},
		{"another's file", name, func([]byte) []byte { return read(other.KID + ".json") }},
		{"another's kid", name, replace(seal.KID, other.KID)},
		{"a private half brought back", retired.KID + ".json", replace(`"mac"`, `"sealed": "AAAA",`+"\n  \"mac\"")},
		{"another organ on a retired key", retired.KID + ".json", replace("民政局", "公安局")},
		{"huge", name, func(b []byte) []byte { return append(b, make([]byte, maxFile)...) }},
		{"wrapped key", masterName, replace(`"wrapped": "`, `"wrapped": "AAAA`)},
		{"greedy parameters", masterName, replace(`"memory_kib": 19456`, `"memory_kib": 4000000000`)},
		{"zero time", masterName, replace(`"time": 2`, `"time": 0`)},
		{"cut master", masterName, func(b []byte) []byte { return b[:40] }},
		{"root", rootCertName, func(b []byte) []byte { return b[:len(b)-2] }},
	} {
		whole := read(tt.file)
		path := filepath.Join(dir, tt.file)
		if err := os.WriteFile(path, tt.edit(bytes.Clone(whole)), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Open(dir, testSecret, testOptions())
		if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error is %v; want ErrDamaged and %s", tt.name, err, path)
		}
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	reopen(t, dir)
}

func TestDamagedWrappedKey(t *testing.T) {
	_, dir, _ := newRing(t)
	path := filepath.Join(dir, masterName)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := parseMaster(b)
	if err != nil {
		t.Fatal(err)
	}
	m.Wrapped[20] ^= 1
	if b, err = marshal(m); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Open(dir, testSecret, testOptions())
	wantError(t, err, ErrDamaged, "the passphrase is right", path)
}

func TestMissingAndForeignFiles(t *testing.T) {
	k, dir, seal := newRing(t)
	move := func(from, to string) {
		t.Helper()
		if err := os.Rename(filepath.Join(dir, from), filepath.Join(dir, to)); err != nil {
			t.Fatal(err)
		}
	}
	for _, to := range []string{"backup of key.json", "AAAAAAAA.json"} {
		move(seal.KID+".json", to)
		_, err := Open(dir, testSecret, testOptions())
		wantError(t, err, ErrDamaged, to)
		move(to, seal.KID+".json")
	}
	issuing := k.issuing.file.name()
	move(issuing, "away")
	_, err := Open(dir, testSecret, testOptions())
	wantError(t, err, ErrDamaged, "issuing CA")
	move("away", issuing)
	move(rootCertName, "away")
	_, err = Open(dir, testSecret, testOptions())
	wantError(t, err, fs.ErrNotExist, rootCertName)
	move("away", rootCertName)
	if err := os.WriteFile(filepath.Join(dir, "README"), []byte("ours"), 0o644); err != nil {
		t.Fatal(err)
	}
	reopen(t, dir)

	// A key of another folder, whole and with a right name.
	_, foreign, alien := newRing(t)
	if err := os.Rename(filepath.Join(foreign, alien.KID+".json"), filepath.Join(dir, alien.KID+".json")); err != nil {
		t.Fatal(err)
	}
	_, err = Open(dir, testSecret, testOptions())
	wantError(t, err, ErrDamaged, alien.KID)
}

// TestBinding: a private half opens only in the file that it was sealed for,
// even to one who could authenticate the file.
func TestBinding(t *testing.T) {
	k, _, seal := newRing(t)
	other := newSeal(t, k, SealRequest{Purpose: Document, Organ: testOrgan})
	for name, edit := range map[string]func(*keyFile){
		"another key's": func(f *keyFile) { f.Sealed = k.entries[other.KID].file.Sealed },
		"kid":           func(f *keyFile) { f.KID = other.KID },
		"purpose":       func(f *keyFile) { f.Purpose = Token },
		"organ":         func(f *keyFile) { f.Organ.Code = "" },
		"cut":           func(f *keyFile) { f.Sealed = f.Sealed[:20] },
	} {
		f := *k.entries[seal.KID].file
		edit(&f)
		if _, err := k.vault.unseal(&f); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
	if _, err := k.vault.unseal(k.entries[seal.KID].file); err != nil {
		t.Error(err)
	}
}

// TestEntryMatchesKey: a key file whose certificate is for another key is
// refused before anything is signed under it.
func TestEntryMatchesKey(t *testing.T) {
	k, _, seal := newRing(t)
	f := *k.entries[seal.KID].file
	f.Chain = k.issuing.file.Chain
	if _, err := newEntry(&f, make(certificates)); err == nil {
		t.Error("the issuing CA's certificate passes for a seal's")
	}
}
