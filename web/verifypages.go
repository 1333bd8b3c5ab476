package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"yinzheng"
	"yinzheng/inquiry"
)

// askView is the form that asks.
type askView struct {
	Query string // what was typed
	Name  string
}

// resultView is an answer as the page lays it out.
type resultView struct {
	*yinzheng.Answer
	Tone   string // good, look, warn, bad, none: the colour
	Icon   string // a symbol in icons.html
	Paper  bool   // a QR code was checked: it does not cover the whole page
	File   bool   // a PDF was checked
	Code   bool   // /v/CODE: a fragment may tell more
	Checks []checkView
	Facts  []factView
	Since  string
	Reason yinzheng.Text
	Host   string
	At     string
	AsOf   string
}

type checkView struct {
	Name   yinzheng.Text
	Result yinzheng.CheckResult
	Words  yinzheng.Text
}

type factView struct {
	Label yinzheng.Text
	Parts []string // of the value: a line may break after each
	Mono  bool     // digits and letters to be compared one by one
}

// askPage shows the box that takes anything: a URL from a counter scanner, a
// code, a number, or a PDF.
func (s *server) askPage(w http.ResponseWriter, r *http.Request) {
	s.pages.write(w, r, http.StatusOK, "ask", &page{Title: askTitle.In(language(r)), Ask: &askView{}})
}

var askTitle = yinzheng.Text{ZH: "核验证明", EN: "Verify a certificate"}

// codePage answers GET /v/{code}: the record's verdict. The fragment of a QR
// code never gets here; the page's module posts it.
func (s *server) codePage(w http.ResponseWriter, r *http.Request) {
	a, err := s.ask(r, &yinzheng.Question{Code: r.PathValue("code")})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.noteSample(a)
	if wantsJSON(r) {
		s.writeAnswer(w, a)
		return
	}
	v := s.view(a, "code", language(r))
	v.Code = true
	s.pages.write(w, r, http.StatusOK, "result", &page{Title: a.Heading.In(language(r)), Result: v})
}

// answerPage answers the form of askPage, and the module of codePage.
func (s *server) answerPage(w http.ResponseWriter, r *http.Request) {
	a, q, ask, err := s.formAnswer(w, r)
	lang := language(r)
	var f *fault
	if err != nil {
		f = faultOf(err)
	}
	switch {
	case f != nil && f.status < http.StatusInternalServerError && f.kind != "too-many" && !wantsJSON(r):
		s.askAgain(w, r, ask, f)
	case f != nil:
		s.fail(w, r, err)
	default:
		kind := "file"
		if q != nil {
			kind = kindOf(q)
		}
		data := &page{Title: a.Heading.In(lang), Result: s.view(a, kind, lang), Ask: &askView{}, Next: true, Replay: q}
		s.pages.write(w, r, http.StatusOK, "result", data)
	}
}

// askAgain shows the form with what is wrong; what was typed stays.
func (s *server) askAgain(w http.ResponseWriter, r *http.Request, ask *askView, f *fault) {
	lang := language(r)
	data := &page{Title: askTitle.In(lang), Ask: ask}
	field := "q"
	for _, e := range f.fields {
		if e.Field == "file" || e.Field == "name" {
			field = e.Field
		}
	}
	detail := f.text.In(lang)
	if len(f.fields) > 0 && f.fields[0].Text != f.text {
		detail += yinzheng.Text{ZH: "：", EN: ": "}.In(lang) + f.fields[0].Text.In(lang)
	}
	data.Faults = []fieldFault{{field, f.kind, detail}}
	s.pages.write(w, r, f.status, "ask", data)
}

// formAnswer answers the form: text, or a file, whose question is nil.
func (s *server) formAnswer(w http.ResponseWriter, r *http.Request) (*yinzheng.Answer, *yinzheng.Question, *askView, error) {
	ask := &askView{}
	if mediaType(r) == "multipart/form-data" {
		a, err := s.uploaded(w, r)
		return a, nil, ask, err
	}
	q, err := s.formQuestion(w, r, ask)
	if err != nil {
		return nil, nil, ask, err
	}
	a, err := s.ask(r, q)
	return a, q, ask, err
}

// formQuestion reads the text of the form; what was typed goes into ask.
func (s *server) formQuestion(w http.ResponseWriter, r *http.Request, ask *askView) (*yinzheng.Question, error) {
	if mediaType(r) != "application/x-www-form-urlencoded" {
		return nil, wrongMediaType("application/x-www-form-urlencoded")
	}
	if r.ContentLength > maxQuestion {
		return nil, tooLarge(maxQuestion)
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxQuestion)
	if err := r.ParseForm(); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return nil, tooLarge(maxQuestion)
		}
		return nil, brokenForm(err)
	}
	ask.Query, ask.Name = r.PostForm.Get("q"), r.PostForm.Get("name")
	if strings.TrimSpace(ask.Query) == "" {
		return nil, fieldFaultOf(http.StatusUnprocessableEntity, "invalid", "q", "required", "请扫入二维码，或输入证照编号或核验码", "Please scan the QR code, or type the number or the code")
	}
	return recognise(ask), nil
}

// recognise tells what somebody typed or scanned. A counter scanner types as a
// keyboard does, so an input method may have made its signs full-width.
func recognise(ask *askView) *yinzheng.Question {
	text := strings.TrimSpace(strings.Map(halfWidth, ask.Query))
	lower := strings.ToLower(text)
	switch {
	case strings.HasPrefix(lower, "http://") || strings.HasPrefix(lower, "https://"):
		return &yinzheng.Question{URL: text}
	case strings.HasPrefix(text, "1.2.156."):
		return &yinzheng.Question{Number: text, Name: strings.TrimSpace(ask.Name)}
	case strings.Count(text, ".") == 2 && len(text) > 60:
		return &yinzheng.Question{Token: text}
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) }): // such as 〔2026〕12号, of a certificate on paper
		return &yinzheng.Question{Number: text, Name: strings.TrimSpace(ask.Name)}
	}
	return &yinzheng.Question{Code: text}
}

func halfWidth(r rune) rune {
	switch {
	case r >= 0xFF01 && r <= 0xFF5E:
		return r - 0xFEE0
	case r == '。':
		return '.'
	case r == '、':
		return '/'
	case r == 0x3000:
		return ' '
	}
	return r
}

// looks is how a verdict is drawn; never by colour alone.
var looks = map[yinzheng.Verdict][2]string{
	yinzheng.Valid: {"good", "tick"}, yinzheng.Revoked: {"bad", "barred"}, yinzheng.Suspended: {"warn", "pause"}, yinzheng.Superseded: {"warn", "swap"},
	yinzheng.Expired: {"warn", "clock"}, yinzheng.Altered: {"bad", "edit"}, yinzheng.Forged: {"bad", "cross"}, yinzheng.UnknownKey: {"warn", "question"},
	yinzheng.Unconfirmed: {"warn", "question"}, yinzheng.NotFound: {"none", "search"}, yinzheng.NoSignature: {"none", "file"},
}

func (s *server) view(a *yinzheng.Answer, kind, lang string) *resultView {
	look := looks[a.Verdict]
	if a.Verdict == yinzheng.Valid && a.RecordOnly {
		look = [2]string{"look", "compare"}
	}
	v := &resultView{
		Answer: a, Tone: look[0], Icon: look[1], Paper: (kind == "token" || kind == "url") && a.Reply == nil, File: kind == "file",
		Checks: checkViews(a), Facts: append(factViews(a.Certificate, lang), replyViews(a.Reply, lang)...), Reason: yinzheng.Reasons[a.Reason],
		Host: hostOf(s.Service.PublicURL), At: moment(a.CheckedAt, lang),
	}
	if a.Scan != "" {
		v.Facts = append(v.Facts, factView{yinzheng.Text{ZH: "扫描件 SHA-256", EN: "SHA-256 of the scan"}, []string{a.Scan[:len(a.Scan)/2], a.Scan[len(a.Scan)/2:]}, true})
	}
	if a.StatusSince != nil {
		v.Since = moment(*a.StatusSince, lang)
	}
	if a.StatusAsOf != nil && !a.StatusAsOf.Equal(a.CheckedAt) {
		v.AsOf = moment(*a.StatusAsOf, lang)
	}
	return v
}

// Confirmed tells whether the facts may be believed; of a paper that was
// changed they are what the record says.
func (v *resultView) Confirmed() bool {
	return v.Verdict != yinzheng.Altered && v.Verdict != yinzheng.Forged && v.Verdict != yinzheng.UnknownKey && v.Verdict != yinzheng.Unconfirmed
}

// Long tells whether the heading needs smaller letters to stay on a phone.
func (v *resultView) Long(lang string) bool {
	n := utf8.RuneCountInString(v.Heading.In(lang))
	if lang == "en" {
		return n > 13
	}
	return n > 6
}

// Sound tells whether this is a valid certificate whose integrity was checked.
func (v *resultView) Sound() bool { return v.Verdict == yinzheng.Valid && !v.RecordOnly }

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

func checkViews(a *yinzheng.Answer) []checkView {
	words := func(check string, r yinzheng.CheckResult) yinzheng.Text {
		switch {
		case a.OnPaper:
			return yinzheng.Text{ZH: "写在纸上，系统无从检查", EN: "Written on paper: there is nothing that the system could check"}
		case r == yinzheng.NotChecked && (a.Verdict == yinzheng.NotFound || a.Verdict == yinzheng.NoSignature):
			return yinzheng.Text{ZH: "没有可供检查的内容", EN: "There was nothing to check"}
		case r == yinzheng.NotChecked && a.Certificate == nil && a.Reply == nil:
			return yinzheng.Text{ZH: "凭据不可依赖，未再检查", EN: "Not looked at: nothing here can be relied on"}
		case r == yinzheng.Fail && a.Verdict == yinzheng.Forged && check == "integrity":
			return yinzheng.Text{ZH: "签名与签发机关的密钥不符", EN: "The signature does not fit the issuer's key"}
		}
		return checkWords[check][r]
	}
	return []checkView{
		{yinzheng.Text{ZH: "完整性", EN: "Integrity"}, a.Checks.Integrity, words("integrity", a.Checks.Integrity)},
		{yinzheng.Text{ZH: "签发机关", EN: "Issuer"}, a.Checks.Issuer, words("issuer", a.Checks.Issuer)},
		{yinzheng.Text{ZH: "状态", EN: "Status"}, a.Checks.Status, words("status", a.Checks.Status)},
	}
}

// factViews lists what may be held against the paper, in the order in which it
// stands there.
func factViews(f *yinzheng.Facts, lang string) []factView {
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
		expires = day(*f.Expires, lang)
	}
	var out []factView
	add := func(zh, en, value string, mono bool) {
		if value != "" {
			out = append(out, factView{yinzheng.Text{ZH: zh, EN: en}, strings.SplitAfter(value, "."), mono})
		}
	}
	add("证明", "Certificate", item, false)
	add("持证人", "Holder", f.Name, false)
	add("证件号码", "ID number", f.ID, true)
	add("签发机关", "Issued by", organ, false)
	add("签发日期", "Issued on", day(f.IssuedAt, lang), false)
	add("有效期至", "Valid until", expires, false)
	add("证照编号", "Number", f.Number, true)
	add("核验码", "Code", grouped(f.Code), true)
	add("签发密钥", "Key", f.KID, true)
	return out
}

// replyViews lists what a reply to an inquiry says. It names nobody.
func replyViews(r *yinzheng.Reply, lang string) []factView {
	if r == nil {
		return nil
	}
	answer := answers[r.Answer].In(lang)
	if r.Counts != nil {
		answer = fmt.Sprintf(yinzheng.Text{ZH: "名单：是 %d，否 %d，无法确认 %d", EN: "a list: %d yes, %d no, %d cannot say"}.In(lang), r.Counts.Yes, r.Counts.No, r.Counts.CannotSay)
	}
	one := func(zh, en, value string) factView {
		return factView{yinzheng.Text{ZH: zh, EN: en}, []string{value}, false}
	}
	return []factView{
		one("协查事项", "Asked", r.KindName), one("答复", "Answer", answer), one("提出单位", "Asked by", r.AskerName), one("答复机关", "Replied by", r.OrganName),
		one("截至", "As of", r.AsOf), one("有效期至", "Valid until", day(r.Expires, lang)),
		{yinzheng.Text{ZH: "协查编号", EN: "Inquiry"}, []string{r.ID}, true},
	}
}

// answers are what a reply says, in words.
var answers = map[string]yinzheng.Text{inquiry.Yes: {ZH: "是", EN: "yes"}, inquiry.No: {ZH: "否", EN: "no"}, inquiry.CannotSay: {ZH: "无法确认", EN: "cannot say"}}

// grouped writes a code in threes of four characters, as it is read aloud.
func grouped(code string) string {
	if len(code) != yinzheng.CodeLength {
		return code
	}
	return code[:4] + "-" + code[4:8] + "-" + code[8:]
}

func day(t time.Time, lang string) string {
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
