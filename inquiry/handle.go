package inquiry

import (
	"context"
	"errors"
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

// Read shows an inquiry to who asked and to who works on it; for anybody else
// there is none (ErrNotFound). That a reply is delivered is put on record first.
func (q *Inquiries) Read(ctx context.Context, by *yinzheng.Account, id string) (*View, error) {
	i, err := q.load(ctx, id)
	if err != nil {
		return nil, err
	}
	d, err := q.Store.Directory(ctx)
	if err != nil {
		return nil, err
	}
	now := q.now()
	_, asks := i.asks(d, by, now)
	handles := len(i.handlers(d, by, now)) > 0
	if !asks && !handles {
		return nil, errNoInquiry()
	}
	v := viewOf(i)
	if !asks {
		v.handling(i)
		return v, nil
	}
	return v, q.deliver(ctx, by, i, v)
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

// Boxes are the lists that somebody works with.
var Boxes = []yinzheng.InquiryBox{yinzheng.InquiriesAsked, yinzheng.InquiriesToAnswer, yinzheng.InquiriesToSign, yinzheng.InquiriesLate}

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
	if !slices.Contains(Boxes, box) {
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
		out = append(out, Entry{p.Key, p.ID, p.Kind, p.State, p.Asker, p.At, p.Due, p.Late})
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

// Step is what somebody does to an inquiry.
type Step struct {
	Action  Doing  `json:"action"` // answer, sign, return, withdraw
	Answer  string `json:"answer,omitempty"`
	Opinion string `json:"opinion,omitempty"`
}

// Act does something to an inquiry that is at version seen. Errors: ErrNotFound
// for a stranger, ErrConflict (stale), ErrState, ErrForbidden, ErrInvalid.
func (q *Inquiries) Act(ctx context.Context, by *yinzheng.Account, id string, seen int, in *Step) (*View, error) {
	i, err := q.load(ctx, id)
	if err != nil {
		return nil, err
	}
	d, err := q.Store.Directory(ctx)
	if err != nil {
		return nil, err
	}
	now := q.now()
	a, err := q.decide(d, i, by, in, now)
	if err != nil {
		return nil, err
	}
	if i.Version != seen {
		return nil, &yinzheng.Error{Kind: yinzheng.ErrConflict, Text: yinzheng.Text{ZH: "这件协查已有变化，请重新读取后再操作", EN: "The inquiry has changed; please read it again"}}
	}
	next := i.after(a)
	var reply *yinzheng.InquiryReply
	if next.State == StateReplied {
		if reply, err = q.sign(ctx, d, next); err != nil {
			return nil, err
		}
	}
	if err := q.save(ctx, d, next, reply); err != nil {
		return nil, err
	}
	return q.Read(ctx, by, id)
}

// decide checks who does what to an inquiry, and makes the act of it.
func (q *Inquiries) decide(d *yinzheng.Directory, i *Inquiry, by *yinzheng.Account, in *Step, now time.Time) (*Act, error) {
	a := Act{Kind: in.Action, At: now, Opinion: in.Opinion}
	var g yinzheng.Grant
	var err error
	switch in.Action {
	case Answer:
		a.Answer = in.Answer
		g, err = i.MayAnswer(d, by, now)
	case Sign, Return:
		g, err = i.MaySign(d, by, now)
		if err == nil && in.Action == Sign {
			a.Answer, a.Organ = i.answer().Answer, d.Office(g.Office).Organ
		}
	case Withdraw:
		g, err = i.mayWithdraw(d, by, now)
	default:
		var f faults
		f.add("action", "choice", "应为 answer、sign、return 或 withdraw", "Expected answer, sign, return or withdraw")
		err = f.err()
	}
	if err == nil {
		err = in.check(&a)
	}
	if err != nil {
		return nil, err
	}
	return q.act(a, by, g, now)
}

// mayWithdraw is the grant under which who asked takes a question back.
func (i *Inquiry) mayWithdraw(d *yinzheng.Directory, by *yinzheng.Account, now time.Time) (yinzheng.Grant, error) {
	g, ok := i.asks(d, by, now)
	switch {
	case !ok:
		return g, errNoInquiry()
	case i.State != StateAsked && i.State != StateAnswered, i.Asked.List != "":
		return g, wrongState("这件协查已不能撤回", "This inquiry can no longer be withdrawn")
	}
	return g, nil
}

// opinion is what a text that goes with an answer is checked by.
var opinion = &yinzheng.Template{Fields: []yinzheng.Field{{Key: "opinion", Type: yinzheng.TextField, Max: 200, Optional: true}}}

// check looks at what an act says. Whoever does not say yes says why.
func (s *Step) check(a *Act) error {
	var f faults
	if s.Action == Answer && !slices.Contains([]string{Yes, No, CannotSay}, a.Answer) {
		f.add("answer", "choice", "应为 yes、no 或 cannot-say", "Expected yes, no or cannot-say")
	}
	v, problems := normal(opinion, yinzheng.Values{"opinion": a.Opinion}, a.At)
	f = append(f, problems...)
	if a.Opinion = v.String("opinion"); len(problems) == 0 && a.Opinion == "" && (s.Action == Return || s.Action == Answer && a.Answer != Yes) {
		f.add("opinion", "required", "请写明理由", "Please say why")
	}
	return f.err()
}

// save keeps the last act of an inquiry, the reply that it gave, and what comes
// of it for a list; ErrConflict when somebody else was faster.
func (q *Inquiries) save(ctx context.Context, d *yinzheng.Directory, i *Inquiry, reply *yinzheng.InquiryReply) error {
	r, ok := routeOf(d, &i.Asked.Kind, i.Asked.Place)
	if !ok {
		return &yinzheng.Error{Kind: yinzheng.ErrUnavailable, Text: yinzheng.Text{ZH: "该区划没有可以签发答复的机关", EN: "No organ signs replies for this division"}}
	}
	last := &i.Acts[len(i.Acts)-1]
	return q.Store.Tx(ctx, func(ctx context.Context) error {
		if err := q.keep(ctx, i.ID, i.Version, last); err != nil {
			return err
		}
		if err := q.Store.PutInquiry(ctx, i.place(r)); err != nil {
			return err
		}
		if reply != nil {
			if err := q.Store.AddInquiryReply(ctx, reply); err != nil {
				return err
			}
			if err := q.settle(ctx, d, i); err != nil {
				return err
			}
		}
		return q.Store.Notify(ctx, told(i, r))
	})
}

// told lists whom the last act concerns.
func told(i *Inquiry, r route) []yinzheng.Notice {
	last := &i.Acts[len(i.Acts)-1]
	answers := []yinzheng.Desk{desk(r.home.ID, yinzheng.Clerk), desk(r.home.ID, yinzheng.Approver)}
	signs := desk(r.signer.ID, yinzheng.Approver)
	switch {
	case last.Kind == Answer:
		return notices(i, "inquiry-to-sign", last.At, signs)
	case last.Kind == Return:
		return notices(i, "inquiry-returned", last.At, answers...)
	case last.Kind == Remind:
		return notices(i, "inquiry-late", last.At, append(answers, signs)...)
	case last.Kind == Sign && i.Asked.List == "":
		return notices(i, "inquiry-replied", last.At, desk(i.Asked.Office, i.Asked.Role))
	}
	return nil
}

// Overdue tells, once, that inquiries are past their limit; the office that signs
// sees them from then on and may have them answered. It returns how many. It may
// run in several processes and be cut off at any moment.
func (q *Inquiries) Overdue(ctx context.Context) (int, error) {
	n, tried := 0, map[string]bool{}
	for {
		// What cannot be told of still is late; it must not hide what comes after it.
		ids, err := q.Store.LateInquiries(ctx, q.now(), maxLines+len(tried))
		if err != nil {
			return n, err
		}
		if ids = slices.DeleteFunc(ids, func(id string) bool { return tried[id] }); len(ids) == 0 {
			return n, nil
		}
		for _, id := range ids {
			tried[id] = true
			switch err := q.remind(ctx, id); {
			case err == nil:
				n++
			case !errors.Is(err, yinzheng.ErrConflict):
				q.Log.Error("telling that an inquiry is late", "inquiry", id, "error", err)
			}
		}
	}
}

func (q *Inquiries) remind(ctx context.Context, id string) error {
	i, err := q.load(ctx, id)
	if err != nil {
		return err
	}
	d, err := q.Store.Directory(ctx)
	if err != nil {
		return err
	}
	a, err := q.act(Act{Kind: Remind}, system, yinzheng.Grant{}, q.now())
	if err != nil {
		return err
	}
	return q.save(ctx, d, i.after(a), nil)
}
