package store

import (
	"context"
	"database/sql"

	"yinzheng"
)

var (
	lastCatalogueAct   = query("SELECT coalesce(max(seq), 0) FROM catalogue_acts")
	insertCatalogueAct = query("INSERT INTO catalogue_acts (seq, at, account, change, kind, content) VALUES ($1, $2, $3, $4, $5, $6)")
	catalogueActs      = query("SELECT seq, at, account, change, kind, content FROM catalogue_acts WHERE seq > $1 ORDER BY seq")
	openCasesOfItem    = query("SELECT count(*) FROM applications WHERE item = $1 AND state IN ('draft', 'submitted', 'returned', 'approved', 'issuing')")
)

// AddCatalogueAct implements yinzheng.Catalogues.
func (s *Store) AddCatalogueAct(ctx context.Context, a *yinzheng.CatalogueAct) error {
	return s.write(ctx, "write an act on the catalogue", func(ctx context.Context, q querier) error {
		var last int
		if err := q.QueryRowContext(ctx, lastCatalogueAct).Scan(&last); err != nil {
			return err
		}
		if a.Seq != last+1 {
			return conflict("目录刚刚被他人更改，请重新读取后再操作", "Somebody else has just changed the catalogue; please read it again")
		}
		_, err := change(ctx, q, insertCatalogueAct, a.Seq, micros(a.At), a.By, a.Change, a.Kind, string(a.Content))
		return err
	})
}

// CatalogueActs implements yinzheng.Catalogues.
func (s *Store) CatalogueActs(ctx context.Context, after int) ([]yinzheng.CatalogueAct, error) {
	var acts []yinzheng.CatalogueAct
	err := s.read(ctx, "read the catalogue", func(ctx context.Context, q querier) error {
		acts = nil
		return each(ctx, q, func(rows *sql.Rows) error {
			var a yinzheng.CatalogueAct
			err := rows.Scan((*whole)(&a.Seq), (*moment)(&a.At), &a.By, &a.Change, &a.Kind, &a.Content)
			acts = append(acts, a)
			return err
		}, catalogueActs, after)
	})
	return acts, err
}

// OpenCasesOf implements yinzheng.Catalogues.
func (s *Store) OpenCasesOf(ctx context.Context, item string) (int, error) {
	var n int
	err := s.read(ctx, "count an item's open cases", func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, openCasesOfItem, item).Scan(&n)
	})
	return n, err
}
