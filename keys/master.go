package keys

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"golang.org/x/crypto/argon2"
)

const masterName = "master.json"

const (
	masterVersion = 1
	masterSize    = 32 // bytes
	saltSize      = 16 // RFC 9106 section 3.1
	checkSize     = 16
	nonceSize     = 12 // NIST SP 800-38D section 8.2
	tagSize       = 16
)

// What a key is derived or used for, so that no derived value serves twice.
const (
	infoWrap   = "yinzheng keys 1: wrap the master key"
	infoCheck  = "yinzheng keys 1: check the secret"
	infoSeal   = "yinzheng keys 1: seal private keys"
	infoFile   = "yinzheng keys 1: authenticate key files"
	infoMaster = "yinzheng keys 1: master key"
)

// stretching are the parameters of argon2id (RFC 9106).
type stretching struct {
	Name      string `json:"name"`
	Salt      []byte `json:"salt"`
	Time      uint32 `json:"time"`
	MemoryKiB uint32 `json:"memory_kib"`
	Threads   uint8  `json:"threads"`
}

// The parameters of new folders are the first that the OWASP password storage
// cheat sheet recommends for one thread; they are written in each master.json,
// so a later version may raise them.
const (
	argonTime      = 2
	argonMemoryKiB = 19 * 1024
	argonThreads   = 1
)

// Bounds on what a master.json may ask for, lest an edited one exhaust the
// machine before it is found wrong.
const (
	maxArgonTime      = 64
	maxArgonMemoryKiB = 1 << 20
	maxArgonThreads   = 16
)

// masterFile is master.json: the master key, wrapped by AES-256-GCM under a
// key that argon2id makes of the secret.
type masterFile struct {
	Version int        `json:"version"`
	Secret  string     `json:"secret"` // kindPassphrase or kindKeyFile
	KDF     stretching `json:"kdf"`
	// Check tells a wrong secret from a damaged file. Guessing at it is no
	// easier than guessing at Wrapped.
	Check   []byte `json:"check"`
	Wrapped []byte `json:"wrapped"` // nonce ‖ ciphertext ‖ tag
}

// parseMaster reads a master.json. What it accepts, marshal writes back byte
// for byte.
func parseMaster(b []byte) (*masterFile, error) {
	m := new(masterFile)
	if err := parseCanonical(b, m); err != nil {
		return nil, err
	}
	switch {
	case m.Version != masterVersion:
		return nil, fmt.Errorf("version %d is not known to this program", m.Version)
	case m.Secret != kindPassphrase && m.Secret != kindKeyFile:
		return nil, fmt.Errorf("secret %q is not known", m.Secret)
	case m.KDF.Name != "argon2id" || len(m.KDF.Salt) != saltSize ||
		m.KDF.Time < 1 || m.KDF.Time > maxArgonTime ||
		m.KDF.MemoryKiB < 8 || m.KDF.MemoryKiB > maxArgonMemoryKiB ||
		m.KDF.Threads < 1 || m.KDF.Threads > maxArgonThreads:
		return nil, errors.New("its key derivation is not one this program would have chosen")
	case len(m.Check) != checkSize || len(m.Wrapped) != nonceSize+masterSize+tagSize:
		return nil, errors.New("a value is of the wrong length")
	}
	return m, nil
}

// master checks the folder and reads its master.json.
func (d folder) master() (*masterFile, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	b, err := d.read(masterName)
	if err != nil {
		return nil, err
	}
	m, err := parseMaster(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w (%w)", d.path(masterName), ErrDamaged, err)
	}
	return m, nil
}

// newMaster draws a master key and wraps it under secret.
func newMaster(secret Secret, random io.Reader) (*masterFile, *vault, error) {
	master := make([]byte, masterSize)
	defer clear(master)
	if _, err := io.ReadFull(random, master); err != nil {
		return nil, nil, fmt.Errorf("draw master key: %w", err)
	}
	m, err := wrapMaster(master, secret, random)
	if err != nil {
		return nil, nil, err
	}
	v, err := newVault(master)
	return m, v, err
}

func wrapMaster(master []byte, secret Secret, random io.Reader) (*masterFile, error) {
	if err := secret.strong(); err != nil {
		return nil, err
	}
	m := &masterFile{
		Version: masterVersion,
		Secret:  secret.kind,
		KDF: stretching{
			Name: "argon2id", Salt: make([]byte, saltSize),
			Time: argonTime, MemoryKiB: argonMemoryKiB, Threads: argonThreads,
		},
	}
	if _, err := io.ReadFull(random, m.KDF.Salt); err != nil {
		return nil, fmt.Errorf("draw salt: %w", err)
	}
	wrap, check, err := m.KDF.stretch(secret)
	if err != nil {
		return nil, err
	}
	m.Check = check
	m.Wrapped, err = encrypt(wrap, random, master, []byte(infoMaster))
	return m, err
}

// unlock opens the master key, and with it the folder.
func (m *masterFile) unlock(secret Secret) (*vault, error) {
	master, err := m.unwrap(secret)
	if err != nil {
		return nil, err
	}
	defer clear(master)
	return newVault(master)
}

func (m *masterFile) unwrap(secret Secret) ([]byte, error) {
	if secret.kind == "" {
		return nil, fmt.Errorf("%w: it needs a %s", ErrWrongSecret, m.Secret)
	}
	if secret.kind != m.Secret {
		return nil, fmt.Errorf("%w: it needs a %s, and a %s was given", ErrWrongSecret, m.Secret, secret.kind)
	}
	wrap, check, err := m.KDF.stretch(secret)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(check, m.Check) != 1 {
		return nil, fmt.Errorf("%w: wrong %s", ErrWrongSecret, m.Secret)
	}
	master, err := decrypt(wrap, m.Wrapped, []byte(infoMaster))
	if err != nil {
		return nil, fmt.Errorf("%w (the %s is right)", ErrDamaged, m.Secret)
	}
	return master, nil
}

// stretch makes the wrapping key and the check value of a secret.
func (p stretching) stretch(secret Secret) (wrap cipher.AEAD, check []byte, err error) {
	stretched := argon2.IDKey(secret.reveal(), p.Salt, p.Time, p.MemoryKiB, p.Threads, masterSize)
	defer clear(stretched)
	// argon2 leaves 19 MiB of garbage, a fifth of what the whole program may
	// keep when idle, and nothing else is there yet that is dear to collect.
	debug.FreeOSMemory()
	check, err = hkdf.Expand(sha256.New, stretched, infoCheck, checkSize)
	if err != nil {
		return nil, nil, err
	}
	wrap, err = derivedAEAD(stretched, infoWrap)
	return wrap, check, err
}

// derivedAEAD is AES-256-GCM under a key derived from secret for one use.
func derivedAEAD(secret []byte, info string) (cipher.AEAD, error) {
	key, err := hkdf.Expand(sha256.New, secret, info, 32)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// encrypt gives nonce ‖ ciphertext ‖ tag. Nonces are drawn at random: a folder
// sees a few thousand under one key, far below 2³².
func encrypt(aead cipher.AEAD, random io.Reader, plain, extra []byte) ([]byte, error) {
	out := make([]byte, nonceSize, nonceSize+len(plain)+tagSize)
	if _, err := io.ReadFull(random, out); err != nil {
		return nil, fmt.Errorf("draw nonce: %w", err)
	}
	return aead.Seal(out, out, plain, extra), nil
}

func decrypt(aead cipher.AEAD, sealed, extra []byte) ([]byte, error) {
	if len(sealed) < nonceSize+tagSize {
		return nil, errors.New("too short")
	}
	return aead.Open(nil, sealed[:nonceSize], sealed[nonceSize:], extra)
}

// vault is the open master key, as the two keys derived from it.
type vault struct {
	aead    cipher.AEAD // seals private halves
	fileKey []byte      // authenticates whole key files
}

func newVault(master []byte) (*vault, error) {
	aead, err := derivedAEAD(master, infoSeal)
	if err != nil {
		return nil, err
	}
	fileKey, err := hkdf.Expand(sha256.New, master, infoFile, 32)
	if err != nil {
		return nil, err
	}
	return &vault{aead: aead, fileKey: fileKey}, nil
}

func (v *vault) mac(b []byte) []byte {
	h := hmac.New(sha256.New, v.fileKey)
	h.Write(b)
	return h.Sum(nil)
}

// ChangeSecret makes the folder open with another secret. The keys stay as they
// are: only the master key is wrapped anew. A copy of the folder made earlier
// still opens with the old secret.
//
// It fails as Open does, and leaves the folder as it was then.
func ChangeSecret(dir string, old, secret Secret, o Options) error {
	f := folder(dir)
	m, err := f.master()
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	master, err := m.unwrap(old)
	if err != nil {
		return fmt.Errorf("keys: %s: %w", f.path(masterName), err)
	}
	defer clear(master)
	fresh, err := wrapMaster(master, secret, o.withDefaults().Rand)
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	data, err := marshal(fresh)
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	if err := f.write(file{masterName, data}); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	return nil
}
