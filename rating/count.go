package rating

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"yinzheng"
)

// Few is how many ratings an office needs in a quarter before anything of them is
// told: with fewer one could guess who said what. Quarters do not overlap and are
// counted once they have ended, so that none is another one less somebody's rating; but
// a rating that gives place to a bad one (Rate) goes to the quarter of that one.
const Few = 5

// Quarter is one of a year, from 1 to 4, in yinzheng.Zone.
type Quarter struct{ Year, N int }

// LastQuarter is the last one that has ended by a moment.
func LastQuarter(now time.Time) Quarter {
	begun := now.In(yinzheng.Zone).AddDate(0, 0, 1-now.In(yinzheng.Zone).Day()).AddDate(0, -3, 0) // a first of a month of it
	return Quarter{begun.Year(), (int(begun.Month())-1)/3 + 1}
}

var quarterText = regexp.MustCompile(`^(2\d{3})-Q([1-4])$`)

// ParseQuarter reads one such as 2026-Q3; ErrInvalid.
func ParseQuarter(s string) (Quarter, error) {
	m := quarterText.FindStringSubmatch(s)
	if m == nil {
		var f faults
		f.add("quarter", "quarter", "季度应如 2026-Q3", "Expected a quarter such as 2026-Q3")
		return Quarter{}, f.err()
	}
	var q Quarter
	_, err := fmt.Sscanf(s, "%4d-Q%1d", &q.Year, &q.N)
	return q, err
}

func (q Quarter) String() string { return fmt.Sprintf("%d-Q%d", q.Year, q.N) }

// Name is the quarter as people say it.
func (q Quarter) Name() yinzheng.Text {
	return yinzheng.Text{ZH: fmt.Sprintf("%d年第%s季度", q.Year, []string{"一", "二", "三", "四"}[q.N-1]), EN: q.String()}
}

// bounds are its first moment and that of the next one.
func (q Quarter) bounds() (from, to time.Time) {
	from = time.Date(q.Year, time.Month(3*q.N-2), 1, 0, 0, 0, 0, yinzheng.Zone)
	return from, from.AddDate(0, 3, 0)
}

// OfficeCount is how an office was rated in a quarter.
type OfficeCount struct {
	Office string `json:"office"`
	Total  int    `json:"total,omitempty" doc:"left out, as the levels are, where there are fewer than five"`
	Levels []int  `json:"levels,omitempty" doc:"how often each level was given, the best first"`
}

// Count counts the ratings of a quarter that has ended, by office, for those that
// somebody administers. Errors: ErrForbidden for who is no administrator, ErrInvalid
// for a quarter that has not ended.
func (q *Ratings) Count(ctx context.Context, by *yinzheng.Account, of Quarter) ([]OfficeCount, error) {
	if _, ok := by.Holds(yinzheng.Admin, q.Now(), func(string) bool { return true }); !ok {
		return nil, refuse(yinzheng.ErrForbidden, "只有系统管理员可以看统计", "Only administrators may see the counts")
	}
	from, to := of.bounds()
	if to.After(q.now()) {
		var f faults
		f.add("quarter", "not-ended", "这个季度还没有结束", "The quarter has not ended yet")
		return nil, f.err()
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
			o.Total, o.Levels = 0, nil
		}
		out = append(out, *o)
	}
	slices.SortFunc(out, func(a, b OfficeCount) int { return strings.Compare(a.Office, b.Office) })
	return out, nil
}
