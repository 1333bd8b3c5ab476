package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"yinzheng"
)

// holders are, for each desk of d, who may act there at its moment, by a grant of
// the role that holds it: by one of
// their own, or one that is lent to them by somebody who holds it; then the row
// names the lender, too, and an office where they have a post of their own. A desk that nobody
// holds has one row without an account.
const holders = `SELECT d.office, d.role, g.account, NULL, NULL FROM d LEFT JOIN grants g ON g.office = d.office AND g.role = d.held
		AND (g.valid_from IS NULL OR g.valid_from <= d.now) AND (g.valid_to IS NULL OR g.valid_to > d.now)
		AND EXISTS (SELECT 1 FROM accounts a WHERE a.id = g.account AND NOT a.disabled) WHERE d.role IS NOT NULL
	UNION ALL SELECT d.office, d.role, t.id, g.account, o.office FROM d CROSS JOIN grants g CROSS JOIN delegations l
		JOIN accounts a ON a.id = g.account AND NOT a.disabled JOIN accounts t ON t.id = l.to_account AND NOT t.disabled
		JOIN grants o ON o.account = t.id AND (o.valid_from IS NULL OR o.valid_from <= d.now) AND (o.valid_to IS NULL OR o.valid_to > d.now)
		WHERE g.office = d.office AND g.role = d.held AND (g.valid_from IS NULL OR g.valid_from <= d.now) AND (g.valid_to IS NULL OR g.valid_to > d.now)
		AND l.from_account = g.account AND l.office = g.office AND l.role = g.role AND l.begins <= d.now AND l.ends > d.now`

var (
	holdersOfDesk = query("WITH d(office, role, held, now) AS (SELECT $1, $2, $2, $3) " + holders)
	holdersOfRole = query("WITH d(office, role, held, now) AS (SELECT id, $1, $1, $2 FROM offices) " + holders)
	// From one office to the next, and in each inbox from one role to the next: the
	// index is asked once for each, however many cases wait there. Then the offices
	// with drafts or returned cases, in the same way.
	holdersOfDesks = query(`WITH RECURSIVE o(office) AS (SELECT min(office) FROM inbox
			UNION ALL SELECT (SELECT min(i.office) FROM inbox i WHERE i.office > o.office) FROM o WHERE o.office IS NOT NULL),
		r(office, role) AS (SELECT o.office, (SELECT min(i.role) FROM inbox i WHERE i.office = o.office) FROM o
			UNION ALL SELECT r.office, (SELECT min(i.role) FROM inbox i WHERE i.office = r.office AND i.role > r.role) FROM r WHERE r.role IS NOT NULL),
		w(office) AS (SELECT min(office) FROM applications
			UNION ALL SELECT (SELECT min(a.office) FROM applications a WHERE a.office > w.office) FROM w WHERE w.office IS NOT NULL),
		d(office, role, held, now) AS (SELECT r.office, r.role, r.role, $1 FROM r
			UNION ALL SELECT w.office, '', 'clerk', $1 FROM w WHERE EXISTS (SELECT 1 FROM applications a WHERE a.office = w.office AND a.state = 'draft')
				OR EXISTS (SELECT 1 FROM applications a WHERE a.office = w.office AND a.state = 'returned')) ` + holders)
)

// PeopleAt implements yinzheng.Staffs.
func (s *Store) PeopleAt(ctx context.Context, office string, role yinzheng.Role, now time.Time) ([]*yinzheng.Account, error) {
	desks, err := s.staffs(ctx, "list the people of a post", holdersOfDesk, office, string(role), now.UnixMicro())
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, h := range desks[0].People {
		ids = append(ids, h.Account)
	}
	return s.accounts(ctx, slices.Compact(ids))
}

// OfficesWith implements yinzheng.Staffs.
func (s *Store) OfficesWith(ctx context.Context, role yinzheng.Role, now time.Time) ([]string, error) {
	desks, err := s.staffs(ctx, "list the offices with somebody in a post", holdersOfRole, string(role), now.UnixMicro())
	var offices []string
	for _, d := range desks {
		if len(d.People) > 0 {
			offices = append(offices, d.Office)
		}
	}
	return offices, err
}

// DesksAt implements yinzheng.Staffs.
func (s *Store) DesksAt(ctx context.Context, now time.Time) ([]yinzheng.Staff, error) {
	return s.staffs(ctx, "list the desks where cases wait", holdersOfDesks, now.UnixMicro())
}

// staffs reads desks with their holders.
func (s *Store) staffs(ctx context.Context, doing, statement string, args ...any) ([]yinzheng.Staff, error) {
	people := map[yinzheng.Desk][]yinzheng.Holder{}
	tree, err := s.Directory(ctx)
	if err != nil {
		return nil, err
	}
	err = s.read(ctx, doing, func(ctx context.Context, q querier) error {
		clear(people) // this may be a second run
		return each(ctx, q, func(r *sql.Rows) error {
			var d yinzheng.Desk
			var h yinzheng.Holder
			var own string
			err := r.Scan(&d.Office, &d.Role, (*text)(&h.Account), (*text)(&h.For), (*text)(&own))
			list := people[d]
			if h.Account != "" && (own == "" || tree.Oversees(own, d.Office)) {
				list = append(list, h)
			}
			people[d] = list
			return err
		}, statement, args...)
	})
	desks := make([]yinzheng.Staff, 0, len(people))
	for d, list := range people {
		slices.SortFunc(list, func(a, b yinzheng.Holder) int {
			return cmp.Or(strings.Compare(a.Account, b.Account), strings.Compare(a.For, b.For))
		})
		desks = append(desks, yinzheng.Staff{Desk: d, People: slices.Compact(list)})
	}
	slices.SortFunc(desks, func(a, b yinzheng.Staff) int {
		return cmp.Or(strings.Compare(a.Office, b.Office), strings.Compare(string(a.Role), string(b.Role)))
	})
	return desks, err
}

// sorted puts IDs in order, each once.
func sorted(ids []string) []string {
	slices.Sort(ids)
	return slices.Compact(ids)
}
