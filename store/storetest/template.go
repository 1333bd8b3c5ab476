package storetest

import (
	"testing"
	"time"

	"yinzheng"
)

func publications(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	one, two := yinzheng.TemplateRef{Code: "residence", Version: 1}, yinzheng.TemplateRef{Code: "residence", Version: 2}
	for range 2 {
		check(t, s.PublishTemplate(ctx, one, "aa", Start))
		check(t, s.PublishTemplate(ctx, two, "bb", Start.Add(time.Hour)))
	}
	checkIs(t, s.PublishTemplate(ctx, one, "bb", Start), yinzheng.ErrConflict)
	check(t, s.PublishTemplate(ctx, one, "aa", Start.Add(time.Hour)))
}
