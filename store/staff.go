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

// holders are, for each desk of d, who may act there at its moment: by a grant of
// their own, or one that is lent to them by somebody who holds it; then the row
// names an office where they have a post of their own, too. A desk that nobody
// holds has one row without an account.
const holders = `SELECT d.office, d.role, g.account, NULL FROM d LEFT JOIN grants g ON g.office = d.office AND g.role = d.role
		AND (g.valid_from IS NULL OR g.valid_from <= d.now) AND (g.valid_to IS NULL OR g.valid_to > d.now)
		AND EXISTS (SELECT 1 FROM accounts a WHERE a.id = g.account AND NOT a.disabled) WHERE d.role IS NOT NULL
	UNION ALL SELECT d.office, d.role, t.id, o.office FROM d CROSS JOIN grants g CROSS JOIN delegations l
		JOIN accounts a ON a.id = g.account AND NOT a.disabled JOIN accounts t ON t.id = l.to_account AND NOT t.disabled
		JOIN grants o ON o.account = t.id AND (o.valid_from IS NULL OR o.valid_from <= d.now) AND (o.valid_to IS NULL OR o.valid_to > d.now)
		WHERE g.office = d.office AND g.role = d.role AND (g.valid_from IS NULL OR g.valid_from <= d.now) AND (g.valid_to IS NULL OR g.valid_to > d.now)
		AND l.from_account = g.account AND l.office = g.office AND l.role = g.role AND l.begins <= d.now AND l.ends > d.now`

var (
	holdersOfDesk = query("WITH d(office, role, now) AS (SELECT $1, $2, $3) " + holders)
	// From one office to the next, and in each from one role to the next: the
	// index is asked once for each, however many cases wait there.
	holdersOfDesks = query(`WITH RECURSIVE o(office) AS (SELECT min(office) FROM inbox
			UNION ALL SELECT (SELECT min(i.office) FROM inbox i WHERE i.office > o.office) FROM o WHERE o.office IS NOT NULL),
		d(office, role, now) AS (SELECT o.office, (SELECT min(i.role) FROM inbox i WHERE i.office = o.office), $1 FROM o
			UNION ALL SELECT d.office, (SELECT min(i.role) FROM inbox i WHERE i.office = d.office AND i.role > d.role), d.now FROM d WHERE d.role IS NOT NULL) ` + holders)
)

// PeopleAt implements yinzheng.Staffs.
func (s *Store) PeopleAt(ctx context.Context, office string, role yinzheng.Role, now time.Time) ([]*yinzheng.Account, error) {
	desks, err := s.staffs(ctx, "list the people of a post", holdersOfDesk, office, string(role), now.UnixMicro())
	if err != nil {
		return nil, err
	}
	return s.accounts(ctx, desks[0].People)
}

// DesksAt implements yinzheng.Staffs.
func (s *Store) DesksAt(ctx context.Context, now time.Time) ([]yinzheng.Staff, error) {
	return s.staffs(ctx, "list the desks where cases wait", holdersOfDesks, now.UnixMicro())
}

// staffs reads desks with their holders.
func (s *Store) staffs(ctx context.Context, doing, statement string, args ...any) ([]yinzheng.Staff, error) {
	people := map[yinzheng.Desk][]string{}
	tree, err := s.Directory(ctx)
	if err != nil {
		return nil, err
	}
	err = s.read(ctx, doing, func(ctx context.Context, q querier) error {
		clear(people) // this may be a second run
		return each(ctx, q, func(r *sql.Rows) error {
			var d yinzheng.Desk
			var account, own string
			err := r.Scan(&d.Office, &d.Role, (*text)(&account), (*text)(&own))
			list := people[d]
			if account != "" && (own == "" || tree.Oversees(own, d.Office)) {
				list = append(list, account)
			}
			people[d] = list
			return err
		}, statement, args...)
	})
	desks := make([]yinzheng.Staff, 0, len(people))
	for d, ids := range people {
		desks = append(desks, yinzheng.Staff{Desk: d, People: sorted(ids)})
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
