package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"yinzheng"
)

var (
	selectTemplate = query("SELECT digest, published_at FROM templates WHERE item = $1 AND version = $2")
	insertTemplate = query("INSERT INTO templates (item, version, digest, published_at) VALUES ($1, $2, $3, $4)")
)

// PublishTemplate implements yinzheng.Publications.
func (s *Store) PublishTemplate(ctx context.Context, ref yinzheng.TemplateRef, digest string, now time.Time) error {
	var kept string
	var at time.Time
	find := func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, selectTemplate, ref.Code, ref.Version).Scan(&kept, (*moment)(&at))
	}
	err := s.read(ctx, "read a template's digest", find)
	if errors.Is(err, sql.ErrNoRows) {
		err = s.write(ctx, "note a template's digest", func(ctx context.Context, q querier) error {
			if err := find(ctx, q); !errors.Is(err, sql.ErrNoRows) {
				return err
			}
			kept = digest
			_, err := change(ctx, q, insertTemplate, ref.Code, ref.Version, digest, micros(now))
			return err
		})
	}
	if err == nil && kept != digest {
		day := at.In(yinzheng.Zone).Format(time.DateOnly)
		err = conflict("与 "+day+" 发布的内容不同：已发布的版本不能更改，请另立新版本号并保留原文件", "It is not what was published here on "+day+": a published version never changes. Give the new text the next version and keep the old file")
	}
	return err
}
