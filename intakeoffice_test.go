package yinzheng_test

import (
	"testing"

	"yinzheng"
)

// TestIntakeOfficesAtOnce: which offices have a clerk is asked once, and not of each office
// of the district.
func TestIntakeOfficesAtOnce(t *testing.T) {
	h := newHouse(t)
	h.store.failing = "PeopleAt"
	list, more, err := h.IntakeOffices(h.ctx, yinzheng.SampleTemplate(), "441302001001", "", 9)
	must(t, err)
	if len(list) < 2 || more {
		t.Errorf("%d offices, more: %v", len(list), more)
	}
}
