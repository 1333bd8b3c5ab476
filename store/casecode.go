package store

import (
	"context"
	"database/sql"
	"time"

	"yinzheng"
)

var (
	putCaseCode = query(`INSERT INTO case_codes (application, way, hash, expires_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (application, way) DO UPDATE SET hash = excluded.hash, expires_at = excluded.expires_at, wrong = 0`)
	selectCaseCodes = query("SELECT way, hash, expires_at FROM case_codes WHERE application = $1 AND expires_at > $2 ORDER BY way")
	useCaseCode     = query("DELETE FROM case_codes WHERE application = $1 AND way = $2 AND hash = $3")
	missCaseCodes   = query("UPDATE case_codes SET wrong = wrong + 1 WHERE application = $1 AND way = $2")
	endCaseCodes    = query("DELETE FROM case_codes WHERE application = $1 AND way = $2 AND wrong >= $3")
	countTry        = query(`INSERT INTO code_tries (application, since, tries) VALUES ($1, $2, 1) ON CONFLICT (application) DO UPDATE SET
		tries = CASE WHEN code_tries.since < $3 THEN 1 ELSE code_tries.tries + 1 END,
		since = CASE WHEN code_tries.since < $3 THEN excluded.since ELSE code_tries.since END RETURNING tries`)
	pruneCaseCodes = query("DELETE FROM case_codes WHERE expires_at <= $1")
	pruneTries     = query("DELETE FROM code_tries WHERE since < $1")
)

// PutCaseCode implements yinzheng.CaseCodes.
func (s *Store) PutCaseCode(ctx context.Context, c *yinzheng.CaseCode) error {
	return s.write(ctx, "write a case's code", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, putCaseCode, c.Case, string(c.Way), c.Hash[:], micros(c.Expires))
		return err
	})
}

// CaseCodes implements yinzheng.CaseCodes.
func (s *Store) CaseCodes(ctx context.Context, application string, now time.Time) ([]yinzheng.CaseCode, error) {
	var codes []yinzheng.CaseCode
	err := s.read(ctx, "read a case's codes", func(ctx context.Context, q querier) error {
		codes = nil
		return each(ctx, q, func(r *sql.Rows) error {
			c := yinzheng.CaseCode{Case: application}
			var hash []byte
			err := r.Scan((*text)(&c.Way), &hash, (*moment)(&c.Expires))
			copy(c.Hash[:], hash)
			codes = append(codes, c)
			return err
		}, selectCaseCodes, application, micros(now))
	})
	return codes, err
}

// UseCaseCode implements yinzheng.CaseCodes.
func (s *Store) UseCaseCode(ctx context.Context, c *yinzheng.CaseCode) error {
	return s.write(ctx, "use a case's code", func(ctx context.Context, q querier) error {
		n, err := change(ctx, q, useCaseCode, c.Case, string(c.Way), c.Hash[:])
		if err == nil && n == 0 {
			err = notFound("这个查询码已失效", "The code has ended")
		}
		return err
	})
}

// MissCaseCodes implements yinzheng.CaseCodes.
func (s *Store) MissCaseCodes(ctx context.Context, application string, way yinzheng.CodeWay, most int) error {
	return s.write(ctx, "count a wrong code", func(ctx context.Context, q querier) error {
		if _, err := change(ctx, q, missCaseCodes, application, string(way)); err != nil {
			return err
		}
		_, err := change(ctx, q, endCaseCodes, application, string(way), most)
		return err
	})
}

// CountTry implements yinzheng.CaseCodes.
func (s *Store) CountTry(ctx context.Context, at string, since, now time.Time) (tries int, err error) {
	err = s.write(ctx, "count a try of a code", func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, countTry, at, micros(now), micros(since)).Scan((*whole)(&tries))
	})
	return tries, err
}

// PruneCaseCodes implements yinzheng.CaseCodes.
func (s *Store) PruneCaseCodes(ctx context.Context, now, since time.Time) error {
	return s.write(ctx, "forget codes that have ended", func(ctx context.Context, q querier) error {
		if _, err := change(ctx, q, pruneCaseCodes, micros(now)); err != nil {
			return err
		}
		_, err := change(ctx, q, pruneTries, micros(since))
		return err
	})
}
