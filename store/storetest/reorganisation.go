package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yinzheng"
)

func reorganisations(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	_, err := s.Reorganisation(ctx, "R1")
	checkIs(t, err, yinzheng.ErrNotFound)
	later := &yinzheng.Reorganisation{ID: "R1", Title: "甲", Effective: Start.AddDate(1, 0, 0), By: "u1", PlannedAt: Start, Tree: "t", Cases: map[string]string{"A": North}}
	sooner := &yinzheng.Reorganisation{
		ID: "R2", Title: "乙", Effective: Start.Add(time.Hour), By: "u2", PlannedAt: Start,
		Divisions: []yinzheng.Division{{Code: North, Name: "北", Parent: Town, Level: yinzheng.Village, Until: Start.Add(time.Hour), Successor: South}},
		Offices:   []yinzheng.Office{{ID: "north", Name: "北", Division: North, Until: Start.Add(time.Hour), Successor: "south"}},
		Organs:    []yinzheng.Organ{{Code: "O", Name: "机关", Mark: "章", From: Start, To: Start.Add(time.Hour), Successor: "P"}},
		Changes:   []yinzheng.TreeChange{{What: "division", Kind: "close", ID: North, Name: "北", Is: South}},
	}
	check(t, s.AddReorganisation(ctx, later))
	check(t, s.AddReorganisation(ctx, sooner))
	open := func(want ...*yinzheng.Reorganisation) {
		t.Helper()
		got, err := s.OpenReorganisations(ctx)
		check(t, err)
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("(-want +got):\n%s", d)
		}
	}
	open(sooner, later)
	one, err := s.Reorganisation(ctx, "R1")
	check(t, err)
	if d := cmp.Diff(later, one); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	sooner.AppliedAt = Start.Add(time.Hour)
	check(t, s.MarkReorganisation(ctx, sooner))
	open(sooner, later)
	twice := *sooner
	twice.AppliedAt = Start.Add(2 * time.Hour)
	checkIs(t, s.MarkReorganisation(ctx, &twice), yinzheng.ErrConflict)
	sooner.MovedAt = Start.Add(2 * time.Hour)
	check(t, s.MarkReorganisation(ctx, sooner))
	checkIs(t, s.MarkReorganisation(ctx, sooner), yinzheng.ErrConflict)
	later.CancelledAt = Start.Add(3 * time.Hour)
	check(t, s.MarkReorganisation(ctx, later))
	open()
	all, err := s.Reorganisations(ctx, 10)
	check(t, err)
	if d := cmp.Diff([]*yinzheng.Reorganisation{sooner, later}, all); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func moveGrants(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	at, end := Start.AddDate(0, 1, 0), Start.AddDate(1, 0, 0)
	grant := func(office string, role yinzheng.Role, from, to time.Time) yinzheng.Grant {
		return yinzheng.Grant{Office: office, Role: role, From: from, To: to}
	}
	account := &yinzheng.Account{ID: "u1", Username: "u1", Name: "甲", Grants: []yinzheng.Grant{
		grant("north", yinzheng.Clerk, Start, time.Time{}), grant("north", yinzheng.Approver, Start, end),
		grant("north", yinzheng.Clerk, Start, Start.Add(time.Hour)), grant("town", yinzheng.Clerk, Start, time.Time{}), grant("north", yinzheng.Admin, end, time.Time{}),
	}}
	check(t, s.PutDirectory(ctx, Tree()))
	check(t, s.PutDirectory(ctx, yinzheng.NewDirectory(nil, []yinzheng.Office{{ID: "south", Division: South}}, nil)))
	check(t, s.PutAccount(ctx, account))
	check(t, s.PutAccount(ctx, &yinzheng.Account{ID: "u2", Username: "u2", Grants: []yinzheng.Grant{grant("town", yinzheng.Clerk, Start, time.Time{})}}))
	check(t, s.PutDelegation(ctx, &yinzheng.Delegation{ID: "D", From: "u1", To: "u2", Office: "north", Role: yinzheng.Clerk, Begin: Start, End: end}))
	n, err := s.MoveGrants(ctx, "north", "south", at)
	check(t, err)
	if n != 3 {
		t.Errorf("%d posts moved", n)
	}
	got, err := s.Account(ctx, "u1")
	check(t, err)
	want := []yinzheng.Grant{
		grant("north", yinzheng.Clerk, Start, at), grant("north", yinzheng.Approver, Start, at),
		grant("north", yinzheng.Clerk, Start, Start.Add(time.Hour)), grant("town", yinzheng.Clerk, Start, time.Time{}), grant("north", yinzheng.Admin, end, at),
		grant("south", yinzheng.Clerk, at, time.Time{}), grant("south", yinzheng.Approver, at, end), grant("south", yinzheng.Admin, end, time.Time{}),
	}
	if d := cmp.Diff(want, got.Grants); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if u2, err := s.Account(ctx, "u2"); err != nil || got.Version != 2 || u2.Version != 1 {
		t.Errorf("versions %d and %d: %v", got.Version, u2.Version, err)
	}
	people, err := s.PeopleAt(ctx, "south", yinzheng.Clerk, at)
	check(t, err)
	if len(people) != 2 {
		t.Errorf("%d clerks there, one of them by delegation", len(people))
	}
}

// placeCases: what lay under a division that was closed or moved is found where
// the tree says, and nowhere else.
func placeCases(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	check(t, s.PutDirectory(ctx, Tree()))
	save := func(a *yinzheng.Application, desks ...yinzheng.Desk) {
		a.Desks = desks
		saveMarked(t, s, a, yinzheng.Marks{Holder: "王小明", Submitted: a.State != yinzheng.Draft})
	}
	desk := yinzheng.Desk{Office: "town", Role: yinzheng.Approver}
	save(Case("draft", "north", North))
	save(Case("at-town", "north", North, submit...), desk)
	save(Case("south", "south", South, submit...), desk)
	save(Case("west", "west", West, submit...))
	save(Case("done", "north", North, yinzheng.Submit, yinzheng.Reject))
	desks, err := s.DesksOf(ctx, "at-town")
	check(t, err)
	if len(desks) != 1 || desks[0].Office != "town" || desks[0].Role != yinzheng.Approver {
		t.Errorf("desks %v", desks)
	}
	// north goes into south, which goes under the other town
	closed := yinzheng.Division{Code: North, Name: "北", Parent: Town, Level: yinzheng.Village, Until: Start, Successor: South}
	moved := yinzheng.Division{Code: South, Name: "南", Parent: Town2, Level: yinzheng.Village}
	check(t, s.PutDirectory(ctx, yinzheng.NewDirectory([]yinzheng.Division{closed, moved}, nil, nil)))
	check(t, s.PlaceCases(ctx, []string{North, South}))
	for division, want := range map[string][]string{Town: nil, Town2: {"at-town", "done", "south", "west"}, South: {"at-town", "done", "south"}, North: nil} {
		entries, err := s.Search(ctx, yinzheng.SearchFilter{Reach: yinzheng.Reach{Divisions: []string{division}}, Name: "王小明"})
		check(t, err)
		if d := cmp.Diff(want, ids(entries)); d != "" {
			t.Errorf("under %s (-want +got):\n%s", division, d)
		}
	}
	for _, tt := range []struct {
		divisions, offices, want []string
	}{
		{nil, nil, nil},
		{[]string{South}, nil, []string{"at-town", "south"}},
		{[]string{Town2}, []string{"north"}, []string{"at-town", "draft", "south", "west"}},
		{[]string{"nowhere"}, []string{"nobody"}, nil},
	} {
		got, err := s.OpenCases(ctx, tt.divisions, tt.offices)
		check(t, err)
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%v (-want +got):\n%s", tt, d)
		}
	}
	tree, err := s.Directory(ctx)
	check(t, err)
	stale := yinzheng.NewDirectory(nil, nil, nil)
	stale.Version = "another"
	checkIs(t, s.PutDirectory(ctx, stale), yinzheng.ErrConflict)
	stale.Version = tree.Version
	check(t, s.PutDirectory(ctx, stale))
}
