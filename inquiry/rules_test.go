package inquiry

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"yinzheng"
)

func codesOf(err error) string {
	var e *yinzheng.Error
	if !errors.As(err, &e) {
		return ""
	}
	var codes []string
	for _, f := range e.Fields {
		codes = append(codes, f.Field+":"+f.Code)
	}
	return strings.Join(codes, " ")
}

func TestKindCheck(t *testing.T) {
	good := Kind{Code: "mother", Name: both("母亲是否为其人"), Subject: "kinship", Level: yinzheng.Town, Record: &Source{Fact: "mother.id"}}
	for name, tt := range map[string]struct {
		change func(*Kind)
		want   string
	}{
		"good":                              {func(*Kind) {}, ""},
		"no code":                           {func(k *Kind) { k.Code = "Mother" }, "code:code"},
		"no name":                           {func(k *Kind) { k.Name = both(" ") }, "name:required"},
		"no subject":                        {func(k *Kind) { k.Subject = "" }, "subject:choice"},
		"a village, a listed subject":       {func(k *Kind) { k.Level = yinzheng.Village }, "level:listed"},
		"a village, a name that says no":    {func(k *Kind) { k.Level, k.Subject, k.Name = yinzheng.Village, None, both("亲戚关系情况") }, "level:listed"},
		"a village, nothing listed":         {func(k *Kind) { k.Level, k.Subject, k.Name = yinzheng.Village, None, both("居住在某处") }, "level:level"},
		"an unknown level":                  {func(k *Kind) { k.Level = "county" }, "level:level"},
		"too long a limit":                  {func(k *Kind) { k.Days = 61 }, "days:range"},
		"too short a validity":              {func(k *Kind) { k.Valid = -1 }, "valid_days:range"},
		"two records":                       {func(k *Kind) { k.Record = &Source{Fact: "born", Item: "x"} }, "record:choice"},
		"an empty record":                   {func(k *Kind) { k.Record = &Source{} }, "record:choice"},
		"a fact that no register has":       {func(k *Kind) { k.Record = &Source{Fact: "died"} }, "record.fact:choice"},
		"a roll of an office that is not":   {func(k *Kind) { k.Record = &Source{Roll: "nobody"} }, "record.roll:unknown"},
		"people only":                       {func(k *Kind) { k.Record = nil }, ""},
		"everything wrong is said together": {func(k *Kind) { *k = Kind{} }, "code:code name:required subject:choice level:level"},
	} {
		k := good
		tt.change(&k)
		if got := codesOf(k.check(tree())); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestRightCheck(t *testing.T) {
	kinds := map[string]*Kind{"mother": {}}
	good := Right{Office: "court", Kinds: []string{"mother"}, Division: town}
	for name, tt := range map[string]struct {
		change func(*Right)
		want   string
	}{
		"good":                {func(*Right) {}, ""},
		"no office":           {func(x *Right) { x.Office = "nobody" }, "office:unknown"},
		"no kinds":            {func(x *Right) { x.Kinds = nil }, "kinds:unknown"},
		"an unknown kind":     {func(x *Right) { x.Kinds = []string{"mother", "father"} }, "kinds:unknown"},
		"no division":         {func(x *Right) { x.Division = "1" }, "division:unknown"},
		"it ends at once":     {func(x *Right) { x.To = testNow }, "to:period"},
		"too many a day":      {func(x *Right) { x.Daily = 1001 }, "daily:range"},
		"too many rows a day": {func(x *Right) { x.Rows = -1 }, "rows:range"},
	} {
		x := good
		tt.change(&x)
		if got := codesOf(x.check(tree(), kinds, testNow)); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	if _ = good.check(tree(), kinds, testNow); !good.From.Equal(testNow) || good.Daily != defaultDaily {
		t.Errorf("%+v", good)
	}
}

// TestAllowed: a right is one of an office, for kinds, a division and a time.
func TestAllowed(t *testing.T) {
	r := &rules{kinds: map[string]*Kind{"mother": {}, "hardship": {}}, rights: []*Right{
		{ID: "A", Office: "court", Kinds: []string{"mother"}, Division: town, From: testNow, To: testNow.Add(time.Hour), Daily: 5, Rows: 100},
		{ID: "B", Office: "court", Kinds: []string{"mother", "gone"}, Division: village, From: testNow, Daily: 9, Rows: 10},
	}}
	for name, tt := range map[string]struct {
		office, kind, division string
		at                     time.Time
		want                   string
	}{
		"what two together allow":      {"court", "mother", village, testNow, "9 a day, 100 rows"},
		"the one that reaches":         {"court", "mother", sibling, testNow, "5 a day, 100 rows"},
		"after the end of one":         {"court", "mother", village, testNow.Add(time.Hour), "9 a day, 10 rows"},
		"after the end":                {"court", "mother", sibling, testNow.Add(time.Hour), ""},
		"before the beginning":         {"court", "mother", village, testNow.Add(-1), ""},
		"another office":               {"civil", "mother", village, testNow, ""},
		"another kind":                 {"court", "hardship", village, testNow, ""},
		"a kind that there is not":     {"court", "gone", village, testNow, ""},
		"another town":                 {"court", "mother", otherTown, testNow, ""},
		"all of the district":          {"court", "mother", district, testNow, ""},
		"a division that there is not": {"court", "mother", "999999999999", testNow, ""},
	} {
		got := ""
		if x := r.allowed(tree(), tt.office, tt.kind, tt.division, tt.at); x != nil {
			got = fmt.Sprintf("%d a day, %d rows", x.Daily, x.Rows)
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// TestMayAsk: what the page offers is what rights allow, to those who ask.
func TestMayAsk(t *testing.T) {
	w := newWorld(t)
	offered, err := w.MayAsk(w.ctx, asker)
	must(t, err)
	if len(offered) == 0 {
		t.Fatal("nothing is offered to who has rights")
	}
	r, err := w.rules(w.ctx)
	must(t, err)
	for _, x := range offered {
		for _, division := range x.Divisions {
			if right := r.allowed(tree(), x.Office, x.Code, division, testNow); right == nil || right.Rows > 0 && !x.Lists {
				t.Errorf("%s of %s by %s: %+v", x.Code, division, x.Office, right)
			}
		}
	}
	for _, by := range []*yinzheng.Account{admin, clerk, signer} {
		if offered, err := w.MayAsk(w.ctx, by); err != nil || len(offered) > 0 {
			t.Errorf("%s is offered %+v %v", by.ID, offered, err)
		}
	}
}

// TestRules: kinds and rights are the topmost administrators', dated, and what was
// given stays on record.
func TestRules(t *testing.T) {
	w := newWorld(t)
	_, err := w.PutKind(w.ctx, asker, Kind{})
	mustBe(t, err, yinzheng.ErrForbidden)
	_, err = w.Rights(w.ctx, asker)
	mustBe(t, err, yinzheng.ErrForbidden)
	kinds, err := w.Kinds(w.ctx)
	must(t, err)
	if len(kinds) != 3 || kinds[0].Code != "hardship" || kinds[0].Days != defaultDays || kinds[0].Valid != defaultValid {
		t.Errorf("kinds %+v", kinds)
	}
	rights, err := w.Rights(w.ctx, admin)
	must(t, err)
	mustBe(t, w.EndRight(w.ctx, asker, rights[0].ID), yinzheng.ErrForbidden)
	mustBe(t, w.EndRight(w.ctx, admin, "nothing"), yinzheng.ErrNotFound)
	must(t, w.EndRight(w.ctx, admin, rights[0].ID))
	mustBe(t, w.EndRight(w.ctx, admin, rights[0].ID), yinzheng.ErrState)
	if rights, err = w.Rights(w.ctx, admin); err != nil || len(rights) != 1 || !rights[0].To.Equal(testNow) {
		t.Errorf("rights %+v %v", rights, err)
	}
	_, _, err = w.Ask(w.ctx, asker, question("hardship"), "k")
	mustBe(t, err, yinzheng.ErrForbidden)
	if acts, err := w.Store.InquiryActs(w.ctx, yinzheng.InquiryRules, 0); err != nil || !slices.IsSortedFunc(acts, func(a, b yinzheng.InquiryAct) int { return a.Seq - b.Seq }) || len(acts) != 5 {
		t.Errorf("%d acts %v", len(acts), err)
	}
}
