package keys

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

const encryptedKeyType = "ENCRYPTED PRIVATE KEY"

// ExportRoot gives the root's certificate and its private key, encrypted under
// a passphrase of its own, as PEM. It is a form that will still be read in
// twenty years without this program (PKCS #8 with PBES2, RFC 8018):
//
//	openssl pkey -in root-key.pem -passin file:FILE
//
// Keep it off the machine, then call RemoveRoot. It fails with ErrNoRoot once
// that is done, and with ErrLocked.
func (k *Keyring) ExportRoot(passphrase Secret) ([]byte, error) {
	if passphrase.kind != kindPassphrase {
		return nil, errors.New("keys: the root is exported under a passphrase")
	}
	if err := passphrase.strong(); err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	der, err := k.rootDER()
	if err != nil {
		return nil, err
	}
	defer clear(der)
	encrypted, err := encryptPKCS8(der, passphrase.reveal(), k.options.Rand)
	if err != nil {
		return nil, fmt.Errorf("keys: export root: %w", err)
	}
	return append(certificatePEM(k.root), pem.EncodeToMemory(&pem.Block{Type: encryptedKeyType, Bytes: encrypted})...), nil
}

// rootDER is the root's private key as PKCS #8, for the caller to clear.
func (k *Keyring) rootDER() ([]byte, error) {
	k.mu.RLock()
	e := k.rootKey
	k.mu.RUnlock()
	if e == nil {
		return nil, fmt.Errorf("keys: %w", ErrNoRoot)
	}
	s, err := k.private(e)
	if err != nil {
		return nil, fmt.Errorf("keys: %s: %w", k.folder.path(e.file.name()), err)
	}
	return x509.MarshalPKCS8PrivateKey(s.key)
}

// RemoveRoot deletes the root's private key from the folder, after making sure
// that the exported copy opens with the passphrase and holds that very key:
// there is no other. Hand it what was read back from where it is kept.
//
// It fails with ErrNoRoot, or ErrWrongSecret when the copy does not open.
func (k *Keyring) RemoveRoot(exported []byte, passphrase Secret) error {
	k.writing.Lock()
	defer k.writing.Unlock()
	k.mu.RLock()
	e := k.rootKey
	k.mu.RUnlock()
	if e == nil {
		return fmt.Errorf("keys: %w", ErrNoRoot)
	}
	pub, err := exportedKey(exported, passphrase)
	if err != nil {
		return fmt.Errorf("keys: exported root: %w; nothing was removed", err)
	}
	if kid, err := KID(pub); err != nil || kid != e.file.KID {
		return errors.New("keys: exported root: it holds another key; nothing was removed")
	}
	if err := k.folder.remove(e.file.name()); err != nil {
		return fmt.Errorf("keys: remove root: %w", err)
	}
	k.mu.Lock()
	k.rootKey = nil
	k.mu.Unlock()
	e.forget()
	return nil
}

// exportedKey opens an exported root and gives the public half of what is in it.
func exportedKey(exported []byte, passphrase Secret) (crypto.PublicKey, error) {
	if passphrase.kind != kindPassphrase {
		return nil, errors.New("it was exported under a passphrase")
	}
	i := bytes.Index(exported, []byte("-----BEGIN "+encryptedKeyType))
	if i < 0 {
		return nil, errors.New("it holds no encrypted private key")
	}
	block, _ := pem.Decode(exported[i:])
	if block == nil {
		return nil, errors.New("it is cut short")
	}
	p, err := parsePBES2(block.Bytes)
	if err != nil {
		return nil, err
	}
	der, err := p.decrypt(passphrase.reveal())
	if err != nil {
		return nil, err
	}
	defer clear(der)
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, ErrWrongSecret // its padding held by chance, one time in 256
	}
	s, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("its key cannot sign")
	}
	return s.Public(), nil
}
