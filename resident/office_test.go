package resident

import (
	"errors"
	"slices"
	"testing"

	"yinzheng"
)

// roaming is lodging, taken in by any office of the district.
func roaming() *yinzheng.Template {
	t := lodging()
	t.AnyOffice, t.Version = true, 2
	return t
}

// TestAnotherOffice: a resident chooses an office of the district that has a clerk. That
// one takes the request in, and the village still decides the case.
func TestAnotherOffice(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	h.serve(lodging(), roaming())
	offices := func(name string, limit int, more bool, want ...string) {
		t.Helper()
		list, others, err := h.Service.IntakeOffices(ctx, roaming(), village, name, limit)
		must(t, err)
		var got []string
		for _, o := range list {
			got = append(got, o.ID)
		}
		if !slices.Equal(got, want) || others != more {
			t.Errorf("offices called %s: %v, more: %v", name, got, others)
		}
	}
	offices("", 9, false, "village", "sibling") // the town has no clerk
	offices("", 1, true, "village")
	offices(" 金山 ", 9, false, "sibling")
	offices("桥西", 9, false)

	q, who := h.filled()
	choose := func(office string) error {
		t.Helper()
		saved, err := h.Save(ctx, who, q.ID, &Edit{Chosen: &office})
		if err == nil {
			q = saved
		}
		return err
	}
	for _, office := range []string{"town", "none", "张三"} {
		if err := choose(office); faults(err) != "office" {
			t.Errorf("%s is chosen: %v", office, err)
		}
	}
	must(t, choose("sibling"))
	h.change("sibling", leaves)
	if _, err := h.Send(ctx, who, q.ID, q.Version); faults(err) != "office" {
		t.Errorf("sent where nobody is any more: %v", err)
	}
	h.change("sibling", comesBack)
	q, err := h.Send(ctx, who, q.ID, q.Version)
	must(t, err)
	if q.Office != "sibling" {
		t.Errorf("sent to %s", q.Office)
	}
	if _, err := h.At(ctx, h.people["clerk"], q.ID); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("the village sees it: %v", err)
	}
	id, err := h.Take(ctx, h.people["sibling"], q.ID, q.Version)
	must(t, err)
	c, err := h.Service.Application(ctx, h.people["sibling"], id)
	must(t, err)
	c, err = h.Service.SubmitApplication(ctx, h.people["sibling"], id, c.Version)
	must(t, err)
	if c.Office != "sibling" || c.Division != village || c.Step.Key != "village" || c.Desks[0].Office != "village" {
		t.Errorf("the case is of %s about %s, waits at %v", c.Office, c.Division, c.Desks)
	}
}

// TestNoOtherOffice: without any_office a request goes to the nearest office only, also
// when its item was otherwise as the office was chosen.
func TestNoOtherOffice(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	q, who := h.filled()
	chosen, nearest := "sibling", ""
	if _, err := h.Save(ctx, who, q.ID, &Edit{Chosen: &chosen}); faults(err) != "office" {
		t.Errorf("chosen: %v", err)
	}
	h.serve(lodging(), roaming())
	_, err := h.Save(ctx, who, q.ID, &Edit{Chosen: &chosen})
	must(t, err)
	h.serve(lodging())
	if _, err := h.Send(ctx, who, q.ID, q.Version+1); !errors.Is(err, yinzheng.ErrConflict) {
		t.Errorf("sent to another office than was chosen, unseen: %v", err)
	}
	q, err = h.Save(ctx, who, q.ID, &Edit{Chosen: &nearest})
	must(t, err)
	if q, err = h.Send(ctx, who, q.ID, q.Version); err != nil || q.Office != "village" {
		t.Errorf("sent to %s, %v", q.Office, err)
	}
}
