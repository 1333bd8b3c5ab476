package inquiry

import (
	"context"
	"slices"
	"time"

	"yinzheng"
)

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
	if asks, handles := i.shown(d, by, now); !asks && !handles {
		return nil, errNoInquiry()
	}
	if i.Version != seen {
		return nil, &yinzheng.Error{Kind: yinzheng.ErrConflict, Text: yinzheng.Text{ZH: "这件协查已有变化，请重新读取后再操作", EN: "The inquiry has changed; please read it again"}}
	}
	a, err := q.decide(d, i, by, in, now)
	if err != nil {
		return nil, err
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
		return errNoSigner()
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
	case last.Kind == Remind && i.State == StateAsked:
		return notices(i, "inquiry-late", last.At, append(answers, signs)...)
	case last.Kind == Remind:
		return notices(i, "inquiry-late", last.At, signs, desk(r.above.ID, yinzheng.Approver))
	case last.Kind == Sign && i.Asked.List == "":
		return notices(i, "inquiry-replied", last.At, desk(i.Asked.Office, i.Asked.Role))
	}
	return nil
}
