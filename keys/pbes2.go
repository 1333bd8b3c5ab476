package keys

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
)

// Password-based encryption of a private key: PBES2 of RFC 8018 section 6.2
// with PBKDF2 on HMAC-SHA-256 and AES-256-CBC, inside the EncryptedPrivateKeyInfo
// of RFC 5958 section 3. It is the strongest combination that every common tool
// reads.

var (
	oidPBES2      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	oidHMACSHA256 = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9}
	oidAES256CBC  = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}
)

// pbkdf2Iterations is what the OWASP password storage cheat sheet asks of
// PBKDF2 with HMAC-SHA-256.
const pbkdf2Iterations = 600_000

const maxPBKDF2Iterations = 10_000_000

type encryptedPrivateKeyInfo struct {
	Algorithm struct {
		ID     asn1.ObjectIdentifier
		Params pbes2Params
	}
	Data []byte
}

type pbes2Params struct {
	KDF struct {
		ID     asn1.ObjectIdentifier
		Params pbkdf2Params
	}
	Cipher struct {
		ID asn1.ObjectIdentifier
		IV []byte
	}
}

type pbkdf2Params struct {
	Salt       []byte
	Iterations int
	PRF        pkix.AlgorithmIdentifier
}

// encryptPKCS8 gives an EncryptedPrivateKeyInfo in DER.
func encryptPKCS8(plain, passphrase []byte, random io.Reader) ([]byte, error) {
	salt, iv := make([]byte, saltSize), make([]byte, aes.BlockSize)
	for _, b := range [][]byte{salt, iv} {
		if _, err := io.ReadFull(random, b); err != nil {
			return nil, fmt.Errorf("draw salt: %w", err)
		}
	}
	var p encryptedPrivateKeyInfo
	p.Algorithm.ID = oidPBES2
	p.Algorithm.Params.KDF.ID = oidPBKDF2
	p.Algorithm.Params.KDF.Params = pbkdf2Params{
		Salt: salt, Iterations: pbkdf2Iterations,
		PRF: pkix.AlgorithmIdentifier{Algorithm: oidHMACSHA256, Parameters: asn1.NullRawValue},
	}
	p.Algorithm.Params.Cipher.ID = oidAES256CBC
	p.Algorithm.Params.Cipher.IV = iv
	block, err := p.cipher(passphrase)
	if err != nil {
		return nil, err
	}
	n := aes.BlockSize - len(plain)%aes.BlockSize
	p.Data = append(bytes.Clone(plain), bytes.Repeat([]byte{byte(n)}, n)...)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(p.Data, p.Data) //nolint:gosec // the IV is random, drawn above
	return asn1.Marshal(p)
}

// parsePBES2 reads an EncryptedPrivateKeyInfo of the one form that
// encryptPKCS8 writes.
func parsePBES2(der []byte) (*encryptedPrivateKeyInfo, error) {
	p := new(encryptedPrivateKeyInfo)
	rest, err := asn1.Unmarshal(der, p)
	if err != nil || len(rest) > 0 {
		return nil, errors.New("it is not an encrypted private key as this program writes it")
	}
	kdf, c := p.Algorithm.Params.KDF, p.Algorithm.Params.Cipher
	switch {
	case !p.Algorithm.ID.Equal(oidPBES2), !kdf.ID.Equal(oidPBKDF2), !kdf.Params.PRF.Algorithm.Equal(oidHMACSHA256),
		!c.ID.Equal(oidAES256CBC):
		return nil, errors.New("its encryption is not PBES2 with PBKDF2, HMAC-SHA-256 and AES-256-CBC")
	case kdf.Params.Iterations < 1 || kdf.Params.Iterations > maxPBKDF2Iterations:
		return nil, errors.New("its iteration count is out of range")
	case len(c.IV) != aes.BlockSize || len(p.Data) == 0 || len(p.Data)%aes.BlockSize != 0:
		return nil, errors.New("a value is of the wrong length")
	}
	return p, nil
}

// decrypt fails with ErrWrongSecret. The form has no checksum: one wrong
// passphrase in 256 gives garbage, which the caller's parser refuses.
func (p *encryptedPrivateKeyInfo) decrypt(passphrase []byte) ([]byte, error) {
	block, err := p.cipher(passphrase)
	if err != nil {
		return nil, err
	}
	plain := make([]byte, len(p.Data))
	cipher.NewCBCDecrypter(block, p.Algorithm.Params.Cipher.IV).CryptBlocks(plain, p.Data)
	n := int(plain[len(plain)-1])
	if n < 1 || n > aes.BlockSize || !bytes.HasSuffix(plain, bytes.Repeat([]byte{byte(n)}, n)) {
		clear(plain)
		return nil, ErrWrongSecret
	}
	return plain[:len(plain)-n], nil
}

func (p *encryptedPrivateKeyInfo) cipher(passphrase []byte) (cipher.Block, error) {
	kdf := p.Algorithm.Params.KDF.Params
	key, err := pbkdf2.Key(sha256.New, string(passphrase), kdf.Salt, kdf.Iterations, 32)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	return aes.NewCipher(key)
}
