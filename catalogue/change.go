package catalogue

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"yinzheng"
)

// Kind is what an act does to a change.
type Kind string

// The kinds of act.
const (
	Draft    Kind = "draft"    // begins it
	Redraft  Kind = "redraft"  // writes it anew, while it is a draft
	Send     Kind = "send"     // for legality review
	Approve  Kind = "approve"  // the review's result, by somebody who wrote none of it
	Return   Kind = "return"   // back to draft, with an opinion
	Open     Kind = "open"     // for comments, until a moment
	Remark   Kind = "comment"  // one that came in, entered by staff
	Publish  Kind = "publish"  // from a moment on
	Withdraw Kind = "withdraw" // before it is published
)

// Stage is how far a change has come.
type Stage string

// The stages of a change.
const (
	Drafting  Stage = "draft"
	Reviewing Stage = "review"
	Reviewed  Stage = "reviewed"
	Comments  Stage = "comment"
	Published Stage = "published"
	Withdrawn Stage = "withdrawn"
)

// leads says which stages an act is possible at, and to which one it leads.
var leads = map[Kind]struct {
	from []Stage
	to   Stage
}{
	Draft:    {[]Stage{""}, Drafting},
	Redraft:  {[]Stage{Drafting}, Drafting},
	Send:     {[]Stage{Drafting}, Reviewing},
	Approve:  {[]Stage{Reviewing}, Reviewed},
	Return:   {[]Stage{Reviewing, Reviewed, Comments}, Drafting},
	Open:     {[]Stage{Reviewed}, Comments},
	Remark:   {[]Stage{Comments}, Comments},
	Publish:  {[]Stage{Comments}, Published},
	Withdraw: {[]Stage{Drafting, Reviewing, Reviewed, Comments}, Withdrawn},
}

// Act is one thing that was done to a change. Only what its kind needs is set.
type Act struct {
	Kind Kind      `json:"kind"`
	At   time.Time `json:"at"`
	By   string    `json:"by"`            // account
	For  string    `json:"for,omitempty"` // in whose name, under a delegation

	Title    string                `json:"title,omitempty"` // draft, redraft: the document that orders it
	Items    []Item                `json:"items,omitempty"` // draft, redraft
	Restores *Ref                  `json:"restores,omitempty"`
	Opinion  string                `json:"opinion,omitempty"`  // approve, return, publish (what became of the comments), withdraw
	Subjects map[string]Conclusion `json:"subjects,omitempty"` // approve: of items whose names resemble the list of twenty
	Until    time.Time             `json:"until,omitzero"`     // open
	Text     string                `json:"text,omitempty"`     // comment
	From     time.Time             `json:"from,omitzero"`      // publish
}

// Conclusion is what the reviewer says of an item whose name resembles a
// subject of the list of twenty: which one it is, or none, and why.
type Conclusion struct {
	Subject string `json:"subject"`
	Reason  string `json:"reason"`
}

// Ref names one version of an item.
type Ref struct {
	Code    string `json:"code"`
	Version int    `json:"version"`
}

// Change is a change of the catalogue after its acts.
type Change struct {
	ID       string
	Version  int // acts so far
	Stage    Stage
	Title    string
	Items    []Item
	Restores *Ref
	Authors  []string  // who wrote any of it
	Reviewer string    // who approved it as it is now
	Until    time.Time // comments are taken until then
	Comments int       // on it as it is now
	From     time.Time // published from then on
	Acts     []Act
}

// after is the change with one more act, which is known to be possible.
func (c *Change) after(a Act) *Change {
	n := *c
	n.Version, n.Stage, n.Acts = c.Version+1, leads[a.Kind].to, append(slices.Clone(c.Acts), a)
	switch a.Kind {
	case Draft, Redraft:
		n.Title, n.Items, n.Restores = a.Title, a.Items, a.Restores
		n.Authors = append(slices.Clone(c.Authors), a.people()...)
	case Approve:
		n.Reviewer, n.Items = a.By, slices.Clone(c.Items)
		for i := range n.Items {
			if x, ok := a.Subjects[n.Items[i].Code]; ok {
				n.Items[i].Subject = x.Subject
			}
		}
	case Return:
		n.Reviewer, n.Until, n.Comments = "", time.Time{}, 0
	case Open:
		n.Until = a.Until
	case Remark:
		n.Comments++
	case Publish:
		n.From = a.From
	}
	return &n
}

// people are those who did an act: who did it, and in whose name.
func (a *Act) people() []string {
	if a.For == "" {
		return []string{a.By}
	}
	return []string{a.By, a.For}
}

// ends tells whether nothing more can be done to the change.
func (c *Change) ends() bool { return c.Stage == Published || c.Stage == Withdrawn }

// maxText bounds an opinion and a comment, maxTitle a title, maxItems a change.
const (
	maxText  = 2000
	maxTitle = 100
	maxItems = 5000
)

// check tells whether an act is possible on the change. It looks at the change
// alone; what it means for the catalogue is for book.check.
func (c *Change) check(a *Act) error {
	way, known := leads[a.Kind]
	if !known {
		return errNoAct()
	}
	if !slices.Contains(way.from, c.Stage) {
		return &yinzheng.Error{Kind: yinzheng.ErrState, Text: yinzheng.Text{
			ZH: fmt.Sprintf("变更处于“%s”阶段，不能 %s", c.Stage, a.Kind), EN: fmt.Sprintf("The change is at the stage “%s”; %s is not possible there", c.Stage, a.Kind),
		}}
	}
	if other := a.unasked(); other != "" { // nobody would check what it says, and it would stay for good
		return invalid(other, "not-applicable", "“"+string(a.Kind)+"”不用填写这一项", "“"+string(a.Kind)+"” takes no such member")
	}
	switch a.Kind {
	case Draft, Redraft:
		return checkText("title", a.Title, maxTitle, true)
	case Approve:
		return c.checkReview(a)
	case Return, Withdraw:
		return checkText("opinion", a.Opinion, maxText, true)
	case Open:
		if !a.Until.After(a.At) {
			return invalid("until", "past", "征求意见的截止时间应在将来", "Comments have to be possible until a moment to come")
		}
	case Remark:
		if a.At.After(c.Until) {
			return &yinzheng.Error{Kind: yinzheng.ErrState, Text: yinzheng.Text{ZH: "征求意见已截止", EN: "The time for comments is over"}}
		}
		return checkText("text", a.Text, maxText, true)
	case Publish:
		return c.checkPublishing(a)
	}
	return nil
}

// unasked is a member that is set though the act's kind does not take it, or "".
func (a *Act) unasked() string {
	for _, m := range []struct {
		name string
		set  bool
		of   []Kind
	}{
		{"title", a.Title != "", []Kind{Draft, Redraft}},
		{"restores", a.Restores != nil, []Kind{Draft, Redraft}},
		{"items", len(a.Items) > 0, []Kind{Draft, Redraft}},
		{"opinion", a.Opinion != "", []Kind{Approve, Return, Publish, Withdraw}},
		{"subjects", len(a.Subjects) > 0, []Kind{Approve}},
		{"until", !a.Until.IsZero(), []Kind{Open}},
		{"text", a.Text != "", []Kind{Remark}},
		{"from", !a.From.IsZero(), []Kind{Publish}},
	} {
		if m.set && !slices.Contains(m.of, a.Kind) {
			return m.name
		}
	}
	return ""
}

func errOwnReview() error {
	return &yinzheng.Error{Kind: yinzheng.ErrForbidden, Text: yinzheng.Text{ZH: "起草人不能审核自己的变更，须由他人作合法性审核", EN: "Who drafted a change does not review it; somebody else has to"}}
}

func errNoAct() error {
	return invalid("action", "choice", "应为 redraft、send、approve、return、open、comment、publish 或 withdraw", "Expected redraft, send, approve, return, open, comment, publish or withdraw")
}

// checkReview sees to it that somebody else reviews, and that whatever resembles
// the list of twenty was looked at.
func (c *Change) checkReview(a *Act) error {
	if slices.ContainsFunc(a.people(), func(who string) bool { return slices.Contains(c.Authors, who) }) {
		return errOwnReview()
	}
	if err := checkText("opinion", a.Opinion, maxText, true); err != nil {
		return err
	}
	var faults []yinzheng.FieldError
	asked := map[string]bool{}
	for _, item := range c.Items {
		like := item.doubts()
		asked[item.Code] = len(like) > 0
		if len(like) == 0 {
			continue
		}
		f := faultsOf(&faults, "subjects."+item.Code)
		x, ok := a.Subjects[item.Code]
		_, listed := yinzheng.Subjects[x.Subject]
		switch {
		case !ok:
			f("", "subject", "“"+item.Name.ZH+"”的名称近似清单内的"+subjectNames(like).ZH+"，请确认是哪一项或 none，并说明理由", "The name resembles "+subjectNames(like).EN+" of the list of twenty; say which one it is, or none, and why")
		case !listed && x.Subject != None:
			f("subject", "choice", "应为二十项清单中的代码，或 none", "Expected a code of the list of twenty, or none")
		case strings.TrimSpace(x.Reason) == "" || utf8.RuneCountInString(x.Reason) > maxText || !yinzheng.Clean(x.Reason):
			f("reason", "required", "请说明理由", "Please say why")
		default:
			item.Subject = x.Subject
			item.checkIssuer(f)
		}
	}
	for code := range a.Subjects {
		if !asked[code] {
			faultsOf(&faults, "subjects."+code)("", "unasked", "这个事项不需要确认主题", "No subject has to be confirmed for this item")
		}
	}
	return invalidFields(faults)
}

func (c *Change) checkPublishing(a *Act) error {
	if !a.At.After(c.Until) {
		day := c.Until.In(yinzheng.Zone).Format(time.DateTime)
		return &yinzheng.Error{Kind: yinzheng.ErrState, Text: yinzheng.Text{ZH: "征求意见到 " + day + " 才截止，之后方可发布", EN: "Comments are taken until " + day + "; it can be published after that"}}
	}
	if a.From.Before(a.At) {
		return invalid("from", "past", "生效时间不能早于现在", "It cannot take effect before now")
	}
	return checkText("opinion", a.Opinion, maxText, c.Comments > 0)
}

// subjectNames joins the names of subjects; of all, it says that.
func subjectNames(codes []string) yinzheng.Text {
	if len(codes) == len(yinzheng.Subjects) {
		return yinzheng.Text{ZH: "任何一项（名称没有写明证明什么）", EN: "any subject (it does not say what is attested)"}
	}
	var zh, en []string
	for _, code := range codes {
		zh, en = append(zh, yinzheng.Subjects[code].ZH), append(en, yinzheng.Subjects[code].EN)
	}
	return yinzheng.Text{ZH: strings.Join(zh, "、"), EN: strings.Join(en, ", ")}
}

func checkText(field, text string, most int, needed bool) error {
	n := utf8.RuneCountInString(strings.TrimSpace(text))
	if needed && n == 0 || n > most || !yinzheng.Clean(text) {
		return invalid(field, "text", fmt.Sprintf("请填写，最多 %d 字，不含控制字符和不可见字符", most), fmt.Sprintf("Please fill this in, in at most %d characters, without control and invisible characters", most))
	}
	return nil
}

// faultsOf collects faults under a path.
func faultsOf(into *[]yinzheng.FieldError, path string) fault {
	return func(field, code, zh, en string) {
		*into = append(*into, yinzheng.FieldError{Field: strings.Trim(path+"."+field, "."), Code: code, Text: yinzheng.Text{ZH: zh, EN: en}})
	}
}

func invalid(field, code, zh, en string) error {
	return invalidFields([]yinzheng.FieldError{{Field: field, Code: code, Text: yinzheng.Text{ZH: zh, EN: en}}})
}

// invalidFields is the error of some faults; nil when there are none.
func invalidFields(faults []yinzheng.FieldError) error {
	if len(faults) == 0 {
		return nil
	}
	return &yinzheng.Error{Kind: yinzheng.ErrInvalid, Text: yinzheng.Text{ZH: "有内容需要修改，请按提示逐项更正", EN: "Some fields need to be corrected"}, Fields: faults}
}
