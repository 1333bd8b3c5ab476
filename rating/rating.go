package rating

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"yinzheng"
)

// The levels, from the best. A level below Fair is bad and followed up.
const (
	Excellent = 5 - iota
	Good
	Fair
	Poor
	Awful
)

// Levels names the levels.
var Levels = map[int]yinzheng.Text{
	Excellent: {ZH: "非常满意", EN: "very satisfied"},
	Good:      {ZH: "满意", EN: "satisfied"},
	Fair:      {ZH: "基本满意", EN: "fairly satisfied"},
	Poor:      {ZH: "不满意", EN: "dissatisfied"},
	Awful:     {ZH: "非常不满意", EN: "very dissatisfied"},
}

// Tag is one of the things that residents are offered to say.
type Tag struct {
	Key  string
	Name yinzheng.Text
	Bad  bool // it goes with a bad rating, the others with a good one
}

// Tags are all of them, in the order in which they are offered.
var Tags = []Tag{
	{"kind", yinzheng.Text{ZH: "态度好", EN: "friendly"}, false},
	{"fast", yinzheng.Text{ZH: "办得快", EN: "quick"}, false},
	{"clear", yinzheng.Text{ZH: "讲得清楚", EN: "well explained"}, false},
	{"easy", yinzheng.Text{ZH: "少跑了路", EN: "few trips"}, false},
	{"rude", yinzheng.Text{ZH: "态度不好", EN: "unfriendly"}, true},
	{"slow", yinzheng.Text{ZH: "等得太久", EN: "took too long"}, true},
	{"trips", yinzheng.Text{ZH: "跑了冤枉路", EN: "needless trips"}, true},
	{"materials", yinzheng.Text{ZH: "多要了材料", EN: "asked for too much"}, true},
	{"wrong", yinzheng.Text{ZH: "办错了", EN: "got it wrong"}, true},
	{"money", yinzheng.Text{ZH: "收了费", EN: "was made to pay"}, true},
}

// Doing is what is done to a rating.
type Doing string

// What is done. The first is the resident's, the last two are the program's.
const (
	Rate     Doing = "rate"
	Call     Doing = "call"     // the resident was called back, or called in vain
	Settle   Doing = "settle"   // it was put right, or found unjustified
	Remind   Doing = "remind"   // the last working day has begun
	Escalate Doing = "escalate" // past the limit: the office above may work on it, too
)

// The states of what follows from a rating. A good one has none.
const (
	Open    = "open"    // to be called back
	Called  = "called"  // to be put right
	Settled = "settled" // with an answer to the resident
)

// The outcomes of a follow-up.
const (
	PutRight    = "right"
	Unjustified = "unjustified"
)

// Limits, in working days from the rating; how long a case can be rated after its
// end; how much may be said.
const (
	CallDays, SettleDays = 1, 15
	RateDays             = 90
	MaxText, MaxContact  = 500, 60
)

// Act is one act on a rating. Which members it has depends on its kind.
type Act struct {
	Kind Doing     `json:"kind"`
	At   time.Time `json:"at"`
	By   string    `json:"by"`            // account
	For  string    `json:"for,omitempty"` // account in whose name

	Item   string    `json:"item,omitempty"`   // rate
	Office string    `json:"office,omitempty"` // rate: that is rated; else whose post it was done in
	Level  int       `json:"level,omitempty"`
	Proof  string    `json:"proof,omitempty"` // rate: how the resident had proven who they are
	Tags   []string  `json:"tags,omitempty"`
	Call   time.Time `json:"call,omitzero"`    // rate: by when the resident is to be called back
	Settle time.Time `json:"settle,omitzero"`  // rate: by when it is to be put right
	Raised bool      `json:"raised,omitempty"` // rate: everybody there had part in the case (回避)

	Reached bool   `json:"reached,omitempty"` // call
	Outcome string `json:"outcome,omitempty"` // settle
	Text    string `json:"text,omitempty"`    // rate: the resident's words; call: what was said; settle: the answer
	Salt    []byte `json:"salt"`              // so that a digest of the act tells nothing
}

// Rating is a rating with all that was done: the fold of its acts.
type Rating struct {
	Case    string
	Acts    []Act
	State   string
	Outcome string
	Late    bool // past the limit of what is to be done
	warned  bool // reminded of it
	raised  bool // to the office above those who follow it up, for good
}

// fold makes a rating of its acts as they are kept.
func fold(id string, kept []yinzheng.RatingAct) (*Rating, error) {
	r := &Rating{Case: id}
	for i := range kept {
		var a Act
		if err := json.Unmarshal(kept[i].Content, &a); err != nil {
			return nil, fmt.Errorf("read act %d on the rating of case %s: %w", kept[i].Seq, id, err)
		}
		r = r.after(a)
	}
	return r, nil
}

// after is the rating once an act is done.
func (r *Rating) after(a Act) *Rating {
	n := *r
	n.Acts = append(slices.Clip(r.Acts), a)
	switch {
	case a.Kind == Rate && a.Level < Fair:
		if r.State != Open { // else the limit that runs stays (begin)
			n.Late, n.warned = false, false
		}
		n.State, n.Outcome, n.raised = Open, "", n.raised || a.Raised
	case a.Kind == Call && a.Reached:
		n.State, n.Late, n.warned = Called, false, false
	case a.Kind == Settle:
		n.State, n.Outcome, n.Late = Settled, a.Outcome, false
	case a.Kind == Remind:
		n.warned = true
	case a.Kind == Escalate:
		n.Late, n.raised = true, true
	}
	return &n
}

// said is what the resident said: what they said last.
func (r *Rating) said() *Act {
	i := len(r.Acts) - 1
	for r.Acts[i].Kind != Rate {
		i--
	}
	return &r.Acts[i]
}

// Due is by when what is to be done now is to be done; zero: nothing is.
func (r *Rating) Due() time.Time {
	switch r.State {
	case Open:
		return r.said().Call
	case Called:
		return r.said().Settle
	}
	return time.Time{}
}

// next is when the program has to look at the rating: as the last working day of a
// limit begins, and when it is past; zero: never.
func (r *Rating) next() time.Time {
	due := r.Due()
	switch {
	case due.IsZero() || r.Late:
		return time.Time{}
	case !r.warned:
		return due.AddDate(0, 0, -1)
	}
	return due
}

// mayComplain tells whether somebody with such a proof of who they are may still say that
// they are dissatisfied: after a good rating and, if a provider vouches for them, after a
// bad one that came by a code, since whoever had the slip may have given a mild one.
func (r *Rating) mayComplain(proof string) bool {
	return r.State == "" || r.said().Proof == yinzheng.ByCode && proof == yinzheng.ByIdentity
}

// place is what the rating is found by.
func (r *Rating) place(contact string) *yinzheng.Rating {
	said := r.said()
	if r.Due().IsZero() {
		contact = ""
	}
	return &yinzheng.Rating{
		Application: r.Case, Item: said.Item, Office: said.Office, At: said.At, Level: said.Level, State: r.State,
		Contact: contact, Due: r.Due(), Next: r.next(), Version: len(r.Acts),
	}
}

// workers lists the offices whose approvers follow the rating up: those above the
// office that was rated and, where everybody there had part in the case or since a
// limit was passed, those above them. What a topmost office
// is rated for is followed up there.
func (r *Rating) workers(d *yinzheng.Directory) []string {
	rated := d.OfficeNow(r.said().Office)
	out := d.Superiors(rated)
	if len(out) == 0 {
		return []string{rated}
	}
	if r.raised {
		out = append(out, d.Superiors(out[0])...)
	}
	return out
}

// faults collects what is wrong with what somebody sent.
type faults []yinzheng.FieldError

func (f *faults) add(field, code, zh, en string) {
	*f = append(*f, yinzheng.FieldError{Field: field, Code: code, Text: yinzheng.Text{ZH: zh, EN: en}})
}

// text brings a text into normal form.
func (f *faults) text(field, s string, most int) string {
	s = strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
	switch {
	case !yinzheng.Clean(s):
		f.add(field, "control", "含有不可见字符，请删去", "It holds invisible characters; please take them out")
	case utf8.RuneCountInString(s) > most:
		f.add(field, "long", fmt.Sprintf("最多 %d 字", most), fmt.Sprintf("At most %d characters", most))
	}
	return s
}

// err is the ErrInvalid of the faults, or nil.
func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return &yinzheng.Error{Kind: yinzheng.ErrInvalid, Text: yinzheng.Text{ZH: "有内容需要修改，请按提示逐项更正", EN: "Some fields need to be corrected"}, Fields: f}
}

func refuse(kind error, zh, en string) error {
	return &yinzheng.Error{Kind: kind, Text: yinzheng.Text{ZH: zh, EN: en}}
}

// errNone is what a stranger learns.
func errNone() error {
	return refuse(yinzheng.ErrNotFound, "没有这个评价", "There is no such rating")
}
