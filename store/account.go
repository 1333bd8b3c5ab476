package store

import (
	"context"
	"database/sql"

	"yinzheng"
)

const accountColumns = `SELECT a.id, a.username, a.name, a.person_type, a.person_number, a.person_reason, a.password, a.disabled,
	g.office, g.role, g.valid_from, g.valid_to
	FROM accounts a LEFT JOIN grants g ON g.account = a.id `

var (
	accountByID       = query(accountColumns + "WHERE a.id = $1 ORDER BY g.position")
	accountByUsername = query(accountColumns + "WHERE a.username = $1 ORDER BY g.position")
	putAccount        = query(`INSERT INTO accounts (id, username, name, person_type, person_number, person_reason, password, disabled)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO UPDATE SET username = excluded.username, name = excluded.name,
		person_type = excluded.person_type, person_number = excluded.person_number, person_reason = excluded.person_reason,
		password = excluded.password, disabled = excluded.disabled`)
	deleteGrants = query("DELETE FROM grants WHERE account = $1")
	insertGrant  = query("INSERT INTO grants (account, position, office, role, valid_from, valid_to) VALUES ($1, $2, $3, $4, $5, $6)")
)

// Account implements yinzheng.Directories.
func (s *Store) Account(ctx context.Context, id string) (*yinzheng.Account, error) {
	return s.account(ctx, accountByID, id)
}

// AccountByUsername implements yinzheng.Directories.
func (s *Store) AccountByUsername(ctx context.Context, username string) (*yinzheng.Account, error) {
	return s.account(ctx, accountByUsername, username)
}

func (s *Store) account(ctx context.Context, by, key string) (*yinzheng.Account, error) {
	var a *yinzheng.Account
	err := s.read(ctx, "read an account", func(ctx context.Context, q querier) error {
		a = nil
		err := each(ctx, q, func(r *sql.Rows) error {
			if a == nil {
				a = new(yinzheng.Account)
			}
			var g yinzheng.Grant
			err := r.Scan(&a.ID, &a.Username, &a.Name, &a.Person.Type, &a.Person.Number, &a.Person.Reason, &a.Password, &a.Disabled,
				(*text)(&g.Office), (*text)(&g.Role), (*moment)(&g.From), (*moment)(&g.To))
			if g.Role != "" {
				a.Grants = append(a.Grants, g)
			}
			return err
		}, by, key)
		if err != nil || a == nil {
			return err
		}
		return addLent(ctx, q, a)
	})
	switch {
	case err != nil:
		return nil, err
	case a == nil:
		return nil, notFound("没有这个账号", "There is no such account")
	}
	return a, nil
}

// PutAccount implements yinzheng.Directories.
func (s *Store) PutAccount(ctx context.Context, a *yinzheng.Account) error {
	return s.write(ctx, "write an account", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, putAccount, a.ID, a.Username, a.Name, a.Person.Type, a.Person.Number, a.Person.Reason, a.Password, a.Disabled)
		if s.dialect.unique(err) {
			return conflict("用户名已被使用，或者这个人已有账号", "The username is taken, or this person already has an account")
		}
		if err != nil {
			return err
		}
		if _, err := change(ctx, q, deleteGrants, a.ID); err != nil {
			return err
		}
		for i, g := range a.Grants {
			if g.For != "" {
				continue // lent: not the account's own
			}
			if _, err := change(ctx, q, insertGrant, a.ID, i, g.Office, string(g.Role), micros(g.From), micros(g.To)); err != nil {
				return err
			}
		}
		return nil
	})
}
