package yinzheng

import (
	"encoding/base64"
	"testing"
	"time"
)

func TestJudgeReply(t *testing.T) {
	organ := "11441302MB2C00001"
	key := func(change func(*Key)) *Key {
		k := &Key{KID: "k", Purpose: ReplyKey, Organ: organ, OrganName: "桥西街道办事处", NotBefore: testNow.AddDate(-1, 0, 0), NotAfter: testNow.AddDate(1, 0, 0), State: KeyActive}
		change(k)
		return k
	}
	plain := func(*Key) {}
	claims := ReplyClaims{
		ID: "Q", IssuedAt: testNow.Add(-time.Hour).Unix(), Expires: testNow.AddDate(0, 0, 30).Unix(), Organ: organ, Asker: "o1", AskerName: "教育局",
		Kind: "kin", KindName: "母亲", Answer: "no", By: "people", AsOf: "2026-11-22", Digest: "h",
	}
	salt := []byte("0123456789abcdef")
	asked := Values{"name": "李小宝"}
	claims.Digest = CommitReply(salt, asked)
	good := ReplyReport{WellFormed: true, KID: "k", Key: key(plain), Signed: true, Claims: claims}
	with := func(change func(*ReplyReport)) ReplyReport {
		r := good
		change(&r)
		return r
	}
	listed := with(func(r *ReplyReport) {
		r.Claims.Answer, r.Claims.By, r.Claims.Digest = "", "list", CommitList(salt, []byte("1,李小宝,yes\r\n"))
	})
	for name, tt := range map[string]struct {
		content *ReplyContent
		report  ReplyReport
		want    Verdict
	}{
		"its question":     {&ReplyContent{Salt: salt, Question: asked}, good, Valid},
		"another question": {&ReplyContent{Salt: salt, Question: Values{"name": "李小贝"}}, good, Altered},
		"another salt":     {&ReplyContent{Salt: []byte("x"), Question: asked}, good, Altered},
		"its result":       {&ReplyContent{Salt: salt, Result: []byte("1,李小宝,yes\r\n")}, listed, Valid},
		"another result":   {&ReplyContent{Salt: salt, Result: []byte("1,李小宝,no\r\n")}, listed, Altered},
	} {
		if a := JudgeReply(&ReplyEvidence{Now: testNow, KeysAsOf: testNow, Content: tt.content, ReplyReport: &tt.report}); a.Verdict != tt.want {
			t.Errorf("%s: %+v", name, a)
		}
	}
	for name, e := range map[string]struct {
		now, keysAsOf time.Time
		finding       string
	}{
		"signed tomorrow":       {at(-24), at(-24), "clock"},
		"key list of tomorrow":  {testNow, at(24), "clock"},
		"key list of yesterday": {testNow, at(-24), "stale-keys"},
	} {
		a := JudgeReply(&ReplyEvidence{Now: e.now, KeysAsOf: e.keysAsOf, ReplyReport: &good})
		if a.Verdict != Unconfirmed || a.Checks != (Checks{Pass, Pass, NotChecked}) || a.Reply == nil || a.Alarm != "" || a.Findings[0].Code != e.finding {
			t.Errorf("%s: %+v", name, a)
		}
	}
	for name, tt := range map[string]struct {
		report           ReplyReport
		online, recorded bool
		want             Verdict
		checks           Checks
		shown            bool
	}{
		"offline":       {good, false, false, Valid, Checks{Pass, Pass, Pass}, true},
		"online":        {good, true, true, Valid, Checks{Pass, Pass, Pass}, true},
		"not on record": {good, true, false, Unconfirmed, Checks{Pass, Pass, NotChecked}, true},
		"malformed":     {ReplyReport{Problem: "claims"}, false, false, Altered, Checks{Fail, NotChecked, NotChecked}, false},
		"unknown key":   {with(func(r *ReplyReport) { r.Key, r.Signed = nil, false }), false, false, UnknownKey, Checks{NotChecked, NotChecked, NotChecked}, false},
		"signature":     {with(func(r *ReplyReport) { r.Signed = false }), false, false, Forged, Checks{Fail, NotChecked, NotChecked}, false},
		"a certificates' key": {
			with(func(r *ReplyReport) { r.Key = key(func(k *Key) { k.Purpose = TokenKey }) }), true, true, Forged, Checks{Pass, Fail, NotChecked}, false,
		},
		"another organ's key": {
			with(func(r *ReplyReport) { r.Key = key(func(k *Key) { k.Organ = "other" }) }), true, true, Forged, Checks{Pass, Fail, NotChecked}, false,
		},
		"a key for other kinds": {
			with(func(r *ReplyReport) { r.Key = key(func(k *Key) { k.Items = []string{"birth"} }) }), true, true, Forged, Checks{Pass, Fail, NotChecked}, false,
		},
		"compromised, offline": {
			with(func(r *ReplyReport) { r.Key = key(func(k *Key) { k.State = KeyCompromised }) }), false, false, UnknownKey, Checks{Pass, NotChecked, NotChecked}, false,
		},
		"compromised, on record": {
			with(func(r *ReplyReport) { r.Key = key(func(k *Key) { k.State = KeyCompromised }) }), true, true, Valid, Checks{Pass, Pass, Pass}, true,
		},
		"expired": {with(func(r *ReplyReport) { r.Claims.Expires = testNow.Unix() }), true, true, Expired, Checks{Pass, Pass, Fail}, true},
	} {
		a := JudgeReply(&ReplyEvidence{Now: testNow, KeysAsOf: at(-1), Online: tt.online, Recorded: tt.recorded, ReplyReport: &tt.report})
		if a.Verdict != tt.want || a.Checks != tt.checks || (a.Reply != nil) != tt.shown || a.Certificate != nil || a.Heading.ZH == "" || a.Meaning.EN == "" {
			t.Errorf("%s: %+v", name, a)
		}
		if alarm := a.Alarm != ""; alarm != (tt.want == Unconfirmed) {
			t.Errorf("%s: alarm %q", name, a.Alarm)
		}
		if !tt.online && a.Verdict == Valid && !a.StatusAsOf.Equal(at(-1)) {
			t.Errorf("%s: as of %v", name, a.StatusAsOf)
		}
	}
}

// The vector of docs/formats.md.
func TestCommitReply(t *testing.T) {
	salt := make([]byte, SaltLength)
	question := Values{"kind": "residence", "name": "张三", "division": "441302001001", "id": ID{Type: ResidentID, Number: "44130219900307122X"}.Value()}
	if got := CommitReply(salt, question); got != replyVector {
		t.Errorf("%s", got)
	}
	if got := CommitList(salt, []byte("a\r\n")); got == CommitList(salt, []byte("a\n")) || got == CommitList(append(salt[:15:15], 1), []byte("a\r\n")) {
		t.Error("a list's h stands for several results")
	}
	if _, err := base64.RawURLEncoding.DecodeString(replyVector); err != nil || len(replyVector) != 32 {
		t.Error("the vector")
	}
}

const replyVector = "gYGJw65PxOzXvCzRczdznLTIlFJ72dEW"
