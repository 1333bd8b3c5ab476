package storetest

import (
	"testing"
	"time"

	"yinzheng"
)

func samples(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	_, err := s.NewestSample(ctx)
	checkIs(t, err, yinzheng.ErrNotFound)
	for i, id := range []string{"A1", "A2", "A3"} {
		check(t, s.SaveApplication(ctx, Case(id, "north", North), 0))
		check(t, s.AddSample(ctx, id, Start.Add(time.Duration(3-i)*time.Hour)))
	}
	if id, err := s.NewestSample(ctx); err != nil || id != "A1" {
		t.Errorf("the newest is %s, %v", id, err)
	}
	for i, a := range []yinzheng.Account{
		{Grants: []yinzheng.Grant{{Office: "north", Role: yinzheng.Clerk, From: Start}, {Office: "south", Role: yinzheng.Clerk, From: Start}, {Office: "north", Role: yinzheng.Approver, From: Start.Add(time.Hour)}}},
		{Grants: []yinzheng.Grant{{Office: "north", Role: yinzheng.Clerk, From: Start.Add(-time.Hour), To: Start}}},
		{Disabled: true, Grants: []yinzheng.Grant{{Office: "north", Role: yinzheng.Clerk, From: Start}}},
		{Grants: []yinzheng.Grant{{Office: "north", Role: yinzheng.Admin, From: Start}}},
	} {
		a.ID, a.Username, a.Name = "counted-"+string(rune('a'+i)), "counted-"+string(rune('a'+i)), "某人"
		check(t, s.PutAccount(ctx, &a))
	}
	people, err := s.CountPeople(ctx, Start)
	check(t, err)
	if len(people) != 2 || people[yinzheng.Clerk] != 1 || people[yinzheng.Admin] != 1 {
		t.Errorf("people: %v", people)
	}
}
