package workbook

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"yinzheng"
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
)

var testNow = time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC)

// house is workbooks over a real service and store, on a clock of their own.
type house struct {
	*Workbooks
	t       *testing.T
	ctx     context.Context
	kept    *store.Store
	failing *storetest.Failing
	items   []*yinzheng.Template
	now     time.Time
	people  map[string]*yinzheng.Account
	keys    int
}

var renderer = sync.OnceValues(func() (*templates.Typesetter, error) { return templates.New(templates.Options{}) })

func newHouse(t *testing.T) *house {
	t.Helper()
	kept, err := store.OpenMemory(t.Context())
	must(t, err)
	t.Cleanup(func() { must(t, kept.Close()) })
	h := &house{t: t, ctx: t.Context(), kept: kept, failing: &storetest.Failing{Store: kept}, now: testNow, people: map[string]*yinzheng.Account{}}
	h.items, err = templates.Builtin()
	must(t, err)
	scanned := *builtin(t, "residence")
	scanned.Code, scanned.Short, scanned.TypeCode = "tenancy", "TN", "11441302MB2D2Q101Q009"
	scanned.Materials = []yinzheng.Material{{Key: "lease", Text: text("租约", "Lease"), Scan: true}}
	h.items = append(h.items, &scanned)
	division := func(code, parent string, level yinzheng.Level) yinzheng.Division {
		return yinzheng.Division{Code: code, Name: "区划" + code, Parent: parent, Level: level}
	}
	organ := yinzheng.CreditCode("11441302MB2C00002")
	must(t, kept.PutDirectory(h.ctx, yinzheng.NewDirectory(
		[]yinzheng.Division{division(district, "", yinzheng.District), division(town, district, yinzheng.Town), division(north, town, yinzheng.Village), division(south, town, yinzheng.Village)},
		[]yinzheng.Office{
			{ID: "district", Name: "惠城区", Division: district, Organ: yinzheng.CreditCode("11441302MB2C00001")},
			{ID: "town", Name: "桥东街道", Division: town, Organ: organ},
			{ID: "north", Name: "北社区", Division: north},
			{ID: "south", Name: "南社区", Division: south},
		},
		[]yinzheng.Organ{{Code: organ, Name: "桥东街道办事处", Mark: "专用章", From: h.now.AddDate(-1, 0, 0)}, {Code: yinzheng.CreditCode("11441302MB2C00001"), Name: "惠城区民政局", Mark: "专用章", From: h.now.AddDate(-1, 0, 0)}})))
	for i, p := range []struct {
		id, office string
		role       yinzheng.Role
	}{{"north", "north", yinzheng.Clerk}, {"north2", "north", yinzheng.Clerk}, {"south", "south", yinzheng.Clerk}, {"town", "town", yinzheng.Approver}, {"district", "district", yinzheng.Approver}, {"admin", "district", yinzheng.Admin}} {
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
	log := slog.New(slog.DiscardHandler)
	service, err := yinzheng.New(h.ctx, yinzheng.Config{
		Store: h.failing, Renderer: r, Register: &register.Register{Kept: h.kept}, Templates: h.items, PublicURL: "https://zm.example.gov.cn",
		Now: func() time.Time { return h.now }, Log: log, Argon2Memory: 64,
	})
	must(h.t, err)
	h.Workbooks = New(Config{Service: service, Log: log})
}

// resident is a resident ID of somebody born on a day.
func resident(born string, n int) string {
	return yinzheng.ResidentNumber(fmt.Sprintf("441302%s%03d", born, n))
}

// holder is the n-th holder's document.
func holder(n int) string { return resident(fmt.Sprintf("1980%02d01", 1+n/999), n%999) }

const residenceHead = "姓名,证件号码,现居住地址,居住起始日期,用途,使用单位\n"

// residences is a workbook of n residence cases from the first-th holder on.
func residences(first, n int) string {
	var b strings.Builder
	b.WriteString(residenceHead)
	for i := first; i < first+n; i++ {
		fmt.Fprintf(&b, "李%s,%s,滨江路 %d 号,2020-05-01,子女入学,教育局\n", string(rune('一'+i)), holder(i), i)
	}
	return b.String()
}

func (h *house) bring(who, item, file string) (*BatchView, error) {
	h.keys++
	v, _, err := h.Bring(h.ctx, h.people[who], &NewBatch{Item: item, File: []byte(file)}, fmt.Sprint("key", h.keys), false)
	return v, err
}

// brought is a batch of north's that is there.
func (h *house) brought(item, file string) *BatchView {
	h.t.Helper()
	v, err := h.bring("north", item, file)
	must(h.t, err)
	return v
}

func (h *house) act(who string, v *BatchView, step *Step) *BatchView {
	h.t.Helper()
	v, err := h.Act(h.ctx, h.people[who], v.ID, step)
	must(h.t, err)
	return v
}

func (h *house) seen(v *BatchView) *BatchView {
	h.t.Helper()
	v, err := h.View(h.ctx, h.people["north2"], v.ID)
	must(h.t, err)
	return v
}

func (h *house) rows(v *BatchView, f yinzheng.BatchFilter) []RowView {
	h.t.Helper()
	rows, err := h.Rows(h.ctx, h.people["north2"], v.ID, f)
	must(h.t, err)
	return rows
}

// cases are those of north, by state.
func (h *house) cases() map[yinzheng.State]int {
	h.t.Helper()
	out := map[yinzheng.State]int{}
	for cursor := ""; ; {
		list, next, err := h.Service.Workqueue(h.ctx, h.people["north2"], nil, cursor, 200)
		must(h.t, err)
		for _, e := range list {
			out[e.State]++
		}
		if cursor = next; next == "" {
			return out
		}
	}
}

// changes keeps somebody's account anew.
func (h *house) changes(who string, change func(*yinzheng.Account)) {
	h.t.Helper()
	a, err := h.kept.Account(h.ctx, who)
	must(h.t, err)
	change(a)
	must(h.t, h.kept.PutAccount(h.ctx, a))
	h.people[who] = a
}

// registers brings a register of the district in: lines of id,name,division.
func (h *house) registers(lines ...string) {
	h.t.Helper()
	h.importRegister("2026-10-31", lines...)
}

func (h *house) importRegister(asOf string, lines ...string) {
	h.t.Helper()
	data := []byte("id,name,division\n" + strings.Join(lines, "\n") + "\n")
	m, err := h.Service.BeginImport(h.people["admin"], "district", "常住人口登记", asOf, data)
	must(h.t, err)
	p, err := register.Plan(h.ctx, h.kept, h.Service.Directory(), m, data)
	must(h.t, err)
	must(h.t, h.Service.ImportPersons(h.ctx, h.people["admin"], p, false))
}

// events counts those of a kind about a subject.
func (h *house) events(subject, kind string) int {
	h.t.Helper()
	list, err := h.kept.EventsAbout(h.ctx, subject)
	must(h.t, err)
	n := 0
	for _, e := range list {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// registersLater is registers, of a newer day.
func (h *house) registersLater(lines ...string) {
	h.t.Helper()
	h.importRegister("2026-11-01", lines...)
}
