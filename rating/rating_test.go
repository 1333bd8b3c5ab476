package rating

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yinzheng"
	"yinzheng/store"
)

// monday is one whose Tuesday is a holiday.
var monday = time.Date(2026, 11, 23, 1, 30, 0, 0, time.UTC)

// world is ratings over a real store, on a clock of its own, and what is asked
// about cases.
type world struct {
	*Ratings
	t     testing.TB
	store *store.Store
	now   time.Time
	cases map[string]*yinzheng.RatedCase
	part  map[string]bool // accounts that had part in every case

	broken string // a case that cannot be read
}

func (w *world) RatedCase(_ context.Context, who *yinzheng.Resident, id string) (*yinzheng.RatedCase, error) {
	if c := w.cases[id]; c != nil && (who.Case == id || who.ID == holders) {
		return c, nil
	}
	return nil, yinzheng.ErrNotFound
}

func (w *world) HadPart(_ context.Context, by *yinzheng.Account, g yinzheng.Grant, id string) (bool, error) {
	if id == w.broken {
		return false, yinzheng.ErrUnavailable
	}
	return w.part[by.ID] || w.part[g.For], nil
}

func (w *world) Administers(by *yinzheng.Account, office string) bool {
	return slices.ContainsFunc(by.Grants, func(g yinzheng.Grant) bool {
		return g.Role == yinzheng.Admin && (g.Office == office || g.Office == "district")
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newWorld(t testing.TB) *world {
	t.Helper()
	st, err := store.OpenMemory(t.Context())
	must(t, err)
	t.Cleanup(func() { must(t, st.Close()) })
	division := func(code, parent string, l yinzheng.Level) yinzheng.Division {
		return yinzheng.Division{Code: code, Name: code, Parent: parent, Level: l}
	}
	office := func(id, division string) yinzheng.Office {
		return yinzheng.Office{ID: id, Name: id, Division: division}
	}
	must(t, st.PutDirectory(t.Context(), yinzheng.NewDirectory([]yinzheng.Division{
		division("441302000000", "", yinzheng.District), division("441302001000", "441302000000", yinzheng.Town), division("441302001001", "441302001000", yinzheng.Village), division("441302001002", "441302001000", yinzheng.Village),
	}, []yinzheng.Office{office("district", "441302000000"), office("health", "441302000000"), office("town", "441302001000"), office("village", "441302001001"), office("sibling", "441302001002")}, nil)))
	for i, who := range []*yinzheng.Account{approver("signer", "town"), approver("town", "town")} {
		who.Username, who.Person = who.ID, yinzheng.ID{Type: yinzheng.Passport, Number: "P" + string(rune('A'+i))}
		must(t, st.PutAccount(t.Context(), who))
	}
	must(t, st.PutCalendar(t.Context(), []yinzheng.CalendarDay{{Date: "2026-11-24", Working: false}}))
	w := &world{t: t, store: st, now: monday, part: map[string]bool{}, cases: map[string]*yinzheng.RatedCase{}}
	w.Ratings = New(Config{Store: st, Cases: w, Now: func() time.Time { return w.now }, Log: slog.New(slog.DiscardHandler)})
	return w
}

// holders is the document of those to whom every case belongs.
var holders = yinzheng.ID{Type: yinzheng.Passport, Number: "H1"}

// ended is a case of an office that has come to its end.
func (w *world) ended(id, office string, at time.Time) *yinzheng.Resident {
	w.cases[id] = &yinzheng.RatedCase{ID: id, Item: "residence", Office: office, Ended: at}
	return &yinzheng.Resident{Case: id}
}

func approver(id string, offices ...string) *yinzheng.Account {
	return holder(id, yinzheng.Approver, offices...)
}

func holder(id string, role yinzheng.Role, offices ...string) *yinzheng.Account {
	a := &yinzheng.Account{ID: id}
	for _, o := range offices {
		a.Grants = append(a.Grants, yinzheng.Grant{Office: o, Role: role})
	}
	return a
}

// told lists the notices of approvers of an office, the newest first.
func (w *world) told(office string) string {
	w.t.Helper()
	list, err := w.store.Notices(w.t.Context(), []yinzheng.Desk{{Office: office, Role: yinzheng.Approver}}, 0, 99)
	must(w.t, err)
	var kinds []string
	for _, n := range list {
		kinds = append(kinds, n.Kind+" "+n.About)
	}
	return strings.Join(kinds, ", ")
}

func wants(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%v, want %v", err, want)
	}
}

// TestRate: who may rate, once, and until when; what follows from it.
func TestRate(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	good := &Opinion{Level: Good, Tags: []string{"fast", "rude"}, Contact: "13800000000"}
	stranger := &yinzheng.Resident{Case: "other"}
	mine := w.ended("A", "village", monday.AddDate(0, 0, -RateDays).Add(time.Second))
	wants(t, w.Rate(ctx, stranger, "A", good), yinzheng.ErrNotFound)
	for field, in := range map[string]*Opinion{
		"level": {Level: 0}, "text": {Level: 5, Text: strings.Repeat("好", MaxText+1)}, "contact": {Level: 1, Contact: "1\u200b2"},
	} {
		err := w.Rate(ctx, mine, "A", in)
		var e *yinzheng.Error
		if !errors.As(err, &e) || len(e.Fields) != 1 || e.Fields[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	must(t, w.Rate(ctx, mine, "A", good))
	wants(t, w.Rate(ctx, mine, "A", good), yinzheng.ErrState)
	m, err := w.Of(ctx, mine, "A")
	must(t, err)
	if !m.Rated || m.Level != Good || m.State != "" || w.told("town") != "" {
		t.Errorf("a good rating: %+v, told %q", m, w.told("town"))
	}
	r, place, err := w.load(ctx, "A")
	must(t, err)
	if place.Contact != "" || !slices.Equal(r.said().Tags, []string{"fast"}) {
		t.Errorf("of a good rating is kept %q %v", place.Contact, r.said().Tags)
	}
	wants(t, w.Rate(ctx, w.ended("B", "village", time.Time{}), "B", good), yinzheng.ErrState)
	wants(t, w.Rate(ctx, w.ended("C", "village", monday.AddDate(0, 0, -RateDays)), "C", good), yinzheng.ErrState)

	must(t, w.Rate(ctx, w.ended("D", "village", monday), "D", &Opinion{Level: Poor, Contact: "13800000000"}))
	if got := w.told("town"); got != "rating-bad D" {
		t.Errorf("the office above was told %q", got)
	}
	if got := w.told("village"); got != "" {
		t.Errorf("the office that was rated was told %q", got)
	}
	m, err = w.Of(ctx, &yinzheng.Resident{Case: "D"}, "D")
	must(t, err)
	if call := m.Call.In(yinzheng.Zone).Format("01-02 15:04"); call != "11-26 00:00" { // the 24th is a holiday
		t.Errorf("to be called back by %s", call)
	}
	if settle := m.Settle.In(yinzheng.Zone).Format("01-02 15:04"); settle != "12-16 00:00" {
		t.Errorf("to be settled by %s", settle)
	}
}

// TestRatedWorse: a good rating keeps nobody from complaining, once; a bad one stands.
func TestRatedWorse(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	mine := w.ended("A", "village", monday)
	must(t, w.Rate(ctx, mine, "A", &Opinion{Level: Excellent}))
	wants(t, w.Rate(ctx, mine, "A", &Opinion{Level: Fair}), yinzheng.ErrState)
	wants(t, w.Rate(ctx, mine, "A", &Opinion{}), yinzheng.ErrInvalid)
	if m, err := w.Of(ctx, mine, "A"); err != nil || !m.Worse || m.May {
		t.Errorf("rated well: %+v, %v", m, err)
	}
	w.now = w.now.Add(time.Hour)
	must(t, w.Rate(ctx, mine, "A", &Opinion{Level: Awful, Text: "收了我两百块", Contact: "13800000000"}))
	m, err := w.Of(ctx, mine, "A")
	must(t, err)
	if m.Worse || m.May || m.Level != Awful || m.State != Open || !m.At.Equal(w.now) || w.told("town") != "rating-bad A" {
		t.Errorf("rated badly after all: %+v, told %q", m, w.told("town"))
	}
	r, place, err := w.load(ctx, "A")
	must(t, err)
	if len(r.Acts) != 2 || r.Acts[0].Level != Excellent || r.said().Text != "收了我两百块" || r.said().Proof != yinzheng.ByCode || place.Level != Awful || place.Contact == "" {
		t.Errorf("it is kept as %+v, found by %+v", r.Acts, place)
	}
	for _, level := range []int{Awful, Poor, Excellent} {
		wants(t, w.Rate(ctx, mine, "A", &Opinion{Level: level}), yinzheng.ErrState)
	}
	late := w.ended("B", "village", monday)
	must(t, w.Rate(ctx, late, "B", &Opinion{Level: Good}))
	w.now = monday.AddDate(0, 0, RateDays)
	wants(t, w.Rate(ctx, late, "B", &Opinion{Level: Awful}), yinzheng.ErrState)
}

// TestRatedByTheSlip: a bad rating by a code keeps nobody from complaining for whom a
// provider vouches, once. What was said before is followed up with it, and neither
// counted nor put off.
func TestRatedByTheSlip(t *testing.T) {
	mild := &Opinion{Level: Poor, Tags: []string{"slow"}, Text: "有点慢", Contact: "13800000000"}
	own := &Opinion{Level: Awful, Text: "收了我两百块", Contact: "13900000000\n"}
	for _, c := range []struct {
		name          string
		done          []Done // about the first, a day later
		call, settle  string // limits afterwards
		contacts      string
		earlierAnswer string
	}{
		{"waits", nil, "11-26", "12-16", "13900000000 13800000000", ""},
		{"called", []Done{{Action: Call, Text: "已致歉", Reached: true}}, "11-28", "12-16", "13900000000 13800000000", ""},
		{"settled", []Done{{Action: Call, Text: "已致歉", Reached: true}, {Action: Settle, Outcome: Unjustified, Text: "查无此事"}}, "11-28", "12-18", "13900000000 ", "查无此事"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			ctx := t.Context()
			slip, me, town := w.ended("A", "village", monday), &yinzheng.Resident{ID: holders}, approver("town", "town")
			must(t, w.Rate(ctx, slip, "A", mild))
			w.now = monday.AddDate(0, 0, 2)
			must(t, w.Scan(ctx))
			for i := range c.done {
				_, err := w.Act(ctx, town, "A", 2+i, &c.done[i])
				must(t, err)
			}
			w.now = monday.AddDate(0, 0, 3)
			must(t, w.Scan(ctx))
			before, _, err := w.load(ctx, "A")
			must(t, err)
			wants(t, w.Rate(ctx, slip, "A", own), yinzheng.ErrState)
			wants(t, w.Rate(ctx, me, "A", &Opinion{Level: Fair}), yinzheng.ErrState)
			if m, err := w.Of(ctx, slip, "A"); err != nil || m.Worse || !m.SignIn {
				t.Errorf("whoever has the slip sees %+v, %v", m, err)
			}
			if m, err := w.Of(ctx, me, "A"); err != nil || !m.Worse || m.SignIn || m.Level != Poor {
				t.Errorf("the resident sees %+v, %v", m, err)
			}
			w.now = monday.AddDate(0, 0, 3)
			must(t, w.Rate(ctx, me, "A", own))
			for _, who := range []*yinzheng.Resident{me, slip} {
				wants(t, w.Rate(ctx, who, "A", own), yinzheng.ErrState)
			}

			v, err := w.FollowUp(ctx, town, "A")
			must(t, err)
			if v.State != Open || v.Level != Awful || v.Text != "收了我两百块" || v.Proof != yinzheng.ByIdentity || len(v.Steps) != len(before.Acts)-1 {
				t.Errorf("it is followed up as %+v", v)
			}
			if len(v.Earlier) != 1 || v.Earlier[0].Text != "有点慢" || v.Earlier[0].Level != Poor || v.Earlier[0].Proof != yinzheng.ByCode || len(v.Earlier[0].Tags) != 1 {
				t.Fatalf("what was said before: %+v", v.Earlier)
			}
			if got := v.Contact + " " + v.Earlier[0].Contact; got != c.contacts {
				t.Errorf("they are reached at %q", got)
			}
			day := func(at time.Time) string { return at.In(yinzheng.Zone).Format("01-02") }
			if day(v.Call) != c.call || day(v.Settle) != c.settle {
				t.Errorf("to be called by %s, settled by %s", day(v.Call), day(v.Settle))
			}
			if _, err := w.FollowUp(ctx, approver("district", "district"), "A"); before.raised != (err == nil) {
				t.Errorf("the office above had it: %t, and now: %v", before.raised, err)
			}
			if m, err := w.Of(ctx, me, "A"); err != nil || m.Earlier != c.earlierAnswer || m.Answer != "" || !m.Called.IsZero() {
				t.Errorf("the resident sees %+v, %v", m, err)
			}
			w.now = monday.AddDate(0, 3, 0)
			counts, err := w.Count(ctx, holder("x", yinzheng.Admin, "district"), LastQuarter(w.now))
			if must(t, err); len(counts) != 1 {
				t.Fatalf("%+v", counts)
			}
			kept, err := w.store.CountRatings(ctx, monday, w.now)
			if must(t, err); len(kept) != 1 || kept[0].Count != 1 || kept[0].Level != Awful {
				t.Errorf("counted %+v", kept)
			}
		})
	}
}

// TestWhoFollows: for whom a bad rating exists, and who may do something about it.
func TestWhoFollows(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.part["signer"], w.part["chief"] = true, true
	lent := approver("lent", "town")
	lent.Grants[0].For = "chief"
	ended := approver("ended", "town")
	ended.Grants[0].To = monday
	disabled := approver("disabled", "town")
	disabled.Disabled = true
	must(t, w.Rate(ctx, w.ended("V", "village", monday), "V", &Opinion{Level: Awful}))
	must(t, w.Rate(ctx, w.ended("D", "district", monday), "D", &Opinion{Level: Awful}))
	must(t, w.Rate(ctx, w.ended("G", "village", monday), "G", &Opinion{Level: Fair}))
	for _, c := range []struct {
		who           *yinzheng.Account
		village, late error
		topmost       error
	}{
		{approver("a", "town"), nil, nil, yinzheng.ErrNotFound},
		{approver("b", "sibling"), yinzheng.ErrNotFound, yinzheng.ErrNotFound, yinzheng.ErrNotFound},
		{approver("c", "village"), yinzheng.ErrNotFound, yinzheng.ErrNotFound, yinzheng.ErrNotFound},
		{holder("d", yinzheng.Clerk, "town"), yinzheng.ErrNotFound, yinzheng.ErrNotFound, yinzheng.ErrNotFound},
		{holder("e", yinzheng.Admin, "town"), yinzheng.ErrNotFound, yinzheng.ErrNotFound, yinzheng.ErrNotFound},
		{approver("f", "district"), yinzheng.ErrNotFound, nil, nil},
		{approver("g", "health"), yinzheng.ErrNotFound, nil, yinzheng.ErrNotFound},
		{approver("signer", "town"), yinzheng.ErrForbidden, yinzheng.ErrForbidden, yinzheng.ErrNotFound},
		{approver("signer", "village", "town"), yinzheng.ErrForbidden, yinzheng.ErrForbidden, yinzheng.ErrNotFound},
		{lent, yinzheng.ErrForbidden, yinzheng.ErrForbidden, yinzheng.ErrNotFound},
		{ended, yinzheng.ErrNotFound, yinzheng.ErrNotFound, yinzheng.ErrNotFound},
		{disabled, yinzheng.ErrNotFound, yinzheng.ErrNotFound, yinzheng.ErrNotFound},
	} {
		w.now = monday
		_, err := w.FollowUp(ctx, c.who, "V")
		wants(t, err, c.village)
		_, err = w.FollowUp(ctx, c.who, "D")
		wants(t, err, c.topmost)
		_, err = w.FollowUp(ctx, c.who, "G")
		wants(t, err, yinzheng.ErrNotFound)
		list, err := w.FollowUps(ctx, c.who)
		must(t, err)
		if seen := slices.ContainsFunc(list, func(s Summary) bool { return s.Case == "V" }); seen != (c.village == nil) {
			t.Errorf("%s is listed the rating of the village: %t", c.who.ID, seen)
		}
		r, _, err := w.load(ctx, "V")
		must(t, err)
		d, err := w.store.Directory(ctx)
		must(t, err)
		_, err = w.mayFollow(ctx, d, c.who, r.after(Act{Kind: Escalate}))
		wants(t, err, c.late)
	}
}

// TestFollowUp takes a bad rating from a call that comes late to its answer.
func TestFollowUp(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	mine, town, district := w.ended("A", "village", monday), approver("town", "town"), approver("district", "district")
	must(t, w.Rate(ctx, mine, "A", &Opinion{Level: Awful, Tags: []string{"rude", "fast"}, Text: "让我跑了三趟", Contact: "13800000000"}))
	scan := func(at time.Time, town, district string) {
		t.Helper()
		w.now = at
		for range 2 { // a second scan tells nobody again
			must(t, w.Scan(ctx))
		}
		if w.told("town") != town || w.told("district") != district {
			t.Errorf("at %s the town was told %q, the district %q", at, w.told("town"), w.told("district"))
		}
	}
	due := time.Date(2026, 11, 25, 16, 0, 0, 0, time.UTC) // the end of Wednesday
	scan(due.AddDate(0, 0, -1).Add(-time.Second), "rating-bad A", "")
	scan(due.AddDate(0, 0, -1), "rating-due-soon A, rating-bad A", "")
	scan(due, "rating-overdue A, rating-due-soon A, rating-bad A", "rating-overdue A")

	v, err := w.FollowUp(ctx, district, "A")
	must(t, err)
	if !v.Late || v.Text != "让我跑了三趟" || v.Contact != "13800000000" || !slices.Equal(v.Tags, []string{"rude"}) || v.Version != 3 {
		t.Errorf("%+v", v)
	}
	do := func(by *yinzheng.Account, seen int, in Done, want error) {
		t.Helper()
		_, err := w.Act(ctx, by, "A", seen, &in)
		wants(t, err, want)
	}
	do(town, 3, Done{Action: Settle, Outcome: PutRight, Text: "已整改"}, yinzheng.ErrState)
	do(town, 3, Done{Action: Call}, yinzheng.ErrInvalid)
	do(town, 3, Done{Action: "burn", Text: "x"}, yinzheng.ErrInvalid)
	do(town, 2, Done{Action: Call, Text: "x"}, yinzheng.ErrConflict)
	do(town, 3, Done{Action: Call, Text: "没有人接"}, nil)
	do(district, 4, Done{Action: Call, Text: "致歉，了解情况", Reached: true}, nil)
	do(district, 5, Done{Action: Settle, Text: "x"}, yinzheng.ErrInvalid) // it stays with the district, too
	do(town, 5, Done{Action: Call, Text: "x", Reached: true}, yinzheng.ErrState)
	do(town, 5, Done{Action: Settle, Outcome: "perhaps", Text: "x"}, yinzheng.ErrInvalid)
	do(town, 5, Done{Action: Settle, Outcome: PutRight, Text: "已整改，材料以后一次说清"}, nil)
	do(town, 6, Done{Action: Settle, Outcome: PutRight, Text: "x"}, yinzheng.ErrState)

	m, err := w.Of(ctx, mine, "A")
	must(t, err)
	if m.State != Settled || m.Outcome != PutRight || m.Answer != "已整改，材料以后一次说清" || m.Called.IsZero() {
		t.Errorf("the resident sees %+v", m)
	}
	if p, err := w.store.Rating(ctx, "A"); err != nil || p.Contact != "" {
		t.Errorf("once it is settled, %q is kept: %v", p.Contact, err)
	}
	w.now = w.now.AddDate(1, 0, 0)
	must(t, w.Scan(ctx))
	if list, err := w.FollowUps(ctx, town); err != nil || len(list) != 0 {
		t.Errorf("%v %v", list, err)
	}
}

// TestUnreadableCase: one case that cannot be read keeps nobody from the others.
func TestUnreadableCase(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	for _, id := range []string{"A", "B"} {
		must(t, w.Rate(ctx, w.ended(id, "village", monday), id, &Opinion{Level: Poor}))
	}
	w.broken = "A"
	if list, err := w.FollowUps(ctx, approver("town", "town")); err != nil || len(list) != 1 || list[0].Case != "B" {
		t.Errorf("%v %v", list, err)
	}
	if _, err := w.FollowUp(ctx, approver("town", "town"), "A"); !errors.Is(err, yinzheng.ErrUnavailable) {
		t.Errorf("itself: %v", err)
	}
}

// TestErasedWords: what was written goes in time; level, state and what was done stay.
func TestErasedWords(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	mine, town := w.ended("A", "village", monday), approver("town", "town")
	must(t, w.Rate(ctx, mine, "A", &Opinion{Level: Awful, Tags: []string{"rude"}, Text: "让我跑了三趟"}))
	erase := func() error {
		later := w.now.AddDate(3, 0, 0)
		return w.store.EraseSpent(ctx, yinzheng.RetainRatings, "A", later, later)
	}
	wants(t, erase(), yinzheng.ErrConflict) // it is followed up
	for seen, in := range []Done{{Action: Call, Text: "致歉", Reached: true}, {Action: Settle, Outcome: PutRight, Text: "已整改"}} {
		_, err := w.Act(ctx, town, "A", seen+1, &in)
		must(t, err)
	}
	must(t, erase())
	v, err := w.FollowUp(ctx, town, "A")
	must(t, err)
	if !v.Erased || v.Text != "" || v.Level != Awful || v.State != Settled || len(v.Steps) != 2 || v.Steps[1].Text != "" || v.Steps[1].Outcome != PutRight || len(v.Tags) != 1 {
		t.Errorf("those who followed it up see %+v", v)
	}
	m, err := w.Of(ctx, mine, "A")
	must(t, err)
	if !m.Erased || m.Answer != "" || m.Level != Awful || m.Settled.IsZero() {
		t.Errorf("the resident sees %+v", m)
	}
}

// TestRecusal: where everybody above the rated office had part in the case, the
// office above that one is asked at once.
func TestRecusal(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.part["signer"], w.part["town"] = true, true
	must(t, w.Rate(ctx, w.ended("A", "village", monday), "A", &Opinion{Level: Poor}))
	if got := w.told("district"); got != "rating-bad A" {
		t.Errorf("the district was told %q", got)
	}
	v, err := w.FollowUp(ctx, approver("district", "district"), "A")
	must(t, err)
	if v.Late {
		t.Error("it is late at once")
	}
	_, err = w.FollowUp(ctx, approver("town", "town"), "A")
	wants(t, err, yinzheng.ErrForbidden)
}

// TestCount: what a quarter that has ended brought is told from five ratings on, to
// who administers the office.
func TestCount(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	for i, office := range []string{"village", "village", "village", "village", "village", "sibling"} {
		id := string(rune('A' + i))
		must(t, w.Rate(ctx, w.ended(id, office, monday), id, &Opinion{Level: Excellent - i%2}))
	}
	next := LastQuarter(monday.AddDate(0, 3, 0))
	_, err := w.Count(ctx, holder("x", yinzheng.Admin, "district"), next)
	wants(t, err, yinzheng.ErrInvalid)
	w.now = monday.AddDate(0, 3, 0)
	counts, err := w.Count(ctx, holder("x", yinzheng.Admin, "district"), next)
	must(t, err)
	if len(counts) != 2 || counts[0].Office != "sibling" || counts[0].Levels != nil || counts[0].Total != 0 || counts[1].Total != 5 || !slices.Equal(counts[1].Levels, []int{3, 2, 0, 0, 0}) {
		t.Errorf("%+v", counts)
	}
	counts, err = w.Count(ctx, holder("x", yinzheng.Admin, "sibling"), next)
	must(t, err)
	if len(counts) != 1 {
		t.Errorf("one office's administrator sees %+v", counts)
	}
	_, err = w.Count(ctx, approver("x", "district"), next)
	wants(t, err, yinzheng.ErrForbidden)
}

func TestQuarter(t *testing.T) {
	for day, want := range map[string]string{"2026-01-01": "2025-Q4", "2026-03-31": "2025-Q4", "2026-04-01": "2026-Q1", "2026-12-31": "2026-Q3", "2026-08-31": "2026-Q2"} {
		at, err := time.ParseInLocation(time.DateOnly, day, yinzheng.Zone)
		must(t, err)
		q, err := ParseQuarter(want)
		must(t, err)
		if got := LastQuarter(at); got != q || got.String() != want {
			t.Errorf("before %s: %s, want %s", day, got, want)
		}
		if _, end := q.bounds(); end.After(at) {
			t.Errorf("%s ends %s", want, end)
		}
	}
	for _, bad := range []string{"", "2026", "2026-Q5", "2026-Q0", "1926-Q1", "2026-Q1 ", "2026-q1"} {
		_, err := ParseQuarter(bad)
		wants(t, err, yinzheng.ErrInvalid)
	}
}

// TestHistories: whatever is tried in whatever order, nobody who had part in the
// case does anything, nothing is settled before a call, nothing happens after.
func TestHistories(t *testing.T) {
	w := newWorld(t)
	w.part["signer"] = true
	people := []*yinzheng.Account{approver("town", "town"), approver("signer", "town"), approver("district", "district"), approver("village", "village"), holder("clerk", yinzheng.Clerk, "town")}
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		id := time.Unix(int64(n), 0).Format("150405")
		w.now = monday
		must(w.t, w.Rate(w.t.Context(), w.ended(id, "village", monday), id, &Opinion{Level: Poor}))
		for range rapid.IntRange(1, 10).Draw(t, "acts") {
			w.now = w.now.Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "hours")) * time.Hour)
			must(w.t, w.Scan(w.t.Context()))
			before, _, err := w.load(w.t.Context(), id)
			must(w.t, err)
			by := rapid.SampledFrom(people).Draw(t, "by")
			in := &Done{Action: rapid.SampledFrom([]Doing{Call, Settle}).Draw(t, "action"), Reached: rapid.Bool().Draw(t, "reached"), Outcome: PutRight, Text: "已处理"}
			_, err = w.Act(w.t.Context(), by, id, len(before.Acts), in)
			after, _, failed := w.load(w.t.Context(), id)
			must(w.t, failed)
			switch done := len(after.Acts) > len(before.Acts); {
			case !done:
			case before.State == Settled, before.State == Open && in.Action == Settle, before.State == Called && in.Action == Call:
				t.Fatalf("%s was done while it was %s: %v", in.Action, before.State, err)
			case by.ID == "signer", by.ID == "village", by.ID == "clerk", by.ID == "district" && !before.raised:
				t.Fatalf("%s did something", by.ID)
			}
		}
	})
}
