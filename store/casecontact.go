package store

import (
	"context"
	"database/sql"
	"errors"

	"yinzheng"
)

var (
	putCaseContact = query(`INSERT INTO case_contacts (application, channel, address, language, account, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (application) DO UPDATE SET channel = excluded.channel, address = excluded.address, language = excluded.language, account = excluded.account, at = excluded.at`)
	selectCaseContact = query("SELECT channel, address, language, account, at FROM case_contacts WHERE application = $1")
	eraseCaseContact  = query("DELETE FROM case_contacts WHERE application = $1")
)

// PutCaseContact implements yinzheng.CaseContacts.
func (s *Store) PutCaseContact(ctx context.Context, c *yinzheng.CaseContact) error {
	return s.write(ctx, "write a case's contact", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, putCaseContact, c.Case, string(c.Channel), c.Address, c.Language, c.By, micros(c.At))
		return err
	})
}

// CaseContact implements yinzheng.CaseContacts.
func (s *Store) CaseContact(ctx context.Context, application string) (*yinzheng.CaseContact, error) {
	c := &yinzheng.CaseContact{Case: application}
	err := s.read(ctx, "read a case's contact", func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, selectCaseContact, application).Scan((*text)(&c.Channel), &c.Address, &c.Language, &c.By, (*moment)(&c.At))
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, notFound("这件没有登记联系方式", "The case has no contact")
	}
	return c, err
}

// EraseCaseContact implements yinzheng.CaseContacts.
func (s *Store) EraseCaseContact(ctx context.Context, application string) error {
	return s.write(ctx, "erase a case's contact", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, eraseCaseContact, application)
		return err
	})
}
