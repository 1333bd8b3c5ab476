package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yinzheng"
)

func verifications(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	minute := Start.Truncate(time.Minute)
	one := func(code string, after int, via yinzheng.Channel, office string, count int) yinzheng.Verification {
		return yinzheng.Verification{Code: code, At: minute.Add(time.Duration(after) * time.Minute), Channel: via, Office: office, Count: count}
	}
	check(t, s.AddVerifications(ctx, nil))
	check(t, s.AddVerifications(ctx, []yinzheng.Verification{
		one("C1", 0, yinzheng.ViaScan, "", 2), one("C1", 0, yinzheng.ViaAPI, "school", 1), one("C2", 0, yinzheng.ViaScan, "", 7), one("C1", 2, yinzheng.ViaFile, "", 1),
	}))
	check(t, s.AddVerifications(ctx, []yinzheng.Verification{one("C1", 0, yinzheng.ViaScan, "", 3), one("C1", 1, yinzheng.ViaScan, "school", 1), one("C1", 1, yinzheng.ViaScan, "", 1)}))
	want := []yinzheng.Verification{
		one("C1", 2, yinzheng.ViaFile, "", 1), one("C1", 1, yinzheng.ViaScan, "school", 1), one("C1", 1, yinzheng.ViaScan, "", 1),
		one("C1", 0, yinzheng.ViaScan, "", 5), one("C1", 0, yinzheng.ViaAPI, "school", 1),
	}
	for _, limit := range []int{100, 5, 2} {
		got, err := s.Verifications(ctx, "C1", limit)
		check(t, err)
		if d := cmp.Diff(want[:min(limit, len(want))], got); d != "" {
			t.Errorf("at most %d (-want +got):\n%s", limit, d)
		}
	}
	for code, want := range map[string]int{"C1": 9, "C2": 7, "C3": 0} {
		if n, err := s.CountVerifications(ctx, code); err != nil || n != want {
			t.Errorf("%s was verified %d times, %v; want %d", code, n, err, want)
		}
	}
}
