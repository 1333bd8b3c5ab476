package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yinzheng"
)

// inspections: what is to be made is found by office, first due first, page by
// page, until it was made.
func inspections(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	add := func(application, material, office string, hours int) yinzheng.PendingInspection {
		k := yinzheng.PendingInspection{Application: application, Material: material, Office: office, Due: Start.Add(time.Duration(hours) * time.Hour)}
		check(t, s.AddInspection(ctx, &k))
		return k
	}
	third, first, second, below := add("A3", "lease", "town", 5), add("A1", "lease", "town", 1), add("A1", "deed", "town", 1), add("A2", "lease", "town2", 2)
	add("A4", "lease", "town3", 0)
	late := add("A5", "lease", "town2", 9)
	checkIs(t, s.AddInspection(ctx, &first), yinzheng.ErrConflict)
	read := func(limit int, scopes ...yinzheng.InspectionScope) string {
		t.Helper()
		var got string
		for after, n := "", 0; n < 10; n++ {
			page, err := s.PendingInspections(ctx, scopes, after, limit)
			check(t, err)
			if len(page) > limit {
				t.Fatalf("a page of %d", len(page))
			}
			for _, k := range page {
				after = k.Cursor
				got += name(k)
			}
			if len(page) < limit {
				break
			}
		}
		return got
	}
	names := func(all ...yinzheng.PendingInspection) (out string) {
		for _, k := range all {
			out += name(k)
		}
		return out
	}
	town, town2 := yinzheng.InspectionScope{Office: "town"}, yinzheng.InspectionScope{Office: "town2", Before: late.Due}
	for limit := 1; limit < 6; limit++ {
		if d := cmp.Diff(names(first, second, below, third), read(limit, town, town2)); d != "" {
			t.Errorf("pages of %d (-want +got):\n%s", limit, d)
		}
	}
	check(t, s.EndInspection(ctx, "A1", "lease", Start))
	check(t, s.EndInspection(ctx, "A1", "lease", Start)) // looked at again
	if d := cmp.Diff(names(second, third), read(10, town)); d != "" {
		t.Errorf("after one was made (-want +got):\n%s", d)
	}
	_, err := s.PendingInspections(ctx, []yinzheng.InspectionScope{town}, "nonsense", 1)
	checkIs(t, err, yinzheng.ErrInvalid)
}

func name(k yinzheng.PendingInspection) string {
	return fmt.Sprintf("%s %s of %s by %s\n", k.Material, k.Application, k.Office, k.Due.Format(time.RFC3339Nano))
}

func commitmentRights(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	ended := yinzheng.CommitmentRight{At: Start, Document: "111:1", Ended: true, By: "u1", Application: "A1", Action: 7}
	restored := yinzheng.CommitmentRight{At: Start.Add(time.Hour), Document: "111:1", By: "u2", Application: "A1", Reason: "认定有误"}
	for _, r := range []yinzheng.CommitmentRight{ended, {At: Start, Document: "111:2", Ended: true, By: "u1", Application: "A2", Action: 8}, restored} {
		check(t, s.AddCommitmentRight(ctx, &r))
	}
	got, err := s.CommitmentRightsOf(ctx, "111:1")
	check(t, err)
	if d := cmp.Diff([]yinzheng.CommitmentRight{ended, restored}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if none, err := s.CommitmentRightsOf(ctx, "111:3"); err != nil || len(none) != 0 {
		t.Errorf("%v %v", none, err)
	}
}
