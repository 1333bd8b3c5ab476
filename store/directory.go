package store

import (
	"context"
	"crypto/rand"
	"database/sql"

	"yinzheng"
)

var (
	directoryTag    = query("SELECT tag FROM directory WHERE one = 1")
	setDirectoryTag = query("UPDATE directory SET tag = $1 WHERE one = 1")
	selectDivisions = query("SELECT code, name, parent, level, closed_at, successor FROM divisions ORDER BY code")
	selectOffices   = query("SELECT id, name, division, organ, function, closed_at, successor FROM offices ORDER BY id")
	selectOrgans    = query("SELECT code, name, mark, valid_from, valid_to, successor FROM organs ORDER BY code")
	putDivision     = query(`INSERT INTO divisions (code, name, parent, level, closed_at, successor) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (code) DO UPDATE
		SET name = excluded.name, parent = excluded.parent, level = excluded.level, closed_at = excluded.closed_at, successor = excluded.successor`)
	putOffice = query(`INSERT INTO offices (id, name, division, organ, function, closed_at, successor) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE
		SET name = excluded.name, division = excluded.division, organ = excluded.organ, function = excluded.function, closed_at = excluded.closed_at, successor = excluded.successor`)
	putOrgan = query(`INSERT INTO organs (code, name, mark, valid_from, valid_to, successor) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (code) DO UPDATE
		SET name = excluded.name, mark = excluded.mark, valid_from = excluded.valid_from, valid_to = excluded.valid_to, successor = excluded.successor`)
)

// tree is an office tree with the tag it was read under.
type tree struct {
	*yinzheng.Directory
	tag string
}

// Directory implements yinzheng.Directories.
func (s *Store) Directory(ctx context.Context) (*yinzheng.Directory, error) {
	var d *yinzheng.Directory
	err := s.snapshot(ctx, "read the office tree", func(ctx context.Context, q querier) (err error) {
		d, err = s.directory(ctx, q)
		return err
	})
	return d, err
}

// directory is the tree as q, which sees a single moment, sees it: the one in
// memory if its tag is still the present one. A tag is drawn at random and never used twice, so that
// even a tree that is undone later is never taken for another.
func (s *Store) directory(ctx context.Context, q querier) (*yinzheng.Directory, error) {
	var tag string
	if err := q.QueryRowContext(ctx, directoryTag).Scan(&tag); err != nil {
		return nil, err
	}
	if t := s.tree.Load(); t != nil && t.tag == tag {
		return t.Directory, nil
	}
	t := &tree{tag: tag}
	if err := t.load(ctx, q); err != nil {
		return nil, err
	}
	s.tree.Store(t)
	return t.Directory, nil
}

func (t *tree) load(ctx context.Context, q querier) error {
	var divisions []yinzheng.Division
	err := each(ctx, q, func(r *sql.Rows) error {
		var d yinzheng.Division
		err := r.Scan(&d.Code, &d.Name, &d.Parent, &d.Level, (*moment)(&d.Until), &d.Successor)
		divisions = append(divisions, d)
		return err
	}, selectDivisions)
	if err != nil {
		return err
	}
	var offices []yinzheng.Office
	err = each(ctx, q, func(r *sql.Rows) error {
		var o yinzheng.Office
		err := r.Scan(&o.ID, &o.Name, &o.Division, &o.Organ, &o.Function, (*moment)(&o.Until), &o.Successor)
		offices = append(offices, o)
		return err
	}, selectOffices)
	if err != nil {
		return err
	}
	var organs []yinzheng.Organ
	err = each(ctx, q, func(r *sql.Rows) error {
		var o yinzheng.Organ
		err := r.Scan(&o.Code, &o.Name, &o.Mark, (*moment)(&o.From), (*moment)(&o.To), &o.Successor)
		organs = append(organs, o)
		return err
	}, selectOrgans)
	t.Directory = yinzheng.NewDirectory(divisions, offices, organs)
	t.Version = t.tag
	return err
}

// PutDirectory implements yinzheng.Directories.
func (s *Store) PutDirectory(ctx context.Context, d *yinzheng.Directory) error {
	return s.write(ctx, "write the office tree", func(ctx context.Context, q querier) error {
		var tag string
		if err := q.QueryRowContext(ctx, directoryTag).Scan(&tag); err != nil {
			return err
		}
		if d.Version != "" && d.Version != tag {
			return conflict("机构树已被他人更改，请重新读取后再操作", "Somebody else has changed the office tree; please read it again")
		}
		for _, v := range d.Divisions {
			if _, err := change(ctx, q, putDivision, v.Code, v.Name, v.Parent, string(v.Level), micros(v.Until), v.Successor); err != nil {
				return err
			}
		}
		for _, o := range d.Offices {
			if _, err := change(ctx, q, putOffice, o.ID, o.Name, o.Division, o.Organ, o.Function, micros(o.Until), o.Successor); err != nil {
				return err
			}
		}
		for _, o := range d.Organs {
			if _, err := change(ctx, q, putOrgan, o.Code, o.Name, o.Mark, micros(o.From), micros(o.To), o.Successor); err != nil {
				return err
			}
		}
		_, err := change(ctx, q, setDirectoryTag, rand.Text())
		return err
	})
}
