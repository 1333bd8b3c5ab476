package yinzheng_test

import (
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/keys"
	"yinzheng/offices"
	"yinzheng/signer"
)

// keyHouse is a house with a second administrator of its topmost office.
func keyHouse(t *testing.T) *house {
	t.Helper()
	h := newHouse(t)
	h.people["deputy"] = yinzheng.SampleAccount("deputy", 40, [2]string{"admin", "district"})
	must(t, h.store.PutAccount(h.ctx, h.people["deputy"]))
	return h
}

// inCare is a key as its administrators see it.
func (h *house) inCare(kid string) *yinzheng.KeyView {
	h.t.Helper()
	list, err := h.KeysInCare(h.ctx, h.people["admin"])
	must(h.t, err)
	i := slices.IndexFunc(list, func(k *yinzheng.KeyView) bool { return k.KID == kid })
	if i < 0 {
		h.t.Fatalf("no key %s", kid)
	}
	return list[i]
}

// districtKey is the district's key in force for a purpose.
func (h *house) districtKey(p yinzheng.KeyPurpose) *yinzheng.Key {
	h.t.Helper()
	var found *yinzheng.Key
	for _, k := range h.KeyList().Keys {
		if k.Purpose == p && k.Organ == yinzheng.DistrictOrgan && k.InForce(h.clock()) {
			if found != nil {
				h.t.Fatalf("two keys in force: %s and %s", found.KID, k.KID)
			}
			found = k
		}
	}
	if found == nil {
		h.t.Fatalf("no %s key in force", p)
	}
	return found
}

func (h *house) proposeKey(who, kid string, in yinzheng.KeyRequest) (*yinzheng.KeyView, error) {
	if in.Reason == "" {
		in.Reason = "例行更换"
	}
	return h.ProposeKeyChange(h.ctx, h.people[who], kid, h.inCare(kid).Version, &in)
}

func (h *house) confirmKey(who, kid string) (*yinzheng.KeyView, error) {
	return h.ConfirmKeyChange(h.ctx, h.people[who], kid, h.inCare(kid).Version)
}

// changed proposes a change and has it confirmed.
func (h *house) changed(kid string, in yinzheng.KeyRequest) *yinzheng.KeyView {
	h.t.Helper()
	_, err := h.proposeKey("admin", kid, in)
	must(h.t, err)
	v, err := h.confirmKey("deputy", kid)
	must(h.t, err)
	return v
}

// verdicts are what every channel says of a certificate: by its token, its file,
// its code, and offline with the published lists.
func (h *house) verdicts(code string) (token, file, byCode, offline yinzheng.Verdict) {
	h.t.Helper()
	cert, err := h.store.Certificate(h.ctx, code)
	must(h.t, err)
	pdf, err := h.store.PDF(h.ctx, code)
	must(h.t, err)
	ask := func(q *yinzheng.Question) yinzheng.Verdict {
		a, err := h.Verify(h.ctx, q)
		must(h.t, err)
		return a.Verdict
	}
	token, file, byCode = ask(&yinzheng.Question{Token: cert.Token}), ask(&yinzheng.Question{File: pdf}), ask(&yinzheng.Question{Code: code})
	return token, file, byCode, h.offline(pdf)
}

func (h *house) offline(pdf []byte) yinzheng.Verdict {
	h.t.Helper()
	published, err := h.SignedKeyList()
	must(h.t, err)
	chain := h.KeyList().Keys[0].Chain
	root, err := x509.ParseCertificate(chain[len(chain)-1])
	must(h.t, err)
	list, err := signer.ReadKeyList(published, []*x509.Certificate{root}, h.clock())
	must(h.t, err)
	signed, err := h.StatusList(h.ctx, 1)
	must(h.t, err)
	status, err := signer.ReadStatusList(signed, list)
	must(h.t, err)
	o := &yinzheng.Offline{Checker: &signer.Checker{}, Keys: list, Status: []*yinzheng.StatusList{status}, Now: h.clock()}
	a, err := o.Verify(&yinzheng.Question{File: pdf})
	must(h.t, err)
	return a.Verdict
}

// TestKeySuspended: a suspended key signs nothing new, what it signed stands, and a
// second administrator is needed to lift it.
func TestKeySuspended(t *testing.T) {
	h := keyHouse(t)
	before := h.issued("before").Certificate.Code
	waits := h.submitted("waits")
	kid := h.districtKey(yinzheng.DocumentKey).KID
	h.later(time.Minute)
	v, err := h.SuspendKey(h.ctx, h.people["admin"], kid, 1, "印章保管人去向不明")
	must(t, err)
	if v.State != yinzheng.KeySuspended || !v.Since.Equal(h.clock()) || h.KeyList().ByKID(kid).State != yinzheng.KeySuspended {
		t.Fatalf("%+v", v)
	}
	waits, err = h.approve(waits)
	must(t, err)
	if waits.State != yinzheng.Approved || waits.Trouble == nil {
		t.Fatalf("sealed by a suspended key: %+v", waits)
	}
	for i, verdict := range list4(h.verdicts(before)) {
		if verdict != yinzheng.Valid {
			t.Errorf("channel %d: %s of what it signed before", i, verdict)
		}
	}
	if _, err := h.SuspendKey(h.ctx, h.people["deputy"], kid, v.Version, "再次"); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("suspended twice: %v", err)
	}

	_, err = h.proposeKey("admin", kid, yinzheng.KeyRequest{Change: yinzheng.LiftKey})
	must(t, err)
	if _, err := h.confirmKey("admin", kid); !errors.Is(err, yinzheng.ErrForbidden) {
		t.Errorf("lifted by one person: %v", err)
	}
	h.later(time.Minute)
	_, err = h.confirmKey("deputy", kid)
	must(t, err)
	_, err = h.Recover(h.ctx)
	must(t, err)
	cert, err := h.Application(h.ctx, h.people["clerk"], waits.ID)
	must(t, err)
	if cert.Certificate == nil {
		t.Fatalf("not issued after the suspension was lifted: %v\n%s", cert.Trouble, h.log)
	}
	kinds := ""
	for _, e := range h.inCare(kid).History {
		kinds += e.Kind + " " + e.By + "\n"
	}
	if kinds != "key-suspended admin\nkey-proposed-lift admin\nkey-lifted deputy\n" {
		t.Errorf("on record: %s", kinds)
	}
}

func list4(a, b, c, d yinzheng.Verdict) []yinzheng.Verdict { return []yinzheng.Verdict{a, b, c, d} }

// TestKeyRotated: another key takes a key's place at once, in the published list and
// for what is being sealed at that moment; what the old one signed stands.
func TestKeyRotated(t *testing.T) {
	for _, purpose := range []yinzheng.KeyPurpose{yinzheng.DocumentKey, yinzheng.TokenKey} {
		t.Run(string(purpose), func(t *testing.T) {
			h := keyHouse(t)
			before := h.issued("before").Certificate.Code
			old := h.districtKey(purpose)
			published, err := h.SignedKeyList()
			must(t, err)
			h.later(time.Minute)
			_, err = h.proposeKey("admin", old.KID, yinzheng.KeyRequest{Change: yinzheng.RotateKey})
			must(t, err)
			var all sync.WaitGroup
			h.sealer.before = func() { // while a certificate is being sealed with the old key
				h.sealer.before = nil
				all.Go(func() {
					if _, err := h.confirmKey("deputy", old.KID); err != nil {
						t.Error(err)
					}
				})
				all.Wait()
			}
			v, err := h.approve(h.submitted("during"))
			must(t, err)
			if v.State != yinzheng.Issuing {
				t.Fatalf("sealed by a key that was retired meanwhile: %s", v.State)
			}
			h.later(time.Minute)
			_, err = h.Recover(h.ctx)
			must(t, err)
			v, err = h.Application(h.ctx, h.people["clerk"], v.ID)
			must(t, err)
			if v.Certificate == nil {
				t.Fatalf("not issued with the new key: %v\n%s", v.Trouble, h.log)
			}
			cert, err := h.store.Certificate(h.ctx, v.Certificate.Code)
			must(t, err)
			used := map[yinzheng.KeyPurpose]string{yinzheng.DocumentKey: cert.DocumentKID, yinzheng.TokenKey: cert.TokenKID}[purpose]
			next := h.districtKey(purpose)
			if used != next.KID || next.KID == old.KID || !slices.Equal(next.Items, old.Items) {
				t.Errorf("signed by %s; the new key is %+v", used, next)
			}
			if again, err := h.SignedKeyList(); err != nil || string(again) == string(published) || !strings.Contains(string(again), next.KID) {
				t.Errorf("the published list does not have the new key: %v", err)
			}
			for _, code := range []string{before, cert.Code} {
				for i, verdict := range list4(h.verdicts(code)) {
					if verdict != yinzheng.Valid {
						t.Errorf("channel %d of %s: %s", i, code, verdict)
					}
				}
			}
			if h.KeyList().ByKID(old.KID).State != yinzheng.KeyRetired {
				t.Errorf("%+v", h.KeyList().ByKID(old.KID))
			}
			if _, err := h.proposeKey("admin", old.KID, yinzheng.KeyRequest{Change: yinzheng.RotateKey}); !errors.Is(err, yinzheng.ErrState) {
				t.Errorf("a retired key was rotated: %v", err)
			}
		})
	}
}

// TestKeyCompromised: proposing it stops the key, declaring it makes its signatures
// worth no more than the record here; another key takes its place.
func TestKeyCompromised(t *testing.T) {
	h := keyHouse(t)
	code := h.issued("before").Certificate.Code
	cert, err := h.store.Certificate(h.ctx, code)
	must(t, err)
	old := h.districtKey(yinzheng.TokenKey)
	since := h.clock()
	h.later(time.Hour)
	for _, wrong := range []time.Time{{}, h.clock().Add(time.Second), old.NotBefore.Add(-time.Hour)} {
		if _, err := h.proposeKey("admin", old.KID, yinzheng.KeyRequest{Change: yinzheng.CompromiseKey, Since: wrong}); !errors.Is(err, yinzheng.ErrInvalid) {
			t.Errorf("since %s: %v", wrong, err)
		}
	}
	v, err := h.proposeKey("admin", old.KID, yinzheng.KeyRequest{Change: yinzheng.CompromiseKey, Since: since, Reason: "密钥目录的备份外泄"})
	must(t, err)
	if v.State != yinzheng.KeySuspended || v.Proposal == nil || !v.Proposal.Since.Equal(since) || v.Proposal.Reason != "密钥目录的备份外泄" {
		t.Fatalf("%+v %+v", v, v.Proposal)
	}
	// Declined it stays suspended; proposed again it is declared.
	v, err = h.DeclineKeyChange(h.ctx, h.people["admin"], old.KID, v.Version, "待核实")
	must(t, err)
	if v.State != yinzheng.KeySuspended || v.Proposal != nil {
		t.Fatalf("%+v", v)
	}
	v = h.changed(old.KID, yinzheng.KeyRequest{Change: yinzheng.CompromiseKey, Since: since})
	if v.State != yinzheng.KeyCompromised || !v.Since.Equal(since) {
		t.Fatalf("%+v", v)
	}
	token, file, byCode, offline := h.verdicts(code)
	if token != yinzheng.Valid || file != yinzheng.Valid || byCode != yinzheng.Valid || offline != yinzheng.UnknownKey {
		t.Errorf("on record: %s, %s, %s; offline: %s", token, file, byCode, offline)
	}
	// A token by the same key that is on no record is what its thief would make.
	claims := cert.Claims()
	claims.Name = "王*"
	forged, err := h.sealer.Sealer.SignToken(old.KID, &claims)
	must(t, err)
	if a, err := h.Verify(h.ctx, &yinzheng.Question{Token: forged}); err != nil || a.Verdict == yinzheng.Valid || a.Checks.Issuer == yinzheng.Pass {
		t.Errorf("a thief's token: %+v %v", a, err)
	}
	// Nor does an alarm of an earlier day, about a code that is the key's ID, stand in
	// anybody's way; now that the key is not believed it raises none.
	seen := h.inCare(old.KID)
	claims.Code = old.KID
	forged, err = h.sealer.Sealer.SignToken(old.KID, &claims)
	must(t, err)
	_, err = h.Verify(h.ctx, &yinzheng.Question{Token: forged})
	must(t, err)
	must(t, h.store.Record(h.ctx, yinzheng.Event{At: h.clock(), Kind: "verification-alarm", Subject: old.KID, By: yinzheng.SystemActor, Detail: "no-record"}))
	if now := h.inCare(old.KID); len(now.History) != len(seen.History)+1 || now.Version != seen.Version {
		t.Errorf("after an alarm: version %d, was %d; %+v", now.Version, seen.Version, now.History)
	}
	next := h.changed(old.KID, yinzheng.KeyRequest{Change: yinzheng.RotateKey})
	if next.State != yinzheng.KeyCompromised {
		t.Errorf("rotating it made it %s", next.State)
	}
	if h.districtKey(yinzheng.TokenKey).KID == old.KID {
		t.Error("it is still in force")
	}
	h.issued("after")
}

// TestKeyRotatedAfterSuspension: retiring a suspended key vouches for nothing that
// was signed since it was suspended.
func TestKeyRotatedAfterSuspension(t *testing.T) {
	h := keyHouse(t)
	old := h.districtKey(yinzheng.DocumentKey)
	h.later(time.Hour)
	v, err := h.SuspendKey(h.ctx, h.people["admin"], old.KID, 1, "怀疑被盗用")
	must(t, err)
	h.later(time.Hour)
	if after := h.changed(old.KID, yinzheng.KeyRequest{Change: yinzheng.RotateKey}); after.State != yinzheng.KeyRetired || !after.Since.Equal(v.Since) {
		t.Errorf("%s since %s, suspended at %s", after.State, after.Since, v.Since)
	}
	h.issued("after")
}

// TestKeyStatusRotated: the service's own keys rotate, too.
func TestKeyStatusRotated(t *testing.T) {
	h := keyHouse(t)
	var own *yinzheng.Key
	for _, k := range h.KeyList().Keys {
		if k.Purpose == yinzheng.StatusKey {
			own = k
		}
	}
	code := h.issued("one").Certificate.Code
	before, err := h.StatusList(h.ctx, 1)
	must(t, err)
	h.changed(own.KID, yinzheng.KeyRequest{Change: yinzheng.RotateKey})
	after, err := h.StatusList(h.ctx, 1)
	must(t, err)
	if string(before) == string(after) {
		t.Error("the status list was not signed anew")
	}
	if _, _, _, offline := h.verdicts(code); offline != yinzheng.Valid {
		t.Errorf("offline: %s", offline)
	}
}

// TestListsClockSetBack: no list is served that is of a later time than the clock, and
// what was issued later than it is confirmed once the clock has come there again.
func TestListsClockSetBack(t *testing.T) {
	h := keyHouse(t)
	earlier := h.issued("one").Certificate.Code
	h.later(20 * time.Minute)
	code := h.issued("two").Certificate.Code
	if _, file, byCode, offline := h.verdicts(code); file != yinzheng.Valid || byCode != yinzheng.Valid || offline != yinzheng.Valid {
		t.Fatalf("before: %s, %s, offline %s", file, byCode, offline)
	}
	h.later(-10 * time.Minute)
	if _, file, byCode, offline := h.verdicts(code); file != yinzheng.Unconfirmed || byCode != yinzheng.Unconfirmed || offline != yinzheng.Unconfirmed {
		t.Errorf("set back: %s, %s, offline %s", file, byCode, offline)
	}
	if _, file, byCode, offline := h.verdicts(earlier); file != yinzheng.Valid || byCode != yinzheng.Valid || offline != yinzheng.Valid {
		t.Errorf("set back, the one before: %s, %s, offline %s", file, byCode, offline)
	}
	h.later(6 * time.Minute)
	if _, file, byCode, offline := h.verdicts(code); file != yinzheng.Valid || byCode != yinzheng.Valid || offline != yinzheng.Valid {
		t.Errorf("nearly there: %s, %s, offline %s", file, byCode, offline)
	}
}

// TestKeyRights: who may do what to keys.
func TestKeyRights(t *testing.T) {
	h := keyHouse(t)
	kid := h.districtKey(yinzheng.DocumentKey).KID
	twin := yinzheng.SampleAccount("twin", 4, [2]string{"admin", "district"}) // another account of the same person as admin
	twin.Person = h.people["admin"].Person
	lent := yinzheng.SampleAccount("lent", 41)
	lent.Grants = []yinzheng.Grant{{Office: "district", Role: yinzheng.Admin, From: h.clock().Add(-time.Hour), For: "admin", ForID: h.people["admin"].Person}}
	nameless := yinzheng.SampleAccount("nameless", 42, [2]string{"admin", "district"})
	nameless.Person = yinzheng.ID{Type: yinzheng.NoID}
	h.people["twin"], h.people["lent"], h.people["nameless"] = twin, lent, nameless
	h.people["part"] = yinzheng.SampleAccount("part", 43, [2]string{"admin", "town"})
	h.people["operator"] = h.Operator()

	for who, want := range map[string]error{"part": yinzheng.ErrForbidden, "lent": yinzheng.ErrForbidden, "district": yinzheng.ErrForbidden, "clerk": yinzheng.ErrForbidden} {
		by := h.people[who]
		if _, err := h.SuspendKey(h.ctx, by, kid, 1, "试"); !errors.Is(err, want) {
			t.Errorf("%s suspends: %v", who, err)
		}
		if _, err := h.ProposeKeyChange(h.ctx, by, kid, 1, &yinzheng.KeyRequest{Change: yinzheng.RotateKey, Reason: "试"}); !errors.Is(err, want) {
			t.Errorf("%s proposes: %v", who, err)
		}
		if _, err := h.ConfirmKeyChange(h.ctx, by, kid, 1); !errors.Is(err, want) {
			t.Errorf("%s confirms: %v", who, err)
		}
		if _, err := h.DeclineKeyChange(h.ctx, by, kid, 1, "试"); !errors.Is(err, want) {
			t.Errorf("%s declines: %v", who, err)
		}
	}
	if _, err := h.KeysInCare(h.ctx, h.people["part"]); !errors.Is(err, yinzheng.ErrForbidden) {
		t.Errorf("an administrator of a part sees all keys: %v", err)
	}
	_, err := h.proposeKey("admin", kid, yinzheng.KeyRequest{Change: yinzheng.RotateKey})
	must(t, err)
	for _, who := range []string{"admin", "twin", "nameless", "operator"} {
		if _, err := h.confirmKey(who, kid); !errors.Is(err, yinzheng.ErrForbidden) {
			t.Errorf("%s confirms: %v", who, err)
		}
	}
	if _, err := h.ConfirmKeyChange(h.ctx, h.people["deputy"], kid, 1); !errors.Is(err, yinzheng.ErrConflict) {
		t.Errorf("a stale version: %v", err)
	}
	if _, err := h.ConfirmKeyChange(h.ctx, h.people["deputy"], "nobody", 1); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("no key: %v", err)
	}
	if _, err := h.proposeKey("deputy", kid, yinzheng.KeyRequest{Change: yinzheng.CompromiseKey, Since: h.clock()}); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("a second proposal: %v", err)
	}
	_, err = h.DeclineKeyChange(h.ctx, h.people["admin"], kid, 2, "不换了")
	must(t, err)
	if _, err := h.confirmKey("deputy", kid); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("what was declined was confirmed: %v", err)
	}
	for reason, code := range map[string]string{"": "required", "电话 13800138000": "personal-data"} {
		var e *yinzheng.Error
		if _, err := h.SuspendKey(h.ctx, h.people["admin"], kid, 3, reason); !errors.As(err, &e) || len(e.Fields) != 1 || e.Fields[0].Code != code {
			t.Errorf("%q: %v", reason, err)
		}
	}
	if _, err := h.proposeKey("admin", kid, yinzheng.KeyRequest{Change: "sell"}); !errors.Is(err, yinzheng.ErrInvalid) {
		t.Errorf("an unknown change: %v", err)
	}
}

// TestKeyConfirmedAtOnce: of two administrators who confirm at once one rotates the
// key, the other is told that it has changed, and one key is made.
func TestKeyConfirmedAtOnce(t *testing.T) {
	h := keyHouse(t)
	h.people["third"] = yinzheng.SampleAccount("third", 44, [2]string{"admin", "district"})
	must(t, h.store.PutAccount(h.ctx, h.people["third"]))
	kid := h.districtKey(yinzheng.DocumentKey).KID
	_, err := h.proposeKey("admin", kid, yinzheng.KeyRequest{Change: yinzheng.RotateKey})
	must(t, err)
	before := len(h.KeyList().Keys)
	failed := make([]error, 2)
	var all sync.WaitGroup
	for i, who := range []string{"deputy", "third"} {
		all.Go(func() { _, failed[i] = h.ConfirmKeyChange(h.ctx, h.people[who], kid, 2) })
	}
	all.Wait()
	if (failed[0] == nil) == (failed[1] == nil) || !errors.Is(errors.Join(failed...), yinzheng.ErrConflict) {
		t.Errorf("%v", failed)
	}
	if n := len(h.KeyList().Keys) - before; n != 1 {
		t.Errorf("%d keys were made", n)
	}
}

// TestKeyNotMade: where no key can be made, nothing changes.
func TestKeyNotMade(t *testing.T) {
	h := keyHouse(t)
	kid := h.districtKey(yinzheng.DocumentKey).KID
	_, err := h.proposeKey("admin", kid, yinzheng.KeyRequest{Change: yinzheng.RotateKey})
	must(t, err)
	mint := h.config.Seals.(*mint)
	mint.fail = errDisk
	if _, err := h.confirmKey("deputy", kid); !errors.Is(err, yinzheng.ErrUnavailable) || h.inCare(kid).Version != 2 {
		t.Errorf("%v, %+v", err, h.inCare(kid))
	}
	mint.fail, h.store.failing = nil, "Record"
	if _, err := h.confirmKey("deputy", kid); !errors.Is(err, yinzheng.ErrUnavailable) || h.inCare(kid).State != yinzheng.KeyActive {
		t.Errorf("%v, %+v", err, h.inCare(kid))
	}
	h.store.failing = ""
	_, err = h.confirmKey("deputy", kid)
	must(t, err)
}

// TestKeyElsewhere: another process learns of a suspension by its next look, and
// commits nothing that it sealed with the key meanwhile.
func TestKeyElsewhere(t *testing.T) {
	h := keyHouse(t)
	other, err := yinzheng.New(h.ctx, h.config)
	must(t, err)
	kid := h.districtKey(yinzheng.DocumentKey).KID
	v := h.submitted("elsewhere")
	_, err = other.SuspendKey(h.ctx, h.people["admin"], kid, 1, "紧急停用")
	must(t, err)
	seals := h.config.Seals.(*mint)
	seals.takenUp = 0
	view, err := h.approve(v)
	if err == nil && view.Certificate != nil {
		t.Fatalf("sealed by a key that was suspended elsewhere: %+v", view)
	}
	_, err = h.Scan(h.ctx)
	must(t, err)
	if h.KeyList().ByKID(kid).State != yinzheng.KeySuspended {
		t.Error("not noticed")
	}
	if seals.takenUp != 1 {
		t.Errorf("the keys that were made elsewhere were taken up %d times", seals.takenUp)
	}
}

// TestKeyRotatedElsewhere: another process learns of the key that follows one, also
// of a compromised one, which stays as it is.
func TestKeyRotatedElsewhere(t *testing.T) {
	h := keyHouse(t)
	kid := h.districtKey(yinzheng.DocumentKey).KID
	h.changed(kid, yinzheng.KeyRequest{Change: yinzheng.CompromiseKey, Since: h.clock()})
	other, err := yinzheng.New(h.ctx, h.config)
	must(t, err)
	h.changed(kid, yinzheng.KeyRequest{Change: yinzheng.RotateKey})
	_, err = other.Scan(h.ctx)
	must(t, err)
	if next := h.districtKey(yinzheng.DocumentKey).KID; other.KeyList().ByKID(next) == nil {
		t.Errorf("key %s is not known elsewhere", next)
	}
}

// TestKeyProposedByNobody: of whoever proposes by an account without a document
// nobody can tell that they do not confirm it by another one.
func TestKeyProposedByNobody(t *testing.T) {
	h := keyHouse(t)
	nameless := yinzheng.SampleAccount("nameless", 42, [2]string{"admin", "district"})
	nameless.Person = yinzheng.ID{Type: yinzheng.NoID}
	must(t, h.store.PutAccount(h.ctx, nameless))
	h.people["nameless"] = nameless
	kid := h.districtKey(yinzheng.DocumentKey).KID
	_, err := h.proposeKey("nameless", kid, yinzheng.KeyRequest{Change: yinzheng.RotateKey})
	must(t, err)
	if _, err := h.confirmKey("deputy", kid); !errors.Is(err, yinzheng.ErrForbidden) {
		t.Errorf("confirmed: %v", err)
	}
}

// TestKeyEnding: the administrators are told once of a key that ends soon, unless
// another one goes on.
func TestKeyEnding(t *testing.T) {
	h := keyHouse(t)
	key, short := h.districtKey(yinzheng.DocumentKey), h.districtKey(yinzheng.TokenKey)
	longer := h.config.Seals.(*mint).make(keys.SealRequest{Purpose: keys.Token, Organ: keys.Organ{Name: short.OrganName, Code: short.Organ}, NotAfter: short.NotAfter.AddDate(2, 0, 0)})
	must(t, h.store.PutKey(h.ctx, longer[0]))
	must(t, h.Reload(h.ctx))
	told := func(kid string) (n int) {
		list, err := h.Notices(h.ctx, h.people["admin"], 0, 200)
		must(t, err)
		for _, x := range list {
			if x.Kind == "key-ending" && x.About == kid {
				n++
			}
		}
		return n
	}
	scan := func() {
		t.Helper()
		_, err := h.Scan(h.ctx)
		must(t, err)
	}
	scan()
	if told(key.KID) != 0 || h.inCare(key.KID).DaysLeft != nil {
		t.Fatal("told years ahead")
	}
	h.later(key.NotAfter.Add(-80 * 24 * time.Hour).Sub(h.clock()))
	scan()
	scan()
	h.restart()
	scan()
	if n := told(key.KID); n != 1 {
		t.Errorf("told %d times", n)
	}
	if told(short.KID) != 0 {
		t.Error("told of a key beside which another one goes on")
	}
	if days := h.inCare(key.KID).DaysLeft; days == nil || *days != 80 {
		t.Errorf("days left: %v", days)
	}
}

// TestKeyReorganised: a key that was suspended retires with its organ's name, as of its
// suspension, and the new name gets a new one; a suspended key alone is none that a
// reorganisation replaces.
func TestKeyReorganised(t *testing.T) {
	h := keyHouse(t)
	old := h.districtKey(yinzheng.DocumentKey)
	suspended, err := h.SuspendKey(h.ctx, h.people["admin"], old.KID, 1, "怀疑被盗用")
	must(t, err)
	h.later(time.Hour)
	organ := *h.Directory().Organ(yinzheng.DistrictOrgan)
	organ.Mark = "办事专用"
	office := *h.Directory().Office("town-b")
	office.Name = "桥东街道便民服务中心"
	must(t, h.Reorganise(h.ctx, h.people["admin"], &yinzheng.Reorganisation{
		Title: "换章面", Effective: h.clock(), Tree: h.Directory().Version, Organs: []yinzheng.Organ{organ}, Offices: []yinzheng.Office{office},
	}, false))
	for _, k := range h.KeyList().Keys {
		if k.Purpose == yinzheng.DocumentKey && k.Organ == yinzheng.DistrictOrgan && k.KID != old.KID {
			t.Errorf("another key in a suspended one's place: %+v", k)
		}
	}
	r, err := h.reorganise(offices.Order{Rename: []offices.Rename{{Organ: yinzheng.DistrictOrgan, Name: "惠州市惠城区民政和社会局"}}})
	must(t, err)
	after := h.inCare(old.KID)
	if last := after.History[len(after.History)-1]; after.State != yinzheng.KeyRetired || !after.Since.Equal(suspended.Since) || last.Kind != yinzheng.EventKeyRetired || last.Detail != r.ID {
		t.Errorf("%+v", after)
	}
	if next := h.districtKey(yinzheng.DocumentKey); next.OrganName != "惠州市惠城区民政和社会局" || h.inCare(next.KID).History[0].Kind != yinzheng.EventKeyMade {
		t.Errorf("%+v", next)
	}
	if _, err := h.proposeKey("admin", old.KID, yinzheng.KeyRequest{Change: yinzheng.RotateKey}); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("a key in a former name was rotated: %v", err)
	}
}
