package rating

import (
	"context"
	"slices"
	"strings"
	"time"

	"yinzheng"
)

// Few is how many ratings an office needs in a period before its levels are told:
// with fewer one could guess who said what.
const Few = 5

// OfficeCount is how an office was rated in a period.
type OfficeCount struct {
	Office string `json:"office"`
	Total  int    `json:"total"`
	Levels []int  `json:"levels,omitempty" doc:"how often each level was given, the best first; left out where there are fewer than five"`
}

// Count counts the ratings of a period by office, for those that somebody
// administers; ErrForbidden for who is no administrator.
func (q *Ratings) Count(ctx context.Context, by *yinzheng.Account, from, to time.Time) ([]OfficeCount, error) {
	if _, ok := by.Holds(yinzheng.Admin, q.Now(), func(string) bool { return true }); !ok {
		return nil, refuse(yinzheng.ErrForbidden, "只有系统管理员可以看统计", "Only administrators may see the counts")
	}
	counts, err := q.Store.CountRatings(ctx, from, to)
	if err != nil {
		return nil, err
	}
	byOffice := map[string]*OfficeCount{}
	for _, c := range counts {
		if !q.Cases.Administers(by, c.Office) {
			continue
		}
		o := byOffice[c.Office]
		if o == nil {
			o = &OfficeCount{Office: c.Office, Levels: make([]int, Excellent)}
			byOffice[c.Office] = o
		}
		o.Total += c.Count
		o.Levels[Excellent-c.Level] += c.Count
	}
	out := []OfficeCount{}
	for _, o := range byOffice {
		if o.Total < Few {
			o.Levels = nil
		}
		out = append(out, *o)
	}
	slices.SortFunc(out, func(a, b OfficeCount) int { return strings.Compare(a.Office, b.Office) })
	return out, nil
}
