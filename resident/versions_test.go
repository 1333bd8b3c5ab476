package resident

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"yinzheng"
)

// renamed is the next version of lodging: the holder's name is another field, so that
// what was said in the first version is not all carried over.
func renamed() *yinzheng.Template {
	t := lodging()
	t.Version = 2
	t.Fields[0].Key, t.Token.Name = "fullname", "fullname"
	t.Page.Body = []yinzheng.Block{{Text: "兹证明{fullname}（{id}）。"}}
	return t
}

// TestNewVersion: between any two steps of a request a new version of its item may be
// published. It goes on in that one, and only what was checked in it is sent.
func TestNewVersion(t *testing.T) {
	clerk := func(h *house) *yinzheng.Account { return h.people["clerk"] }
	sends := func(h *house, who *yinzheng.Resident, q *Request) error {
		_, err := h.Send(h.ctx, who, q.ID, q.Version)
		return err
	}
	for name, step := range map[string]struct {
		sent bool // before the new version
		do   func(*house, *yinzheng.Resident, *Request) error
		want error
		as   yinzheng.RequestState
		in   int // version of the template afterwards
	}{
		"a return code": {do: func(h *house, who *yinzheng.Resident, q *Request) error {
			_, _, _, err := h.ReturnCode(h.ctx, who, q.ID)
			return err
		}, as: yinzheng.RequestDraft, in: 1},
		"an answer": {do: func(h *house, who *yinzheng.Resident, q *Request) error {
			_, err := h.Save(h.ctx, who, q.ID, &Edit{Values: map[string]any{"fullname": "张三丰"}})
			return err
		}, as: yinzheng.RequestDraft, in: 2},
		"sending": {do: sends, want: yinzheng.ErrConflict, as: yinzheng.RequestDraft, in: 2},
		"taking it back": {do: func(h *house, who *yinzheng.Resident, q *Request) error {
			_, err := h.TakeBack(h.ctx, who, q.ID)
			return err
		}, as: yinzheng.RequestWithdrawn, in: 1},
		"lapsing": {do: func(h *house, _ *yinzheng.Resident, _ *Request) error {
			h.now = h.now.Add(draftLife + time.Second)
			return h.Tend(h.ctx)
		}, as: yinzheng.RequestLapsed, in: 1},
		"a return": {sent: true, do: func(h *house, _ *yinzheng.Resident, q *Request) error {
			return h.Return(h.ctx, clerk(h), q.ID, q.Version, "请补", nil)
		}, as: yinzheng.RequestReturned, in: 1},
		"taking it in": {sent: true, do: func(h *house, _ *yinzheng.Resident, q *Request) error {
			_, err := h.Take(h.ctx, clerk(h), q.ID, q.Version)
			return err
		}, as: yinzheng.RequestTaken, in: 1},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			q, who := h.filled()
			if step.sent {
				must(t, sends(h, who, q))
				q.Version++
			}
			h.serve(lodging(), renamed(), kinship())
			if err := step.do(h, who, q); !errors.Is(err, step.want) {
				t.Errorf("%v, want %v", err, step.want)
			}
			row, err := h.store.ResidentRequest(h.ctx, q.ID)
			must(t, err)
			if row.State != step.as || row.Template.Version != step.in {
				t.Errorf("it is %s in version %d", row.State, row.Template.Version)
			}
			if _, err := h.Request(h.ctx, who, q.ID); err != nil {
				t.Errorf("read again: %v", err)
			}
		})
	}
}

// TestSentAsChecked: answers that a new version of the form has no place for are not
// left out of what somebody has ticked as true. They are asked to check it once more.
func TestSentAsChecked(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	with := lodging()
	with.Code, with.Short, with.TypeCode = "stay", "ST", "11100000000013338W097"
	with.Fields = append(with.Fields, yinzheng.Field{Key: "use", Type: yinzheng.TextField, Label: yinzheng.Text{ZH: "用途", EN: "Use"}, Optional: true})
	h.serve(lodging(), kinship(), with)
	q, who := h.beginFor("stay", nil)
	place := village
	q, err := h.Save(ctx, who, q.ID, &Edit{Division: &place, Values: map[string]any{"name": "张三丰", "id": holder, "use": "办理入学"}})
	must(t, err)
	without := *with
	without.Version, without.Fields = 2, without.Fields[:2]
	h.serve(lodging(), kinship(), with, &without)
	if _, err := h.Send(ctx, who, q.ID, q.Version); !errors.Is(err, yinzheng.ErrConflict) {
		t.Errorf("sent without an answer: %v", err)
	}
	if _, err := h.Send(ctx, who, q.ID, q.Version); !errors.Is(err, yinzheng.ErrConflict) {
		t.Errorf("sent at the version that was checked in the earlier form: %v", err)
	}
	q, err = h.Request(ctx, who, q.ID)
	must(t, err)
	if _, err := h.Send(ctx, who, q.ID, q.Version); err != nil {
		t.Errorf("checked once more: %v", err)
	}
}

// TestItemGone: an item may be taken off while requests of it are under way. They are
// told of, can be ended by both sides, and end and are erased in time.
func TestItemGone(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	clerk := h.people["clerk"]
	draft, who := h.filled()
	back, him := h.requested()
	refused, _ := h.requested()
	waits, _ := h.requested()
	must(t, h.Refuse(ctx, clerk, refused.ID, refused.Version, "elsewhere", "请去派出所"))
	h.serve(kinship())

	own, err := h.Requests(ctx, who)
	must(t, err)
	if len(own) != 1 || own[0].ID != draft.ID || !own[0].Unread || own[0].Fillable() || own[0].Of.Name.ZH != "lodging" || len(own[0].Materials()) != 0 {
		t.Errorf("own requests: %+v", own)
	}
	if _, err := h.Save(ctx, who, draft.ID, &Edit{}); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("filled in: %v", err)
	}
	_, err = h.TakeBack(ctx, him, back.ID)
	must(t, err)
	list, _, err := h.Intake(ctx, clerk, yinzheng.RequestSent, "", 9)
	must(t, err)
	if len(list) != 1 || list[0].ID != waits.ID {
		t.Errorf("the office has %+v", list)
	}
	if _, err := h.Take(ctx, clerk, waits.ID, waits.Version); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("taken in: %v", err)
	}
	must(t, h.Refuse(ctx, clerk, waits.ID, waits.Version, "unneeded", "这个证明已取消"))
	if row, err := h.store.ResidentRequest(ctx, waits.ID); err != nil || row.Template != waits.Template {
		t.Errorf("it is of %+v, %v: nobody could ever read it again", row.Template, err)
	}

	h.now = h.now.Add(draftLife + time.Second)
	must(t, h.Tend(ctx))
	h.now = h.now.AddDate(0, 0, 31)
	_, err = h.Service.EraseInTime(ctx)
	must(t, err)
	for _, q := range []*Request{draft, back, refused, waits} {
		row, err := h.store.ResidentRequest(ctx, q.ID)
		must(t, err)
		if row.Content != nil {
			t.Errorf("%s keeps its content", row.State)
		}
		if _, err := h.load(ctx, q.ID); err != nil {
			t.Errorf("%s cannot be told of: %v", row.State, err)
		}
	}
	if gone, err := h.Requests(ctx, &yinzheng.Resident{Request: "ABCDEFGHJK"}); len(gone) != 0 || !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("a session of a request that is not there has %v, %v", gone, err)
	}
}

// TestStricter: what a stricter program could not keep is told of, and can be ended: what
// was sent is refused, and what is filled in goes on with what could be kept.
func TestStricter(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	draft, who := h.filled()
	sent, him := h.requested()
	for _, q := range []*Request{draft, sent} {
		row, err := h.store.ResidentRequest(ctx, q.ID)
		must(t, err)
		row.Content = bytes.ReplaceAll(row.Content, []byte(`"name":"张三丰"`), []byte(`"name":["张三丰"]`))
		if row.State == yinzheng.RequestSent {
			row.State = yinzheng.RequestReturned
			must(t, h.store.PutRequest(ctx, row))
			row.Version++
			row.State = yinzheng.RequestSent
		}
		must(t, h.store.PutRequest(ctx, row))
	}
	draft, err := h.Request(ctx, who, draft.ID)
	must(t, err)
	if !draft.Fillable() || draft.Values["name"] != nil || draft.Values.ID("id").Number != holder {
		t.Errorf("filled in: %+v", draft.Values)
	}
	if own, err := h.Request(ctx, him, sent.ID); err != nil || !own.Unread {
		t.Errorf("sent: %+v, %v", own, err)
	}
	list, _, err := h.Intake(ctx, h.people["clerk"], yinzheng.RequestSent, "", 9)
	must(t, err)
	if len(list) != 1 || !list[0].Unread {
		t.Fatalf("the office has %+v", list)
	}
	must(t, h.Refuse(ctx, h.people["clerk"], sent.ID, list[0].Version, "elsewhere", "请到窗口办理"))
}

// TestTendPages: what cannot be done to one request keeps no other one waiting.
func TestTendPages(t *testing.T) {
	h := newHouse(t)
	var due []string
	for range 2*maxLines + 50 {
		q, _ := h.beginFor("lodging", nil)
		due = append(due, q.ID)
	}
	done := map[string]bool{}
	left := func(limit int) ([]string, error) {
		ids := slices.DeleteFunc(slices.Clone(due), func(id string) bool { return done[id] })
		return ids[:min(limit, len(ids))], nil
	}
	err := h.each(h.ctx, left, func(_ context.Context, q *yinzheng.ResidentRequest) error {
		if i := slices.Index(due, q.ID); i <= maxLines {
			return fmt.Errorf("request %d is in the way", i)
		}
		done[q.ID] = true
		return nil
	})
	if want := len(due) - maxLines - 1; err == nil || len(done) != want {
		t.Errorf("%d were done, want %d; %v", len(done), want, err)
	}
}
