// Package keys loads, creates and rotates seals and keys. Nothing else in the
// program touches private key material.
//
// A key folder holds
//
//	master.json   how the 256-bit master key is wrapped (see [Secret])
//	root.pem      the root certificate
//	root.crl      the root's revocation list, DER
//	KID.json      one key each: certificate chain, and private half sealed
//	              under the master key
//
// [Create] makes a folder with a root and an issuing CA and [Open] opens it.
// Both give a [Keyring], which makes seals, hands out their signers, and signs
// revocation lists. The passphrase is stretched once, at that moment; each
// private key is unsealed when it is first asked for and stays in memory until
// [Keyring.Close].
//
// A seal's file says what the key is and what it is for. It does not say
// whether the seal is active, suspended or compromised: those states are dated,
// belong to the office's business and are kept in the store, so that there is
// one place to ask. The one thing that happens to a key here is that its
// private half goes ([Keyring.Retire]); its certificates stay for ever, because
// what it signed must verify for ever.
//
// A folder belongs to one running program. Another process may add keys to it
// safely (every write is atomic), but a program sees them only when it opens
// the folder again.
//
// Certificate chains are given leaf first, then the issuing CA, then the root.
package keys

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Errors that callers tell apart. Each comes wrapped with the file or the kid
// that it is about, and none ever contains a secret.
var (
	// ErrNotFound: the ring holds no key of that kid.
	ErrNotFound = errors.New("no such key")
	// ErrOutside: the key exists, and now is before or after its certificate's validity.
	ErrOutside = errors.New("outside the certificate's validity")
	// ErrRetired: the private half was deleted; the certificate still verifies.
	ErrRetired = errors.New("the key is retired, its private half was deleted")
	// ErrLocked: the ring was closed.
	ErrLocked = errors.New("the key ring is locked")
	// ErrWrongSecret: the passphrase or the key file does not open the folder.
	ErrWrongSecret = errors.New("the key folder was not opened")
	// ErrExists: Create found something at the folder's place.
	ErrExists = errors.New("there is something at this place already")
	// ErrDamaged: a file is cut, swapped, or was edited outside this program.
	ErrDamaged = errors.New("damaged, or changed outside this program; restore it from a backup")
	// ErrExposed: a file or folder that others on the machine may read or write.
	ErrExposed = errors.New("others on this machine may read or change it")
	// ErrNoRoot: the root's private key was exported and removed, as it should be.
	ErrNoRoot = errors.New("the root's private key is not in this folder any more")
)

// Purpose is what a seal's key signs. One key has one purpose for its life.
type Purpose string

// The purposes of seals.
const (
	Document Purpose = "document" // certificates as PDF
	Token    Purpose = "token"    // tokens in QR codes
	Status   Purpose = "status"   // status lists
	Log      Purpose = "log"      // heads of the transparency log
	Reply    Purpose = "reply"    // replies to inquiries
)

// The purposes of the two CAs, which are no seals: they never appear in List.
const (
	purposeRoot    Purpose = "root"
	purposeIssuing Purpose = "issuing"
)

// Algorithm is the kind of a key.
type Algorithm string

// The algorithms of seals. RSA is for document seals only, for readers that
// know no elliptic curves; an RSA signature does not fit a QR code.
const (
	ES256   Algorithm = "ES256" // ECDSA on P-256 with SHA-256
	RSA2048 Algorithm = "RSA-2048"
	RSA3072 Algorithm = "RSA-3072"
)

// Organ is the legal issuer whose seal a key is. It goes into the certificate.
type Organ struct {
	Name     string `json:"name"`               // 惠州市惠城区民政局
	Code     string `json:"code,omitempty"`     // unified social credit code of 18 characters (GB 32100), or empty
	Province string `json:"province,omitempty"` // 广东省
	Locality string `json:"locality,omitempty"` // 惠州市
}

// Seal is the public side of one key: all that a published key list needs.
// The certificates are shared and must not be changed.
type Seal struct {
	KID       string // first 8 base64url characters of the key's RFC 7638 thumbprint
	Purpose   Purpose
	Organ     Organ
	Algorithm Algorithm
	Created   time.Time
	// Chain is the certificate in force, its issuing CA, and the root.
	Chain []*x509.Certificate
	// Former are the chains that an import replaced, oldest first. What was
	// signed under one of them is still matched by that certificate.
	Former [][]*x509.Certificate
	// Retired says that the private half was deleted.
	Retired bool
}

// Certificate is the seal's own certificate; its NotBefore and NotAfter are the
// seal's validity.
func (s Seal) Certificate() *x509.Certificate { return s.Chain[0] }

// Public is the public half of the seal's key.
func (s Seal) Public() crypto.PublicKey { return s.Chain[0].PublicKey }

// Options are the circumstances of a ring.
type Options struct {
	// Name is the system's name in the CAs' certificates, "Yinzheng" when
	// empty: it makes "Yinzheng Root" and "Yinzheng Issuing CA". Only Create
	// reads it.
	Name string
	// PublicURL is the address of this system as others reach it, such as
	// https://zm.example.gov.cn. Certificates carry it: revocation lists are
	// at PublicURL/ca/0.crl (the root's) and PublicURL/ca/1.crl. Needed
	// whenever a certificate is made.
	PublicURL string
	// Now is the clock, time.Now when nil.
	Now func() time.Time
	// Rand is the source of salts, nonces, serial numbers and keys,
	// crypto/rand when nil. Go's ECDSA takes its own randomness regardless.
	Rand io.Reader
}

func (o Options) withDefaults() Options {
	if o.Name == "" {
		o.Name = "Yinzheng"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	o.PublicURL = strings.TrimRight(o.PublicURL, "/")
	return o
}

// crlURL is where the revocation list of CA n is published.
func (o Options) crlURL(n int) (string, error) {
	u, err := url.Parse(o.PublicURL)
	switch {
	case o.PublicURL == "":
		return "", errors.New("the public URL is not set, and certificates carry the address of their revocation list")
	case err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.RawQuery != "" || u.Fragment != "":
		return "", fmt.Errorf("the public URL %q is not an address such as https://zm.example.gov.cn", o.PublicURL)
	}
	return fmt.Sprintf("%s/ca/%d.crl", o.PublicURL, n), nil
}

// Keyring is an open key folder. Its methods may be called from several
// goroutines at once. It prints as a word, never as its contents.
type Keyring struct {
	folder  folder
	options Options
	root    *x509.Certificate

	writing sync.Mutex // held over a change to the folder, which may take a disk's time

	mu      sync.RWMutex // guards what follows; never held over input or output
	vault   *vault       // nil once closed
	entries map[string]*entry
	issuing *entry
	rootKey *entry // nil once exported and removed
}

// entry is one key of the ring. It is replaced, never changed, but for the
// signer that it remembers.
type entry struct {
	file *keyFile
	seal Seal

	mu     sync.Mutex
	signer *signer
}

// Open opens a key folder. Besides stretching the passphrase (tens of
// milliseconds and 19 MiB, given back afterwards) it reads each file once and
// checks it.
//
// It fails with ErrWrongSecret, ErrExposed, ErrDamaged, or fs.ErrNotExist where
// there is no key folder.
func Open(dir string, secret Secret, o Options) (*Keyring, error) {
	f := folder(dir)
	m, err := f.master()
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	v, err := m.unlock(secret)
	if err != nil {
		return nil, fmt.Errorf("keys: %s: %w", f.path(masterName), err)
	}
	k := &Keyring{folder: f, options: o.withDefaults(), vault: v}
	if err := k.load(); err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	return k, nil
}

// load reads every key of the folder and its root certificate.
func (k *Keyring) load() error {
	names, err := k.folder.keyNames()
	if err != nil {
		return err
	}
	k.entries = make(map[string]*entry, len(names))
	certs := make(certificates)
	for _, name := range names {
		e, err := k.loadKey(k.vault, name, certs)
		if err != nil {
			return err
		}
		if err := k.place(e); err != nil {
			return fmt.Errorf("%s: %w", k.folder.path(name), err)
		}
	}
	if k.issuing == nil {
		return fmt.Errorf("%s: %w (the issuing CA's key file is missing)", string(k.folder), ErrDamaged)
	}
	return k.loadRoot()
}

// Refresh reads the keys that others have added to the folder. The ring keeps those
// that it has. It fails with ErrLocked, ErrExposed or ErrDamaged.
func (k *Keyring) Refresh() error {
	k.writing.Lock()
	defer k.writing.Unlock()
	v, err := k.unlocked()
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	names, err := k.folder.keyNames()
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	var added []*entry
	for _, name := range names {
		if k.has(name) {
			continue
		}
		e, err := k.loadKey(v, name, make(certificates))
		if err != nil {
			return fmt.Errorf("keys: %w", err)
		}
		added = append(added, e)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, e := range added {
		if err := k.place(e); err != nil {
			return fmt.Errorf("keys: %s: %w", k.folder.path(e.file.name()), err)
		}
	}
	return nil
}

// has tells whether the ring holds the key of a file.
func (k *Keyring) has(name string) bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, ca := range []*entry{k.issuing, k.rootKey} {
		if ca != nil && ca.file.name() == name {
			return true
		}
	}
	return k.entries[strings.TrimSuffix(name, ".json")] != nil
}

func (k *Keyring) loadKey(v *vault, name string, certs certificates) (*entry, error) {
	b, err := k.folder.read(name)
	if err != nil {
		return nil, err
	}
	f, err := parseKeyFile(b)
	if err == nil && name != f.name() {
		err = fmt.Errorf("it holds key %s", f.KID)
	}
	if err == nil {
		err = v.verify(f, b)
	}
	var e *entry
	if err == nil {
		e, err = newEntry(f, certs)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w (%w)", k.folder.path(name), ErrDamaged, err)
	}
	return e, nil
}

// place puts an entry where its purpose belongs.
func (k *Keyring) place(e *entry) error {
	slot := map[Purpose]**entry{purposeRoot: &k.rootKey, purposeIssuing: &k.issuing}[e.file.Purpose]
	switch {
	case slot == nil:
		k.entries[e.file.KID] = e
	case *slot != nil:
		return fmt.Errorf("%w (the folder has two %s keys)", ErrDamaged, e.file.Purpose)
	default:
		*slot = e
	}
	return nil
}

// newEntry is the entry of a checked key file.
func newEntry(f *keyFile, certs certificates) (*entry, error) {
	chain, err := certs.chain(f.Chain)
	if err != nil {
		return nil, err
	}
	kid, err := KID(chain[0].PublicKey)
	if err != nil {
		return nil, err
	}
	if kid != f.KID {
		return nil, fmt.Errorf("its certificate is of key %s", kid)
	}
	s := Seal{
		KID: f.KID, Purpose: f.Purpose, Organ: f.Organ, Algorithm: f.Algorithm,
		Created: f.Created, Chain: chain, Retired: f.Sealed == nil,
	}
	for _, ders := range f.Former {
		former, err := certs.chain(ders)
		if err != nil {
			return nil, err
		}
		s.Former = append(s.Former, former)
	}
	return &entry{file: f, seal: s}, nil
}

// List is every seal of the ring, retired ones too, oldest first.
func (k *Keyring) List() []Seal {
	k.mu.RLock()
	defer k.mu.RUnlock()
	seals := make([]Seal, 0, len(k.entries))
	for _, e := range k.entries {
		seals = append(seals, e.seal)
	}
	slices.SortFunc(seals, func(a, b Seal) int {
		if c := a.Created.Compare(b.Created); c != 0 {
			return c
		}
		return strings.Compare(a.KID, b.KID)
	})
	return seals
}

// Seal is the seal of one kid, or ErrNotFound.
func (k *Keyring) Seal(kid string) (Seal, error) {
	e, err := k.find(kid)
	if err != nil {
		return Seal{}, err
	}
	return e.seal, nil
}

// Signer is the private half of a seal's key and its certificate chain. An
// ECDSA key signs to ASN.1 DER, an RSA key as its options ask.
//
// It fails with ErrNotFound, ErrOutside, ErrRetired or ErrLocked. Whether the
// seal is suspended, and what it may seal, is the store's to say: ask first.
func (k *Keyring) Signer(kid string) (crypto.Signer, []*x509.Certificate, error) {
	e, err := k.find(kid)
	if err != nil {
		return nil, nil, err
	}
	return k.signer(e)
}

// Issuer is the issuing CA: its signer, for the published key list, and its
// chain (itself, then the root). It fails with ErrOutside or ErrLocked.
func (k *Keyring) Issuer() (crypto.Signer, []*x509.Certificate, error) {
	return k.signer(k.issuing)
}

// Root is the root certificate.
func (k *Keyring) Root() *x509.Certificate { return k.root }

// Close forgets every key in memory; signers asked for later fail with
// ErrLocked. Signers handed out before keep working.
func (k *Keyring) Close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.vault = nil
	for _, e := range k.entries {
		e.forget()
	}
	k.issuing.forget()
	if k.rootKey != nil {
		k.rootKey.forget()
	}
}

func (k *Keyring) find(kid string) (*entry, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	e := k.entries[kid]
	if e == nil {
		return nil, fmt.Errorf("keys: %q: %w", shorten(kid), ErrNotFound)
	}
	return e, nil
}

// shorten keeps an asker's kid, which may be any bytes of any length, from
// filling a log.
func shorten(kid string) string {
	if len(kid) > 24 {
		return kid[:24] + "…"
	}
	return kid
}

func (k *Keyring) signer(e *entry) (crypto.Signer, []*x509.Certificate, error) {
	now, leaf := k.options.Now(), e.seal.Chain[0]
	if now.Before(leaf.NotBefore) || now.After(leaf.NotAfter) {
		return nil, nil, fmt.Errorf("keys: %s: %w (%s to %s)", e.seal.KID, ErrOutside,
			leaf.NotBefore.Format(time.RFC3339), leaf.NotAfter.Format(time.RFC3339))
	}
	s, err := k.private(e)
	if err != nil {
		return nil, nil, fmt.Errorf("keys: %s: %w", k.folder.path(e.file.name()), err)
	}
	return s, e.seal.Chain, nil
}

// private is the one place where a private half is obtained. Today it is
// unsealed from the key's own file; a key that lives in an HSM will be reached
// from here, by what its file says of it, and nothing above will know.
func (k *Keyring) private(e *entry) (*signer, error) {
	v, err := k.unlocked()
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.signer != nil {
		return e.signer, nil
	}
	if e.file.Sealed == nil {
		return nil, ErrRetired
	}
	s, err := v.unseal(e.file)
	if err != nil {
		return nil, err
	}
	e.signer = &signer{s}
	return e.signer, nil
}

func (k *Keyring) unlocked() (*vault, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.vault == nil {
		return nil, ErrLocked
	}
	return k.vault, nil
}

func (e *entry) forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.signer = nil
}

// Format keeps every verb of fmt from reaching the contents.
func (k *Keyring) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "keys.Keyring(redacted)") }

// LogValue keeps slog from reaching the contents.
func (k *Keyring) LogValue() slog.Value { return slog.StringValue("keys.Keyring(redacted)") }

// signer hides the key that it signs with, which fmt would print to the last
// digit. It holds any crypto.Signer, so that callers cannot come to rely on the
// key being in memory.
type signer struct{ key crypto.Signer }

func (s *signer) Public() crypto.PublicKey { return s.key.Public() }

func (s *signer) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return s.key.Sign(random, digest, opts)
}

func (s *signer) Format(st fmt.State, _ rune) { _, _ = io.WriteString(st, "keys.Signer(redacted)") }

func (s *signer) LogValue() slog.Value { return slog.StringValue("keys.Signer(redacted)") }

// plainText says whether a name may stand in a certificate: valid UTF-8 with no
// control characters and nothing to trim, of at most limit characters.
func plainText(s string, limit int) bool {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > limit || strings.TrimSpace(s) != s {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		// Bidi marks and zero-width characters make one name look like another.
		return r < 0x20 || (r >= 0x7f && r < 0xa0) || (r >= 0x200b && r <= 0x200f) ||
			(r >= 0x2028 && r <= 0x202e) || (r >= 0x2060 && r <= 0x206f) || r == 0xfeff || r == utf8.RuneError
	})
}
