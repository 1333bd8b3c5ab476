package store

import (
	"context"
	"database/sql"

	"yinzheng"
)

var (
	putDelegation = query(`INSERT INTO delegations (id, from_account, to_account, office, role, begins, ends) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (id) DO UPDATE SET ends = excluded.ends`)
	selectDelegations = query(`SELECT id, from_account, to_account, office, role, begins, ends FROM delegations
		WHERE from_account = $1 OR to_account = $1 ORDER BY begins DESC, id`)
	// What is lent to an account, for as long as who lends it holds it.
	lentGrants = query(`SELECT d.office, d.role, max(d.begins, coalesce(g.valid_from, d.begins)), min(d.ends, coalesce(g.valid_to, d.ends)),
		f.id, f.name, f.person_type, f.person_number FROM delegations d
		JOIN accounts f ON f.id = d.from_account AND NOT f.disabled
		JOIN grants g ON g.account = f.id AND g.office = d.office AND g.role = d.role
		WHERE d.to_account = $1 ORDER BY d.begins, d.id, g.position`)
)

// PutDelegation implements yinzheng.Delegations. Only the end of one that is
// there changes.
func (s *Store) PutDelegation(ctx context.Context, d *yinzheng.Delegation) error {
	return s.write(ctx, "write a delegation", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, putDelegation, d.ID, d.From, d.To, d.Office, string(d.Role), micros(d.Begin), micros(d.End))
		return err
	})
}

// Delegations implements yinzheng.Delegations.
func (s *Store) Delegations(ctx context.Context, account string) ([]yinzheng.Delegation, error) {
	var list []yinzheng.Delegation
	err := s.read(ctx, "list delegations", func(ctx context.Context, q querier) error {
		list = nil
		return each(ctx, q, func(r *sql.Rows) error {
			var d yinzheng.Delegation
			err := r.Scan(&d.ID, &d.From, &d.To, &d.Office, &d.Role, (*moment)(&d.Begin), (*moment)(&d.End))
			list = append(list, d)
			return err
		}, selectDelegations, account)
	})
	return list, err
}

// addLent adds what was lent to an account to its grants.
func addLent(ctx context.Context, q querier, a *yinzheng.Account) error {
	return each(ctx, q, func(r *sql.Rows) error {
		var g yinzheng.Grant
		err := r.Scan(&g.Office, &g.Role, (*moment)(&g.From), (*moment)(&g.To), &g.For, &g.ForName, &g.ForID.Type, &g.ForID.Number)
		a.Grants = append(a.Grants, g)
		return err
	}, lentGrants, a.ID)
}
