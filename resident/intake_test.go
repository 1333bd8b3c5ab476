package resident

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/attachments/picturetest"
)

// TestOfficeSeesWhatWasSent: an office has before it what was sent to it last. What its
// resident writes while they mend it, and what they took back, is theirs.
func TestOfficeSeesWhatWasSent(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	clerk, town := h.people["clerk"], sibling
	q, who := h.requested()
	sees := func(state yinzheng.RequestState, name any) {
		t.Helper()
		now, err := h.At(ctx, clerk, q.ID)
		must(t, err)
		if now.State != state || now.Values["name"] != name || name == nil && now.Content != nil || len(now.Said) != 1 {
			t.Errorf("the office sees %s: %v, %v", now.State, now.Values, now.Said)
		}
		list, _, err := h.Intake(ctx, clerk, state, "", 9)
		must(t, err)
		if len(list) != 1 || list[0].Values["name"] != name {
			t.Errorf("its list has %+v", list)
		}
	}
	must(t, h.Return(ctx, clerk, q.ID, q.Version, "请补正", nil))
	sees(yinzheng.RequestReturned, "张三丰")
	q, err := h.Save(ctx, who, q.ID, &Edit{Division: &town, Values: map[string]any{"name": "李四四"}})
	must(t, err)
	if q.Values["name"] != "李四四" {
		t.Errorf("the resident sees %v", q.Values)
	}
	sees(yinzheng.RequestReturned, "张三丰")
	h.serve(lodging(), renamed(), kinship())
	sees(yinzheng.RequestReturned, "张三丰")
	h.serve(lodging(), kinship())

	place := village
	q, err = h.Save(ctx, who, q.ID, &Edit{Division: &place})
	must(t, err)
	q, err = h.Send(ctx, who, q.ID, q.Version)
	must(t, err)
	sees(yinzheng.RequestSent, "李四四")
	_, err = h.TakeBack(ctx, who, q.ID)
	must(t, err)
	sees(yinzheng.RequestWithdrawn, nil)

	q, who = h.requested()
	must(t, h.Return(ctx, clerk, q.ID, q.Version, "请补正", nil))
	_, err = h.Save(ctx, who, q.ID, &Edit{Values: map[string]any{"name": "李四四"}})
	must(t, err)
	h.now = h.now.Add(returnedLife + time.Second)
	must(t, h.Tend(ctx))
	sees(yinzheng.RequestLapsed, "张三丰")
}

// TestTakenByCode: once a request became a case, its code tells which, and opens
// nothing that was said or sent. Who is known sees it as before.
func TestTakenByCode(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	place := village
	for _, me := range []*yinzheng.Resident{nil, {Name: "张三丰", ID: yinzheng.ID{Type: yinzheng.ResidentID, Number: holder}}} {
		q, who := h.beginFor("kinship", me)
		q, err := h.Save(ctx, who, q.ID, &Edit{Applicant: &yinzheng.Applicant{As: yinzheng.AsHolder}, Division: &place, Values: map[string]any{"name": "张三丰", "id": holder, "relatives": []any{map[string]any{"name": "赵甲"}}}})
		must(t, err)
		for i, key := range []string{"book", "photo"} {
			q, err = h.AddFile(ctx, who, q.ID, &yinzheng.NewAttachment{Material: key, Name: "照片.jpg", File: picturetest.Photo(uint8(i))})
			must(t, err)
		}
		q, err = h.Send(ctx, who, q.ID, q.Version)
		must(t, err)
		id, err := h.Take(ctx, h.people["clerk"], q.ID, q.Version)
		must(t, err)
		known := me != nil
		if !known {
			_, _, _, err = h.ReturnCode(ctx, who, q.ID) // its content stays nevertheless
			must(t, err)
		}
		q, err = h.Request(ctx, who, q.ID)
		must(t, err)
		_, _, err = h.OwnFile(ctx, who, q.ID, 1)
		if q.Case != id || (q.Values != nil) != known || (err == nil) != known || !known && !errors.Is(err, yinzheng.ErrNotFound) {
			t.Errorf("known: %v, yet case %s, %v; a file: %v", known, q.Case, q.Values, err)
		}
		if at, err := h.At(ctx, h.people["clerk"], q.ID); err != nil || at.Values["name"] != "张三丰" {
			t.Errorf("the office sees %v, %v", at, err)
		}
	}
}

// TestSentBytesStay: a later program may write what is asked otherwise. What was sent
// by an earlier one can still be taken in, and taken back.
func TestSentBytesStay(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	for name, end := range map[string]func(*Request) error{
		"taken in": func(q *Request) error {
			_, err := h.Take(ctx, h.people["clerk"], q.ID, q.Version)
			return err
		},
		"taken back": func(q *Request) error {
			_, err := h.TakeBack(ctx, &yinzheng.Resident{Request: q.ID}, q.ID)
			return err
		},
		"returned": func(q *Request) error {
			return h.Return(ctx, h.people["clerk"], q.ID, q.Version, "请补", nil)
		},
	} {
		q, _ := h.requested()
		row := q.ResidentRequest
		var otherwise bytes.Buffer
		must(t, json.Indent(&otherwise, row.Content, "", " "))
		var err error
		row.ID, err = yinzheng.NewID(h.Rand)
		must(t, err)
		row.Version, row.Content = 0, otherwise.Bytes()
		must(t, h.store.PutRequest(ctx, &row))
		old, err := h.load(ctx, row.ID)
		must(t, err)
		if err := end(old); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
