package keys

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"unicode/utf8"
)

// The kinds of secret that open a folder, as master.json names them.
const (
	kindPassphrase = "passphrase"
	kindKeyFile    = "key file"
)

const (
	minPassphrase = 12 // characters
	minKeyFile    = 32 // bytes
)

// Secret is what opens a key folder: a passphrase, or the bytes of a key file.
// It prints as a word, never as its contents. The zero Secret opens nothing.
type Secret struct {
	kind string
	// reveal gives the secret's own bytes. It is a function because fmt, given
	// a struct with a Secret in an unexported field, calls no method of ours
	// and follows slices and, for some verbs, pointers.
	reveal func() []byte
}

func newSecret(kind string, b []byte) Secret {
	return Secret{kind, func() []byte { return b }}
}

// Passphrase is the secret of someone who types it. Making a folder takes one
// of at least 12 characters.
func Passphrase(s string) Secret {
	return newSecret(kindPassphrase, []byte(s))
}

// ReadKeyFile is the secret in a file, which need be no text: at least 32
// bytes, such as `head -c 32 /dev/urandom > FILE` makes. A file that others may
// read is refused with ErrExposed.
func ReadKeyFile(path string) (Secret, error) {
	b, err := folder(filepath.Dir(path)).read(filepath.Base(path))
	if err != nil {
		return Secret{}, fmt.Errorf("keys: key file: %w", err)
	}
	return newSecret(kindKeyFile, b), nil
}

// Wipe overwrites the secret in memory. It opens nothing afterwards.
func (s Secret) Wipe() {
	if s.reveal != nil {
		clear(s.reveal())
	}
}

// strong refuses a secret that is too short to protect a root of trust.
func (s Secret) strong() error {
	switch s.kind {
	case kindPassphrase:
		if utf8.RuneCount(s.reveal()) < minPassphrase {
			return fmt.Errorf("the passphrase is too short: use at least %d characters", minPassphrase)
		}
	case kindKeyFile:
		if len(s.reveal()) < minKeyFile {
			return fmt.Errorf("the key file is too short: use at least %d random bytes", minKeyFile)
		}
	default:
		return errors.New("no passphrase and no key file was given")
	}
	return nil
}

// Format keeps every verb of fmt from reaching the contents.
func (s Secret) Format(st fmt.State, _ rune) { _, _ = io.WriteString(st, "keys.Secret(redacted)") }

// LogValue keeps slog from reaching the contents.
func (s Secret) LogValue() slog.Value { return slog.StringValue("keys.Secret(redacted)") }
