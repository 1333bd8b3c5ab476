package yinzheng

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// HolderView is a certificate's holder, not masked.
type HolderView struct {
	Code string `json:"code"`
	Name string `json:"name"`
	ID   *ID    `json:"id,omitempty"` // nil where the item asks for none
}

// maxPurpose bounds a text that goes on record, such as the purpose of a reveal,
// in characters.
const maxPurpose = 100

// RevealHolder gives the full name and document of a certificate's holder to
// the staff of the offices of its case, for a purpose that is put on record.
// For a department, as for any stranger, there is no such certificate: it
// compares what the holder shows with the masked facts.
func (s *Service) RevealHolder(ctx context.Context, by *Account, code, purpose string) (*HolderView, error) {
	cert, c, err := s.openCertificate(ctx, by, code)
	if err != nil {
		return nil, err
	}
	if purpose, err = checkPurpose(purpose, c.names); err != nil {
		return nil, err
	}
	// On record before it is shown: what cannot be recorded is not revealed.
	if err := s.Store.Record(ctx, Event{At: s.now(), Kind: EventRevealed, Subject: cert.Code, By: by.ID, Detail: purpose}); err != nil {
		return nil, err
	}
	v := &HolderView{Code: cert.Code, Name: cert.Holder}
	if id := c.holderID(); id.Type != "" {
		v.ID = &id
	}
	return v, nil
}

// checkPurpose cleans a purpose and refuses one that would carry personal data,
// as names tells them, or any long number, into the record of events.
func checkPurpose(purpose string, names func(string) bool) (string, error) {
	purpose, fault := ForRecord("purpose", purpose, names)
	if fault != nil {
		return "", invalidFields([]FieldError{*fault})
	}
	return purpose, nil
}

// ForRecord cleans a text that says for the record what is done something for,
// and refuses one that is missing or would carry personal data there, as names
// tells them, or any long number.
func ForRecord(field, text string, names func(string) bool) (string, *FieldError) {
	text = strings.TrimSpace(text)
	code, zh, en := uncleanText(text)
	switch n := utf8.RuneCountInString(text); {
	case n < 2:
		code, zh, en = "required", "请写明为什么需要", "Please say what it is needed for"
	case n > maxPurpose:
		code, zh, en = "too-long", "最多 100 字", "At most 100 characters"
	case code == "" && (names(text) || longNumber(text)):
		code, zh, en = "personal-data", "这段文字会记录在案，请不要写姓名或证件号码", "This is put on record; please leave out names and ID numbers"
	}
	if code != "" {
		return "", &FieldError{field, code, Text{zh, en}}
	}
	return text, nil
}

// Mentions tells whether a text holds a name or a number, in whatever characters,
// with or without separators.
func Mentions(text, who string) bool {
	who = FoldName(who)
	return utf8.RuneCountInString(who) > 1 && strings.Contains(FoldName(text), who)
}

// names tells whether a text holds a name or a number of somebody on the case.
func (c *Case) names(text string) bool {
	found := func(s string) bool { return Mentions(text, s) }
	if found(c.Holder) || found(c.Applicant.Name) || slices.ContainsFunc(c.Parties(), func(id ID) bool { return found(id.Number) }) {
		return true
	}
	witnessed := func(x Action) bool {
		w := x.Attachment.witness()
		return w != nil && (found(w.Name) || found(w.ID.Number))
	}
	if slices.ContainsFunc(c.Actions, witnessed) {
		return true
	}
	return namesIn(c.Template.Fields, c.Values, found)
}

func namesIn(fields []Field, v Values, found func(string) bool) bool {
	return slices.ContainsFunc(fields, func(f Field) bool {
		switch f.Type {
		case NameField:
			return found(v.String(f.Key))
		case ListField:
			return slices.ContainsFunc(v.Rows(f.Key), func(row Values) bool { return namesIn(f.Fields, row, found) })
		}
		return false
	})
}

// longNumber tells whether a text has a number as long as an ID's, or a
// telephone's.
func longNumber(text string) bool {
	run := 0
	for _, r := range halfWidth(text) {
		switch {
		case r >= '0' && r <= '9':
			run++
		case r != ' ' && r != '-':
			run = 0
		}
		if run >= 9 {
			return true
		}
	}
	return false
}

// Kinds of event, for those who read the record.
const (
	EventRevealed   = "holder-revealed"
	EventDossier    = "dossier-exported"
	EventAttachment = "attachment-opened"
	EventScan       = "scan-opened"
	EventDownloaded = "certificate-downloaded"
	EventCopies     = "copies-handed-out"
	EventPageShown  = "page-shown" // to a resident, with everything on it
	EventCopied     = "own-copy-taken"

	EventContactSet     = "contact-set"
	EventContactErased  = "contact-erased"
	EventMessagesChosen = "messages-chosen"

	EventShared      = "certificate-shared"
	EventShareEnded  = "share-withdrawn"
	EventSharesEnded = "shares-ended" // all of a case, by a clerk; detail: how many

	EventCodeMade  = "case-code-made"
	EventCodeSent  = "case-code-sent"
	EventCodeUsed  = "case-code-used"
	EventCodeTried = "case-code-tried" // in vain too often: the code has ended

	EventRequestLate       = "request-late"
	EventRequestUnanswered = "request-unanswered"
	EventRequestErased     = "request-erased"
	EventRequestFile       = "request-file-opened"
	EventReturnCode        = "request-code-made"

	EventInTime        = "erased-in-time" // what a round erased; the subject is all of it
	EventContentErased = "content-erased" // of one thing, by a rule; detail: the rule, and a digest of what stays
	EventErasureBegun  = "erasure-begun"  // ... that goes in portions; detail: the rule
	EventErasureDone   = "erasure-done"   // ... all of which have gone
	EventHeld          = "case-held"
	EventHoldEnded     = "case-hold-ended"

	EventInspected     = "commitment-inspected"
	EventRightEnded    = "commitment-right-ended"
	EventRightRestored = "commitment-right-restored"
)

var eventNames = map[string]Text{
	"certificate-issued":       {"签发", "certificate issued"},
	EventDownloaded:            {"下载 PDF", "PDF downloaded"},
	"certificate-revoked":      {"撤销", "certificate revoked"},
	"number-voided":            {"编号作废", "number voided"},
	"certificate-superseded":   {"被替代", "certificate superseded"},
	"replacement-begun":        {"开始更正或补发", "correction or reissue begun"},
	"replacement-moot":         {"更正或补发无从继续", "correction or reissue has nothing left to replace"},
	EventCopies:                {"领取副本", "copies handed out"},
	"paper-recorded":           {"登记纸质证明", "paper certificate recorded"},
	"paper-voided":             {"纸质证明作废", "paper certificate voided"},
	"account-opened":           {"开户", "account opened"},
	"account-enabled":          {"启用账号", "account enabled"},
	accountDisabled:            {"停用账号", "account disabled"},
	"claim-made":               {"重发设置密码的链接", "new link to set a password"},
	"post-given":               {"任命", "post given"},
	"post-ended":               {"免去岗位", "post ended"},
	"post-handed-over":         {"移交岗位", "post handed over"},
	"post-taken-over":          {"接任岗位", "post taken over"},
	"delegation-made":          {"委托代办", "delegation made"},
	"delegation-ended":         {"终止委托", "delegation ended"},
	"reorganisation-planned":   {"作出机构调整", "reorganisation decided"},
	"reorganisation-cancelled": {"取消机构调整", "reorganisation cancelled"},
	"reorganised":              {"机构调整生效", "reorganisation took effect"},
	"cases-moved":              {"办件移交完毕", "cases moved"},
	"calendar-changed":         {"更新日历", "calendar changed"},
	"sample-ordered":           {"制作样本", "sample ordered"},
	"log-checked":              {"核对全部记录", "the whole record was checked"},
	"catalogue-draft":          {"起草目录变更", "change of the catalogue drafted"},
	"catalogue-redraft":        {"目录变更改稿", "change of the catalogue drafted anew"},
	"catalogue-send":           {"目录变更送审", "change of the catalogue sent for review"},
	"catalogue-approve":        {"目录变更审核通过", "change of the catalogue approved"},
	"catalogue-return":         {"目录变更退回", "change of the catalogue returned"},
	"catalogue-open":           {"目录变更征求意见", "change of the catalogue opened for comments"},
	"catalogue-comment":        {"录入对目录变更的意见", "comment on a change of the catalogue"},
	"catalogue-publish":        {"发布目录变更", "change of the catalogue published"},
	"catalogue-withdraw":       {"撤回目录变更", "change of the catalogue withdrawn"},
	"verification-alarm":       {"核验告警", "alarm at a verification"},
	EventRevealed:              {"查看持证人完整信息", "holder's full data shown"},
	EventDossier:               {"导出卷宗", "dossier exported"},
	EventPersonRead:            {"查看人员登记", "register of persons read"},
	EventImported:              {"导入人员登记", "register of persons imported"},
	EventImportTried:           {"试导入人员登记，查看与登记的差异", "an import of the register was tried, which showed what is on record"},
	EventAttachment:            {"打开附件", "attachment opened"},
	EventScan:                  {"打开纸质证明的扫描件", "scan of a paper opened"},
	EventPageShown:             {"查看证明页面", "page of the certificate shown"},
	EventCopied:                {"本人取得保存的个人信息", "a copy of what is kept was taken by whom it is about"},
	EventShared:                {"分享证明", "certificate shared"},
	EventShareEnded:            {"收回分享", "sharing ended"},
	EventSharesEnded:           {"窗口收回全部分享", "all shares ended at the counter"},
	EventCodeMade:              {"交给查询码", "code to follow the case handed over"},
	EventCodeSent:              {"发送查询码", "code to follow the case sent"},
	EventContactSet:            {"登记联系方式", "contact noted"},
	EventContactErased:         {"删除联系方式", "contact erased"},
	EventMessagesChosen:        {"选择收哪些消息", "messages chosen"},
	EventCodeUsed:              {"凭查询码登录", "signed in by a code of the case"},
	EventCodeTried:             {"查询码多次输错，已失效", "code of the case tried in vain too often, and ended"},
	RequestSent.Event():        {"居民提交网上申请", "request sent by a resident"},
	RequestReturned.Event():    {"网上申请退回补正", "request returned to be mended"},
	RequestTaken.Event():       {"网上申请受理为办件", "request taken in as a case"},
	RequestRefused.Event():     {"网上申请不予受理", "request refused"},
	RequestWithdrawn.Event():   {"居民撤回网上申请", "request taken back by its resident"},
	RequestLapsed.Event():      {"网上申请逾期终止", "request ended, since nobody went on with it"},
	RequestAsked.Event():       {"请居民补充", "resident asked for something more"},
	RequestAnswered.Event():    {"居民已答复", "the resident has answered"},
	EventRequestLate:           {"网上申请超过受理时限", "request past its limit for taking it in"},
	EventRequestUnanswered:     {"居民到期没有答复", "the resident has not answered in time"},
	EventRequestErased:         {"网上申请的内容已按期销毁", "content of a request erased in time"},
	EventRequestFile:           {"打开网上申请的文件", "file of a request opened"},
	EventReturnCode:            {"取得网上申请的取回码", "code to come back to a request drawn"},
	EventInTime:                {"按保存期限销毁", "erased in time"},
	EventContentErased:         {"内容按保存期限销毁", "content erased in time"},
	EventErasureBegun:          {"内容分批销毁，尚未办完", "content erased in portions, the first of them"},
	EventErasureDone:           {"内容分批销毁，已办完", "content erased in portions, all of them"},
	EventHeld:                  {"保全办件，暂不销毁", "case held, nothing of it is erased"},
	EventHoldEnded:             {"解除保全", "hold on a case ended"},
	EventInspected:             {"核查承诺", "commitment inspected"},
	EventRightEnded:            {"取消告知承诺资格", "right to commitments ended"},
	EventRightRestored:         {"恢复告知承诺资格", "right to commitments restored"},
	EventKeyMade:               {"制作密钥", "key made"},
	EventKeySuspended:          {"中止密钥", "key suspended"},
	EventKeyLifted:             {"恢复密钥", "suspension of a key lifted"},
	EventKeyRotated:            {"更换密钥，旧的停用", "key rotated, and retired"},
	EventKeyDeclared:           {"宣布密钥泄露", "key declared compromised"},
	EventKeyRetired:            {"机关撤销或更名，密钥停用", "key retired, since its organ has ended or been renamed"},
	EventKeyEnding:             {"提醒：密钥快到期", "told that a key ends soon"},
	EventKeyDeclined:           {"否决密钥变更", "change of a key declined"},

	eventKeyProposal + string(LiftKey):       {"提议恢复密钥", "lifting the suspension of a key proposed"},
	eventKeyProposal + string(RotateKey):     {"提议更换密钥", "rotating a key proposed"},
	eventKeyProposal + string(CompromiseKey): {"提议宣布密钥泄露", "declaring a key compromised proposed"},

	eventCharacterMissing: {"缺字，已请管理员补字体", "character missing, a face is asked for"},
	eventCharacterFound:   {"缺字已补上", "character found in a face"},
	EventFaceAdded:        {"添加字体", "face added"},

	EventMessageTrial:  {"试发消息", "trial message sent"},
	EventMessagesHurry: {"立即重试等待中的消息", "waiting messages tried at once"},
}

// eventFamilies are the events whose kind is a capability and what was done there,
// such as campaign-start.
var eventFamilies = map[string]Text{
	"campaign": {"生存核验", "survival check"}, "inquiry": {"协查", "inquiry"}, "template": {"模板", "template"}, "batch": {"批量导入", "import of cases"},
}

var eventActs = map[string]Text{
	"start": {"发起", "begun"}, "send": {"送审", "sent for publication"}, "return": {"退回", "returned"}, "publish": {"发布", "published"}, "withdraw": {"撤回", "withdrawn"},
	"make": {"生成办件", "cases ordered"}, "remind": {"提醒", "reminded"}, "end": {"办结", "ended"}, "cancel": {"取消", "cancelled"}, "listed": {"取得名单", "roster taken"}, "tried": {"试算名单", "roster tried"},
	"present": {"登记健在", "seen present"}, "absent": {"登记不在", "seen absent"}, "dead": {"登记去世", "found dead"}, "open": {"撤销登记", "entry taken back"},
	"died": {"登记册显示去世", "dead by a register"}, "alive": {"登记册更正去世", "alive by a register"}, "moved": {"登记册显示迁移", "moved by a register"}, "made": {"办件已生成", "case made"}, "refused": {"被拒", "refused"},
	"ask": {"提出", "asked"}, "answer": {"核实", "answered"}, "sign": {"签发", "signed"}, "late": {"超期", "late"}, "roll": {"更换名册", "roll replaced"}, "delivered": {"答复送达", "reply delivered"},
	"pause": {"暂停", "paused"}, "resume": {"继续", "resumed"}, "brought": {"上传", "brought in"}, "stop": {"停下", "stopped"}, "done": {"办完", "done"}, "expired": {"没有开始，放弃", "given up, never started"}, "lapsed": {"没有人继续，结束", "ended, since nobody went on with it"},
}

// eventName is the kind of an event in words; one that has none is its own name.
func eventName(kind string) Text {
	if name, known := eventNames[kind]; known {
		return name
	}
	family, act, _ := strings.Cut(kind, "-")
	in, known := eventFamilies[family]
	if !known {
		return Text{kind, kind}
	}
	what, known := eventActs[act]
	if !known {
		what = Text{act, act}
	}
	return Text{in.ZH + "：" + what.ZH, in.EN + ": " + what.EN}
}

// EventView is an event about a case, for the people of the case.
type EventView struct {
	At       time.Time `json:"at"`
	Kind     string    `json:"kind"`
	KindName Text      `json:"kind_name"`
	Subject  string    `json:"subject"` // the case, or one of its certificates
	By       string    `json:"by"`
	Name     string    `json:"name,omitempty"` // of the account, as it is called now
	Detail   string    `json:"detail,omitempty"`
	Entry    int64     `json:"entry"` // its number in the log
}

// CaseEvents lists what happened around a case beside its own history, oldest
// first: downloads, reveals, exports, alarms; not how it was rated.
func (s *Service) CaseEvents(ctx context.Context, by *Account, id string) ([]EventView, error) {
	c, err := s.open(ctx, by, id)
	if err != nil {
		return nil, err
	}
	return s.eventsOf(ctx, c)
}

func (s *Service) eventsOf(ctx context.Context, c *Case) ([]EventView, error) {
	var all []LoggedEvent
	for _, subject := range c.subjects() {
		events, err := s.Store.EventsAbout(ctx, subject)
		if err != nil {
			return nil, err
		}
		all = append(all, events...)
	}
	all = slices.DeleteFunc(all, func(e LoggedEvent) bool { return e.ofRating() })
	slices.SortFunc(all, func(a, b LoggedEvent) int { return int(a.Entry - b.Entry) })
	return s.eventViews(ctx, all)
}

// ofRating tells whether an event about a case is of how a resident rated it: for the
// people of the case there is no rating.
func (e *LoggedEvent) ofRating() bool {
	return strings.HasPrefix(e.Kind, "rating-") || e.Kind == EventContentErased && strings.HasPrefix(e.Detail, RetainRatings)
}

// eventViews names what happened and who did it.
func (s *Service) eventViews(ctx context.Context, events []LoggedEvent) ([]EventView, error) {
	views := []EventView{}
	names := map[string]string{}
	for _, e := range events {
		name, known := names[e.By]
		if !known {
			var err error
			if name, err = s.nameOf(ctx, e.By); err != nil {
				return nil, err
			}
			names[e.By] = name
		}
		views = append(views, EventView{e.At, e.Kind, eventName(e.Kind), e.Subject, e.By, name, e.Detail, e.Entry})
	}
	return views, nil
}

// subjects is what events and log entries of a case are about: itself and
// every certificate that was ever begun for it.
func (c *Case) subjects() []string {
	subjects := []string{c.ID}
	for i := range c.Actions {
		if code := c.Actions[i].Code; code != "" && !slices.Contains(subjects, code) {
			subjects = append(subjects, code)
		}
	}
	return subjects
}

// nameOf is what an account's person is called; "" for the system and for one
// that is gone.
func (s *Service) nameOf(ctx context.Context, account string) (string, error) {
	if account == SystemActor || account == "" {
		return "", nil
	}
	a, err := s.Store.Account(ctx, account)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return a.Name, nil
}
