package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"yinzheng"
)

const reorganisationColumns = "SELECT id, effective_at, planned_at, account, content, applied_at, moved_at, cancelled_at FROM reorganisations "

var (
	insertReorganisation = query("INSERT INTO reorganisations (id, effective_at, planned_at, account, content) VALUES ($1, $2, $3, $4, $5)")
	markReorganisation   = query(`UPDATE reorganisations SET applied_at = $1, moved_at = $2, cancelled_at = $3
		WHERE id = $4 AND moved_at IS NULL AND cancelled_at IS NULL AND (applied_at IS NULL OR applied_at = $1)`)
	oneReorganisation   = query(reorganisationColumns + "WHERE id = $1")
	allReorganisations  = query(reorganisationColumns + "ORDER BY key DESC LIMIT $1")
	openReorganisations = query(reorganisationColumns + "WHERE moved_at IS NULL AND cancelled_at IS NULL ORDER BY effective_at, key")

	// A grant that is in force, or will be, goes on elsewhere after those that its
	// holder has.
	copyGrants = query(`INSERT INTO grants (account, position, office, role, valid_from, valid_to)
		SELECT g.account, (SELECT max(m.position) FROM grants m WHERE m.account = g.account) + 1 + g.position, $1, g.role,
			CASE WHEN g.valid_from IS NULL OR g.valid_from < $2 THEN $2 ELSE g.valid_from END, g.valid_to
		FROM grants g WHERE g.office = $3 AND (g.valid_to IS NULL OR g.valid_to > $2)`)
	// Whoever is changing one of the accounts at that moment is told so.
	touchAccounts = query(`UPDATE accounts SET version = version + 1
		WHERE id IN (SELECT account FROM grants WHERE office = $1 AND (valid_to IS NULL OR valid_to > $2))`)
	endGrants       = query("UPDATE grants SET valid_to = $1 WHERE office = $2 AND (valid_to IS NULL OR valid_to > $1)")
	copyDelegations = query(`INSERT INTO delegations (id, from_account, to_account, office, role, begins, ends)
		SELECT id || '+', from_account, to_account, $1, role, CASE WHEN begins < $2 THEN $2 ELSE begins END, ends
		FROM delegations WHERE office = $3 AND ends > $2`)
	endDelegations = query(`UPDATE delegations SET ends = CASE WHEN begins > $1 THEN begins ELSE $1 END WHERE office = $2 AND ends > $1`)

	clearPlaces = query("DELETE FROM places")
	insertPlace = query("INSERT INTO places (division, village, town, district, city, province) VALUES ($1, $2, $3, $4, $5, $6)")
	placeCases  = placingByLevel()
	placeMarks  = queryTexts(func(l yinzheng.Level) string {
		return `UPDATE marks SET village = p.village, town = p.town, district = p.district, city = p.city, province = p.province
			FROM applications a, places p WHERE marks.` + string(l) + ` = $1 AND a.key = marks.application AND p.division = a.division`
	})
	openOfPlace = queryTexts(func(l yinzheng.Level) string {
		return "SELECT id FROM applications WHERE " + string(l) + " = $1 AND state IN ('submitted', 'returned', 'approved', 'issuing')"
	})
	openOfOffice = query("SELECT id FROM applications WHERE office = $1 AND state IN ('draft', 'submitted', 'returned', 'approved', 'issuing')")
	desksOfCase  = query("SELECT i.office, i.role FROM applications a JOIN inbox i ON i.application = a.key WHERE a.id = $1")
)

func queryTexts(text func(yinzheng.Level) string) map[yinzheng.Level]string {
	texts := make(map[yinzheng.Level]string, len(levels))
	for _, l := range levels {
		texts[l] = query(text(l))
	}
	return texts
}

// placingByLevel moves the cases that are found under a division of a level.
func placingByLevel() map[yinzheng.Level]string {
	return queryTexts(func(l yinzheng.Level) string {
		return `UPDATE applications SET village = p.village, town = p.town, district = p.district, city = p.city, province = p.province
			FROM places p WHERE applications.` + string(l) + ` = $1 AND p.division = applications.division`
	})
}

// AddReorganisation implements yinzheng.Reorganisations.
func (s *Store) AddReorganisation(ctx context.Context, r *yinzheng.Reorganisation) error {
	content, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return s.write(ctx, "write a reorganisation", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, insertReorganisation, r.ID, micros(r.Effective), micros(r.PlannedAt), r.By, string(content))
		return err
	})
}

// MarkReorganisation implements yinzheng.Reorganisations.
func (s *Store) MarkReorganisation(ctx context.Context, r *yinzheng.Reorganisation) error {
	return s.write(ctx, "write a reorganisation", func(ctx context.Context, q querier) error {
		n, err := change(ctx, q, markReorganisation, micros(r.AppliedAt), micros(r.MovedAt), micros(r.CancelledAt), r.ID)
		if err == nil && n == 0 {
			err = conflict("这次机构调整已执行或已取消", "This reorganisation was carried out or cancelled meanwhile")
		}
		return err
	})
}

// Reorganisation implements yinzheng.Reorganisations.
func (s *Store) Reorganisation(ctx context.Context, id string) (*yinzheng.Reorganisation, error) {
	list, err := s.reorganisations(ctx, oneReorganisation, id)
	if err == nil && len(list) == 0 {
		err = notFound("没有这次机构调整", "There is no such reorganisation")
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// Reorganisations implements yinzheng.Reorganisations.
func (s *Store) Reorganisations(ctx context.Context, limit int) ([]*yinzheng.Reorganisation, error) {
	return s.reorganisations(ctx, allReorganisations, limit)
}

// OpenReorganisations implements yinzheng.Reorganisations.
func (s *Store) OpenReorganisations(ctx context.Context) ([]*yinzheng.Reorganisation, error) {
	return s.reorganisations(ctx, openReorganisations)
}

func (s *Store) reorganisations(ctx context.Context, text string, args ...any) ([]*yinzheng.Reorganisation, error) {
	var list []*yinzheng.Reorganisation
	err := s.read(ctx, "read reorganisations", func(ctx context.Context, q querier) error {
		list = nil
		return each(ctx, q, func(rows *sql.Rows) error {
			var r yinzheng.Reorganisation
			var id, by string
			var effective, planned, applied, moved, cancelled time.Time
			var content []byte
			err := rows.Scan(&id, (*moment)(&effective), (*moment)(&planned), &by, &content, (*moment)(&applied), (*moment)(&moved), (*moment)(&cancelled))
			if err == nil {
				err = json.Unmarshal(content, &r)
			}
			r.ID, r.Effective, r.PlannedAt, r.By, r.AppliedAt, r.MovedAt, r.CancelledAt = id, effective, planned, by, applied, moved, cancelled
			list = append(list, &r)
			return err
		}, text, args...)
	})
	return list, err
}

// MoveGrants implements yinzheng.Reorganisations.
func (s *Store) MoveGrants(ctx context.Context, from, to string, at time.Time) (int, error) {
	var moved int64
	err := s.write(ctx, "move the people of an office", func(ctx context.Context, q querier) (err error) {
		if _, err = change(ctx, q, touchAccounts, from, at.UnixMicro()); err != nil {
			return err
		}
		if moved, err = change(ctx, q, copyGrants, to, at.UnixMicro(), from); err != nil {
			return err
		}
		if _, err = change(ctx, q, endGrants, at.UnixMicro(), from); err != nil {
			return err
		}
		if _, err = change(ctx, q, copyDelegations, to, at.UnixMicro(), from); err != nil {
			return err
		}
		_, err = change(ctx, q, endDelegations, at.UnixMicro(), from)
		return err
	})
	return int(moved), err
}

// PlaceCases implements yinzheng.Reorganisations. It finds the cases under the
// places they had, and reads off the present tree where they are to be.
func (s *Store) PlaceCases(ctx context.Context, divisions []string) error {
	return s.write(ctx, "place cases anew", func(ctx context.Context, q querier) error {
		d, err := s.directory(ctx, q)
		if err != nil {
			return err
		}
		if _, err := change(ctx, q, clearPlaces); err != nil {
			return err
		}
		for i := range d.Divisions {
			args := []any{d.Divisions[i].Code}
			if _, err := change(ctx, q, insertPlace, appendPlace(args, d, d.Divisions[i].Code)...); err != nil {
				return err
			}
		}
		for _, code := range divisions {
			v := d.Division(code)
			if v == nil {
				return fmt.Errorf("store: no division %s", code)
			}
			if _, err := change(ctx, q, placeCases[v.Level], code); err != nil {
				return err
			}
			if _, err := change(ctx, q, placeMarks[v.Level], code); err != nil {
				return err
			}
		}
		return nil
	})
}

// OpenCases implements yinzheng.Reorganisations.
func (s *Store) OpenCases(ctx context.Context, divisions, offices []string) ([]string, error) {
	var ids []string
	err := s.snapshot(ctx, "list open cases", func(ctx context.Context, q querier) error {
		ids = nil
		d, err := s.directory(ctx, q)
		if err != nil {
			return err
		}
		add := func(id string) { ids = append(ids, id) }
		for _, code := range divisions {
			v := d.Division(code)
			if v == nil {
				continue
			}
			if err := eachID(ctx, q, add, openOfPlace[v.Level], code); err != nil {
				return err
			}
		}
		for _, id := range offices {
			if err := eachID(ctx, q, add, openOfOffice, id); err != nil {
				return err
			}
		}
		return nil
	})
	slices.Sort(ids)
	return slices.Compact(ids), err
}

// DesksOf implements yinzheng.Reorganisations.
func (s *Store) DesksOf(ctx context.Context, id string) ([]yinzheng.Desk, error) {
	var desks []yinzheng.Desk
	err := s.read(ctx, "read whom a case waits for", func(ctx context.Context, q querier) error {
		desks = nil
		return each(ctx, q, func(r *sql.Rows) error {
			var d yinzheng.Desk
			err := r.Scan(&d.Office, &d.Role)
			desks = append(desks, d)
			return err
		}, desksOfCase, id)
	})
	return desks, err
}
