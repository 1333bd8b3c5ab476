package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"yinzheng/templates"
)

// watchFonts reads the folder of faces again whenever its files change, so that
// a rare character can be helped without a restart. A face that cannot be used
// is logged and changes nothing.
func watchFonts(ctx context.Context, dir string, every time.Duration, t *templates.Typesetter, log *slog.Logger) {
	seen := fontFiles(dir)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := fontFiles(dir)
		if now == seen {
			continue
		}
		seen = now
		if err := t.Reload(); err != nil {
			log.Error("the folder of faces has changed, but cannot be used; the faces read before stay", "error", err)
			continue
		}
		log.Info("the folder of faces was read again", "dir", dir)
	}
}

// fontFiles is a mark that changes with the folder's files.
func fontFiles(dir string) string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			fmt.Fprintln(&b, e.Name(), info.Size(), info.ModTime().UnixNano())
		}
	}
	return b.String()
}
