package keys

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// SealRequest says what seal to make.
type SealRequest struct {
	Purpose Purpose
	Organ   Organ
	// NotBefore and NotAfter are the validity, in whole seconds, inside that
	// of the issuing CA. Zero is an hour ago, for verifiers whose clocks are
	// slow, and five years on or the issuing CA's end.
	NotBefore, NotAfter time.Time
	Algorithm           Algorithm // ES256 when empty
}

// NewSeal makes one key with a certificate by the issuing CA, on disk when it
// returns.
func (k *Keyring) NewSeal(r SealRequest) (Seal, error) {
	seals, err := k.NewSeals(r)
	if err != nil {
		return Seal{}, err
	}
	return seals[0], nil
}

// NewSeals makes many seals with the disk's cost of a few, in the requests'
// order. A request that cannot be met is an error that names it, before
// anything is written.
func (k *Keyring) NewSeals(requests ...SealRequest) ([]Seal, error) {
	k.writing.Lock()
	defer k.writing.Unlock()
	b, err := k.newBatch()
	if err != nil {
		return nil, err
	}
	for i, r := range requests {
		if err := b.add(r); err != nil {
			return nil, fmt.Errorf("keys: seal %d of %d (%s of %q): %w", i+1, len(requests), r.Purpose, r.Organ.Name, err)
		}
	}
	if err := k.folder.write(b.files...); err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	seals := make([]Seal, len(b.entries))
	k.mu.Lock()
	defer k.mu.Unlock()
	for i, e := range b.entries {
		k.entries[e.file.KID] = e
		seals[i] = e.seal
	}
	return seals, nil
}

// Rotate makes the key that follows kid: same purpose, organ and algorithm,
// with the validity given (zero as in SealRequest). The old key stays as it
// is, so that the store can set the day on which the new one takes over;
// Retire it after that.
func (k *Keyring) Rotate(kid string, notBefore, notAfter time.Time) (Seal, error) {
	old, err := k.Seal(kid)
	if err != nil {
		return Seal{}, err
	}
	return k.NewSeal(SealRequest{old.Purpose, old.Organ, notBefore, notAfter, old.Algorithm})
}

// Retire deletes the private half of a seal for good and keeps its
// certificates. Retiring a retired key changes nothing.
func (k *Keyring) Retire(kid string) error {
	return k.change(kid, func(f *keyFile) error {
		f.Sealed = nil
		return nil
	})
}

// change replaces a seal's file and entry by what edit makes of a copy.
func (k *Keyring) change(kid string, edit func(*keyFile) error) error {
	k.writing.Lock()
	defer k.writing.Unlock()
	old, err := k.find(kid)
	if err != nil {
		return err
	}
	v, err := k.unlocked()
	if err != nil {
		return fmt.Errorf("keys: %s: %w", kid, err)
	}
	f := *old.file
	if err := edit(&f); err != nil {
		return fmt.Errorf("keys: %s: %w", kid, err)
	}
	data, err := v.encode(&f)
	if err != nil {
		return fmt.Errorf("keys: %s: %w", kid, err)
	}
	e, err := newEntry(&f, make(certificates))
	if err != nil {
		return fmt.Errorf("keys: %s: %w", kid, err)
	}
	if err := k.folder.write(data); err != nil {
		return fmt.Errorf("keys: %s: %w", kid, err)
	}
	k.mu.Lock()
	k.entries[kid] = e
	k.mu.Unlock()
	old.forget()
	return nil
}

// batch is a number of new seals, not yet on disk.
type batch struct {
	ring    *Keyring
	vault   *vault
	key     crypto.Signer // the issuing CA's
	issuing []*x509.Certificate
	crl     string
	now     time.Time
	taken   map[string]bool // kids in lower case, as some file systems see them
	certs   certificates
	entries []*entry
	files   []file
}

func (k *Keyring) newBatch() (*batch, error) {
	crl, err := k.options.crlURL(1)
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	key, issuing, err := k.Issuer()
	if err != nil {
		return nil, err
	}
	v, err := k.unlocked()
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	b := &batch{
		ring: k, vault: v, key: key, issuing: issuing, crl: crl, now: k.options.Now(),
		taken: make(map[string]bool), certs: make(certificates),
	}
	for _, c := range issuing {
		b.certs[string(c.Raw)] = c
	}
	// The folder is asked, not the ring: another process may have added keys.
	names, err := k.folder.keyNames()
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	for _, name := range names {
		b.taken[strings.ToLower(strings.TrimSuffix(name, ".json"))] = true
	}
	return b, nil
}

func (b *batch) add(r SealRequest) error {
	b.defaults(&r)
	if err := b.check(r); err != nil {
		return err
	}
	key, err := b.generate(r.Algorithm)
	if err != nil {
		return err
	}
	leaf, err := b.certify(r, key.Public())
	if err != nil {
		return err
	}
	chain := append([]*x509.Certificate{leaf}, b.issuing...)
	b.certs[string(leaf.Raw)] = leaf
	f, data, err := b.vault.newKeyFile(keyFile{Purpose: r.Purpose, Organ: r.Organ, Algorithm: r.Algorithm, Created: b.now}, key, chain, b.ring.options.Rand)
	if err != nil {
		return err
	}
	e, err := newEntry(f, b.certs)
	if err != nil {
		return err
	}
	b.entries, b.files = append(b.entries, e), append(b.files, data)
	return nil
}

func (b *batch) defaults(r *SealRequest) {
	if r.Algorithm == "" {
		r.Algorithm = ES256
	}
	if r.NotBefore.IsZero() {
		r.NotBefore = recently(b.now)
		if ca := b.issuing[0].NotBefore; r.NotBefore.Before(ca) {
			r.NotBefore = ca
		}
	}
	if r.NotAfter.IsZero() {
		r.NotAfter = years(r.NotBefore, sealYears)
		if ca := b.issuing[0].NotAfter; r.NotAfter.After(ca) {
			r.NotAfter = ca
		}
	}
	r.NotBefore, r.NotAfter = r.NotBefore.UTC().Truncate(time.Second), r.NotAfter.UTC().Truncate(time.Second)
}

func (b *batch) check(r SealRequest) error {
	words, ok := wording[r.Purpose]
	if !ok {
		return fmt.Errorf("purpose %q is not known", r.Purpose)
	}
	if r.Algorithm != ES256 && r.Purpose != Document {
		return fmt.Errorf("%s is for %s seals only", r.Algorithm, Document)
	}
	if err := r.Organ.check(maxName - utf8.RuneCountInString(words)); err != nil {
		return err
	}
	if ca := b.issuing[0]; !r.NotAfter.After(r.NotBefore) || r.NotBefore.Before(ca.NotBefore) || r.NotAfter.After(ca.NotAfter) {
		return fmt.Errorf("a validity of %s to %s is not inside the issuing CA's, %s to %s",
			r.NotBefore.Format(time.RFC3339), r.NotAfter.Format(time.RFC3339),
			ca.NotBefore.Format(time.RFC3339), ca.NotAfter.Format(time.RFC3339))
	}
	return nil
}

// check says whether an organ's particulars fit a certificate whose common name
// leaves room for limit characters.
func (o Organ) check(limit int) error {
	switch {
	case o.Name == "":
		return errors.New("the organ has no name")
	case !plainText(o.Name, limit):
		return fmt.Errorf("the organ's name has more than %d characters, or one that does not belong in a name", limit)
	case !plainText(o.Province, maxName) || !plainText(o.Locality, maxName):
		return errors.New("the organ's province or locality does not fit a certificate")
	case o.Code != "" && !isCode(o.Code):
		return fmt.Errorf("the organ's code %q is not 18 digits and capital letters", o.Code)
	}
	return nil
}

// isCode says whether s has the shape of a unified social credit code. Its
// check character is the business of those who take it in.
func isCode(s string) bool {
	return len(s) == 18 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z')
	})
}

// generate draws keys until one has a kid of its own.
func (b *batch) generate(a Algorithm) (crypto.Signer, error) {
	for range 8 {
		key, err := generate(a, b.ring.options.Rand)
		if err != nil {
			return nil, err
		}
		kid, err := KID(key.Public())
		if err != nil {
			return nil, err
		}
		if kid = strings.ToLower(kid); !b.taken[kid] {
			b.taken[kid] = true
			return key, nil
		}
	}
	return nil, errors.New("every key drawn has a kid in use; the source of randomness repeats itself")
}

// certify issues a seal's certificate.
func (b *batch) certify(r SealRequest, pub crypto.PublicKey) (*x509.Certificate, error) {
	subject, err := distinguishedName(r.Organ, r.Organ.Name+wording[r.Purpose])
	if err != nil {
		return nil, err
	}
	template, err := certificateTemplate(subject, pub, r.NotBefore, r.NotAfter, b.ring.options.Rand)
	if err != nil {
		return nil, err
	}
	// No extended key usage: readers that look for one differ in which, and
	// openssl cms refuses those that it does not know.
	template.KeyUsage = usage(r.Purpose)
	template.CRLDistributionPoints = []string{b.crl}
	return sign(template, b.issuing[0], pub, b.key, b.ring.options.Rand)
}

// sameChain says whether two chains are the same certificates.
func sameChain(a, b [][]byte) bool { return slices.EqualFunc(a, b, bytes.Equal) }
