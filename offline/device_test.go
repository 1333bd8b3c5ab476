package offline_test

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/keys"
	"yinzheng/offline"
	"yinzheng/signer"
)

var now = time.Now().UTC().Truncate(time.Second)

const organ = "11441302DEM001000V"

// issuer is somebody with keys: ours, or a stranger.
type issuer struct {
	t      *testing.T
	root   []byte
	signer *signer.Signer
	seals  []keys.Seal
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	ring, err := keys.Create(t.TempDir()+"/keys", keys.Passphrase("correct horse battery"), keys.Options{PublicURL: "https://h.example"})
	must(t, err)
	t.Cleanup(ring.Close)
	seals, err := ring.NewSeals(
		keys.SealRequest{Purpose: keys.Status, Organ: keys.Organ{Name: "状态名单"}},
		keys.SealRequest{Purpose: keys.Token, Organ: keys.Organ{Name: "桥东街道", Code: organ}})
	must(t, err)
	ca, chain, err := ring.Issuer()
	must(t, err)
	var lent []signer.PrivateKey
	for _, s := range seals {
		key, chain, err := ring.Signer(s.KID)
		must(t, err)
		lent = append(lent, signer.PrivateKey{KID: s.KID, Purpose: yinzheng.KeyPurpose(s.Purpose), Key: key, Chain: der(chain)})
	}
	s, err := signer.New(signer.PrivateKey{Key: ca, Chain: der(chain)}, lent)
	must(t, err)
	return &issuer{t, ring.Root().Raw, s, seals}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func der(chain []*x509.Certificate) (out [][]byte) {
	for _, c := range chain {
		out = append(out, c.Raw)
	}
	return out
}

// keyList is the key list as of a time, with the status key in a state.
func (i *issuer) keyList(at time.Time, state yinzheng.KeyState) []byte {
	i.t.Helper()
	var list []*yinzheng.Key
	for _, s := range i.seals {
		leaf := s.Certificate()
		k := &yinzheng.Key{
			KID: s.KID, Purpose: yinzheng.KeyPurpose(s.Purpose), Organ: s.Organ.Code, OrganName: s.Organ.Name,
			NotBefore: now.Add(-24 * time.Hour), NotAfter: leaf.NotAfter, State: yinzheng.KeyActive, Since: now.Add(-24 * time.Hour), Alg: "ES256", Public: leaf.PublicKey, Chain: der(s.Chain),
		}
		if k.Purpose == yinzheng.StatusKey {
			k.State = state
		}
		list = append(list, k)
	}
	b, err := i.signer.SignKeyList(yinzheng.NewKeyList(at, list))
	must(i.t, err)
	return b
}

// statusList is list 1 as of a time, with the first entry of a value.
func (i *issuer) statusList(at time.Time, v yinzheng.StatusValue) []byte {
	i.t.Helper()
	b, err := i.signer.SignStatusList(i.seals[0].KID, &yinzheng.StatusList{
		URI: "https://h.example/status/1", Number: 1, IssuedAt: at, ExpiresAt: at.Add(yinzheng.StatusListLife), Bits: []byte{byte(v)},
	}, yinzheng.StatusListTTL)
	must(i.t, err)
	return b
}

// paper is what the QR code of the certificate with the first entry holds.
func (i *issuer) paper() string {
	i.t.Helper()
	token, err := i.signer.SignToken(i.seals[1].KID, &yinzheng.Claims{
		Code: "7K2M9QXR4TBW", IssuedAt: now.Add(-time.Hour).Unix(), Item: "JZ", Name: "张*明", Organ: organ, Digest: strings.Repeat("A", 32), Status: 1 << yinzheng.StatusBits,
	})
	must(i.t, err)
	return "https://h.example/v/7K2M9QXR4TBW#" + string(yinzheng.Digits(token))
}

func (i *issuer) device() *offline.Device {
	i.t.Helper()
	d, err := offline.New(&yinzheng.OfflineKit{Root: i.root, Names: map[string]yinzheng.Text{"JZ": {ZH: "居住证明"}}, Host: "h.example"})
	must(i.t, err)
	return d
}

func take(t *testing.T, d *offline.Device, lists ...[]byte) {
	t.Helper()
	for _, l := range lists {
		_, err := d.Take(l, now)
		must(t, err)
	}
}

// says verifies a paper and checks the verdict.
func says(t *testing.T, d *offline.Device, paper string, want yinzheng.Verdict) {
	t.Helper()
	r, err := d.Verify(yinzheng.Recognise(paper, ""), now, "zh")
	must(t, err)
	if r.Verdict != want {
		t.Errorf("the verdict is %s, want %s", r.Verdict, want)
	}
	if r.Tone == "good" {
		t.Error("an answer that was given offline is drawn green")
	}
}

// refuses checks that a list is refused, in words that hold a text.
func refuses(t *testing.T, d *offline.Device, list []byte, words string) {
	t.Helper()
	_, err := d.Take(list, now)
	var e *yinzheng.Error
	if !errors.As(err, &e) || !errors.Is(err, yinzheng.ErrInvalid) || !strings.Contains(e.Text.ZH, words) || e.Text.EN == "" {
		t.Errorf("refused with %v, want %s", err, words)
	}
}

func TestVerify(t *testing.T) {
	us := newIssuer(t)
	d := us.device()
	paper := us.paper()

	if _, err := d.Verify(yinzheng.Recognise(paper, ""), now, "zh"); err == nil {
		t.Error("a verdict without a key list")
	}
	take(t, d, us.keyList(now, yinzheng.KeyActive))
	says(t, d, paper, yinzheng.Unconfirmed)
	take(t, d, us.statusList(now, yinzheng.StatusValid))
	says(t, d, paper, yinzheng.Valid)
	says(t, d, newIssuer(t).paper(), yinzheng.UnknownKey)
	for _, bare := range []string{"7K2M-9QXR-4TBW", "https://h.example/v/7K2M9QXR4TBW", "1.2.156.3005.2.x", ""} {
		if _, err := d.Verify(yinzheng.Recognise(bare, ""), now, "zh"); !errors.Is(err, offline.ErrCodeOnly) {
			t.Errorf("%q: %v", bare, err)
		}
	}
	r, err := d.Verify(&yinzheng.Question{File: []byte("no PDF")}, now, "zh")
	must(t, err)
	if r.Verdict != yinzheng.NoSignature || r.Paper {
		t.Errorf("a file that is no PDF: %s", r.Verdict)
	}
	take(t, d, us.statusList(now, yinzheng.StatusRevoked))
	says(t, d, paper, yinzheng.Revoked)
}

func TestTake(t *testing.T) {
	us, them := newIssuer(t), newIssuer(t)
	d := us.device()
	refuses(t, d, us.statusList(now, 0), "没有可采信的密钥名单")
	refuses(t, d, them.keyList(now, yinzheng.KeyActive), "密钥名单不可采信")
	take(t, d, us.keyList(now, yinzheng.KeyActive), us.statusList(now, yinzheng.StatusRevoked))

	earlier := now.Add(-time.Hour)
	refuses(t, d, us.keyList(earlier, yinzheng.KeyActive), "比已有的旧")
	refuses(t, d, us.statusList(earlier, yinzheng.StatusValid), "比已有的旧")
	refuses(t, d, them.keyList(now.Add(time.Hour), yinzheng.KeyActive), "密钥名单不可采信")
	refuses(t, d, them.statusList(now, yinzheng.StatusValid), "状态名单不可采信")
	refuses(t, d, []byte("{"), "密钥名单不可采信")
	refuses(t, d, nil, "状态名单不可采信")
	says(t, d, us.paper(), yinzheng.Revoked) // as before

	take(t, d, us.keyList(now.Add(time.Second), yinzheng.KeyCompromised))
	if s := d.State(); len(s.Status) != 0 {
		t.Errorf("lists by a compromised key are kept: %v", s.Status)
	}
	says(t, d, us.paper(), yinzheng.Unconfirmed)
}

// TestTakeFuture: a server whose clock was fast for an hour leaves no list that
// nothing can replace.
func TestTakeFuture(t *testing.T) {
	us := newIssuer(t)
	ahead := now.AddDate(1, 0, 0)
	const layout = "2006-01-02 15:04"
	d := us.device()
	take(t, d, us.keyList(now, yinzheng.KeyActive), us.statusList(now, yinzheng.StatusRevoked))
	refuses(t, d, us.keyList(ahead, yinzheng.KeyActive), ahead.In(yinzheng.Zone).Format(layout))
	refuses(t, d, us.statusList(ahead, yinzheng.StatusValid), now.In(yinzheng.Zone).Format(layout))
	says(t, d, us.paper(), yinzheng.Revoked)
	take(t, d, us.statusList(now.Add(yinzheng.ClockSkew), yinzheng.StatusValid)) // as late as clocks may differ
	says(t, d, us.paper(), yinzheng.Valid)

	fresh := us.device() // prepared in that hour
	take(t, fresh, us.keyList(ahead, yinzheng.KeyActive), us.statusList(ahead, yinzheng.StatusValid))
	says(t, fresh, us.paper(), yinzheng.Unconfirmed)
	refuses(t, fresh, us.statusList(ahead.Add(-time.Hour), yinzheng.StatusValid), "比已有的旧")
	take(t, fresh, us.keyList(now, yinzheng.KeyActive), us.statusList(now, yinzheng.StatusRevoked))
	says(t, fresh, us.paper(), yinzheng.Revoked)
}

// TestOldKeys: a status list of today says no more than the key list does.
func TestOldKeys(t *testing.T) {
	us := newIssuer(t)
	for _, c := range []struct {
		age  time.Duration
		want yinzheng.Verdict
		says string
	}{
		{23 * time.Hour, yinzheng.Valid, "名单签发时有效"},
		{yinzheng.KeyListLife, yinzheng.Unconfirmed, "密钥名单已过期"},
	} {
		d := us.device()
		take(t, d, us.keyList(now.Add(-c.age), yinzheng.KeyActive), us.statusList(now, yinzheng.StatusValid))
		r, err := d.Verify(yinzheng.Recognise(us.paper(), ""), now, "zh")
		must(t, err)
		if r.Verdict != c.want || !r.StatusAsOf.Equal(now.Add(-c.age)) || r.AsOf == "" || !strings.Contains(r.Checks[2].Words.ZH, c.says) {
			t.Errorf("keys of %s ago: %s as of %s, %s", c.age, r.Verdict, r.AsOf, r.Checks[2].Words.ZH)
		}
	}
}

func TestState(t *testing.T) {
	us := newIssuer(t)
	d := us.device()
	if s := d.State(); s.Keys != nil || s.Fingerprint != yinzheng.Fingerprint(us.root) || s.Host != "h.example" {
		t.Errorf("at first: %+v", s)
	}
	take(t, d, us.keyList(now, yinzheng.KeyActive), us.statusList(now, 0))
	s := d.State()
	if s.Keys == nil || *s.Keys != (offline.Held{Issued: now, Expires: now.Add(24 * time.Hour)}) || len(s.Status) != 1 || s.Status[0] != (offline.Held{Number: 1, Issued: now, Expires: now.Add(24 * time.Hour)}) {
		t.Errorf("it holds %+v", s)
	}
}

// TestCall goes through a page's calls.
func TestCall(t *testing.T) {
	us := newIssuer(t)
	var c offline.Caller
	call := func(request string, data []byte) (answer struct {
		Error   *yinzheng.Text
		Detail  string
		Taken   *offline.Taken
		State   *offline.State
		Receipt *struct {
			Answer json.RawMessage
			Tone   string
			AsOf   string `json:"as_of"`
		}
	},
	) {
		t.Helper()
		must(t, json.Unmarshal(c.Call([]byte(request), data), &answer))
		return answer
	}
	clock := func(do string, more ...string) string {
		b, err := json.Marshal(map[string]any{"do": do, "now": now.Add(time.Minute).UnixMilli(), "text": strings.Join(more, ""), "lang": "zh"})
		must(t, err)
		return string(b)
	}
	kit, err := json.Marshal(yinzheng.OfflineKit{Root: us.root, Host: "h.example"})
	must(t, err)

	for _, bad := range []string{"", "{", `{"do":"fly"}`, `{"do":"trust"}`, `{"do":"trust","kit":{"root":"AAAA"}}`, clock("state"), clock("take"), clock("verify")} {
		if a := call(bad, nil); a.Error == nil || a.Error.ZH == "" || a.Detail == "" {
			t.Errorf("%s: %+v", bad, a)
		}
	}
	if a := call(`{"do":"trust","kit":`+string(kit)+`}`, nil); a.State == nil || a.State.Keys != nil {
		t.Fatalf("trust: %+v", a)
	}
	if a := call(`{"do":"fly"}`, nil); a.Error == nil {
		t.Errorf("an unknown call: %+v", a)
	}
	if a := call(clock("take"), us.keyList(now, yinzheng.KeyActive)); a.Error != nil || !a.Taken.Keys {
		t.Fatalf("take: %+v", a)
	}
	if a := call(clock("take"), us.statusList(now, 0)); a.Error != nil || a.Taken.Status != 1 {
		t.Fatalf("take: %+v", a)
	}
	if a := call(clock("take"), []byte("x")); a.Error == nil || a.Taken != nil {
		t.Errorf("take what is none: %+v", a)
	}
	a := call(clock("verify", us.paper()), nil)
	if a.Receipt == nil || a.Receipt.Tone != "warn" || a.Receipt.AsOf == "" || a.State == nil || a.State.Host != "h.example" {
		t.Fatalf("verify: %+v", a)
	}
	var answer yinzheng.Answer
	must(t, json.Unmarshal(a.Receipt.Answer, &answer))
	again, err := json.Marshal(&answer)
	must(t, err)
	if answer.Verdict != yinzheng.Valid || !answer.Offline || !bytes.Equal(again, a.Receipt.Answer) {
		t.Errorf("the answer is not as the API writes it:\n%s\n%s", a.Receipt.Answer, again)
	}
	if a := call(clock("verify"), []byte("%PDF-1.7")); a.Receipt == nil {
		t.Errorf("a file: %+v", a)
	}
	if a := call(clock("verify", "7K2M9QXR4TBW"), nil); a.Error == nil || *a.Error != textOf(t, offline.ErrCodeOnly) {
		t.Errorf("a code: %+v", a)
	}
}

func textOf(t *testing.T, err error) yinzheng.Text {
	var e *yinzheng.Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	return e.Text
}

// FuzzCall: whatever a page sends, what comes back is JSON.
func FuzzCall(f *testing.F) {
	f.Add([]byte(`{"do":"trust","kit":{"root":"AAAA"}}`), []byte("{"))
	f.Add([]byte(`{"do":"verify","text":"https://h/v/7K2M9QXR4TBW#00"}`), []byte("%PDF-1.7"))
	f.Add([]byte(`{"do":"take","now":1}`), []byte("a.b.c"))
	f.Fuzz(func(t *testing.T, request, data []byte) {
		var c offline.Caller
		if b := c.Call(request, data); !json.Valid(b) {
			t.Errorf("%s", b)
		}
	})
}
