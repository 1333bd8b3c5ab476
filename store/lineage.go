package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"yinzheng"
)

var (
	newestNumber = query("SELECT number FROM certificates WHERE number >= $1 AND number < $2 ORDER BY number DESC LIMIT 1")

	insertReplacement  = query("INSERT INTO replacements (certificate, application) VALUES ($1, $2)")
	selectReplacements = query("SELECT application FROM replacements WHERE certificate = $1 ORDER BY key")

	insertRevocation   = query("INSERT INTO revocations (certificate, proposal, organ, proposed_at) VALUES ($1, $2, $3, $4)")
	decideRevocation   = query("UPDATE revocations SET decided_at = $1 WHERE certificate = $2 AND proposal = $3 AND decided_at IS NULL")
	pendingRevocations = query("SELECT certificate, proposal, organ, proposed_at FROM revocations WHERE decided_at IS NULL ORDER BY key")
)

// NewestNumber implements yinzheng.Lineages.
func (s *Store) NewestNumber(ctx context.Context, prefix string) (string, error) {
	var number string
	err := s.read(ctx, "find the newest version of a number", func(ctx context.Context, q querier) error {
		number = ""
		err := q.QueryRowContext(ctx, newestNumber, prefix, prefix+"\x7f").Scan(&number) // numbers are ASCII
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	return number, err
}

// LinkReplacement implements yinzheng.Lineages.
func (s *Store) LinkReplacement(ctx context.Context, code, application string) error {
	return s.write(ctx, "link a replacement", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, insertReplacement, code, application)
		return err
	})
}

// Replacements implements yinzheng.Lineages.
func (s *Store) Replacements(ctx context.Context, code string) ([]string, error) {
	return s.ids(ctx, "list replacements", selectReplacements, code)
}

// AddRevocation implements yinzheng.Revocations.
func (s *Store) AddRevocation(ctx context.Context, p *yinzheng.PendingRevocation) error {
	return s.write(ctx, "note a proposed revocation", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, insertRevocation, p.Certificate, p.Proposal, p.Organ, p.ProposedAt.UnixMicro())
		if s.dialect.unique(err) {
			return conflict("这个撤销提议已登记", "The proposal is noted already")
		}
		return err
	})
}

// DecideRevocation implements yinzheng.Revocations.
func (s *Store) DecideRevocation(ctx context.Context, code string, proposal int, at time.Time) error {
	return s.write(ctx, "decide a proposed revocation", func(ctx context.Context, q querier) error {
		n, err := change(ctx, q, decideRevocation, at.UnixMicro(), code, proposal)
		if err == nil && n == 0 {
			err = conflict("这个撤销提议已有人决定", "The proposal was decided already")
		}
		return err
	})
}

// PendingRevocations implements yinzheng.Revocations.
func (s *Store) PendingRevocations(ctx context.Context) ([]yinzheng.PendingRevocation, error) {
	var all []yinzheng.PendingRevocation
	err := s.read(ctx, "list proposed revocations", func(ctx context.Context, q querier) error {
		all = nil
		return each(ctx, q, func(r *sql.Rows) error {
			var p yinzheng.PendingRevocation
			err := r.Scan(&p.Certificate, (*whole)(&p.Proposal), &p.Organ, (*moment)(&p.ProposedAt))
			all = append(all, p)
			return err
		}, pendingRevocations)
	})
	return all, err
}
