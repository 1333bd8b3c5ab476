package keys

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

const keyVersion = 1

// keyFile is one KID.json. What the certificate says (subject, validity, public
// key) is said there alone.
type keyFile struct {
	Version   int       `json:"version"`
	KID       string    `json:"kid"`
	Purpose   Purpose   `json:"purpose"`
	Organ     Organ     `json:"organ,omitzero"` // zero for the two CAs
	Algorithm Algorithm `json:"algorithm"`
	Created   time.Time `json:"created"`
	Chain     [][]byte  `json:"chain"` // DER, leaf first
	// Former are the chains that imports replaced, oldest first.
	Former [][][]byte `json:"former,omitempty"`
	// Sealed is the private half: PKCS #8 under AES-256-GCM, nonce first. It
	// is bound to what the key is for, and absent once the key is retired.
	Sealed []byte `json:"sealed,omitempty"`
	// MAC is HMAC-SHA-256 over the file's bytes before the comma that precedes
	// this member, the last. The binding of Sealed alone would leave the
	// certificates open to change, and a retired key without any protection.
	MAC []byte `json:"mac,omitempty"`
}

func (f *keyFile) name() string { return f.KID + ".json" }

// parseKeyFile reads a key file's form; whether this folder's master key wrote
// it is the vault's to verify. What it accepts, marshal writes back byte for
// byte.
func parseKeyFile(b []byte) (*keyFile, error) {
	f := new(keyFile)
	if err := parseCanonical(b, f); err != nil {
		return nil, err
	}
	switch {
	case f.Version != keyVersion:
		return nil, fmt.Errorf("version %d is not known to this program", f.Version)
	case !isKID(f.KID):
		return nil, errors.New("its kid has a wrong form")
	case wording[f.Purpose] == "" && f.Purpose != purposeRoot && f.Purpose != purposeIssuing:
		return nil, fmt.Errorf("purpose %q is not known to this program", f.Purpose)
	case len(f.Chain) == 0:
		return nil, errors.New("it holds no certificate")
	}
	return f, nil
}

// parseCanonical decodes JSON and refuses every spelling but marshal's: no
// unknown or doubled member, no other order, no other space.
func parseCanonical(b []byte, v any) error {
	if err := json.Unmarshal(b, v); err != nil {
		return err
	}
	again, err := marshal(v)
	if err != nil {
		return err
	}
	if !bytes.Equal(b, again) {
		return errors.New("it is not written as this program writes it")
	}
	return nil
}

func marshal(v any) ([]byte, error) {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(b, '\n'), nil
}

// binding is what a sealed private half is tied to. Moved into another key's
// file, or under another purpose or organ, it does not open.
func (f *keyFile) binding() ([]byte, error) {
	return json.Marshal([]any{"yinzheng keys 1: private key", f.KID, f.Purpose, f.Organ, f.Algorithm})
}

// seal puts the private half into f.
func (v *vault) seal(f *keyFile, key crypto.Signer, random io.Reader) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	defer clear(der)
	extra, err := f.binding()
	if err != nil {
		return err
	}
	f.Sealed, err = encrypt(v.aead, random, der, extra)
	return err
}

// unseal takes the private half out of f.
func (v *vault) unseal(f *keyFile) (crypto.Signer, error) {
	extra, err := f.binding()
	if err != nil {
		return nil, err
	}
	der, err := decrypt(v.aead, f.Sealed, extra)
	if err != nil {
		return nil, ErrDamaged
	}
	defer clear(der)
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		// Not wrapped: a parser's words may quote what it parsed.
		return nil, ErrDamaged
	}
	s, ok := key.(crypto.Signer)
	if !ok {
		return nil, ErrDamaged
	}
	kid, err := KID(s.Public())
	if err != nil || kid != f.KID {
		return nil, fmt.Errorf("%w (its private half is of another key)", ErrDamaged)
	}
	return s, nil
}

// macMember is where the last member of a key file begins. A canonical file
// has it once at most: a string of JSON holds no bare line break.
const macMember = ",\n  \"mac\": "

// encode authenticates f and gives the file to write.
func (v *vault) encode(f *keyFile) (file, error) {
	f.MAC = nil
	b, err := marshal(f)
	if err != nil {
		return file{}, err
	}
	f.MAC = v.mac(bytes.TrimSuffix(b, []byte("\n}\n")))
	b, err = marshal(f)
	return file{f.name(), b}, err
}

// verify says whether f, parsed from b, is as this folder's master key wrote it.
func (v *vault) verify(f *keyFile, b []byte) error {
	covered, _, found := bytes.Cut(b, []byte(macMember))
	if !found || !hmac.Equal(v.mac(covered), f.MAC) {
		return errors.New("its content does not fit its MAC")
	}
	return nil
}

// certificates remembers parsed certificates by their DER: fifty seals share
// one issuing CA and one root.
type certificates map[string]*x509.Certificate

func (c certificates) chain(ders [][]byte) ([]*x509.Certificate, error) {
	chain := make([]*x509.Certificate, len(ders))
	for i, der := range ders {
		cert := c[string(der)]
		if cert == nil {
			var err error
			if cert, err = x509.ParseCertificate(der); err != nil {
				return nil, err
			}
			c[string(der)] = cert
		}
		chain[i] = cert
	}
	return chain, nil
}

func rawChain(chain []*x509.Certificate) [][]byte {
	ders := make([][]byte, len(chain))
	for i, c := range chain {
		ders[i] = c.Raw
	}
	return ders
}
