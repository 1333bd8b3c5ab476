package inquiry

import (
	"context"
	"slices"
	"time"

	"yinzheng"
)

// View is an inquiry as somebody sees it: who asked sees the reply and nothing of
// how it came about; who answers and signs sees what the record says, and the
// acts.
type View struct {
	ID       string        `json:"id"`
	Version  int           `json:"version"` // sent back as If-Match
	State    string        `json:"state"`
	Kind     string        `json:"kind"`
	KindName yinzheng.Text `json:"kind_name"`
	Name     string        `json:"name"`
	Document yinzheng.ID   `json:"document"`
	Division string        `json:"division"`
	About    any           `json:"about,omitempty"`
	Question string        `json:"question,omitempty"`
	Purpose  string        `json:"purpose"`
	Basis    string        `json:"basis"`
	Asker    string        `json:"asker"` // office
	At       time.Time     `json:"at"`
	Due      time.Time     `json:"due"`
	Late     bool          `json:"late,omitempty"`

	Found *RecordSays `json:"found,omitempty"` // for who answers: what the record says
	Acts  []ActView   `json:"acts,omitempty"`

	Reply *ReplyView `json:"reply,omitempty"` // for who asked

	May []InquiryPermit `json:"may,omitempty"` // what the reader may do, and why not the rest
}

// InquiryPermit tells whether somebody may do something to an inquiry as it stands now.
type InquiryPermit struct {
	Action Doing          `json:"action"`
	Why    *yinzheng.Text `json:"why,omitempty"` // why not; absent: they may
}

// permits lists what may be done to an inquiry by who it exists for; what its
// state rules out for everybody is not listed.
func (i *Inquiry) permits(d *yinzheng.Directory, by *yinzheng.Account, now time.Time) []InquiryPermit {
	var out []InquiryPermit
	add := func(err error, doing ...Doing) {
		for _, x := range doing {
			out = append(out, InquiryPermit{x, yinzheng.Why(err)})
		}
	}
	asks, handles := i.shown(d, by, now)
	switch {
	case handles && i.State == StateAsked:
		_, err := i.MayAnswer(d, by, now)
		add(err, Answer)
	case handles && i.State == StateAnswered:
		_, err := i.MaySign(d, by, now)
		add(err, Sign, Return)
	}
	if _, err := i.mayWithdraw(d, by, now); asks && err == nil {
		add(nil, Withdraw)
	}
	return out
}

// ActView is one act, for the people who answer and sign.
type ActView struct {
	Kind    Doing     `json:"kind"`
	At      time.Time `json:"at"`
	Office  string    `json:"office,omitempty"`
	Answer  string    `json:"answer,omitempty"`
	Opinion string    `json:"opinion,omitempty"`
}

// ReplyView is the reply, for who asked.
type ReplyView struct {
	Answer  string          `json:"answer"`
	Opinion string          `json:"opinion,omitempty"`
	By      string          `json:"by"` // record or people
	Source  string          `json:"source,omitempty"`
	AsOf    string          `json:"as_of"`
	Organ   string          `json:"organ"`
	Token   string          `json:"token"`
	Salt    string          `json:"salt"`    // base64url; with request it gives the token's h
	Asked   yinzheng.Values `json:"request"` // what h commits to
}

// load reads an inquiry; ErrNotFound.
func (q *Inquiries) load(ctx context.Context, id string) (*Inquiry, error) {
	kept, err := q.Store.InquiryActs(ctx, id, 0)
	if err != nil {
		return nil, err
	}
	i, err := foldInquiry(id, kept)
	if err == nil && i.Asked == nil {
		err = errNoInquiry()
	}
	return i, err
}

// errErased is what is told of what was erased in time.
func errErased() error {
	return wrongState("内容已按保存期限销毁", "The content was erased in time")
}

// Read shows an inquiry to who asked and to who works on it; for anybody else
// there is none (ErrNotFound). That a reply is delivered is put on record first.
// ErrState once it was erased in time.
func (q *Inquiries) Read(ctx context.Context, by *yinzheng.Account, id string) (*View, error) {
	i, err := q.load(ctx, id)
	if err != nil {
		return nil, err
	}
	d, err := q.Store.Directory(ctx)
	if err != nil {
		return nil, err
	}
	asks, handles := i.shown(d, by, q.now())
	if !asks && !handles {
		return nil, errNoInquiry()
	}
	if i.Asked.Name == "" {
		return nil, errErased()
	}
	v := viewOf(i)
	v.May = i.permits(d, by, q.now())
	if !asks {
		v.handling(i)
		return v, nil
	}
	return v, q.deliver(ctx, by, i, v)
}

// shown tells whether an inquiry exists for somebody: as who asked, or as who
// answers and signs.
func (i *Inquiry) shown(d *yinzheng.Directory, by *yinzheng.Account, now time.Time) (asks, handles bool) {
	_, asks = i.asks(d, by, now)
	return asks, len(i.handlers(d, by, now)) > 0
}

func viewOf(i *Inquiry) *View {
	a := i.Asked
	return &View{
		ID: i.ID, Version: i.Version, State: i.State, Kind: a.Kind.Code, KindName: a.Kind.Name, Name: a.Name, Document: a.ID, Division: a.Division,
		About: a.About, Question: a.Question, Purpose: a.Purpose, Basis: a.Basis, Asker: a.Office, At: i.At, Due: a.Due, Late: i.Late,
	}
}

// handling adds what who answers and signs is to see.
func (v *View) handling(i *Inquiry) {
	v.Found = i.Acts[0].Found
	for _, a := range i.Acts {
		v.Acts = append(v.Acts, ActView{a.Kind, a.At, a.Office, a.Answer, a.Opinion})
	}
}

// deliver adds the reply, if there is one.
func (q *Inquiries) deliver(ctx context.Context, by *yinzheng.Account, i *Inquiry, v *View) error {
	if i.State != StateReplied {
		return nil
	}
	r, err := q.Store.InquiryReply(ctx, i.ID)
	if err != nil {
		return err
	}
	last := &i.Acts[len(i.Acts)-1]
	v.Reply = &ReplyView{Answer: last.Answer, Organ: last.Organ, Token: r.Token, Salt: saltText(r.Salt), Asked: i.Asked.Values()}
	v.Reply.By, v.Reply.AsOf = i.outcome()
	if x := i.answer(); x != nil {
		v.Reply.Opinion = x.Opinion
	} else {
		v.Reply.Source = i.Acts[0].Found.Source
	}
	return q.Store.Record(ctx, yinzheng.Event{At: q.now(), Kind: "inquiry-delivered", Subject: i.ID, By: by.ID})
}

// boxes are the lists that somebody works with.
var boxes = []yinzheng.InquiryBox{yinzheng.InquiriesAsked, yinzheng.InquiriesToAnswer, yinzheng.InquiriesToSign, yinzheng.InquiriesLate}

// Entry is an inquiry in a list.
type Entry struct {
	Cursor int64     `json:"cursor"` // sent back to read on
	ID     string    `json:"id"`
	Kind   string    `json:"kind"`
	State  string    `json:"state"`
	Asker  string    `json:"asker"`
	At     time.Time `json:"at"`
	Due    time.Time `json:"due"`
	Late   bool      `json:"late,omitempty"`
}

// maxLines is how many lines one list shows.
const maxLines = 100

// List shows one box of somebody's offices, newest first, before a cursor (0:
// from the newest). Errors: ErrInvalid for no such box.
func (q *Inquiries) List(ctx context.Context, by *yinzheng.Account, box yinzheng.InquiryBox, before int64) ([]Entry, error) {
	if !slices.Contains(boxes, box) {
		var f faults
		f.add("box", "choice", "应为 asked、to-answer、to-sign 或 late", "Expected asked, to-answer, to-sign or late")
		return nil, f.err()
	}
	d, err := q.Store.Directory(ctx)
	if err != nil {
		return nil, err
	}
	var found []yinzheng.InquiryPlace
	for _, g := range by.InForce(q.now()) {
		if !opens(box, g.Role) {
			continue
		}
		for _, office := range d.Formerly(g.Office) {
			places, err := q.Store.InquiriesIn(ctx, box, office, g.Role, before, maxLines)
			if err != nil {
				return nil, err
			}
			found = append(found, places...)
		}
	}
	out := []Entry{}
	for _, p := range newestFirst(found, func(p yinzheng.InquiryPlace) int64 { return p.Key }) {
		out = append(out, Entry{p.Key, p.ID, p.Kind, p.State, p.Asker, p.At, p.Due, p.Late != ""})
	}
	return out, nil
}

// opens tells whether a box is for a role.
func opens(box yinzheng.InquiryBox, role yinzheng.Role) bool {
	switch box {
	case yinzheng.InquiriesAsked:
		return slices.Contains(askers, role)
	case yinzheng.InquiriesToAnswer:
		return role == yinzheng.Clerk || role == yinzheng.Approver
	}
	return role == yinzheng.Approver
}

// newestFirst sorts lines by their cursors, drops what is listed twice and bounds
// how many there are.
func newestFirst[T any](lines []T, cursor func(T) int64) []T {
	slices.SortFunc(lines, func(a, b T) int { return int(cursor(b) - cursor(a)) })
	lines = slices.CompactFunc(lines, func(a, b T) bool { return cursor(a) == cursor(b) })
	return lines[:min(len(lines), maxLines)]
}
