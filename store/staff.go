package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"yinzheng"
)

var (
	// From one desk to the next: an index is asked once for each, however many
	// cases wait there.
	nextDesk = query("SELECT office, role FROM inbox WHERE (office, role) > ($1, $2) ORDER BY office, role LIMIT 1")
	// Who may act in a post at a moment: by a grant of their own, or one that is
	// lent to them by somebody who holds it.
	holdersAt = query(`SELECT g.account FROM grants g JOIN accounts a ON a.id = g.account AND NOT a.disabled
		WHERE g.office = $1 AND g.role = $2 AND (g.valid_from IS NULL OR g.valid_from <= $3) AND (g.valid_to IS NULL OR g.valid_to > $3)
		UNION ALL SELECT t.id FROM grants g JOIN accounts a ON a.id = g.account AND NOT a.disabled
		JOIN delegations d ON d.from_account = g.account AND d.office = g.office AND d.role = g.role AND d.begins <= $3 AND d.ends > $3
		JOIN accounts t ON t.id = d.to_account AND NOT t.disabled
		WHERE g.office = $1 AND g.role = $2 AND (g.valid_from IS NULL OR g.valid_from <= $3) AND (g.valid_to IS NULL OR g.valid_to > $3)`)
)

// PeopleAt implements yinzheng.Staffs.
func (s *Store) PeopleAt(ctx context.Context, office string, role yinzheng.Role, now time.Time) ([]*yinzheng.Account, error) {
	ids, err := s.ids(ctx, "list the people of a post", holdersAt, office, string(role), now.UnixMicro())
	if err != nil {
		return nil, err
	}
	return s.accounts(ctx, sorted(ids))
}

// DesksAt implements yinzheng.Staffs.
func (s *Store) DesksAt(ctx context.Context, now time.Time) ([]yinzheng.Staff, error) {
	var desks []yinzheng.Staff
	err := s.snapshot(ctx, "list the desks where cases wait", func(ctx context.Context, q querier) error {
		desks = nil
		var at yinzheng.Staff
		for {
			err := q.QueryRowContext(ctx, nextDesk, at.Office, string(at.Role)).Scan(&at.Office, &at.Role)
			if errors.Is(err, sql.ErrNoRows) {
				return nil
			}
			if err != nil {
				return err
			}
			at.People = nil
			if err := each(ctx, q, func(r *sql.Rows) error {
				var id string
				err := r.Scan(&id)
				at.People = append(at.People, id)
				return err
			}, holdersAt, at.Office, string(at.Role), now.UnixMicro()); err != nil {
				return err
			}
			at.People = sorted(at.People)
			desks = append(desks, at)
		}
	})
	return desks, err
}

// sorted puts IDs in order, each once.
func sorted(ids []string) []string {
	slices.Sort(ids)
	return slices.Compact(ids)
}
