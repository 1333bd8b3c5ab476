// Package receipt lays out the answer to a verification for people: in which
// colour and under which sign, what the three checks mean in words, and which
// facts are held against the paper. The server's pages and the page that
// verifies without it draw the same receipt.
package receipt

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"yinzheng"
)

// Receipt is an answer as people are shown it, in one language.
type Receipt struct {
	*yinzheng.Answer `json:"answer"`

	Tone      string        `json:"tone"`      // good, look, warn, bad, none: the colour
	Icon      string        `json:"icon"`      // a symbol of the pages
	Long      bool          `json:"long"`      // the heading needs smaller letters to stay on a phone
	Confirmed bool          `json:"confirmed"` // the facts may be believed; of a paper that was changed they are what the record says
	Sound     bool          `json:"sound"`     // a valid certificate whose integrity was checked
	Paper     bool          `json:"paper"`     // a QR code was checked: it does not cover the whole page
	File      bool          `json:"file"`      // a PDF was checked
	Checks    []Check       `json:"checks"`
	Facts     []Fact        `json:"facts"`
	Since     string        `json:"since,omitempty"` // of the change of status
	Reason    yinzheng.Text `json:"reason,omitzero"`
	At        string        `json:"at"`              // when it was checked
	AsOf      string        `json:"as_of,omitempty"` // the status, where that is another time
}

// Check is one of the three checks in words.
type Check struct {
	Name   yinzheng.Text        `json:"name"`
	Result yinzheng.CheckResult `json:"result"`
	Words  yinzheng.Text        `json:"words"`
}

// Fact is one thing to hold against the paper.
type Fact struct {
	Label yinzheng.Text `json:"label"`
	Parts []string      `json:"parts"` // of the value: a line may break after each
	Mono  bool          `json:"mono"`  // digits and letters to be compared one by one
}

// Shown is what was shown to be verified.
type Shown string

// What can be shown.
const (
	Token Shown = "token" // what a QR code holds, with or without its address
	File  Shown = "file"
	Name  Shown = "name" // a code or a number, which only name a certificate
)

// New lays an answer out in a language.
func New(a *yinzheng.Answer, shown Shown, lang string) *Receipt {
	if a.Photo { // of a file, what was verified is the code that is in it
		shown = Token
	}
	look := lookOf(a)
	r := &Receipt{
		Answer: a, Tone: look.tone, Icon: look.icon, Long: long(a.Heading.In(lang), lang),
		Confirmed: a.Verdict != yinzheng.Altered && a.Verdict != yinzheng.Forged && a.Verdict != yinzheng.UnknownKey && a.Verdict != yinzheng.Unconfirmed,
		Sound:     a.Verdict == yinzheng.Valid && !a.RecordOnly,
		Paper:     shown == Token && a.Reply == nil, File: shown == File,
		Checks: checks(a), Facts: append(certificateFacts(a.Certificate, lang), replyFacts(a.Reply, lang)...), Reason: yinzheng.Reasons[a.Reason],
		At: moment(a.CheckedAt, lang),
	}
	if a.Scan != "" {
		r.Facts = append(r.Facts, Fact{yinzheng.Text{ZH: "扫描件 SHA-256", EN: "SHA-256 of the scan"}, []string{a.Scan[:len(a.Scan)/2], a.Scan[len(a.Scan)/2:]}, true})
	}
	if a.StatusSince != nil {
		r.Since = moment(*a.StatusSince, lang)
	}
	if a.StatusAsOf != nil && !a.StatusAsOf.Equal(a.CheckedAt) {
		r.AsOf = moment(*a.StatusAsOf, lang)
	}
	return r
}

type look struct{ tone, icon string }

// looks is how a verdict is drawn; never by colour alone.
var looks = map[yinzheng.Verdict]look{
	yinzheng.Valid: {"good", "tick"}, yinzheng.Revoked: {"bad", "barred"}, yinzheng.Suspended: {"warn", "pause"}, yinzheng.Superseded: {"warn", "swap"},
	yinzheng.Expired: {"warn", "clock"}, yinzheng.Altered: {"bad", "edit"}, yinzheng.Forged: {"bad", "cross"}, yinzheng.UnknownKey: {"warn", "question"},
	yinzheng.Unconfirmed: {"warn", "question"}, yinzheng.NotFound: {"none", "search"}, yinzheng.NoSignature: {"none", "file"},
}

// lookOf draws an answer. Green is for what the record here says now: not for a
// number alone, nor for what was true when a list was signed.
func lookOf(a *yinzheng.Answer) look {
	switch {
	case a.Verdict == yinzheng.Valid && a.RecordOnly:
		return look{"look", "compare"}
	case a.Verdict == yinzheng.Valid && a.Offline:
		return look{"warn", "tick"}
	}
	return looks[a.Verdict]
}

func long(heading, lang string) bool {
	n := utf8.RuneCountInString(heading)
	if lang == "en" {
		return n > 13
	}
	return n > 6
}

// checkWords are what an outcome of a check means.
var checkWords = map[string]map[yinzheng.CheckResult]yinzheng.Text{
	"integrity": {
		yinzheng.Pass:       {ZH: "签名成立，内容未被改动", EN: "The signature holds; nothing was changed"},
		yinzheng.Fail:       {ZH: "内容与签发时不一致", EN: "This is not what was issued"},
		yinzheng.NotChecked: {ZH: "未核验，请与纸面核对", EN: "Not checked; compare with the paper"},
	},
	"issuer": {
		yinzheng.Pass:       {ZH: "由有权的机关签发", EN: "Issued by an organ entitled to"},
		yinzheng.Fail:       {ZH: "签发者当时无权签发", EN: "The issuer was not entitled to"},
		yinzheng.NotChecked: {ZH: "不能确认签发者", EN: "The issuer could not be established"},
	},
	"status": {
		yinzheng.Pass:       {ZH: "登记在案，现行有效", EN: "On record and in force"},
		yinzheng.Fail:       {ZH: "已不在有效状态", EN: "No longer in force"},
		yinzheng.NotChecked: {ZH: "未能查到登记状态", EN: "Its status could not be looked up"},
	},
}

// listWords are the same of a status that a list says, and not the record.
var listWords = map[yinzheng.CheckResult]yinzheng.Text{
	yinzheng.Pass:       {ZH: "名单签发时有效；之后的变化名单里没有", EN: "In force when the list was signed; of later changes it says nothing"},
	yinzheng.NotChecked: {ZH: "没有可用的状态名单，不知道是否已被撤销", EN: "No status list that is good now: it may have been revoked"},
}

// staleWords are those where a status list is at hand, but only an old key list.
var staleWords = yinzheng.Text{ZH: "密钥名单已过期，不知道其后是否有密钥泄露", EN: "The key list is too old: a key may have been compromised since"}

// clockWords are those where a clock is wrong, whatever list or record there is.
var clockWords = yinzheng.Text{ZH: "时间对不上：这里的时钟可能不准，不能据此判断", EN: "The times do not fit: with a clock that may be wrong it was not judged"}

// checks puts the three checks into words.
func checks(a *yinzheng.Answer) []Check {
	words := func(check string, r yinzheng.CheckResult) yinzheng.Text {
		switch {
		case a.OnPaper:
			return yinzheng.Text{ZH: "写在纸上，系统无从检查", EN: "Written on paper: there is nothing that the system could check"}
		case r == yinzheng.NotChecked && (a.Verdict == yinzheng.NotFound || a.Verdict == yinzheng.NoSignature):
			return yinzheng.Text{ZH: "没有可供检查的内容", EN: "There was nothing to check"}
		case r == yinzheng.NotChecked && a.Certificate == nil && a.Reply == nil:
			return yinzheng.Text{ZH: "凭据不可依赖，未再检查", EN: "Not looked at: nothing here can be relied on"}
		case check == "status" && r == yinzheng.NotChecked && found(a, "clock"):
			return clockWords
		case check == "status" && r == yinzheng.NotChecked && found(a, "stale-keys") && !found(a, "status-unknown"):
			return staleWords
		case check == "status" && a.Offline && a.Reply == nil && r != yinzheng.Fail:
			return listWords[r]
		case r == yinzheng.Fail && check == "integrity" && found(a, "record-differs"):
			return yinzheng.Text{ZH: "内容与登记的不一致", EN: "It does not say what the record says"}
		case r == yinzheng.Fail && a.Verdict == yinzheng.Forged && check == "integrity":
			return yinzheng.Text{ZH: "签名与签发机关的密钥不符", EN: "The signature does not fit the issuer's key"}
		}
		return checkWords[check][r]
	}
	return []Check{
		{yinzheng.Text{ZH: "完整性", EN: "Integrity"}, a.Checks.Integrity, words("integrity", a.Checks.Integrity)},
		{yinzheng.Text{ZH: "签发机关", EN: "Issuer"}, a.Checks.Issuer, words("issuer", a.Checks.Issuer)},
		{yinzheng.Text{ZH: "状态", EN: "Status"}, a.Checks.Status, words("status", a.Checks.Status)},
	}
}

func found(a *yinzheng.Answer, code string) bool {
	return slices.ContainsFunc(a.Findings, func(f yinzheng.Finding) bool { return f.Code == code })
}

// certificateFacts lists what may be held against the paper, in the order in
// which it stands there.
func certificateFacts(f *yinzheng.Facts, lang string) []Fact {
	if f == nil {
		return nil
	}
	item := f.ItemName.In(lang)
	if item == "" {
		item = f.Item
	}
	organ := f.OrganName
	if organ == "" {
		organ = f.Organ
	}
	expires := ""
	if f.Expires != nil {
		expires = Day(*f.Expires, lang)
	}
	var out []Fact
	add := func(zh, en, value string, mono bool) {
		if value != "" {
			out = append(out, Fact{yinzheng.Text{ZH: zh, EN: en}, strings.SplitAfter(value, "."), mono})
		}
	}
	add("证明", "Certificate", item, false)
	add("持证人", "Holder", f.Name, false)
	add("证件号码", "ID number", f.ID, true)
	add("签发机关", "Issued by", organ, false)
	add("签发日期", "Issued on", Day(f.IssuedAt, lang), false)
	add("有效期至", "Valid until", expires, false)
	add("证照编号", "Number", f.Number, true)
	add("核验码", "Code", grouped(f.Code), true)
	add("签发密钥", "Key", f.KID, true)
	return out
}

// replyFacts lists what a reply to an inquiry says. It names nobody.
func replyFacts(r *yinzheng.Reply, lang string) []Fact {
	if r == nil {
		return nil
	}
	answer := answers[r.Answer].In(lang)
	if r.Counts != nil {
		answer = fmt.Sprintf(yinzheng.Text{ZH: "名单：是 %d，否 %d，无法确认 %d", EN: "a list: %d yes, %d no, %d cannot say"}.In(lang), r.Counts.Yes, r.Counts.No, r.Counts.CannotSay)
	}
	one := func(zh, en, value string) Fact {
		return Fact{yinzheng.Text{ZH: zh, EN: en}, []string{value}, false}
	}
	return []Fact{
		one("协查事项", "Asked", r.KindName), one("答复", "Answer", answer), one("提出单位", "Asked by", r.AskerName), one("答复机关", "Replied by", r.OrganName),
		one("截至", "As of", r.AsOf), one("有效期至", "Valid until", Day(r.Expires, lang)),
		{yinzheng.Text{ZH: "协查编号", EN: "Inquiry"}, []string{r.ID}, true},
	}
}

// answers are what a reply to an inquiry says, in words.
var answers = map[string]yinzheng.Text{"yes": {ZH: "是", EN: "yes"}, "no": {ZH: "否", EN: "no"}, "cannot-say": {ZH: "无法确认", EN: "cannot say"}}

// grouped writes a code in threes of four characters, as it is read aloud.
func grouped(code string) string {
	if len(code) != yinzheng.CodeLength {
		return code
	}
	return code[:4] + "-" + code[4:8] + "-" + code[8:]
}

// Day is a day as the pages write it.
func Day(t time.Time, lang string) string {
	t = t.In(yinzheng.Zone)
	if lang == "en" {
		return t.Format("2 January 2006")
	}
	return t.Format("2006年1月2日")
}

func moment(t time.Time, lang string) string {
	t = t.In(yinzheng.Zone)
	if lang == "en" {
		return t.Format("2 January 2006, 15:04:05") + " (UTC+8)"
	}
	return t.Format("2006年1月2日 15:04:05")
}
