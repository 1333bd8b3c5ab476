package yinzheng_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"yinzheng"
)

// TestCompare: what somebody says is held against the record by those whom that is
// for, who leave a trace. To anybody else there is none, and they leave none.
func TestCompare(t *testing.T) {
	h := withRegister(t, "kinship")
	h.bring("2026-11-01", persons)
	for _, tt := range []struct {
		who             string
		id, name        any
		otherwise, same string
		want            error
	}{
		{"clerk", wang, "张三丰", "values.name", "values.id values.note", nil},
		{"clerk", wang, "王丽", "", "values.id values.name values.note", nil},
		{"townclerk", wang, "张三丰", "values.name", "values.id values.note", nil},
		{"sibling", wang, "张三丰", "", "", yinzheng.ErrNotFound},
		{"clerk", chen, "张三丰", "", "", yinzheng.ErrNotFound},
		{"clerk", map[string]any{"type": "none", "reason": "新生儿"}, "张三丰", "", "", yinzheng.ErrNotFound},
	} {
		by := h.people[tt.who]
		p, err := h.Propose(h.ctx, by, &yinzheng.NewApplication{Item: "kin", Division: testVillage, Values: map[string]any{"id": tt.id, "name": tt.name, "note": "滨江路  8 号", "purpose": "入学"}})
		must(t, err)
		c, err := h.Compare(h.ctx, by, p, "request R1")
		if !errors.Is(err, tt.want) {
			t.Errorf("%s of %v: %v", tt.who, tt.id, err)
		}
		if c == nil {
			continue
		}
		var otherwise []string
		for _, f := range c.Otherwise {
			otherwise = append(otherwise, f.Field)
			if f.OnRecord != "王丽" || f.FilledIn != tt.name || f.Source != "常住人口登记" {
				t.Errorf("%s: %+v", tt.who, f)
			}
		}
		slices.Sort(c.Same)
		if got := strings.Join(otherwise, " "); got != tt.otherwise || strings.Join(c.Same, " ") != tt.same || c.Died != nil {
			t.Errorf("%s: otherwise %s, same %s, died %v", tt.who, got, c.Same, c.Died)
		}
	}
	found, err := h.store.PersonsBy(h.ctx, []yinzheng.PersonKey{yinzheng.ByDocument(yinzheng.ID{Type: yinzheng.ResidentID, Number: wang})})
	must(t, err)
	events, err := h.store.EventsAbout(h.ctx, found[0].ID)
	must(t, err)
	looked := map[string]int{}
	for _, e := range events {
		if e.Kind == yinzheng.EventPersonRead && e.Detail == "request R1" {
			looked[e.By]++
		}
	}
	if looked[h.people["clerk"].ID] != 2 || looked[h.people["townclerk"].ID] != 1 || len(looked) != 2 {
		t.Errorf("on record are the looks of %v", looked)
	}
}

// TestCompareDied: a death on record is told beside what somebody asks for.
func TestCompareDied(t *testing.T) {
	h := withRegister(t, "kinship")
	h.bring("2026-11-01", "id,name,division,died\n"+wang+",王丽,"+testVillage+",2026-10-01\n")
	p, err := h.Propose(h.ctx, h.people["clerk"], &yinzheng.NewApplication{Item: "kin", Division: testVillage, Values: map[string]any{"id": wang, "name": "王丽"}})
	must(t, err)
	c, err := h.Compare(h.ctx, h.people["clerk"], p, "request R1")
	must(t, err)
	if c.Died == nil || c.Died.Value != "2026-10-01" {
		t.Errorf("died: %v", c.Died)
	}
}
