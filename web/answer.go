package web

import (
	"encoding/json"
	"time"
	"unicode/utf8"

	"yinzheng"
)

// appendAnswer writes an answer's JSON, byte for byte as encoding/json does
// (the test holds them together), at a fifth of the cost.
func appendAnswer(b []byte, a *yinzheng.Answer) []byte {
	b = appendString(append(b, `{"verdict":`...), string(a.Verdict))
	b = appendString(append(b, `,"checks":{"integrity":`...), string(a.Checks.Integrity))
	b = appendString(append(b, `,"issuer":`...), string(a.Checks.Issuer))
	b = append(appendString(append(b, `,"status":`...), string(a.Checks.Status)), '}')
	if a.Certificate != nil {
		b = appendFacts(append(b, `,"certificate":`...), a.Certificate)
	}
	if a.Reply != nil { // asked for rarely
		b = appendJSON(append(b, `,"reply":`...), a.Reply)
	}
	b = appendTime(append(b, `,"checked_at":`...), a.CheckedAt)
	if a.StatusAsOf != nil {
		b = appendTime(append(b, `,"status_as_of":`...), *a.StatusAsOf)
	}
	if a.StatusSince != nil {
		b = appendTime(append(b, `,"status_since":`...), *a.StatusSince)
	}
	b = appendMember(b, `,"reason":`, a.Reason)
	b = appendMember(b, `,"successor":`, a.Successor)
	if len(a.Findings) > 0 {
		b = append(b, `,"findings":`...)
		sep := byte('[')
		for _, f := range a.Findings {
			b = appendString(append(append(b, sep), `{"code":`...), f.Code)
			b = append(appendText(append(b, `,"text":`...), f.Text), '}')
			sep = ','
		}
		b = append(b, ']')
	}
	if a.Offline {
		b = append(b, `,"offline":true`...)
	}
	if a.RecordOnly {
		b = append(b, `,"record_only":true`...)
	}
	if a.OnPaper {
		b = append(b, `,"on_paper":true`...)
	}
	b = appendMember(b, `,"scan":`, a.Scan)
	if a.Photo {
		b = append(b, `,"photo":true`...)
	}
	if len(a.Others) > 0 {
		b = appendJSON(append(b, `,"others":`...), a.Others)
	}
	return append(appendSpoken(b, a), '}')
}

// spoken are the words of the verdicts, written once: they are most of an answer.
var spoken = func() map[yinzheng.Verdict][]byte {
	out := map[yinzheng.Verdict][]byte{}
	for _, v := range yinzheng.Verdicts() {
		heading, meaning, advice := yinzheng.Spoken(v)
		out[v] = appendWords(nil, heading, meaning, advice)
	}
	return out
}()

func appendSpoken(b []byte, a *yinzheng.Answer) []byte {
	heading, meaning, advice := yinzheng.Spoken(a.Verdict)
	if words, usual := spoken[a.Verdict]; usual && a.Heading == heading && a.Meaning == meaning && a.Advice == advice {
		return append(b, words...)
	}
	return appendWords(b, a.Heading, a.Meaning, a.Advice)
}

func appendWords(b []byte, heading, meaning, advice yinzheng.Text) []byte {
	b = appendText(append(b, `,"heading":`...), heading)
	b = appendText(append(b, `,"meaning":`...), meaning)
	return appendText(append(b, `,"advice":`...), advice)
}

func appendFacts(b []byte, f *yinzheng.Facts) []byte {
	b = appendString(append(b, `{"code":`...), f.Code)
	b = appendMember(b, `,"number":`, f.Number)
	b = appendString(append(b, `,"item":`...), f.Item)
	if f.ItemName != (yinzheng.Text{}) {
		b = appendText(append(b, `,"item_name":`...), f.ItemName)
	}
	b = appendMember(b, `,"name":`, f.Name)
	b = appendMember(b, `,"id":`, f.ID)
	b = appendString(append(b, `,"organ":`...), f.Organ)
	b = appendMember(b, `,"organ_name":`, f.OrganName)
	b = appendTime(append(b, `,"issued_at":`...), f.IssuedAt)
	if f.Expires != nil {
		b = appendTime(append(b, `,"expires_at":`...), *f.Expires)
	}
	b = appendMember(b, `,"kid":`, f.KID)
	return append(b, '}')
}

// appendMember leaves an empty one out.
func appendMember(b []byte, key, value string) []byte {
	if value == "" {
		return b
	}
	return appendString(append(b, key...), value)
}

func appendText(b []byte, t yinzheng.Text) []byte {
	b = appendString(append(b, `{"zh":`...), t.ZH)
	b = appendString(append(b, `,"en":`...), t.EN)
	return append(b, '}')
}

func appendTime(b []byte, t time.Time) []byte {
	b = t.AppendFormat(append(b, '"'), time.RFC3339Nano)
	return append(b, '"')
}

// escapes holds the bytes that encoding/json may write otherwise.
var escapes = func() (is [256]bool) {
	for c := range ' ' {
		is[c] = true
	}
	for _, c := range []byte(`"\<>&`) {
		is[c] = true
	}
	is[0xE2] = true // a line break may begin with it
	return is
}()

// appendString writes a string; what needs an escape is left to encoding/json.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if escapes[s[i]] && (s[i] != 0xE2 || lineBreak(s[i:])) {
			return appendEscaped(b, s)
		}
	}
	if !utf8.ValidString(s) {
		return appendEscaped(b, s)
	}
	return append(append(append(b, '"'), s...), '"')
}

// lineBreak tells whether a text begins with U+2028 or U+2029.
func lineBreak(s string) bool { return len(s) > 2 && s[1] == 0x80 && s[2]|1 == 0xA9 }

func appendEscaped(b []byte, s string) []byte { return appendJSON(b, s) }

// appendJSON writes texts and numbers as encoding/json does.
func appendJSON(b []byte, v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic("web: encoding/json refuses an answer: " + err.Error()) // it cannot
	}
	return append(b, text...)
}
