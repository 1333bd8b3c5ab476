package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"yinzheng"
)

var (
	insertDesign = query("INSERT INTO designs (id, item, version, stage, is_open, text, authors, at, account) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
	updateDesign = query("UPDATE designs SET version = version + 1, stage = $1, is_open = $2, text = $3, authors = $4, at = $5, account = $6 WHERE id = $7 AND version = $8")
	openDesign   = query("SELECT id FROM designs WHERE item = $1 AND is_open = 1")
	designByID   = query("SELECT id, item, version, stage, is_open, text, authors, at, account FROM designs WHERE id = $1")
	allDesigns   = query("SELECT id, item, version, stage, is_open, '', authors, at, account FROM designs ORDER BY key DESC")

	insertDesignAct = query("INSERT INTO design_acts (design, seq, at, account, for_whom, kind, opinion, digest) VALUES ((SELECT key FROM designs WHERE id = $1), $2, $3, $4, $5, $6, $7, $8)")
	designActs      = query("SELECT seq, at, account, for_whom, kind, opinion, digest FROM design_acts WHERE design = (SELECT key FROM designs WHERE id = $1) ORDER BY seq")

	madeTemplate       = query("SELECT design FROM made_templates WHERE item = $1 AND version = $2")
	insertMadeTemplate = query("INSERT INTO made_templates (seq, item, version, text, design, at, account) VALUES ((SELECT coalesce(max(seq), 0) + 1 FROM made_templates), $1, $2, $3, $4, $5, $6) RETURNING seq")
	madeTemplates      = query("SELECT seq, item, version, text, design, at, account FROM made_templates WHERE seq > $1 ORDER BY seq")
)

// AddDesign implements yinzheng.Designs.
func (s *Store) AddDesign(ctx context.Context, d *yinzheng.Design, act *yinzheng.DesignAct) error {
	return s.write(ctx, "write a design", func(ctx context.Context, q querier) error {
		var other string
		err := q.QueryRowContext(ctx, openDesign, d.Item).Scan(&other)
		switch {
		case err == nil:
			return &yinzheng.Error{Kind: yinzheng.ErrState, Text: yinzheng.Text{
				ZH: "这个事项已有一份草案在进行（" + other + "），请接着改它，或先撤回它", EN: "There is a design of this item under way (" + other + "); please go on with it, or withdraw it first",
			}}
		case !errors.Is(err, sql.ErrNoRows):
			return err
		}
		authors, err := json.Marshal(d.Authors)
		if err != nil {
			return err
		}
		if _, err := change(ctx, q, insertDesign, d.ID, d.Item, d.Version, d.Stage, d.Open, d.Text, string(authors), micros(d.At), d.By); err != nil {
			return err
		}
		return addDesignAct(ctx, q, d.ID, act)
	})
}

// PutDesign implements yinzheng.Designs.
func (s *Store) PutDesign(ctx context.Context, d *yinzheng.Design, act *yinzheng.DesignAct) error {
	return s.write(ctx, "write a design", func(ctx context.Context, q querier) error {
		authors, err := json.Marshal(d.Authors)
		if err != nil {
			return err
		}
		n, err := change(ctx, q, updateDesign, d.Stage, d.Open, d.Text, string(authors), micros(d.At), d.By, d.ID, d.Version-1)
		if err == nil && n == 0 {
			err = conflict("草案刚刚被他人更改，请重新读取后再操作", "Somebody else has just changed the design; please read it again")
		}
		if err != nil || act == nil {
			return err
		}
		return addDesignAct(ctx, q, d.ID, act)
	})
}

func addDesignAct(ctx context.Context, q querier, design string, a *yinzheng.DesignAct) error {
	_, err := change(ctx, q, insertDesignAct, design, a.Seq, micros(a.At), a.By, optional(a.For), a.Kind, optional(a.Opinion), a.Digest)
	return err
}

// Design implements yinzheng.Designs.
func (s *Store) Design(ctx context.Context, id string) (*yinzheng.Design, error) {
	list, err := s.designs(ctx, designByID, id)
	if err == nil && len(list) == 0 {
		err = notFound("没有这份模板草案", "There is no such design")
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// Designs implements yinzheng.Designs.
func (s *Store) Designs(ctx context.Context) ([]*yinzheng.Design, error) {
	return s.designs(ctx, allDesigns)
}

func (s *Store) designs(ctx context.Context, text string, args ...any) ([]*yinzheng.Design, error) {
	var list []*yinzheng.Design
	err := s.read(ctx, "read designs", func(ctx context.Context, q querier) error {
		list = nil
		return each(ctx, q, func(r *sql.Rows) error {
			var d yinzheng.Design
			var authors []byte
			err := r.Scan(&d.ID, &d.Item, (*whole)(&d.Version), &d.Stage, &d.Open, &d.Text, &authors, (*moment)(&d.At), &d.By)
			if err == nil {
				err = json.Unmarshal(authors, &d.Authors)
			}
			list = append(list, &d)
			return err
		}, text, args...)
	})
	return list, err
}

// DesignActs implements yinzheng.Designs.
func (s *Store) DesignActs(ctx context.Context, id string) ([]yinzheng.DesignAct, error) {
	var acts []yinzheng.DesignAct
	err := s.read(ctx, "read what was done to a design", func(ctx context.Context, q querier) error {
		acts = nil
		return each(ctx, q, func(r *sql.Rows) error {
			var a yinzheng.DesignAct
			err := r.Scan((*whole)(&a.Seq), (*moment)(&a.At), &a.By, (*text)(&a.For), &a.Kind, (*text)(&a.Opinion), &a.Digest)
			acts = append(acts, a)
			return err
		}, designActs, id)
	})
	return acts, err
}

// AddMadeTemplate implements yinzheng.Designs.
func (s *Store) AddMadeTemplate(ctx context.Context, m *yinzheng.MadeTemplate) error {
	return s.write(ctx, "write a published template", func(ctx context.Context, q querier) error {
		var other string
		err := q.QueryRowContext(ctx, madeTemplate, m.Ref.Code, m.Ref.Version).Scan(&other)
		switch {
		case err == nil:
			return conflict("这个版本号刚刚由另一份草案（"+other+"）发布，请核对差别后用下一个版本号", "This version has just been published out of another design ("+other+"); look at the differences and take the next number")
		case !errors.Is(err, sql.ErrNoRows):
			return err
		}
		return q.QueryRowContext(ctx, insertMadeTemplate, m.Ref.Code, m.Ref.Version, m.Text, m.Design, micros(m.At), m.By).Scan(&m.Seq)
	})
}

// MadeTemplates implements yinzheng.Designs.
func (s *Store) MadeTemplates(ctx context.Context, after int64) (list []yinzheng.MadeTemplate, err error) {
	err = s.read(ctx, "read published templates", func(ctx context.Context, q querier) (err error) {
		list, err = readMadeTemplates(ctx, q, after)
		return err
	})
	return list, err
}

func readMadeTemplates(ctx context.Context, q querier, after int64) (list []yinzheng.MadeTemplate, err error) {
	err = each(ctx, q, func(r *sql.Rows) error {
		var m yinzheng.MadeTemplate
		err := r.Scan(&m.Seq, &m.Ref.Code, (*whole)(&m.Ref.Version), &m.Text, &m.Design, (*moment)(&m.At), &m.By)
		list = append(list, m)
		return err
	}, madeTemplates, after)
	return list, err
}
