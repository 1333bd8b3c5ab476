package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"yinzheng"
)

// personBatch is how many keys one statement looks up.
const personBatch = 50

var (
	personsByKeys = query("SELECT k.person FROM person_keys k WHERE k.kind = $1 AND k.value IN (" + placeholders(2, personBatch) + ")")
	personByKey   = query("SELECT id, version, content FROM persons WHERE key = $1")
	insertPerson  = query("INSERT INTO persons (id, version, content) VALUES ($1, 1, $2) RETURNING key")
	updatePerson  = query("UPDATE persons SET version = version + 1, content = $1 WHERE id = $2 AND version = $3 RETURNING key")
	// Only the key itself may be there already: a document that is another
	// person's is a conflict.
	insertPersonKey    = query("INSERT INTO person_keys (kind, value, person) VALUES ($1, $2, $3) ON CONFLICT (kind, value, person) DO NOTHING")
	insertPersonImport = query(`INSERT INTO person_imports (id, at, account, office, division, register, as_of, digest, rows_read, rows_new, rows_changed, rows_same)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`)
	selectPersonImport = query(personImportColumns + "WHERE id = $1")
	personImports      = query(personImportColumns + "ORDER BY key DESC LIMIT $1")
	heldBy             = query("SELECT a.id FROM applications a WHERE a.key IN (SELECT application FROM marks WHERE number = $1 ORDER BY application DESC LIMIT $2) ORDER BY a.key DESC")
)

const personImportColumns = `SELECT id, at, account, office, division, register, as_of, digest, rows_read, rows_new, rows_changed, rows_same
		FROM person_imports `

// placeholders lists n of them, from one on.
func placeholders(from, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("$%d", from+i)
	}
	return strings.Join(list, ", ")
}

// PersonsBy implements yinzheng.Persons.
func (s *Store) PersonsBy(ctx context.Context, keys []yinzheng.PersonKey) ([]*yinzheng.Person, error) {
	var persons []*yinzheng.Person
	err := s.snapshot(ctx, "look persons up", func(ctx context.Context, q querier) error {
		found, err := personKeys(ctx, q, keys)
		if err != nil {
			return err
		}
		persons = make([]*yinzheng.Person, len(found))
		for i, key := range found {
			p := new(yinzheng.Person)
			var content []byte
			if err := q.QueryRowContext(ctx, personByKey, key).Scan(&p.ID, (*whole)(&p.Version), &content); err != nil {
				return err
			}
			if err := json.Unmarshal(content, &p.Facts); err != nil {
				return fmt.Errorf("person %s: %w", p.ID, err)
			}
			persons[i] = p
		}
		return nil
	})
	return persons, err
}

// personKeys are the rows of persons who have one of the keys. A last batch is
// filled up with its own last value.
func personKeys(ctx context.Context, q querier, keys []yinzheng.PersonKey) (found []int64, err error) {
	byKind := map[string][]string{}
	for _, k := range keys {
		byKind[k.Kind] = append(byKind[k.Kind], k.Value)
	}
	for kind, values := range byKind {
		for batch := range slices.Chunk(values, personBatch) {
			args := []any{kind}
			for i := range personBatch {
				args = append(args, batch[min(i, len(batch)-1)])
			}
			if err := each(ctx, q, func(r *sql.Rows) error {
				var key int64
				err := r.Scan(&key)
				found = append(found, key)
				return err
			}, personsByKeys, args...); err != nil {
				return nil, err
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

// PutPersons implements yinzheng.Persons.
func (s *Store) PutPersons(ctx context.Context, persons []*yinzheng.Person) error {
	return s.write(ctx, "write persons", func(ctx context.Context, q querier) error {
		for _, p := range persons {
			if err := s.putPerson(ctx, q, p); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) putPerson(ctx context.Context, q querier, p *yinzheng.Person) error {
	content, err := json.Marshal(p.Facts)
	if err != nil {
		return err
	}
	var key int64
	if p.Version == 0 {
		err = q.QueryRowContext(ctx, insertPerson, p.ID, string(content)).Scan(&key)
	} else {
		err = q.QueryRowContext(ctx, updatePerson, string(content), p.ID, p.Version).Scan(&key)
	}
	for _, k := range p.Keys() {
		if err != nil {
			break
		}
		_, err = change(ctx, q, insertPersonKey, k.Kind, k.Value, key)
	}
	if s.dialect.unique(err) || errors.Is(err, sql.ErrNoRows) {
		return conflict("登记信息已被他人更改，请重新导入", "Somebody else has changed what is on record; please import the file again")
	}
	return err
}

// AddPersonImport implements yinzheng.Persons.
func (s *Store) AddPersonImport(ctx context.Context, m *yinzheng.PersonImport) error {
	return s.write(ctx, "write an import", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, insertPersonImport, m.ID, micros(m.At), m.By, m.Office, m.Division, m.Register, m.AsOf, m.Digest, m.Rows, m.New, m.Changed, m.Same)
		return err
	})
}

// PersonImport implements yinzheng.Persons.
func (s *Store) PersonImport(ctx context.Context, id string) (*yinzheng.PersonImport, error) {
	m := new(yinzheng.PersonImport)
	err := s.read(ctx, "read an import", func(ctx context.Context, q querier) error {
		err := scanPersonImport(q.QueryRowContext(ctx, selectPersonImport, id), m)
		if errors.Is(err, sql.ErrNoRows) {
			return notFound("没有这次导入", "There is no such import")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

func scanPersonImport(r interface{ Scan(...any) error }, m *yinzheng.PersonImport) error {
	return r.Scan(&m.ID, (*moment)(&m.At), &m.By, &m.Office, &m.Division, &m.Register, &m.AsOf, &m.Digest, (*whole)(&m.Rows), (*whole)(&m.New), (*whole)(&m.Changed), (*whole)(&m.Same))
}

// PersonImports implements yinzheng.Persons.
func (s *Store) PersonImports(ctx context.Context, limit int) ([]*yinzheng.PersonImport, error) {
	var list []*yinzheng.PersonImport
	err := s.read(ctx, "list imports", func(ctx context.Context, q querier) error {
		list = nil // this may be a second run
		return each(ctx, q, func(r *sql.Rows) error {
			m := new(yinzheng.PersonImport)
			list = append(list, m)
			return scanPersonImport(r, m)
		}, personImports, limit)
	})
	return list, err
}

// HeldBy implements yinzheng.Persons.
func (s *Store) HeldBy(ctx context.Context, number string, limit int) ([]string, error) {
	return s.ids(ctx, "list a holder's cases", heldBy, number, limit)
}
