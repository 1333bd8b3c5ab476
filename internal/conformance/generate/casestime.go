package main

import (
	"time"

	"yinzheng"
	"yinzheng/internal/conformance"
)

func (t *table) key() {
	unknown := is("unknown-key", "???", "", "unknown-key")
	valid := func(c *certificate) *conformance.Answer { return is("valid", "+++", c.claims.Name) }
	paper := func(name, of, shows string, offline *conformance.Answer, changes ...func(*conformance.Case)) {
		t.add(conformance.Case{Name: name, Group: "key", Shows: shows, Question: askURL(t.issued[of].url()), Offline: offline}, append([]func(*conformance.Case){jose(accept)}, changes...)...)
	}
	paper("key-period-over", "old key", "issued inside the period of a key that is over", valid(t.issued["old key"]))
	paper("key-retired", "retired key", "issued before its key was retired", valid(t.issued["retired key"]))
	paper("key-retired-late", "retired key, late", "dated after its key was retired", is("unknown-key", "+?+", "", "key-not-in-use"), online(valid(t.issued["retired key, late"]), keyOnRecord))
	paper("key-suspended", "suspended key", "issued before its key was suspended: it stands", valid(t.issued["suspended key"]))
	paper("key-suspended-late", "suspended key, late", "dated after its key was suspended", is("unknown-key", "+?+", "", "key-not-in-use"), online(is("unknown-key", "+??", "", "key-not-in-use", "no-record"), notOnRecord))
	paper("key-compromised", "compromised key", "its key was compromised: the signature alone confirms nothing", is("unknown-key", "+?+", "", "compromised-key"), online(valid(t.issued["compromised key"]), keyOnRecord))
	paper("key-compromised-no-record", "compromised key, no record", "as whoever has got hold of the key would sign", is("unknown-key", "+?+", "", "compromised-key"), online(is("unknown-key", "+??", "", "compromised-key", "no-record"), notOnRecord))
	paper("key-no-list", "good", "no key list at hand", unknown, func(c *conformance.Case) { c.JWKS, c.Status = "", nil }, online(valid(t.issued["good"]), "the issuer has its own keys"), jose(refuse))

	forged := is("forged", "+-+", "", "not-entitled")
	for _, c := range []struct {
		name, from, shows, jose string
		want, online            *conformance.Answer
		why                     string
	}{
		{"key-of-another-organ", "key of another organ", "the key of another organ", accept, forged, nil, ""},
		{"key-of-another-item", "key of another item", "a key that may not sign this item", accept, forged, nil, ""},
		{"key-for-documents", "document key", "a key for documents", accept, forged, nil, ""},
		{"key-for-status-lists", "status key", "a key for status lists", accept, forged, nil, ""},
		{"key-for-replies", "reply key", "a key for replies", accept, forged, is("forged", "--+", "", "not-entitled", "record-differs"), "the record is compared, too"},
		{"key-after-its-period", "issued after the key", "dated after its key's period", accept, forged, nil, ""},
		{"key-before-its-period", "issued before the key", "dated before its key's period", accept, forged, is("forged", "--+", "", "not-entitled", "record-differs"), "the record is compared, too"},
		{"key-unknown", "stranger's key", "a key that is on no list", refuse, unknown, nil, ""},
	} {
		changes := []func(*conformance.Case){jose(c.jose)}
		if c.online != nil {
			changes = append(changes, online(c.online, c.why))
		}
		t.add(conformance.Case{Name: c.name, Group: "key", Shows: c.shows, Question: askURL(url(t.issued["good"].code, t.tokens[c.from])), Offline: c.want}, changes...)
	}
}

func (t *table) status() {
	paper := func(name, of, shows string, offline *conformance.Answer, changes ...func(*conformance.Case)) {
		t.add(conformance.Case{Name: name, Group: "status", Shows: shows, Question: askURL(t.issued[of].url()), Offline: offline}, append([]func(*conformance.Case){jose(accept)}, changes...)...)
	}
	open := func(holder string) *conformance.Answer { return is("unconfirmed", "++?", holder, "status-unknown") }
	valid := is("valid", "+++", "张*丰")
	replaced := succeeded(is("superseded", "++-", "卫*"), t.issued["good"].code)
	paper("status-revoked", "revoked", "revoked", is("revoked", "++-", "冯*"))
	paper("status-suspended", "suspended", "suspended", is("suspended", "++-", "陈*"))
	paper("status-superseded", "superseded", "superseded", is("superseded", "++-", "卫*"), online(replaced, "only the issuer knows by which"))
	paper("status-no-list", "good", "no status list at hand", open("张*丰"), with(), online(valid, recordKnows))
	paper("status-another-list", "good", "a status list with another number", open("张*丰"), with("status-2.jwt"), online(valid, recordKnows))
	paper("status-short-list", "good", "a list that ends before the entry", open("张*丰"), with("status-1-short.jwt"), online(valid, recordKnows))
	paper("status-last-second", "good", "a second before the list is stale", valid, at(listAt.Add(yinzheng.StatusListLife-time.Second)), under("jwks-later.json"))
	paper("status-stale", "good", "the list is stale to the second", open("张*丰"), at(listAt.Add(yinzheng.StatusListLife)), under("jwks-later.json"), online(valid, recordKnows))
	paper("status-stale-revoked", "revoked", "revoked in a stale list: that is for good", is("revoked", "++-", "冯*", "status-unknown"), with("status-1-old.jwt"), online(is("revoked", "++-", "冯*"), recordKnows))
	paper("status-stale-suspended", "suspended", "suspended in a stale list: that may have been lifted", open("陈*"), with("status-1-old.jwt"), online(is("suspended", "++-", "陈*"), recordKnows))
	paper("status-stale-superseded", "superseded early", "superseded in a stale list: that is for good", is("superseded", "++-", "魏*", "status-unknown"), with("status-1-old.jwt"),
		online(succeeded(is("superseded", "++-", "魏*"), t.issued["second"].code), recordKnows))
	paper("status-stale-superseded-since", "superseded", "superseded since the list", open("卫*"), with("status-1-old.jwt"), online(replaced, recordKnows))
	paper("status-newest-last", "superseded", "of two lists the newer one counts", is("superseded", "++-", "卫*"), with("status-1-old.jwt", "status-1.jwt"), online(replaced, "only the issuer knows by which"))
	paper("status-newest-first", "superseded", "of two lists the newer one counts, in whatever order", is("superseded", "++-", "卫*"), with("status-1.jwt", "status-1-old.jwt"), online(replaced, "only the issuer knows by which"))
	paper("status-forged-and-revoked", "revoked", "a signature that does not hold weighs more than revoked", is("forged", "-??", "", "token-signature"), func(c *conformance.Case) {
		c.Question = askURL(url(t.issued["revoked"].code, t.issued["revoked"].token[:len(t.issued["revoked"].token)-86]+t.issued["good"].token[len(t.issued["good"].token)-86:]))
	}, jose(refuse))

	expires := time.Unix(t.issued["good"].claims.Expires, 0).UTC()
	paper("expired", "expired", "expired", is("expired", "++-", "郑*"), jose(refuse))
	paper("expired-and-revoked", "expired and revoked", "revoked weighs more than expired", is("revoked", "++-", "王*"), jose(refuse))
	paper("expired-no-list", "expired", "expired, and no status list at hand", is("expired", "++-", "郑*", "status-unknown"), with(), online(is("expired", "++-", "郑*"), recordKnows), jose(refuse))
	paper("expired-to-the-second", "good", "at exp it has expired", is("expired", "++-", "张*丰", "stale-keys", "status-unknown"), at(expires), online(is("expired", "++-", "张*丰"), recordKnows), jose(refuse))
	paper("expires-in-a-second", "good", "a second before exp it has not", is("unconfirmed", "++?", "张*丰", "stale-keys", "status-unknown"), at(expires.Add(-time.Second)), online(valid, recordKnows))
}

// staleKeys are cases with a key list that is too old, whatever the status list is.
func (t *table) staleKeys() {
	stale := func(holder string) *conformance.Answer { return is("unconfirmed", "++?", holder, "stale-keys") }
	valid := is("valid", "+++", "张*丰")
	over := keysAt.Add(yinzheng.KeyListLife)
	paper := func(name, of, shows string, clock time.Time, offline *conformance.Answer, changes ...func(*conformance.Case)) {
		t.add(conformance.Case{Name: name, Group: "stale-keys", Shows: shows, Question: askURL(t.issued[of].url()), Offline: offline}, append([]func(*conformance.Case){at(clock), jose(accept)}, changes...)...)
	}
	paper("keys-last-second", "good", "a second before the key list is stale", over.Add(-time.Second), valid)
	paper("keys-stale", "good", "the key list is stale to the second, the status list is not", over, stale("张*丰"), online(valid, recordKnows))
	paper("keys-old", "good", "a status list of today, and a key list of weeks before", noon, stale("张*丰"), under("jwks-old.json"), online(valid, recordKnows))
	paper("keys-old-compromised-since", "compromised key, no record", "as whoever has got hold of a key since would sign", noon, stale("尤*姐"), under("jwks-old.json"),
		online(is("unknown-key", "+??", "", "compromised-key", "no-record"), notOnRecord))
	paper("keys-old-no-list", "good", "no status list either", noon, is("unconfirmed", "++?", "张*丰", "stale-keys", "status-unknown"), under("jwks-old.json"), with(), online(valid, recordKnows))
	paper("keys-stale-revoked", "revoked", "revoked, as far as the keys are known", over, is("revoked", "++-", "冯*", "stale-keys"), online(is("revoked", "++-", "冯*"), recordKnows))
	paper("keys-stale-suspended", "suspended", "suspended in a list of today", over, is("suspended", "++-", "陈*", "stale-keys"), online(is("suspended", "++-", "陈*"), recordKnows))
	paper("keys-stale-expired", "expired", "expired", over, is("expired", "++-", "郑*", "stale-keys"), online(is("expired", "++-", "郑*"), recordKnows), jose(refuse))
	paper("keys-stale-forged", "good", "integrity hangs on no date", over, is("forged", "-??", "", "token-signature"), func(c *conformance.Case) {
		c.Question = askURL(url(t.issued["good"].code, t.tokens["claims of another"]))
	}, jose(refuse))
	file := conformance.Case{Name: "keys-old-pdf", Group: "stale-keys", Shows: "a file", Question: conformance.Question{File: "small.pdf"}, Offline: stale("赵*")}
	t.add(file, under("jwks-old.json"), online(is("valid", "+++", "赵*"), recordKnows))
}

func (t *table) clock() {
	paper := func(name, of, shows string, clock time.Time, offline *conformance.Answer, changes ...func(*conformance.Case)) {
		t.add(conformance.Case{Name: name, Group: "clock", Shows: shows, Question: askURL(t.issued[of].url()), Offline: offline}, append([]func(*conformance.Case){at(clock), jose(accept)}, changes...)...)
	}
	wrong := func(holder string) *conformance.Answer { return is("unconfirmed", "++?", holder, "clock") }
	valid := is("valid", "+++", "张*丰")
	undated := "what the record says hangs on no list's date"
	day := 24 * time.Hour
	paper("clock-five-minutes-behind", "good", "as far behind the list as clocks may be", listAt.Add(-yinzheng.ClockSkew), valid)
	paper("clock-behind-the-list", "good", "a second more", listAt.Add(-yinzheng.ClockSkew-time.Second), wrong("张*丰"), online(valid, undated))
	paper("clock-behind-the-list-revoked", "revoked", "nothing is said of what the list says", listAt.Add(-yinzheng.ClockSkew-time.Second), wrong("冯*"), online(is("revoked", "++-", "冯*"), undated))
	paper("clock-behind-the-list-forged", "good", "integrity hangs on no clock", listAt.Add(-time.Hour), is("forged", "-??", "", "token-signature"), func(c *conformance.Case) {
		c.Question = askURL(url(t.issued["good"].code, t.tokens["claims of another"]))
	}, jose(refuse))
	paper("clock-behind-the-list-compromised", "compromised key", "nor does the issuer", listAt.Add(-time.Hour), is("unknown-key", "+??", "", "clock", "compromised-key"), online(is("valid", "+++", "秦*"), keyOnRecord))
	paper("clock-behind-a-newer-list", "good", "an older list does not help: the newer one shows that the clock is wrong", listAt.Add(-time.Hour), wrong("张*丰"), with("status-1-old.jwt", "status-1.jwt"), online(valid, undated))
	paper("clock-behind-the-key-list", "good", "the key list is of later, no status list", keysAt.Add(-yinzheng.ClockSkew-time.Second), wrong("张*丰"), with(), online(valid, undated))
	paper("clock-a-day-behind", "good", "a clock a day behind", noon.Add(-day), wrong("张*丰"), online(valid, undated))
	paper("clock-before-the-issue", "today", "issued later than now, though the lists are not", time.Unix(t.issued["today"].claims.IssuedAt, 0).UTC().Add(-yinzheng.ClockSkew-time.Second), wrong("吴*"))
	paper("clock-just-before-the-issue", "today", "issued as much later as clocks may differ", time.Unix(t.issued["today"].claims.IssuedAt, 0).UTC().Add(-yinzheng.ClockSkew), is("valid", "+++", "吴*"))
	paper("clock-a-day-behind-today", "today", "a clock a day behind, issued today: neither list nor record is believed to be valid now", noon.Add(-day), wrong("吴*"))
	paper("clock-behind-expired", "expired", "with a wrong clock nothing is said of exp either", noon.Add(-day), wrong("郑*"), online(is("expired", "++-", "郑*"), undated), jose(refuse))
	reset := func(c *conformance.Case) { c.Refused = c.JWKS }
	paper("clock-reset", "good", "a clock of before the key list's issuing CA: the key list cannot be believed", time.Unix(0, 0).UTC(), nil, reset)
	paper("clock-years-ahead", "good", "a clock of after it", end.AddDate(1, 0, 0), nil, reset)
	paper("clock-a-day-ahead", "good", "a clock a day ahead: the lists look stale", noon.Add(day), is("unconfirmed", "++?", "张*丰", "stale-keys", "status-unknown"), online(valid, undated))
	paper("clock-a-day-ahead-expired", "expired", "a clock a day ahead", noon.Add(day), is("expired", "++-", "郑*", "stale-keys", "status-unknown"), online(is("expired", "++-", "郑*"), undated), jose(refuse))
}

// lists are cases in which a list at hand must be refused.
func (t *table) lists() {
	for _, c := range []struct{ name, file, shows, jose string }{
		{"jwks-other-root", "jwks-other-root.json", "a key list below another root", refuse},
		{"jwks-by-seal", "jwks-by-seal.json", "a key list signed with a seal, whose certificate is no CA's", refuse},
		{"jwks-altered", "jwks-altered.json", "a key list with one character changed", refuse},
		{"jwks-unsigned", "jwks-unsigned.json", "a key list without signed: offline its other members count for nothing", refuse},
		{"jwks-stranger-key", "jwks-stranger-key.json", "a key whose certificate is below another root than the list", accept},
		{"jwks-twice", "jwks-twice.json", "a key listed twice", accept},
		{"jwks-weak", "jwks-weak.json", "an RSA key of 1024 bits", accept},
	} {
		t.add(conformance.Case{Name: c.name, Group: "lists", Shows: c.shows, Question: askURL(t.issued["good"].url())}, jose(c.jose),
			func(k *conformance.Case) { k.JWKS, k.Refused, k.Status = c.file, c.file, nil })
	}
	for _, c := range []struct{ name, file, shows, jose string }{
		{"status-list-altered", "status-1-altered.jwt", "a status list with one character changed", refuse},
		{"status-list-wrong-key", "status-1-wrong-key.jwt", "a status list signed with a key for tokens", accept},
		{"status-list-compromised-key", "status-1-compromised-key.jwt", "a status list signed with a compromised key", accept},
		{"status-list-stranger", "status-1-stranger.jwt", "a status list signed with a key that is on no list", refuse},
		{"status-list-no-typ", "status-1-no-typ.jwt", "a status list without its typ", refuse},
	} {
		t.add(conformance.Case{Name: c.name, Group: "lists", Shows: c.shows, Question: askURL(t.issued["good"].url())}, jose(c.jose), with(c.file),
			func(k *conformance.Case) { k.Refused = c.file })
	}
}
