package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yinzheng"
)

// somebody is a person on record with a document and a name.
func somebody(id, number, name string) *yinzheng.Person {
	return &yinzheng.Person{ID: id, Facts: []yinzheng.PersonFact{
		{Kind: yinzheng.FactDocument, ID: document(number), From: "2026-01-02", Source: "m1"},
		{Kind: yinzheng.FactName, Value: name, From: "2026-01-02", Source: "m1", Confirmed: "m2"},
		{Kind: yinzheng.FactDivision, Value: North, Source: "m1"},
	}}
}

func document(number string) yinzheng.ID { return yinzheng.ID{Type: yinzheng.Passport, Number: number} }

func foundPersons(t *testing.T, s yinzheng.Store, keys ...yinzheng.PersonKey) string {
	t.Helper()
	persons, err := s.PersonsBy(t.Context(), keys)
	check(t, err)
	var ids []string
	for _, p := range persons {
		ids = append(ids, p.ID)
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

// persons: found by everything that they are and were known by; one winner among
// two who change somebody, and one bearer of a document.
func persons(t *testing.T, s yinzheng.Store) {
	li, zhang := somebody("p1", "E100", "李桂香"), somebody("p2", "E200", "張三")
	li.Facts = append(li.Facts, yinzheng.PersonFact{Kind: yinzheng.FactHousehold, Value: "7", Source: "m1"},
		yinzheng.PersonFact{Kind: yinzheng.FactMother, Value: "王芳", ID: document("E200"), Source: "m1"})
	check(t, s.PutPersons(t.Context(), []*yinzheng.Person{li, zhang}))
	for _, tt := range []struct {
		key  yinzheng.PersonKey
		want string
	}{
		{yinzheng.ByDocument(document("E100")), "p1"},
		{yinzheng.ByDocument(document("E300")), ""},
		{yinzheng.ByDocument(yinzheng.ID{Type: yinzheng.Taiwan, Number: "E100"}), ""},
		{yinzheng.ByName("张三"), "p2"},
		{yinzheng.ByHousehold(North, "7"), "p1"},
		{yinzheng.ByHousehold(South, "7"), ""},
		{yinzheng.ByParent(document("E200")), "p1"},
	} {
		if got := foundPersons(t, s, tt.key); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.key, got, tt.want)
		}
	}
	got, err := s.PersonsBy(t.Context(), []yinzheng.PersonKey{yinzheng.ByDocument(document("E100"))})
	check(t, err)
	if d := cmp.Diff(li.Facts, got[0].Facts); d != "" || got[0].Version != 1 {
		t.Errorf("kept at version %d (-want +got):\n%s", got[0].Version, d)
	}

	changed := got[0]
	changed.Facts[1].Until = "2026-03-04"
	changed.Facts = append(changed.Facts, yinzheng.PersonFact{Kind: yinzheng.FactName, Value: "李香", Source: "m3"})
	check(t, s.PutPersons(t.Context(), []*yinzheng.Person{changed}))
	checkIs(t, s.PutPersons(t.Context(), []*yinzheng.Person{changed}), yinzheng.ErrConflict)
	for _, name := range []string{"李香", "李桂香"} {
		if got := foundPersons(t, s, yinzheng.ByName(name)); got != "p1" {
			t.Errorf("%s finds %q", name, got)
		}
	}
	thief := somebody("p3", "E100", "赵六")
	checkIs(t, s.PutPersons(t.Context(), []*yinzheng.Person{somebody("p4", "E400", "钱七"), thief}), yinzheng.ErrConflict)
	if got := foundPersons(t, s, yinzheng.ByDocument(document("E400")), yinzheng.ByName("赵六")); got != "" {
		t.Errorf("of an undone writing %q stays", got)
	}
}

// personsMany: more keys than one statement takes, each found once.
func personsMany(t *testing.T, s yinzheng.Store) {
	var all []*yinzheng.Person
	var keys []yinzheng.PersonKey
	for i := range 130 {
		p := somebody(fmt.Sprintf("p%03d", i), fmt.Sprintf("E%04d", i), "李伟")
		all = append(all, p)
		keys = append(keys, yinzheng.ByDocument(document(fmt.Sprintf("E%04d", i))))
	}
	check(t, s.PutPersons(t.Context(), all))
	if got := strings.Fields(foundPersons(t, s, append(keys, yinzheng.ByName("李伟"))...)); len(got) != 130 || got[129] != "p129" {
		t.Errorf("%d found: %v", len(got), got)
	}
}

func personImports(t *testing.T, s yinzheng.Store) {
	m := &yinzheng.PersonImport{
		ID: "m1", At: Start, By: "u1", Office: "town", Division: Town, Register: "常住人口登记", AsOf: "2026-01-02", Digest: "00ff",
		ImportCounts: yinzheng.ImportCounts{Rows: 9, New: 4, Changed: 3, Same: 2},
	}
	newest := func(want string) {
		t.Helper()
		if id, err := s.NewestImport(t.Context()); err != nil || id != want {
			t.Errorf("the newest import: %q %v, want %q", id, err, want)
		}
	}
	newest("")
	check(t, s.AddPersonImport(t.Context(), m))
	later := *m
	later.ID, later.AsOf = "m0", "2025-01-02"
	check(t, s.AddPersonImport(t.Context(), &later))
	newest("m0")
	got, err := s.PersonImport(t.Context(), "m1")
	check(t, err)
	if d := cmp.Diff(m, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	_, err = s.PersonImport(t.Context(), "m2")
	checkIs(t, err, yinzheng.ErrNotFound)
	for _, x := range []struct{ id, office string }{{"m3", "north"}, {"m2", "town"}} {
		other := *m
		other.ID, other.Office = x.id, x.office
		check(t, s.AddPersonImport(t.Context(), &other))
	}
	for limit, want := range map[int]string{9: "m2 m3 m0 m1", 2: "m2 m3"} {
		list, err := s.PersonImports(t.Context(), limit)
		check(t, err)
		var got []string
		for _, x := range list {
			got = append(got, x.ID)
		}
		if strings.Join(got, " ") != want || list[0].Rows != 9 {
			t.Errorf("the newest %d: %v, want %s", limit, got, want)
		}
	}
}

// heldBy: the cases of a holder, drafts too, newest first.
func heldBy(t *testing.T, s yinzheng.Store) {
	check(t, s.PutDirectory(t.Context(), Tree()))
	saveMarked(t, s, Case("draft", "north", North), yinzheng.Marks{Number: "E1"})
	saveMarked(t, s, Case("in", "town", South, submit...), yinzheng.Marks{Number: "E1", Submitted: true})
	saveMarked(t, s, Case("other", "north", North), yinzheng.Marks{Number: "E2"})
	for number, want := range map[string]string{"E1": "in draft", "E2": "other", "E3": ""} {
		ids, err := s.HeldBy(t.Context(), number, 10)
		check(t, err)
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%s: %q, want %q", number, got, want)
		}
	}
	if ids, err := s.HeldBy(t.Context(), "E1", 1); err != nil || len(ids) != 1 || ids[0] != "in" {
		t.Errorf("one at most: %v %v", ids, err)
	}
}
