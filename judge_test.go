package yinzheng

import (
	"encoding/base64"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// at returns a whole second some hours from the tests' clock.
func at(hours int) time.Time { return testNow.Add(time.Duration(hours) * time.Hour).UTC() }

// proof is everything about one genuine certificate, for tests to spoil.
type proof struct {
	*Evidence
	token, document *Key
}

// genuine is a certificate issued yesterday, as a verifier meets it: paper (its
// token), file, record and a current status list.
func genuine() *proof {
	organ := DistrictOrgan
	tokenKey := &Key{KID: "tokenkey", Purpose: TokenKey, Organ: organ, OrganName: "惠州市惠城区民政局", Items: []string{"QS"}, NotBefore: at(-1000), NotAfter: at(1000), State: KeyActive, Since: at(-1000)}
	documentKey := &Key{KID: "document", Purpose: DocumentKey, Organ: organ, OrganName: "惠州市惠城区民政局", NotBefore: at(-1000), NotAfter: at(1000), State: KeyActive, Since: at(-1000)}
	salt := []byte("0123456789abcdef")
	values := Values{"name": "张三丰"}
	record := &Certificate{
		Code: "7K3M9QWX2B4D", Number: "1.2.156.3005.2.X", Template: TemplateRef{"kin", 1}, Short: "QS", Organ: organ, OrganName: "惠州市惠城区民政局",
		Name: "张*丰", ID: "441302********0123", Holder: "张三丰", IssuedAt: at(-24), Expires: at(24), Salt: salt, List: 3, Index: 77,
		Commitment: Commit(salt, TemplateRef{"kin", 1}, "1.2.156.3005.2.X", values), Digest: [32]byte{1, 2, 3}, Status: StatusOK, StatusAt: at(-24), TokenKID: "tokenkey",
	}
	return &proof{&Evidence{
		Now: at(0), Online: true, Code: record.Code,
		Token: &TokenReport{WellFormed: true, KID: "tokenkey", Key: tokenKey, Signed: true, Claims: record.Claims()},
		PDF: &PDFReport{
			Readable: true, Signed: true, SignatureOK: true, Whole: true, IssuedDigest: record.Digest, SignedAt: record.IssuedAt,
			Attached: &Attached{Salt: base64.RawURLEncoding.EncodeToString(salt), Item: "kin", Template: 1, Number: record.Number, Values: values},
		},
		PDFKey: documentKey, Record: record, Status: &StatusSeen{Value: StatusValid, AsOf: at(-1)}, KeysAsOf: at(-1),
	}, tokenKey, documentKey}
}

// TestJudge: p is a paper's code (no file), f a file; on and off the line. The
// checks are integrity, issuer and status: + pass, - fail, ? not checked.
func TestJudge(t *testing.T) {
	type spoil = func(p *proof)
	both := func(a, b spoil) spoil { return func(p *proof) { a(p); b(p) } }
	record := func(s Status) spoil {
		return func(p *proof) { p.Record.Status, p.Record.StatusAt, p.Record.Reason = s, at(-2), "error" }
	}
	listed := func(v StatusValue) spoil { return func(p *proof) { p.Status.Value = v } }
	stale := func(p *proof) { p.Status.Stale = true }
	listAt := func(late time.Duration) spoil { return func(p *proof) { p.Status.AsOf = p.Now.Add(late) } }
	keysAt := func(late time.Duration) spoil { return func(p *proof) { p.KeysAsOf = at(0).Add(late) } }
	clock := func(now time.Time) spoil {
		return func(p *proof) { p.Now, p.Status.AsOf, p.KeysAsOf = now, now, now }
	}
	noRecord := func(p *proof) { p.Record = nil }
	state := func(token, document KeyState, since time.Time) spoil {
		return func(p *proof) {
			p.token.State, p.document.State, p.token.Since, p.document.Since = token, document, since, since
		}
	}
	otherFile := func(p *proof) { p.PDF.IssuedDigest[0]++ }
	otherClaims := func(p *proof) { p.Token.Claims.Name = "李*丰" }
	badToken := func(problem string) spoil {
		return func(p *proof) { p.Token.Signed, p.Token.Problem = false, problem }
	}
	badFile := func(problem string) spoil {
		return func(p *proof) { p.PDF.SignatureOK, p.PDF.Problem = false, problem }
	}
	fine := func(*proof) {}
	for _, c := range []struct {
		name, where string // p paper, f file, n by number; upper case: offline
		spoil       spoil
		want        Verdict
		checks      string
		facts       bool
		alarm       string
	}{
		{"paper", "p", fine, Valid, "+++", true, ""},
		{"paper, offline", "P", fine, Valid, "+++", true, ""},
		{"file", "f", fine, Valid, "+++", true, ""},
		{"file, offline", "F", fine, Valid, "+++", true, ""},
		{"number", "n", fine, Valid, "?++", true, ""},
		{"number, offline", "N", fine, Unconfirmed, "???", false, ""},
		{"nothing at all, offline", "N", noRecord, Unconfirmed, "???", false, ""},
		{"number unknown", "n", noRecord, NotFound, "???", false, ""},

		{"not a PDF", "f", func(p *proof) { p.PDF = &PDFReport{Problem: "not-pdf"} }, NoSignature, "???", false, ""},
		{"damaged PDF", "f", func(p *proof) { p.PDF.Readable, p.PDF.Problem = false, "unreadable" }, Altered, "-??", false, ""},
		{"unsigned PDF", "f", func(p *proof) { p.PDF.Signed = false }, NoSignature, "???", false, ""},
		{"unsigned PDF with a genuine attachment", "F", func(p *proof) { p.PDF.Signed = false }, NoSignature, "???", false, ""},
		{"foreign signature", "f", func(p *proof) { p.PDFKey = nil }, UnknownKey, "???", false, ""},
		{"foreign signature that does not hold", "f", both(badFile("content-changed"), func(p *proof) { p.PDFKey = nil }), UnknownKey, "???", false, ""},
		{"signature does not hold", "f", badFile("bad-signature"), Forged, "-??", false, ""},
		{"content changed", "f", badFile("content-changed"), Altered, "-??", false, ""},
		{"content changed, revoked too", "f", both(badFile("content-changed"), record(StatusIsRevoked)), Altered, "-??", false, ""},
		{"something appended", "f", func(p *proof) { p.PDF.Whole, p.PDF.Problem = false, "appended" }, Altered, "-??", false, ""},
		{"something appended, offline", "F", func(p *proof) { p.PDF.Whole, p.PDF.Problem = false, "appended" }, Altered, "-??", false, ""},
		{"not written as this service writes", "f", func(p *proof) { p.PDF.Problem = "not-our-form" }, Altered, "-??", false, ""},
		{"two signatures", "F", func(p *proof) { p.PDF.Problem = "two-signatures" }, Altered, "-??", false, ""},
		{"no attachment", "f", func(p *proof) { p.PDF.Attached, p.Token = nil, nil }, Unconfirmed, "+??", false, "no-attachment"},
		{"attached token unreadable", "f", func(p *proof) { p.Token = &TokenReport{Problem: "malformed"} }, Altered, "-??", false, ""},
		{"attached token of an unknown key", "f", func(p *proof) { p.Token.Key, p.Token.Signed = nil, false }, UnknownKey, "+??", false, ""},
		{"attached values do not fit", "f", func(p *proof) { p.PDF.Attached.Values = Values{"name": "李四"} }, Altered, "-++", true, ""},
		{"attached values do not fit, offline", "F", func(p *proof) { p.PDF.Attached.Values = Values{"name": "李四"} }, Altered, "-++", true, ""},
		{"attached salt is no salt", "f", func(p *proof) { p.PDF.Attached.Salt = "!" }, Altered, "-++", true, ""},
		{"another file of the same certificate", "f", otherFile, Unconfirmed, "+++", true, "other-file"},
		{"document key of another organ", "f", func(p *proof) { p.document.Organ = TownOrgan }, Forged, "+-+", false, ""},
		{"document key of another item", "f", func(p *proof) { p.document.Items = []string{"JZ"} }, Forged, "+-+", false, ""},
		{"document signed before its key's time", "f", func(p *proof) { p.PDF.SignedAt = at(-1001) }, Forged, "+-+", false, ""},
		{"token key used as document key", "f", func(p *proof) { p.PDFKey = p.token }, Forged, "+-+", false, ""},
		{"document key compromised, file on record", "f", state(KeyActive, KeyCompromised, at(-2)), Valid, "+++", true, ""},
		{"document key compromised, another file", "f", both(state(KeyActive, KeyCompromised, at(-2)), otherFile), UnknownKey, "+?+", false, ""},
		{"document key compromised, offline", "F", state(KeyActive, KeyCompromised, at(-2)), UnknownKey, "+?+", false, ""},
		{"document key compromised, token key not entitled", "F", both(state(KeyActive, KeyCompromised, at(-2)), func(p *proof) { p.token.Organ = TownOrgan }), Forged, "+-+", false, ""},
		{"token key compromised, document key fine, offline", "F", state(KeyCompromised, KeyActive, at(-2)), UnknownKey, "+?+", false, ""},

		{"token malformed", "p", func(p *proof) { p.Token = &TokenReport{Problem: "malformed", Claims: p.Token.Claims} }, Altered, "-??", false, ""},
		{"token of an unknown key", "p", func(p *proof) { p.Token.Key, p.Token.Signed = nil, false }, UnknownKey, "???", false, ""},
		{"token of an unknown key, offline", "P", func(p *proof) { p.Token.Key, p.Token.Signed = nil, false }, UnknownKey, "???", false, ""},
		{"token's signature does not hold", "p", badToken("signature"), Forged, "-??", false, ""},
		{"token's signature does not hold, revoked too", "P", both(badToken("signature"), listed(StatusRevoked)), Forged, "-??", false, ""},
		{"code of another certificate", "p", func(p *proof) { p.Code = "000000000000" }, Altered, "-++", true, ""},
		{"code of another certificate, offline", "P", func(p *proof) { p.Code = "000000000000" }, Altered, "-++", true, ""},
		{"token alone, without a code", "p", func(p *proof) { p.Code = "" }, Valid, "+++", true, ""},
		{"token key of another organ", "p", func(p *proof) { p.token.Organ = TownOrgan }, Forged, "+-+", false, ""},
		{"token key of another item", "P", func(p *proof) { p.token.Items = []string{"kin"} }, Forged, "+-+", false, ""},
		{"document key used as token key", "p", func(p *proof) { p.Token.Key = p.document }, Forged, "+-+", false, ""},
		{"issued before the key's time", "p", func(p *proof) { p.token.NotBefore = at(-23) }, Forged, "+-+", false, ""},
		{"issued after the key's time", "P", func(p *proof) { p.token.NotAfter = at(-25) }, Forged, "+-+", false, ""},
		{"issued inside the period of a key now over", "p", func(p *proof) { p.token.NotAfter = at(-23) }, Valid, "+++", true, ""},
		{"retired since", "p", state(KeyRetired, KeyRetired, at(-2)), Valid, "+++", true, ""},
		{"retired since, offline", "P", state(KeyRetired, KeyRetired, at(-2)), Valid, "+++", true, ""},
		{"retired at some time unknown, offline", "P", state(KeyRetired, KeyRetired, time.Time{}), Valid, "+++", true, ""},
		{"dated after the key retired, offline", "P", state(KeyRetired, KeyRetired, at(-25)), UnknownKey, "+?+", false, ""},
		{"dated after the key retired, on record", "p", state(KeyRetired, KeyRetired, at(-25)), Valid, "+++", true, ""},
		{"suspended since", "P", state(KeySuspended, KeySuspended, at(-2)), Valid, "+++", true, ""},
		{"dated after the key's suspension, offline", "P", state(KeySuspended, KeySuspended, at(-25)), UnknownKey, "+?+", false, ""},
		{"dated after the key's suspension, not on record", "p", both(state(KeySuspended, KeySuspended, at(-25)), noRecord), UnknownKey, "+??", false, ""},
		{"compromised key, on record", "p", state(KeyCompromised, KeyActive, at(-2)), Valid, "+++", true, ""},
		{"compromised key, not on record", "p", both(state(KeyCompromised, KeyActive, at(-2)), noRecord), UnknownKey, "+??", false, ""},
		{"compromised key, other claims than on record", "p", both(state(KeyCompromised, KeyActive, at(-2)), otherClaims), Altered, "-?+", true, ""},
		{"compromised key, offline", "P", state(KeyCompromised, KeyActive, at(-2)), UnknownKey, "+?+", false, ""},
		{"compromised key, revoked in the list, offline", "P", both(state(KeyCompromised, KeyActive, at(-2)), listed(StatusRevoked)), UnknownKey, "+?-", false, ""},

		{"no record", "p", noRecord, Unconfirmed, "++?", true, "no-record"},
		{"no record of a file", "f", noRecord, Unconfirmed, "++?", true, "no-record"},
		{"reserved only", "p", record(StatusReserved), Unconfirmed, "++?", true, "no-record"},
		{"void", "p", record(StatusVoid), Unconfirmed, "++?", true, "no-record"},
		{"reserved only, by number", "n", record(StatusReserved), NotFound, "???", false, ""},
		{"void, by number", "n", record(StatusVoid), NotFound, "???", false, ""},
		{"a status nobody knows, by number", "n", record("frozen"), NotFound, "???", false, ""},
		{"another record under this code", "p", otherClaims, Altered, "-++", true, "record-differs"},

		{"revoked", "p", record(StatusIsRevoked), Revoked, "++-", true, ""},
		{"revoked, by number", "n", record(StatusIsRevoked), Revoked, "?+-", true, ""},
		{"revoked file", "f", record(StatusIsRevoked), Revoked, "++-", true, ""},
		{"suspended", "p", record(StatusIsSuspended), Suspended, "++-", true, ""},
		{"superseded", "p", record(StatusIsSuperseded), Superseded, "++-", true, ""},
		{"revoked and expired", "p", both(record(StatusIsRevoked), func(p *proof) { p.Now = at(25) }), Revoked, "++-", true, ""},
		{"revoked and another file", "f", both(record(StatusIsRevoked), otherFile), Revoked, "++-", true, "other-file"},
		{"expired", "p", func(p *proof) { p.Now = at(25) }, Expired, "++-", true, ""},
		{"expired to the second", "p", func(p *proof) { p.Now = at(24) }, Expired, "++-", true, ""},
		{"a second before", "p", func(p *proof) { p.Now = at(24).Add(-time.Second) }, Valid, "+++", true, ""},
		{"expired, by number", "n", func(p *proof) { p.Now = at(25) }, Expired, "?+-", true, ""},
		{"expired, offline", "P", func(p *proof) { p.Now = at(25) }, Expired, "++-", true, ""},
		{"expired, offline, no list", "P", func(p *proof) { p.Now, p.Status = at(25), nil }, Expired, "++-", true, ""},
		{"never expires", "P", both(clock(at(9999)), func(p *proof) { p.Token.Claims.Expires = 0 }), Valid, "+++", true, ""},
		{"offline, no list", "P", func(p *proof) { p.Status = nil }, Unconfirmed, "++?", true, ""},
		{"offline, stale list", "P", stale, Unconfirmed, "++?", true, ""},
		{"offline, revoked", "P", listed(StatusRevoked), Revoked, "++-", true, ""},
		{"offline, revoked in a stale list", "P", both(stale, listed(StatusRevoked)), Revoked, "++-", true, ""},
		{"offline, suspended", "P", listed(StatusSuspended), Suspended, "++-", true, ""},
		{"offline, suspended in a stale list", "P", both(stale, listed(StatusSuspended)), Unconfirmed, "++?", true, ""},
		{"offline, superseded", "F", listed(StatusSuperseded), Superseded, "++-", true, ""},
		{"offline, a value that no list holds", "P", listed(7), Superseded, "++-", true, ""},
		{"online, whatever a list says", "p", listed(StatusRevoked), Valid, "+++", true, ""},

		{"keys as old as they may be", "P", keysAt(time.Second - KeyListLife), Valid, "+++", true, ""},
		{"keys a second older", "P", keysAt(-KeyListLife), Unconfirmed, "++?", true, ""},
		{"old keys, file", "F", keysAt(-72 * time.Hour), Unconfirmed, "++?", true, ""},
		{"old keys, online", "p", keysAt(-72 * time.Hour), Valid, "+++", true, ""},
		{"old keys, stale list", "P", both(keysAt(-72*time.Hour), stale), Unconfirmed, "++?", true, ""},
		{"old keys, revoked", "P", both(keysAt(-72*time.Hour), listed(StatusRevoked)), Revoked, "++-", true, ""},
		{"old keys, suspended", "P", both(keysAt(-72*time.Hour), listed(StatusSuspended)), Suspended, "++-", true, ""},
		{"old keys, expired", "P", both(clock(at(25)), keysAt(-72*time.Hour)), Expired, "++-", true, ""},
		{"old keys, signature does not hold", "P", both(keysAt(-72*time.Hour), badToken("signature")), Forged, "-??", false, ""},
		{"a list as late as clocks may differ", "P", listAt(ClockSkew), Valid, "+++", true, ""},
		{"a list later than that", "P", listAt(ClockSkew + time.Second), Unconfirmed, "++?", true, ""},
		{"a list of tomorrow", "F", listAt(24 * time.Hour), Unconfirmed, "++?", true, ""},
		{"a list of tomorrow, revoked in it", "P", both(listAt(24*time.Hour), listed(StatusRevoked)), Unconfirmed, "++?", true, ""},
		{"a list of tomorrow, online", "p", listAt(24 * time.Hour), Valid, "+++", true, ""},
		{"a key list as late as clocks may differ", "P", keysAt(ClockSkew), Valid, "+++", true, ""},
		{"a key list of tomorrow", "P", keysAt(24 * time.Hour), Unconfirmed, "++?", true, ""},
		{"a key list of tomorrow, online", "p", keysAt(24 * time.Hour), Valid, "+++", true, ""},
		{"issued as late as clocks may differ", "P", clock(at(-24).Add(-ClockSkew)), Valid, "+++", true, ""},
		{"issued later than that", "P", clock(at(-24).Add(-ClockSkew - time.Second)), Unconfirmed, "++?", true, ""},
		{"issued tomorrow, online", "p", clock(at(-48)), Unconfirmed, "++?", true, ""},
		{"issued tomorrow, by number", "n", clock(at(-48)), Unconfirmed, "?+?", true, ""},
		{"issued tomorrow, revoked on record", "p", both(clock(at(-48)), record(StatusIsRevoked)), Revoked, "++-", true, ""},
		{"issued tomorrow, not on record", "p", both(clock(at(-48)), noRecord), Unconfirmed, "++?", true, "no-record"},
		{"expired, by a clock that is wrong", "P", both(clock(at(25)), keysAt(26*time.Hour)), Unconfirmed, "++?", true, ""},
		{"a list of tomorrow, signature does not hold", "P", both(listAt(24*time.Hour), badToken("signature")), Forged, "-??", false, ""},
		{"a list of tomorrow, compromised key", "P", both(listAt(24*time.Hour), state(KeyCompromised, KeyActive, at(-2))), UnknownKey, "+??", false, ""},
	} {
		p := genuine()
		switch c.where {
		case "p", "P":
			p.PDF, p.PDFKey = nil, nil
		case "f", "F":
			p.Code = ""
		default:
			p.PDF, p.PDFKey, p.Token, p.ByNumber = nil, nil, nil, true
		}
		if c.where < "a" {
			p.Online = false
			if p.Token != nil {
				p.Record = nil
			}
		}
		c.spoil(p)
		a := Judge(p.Evidence)
		signs := map[CheckResult]string{Pass: "+", Fail: "-", NotChecked: "?"}
		checks := signs[a.Checks.Integrity] + signs[a.Checks.Issuer] + signs[a.Checks.Status]
		if a.Verdict != c.want || checks != c.checks || (a.Certificate != nil) != c.facts || a.Alarm != c.alarm {
			t.Errorf("%s: %s %s, facts %v, alarm %q, want %s %s, %v, %q (%v)", c.name, a.Verdict, checks, a.Certificate != nil, a.Alarm, c.want, c.checks, c.facts, c.alarm, a.Findings)
		}
		if a.Heading.ZH == "" || a.Meaning.EN == "" || a.Advice.ZH == "" || a.Offline == p.Online || a.RecordOnly != p.ByNumber || !a.CheckedAt.Equal(p.Now) {
			t.Errorf("%s: %+v", c.name, a)
		}
		if again := Judge(p.Evidence); again.Verdict != a.Verdict || again.Checks != a.Checks {
			t.Errorf("%s: judged again: %s %v", c.name, again.Verdict, again.Checks)
		}
	}
}

func TestAnswerFacts(t *testing.T) {
	p := genuine()
	a := Judge(p.Evidence)
	f := a.Certificate
	if f.Number != p.Record.Number || f.Name != "张*丰" || f.Item != "QS" || f.Organ != DistrictOrgan || !f.Expires.Equal(at(24)) || f.KID != "tokenkey" || !a.StatusAsOf.Equal(at(0)) || a.StatusSince != nil {
		t.Errorf("online: %+v %+v", f, a)
	}
	p.Online, p.Record = false, nil
	a = Judge(p.Evidence)
	if f = a.Certificate; f.Number != "" || f.Code != "7K3M9QWX2B4D" || f.Name != "张*丰" || f.OrganName == "" || !f.IssuedAt.Equal(at(-24)) || !a.StatusAsOf.Equal(at(-1)) {
		t.Errorf("offline: %+v %+v", f, a)
	}
	p.KeysAsOf = at(-3)
	if a = Judge(p.Evidence); !a.StatusAsOf.Equal(at(-3)) {
		t.Errorf("the keys are known as of three hours ago, and the status as of %s", a.StatusAsOf)
	}
	p = genuine()
	p.Record.Status, p.Record.Successor, p.Record.StatusAt = StatusIsSuperseded, "NEWCODE00000", at(-3)
	if a = Judge(p.Evidence); a.Successor != "NEWCODE00000" || !a.StatusSince.Equal(at(-3)) {
		t.Errorf("superseded online: %+v", a)
	}
	p.Online, p.Record, p.Status.Value = false, nil, StatusSuperseded
	if a = Judge(p.Evidence); a.Successor != "" || a.StatusSince != nil || a.Verdict != Superseded {
		t.Errorf("superseded offline: %+v", a)
	}
	p = genuine()
	p.Record.Status, p.Record.StatusAt, p.Record.Reason = StatusIsRevoked, at(-3), "fraud"
	if a = Judge(p.Evidence); a.Reason != "fraud" || !a.StatusSince.Equal(at(-3)) {
		t.Errorf("revoked: %+v", a)
	}
	p = genuine()
	p.Record.Expires = time.Time{}
	p.Token.Claims = p.Record.Claims()
	if a = Judge(p.Evidence); a.Certificate.Expires != nil || a.Verdict != Valid {
		t.Errorf("never expires: %+v", a)
	}
}

// Every verdict has its own words; valid has others where it says less.
func TestVerdictsInWords(t *testing.T) {
	seen := map[Text]Verdict{}
	for _, v := range precedence {
		j := &judge{Evidence: &Evidence{Online: true}, Answer: Answer{Verdict: v}}
		j.describe()
		if other, twice := seen[j.Heading]; twice || j.Heading.ZH == "" || j.Heading.EN == "" || j.Meaning.EN == "" || j.Advice.EN == "" {
			t.Errorf("%s: %v, as %s", v, j.Heading, other)
		}
		seen[j.Heading] = v
	}
	for _, a := range []Answer{{Verdict: Valid, RecordOnly: true}, {Verdict: Valid, Offline: true}} {
		j := &judge{Evidence: &Evidence{}, Answer: a}
		if j.describe(); seen[j.Heading] != "" {
			t.Errorf("%+v reads as %s does", a, seen[j.Heading])
		}
	}
}

// TestOnlyGoodEvidenceIsValid: whatever is thrown together, valid needs a
// signature under an entitled, believed key (or a record asked for by number),
// a status that is known, and nothing that speaks against it.
func TestOnlyGoodEvidenceIsValid(t *testing.T) {
	verdicts := map[Verdict]int{}
	for range 20 {
		rapid.Check(t, func(t *rapid.T) {
			p := genuine()
			some := func(name string) bool { return rapid.IntRange(0, 7).Draw(t, name) == 0 }
			p.Online = rapid.Bool().Draw(t, "online")
			p.ByNumber = some("by number")
			if p.ByNumber {
				p.Token, p.PDF = nil, nil
			}
			if rapid.Bool().Draw(t, "paper") {
				p.PDF = nil
			}
			states := []KeyState{KeyActive, KeyActive, KeyRetired, KeySuspended, KeyCompromised}
			p.token.State, p.token.Since = rapid.SampledFrom(states).Draw(t, "token state"), at(rapid.IntRange(-30, 0).Draw(t, "since"))
			p.document.State = rapid.SampledFrom(states).Draw(t, "document state")
			if p.Token != nil {
				p.Token.Signed, p.Token.WellFormed = !some("unsigned"), !some("malformed")
			}
			if p.PDF != nil {
				p.PDF.Readable, p.PDF.Signed, p.PDF.SignatureOK, p.PDF.Whole = !some("unreadable"), !some("no signature"), !some("bad"), !some("added")
				if some("problem") {
					p.PDF.Problem = rapid.SampledFrom([]string{"not-our-form", "coverage", "not-pdf"}).Draw(t, "which")
				}
				if some("stranger") {
					p.PDFKey = nil
				}
				if some("no attachment") {
					p.PDF.Attached = nil
				}
			}
			p.Record.Status = rapid.SampledFrom([]Status{StatusOK, StatusOK, StatusOK, StatusOK, StatusReserved, StatusVoid, StatusIsRevoked, StatusIsSuspended, ""}).Draw(t, "status")
			if some("no record") {
				p.Record = nil
			}
			if some("no list") {
				p.Status = nil
			} else {
				p.Status.Value, p.Status.Stale = StatusValue(rapid.SampledFrom([]int{0, 0, 0, 1, 2, 3}).Draw(t, "listed")), some("stale")
			}
			p.Now = at(rapid.IntRange(-1, 26).Draw(t, "now"))
			p.KeysAsOf = at(rapid.IntRange(-30, -1).Draw(t, "keys as of"))
			early, old := false, !p.Online && p.Now.Sub(p.KeysAsOf) >= 24*time.Hour
			if some("slow clock") {
				p.Now, early = at(-25), true
			}

			a := Judge(p.Evidence)
			verdicts[a.Verdict]++
			inRecord := p.Online && p.Record != nil && p.Record.Status == StatusOK
			inList := !p.Online && p.Status != nil && !p.Status.Stale && p.Status.Value == StatusValid
			known := inRecord || inList
			file := p.PDF == nil || p.PDF.Readable && p.PDF.Signed && p.PDF.SignatureOK && p.PDF.Whole && p.PDF.Problem == "" && p.PDFKey != nil && p.PDF.Attached != nil && (inRecord || p.document.believed(at(-24)))
			token := p.Token != nil && p.Token.Signed && p.Token.WellFormed && (inRecord || p.token.believed(at(-24)))
			want := known && !early && !old && p.Now.Before(at(24)) && (token && file || p.ByNumber && inRecord)
			if got := a.Verdict == Valid; got != want {
				t.Fatalf("%s %v, want valid: %v; %+v", a.Verdict, a.Checks, want, a.Findings)
			}
			if a.Verdict == Valid && (a.Checks.Status != Pass || a.Checks.Issuer != Pass || a.Checks.Integrity == Fail) {
				t.Fatalf("valid with checks %v", a.Checks)
			}
			if a.Certificate != nil && !inRecordOrSigned(p) {
				t.Fatalf("facts that nobody vouches for: %+v", a.Certificate)
			}
		})
	}
	for _, v := range []Verdict{Valid, Forged, Altered, UnknownKey, Revoked, Suspended, Superseded, Expired, Unconfirmed, NotFound, NoSignature} {
		if verdicts[v] == 0 {
			t.Errorf("no evidence gave %s: the property proves little", v)
		}
	}
}

func inRecordOrSigned(p *proof) bool {
	return p.Token != nil && p.Token.Signed && p.Token.WellFormed || p.ByNumber && p.Record != nil
}

func TestPrecedenceIsComplete(t *testing.T) {
	for v := range spoken {
		if !slices.Contains(precedence, v) {
			t.Errorf("%s has no place", v)
		}
	}
	if len(precedence) != len(spoken) {
		t.Errorf("%d verdicts have a place, %d have words", len(precedence), len(spoken))
	}
}
