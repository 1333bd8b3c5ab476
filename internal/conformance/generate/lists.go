package main

import (
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/big"
	"time"

	"yinzheng"
	"yinzheng/keys"
	"yinzheng/signer"
)

// keyLists writes the key list, and those that must be refused.
func (w *world) keyLists() error {
	var all []*yinzheng.Key
	for _, p := range plans {
		all = append(all, w.keys[p.name].Key)
	}
	weak, err := w.weakKey()
	if err != nil {
		return err
	}
	token := []*yinzheng.Key{w.keys["token"].Key}
	for _, l := range []struct {
		file string
		by   signer.PrivateKey
		at   time.Time
		keys []*yinzheng.Key
	}{
		{"jwks.json", w.own.PrivateKey, keysAt, all},
		{"jwks-later.json", w.own.PrivateKey, noon, append(token[:1:1], w.keys["status"].Key)},
		{"jwks-old.json", w.own.PrivateKey, oldKeysAt, w.active("token", "compromised token", "document", "status", "town reply")},
		{"jwks-other-root.json", w.other.PrivateKey, keysAt, []*yinzheng.Key{w.keys["stranger's token"].Key}},
		{"jwks-by-seal.json", w.keys["document"].private, keysAt, token},
		{"jwks-stranger-key.json", w.own.PrivateKey, keysAt, append(token[:1:1], w.keys["stranger's token"].Key)},
		{"jwks-twice.json", w.own.PrivateKey, keysAt, append(token[:1:1], token[0])},
		{"jwks-weak.json", w.own.PrivateKey, keysAt, []*yinzheng.Key{weak}},
	} {
		s, err := signer.New(l.by, nil)
		if err != nil {
			return err
		}
		if w.files[l.file], err = s.SignKeyList(yinzheng.NewKeyList(l.at, l.keys)); err != nil {
			return fmt.Errorf("%s: %w", l.file, err)
		}
	}
	var bare map[string]json.RawMessage
	if err := json.Unmarshal(w.files["jwks-twice.json"], &bare); err != nil {
		return err
	}
	delete(bare, "signed")
	w.files["jwks-unsigned.json"], err = json.Marshal(bare)
	return err
}

// active are keys as they were before anything became of one.
func (w *world) active(names ...string) []*yinzheng.Key {
	var keys []*yinzheng.Key
	for _, name := range names {
		k := *w.keys[name].Key
		k.State, k.Since = yinzheng.KeyActive, begin
		keys = append(keys, &k)
	}
	return keys
}

// weakKey is an RSA key of 1024 bits with a certificate of our own CA. Nobody
// knows the factors of its modulus.
func (w *world) weakKey() (*yinzheng.Key, error) {
	var modulus []byte
	for i := byte(0); len(modulus) < 1024/8; i++ {
		part := sha256.Sum256([]byte{'w', 'e', 'a', 'k', i})
		modulus = append(modulus, part[:]...)
	}
	modulus[0] |= 0x80
	modulus[len(modulus)-1] |= 1
	public := &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: 65537}
	leaf, err := w.own.certificate("一致性测试 TEST ONLY weak", public, w.own.ca, w.own.Key)
	if err != nil {
		return nil, err
	}
	k := *w.keys["document"].Key
	k.Alg, k.Public, k.Chain = "RS256", public, [][]byte{leaf.Raw, w.own.ca.Raw, w.own.root.Raw}
	k.KID, err = keys.KID(public)
	return &k, err
}

// statusLists writes list number 1 as it is, as it was before, and cut short;
// another list; and those that must be refused.
func (w *world) statusLists() error {
	now, before := make([]byte, 1<<yinzheng.StatusBits/4), make([]byte, 1<<yinzheng.StatusBits/4)
	for _, name := range w.order {
		c := w.issued[name]
		shift := 2 * (c.index % 4)
		now[c.index/4] |= byte(c.status.Value()) << shift
		if !c.since.After(oldAt) {
			before[c.index/4] |= byte(c.status.Value()) << shift
		}
	}
	for _, l := range []struct {
		file, key string
		number    int
		at        time.Time
		bits      []byte
	}{
		{"status-1.jwt", "status", 1, listAt, now},
		{"status-1-old.jwt", "status", 1, oldAt, before},
		{"status-1-short.jwt", "status", 1, listAt, now[:16]},
		{"status-2.jwt", "status", 2, listAt, make([]byte, len(now))},
		{"status-1-wrong-key.jwt", "token", 1, listAt, now},
		{"status-1-compromised-key.jwt", "compromised status", 1, listAt, now},
		{"status-1-stranger.jwt", "stranger's status", 1, listAt, now},
	} {
		as := w.keys[l.key].private
		as.Purpose = yinzheng.StatusKey
		s, err := signer.New(w.own.PrivateKey, []signer.PrivateKey{as})
		if err != nil {
			return err
		}
		list := &yinzheng.StatusList{
			URI: fmt.Sprintf("%s/status/%d", publicURL, l.number), Number: l.number, IssuedAt: l.at, ExpiresAt: l.at.Add(yinzheng.StatusListLife), Bits: l.bits,
		}
		if w.files[l.file], err = s.SignStatusList(as.KID, list, yinzheng.StatusListTTL); err != nil {
			return fmt.Errorf("%s: %w", l.file, err)
		}
	}
	claims, err := payload(string(w.files["status-1.jwt"]))
	if err != nil {
		return err
	}
	token, err := w.sign("status", fmt.Sprintf(`{"alg":"ES256","kid":%q}`, w.keys["status"].KID), claims)
	w.files["status-1-no-typ.jwt"] = []byte(token)
	return err
}
