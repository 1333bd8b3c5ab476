package design

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"yinzheng"
)

// Kind is what is done to a design, besides writing it.
type Kind string

// The kinds of act.
const (
	Started  Kind = "start"    // begins it
	Send     Kind = "send"     // for publication, once nothing is wrong with it
	Return   Kind = "return"   // back to its authors, with an opinion; they may do it themselves
	Publish  Kind = "publish"  // by somebody who wrote none of it
	Withdraw Kind = "withdraw" // nothing becomes of it
)

// Stage is how far a design has come.
type Stage string

// The stages of a design.
const (
	Drafting  Stage = "draft"
	Sent      Stage = "sent"
	Published Stage = "published"
	Withdrawn Stage = "withdrawn"
)

// StageNames are the stages in words.
var StageNames = map[Stage]yinzheng.Text{
	Drafting:  {ZH: "起草中", EN: "Draft"},
	Sent:      {ZH: "待发布", EN: "Sent for publication"},
	Published: {ZH: "已发布", EN: "Published"},
	Withdrawn: {ZH: "已撤回", EN: "Withdrawn"},
}

// leads says at which stages an act is possible, and to which one it leads.
var leads = map[Kind]struct {
	from    []Stage
	to      Stage
	opinion bool // it needs one
}{
	Send:     {[]Stage{Drafting}, Sent, false},
	Return:   {[]Stage{Sent}, Drafting, true},
	Publish:  {[]Stage{Sent}, Published, false},
	Withdraw: {[]Stage{Drafting, Sent}, Withdrawn, false},
}

// The bounds of what is kept.
const (
	maxText    = 128 << 10
	maxOpinion = 500
	maxCode    = 40
)

var itemCode = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// check refuses what cannot be done to a design, and tidies the opinion.
func check(x *yinzheng.Design, kind Kind, opinion string) (string, error) {
	to, known := leads[kind]
	if !known {
		return "", invalid("action", "choice", "应为 send、return、publish 或 withdraw", "Expected send, return, publish or withdraw")
	}
	if !slices.Contains(to.from, Stage(x.Stage)) {
		return "", errStage(Stage(x.Stage))
	}
	opinion = strings.TrimSpace(opinion)
	switch {
	case opinion == "" && to.opinion:
		return "", invalid("opinion", "required", "请写明要改什么", "Please say what has to be mended")
	case utf8.RuneCountInString(opinion) > maxOpinion || !yinzheng.Clean(opinion):
		return "", invalid("opinion", "text", fmt.Sprintf("意见最多 %d 字，不能有控制字符", maxOpinion), fmt.Sprintf("An opinion has at most %d characters, and no controls", maxOpinion))
	}
	return opinion, nil
}

// checkText refuses what no design is kept as.
func checkText(text string) error {
	switch {
	case len(text) > maxText:
		return invalid("yaml", "too-long", "模板最多 128 KB", "A template has at most 128 KB")
	case !yinzheng.Clean(text):
		return invalid("yaml", "unclean", "文字中有不可见的控制字符，请删去", "The text has control characters that cannot be seen; please remove them")
	}
	return nil
}

func errStage(s Stage) error {
	return fail(yinzheng.ErrState, "草案现在是“"+StageNames[s].ZH+"”，不能这样做", "The design is at the stage “"+StageNames[s].EN+"”, which does not allow this")
}

func fail(kind error, zh, en string) error {
	return &yinzheng.Error{Kind: kind, Text: yinzheng.Text{ZH: zh, EN: en}}
}

func invalid(field, code, zh, en string) error {
	return invalidFields([]yinzheng.FieldError{{Field: field, Code: code, Text: yinzheng.Text{ZH: zh, EN: en}}})
}

func invalidFields(faults []yinzheng.FieldError) error {
	return &yinzheng.Error{Kind: yinzheng.ErrInvalid, Text: yinzheng.Text{ZH: "有内容需要修改，请按提示更正", EN: "Something needs to be corrected"}, Fields: faults}
}
