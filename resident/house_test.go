package resident

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/attachments"
	"yinzheng/store"
	"yinzheng/templates"
)

// house is residents over a real service and store, on a clock of their own: a
// town with a village of two clerks.
type house struct {
	*Residents
	t      *testing.T
	ctx    context.Context
	store  *store.Store
	now    time.Time
	people map[string]*yinzheng.Account
	log    strings.Builder
	cases  int
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const district, town, village, sibling = "441302000000", "441302001000", "441302001001", "441302001002"

var holder = yinzheng.ResidentNumber("44130219900307012")

func lodging() *yinzheng.Template {
	both := func(s string) yinzheng.Text { return yinzheng.Text{ZH: s, EN: s} }
	return &yinzheng.Template{
		Code: "lodging", Short: "LO", Version: 1, Name: both("居住证明"), Basis: []string{"某法"}, Subject: "none", Issuer: yinzheng.Town, TypeCode: "11100000000013338W098",
		Chain: []yinzheng.Step{
			{Key: "village", Name: both("核实"), Level: yinzheng.Village, Role: yinzheng.Clerk},
			{Key: "town", Name: both("审批"), Level: yinzheng.Town, Role: yinzheng.Approver, Limit: 3},
		},
		Fields: []yinzheng.Field{{Key: "name", Type: yinzheng.NameField, Label: both("姓名")}, {Key: "id", Type: yinzheng.IDField, Label: both("证件")}},
		Token:  yinzheng.TokenFields{Name: "name", ID: "id"},
		Page:   yinzheng.PageText{Title: "居住证明", Body: []yinzheng.Block{{Text: "兹证明{name}（{id}）。"}}},
	}
}

func newHouse(t *testing.T) *house {
	t.Helper()
	st, err := store.OpenMemory(t.Context())
	must(t, err)
	t.Cleanup(func() { must(t, st.Close()) })
	h := &house{t: t, ctx: t.Context(), store: st, now: time.Date(2026, 11, 2, 9, 0, 0, 0, yinzheng.Zone), people: map[string]*yinzheng.Account{}}
	organ := yinzheng.CreditCode("11441302MB2C00002")
	must(t, st.PutDirectory(h.ctx, yinzheng.NewDirectory([]yinzheng.Division{
		{Code: district, Name: "惠城区", Level: yinzheng.District},
		{Code: town, Name: "桥西街道", Parent: district, Level: yinzheng.Town},
		{Code: village, Name: "下角社区", Parent: town, Level: yinzheng.Village},
		{Code: sibling, Name: "金山社区", Parent: town, Level: yinzheng.Village},
	}, []yinzheng.Office{
		{ID: "town", Name: "桥西街道办事处", Division: town, Organ: organ},
		{ID: "village", Name: "下角社区居委会", Division: village},
		{ID: "sibling", Name: "金山社区居委会", Division: sibling},
	}, []yinzheng.Organ{{Code: organ, Name: "桥西街道办事处", Mark: "专用章", From: h.now.AddDate(-1, 0, 0)}})))
	for i, p := range []struct {
		id, office string
		role       yinzheng.Role
	}{{"clerk", "village", yinzheng.Clerk}, {"sibling", "sibling", yinzheng.Clerk}, {"town", "town", yinzheng.Approver}} {
		h.people[p.id] = &yinzheng.Account{
			ID: p.id, Username: p.id, Name: "某" + p.id, Person: yinzheng.ID{Type: yinzheng.ResidentID, Number: yinzheng.ResidentNumber(fmt.Sprintf("44130219750101%03d", i+1))},
			Grants: []yinzheng.Grant{{Office: p.office, Role: p.role, From: h.now.AddDate(-1, 0, 0)}},
		}
		must(t, st.PutAccount(h.ctx, h.people[p.id]))
	}
	h.serve(lodging(), kinship())
	return h
}

// serve starts the service anew with other templates.
func (h *house) serve(items ...*yinzheng.Template) {
	h.t.Helper()
	renderer, err := templates.New(templates.Options{})
	must(h.t, err)
	log := slog.New(slog.NewTextHandler(&h.log, nil))
	service, err := yinzheng.New(h.ctx, yinzheng.Config{
		Store: h.store, Renderer: renderer, Templates: items, Cleaner: attachments.New(), PublicURL: "https://zm.example.gov.cn", Channels: []yinzheng.MessageChannel{yinzheng.SMS}, Now: func() time.Time { return h.now }, Log: log, Argon2Memory: 64,
	})
	must(h.t, err)
	h.Residents = New(Config{Service: service, Log: log})
}

// change changes an account.
func (h *house) change(who string, how func(*yinzheng.Account)) {
	h.t.Helper()
	a, err := h.store.Account(h.ctx, h.people[who].ID)
	must(h.t, err)
	how(a)
	must(h.t, h.store.PutAccount(h.ctx, a))
	h.people[who], err = h.store.Account(h.ctx, a.ID)
	must(h.t, err)
}

// told counts the notices of a kind that somebody has.
func (h *house) told(who, kind string) int {
	h.t.Helper()
	list, err := h.Service.Notices(h.ctx, h.people[who], 0, 99)
	must(h.t, err)
	n := 0
	for i := range list {
		if list[i].Kind == kind {
			n++
		}
	}
	return n
}

func leaves(a *yinzheng.Account)    { a.Disabled = true }
func comesBack(a *yinzheng.Account) { a.Disabled = false }
func isClerk(a *yinzheng.Account)   { a.Grants[0].Role = yinzheng.Clerk }

// draft is a case that the village has begun, handedIn one that it has handed in.
func (h *house) draft() *yinzheng.CaseView {
	h.t.Helper()
	h.cases++
	in := &yinzheng.NewApplication{Item: "lodging", Values: map[string]any{"name": "张三丰", "id": holder}}
	c, _, err := h.Service.CreateApplication(h.ctx, h.people["clerk"], in, fmt.Sprint("key-", h.cases))
	must(h.t, err)
	return c
}

func (h *house) handedIn() *yinzheng.CaseView {
	h.t.Helper()
	c := h.draft()
	c, err := h.Service.SubmitApplication(h.ctx, h.people["clerk"], c.ID, c.Version)
	must(h.t, err)
	return c
}
