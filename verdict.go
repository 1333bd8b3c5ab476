package yinzheng

import (
	"crypto/sha256"
	"time"
)

// Verdict is the answer to a verification.
type Verdict string

// The verdicts, in order of precedence (docs/architecture.md, verdicts). Only
// Valid says yes; UnknownKey and Unconfirmed say that one cannot tell.
const (
	Forged      Verdict = "forged"      // bad signature under a known key
	Altered     Verdict = "altered"     // genuine at some time, not as it is now; which check says where
	UnknownKey  Verdict = "unknown-key" // cannot confirm: nobody here knows the key
	Revoked     Verdict = "revoked"
	Suspended   Verdict = "suspended"
	Superseded  Verdict = "superseded"
	Expired     Verdict = "expired"
	Unconfirmed Verdict = "unconfirmed" // the signature holds; the status could not be learnt
	Valid       Verdict = "valid"
	NotFound    Verdict = "not-found" // no such record here
	NoSignature Verdict = "unsigned"  // a file without a signature
)

// CheckResult is the outcome of one of the three checks.
type CheckResult string

// The outcomes. NotChecked is neither yes nor no.
const (
	Pass       CheckResult = "pass"
	Fail       CheckResult = "fail"
	NotChecked CheckResult = "not-checked"
)

// PDFReport is what a check of an uploaded PDF found out (design: coverage is
// judged from parsed objects, never by searching bytes).
type PDFReport struct {
	Readable bool   // a PDF whose structure leads to its objects exactly
	Problem  string // stable code when not Readable or when altered, see Finding codes in package signer
	Signed   bool   // it has a signature at all
	Pictures bool   // not Signed, and its pages hold pictures and no text

	// The issued revision: the first signed one.
	IssuedEnd    int       // its length in bytes
	IssuedDigest [32]byte  // SHA-256 of those bytes
	SignatureOK  bool      // the signature holds over the whole revision but its Contents
	Whole        bool      // the issued revision is the whole file, or what follows is permitted
	Certificate  []byte    // the signer's certificate, DER; not yet believed
	Chain        [][]byte  // what the signature brought along, leaf first
	SignedAt     time.Time // /M, covered by the signature; a claim of the signer

	Findings []Finding
	Attached *Attached // what yinzheng.json holds, from the issued revision; nil: none or unreadable
}

// Finding is one thing that is wrong with a file.
type Finding struct {
	Code string `json:"code"`
	Text Text   `json:"text"`
}

// Attached is the yinzheng.json inside an issued PDF.
type Attached struct {
	Token    string `json:"token"`
	Salt     string `json:"salt"` // base64url, 16 bytes
	Item     string `json:"item"`
	Template int    `json:"template_version"`
	Number   string `json:"number"`
	Values   Values `json:"values"`
}

// DigestPDF is the digest under which an issued PDF is kept.
func DigestPDF(pdf []byte) [32]byte { return sha256.Sum256(pdf) }

// Checker finds out what a token or a file is worth. Implemented by package
// signer; it judges nothing, Judge does.
type Checker interface {
	CheckToken(token string, keys *KeyList) TokenReport
	// CheckReply reports on a token whose header says that it is a reply to an
	// inquiry; nil for any other.
	CheckReply(token string, keys *KeyList) *ReplyReport
	CheckPDF(pdf []byte) *PDFReport
}
