package main

import (
	"time"

	"yinzheng"
	"yinzheng/internal/conformance"
)

// record are questions that only the issuer can answer.
func (t *table) record() {
	good := t.issued["good"]
	ask := func(name, shows string, q conformance.Question, a *conformance.Answer) {
		t.add(conformance.Case{Name: name, Group: "record", Shows: shows, Question: q, Online: a})
	}
	code := func(of string) conformance.Question { return conformance.Question{Code: t.issued[of].code} }
	replaced := succeeded(is("superseded", "?+-", "卫*"), good.code)
	unknown := is("not-found", "???", "")
	ask("record-code", "a code typed: the record is valid, the paper was not looked at", code("good"), is("valid", "?++", "张*丰"))
	ask("record-code-typed", "as people type one", conformance.Question{Code: typed(good.code)}, is("valid", "?++", "张*丰"))
	ask("record-url", "an address without its fragment", askURL(publicURL+"/v/"+good.code), is("valid", "?++", "张*丰"))
	ask("record-revoked", "revoked", code("revoked"), is("revoked", "?+-", "冯*"))
	ask("record-suspended", "suspended", code("suspended"), is("suspended", "?+-", "陈*"))
	ask("record-superseded", "superseded", code("superseded"), replaced)
	ask("record-expired", "expired", code("expired"), is("expired", "?+-", "郑*"))
	ask("record-no-such-code", "a code that nobody has", conformance.Question{Code: "000000000000"}, unknown)
	ask("record-code-never-issued", "the code of a token that is on no record", code("no record"), unknown)
	ask("record-no-code", "what cannot be a code", conformance.Question{Code: "U"}, unknown)
	ask("record-number", "a number alone: no name is shown", conformance.Question{Number: good.number}, is("valid", "?++", ""))
	ask("record-number-name", "a number with the holder's name", conformance.Question{Number: good.number, Name: good.holder}, is("valid", "?++", "张*丰"))
	ask("record-number-wrong-name", "a number with another name tells nothing", conformance.Question{Number: good.number, Name: "张三"}, unknown)
	ask("record-no-such-number", "a number that nobody has", conformance.Question{Number: t.issued["no record"].number}, unknown)

	none := t.issued["no record"]
	t.add(conformance.Case{Name: "record-none", Group: "record", Shows: "a good signature, and no record", Question: askURL(none.url()), Offline: is("valid", "+++", "许*")}, jose(accept),
		online(is("unconfirmed", "++?", "许*", "no-record"), notOnRecord))
}

func (t *table) pdf() {
	file := func(name, of, shows string, offline *conformance.Answer, changes ...func(*conformance.Case)) {
		t.add(conformance.Case{Name: name, Group: "pdf", Shows: shows, Question: conformance.Question{File: of}, Offline: offline}, changes...)
	}
	altered := func(findings ...string) *conformance.Answer { return is("altered", "-??", "", findings...) }
	unsigned := is("unsigned", "???", "", "unsigned")
	other := func(offline *conformance.Answer) func(*conformance.Case) {
		a := *offline
		a.Verdict, a.Findings = "unconfirmed", []string{"other-file"}
		return online(&a, "another file is on record")
	}
	valid := is("valid", "+++", "赵*")
	file("pdf", "residence.pdf", "a certificate as it was issued and typeset", is("valid", "+++", "张*丰"))
	file("pdf-small", "small.pdf", "the least that a certificate can be", valid)
	file("pdf-rsa", "rsa.pdf", "sealed with an RSA key", is("valid", "+++", "钱*元"))
	file("pdf-stale", "small.pdf", "a file with a stale list", is("unconfirmed", "++?", "赵*", "status-unknown"), with("status-1-old.jwt"), online(valid, recordKnows))
	file("pdf-clock", "small.pdf", "a file, and a clock a day behind", is("unconfirmed", "++?", "赵*", "clock"), at(noon.Add(-24*time.Hour)), online(valid, "what the record says hangs on no list's date"))
	file("pdf-validation-added", "validation-added.pdf", "a later revision with validation data alone", valid)
	file("pdf-compromised", "compromised.pdf", "sealed with a compromised key", is("unknown-key", "+?+", "", "compromised-key"), online(is("valid", "+++", "孙*红"), keyOnRecord))
	file("pdf-other-file", "other-file.pdf", "another file with the genuine token", is("valid", "+++", "张*丰"), other(is("valid", "+++", "张*丰")))
	file("pdf-values-changed", "values-changed.pdf", "the values attached are not those of the token's h", is("altered", "-++", "赵*", "commitment"), online(is("altered", "-++", "赵*", "commitment", "other-file"), "another file is on record"))
	file("pdf-no-attachment", "no-attachment.pdf", "no yinzheng.json, though the seal is genuine", is("unconfirmed", "+??", "", "no-attachment"))
	file("pdf-token-key", "token-key.pdf", "sealed with a key for tokens", is("forged", "+-+", "", "not-entitled"), online(is("forged", "+-+", "", "not-entitled", "other-file"), "another file is on record"))
	file("pdf-other-organ", "other-organ.pdf", "sealed by another organ than the token names", is("forged", "+-+", "", "not-entitled"), online(is("forged", "+-+", "", "not-entitled", "other-file"), "another file is on record"))
	file("pdf-stranger", "stranger.pdf", "sealed by a stranger, with a genuine token attached", is("unknown-key", "???", "", "unknown-certificate"))
	file("pdf-no-key-list", "small.pdf", "no key list at hand", is("unknown-key", "???", "", "unknown-certificate"), func(c *conformance.Case) { c.JWKS, c.Status = "", nil }, online(valid, "the issuer has its own keys"))

	file("pdf-text-changed", "text-changed.pdf", "one letter of the page changed", altered("content", "content-changed"))
	file("pdf-attachment-cut", "attachment-cut.pdf", "the attachment taken out of the catalog", altered("content", "content-changed"))
	file("pdf-zeros-changed", "zeros-changed.pdf", "a digit after the signature, which it cannot cover: it can no longer be told whose it is", is("unknown-key", "???", "", "unknown-certificate"))
	file("pdf-certificate-bit", "certificate-bit.pdf", "one bit of the signature's certificates changed: likewise", is("unknown-key", "???", "", "unknown-certificate"))
	file("pdf-upper-case", "upper-case.pdf", "a digit of the signature in upper case: the same signature in another spelling", altered("content", "not-our-form"))
	file("pdf-byte-appended", "byte-appended.pdf", "one byte appended", altered("added", "appended", "issued-inside"))
	file("pdf-junk-appended", "junk-appended.pdf", "more appended", altered("issued-inside", "unreadable"))
	file("pdf-byte-before", "byte-before.pdf", "one byte before the file: it does not begin as a PDF", is("unsigned", "???", "", "not-pdf"))
	file("pdf-truncated", "truncated.pdf", "a download that broke off", altered("unreadable"))
	file("pdf-last-byte-cut", "last-byte-cut.pdf", "the last line end cut", altered("content", "coverage"))
	file("pdf-text-replaced", "text-replaced.pdf", "a later revision that shows another text", altered("added", "later-revision", "issued-inside"))
	file("pdf-annotation-added", "annotation-added.pdf", "a later revision with an annotation over the page, as a viewer saves one", altered("added", "later-revision", "issued-inside"))
	file("pdf-form-removed", "form-removed.pdf", "a later revision without the signature field", altered("added", "later-revision", "issued-inside"))
	file("pdf-validation-takes-the-text", "validation-takes-the-text.pdf", "validation data that take the place of the page's text", altered("added", "later-revision", "issued-inside"))
	file("pdf-issued-hidden", "issued-hidden.pdf", "the issued revision is inside, and the file shows another", altered("added", "hidden-revision", "issued-inside"))
	file("pdf-two-signatures", "two-signatures.pdf", "two signature fields in one revision", altered("content", "two-signatures"))
	file("pdf-resaved", "resaved.pdf", "saved anew by another program", altered("content", "coverage"))
	file("pdf-scan", "scan.pdf", "a scan of the paper: no signature", unsigned)
	file("pdf-picture", "picture.png", "a picture without a code", nil, online(is("unsigned", "???", "", "no-code"), ""))
	file("pdf-picture-code", "picture-code.png", "a picture of a genuine code, which is judged as its address: pictures are read online only", nil, online(is("valid", "+++", "张*丰"), ""))
}

// reply are tokens of another kind, which a certificate's verifier will meet.
func (t *table) reply() error {
	claims := yinzheng.ReplyClaims{
		ID: "0123456789ABCDEF", IssuedAt: issued.Unix(), Expires: issued.AddDate(0, 1, 0).Unix(), Organ: town.Code, Asker: "office", AskerName: "演示区教育局",
		Kind: "residence", KindName: "居住", Answer: "yes", By: "record", AsOf: "2026-11-10", Digest: yinzheng.CommitReply(make([]byte, yinzheng.SaltLength), yinzheng.Values{"name": "张三丰"}),
	}
	token, err := t.sealer.SignReply(t.keys["town reply"].KID, &claims)
	if err != nil {
		return err
	}
	claims.Organ = civil.Code
	entitled, err := t.sealer.SignReply(t.keys["town reply"].KID, &claims)
	if err != nil {
		return err
	}
	unrecorded := online(is("unconfirmed", "++?", "", "no-record"), notOnRecord)
	ask := func(name, shows, token string, a *conformance.Answer, changes ...func(*conformance.Case)) {
		t.add(conformance.Case{Name: name, Group: "reply", Shows: shows, Question: conformance.Question{Token: token}, Offline: a}, append([]func(*conformance.Case){with()}, changes...)...)
	}
	ask("reply", "a reply needs no status list: it is never revoked", token, is("valid", "+++", ""), jose(accept), unrecorded)
	ask("reply-expired", "it expires", token, is("expired", "++-", "", "stale-keys"), jose(refuse), at(time.Unix(claims.Expires, 0).UTC()), unrecorded)
	ask("reply-clock", "a clock a month behind", token, is("unconfirmed", "++?", "", "clock"), jose(accept), at(noon.AddDate(0, -1, 0)), unrecorded)
	ask("reply-stale-keys", "a key list that is too old: nobody can tell that the key is still believed", token, is("unconfirmed", "++?", "", "stale-keys"), jose(accept), under("jwks-old.json"), unrecorded)
	ask("reply-other-organ", "a key that may not reply for this organ", entitled, is("forged", "+-?", "", "not-entitled"), jose(accept))
	t.add(conformance.Case{Name: "reply-in-an-address", Group: "reply", Shows: "a reply in the place of a certificate's token", Question: askURL(publicURL + "/v/" + t.issued["good"].code + "#" + token), Offline: is("altered", "-??", "", "token-malformed")}, jose(accept))
	return nil
}
