package signer

import (
	"strings"
	"unicode"

	"yinzheng"
)

// The codes of what can be wrong with a PDF: PDFReport.Problem and
// Finding.Code. They are stable.
const (
	// The file cannot be read. Readable is false.
	NotPDF     = "not-pdf"    // no PDF at all
	Encrypted  = "encrypted"  // needs a password; certificates never do
	TooLarge   = "too-large"  // beyond the limits, such as a stream that inflates without end
	Unreadable = "unreadable" // its cross-references do not lead to its objects exactly

	// The signature and what it covers. Each means that the file is not what was issued.
	Coverage       = "coverage"        // ByteRange is not the whole revision without exactly its Contents
	TwoSignatures  = "two-signatures"  // more than one signature in the first signed revision
	ContentChanged = "content-changed" // the digest is another; the signature over the old one holds
	BadSignature   = "bad-signature"   // the signature does not hold under the certificate it names
	BadCMS         = "bad-cms"         // Contents is no signature that can be read
	NotOurForm     = "not-our-form"    // differs, in what the signature cannot cover, from how this service writes
	Appended       = "appended"        // bytes after the last revision
	LaterRevision  = "later-revision"  // a revision after the signed one that changes more than is permitted
	HiddenRevision = "hidden-revision" // an issued revision is inside, but the file does not lead to it

	// Not wrong in itself. Never a Problem.
	Unsupported = "unsupported-algorithm" // the signature could not be judged: SignatureOK is false, and the file is a stranger's
	Inside      = "issued-inside"         // the issued revision inside is genuine
	Attachment  = "attachment"            // yinzheng.json is there but cannot be read
)

var findingTexts = map[string]yinzheng.Text{
	NotPDF:         {ZH: "不是 PDF 文件", EN: "This is not a PDF file"},
	Encrypted:      {ZH: "PDF 文件已加密，本平台签发的证明从不加密", EN: "The PDF is encrypted; certificates never are"},
	TooLarge:       {ZH: "文件超出可核验的限度", EN: "The file is beyond what can be checked"},
	Unreadable:     {ZH: "文件结构已损坏或被改动", EN: "The file's structure is damaged or was changed"},
	Coverage:       {ZH: "签名没有覆盖它所在版本的全部内容", EN: "The signature does not cover all of its revision"},
	TwoSignatures:  {ZH: "同一版本内有多个签名", EN: "There is more than one signature in one revision"},
	ContentChanged: {ZH: "签名之后内容被改动", EN: "The content was changed after it was signed"},
	BadSignature:   {ZH: "签名与所附证书不符", EN: "The signature does not hold under its certificate"},
	BadCMS:         {ZH: "签名数据无法读取", EN: "The signature's data cannot be read"},
	NotOurForm:     {ZH: "签名数据不是本平台写入的形式，可能被改动", EN: "The signature's data is not as this service writes it and may have been changed"},
	Appended:       {ZH: "文件末尾被追加了内容", EN: "Something was appended to the file"},
	LaterRevision:  {ZH: "签发之后文件又被修改", EN: "The file was modified after it was issued"},
	HiddenRevision: {ZH: "文件内藏有签发的版本，但显示的不是它", EN: "The file contains an issued revision but shows something else"},
	Unsupported:    {ZH: "签名使用了不支持的算法，无法判断", EN: "The signature uses an algorithm that is not supported; it cannot be judged"},
	Inside:         {ZH: "其中签发时的版本真实有效，改动发生在签发之后", EN: "The issued revision inside is genuine; the changes came later"},
	Attachment:     {ZH: "所附 yinzheng.json 无法读取", EN: "The attached yinzheng.json cannot be read"},
}

// finding makes a Finding of a code; where, if set, is added in both languages
// (an offset, a name out of the file format).
func finding(code, where string) yinzheng.Finding {
	t := findingTexts[code]
	if where = shown(where); where != "" {
		t.ZH += "（" + where + "）"
		t.EN += " (" + where + ")"
	}
	return yinzheng.Finding{Code: code, Text: t}
}

// maxWhere bounds how much of a file's own words a finding repeats, in bytes.
const maxWhere = 120

// shown makes a text that may hold a file's own words fit to be shown: a name
// with control characters in it could otherwise rewrite the verdict on the
// terminal of whoever verifies, or turn the direction of what follows it.
func shown(s string) string {
	if len(s) > maxWhere {
		s = strings.ToValidUTF8(s[:maxWhere], "") + "…"
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}
