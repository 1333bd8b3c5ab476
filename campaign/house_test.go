package campaign_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/campaign"
	"yinzheng/offices"
	"yinzheng/register"
	"yinzheng/store"
	"yinzheng/store/storetest"
	"yinzheng/templates"
)

const (
	district = "441302000000"
	town     = "441302001000"
	north    = "441302001001"
	south    = "441302001002"
	town2    = "441302002000"
	west     = "441302002001"
)

// house is campaigns over a real service and store, on a clock of their own.
type house struct {
	*campaign.Campaigns
	t       *testing.T
	ctx     context.Context
	store   *store.Store
	failing *storetest.Failing
	service *yinzheng.Service
	now     time.Time
	people  map[string]*yinzheng.Account
	log     strings.Builder
	keys    int
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// alive is a survival certificate: village and town.
func alive() *yinzheng.Template {
	both := func(s string) yinzheng.Text { return yinzheng.Text{ZH: s, EN: s} }
	return &yinzheng.Template{
		Code: "survival", Short: "SV", Version: 1, Name: both("生存核验证明"), Basis: []string{"某法"}, Subject: "alive", Issuer: yinzheng.Town, TypeCode: "11100000000013338W098",
		Chain: []yinzheng.Step{
			{Key: "village", Name: both("走访"), Level: yinzheng.Village, Role: yinzheng.Clerk},
			{Key: "town", Name: both("审批"), Level: yinzheng.Town, Role: yinzheng.Approver},
		},
		Fields: []yinzheng.Field{
			{Key: "name", Type: yinzheng.NameField, Label: both("姓名"), Record: "name"},
			{Key: "id", Type: yinzheng.IDField, Label: both("证件"), Record: "id"},
			{Key: "address", Type: yinzheng.TextField, Label: both("住址"), Max: 50, Record: "address"},
			{Key: "kind", Type: yinzheng.TextField, Label: both("待遇"), Max: 20, Optional: true},
		},
		Token: yinzheng.TokenFields{Name: "name", ID: "id"},
		Page:  yinzheng.PageText{Title: "生存核验证明", Body: []yinzheng.Block{{Text: "兹证明{name}（{id}）住{address}，经核验健在。"}}},
	}
}

var renderer = sync.OnceValues(func() (*templates.Typesetter, error) { return templates.New(templates.Options{}) })

func newHouse(t *testing.T) *house {
	t.Helper()
	kept, err := store.OpenMemory(t.Context())
	must(t, err)
	t.Cleanup(func() { must(t, kept.Close()) })
	h := &house{t: t, ctx: t.Context(), store: kept, failing: &storetest.Failing{Store: kept}, now: time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC), people: map[string]*yinzheng.Account{}}
	division := func(code, parent string, level yinzheng.Level) yinzheng.Division {
		return yinzheng.Division{Code: code, Name: "区划" + code, Parent: parent, Level: level}
	}
	organ := yinzheng.CreditCode("11441302MB2C00002")
	must(t, kept.PutDirectory(h.ctx, yinzheng.NewDirectory(
		[]yinzheng.Division{
			division(district, "", yinzheng.District), division(town, district, yinzheng.Town), division(north, town, yinzheng.Village), division(south, town, yinzheng.Village),
			division(town2, district, yinzheng.Town), division(west, town2, yinzheng.Village),
		},
		[]yinzheng.Office{
			{ID: "district", Name: "惠城区", Division: district},
			{ID: "town", Name: "桥东街道", Division: town, Organ: organ},
			{ID: "north", Name: "北社区", Division: north},
			{ID: "south", Name: "南社区", Division: south},
			{ID: "town2", Name: "桥西街道", Division: town2},
			{ID: "west", Name: "西社区", Division: west},
		},
		[]yinzheng.Organ{{Code: organ, Name: "桥东街道办事处", Mark: "专用章", From: h.now.AddDate(-1, 0, 0)}})))
	for i, p := range []struct {
		id, office string
		role       yinzheng.Role
	}{
		{"north", "north", yinzheng.Clerk},
		{"north2", "north", yinzheng.Clerk},
		{"south", "south", yinzheng.Clerk},
		{"west", "west", yinzheng.Clerk},
		{"town", "town", yinzheng.Approver},
		{"townclerk", "town", yinzheng.Clerk},
		{"towntoo", "town", yinzheng.Approver},
		{"townadmin", "town", yinzheng.Admin},
		{"town2", "town2", yinzheng.Approver},
		{"admin", "district", yinzheng.Admin},
		{"department", "district", yinzheng.Department},
	} {
		h.people[p.id] = &yinzheng.Account{
			ID: p.id, Username: p.id, Name: "某" + p.id, Person: yinzheng.ID{Type: yinzheng.ResidentID, Number: resident("19750101", i+1)},
			Grants: []yinzheng.Grant{{Office: p.office, Role: p.role, From: h.now.AddDate(-1, 0, 0)}},
		}
		must(t, kept.PutAccount(h.ctx, h.people[p.id]))
	}
	h.restart()
	return h
}

// restart makes everything anew over the same store, as a new process would.
func (h *house) restart() {
	h.t.Helper()
	r, err := renderer()
	must(h.t, err)
	log := slog.New(slog.NewTextHandler(&h.log, nil))
	h.service, err = yinzheng.New(h.ctx, yinzheng.Config{
		Store: h.failing, Renderer: r, Register: &register.Register{Kept: h.store}, Templates: []*yinzheng.Template{alive()}, PublicURL: "https://zm.example.gov.cn",
		Now: func() time.Time { return h.now }, Log: log, Argon2Memory: 64,
	})
	must(h.t, err)
	h.Campaigns = campaign.New(campaign.Config{Service: h.service, Log: log})
}

// resident is a resident ID of somebody born on a day.
func resident(born string, n int) string {
	return yinzheng.ResidentNumber(fmt.Sprintf("441302%s%03d", born, n))
}

// holder is the n-th holder's document.
func holder(n int) string { return resident("19400101", n) }

// names are those of the holders, in their order on a roster.
var names = []string{"丁一", "丁二", "丁五", "丁八", "丁六"}

// list are the first n holders, in a division; they give their address by the
// register if there is one.
func list(n int, division string) []campaign.Person {
	out := make([]campaign.Person, n)
	for i := range out {
		out[i] = campaign.Person{ID: holder(i + 1), Name: names[i], Division: division}
	}
	return out
}

// registers brings a register of the district in: lines of id,name,division,address,died.
func (h *house) registers(asOf string, lines ...string) {
	h.t.Helper()
	data := []byte("id,name,division,address,died\n" + strings.Join(lines, "\n") + "\n")
	m, err := h.service.BeginImport(h.people["admin"], "district", "常住人口登记", asOf, data)
	must(h.t, err)
	p, err := register.Plan(h.ctx, h.store, h.service.Directory(), m, data)
	must(h.t, err)
	must(h.t, h.service.ImportPersons(h.ctx, h.people["admin"], p, false))
}

// registered has the first n holders on record, in a division.
func (h *house) registered(n int, division string) {
	h.t.Helper()
	lines := make([]string, n)
	for i := range lines {
		lines[i] = fmt.Sprintf("%s,%s,%s,滨江路 %d 号,", holder(i+1), names[i], division, i+1)
	}
	h.registers("2026-10-31", lines...)
}

// start begins the town's campaign over some people.
func (h *house) start(people ...campaign.Person) *campaign.CampaignView {
	h.t.Helper()
	h.keys++
	v, _, err := h.Start(h.ctx, h.people["town"], &campaign.NewCampaign{Item: "survival", Period: "2026-11", People: people}, fmt.Sprint("key", h.keys), false)
	must(h.t, err)
	return v
}

// see enters one sighting, which has to do.
func (h *house) see(who string, v *campaign.CampaignView, s campaign.Sighting) campaign.Entered {
	h.t.Helper()
	rows, err := h.Enter(h.ctx, h.people[who], v.ID, []campaign.Sighting{s})
	must(h.t, err)
	return rows[0]
}

func (h *house) present(entry, version int) campaign.Sighting {
	return campaign.Sighting{Entry: entry, Version: version, Outcome: campaign.SeenPresent, How: campaign.ByPhone, Day: h.now.In(yinzheng.Zone).Format(time.DateOnly)}
}

// make orders the cases and makes them.
func (h *house) make(v *campaign.CampaignView) {
	h.t.Helper()
	now, err := h.View(h.ctx, h.people["town"], v.ID)
	must(h.t, err)
	_, err = h.Act(h.ctx, h.people["town"], v.ID, now.Version, campaign.Make, "")
	must(h.t, err)
	must(h.t, h.Round(h.ctx))
}

// entry is an entry as the town sees it.
func (h *house) entry(v *campaign.CampaignView, number int) *campaign.EntryView {
	h.t.Helper()
	e, err := h.Entry(h.ctx, h.people["town"], v.ID, number)
	must(h.t, err)
	return e
}

// issued gives a holder a certificate of the item, as an earlier month would
// have; its PDF is of no use.
func (h *house) issued(n int, values map[string]any, division, status string) string {
	h.t.Helper()
	values["id"], values["name"] = holder(n), names[n-1]
	by := h.people["townclerk"]
	if division == west {
		by = h.people["west"]
	}
	v, _, err := h.service.CreateApplication(h.ctx, by, &yinzheng.NewApplication{Item: "survival", Values: values, Division: division}, fmt.Sprint("issued", n, h.now))
	must(h.t, err)
	c := h.certified(v.ID, n, yinzheng.Submit, yinzheng.Approve, yinzheng.Approve)
	if status != "" {
		c.Status = yinzheng.Status(status)
		must(h.t, h.store.SetStatus(h.ctx, c, yinzheng.StatusOK))
	}
	return c.Code
}

// certified takes a case of the n-th holder to its certificate, by these acts first.
func (h *house) certified(id string, n int, kinds ...yinzheng.ActionKind) *yinzheng.Certificate {
	h.t.Helper()
	a, err := h.store.Application(h.ctx, id)
	must(h.t, err)
	code := fmt.Sprintf("CERT%08d", n) + fmt.Sprint(h.now.Unix()%1000)
	actions := a.Actions
	for _, kind := range append(kinds, yinzheng.Reserve, yinzheng.Issue) {
		x := yinzheng.Action{Seq: len(actions) + 1, At: h.now, Kind: kind, By: "earlier", Office: "town", Role: yinzheng.Clerk}
		if kind == yinzheng.Reserve {
			x.Code = code
		}
		actions = append(actions, x)
	}
	done := yinzheng.Fold(a.ID, alive(), actions)
	must(h.t, h.store.SaveApplication(h.ctx, done, a.Version))
	lst, err := h.store.OpenStatusList(h.ctx)
	must(h.t, err)
	c := &yinzheng.Certificate{
		Code: code, Number: "1.2.156.3005.2." + code, Application: a.ID, Template: done.Template, Short: "SV", Organ: "O", OrganName: "街道", Division: a.Division, Name: "丁*", Holder: names[n-1],
		IssuedAt: h.now, Expires: h.now.AddDate(0, 2, 0), List: lst, Index: len(h.people)*1000 + n + int(h.now.Unix()%100)*10, Status: yinzheng.StatusReserved, StatusAt: h.now, Salt: []byte("0123456789abcdef"),
	}
	must(h.t, h.store.Reserve(h.ctx, c))
	pdf := []byte("%PDF-" + code)
	c.Status, c.Digest, c.Token = yinzheng.StatusOK, yinzheng.DigestPDF(pdf), "token"
	must(h.t, h.store.FinishIssue(h.ctx, c, pdf))
	return c
}

// reorganise carries out an order of the topmost office at once.
func (h *house) reorganise(o *offices.Order) {
	h.t.Helper()
	r, err := offices.Plan(h.service.Directory(), o, h.now)
	must(h.t, err)
	must(h.t, h.service.Reorganise(h.ctx, h.people["admin"], r, false))
}

// leaves ends somebody's posts.
func (h *house) leaves(who string) {
	h.t.Helper()
	a := h.people[who]
	a.Grants[0].To = h.now
	kept, err := h.store.Account(h.ctx, who)
	must(h.t, err)
	a.Version = kept.Version
	must(h.t, h.store.PutAccount(h.ctx, a))
}

// notices are the kinds of what the people of a post were told, newest first.
func (h *house) notices(office string, role yinzheng.Role) []string {
	h.t.Helper()
	list, err := h.store.Notices(h.ctx, []yinzheng.Desk{{Office: office, Role: role}}, 0, 50)
	must(h.t, err)
	var out []string
	for _, n := range list {
		out = append(out, n.Kind)
	}
	return out
}

// kind is the sentinel of an error, "" for none.
func kind(err error) string {
	var e *yinzheng.Error
	if err == nil || !errors.As(err, &e) {
		return ""
	}
	return e.Kind.Error()
}

// states are the outcomes of a roster.
func (h *house) states(v *campaign.CampaignView) []campaign.Outcome {
	h.t.Helper()
	entries, _, err := h.Entries(h.ctx, h.people["town"], v.ID, campaign.EntryQuery{})
	must(h.t, err)
	var out []campaign.Outcome
	for _, e := range entries {
		out = append(out, e.Outcome)
	}
	return out
}
