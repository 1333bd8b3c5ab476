package resident

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"yinzheng"
)

// IntakeDays is within how many working days an office takes a request in, or answers
// it otherwise.
const IntakeDays = 5

// saves is how often somebody's change is tried on what others have written meanwhile:
// each page changes its own fields, so that two tabs do not hinder each other.
const saves = 5

// Begin begins a request of an item. Somebody who has proven who they are comes back
// to it by that; for anybody else a session is opened that is for this request, and
// later ones by a code (ReturnCode). ErrNotFound, and ErrState where the item cannot
// be asked for online.
func (r *Residents) Begin(ctx context.Context, who *yinzheng.Resident, item, language string) (q *Request, secret string, expires time.Time, err error) {
	t, err := r.Service.OpenOnline(item)
	if err != nil {
		return nil, "", time.Time{}, err
	}
	now := r.now()
	q = &Request{Of: t, Asked: Asked{Language: language, Values: yinzheng.Values{}}}
	q.State, q.Template, q.Begun, q.Changed = yinzheng.RequestDraft, t.Ref(), now, now
	if q.ID, err = yinzheng.NewID(r.Rand); err != nil {
		return nil, "", time.Time{}, err
	}
	if err = r.check(q); err != nil {
		return nil, "", time.Time{}, err
	}
	if who != nil && who.ID != (yinzheng.ID{}) {
		q.Resident, q.Me = who.Key(), Proven{who.Name, who.ID}
		return q, "", time.Time{}, r.put(ctx, q)
	}
	err = r.store.Tx(ctx, func(ctx context.Context) error {
		q.Version = 0 // this may be a second run
		if err := r.put(ctx, q); err != nil {
			return err
		}
		secret, expires, err = r.open(ctx, yinzheng.Resident{Request: q.ID})
		return err
	})
	return q, secret, expires, err
}

// Request shows a resident their own request; ErrNotFound for anybody else's. Once it
// became a case, who only has its code is told that, and what the office asks for, and
// no more: the code would otherwise open all that was said and sent for as long as the
// case is kept.
func (r *Residents) Request(ctx context.Context, who *yinzheng.Resident, id string) (*Request, error) {
	q, err := r.own(ctx, who, id)
	if err == nil && q.Case != "" && q.Resident == "" {
		q.hideButAsking()
	}
	return q, err
}

// own is a resident's own request as it is; ErrNotFound.
func (r *Residents) own(ctx context.Context, who *yinzheng.Resident, id string) (*Request, error) {
	q, err := r.load(ctx, id)
	if err != nil {
		return nil, err
	}
	if who == nil || !q.Is(who) {
		return nil, yinzheng.NoRequest()
	}
	return q, nil
}

// maxOwn is how many of their requests a resident is shown, the newest.
const maxOwn = 50

// Requests lists a resident's own requests, newest first.
func (r *Residents) Requests(ctx context.Context, who *yinzheng.Resident) ([]*Request, error) {
	if who.Request != "" {
		q, err := r.Request(ctx, who, who.Request)
		if err != nil {
			return nil, err
		}
		return []*Request{q}, nil
	}
	if who.ID == (yinzheng.ID{}) {
		return nil, nil
	}
	rows, err := r.store.RequestsOf(ctx, who.Key(), maxOwn)
	return r.readAll(rows), err
}

// readAll passes over those whose content nobody can read.
func (r *Residents) readAll(rows []*yinzheng.ResidentRequest) []*Request {
	var out []*Request
	for _, row := range rows {
		q, unreadable := r.read(row)
		if unreadable != nil {
			r.Log.Warn("a request cannot be read", "request", row.ID)
			continue
		}
		out = append(out, q)
	}
	return out
}

// change applies a change to a request that its resident still fills in. Errors:
// ErrNotFound, ErrState, those of fn, and ErrInvalid for what cannot be kept at all.
func (r *Residents) change(ctx context.Context, who *yinzheng.Resident, id string, fn func(*Request) error) (*Request, error) {
	return r.write(ctx, who, id, func(q *Request) error {
		if err := q.refuseFilling(); err != nil {
			return err
		}
		if err := fn(q); err != nil {
			return err
		}
		q.bind()
		return r.check(q)
	})
}

// write applies a change to a resident's request as it is now, whoever is faster.
func (r *Residents) write(ctx context.Context, who *yinzheng.Resident, id string, fn func(*Request) error) (q *Request, err error) {
	for range saves {
		if q, err = r.own(ctx, who, id); err != nil {
			return nil, err
		}
		if err = fn(q); err != nil {
			return nil, err
		}
		q.Changed = r.now()
		if err = r.put(ctx, q); !errors.Is(err, yinzheng.ErrConflict) {
			return q, err
		}
	}
	return nil, err
}

// refuseFilling says why a request cannot be filled in, if so; ErrState.
func (q *Request) refuseFilling() error {
	switch {
	case q.Unread:
		return fail(yinzheng.ErrState, "这个事项已不在网上办理，申请不能再填；请到窗口咨询", "This is not done online any more, and the request cannot be filled in; please ask at the counter")
	case !q.Fillable():
		return fail(yinzheng.ErrState, "申请已提交，不能再改；需要更改请先撤回或等窗口退回", "The request was sent and cannot be changed; take it back, or wait for the office to return it")
	}
	return nil
}

// Edit changes parts of a request; what is nil stays. Values are merged by key, nil
// removes one.
type Edit struct {
	Applicant *yinzheng.Applicant
	Division  *string
	Chosen    *string // office that is to take it in; "": the nearest
	Values    map[string]any
}

// Save keeps what somebody has filled in. Errors as of change, and ErrInvalid for an
// office that does not take it in.
func (r *Residents) Save(ctx context.Context, who *yinzheng.Resident, id string, e *Edit) (*Request, error) {
	return r.change(ctx, who, id, func(q *Request) error {
		if e.Applicant != nil {
			q.Applicant = *e.Applicant
		}
		if e.Division != nil {
			q.Division = *e.Division
		}
		if e.Chosen != nil {
			if _, err := r.Service.IntakeOffice(ctx, q.Of, q.Division, *e.Chosen); err != nil {
				return err
			}
			q.Chosen = *e.Chosen
		}
		for key, v := range e.Values {
			if v == nil {
				delete(q.Values, key)
			} else {
				q.Values[key] = v
			}
		}
		return nil
	})
}

// Mark tells the row of a list apart from any other content of it, so that a form
// that was made from it changes no other one.
func Mark(row any) string {
	if row == nil {
		return ""
	}
	sum := sha256.Sum256(yinzheng.Canonical(nil, row))
	return hex.EncodeToString(sum[:8])
}

// SaveRow keeps one row of a list: in the place of the one with a mark, or as another
// one (mark ""); a nil row takes that one off. Sent twice, it is added once.
// ErrConflict when there is no such row any more; otherwise errors as of change.
func (r *Residents) SaveRow(ctx context.Context, who *yinzheng.Resident, id, key, mark string, row map[string]any) (*Request, error) {
	return r.change(ctx, who, id, func(q *Request) error {
		f := q.Of.Field(key)
		if f == nil || f.Type != yinzheng.ListField {
			return yinzheng.NoRequest()
		}
		rows, _ := q.Values[key].([]any)
		at := slices.IndexFunc(rows, func(x any) bool { return Mark(x) == mark })
		switch {
		case mark == "" && row == nil:
			return yinzheng.NoRequest()
		case mark == "" && f.Max > 0 && len(rows) >= f.Max:
			return invalid("values."+key, "count", fmt.Sprintf("最多 %d 项", f.Max), fmt.Sprintf("At most %d entries", f.Max))
		case mark == "":
			rows = r.addRow(q, key, rows, row)
		case at < 0:
			return fail(yinzheng.ErrConflict, "这一项已在另一个页面改过，请看一下现在的清单", "This entry was changed on another page; please look at the list as it is now")
		case row == nil:
			rows = slices.Delete(slices.Clone(rows), at, at+1)
		default:
			rows = slices.Clone(rows)
			rows[at] = row
		}
		q.Values[key] = rows
		return nil
	})
}

// addRow adds a row to a list, unless it is there as the last one already.
func (r *Residents) addRow(q *Request, key string, rows []any, row map[string]any) []any {
	checked, err := q.Of.CheckValues(yinzheng.Values{key: []any{row}}, r.now())
	if err == nil && len(rows) > 0 {
		if added := checked.Values.Rows(key); Mark(map[string]any(added[0])) == Mark(rows[len(rows)-1]) {
			return rows
		}
	}
	return append(slices.Clone(rows), row)
}

// AddFile keeps a photograph, a scan or a PDF of a material. ErrInvalid for what
// cannot be taken, errors otherwise as of change and yinzheng.Cleaner.
func (r *Residents) AddFile(ctx context.Context, who *yinzheng.Resident, id string, in *yinzheng.NewAttachment) (*Request, error) {
	return r.addFile(ctx, who, id, in, (*Request).Materials, r.change)
}

// addFile keeps a file of one of the materials that are taken now, by a change that
// may be made now.
func (r *Residents) addFile(ctx context.Context, who *yinzheng.Resident, id string, in *yinzheng.NewAttachment, taken func(*Request) []yinzheng.Material,
	change func(context.Context, *yinzheng.Resident, string, func(*Request) error) (*Request, error),
) (*Request, error) {
	room := func(q *Request) error {
		if !slices.ContainsFunc(taken(q), func(m yinzheng.Material) bool { return m.Key == in.Material }) {
			return invalid("material", "choice", "这个申请不需要这项材料", "This request does not need that material")
		}
		return q.Room()
	}
	q, err := r.own(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if err := room(q); err != nil { // before the file is looked at, which is work
		return nil, err
	}
	f, content, err := r.Service.CleanFile(ctx, q.Of, in)
	if err != nil {
		return nil, err
	}
	return change(ctx, who, id, func(q *Request) error {
		if slices.ContainsFunc(q.Files, func(x File) bool { return x.Original == f.Original && x.Material == f.Material }) {
			return nil // sent twice
		}
		if err := room(q); err != nil {
			return err
		}
		q.Filed, q.Bytes = q.Filed+1, q.Bytes+f.Size
		f.ID = q.Filed
		q.Files, q.added = append(q.Files, File{*f, r.now()}), content
		delete(q.Instead, in.Material)
		return nil
	})
}

// RemoveFile takes a file off. Errors as of change.
func (r *Residents) RemoveFile(ctx context.Context, who *yinzheng.Resident, id string, file int) (*Request, error) {
	return r.change(ctx, who, id, func(q *Request) error {
		q.Files = slices.DeleteFunc(q.Files, func(f File) bool { return f.ID == file })
		return nil
	})
}

// OwnFile gives a resident a file of their own request.
func (r *Residents) OwnFile(ctx context.Context, who *yinzheng.Resident, id string, file int) (content []byte, f *File, err error) {
	q, err := r.Request(ctx, who, id)
	if err != nil {
		return nil, nil, err
	}
	return r.content(ctx, q, file)
}

func (r *Residents) content(ctx context.Context, q *Request, file int) ([]byte, *File, error) {
	f := q.file(file)
	if f == nil {
		return nil, nil, yinzheng.NoRequest()
	}
	content, err := r.Service.KeptFile(ctx, f.Digest)
	return content, f, err
}

// Send sends a request, which is at version seen, to its office. ErrInvalid with
// everything that has to be mended first, ErrConflict when it is otherwise by now, be it
// by a new version of the item's form, ErrState when it was sent already, or the item
// has ended, and ErrTooMany when nobody vouches for who sends it, and the office has had
// its most of such today.
func (r *Residents) Send(ctx context.Context, who *yinzheng.Resident, id string, seen int) (*Request, error) {
	q, err := r.Request(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if err := q.refuseFilling(); err != nil {
		return nil, err
	}
	switch {
	case q.carried: // what was ticked as true was another text
		if err := r.put(ctx, q); err != nil {
			return nil, err
		}
		return nil, fail(yinzheng.ErrConflict, "这个事项的表格刚刚改版，填过的内容已带过来，请再核对一遍", "The form of this item has a new version. What you said was carried over; please check it once more")
	case q.Version != seen:
		return nil, fail(yinzheng.ErrConflict, "申请已在另一个页面改过，请再核对一遍", "The request was changed on another page; please check it once more")
	}
	outdated, err := r.Outdated(ctx, who, q)
	if err != nil {
		return nil, err
	}
	if missing := append(slices.Clip(q.Problems), outdated...); len(missing) > 0 {
		return nil, &yinzheng.Error{Kind: yinzheng.ErrInvalid, Text: yinzheng.Text{ZH: "还有内容需要补充", EN: "Something is still missing"}, Fields: missing}
	}
	if _, err := r.Service.OpenOnline(q.Of.Code); err != nil {
		return nil, err
	}
	office, err := r.Service.IntakeOffice(ctx, q.Of, q.Division, q.Chosen)
	switch {
	case err != nil:
		return nil, err
	case office == nil:
		return nil, invalid("division", "no-office", "这里还没有受理网上申请的窗口，请到附近的村（社区）窗口办理", "No office takes requests in for this place; please go to a village or community office nearby")
	}
	q.Office, q.Due, q.Late, q.Sent = office.ID, r.Service.DueIn(IntakeDays), false, nil
	if err := q.encode(); err != nil {
		return nil, err
	}
	return q, r.move(ctx, &q.ResidentRequest, yinzheng.RequestSent, yinzheng.ResidentActor, "", func(ctx context.Context) error {
		if err := r.roomAt(ctx, q); err != nil {
			return err
		}
		return r.arrived(&q.ResidentRequest)(ctx)
	})
}

// mostUnvouched is how many requests that nobody vouches for an office gets in a day: a
// village gets a few, and one clerk reads this many beside the counter. A flood would bury
// what people need behind what one person sends; who signs in is not held up by it.
const mostUnvouched = 40

// roomAt is ErrTooMany when the office of a request gets no more of its kind today. One
// that the office has returned comes back whenever it is mended.
func (r *Residents) roomAt(ctx context.Context, q *Request) error {
	if q.Vouched() || len(q.Said) > 0 {
		return nil
	}
	now := r.now().In(yinzheng.Zone)
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, yinzheng.Zone)
	n, err := r.store.CountUnvouched(ctx, q.Office, today, mostUnvouched)
	if err != nil || n < mostUnvouched {
		return err
	}
	zh, en := "今天这个窗口收到的未核实身份的申请已满，您的还没有提交，填的内容都在。可以明天再提交，或带身份证件到窗口办理", "This office has had its most requests of people who are not verified today. Yours was not sent; what you filled in is kept. Send it tomorrow, or go to the counter with your document"
	if r.CanIdentify() {
		zh, en = zh+"；实名登录后申请的不受限制", en+". Who signs in by their identity and applies is not limited"
	}
	return fail(yinzheng.ErrTooMany, zh, en)
}

// TakeBack takes a request back that no case was made of. ErrNotFound, ErrState.
func (r *Residents) TakeBack(ctx context.Context, who *yinzheng.Resident, id string) (*Request, error) {
	q, err := r.own(ctx, who, id)
	switch {
	case err != nil:
		return nil, err
	case !isFilledIn(q.State) && q.State != yinzheng.RequestSent:
		return nil, fail(yinzheng.ErrState, "申请已办结或已受理，不能撤回", "The request has ended or was taken in, and cannot be taken back")
	}
	q.Due = time.Time{}
	return q, r.move(ctx, &q.ResidentRequest, yinzheng.RequestWithdrawn, yinzheng.ResidentActor, "", nothing)
}

func nothing(context.Context) error { return nil }

// move brings a request to another state, with its event and what belongs to it, in
// one transaction. The event has the digest of what it leaves, unless that is a case.
// The content is written as it stands in the row: what was sent does not change on its
// way.
func (r *Residents) move(ctx context.Context, q *yinzheng.ResidentRequest, to yinzheng.RequestState, by, detail string, also func(context.Context) error) error {
	version := q.Version
	q.State, q.Changed = to, r.now()
	e := yinzheng.Event{At: q.Changed, Kind: to.Event(), Subject: q.ID, By: by, Detail: detail}
	if to != yinzheng.RequestTaken {
		e.Detail = strings.TrimSpace(detail + " " + q.Digest())
	}
	return r.store.Tx(ctx, func(ctx context.Context) error {
		q.Version = version // this may be a second run
		if err := also(ctx); err != nil {
			return err
		}
		if err := r.store.PutRequest(ctx, q); err != nil {
			return err
		}
		q.Version++
		if err := r.store.Record(ctx, e); err != nil {
			return err
		}
		return r.tell(ctx, q)
	})
}

// tell tells a resident what an office has done with their request.
func (r *Residents) tell(ctx context.Context, q *yinzheng.ResidentRequest) error {
	if !slices.Contains([]yinzheng.RequestState{yinzheng.RequestReturned, yinzheng.RequestTaken, yinzheng.RequestRefused, yinzheng.RequestAsked}, q.State) {
		return nil
	}
	name := nameless(q.Template.Code)
	if t := r.template(q); t != nil {
		name = t.Name
	}
	to := cmp.Or(q.Resident, (&yinzheng.Resident{Request: q.ID}).Key())
	return r.Service.Tell(ctx, &yinzheng.News{Kind: q.State.Event(), ItemName: name, About: q.ID, Act: q.Version, Day: q.Due, To: []string{to}})
}

// ReturnCode draws a code by which somebody comes back to their request. It ends an
// earlier one, and every session of the request, since whoever draws another may want to
// shut somebody out; theirs goes on by a new secret. The code is shown once; only its
// hash is kept. ErrNotFound, and ErrState for who comes back by their identity.
func (r *Residents) ReturnCode(ctx context.Context, who *yinzheng.Resident, id string) (code, secret string, expires time.Time, err error) {
	q, err := r.own(ctx, who, id)
	if err != nil {
		return "", "", time.Time{}, err
	}
	if q.Resident != "" {
		return "", "", time.Time{}, fail(yinzheng.ErrState, "您用身份登录，再次登录即可回来，不需要取回码", "You are signed in by your identity and come back by signing in again; no code is needed")
	}
	if code, err = yinzheng.NewReturnCode(r.Rand); err != nil {
		return "", "", time.Time{}, err
	}
	q.Code = returnHash(q.ID, code)
	of := yinzheng.Resident{Request: q.ID}
	err = r.store.Tx(ctx, func(ctx context.Context) error {
		if err := r.store.PutRequest(ctx, &q.ResidentRequest); err != nil {
			return err
		}
		if err := r.store.EndResidentSessions(ctx, of.Key()); err != nil {
			return err
		}
		if secret, expires, err = r.open(ctx, of); err != nil {
			return err
		}
		return r.store.Record(ctx, yinzheng.Event{At: r.now(), Kind: yinzheng.EventReturnCode, Subject: q.ID, By: yinzheng.ResidentActor})
	})
	return code, secret, expires, err
}

// returnHash is salted by the request, so that no table of all codes serves twice.
func returnHash(id, code string) [32]byte {
	return sha256.Sum256([]byte("return code\x00" + id + "\x00" + code))
}

// ComeBack opens a session for the request that a code is of. Whatever is wrong, be it
// that there is no such request, the error is one and the same ErrUnauthorized.
func (r *Residents) ComeBack(ctx context.Context, id, typed string) (q string, secret string, expires time.Time, err error) {
	q, isRequest := yinzheng.NormalCaseID(id)
	code, isCode := yinzheng.NormalReturnCode(typed)
	if !isRequest || !isCode {
		return "", "", time.Time{}, errReturn()
	}
	hash := returnHash(q, code)
	err = r.store.Tx(ctx, func(ctx context.Context) error {
		secret = "" // this may be a second run
		now := r.now()
		tries, err := r.store.CountTry(ctx, q, now.Add(-triesSince), now)
		if err != nil {
			return err
		}
		row, err := r.store.ResidentRequest(ctx, q)
		switch {
		case errors.Is(err, yinzheng.ErrNotFound):
			return nil
		case err != nil:
			return err
		case tries > mostTries || row.Code == [32]byte{} || subtle.ConstantTimeCompare(row.Code[:], hash[:]) != 1:
			return nil // that it was tried is kept
		}
		secret, expires, err = r.open(ctx, yinzheng.Resident{Request: q})
		return err
	})
	if err == nil && secret == "" {
		err = errReturn()
	}
	return q, secret, expires, err
}

func errReturn() error {
	return fail(yinzheng.ErrUnauthorized, "申请号或取回码不对。取回码是保存时给您的 12 位字母和数字；找不到时可以重新申请，或带证件到窗口办理", "The request number or the code is wrong. The code has the 12 letters and digits that you were given when you saved; without it, apply anew or go to the counter with your document")
}
