package inquiry

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"yinzheng"
)

// Asked is one question about one person.
type Asked struct {
	Kind     Kind        `json:"kind"` // as it was when it was asked
	Name     string      `json:"name"`
	ID       yinzheng.ID `json:"id"`
	Division string      `json:"division"`           // where the asker says that the person belongs
	About    any         `json:"about,omitempty"`    // what the asker says besides, such as the mother's document
	Question string      `json:"question,omitempty"` // for people
	Purpose  string      `json:"purpose"`
	Basis    string      `json:"basis"` // in law

	Office string        `json:"office"` // that asks
	Role   yinzheng.Role `json:"role"`   // in which it was asked
	List   string        `json:"list,omitempty"`
	Row    int           `json:"row,omitempty"`
	Place  string        `json:"place"` // division whose people answer: the person's own, where the record knows it
	Due    time.Time     `json:"due"`   // as it was promised, whatever the calendar says later
}

// Values is what a reply's h commits to.
func (a *Asked) Values() yinzheng.Values {
	v := yinzheng.Values{"kind": a.Kind.Code, "name": a.Name, "id": a.ID.Value(), "division": a.Division}
	if a.About != nil {
		v["about"] = a.About
	}
	if a.Question != "" {
		v["question"] = a.Question
	}
	return v
}

// Doing is what somebody does to an inquiry or a list.
type Doing string

// What is done to an inquiry, and the last two and Ask, Sign to a list.
const (
	Ask      Doing = "ask"
	Answer   Doing = "answer"
	Return   Doing = "return" // to be answered anew
	Sign     Doing = "sign"   // the reply
	Withdraw Doing = "withdraw"
	Remind   Doing = "remind" // it is past its limit
	Pause    Doing = "pause"
	Resume   Doing = "resume"
)

// Act is one act, as it is kept.
type Act struct {
	Kind Doing     `json:"kind"`
	At   time.Time `json:"at"`
	By   string    `json:"by"`            // account
	For  string    `json:"for,omitempty"` // account in whose name

	Office string      `json:"office,omitempty"` // whose post it was done in
	Person yinzheng.ID `json:"person,omitzero"`  // document of who acted, and
	ForID  yinzheng.ID `json:"for_id,omitzero"`  // of whose name it was in: four eyes looks at both

	Asked   *Asked      `json:"asked,omitempty"`
	Found   *RecordSays `json:"found,omitempty"` // ask: what the record says
	Answer  string      `json:"answer,omitempty"`
	Opinion string      `json:"opinion,omitempty"`
	Organ   string      `json:"organ,omitempty"`  // sign: credit code
	Digest  string      `json:"digest,omitempty"` // ask, of a list: SHA-256 of the file
	Format  int         `json:"format,omitempty"` // sign, of a list: of the result that was signed
	Salt    []byte      `json:"salt"`             // so that a digest of the act tells nothing
}

// The states of an inquiry.
const (
	StateAsked     = "asked"    // waits for an answer
	StateAnswered  = "answered" // waits for the signature
	StateReplied   = "replied"
	StateWithdrawn = "withdrawn"
)

// Inquiry is one question: the fold of its acts.
type Inquiry struct {
	ID      string
	Version int // acts so far
	State   string
	Asked   *Asked
	At      time.Time
	Late    bool // whom it waits for were reminded
	Acts    []Act
}

// foldInquiry reads an inquiry off its acts.
func foldInquiry(id string, kept []yinzheng.InquiryAct) (*Inquiry, error) {
	i := &Inquiry{ID: id}
	for _, k := range kept {
		var a Act
		if err := json.Unmarshal(k.Content, &a); err != nil {
			return nil, fmt.Errorf("act %d on inquiry %s: %w", k.Seq, id, err)
		}
		i = i.after(&a)
	}
	return i, nil
}

// after is the inquiry after one more act: the only place where its state changes.
func (i *Inquiry) after(a *Act) *Inquiry {
	next := *i
	next.Version++
	next.Acts = append(slices.Clone(i.Acts), *a)
	switch a.Kind {
	case Ask:
		next.State, next.Asked, next.At = StateAsked, a.Asked, a.At
	case Answer:
		next.State, next.Late = StateAnswered, false
	case Return:
		next.State, next.Late = StateAsked, false
	case Sign:
		next.State = StateReplied
	case Withdraw:
		next.State = StateWithdrawn
	case Remind:
		next.Late = true
	}
	return &next
}

// answer is the newest one, by the record if people gave none.
func (i *Inquiry) answer() *Act {
	for n := len(i.Acts) - 1; n > 0; n-- {
		if i.Acts[n].Kind == Answer {
			return &i.Acts[n]
		}
	}
	return nil
}

// errNoInquiry is what a stranger learns.
func errNoInquiry() error {
	return &yinzheng.Error{Kind: yinzheng.ErrNotFound, Text: yinzheng.Text{ZH: "没有找到这件协查", EN: "There is no such inquiry"}}
}

func forbidden(zh, en string) error {
	return &yinzheng.Error{Kind: yinzheng.ErrForbidden, Text: yinzheng.Text{ZH: zh, EN: en}}
}

func wrongState(zh, en string) error {
	return &yinzheng.Error{Kind: yinzheng.ErrState, Text: yinzheng.Text{ZH: zh, EN: en}}
}

// asks is the grant by which somebody asked, or could have: a post of the role
// in the office that asked.
func (i *Inquiry) asks(d *yinzheng.Directory, by *yinzheng.Account, now time.Time) (yinzheng.Grant, bool) {
	return by.Holds(i.Asked.Role, now, func(office string) bool { return office == d.OfficeNow(i.Asked.Office) })
}

// handlers are the grants by which somebody works on it: clerk or approver of an
// office in its line.
func (i *Inquiry) handlers(d *yinzheng.Directory, by *yinzheng.Account, now time.Time) []yinzheng.Grant {
	offices := line(d, &i.Asked.Kind, i.Asked.Place)
	return slices.DeleteFunc(by.InForce(now), func(g yinzheng.Grant) bool {
		works := g.Role == yinzheng.Clerk || g.Role == yinzheng.Approver
		return !works || !slices.ContainsFunc(offices, func(o *yinzheng.Office) bool { return o.ID == g.Office })
	})
}

// free returns the first of some grants under which nothing keeps somebody from
// acting; none: as obstacle says.
func free(grants []yinzheng.Grant, obstacle func(yinzheng.Grant) error) (yinzheng.Grant, error) {
	err := errNoInquiry()
	for _, g := range grants {
		if err = obstacle(g); err == nil {
			return g, nil
		}
	}
	return yinzheng.Grant{}, err
}

// MayAnswer returns the grant under which somebody answers. Errors: ErrNotFound
// for a stranger, ErrState, ErrForbidden for who asked or is asked about.
func (i *Inquiry) MayAnswer(d *yinzheng.Directory, by *yinzheng.Account, now time.Time) (yinzheng.Grant, error) {
	return free(i.handlers(d, by, now), func(g yinzheng.Grant) error {
		if i.State != StateAsked {
			return wrongState("这件协查现在不等待核实", "This inquiry does not wait for an answer now")
		}
		return i.party(by, g)
	})
}

// MaySign returns the grant under which somebody signs the reply, or returns it
// to be answered anew: an approver of an office with an organ, at the kind's
// level or above and never of a village, who did not answer. Errors as of
// MayAnswer.
func (i *Inquiry) MaySign(d *yinzheng.Directory, by *yinzheng.Account, now time.Time) (yinzheng.Grant, error) {
	return free(i.handlers(d, by, now), func(g yinzheng.Grant) error {
		if g.Role != yinzheng.Approver || !signs(d, &i.Asked.Kind, d.Office(g.Office)) {
			return forbidden("答复须由镇（街道）以上有印章的机关签发", "A reply is signed by an organ with a seal, of a town or above")
		}
		if i.State != StateAnswered {
			return wrongState("这件协查还没有核实意见，或已经答复", "This inquiry has no answer to sign yet, or was replied to")
		}
		if err := i.party(by, g); err != nil {
			return err
		}
		if i.answer().isBy(by, g) {
			return forbidden("核实人不能签发自己的核实意见，须由他人签发", "Who answered does not sign the answer; somebody else has to")
		}
		return nil
	})
}

// party refuses who asked and who is asked about.
func (i *Inquiry) party(by *yinzheng.Account, g yinzheng.Grant) error {
	mine := []string{mark(by.Person), mark(g.ForID)}
	theirs := []string{mark(i.Asked.ID), mark(documentOf(i.Asked.About))}
	if i.Acts[0].isBy(by, g) || slices.ContainsFunc(mine, func(m string) bool { return m != "" && slices.Contains(theirs, m) }) {
		return forbidden("您（或委托您的人）是协查的提出人或当事人，须回避", "You, or who delegated to you, asked this or are asked about; somebody else has to act")
	}
	return nil
}

// isBy tells whether an act was somebody's under a grant, or in their name.
func (a *Act) isBy(by *yinzheng.Account, g yinzheng.Grant) bool {
	same := func(x, y string) bool { return x != "" && x == y }
	for _, id := range []string{by.ID, g.For} {
		if same(id, a.By) || same(id, a.For) {
			return true
		}
	}
	for _, m := range []string{mark(by.Person), mark(g.ForID)} {
		if same(m, mark(a.Person)) || same(m, mark(a.ForID)) {
			return true
		}
	}
	return false
}

// mark is what tells people apart: their document, "" without one.
func mark(id yinzheng.ID) string { return yinzheng.ByDocument(id).Value }

// documentOf reads a document that was said of somebody; the zero ID for none.
func documentOf(v any) yinzheng.ID {
	m, _ := v.(map[string]any)
	text := func(key string) string { s, _ := m[key].(string); return s }
	return yinzheng.ID{Type: text("type"), Number: text("number")}
}

// levels are those of the offices in a line, from below.
var levels = []yinzheng.Level{yinzheng.Village, yinzheng.Town, yinzheng.District, yinzheng.City, yinzheng.Province}

// line is the offices that an inquiry about somebody of a division goes up: of
// each level those of the kind's function or, where none has it, those of none,
// or else the first. For the other offices of a level it does not exist.
func line(d *yinzheng.Directory, k *Kind, division string) []*yinzheng.Office {
	var out []*yinzheng.Office
	for _, level := range levels {
		offices := d.OfficesOf(yinzheng.Post{Level: level}, division)
		of := func(function string) []*yinzheng.Office {
			return slices.DeleteFunc(slices.Clone(offices), func(o *yinzheng.Office) bool { return o.Function != function })
		}
		switch mine, plain := of(k.Function), of(""); {
		case len(mine) > 0:
			out = append(out, mine...)
		case len(plain) > 0:
			out = append(out, plain...)
		case len(offices) > 0:
			out = append(out, offices[0])
		}
	}
	return out
}

// signs tells whether an office signs replies of a kind: it has an organ, is of
// the kind's level or above, and never of a village.
func signs(d *yinzheng.Directory, k *Kind, o *yinzheng.Office) bool {
	level := d.LevelOf(o.ID)
	return o.Organ != "" && level.Reaches(yinzheng.Town) && level.Reaches(k.Level)
}

// route is where an inquiry goes: the office whose people answer, the one whose
// organ signs, and the one above it that may sign too, or the same where there is
// none.
type route struct{ home, signer, above *yinzheng.Office }

// routeOf finds the lowest office of a division, and the lowest that signs; false
// when the tree lacks one that signs.
func routeOf(d *yinzheng.Directory, k *Kind, division string) (r route, ok bool) {
	offices := line(d, k, division)
	signers := slices.DeleteFunc(slices.Clone(offices), func(o *yinzheng.Office) bool { return !signs(d, k, o) })
	if len(signers) == 0 {
		return r, false
	}
	return route{offices[0], signers[0], signers[min(1, len(signers)-1)]}, true
}

// errNoSigner is what a tree without an organ for a division is told.
func errNoSigner() error {
	return &yinzheng.Error{Kind: yinzheng.ErrUnavailable, Text: yinzheng.Text{ZH: "该区划没有可以签发答复的机关", EN: "No organ signs replies for this division"}}
}

// lateAt is the office that sees to an inquiry past its limit: who signs while it
// is not answered, then the one above; "" while it is not late.
func (i *Inquiry) lateAt(r route) string {
	switch {
	case !i.Late:
		return ""
	case i.State == StateAsked:
		return r.signer.ID
	}
	return r.above.ID
}
