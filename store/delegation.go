package store

import (
	"context"
	"database/sql"
	"slices"

	"yinzheng"
)

var (
	putDelegation = query(`INSERT INTO delegations (id, from_account, to_account, office, role, begins, ends) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (id) DO UPDATE SET ends = excluded.ends`)
	delegationColumns = `SELECT d.id, d.from_account, f.name, d.to_account, t.name, d.office, d.role, d.begins, d.ends FROM delegations d
		JOIN accounts f ON f.id = d.from_account JOIN accounts t ON t.id = d.to_account `
	delegationByID    = query(delegationColumns + "WHERE d.id = $1")
	selectDelegations = query(delegationColumns + "WHERE d.from_account = $1 OR d.to_account = $1 ORDER BY d.begins DESC, d.id")
	delegationsOf     = query(delegationColumns + "WHERE d.office = $1 ORDER BY d.begins DESC, d.id")
	// What is lent to an account, for as long as who lends it holds it and the
	// account has a post of its own, each of which is a row: those of colleagues count.
	lentGrants = query(`SELECT o.office, d.office, d.role, max(d.begins, coalesce(g.valid_from, d.begins), coalesce(o.valid_from, d.begins)),
		min(d.ends, coalesce(g.valid_to, d.ends), coalesce(o.valid_to, d.ends)), f.id, f.name, f.person_type, f.person_number FROM delegations d
		JOIN accounts f ON f.id = d.from_account AND NOT f.disabled
		JOIN grants g ON g.account = f.id AND g.office = d.office AND g.role = d.role
		JOIN grants o ON o.account = d.to_account
		WHERE d.to_account = $1 ORDER BY d.begins, d.id, g.position, o.position`)
)

// PutDelegation implements yinzheng.Delegations. Only the end of one that is
// there changes.
func (s *Store) PutDelegation(ctx context.Context, d *yinzheng.Delegation) error {
	return s.write(ctx, "write a delegation", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, putDelegation, d.ID, d.From, d.To, d.Office, string(d.Role), micros(d.Begin), micros(d.End))
		return err
	})
}

// Delegation implements yinzheng.Delegations.
func (s *Store) Delegation(ctx context.Context, id string) (*yinzheng.Delegation, error) {
	list, err := s.delegations(ctx, delegationByID, id)
	switch {
	case err != nil:
		return nil, err
	case len(list) == 0:
		return nil, notFound("没有这项委托", "There is no such delegation")
	}
	return &list[0], nil
}

// Delegations implements yinzheng.Delegations.
func (s *Store) Delegations(ctx context.Context, account string) ([]yinzheng.Delegation, error) {
	return s.delegations(ctx, selectDelegations, account)
}

// DelegationsOf implements yinzheng.Delegations.
func (s *Store) DelegationsOf(ctx context.Context, office string) ([]yinzheng.Delegation, error) {
	return s.delegations(ctx, delegationsOf, office)
}

func (s *Store) delegations(ctx context.Context, text, key string) ([]yinzheng.Delegation, error) {
	var list []yinzheng.Delegation
	err := s.read(ctx, "list delegations", func(ctx context.Context, q querier) error {
		list = nil
		return each(ctx, q, func(r *sql.Rows) error {
			var d yinzheng.Delegation
			err := r.Scan(&d.ID, &d.From, &d.FromName, &d.To, &d.ToName, &d.Office, &d.Role, (*moment)(&d.Begin), (*moment)(&d.End))
			list = append(list, d)
			return err
		}, text, key)
	})
	return list, err
}

// lent is a grant that is lent to somebody with a post in another office, or in
// the same one.
type lent struct {
	yinzheng.Grant
	own string
}

// readLent lists what was lent to an account.
func readLent(ctx context.Context, q querier, account string) ([]lent, error) {
	var list []lent
	err := each(ctx, q, func(r *sql.Rows) error {
		var g lent
		err := r.Scan(&g.own, &g.Office, &g.Role, (*moment)(&g.From), (*moment)(&g.To), &g.For, &g.ForName, &g.ForID.Type, &g.ForID.Number)
		list = append(list, g)
		return err
	}, lentGrants, account)
	return list, err
}

// addLent adds to an account what was lent to it as a colleague.
func (s *Store) addLent(ctx context.Context, a *yinzheng.Account, list []lent) error {
	if len(list) == 0 { // hardly anybody stands in for somebody
		return nil
	}
	d, err := s.Directory(ctx)
	if err != nil {
		return err
	}
	for _, l := range list {
		if d.Oversees(l.own, l.Office) && l.From.Before(l.To) && !slices.Contains(a.Grants, l.Grant) {
			a.Grants = append(a.Grants, l.Grant)
		}
	}
	return nil
}
