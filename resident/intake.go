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

// RefusalReasons are the classes of reasons for which a request is refused.
var RefusalReasons = []yinzheng.Option{
	{Value: "elsewhere", Label: yinzheng.Text{ZH: "不归本单位受理", EN: "Another office takes this in"}},
	{Value: "not-entitled", Label: yinzheng.Text{ZH: "不符合办理条件", EN: "The conditions are not met"}},
	{Value: "unneeded", Label: yinzheng.Text{ZH: "不需要开具这个证明", EN: "No such certificate is needed"}},
	{Value: "duplicate", Label: yinzheng.Text{ZH: "重复申请", EN: "Asked for twice"}},
}

// maxText bounds what an office says about a request, in characters.
const maxText = 500

// The most that a page of a list has, and a round looks after at a time, and what a page
// has when nobody says.
const (
	maxLines  = 200
	pageLines = 50
)

// Intake lists a page of the requests in a state that somebody works on, after a cursor
// ("": from the first): those of whom a provider vouches for first; what is due first
// first, otherwise what was changed first. next is the cursor of the page after it, "" on
// the last. ErrInvalid for a cursor that is none.
func (r *Residents) Intake(ctx context.Context, by *yinzheng.Account, state yinzheng.RequestState, cursor string, limit int) (list []*Request, next string, err error) {
	if limit <= 0 || limit > maxLines {
		limit = pageLines
	}
	rows, err := r.store.RequestsAt(ctx, r.Service.IntakesOf(by), state, cursor, limit+1)
	if err != nil {
		return nil, "", err
	}
	if len(rows) > limit {
		rows, next = rows[:limit], rows[limit-1].Cursor
	}
	list = r.readAll(rows)
	for i := range list {
		if list[i], err = r.asSent(list[i]); err != nil {
			return nil, "", err
		}
	}
	return list, next, nil
}

// At shows a request, as it was sent last, to a clerk who works on it (MayTakeIn);
// ErrNotFound for anybody else, and before it was sent.
func (r *Residents) At(ctx context.Context, by *yinzheng.Account, id string) (*Request, error) {
	q, _, err := r.at(ctx, by, id)
	if err != nil {
		return nil, err
	}
	return r.asSent(q)
}

// at is a request as it is, and the grant under which a clerk works on it; ErrNotFound.
func (r *Residents) at(ctx context.Context, by *yinzheng.Account, id string) (*Request, yinzheng.Grant, error) {
	q, err := r.load(ctx, id)
	if err != nil {
		return nil, yinzheng.Grant{}, err
	}
	grant, err := r.Service.MayTakeIn(by, &q.ResidentRequest)
	if err != nil {
		return nil, yinzheng.Grant{}, err
	}
	return q, grant, nil
}

// OfCase is the request that a case came of, for who may see that; nil when there is
// none.
func (r *Residents) OfCase(ctx context.Context, by *yinzheng.Account, application string) (*yinzheng.ResidentRequest, error) {
	row, err := r.store.RequestOfCase(ctx, application)
	switch {
	case errors.Is(err, yinzheng.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	if _, err := r.Service.MayTakeIn(by, row); err != nil {
		return nil, nil //nolint:nilerr // for anybody else there is none
	}
	return row, nil
}

// FileAt gives a file of a request to whoever works on it. That it was opened is put
// on record first. Errors as of At.
func (r *Residents) FileAt(ctx context.Context, by *yinzheng.Account, id string, file int) ([]byte, *File, error) {
	q, err := r.At(ctx, by, id)
	if err != nil {
		return nil, nil, err
	}
	content, f, err := r.content(ctx, q, file)
	if err != nil {
		return nil, nil, err
	}
	return content, f, r.store.Record(ctx, yinzheng.Event{At: r.now(), Kind: yinzheng.EventRequestFile, Subject: q.ID, By: by.ID, Detail: f.Digest})
}

// MayNow lists what somebody who works on a request may do to it, and the case that it
// became, if they are shown that: nothing once it was handed in, nor while another office
// that has taken it in drafts it.
func (r *Residents) MayNow(ctx context.Context, by *yinzheng.Account, q *Request) ([]yinzheng.RequestAct, *yinzheng.CaseView, error) {
	if q.Case == "" {
		return q.Acts(), nil, nil
	}
	c, err := r.Service.Application(ctx, by, q.Case)
	switch {
	case errors.Is(err, yinzheng.ErrNotFound):
		return nil, nil, nil
	case err != nil:
		return nil, nil, err
	case !c.State.AtItsClerks():
		return nil, c, nil
	}
	return q.Acts(), c, nil
}

// actOn returns a request at version seen, on which somebody may act so, and under which
// grant. Errors: ErrNotFound, ErrState, ErrConflict.
func (r *Residents) actOn(ctx context.Context, by *yinzheng.Account, id string, seen int, act yinzheng.RequestAct) (*Request, yinzheng.Grant, error) {
	q, grant, err := r.at(ctx, by, id)
	switch {
	case err != nil:
	case q.Unread && act != yinzheng.RefuseRequest:
		err = fail(yinzheng.ErrState, "这个事项的模板不在了，申请只能不予受理", "The template of this item is gone; the request can only be refused")
	case !slices.Contains(q.Acts(), act):
		err = fail(yinzheng.ErrState, "申请现在的状态不能这样办，请重新查看", "The request is not in a state for this; please look at it again")
	case q.Version != seen:
		err = fail(yinzheng.ErrConflict, "申请已被更改，请重新查看", "The request has changed; please look at it again")
	}
	return q, grant, err
}

// Beside is what whoever takes a request in holds it against.
type Beside struct {
	Duplicates []yinzheng.PossibleDuplicate          `json:"duplicates,omitempty" doc:"cases that may be the same matter"`
	Record     *yinzheng.Comparison                  `json:"record,omitempty" doc:"left out: nobody is on record, or not for who asks"`
	References map[string]*yinzheng.CheckedReference `json:"references,omitempty" doc:"by material: certificates that are to meet it"`
}

// Beside looks for what a request is held against by whoever works on it. A look at
// what is on record is put on record. Errors as of MayTakeIn and Service.Propose.
func (r *Residents) Beside(ctx context.Context, by *yinzheng.Account, q *Request) (*Beside, error) {
	grant, err := r.Service.MayTakeIn(by, &q.ResidentRequest)
	if err != nil {
		return nil, err
	}
	p, err := r.Service.Propose(ctx, by, r.begun(q, grant))
	if err != nil {
		return nil, err
	}
	out := &Beside{Duplicates: p.Duplicates, References: map[string]*yinzheng.CheckedReference{}}
	for _, x := range q.references() {
		if out.References[x.Material], err = r.Service.CheckReference(ctx, p, &x); err != nil {
			return nil, err
		}
	}
	out.Record, err = r.Service.Compare(ctx, by, p, noteOf(q))
	if err != nil && !errors.Is(err, yinzheng.ErrNotFound) {
		return nil, err
	}
	return out, nil
}

// noteOf is how the record of a case, or of a look, names the request it comes of.
func noteOf(q *Request) string { return "request " + q.ID }

// begun is what the case of a request is begun with by a clerk, on the present version
// of the template.
func (r *Residents) begun(q *Request, by yinzheng.Grant) *yinzheng.NewApplication {
	in := q.application()
	in.Office = by.Office
	in.Note = noteOf(q)
	if t, err := r.Service.Template(q.Of.Code); err == nil && t.Version != q.Of.Version {
		in.Values = r.carry(t, q.Values)
	}
	return in
}

// Take makes a case of a request that is at version seen, with its files attached, and
// referring to the certificates that still meet a material: a draft of the clerk's
// office, to be checked and handed in as any other. Errors as of At and Service.TakeIn,
// ErrState, ErrConflict.
func (r *Residents) Take(ctx context.Context, by *yinzheng.Account, id string, seen int) (application string, err error) {
	q, grant, err := r.actOn(ctx, by, id, seen, yinzheng.TakeRequest)
	if err != nil {
		return "", err
	}
	files := make([]yinzheng.Attachment, len(q.Files))
	for i := range q.Files {
		files[i] = q.Files[i].Attachment
	}
	return r.Service.TakeIn(ctx, by, r.begun(q, grant), files, q.references(), func(ctx context.Context, application string) error {
		row := q.ResidentRequest // this may be a second run
		row.Case, row.Due = application, time.Time{}
		return r.move(ctx, &row, yinzheng.RequestTaken, by.ID, application, nothing)
	})
}

// Return gives a request back to its resident, with what to mend: in words, and the
// fields and materials that it is about. Errors as of At, ErrState, ErrConflict, and
// ErrInvalid for a text that is missing or too long.
func (r *Residents) Return(ctx context.Context, by *yinzheng.Account, id string, seen int, text string, mend []string) error {
	mend = slices.DeleteFunc(slices.Clone(mend), func(path string) bool { return len(path) > 100 })
	q, grant, err := r.actOn(ctx, by, id, seen, yinzheng.ReturnRequest)
	if err != nil {
		return err
	}
	q.Due = time.Time{}
	sent := q.Asked
	sent.Said, sent.Salt = nil, nil
	q.Sent = &Sent{q.Template, sent}
	return r.say(ctx, by, grant, q, &Said{State: yinzheng.RequestReturned, Text: text, Mend: mend})
}

// Refuse ends a request, for a reason of a class and in words. Errors as of Return.
func (r *Residents) Refuse(ctx context.Context, by *yinzheng.Account, id string, seen int, reason, text string) error {
	if !slices.ContainsFunc(RefusalReasons, func(o yinzheng.Option) bool { return o.Value == reason }) {
		return invalid("reason", "choice", "请选择不予受理的原因", "Please choose the reason")
	}
	q, grant, err := r.actOn(ctx, by, id, seen, yinzheng.RefuseRequest)
	if err != nil {
		return err
	}
	q.Due = time.Time{}
	return r.say(ctx, by, grant, q, &Said{State: yinzheng.RequestRefused, Reason: reason, Text: text})
}

// say tells a resident something, which brings the request to another state.
func (r *Residents) say(ctx context.Context, by *yinzheng.Account, grant yinzheng.Grant, q *Request, said *Said) error {
	said.Text = normalText(said.Text)
	switch n := utf8.RuneCountInString(said.Text); {
	case n == 0:
		return invalid("text", "required", "请写明告诉申请人的话：缺什么、怎么办", "Please say what the applicant is told: what is missing, what to do")
	case n > maxText:
		return tooLong()
	case !yinzheng.Clean(said.Text):
		return unclean()
	}
	said.At, said.Office = r.now(), grant.Office
	q.Said = append(q.Said, *said)
	if err := q.encode(); err != nil {
		return err
	}
	return r.move(ctx, &q.ResidentRequest, said.State, by.ID, said.Reason, nothing)
}

func normalText(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }

func tooLong() error { return invalid("text", "too-long", "最多 500 字", "At most 500 characters") }

func unclean() error {
	return invalid("text", "unclean", "含有不可见的字符，请删去后重写", "There are invisible characters in it; please remove them")
}

// How long nobody need go on with a request before it ends.
const (
	draftLife    = 90 * 24 * time.Hour
	returnedLife = 30 * 24 * time.Hour
)

// Tend looks after requests: those whose office has nobody left go on to one that has,
// the office above is told of those past their limit, who asked of questions that nobody
// has answered in time, and those that nobody goes on with end. It goes by rows, so that
// nothing a request holds keeps it from ending. It may be cut off at any moment, and goes
// on the next time.
func (r *Residents) Tend(ctx context.Context) error {
	now := r.now()
	idle := func(state yinzheng.RequestState, life time.Duration) func(int) ([]string, error) {
		return func(limit int) ([]string, error) { return r.store.IdleRequests(ctx, state, now.Add(-life), limit) }
	}
	late := func(limit int) ([]string, error) { return r.store.LateRequests(ctx, now, limit) }
	unanswered := func(limit int) ([]string, error) { return r.store.UnansweredRequests(ctx, now, limit) }
	return errors.Join(
		r.forwardAll(ctx),
		r.each(ctx, late, r.tellLate),
		r.each(ctx, unanswered, r.tellUnanswered),
		r.each(ctx, idle(yinzheng.RequestDraft, draftLife), r.lapse),
		r.each(ctx, idle(yinzheng.RequestReturned, returnedLife), r.lapse),
	)
}

// each does something to requests that are due, one after another; who is faster wins.
// What fails still is due: it must not hide what comes after it.
func (r *Residents) each(ctx context.Context, due func(limit int) ([]string, error), do func(context.Context, *yinzheng.ResidentRequest) error) error {
	tried := map[string]bool{}
	var errs []error
	for {
		ids, err := due(maxLines + len(tried))
		if err != nil {
			return err
		}
		if ids = slices.DeleteFunc(ids, func(id string) bool { return tried[id] }); len(ids) == 0 {
			return errors.Join(errs...)
		}
		for _, id := range ids {
			tried[id] = true
			row, err := r.store.ResidentRequest(ctx, id)
			if err == nil {
				err = do(ctx, row)
			}
			if err != nil && !errors.Is(err, yinzheng.ErrConflict) {
				errs = append(errs, err)
			}
		}
	}
}

// forwardAll sends the requests of offices that have no clerk left on to the nearest office
// that has one: nobody would ever see them otherwise.
func (r *Residents) forwardAll(ctx context.Context) error {
	offices, err := r.store.RequestOffices(ctx, yinzheng.RequestSent)
	errs := []error{err}
	for _, office := range offices {
		to, err := r.Service.InPlaceOf(ctx, office)
		if err != nil || to == nil {
			errs = append(errs, err)
			continue
		}
		waiting, err := r.store.RequestsAt(ctx, []yinzheng.Intakes{{Office: office}}, yinzheng.RequestSent, "", maxLines)
		errs = append(errs, err)
		for _, q := range waiting {
			if err := r.forward(ctx, q, to.ID); !errors.Is(err, yinzheng.ErrConflict) {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}

// forward sends a request on to another office, which has a limit of its own.
func (r *Residents) forward(ctx context.Context, q *yinzheng.ResidentRequest, office string) error {
	q.Office, q.Due, q.Late = office, r.Service.DueIn(IntakeDays), false
	return r.move(ctx, q, yinzheng.RequestSent, yinzheng.SystemActor, "", r.arrived(q))
}

// arrived tells the clerks of a request's office that it was sent to them.
func (r *Residents) arrived(q *yinzheng.ResidentRequest) func(context.Context) error {
	return func(ctx context.Context) error {
		return r.store.Notify(ctx, []yinzheng.Notice{{At: q.Changed, Office: q.Office, Role: yinzheng.Clerk, Kind: yinzheng.RequestSent.Event(), About: q.ID}})
	}
}

// tellLate tells an office that a request is past its limit, and the office above: its
// approvers, and its clerks, who may act on it from now on.
func (r *Residents) tellLate(ctx context.Context, q *yinzheng.ResidentRequest) error {
	q.Late = true
	d, now := r.Service.Directory(), r.now()
	told := []yinzheng.Notice{{At: now, Office: d.OfficeNow(q.Office), Role: yinzheng.Clerk, Kind: yinzheng.EventRequestLate, About: q.ID}}
	if above := d.OfficeAbove(q.Office); above != nil {
		for _, role := range []yinzheng.Role{yinzheng.Clerk, yinzheng.Approver} {
			told = append(told, yinzheng.Notice{At: now, Office: above.ID, Role: role, Kind: yinzheng.EventRequestLate, About: q.ID})
		}
	}
	return r.note(ctx, q, yinzheng.EventRequestLate, told)
}

// tellUnanswered tells who asked a resident for something that the day is past. Nobody is
// told where they have gone on without, or where nobody can read who asked.
func (r *Residents) tellUnanswered(ctx context.Context, row *yinzheng.ResidentRequest) error {
	waits, err := r.Service.AtItsClerks(ctx, row.Case)
	if err != nil {
		return err
	}
	row.Unanswered = true
	var told []yinzheng.Notice
	if q, unreadable := r.read(row); waits && unreadable == nil {
		told = r.askers(q, yinzheng.EventRequestUnanswered)
	}
	return r.note(ctx, row, yinzheng.EventRequestUnanswered, told)
}

// note keeps what was noticed about a request, with its event, and tells it.
func (r *Residents) note(ctx context.Context, q *yinzheng.ResidentRequest, kind string, told []yinzheng.Notice) error {
	return r.store.Tx(ctx, func(ctx context.Context) error {
		if err := r.store.PutRequest(ctx, q); err != nil {
			return err
		}
		if err := r.store.Notify(ctx, told); err != nil {
			return err
		}
		return r.store.Record(ctx, yinzheng.Event{At: r.now(), Kind: kind, Subject: q.ID, By: yinzheng.SystemActor})
	})
}

func (r *Residents) lapse(ctx context.Context, q *yinzheng.ResidentRequest) error {
	return r.move(ctx, q, yinzheng.RequestLapsed, yinzheng.SystemActor, "", nothing)
}
