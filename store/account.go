package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"yinzheng"
)

const accountColumns = `SELECT a.id, a.username, a.name, a.person_type, a.person_number, a.person_reason, a.password, a.disabled, a.version,
	g.office, g.role, g.valid_from, g.valid_to
	FROM accounts a LEFT JOIN grants g ON g.account = a.id `

var (
	accountByID       = query(accountColumns + "WHERE a.id = $1 ORDER BY g.position")
	accountByUsername = query(accountColumns + "WHERE a.username = $1 ORDER BY g.position")
	insertAccount     = query(`INSERT INTO accounts (username, name, person_type, person_number, person_reason, password, disabled, id, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9 + 1)`)
	updateAccount = query(`UPDATE accounts SET username = $1, name = $2, person_type = $3, person_number = $4, person_reason = $5,
		password = $6, disabled = $7, version = version + 1 WHERE id = $8 AND version = $9`)
	accountsOf   = query("SELECT account FROM grants WHERE office = $1")
	namedLike    = query(`SELECT id FROM accounts WHERE lower(username) LIKE lower($1) ESCAPE '\' OR lower(name) LIKE lower($1) ESCAPE '\'`)
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
	var loans []lent
	err := s.read(ctx, "read an account", func(ctx context.Context, q querier) error {
		a, loans = nil, nil
		err := each(ctx, q, func(r *sql.Rows) error {
			if a == nil {
				a = new(yinzheng.Account)
			}
			var g yinzheng.Grant
			err := r.Scan(&a.ID, &a.Username, &a.Name, &a.Person.Type, &a.Person.Number, &a.Person.Reason, &a.Password, &a.Disabled, (*whole)(&a.Version),
				(*text)(&g.Office), (*text)(&g.Role), (*moment)(&g.From), (*moment)(&g.To))
			if g.Role != "" {
				a.Grants = append(a.Grants, g)
			}
			return err
		}, by, key)
		if err != nil || a == nil {
			return err
		}
		loans, err = readLent(ctx, q, a.ID)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case a == nil:
		return nil, notFound("没有这个账号", "There is no such account")
	}
	if err := s.addLent(ctx, a, loans); err != nil {
		return nil, err
	}
	return a, nil
}

// PutAccount implements yinzheng.Directories.
func (s *Store) PutAccount(ctx context.Context, a *yinzheng.Account) error {
	return s.write(ctx, "write an account", func(ctx context.Context, q querier) error {
		text := updateAccount
		if a.Version == 0 {
			text = insertAccount
		}
		n, err := change(ctx, q, text, a.Username, a.Name, a.Person.Type, a.Person.Number, a.Person.Reason, a.Password, a.Disabled, a.ID, a.Version)
		if s.dialect.unique(err) {
			return conflict("用户名已被使用，或者这个人已有账号", "The username is taken, or this person already has an account")
		}
		if err == nil && n == 0 {
			err = conflict("账号已被他人更改，请重新读取后再操作", "Somebody else has changed the account; please read it again")
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

// AccountsOf implements yinzheng.Directories.
func (s *Store) AccountsOf(ctx context.Context, office string) ([]*yinzheng.Account, error) {
	ids, err := s.ids(ctx, "list the accounts of an office", accountsOf, office)
	if err != nil {
		return nil, err
	}
	return s.accounts(ctx, sorted(ids))
}

// AccountsNamed implements yinzheng.Directories.
func (s *Store) AccountsNamed(ctx context.Context, text string) ([]*yinzheng.Account, error) {
	plain := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
	ids, err := s.ids(ctx, "find accounts by name", namedLike, "%"+plain+"%")
	if err != nil {
		return nil, err
	}
	return s.accounts(ctx, ids)
}

// accounts reads several accounts, by username.
func (s *Store) accounts(ctx context.Context, ids []string) ([]*yinzheng.Account, error) {
	list := make([]*yinzheng.Account, 0, len(ids))
	for _, id := range ids {
		a, err := s.Account(ctx, id)
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b *yinzheng.Account) int { return strings.Compare(a.Username, b.Username) })
	return list, nil
}
