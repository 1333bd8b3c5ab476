package main

import (
	"path/filepath"
	"testing"

	"yinzheng"
	"yinzheng/keys"
	"yinzheng/signer"
)

// TestTakeUp: what one process has made in the key folder, another one signs with once
// it has taken it up.
func TestTakeUp(t *testing.T) {
	dir, secret, options := filepath.Join(t.TempDir(), "keys"), keys.Passphrase(demoPassword), keys.Options{PublicURL: demoPublic}
	ring, err := keys.Create(dir, secret, options)
	if err != nil {
		t.Fatal(err)
	}
	defer ring.Close()
	old, err := ring.NewSeal(keys.SealRequest{Purpose: keys.Document, Organ: keys.Organ{Name: "惠州市惠城区民政局", Code: "11441302007223876K"}, Algorithm: keys.RSA2048})
	if err != nil {
		t.Fatal(err)
	}
	elsewhere, err := keys.Open(dir, secret, options)
	if err != nil {
		t.Fatal(err)
	}
	defer elsewhere.Close()
	here, there := &sealMaker{ring: ring, sealer: new(signer.Signer)}, &sealMaker{ring: elsewhere, sealer: new(signer.Signer)}
	made, err := here.Succeed(t.Context(), &yinzheng.Key{KID: old.KID})
	if err != nil {
		t.Fatal(err)
	}
	if made.Alg != "RS256" || made.Purpose != yinzheng.DocumentKey || made.Organ != old.Organ.Code || made.State != yinzheng.KeyActive {
		t.Errorf("%+v", made)
	}
	if err := there.TakeUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, m := range map[string]*sealMaker{"where it was made": here, "elsewhere": there} {
		for _, kid := range []string{old.KID, made.KID} {
			if _, err := m.sealer.SignatureSize(kid); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if _, err := here.Succeed(t.Context(), &yinzheng.Key{KID: "nobody"}); err == nil {
		t.Error("a key that is not there has a successor")
	}
}
