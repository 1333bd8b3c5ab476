package resident

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/attachments/picturetest"
)

// kinship asks for a list, for a photograph, and for what may stand in its place.
func kinship() *yinzheng.Template {
	t := lodging()
	both := func(s string) yinzheng.Text { return yinzheng.Text{ZH: s, EN: s} }
	t.Code, t.Short, t.Name, t.TypeCode, t.MendDays = "kinship", "KI", both("亲属关系证明"), "11100000000013338W099", 3
	t.Materials = []yinzheng.Material{
		{Key: "book", Text: both("户口簿"), Scan: true},
		{Key: "photo", Text: both("照片"), Scan: true, Commitment: &yinzheng.Commitment{Text: both("本人承诺属实。"), InspectDays: 20}},
	}
	t.Fields = append(t.Fields, yinzheng.Field{Key: "relatives", Type: yinzheng.ListField, Label: both("亲属"), Min: 1, Max: 12, Fields: []yinzheng.Field{{Key: "name", Type: yinzheng.NameField, Label: both("姓名")}}})
	t.Page.Body = append(t.Page.Body, yinzheng.Block{Table: &yinzheng.Table{Rows: "relatives", Columns: []yinzheng.Column{{Head: "姓名", Text: "{name}", Width: 1}}}})
	return t
}

// beginFor begins a request and returns whose it is.
func (h *house) beginFor(item string, who *yinzheng.Resident) (*Request, *yinzheng.Resident) {
	h.t.Helper()
	q, secret, _, err := h.Begin(h.ctx, who, item, "zh")
	must(h.t, err)
	if secret != "" {
		who, err = h.Authenticate(h.ctx, secret)
		must(h.t, err)
	}
	return q, who
}

// filled is a request of lodging that can be sent.
func (h *house) filled() (*Request, *yinzheng.Resident) {
	h.t.Helper()
	q, who := h.beginFor("lodging", nil)
	place := village
	q, err := h.Save(h.ctx, who, q.ID, &Edit{Division: &place, Values: map[string]any{"name": "张三丰", "id": holder}})
	must(h.t, err)
	return q, who
}

func (h *house) requested() (*Request, *yinzheng.Resident) {
	h.t.Helper()
	q, who := h.filled()
	q, err := h.Send(h.ctx, who, q.ID, q.Version)
	must(h.t, err)
	return q, who
}

func faults(err error) string {
	var e *yinzheng.Error
	if !errors.As(err, &e) {
		return ""
	}
	var out []string
	for _, f := range e.Fields {
		out = append(out, f.Field)
	}
	return strings.Join(out, " ")
}

// TestRequest: a request is filled in bit by bit, sent when nothing is missing,
// returned, mended, and taken in with its files.
func TestRequest(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	q, who := h.beginFor("kinship", nil)
	if _, err := h.Send(ctx, who, q.ID, q.Version); faults(err) != "values.name values.id values.relatives division attachments.book attachments.photo" {
		t.Errorf("an empty request: %q, %v", faults(err), err)
	}
	place := village
	q, err := h.Save(ctx, who, q.ID, &Edit{Division: &place, Values: map[string]any{"name": "张•三丰", "id": holder}})
	must(t, err)
	if q.Values["name"] != "张·三丰" || len(q.Changes) != 1 {
		t.Errorf("%v, %v", q.Values, q.Changes)
	}
	for i := range 12 {
		q, err = h.SaveRow(ctx, who, q.ID, "relatives", "", map[string]any{"name": fmt.Sprintf("赵%c", '甲'+rune(i))})
		must(t, err)
	}
	if _, err := h.SaveRow(ctx, who, q.ID, "relatives", "", map[string]any{"name": "钱"}); faults(err) != "values.relatives" {
		t.Errorf("a thirteenth relative: %v", err)
	}
	q, err = h.AddFile(ctx, who, q.ID, &yinzheng.NewAttachment{Material: "book", Name: "户口簿.jpg", File: picturetest.Photo(9)})
	must(t, err)
	again, err := h.AddFile(ctx, who, q.ID, &yinzheng.NewAttachment{Material: "book", Name: "户口簿.jpg", File: picturetest.Photo(9)})
	must(t, err)
	if len(again.Files) != 1 {
		t.Error("one file sent twice is there twice")
	}
	if _, err := h.PutInstead(ctx, who, q.ID, "book", Instead{Way: yinzheng.MetByCommitment}); faults(err) != "attachments.book" {
		t.Errorf("a commitment where none will do: %v", err)
	}
	q, err = h.PutInstead(ctx, who, q.ID, "photo", Instead{Way: yinzheng.MetByCommitment})
	must(t, err)
	q, err = h.Send(ctx, who, q.ID, q.Version)
	must(t, err)
	if q.State != yinzheng.RequestSent || q.Office != "village" || !q.Due.Equal(h.Service.DueIn(5)) {
		t.Errorf("sent: %+v", q.ResidentRequest)
	}
	if _, err := h.Send(ctx, who, q.ID, q.Version); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("sent twice: %v", err)
	}
	if _, err := h.Save(ctx, who, q.ID, &Edit{Values: map[string]any{"name": "李四"}}); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("changed after it was sent: %v", err)
	}

	clerk := h.people["clerk"]
	must(t, h.Return(ctx, clerk, q.ID, q.Version, "户口簿拍糊了，请重拍", []string{"attachments.book"}))
	q, err = h.Request(ctx, who, q.ID)
	must(t, err)
	if said := q.LastSaid(); q.State != yinzheng.RequestReturned || said.Text != "户口簿拍糊了，请重拍" || said.Office != "village" {
		t.Errorf("returned: %+v", q)
	}
	q, err = h.RemoveFile(ctx, who, q.ID, q.Files[0].ID)
	must(t, err)
	q, err = h.AddFile(ctx, who, q.ID, &yinzheng.NewAttachment{Material: "book", Name: "户口簿.jpg", File: picturetest.Photo(200)})
	must(t, err)
	q, err = h.Send(ctx, who, q.ID, q.Version)
	must(t, err)

	id, err := h.Take(ctx, clerk, q.ID, q.Version)
	must(t, err)
	c, err := h.Service.Application(ctx, clerk, id)
	must(t, err)
	if c.State != yinzheng.Draft || c.Values["name"] != "张·三丰" || len(c.Values.Rows("relatives")) != 12 || len(c.Attachments) != 1 || c.Attachments[0].Digest != q.Files[0].Digest {
		t.Errorf("the case: %+v", c)
	}
	if _, err := h.Take(ctx, clerk, q.ID, q.Version); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("taken in twice: %v", err)
	}
	q, err = h.Request(ctx, who, q.ID)
	must(t, err)
	if q.State != yinzheng.RequestTaken || q.Case != id {
		t.Errorf("taken: %+v", q.ResidentRequest)
	}
	if strings.Contains(h.log.String(), "张") {
		t.Error("a name is in the log")
	}
}

// TestRequestRights: a request exists for its resident and, once it was sent, for the
// clerks of its office.
func TestRequestRights(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	draft, _ := h.filled()
	q, who := h.requested()
	_, stranger := h.filled()
	for name, other := range map[string]*yinzheng.Resident{"nobody": nil, "who has another request": stranger, "who is known": &somebody, "of a case": {Case: "ABCDEFGHJK"}, "a zero": {}} {
		if _, err := h.Request(ctx, other, q.ID); !errors.Is(err, yinzheng.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := h.Request(ctx, who, strings.ToLower(q.ID)); err != nil {
		t.Error(err)
	}
	for _, tt := range []struct {
		who, id string
		want    error
	}{
		{"clerk", q.ID, nil},
		{"clerk", draft.ID, yinzheng.ErrNotFound},
		{"sibling", q.ID, yinzheng.ErrNotFound},
		{"town", q.ID, yinzheng.ErrNotFound},
		{"clerk", "ZZZZZZZZZZ", yinzheng.ErrNotFound},
		{"clerk", "张三", yinzheng.ErrNotFound},
	} {
		by := h.people[tt.who]
		_, err := h.At(ctx, by, tt.id)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s sees %s: %v, want %v", tt.who, tt.id, err, tt.want)
		}
		if tt.want == nil {
			continue
		}
		_, taken := h.Take(ctx, by, tt.id, q.Version)
		for act, err := range map[string]error{"take": taken, "return": h.Return(ctx, by, tt.id, q.Version, "请补", nil), "refuse": h.Refuse(ctx, by, tt.id, q.Version, "duplicate", "重复")} {
			if !errors.Is(err, tt.want) {
				t.Errorf("%s, %s %s: %v", tt.who, act, tt.id, err)
			}
		}
	}
	for who, want := range map[string]int{"clerk": 1, "sibling": 0, "town": 0} {
		list, _, err := h.Intake(ctx, h.people[who], yinzheng.RequestSent, "", 9)
		must(t, err)
		tally, err := h.Service.Tally(ctx, h.people[who])
		must(t, err)
		if len(list) != want || tally.Requests != want {
			t.Errorf("%s has %d, counted %d, want %d", who, len(list), tally.Requests, want)
		}
	}
	for name, err := range map[string]error{
		"no text":        h.Return(ctx, h.people["clerk"], q.ID, q.Version, " ", nil),
		"no class":       h.Refuse(ctx, h.people["clerk"], q.ID, q.Version, "", "不办"),
		"a long text":    h.Return(ctx, h.people["clerk"], q.ID, q.Version, strings.Repeat("长", 501), nil),
		"invisible text": h.Return(ctx, h.people["clerk"], q.ID, q.Version, "好\u202e", nil),
	} {
		if !errors.Is(err, yinzheng.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := h.Return(ctx, h.people["clerk"], q.ID, q.Version-1, "请补", nil); !errors.Is(err, yinzheng.ErrConflict) {
		t.Errorf("an earlier version: %v", err)
	}
	must(t, h.Refuse(ctx, h.people["clerk"], q.ID, q.Version, "duplicate", "上周已办过"))
	if _, err := h.TakeBack(ctx, who, q.ID); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("withdrawn after it was refused: %v", err)
	}
}

// TestNobodyAtTheOffice: a request goes to the nearest office that has a clerk now, and
// whoever leaves one behind does not leave its residents waiting for ever.
func TestNobodyAtTheOffice(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	left, who := h.requested()
	h.change("clerk", leaves)
	q, him := h.filled()
	if _, err := h.Send(ctx, him, q.ID, q.Version); faults(err) != "division" {
		t.Errorf("sent where nobody is: %v", err)
	}
	h.change("town", isClerk)
	q, err := h.Send(ctx, him, q.ID, q.Version)
	must(t, err)
	if q.Office != "town" {
		t.Errorf("sent to %s", q.Office)
	}
	id, err := h.Take(ctx, h.people["town"], q.ID, q.Version)
	must(t, err)
	if c, err := h.Service.Application(ctx, h.people["town"], id); err != nil || c.Office != "town" {
		t.Errorf("the case is of %v, %v", c, err)
	}

	sees := func(who string, want int) {
		t.Helper()
		list, _, err := h.Intake(ctx, h.people[who], yinzheng.RequestSent, "", 9)
		must(t, err)
		tally, err := h.Service.Tally(ctx, h.people[who])
		must(t, err)
		_, err = h.At(ctx, h.people[who], left.ID)
		if len(list) != want || tally.Requests != want || (err == nil) != (want == 1) {
			t.Errorf("%s has %d, counted %d, sees it: %v", who, len(list), tally.Requests, err)
		}
	}
	sees("town", 0)
	h.now = left.Due
	must(t, h.Tend(ctx))
	sees("town", 1)
	sees("sibling", 0)
	left, err = h.Request(ctx, who, left.ID)
	must(t, err)
	must(t, h.Return(ctx, h.people["town"], left.ID, left.Version, "请补", nil))
	left, err = h.Request(ctx, who, left.ID)
	must(t, err)
	if said := left.LastSaid(); said.Office != "town" {
		t.Errorf("returned by %s", said.Office)
	}
	h.change("clerk", comesBack)
	left, err = h.Send(ctx, who, left.ID, left.Version)
	must(t, err)
	sees("clerk", 1)
	sees("town", 0) // it is not late any more
}

// TestNobodyLeft: a request whose office has nobody left goes on to the nearest one that
// has, though nobody at the office right above could act on it either.
func TestNobodyLeft(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	q, who := h.requested()
	h.change("clerk", leaves)
	must(t, h.Tend(ctx))
	stands := func(office string) *Request {
		t.Helper()
		q, err := h.Request(ctx, who, q.ID)
		must(t, err)
		if q.Office != office || q.State != yinzheng.RequestSent {
			t.Fatalf("it is %s at %s, want %s", q.State, q.Office, office)
		}
		return q
	}
	stands("village") // there is nobody anywhere
	h.now = q.Due.AddDate(0, 0, 1)
	must(t, h.Tend(ctx))
	stands("village")
	h.change("sibling", func(a *yinzheng.Account) { a.Grants[0].Office = "town" })
	must(t, h.Tend(ctx))
	q = stands("town")
	if q.Late || !q.Due.Equal(h.Service.DueIn(IntakeDays)) {
		t.Errorf("it has the limit of the new office: %+v", q.ResidentRequest)
	}
	if told, err := h.Service.Notices(ctx, h.people["sibling"], 0, 9); err != nil || len(told) == 0 || told[0].About != q.ID {
		t.Errorf("the new office is told %+v, %v", told, err)
	}
	must(t, h.Tend(ctx))
	if now := stands("town"); now.Version != q.Version {
		t.Error("it moves on and on")
	}
	if _, err := h.Take(ctx, h.people["sibling"], q.ID, q.Version); err != nil {
		t.Error(err)
	}
}

// TestProvenApplicant: who has proven who they are does not type it, and nobody else
// can be the holder by what they type.
func TestProvenApplicant(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	me := &yinzheng.Resident{Name: "张三丰", ID: yinzheng.ID{Type: yinzheng.ResidentID, Number: holder}}
	q, _ := h.beginFor("lodging", me)
	place := village
	q, err := h.Save(ctx, me, q.ID, &Edit{Applicant: &yinzheng.Applicant{As: yinzheng.AsHolder}, Division: &place, Values: map[string]any{"name": "李四", "id": "44130219850312002X"}})
	must(t, err)
	if q.Values["name"] != "张三丰" || q.Values.ID("id").Number != holder || !q.Bound("name") || !q.Bound("id") || q.Bound("other") {
		t.Errorf("the holder is %v", q.Values)
	}
	q, err = h.Save(ctx, me, q.ID, &Edit{Applicant: &yinzheng.Applicant{As: yinzheng.AsAgent, Name: "王五", Authority: "委托书"}, Values: map[string]any{"name": "李四", "id": "44130219850312002X"}})
	must(t, err)
	if q.Applicant.Name != "张三丰" || q.Applicant.ID.Number != holder || q.Values["name"] != "李四" || q.Bound("name") {
		t.Errorf("the agent is %+v of %v", q.Applicant, q.Values)
	}
	if _, err := h.Send(ctx, me, q.ID, q.Version); faults(err) != "attachments.authority" {
		t.Errorf("an agent without authority: %v", err)
	}
	if list, err := h.Requests(ctx, me); err != nil || len(list) != 1 || list[0].ID != q.ID {
		t.Errorf("own requests: %v, %v", list, err)
	}
	if _, _, _, err := h.ReturnCode(ctx, me, q.ID); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("a code for who is known: %v", err)
	}
}

// TestRows: a form that was made from a row changes that row, whatever was done to the
// list in another tab; sent twice, a new row is added once.
func TestRows(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	q, who := h.beginFor("kinship", nil)
	row := func(name string) map[string]any { return map[string]any{"name": name} }
	names := func(q *Request) string {
		var out []string
		for _, r := range q.Values.Rows("relatives") {
			out = append(out, r.String("name"))
		}
		return strings.Join(out, " ")
	}
	var err error
	for _, name := range []string{"甲", "甲", "乙", "丙"} {
		q, err = h.SaveRow(ctx, who, q.ID, "relatives", "", row(name))
		must(t, err)
	}
	second := Mark(row("乙"))
	q, err = h.SaveRow(ctx, who, q.ID, "relatives", Mark(row("甲")), nil)
	must(t, err)
	q, err = h.SaveRow(ctx, who, q.ID, "relatives", second, row("丁"))
	must(t, err)
	if names(q) != "丁 丙" {
		t.Errorf("the list is %s", names(q))
	}
	if _, err := h.SaveRow(ctx, who, q.ID, "relatives", second, row("戊")); !errors.Is(err, yinzheng.ErrConflict) {
		t.Errorf("a row that is gone: %v", err)
	}
	if _, err := h.SaveRow(ctx, who, q.ID, "name", "", row("戊")); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("a row of no list: %v", err)
	}
}

// TestTwoTabs: pages that change other fields do not hinder each other; what is sent
// is what was checked.
func TestTwoTabs(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	q, who := h.filled()
	var wg sync.WaitGroup
	for _, v := range []map[string]any{{"name": "李四"}, {"id": "44130219850312002X"}} {
		wg.Go(func() {
			if _, err := h.Save(ctx, who, q.ID, &Edit{Values: v}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	now, err := h.Request(ctx, who, q.ID)
	must(t, err)
	if now.Values["name"] != "李四" || now.Values.ID("id").Number != "44130219850312002X" {
		t.Errorf("kept %v", now.Values)
	}
	if _, err := h.Send(ctx, who, q.ID, q.Version); !errors.Is(err, yinzheng.ErrConflict) {
		t.Errorf("what nobody checked was sent: %v", err)
	}
	sent := 0
	for range 4 { // pressed four times at once
		wg.Go(func() {
			if _, err := h.Send(ctx, who, q.ID, now.Version); err == nil {
				sent++
			}
		})
	}
	wg.Wait()
	if notices, err := h.Service.Notices(ctx, h.people["clerk"], 0, 9); err != nil || sent != 1 || len(notices) != 1 {
		t.Errorf("sent %d times, told %d times, %v", sent, len(notices), err)
	}
}

// TestReturnCode: somebody who is not known comes back by a code, as often as they
// like, until they draw another; guessing ends in nothing.
func TestReturnCode(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	q, who := h.filled()
	back := func(id, code string) *yinzheng.Resident {
		t.Helper()
		_, secret, _, err := h.ComeBack(ctx, id, code)
		if err != nil {
			if err.Error() != errReturn().Error() {
				t.Errorf("refused with %v", err)
			}
			return nil
		}
		who, err := h.Authenticate(ctx, secret)
		must(t, err)
		return who
	}
	if back(q.ID, strings.Repeat("0", 12)) != nil {
		t.Error("a code that nobody drew opens it")
	}
	first, _, _, err := h.ReturnCode(ctx, who, q.ID)
	must(t, err)
	for range 2 {
		if got := back(strings.ToLower(q.ID), first[:4]+" "+first[4:]); got == nil || *got != (yinzheng.Resident{Request: q.ID}) {
			t.Errorf("it lets in %+v", got)
		}
	}
	_, theirs, _, err := h.ComeBack(ctx, q.ID, first)
	must(t, err)
	second, secret, _, err := h.ReturnCode(ctx, who, q.ID)
	must(t, err)
	if _, err := h.Authenticate(ctx, theirs); !errors.Is(err, yinzheng.ErrUnauthorized) {
		t.Errorf("who came back by the earlier code: %v", err)
	}
	if got, err := h.Authenticate(ctx, secret); err != nil || *got != *who {
		t.Errorf("who drew another goes on as %v, %v", got, err)
	}
	other, _ := h.filled()
	if back(q.ID, first) != nil || back(other.ID, second) != nil || back("ZZZZZZZZZZ", second) != nil || back("", "") != nil {
		t.Error("an earlier code, or another request's, opens it")
	}
	for range mostTries {
		back(q.ID, first)
	}
	if back(q.ID, second) != nil {
		t.Error("tried too often, and still looked at")
	}
	h.now = h.now.Add(triesSince + time.Second)
	if back(q.ID, second) == nil {
		t.Error("an hour later it is not looked at")
	}
	if strings.Contains(h.log.String(), second) {
		t.Error("a code is in the log")
	}
}

// TestTend: past its limit the office above is told, once; what nobody goes on with
// ends, and what came to no case is erased.
func TestTend(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	draft, _ := h.filled()
	q, who := h.requested()
	must(t, h.Tend(ctx))
	told := func(who string) int { return h.told(who, yinzheng.EventRequestLate) }
	if told("clerk") != 0 {
		t.Error("told before it was late")
	}
	h.now = q.Due
	must(t, h.Tend(ctx))
	must(t, h.Tend(ctx))
	if told("clerk") != 1 || told("town") != 1 { // the town has no clerk to tell
		t.Errorf("the clerk was told %d times, the office above %d times", told("clerk"), told("town"))
	}
	late, err := h.At(ctx, h.people["clerk"], q.ID)
	must(t, err)
	must(t, h.Return(ctx, h.people["clerk"], q.ID, late.Version, "请补", nil))
	state := func(id string, want yinzheng.RequestState, content bool) {
		t.Helper()
		row, err := h.store.ResidentRequest(ctx, id)
		must(t, err)
		if row.State != want || (row.Content != nil) != content {
			t.Errorf("%s is %s, has a content: %v", id, row.State, row.Content != nil)
		}
	}
	h.now = h.now.Add(returnedLife + time.Second)
	must(t, h.Tend(ctx))
	state(q.ID, yinzheng.RequestLapsed, true)
	state(draft.ID, yinzheng.RequestDraft, true)
	h.now = h.now.Add(draftLife)
	must(t, h.Tend(ctx))
	if erased, err := h.Service.EraseInTime(ctx); err != nil || erased[yinzheng.RetainRequests] != 1 {
		t.Errorf("erased %v, %v", erased, err)
	}
	state(q.ID, yinzheng.RequestLapsed, false)
	state(draft.ID, yinzheng.RequestLapsed, true)
	if _, err := h.At(ctx, h.people["clerk"], q.ID); err != nil {
		t.Errorf("an erased request cannot be shown: %v", err)
	}
	if gone, err := h.Request(ctx, who, q.ID); err != nil || gone.Values != nil {
		t.Errorf("an erased request shows %v, %v", gone, err)
	}
}

func TestRequestCutOff(t *testing.T) {
	h := newHouse(t)
	q, who := h.filled()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Save(ctx, who, q.ID, &Edit{Values: map[string]any{"name": "李四"}}); err == nil {
		t.Error("saved for nobody")
	}
}
