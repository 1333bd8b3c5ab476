package yinzheng

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// RetentionRule says how long something personal is kept once nobody works on it any
// more, and on what ground (保存期限). What is erased by it loses its content; that it
// was there, who did what to it and when, stays.
type RetentionRule struct {
	Key    string
	What   Text
	Ground Text // why so long, and not longer
	Days   int  // since it was touched last, at least: an installation may keep things longer (Config.Retain)
}

// yearOfDays is a year in a rule: no leap year makes one shorter.
const yearOfDays = 366

// Term is how long the rule keeps things, in words.
func (r *RetentionRule) Term() Text {
	if years := r.Days / yearOfDays; r.Days%yearOfDays == 0 {
		return Text{fmt.Sprintf("%d 年", years), fmt.Sprintf("%d years", years)}
	}
	return Text{fmt.Sprintf("%d 天", r.Days), fmt.Sprintf("%d days", r.Days)}
}

// The rules. Those of cases are the words of what is kept with a case (RetainedBy).
const (
	RetainDrafts    = "drafts"
	RetainWithdrawn = "withdrawn"
	RetainRejected  = "rejected"
	RetainFiles     = "files"
	RetainContacts  = "contacts"
	RetainRequests  = "requests"
	RetainImports   = "imports"
	RetainRatings   = "ratings"
	RetainShares    = "shares"
	RetainRosters   = "rosters"
	RetainInquiries = "inquiries"
	RetainLists     = "inquiry-lists"
	RetainRolls     = "rolls"
	RetainCopies    = "copies"
	RetainMessages  = "messages"
	RetainRights    = "commitment-rights"
)

var retentionRules = []RetentionRule{
	{
		RetainDrafts,
		Text{"没有提交过的草稿", "Drafts that were never handed in"},
		Text{"没有人继续办理，不再需要（《个人信息保护法》第十九条、第四十七条）；销毁前十四天提醒经办单位", "Nobody goes on with it, so that it is needed no longer (Personal Information Protection Law, articles 19 and 47); its office is told fourteen days before"},
		90,
	},
	{
		RetainWithdrawn,
		Text{"撤回和逾期作废的办件", "Cases withdrawn or lapsed"},
		Text{"没有作出决定；留三年备查，超过一般诉讼时效（《民法典》第一百八十八条）", "Nothing was decided; three years outlast the general limitation of actions (Civil Code, article 188)"},
		3 * yearOfDays,
	},
	{
		RetainRejected,
		Text{"不予出具的办件", "Cases rejected"},
		Text{"对决定不服的，最迟五年内可以起诉（《行政诉讼法》第四十六条第二款）", "The decision can be taken to court for five years at most (Administrative Litigation Law, article 46, second paragraph)"},
		5 * yearOfDays,
	},
	{
		RetainFiles,
		Text{"已签发办件的附件", "Files of cases with a certificate"},
		Text{"按短期档案保存十年（《机关文件材料归档范围和文书档案保管期限规定》）；证明、办理经过和记录长期保存", "Kept as records of ten years (Regulation on the scope of filing and the terms of records of organs); certificate, history and log stay"},
		10 * yearOfDays,
	},
	{
		RetainContacts,
		Text{"办结后的联系方式和受理前的网上申请", "Contacts of cases that have ended, and the requests that they came of"},
		Text{"只为告知办理进度；办结九十天后不再需要（《个人信息保护法》第十九条、第四十七条）", "They serve to tell how the case goes on, and nothing else ninety days after its end (Personal Information Protection Law, articles 19 and 47)"},
		90,
	},
	{
		RetainRequests,
		Text{"没有受理的网上申请", "Requests that became no case"},
		Text{"不予受理、撤回或终止后，申请人可在三十天内查看原因、重新申请（《个人信息保护法》第十九条、第四十七条）", "For thirty days somebody may read why it was refused, or begin anew (Personal Information Protection Law, articles 19 and 47)"},
		30,
	},
	{
		RetainImports,
		Text{"办完的批量导入的各行", "Rows of imports that are done"},
		Text{"办成的已在办件里，没办成的供下载改正后再导入；九十天后不再需要（《个人信息保护法》第十九条、第四十七条）", "What became of them stands in the cases; those that were not made can be taken, mended and brought in again for ninety days (Personal Information Protection Law, articles 19 and 47)"},
		90,
	},
	{
		RetainRatings,
		Text{"评价和回访写的话", "What was written in ratings and their follow-up"},
		Text{"整改和年度评议要用（国办发〔2019〕51号）；两年后只留等次、原因和经过", "They serve to put things right and the yearly assessment (Guobanfa 2019 No. 51); after two years level, tags and what was done are left"},
		2 * yearOfDays,
	},
	{
		RetainShares,
		Text{"已结束的分享的备注", "Notes of shares that have ended"},
		Text{"备注只为本人记得分享给了谁；结束九十天后不再需要（《个人信息保护法》第十九条、第四十七条）", "A note reminds somebody whom they shared with, and nothing else ninety days after the end (Personal Information Protection Law, articles 19 and 47)"},
		90,
	},
	{
		RetainRosters,
		Text{"办结的生存核验的名册", "Rosters of campaigns that are over"},
		Text{"核验结果用于发放待遇，三年内可能要核对、追回（《民法典》第一百八十八条）；件数和生成的办件留下", "Benefits were paid by what was seen, and may be looked into or reclaimed for three years (Civil Code, article 188); the figures and the cases that were made stay"},
		3 * yearOfDays,
	},
	{
		RetainInquiries,
		Text{"已答复、撤回的协查", "Inquiries that were replied to or withdrawn"},
		Text{"依据答复作出的决定，最迟五年内可以起诉（《行政诉讼法》第四十六条第二款）；问答的经过留下", "What was decided by a reply can be taken to court for five years at most (Administrative Litigation Law, article 46, second paragraph); who asked and answered when stays"},
		5 * yearOfDays,
	},
	{
		RetainLists,
		Text{"已答复的协查名单", "Lists of inquiries that were replied to"},
		Text{"依据答复作出的决定，最迟五年内可以起诉（《行政诉讼法》第四十六条第二款）；各行的结果和件数留下", "What was decided by a reply can be taken to court for five years at most (Administrative Litigation Law, article 46, second paragraph); the answers and the figures stay"},
		5 * yearOfDays,
	},
	{
		RetainRolls,
		Text{"被新名册替代的协查名册", "Rolls that a newer one has replaced"},
		Text{"不再用来答复；九十天内可以核对（《个人信息保护法》第十九条、第四十七条）", "Nothing is answered by them any more; for ninety days they can be looked into (Personal Information Protection Law, articles 19 and 47)"},
		90,
	},
	{
		RetainCopies,
		Text{"领取副本的人", "Who took copies"},
		Text{"与附件一同按短期档案保存十年（《机关文件材料归档范围和文书档案保管期限规定》）；份数和经办人留下", "Kept as long as files are (Regulation on the scope of filing and the terms of records of organs); how many and by whom stays"},
		10 * yearOfDays,
	},
	{
		RetainMessages,
		Text{"发出的消息的遮盖地址", "Masked addresses of messages that were sent"},
		Text{"供查问有没有发到；九十天后不再需要（《个人信息保护法》第十九条、第四十七条）", "They tell whether something was sent there, and nothing else after ninety days (Personal Information Protection Law, articles 19 and 47)"},
		90,
	},
	{
		RetainRights,
		Text{"已恢复承诺资格的人的证件号码", "Documents of who was given back the right to commitments"},
		Text{"对取消资格不服的，最迟五年内可以起诉（《行政诉讼法》第四十六条第二款）；恢复后不再据以拒绝，办件经过里仍写明", "That it had ended can be taken to court for five years at most (Administrative Litigation Law, article 46, second paragraph); nothing is refused by it any more, and the case's history still has it"},
		5 * yearOfDays,
	},
}

// spentRules are the rules of what is kept beside cases, contacts, requests and messages.
var spentRules = []string{RetainImports, RetainRatings, RetainShares, RetainRosters, RetainInquiries, RetainLists, RetainRolls, RetainCopies, RetainRights}

// caseRules are the rules of cases, in the order in which they are gone through.
var caseRules = []string{RetainDrafts, RetainWithdrawn, RetainRejected, RetainFiles}

// RetentionRuleOf returns a rule by its key, as the program has it; nil: there is none.
func RetentionRuleOf(key string) *RetentionRule {
	i := slices.IndexFunc(retentionRules, func(r RetentionRule) bool { return r.Key == key })
	if i < 0 {
		return nil
	}
	return &retentionRules[i]
}

// keepLonger makes the rules of an installation. A shorter time than the program's is
// refused: the record would be found wanting by whoever checks it elsewhere.
func keepLonger(longer map[string]int) ([]RetentionRule, error) {
	rules := slices.Clone(retentionRules)
	for key, days := range longer {
		i := slices.IndexFunc(rules, func(r RetentionRule) bool { return r.Key == key })
		switch {
		case i < 0:
			return nil, fmt.Errorf("retention: there is no rule %q", key)
		case days < rules[i].Days:
			return nil, fmt.Errorf("retention: rule %q keeps things for %d days at least, not %d", key, rules[i].Days, days)
		}
		rules[i].Days = days
	}
	return rules, nil
}

// RetentionRules are the rules as they hold here.
func (s *Service) RetentionRules() []RetentionRule { return slices.Clone(s.rules) }

// Expires is the moment before which something must have been touched last to be erased
// now by a rule.
func (s *Service) Expires(rule string) time.Time {
	i := slices.IndexFunc(s.rules, func(r RetentionRule) bool { return r.Key == rule })
	return s.now().AddDate(0, 0, -s.rules[i].Days)
}

// RetainedBy is the rule by which a case's content is erased in time, given what was done
// to it: "" while it is under way, and when there is nothing (left) to erase.
func RetainedBy(done []ActionKind) string {
	rule, files := RetainDrafts, false
	for _, kind := range done {
		switch kind {
		case Erase:
			return ""
		case Attach:
			files = true
		case Submit, Reissue, Sample:
			rule = ""
		case Withdraw, Lapse:
			rule = RetainWithdrawn
		case Reject, Moot:
			rule = RetainRejected
		case Issue:
			rule = RetainFiles
		}
	}
	if rule == RetainFiles && !files {
		return ""
	}
	return rule
}

// Retained is RetainedBy for the case as it stands.
func (a *Application) Retained() string {
	done := make([]ActionKind, len(a.Actions))
	for i := range a.Actions {
		done[i] = a.Actions[i].Kind
	}
	return RetainedBy(done)
}

// Erased is the action that erased what the case held, or nil.
func (a *Application) Erased() *Action {
	i := slices.IndexFunc(a.Actions, func(x Action) bool { return x.Kind == Erase })
	if i < 0 {
		return nil
	}
	return &a.Actions[i]
}

// erasedText stands where something was erased.
var erasedText = Text{"已按保存期限销毁", "erased in time"}

// Emptied tells whether an action is an erasure that leaves nothing of a case but what
// was done to it. Of a case with a certificate only the files go.
func (x *Action) Emptied() bool { return x.Kind == Erase && x.Reason != RetainFiles }

// Erase returns the case after its content was erased by the rule that it stands under;
// ErrState when there is none, or it was touched too lately.
func (c *Case) Erase(before, now time.Time) (*Application, error) {
	rule := c.Retained()
	if rule == "" || !c.Actions[len(c.Actions)-1].At.Before(before) {
		return nil, fail(ErrState, "办件还在保存期限内", "The case is still to be kept")
	}
	x := Action{At: now, Kind: Erase, By: SystemActor, Name: SystemActor, Office: c.Office, Reason: rule}
	if x.Emptied() {
		x.Input = &Input{Division: c.Division, Replaces: c.Replaces()}
	}
	return c.with(x), nil
}

// erase takes from the case what an erasure takes. All that is left of an emptied one
// stands in the action, since its history can be folded no more.
func (a *Application) erase(x *Action) {
	if !x.Emptied() {
		a.Attachments = slices.Clone(a.Attachments)
		for i := range a.Attachments {
			a.Attachments[i] = a.Attachments[i].erased()
		}
		return
	}
	a.take(x.Input)
	a.Office, a.Code = x.Office, ""
	a.Attachments, a.Substitutes, a.Inspections = nil, nil, nil
	if a.State = Withdrawn; x.Reason == RetainRejected {
		a.State = Rejected
	}
}

// erased is what stays of a file that was erased.
func (f Attachment) erased() Attachment {
	return Attachment{ID: f.ID, Material: f.Material, Type: f.Type, Size: f.Size, Width: f.Width, Height: f.Height, Pages: f.Pages, TextDigest: f.TextDigest, Signed: unwitnessed(f.Signed)}
}

func unwitnessed(s *Signing) *Signing {
	if s == nil {
		return nil
	}
	return &Signing{By: s.By}
}

// Gone tells whether the file was erased; what is told of it stays.
func (f Attachment) Gone() bool { return f.Digest == "" }

// Hold keeps everything of a case from being erased until a moment, since somebody needs
// it (保全).
type Hold struct {
	Case   string
	Reason string // class: HoldReasons
	Until  time.Time
	By     string // account
	At     time.Time
}

// ExpiredCount counts the cases that a rule would take from.
type ExpiredCount struct {
	Due    int // now
	Needed int // past their time, and needed still
}

// Retentions keeps what is erased in time, and what is not.
type Retentions interface {
	// EraseCase is SaveApplication of a case whose last action erases: the content of
	// the actions before it goes in the same act, and with it the files that nothing
	// else refers to. It gives that action what stays (Action.Stays). ErrConflict, too,
	// when something needs the case by then (Expired).
	EraseCase(ctx context.Context, a *Application, seen int) error
	// Expired lists the IDs of the cases under a rule that were touched last before a
	// moment and that nothing needs at now, longest first. Something needs a case that
	// is held, or whose rating is followed up, whose commitments are to be inspected, or
	// that waits for a material; one whose resident was asked for something, or answered,
	// no longer ago than their request is to be kept; and a case whose certificate is
	// suspended, about to be replaced, or referred to by a case that is under way. Of
	// drafts, those are left out whose office was not told before warned.
	Expired(ctx context.Context, rule string, before, warned, now time.Time, limit int) ([]string, error)
	// CountExpired counts the same, and those that something needs.
	CountExpired(ctx context.Context, rule string, before, warned, now time.Time) (ExpiredCount, error)
	// Fading lists the drafts that were touched last before a moment, of whose end their
	// office was not told since, longest first.
	Fading(ctx context.Context, before time.Time, limit int) ([]string, error)
	// NoteFading notes that the office of a draft was told at a version of it.
	NoteFading(ctx context.Context, id string, version int, at time.Time) error
	// IdleContacts lists whose contact (Resident.Key) was noted before a moment and is of
	// use no more: each case of theirs has ended, was touched last before that moment and
	// is not held at now, and no request of theirs is under way.
	IdleContacts(ctx context.Context, before, now time.Time, limit int) ([]string, error)
	// EndedRequests lists the requests that have their content, of such cases.
	EndedRequests(ctx context.Context, before, now time.Time, limit int) ([]string, error)
	// IsIdle tells whether IdleContacts has somebody, HasEnded whether EndedRequests has
	// a request.
	IsIdle(ctx context.Context, resident string, before, now time.Time) (bool, error)
	HasEnded(ctx context.Context, request string, before, now time.Time) (bool, error)
	// Spent lists the IDs of what stands under a rule of its own (spentRules), was touched
	// last before a moment and is not needed at now, longest first: done imports, ratings
	// that nothing is to be done about, ended shares and campaigns, inquiries and lists that
	// were replied to, rolls since they were replaced, copies, rights since they were
	// restored. A hold on a case of theirs needs them.
	Spent(ctx context.Context, rule string, before, now time.Time, limit int) ([]string, error)
	// CountSpent counts the same, and those that something needs.
	CountSpent(ctx context.Context, rule string, before, now time.Time) (ExpiredCount, error)
	// EraseSpent takes from one of them what the rule takes, and records that
	// (EventContentErased); ErrConflict when it is not among them (any more). From what is
	// large it takes in portions, a transaction each, the first of which says that it is
	// erased: cut off in between, it is among them until EraseSpent goes on, whoever
	// needs it by then.
	EraseSpent(ctx context.Context, rule, id string, before, now time.Time) error
	// ForgetRecipients takes the masked recipients off messages that are done since before
	// a moment, so many at most, and tells how many; CountRecipients counts them.
	ForgetRecipients(ctx context.Context, before time.Time, limit int) (int, error)
	CountRecipients(ctx context.Context, before time.Time) (int, error)
	// PutHold holds a case, in the place of an earlier hold on it; EndHold ends it.
	PutHold(ctx context.Context, h *Hold) error
	EndHold(ctx context.Context, id string) error
	// Holds lists the holds that last at now, those that end first first.
	Holds(ctx context.Context, now time.Time) ([]Hold, error)
}
