package design_test

import (
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/catalogue"
	"yinzheng/design"
	"yinzheng/store"
	"yinzheng/templates"
)

// house is a district with two administrators, one of whom has a stand-in.
type house struct {
	*design.Designs
	t       *testing.T
	store   *store.Store
	service *yinzheng.Service
	now     time.Time
	a, b    *yinzheng.Account // administrators
	a2      *yinzheng.Account // acts in the name of a
	town    *yinzheng.Account // an administrator of a part
	clerk   *yinzheng.Account
}

var renderer = sync.OnceValues(func() (*templates.Typesetter, error) { return templates.New(templates.Options{}) })

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wants fails the test unless an error is one of the sentinels.
func wants(t *testing.T, err, is error) {
	t.Helper()
	if !errors.Is(err, is) {
		t.Fatalf("error %v, want %v", err, is)
	}
}

func newHouse(t *testing.T) *house {
	t.Helper()
	kept, err := store.OpenMemory(t.Context())
	must(t, err)
	t.Cleanup(func() { must(t, kept.Close()) })
	h := &house{t: t, store: kept, now: time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC)}
	organ := yinzheng.CreditCode("11441302MB2C00002")
	must(t, kept.PutDirectory(t.Context(), yinzheng.NewDirectory(
		[]yinzheng.Division{
			{Code: "441302000000", Name: "惠城区", Level: yinzheng.District},
			{Code: "441302001000", Name: "桥东街道", Parent: "441302000000", Level: yinzheng.Town},
			{Code: "441302001001", Name: "东湖社区", Parent: "441302001000", Level: yinzheng.Village},
		},
		[]yinzheng.Office{
			{ID: "district", Name: "惠城区", Division: "441302000000"}, {ID: "town", Name: "桥东街道", Division: "441302001000", Organ: organ}, {ID: "village", Name: "东湖社区", Division: "441302001001"},
		},
		[]yinzheng.Organ{{Code: organ, Name: "桥东街道办事处", Mark: "专用章", From: h.now.AddDate(-1, 0, 0)}})))
	person := func(id, number, office string, role yinzheng.Role) *yinzheng.Account {
		a := &yinzheng.Account{ID: id, Username: id, Name: id, Person: yinzheng.ID{Type: yinzheng.ResidentID, Number: number}, Grants: []yinzheng.Grant{{Office: office, Role: role, From: h.now.AddDate(-1, 0, 0)}}}
		must(t, kept.PutAccount(t.Context(), a))
		return a
	}
	h.a, h.b = person("a", "441302198010100109", "district", yinzheng.Admin), person("b", "11010519491231002X", "district", yinzheng.Admin)
	h.a2 = person("a2", "110105194912310038", "town", yinzheng.Clerk)
	h.a2.Grants = append(h.a2.Grants, yinzheng.Grant{Office: "district", Role: yinzheng.Admin, For: "a", From: h.now.AddDate(-1, 0, 0)})
	h.town, h.clerk = person("t", "44130219790218005X", "town", yinzheng.Admin), person("c", "441302198503120023", "village", yinzheng.Clerk)
	h.restart()
	return h
}

// restart makes everything anew over the same store, as a new process would.
func (h *house) restart(given ...*yinzheng.Template) (aside []yinzheng.TemplateRef) {
	h.t.Helper()
	ctx := h.t.Context()
	r, err := renderer()
	must(h.t, err)
	if given == nil {
		given = firstVersions(h.t)
	}
	set, aside, err := design.InForce(ctx, h.store, templates.YAML{}, given)
	must(h.t, err)
	clock := func() time.Time { return h.now }
	items, err := catalogue.New(ctx, catalogue.Config{Store: h.store, Template: func(code string) *yinzheng.Template { return h.service.Newest(code) }, Now: clock})
	must(h.t, err)
	h.service, err = yinzheng.New(ctx, yinzheng.Config{Store: h.store, Standings: items, Renderer: r, Templates: set, PublicURL: "https://zm.example.gov.cn", Now: clock, Log: slog.New(slog.DiscardHandler), Argon2Memory: 64})
	must(h.t, err)
	h.Designs = design.New(design.Config{Store: h.store, Service: h.service, Language: templates.YAML{}, Typesetter: r, Catalogue: items, Now: clock})
	return aside
}

// firstVersions are the built-in templates as they were first.
func firstVersions(t testing.TB) []*yinzheng.Template {
	t.Helper()
	all, err := templates.Builtin()
	must(t, err)
	return slices.DeleteFunc(all, func(x *yinzheng.Template) bool { return x.Version > 1 })
}

var keys int

// begin begins a design out of the newest version of residence.
func (h *house) begin() *design.DesignView {
	h.t.Helper()
	keys++
	v, _, err := h.Begin(h.t.Context(), h.a, &design.Begin{Item: "residence", From: &yinzheng.TemplateRef{Code: "residence", Version: h.service.Newest("residence").Version}}, "begin "+strconv.Itoa(keys))
	must(h.t, err)
	return v
}

// write replaces something in a design's text.
func (h *house) write(v *design.DesignView, by *yinzheng.Account, from, to string) *design.DesignView {
	h.t.Helper()
	if !strings.Contains(v.Text, from) {
		h.t.Fatalf("no %q in %s", from, v.Text)
	}
	v, err := h.Save(h.t.Context(), by, v.ID, v.Version, strings.Replace(v.Text, from, to, 1))
	must(h.t, err)
	return v
}

func (h *house) act(v *design.DesignView, by *yinzheng.Account, kind design.Kind, opinion string) *design.DesignView {
	h.t.Helper()
	v, err := h.Act(h.t.Context(), by, v.ID, v.Version, kind, opinion)
	must(h.t, err)
	return v
}

// publishes takes a design through to publication.
func (h *house) publishes(v *design.DesignView) *design.DesignView {
	h.t.Helper()
	return h.act(h.act(v, h.a, design.Send, ""), h.b, design.Publish, "")
}
