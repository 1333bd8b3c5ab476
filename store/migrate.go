package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"yinzheng"
)

var (
	createVersions = query("CREATE TABLE schema_version (version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL)")
	newestVersion  = query("SELECT coalesce(max(version), 0) FROM schema_version")
	insertVersion  = query("INSERT INTO schema_version (version, name) VALUES ($1, $2)")
	commitText     = query("COMMIT")
	rollbackText   = query("ROLLBACK")
)

// migration is one file NNNN_name.sql; they are numbered 1, 2, ...
type migration struct {
	version int
	name    string
	text    string
}

// completions end, in the same transaction, what SQL alone cannot do; by the
// file's name without its number.
var completions = map[string]func(ctx context.Context, q querier) error{
	"audit.sql": chainExisting,
}

func (d *dialect) migrations() ([]migration, error) {
	folder := "migrations/" + d.name
	files, err := fs.ReadDir(migrations, folder)
	if err != nil {
		return nil, err
	}
	var all []migration
	for _, f := range files { // in order of name
		number, _, _ := strings.Cut(f.Name(), "_")
		version, err := strconv.Atoi(number)
		if err != nil || version != len(all)+1 {
			return nil, fmt.Errorf("migration %s: expected number %04d", f.Name(), len(all)+1)
		}
		b, err := fs.ReadFile(migrations, folder+"/"+f.Name())
		if err != nil {
			return nil, err
		}
		all = append(all, migration{version, f.Name(), string(b)})
	}
	return all, nil
}

// migrate brings a database to this program's schema, one transaction a step.
// There is no way back; a newer database is refused.
func (s *Store) migrate(ctx context.Context, q querier) error {
	all, err := s.dialect.migrations()
	if err != nil {
		return err
	}
	var tables, at int
	if err := q.QueryRowContext(ctx, s.dialect.tables, "schema_version").Scan(&tables); err != nil {
		return err
	}
	if tables > 0 {
		if err := q.QueryRowContext(ctx, newestVersion).Scan(&at); err != nil {
			return err
		}
	}
	if at > len(all) {
		return &yinzheng.Error{Kind: yinzheng.ErrUnavailable, Text: yinzheng.Text{
			ZH: fmt.Sprintf("数据库的结构版本是 %d，本程序只认识到 %d：它由更新的程序写过，请换用那个版本或更新的版本", at, len(all)),
			EN: fmt.Sprintf("The database has schema version %d, this program knows up to %d: a newer program wrote it; please use that one or a newer one", at, len(all)),
		}}
	}
	for _, m := range all[at:] {
		texts := []string{s.dialect.begin}
		if m.version == 1 {
			texts = append(texts, createVersions)
		}
		if err := runMigration(ctx, q, append(texts, m.text), m); err != nil {
			_, undo := q.ExecContext(ctx, rollbackText)
			return errors.Join(fmt.Errorf("migration %s: %w", m.name, err), undo)
		}
	}
	return nil
}

func runMigration(ctx context.Context, q querier, texts []string, m migration) error {
	for _, text := range texts {
		if _, err := q.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	_, plain, _ := strings.Cut(m.name, "_")
	if complete := completions[plain]; complete != nil {
		if err := complete(ctx, q); err != nil {
			return err
		}
	}
	if _, err := q.ExecContext(ctx, insertVersion, m.version, m.name); err != nil {
		return err
	}
	_, err := q.ExecContext(ctx, commitText)
	return err
}
