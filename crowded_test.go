package yinzheng_test

import (
	"context"
	"fmt"
	"time"

	"yinzheng"
)

// crowded is a store before whose waiting cases stand others that are gone.
type crowded struct {
	yinzheng.Store
	others int
}

func (c *crowded) Waiting(ctx context.Context, now time.Time, limit int) ([]string, error) {
	var ids []string
	for i := range min(c.others, limit) {
		ids = append(ids, fmt.Sprintf("GONE%d", i))
	}
	if len(ids) == limit {
		return ids, nil
	}
	more, err := c.Store.Waiting(ctx, now, limit-len(ids))
	return append(ids, more...), err
}
