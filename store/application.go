package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"yinzheng"
)

var (
	selectApplication = query(`SELECT key, id, item, template_version, state, version, office, division,
		step, step_key, step_name_zh, step_name_en, step_level, step_role, holder, code, applicant, field_values
		FROM applications WHERE id = $1`)
	insertApplication = query(`INSERT INTO applications (id, item, template_version, state, version, changed_at, office, division,
		village, town, district, city, province, step, step_key, step_name_zh, step_name_en, step_level, step_role,
		holder, code, applicant, field_values, due_at, incomplete, retained)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26) RETURNING key`)
	updateApplication = query(`UPDATE applications SET item = $1, template_version = $2, state = $3, version = $4, changed_at = $5,
		office = $6, division = $7, village = $8, town = $9, district = $10, city = $11, province = $12,
		step = $13, step_key = $14, step_name_zh = $15, step_name_en = $16, step_level = $17, step_role = $18,
		holder = $19, code = $20, applicant = $21, field_values = $22, due_at = $23, incomplete = $24, retained = $25
		WHERE id = $26 AND version = $27 RETURNING key`)
	selectUnissued = query(`SELECT a.id FROM applications a WHERE a.state IN ('approved', 'issuing')
		AND NOT (a.state = 'approved' AND coalesce(a.incomplete, '') = 'wait') AND NOT EXISTS (
		SELECT 1 FROM certificates c WHERE c.code = a.code AND c.status = 'reserved' AND c.lease > $1)
		ORDER BY a.changed_at, a.key LIMIT $2`)
	selectReferring = query(`SELECT p.id FROM applications p WHERE p.state = 'issued' AND p.key IN (SELECT a.application FROM actions a WHERE a.refers = $1) ORDER BY p.key`)
)

// Application implements yinzheng.Applications. The actions belong to the head
// although they are read after it: they never change, and those beyond its
// version are left out.
func (s *Store) Application(ctx context.Context, id string) (*yinzheng.Application, error) {
	var a *yinzheng.Application
	err := s.read(ctx, "read a case", func(ctx context.Context, q querier) (err error) {
		a, err = readApplication(ctx, q, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return a, nil
}

func readApplication(ctx context.Context, q querier, id string) (*yinzheng.Application, error) {
	a := new(yinzheng.Application)
	key, err := scanApplication(q.QueryRowContext(ctx, selectApplication, id), a)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, notFound("没有找到这个办件", "There is no such case")
	}
	if err != nil {
		return nil, err
	}
	a.Actions, err = loadActions(ctx, q, key, a.Version)
	return a, err
}

func scanApplication(r *sql.Row, a *yinzheng.Application) (key int64, err error) {
	var step yinzheng.Step
	var applicant, values []byte
	err = r.Scan(&key, &a.ID, &a.Template.Code, (*whole)(&a.Template.Version), &a.State, (*whole)(&a.Version), &a.Office, &a.Division,
		(*whole)(&a.Step), (*text)(&step.Key), (*text)(&step.Name.ZH), (*text)(&step.Name.EN), (*text)(&step.Level), (*text)(&step.Role),
		&a.Holder, (*text)(&a.Code), &applicant, &values)
	if err != nil {
		return 0, err
	}
	if step.Key != "" {
		a.Waiting = &step
	}
	if err := json.Unmarshal(applicant, &a.Applicant); err != nil {
		return 0, fmt.Errorf("applicant of case %s: %w", a.ID, err)
	}
	if a.Values, err = decodeValues(values); err != nil {
		return 0, fmt.Errorf("values of case %s: %w", a.ID, err)
	}
	return key, nil
}

// SaveApplication implements yinzheng.Applications.
func (s *Store) SaveApplication(ctx context.Context, a *yinzheng.Application, seen int) error {
	if seen < 0 || a.Version <= seen || len(a.Actions) != a.Version {
		return fmt.Errorf("store: case %s has version %d, %d actions and was seen at %d", a.ID, a.Version, len(a.Actions), seen)
	}
	return s.write(ctx, "write a case", func(ctx context.Context, q querier) error {
		key, err := s.saveHead(ctx, q, a, seen)
		if err != nil {
			return err
		}
		return s.saveActions(ctx, q, key, a, seen)
	})
}

// saveHead writes what is kept of a case beside its actions.
func (s *Store) saveHead(ctx context.Context, q querier, a *yinzheng.Application, seen int) (key int64, err error) {
	head, err := s.head(ctx, q, a)
	if err != nil {
		return 0, err
	}
	var row *sql.Row
	if seen == 0 {
		row = q.QueryRowContext(ctx, insertApplication, append([]any{a.ID}, head...)...)
	} else {
		row = q.QueryRowContext(ctx, updateApplication, append(head, a.ID, seen)...)
	}
	err = row.Scan(&key)
	if seen == 0 && s.dialect.unique(err) || seen > 0 && errors.Is(err, sql.ErrNoRows) {
		return 0, conflict("办件已被他人更改，请重新读取后再操作", "Somebody else has changed the case; please read it again")
	}
	if err != nil {
		return 0, err
	}
	return key, saveDesks(ctx, q, key, a)
}

// head lists the columns from item to retained.
func (s *Store) head(ctx context.Context, q querier, a *yinzheng.Application) ([]any, error) {
	applicant, err := json.Marshal(a.Applicant)
	if err != nil {
		return nil, err
	}
	values, err := json.Marshal(a.Values)
	if err != nil {
		return nil, err
	}
	changed := a.Actions[len(a.Actions)-1].At
	args := make([]any, 0, 27)
	args = append(args, a.Template.Code, a.Template.Version, string(a.State), a.Version, changed.UnixMicro(), a.Office, a.Division)
	if args, err = s.appendDivisions(ctx, q, args, a); err != nil {
		return nil, err
	}
	args = append(args, a.Step)
	if w := a.Waiting; w != nil {
		args = append(args, w.Key, w.Name.ZH, w.Name.EN, string(w.Level), string(w.Role))
	} else {
		args = append(args, nil, nil, nil, nil, nil)
	}
	return append(args, a.Holder, optional(a.Code), string(applicant), string(values), micros(a.Next()), optional(a.Incomplete()), optional(a.Retained())), nil
}

var (
	deleteDesks = query("DELETE FROM inbox WHERE application = $1")
	insertDesk  = query("INSERT INTO inbox (office, role, changed_at, application, due_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING")
)

// saveDesks writes in whose inboxes a case lies.
func saveDesks(ctx context.Context, q querier, key int64, a *yinzheng.Application) error {
	if a.Version > 1 {
		if _, err := change(ctx, q, deleteDesks, key); err != nil {
			return err
		}
	}
	changed, due := a.Actions[len(a.Actions)-1].At.UnixMicro(), int64(math.MaxInt64)
	if !a.Due.IsZero() {
		due = a.Due.UnixMicro()
	}
	for _, d := range a.Desks {
		if _, err := change(ctx, q, insertDesk, d.Office, string(d.Role), changed, key, due); err != nil {
			return err
		}
	}
	return nil
}

// levels are the columns that say where a case belongs, in their order.
var levels = [...]yinzheng.Level{yinzheng.Village, yinzheng.Town, yinzheng.District, yinzheng.City, yinzheng.Province}

// appendDivisions adds the columns village to province. They come from the
// office tree, not from the digits of the code, which local overrides break.
func (s *Store) appendDivisions(ctx context.Context, q querier, args []any, a *yinzheng.Application) ([]any, error) {
	if a.State == yinzheng.Draft {
		return append(args, nil, nil, nil, nil, nil), nil
	}
	d, err := s.directory(ctx, q)
	if err != nil {
		return nil, err
	}
	return appendPlace(args, d, a.Division), nil
}

// appendPlace adds the divisions, from village to province, that one lies in.
func appendPlace(args []any, d *yinzheng.Directory, division string) []any {
	for _, level := range levels {
		if v := d.At(division, level); v != nil {
			args = append(args, v.Code)
		} else {
			args = append(args, nil)
		}
	}
	return args
}

// Referring implements yinzheng.Applications.
func (s *Store) Referring(ctx context.Context, code string) ([]string, error) {
	return s.ids(ctx, "list the cases that refer to a certificate", selectReferring, code)
}

// Waiting implements yinzheng.Applications: longest unchanged first.
func (s *Store) Waiting(ctx context.Context, now time.Time, limit int) ([]string, error) {
	return s.ids(ctx, "list the cases to issue", selectUnissued, now.UnixMicro(), limit)
}

// decodeValues reads values back in their normal form (yinzheng.Values).
func decodeValues(b []byte) (yinzheng.Values, error) {
	var v yinzheng.Values
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return v, normalise(v)
}

// normalise turns the numbers of a decoded object into int64, in place.
func normalise(m map[string]any) (err error) {
	for k, v := range m {
		if m[k], err = normal(v); err != nil {
			return fmt.Errorf("%s: %w", k, err)
		}
	}
	return nil
}

func normal(v any) (any, error) {
	switch x := v.(type) {
	case json.Number:
		return x.Int64()
	case map[string]any:
		return x, normalise(x)
	case []any:
		for i := range x {
			var err error
			if x[i], err = normal(x[i]); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}
