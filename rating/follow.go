package rating

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"yinzheng"
)

// Summary is a follow-up as a list shows it.
type Summary struct {
	Case   string    `json:"case"`
	Item   string    `json:"item"`
	Office string    `json:"office" doc:"that was rated"`
	Level  int       `json:"level" doc:"5, the best, to 1"`
	State  string    `json:"state" enum:"open,called,settled"`
	At     time.Time `json:"at"`
	Due    time.Time `json:"due,omitzero" doc:"of what is to be done now"`
	Late   bool      `json:"late,omitempty"`
}

// FollowUp is a follow-up for those who work on it.
type FollowUp struct {
	Summary
	Version int `json:"version"`
	Said
	Earlier []Before   `json:"earlier,omitempty" doc:"what was said before, the newest first; bad ones are followed up together"`
	Call    time.Time  `json:"call" doc:"by when the resident is to be called back"`
	Settle  time.Time  `json:"settle" doc:"by when it is to be put right"`
	Outcome string     `json:"outcome,omitempty" enum:"right,unjustified"`
	Erased  bool       `json:"erased,omitempty" doc:"what was written was erased in time"`
	Steps   []Handling `json:"steps"`
}

// Said is what a resident said of how their case was handled, beside its level.
type Said struct {
	Proof   string   `json:"proof,omitempty" enum:"identity,case-code" doc:"how they had proven who they are"`
	Tags    []string `json:"tags,omitempty"`
	Text    string   `json:"text,omitempty" doc:"their words, for those who follow it up alone"`
	Contact string   `json:"contact,omitempty" doc:"how they like to be called back; forgotten once it is settled"`
}

// Before is what was said of it earlier.
type Before struct {
	At    time.Time `json:"at"`
	Level int       `json:"level" doc:"5, the best, to 1"`
	Said
}

// Handling is what was done about a rating.
type Handling struct {
	Action  Doing     `json:"action"`
	At      time.Time `json:"at"`
	By      string    `json:"by"` // account
	Office  string    `json:"office,omitempty"`
	Reached bool      `json:"reached,omitempty"`
	Outcome string    `json:"outcome,omitempty"`
	Text    string    `json:"text,omitempty"`
}

// maxLines is how many lines a list has.
const maxLines = 100

// FollowUps lists the ratings that somebody is to follow up, first due first. One that
// cannot be read keeps nobody from the others.
func (q *Ratings) FollowUps(ctx context.Context, by *yinzheng.Account) ([]Summary, error) {
	out := []Summary{}
	d, err := q.Store.Directory(ctx)
	if err != nil {
		return nil, err
	}
	if _, ok := by.Holds(yinzheng.Approver, q.Now(), func(string) bool { return true }); !ok {
		return out, nil
	}
	for after := int64(0); ; {
		open, err := q.Store.OpenRatings(ctx, after, maxLines)
		if err != nil {
			return nil, err
		}
		for _, p := range open {
			after = p.Key
			r, _, err := q.load(ctx, p.Application)
			if err == nil {
				_, err = q.mayFollow(ctx, d, by, r)
			}
			switch {
			case err == nil:
				out = append(out, r.line())
			case ctx.Err() != nil:
				return nil, err
			case !errors.Is(err, yinzheng.ErrNotFound) && !errors.Is(err, yinzheng.ErrForbidden):
				q.Log.Error("a rating cannot be followed up", "case", p.Application, "error", err)
			}
		}
		if len(open) < maxLines {
			break
		}
	}
	slices.SortStableFunc(out, func(a, b Summary) int { return a.Due.Compare(b.Due) })
	return out, nil
}

func (r *Rating) line() Summary {
	said := r.said()
	return Summary{r.Case, said.Item, said.Office, said.Level, r.State, said.At, r.Due(), r.Late}
}

// mayFollow returns the grant under which somebody follows a bad rating up: an
// approver of an office above the one that was rated who had no part in the case.
// ErrNotFound for strangers, ErrForbidden for who had part in it.
func (q *Ratings) mayFollow(ctx context.Context, d *yinzheng.Directory, by *yinzheng.Account, r *Rating) (yinzheng.Grant, error) {
	if r.State == "" {
		return yinzheng.Grant{}, errNone()
	}
	workers := r.workers(d)
	err := errNone()
	for _, g := range by.InForce(q.Now()) {
		if g.Role != yinzheng.Approver || !slices.Contains(workers, g.Office) {
			continue
		}
		part, failed := q.Cases.HadPart(ctx, by, g, r.Case)
		if failed != nil {
			return yinzheng.Grant{}, failed
		}
		if !part {
			return g, nil
		}
		err = refuse(yinzheng.ErrForbidden, "您（或委托您的人）办过这件，或是当事人，须由他人回访", "You, or who delegated to you, had part in this case; somebody else has to follow it up")
	}
	return yinzheng.Grant{}, err
}

// FollowUp returns a bad rating for those who follow it up. Errors: ErrNotFound
// for strangers, the office that was rated among them, ErrForbidden for who had
// part in the case.
func (q *Ratings) FollowUp(ctx context.Context, by *yinzheng.Account, id string) (*FollowUp, error) {
	r, place, err := q.load(ctx, id)
	if err != nil {
		return nil, err
	}
	d, err := q.Store.Directory(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := q.mayFollow(ctx, d, by, r); err != nil {
		return nil, err
	}
	return r.followUp(place), nil
}

func (r *Rating) followUp(place *yinzheng.Rating) *FollowUp {
	said := r.said()
	v := &FollowUp{Summary: r.line(), Version: len(r.Acts), Call: said.Call, Settle: said.Settle, Outcome: r.Outcome, Erased: place.Erased, Steps: []Handling{}}
	for _, a := range r.Acts {
		if a.Kind == Rate {
			v.Earlier = append(v.Earlier, Before{a.At, a.Level, Said{a.Proof, a.Tags, a.Text, ""}})
		} else {
			v.Steps = append(v.Steps, Handling{a.Kind, a.At, a.By, a.Office, a.Reached, a.Outcome, a.Text})
		}
	}
	slices.Reverse(v.Earlier)
	contacts := strings.Split(place.Contact, "\n")
	slices.Reverse(contacts)
	for i, contact := range contacts {
		v.Earlier[i].Contact = contact
	}
	v.Said, v.Earlier = v.Earlier[0].Said, v.Earlier[1:]
	return v
}

// Done is what somebody did about a bad rating.
type Done struct {
	Action  Doing  `json:"action" enum:"call,settle"`
	Reached bool   `json:"reached,omitempty" doc:"call: the resident was spoken to"`
	Outcome string `json:"outcome,omitempty" enum:"right,unjustified" doc:"settle"`
	Text    string `json:"text" doc:"call: what was said, or how it was tried; settle: the answer, which the resident reads"`
}

// Act notes what somebody did about a bad rating that is at version seen. Errors
// as of FollowUp, and ErrConflict, ErrState, ErrInvalid.
func (q *Ratings) Act(ctx context.Context, by *yinzheng.Account, id string, seen int, in *Done) (*FollowUp, error) {
	r, place, err := q.load(ctx, id)
	if err != nil {
		return nil, err
	}
	d, err := q.Store.Directory(ctx)
	if err != nil {
		return nil, err
	}
	g, err := q.mayFollow(ctx, d, by, r)
	if err != nil {
		return nil, err
	}
	if seen != len(r.Acts) {
		return nil, refuse(yinzheng.ErrConflict, "这件回访已有变化，请重新读取后再操作", "The follow-up has changed; please read it again")
	}
	a, err := r.do(in)
	if err != nil {
		return nil, err
	}
	a.At, a.By, a.For, a.Office = q.now(), by.ID, g.For, g.Office
	next := r.after(a)
	if err := q.keep(ctx, next, place.Contact, nil); err != nil {
		return nil, err
	}
	return next.followUp(next.place(place.Contact)), nil
}

// do checks what was done, and makes the act of it. Whoever is to be put right was
// called first.
func (r *Rating) do(in *Done) (Act, error) {
	var f faults
	a := Act{Kind: in.Action, Text: f.text("text", in.Text, MaxText)}
	if a.Text == "" {
		f.add("text", "required", "请写明情况", "Please say it in words")
	}
	switch {
	case in.Action != Call && in.Action != Settle:
		f.add("action", "choice", "应为 call 或 settle", "Expected call or settle")
	case in.Action == Call && r.State != Open, in.Action == Settle && r.State == Settled:
		return Act{}, refuse(yinzheng.ErrState, "这一步已经办过", "This was done already")
	case in.Action == Settle && r.State == Open:
		return Act{}, refuse(yinzheng.ErrState, "请先回访，再办结", "Please call the resident back before it is settled")
	case in.Action == Call:
		a.Reached = in.Reached
	case in.Outcome != PutRight && in.Outcome != Unjustified:
		f.add("outcome", "choice", "请选择：已整改，或查无此事", "Please choose: put right, or unjustified")
	default:
		a.Outcome = in.Outcome
	}
	return a, f.err()
}
