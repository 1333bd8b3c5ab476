package resident

import (
	"errors"
	"strings"
	"testing"
	"time"

	"yinzheng"
)

// TestFlood: an office gets so many requests in a day that nobody vouches for. What is
// over that is kept, and is sent another day; others are not held up.
func TestFlood(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	clerk := h.people["clerk"]
	sends := func(q *Request, who *yinzheng.Resident) error {
		_, err := h.Send(ctx, who, q.ID, q.Version)
		return err
	}
	first, asker := h.requested()
	returned, mender := h.requested()
	for range mostUnvouched - 2 {
		h.requested()
	}
	q, who := h.filled()
	refused := sends(q, who)
	var said *yinzheng.Error
	if !errors.Is(refused, yinzheng.ErrTooMany) || !errors.As(refused, &said) || !strings.Contains(said.Text.ZH, "到窗口办理") {
		t.Errorf("one more: %v", refused)
	}
	if kept, err := h.Request(ctx, who, q.ID); err != nil || kept.State != yinzheng.RequestDraft || kept.Values["name"] != "张三丰" {
		t.Errorf("of what was not sent is left %+v, %v", kept, err)
	}
	_, err := h.TakeBack(ctx, asker, first.ID)
	must(t, err)
	if err := sends(q, who); !errors.Is(err, yinzheng.ErrTooMany) {
		t.Errorf("what is taken back makes room: %v", err)
	}

	known, me := h.beginFor("lodging", &yinzheng.Resident{Name: "张三丰", ID: yinzheng.ID{Type: yinzheng.ResidentID, Number: holder}})
	here, elsewhere := village, sibling
	known, err = h.Save(ctx, me, known.ID, &Edit{Division: &here, Applicant: &yinzheng.Applicant{As: yinzheng.AsHolder}})
	must(t, err)
	must(t, sends(known, me))
	other, they := h.filled()
	other, err = h.Save(ctx, they, other.ID, &Edit{Division: &elsewhere})
	must(t, err)
	must(t, sends(other, they))

	must(t, h.Return(ctx, clerk, returned.ID, returned.Version, "请补正", nil))
	must(t, sends(q, who)) // an answer makes room
	returned, err = h.Request(ctx, mender, returned.ID)
	must(t, err)
	must(t, sends(returned, mender))
	q, who = h.filled()
	if err := sends(q, who); !errors.Is(err, yinzheng.ErrTooMany) {
		t.Errorf("one more again: %v", err)
	}
	h.now = time.Date(2026, 11, 3, 0, 0, 0, 0, yinzheng.Zone)
	must(t, sends(q, who))
}

// TestIntakePages: a clerk reads page by page, those first of whom a provider vouches for.
func TestIntakePages(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	for range 2 {
		h.requested()
	}
	known, me := h.beginFor("lodging", &yinzheng.Resident{Name: "张三丰", ID: yinzheng.ID{Type: yinzheng.ResidentID, Number: holder}})
	place := village
	known, err := h.Save(ctx, me, known.ID, &Edit{Division: &place, Applicant: &yinzheng.Applicant{As: yinzheng.AsHolder}})
	must(t, err)
	_, err = h.Send(ctx, me, known.ID, known.Version)
	must(t, err)

	clerk := h.people["clerk"]
	seen, cursor := map[string]bool{}, ""
	for page := range 3 {
		list, next, err := h.Intake(ctx, clerk, yinzheng.RequestSent, cursor, 1)
		must(t, err)
		if len(list) != 1 || seen[list[0].ID] || list[0].Vouched() != (page == 0) || (next == "") != (page == 2) {
			t.Errorf("page %d: %+v, then %q", page, list, next)
		}
		seen[list[0].ID], cursor = true, next
	}
	if _, _, err := h.Intake(ctx, clerk, yinzheng.RequestSent, "next", 1); !errors.Is(err, yinzheng.ErrInvalid) {
		t.Errorf("a cursor that is none: %v", err)
	}
}
