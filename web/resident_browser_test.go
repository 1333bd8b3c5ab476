package web_test

import (
	"net/http/httptest"
	"testing"

	"github.com/chromedp/chromedp"

	"yinzheng/internal/inturn"
	"yinzheng/web"
)

// TestGallery looks at what residents' pages are made of, in every way of reading.
func TestGallery(t *testing.T) {
	inturn.Only(t)
	h, err := web.Gallery()
	must(t, err)
	server := httptest.NewServer(h)
	defer server.Close()
	ctx := browser(t)
	for way, width := range map[string]int64{"lang=zh": 1366, "lang=en&size=large": 390, "lang=zh&contrast=high": 390} {
		run(t, ctx, chromedp.EmulateViewport(width, 844))
		open(t, ctx, server.URL+"/?"+way)
		accessible(t, ctx, way)
		fits(t, ctx, way)
	}
}
