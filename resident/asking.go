package resident

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"yinzheng"
)

// Answered is what a resident says to what an office asked. What came with it are the
// files that the request did not have when it was asked (Said.Filed).
type Answered struct {
	At   time.Time `json:"at"`
	Text string    `json:"text,omitempty"`
}

// The working days that a resident is given to answer.
const (
	AnswerDays     = 5
	mostAnswerDays = 30
)

// Answering lists the files with which the resident answers what was asked last.
func (q *Request) Answering() []File {
	said := q.LastSaid()
	if said == nil || said.State != yinzheng.RequestAsked {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(q.Files), func(f File) bool { return f.ID <= said.Filed })
}

// hideButAsking leaves what the office asked last, what was answered to that, and how
// the request stands.
func (q *Request) hideButAsking() {
	said, answers, files := q.LastSaid(), q.Answers, q.Answering()
	q.hide()
	if said == nil || said.State != yinzheng.RequestAsked {
		return
	}
	q.Said, q.Files = []Said{*said}, files
	q.Answers = slices.DeleteFunc(slices.Clone(answers), func(a Answered) bool { return a.At.Before(said.At) })
}

// AskedFor lists the materials that a resident may answer with: those that they are
// asked for, and anything else as one.
func (q *Request) AskedFor() []yinzheng.Material {
	var out []yinzheng.Material
	if said := q.LastSaid(); said != nil {
		for _, path := range said.Mend {
			key := strings.TrimPrefix(path, "attachments.")
			out = append(out, yinzheng.Material{Key: key, Text: q.Of.MaterialName(key)})
		}
	}
	if out == nil {
		out = slices.DeleteFunc(slices.Clone(q.Of.Materials), func(m yinzheng.Material) bool { return m.Key == yinzheng.CommitmentMaterial })
	}
	return append(out, yinzheng.Material{Key: yinzheng.OtherMaterial, Text: q.Of.MaterialName(yinzheng.OtherMaterial)})
}

// Question is what an office asks a resident for.
type Question struct {
	Text string   // what to bring or mend
	Mend []string // attachments.KEY of the materials that it is about
	Days int      // working days to answer in; 0: AnswerDays
}

// Ask asks the resident of a request at version seen for something that its case
// lacks, while its clerks draft or mend that. They are told by when to answer: in so
// many working days, and not after the day on which the case itself would lapse.
// Once that is past the clerks are told. Asked again, the latest question holds. Errors
// as of At, ErrConflict, ErrState and ErrForbidden where the case is not theirs to mend
// now, and ErrInvalid.
func (r *Residents) Ask(ctx context.Context, by *yinzheng.Account, id string, seen int, in *Question) error {
	q, grant, err := r.actOn(ctx, by, id, seen, yinzheng.AskResident)
	if err != nil {
		return err
	}
	c, err := r.mends(ctx, by, q)
	if err != nil {
		return err
	}
	if in.Days < 0 || in.Days > mostAnswerDays {
		return invalid("days", "range", "应为 1 到 30 个工作日", "Expected 1 to 30 working days")
	}
	days := in.Days
	if days == 0 {
		days = AnswerDays
	}
	said := &Said{State: yinzheng.RequestAsked, Text: in.Text, Filed: q.Filed, Mend: slices.DeleteFunc(slices.Clone(in.Mend), func(path string) bool {
		return !slices.ContainsFunc(q.Materials(), func(m yinzheng.Material) bool { return path == "attachments."+m.Key })
	})}
	if q.State == yinzheng.RequestAsked { // what has come since still is to be sent
		said.Filed = q.LastSaid().Filed
	}
	q.Unanswered = false
	if q.Due = r.Service.DueIn(days); c.Due != nil && c.Due.Before(q.Due) {
		q.Due = *c.Due
	}
	return r.say(ctx, by, grant, q, said)
}

// mends is the case of a request, for somebody who may change it now; ErrState and
// ErrForbidden with why not.
func (r *Residents) mends(ctx context.Context, by *yinzheng.Account, q *Request) (*yinzheng.CaseView, error) {
	c, err := r.Service.Application(ctx, by, q.Case)
	if err != nil {
		return nil, err
	}
	if !c.State.AtItsClerks() {
		return nil, fail(yinzheng.ErrState, "办件已提交或已办结，现在不能请居民补充", "The case was handed in or has ended; nothing can be asked for now")
	}
	for _, p := range c.May {
		if p.Action == yinzheng.Edit && p.Why != nil {
			return nil, &yinzheng.Error{Kind: yinzheng.ErrForbidden, Text: *p.Why}
		}
	}
	return c, nil
}

// AnswerFile keeps a file with which a resident answers; errors as of AddFile.
func (r *Residents) AnswerFile(ctx context.Context, who *yinzheng.Resident, id string, in *yinzheng.NewAttachment) (*Request, error) {
	return r.addFile(ctx, who, id, in, (*Request).AskedFor, r.answering)
}

// DropAnswerFile takes a file off again with which a resident would answer. Files that
// were there before stay: the case has them. Errors as of Answer.
func (r *Residents) DropAnswerFile(ctx context.Context, who *yinzheng.Resident, id string, file int) (*Request, error) {
	return r.answering(ctx, who, id, func(q *Request) error {
		if slices.ContainsFunc(q.Answering(), func(f File) bool { return f.ID == file }) {
			q.Files = slices.DeleteFunc(q.Files, func(f File) bool { return f.ID == file })
		}
		return nil
	})
}

// answering applies a change to a request whose resident is asked for something.
func (r *Residents) answering(ctx context.Context, who *yinzheng.Resident, id string, fn func(*Request) error) (*Request, error) {
	return r.write(ctx, who, id, func(q *Request) error {
		if err := r.StillAsked(ctx, q); err != nil {
			return err
		}
		return fn(q)
	})
}

// StillAsked is ErrState unless the resident is asked for something and its case still
// waits for that.
func (r *Residents) StillAsked(ctx context.Context, q *Request) error {
	if q.State != yinzheng.RequestAsked {
		return fail(yinzheng.ErrState, "窗口现在没有请您补充什么", "The office asks you for nothing now")
	}
	waits, err := r.Service.AtItsClerks(ctx, q.Case)
	if err == nil && !waits {
		err = fail(yinzheng.ErrState, "窗口已接着办理，不需要再补充", "The office has gone on with it; nothing more is needed")
	}
	return err
}

// askers are notices to the clerks of the office that asked a resident last; none where
// what was asked is erased.
func (r *Residents) askers(q *Request, kind string) []yinzheng.Notice {
	said := q.LastSaid()
	if said == nil {
		return nil
	}
	return []yinzheng.Notice{{At: r.now(), Office: r.Service.Directory().OfficeNow(said.Office), Role: yinzheng.Clerk, Kind: kind, About: q.ID}}
}

// Answer answers what the office asked, with the files that were sent since and in
// words; the clerks of the office that asked are told. Late answers are taken as long as
// the case waits. Errors: ErrNotFound, ErrState when nothing is asked (any more),
// ErrConflict, and ErrInvalid for an answer without words or files, or a text that is too
// long.
func (r *Residents) Answer(ctx context.Context, who *yinzheng.Resident, id, text string) error {
	q, err := r.own(ctx, who, id)
	if err != nil {
		return err
	}
	if err := r.StillAsked(ctx, q); err != nil {
		return err
	}
	a := Answered{At: r.now(), Text: normalText(text)}
	switch {
	case a.Text == "" && len(q.Answering()) == 0:
		return invalid("text", "required", "请传上窗口要的材料，或者写几句说明", "Please send what the office asks for, or say something about it")
	case utf8.RuneCountInString(a.Text) > maxText:
		return tooLong()
	case !yinzheng.Clean(a.Text):
		return unclean()
	}
	q.Answers, q.Due, q.Unanswered = append(q.Answers, a), time.Time{}, false
	if err := q.encode(); err != nil {
		return err
	}
	return r.move(ctx, &q.ResidentRequest, yinzheng.RequestAnswered, yinzheng.ResidentActor, "", func(ctx context.Context) error {
		return r.store.Notify(ctx, r.askers(q, yinzheng.RequestAnswered.Event()))
	})
}

// AttachAnswer attaches files of a request at version seen, by their numbers, to its
// case; what is on it already stays as it is. Errors as of Ask and Service.AttachKept,
// and ErrInvalid when no file is named.
func (r *Residents) AttachAnswer(ctx context.Context, by *yinzheng.Account, id string, seen int, files []int) error {
	q, _, err := r.actOn(ctx, by, id, seen, yinzheng.AttachAnswer)
	if err != nil {
		return err
	}
	var kept []yinzheng.Attachment
	for _, n := range files {
		if f := q.file(n); f != nil {
			kept = append(kept, f.Attachment)
		}
	}
	if len(kept) == 0 {
		return invalid("files", "required", "请选择要附到办件的文件", "Please choose the files to attach to the case")
	}
	return r.Service.AttachKept(ctx, by, q.Case, kept)
}

// Step is something that a clerk does to a request. What an act needs is said at its
// own method.
type Step struct {
	Action yinzheng.RequestAct
	Text   string   // return, refuse, ask: what the resident is told
	Reason string   // refuse: class
	Mend   []string // return, ask: paths of fields, attachments.KEY of materials
	Days   int      // ask: working days to answer in
	Files  []int    // attach: numbers
}

// Act does it to a request at version seen, and returns the request as it is then.
// Errors as of Take, Return, Refuse, Ask and AttachAnswer, and ErrInvalid for an act
// that is none.
func (r *Residents) Act(ctx context.Context, by *yinzheng.Account, id string, seen int, do *Step) (*Request, error) {
	var err error
	switch do.Action {
	case yinzheng.TakeRequest:
		_, err = r.Take(ctx, by, id, seen)
	case yinzheng.ReturnRequest:
		err = r.Return(ctx, by, id, seen, do.Text, do.Mend)
	case yinzheng.RefuseRequest:
		err = r.Refuse(ctx, by, id, seen, do.Reason, do.Text)
	case yinzheng.AskResident:
		err = r.Ask(ctx, by, id, seen, &Question{do.Text, do.Mend, do.Days})
	case yinzheng.AttachAnswer:
		err = r.AttachAnswer(ctx, by, id, seen, do.Files)
	default:
		if _, err = r.At(ctx, by, id); err == nil {
			err = invalid("action", "choice", "应为 take、return、refuse、ask 或 attach", "Expected take, return, refuse, ask or attach")
		}
	}
	if err != nil {
		return nil, err
	}
	return r.At(ctx, by, id)
}

// Followed is a case as its people follow it, with what its office asks for.
type Followed struct {
	*yinzheng.FollowedCase
	Asking *Request // nil: for nothing
	Mine   bool     // who looks is the one that is asked
}

// Follow shows a case to a resident whom it belongs to; ErrNotFound for anybody else.
func (r *Residents) Follow(ctx context.Context, who *yinzheng.Resident, id string) (*Followed, error) {
	c, err := r.Service.Follow(ctx, who, id)
	if err != nil {
		return nil, err
	}
	f := &Followed{FollowedCase: c}
	row, err := r.store.RequestOfCase(ctx, c.ID)
	switch {
	case errors.Is(err, yinzheng.ErrNotFound):
		return f, nil
	case err != nil:
		return nil, err
	}
	if row.State != yinzheng.RequestAsked || c.State != yinzheng.Returned { // otherwise it went on without
		return f, nil
	}
	f.Asking, err = r.read(row)
	f.Mine = row.Is(who)
	return f, err
}
