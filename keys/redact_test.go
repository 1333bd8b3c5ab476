package keys

import (
	"bytes"
	"crypto/ecdsa"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"testing"
)

// TestNothingPrinted prints all that holds a secret in every way that fmt, slog
// and JSON know, on its own and inside other things.
func TestNothingPrinted(t *testing.T) {
	k, _, seal := newRing(t)
	s, _, err := k.Signer(seal.KID)
	if err != nil {
		t.Fatal(err)
	}
	private := s.(*signer).key.(*ecdsa.PrivateKey)
	d, err := private.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	forms := []string{
		testPassphrase, fmt.Sprint([]byte(testPassphrase)), hex.EncodeToString([]byte(testPassphrase)),
		fmt.Sprintf("%#v", []byte(testPassphrase)),
		fmt.Sprint(d), hex.EncodeToString(d), new(big.Int).SetBytes(d).String(),
		fmt.Sprint(k.vault.fileKey), hex.EncodeToString(k.vault.fileKey),
	}
	for i, f := range forms {
		forms[i] = strings.Trim(f, "[]{}")
	}
	leaks := func(how, out string) {
		t.Helper()
		for _, f := range forms {
			if strings.Contains(strings.ToLower(out), strings.ToLower(f)) {
				t.Errorf("%s prints %.40q", how, f)
			}
		}
	}
	type inside struct {
		secret Secret
		ring   *Keyring
		signer any
		all    []any
	}
	in := inside{testSecret, k, s, []any{testSecret, k, s}}
	for _, v := range []any{testSecret, &testSecret, k, s, in, &in, []Secret{testSecret}, map[string]any{"a": in}, k.entries[seal.KID].signer} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p"} {
			leaks(fmt.Sprintf("%s of %T", verb, v), fmt.Sprintf(verb, v))
		}
		var b bytes.Buffer
		slog.New(slog.NewTextHandler(&b, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "v", v)
		if j, err := json.Marshal(v); err == nil {
			b.Write(j)
		}
		leaks(fmt.Sprintf("slog or JSON of %T", v), b.String())
	}
	for _, v := range []any{testSecret, k, s} {
		if got := fmt.Sprintf("%#v", v); !strings.HasSuffix(got, "(redacted)") {
			t.Errorf("%T prints as %s", v, got)
		}
	}
}
