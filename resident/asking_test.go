package resident

import (
	"errors"
	"slices"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/attachments/picturetest"
)

// taken is a request of kinship that the clerk has made a case of.
func (h *house) taken() (*Request, *yinzheng.Resident) {
	h.t.Helper()
	place := village
	q, who := h.beginFor("kinship", nil)
	_, err := h.Save(h.ctx, who, q.ID, &Edit{Division: &place, Values: map[string]any{"name": "张三丰", "id": holder, "relatives": []any{map[string]any{"name": "赵甲"}}}})
	must(h.t, err)
	for i, material := range []string{"book", "photo"} {
		q, err = h.AddFile(h.ctx, who, q.ID, &yinzheng.NewAttachment{Material: material, Name: "照片.jpg", File: picturetest.Photo(uint8(20 * i))})
		must(h.t, err)
	}
	q, err = h.Send(h.ctx, who, q.ID, q.Version)
	must(h.t, err)
	q, err = h.Act(h.ctx, h.people["clerk"], q.ID, q.Version, &Step{Action: yinzheng.TakeRequest})
	must(h.t, err)
	return q, who
}

// TestAsking: while the clerk mends the case of a request, the resident is asked for
// something, answers with a file and in words, and the file comes to the case.
func TestAsking(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	q, who := h.taken()
	clerk := h.people["clerk"]
	for name, in := range map[string]*Question{"no text": {Text: " "}, "no time": {Text: "请补", Days: -1}, "for ever": {Text: "请补", Days: 31}} {
		if err := h.Ask(ctx, clerk, q.ID, q.Version, in); !errors.Is(err, yinzheng.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := h.Ask(ctx, clerk, q.ID, q.Version-1, &Question{Text: "请补"}); !errors.Is(err, yinzheng.ErrConflict) {
		t.Errorf("an earlier version: %v", err)
	}
	if err := h.Answer(ctx, who, q.ID, "给您"); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("answered before anybody asked: %v", err)
	}
	q, err := h.Act(ctx, clerk, q.ID, q.Version, &Step{Action: yinzheng.AskResident, Text: "照片糊了，请重拍", Mend: []string{"attachments.photo", "attachments.none", "values.name"}, Days: 3})
	must(t, err)
	if q.State != yinzheng.RequestAsked || !q.Due.Equal(h.Service.DueIn(3)) || len(q.LastSaid().Mend) != 1 || len(q.Answering()) != 0 {
		t.Errorf("asked: %+v", q)
	}
	if _, err := h.AnswerFile(ctx, who, q.ID, &yinzheng.NewAttachment{Material: "book", Name: "a.jpg", File: picturetest.Photo(90)}); faults(err) != "material" {
		t.Errorf("a material that nobody asks for: %v", err)
	}
	if _, err := h.Save(ctx, who, q.ID, &Edit{Values: map[string]any{"name": "李四"}}); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("the content was changed: %v", err)
	}
	if err := h.Answer(ctx, who, q.ID, " "); faults(err) != "text" {
		t.Errorf("an empty answer: %v", err)
	}
	for _, shade := range []uint8{100, 150} {
		q, err = h.AnswerFile(ctx, who, q.ID, &yinzheng.NewAttachment{Material: "photo", Name: "新照片.jpg", File: picturetest.Photo(shade)})
		must(t, err)
	}
	q, err = h.DropAnswerFile(ctx, who, q.ID, 4)
	must(t, err)
	if q, err = h.DropAnswerFile(ctx, who, q.ID, 1); err != nil || len(q.Files) != 3 || len(q.Answering()) != 1 {
		t.Errorf("files %v, %v", q.Files, err)
	}
	must(t, h.Answer(ctx, who, q.ID, "重拍了\r\n谢谢"))
	if err := h.Answer(ctx, who, q.ID, "再说一次"); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("answered twice: %v", err)
	}
	if list, err := h.Service.Notices(ctx, clerk, 0, 9); err != nil || list[0].Kind != "request-answered" || list[0].About != q.ID {
		t.Errorf("the clerk is told %+v, %v", list, err)
	}
	q, err = h.At(ctx, clerk, q.ID)
	must(t, err)
	if q.State != yinzheng.RequestAnswered || q.Answers[0].Text != "重拍了\n谢谢" || q.Case == "" {
		t.Errorf("answered: %+v", q)
	}
	if err := h.AttachAnswer(ctx, clerk, q.ID, q.Version, []int{99}); faults(err) != "files" {
		t.Errorf("no file: %v", err)
	}
	for range 2 { // pressed twice
		must(t, h.AttachAnswer(ctx, clerk, q.ID, q.Version, []int{3}))
	}
	c, err := h.Service.Application(ctx, clerk, q.Case)
	must(t, err)
	if n := len(c.Attachments); n != 3 || c.Attachments[2].Digest != q.Answering()[0].Digest {
		t.Errorf("the case has %d files", n)
	}
}

// TestAskingRights: nobody asks about a case that is not theirs to mend now, nor is
// anything answered that the case does not wait for any more.
func TestAskingRights(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	q, who := h.taken()
	_, stranger := h.filled()
	ask := func(by string) error { return h.Ask(ctx, h.people[by], q.ID, q.Version, &Question{Text: "请补"}) }
	for _, by := range []string{"sibling", "town"} {
		if err := ask(by); !errors.Is(err, yinzheng.ErrNotFound) {
			t.Errorf("%s asks: %v", by, err)
		}
	}
	must(t, ask("clerk"))
	if err := h.Answer(ctx, stranger, q.ID, "给您"); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("a stranger answers: %v", err)
	}
	if _, err := h.AnswerFile(ctx, stranger, q.ID, &yinzheng.NewAttachment{Material: "book", Name: "a.jpg", File: picturetest.Photo(90)}); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("a stranger sends a file: %v", err)
	}
	c, err := h.Service.Application(ctx, h.people["clerk"], q.Case)
	must(t, err)
	c, err = h.Service.SubmitApplication(ctx, h.people["clerk"], c.ID, c.Version)
	must(t, err)
	if err := h.Answer(ctx, who, q.ID, "给您"); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("answered after the case was handed in: %v", err)
	}
	q, err = h.At(ctx, h.people["clerk"], q.ID)
	must(t, err)
	if err := ask("clerk"); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("asked while the town decides: %v", err)
	}
	_, err = h.Service.Decide(ctx, h.people["town"], c.ID, c.Version, yinzheng.Decision{Action: yinzheng.Return, Opinion: "请补户口簿"})
	must(t, err)
	must(t, ask("clerk"))
	me := &yinzheng.Resident{Name: "张三丰", ID: yinzheng.ID{Type: yinzheng.ResidentID, Number: holder}}
	f, err := h.Follow(ctx, me, c.ID)
	must(t, err)
	if f.Asking == nil || f.Asking.ID != q.ID || f.Mine || !f.Asking.Due.Equal(f.Mend.Due) {
		t.Errorf("followed: %+v", f)
	}
	must(t, h.Answer(ctx, who, q.ID, "给您"))
	if f, err = h.Follow(ctx, me, c.ID); err != nil || f.Asking != nil {
		t.Errorf("answered, it is still asked: %+v, %v", f, err)
	}
}

// TestActOnRequest: an act that is none is refused, to whom the request exists for.
func TestActOnRequest(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	q, _ := h.requested()
	if _, err := h.Act(ctx, h.people["clerk"], q.ID, q.Version, &Step{Action: "burn"}); faults(err) != "action" {
		t.Errorf("burnt: %v", err)
	}
	if _, err := h.Act(ctx, h.people["town"], q.ID, q.Version, &Step{Action: "burn"}); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("by a stranger: %v", err)
	}
	for _, act := range []yinzheng.RequestAct{yinzheng.AskResident, yinzheng.AttachAnswer} {
		if _, err := h.Act(ctx, h.people["clerk"], q.ID, q.Version, &Step{Action: act, Text: "请补", Files: []int{1}}); !errors.Is(err, yinzheng.ErrState) {
			t.Errorf("%s before it was taken in: %v", act, err)
		}
	}
}

// TestAskedDraftStays: a draft is not erased while its resident is asked, or has just
// answered, though nobody has touched the case itself.
func TestAskedDraftStays(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	q, who := h.taken()
	stays := func(days int) {
		t.Helper()
		h.now = h.now.AddDate(0, 0, days)
		_, err := h.Service.EraseInTime(ctx)
		must(t, err)
		row, err := h.store.ResidentRequest(ctx, q.ID)
		must(t, err)
		if c, err := h.store.Application(ctx, q.Case); err != nil || c.State != yinzheng.Draft || row.Content == nil {
			t.Fatalf("erased: %s, %v", c.State, err)
		}
	}
	stays(80) // its office is told
	must(t, h.Ask(ctx, h.people["clerk"], q.ID, q.Version, &Question{Text: "照片糊了，请重拍"}))
	stays(20)
	must(t, h.Answer(ctx, who, q.ID, "重拍了"))
	stays(89)
	h.now = h.now.AddDate(0, 0, 2)
	if erased, err := h.Service.EraseInTime(ctx); err != nil || erased[yinzheng.RetainDrafts] != 1 {
		t.Errorf("nobody goes on with it: %v, %v", erased, err)
	}
}

// TestAnswerToWhoAsked: of an answer those are told who asked for it, who took in what
// its own office had nobody for.
func TestAnswerToWhoAsked(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	h.change("town", isClerk)
	q, who := h.requested()
	h.now = q.Due
	must(t, h.Tend(ctx))
	q, err := h.At(ctx, h.people["town"], q.ID)
	must(t, err)
	q, err = h.Act(ctx, h.people["town"], q.ID, q.Version, &Step{Action: yinzheng.TakeRequest})
	must(t, err)
	must(t, h.Ask(ctx, h.people["town"], q.ID, q.Version, &Question{Text: "请补户口簿"}))
	must(t, h.Answer(ctx, who, q.ID, "补了"))
	for by, want := range map[string]bool{"town": true, "clerk": false} {
		told, err := h.Service.Notices(ctx, h.people[by], 0, 9)
		must(t, err)
		if got := slices.ContainsFunc(told, func(n yinzheng.Notice) bool { return n.Kind == yinzheng.RequestAnswered.Event() }); got != want {
			t.Errorf("%s is told of the answer: %v", by, got)
		}
	}
}

// TestUnanswered: when a resident has not answered by the day they were given, the clerks
// who wait for it are told, once; and nobody once they have gone on without.
func TestUnanswered(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	clerk := h.people["clerk"]
	told := func(who string) int { return h.told(who, yinzheng.EventRequestUnanswered) }
	tends := func(now time.Time, want int) {
		t.Helper()
		h.now = now
		must(t, h.Tend(ctx))
		must(t, h.Tend(ctx))
		if got := told("clerk"); got != want || told("sibling") != 0 || told("town") != 0 {
			t.Errorf("told %d times by %s, want %d; others %d, %d", got, now, want, told("sibling"), told("town"))
		}
	}
	asks := func(q *Request) *Request {
		t.Helper()
		q, err := h.Act(ctx, clerk, q.ID, q.Version, &Step{Action: yinzheng.AskResident, Text: "请补"})
		must(t, err)
		return q
	}
	q, who := h.taken()
	q = asks(q)
	tends(q.Due.Add(-time.Second), 0)
	tends(q.Due, 1)
	q, err := h.At(ctx, clerk, q.ID)
	must(t, err)
	if !q.Unanswered {
		t.Error("the request does not say so")
	}
	if q = asks(q); q.Unanswered {
		t.Error("asked anew, it is past already")
	}
	tends(q.Due, 2)
	must(t, h.Answer(ctx, who, q.ID, "给您"))
	tends(q.Due.AddDate(0, 1, 0), 2)

	other, _ := h.taken()
	other = asks(other)
	c, err := h.Service.Application(ctx, clerk, other.Case)
	must(t, err)
	_, err = h.Service.SubmitApplication(ctx, clerk, c.ID, c.Version)
	must(t, err)
	tends(other.Due, 2)
}
